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
Sessions and their clients in bad luck: processes that are killed under them,
clients that type at once, read nothing or come too late, and programs that
print more than anybody wants.

What can break: a byte that is lost, or comes twice, or among others; a
request that is never answered; memory that grows with what nobody reads; a
shell that waits for a client for ever; an end that somebody does not hear of.
"""

import base64
import concurrent.futures
import hashlib
import http.client
import itertools
import json
import os
import random
import re
import select
import signal
import socket
import threading
import time

import pytest

import daemon as lib
from clients import BINARY, Http, Native, Sse, bearer, frame_bytes, wait_for
from daemon import RAW, ROOT, SAN
from events import Cut, EventSource

MIB = 1 << 20
KILLS = 20 if SAN else 100

# Numbered lines, of 500 bytes each, a hundred a second.
COUNT = ("$| = 1; for (;;) { print 'line ', $i++, ' ', 'x' x 490, qq(\\n); "
         "select undef, undef, undef, 0.01 }")
# Prints as many bytes as it is told, all of them different, then waits.
FLOOD = """
import os, tty
tty.setraw(0)
os.write(1, b"READY")
n = int(os.read(0, 100))
for i in range(0, n // 9, 100000):
    out = b"".join(b"%08d." % j for j in range(i, min(n // 9, i + 100000)))
    while out:
        out = out[os.write(1, out):]
os.write(1, b"DONE")
os.read(0, 1)
"""
# Says its size whenever it hears of another.
WINCH = """
import os, signal, tty
tty.setraw(0)
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGWINCH])
os.write(1, b"READY")
while True:
    signal.sigwait([signal.SIGWINCH])
    os.write(1, b"<%d %d>" % tuple(os.get_terminal_size(0)))
"""
BOXES = {
    "demo": {"pty": ["/bin/sh"]},
    "cat": {"pty": ["/bin/sh", "-c", RAW + "exec cat"]},
    "line": {"pty": ["/bin/sh", "-c", RAW + "read x; printf bye; exit 7"]},
    "late": {"pty": ["/bin/sh", "-c", "printf 'last words'; exit 7"]},
    "count": {"pty": ["/usr/bin/perl", "-e", COUNT]},
    "flood": {"script": FLOOD},
    "winch": {"script": WINCH},
}
LIMITS = ["limit sessions per sandbox 100", "limit sessions per principal 200",
          "limit viewers per session 100"]


def numbered(n):
    return b"READY" + b"".join(b"%08d." % i for i in range(n // 9)) + b"DONE"


@pytest.fixture(scope="module")
def own():
    """A daemon whose clients may hold back output for ever; and a session
    that has ended, for the last test."""
    d = lib.Daemon(BOXES, lines=LIMITS + ["timeout stalled 3600"])
    d.ended = time.monotonic()		# not before that
    d.late = d.native_open("late")
    wait_for(lambda: d.native_status(d.late)["state"] == "exited")
    yield d
    d.stop()


@pytest.fixture
def d(own):
    yield own
    own.clear()


@pytest.fixture(scope="module")
def brief():
    """One whose clients may hold it back for two seconds only."""
    d = lib.Daemon(BOXES, lines=LIMITS + ["timeout stalled 2"])
    yield d
    d.stop()


def upgrade(d, sid, query="", headers=None, **kw):
    return Native(d.port, "/v1/sessions/%s/attach%s" % (sid, query),
                  bearer(d.token()) if headers is None else headers, **kw)


def attach(d, sid, query="", **kw):
    n = upgrade(d, sid, query, **kw)
    assert n.status == 101, n.response.body
    return n


def output(d, sid, query="", port=None, headers=None, **kw):
    return EventSource(port or d.port, "/v1/sessions/%s/output%s" % (
        sid, query), bearer(d.token()) if headers is None else headers, **kw)


def together(calls):
    """Call all of them at the same time."""
    gate = threading.Barrier(len(calls))

    def call(f):
        gate.wait()
        return f()
    with concurrent.futures.ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(call, calls))


# Frontends that die

class Watch:
    """A client that sees every number, or it is wrong."""

    def __init__(self, client, text=None):
        self.client, self.text = client, text
        self.buf, self.next = b"", None

    def pump(self):
        c = self.client
        if self.text is None:
            c.pump()
            self.buf += c.out
            c.out = b""
            c.frames.clear()
            assert not c.eof, c.close_frame
        else:
            for event in c.pump():
                self.buf += self.text(*event)
            assert not c.closed
        self.check()

    def check(self):
        *lines, self.buf = self.buf.split(b"\n")
        for line in lines:
            if self.next is None:
                self.next = int(line.split()[1])
            assert line == b"line %d %s\r" % (self.next, b"x" * 490)
            self.next += 1


def encoded(name, data, ident):
    return b"" if name == "connected" else base64.b64decode(data)


def watch(d):
    """Three clients of each dialect."""
    auth = bearer(d.token())
    sid, native = d.open("count"), d.native_open("count")
    both = [Watch(d.ws(sid)), Watch(d.ws(sid)),
            Watch(d.tty_ws("count")), Watch(d.tty_ws("count", kind="pty")),
            Watch(d.tty_ws("count", "sessionId=another")),
            Watch(attach(d, native)), Watch(attach(d, native, "?mode=ro")),
            Watch(EventSource(d.port, "/ssh/stream/" + sid, auth, False),
                  encoded),
            Watch(EventSource(d.port, "/tty/count/stream", auth, False),
                  lambda name, data, _: json.loads(data)["data"].encode()),
            Watch(output(d, native, again=False), encoded)]
    return both


class Caller(threading.Thread):
    """One request after another; those that were cut off, or could not be
    served, are made once more."""

    def __init__(self, d, number):
        super().__init__(daemon=True)
        self.d, self.number = d, number
        self.auth = bearer(d.token())
        self.http = None
        self.ending = False
        self.trouble = None
        self.cut = self.told = 0
        self.typed = {}			# how often, maybe
        self.sid = d.native_open("cat")
        n = attach(d, self.sid)
        n.until(b"READY")
        n.bye()
        self.start()

    def ask(self, method, path, body=None):
        """The answer, and how often it was asked for."""
        end = time.monotonic() + lib.WAIT
        for n in itertools.count(1):
            assert time.monotonic() < end, (method, path)
            try:
                self.http = self.http or Http(self.d.port)
                answer = self.http.ask(method, path, body, self.auth)
            except TimeoutError:
                raise			# never answered
            except (OSError, http.client.HTTPException):
                self.http.close()
                self.http = None
                self.cut += 1
                continue
            if answer.status not in (429, 502, 503, 504):
                return answer, n
            assert answer.json["error"]["message"]
            self.told += answer.status != 429
            time.sleep(0.02)

    def round(self, i):
        path = "/v1/sessions/" + self.sid
        answer, n = self.ask("POST", path + "/input", b"<%d>" % i)
        assert answer.status == 204
        self.typed[i] = n
        answer, _ = self.ask("GET", path)
        assert answer.status == 200 and answer.json["id"] == self.sid
        answer, _ = self.ask("GET", "/v1/sandboxes/cat/sessions")
        assert answer.status == 200
        assert self.sid in [s["id"] for s in answer.json]
        if i % 5 == 0:
            self.named("n-%d-%d" % (self.number, i))

    def named(self, name):
        """However often it is asked for, it is one session."""
        path, body = "/v1/sandboxes/line/sessions", '{"name":"%s"}' % name
        a, n = self.ask("POST", path, body)
        assert a.status == 201 or n > 1 and a.status == 200, a
        b, _ = self.ask("POST", path, body)
        assert b.status == 200 and a.json["id"] == b.json["id"]
        c, n = self.ask("DELETE", "/v1/sessions/" + a.json["id"])
        assert c.status == 204 or n > 1 and c.status == 404, c

    def run(self):
        try:
            for i in itertools.count():
                if self.ending:
                    break
                self.round(i)
        except Exception as e:		# noqa: BLE001
            self.trouble = e

    def done(self):
        """All that was taken was typed, once if it was asked for once."""
        self.ending = True
        self.join(2 * lib.WAIT)
        assert not self.is_alive()
        if self.trouble is not None:
            raise self.trouble
        n = attach(self.d, self.sid, "?offset=5")
        n.until(b"<%d>" % max(self.typed))
        n.sync()
        assert re.fullmatch(rb"(<\d+>)+", n.out)
        found = [int(i) for i in re.findall(rb"\d+", n.out)]
        assert found == sorted(found)
        for i, asked in self.typed.items():
            assert 1 <= found.count(i) <= asked
        n.drop()


def frontends(d):
    return {pid for pid, _ in lib.tree(d.proc.pid)
            if lib.command(pid) == "gatewayd: frontend"}


def kill_frontends(d, what=lambda: None):
    """And wait for others, calling what() all the time."""
    killed = frontends(d)
    assert len(killed) == d.frontends
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    # The first of the others may be there before the last one is killed.
    wait_for(lambda: what() or len(frontends(d) - killed) == d.frontends,
             every=0.01)
    wait_for(lambda: what() or ready(d), every=0.01)


def ready(d):
    try:
        return d.ready()
    except http.client.HTTPException:
        return False


def test_all_frontends_die(start):
    """Again and again, as soon as there are new ones."""
    d = start(BOXES, lines=LIMITS)
    d.faults = True
    clients, callers = watch(d), [Caller(d, i) for i in range(4)]
    workers = {box: d.worker(box) for box in ("count", "cat")}

    def pump():
        for c in clients:
            c.pump()

    began = time.monotonic()
    for _ in range(KILLS):
        kill_frontends(d, pump)
    print("%d times in %.1f s" % (KILLS, time.monotonic() - began))
    goal = [c.next + 20 for c in clients]
    wait_for(lambda: pump() or all(
        c.next >= g for c, g in zip(clients, goal)))
    for caller in callers:
        caller.done()
    assert workers == {box: d.worker(box) for box in workers}
    assert not d.native_list("line")
    print("requests cut off %d, refused %d" % (
        sum(c.cut for c in callers), sum(c.told for c in callers)))
    for c in clients:
        c.client.drop()


def test_ticket_of_another_frontend(start):
    """It is good at all of them, and at all of them together once."""
    d = start(BOXES, frontends=4)
    d.faults = True
    sid = d.native_open("cat")
    for _ in range(5):
        ticket = d.ticket(session=sid)
        # Whoever has asked for it is no more.
        kill_frontends(d)
        got = together([lambda: upgrade(
            d, sid, "?ticket=" + ticket, headers={})] * 8)
        assert sorted(n.status for n in got) == [101] + [401] * 7
        for n in got:
            n.drop()
    # Nor is one for another session good for this, whoever is asked.
    other = d.native_open("cat")
    for _ in range(8):
        n = upgrade(d, sid, "?ticket=" + d.ticket(session=other), headers={})
        assert n.status in (401, 404)


# Clients that type at once

def pieces(name, n, most):
    """Messages that tell whether they are whole."""
    rnd = random.Random(name)
    for i in range(n):
        text = b"%c" % name * rnd.choice([1, 9, 1000, most // 2, most])
        yield b"[%c%d.%d:%s]" % (name, i, len(text), text)


def typists(kind, d):
    """Three ways to type, each with the length of its longest message, and
    a reader of all of it."""
    if kind == "terminal":
        sid = d.native_open("cat")
        a, b, reader = (attach(d, sid) for _ in range(3))
        path = "/v1/sessions/%s/input" % sid
        types = a.type, b.type
    else:
        a, b, reader = (d.tty_ws("cat") for _ in range(3))
        path = "/tty/cat/input"
        types = a.text, b.text
    return {b"a"[0]: (types[0], 65000), b"b"[0]: (types[1], 30000),
            b"c"[0]: (lambda data: post(d, path, data), 4000)}, \
        reader, (a, b)


def post(d, path, data):
    while True:
        answer = d.ask("POST", path, data)
        if answer.status != 429:
            assert answer.status == 204, answer
            return
        time.sleep(0.05)


@pytest.mark.parametrize("kind", ["terminal", "tty"])
def test_typed_at_once(d, kind):
    """Each message in one piece, those of one client in their order."""
    ways, reader, others = typists(kind, d)
    reader.until(b"READY")
    sent = {name: list(pieces(name, 40 if most == 4000 else 100, most))
            for name, (_, most) in ways.items()}

    def type(name):
        for piece in sent[name]:
            ways[name][0](piece)
    threads = [threading.Thread(target=type, args=(name,), daemon=True)
               for name in ways]
    for t in threads:
        t.start()
    reader.has(5 + sum(len(p) for s in sent.values() for p in s))
    for t in threads:
        t.join(lib.WAIT)
    got = re.findall(rb"\[[^]]*\]", reader.out)
    assert b"".join(got) == reader.out[5:]
    for name in ways:
        assert [p for p in got if p[1] == name] == sent[name]
    for ws in (reader, *others):
        ws.drop()


def test_typed_before_there_is_a_shell(start):
    """A host that never says a word: what waits for it is bounded."""
    with socket.create_server(("127.0.0.1", 0)) as host:
        d = start({"slow": {
            "ssh": host.getsockname(), "ssh_user": "x", "password": b"x",
            "host_keys": ["SHA256:" + "A" * 43]}})
        for c in (d.tty_ws("slow"), d.tty_ws("slow", "sessionId=another")):
            c.sock.setblocking(False)
            part, sent = frame_bytes(BINARY, bytes(60000)) * 16, 0
            while sent < 64 * MIB:
                try:
                    sent += c.sock.send(part[sent % len(part):])
                except BlockingIOError:
                    if not select.select([], [c.sock], [], 1)[1]:
                        break
            assert sent < 32 * MIB
            if ROOT and not SAN:
                assert lib.memory(d.worker("slow")) < 24 * MIB
            c.drop()


# Clients that read nothing

def begin(d, kind, **kw):
    """A session that waits for a number, and a client of it."""
    if kind == "tty":
        ws = d.tty_ws("flood", **kw)
        ws.until(b"READY")
        return ws, lambda: d.tty_ws("flood", rcvbuf=4096)
    sid = d.native_open("flood")
    ws = attach(d, sid, **kw)
    ws.until(b"READY")
    ws.sid = sid
    return ws, lambda: attach(d, sid, "?mode=" + kind, rcvbuf=4096)


@pytest.mark.parametrize("kind", ["rw", "ro", "tty"])
def test_silent_beside_a_live_one(d, kind):
    """It would hold back the output for an hour, were it alone."""
    size = (6 if SAN else 12) * MIB
    want = numbered(size)
    live, other = begin(d, kind)
    silent = other()
    wait_for(lambda: b"READY" in silent.out or silent.pump(1))
    live.text(str(size)) if kind == "tty" else live.type(str(size))
    digest = hashlib.sha256()
    live.count_only(digest.update)
    wait_for(lambda: live.pump(1) and live.count == len(want) - 5, every=0)
    assert digest.digest() == hashlib.sha256(want[5:]).digest()
    # What it gets in the end is right, or it is told.
    if kind == "tty":
        assert silent.closed() in (None, (1013, "too slow"))
        assert want.startswith(silent.out)
    else:
        wait_for(lambda: silent.pump(1) and silent.offset == len(want),
                 every=0)
        assert silent.gaps and not live.gaps
        assert silent.out == without(want, silent.gaps)
        silent.drop()
    live.drop()


def without(want, gaps):
    for start, end in reversed(gaps):
        want = want[:start] + want[end:]
    return want


def up_to(ws, end):
    """The client when it has that, as output or on the screen that it is
    shown in place of what is not kept; None if it was closed before."""
    while end not in ws.out:
        if not ws.pump(lib.WAIT):
            assert ws.closed() in (None, (1013, "too slow"))
            return None
    return ws


@pytest.mark.parametrize("kind", ["rw", "tty"])
def test_silent_alone(brief, kind):
    """It holds back the output for its time, and then no more."""
    d, size = brief, 12 * MIB
    want = numbered(size)
    silent, _ = begin(d, kind, rcvbuf=4096)
    began = time.monotonic()
    silent.text(str(size)) if kind == "tty" else silent.type(str(size))
    if kind == "tty":
        d.logged('event="detach" .*kind="tty"')
        assert time.monotonic() - began >= 2
        # There may be no way to tell it.
        assert silent.closed() in (None, (1013, "too slow"))
        assert want.startswith(silent.out)
        # The shell has gone on, and is there; who is too slow for what it
        # still prints comes again.
        ws = wait_for(lambda: up_to(d.tty_ws("flood"), b"DONE"))
        ws.type("\n")
        assert ws.closed() == (1000, "exit")
        return
    wait_for(lambda: d.native_status(silent.sid)["offset"] == len(want))
    assert time.monotonic() - began >= 2
    wait_for(lambda: silent.pump(1) and silent.offset == len(want), every=0)
    assert silent.gaps and silent.out == without(want, silent.gaps)
    silent.type("\n")
    assert silent.closed() == (1000, "exit")


@pytest.mark.large
def test_a_gigabyte_for_nobody(d):
    """The program goes on as if there were no end, and nothing grows."""
    size = 1 << 30
    sid = d.native_open(cmd="/bin/sh", args=[
        "-c", RAW + "read x; head -c %d /dev/zero; printf DONE; read x" %
        size])
    n = attach(d, sid)
    n.until(b"READY")
    n.bye()
    worker, most = d.worker("demo"), 0
    began = time.monotonic()
    assert d.native_input(sid, b"\n").status == 204

    def over():
        nonlocal most
        if ROOT:
            most = max(most, lib.memory(worker))
        return d.native_status(sid)["offset"] == size + 9
    wait_for(over, 240, 0.1)
    print("a gigabyte in %.1f s, memory %d KiB" % (
        time.monotonic() - began, most / 1024))
    assert most < 24 * MIB
    n = attach(d, sid, "?offset=5")
    (start, end), = (n.said("gap") and n.gaps)
    assert start == 5 and size + 9 - end >= MIB
    n.has(size + 9 - end)
    assert n.out == bytes(size + 5 - end) + b"DONE"
    n.drop()


# Strings without an end

@pytest.mark.parametrize("start, end", [
    (b"\x1b]0;", b"\x07"), (b"\x1b]52;c;", b"\x1b\\"), (b"\x1bP", b"\x1b\\"),
    (b"\x1b_", b"\x1b\\"), (b"\x1b]2;", b"\x18"), (b"\x1b[", b"m"),
    ("\x1b]0;\u20ac".encode(), b"")])
def test_long_strings(d, start, end):
    """A title and the like of ten megabytes, while somebody looks."""
    size = (2 if SAN else 10) * MIB
    fill = b"1" if start == b"\x1b[" else b"x"
    data = start + fill * size + end + b"\x1bc\x1b[5;3Hafter|"
    sid = d.native_open("cat")
    n, other = attach(d, sid), attach(d, sid)
    n.until(b"READY")
    ask = d.native_screen(sid)
    assert ask["lines"][0] == "READY" and ask["exact"]
    writer = threading.Thread(target=in_pieces, args=(other, data),
                              daemon=True)
    writer.start()
    digest = hashlib.sha256()
    n.count_only(digest.update)
    looked = 0
    while n.count < len(data):
        assert n.pump(lib.WAIT)
        if n.count // MIB > looked:
            looked = n.count // MIB
            assert len(d.native_screen(sid)["title"]) <= 4096
    writer.join()
    assert digest.digest() == hashlib.sha256(data).digest()
    screen = d.native_screen(sid)
    assert screen["lines"][4] == "  after|"
    assert screen["cursor"] == {"x": 8, "y": 4, "visible": True}
    assert len(screen["title"]) <= 4096 and screen["exact"]
    if ROOT and not SAN:
        assert lib.memory(d.worker("cat")) < 24 * MIB
    late = attach(d, sid, "?screen=1")
    assert b"after|" in base64.b64decode(late.said("screen")["data"])
    for ws in (late, other, n):
        ws.drop()


def in_pieces(n, data):
    for i in range(0, len(data), 100000):
        n.binary(data[i:i + 100000])


# Sizes

def test_resize_storm(d):
    """A thousand from two clients: all agree on the last one."""
    sid = d.native_open("winch")
    a, b = attach(d, sid), attach(d, sid)
    for n in (a, b):
        n.until(b"READY")
    rnd = random.Random(5)
    sizes = [[(rnd.randrange(1, 300), rnd.randrange(1, 100))
              for _ in range(500)] for _ in (a, b)]

    def storm(n, sizes):
        for size in sizes:
            n.resize(*size)
        return n.sync()
    together([lambda: storm(a, sizes[0]), lambda: storm(b, sizes[1])])
    status = d.native_status(sid)
    size = status["cols"], status["rows"]
    assert size in (sizes[0][-1], sizes[1][-1])
    agree(a, b, size)
    b.resize(301, 101)
    b.resize(302, 102)
    b.resize(302, 102)
    agree(a, b, (302, 102))
    for n in (a, b):
        n.drop()


def agree(a, b, size):
    told = {"type": "resize", "cols": size[0], "rows": size[1]}

    def last(n):
        n.pump()
        return [m for m in n.messages if m["type"] == "resize"][-1:] == [
            told] and n.out.endswith(b"<%d %d>" % size)
    for n in (a, b):
        wait_for(lambda n=n: last(n))


def test_resize_storm_of_all_ways(d):
    """WebSocket and POST of a shared shell."""
    a, b = d.tty_ws("winch"), d.tty_ws("winch", kind="pty")
    for ws in (a, b):
        ws.until(b"READY")

    def storm(resize):
        for i in range(1, 100):
            resize(i, 100 - i)

    def posted(cols, rows):
        status = 429
        while status == 429:
            status = d.tty("resize", "winch", {"cols": cols, "rows": rows}
                           ).status
        assert status == 204
    together([lambda: storm(a.resize), lambda: storm(b.resize),
              lambda: storm(posted)])
    for ws in (a, b):
        ws.sync()
    posted(77, 33)
    for ws in (a, b):
        ws.until(b"<77 33>")
        assert b"{" not in ws.out
        ws.drop()


# An end while others come

def come(d, sid, query=""):
    """How it went: an HTTP status, or how it was closed and what was told."""
    n = upgrade(d, sid, query)
    if n.status != 101:
        assert n.error["code"]
        n.drop()
        return n.status
    close = n.closed()
    return close, n.out, [m for m in n.messages if m["type"] == "exit"]


@pytest.mark.parametrize("how", ["delete", "exit", "kill"])
def test_ends_while_ten_attach(d, how):
    for _ in range(5):
        sid = d.native_open("line")
        first = attach(d, sid)
        first.until(b"READY")
        ends = {"delete": lambda: d.native_end(sid),
                "exit": lambda: d.native_input(sid, b"\n"),
                "kill": lambda: d.ctl("kill", "session", sid)}
        _, *got = together([ends[how]] + [lambda: come(d, sid)] * 10)
        if how == "exit":
            assert got == [((1000, "exit"), b"READYbye",
                            [{"type": "exit", "code": 7}])] * 10
            assert first.closed() == (1000, "exit")
            continue
        for way in got:
            assert way == 404 or way[0] == (1000, "closed"), way
            assert way == 404 or not way[2]
        assert first.closed() == (1000, "closed")
        wait_for(lambda: come(d, sid) == 404)


@pytest.mark.parametrize("how", ["exit", "kill"])
def test_shared_shell_ends_while_ten_attach(d, how):
    """Each is with the old one to its end, or with the new one."""
    def join():
        ws = d.tty_ws("line")
        wait_for(lambda: ws.pump(0.1) and False or ws.eof or
                 ws.out == b"READY")
        return ws
    for _ in range(5):
        first = d.tty_ws("line")
        first.until(b"READY")
        (sid,) = d.sessions()
        ends = {"exit": lambda: first.type("\n"),
                "kill": lambda: d.ctl("kill", "session", sid)}
        _, *got = together([ends[how]] + [join] * 10)
        assert first.closed() == (1000, "exit")
        # Whoever has not ended is with a shell that hears.
        wait_for(lambda: sid not in d.sessions())
        again = d.tty_ws("line")
        again.until(b"READY")
        again.type("\n")
        for ws in (again, *got):
            assert ws.closed() == (1000, "exit")
            assert b"READYbye".startswith(ws.out)
        wait_for(lambda: not d.sessions())


# Offsets

def test_offsets_of_an_ended_session(d):
    sid = d.native_open(cmd="/bin/sh", args=["-c", "printf 0123456789"])
    wait_for(lambda: d.native_status(sid)["state"] == "exited")
    end = [{"type": "exit", "code": 0}]
    for at in (0, 1, 9, 10):
        assert come(d, sid, "?offset=%d" % at) == (
            (1000, "exit"), b"0123456789"[at:], end)
        s = Sse(d.port, "/v1/sessions/%s/output?offset=7" % sid,
                {**bearer(d.token()), "Last-Event-ID": str(at)})
        assert s.rest()[-1] == ("exit", '{"code":0}')
        assert s.out == b"0123456789"[at:]
        s.stop()
    for at in ("11", "-1", "1e1", "0x1", "+1", "2147483648", "4294967297",
               "9223372036854775807", "9223372036854775808",
               "18446744073709551615", "18446744073709551616",
               "18446744073709551617", "1" + "0" * 40):
        assert come(d, sid, "?offset=" + at) == 400
        answer = d.native("GET", "/sessions/%s/output" % sid,
                          headers={"Last-Event-ID": at})
        assert answer.status == 400
        assert answer.json["error"]["code"] == "invalid_offset"


@pytest.mark.parametrize("ticket", [False, True])
def test_event_source(d, ticket):
    """It comes back by itself to where it was cut, and by its first ticket
    when that is what it has."""
    size = 900000			# all of it is kept
    rnd = random.Random(time.time_ns())
    sid = d.native_open("flood")
    n = attach(d, sid)
    n.until(b"READY")
    n.type(str(size))
    n.sync()
    n.bye()
    with Cut(d.port, lambda: rnd.choice([0, 1, 90, 300, 5000, 70000])
             ) as wire:
        s = output(d, sid, "?ticket=" + d.ticket(session=sid), wire.port, {}
                   ) if ticket else output(d, sid, port=wire.port)
        out = b""
        end = time.monotonic() + 2 * lib.WAIT
        while not s.closed:
            assert time.monotonic() < end
            for name, data, ident in s.pump(1):
                if name == "exit":
                    assert json.loads(data) == {"code": 0}
                    s.close()
                    break
                assert name == "message"
                out += base64.b64decode(data)
                assert ident == len(out)
                if out.endswith(b"DONE"):
                    assert d.native_input(sid, b"\n").status == 204
        assert s.status == 200
        assert out == numbered(size)
        print("cut %d times, back %d times" % (wire.cuts, s.opened - 1))
        assert s.opened > 1


# And late

@pytest.mark.plain
def test_late(own):
    """Who comes within a minute of the end still gets it; then nobody."""
    d = own
    want = (1000, "exit"), b"last words", [{"type": "exit", "code": 7}]
    while True:
        before = time.monotonic() - d.ended
        got = come(d, d.late)
        if got == 404:
            break
        assert got == want
        if before < 55:
            time.sleep(min(5, 55.1 - before))
        else:
            time.sleep(0.2)
        assert before < 60 + lib.WAIT
    assert time.monotonic() - d.ended > 59
    assert d.native("GET", "/sessions/" + d.late).status == 404
    assert d.native("GET", "/sessions/%s/output" % d.late).status == 404
    assert d.native_list("late") == []
