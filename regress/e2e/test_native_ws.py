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
The native API on its streams: what a WebSocket and an EventSource get and
give, byte for byte, and how each of them ends.

What can break: a byte that is counted twice or not at all when a client
comes back; a gap that nobody is told of; an exit code that was made up; a
refusal behind the upgrade; an error of one message that ends a session.
"""

import base64
import json
import os
import random
import signal

import pytest

from clients import (BINARY, CONT, PONG, TEXT, WAIT, JsWs, Native, Sse,
                     bearer, wait_for)
from daemon import MALLORY

# Prints N bytes that can be told apart when told to, then what is typed.
FLOOD = """
import os, sys, tty
tty.setraw(0)
os.write(1, b"READY")
n = int(os.read(0, 100))
out = b"".join(b"%08d." % i for i in range(n // 9))
while out:
    out = out[os.write(1, out):]
os.write(1, b"DONE")
os.read(0, 1)
"""


def numbered(n):
    return b"READY" + b"".join(b"%08d." % i for i in range(n // 9)) + b"DONE"


def path(sid, verb, query=""):
    return "/v1/sessions/%s/%s%s" % (sid, verb, query)


def upgrade(d, sid, query="", token=None, **kw):
    token = d.token() if token is None else token
    return Native(d.port, path(sid, "attach", query), bearer(token), **kw)


def attach(d, sid, query="", **kw):
    n = upgrade(d, sid, query, **kw)
    assert n.status == 101, n.response
    assert n.response.headers["Sec-WebSocket-Protocol"] == "terminal.v1"
    wait_for(lambda: n.messages or n.pump(1) and n.messages)
    assert n.messages[0]["type"] == "attached"
    return n


def events(d, sid, query="", last=None):
    head = {} if last is None else {"Last-Event-ID": str(last)}
    return Sse(d.port, path(sid, "output", query),
               {**bearer(d.token()), **head})


def shell(d, sandbox="demo", **body):
    sid = d.native_open(sandbox, **body)
    n = attach(d, sid)
    n.until(b"$ " if sandbox == "demo" else b"READY")
    return sid, n


def flood(d, size):
    sid = d.native_open(cmd="/usr/bin/python3", args=["-c", FLOOD])
    n = attach(d, sid)
    n.until(b"READY")
    n.type("%d" % size)
    return sid, n


# Output and input

def test_attached(daemon):
    sid, a = shell(daemon, cols=100, rows=30)
    assert a.messages[0] == {"type": "attached", "session": sid, "offset": 0,
                             "cols": 100, "rows": 30, "mode": "rw"}
    a.type("echo one\n")
    a.until(b"one\r\n$ ")
    b = attach(daemon, sid, "?mode=ro&offset=2")
    assert b.messages[0] == {"type": "attached", "session": sid, "offset": 2,
                             "cols": 100, "rows": 30, "mode": "ro"}
    b.has(len(a.out) - 2)
    assert b.out == a.out[2:] and b.offset == a.offset == len(a.out)
    c = attach(daemon, sid, "?offset=%d" % a.offset)
    c.sync()
    assert c.out == b"" and c.offset == a.offset
    a.bye()
    b.bye()
    c.bye()


def test_every_byte(daemon):
    """There and back, not one changed, and all of it accepted."""
    _, n = shell(daemon, "cat")
    n.messages.clear()
    data = bytes(range(256)) * 300
    for i in range(0, len(data), 7001):
        n.binary(data[i:i + 7001])
    n.has(5 + len(data))
    assert n.out[5:] == data
    n.sync()
    told = [m["bytes"] for m in n.messages if m["type"] == "accepted"]
    assert told == sorted(told) and told[-1] == len(data)
    assert len(told) == len(n.messages)
    n.bye()


def test_fragments(daemon):
    _, n = shell(daemon, "cat")
    n.frame(BINARY, b"ab", fin=False)
    n.frame(9, b"between")
    n.frame(CONT, b"cd")
    n.until(b"abcd")
    n.frame(TEXT, b'{"type":', fin=False)
    n.frame(CONT, b'"pi', fin=False)
    n.frame(PONG, b"")
    n.frame(CONT, b'ng"}')
    assert n.said("pong") == {"type": "pong"}
    n.bye()


def test_early(daemon):
    """Sent along with the request for the upgrade."""
    sid = daemon.native_open("cat")
    n = Native(daemon.port, path(sid, "attach"), bearer(daemon.token()),
               early=b"\x82\x83\0\0\0\0abc"
               b'\x81\x8f\0\0\0\0{"type":"ping"}')
    n.said("pong")
    n.until(b"abc")
    assert n.messages[0]["type"] == "attached"
    n.bye()


# Messages

ERRORS = [
    ("bad_message", ["", "ls\n", "[]", "{}", '{"type":"input"}',
                     '{"type":"ping","type":"ping"}', '{"type":1}',
                     '{"type":"resize","cols":0,"rows":24}',
                     '{"type":"resize","cols":80}',
                     '{"type":"resize","cols":"80","rows":24}',
                     '{"type":"signal","name":"BOO"}',
                     '{"type":"ping"}' + 1010 * " ",
                     '{"type":"ping","x":"' + 5000 * "x" + '"}']),
]


def test_errors_end_nothing(daemon):
    _, n = shell(daemon, "cat")
    for code, texts in ERRORS:
        for text in texts:
            n.text(text)
            error = n.said("error")
            assert error.pop("message")
            assert error == {"type": "error", "code": code}
    n.tell(type="ping", more=[1, 2])
    n.said("pong")
    n.type("still")
    n.until(b"still")
    n.bye()


def test_read_only(daemon):
    sid, n = shell(daemon, "cat")
    ro = attach(daemon, sid, "?mode=ro")
    ro.type("never")
    assert ro.said("error")["code"] == "read_only"
    ro.resize(90, 30)
    assert ro.said("error")["code"] == "read_only"
    ro.tell(type="signal", name="KILL")
    assert ro.said("error")["code"] == "read_only"
    ro.tell(type="ping")
    ro.said("pong")
    n.type("|")
    assert n.until(b"|") == b"|"
    assert not any(m["type"] == "resize" for m in n.messages)
    ro.bye()
    n.bye()


def test_resize_is_told_to_all(daemon):
    sid, a = shell(daemon)
    b = attach(daemon, sid, "?mode=ro")
    a.resize(120, 40)
    for n in (a, b):
        assert n.said("resize") == {"type": "resize", "cols": 120,
                                    "rows": 40}
    a.resize(120, 40)
    assert daemon.native("POST", "/sessions/%s/resize" % sid,
                         {"cols": 1000, "rows": 1}).status == 204
    for n in (a, b):
        assert n.said("resize") == {"type": "resize", "cols": 1000,
                                    "rows": 1}
    a.resize(77, 33)
    a.type("stty size\n")
    a.until(b"\r\n33 77\r\n")
    a.bye()
    b.bye()


TRAP = ("trap 'echo [int]' INT; trap 'echo [usr]' USR1; "
        "trap 'echo [term]' TERM; echo READY; "
        "while :; do sleep 0.05; done")


def test_signal(daemon):
    sid = daemon.native_open(cmd="/bin/sh", args=["-c", TRAP])
    n = attach(daemon, sid)
    n.until(b"READY")
    for name, said in (("INT", b"[int]"), ("SIGUSR1", b"[usr]"),
                       ("TERM", b"[term]")):
        n.tell(type="signal", name=name)
        n.until(said)
    n.tell(type="signal", name="KILL")
    assert n.closed() == (1000, "exit")
    assert n.messages[-1] == {"type": "exit", "signal": "KILL"}


# Ends

@pytest.mark.parametrize("script, told", [
    ("exit 0", {"code": 0}), ("exit 7", {"code": 7}),
    ("exit 255", {"code": 255}), ("kill -TERM $$", {"signal": "TERM"}),
    ("kill -SEGV $$", {"signal": "SEGV"})])
def test_exit(daemon, script, told):
    """All output, then how it ended; the same for those who come late."""
    sid = daemon.native_open(cmd="/bin/sh", args=[
        "-c", "printf READY; read x; printf 'last words'; " + script])
    n, s = attach(daemon, sid), events(daemon, sid)
    n.until(b"READY")
    n.type("\n")
    assert n.closed() == (1000, "exit")
    assert n.out.endswith(b"last words")
    assert n.messages[-1] == {"type": "exit", **told}
    rest = s.rest()
    assert rest[-1] == ("exit", json.dumps(told, separators=(",", ":")))
    assert s.out == n.out and s.id == n.offset
    late = attach(daemon, sid, "?offset=%d" % (n.offset - 5))
    assert late.closed() == (1000, "exit")
    assert late.out == b"words" and late.messages[-1]["type"] == "exit"
    s = events(daemon, sid, last=n.offset)
    assert s.rest() == rest[-1:]
    assert daemon.native_status(sid)["exit"] == told


def test_exit_before_anybody_came(daemon):
    sid = daemon.native_open(cmd="/bin/echo", args=["short"])
    wait_for(lambda: daemon.native_status(sid)["state"] == "exited")
    n = attach(daemon, sid)
    assert n.closed() == (1000, "exit")
    assert n.out == b"short\r\n"
    assert n.messages[-1] == {"type": "exit", "code": 0}


def test_closed(daemon):
    """By DELETE, and by the operator."""
    sid, n = shell(daemon)
    s = events(daemon, sid)
    assert daemon.native_end(sid).status == 204
    assert n.closed() == (1000, "closed")
    assert not any(m["type"] == "exit" for m in n.messages)
    name, data = s.rest()[-1]
    assert name == "error" and json.loads(data)["code"] == "closed"
    assert upgrade(daemon, sid).status == 404

    sid, n = shell(daemon)
    # What is left of the others is still listed, and this one not yet.
    (row,) = wait_for(lambda: [r for r in daemon.ctl("show", "viewers")
                               if r[1] == sid])
    daemon.ctl("detach", "viewer", row[0])
    assert n.closed() == (1000, "closed")
    assert daemon.native_status(sid)["state"] == "running"


def test_worker_died(start):
    """No Close, and no exit: nobody knows."""
    d = start()
    d.faults = True
    sid, n = shell(d)
    s = events(d, sid)
    os.kill(d.worker("demo"), signal.SIGKILL)
    assert n.closed() is None
    assert all(name is None for name, _ in s.rest())
    wait_for(lambda: upgrade(d, sid).status == 404)


def test_stop(start):
    d = start()
    sid, n = shell(d)
    s = events(d, sid)
    d.kill(signal.SIGTERM)
    assert n.closed() == (1001, "stopping")
    name, data = s.rest()[-1]
    assert name == "error" and json.loads(data)["code"] == "unavailable"
    d.wait()


def test_revoked(start):
    d = start(lines=["recheck 1"])
    sid, n = shell(d)
    s = events(d, sid)
    d.sandboxes["demo"]["owner"] = [MALLORY]
    d.write()
    d.reload()
    try:
        assert n.closed() == (1008, "revoked")
        name, data = s.rest()[-1]
        assert name == "error" and json.loads(data)["code"] == "forbidden"
    finally:
        d.sandboxes["demo"].pop("owner")


def test_closing_handshake(daemon):
    sid, n = shell(daemon)
    assert n.bye(1000, "done") == (1000, "")
    for opcode, data, code in ((3, b"", 1002), (TEXT, b"\xc3(", 1007)):
        n = attach(daemon, sid)
        n.frame(opcode, data)
        assert n.closed()[0] == code
    assert daemon.native_status(sid)["state"] == "running"


# Refusals: before the upgrade, as HTTP

@pytest.mark.parametrize("query, code", [
    ("?offset=3000000", "invalid_offset"), ("?offset=-1", "invalid_offset"),
    ("?offset=", "invalid_offset"), ("?offset=1x", "invalid_offset"),
    ("?offset=18446744073709551616", "invalid_offset"),
    ("?offset=18446744073709551615", "invalid_offset"),
    ("?mode=wr", "bad_request"), ("?screen=2", "bad_request"),
    ("?screen=1&offset=0", "bad_request")])
def test_refused(daemon, query, code):
    sid, n = shell(daemon)
    no = upgrade(daemon, sid, query)
    assert no.status == 400 and no.error["code"] == code
    n.bye()


def test_refused_for_other_reasons(daemon):
    sid, n = shell(daemon)
    for no, status, code in (
            (upgrade(daemon, sid, token="x"), 401, "unauthorized"),
            (upgrade(daemon, sid, token=daemon.token(exp=-9)), 401,
             "token_expired"),
            (upgrade(daemon, sid, token=daemon.token(MALLORY)), 404,
             "not_found"),
            (upgrade(daemon, sid[:-1] + "x"), 404, "not_found"),
            (upgrade(daemon, "0" * 36), 404, "not_found")):
        assert no.status == status and no.error["code"] == code
    old = Native.protocols
    Native.protocols = ["other", "chat"]
    try:
        no = upgrade(daemon, sid)
    finally:
        Native.protocols = old
    assert no.status == 400 and no.error["code"] == "bad_request"
    n.bye()


def test_ticket(daemon):
    """Once, for what it was asked for, and no more than that."""
    sid, n = shell(daemon, "cat")
    other = daemon.native_open("cat")
    ticket = daemon.ticket(session=sid, mode="ro")
    query = "?ticket=" + ticket
    assert upgrade(daemon, other, query, token="").status in (401, 404)
    ro = Native(daemon.port, path(sid, "attach", query))
    assert ro.status == 101
    ro.until(b"READY")
    assert ro.messages[0]["mode"] == "ro"
    assert Native(daemon.port, path(sid, "attach", query)).status == 401
    ro.bye()
    n.bye()


# Coming back

def test_reattach_in_a_flood(daemon):
    """Whatever is cut off, and wherever: no byte is missing or twice."""
    size = 1500000
    seed = random.randrange(1 << 32)
    print("seed", seed)
    rnd = random.Random(seed)
    sid, n = flood(daemon, size)
    want = numbered(size)
    out = n.out
    n.drop()
    for _ in range(40):
        at = len(out)
        n = attach(daemon, sid, "?offset=%d" % at, rcvbuf=16384)
        for _ in range(rnd.randrange(40)):
            if not n.pump(0.02, rnd.randrange(1, 8192)):
                break
        assert n.gaps == []
        out += n.out
        assert n.offset == len(out)
        n.reset() if rnd.random() < 0.5 else n.drop()
    n = attach(daemon, sid, "?offset=%d" % len(out))
    n.has(len(want) - len(out))
    assert out + n.out == want
    n.bye()


def test_event_source(daemon):
    """It reconnects with the last id that it saw, and offset left as is."""
    size = 900000
    sid, n = flood(daemon, size)
    n.has(len(numbered(size)))
    out, last = b"", None
    for stop in (1, 2, 5, 9):
        s = events(daemon, sid, "?offset=0", last)
        assert s.status == 200
        assert s.headers["content-type"].startswith("text/event-stream")
        for _ in range(stop):
            s.event()
        out += s.out
        last = s.id
        assert last == len(out)
        s.stop()
    s = events(daemon, sid, "?offset=0", last)
    while len(out) + len(s.out) < n.offset:
        s.event()
    assert out + s.out == numbered(size) and s.id == n.offset
    s.stop()
    n.bye()


def test_gap(daemon):
    """More than is kept: what is left is told, and adds up."""
    size = 6000003
    sid, n = flood(daemon, size)
    want = numbered(size)
    n.has(len(want))
    old = attach(daemon, sid, "?offset=3")
    wait_for(lambda: old.pump(1) and old.offset == len(want))
    assert len(old.gaps) == 1
    (start, end), = old.gaps
    assert start == 3 and len(want) - end >= 1 << 20
    assert old.out == want[end:]
    s = events(daemon, sid, "?offset=3")
    name, data = s.event()
    assert name == "gap" and json.loads(data) == {"from": 3, "to": end}
    assert s.id == end
    while s.id < len(want):
        s.event()
    assert s.out == want[end:]
    # Without an offset it is the oldest that there is.
    new = attach(daemon, sid)
    assert new.messages[0]["offset"] == end
    new.has(len(want) - end)
    assert new.out == want[end:] and new.gaps == []
    s.stop()
    for ws in (n, old, new):
        ws.bye()


def test_slow_reader(daemon):
    """Who reads nothing is passed and told; who reads gets everything."""
    size = 8000001
    sid = daemon.native_open(cmd="/usr/bin/python3", args=["-c", FLOOD])
    n = attach(daemon, sid)
    n.until(b"READY")
    slow = attach(daemon, sid, "?mode=ro", rcvbuf=65536)
    n.type("%d" % size)
    want = numbered(size)
    n.has(len(want))
    assert n.out == want and n.gaps == []
    wait_for(lambda: slow.pump(1) and slow.offset == len(want))
    assert slow.gaps
    got = want
    for start, end in reversed(slow.gaps):
        got = got[:start] + got[end:]
    assert slow.out == got
    n.bye()
    slow.bye()


def test_screen(daemon):
    sid, n = shell(daemon, "cat")
    n.type(b"\x1b[?1049h\x1b[2J\x1b[5;9Hfull\r\n|")
    n.until(b"|")
    late = attach(daemon, sid, "?screen=1")
    screen = late.said("screen")
    assert late.messages[1] == screen
    assert late.messages[0]["offset"] == n.offset
    assert b"full" in base64.b64decode(screen["data"], validate=True)
    n.type("more")
    late.until(b"more")
    assert late.out == b"more" and late.offset == n.offset + 4
    n.bye()
    late.bye()


# npm's ws

def test_npm_ws(daemon):
    sid = daemon.native_open("cat")
    ws = JsWs(daemon.port, path(sid, "attach"), bearer(daemon.token()),
              ["terminal.v1"])
    event = ws.event()
    assert event == {"open": "", "protocol": "terminal.v1"}
    assert json.loads(js_text(ws))["type"] == "attached"
    out = b""
    while not out.endswith(b"READY"):
        out += base64.b64decode(ws_event(ws)["binary"])
    ws.order(text='{"type":"ping"}')
    assert js_text(ws) == '{"type":"pong"}'
    ws.order(binary=base64.b64encode(b"\0\xff").decode())
    got = {}
    while len(got) < 2:
        event = ws_event(ws)
        got.update(event)
    assert base64.b64decode(got["binary"]) == b"\0\xff"
    assert json.loads(got["text"]) == {"type": "accepted", "bytes": 2}
    ws.order(close=[1000, "done"])
    assert ws_event(ws) == {"close": 1000, "reason": ""}
    ws.stop()


def ws_event(ws):
    """JsWs.event() takes text for /ssh's base64."""
    while True:
        event = json.loads(ws.line(WAIT))
        if "ping" not in event:
            return event


def js_text(ws):
    return ws_event(ws)["text"]
