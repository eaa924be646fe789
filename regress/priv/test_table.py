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
The table of processes, as the kernel sees it: who they are, what they have
open, map and may use.  What they may not do they try themselves, in probe.

What can break: a process that keeps a descriptor, a library or a user that
it needed only at the start works as well as before.
"""

import contextlib
import ctypes
import errno
import os
import pwd
import socket
import struct
import subprocess

import pytest

import procs
import sshd as ssh
from clients import Timeout, wait_for
from daemon import BUILD, ROOT, USER, command

pytestmark = pytest.mark.skipif(not ROOT, reason="needs root")

ROLES = ["frontend", "catalog", "dialer", "control", "worker", "pty"]
ACCOUNTS = {"frontend": "_gatewayd", "catalog": "_gwcatalog",
            "dialer": "_gwdialer", "control": "_gwcontrol"}
TITLES = {"parent": "gatewayd", "frontend": "gatewayd: frontend",
          "catalog": "gatewayd: catalog", "dialer": "gatewayd: dialer",
          "control": "gatewayd: control", "pty": "gatewayd: pty"}
PROGRAMS = {"frontend": "gatewayd-frontend", "catalog": "gatewayd-catalog",
            "worker": "sessiond"}

BASE = {"libc", "ld-linux-x86", "ld-linux-aarch64", "libbsd", "libmd",
        "libevent_core"}
# What libjwt brings itself: jansson and b64.
TOKENS = {"libjson-c", "libjwt", "libcrypto", "libjansson", "libb64"}
LIBRARIES = {"parent": BASE, "dialer": BASE, "control": BASE, "pty": BASE,
             "frontend": BASE | TOKENS, "catalog": BASE | TOKENS,
             "worker": BASE | {"libsodium", "libjson-c"}}
# Looking up accounts maps what nsswitch.conf names.
NSS = {"libnss_systemd", "libnss_files", "libnss_compat", "libcap", "libm",
       "libnss_sss", "libnss_ldap", "libnss_mymachines", "libnss_myhostname"}


@pytest.fixture(scope="module")
def daemon():
    from daemon import Daemon
    d = Daemon({name: {"pty": ["/bin/sh"]} for name in ("one", "two")})
    d.at = [d.shell("one"), d.shell("two")]
    yield d
    d.stop()


def pids(d, role):
    found = procs.roles(d)[role]
    assert found
    return found


def kinds(pid):
    """What it has open but the null device, sorted."""
    found = sorted(procs.fds(pid).values())
    assert found.count("/dev/null") == 3
    return [x for x in found if x != "/dev/null"]


def soon(pid, right):
    """What it has open is right, once it has closed what it need not."""
    with contextlib.suppress(Timeout):
        wait_for(lambda: right(kinds(pid)))
    assert right(kinds(pid)), kinds(pid)


LOOP = ["anon_inode:[eventpoll]", "pipe", "pipe"]


def test_users(daemon):
    for role in ROLES:
        for pid in pids(daemon, role):
            st = procs.status(pid)
            uids, gids = st["Uid"].split(), st["Gid"].split()
            assert len(set(uids)) == len(set(gids)) == 1, (role, st)
            if role in ACCOUNTS:
                pw = pwd.getpwnam(ACCOUNTS[role])
                assert (int(uids[0]), int(gids[0])) == (
                    pw.pw_uid, pw.pw_gid)
            elif role == "worker":
                assert 700000 <= int(uids[0]) <= 765535
                assert uids[0] == gids[0]
            else:
                assert int(uids[0]) == pwd.getpwnam(USER).pw_uid
            if role != "pty":
                assert st["Groups"].split() == [gids[0]]


def test_no_two_workers_share_a_user(daemon):
    uids = [procs.status(p)["Uid"].split()[0]
            for p in pids(daemon, "worker")]
    assert len(uids) == 2 == len(set(uids))


@pytest.mark.parametrize("role", ROLES)
def test_confined(daemon, role):
    for pid in pids(daemon, role):
        # That of the role and one for its own pid; that of set-up before.
        confined(pid, 2 if role == "pty" else 3)


def confined(pid, filters):
    st = procs.status(pid)
    assert st["NoNewPrivs"] == "1"
    assert st["Seccomp"] == "2"
    assert int(st["Seccomp_filters"]) == filters
    for name in "CapInh", "CapPrm", "CapEff", "CapAmb":
        assert int(st[name], 16) == 0
    assert st["Threads"] == "1"


@pytest.mark.parametrize("role", [r for r in ROLES if r != "pty"])
def test_locked_in_an_empty_directory(daemon, role):
    for pid in pids(daemon, role):
        locked_in(pid)


def locked_in(pid):
    root = "/proc/%d/root" % pid
    assert os.path.realpath(os.readlink(root)) == "/run/gatewayd/empty"
    assert os.listdir(root) == []
    st = os.stat(root)
    assert st.st_uid == 0 and not st.st_mode & 0o022
    assert os.readlink("/proc/%d/cwd" % pid) == os.readlink(root)


@pytest.mark.parametrize("role", ["parent"] + ROLES)
def test_not_dumpable(daemon, role):
    """Its files in /proc are root's, and its own user cannot trace it."""
    for pid in pids(daemon, role):
        uid = int(procs.status(pid)["Uid"].split()[0])
        assert os.stat("/proc/%d/mem" % pid).st_uid == 0
        if role != "parent":
            assert traced_by(pid, uid) == 1


