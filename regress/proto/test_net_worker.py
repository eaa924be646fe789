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
import fcntl
import os
import re
import select
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import time
import uuid

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../lib"))
import gwproto  # noqa: E402
import hostile_ssh  # noqa: E402
import sshd as peer  # noqa: E402
from clients import WAIT, Timeout, wait_for  # noqa: E402
from daemon import alive, proc_stat  # noqa: E402
from gwproto import (ARG, CWD, ENV, FILE, HOST_CHECK, HOST_KEY,  # noqa: E402
                     HOST_REVOKED, SECRET, SSH_KEY, SSH_KEYFILE, SSH_PASSPHRASE,
                     SSH_PASSWORD, SSH_USER)

BUILD = os.environ["BUILD"]
NET = [BUILD + "/sessiond-net"]
ADDRESS = "192.0.2.7"
SSH = 2
ALL = 63
EXIT, LOST, FAILED, CLOSED = 1, 3, 4, 2
CODE, SIGNAL, UNKNOWN = 1, 2, 3
(FAIL_SHELL, FAIL_TIMEOUT, FAIL_REFUSED, FAIL_HOSTKEY, FAIL_AUTH, FAIL_LOST,
 FAIL_LIMIT, FAIL_UNSUPPORTED) = 5, 6, 8, 9, 10, 11, 3, 14
# Clients of ours answer no pings.
LIMITS = dict(viewers=8, replay=262144, timeout_dial=10, timeout_handshake=20,
              timeout_channel=10, timeout_ping=10 * WAIT, timeout_stalled=60,
              timeout_idle_ssh=1800, timeout_detached_ssh=60)

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
        self.worker, self.session = worker, session
        self.out = bytearray()
        self.raw = bytearray()
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
                self.closed = None, b""
            self.raw += got
        at = 0
        while len(self.raw) >= at + 2:
            n, size = self.raw[at + 1], 2
            if n == 126:
                if len(self.raw) < at + 4:
                    break
                n, size = struct.unpack_from(">H", self.raw, at + 2)[0], 4
            if len(self.raw) < at + size + n:
                break
            op = self.raw[at] & 15
            data = bytes(self.raw[at + size:at + size + n])
            at += size + n
            if op == 1:
                self.out += base64.b64decode(data)
            elif op == 8:
                self.closed = struct.unpack(">H", data[:2])[0], data[2:]
                self.sock.close()
        del self.raw[:at]

    def pending(self):
        """Bytes that have come and were not read."""
        got = bytearray(4)
        fcntl.ioctl(self.sock, termios.FIONREAD, got)
        return int.from_bytes(got, sys.byteorder)

    def until(self, pattern, seconds=WAIT, start=0):
        end = time.monotonic() + seconds
        while True:
            m = re.compile(pattern).search(self.out, start)
            if m:
                return m
            # What was looked at need not be again.
            start = max(start, len(self.out) - 200)
            if time.monotonic() > end or self.closed:
                raise Timeout("%r in %r, %r" % (
                    pattern, bytes(self.out[-400:]), self.closed))
            self.pump()

    def end(self, seconds=WAIT):
        """How the session ended: for the parent, and for the client."""
        def over():
            self.worker.serve()
            self.pump(0)
            return self.closed and self.worker.ended.get(self.session)
        wait_for(over, seconds)
        return self.worker.ended[self.session], self.closed


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

    def begin(self, cols=80, rows=24, what=None):
        """what are items of what shall run."""
        session = str(uuid.uuid4())
        blob = None if what is None else gwproto.blob(gwproto.record(*what))
        self.front.send("OPEN", id=1, grant=self.grant(session), cols=cols,
                        rows=rows, blob=blob)
        if blob is not None:
            os.close(blob)
        return session

    def open(self, seconds=WAIT, **size):
        """A session that is open; the frontend's answer if it failed."""
        session = self.begin(**size)
        return self.answer(session, seconds)

    def answer(self, session, seconds=WAIT):
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
        return Terminal(self, session)

    def end_of(self, session, seconds=WAIT):
        wait_for(lambda: self.serve() or self.ended.get(session), seconds)
        return self.ended[session]

    def logged(self, pattern, seconds=WAIT):
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
        if key in (*peer.COMMANDS, "own"):
            key = server.default(None if key == "own" else key)
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
    assert t.end() == ((EXIT, CODE, 7), (1000, b"closed"))


