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
Programs of a client's choice by the native API: on a terminal of this
machine, and by SSH on a real server.

What can break: a shell that reads an argument; a variable or a directory
that is not what was asked for; an end that is not the program's; a signal
for another; a wish that is half done when it cannot be done.
"""

import json
import os
import random
import signal
import time

import pytest

from clients import Native, bearer, wait_for
from daemon import Daemon, alive, command, proc_stat

NASTY = ["", "'", "''", "'\\''", "\\", "\\\\", "a\\", "\"", "`id`", "$(id)",
         "${HOME}", "$HOME", "$$", "!!", "~", "*", "?", "[a]", "{a,b}", "a b",
         " ", "\t", "\n", "a\nb\n", "\r", "#", "a#b", ";", "&", "&&", "|",
         ">", "<", "(", ")", "=", "A=b", "-n", "--", "-", "%s", "\x1b[0m",
         "'; exit 3; '", "' && exit 3 && '", "$'\\n'", "\u20ac\U0001f600",
         "".join(map(chr, range(1, 128))), "\u0080\u00ff\ufeff\ufffd"]

# Shows what it got, on a terminal that leaves it alone.
SHOW = ("stty raw -echo; i=0; printf '%s' \"$#\"; for a; do"
        " printf '<%s>' \"$a\"; done; printf END")


@pytest.fixture(params=["pty", "ssh"])
def box(request):
    """A daemon, and the name of a sandbox of that kind."""
    if request.param == "pty":
        return request.getfixturevalue("daemon"), "demo"
    return request.getfixturevalue("programs"), "free"


@pytest.fixture(scope="module")
def programs_of(request):
    """Servers whose logins may run what they like, with their daemon."""
    sshd = request.getfixturevalue("sshd")
    d = Daemon({"free": sshd.box(None, env={"GW_ONE": "1", "GW_TWO": "2"}),
                "forced": sshd.box("shell")})
    yield d
    d.stop()


@pytest.fixture
def programs(programs_of):
    d = programs_of
    yield d
    for s in d.native_list("free") + d.native_list("forced"):
        d.native_end(s["id"])
    wait_for(lambda: not d.native_list("free"))


def attach(d, sid, query="?offset=0"):
    ws = Native(d.port, "/v1/sessions/%s/attach%s" % (sid, query),
                bearer(d.token()))
    assert ws.status == 101, ws.response
    return ws


def create(d, sandbox, **body):
    return d.native("POST", "/sandboxes/%s/sessions" % sandbox, body)


def run(d, sandbox, *argv, **more):
    """What a program of these words prints, and its end."""
    ws = attach(d, d.native_open(sandbox, cmd=argv[0], args=argv[1:],
                                 **more))
    end = ws.said("exit")
    return ws.out, end


def shell(d, sandbox, script, *args, **more):
    return run(d, sandbox, "/bin/sh", "-c", script, "sh", *args, **more)


# What is malformed

@pytest.mark.parametrize("body", [
    {"cmd": ""}, {"cmd": 1}, {"cmd": ["ls"]}, {"cmd": "a\0b"},
    {"args": ["x"]}, {"cmd": "ls", "args": "x"}, {"cmd": "ls", "args": [1]},
    {"cmd": "ls", "args": [None]}, {"cmd": "ls", "args": ["a\0"]},
    {"cwd": "tmp"}, {"cwd": ""}, {"cwd": "/a\0"}, {"cwd": 1},
    {"cwd": "/" + "x" * 4096},
    {"env": []}, {"env": {"": "x"}}, {"env": {"1A": "x"}},
    {"env": {"A-B": "x"}}, {"env": {"A=B": "x"}}, {"env": {"A" * 129: "x"}},
    {"env": {"A": 1}}, {"env": {"A": None}}, {"env": {"A": "x\0"}},
    {"cmd": "ls", "args": ["x"] * 1024},
], ids=lambda b: json.dumps(b)[:40])
def test_malformed(box, body):
    d, sandbox = box
    # Those of earlier tests may be there still, as what they were.
    before = {one["id"] for one in d.native_list(sandbox)}
    a = create(d, sandbox, **body)
    assert a.status == 400 and a.json["error"]["code"] == "bad_request", a
    assert {one["id"] for one in d.native_list(sandbox)} <= before


@pytest.mark.parametrize("body,word", [
    ({"cmd": "/no/such/program"}, "run the command: No such file"),
    ({"cmd": "no-such-program"}, "run the command: No such file"),
    ({"cmd": "/etc/passwd"}, "run the command: Permission denied"),
    ({"cmd": "/"}, "run the command: Permission denied"),
    ({"cwd": "/no/such/place"}, "enter the directory: No such file"),
    ({"cwd": "/etc/passwd"}, "enter the directory: Not a directory"),
    ({"cmd": "ls", "env": {"PATH": "/none"}}, "run the command: No such"),
    ({"cmd": "ls", "env": {"PATH": ""}}, "run the command: No such")])
def test_cannot_be_run(daemon, body, word):
    """The local one says so before there is a session; the log says why."""
    start = len(daemon.log())
    before = {one["id"] for one in daemon.native_list()}
    a = create(daemon, "demo", **body)
    assert a.status == 502 and a.json["error"]["code"] == "open_failed", a
    wait_for(lambda: word in daemon.log()[start:])
    assert {one["id"] for one in daemon.native_list()} <= before


@pytest.mark.parametrize("body", [
    {"cmd": "x" * 40000}, {"cmd": "-c", "args": ["x"]},
    {"cmd": "x", "args": ["'" * 9000]}], ids=["long", "dash", "quotes"])
def test_ssh_cannot_say_it(programs, body):
    a = create(programs, "free", **body)
    assert (a.status, a.json["error"]["code"]) == (501, "unsupported"), a
    assert not programs.native_list("free")


# Arguments

def test_arguments(box):
    """Each comes as it was written, whatever a shell would make of it."""
    d, sandbox = box
    out, end = shell(d, sandbox, SHOW, *NASTY)
    want = str(len(NASTY)) + "".join("<%s>" % a for a in NASTY) + "END"
    assert out == want.encode()
    assert end == {"type": "exit", "code": 0}


def test_random_arguments(box):
    """Text by chance, of what shells and terminals care about."""
    d, sandbox = box
    seed = int.from_bytes(os.urandom(4), "big")
    print("seed", seed)
    rnd = random.Random(seed)
    special = "'\"\\$`!*?[]{}()<>|&;#~=%\n\t -_aA0\u20ac\x7f\x01"
    words = ["".join(rnd.choices(special, k=rnd.randrange(60)))
             for _ in range(100)]
    out, _ = shell(d, sandbox, SHOW, *words)
    assert out == ("100" + "".join("<%s>" % a for a in words) +
                   "END").encode()


def test_many_and_long_arguments(box):
    d, sandbox = box
    out, _ = shell(d, sandbox, "stty raw; printf %s $#", *["x"] * 1000)
    assert out.endswith(b"1000")
    out, _ = shell(d, sandbox, "stty raw; printf %s ${#1}", "y" * 30000)
    assert out.endswith(b"30000")


def test_name_is_looked_for(box):
    """In PATH; the program is told the name that was given."""
    d, sandbox = box
    assert run(d, sandbox, "pwd", cwd="/usr")[0] == b"/usr\r\n"
    assert run(d, sandbox, "sh", "-c", "echo $0")[0] == b"sh\r\n"


def test_no_shell(daemon):
    """A script without #! is none for execve."""
    path = os.path.join(daemon.dir, "script")
    with open(path, "w") as f:
        f.write("echo by a shell\n")
    os.chmod(path, 0o755)
    a = create(daemon, "demo", cmd=path)
    assert a.status == 502, a
    daemon.logged("run the command: Exec format error")
    # Nor is there one between: this process is the parent's child.
    sid = daemon.native_open(cmd="sleep", args=["1000"])
    pid = wait_for(lambda: sleeps(daemon, "1000"))[0]
    with open("/proc/%d/cmdline" % proc_stat(pid)[0]) as f:
        assert f.read().startswith("gatewayd: pty")
    assert daemon.native_end(sid).status == 204


