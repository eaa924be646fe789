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
The parent among children that do not keep to the order of things.

What can break: a child that hangs up and stays, or answers before it was
asked; reports that nobody caused, by the thousand; what crosses on its way;
sessions that begin to end and never do.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

import pytest

import daemon as lib
import gwproto
from clients import WAIT, wait_for
from gwproto import ARG
from stage import Stage

SHELL = gwproto.record((ARG, "/bin/sh"))


@pytest.fixture
def stage():
    staged = []

    def run(role, n=1, **kw):
        d = Stage(lambda r, k: r == role and k == n, start=False, **kw)
        staged.append(d)
        d.start()
        return d
    yield run
    for d in staged:
        d.stop()


def connecting(d, sandbox="demo"):
    """A client that connects meanwhile; call it for the answer."""
    answers = []
    t = threading.Thread(
        target=lambda: answers.append(d.connect(sandbox)))
    t.start()

    def answer():
        t.join(WAIT)
        return answers[0]
    return answer


def worker(d, sandbox="demo"):
    """Its puppet, the OPEN that has come to it, and from where."""
    answer = connecting(d, sandbox)
    w = d.puppet("worker")
    grant = w.wait("GRANT")
    chan = w.channels["frontend", grant["channel"]]
    return w, grant["session"], chan, chan.expect("OPEN"), answer


def opened(d):
    w, sid, chan, m, answer = worker(d)
    w.send("SESSION_UP", session=sid)
    chan.send("OPENED", id=m.id, session=sid)
    assert answer().status == 200
    return w, sid


def viewer(w, sid, number):
    w.send("VIEWER_UP", session=sid, viewer=number, dialect=1, transport=1,
           mode=1, address="10.0.0.1")


def pty_req(w, sid):
    blob = gwproto.blob(SHELL)
    w.send("PTY_REQ", blob=blob, session=sid, cols=80, rows=24)
    os.close(blob)


def test_hangs_up_and_stays(stage):
    d = stage("frontend")
    p = d.puppet("frontend")
    p.close()
    run = d.run_ctl("-s", d.socket, "reload")
    assert run.returncode == 1 and "not now" in run.stderr
    assert d.open()
    assert p.killed()


def test_answers_too_early(stage):
    """It refuses at the first word, and reads on when all is over."""
    d = stage("catalog", n=2, sandboxes={
        "s%d" % i: {"pty": ["/bin/sh"]} for i in range(2000)})
    os.kill(d.process("catalog")[0], signal.SIGKILL)
    p = d.puppet("catalog")
    wait_for(d.ready)
    run = []
    t = threading.Thread(target=lambda: run.append(
        d.run_ctl("-s", d.socket, "reload")))
    t.start()
    p.wait("CONF_BEGIN")
    p.send("CONF_FAIL", reason="no")
    t.join(WAIT)
    assert run[0].returncode == 1
    with pytest.raises((gwproto.Closed, TimeoutError)):
        while True:
            m = p.recv(2)
            for fd in (m.fd, m.blob):
                if fd is not None:
                    os.close(fd)
    wait_for(d.ready)
    assert d.open("s1")


def test_reason_is_escaped(stage):
    """What a child says ends on the operator's terminal."""
    d = stage("frontend")
    p = d.puppet("frontend")
    run = []
    t = threading.Thread(target=lambda: run.append(
        d.run_ctl("-s", d.socket, "reload")))
    t.start()
    p.wait("CONF_END")
    p.send("CONF_FAIL", reason="no\x1b[2J\n" + "x" * 240)
    t.join(WAIT)
    assert run[0].returncode == 1
    assert r"no\x1b[2J\x0a" in run[0].stderr
    assert "\x1b" not in d.log() and r"no\x1b[2J\x0ax" in d.log()
    assert p.alive()


def test_viewers_that_nobody_granted(stage):
    d = stage("worker")
    w, sid = opened(d)
    with contextlib.suppress(OSError):
        for i in range(1000):
            viewer(w, sid, i + 1)
    assert w.killed()
    assert 'event="attach"' not in d.log()
    assert d.open()