@pytest.mark.parametrize("how", [
    ("ed25519", None, "", None), ("ed25519", None, "pass phrase", None),
    ("ecdsa", 256, "", None), ("ecdsa", 384, "secret", None),
    ("ecdsa", 521, "", "PEM"), ("ecdsa", 256, "secret", "PKCS8")],
    ids=lambda how: "-".join(str(x) for x in how if x))
def test_keys(net, keys, server, how):
    kind, bits, passphrase, form = how
    key = server.key(kind, bits, passphrase, form)
    more = [(SSH_PASSPHRASE, keys.seal(passphrase.encode()))] if passphrase \
        else []
    w = net(server.authorize(key), *more)
    t = w.terminal()
    t.send("exit\r")
    assert t.end()[0] == (EXIT, CODE, 0)


def test_key_file(keys, server):
    """The operator's own file, and a wrong one."""
    path = server.key()
    server.authorize(path)
    items = record(keys, server, None, (SSH_KEYFILE, path))
    w = Net(keys, items, port=server.port, keyfile=path)
    t = w.terminal()
    t.send("exit 3\r")
    assert t.end()[0] == (EXIT, CODE, 3)
    w.stop()


def test_password(net, keys, account):
    if not account.made:
        pytest.skip("without root there are no accounts with passwords")
    w = net(None, (SSH_PASSWORD, keys.seal(peer.PASSWORD.encode())))
    t = w.terminal()
    t.send("exit 4\r")
    assert t.end()[0] == (EXIT, CODE, 4)
    w = net(None, (SSH_PASSWORD, keys.seal(b"wrong")))
    assert w.open() == FAIL_AUTH
    w.logged(r"authentication failed: password refused; the server takes: "
             r"publickey,password")


def test_wrong_key(net, server):
    with open(server.key(), "rb") as f:
        w = net(f.read())
    assert w.open() == FAIL_AUTH
    w.logged(r"authentication failed: publickey refused")
    text = "\n".join(w.chan.logs)
    assert server.user not in text


def test_no_method(net):
    w = net(None)
    assert w.open() == FAIL_AUTH
    w.logged("the record has none of what the server takes")


@pytest.mark.parametrize("form", [None, "PEM", "PKCS8"])
def test_rsa_is_refused_before_dialing(net, server, form):
    with open(server.key("rsa", 2048, form=form), "rb") as f:
        w = net(f.read())
    assert w.open() == FAIL_AUTH
    assert not w.dials
    w.logged(r"RSA.* libssh2 1\.10")


def test_credential_that_does_not_open(net):
    w = net("shell", (SSH_PASSWORD, b"not a box"))
    assert w.open() == FAIL_AUTH
    assert not w.dials
    w.logged("a credential of the record was not opened")


def test_nobody_listens(net):
    # Bound, so that nobody else gets it, but not listened on.
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        w = net(port=s.getsockname()[1])
        assert w.open() == FAIL_REFUSED
        w.logged("connection refused")


@pytest.mark.parametrize("reason,error,fail,word", [
    (1, 0, FAIL_LOST, "name not resolved$"),
    (1, 110, FAIL_LOST, "name not resolved: no name server answered"),
    (1, 5, FAIL_LOST, "name not resolved: no name server could answer"),
    (1, 90, FAIL_LOST, "name not resolved: the answer has more than 512 b"),
    (2, 0, FAIL_LOST, "refused by egress policy"),
    (4, 113, FAIL_LOST, "unreachable: No route to host"),
    (5, 0, FAIL_TIMEOUT, "connection timed out"),
    (6, 0, FAIL_LOST, "not the target of the record"),
    (7, 0, FAIL_LIMIT, "too many dials"), (8, 0, FAIL_LOST, "dialer is busy"),
    (9, 0, FAIL_LOST, "dialer lost")])
