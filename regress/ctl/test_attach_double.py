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

"""gatewayctl attach against servers that are right, slow or dead: what can
be said without a daemon.

What can break: a terminal left in raw mode, a hang, output twice or not at
all, input that nobody has taken and that is gone.  Servers that are wrong
are in test_attach_nonsense.py, tokens and TLS in test_attach_token.py, the
real daemon is in test_attach.py.
"""

import base64
import json
import os
import re
import select
import signal
import socket
import subprocess
import threading
import time

import pytest

from native import (BLOB, CTL, SID, WAIT, Gateway, Socket, Terminal, after,
                    create, failed, finish, raw, run, short, term, text,
                    until)


@pytest.fixture(scope="module", autouse=True)
def patient(tmp_path_factory):
    """What waits ten seconds does so while the other tests run: clients of
    servers that never answer, and when they were started."""
    @raw
    def mute(sock):
        while sock.recv(65536):
            pass

    def half(req):
        Socket(req).end()

    path = tmp_path_factory.mktemp("patient") / "token"
    path.write_text("x")
    path.chmod(0o600)
    full = socket.socket()
    full.bind(("127.0.0.1", 0))
    full.listen(0)
    stuffed = []
    for _ in range(3):
        stuffed.append(socket.socket())
        stuffed[-1].setblocking(False)
        stuffed[-1].connect_ex(full.getsockname())
    with Gateway(mute) as m, Gateway(half) as h:
        urls = [m.url, h.url, m.url.replace("http", "https"),
                "http://127.0.0.1:%d" % full.getsockname()[1]]
        script = 'begin=$(date +%s.%N); "$@"; echo $? $begin $(date +%s.%N)'
        procs = [subprocess.Popen(
            ["/bin/bash", "-c", script, "-", CTL, "attach", "-t", str(path),
             url, SID], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True) for url in urls]
        yield procs
        for p in procs:
            p.kill()
    for s in [full, *stuffed]:
        s.close()


# A right one


def test_requests(token):
    def attach(req):
        ws = req.upgrade(cols=132, rows=50)
        assert ws.input(b"x\r") == (b"x\r", [])
        finish(ws, code=0)

    with Gateway(create, attach) as g:
        with term(token, g.url + "/pre/", "my/box", cols=132, rows=50) as t:
            until(t.raw)
            t.type("x\r")
            assert t.end() == 0
        post, get = g.requests
    assert post.target == "/pre/v1/sandboxes/my%2Fbox/sessions"
    assert json.loads(post.body) == {"cols": 132, "rows": 50}
    assert get.target == "/pre/v1/sessions/%s/attach?mode=rw" % SID
    assert get.method == "GET"
    for req in (post, get):
        assert req.headers["host"] == "127.0.0.1:%d" % g.port
        assert req.headers["authorization"] == "Bearer head.body.sig"
        assert "origin" not in req.headers
    assert get.headers["sec-websocket-protocol"] == "terminal.v1"
    assert "sec-websocket-extensions" not in get.headers


@pytest.mark.parametrize("how, code", [
    ({"code": 0}, 0), ({"code": 3}, 3), ({"code": 254}, 254),
    ({"code": 255}, 255), ({"code": 256}, 255), ({"code": 2 ** 40}, 255),
    ({"code": None}, 255), ({"code": -1}, 255), ({}, 255),
    ({"signal": "TERM"}, 143), ({"signal": "KILL"}, 137),
    ({"signal": "\x1b[2J"}, 255),
])
def test_exit_codes(token, how, code):
    def attach(req):
        ws = req.upgrade()
        ws.send(b"out\r\n")
        finish(ws, **how)

    with Gateway(attach) as g:
        got = run(token, g.url)
    assert (got.returncode, got.out) == (code, b"out\r\n")
    assert b"\x1b" not in got.err


@pytest.mark.parametrize("code, reason, status, text", [
    (1000, "closed", 255, "closed by the gateway: closed"),
    (1008, "revoked\x1b[2J", 1, "taken back: revoked?[2J"),
    (1011, "upstream lost", 255, "lost the session"),
    (1002, "bad", 255, "closed with code 1002: bad"),
    (3000, "", 255, "closed with code 3000"),
])
def test_closes(token, code, reason, status, text):
    def attach(req):
        ws = req.upgrade()
        ws.close(code, reason)
        ws.end()

    with Gateway(attach) as g:
        failed(run(token, g.url), status, text)


