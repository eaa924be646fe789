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
A new configuration while people work.

What can break: a reload that ends sessions, or that is half in force; a
file with an error; an owner who was removed and stays attached; a record
that was changed and is still served in its old form.
"""

import os
import signal
import threading

import pytest

from clients import Native, bearer, wait_for
from daemon import ALICE, MALLORY, SANDBOXES


def typed(ws, n):
    """The shell still answers."""
    ws.type("echo r%d-$((40+%d))\n" % (n, n))
    ws.until(b"r%d-%d" % (n, 40 + n))


def fresh(d, how):
    at = len(d.log())
    if how == "ctl":
        d.ctl("reload")
    else:
        d.kill(signal.SIGHUP)
    d.logged("configuration reloaded", start=at)


@pytest.mark.parametrize("how", ["ctl", "HUP"])
def test_sessions_stay(start, how):
    d = start()
    _, ws = d.shell()
    below = d.tree()
    assert d.connect("new").status == 404
    d.sandboxes["new"] = {"pty": ["/bin/sh"]}
    d.write()
    fresh(d, how)
    typed(ws, 1)
    _, new = d.shell("new")
    typed(new, 2)
    assert set(below) <= set(d.tree())
    fresh(d, how)
    typed(ws, 3)
    typed(new, 4)
    ws.drop()
    new.drop()


@pytest.mark.parametrize("text, why", [
    ("garbage\n", r"gatewayd\.conf:\d+: unknown keyword"),
    ("api pocketenv {\n", r"gatewayd\.conf:\d+: "),
    ("limit sessions per sandbox 0\n", r"gatewayd\.conf:\d+: "),
    ("seal key file \"/nonexistent/key\"\n", "/nonexistent/key"),
])
def test_broken_file(start, text, why):
    """Refused as a whole; what was in force goes on."""
    d = start()
    _, ws = d.shell()
    d.sandboxes["new"] = {"pty": ["/bin/sh"]}
    d.write(d.config() + text)
    for how in ("ctl", "HUP"):
        at = len(d.log())
        if how == "ctl":
            run = d.run_ctl("-s", d.socket, "reload")
            assert run.returncode == 1 and "errors" in run.stderr
        else:
            d.kill(signal.SIGHUP)
        d.logged(why, start=at)
        d.logged("nothing has changed", start=at)
    typed(ws, 1)
    assert d.connect("new").status == 404
    d.open()
    # Once it is right it is taken.
    d.write()
    fresh(d, "ctl")
    d.shell("new")[1].drop()
    typed(ws, 2)
    ws.drop()


@pytest.mark.parametrize("slow", ["frontend", "dialer"])
def test_refused_by_one(start, slow):
    """A process that the configuration is no good for ends none of the
    others, not even one that has not had the time to look at it."""
    d = start()
    _, ws = d.shell()
    below = d.tree()
    path = os.path.join(d.dir, "key")
    with open(path, "wb") as f:
        f.write(b"no key\n")
    d.auth = ["es256 key file \"%s\"" % path]
    d.write()
    d.auth = None
    for pid in d.process(slow):
        os.kill(pid, signal.SIGSTOP)
        threading.Timer(1, os.kill, [pid, signal.SIGCONT]).start()
    run = d.run_ctl("-s", d.socket, "reload")
    assert run.returncode == 1 and "PEM" in run.stderr
    d.logged("catalog .* refuses the configuration")
    assert set(d.tree()) == set(below)
    typed(ws, 1)
    # And nobody is confused by what came of it.
    d.write()
    fresh(d, "ctl")
    assert set(d.tree()) == set(below)
    typed(ws, 2)
    d.shell()[1].drop()
    ws.drop()


def test_no_answer_from_one(start):
    """A process that does not move is waited for, and then ended."""
    d = start()
    _, ws = d.shell()
    d.faults = True
    (pid,) = d.process("dialer")
    os.kill(pid, signal.SIGSTOP)
    run = d.run_ctl("-s", d.socket, "reload")
    assert run.returncode == 1 and "a process did not answer" in run.stderr
    wait_for(lambda: d.process("dialer") not in ([pid], []))
    typed(ws, 1)
    wait_for(d.ready)
    fresh(d, "ctl")
    ws.drop()


def test_unsafe_file(start):
    """A file that others may write is no configuration."""
    d = start()
    os.chmod(d.path, 0o666)
    run = d.run_ctl("-s", d.socket, "reload")
    assert run.returncode == 1
    os.chmod(d.path, 0o644)
    fresh(d, "ctl")


@pytest.mark.parametrize("change", ["owner", "sandbox"])
def test_removed(start, change):
    """Who may no longer is closed 1008 at the next re-check; the session
    is not ended by it, but nobody gets to it."""
    d = start(lines=["recheck 1"])
    sid, ws = d.shell()
    sse = d.sse(sid)
    sse.until(b"$ ")
    foreign = d.open("foreign", token=d.token(MALLORY))
    other = d.ws(foreign, d.token(MALLORY))
    other.until(b"$ ")
    if change == "owner":
        d.sandboxes["demo"] = {"pty": ["/bin/sh"], "owner": [MALLORY]}
    else:
        del d.sandboxes["demo"]
    d.write()
    fresh(d, "ctl")
    assert ws.closed() == (1008, "Forbidden")
    assert sse.rest()[-1][0] == "error"
    sse.stop()
    d.logged(r'event="detach".*reason="revoked"')
    assert d.connect().status == 404
    assert d.ws(sid).closed() == (1011, "Session not found")
    assert d.delete(sid).status == 404
    typed(other, 1)
    other.drop()


def test_api_removed(start):
    """Its clients leave at the next re-check, those of the other API stay;
    the session is there again with the block."""
    d = start(lines=["recheck 1"])
    _, ours = d.shell()
    sid = d.native_open()

    def attach():
        return Native(d.port, "/v1/sessions/%s/attach" % sid,
                      bearer(d.token()))
    ws = attach()
    ws.until(b"$ ")
    d.native_api = None
    d.write()
    fresh(d, "ctl")
    assert ws.closed() == (1008, "revoked")
    assert attach().status == 404
    typed(ours, 1)
    d.native_api = []
    d.write()
    fresh(d, "ctl")
    ws = wait_for(lambda: (n := attach()).status == 101 and n)
    ws.until(b"$ ")
    ws.drop()
    ours.drop()


def test_owner_added(start):
    d = start()
    assert d.connect(token=d.token(MALLORY)).status == 404
    d.sandboxes["demo"] = {"pty": ["/bin/sh"], "owner": [ALICE, MALLORY]}
    d.write()
    fresh(d, "ctl")
    sid = d.open(token=d.token(MALLORY))
    # Owners share the sandbox, not the sessions.
    assert d.delete(sid).status == 404
    assert d.delete(sid, d.token(MALLORY)).status == 200


def test_changed_record(start):
    """New sessions get a new worker; the old one ends with its last."""
    d = start()

    def variable(ws):
        ws.type("echo v:$V:\n")
        ws.until(b"\nv:")
        return ws.until(b":\r\n")[:-3]
    d.sandboxes["demo"] = {"pty": ["/bin/sh"], "env": {"V": "old"}}
    d.write()
    fresh(d, "ctl")
    sid, old = d.shell()
    first = d.worker("demo")
    assert variable(old) == b"old"
    d.sandboxes["demo"]["env"]["V"] = "new"
    d.write()
    fresh(d, "ctl")
    _, new = d.shell()
    workers = {int(row[2]) for row in d.ctl("show", "sandboxes")
               if row[0] == "demo"}
    assert len(workers) == 2 and first in workers
    assert (variable(old), variable(new)) == (b"old", b"new")
    d.delete(sid)
    assert old.closed() == (1000, "closed")
    wait_for(lambda: first not in {int(row[2]) for row in
                                   d.ctl("show", "sandboxes")})
    assert variable(new) == b"new"
    new.drop()


def test_unchanged_record(start):
    """A reload that changes nothing about a sandbox keeps its worker."""
    d = start()
    d.shell()[1].drop()
    first = d.worker("demo")
    d.lines.append("timeout idle 1000")
    d.write()
    fresh(d, "ctl")
    d.shell()[1].drop()
    assert d.worker("demo") == first
    assert len([r for r in d.ctl("show", "sandboxes")]) == 1


def test_limits(start):
    """New ones count from now on; a session keeps what it began with."""
    d = start()
    sid, ws = d.shell()
    d.lines += ["limit sessions per sandbox 2", "limit viewers per session 1",
                "timeout detached ssh 4"]
    d.write()
    fresh(d, "ctl")
    d.ws(sid).until(b"$ ")
    new, only = d.shell()
    assert d.ws(new).closed() == (1013, "Too many viewers")
    assert d.connect().status == 429
    only.drop()
    d.logged("session %s of demo ended: no viewer" % new)
    d.open()
    ws.drop()


def test_keys(start):
    """Another secret: old tokens are void, who is attached stays."""
    d = start(lines=["recheck 1"])
    sid, ws = d.shell()
    old = d.token()
    assert d.input(sid, "", old).status == 200
    path = d.keys + "/jwt.secret"
    with open(path, "wb") as f:
        f.write(b"another secret of more than 32 bytes\n")
    fresh(d, "ctl")
    assert d.connect(token=old).status == 401
    assert d.input(sid, "", old).status == 401
    d.secret = b"another secret of more than 32 bytes"
    assert d.input(sid, "").status == 200
    typed(ws, 1)
    ws.drop()


def test_listen_stays(start):
    """What was opened for life is said to need a restart."""
    d = start()
    port = d.port
    d.port = 1
    text = d.config()
    d.port = port
    d.write(text)
    at = len(d.log())
    fresh(d, "ctl")
    d.logged("listen changes with a restart only", start=at)
    d.shell()[1].drop()


def test_often(start):
    """Twenty reloads in a row while a session works."""
    d = start()
    _, ws = d.shell()
    for i in range(20):
        d.lines[:] = ["timeout idle %d" % (1000 + i)]
        d.write()
        fresh(d, "ctl")
        typed(ws, i)
    assert set(SANDBOXES) == set(d.sandboxes)
    ws.drop()
