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


"""Fixtures: one daemon for the tests that need nothing special, and a way
to start others.  When a test fails its report has their logs."""

import contextlib
import os
import pwd
import re
import shutil
import subprocess
import sys
import tempfile
import time

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../lib"))
import daemon as lib  # noqa: E402
import hostile_ssh  # noqa: E402
import sshd as ssh  # noqa: E402
from front import Front  # noqa: E402

lib.subreaper()
if lib.ROOT:
    subprocess.run(["sh", os.path.join(lib.TOP, "etc/accounts.sh")],
                   check=True)


@pytest.fixture(scope="session", autouse=True)
def nothing_left():
    """No process of the build outlives the tests."""
    yield
    for d in list(lib.live):
        d.abandon()
    lib.wait_for(lambda: not lib.ours())


@pytest.fixture(scope="session")
def shared():
    d = lib.Daemon()
    yield d
    d.stop()


@pytest.fixture
def daemon(shared):
    """The shared daemon, without a session before and after."""
    yield from alone(shared)


def alone(d):
    assert d.proc.poll() is None, "ended by an earlier test"
    yield d
    assert d.proc.poll() is None
    with contextlib.suppress(AssertionError):
        for sid in d.sessions():
            d.run_ctl("-s", d.socket, "kill", "session", sid)
        lib.wait_for(lambda: not d.sessions())


@pytest.fixture
def start():
    """Start daemons of one's own; they are stopped after the test."""
    started = []

    def run(*args, **kw):
        started.append(lib.Daemon(*args, **kw))
        return started[-1]
    yield run
    for d in started:
        d.stop()


@pytest.fixture
def hour():
    """The hour in which requests are counted goes on for the test: when the
    next one begins, counts fade."""
    lib.wait_for(lambda: time.monotonic() % 3600 < 3570, 60)


@pytest.fixture(scope="session")
def account():
    """An account with a home, or our own when we are not root."""
    if not lib.ROOT:
        yield lib.USER
        return
    # One of a run that was killed is removed here.
    for pw in pwd.getpwall():
        if re.fullmatch(r"gwtest\d+", pw.pw_name) and \
                not os.path.exists("/proc/" + pw.pw_name[6:]):
            subprocess.run(["userdel", pw.pw_name], capture_output=True)
    name = "gwtest%d" % os.getpid()
    home = tempfile.mkdtemp(prefix="gwhome")
    subprocess.run(["useradd", "-s", "/bin/sh", "-d", home, "-M", name],
                   check=True)
    os.chown(home, pwd.getpwnam(name).pw_uid, pwd.getpwnam(name).pw_gid)
    yield name
    subprocess.run(["userdel", name], capture_output=True, check=True)
    shutil.rmtree(home)


@pytest.fixture(scope="session")
def login():
    """Who logs in to servers of OpenSSH's."""
    why = ssh.usable()
    if why is not None:
        pytest.skip(why)
    who = ssh.Account()
    yield who
    who.remove()


@pytest.fixture(scope="session")
def sshd(login):
    """One of them for all that needs nothing special."""
    with ssh.Sshd(login, ("ed25519", "ecdsa256"),
                  ["AcceptEnv GW_*"]) as s:
        yield s


@pytest.fixture
def servers(login):
    """Start some of one's own."""
    started = []

    def run(*args, **kw):
        started.append(ssh.Sshd(login, *args, **kw))
        return started[-1]
    yield run
    for s in started:
        s.stop()


@pytest.fixture(scope="session")
def peer():
    """The process of servers that misbehave."""
    with hostile_ssh.Peer() as p:
        yield p


@pytest.fixture(scope="session")
def remotes(sshd):
    d = lib.Daemon({"shell": sshd.box(), "cat": sshd.box("cat")},
                   lines=["limit dials per worker 10000"])
    yield d
    d.stop()


@pytest.fixture
def remote(remotes):
    """A shared daemon with sandboxes behind SSH, as daemon above."""
    yield from alone(remotes)


@pytest.fixture(scope="module")
def one():
    """A frontend for all tests of a file."""
    with Front() as f:
        yield f


@pytest.fixture
def front(one):
    """A frontend with nothing under way."""
    one.denials.clear()
    yield one
    for c in one.clients:
        c.close()
    one.clients.clear()
    one.catalog.quiet(0.02)
    for w in one.workers.values():
        w.quiet(0.02)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    for d in lib.live:
        d.marked = len(d.log())


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        for d in lib.live:
            report.sections.append(("log of gatewayd",
                                    d.log()[d.marked:][-8000:]))
