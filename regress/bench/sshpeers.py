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


"""An SSH server and what carries its terminals: the daemon and its peers.

A peer says where its sessions are (the last words of sshload), and which
processes do its work: what they use is what the peer costs.  The server, its
shells and the client are none of them.
"""

import base64
import contextlib
import copy
import hashlib
import http.client
import json
import os
import pwd
import re
import signal
import socket
import subprocess
import time

from peers import (BENCH, Daemon, Failed, cpu, end, free_port, line_of,
                   program, read, until)

HERE = os.path.dirname(os.path.abspath(__file__))
SSHD = "/usr/sbin/sshd"

CONFIG = """\
Port %(port)d
ListenAddress 127.0.0.1
PidFile none
HostKey %(dir)s/host
AuthorizedKeysFile %(dir)s/user.pub
StrictModes no
UsePAM no
UseDNS no
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
PrintMotd no
PrintLastLog no
MaxStartups 200
ForceCommand %(command)s
"""


def descendants(*roots):
    """The processes below some, which are not among them."""
    below = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            fields = read(f"/proc/{pid}/stat").rsplit(")", 1)[1].split()
            below.setdefault(int(fields[1]), []).append(int(pid))
    found, more = [], list(roots)
    while more:
        more = [c for p in more for c in below.get(p, [])]
        found += more
    return found


def used(pids):
    """Seconds of CPU so far of each that still runs."""
    found = {}
    for pid in pids:
        with contextlib.suppress(OSError):
            found[pid] = cpu(pid)
    return found


class Account:
    """Who logs in: as root somebody whose shell reads no files first."""

    def __init__(self, home):
        self.made = os.geteuid() == 0
        self.name = pwd.getpwuid(os.geteuid()).pw_name
        if self.made:
            self.sweep()
            self.name = f"gwbench{os.getpid()}"
            subprocess.run(["useradd", "-M", "-d", home, "-s", "/bin/sh",
                            "-p", "*", self.name], check=True)

    def sweep(self):
        """Remove those of runs that were killed."""
        for pw in pwd.getpwall():
            m = re.fullmatch(r"gwbench(\d+)", pw.pw_name)
            if m and not os.path.exists(f"/proc/{m[1]}"):
                subprocess.run(["userdel", pw.pw_name], capture_output=True)

    def remove(self):
        if self.made:
            subprocess.run(["userdel", "-f", self.name], capture_output=True)


class Sshd:
    """A server of our own on loopback; term is all that it starts."""

    def __init__(self, place, *args):
        if not os.access(SSHD, os.X_OK):
            raise Failed(f"{SSHD} is missing; openssh-server has it")
        if os.geteuid() == 0:
            # Where its unprivileged half lives; the system makes it at boot.
            os.makedirs("/run/sshd", 0o755, exist_ok=True)
        self.dir = place.dir
        self.port = free_port()
        for name in ("host", "user"):
            if not os.path.exists(place.path(name)):
                subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N",
                                "", "-f", place.path(name)], check=True,
                               timeout=10)
        self.keyfile = place.path("user")
        self.host_key = read(place.path("host.pub")).split()[:2]
        self.known = place.path(f"known.{self.port}")
        with open(self.known, "w") as f:
            f.write(f"[127.0.0.1]:{self.port} {' '.join(self.host_key)}\n")
        conf = place.path(f"sshd.{self.port}")
        with open(conf, "w") as f:
            f.write(CONFIG % {"port": self.port, "dir": self.dir,
                              "command": " ".join([place.term, *args])})
        self.log = open(conf + ".log", "w")
        self.account = Account(place.dir)
        self.user = self.account.name
        self.p = subprocess.Popen([SSHD, "-D", "-e", "-f", conf],
                                  stdin=subprocess.DEVNULL,
                                  stdout=self.log, stderr=self.log)
        try:
            until("sshd ready", 10, self.ready)
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        """Its connections are no longer its own once it has ended."""
        left = descendants(self.p.pid)
        end(self.p)
        self.log.close()
        limit = time.monotonic() + 5
        while left and time.monotonic() < limit:
            left = [p for p in left if os.path.exists(f"/proc/{p}")]
            time.sleep(0.02)
        for pid in left:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        self.account.remove()

    def ready(self):
        if self.p.poll() is not None:
            raise Failed("sshd ended: " + read(self.log.name))
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as s:
                return s.recv(4) == b"SSH-"
        except OSError:
            return False

    def fingerprint(self):
        digest = hashlib.sha256(base64.b64decode(self.host_key[1])).digest()
        return "SHA256:" + base64.b64encode(digest).rstrip(b"=").decode()

    def connections(self):
        return len(descendants(self.p.pid))


