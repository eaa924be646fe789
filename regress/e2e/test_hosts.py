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
The files of host keys that the daemon opens for the catalog.

What can break: a file that anybody could have written; keys that are learned
into a file which is not the one that was named; a reload that fails half way.
"""

import os
import signal
import stat

import pytest


BOX = {"ssh": ("192.0.2.1", 22), "ssh_user": "root"}
LEARN = "host key checking accept-new"


def hosts(d, *lines):
    d.lines = list(lines)
    d.write()


def learned(d):
    return 'learned hosts "%s/learned"' % d.dir


def begin(start, *lines):
    d = start({"box": BOX}, start=False)
    hosts(d, *(line.replace("DIR", d.dir) for line in lines))
    return d


def refused(d):
    """What a start says that comes to nothing."""
    d.proc = None
    with pytest.raises(AssertionError):
        d.start()
    d.proc.wait(20)
    text = d.log()
    d.proc = None
    return text


def test_file_of_learned_keys_is_made_when_it_is_used(start):
    d = begin(start, 'learned hosts "DIR/learned"')
    d.start()
    path = os.path.join(d.dir, "learned")
    assert not os.path.exists(path)
    hosts(d, LEARN, learned(d))
    at = len(d.log())
    d.ctl("reload")
    d.logged("configuration reloaded", start=at)
    st = os.lstat(path)
    assert stat.S_ISREG(st.st_mode) and st.st_size == 0
    assert (stat.S_IMODE(st.st_mode), st.st_uid) == (0o600, os.geteuid())


@pytest.mark.parametrize("what, why", [
    ("group", "can be written by group or others"),
    ("link", "is a symbolic link"),
    ("fifo", "is not a regular file"),
    ("directory", "cannot be opened"),
])
def test_file_of_learned_keys_that_others_could_change(start, what, why):
    d = begin(start, LEARN, 'learned hosts "DIR/learned"')
    path = os.path.join(d.dir, "learned")
    if what == "group":
        with open(path, "w"):
            os.chmod(path, 0o660)
    elif what == "link":
        os.symlink("other", path)
    elif what == "fifo":
        os.mkfifo(path)
    else:
        os.mkdir(path)
    assert path + " " + why in refused(d)
    assert not os.path.exists(os.path.join(d.dir, "other"))


def test_reload_with_a_bad_file_changes_nothing(start):
    d = begin(start, 'known hosts "DIR/known"', LEARN,
              'learned hosts "DIR/learned"')
    path = os.path.join(d.dir, "known")
    with open(path, "w") as f:
        f.write("# none yet\n")
    d.start()
    below = d.tree()
    for mode, size in ((0o602, 0), (0o600, 4 * 1024 * 1024 + 1)):
        os.chmod(path, mode)
        os.truncate(path, size)
        at = len(d.log())
        d.kill(signal.SIGHUP)
        d.logged("reload failed: .*nothing has changed", start=at)
    os.truncate(path, 0)
    at = len(d.log())
    d.kill(signal.SIGHUP)
    d.logged("configuration reloaded", start=at)
    assert d.tree() == below


def test_file_of_known_hosts_that_is_missing(start):
    d = begin(start, 'known hosts "DIR/known"')
    assert d.dir + "/known cannot be opened: No such file" in refused(d)
