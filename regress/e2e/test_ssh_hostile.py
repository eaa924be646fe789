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
SSH servers that mean harm, beside ten honest sessions that must not notice.

What can break: a handshake that waits for ever, and holds the worker's other
sessions or everybody's; memory that a server can make a worker take; an end
that is told as a normal one though the connection was lost; a line in the
log that somebody else has written.
"""

import base64
import os
import random
import re
import select
import threading
import time

import pytest

from clients import WAIT, wait_for
from daemon import SAN, Daemon
from sshd import usable

HONEST = 10
# What an echo of the honest may take at worst, on two busy cores.
PATIENCE = 20 if SAN else 10
# Time enough for all of the servers at once, which share one interpreter.
HANDSHAKE = 12
CAP = 32				# MiB of memory of a worker
FLOOD = 1 if SAN else 2			# seconds of it


class Honest:
    """Sessions that echo all the time, and see to it themselves."""

    def __init__(self, d, names):
        self.all = [d.shell(name)[1] for name in names]
        self.word = [b""] * len(self.all)
        self.since = [time.monotonic()] * len(self.all)
        self.rounds = [0] * len(self.all)
        self.trouble, self.stopping = None, False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        try:
            while not self.stopping:
                for i, ws in enumerate(self.all):
                    self.turn(i, ws)
                select.select(self.all, [], [], 0.05)
                time.sleep(0.01)
        except Exception as e:		# noqa: BLE001
            self.trouble = repr(e)

    def turn(self, i, ws):
        ws.pump(0)
        assert not ws.eof, "session %d was closed: %s" % (i, ws.close_frame)
        if ws.out.endswith(self.word[i]):
            ws.out = b""
            ws.frames.clear()
            self.rounds[i] += 1
            self.word[i] = b"<%d.%d>" % (i, self.rounds[i])
            self.since[i] = time.monotonic()
            ws.type(self.word[i].decode())
        late = time.monotonic() - self.since[i]
        assert late < PATIENCE, "session %d waits for %.1f s" % (i, late)

    def go_on(self):
        """Each of them gets further, from here."""
        before = list(self.rounds)

        def further():
            assert self.trouble is None, self.trouble
            return all(a > b for a, b in zip(self.rounds, before))
        wait_for(further, 2 * PATIENCE)

    def stop(self):
        self.stopping = True
        self.thread.join()
        for ws in self.all:
            ws.drop()


class Arena:
    """The daemon, the honest, and a sandbox for each server."""

    def __init__(self, boxes):
        self.d = Daemon(boxes, lines=[
            "limit dials per worker 10000", "timeout connect 8",
            "timeout handshake %d" % HANDSHAKE, "timeout channel 8",
            "limit memory per worker %d mb" % CAP, "replay 64 kb",
            "timeout detached ssh 10"])
        self.honest = Honest(self.d, list(boxes))
        self.n = 0

    def add(self, *boxes):
        """New sandboxes; their names."""
        names = []
        for box in boxes:
            self.n += 1
            names.append("case%d" % self.n)
            self.d.sandboxes[names[-1]] = box
        self.d.write()
        self.d.reload()
        return names

    def stop(self):
        self.honest.stop()
        # Workers may have been ended by what they met.
        self.d.faults = True
        self.d.stop()


@pytest.fixture(scope="module")
def arena(peer, request):
    if usable() is None:
        box = request.getfixturevalue("sshd").box("cat")
    else:
        box = peer.server().box()
    a = Arena({"honest%d" % i: box for i in range(HONEST)})
    a.honest.go_on()
    yield a
    a.stop()


@pytest.fixture
def ring(arena):
    """Before and after each case the honest are well, and the one process
    that must not notice anything is the same."""
    arena.honest.go_on()
    arena.mark = len(arena.d.log())
    arena.workers = {n: arena.d.worker(n) for n in arena.d.sandboxes
                     if n.startswith("honest")}
    yield arena
    arena.honest.go_on()
    for name, pid in arena.workers.items():
        assert arena.d.worker(name) == pid


# Those that do not let it come to a session.

TIMED_OUT = ["timed out"]
LOST = ["connection lost"]
ANY = TIMED_OUT + LOST
REFUSED = ["authentication failed"]
NO_SHELL = [None]

UNOPENED = [
    *[("hang " + h, {"hang": h}, TIMED_OUT) for h in (
        "accept", "version", "kexinit", "kex", "newkeys", "service", "auth",
        "open", "pty", "shell")],
    ("refused channel", {"refuse": "open"}, NO_SHELL),
    ("refused terminal", {"refuse": "pty"}, NO_SHELL),
    ("refused shell", {"refuse": "shell"}, NO_SHELL),
    ("noise", {"garbage": "before"}, LOST),
    ("noise and end", {"garbage": "before", "stay": False}, LOST),
    ("a web server", {"garbage": "http", "stay": False}, LOST),
    ("a web server that waits", {"garbage": "http"}, LOST),
    ("lines without end", {"garbage": "endless"}, LOST),
    ("a line of 10 MB", {"garbage": "line", "size": 10 << 20}, LOST),
    ("a version of 10 MB", {"garbage": "banner", "size": 10 << 20}, LOST),
    ("an old version", {"garbage": "version"}, LOST),
    ("noise after the version", {"garbage": "after"}, LOST),
    ("the same, other noise", {"garbage": "after", "seed": 2}, LOST),
    ("a packet of 4 GB", {"garbage": "length"}, LOST),
    ("lists of 4 GB", {"garbage": "kexinit"}, LOST),
    ("a reset", {"garbage": "reset"}, LOST),
    ("banners without end", {"flood": "banner"}, ANY),
    ("questions without end", {"flood": "ask",
                               "auth": ["keyboard-interactive:x"]}, REFUSED),
    ("4 billion questions", {"flood": "prompts",
                             "auth": ["keyboard-interactive:x"]}, REFUSED),
]


@pytest.fixture(scope="module")
def unopened(arena, peer):
    """All of them at once, since most only pass the time."""
    arena.honest.go_on()
    arena.mark = len(arena.d.log())
    ends = [peer.server(**spec) for _, spec, _ in UNOPENED]
    names = arena.add(*[end.box(password=b"x") for end in ends])
    got = {}

    def one(name):
        begin = time.monotonic()
        got[name] = (arena.d.connect(name), time.monotonic() - begin)
    threads = [threading.Thread(target=one, args=(name,)) for name in names]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    arena.honest.go_on()
    wait_for(lambda: not {row[0] for row in arena.d.ctl(
        "show", "sandboxes")} & set(names))
    return {case[0]: (name, *got[name], end)
            for case, name, end in zip(UNOPENED, names, ends)}


@pytest.mark.parametrize("case, spec, messages", UNOPENED,
                         ids=[c[0] for c in UNOPENED])
def test_unopened(unopened, arena, case, spec, messages):
    """The client is told in time, and the log says of which sandbox."""
    name, answer, took, end = unopened[case]
    assert answer.status == 500, answer
    if messages == NO_SHELL:
        assert answer.json == {"error": "Failed to open shell"}
    else:
        assert answer.json["error"] == "SSH connection failed"
        assert answer.json["message"] in messages
    assert took < WAIT
    if "hang" in spec:
        assert end.find("hang"), "it did not get there"
        assert took > 1
    log = arena.d.log()[arena.mark:]
    sid, = re.findall(r"session (\S+) of %s ended: not opened" % name, log)
    # Beside that there is the reason.
    assert re.search(r"(?m)session %s: .{5}" % sid, log), log


def test_long_list_of_lines(ring, peer):
    """RFC 4253 lets a server say some lines first."""
    name, = ring.add(peer.server(garbage="lines").box())
    _, ws = ring.d.shell(name)
    ws.type("x.")
    ws.until(b"x.")
    ws.drop()


# Sessions that must work, however odd the server.

ODD = [
    ("windows of a byte", {"window": 1, "packet": 1}, 300),
    ("small windows", {"window": 100, "packet": 7}, 20000),
    ("a window of 4 GB", {"window": 0xffffffff}, 100000),
    ("pieces of a byte", {"piece": 1}, 3000),
    ("new keys all the time", {"rekey": 65536}, 600000),
    ("unasked channels", {"after": "do_open"}, 100000),
    ("banner", {"banner": "x" * 30000}, 1000),
]


@pytest.mark.parametrize("case, spec, size", ODD, ids=[c[0] for c in ODD])
def test_odd(ring, peer, case, spec, size):
    end = peer.server(**spec)
    name, = ring.add(end.box())
    sid, ws = ring.d.shell(name)
    data = random.Random(1).randbytes(size)
    at = len(ws.out)
    for i in range(0, size, 20000):
        ws.binary(data[i:i + 20000])
        ws.has(at + min(i + 20000, size))
    assert ws.out[at:] == data
    if case == "unasked channels":
        # No of those that are known; others may have no answer at all.
        end.event("refused", count=2)
        assert not end.find("agreed")
    assert ring.d.delete(sid).status == 200
    assert ws.closed() == (1000, "closed")


def test_other_streams(ring, peer):
    """What comes as stderr is output like any other; what comes as
    something else is harmless."""
    name, = ring.add(peer.server(after="do_stderr").box())
    _, ws = ring.d.shell(name)
    ws.until(b"<from stderr>")
    ws.until(b"END")
    ws.drop()


# Sessions that end.

ENDS = [
    ("without a status", "do_no_status", (1000, "closed")),
    ("status 0", "do_status_0", (1000, "closed")),
    ("status 3", "do_status_3", (1000, "closed")),
    ("by a signal", "do_signal", (1000, "closed")),
    ("a packet too long", "do_huge", (1011, "connection lost")),
    ("noise", "do_noise", (1011, "connection lost")),
    ("a goodbye", "do_goodbye", (1011, "connection lost")),
]


@pytest.mark.parametrize("case, after, want", ENDS, ids=[c[0] for c in ENDS])
def test_ends(ring, peer, case, after, want):
    """Both kinds of clients are told; nothing that came before is lost."""
    end = peer.server(after=after)
    name, = ring.add(end.box())
    ws = ring.d.ws(ring.d.open(name))
    assert ws.closed() == want
    sid = ring.d.open(name)
    sse = ring.d.sse(sid)
    last = sse.rest()[-1]
    sse.stop()
    assert last == (("close", "closed") if want[0] == 1000 else
                    ("error", '{"message":"connection lost"}'))
    if want[0] == 1000:
        assert ws.out == sse.out == b"READY"
    ring.d.logged("session %s of %s ended: %s" % (
        sid, name, "shell ended" if want[0] == 1000 else "transport_lost"),
        start=ring.mark)
    assert ring.d.ended()[sid] == (
        "exited" if want[0] == 1000 else "transport_lost")
    log = ring.d.log()[ring.mark:]
    assert "\x1b" not in log and not re.search("(?m)^ *forged", log)
    assert max(map(len, log.splitlines())) < 2000


@pytest.mark.parametrize("after", ["do_absurd_signal", "do_overflow"])
def test_lies(ring, peer, after):
    """Lengths and windows that cannot be: that session ends or goes on,
    nothing else is touched."""
    name, = ring.add(peer.server(after=after).box())
    sid = ring.d.open(name)
    ws = ring.d.ws(sid)
    if after == "do_overflow":
        ws.type("x.")
        wait_for(lambda: ws.pump(0.1) and (b"x." in ws.out or ws.eof))
        ring.d.delete(sid)
        ws.closed()
    else:
        assert ws.closed() == (1011, "connection lost")
        ring.d.logged("session %s: transport_lost: .{5}" % sid,
                      start=ring.mark)
    wait_for(lambda: sid not in ring.d.sessions())


# Floods.

FLOODS = ["do_unknown", "do_small_unknown", "do_other_channel", "do_ignore",
          "do_debug", "do_ext_info", "do_no_window", "do_open_unknown",
          "do_ask_unread"]


def data_of(pid):
    """What RLIMIT_DATA counts of a process, in MiB; 0 if it is gone."""
    try:
        with open("/proc/%s/status" % pid) as f:
            found = re.search(r"VmData:\s*(\d+) kB", f.read())
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return int(found.group(1)) // 1024 if found else 0


@pytest.mark.parametrize("after", FLOODS)
def test_flood(ring, peer, after):
    """For some time, or until the worker has had enough: it stays within
    its memory, or ends alone with a reason; and it can be ended."""
    end = peer.server(after=after)
    name, = ring.add(end.box())
    sid = ring.d.open(name)
    pid = ring.d.worker(name)
    ws = ring.d.ws(sid)
    ws.count_only()
    stop = time.monotonic() + FLOOD
    while time.monotonic() < stop and not ws.eof:
        ws.pump(0.05)
        assert SAN or data_of(pid) <= CAP
    ring.honest.go_on()
    # Nobody reads the output now; that must not change anything.
    answer = ring.d.delete(sid)
    assert answer.status in (200, 404), answer
    end_of = ws.closed()
    # The worker may have had enough before we came.
    assert end_of in ((1000, "closed"), (1011, "connection lost"),
                      (1011, "Session not found"), None)
    wait_for(lambda: sid not in ring.d.sessions())
    wait_for(lambda: ring.d.worker(name) is None)
    log = ring.d.log()[ring.mark:]
    if end_of != (1000, "closed"):
        wait_for(lambda: re.search(
            r"sessiond-net \d+: .*(memory|transport_lost)",
            ring.d.log()[ring.mark:]))
    assert len(log) < 200000


def test_flood_before_anybody_looks(ring, peer):
    """No client has attached: the worker holds it at its mark."""
    end = peer.server(after="do_no_window")
    name, = ring.add(end.box())
    sid = ring.d.open(name)
    pid = ring.d.worker(name)
    stop = time.monotonic() + 1
    while time.monotonic() < stop:
        assert SAN or data_of(pid) <= CAP
        time.sleep(0.05)
    ring.honest.go_on()
    assert ring.d.delete(sid).status in (200, 404)
    wait_for(lambda: ring.d.worker(name) is None)


def test_input_that_is_not_taken(ring, peer):
    """A window of nothing: a body is answered in time, and nothing of it is
    typed later."""
    end = peer.server(window=0, adjust=0)
    name, = ring.add(end.box())
    sid, ws = ring.d.shell(name)
    begin = time.monotonic()
    answer = ring.d.input(sid, "x" * 1000)
    # Up to its own mark the worker may take it.
    assert answer.status in (200, 503)
    while answer.status == 200 and time.monotonic() < begin + 30:
        answer = ring.d.input(sid, "x" * 100000)
    assert answer.status == 503, answer
    assert answer.json["error"] == "Input blocked"
    assert ring.d.delete(sid).status == 200
    assert ws.closed() == (1000, "closed")


# Connections that are cut.

SEED = int(os.environ.get("SEED", random.SystemRandom().randrange(10**9)))
CUTS = 60 if SAN else 200


def cuts():
    print("seed %d: SEED=%d repeats it" % (SEED, SEED))
    rnd = random.Random(SEED)
    for i in range(CUTS):
        way = rnd.choice(["down", "down", "up"])
        # The handshake takes some 2000 bytes each way: a third within it, a
        # third around its end, a third later.
        low, high = ((1, 1000), (1000, 4000), (4000, 100000))[i % 3]
        yield [rnd.randrange(low, high), way, rnd.random() < 0.3]


def one_cut(d, name, kind):
    """What a client sees: connect's words, or the end of its stream."""
    answer = d.connect(name)
    if answer.status != 200:
        return answer.status, answer.json.get("message")
    sid = answer.json["sessionId"]
    if kind == "sse":
        sse = d.sse(sid)
        if sse.status != 200:
            sse.stop()
            return 1011, "Session not found"
        feeder(d, sid)
        last = sse.rest(40)[-1]
        sse.stop()
        return (1011, "connection lost") if last == (
            "error", '{"message":"connection lost"}') else last
    ws = d.ws(sid)
    end = time.monotonic() + 40
    while not ws.eof and time.monotonic() < end:
        ws.pump(0.05)
        ws.out = b""
        if not ws.eof and ws.close_frame is None:
            try:
                ws.type("x" * 4000)
            except OSError:
                pass
    return ws.closed()