def test_dial_fails(net, reason, error, fail, word):
    w = net()
    w.dial = lambda m: w.send("DIAL_FAIL", id=m.id, reason=reason,
                              error=error)
    assert w.open() == fail
    w.logged(word)


def test_host_keys(net, keys, server):
    right = peer.fingerprint(server.host_keys["ed25519"])
    other = peer.fingerprint(server.host_keys["ecdsa256"])
    wrong = "SHA256:" + "A" * 43
    for items, fail, word in [
            ([(HOST_KEY, "ssh-ed25519", right)], None, None),
            ([(HOST_KEY, "", right)], None, None),
            ([(HOST_KEY, "ecdsa-sha2-nistp256", other)], None, None),
            ([(HOST_KEY, "", wrong)], FAIL_HOSTKEY,
             "host key mismatch: ssh-ed25519 " + re.escape(right)),
            ([(HOST_KEY, "ecdsa-sha2-nistp256", right)], FAIL_HOSTKEY,
             "host key mismatch: ecdsa-sha2-nistp256 " + re.escape(other)),
            ([(HOST_KEY, "ssh-rsa", right)], FAIL_HOSTKEY,
             r"libssh2 1\.10.* can check no host key"),
            ([(HOST_KEY, "ssh-ed448", right)], FAIL_HOSTKEY, "can check no"),
            ([(HOST_KEY, "", right), (HOST_REVOKED, "", right)],
             FAIL_HOSTKEY, "host key is revoked"),
            ([], FAIL_HOSTKEY, "host key is not known"),
            ([(HOST_CHECK, "yes")], FAIL_HOSTKEY, "host key is not known"),
            ([(HOST_CHECK, "no")], None, "host key is not checked"),
            ([(HOST_CHECK, "no"), (HOST_REVOKED, "", right)], FAIL_HOSTKEY,
             "revoked")]:
        w = net("shell", *items, pins=False)
        before = server.log()
        got = w.open()
        if fail is None:
            assert isinstance(got, str), (items, w.chan.logs)
        else:
            assert got == fail, (items, w.chan.logs)
            time.sleep(0.05)
            assert "user " not in server.log()[len(before):].replace(
                "authenticating user", "")
        if word is not None:
            w.logged(word)
        assert not w.hostkeys


def test_learning(net, server):
    """Once, before the server hears of the user; then it is a pin."""
    w = net("shell", (HOST_CHECK, "accept-new"), pins=False)
    t = w.terminal()
    assert len(w.hostkeys) == 1 and w.hostkeys[0][0] == 1
    t.send("exit\r")
    t.end()
    w.terminal()
    assert len(w.hostkeys) == 1
    for reason, word in ((1, "another key"), (2, "not for this"),
                         (3, "cannot be stored")):
        w = net("shell", (HOST_CHECK, "accept-new"), pins=False)
        w.learn = reason
        assert w.open() == FAIL_HOSTKEY
        w.logged("host key was not learned: .*" + word)
    w = net("shell", (HOST_CHECK, "accept-new"), pins=False,
            timeout_handshake=5)
    w.learn = None
    assert w.open() == FAIL_TIMEOUT
    w.logged("timed out in learning")


def test_environment(net, keys):
    """What AcceptEnv names comes, the rest does no harm."""
    w = net("shell", (ENV, "GW_PLAIN", "a b"), (ENV, "OTHER", "x"),
            (SECRET, "GW_SECRET", keys.seal(b"s3cr3t")),
            (ENV, "GW_LONG", "y" * 40000))
    t = w.terminal()
    t.send('echo "<$GW_PLAIN><$OTHER><$GW_SECRET><$GW_LONG>"\r')
    t.until(rb"<a b><><s3cr3t><>")
    w.logged("variable GW_LONG is too long")
    w.logged("variable OTHER is refused")


