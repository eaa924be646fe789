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
The keeper of a shell, with this test as its parent and its terminal.

What can break: a shell that inherits a filter, a limit, a descriptor or a
blocked signal works well enough until somebody needs sudo in it; a keeper
that is gone leaves a shell that nobody can reach.
"""

import errno
import fcntl
import os
import pwd
import re
import resource
import select
import shutil
import signal
import stat
import struct
import subprocess
import sys
import termios
import time
import uuid

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../lib"))
import gwproto  # noqa: E402
from gwproto import ARG, CWD, ENV  # noqa: E402

KEEPER = [os.path.join(os.environ["BUILD"], "gatewayd"), "-x", "pty"]
SAN = bool(os.environ.get("SAN"))
ROOT = os.geteuid() == 0
NOFILE = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
NOBODY = pwd.getpwnam("nobody")
USER = "nobody" if ROOT else pwd.getpwuid(os.getuid()).pw_name

(STAGE_SPAWN, STAGE_USER, STAGE_TTY, STAGE_SETUP, STAGE_EXEC,
 STAGE_CWD) = range(3, 9)
CODE, SIGNAL = 1, 2

needs_root = pytest.mark.skipif(not ROOT, reason="needs root")


class Shell:
    """A keeper, its shell and our end of the terminal."""

    def __init__(self, argv, user=USER, items=(), privileged=ROOT, body=None,
                 seals=gwproto.SEALS, preexec=None, uid=None, nofile=NOFILE):
        self.session = str(uuid.uuid4())
        self.out = b""
        self.master, slave = os.openpty()
        self.slave = os.ttyname(slave)
        fcntl.ioctl(self.master, termios.TIOCSWINSZ,
                    struct.pack("HHHH", 24, 80, 0, 0))
        if uid is not None:
            os.fchown(slave, uid, -1)
        self.keeper = gwproto.Child(KEEPER, "pty", preexec=preexec,
                                    nofile=nofile,
                                    privileged=int(privileged))
        if body is None:
            body = gwproto.record(*[(ARG, a) for a in argv], *items)
        fd = gwproto.blob(body, seals)
        self.keeper.send("PTY_START", session=self.session, user=user,
                         privileged=int(privileged), fd=slave, blob=fd)
        os.close(fd)
        os.close(slave)

    def running(self):
        self.pid = self.keeper.expect("PTY_RUNNING")["pid"]
        return self

    def failed(self, stage, error):
        self.keeper.expect("PTY_FAIL", session=self.session, stage=stage,
                           error=error)
        self.keeper.expect_closed()
        assert self.keeper.wait() == 0

    def read(self, until=None, timeout=30):
        """Output up to a pattern, or to the end."""
        deadline = time.monotonic() + timeout
        while until is None or not re.search(until, self.out):
            left = deadline - time.monotonic()
            assert left > 0, (until, self.out, self.keeper.logs)
            if not select.select([self.master], [], [], left)[0]:
                continue
            try:
                data = os.read(self.master, 65536)
            except OSError as e:
                assert e.errno == errno.EIO
                data = b""
            if not data:
                assert until is None, (until, self.out)
                return self.out
            self.out += data
        return self.out

    def type(self, text):
        os.write(self.master, text.encode())

    def signal(self, signo):
        self.keeper.send("PTY_SIGNAL", session=self.session, signo=signo)

    def exited(self, how=CODE, code=0):
        self.keeper.expect("PTY_EXIT", session=self.session, how=how,
                           code=code, timeout=30)
        self.keeper.expect_closed()
        assert self.keeper.wait() == 0

    def hang_up(self):
        if self.master != -1:
            os.close(self.master)
            self.master = -1

    def close(self):
        self.hang_up()
        if self.keeper.proc.poll() is None:
            self.keeper.proc.kill()
            self.keeper.proc.wait()
        self.keeper.chan.close()


@pytest.fixture
def shell():
    shells = []

    def start(*argv, **kw):
        shells.append(Shell(argv, **kw))
        return shells[-1]

    yield start
    for s in shells:
        s.close()


def script(shell, text, **kw):
    """Run a script to its end; what it wrote."""
    s = shell("/bin/sh", "-c", text, **kw).running()
    out = s.read().decode().replace("\r\n", "\n")
    s.exited()
    return out


def gone(pid, timeout=30):
    """Wait until a process is no more; a zombie will do."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        try:
            with open(f"/proc/{pid}/stat") as f:
                if f.read().rpartition(")")[2].split()[0] == "Z":
                    return
        except (FileNotFoundError, ProcessLookupError):
            return
        time.sleep(0.01)
    raise AssertionError(f"process {pid} is still there")


