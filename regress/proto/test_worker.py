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
sessiond with this test as its parent, its frontends and the programs on its
terminals: grants, who waits for a session, calls and their answers, and what
is left of a session that is over.
"""

import json
import os
import re
import select
import signal
import socket
import sys
import termios
import time
import tty
import uuid

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../lib"))
import gwproto  # noqa: E402
from clients import WAIT, wait_for  # noqa: E402
from gwproto import ARG, CWD, ENV, SECRET  # noqa: E402

SESSIOND = [os.environ["BUILD"] + "/sessiond"]
ADDRESS = "192.0.2.7"
POCKETENV, TERMINAL = 1, 2
SSH, TTY, NATIVE = 1, 2, 3
WS = 1
(OPEN, ATTACH, INPUT, RESIZE, CLOSE, SIGNAL, STATUS, LIST,
 TICKET) = (1 << n for n in range(9))
CALLS = INPUT | RESIZE | CLOSE | SIGNAL | STATUS
(FAIL_GRANT, FAIL_GONE, FAIL_LIMIT, FAIL_BUSY, FAIL_SHELL, FAIL_TIMEOUT,
 FAIL_BLOCKED) = range(1, 8)
FAIL_EXITED, FAIL_OFFSET, FAIL_UNSUPPORTED = 12, 13, 14
(END_EXIT, END_CLOSED, END_LOST, END_FAILED, END_IDLE, END_DETACHED,
 END_LIMIT, END_STOP) = range(1, 9)
CODE, BY_SIGNAL, UNKNOWN = 1, 2, 3
SESSION, SCREEN, TEXT, ALL = 1, 2, 3, 4
HASH = bytes(range(32))
NIL = "00000000-0000-0000-0000-000000000000"
# A program of ours may take its time to start, and clients to read.
LIMITS = dict(viewers=8, replay=262144, timeout_dial=10, timeout_handshake=20,
              timeout_channel=10 * WAIT, timeout_ping=10 * WAIT,
              timeout_stalled=10 * WAIT,
              timeout_idle_ssh=1800, timeout_detached_ssh=60)
RECORD = [(ARG, "/bin/sh"), (ARG, "-l"), (ENV, "LANG", "C")]


def items(body):
    """(tag, name, value) of each in a record's body."""
    out, at = [], 0
    while at < len(body):
        tag, n = body[at], int.from_bytes(body[at + 1:at + 3], "big")
        size = int.from_bytes(body[at + 3:at + 7], "big")
        at += 7
        out.append((tag, body[at:at + n].decode(),
                    body[at + n:at + n + size].decode()))
        at += n + size
    assert at == len(body)
    return out


def contents(fd):
    with os.fdopen(fd, "rb") as f:
        f.seek(0)
        return f.read()


class Program:
    """What runs on a terminal: this test, with the slave."""

    def __init__(self, worker, request):
        self.worker, self.session = worker, request["session"]
        self.size = request["cols"], request["rows"]
        self.items = items(contents(request.blob))

    def run(self):
        master, self.slave = os.openpty()
        tty.setraw(self.slave)
        self.worker.send("PTY_OK", session=self.session, fd=master)
        os.close(master)
        return self

    def fail(self, stage=7, error=2):
        self.worker.send("PTY_FAIL", session=self.session, stage=stage,
                         error=error)

    def write(self, data):
        os.write(self.slave, data)

    def much(self):
        """More than is on its way to a client that is slow: who has been
        sent everything stays for a moment only."""
        for _ in range(50):
            self.write(b"x" * 4095)

    def read(self, n, timeout=WAIT):
        out = b""
        while len(out) < n:
            assert select.select([self.slave], [], [], timeout)[0], out
            out += os.read(self.slave, n - len(out))
        return out

    def exit(self, how=CODE, code=0):
        self.worker.send("PTY_EXIT", session=self.session, how=how,
                         code=code)
        os.close(self.slave)


class Front:
    """A frontend's channel to the worker."""

    def __init__(self, worker, number):
        self.worker, self.number, self.id = worker, number, 0
        self.clients = []
        ours, theirs = gwproto.pair()
        theirs.setblocking(False)
        worker.send("CHANNEL", role=gwproto.ROLE["frontend"], number=number,
                    fd=theirs.fileno())
        theirs.close()
        self.chan = gwproto.Channel(ours)

    def send(self, name, /, **fields):
        self.id += 1
        self.chan.send(name, id=self.id, **fields)
        return self.id

    def answer(self, id=None, timeout=WAIT):
        m = self.chan.recv(timeout)
        assert id is None or m.id == id, (m, id)
        return m

    def fails(self, id, reason, name="CALL_FAIL"):
        m = self.answer(id)
        assert (m.name, m["reason"]) == (name, reason), (
            m, self.worker.chan.logs)

    def quiet(self, seconds=0.2):
        self.chan.quiet(seconds)

    def open(self, grant, what=None, cols=80, rows=24, raw=None, seals=None):
        """OPEN; what are items, or the bytes of a blob."""
        fd = None
        if what is not None:
            body = what if isinstance(what, bytes) else \
                gwproto.record(*what)
            fd = gwproto.blob(body, *([] if seals is None else [seals]))
        id = self.send("OPEN", grant=grant, cols=cols, rows=rows, blob=fd)
        if fd is not None:
            os.close(fd)
        return id

    def call(self, name, /, grant, hash=HASH, **fields):
        return self.send(name, grant=grant, hash=hash, **fields)

    def input(self, grant, data, **kw):
        return self.call("INPUT", grant, data=data, **kw)

    def attach(self, grant, dialect=SSH, fd=None, slow=False, **fields):
        """ATTACH of one end of a connection; the other end.  Hardly
        anything is on its way to one that is slow."""
        mine = socket.socket()
        with socket.create_server(("127.0.0.1", 0)) as listener:
            if slow:
                for s, what in ((mine, socket.SO_RCVBUF),
                                (listener, socket.SO_SNDBUF)):
                    s.setsockopt(socket.SOL_SOCKET, what, 4096)
            mine.connect(listener.getsockname())
            theirs, _ = listener.accept()
        self.send("ATTACH", fd=theirs.fileno() if fd is None else fd,
                  grant=grant, dialect=dialect, transport=WS,
                  address=ADDRESS, head=b"HEAD", **fields)
        theirs.close()
        self.clients.append(mine)
        return mine

    def report(self, grant, what=SESSION):
        m = self.answer(self.call("STATUS", grant, what=what))
        assert m.name == "REPORT", (m, self.worker.chan.logs)
        return contents(m.blob)

    def status(self, grant):
        text = self.report(grant)
        status = json.loads(text)
        assert text.decode() == json.dumps(status, separators=(",", ":"))
        keys = ["id", "name", "state", "cols", "rows", "viewers", "offset",
                "started"]
        assert list(status) in (keys, keys + ["exit"])
        return status


