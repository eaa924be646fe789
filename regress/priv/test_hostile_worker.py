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
A worker, or the keeper of a shell, in the hands of somebody else, and those
that do not come up at all.

What can break: a claim to the session of another that is believed; a child
that neither works nor ends; a log or a table that one of them can fill.
"""

import contextlib
import itertools
import os
import queue
import re
import signal
import socket
import threading
import time

import pytest

import gwproto
import procs
from clients import WAIT, wait_for
from daemon import ROOT, alive, memory, proc_stat
from gwproto import packet
from hostile import BOXES, NOBODYS, SPARE, drain, flood, gone, illegal, lines, \
    sample, say, victim
from stage import Stage
from streams import Streams

pytestmark = pytest.mark.skipif(not ROOT, reason="needs root")


# Workers.  The first one is honest, that of the streams.

def later_workers(role, n):
    return role == "worker" and n > 1


class Callers:
    """Clients that connect, each in a thread, whatever they get.  None of
    the sandboxes has so many workers that die that the next has to wait."""

    def __init__(self, d):
        self.d, self.threads, self.answers = d, [], []
        self.boxes = itertools.cycle(["demo", *SPARE])

    def call(self, sandbox=None):
        if sandbox is None:
            sandbox = next(self.boxes)
        t = threading.Thread(target=self._call, args=(sandbox,),
                             daemon=True)
        t.start()
        self.threads.append(t)

    def _call(self, sandbox):
        with contextlib.suppress(OSError):
            self.answers.append(self.d.connect(sandbox))

    def worker(self):
        """A worker of ours, for one of them."""
        with contextlib.suppress(queue.Empty):
            return self.d.puppet("worker", timeout=0.1)
        self.call()
        return self.d.puppet("worker")

    def join(self):
        for t in self.threads:
            t.join(2 * WAIT)
            assert not t.is_alive()

    def waiting(self):
        return any(t.is_alive() for t in self.threads)


def asked_to_open(p):
    """(the grant, the channel, OPEN) of what a client wants."""
    g = p.wait("GRANT")
    while ("frontend", g["channel"]) not in p.channels:
        p.take()
    chan = p.channels["frontend", g["channel"]]
    return g, chan, chan.expect("OPEN", grant=g["grant"])


def test_worker_says_what_it_may_not(staged):
    """Each message ends that worker, and only it; who wanted a session
    gets an error."""
    d = staged(later_workers)
    callers = Callers(d)
    honest = procs.roles(d)
    for what, data, fds in illegal("worker"):
        p = callers.worker()
        say(p, data, fds)
        assert p.killed(), what
        assert re.search(r"%s: .*; killed" % p.name, d.log()), what
        p.leave()
        d.streams.pump()
    # Who was not served by one is granted the next.
    while callers.waiting():
        with contextlib.suppress(queue.Empty):
            d.puppet("worker", timeout=0.1).leave()
    callers.join()
    assert callers.answers and all(a.status >= 500 for a in callers.answers)
    d.streams.advance()
    after = procs.roles(d)
    for role in "catalog", "dialer", "control", "frontend":
        assert honest[role] == after[role]
    # One that came up when nobody wanted it any more.
    with contextlib.suppress(queue.Empty):
        while True:
            d.puppet("worker", timeout=0.1).leave()
    wait_for(lambda: d.worker("demo") is None)
    d.streams.drop()


def test_worker_claims_sessions_of_another(staged):
    """It is killed or ignored; the session does not notice."""
    d = staged(later_workers)
    callers = Callers(d)
    victim = d.streams.all[0].sid
    viewers = d.ctl("show", "viewers")
    claims = [
        ("SESSION_UP", dict(session=victim)),
        ("SESSION_END", dict(session=victim, reason=1, how=1, code=0)),
        ("SESSION_EXIT", dict(session=victim, reason=1, how=1, code=0)),
        ("SESSION_EXIT", dict(session=NOBODYS, reason=3, how=3, code=0)),
        ("PTY_SIGNAL", dict(session=victim, signo=9)),
        ("PTY_HANGUP", dict(session=victim)),
        ("VIEWER_UP", dict(session=victim, viewer=77, dialect=1,
                           transport=1, mode=1, address="192.0.2.1")),
        ("VIEWER_UP", dict(session=victim, viewer=77, dialect=3,
                           transport=2, mode=1, ticket=1,
                           address="192.0.2.1")),
        ("VIEWER_DOWN", dict(session=victim, viewer=int(viewers[0][0]),
                             reason=1)),
        ("PTY_REQ", dict(session=victim, cols=80, rows=24)),
        ("PTY_REQ", dict(session=NOBODYS, cols=80, rows=24)),
    ]
    for name, fields in claims:
        p = callers.worker()
        mark = len(d.log())
        blob = gwproto.blob(gwproto.record((gwproto.ARG, "/bin/sh")))
        p.send(name, **fields, **({"blob": blob} if name == "PTY_REQ"
                                  else {}))
        os.close(blob)
        if name == "PTY_REQ":
            assert p.killed()
        else:
            say(p, sample("LOG", priority=6, text="said " + name))
            d.logged("said " + name + "|" + p.name + ": .*killed",
                     start=mark)
        d.streams.advance(2)
        assert victim in d.sessions()
        assert d.sessions()[victim][1] == "running"
        now = d.ctl("show", "viewers")
        assert [v[:2] for v in now] == [v[:2] for v in viewers]
        assert "192.0.2.1" not in d.log()[mark:].replace("said", "")
        p.leave()
    d.streams.drop()


def test_worker_answers_nonsense(staged):
    """To a frontend: its channel is closed, its caller gets an error, the
    frontend goes on."""
    d = staged(later_workers)
    frontends = procs.roles(d)["frontend"]
    callers = Callers(d)
    for what, data in [
            ("ATTACH_OK", sample("ATTACH_OK")), ("CLOSE_OK", None),
            ("OPEN", sample("OPEN")), ("GRANT", sample("GRANT")),
            ("LOG", sample("LOG", priority=6)),
            ("reason 0", sample("OPEN_FAILED", reason=0)),
            ("reason 99", sample("OPEN_FAILED", reason=99))]:
        p = callers.worker()
        _, chan, m = asked_to_open(p)
        say(chan, packet("CLOSE_OK", id=m.id) if data is None else
            data[:8] + m.id.to_bytes(4, "big") + data[12:])
        assert gone(chan), what
        p.leave()
        d.streams.pump()
    # Answers that nobody waits for are not an offence.
    p = callers.worker()
    _, chan, m = asked_to_open(p)
    for id in 0, m.id + 1, m.id + 100000:
        chan.send("OPENED", id=id, session=NOBODYS)
    chan.send("OPEN_FAILED", id=m.id, reason=5)
    assert drain(chan)
    p.leave()
    assert procs.roles(d)["frontend"] == frontends
    d.streams.advance()
    d.streams.drop()


def test_worker_says_open_but_was_not(staged):
    """A session for its own caller is all that it can feign."""
    d = staged(later_workers)
    callers = Callers(d)
    p = callers.worker()
    g, chan, m = asked_to_open(p)
    chan.send("OPENED", id=m.id, session=victim(d))
    # Nothing that it says makes the session of another this caller's.
    callers.join()
    answer = callers.answers[0]
    if answer.status == 200:
        assert answer.json["sessionId"] != victim(d)
    d.streams.advance()
    p.leave()
    with contextlib.suppress(queue.Empty):
        d.puppet("worker", timeout=1).leave()
    d.streams.drop()


@pytest.mark.parametrize("name", ["LOG", "VIEWER_UP", "VIEWER_DOWN",
                                  "SESSION_UP", "SESSION_EXIT",
                                  "SESSION_END", "PTY_SIGNAL", "PTY_HANGUP",
                                  "MAY_EXIT"])
def test_worker_floods(staged, name):
    """Of its own session: it fills neither log nor memory, and the others
    go on."""
    d = staged(later_workers)
    callers = Callers(d)
    p = callers.worker()
    g, chan, m = asked_to_open(p)
    before, mark = memory(d.proc.pid), len(d.log())
    fields = {f: v for f, v in (
        ("session", g["session"]), ("priority", 5), ("reason", 1),
        ("how", 1), ("code", 0), ("signo", 15), ("address", "192.0.2.1"))
        if f in dict(gwproto.FIELDS[name])}
    if name == "VIEWER_UP":
        p.send("SESSION_UP", session=g["session"])
        for viewer in range(20000):
            if not flood(p, sample(name, **fields, viewer=viewer + 1), 1):
                break
    else:
        flood(p, sample(name, **fields), 50000)
    d.streams.advance(5)
    assert memory(d.proc.pid) - before < 4 << 20
    assert len(d.log()[mark:].splitlines()) < 1500
    assert len(d.ctl("show", "viewers")) < 50
    p.leave()
    d.streams.advance(5)
    d.streams.drop()


def test_worker_never_answers(staged):
    """Its caller gets an error in time; others are served meanwhile."""
    d = staged(later_workers)
    callers = Callers(d)
    p = callers.worker()
    asked_to_open(p)
    began = time.monotonic()
    d.streams.advance(20)
    assert d.delete(d.open("count")).status == 200
    callers.join()
    assert callers.answers[0].status >= 500
    assert time.monotonic() - began < WAIT
    p.leave()
    d.streams.drop()


def test_frontends_end_before_it_answers(staged):
    """What nobody waits for any more is not opened, and takes no place."""
    d = staged(later_workers)
    callers = Callers(d)
    p = callers.worker()
    g, _, _ = asked_to_open(p)
    for pid in procs.roles(d)["frontend"]:
        os.kill(pid, signal.SIGKILL)
    p.wait("KILL", session=g["session"])
    p.send("SESSION_END", session=g["session"], reason=4, how=1, code=0)
    p.send("MAY_EXIT")
    p.wait("EXIT_OK")
    wait_for(lambda: g["session"] not in d.sessions())
    p.leave()
    callers.join()
    d.streams.advance(5)
    d.streams.drop()


def test_worker_closes_its_channel_and_stays(staged):
    """One that the parent cannot reach is of no use: it is killed."""
    d = staged(later_workers)
    callers = Callers(d)
    p = callers.worker()
    asked_to_open(p)
    p.sock.shutdown(socket.SHUT_RDWR)
    p.sock.close()
    assert p.killed()
    d.logged("%s: does not end, killed" % p.name)
    # Its caller is served by the next one, or told.
    p.control.close()
    d.puppet("worker").leave()
    callers.join()
    d.streams.advance(5)
    d.streams.drop()


def test_worker_dies_over_the_same_request_twice(staged):
    """It is granted once more, and then no more."""
    d = staged(later_workers)
    callers = Callers(d)
    for n in range(2):
        p = callers.worker() if n == 0 else d.puppet("worker")
        asked_to_open(p)
        p.leave()
    callers.join()
    assert callers.answers[0].status >= 500
    with pytest.raises(queue.Empty):
        d.puppet("worker", timeout=1)
    d.streams.advance(5)
    d.streams.drop()


def test_worker_that_fails_at_once(start):
    """Nothing is served by it, and everything else is.  After some deaths
    the next worker has to wait; a reload lets it try again."""
    d = start(lambda role, n: 9 if role == "worker" and n > 1 else False,
              BOXES, kind=Stage)
    d.streams = Streams(d, 2)

    def deaths():
        return len(re.findall(r"sessiond \d+: ended with code 9", d.log()))
    for n in 2, 4, 5:			# it is granted once more
        assert d.connect("demo").status >= 500
        wait_for(lambda: deaths() == n)
    said, pause = "sandbox demo: its workers die at once, no other for %d s", 1
    d.logged(said % pause)
    # Meanwhile nothing is started for it, but for others.
    while d.connect("demo").status != 502:
        # We were late, and now it is twice as long.
        n, pause = n + 1, 2 * pause
        d.logged(said % pause)
    assert deaths() == n
    assert d.connect("count").status == 200
    assert d.connect("other").status >= 500
    wait_for(lambda: deaths() == n + 2)
    d.ctl("reload")
    assert d.connect("demo").status >= 500
    wait_for(lambda: deaths() == n + 4)
    d.streams.advance(5)
    d.streams.drop()


# Keepers of shells.  Those of the streams are honest.

def later_keepers(role, n):
    return role == "pty" and n > 2


def keeper(d, callers):
    callers.call()
    p = d.puppet("pty")
    return p, p.wait("PTY_START")


def test_keeper_says_what_it_may_not(staged):
    """Each message ends that keeper and its session, and nothing else."""
    d = staged(later_keepers)
    callers = Callers(d)
    for what, data, fds in illegal("pty"):
        p, m = keeper(d, callers)
        say(p, data, fds)
        assert p.killed(), what
        assert re.search(r"%s: .*; killed" % p.name, d.log()), what
        p.leave()
        d.streams.pump()
    callers.join()
    assert all(a.status >= 500 for a in callers.answers)
    d.streams.advance(5)
    d.streams.drop()


def test_keeper_repeats_itself(staged):
    """What may come once may not come twice."""
    d = staged(later_keepers)
    callers = Callers(d)
    for first, second in (("PTY_RUNNING", "PTY_RUNNING"),
                          ("PTY_EXIT", None), ("PTY_RUNNING", "PTY_FAIL"),
                          ("PTY_FAIL", "PTY_FAIL")):
        p, m = keeper(d, callers)
        for name in first, second:
            if name is not None:
                say(p, sample(name, **({"session": m["session"]}
                              if name != "PTY_RUNNING" else {})))
        if first == "PTY_RUNNING" and second == "PTY_FAIL":
            # Legal once; it ends by the clock of its session.
            p.leave()
            continue
        assert p.killed(), first
        p.leave()
    callers.join()
    d.streams.advance(5)
    d.streams.drop()


def test_keeper_lies_about_the_exit(staged):
    """It can feign its own session's end, whatever session it names, and
    does not outlive it."""
    d = staged(later_keepers)
    callers = Callers(d)
    p, m = keeper(d, callers)
    p.send("PTY_RUNNING", pid=1)
    callers.join()
    sid = callers.answers[0].json["sessionId"]
    ws = d.ws(sid)
    os.close(m.fd)
    m.fd = None
    # It names a session that is not its own.
    p.send("PTY_EXIT", session=victim(d), how=1, code=0)
    assert ws.closed() == (1000, "closed")
    wait_for(lambda: sid not in d.sessions())
    assert victim(d) in d.sessions()
    d.streams.advance(5)
    assert p.killed()
    d.streams.drop()


def test_keeper_floods(staged):
    """Lines of the log, some each second."""
    d = staged(later_keepers)
    callers = Callers(d)
    p, m = keeper(d, callers)
    mark = len(d.log())
    began = time.monotonic()
    flood(p, sample("LOG", priority=5, text="flooded"), 50000)
    p.send("PTY_FAIL", session=m["session"], stage=7, error=2)
    callers.join()
    assert callers.answers[0].status >= 500
    assert lines(d, mark, "flooded") <= 51 * (time.monotonic() - began + 2)
    d.streams.advance(5)
    p.leave()
    d.streams.drop()


def test_keeper_never_answers(staged):
    """Its caller gets an error in time, and it is killed."""
    d = staged(later_keepers)
    callers = Callers(d)
    p, _ = keeper(d, callers)
    d.streams.advance(5)
    callers.join()
    assert callers.answers[0].status >= 500
    assert p.killed()
    d.streams.drop()


# Those that do not come up.

def test_backoff(start):
    """A child that fails each time is tried again, less and less often."""
    broken = threading.Event()

    def cast(role, n):
        return 7 if role == "dialer" and broken.is_set() else False
    d = start(cast, BOXES, kind=Stage)
    streams = Streams(d, 2)
    broken.set()
    pid = procs.roles(d)["dialer"][0]
    began = proc_stat(pid)[2]
    at = time.monotonic()
    os.kill(pid, 9)
    wait_for(lambda: not alive(pid, began))
    streams.until(lambda: lines(
        d, 0, r"dialer \d+: ended with code 7") >= 6)
    assert time.monotonic() - at > 1.5	# 50 ms, doubled each time
    assert not d.ready()
    broken.clear()
    streams.until(d.ready)
    streams.drop()