def test_not_dumpable_without_root(start):
    """Where all have one user it is the only wall between them, and
    changing the user has not raised it already."""
    if subprocess.run(["setpriv", "--reuid", USER, "--clear-groups", "test",
                       "-x", BUILD + "/gatewayd"]).returncode != 0:
        pytest.skip("%s cannot run %s/gatewayd" % (USER, BUILD))
    d = start({"one": {"pty": ["/bin/sh"]}}, user=USER)
    _, ws = d.shell("one")
    for role, found in procs.roles(d).items():
        for pid in found:
            uid = int(procs.status(pid)["Uid"].split()[0])
            assert uid == pwd.getpwnam(USER).pw_uid
            assert os.stat("/proc/%d/mem" % pid).st_uid == 0, role
            assert traced_by(pid, uid) == 1, role
    ws.drop()


def traced_by(pid, uid):
    """1 if PTRACE_ATTACH by that user is not permitted."""
    libc = ctypes.CDLL(None, use_errno=True)
    child = os.fork()
    if child == 0:
        status = 3
        try:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            ptrace_attach, eperm = 16, 1
            if libc.ptrace(ptrace_attach, pid, 0, 0) == 0:
                status = 2
            elif ctypes.get_errno() == eperm:
                status = 1
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_limits(daemon):
    files = {"frontend": 16384, "catalog": 4096, "dialer": 1024,
             "control": 128, "worker": 32 * 33 + 128}
    for role, n in files.items():
        for pid in pids(daemon, role):
            got = procs.limits(pid)
            most = procs.limits(daemon.proc.pid)["Max open files"][1]
            assert got["Max open files"] == (min(n, most),) * 2
            assert got["Max core file size"] == (0, 0)
            assert got["Max processes"] == (0, 0)
            assert got["Max file size"] == (32 << 20,) * 2
            if role == "worker":
                assert got["Max data size"] == (128 << 20,) * 2


@pytest.fixture
def server():
    if ssh.usable() is not None:
        pytest.skip(ssh.usable())
    account = ssh.Account()
    with ssh.Sshd(account) as s:
        yield s
    account.remove()


# Of libssh2, beside what it is for.
NETWORK = LIBRARIES["worker"] | {"libssh2", "libcrypto", "libssl", "libz"}


