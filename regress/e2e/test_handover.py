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
The frontend alone, as in test_frontend.py: the hand-over of a client to a
worker, and the calls that go to one.

What can break: a socket that two processes hold at once; an answer for a
client that has left; a catalog or a worker that dies with the question.
"""

import os
import select
import socket
import time

import pytest

from front import (ATTACH, CLOSE, DENY_NOT_FOUND, FAIL_BLOCKED, FAIL_BUSY,
                   FAIL_GONE, FAIL_GRANT, FAIL_LIMIT, GONE, INPUT, NO_SESSION,
                   OK, RESIZE, SID, burst, call, connect, fresh, opened,
                   sent_early, taken, token)


# Streams and WebSockets

def attach(f, number=1, session=SID, **kw):
    c = f.client().upgrade("/ssh/%s/ws" % session, **kw)
    f.grant(f.asked(action=ATTACH), number, session)
    return c


@pytest.mark.parametrize("early", [b"", b"\x81\x80abcd", b"e" * 60000])
def test_ws(front, early):
    c = attach(front, early=early)
    assert c.head() == 101
    assert "sec-websocket-protocol" not in c.headers
    m = front.worker().expect("ATTACH", transport=1, dialect=1, head=b"",
                              address="127.0.0.1", grant=b"g" * 16)
    s = taken(front, m)
    assert sent_early(m, s, len(early)) == early
    s.sendall(b"\x81\x02hi")
    assert c.frame() == (1, b"hi")
    s.close()
    c.eof()			# ours is closed too


def test_sse(front):
    c = front.client().ask("GET", "/ssh/stream/" + SID)
    front.grant(front.asked(action=ATTACH))
    m = front.worker().expect("ATTACH", transport=2)
    s = taken(front, m)
    s.sendall(m["head"])
    assert c.head() == 200
    h = c.headers
    assert h["content-type"] == "text/event-stream"
    assert h["cache-control"] == "no-cache"
    assert h["connection"] == "keep-alive"
    assert h["x-accel-buffering"] == "no"
    assert h["transfer-encoding"] == "chunked"
    assert h["access-control-allow-origin"] == "*"
    assert "content-length" not in h
    s.close()
    c.eof()


def test_sse_http10(front):
    c = front.client(b"GET /ssh/stream/%s HTTP/1.0\r\nAuthorization: Bearer "
                     b"%s\r\n\r\n" % (SID.encode(), token().encode()))
    front.grant(front.asked(action=ATTACH))
    m = front.worker().expect("ATTACH", transport=3)
    assert b"chunked" not in m["head"]
    s = taken(front, m)
    s.sendall(m["head"])
    assert c.head() == 200
    s.close()


def test_half_closed_stream(front):
    """A half-close is not the end of an event stream."""
    c = front.client().ask("GET", "/ssh/stream/" + SID)
    c.sock.shutdown(socket.SHUT_WR)
    m = front.asked(action=ATTACH)
    front.sync()
    front.grant(m)
    s = taken(front, front.worker().expect("ATTACH"))
    s.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    assert c.head() == 200
    s.close()


@pytest.mark.parametrize("reason, ws, http", [
    (FAIL_GONE, (1011, "Session not found"), GONE),
    (FAIL_LIMIT, (1013, "Too many viewers"),
     (429, {"error": "Too many viewers"})),
    (FAIL_BUSY, (1013, "Try again later"), (503, {"error": "Unavailable"}))])
def test_attach_refused(front, reason, ws, http):
    c = attach(front)
    assert c.head() == 101
    m = front.worker().expect("ATTACH")
    s = socket.socket(fileno=m.fd)
    front.worker().send("ATTACH_FAIL", id=m.id, reason=reason)
    assert c.frame() == ws
    c.eof()
    c.close()
    s.settimeout(10)
    assert s.recv(1) == b""	# whoever has it late sees the end
    s.close()
    c = front.client().ask("GET", "/ssh/stream/" + SID)
    front.grant(front.asked(action=ATTACH))
    m = front.worker().expect("ATTACH")
    os.close(m.fd)
    front.worker().send("ATTACH_FAIL", id=m.id, reason=reason)
    assert c.answer() == http
    c.eof()


@pytest.mark.parametrize("kind", ["ws", "stream"])
def test_attach_grant_that_ended(front, kind):
    """Asked for once more, and not for ever; nothing early is lost."""
    def again(sid, **second):
        c = front.client()
        if kind == "ws":
            c.upgrade("/ssh/%s/ws" % sid, early=b"early")
        else:
            c.ask("GET", "/ssh/stream/" + sid)
        front.grant(front.asked(action=ATTACH, object=sid), session=sid)
        assert kind != "ws" or c.head() == 101
        m = front.worker().expect("ATTACH")
        os.close(m.fd)
        front.worker().send("ATTACH_FAIL", id=m.id, reason=FAIL_GRANT)
        return c, front.asked(action=ATTACH, object=sid)
    sid = fresh()
    c, m = again(sid)
    front.deny(m, DENY_NOT_FOUND)
    if kind == "ws":
        assert c.frame() == (1011, "Session not found")
    else:
        assert c.answer() == GONE
    c.close()
    sid = fresh()
    c, m = again(sid)
    front.grant(m, session=sid, grant=b"n" * 16)
    m = front.worker().expect("ATTACH", grant=b"n" * 16)
    if kind == "ws":
        s = taken(front, m)
        assert sent_early(m, s, 5) == b"early"
        s.close()
        c.eof()
        return
    os.close(m.fd)
    front.worker().send("ATTACH_FAIL", id=m.id, reason=FAIL_GRANT)
    assert c.answer() == (503, {"error": "Unavailable"})


def test_worker_dies_with_the_attach(front):
    c = attach(front, 12)
    d = front.client().ask("GET", "/ssh/stream/" + SID)
    front.grant(front.asked(), 12)
    assert c.head() == 101
    for _ in range(2):
        os.close(front.worker(12).expect("ATTACH").fd)
    front.workers.pop(12).close()
    assert c.frame() == (1013, "Try again later")
    assert d.answer() == (503, {"error": "Unavailable"})


def test_attach_unanswered(front):
    """After 5 s the client is told, and the worker's copy is dead."""
    start = time.monotonic()
    c = attach(front)
    assert c.head() == 101
    m = front.worker().expect("ATTACH")
    assert c.frame() == (1013, "Try again later")
    assert 4 < time.monotonic() - start < 15
    c.eof()
    s = taken(front, m)		# too late, and no harm
    s.settimeout(10)
    assert s.recv(1) == b""	# though the client has not closed it
    s.close()
    c.close()