def status(pid):
    with open(f"/proc/{pid}/status") as f:
        return dict(line.rstrip("\n").split(":\t", 1) for line in f
                    if ":\t" in line)


def test_exit_code(shell):
    s = shell("/bin/sh", "-c", "exit 7").running()
    s.exited(CODE, 7)


def test_exit_signal(shell):
    s = shell("/bin/sh", "-c", "kill -USR1 $$").running()
    s.exited(SIGNAL, signal.SIGUSR1)


def test_arguments(shell):
    s = shell("printf", "<%s>", "a b", "", "'\"$x", "\u00e4").running()
    assert s.read().decode() == "<a b><><'\"$x><\u00e4>"
    s.exited()


def test_user(shell):
    pw = pwd.getpwnam(USER)
    out = script(shell, "id -u; id -g; id -ru; id -G")
    groups = " ".join(map(str, os.getgrouplist(pw.pw_name, pw.pw_gid)))
    assert out == f"{pw.pw_uid}\n{pw.pw_gid}\n{pw.pw_uid}\n{groups}\n"


def login_shell(pw):
    """A nologin is of no use to programs that start a shell."""
    with open("/etc/shells") as f:
        listed = pw.pw_shell in f.read().split()
    return pw.pw_shell if listed else "/bin/sh"


def test_environment(shell):
    """Exactly what was sent, and what every login has."""
    out = script(shell, "exec /usr/bin/env", items=[
        (ENV, "B", "1"), (ENV, "A", "x=y z"), (ENV, "B", "2"),
        (ENV, "TERM", "dumb"), (ENV, "EMPTY", "")])
    pw = pwd.getpwnam(USER)
    got = dict(line.split("=", 1) for line in out.splitlines())
    # The shell that runs env adds these.
    for name in "PWD", "OLDPWD", "SHLVL", "_":
        got.pop(name, None)
    assert got == {
        "A": "x=y z", "B": "2", "EMPTY": "", "TERM": "dumb",
        "HOME": pw.pw_dir, "USER": USER, "LOGNAME": USER,
        "SHELL": login_shell(pw), "PATH": "/usr/local/bin:/usr/bin:/bin"}


def test_path_of_the_shell(shell, tmp_path):
    """argv[0] is looked for in the PATH that was sent."""
    os.chmod(tmp_path, 0o755)
    for d in tmp_path.parents:
        if d.stat().st_uid == os.getuid() and len(d.parts) > 2:
            os.chmod(d, 0o755)
    tool = tmp_path / "my-tool"
    tool.write_text("#!/bin/sh\necho found\n")
    tool.chmod(0o755)
    s = shell("my-tool", items=[(ENV, "PATH", str(tmp_path))]).running()
    assert s.read() == b"found\r\n"
    s.exited()


def test_directory(shell):
    assert script(shell, "pwd", items=[(CWD, "/usr")]) == "/usr\n"
    home = pwd.getpwnam(USER).pw_dir
    assert script(shell, "pwd") == \
        (home if os.path.isdir(home) else "/") + "\n"


def test_directory_fails(shell):
    """One that was asked for has to be there, and the user's to enter."""
    def to(path):
        return shell("/bin/true", items=[(CWD, path)])
    to("/no/such/place").failed(STAGE_CWD, errno.ENOENT)
    to("/etc/passwd").failed(STAGE_CWD, errno.ENOTDIR)
    to("/" + "x" * 256).failed(STAGE_CWD, errno.ENAMETOOLONG)
    if ROOT:
        to("/root").failed(STAGE_CWD, errno.EACCES)