def test_one_terminal_for_a_session(stage):
    d = stage("worker")
    w, sid, _, _, answer = worker(d)
    pty_req(w, sid)
    w.wait("PTY_OK")
    pty_req(w, sid)
    assert w.killed()
    # Granted once more, to the next worker, which is an honest one.
    assert answer().status == 200
    assert list(d.sessions()) == [sid]


def test_request_crosses_the_end(stage):
    """The operator's order and the request for a terminal meet."""
    d = stage("worker")
    w, sid, chan, m, answer = worker(d)
    d.ctl("kill", "session", sid)
    pty_req(w, sid)
    w.wait("KILL", session=sid)
    w.send("SESSION_END", session=sid, reason=2, how=3, code=0)
    chan.send("OPEN_FAILED", id=m.id, reason=2)
    assert answer().status == 500
    wait_for(lambda: not d.sessions())
    assert w.alive()


def test_ends_no_session(stage):
    d = stage("worker", lines=["timeout stalled 1"])
    w, sid = opened(d)
    d.ctl("kill", "session", sid)
    assert w.killed(60)
    wait_for(lambda: not d.sessions())


def test_last_word_is_wrong(stage):
    """It is not there any more to be killed for it."""
    d = stage("worker")
    w, sid = opened(d)
    w.raw(b"garbage")
    w.leave()
    d.logged("worker|sessiond")
    wait_for(lambda: not d.sessions())
    assert d.open()


def test_stop_with_a_grant_open(stage):
    """Sessions that were never opened do not hold up the end."""
    d = stage("frontend")
    p = d.puppet("frontend")
    p.catalog().send("AUTHORIZE", id=7, api=1, action=1, token=d.token(),
                     object="demo", address="10.0.0.1")
    m = p.wait("GRANTED")
    assert d.sessions()[m["session"]]
    d.kill(signal.SIGTERM)
    p.leave()
    assert d.wait() == 0
    assert "does not end" not in d.log()


def test_killed_session_was_not_open(stage):
    d = stage("frontend")
    p = d.puppet("frontend")
    d.open()				# so that the worker stays
    p.catalog().send("AUTHORIZE", id=7, api=1, action=1, token=d.token(),
                     object="demo", address="10.0.0.1")
    m = p.wait("GRANTED")
    d.ctl("kill", "session", m["session"])
    wait_for(lambda: m["session"] not in d.sessions())
    chan = p.channels["worker", m["worker"]]
    chan.send("OPEN", id=1, grant=m["grant"], cols=80, rows=24)
    chan.expect("OPEN_FAILED", reason=1)


@pytest.mark.parametrize("code,word", [
    (1, "could not go on"), (4, "could not be confined"),
    (5, "could not use its record"), (77, None)])
def test_says_how_a_worker_ended(code, word):
    """Twice: it is tried once more, and then that is the answer."""
    with Stage(lambda r, k: code if r == "worker" else False) as d:
        assert d.connect().status == 500
        said = "ended with code %d%s$" % (code, ": " + word if word else "")
        # Who waited may know before it has been reaped.
        wait_for(lambda: len(re.findall(said, d.log(), re.M)) == 2)
        assert not d.sessions()


def test_denials_by_the_thousand(stage):
    """One child's are counted, those of others are logged."""
    d = stage("frontend", lines=["audit json"])
    p = d.puppet("frontend")
    name = "did:" + "\x7f" * 2044		# the longest line
    p.sock.setblocking(True)
    began = time.monotonic()
    for i in range(1500):
        p.send("DENIAL", reason=1, action=1, principal=name, object="demo",
               address="10.0.0.1")
    assert d.connect("foreign").status == 404
    d.logged("did:plc:alice")
    took = time.monotonic() - began
    lines = re.findall("audit: ({.*})$", d.log(), re.M)
    ours = [json.loads(li) for li in lines if "10.0.0.1" in li]
    assert 200 <= len(ours) <= 200 * (took + 2)
    assert all(li["sandbox"] == "demo" and li["reason"] == "invalid token"
               for li in ours)
    assert ours[0]["principal"] == name
    p.send("DENIAL", reason=1, action=1, principal="", object="",
           address="10.0.0.1")
    wait_for(lambda: float(re.search(
        'denials_total{reason="token"} ([0-9.e+]+)', d.metrics())[1]) >= 1501)
    assert p.alive()


