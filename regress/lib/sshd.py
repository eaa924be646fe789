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
OpenSSH's server as a peer of the daemon, for tests.

	with Sshd(account) as s:
		key = s.authorize(s.key("ed25519"), "cat")

It has a directory, a port on loopback, host keys and a list of authorized
keys of its own, and is gone with all that it started when the test ends.  As
root its sessions belong to an account that the tests make; without root to
ourselves, and there are no passwords then.
"""

import base64
import contextlib
import grp
import hashlib
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile

from clients import WAIT, connect, wait_for
from daemon import ROOT, Logs, alive, tree

SFTP = "/usr/lib/openssh/sftp-server"
PASSWORD = "correct horse battery"

# A login with a key may run one of these.  Whichever it is, sftp works.
COMMANDS = {
    "shell": "PS1='$ '; export PS1; exec /bin/sh",
    "cat": "stty raw -echo; printf READY; exec cat",
}

CONFIG = """\
Port %(port)d
ListenAddress 127.0.0.1
PidFile none
AuthorizedKeysFile %(dir)s/authorized
StrictModes no
UsePAM no
UseDNS no
PermitRootLogin no
PasswordAuthentication no
KbdInteractiveAuthentication no
PrintMotd no
PrintLastLog no
MaxStartups 200
MaxSessions 100
LoginGraceTime 60
LogLevel VERBOSE
"""


class Account:
    """Who logs in: as root an account with a home and a password."""

    def __init__(self):
        self.made = ROOT
        if not ROOT:
            pw = pwd.getpwuid(os.getuid())
            self.name, self.home = pw.pw_name, pw.pw_dir
            return
        sweep()
        self.name = "gwssh%d" % os.getpid()
        self.home = tempfile.mkdtemp(prefix="gwsshhome")
        subprocess.run(["useradd", "-s", "/bin/sh", "-d", self.home, "-M",
                        self.name], check=True)
        pw = pwd.getpwnam(self.name)
        os.chown(self.home, pw.pw_uid, pw.pw_gid)
        # Nothing in it may be printed by a login.
        with open(self.home + "/.hushlogin", "w"):
            pass
        self.password(PASSWORD)

    def password(self, text):
        """None: everybody may log in without."""
        if text is None:
            subprocess.run(["passwd", "-d", self.name], check=True,
                           capture_output=True)
            return
        subprocess.run(["chpasswd"], check=True, text=True,
                       input="%s:%s\n" % (self.name, text))

    def remove(self):
        if not self.made:
            return
        uid = pwd.getpwnam(self.name).pw_uid

        def removed():
            for name in os.listdir("/proc"):
                with contextlib.suppress(OSError, ValueError):
                    if os.stat("/proc/" + name).st_uid == uid:
                        os.kill(int(name), signal.SIGKILL)
            return subprocess.run(["userdel", self.name],
                                  capture_output=True).returncode == 0
        # Not while one of them is about to end.
        wait_for(removed)
        shutil.rmtree(self.home, ignore_errors=True)


def sweep():
    """Remove the accounts of runs that were killed."""
    for pw in pwd.getpwall():
        if re.fullmatch(r"gwssh\d+", pw.pw_name) and \
                not os.path.exists("/proc/" + pw.pw_name[5:]):
            subprocess.run(["userdel", pw.pw_name], capture_output=True)
            if "gwsshhome" in pw.pw_dir:
                shutil.rmtree(pw.pw_dir, ignore_errors=True)


def usable():
    """Why there can be no server here, or None."""
    if ROOT:
        return None
    if os.path.basename(pwd.getpwuid(os.getuid()).pw_shell) in (
            "nologin", "false"):
        return "this user has no shell to log in to"
    # It gives terminals to the group tty; who cannot, has to find them so.
    pair = os.openpty()
    gid = os.fstat(pair[1]).st_gid
    for fd in pair:
        os.close(fd)
    if gid != grp.getgrnam("tty").gr_gid:
        return "without root sshd needs a /dev/pts of the group tty"
    return None


def keygen(path, kind="ed25519", bits=None, passphrase="", form=None):
    """A key pair of ssh-keygen's; form is PEM or PKCS8, else its own."""
    argv = ["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-f", path,
            "-C", "test"]
    argv += ["-b", str(bits)] if bits is not None else []
    argv += ["-m", form] if form is not None else []
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL)
    return path


def read(path):
    with open(path, "rb") as f:
        return f.read()


def public(path):
    """(type, base64) of a key pair."""
    return tuple(read(path + ".pub").decode().split()[:2])


def fingerprint(path):
    """Of a host key, as ssh-keygen -l prints it."""
    digest = hashlib.sha256(base64.b64decode(public(path)[1])).digest()
    return "SHA256:" + base64.b64encode(digest).rstrip(b"=").decode()


