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
The control process, with this test as its parent, as clients of the control
socket and as Prometheus.

What can break: one client that does not read, or says what it must not,
must neither stop the others nor reach the parent with it.
"""

import os
import pathlib
import select
import socket
import subprocess
import sys
import time
import uuid

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../lib"))
import gwproto  # noqa: E402
from clients import WAIT, held, wait_for  # noqa: E402

GATEWAYD = os.path.join(os.environ["BUILD"], "gatewayd")
ROOT = os.geteuid() == 0
CONTROL, METRICS = 2, 3
COUNTER, GAUGE = 1, 2
NOBODY = 65534


class Control(gwproto.Child):
    def __init__(self, tmp_path, start=True, **kw):
        super().__init__([GATEWAYD, "-x", "control"], "control",
                         **dict(dict(nofile=128), **kw))
        self.path = str(tmp_path / "sock")
        self.unix = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.unix.bind(self.path)
        self.unix.listen(8)
        self.tcp = socket.create_server(("127.0.0.1", 0))
        for what, s in (CONTROL, self.unix), (METRICS, self.tcp):
            s.setblocking(False)
            self.send("LISTENER", what=what, fd=s.fileno())
        self.port = self.tcp.getsockname()[1]
        if start:
            self.send("START")
            self.expect("READY")

    def client(self, hello=True):
        s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        s.connect(self.path)
        c = gwproto.Channel(s)
        if hello:
            c.send("HELLO", version=gwproto.VERSION,
                   role=gwproto.ROLE["ctl"])
            c.expect("HELLO", version=gwproto.VERSION,
                     role=gwproto.ROLE["control"])
        return c

    def works(self, c):
        """A question of that client gets its answer."""
        c.send("CTL_VERBOSE", 77, verbose=1)
        m = self.expect("CTL_VERBOSE", verbose=1)
        self.send("CTL_OK", m.id)
        assert c.expect("CTL_OK").id == 77

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port),
                                        timeout=WAIT)

    def read(self):
        """Whether it has read all that was sent to its port."""
        with open("/proc/net/tcp") as f:
            lines = [line.split() for line in f.readlines()[1:]]
        local = "0100007F:%04X" % self.port
        return all(int(words[4].split(":")[1], 16) == 0
                   for words in lines if words[1] == local)

    def metrics(self, *rows):
        """Answer the question for numbers."""
        m = self.expect("CTL_METRICS")
        for kind, name, label, value in rows:
            self.send("CTL_METRIC", m.id, kind=kind, name=name, label=label,
                      value=value)
        self.send("CTL_END", m.id, next=0)


@pytest.fixture
def control(tmp_path):
    c = Control(tmp_path)
    yield c
    c.chan.close()
    assert c.wait() == 0


def everything(s):
    data = b""
    while True:
        more = s.recv(65536)
        if not more:
            return data
        data += more


def request(control, text, answer=()):
    s = control.connect()
    s.sendall(text)
    if answer is not None:
        control.metrics(*answer)
    data = everything(s)
    s.close()
    return data


def test_question_and_answer(control):
    c = control.client()
    c.send("CTL_SHOW", 5, what=1, after=0)
    m = control.expect("CTL_SHOW", what=1, after=0)
    row = dict(sandbox="box", version=1, pid=2, uid=3, sessions=4, age=5)
    control.send("CTL_SANDBOX", m.id, **row)
    control.send("CTL_SANDBOX", m.id, **row)
    control.send("CTL_END", m.id, next=9)
    for _ in range(2):
        assert c.expect("CTL_SANDBOX", **row).id == 5
    assert c.expect("CTL_END", next=9).id == 5
    control.works(c)


def test_every_question(control):
    c = control.client()
    sid = str(uuid.uuid4())
    for name, fields in [("CTL_KILL", {"session": sid}),
                         ("CTL_DETACH", {"viewer": 3, "reason": 7}),
                         ("CTL_RELOAD", {}), ("CTL_DRAIN", {}),
                         ("CTL_VERBOSE", {"verbose": 2})]:
        c.send(name, 1, **fields)
        m = control.expect(name, **fields)
        control.send("CTL_FAIL", m.id, reason="because")
        c.expect("CTL_FAIL", reason="because")


def test_clients_are_kept_apart(control):
    a, b = control.client(), control.client()
    a.send("CTL_SHOW", 1, what=2, after=0)
    first = control.expect("CTL_SHOW", what=2)
    b.send("CTL_SHOW", 1, what=3, after=0)
    second = control.expect("CTL_SHOW", what=3)
    control.send("CTL_END", second.id, next=2)
    control.send("CTL_END", first.id, next=1)
    a.expect("CTL_END", next=1)
    b.expect("CTL_END", next=2)


def test_client_gone(control):
    """The answer to somebody who has left goes to nobody else."""
    a, b = control.client(), control.client()
    a.send("CTL_SHOW", 1, what=1, after=0)
    m = control.expect("CTL_SHOW")
    a.close()
    control.works(b)
    control.send("CTL_END", m.id, next=0)
    b.quiet(0.1)
    control.works(b)


def test_clients_bounded(control):
    """Eight at a time; the ninth waits for its turn."""
    clients = [control.client() for _ in range(8)]
    late = control.client(hello=False)
    late.send("HELLO", version=gwproto.VERSION, role=gwproto.ROLE["ctl"])
    late.quiet(0.2)
    clients.pop().close()
    late.expect("HELLO")
    control.works(late)
    control.works(clients[0])


def test_silent_client_leaves(control):
    c = control.client(hello=False)
    c.expect_closed()


def test_another_version(control):
    c = control.client(hello=False)
    c.send("HELLO", version=gwproto.VERSION + 1, role=gwproto.ROLE["ctl"])
    c.expect("HELLO", version=gwproto.VERSION)
    c.expect_closed()


def _fields(name):
    values = {"u8": 1, "u16": 1, "u32": 1, "u64": 1, "str": "x",
              "bytes": b"x", "uuid": str(uuid.uuid4()), "f16": b"x" * 16,
              "f32": b"x" * 32}
    return {field: values[kind] for field, kind in gwproto.FIELDS[name]}


def test_client_says_anything(control):
    good = control.client()
    mine = ("CTL_SHOW", "CTL_KILL", "CTL_DETACH", "CTL_RELOAD", "CTL_DRAIN",
            "CTL_VERBOSE")
    for name in gwproto.MESSAGES:
        if name not in mine and name != "BLOB":
            c = control.client()
            c.send(name, **_fields(name))
            c.expect_closed()
            c.close()
        if name != "HELLO" and name != "BLOB":
            c = control.client(hello=False)
            c.send(name, **_fields(name))
            c.expect_closed()
            c.close()
    control.works(good)


def test_client_garbage(control):
    good = control.client()
    p = gwproto.packet("CTL_VERBOSE", 1, verbose=1)
    fd = gwproto.blob(b"x")
    for data, fds in [(b"x", []), (p[:-1], []), (p + b"x", []), (p, [fd]),
                      (p[:-1] + b"\x0a", []),
                      (p[:2] + b"\0\1" + p[4:], [fd, fd])]:
        c = control.client()
        c.raw(data, fds)
        c.expect_closed()
        c.close()
    # A question before the answer to the last.
    c = control.client()
    c.send("CTL_RELOAD", 1)
    control.expect("CTL_RELOAD")
    c.send("CTL_DRAIN", 2)
    c.expect_closed()
    # The role of somebody else.
    c = control.client(hello=False)
    c.send("HELLO", version=gwproto.VERSION, role=gwproto.ROLE["worker"])
    c.expect_closed()
    os.close(fd)
    control.works(good)


@pytest.mark.skipif(not ROOT, reason="needs root")
def test_credentials(control):
    """Should anybody open up the socket's mode, it still lets none in."""
    path = pathlib.Path(control.path)
    for d in (path, *path.parents):
        if d.stat().st_uid == 0 and len(d.parts) > 2:
            os.chmod(d, d.stat().st_mode | 0o7)
    p = subprocess.run(
        [sys.executable, "-c", "import socket, sys\n"
         "s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)\n"
         f"s.connect({control.path!r})\n"
         "print(s.recv(100))"], stdout=subprocess.PIPE, user=NOBODY,
        group=NOBODY, extra_groups=[], timeout=WAIT)
    assert p.stdout == b"b''\n"
    control.works(control.client())
    assert any("user 65534 refused" in x for x in control.logs)


