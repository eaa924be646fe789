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
What the clients of /ssh do with a shell, wherever that runs: the same scenes
are played on this machine and behind a real SSH server.  Each takes a Daemon
and the name of its sandbox with a shell.
"""

import json

from clients import Http, Ws, bearer, wait_for

# A program that says <lines columns> whenever the size has changed.
WINCH = """
import os, signal, tty

# None comes unseen between two system calls.
winch = {signal.SIGWINCH}
signal.pthread_sigmask(signal.SIG_BLOCK, winch)
tty.setraw(0)
os.write(1, b"READY")
while True:
    signal.sigwait(winch)
    size = os.get_terminal_size(0)
    os.write(1, b"<%d %d>" % (size.lines, size.columns))
"""


def command_line(d, sandbox):
    """Resize right after the handshake, no Origin, then it is just gone."""
    sid = d.open(sandbox)
    ws = Ws(d.port, d.ws_path(sid), {"User-Agent": "pocketenv-cli"})
    ws.resize(220, 50)
    ws.until(b"$ ")
    ws.type("stty size\n")
    ws.until(b"50 220")
    ws.bye(1000, "client disconnect")
    wait_for(lambda: d.sessions()[sid][2] == "0")


def old_command_line(d, sandbox):
    """Streams, waits for connected, then resizes and posts each key on one
    connection; every request has a Bearer."""
    auth = bearer(d.token())
    with Http(d.port) as http:
        answer = http.ask("POST", "/ssh/connect",
                          '{"cols":100,"rows":30}', {
                              "X-Sandbox-Id": sandbox,
                              "Content-Type": "application/json", **auth})
        sid = json.loads(answer.body)["sessionId"]
        sse = d.sse(sid)
        assert sse.event() == ("connected", sid)

        def post(what, body):
            got = http.ask("POST", "/ssh/%s/%s" % (what, sid),
                           json.dumps(body),
                           {"Content-Type": "application/json", **auth})
            assert (got.status, got.json) == (200, {"ok": True})
        post("resize", {"cols": 101, "rows": 31})
        sse.until(b"$ ")
        for c in "stty size; echo 0123456789abcdef | rev\n":
            post("input", {"data": c})
        sse.until(b"31 101")
        sse.until(b"fedcba9876543210")
        post("input", {"data": "exit\n"})
        assert sse.rest()[-1] == ("close", "closed")
    sse.stop()


def several(d, sandbox):
    """All see everything, each may type."""
    sid, first = d.shell(sandbox)
    others = [d.ws(sid), d.jsws(sid), d.sse(sid)]
    everybody = [first] + others
    for i, who in enumerate(everybody[:3]):
        who.type("echo %d-$((40+%d))\n" % (i, i))
        for client in everybody:
            client.until(b"%d-4%d" % (i, i))
    first.type("exit\n")
    assert first.closed() == (1000, "closed")
    assert others[0].closed() == (1000, "closed")
    assert others[1].closed() == (1000, "closed")
    assert others[2].rest()[-1] == ("close", "closed")
    others[2].stop()
    assert len({bytes(c.out) for c in everybody}) == 1


def replay(d, sandbox):
    """Who comes back or joins later gets what was kept, once, and the same
    shell."""
    sid, ws = d.shell(sandbox)
    ws.type("echo x$((20+3))y\n")
    ws.until(b"x23y\r\n$ ")
    for leave in ("drop", "reset", "bye"):
        joined = d.ws(sid)
        joined.until(b"x23y\r\n$ ")
        assert joined.sync().out == ws.out
        getattr(ws, leave)()
        ws = joined
    ws.drop()


def resizes(d, sandbox):
    """WINCH for every change, none for a size that is the same; the last
    of several clients wins; what is out of range is dropped.  The sandbox
    runs the program above."""
    sid = d.open(sandbox)
    ws, other = d.ws(sid), d.ws(sid)
    ws.until(b"READY")
    for who, cols in ((ws, 90), (other, 100), (ws, 110), (ws, 90)):
        who.resize(cols, 40)
        who.resize(cols, 40)
        who.sync()
        who.resize(0, 0)
        who.resize(1001, 40)
        ws.until(b"<40 %d>" % cols)
    assert ws.sync().out.count(b"<") == 4
    ws.drop()
    other.drop()


def pastes(d, sandbox, sizes):
    """One frame each, as browsers send it; the sandbox echoes bytes."""
    _, ws = d.shell(sandbox)
    for n in sizes:
        data = (b"0123456789abcdef" * (n // 16 + 1))[:n - 1] + b"\n"
        at = len(ws.out)
        ws.paste(data)
        ws.has(at + n, 30)
        assert ws.out[at:] == data
    ws.drop()
