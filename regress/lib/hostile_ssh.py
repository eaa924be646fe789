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
SSH servers that misbehave, in a process of their own, for tests.

	with Peer() as peer:
		end = peer.server(hang="kex")
		...  # connect to end.port
		end.event("hang")

Each server is a port of loopback with one way of behaving.  Key exchange and
ciphers are paramiko's; every message above them is made here, right or wrong.
proxy() is a port that passes bytes on to another, and cuts where it is told.
What happens there comes back as events, so a test can wait for it.
"""

import collections
import contextlib
import ctypes
import json
import os
import queue
import random
import socket
import struct
import subprocess
import sys
import threading
import time

# The messages that are made here, by their names in RFC 4250.
DISCONNECT, IGNORE, UNIMPLEMENTED, DEBUG, SERVICE, ACCEPT, EXT_INFO = range(
    1, 8)
AUTH, AUTH_FAILURE, AUTH_SUCCESS, AUTH_BANNER = range(50, 54)
PK_OK = INFO_REQUEST = 60
INFO_RESPONSE = 61
GLOBAL = 80
OPEN, OPENED, OPEN_FAILURE, ADJUST, DATA, EXTENDED, EOF, CLOSE, REQUEST, \
    SUCCESS, FAILURE = range(90, 101)

HANGS = ("accept", "version", "kexinit", "kex", "newkeys", "service", "auth",
         "open", "pty", "shell")


def text(*parts):
    """Fields of a message: int, bool, bytes of a string; a list holds bytes
    that go as they are."""
    out = b""
    for p in parts:
        if isinstance(p, bool):
            out += b"\1" if p else b"\0"
        elif isinstance(p, int):
            out += struct.pack(">I", p)
        elif isinstance(p, list):
            out += b"".join(p)
        else:
            out += struct.pack(">I", len(p)) + p
    return out


class Fields:
    """The same way back."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def raw(self, n):
        self.at += n
        return self.data[self.at - n:self.at]

    def int(self):
        return struct.unpack(">I", self.raw(4))[0]

    def bool(self):
        return self.raw(1) != b"\0"

    def str(self):
        return self.raw(self.int())


# The side of the tests.

class End:
    """One server of the process, and what has happened there."""

    def __init__(self, peer, port, spec):
        self.peer, self.port, self.spec = peer, port, spec
        self.events = []
        self.changed = threading.Condition()

    def add(self, event):
        with self.changed:
            self.events.append(event)
            self.changed.notify_all()

    def find(self, name, **fields):
        return [e for e in self.events if e["event"] == name and
                fields.items() <= e.items()]

    def event(self, name, count=1, **fields):
        """Wait for so many of them; the last one."""
        from clients import WAIT
        with self.changed:
            if not self.changed.wait_for(
                    lambda: len(self.find(name, **fields)) >= count, WAIT):
                raise AssertionError("no %s in %r" % (name, self.events))
        return self.find(name, **fields)[-1]

    def box(self, **more):
        return {"ssh": ("127.0.0.1", self.port), "ssh_user": "someone",
                "host_keys": [self.peer.pin], "raw": True, **more}

    def order(self, **what):
        self.peer.order(port=self.port, **what)


