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
An EventSource as browsers have it, and a wire that is cut.

	wire = Cut(daemon.port, lambda: 1000)
	s = EventSource(wire.port, path, headers)
	while not s.closed:
		for name, data, ident in s.pump(1):
			...

It comes back by itself, with the last id that it has seen, until it is
closed or is refused.
"""

import socket
import threading

from clients import HOST, WAIT, connect, readable


class EventSource:
    """pump() gives whole events only, as a browser does."""

    def __init__(self, port, path, headers=(), again=True):
        self.port, self.path, self.headers = port, path, dict(headers)
        self.again = again
        self.id = None			# of the last event that had one
        self.opened = 0			# how many times
        self.status = None
        self.closed = False
        self.open()

    def open(self):
        self.buf = self.text = b""
        self.head = None
        lines = ["GET %s HTTP/1.1" % self.path,
                 "Host: %s:%d" % (HOST, self.port),
                 "Accept: text/event-stream"]
        lines += ["%s: %s" % item for item in self.headers.items()]
        if self.id is not None:
            lines.append("Last-Event-ID: %s" % self.id)
        request = "\r\n".join(lines + ["", ""]).encode()
        while True:
            try:
                self.sock = connect(self.port)
                self.sock.sendall(request)
                return
            except ConnectionResetError:
                continue		# cut at once, which ends some time

    def fileno(self):
        return self.sock.fileno()

    def close(self):
        self.closed = True
        self.sock.close()

    drop = close

    def pump(self, seconds=0.0):
        """Read once: the events (name, data, id) that are complete now."""
        if self.closed or not readable(self.sock, seconds):
            return
        try:
            data = self.sock.recv(262144)
        except ConnectionError:
            data = b""
        self.buf += data
        ended = not data
        if self.head is None:
            self.answered()
        if self.head is not None:
            ended |= self.chunks()
            yield from self.events()
        if ended and not self.closed:
            self.sock.close()
            if self.again:
                self.open()
            else:
                self.closed = True

    def answered(self):
        head, end, rest = self.buf.partition(b"\r\n\r\n")
        if not end:
            return
        self.head, self.buf = head, rest
        self.status = int(head.split()[1])
        if self.status != 200:
            self.close()
            return
        self.opened += 1

    def chunks(self):
        """Take them off; whether that was the last."""
        while b"\r\n" in self.buf and not self.closed:
            size, rest = self.buf.split(b"\r\n", 1)
            n = int(size, 16)
            if len(rest) < n + 2:
                break
            assert rest[n:n + 2] == b"\r\n"
            self.text += rest[:n]
            self.buf = rest[n + 2:]
            if n == 0:
                return True
        return False

    def events(self):
        while b"\n\n" in self.text and not self.closed:
            event, self.text = self.text.split(b"\n\n", 1)
            if event.startswith(b":"):
                continue
            fields = dict(line.split(b": ", 1) for line in event.split(b"\n"))
            name = fields.pop(b"event", b"message").decode()
            ident = fields.pop(b"id", None)
            data = fields.pop(b"data")
            assert not fields
            if ident is not None:
                self.id = int(ident)
            yield name, data, self.id


class Cut:
    """A wire to a port: each connection ends, roughly, when as many bytes
    as budget() says have come back over it."""

    def __init__(self, port, budget):
        self.to, self.budget = port, budget
        self.listener = socket.socket()
        self.listener.bind((HOST, 0))
        self.listener.listen(64)
        self.port = self.listener.getsockname()[1]
        self.cuts = 0
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.carry, args=(client,),
                             daemon=True).start()

    def carry(self, client):
        left = self.budget()
        with client, connect(self.to) as server:
            client.settimeout(WAIT)
            try:
                while left > 0:
                    if readable(client, 0):
                        data = client.recv(65536)
                        if not data:
                            return
                        server.sendall(data)
                    if readable(server, 0.01):
                        data = server.recv(min(left, 65536))
                        if not data:
                            return
                        client.sendall(data)
                        left -= len(data)
            except OSError:
                return
            self.cuts += 1
            # Without a word, and what was on its way is lost, too.
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                              b"\1\0\0\0\0\0\0\0")

    def stop(self):
        # Wakes who accepts, too.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