class Local(gwproto.Child):
    def __init__(self, record=RECORD, **limits):
        super().__init__(SESSIOND, "worker", nofile=256)
        self.viewers = 0
        body = gwproto.blob(gwproto.record(*record))
        self.send("RECORD", sandbox="box", upstream=1, user="joe", host="",
                  port=0, version=1, unlocked=1, blob=body)
        os.close(body)
        self.send("LIMITS", **dict(LIMITS, **limits))
        self.send("START")
        self.expect("READY")
        self.front = Front(self, 101)

    def grant(self, session, actions, front=None, **kw):
        g = os.urandom(16)
        self.viewers += 1
        fields = dict(mode=1, viewer=self.viewers, ttl=60, api=TERMINAL,
                      dialect=NATIVE, hash=HASH, principal="alice")
        fields.update(kw)
        self.send("GRANT", grant=g, channel=(front or self.front).number,
                  actions=actions, session=session, **fields)
        return g

    def next(self, *names, timeout=WAIT):
        """The next message of these names; MAY_EXIT may come before."""
        while True:
            m = self.recv(timeout)
            if m.name in names:
                return m
            assert m.name in ("MAY_EXIT", "PTY_HANGUP"), (m, self.chan.logs)

    def program(self):
        return Program(self, self.next("PTY_REQ"))

    def begin(self, what=None, **kw):
        """A session that is being opened: its id, and the program."""
        sid = str(uuid.uuid4())
        self.front.open(self.grant(sid, OPEN, **kw), what)
        return sid, self.program()

    def opened(self, what=None, **kw):
        sid, p = self.begin(what, **kw)
        p.run()
        assert self.next("SESSION_UP")["session"] == sid
        m = self.front.answer()
        assert (m.name, m["session"]) == ("OPENED", sid)
        return sid, p

    def over(self, name, sid, reason, how=UNKNOWN, code=0):
        m = self.next(name)
        assert (m["session"], m["reason"], m["how"], m["code"]) == (
            sid, reason, how, code)

    def kept(self, how=CODE, code=3, **kw):
        """One whose program has ended."""
        sid, p = self.opened(**kw)
        p.exit(how, code)
        self.over("SESSION_EXIT", sid, END_EXIT, how, code)
        return sid


@pytest.fixture
def worker():
    made = []

    def make(*args, **kw):
        made.append(Local(*args, **kw))
        return made[-1]
    yield make
    for w in made:
        assert w.stop() == 0, w.chan.logs


def new():
    return str(uuid.uuid4())


# What is to be run

def test_record(worker):
    """Without a wish: the record's command, in its own place."""
    w = worker()
    sid = new()
    id = w.front.open(w.grant(sid, OPEN), cols=101, rows=37)
    p = w.program()
    assert p.session == sid and p.size == (101, 37)
    assert p.items == [(ARG, "", "/bin/sh"), (ARG, "", "-l"),
                       (ENV, "LANG", "C")]
    w.front.quiet()
    p.run()
    assert w.next("SESSION_UP")["session"] == sid
    m = w.front.answer(id)
    assert (m.name, m["session"]) == ("OPENED", sid)


def test_wishes(worker):
    """Its own command, more variables after those of the record, a place."""
    w = worker()
    _, p = w.begin([(ENV, "LANG", "de"), (ARG, "make"), (CWD, "/a b"),
                    (ARG, ""), (ENV, "X", "\n'"), (ARG, "it's $HOME\n")])
    assert p.items == [(ARG, "", "make"), (ARG, "", ""),
                       (ARG, "", "it's $HOME\n"), (ENV, "LANG", "C"),
                       (ENV, "LANG", "de"), (ENV, "X", "\n'"),
                       (CWD, "", "/a b")]
    # Each alone.
    _, p = w.begin([(CWD, "/")])
    assert p.items[:2] == [(ARG, "", "/bin/sh"), (ARG, "", "-l")]
    assert p.items[-1] == (CWD, "", "/")
    _, p = w.begin([(ENV, "A", "b")])
    assert p.items[-1] == (ENV, "A", "b")
    _, p = w.begin(b"")
    assert p.items == [(t, n, v) for t, n, v in (
        (ARG, "", "/bin/sh"), (ARG, "", "-l"), (ENV, "LANG", "C"))]