def test_path_is_searched_in_order(shell, tmp_path):
    """Past what is not there and what may not be run; without a shell."""
    for d in (tmp_path, *tmp_path.parents):
        if d.stat().st_uid == os.getuid() and len(d.parts) > 2:
            os.chmod(d, 0o755)
    for name, mode, text in (
            ("a", 0o644, "#!/bin/sh\necho no\n"),
            ("b", 0o755, "#!/bin/sh\necho $# \"$1\"\n"),
            ("c", 0o755, "#!/bin/sh\necho late\n"),
            ("d", 0o755, "echo by a shell\n")):
        (tmp_path / name).mkdir()
        (tmp_path / name).chmod(0o755)
        tool = tmp_path / name / "gw-tool"
        tool.write_text(text)
        tool.chmod(mode)

    def run(path, *args, name="gw-tool"):
        return shell(name, *args, items=[(ENV, "PATH", path), (
            CWD, str(tmp_path / "b"))])
    p = str(tmp_path)
    s = run(f"/none:/etc/passwd:{p}/a:{p}/b:{p}/c", "a b").running()
    assert s.read() == b"1 a b\r\n"
    s.exited()
    # Nothing between two colons is where it is started.
    s = run("/none:").running()
    assert s.read() == b"0 \r\n"
    s.exited()
    run(f"{p}/a:/none").failed(STAGE_EXEC, errno.EACCES)
    run("/none").failed(STAGE_EXEC, errno.ENOENT)
    run(f"{p}/d:{p}/c").failed(STAGE_EXEC, errno.ENOEXEC)
    run(p, name=f"{p}/d/gw-tool").failed(STAGE_EXEC, errno.ENOEXEC)
    run(p, name="").failed(STAGE_EXEC, errno.ENOENT)


def test_nothing_is_inherited(shell):
    """No filter, no limit, no signal, no descriptor, no mask is left over."""
    out = script(shell, "umask; ls /proc/self/fd | wc -l;"
                 " cat /proc/self/status; cat /proc/self/limits")
    lines = out.splitlines()
    assert lines[0] == "0022"
    assert lines[1] == "4"		# 0, 1, 2 and the directory
    st = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
    assert st["NoNewPrivs"] == "0"
    assert st["Seccomp"] == "0"
    # sh -c catches none, and waits for CHLD unblocked.  Signals 32 and 33
    # are libc's own, which no program can set back.
    libc = 3 << 31
    for name in "SigBlk", "SigIgn", "SigCgt":
        assert int(st[name], 16) & ~libc == 0, (name, st[name])
    if ROOT:
        for name in "CapInh", "CapPrm", "CapEff", "CapAmb":
            assert int(st[name], 16) == 0, (name, st[name])
        assert st["CapBnd"] == status("self")["CapBnd"].strip()
    with open("/proc/self/limits") as f:
        assert out.endswith(f.read())


def test_descriptors_of_the_shell(shell):
    """The parent says what it found; the user may go back up."""
    out = script(shell, "ulimit -Sn; ulimit -Hn; ulimit -Sn 70; ulimit -Sn",
                 nofile=64)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    assert out == f"64\n{hard}\n70\n"


def test_terminal(shell):
    out = script(shell, "tty; stty -a; ps -o pid=,sid=,pgid=,tpgid=,tty= $$")
    s = out.splitlines()
    assert s[0].startswith("/dev/pts/")
    assert " iutf8" in out and "-iutf8" not in out
    for mode in "icanon", "echo", "isig", "icrnl", "opost", "onlcr":
        assert re.search(rf"[ \n]{mode}\b", out), mode
    pid, sid, pgid, tpgid, tty = s[-1].split()
    assert pid == sid == pgid == tpgid
    assert "/dev/" + tty == s[0]