def sleeps(d, arg):
    """The processes "sleep ARG" of this daemon: others have theirs."""
    return [pid for pid, _ in d.tree() if command(pid) == "sleep " + arg]


# Environment and directory

def test_environment(daemon):
    """The client's comes last; the rest is that of any login."""
    out, _ = run(daemon, "demo", "/usr/bin/env", "-0", env={
        "PS1": "mine", "A_1": "x=y 'z'", "_": "", "LANG": "\u20ac",
        "TERM": "vt100", "HOME": "/tmp"}, cwd="/usr")
    env = dict(v.split("=", 1) for v in out.decode().split("\0") if v)
    assert env["PS1"] == "mine" and env["A_1"] == "x=y 'z'"
    assert env["_"] == "" and env["LANG"] == "\u20ac"
    assert env["TERM"] == "vt100" and env["HOME"] == "/tmp"
    out, _ = run(daemon, "demo", "/usr/bin/env", "-0")
    env = dict(v.split("=", 1) for v in out.decode().split("\0") if v)
    assert env["PS1"] == "$ " and env["TERM"] == "xterm-256color"
    assert "A_1" not in env


def test_environment_of_a_server(programs):
    """What its AcceptEnv names; TERM comes with the terminal."""
    show = 'echo "$GW_ONE,$GW_TWO,$GW_NEW,$OTHER,$TERM."'
    out, _ = shell(programs, "free", show)
    assert out == b"1,2,,,xterm-256color.\r\n"
    out, _ = shell(programs, "free", show, env={
        "GW_TWO": "it's \"$HOME\"", "GW_NEW": "n", "OTHER": "refused",
        "TERM": "vt220"})
    assert out == b"1,it's \"$HOME\",n,,vt220.\r\n"