NASTY = ["", "'", "'\\''", "\\", "a\\", "\"", "`id`", "$(id)", "${HOME}", "!!",
         "~", "*", "[a]", "{a,b}", "a b", "\t", "\n", "a\nb\n", "#", ";", "&&",
         "|", ">", "(", "=", "A=b", "-n", "--", "'; exit 3; '", "\x80".encode(
             "latin-1"), b"\xff\xfe", b"\x1b[0m", bytes(range(1, 256)),
         bytes(range(255, 0, -1))]


def raw(words):
    """A command that shows words as they are: the terminal is raw."""
    return [(ARG, "/bin/sh"), (ARG, "-c"),
            (ARG, "stty raw -echo; printf '<%s>' \"$@\"; printf END"),
            (ARG, "sh"), *((ARG, w) for w in words)]


def test_command(net):
    """One by an exec request: each byte of its arguments, and its end."""
    w = net("own")
    t = w.terminal(what=raw(NASTY))
    t.until(rb"END\Z")
    assert t.out == b"".join(
        b"<" + (n if type(n) is bytes else n.encode()) + b">"
        for n in NASTY) + b"END"
    assert t.end()[0] == (EXIT, CODE, 0)
    t = w.terminal(what=[(ARG, "sh"), (ARG, "-c"), (ARG, "exit 37")])
    assert t.end()[0] == (EXIT, CODE, 37)
    t = w.terminal(what=[(ARG, "sh"), (ARG, "-c"), (ARG, "kill -TERM $$")])
    assert t.end()[0] == (EXIT, SIGNAL, 15)
    t = w.terminal(what=[(ARG, "/no/such program")])
    assert t.end()[0] == (EXIT, CODE, 127)


def test_command_on_a_terminal(net):
    t = net("own").terminal(cols=101, rows=37, what=[
        (ARG, "sh"), (ARG, "-c"), (ARG, "tty; stty size; read x; echo $x$x"),
        (ENV, "TERM", "vt220")])
    t.until(rb"/dev/pts/\d+\s+37 101\s")
    t.send("ab\r")
    t.until(b"abab")
    assert t.end()[0] == (EXIT, CODE, 0)


def test_directory(net):
    w = net("own")
    t = w.terminal(what=[(CWD, "/usr/bin"), (ARG, "pwd")])
    t.until(b"/usr/bin\r\n")
    assert t.end()[0] == (EXIT, CODE, 0)
    t = w.terminal(what=[(CWD, "/no/such $(id) 'place"), (ARG, "pwd")])
    end = t.end()[0]
    assert end[:2] == (EXIT, CODE) and end[2] != 0
    # Alone it is a login shell that starts there.
    t = w.terminal(what=[(CWD, "/usr")])
    t.send("pwd; echo $0; exit 5\r")
    t.until(rb"/usr\s+\S*sh\s")
    assert t.end()[0] == (EXIT, CODE, 5)


def test_client_environment(net):
    """What the server accepts, in order: the client's counts."""
    w = net("own", (ENV, "GW_A", "1"), (ENV, "GW_B", "2"),
            (ENV, "1GW", "x"), (ENV, "TERM", "vt100"))
    show = (ARG, 'echo "$GW_A,$GW_B,$OTHER,$TERM."')
    sh = [(ARG, "sh"), (ARG, "-c"), show]
    w.terminal(what=sh).until(rb"1,2,,vt100\.")
    t = w.terminal(what=[(ENV, "GW_B", "it's \"$HOME\""), *sh,
                         (ENV, "OTHER", "refused"), (ENV, "TERM", "xterm")])
    t.until(rb"1,it's \"\$HOME\",,xterm\.")
    w.logged("variable 1GW skipped")


@pytest.mark.parametrize("what,word", [
    ([(ARG, "x" * 40000)], "the command is too long for ssh"),
    ([(ARG, "x"), *[(ARG, "'" * 1000)] * 9], "the command is too long"),
    ([(ARG, "-c"), (ARG, "x")], "no command can begin with a dash")])