def test_record_variables(worker):
    """Names that are none, and what is too much, are left out and named."""
    w = worker([(ARG, "sh"), (ENV, "1X", "a"), (ENV, "A-B", "b"),
                (ENV, "N" * 129, "c"), (ENV, "LONG", "x" * 131067),
                *[(ENV, f"BIG{n}", "x" * 131066) for n in range(7)],
                (ENV, "LAST", "x" * 131059), (ENV, "MORE", "y" * 2000),
                (ENV, "_ok9", "d")])
    _, p = w.begin()
    assert [i[1] for i in p.items] == [
        "", *[f"BIG{n}" for n in range(7)], "LAST", "_ok9"]
    for name in ("1X", "A-B", "N" * 129, "LONG", "MORE"):
        skipped = [line for line in w.chan.logs
                   if f"variable {name} skipped" in line]
        assert len(skipped) == 1, w.chan.logs


MALFORMED = {
    "cut": gwproto.record((ARG, "cmd"))[:-1],
    "one byte": b"\x01",
    "long": gwproto.record((ARG, "cmd"))[:3] + b"\xff\xff\xff\xffcmd",
    "no command": gwproto.record((ARG, ""), (ARG, "x")),
    "named argument": gwproto.record((ARG, "x", "cmd")),
    "NUL": gwproto.record((ARG, "c\0d")),
    "NUL in a value": gwproto.record((ENV, "A", "\0")),
    "name": gwproto.record((ENV, "1A", "x")),
    "no name": gwproto.record((ENV, "", "x")),
    "long name": gwproto.record((ENV, "A" * 129, "x")),
    "name with =": gwproto.record((ENV, "A=B", "x")),
    "relative": gwproto.record((CWD, "tmp")),
    "no path": gwproto.record((CWD, "")),
    "long path": gwproto.record((CWD, "/" + "x" * 4096)),
    "two places": gwproto.record((CWD, "/a"), (CWD, "/b")),
    "secret": gwproto.record((ARG, "x"), (SECRET, "A", "b")),
    "file": gwproto.record((gwproto.FILE, "600 /tmp/x", "b")),
    "host key": gwproto.record((gwproto.HOST_CHECK, "no")),
    "many": gwproto.record(*[(ARG, "x")] * 1025),
}


@pytest.mark.parametrize("what", MALFORMED)
def test_wishes_malformed(worker, what):
    """No terminal is asked for, and the next one is served."""
    w = worker()
    sid = new()
    id = w.front.open(w.grant(sid, OPEN), MALFORMED[what])
    w.front.fails(id, FAIL_SHELL, "OPEN_FAILED")
    w.over("SESSION_END", sid, END_FAILED)
    w.opened()


def test_wishes_unsealed(worker):
    w = worker()
    for body, seals in ((gwproto.record((ARG, "x")), 0),
                        (gwproto.record((ARG, "x" * (128 << 10))), None)):
        id = w.front.open(w.grant(new(), OPEN), body, seals=seals)
        w.front.fails(id, FAIL_BUSY, "OPEN_FAILED")
        assert w.next("SESSION_END")["reason"] == END_FAILED
    w.opened()


def test_stages(worker):
    """The log says what of it failed."""
    w = worker()
    for stage, word in ((6, "command and environment"),
                        (7, "run the command"), (8, "enter the directory")):
        sid, p = w.begin()
        p.fail(stage)
        w.over("SESSION_END", sid, END_FAILED)
        w.front.fails(None, FAIL_SHELL, "OPEN_FAILED")
        assert re.search(f"session {sid}: {word}: No such file",
                         "\n".join(w.chan.logs))


# Who waits

def test_many_wait(worker):
    """One terminal for all who ask while it opens; and who comes later."""
    w = worker()
    sid, p = w.begin()
    fronts = [Front(w, n) for n in (1, 2, 3)]
    ids = [f.open(w.grant(sid, OPEN, f)) for f in fronts * 2]
    for f in fronts:
        f.quiet(0.1)
    p.run()
    assert w.next("SESSION_UP")["session"] == sid
    for f, id in zip(fronts * 2, ids):
        m = f.answer(id)
        assert (m.name, m["session"]) == ("OPENED", sid)
    assert w.front.answer().name == "OPENED"
    f = fronts[0]
    assert f.answer(f.open(w.grant(sid, OPEN, f))).name == "OPENED"
    w.quiet(0.3)


def test_too_many_wait(worker):
    w = worker()
    sid, p = w.begin()
    for _ in range(63):
        w.front.open(w.grant(sid, OPEN))
    id = w.front.open(w.grant(sid, OPEN))
    w.front.fails(id, FAIL_BUSY, "OPEN_FAILED")
    g = w.grant(sid, CALLS)
    w.front.fails(w.front.input(g, b"x"), FAIL_BUSY)
    w.front.fails(w.front.call("SIGNAL", g, signo=15), FAIL_BUSY)
    p.run()
    for _ in range(64):
        assert w.front.answer().name == "OPENED"


