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
Limits: how many sessions, viewers, requests and connections.

What can break: a limit that ends the wrong session; a client that gets a
fresh count from a header it wrote itself; a crowd of idle connections that
keeps new clients out.
"""

import contextlib
import json
import os
import resource
import select
import signal
import socket
import time

import pytest

from clients import (WAIT, Http, Ws, bearer, connect, held, raw,
                     wait_for)
from daemon import ALICE, MALLORY, memory


def detached(d, sid):
    wait_for(lambda: d.sessions()[sid][2] == "0")


def test_sessions_of_a_sandbox(start):
    """The session that was left first makes room; with none that is left
    there is no room."""
    d = start({"demo": {"pty": ["/bin/sh"]}, "cat": {"pty": ["/bin/cat"]}},
              ["limit sessions per sandbox 3"])
    a, b, c = (d.shell() for _ in range(3))
    answer = d.connect()
    assert answer.status == 429
    assert answer.json == {"error": "Too many sessions"}
    assert d.connect("cat").status == 200
    b[1].drop()
    detached(d, b[0])
    due = time.monotonic() + 1.1	# it is known to the second
    wait_for(lambda: time.monotonic() > due)
    a[1].drop()
    detached(d, a[0])
    new = d.shell()
    d.logged("session %s of demo ended: made room" % b[0])
    assert set(d.sessions()) >= {a[0], c[0], new[0]}
    assert d.ws(b[0]).closed() == (1011, "Session not found")
    back = d.ws(a[0])
    back.until(b"$ ")
    assert d.connect().status == 429
    for ws in (back, c[1], new[1]):
        ws.type("echo x$((20+3))y\n")
        ws.until(b"x23y")
        ws.drop()


def test_sessions_of_a_principal(start):
    both = [ALICE, MALLORY]
    d = start({"one": {"pty": ["/bin/sh"], "owner": both},
               "two": {"pty": ["/bin/sh"], "owner": both}},
              ["limit sessions per principal 2"])
    first = d.ws(d.open("one"))
    sid = d.open("two")
    second = d.ws(sid)
    for ws in (first, second):
        ws.until(b"$ ")
    for name in ("one", "two"):
        answer = d.connect(name)
        assert (answer.status, answer.json) == (
            429, {"error": "Too many sessions"})
    mallory = d.open("one", token=d.token(MALLORY))
    second.bye()
    detached(d, sid)
    d.open("two")
    d.logged("ended: made room")
    assert mallory in d.sessions()
    first.type("echo x$((20+3))y\n")
    first.until(b"x23y")
    first.drop()


def test_a_fresh_session_is_not_the_oldest(start):
    """One that waits for its first client is not taken from it."""
    d = start(lines=["limit sessions per sandbox 1"])
    sid = d.open()
    assert d.connect().status == 429
    d.ws(sid).until(b"$ ")


def test_one_that_is_being_attached_to(start):
    """Who comes back in time has its session, also while the worker has not
    said so yet."""
    d = start(lines=["limit sessions per sandbox 1"])
    sid, ws = d.shell()
    ws.drop()
    detached(d, sid)
    worker = d.worker("demo")
    os.kill(worker, signal.SIGSTOP)
    try:
        ws = d.ws(sid)
        assert d.connect().status == 429
    finally:
        os.kill(worker, signal.SIGCONT)
    ws.until(b"$ ")
    ws.drop()
    detached(d, sid)
    new, ws = d.shell()
    d.logged("session %s of demo ended: made room" % sid)
    assert list(d.sessions()) == [new]
    ws.drop()


def test_viewers(start):
    d = start(lines=["limit viewers per session 2"])
    sid, one = d.shell()
    two = d.sse(sid)
    two.until(b"$ ")
    assert d.ws(sid).closed() == (1013, "Too many viewers")
    answer = d.ask("GET", "/ssh/stream/" + sid)
    assert (answer.status, answer.json) == (
        429, {"error": "Too many viewers"})
    one.bye()
    three = d.ws(sid)
    three.until(b"$ ")
    three.type("echo x$((20+3))y\n")
    two.until(b"x23y")
    two.stop()
    three.drop()


OVER = {"error": "Too many requests, please try again later."}


def test_requests(start):
    """Over the limit: 429, until the window has moved on; nothing else of
    that client suffers."""
    d = start(lines=["limit requests 8 per 2"], frontends=2)
    sid, ws = d.shell()
    path = "/ssh/disconnect/00000000-0000-4000-8000-000000000000"
    seen = []
    for _ in range(100):
        before = time.time()
        answer = d.ask("DELETE", path)
        seen.append(answer.status)
        head = answer.headers
        assert head["x-ratelimit-limit"] == "8"
        assert 0 <= int(head["x-ratelimit-remaining"]) < 8
        assert before <= int(head["x-ratelimit-reset"]) <= time.time() + 3
        if answer.status == 429:
            break
    assert answer.status == 429 and 404 in seen
    assert answer.json == OVER
    assert answer.headers["retry-after"] == "2"
    assert answer.headers["x-ratelimit-remaining"] == "0"
    # The window may just have moved.
    wait_for(lambda: Ws(d.port, d.ws_path(sid)).status == 429, every=0)
    ws.type("echo x$((20+3))y\n")
    ws.until(b"x23y")
    wait_for(lambda: d.ask("DELETE", path).status == 404)
    ws.drop()


def test_upgrades_count(start, hour):
    d = start(lines=["limit requests 10 per 3600"])
    sid, ws = d.shell()
    statuses = []
    for _ in range(10):
        other = Ws(d.port, d.ws_path(sid))
        statuses.append(other.status)
        other.drop()
    assert statuses[0] == 101 and statuses[-1] == 429
    assert "retry-after" in {k.lower() for k, _ in
                             other.response.headers.raw_items()}
    ws.drop()


def test_input_counts_for_the_session(start, hour):
    """Once authorised, keys do not use up what the address has; a session
    has a hundred a second."""
    d = start(lines=["limit requests 10 per 3600"], frontends=1)
    sid, ws = d.shell("cat")
    auth = bearer(d.token())
    body = json.dumps({"data": "x"})
    with Http(d.port) as http:
        def post():
            return http.ask("POST", "/ssh/input/" + sid, body,
                            {"Content-Type": "application/json", **auth})
        assert post().status == 200
        for _ in range(60):
            answer = post()
            assert answer.status == 200
        assert answer.headers["x-ratelimit-limit"] == "100"
    # At once, so that they are within a second; a few addresses may have so
    # many connections at the door.
    crowd = [Http(d.port, source="127.0.1.%d" % (1 + i // 50))
             for i in range(150)]
    pid, = d.process("frontend")
    with held(pid):
        for http in crowd:
            http.send("POST", "/ssh/input/" + sid, body,
                      {"Content-Type": "application/json", **auth})
    answers = [http.answer() for http in crowd]
    assert {a.status for a in answers} == {200, 429}
    assert all(a.json == OVER for a in answers if a.status == 429)
    for http in crowd:
        http.close()
    ws.drop()


def test_forwarded(start, hour):
    """The address behind proxies that are configured, and no other."""
    d = start(lines=["limit requests 3 per 3600", "proxy 127.0.0.0/8",
                     "proxy 10.0.0.0/8"])

    def last(*headers):
        """Use up the count of this address; how many were allowed."""
        n = 0
        for _ in range(10):
            answer = d.ask("GET", "/", token=None, headers={
                "X-Forwarded-For": ", ".join(headers)} if headers else {})
            if answer.status == 429:
                return n
            n += 1
        return n
    assert last("192.0.2.1") == 3
    assert last("192.0.2.1") == 0
    # What the client wrote itself is further left and does not count.
    assert last("198.51.100.7", "192.0.2.1") == 0
    assert last("192.0.2.1", "192.0.2.2") == 3
    # Trusted hops are passed over.
    assert last("192.0.2.2", "10.1.2.3", "127.0.0.9") == 0
    assert last("192.0.2.3", "10.1.2.3") == 3
    assert last() == 3
    assert last("not an address") == 0
    # A /64 is one source.
    assert last("2001:db8::1") == 3
    assert last("2001:db8::ffff:1") == 0
    assert last("2001:db8:0:1::1") == 3


def test_forwarded_of_strangers(start, hour):
    """Without a proxy line the header is not read."""
    d = start(lines=["limit requests 3 per 3600"])
    statuses = [d.ask("GET", "/", token=None, headers={
        "X-Forwarded-For": "192.0.2.%d" % i}).status for i in range(6)]
    assert statuses[3:] == [429] * 3
    assert 429 not in statuses[:3]


def test_forwarded_in_the_log(start):
    d = start(lines=["proxy 127.0.0.0/8"])
    sid = d.open(headers={"X-Forwarded-For": "192.0.2.77"})
    ws = Ws(d.port, d.ws_path(sid), {"X-Forwarded-For": "192.0.2.78"})
    ws.until(b"$ ")
    d.logged('event="attach".*address="192.0.2.78"')
    assert d.ctl("show", "viewers")[0][5] == "192.0.2.78"
    ws.drop()


@pytest.fixture
def descriptors():
    """Enough of them."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 3000:
        pytest.skip("only %d descriptors" % hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 3000), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("what", [b"", b"GET / HTTP/1.1\r\nHost: x\r\n"])
