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
Processes that run out of descriptors while they work.

What can break: a listener that stays readable and cannot be served spins; a
client or a terminal that could not be taken leaves a hole that nothing
fills when there is room again.
"""

import contextlib
import os
import resource
import socket
import threading
import time

import pytest

import procs
from clients import WAIT, Http, connect, wait_for
from daemon import ROOT
from stage import Stage
from streams import SANDBOXES, Streams

pytestmark = pytest.mark.skipif(not ROOT, reason="needs root")

# Of one processor; a spinning loop takes all of it.
BUSY = 0.4


def nofile(pid, soft):
    """Set its soft limit, as its own user, since even root might not."""
    uid, gid = (int(procs.status(pid)[k].split()[0])
                for k in ("Uid", "Gid"))
    child = os.fork()
    if child == 0:
        status = 1
        with contextlib.suppress(OSError, ValueError):
            os.setgroups([])
            os.setresgid(gid, gid, gid)
            os.setresuid(uid, uid, uid)
            _, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
            resource.prlimit(pid, resource.RLIMIT_NOFILE,
                             (min(soft, hard), hard))
            status = 0
        os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@contextlib.contextmanager
def starved(*pids, spare=0):
    """They can open so many descriptors more than they have."""
    before = {}
    try:
        for pid in pids:
            before[pid] = procs.limits(pid)["Max open files"][0]
            nofile(pid, max(procs.fds(pid)) + 1 + spare)
            # Below the highest there may be free ones.
            taken = set(procs.fds(pid))
            if spare == 0:
                low = next(n for n in range(len(taken) + 1)
                           if n not in taken)
                nofile(pid, low)
        yield
    finally:
        for pid, soft in before.items():
            nofile(pid, soft)


def calm(pids, seconds=1.5):
    """They are not busy, for that long."""
    used = {pid: procs.cpu(pid) for pid in pids}
    began = time.monotonic()
    wait_for(lambda: time.monotonic() - began > seconds)
    took = time.monotonic() - began
    for pid, was in used.items():
        assert procs.cpu(pid) - was < BUSY * took, pid


def everybody(d):
    return [p for pids in procs.roles(d).values() for p in pids]


def works(d, sandbox="demo"):
    sid, ws = d.shell(sandbox)
    ws.type("echo ba''ck\n")
    ws.until(b"back")
    assert d.delete(sid).status == 200
    ws.drop()
    return True


def again(d):
    """Served, at the latest after a few attempts."""
    def attempt():
        try:
            return works(d)
        except (AssertionError, OSError):
            return False
    assert wait_for(attempt, 60)


def test_frontends(start):
    d = start(SANDBOXES)
    streams = Streams(d, 2)
    pids = procs.roles(d)["frontend"]
    with contextlib.ExitStack() as stack:
        with starved(*pids):
            for _ in range(200):
                stack.enter_context(connect(d.port))
            calm(pids)
            streams.advance(5)
        # The clients that say nothing are still there.
        again(d)
    streams.advance(5)
    again(d)
    assert procs.roles(d)["frontend"] == pids
    streams.drop()


def test_frontends_in_the_middle(start):
    """Room for a client, none for what it wants."""
    d = start(SANDBOXES)
    streams = Streams(d, 2)
    pids = procs.roles(d)["frontend"]
    sid = streams.all[0].sid
    for spare in 1, 2, 3:
        with starved(*pids, spare=spare):
            for _ in range(4):
                with contextlib.suppress(OSError, AssertionError):
                    answer = d.resize(sid, {"cols": 70 + spare, "rows": 20})
                    assert answer.status in (200, 500, 502, 503)
            calm(pids, 0.3)
        again(d)
    streams.advance(5)
    streams.drop()


def test_worker(start):
    """A client or a terminal that it cannot take: the caller is told; the
    others stay."""
    d = start(SANDBOXES)
    streams = Streams(d, 2)
    pid = d.worker("count")
    with starved(pid):
        ws = d.ws(streams.all[0].sid)
        calm([pid], 0.5)
        streams.advance(5)
        # Nobody took it over.
        assert ws.closed()[0] in (1011, 1013)
        answer = d.connect("count")
        assert answer.status >= 500
        streams.advance(5)
    ws = d.ws(streams.all[0].sid)
    ws.until(b"line ")
    ws.drop()
    more = Streams(d, 1)
    assert d.worker("count") == pid
    more.drop()
    streams.advance(5)
    streams.drop()


def test_worker_and_new_frontends(start):
    """Channels that a worker could not take are made again."""
    d = start(SANDBOXES)
    streams = Streams(d, 1)
    sid = streams.all[0].sid
    old = set(procs.roles(d)["frontend"])
    for pid in old:
        os.kill(pid, 9)
    assert wait_for(lambda: not old & set(procs.roles(d)["frontend"]) and
                    d.ready())
    # What the old ones had there is no room for the new ones.
    pid = d.worker("count")
    wait_for(lambda: list(procs.fds(pid).values()).count("unix seqpacket")
             == 1)
    with starved(pid):
        # Enough for each of the frontends to have tried.
        for _ in range(20):
            assert d.resize(sid, {"cols": 80, "rows": 24}).status != 200
    for _ in range(2):
        d.resize(sid, {"cols": 80, "rows": 24})
    for _ in range(20):
        ws = d.ws(sid)
        ws.until(b"line ")
        ws.drop()
    streams.advance(5)
    streams.drop()


def test_catalog(start):
    d = start(SANDBOXES)
    streams = Streams(d, 2)
    pid, = procs.roles(d)["catalog"]
    with starved(pid):
        answer = d.connect("demo")
        assert answer.status == 200 or answer.status >= 500
        # Who is attached, and who only types, needs none.
        assert d.resize(streams.all[0].sid, {"cols": 70, "rows": 20}
                        ).status == 200
        calm([pid], 0.5)
    again(d)
    assert procs.roles(d)["catalog"] == [pid]
    streams.advance(5)
    streams.drop()


def test_catalog_and_a_new_frontend(start):
    """Its channel cannot be taken; later there is one nevertheless."""
    d = start(SANDBOXES, frontends=1)
    streams = Streams(d, 2)
    pid, = procs.roles(d)["catalog"]
    with starved(pid):
        frontend, = procs.roles(d)["frontend"]
        # Its end of the old channel is about to be free: take that, too.
        nofile(pid, 3)
        os.kill(frontend, 9)
        streams.until(lambda: frontend not in procs.roles(d)["frontend"])
        calm([pid], 0.5)
        streams.advance(5)
    again(d)
    streams.advance(5)
    streams.drop()


def test_control(start):
    """Both of its listeners."""
    d = start(SANDBOXES)
    pid, = procs.roles(d)["control"]
    with contextlib.ExitStack() as stack:
        with starved(pid):
            for _ in range(20):
                s = stack.enter_context(socket.socket(
                    socket.AF_UNIX, socket.SOCK_SEQPACKET))
                s.setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    s.connect(d.socket)
                stack.enter_context(connect(d.metrics_port))
            calm([pid])
        wait_for(lambda: run_ctl(d))
    assert "gatewayd_" in d.metrics()
    assert run_ctl(d)
    works(d)


def run_ctl(d):
    return d.run_ctl("-s", d.socket, "show", "sessions").returncode == 0


def test_control_without_limits(start):
    """As many connections as its own limit allows, and more: it serves
    others when they leave."""
    d = start(SANDBOXES)
    pid, = procs.roles(d)["control"]
    with contextlib.ExitStack() as stack:
        for _ in range(200):
            s = stack.enter_context(socket.socket(
                socket.AF_UNIX, socket.SOCK_SEQPACKET))
            s.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                s.connect(d.socket)
        calm([pid], 0.7)
        works(d)
    assert wait_for(lambda: run_ctl(d))


def test_parent(start):
    """No new session, no new child; what there is goes on."""
    d = start(SANDBOXES)
    streams = Streams(d, 2)
    pid = d.proc.pid
    with starved(pid):
        assert d.connect("demo").status >= 500
        frontend = procs.roles(d)["frontend"][0]
        os.kill(frontend, 9)
        calm([pid], 0.7)
        streams.advance(5)
        nofile(pid, 5)
        calm([pid], 0.7)
    wait_for(lambda: len(procs.roles(d)["frontend"]) == 2, 40)
    wait_for(d.ready, 40)
    again(d)
    streams.advance(5)
    streams.drop()


def test_parent_takes_no_more(start):
    """A record that cannot be received is lost alone."""
    d = start(SANDBOXES)
    streams = Streams(d, 1)
    for spare in range(1, 9):
        with starved(d.proc.pid, spare=spare):
            answer = d.connect("demo")
            assert answer.status == 200 or answer.status >= 500
        if answer.status == 200:
            assert d.delete(answer.json["sessionId"]).status == 200
    again(d)
    wait_for(lambda: len(d.sessions()) == 1, 60)
    streams.advance(5)
    streams.drop()


class Late(Stage):
    """Its puppets say that they are ready when they are let."""

    def __init__(self, *args, **kw):
        self.here, self.let = threading.Event(), threading.Event()
        super().__init__(*args, **kw)

    def lead(self, role, p):
        take = p.take

        def held(timeout):
            m = take(timeout)
            if m.name == "START":
                self.here.set()
                self.let.wait(WAIT)
            return m
        p.take = held
        super().lead(role, p)


def readyz(d):
    with Http(d.port) as h:
        return h.ask("GET", "/readyz").status


def test_parent_and_a_frontend_that_is_ready(start):
    """There is no room for its channel to the catalog: it gets one when
    there is, and no more than one."""
    d = start(lambda role, n: (role, n) == ("frontend", 3), SANDBOXES,
              kind=Late)
    streams = Streams(d, 2)
    os.kill(procs.roles(d)["frontend"][0], 9)
    assert d.here.wait(WAIT)
    with starved(d.proc.pid):
        d.let.set()
        p = d.puppet("frontend")
        d.logged("channel of %s to the catalog: Too many" % p.name)
        assert readyz(d) == 503
        # Those that were linked before serve as ever.
        streams.advance(5)
    catalog = p.catalog()
    catalog.send("AUTHORIZE", id=7, api=1, action=1, token="x",
                 object="demo", address="10.0.0.1")
    assert catalog.expect("DENIED").id == 7
    d.logged("%s has its channel to the catalog" % p.name)
    p.wait("STATE", ready=1)
    wait_for(lambda: readyz(d) == 200)
    assert len(p.channels) == 1
    streams.drop()


def test_many_half_open(start):
    """Connections of one address that say nothing do not keep out others,
    and cost no time."""
    d = start(SANDBOXES, lines=["timeout request 3"])
    streams = Streams(d, 1)
    pids = procs.roles(d)["frontend"]
    with contextlib.ExitStack() as stack:
        for _ in range(1000):
            stack.enter_context(connect(d.port))
        with Http(d.port) as h:
            assert h.ask("GET", "/healthz").status == 200
        calm(pids, 0.5)
        works(d)
    streams.drop()
