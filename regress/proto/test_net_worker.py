#
# Copyright (c) 2026 The gatewayd authors
#
# Permission to use, copy, modify, and distribute this software for any
# purpose with or without fee is hereby granted, provided that the above
# copyright notice and this permission notice appear in all copies.
#
# THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES
# WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF
# MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR
# ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES
# WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN
# ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF
# OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.

"""
sessiond-net with this test as its parent, its dialer and its frontend, and a
real sshd behind it: the phases of a terminal by SSH, without the rest of the
daemon.
"""

import base64
import os
import re
import select
import socket
import struct
import subprocess
import sys
import tempfile
import time
import uuid

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../lib"))
import gwproto  # noqa: E402
import sshd as peer  # noqa: E402
from clients import Timeout, wait_for  # noqa: E402
from gwproto import (ENV, FILE, HOST_CHECK, HOST_KEY, HOST_REVOKED,  # noqa
                     SECRET, SSH_KEY, SSH_KEYFILE, SSH_PASSPHRASE,
                     SSH_PASSWORD, SSH_USER)

BUILD = os.environ["BUILD"]
NET = [BUILD + "/sessiond-net"]
ADDRESS = "192.0.2.7"
SSH = 2
ALL = 31
EXIT, LOST, FAILED, CLOSED = 1, 3, 4, 2
CODE, SIGNAL, UNKNOWN = 1, 2, 3
(FAIL_SHELL, FAIL_TIMEOUT, FAIL_REFUSED, FAIL_HOSTKEY, FAIL_AUTH, FAIL_LOST,
 FAIL_LIMIT) = 5, 6, 8, 9, 10, 11, 3
LIMITS = dict(viewers=8, replay=262144, timeout_dial=10, timeout_handshake=20,
              timeout_channel=10, timeout_ping=30, timeout_stalled=60,
              timeout_idle=1800, timeout_detached_ssh=60)

pytestmark = pytest.mark.skipif(peer.usable() is not None,
                                reason=peer.usable() or "")


class Keys:
    def __init__(self):
        self.dir = tempfile.mkdtemp()
        os.chmod(self.dir, 0o700)
        subprocess.run([BUILD + "/gatewayctl", "keygen",
                        self.dir], check=True,
                       stdout=subprocess.DEVNULL)

    def seal(self, data):
        return subprocess.run(
            [BUILD + "/gatewayctl", "seal", self.dir + "/seal.pub"],
            input=data, capture_output=True, check=True).stdout.strip()


@pytest.fixture(scope="module")
def keys():
    return Keys()


@pytest.fixture(scope="module")
def account():
    a = peer.Account()
    yield a
    a.remove()


@pytest.fixture(scope="module")
def server(account):
    with peer.Sshd(account, keys=("ed25519", "ecdsa256"), options=[
            "PasswordAuthentication yes", "AcceptEnv GW_*"]) as s:
        yield s


class Terminal:
    """What a client on a WebSocket sees of a session."""

    def __init__(self, worker, session):
        self.out = b""
        self.raw = b""
        self.closed = None
        grant = worker.grant(session, 2)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.sock = socket.create_connection(listener.getsockname())
            theirs, _ = listener.accept()
        worker.front.send("ATTACH", id=7, fd=theirs.fileno(), grant=grant,
                          dialect=1, transport=1, address=ADDRESS,
                          head=b"HEAD")
        theirs.close()
        worker.front.expect("ATTACH_OK")
        assert self.sock.recv(4, socket.MSG_WAITALL) == b"HEAD"

    def send(self, data):
        if isinstance(data, str):
            data = data.encode()
        n = len(data)
        head = struct.pack(">BB", 0x81, 0x80 | n) if n < 126 else \
            struct.pack(">BBH", 0x81, 0x80 | 126, n)
        self.sock.sendall(head + bytes(4) + data)

    def resize(self, cols, rows):
        self.send('{"type":"resize","cols":%d,"rows":%d}' % (cols, rows))

    def pump(self, seconds=0.2):
        if self.closed is not None:
            return
        if select.select([self.sock], [], [], seconds)[0]:
            got = self.sock.recv(1 << 20)
            if not got:
                self.closed = self.closed or (None, b"")
            self.raw += got
        while len(self.raw) >= 2:
            n, at = self.raw[1], 2
            if n == 126:
                n, at = struct.unpack_from(">H", self.raw, 2)[0], 4
            elif n == 127:
                n, at = struct.unpack_from(">Q", self.raw, 2)[0], 10
            if len(self.raw) < at + n:
                break
            op, data = self.raw[0] & 15, self.raw[at:at + n]
            self.raw = self.raw[at + n:]
            if op == 1:
                self.out += base64.b64decode(data)
            elif op == 8:
                self.closed = struct.unpack(">H", data[:2])[0], data[2:]

    def until(self, pattern, seconds=15):
        end = time.monotonic() + seconds
        while True:
            m = re.search(pattern, self.out)
            if m:
                return m
            if time.monotonic() > end or self.closed:
                raise Timeout("%r in %r, %r" % (pattern, self.out[-400:],
                                                self.closed))
            self.pump()

    def end(self, seconds=15):
        end = time.monotonic() + seconds
        while self.closed is None:
            if time.monotonic() > end:
                raise Timeout("still open")
            self.pump()
        return self.closed