def test_network_worker(start, server):
    """The same for the worker of a sandbox that is reached by SSH, which
    has a connection to its host, and no way to get one."""
    d = start({"local": {"pty": ["/bin/sh"]},
               "box": server.box(key=server.authorize(server.key()))})
    at = [d.shell("local"), d.shell("box")]
    pid = d.worker("box")
    st = procs.status(pid)
    uids = set(st["Uid"].split() + st["Gid"].split() + st["Groups"].split())
    assert len(uids) == 1 and 700000 <= int(uids.pop()) <= 765535
    assert st["Uid"] != procs.status(d.worker("local"))["Uid"]
    confined(pid, 3)
    locked_in(pid)
    assert os.stat("/proc/%d/mem" % pid).st_uid == 0
    assert traced_by(pid, int(st["Uid"].split()[0])) == 1
    got = procs.limits(pid)
    assert got["Max data size"] == (128 << 20,) * 2
    assert got["Max processes"] == got["Max core file size"] == (0, 0)
    # Its host and one client; the parent, and one frontend or two.
    soon(pid, lambda got: got[:5] == sorted(LOOP) + ["tcp"] * 2 and
         set(got[5:]) == {"unix seqpacket"} and 2 <= len(got[5:]) <= 3)
    assert procs.libraries(pid) <= NETWORK
    assert "libssh2" in procs.libraries(pid)
    assert os.readlink("/proc/%d/exe" % pid) == \
        os.path.join(BUILD, "sessiond-net")
    assert command(pid) == "sessiond-net: box"
    for _, ws in at:
        ws.drop()


def test_descriptors(daemon):
    """The channel, and what the role is for; nothing else."""
    def exactly(role, *what):
        for pid in pids(daemon, role):
            soon(pid, lambda got: got == sorted([*LOOP, *what]))
    exactly("pty", "unix seqpacket")
    exactly("dialer", "netlink", "unix seqpacket")
    exactly("control", "tcp listening", "unix seqpacket",
            "unix seqpacket listening")
    exactly("catalog", *["unix seqpacket"] * 3)
    for pid in pids(daemon, "frontend"):
        # Parent, its duplicate kept in reserve, catalog; some workers.
        soon(pid, lambda got: got[:4] == LOOP + ["tcp listening"] and
             set(got[4:]) == {"unix seqpacket"} and 3 <= len(got[4:]) <= 5)
    for pid in pids(daemon, "worker"):
        # One client, the parent, one frontend or two.
        soon(pid, lambda got: got[:5] == ["/dev/ptmx", *sorted(LOOP), "tcp"]
             and set(got[5:]) == {"unix seqpacket"} and
             2 <= len(got[5:]) <= 3)
    for role in ROLES:
        for pid in pids(daemon, role):
            assert procs.fds(pid)[3] == "unix seqpacket"


def test_shell_has_its_terminal_only(daemon):
    for keeper in pids(daemon, "pty"):
        with open("/proc/%d/task/%d/children" % (keeper, keeper)) as f:
            shells = f.read().split()
        assert len(shells) == 1
        # dash has opened the terminal once more.
        got = set(procs.fds(int(shells[0])).values()) - {"/dev/tty"}
        assert len(got) == 1 and got.pop().startswith("/dev/pts/")
        st = procs.status(int(shells[0]))
        assert st["NoNewPrivs"] == "0" and st["Seccomp"] == "0"


@pytest.mark.parametrize("role", ["parent"] + ROLES)
def test_libraries(daemon, role):
    allowed = LIBRARIES[role]
    if role in ("parent", "pty"):
        allowed = allowed | NSS
    for pid in pids(daemon, role):
        assert procs.libraries(pid) <= allowed
        exe = os.readlink("/proc/%d/exe" % pid)
        assert exe == os.path.join(BUILD, PROGRAMS.get(role, "gatewayd"))


def test_titles(daemon):
    for role, title in TITLES.items():
        for pid in pids(daemon, role):
            shown = command(pid)
            assert (shown.startswith(os.path.join(BUILD, "gatewayd") + " ")
                    if role == "parent" else shown == title)
    assert sorted(command(p) for p in pids(daemon, "worker")) == [
        "sessiond: one", "sessiond: two"]


