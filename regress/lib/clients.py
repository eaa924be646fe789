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
Clients of the daemon for tests: HTTP, WebSocket and server-sent events.

	ws = Ws(port, "/ssh/ID/ws?token=...")
	ws.type("echo hi\\n")
	ws.until(b"hi")		# output so far, decoded
	ws.closed()		# (1000, "closed")

	n = Native(port, "/v1/sessions/ID/attach?ticket=...")
	n.said("attached")["offset"]

TtyWs and Native are the same for the other two dialects.  The WebSocket
client is python3-websockets without its I/O, so that a test decides when
bytes are read; JsWs is npm's ws, in a process of its own; Sse is curl.
Nothing here waits without a deadline.
"""

import base64
import contextlib
import http.client
import json
import os
import select
import signal
import socket
import subprocess
import time

from websockets.client import ClientConnection
from websockets.frames import OP_BINARY, OP_CLOSE, OP_CONT, OP_TEXT, Frame
from websockets.uri import parse_uri

HOST = "127.0.0.1"
# What is to happen at some time: waiting long costs only who fails anyway, and
# two processors that are busy with something else make all of it late.
WAIT = 60 if os.environ.get("SAN") else 30
LIB = os.path.dirname(os.path.abspath(__file__))


def readable(what, seconds):
    """Wait for bytes or an end; select(2) does not take all numbers."""
    poll = select.poll()
    poll.register(what, select.POLLIN)
    return bool(poll.poll(max(seconds, 0) * 1000))


class Timeout(AssertionError):
    """A deadline has passed."""


def wait_for(what, seconds=WAIT, every=0.02):
    """Call what() until it returns something true; return that."""
    end = time.monotonic() + seconds
    while True:
        got = what()
        if got:
            return got
        if time.monotonic() > end:
            raise Timeout("not true within %s s" % seconds)
        time.sleep(every)


def _state(pid):
    with open("/proc/%d/stat" % pid) as f:
        return f.read().rsplit(")", 1)[1].split()[0]


@contextlib.contextmanager
def held(pid):
    """A process that does not run meanwhile: what comes to it has come
    together, however long we take."""
    os.kill(pid, signal.SIGSTOP)
    try:
        wait_for(lambda: _state(pid) == "T")
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def bearer(token):
    return {} if token is None else {"Authorization": "Bearer " + token}


class Answer:
    """An HTTP answer: status, headers (names in lower case), body."""

    def __init__(self, status, headers, body):
        self.status = status
        self.headers = {}
        for name, value in headers:
            assert name.lower() not in self.headers, "two " + name
            self.headers[name.lower()] = value
        self.body = body

    @property
    def json(self):
        assert self.headers["content-type"] == \
            "application/json; charset=utf-8"
        return json.loads(self.body)

    def __repr__(self):
        return "<%d %r>" % (self.status, self.body[:300])


class Http:
    """One connection that is kept alive."""

    def __init__(self, port, timeout=WAIT, source=None):
        self.conn = http.client.HTTPConnection(
            HOST, port, timeout=timeout, source_address=source and (source, 0))

    def ask(self, method, path, body=None, headers=()):
        self.send(method, path, body, headers)
        return self.answer()

    def send(self, method, path, body=None, headers=()):
        self.conn.request(method, path, body, dict(headers))

    def answer(self):
        got = self.conn.getresponse()
        return Answer(got.status, got.getheaders(), got.read())

    def close(self):
        self.conn.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def connect(port, rcvbuf=None, source=None):
    s = socket.socket()
    if rcvbuf is not None:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
    if source is not None:
        s.bind((source, 0))
    s.settimeout(WAIT)
    s.connect((HOST, port))
    return s


def raw(port, data, seconds=WAIT):
    """Send bytes, return all that comes until the end."""
    with connect(port) as s:
        s.settimeout(seconds)
        s.sendall(data)
        return drain(s)


def drain(s):
    got = []
    while True:
        try:
            data = s.recv(65536)
        except ConnectionResetError:
            break
        if not data:
            break
        got.append(data)
    return b"".join(got)


class Ws:
    """A WebSocket whose bytes move only when a method says so."""

    protocols = None			# to offer

    def __init__(self, port, path, headers=(), rcvbuf=None, early=b"",
                 source=None):
        self.out = b""			# decoded output
        self.seen = 0			# of it, by until()
        self.frames = []		# payloads of text frames
        self.pongs = []
        self.pings = 0
        self.answer_pings = True
        self.close_frame = None		# (code, reason)
        self.eof = False
        self.keep = True		# frames and output
        self.sock = connect(port, rcvbuf, source)
        self.conn = ClientConnection(parse_uri("ws://%s:%d%s" % (
            HOST, port, path)), max_size=None, subprotocols=self.protocols)
        request = self.conn.connect()
        for name, value in dict(headers).items():
            request.headers[name] = value
        self.conn.send_request(request)
        self.sock.sendall(b"".join(self.conn.data_to_send()) + early)
        self.response = None
        self._shake()

    def _shake(self):
        end = time.monotonic() + WAIT
        while self.response is None:
            if not self.pump(end - time.monotonic()):
                if self.eof:
                    raise ConnectionError("no answer to the upgrade")
                raise Timeout("no answer to the upgrade")
        if self.response.status_code == 101 and self.conn.handshake_exc:
            raise self.conn.handshake_exc

    @property
    def status(self):
        return self.response.status_code

    def fileno(self):
        return self.sock.fileno()

    def pump(self, seconds=0.0, size=262144):
        """Read once; False if nothing came in time."""
        if self.eof:
            return False
        if not readable(self.sock, seconds):
            return False
        try:
            data = self.sock.recv(size)
        except ConnectionError:
            data = b""
        if not data:
            self.eof = True
            self.conn.receive_eof()
        else:
            self.conn.receive_data(data)
        for event in self.conn.events_received():
            self._event(event)
        for data in self.conn.data_to_send():
            if data and self.answer_pings:
                try:
                    self.sock.sendall(data)
                except OSError:
                    pass
        return True

    def _event(self, event):
        if not isinstance(event, Frame):
            self.response = event
            return
        name = event.opcode.name
        if event.opcode in (OP_TEXT, OP_BINARY):
            assert event.fin
            data = self.decode(event)
            if self.keep:
                self.frames.append(event.data)
                self.out += data
            else:
                self.count += len(data)
                self.check(data)
        elif name == "PING":
            self.pings += 1
        elif name == "PONG":
            self.pongs.append(event.data)
        elif event.opcode is OP_CLOSE:
            self.close_frame = (
                int.from_bytes(event.data[:2], "big") if event.data else None,
                event.data[2:].decode())
        else:
            raise AssertionError("frame %r" % event)

    def decode(self, event):
        """The output in a frame."""
        assert event.opcode is OP_TEXT
        return base64.b64decode(event.data, validate=True)

    def count_only(self, check=lambda data: None):
        """From here on count the output and pass it on, keep nothing."""
        self.keep = False
        self.count = 0
        self.check = check

    def send(self, data):
        self.sock.settimeout(WAIT)
        self.sock.sendall(data)

    def _flush(self):
        self.send(b"".join(self.conn.data_to_send()))

    def text(self, data):
        self.conn.send_text(data if isinstance(data, bytes) else
                            data.encode())
        self._flush()

    type = text

    def binary(self, data):
        self.conn.send_binary(data)
        self._flush()

    def paste(self, data):
        """Type much: its echo has to be read while we write."""
        self.conn.send_text(data)
        left = memoryview(b"".join(self.conn.data_to_send()))
        self.sock.setblocking(False)
        while left:
            self.pump(0)
            try:
                left = left[self.sock.send(left):]
            except BlockingIOError:
                self.pump(1)
        self.sock.setblocking(True)

    def ping(self, data=b""):
        self.conn.send_ping(data)
        self._flush()

    def sync(self, seconds=WAIT):
        """Wait until the other side has taken all that was sent, and has
        sent all that it had before."""
        self.pongs.clear()
        self.ping(b"sync")
        end = time.monotonic() + seconds
        while b"sync" not in self.pongs:
            if not self.pump(end - time.monotonic()):
                raise Timeout("no pong (%s)" % (self.close_frame,))
        return self

    def resize(self, cols, rows):
        self.text('{"type":"resize","cols":%s,"rows":%s}' % (cols, rows))

    def frame(self, opcode, data, fin=True, mask=True):
        """A frame of any kind, past all checks of the library."""
        self.send(frame_bytes(opcode, data, fin, mask))

    def until(self, pattern, seconds=WAIT):
        """Read until the output has this; what lies behind is kept."""
        end = time.monotonic() + seconds
        while True:
            at = self.out.find(pattern, self.seen)
            if at >= 0:
                start, self.seen = self.seen, at + len(pattern)
                return self.out[start:self.seen]
            if not self.pump(end - time.monotonic()):
                raise Timeout("no %r in %r (%s)" % (
                    pattern, self.out[self.seen:][-2000:], self.close_frame))

    def has(self, n, seconds=WAIT):
        """Read until there are n bytes of output."""
        end = time.monotonic() + seconds
        while len(self.out) < n:
            if not self.pump(end - time.monotonic()):
                raise Timeout("%d bytes of %d (%s)" % (
                    len(self.out), n, self.close_frame))
        return self.out

    def quiet(self, seconds):
        """Whatever comes within that time."""
        start = len(self.out)
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self.eof:
            self.pump(end - time.monotonic())
        return self.out[start:]

    def closed(self, seconds=WAIT):
        """Read to the end: (code, reason), None without a Close frame."""
        end = time.monotonic() + seconds
        while not self.eof:
            if not self.pump(end - time.monotonic()):
                if self.eof:
                    break
                raise Timeout("not closed; %r" % self.out[-500:])
        self.sock.close()
        return self.close_frame

    def bye(self, code=1000, reason=""):
        """Close as a client should."""
        self.conn.send_close(code, reason)
        self._flush()
        return self.closed()

    def drop(self):
        """End at once, without a word."""
        self.sock.close()

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             b"\1\0\0\0\0\0\0\0")
        self.sock.close()


class TtyWs(Ws):
    """Of /tty and /pty: text frames are the output."""

    def decode(self, event):
        assert event.opcode is OP_TEXT
        event.data.decode()		# or it is not UTF-8
        return event.data


class Native(Ws):
    """Of the native API: output is binary, text is what was said of it.
    offset is that of the next byte; gaps are pairs."""

    protocols = ["terminal.v1"]

    def __init__(self, *args, **kw):
        self.messages = []
        self.heard = 0			# of them, by said()
        self.offset = None
        self.gaps = []
        super().__init__(*args, **kw)

    def decode(self, event):
        if event.opcode is OP_BINARY:
            self.offset += len(event.data)
            return event.data
        m = json.loads(event.data)
        self.messages.append(m)
        if m["type"] == "attached":
            assert self.offset is None and len(self.messages) == 1
            self.offset = m["offset"]
        elif m["type"] == "gap":
            assert m["from"] == self.offset < m["to"]
            self.gaps.append((m["from"], m["to"]))
            self.offset = m["to"]
        return b""

    @property
    def error(self):
        """What a refused upgrade said."""
        return json.loads(self.response.body)["error"]

    def said(self, name, seconds=WAIT):
        """The next message of that type; those before it are passed."""
        end = time.monotonic() + seconds
        while True:
            while self.heard < len(self.messages):
                m = self.messages[self.heard]
                self.heard += 1
                if m["type"] == name:
                    return m
            if not self.pump(end - time.monotonic()):
                raise Timeout("no %s in %r (%s)" % (
                    name, self.messages, self.close_frame))

    def tell(self, **message):
        self.text(json.dumps(message))

    def type(self, data):
        self.binary(data.encode() if isinstance(data, str) else data)

    def resize(self, cols, rows):
        self.tell(type="resize", cols=cols, rows=rows)


def frame_bytes(opcode, data, fin=True, mask=True, rsv=0):
    head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
    bit = 0x80 if mask else 0
    if len(data) < 126:
        head += bytes([bit | len(data)])
    elif len(data) < 65536:
        head += bytes([bit | 126]) + len(data).to_bytes(2, "big")
    else:
        head += bytes([bit | 127]) + len(data).to_bytes(8, "big")
    # A mask of zeros is one too.
    return head + (b"\0\0\0\0" if mask else b"") + data


TEXT, BINARY, CONT = int(OP_TEXT), int(OP_BINARY), int(OP_CONT)
CLOSE, PING, PONG = 8, 9, 10


class Lines:
    """Lines of a process, with deadlines."""

    def __init__(self, argv, **kw):
        self.proc = subprocess.Popen(argv, stdout=subprocess.PIPE, **kw)
        os.set_blocking(self.proc.stdout.fileno(), False)
        self.buf = b""
        self.eof = False
        self.out = b""			# output that event() has found
        self.seen = 0

    def fill(self, seconds):
        if not readable(self.proc.stdout, seconds):
            return False
        data = os.read(self.proc.stdout.fileno(), 65536)
        self.eof = not data
        self.buf += data
        return True

    def line(self, seconds=WAIT):
        """The next one without its newline; None at the end."""
        end = time.monotonic() + seconds
        while b"\n" not in self.buf:
            if self.eof:
                assert self.buf == b""
                return None
            if not self.fill(end - time.monotonic()):
                raise Timeout("no line from %s: %r" % (
                    self.proc.args[0], self.buf))
        line, self.buf = self.buf.split(b"\n", 1)
        return line

    def until(self, pattern, seconds=WAIT):
        """Read until the output has this; what lies behind is kept."""
        end = time.monotonic() + seconds
        while True:
            at = self.out.find(pattern, self.seen)
            if at >= 0:
                start, self.seen = self.seen, at + len(pattern)
                return self.out[start:self.seen]
            assert self.event(end - time.monotonic()) is not None, self.out

    def stop(self):
        for f in (self.proc.stdin, self.proc.stdout):
            if f is not None:
                f.close()
        self.proc.kill()
        self.proc.wait()


class Sse(Lines):
    """curl on an event stream."""

    def __init__(self, port, path, headers=(), options=()):
        argv = ["curl", "-sSNi", "--noproxy", "*", "--max-time", "120"]
        argv += options
        for name, value in dict(headers).items():
            argv += ["-H", "%s: %s" % (name, value)]
        super().__init__(argv + ["http://%s:%d%s" % (HOST, port, path)])
        self.events = []
        self.comments = 0
        self.id = None			# the last one
        head = []
        while True:
            line = self.line()
            if line is None or line in (b"\r", b""):
                break
            head.append(line.rstrip(b"\r").decode())
        self.head = head
        self.status = int(head[0].split()[1])
        self.headers = {}
        for line in head[1:]:
            name, value = line.split(": ", 1)
            self.headers[name.lower()] = value

    def event(self, seconds=WAIT):
        """The next (name, data), name None for output; None at the end."""
        name, data = None, []
        end = time.monotonic() + seconds
        while True:
            line = self.line(end - time.monotonic())
            if line is None:
                return None
            assert not line.endswith(b"\r")
            if line == b": ping":
                self.comments += 1
                assert self.line() == b""
                continue
            if line == b"":
                break
            key, _, value = line.partition(b": ")
            if key == b"event":
                name = value.decode()
            elif key == b"id":
                self.id = int(value)
            elif key == b"data":
                data.append(value.decode())
            else:
                raise AssertionError("line %r" % line)
        assert len(data) == 1
        self.events.append((name, data[0]))
        if name is None:
            self.out += base64.b64decode(data[0], validate=True)
        return self.events[-1]

    def rest(self, seconds=WAIT):
        """All events to the end of the stream."""
        end = time.monotonic() + seconds
        got = []
        while True:
            event = self.event(end - time.monotonic())
            if event is None:
                return got
            got.append(event)


class JsWs(Lines):
    """npm's ws: orders as JSON lines in, what happens as JSON lines out."""

    def __init__(self, port, path, headers=(), protocols=()):
        url = "ws://%s:%d%s" % (HOST, port, path)
        super().__init__(["node", os.path.join(LIB, "ws.js"), url,
                          json.dumps(dict(headers)), *protocols],
                         stdin=subprocess.PIPE)
        self.end = None

    def order(self, **kw):
        self.proc.stdin.write(json.dumps(kw).encode() + b"\n")
        self.proc.stdin.flush()

    def type(self, data):
        self.order(text=data)

    def resize(self, cols, rows):
        self.type('{"type":"resize","cols":%d,"rows":%d}' % (cols, rows))

    def event(self, seconds=WAIT):
        line = self.line(seconds)
        if line is None:
            return None
        event = json.loads(line)
        if "text" in event:
            self.out += base64.b64decode(event["text"], validate=True)
        elif "close" in event:
            self.end = (event["close"], event["reason"])
        return event

    def opened(self):
        event = self.event()
        assert "open" in event, event

    def closed(self, seconds=WAIT):
        end = time.monotonic() + seconds
        while self.end is None:
            assert self.event(end - time.monotonic()) is not None
        self.stop()
        return self.end