@pytest.mark.parametrize("form", ["text", "json"])
def test_bytes_in_the_audit(stage, form):
    """What is not UTF-8 is none in the log, and is told from what is."""
    evil = (b"\x01\x1f\x7f \x80 \xbf \xc0\x80 \xc3( \xe2\x82 \xed\xb2\x80 "
            b"\xf0\x9f\x98 \xf4\x90\x80\x80 \xff\\udc80 \xe2\x82\xac\xc3")
    d = stage("frontend", lines=["audit " + form])
    p = d.puppet("frontend")
    p.send("DENIAL", reason=1, action=1, principal=evil, object="demo",
           address="10.0.0.1")
    d.logged("10.0.0.1")
    line = re.search("audit: .*10.0.0.1.*", d.log())[0]
    said = re.search(r'"?principal"?[:=]("(?:[^"\\]|\\.)*")', line)[1]
    assert said.isprintable() and said.count("\u20ac") == 1
    assert json.loads(said).encode("utf-8", "surrogateescape") == evil
    assert p.alive()


def test_long_lines_of_the_log(stage):
    d = stage("frontend")
    p = d.puppet("frontend")
    p.send("LOG", priority=6, text="x" * 1023)
    d.logged("x{1023}")


def refused(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) != 0


def test_listeners_close_at_once(stage):
    """Not only when the last has gone, up to five seconds later."""
    d = stage("worker")
    w, sid, chan, m, answer = worker(d)
    d.kill(signal.SIGTERM)
    wait_for(lambda: refused(d.port) and refused(d.metrics_port))
    wait_for(lambda: not os.path.exists(d.socket))
    # The frontend has somebody to answer yet.
    w.send("SESSION_UP", session=sid)
    chan.send("OPENED", id=m.id, session=sid)
    assert answer().status == 200
    assert d.proc.poll() is None


def run(d, *args):
    return subprocess.run([lib.BUILD + "/gatewayd", *args], cwd=d.dir,
                          capture_output=True, text=True, timeout=WAIT)


@pytest.fixture
def unstarted():
    d = lib.Daemon(start=False)
    yield d
    lib.live.remove(d)
    shutil.rmtree(d.dir)


def test_in_the_background(unstarted):
    """The file's name is relative, and still found by a reload."""
    d = unstarted
    done = run(d, "-f", "gatewayd.conf")
    assert done.returncode == 0, done
    wait_for(lambda: d.run_ctl("-s", d.socket, "show", "processes")
             .returncode == 0)
    parent = lib.proc_stat(d.process("catalog")[0])[0]
    start = lib.proc_stat(parent)[2]
    try:
        assert os.readlink("/proc/%d/cwd" % parent) == "/"
        assert {os.readlink("/proc/%d/fd/%d" % (parent, n))
                for n in range(3)} == {"/dev/null"}
        wait_for(lambda: d.run_ctl("-s", d.socket, "reload")
                 .returncode == 0)
    finally:
        os.kill(parent, signal.SIGTERM)
        wait_for(lambda: not lib.alive(parent, start))
    assert not os.path.exists(d.socket)


def test_says_on_the_terminal_why_not(unstarted):
    d = unstarted
    d.lines = ['user catalog "nosuch"']
    d.write()
    done = run(d, "-f", d.path)
    assert done.returncode == 1
    assert "user nosuch does not exist" in done.stderr
    assert not os.path.exists(d.socket)
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("127.0.0.1", d.port))
        s.listen()
        d.lines = []
        d.write()
        done = run(d, "-f", d.path)
    assert done.returncode == 1 and "Address already in use" in done.stderr


