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
Much output and much input through a server that wants new keys every
8 MiB, over sockets that hold 4 KiB: every byte, in order.

What can break: a packet that is sent in part; a read of another length
across a change of keys; bytes that wait in a library while the socket is
silent.
"""

import hashlib
import threading

import pytest

import netns
from clients import BINARY, WAIT, frame_bytes
from daemon import Daemon
from sshd import Sshd

MIB = 1024 * 1024
SIZE = 60 * MIB
REKEY = ["RekeyLimit 8M", "LogLevel DEBUG1"]
# Who feeds does not answer.
LINES = ["timeout ping 3600"]
SMALL = {"ipv4/tcp_wmem": "4096 4096 4096", "ipv4/tcp_rmem":
         "4096 4096 4096"}
pytestmark = pytest.mark.large

# A byte that is lost, doubled or changed shows in both.
BLOCK = bytes(range(256)) * 256
SEND = r"""
import os, tty
tty.setraw(0)
os.write(1, b"READY")
block = bytes(range(256)) * 256
for i in range(%d):
    data = b"%%012d" %% i + block[12:]
    while data:
        data = data[os.write(1, data):]
os.read(0, 1)
""" % (SIZE // len(BLOCK))
TAKE = r"""
import hashlib, os, tty
tty.setraw(0)
os.write(1, b"READY")
digest, left = hashlib.sha256(), %d
while left:
    data = os.read(0, 65536)
    digest.update(data)
    left -= len(data)
os.write(1, digest.hexdigest().encode() + b".")
os.read(0, 1)
""" % SIZE


def blocks():
    for i in range(SIZE // len(BLOCK)):
        yield b"%012d" % i + BLOCK[12:]


def digest():
    d = hashlib.sha256()
    for b in blocks():
        d.update(b)
    return d.hexdigest()


def script(s, name, text):
    path = "%s/%s.py" % (s.dir, name)
    with open(path, "w") as f:
        f.write(text)
    return "exec /usr/bin/python3 " + path


def down(d, name="down"):
    ws = d.ws(d.open(name))
    ws.until(b"READY")
    got = hashlib.sha256(ws.out[ws.seen:])
    first = len(ws.out) - ws.seen
    ws.count_only(got.update)
    while first + ws.count < SIZE:
        assert ws.pump(WAIT), "stuck at %d bytes (%s)" % (
            first + ws.count, ws.close_frame)
    assert first + ws.count == SIZE
    assert got.hexdigest() == digest()
    ws.drop()


def feed(ws):
    """All blocks, from a thread, as fast as they are taken."""
    trouble = []

    def run():
        try:
            for b in blocks():
                ws.sock.sendall(frame_bytes(BINARY, b))
        except OSError as e:
            trouble.append(e)
    ws.sock.settimeout(60)
    ws.answer_pings = False		# nobody else may write
    t = threading.Thread(target=run, daemon=True)
    t.start()
    return t, trouble


def up(d, name="up"):
    ws = d.ws(d.open(name))
    ws.until(b"READY")
    t, trouble = feed(ws)
    text = ws.until(b".", 300)[:-1].decode()
    t.join(5)
    assert not trouble
    assert text == digest()
    ws.drop()


def both(d, name="cat"):
    ws = d.ws(d.open(name))
    ws.until(b"READY")
    got = hashlib.sha256()
    ws.count_only(got.update)
    t, trouble = feed(ws)
    while ws.count < SIZE:
        assert ws.pump(WAIT), "stuck at %d bytes (%s)" % (
            ws.count, ws.close_frame)
    t.join(5)
    assert not trouble
    assert (ws.count, got.hexdigest()) == (SIZE, digest())
    ws.drop()


def boxes(s):
    return {"down": s.box(script(s, "send", SEND)),
            "up": s.box(script(s, "take", TAKE)), "cat": s.box("cat")}


WAYS = {"down": down, "up": up, "both": both}


def new_keys(s):
    return s.log().count("SSH2_MSG_NEWKEYS sent")


@pytest.mark.parametrize("way", WAYS)
def test_exact(start, servers, way):
    """With buffers as they are."""
    s = servers(options=REKEY)
    d = start(boxes(s), lines=LINES)
    WAYS[way](d)
    assert new_keys(s) >= SIZE // (8 * MIB)


@pytest.mark.parametrize("way", WAYS)
def test_exact_small_buffers(login, way):
    """With buffers of 4 KiB on both ends of every connection."""
    def run():
        with Sshd(login, options=REKEY) as s:
            d = Daemon(boxes(s), lines=LINES)
            try:
                WAYS[way](d)
                assert new_keys(s) >= SIZE // (8 * MIB)
            finally:
                d.stop()
    why = netns.inside(run, SMALL)
    if why is not None:
        pytest.skip(why)


@pytest.mark.parametrize("way", WAYS)
def test_exact_small_buffers_between(start, servers, peer, way):
    """The same between us and the server only, which needs no root."""
    s = servers(options=REKEY)
    port = peer.proxy(s.port, buffers=4096).port
    d = start({name: {**box, "ssh": ("127.0.0.1", port)}
               for name, box in boxes(s).items()}, lines=LINES)
    WAYS[way](d)
    assert new_keys(s) >= SIZE // (8 * MIB)