class Peer:
    program = os.path.abspath(__file__)

    def __init__(self):
        from sshd import fingerprint, keygen
        import tempfile
        self.dir = tempfile.mkdtemp(prefix="gwpeer")
        self.key = keygen(self.dir + "/host")
        self.pin = fingerprint(self.key)
        self.ends = {}
        self.answers = queue.Queue()
        self.log = open(self.dir + "/log", "wb")
        self.proc = subprocess.Popen(
            [sys.executable, self.program, self.key],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.proc.stdout:
            event = json.loads(line)
            if "event" not in event:
                self.answers.put(event["port"])
            elif event["port"] in self.ends:
                self.ends[event["port"]].add(event)

    def order(self, **what):
        self.proc.stdin.write(json.dumps(what).encode() + b"\n")
        self.proc.stdin.flush()

    def server(self, **spec):
        """A server; what spec may have is said at class Server."""
        from clients import WAIT
        self.order(serve=spec)
        port = self.answers.get(timeout=WAIT)
        self.ends[port] = End(self, port, spec)
        return self.ends[port]

    def proxy(self, to, **spec):
        """Towards that port; cut is how many bytes pass, way "down" or "up"
        says which are counted, buffers is the size of those of sockets.
        cuts has such numbers for one connection after the other: [bytes,
        way, whether it ends with a reset]."""
        return self.server(proxy=to, **spec)

    def stop(self):
        from clients import WAIT
        self.proc.stdin.close()
        self.proc.wait(WAIT)
        self.reader.join(WAIT)
        self.proc.stdout.close()
        self.log.close()
        import shutil
        shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


# The side of the process.

out = threading.Lock()
ends = {}


def say(**what):
    with out:
        sys.stdout.write(json.dumps(what) + "\n")
        sys.stdout.flush()


def quietly(what, *args):
    with contextlib.suppress(OSError, EOFError):
        what(*args)


class Listener:
    def __init__(self, key, spec):
        self.key, self.spec = key, spec
        self.sock = socket.socket()
        if "buffers" in spec:
            for opt in (socket.SO_RCVBUF, socket.SO_SNDBUF):
                self.sock.setsockopt(socket.SOL_SOCKET, opt, spec["buffers"])
        self.sock.bind(("127.0.0.1", 0))
        self.sock.listen(200)
        self.port = self.sock.getsockname()[1]
        self.conns = []
        self.cuts = iter(spec.get("cuts", ()))
        threading.Thread(target=self.run, daemon=True).start()

    def say(self, event, **what):
        say(port=self.port, event=event, **what)

    def run(self):
        while True:
            conn, _ = self.sock.accept()
            conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.conns.append(conn)
            self.say("accepted")
            threading.Thread(target=self.serve, args=(conn,),
                             daemon=True).start()

    def serve(self, conn):
        if "proxy" in self.spec:
            quietly(proxy, self, conn)
        elif before(self, conn):
            Server(self, conn).serve()

    def order(self, what):
        if what == "cut":
            for c in self.conns:
                quietly(c.shutdown, socket.SHUT_RDWR)
        elif what == "reset":
            abort(*self.conns)


def abort(*conns):
    """End them with a reset.  Another thread may be within a call on one,
    so that close() would not; an address of no family ends it at once."""
    for c in conns:
        if c.fileno() != -1:
            ctypes.CDLL(None).connect(c.fileno(), bytes(16), 16)


def before(end, conn):
    """What comes before SSH does; False if it never does."""
    spec = end.spec
    hang, garbage = spec.get("hang"), spec.get("garbage")
    if hang == "accept":
        return hold(end, conn, b"")
    if hang == "version":
        return hold(end, conn, b"SSH-2.0-slow\r\n")
    if garbage is None:
        return True
    noise = random.Random(spec.get("seed", 1))
    size = spec.get("size", 100000)
    try:
        if garbage == "lines":		# RFC 4253 4.2 allows them
            conn.sendall(b"".join(b"Welcome, line %d\r\n" % i
                                  for i in range(spec.get("lines", 10))))
            return True
        if garbage == "http":
            conn.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        elif garbage == "before":
            conn.sendall(noise.randbytes(size))
        elif garbage == "line":		# without an end
            for _ in range(0, size, 65536):
                conn.sendall(b"x" * 65536)
        elif garbage == "banner":
            conn.sendall(b"SSH-2.0-")
            for _ in range(0, size, 65536):
                conn.sendall(b"x" * 65536)
            conn.sendall(b"\r\n")
        elif garbage == "endless":
            while True:
                conn.sendall(b"Welcome\r\n" * 7000)
        elif garbage == "after":
            conn.sendall(b"SSH-2.0-noise\r\n" + noise.randbytes(size))
        elif garbage == "version":
            conn.sendall(b"SSH-1.5-old\r\n")
        elif garbage == "length":	# a first packet of 4 GB
            conn.sendall(b"SSH-2.0-long\r\n\xff\xff\xff\xff\x04" +
                         noise.randbytes(size))
        elif garbage == "kexinit":	# lists of nothing, lengths of all
            body = b"\x14" + noise.randbytes(16) + b"\xff\xff\xff\xf0" * 10
            body += bytes(-(len(body) + 5) % 8 + 8)
            conn.sendall(b"SSH-2.0-lists\r\n" + struct.pack(
                ">IB", len(body) + 1, 4) + body)
        elif garbage == "reset":
            conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                            b"\1\0\0\0\0\0\0\0")
            conn.close()
            return False
        end.say("sent")
    except OSError:
        end.say("refused")
    if spec.get("stay", True):
        return hold(end, conn, b"")
    conn.close()
    return False


