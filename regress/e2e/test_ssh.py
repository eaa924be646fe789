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
The routes under /ssh as their clients use them: two unrelated WebSocket
clients, curl on the event stream, and POST.

What can break: the order in which a browser or an old command line client
does things; the words at the end, which clients show or obey; a byte typed
right behind the handshake.
"""

import json
import os
import subprocess
import threading
import time

import pytest

import shells
from clients import (BINARY, TEXT, Sse, Timeout, Ws, frame_bytes, raw,
                     wait_for)
from daemon import BUILD, UUID

GONE = {"error": "Session not found"}


def test_websocket(daemon):
    answer = daemon.connect()
    assert answer.status == 200
    assert list(answer.json) == ["sessionId"]
    sid = answer.json["sessionId"]
    assert UUID.fullmatch(sid)
    ws = daemon.ws(sid)
    ws.type("echo x$((20+3))y\n")
    ws.until(b"x23y")
    ws.type("exit 3\n")
    assert ws.closed() == (1000, "closed")
    assert daemon.ws(sid).closed() == (1011, "Session not found")
    for verb in (daemon.input(sid, "x"), daemon.resize(sid, {"cols": 9,
                 "rows": 9}), daemon.delete(sid)):
        assert (verb.status, verb.json) == (404, GONE)


def test_npm_ws(daemon):
    ws = daemon.jsws(daemon.open())
    ws.until(b"$ ")
    ws.type("echo x$((20+3))y\n")
    ws.until(b"x23y")
    ws.order(ping="hello")
    while True:
        event = ws.event()
        assert event is not None
        if "pong" in event:
            break
    assert event["pong"] == "hello"
    ws.type("exit\n")
    assert ws.closed() == (1000, "closed")


def test_nothing_negotiated(daemon):
    """Offers of extensions and subprotocols are passed over."""
    ws = Ws(daemon.port, daemon.ws_path(daemon.open()), {
        "Sec-WebSocket-Extensions": "permessage-deflate",
        "Sec-WebSocket-Protocol": "a, b"})
    assert ws.status == 101
    for name in ("Sec-WebSocket-Extensions", "Sec-WebSocket-Protocol"):
        assert name not in ws.response.headers
    ws.drop()


def test_stream_and_post(daemon):
    sid = daemon.open()
    sse = daemon.sse(sid)
    assert sse.status == 200
    for name, value in {"content-type": "text/event-stream",
                        "cache-control": "no-cache",
                        "connection": "keep-alive",
                        "x-accel-buffering": "no",
                        "access-control-allow-origin": "*"}.items():
        assert sse.headers[name] == value
    assert sse.event() == ("connected", sid)
    sse.until(b"$ ")
    answer = daemon.input(sid, "echo x$((20+3))y\n")
    assert (answer.status, answer.json) == (200, {"ok": True})
    sse.until(b"x23y")
    assert daemon.resize(sid, {"cols": 91, "rows": 37}).json == {"ok": True}
    daemon.input(sid, "stty size\n")
    sse.until(b"37 91")
    daemon.input(sid, "exit\n")
    assert sse.rest()[-1] == ("close", "closed")
    sse.stop()


def test_stream_http10(daemon):
    sid = daemon.open()
    sse = daemon.sse(sid, options=["--http1.0"])
    assert sse.status == 200
    assert "transfer-encoding" not in sse.headers
    assert sse.event() == ("connected", sid)
    daemon.input(sid, "exit\n")
    assert sse.rest()[-1] == ("close", "closed")
    sse.stop()


def test_stream_exact_bytes(daemon):
    """Nothing but the bytes that clients were written for."""
    sid = daemon.open("cat")
    request = ("GET /ssh/stream/%s?token=%s HTTP/1.0\r\nHost: x\r\n\r\n" %
               (sid, daemon.token()))
    ws = daemon.ws(sid)
    ws.until(b"READY")
    wait_for(lambda: daemon.sessions()[sid][2] == "1")
    got = []
    thread = threading.Thread(
        target=lambda: got.append(raw(daemon.port, request.encode())))
    thread.start()
    wait_for(lambda: daemon.sessions()[sid][2] == "2")
    daemon.delete(sid)
    thread.join()
    assert got[0].split(b"\r\n\r\n", 1)[1] == (
        b"event: connected\ndata: " + sid.encode() + b"\n\n"
        b"data: UkVBRFk=\n\nevent: close\ndata: closed\n\n")
    ws.drop()


def test_stream_query_token(daemon):
    sid = daemon.open()
    sse = Sse(daemon.port, "/ssh/stream/%s?token=%s" % (sid, daemon.token()))
    assert sse.event() == ("connected", sid)
    sse.stop()


def test_disconnect(daemon):
    sid, ws = daemon.shell()
    sse = daemon.sse(sid)
    assert sse.event() == ("connected", sid)
    answer = daemon.delete(sid)
    assert (answer.status, answer.json) == (200, {"ok": True})
    assert ws.closed() == (1000, "closed")
    assert sse.rest()[-1] == ("close", "closed")
    sse.stop()
    again = daemon.delete(sid)
    assert (again.status, again.json) == (404, GONE)


def test_browser(daemon):
    """Connect, upgrade with the token in the query, type; then the page is
    left: a close without a status, and DELETE, in both orders."""
    origin = {"Origin": "https://app.example.org"}
    for close_first in (True, False):
        sid = daemon.open(cols=80, rows=24, headers=origin)
        ws = Ws(daemon.port, daemon.ws_path(sid), origin)
        ws.until(b"$ ")
        ws.type("stty size\n")
        ws.until(b"24 80")
        ws.resize(120, 40)
        ws.type("stty size\n")
        ws.until(b"40 120")
        if close_first:
            ws.frame(8, b"")
            assert daemon.delete(sid, headers=origin).status in (200, 404)
        else:
            assert daemon.delete(sid, headers=origin).status == 200
            ws.frame(8, b"")
        ws.closed()
        assert daemon.delete(sid, headers=origin).status == 404


def test_command_line(daemon):
    shells.command_line(daemon, "demo")


def test_old_command_line(daemon):
    shells.old_command_line(daemon, "demo")


def test_pipelined_input_in_order(daemon):
    """Requests of one connection are typed in their order, however they
    arrive."""
    sid, ws = daemon.shell("cat")
    head = ("POST /ssh/input/%s HTTP/1.1\r\nHost: x\r\nContent-Type: "
            "application/json\r\nAuthorization: Bearer %s\r\n" %
            (sid, daemon.token()))
    words = ["<%03d>" % i for i in range(60)]
    request = ""
    for i, word in enumerate(words):
        body = json.dumps({"data": word})
        request += head + "Content-Length: %d\r\n" % len(body)
        request += "Connection: close\r\n" if word == words[-1] else ""
        request += "\r\n" + body
    answers = raw(daemon.port, request.encode())
    assert answers.count(b"HTTP/1.1 200 ") == len(words)
    assert answers.count(b'{"ok":true}') == len(words)
    ws.until("".join(words).encode())
    ws.drop()


def test_typed_right_behind_the_handshake(daemon):
    sid = daemon.open("cat")
    with_it = frame_bytes(TEXT, b"one") + frame_bytes(BINARY, b"two")
    ws = Ws(daemon.port, daemon.ws_path(sid), early=with_it)
    ws.type("three")
    # The terminal echoes what comes before it was made raw.
    ws.until(b"three")
    got = ws.out.replace(b"READY", b"")
    assert b"onetwothree" in got
    ws.drop()


@pytest.mark.parametrize("body, size", [
    (None, b"24 80"), ("", b"24 80"), ({}, b"24 80"),
    ({"cols": 33, "rows": 7}, b"7 33"),
    ({"cols": 1000, "rows": 1000}, b"1000 1000"),
])
def test_size_of_connect(daemon, body, size):
    answer = daemon.connect(body=body)
    assert answer.status == 200, answer
    ws = daemon.ws(answer.json["sessionId"])
    ws.until(b"$ ")
    ws.type("stty size\n")
    ws.until(b"\n" + size + b"\r\n")
    ws.drop()


@pytest.mark.parametrize("body", ["{", "[", "1", '"x"', "\x00", "{}x",
                                  '{"cols":1,"cols":2}'])
def test_connect_malformed(daemon, body):
    answer = daemon.connect(body=body, headers={
        "Content-Type": "application/json"})
    assert answer.status == 400
    assert set(answer.json) <= {"error", "message"}


def test_connect_without_id(daemon):
    answer = daemon.ask("POST", "/ssh/connect")
    assert (answer.status, answer.json) == (
        400, {"error": "Missing X-Sandbox-Id"})


def test_no_shell(start):
    """A command that cannot run is an error of connect, and only that."""
    d = start({"demo": {"pty": ["/bin/sh"]},
               "none": {"pty": ["/nonexistent/shell"]},
               "data": {"pty": ["/etc/passwd"]}})
    for name in ("none", "data"):
        answer = d.connect(name)
        assert (answer.status, answer.json) == (
            500, {"error": "Failed to open shell"})
    d.shell()[1].drop()
    wait_for(lambda: len(d.sessions()) == 1)


def test_input_forms(daemon):
    sid, ws = daemon.shell("cat")
    path = "/ssh/input/" + sid
    for body in ({}, {"data": ""}, {"data": None}):
        answer = daemon.ask("POST", path, body)
        assert (answer.status, answer.json) == (200, {"ok": True})
    for body in ({"data": 1}, {"data": ["x"]}, {"data": {}},
                 None, ""):
        answer = daemon.ask("POST", path, body,
                            headers={"Content-Type": "application/json"})
        assert (answer.status, answer.json) == (
            400, {"error": "Invalid input"}), body
    for body in ("{", "x", "[1", '{"data":"a"}{'):
        answer = daemon.ask("POST", path, body,
                            headers={"Content-Type": "application/json"})
        assert answer.status == 400 and "error" in answer.json, body
    daemon.input(sid, "\u20ac\x00\x1b[A\"\\")
    daemon.input(sid, "end")
    ws.until(b"end")
    assert ws.out == b"READY" + "\u20ac\x00\x1b[A\"\\end".encode()
    ws.drop()


def test_resize_forms(daemon):
    sid, ws = daemon.shell()
    path = "/ssh/resize/" + sid
    assert daemon.resize(sid, {"cols": 60, "rows": 20}).status == 200
    for body in ({}, {"cols": 70}, {"rows": 70}, {"cols": 0, "rows": 70},
                 {"cols": 70, "rows": 0}, {"cols": 60, "rows": 20}):
        answer = daemon.resize(sid, body)
        assert (answer.status, answer.json) == (200, {"ok": True}), body
    for body in (None, ""):
        answer = daemon.ask("POST", path, body,
                            headers={"Content-Type": "application/json"})
        assert (answer.status, answer.json) == (
            400, {"error": "Invalid cols/rows"})
    ws.type("stty size\n")
    ws.until(b"20 60")
    ws.drop()


def test_events_of_two_streams(daemon):
    """Streams are independent: the end of one leaves the other."""
    sid = daemon.open()
    one, two = daemon.sse(sid), daemon.sse(sid)
    for sse in (one, two):
        assert sse.event() == ("connected", sid)
        sse.until(b"$ ")
    one.stop()
    for i in range(3):
        daemon.input(sid, "echo x$((%d+1))y\n" % i)
        two.until(b"x%dy" % (i + 1))
    wait_for(lambda: daemon.sessions()[sid][2] == "1")
    two.stop()


def test_stream_comment(start):
    """A stream that is silent has a comment every 15 seconds."""
    d = start()
    begun = time.monotonic()
    sse = d.sse(d.open("cat"))
    sse.until(b"READY")
    silent = time.monotonic()
    while sse.comments == 0:
        assert time.monotonic() - silent < 28
        with pytest.raises(Timeout):
            sse.event(0.5)
    assert time.monotonic() - begun > 14
    assert sse.buf == b"" and sse.comments == 1
    sse.stop()


@pytest.mark.parametrize("name", ["gatewayd-frontend", "gatewayd-catalog",
                                  "sessiond"])
def test_alone(name):
    """Started by hand a program says what it is, and nothing runs."""
    run = subprocess.run([os.path.join(BUILD, name)], capture_output=True,
                         text=True, timeout=20)
    assert run.returncode == 1 and "gatewayd" in run.stderr
