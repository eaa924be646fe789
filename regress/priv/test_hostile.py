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
Processes of the daemon in the hands of somebody else.  The test plays a
frontend, a worker or the keeper of a shell, as its parent started it, and
does what the honest program never would.

What can break: one that is believed too much; one whose nonsense ends
somebody else; one that fills a queue, a log or a table.
"""

import contextlib
import hashlib
import os
import queue
import re
import select
import socket
import tempfile
import threading
import time

import pytest

import gwproto
import procs
from clients import Timeout, wait_for
from daemon import MALLORY, ROOT, alive, memory, proc_stat
from gwproto import HEADER, MESSAGES, packet
from stage import Stage
from streams import SANDBOXES, Streams

pytestmark = pytest.mark.skipif(not ROOT, reason="needs root")

OPEN, ATTACH, INPUT, RESIZE, CLOSE = 1, 2, 4, 8, 16
FAIL_GRANT, FAIL_BUSY = 1, 4
DENY_TOKEN, DENY_EXPIRED, DENY_NOT_FOUND = 1, 2, 3
NOBODYS = "00000000-0000-4000-8000-000000000000"
BOXES = {**SANDBOXES, "foreign": {"pty": ["/bin/sh"], "owner": [MALLORY]}}

# What each of them may say when it works; all else is illegal.
LEGAL = {
    "frontend": {"LOG", "FRONT_STATS", "DENIAL"},
    "worker": {"LOG", "PTY_REQ", "PTY_SIGNAL", "SESSION_UP", "SESSION_END",
               "VIEWER_UP", "VIEWER_DOWN", "MAY_EXIT"},
    "pty": {"LOG", "PTY_RUNNING", "PTY_FAIL", "PTY_EXIT"},
}
# What brings a descriptor, from somebody to somebody.  BLOB may.
BRING = {"SEALKEY", "CHANNEL", "LISTENER", "COUNTERS", "CONF_KEY", "PTY_OK",
         "ATTACH", "PTY_START"}
ZERO = {"u8": 1, "u16": 1, "u32": 1, "u64": 1, "str": "x", "bytes": b"x",
        "uuid": NOBODYS}


def sample(name, **fields):
    """Any message of that name, well formed as far as that matters."""
    values = {f: ZERO[k] if k in ZERO else bytes(int(k[1:]))
              for f, k in gwproto.FIELDS[name]}
    return packet(name, **{**values, **fields})


def garbage():
    """Packets that are no messages: (what, data, number of fds)."""
    log = sample("LOG", priority=6)
    return [
        ("short", log[:7], 0),
        ("header only", log[:12], 0),
        ("cut", log[:-1], 0),
        ("longer than it says", log + b"x", 0),
        ("too long", log + bytes(20000), 0),
        ("unknown type", HEADER.pack(9999, 0, 12, 0), 0),
        ("type 0", HEADER.pack(0, 0, 12, 0), 0),
        ("unknown flags", HEADER.pack(3, 2, len(log), 0) + log[12:], 0),
        ("descriptor missing", HEADER.pack(3, 1, len(log), 0) + log[12:],
         0),
        ("descriptor unannounced", log, 1),
        ("two descriptors", HEADER.pack(2, 1, 12, 0), 2),
        ("surplus descriptor", HEADER.pack(3, 1, len(log), 0) + log[12:],
         1),
        ("priority out of range", sample("LOG", priority=9), 0),
        ("NUL in a text", sample("LOG", priority=6, text="a\0b"), 0),
    ]


def say(chan, data, fds=0):
    with open("/dev/null") as f, contextlib.suppress(BrokenPipeError):
        chan.raw(data, [f.fileno()] * fds)


def illegal(role):
    """Every packet that role may not send when it works."""
    for name in MESSAGES:
        if name not in LEGAL[role]:
            yield name, sample(name), 0
            if name not in BRING:
                continue
            yield name + " with a descriptor", HEADER.pack(
                MESSAGES[name][0], 1, len(sample(name)), 0) + \
                sample(name)[12:], 1
    yield from garbage()


def drain(chan, seconds=0.0):
    """Take what is there; whether it is still open."""
    while select.select([chan.sock], [], [], seconds)[0]:
        try:
            if not chan.sock.recv(65536):
                return False
        except ConnectionResetError:
            return False
    return True


def gone(chan, seconds=10):
    end = time.monotonic() + seconds
    while drain(chan, 0.1):
        assert time.monotonic() < end, "still open"
    return True


# Frontends.  The first to start is honest, whoever starts later is ours.

def second_frontend(role, n):
    return role == "frontend" and n > 1


@pytest.fixture
def house(start):
    """A daemon with an honest frontend, two sessions and their clients."""
    def run(cast=second_frontend, **kw):
        d = start(cast, BOXES, kind=Stage, **kw)
        d.streams = Streams(d, 2)
        return d
    return run


def unharmed(d):
    """Everybody else works as before."""
    d.streams.advance(5)
    sid, ws = d.shell("demo")
    ws.type("echo al''ive\n")
    ws.until(b"alive")
    assert d.delete(sid).status == 200
    ws.drop()


def test_frontend_says_what_it_may_not(house):
    """To the parent: each message ends that frontend, and only it."""
    d = house()
    honest = procs.roles(d)
    for what, data, fds in illegal("frontend"):
        p = d.puppet("frontend")
        say(p, data, fds)
        assert p.killed(), what
        assert re.search(r"%s: .*; killed" % p.name, d.log()), what
        p.leave()
        d.streams.pump()
    unharmed(d)
    after = procs.roles(d)
    for role in "catalog", "dialer", "control":
        assert honest[role] == after[role]
    d.streams.drop()


def test_frontend_says_what_it_may_not_to_the_catalog(house):
    """That channel is closed; nobody dies."""
    d = house()
    catalog = procs.roles(d)["catalog"]
    token = d.token()
    wrong = [(n, sample(n), 0) for n in (
        "HELLO", "READY", "DENIED", "GRANTED", "GRANT_OPEN",
        "GRANT_SESSION", "CONF_SWITCH", "RECHECK_OK", "STOP", "OPEN")]
    wrong += [("action %d" % a, sample("AUTHORIZE", token=token, action=a,
                                       object="demo"), 0)
              for a in (0, 3, 32, 255)]
    wrong += [("api 0", sample("AUTHORIZE", api=0), 0),
              ("no token", sample("AUTHORIZE", token=""), 0),
              ("a bad name", sample("AUTHORIZE", object="a/b"), 0),
              ("a long token", sample("AUTHORIZE", token="x" * 9000), 0),
              ("LOG", sample("LOG", priority=6), 0)] + garbage()
    for what, data, fds in wrong:
        p = d.puppet("frontend")
        chan = p.catalog()
        say(chan, data, fds)
        assert gone(chan), what
        d.logged(r"frontend %d: .*channel closed" % p.number)
        assert p.alive()
        p.leave()
    assert procs.roles(d)["catalog"] == catalog
    unharmed(d)
    d.streams.drop()


def ask(p, action, obj, token, id=1):
    """AUTHORIZE; the answer, from wherever it comes."""
    p.catalog().send("AUTHORIZE", id=id, api=1, action=action, token=token,
                     object=obj, address="192.0.2.1")
    end = time.monotonic() + 10
    while time.monotonic() < end:
        for chan in select.select([p, p.catalog()], [], [], 1)[0]:
            m = p.take() if chan is p else chan.recv()
            if m.name in ("GRANTED", "DENIED"):
                assert m.id == id
                return m
    raise Timeout("no answer")


def granted(p, action, obj, token, id=1):
    m = ask(p, action, obj, token, id)
    assert m.name == "GRANTED", m
    return m, p.channels["worker", m["worker"]]


def test_frontend_without_a_token_gets_nothing(house):
    """It may ask what it likes: what counts is the token."""
    d = house()
    p = d.puppet("frontend")
    theirs = d.streams.all[0].sid
    good, other = d.token(), d.token(MALLORY)
    head, body, sig = good.split(".")
    cases = [
        ("x", "demo", DENY_TOKEN), ("null", "demo", DENY_TOKEN),
        (head + "." + body + ".", "demo", DENY_TOKEN),
        (head + "." + body + "." + sig[:-4] + "AAAA", "demo", DENY_TOKEN),
        (d.token(exp=-1), "demo", DENY_EXPIRED),
        (good, "foreign", DENY_NOT_FOUND), (good, "none", DENY_NOT_FOUND),
        (other, "demo", DENY_NOT_FOUND)]
    for n, (token, box, reason) in enumerate(cases, 1):
        m = ask(p, OPEN, box, token, n)
        assert (m.name, m["reason"]) == ("DENIED", reason), (n, m)
    for n, action in enumerate((ATTACH, INPUT, RESIZE, CLOSE), 100):
        for token, sid in ((other, theirs), (good, NOBODYS), ("x", theirs),
                           (good, "demo")):
            assert ask(p, action, sid, token, n).name == "DENIED"
    # The parent told it of no worker, and no session was made.
    assert not [1 for role, _ in p.channels if role == "worker"]
    assert len(d.sessions()) == 2
    unharmed(d)
    d.streams.drop()


def refused(chan, name, id=9, fd=None, **fields):
    """A call that must not be believed; the reason of its answer."""
    fd_of = {"fd": fd} if fd is not None else {}
    chan.send(name, id=id, **fields, **fd_of)
    m = chan.recv()
    assert m.id == id
    assert m.name in ("OPEN_FAILED", "ATTACH_FAIL", "CALL_FAIL"), m
    return m["reason"]


def calls(grant, digest=bytes(32)):
    """One of each that needs a grant, and what goes with it."""
    return [("OPEN", dict(grant=grant, cols=80, rows=24)),
            ("INPUT", dict(grant=grant, hash=digest, data=b"x")),
            ("RESIZE", dict(grant=grant, hash=digest, cols=80, rows=24)),
            ("CLOSE", dict(grant=grant, hash=digest))]


def attach(grant):
    return dict(grant=grant, dialect=1, transport=1, address="192.0.2.1",
                head=b"")


@pytest.fixture
def client():
    """A connected pair, the first end to be handed over."""
    made = []

    def run():
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen(1)
            ours = socket.create_connection(listener.getsockname())
            theirs, _ = listener.accept()
        made.extend((ours, theirs))
        return theirs, ours
    yield run
    for s in made:
        s.close()


def digest_of(token):
    return hashlib.sha256(token.encode()).digest()


def test_grants(house, client):
    """Good for one channel, one session, one purpose, and once; a grant
    that was guessed, replayed, or given to another opens nothing."""
    d = house(frontends=3)
    a, b = d.puppet("frontend"), d.puppet("frontend")
    token = d.token()
    m, wa = granted(a, OPEN, "demo", token)
    mine = m["session"]
    # Another frontend has a channel to the same worker.
    other, wb = granted(b, OPEN, "demo", token)
    for name, fields in calls(m["grant"]):
        assert refused(wb, name, **fields) == FAIL_GRANT
    theirs, ours = client()
    assert refused(wb, "ATTACH", fd=theirs.fileno(),
                   **attach(m["grant"])) == FAIL_GRANT
    # Nor is it worth anything for another purpose.
    for name, fields in calls(m["grant"])[1:]:
        assert refused(wa, name, **fields) == FAIL_GRANT
    assert refused(wa, "ATTACH", fd=theirs.fileno(),
                   **attach(m["grant"])) == FAIL_GRANT
    # It still holds for what it is, once.
    wa.send("OPEN", id=3, grant=m["grant"], cols=80, rows=24)
    wa.expect("OPENED", session=mine)
    assert refused(wa, "OPEN", grant=m["grant"], cols=80,
                   rows=24) == FAIL_GRANT
    # Those for calls go with the token, the session and the verb.
    g, chan = granted(a, INPUT, mine, token)
    assert chan is wa
    good = digest_of(token)
    for digest in bytes(32), digest_of(d.token(jti="2")):
        assert refused(wa, "INPUT", grant=g["grant"], hash=digest,
                       data=b"x") == FAIL_GRANT
    for name, fields in calls(g["grant"], good):
        if name != "INPUT":
            assert refused(wa, name, **fields) == FAIL_GRANT
        assert refused(wb, name, **fields) == FAIL_GRANT
    wa.send("INPUT", id=4, grant=g["grant"], hash=good, data=b"x")
    wa.expect("INPUT_OK")
    # Attach, once, and by nobody else.
    g, _ = granted(a, ATTACH, mine, token)
    assert refused(wb, "ATTACH", fd=theirs.fileno(),
                   **attach(g["grant"])) == FAIL_GRANT
    wa.send("ATTACH", id=5, fd=theirs.fileno(), **attach(g["grant"]))
    wa.expect("ATTACH_OK")
    assert refused(wa, "ATTACH", fd=theirs.fileno(),
                   **attach(g["grant"])) == FAIL_GRANT
    # A frontend that ends takes its grants along.
    g, _ = granted(b, ATTACH, mine, token)
    b.leave()
    c = d.puppet("frontend")
    _, wc = granted(c, OPEN, "demo", token)
    assert refused(wc, "ATTACH", fd=theirs.fileno(),
                   **attach(g["grant"])) == FAIL_GRANT
    assert refused(wa, "ATTACH", fd=theirs.fileno(),
                   **attach(g["grant"])) == FAIL_GRANT
    ours.close()
    unharmed(d)
    d.streams.drop()


def test_grant_of_another_worker(house):
    """One worker's grants mean nothing to another."""
    d = house()
    p = d.puppet("frontend")
    token = d.token()
    one, w1 = granted(p, OPEN, "demo", token)
    two, w2 = granted(p, OPEN, "other", token)
    assert one["worker"] != two["worker"]
    assert refused(w2, "OPEN", grant=one["grant"], cols=80,
                   rows=24) == FAIL_GRANT
    assert refused(w1, "OPEN", grant=two["grant"], cols=80,
                   rows=24) == FAIL_GRANT
    d.streams.drop()