class Client:
    """The ssh client, one for each session, on a terminal of its own."""

    name = "ssh"

    def __init__(self, sshd):
        self.argv = ["ssh", "-F", "none", "-tt", "-p", str(sshd.port),
                     "-i", sshd.keyfile, "-o", "IdentitiesOnly=yes",
                     "-o", "StrictHostKeyChecking=yes",
                     "-o", f"UserKnownHostsFile={sshd.known}",
                     "-o", "GlobalKnownHostsFile=/dev/null",
                     "-o", "LogLevel=ERROR", "-o", "BatchMode=yes",
                     f"{sshd.user}@127.0.0.1"]
        self.options = []
        self.where = ["pty", *self.argv]

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        pass

    def processes(self, load):
        """The children of those whose terminals they have."""
        return descendants(load)


class Server:
    """A peer that stays and listens."""

    def __init__(self, name, argv):
        self.name = name
        self.options = []
        self.p = subprocess.Popen(argv, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, text=True)
        try:
            self.port = int(line_of(self.p.stdout, 10))
        except BaseException:
            end(self.p)
            raise
        self.where = ["ws", str(self.port), "/"]

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        end(self.p)

    def processes(self, load):
        return [self.p.pid]


class Libssh2(Server):
    """The C loop on libssh2."""

    def __init__(self, sshd):
        super().__init__("libssh2 loop", [program("sshws"), str(sshd.port),
                                          sshd.user, sshd.keyfile])


class Node(Server):
    """The handler that platforms run."""

    def __init__(self, sshd):
        if not os.path.isdir(os.path.join(HERE, "../node_modules/ssh2")):
            raise Failed("npm's ssh2 is missing; regress/packages.sh "
                         "installs it")
        super().__init__("Node", ["node", os.path.join(HERE, "sshnode.js"),
                                  str(sshd.port), sshd.user, sshd.keyfile])
        self.where = ["api", str(self.port), "box"]

    # What Session asks of the daemon.

    def connect(self, sandbox):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            c.request("POST", "/ssh/connect")
            return json.loads(c.getresponse().read())["sessionId"]
        finally:
            c.close()

    def attach(self, sid):
        return f"/ssh/{sid}/ws"

    def worker(self, sandbox):
        return self.p.pid

    def disconnect(self, sid):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        c.request("DELETE", f"/ssh/disconnect/{sid}")
        c.getresponse().read()
        c.close()


class Gateway(Daemon):
    """The daemon with some sandboxes, which are all that server."""

    def __init__(self, place, sshd, *settings, boxes=("box",),
                 name="gatewayd"):
        self.sshd = sshd
        self.name = name
        super().__init__(place, {b: [] for b in boxes},
                         f"egress allow 127.0.0.1/32 port {sshd.port}",
                         "limit dials per worker 10000", *settings)
        self.options = ["-t", self.token]
        self.where = ["api", str(self.port), ",".join(boxes)]

    def upstream(self, args):
        return [f'ssh "127.0.0.1" port {self.sshd.port} '
                f'user "{self.sshd.user}"',
                f'host key "{self.sshd.fingerprint()}"',
                f'key file "{self.sshd.keyfile}"']

    def processes(self, load):
        return [self.p.pid, *descendants(self.p.pid)]

    def only(self, name, *boxes):
        """The same daemon, with sessions of some sandboxes."""
        some = copy.copy(self)
        some.name = name
        some.where = ["api", str(self.port), ",".join(boxes)]
        return some

    def workers_gone(self):
        """Until what begins next has to start them."""
        until("the workers have ended", 20, lambda: not any(
            f[2].isdigit() for f in self.show("sandboxes")))


class SshLoad:
    """sshload on a peer, up to where it says that it is ready."""

    def __init__(self, peer, *what, streams=1):
        self.peer = peer
        self.p = subprocess.Popen(
            [os.path.join(BENCH, "sshload"), "-n", str(streams),
             *peer.options, *map(str, what), *peer.where],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            if line_of(self.p.stdout, 60) != "ready":
                raise Failed("sshload did not get ready")
        except BaseException:
            end(self.p)
            raise

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        """With the end of its input it ends its sessions."""
        if not self.p.stdin.closed:
            self.p.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.p.wait(10)
        end(self.p)

    def start(self):
        self.p.stdin.write("\n")
        self.p.stdin.flush()

    def result(self, seconds=120):
        return json.loads(line_of(self.p.stdout, seconds))

    def run(self):
        """Adds what the peer has used."""
        before = used(self.peer.processes(self.p.pid))
        self.start()
        r = self.result()
        r["server"] = sum(v - before[pid]
                          for pid, v in used(before).items())
        return r
