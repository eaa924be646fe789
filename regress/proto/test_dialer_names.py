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
The dialer and names, with this test as its parent and a real dnsmasq, or a
name server of our own that misbehaves.

What can break: an answer that is not what was checked, or is somebody
else's, leads where the policy would not.
"""

import collections
import errno
import os
import socket
import sys
import time

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../lib"))
from clients import held, wait_for  # noqa: E402
from dialers import (  # noqa: E402
    METADATA, POLICY, RESOLVE, Blackhole, Dialer, Listener)
from nameserver import (  # noqa: E402
    A, AAAA, REFUSE, SERVFAIL, Dnsmasq, Server, answer, name_of)


@pytest.fixture
def names(having, tmp_path):
    """A name server with names for most of what can be wrong."""
    return having(
        Dnsmasq, tmp_path,
        "--host-record=box.example,127.0.0.1",
        "--host-record=both.example,127.0.0.1,::1",
        "--host-record=six.example,::1",
        f"--host-record=mapped.example,::ffff:{METADATA}",
        "--host-record=mapped-ok.example,::ffff:127.0.0.1",
        "--host-record=nat64.example,64:ff9b::a9fe:a9fe",
        f"--host-record=metadata.example,{METADATA},fd00:ec2::254",
        f"--host-record=mixed.example,{METADATA}",
        "--host-record=mixed.example,10.0.0.1,64:ff9b::7f00:1",
        "--host-record=mixed.example,127.0.0.1,::ffff:10.0.0.1",
        "--host-record=under_score.example,127.0.0.1",
        "--cname=alias.example,box.example")


@pytest.mark.parametrize("host", [
    "127.1", "2130706433", "0x7f.1", "0x7f000001", "0177.0.0.1", "a..b",
    "-x", "a b", "fe80::1%lo", "[::1]", "127.0.0.1.", ".", "a" * 64,
    "a/b", "caf\xe9.example", "a\tb"])
def test_no_name(having, names, host):
    """No question is asked, and no number is an address in disguise."""
    d = having(Dialer, resolvers=[names.at],
               egress=[("0.0.0.0/0",), ("::/0",)])
    d.fails(host, 80, RESOLVE, 0)
    assert "query[" not in names.text()


def test_hosts(having, names):
    ear = having(Listener, "127.0.0.1", "::1")
    d = having(Dialer, resolvers=[names.at], egress=[("127.0.0.1/32",)],
               hosts=b"127.0.0.1 Here.Example here\n"
               b"169.254.169.254 box.example\n::1 there.example\n")
    for host in "here", "here.example", "HERE.example.":
        d.dial(host, ear.port).close()
    d.fails("there.example", ear.port, POLICY)
    # What stands there is not asked for elsewhere.
    d.fails("box.example", ear.port, POLICY)
    assert "query[" not in names.text()


def test_names(having, names):
    ear = having(Listener, "127.0.0.1", "::1")
    d = having(Dialer, resolvers=[names.at],
               egress=[("127.0.0.1/32",), ("::1/128",)])
    for host in ("box.example", "box.example.", "alias.example",
                 "under_score.example", "mapped-ok.example"):
        with d.dial(host, ear.port) as s:
            assert s.getpeername() == ("127.0.0.1", ear.port)
    # Which of two depends on how soon their answers follow each other.
    for host, found in ("both.example", {"::1", "127.0.0.1"}), (
            "six.example", {"::1"}):
        with d.dial(host, ear.port) as s:
            assert s.getpeername()[0] in found
    # A and AAAA, once each.
    assert names.queries("six.example") == {"a": 1, "aaaa": 1}
    assert names.queries("under_score.example") == {"a": 1, "aaaa": 1}
    d.fails("gone.example", ear.port, RESOLVE, 0)
    assert names.queries("gone.example") == {"a": 1, "aaaa": 1}


@pytest.mark.parametrize("host", [
    "mapped.example", "nat64.example", "metadata.example"])
def test_names_of_denied_addresses(having, names, host):
    d = having(Dialer, resolvers=[names.at])
    d.fails(host, 80, POLICY, 0)
    assert any(f"dial {host} port 80 denied: " in line for line in d.logs)


def test_mixed(having, names):
    """What is denied is left out; what is allowed is found."""
    ear = having(Listener)
    d = having(Dialer, resolvers=[names.at], egress=[("127.0.0.1/32",)])
    for _ in range(5):
        with d.dial("mixed.example", ear.port) as s:
            assert s.getpeername() == ("127.0.0.1", ear.port)
    d.configure(resolvers=[names.at])
    d.fails("mixed.example", ear.port, POLICY)


def test_answers_that_change(having):
    """What was checked is what is connected to: nobody asks again."""
    ear = having(Listener)
    turn = collections.Counter()

    def handler(query):
        name, kind, _ = name_of(query)
        name = name.lower()
        turn[name, kind] += 1
        good = turn[name, kind] == 1
        return [(0, answer(query, ["127.0.0.1" if good else METADATA]))]

    server = having(Server, handler)
    d = having(Dialer, resolvers=[server.at], egress=[("127.0.0.1/32",)])
    with d.dial("rebind.example", ear.port) as s:
        assert s.getpeername() == ("127.0.0.1", ear.port)
    # The name server may be at the second question yet.
    wait_for(lambda: len(turn) == 2)
    assert turn == {("rebind.example", A): 1, ("rebind.example", AAAA): 1}
    d.fails("rebind.example", ear.port, POLICY)
    assert turn == {("rebind.example", A): 2, ("rebind.example", AAAA): 2}


def test_resolv_conf(having):
    """On port 53 of what stands there, or of this host; if anybody is."""
    d = having(Dialer, resolv=b"# none\nsearch example\n", resolve=1)
    t = time.monotonic()
    d.fails("box.invalid", 22, RESOLVE)
    assert time.monotonic() - t < 15
    d.configure(resolv=b"nameserver fe80::1%lo\nnameserver 127.9.9.9\n")
    assert any("resolv.conf: 1 name servers are not used" in line
               for line in d.logs)


def test_silent_server(having):
    """The deadline is for all of it, whatever number of servers."""
    silent = [having(Server, lambda query: []) for _ in range(3)]
    d = having(Dialer, resolvers=[s.at for s in silent], resolve=4)
    t = time.monotonic()
    d.fails("box.example", 22, RESOLVE, errno.ETIMEDOUT)
    # Not the deadline of each of them, one after the other.
    assert 3.9 < time.monotonic() - t < 11.9
    for s in silent:
        wait_for(lambda: {kind for _, kind, _ in s.asked} == {A, AAAA})
    assert all(len(s.asked) <= 8 for s in silent)


@pytest.mark.parametrize("rcode", [SERVFAIL, REFUSE, 4, None])
def test_next_server(having, names, rcode):
    """One that cannot answer, or does not, is passed over."""
    ear = having(Listener)
    bad = having(Server, lambda query: [] if rcode is None else
                 [(0, answer(query, rcode=rcode))])
    resolve = 4 if rcode is None else 60
    d = having(Dialer, resolvers=[bad.at, names.at], resolve=resolve,
               egress=[("127.0.0.1/32",)])
    t = time.monotonic()
    d.dial("box.example", ear.port).close()
    # One that answers has not used up its share of the time.
    assert rcode is None or time.monotonic() - t < resolve / 2
    assert bad.asked
    # In their order: the second is not asked for what the first knows.
    d.configure(resolvers=[names.at, bad.at], egress=[("127.0.0.1/32",)])
    before = bad.count()
    d.dial("both.example", ear.port).close()
    d.fails("gone.example", ear.port, RESOLVE, 0)
    assert bad.count() == before


def test_servers_that_fail(having):
    bad = [having(Server, lambda query: [(0, answer(query, rcode=SERVFAIL))])
           for _ in range(2)]
    d = having(Dialer, resolvers=[s.at for s in bad], resolve=20)
    t = time.monotonic()
    d.fails("box.example", 22, RESOLVE, errno.EIO)
    assert time.monotonic() - t < 10
    assert all(0 < len(s.asked) <= 10 for s in bad)


def test_one_family_fails(having):
    """Servers that choke on one type are no reason to fail."""
    ear = having(Listener, "127.0.0.1", "::1")
    for good, host in (A, "127.0.0.1"), (AAAA, "::1"):
        server = having(Server, lambda query: [
            (0.2, answer(query, [host])) if name_of(query)[1] == good else
            (0, answer(query, rcode=SERVFAIL))])
        d = having(Dialer, resolvers=[server.at],
                   egress=[("127.0.0.1/32",), ("::1/128",)])
        with d.dial("box.example", ear.port) as s:
            assert s.getpeername()[0] == host


def test_many_addresses(having):
    """More than are taken; and more than fit into a packet."""
    server = having(Server, lambda query: [(0, answer(
        query, [f"10.0.0.{n}" for n in range(1, 29)]))])
    d = having(Dialer, resolvers=[server.at])
    d.fails("box.example", 22, POLICY)
    assert len([x for x in d.logs if x.startswith("10.0.0.")]) == 16
    cut = having(Server, lambda query: [(0, answer(
        query, ["127.0.0.1"], flags=0x200))])
    d.configure(resolvers=[cut.at])
    d.fails("box.example", 22, RESOLVE, errno.EMSGSIZE)


def test_garbage_from_a_name_server(having):
    """...is not heard, and neither are forged answers."""
    ear = having(Listener)

    def handler(query):
        good = answer(query, ["127.0.0.1"])
        forged = answer(query, [METADATA])
        name, _, end = name_of(query)
        yield 0, b""
        yield 0, b"\0"
        yield 0, os.urandom(500)
        yield 0, query
        yield 0, good[:2] + b"\xff" * 10
        yield 0, b"\0\0" + forged[2:] if query[:2] != b"\0\0" else b"x"
        # Right number, another name; and the name in another case.
        yield 0, forged[:12] + b"\x01x\x00" + forged[end - 4:]
        yield 0, forged[:12] + forged[12:end].swapcase() + forged[end:]
        # A name that points to itself; counts that are not true.
        yield 0, forged[:12] + b"\xc0\x0c" + forged[end - 4:]
        yield 0, forged[:4] + b"\xff\xff" + forged[6:12]
        for n in range(2, len(good)):
            yield 0, forged[:2] + os.urandom(n)
        yield 0.05, good

    server = having(Server, handler)
    d = having(Dialer, resolvers=[server.at], egress=[("127.0.0.1/32",)])
    for n in range(10):
        try:
            d.dial(f"box{n}.example", ear.port).close()
        except AssertionError:
            # One of the random packets was an answer: an error, never
            # another address.
            assert not any(METADATA in line for line in d.logs)
    # From a port that is new each time, in letters of random case.
    asked = {}
    for name, kind, port in server.asked:
        asked.setdefault(name.lower(), set()).add(port)
    assert len(set().union(*asked.values())) >= 9
    assert any(name != name.lower() for name, _, _ in server.asked)


@pytest.mark.parametrize("delay, peer", [(0, "::1"), (1, "127.0.0.1")])
def test_resolution_delay(having, delay, peer):
    """IPv4 waits for IPv6, but not for long."""
    ear = having(Listener, "127.0.0.1", "::1")
    asked = {}

    def handler(query):
        asked[name_of(query)[1]] = query
        return []
    server = having(Server, handler)
    d = having(Dialer, resolvers=[server.at],
               egress=[("127.0.0.1/32",), ("::1/128",)])
    id = d.ask("both.example", ear.port)
    wait_for(lambda: len(asked) == 2)
    peers = {kind: ("127.0.0.1", port) for _, kind, port in server.asked}
    both = [(answer(asked[kind], ["127.0.0.1", "::1"]), peers[kind])
            for kind in (A, AAAA)]
    # The answers come in this order, and no scheduler makes it longer.
    with held(d.pid):
        server.say(*both[0])
        if delay == 0:
            server.say(*both[1])
    m = d.expect("DIAL_OK")
    assert m.id == id
    with socket.socket(fileno=m.fd) as s:
        assert s.getpeername()[0] == peer


def test_late_family(having):
    """What is resolved late takes part."""
    hole = having(Blackhole, "127.0.0.1")
    ear = having(Listener, "::1", port=hole.port)
    server = having(Server, lambda query: [
        (0.6 if name_of(query)[1] == AAAA else 0,
         answer(query, ["127.0.0.1", "::1"]))])
    d = having(Dialer, resolvers=[server.at],
               egress=[("127.0.0.1/32",), ("::1/128",)])
    with d.dial("both.example", ear.port) as s:
        assert s.getpeername()[0] == "::1"