def test_large_environment(daemon):
    """Near the 100 KiB that a request may have."""
    out, _ = run(daemon, "demo", "sh", "-c", "echo ${#BIG} ${#V99}", env={
        "BIG": "x" * 60000, **{"V%d" % i: "y" * 300 for i in range(100)}})
    assert out == b"60000 300\r\n"
    a = create(daemon, "demo", cmd="true", env={"BIG": "x" * 103000})
    assert a.status == 413, a


def test_directory(box):
    d, sandbox = box
    assert run(d, sandbox, "/bin/pwd", cwd="/usr/bin")[0] == b"/usr/bin\r\n"
    # Alone it is for the usual shell.
    ws = attach(d, d.native_open(sandbox, cwd="/usr"))
    ws.type("pwd; exit 5\r")
    ws.until(b"/usr\r\n")
    assert ws.said("exit")["code"] == 5


def test_directory_of_a_server(programs):
    """One that is not there ends it, in the server's words."""
    out, end = run(programs, "free", "/bin/pwd",
                   cwd="/no/such $(id) 'place")
    assert end["code"] not in (0, None) and b"/no/such $(id) 'place" in out


# Terminals and ends

def test_terminal(box):
    """It is one, of that size, and takes input."""
    d, sandbox = box
    sid = d.native_open(sandbox, cols=101, rows=37, cmd="sh", args=[
        "-c", "tty; stty size; read x; echo $x$x; stty size"])
    ws = attach(d, sid)
    assert ws.until(b"\r\n").startswith(b"/dev/pts/")
    assert ws.until(b"\r\n") == b"37 101\r\n"
    ws.resize(90, 30)
    ws.said("resize")
    ws.type("ab\r")
    ws.until(b"abab\r\n30 90\r\n")
    assert ws.said("exit") == {"type": "exit", "code": 0}


@pytest.mark.parametrize("script,end", [
    ("exit 0", {"code": 0}), ("exit 1", {"code": 1}),
    ("exit 255", {"code": 255}), ("kill -TERM $$", {"signal": "TERM"}),
    ("kill -KILL $$", {"signal": "KILL"}), ("kill -HUP $$", {"signal": "HUP"}),
    ("exec /no/such", {"code": 127})])
def test_ends(box, script, end):
    """Attached early or late, it is the program's own."""
    d, sandbox = box
    sid = d.native_open(sandbox, cmd="sh", args=["-c", script])
    want = {"type": "exit", **end}
    assert attach(d, sid).said("exit") == want
    assert attach(d, sid).said("exit") == want
    status = d.native_status(sid)
    assert status["state"] == "exited" and status["exit"] == end
    for verb, body in (("input", b"x"), ("signal", {"name": "INT"}),
                       ("resize", {"cols": 1, "rows": 1})):
        a = d.native("POST", "/sessions/%s/%s" % (sid, verb), body)
        assert (a.status, a.json["error"]["code"]) == (409, "exited"), verb


def test_not_found_by_a_server(programs):
    """Its shell says so, and 127 is the end."""
    out, end = run(programs, "free", "/no/such program")
    assert end == {"type": "exit", "code": 127} and b"not found" in out


def test_forced_command(programs):
    """A login that is bound to one gets that, and knows what was asked."""
    ws = attach(programs, programs.native_open("forced", cmd="echo",
                                               args=["a b"]))
    ws.type("echo \"[$SSH_ORIGINAL_COMMAND]\"; exit\r")
    ws.until(b"[exec 'echo' 'a b']")
    ws.said("exit")


# Signals

TRAP = ("for s in HUP INT QUIT TERM USR1 USR2 WINCH CONT; do"
        " trap \"echo got $s\" $s; done; echo READY;"
        " while :; do sleep 0.1; done")


@pytest.mark.parametrize("name", ["HUP", "INT", "QUIT", "TERM", "USR1",
                                  "USR2", "WINCH", "CONT"])
