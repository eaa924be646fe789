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
Clients with a valid token that ask for more than anybody needs.

What can break: that one of them ends what others have in the same sandbox,
or keeps the parent busy, which serves all of them.
"""

import json
import os

from clients import TEXT, WAIT, Native, bearer, frame_bytes, wait_for

SIGNALS = 30000


def attach(d, sid):
    n = Native(d.port, "/v1/sessions/%s/attach" % sid, bearer(d.token()))
    assert n.status == 101, n.response
    n.said("attached")
    return n


def cpu(pid):
    """Ticks of the clock that it has used."""
    fields = open("/proc/%d/stat" % pid).read().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def test_signals(daemon):
    """A flood of signals harms neither its session nor its neighbours."""
    d = daemon
    victim = attach(d, d.native_open("demo"))
    victim.until(b"$ ")
    hostile = attach(d, d.native_open("demo"))
    hostile.until(b"$ ")
    worker, before = d.worker("demo"), cpu(d.proc.pid)
    one = frame_bytes(TEXT, json.dumps({"type": "signal",
                                        "name": "CONT"}).encode())
    hostile.send(one * SIGNALS)
    hostile.tell(type="ping")
    hostile.said("pong", 2 * WAIT)
    victim.type("echo still $((40 + 2))\n")
    victim.until(b"still 42")
    assert d.worker("demo") == worker
    # A hundred a second at most are passed on; each costs next to nothing.
    assert cpu(d.proc.pid) - before < 0.2 * os.sysconf("SC_CLK_TCK")
    # It was told, and can send one when it has calmed down.
    assert any(m.get("code") == "unsupported" for m in hostile.messages)
    hostile.type("trap 'echo got-$((1 + 1))' USR1; echo set-$((1 + 1))\n")
    hostile.until(b"set-2")
    wait_for(lambda: hostile.tell(type="signal", name="USR1") or
             hostile.type("\n") or b"got-2" in hostile.out or
             not hostile.pump(0.3) and b"got-2" in hostile.out)
    victim.bye()
    hostile.bye()
