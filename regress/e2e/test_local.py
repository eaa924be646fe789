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
Local terminals: what the shell is given, and how it ends.

What can break: something of the daemon that a login shell must not
inherit; sudo, job control or tmux that do not work in it; a background
job that keeps a session open for ever; a secret that is not where it
belongs.
"""

import os
import pwd
import re
import resource
import shutil
import signal
import subprocess
import threading
import time

import pytest

from clients import wait_for
from daemon import ROOT, alive, proc_stat

needs_root = pytest.mark.skipif(not ROOT, reason="needs root")


def out_of(ws, command):
    """What a command prints."""
    ws.type("echo b$((1+1))n; %s; echo e$((1+1))d\n" % command)
    ws.until(b"b2n\r\n")
    return ws.until(b"e2d\r\n")[:-5].decode()


@pytest.fixture
def home(start, account):
    """A daemon with a sandbox of an account that has a home."""
    return start({"home": {"pty": ["/bin/sh"], "user": account},
                  "bash": {"pty": ["/bin/bash", "--norc"], "user": account}})


def test_environment(start, account):
    """env and secret reach the shell; a box that does not open is skipped
    and named, and so is a value that was never sealed."""
    d = start(start=False)
    other = d.seal(b"x")
    os.unlink(d.keys + "/seal.key")
    os.unlink(d.keys + "/seal.pub")
    os.rename(d.keys, d.keys + ".old")
    d.run_ctl("keygen", d.keys)
    with open(d.keys + "/jwt.secret", "rb") as f:
        d.secret = f.read().rstrip(b"\n")
    d.sandboxes["demo"] = {
        "pty": ["/bin/sh"], "user": account,
        "env": {"PLAIN": "a 'b' \"c\" \\ $HOME \u20ac"},
        "secret": {"TOKEN": d.seal("s3cr3t \u00fc\n".encode()),
                   "EMPTY": d.seal(b""),
                   "OTHERKEY": other, "UNSEALED": 8 * "hunter2-",
                   "NULBYTE": d.seal(b"a\0b")}}
    d.write()
    d.start()
    _, ws = d.shell()
    env = out_of(ws, "env -0 | tr '\\0\\n' '\\001\\002'")
    env = dict(v.split("=", 1) for v in env.split("\x01") if "=" in v)
    assert env["PLAIN"] == "a 'b' \"c\" \\ $HOME \u20ac"
    assert env["TOKEN"] == "s3cr3t \u00fc\x02"
    assert env["EMPTY"] == ""
    for name in ("OTHERKEY", "UNSEALED", "NULBYTE"):
        assert name not in env
        d.logged("secret %s skipped: " % name)
    assert "hunter2" not in d.log() and "s3cr3t" not in d.log()
    pw = pwd.getpwnam(account)
    assert (env["HOME"], env["USER"], env["LOGNAME"]) == (
        pw.pw_dir, account, account)
    assert env["TERM"] == "xterm-256color"
    assert "/usr/bin" in env["PATH"].split(":")
    assert env["SHELL"] == "/bin/sh" or not ROOT
    # Nothing else of ours is in it.
    known = {"PLAIN", "TOKEN", "EMPTY", "HOME", "USER", "LOGNAME", "TERM",
             "PATH", "SHELL", "PS1", "PWD", "OLDPWD", "_"}
    assert set(env) <= known
    ws.drop()


def test_identity(home, account):
    _, ws = home.shell("home")
    pw = pwd.getpwnam(account)
    assert out_of(ws, "id -u").strip() == str(pw.pw_uid)
    assert out_of(ws, "id -g").strip() == str(pw.pw_gid)
    if ROOT:
        groups = {int(g) for g in out_of(ws, "id -G").split()}
        assert groups == set(os.getgrouplist(account, pw.pw_gid))
    # As at a login: without a home it begins at the root.
    assert out_of(ws, "pwd").strip() == (
        pw.pw_dir if os.path.isdir(pw.pw_dir) else "/")
    ws.drop()


def test_inherits_nothing(home):
    """Limits, umask, signals, descriptors, filters: as at a login."""
    _, ws = home.shell("home")
    assert out_of(ws, "umask").strip() == "0022"
    limits = out_of(ws, "cat /proc/$$/limits")
    mine = {}
    with open("/proc/self/limits") as f:
        for line in f:
            mine[line[:25].strip()] = line[25:].split()[:2]
    for line in limits.splitlines():
        name = line[:25].strip()
        if name in mine and name != "Limit":
            assert line[25:].split()[:2] == mine[name], line
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == int(
        out_of(ws, "ulimit -n"))
    status = dict(line.split(":\t", 1) for line in out_of(
        ws, "cat /proc/self/status").splitlines() if ":\t" in line)
    assert status["Seccomp"] == "0"
    assert status["NoNewPrivs"] == "0"
    assert int(status["SigBlk"], 16) == 0
    # Two are of the C library, which does not let anybody reset them.
    assert int(status["SigIgn"], 16) & ~(3 << 31) == 0
    assert int(status["CapEff"], 16) == 0
    # The parent lets terminals go before itself, and only itself.
    stat = out_of(ws, "cat /proc/self/stat").rsplit(")", 1)[1].split()
    assert int(stat[38]) == os.sched_getscheduler(0)
    fds = out_of(ws, "ls /proc/self/fd").split()
    assert fds == ["0", "1", "2", "3"]		# the last is of ls
    assert out_of(ws, "readlink /proc/self/root").strip() == "/"
    # dumpable, as gdb needs it
    assert out_of(ws, "stat -c %U /proc/self/fd").strip() == \
        out_of(ws, "id -un").strip()
    ws.drop()


def test_terminal(home, account):
    """The controlling terminal, its owner and mode, and its settings."""
    _, ws = home.shell("home")
    tty = out_of(ws, "tty").strip()
    assert re.fullmatch(r"/dev/pts/\d+", tty)
    assert out_of(ws, "ps -o tty= -p $$").strip() == tty[5:]
    assert out_of(ws, "test -w /dev/tty && echo yes").strip() == "yes"
    if ROOT:
        assert out_of(ws, "stat -c '%%U %%G %%a' %s" % tty).split() == [
            account, "tty", "620"]
    assert "iutf8" in out_of(ws, "stty -a").replace("-iutf8", "")
    assert out_of(ws, "ps -o pid=,sid=,pgid= -p $$").split() == [
        out_of(ws, "echo $$").strip()] * 3
    ws.drop()


def test_home_is_writable(home, account):
    pw = pwd.getpwnam(account)
    if not ROOT and not os.access(pw.pw_dir, os.W_OK):
        pytest.skip("no home")
    name = ".gwregress%d" % os.getpid()
    _, ws = home.shell("home")
    out_of(ws, "echo hello >~/" + name)
    path = os.path.join(pw.pw_dir, name)
    try:
        with open(path) as f:
            assert f.read() == "hello\n"
        st = os.stat(path)
        assert st.st_mode & 0o777 == 0o644
        assert st.st_uid == pw.pw_uid
    finally:
        os.unlink(path)
    ws.drop()


def test_job_control(home):
    """^C ends what runs, ^Z stops it, fg continues it."""
    _, ws = home.shell("bash")
    ws.type("echo p$((1+1))\n")
    ws.until(b"p2")

    def cat(word):
        # The shell has set the terminal up for others once it prints this.
        ws.type("echo g$((1+1))o; cat\n")
        ws.until(b"g2o\r\n")
        ws.type(word + "\n")
        ws.until(2 * (word.encode() + b"\r\n"))
    cat("one")
    ws.type("\x03")
    ws.until(b"^C")
    ws.until(b"$ ")
    ws.type("echo rc:$?:\n")
    ws.until(b"rc:130:")
    ws.until(b"$ ")
    cat("two")
    ws.type("\x1a")
    ws.until(b"Stopped")
    ws.until(b"$ ")
    ws.type("jobs; fg\n")
    ws.until(b"Stopped")
    ws.until(b"cat\r\n")		# of jobs
    ws.until(b"cat\r\n")		# of fg
    ws.type("three\n")
    ws.until(b"three\r\nthree\r\n")
    ws.type("\x1c")
    ws.until(b"Quit")
    ws.drop()


def test_interrupt_of_a_flood(home):
    """^C is obeyed at once while a program prints."""
    _, ws = home.shell("bash")
    ws.type("yes 0123456789\n")
    ws.until(b"0123456789\r\n" * 1000)
    ws.type("\x03")
    begun = time.monotonic()
    ws.until(b"^C")
    ws.until(b"$ ")
    ws.type("echo p$((1+1))\n")
    ws.until(b"p2")
    assert time.monotonic() - begun < 20
    ws.drop()


def test_background_job_keeps_the_terminal(home):
    """The session ends soon after its shell, whatever still has the
    terminal open; what the shell wrote is all there."""
    sid, ws = home.shell("home")
    pid = int(out_of(ws, "(trap '' HUP; exec tail -f /dev/null) & "
                         "echo $!").split()[-1])
    started = proc_stat(pid)[2]
    try:
        begun = time.monotonic()
        ws.type("seq 1 500; exit\n")
        assert ws.closed() == (1000, "closed")
        assert time.monotonic() - begun < 20
        assert ws.out.endswith(b"499\r\n500\r\n")
        assert alive(pid, started)
        wait_for(lambda: sid not in home.sessions())
    finally:
        os.kill(pid, signal.SIGKILL)


def test_exit_is_not_waited_for(home):
    """Without such a job the end comes at once, sooner than with one; which
    a busy machine may hide, but not each time."""
    took = []
    while not took or min(took) >= 0.15:
        assert len(took) < 20, took
        _, ws = home.shell("home")
        begun = time.monotonic()
        ws.type("exit\n")
        assert ws.closed() == (1000, "closed")
        took.append(time.monotonic() - begun)


@pytest.mark.parametrize("how", ["exec true", "exec false", "kill -9 $$",
                                 "kill -TERM $$; kill -KILL $$",
                                 "kill -HUP $$; exit"])
def test_ends(home, how):
    sid, ws = home.shell("home")
    ws.type(how + "\n")
    assert ws.closed() == (1000, "closed")
    home.logged("session %s of home ended: shell ended" % sid)


def test_last_words(start):
    """Everything that was written before the end arrives."""
    d = start({"last": {"pty": ["/bin/sh", "-c", "read x; seq 1 20000"]}})
    ws = d.ws(d.open("last"))
    ws.type("\n")
    assert ws.closed() == (1000, "closed")
    assert ws.out.endswith(b"19999\r\n20000\r\n")
    assert ws.out.count(b"\n") == 20001


@pytest.mark.skipif(shutil.which("tmux") is None, reason="no tmux")
def test_tmux(home, account):
    """It starts, splits, detaches, and is there for the next session."""
    name = "gw%d" % os.getpid()
    _, ws = home.shell("home")
    try:
        # Keys that come at once are no paste here.
        ws.type("tmux -L %s -f /dev/null start-server \\; set -g "
                "assume-paste-time 0 \\; new-session\n" % name)
        ws.until(b"\x1b[")
        ws.type("echo t$((1+1))x\n")
        ws.until(b"t2x")
        ws.type("\x02\"")			# split
        ws.type("echo u$((1+1))x\n")
        ws.until(b"u2x")
        ws.type("\x02d")			# detach
        ws.until(b"[detached")
        ws.type("exit\n")
        assert ws.closed() == (1000, "closed")
        _, ws = home.shell("home")
        ws.type("tmux -L %s attach\n" % name)
        ws.until(b"u2x")
        ws.type("\x02d")
        ws.until(b"[detached")
    finally:
        ws.drop()
        kill = ["tmux", "-L", name, "kill-server"]
        if ROOT:
            kill = ["setpriv", "--reuid", account, "--clear-groups"] + kill
        subprocess.run(kill, timeout=20)


@needs_root
@pytest.mark.skipif(shutil.which("sudo") is None, reason="no sudo")
def test_sudo(home, account):
    """A setuid program works in it, and the session ends properly while
    root's command still runs."""
    path = "/etc/sudoers.d/" + account
    with open(path, "w") as f:
        f.write("%s ALL=(ALL) NOPASSWD: ALL\n" % account)
    os.chmod(path, 0o440)
    try:
        sid, ws = home.shell("home")
        assert out_of(ws, "sudo -n id -u").strip().split()[-1] == "0"
        assert out_of(ws, "sudo -n -u nobody id -un").split()[-1] == "nobody"
        # What is typed does not look like the prompt: a sudo that loses
        # its terminal before it runs the command hangs.
        prompt = "PS1=$(printf '\\043') "
        ws.type(prompt + "sudo -n sh\n")
        ws.until(b"#")
        ws.type("id -un; tty\n")
        ws.until(b"root\r\n/dev/pts/")
        ws.type("exit\n")
        ws.until(b"$ ")
        ws.type(prompt + "exec sudo -n sh\n")
        ws.until(b"#")
        assert home.delete(sid).status == 200
        assert ws.closed() == (1000, "closed")
        wait_for(lambda: sid not in home.sessions())
    finally:
        os.unlink(path)


