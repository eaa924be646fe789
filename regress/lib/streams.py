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


"""Sessions that count, and clients that miss no number."""

import select
import time

from clients import WAIT

# Numbered lines, a hundred a second.
COUNT = {"pty": ["/usr/bin/perl", "-e", "$| = 1; for (;;) { print "
                 "'line ', $i++, qq(\\n); select undef, undef, undef, 0.01 }"
                 ]}
SANDBOXES = {"count": COUNT, "other": COUNT, "demo": {"pty": ["/bin/sh"]}}
SESSIONS = 10


class Stream:
    """A session that counts, and a client that sees every number."""

    def __init__(self, d, sandbox="count"):
        self.sid = d.open(sandbox)
        self.ws = d.ws(self.sid)
        self.next = 0

    def check(self):
        """What has come goes on where it was, and is forgotten."""
        ws = self.ws
        end = ws.out.rfind(b"\n") + 1
        for line in ws.out[:end].splitlines():
            assert line == b"line %d" % self.next
            self.next += 1
        ws.out = ws.out[end:]
        ws.frames.clear()


class Streams:
    def __init__(self, d, n=SESSIONS, sandbox="count"):
        self.all = [Stream(d, sandbox) for _ in range(n)]
        self.advance()

    def pump(self, seconds=0.0):
        ready, _, _ = select.select([s.ws for s in self.all], [], [],
                                    seconds)
        for ws in ready:
            ws.pump()
        for s in self.all:
            s.check()
            assert not s.ws.eof, "lost its client"

    def advance(self, lines=20):
        """All of them go on, without a gap, by so many lines."""
        goal = {s: s.next + lines for s in self.all}
        end = time.monotonic() + WAIT
        while any(s.next < goal[s] for s in self.all):
            assert time.monotonic() < end, [s.next for s in self.all]
            self.pump(0.5)

    def until(self, what, seconds=WAIT):
        end = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < end
            self.pump(0.01)

    def drop(self):
        for s in self.all:
            s.ws.drop()
