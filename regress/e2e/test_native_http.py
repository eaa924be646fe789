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
The native API as a frontend speaks it: every route, every answer, what a
catalog and a worker are asked, with the others played by the test.  Tickets
and streams are in test_native_attach.py.

What can break: an error in the form of another API; a token where there
must be none; a body half understood.
"""

import json
import os
import socket

import pytest

from front import (ATTACH, CLOSE, DENY_DRAINING, DENY_EXPIRED, DENY_LIMIT,
                   DENY_NOT_FOUND, DENY_TOKEN, DENY_UNAVAILABLE, FAIL_AUTH,
                   FAIL_BUSY, FAIL_EXITED, FAIL_GONE, FAIL_GRANT, FAIL_HOSTKEY,
                   FAIL_LIMIT, FAIL_LOST, FAIL_REFUSED, FAIL_SHELL,
                   FAIL_TIMEOUT, FAIL_UNSUPPORTED, INPUT, LIST, NO_SESSION,
                   OPEN, RESIZE, RW, SID, SIGNAL, STATUS, TERMINAL, TICKET,
                   Front, bad, burst, error, fresh, token, url)
from gwproto import blob

ARG, ENV, CWD = 1, 2, 5
BOX = "/v1/sandboxes/demo/sessions"


def items(m):
    """The blob of a message as (tag, name, value)."""
    if m.blob is None:
        return None
    data = os.pread(m.blob, 1 << 20, 0)
    os.close(m.blob)
    got = []
    while data:
        n, v = int.from_bytes(data[1:3], "big"), int.from_bytes(data[3:7],
                                                                "big")
        got.append((data[0], data[7:7 + n].decode(),
                    data[7 + n:7 + n + v].decode()))
        data = data[7 + n + v:]
    return got


def create(f, body=None, **kw):
    return f.client().ask("POST", BOX, body, **kw)


# Sessions

@pytest.mark.parametrize("body, cols, rows, want", [
    (None, 80, 24, None), ("{}", 80, 24, None),
    ({"cols": 1, "rows": 1000}, 1, 1000, None),
    ({"cols": None, "cmd": None, "args": None, "env": None, "cwd": None,
      "name": None, "more": [1]}, 80, 24, None),
    ({"cmd": "ls"}, 80, 24, [(ARG, "", "ls")]),
    ({"cmd": "/bin/x", "args": ["", "a b", "\u00e9\"'"]}, 80, 24,
     [(ARG, "", "/bin/x"), (ARG, "", ""), (ARG, "", "a b"),
      (ARG, "", "\u00e9\"'")]),
    ({"env": {"A": "", "_b1": "x=y"}, "cwd": "/tmp", "rows": 30}, 80, 30,
     [(ENV, "A", ""), (ENV, "_b1", "x=y"), (CWD, "", "/tmp")])])
def test_create(front, body, cols, rows, want):
    c = create(front, body)
    m = front.asked(api=2, dialect=TERMINAL, action=OPEN, join=0, whole=0,
                    mode=RW, stream=0, cred=1, object="demo", name="")
    front.grant(m, fresh=1)
    o = front.worker().expect("OPEN", cols=cols, rows=rows)
    assert items(o) == want
    front.worker().send("OPENED", id=o.id, session=SID)
    assert c.answer() == (201, {"id": SID, "sandbox": "demo",
                                "state": "running", "offset": 0})
    assert c.headers["content-type"] == "application/json; charset=utf-8"
    assert c.headers["x-content-type-options"] == "nosniff"
    assert c.headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in c.headers
    assert c.headers["vary"] == "Origin"


@pytest.mark.parametrize("fresh_, status", [(1, 201), (0, 200)])
def test_create_by_name(front, fresh_, status):
    c = create(front, {"name": "a.B-_9"})
    m = front.asked(action=OPEN, join=1, name="a.B-_9", object="demo")
    front.grant(m, open_time=10 * fresh_, fresh=fresh_)
    o = front.worker().expect("OPEN")
    front.worker().send("OPENED", id=o.id, session=SID, offset=77)
    assert c.answer() == (status, {"id": SID, "sandbox": "demo",
                                   "state": "running",
                                   "offset": 0 if fresh_ else 77})


BODIES = [
    ("Invalid JSON", ["[]", "1", "x", '{"cols":1', "{'a':1}", '{"a":01}',
                      '{"cols":1,"cols":2}', b"\xff", "{" * 200, "nul",
                      '{"cols":NaN}', b"\0", "{}x",
                      '{"env":{"A":"1","A":"2"}}', '{"cmd":"\\ud800"}']),
    ("Invalid cols/rows", ['{"cols":0}', '{"cols":-1}', '{"rows":1001}',
                           '{"cols":"80"}', '{"cols":80.5}', '{"cols":true}',
                           '{"cols":{}}', '{"rows":1e2}', '{"rows":[]}',
                           '{"rows":99999999999999999999}']),
    ("Invalid name", ['{"name":""}', '{"name":"a b"}', '{"name":"a/b"}',
                      '{"name":1}', '{"name":["a"]}', '{"name":"\\u0000"}',
                      '{"name":"a\\u0000"}', '{"name":"\u00e9"}',
                      '{"name":"%s"}' % ("a" * 129)]),
    ("args without cmd", ['{"args":[]}', '{"args":["a"]}',
                          '{"cmd":null,"args":["a"]}']),
    ("Invalid cmd", ['{"cmd":""}', '{"cmd":1}', '{"cmd":["ls"]}',
                     '{"cmd":"a\\u0000b"}', '{"cmd":{}}', '{"cmd":false}']),
    ("Invalid args", ['{"cmd":"a","args":"b"}', '{"cmd":"a","args":{}}',
                      '{"cmd":"a","args":[1]}', '{"cmd":"a","args":[null]}',
                      '{"cmd":"a","args":["\\u0000"]}',
                      '{"cmd":"a","args":[["b"]]}']),
    ("Invalid env", ['{"env":[]}', '{"env":"A=b"}', '{"env":{"":"a"}}',
                     '{"env":{"A=":"a"}}', '{"env":{"1A":"a"}}',
                     '{"env":{"A B":"a"}}', '{"env":{"A":1}}',
                     '{"env":{"A":null}}', '{"env":{"A":"\\u0000"}}',
                     '{"env":{"%s":"a"}}' % ("A" * 129),
                     '{"env":{"\u00e9":"a"}}']),
    ("Invalid cwd", ['{"cwd":""}', '{"cwd":"tmp"}', '{"cwd":1}',
                     '{"cwd":"/\\u0000"}', '{"cwd":"/%s"}' % ("a" * 4095)]),
    ("cmd, args and env are too long", [
        json.dumps({"cmd": "a", "args": ["b"] * 1024})])]


@pytest.mark.parametrize("why, body", [
    (why, body) for why, bodies in BODIES for body in bodies])
def test_create_bad_body(front, why, body):
    assert create(front, body).answer() == bad(why)


def test_create_long(front):
    """As long as a body may be, and every byte of it an argument."""
    c = create(front, json.dumps({"cmd": "a", "args": ["b" * 100000]}))
    front.grant(front.asked())
    o = front.worker().expect("OPEN")
    assert items(o) == [(ARG, "", "a"), (ARG, "", "b" * 100000)]
    front.worker().send("OPENED", id=o.id, session=SID)
    assert c.answer()[0] == 200


@pytest.mark.parametrize("reason, status, code, message", [
    (FAIL_SHELL, 502, "open_failed", "The sandbox gave no terminal"),
    (FAIL_GRANT, 502, "open_failed", "The sandbox gave no terminal"),
    (FAIL_LIMIT, 429, "too_many_sessions", "Too many sessions"),
    (FAIL_BUSY, 503, "unavailable", "Too busy"),
    (FAIL_REFUSED, 502, "connection_refused", "Connection refused"),
    (FAIL_TIMEOUT, 504, "timed_out", "Timed out"),
    (FAIL_HOSTKEY, 502, "host_key_mismatch", "Host key mismatch"),
    (FAIL_AUTH, 502, "authentication_failed", "Authentication failed"),
    (FAIL_LOST, 502, "connection_lost", "Connection lost")])
def test_open_failed(front, reason, status, code, message):
    c = create(front)
    front.grant(front.asked())
    o = front.worker().expect("OPEN")
    front.worker().send("OPEN_FAILED", id=o.id, reason=reason)
    assert c.answer() == (status, error(code, message))


def test_worker_dies_with_the_open(front):
    c = create(front)
    m = front.asked()
    front.grant(m, 10)
    front.worker(10).expect("OPEN")
    front.workers.pop(10).close()
    front.grant(m, 20, grant=b"h" * 16, fresh=1)
    o = front.worker(20).expect("OPEN", grant=b"h" * 16)
    front.worker(20).send("OPENED", id=o.id, session=SID)
    assert c.answer()[0] == 201


@pytest.mark.parametrize("how", ["dies", FAIL_GRANT, FAIL_GONE, FAIL_EXITED])
def test_name_of_a_session_that_ends(front, how):
    """Asked for once more, and the client never knows."""
    for last in (False, True)[:1 + (how == "dies")]:
        c = create(front, {"name": "n"})
        front.grant(front.asked(name="n", join=1), 10)
        o = front.worker(10).expect("OPEN")
        for number in (11, 12)[:1 + last]:
            if how == "dies":
                front.workers.pop(number - 1).close()
            else:
                front.worker(number - 1).send("OPEN_FAILED", id=o.id,
                                              reason=how)
            if number == 12:
                break
            front.grant(front.asked(name="n", join=1), number,
                        grant=b"h" * 16, fresh=1)
            o = front.worker(number).expect("OPEN", grant=b"h" * 16)
        if last:
            assert c.answer() == (502, error("connection_lost",
                                             "Connection lost"))
        else:
            front.worker(11).send("OPENED", id=o.id, session=SID)
            assert c.answer()[0] == 201


DENIED = [
    (DENY_TOKEN, 401, "unauthorized", "Invalid token"),
    (DENY_EXPIRED, 401, "token_expired", "Token expired"),
    (DENY_DRAINING, 503, "unavailable", "Shutting down"),
    (DENY_UNAVAILABLE, 503, "unavailable", "Control plane unavailable")]
NO_BOX = (404, error("not_found", "Sandbox not found"))
GONE = (404, error("not_found", "Session not found"))

ROUTES = [
    ("POST", BOX, None, OPEN), ("GET", BOX, None, LIST),
    ("GET", url(), None, STATUS), ("GET", url("screen"), None, STATUS),
    ("GET", url("output"), None, ATTACH),
    ("POST", url("input"), "x", INPUT),
    ("POST", url("resize"), {"cols": 1, "rows": 1}, RESIZE),
    ("POST", url("signal"), {"name": "INT"}, SIGNAL),
    ("DELETE", url(), None, CLOSE),
    ("POST", "/v1/tickets", {"session": SID}, TICKET)]


def ask(f, route, **kw):
    """By any route, with an id that nobody has a pass for."""
    method, path, body, action = route
    sid = fresh()
    if body == {"session": SID}:
        body = {"session": sid}
    c = f.client().ask(method, path.replace(SID, sid), body, **kw)
    return c, action, sid if action not in (OPEN, LIST) else "demo"


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("reason, status, code, message", DENIED)
def test_denied(front, route, reason, status, code, message):
    c, action, object = ask(front, route)
    front.deny(front.asked(action=action, object=object, api=2), reason)
    assert c.answer() == (status, error(code, message))
    assert c.headers["content-type"].startswith("application/json")
    assert ("www-authenticate" in c.headers) == (status == 401)


@pytest.mark.parametrize("route", ROUTES)
def test_not_found(front, route):
    c, action, object = ask(front, route)
    front.deny(front.asked(action=action, object=object), DENY_NOT_FOUND)
    assert c.answer() == (NO_BOX if object == "demo" else GONE)


@pytest.mark.parametrize("route", ROUTES)
def test_limit(front, route):
    c, action, _ = ask(front, route)
    front.deny(front.asked(action=action), DENY_LIMIT)
    status, body = c.answer()
    assert (status, body["error"]["code"]) == (429, {
        OPEN: "too_many_sessions", TICKET: "rate_limited"}.get(
            action, "too_many_viewers"))


@pytest.mark.parametrize("route", ROUTES)
def test_token(front, route):
    for auth, code, why in (
            (None, "unauthorized", "Authentication required"),
            ("null", "unauthorized", "Authentication required"),
            ("x", "unauthorized", "Invalid token"),
            (token(exp=1700000000), "token_expired", "Token expired")):
        front.denials.clear()
        c, action, object = ask(front, route, auth=auth)
        assert c.answer() == (401, error(code, why))
        assert c.headers["www-authenticate"] == "Bearer"
        d = front.denial()
        assert d["action"] == action
        assert d["object"] == ("" if action == TICKET else object)


@pytest.mark.parametrize("route", ROUTES)
def test_no_token_in_a_query(front, route):
    method, path, body, _ = route
    c = front.client().ask(method, path + "?token=" + token(), body,
                           auth=None)
    assert c.answer() == (401, error("unauthorized",
                                     "Authentication required"))
    c = front.client().upgrade(url("attach") + "?token=" + token(),
                               auth=None)
    assert c.answer()[0] == 401


def test_subject(front):
    """A principal that is no DID is good here."""
    c = create(front, auth=token(did=None, sub="alice"))
    front.deny(front.asked(), DENY_NOT_FOUND)
    assert c.answer() == NO_BOX


@pytest.mark.parametrize("path, object", [
    ("/v1/sandboxes/a%20b/sessions", "."), ("/v1/sessions/x", NO_SESSION),
    ("/v1/sessions/" + SID.upper(), NO_SESSION)])
def test_malformed_id(front, path, object):
    c = front.client().ask("GET", path)
    front.deny(front.asked(object=object), DENY_NOT_FOUND)
    assert c.answer() == (NO_BOX if object == "." else GONE)


# Lists

def report(f, m, data, number=1, name="REPORT"):
    fd = blob(data)
    f.worker(number).send(name, id=m.id, blob=fd)
    os.close(fd)


def test_list(front):
    c = front.client().ask("GET", BOX)
    m = front.asked(action=LIST, object="demo", join=0)
    front.grant(m, 0, NO_SESSION, open_time=0)
    assert c.answer() == (200, [])
    c.ask("GET", BOX)
    front.grant(front.asked(), session=NO_SESSION, open_time=0)
    m = front.worker().expect("STATUS", what=4, grant=b"g" * 16)
    report(front, m, b'{"a":1},{"b":2}')
    assert c.answer() == (200, [{"a": 1}, {"b": 2}])


def test_list_of_several_workers(front):
    c = front.client().ask("GET", BOX)
    m = front.asked()
    for number, more in ((1, 3), (2, 2), (3, 1), (4, 0)):
        front.grant(m, number, NO_SESSION, bytes([number]) * 16, 0, more=more)
    asked = {n: front.worker(n).expect("STATUS", what=4, grant=bytes([n]) * 16)
             for n in (1, 2, 3, 4)}
    report(front, asked[3], b'{"c":3}', 3)
    front.workers.pop(2).close()
    front.worker(4).send("CALL_FAIL", id=asked[4].id, reason=FAIL_GRANT)
    report(front, asked[1], b'{"a":1}', 1)
    assert c.answer() == (200, [{"c": 3}, {"a": 1}])
    for number in (1, 3, 4):
        front.workers.pop(number).close()


def test_list_whose_client_goes(front):
    c = front.client().ask("GET", BOX)
    m = front.asked()
    front.grant(m, 1, NO_SESSION, open_time=0, more=1)
    s = front.worker().expect("STATUS")
    c.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                      b"\1\0\0\0\0\0\0\0")
    c.close()
    front.sync()
    report(front, s, b'{"a":1}')
    front.grant(m, 1, NO_SESSION, open_time=0)
    front.sync()
    front.worker().quiet(0.02)


# Calls

STATE = b'{"id":"x","state":"running"}'


@pytest.mark.parametrize("verb, headers, what, type", [
    ("", [], 1, "application/json; charset=utf-8"),
    ("screen", [], 2, "application/json; charset=utf-8"),
    ("screen", ["Accept: text/plain"], 3, "text/plain; charset=utf-8"),
    ("screen", ["Accept: text/html, Text/Plain;q=0.9"], 3,
     "text/plain; charset=utf-8"),
    ("screen", ["Accept: application/json, text/plain"], 2,
     "application/json; charset=utf-8"),
    ("screen", ["Accept: */*"], 2, "application/json; charset=utf-8")])
def test_status(front, verb, headers, what, type):
    sid = fresh()
    c = front.client().ask("GET", url(verb, sid), headers=headers)
    front.grant(front.asked(action=STATUS, object=sid), open_time=0)
    for method in ("GET", "HEAD"):
        m = front.worker().expect("STATUS", what=what)
        report(front, m, STATE)
        status, body = c.answer(method == "HEAD")
        assert status == 200 and c.headers["content-type"] == type
        assert c.headers["content-length"] == str(len(STATE))
        if method == "GET":
            assert body == (STATE if what == 3 else json.loads(STATE))
            # There is a pass now.
            c.ask("HEAD", url(verb, sid), headers=headers)


def test_report_long(front):
    sid = fresh()
    c = front.client().ask("GET", url("screen", sid))
    front.grant(front.asked(), open_time=0)
    text = b'"%s"' % (b"x" * (1024 * 1024 - 2))
    report(front, front.worker().expect("STATUS"), text)
    assert c.answer() == (200, text.decode()[1:-1])
    c.ask("GET", url("screen", sid))
    report(front, front.worker().expect("STATUS"), text + b" ")
    assert c.answer()[0] == 503


@pytest.mark.parametrize("n", [0, 1, 8192, 8193, 102400])
def test_input(front, n):
    sid = fresh()
    data = bytes(i & 255 for i in range(n))
    c = front.client().ask("POST", url("input", sid), data,
                           headers=["Content-Type: application/json"])
    front.grant(front.asked(action=INPUT, object=sid), session=sid,
                open_time=0)
    for _ in range(2):
        m = front.worker().expect("INPUT")
        got = m["data"]
        if m.blob is not None:
            got = os.pread(m.blob, 1 << 20, 0)
            os.close(m.blob)
        assert got == data
        front.worker().send("INPUT_OK", id=m.id)
        assert c.answer() == (204, b"")
        assert "content-type" not in c.headers
        if _ == 0:
            c.ask("POST", url("input", sid), data)


def test_input_too_long(front):
    c = front.client().ask("POST", url("input"), b"x" * 102401)
    assert c.answer() == (413, error("too_large", "body too large"))


@pytest.mark.parametrize("body", [
    "", "{}", '{"cols":80}', '{"rows":24}', '{"cols":0,"rows":1}',
    '{"cols":1,"rows":1001}', '{"cols":"1","rows":1}',
    '{"cols":null,"rows":1}', "[1,1]"])
def test_bad_resize(front, body):
    status, got = front.client().ask("POST", url("resize"), body).answer()
    assert status == 400 and got["error"]["code"] == "bad_request"


def test_resize(front):
    sid = fresh()
    c = front.client().ask("POST", url("resize", sid),
                           {"cols": 1000, "rows": 1})
    front.grant(front.asked(action=RESIZE, object=sid), open_time=0)
    m = front.worker().expect("RESIZE", cols=1000, rows=1)
    front.worker().send("RESIZE_OK", id=m.id)
    assert c.answer() == (204, b"")


@pytest.mark.parametrize("name, signo", [
    ("HUP", 1), ("INT", 2), ("SIGQUIT", 3), ("KILL", 9), ("USR1", 10),
    ("SIGUSR2", 12), ("PIPE", 13), ("ALRM", 14), ("TERM", 15), ("CONT", 18),
    ("STOP", 19), ("TSTP", 20), ("WINCH", 28)])
def test_signal(front, name, signo):
    sid = fresh()
    c = front.client().ask("POST", url("signal", sid), {"name": name})
    front.grant(front.asked(action=SIGNAL, object=sid), open_time=0)
    m = front.worker().expect("SIGNAL", signo=signo)
    front.worker().send("SIGNAL_OK", id=m.id)
    assert c.answer() == (204, b"")


@pytest.mark.parametrize("body", [
    "", "{}", '{"name":null}', '{"name":2}', '{"name":"2"}',
    '{"name":"NOPE"}', '{"name":""}', '{"name":"SIG"}', '{"name":"TERM "}',
    '{"name":"TERM\\u0000"}', '{"name":["TERM"]}', "TERM"])
def test_bad_signal(front, body):
    status, got = front.client().ask("POST", url("signal"), body).answer()
    assert status == 400 and got["error"]["code"] == "bad_request"


CALLS = [(r, name) for r, name in zip(ROUTES, [
    None, None, "STATUS", "STATUS", None, "INPUT", "RESIZE", "SIGNAL",
    "CLOSE", None]) if name]


@pytest.mark.parametrize("route, name", CALLS)
@pytest.mark.parametrize("reason, answer", [
    (FAIL_GONE, GONE),
    (FAIL_EXITED, (409, error("exited", "The session has ended"))),
    (FAIL_BUSY, (503, error("unavailable", "Too busy"))),
    (FAIL_UNSUPPORTED, (501, error("unsupported",
                                   "The sandbox cannot do that")))])
def test_call_failed(front, route, name, reason, answer):
    c, action, object = ask(front, route)
    front.grant(front.asked(action=action, object=object), open_time=0)
    m = front.worker().expect(name)
    front.worker().send("CALL_FAIL", id=m.id, reason=reason)
    assert c.answer() == answer


def test_input_blocked(front):
    c, *_ = ask(front, ROUTES[5])
    front.grant(front.asked(), open_time=0)
    m = front.worker().expect("INPUT")
    front.worker().send("INPUT_BLOCKED", id=m.id)
    assert c.answer() == (503, error("input_blocked", "Input blocked"))


@pytest.mark.parametrize("route, name", CALLS)
def test_pass_too_old(front, route, name):
    """Asked for once more; then it is not there."""
    c, action, object = ask(front, route)
    for grant in (b"1" * 16, b"2" * 16):
        front.grant(front.asked(action=action, object=object), grant=grant,
                    open_time=0)
        m = front.worker().expect(name, grant=grant)
        front.worker().send("CALL_FAIL", id=m.id, reason=FAIL_GRANT)
    assert c.answer() == GONE


def test_pass_of_another_api(front):
    """A right to /ssh is none here, even with the same token."""
    sid = fresh()
    c = front.client().ask("POST", "/ssh/input/" + sid, '{"data":"x"}')
    front.grant(front.asked(action=INPUT, api=1, object=sid), session=sid)
    front.worker().send("INPUT_OK", id=front.worker().expect("INPUT").id)
    assert c.answer()[0] == 200
    c.ask("POST", url("input", sid), "x")
    front.deny(front.asked(action=INPUT, api=2, object=sid), DENY_NOT_FOUND)
    assert c.answer() == GONE


def test_worker_that_does_not_answer(front):
    """Whoever asks is not kept waiting, not even with a pass."""
    sid = fresh()
    one, two = front.client(), front.client()
    one.ask("POST", url("input", sid), "x")
    front.grant(front.asked(action=INPUT, object=sid), session=sid,
                open_time=0)
    front.worker().send("INPUT_OK", id=front.worker().expect("INPUT").id)
    assert one.answer()[0] == 204
    one.ask("POST", url("input", sid), "x")
    front.worker().expect("INPUT")
    two.ask("GET", url(sid=sid))
    front.grant(front.asked(action=STATUS, object=sid), session=sid,
                open_time=0)
    front.worker().expect("STATUS")
    for c in one, two:
        assert c.answer() == (504, error("timed_out", "Timed out"))


def test_delete(front):
    sid = fresh()
    c = front.client().ask("DELETE", url(sid=sid))
    front.grant(front.asked(action=CLOSE, object=sid), open_time=0)
    m = front.worker().expect("CLOSE")
    front.worker().send("CLOSE_OK", id=m.id)
    assert c.answer() == (204, b"")


def test_worker_dies_with_a_call(front):
    c, *_ = ask(front, ROUTES[2])
    front.grant(front.asked(), 30, open_time=0)
    front.worker(30).expect("STATUS")
    front.workers.pop(30).close()
    assert c.answer() == GONE


# What belongs to no route

@pytest.mark.parametrize("method, path, status, code, allow", [
    ("GET", "/v1", 404, "not_found", None),
    ("GET", "/v1/", 404, "not_found", None),
    ("GET", "/v1/nothing", 404, "not_found", None),
    ("GET", "/v1/sessions/", 404, "not_found", None),
    ("GET", url("attach"), 426, "bad_request", None),
    ("POST", url("attach"), 404, "not_found", None),
    ("GET", url("none"), 404, "not_found", None),
    ("POST", url(), 405, "method_not_allowed",
     "GET, HEAD, DELETE, OPTIONS"),
    ("PUT", BOX, 405, "method_not_allowed", "GET, HEAD, POST, OPTIONS"),
    ("GET", url("input"), 405, "method_not_allowed", "POST, OPTIONS"),
    ("HEAD", url("output"), 405, "method_not_allowed", "GET, OPTIONS"),
    ("GET", "/v1/tickets", 405, "method_not_allowed", "POST, OPTIONS"),
    ("GET", "/v1/%2e%2e", 404, "not_found", None)])
def test_no_route(front, method, path, status, code, allow):
    c = front.client().ask(method, path, auth=None)
    got, body = c.answer(method == "HEAD")
    assert got == status
    assert c.headers.get("allow") == allow
    assert c.headers.get("upgrade") == ("websocket" if got == 426 else None)
    if method != "HEAD":
        assert body["error"]["code"] == code


@pytest.mark.parametrize("request_, status, code", [
    (b"GET /v1/sessions HTTP/1.1\r\n\r\n", 400, "bad_request"),
    (b"POST %s HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" %
     BOX.encode(), 411, "bad_request"),
    (b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 102401\r\n\r\n" %
     BOX.encode(), 413, "too_large"),
    (b"POST %s HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
     b"Content-Length: 1\r\n\r\n" % BOX.encode(), 417, "bad_request"),
    (b"GET /v1/x HTTP/1.1\r\nHost: x\r\nA: %s\r\n\r\n" % (b"a" * 20000), 431,
     "too_large"),
    (b"POST /v1/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 501,
     "unsupported"),
    (b"GET /v1/x HTTP/1.2\r\nHost: x\r\n\r\n", 505, "unavailable"),
    (b"GET /v1/x?a HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: "
     b"upgrade\r\nSec-WebSocket-Version: 8\r\n\r\n", 426, "bad_request"),
    (b"GET /v1/%s HTTP/1.1\r\nHost: x\r\n\r\n" % (b"a" * 9000), 414,
     "too_large"),
    (b"GET /v1/\0 HTTP/1.1\r\nHost: x\r\n\r\n", 400, "bad_request")])
def test_no_request(front, request_, status, code):
    c = front.client(request_)
    got, body = c.answer()
    assert (got, body["error"]["code"]) == (status, code)
    assert c.headers["connection"] == "close"
    # Of the others the form is another.
    c = front.client(request_.replace(b" /v1/", b" /v2/"))
    assert isinstance(c.answer()[1]["error"], str)


def test_not_enabled():
    with Front(native=False) as f:
        c = f.client().ask("GET", url())
        assert c.answer() == (404, {"error": "Not found"})
        c = f.client().ask("OPTIONS", url())
        assert c.answer()[0] == 404


def test_rate(hour):
    with Front(requests=3, window=3600) as f:
        c = f.client()
        c.ask("POST", url("input"), "x")
        f.grant(f.asked(), open_time=0)
        f.worker().send("INPUT_OK", id=f.worker().expect("INPUT").id)
        assert c.answer()[0] == 204
        # The session counts for what has a pass, a hundred in a second.
        answers = burst(f, lambda c: c.ask("POST", url("input"), "x"))
        over = [(body, headers["retry-after"])
                for status, body, headers in answers if status == 429]
        assert over and all(a == (error(
            "rate_limited", "Too many requests, please try again later."),
            "1") for a in over)
        assert [a[:2] for a in answers].count((204, b"")) == 150 - len(over)
        for _ in range(2):
            c.ask("GET", url(), auth=None)
            assert c.answer()[0] == 401
        c.ask("GET", url())
        assert c.answer() == (429, error(
            "rate_limited", "Too many requests, please try again later."))
        assert c.headers["retry-after"] == "3600"
        d = f.client().upgrade(url("attach"))
        assert d.answer()[0] == 429


# Who may ask from where

def test_origin():
    with Front(origins=["https://a.example"],
               native_origins=["https://b.example"]) as f:
        for origin, allowed in (("https://b.example", True),
                                ("https://a.example", False),
                                ("http://test", True), ("null", False)):
            c = f.client().ask("GET", url(), auth=None,
                               headers=["Origin: " + origin])
            assert c.answer()[0] == 401
            assert c.headers.get("access-control-allow-origin") == (
                origin if allowed else None)
            assert c.headers["vary"] == "Origin"
            c = f.client().upgrade(url("attach"), auth=None,
                                   headers=["Origin: " + origin])
            assert c.answer() == ((401, error(
                "unauthorized", "Authentication required")) if allowed else
                (403, error("forbidden", "origin not allowed")))
        c = f.client().ask("OPTIONS", BOX, auth=None, headers=[
            "Origin: https://b.example",
            "Access-Control-Request-Headers: authorization"])
        assert c.answer() == (204, b"")
        assert c.headers["access-control-allow-origin"] == \
            "https://b.example"
        assert c.headers["access-control-allow-headers"] == "authorization"


def test_no_origins(front):
    """Without any it is our own pages only, unlike /ssh."""
    c = front.client().ask("GET", url(), auth=None,
                           headers=["Origin: https://a.example"])
    assert c.answer()[0] == 401
    assert "access-control-allow-origin" not in c.headers
