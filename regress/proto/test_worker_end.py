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
terminals: what is left of a session that is over, and reports.
"""

import json
import os
import select
import sys
import time

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../lib"))
from clients import WAIT, wait_for  # noqa: E402
from localworker import (  # noqa: E402
    ALL, ATTACH, BY_SIGNAL, CALLS, CLOSE, CODE, END_CLOSED, END_DETACHED,
    END_EXIT, END_IDLE, END_LIMIT, FAIL_EXITED, FAIL_GONE, FAIL_GRANT, LIST,
    NATIVE, NIL, OPEN, POCKETENV, SCREEN, SESSION, SSH, STATUS, TERMINAL,
    TEXT, TTY, UNKNOWN, Front, new)


def leave(client):
    """It goes when it has had all that is still said to it."""
    client.settimeout(WAIT)
    while client.recv(65536):
        pass
    client.close()


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
    leave(mine)
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
    leave(slow)
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
        leave(c)
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
