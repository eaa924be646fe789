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
What an operator asks the running daemon, and says to it.

What can break: a list that does not tell the truth; a drain that ends
sessions; junk on the control socket that hurts more than its sender.
"""

import os
import signal
import socket
import stat
import uuid

from clients import wait_for
from daemon import ALICE, MALLORY, ROOT, UUID, alive, proc_stat


def test_sandboxes(start):
    # What others have left for a minute would count, too.
    daemon = start()
    _, ws = daemon.shell()
    sid = daemon.open()
    (row,) = [r for r in daemon.ctl("show", "sandboxes") if r[0] == "demo"]
    name, version, pid, uid, sessions, age = row
    assert len(version) == 16 and int(version, 16)
    assert sessions == "2"
    assert proc_stat(int(pid))[0] == daemon.proc.pid
    if ROOT:
        assert 700000 <= int(uid) <= 765535
        assert os.stat("/proc/%s" % pid).st_uid in (int(uid), 0)
    assert age.endswith("s")
    daemon.delete(sid)
    wait_for(lambda: [r for r in daemon.ctl("show", "sandboxes")
                      if r[0] == "demo"][0][4] == "1")
    ws.drop()


def test_sessions(daemon):
    sid, ws = daemon.shell()
    other = daemon.open("foreign", token=daemon.token(MALLORY))
    # Who has sent us output may be ahead of who keeps the list.
    for want in ([sid, "running", "1", "demo", "-", ALICE],
                 [other, "running", "0", "foreign", "-", MALLORY]):
        wait_for(lambda want=want: [
            row[:3] + row[4:] for row in daemon.sessions().values()
            if row[0] == want[0]] == [want])
    ws.type("exit\n")
    ws.closed()
    wait_for(lambda: sid not in daemon.sessions())
    # For a minute it can be seen what became of it.
    assert daemon.ended()[sid] == "exited"
    daemon.faults = True
    os.kill(daemon.worker("foreign"), signal.SIGKILL)
    wait_for(lambda: other not in daemon.sessions())
    assert daemon.ended()[other] == "transport_lost"


def viewers(d, n):
    """Their rows, when there are so many."""
    return wait_for(lambda: [rows := d.ctl("show", "viewers")] and
                    len(rows) == n and rows)


def test_viewers(daemon):
    sid, ws = daemon.shell()
    sse = daemon.sse(sid)
    sse.until(b"$ ")
    rows = viewers(daemon, 2)
    assert {r[3] for r in rows} == {"rw"}
    assert sorted((r[1], r[2], r[5], r[6]) for r in rows) == [
        (sid, "ssh/sse", "127.0.0.1", ALICE),
        (sid, "ssh/websocket", "127.0.0.1", ALICE)]
    assert len({r[0] for r in rows}) == 2
    sse.stop()
    ws.drop()


def test_processes(daemon):
    rows = daemon.ctl("show", "processes")
    assert sorted(r[0] for r in rows) == [
        "catalog", "control", "dialer", "frontend", "frontend"]
    for row in rows:
        assert row[-1] == "ready" and row[-2] == "0"
        assert proc_stat(int(row[2]))[0] == daemon.proc.pid


def test_many_sessions(start):
    """More than one page of them."""
    d = start(lines=["limit sessions per sandbox 200",
                     "limit memory per worker 512 mb",
                     "timeout detached ssh 600"])
    ids = {d.open() for _ in range(70)}
    assert set(d.sessions()) == ids


def test_kill(daemon):
    sid, ws = daemon.shell()
    keep, other = daemon.shell()
    daemon.ctl("kill", "session", sid)
    assert ws.closed() == (1000, "closed")
    wait_for(lambda: list(daemon.sessions()) == [keep])
    other.type("echo x$((20+3))y\n")
    other.until(b"x23y")
    for gone in (sid, str(uuid.uuid4())):
        run = daemon.run_ctl("-s", daemon.socket, "kill", "session", gone)
        assert run.returncode == 1 and "no such session" in run.stderr
    other.drop()


def test_kill_reaches_what_runs(daemon):
    """Also a program in the foreground that ignores the hangup."""
    sid, ws = daemon.shell()
    ws.type("trap '' HUP; echo pid:$$:; exec tail -f /dev/null\n")
    ws.until(b"\npid:")
    pid = int(ws.until(b":")[:-1])
    start = proc_stat(pid)[2]
    daemon.ctl("kill", "session", sid)
    ws.closed()
    wait_for(lambda: not alive(pid, start))


def test_detach(daemon):
    sid, ws = daemon.shell()
    other = daemon.ws(sid)
    other.until(b"$ ")
    number = max(int(r[0]) for r in viewers(daemon, 2))
    daemon.ctl("detach", "viewer", str(number))
    assert other.closed() == (1000, "closed")
    daemon.logged(r'event="detach".*viewer="%d".*reason="operator"' % number)
    ws.type("echo x$((20+3))y\n")
    ws.until(b"x23y")
    run = daemon.run_ctl("-s", daemon.socket, "detach", "viewer",
                         str(number))
    assert run.returncode == 1 and "no such viewer" in run.stderr
    ws.drop()


def test_log(start):
    d = start()
    at = len(d.log())
    d.ctl("log", "verbose")
    d.shell()[1].drop()
    d.logged("serves sandbox demo", start=at)
    d.ctl("log", "brief")
    at = len(d.log())
    d.shell("cat")[1].drop()
    d.logged("of cat is up", start=at)
    assert "serves sandbox cat" not in d.log()


def test_drain(start):
    """No new sessions; it leaves with the last one."""
    d = start()
    sid, ws = d.shell()
    d.ctl("drain")
    answer = d.connect()
    assert answer.status == 503 and "error" in answer.json
    late = d.ws(sid)
    late.until(b"$ ")
    d.ctl("drain")
    ws.type("echo x$((20+3))y\n")
    late.until(b"x23y")
    ws.type("exit\n")
    assert ws.closed() == (1000, "closed")
    assert late.closed() == (1000, "closed")
    assert d.wait() == 0
    assert "stopped" in d.log()


def test_drain_of_nothing(start):
    d = start()
    d.ctl("drain")
    assert d.wait() == 0


def test_socket(start, tmp_path):
    d = start()
    st = os.stat(d.socket)
    assert stat.S_IMODE(st.st_mode) & 0o077 == 0
    run = d.run_ctl("-s", str(tmp_path / "nothing"), "show", "sessions")
    assert run.returncode == 1 and run.stderr.count("\n") == 1


def test_junk(start):
    """Packets that are no messages, of every length, and silence."""
    d = start()
    _, ws = d.shell()
    idle = []
    for i in range(60):
        s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        s.connect(d.socket)
        try:
            s.send(os.urandom(1 + i * 200))
            s.send(b"\0" * 12)
        except OSError:
            pass
        if i % 3:
            s.close()
        else:
            idle.append(s)
    wait_for(lambda: d.run_ctl("-s", d.socket, "show",
                               "sessions").returncode == 0)
    for s in idle:
        s.close()
    assert len(d.sessions()) == 1
    assert all(row[-2] == "0" for row in d.ctl("show", "processes"))
    ws.type("echo x$((20+3))y\n")
    ws.until(b"x23y")
    ws.drop()


def test_silent_askers(start):
    """Many who connect and say nothing do not lock out the operator for
    long."""
    d = start()
    socks = []
    for _ in range(200):
        s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        s.setblocking(False)
        try:
            s.connect(d.socket)
        except BlockingIOError:
            s.close()
            continue
        socks.append(s)
    wait_for(lambda: d.run_ctl("-s", d.socket, "show",
                               "sessions").returncode == 0)
    for s in socks:
        s.close()


def test_old_socket_file(start):
    """What a killed daemon left behind is replaced."""
    d = start(start=False)
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.bind(d.socket)
    s.close()
    d.start()
    assert d.sessions() == {}
    assert UUID.fullmatch(d.open())
    d.stop(signal.SIGINT)
