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
The daemon without root: one account, and all the confinement that does
not need another.

What can break: a step that works for root alone and is not noticed by
those who test as root.
"""

import contextlib
import os
import subprocess

import pytest

from clients import wait_for
from daemon import BUILD, ROOT, USER


@pytest.fixture
def plain(start):
    if not ROOT:
        return start()
    # Where it was built may be closed to others.
    if subprocess.run(["setpriv", "--reuid", USER, "--clear-groups", "test",
                       "-x", BUILD + "/gatewayd"]).returncode != 0:
        pytest.skip("%s cannot run %s/gatewayd" % (USER, BUILD))
    return start(user=USER)


def status(pid):
    with open("/proc/%d/status" % pid) as f:
        return dict(line.rstrip("\n").split(":\t", 1) for line in f
                    if ":\t" in line)


def test_session(plain):
    sid, ws = plain.shell()
    ws.type("id -un; echo e$((1+1))d\n")
    ws.until(USER.encode() + b"\r\ne2d\r\n")
    sse = plain.sse(sid)
    plain.input(sid, "exit\n")
    assert ws.closed() == (1000, "closed")
    assert sse.rest()[-1] == ("close", "closed")
    sse.stop()


def test_says_so(plain):
    """In one line at the start."""
    assert len([line for line in plain.log().splitlines()
                if "not root" in line]) == 1


def test_confined(plain):
    """Each process under one account, with a filter and without new
    privileges; the shell without either."""
    _, ws = plain.shell()
    uid = status(plain.proc.pid)["Uid"]
    pids = [int(row[2]) for row in plain.ctl("show", "processes")]
    pids.append(plain.worker("demo"))
    for pid in pids:
        st = status(pid)
        assert st["Uid"] == uid
        assert (st["NoNewPrivs"], st["Seccomp"]) == ("1", "2")
        assert int(st["CapEff"], 16) == 0
    shells = []
    for pid, _ in plain.tree():
        with contextlib.suppress(OSError), \
                open("/proc/%d/comm" % pid) as f:
            if f.read() == "sh\n":
                shells.append(pid)
    assert len(shells) == 1
    st = status(shells[0])
    assert st["Uid"] == uid
    assert (st["NoNewPrivs"], st["Seccomp"]) == ("0", "0")
    ws.drop()


def test_secrets_and_reload(plain):
    plain.sandboxes["secret"] = {"pty": ["/bin/sh"],
                                 "secret": {"TOKEN": plain.seal(b"s3cr3t")}}
    plain.write()
    if ROOT:
        os.chown(plain.path, *(os.stat(plain.dir).st_uid,) * 2)
    plain.reload()
    _, ws = plain.shell("secret")
    ws.type("echo t:$TOKEN:\n")
    ws.until(b"\nt:s3cr3t:")
    ws.drop()
    wait_for(lambda: [r[2] for r in plain.sessions().values()] == ["0"])