@needs_root
def test_root_by_name_only(start):
    """A sandbox of root's must say so; one without user is refused."""
    d = start({"root": {"pty": ["/bin/sh"], "user": "root",
                        "env": {"PS1": "$ "}}})
    _, ws = d.shell("root")
    assert out_of(ws, "id -u").strip() == "0"
    ws.drop()
    d.write(d.config().replace('\tuser "root"\n', ""))
    run = d.run_ctl("-s", d.socket, "reload")
    assert run.returncode == 1
    d.write()


@needs_root
def test_unknown_user(start):
    """A user who does not exist is an error of this sandbox's connect."""
    d = start({"demo": {"pty": ["/bin/sh"]},
               "ghost": {"pty": ["/bin/sh"], "user": "gwnobodyhere"}})
    answer = d.connect("ghost")
    assert (answer.status, answer.json) == (
        500, {"error": "Failed to open shell"})
    d.shell()[1].drop()


def test_not_in_the_way_of_each_other(start):
    """Ten sessions that start at once, of two sandboxes."""
    d = start()
    sids = []

    def one(i):
        sids.append(d.open(("demo", "cat")[i % 2]))
    threads = [threading.Thread(target=one, args=(i,)) for i in range(10)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(30)
    assert len(set(sids)) == 10
    assert set(d.sessions()) == set(sids)
    ttys = set()
    for sid, row in d.sessions().items():
        ws = d.ws(sid)
        if row[4] == "demo":
            ws.until(b"$ ")
            ttys.add(out_of(ws, "tty"))
        ws.drop()
    assert len(ttys) == 5


def test_processes_cost_nothing_after_the_end(start):
    """Workers without a session go; the tree is as it was."""
    d = start()
    before = len(d.tree())
    for name in ("demo", "cat"):
        sid, ws = d.shell(name)
        assert d.delete(sid).status == 200
        ws.closed()
    wait_for(lambda: len(d.tree()) == before)
    wait_for(lambda: d.ctl("show", "sandboxes") == [])
    d.shell()[1].drop()