@needs_root
def test_terminal_is_given(shell):
    s = shell("/bin/cat").running()
    st = os.stat(s.slave)
    assert st.st_uid == NOBODY.pw_uid
    assert stat.S_IMODE(st.st_mode) == 0o620
    import grp
    assert grp.getgrgid(st.st_gid).gr_name == "tty"
    s.type("\x04")
    s.exited()


def test_job_control(shell):
    s = shell("/bin/sh", "-i", items=[(ENV, "PS1", "READY> ")]).running()
    s.read(rb"READY> ")
    assert b"job control" not in s.out
    s.type("sleep 1000 && echo nev''er\r")
    s.read(rb"nev''er\r\n")
    deadline = time.monotonic() + 30
    while True:
        out = subprocess.run(["ps", "-o", "comm=,stat=", "-g", str(s.pid)],
                             stdout=subprocess.PIPE, text=True).stdout
        if re.search(r"sleep +S[N<]?\+", out):
            break
        assert time.monotonic() < deadline, out
        time.sleep(0.01)
    s.type("\x03")
    s.read(rb"\^C\r?\nREADY> ")
    s.type("exit 4\r")
    s.exited(CODE, 4)


@needs_root
def test_setuid_program(shell, tmp_path):
    """What sudo needs: a setuid program gets its user."""
    os.chmod(tmp_path, 0o755)
    for d in tmp_path.parents:
        if len(d.parts) > 2:
            os.chmod(d, 0o755)
    tool = tmp_path / "id"
    shutil.copy("/usr/bin/id", tool)
    os.chmod(tool, 0o4755)
    assert script(shell, f"{tool} -u") == "0\n"


@pytest.mark.skipif(shutil.which("sudo") is None, reason="needs sudo")
def test_sudo(shell):
    out = script(shell, "sudo -n true; true")
    assert "no new privileges" not in out
    assert "effective uid" not in out
    if ROOT:
        assert script(shell, "sudo -n id -u", user="root") == "0\n"


@pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux")
def test_tmux(shell):
    s = shell("tmux", "-f", "/dev/null", "-L", f"gw{os.getpid()}", "new",
              "echo in-$TMUX_PANE; read x", items=[
                  (ENV, "LANG", "C.UTF-8"), (ENV, "HOME", "/tmp")]).running()
    s.read(rb"in-%0")
    s.type("\r")
    s.exited()


@needs_root
def test_root_by_name_only(shell):
    s = shell("/usr/bin/id", "-u", user="root").running()
    assert s.read() == b"0\r\n"
    s.exited()
    shell("/bin/sh", user="").failed(STAGE_USER, errno.ENOENT)
    shell("/bin/sh", user="no-such-user").failed(STAGE_USER, errno.ENOENT)
    # Whoever runs as root without knowing it.
    shell("/bin/sh", privileged=False).failed(STAGE_USER, errno.EPERM)


def without_root():
    if ROOT:
        os.setgroups([])
        os.setresgid(NOBODY.pw_gid, NOBODY.pw_gid, NOBODY.pw_gid)
        os.setresuid(NOBODY.pw_uid, NOBODY.pw_uid, NOBODY.pw_uid)


def test_without_root(shell):
    kw = dict(privileged=False, preexec=without_root,
              uid=NOBODY.pw_uid if ROOT else None)
    name = "nobody" if ROOT else USER
    for user in "", name:
        s = shell("/usr/bin/id", "-un", user=user, **kw).running()
        assert s.read().decode() == name + "\r\n"
        s.exited()
    shell("/bin/sh", user="root", **kw).failed(STAGE_USER, errno.EPERM)
    kw["privileged"] = True
    shell("/bin/sh", user=name, **kw).failed(STAGE_USER, errno.EPERM)


def test_exec_fails(shell, tmp_path):
    shell("/no/such/shell").failed(STAGE_EXEC, errno.ENOENT)
    shell("/etc/passwd").failed(STAGE_EXEC, errno.EACCES)
    shell("/").failed(STAGE_EXEC, errno.EACCES)


