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
A daemon some of whose processes are played by the test.

	def cast(name, n):		# "frontend", its how-manyth
		return n == 1		# True: the test plays it

	with Stage(cast) as d:
		p = d.puppet("frontend")
		p.send("GRANTED", ...)
		p.killed()

The daemon is linked anew, to find its programs in a directory where each is
regress/priv/puppet.c, which gives its channel to us.  A puppet is led to
READY here, as its parent wants it; what follows is up to the test.
"""

import array
import atexit
import contextlib
import os
import queue
import re
import select
import shutil
import socket
import struct
import subprocess
import tempfile
import threading

import gwproto
from clients import WAIT, wait_for
from daemon import BUILD, Daemon
from gwproto import ROLE, VERSION, Channel, Closed

PROGRAMS = ["gatewayd", "gatewayd-frontend", "gatewayd-catalog", "sessiond",
            "sessiond-net"]
_libexec = []


def libexec():
    """The directory, made once: puppets in it, what they stand for below."""
    if not _libexec:
        top = tempfile.mkdtemp(prefix="gwl")
        atexit.register(shutil.rmtree, top)
        os.chmod(top, 0o755)
        os.mkdir(top + "/real")
        link(top)
        for name in PROGRAMS:
            shutil.copy(BUILD + "/regress/priv/puppet", top + "/" + name)
            if name != "gatewayd":
                os.symlink(BUILD + "/" + name, top + "/real/" + name)
        _libexec.append(top)
    return _libexec[0]


def link(top):
    """The program gatewayd with other paths, as make would link it."""
    with open(BUILD + "/rules.mk") as f:
        rules = f.read()
    values = dict(re.findall(r"(?m)^(COMPILE|LINK) = (.*)$", rules))
    how = re.search(r"(?m)^\t@\$\(LINK\) -o %s/gatewayd (.*)$" %
                    re.escape(relative(rules)), rules).group(1)
    old = relative(rules) + "/obj/common/paths.o"
    assert old in how
    run(values["COMPILE"] + " -DSBINDIR='\"%s\"' -DLIBEXECDIR='\"%s\"' "
        "-DWEBDIR='\"%s/web\"' -DSYSCONFDIR='\"/etc\"' "
        "-c -o %s/paths.o common/paths.c" % (top, top, top, top))
    run("%s -o %s/real/gatewayd %s" % (
        values["LINK"], top, how.replace(old, top + "/paths.o")))


def relative(rules):
    """The build directory as the rules name it."""
    return re.search(r"(?m)^all: (\S+)/gatewayd ", rules).group(1)


def run(command):
    subprocess.run(command, shell=True, check=True,
                   cwd=os.path.join(os.path.dirname(__file__), "../.."))


class Puppet(Channel):
    """The channel of one child to the parent."""

    def __init__(self, sock, control, title, pid):
        super().__init__(sock)
        self.control, self.title, self.pid = control, title, pid
        self.got = []			# what came before READY
        self.channels = {}		# (role, number): a Channel

    def hello(self):
        self.send("HELLO", version=VERSION, role=ROLE[role_of(self.title)])
        self.expect("HELLO")
        self.setup = self.expect("SETUP")
        self.number = self.setup["number"]
        self.name = "%s %d" % (self.title.split()[-1], self.number)

    def play(self):
        """All that its parent wants to see, up to READY."""
        self.hello()
        if self.title == "gatewayd: pty":
            return self
        while True:
            m = self.take(WAIT)
            if m.name == "CONF_END":
                self.send("CONF_OK")
            if m.name == "START":
                self.send("READY")
                return self

    def take(self, timeout=30):
        """The next message; a channel that comes along is kept."""
        m = self.recv(timeout)
        self.got.append(m)
        if m.name == "CHANNEL":
            role = gwproto.ROLES[m["role"] - 1]
            self.channels[role, m["number"]] = Channel(
                socket.socket(fileno=m.fd))
        return m

    def wait(self, name, /, timeout=30, **fields):
        """Take messages until there is that one."""
        while True:
            m = self.take(timeout)
            if m.name == name and all(m[k] == v for k, v in fields.items()):
                return m

    def catalog(self):
        for (role, _), chan in self.channels.items():
            if role == "catalog":
                return chan
        return self.wait("CHANNEL", role=ROLE["catalog"]) and self.catalog()

    def killed(self, timeout=30):
        """It was ended by a signal of its parent: it would not by itself."""
        assert select.select([self.control], [], [], timeout)[0], \
            "still alive"
        with contextlib.suppress(ConnectionResetError):
            assert self.control.recv(1) == b""
        return True

    def alive(self):
        return not select.select([self.control], [], [], 0)[0]

    def leave(self):
        """End as a child would, and let go of everything."""
        self.control.close()
        self.close()

    def close(self):
        super().close()
        for chan in self.channels.values():
            chan.close()
        got, self.got = self.got, []
        for m in got:
            for fd in (m.fd, m.blob):
                if fd is not None and m.name != "CHANNEL":
                    os.close(fd)


def role_of(title):
    if title.startswith("sessiond"):
        return "worker"
    return title.split()[-1]


class Stage(Daemon):
    def __init__(self, cast, *args, **kw):
        self.cast = cast
        self.seen = {}
        self.puppets = {}
        self.played = []
        self.trouble = []
        self.leaders = []
        self.closing = False
        path = libexec() + "/stage"
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(path)
        self.listener.listen(64)
        os.chmod(path, 0o666)
        self.faults = True
        start = kw.pop("start", True)
        super().__init__(*args, start=False, **kw)
        self.faults = True
        threading.Thread(target=self.doorman, daemon=True).start()
        if start:
            self.start()

    def start(self):
        with open(self.logfile, "ab") as log:
            self.proc = subprocess.Popen(
                [libexec() + "/real/gatewayd", "-d", "-f", self.path],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd="/", env={**os.environ, **self.env})
        wait_for(self.ready)

    def stop(self, *args, **kw):
        self.closing = True
        self.release()
        try:
            super().stop(*args, **kw)
        finally:
            if self.listener is not None:
                # Wakes the doorman, too.
                self.listener.shutdown(socket.SHUT_RDWR)
                self.listener.close()
                self.listener = None
                os.unlink(libexec() + "/stage")
        assert not self.trouble, self.trouble

    def release(self):
        """Let go of all puppets, and of the descriptors that they got."""
        played, self.played = self.played, []
        for p in played:
            try:
                p.leave()
            except OSError as e:
                self.trouble.append(e)

    def check_gone(self, below):
        # One may have come up meanwhile.
        for t in self.leaders:
            t.join(WAIT)
        self.release()
        super().check_gone(below)

    def doorman(self):
        """Meets every process that starts."""
        while True:
            try:
                conn, _ = self.listener.accept()
            except OSError:
                return
            try:
                self.meet(conn)
            except OSError:
                conn.close()		# it was killed meanwhile

    def meet(self, conn):
        data, anc, _, _ = conn.recvmsg(512, socket.CMSG_SPACE(4))
        fds = array.array("i")
        for _, _, value in anc:
            fds.frombytes(value)
        pid, _, _ = struct.unpack("3i", conn.getsockopt(
            socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        title = data.decode().split("\n")[0]
        role = role_of(title)
        n = self.seen[role] = self.seen.get(role, 0) + 1
        what = self.cast(role, n)
        if what is True:
            p = Puppet(socket.socket(fileno=fds[0]), conn, title, pid)
            conn.send(b"p")
            t = threading.Thread(target=self.lead, args=(role, p),
                                 daemon=True)
            self.leaders.append(t)
            t.start()
            return
        os.close(fds[0])
        conn.send(b"h" if what is False else bytes([what]))
        conn.close()

    def lead(self, role, p):
        try:
            p.play()
        except (Closed, OSError):
            p.leave()
            return
        except Exception as e:		# noqa: BLE001
            self.trouble.append(e)
            p.leave()
            return
        if self.closing:
            p.leave()
            return
        self.played.append(p)
        self.stage(role).put(p)

    def stage(self, role):
        return self.puppets.setdefault(role, queue.Queue())

    def puppet(self, role, timeout=WAIT):
        """The next one of that role that has come to READY."""
        return self.stage(role).get(timeout=timeout)
