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
#

"""The commands of gatewayctl that ask a daemon, against a control socket of
our own.

What can break: a daemon that says nonsense, nothing or too much must end in
one line of error and status 1, never in a hang or in bytes from outside on
the operator's terminal.  The real daemon is asked by the tests in e2e.
"""

import contextlib
import os
import socket
import struct
import subprocess
import threading

import pytest

BUILD = os.environ.get("BUILD", "build")
CTL = os.path.join(BUILD, "gatewayctl")

HELLO = 1
(SHOW, SANDBOX, SESSION, VIEWER, PROCESS, END, KILL, DETACH, RELOAD, DRAIN,
 VERBOSE, METRICS, METRIC, OK, FAIL) = range(192, 207)
ROLE_CONTROL, ROLE_CTL = 5, 8
UUID = "01234567-89ab-4cde-8f01-23456789abcd"


def packet(kind, ident, payload=b"", flags=0):
    return struct.pack(">HHII", kind, flags, 12 + len(payload),
                       ident) + payload


def text(s):
    data = s if isinstance(s, bytes) else s.encode()
    return struct.pack(">H", len(data)) + data


def hello(version=1, role=ROLE_CONTROL):
    return packet(HELLO, 0, struct.pack(">IB", version, role))


class Double:
    """One connection: greet, then answer each request with packets."""

    def __init__(self, path, *answers, greeting=None):
        self.got = []
        self.answers = list(answers)
        self.greeting = hello() if greeting is None else greeting
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(path)
        self.listener.listen(1)
        self.listener.settimeout(20)
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        conn, _ = self.listener.accept()
        conn.settimeout(20)
        # A client that gives up early is part of some tests.
        with conn, contextlib.suppress(ConnectionError):
            self.got.append(conn.recv(20000))
            if self.greeting:
                conn.send(self.greeting)
            while True:
                data = conn.recv(20000)
                if not data:
                    return
                self.got.append(data)
                if not self.answers:
                    return
                ident = struct.unpack(">I", data[8:12])[0]
                for answer in self.answers.pop(0):
                    conn.send(answer(ident) if callable(answer) else answer)

    def done(self):
        self.thread.join(20)
        self.listener.close()
        assert not self.thread.is_alive()


def reply(kind, payload=b"", flags=0):
    return lambda ident: packet(kind, ident, payload, flags)


@pytest.fixture
def ask(tmp_path):
    def run(args, *answers, **kw):
        path = str(tmp_path / "sock")
        double = Double(path, *answers, **kw)
        res = subprocess.run([CTL, "-s", path, *args], capture_output=True,
                             timeout=20)
        double.done()
        os.unlink(path)
        return res, double.got
    return run


def failed(run, why):
    assert run.returncode == 1
    assert why in run.stderr.decode()
    assert run.stderr.count(b"\n") == 1


@pytest.mark.parametrize("args, kind, payload", [
    (["reload"], RELOAD, b""),
    (["drain"], DRAIN, b""),
    (["log", "verbose"], VERBOSE, b"\1"),
    (["log", "brief"], VERBOSE, b"\0"),
    (["kill", "session", UUID], KILL, UUID.encode()),
    (["detach", "viewer", "7"], DETACH, b"\0\0\0\7\7"),
])
def test_requests(ask, args, kind, payload):
    run, got = ask(args, [reply(OK)])
    assert (run.returncode, run.stdout, run.stderr) == (0, b"", b"")
    assert got == [packet(HELLO, 0, struct.pack(">IB", 1, ROLE_CTL)),
                   packet(kind, 1, payload)]


def test_refusal(ask):
    run, _ = ask(["reload"], [reply(FAIL, text("gatewayd.conf:3: no"))])
    failed(run, "gatewayd.conf:3: no")
    assert run.stdout == b""


@pytest.mark.parametrize("args", [
    ["kill", "session", "x"], ["kill", "session", UUID.upper()],
    ["kill", "session", UUID + "0"], ["detach", "viewer", "0"],
    ["detach", "viewer", "x"], ["detach", "viewer", "4294967296"],
])
def test_bad_arguments(ask, args):
    run, got = ask(args)
    failed(run, args[2])
    assert len(got) <= 1


def sandbox(name):
    return reply(SANDBOX, text(name) + struct.pack(
        ">QIIII", 0xabc, 100, 700001, 2, 3700))


def end(after=0):
    return reply(END, struct.pack(">Q", after))


def test_show_pages(ask):
    run, got = ask(["show", "sandboxes"],
                   [sandbox("a"), sandbox("b"), end(17)],
                   [end(18)], [sandbox("c"), end()])
    assert run.returncode == 0
    lines = run.stdout.decode().splitlines()
    assert lines[0].split() == ["SANDBOX", "VERSION", "PID", "UID",
                                "SESSIONS", "AGE"]
    assert [line.split() for line in lines[1:]] == [
        [n, "0000000000000abc", "100", "700001", "2", "1h01m"] for n in "abc"]
    assert got[1:] == [packet(SHOW, i + 1, struct.pack(">BQ", 1, after))
                       for i, after in enumerate((0, 17, 18))]


