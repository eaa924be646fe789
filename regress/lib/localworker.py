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
sessiond with the test as its parent, its frontends and the programs on its
terminals.

	w = Local()
	sid, p = w.opened()		# a session, and what runs in it
	g = w.grant(sid, INPUT)
	w.front.input(g, b"x")
"""

import json
import os
import select
import socket
import tty
import uuid

import gwproto
from clients import WAIT
from gwproto import ARG, ENV

SESSIOND = [os.environ["BUILD"] + "/sessiond"]
ADDRESS = "192.0.2.7"
POCKETENV, TERMINAL = 1, 2
SSH, TTY, NATIVE = 1, 2, 3
WS = 1
(OPEN, ATTACH, INPUT, RESIZE, CLOSE, SIGNAL, STATUS, LIST,
 TICKET) = (1 << n for n in range(9))
CALLS = INPUT | RESIZE | CLOSE | SIGNAL | STATUS
(FAIL_GRANT, FAIL_GONE, FAIL_LIMIT, FAIL_BUSY, FAIL_SHELL, FAIL_TIMEOUT,
 FAIL_BLOCKED) = range(1, 8)
FAIL_EXITED, FAIL_OFFSET, FAIL_UNSUPPORTED = 12, 13, 14
(END_EXIT, END_CLOSED, END_LOST, END_FAILED, END_IDLE, END_DETACHED,
 END_LIMIT, END_STOP) = range(1, 9)
CODE, BY_SIGNAL, UNKNOWN = 1, 2, 3
SESSION, SCREEN, TEXT, ALL = 1, 2, 3, 4
HASH = bytes(range(32))
NIL = "00000000-0000-0000-0000-000000000000"
# A program of ours may take its time to start, and clients to read.
LIMITS = dict(viewers=8, replay=262144, timeout_dial=10, timeout_handshake=20,
              timeout_channel=10 * WAIT, timeout_ping=10 * WAIT,
              timeout_stalled=10 * WAIT,
              timeout_idle_ssh=1800, timeout_detached_ssh=60)
RECORD = [(ARG, "/bin/sh"), (ARG, "-l"), (ENV, "LANG", "C")]


def items(body):
    """(tag, name, value) of each in a record's body."""
    out, at = [], 0
    while at < len(body):
        tag, n = body[at], int.from_bytes(body[at + 1:at + 3], "big")
        size = int.from_bytes(body[at + 3:at + 7], "big")
        at += 7
        out.append((tag, body[at:at + n].decode(),
                    body[at + n:at + n + size].decode()))
        at += n + size
    assert at == len(body)
    return out


def contents(fd):
    with os.fdopen(fd, "rb") as f:
        f.seek(0)
        return f.read()


class Program:
    """What runs on a terminal: this test, with the slave."""

    def __init__(self, worker, request):
        self.worker, self.session = worker, request["session"]
        self.size = request["cols"], request["rows"]
        self.items = items(contents(request.blob))

    def run(self):
        master, self.slave = os.openpty()
        tty.setraw(self.slave)
        self.worker.send("PTY_OK", session=self.session, fd=master)
        os.close(master)
        return self

    def fail(self, stage=7, error=2):
        self.worker.send("PTY_FAIL", session=self.session, stage=stage,
                         error=error)

    def write(self, data):
        os.write(self.slave, data)

    def much(self):
        """More than is on its way to a client that is slow: who has been
        sent everything stays for a moment only."""
        for _ in range(50):
            self.write(b"x" * 4095)

    def read(self, n, timeout=WAIT):
        out = b""
        while len(out) < n:
            assert select.select([self.slave], [], [], timeout)[0], out
            out += os.read(self.slave, n - len(out))
        return out

    def exit(self, how=CODE, code=0):
        self.worker.send("PTY_EXIT", session=self.session, how=how,
                         code=code)
        os.close(self.slave)