def hold(end, conn, data):
    """Say that, then nothing, until the other end leaves."""
    conn.sendall(data)
    end.say("hang")
    with contextlib.suppress(OSError):
        while conn.recv(65536):
            continue
    end.say("left")
    return False


def proxy(end, conn):
    """Pass bytes on, until so many went that way; then both ends see an end
    or a reset."""
    spec = end.spec
    to = socket.socket()
    if "buffers" in spec:
        for opt in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            to.setsockopt(socket.SOL_SOCKET, opt, spec["buffers"])
    to.connect(("127.0.0.1", spec["proxy"]))
    to.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    cut = [spec.get("cut"), spec.get("way", "down"), False]
    if "cuts" in spec:
        cut = next(end.cuts)
    moved = {"up": 0, "down": 0}
    size = spec.get("buffers", 65536)

    def one_way(src, dst, way):
        left = cut[0] if way == cut[1] else None
        try:
            while left is None or left > 0:
                data = src.recv(size)[:left]
                moved[way] += len(data)
                if not data:
                    break
                dst.sendall(data)
                left = None if left is None else left - len(data)
        except OSError:
            # The reset of one end is one for the other.
            abort(conn, to)
            return
        if left is None:
            quietly(dst.shutdown, socket.SHUT_WR)
            return
        end.say("cut", **moved)
        if cut[2]:
            abort(conn, to)
        for s in (conn, to):
            quietly(s.shutdown, socket.SHUT_RDWR)
    other = threading.Thread(target=one_way, args=(to, conn, "down"))
    other.start()
    one_way(conn, to, "up")
    other.join()
    conn.close()
    to.close()
    end.say("over", **moved)


def transport():
    """paramiko's, with our handlers; a function, since only the process of
    the servers needs paramiko."""
    import paramiko

    class Transport(paramiko.Transport):
        def _ensure_authed(self, ptype, message):
            return None

        def _parse_kex_init(self, m):
            self.owner.step("kexinit")
            super()._parse_kex_init(m)
            if self.owner.hang == "kex":
                # It takes the client's half, and has none of its own.
                self.kex_engine.parse_next = lambda *_: \
                    self.owner.step("kex")

        def _activate_outbound(self):
            self.owner.step("newkeys")
            super()._activate_outbound()

    return paramiko, Transport


