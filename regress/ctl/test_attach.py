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

"""gatewayctl attach in a terminal, on the real daemon.

What can break: a terminal that is not as it was, output twice or not at all
after a lost connection, a paste that is cut, an exit code that is not the
session's, somebody who may only look and can type.
"""

import hashlib
import os
import re
import select
import socket
import struct
import subprocess
import threading
import time

import pytest

import daemon as lib
from native import CTL, Terminal, until

BLOB_SIZE = 5 << 20
BLOB = b"".join(hashlib.sha256(struct.pack(">I", i)).digest()
                for i in range(BLOB_SIZE // 32))
BLOB_SCRIPT = """import hashlib, os, struct, tty
tty.setraw(0)
for i in range(0, %d, 512):
    data = b"".join(hashlib.sha256(struct.pack(">I", j)).digest()
                    for j in range(i, i + 512))
    while data:
        data = data[os.write(1, data):]
""" % (BLOB_SIZE // 32)

# Takes nothing for a while, then a number of bytes; says what they were.
PASTE_SIZE = 1 << 20
PASTE_SCRIPT = """import hashlib, os, time, tty
tty.setraw(0)
os.write(1, b"READY")
time.sleep(1)
h, left = hashlib.sha256(), %d
while left:
    data = os.read(0, left)
    h.update(data)
    left -= len(data)
os.write(1, h.hexdigest().encode())
raise SystemExit(5)
""" % PASTE_SIZE

# A program that draws, and shows what it has drawn on a key.
DRAW_SCRIPT = """import os, tty
tty.setraw(0)
os.write(1, b"before\\x1b[?1049h\\x1b[2J\\x1b[5;7HPICTURE")
os.read(0, 1)
os.write(1, b"\\x1b[?1049l")
"""

SANDBOXES = {
    **lib.SANDBOXES,
    "bash": {"pty": ["/bin/bash"]},
    "blob": {"script": BLOB_SCRIPT},
    "draw": {"script": DRAW_SCRIPT},
    "paste": {"script": PASTE_SCRIPT},
}
SESSION = re.compile(rb"detached from session ([0-9a-f-]{36})")


@pytest.fixture(scope="module")
def daemon():
    if lib.ROOT:
        subprocess.run(["sh", os.path.join(lib.TOP, "etc/accounts.sh")],
                       check=True)
    d = lib.Daemon(SANDBOXES, lines=["replay 8 mb"])
    yield d
    d.stop()


@pytest.fixture
def who(daemon, tmp_path):
    """Files with tokens, by name."""
    def make(name="token", **claims):
        path = tmp_path / name
        path.write_text(daemon.token(**claims))
        path.chmod(0o600)
        return path
    return make


@pytest.fixture
def attach(daemon, who):
    def make(target="demo", *flags, url=None, token=None, **kw):
        return Terminal(CTL, "attach", *flags, "-t", token or who(),
                        url or "http://127.0.0.1:%d" % daemon.port, target,
                        **kw)
    return make


@pytest.fixture
def piped(daemon, who):
    """Without a terminal: the process, when it has ended."""
    def make(target, data=b"", *flags, url=None, token=None):
        return subprocess.run(
            [CTL, "attach", *flags, "-t", token or who(),
             url or "http://127.0.0.1:%d" % daemon.port, target],
            input=data, capture_output=True, timeout=120)
    return make


def detach(t):
    t.type("\r~.")
    assert t.end() == 0
    return SESSION.search(t.seen).group(1).decode()


def running(daemon, sandbox):
    """The id of the only session there."""
    sid, = [row[0] for row in daemon.ctl("show", "sessions")
            if row[1] == "running" and row[4] == sandbox]
    return sid


def shell(t):
    """At its prompt; what is typed from now on is for the shell."""
    t.until("$ ")
    until(t.raw)


class Proxy:
    """Resets each connection after so many bytes of the daemon's."""

    def __init__(self, port, cuts):
        self.port = port
        self.cuts = list(cuts)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            # The request that makes a session is left alone.
            left = self.cuts.pop(0) if self.cuts else None
            server = socket.create_connection(("127.0.0.1", self.port))
            self.copy(client, server, left)
            for s in (client, server):
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             struct.pack("ii", left is not None, 0))
                s.close()

    def copy(self, client, server, left):
        while True:
            for s in select.select([client, server], [], [])[0]:
                try:
                    data = s.recv(65536 if left is None else
                                  min(65536, max(left, 1)))
                    if not data:
                        return
                    (server if s is client else client).sendall(data)
                except OSError:
                    return
                if s is server and left is not None:
                    left -= len(data)
                    if left <= 0:
                        return

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def test_typing(attach):
    with attach() as t:
        shell(t)
        t.type("echo $((6*7))\r")
        t.until("42")
        t.type("exit 3\r")
        assert t.end() == 3


@pytest.mark.parametrize("command, code", [
    ("exit 0", 0), ("exit 3", 3), ("exit 255", 255),
    ("exec sh -c 'kill -TERM $$'", 143),
    ("exec sh -c 'kill -KILL $$'", 137),
])
def test_exit_codes(attach, command, code):
    with attach() as t:
        shell(t)
        t.type(command + "\r")
        assert t.end() == code


def test_resize(attach):
    with attach(cols=93, rows=31) as t:
        shell(t)
        t.type("stty size\r")
        t.until("31 93")
        t.resize(132, 50)

        def asked():
            t.type("stty size\r")
            time.sleep(0.1)
            return b"50 132" in t.seen
        until(asked)
        t.type("exit\r")
        assert t.end() == 0


def test_detach_and_back(attach):
    with attach() as t:
        shell(t)
        t.type("x=hel; y=lo\r")
        sid = detach(t)
    with attach(sid, cols=100, rows=40) as t:
        shell(t)
        t.type("echo $x$y; stty size\r")
        t.until("hello")
        t.until("40 100")
        t.type("exit 9\r")
        assert t.end() == 9
    # Who comes late learns how it ended.
    with attach(sid) as t:
        assert t.end() == 9


def test_output_of_an_ended_session(daemon, attach, piped):
    with attach() as t:
        shell(t)
        # The first line that it reads is that of detach().
        t.type("echo first; read x; read x; exit 4\r")
        t.until("first\r\n")
        sid = detach(t)
    assert daemon.native_input(sid, "\n").status == 204
    until(lambda: daemon.native_status(sid)["state"] == "exited")
    run = piped(sid)
    assert run.returncode == 4
    assert b"first\r\n" in run.stdout


def test_lost_connections(daemon, piped):
    """Five resets in 5 MB: every byte once."""
    cuts = [None, 400000, 700000, 50000, 1000000, 1]
    with Proxy(daemon.port, cuts) as p:
        run = piped("blob", url=p.url)
    assert run.returncode == 0, run.stderr
    assert hashlib.sha256(run.stdout).digest() == \
        hashlib.sha256(BLOB).digest(), len(run.stdout)
    lost = run.stderr.count(b"connection lost")
    assert 3 <= lost <= 5 and b"bytes of output are lost" not in run.stderr


def test_lost_in_a_terminal(daemon, attach):
    """The shell is the same one after a reset, and typing goes on."""
    with Proxy(daemon.port, [None, 2000]) as p:
        with attach(url=p.url) as t:
            shell(t)
            t.type("x=kept; seq 1000\r")
            t.until("connected again")
            t.until("\n1000\r\n")
            t.type("echo $x\r")
            t.until("kept\r\n")
            t.type("exit 6\r")
            assert t.end() == 6
    numbers = re.sub(rb"\r\ngatewayctl: [^\n]*\n", b"", t.seen)
    assert b"".join(b"%d\r\n" % i for i in range(1, 1001)) in numbers


def test_paste(daemon, who):
    """1 MB into a session that does not read at first."""
    data = BLOB[:PASTE_SIZE]
    proc = subprocess.Popen(
        [CTL, "attach", "-t", who(), "http://127.0.0.1:%d" % daemon.port,
         "paste"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert proc.stdout.read(5) == b"READY"
    out, _ = proc.communicate(data, timeout=120)
    assert proc.returncode == 5
    assert out == hashlib.sha256(data).hexdigest().encode()


def test_paste_in_a_terminal(attach):
    data = BLOB[:PASTE_SIZE].replace(b"~", b"-")
    with attach("paste") as t:
        t.until("READY")
        until(t.raw)
        t.type(data)
        t.until(hashlib.sha256(data).hexdigest())
        assert t.end() == 5


def test_script(piped):
    run = piped("demo", b"echo $((6*7))\nexit 4\n")
    assert run.returncode == 4 and b"42" in run.stdout
    # The end of the input is the end of the shell.
    for data in (b"echo $((6*7))\n", b"echo $((6*7))",
                 b"cat\necho $((6*7)); echo 42\n"):
        run = piped("demo", data)
        assert run.returncode == 0 and b"42" in run.stdout
    # A shell that edits its line, too.
    run = piped("bash", b"echo $((6*7))\n")
    assert run.returncode == 0 and b"42" in run.stdout


def test_read_only(daemon, attach):
    with attach("cat") as t:
        t.until("READY")
        until(t.raw)
        sid = running(daemon, "cat")
        with attach(sid, "-r", cols=50, rows=20) as r:
            until(r.raw)
            r.until("READY")
            r.type("nothing of this")
            t.type("but this")
            r.until("but this")
            r.type("\r~.")
            assert r.end() == 0
        assert b"nothing" not in t.seen
        detach(t)
    daemon.ctl("kill", "session", sid)


def test_first_line_of_stdin(daemon, attach, who):
    with open(who()) as f:
        with attach("demo", token="-", stdin=f) as t:
            shell(t)
            t.type("exit 2\r")
            assert t.end() == 2


def test_refused(daemon, piped, who):
    sid = "01234567-89ab-4cde-8f01-23456789abcd"
    bad = who("bad", exp=-1000)
    foreign = who("foreign", did=lib.MALLORY)
    for target, token, text in (
            ("demo", bad, "401 token_expired"), (sid, bad, "401 "),
            (sid, None, "404 not_found"), ("none", None, "404 not_found"),
            ("demo", foreign, "40[34] "), ("foreign", None, "40[34] ")):
        run = piped(target, token=token)
        assert run.returncode == 1, (target, run)
        assert re.search(": " + text, run.stderr.decode()), run.stderr
        assert run.stderr.count(b"\n") == 1 and run.stdout == b""
    other = daemon.token().rsplit(".", 1)[0] + ".AAAA"
    who("forged").write_text(other)
    run = piped("demo", token=who("x").parent / "forged")
    assert run.returncode == 1 and b": 401 " in run.stderr


def test_somebody_elses_session(attach, piped, who):
    with attach() as t:
        shell(t)
        sid = detach(t)
    run = piped(sid, token=who("mallory", did=lib.MALLORY))
    assert run.returncode == 1
    assert re.search(rb": 40[34] ", run.stderr)
    with attach(sid) as t:
        t.type("\rexit\r")
        assert t.end() == 0


def test_killed(daemon, attach):
    """Ended by the operator: nobody knows an exit code."""
    with attach("cat") as t:
        t.until("READY")
        daemon.ctl("kill", "session", running(daemon, "cat"))
        assert t.end() in (255, 129, 137)


def test_screen(attach):
    """In the middle of a program that draws one sees what it has drawn."""
    with attach("draw") as t:
        t.until("PICTURE")
        until(t.raw)
        t.type("~.")
        assert t.end() == 0
        assert b"PICTURE\x1b[?1049l" in t.seen
        sid = SESSION.search(t.seen).group(1).decode()
    with attach(sid) as t:
        t.until("PICTURE")
        assert b"before\x1b[?1049h" not in t.seen
        t.type("q")
        t.until("\x1b[?1049l")
        assert t.end() == 0


def test_daemon_stops(who):
    """A terminal whose gateway goes away waits for it, and can leave."""
    with lib.Daemon() as d:
        path = who()
        path.write_text(d.token())
        with Terminal(CTL, "attach", "-t", path,
                      "http://127.0.0.1:%d" % d.port, "demo") as t:
            shell(t)
            d.stop()
            t.until("trying again; ~. gives up")
            t.type("\r~.")
            assert t.end() == 0