def test_failure_is_for_all(worker):
    """Input is not said to be taken by a program that never was."""
    w = worker()
    sid, p = w.begin()
    other = Front(w, 7)
    g = w.grant(sid, CALLS, other)
    open2 = other.open(w.grant(sid, OPEN, other))
    input = other.input(g, b"typed early")
    sig = other.call("SIGNAL", g, signo=15)
    resize = other.call("RESIZE", g, cols=90, rows=30)
    assert other.answer(resize).name == "RESIZE_OK"
    other.quiet()
    p.fail()
    w.over("SESSION_END", sid, END_FAILED)
    w.front.fails(None, FAIL_SHELL, "OPEN_FAILED")
    other.fails(open2, FAIL_SHELL, "OPEN_FAILED")
    got = sorted((other.answer() for _ in range(2)), key=lambda m: m.id)
    assert [(m.name, m.id, m["reason"]) for m in got] == [
        ("CALL_FAIL", input, FAIL_SHELL), ("CALL_FAIL", sig, FAIL_SHELL)]


def test_early_calls(worker):
    """What is asked while it opens is done when it is open."""
    w = worker()
    sid, p = w.begin()
    g = w.grant(sid, CALLS)
    w.front.input(g, b"early")
    w.front.call("SIGNAL", g, signo=signal.SIGTERM)
    resize = w.front.call("RESIZE", g, cols=90, rows=30)
    assert w.front.answer(resize).name == "RESIZE_OK"
    assert w.front.status(g)["state"] == "starting"
    p.run()
    w.next("SESSION_UP")
    assert p.read(5) == b"early"
    assert w.next("PTY_SIGNAL")["signo"] == signal.SIGTERM
    assert os.get_terminal_size(p.slave) == (90, 30)
    names = {w.front.answer().name for _ in range(3)}
    assert names == {"OPENED", "INPUT_OK", "SIGNAL_OK"}


def test_early_close(worker):
    w = worker()
    sid, p = w.begin()
    g = w.grant(sid, CALLS)
    id = w.front.call("CLOSE", g)
    assert w.front.answer(id).name == "CLOSE_OK"
    w.front.fails(None, FAIL_GONE, "OPEN_FAILED")
    w.over("SESSION_END", sid, END_CLOSED)
    assert p.session == sid


def test_who_waits_may_go(worker):
    w = worker()
    sid, p = w.begin()
    other = Front(w, 7)
    other.open(w.grant(sid, OPEN, other))
    other.input(w.grant(sid, INPUT, other), b"x")
    other.quiet(0.1)
    other.chan.close()
    p.run()
    assert w.front.answer().name == "OPENED"
    assert p.read(1) == b"x"


# Grants

def test_each_right_goes_by_its_use(worker):
    w = worker()
    sid = new()
    g = w.grant(sid, OPEN | INPUT)
    w.front.fails(w.front.input(g, b"x"), FAIL_GONE)
    w.front.open(g)
    w.program().run()
    assert w.front.answer().name == "OPENED"
    w.front.fails(w.front.open(g), FAIL_GRANT, "OPEN_FAILED")
    for _ in range(3):
        assert w.front.answer(w.front.input(g, b"x")).name == "INPUT_OK"
    w.front.fails(w.front.call("RESIZE", g, cols=1, rows=1), FAIL_GRANT)
    w.front.fails(w.front.call("STATUS", g, what=SESSION), FAIL_GRANT)
    w.front.fails(w.front.input(g, b"x", hash=bytes(32)), FAIL_GRANT)


def test_grants_of_others(worker):
    w = worker()
    sid, _ = w.opened()
    other = Front(w, 7)
    g = w.grant(sid, CALLS | ATTACH | OPEN)
    other.fails(other.input(g, b"x"), FAIL_GRANT)
    other.fails(other.open(g), FAIL_GRANT, "OPEN_FAILED")
    other.attach(g)
    other.fails(None, FAIL_GRANT, "ATTACH_FAIL")
    other.fails(other.call("STATUS", g, what=SESSION), FAIL_GRANT)
    assert w.front.status(g)["id"] == sid


def test_grants_end_with_their_channel(worker):
    """A second channel of a frontend may come before the end of the first."""
    w = worker()
    sid, _ = w.opened()
    was, old = w.front, w.grant(sid, CALLS)
    assert was.status(old)["id"] == sid
    w.front = Front(w, was.number)
    g = w.grant(sid, CALLS)
    assert w.front.status(g)["id"] == sid
    # It is ended here: who keeps theirs has no more than one.
    was.chan.expect_closed()
    w.front.fails(w.front.call("STATUS", old, what=SESSION), FAIL_GRANT)
    was.chan.close()
    assert w.front.status(g)["id"] == sid


def test_grants_age(worker):
    w = worker()
    sid, _ = w.opened()
    start = time.monotonic()
    g = w.grant(sid, CALLS, ttl=4)

    def aged():
        m = w.front.answer(w.front.call("STATUS", g, what=SESSION))
        if m.blob is not None:
            os.close(m.blob)
        return m.name == "CALL_FAIL" and m["reason"] == FAIL_GRANT
    wait_for(aged)
    # Its seconds are those of a clock that had begun one.
    assert time.monotonic() - start > 2.9


def test_grants_end_with_the_session(worker):
    w = worker()
    sid, p = w.opened(dialect=TTY, api=POCKETENV)
    g = w.grant(sid, CALLS)
    w.front.call("CLOSE", g)
    assert w.front.answer().name == "CLOSE_OK"
    w.over("SESSION_END", sid, END_CLOSED)
    w.front.fails(w.front.call("CLOSE", g), FAIL_GRANT)