def test_eight_at_a_time(front):
    """A worker owes at most 8; the others wait, and are served in turn."""
    clients = [attach(front) for _ in range(12)]
    for c in clients:
        assert c.head() == 101
    sent = [front.worker().expect("ATTACH") for _ in range(8)]
    front.worker().quiet(0.1)
    done = []
    for m in sent:
        done.append(taken(front, m))
    for _ in range(4):
        done.append(taken(front, front.worker().expect("ATTACH")))
    for s in done:
        s.sendall(b"\x81\x01x")
    for c in clients:
        assert c.frame() == (1, b"x")
    for s in done:
        s.close()


def test_late_answers_count(front):
    """An attach that was given up still counts until it is answered."""
    clients = [attach(front, 13) for _ in range(9)]
    late = [front.worker(13).expect("ATTACH") for _ in range(8)]
    for c in clients:
        assert c.head() == 101
        assert c.frame() == (1013, "Try again later")
    c = attach(front, 13)
    front.worker(13).quiet(0.1)
    for m in late:
        taken(front, m, 13).close()
    taken(front, front.worker(13).expect("ATTACH"), 13).close()
    assert c.head() == 101
    c.eof()


@pytest.mark.parametrize("sid", [SID, SID.upper(), "x", "-", SID + "0",
                                 "%2e", "a" * 300])
