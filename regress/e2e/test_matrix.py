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
Every dialect over every driver and every transport: what goes in, what comes
out, sizes and ends.

What can break: a dialect that relies on how one driver delivers its output;
a driver that one kind of client cannot use; a character that a program
prints in pieces; output that is lost for a client that comes back.
"""

import base64
import hashlib
import json

import pytest

from clients import Native, Sse, bearer, wait_for

TEXT = "a\u00e4\u20ac\U0001f600\0\x1b[0m\"\\\r\n\u2028\x7f|".encode()
BYTES = TEXT[:-1] + b"\x80\xc3(\xe2\x82z\xf0\x9f\x98y\xed\xa0\x80\xff|"

# Prints characters byte by byte, and says neither mark when it is typed.
CHARACTERS = "\u00e4\u20ac\U0001f600\u2500z\U00010348".encode()
PIECES = ("printf '%%s[' b; for b in %s; do printf \"\\\\$b\"; sleep 0.01; "
          "done; printf '%%s]' e\n" % " ".join(
              "%03o" % b for b in CHARACTERS))

# A megabyte, as it is.
MANY = b"".join(b"%d\n" % i for i in range(1, 160000))[:1 << 20]
PRINT = ("stty -opost; printf '%%s[' b; seq 1 160000 | head -c %d; "
         "printf '%%s]' e; stty opost\n" % len(MANY))


class Ssh:
    """What a client does, in the words of one dialect."""

    def __init__(self, d, sandbox, transport):
        self.d, self.transport, self.out = d, transport, b""
        self.options = ["--http1.0"] if transport == "sse10" else []
        self.begin(sandbox)

    def begin(self, sandbox):
        self.sid = self.d.open(sandbox)
        self.attach()

    def attach(self):
        self.client = self.d.ws(self.sid) if self.transport == "ws" else \
            self.d.sse(self.sid, options=self.options)

    def leave(self):
        if self.transport == "ws":
            self.client.drop()
        else:
            self.client.stop()
        self.out = b""

    def typed(self, data):
        """What may be sent, and what of it comes back."""
        return (data, data) if self.transport == "ws" else (TEXT, TEXT)

    def type(self, data):
        if self.transport == "ws":
            self.client.binary(data)
        else:
            assert self.post(data).status in (200, 204)

    def post(self, data):
        return self.d.input(self.sid, data.decode())

    def resize(self, cols, rows):
        if self.transport == "ws":
            self.client.resize(cols, rows)
        else:
            self.d.resize(self.sid, {"cols": cols, "rows": rows})

    def until(self, end):
        """All output up to this."""
        if self.transport == "ws":
            return self.client.until(end)
        while end not in self.out:
            self.out += self.output(self.client.event())
        at = self.out.index(end) + len(end)
        got, self.out = self.out[:at], self.out[at:]
        return got

    def output(self, event):
        name, _ = event
        if name is None:
            out, self.client.out = self.client.out, b""
            return out
        assert name == "connected"
        return b""

    def end(self):
        if self.transport == "ws":
            return self.client.closed()
        return self.client.rest()[-1]

    ends = ((1000, "closed"), ("close", "closed"))


class Tty(Ssh):
    def begin(self, sandbox):
        self.sandbox = sandbox
        self.attach()

    def attach(self):
        self.client = self.d.tty_ws(self.sandbox) \
            if self.transport == "ws" else \
            self.d.tty_sse(self.sandbox, options=self.options)

    def typed(self, data):
        return data, data.decode(errors="replace").encode()

    def post(self, data):
        return self.d.tty("input", self.sandbox, data)

    def resize(self, cols, rows):
        self.d.tty("resize", self.sandbox, {"cols": cols, "rows": rows})

    def output(self, event):
        name, data = event
        assert name == "output"
        return json.loads(data)["data"].encode()

    ends = ((1000, "exit"), ("exit", '{"code":3}'))


class Terminal(Ssh):
    def begin(self, sandbox):
        self.sid = self.d.native_open(sandbox)
        self.attach()

    def attach(self):
        path = "/v1/sessions/%s/" % self.sid
        auth = bearer(self.d.token())
        self.client = Native(self.d.port, path + "attach", auth) \
            if self.transport == "ws" else \
            Sse(self.d.port, path + "output", auth, self.options)

    def typed(self, data):
        return data, data

    def post(self, data):
        return self.d.native_input(self.sid, data)

    def resize(self, cols, rows):
        assert self.d.native("POST", "/sessions/%s/resize" % self.sid, {
            "cols": cols, "rows": rows}).status == 204

    ends = ((1000, "exit"), ("exit", '{"code":3}'))


@pytest.fixture(params=["pty", "ssh"])
def box(request):
    """A daemon, and what its shell is called."""
    if request.param == "pty":
        return request.getfixturevalue("daemon"), "demo"
    return request.getfixturevalue("remote"), "shell"


@pytest.fixture(params=["ws", "sse", "sse10"])
def transport(request):
    return request.param


@pytest.fixture(params=[Ssh, Tty, Terminal])
def dialect(request):
    return request.param


def test_bytes(box, dialect, transport):
    c = dialect(box[0], "cat", transport)
    c.until(b"READY")
    data, back = c.typed(BYTES)
    for _ in range(3):
        c.type(data)
        assert c.until(b"|") == back


def test_shell(box, dialect, transport):
    c = dialect(box[0], box[1], transport)
    c.until(b"$ ")
    c.resize(101, 31)
    wait_for(lambda: size(c) == "31 101")
    c.type(b"exit 3\n")
    assert c.end() == c.ends[transport != "ws"]


def test_pieces(box, dialect, transport):
    """Only who waits a tenth of a second within a character may see its
    parts, which a busy machine can bring about: it may try again."""
    c = dialect(box[0], box[1], transport)
    c.until(b"$ ")
    for _ in range(10):
        c.type(PIECES.encode())
        c.until(b"b[")
        got = c.until(b"e]"), whole(c)
        if got == (CHARACTERS + b"e]", True):
            break
    assert got == (CHARACTERS + b"e]", True)


def whole(c):
    """No frame of a client that decodes each by itself has a part."""
    if isinstance(c, Terminal) or c.transport != "ws":
        return True
    frames = [base64.b64decode(f) if type(c) is Ssh else f
              for f in c.client.frames]
    c.client.frames.clear()
    try:
        return bool([f.decode() for f in frames])
    except UnicodeDecodeError:
        return False


def test_megabyte(box, dialect, transport):
    c = dialect(box[0], box[1], transport)
    c.until(b"$ ")
    c.type(PRINT.encode())
    c.until(b"b[")
    got = c.until(b"e]")[:-2]
    assert len(got) == len(MANY)
    assert hashlib.sha256(got).digest() == hashlib.sha256(MANY).digest()


def test_again(box, dialect, transport):
    """A client that comes back sees what there was, and goes on."""
    c = dialect(box[0], box[1], transport)
    c.until(b"$ ")
    c.type(b"X=kept; echo [$((6*7))]\n")
    before = c.until(b"[42]\r\n$ ")
    c.leave()
    c.attach()
    assert c.until(b"[42]\r\n$ ").endswith(before)
    c.type(b"echo [$X]\n")
    c.until(b"[kept]\r\n")


def size(c):
    c.type(b"stty size; echo [$((6*7))]\n")
    return c.until(b"[42]\r\n").decode().split("\r\n")[-3]
