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
Starting, health, and every way to stop.

What can break: a client that is not told; a process, a socket or a shell
that is left; a service manager that is not told either, or too early.
"""

import os
import re
import signal
import socket
import subprocess

import pytest

from clients import WAIT, Http, wait_for
from daemon import BUILD, ROOT, alive, proc_stat


@pytest.mark.parametrize("signo", [signal.SIGTERM, signal.SIGINT])
def test_stop(start, signo):
    """Clients are closed 1001, streams end, nothing is left."""
    d = start()
    sid, ws = d.shell()
    other = d.jsws(sid)
    other.until(b"$ ")
    sse = d.sse(sid)
    sse.until(b"$ ")
    foreign, ws2 = d.shell("cat")
    d.kill(signo)
    assert ws.closed()[0] == 1001
    assert ws2.closed()[0] == 1001
    assert other.closed()[0] == 1001
    assert sse.rest()[-1][0] == "error"
    sse.stop()
    assert d.wait() == 0
    d.stop()


def test_stop_with_a_client_that_does_not_read(start):
    d = start()
    _, ws = d.shell()
    ws.type("yes\n")
    ws.until(b"y\r\n" * 100)
    d.kill(signal.SIGTERM)
    assert d.wait() == 0
    ws.drop()


def test_stop_in_a_reload(start):
    """Who asked for it hears that it will not be, and nothing is left."""
    d = start()
    (pid,) = d.process("dialer")
    os.kill(pid, signal.SIGSTOP)
    runs = [subprocess.Popen([BUILD + "/gatewayctl", "-s", d.socket,
                              "reload"], stderr=subprocess.PIPE, text=True)
            for _ in range(2)]
    # Only one is let in.
    wait_for(lambda: any(run.poll() is not None for run in runs))
    d.kill(signal.SIGTERM)
    said = sorted(run.communicate()[1] for run in runs)
    # Within five seconds, or it is killed.
    os.kill(pid, signal.SIGCONT)
    assert "try again" in said[0] and "the daemon stops" in said[1]
    assert all(run.returncode == 1 for run in runs)
    assert d.wait() == 0


HEARS = """
import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP])
os.write(1, b"READY")
signal.sigwait([signal.SIGHUP])
with open(sys.argv[1], "w") as f:
    f.write("heard")
