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

"""gatewayctl attach against servers that are wrong.

What can break: a hang or a crash because of what a server sends, output
twice, bytes from outside on the terminal.
"""

import base64
import hashlib
import os
import socket
import subprocess
import time

import pytest

from native import (CTL, SID, Gateway, Socket, after, failed, run, short,
                    text)


@pytest.mark.parametrize("frames, why", [
    (b"\x82\x81\0\0\0\0x", "masked frame"),
    (b"\xc2\x01x", "reserved bit"),
    (b"\x82\x7f\x7f" + b"\xff" * 7, "too big"),
    (b"\x82\x7f\0\0\0\0\x01\0\0\x01", "too big"),
    (b"\x81\x7f\0\0\0\0\0\x40\0\x01x", "too big"),
    (b"\x82\x7e\x00\x01x", "not minimal"),
    (text(b"hello"), "malformed message"),
    (text(b"{}"), "malformed message"),
    (text(b'{"type":5}'), "malformed message"),
    (text(b'{"type":"exit","type":"gap"}'), "malformed message"),
    (text(b"[" * 10000), "malformed message"),
    (text(b'{"type":"x","a":' + b'{"a":' * 5000), "malformed message"),
    (text({"type": "attached"}), "malformed beginning"),
    (text({"type": "gap", "from": 5, "to": 4}), "malformed gap"),
    (text({"type": "gap", "from": 5, "to": 9}), "malformed gap"),
    (text({"type": "gap", "from": 0, "to": -1}), "malformed gap"),
    (text({"type": "gap", "from": 0, "to": 2 ** 63}), "malformed gap"),
    (text({"type": "accepted", "bytes": 1}), "more input accepted"),
    (text({"type": "accepted"}), "more input accepted"),
    (text({"type": "screen", "data": "%"}), "malformed screen"),
    (text(b"\xff"), "UTF-8"),
    (b"\x88\x01x", "half a close code"),
], ids=short)
def test_bad_frames(token, frames, why):
    with Gateway(after(frames)) as g:
        failed(run(token, g.url), 255, why)


def test_screens_without_end(token):
    picture = text({"type": "screen", "data": "QUFB" * 10000})

    def answer(req):
        ws = req.upgrade()
        while True:
            ws.sock.sendall(picture)

    r, w = os.pipe()
    with Gateway(answer) as g:
        proc = subprocess.Popen(
            [CTL, "attach", "-t", str(token), g.url, SID], stdout=w,
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        os.close(w)
        time.sleep(1)
        with open("/proc/%d/statm" % proc.pid) as f:
            assert int(f.read().split()[1]) * 4096 < 64 << 20
        proc.kill()
        proc.communicate()
    os.close(r)


@pytest.mark.parametrize("attached", [
    {"session": SID[:-1] + "e"}, {"session": 5}, {"offset": -1},
    {"offset": "0"}, {"cols": None}, {"mode": None}, {"type": "gap"},
], ids=short)
def test_bad_beginning(token, attached):
    with Gateway(after(**attached)) as g:
        failed(run(token, g.url), 255, "beginning")


def test_output_before_beginning(token):
    def answer(req):
        ws = Socket(req)
        ws.send(b"x")
        ws.end()

    with Gateway(answer) as g:
        failed(run(token, g.url), 255, "before the beginning")


def test_backwards(token):
    """A place before ours would be output twice."""
    def first(req):
        ws = req.upgrade(offset=100)
        ws.send(b"x")

    with Gateway(first, after(offset=100)) as g:
        got = run(token, g.url)
    assert got.returncode == 255
    assert b"malformed beginning" in got.err


def handshake(req, **changes):
    key = req.headers["sec-websocket-key"].encode()
    accept = base64.b64encode(hashlib.sha1(
        key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()).decode()
    headers = {"Upgrade": "websocket", "Connection": "Upgrade",
               "Sec-WebSocket-Accept": accept,
               "Sec-WebSocket-Protocol": "terminal.v1", **changes}
    req.sock.sendall(("HTTP/1.1 101 X\r\n" + "".join(
        "%s: %s\r\n" % (k, v) for k, v in headers.items() if v) +
        "\r\n").encode())


@pytest.mark.parametrize("changes, why", [
    ({"Upgrade": None}, "not a WebSocket"),
    ({"Upgrade": "h2c"}, "not a WebSocket"),
    ({"Connection": "close"}, "not a WebSocket"),
    ({"Sec-WebSocket-Accept": None}, "key"),
    ({"Sec-WebSocket-Accept": "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="}, "key"),
    ({"Sec-WebSocket-Protocol": None}, "not the native API"),
    ({"Sec-WebSocket-Protocol": "chat"}, "not the native API"),
    ({"Sec-WebSocket-Extensions": "permessage-deflate"}, "extension"),
], ids=short)
def test_bad_handshake(token, changes, why):
    with Gateway(lambda req: handshake(req, **changes)) as g:
        failed(run(token, g.url), 255, why)


@pytest.mark.parametrize("data, why", [
    (b"SSH-2.0-OpenSSH_9.2\r\n", "not HTTP"),
    (b"\x16\x03\x01\x00\x05", "not HTTP"),
    (b"", "closed by the server"),
    (b"HTTP/1.1 200 OK\r\n", "cut off"),
    (b"HTTP/1.1 200 OK\r\nA: " + b"x" * 20000, "head too large"),
    (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 100, "too many headers"),
    (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 300000, "body too large"),
    (b"HTTP/1.1 404 N\r\nContent-Length: 9999999999\r\n\r\n", "too large"),
    (b"HTTP/1.1 404 N\r\nContent-Length: 5\r\n\r\nabc", "cut off"),
    (b"HTTP/1.1 100 C\r\n\r\n" * 50, "interim"),
    (os.urandom(5000).replace(b"H", b"x"), "not HTTP"),
], ids=short)
@pytest.mark.parametrize("target", [SID, "demo"])
def test_not_http(token, target, data, why):
    def answer(req):
        req.sock.sendall(data)
        req.sock.shutdown(socket.SHUT_WR)
        while req.sock.recv(65536):
            pass

    with Gateway(answer) as g:
        failed(run(token, g.url, target), 255, why)


@pytest.mark.parametrize("body", [
    b"", b"{}", b"[]", b'{"id":5}', b'{"id":"../../x"}',
    b'{"id":"' + SID.encode() + b'","id":"x"}',
    b'{"id":"' + SID.encode() + b'\\r\\nX: y"}',
], ids=short)
def test_bad_id(token, body):
    with Gateway(lambda req: req.answer(201, body)) as g:
        failed(run(token, g.url, "demo"), 255, "not the id")
