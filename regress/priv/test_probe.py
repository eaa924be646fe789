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

"""Every role, from inside its sandbox: what it must not do, what it needs.

What can break: a filter or a drop that lets one call too many through works
as well as a right one, so only somebody who tries can tell.  The program
probe tries; here it runs as each kind of user that a role can have.
"""

import os
import shutil
import subprocess

import pytest

PROBE = os.path.join(os.environ["BUILD"], "regress/priv/probe")
ROLES = ["frontend", "catalog", "dialer", "control", "worker", "pty"]
ROOT = os.geteuid() == 0

# Nobody has these ids, so no file and no process can be in our favour.
UID = GID = "64999"
NOBODY = 65534

# A filter that forgot most of its roles must not pass for a short one.
LEAST = 60

needs_root = pytest.mark.skipif(not ROOT, reason="needs root")


def run(*argv, **kw):
    p = subprocess.run([*map(str, argv)], stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE, text=True, timeout=120,
                       stdin=subprocess.DEVNULL, **kw)
    lines = p.stdout.splitlines()
    bad = [s for s in lines if s.startswith("not ok")]
    assert not bad, "\n".join(bad) + "\n" + p.stderr[-2000:]
    assert p.returncode == 0, p.stderr[-2000:]
    assert lines[-1] == f"1..{len(lines) - 1}"
    return lines[:-1]


@pytest.fixture
def empty(tmp_path):
    d = tmp_path / "empty"
    d.mkdir(mode=0o755)
    return d


@pytest.fixture
def shared_probe():
    """A copy that another user can execute, wherever the build is."""
    d = f"/tmp/gatewayd-probe.{os.getpid()}"
    os.mkdir(d, 0o755)
    os.chmod(d, 0o755)
    yield shutil.copy(PROBE, d)
    shutil.rmtree(d)


@needs_root
def test_attempts_work_outside(tmp_path):
    """Otherwise their failure inside would prove nothing."""
    lines = run(PROBE, "none", cwd=tmp_path)
    assert any("fast open after a reset" in s for s in lines)
    assert any("a dialer's second connect" in s for s in lines)


@pytest.mark.parametrize("role", ROLES)
def test_filter_alone(role):
    """As whoever runs this; as root nothing else is in the way."""
    assert len(run(PROBE, role)) >= LEAST


@pytest.mark.parametrize("role", ROLES)
def test_needs_alone(role):
    """What builds with sanitizers are tested for."""
    assert len(run(PROBE, "-n", role)) >= 12


@pytest.mark.parametrize("role", ROLES)
def test_landlock_alone(role):
    """A second wall is only one if it stands without the first."""
    lines = run(PROBE, "-l", role)
    assert len(lines) >= 11
    assert all("denied" in s or "not permitted" in s for s in lines)


@needs_root
@pytest.mark.parametrize("role", ROLES)
def test_dropped(role, empty):
    """As a child of a daemon that was started by root."""
    assert len(run(PROBE, role, UID, GID, empty)) >= LEAST


@needs_root
@pytest.mark.parametrize("role", ROLES)
def test_without_root(role, shared_probe):
    """As a child of a daemon that a user started."""
    lines = run(shared_probe, role, NOBODY, NOBODY, "-", user=NOBODY,
                group=NOBODY, extra_groups=[])
    assert len(lines) >= LEAST


@pytest.mark.parametrize("drop", [False, pytest.param(
    True, marks=needs_root)])
def test_setup(drop, empty):
    run(PROBE, "setup", *((UID, GID, empty) if drop else ()))


def fails(*argv, **kw):
    p = subprocess.run([*map(str, argv)], stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE, text=True, timeout=120,
                       stdin=subprocess.DEVNULL, **kw)
    lines = [s for s in p.stdout.splitlines() if "- needs" in s]
    assert p.returncode == 1 and lines
    assert all(s.endswith("not entered") for s in lines)
    return p.stderr


@needs_root
@pytest.mark.parametrize("mode", [0o777, 0o775])
def test_root_directory_of_others(empty, mode):
    empty.chmod(mode)
    assert "others can write" in fails(PROBE, "worker", UID, GID, empty)


@needs_root
def test_root_directory_owner(empty):
    os.chown(empty, NOBODY, 0)
    assert "not owned by root" in fails(PROBE, "worker", UID, GID, empty)


@needs_root
def test_no_root_directory(empty):
    assert "chdir" in fails(PROBE, "worker", UID, GID, empty / "none")


@needs_root
def test_drop_needs_root(shared_probe):
    err = fails(shared_probe, "worker", UID, GID, "-", user=NOBODY,
                group=NOBODY, extra_groups=[])
    assert "needs root" in err


@needs_root
def test_way_back_is_found(shared_probe):
    """A capability that somebody left to us is a way back to root."""
    err = fails("setpriv", "--reuid", NOBODY, "--regid", NOBODY,
                "--clear-groups", "--inh-caps", "+setuid", "--ambient-caps",
                "+setuid", shared_probe, "worker", NOBODY, NOBODY, "-")
    assert "regained" in err