def test_half_open(start, descriptors, what):
    """Two thousand connections of one address that say nothing, or half
    of a request: a new client is served at once."""
    d = start(lines=["timeout request 60"])
    _, ws = d.shell()
    crowd = []
    for _ in range(2000):
        s = socket.socket()
        s.connect(("127.0.0.1", d.port))
        if what:
            try:
                s.sendall(what)
            except ConnectionError:
                pass
        crowd.append(s)
    for _ in range(5):
        begun = time.monotonic()
        sid, new = d.shell()
        assert time.monotonic() - begun < 20
        new.type("exit\n")
        assert new.closed() == (1000, "closed")
    ws.type("echo x$((20+3))y\n")
    ws.until(b"x23y")
    for s in crowd:
        s.close()
    ws.drop()


def test_slow_head(start):
    """A request that comes too slowly is ended, however it trickles."""
    d = start(lines=["timeout request 2"])
    begun = time.monotonic()
    with connect(d.port) as s:
        s.setblocking(False)
        text = b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 1000
        at, got = 0, None
        while got is None and time.monotonic() - begun < 20:
            try:
                at += s.send(text[at:at + 1])
                got = s.recv(1000)
            except BlockingIOError:
                due = time.monotonic() + 0.05
                wait_for(lambda: time.monotonic() > due, every=0.05)
            except ConnectionError:
                got = b""
        assert 1.5 < time.monotonic() - begun < 15
        assert got == b"" or got.startswith(b"HTTP/1.1 408 ")


