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
Twenty clients that come, use and leave terminals here and by SSH, while
every kind of process is killed at random, for ten seconds.

What can break: whatever is half done when one side of it dies.  A descriptor
that was on its way, a session whose worker was never told, a dial that nobody
waits for, a grant, a shell; and a worker or a place in a table that all of
this leaves behind.
"""

import collections
import contextlib
import http.client
import os
import random
import re
import signal
import socket
import threading
import time

import pytest

import procs
import sshd as ssh
from clients import WAIT, Timeout, Ws, wait_for
from daemon import ROOT

pytestmark = pytest.mark.skipif(not ROOT, reason="needs root")

CLIENTS = 20
# At least so long, and until all has happened that is to.
TIME = 10
MOST = 120
# What a client may be told at such a time.
ANSWERS = {200, 429, 500, 502, 503}
# Who is killed how often.
VICTIMS = ["worker"] * 4 + ["dialer"] * 3 + ["catalog", "frontend", "pty",
                                             "control"]


@pytest.fixture(scope="module")
def server():
    if ssh.usable() is not None:
        pytest.skip(ssh.usable())
    account = ssh.Account()
    with ssh.Sshd(account) as s:
        yield s
    account.remove()


@pytest.fixture
def silent():
    """A port whose backlog is full: who dials it waits."""
    made = [socket.socket() for _ in range(5)]
    made[0].bind(("127.0.0.1", 0))
    made[0].listen(0)
    for s in made[1:]:
        s.setblocking(False)
        s.connect_ex(made[0].getsockname())
    yield made[0].getsockname()[1]
    for s in made:
        s.close()


class Client(threading.Thread):
    def __init__(self, d, seed, seen, enough):
        super().__init__(daemon=True)
        self.d, self.rng, self.seen = d, random.Random(seed), seen
        self.enough = enough
        self.trouble = None
        self.start()

    def run(self):
        try:
            while not self.enough.is_set():
                self.seen[self.visit()] += 1
        except Exception as e:		# noqa: BLE001
            self.trouble = repr(e)

    def visit(self):
        """How it went, in a word."""
        name = self.rng.choice(list(self.d.sandboxes))
        try:
            answer = self.d.connect(name)
        except (OSError, http.client.HTTPException):
            return name, "lost"
        assert answer.status in ANSWERS, answer
        if answer.status != 200:
            return name, answer.status
        assert name in ("shell", "demo"), answer
        sid = answer.json["sessionId"]
        if self.rng.random() < 0.1:
            return name, "forgotten"
        try:
            return name, self.attach(sid)
        except (OSError, EOFError, AssertionError,
                http.client.HTTPException):
            return name, "lost"

    def attach(self, sid):
        ws = Ws(self.d.port, self.d.ws_path(sid))
        if ws.status != 101:
            ws.drop()
            return "refused"
        try:
            ws.until(b"$ ", 5)
            ws.type("echo x$((20+3))y\n")
            ws.until(b"x23y", 5)
            how = self.rng.choice(("exit", "bye", "drop", "reset", "delete"))
            if how == "exit":
                ws.type("exit\n")
                ws.closed(5)
            elif how == "bye":
                ws.bye()
            elif how == "delete":
                self.d.delete(sid)
            elif how == "reset":
                ws.reset()
            return "used"
        finally:
            ws.drop()


def use(d, name):
    sid, ws = d.shell(name)
    ws.type("echo y$((20+4))z\n")
    ws.until(b"y24z")
    ws.drop()
    assert d.delete(sid).status == 200


def held(d):
    """What every process that stays has open, by kind."""
    now = procs.roles(d)
    return {role: sorted(sorted(collections.Counter(
        re.sub(r"/memfd:\S+", "memfd", what)
        for what in procs.fds(pid).values()).items()) for pid in pids)
        for role, pids in now.items()}


def settled(d):
    """The same for a whole second: what was closed here is there, too."""
    seen = []

    def same():
        with contextlib.suppress(AssertionError, OSError):
            now = held(d)
            if not seen or seen[0][0] != now:
                seen[:] = [(now, time.monotonic())]
            return time.monotonic() - seen[0][1] > 1
    wait_for(same)
    return seen[0][0]


def idle(d):
    """No session is left, and nobody who served one."""
    with contextlib.suppress(AssertionError, OSError):
        now = procs.roles(d)
        return d.ready() and not d.sessions() and not now["worker"] and \
            not now["pty"]


def kill_some(d, rng, seen, enough):
    began = time.monotonic()
    while time.monotonic() < began + (MOST if not enough() else TIME):
        time.sleep(rng.uniform(0.05, 0.4))
        # Each kind once, then as often as they come.
        role = rng.choice([r for r in VICTIMS if not seen[r]] or VICTIMS)
        pids = procs.roles(d)[role]
        if pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(rng.choice(pids), signal.SIGKILL)
                seen[role] += 1


def test_chaos(start, server, silent):
    seed = random.randrange(1 << 32)
    refused = socket.socket()
    refused.bind(("127.0.0.1", 0))
    box = {"ssh_user": "nobody", "host_keys": ["SHA256:" + "A" * 43]}
    d = start({
        "demo": {"pty": ["/bin/sh"]}, "shell": server.box(),
        "refused": {"ssh": refused.getsockname(), **box},
        "silent": {"ssh": ("127.0.0.1", silent), **box},
        "wrong": {"ssh": ("127.0.0.1", server.port), **box},
    }, lines=["timeout connect 1", "timeout detached ssh 1",
              "limit dials per worker 1000"])
    names = list(d.sandboxes)
    use(d, "demo")
    use(d, "shell")
    wait_for(lambda: idle(d))
    before = settled(d)
    met, killed = collections.Counter(), collections.Counter()
    over = threading.Event()
    clients = [Client(d, seed + i, met, over) for i in range(CLIENTS)]
    kill_some(d, random.Random(seed), killed, lambda: met["demo", "used"] and
              met["shell", "used"] and len(killed) >= 5)
    over.set()
    for c in clients:
        c.join(5 * WAIT)
        assert not c.is_alive() and c.trouble is None, (seed, c.trouble)
    told = seed, dict(killed), dict(met)
    print(told)
    assert met["demo", "used"] and met["shell", "used"], told
    assert len(killed) >= 5, told
    try:
        wait_for(lambda: idle(d))
    except Timeout:
        raise AssertionError((told, d.sessions(), procs.roles(d))) from None
    with contextlib.suppress(AssertionError):
        wait_for(lambda: held(d) == before)
    assert held(d) == before, told
    # A sandbox whose workers die at once may have to wait: not after this.
    d.reload()
    for name in names:
        assert d.connect(name).status == (
            200 if name in ("demo", "shell") else 500), name
    use(d, "demo")
    use(d, "shell")
    log = d.log()
    for word in ("forbidden system call", "did not understand",
                 "could not go on", "could not be confined"):
        assert word not in log, told
    refused.close()
