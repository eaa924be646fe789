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
/tty and /pty on the real daemon: one shell that all share who may, made by
whoever comes first, over WebSockets of two kinds and over events.

What can break: two shells where one is shared; a key that reaches another's
shell; a client that comes when the last shell has just ended.
"""

import concurrent.futures
import json
import threading
import time

import pytest

import daemon as lib
from clients import JsWs, TtyWs
from daemon import ALICE, MALLORY

RAW = "stty raw -echo; printf READY; exec cat"
BOXES = {
    "demo": {"pty": ["/bin/sh"]},
    "cat": {"pty": ["/bin/sh", "-c", RAW]},
    "count": {"pty": ["/bin/sh", "-c", "echo pid$$; " + RAW]},
    "both": {"pty": ["/bin/sh", "-c", "echo pid$$; " + RAW],
             "owner": [ALICE, MALLORY]},
    "foreign": {"pty": ["/bin/sh"], "owner": [MALLORY]},
    "broken": {"pty": ["/nonexistent"]},
}


@pytest.fixture(scope="module")
def own():
    d = lib.Daemon(BOXES)
    yield d
    d.stop()


@pytest.fixture
def d(own):
    yield own
    own.clear()


@pytest.fixture(params=["tty", "pty"])
def kind(request):
    return request.param


def shared(out):
    """What the shell said of itself, once."""
    assert out.count(b"pid") == 1
    return out[out.index(b"pid"):].split()[0]


def test_ws(d, kind):
    ws = d.tty_ws("cat", kind=kind)
    ws.until(b"READY")
    ws.type("h\u00e9")
    ws.until("h\u00e9".encode())
    again = d.tty_ws("cat", kind="pty" if kind == "tty" else "tty")
    again.until("READYh\u00e9".encode())
    again.type("2")
    ws.until(b"2")
    assert len(d.sessions()) == 1
    assert ws.bye()[0] == 1000
    again.drop()


def test_npm(d, kind):
    js = JsWs(d.port, "/%s/cat/ws?token=%s" % (kind, d.token()))
    js.opened()
    out = b""
    # Its texts are no base64 here.
    while b"READY" not in out:
        out += json.loads(js.line())["text"].encode()
    js.resize(120, 40)
    js.type("x\u20ac")
    while "x\u20ac".encode() not in out:
        out += json.loads(js.line())["text"].encode()
    assert any(row for row in d.sessions().values())
    js.order(close=[1000, "client disconnect"])
    js.stop()


def test_exit(d, kind):
    ws = d.tty_ws("demo", kind=kind)
    ws.until(b"$ ")
    ws.type("exit\n")
    assert ws.closed() == (1000, "exit")
    # At once, and it is another one.
    ws = d.tty_ws("demo", kind=kind)
    ws.until(b"$ ")
    ws.drop()


def test_ends_and_begins(d):
    """A client that comes just then gets the next shell, never an error,
    and does not wait for one that is slow to hear of the end."""
    waited = 0
    for _ in range(30):
        ws = d.tty_ws("demo")
        ws.until(b"$ ")
        ws.type("exit\n")
        before = time.monotonic()
        d.tty("input", "demo", b"")
        waited += time.monotonic() - before
        assert ws.closed()[0] == 1000
        for verb, body in (("input", b"true\n"),
                           ("resize", {"cols": 80, "rows": 24})):
            assert d.tty(verb, "demo", body).status == 204
    # A close that is not answered holds its client for two seconds.
    assert waited < 40


def test_twenty_at_once(d):
    """By both routes and three ways: one shell."""
    def come(i):
        kind = ("tty", "pty")[i % 2]
        if i % 3 == 0:
            return d.tty("input", "count", b"", kind=kind).status
        if i % 3 == 1:
            return d.tty("resize", "count", {"cols": 90, "rows": 30},
                         kind=kind).status
        ws = d.tty_ws("count", kind=kind)
        ws.until(b"READY")
        ws.drop()
        return shared(ws.out)
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        got = list(pool.map(come, range(20)))
    assert [g for g in got if isinstance(g, int)] == [204] * 14
    assert len({g for g in got if isinstance(g, bytes)}) == 1
    assert len(d.sessions()) == 1


def test_input_and_events(d, kind):
    e = d.tty_sse("cat", kind=kind)
    assert e.status == 200
    assert e.headers["cache-control"] == "no-cache, no-transform"
    text = ""

    def more(want):
        nonlocal text
        while want not in text:
            name, data = e.event()
            assert name == "output"
            text += json.loads(data)["data"]
    more("READY")
    for type in ("text/plain", "application/json"):
        answer = d.ask("POST", "/%s/cat/input" % kind, b'{"data":"\xc3\xa9"}',
                       headers={"Content-Type": type})
        assert answer.status == 204 and answer.body == b""
    more('{"data":"\u00e9"}{"data":"\u00e9"}')
    assert d.tty("resize", "cat", '{"cols":"99","rows":null}',
                 kind=kind).status == 204
    assert d.tty("resize", "cat", '{"cols":"x","rows":1}',
                 kind=kind).status == 400
    e.stop()


def test_events_to_the_end(d):
    e = d.tty_sse("demo")
    assert d.tty("input", "demo", b"exit 5\n").status == 204
    rest = e.rest()
    assert rest[-1] == ("exit", '{"code":5}')


def test_key(d):
    """Shells of one sandbox that do not share; and one that does."""
    a = d.tty_ws("both", "sessionId=x")
    a.until(b"READY")
    b = d.tty_ws("both", "sessionId=x")
    c = d.tty_ws("both")
    e = d.tty_ws("both", "sessionId=any%20text%2F")
    for ws in (b, c, e):
        ws.until(b"READY")
    pids = [shared(ws.out) for ws in (a, b, c, e)]
    assert pids[0] == pids[1] and len(set(pids)) == 3
    # Another's sandbox is no key to it, nor is its key.
    foreign = d.tty_ws("cat", "sessionId=both")
    foreign.until(b"READY")
    assert b"pid" not in foreign.out
    # Nor for another principal of the same sandbox.
    other = d.tty_ws("both", "sessionId=x", token=d.token(did=MALLORY))
    other.until(b"READY")
    assert shared(other.out) not in pids
    for ws in (a, b, c, e, foreign, other):
        ws.drop()


@pytest.mark.parametrize("sandbox", ["foreign", "nobody", "a%20b"])
def test_not_ours(d, kind, sandbox):
    assert d.tty_ws(sandbox, kind=kind).closed() == (1008, "Forbidden")
    for verb in ("stream", "input", "resize"):
        answer = d.ask("GET" if verb == "stream" else "POST",
                       "/%s/%s/%s" % (kind, sandbox, verb),
                       None if verb == "stream" else
                       {"cols": 80, "rows": 24})
        assert answer.status == 404
        assert answer.json == {"error": "Sandbox not found"}


def test_tokens(d, kind):
    for token, why in ((None, "Authentication required"),
                       ("x", "Invalid token"),
                       (d.token(exp=-10 ** 8), "Token expired")):
        ws = d.tty_ws("demo", token=token, kind=kind)
        assert ws.closed() == (1008, why)
        answer = d.tty("input", "demo", b"x", token=token, kind=kind)
        assert answer.status == 401 and answer.json["message"] == why


def test_broken(d, kind):
    """It cannot be opened: said in time, and each time anew."""
    for _ in range(2):
        assert d.tty_ws("broken", kind=kind).closed() == (
            1011, "Session error")
        answer = d.ask("GET", "/%s/broken/stream" % kind)
        assert answer.status == 502
        assert answer.json["error"] == "Session error"
        assert d.tty("input", "broken", b"x", kind=kind).status == 502


def test_early(d):
    """What comes before the shell is there is typed, in order."""
    ws = TtyWs(d.port, "/tty/cat/ws?token=" + d.token(),
               early=lib_frames("one", "two"))
    ws.until(b"onetwo")
    ws.drop()


def lib_frames(*texts):
    from clients import TEXT, frame_bytes
    return b"".join(frame_bytes(TEXT, t.encode()) for t in texts)


def test_worker_dies(d):
    """Its clients are told; the next ones get another shell."""
    import os
    import signal
    ws = d.tty_ws("cat")
    ws.until(b"READY")
    d.faults = True
    threading.Timer(0.05, os.kill, (d.worker("cat"), signal.SIGKILL)).start()
    ws.closed()
    assert d.tty("input", "cat", b"x").status == 204
    ws = d.tty_ws("cat")
    ws.until(b"READYx")
    ws.drop()