def test_show_others(ask):
    run, _ = ask(["show", "sessions"], [
        reply(SESSION, UUID.encode() + text("demo") + text("did:plc:a") +
              text("work") + struct.pack(">BII", 2, 3, 59)), end()])
    assert run.stdout.decode().splitlines()[1].split() == [
        UUID, "running", "3", "59s", "demo", "work", "did:plc:a"]
    run, _ = ask(["show", "viewers"], [
        reply(VIEWER, struct.pack(">I", 9) + UUID.encode() +
              text("did:plc:a") + text("::1") +
              struct.pack(">BBBI", 1, 2, 1, 200)), end()])
    assert run.stdout.decode().splitlines()[1].split() == [
        "9", UUID, "ssh/sse", "rw", "3m20s", "::1", "did:plc:a"]
    run, _ = ask(["show", "viewers"], [
        reply(VIEWER, struct.pack(">I", 9) + UUID.encode() +
              text("a") + text("::1") +
              struct.pack(">BBBI", 3, 1, 2, 1)), end()])
    head, row = run.stdout.decode().splitlines()
    assert row.split()[2:4] == ["terminal/websocket", "ro"]
    for column in "VIA", "MODE", "ADDRESS":
        assert row[head.index(column) - 1] == " "
        assert row[head.index(column)] != " "
    run, _ = ask(["show", "processes"], [
        reply(PROCESS, struct.pack(">BIIIIIB", 3, 4, 5, 6, 200000, 8, 1)),
        end()])
    assert run.stdout.decode().splitlines()[1].split() == [
        "catalog", "4", "5", "6", "2d07h", "8", "ready"]


def test_show_nothing_a_terminal_obeys(ask):
    evil = b"did:\x1b]0;x\x07\n\r\x9b\xc2\x9bA\x7f"
    run, _ = ask(["show", "sessions"], [
        reply(SESSION, UUID.encode() + text("demo") + text(evil) +
              text(b"n\x1b" + evil[4:]) + struct.pack(">BII", 2, 3, 59)),
        reply(SESSION, UUID.encode() + text("demo") + text(evil) +
              text("") + struct.pack(">BII", 2, 3, 59)), end()])
    rows = run.stdout.split(b"\n")[1:]
    assert rows[0].endswith(b" demo n??]0;x??????A? did:?]0;x??????A?")
    assert rows[1].endswith(b" demo - did:?]0;x??????A?")
    assert run.stdout.count(b"\n") == 3


@pytest.mark.parametrize("greeting, why", [
    (hello(version=2), "version"),
    (hello(role=2), "not the control socket"),
    (packet(HELLO, 1, struct.pack(">IB", 1, 5)), "something else"),
    (packet(OK, 0), "not the control socket"),
    (packet(FAIL, 0, text("go away")), "go away"),
    (packet(HELLO, 0, b""), "control socket"),
    (b"x", "control socket"),
    (b"HTTP/1.1 400 Bad Request\r\n\r\n", "control socket"),
    (packet(HELLO, 0, struct.pack(">IB", 1, 5)) + b"x", "control socket"),
    (b"\0" * 17000, "control socket"),
])
def test_bad_greeting(ask, greeting, why):
    run, _ = ask(["reload"], [reply(OK)], greeting=greeting)
    failed(run, why)


@pytest.mark.parametrize("answer", [
    [packet(OK, 7)], [reply(OK, b"x")], [reply(OK, flags=1)],
    [reply(OK, flags=2)], [reply(RELOAD)], [reply(METRICS)], [reply(END)],
    [end()], [sandbox("a")], [hello()], [reply(999)], [b"\0"],
    [reply(FAIL, text(""))], [reply(FAIL, text("a\0b"))], [],
])
def test_bad_answer(ask, answer):
    run, _ = ask(["reload"], *([answer] if answer else []))
    failed(run, "")
    assert run.stdout == b""


@pytest.mark.parametrize("answers", [
    [[end(5)], [end(5)]],
    [[end(5)], [end(4)]],
    [[reply(PROCESS, struct.pack(">BIIIIIB", 3, 4, 5, 6, 7, 8, 1))]],
    [[sandbox("a/b")]],
    [[sandbox("a" * 129)]],
    [[reply(OK)]],
    [[sandbox("a")] * 65],
])
def test_bad_list(ask, answers):
    run, _ = ask(["show", "sandboxes"], *answers, [])
    failed(run, "")


def test_surplus_descriptor(tmp_path):
    path = str(tmp_path / "sock")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(path)
    listener.listen(1)
    proc = subprocess.Popen([CTL, "-s", path, "reload"],
                            stderr=subprocess.PIPE)
    listener.settimeout(20)
    conn, _ = listener.accept()
    socket.send_fds(conn, [hello()], [0])
    assert b"control socket" in proc.communicate(timeout=20)[1]
    assert proc.returncode == 1
    conn.close()
    listener.close()


def test_silent_daemon(silent):
    """Ten seconds, no more: also when nobody accepts."""
    out, err = silent.communicate(timeout=60)
    assert silent.returncode == 1 and out == b""
    assert b"does not answer" in err and err.count(b"\n") == 1
