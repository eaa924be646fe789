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
A worker for SSH, or the dialer, in the hands of somebody else: where they
want to get.

What can break: a worker that reaches a host which its record does not name,
or learns from the answers which ports are open; one that asks so much that
others have to wait; an answer that reaches another worker.
"""

import os
import re
import socket
import time

import pytest

from clients import WAIT, held, wait_for
from daemon import ROOT, alive, proc_stat
from hostile import BOXES, gone
from stage import Stage
from streams import Streams
from test_hostile_worker import Callers, asked_to_open

pytestmark = pytest.mark.skipif(not ROOT, reason="needs root")

DIAL_RESOLVE, DIAL_POLICY, DIAL_REFUSED, DIAL_UNREACHABLE, DIAL_TIMEOUT, \
    DIAL_DENIED, DIAL_LIMIT, DIAL_BUSY, DIAL_LOST = range(1, 10)
LEARN_REFUSED = 2
LIMIT = 30			# dials per worker and minute, by default


class Host:
    """A port that counts who comes."""

    def __init__(self):
        self.sock = socket.socket()
        self.sock.bind(("127.0.0.1", 0))
        self.sock.listen(200)
        self.sock.settimeout(WAIT)
        self.port = self.sock.getsockname()[1]

    def accept(self):
        return self.sock.accept()[0]

    def nobody(self):
        self.sock.settimeout(0.2)
        try:
            self.sock.accept()
        except TimeoutError:
            return True
        finally:
            self.sock.settimeout(WAIT)
        return False


@pytest.fixture
def hosts():
    made = [Host() for _ in range(3)]
    yield made
    for h in made:
        h.sock.close()


@pytest.fixture
def dials(start, hosts):
    """A daemon with sandboxes on two hosts, and a third that is allowed
    but nobody's; two local sessions are honest."""
    def run(cast, lines=()):
        def box(h):
            return {"ssh": ("127.0.0.1", h.port), "ssh_user": "nobody",
                    "host_keys": ["SHA256:" + "A" * 43]}
        d = start(cast, {**BOXES, "box": box(hosts[0]),
                         "other": box(hosts[1])}, kind=Stage, lines=[
            "egress allow 127.0.0.1/32 port %d" % hosts[2].port, *lines])
        d.streams = Streams(d, 2)
        d.callers = Callers(d)
        return d
    return run


def net_worker(role, n):
    """The first one is honest, that of the streams."""
    return role == "worker" and n > 1


def taken_over(d, sandbox="box"):
    """A worker of ours that a client waits for."""
    d.callers.call(sandbox)
    p = d.puppet("worker")
    asked_to_open(p)
    return p


def dial(p, id, host, port):
    p.send("DIAL", id=id, host=host, port=port)


def answer(p, id):
    """DIAL_OK with a socket, or the reason why not."""
    while True:
        m = p.take(WAIT)
        if m.name in ("DIAL_OK", "DIAL_FAIL") and m.id == id:
            return m


def test_2000_dials_to_other_hosts(dials, hosts):
    """All denied, not one made; then it is ended, and only it."""
    d = dials(net_worker)
    own, siblings, allowed = hosts
    p = taken_over(d)
    dialer = d.process("dialer")
    elsewhere = [("127.0.0.1", siblings.port), ("127.0.0.1", allowed.port),
                 ("127.0.0.1", own.port % 65535 + 1),
                 ("127.0.0.2", own.port), ("localhost", own.port),
                 ("169.254.169.254", 80), ("::1", own.port),
                 ("127.0.0.1.", own.port), ("example.org", own.port),
                 ("::ffff:127.0.0.1", own.port)]
    sent = 0
    began = time.monotonic()
    try:
        for i in range(2000):
            dial(p, i + 1, *elsewhere[i % len(elsewhere)])
            sent += 1
            if i < LIMIT:
                m = answer(p, i + 1)
                assert (m.name, m["reason"]) == ("DIAL_FAIL", DIAL_DENIED)
    except (BlockingIOError, BrokenPipeError, ConnectionResetError):
        pass			# it is ended, or about to be
    assert p.killed()
    assert sent >= LIMIT
    d.logged("dials what its record does not name")
    took = time.monotonic() - began
    assert d.log().count("refused to dial another host") <= \
        LIMIT * (1 + took / 60)
    for h in hosts:
        assert h.nobody()
    d.streams.advance()
    assert d.process("dialer") == dialer
    # Its client's grant is given once more, then that is over.
    d.puppet("worker").leave()
    # The sibling's worker still gets to its own host.
    q = taken_over(d, "other")
    dial(q, 7, "127.0.0.1", siblings.port)
    assert answer(q, 7).name == "DIAL_OK"
    siblings.accept().close()
    p.leave()
    q.leave()
    d.streams.drop()