def test_guessed_grants(house):
    d = house()
    p = d.puppet("frontend")
    _, w = granted(p, OPEN, "demo", d.token())
    for _ in range(500):
        for name, fields in calls(os.urandom(16)):
            assert refused(w, name, **fields) == FAIL_GRANT
    assert len(d.sessions()) == 3
    unharmed(d)
    d.streams.drop()


def test_frontend_says_what_it_may_not_to_a_worker(house):
    """The worker closes that channel; its clients stay."""
    d = house()
    pid = d.worker("count")
    wrong = [(n, sample(n), 0) for n in (
        "HELLO", "GRANT", "PTY_OK", "KILL", "EXIT_OK", "OPENED",
        "ATTACH_OK", "RECORD", "AUTHORIZE")]
    wrong += [("ATTACH without", sample("ATTACH"), 0),
              ("dialect 9", HEADER.pack(99, 1, len(sample("ATTACH")), 0) +
               sample("ATTACH", dialect=9)[12:], 1),
              ("cols 0", sample("OPEN", cols=0), 0),
              ("rows 1001", sample("RESIZE", rows=1001), 0),
              ("a blob too many", None, 0)] + garbage()
    for what, data, fds in wrong:
        p = d.puppet("frontend")
        _, w = granted(p, ATTACH, d.streams.all[0].sid, d.token())
        if data is None:
            blob = gwproto.blob(b"x")
            w.send("CLOSE", id=1, grant=bytes(16), hash=bytes(32),
                   blob=blob)
            os.close(blob)
        else:
            say(w, data, fds)
        assert gone(w), what
        d.logged(r"frontend %d: " % p.number)
        assert p.alive()
        p.leave()
        d.streams.pump()
    assert d.worker("count") == pid
    unharmed(d)
    d.streams.drop()


