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
Files and variables of a record, as they arrive in a real server.

What can break: a byte that is changed on its way; a secret that lies there
readable by all, if only for a moment; a file that cannot be written and
takes the terminal with it.
"""

import base64
import os
import pwd
import re
import shutil
import stat
import tempfile
import threading

import pytest

from clients import WAIT, wait_for
from daemon import ROOT
from sshd import SFTP, Sshd

EVERY = bytes(range(256))
# The most that gatewayd.conf(5) takes of one sealed text.
LONG = (EVERY * 512)[:128 * 1024 - 100]
SECRET = b"s3cret-\xe2\x82\xac \"quoted\" \\ $(id) `id`\nline two"


@pytest.fixture
def place(login):
    """A directory of the account's, outside its home."""
    path = tempfile.mkdtemp(prefix="gwfiles")
    if ROOT:
        pw = pwd.getpwnam(login.name)
        os.chown(path, pw.pw_uid, pw.pw_gid)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def spoken(servers):
    """A server whose sftp says what it is asked to do."""
    s = servers(sftp=False, start=False)
    log = s.dir + "/sftp.log"
    with open(log, "w"):
        os.chmod(log, 0o666)
    with open(s.dir + "/sftp", "w") as f:
        f.write("#!/bin/sh\nexec %s -e -l VERBOSE 2>>%s\n" % (SFTP, log))
    os.chmod(s.dir + "/sftp", 0o755)
    s.options.append("Subsystem sftp %s/sftp" % s.dir)
    s.start()
    s.sftp_log = log
    return s


def contents(path):
    with open(path, "rb") as f:
        return f.read()


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def test_contents(start, spoken, place):
    """Exact bytes and mode, there before the first prompt is."""
    files = [
        ("empty", "0600", b""), ("one", "0644", b"\0"),
        ("every", "0400", EVERY), ("text", "0755", b"line\r\nline\n"),
        ("block", "0600", LONG[:32768]), ("more", "0640", LONG[:32769]),
        ("long", "0600", LONG),
        ("name with space", "0600", b"x"), ("n\u00e4me", "0600", b"y"),
    ]
    d = start({"box": spoken.box(
        "ls %s; PS1='$ '; export PS1; exec /bin/sh" % place,
        files=[("%s/%s" % (place, n), m, c) for n, m, c in files])})
    _, ws = d.shell("box")
    for word in (b"block", b"empty", b"every", b"long"):
        assert word in ws.out
    for name, m, c in files:
        path = "%s/%s" % (place, name)
        assert contents(path) == c, name
        assert mode(path) == int(m, 8), name
    assert sorted(os.listdir(place)) == sorted(f[0] for f in files)
    # Never wider than in the end: that is the mode of the first open.
    with open(spoken.sftp_log) as f:
        opened = re.findall(r'open "([^"]+)" flags \S*WRITE\S* mode (\d+)',
                            f.read())
    assert len(opened) >= len(files)
    for path, m in opened:
        assert int(m, 8) & 0o077 == 0 or path.endswith(
            ("one", "text", "more")), (path, m)
    ws.drop()


def test_replaced(start, sshd, place):
    """What was there before was longer, and readable by all."""
    path = place + "/netrc"
    with open(path, "wb") as f:
        f.write(b"old " * 1000)
    os.chmod(path, 0o666)
    if ROOT:
        pw = pwd.getpwnam(sshd.user)
        os.chown(path, pw.pw_uid, pw.pw_gid)
    d = start({"box": sshd.box(files=[(path, "0600", b"new")])})
    d.shell("box")[1].drop()
    assert contents(path) == b"new"
    assert mode(path) == 0o600


def test_replaced_again(start, sshd, place):
    """By the next worker: also what its owner may not write.  A link is
    followed, as by any program there."""
    path, link = place + "/key", place + "/link"
    files = [(path, "0400", b"one"), (link, "0640", b"one")]
    d = start({"box": sshd.box(files=files)})
    d.shell("box")[1].drop()
    os.rename(link, place + "/target")
    os.symlink(place + "/target", link)
    d.sandboxes["box"]["files"] = [(p, m, b"two") for p, m, _ in files]
    d.write()
    d.reload()
    d.shell("box")[1].drop()
    assert (contents(path), mode(path)) == (b"two", 0o400)
    assert os.path.islink(link)
    assert (contents(link), mode(link)) == (b"two", 0o640)


def test_written_once(start, sshd, place):
    """Before the first shell; a second one finds it as its user left it."""
    path = place + "/file"
    d = start({"box": sshd.box(files=[(path, "0600", b"one")])})
    _, ws = d.shell("box")
    assert contents(path) == b"one"
    ws.type("echo two > %s; echo do''ne\n" % path)
    ws.until(b"done")
    d.shell("box")[1].drop()
    assert contents(path) == b"two\n"
    ws.drop()


def test_one_that_cannot_be_written(start, sshd, place):
    """It is named in the log; the others and the terminal are well."""
    d = start({"box": sshd.box(files=[
        (place + "/no/such/directory/file", "0600", b"x"),
        ("/proc/version", "0600", b"x"),
        (place, "0600", b"x"),
        (place + "/good", "0600", SECRET)])})
    d.shell("box")[1].drop()
    assert contents(place + "/good") == SECRET
    d.logged("/proc/version")
    assert os.path.isdir(place)
    assert "s3cret" not in d.log()