def test_own_host_too_often(dials, hosts):
    """As many as the limit allows, each connected to where it should be;
    the next is refused, and its worker goes on."""
    d = dials(net_worker, ["limit dials per worker 3"])
    p = taken_over(d)
    for i in range(3):
        dial(p, i + 1, "127.0.0.1", hosts[0].port)
        m = answer(p, i + 1)
        assert m.name == "DIAL_OK"
        with socket.socket(fileno=os.dup(m.fd)) as s, \
                hosts[0].accept() as c:
            assert s.getpeername() == hosts[0].sock.getsockname()
            c.sendall(b"x")
            s.settimeout(WAIT)
            assert s.recv(1) == b"x"
    for i in range(20):
        dial(p, 100 + i, "127.0.0.1", hosts[0].port)
        m = answer(p, 100 + i)
        assert (m.name, m["reason"]) == ("DIAL_FAIL", DIAL_LIMIT)
    assert p.alive() and hosts[0].nobody()
    p.leave()
    d.streams.drop()


def test_many_at_once(dials, hosts):
    """A host that never answers: what one worker has under way is bounded
    by its limit, and others get through."""
    d = dials(net_worker, ["timeout connect 2"])
    fill = never_answers(hosts[0])
    p = taken_over(d)
    # The allowance grows with time.
    with held(d.proc.pid):
        for i in range(LIMIT + 20):
            dial(p, i + 1, "127.0.0.1", hosts[0].port)
    q = taken_over(d, "other")
    dial(q, 1, "127.0.0.1", hosts[1].port)
    assert answer(q, 1).name == "DIAL_OK"
    hosts[1].accept().close()
    got = [p.wait("DIAL_FAIL", WAIT)["reason"] for _ in range(LIMIT + 20)]
    assert got.count(DIAL_LIMIT) == 20 and got.count(DIAL_TIMEOUT) == LIMIT
    d.streams.advance()
    for c in fill:
        c.close()
    p.leave()
    q.leave()
    d.streams.drop()


def never_answers(host):
    """Fill the backlog of a port: who comes now waits."""
    host.sock.listen(0)
    made = []
    for _ in range(4):
        c = socket.socket()
        c.setblocking(False)
        c.connect_ex(host.sock.getsockname())
        made.append(c)
    return made


def ended(p):
    start = proc_stat(p.pid)[2]
    p.leave()
    wait_for(lambda: not alive(p.pid, start))


def test_dials_of_dead_workers(dials, hosts):
    """Who ends and is started again still has under way what it asked for
    before: its sandbox gets no more than its share."""
    d = dials(net_worker, ["timeout connect 120"])
    fill = never_answers(hosts[0])
    allowed = 0
    for _ in range(2):
        p = taken_over(d)
        # What is refused is so at once, and the last one is, too.
        with held(d.proc.pid):
            for i in range(LIMIT + 1):
                dial(p, i + 1, "127.0.0.1", hosts[0].port)
        allowed += LIMIT
        while (m := p.wait("DIAL_FAIL", WAIT)).id != LIMIT + 1:
            assert m["reason"] == DIAL_LIMIT
            allowed -= 1
        ended(p)
        # Its client's grant is given once more.
        ended(d.puppet("worker"))
    # A quarter of what the others leave free, of 256.
    assert LIMIT < allowed <= 52
    q = taken_over(d, "other")
    dial(q, 1, "127.0.0.1", hosts[1].port)
    assert answer(q, 1).name == "DIAL_OK"
    d.streams.advance()
    for c in fill:
        c.close()
    q.leave()
    d.streams.drop()


def test_local_worker_that_dials(dials, hosts):
    """It has no host at all."""
    d = dials(net_worker)
    d.callers.call("demo")
    p = d.puppet("worker")
    dial(p, 1, "127.0.0.1", hosts[2].port)
    assert p.killed()
    assert hosts[2].nobody()
    d.streams.advance()
    p.leave()
    d.streams.drop()