def strange_descriptors():
    """What is no connected stream socket: (name, descriptor)."""
    r, w = os.pipe()
    os.close(w)
    master, slave = os.openpty()
    os.close(slave)
    with tempfile.TemporaryFile() as f:
        plain = os.dup(f.fileno())
    listener = socket.create_server(("127.0.0.1", 0))
    return [("a pipe", r), ("a terminal", master), ("a file", plain),
            ("a listener", listener.detach()),
            ("a datagram socket", socket.socket(
                type=socket.SOCK_DGRAM).detach()),
            ("no peer", socket.socket().detach()),
            ("a packet socket", gwproto.pair()[0].detach()),
            ("a directory", os.open("/", os.O_RDONLY)),
            ("memory", os.memfd_create("x")),
            ("an event loop", select.epoll().fileno())]


def test_strange_descriptors(house):
    """In place of a client: refused, and not kept."""
    d = house()
    p = d.puppet("frontend")
    sid = d.streams.all[0].sid
    token = d.token()
    granted(p, ATTACH, sid, token)
    pid = d.worker("count")
    held = len(procs.fds(pid))
    for n, (what, fd) in enumerate(strange_descriptors(), 1):
        g, w = granted(p, ATTACH, sid, token, n)
        try:
            assert refused(w, "ATTACH", fd=fd, **attach(g["grant"])) == \
                FAIL_BUSY, what
        except OSError:
            assert what == "an event loop"	# its object is gone
        else:
            os.close(fd)
    wait_for(lambda: len(procs.fds(pid)) <= held)
    # Bytes that are not sealed, or far too many of them.
    for data, seals in ((b"x", 0), (b"x", gwproto.fcntl.F_SEAL_GROW),
                        (bytes(200000), gwproto.SEALS)):
        g, w = granted(p, ATTACH, sid, token, 50)
        blob = gwproto.blob(data, seals)
        a, b = socket.socketpair()
        w.send("ATTACH", id=7, fd=a.fileno(), blob=blob,
               **attach(g["grant"]))
        assert w.recv().name == "ATTACH_FAIL"
        for s in a, b:
            s.close()
        os.close(blob)
    wait_for(lambda: len(procs.fds(pid)) <= held)
    unharmed(d)
    d.streams.drop()


