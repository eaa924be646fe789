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
Clients that break the rules, and clients that vanish.

What can break: one malformed frame that ends more than its connection;
fragments without an end that fill the memory; a peer that is gone and
still has its place; a close code that has been forgotten.
"""

import os
import re
import select
import socket
import struct

import pytest

from clients import (BINARY, CLOSE, CONT, PING, PONG, TEXT, Ws, bearer,
                     connect, frame_bytes, wait_for)
from daemon import MALLORY, SANDBOXES, Daemon, memory

MIB = 1024 * 1024
SINK = "stty raw -echo; printf READY; exec cat >/dev/null"


@pytest.fixture(scope="module")
def sink():
    d = Daemon({**SANDBOXES, "sink": {"pty": ["/bin/sh", "-c", SINK]}})
    yield d
    d.stop()


def head(first, second, rest=b""):
    return bytes([first, second]) + rest + b"\0\0\0\0"


def frames(*args):
    return b"".join(frame_bytes(*a) for a in args)


ABUSE = {
    "unmasked": (frame_bytes(TEXT, b"x", mask=False), 1002),
    "rsv1": (frame_bytes(TEXT, b"x", rsv=4), 1002),
    "rsv2": (frame_bytes(TEXT, b"x", rsv=2), 1002),
    "rsv3": (frame_bytes(BINARY, b"x", rsv=1), 1002),
    "opcode 3": (frame_bytes(3, b"x"), 1002),
    "opcode 11": (frame_bytes(11, b""), 1002),
    "ping in fragments": (frame_bytes(PING, b"x", fin=False), 1002),
    "long ping": (frame_bytes(PING, b"x" * 126), 1002),
    "long close": (frame_bytes(CLOSE, b"\3\350" + b"x" * 124), 1002),
    "continued from nothing": (frame_bytes(CONT, b"x"), 1002),
    "new within fragments": (
        frames((TEXT, b"x", False), (TEXT, b"y")), 1002),
    "negative length": (head(0x82, 0xff, b"\x80" + b"\0" * 7), 1002),
    "close of one byte": (frame_bytes(CLOSE, b"\3"), 1002),
    "close 999": (frame_bytes(CLOSE, b"\3\347"), 1002),
    "close 1005": (frame_bytes(CLOSE, b"\3\355"), 1002),
    "close 1006": (frame_bytes(CLOSE, b"\3\356"), 1002),
    "close 5000": (frame_bytes(CLOSE, b"\x13\x88"), 1002),
    "close reason": (frame_bytes(CLOSE, b"\3\350\xff"), 1007),
    "text": (frame_bytes(TEXT, b"a\xffb"), 1007),
    "text, overlong": (frame_bytes(TEXT, b"\xc0\x80"), 1007),
    "text, surrogate": (frame_bytes(TEXT, b"\xed\xa0\x80"), 1007),
    "text, cut": (frame_bytes(TEXT, b"a\xe2\x82"), 1007),
    "text, in fragments": (
        frames((TEXT, b"\xe2", False), (CONT, b"(")), 1007),
    "one byte too many": (
        head(0x82, 0xff, (MIB + 1).to_bytes(8, "big")), 1009),
    "huge": (head(0x82, 0xff, b"\x7f" + b"\xff" * 7), 1009),
    "huge text": (head(0x81, 0xff, (1 << 40).to_bytes(8, "big")), 1009),
    "huge in fragments": (
        frame_bytes(BINARY, b"x", fin=False) +
        head(0x80, 0xff, MIB.to_bytes(8, "big")), 1009),
}


@pytest.mark.parametrize("name", ABUSE)
def test_frames(sink, name):
    """The right code for it, and nobody else notices."""
    data, code = ABUSE[name]
    sid, witness = sink.shell("sink")
    ws = sink.ws(sid)
    ws.until(b"READY")
    ws.send(data)
    assert ws.closed()[0] == code
    witness.ping(b"still")
    wait_for(lambda: witness.pump(1) and witness.pongs)
    wait_for(lambda: sink.sessions()[sid][2] == "1")
    witness.drop()
    assert sink.delete(sid).status == 200


@pytest.mark.parametrize("name", ["unmasked", "text", "huge", "opcode 3"])
def test_frames_right_behind_the_handshake(sink, name):
    data, code = ABUSE[name]
    ws = Ws(sink.port, sink.ws_path(sink.open()), early=data)
    assert ws.closed()[0] == code


def test_frames_before_anything_is_known(daemon):
    """A client that may not attach, and sends junk, is told why it may
    not."""
    sid = daemon.open()
    for token, close in ((None, (1008, "Authentication required")),
                         ("x.y.z", (1008, "Invalid token"))):
        for data, _ in ABUSE.values():
            ws = Ws(daemon.port, daemon.ws_path(sid, token), early=data)
            got = ws.closed()
            assert got is None or got[0] in (1002, 1007, 1009) or \
                got == close


def test_close_codes_of_clients(daemon):
    """What a client may say it may say, and gets its code back."""
    sid, ws = daemon.shell()
    ws.drop()
    for code in (1000, 1001, 1003, 1007, 1011, 3000, 4999):
        ws = daemon.ws(sid)
        assert ws.bye(code, "x" * 123)[0] == code
    ws = daemon.ws(sid)
    ws.frame(CLOSE, b"")
    close = ws.closed()
    assert close is not None and close[0] in (None, 1000)


@pytest.mark.plain
@pytest.mark.parametrize("size", [65536, 10000, 125])
def test_a_gigabyte_of_fragments(sink, size):
    """Without an end: closed at the limit of a message, memory flat."""
    sid, witness = sink.shell("sink")
    ws = sink.ws(sid)
    ws.until(b"READY")
    before = memory(sink.worker("sink"))
    piece = frame_bytes(CONT, b"x" * size, fin=False)
    sent = size
    ws.frame(BINARY, b"x" * size, fin=False)
    while sent < 1024 * MIB and not ws.eof and ws.close_frame is None:
        try:
            ws.send(piece)
        except OSError:
            break
        sent += size
        ws.pump(0)
    if ws.close_frame is None:
        ws.closed()
    assert ws.close_frame[0] == 1009
    assert sent < 64 * MIB
    assert memory(sink.worker("sink")) - before < 2 * MIB
    witness.drop()
    sink.delete(sid)


def test_empty_fragments(sink):
    """They add up to nothing and may go on."""
    sid, ws = sink.shell("sink")
    ws.frame(BINARY, b"", fin=False)
    many = frame_bytes(CONT, b"", fin=False) * 10000
    for _ in range(20):
        ws.send(many)
    ws.frame(CONT, b"x")
    ws.ping(b"there")
    wait_for(lambda: ws.pump(1) and ws.pongs)
    ws.drop()
    sink.delete(sid)


def test_ping(daemon):
    sid, ws = daemon.shell()
    for data in (b"", b"x", b"\xff" * 125):
        ws.pongs.clear()
        ws.ping(data)
        wait_for(lambda: ws.pump(1) and ws.pongs)
        assert ws.pongs == [data]
    # A flood of them costs nothing; the last is answered.
    ws.send(frame_bytes(PING, b"y" * 125) * 2000 + frame_bytes(PING, b"z"))
    wait_for(lambda: ws.pump(1) and ws.pongs[-1] == b"z")
    # A pong that nobody asked for is nothing.
    ws.frame(PONG, b"unasked")
    ws.type("echo x$((20+3))y\n")
    ws.until(b"x23y")
    ws.drop()


def test_pings_of_ours(start):
    """Who does not answer two is dropped; who does stays."""
    d = start(lines=["timeout ping 3"])
    sid, quiet = d.shell()
    quiet.answer_pings, quiet.pings = False, 0
    ws = d.ws(sid)

    def over():
        select.select([ws] + [quiet] * (not quiet.eof), [], [], 1)
        quiet.pump(0)
        ws.pump(0)
        return quiet.eof and ws.pings > 3
    wait_for(over)
    assert quiet.pings in (2, 3)
    ws.type("echo x$((20+3))y\n")
    ws.until(b"x23y")
    ws.drop()
    d.logged(r'event="detach".*reason="no answer"')


@pytest.mark.parametrize("how", ["drop", "reset", "half"])
def test_vanished(daemon, how):
    """Without a Close: the viewer is gone, the session is not."""
    sid, ws = daemon.shell()
    other = daemon.ws(sid)
    if how == "half":
        other.sock.shutdown(socket.SHUT_WR)
    else:
        getattr(other, how)()
    wait_for(lambda: daemon.sessions()[sid][2] == "1")
    ws.type("echo x$((20+3))y\n")
    ws.until(b"x23y")
    ws.drop()


def test_reset_while_much_is_sent(daemon):
    sid, ws = daemon.shell()
    for _ in range(5):
        other = daemon.ws(sid)
        ws.type("seq 1 20000; echo e$((1+1))d\n")
        other.until(b"999\r\n")
        other.reset()
        ws.until(b"e2d\r\n")
    ws.drop()


def test_half_closed_stream(daemon):
    """The end of what a client of events sends is not its end."""
    sid = daemon.open()
    with connect(daemon.port) as s:
        s.sendall(("GET /ssh/stream/%s HTTP/1.1\r\nHost: x\r\nAuthorization:"
                   " Bearer %s\r\n\r\nwhat follows is nothing" %
                   (sid, daemon.token())).encode())
        s.shutdown(socket.SHUT_WR)
        got = b""
        while b"event: connected" not in got:
            got += s.recv(65536)
        daemon.input(sid, "exit\n")
        while True:
            data = s.recv(65536)
            if not data:
                break
            got += data
        assert got.endswith(
            b"event: close\ndata: closed\n\n\r\n0\r\n\r\n")


def test_half_closed_request(daemon):
    """A request whose client has no more to say is answered."""
    with connect(daemon.port) as s:
        s.sendall(("POST /ssh/connect HTTP/1.1\r\nHost: x\r\nX-Sandbox-Id: "
                   "demo\r\nAuthorization: Bearer %s\r\n\r\n" %
                   daemon.token()).encode())
        s.shutdown(socket.SHUT_WR)
        assert s.recv(65536).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("body", ["{", '{"data":"x"', "\xff", '{"data":x}',
                                  '{"data":"\\ud800"}x', "[" * 5000])
def test_malformed_json(daemon, body):
    sid, ws = daemon.shell("cat")
    answer = daemon.ask("POST", "/ssh/input/" + sid, body.encode("latin-1"),
                        headers={"Content-Type": "application/json"})
    assert answer.status == 400
    assert "error" in answer.json and len(answer.body) < 300
    assert answer.json["error"] != ""
    daemon.input(sid, "|")
    assert ws.until(b"|") == b"|"
    ws.drop()


def test_body_limit(daemon):
    sid, ws = daemon.shell("cat")
    frame = len('{"data":""}')
    fits = "x" * (102400 - frame - 1) + "|"
    body = '{"data":"%s"}' % fits
    answer = daemon.ask("POST", "/ssh/input/" + sid, body)
    assert answer.status == 200
    ws.until(b"|")
    assert len(ws.out) == len("READY" + fits)
    answer = daemon.ask("POST", "/ssh/input/" + sid, body + " ")
    assert answer.status == 413
    assert "error" in answer.json
    ws.drop()


def test_disconnected_while_connecting(daemon):
    """A client that gives up before its answer hurts nobody."""
    granted = number(daemon, "grants_total")
    for _ in range(10):
        with connect(daemon.port) as s:
            s.sendall(("POST /ssh/connect HTTP/1.1\r\nHost: x\r\n"
                       "X-Sandbox-Id: demo\r\nAuthorization: Bearer %s\r\n"
                       "\r\n" % daemon.token()).encode())
    # All of them, so that none comes in another's way.
    wait_for(lambda: number(daemon, "grants_total") >= granted + 10)
    daemon.shell()[1].drop()
    wait_for(lambda: {row[2] for row in daemon.sessions().values()} == {"0"})


def number(d, metric):
    return int(re.search(r"(?m)^gatewayd_%s (\d+)$" % metric,
                         d.metrics()).group(1))


def test_many_at_once(daemon):
    """Handshakes, junk and resets interleaved; then all is as before."""
    sid, ws = daemon.shell()
    socks = []
    path = daemon.ws_path(sid)
    upgrade = ("GET %s HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"
               "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
               "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n" %
               path).encode()
    junk = os.urandom(500)
    # Half of them may attach; with both of ours a session has room for all.
    for i in range(60):
        s = connect(daemon.port)
        s.sendall([upgrade, upgrade[:-2], junk, upgrade + junk][i % 4])
        socks.append(s)
        if i % 3 == 0:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                         struct.pack("ii", 1, 0))
            s.close()
    for s in socks:
        s.close()
    wait_for(lambda: daemon.sessions()[sid][2] == "1")
    ws.type("echo x$((20+3))y\n")
    ws.until(b"x23y")
    assert daemon.connect(token=daemon.token(MALLORY)).status == 404
    other = Ws(daemon.port, daemon.ws_path(sid, None),
               bearer(daemon.token()))
    other.until(b"x23y")
    other.drop()
    ws.drop()