def test_out_of_descriptors(shell):
    """Too few to hear the order, and it waits to be killed; too few to look
    up the user, or to start the shell, and it says so.  What it lacks itself
    is nothing that the shell lacks."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    seen = []
    for n in range(7, 24):
        s = shell("/bin/sh", "-c", "ulimit -n", preexec=lambda: (
            resource.setrlimit(resource.RLIMIT_NOFILE, (n, most))))
        m = None
        deadline = time.monotonic() + 30
        while m is None and not any("out of descriptors" in t
                                    for t in s.keeper.logs):
            assert time.monotonic() < deadline
            try:
                m = s.keeper.recv(0.1)
            except TimeoutError:
                pass
        if m is None:
            seen.append("deaf")
            continue
        if m.name == "PTY_RUNNING":
            break
        assert m.name == "PTY_FAIL" and m["error"] == errno.EMFILE
        assert s.keeper.wait() == 0
        seen.append(m["stage"])
    assert {"deaf", STAGE_SPAWN} <= set(seen), seen
    assert s.read().split() == [b"%d" % NOFILE]
    s.exited()


@pytest.mark.parametrize("body, error", [
    (b"", errno.EINVAL),
    (b"\x01", errno.EINVAL),
    (gwproto.record((ENV, "A", "b")), errno.EINVAL),
    (gwproto.record((ARG, "/bin/sh"), (ENV, "", "b")), errno.EINVAL),
    (gwproto.record((ARG, "/bin/sh"), (ENV, "A=B", "b")), errno.EINVAL),
    (gwproto.record((ARG, "/bin/sh"), (gwproto.SECRET, "A", "b")),
     errno.EINVAL),
    (gwproto.record((ARG, "/bin/sh"))[:-1], errno.EINVAL),
    (gwproto.record(*[(ARG, "x")] * 2049), errno.E2BIG),
])
def test_order_malformed(shell, body, error):
    shell(body=body).failed(STAGE_SETUP, error)


def test_blob_unsealed(shell):
    """What the sender could still change is not read."""
    shell("/bin/sh", seals=fcntl.F_SEAL_GROW).failed(STAGE_SETUP,
                                                     errno.EPERM)


def test_not_a_terminal():
    k = gwproto.Child(KEEPER, "pty")
    sid = str(uuid.uuid4())
    fd = gwproto.blob(gwproto.record((ARG, "/bin/sh")))
    with open("/dev/null") as f:
        k.send("PTY_START", session=sid, user=USER, privileged=int(ROOT),
               fd=f.fileno(), blob=fd)
    os.close(fd)
    k.expect("PTY_FAIL", stage=STAGE_TTY, error=errno.ENOTTY)
    assert k.wait() == 0


def test_keeper_is_confined(shell):
    s = shell("/bin/cat", items=[(ENV, "SECRET", "planted-secret-4711")])
    s.running()
    st = status(s.keeper.pid)
    assert st["NoNewPrivs"] == "1"
    assert st["Seccomp"] == "2"
    uid = pwd.getpwnam(USER).pw_uid
    assert st["Uid"].split() == [str(uid)] * 4
    assert os.stat(f"/proc/{s.keeper.pid}/mem").st_uid == 0
    if ROOT:
        links = [os.readlink(f"/proc/{s.keeper.pid}/fd/{n}")
                 for n in os.listdir(f"/proc/{s.keeper.pid}/fd")]
        assert not [x for x in links if "memfd" in x or "/dev/pts" in x]
        assert "planted-secret" in open(f"/proc/{s.pid}/environ").read()
    s.type("\x04")
    s.exited()


@needs_root
@pytest.mark.plain
def test_keeper_never_saw_the_secret(shell):
    secret = uuid.uuid4().hex.encode()
    s = shell("/bin/cat", items=[(ENV, "SECRET", secret)]).running()
    found = 0
    with open(f"/proc/{s.keeper.pid}/maps") as maps, \
            open(f"/proc/{s.keeper.pid}/mem", "rb", 0) as mem:
        for line in maps:
            where, perms, *rest = line.split()
            if "r" not in perms or rest[-1:] in (["[vvar]"], ["[vsyscall]"],
                                                 ["[vvar_vclock]"]):
                continue
            low, high = (int(x, 16) for x in where.split("-"))
            mem.seek(low)
            try:
                found += secret in mem.read(high - low)
            except OSError:
                continue
    assert found == 0
    s.type("\x04")
    s.exited()


def test_signals(shell):
    for signo in signal.SIGKILL, signal.SIGTERM, signal.SIGUSR2:
        s = shell("/bin/cat").running()
        s.signal(signo)
        s.exited(SIGNAL, signo)


def test_signal_reaches_the_group(shell):
    """HUP ends what the shell waits for, too."""
    s = shell("/bin/sh", "-c", "trap '' HUP; (trap - HUP; exec cat);"
              " echo over; exit 3").running()
    # Nothing to wait for but that cat reads from the terminal.
    s.type("x\n")
    s.read(rb"x\r\nx\r\n")
    s.signal(signal.SIGHUP)
    s.read(rb"over")
    s.exited(CODE, 3)


def test_parent_gone_shell_gets_hup(shell, tmp_path):
    os.chmod(tmp_path, 0o777)
    for d in tmp_path.parents:
        if len(d.parts) > 2 and d.stat().st_uid == os.getuid():
            os.chmod(d, 0o755)
    mark = tmp_path / "mark"
    s = shell("/bin/sh", "-c", f"trap 'echo got-hup >{mark}; exit' HUP;"
              " echo set; while :; do read x; done").running()
    s.read(rb"set")
    # As close together as both are when the parent and a worker end.
    os.kill(s.keeper.pid, signal.SIGSTOP)
    s.keeper.chan.close()
    s.hang_up()
    os.kill(s.keeper.pid, signal.SIGCONT)
    assert s.keeper.wait() == 0
    gone(s.pid)
    assert mark.read_text() == "got-hup\n"


def test_parent_gone_shell_ignores_hup(shell):
    s = shell("/bin/sh", "-c", "trap '' HUP TERM INT; echo set;"
              " while :; do sleep 0.05; done").running()
    s.read(rb"set")
    began = time.monotonic()
    s.keeper.chan.close()
    s.hang_up()
    assert s.keeper.wait() == 0
    gone(s.pid)
    assert 0.5 < time.monotonic() - began < 10


def test_keeper_killed(shell):
    """The shell's parent-death signal is set and holds."""
    s = shell("/bin/sh", "-c", "trap '' HUP TERM INT; echo set;"
              " while :; do sleep 0.05; done").running()
    s.read(rb"set")
    os.kill(s.keeper.pid, signal.SIGKILL)
    gone(s.pid)
    s.read()