def test_command_that_ssh_cannot_say(net, what, word):
    """Nobody is dialed for it."""
    w = net("own")
    assert w.answer(w.begin(what=what)) == FAIL_UNSUPPORTED
    w.logged(word)
    assert not w.dials


def test_long_command(net):
    """As long as any server has to take."""
    w = net("own")
    words = ["y" * 1000] * 32
    t = w.terminal(what=raw(words))
    t.until(b"END")
    assert t.out == b"<" + b"><".join(x.encode() for x in words) + b">END"


def test_refused_command(net, keys, account):
    """A server whose login is bound to another command runs that."""
    w = net("shell")
    t = w.terminal(what=[(ARG, "/bin/echo"), (ARG, "mine")])
    t.send("echo $SSH_ORIGINAL_COMMAND; exit\r")
    t.until(rb"exec /bin/echo mine|exec '/bin/echo' 'mine'")
    t.end()


def test_no_signals(net):
    """SSH as the library has it cannot send one, and the caller is told."""
    w = net("own")
    t = w.terminal()
    g = w.grant(t.session, 32)
    w.front.send("SIGNAL", id=9, grant=g, hash=bytes(32), signo=15)
    w.front.expect("CALL_FAIL", reason=FAIL_UNSUPPORTED)


def test_files(net, keys, account, server):
    """Exact bytes and modes, once, and those that do not work skipped."""
    home = tempfile.mkdtemp(prefix="gwf")
    uid, gid = (lambda p: (p.pw_uid, p.pw_gid))(
        __import__("pwd").getpwnam(account.name))
    os.chown(home, uid, gid)
    big = os.urandom(700001)
    files = {"/a": (0o600, b"x\n"), "/deep/er/b": (0o755, big),
             "/secret/c": (0o400, b""), "/old": (0o600, b"short")}
    with open(home + "/old", "w") as f:
        f.write("much longer than the new one")
    os.chown(home + "/old", uid, gid)
    os.chmod(home + "/old", 0o666)
    w = net("shell", *[(FILE, "%04o%s%s" % (mode, home, path),
                        keys.seal(data))
                       for path, (mode, data) in files.items()],
            (FILE, "0600/proc/nothing/here", keys.seal(b"n")))
    a, b = w.begin(), w.begin()
    got = {w.answer(a), w.answer(b)}
    assert got == {a, b}
    for path, (mode, data) in files.items():
        st = os.stat(home + path)
        assert st.st_mode & 0o7777 == mode, path
        with open(home + path, "rb") as f:
            assert f.read() == data
    assert os.stat(home + "/secret").st_mode & 0o777 == 0o700
    assert os.stat(home + "/deep/er").st_mode & 0o777 == 0o755
    w.logged("file /proc/nothing/here: open: ")
    os.unlink(home + "/a")
    w.terminal()
    assert not os.path.exists(home + "/a")


def test_no_sftp(keys, account):
    with peer.Sshd(account, sftp=False) as s:
        w = Net(keys, record(keys, s, s.default("shell"), (
            FILE, "0600/tmp/x", keys.seal(b"x"))), port=s.port)
        t = w.terminal()
        w.logged("no files are written: the server has no sftp")
        t.send("exit 9\r")
        assert t.end()[0] == (EXIT, CODE, 9)
        w.stop()


def test_exit_by_signal(net):
    w = net("own")
    t = w.terminal()
    t.send("kill -9 $$\r")
    assert t.end()[0] == (EXIT, SIGNAL, 9)


def test_cut(net, server):
    """The server's end of it dies: that is no exit."""
    w = net("own")
    t = w.terminal()
    t.send("echo $PPID\r")
    pid = int(t.until(rb"(\d+)\r\n").group(1))
    os.kill(pid, 9)
    end, closed = t.end()
    assert end[0] == LOST and closed == (1011, b"connection lost")
    w.logged("transport_lost: ")