def flood(chan, data, n, fds=()):
    """Send as fast as the other end takes it; how many it took."""
    chan.sock.setblocking(False)
    sent = 0
    end = time.monotonic() + 20
    while sent < n and time.monotonic() < end:
        try:
            chan.raw(data, fds)
            sent += 1
        except BlockingIOError:
            if not select.select([], [chan.sock], [], 2)[1]:
                break
        except (BrokenPipeError, ConnectionResetError):
            break
    return sent


def lines(d, mark, pattern):
    return len(re.findall(pattern, d.log()[mark:]))


@pytest.mark.parametrize("name, fields", [
    ("LOG", dict(priority=4, text="flooded \033[31m" + "x" * 900)),
    ("DENIAL", dict(reason=1, action=1, principal="flooded", object="y",
                    address="192.0.2.1")),
    ("FRONT_STATS", dict(accepted=2 ** 64 - 1))])
def test_frontend_floods_the_parent(house, name, fields):
    """It costs some lines of the log each second, and nobody else
    anything; what it says is escaped."""
    d = house()
    p = d.puppet("frontend")
    before, mark = memory(d.proc.pid), len(d.log())
    began = time.monotonic()
    flood(p, sample(name, **fields), 50000)
    unharmed(d)
    took = time.monotonic() - began
    assert memory(d.proc.pid) - before < 4 << 20
    assert lines(d, mark, "flooded") <= 260 * (took + 1)
    assert "\033" not in d.log()
    d.streams.drop()