@pytest.mark.parametrize("end", ["fail", "close", "kill", "never"])
def test_grant_that_crosses_the_end(worker, end):
    """It does not open the session again, whose id nobody knows any more."""
    w = worker()
    if end == "never":
        sid = new()
        w.send("KILL", session=sid, reason=END_CLOSED, how=UNKNOWN, code=0)
    else:
        sid, p = w.begin()
        if end == "fail":
            p.fail()
        elif end == "kill":
            w.send("KILL", session=sid, reason=END_LIMIT, how=UNKNOWN,
                   code=0)
        else:
            w.front.call("CLOSE", w.grant(sid, CLOSE))
            assert w.front.answer().name == "CLOSE_OK"
        assert w.front.answer().name == "OPEN_FAILED"
    assert w.next("SESSION_END")["session"] == sid
    # Such a grant is not kept for long.
    with w.standing():
        id = w.front.open(w.grant(sid, OPEN))
        w.front.attach(w.grant(sid, OPEN | ATTACH, dialect=TTY))
    w.front.fails(id, FAIL_GONE, "OPEN_FAILED")
    w.front.fails(None, FAIL_GONE, "ATTACH_FAIL")
    w.next("MAY_EXIT")
    w.opened()


# Clients

def test_attach_opens(worker):
    """The client is the worker's before there is a terminal."""
    w = worker()
    sid = new()
    w.front.attach(w.grant(sid, OPEN | ATTACH, dialect=TTY, api=POCKETENV,
                           ticket=77, viewer=5))
    assert w.front.answer().name == "ATTACH_OK"
    p = Program(w, w.next("PTY_REQ", "VIEWER_UP"))
    assert p.session == sid and p.size == (80, 24)
    m = w.next("VIEWER_UP")
    assert (m["session"], m["viewer"], m["ticket"]) == (sid, 5, 77)
    p.run()
    w.next("SESSION_UP")


def test_attach_joins(worker):
    """The second one finds it, open or not."""
    w = worker()
    sid, p = w.begin(dialect=TTY, api=POCKETENV)
    w.front.attach(w.grant(sid, OPEN | ATTACH, dialect=TTY))
    assert w.front.answer().name == "ATTACH_OK"
    w.next("VIEWER_UP")
    p.run()
    w.next("SESSION_UP")
    assert w.front.answer().name == "OPENED"
    w.front.attach(w.grant(sid, OPEN | ATTACH, dialect=TTY))
    assert w.front.answer().name == "ATTACH_OK"
    w.next("VIEWER_UP")


def test_attach_opens_nothing(worker):
    """Without the right to; and what is no client is no reason to."""
    w = worker()
    with w.standing():
        w.front.attach(w.grant(new(), ATTACH))
    w.front.fails(None, FAIL_GONE, "ATTACH_FAIL")
    for fd in (socket.socket(), socket.socketpair(type=socket.SOCK_DGRAM)[0],
               open("/dev/null")):
        sid = new()
        w.front.attach(w.grant(sid, OPEN | ATTACH), fd=fd.fileno())
        w.front.fails(None, FAIL_BUSY, "ATTACH_FAIL")
        # The parent need not wait for who will not come.
        w.over("SESSION_END", sid, END_FAILED)
        fd.close()
    # Somebody else may still, so it waits.
    sid = new()
    g = w.grant(sid, OPEN | ATTACH)
    with socket.socket() as fd:
        w.front.attach(w.grant(sid, OPEN | ATTACH), fd=fd.fileno())
    w.front.fails(None, FAIL_BUSY, "ATTACH_FAIL")
    w.front.attach(g)
    assert w.front.answer().name == "ATTACH_OK"
    assert w.next("PTY_REQ", "VIEWER_UP")["session"] == sid


def test_attach_behind_answers(worker):
    """A frontend that is told late that a client is ours would, when we have
    died, give it to the next worker: it gets none while answers wait."""
    calls = 900
    w = worker()
    sid, p = w.opened()
    p.write(b"output")
    for _ in range(calls):
        w.front.input(bytes(16), b"x")
    client = w.front.attach(w.grant(sid, ATTACH), NATIVE)
    client.settimeout(WAIT)
    assert client.recv(1) == b""
    for _ in range(calls):
        w.front.fails(None, FAIL_GRANT)
    w.front.fails(None, FAIL_BUSY, "ATTACH_FAIL")
    client = w.front.attach(w.grant(sid, ATTACH), NATIVE)
    assert w.front.answer().name == "ATTACH_OK"
    assert client.recv(4) == b"HEAD"


def test_attach_beyond_the_end(worker):
    w = worker()
    sid, p = w.opened()
    p.write(b"0123456789")
    g = w.grant(sid, STATUS)
    wait_for(lambda: w.front.status(g)["offset"] == 10)
    for offset, fail in ((10, None), (11, FAIL_OFFSET), (0, None),
                         (1 << 63, FAIL_OFFSET), ((1 << 64) - 1, FAIL_OFFSET)):
        w.front.attach(w.grant(sid, ATTACH), NATIVE, **{"from": 1},
                       offset=offset)
        if fail is None:
            assert w.front.answer().name == "ATTACH_OK", offset
            w.next("VIEWER_UP")
        else:
            w.front.fails(None, fail, "ATTACH_FAIL")
    assert w.front.status(g)["viewers"] == 2