def test_unknown_dial(net):
    """An answer for a session that has gone: its connection is closed."""
    w = net()
    w.dial = lambda m: None
    s = w.begin()
    wait_for(lambda: w.serve() or w.dials)
    w.send("KILL", session=s, reason=CLOSED, how=UNKNOWN, code=0)
    w.end_of(s)
    ours, theirs = socket.socketpair()
    w.send("DIAL_OK", id=w.dials[0].id, fd=theirs.fileno())
    theirs.close()
    ours.settimeout(WAIT)
    assert ours.recv(1) == b""


def test_closed(net, server):
    """Hanging up ends the shell over there."""
    w = net("own")
    t = w.terminal()
    t.send("echo $$\r")
    pid = int(t.until(rb"(\d+)\r\n").group(1))
    started = proc_stat(pid)[2]
    w.send("KILL", session=t.session, reason=CLOSED, how=UNKNOWN, code=0)
    assert t.end()[0][0] == CLOSED
    # A server that is gone before its shell leaves it to us, to be reaped.
    wait_for(lambda: not alive(pid, started))


@pytest.fixture(scope="module")
def actor():
    with hostile_ssh.Peer() as p:
        yield p


@pytest.fixture
def scripted(actor, keys):
    """A worker whose server does as it is told."""
    made = []

    def make(limits=None, more=(), **spec):
        end = actor.server(**spec)
        w = Net(keys, [(SSH_USER, "bob"), (HOST_CHECK, "no"),
                       (SSH_PASSWORD, keys.seal(b"pw")), *more],
                port=end.port, data=128 << 20, **(limits or {}))
        w.end = end
        made.append(w)
        return w
    yield make
    for w in made:
        w.stop()


@pytest.mark.parametrize("spec,fail,word", [
    (dict(hang="accept"), FAIL_TIMEOUT, "timed out in waiting for the banner"),
    (dict(hang="kex"), FAIL_TIMEOUT, "timed out in key exchange"),
    (dict(hang="auth"), FAIL_TIMEOUT, "timed out in authentication"),
    (dict(hang="pty"), FAIL_TIMEOUT, "timed out in opening the shell"),
    (dict(garbage="endless"), FAIL_LOST, "no banner in all that was sent"),
    (dict(garbage="line", size=10 << 20), FAIL_LOST, "no banner"),
    (dict(garbage="version"), FAIL_LOST, "not a server of SSH 2"),
    (dict(garbage="length"), FAIL_LOST, "transport_lost: "),
    (dict(flood="banner"), FAIL_LOST, "too much memory wanted"),
    (dict(auth=["password:other"]), FAIL_AUTH, "password refused"),
    (dict(auth=["keyboard-interactive:pw,two"]), FAIL_AUTH,
     "keyboard-interactive refused"),
    (dict(refuse="open"), FAIL_SHELL, "channel refused"),
    (dict(refuse="pty"), FAIL_SHELL, "terminal refused"),
    (dict(refuse="shell"), FAIL_SHELL, "shell refused")],
    ids=lambda p: "-".join(map(str, p.values())) if type(p) is dict else "")
def test_does_not_open(scripted, spec, fail, word):
    # As much time as the steps before it take; all of it only if none of
    # them is to run out.
    limits = {"accept": dict(timeout_handshake=2),
              "kex": dict(timeout_handshake=4),
              "auth": dict(timeout_handshake=6),
              "pty": dict(timeout_channel=2)}
    w = scripted(limits.get(spec.get("hang"), dict(timeout_handshake=WAIT)),
                 **spec)
    assert w.open() == fail, w.chan.logs
    w.logged(word)


@pytest.mark.parametrize("auth", ["none", "password:pw",
                                  "keyboard-interactive:pw"])
def test_scripted_login(scripted, auth):
    t = scripted(auth=[auth]).terminal()
    t.send("abc")
    t.until(b"READYabc")


