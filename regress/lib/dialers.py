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
The dialer with the test as its parent, and whom it dials.

	d = Dialer(egress=[("127.0.0.1/32", port)])
	s = d.dial("127.0.0.1", port)
	d.fails("127.0.0.1", 1, POLICY)
"""

import ipaddress
import os
import select
import socket
import time

import gwproto
from clients import WAIT

GATEWAYD = os.path.join(os.environ["BUILD"], "gatewayd")
RESOLVE, POLICY, REFUSED, UNREACHABLE, TIMEOUT = 1, 2, 3, 4, 5
BUSY = 8
METADATA = "169.254.169.254"


def packed(text):
    a = ipaddress.ip_address(text)
    return a.version, a.packed.ljust(16, b"\0")


class Dialer(gwproto.Child):
    def __init__(self, start=True, nofile=256, preexec=None, **conf):
        super().__init__([GATEWAYD, "-x", "dialer"], "dialer",
                         nofile=nofile, preexec=preexec)
        self.ids = 100
        if start:
            self.configure(**conf)
            self.send("START")
            self.expect("READY")

    def text(self, name, data):
        fd = gwproto.blob(data)
        os.lseek(fd, 0, os.SEEK_END)	# where it stands must not matter
        self.send(name, fd=fd)
        os.close(fd)

    def egress(self, net, port=0, allow=1):
        net = ipaddress.ip_network(net)
        self.send("CONF_EGRESS", allow=allow, family=net.version,
                  addr=net.network_address.packed.ljust(16, b"\0"),
                  prefix=net.prefixlen, port=port)

    def stage(self, egress=(), resolvers=(), resolv=None, hosts=None,
              resolve=20, connect=20):
        self.send("CONF_BEGIN")
        self.send("CONF_DIALER", timeout_resolve=resolve,
                  timeout_connect=connect)
        for rule in egress:
            self.egress(*rule)
        for address, port in resolvers:
            family, addr = packed(address)
            self.send("CONF_RESOLVER", family=family, addr=addr, port=port)
        if resolv is not None:
            self.text("CONF_RESOLV", resolv)
        if hosts is not None:
            self.text("CONF_HOSTS", hosts)
        self.send("CONF_END")

    def configure(self, **conf):
        self.stage(**conf)
        self.expect("CONF_OK")
        self.send("CONF_SWITCH")

    def ask(self, host, port):
        self.ids += 1
        self.send("DIAL", self.ids, host=host, port=port)
        return self.ids

    def dial(self, host, port):
        """The socket."""
        id = self.ask(host, port)
        m = self.expect("DIAL_OK", WAIT)
        assert m.id == id
        return socket.socket(fileno=m.fd)

    def fails(self, host, port, reason, error=None):
        id = self.ask(host, port)
        m = self.recv(WAIT)
        assert m.name == "DIAL_FAIL" and m.id == id, (m, self.logs)
        assert m["reason"] == reason, (m, self.logs)
        assert error is None or m["error"] == error, m
        return m

    def fds(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def expect_fds(self, n):
        """So many, once what was sent is closed as well."""
        deadline = time.monotonic() + WAIT
        while self.fds() != n:
            assert time.monotonic() < deadline, (self.fds(), n)
            time.sleep(0.01)


class Listener:
    """Takes connections on a port, on several addresses if asked."""

    def __init__(self, *addresses, port=0, listen=True):
        self.socks = []
        for a in addresses or ["127.0.0.1"]:
            s = socket.socket(socket.AF_INET6 if ":" in a else
                              socket.AF_INET)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind((a, port))
            port = s.getsockname()[1]
            if listen:
                s.listen(128)
            s.settimeout(WAIT)
            self.socks.append(s)
        self.port = port

    def accept(self, n=0):
        return self.socks[n].accept()[0]

    def nobody(self, n=0):
        """Nobody came, and nobody comes now."""
        return not select.select([self.socks[n]], [], [], 0.1)[0]

    def somebody(self, n=0):
        return bool(select.select([self.socks[n]], [], [], WAIT)[0])

    def close(self):
        for s in self.socks:
            s.close()


class Blackhole:
    """A port that answers nothing: its queue is full."""

    def __init__(self, address="127.0.0.1", port=0):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.socks = [socket.socket(family)]
        self.socks[0].bind((address, port))
        self.port = self.socks[0].getsockname()[1]
        self.socks[0].listen(0)
        for _ in range(8):
            s = socket.socket(family)
            s.setblocking(False)
            s.connect_ex((address, self.port))
            self.socks.append(s)
            if not select.select([], [s], [], 0.2)[1]:
                return
        raise AssertionError("it takes everything")

    def close(self):
        for s in self.socks:
            s.close()
