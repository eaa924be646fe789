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
A frontend in the hands of somebody else.  The test plays one, as the parent
started it, and does what the honest program never would; another one is
honest.

What can break: a process that believes too much of what a frontend says;
one whose nonsense ends somebody else; one that fills a queue, a log or a
table.
"""

import hashlib
import os
import re
import select
import socket
import tempfile
import time

import pytest

import gwproto
import procs
from clients import WAIT, Timeout, wait_for
from daemon import MALLORY, ROOT, memory
from gwproto import HEADER, packet
from hostile import ATTACH, CLOSE, DENY_EXPIRED, DENY_NOT_FOUND, \
    DENY_TOKEN, FAIL_BUSY, FAIL_GRANT, INPUT, NOBODYS, OPEN, RESIZE, flood, \
    garbage, gone, illegal, lines, sample, say, unharmed

pytestmark = pytest.mark.skipif(not ROOT, reason="needs root")


# The first to start is honest, whoever starts later is ours.

def cast(role, n):
    return role == "frontend" and n > 1


@pytest.fixture
def house(staged):
    def run(**kw):
        return staged(cast, **kw)
    return run


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
              for a in (0, 3, 512, 65535)]
    wrong += [("api 0", sample("AUTHORIZE", api=0), 0),
              ("no token", sample("AUTHORIZE", token=""), 0),
              ("a bad name", sample("AUTHORIZE", object="a/b"), 0),
              ("a bad session name", sample(
                  "AUTHORIZE", token=token, object="demo", dialect=2,
                  whole=0, stream=0, name="a b"), 0),
              ("a name for ssh", sample(
                  "AUTHORIZE", token=token, object="demo", whole=0,
                  stream=0), 0),
              ("whole to attach", sample(
                  "AUTHORIZE", token=token, object="demo", name="",
                  join=0, stream=0, action=ATTACH), 0),
              ("a ticket to open", sample(
                  "AUTHORIZE", token=token, object="demo", name="",
                  join=0, whole=0, stream=0, cred=2), 0),
              ("a stream to open", sample(
                  "AUTHORIZE", token=token, object="demo", name="",
                  join=0, whole=0), 0),
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
    end = time.monotonic() + WAIT
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
    _, w = granted(p, ATTACH, sid, token)
    pid = d.worker("count")
    # It has the channel when it has answered on it.
    for name, fields in calls(bytes(16)):
        assert refused(w, name, **fields) == FAIL_GRANT
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
    # Two hundred a second, of which there are one or two more.
    assert lines(d, mark, "flooded") <= 210 * (took + 2)
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
    p = d.puppet("frontend")
    # The catalog has their channel when it has answered on it.
    assert ask(p, OPEN, "demo", "x").name == "DENIED"
    held = {r: len(procs.fds(roles[r][0])) for r in ("parent", "catalog")}
    for _ in range(5):
        with open("/dev/null") as f:
            for chan in p.catalog(), p:
                flood(chan, HEADER.pack(2, 1, 12, 0), 3, [f.fileno()])
        assert p.killed()
        p.leave()
        p = d.puppet("frontend")
    for r, n in held.items():
        wait_for(lambda: len(procs.fds(roles[r][0])) <= n)  # noqa: B023
    unharmed(d)
    d.streams.drop()
