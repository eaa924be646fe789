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
The routes /tty and /pty as a frontend speaks them, with the catalog and the
workers played by the test: what is asked, what is opened first, what a
client is told.

What can break: a request that begins when the session it is for has just
ended; one that opens what nobody waits for; a key that reaches another
sandbox.
"""

import hashlib
import os
import socket
import time

import pytest

from front import (ATTACH, DENY_DRAINING, DENY_EXPIRED, DENY_LIMIT,
                   DENY_NOT_FOUND, DENY_TOKEN, DENY_UNAVAILABLE, FAIL_AUTH,
                   FAIL_BUSY, FAIL_GONE, FAIL_GRANT,
                   FAIL_HOSTKEY, FAIL_LIMIT, FAIL_LOST, FAIL_REFUSED,
                   FAIL_SHELL, FAIL_TIMEOUT, INPUT, RESIZE, SID, TTY, Front,
                   sent_early, token)

NO_BOX = (404, {"error": "Sandbox not found"})
FAILED = "Session error"
number = [100]


@pytest.fixture(params=["tty", "pty"])
def kind(request):
    return request.param


def box():
    """A sandbox that nobody has a pass for."""
    number[0] += 1
    return "box%d" % number[0]


def asked(f, action, sandbox, name=""):
    return f.asked(action=action, object=sandbox, join=1, name=name,
                   dialect=TTY, api=1, mode=1, stream=0, whole=0, cred=1)


def taken(f, m, number=1):
    f.worker(number).send("ATTACH_OK", id=m.id)
    return socket.socket(fileno=m.fd)


def opens(f, number=1, **size):
    o = f.worker(number).expect("OPEN", **size)
    assert o.blob is None
    f.worker(number).send("OPENED", id=o.id, session=SID)


# WebSockets

@pytest.mark.parametrize("open_time", [0, 10])
def test_ws(front, kind, open_time):
    """The worker opens: the client is its from the start."""
    sandbox = box()
    c = front.client().upgrade("/%s/%s/ws" % (kind, sandbox),
                               early=b"\x81\x80abcd")
    front.grant(asked(front, ATTACH, sandbox), open_time=open_time)
    assert c.head() == 101
    m = front.worker().expect("ATTACH", dialect=TTY, transport=1, head=b"",
                              offset=0, **{"from": 0})
    s = taken(front, m)
    assert sent_early(m, s, 6) == b"\x81\x80abcd"
    s.sendall(b"\x81\x02hi")
    assert c.frame() == (1, b"hi")
    s.close()
    c.eof()


def sha(data):
    return "sha256-" + hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("query, name", [
    ("", ""), ("?sessionId=", ""), ("?sessionId=x", "x"),
    ("?sessionId=A.b-c_9", "A.b-c_9"), ("?sessionid=x", ""),
    ("?sessionId=" + "a" * 128, "a" * 128),
    ("?sessionId=" + "a" * 129, sha(b"a" * 129)),
    ("?sessionId=a%20b", sha(b"a b")), ("?sessionId=a+b", sha(b"a b")),
    ("?sessionId=..%2F..%2Fx", sha(b"../../x")),
    ("?sessionId=%C3%A9", sha(b"\xc3\xa9")),
    ("?sessionId=" + "a" * 8000, sha(b"a" * 8000)),
    ("?token=%s&sessionId=x&sessionId=y", "x")])
def test_share_key(front, kind, query, name):
    c = front.client().upgrade("/%s/demo/ws%s" % (
        kind, query.replace("%s", token())))
    front.deny(asked(front, ATTACH, "demo", name), DENY_NOT_FOUND)
    assert c.head() == 101
    assert c.frame() == (1008, "Forbidden")
    c.eof()


@pytest.mark.parametrize("query", ["?sessionId=%00"])
def test_no_share_key(front, query):
    c = front.client().upgrade("/tty/demo/ws" + query)
    assert c.head() == 101
    assert c.frame() == (1011, FAILED)


def test_no_key_over_http(front, kind):
    """Only WebSockets have one."""
    sandbox = box()
    c = front.client().ask("GET", "/%s/%s/stream?sessionId=x" % (
        kind, sandbox))
    front.deny(asked(front, ATTACH, sandbox), DENY_NOT_FOUND)
    assert c.answer() == NO_BOX


DOOR = [(None, "Authentication required"), ("null", "Authentication required"),
        ("x", "Invalid token"), (token(exp=1700000000), "Token expired")]


@pytest.mark.parametrize("auth, why", DOOR)
def test_token(front, kind, auth, why):
    c = front.client().upgrade("/%s/demo/ws" % kind, auth=auth)
    assert c.head() == 101
    assert c.frame() == (1008, why)
    c.eof()
    for method, verb in (("GET", "stream"), ("POST", "input"),
                         ("POST", "resize")):
        front.denials.clear()
        c = front.client().ask(method, "/%s/demo/%s" % (kind, verb),
                               auth=auth)
        assert c.answer() == (401, {"error": "Unauthorized", "message": why})
        assert c.headers["www-authenticate"] == "Bearer"
        d = front.denial()
        assert (d["object"], d["action"]) == ("demo", 1)


@pytest.mark.parametrize("verb", ["ws", "stream"])
def test_token_of_a_query(front, kind, verb):
    ours, sandbox = token(did="did:plc:query"), box()
    path = "/%s/%s/%s?token=%s" % (kind, sandbox, verb, ours)
    c = front.client()
    c = c.upgrade(path, auth=None) if verb == "ws" else \
        c.ask("GET", path, auth=None)
    front.deny(front.asked(token=ours), DENY_NOT_FOUND)
    c.head()
    c = front.client().ask("POST", "/%s/%s/input?token=%s" % (
        kind, sandbox, ours), "x", auth=None)
    assert c.answer()[0] == 401


@pytest.mark.parametrize("reason, close, status, body", [
    (DENY_TOKEN, (1008, "Invalid token"), 401,
     {"error": "Unauthorized", "message": "Invalid token"}),
    (DENY_EXPIRED, (1008, "Token expired"), 401,
     {"error": "Unauthorized", "message": "Token expired"}),
    (DENY_NOT_FOUND, (1008, "Forbidden"), *NO_BOX),
    (DENY_LIMIT, (1013, "Too many sessions"), 429,
     {"error": "Too many sessions"}),
    (DENY_DRAINING, (1013, "Try again later"), 503,
     {"error": "Unavailable", "message": "shutting down"}),
    (DENY_UNAVAILABLE, (1013, "Try again later"), 502,
     {"error": FAILED, "message": "control plane unavailable"})])
def test_denied(front, kind, reason, close, status, body):
    sandbox = box()
    c = front.client().upgrade("/%s/%s/ws" % (kind, sandbox))
    front.deny(asked(front, ATTACH, sandbox), reason)
    assert c.head() == 101
    assert c.frame() == close
    for method, verb, action, data in (
            ("GET", "stream", ATTACH, None), ("POST", "input", INPUT, "x"),
            ("POST", "resize", RESIZE, {"cols": 1, "rows": 1})):
        c = front.client().ask(method, "/%s/%s/%s" % (kind, sandbox, verb),
                               data)
        front.deny(asked(front, action, sandbox), reason)
        assert c.answer() == (status, body)


def test_malformed_id(front, kind):
    c = front.client().upgrade("/%s/a%%20b/ws" % kind)
    front.deny(asked(front, ATTACH, "."), DENY_NOT_FOUND)
    assert c.head() == 101
    assert c.frame() == (1008, "Forbidden")


# Streams

@pytest.mark.parametrize("open_time", [0, 10])
def test_stream(front, kind, open_time):
    sandbox = box()
    c = front.client().ask("GET", "/%s/%s/stream" % (kind, sandbox))
    front.grant(asked(front, ATTACH, sandbox), open_time=open_time)
    if open_time:
        opens(front, cols=80, rows=24, grant=b"g" * 16)
    m = front.worker().expect("ATTACH", dialect=TTY, transport=2,
                              grant=b"g" * 16)
    s = taken(front, m)
    s.sendall(m["head"])
    assert c.head() == 200
    h = c.headers
    assert h["content-type"] == "text/event-stream"
    assert h["cache-control"] == "no-cache, no-transform"
    assert h["connection"] == "keep-alive"
    assert h["access-control-allow-origin"] == "*"
    s.close()
    c.eof()


@pytest.mark.parametrize("reason, status, message", [
    (FAIL_SHELL, 502, None), (FAIL_REFUSED, 502, "connection refused"),
    (FAIL_TIMEOUT, 502, "timed out"), (FAIL_HOSTKEY, 502,
                                       "host key mismatch"),
    (FAIL_AUTH, 502, "authentication failed"),
    (FAIL_LOST, 502, "connection lost")])
def test_open_failed(front, kind, reason, status, message):
    """An error of HTTP, and nothing is tried twice."""
    sandbox = box()
    for method, verb, action, data in (
            ("GET", "stream", ATTACH, None), ("POST", "input", INPUT, "x"),
            ("POST", "resize", RESIZE, {"cols": 1, "rows": 1})):
        c = front.client().ask(method, "/%s/%s/%s" % (kind, sandbox, verb),
                               data)
        front.grant(asked(front, action, sandbox))
        o = front.worker().expect("OPEN")
        front.worker().send("OPEN_FAILED", id=o.id, reason=reason)
        got, body = c.answer()
        assert (got, body["error"], body.get("message")) == (
            status, FAILED, message)
        # The connection is as good as before.
        assert "connection" not in c.headers


@pytest.mark.parametrize("reason, status, error", [
    (FAIL_LIMIT, 429, "Too many sessions"), (FAIL_BUSY, 503, "Unavailable")])
def test_open_refused(front, reason, status, error):
    sandbox = box()
    c = front.client().ask("GET", "/tty/%s/stream" % sandbox)
    front.grant(asked(front, ATTACH, sandbox))
    o = front.worker().expect("OPEN")
    front.worker().send("OPEN_FAILED", id=o.id, reason=reason)
    got, body = c.answer()
    assert (got, body["error"]) == (status, error)


# Calls

@pytest.mark.parametrize("type", [
    "text/plain", "application/json", "application/octet-stream"])
@pytest.mark.parametrize("data", [b"ls\n", b"", b'{"data":"x"}', b"\0\xff",
                                  b"x" * 102400])
def test_input(front, kind, type, data):
    """What is typed is the body, whatever it says that it is."""
    sandbox = box()
    c = front.client()
    for first in (True, False):
        c.ask("POST", "/%s/%s/input" % (kind, sandbox), data,
              headers=["Content-Type: " + type])
        if first:
            front.grant(asked(front, INPUT, sandbox))
            opens(front, cols=80, rows=24)
        m = front.worker().expect("INPUT", grant=b"g" * 16)
        got = m["data"]
        if m.blob is not None:
            got = os.pread(m.blob, 1 << 20, 0)
            os.close(m.blob)
        assert got == data
        front.worker().send("INPUT_OK", id=m.id)
        assert c.answer() == (204, b"")


def test_input_too_long(front, kind):
    c = front.client().ask("POST", "/%s/demo/input" % kind, b"x" * 102401)
    assert c.answer()[0] == 413


def test_input_blocked(front):
    sandbox = box()
    c = front.client().ask("POST", "/tty/%s/input" % sandbox, "x")
    front.grant(asked(front, INPUT, sandbox), open_time=0)
    m = front.worker().expect("INPUT")
    front.worker().send("INPUT_BLOCKED", id=m.id)
    assert c.answer() == (503, {"error": "Input blocked"})


@pytest.mark.parametrize("body, cols, rows", [
    ({"cols": 120, "rows": 40}, 120, 40), ({"cols": "120", "rows": "40"}, 120,
                                           40),
    ('{"cols":1000,"rows":1,"x":1}', 1000, 1), ('{"cols":80.0,"rows":24}', 80,
                                                24),
    ('{"cols":8e1,"rows":24}', 80, 24)])
def test_resize(front, kind, body, cols, rows):
    """The first one makes a session of that size."""
    sandbox = box()
    c = front.client().ask("POST", "/%s/%s/resize" % (kind, sandbox), body)
    front.grant(asked(front, RESIZE, sandbox))
    opens(front, cols=cols, rows=rows)
    m = front.worker().expect("RESIZE", cols=cols, rows=rows)
    front.worker().send("RESIZE_OK", id=m.id)
    assert c.answer() == (204, b"")


@pytest.mark.parametrize("body", [
    '{"cols":null,"rows":null}', '{"cols":0,"rows":24}',
    '{"cols":"0","rows":24}', '{"cols":80,"rows":null}'])
@pytest.mark.parametrize("open_time", [0, 10])
def test_resize_to_nothing(front, body, open_time):
    """The session is made, the size stays as it is."""
    sandbox = box()
    c = front.client().ask("POST", "/tty/%s/resize" % sandbox, body)
    front.grant(asked(front, RESIZE, sandbox), open_time=open_time)
    if open_time:
        opens(front)
    assert c.answer() == (204, b"")


@pytest.mark.parametrize("body, why", [
    ("", "Invalid cols/rows"), ("{}", "Invalid cols/rows"),
    ('{"cols":80}', "Invalid cols/rows"),
    ('{"cols":"x","rows":24}', "Invalid cols/rows"),
    ('{"cols":"","rows":24}', "Invalid cols/rows"),
    ('{"cols":" 8","rows":24}', "Invalid cols/rows"),
    ('{"cols":"80\\u0000","rows":24}', "Invalid cols/rows"),
    ('{"cols":80.5,"rows":24}', "Invalid cols/rows"),
    ('{"cols":true,"rows":24}', "Invalid cols/rows"),
    ('{"cols":[80],"rows":24}', "Invalid cols/rows"),
    ('{"cols":-1,"rows":24}', "Invalid cols/rows"),
    ('{"cols":1001,"rows":24}', "Invalid cols/rows"),
    ('{"cols":"99999999999999999999","rows":24}', "Invalid cols/rows"),
    ('{"cols":99999999999999999999,"rows":24}', "Invalid cols/rows"),
    ('{"cols":1e300,"rows":24}', "Invalid cols/rows"),
    ("[80,24]", "Invalid JSON"), ("80", "Invalid JSON"),
    ("{", "Invalid JSON")])
def test_bad_resize(front, kind, body, why):
    c = front.client().ask("POST", "/%s/demo/resize" % kind, body)
    assert c.answer() == (400, {"error": why})


# A session that ends meanwhile

def dies(f, n, m):
    f.workers.pop(n).close()


def refuses(name, reason):
    def refuse(f, n, m):
        if m.fd is not None:
            os.close(m.fd)
        f.worker(n).send(name, id=m.id, reason=reason)
    return refuse


LOST = [("OPEN", dies), ("OPEN", refuses("OPEN_FAILED", FAIL_GRANT)),
        ("OPEN", refuses("OPEN_FAILED", FAIL_GONE))]
CALLS = LOST + [("INPUT", dies), ("INPUT", refuses("CALL_FAIL", FAIL_GRANT)),
                ("INPUT", refuses("CALL_FAIL", FAIL_GONE))]
STREAMS = LOST + [("ATTACH", dies),
                  ("ATTACH", refuses("ATTACH_FAIL", FAIL_GRANT)),
                  ("ATTACH", refuses("ATTACH_FAIL", FAIL_GONE))]


def dying(cases):
    """Once with all, and once more with a worker that dies."""
    return [(at, how, False) for at, how in cases] + [
        (at, how, True) for at, how in cases if how is dies]


def until(f, n, name):
    """What comes until that is asked of a worker."""
    m = f.worker(n).recv()
    if m.name == "OPEN" and name != "OPEN":
        f.worker(n).send("OPENED", id=m.id, session=SID)
        m = f.worker(n).recv()
    assert m.name == name
    return m


@pytest.mark.parametrize("at, how, twice", dying(CALLS))
def test_input_to_one_that_ends(front, at, how, twice):
    sandbox = box()
    c = front.client().ask("POST", "/tty/%s/input" % sandbox, "x")
    front.grant(asked(front, INPUT, sandbox), 40)
    how(front, 40, until(front, 40, at))
    front.grant(asked(front, INPUT, sandbox), 41, grant=b"h" * 16)
    if twice:
        how(front, 41, until(front, 41, at))
        assert c.answer()[0] == 502
        return
    m = until(front, 41, "INPUT")
    assert m["grant"] == b"h" * 16 and m["data"] == b"x"
    front.worker(41).send("INPUT_OK", id=m.id)
    assert c.answer()[0] == 204


def test_input_to_one_that_is_dying(front):
    """Its channel has gone, then it gets another from a parent that has not
    heard of its end, which goes too; the next one has the session."""
    sandbox = box()
    c = front.client().ask("POST", "/tty/%s/input" % sandbox, "x")
    m = asked(front, INPUT, sandbox)
    front.parent.send("GRANTED", id=m.id, grant=b"g" * 16, worker=44,
                      open_time=0, session=SID)
    front.grant(asked(front, INPUT, sandbox), 44, open_time=0)
    dies(front, 44, until(front, 44, "INPUT"))
    front.grant(asked(front, INPUT, sandbox), 45, open_time=0)
    front.worker(45).send("INPUT_OK", id=until(front, 45, "INPUT").id)
    assert c.answer()[0] == 204


@pytest.mark.parametrize("how", [
    dies, refuses("CALL_FAIL", FAIL_GRANT), refuses("CALL_FAIL", FAIL_GONE)])
def test_pass_for_one_that_ended(front, how):
    sandbox = box()
    c = front.client().ask("POST", "/tty/%s/input" % sandbox, "x")
    front.grant(asked(front, INPUT, sandbox), 42, open_time=0)
    front.worker(42).send("INPUT_OK", id=until(front, 42, "INPUT").id)
    assert c.answer()[0] == 204
    c.ask("POST", "/tty/%s/input" % sandbox, "y")
    how(front, 42, until(front, 42, "INPUT"))
    front.grant(asked(front, INPUT, sandbox), 43)
    m = until(front, 43, "INPUT")
    assert m["data"] == b"y"
    front.worker(43).send("INPUT_OK", id=m.id)
    assert c.answer()[0] == 204


@pytest.mark.parametrize("at, how, twice", dying(STREAMS))
def test_stream_of_one_that_ends(front, at, how, twice):
    sandbox = box()
    c = front.client().ask("GET", "/tty/%s/stream" % sandbox)
    front.grant(asked(front, ATTACH, sandbox), 44)
    m = until(front, 44, at)
    how(front, 44, m)
    front.grant(asked(front, ATTACH, sandbox), 45)
    m = until(front, 45, at if twice else "ATTACH")
    if twice:
        how(front, 45, m)
        assert c.answer()[0] == 502
        return
    s = taken(front, m, 45)
    s.sendall(m["head"])
    assert c.head() == 200
    s.close()


@pytest.mark.parametrize("at, how, twice", dying(STREAMS[3:]))
def test_ws_of_one_that_ends(front, at, how, twice):
    """It has had its 101, and gets no second one."""
    sandbox = box()
    c = front.client().upgrade("/tty/%s/ws" % sandbox, early=b"e" * 5000)
    front.grant(asked(front, ATTACH, sandbox), 46)
    assert c.head() == 101
    m = until(front, 46, "ATTACH")
    how(front, 46, m)
    c.send(b"later")
    front.grant(asked(front, ATTACH, sandbox), 47)
    m = until(front, 47, "ATTACH")
    if twice:
        how(front, 47, m)
        assert c.frame() == (1011, FAILED)
        c.eof()
        return
    assert m["head"] == b""
    s = taken(front, m, 47)
    assert sent_early(m, s, 5005) == b"e" * 5000 + b"later"
    s.sendall(b"\x81\x02hi")
    assert c.frame() == (1, b"hi")
    s.close()


def test_grants_of_a_dead_worker(front):
    """The parent hears of its death a little later than the frontend."""
    sandbox = box()
    c = front.client().ask("POST", "/tty/%s/input" % sandbox, "x")
    front.grant(asked(front, INPUT, sandbox), 49)
    dies(front, 49, until(front, 49, "OPEN"))
    for _ in range(3):
        front.parent.send("GRANTED", id=asked(front, INPUT, sandbox).id,
                          grant=b"g" * 16, worker=49, open_time=10,
                          session=SID)
    front.grant(asked(front, INPUT, sandbox), 50)
    m = until(front, 50, "INPUT")
    front.worker(50).send("INPUT_OK", id=m.id)
    assert c.answer() == (204, b"")


def test_one_that_does_not_end(front):
    """It is asked for again and again, with more and more time between."""
    sandbox, start = box(), time.monotonic()
    c = front.client().ask("POST", "/tty/%s/input" % sandbox, "x")
    for _ in range(9):
        front.grant(asked(front, INPUT, sandbox), 48, open_time=0)
        m = until(front, 48, "INPUT")
        front.worker(48).send("CALL_FAIL", id=m.id, reason=FAIL_GONE)
    assert c.answer() == (502, {"error": FAILED})
    assert 5 < time.monotonic() - start < 30


@pytest.mark.parametrize("reason, close, http", [
    (FAIL_LIMIT, (1013, "Too many viewers"),
     (429, {"error": "Too many viewers"})),
    (FAIL_BUSY, (1013, "Try again later"), (503, {"error": "Unavailable"}))])
def test_attach_refused(front, reason, close, http):
    sandbox = box()
    c = front.client().upgrade("/tty/%s/ws" % sandbox)
    front.grant(asked(front, ATTACH, sandbox))
    assert c.head() == 101
    refuses("ATTACH_FAIL", reason)(front, 1, until(front, 1, "ATTACH"))
    assert c.frame() == close
    c = front.client().ask("GET", "/tty/%s/stream" % sandbox)
    front.grant(asked(front, ATTACH, sandbox), open_time=0)
    refuses("ATTACH_FAIL", reason)(front, 1, until(front, 1, "ATTACH"))
    assert c.answer() == http


def test_passes_are_apart(front):
    """Of a sandbox for /tty, of a session with that name for /ssh."""
    sandbox = SID
    c = front.client().ask("POST", "/tty/%s/input" % sandbox, "x")
    front.grant(asked(front, INPUT, sandbox), open_time=0)
    front.worker().send("INPUT_OK", id=until(front, 1, "INPUT").id)
    assert c.answer()[0] == 204
    # /pty is the same session, and the same right to it.
    c.ask("POST", "/pty/%s/input" % sandbox, "x")
    front.worker().send("INPUT_OK", id=until(front, 1, "INPUT").id)
    assert c.answer()[0] == 204
    c.ask("POST", "/ssh/input/" + sandbox, '{"data":"x"}')
    front.deny(front.asked(action=INPUT, object=sandbox, join=0),
               DENY_NOT_FOUND)
    assert c.answer()[0] == 404
    c = front.client().ask("POST", "/tty/%s/input" % sandbox, "x",
                           auth=token(did="did:plc:other"))
    front.deny(asked(front, INPUT, sandbox), DENY_NOT_FOUND)
    assert c.answer() == NO_BOX


def test_rate_of_a_session(hour):
    with Front(requests=2, window=3600) as f:
        c = f.client()
        for i in range(20):
            c.ask("POST", "/tty/demo/input", "x")
            if i == 0:
                f.grant(asked(f, INPUT, "demo"), open_time=0)
            f.worker().send("INPUT_OK", id=until(f, 1, "INPUT").id)
            assert c.answer()[0] == 204
        assert c.headers["x-ratelimit-limit"] == "100"
        c.ask("GET", "/tty/demo/stream", auth=None)
        assert c.answer()[0] == 401
        c.ask("POST", "/tty/demo/resize", {"cols": 1, "rows": 1})
        assert c.answer()[0] == 429


@pytest.mark.parametrize("method, path, status, allow", [
    ("GET", "/tty/demo", 404, None), ("GET", "/pty", 404, None),
    ("GET", "/tty/demo/ws", 404, None), ("GET", "/tty//stream", 400, None),
    ("POST", "/tty/demo/stream", 405, "GET, OPTIONS"),
    ("GET", "/pty/demo/input", 405, "POST, OPTIONS"),
    ("DELETE", "/pty/demo/resize", 405, "POST, OPTIONS"),
    ("GET", "/ttyx/demo/stream", 404, None)])
def test_no_route(front, method, path, status, allow):
    c = front.client().ask(method, path)
    assert c.answer()[0] == status
    assert c.headers.get("allow") == allow


@pytest.mark.parametrize("path", ["/tty", "/pty/x/ws", "/tty/demo/input"])
def test_preflight(front, path):
    c = front.client().ask("OPTIONS", path, auth=None, headers=[
        "Origin: https://a", "Access-Control-Request-Headers: x-a, b"])
    assert c.answer() == (204, b"")
    assert c.headers["access-control-allow-origin"] == "*"
    assert c.headers["access-control-allow-headers"] == "x-a, b"