class Net(gwproto.Child):
    """The worker; dial() is called for each DIAL."""

    def __init__(self, keys, items, target=None, keyfile=None, port=22,
                 data=0, **limits):
        super().__init__(NET, "worker", nofile=256, data=data)
        self.keys, self.port = keys, port
        self.hostkeys, self.ended, self.up, self.dials = [], {}, [], []
        self.learn = "LEARN_OK"
        self.failed = {}
        with open(keys.dir + "/seal.key", "rb") as f:
            self.send("SEALKEY", fd=f.fileno())
        if keyfile is not None:
            with open(keyfile, "rb") as f:
                self.send("KEYFILE", fd=f.fileno())
        body = gwproto.blob(gwproto.record(*items))
        self.send("RECORD", sandbox="box", upstream=SSH, user="",
                  host="box.example", port=22, version=1, unlocked=1,
                  blob=body)
        os.close(body)
        self.send("LIMITS", **dict(LIMITS, **limits))
        self.send("START")
        self.expect("READY")
        ours, theirs = gwproto.pair()
        theirs.setblocking(False)
        self.send("CHANNEL", role=gwproto.ROLE["frontend"], number=101,
                  fd=theirs.fileno())
        theirs.close()
        self.front = gwproto.Channel(ours)

    def grant(self, session, actions=ALL):
        g = os.urandom(16)
        self.send("GRANT", grant=g, channel=101, actions=actions, mode=1,
                  viewer=1, ttl=60, session=session, hash=bytes(32),
                  principal="did:plc:alice")
        return g

    def dial(self, m):
        """What the dialer would do."""
        assert (m["host"], m["port"]) == ("box.example", 22)
        try:
            s = socket.create_connection(("127.0.0.1", self.port))
        except OSError as e:
            self.send("DIAL_FAIL", id=m.id, reason=3, error=e.errno)
            return
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.send("DIAL_OK", id=m.id, fd=s.fileno())
        s.close()

    def serve(self, seconds=0.1):
        """Answer the worker for so long."""
        try:
            m = self.recv(seconds)
        except TimeoutError:
            return
        except gwproto.Closed:
            raise AssertionError("the worker ended with %r: %r" % (
                self.wait(), self.chan.logs)) from None
        if m.name == "DIAL":
            self.dials.append(m)
            self.dial(m)
        elif m.name == "HOSTKEY":
            self.hostkeys.append((m["type"], m["hash"]))
            if self.learn == "LEARN_OK":
                self.send("LEARN_OK", id=m.id)
            elif self.learn is not None:
                self.send("LEARN_FAIL", id=m.id, reason=self.learn)
        elif m.name == "SESSION_END":
            self.ended[m["session"]] = (m["reason"], m["how"], m["code"])
        elif m.name == "SESSION_UP":
            self.up.append(m["session"])

    def begin(self, cols=80, rows=24):
        session = str(uuid.uuid4())
        self.front.send("OPEN", id=1, grant=self.grant(session), cols=cols,
                        rows=rows)
        return session

    def open(self, seconds=20, **size):
        """A session that is open; the frontend's answer if it failed."""
        session = self.begin(**size)
        return self.answer(session, seconds)

    def answer(self, session, seconds=20):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.serve(0.02)
            if select.select([self.front], [], [], 0)[0]:
                m = self.front.recv()
                if m.name == "OPENED":
                    return session
                assert m.name == "OPEN_FAILED"
                return m["reason"]
        raise Timeout("no answer: %r" % self.chan.logs)

    def terminal(self, **size):
        session = self.open(**size)
        assert isinstance(session, str), (session, self.chan.logs)
        t = Terminal(self, session)
        t.session = session
        return t

    def end_of(self, session, seconds=15):
        wait_for(lambda: self.serve() or self.ended.get(session), seconds)
        return self.ended[session]

    def logged(self, pattern, seconds=10):
        return wait_for(lambda: self.serve() or re.search(
            pattern, "\n".join(self.chan.logs)), seconds)


def record(keys, server, key=None, *more, user=None, pins=True, **kw):
    """The items to log in to that server."""
    items = [(SSH_USER, user or server.user)]
    if key is not None:
        items.append((SSH_KEY, keys.seal(key)))
    if pins:
        items += [(HOST_KEY, "", peer.fingerprint(k))
                  for k in server.host_keys.values()]
    return items + list(more)


@pytest.fixture
def net(keys, server):
    made = []

    def make(key="shell", *more, **kw):
        fields = {k: kw.pop(k) for k in ("user", "pins") if k in kw}
        if key in peer.COMMANDS:
            key = server.default(key)
        items = record(keys, server, key, *more, **fields)
        w = Net(keys, items, port=kw.pop("port", server.port), **kw)
        made.append(w)
        return w
    yield make
    for w in made:
        w.stop()


def test_shell(net):
    """A size, bytes both ways, another size, and a status."""
    w = net()
    t = w.terminal(cols=101, rows=37)
    t.send("stty size; echo $TERM\r")
    t.until(rb"37 101\s+xterm-256color")
    t.resize(120, 40)
    t.send("stty size\r")
    t.until(rb"40 120")
    t.send("exit 7\r")
    assert w.end_of(t.session) == (EXIT, CODE, 7)
    assert t.end() == (1000, b"closed")
