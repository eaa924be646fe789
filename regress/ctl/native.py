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

"""A terminal with gatewayctl attach in it, and a gateway that says what a
test wants it to: right things through the websockets library, wrong ones as
bytes."""

import contextlib
import fcntl
import json
import os
import select
import signal
import socket
import struct
import subprocess
import termios
import threading

from websockets.exceptions import InvalidState
from websockets.frames import Opcode
from websockets.server import ServerConnection

from clients import wait_for as until

BUILD = os.path.abspath(os.environ.get("BUILD", "build"))
CTL = os.path.join(BUILD, "gatewayctl")
WAIT = 60
LAST = b"<that was the last of it>"
SID = "01234567-89ab-4cde-8f01-23456789abcd"
BLOB = b"".join(struct.pack(">I", i * 2654435761 & 0xffffffff)
                for i in range(1310720))


def modes(fd):
    return termios.tcgetattr(fd)


class Terminal:
    """A pty of its own, and a command that has it as its terminal.  Both
    outputs go there unless stderr or stdout are given."""

    def __init__(self, *args, cols=80, rows=24, env=None, **kw):
        self.master, self.slave = os.openpty()
        self.resize(cols, rows)
        self.before = modes(self.slave)
        self.seen = b""
        self.closed = threading.Event()

        def own():
            os.setsid()
            # Who runs the tests in the background may ignore them.
            for signo in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
                signal.signal(signo, signal.SIG_DFL)
            fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)
        files = {k: self.slave for k in ("stdin", "stdout", "stderr")}
        files.update(kw)
        self.proc = subprocess.Popen(
            [str(a) for a in args], preexec_fn=own,
            env={**os.environ, **(env or {})}, **files)
        self.thread = threading.Thread(target=self.drain, daemon=True)
        self.thread.start()

    def drain(self):
        while not self.closed.is_set():
            if select.select([self.master], [], [], 0.05)[0]:
                try:
                    self.seen += os.read(self.master, 65536)
                except OSError:
                    return

    def resize(self, cols, rows):
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ,
                    struct.pack("HHHH", rows, cols, 0, 0))

    def type(self, data):
        data = data.encode() if isinstance(data, str) else data
        while data:
            data = data[os.write(self.master, data[:1024]):]

    def until(self, text, seconds=WAIT):
        text = text.encode() if isinstance(text, str) else text
        try:
            until(lambda: text in self.seen, seconds)
        except AssertionError:
            raise AssertionError((text, self.seen[-2000:])) from None

    def raw(self):
        return not modes(self.slave)[3] & termios.ICANON

    def end(self, seconds=WAIT):
        """Its exit status; the terminal must be as it was."""
        try:
            code = self.proc.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(self.seen[-2000:]) from None
        # What it has written last is read when what we write behind it is.
        os.write(self.slave, LAST)
        self.until(LAST)
        self.seen = self.seen.replace(LAST, b"")
        assert modes(self.slave) == self.before
        return code

    def close(self):
        self.closed.set()
        self.thread.join(10)
        if self.proc.poll() is None:
            self.proc.kill()
            self.proc.wait()
        os.close(self.master)
        os.close(self.slave)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Request:
    def __init__(self, sock):
        self.sock = sock
        data = b""
        while b"\r\n\r\n" not in data:
            got = sock.recv(65536)
            if not got:
                raise ConnectionError
            data += got
        self.head, body = data.split(b"\r\n\r\n", 1)
        self.head += b"\r\n\r\n"
        lines = self.head.decode().split("\r\n")
        self.method, self.target = lines[0].split()[:2]
        self.headers = {k.lower(): v.strip() for k, v in
                        (li.split(":", 1) for li in lines[1:] if li)}
        want = int(self.headers.get("content-length", 0))
        while len(body) < want:
            body += sock.recv(65536)
        self.body = body

    def answer(self, status, body=b"", headers=()):
        if isinstance(body, dict):
            body = json.dumps(body).encode()
        lines = ["HTTP/1.1 %d X" % status, "Content-Length: %d" % len(body),
                 *headers]
        self.sock.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    def error(self, status, code, message):
        self.answer(status, {"error": {"code": code, "message": message}})

    def upgrade(self, **attached):
        """The WebSocket, after its first message."""
        ws = Socket(self)
        ws.say(**{"type": "attached", "session": SID, "offset": 0,
                  "cols": 80, "rows": 24, "mode": "rw", **attached})
        return ws


