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
The routes under /ssh in front of a real OpenSSH server, as their clients
use them.

What can break: the first output, which comes while nobody listens yet; a
size that does not arrive, or too late; a shell that goes on after its client
has left; two sessions that share what they should not.
"""

import base64
import os
import signal
import threading
import time

import pytest

import shells
from clients import BINARY, Http, Ws, bearer, wait_for
from daemon import ROOT, UUID, alive, command, proc_stat, tree
from sshd import Sshd

GONE = {"error": "Session not found"}


def test_websocket(remote):
    answer = remote.connect("shell")
    assert answer.status == 200, (answer, remote.log())
    assert list(answer.json) == ["sessionId"]
    sid = answer.json["sessionId"]
    assert UUID.fullmatch(sid)
    ws = remote.ws(sid)
    ws.until(b"$ ")
    ws.type("echo x$((20+3))y $TERM\n")
    ws.until(b"x23y xterm-256color\r\n")
    ws.type("exit\n")
    assert ws.closed() == (1000, "closed")
    assert remote.ws(sid).closed() == (1011, "Session not found")
    for verb in (remote.input(sid, "x"), remote.delete(sid),
                 remote.resize(sid, {"cols": 9, "rows": 9})):
        assert (verb.status, verb.json) == (404, GONE)


def test_npm_ws(remote):
    ws = remote.jsws(remote.open("shell"))
    ws.until(b"$ ")
    ws.type("echo x$((20+3))y\n")
    ws.until(b"x23y")
    ws.type("exit\n")
    assert ws.closed() == (1000, "closed")


@pytest.mark.parametrize("end", ["exit 0", "exit 3", "kill -9 $$",
                                 "kill -1 $$"])
def test_end_of_the_shell(remote, end):
    """However it ends: on these routes that is 1000, "closed", and to the
    stream a close."""
    sid = remote.open("shell")
    ws, sse = remote.ws(sid), remote.sse(sid)
    for client in (ws, sse):
        client.until(b"$ ")
    ws.type(end + "\n")
    assert ws.closed() == (1000, "closed")
    assert sse.rest()[-1] == ("close", "closed")
    sse.stop()
    remote.logged("session %s of shell ended: shell ended" % sid)


def test_stream_and_post(remote):
    sid = remote.open("shell")
    sse = remote.sse(sid)
    assert sse.status == 200
    assert sse.event() == ("connected", sid)
    sse.until(b"$ ")
    answer = remote.input(sid, "echo x$((20+3))y\n")
    assert (answer.status, answer.json) == (200, {"ok": True})
    sse.until(b"x23y")
    assert remote.resize(sid, {"cols": 91, "rows": 37}).json == {"ok": True}
    remote.input(sid, "stty size\n")
    sse.until(b"37 91")
    remote.input(sid, "exit\n")
    assert sse.rest()[-1] == ("close", "closed")
    sse.stop()


def test_browser(remote):
    """Preflight, connect, upgrade with the token in the query, type; then
    the page is left: a close without a status, and DELETE, in both orders,
    and what runs there ends."""
    origin = {"Origin": "https://app.example.org"}
    for path, verb in (("/ssh/connect", "POST"),
                       ("/ssh/disconnect/x", "DELETE")):
        answer = remote.ask("OPTIONS", path, token=None, headers={
            **origin, "Access-Control-Request-Method": verb,
            "Access-Control-Request-Headers":
            "authorization,content-type,x-sandbox-id"})
        assert answer.status == 204
    for close_first in (True, False):
        sid = remote.open("shell", cols=80, rows=24, headers=origin)
        ws = Ws(remote.port, remote.ws_path(sid), origin)
        ws.until(b"$ ")
        ws.type("echo pid:$$:; stty size\n")
        ws.until(b"\npid:")
        pid = int(ws.until(b":")[:-1])
        start = proc_stat(pid)[2]
        ws.until(b"24 80")
        ws.resize(120, 40)
        ws.type("stty size\n")
        ws.until(b"40 120")
        if close_first:
            ws.frame(8, b"")
            assert remote.delete(sid, headers=origin).status in (200, 404)
        else:
            assert remote.delete(sid, headers=origin).status == 200
            ws.frame(8, b"")
        ws.closed()
        assert remote.delete(sid, headers=origin).status == 404
        wait_for(lambda: not alive(pid, start))


def test_command_line(remote):
    shells.command_line(remote, "shell")


def test_old_command_line(remote):
    shells.old_command_line(remote, "shell")


def test_first_output_is_kept(start, servers):
    """More than fits anywhere, written before anybody attached; the
    program has to wait for its first client."""
    n = 300000
    s = servers()
    d = start({"seq": s.box("exec seq 1 %d" % n)})
    sid = d.open("seq")
    ws = d.ws(sid)
    assert ws.closed(60) == (1000, "closed")
    assert ws.out == b"".join(b"%d\r\n" % i for i in range(1, n + 1))


def test_shell_that_ended_before_attach(start, servers):
    s = servers()
    d = start({"echo": s.box("echo hello; exit 3")})

    def ended():
        sid = d.open("echo")
        wait_for(lambda: not connections(s))
        return sid
    sid = ended()
    ws = d.ws(sid)
    assert ws.closed() == (1000, "closed")
    assert ws.out == b"hello\r\n"
    sid = ended()
    sse = d.sse(sid)
    assert sse.rest() == [("connected", sid), (None, "aGVsbG8NCg=="),
                          ("close", "closed")]
    sse.stop()


@pytest.mark.parametrize("body, size", [
    (None, b"24 80"), ({"cols": 33, "rows": 7}, b"7 33"),
    ({"cols": 1000, "rows": 1000}, b"1000 1000"),
])
def test_size_of_connect(remote, body, size):
    """It is there before the shell is."""
    answer = remote.connect("shell", body=body)
    assert answer.status == 200, answer
    ws = remote.ws(answer.json["sessionId"])
    ws.until(b"$ ")
    ws.type("stty size\n")
    ws.until(b"\n" + size + b"\r\n")
    ws.drop()


def test_what_is_asked_for(start, peer):
    """A terminal of that size and no modes, a shell, and nothing else: no
    agent, no forwarding."""
    end = peer.server()
    d = start({"box": end.box()})
    sid = d.open("box", cols=132, rows=43)
    pty = end.event("pty")
    assert (pty["term"], pty["cols"], pty["rows"]) == (
        "xterm-256color", 132, 43)
    assert (pty["width"], pty["height"]) == (640, 480)
    assert bytes.fromhex(pty["modes"]) in (b"", b"\0")
    end.event("request", kind="shell")
    d.resize(sid, {"cols": 100, "rows": 50})
    size = end.event("size")
    assert (size["cols"], size["rows"], size["width"], size["height"]) == (
        100, 50, 0, 0)
    assert [e["kind"] for e in end.find("request")] == ["shell"]
    assert len(end.find("open")) == 1 and not end.find("env")


def script(s, text):
    """The command that runs a program in Python there."""
    path = "%s/%d.py" % (s.dir, abs(hash(text)))
    with open(path, "w") as f:
        f.write(text)
    return "exec /usr/bin/python3 " + path


def test_resize_reaches_the_program(start, servers):
    s = servers()
    shells.resizes(start({"winch": s.box(script(s, shells.WINCH))}), "winch")


def test_every_byte(remote):
    """Through a binary frame, the server and back, not one changed."""
    _, ws = remote.shell("cat")
    data = bytes(range(256)) + b"\xff\xfe\xc3(\xed\xa0\x80\xf5" + b"."
    ws.binary(data)
    assert ws.has(5 + len(data)) == b"READY" + data
    ws.frame(BINARY, data)
    assert ws.has(5 + 2 * len(data)) == b"READY" + 2 * data
    ws.drop()


def test_characters_are_whole(remote):
    """Each frame decodes alone, as in a browser.  Only who waits a tenth of
    a second within a character may see its parts, which a busy machine can
    bring about: until it does not, they come once more."""
    sid, ws = remote.shell("shell")

    def whole():
        ws.frames.clear()
        ws.type("for i in 1 2 3 4 5 6 7 8; do printf '\\342'; sleep 0.01; "
                "printf '\\202'; sleep 0.01; printf '\\254'; done; "
                "echo e''nd\n")
        out = ws.until(b"end")
        try:
            for f in ws.frames:
                base64.b64decode(f).decode()
        except UnicodeDecodeError:
            return False
        assert out.count("\u20ac".encode()) == 8
        return True
    wait_for(whole)
    ws.drop()


def test_long_paste(remote):
    """Up to the limit of a message."""
    shells.pastes(remote, "cat", (127, 65536, 1024 * 1024))


def test_several_clients(remote):
    shells.several(remote, "shell")


def test_replay(remote):
    shells.replay(remote, "shell")


def test_each_session_has_its_own_connection(start, servers):
    """One worker, and one login for each; the end of one transport is the
    end of one session."""
    s = servers()
    d = start({"cat": s.box("cat")})
    sessions = [d.shell("cat") for _ in range(3)]
    assert s.logins() == 3
    assert len(d.ctl("show", "sandboxes")) == 1
    end_of_one(s)
    wait_for(lambda: [ws for _, ws in sessions
                      if ws.pump(0.1) and ws.close_frame])
    lost = [ws for _, ws in sessions if ws.close_frame]
    assert [ws.closed() for ws in lost] == [(1011, "connection lost")]
    for i, (_, ws) in enumerate(sessions):
        if ws not in lost:
            ws.type("still %d" % i)
            ws.until(b"still %d" % i)
            ws.drop()


def end_of_one(s):
    """Kill the server's processes of one connection, not its shell."""
    first = connections(s)[0]
    for pid in [first] + [p for p, _ in tree(first)]:
        if command(pid).startswith("sshd"):
            os.kill(pid, signal.SIGKILL)