GET = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
ROWS = [(GAUGE, "processes", 'role="frontend"', 2),
        (COUNTER, "restarts_total", 'role="frontend"', 1),
        (GAUGE, "processes", 'role="catalog"', 1),
        (COUNTER, "restarts_total", 'role="catalog"', 0),
        (COUNTER, "grants_total", "", 18446744073709551615)]
TEXT = b"""# TYPE gatewayd_processes gauge
gatewayd_processes{role="frontend"} 2
gatewayd_processes{role="catalog"} 1
# TYPE gatewayd_restarts_total counter
gatewayd_restarts_total{role="frontend"} 1
gatewayd_restarts_total{role="catalog"} 0
# TYPE gatewayd_grants_total counter
gatewayd_grants_total 18446744073709551615
"""


def test_metrics(control):
    head, _, body = request(control, GET, ROWS).partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0] == b"HTTP/1.1 200 OK"
    assert b"Content-Type: text/plain; version=0.0.4; charset=utf-8" in lines
    assert b"Content-Length: %d" % len(body) in lines
    assert b"Connection: close" in lines
    assert body == TEXT


def test_metrics_query_and_pieces(control):
    s = control.connect()
    for c in b"GET /metrics?a=b HTTP/1.0\r\n\r\n":
        s.send(bytes([c]))
    control.metrics(*ROWS)
    assert everything(s).endswith(TEXT)