def test_session_not_found(front, sid):
    """Unknown, malformed, another's: the same bytes, by the same way."""
    obj = SID if sid == SID else NO_SESSION
    heads = set()
    for method, path, action in (("GET", "/ssh/stream/", ATTACH),
                                 ("POST", "/ssh/input/", INPUT),
                                 ("POST", "/ssh/resize/", RESIZE),
                                 ("DELETE", "/ssh/disconnect/", CLOSE)):
        c = front.client().ask(method, path + sid, "{}" if method == "POST"
                               else None)
        front.deny(front.asked(object=obj, action=action), DENY_NOT_FOUND)
        assert c.answer() == GONE
        heads.add(tuple(c.headers))
    assert len(heads) == 1
    c = front.client().upgrade("/ssh/%s/ws" % sid)
    front.deny(front.asked(object=obj, action=ATTACH), DENY_NOT_FOUND)
    assert c.head() == 101
    assert c.frame() == (1011, "Session not found")
    c.eof()


# Calls

def test_input_asks_once(front):
    sid, c = fresh(), front.client()
    m = call(front, c, "input", {"data": "ls\n"}, INPUT, sid=sid,
             data=b"ls\n")
    assert len(m["hash"]) == 32 and any(m["hash"])
    assert c.answer() == OK
    assert c.headers["x-ratelimit-limit"] == "1000000"
    call(front, c, "input", {"data": "é\0\x1b"}, INPUT, sid=sid, ask=False,
         data="é\0\x1b".encode(), hash=m["hash"], grant=b"g" * 16)
    assert c.answer() == OK
    assert c.headers["x-ratelimit-limit"] == "100"
    # Another token of the same person, another verb: asked again.
    call(front, c, "resize", {"cols": 5, "rows": 6}, RESIZE, "RESIZE_OK",
         sid=sid, cols=5, rows=6)
    assert c.answer() == OK
    c.ask("POST", "/ssh/input/" + sid, "{}", auth=token(x=1))
    front.deny(front.asked(action=INPUT), DENY_NOT_FOUND)
    assert c.answer() == GONE


def test_input_of_any_length(front):
    for n in (0, 1, 8192, 8193, 100000):
        c = front.client()
        m = call(front, c, "input", {"data": "x" * n}, INPUT, sid=fresh())
        data = m["data"]
        if m.blob is not None:
            data = os.pread(m.blob, 1 << 20, 0)
            os.close(m.blob)
        assert (m.blob is None) == (n <= 8192)
        assert data == b"x" * n
        assert c.answer() == OK


@pytest.mark.parametrize("body", ["{}", '{"data":""}', '{"data":null}'])
def test_empty_input(front, body):
    c = front.client()
    call(front, c, "input", body, INPUT, sid=fresh(), data=b"")
    assert c.answer() == OK


@pytest.mark.parametrize("body", ['{"data":1}', '{"data":["x"]}',
                                  '{"data":{}}', '{"data":true}', None])
def test_bad_input(front, body):
    c = front.client().ask("POST", "/ssh/input/" + SID, body)
    assert c.answer() == (400, {"error": "Invalid input"})


@pytest.mark.parametrize("body", ["x", "[]", '{"data":"\\x"}', '{"data":"\n"}',
                                  '{"data":"\\ud800"}'])
def test_malformed_input(front, body):
    c = front.client().ask("POST", "/ssh/input/" + SID, body)
    assert c.answer() == (400, {"error": "Invalid JSON"})


@pytest.mark.parametrize("body", ["{}", '{"cols":0,"rows":0}',
                                  '{"cols":80}', '{"cols":80,"rows":null}'])
def test_resize_to_nothing(front, body):
    c = front.client().ask("POST", "/ssh/resize/" + fresh(), body)
    front.grant(front.asked(action=RESIZE))
    assert c.answer() == OK