def test_disconnect(remote):
    sid, ws = remote.shell("shell")
    sse = remote.sse(sid)
    assert sse.event() == ("connected", sid)
    answer = remote.delete(sid)
    assert (answer.status, answer.json) == (200, {"ok": True})
    assert ws.closed() == (1000, "closed")
    assert sse.rest()[-1] == ("close", "closed")
    sse.stop()
    again = remote.delete(sid)
    assert (again.status, again.json) == (404, GONE)


def connections(s):
    """Processes of the server that serve somebody."""
    return [p for p, _ in s.children()
            if (proc_stat(p) or [0])[0] == s.proc.pid]


def test_nobody_left(start, servers):
    """Without a client the session ends after its time, its connection
    with it; others stay."""
    s = servers()
    # Time enough to attach.
    d = start({"shell": s.box()}, lines=["timeout detached ssh 5"])
    kept, other = d.shell("shell")
    sid, ws = d.shell("shell")
    assert len(connections(s)) == 2
    ws.drop()
    d.logged("session %s of shell ended: no viewer" % sid)
    assert d.ws(sid).closed() == (1011, "Session not found")
    assert list(d.sessions()) == [kept]
    wait_for(lambda: len(connections(s)) == 1)
    other.type("echo x$((20+3))y\n")
    other.until(b"x23y")
    other.drop()


