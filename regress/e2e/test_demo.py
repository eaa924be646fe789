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
make run: what a newcomer sees, and what is left when he has seen enough.

What can break: a URL or lines that do not work when pasted; a server of SSH
that is still there after Ctrl-C, or what somebody has started in it.
"""

import os
import pty
import random
import re
import select
import shutil
import signal
import socket
import subprocess
import threading
import time

import pytest

from clients import WAIT, Http, bearer, wait_for
from daemon import BUILD, ROOT, TOP, alive, proc_stat

# A local shell may leave that behind, as any login may.
LEFT = "trap '' HUP; setsid sleep 1000 >/dev/null 2>&1 & "


class Demo:
    """It runs in a copy of etc/, so that its files are nobody else's."""

    def __init__(self, top):
        shutil.copytree(os.path.join(TOP, "etc"), top / "etc")
        self.top = top
        env = {k: v for k, v in os.environ.items() if k != "SUDO_USER"}
        # Not the ports of what runs beside us: it looks for free ones, and
        # takes them a little later.  None is one that the kernel gives out.
        port = random.randrange(10000, 30000, 20)
        env.update(BUILD=BUILD, PORT=str(port), METRICS_PORT=str(port + 5),
                   BOX_PORT=str(port + 10))
        self.proc = subprocess.Popen(
            ["sh", "etc/demo.sh"], cwd=top, env=env,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, start_new_session=True)
        self.text = ""
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        try:
            wait_for(lambda: "show sessions" in self.text, 2 * WAIT)
        except AssertionError:
            self.stop(signal.SIGKILL)
            raise AssertionError(self.text) from None

    def read(self):
        for line in self.proc.stdout:
            self.text += line

    def urls(self):
        """The page of each sandbox."""
        return re.findall(r"^  in a browser +(\S+)$", self.text, re.M)

    def paste(self, sandbox, typed):
        """What the printed command shows of that, in a terminal."""
        line, = re.findall(r"^  in a terminal +(\S+ .* %s)$" % sandbox,
                           self.text, re.M)
        pid, fd = pty.fork()
        if pid == 0:
            os.execvp("sh", ["sh", "-c", "exec " + line])
        out = expect(fd, b"\\$ $")
        os.write(fd, typed.encode() + b"; exit 5\n")
        out += expect(fd, None)
        os.close(fd)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 5, out
        return out.decode()

    def port(self):
        """Of the server of "box"; None if there is none."""
        m = re.search(r"^One by SSH.* port (\d+):$", self.text, re.M)
        return m and int(m.group(1))

    def daemon(self):
        return next(p for p, _ in family(self.proc.pid)
                    if b"gatewayd\0-d" in read_proc(p, "cmdline"))

    def stop(self, signo):
        os.killpg(self.proc.pid, signo)
        self.proc.wait(WAIT)


def expect(fd, pattern, seconds=WAIT):
    """What comes until there is a match, or without one to the end."""
    out = b""
    end = time.monotonic() + seconds
    while pattern is None or not re.search(pattern, out):
        assert select.select([fd], [], [], end - time.monotonic())[0], out
        try:
            data = os.read(fd, 4096)
        except OSError:
            data = b""
        if not data:
            assert pattern is None, out
            return out
        out += data
    return out


def read_proc(pid, name):
    try:
        with open("/proc/%d/%s" % (pid, name), "rb") as f:
            return f.read()
    except OSError:
        return b""


def family(pid):
    """A process, those that it has started, and theirs, with their start."""
    parents = {}
    for p in filter(str.isdigit, os.listdir("/proc")):
        stat = read_proc(int(p), "stat").rpartition(b")")[2].split()
        if stat:
            parents.setdefault(int(stat[1]), []).append(int(p))
    found = [pid]
    for p in found:
        found += parents.get(p, [])
    stats = {p: proc_stat(p) for p in found}
    return [(p, st[2]) for p, st in stats.items() if st is not None]


def with_sleep(processes):
    """Those, if the one that LEFT starts is among them."""
    return any(b"sleep\0" in read_proc(p, "cmdline")
               for p, _ in processes) and processes


def refused(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) != 0


def gone(demo, processes):
    wait_for(lambda: not any(alive(*p) for p in processes))
    assert not (demo.top / "run").exists()
    assert demo.port() is None or refused(demo.port())


@pytest.fixture
def demo(tmp_path):
    d = Demo(tmp_path)
    yield d
    if d.proc.poll() is None:
        d.stop(signal.SIGTERM)


def test_pasted_lines(demo):
    for sandbox in ["demo"] + ["box"] * (demo.port() is not None):
        out = demo.paste(sandbox, "id")
        assert "uid=" in out
        if ROOT:
            assert "(nobody)" in out
    processes = family(demo.proc.pid)
    demo.stop(signal.SIGINT)
    assert demo.proc.returncode == 0
    gone(demo, processes)


def test_url(demo):
    """It leads to the page, with a token that opens a shell."""
    m = re.fullmatch(r"http://127\.0\.0\.1:(\d+)/#token=([\w.-]+)"
                     r"&sandbox=demo", demo.urls()[0])
    with Http(int(m.group(1))) as h:
        assert h.ask("GET", "/").status == 200
        a = h.ask("POST", "/v1/sandboxes/demo/sessions",
                  '{"cols":80,"rows":24}', bearer(m.group(2)))
        assert a.status == 201, a


def test_what_is_left_in_the_box(demo):
    if demo.port() is None:
        why = re.search(r"^run: (no sandbox.*)", demo.text, re.M)
        assert why
        pytest.skip(why.group(1))
    demo.paste("box", LEFT + "id")
    processes = wait_for(lambda: with_sleep(family(demo.proc.pid)))
    demo.stop(signal.SIGINT)
    gone(demo, processes)


def test_the_daemon_dies_first(demo):
    processes = family(demo.proc.pid)
    os.kill(demo.daemon(), signal.SIGKILL)
    assert demo.proc.wait(WAIT) != 0
    gone(demo, processes)
