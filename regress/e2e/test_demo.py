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

What can break: lines that do not work when pasted; a server of SSH that is
still there after Ctrl-C, or what somebody has started in it.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import threading

import pytest

from clients import wait_for
from daemon import BUILD, ROOT, TOP, alive, proc_stat

# A local shell may leave that behind, as any login may.
LEFT = "setsid sleep 1000 >/dev/null 2>&1 & "


class Demo:
    """It runs in a copy of etc/, so that its files are nobody else's."""

    def __init__(self, top):
        shutil.copytree(os.path.join(TOP, "etc"), top / "etc")
        self.top = top
        env = {k: v for k, v in os.environ.items() if k != "SUDO_USER"}
        self.proc = subprocess.Popen(
            ["sh", "etc/demo.sh"], cwd=top, env=dict(env, BUILD=BUILD),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, start_new_session=True)
        self.text = ""
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        try:
            wait_for(lambda: "show sessions" in self.text, 30)
        except AssertionError:
            self.stop(signal.SIGKILL)
            raise AssertionError(self.text) from None

    def read(self):
        for line in self.proc.stdout:
            self.text += line

    def paste(self):
        """What the printed lines show."""
        return self.sh(self.lines())

    def lines(self):
        return re.search(r"^A='.*?\n\n", self.text, re.M | re.S).group(0)

    def sh(self, lines):
        return subprocess.run(["sh", "-c", lines], text=True,
                              capture_output=True, timeout=60,
                              check=True).stdout

    def port(self):
        """Of the server of "box"; None if there is none."""
        m = re.search(r"^talk box .* port (\d+)$", self.text, re.M)
        return m and int(m.group(1))

    def daemon(self):
        return next(p for p, _ in family(self.proc.pid)
                    if b"gatewayd\0-d" in read_proc(p, "cmdline"))

    def stop(self, signo):
        os.killpg(self.proc.pid, signo)
        self.proc.wait(30)


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


def refused(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) != 0


def gone(demo, processes):
    wait_for(lambda: not any(alive(*p) for p in processes), 10)
    assert not (demo.top / "run").exists()
    assert demo.port() is None or refused(demo.port())


@pytest.fixture
def demo(tmp_path):
    d = Demo(tmp_path)
    yield d
    if d.proc.poll() is None:
        d.stop(signal.SIGTERM)


def test_pasted_lines(demo):
    out = demo.paste()
    assert out.count("uid=") == (1 if demo.port() is None else 2), out
    if ROOT:
        assert out.count("(nobody)") == out.count("uid="), out
    processes = family(demo.proc.pid)
    demo.stop(signal.SIGINT)
    assert demo.proc.returncode == 0
    gone(demo, processes)


def test_what_is_left_in_the_box(demo):
    if demo.port() is None:
        why = re.search(r"^run: (no sandbox.*)", demo.text, re.M)
        assert why
        pytest.skip(why.group(1))
    demo.sh(demo.lines().replace("id; uname", LEFT + "id; uname")
            .replace("talk demo", ""))
    processes = family(demo.proc.pid)
    assert any(b"sleep\0" in read_proc(p, "cmdline") for p, _ in processes)
    demo.stop(signal.SIGINT)
    gone(demo, processes)


def test_the_daemon_dies_first(demo):
    processes = family(demo.proc.pid)
    os.kill(demo.daemon(), signal.SIGKILL)
    assert demo.proc.wait(30) != 0
    gone(demo, processes)