def test_frontend_asks_and_never_reads(house):
    """Answers pile up for it alone; the catalog and the parent go on, and
    neither grows."""
    d = house()
    roles = procs.roles(d)
    for token in "x", d.token():
        p = d.puppet("frontend")
        before = {r: memory(roles[r][0]) for r in ("parent", "catalog")}
        mark = len(d.log())
        began = time.monotonic()
        flood(p.catalog(), sample(
            "AUTHORIZE", action=ATTACH, token=token,
            object=d.streams.all[0].sid, address="192.0.2.1"), 20000)
        unharmed(d)
        took = time.monotonic() - began
        for r, was in before.items():
            assert memory(roles[r][0]) - was < 12 << 20, r
        assert len(d.log()[mark:]) < 200000 * (took + 1)
        p.leave()
    assert d.streams.all[0].sid in d.sessions()
    unharmed(d)
    assert procs.roles(d)["catalog"] == roles["catalog"]
    d.streams.drop()


def test_frontend_types_and_never_reads(house):
    """Into a terminal that takes no input: what it sends is bounded in the
    worker, and another session of that worker goes on."""
    d = house()
    p = d.puppet("frontend")
    token = d.token()
    target, sid = d.streams.all[0], d.open("count")
    pid = d.worker("count")
    g, w = granted(p, INPUT, sid, token)
    before, mark = memory(pid), len(d.log())
    flood(w, packet("INPUT", id=1, grant=g["grant"],
                    hash=digest_of(token), data=b"x" * 8192), 20000)
    d.streams.advance(20)
    assert memory(pid) - before < 16 << 20
    assert len(d.log()[mark:]) < 1000000
    assert d.resize(target.sid, {"cols": 81, "rows": 25}).status == 200
    d.streams.drop()


def test_frontend_sends_descriptors_to_nobody(house):
    """A channel that brings a descriptor with each message fills no table:
    the parent's and the catalog's stay as they are."""
    d = house()
    roles = procs.roles(d)
    held = {r: len(procs.fds(roles[r][0])) for r in ("parent", "catalog")}
    for _ in range(5):
        p = d.puppet("frontend")
        with open("/dev/null") as f:
            for chan in p.catalog(), p:
                flood(chan, HEADER.pack(2, 1, 12, 0), 3, [f.fileno()])
        assert p.killed()
        p.leave()
    d.puppet("frontend")
    for r, n in held.items():
        wait_for(lambda: len(procs.fds(roles[r][0])) <= n)  # noqa: B023
    unharmed(d)
    d.streams.drop()


# Workers.  The first one is honest, that of the streams.