def test_environment(start):
    """Nothing of ours reaches a child; so no setting of malloc does."""
    d = start({"one": {"pty": ["/bin/sh"]}}, env={
        "PLANTED": "planted", "MALLOC_PERTURB_": "85",
        "GLIBC_TUNABLES": "glibc.malloc.check=3",
        "EVENT_NOEPOLL": "1", "OPENSSL_CONF": "/planted"})
    _, ws = d.shell("one")
    for role in ROLES:
        for pid in pids(d, role):
            words = procs.read(pid, "environ").split(b"\0")
            left = {w.split(b"=")[0] for w in words if b"=" in w}
            assert left <= {b"PATH", b"TITLE_SPACE"}, (role, words)
    ws.type("env; echo o''ver\n")
    out = ws.until(b"over")
    for word in b"PLANTED", b"MALLOC", b"GLIBC", b"EVENT", b"planted":
        assert word not in out
    ws.drop()


def test_title_of_a_long_name(start):
    """A name as long as one may be is whole in the title, or cut."""
    name = "n" * 128
    d = start({name: {"pty": ["/bin/sh"]}})
    d.open(name)
    pid = d.worker(name)
    shown = wait_for(lambda: command(pid))
    assert shown.startswith("sessiond: " + "n" * 100)
    assert procs.status(pid)["Name"] == "sessiond"


@pytest.mark.parametrize("argv", [
    ["gatewayd-frontend"], ["gatewayd-catalog"], ["sessiond"],
    ["gatewayd", "-x", "dialer"], ["gatewayd", "-x", "control"],
    ["gatewayd", "-x", "pty"]])
def test_by_hand(argv):
    run = subprocess.run([os.path.join(BUILD, argv[0])] + argv[1:],
                         stdin=subprocess.DEVNULL, capture_output=True,
                         timeout=20)
    assert run.returncode == 1
    assert b"by hand" in run.stderr


def test_no_signal_from_a_worker(daemon):
    """Nor to it: their users differ from all others."""
    for pid in pids(daemon, "worker"):
        uid = int(procs.status(pid)["Uid"].split()[0])
        child = os.fork()
        if child == 0:
            got = 0
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            for p in [daemon.proc.pid] + sum(
                    (OTHERS[r] for r in OTHERS), []):
                try:
                    os.kill(p, 0)
                except PermissionError:
                    got += 1
            os._exit(got)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert status == 1 + sum(len(v) for v in OTHERS.values())


OTHERS = {}


@pytest.fixture(autouse=True)
def others(daemon):
    if not OTHERS:
        for role in ROLES:
            if role != "worker":
                OTHERS[role] = pids(daemon, role)


def _add_address(fd):
    """Give the loopback interface an address; the answer's errno."""
    index = socket.if_nametoindex("lo")
    body = struct.pack("=BBBBI", socket.AF_INET, 32, 0, 0, index)
    for kind in 1, 2:		# IFA_ADDRESS, IFA_LOCAL
        body += struct.pack("=HH4s", 8, kind, b"\x7f\x63\x63\x63")
    # RTM_NEWADDR; request, acknowledge, create.
    head = struct.pack("=IHHII", 16 + len(body), 20, 0x405, 4711, 0)
    os.write(fd, head + body)
    while True:
        answer = os.read(fd, 65536)
        _, kind, _, seq, _, error = struct.unpack_from("=IHHIIi", answer)
        if (kind, seq) == (2, 4711):
            return -error


def test_netlink(daemon):
    """The dialer asks the kernel for routes, and cannot change any."""
    pid, = pids(daemon, "dialer")
    number, = [n for n, what in procs.fds(pid).items() if what == "netlink"]
    pidfd = os.pidfd_open(pid)
    # pidfd_getfd(2)
    fd = ctypes.CDLL(None, use_errno=True).syscall(438, pidfd, int(number),
                                                   0)
    os.close(pidfd)
    assert fd >= 0
    uid = int(procs.status(pid)["Uid"].split()[0])
    child = os.fork()
    if child == 0:
        status = 255
        try:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            status = _add_address(fd)
        finally:
            os._exit(status)
    os.close(fd)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == errno.EPERM
