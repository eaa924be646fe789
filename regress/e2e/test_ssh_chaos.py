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
SSH in odd orders and at random.

What can break: output that is lost because the end overtakes it; a session
that never ends since what it waits for cannot come any more; a host that
becomes another one in the middle of a session.
"""

import time

import pytest

import chaos_ssh
from chaos_ssh import pattern


@pytest.fixture(scope="module")
def chaos():
    with chaos_ssh.Peer() as p:
        yield p


@pytest.fixture
def served(start, chaos):
    """A daemon with one sandbox, at a server like that."""
    def run(**spec):
        end = chaos.server(**spec)
        return start({"box": end.box()}), end
    return run


def test_output_after_the_status(served):
    """It keeps coming for longer than we wait for the end of a silent
    channel."""
    d, _ = served(after="do_late_output")
    ws = d.ws(d.open("box"))
    assert ws.closed(20) == (1000, "closed")
    assert ws.out == b"<0><1><2><3><4><5><6>END"


@pytest.mark.parametrize("goodbye", [False, True])
@pytest.mark.parametrize("size", [2000, 20000, 500000])
def test_last_words(served, size, goodbye):
    """All output, the end and a goodbye in one go."""
    d, _ = served(after="do_last_words", size=size, goodbye=goodbye)
    ws = d.ws(d.open("box"))
    assert ws.closed(20) == (1000, "closed")
    assert ws.out == pattern(size)


def test_end_within_new_keys(served):
    """Output is held back, since nobody has attached, and the connection
    ends while a key exchange locks what is queued."""
    d, end = served(after="do_new_keys_and_end")
    sid = d.open("box")
    sent = end.event("sent")["bytes"]
    time.sleep(0.5)
    ws = d.ws(sid)
    assert ws.closed() == (1011, "connection lost")
    assert len(ws.out) == sent


def test_other_key_later(served, chaos):
    """New keys in a session are signed by a host key that is not known."""
    d, end = served(after="do_other_key", other=chaos.other)
    ws = d.ws(d.open("box"))
    end.event("renewing")
    assert ws.closed() == (1011, "connection lost")
    d.logged("host key changed")