@pytest.mark.parametrize("body", [None, '{"cols":-1,"rows":1}',
                                  '{"cols":1,"rows":1001}',
                                  '{"cols":"1","rows":1}',
                                  '{"cols":1.5,"rows":1}'])
def test_bad_resize(front, body):
    c = front.client().ask("POST", "/ssh/resize/" + SID, body)
    assert c.answer() == (400, {"error": "Invalid cols/rows"})


def test_disconnect(front):
    sid, c = fresh(), front.client()
    call(front, c, "disconnect", None, CLOSE, "CLOSE_OK", sid=sid)
    assert c.answer() == OK
    c.ask("DELETE", "/ssh/disconnect/" + sid)
    front.deny(front.asked(action=CLOSE), DENY_NOT_FOUND)
    assert c.answer() == GONE


def test_input_blocked(front):
    for kind in (0, 1):
        c = front.client()
        m = call(front, c, "input", {"data": "x"}, INPUT, None, sid=fresh())
        if kind == 0:
            front.worker().send("INPUT_BLOCKED", id=m.id)
        else:
            front.worker().send("CALL_FAIL", id=m.id, reason=FAIL_BLOCKED)
        assert c.answer() == (503, {"error": "Input blocked"})


def test_grant_that_ended(front):
    """Asked for once more, and not for ever."""
    sid, c = fresh(), front.client()
    m = call(front, c, "input", {"data": "x"}, INPUT, None, sid=sid)
    front.worker().send("CALL_FAIL", id=m.id, reason=FAIL_GRANT)
    front.grant(front.asked(action=INPUT, object=sid), grant=b"n" * 16)
    m = front.worker().expect("INPUT", grant=b"n" * 16, data=b"x")
    front.worker().send("CALL_FAIL", id=m.id, reason=FAIL_GRANT)
    assert c.answer() == GONE
    call(front, c, "input", {"data": "x"}, INPUT, sid=sid)
    assert c.answer() == OK


def test_session_that_ended(front):
    c = front.client()
    m = call(front, c, "input", {"data": "x"}, INPUT, None, sid=fresh())
    front.worker().send("CALL_FAIL", id=m.id, reason=FAIL_GONE)
    assert c.answer() == GONE


def test_worker_dies_with_a_call(front):
    sid, c = fresh(), front.client()
    c.ask("POST", "/ssh/input/" + sid, {"data": "x"})
    front.grant(front.asked(), 14, sid)
    front.worker(14).expect("INPUT")
    front.workers.pop(14).close()
    assert c.answer() == GONE
    # The pass is for a worker that is gone: asked again.
    c.ask("POST", "/ssh/input/" + sid, {"data": "x"})
    front.deny(front.asked(object=sid), DENY_NOT_FOUND)
    assert c.answer() == GONE


def test_order_of_input(front):
    """On one connection one after the other, in the order of arrival."""
    sid, c = fresh(), front.client()
    for i in range(5):
        c.ask("POST", "/ssh/input/" + sid, {"data": "%d" % i})
    front.grant(front.asked(), 1, sid)
    for i in range(5):
        m = front.worker().expect("INPUT", data=b"%d" % i)
        front.worker().quiet(0.02)
        front.worker().send("INPUT_OK", id=m.id)
    for i in range(5):
        assert c.answer() == OK


def test_calls_of_a_session_have_a_rate(front):
    sid, c = fresh(), front.client()
    call(front, c, "input", {"data": "x"}, INPUT, sid=sid)
    assert c.answer() == OK
    got = {200: 0, 429: 0}
    for status, _, headers in burst(front, lambda c: c.ask(
            "POST", "/ssh/input/" + sid, {"data": "x"})):
        got[status] += 1
        if status == 429:
            assert headers["retry-after"] == "1"
            assert headers["x-ratelimit-limit"] == "100"
    assert got[200] >= 99 and got[429] > 0


# The catalog goes

