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
terminals: grants, who waits for a session, calls and their answers.
"""

import os
import re
import signal
import socket
import sys
import termios
import time

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../lib"))
import gwproto  # noqa: E402
from clients import WAIT, held, wait_for  # noqa: E402
from gwproto import ARG, CWD, ENV, SECRET  # noqa: E402
from localworker import (  # noqa: E402
    ATTACH, CALLS, CLOSE, CODE, END_CLOSED, END_EXIT, END_FAILED, END_LIMIT,
    FAIL_BUSY, FAIL_EXITED, FAIL_GONE, FAIL_GRANT, FAIL_LIMIT, FAIL_OFFSET,
    FAIL_SHELL, HASH, INPUT, NATIVE, OPEN, POCKETENV, SESSION, SIGNAL, SSH,
    STATUS, TERMINAL, TTY, UNKNOWN, Front, Program, new)


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
    with held(w.pid):
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
    with held(w.pid):
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