def test_viewers_are_limited(worker):
    w = worker(viewers=2)
    sid, _ = w.opened()
    for fail in (None, None, FAIL_LIMIT):
        w.front.attach(w.grant(sid, ATTACH), NATIVE)
        if fail is None:
            assert w.front.answer().name == "ATTACH_OK"
            w.next("VIEWER_UP")
        else:
            w.front.fails(None, fail, "ATTACH_FAIL")


# Calls

def test_signals(worker):
    """Three by way of the terminal, the others by way of the parent."""
    w = worker()
    sid, p = w.opened()
    g = w.grant(sid, SIGNAL)
    mode = termios.tcgetattr(p.slave)
    mode[3] |= termios.ISIG
    termios.tcsetattr(p.slave, termios.TCSANOW, mode)
    for signo in (signal.SIGHUP, signal.SIGTERM, signal.SIGKILL,
                  signal.SIGUSR1, signal.SIGWINCH, signal.SIGCONT):
        id = w.front.call("SIGNAL", g, signo=signo)
        assert w.front.answer(id).name == "SIGNAL_OK"
        m = w.next("PTY_SIGNAL")
        assert (m["session"], m["signo"]) == (sid, signo)
    for signo in (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP):
        id = w.front.call("SIGNAL", g, signo=signo)
        assert w.front.answer(id).name == "SIGNAL_OK"
    w.quiet(0.2)


def test_input(worker):
    w = worker()
    sid, p = w.opened()
    g = w.grant(sid, INPUT)
    data = os.urandom(3000)
    id = w.front.input(g, data)
    assert w.front.answer(id).name == "INPUT_OK"
    assert p.read(3000) == data
    blob = gwproto.blob(data * 40)
    id = w.front.send("INPUT", grant=g, hash=HASH, data=b"", blob=blob)
    os.close(blob)
    assert w.front.answer(id).name == "INPUT_OK"
    assert p.read(120000) == data * 40


@pytest.mark.parametrize("kind", [SSH, TTY, NATIVE])
def test_input_that_waits_at_the_end(worker, kind):
    """It is refused, and the parent is told of one end only."""
    w = worker()
    sid, p = w.opened(dialect=kind, api=TERMINAL if kind == NATIVE else
                      POCKETENV)
    g = w.grant(sid, INPUT)
    blob = gwproto.blob(bytes(100000))
    ids = [w.front.send("INPUT", grant=g, hash=HASH, data=b"", blob=blob)
           for _ in range(4)]
    os.close(blob)
    for id in ids[:2]:
        assert w.front.answer(id).name == "INPUT_OK"
    p.exit(CODE, 3)
    if kind == NATIVE:
        w.over("SESSION_EXIT", sid, END_EXIT, CODE, 3)
    for id in ids[2:]:
        w.front.fails(id, FAIL_EXITED if kind == NATIVE else FAIL_GONE)
    if kind == NATIVE:
        w.quiet(0.3)


def test_last_words_after_a_hangup(worker):
    """Who has closed its terminal may open it again before it ends."""
    w = worker()
    sid, p = w.opened()
    path = os.ttyname(p.slave)
    os.close(p.slave)
    g = w.grant(sid, STATUS)
    # Read until nobody has it, and looked at now and then from here on.
    time.sleep(0.5)
    p.slave = os.open(path, os.O_RDWR | os.O_NOCTTY)
    p.write(b"bye")
    p.exit(CODE, 3)
    w.over("SESSION_EXIT", sid, END_EXIT, CODE, 3)
    assert w.front.status(g)["offset"] == 3


# What is left

@pytest.mark.parametrize("how,code,said", [
    (CODE, 0, {"code": 0}), (CODE, 255, {"code": 255}),
    (BY_SIGNAL, 15, {"signal": "TERM"}), (BY_SIGNAL, 31, {"signal": "SYS"}),
    (UNKNOWN, 0, None)])
def test_kept(worker, how, code, said):
    w = worker()
    sid = w.kept(how, code)
    g = w.grant(sid, CALLS)
    status = w.front.status(g)
    assert status["state"] == "exited"
    assert status.get("exit") == said
    w.front.fails(w.front.input(g, b"x"), FAIL_EXITED)
    w.front.fails(w.front.call("RESIZE", g, cols=9, rows=9), FAIL_EXITED)
    w.front.fails(w.front.call("SIGNAL", g, signo=15), FAIL_EXITED)
    # Who wanted it by its name, a moment too late, is to ask for another.
    w.front.fails(w.front.open(w.grant(sid, OPEN)), FAIL_EXITED,
                  "OPEN_FAILED")
    w.front.attach(w.grant(sid, ATTACH), NATIVE)
    assert w.front.answer().name == "ATTACH_OK"
    w.next("VIEWER_UP")
    assert w.front.answer(w.front.call("CLOSE", g)).name == "CLOSE_OK"
    end = w.next("SESSION_END", "VIEWER_DOWN")
    if end.name == "VIEWER_DOWN":
        end = w.next("SESSION_END")
    assert (end["reason"], end["how"], end["code"]) == (END_EXIT, how, code)
    w.front.fails(w.front.call("CLOSE", g), FAIL_GRANT)
    w.next("MAY_EXIT")


