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
/tty and /pty as their clients see them: output as text, in frames and in
events, one shell for all, and how it ends.

What can break: a character that is cut in two; bytes that make a browser
close the connection; an exit code that is lost; a newline that nobody
typed; two shells where there should be one.
"""

import base64
import json
import os
import random
import signal

import pytest

from clients import JsWs, bearer, wait_for
from daemon import MALLORY

MIXED = ("a\u00e4\u20ac\U0001f600\u2028\u2500\0\x1b[0m\"\\\r\n\x7f".encode() +
         b"\x80\xc3(\xe2\x82z\xf0\x9f\x98y\xf0\x9fx\xed\xa0\x80\xc0\xaf"
         b"\xf4\x90\x80\x80\xff\xfe")

# Echoes what it is sent, each read for itself.
SLOW = """
import os, time, tty
tty.setraw(0)
os.write(1, b"READY")
while True:
    data = os.read(0, 65536)
    for i in range(len(data)):
        os.write(1, data[i:i + 1])
"""


@pytest.fixture(params=["tty", "pty"])
def kind(request):
    return request.param


def output(event):
    """The text of an event; None if it is another one."""
    name, data = event
    if name != "output":
        return None
    data = json.loads(data)
    assert list(data) == ["data"]
    return data["data"].encode()


def hear(sse, end):
    """The output in events, up to this."""
    got = b""
    while not got.endswith(end):
        got += output(sse.event())
    return got


def test_shared(daemon, kind):
    """One shell, by either name, transport and key; and another one."""
    a, b = daemon.tty_ws(kind=kind), daemon.tty_ws(kind="tty")
    a.until(b"$ ")
    a.type("X=shared\n")
    b.until(b"X=shared\r\n$ ")
    b.type("echo $X.\n")
    a.until(b"shared.\r\n$ ")
    b.until(b"shared.\r\n$ ")
    s = daemon.tty_sse(kind=kind)
    assert daemon.tty("input", body="echo from $X\n",
                      kind=kind).status == 204
    hear(s, b"from shared\r\n$ ")
    other = daemon.tty_ws(query="sessionId=other%20key/%21", kind=kind)
    other.until(b"$ ")
    other.type("echo [$X]\n")
    other.until(b"[]\r\n")
    assert len(daemon.sessions()) == 2
    for ws in (a, b, other):
        ws.drop()
    s.stop()


def test_nothing_is_typed(daemon):
    """A second client sees what there was, and nobody presses Return."""
    a = daemon.tty_ws()
    a.until(b"$ ")
    a.type("half a com")
    a.until(b"half a com")
    b = daemon.tty_ws()
    b.until(b"half a com")
    assert a.quiet(0.3) == b"" and b.out == a.out
    a.drop()
    b.drop()


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_text(start, size):
    """Any bytes, however they come: as a decoder reads the whole.  Only who
    waits a tenth of a second within a character may see its parts, which a
    busy machine can bring about: it may try again."""
    d = start({"demo": {"script": SLOW}})
    ws, s = d.tty_ws(), d.tty_sse()
    ws.until(b"READY")
    hear(s, b"READY")
    rnd = random.Random(size)
    data = MIXED + bytes(rnd.randrange(256) for _ in range(3000))
    data = data.replace(b"|", b"!") + b"|"
    want = data.decode(errors="replace")
    for _ in range(10):
        for i in range(0, len(data), size):
            ws.binary(data[i:i + size])
        got = ws.until(b"|").decode()
        assert hear(s, b"|").decode() == got
        if got == want:
            break
    assert got == want
    ws.drop()
    s.stop()


def test_whole_characters(daemon):
    """A long text of them, and no frame or event with a part of one; as
    above it may try again."""
    text = "\u00e4\u20ac\U0001f600x" * 9000 + "|"
    d = daemon
    ws, s = d.tty_ws("cat"), d.tty_sse("cat")
    ws.until(b"READY")
    hear(s, b"READY")
    for _ in range(10):
        ws.frames.clear()
        ws.type(text)
        got = ws.until(b"|").decode(), hear(s, b"|").decode()
        assert len(ws.frames) > 2
        if got == (text, text):
            break
    assert got == (text, text)
    ws.drop()
    s.stop()


def test_held(daemon):
    """The rest of a character that does not come."""
    ws = daemon.tty_ws("cat")
    ws.until(b"READY")
    ws.binary(b"x\xf0\x9f")
    assert ws.until("x\ufffd".encode()) == "x\ufffd".encode()
    ws.binary(b"\x98\x80y")
    assert ws.until(b"y") == "\ufffd\ufffdy".encode()
    ws.drop()


def test_input(daemon):
    """Typed as it is, but for what resizes."""
    ws = daemon.tty_ws("cat")
    ws.until(b"READY")
    for text in ('{"type":"ping"}', '{"type":"resize","cols":"9","rows":9}',
                 "{}", '{"type":"signal","name":"INT"}'):
        ws.type(text + "|")
        assert ws.until(b"|") == text.encode() + b"|"
    ws.resize(0, 10)
    ws.resize(90, 30)
    ws.type("end|")
    assert ws.until(b"|") == b"end|"
    for body in (b'{"data":"x"}|', b"\xff\0|"):
        assert daemon.tty("input", "cat", body).status == 204
        assert ws.until(b"|") == body.decode(errors="replace").encode()
    ws.drop()


def test_size(daemon, kind):
    """Of the first client when it is there in time, else 80 by 24."""
    ws = daemon.tty_ws(kind=kind)
    ws.resize(101, 31)
    ws.until(b"$ ")
    ws.type("stty size\n")
    ws.until(b"31 101\r\n")
    assert daemon.tty("resize", body={"cols": "90", "rows": 40},
                      kind=kind).status == 204
    ws.type("stty size\n")
    ws.until(b"40 90\r\n")
    ws.drop()


@pytest.mark.parametrize("last, code", [
    ("exit 0", 0), ("exit 7", 7), ("exit 255", 255), ("kill -9 $$", 137),
    ("kill -TERM $$", 143)])
def test_exit(start, last, code):
    d = start({"demo": {"pty": ["/bin/sh", "-c",
                                "printf READY; read x; printf bye; " + last]}})
    ws, s = d.tty_ws(), d.tty_sse()
    ws.until(b"READY")
    ws.type("\n")
    assert ws.closed() == (1000, "exit")
    assert ws.out.endswith(b"bye")
    events = s.rest()
    assert events[-1] == ("exit", '{"code":%d}' % code)
    assert b"".join(map(output, events[:-1])) == ws.out
    # Whoever comes next gets a new one.
    ws = d.tty_ws()
    assert ws.until(b"READY") == b"READY"
    ws.drop()


def test_closes(start):
    d = start(lines=["recheck 1"])
    d.faults = True
    assert d.tty_ws("foreign").closed() == (1008, "Forbidden")
    assert d.tty_ws("nothing").closed() == (1008, "Forbidden")
    assert d.tty_ws(token="x").closed() == (1008, "Invalid token")
    assert d.tty_ws(token=d.token(exp=-9)).closed() == (1008, "Token expired")
    assert d.tty_ws(token=None).closed() == (1008, "Authentication required")
    # By the operator: one client, then the shell.
    ws, s = d.tty_ws(), d.tty_sse()
    ws.until(b"$ ")
    rows = wait_for(lambda: [r for r in d.ctl("show", "viewers")
                             if r[2] == "tty/websocket"])
    d.ctl("detach", "viewer", rows[0][0])
    assert ws.closed() == (1000, "closed")
    ws = d.tty_ws()
    ws.until(b"$ ")
    d.ctl("kill", "session", rows[0][1])
    assert ws.closed() == (1000, "exit")
    assert s.rest()[-1] == ("exit", '{"code":255}')
    # The worker dies: nobody can say a word.
    ws, s = d.tty_ws(), d.tty_sse()
    ws.until(b"$ ")
    os.kill(d.worker("demo"), signal.SIGKILL)
    assert ws.closed() is None
    assert all(name == "output" for name, _ in s.rest())
    # Revoked, and stopped.
    wait_for(lambda: not d.sessions())
    ws, cat = d.tty_ws(), d.tty_ws("cat")
    ws.until(b"$ ")
    cat.until(b"READY")
    d.sandboxes["demo"] = {**d.sandboxes["demo"], "owner": [MALLORY]}
    d.write()
    d.reload()
    assert ws.closed() == (1008, "Forbidden")
    d.kill(signal.SIGTERM)
    assert cat.closed() == (1001, "stopping")


def test_session_error(start):
    """A terminal that cannot be opened."""
    d = start({"demo": {"pty": ["/nonexistent/shell"]}})
    assert d.tty_ws().closed() == (1011, "Session error")
    for sse in (d.tty_sse(), d.tty_sse(kind="pty")):
        assert sse.status == 502
        sse.stop()
    answer = d.tty("input", body="x")
    assert answer.status == 502
    assert answer.json["error"] == "Session error"


def test_npm_ws(daemon, kind):
    """It closes with 1007 what is not UTF-8."""
    ws = JsWs(daemon.port, "/%s/cat/ws" % kind, bearer(daemon.token()))
    assert ws.event() == {"open": "", "protocol": ""}
    assert js_until(ws, "READY") == "READY"
    data = b"\xf0\x9f\x98\x80\xf0\x9f\xff\xc3(\0|"
    ws.order(binary=base64.b64encode(data).decode())
    assert js_until(ws, "|") == data.decode(errors="replace")
    ws.order(close=[1000, "client disconnect"])
    assert json.loads(ws.line()) == {"close": 1000, "reason": ""}
    ws.stop()


def js_until(ws, end):
    """JsWs.until() is for /ssh's base64."""
    got = ""
    while not got.endswith(end):
        got += json.loads(ws.line())["text"]
    return got