def test_lost_answer(start, servers):
    """A client that is gone when its session opens, and one that never
    attaches, leave nothing behind for long."""
    s = servers()
    d = start({"shell": s.box()}, lines=["timeout detached ssh 1"])
    with Http(d.port) as h:
        h.conn.request("POST", "/ssh/connect", None, {
            "X-Sandbox-Id": "shell", **bearer(d.token())})
    s.logged("Accepted ")
    d.open("shell")
    wait_for(lambda: d.log().count("of shell ended: no viewer") == 2)
    assert d.sessions() == {}
    wait_for(lambda: not connections(s))
    wait_for(lambda: d.worker("shell") is None)


def test_limit_of_sessions(start, servers):
    s = servers()
    d = start({"cat": s.box("cat")}, lines=["limit sessions per sandbox 2"])
    one, two = d.shell("cat"), d.shell("cat")
    answer = d.connect("cat")
    assert answer.status == 429
    assert set(answer.json) <= {"error", "message"}
    assert len(connections(s)) == 2
    for _, ws in (one, two):
        ws.type("here")
        ws.until(b"here")
        ws.drop()


def test_limit_of_dials(start, servers):
    """A worker that dials too often is told to wait; the next minute is not
    waited for here."""
    s = servers()
    d = start({"cat": s.box("cat"), "other": s.box("cat")},
              lines=["limit dials per worker 2"])
    for _ in range(2):
        d.shell("cat")[1].drop()
    answer = d.connect("cat")
    assert answer.status == 429, answer
    assert set(answer.json) <= {"error", "message"}
    d.shell("other")[1].drop()
    assert s.logins() == 3