class Front:
    """A frontend's channel to the worker."""

    def __init__(self, worker, number):
        self.worker, self.number, self.id = worker, number, 0
        self.clients = []
        ours, theirs = gwproto.pair()
        theirs.setblocking(False)
        worker.send("CHANNEL", role=gwproto.ROLE["frontend"], number=number,
                    fd=theirs.fileno())
        theirs.close()
        self.chan = gwproto.Channel(ours)

    def send(self, name, /, **fields):
        self.id += 1
        self.chan.send(name, id=self.id, **fields)
        return self.id

    def answer(self, id=None, timeout=WAIT):
        m = self.chan.recv(timeout)
        assert id is None or m.id == id, (m, id)
        return m

    def fails(self, id, reason, name="CALL_FAIL"):
        m = self.answer(id)
        assert (m.name, m["reason"]) == (name, reason), (
            m, self.worker.chan.logs)

    def quiet(self, seconds=0.2):
        self.chan.quiet(seconds)

    def open(self, grant, what=None, cols=80, rows=24, raw=None, seals=None):
        """OPEN; what are items, or the bytes of a blob."""
        fd = None
        if what is not None:
            body = what if isinstance(what, bytes) else \
                gwproto.record(*what)
            fd = gwproto.blob(body, *([] if seals is None else [seals]))
        id = self.send("OPEN", grant=grant, cols=cols, rows=rows, blob=fd)
        if fd is not None:
            os.close(fd)
        return id

    def call(self, name, /, grant, hash=HASH, **fields):
        return self.send(name, grant=grant, hash=hash, **fields)

    def input(self, grant, data, **kw):
        return self.call("INPUT", grant, data=data, **kw)

    def attach(self, grant, dialect=SSH, fd=None, slow=False, **fields):
        """ATTACH of one end of a connection; the other end.  Hardly
        anything is on its way to one that is slow."""
        mine = socket.socket()
        with socket.create_server(("127.0.0.1", 0)) as listener:
            if slow:
                for s, what in ((mine, socket.SO_RCVBUF),
                                (listener, socket.SO_SNDBUF)):
                    s.setsockopt(socket.SOL_SOCKET, what, 4096)
            mine.connect(listener.getsockname())
            theirs, _ = listener.accept()
        self.send("ATTACH", fd=theirs.fileno() if fd is None else fd,
                  grant=grant, dialect=dialect, transport=WS,
                  address=ADDRESS, head=b"HEAD", **fields)
        theirs.close()
        self.clients.append(mine)
        return mine

    def report(self, grant, what=SESSION):
        m = self.answer(self.call("STATUS", grant, what=what))
        assert m.name == "REPORT", (m, self.worker.chan.logs)
        return contents(m.blob)

    def status(self, grant):
        text = self.report(grant)
        status = json.loads(text)
        assert text.decode() == json.dumps(status, separators=(",", ":"))
        keys = ["id", "name", "state", "cols", "rows", "viewers", "offset",
                "started"]
        assert list(status) in (keys, keys + ["exit"])
        return status


class Local(gwproto.Child):
    def __init__(self, record=RECORD, **limits):
        super().__init__(SESSIOND, "worker", nofile=256)
        self.viewers = 0
        body = gwproto.blob(gwproto.record(*record))
        self.send("RECORD", sandbox="box", upstream=1, user="joe", host="",
                  port=0, version=1, unlocked=1, blob=body)
        os.close(body)
        self.send("LIMITS", **dict(LIMITS, **limits))
        self.send("START")
        self.expect("READY")
        self.front = Front(self, 101)

    def grant(self, session, actions, front=None, **kw):
        g = os.urandom(16)
        self.viewers += 1
        fields = dict(mode=1, viewer=self.viewers, ttl=60, api=TERMINAL,
                      dialect=NATIVE, hash=HASH, principal="alice")
        fields.update(kw)
        self.send("GRANT", grant=g, channel=(front or self.front).number,
                  actions=actions, session=session, **fields)
        return g

    def next(self, *names, timeout=WAIT):
        """The next message of these names; MAY_EXIT may come before."""
        while True:
            m = self.recv(timeout)
            if m.name in names:
                return m
            assert m.name in ("MAY_EXIT", "PTY_HANGUP"), (m, self.chan.logs)

    def program(self):
        return Program(self, self.next("PTY_REQ"))

    def begin(self, what=None, **kw):
        """A session that is being opened: its id, and the program."""
        sid = str(uuid.uuid4())
        self.front.open(self.grant(sid, OPEN, **kw), what)
        return sid, self.program()

    def opened(self, what=None, **kw):
        sid, p = self.begin(what, **kw)
        p.run()
        assert self.next("SESSION_UP")["session"] == sid
        m = self.front.answer()
        assert (m.name, m["session"]) == ("OPENED", sid)
        return sid, p

    def over(self, name, sid, reason, how=UNKNOWN, code=0):
        m = self.next(name)
        assert (m["session"], m["reason"], m["how"], m["code"]) == (
            sid, reason, how, code)

    def kept(self, how=CODE, code=3, **kw):
        """One whose program has ended."""
        sid, p = self.opened(**kw)
        p.exit(how, code)
        self.over("SESSION_EXIT", sid, END_EXIT, how, code)
        return sid


def new():
    return str(uuid.uuid4())