def test_signal(daemon, name):
    """The program hears it, from a WebSocket and from a request."""
    sid = daemon.native_open(cmd="sh", args=["-c", TRAP])
    ws = attach(daemon, sid)
    ws.until(b"READY")
    ws.tell(type="signal", name=name)
    ws.until(b"got " + name.encode())
    a = daemon.native("POST", "/sessions/%s/signal" % sid,
                      {"name": "SIG" + name})
    assert a.status == 204, a
    ws.until(b"got " + name.encode())
    assert daemon.native_end(sid).status == 204


def test_signal_that_kills(daemon):
    for name in ("KILL", "TERM", "INT"):
        sid = daemon.native_open(cmd="sleep", args=["1001"])
        ws = attach(daemon, sid)
        wait_for(lambda: sleeps(daemon, "1001"))
        ws.tell(type="signal", name=name)
        assert ws.said("exit") == {"type": "exit", "signal": name}
    assert not sleeps(daemon, "1001")


def test_signals_and_jobs(daemon):
    """INT is for what is in front, TERM for the group of the shell, others
    for the shell alone."""
    sid = daemon.native_open(cmd="sh", args=["-i"])
    ws = attach(daemon, sid)
    ws.type("PS1='> '; trap 'echo shell USR1' USR1; sleep 1002\r")
    job = wait_for(lambda: sleeps(daemon, "1002"))[0]
    assert os.getpgid(job) != os.getsid(job)
    ws.tell(type="signal", name="USR1")
    time.sleep(0.3)
    started = proc_stat(job)[2]
    assert alive(job, started)
    ws.tell(type="signal", name="INT")
    wait_for(lambda: not alive(job, started))
    ws.until(b"shell USR1")
    ws.type("sleep 1003\r")
    job = wait_for(lambda: sleeps(daemon, "1003"))[0]
    started = proc_stat(job)[2]
    ws.tell(type="signal", name="KILL")
    assert ws.said("exit") == {"type": "exit", "signal": "KILL"}
    # The terminal is gone for it, too.
    wait_for(lambda: not alive(job, started))


@pytest.mark.parametrize("name", ["", "NO", "sigint", "SIG", "0", "9",
                                  "RTMIN", "INT ", "A" * 100])
def test_signal_without_a_name(daemon, name):
    sid = daemon.native_open(cmd="cat")
    a = daemon.native("POST", "/sessions/%s/signal" % sid, {"name": name})
    assert a.status == 400, a
    ws = attach(daemon, sid)
    ws.tell(type="signal", name=name)
    assert ws.said("error")["code"] in ("bad_message", "unsupported")
    assert daemon.native_status(sid)["state"] == "running"


def test_no_signals_by_ssh(programs):
    """The caller is told, and nothing is typed instead."""
    sid = programs.native_open("free", cmd="cat")
    a = programs.native("POST", "/sessions/%s/signal" % sid,
                        {"name": "INT"})
    assert (a.status, a.json["error"]["code"]) == (501, "unsupported"), a
    ws = attach(programs, sid)
    ws.tell(type="signal", name="TERM")
    assert ws.said("error")["code"] == "unsupported"
    ws.type("still\r")
    ws.until(b"still\r\nstill\r\n")


def test_end_by_request(box):
    """DELETE hangs up, and kills who does not go."""
    d, sandbox = box
    ws = attach(d, d.native_open(sandbox, cmd="sh", args=[
        "-c", "trap '' HUP TERM; echo $$; while :; do sleep 0.1; done"]))
    pid = int(ws.until(b"\r\n"))
    started = proc_stat(pid)[2]
    sid = ws.messages[0]["session"]
    assert d.native_end(sid).status == 204
    assert d.native("GET", "/sessions/" + sid).status == 404
    if sandbox == "demo":
        wait_for(lambda: not alive(pid, started))
    else:
        # That one is the server's; it is not ours to kill.
        os.kill(pid, signal.SIGKILL)


# By name

def test_name_after_the_end(daemon):
    """It is free as soon as the program has ended."""
    sid = daemon.native_open(name="job", cmd="sh", args=["-c", "exit 3"])
    wait_for(lambda: daemon.native_status(sid)["state"] == "exited")
    a = create(daemon, "demo", name="job", cmd="cat")
    assert a.status == 201 and a.json["id"] != sid
    assert daemon.native_status(sid)["exit"] == {"code": 3}
    b = create(daemon, "demo", name="job", cmd="false")
    assert b.status == 200 and b.json["id"] == a.json["id"]
    assert daemon.native_end(a.json["id"]).status == 204