def feeder(d, sid):
    """Type until the session is over."""
    def run():
        while d.input(sid, "x" * 4000).status == 200:
            time.sleep(0.05)
    threading.Thread(target=run, daemon=True).start()


def test_cut_anywhere(ring, peer):
    """At any byte of the handshake, of the terminal's start, of output or
    input: told as a loss, never as a normal end, and nothing stays."""
    inner = peer.server(after="do_count")
    proxy = peer.proxy(inner.port, cuts=list(cuts()))
    name, = ring.add(proxy.box())
    got, left = [], list(range(CUTS))

    def run():
        while left:
            i = left.pop()
            got.append(one_cut(ring.d, name, "sse" if i % 4 == 0 else "ws"))
    threads = [threading.Thread(target=run) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    odd = [g for g in got if g not in (
        (500, "connection lost"), (1011, "connection lost"),
        (1011, "Session not found"))]
    assert len(got) == CUTS and not odd, odd
    # Some of both; else the numbers above are wrong for this library.
    assert got.count((500, "connection lost")) > CUTS // 10
    assert got.count((1011, "connection lost")) > CUTS // 10
    wait_for(lambda: not any(name in row
                             for row in ring.d.sessions().values()))
    log = ring.d.log()[ring.mark:]
    assert "of %s ended: shell ended" % name not in log
    assert log.count("of %s ended: transport_lost" % name) == sum(
        g[0] == 1011 for g in got)
    # It was one worker, which is still good.
    assert not re.search(name + r".*signal", log)


def test_cut_while_attached(ring, peer):
    """The session says so while its client is still there."""
    inner = peer.server()
    proxy = peer.proxy(inner.port)
    name, = ring.add(proxy.box())
    for how in ("cut", "reset"):
        sid = ring.d.open(name)
        ws, sse = ring.d.ws(sid), ring.d.sse(sid)
        for client in (ws, sse):
            client.until(b"READY")
        inner.order(do=how)
        assert ws.closed() == (1011, "connection lost")
        assert sse.rest()[-1] == ("error", '{"message":"connection lost"}')
        assert [base64.b64decode(f) for f in ws.frames] == [b"READY"]
        wait_for(lambda: ring.d.ended().get(sid) == "transport_lost")
        sse.stop()


def test_quiet_host_is_kept(ring, peer):
    """One that has nothing to say for a while is not taken for gone."""
    end = peer.server()
    name, = ring.add(end.box())
    _, ws = ring.d.shell(name)
    time.sleep(1)
    ws.type("x.")
    ws.until(b"x.")
    ws.drop()


def test_nothing_is_left(ring):
    """After all of this only the honest have a worker and a session."""
    wait_for(lambda: len(ring.d.sessions()) == HONEST)
    others = []

    def gone():
        others[:] = [row for row in ring.d.ctl("show", "sandboxes")
                     if not row[0].startswith("honest")]
        return not others
    try:
        wait_for(gone)
    except AssertionError:
        raise AssertionError(others) from None