def test_terminal_signals_do_not_end_the_keeper(shell):
    s = shell("/bin/cat").running()
    for signo in signal.SIGINT, signal.SIGQUIT, signal.SIGHUP:
        os.kill(s.keeper.pid, signo)
    s.type("still\n")
    s.read(rb"still\r\nstill\r\n")
    s.type("\x04")
    s.exited()


def test_background_child_keeps_the_terminal(shell):
    """The shell's end is reported although its terminal is still open."""
    s = shell("/bin/sh", "-c", "trap '' HUP; sleep 1000 & echo $!").running()
    s.exited()
    s.read(rb"\d+\r\n")
    os.kill(int(s.out.split()[0]), signal.SIGKILL)
    s.read()


def test_by_hand():
    p = subprocess.run(KEEPER, stdin=subprocess.DEVNULL,
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert p.returncode == 1
    assert b"by hand" in p.stderr


def test_second_order_ends_it(shell):
    s = shell("/bin/cat").running()
    fd = gwproto.blob(b"")
    s.keeper.send("PTY_START", session=s.session, user=USER,
                  privileged=int(ROOT), fd=fd, blob=fd)
    os.close(fd)
    s.keeper.expect_closed()
    assert s.keeper.wait() == 1
    gone(s.pid)
    assert [x for x in s.keeper.logs if "PTY_START" in x or "channel" in x]