class Server:
    """
    What spec may have, all of it optional:

    hang		of HANGS: there it falls silent
    auth		methods with their words, "password:x"; default "none"
    stages		lists like auth, of each of which one is needed
    shown		answers to its questions are to be seen when typed
    refuse		"open", "pty", "shell"
    after		a method of this class that runs with the shell
    window, packet	what it offers the client; default 1 MiB, 32 KiB
    piece		the size of its own data messages
    rekey		bytes until it wants other keys
key		the path of a host key, else the one of all
    banner		text before authentication
    """

    def __init__(self, end, conn):
        paramiko, kind = transport()
        self.end, self.spec, self.say = end, end.spec, end.say
        self.hang = self.spec.get("hang")
        self.conn = conn
        t = self.t = kind(conn)
        t.owner = self
        t._handler_table = {**t._handler_table}
        for number, method in (
                (SERVICE, self.on_service), (AUTH, self.on_auth),
                (INFO_RESPONSE, self.on_info), (OPEN, self.on_open),
                (ADJUST, self.on_adjust), (DATA, self.on_data),
                (EOF, self.on_nothing), (CLOSE, self.on_close),
                (REQUEST, self.on_request), (GLOBAL, self.on_global),
                (OPEN_FAILURE, self.on_refused), (OPENED, self.on_agreed),
                (SUCCESS, self.on_nothing), (FAILURE, self.on_nothing),
                (UNIMPLEMENTED, self.on_nothing)):
            t._handler_table[number] = self.handler(method)
        path = self.spec.get("key", end.key)
        t.add_server_key((paramiko.Ed25519Key if "ed25519" in open(
            path + ".pub").read() else paramiko.ECDSAKey)(filename=path))
        if "rekey" in self.spec:
            t.packetizer.REKEY_BYTES = self.spec["rekey"]
        self.remote = None		# the client's number of the channel
        self.window = 0			# what it lets us send
        self.credit = threading.Condition()
        self.queue = queue.Queue()	# messages to send, None: end
        self.echo = collections.deque()
        self.answers = None		# keyboard-interactive
        self.stage = 0
        self.env = {}
        self.counts = collections.Counter()

    @staticmethod
    def handler(method):
        return lambda _, m: method(Fields(m.get_remainder()))

    def step(self, name):
        """Stay here if this is the place to."""
        if self.hang == name:
            self.say("hang")
            # Nobody wakes us: the listener closes what it has at the end.
            threading.Event().wait()

    def serve(self):
        threading.Thread(target=self.writer, daemon=True).start()
        self.t.start_server(event=threading.Event(), server=None)
        self.t.join()
        self.say("over")
        self.queue.put(None)
        with self.credit:
            self.credit.notify_all()

    # Sending.  One thread does, so that no reader waits for a new key.

    def send(self, number, *fields):
        self.queue.put((number, text(*fields)))

    def writer(self):
        from paramiko import Message
        while True:
            item = self.queue.get()
            if item is None:
                return
            if callable(item):
                item()
                continue
            try:
                self.t._send_user_message(Message(bytes([item[0]]) + item[1]))
            except Exception as e:	# noqa: BLE001
                self.say("unsent", why=str(e))
                return

    def push(self, number, *fields):
        """Send at once, from a thread of ours; False if it is over."""
        from paramiko import Message
        if not self.t.is_active():
            return False
        try:
            self.t._send_user_message(Message(bytes([number]) + text(
                *fields)))
        except Exception:		# noqa: BLE001
            return False
        return self.t.is_active()

    def data(self, what):
        """Output, in pieces, as far as the client's window goes."""
        piece = self.spec.get("piece", 32768)
        while what:
            with self.credit:
                if not self.credit.wait_for(
                        lambda: self.window > 0 or not self.t.is_active(),
                        60) or not self.t.is_active():
                    return False
                n = min(len(what), piece, self.window)
                self.window -= n
            if not self.push(DATA, self.remote, what[:n]):
                return False
            what = what[n:]
        return True

    # Before the channel.

    def on_service(self, f):
        self.step("service")
        self.send(ACCEPT, f.str())

    def on_auth(self, f):
        user, _, method = (f.str().decode() for _ in range(3))
        self.say("auth", method=method, user=user)
        self.step("auth")
        want = self.wanted()
        if "banner" in self.spec:
            self.send(AUTH_BANNER, self.spec["banner"].encode(), b"")
        flood = self.spec.get("flood")
        if flood == "banner":
            while self.push(AUTH_BANNER, b"x" * 30000, b""):
                continue
        elif flood == "ask" and method in want:
            self.send(INFO_REQUEST, b"", b"", b"", 1, b"again? ", False)
        elif flood == "prompts" and method in want:
            self.send(INFO_REQUEST, b"", b"", b"", 0xffffffff)
        elif flood == "unasked":
            self.send(AUTH_SUCCESS)
        elif method == "password" and method in want:
            f.bool()
            word = f.str().decode()
            self.decide(word == want[method], want)
        elif method == "publickey" and method in want:
            signed, kind, blob = f.bool(), f.str(), f.str()
            if not signed:
                self.send(PK_OK, kind, blob)
            else:
                self.decide(want[method] != "no", want)
        elif method == "keyboard-interactive" and method in want:
            self.answers = want[method].split(",")
            self.send(INFO_REQUEST, b"", b"", b"", len(self.answers), [
                text(b"Word %d: " % i, self.spec.get("shown", False))
                for i in range(len(self.answers))])
        else:
            self.decide(method in want and method == "none", want)

    def wanted(self):
        stages = self.spec.get("stages", [self.spec.get("auth", ["none"])])
        return dict(w.partition(":")[::2] for w in stages[self.stage])

    def decide(self, good, want):
        partial = good and self.stage + 1 < len(self.spec.get("stages", ()))
        if partial:
            self.stage += 1
            want = self.wanted()
        if good and not partial:
            self.say("in")
            self.send(AUTH_SUCCESS)
        else:
            self.send(AUTH_FAILURE, ",".join(
                m for m in want if m != "none").encode(), partial)

    def on_info(self, f):
        if self.spec.get("flood") == "ask":
            self.counts["asked"] += 1
            self.say("asked", count=self.counts["asked"])
            self.send(INFO_REQUEST, b"", b"", b"", 1, b"again? ", False)
            return
        got = [f.str().decode() for _ in range(f.int())]
        self.decide(got == self.answers, {"keyboard-interactive": ""})

    # The channel.

    def on_open(self, f):
        kind, self.remote, self.window = f.str(), f.int(), f.int()
        f.int()
        self.say("open", kind=kind.decode(), window=self.window)
        self.step("open")
        if self.spec.get("refuse") == "open":
            self.send(OPEN_FAILURE, self.remote, 1, b"not here", b"")
            return
        self.send(OPENED, self.remote, 7, self.spec.get("window", 1 << 20),
                  self.spec.get("packet", 32768))

    def on_request(self, f):
        f.int()
        kind, want = f.str().decode(), f.bool()
        if kind == "env":
            self.say("env", name=f.str().decode(), value=f.str().decode())
        elif kind == "pty-req":
            self.say("pty", term=f.str().decode(), cols=f.int(),
                     rows=f.int(), width=f.int(), height=f.int(),
                     modes=f.str().hex())
            self.step("pty")
        elif kind == "window-change":
            self.say("size", cols=f.int(), rows=f.int(), width=f.int(),
                     height=f.int())
        else:
            self.say("request", kind=kind)
            if kind == "shell":
                self.step("shell")
        refused = self.spec.get("refuse") == {"pty-req": "pty"}.get(
            kind, kind)
        if want:
            self.send(FAILURE if refused else SUCCESS, self.remote)
        if kind == "shell" and not refused:
            name = self.spec.get("after", "do_echo")
            self.queue.put(lambda: threading.Thread(
                target=self.run, args=(name,), daemon=True).start())

    def run(self, name):
        self.say("shell")
        getattr(self, name)()
        self.say("done")

    def on_adjust(self, f):
        f.int()
        with self.credit:
            self.window += f.int()
            self.credit.notify_all()

    def on_data(self, f):
        f.int()
        got = f.str()
        self.counts["in"] += len(got)
        self.echo.append(got)
        with self.credit:
            self.credit.notify_all()
        window = self.spec.get("window", 1 << 20)
        if "adjust" in self.spec:
            self.send(ADJUST, self.remote, self.spec["adjust"])
        elif window < 1 << 20 or self.counts["in"] % (1 << 19) < len(got):
            self.send(ADJUST, self.remote, len(got) if window < 1 << 20
                      else 1 << 19)

    def on_close(self, f):
        self.say("closed")
        self.send(CLOSE, self.remote)

    def on_refused(self, f):
        self.counts["refused"] += 1
        if self.counts["refused"] in (1, 10, 100):
            self.say("refused", count=self.counts["refused"])

    def on_agreed(self, f):
        self.say("agreed")

    def on_global(self, f):
        kind, want = f.str().decode(), f.bool()
        self.say("global", kind=kind)
        if want:
            self.send(82)

    def on_nothing(self, f):
        pass

    # What runs in place of a shell.

    def do_echo(self, hello=b"READY"):
        self.data(hello)
        while self.t.is_active():
            with self.credit:
                self.credit.wait_for(
                    lambda: self.echo or not self.t.is_active(), 1)
            if self.echo and not self.data(self.echo.popleft()):
                return

    def farewell(self, *requests):
        for name, fields in requests:
            self.push(REQUEST, self.remote, name, False, [fields])
        self.push(EOF, self.remote)
        self.push(CLOSE, self.remote)

    def do_no_status(self):
        self.data(b"READY")
        self.farewell()

    def do_status_0(self):
        self.data(b"READY")
        self.farewell((b"exit-status", text(0)))

    def do_status_3(self):
        self.data(b"READY")
        self.farewell((b"exit-status", text(3)))

    def do_signal(self):
        self.data(b"READY")
        self.farewell((b"exit-signal", text(b"TERM", False, b"", b"")))

    def do_absurd_signal(self):
        """Lengths that lie, or that are huge."""
        self.data(b"READY")
        self.farewell(
            (b"exit-signal", b"\xff\xff\xff\xf0TERM"),
            (b"exit-signal", b"\x7f\xff\xff\xff"),
            (b"exit-signal", b""),
            (b"exit-signal", text(b"T" * 30000, False, b"x", b"y")),
            (b"exit-signal", text(b"TERM", False, [b"\xff\xff\xff\xff"])),
            (b"exit-status", b"\0"),
            (b"exit-status", b""))

    def do_stderr(self):
        self.data(b"READY")
        self.push(EXTENDED, self.remote, 1, b"<from stderr>")
        self.push(EXTENDED, self.remote, 77, b"<from elsewhere>")
        self.do_echo(b"END")

    def flood(self, *message):
        """The same without end; says how much went every MiB."""
        self.data(b"READY")
        sent, size = 0, len(text(*message[1:]))
        while self.push(*message):
            sent += size
            if sent // (1 << 20) != (sent - size) // (1 << 20):
                self.say("flood", mib=sent >> 20)

    def do_unknown(self):
        self.flood(200, b"x" * 30000)

    def do_small_unknown(self):
        self.flood(201, b"")

    def do_other_channel(self):
        self.flood(DATA, 4711, b"x" * 30000)

    def do_ignore(self):
        self.flood(IGNORE, b"x" * 30000)

    def do_debug(self):
        self.flood(DEBUG, True, b"x" * 30000, b"")

    def do_ext_info(self):
        self.flood(EXT_INFO, 1, b"server-sig-algs", b"x" * 30000)

    def do_no_window(self):
        self.flood(DATA, self.remote, b"x" * 30000)

    def do_open_unknown(self):
        self.flood(OPEN, b"nonsense@example.org", 1, 1 << 20, 1 << 15)

    def do_ask_unread(self):
        """Requests that want an answer, which nobody reads."""
        self.data(b"READY")
        self.t._handler_table[FAILURE] = self.handler(
            lambda f: threading.Event().wait())
        self.flood(REQUEST, self.remote, b"keepalive@openssh.com", True)

    def do_open(self):
        """Channels that nobody asked for."""
        for i in range(100):
            kind = (b"x11", b"forwarded-tcpip", b"auth-agent@openssh.com",
                    b"direct-tcpip", b"session")[i % 5]
            more = {b"x11": text(b"127.0.0.1", 6000),
                    b"forwarded-tcpip": text(b"127.0.0.1", 22, b"127.0.0.1",
                                             4711),
                    b"direct-tcpip": text(b"127.0.0.1", 22, b"127.0.0.1",
                                          4711)}.get(kind, b"")
            self.push(OPEN, kind, 100 + i, 1 << 20, 1 << 15, [more])
        self.do_echo()

    def do_huge(self):
        """A message longer than any may be."""
        self.data(b"READY")
        self.push(DATA, self.remote, b"x" * 300000)
        self.do_echo(b"")

    def do_noise(self):
        """Bytes on the wire that no key has made."""
        self.data(b"READY")
        quietly(self.conn.sendall, random.Random(2).randbytes(100000))
        self.do_echo(b"")

    def do_goodbye(self):
        self.data(b"READY")
        self.push(DISCONNECT, 11, b"bye\r\n\x1b[31m forged: line\n" +
                  b"y" * 3000, b"")

    def do_overflow(self):
        """Windows that do not fit into 32 bits, then an echo."""
        for _ in range(3):
            self.push(ADJUST, self.remote, 0xffffffff)
        self.do_echo()

    def do_count(self):
        """Numbered lines without end."""
        i = 0
        while self.data(b"".join(b"line %d\r\n" % n
                                 for n in range(i, i + 100))):
            i += 100
            time.sleep(0.005)


def main(key):
    import logging
    logging.basicConfig(level=logging.ERROR)
    # All that is to be loaded: the first client has no time for that.
    transport()
    for line in sys.stdin:
        what = json.loads(line)
        if "serve" in what:
            end = Listener(key, what["serve"])
            ends[end.port] = end
            say(port=end.port)
        else:
            ends[what["port"]].order(what["do"])
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
