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
What is done to the daemon by those who run it: a log that nobody reads or
that is closed, files in the place of its own, signals in a row.  What can
break: the service waits for its log, the log gets into a socket, a file is
lost, a changed configuration is not read.
"""

import contextlib
import fcntl
import os
import re
import signal
import subprocess

import pytest

from clients import wait_for
from daemon import BUILD, ROOT, SANDBOXES, Daemon

F_SETPIPE_SZ = 1031


class Piped(Daemon):
    """Its log is a pipe, which is read when a test says so."""

    def start(self):
        self.pipe, end = os.pipe()
        fcntl.fcntl(end, F_SETPIPE_SZ, 16384)
        os.set_blocking(self.pipe, False)
        self.proc = subprocess.Popen(
            [BUILD + "/gatewayd", "-d", "-f", self.path],
            stdin=subprocess.DEVNULL, stdout=end, stderr=end, cwd="/")
        os.close(end)
        self.killed = False
        wait_for(self.ready)

    def log(self):
        with open(self.logfile, "ab") as f, \
                contextlib.suppress(BlockingIOError):
            while self.pipe is not None and \
                    (data := os.read(self.pipe, 65536)):
                f.write(data)
        return super().log()

    def held(self):
        """What is in the pipe at one time, which has room again then."""
        text = os.read(self.pipe, 65536)
        with open(self.logfile, "ab") as f:
            f.write(text)
        return text.decode()

    def leave(self):
        """No reader is left."""
        os.close(self.pipe)
        self.pipe = None

    def abandon(self):
        if self.pipe is not None:
            self.leave()
        super().abandon()


def shells(d, n):
    for _ in range(n):
        sid, ws = d.shell()
        ws.drop()
        assert d.delete(sid).status == 200


def test_log_not_read():
    """More than the pipe takes: the service goes on, and lines are lost,
    which the log says when it is read again."""
    with Piped() as d:
        shells(d, 50)
        d.ctl("show", "processes")
        first = d.held()
        assert 8192 < len(first) <= 16384 and "written here" not in first
        shells(d, 1)
        text = d.logged(r"gatewayd: [1-9]\d* lines could not be written "
                        r"here\n")
        assert d.log()[text.end():].startswith("gatewayd: ")


def test_log_closed():
    """Nobody reads any more."""
    with Piped() as d:
        d.leave()
        shells(d, 3)


@pytest.mark.parametrize("closed", ["2>&-", "<&- >&- 2>&-"])
def test_no_standard_error(start, closed):
    """What is closed does not become a socket that gets the log."""
    d = start(start=False)
    d.killed = False
    d.proc = subprocess.Popen(
        ["sh", "-c", "exec %s/gatewayd -d -f %s %s" % (
            BUILD, d.path, closed)])
    open(d.logfile, "w").close()
    wait_for(d.ready)
    shells(d, 2)
    for fd in (0, 1, 2):
        what = os.readlink("/proc/%d/fd/%d" % (d.proc.pid, fd))
        assert not what.startswith("socket"), what


def test_control_socket_is_a_file(start):
    """A path that is mistyped costs nobody a file."""
    d = start(start=False)
    with open(d.socket, "w") as f:
        f.write("precious")
    run = subprocess.run([BUILD + "/gatewayd", "-d", "-f", d.path],
                         capture_output=True, text=True, timeout=30)
    assert run.returncode == 1
    assert "control socket %s: Address already in use" % d.socket in \
        run.stderr
    with open(d.socket) as f:
        assert f.read() == "precious"
    os.unlink(d.socket)
    d.start()


def test_reload_put_off(start):
    """A signal that comes while a reload is under way is not forgotten: the
    file may have changed since that was read."""
    d = start()

    def put_off():
        d.kill(signal.SIGHUP)
        return "reload put off: another is under way" in d.log()
    catalog = d.process("catalog")[0]
    os.kill(catalog, signal.SIGSTOP)
    try:
        wait_for(put_off)
        d.sandboxes["later"] = {"pty": ["/bin/sh"]}
        d.write()
    finally:
        os.kill(catalog, signal.SIGCONT)
    d.logged("(?s)configuration reloaded.*configuration reloaded")
    _, ws = d.shell("later")
    ws.drop()


def test_sessions_of_a_dead_worker(start):
    """Each that was up has a line that says how it ended."""
    d = start(SANDBOXES)
    d.faults = True
    up = [d.open("demo"), d.native_open("demo")]
    over = d.native_open("demo", cmd="/bin/true")
    d.logged("session %s of demo is over: shell ended" % over)
    os.kill(d.worker("demo"), signal.SIGKILL)
    for sid, how in ((up[0], "transport_lost"), (up[1], "transport_lost"),
                     (over, "shell ended")):
        d.logged("session %s of demo ended: %s\n" % (sid, how))
    assert len(re.findall(" of demo ended: ", d.log())) == 3


def test_few_descriptors(start):
    """The hard limit is what there is; when that is used up some are turned
    away, the log says why, and those that are there go on."""
    d = start(start=False, lines=["limit sessions per sandbox 100"])
    with open(d.logfile, "ab") as log:
        d.proc = subprocess.Popen(
            ["sh", "-c", "ulimit -n 48 && exec %s/gatewayd -d -f %s" % (
                BUILD, d.path)], stdout=log, stderr=log)
    d.killed = False
    wait_for(d.ready)
    assert "no process may have more than 48 descriptors" in d.log()
    first, ws = d.shell()
    others, answer = [], None
    while len(others) < 48:
        answer = d.connect()
        if answer.status != 200:
            break
        others.append(answer.json["sessionId"])
    assert answer.status >= 500 and len(others) > 5, answer
    d.logged("out of descriptors|Too many open files")
    ws.type("echo $((40+2))x\n")
    ws.until(b"42x")
    for sid in others:
        assert d.delete(sid).status == 200
    wait_for(lambda: list(d.sessions()) == [first])
    shells(d, 3)
    ws.drop()


@pytest.mark.skipif(not ROOT, reason="needs root to be somebody else")
def test_no_such_account(start):
    d = start({"demo": {"pty": ["/bin/sh"], "user": "gwnobody"}})
    assert d.connect().status == 500
    d.logged("sandbox demo: no shell of user gwnobody: no such account\n")
