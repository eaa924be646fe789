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

"""Processes that a test is the parent of."""

import os
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../lib"))
import gwproto  # noqa: E402
from localworker import Local  # noqa: E402


@pytest.fixture
def worker():
    made = []

    def make(*args, **kw):
        made.append(Local(*args, **kw))
        return made[-1]
    yield make
    for w in made:
        assert w.stop() == 0, w.chan.logs


@pytest.fixture
def having():
    """Make something that is closed at the end."""
    things = []

    def have(cls, *args, **kw):
        things.append(cls(*args, **kw))
        return things[-1]

    yield have
    for t in reversed(things):
        t.close()
        if isinstance(t, gwproto.Child):
            assert t.wait() == 0, t.logs