def test_catalog_restarts(front):
    """Whoever waited is asked for again, once, and the old answer is old."""
    c = connect(front)
    old = front.asked()
    front.new_catalog()
    new = front.asked(object="demo")
    assert new.id != old.id
    front.parent.send("DENIED", id=old.id, reason=DENY_NOT_FOUND)
    front.grant(new)
    o = front.worker().expect("OPEN")
    front.worker().send("OPENED", id=o.id, session=SID)
    assert c.answer() == (200, {"sessionId": SID})


def test_catalog_stays_away(front):
    front.catalog.close()
    front.catalog = None
    start = time.monotonic()
    c, d = connect(front), front.client().upgrade("/ssh/%s/ws" % SID)
    front.new_catalog()
    m = [front.asked(), front.asked()]
    front.catalog.close()
    front.catalog = None
    assert c.answer() == (503, {"error": "Unavailable",
                                "message": "control plane unavailable"})
    assert d.head() == 101
    assert d.frame() == (1013, "Try again later")
    assert 4 < time.monotonic() - start < 15
    front.new_catalog()
    for x in m:
        front.catalog.send("DENIED", id=x.id, reason=DENY_NOT_FOUND)


def test_catalog_talks_nonsense(front):
    """Only its own channel ends."""
    front.catalog.raw(b"\0" * 20)
    front.catalog.expect_closed()
    front.new_catalog()
    c = connect(front)
    assert opened(front, c) == (200, {"sessionId": SID})


def test_worker_answers_nonsense(front):
    c = connect(front)
    front.grant(front.asked(), 15)
    o = front.worker(15).expect("OPEN")
    front.worker(15).send("CLOSE_OK", id=o.id)
    front.worker(15).expect_closed()
    front.workers.pop(15).close()
    assert c.answer()[0] == 500


def test_worker_answers_for_another(front):
    """Ids count on the channel that they were sent on, and no other."""
    c = connect(front)
    front.grant(front.asked(), 1)
    o = front.worker(1).expect("OPEN")
    front.worker(2)
    front.worker(2).send("OPENED", id=o.id, session=NO_SESSION)
    front.worker(2).send("OPENED", id=0, session=NO_SESSION)
    front.worker(2).quiet(0.1)
    front.worker(1).send("OPENED", id=o.id, session=SID)
    assert c.answer() == (200, {"sessionId": SID})


# Clients that go

def test_reset_while_waiting(front):
    """Its answers come, and find nobody."""
    for how in ("rst", "fin"):
        c = connect(front)
        m = front.asked()
        if how == "rst":
            c.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                              b"\1\0\0\0\0\0\0\0")
        c.close()
        front.sync()
        front.grant(m)
        if how == "fin":	# it may still read
            o = front.worker().expect("OPEN")
            front.worker().send("OPENED", id=o.id, session=SID)
        else:
            front.worker().quiet(0.1)
    assert front.client(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
                        ).answer()[0] == 200


def test_upgrade_abandoned(front):
    c = front.client().upgrade("/ssh/%s/ws" % SID)
    m = front.asked()
    c.close()
    front.sync()
    front.grant(m)
    front.worker().quiet(0.2)


def test_far_ahead(front):
    """What a client sends ahead is bounded, and none of it is lost."""
    c = connect(front)
    m = front.asked()
    c.sock.setblocking(False)
    part = b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: %s\r\n\r\n" % (b"a" * 900)
    sent = 0
    while sent < 64 << 20:
        try:
            sent += c.sock.send(part * 64)
        except BlockingIOError:
            if not select.select([], [c.sock], [], 0.5)[1]:
                break
    assert sent < 32 << 20
    front.grant(m)
    o = front.worker().expect("OPEN")
    front.worker().send("OPENED", id=o.id, session=SID)
    c.sock.settimeout(10)
    assert c.answer() == (200, {"sessionId": SID})
    for _ in range(min(200, sent // len(part))):
        assert c.answer() == (200, b"ok\n")
