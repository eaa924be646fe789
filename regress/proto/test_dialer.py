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
The dialer, with this test as its parent.

What can break: whatever address it connects to by mistake is one that a
sandbox's owner can reach from inside the operator's network, and a socket
that can be aimed anew reaches all of them.
"""

import collections
import ctypes
import errno
import fcntl
import os
import select
import socket
import struct
import subprocess
import sys
import threading
import time

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../lib"))
from clients import WAIT, held, wait_for  # noqa: E402
from dialers import (  # noqa: E402
    BUSY, METADATA, POLICY, REFUSED, RESOLVE, TIMEOUT, UNREACHABLE, Blackhole,
    Dialer, Listener)
from nameserver import Server, answer  # noqa: E402


def test_literals(having):
    ear = having(Listener, "127.0.0.1", "::1")
    d = having(Dialer, egress=[("127.0.0.1/32", ear.port),
                               ("::1/128", ear.port)])
    for n, host in enumerate(["127.0.0.1", "::1"]):
        with d.dial(host, ear.port) as s, ear.accept(n) as peer:
            assert s.getpeername()[:2] == (host, ear.port)
            assert not os.get_blocking(s.fileno())
            s.setblocking(True)
            s.sendall(b"hello")
            assert peer.recv(10) == b"hello"
            peer.sendall(b"there")
            assert s.recv(10) == b"there"
    with d.dial("::ffff:127.0.0.1", ear.port) as s, ear.accept():
        assert s.family == socket.AF_INET


def test_options(having):
    ear = having(Listener)
    d = having(Dialer, egress=[("127.0.0.1/32",)])
    before = d.fds()
    with d.dial("127.0.0.1", ear.port) as s, ear.accept():
        for level, name, value in [
                (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
                (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
                (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 60),
                (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 15),
                (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 4),
                (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 120000)]:
            assert s.getsockopt(level, name) == value
    for _ in range(5):
        d.dial("127.0.0.1", ear.port).close()
        ear.accept().close()
    d.expect_fds(before)


@pytest.mark.parametrize("host", [
    "127.0.0.1", "127.1.2.3", "::1", "0.0.0.0", "::", "10.0.0.1",
    "172.16.0.1", "192.168.1.1", "100.64.0.1", "100.100.100.200", METADATA,
    "168.63.129.16", "192.0.0.192", "192.0.2.1", "224.0.0.1",
    "255.255.255.255", "fd00:ec2::254", "fe80::1", "ff02::1",
    f"::ffff:{METADATA}", "::ffff:127.0.0.1", "::127.0.0.1",
    "64:ff9b::a9fe:a9fe", "64:ff9b:1::a9fe:a9fe", "2002:7f00:1::",
    "2001::1"])
def test_denied(having, host):
    """By default, whoever may listen there."""
    d = having(Dialer)
    d.fails(host, 80, POLICY, 0)
    assert len([x for x in d.logs if " denied: " in x]) == 1


def test_rules(having):
    ear, other = having(Listener), having(Listener)
    d = having(Dialer, egress=[("127.0.0.2/32", 0, 0),
                               ("127.0.0.0/8", ear.port)])
    d.dial("127.0.0.1", ear.port).close()
    d.fails("127.0.0.1", other.port, POLICY)
    d.fails("127.0.0.2", ear.port, POLICY)
    d.fails("::ffff:127.0.0.2", ear.port, POLICY)
    d.fails("::1", ear.port, POLICY)
    assert other.nobody()
    # What is taken back is denied at once.
    d.configure()
    d.fails("127.0.0.1", ear.port, POLICY)


def test_refused(having):
    # Bound, so that nobody else gets it, but not listened on.
    port = having(Listener, "127.0.0.1", "::1", listen=False).port
    d = having(Dialer, egress=[("127.0.0.1/32",), ("::1/128",)],
               hosts=b"127.0.0.1 both\n::1 both\n")
    d.fails("127.0.0.1", port, REFUSED, errno.ECONNREFUSED)
    d.fails("both", port, REFUSED, errno.ECONNREFUSED)


def test_unreachable(having):
    d = having(Dialer, egress=[("0.0.0.0/0",), ("ff00::/8",)])
    d.fails("255.255.255.255", 80, UNREACHABLE)


def test_blackhole(having):
    hole = having(Blackhole)
    d = having(Dialer, egress=[("127.0.0.1/32",)], connect=1)
    t = time.monotonic()
    d.fails("127.0.0.1", hole.port, TIMEOUT, errno.ETIMEDOUT)
    # The kernel would try for two minutes.
    assert 0.9 < time.monotonic() - t < 15


def test_deadline_of_many(having):
    """...addresses together, and the last gets its chance."""
    hole = having(Blackhole, "127.0.0.1")
    holes = [having(Blackhole, f"127.0.0.{n}", port=hole.port)
             for n in range(2, 5)]
    ear = having(Listener, "127.0.0.9", port=hole.port)
    hosts = "".join(f"127.0.0.{n + 1} dead\n127.0.0.{n + 1} last\n"
                    for n in range(len(holes) + 1))
    conf = dict(egress=[("127.0.0.0/8",)],
                hosts=(hosts + "127.0.0.9 last\n").encode())
    d = having(Dialer, connect=10, **conf)
    before = d.fds()
    # Two and a half seconds, if the dialer is not held up.
    with d.dial("last", ear.port) as s:
        assert s.getpeername()[0] == "127.0.0.9"
    d.configure(connect=3, **conf)
    d.expect_fds(before)
    t = time.monotonic()
    id = d.ask("dead", ear.port)
    while not select.select([d], [], [], 0.2)[0]:
        assert d.fds() <= before + 3
    assert d.expect("DIAL_FAIL", reason=TIMEOUT).id == id
    # Not the deadline of each of them, one after the other.
    assert 2.9 < time.monotonic() - t < 11
    d.expect_fds(before)


@pytest.mark.parametrize("dead", ["::1", "127.0.0.1"])
def test_happy_eyeballs(having, dead):
    """A family that is dead costs a quarter of a second."""
    live = "127.0.0.1" if dead == "::1" else "::1"
    # First where more ports are taken: of IPv4.
    if dead == "::1":
        ear = having(Listener, live)
        having(Blackhole, dead, port=ear.port)
    else:
        ear = having(Listener, live, port=having(Blackhole, dead).port)
    d = having(Dialer, egress=[("127.0.0.1/32",), ("::1/128",)],
               hosts=b"127.0.0.1 both\n::1 both\n")
    t = time.monotonic()
    with d.dial("both", ear.port) as s:
        assert s.getpeername()[0] == live
    took = time.monotonic() - t
    assert (0.2 if dead == "::1" else 0) < took < 10


def test_refused_is_quick(having):
    """The next attempt does not wait when one has failed."""
    ear = having(Listener, "127.0.0.1")
    # Fourteen fail: each would cost a quarter of a second, and all of them
    # more time than there is.
    d = having(Dialer, egress=[("127.0.0.0/8",)], connect=3, hosts="".join(
        f"127.0.0.{n} many\n" for n in range(15, 0, -1)).encode())
    d.dial("many", ear.port).close()


def test_no_route(having):
    """An address that nothing leads to does not stop the others."""
    ear = having(Listener)
    d = having(Dialer, egress=[("0.0.0.0/0",)],
               hosts=b"255.255.255.255 odd\n127.0.0.1 odd\n")
    d.dial("odd", ear.port).close()


def test_many_at_once(having):
    """Two hundred and fifty-six; the others hear at once that it is busy."""
    ear = having(Listener)
    hole = having(Blackhole)
    d = having(Dialer, egress=[("127.0.0.1/32",)], connect=5, nofile=1024)
    before = d.fds()
    # All of them before the first has waited for long enough.
    d.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    with held(d.pid):
        ids = [d.ask("127.0.0.1", hole.port) for _ in range(300)]
    busy = [d.expect("DIAL_FAIL", reason=BUSY).id for _ in range(44)]
    assert busy == ids[256:]
    late = {d.expect("DIAL_FAIL", reason=TIMEOUT).id for _ in range(256)}
    assert late == set(ids[:256])
    for _ in range(100):
        d.ask("127.0.0.1", ear.port)
    for _ in range(100):
        os.close(d.expect("DIAL_OK").fd)
    d.expect_fds(before)


@pytest.mark.parametrize("nofile", [24, 70])
def test_out_of_descriptors(having, nofile):
    """Said, not died of; and the bound that is ours comes first, if high."""
    hole = having(Blackhole)
    ear = having(Listener)
    d = having(Dialer, egress=[("127.0.0.1/32",)], connect=4,
               nofile=nofile)
    with held(d.pid):
        for _ in range(100):
            d.ask("127.0.0.1", hole.port)
    reasons = collections.Counter(d.expect("DIAL_FAIL")["reason"]
                                  for _ in range(100))
    assert set(reasons) == {BUSY, TIMEOUT}
    assert reasons[TIMEOUT] <= nofile - 8
    d.dial("127.0.0.1", ear.port).close()
    # A name server needs one as well.
    silent = having(Server, lambda query: [])
    d.configure(egress=[("127.0.0.1/32",)], resolvers=[silent.at],
                resolve=1)
    with held(d.pid):
        for _ in range(100):
            d.ask("box.example", 22)
    reasons = collections.Counter(d.expect("DIAL_FAIL")["reason"]
                                  for _ in range(100))
    assert set(reasons) <= {BUSY, RESOLVE} and BUSY in reasons
    d.dial("127.0.0.1", ear.port).close()


def aim(s, target):
    """
    Try to aim a socket, whose peer has reset it, at another address: right
    away, and with an address of no family, which dissolves a connection.
    """
    libc = ctypes.CDLL(None)
    for n in range(4):
        if n == 2:
            libc.sendto(s.fileno(), b"x", 1, socket.MSG_FASTOPEN, bytes(16),
                        16)
        try:
            s.sendto(b"x", socket.MSG_FASTOPEN, target)
        except OSError:
            pass


def reset(peer, s):
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                    struct.pack("ii", 1, 0))
    peer.close()
    p = select.poll()
    p.register(s, select.POLLIN)
    assert p.poll(WAIT * 1000)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_cage(having, host):
    """A socket from the dialer leads to one place, even after a reset."""
    ear, other = having(Listener, host), having(Listener, host)
    target = host, other.port
    # The same socket but for the second connect(): the escape works, or
    # this test would not notice one.
    with socket.socket(ear.socks[0].family) as s:
        s.setblocking(False)
        assert s.connect_ex((host, ear.port)) == errno.EINPROGRESS
        assert select.select([], [s], [], WAIT)[1]
        assert s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
        reset(ear.accept(), s)
        aim(s, target)
        assert other.somebody()
        other.accept().close()

    d = having(Dialer, egress=[("127.0.0.1/32",), ("::1/128",)])
    with d.dial(host, ear.port) as s, ear.accept():
        aim(s, target)
        assert s.getpeername()[1] == ear.port
    with d.dial(host, ear.port) as s:
        reset(ear.accept(), s)
        aim(s, target)
        assert other.nobody()


def _loopback(*addresses):
    """A network of its own, with these addresses; for preexec."""
    def ioctl(s, what, name, value):
        fcntl.ioctl(s, what, struct.pack("16s16s8x", name, value))

    def enter():
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(0x40000000) == -1:
            raise OSError(ctypes.get_errno(), "unshare")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            ioctl(s, 0x8914, b"lo", struct.pack("h", 1 | 64))
            for n, (address, mask) in enumerate(addresses, 1):
                name = b"lo:%d" % n
                for what, value in (0x8916, address), (0x891c, mask):
                    ioctl(s, what, name, struct.pack(
                        "hH4s", socket.AF_INET, 0,
                        socket.inet_aton(value)))
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s:
            fcntl.ioctl(s, 0x8916, socket.inet_pton(
                socket.AF_INET6, "2600::1") + struct.pack("Ii", 64, 1))
    return enter


@pytest.mark.skipif(subprocess.run(
    ["unshare", "-n", "true"], capture_output=True).returncode != 0,
    reason="needs root, to have a network of its own")
def test_own_addresses(having):
    """
    Denied though they are public: the first of an interface, a second one
    of the same network, and what else is delivered here.
    """
    net = _loopback(("203.0.114.1", "255.255.255.0"),
                    ("203.0.114.2", "255.255.255.0"),
                    ("198.20.0.1", "255.255.255.255"))
    d = having(Dialer, preexec=net)
    for host in ("203.0.114.1", "203.0.114.2", "203.0.114.77", "198.20.0.1",
                 "2600::1"):
        d.fails(host, 22, POLICY, 0)
    assert any("203.0.114.2, own address" in line for line in d.logs)
    d.fails("::ffff:203.0.114.1", 22, POLICY, 0)
    for host in "8.8.8.8", "2600:1::1":
        d.fails(host, 22, UNREACHABLE, errno.ENETUNREACH)
    # A rule beats that too.
    d.configure(egress=[("203.0.114.0/24", 22)])
    d.fails("203.0.114.1", 22, REFUSED)
    d.fails("198.20.0.1", 22, POLICY)


PORTS = "/proc/sys/net/ipv4/ip_local_port_range"


@pytest.mark.skipif(subprocess.run(
    ["unshare", "-n", "sh", "-c", "echo 40000 40000 >" + PORTS],
    capture_output=True).returncode != 0,
    reason="needs root, to have a port of its own")
def test_itself(having):
    """Nobody listens there, and the kernel takes that very port for the
    socket that asks for it: then it is connected to itself."""
    net = _loopback()

    def enter():
        net()
        with open(PORTS, "w") as f:
            f.write("40000 40000")
    d = having(Dialer, preexec=enter, egress=[("127.0.0.0/8",)])
    d.fails("127.0.0.1", 40000, REFUSED)
    d.fails("127.0.0.1", 40001, REFUSED)


def test_reload(having):
    ear = having(Listener)
    allow = [("127.0.0.1/32",)]
    d = having(Dialer, egress=allow)
    # Looked at and dropped.
    d.stage()
    d.expect("CONF_OK")
    d.dial("127.0.0.1", ear.port).close()
    d.send("CONF_DROP")
    d.dial("127.0.0.1", ear.port).close()
    # Given up half way, then begun anew.
    d.send("CONF_BEGIN")
    d.egress("127.0.0.1/32")
    d.configure()
    d.fails("127.0.0.1", ear.port, POLICY)


def test_reload_while_dialing(having):
    """A dial ends by what it began with."""
    ear = having(Listener)
    configured = threading.Event()

    def handler(query):
        assert configured.wait(WAIT)
        return [(0, answer(query, ["127.0.0.1"]))]
    server = having(Server, handler)
    d = having(Dialer, resolvers=[server.at], egress=[("127.0.0.1/32",)])
    id = d.ask("box.example", ear.port)
    d.configure()
    configured.set()
    m = d.expect("DIAL_OK")
    assert m.id == id
    os.close(m.fd)


def _twice(d):
    d.send("CONF_DIALER", timeout_resolve=1, timeout_connect=1)
    d.send("CONF_DIALER", timeout_resolve=1, timeout_connect=1)


def _rule(**kw):
    def stage(d):
        d.send("CONF_DIALER", timeout_resolve=1, timeout_connect=1)
        d.send("CONF_EGRESS", **dict(dict(
            allow=1, family=4, addr=b"\n".ljust(16, b"\0"), prefix=8,
            port=0), **kw))
    return stage


def _rules(d):
    for _ in range(1025):
        d.egress("10.0.0.0/8")


def _resolvers(d):
    for n in range(4):
        d.send("CONF_RESOLVER", family=4, addr=bytes([127, 0, 0, n] +
                                                     [0] * 12), port=53)


def _family(d):
    d.send("CONF_RESOLVER", family=5, addr=bytes(16), port=53)


def _no_file(name):
    def stage(d):
        r, w = os.pipe()
        d.send(name, fd=r)
        os.close(r)
        os.close(w)
    return stage


MAPPED = b"\0" * 10 + b"\xff" * 2 + b"\0" * 4


@pytest.mark.parametrize("stage, reason", [
    (lambda d: None, "no timeouts"),
    (_twice, "timeouts are given twice"),
    (_rule(family=5), "egress rule: malformed network"),
    (_rule(prefix=33), "egress rule: malformed network"),
    (_rule(family=6, addr=MAPPED, prefix=96), "egress rule: IPv4 mapped"),
    (_rules, "more than 1024 egress rules"),
    (_resolvers, "more than 3 resolvers"),
    (_family, "malformed resolver"),
    (_no_file("CONF_RESOLV"), "resolv.conf is not a file"),
    (_no_file("CONF_HOSTS"), "hosts is not a file"),
])
def test_configuration_refused(having, stage, reason):
    """...and the one in force stays."""
    ear = having(Listener)
    d = having(Dialer, egress=[("127.0.0.1/32",)])
    d.send("CONF_BEGIN")
    stage(d)
    d.send("CONF_END")
    assert d.expect("CONF_FAIL")["reason"].startswith(reason)
    d.dial("127.0.0.1", ear.port).close()


def test_large_files(having):
    ear = having(Listener)
    line = b"10.0.0.1 filler.example # " + b"x" * 973 + b"\n"
    d = having(Dialer, egress=[("127.0.0.1/32",)], resolve=1,
               hosts=b"127.0.0.1 first\n" + line * 1100 +
               b"127.0.0.1 last\n")
    d.dial("first", ear.port).close()
    d.fails("last", ear.port, RESOLVE)
    assert any("hosts: only the first 1048576 bytes count" in line
               for line in d.logs)


@pytest.mark.parametrize("what", ["START", "CONF_SWITCH", "CONF_END"])
def test_out_of_order(what):
    d = Dialer(start=False)
    d.send(what)
    d.expect_closed()
    assert d.wait() != 0


def test_refused_is_not_used():
    d = Dialer()
    d.send("CONF_BEGIN")
    d.send("CONF_END")
    d.expect("CONF_FAIL")
    d.send("CONF_SWITCH")
    d.expect_closed()
    assert d.wait() != 0


def test_stop_while_dialing(having):
    """Nothing is left of what is under way."""
    hole = having(Blackhole)
    silent = having(Server, lambda query: [])
    d = Dialer(resolvers=[silent.at], egress=[("127.0.0.1/32",)])
    for _ in range(5):
        d.ask("127.0.0.1", hole.port)
        d.ask("box.example", 22)
    d.send("VERBOSE", verbose=0)
    wait_for(lambda: silent.asked)
    d.send("STOP")
    d.expect_closed()
    assert d.wait() == 0


def test_confined(having):
    d = having(Dialer)
    with open(f"/proc/{d.pid}/status") as f:
        assert "\nSeccomp:\t2\n" in f.read()
    if os.getuid() == 0:
        with open(f"/proc/{d.pid}/maps") as f:
            assert "libevent_extra" not in f.read()