def test_transport_lost(token):
    def attach(req):
        ws = req.upgrade()
        ws.say(type="error", code="transport_lost", message="it is gone")
        ws.close(1011, "upstream lost")
        ws.end()

    with Gateway(attach) as g:
        failed(run(token, g.url), 255, "transport_lost: it is gone")


def test_detach_and_escapes(token):
    def attach(req):
        ws = req.upgrade()
        ws.send(b"READY")
        got, _ = ws.input(b"end")
        assert got.rstrip(b"\r") == b"a~.\r~\r~xend"
        ws.end()

    with Gateway(attach) as g, term(token, g.url) as t:
        t.until("READY")
        t.type("a~.\r~?")
        t.until("~^Z suspend")
        t.type("~~\r~xend\r~.")
        assert t.end() == 0
        assert b"detached from session " + SID.encode() in t.seen


def test_resize(token):
    sizes = []

    def attach(req):
        ws = req.upgrade(cols=10, rows=10)
        while len(sizes) < 2:
            sizes.append(json.loads(ws.recv()[1]))
            ws.say(type="resize", cols=1, rows=1)
        finish(ws, code=0)

    with Gateway(attach) as g, term(token, g.url) as t:
        until(lambda: sizes)
        t.resize(100, 40)
        assert t.end() == 0
    assert sizes == [{"type": "resize", "cols": 80, "rows": 24},
                     {"type": "resize", "cols": 100, "rows": 40}]


def test_screen_first(token):
    """An old session begins with its screen, which is not counted."""
    def attach(req):
        assert req.target.endswith("?mode=rw&screen=1")
        ws = req.upgrade(offset=1000)
        ws.say(type="screen", data=base64.b64encode(b"\x1bcPICTURE").decode())
        ws.send(b"live")

    def again(req):
        assert req.target.endswith("?mode=rw&offset=1004")
        ws = req.upgrade(offset=1004)
        ws.send(b"MORE")
        finish(ws, code=0)

    with Gateway(attach, again) as g, term(token, g.url) as t:
        assert t.end() == 0
        assert t.seen.startswith(b"\x1bcPICTURElive")


def test_no_screen(token):
    def refuse(req):
        assert req.target.endswith("&screen=1")
        req.error(501, "unsupported", "no screen")

    def attach(req):
        assert req.target.endswith("?mode=rw")
        finish(req.upgrade(), code=4)

    with Gateway(refuse, attach) as g, term(token, g.url) as t:
        assert t.end() == 4


def test_read_only(token):
    def attach(req):
        assert "mode=ro" in req.target
        ws = req.upgrade(cols=1, rows=1, mode="ro")
        ws.send(b"LOOK")
        assert ws.recv()[0] == 8        # nothing before the close
        ws.end()

    with Gateway(attach) as g, term(token, g.url, SID, "-r") as t:
        t.until("LOOK")
        t.resize(99, 33)
        t.type("rm -rf\r\x03")
        time.sleep(0.3)
        t.type("\r~.")
        assert t.end() == 0


def test_pings(token):
    def attach(req):
        ws = req.upgrade()
        ws.conn.send_ping(b"are you there")
        ws.flush()
        opcode, data = ws.recv()
        assert (opcode, data) == (10, b"are you there")
        finish(ws, code=0)

    with Gateway(attach) as g:
        assert run(token, g.url).returncode == 0


# Pipes


@pytest.mark.parametrize("data, want", [
    (b"ls\nexit\n", b"ls\nexit\n\x04"), (b"ls", b"ls\x04\x04"),
    (b"\n~.\n~~\n", b"\n~.\n~~\n\x04"),
], ids=short)
def test_pipe(token, data, want):
    def attach(req):
        ws = req.upgrade()
        got, texts = ws.input(want)
        assert got == want and texts == []
        ws.send(b"done")
        finish(ws, code=7)

    with Gateway(attach) as g:
        got = run(token, g.url, data=data)
    assert (got.returncode, got.out, got.err) == (7, b"done", b"")


def test_empty_pipe(token):
    def attach(req):
        ws = req.upgrade()
        ws.sock.settimeout(0.5)
        with pytest.raises(TimeoutError):
            ws.recv()
        finish(ws, code=0)

    with Gateway(attach) as g:
        assert run(token, g.url).returncode == 0