BODY = 102400
POST = (b"POST /ssh/connect HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        b"Content-Length: %d\r\n\r\n" % BODY)


@pytest.mark.plain
def test_many_long_bodies(start, descriptors):
    """From many addresses, without a token, and never complete: there is an
    end to what is kept of them, and short requests are served."""
    d = start(frontends=1, lines=["timeout request 60"])
    pid, = d.process("frontend")
    before = memory(pid)
    crowd = []
    for i in range(1200):
        s = connect(d.port, source="127.0.1.%d" % (1 + i // 100))
        with contextlib.suppress(ConnectionError):
            s.sendall(POST + b"x" * (BODY - 1))
        crowd.append(s)
    # All that it can take it has taken; the rest has got its answer.
    wait_for(lambda: memory(pid) - before > 100 << 20)
    poll = select.poll()
    for s in crowd:
        poll.register(s, select.POLLIN)
    answered = [fd for fd, _ in poll.poll(1000 * WAIT)]
    told = [s.recv(100) for s in crowd if s.fileno() in answered]
    assert told and all(t.startswith(b"HTTP/1.1 503 ") for t in told)
    assert memory(pid) - before < 150 << 20
    sid, ws = d.shell()
    assert d.input(sid, "echo x$((20+3))y\n").status == 200
    ws.until(b"x23y")
    for s in crowd:
        s.close()
    assert raw(d.port, POST + b"x" * BODY).startswith(b"HTTP/1.1 401 ")
    ws.drop()