def test_key_to_learn(dials, hosts):
    """One for a connection, and where nothing is learned not even that; it
    is ended when it asks for more."""
    d = dials(net_worker)
    p = taken_over(d)
    dial(p, 1, "127.0.0.1", hosts[0].port)
    assert answer(p, 1).name == "DIAL_OK"
    p.send("HOSTKEY", id=2, type=1, hash=bytes(32))
    m = p.wait("LEARN_FAIL", WAIT)
    assert (m.id, m["reason"]) == (2, LEARN_REFUSED)
    p.send("HOSTKEY", id=3, type=1, hash=bytes(32))
    assert p.killed()
    d.logged("learns a key without a connection")
    d.streams.advance()
    p.leave()
    d.streams.drop()


def test_dialer_that_lies(dials, hosts):
    """Answers that nobody waits for, the same one twice, a failure of no
    kind: whoever waits gets one answer or none."""
    def cast(role, n):
        return role == "dialer" and n == 1 or net_worker(role, n)
    d = dials(cast)
    dialer = d.puppet("dialer")
    p = taken_over(d)
    with open("/dev/null") as f:
        dialer.send("DIAL_OK", id=4711, fd=f.fileno())
        dialer.send("DIAL_FAIL", id=4712, reason=DIAL_REFUSED, error=0)
    dial(p, 1, "127.0.0.1", hosts[0].port)
    m = dialer.wait("DIAL", WAIT)
    assert (m["host"], m["port"]) == ("127.0.0.1", hosts[0].port)
    for _ in range(3):
        dialer.send("DIAL_FAIL", id=m.id, reason=DIAL_REFUSED, error=111)
    got = answer(p, 1)
    assert (got.name, got["reason"]) == ("DIAL_FAIL", DIAL_REFUSED)
    # One that ends: its askers are told, and another takes its place.
    dial(p, 2, "127.0.0.1", hosts[0].port)
    dialer.wait("DIAL", WAIT)
    start = proc_stat(dialer.pid)[2]
    dialer.leave()
    wait_for(lambda: not alive(dialer.pid, start))
    got = answer(p, 2)
    assert (got.name, got["reason"]) == ("DIAL_FAIL", DIAL_LOST)
    d.streams.advance()
    wait_for(lambda: [row[-1] for row in d.ctl("show", "processes")
                      if row[0] == "dialer"] == ["ready"])

    def again():
        dial(p, 3, "127.0.0.1", hosts[0].port)
        return answer(p, 3).name == "DIAL_OK"
    wait_for(again)
    assert p.alive() and not gone_now(p)
    p.leave()
    d.streams.drop()


def no_connections():
    """What is not a connection to anybody."""
    r, w = os.pipe()
    listening, unconnected, unix = (socket.socket(), socket.socket(),
                                    socket.socket(socket.AF_UNIX))
    listening.bind(("127.0.0.1", 0))
    listening.listen(1)
    datagram = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagram.connect(listening.getsockname())
    halves = socket.socketpair()
    packets = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with open("/dev/null") as null, open("/etc/passwd") as plain:
        yield from (("null", null), ("file", plain))
        yield from (("pipe", os.fdopen(r)), ("pipe's end", os.fdopen(w, "w")))
        for name, s in (("listening", listening), ("new", unconnected),
                        ("new unix", unix), ("datagram", datagram),
                        ("unix", halves[0]), ("packets", packets[0])):
            yield name, s
            s.close()


def test_dialer_that_passes_anything(dials):
    """A worker looks at what it gets, and only that session fails."""
    d = dials(lambda role, n: role == "dialer" and n == 1)
    dialer = d.puppet("dialer")
    for name, what in no_connections():
        callers = Callers(d)
        callers.call("box")
        m = dialer.wait("DIAL", WAIT)
        dialer.send("DIAL_OK", id=m.id, fd=what.fileno())
        callers.join()
        assert callers.answers[0].status == 500, name
        assert "connection lost" in callers.answers[0].json["message"], name
    assert "sent no connection" in d.log()
    assert not re.search("sessiond-net .*(ended|killed)", d.log())
    d.streams.advance()
    dialer.leave()
    d.streams.drop()


def gone_now(p):
    try:
        return gone(p, 0)
    except AssertionError:
        return False
