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
Sandboxes that have a name, through the whole daemon and a real dnsmasq.

What can break: a name says one address when it is judged and another when
it is used, or writes a forbidden one so that it does not look like it.
"""

import collections

import pytest

from clients import wait_for
from nameserver import Dnsmasq, Server, answer, name_of

METADATA = "169.254.169.254"
LOST = {"error": "SSH connection failed", "message": "connection lost"}
DENIED = {
    "mapped.example": METADATA, "nat64.example": "64:ff9b::a9fe:a9fe",
    "loop.example": "127.0.0.2", "six.example": "::1",
    "metadata.example": METADATA}


@pytest.fixture
def names(tmp_path):
    d = Dnsmasq(tmp_path, "--host-record=box.example,127.0.0.1",
                "--host-record=mixed.example,127.0.0.1",
                f"--host-record=mixed.example,{METADATA},::1",
                f"--host-record=mapped.example,::ffff:{METADATA}",
                "--host-record=nat64.example,64:ff9b::a9fe:a9fe",
                "--host-record=loop.example,127.0.0.2",
                "--host-record=six.example,::1",
                f"--host-record=metadata.example,{METADATA}")
    yield d
    d.close()


def lines(sshd, server):
    # So long that no question comes twice: a third of it.
    return ["resolver %s port %d" % server.at, "timeout resolve 60",
            "egress allow 127.0.0.1/32 port %d" % sshd.port]


def boxes(sshd, *hosts):
    return {host: {**sshd.box("cat"), "ssh": (host, sshd.port)}
            for host in hosts}


@pytest.mark.parametrize("host", ["box.example", "mixed.example"])
def test_name(start, sshd, names, host):
    d = start(boxes(sshd, host), lines=lines(sshd, names))
    _, ws = d.shell(host)
    ws.type("here")
    ws.until(b"here")
    ws.drop()
    # Who dials has not waited long for the second answer.
    wait_for(lambda: names.queries(host) == {"a": 1, "aaaa": 1})


def test_denied(start, sshd, names):
    """The client hears nothing of it, the log what and why."""
    d = start(boxes(sshd, "gone.example", *DENIED), lines=lines(sshd, names))
    before = sshd.log().count("Connection from ")
    for host, address in DENIED.items():
        reply = d.connect(host)
        assert (reply.status, reply.json) == (500, LOST), d.log()
        wait_for(lambda: f"dial {host} port {sshd.port} denied: {address}, "
                 in d.log())
    reply = d.connect("gone.example")
    assert (reply.status, reply.json) == (500, LOST)
    assert sshd.log().count("Connection from ") == before


def test_answer_that_is_too_long(start, sshd, tmp_path):
    """More addresses than fit into 512 bytes: no address, and the log
    says so."""
    names = Dnsmasq(tmp_path, *["--host-record=many.example,10.0.0.%d" % n
                                for n in range(1, 60)])
    try:
        d = start(boxes(sshd, "many.example"), lines=lines(sshd, names))
        reply = d.connect("many.example")
        assert (reply.status, reply.json) == (500, LOST), d.log()
        d.logged("name not resolved: the answer has more than 512 bytes")
    finally:
        names.close()


def test_answers_that_change(start, sshd):
    """One resolution for each dial: what was judged is what is dialed."""
    asked = collections.Counter()

    def handler(query):
        name, kind, _ = name_of(query)
        asked[kind] += 1
        return [(0, answer(query, ["127.0.0.1" if asked[kind] % 2
                                   else METADATA]))]

    server = Server(handler)
    try:
        d = start(boxes(sshd, "rebind.example"), lines=lines(sshd, server))
        for n in range(1, 5):
            assert d.connect("rebind.example").status == (
                200 if n % 2 else 500), d.log()
            wait_for(lambda: set(asked.values()) == {n})
    finally:
        server.close()
