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
Attaching, coming back and leaving.

What can break: output between connect and attach that nobody gets; a
second client that gets less than the first, or what it typed twice; a
session that lives on without anybody; an attach in the moment of the end.
"""

import pytest

import shells
from clients import wait_for
from daemon import command


def test_output_before_attach(start):
    """More than the ring holds: the terminal waits for its first client."""
    n = 300000
    d = start({"seq": {"pty": ["/usr/bin/seq", "1", str(n)]}})
    sid = d.open("seq")
    wait_for(lambda: "up" in d.log())
    ws = d.ws(sid)
    assert ws.closed(60) == (1000, "closed")
    assert ws.out == b"".join(b"%d\r\n" % i for i in range(1, n + 1))


def test_shell_that_ended_before_attach(start):
    d = start({"echo": {"pty": ["/bin/echo", "hello"]}})
    sid = d.open("echo")
    ws = d.ws(sid)
    assert ws.closed() == (1000, "closed")
    assert ws.out == b"hello\r\n"
    assert d.ws(sid).closed() == (1011, "Session not found")


def test_stream_of_a_shell_that_ended(start):
    d = start({"echo": {"pty": ["/bin/echo", "hello"]}})
    sid = d.open("echo")
    sse = d.sse(sid)
    rest = sse.rest()
    assert sse.out == b"hello\r\n"
    assert [e for e in rest if e[0] is not None] == [
        ("connected", sid), ("close", "closed")]
    assert rest[0] == ("connected", sid)
    sse.stop()


def test_several(daemon):
    shells.several(daemon, "demo")


def test_replay(daemon):
    shells.replay(daemon, "demo")


def test_theme_change(daemon):
    """The page closes and opens at once: the same shell, its screen."""
    sid, ws = daemon.shell()
    ws.type("echo pid:$$:\n")
    ws.until(b"\npid:")
    pid = ws.until(b":")
    ws.frame(8, b"")
    ws.drop()
    ws = daemon.ws(sid)
    ws.until(b"\npid:" + pid)
    ws.until(b"$ ")
    ws.type("echo pid:$$:\n")
    ws.until(b"\npid:" + pid)
    ws.drop()


def test_replay_is_bounded(start):
    """At most the configured size, from the start of a line."""
    d = start(lines=["replay 4 kb"])
    sid, ws = d.shell()
    ws.type("seq 1000000 1020000; echo e$((1+1))d\n")
    ws.until(b"e2d\r\n$ ")
    late = d.ws(sid)
    late.until(b"e2d\r\n$ ")
    assert late.sync().out == ws.out[-len(late.out):]
    assert len(late.out) <= 4096
    assert ws.out[:-len(late.out)].endswith(b"\n")
    late.drop()
    ws.drop()


def test_replay_cut_at_a_character(start):
    d = start(lines=["replay 4 kb"])
    sid, ws = d.shell("cat")
    text = "\u20ac" * 5000
    for i in range(0, 5000, 500):
        ws.type(text[i:i + 500])
    ws.has(5 + 15000)
    late = d.ws(sid)
    assert late.sync().out == ws.out[-len(late.out):]
    assert 4000 < len(late.out) <= 4096
    late.out.decode()
    late.drop()
    ws.drop()


def test_nothing_for_nothing(start):
    """With no output a client is sent nothing, and nothing is typed."""
    d = start({"mute": {"pty": ["/bin/sh", "-c",
                                "stty raw -echo; exec cat"]}})
    sid = d.open("mute")
    one, two = d.ws(sid), d.ws(sid)
    # What is typed before is shown by the terminal.
    wait_for(lambda: "cat" in [command(pid) for pid, _ in d.tree()])
    assert one.sync().out == two.sync().out == b""
    one.type("x")
    two.until(b"x")
    assert two.out == b"x"
    one.drop()
    two.drop()


def test_detached(start):
    """Nobody left: the session ends after its time, not before."""
    # It counts from the start, too: we may not be here at once.
    d = start(lines=["timeout detached ssh 6"])
    sid, ws = d.shell()
    kept, other = d.shell()
    below = d.tree()
    ws.drop()
    d.logged("session %s of demo ended: no viewer" % sid)
    assert d.ws(sid).closed() == (1011, "Session not found")
    assert list(d.sessions()) == [kept]
    other.type("echo x$((20+3))y\n")
    other.until(b"x23y")
    # Its shell and the keeper of it are gone too.
    wait_for(lambda: len(d.tree()) == len(below) - 2)
    other.drop()


def test_detached_before_the_first(start):
    """A client that connects and never attaches leaves nothing."""
    d = start(lines=["timeout detached ssh 1"])
    sid = d.open()
    d.logged("session %s of demo ended: no viewer" % sid)
    assert d.sessions() == {}


def test_back_in_time(start):
    d = start(lines=["timeout detached ssh 10"])
    sid, ws = d.shell()
    for _ in range(3):
        ws.drop()
        wait_for(lambda: d.sessions()[sid][2] == "0")
        ws = d.ws(sid)
        ws.until(b"$ ")
    ws.type("echo x$((20+3))y\n")
    ws.until(b"x23y")
    ws.drop()


def test_idle(start):
    """No byte either way for so long: it ends, with a client attached.
    One of a kind that has a time of its own does not."""
    d = start(lines=["timeout idle 6", "timeout idle tty 60"])
    other = d.tty_ws("demo")
    sid, ws = d.shell()
    assert ws.closed() == (1000, "closed")
    d.logged("session %s of demo ended: idle" % sid)
    other.text(b"echo $((6 * 7))\n")
    other.until(b"42")
    other.drop()


@pytest.mark.parametrize("how", ["exit", "delete"])
def test_attach_during_the_end(daemon, how):
    """Whenever it comes: the goodbye of the shell, or no such session."""
    seen = set()
    for _ in range(20):
        sid, ws = daemon.shell()
        if how == "exit":
            ws.type("exit\n")
        else:
            assert daemon.delete(sid).status == 200
        late = daemon.ws(sid).closed()
        assert late in ((1000, "closed"), (1011, "Session not found"))
        seen.add(late)
        assert ws.closed() == (1000, "closed")
    assert seen