def test_many_at_once(start, servers):
    """Eight of one sandbox and of another, all of which open."""
    s = servers()
    d = start({"a": s.box("cat"), "b": s.box("cat")})
    got, threads = [], []

    def one(name, i):
        _, ws = d.shell(name)
        ws.type("%s%d." % (name, i))
        ws.until(b"%s%d." % (name.encode(), i))
        got.append(ws)
    for i in range(8):
        for name in ("a", "b"):
            threads.append(threading.Thread(target=one, args=(name, i)))
            threads[-1].start()
    for t in threads:
        t.join()
    assert len(got) == 16
    for ws in got:
        ws.drop()


def test_server_that_is_killed(remote, start, servers):
    """It is lost, which is never a normal end, to either kind of client."""
    s = servers()
    d = start({"shell": s.box()})
    sid = d.open("shell")
    ws, sse = d.ws(sid), d.sse(sid)
    for client in (ws, sse):
        client.until(b"$ ")
    end_of_one(s)
    assert ws.closed() == (1011, "connection lost")
    assert sse.rest()[-1] == ("error", '{"message":"connection lost"}')
    sse.stop()
    d.logged("session %s of shell ended: transport_lost" % sid)
    assert d.ws(sid).closed() == (1011, "Session not found")


@pytest.mark.skipif(not ROOT, reason="needs root to find a worker's user")
def test_worker_that_is_killed(start, servers):
    """Its clients' connections end; the shells there get HUP; another
    sandbox, and the next session of this one, are well."""
    s = servers()
    d = start({"shell": s.box(), "other": s.box("cat")})
    d.faults = True
    sid, ws = d.shell("shell")
    _, other = d.shell("other")
    os.kill(d.worker("shell"), signal.SIGKILL)
    assert ws.closed() is None
    d.logged("ended by signal 9")
    assert d.ws(sid).closed() == (1011, "Session not found")
    wait_for(lambda: len(connections(s)) == 1)
    other.type("here")
    other.until(b"here")
    other.drop()
    d.shell("shell")[1].drop()


def test_no_server(start, servers):
    """Nobody listens: the client hears of it at once."""
    s = servers()
    d = start({"shell": s.box()})
    s.halt()
    begin = time.monotonic()
    answer = d.connect("shell")
    assert (answer.status, answer.json) == (500, {
        "error": "SSH connection failed", "message": "connection refused"})
    assert time.monotonic() - begin < 10
    wait_for(lambda: not d.sessions())
    s.start()
    d.shell("shell")[1].drop()


@pytest.mark.parametrize("options, message", [
    (["PermitTTY no"], None), (["ForceCommand /bin/false"], "closed")])
def test_no_terminal(start, servers, options, message):
    """A terminal that is refused is its own error; a command that ends at
    once is a session that ends."""
    s = servers(options=options)
    d = start({"shell": s.box()})
    answer = d.connect("shell")
    if message is None:
        assert (answer.status, answer.json) == (
            500, {"error": "Failed to open shell"})
        wait_for(lambda: not d.sessions())
        return
    assert answer.status == 200
    assert d.ws(answer.json["sessionId"]).closed() == (1000, message)


def test_stop(start, servers):
    """An orderly stop: 1001, and no connection left."""
    s = servers()
    d = start({"shell": s.box()})
    _, ws = d.shell("shell")
    d.kill(signal.SIGTERM)
    assert ws.closed()[0] == 1001
    wait_for(lambda: not connections(s))
    d.stop()


def test_two_programs(start, servers):
    """A sandbox without SSH has a worker without its libraries."""
    s = servers()
    d = start({"local": {"pty": ["/bin/sh"]}, "shell": s.box()})
    here, there = d.shell("local"), d.shell("shell")
    if ROOT:
        for name, program in (("local", "sessiond"),
                              ("shell", "sessiond-net")):
            exe = os.readlink("/proc/%d/exe" % d.worker(name))
            assert os.path.basename(exe) == program
    assert isinstance(s, Sshd)
    here[1].drop()
    there[1].drop()
