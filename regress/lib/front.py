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
One frontend, with the test as its parent, its catalog and its workers.

	with Front() as f:
		c = f.client(b"GET /healthz HTTP/1.1\\r\\n...")
		f.granted(f.asked())		# AUTHORIZE came, GRANTED goes
		f.worker(1).expect("OPEN")

Nothing here answers by itself, so a test decides what comes when, and what
never does.
"""

import base64
import hashlib
import hmac
import json
import os
import select
import socket
import time

import gwproto
from clients import held
from gwproto import ROLE, Channel, Child, pair

BUILD = os.path.abspath(os.environ.get("BUILD", "build"))
SECRET = b"test-jwt-secret-0123456789abcdef"
ALICE = "did:plc:alice"
SID = "5f8bd7a0-34d3-4b7a-9d3e-1f3a0c9d2e11"
(OPEN, ATTACH, INPUT, RESIZE, CLOSE, SIGNAL, STATUS, LIST,
 TICKET) = (1 << i for i in range(9))
SSH, TTY, TERMINAL = 1, 2, 3
RW, RO = 1, 2
(DENY_TOKEN, DENY_EXPIRED, DENY_NOT_FOUND, DENY_LIMIT, DENY_DRAINING,
 DENY_UNAVAILABLE) = range(1, 7)
(FAIL_GRANT, FAIL_GONE, FAIL_LIMIT, FAIL_BUSY, FAIL_SHELL, FAIL_TIMEOUT,
 FAIL_BLOCKED, FAIL_REFUSED, FAIL_HOSTKEY, FAIL_AUTH, FAIL_LOST,
 FAIL_EXITED, FAIL_OFFSET, FAIL_UNSUPPORTED) = range(1, 15)
# What rate.c makes of its table.
COUNTERS = 16 + 4096 * 8 * 16
NO_SESSION = "00000000-0000-0000-0000-000000000000"
GONE = (404, {"error": "Session not found"})
OK = (200, {"ok": True})


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def token(**claims):
    now = int(time.time())
    body = b64(b'{"alg":"HS256","typ":"JWT"}') + b"." + b64(json.dumps(
        {"did": ALICE, "iat": now, "exp": now + 3600, **claims}).encode())
    mac = hmac.new(SECRET, body, hashlib.sha256).digest()
    return (body + b"." + b64(mac)).decode()


# One for all, since what is cached is cached for a token.
TOKEN = token()


class Client:
    """A raw connection."""

    def __init__(self, address, data=b"", source=None):
        self.sock = socket.socket()
        if source is not None:
            self.sock.bind((source, 0))
        self.sock.settimeout(30)
        self.sock.connect(address)
        self.buf = b""
        if data:
            self.send(data)

    def send(self, data):
        self.sock.sendall(data)
        return self

    def ask(self, method, path, body=None, auth="", headers=()):
        """Send one request; auth "" is a token of alice's."""
        lines = ["%s %s HTTP/1.1" % (method, path), "Host: test"]
        if auth is not None:
            lines.append("Authorization: Bearer " + (auth or TOKEN))
        if body is not None:
            body = body if isinstance(body, (str, bytes)) else \
                json.dumps(body)
            body = body.encode() if isinstance(body, str) else body
            lines.append("Content-Length: %d" % len(body))
        lines += headers
        return self.send("\r\n".join(lines).encode() + b"\r\n\r\n" +
                         (body or b""))

    def upgrade(self, path, auth="", headers=(), early=b""):
        self.ask("GET", path, auth=auth, headers=[
            "Connection: Upgrade", "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", *headers])
        return self.send(early) if early else self

    def _more(self):
        data = self.sock.recv(65536)
        self.buf += data
        return data

    def head(self):
        while b"\r\n\r\n" not in self.buf:
            if not self._more():
                raise ConnectionError("no answer: %r" % self.buf)
        head, self.buf = self.buf.split(b"\r\n\r\n", 1)
        first, *lines = head.decode("latin-1").split("\r\n")
        self.headers = {}
        for line in lines:
            name, value = line.split(": ", 1)
            self.headers.setdefault(name.lower(), value)
        assert first.startswith("HTTP/1.1 ")
        return int(first.split()[1])

    def answer(self, head=False):
        """Status and body, decoded if it is JSON."""
        status = self.head()
        n = 0 if head else int(self.headers.get("content-length", 0))
        while len(self.buf) < n:
            assert self._more(), "body cut"
        body, self.buf = self.buf[:n], self.buf[n:]
        if self.headers.get("content-type", "").startswith(
                "application/json") and body:
            body = json.loads(body)
        return status, body

    def frame(self):
        """One short frame: opcode, payload; a Close as (code, reason)."""
        while len(self.buf) < 2 or len(self.buf) < 2 + self.buf[1]:
            if not self._more():
                raise ConnectionError("no frame: %r" % self.buf)
        n = self.buf[1]
        assert n < 126 and self.buf[0] & 0x80
        op, data = self.buf[0] & 15, self.buf[2:2 + n]
        self.buf = self.buf[2 + n:]
        if op == 8:
            return int.from_bytes(data[:2], "big"), data[2:].decode()
        return op, data

    def eof(self, seconds=30):
        """Nothing more comes, and the end does."""
        self.sock.settimeout(seconds)
        try:
            data = self.sock.recv(65536)
        except ConnectionResetError:
            data = b""
        assert not data and not self.buf, (self.buf, data)

    def close(self):
        self.sock.close()


