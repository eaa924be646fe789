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
What a terminal gets and gives, byte for byte.

What can break: a paste that looks like a resize and vanishes; a size of
zero; a byte that is not UTF-8; a character cut in two by a frame, which a
browser then shows as two wrong ones.
"""

import base64
import time

import pytest

import shells
from clients import BINARY, CONT, TEXT


@pytest.mark.parametrize("text", [
    '{"type":"resize","cols":120,"rows":40}',
    '{"rows":40,"type":"resize","cols":120}',
    ' { "type" : "resize" , "cols" : 120, "rows" : 40 } ',
    '{"type":"resize","cols":120,"rows":40}' + 90 * " ",
])
def test_resize(daemon, text):
    _, ws = daemon.shell()
    ws.text(text)
    ws.type("stty size\n")
    ws.until(b"stty size\r\n40 120\r\n")
    ws.drop()


def test_resize_in_fragments(daemon):
    _, ws = daemon.shell()
    ws.frame(TEXT, b'{"type":"resize",', fin=False)
    ws.frame(CONT, b'"cols":120,"ro', fin=False)
    ws.frame(9, b"ping")
    ws.frame(CONT, b'ws":40}')
    ws.type("stty size\n")
    ws.until(b"stty size\r\n40 120\r\n")
    ws.drop()


def test_resize_reaches_the_program(start):
    shells.resizes(start({"winch": {"script": shells.WINCH}}), "winch")


DROPPED = ["0", "-1", "1001", "65536", "4294967297",
           "18446744073709551617", "-99999999999999999999"]


@pytest.mark.parametrize("size", DROPPED)
def test_resize_out_of_range(daemon, size):
    """Neither applied nor typed."""
    sid, ws = daemon.shell("cat")
    ws.resize(size, 24)
    ws.resize(80, size)
    ws.resize(size, size)
    ws.type("end")
    assert ws.until(b"end") == b"end"
    shell, term = daemon.shell()
    term.resize(size, 24)
    term.type("stty size\n")
    term.until(b"stty size\r\n24 80\r\n")
    ws.drop()
    term.drop()


TYPED = [
    '{"type":"resize","cols":80}',
    '{"type":"resize","cols":80,"rows":24,"x":1}',
    '{"type":"resize","cols":"80","rows":24}',
    '{"type":"resize","cols":80.5,"rows":24}',
    '{"type":"resize","cols":null,"rows":24}',
    '{"type":"resize","cols":true,"rows":24}',
    '{"type":"Resize","cols":80,"rows":24}',
    '{"type":"resize","cols":80,"rows":24}x',
    '[{"type":"resize","cols":80,"rows":24}]',
    '{"type":"resize","cols":81,"cols":80,"rows":24}',
    "{'type':'resize','cols':80,'rows':24}",
    '{"type":"resize","cols":80,"rows":24}' + 100 * " ",
    '{"type":"ping"}', "{}", "[]", "null", '"x"', "{", "",
    '{"type":"resize","cols":080,"rows":24}',
    '{"type":"resize","cols":80,"rows":24,}',
    '/**/{"type":"resize","cols":80,"rows":24}',
]


def test_what_looks_like_a_resize(daemon):
    """It is typed, as it is."""
    _, ws = daemon.shell("cat")
    for text in TYPED:
        ws.text(text)
        ws.text("|")
        assert ws.until(b"|") == text.encode() + b"|"
    ws.drop()


def test_binary_is_never_parsed(daemon):
    _, ws = daemon.shell("cat")
    data = b'{"type":"resize","cols":120,"rows":40}'
    ws.binary(data)
    ws.binary(b"|")
    assert ws.until(b"|") == data + b"|"
    ws.drop()


def test_every_byte(daemon):
    """Through a binary frame and back, not one changed."""
    _, ws = daemon.shell("cat")
    data = bytes(range(256)) + b"\xff\xfe\xc3(\xed\xa0\x80\xf5" + b"."
    ws.binary(data)
    assert ws.has(5 + len(data)) == b"READY" + data
    ws.frame(BINARY, data[:100], fin=False)
    ws.frame(CONT, data[100:])
    assert ws.has(5 + 2 * len(data)) == b"READY" + 2 * data
    ws.drop()


def test_every_byte_npm_ws(daemon):
    ws = daemon.jsws(daemon.open("cat"))
    ws.until(b"READY")
    data = bytes(range(256)) + b"end"
    ws.order(binary=base64.b64encode(data).decode())
    assert ws.until(b"end") == data
    ws.stop()


def test_long_paste(daemon):
    """Up to the limit of a message."""
    shells.pastes(daemon, "cat", (127, 128, 129, 65535, 65536, 1024 * 1024))


SPLIT = r"""
import os, sys, time
text = sys.argv[1].encode()
while True:
    for i in range(len(text)):
        os.write(1, text[i:i + 1])
        time.sleep(0.002)
    os.read(0, 1)
"""
EVERY = "a\u00e4\u20ac\U0001f600" * 30 + "."


def whole(pieces):
    """Does each decode alone?"""
    try:
        return bool([p.decode() for p in pieces])
    except UnicodeDecodeError:
        return False


def test_character_in_pieces(start):
    """Each frame and each event decodes alone.  Only who waits a tenth of a
    second within a character may see its parts, which a busy machine can
    bring about: it may try again."""
    d = start({"split": {"script": "import tty\ntty.setraw(0)" + SPLIT,
                         "args": [EVERY]}})
    sid = d.open("split")
    sse, ws = d.sse(sid), d.ws(sid)
    assert sse.event() == ("connected", sid)
    sse.events.clear()
    for _ in range(10):
        for client in (ws, sse):
            assert client.until(b".").decode() == EVERY
        pieces = [base64.b64decode(f) for f in ws.frames]
        assert b"".join(pieces).decode() == EVERY
        ok = len(pieces) > 1 and whole(pieces) and whole(
            base64.b64decode(data) for _, data in sse.events)
        if ok:
            break
        sse.events.clear()
        ws.frames.clear()
        ws.type("x")
    assert ok
    ws.drop()
    sse.stop()


@pytest.mark.parametrize("data", [b"\xc3", b"\xe2\x82", b"\xf0\x9f\x98",
                                  b"abc\xe2\x82"])
def test_rest_of_a_character_that_does_not_come(daemon, data):
    """It is waited for, but not for long, and comes out unchanged."""
    _, ws = daemon.shell("cat")
    begin = time.monotonic()
    ws.binary(data)
    ws.has(5 + len(data))
    took = time.monotonic() - begin
    assert 0.08 < took < 10
    assert ws.out == b"READY" + data
    ws.drop()


def test_incomplete_at_the_end(start):
    """At the end nothing is waited for and nothing is lost."""
    d = start({"cut": {"pty": ["/usr/bin/printf", r"ab\342\202"]}})
    ws = d.ws(d.open("cut"))
    assert ws.closed() == (1000, "closed")
    assert ws.out == b"ab\xe2\x82"


def test_text_only(daemon):
    """Every frame is text of its own: the client asserts it of each, here
    with a lot of them."""
    _, ws = daemon.shell()
    ws.type("head -c 300000 /dev/urandom; echo e$((1+1))d\n")
    ws.until(b"e2d\r\n")
    ws.drop()