def later_workers(role, n):
    return role == "worker" and n > 1


class Callers:
    """Clients that connect, each in a thread, whatever they get."""

    def __init__(self, d):
        self.d, self.threads, self.answers = d, [], []

    def call(self, sandbox="demo"):
        t = threading.Thread(target=self._call, args=(sandbox,),
                             daemon=True)
        t.start()
        self.threads.append(t)

    def _call(self, sandbox):
        with contextlib.suppress(OSError):
            self.answers.append(self.d.connect(sandbox))

    def worker(self):
        """A worker of ours, for one of them."""
        with contextlib.suppress(queue.Empty):
            return self.d.puppet("worker", timeout=0.1)
        self.call()
        return self.d.puppet("worker")

    def join(self):
        for t in self.threads:
            t.join(30)
            assert not t.is_alive()


def asked_to_open(p):
    """(the grant, the channel, OPEN) of what a client wants."""
    g = p.wait("GRANT")
    while ("frontend", g["channel"]) not in p.channels:
        p.take()
    chan = p.channels["frontend", g["channel"]]
    return g, chan, chan.expect("OPEN", grant=g["grant"])


def test_worker_says_what_it_may_not(house):
    """Each message ends that worker, and only it; who wanted a session
    gets an error."""
    d = house(later_workers)
    callers = Callers(d)
    honest = procs.roles(d)
    for what, data, fds in illegal("worker"):
        p = callers.worker()
        say(p, data, fds)
        assert p.killed(), what
        assert re.search(r"%s: .*; killed" % p.name, d.log()), what
        p.leave()
        d.streams.pump()
    while True:
        try:
            d.puppet("worker", timeout=0.5).leave()
        except queue.Empty:
            break
    callers.join()
    assert callers.answers and all(a.status >= 500 for a in callers.answers)
    d.streams.advance()
    after = procs.roles(d)
    for role in "catalog", "dialer", "control", "frontend":
        assert honest[role] == after[role]
    assert d.worker("demo") is None
    d.streams.drop()


def viewer_up(sid, viewer=1):
    return sample("VIEWER_UP", session=sid, viewer=viewer,
                  address="192.0.2.1")


def test_worker_claims_sessions_of_another(house):
    """It is killed or ignored; the session does not notice."""
    d = house(later_workers)
    callers = Callers(d)
    victim = d.streams.all[0].sid
    viewers = d.ctl("show", "viewers")
    claims = [
        ("SESSION_UP", dict(session=victim)),
        ("SESSION_END", dict(session=victim, reason=1, how=1, code=0)),
        ("PTY_SIGNAL", dict(session=victim, signo=9)),
        ("VIEWER_UP", dict(session=victim, viewer=77, dialect=1,
                           transport=1, mode=1, address="192.0.2.1")),
        ("VIEWER_DOWN", dict(session=victim, viewer=int(viewers[0][0]),
                             reason=1)),
        ("PTY_REQ", dict(session=victim, cols=80, rows=24)),
        ("PTY_REQ", dict(session=NOBODYS, cols=80, rows=24)),
    ]
    for name, fields in claims:
        p = callers.worker()
        mark = len(d.log())
        blob = gwproto.blob(gwproto.record((gwproto.ARG, "/bin/sh")))
        p.send(name, **fields, **({"blob": blob} if name == "PTY_REQ"
                                  else {}))
        os.close(blob)
        if name == "PTY_REQ":
            assert p.killed()
        else:
            p.send("LOG", priority=6, text="said " + name)
            d.logged("said " + name + "|" + p.name + ": .*killed",
                     start=mark)
        d.streams.advance(2)
        assert victim in d.sessions()
        assert d.sessions()[victim][1] == "running"
        now = d.ctl("show", "viewers")
        assert [v[:2] for v in now] == [v[:2] for v in viewers]
        assert "192.0.2.1" not in d.log()[mark:].replace("said", "")
        p.leave()
    d.streams.drop()


