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
More of hostile_ssh.py: servers that end in odd orders, that change their key,
or that say anything at all; and a proxy that changes bytes.
"""

import os
import random
import socket
import struct
import sys
import threading
import time

import hostile_ssh as base
from hostile_ssh import (ADJUST, CLOSE, DATA, DEBUG, DISCONNECT, EOF,
                         EXTENDED, GLOBAL, IGNORE, OPEN, REQUEST, quietly,
                         text)


class Peer(base.Peer):
    program = os.path.abspath(__file__)

    def __init__(self):
        from sshd import keygen
        super().__init__()
        self.other = keygen(self.dir + "/other")


def attach(d, sid):
    """None if the session has ended by now."""
    from clients import Ws
    ws = Ws(d.port, d.ws_path(sid))
    return ws if ws.status == 101 else None


def pattern(n, seed=0):
    return random.Random(seed).randbytes(n)


class Server(base.Server):
    """"early" is the chance of messages of any kind before each answer while
    a terminal is opened, "seed" which."""

    def __init__(self, end, conn):
        super().__init__(end, conn)
        self.noise = random.Random(self.spec.get("seed"))

    def send(self, number, *fields):
        while self.noise.random() < self.spec.get("early", 0):
            kind, body = self.any(self.noise)
            super().send(kind, [body])
        super().send(number, *fields)

    def do_late_output(self):
        """The status comes first, and the rest slowly.  Says the longest
        time between any two of them: who has us run may be slow, too."""
        self.push(REQUEST, self.remote, b"exit-status", False, 3)
        last, gap = time.monotonic(), 0
        for piece in [b"<%d>" % i for i in range(30)] + [b"END"]:
            self.data(piece)
            now = time.monotonic()
            last, gap = now, max(gap, now - last)
            time.sleep(0.1)
        self.say("sent", gap=gap)
        self.push(EOF, self.remote)
        self.push(CLOSE, self.remote)

    def do_last_words(self):
        """Everything at once, and a goodbye behind it."""
        self.data(pattern(self.spec.get("size", 20000)))
        self.push(REQUEST, self.remote, b"exit-status", False, 0)
        self.push(EOF, self.remote)
        self.push(CLOSE, self.remote)
        if self.spec.get("goodbye"):
            self.push(DISCONNECT, 11, b"closed", b"")

    def do_new_keys_and_end(self):
        """As much as it may send, then half a key exchange."""
        sent = self.fill()
        self.t._handler_table[20] = lambda *_: None
        self.t._send_kex_init()
        self.say("sent", bytes=sent)
        time.sleep(0.2)
        quietly(self.conn.shutdown, socket.SHUT_WR)

    def do_other_key(self):
        """New keys, signed by another host key."""
        import paramiko
        self.data(b"READY")
        k = paramiko.Ed25519Key(filename=self.spec["other"])
        self.t.server_key_dict[k.get_name()] = k
        self.say("renewing")
        quietly(self.t.renegotiate_keys)
        self.do_echo(b"AFTER")

    def do_eof_only(self):
        """The end of output, but not of the channel."""
        self.data(b"READY")
        self.push(EOF, self.remote)

    def do_half_closed(self):
        """As much as it may send, then no more, and it still listens."""
        self.fill()
        quietly(self.conn.shutdown, socket.SHUT_WR)

    def do_fill(self):
        self.fill()

    def do_deaf(self):
        """It reads nothing any more."""
        self.data(b"READY")
        self.t._handler_table[DATA] = lambda *_: threading.Event().wait()

    def fill(self):
        """As much as it may send; how much that was."""
        sent, window = 0, True
        while window:
            with self.credit:
                window = self.credit.wait_for(lambda: self.window > 0, 1)
                n = min(self.window, 32768)
                self.window -= n
            self.push(DATA, self.remote, pattern(n, sent))
            sent += n
        return sent

    def do_uneven(self):
        """A packet whose length is not one of whole blocks."""
        def build(payload):
            pad = self.spec["pad"]
            return struct.pack(">IB", len(payload) + pad + 1, pad) + \
                payload + bytes(pad)
        self.data(b"READY")
        time.sleep(0.2)
        self.t.packetizer._build_packet = build
        self.data(b"x" * 100)
        self.do_echo(b"")

    def do_anything(self):
        """Messages of all kinds, right, wrong and cut, until the other end
        has had enough or a number of them."""
        rnd = random.Random(self.spec["seed"])
        self.data(b"READY")
        for _ in range(self.spec.get("count", 400)):
            number, body = self.any(rnd)
            if not self.raw(number, body):
                break
        self.say("said")
        if rnd.random() < 0.5:
            quietly(self.conn.shutdown, socket.SHUT_RDWR)

    def raw(self, number, body):
        return self.push(number, [body])

    def any(self, rnd):
        chan = rnd.choice([self.remote or 0] * 6 + [0, 1, 2, 0xffffffff])
        u32 = rnd.choice([0, 1, 7, 255, 1 << 15, 1 << 20, 0x7fffffff,
                          0x80000000, 0xfffffff0, 0xffffffff])
        size = rnd.choice([0, 0, 1, 3, 9, 17, 100, 1000, 32000])
        junk = rnd.randbytes(size)
        name = rnd.choice([b"exit-status", b"exit-signal", b"xon-xoff",
                           b"keepalive@openssh.com", b"", b"x11", junk])
        kind = rnd.choice([b"x11", b"forwarded-tcpip", b"session", junk,
                           b"auth-agent@openssh.com", b""])
        bit = rnd.random() < 0.5
        number, body = rnd.choice([
            (IGNORE, text(junk)), (DEBUG, text(bit, junk, b"")),
            (GLOBAL, text(name, bit, [junk])),
            (DATA, text(chan, junk)), (DATA, text(chan, [junk])),
            (DATA, text(chan, junk)), (DATA, text(chan, b"")),
            (EXTENDED, text(chan, u32, junk)),
            (ADJUST, text(chan, u32)),
            (REQUEST, text(chan, name, bit, u32)),
            (REQUEST, text(chan, name, bit, [junk])),
            (REQUEST, text(chan, b"exit-signal", bit, u32, [junk])),
            (OPEN, text(kind, chan, u32, u32, [junk])),
            (rnd.choice([91, 92, 99, 100, 81, 82]), text(chan, [junk])),
            (rnd.choice([0, 3, 5, 6, 7, 21, 30, 31, 50, 51, 52, 53, 60]),
             junk), (rnd.randrange(256), junk)])
        if number in (1, 20, 97, 96) and rnd.random() < 0.9:
            number = 2
        if rnd.random() < 0.15:
            body = body[:rnd.randrange(len(body) + 1)]
        if rnd.random() < 0.1 and body:
            at = rnd.randrange(len(body))
            body = body[:at] + rnd.randbytes(1) + body[at + 1:]
        return number, body


def proxy(end, conn):
    """Pass bytes on; of each connection one byte is changed: flips has for
    each of them [offset, way, what to add to it]."""
    spec = end.spec
    if "flips" not in spec:
        return base_proxy(end, conn)
    to = socket.socket()
    to.connect(("127.0.0.1", spec["proxy"]))
    to.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    at, which, add = next(end.flips)
    moved = {"up": 0, "down": 0}

    def one_way(src, dst, way):
        try:
            while True:
                data = bytearray(src.recv(65536))
                if not data:
                    break
                i = at - moved[way]
                if way == which and 0 <= i < len(data):
                    data[i] = (data[i] + add) % 256
                    end.say("flipped")
                moved[way] += len(data)
                dst.sendall(data)
        except OSError:
            pass
        for s in (conn, to):
            quietly(s.shutdown, socket.SHUT_RDWR)
    other = threading.Thread(target=one_way, args=(to, conn, "down"))
    other.start()
    one_way(conn, to, "up")
    other.join()
    conn.close()
    to.close()
    end.say("over")


class Listener(base.Listener):
    def __init__(self, key, spec):
        self.flips = iter(spec.get("flips", ()))
        super().__init__(key, spec)


if __name__ == "__main__":
    base_proxy = base.proxy
    base.proxy, base.Server, base.Listener = proxy, Server, Listener
    base.main(*sys.argv[1:])