@pytest.mark.parametrize("dialect", [SSH, TTY])
def test_not_kept(worker, dialect):
    """Those of old end when all is said."""
    w = worker()
    sid, p = w.opened(dialect=dialect, api=POCKETENV)
    mine = w.front.attach(w.grant(sid, ATTACH), dialect)
    assert w.front.answer().name == "ATTACH_OK"
    w.next("VIEWER_UP")
    p.exit(CODE, 1)
    mine.settimeout(WAIT)
    while mine.recv(4096):
        pass
    mine.close()
    w.next("VIEWER_DOWN")
    w.over("SESSION_END", sid, END_EXIT, CODE, 1)


def test_shared_one_that_is_over(worker):
    """A client that does not take the rest holds nobody up."""
    w = worker()
    sid, p = w.opened(dialect=TTY, api=POCKETENV)
    slow = w.front.attach(w.grant(sid, ATTACH), TTY, slow=True)
    assert w.front.answer().name == "ATTACH_OK"
    w.next("VIEWER_UP")
    for _ in range(80):
        p.write(b"x" * 4095)
    wait_for(lambda: select.select([], [p.slave], [], 0.2)[1])
    p.write(b"y" * 4095)
    p.exit(CODE, 0)

    def gone():
        m = w.front.answer(w.front.open(w.grant(sid, OPEN)))
        return m.name == "OPEN_FAILED" and m["reason"] == FAIL_GONE
    wait_for(gone)
    w.over("SESSION_EXIT", sid, END_EXIT, CODE, 0)
    # Said once, however many ask.
    w.front.attach(w.grant(sid, OPEN | ATTACH), TTY)
    w.front.fails(None, FAIL_GONE, "ATTACH_FAIL")
    w.quiet(0.3)
    slow.settimeout(WAIT)
    while slow.recv(65536):
        pass
    slow.close()
    w.next("VIEWER_DOWN")
    w.over("SESSION_END", sid, END_EXIT, CODE, 0)


def test_shared_one_that_never_was_open(worker):
    """The parent, which waits for it to open, is not told of an exit."""
    w = worker(timeout_idle_tty=1)
    sid = new()
    client = w.front.attach(w.grant(sid, OPEN | ATTACH, dialect=TTY,
                                    api=POCKETENV), TTY)
    assert w.front.answer().name == "ATTACH_OK"
    w.next("PTY_REQ", "VIEWER_UP")
    w.next("VIEWER_UP", "PTY_REQ")
    told = b""
    while b"\x88" not in told:
        more = client.recv(65536)
        assert more
        told += more
    # It waits for its client to close, too.
    m = w.front.answer(w.front.open(w.grant(sid, OPEN)))
    assert m.name == "OPEN_FAILED" and m["reason"] in (FAIL_GONE, FAIL_GRANT)
    client.close()
    w.next("VIEWER_DOWN")
    w.over("SESSION_END", sid, END_IDLE)


def test_exits_that_the_parent_knows(worker):
    """Never more than it allows for, and no client is cut for it."""
    w = worker()
    told = 0
    for n in range(40):
        sid, p = w.opened()
        w.front.attach(w.grant(sid, ATTACH), NATIVE, slow=True)
        assert w.front.answer().name == "ATTACH_OK"
        w.next("VIEWER_UP")
        p.much()
        p.exit(CODE, n)
        if n < 24:
            w.over("SESSION_EXIT", sid, END_EXIT, CODE, n)
            told += 1
    w.quiet(0.3)
    g = w.grant(NIL, LIST)
    listed = json.loads(b"[" + w.front.report(g, ALL) + b"]")
    assert len(listed) == told == 24
    # The others end when their clients have gone.
    for c in w.front.clients:
        c.settimeout(WAIT)
        while c.recv(65536):
            pass
        c.close()
    ends = 0
    while ends < 32:
        m = w.next("SESSION_END", "VIEWER_DOWN")
        ends += m.name == "SESSION_END"


def test_killed_is_not_kept(worker):
    w = worker()
    sid, _ = w.opened()
    w.send("KILL", session=sid, reason=END_CLOSED, how=UNKNOWN, code=0)
    w.over("SESSION_END", sid, END_CLOSED)


def test_kept_and_killed(worker):
    """It ends as it ended."""
    w = worker()
    sid = w.kept(CODE, 9)
    w.send("KILL", session=sid, reason=END_LIMIT, how=UNKNOWN, code=0)
    w.over("SESSION_END", sid, END_EXIT, CODE, 9)


def test_many_kept(worker):
    """The oldest go first, but those that somebody looks at."""
    w = worker()
    seen, p = w.opened()
    w.front.attach(w.grant(seen, ATTACH), NATIVE, slow=True)
    assert w.front.answer().name == "ATTACH_OK"
    w.next("VIEWER_UP")
    p.much()
    p.exit(CODE, 0)
    w.over("SESSION_EXIT", seen, END_EXIT, CODE, 0)
    sids = [w.kept() for _ in range(8)]
    for _ in range(3):
        sids.append(w.kept())
        w.over("SESSION_END", sids.pop(0), END_EXIT, CODE, 3)
    g = w.grant(NIL, LIST)
    listed = json.loads(b"[" + w.front.report(g, ALL) + b"]")
    assert {s["id"] for s in listed} == {seen, *sids}


def test_stop_with_kept(worker):
    w = worker()
    sid = w.kept()
    w.send("STOP")
    w.over("SESSION_END", sid, END_EXIT, CODE, 3)
    w.next("MAY_EXIT")


# Reports

