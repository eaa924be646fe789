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
Processes that are killed, one after the other, while terminals are in use.

What can break: a client that was handed over but still hangs on somebody
who is gone; a descriptor or a record of the dead that stays; a shell that
outlives all who could end it.
"""

import ctypes
import os
import platform
import re
import signal
import socket
import struct
import subprocess
import threading
import time

import pytest

import procs
from clients import Timeout, wait_for
from daemon import BUILD, ROOT, Daemon, alive, command, memory, ours, \
    proc_stat, tree
from streams import SANDBOXES, SESSIONS, Stream, Streams

pytestmark = pytest.mark.skipif(not ROOT, reason="needs root")


def ready(d):
    try:
        return d.ready()
    except OSError:
        return False


def acquaint(d, sid, worker):
    """Let every frontend have a channel to that worker, and its caches."""
    frontends = procs.roles(d)["frontend"]
    assert len(frontends) == d.frontends
    for one in frontends:
        standing = [pid for pid in frontends if pid != one]
        for pid in standing:
            os.kill(pid, signal.SIGSTOP)
        try:
            wait_for(lambda: all(proc_stat(pid)[1] == "T"
                                 for pid in standing))
            assert d.resize(sid, {"cols": 80, "rows": 24}).status == 200
        finally:
            for pid in standing:
                os.kill(pid, signal.SIGCONT)
    wait_for(lambda: list(procs.fds(worker).values()).count(
        "unix seqpacket") == 1 + d.frontends)


def others(d, role, killed):
    return set(procs.roles(d)[role]) - set(killed)


def kill_all(d, role):
    pids = procs.roles(d)[role]
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    return pids


@pytest.mark.parametrize("role", ["frontend", "catalog", "dialer",
                                  "control"])
def test_killed(start, role):
    """No attached client notices, and soon there is another."""
    d = start(SANDBOXES)
    streams = Streams(d)
    before = procs.roles(d)
    killed = kill_all(d, role)
    ended = r"%s \d+: ended by signal 9" % role
    streams.until(lambda: len(re.findall(ended, d.log())) == len(killed))
    streams.until(lambda: len(others(d, role, killed)) == len(killed))
    streams.until(lambda: ready(d))
    streams.advance()
    after = procs.roles(d)
    for other in before:
        if other != role:
            assert before[other] == after[other]
    assert len(after[role]) == len(before[role])
    # All that needs it works again, with old sessions and new ones.
    assert d.resize(streams.all[0].sid, {"cols": 90, "rows": 30}).status == \
        200
    more = d.ws(streams.all[0].sid)
    more.until(b"line ")
    more.bye()
    Stream(d, "demo").ws.drop()
    assert len(d.sessions()) == SESSIONS + 1
    streams.advance()
    streams.drop()


def test_all_frontends_100_times(start):
    """Ten clients of ten sessions lose no byte."""
    d = start(SANDBOXES)
    streams = Streams(d)
    parent = len(procs.fds(d.proc.pid))
    worker = d.worker("count")
    acquaint(d, streams.all[0].sid, worker)
    held = len(procs.fds(worker))
    for _ in range(100):
        killed = set(kill_all(d, "frontend"))
        streams.until(lambda: not killed & set(procs.roles(d)["frontend"]))
        streams.until(lambda: ready(d))
    streams.advance()
    assert d.worker("count") == worker
    # Channels of the dead are closed; those of the living may be new.
    wait_for(lambda: len(procs.fds(worker)) <= held)
    wait_for(lambda: len(procs.fds(d.proc.pid)) <= parent)
    streams.drop()


def test_worker_killed(start):
    """Only its own clients end, and their next request says so."""
    d = start(SANDBOXES)
    mine, others = Streams(d, 3), Streams(d, 3, "other")
    shells = shells_of(d, "perl")
    pid = d.worker("count")
    os.kill(pid, signal.SIGKILL)
    for s in mine.all:
        assert s.ws.closed() is None	# no Close frame
    others.advance()
    d.logged(r"sessiond \d+: ended by signal 9")
    unknown = d.input("00000000-0000-4000-8000-000000000000", "x")
    for s in mine.all:
        answer = d.input(s.sid, "x")
        assert (answer.status, answer.body) == (404, unknown.body)
        ws = d.ws(s.sid)
        assert ws.closed() == (1011, "Session not found")
    assert d.worker("count") is None
    assert len(d.sessions()) == 3
    # Their shells are gone, too; the others' are not.
    wait_for(lambda: len([s for s in shells if alive(*s)]) == 3)
    fresh = Streams(d, 1)
    assert d.worker("count") != pid
    others.advance()
    others.drop()
    fresh.drop()


def shells_of(d, name):
    """Processes below it of that name, as (pid, start)."""
    found = []
    for pid, began in tree(d.proc.pid):
        try:
            if procs.read(pid, "comm").strip() == name.encode():
                found.append((pid, began))
        except OSError:
            pass
    return found


def test_worker_killed_with_an_open_outstanding(start):
    """It is granted once more, with another worker, and the client does
    not notice."""
    d = start(SANDBOXES)
    d.open("demo")
    old = d.worker("demo")
    os.kill(old, signal.SIGSTOP)
    answers = []
    client = threading.Thread(target=lambda: answers.append(
        d.connect("demo")))
    client.start()
    try:
        wait_for(lambda: "starting" in [r[1] for r in
                                        d.sessions().values()])
    finally:
        os.kill(old, signal.SIGKILL)
    client.join(20)
    assert answers and answers[0].status == 200, answers
    sid = answers[0].json["sessionId"]
    assert d.worker("demo") not in (old, None)
    assert list(d.sessions()) == [sid]
    ws = d.ws(sid)
    ws.until(b"$ ")
    ws.drop()


def test_worker_killed_with_an_attach_outstanding(start):
    """The client that was not taken over is told, not left alone."""
    d = start(SANDBOXES)
    sid = d.open("demo")
    pid = d.worker("demo")
    os.kill(pid, signal.SIGSTOP)
    ws = d.ws(sid)			# the 101 comes before the hand-over
    os.kill(pid, signal.SIGKILL)
    code, _ = ws.closed()
    assert code in (1011, 1013)


TRAPPED = ("trap 'echo hup >>%s/hup; exit' HUP; echo set; "
           "while :; do read x; done")
DEAF = "trap '' HUP TERM INT QUIT; echo set; while :; do sleep 0.05; done"


@pytest.fixture
def shells(start, tmp_path):
    """A daemon whose shells hear or ignore HUP, and a directory that they
    can write to; with one client of each."""
    os.chmod(tmp_path, 0o777)
    for up in tmp_path.parents:
        if len(up.parts) > 2 and up.stat().st_uid == os.getuid():
            os.chmod(up, 0o755)
    d = start({"trapped": {"pty": ["/bin/sh", "-c", TRAPPED % tmp_path]},
               "deaf": {"pty": ["/bin/sh", "-c", DEAF]}, **SANDBOXES})
    d.clients = [waiting(d, "trapped"), waiting(d, "deaf")]
    d.mark = tmp_path / "hup"
    return d


def waiting(d, sandbox):
    ws = d.ws(d.open(sandbox))
    ws.until(b"set")
    return ws


def test_parent_killed(shells):
    """All of ours are gone in a second; a shell hears of it from its
    terminal, and one that does not listen is killed."""
    d = shells
    below = d.tree()
    began = time.monotonic()
    d.kill(signal.SIGKILL)
    d.wait()
    left = wait_for(lambda: not [p for p in below if alive(*p)],
                    every=0.005)
    took = time.monotonic() - began
    # Who is asked to end, and not told, has five seconds and more.
    assert left and took < 5, took
    assert d.mark.read_text() == "hup\n"
    for ws in d.clients:
        assert ws.closed() is None
    # What it left is no obstacle to the next one.
    d.start()
    waiting(d, "deaf").drop()


@pytest.mark.parametrize("signo", [signal.SIGTERM, signal.SIGINT])
def test_stop(shells, signo):
    """No orphan, no stale file; clients are told, shells too."""
    d = shells
    streams = Streams(d, 2)
    below = d.tree()
    d.kill(signo)
    # They may have lines left to read.
    for ws in d.clients + [s.ws for s in streams.all]:
        assert ws.closed()[0] == 1001
    assert d.wait() == 0
    wait_for(lambda: not [p for p in below if alive(*p)])
    assert d.mark.read_text() == "hup\n"
    d.stop()
    assert not [n for n in os.listdir("/dev/shm") if "gateway" in n]


def test_stop_twice(start):
    """Impatience does no harm."""
    d = start(SANDBOXES)
    streams = Streams(d, 2)
    for signo in signal.SIGTERM, signal.SIGINT, signal.SIGTERM:
        d.kill(signo)
    assert d.wait() == 0
    streams.drop()


def test_stop_with_a_stopped_child(start):
    """One that does not move is killed."""
    d = start(SANDBOXES)
    for pid in procs.roles(d)["dialer"] + procs.roles(d)["control"]:
        os.kill(pid, signal.SIGSTOP)
    d.kill(signal.SIGTERM)
    assert d.wait() == 0
    assert "does not end, killed" in d.log()
    # control could not remove its socket; the parent did.
    assert not os.path.exists(d.socket)


def test_keeper_killed(shells):
    """The shell goes with it, whatever it ignores; its session ends, and
    no other."""
    d = shells
    streams = Streams(d, 2)
    # What it runs has its name, too, before it has one of its own.
    found = [p for p in d.tree() if "trap '' HUP" in command(p[0])]
    (pid, began), = [p for p in found if (proc_stat(p[0]) or (0,))[0] in
                     procs.roles(d)["pty"]]
    os.kill(proc_stat(pid)[0], signal.SIGKILL)
    wait_for(lambda: not alive(pid, began))
    assert d.clients[1].closed() is not None
    wait_for(lambda: len(d.sessions()) == 3)
    streams.advance()
    streams.drop()


FEATURES = {
    "landlock_create_ruleset": (444, 444, "no landlock"),
    "landlock_restrict_self": (446, 446, "landlock"),
    "seccomp": (317, 277, "seccomp"),
    "setresuid": (117, 147, "setresuid"),
    "chroot": (161, 51, "chroot"),
}


@pytest.mark.parametrize("feature", FEATURES)
def test_missing_feature(start, feature):
    """The start fails, and the log has the process and what it lacks."""
    x86, other, words = FEATURES[feature]
    nr = x86 if platform.machine() == "x86_64" else other
    d = Daemon(SANDBOXES, start=False)
    d.faults = True
    try:
        with open(d.logfile, "ab") as log:
            d.proc = subprocess.Popen(
                [BUILD + "/gatewayd", "-d", "-f", d.path],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                preexec_fn=lambda: without(nr))
        assert d.wait() == 1
        wait_for(lambda: not ours())
        assert re.search(r"(catalog|dialer|control|frontend) \d+: .*%s" %
                         words, d.log()), d.log()
        assert "cannot run, giving up" in d.log()
        assert not os.path.exists(d.socket)
    finally:
        # The kernel may take a moment to let go of what was on its way.
        wait_for(lambda: refused(d.port) and refused(d.metrics_port))
        d.killed = True
        d.stop()


def refused(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) != 0


def without(nr, error=38):
    """From here on that system call fails: Function not implemented."""
    program = b"".join(struct.pack("=HBBI", *op) for op in (
        (0x20, 0, 0, 0),			# load the number
        (0x15, 0, 1, nr),
        (0x06, 0, 0, 0x00050000 | error),	# errno
        (0x06, 0, 0, 0x7fff0000)))		# allow
    buf = ctypes.create_string_buffer(program)
    fprog = struct.pack("=H6xQ", 4, ctypes.addressof(buf))
    pr_set_seccomp, filter_mode = 22, 2
    if ctypes.CDLL(None).prctl(pr_set_seccomp, filter_mode, fprog, 0, 0):
        os._exit(99)


def test_descriptors_and_memory_stay(start):
    """After 200 clients that came and went there is nothing more open, and
    hardly more memory in use, in any process."""
    d = start(SANDBOXES)
    sid = d.open("demo")
    acquaint(d, sid, d.worker("demo"))
    everybody = [p for pids in procs.roles(d).values() for p in pids]

    def come_and_go(n):
        for i in range(n):
            ws = d.ws(sid)
            if i % 2:
                ws.bye()
            else:
                ws.drop()
        wait_for(lambda: d.sessions()[sid][2] == "0")

    come_and_go(20)
    before = {p: (len(procs.fds(p)), memory(p)) for p in everybody}
    come_and_go(200)

    def settled():
        return all(len(procs.fds(p)) <= before[p][0] for p in everybody)
    try:
        wait_for(settled)
    except Timeout:
        raise AssertionError({p: (before[p], procs.fds(p))
                              for p in everybody}) from None
    for p in everybody:
        assert memory(p) - before[p][1] < 512 * 1024, p


def test_sessions_leave_nothing(start):
    """The same for 60 sessions that were opened and ended."""
    d = start(SANDBOXES, lines=["limit requests 1000000 per 30"])
    keep = d.open("demo")
    acquaint(d, keep, d.worker("demo"))

    def come_and_go(n):
        for i in range(n):
            sid, ws = d.shell("demo")
            if i % 3:
                ws.type("exit 3\n")
                ws.closed()
            else:
                assert d.delete(sid).status == 200
                ws.drop()
        wait_for(lambda: list(d.sessions()) == [keep])
        wait_for(lambda: len(procs.roles(d)["pty"]) == 1)

    come_and_go(6)
    everybody = [p for pids in procs.roles(d).values() for p in pids]
    before = {p: (len(procs.fds(p)), memory(p)) for p in everybody}
    come_and_go(60)
    wait_for(lambda: all(len(procs.fds(p)) <= before[p][0]
                         for p in everybody))
    for p in everybody:
        assert memory(p) - before[p][1] < 512 * 1024, p


def test_worker_that_stands_still(start):
    """Who would attach to it is told to come back, in time; others do not
    wait with them; nothing is lost when it goes on."""
    d = start(SANDBOXES)
    mine, others = Streams(d, 1), Streams(d, 2, "other")
    sid = mine.all[0].sid
    pid = d.worker("count")
    os.kill(pid, signal.SIGSTOP)
    try:
        late = [d.ws(sid) for _ in range(20)]
        others.advance(20)
        assert d.delete(d.open("other")).status == 200
        for ws in late:
            assert ws.closed() is not None and ws.close_frame[0] == 1013
        others.advance(20)
    finally:
        os.kill(pid, signal.SIGCONT)
    mine.advance(20)
    # Those that it had been sent are gone, too.
    wait_for(lambda: d.sessions()[sid][2] == "1")
    again = d.ws(sid)
    again.until(b"line ")
    again.bye()
    mine.advance(5)
    for streams in mine, others:
        streams.drop()