def test_worker_answers_nonsense(house):
    """To a frontend: its channel is closed, its caller gets an error, the
    frontend goes on."""
    d = house(later_workers)
    frontends = procs.roles(d)["frontend"]
    callers = Callers(d)
    for what, data in [
            ("ATTACH_OK", sample("ATTACH_OK")), ("CLOSE_OK", None),
            ("OPEN", sample("OPEN")), ("GRANT", sample("GRANT")),
            ("LOG", sample("LOG", priority=6)),
            ("reason 0", sample("OPEN_FAILED", reason=0)),
            ("reason 99", sample("OPEN_FAILED", reason=99))]:
        p = callers.worker()
        _, chan, m = asked_to_open(p)
        say(chan, packet("CLOSE_OK", id=m.id) if data is None else
            data[:8] + m.id.to_bytes(4, "big") + data[12:])
        assert gone(chan), what
        p.leave()
        d.streams.pump()
    # Answers that nobody waits for are not an offence.
    p = callers.worker()
    _, chan, m = asked_to_open(p)
    for id in 0, m.id + 1, m.id + 100000:
        chan.send("OPENED", id=id, session=NOBODYS)
    chan.send("OPEN_FAILED", id=m.id, reason=5)
    assert drain(chan)
    p.leave()
    assert procs.roles(d)["frontend"] == frontends
    d.streams.advance()
    d.streams.drop()


def test_worker_says_open_but_was_not(house):
    """A session for its own caller is all that it can feign."""
    d = house(later_workers)
    callers = Callers(d)
    p = callers.worker()
    g, chan, m = asked_to_open(p)
    chan.send("OPENED", id=m.id, session=victim(d))
    # Nothing that it says makes the session of another this caller's.
    callers.join()
    answer = callers.answers[0]
    if answer.status == 200:
        assert answer.json["sessionId"] != victim(d)
    d.streams.advance()
    p.leave()
    with contextlib.suppress(queue.Empty):
        d.puppet("worker", timeout=1).leave()
    d.streams.drop()


def victim(d):
    return d.streams.all[0].sid


@pytest.mark.parametrize("name", ["LOG", "VIEWER_UP", "VIEWER_DOWN",
                                  "SESSION_UP", "SESSION_END", "PTY_SIGNAL",
                                  "MAY_EXIT"])
def test_worker_floods(house, name):
    """Of its own session: it fills neither log nor memory, and the others
    go on."""
    d = house(later_workers)
    callers = Callers(d)
    p = callers.worker()
    g, chan, m = asked_to_open(p)
    before, mark = memory(d.proc.pid), len(d.log())
    fields = {f: v for f, v in (
        ("session", g["session"]), ("priority", 5), ("reason", 1),
        ("how", 1), ("code", 0), ("signo", 15), ("address", "192.0.2.1"))
        if f in dict(gwproto.FIELDS[name])}
    if name == "VIEWER_UP":
        p.send("SESSION_UP", session=g["session"])
        for viewer in range(20000):
            if not flood(p, sample(name, **fields, viewer=viewer + 1), 1):
                break
    else:
        flood(p, sample(name, **fields), 50000)
    d.streams.advance(5)
    assert memory(d.proc.pid) - before < 4 << 20
    assert len(d.log()[mark:].splitlines()) < 1500
    assert len(d.ctl("show", "viewers")) < 50
    p.leave()
    d.streams.advance(5)
    d.streams.drop()


def test_worker_never_answers(house):
    """Its caller gets an error in time; others are served meanwhile."""
    d = house(later_workers)
    callers = Callers(d)
    p = callers.worker()
    asked_to_open(p)
    began = time.monotonic()
    d.streams.advance(20)
    assert d.delete(d.open("count")).status == 200
    callers.join()
    assert callers.answers[0].status >= 500
    assert time.monotonic() - began < 25
    p.leave()
    d.streams.drop()


def test_worker_closes_its_channel_and_stays(house):
    """One that the parent cannot reach is of no use: it is killed."""
    d = house(later_workers)
    callers = Callers(d)
    p = callers.worker()
    asked_to_open(p)
    p.sock.shutdown(socket.SHUT_RDWR)
    p.sock.close()
    assert p.killed(10)
    d.logged("%s: does not end, killed" % p.name)
    # Its caller is served by the next one, or told.
    p.control.close()
    d.puppet("worker").leave()
    callers.join()
    d.streams.advance(5)
    d.streams.drop()


def test_worker_dies_over_the_same_request_twice(house):
    """It is granted once more, and then no more."""
    d = house(later_workers)
    callers = Callers(d)
    for n in range(2):
        p = callers.worker() if n == 0 else d.puppet("worker")
        asked_to_open(p)
        p.leave()
    callers.join()
    assert callers.answers[0].status >= 500
    with pytest.raises(queue.Empty):
        d.puppet("worker", timeout=1)
    d.streams.advance(5)
    d.streams.drop()


