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
Name servers for tests: dnsmasq, and one whose answers are made by the test.
"""

import collections
import ipaddress
import os
import pathlib
import socket
import struct
import subprocess
import threading
import time

from clients import wait_for

NOERROR, SERVFAIL, NXDOMAIN, REFUSE = 0, 2, 3, 5
A, AAAA = 1, 28
MARK = b"mark"			# no question


def name_of(query):
    """The name that is asked for, as it was written, and the type."""
    labels, pos = [], 12
    while query[pos]:
        labels.append(query[pos + 1:pos + 1 + query[pos]])
        pos += 1 + query[pos]
    kind, = struct.unpack_from(">H", query, pos + 1)
    return b".".join(labels).decode(), kind, pos + 5


def answer(query, addresses=(), rcode=NOERROR, id=None, flags=0):
    """An answer with those of the addresses that were asked for."""
    _, kind, end = name_of(query)
    records = [ipaddress.ip_address(a).packed for a in addresses]
    records = [r for r in records if len(r) == (4 if kind == A else 16)]
    head = struct.pack(">HHHHHH", struct.unpack_from(">H", query)[0]
                       if id is None else id, 0x8180 | rcode | flags, 1,
                       len(records), 0, 0)
    return head + query[12:end] + b"".join(
        struct.pack(">HHHIH", 0xc00c, kind, 1, 60, len(r)) + r
        for r in records)


class Server(threading.Thread):
    """A name server: handler(query) says which packets go back."""

    def __init__(self, handler):
        super().__init__(daemon=True)
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.1", 0))
        self.port = self.sock.getsockname()[1]
        self.at = "127.0.0.1", self.port
        self.handler = handler
        self.asked = []		# name, type, port
        self.marks = 0		# of count()
        self.start()

    def run(self):
        while True:
            query, peer = self.sock.recvfrom(1500)
            if not query:
                return
            if query == MARK:
                self.marks += 1
                continue
            name, kind, _ = name_of(query)
            self.asked.append((name, kind, peer[1]))
            for delay, packet in self.handler(query):
                if delay:
                    threading.Timer(delay, self.say, [packet, peer]).start()
                else:
                    self.say(packet, peer)

    def count(self):
        """How many questions there were, also of those that had been sent
        but not read by now."""
        marks = self.marks
        self.tell(MARK)
        wait_for(lambda: self.marks > marks)
        return len(self.asked)

    def tell(self, packet):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.sendto(packet, self.at)

    def say(self, packet, peer):
        try:
            self.sock.sendto(packet, peer)
        except OSError:
            pass		# it has ended meanwhile

    def close(self):
        self.tell(b"")
        self.join(5)
        self.sock.close()


class Dnsmasq:
    """A real one, which knows these records and nobody else to ask."""

    def __init__(self, path, *records):
        self.log = pathlib.Path(path) / "dnsmasq.log"
        # A port that is free for UDP may be taken for TCP.
        for _ in range(10):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                s.bind(("127.0.0.1", 0))
                self.at = s.getsockname()
            if self.begin(records):
                return
        raise AssertionError(self.text())

    def begin(self, records):
        user = ["--user=root"] if os.getuid() == 0 else []
        self.proc = subprocess.Popen(
            ["/usr/sbin/dnsmasq", "-k", "--conf-file=/dev/null", *user,
             "--no-resolv", "--no-hosts", f"--port={self.at[1]}",
             "--listen-address=127.0.0.1", "--bind-interfaces",
             "--pid-file=", "--log-queries", f"--log-facility={self.log}",
             "--local=/example/", *records])
        deadline = time.monotonic() + 30
        while "started" not in self.text():
            if self.proc.poll() is not None:
                return False
            assert time.monotonic() < deadline
            time.sleep(0.02)
        return True

    def text(self):
        try:
            return self.log.read_text()
        except FileNotFoundError:
            return ""

    def queries(self, name):
        """How often that name was asked for, by type."""
        return collections.Counter(
            line.split("query[")[1].split("]")[0]
            for line in self.text().lower().splitlines()
            if "query[" in line and f" {name} " in line)

    def close(self):
        self.proc.terminate()
        self.proc.wait(10)