class Sshd(Logs):
    def __init__(self, account, keys=("ed25519",), options=(), sftp=True,
                 start=True):
        """options go before our own, so that they win."""
        self.account = account
        self.user = account.name
        self.dir = tempfile.mkdtemp(prefix="gwsshd")
        os.chmod(self.dir, 0o755)
        self.logfile = self.dir + "/log"
        self.options = list(options)
        if sftp:
            self.options.append("Subsystem sftp " + SFTP)
        self.host_keys = {}
        self.made = 0
        self.proc = None
        for kind in keys:
            self.host_keys[kind] = self.host_key(kind)
        with open(self.dir + "/authorized", "w"):
            pass
        # Ours for as long as we live, also while no server listens there.
        self.place = socket.socket()
        self.place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.place.bind(("127.0.0.1", 0))
        self.port = self.place.getsockname()[1]
        if start:
            self.start()

    def host_key(self, kind):
        """A new one: ed25519, rsa, or ecdsa with its bits behind it."""
        self.made += 1
        path = "%s/host%d" % (self.dir, self.made)
        name, bits = re.fullmatch(r"([a-z]+(?:25519)?)(\d*)", kind).groups()
        return keygen(path, name, bits or None)

    def key(self, kind="ed25519", bits=None, passphrase="", form=None):
        """The path of a new key of a user."""
        self.made += 1
        return keygen("%s/user%d" % (self.dir, self.made), kind, bits,
                      passphrase, form)

    def authorize(self, path, command="shell", options=()):
        """Let it in; what then runs is of COMMANDS, or text, or with None
        the user's own shell.  Returns the private key."""
        words = list(options)
        if command is not None:
            script = path + ".sh"
            with open(script, "w") as f:
                f.write("#!/bin/sh\ncase $SSH_ORIGINAL_COMMAND in\n*sftp*)"
                        "\texec $SSH_ORIGINAL_COMMAND ;;\nesac\n%s\n" %
                        COMMANDS.get(command, command))
            os.chmod(script, 0o755)
            words.append('command="%s"' % script)
        with open(self.dir + "/authorized", "a") as f:
            f.write("%s %s\n" % (",".join(words), " ".join(public(path))))
        return read(path)

    def box(self, command="shell", **more):
        """The lines of a sandbox whose terminal is here."""
        with_key = "key" in more or "password" in more
        return {
            "ssh": ("127.0.0.1", self.port), "ssh_user": self.user,
            "host_keys": [fingerprint(k) for k in self.host_keys.values()],
            "raw": "READY" in COMMANDS.get(command, command or ""),
            **({} if with_key else {"key": self.default(command)}), **more}

    def default(self, command):
        """A key for that command, made once."""
        path = "%s/default.%s" % (self.dir, hashlib.sha256(
            repr(command).encode()).hexdigest()[:12])
        if not os.path.exists(path):
            self.authorize(keygen(path), command)
        return read(path)

    def config(self):
        return "\n".join(self.options) + "\n" + CONFIG % {
            "port": self.port, "dir": self.dir} + "".join(
            "HostKey %s\n" % k for k in self.host_keys.values())

    def start(self):
        if ROOT:
            os.makedirs("/run/sshd", 0o755, exist_ok=True)
        path = self.dir + "/config"
        with open(path, "w") as f:
            f.write(self.config())
        with open(self.logfile, "ab") as log:
            self.proc = subprocess.Popen(
                ["/usr/sbin/sshd", "-D", "-e", "-f", path],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/")
        wait_for(self.answers)
        # Who looks for a connection shall not find ours.
        wait_for(lambda: not self.children())

    def answers(self):
        assert self.proc.poll() is None, self.log()
        try:
            with connect(self.port) as s:
                return s.recv(4) == b"SSH-"
        except OSError:
            return False

    def logins(self):
        """How many there have been."""
        return len(re.findall(r"(?m)^Accepted \w+(?:-\S+)? for ",
                              self.log()))

    def children(self):
        """Its processes but itself."""
        return tree(self.proc.pid)

    def halt(self):
        """It, and all that it ever started for somebody, is gone."""
        if self.proc is None:
            return
        below = self.children()
        self.proc.terminate()
        self.proc.wait(WAIT)
        self.proc = None
        for pid, start in below:
            if alive(pid, start):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not any(alive(*p) for p in below))

    def stop(self):
        self.halt()
        self.place.close()
        shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def known(self, kind, pattern=None, key=None, marker=""):
        """A line of known_hosts; with a path of another key of that."""
        name, text = public(key or self.host_keys[kind])
        if pattern is None:
            pattern = "[127.0.0.1]:%d" % self.port
        return "%s%s %s %s\n" % (marker and marker + " ", pattern, name,
                                 text)


def hashed(text):
    """Lines of known_hosts, with their names hashed."""
    with tempfile.TemporaryDirectory() as d:
        path = d + "/known"
        with open(path, "w") as f:
            f.write(text)
        subprocess.run(["ssh-keygen", "-q", "-H", "-f", path], check=True,
                       capture_output=True)
        return read(path).decode()