def test_worker_that_fails_at_once(start):
    """Nothing is served by it, and everything else is."""
    d = start(lambda role, n: 9 if role == "worker" and n > 1 else False,
              BOXES, kind=Stage)
    d.streams = Streams(d, 2)
    assert d.connect("demo").status >= 500
    d.logged(r"sessiond \d+: ended with code 9")
    d.streams.advance(5)
    d.streams.drop()


# Keepers of shells.  Those of the streams are honest.

def later_keepers(role, n):
    return role == "pty" and n > 2


def keeper(d, callers):
    callers.call()
    p = d.puppet("pty")
    return p, p.wait("PTY_START")


def test_keeper_says_what_it_may_not(house):
    """Each message ends that keeper and its session, and nothing else."""
    d = house(later_keepers)
    callers = Callers(d)
    for what, data, fds in illegal("pty"):
        p, m = keeper(d, callers)
        say(p, data, fds)
        assert p.killed(), what
        assert re.search(r"%s: .*; killed" % p.name, d.log()), what
        p.leave()
        d.streams.pump()
    callers.join()
    assert all(a.status >= 500 for a in callers.answers)
    d.streams.advance(5)
    d.streams.drop()


def test_keeper_repeats_itself(house):
    """What may come once may not come twice."""
    d = house(later_keepers)
    callers = Callers(d)
    for first, second in (("PTY_RUNNING", "PTY_RUNNING"),
                          ("PTY_EXIT", None), ("PTY_RUNNING", "PTY_FAIL"),
                          ("PTY_FAIL", "PTY_FAIL")):
        p, m = keeper(d, callers)
        for name in first, second:
            if name is not None:
                say(p, sample(name, **({"session": m["session"]}
                              if name != "PTY_RUNNING" else {})))
        if first == "PTY_RUNNING" and second == "PTY_FAIL":
            # Legal once; it ends by the clock of its session.
            p.leave()
            continue
        assert p.killed(), first
        p.leave()
    callers.join()
    d.streams.advance(5)
    d.streams.drop()


def test_keeper_lies_about_the_exit(house):
    """It can feign its own session's end, whatever session it names, and
    does not outlive it."""
    d = house(later_keepers)
    callers = Callers(d)
    p, m = keeper(d, callers)
    p.send("PTY_RUNNING", pid=1)
    callers.join()
    sid = callers.answers[0].json["sessionId"]
    ws = d.ws(sid)
    os.close(m.fd)
    m.fd = None
    # It names a session that is not its own.
    p.send("PTY_EXIT", session=victim(d), how=1, code=0)
    assert ws.closed() == (1000, "closed")
    assert sid not in d.sessions()
    assert victim(d) in d.sessions()
    d.streams.advance(5)
    assert p.killed(15)
    d.streams.drop()


def test_keeper_floods(house):
    """Lines of the log, some each second."""
    d = house(later_keepers)
    callers = Callers(d)
    p, m = keeper(d, callers)
    mark = len(d.log())
    began = time.monotonic()
    flood(p, sample("LOG", priority=5, text="flooded"), 50000)
    p.send("PTY_FAIL", session=m["session"], stage=7, error=2)
    callers.join()
    assert callers.answers[0].status >= 500
    assert lines(d, mark, "flooded") <= 51 * (time.monotonic() - began + 2)
    d.streams.advance(5)
    p.leave()
    d.streams.drop()


def test_keeper_never_answers(house):
    """Its caller gets an error in time, and it is killed."""
    d = house(later_keepers)
    callers = Callers(d)
    p, _ = keeper(d, callers)
    d.streams.advance(5)
    callers.join()
    assert callers.answers[0].status >= 500
    assert p.killed(15)
    d.streams.drop()


# Those that do not come up.

def test_backoff(start):
    """A child that fails each time is tried again, less and less often."""
    broken = threading.Event()

    def cast(role, n):
        return 7 if role == "dialer" and broken.is_set() else False
    d = start(cast, BOXES, kind=Stage)
    streams = Streams(d, 2)
    broken.set()
    pid = procs.roles(d)["dialer"][0]
    began = proc_stat(pid)[2]
    os.kill(pid, 9)
    wait_for(lambda: not alive(pid, began))

    def failures():
        return lines(d, 0, r"dialer \d+: ended with code 7")
    streams.until(lambda: failures() >= 5)
    at = time.monotonic()
    streams.until(lambda: failures() >= 6)
    first = time.monotonic() - at
    assert first > 0.5		# 50 ms, doubled each time
    assert not d.ready()
    broken.clear()
    streams.until(d.ready)
    streams.drop()