class Socket:
    """The server's side of a WebSocket, by the library."""

    def __init__(self, req, subprotocols=("terminal.v1",)):
        self.sock = req.sock
        self.conn = ServerConnection(subprotocols=list(subprotocols))
        self.conn.receive_data(req.head)
        request = self.conn.events_received()[0]
        self.conn.send_response(self.conn.accept(request))
        self.frames = []
        self.flush()

    def flush(self):
        for data in self.conn.data_to_send():
            if data:
                self.sock.sendall(data)

    def say(self, **message):
        self.conn.send_text(json.dumps(message).encode())
        self.flush()

    def send(self, data):
        for i in range(0, len(data), 16384):
            self.conn.send_binary(data[i:i + 16384])
            self.flush()

    def close(self, code, reason=""):
        self.conn.send_close(code, reason)
        self.flush()

    def recv(self):
        """The next frame as (opcode, data); None at the end."""
        while not self.frames:
            data = self.sock.recv(65536)
            if not data:
                return None
            self.conn.receive_data(data)
            self.flush()
            self.frames += self.conn.events_received()
        frame = self.frames.pop(0)
        return frame.opcode, frame.data

    def input(self, want):
        """Wait for bytes, acknowledged as they come; texts in between."""
        got, texts, total = b"", [], 0
        while want not in got:
            frame = self.recv()
            assert frame is not None, (got, texts)
            if frame[0] == Opcode.TEXT:
                texts.append(json.loads(frame[1]))
            elif frame[0] == Opcode.BINARY:
                got += frame[1]
                total += len(frame[1])
                with contextlib.suppress(InvalidState):     # it has closed
                    self.say(type="accepted", bytes=total)
        return got, texts

    def end(self):
        """Read until the client is gone."""
        with contextlib.suppress(OSError):
            while self.recv() is not None:
                pass


class Gateway:
    """Each connection is one call of the next of answers; the last one
    answers all that follow."""

    def __init__(self, *answers, wrap=None):
        self.answers = list(answers)
        self.wrap = wrap
        self.requests = []
        self.errors = []
        self.threads = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = "http://127.0.0.1:%d" % self.port
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            answer = self.answers[0]
            if len(self.answers) > 1:
                self.answers.pop(0)
            t = threading.Thread(target=self.one, args=(sock, answer),
                                 daemon=True)
            t.start()
            self.threads.append(t)

    def one(self, sock, answer):
        try:
            sock.settimeout(WAIT)
            if self.wrap is not None:
                sock = self.wrap(sock)
            if getattr(answer, "raw", False):
                answer(sock)
            else:
                req = Request(sock)
                self.requests.append(req)
                answer(req)
        except OSError:
            pass                        # a client may leave as it likes
        except BaseException as e:      # shown by the test that ends us
            self.errors.append(e)
        finally:
            sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # A thread in accept(2) is not woken by close(2) alone.
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for t in self.threads:
            t.join(WAIT)
        if self.errors:
            raise self.errors[0]


def raw(answer):
    """For an answer that takes the socket itself."""
    answer.raw = True
    return answer


def create(req):
    """The first request of an attachment to a sandbox."""
    assert req.method == "POST", req.target
    req.answer(201, {"id": SID, "sandbox": "demo", "state": "running",
                     "offset": 0})


# gatewayctl attach as tests start it.


def short(value):
    """What a test is called by: no random bytes."""
    return value if isinstance(value, str) and len(value) < 50 else "_"


def run(token, url, target=SID, *flags, data=None, **kw):
    """Without a terminal."""
    kw.setdefault("stdin", subprocess.PIPE if data is not None else
                  subprocess.DEVNULL)
    proc = subprocess.Popen(
        [CTL, "attach", *flags, "-t", str(token), url, target],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, **kw)
    out, err = proc.communicate(data, timeout=120)
    proc.out, proc.err = out, err
    return proc


def term(token, url, target=SID, *flags, **kw):
    return Terminal(CTL, "attach", *flags, "-t", token, url, target, **kw)


def failed(proc, code, text):
    assert proc.returncode == code, proc.err
    assert text in proc.err.decode()
    assert proc.err.count(b"\n") == 1
    assert proc.out == b""


def finish(ws, **how):
    ws.say(type="exit", **how)
    ws.close(1000, "exit")
    ws.end()


def after(*frames, **attached):
    """An answer that is right until it is attached."""
    def answer(req):
        ws = req.upgrade(**attached)
        ws.sock.sendall(b"".join(frames))
        ws.end()
    return answer


def text(data):
    data = json.dumps(data).encode() if isinstance(data, dict) else data
    head = b"\x81" + (bytes([len(data)]) if len(data) < 126 else
                      b"\x7e" + struct.pack(">H", len(data)))
    return head + data