def test_recheck_asks_about_all(stage):
    """More than are asked at a time; an answer to nothing does nothing."""
    d = stage("worker", lines=["recheck 1", "limit sessions per sandbox 99"],
              sandboxes={"demo": {"pty": ["/bin/sh"]}})
    w, sid = opened(d)
    sids = {sid} | {again(d, w) for _ in range(69)}
    for one in sids:
        attach(d, w, one)
    wait_for(lambda: len(d.ctl("show", "viewers")) == 70)
    d.sandboxes["demo"]["owner"] = [lib.MALLORY]
    d.write()
    d.reload()
    left = set()
    while len(left) < 70:
        left.add(w.wait("DETACH", reason=6)["viewer"])
    assert w.alive()


def test_leaves_with_a_grant_open(stage):
    """A worker that wants to go is kept as long as somebody may come."""
    d = stage("worker", sandboxes={"demo": {"pty": ["/bin/sh"]}})
    w, sid, chan, m, answer = worker(d)
    w.send("MAY_EXIT")
    with pytest.raises(TimeoutError):
        w.wait("EXIT_OK", 0.3)
    w.send("SESSION_UP", session=sid)
    chan.send("OPENED", id=m.id, session=sid)
    assert answer().status == 200
    w.send("MAY_EXIT")
    with pytest.raises(TimeoutError):
        w.wait("EXIT_OK", 0.3)
    w.send("SESSION_END", session=sid, reason=1, how=1, code=0)
    w.send("MAY_EXIT")
    w.wait("EXIT_OK")


def test_recheck_without_an_answer(stage):
    """A back end that does not know it now changes nothing, neither for who
    is attached nor for who was sent away."""
    d = stage("catalog", n=2, lines=["recheck 1"], frontends=1,
              sandboxes={"demo": {"pty": ["/bin/sh"]}})
    sid, ws = d.shell()
    os.kill(d.process("catalog")[0], signal.SIGKILL)
    c = d.puppet("catalog")
    while not c.channels:
        c.take()
    (_, number), chan = c.channels.popitem()

    def answer(name):
        c.send(name, id=c.wait("RECHECK", principal=lib.ALICE).id)

    def attach():
        """A client whose token is good."""
        got = []
        t = threading.Thread(target=lambda: got.append(d.ws(sid)))
        t.start()
        m = chan.expect("AUTHORIZE", object=sid)
        c.send("GRANT_SESSION", id=m.id, frontend=number, api=1,
               action=m["action"], principal=lib.ALICE, session=sid,
               hash=bytes(32), secret=bytes(16), address="192.0.2.1")
        t.join(WAIT)
        return got[0]
    answer("RECHECK_LATER")
    ws.type("echo x$((40+2))y\n")
    ws.until(b"x42y")
    answer("RECHECK_FAIL")
    assert ws.closed() == (1008, "Forbidden")
    answer("RECHECK_LATER")
    assert attach().closed() == (1011, "Session not found")
    answer("RECHECK_OK")
    ws = attach()
    ws.until(b"x42y")
    ws.drop()
    chan.close()


def again(d, w):
    """One more session of that worker."""
    answer = connecting(d)
    grant = w.wait("GRANT", actions=1)
    chan = w.channels["frontend", grant["channel"]]
    m = chan.expect("OPEN")
    w.send("SESSION_UP", session=grant["session"])
    chan.send("OPENED", id=m.id, session=grant["session"])
    assert answer().status == 200
    return grant["session"]


def attach(d, w, sid):
    t = threading.Thread(target=d.ws, args=(sid,), daemon=True)
    t.start()
    grant = w.wait("GRANT", session=sid)
    chan = w.channels["frontend", grant["channel"]]
    m = chan.expect("ATTACH")
    os.close(m.fd)
    chan.send("ATTACH_OK", id=m.id)
    viewer(w, sid, grant["viewer"])