class Front:
    def __init__(self, origins=(), proxies=(), requests=1000000, window=30,
                 timeout=10, page=1, nofile=256, start=True, conf=True,
                 native=True, native_origins=()):
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(4096)
        self.listener.setblocking(False)
        self.address = self.listener.getsockname()
        self.child = Child([BUILD + "/gatewayd-frontend"], "frontend",
                           nofile=nofile)
        self.parent = self.child.chan
        self.denials, self.stats, self.unlinks = [], [], []
        self.workers = {}
        self.clients = []
        fd = os.memfd_create("counters", os.MFD_ALLOW_SEALING)
        os.ftruncate(fd, COUNTERS)
        gwproto.fcntl.fcntl(fd, gwproto.fcntl.F_ADD_SEALS, 2 | 4)
        self.parent.send("COUNTERS", fd=fd, size=COUNTERS)
        os.close(fd)
        self.parent.send("LISTENER", fd=self.listener.fileno(), what=1)
        if conf:
            self.configure(origins, proxies, requests, window, timeout, page,
                           native, native_origins)
        self.catalog = None
        self.new_catalog()
        if start:
            self.start()

    def configure(self, origins=(), proxies=(), requests=1000000, window=30,
                  timeout=10, page=1, native=True, native_origins=()):
        p = self.parent
        p.send("CONF_BEGIN")
        p.send("CONF_FRONTEND", requests=requests, window=window,
               timeout_request=timeout, page=page)
        for address, prefix in proxies:
            p.send("CONF_PROXY", family=4, prefix=prefix,
                   addr=socket.inet_aton(address) + bytes(12))
        p.send("CONF_API", api=1, grace=0, max_age=86400, unclaimed=0)
        p.send("CONF_ALG", api=1, alg=1, kid="", issuer="")
        for origin in origins:
            p.send("CONF_ORIGIN", api=1, origin=origin)
        if native:
            p.send("CONF_API", api=2, grace=0, max_age=86400, unclaimed=0)
            p.send("CONF_ALG", api=2, alg=1, kid="", issuer="")
        for origin in native_origins:
            p.send("CONF_ORIGIN", api=2, origin=origin)
        p.send("CONF_END")
        self.from_parent("CONF_OK")
        p.send("CONF_SWITCH")

    def start(self):
        self.parent.send("START")
        self.from_parent("READY")
        self.parent.send("STATE", ready=1, draining=0)

    def channel(self, role, number):
        ours, theirs = pair()
        theirs.setblocking(False)
        self.parent.send("CHANNEL", fd=theirs.fileno(), role=ROLE[role],
                         number=number)
        theirs.close()
        return Channel(ours)

    def new_catalog(self):
        if self.catalog is not None:
            self.catalog.close()
        self.catalog = self.channel("catalog", 2)

    def worker(self, number=1):
        if number not in self.workers:
            self.workers[number] = self.channel("worker", number)
        return self.workers[number]

    def from_parent(self, name, timeout=30):
        """The next message to the parent but reports, which are kept."""
        while True:
            m = self.parent.recv(timeout)
            if m.name == "DENIAL":
                self.denials.append(m)
            elif m.name == "FRONT_STATS":
                self.stats.append(m)
            elif m.name == "UNLINK":
                self.unlinks.append(m)
            else:
                assert m.name == name, m
                return m

    def denial(self):
        while not self.denials:
            m = self.parent.recv()
            {"DENIAL": self.denials, "UNLINK": self.unlinks}.get(
                m.name, self.stats).append(m)
        return self.denials.pop(0)

    def client(self, data=b"", source=None):
        c = Client(self.address, data, source)
        self.clients.append(c)
        return c

    def sync(self):
        """It has seen what all clients have done so far: those who wait are
        looked at after 50 ms, and events of one turn have no order."""
        time.sleep(0.1)
        for _ in range(2):
            c = Client(self.address,
                       b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert c.answer() == (200, b"ok\n")
            c.close()

    def asked(self, **fields):
        return self.catalog.expect("AUTHORIZE", **fields)

    def grant(self, m, worker=1, session=SID, grant=b"g" * 16,
              open_time=10, **fields):
        if worker != 0:
            self.worker(worker)
        self.parent.send("GRANTED", id=m.id, grant=grant, worker=worker,
                         open_time=open_time, session=session, **fields)

    def deny(self, m, reason):
        self.catalog.send("DENIED", id=m.id, reason=reason)

    def stop(self):
        for c in self.clients:
            c.close()
        for chan in self.workers.values():
            chan.close()
        self.catalog.close()
        self.listener.close()
        status = self.child.stop()
        assert status == 0, (status, self.parent.logs)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def connect(f, body=None, headers=("X-Sandbox-Id: demo",), auth=""):
    """Ask for a session."""
    return f.client().ask("POST", "/ssh/connect", body, auth, list(headers))


def opened(f, c, number=1):
    """Grant it, open it: the answer."""
    f.grant(f.asked(action=OPEN), number)
    o = f.worker(number).expect("OPEN")
    f.worker(number).send("OPENED", id=o.id, session=SID)
    return c.answer()


def call(f, c, verb, body, action, answer="INPUT_OK", sid=SID, ask=True,
         **expect):
    """A call that a worker gets, and answers unless answer is None."""
    c.ask("DELETE" if verb == "disconnect" else "POST",
          "/ssh/%s/%s" % (verb, sid), body)
    if ask:
        f.grant(f.asked(action=action, object=sid), 1, sid)
    m = f.worker().expect(verb.upper() if verb != "disconnect" else "CLOSE",
                          **expect)
    if answer is not None:
        f.worker().send(answer, id=m.id)
    return m


def burst(f, ask, n=150):
    """Let so many clients ask for what a worker does at once, so that they
    are within a second however slow all of us are: their answers.  So many
    may not wait at the door from one address."""
    clients = [f.client(source="127.0.1.%d" % (1 + i // 50))
               for i in range(n)]
    with held(f.child.pid):
        for c in clients:
            ask(c)
    worker, answers = f.worker(), []
    waiting = {c.sock: c for c in clients}
    while waiting:
        ready = select.select([worker, *waiting], [], [], 30)[0]
        assert ready
        for s in ready:
            if s is worker:
                worker.send("INPUT_OK", id=worker.expect("INPUT").id)
            else:
                c = waiting.pop(s)
                answers.append((*c.answer(), c.headers))
    return answers


def fresh(n=[0]):
    """A session that nobody has asked for yet."""
    n[0] += 1
    return SID[:-4] + "%04x" % n[0]


def taken(f, m, number=1):
    """A worker has taken over a client: its socket."""
    f.worker(number).send("ATTACH_OK", id=m.id)
    return socket.socket(fileno=m.fd)


def sent_early(m, s, n):
    """n bytes that a client sent behind its request: what the frontend had
    read when it handed over, and what it had not."""
    got = b""
    if m.blob is not None:
        got = os.pread(m.blob, n + 1, 0)
        os.close(m.blob)
    s.settimeout(10)
    while len(got) < n:
        got += s.recv(n)
    return got


# Of the native API

def url(verb="", sid=SID):
    return "/v1/sessions/" + sid + ("/" + verb if verb else "")


def error(code, message):
    return {"error": {"code": code, "message": message}}


def bad(message, code="bad_request"):
    return 400, error(code, message)
