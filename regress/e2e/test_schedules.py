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
Random schedules of a client that comes and goes.

A program prints a known stream, reads a known input, and says what it has
read.  The client attaches by WebSocket or by events, reads for a while, goes
in one of many ways, types by either or by POST, and comes back with the
offset it has come to.  What can break: a byte that is lost, or comes twice,
or out of order, without a gap that says so; input that is lost or doubled; an
exit that nobody hears of.

	make regress SUITE=schedules		ten thousand of them
"""

import base64
import contextlib
import hashlib
import json
import os
import random
import socket
import time
from multiprocessing.pool import ThreadPool

import pytest

from clients import (HOST, WAIT, Http, Native, bearer, connect,
                     readable)
from daemon import SAN, Daemon

SCHEDULES = int(os.environ.get("SCHEDULES", 200 if SAN else 1000))
SEED = int(os.environ.get("SEED", random.SystemRandom().randrange(10**6)))
PARTS = 10
CLIENTS = 6			# at a time

# No line ends: a terminal adds to those.
STREAM = base64.b64encode(random.Random(4).randbytes(3 << 20))

PROGRAM = """stty raw -echo
dd if=%s bs=64k count=%d iflag=count_bytes 2>/dev/null
head -c %d | sha256sum | head -c 64
exit %d"""


class Events:
    """An event stream without a process of its own."""

    def __init__(self, port, path, headers):
        self.sock = connect(port)
        lines = ["GET %s HTTP/1.1" % path, "Host: %s:%d" % (HOST, port)]
        lines += ["%s: %s" % item for item in headers.items()]
        self.sock.sendall("\r\n".join(lines + ["", ""]).encode())
        self.buf = self.text = b""
        self.eof = False
        while b"\r\n\r\n" not in self.buf:
            assert self.fill(WAIT)
        head, self.buf = self.buf.split(b"\r\n\r\n", 1)
        self.status = int(head.split()[1])

    def fill(self, seconds):
        if not readable(self.sock, seconds):
            return False
        data = self.sock.recv(262144)
        self.eof = not data
        self.buf += data
        return True

    def pump(self, seconds):
        """(name, data, id) of what has come, read once."""
        if not self.eof:
            self.fill(seconds)
        while b"\r\n" in self.buf:		# chunks
            size, rest = self.buf.split(b"\r\n", 1)
            n = int(size, 16)
            if len(rest) < n + 2:
                break
            self.text += rest[:n]
            self.buf = rest[n + 2:]
            self.eof |= n == 0
        while b"\n\n" in self.text:
            event, self.text = self.text.split(b"\n\n", 1)
            if not event.startswith(b":"):
                f = dict(line.split(b": ", 1) for line in event.split(b"\n"))
                yield (f.get(b"event"), f[b"data"], int(f.get(b"id", b"-1")))


class Client:
    """What is known of one session."""

    def __init__(self, d, http, rnd):
        self.d, self.http, self.rnd = d, http, rnd
        self.auth = bearer(d.token())
        size = rnd.choice([1, 2, 700, 5000, 70000, 70000, 300000])
        if rnd.random() < 0.04:
            size = len(STREAM) - 1
        self.input = rnd.randbytes(rnd.choice([1, 10, 1000, 20000]))
        self.typed = 0
        self.code = rnd.randrange(256)
        self.want = STREAM[:size] + hashlib.sha256(
            self.input).hexdigest().encode()
        self.at = 0			# the next byte
        self.gaps = []
        self.exit = None
        self.sid = d.native_open(cmd="/bin/sh", args=["-c", PROGRAM % (
            d.stream, size, len(self.input), self.code)])

    def out(self, data):
        assert data == self.want[self.at:self.at + len(data)], self.at
        self.at += len(data)

    def gap(self, start, end):
        assert start == self.at < end <= len(self.want)
        self.gaps.append((start, end))
        self.at = end

    def ended(self, how):
        assert self.at == len(self.want)
        self.exit = how

    def ask(self, method, what, body=None):
        return self.http.ask(method, "/v1/sessions/%s%s" % (
            self.sid, what), body, self.auth)

    def type_by_post(self):
        part = self.next_input()
        answer = self.ask("POST", "/input", part)
        assert answer.status == 204, answer
        self.typed += len(part)

    def may_type(self):
        """What comes before the terminal is raw would be shown."""
        return self.at > 0 and self.typed < len(self.input)

    def next_input(self):
        n = self.rnd.choice([1, 100, 7000, 20000])
        return self.input[self.typed:self.typed + n]

    # One attachment, from the moment it is there to its end.

    def by_ws(self):
        end = time.monotonic() + self.patience()
        query = "?offset=%d" % self.at if self.at or \
            self.rnd.random() < 0.5 else ""
        ws = Native(self.d.port, "/v1/sessions/%s/attach%s" % (
            self.sid, query), self.auth,
            rcvbuf=self.rnd.choice([None, None, 4096]))
        assert ws.status == 101, ws.response
        typing = 0
        while not ws.eof and time.monotonic() < end:
            ws.pump(max(0, end - time.monotonic()),
                    self.rnd.choice([1, 100, 9000, 262144]))
            self.settle(ws, query)
            for m in ws.messages:
                if m["type"] == "exit":
                    self.ended(m["code"])
                elif m["type"] == "accepted":
                    self.typed += m["bytes"] - typing
                    typing = m["bytes"]
            ws.messages.clear()
            if typing == 0 and self.may_type() and self.rnd.random() < 0.2:
                part = self.next_input()
                ws.binary(part)
                # What was taken must be known before we go.
                end = max(end, time.monotonic() + WAIT)
                while typing < len(part):
                    assert ws.pump(end - time.monotonic())
                    for m in ws.messages:
                        if m["type"] == "accepted":
                            typing = m["bytes"]
                self.typed += typing
                typing = len(part)
                ws.messages = [m for m in ws.messages
                               if m["type"] != "accepted"]
                break
        self.settle(ws, query)
        self.leave(ws)

    def settle(self, ws, query):
        """Take what has come, maybe with the answer to the upgrade already:
        where it starts, output and gaps, which are in one order."""
        for m in ws.messages:
            if m["type"] == "attached" and m["offset"] != self.at:
                assert not query	# the beginning of the ring
                self.gap(self.at, m["offset"])
        for start, end in ws.gaps:
            n = start - self.at
            self.out(ws.out[:n])
            ws.out = ws.out[n:]
            self.gap(start, end)
        ws.gaps.clear()
        self.out(ws.out)
        ws.out = b""

    def leave(self, ws):
        how = self.rnd.randrange(5)
        if ws.eof or ws.close_frame is not None or how == 0:
            ws.drop()
            return
        if how == 1:
            ws.reset()
            return
        # The session may have ended, and who is so slow was left.
        with contextlib.suppress(ConnectionError):
            if how == 2:
                ws.bye()
            elif how == 3:
                ws.send(b"\x82\xfe\x10")		# half a frame
            else:
                ws.send(b"\xff" * 9)		# no frame at all
        ws.drop()

    def by_events(self):
        end = time.monotonic() + self.patience()
        headers, query = dict(self.auth), ""
        if self.rnd.random() < 0.5:
            headers["Last-Event-ID"] = str(self.at)
        else:
            query = "?offset=%d" % self.at
        s = Events(self.d.port, "/v1/sessions/%s/output%s" % (
            self.sid, query), headers)
        assert s.status == 200
        while not s.eof and time.monotonic() < end:
            for name, data, ident in s.pump(max(0, end - time.monotonic())):
                if name is None:
                    self.out(base64.b64decode(data, validate=True))
                    assert ident == self.at
                elif name == b"gap":
                    m = json.loads(data)
                    self.gap(m["from"], m["to"])
                    assert ident == self.at
                else:
                    assert name == b"exit", (name, data)
                    self.ended(json.loads(data)["code"])
        if self.rnd.random() < 0.3:
            s.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                              b"\1\0\0\0\0\0\0\0")
        s.sock.close()

    def patience(self):
        return self.rnd.choice([0, 0.001, 0.005, 0.03, 0.1])

    def run(self):
        end = time.monotonic() + 4 * WAIT
        while self.exit is None:
            assert time.monotonic() < end, (self.at, len(self.want))
            step = self.rnd.random()
            if step < 0.15 and self.may_type():
                self.type_by_post()
            elif step < 0.2:
                status = self.ask("GET", "").json
                assert status["offset"] >= self.at
            elif step < 0.6:
                self.by_ws()
            else:
                self.by_events()
        assert self.exit == self.code
        # Of those that are over only the last few are kept, and another
        # client may not be done with its own.
        assert self.ask("DELETE", "").status == 204


@pytest.fixture(scope="module")
def daemon():
    d = Daemon({"demo": {"pty": ["/bin/sh"]}}, lines=["replay 64 kb"])
    d.stream = d.dir + "/stream"
    with open(d.stream, "wb") as f:
        f.write(STREAM)
    with d:
        yield d


def run(daemon, i):
    """How many gaps there were, or what went wrong."""
    with Http(daemon.port) as http:
        c = Client(daemon, http, random.Random("%d.%d" % (SEED, i)))
        try:
            c.run()
        except Exception as e:
            raise AssertionError("SEED=%d, schedule %d, session %s: %r" % (
                SEED, i, c.sid, e)) from e
        return len(c.gaps)


@pytest.mark.parametrize("part", range(PARTS))
def test_schedules(daemon, part):
    with ThreadPool(CLIENTS) as pool:
        gaps = pool.map(lambda i: run(daemon, i),
                        range(part, SCHEDULES, PARTS), 1)
    print("SEED=%d: %d gaps" % (SEED, sum(gaps)))
