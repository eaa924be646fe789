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
Clients that are slow, and terminals that do not read.

What can break: memory that grows with what a client does not take; a slow
client that holds back others, or loses bytes it had a right to; input that
is typed by half.
"""

import contextlib
import hashlib
import os
import textwrap
import threading
import time

import pytest

from clients import BINARY, WAIT, connect, drain, frame_bytes, wait_for
from daemon import SAN, Daemon, alive, memory, proc_stat, tree

MIB = 1024 * 1024
# The ring: replay, high mark, one read; and what a page here and there is.
RING = 2 * MIB + 64 * 1024

# Blocks that know their number, so that none can be lost or come twice.
FLOOD = r"""
import os, sys, tty
tty.setraw(0)
os.write(1, b"READY")
while True:
    n = b""
    while not n.endswith(b"\n"):
        n += os.read(0, 1)
    pad = b"\xe2\x82\xac" * 20000
    for i in range(int(n) // 65536):
        block = (b"%012d" % i + pad).ljust(65536, b".")
        while block:
            block = block[os.write(1, block):]
"""

# The same, but the end of its terminal does not end it.
DEAF = """
import signal
signal.signal(signal.SIGHUP, signal.SIG_IGN)
try:
%s
except OSError:
    while True:
        signal.pause()
""" % textwrap.indent(FLOOD, "    ")

# It reads nothing until a file is there, then gives all back.
LATER = ("stty raw -echo; printf READY; "
         "while [ ! -e %s ]; do sleep 0.05; done; exec cat")


def flood(n):
    """The checksum of what the program above writes."""
    digest = hashlib.sha256()
    pad = b"\xe2\x82\xac" * 20000
    for i in range(n // 65536):
        digest.update((b"%012d" % i + pad).ljust(65536, b"."))
    return digest.hexdigest()


@pytest.fixture
def flooded(start):
    """A daemon whose clients may stall for so many seconds."""
    def run(stalled=60):
        return start({"flood": {"script": FLOOD},
                      "demo": {"pty": ["/bin/sh"]}},
                     ["timeout stalled %d" % stalled])
    return run


class Reader:
    """Counts and sums what a WebSocket brings, keeps nothing."""

    def __init__(self, ws):
        self.ws = ws
        self.digest = hashlib.sha256()
        ws.count_only(self.digest.update)

    def read(self, n):
        while self.ws.count < n:
            assert self.ws.pump(WAIT), (self.ws.count, self.ws.close_frame)

    def done(self, n):
        self.read(n)
        assert self.ws.count == n
        assert self.digest.hexdigest() == flood(n)


def producers(d):
    """The flooding programs."""
    found = set()
    for pid, _ in tree(d.proc.pid):
        with contextlib.suppress(OSError), \
                open("/proc/%d/comm" % pid) as f:
            if f.read().startswith("python3"):
                found.add(pid)
    return found


def written(pid):
    with open("/proc/%d/io" % pid) as f:
        return int(f.read().split("wchar:")[1].split()[0])


def settled(pid, seconds=0.5):
    """Wait until the program has not written for that long, after the
    megabyte that a session takes at least."""
    last, since = -1, time.monotonic()

    def quiet():
        nonlocal last, since
        now = written(pid)
        if now != last or now < MIB:
            last, since = now, time.monotonic()
        return time.monotonic() - since >= seconds
    wait_for(quiet, 60)
    return last


def begin(d, **kw):
    """A session, a client of it, and the pid of its program."""
    before = producers(d)
    sid = d.open("flood")
    ws = d.ws(sid, **kw)
    ws.until(b"READY")
    (pid,) = producers(d) - before
    return sid, Reader(ws), pid


@pytest.mark.parametrize("n", [
    20 * MIB, pytest.param(500 * MIB, marks=pytest.mark.large)])
def test_stalled_client(flooded, n):
    """It stops reading: the terminal is held, memory stays, another session
    of the same worker goes on; when it reads again all is there."""
    d = flooded()
    _, reader, pid = begin(d, rcvbuf=65536)
    _, other, _ = begin(d)
    before = memory(d.worker("flood"))
    reader.ws.type("%d\n" % n)
    held = settled(pid)
    assert held < 16 * MIB
    other.ws.type("65536\n")
    other.done(65536)
    if not SAN:
        assert memory(d.worker("flood")) - before < RING + MIB
    reader.done(n)
    if not SAN:
        assert memory(d.worker("flood")) - before < RING + MIB
    reader.ws.drop()
    other.ws.drop()


def test_stalled_client_keeps_no_shell(start):
    """The five seconds of a deleted session's shell begin at once, not when
    a client that does not read has been given up."""
    d = start({"flood": {"script": DEAF}}, ["timeout stalled 300"])
    sid, reader, pid = begin(d, rcvbuf=16384)
    reader.ws.type("%d\n" % (20 * MIB))
    settled(pid, 1)
    started = proc_stat(pid)[2]
    before = time.monotonic()
    d.delete(sid)
    wait_for(lambda: not alive(pid, started), 60)
    # Not sooner either; timers may be a moment early.
    assert time.monotonic() - before > 4.5
    assert d.sessions()[sid][2] == "1"
    reader.ws.drop()


@pytest.mark.plain
def test_memory_after_much_output(flooded):
    """What a session keeps does not grow with what it has seen."""
    d = flooded()
    _, reader, _ = begin(d)
    ws = reader.ws
    ws.type("%d\n" % (4 * MIB))
    reader.done(4 * MIB)
    worker = d.worker("flood")
    before = memory(worker)
    for _ in range(4):
        ws.count, reader.digest = 0, hashlib.sha256()
        ws.check = reader.digest.update
        ws.type("%d\n" % (25 * MIB))
        reader.done(25 * MIB)
    assert memory(worker) - before < MIB
    ws.drop()


def test_trickling_reader(flooded):
    """It takes a little all the time, and so is not given up."""
    d = flooded(stalled=4)
    n = 6 * MIB
    _, reader, _ = begin(d, rcvbuf=16384)
    ws = reader.ws
    ws.type("%d\n" % n)
    end = time.monotonic() + 9
    while time.monotonic() < end:
        # 100 KiB of frames in each half second.
        due = time.monotonic() + 0.5
        taken = 0
        while taken < 100 * 1024:
            ws.pump(1, 16384)
            taken += 16384
        wait_for(lambda: time.monotonic() > due)
    reader.done(n)
    ws.drop()


def test_given_up(flooded):
    """It takes nothing for too long and the ring passes it: 1013; the
    session lives on."""
    d = flooded(stalled=5)
    n = 8 * MIB
    sid, reader, pid = begin(d, rcvbuf=16384)
    ws = reader.ws
    ws.type("%d\n" % n)
    # It has as long to hear of that as it was waited for.
    wait_for(lambda: written(pid) > n)
    assert ws.closed() == (1013, "too slow")
    assert ws.count < n
    d.logged(r'event="detach".*reason="too slow"')
    back = d.ws(sid)
    back.type("65536\n")
    back.until(b"%012d" % 0)
    back.drop()


def test_slow_among_fast(flooded):
    """Who keeps up is not held back; who does not is closed 1013."""
    d = flooded()
    n = 8 * MIB
    sid, reader, _ = begin(d)
    ws = reader.ws
    slow = d.ws(sid, rcvbuf=16384)
    slow.until(b"READY")
    ws.type("%d\n" % n)
    reader.done(n)
    assert slow.closed() == (1013, "too slow")
    ws.drop()


def test_slow_stream(flooded):
    """The same for a stream of events: it ends with an error."""
    d = flooded()
    n = 8 * MIB
    sid, reader, _ = begin(d)
    with connect(d.port, rcvbuf=16384) as slow:
        slow.sendall(("GET /ssh/stream/%s?token=%s HTTP/1.1\r\nHost: x\r\n"
                      "\r\n" % (sid, d.token())).encode())
        wait_for(lambda: d.sessions()[sid][2] == "2")
        reader.ws.type("%d\n" % n)
        reader.done(n)
        got = drain(slow)
    assert len(got) < n
    assert got.endswith(b'event: error\ndata: {"message":"too slow"}\n\n'
                        b"\r\n0\r\n\r\n")
    d.logged(r'event="detach".*reason="too slow"')
    reader.ws.drop()


# Input

@pytest.fixture
def later():
    """A terminal that reads nothing before d.go()."""
    d = Daemon(start=False)
    go = os.path.join(d.dir, "go")
    d.sandboxes = {"later": {"pty": ["/bin/sh", "-c", LATER % go]}}
    d.write()
    d.go = lambda: open(go, "w").close()
    d.start()
    yield d
    d.go()
    d.stop()


def attach(d):
    sid = d.open("later")
    ws = d.ws(sid)
    ws.until(b"READY")
    return sid, ws


def test_input_blocked(later):
    """A body is typed whole or, after ten seconds, not at all."""
    d = later
    sid, ws = attach(d)
    taken, body = [], None
    for letter in "abcdefgh":
        body = letter * 90000
        begun = time.monotonic()
        answer = d.input(sid, body)
        if answer.status != 200:
            break
        taken.append(body)
    assert len(taken) >= 2
    assert (answer.status, answer.json) == (503, {"error": "Input blocked"})
    assert 9 < time.monotonic() - begun < 20
    # A small one still fits and comes behind what waits.
    assert d.input(sid, "small|").status == 200
    d.go()
    ws.until(b"|")
    assert ws.out == ("READY" + "".join(taken) + "small|").encode()
    ws.drop()


def test_input_waits_its_turn(later):
    """A body that does not fit waits, and is typed when there is room."""
    d = later
    sid, ws = attach(d)
    answers = []

    def post(letter):
        answers.append(d.input(sid, letter * 100000).status)
    threads = [threading.Thread(target=post, args=(c,)) for c in "abcd"]
    for t in threads:
        t.start()
    wait_for(lambda: len(answers) >= 2)
    d.go()
    for t in threads:
        t.join(WAIT)
    assert answers == [200] * 4
    ws.has(5 + 400000)
    rest = ws.out[5:].decode()
    runs = [rest[i:i + 100000] for i in range(0, 400000, 100000)]
    assert sorted(runs) == [c * 100000 for c in "abcd"]
    ws.drop()


def test_client_that_types_much(later):
    """It is not read while the terminal does not, and nothing is lost."""
    d = later
    sid, ws = attach(d)
    data = b"".join(b"%015d\n" % i for i in range(5 * MIB // 16))
    stream = b"".join(frame_bytes(BINARY, data[i:i + 100000])
                      for i in range(0, len(data), 100000))
    ws.sock.setsockopt(1, 7, 65536)		# SO_SNDBUF
    ws.sock.setblocking(False)
    at, since = 0, time.monotonic()
    while time.monotonic() - since < 1:
        try:
            at += ws.sock.send(stream[at:at + 65536])
            since = time.monotonic()
        except BlockingIOError:
            ws.pump(0.05)
        assert at < len(stream), "all was read"
    if not SAN:
        assert memory(d.worker("later")) < 8 * MIB
    d.go()
    while at < len(stream):
        try:
            at += ws.sock.send(stream[at:at + 65536])
        except BlockingIOError:
            ws.pump(1)
    ws.sock.setblocking(True)
    ws.has(5 + len(data), 2 * WAIT)
    assert ws.out[5:] == data
    ws.drop()


def test_session_ends_while_input_waits(later):
    """The waiting request is answered, not forgotten."""
    d = later
    sid, ws = attach(d)
    answers = []

    def post(letter):
        answers.append(d.input(sid, letter * 100000))
    threads = [threading.Thread(target=post, args=(c,)) for c in "abcd"]
    for t in threads:
        t.start()
    wait_for(lambda: len(answers) >= 2)
    assert d.delete(sid).status == 200
    for t in threads:
        t.join(WAIT)
    assert {a.status for a in answers} <= {200, 404}
    assert len(answers) == 4
    assert 404 in {a.status for a in answers}
    assert ws.closed() == (1000, "closed")
    assert proc_stat(d.proc.pid) is not None