def test_input_window(token):
    """A session that takes nothing gets 256 KiB, and the rest later."""
    seen = []

    def attach(req):
        ws = req.upgrade()
        got = b""
        while len(got) < 256 * 1024:
            got += ws.recv()[1]
        ws.sock.settimeout(1)
        with pytest.raises(TimeoutError):
            got += ws.recv()[1]
        seen.append(len(got))
        ws.sock.settimeout(WAIT)
        while len(got) < len(BLOB[:1 << 20]) + 2:
            ws.say(type="accepted", bytes=len(got))
            got += ws.recv()[1]
        assert got == BLOB[:1 << 20] + b"\x04\x04"
        finish(ws, code=0)

    with Gateway(attach) as g:
        assert run(token, g.url, data=BLOB[:1 << 20]).returncode == 0
    assert seen == [256 * 1024]


def test_slow_reader(token):
    """Who does not read can still type, and gets all of it in the end."""
    typed = []

    def attach(req):
        ws = req.upgrade()
        ws.send(b"READY")
        ws.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
        ws.conn.send_binary(BLOB[:3000000])
        data = b"".join(ws.conn.data_to_send())
        sent = 0
        while not typed:
            can_read, can_write, _ = select.select(
                [ws.sock], [ws.sock] if sent < len(data) else [], [], WAIT)
            if can_read:
                typed.append(ws.recv())
            elif can_write:
                sent += ws.sock.send(data[sent:sent + 4096])
        ws.sock.sendall(data[sent:])
        finish(ws, code=0)

    r, w = os.pipe()
    with Gateway(attach) as g, term(token, g.url, stdout=w) as t:
        os.close(w)
        assert os.read(r, 5) == b"READY"
        until(t.raw)
        t.type("\x03")
        until(lambda: typed)
        got = b""
        while True:
            data = os.read(r, 1 << 20)
            if not data:
                break
            got += data
        assert t.end() == 0
    os.close(r)
    assert typed == [(2, b"\x03")]
    assert got == BLOB[:3000000]