@pytest.mark.parametrize("after,end,closed", [
    ("do_no_status", (EXIT, UNKNOWN, 0), 1000),
    ("do_status_0", (EXIT, CODE, 0), 1000),
    ("do_status_3", (EXIT, CODE, 3), 1000),
    ("do_signal", (EXIT, SIGNAL, 15), 1000),
    ("do_absurd_signal", (LOST, UNKNOWN, 0), 1011),
    ("do_huge", (LOST, UNKNOWN, 0), 1011),
    ("do_noise", (LOST, UNKNOWN, 0), 1011)])
def test_ends(scripted, after, end, closed):
    """What was said before is not lost, whatever follows it."""
    t = scripted(after=after).terminal()
    got, close = t.end()
    assert (got, close[0]) == (end, closed)
    assert t.out.startswith(b"READY")


def test_window_of_one(scripted):
    t = scripted(window=1).terminal()
    t.send("a" * 150)
    t.until(b"READYa{150}")


def test_keepalive(scripted):
    w = scripted(dict(timeout_ping=1))
    w.terminal()
    wait_for(lambda: w.serve() or w.end.find("global"))


def test_held_output(net):
    """A client that takes nothing: little memory, no work, input goes on."""
    def ticks():
        with open("/proc/%d/stat" % w.pid) as f:
            return sum(map(int, f.read().split()[13:15]))

    def rests():
        before, due = ticks(), time.monotonic() + 1
        wait_for(lambda: time.monotonic() > due, every=0.1)
        return ticks() - before <= 2

    w = net()
    t = w.terminal()
    t.send("stty -echo; echo R''EADY\r")
    t.until(b"READY")
    t.send("yes " + "abc" * 30 + "\r")
    # It is in front of its shell when it says something, and not before.
    wait_for(lambda: w.serve() or t.pending() > 10000)
    # When all that lies between them is full.
    for _ in range(20):
        w.serve(0.1)
    wait_for(rests)
    t.send("\3echo S''TOPPED\r")
    t.until(b"STOPPED")
    assert len(t.out) < 16 << 20


@pytest.mark.large
@pytest.mark.parametrize("options", [[], ["RekeyLimit 8M"]],
                         ids=["plain", "rekey"])
def test_bytes(keys, account, options):
    """60 MiB out and 4 MiB in and out again, exact, also with new keys."""
    with peer.Sshd(account, options=options) as s:
        w = Net(keys, record(keys, s, s.default("shell")), port=s.port)
        t = w.terminal()
        t.send("stty raw -echo; echo R''EADY; head -c 62914560 /dev/zero"
               " | openssl enc -aes-128-ctr -K 00 -iv 00 -nosalt 2>/dev/null"
               " | tee /tmp/gwbytes.%d | cat; echo D''ONE\r" % os.getpid())
        t.until(b"READY\r?\n")
        start = time.monotonic()
        t.until(b"DONE\r?\n", 300)
        print("%.1f MB/s" % (62.9 / (time.monotonic() - start)))
        at = re.search(b"READY\r?\n", t.out).end()
        with open("/tmp/gwbytes.%d" % os.getpid(), "rb") as f:
            want = f.read()
        os.unlink("/tmp/gwbytes.%d" % os.getpid())
        assert t.out[at:at + len(want)] == want
        w.stop()


@pytest.mark.large
@pytest.mark.parametrize("options", [[], ["RekeyLimit 1M"]],
                         ids=["plain", "rekey"])
def test_echo(keys, account, options):
    """4 MiB of input come back."""
    with peer.Sshd(account, options=options) as s:
        w = Net(keys, record(keys, s, s.default("cat")), port=s.port)
        t = w.terminal()
        t.until(b"READY")
        t.out = b""
        want = b"".join(b"%07d\n" % i for i in range(524288))
        sent = 0
        end = time.monotonic() + 300
        while len(t.out) < len(want):
            assert time.monotonic() < end, (sent, len(t.out))
            if sent < len(want) and sent - len(t.out) < 1 << 20:
                t.send(want[sent:sent + 16000])
                sent += len(want[sent:sent + 16000])
                t.pump(0)
            else:
                t.pump()
        assert t.out == want
        w.stop()