def test_one_that_cannot_be_opened(start, sshd, place):
    """A box that is not ours is skipped, with its name in the log, and no
    file is made of it."""
    d = start({"box": sshd.box(files=[
        (place + "/bad", "0600", "A" * 120),
        (place + "/good", "0600", SECRET)])})
    d.shell("box")[1].drop()
    assert os.listdir(place) == ["good"]
    d.logged(place + "/bad")


def test_server_without_sftp(start, servers, place):
    """No file, a line in the log, and a terminal."""
    s = servers(sftp=False)
    d = start({"box": s.box(files=[(place + "/file", "0600", SECRET)])})
    d.shell("box")[1].drop()
    assert os.listdir(place) == []
    d.logged("sftp")
    assert "s3cret" not in d.log()


def test_sftp_that_does_not_answer(start, servers, place):
    """It has a deadline, and the terminal comes."""
    s = servers(sftp=False, options=["Subsystem sftp /bin/cat"])
    d = start({"box": s.box(files=[(place + "/file", "0600", SECRET)])},
              lines=["timeout channel 5"])
    _, ws = d.shell("box")
    assert os.listdir(place) == []
    d.logged("timed out in writing files: the server does not answer")
    ws.drop()


def test_writer_that_leaves(start, servers, place):
    """Who opens meanwhile waits for the files, and writes them if the one
    that does is ended."""
    s = servers(sftp=False, start=False)
    with open(s.dir + "/sftp", "w") as f:
        f.write("#!/bin/sh\nmkdir %s/first && exec sleep 60\nexec %s\n" %
                (place, SFTP))
    os.chmod(s.dir + "/sftp", 0o755)
    s.options.append("Subsystem sftp %s/sftp" % s.dir)
    s.start()
    d = start({"box": s.box(
        "cat %s/file; PS1='$ '; export PS1; exec /bin/sh" % place,
        files=[(place + "/file", "0600", b"here")])},
        lines=["timeout channel 120"])
    first = threading.Thread(target=d.connect, args=("box",))
    first.start()
    wait_for(lambda: os.path.isdir(place + "/first"))
    sid, = d.sessions()
    got = []
    second = threading.Thread(target=lambda: got.append(d.shell("box")))
    second.start()
    wait_for(lambda: len(d.sessions()) == 2)
    second.join(0.5)
    assert not got and not os.path.exists(place + "/file")
    d.ctl("kill", "session", sid)
    for t in first, second:
        t.join(WAIT)
    (_, ws), = got
    assert ws.out.startswith(b"here")
    ws.drop()


def test_full_disk(start, sshd, place):
    d = start({"box": sshd.box(files=[("/dev/full", "0600", SECRET),
                                      (place + "/b", "0600", b"b")])})
    d.shell("box")[1].drop()
    assert contents(place + "/b") == b"b"
    d.logged("/dev/full")


# Variables.

def variables(d, name="box"):
    _, ws = d.shell(name)
    ws.type("env -0 | base64 -w0; echo; echo e''nd\n")
    ws.until(b"base64 -w0; echo; echo e''nd\r\n")
    # base64 may well say "end", but not at the beginning of a line.
    text = ws.until(b"\nend")[:-4].strip()
    ws.drop()
    return dict(v.split(b"=", 1) for v in
                base64.b64decode(text).rstrip(b"\0").split(b"\0"))


def test_accepted(start, sshd):
    """Those that the server's AcceptEnv names, byte for byte."""
    d = start({"box": sshd.box(
        env={"GW_PLAIN": "plain \u20ac 'x'", "OTHER": "y", "GW_EMPTY": ""},
        secret={"GW_SECRET": SECRET, "TOKEN": b"t0ken"})})
    env = variables(d)
    assert env[b"GW_PLAIN"] == "plain \u20ac 'x'".encode()
    assert env[b"GW_SECRET"] == SECRET
    assert env[b"GW_EMPTY"] == b""
    assert b"OTHER" not in env and b"TOKEN" not in env
    for word in ("s3cret", "t0ken", "plain \u20ac"):
        assert word not in d.log()


def test_none_accepted(start, servers):
    s = servers()
    d = start({"box": s.box(env={"GW_PLAIN": "x"},
                            secret={"GW_SECRET": SECRET})})
    env = variables(d)
    assert not any(k.startswith(b"GW_") for k in env)
    assert isinstance(s, Sshd)


def test_secret_that_cannot_be_opened(start, sshd):
    d = start({"box": sshd.box(secret={"GW_BAD": "A" * 120,
                                       "GW_GOOD": b"good"})})
    env = variables(d)
    assert env[b"GW_GOOD"] == b"good" and b"GW_BAD" not in env
    d.logged("GW_BAD")


def test_every_session_has_them(start, sshd):
    """The plaintexts are kept for all sessions of the sandbox."""
    d = start({"box": sshd.box(secret={"GW_SECRET": SECRET})})
    for _ in range(3):
        assert variables(d)[b"GW_SECRET"] == SECRET