def test_metrics_half_closed(control):
    """A client that has said all it will say still wants the answer."""
    s = control.connect()
    s.sendall(GET)
    s.shutdown(socket.SHUT_WR)
    control.metrics(*ROWS)
    assert everything(s).endswith(TEXT)


def test_metrics_asked_once(control):
    """One question to the parent answers all who wait."""
    # At a time: who comes some seconds later is not served by the first.
    with held(control.pid):
        conns = [control.connect() for _ in range(5)]
        for s in conns:
            s.sendall(GET)
    m = control.expect("CTL_METRICS")
    wait_for(control.read)
    control.quiet(0.2)
    control.send("CTL_END", m.id, next=0)
    for s in conns:
        assert everything(s).startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize("text, status", [
    (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 404),
    (b"GET /metrics/ HTTP/1.1\r\nHost: x\r\n\r\n", 404),
    (b"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 405),
    (b"GET /metrics HTTP/1.1\r\n\r\n", 400),
    (b"GET //metrics HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    (b"GET /metrics HTTP/1.1\nHost: x\n\n", 400),
    (b"GET /metrics HTTP/2.0\r\nHost: x\r\n\r\n", 505),
    (b"\x16\x03\x01\x02\x00\x01\x00", 400),
    (b"GET /metrics HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 16384, 431),
])
def test_metrics_refused(control, text, status):
    assert request(control, text, None).startswith(b"HTTP/1.1 %d " % status)
    assert request(control, GET, ROWS).endswith(TEXT)


def test_metrics_slow(control):
    """Whoever has not asked after five seconds never will."""
    began = time.monotonic()
    conns = [control.connect() for _ in range(16)]
    for s in conns:
        s.send(b"GET /met")
    late = control.connect()
    late.sendall(GET)
    control.metrics(*ROWS)
    assert everything(late).endswith(TEXT)
    assert 4 < time.monotonic() - began < 20
    for s in conns:
        assert s.recv(1) == b""


def test_metrics_no_answer(control):
    s = control.connect()
    s.sendall(GET)
    m = control.expect("CTL_METRICS")
    control.send("CTL_FAIL", m.id, reason="no")
    assert everything(s).startswith(b"HTTP/1.1 503 ")
    control.works(control.client())


def test_confined(control):
    control.works(control.client())
    with open(f"/proc/{control.pid}/status") as f:
        st = dict(x.rstrip("\n").split(":\t", 1) for x in f if ":\t" in x)
    assert (st["NoNewPrivs"], st["Seccomp"]) == ("1", "2")
    if ROOT:
        assert st["Uid"].split() == [str(gwproto.UID)] * 4


def test_nobody_is_let_in_before_start(tmp_path):
    c = Control(tmp_path, start=False)
    s = c.client(hello=False)
    t = c.connect()
    t.sendall(GET)
    s.send("HELLO", version=gwproto.VERSION, role=gwproto.ROLE["ctl"])
    assert not select.select([s, t], [], [], 0.2)[0]
    c.send("START")
    c.expect("READY")
    s.expect("HELLO")
    c.metrics(*ROWS)
    assert everything(t).endswith(TEXT)
    c.chan.close()
    assert c.wait() == 0


def test_out_of_descriptors(tmp_path):
    """It rests for a second, and goes on when there is room."""
    c = Control(tmp_path, nofile=14)
    conns = [c.connect() for _ in range(10)]
    for s in conns:
        s.send(b"G")
    deadline = time.monotonic() + 30
    while not any("accept" in x for x in c.logs):
        assert time.monotonic() < deadline
        try:
            c.recv(0.05)
        except TimeoutError:
            pass
    for s in conns:
        s.close()
    c.works(c.client())
    c.chan.close()
    assert c.wait() == 0


def test_orderly_stop(control):
    clients = [control.client() for _ in range(3)]
    s = control.connect()
    s.sendall(GET)
    control.expect("CTL_METRICS")
    control.send("STOP")
    control.expect_closed()
    assert control.wait() == 0
    for c in clients:
        c.expect_closed()