os._exit(0)
"""


@pytest.mark.parametrize("how", ["stop", "kill", "delete", "worker"])
def test_shells_hear_of_it(start, how):
    """Each shell gets HUP, whatever ends it; one that ignores it goes all
    the same."""
    d = start(start=False)
    mark = os.path.join(d.dir, "heard")
    with open(mark, "w"):
        os.chmod(mark, 0o666)
    d.sandboxes["demo"] = {"script": HEARS, "args": [mark]}
    d.sandboxes["deaf"] = {"pty": ["/bin/sh", "-c",
                                   "trap '' HUP TERM; echo pid:$$:; "
                                   "exec tail -f /dev/null"]}
    d.write()
    d.start()
    sid, deaf = d.open("demo"), d.open("deaf")
    d.ws(sid).until(b"READY")
    ws = d.ws(deaf)
    ws.until(b"pid:")
    pid = int(ws.until(b":")[:-1])
    started = proc_stat(pid)[2]
    if how in ("stop", "kill"):
        d.kill(signal.SIGTERM if how == "stop" else signal.SIGKILL)
        assert d.wait() == (0 if how == "stop" else -signal.SIGKILL)
    elif how == "worker":
        d.faults = True
        for name in ("demo", "deaf"):
            os.kill(d.worker(name), signal.SIGKILL)
    else:
        for session in (sid, deaf):
            d.delete(session)
    wait_for(lambda: not alive(pid, started))

    def heard():
        with open(mark) as f:
            return f.read() == "heard"
    wait_for(heard)


def test_killed(start):
    """SIGKILL of the parent: all of it is gone at once, with the shells."""
    d = start()
    _, ws = d.shell()
    deaf = d.shell()[1]
    deaf.type("trap '' HUP TERM; echo t$((1+1))\n")
    deaf.until(b"t2")
    below = d.tree()
    assert len(below) >= 10
    d.kill(signal.SIGKILL)
    d.wait()
    wait_for(lambda: not [p for p in below if alive(*p)], 4)
    ws.closed()
    # What it could not clean up does not stop the next one.
    d.start()
    d.shell()[1].drop()


def test_start_twice(start):
    """The second says why it cannot, and leaves the first alone."""
    d = start()
    run = subprocess.run([BUILD + "/gatewayd", "-d", "-f", d.path],
                         capture_output=True, text=True, timeout=20)
    assert run.returncode != 0
    assert re.search(r"gatewayd: .*(in use|already)", run.stderr)
    d.shell()[1].drop()
    assert d.sessions()


@pytest.mark.parametrize("text", ["nonsense\n", ""])
def test_bad_start(tmp_path, text):
    path = tmp_path / "gatewayd.conf"
    if text:
        path.write_text(text)
        path.chmod(0o644)
    run = subprocess.run([BUILD + "/gatewayd", "-d", "-f", str(path)],
                         capture_output=True, text=True, timeout=20)
    assert run.returncode == 1
    assert "gatewayd.conf" in run.stderr


@pytest.mark.skipif(not ROOT, reason="needs root")
def test_missing_account(start):
    """A role without its account: no start, and a line that names it."""
    d = start(start=False)
    d.lines.append('user "gwnobodyhere"')
    d.write()
    run = subprocess.run([BUILD + "/gatewayd", "-d", "-f", d.path],
                         capture_output=True, text=True, timeout=20)
    assert run.returncode != 0 and "gwnobodyhere" in run.stderr
    # Its processes are gone as well, in a moment.
    with socket.socket() as s:
        wait_for(lambda: s.connect_ex(("127.0.0.1", d.port)) != 0)
    d.lines.pop()
    d.write()
    d.start()


def test_service_manager(start, tmp_path):
    """READY, RELOADING with its time, READY, STOPPING, in that order."""
    path = "/tmp/gwnotify%d" % os.getpid()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.bind(path)
        s.settimeout(WAIT)
        try:
            d = start(env={"NOTIFY_SOCKET": path})
            assert s.recv(1000) == b"READY=1"
            _, ws = d.shell()
            # It is for us alone: the shell does not inherit it.
            ws.type("echo n:$NOTIFY_SOCKET:\n")
            ws.until(b"\nn::")
            ws.drop()
            d.ctl("reload")
            assert re.fullmatch(rb"RELOADING=1\nMONOTONIC_USEC=\d+",
                                s.recv(1000))
            assert s.recv(1000) == b"READY=1"
            d.write("nonsense\n")
            d.kill(signal.SIGHUP)
            assert s.recv(1000).startswith(b"RELOADING=1\n")
            assert s.recv(1000) == b"READY=1"
            d.kill(signal.SIGTERM)
            assert s.recv(1000) == b"STOPPING=1"
            assert d.wait() == 0
        finally:
            os.unlink(path)


def test_in_the_background(start):
    """Without -d it leaves the terminal, and stops all the same."""
    d = start(start=False)
    subprocess.run([BUILD + "/gatewayd", "-f", d.path], check=True,
                   timeout=20, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    pid = 0
    try:
        def found():
            run = d.run_ctl("-s", d.socket, "show", "processes")
            rows = [li.split() for li in run.stdout.splitlines()[1:]]
            return rows and all(r[-1] == "ready" for r in rows) and rows
        rows = wait_for(found)
        pid = proc_stat(int(rows[0][2]))[0]
        assert os.getsid(pid) == pid
        _, ws = d.shell()
        ws.type("exit\n")
        assert ws.closed() == (1000, "closed")
    finally:
        if pid > 1:
            started = proc_stat(pid)[2]
            os.kill(pid, signal.SIGTERM)
            wait_for(lambda: not alive(pid, started))
    assert not os.path.exists(d.socket)
    d.start()


def test_health(daemon):
    for method in ("GET", "HEAD"):
        for path in ("/healthz", "/readyz"):
            with Http(daemon.port) as http:
                answer = http.ask(method, path)
            assert answer.status == 200
            assert answer.headers["content-type"].startswith("text/plain")
            assert (answer.body == b"") == (method == "HEAD")


def test_not_ready(start):
    """While a process is missing it is up, but not ready."""
    d = start(frontends=1)
    d.faults = True
    (pid,) = d.process("catalog")
    os.kill(pid, signal.SIGSTOP)
    assert d.ask("GET", "/healthz", token=None).status == 200
    os.kill(pid, signal.SIGKILL)

    def again():
        now = d.process("catalog")
        return now and now != [pid] and d.ready()
    wait_for(again)
    d.shell()[1].drop()
    (row,) = [r for r in d.ctl("show", "processes") if r[0] == "catalog"]
    assert row[5] == "1"


METRIC = re.compile(r'gatewayd_[a-z_]+(\{[a-z_]+="[a-z_]+"\})? \d+')


def test_metrics(daemon):
    _, ws = daemon.shell()
    daemon.connect("nothing")

    def counted():
        """The client may know before that it is attached, or denied."""
        text = daemon.metrics()
        return re.search(r"(?m)^gatewayd_viewers 1$", text) and re.search(
            r'(?m)^gatewayd_denials_total{reason="not_found"} [1-9]',
            text) and text
    text = wait_for(counted)
    for line in text.splitlines():
        assert line.startswith(("# HELP ", "# TYPE ")) or \
            METRIC.fullmatch(line), line
    values = dict(li.rsplit(" ", 1) for li in text.splitlines()
                  if not li.startswith("#"))
    # Of other tests some are kept for a minute.
    assert int(values["gatewayd_sessions"]) - \
        int(values["gatewayd_sessions_kept"]) == 1
    assert values["gatewayd_viewers"] == "1"
    assert int(values["gatewayd_workers"]) >= 1
    assert values['gatewayd_processes{role="frontend"}'] == "2"
    assert int(values['gatewayd_denials_total{reason="not_found"}']) >= 1
    assert int(values["gatewayd_grants_total"]) >= 2
    # Every metric has its type before it.
    for name in values:
        assert re.search(r"(?m)^# TYPE %s (counter|gauge)$" %
                         name.split("{")[0], text)
    with Http(daemon.metrics_port) as http:
        answer = http.ask("GET", "/metrics")
        assert answer.headers["content-type"].startswith(
            "text/plain; version=0.0.4")
        assert http.ask("HEAD", "/metrics").body == b""
    with Http(daemon.metrics_port) as http:
        assert http.ask("GET", "/healthz").status == 404
    with Http(daemon.metrics_port) as http:
        assert http.ask("POST", "/metrics", "x").status == 405
    assert daemon.ask("GET", "/metrics").status == 404
    ws.drop()