def test_status(worker):
    w = worker()
    # Seconds come a moment later on the clock that it asks.
    before = int(time.time() - 0.1)
    sid, p = w.begin(name="build-1")
    g = w.grant(sid, STATUS)
    status = w.front.status(g)
    assert before <= status.pop("started") <= time.time()
    assert status == {"id": sid, "name": "build-1", "state": "starting",
                      "cols": 80, "rows": 24, "viewers": 0, "offset": 0}
    p.run()
    assert w.front.answer().name == "OPENED"
    w.next("SESSION_UP")
    p.write(b"hello")
    wait_for(lambda: w.front.status(g)["offset"] == 5)
    w.front.attach(w.grant(sid, ATTACH), NATIVE)
    assert w.front.answer().name == "ATTACH_OK"
    w.next("VIEWER_UP")
    assert w.front.status(g)["viewers"] == 1
    assert w.front.status(g)["state"] == "running"
    w.front.fails(w.front.call("STATUS", g, what=ALL), FAIL_GRANT)
    sid, _ = w.opened()
    assert w.front.status(w.grant(sid, STATUS))["name"] is None


@pytest.mark.parametrize("name,shown", [
    (b"a\"b\\c\n\x01", "a\"b\\c\n\x01"), (b"\xff\xc3x", "\ufffd\ufffdx"),
    ("\u20ac/\U0001f600".encode(), "\u20ac/\U0001f600"),
    (b"\x80" * 128, "\ufffd" * 128)],
    ids=("escapes", "malformed", "wide", "longest"))
def test_status_is_text(worker, name, shown):
    """Whatever a frontend let through as a name."""
    w = worker()
    sid, _ = w.opened(name=name)
    text = w.front.report(w.grant(sid, STATUS))
    assert json.loads(text.decode())["name"] == shown


def test_list(worker):
    """What one principal has in one API, and nothing else."""
    w = worker()
    mine = {w.opened(name="one")[0], w.begin()[0], w.kept()}
    w.begin(principal="bob")
    w.begin(principal="alice2")
    w.begin(api=POCKETENV, dialect=TTY)
    g = w.grant(NIL, LIST)
    listed = json.loads(b"[" + w.front.report(g, ALL) + b"]")
    assert {s["id"] for s in listed} == mine
    assert {s["state"] for s in listed} == {"running", "starting", "exited"}
    # As often as is wanted, with that token.
    assert json.loads(b"[" + w.front.report(g, ALL) + b"]") == listed
    w.front.fails(w.front.call("STATUS", g, what=ALL, hash=bytes(32)),
                  FAIL_GRANT)
    w.front.fails(w.front.call("STATUS", g, what=SESSION), FAIL_GRANT)
    other = w.grant(NIL, LIST, principal="nobody")
    assert w.front.report(other, ALL) == b""


def test_screen(worker):
    w = worker()
    sid, p = w.opened()
    g = w.grant(sid, STATUS)
    p.write(b"\x1b]0;ti\"tle\x07one\r\ntwo \xff")
    wait_for(lambda: w.front.status(g)["offset"] == 21)
    screen = json.loads(w.front.report(g, SCREEN))
    assert list(screen) == ["cols", "rows", "cursor", "title", "alternate",
                            "exact", "offset", "lines"]
    assert screen["title"] == "ti\"tle"
    assert screen["exact"] is True and screen["offset"] == 21
    assert screen["lines"][:2] == ["one", "two \ufffd"]
    assert screen["cursor"] == {"x": 5, "y": 1, "visible": True}
    assert w.front.report(g, TEXT).decode() == "one\ntwo \ufffd\n"


def test_reports_that_nobody_reads(worker):
    """Its frontend is answered that there are too many, others as ever."""
    w = worker()
    sid, _ = w.opened()
    deaf = Front(w, 7)
    g = w.grant(sid, STATUS, deaf)
    g2 = w.grant(sid, STATUS)
    deaf.chan.sock.setblocking(False)
    for n in range(600):
        try:
            deaf.call("STATUS", g, what=SESSION)
        except BlockingIOError:
            time.sleep(0.01)
        if n % 50 == 0:
            assert w.front.status(g2)["id"] == sid
    assert w.front.status(g2)["id"] == sid
    deaf.chan.close()
    assert w.front.status(g2)["id"] == sid
    w.opened()


# The end of the worker

def test_stays_for_what_is_kept(worker):
    w = worker()
    sid = w.kept()
    w.quiet(1.5)
    w.front.call("CLOSE", w.grant(sid, CLOSE))
    assert w.front.answer().name == "CLOSE_OK"
    w.over("SESSION_END", sid, END_EXIT, CODE, 3)
    w.next("MAY_EXIT")


def test_list_keeps_nobody(worker):
    """A grant to list what is not there does not hold it for a minute."""
    w = worker()
    w.grant(NIL, LIST)
    start = time.monotonic()
    w.next("MAY_EXIT")
    assert time.monotonic() - start < 50


@pytest.mark.parametrize("kind,api,name", [
    (SSH, POCKETENV, "ssh"), (TTY, POCKETENV, "tty"),
    (NATIVE, TERMINAL, "terminal")])
def test_detached(worker, kind, api, name):
    """Each kind has its own time without a viewer."""
    w = worker(**{"timeout_detached_" + n: 2 if n == name else 2 * WAIT
                  for n in ("ssh", "tty", "terminal")})
    start = time.monotonic()
    sid, _ = w.opened(dialect=kind, api=api)
    w.over("SESSION_END", sid, END_DETACHED)
    assert 1.5 < time.monotonic() - start < WAIT + 2