def test_stdout_closed(token):
    def attach(req):
        ws = req.upgrade()
        ws.send(b"x")
        ws.end()

    with Gateway(attach) as g:
        r, w = os.pipe()
        proc = subprocess.Popen(
            [CTL, "attach", "-t", str(token), g.url, SID], stdout=w,
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        os.close(w)
        assert os.read(r, 10) == b"x"
        os.close(r)
        assert b"stdout: Broken pipe" in proc.communicate(timeout=WAIT)[1]
        assert proc.returncode == 1


# Lost connections


def test_reconnect(token):
    """Cut four times in the middle of 5 MB, with a gap told of once."""
    data, gap = BLOB, (3000000, 3000100)
    cuts = [100000, 1500000, 1500000, gap[0], len(data)]
    where = []

    def attach(req):
        offset = int(re.search(r"offset=(\d+)", req.target).group(1)) \
            if "offset=" in req.target else 0
        where.append(offset)
        ws = req.upgrade(offset=offset)
        if offset == gap[0]:
            ws.say(type="gap", **{"from": gap[0], "to": gap[1]})
            offset = gap[1]
        end = cuts.pop(0)
        ws.send(data[offset:end])
        if end == len(data):
            finish(ws, code=0)
        else:
            # So that all of it arrives: the end, not a reset.
            ws.sock.shutdown(socket.SHUT_WR)
            ws.end()

    with Gateway(attach) as g:
        got = run(token, g.url)
    assert got.returncode == 0
    assert got.out == data[:gap[0]] + data[gap[1]:]
    assert where == [0, 100000, 1500000, 1500000, gap[0]]
    err = got.err.decode()
    assert err.count("connection lost (closed by the server)") == 4
    assert err.count("connected again") == 4
    assert "100 bytes of output are lost, from 3000000 to 3000100" in err


def parting(code, reason):
    def answer(req):
        assert req.target.endswith("offset=3")
        ws = req.upgrade(offset=3)
        ws.close(code, reason)
    return answer


def busy(req):
    req.error(429, "rate_limited", "slowly")


def down(req):
    req.error(503, "unavailable", "not now")


@raw
def dead(sock):
    pass


def half(req):
    req.sock.sendall(b"HTTP/1.1 101 Swi")


@pytest.mark.parametrize("answers", [
    [parting(1001, "stopping"), parting(1011, "internal error")],
    [busy, down, dead], [half],
], ids=["closes", "refusals", "half"])
def test_reconnect_later(token, answers):
    """Refusals that may pass, closes that invite to return."""
    def attach(req):
        ws = req.upgrade()
        ws.send(b"one")
        ws.close(1013, "too slow")

    def back(req):
        assert req.target.endswith("offset=3")
        ws = req.upgrade(offset=3)
        ws.send(b"two")
        finish(ws, code=9)

    with Gateway(attach, *answers, back) as g:
        got = run(token, g.url)
    assert (got.returncode, got.out) == (9, b"onetwo")
    assert b"too slow" in got.err


@pytest.mark.parametrize("status, code, text", [
    (404, 255, "is gone"), (401, 1, "401 unauthorized"),
    (403, 1, "403 unauthorized"), (400, 1, "400 unauthorized"),
])
def test_reconnect_refused(token, status, code, text):
    def attach(req):
        req.upgrade()

    def refuse(req):
        req.error(status, "unauthorized", "no")

    with Gateway(attach, refuse) as g:
        got = run(token, g.url)
    assert got.returncode == code
    assert text in got.err.decode()


def test_gives_up_at_once(token):
    """While it waits to connect again, ~. is heard."""
    def attach(req):
        req.upgrade().send(b"READY")

    with Gateway(attach, dead) as g, term(token, g.url) as t:
        t.until("trying again; ~. gives up")
        t.type("~.")
        assert t.end() == 0


def test_input_never_twice(token):
    def attach(req):
        ws = req.upgrade()
        ws.send(b"READY")
        assert ws.recv()[1][:1] == b"d"         # taken, but never said so

    def again(req):
        ws = req.upgrade(offset=5)
        ws.send(b"AGAIN")
        assert ws.input(b"\r") == (b"new\r", [])
        finish(ws, code=0)

    with Gateway(attach, again) as g, term(token, g.url) as t:
        t.until("READY")
        t.type("d")
        t.until("the last 1 bytes of input may not have arrived")
        t.until("AGAIN")
        t.type("new\r")
        assert t.end() == 0

    with Gateway(attach, again) as g:
        got = run(token, g.url, data=b"d")
    assert got.returncode == 255
    assert b"may not have arrived" in got.err


# Refusals


@pytest.mark.parametrize("target", [SID, "demo"])
@pytest.mark.parametrize("status, body, text", [
    (400, {"error": {"code": "bad_request", "message": "what"}},
     "400 bad_request: what"),
    (401, {"error": {"code": "token_expired", "message": "too late"}},
     "401 token_expired: too late"),
    (403, {"error": {"code": "forbidden", "message": "\x1b[2J\nx" * 99}},
     "403 forbidden: ?[2J?x"),
    (404, {"error": {"code": "not_found", "message": "none"}},
     "404 not_found: none"),
    (404, b"<html>no</html>", "404: Not Found"),
    (429, {"error": {"code": "rate_limited", "message": "slowly"}},
     "429 rate_limited: slowly"),
    (404, {"error": "Not found"}, "404: Not Found"),
    (502, {"error": {"code": 5}}, "502: Bad Gateway"),
    (503, b"", "503: Service Unavailable"),
    (504, b"{", "504: Gateway Timeout"),
    (302, b"", "302: "), (426, b"", "426: "), (204, b"", "204: "),
], ids=short)
def test_refused(token, target, status, body, text):
    with Gateway(lambda req: req.answer(status, body)) as g:
        failed(run(token, g.url, target), 1, text)


def test_no_server(token):
    # Bound, so that nobody else gets it, but not listened on.
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
        failed(run(token, "http://127.0.0.1:%d" % port), 255,
               "Connection refused")
        failed(run(token, "http://localhost:%d" % port), 255, "refused")
    failed(run(token, "http://no-such-host.invalid"), 255, "invalid: ")


def test_by_name(token):
    with Gateway(lambda req: finish(req.upgrade(), code=5)) as g:
        url = "http://localhost:%d" % g.port
        assert run(token, url).returncode == 5
        assert g.requests[0].headers["host"] == "localhost:%d" % g.port


@pytest.mark.parametrize("url", ["127.0.0.1", "ftp://a", "http://u:p@a"])
def test_bad_url(token, url):
    failed(run(token, url), 1, url)


# Terminals and signals


@pytest.mark.parametrize("signo", [signal.SIGTERM, signal.SIGHUP,
                                   signal.SIGINT, signal.SIGQUIT])
def test_signals(token, signo):
    def attach(req):
        ws = req.upgrade()
        ws.send(b"READY")
        ws.end()

    with Gateway(attach) as g, term(token, g.url) as t:
        t.until("READY")
        assert t.raw()
        t.proc.send_signal(signo)
        assert t.end() == -signo


@pytest.mark.parametrize("how", ["escape", "signal", "exit", "nonsense"])
def test_screen_is_left(token, how):
    """A program that has the screen, and the mouse, keeps neither when we
    go, and what we say then is not on its screen."""
    def attach(req):
        ws = req.upgrade()
        ws.send(b"\x1b[?1049h\x1b[?1000;1006hDRAWN\x1b[?25l")
        while not go.wait(0.01):
            pass
        if how == "exit":
            finish(ws, code=3)
        elif how == "nonsense":
            ws.say(type="gap")
        ws.end()

    go = threading.Event()
    left = b"\x1b[?25h\x1b[?1000l\x1b[?1006l\x1b[?1049l"
    with Gateway(attach) as g, term(token, g.url) as t:
        t.until("\x1b[?25l")
        if how == "escape":
            t.type("~.")
        elif how == "signal":
            t.proc.send_signal(signal.SIGTERM)
        go.set()
        assert t.end() == {"escape": 0, "exit": 3, "nonsense": 255,
                           "signal": -signal.SIGTERM}[how]
        assert t.seen.count(left) == 1
        said = t.seen.partition(left)[2]
        assert (b"gatewayctl: " in said) == (how in ("escape", "nonsense"))
        assert b"gatewayctl: " not in t.seen.partition(left)[0]


def test_not_raw_before(token):
    """Control-C leaves as long as there is no session to send it to."""
    @raw
    def mute(sock):
        sock.recv(65536)
        sock.recv(1)

    with Gateway(mute) as g, term(token, g.url) as t:
        until(lambda: g.threads)
        assert not t.raw()
        t.type("\x03")
        assert t.end() == -signal.SIGINT


@pytest.mark.parametrize("how", ["escape", "signal"])
def test_suspend(token, how, tmp_path):
    def attach(req):
        ws = req.upgrade()
        ws.send(b"READY")
        assert ws.input(b"back")[0] == b"back"
        ws.send(b"BYE")
        finish(ws, code=6)

    script = """set -m
        %s attach -t %s "$1" %s &
        echo $! >%s/pid
        fg >/dev/null
        echo "<stopped $?>"
        stty -a | grep -q ' icanon' && echo '<cooked>'
        fg >/dev/null
        exit $?""" % (CTL, token, SID, tmp_path)
    with Gateway(attach) as g:
        with Terminal("/bin/bash", "-c", script, "-", g.url) as t:
            t.until("READY")
            until(t.raw)
            if how == "escape":
                t.type("~\x1a")
            else:
                pid = int((tmp_path / "pid").read_text())
                os.kill(pid, signal.SIGTSTP)
            t.until("<cooked>")
            assert b"<stopped 148>" in t.seen
            until(t.raw)
            t.type("back")
            t.until("BYE")
            assert t.end() == 6


def test_modes_after_failures(token):
    """However it ends: Terminal.end() compares the modes."""
    for answer, code in ((after(b"\x83\0"), 255), (after(text(b"x")), 255),
                         (after(b"\x88\x02\x03\xf0"), 1),
                         (lambda req: req.error(404, "not_found", "x"), 1)):
        with Gateway(answer) as g, term(token, g.url) as t:
            assert t.end() == code


def test_terminal_gone(token):
    """A terminal that is closed ends it, and not the session."""
    def attach(req):
        ws = req.upgrade()
        ws.send(b"READY")
        ws.end()

    with Gateway(attach) as g:
        t = term(token, g.url)
        t.until("READY")
        t.closed.set()
        t.thread.join()
        os.close(t.slave)
        os.close(t.master)
        assert t.proc.wait(WAIT) in (1, -signal.SIGHUP)


# Last, since it has waited long enough by now


def test_never(patient):
    """Nobody who says nothing is waited for longer than ten seconds."""
    for proc, why in zip(patient, ("no answer", "no answer",
                                   "TLS handshake timed out", "timed out")):
        out, err = proc.communicate(timeout=WAIT)
        code, begin, end = out.split()
        assert code == "255"
        assert why in err and err.count("\n") == 1
        assert 9 < float(end) - float(begin) < 19
