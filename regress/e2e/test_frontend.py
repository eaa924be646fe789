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
The frontend alone, between clients and a parent, a catalog and workers that
are played by the test, so that each can be late, silent, wrong or gone:
what it opens, whom it lets in, how it is told and how it ends.

What can break: a token that is not one; a worker that dies with the
question; a configuration that is half taken; a client that pushes out the
others.
"""

import os
import select
import socket
import time

import pytest

from clients import held
from front import (ATTACH, BUILD, COUNTERS, DENY_DRAINING, DENY_EXPIRED,
                   DENY_LIMIT, DENY_NOT_FOUND, DENY_TOKEN, DENY_UNAVAILABLE,
                   FAIL_AUTH, FAIL_BUSY, FAIL_GRANT, FAIL_HOSTKEY, FAIL_LIMIT,
                   FAIL_LOST, FAIL_REFUSED, FAIL_SHELL, FAIL_TIMEOUT, GONE,
                   INPUT, NO_SESSION, OK, OPEN, SID, Front, b64, call,
                   connect, fresh,
                   opened, token)
from gwproto import Child

HS384 = (b64(b'{"alg":"HS384"}') + b"." + b64(b'{"did":"did:a"}') +
         b"." + b64(b"x" * 48)).decode()


# POST /ssh/connect

@pytest.mark.parametrize("body, cols, rows", [
    (None, 80, 24), ("{}", 80, 24), ({"cols": 120}, 120, 24),
    ({"cols": 1, "rows": 1000}, 1, 1000), ('{"cols":null}', 80, 24),
    (' {"cols":100,"rows":30,"x":[1,{"y":"z"}]}\n', 100, 30)])
def test_connect(front, body, cols, rows):
    c = connect(front, body)
    m = front.asked(action=OPEN, object="demo", address="127.0.0.1", api=1)
    front.grant(m)
    o = front.worker().expect("OPEN", cols=cols, rows=rows)
    assert o["grant"] == b"g" * 16
    front.worker().send("OPENED", id=o.id, session=SID)
    assert c.answer() == (200, {"sessionId": SID})
    assert c.headers["content-type"] == "application/json; charset=utf-8"
    assert c.headers["access-control-allow-origin"] == "*"


def test_session_is_the_granted_one(front):
    """A worker cannot give a client the session of somebody else."""
    c = connect(front)
    front.grant(front.asked())
    o = front.worker().expect("OPEN")
    front.worker().send("OPENED", id=o.id, session=NO_SESSION)
    assert c.answer() == (200, {"sessionId": SID})


@pytest.mark.parametrize("body", [
    "[]", "1", "x", '{"cols":1', '{"cols":1}x', "{'cols':1}", '{"cols":01}',
    '{"cols":1,"cols":2}', "\xff", "{" * 200, '{"a":' * 40 + "1" + "}" * 40,
    "nul", '{"cols":NaN}', "\0"])
def test_connect_malformed(front, body):
    c = connect(front, body.encode("latin-1"))
    assert c.answer() == (400, {"error": "Invalid JSON"})


@pytest.mark.parametrize("body", [
    '{"cols":0}', '{"cols":-1}', '{"rows":1001}', '{"cols":"80"}',
    '{"cols":80.5}', '{"cols":true}', '{"cols":{}}', '{"rows":1e2}',
    '{"rows":99999999999999999999}'])
def test_connect_size(front, body):
    assert connect(front, body).answer() == (
        400, {"error": "Invalid cols/rows"})


@pytest.mark.parametrize("headers", [(), ("X-Sandbox-Id:",)])
def test_connect_without_id(front, headers):
    assert connect(front, headers=headers).answer() == (
        400, {"error": "Missing X-Sandbox-Id"})


@pytest.mark.parametrize("headers", [
    ("X-Sandbox-Id: a/b",), ("X-Sandbox-Id: ../x",),
    ("X-Sandbox-Id: " + "a" * 129,), ("X-Sandbox-Id: \xe9",),
    ("X-Sandbox-Id: a b",), ("X-Sandbox-Id: a", "X-Sandbox-Id: b")])
def test_malformed_sandbox(front, headers):
    """Asked for as a name that nobody has: the same way, and answer."""
    c = connect(front, headers=headers)
    front.deny(front.asked(object=".", action=OPEN), DENY_NOT_FOUND)
    assert c.answer() == (404, {"error": "Sandbox not found"})


@pytest.mark.parametrize("reason, status, body", [
    (DENY_TOKEN, 401, {"error": "Unauthorized", "message": "Invalid token"}),
    (DENY_EXPIRED, 401, {"error": "Unauthorized",
                         "message": "Token expired"}),
    (DENY_NOT_FOUND, 404, {"error": "Sandbox not found"}),
    (DENY_LIMIT, 429, {"error": "Too many sessions"}),
    (DENY_DRAINING, 503, {"error": "Unavailable",
                          "message": "shutting down"}),
    (DENY_UNAVAILABLE, 502, {"error": "SSH connection failed",
                             "message": "control plane unavailable"})])
@pytest.mark.parametrize("parent", [0, 1])
def test_connect_denied(front, reason, status, body, parent):
    c = connect(front)
    m = front.asked()
    if parent:
        front.parent.send("DENIED", id=m.id, reason=reason)
    else:
        front.deny(m, reason)
    assert c.answer() == (status, body)


SSH_FAILED = "SSH connection failed"


@pytest.mark.parametrize("reason, status, error, message", [
    (FAIL_SHELL, 500, "Failed to open shell", None),
    (FAIL_GRANT, 500, "Failed to open shell", None),
    (FAIL_LIMIT, 429, "Too many sessions", None),
    (FAIL_BUSY, 503, "Unavailable", "too busy"),
    (FAIL_REFUSED, 500, SSH_FAILED, "connection refused"),
    (FAIL_TIMEOUT, 500, SSH_FAILED, "timed out"),
    (FAIL_HOSTKEY, 500, SSH_FAILED, "host key mismatch"),
    (FAIL_AUTH, 500, SSH_FAILED, "authentication failed"),
    (FAIL_LOST, 500, SSH_FAILED, "connection lost")])
def test_open_failed(front, reason, status, error, message):
    c = connect(front)
    front.grant(front.asked())
    o = front.worker().expect("OPEN")
    front.worker().send("OPEN_FAILED", id=o.id, reason=reason)
    got, body = c.answer()
    assert (got, body["error"], body.get("message")) == (
        status, error, message)


def test_worker_dies_with_the_open(front):
    """The parent grants once more, before or after its end is seen."""
    for early in (0, 1):
        c = connect(front)
        m = front.asked()
        front.grant(m, 10 + early)
        front.worker(10 + early).expect("OPEN")
        if early:
            front.grant(m, 20, grant=b"h" * 16)
            front.workers.pop(10 + early).close()
        else:
            front.workers.pop(10 + early).close()
            front.grant(m, 20, grant=b"h" * 16)
        o = front.worker(20).expect("OPEN", grant=b"h" * 16)
        front.worker(20).send("OPENED", id=o.id, session=SID)
        assert c.answer() == (200, {"sessionId": SID})


@pytest.mark.parametrize("told", [False, True])
def test_worker_dies_and_that_is_all(front, told):
    c = connect(front)
    m = front.asked()
    front.grant(m, 11)
    front.worker(11).expect("OPEN")
    front.workers.pop(11).close()
    if told:
        front.parent.send("DENIED", id=m.id, reason=DENY_UNAVAILABLE)
    assert c.answer() == (500, {"error": SSH_FAILED,
                                "message": "connection lost"})


# Tokens at the door

DOOR = [(None, "Authentication required"), ("null", "Authentication required"),
        ("x", "Invalid token"), (HS384, "Invalid token"),
        (token(did="alice"), "Invalid token"),
        (token(nbf=9000000000), "Invalid token"), ("a" * 9000,
                                                   "Invalid token"),
        (token(exp=1700000000), "Token expired")]


@pytest.mark.parametrize("auth, why", DOOR)
def test_token_http(front, auth, why):
    for method, path in (("POST", "/ssh/connect"),
                         ("GET", "/ssh/stream/" + SID),
                         ("POST", "/ssh/input/" + SID),
                         ("POST", "/ssh/resize/" + SID),
                         ("DELETE", "/ssh/disconnect/" + SID),
                         ("DELETE", "/ssh/disconnect/x")):
        c = front.client().ask(method, path, auth=auth,
                               headers=["X-Sandbox-Id: demo"])
        assert c.answer() == (401, {"error": "Unauthorized", "message": why})
        assert c.headers["www-authenticate"] == "Bearer"
        d = front.denial()
        assert d["principal"] == "" and d["address"] == "127.0.0.1"
        assert d["reason"] == (DENY_EXPIRED if "exp" in why else DENY_TOKEN)
        assert d["object"] == ("demo" if "connect" in path[:12] else
                               path.rsplit("/", 1)[1])


@pytest.mark.parametrize("auth, why", DOOR)
def test_token_ws(front, auth, why):
    c = front.client().upgrade("/ssh/%s/ws" % SID, auth=auth)
    assert c.head() == 101
    assert c.headers["sec-websocket-accept"] == \
        "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    assert c.frame() == (1008, why)
    c.eof()


@pytest.mark.parametrize("headers", [
    ["Authorization: Basic xx"], ["Authorization: Bearerx"],
    ["Authorization:"], ["Authorization: Bearer"],
    ["Authorization: bearer null"]])
def test_no_token(front, headers):
    c = front.client().ask("GET", "/ssh/stream/" + SID, auth=None,
                           headers=headers)
    status, body = c.answer()
    assert (status, body["message"]) == (401, "Authentication required")


def test_two_authorizations(front):
    c = front.client().ask("GET", "/ssh/stream/" + SID,
                           headers=["Authorization: Bearer " + token()])
    assert c.answer()[1]["message"] == "Invalid token"


@pytest.mark.parametrize("query, header, which", [
    ("?token=%s", None, "q"), ("?token=", "", "h"), ("?token=null", "", "h"),
    ("", "", "h"), ("?token=%s", "", "q"), ("?a=b&token=%s&c", None, "q"),
    ("?TOKEN=x", "", "h")])
def test_which_token(front, query, header, which):
    """Of the query if it has one that is not empty, else of the header."""
    tokens = {"q": token(did="did:plc:query"), "h": token(did="did:plc:head")}
    query = query.replace("%s", tokens["q"])
    auth = None if header is None else tokens["h"]
    for ask in (lambda c: c.upgrade("/ssh/%s/ws%s" % (SID, query), auth),
                lambda c: c.ask("GET", "/ssh/stream/%s%s" % (SID, query),
                                auth=auth)):
        c = ask(front.client())
        m = front.asked(token=tokens[which], object=SID, action=ATTACH)
        front.deny(m, DENY_NOT_FOUND)
        c.head()


def test_query_token_is_for_streams_only(front):
    c = front.client().ask("DELETE", "/ssh/disconnect/%s?token=%s" % (
        SID, token()), auth=None)
    assert c.answer()[0] == 401


def test_scheme_in_any_case(front):
    c = front.client().ask("GET", "/ssh/stream/" + SID, auth=None,
                           headers=["authorization:   BEARER  " + token()])
    front.deny(front.asked(), DENY_NOT_FOUND)
    assert c.answer() == GONE


# Configuration and life

def test_not_ready():
    with Front(start=False) as f:
        f.parent.send("START")
        f.from_parent("READY")

        def ask(path):
            return f.client(b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" %
                            path).answer()
        assert ask(b"/readyz") == (503, b"not ready\n")
        assert ask(b"/healthz") == (200, b"ok\n")
        f.parent.send("STATE", ready=1, draining=0)
        assert ask(b"/readyz") == (200, b"ok\n")
        f.parent.send("STATE", ready=1, draining=1)
        assert ask(b"/readyz") == (503, b"draining\n")


def test_bad_configuration_changes_nothing():
    with Front() as f:
        f.parent.send("CONF_BEGIN")
        f.parent.send("CONF_API", api=1, grace=0, max_age=1, unclaimed=0)
        fd = os.memfd_create("key", 0)
        os.write(fd, b"no key at all")
        f.parent.send("CONF_KEY", fd=fd, api=1, alg=2, kid="", issuer="")
        os.close(fd)
        f.parent.send("CONF_END")
        assert f.from_parent("CONF_FAIL")["reason"] != ""
        f.parent.send("CONF_BEGIN")
        f.parent.send("CONF_BEGIN")
        f.parent.send("CONF_END")
        assert f.from_parent("CONF_FAIL")["reason"] != ""
        c = connect(f)
        assert opened(f, c) == (200, {"sessionId": SID})
        f.configure(page=0)
        # A new one, which comes behind the last word of the parent.
        c = f.client().ask("GET", "/")
        assert c.answer() == (404, {"error": "Not found"})


def test_refuses_a_secret():
    """With it a frontend could mint tokens."""
    f = Front(start=False, conf=False)
    f.parent.send("CONF_BEGIN")
    fd = os.memfd_create("key", 0)
    os.write(fd, b"secret")
    f.parent.send("CONF_KEY", fd=fd, api=1, alg=1, kid="", issuer="")
    os.close(fd)
    assert f.child.wait() == 1
    f.child.chan.close()


def test_counters_that_can_shrink():
    """Another frontend could cut them under us: not taken."""
    child = Child([BUILD + "/gatewayd-frontend"], "frontend")
    fd = os.memfd_create("counters", os.MFD_ALLOW_SEALING)
    os.ftruncate(fd, COUNTERS)
    child.send("COUNTERS", fd=fd, size=COUNTERS)
    os.close(fd)
    assert child.wait() == 1
    child.chan.close()


def test_stop():
    """Idle connections end, what is under way gets its answer."""
    with Front() as f:
        idle, busy, other = f.client(), connect(f), connect(f)
        f.grant(f.asked())
        o = f.worker().expect("OPEN")
        m = f.asked()
        # It waits for two seconds only, so all of this is there at once.
        with held(f.child.pid):
            f.parent.send("STOP")
            f.parent.send("DENIED", id=m.id, reason=DENY_NOT_FOUND)
            f.worker().send("OPENED", id=o.id, session=SID)
        idle.eof()
        assert busy.answer() == (200, {"sessionId": SID})
        # This one's comes behind the stop for sure.
        assert other.answer()[0] == 404
        assert other.headers["connection"] == "close"
        assert f.child.wait() == 0


def test_stop_does_not_wait_for_ever():
    with Front() as f:
        connect(f)
        f.asked()
        f.parent.send("STOP")
        start = time.monotonic()
        assert f.child.wait() == 0
        assert time.monotonic() - start < 15


def test_statistics():
    with Front() as f:
        c = f.client()
        for _ in range(3):
            c.ask("GET", "/nothing")
            assert c.answer()[0] == 404
        # It may have told of some of them before.
        m = {"requests": 0}
        while m["requests"] < 3:
            m = f.parent.expect("FRONT_STATS")
        assert dict(m) == {"accepted": 1, "requests": 3, "refused": 3,
                           "attached": 0, "tickets": 0, "open": 1}


# Crowds

def test_half_open_of_one_address():
    """2000 of them, and newcomers are served at once, others unhurt."""
    with Front(nofile=512, timeout=60) as f:
        other = f.client(b"GET /healthz HTTP/1.1\r\n", source="127.0.0.9")
        crowd = []
        for _ in range(2000):
            s = socket.socket()
            s.bind(("127.0.0.2", 0))
            s.connect(f.address)
            crowd.append(s)
            if len(crowd) > 300:
                crowd.pop(0).close()
        start = time.monotonic()
        for _ in range(5):
            c = f.client(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert c.answer() == (200, b"ok\n")
        # Those that were first have made room, the last are there.
        crowd[0].settimeout(30)
        assert crowd[0].recv(1) == b""
        crowd[-1].setblocking(False)
        with pytest.raises(BlockingIOError):
            crowd[-1].recv(1)
        # Not after the others' minute.
        assert time.monotonic() - start < 30
        other.send(b"Host: x\r\n\r\n")
        assert other.answer() == (200, b"ok\n")
        for s in crowd:
            s.close()


def test_more_connections_than_descriptors():
    with Front(nofile=64) as f:
        crowd = []
        for i in range(300):
            s = socket.socket()
            s.bind(("127.0.%d.2" % (i % 100), 0))
            s.connect(f.address)
            s.sendall(b"GET /healthz HTTP/1.1\r\n")
            crowd.append(s)
        c = f.client(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert c.answer() == (200, b"ok\n")
        for s in crowd:
            s.close()
        d = connect(f)
        assert opened(f, d) == (200, {"sessionId": SID})


def test_rate(hour):
    with Front(requests=5, window=3600, proxies=[("127.0.0.1", 32),
                                              ("10.0.0.0", 8)]) as f:
        def ask(xff=None, path="/ssh/stream/" + SID, source=None):
            c = f.client(source=source).ask(
                "GET", path, auth=None,
                headers=[] if xff is None else ["X-Forwarded-For: " + x
                                                for x in xff])
            return c.answer()[0], c.headers
        left = []
        for _ in range(5):
            status, h = ask()
            assert status == 401 and h["x-ratelimit-limit"] == "5"
            left.append(h["x-ratelimit-remaining"])
        assert left == ["4", "3", "2", "1", "0"]
        status, h = ask()
        assert status == 429 and h["retry-after"] == "3600"
        assert abs(int(h["x-ratelimit-reset"]) - time.time() - 3600) < 10
        # Not limited, not even told of.
        status, h = ask(path="/healthz")
        assert status == 200 and "x-ratelimit-limit" not in h
        # Upgrades count; the answer is no WebSocket.
        c = f.client().upgrade("/ssh/%s/ws" % SID)
        assert c.answer() == (429, {"error": "Too many requests, please try "
                                    "again later."})
        # Others by proxy: read from the right, through proxies only.
        for xff in (["1.2.3.4"], ["9.9.9.9, 1.2.3.4"],
                    ["9.9.9.9", "1.2.3.4, 10.1.1.1"],
                    ["junk, 1.2.3.4,10.0.0.1"],
                    [" 1.2.3.4\t, 10.0.0.7 "]):
            assert ask(xff)[0] == 401, xff
        assert ask(["1.2.3.4"])[0] == 429
        assert ask(["1.2.3.5"])[0] == 401
        assert ask(["2001:db8::1"])[0] == 401
        for i in range(2, 6):
            assert ask(["2001:db8::%d" % i])[0] == 401
        assert ask(["2001:db8::ffff"])[0] == 429
        assert ask(["2001:db8:0:1::1"])[0] == 401
        # A stranger cannot speak for others.
        for _ in range(5):
            assert ask(["1.2.3.9"], source="127.0.0.7")[0] == 401
        assert ask(["1.2.3.10"], source="127.0.0.7")[0] == 429


def test_rate_of_a_session(hour):
    """Authorised input leaves the address alone."""
    with Front(requests=2, window=3600) as f:
        c = f.client()
        call(f, c, "input", {"data": "x"}, INPUT)
        assert c.answer() == OK
        for _ in range(20):
            call(f, c, "input", {"data": "x"}, INPUT, ask=False)
            assert c.answer() == OK
        c.ask("GET", "/ssh/stream/" + SID, auth=None)
        assert c.answer()[0] == 401
        assert c.headers["x-ratelimit-remaining"] == "0"
        # Without a right to it, it is the address again.
        c.ask("POST", "/ssh/input/" + SID, "{}", auth=None)
        assert c.answer()[0] == 429
        c.ask("POST", "/ssh/input/" + fresh(), "{}")
        assert c.answer()[0] == 429


def test_timeouts():
    with Front(timeout=1) as f:
        # Who says nothing within that second is told nothing.
        with held(f.child.pid):
            silent = f.client()
            slow = f.client(b"GET / HTTP/1.1\r\nHost: x\r\n")
            body = f.client(b"POST /ssh/connect HTTP/1.1\r\nHost: x\r\n"
                            b"Content-Length: 5\r\n\r\n1")
            trickle = f.client(b"G")
        start = time.monotonic()
        with pytest.raises((ConnectionError, AssertionError)):
            while time.monotonic() - start < 20:
                trickle.send(b"G")
                assert not select.select([trickle.sock], [], [], 0.1)[0]
        assert time.monotonic() - start < 15
        silent.eof()
        for c in (slow, body, trickle):
            assert c.answer()[0] == 408
            assert c.headers["connection"] == "close"
            c.eof()
        # Kept alive: from the first byte of the next one.
        with held(f.child.pid):
            c = f.client(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert c.answer()[0] == 200
        time.sleep(1.3)
        c.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert c.answer()[0] == 200
        c.send(b"G")
        assert c.answer()[0] == 408


def test_origins():
    with Front(origins=["https://app.example.org"]) as f:
        def ask(origin, method="GET", path="/ssh/stream/x"):
            c = f.client().ask(method, path, auth=None, headers=[
                "Origin: " + origin] if origin else [])
            status, _ = c.answer()
            return status, c.headers.get("access-control-allow-origin"), \
                c.headers.get("vary")
        assert ask("https://app.example.org") == (
            401, "https://app.example.org", "Origin")
        assert ask("http://test") == (401, "http://test", "Origin")
        assert ask("https://test") == (401, "https://test", "Origin")
        for origin in ("https://evil.example.org", "null", "https://test.x",
                       "https://app.example.org.evil", "https://app"):
            assert ask(origin) == (401, None, "Origin")
        assert ask(None) == (401, None, "Origin")
        assert ask("https://evil.example.org", "OPTIONS")[:2] == (204, None)
        for origin, status in (("https://app.example.org", 101),
                               ("https://test", 101), (None, 101),
                               ("https://evil.example.org", 403),
                               ("null", 403)):
            c = f.client().upgrade("/ssh/%s/ws" % SID, None, [
                "Origin: " + origin] if origin else [])
            assert c.head() == status
