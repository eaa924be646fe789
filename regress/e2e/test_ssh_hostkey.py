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
Whose host it is: pins, files of known hosts, keys that were learned.

What can break: a password or a user name that goes to somebody in between;
a key that is believed because of its type or its host's name alone; a key
that is learned twice, or only after the login.
"""

import os
import re
import threading

import pytest

from clients import wait_for
from daemon import Daemon, alive
from sshd import fingerprint, hashed, keygen, public

MISMATCH = {"error": "SSH connection failed",
            "message": "host key mismatch"}
TYPES = {"ed25519": "ssh-ed25519", "ecdsa256": "ecdsa-sha2-nistp256",
         "ecdsa384": "ecdsa-sha2-nistp384",
         "ecdsa521": "ecdsa-sha2-nistp521", "rsa": "ssh-rsa"}


def pin(s, kind, typed=True):
    hash = fingerprint(s.host_keys[kind])
    return (TYPES[kind], hash) if typed else hash


def works(d, name="box"):
    sid, ws = d.shell(name)
    ws.type("hello.")
    ws.until(b"hello.")
    d.delete(sid)
    ws.closed()


def mismatch(d, s, name="box"):
    """The client's words; nobody logged in, nor tried to."""
    before = s.log().count("userauth") + s.logins()
    mark = len(d.log())
    answer = d.connect(name)
    assert (answer.status, answer.json) == (500, MISMATCH), (answer, d.log())
    assert s.log().count("userauth") + s.logins() == before
    return refusal(d, name, mark)


def refusal(d, name, mark):
    """What is logged about it."""
    d.logged("of %s ended: not opened" % name, start=mark)
    # One that its client has seen end may still be about to.
    wait_for(lambda: d.sessions() == {})
    return d.log()[mark:]


@pytest.fixture(scope="module")
def three(login):
    """A server with three keys, and sandboxes that pin them in all ways."""
    from sshd import Sshd
    with Sshd(login, ("ed25519", "ecdsa256", "ecdsa521", "rsa"),
              ["LogLevel DEBUG1"]) as s:
        other = keygen(s.dir + "/other")
        stranger = fingerprint(other)
        pins = {
            "typed": [pin(s, "ed25519")],
            "untyped": [pin(s, "ed25519", False)],
            "second-type": [pin(s, "ecdsa256")],
            "third-type": [pin(s, "ecdsa521")],
            "two": [("ssh-ed25519", stranger), pin(s, "ed25519")],
            "all": [pin(s, k, False) for k in ("rsa", "ecdsa521",
                                               "ecdsa256", "ed25519")],
            "stranger": [stranger],
            "typed-stranger": [("ssh-ed25519", stranger)],
            "wrong-type": [("ecdsa-sha2-nistp256",
                            pin(s, "ed25519", False))],
            "type-not-there": [("ecdsa-sha2-nistp384", stranger)],
            "right-key-of-other-type": [("ssh-ed25519", pin(
                s, "ecdsa256", False))],
            "none": [],
        }
        d = Daemon({name: s.box("cat", host_keys=p)
                    for name, p in pins.items()},
                   lines=["limit dials per worker 10000"])
        yield s, d
        d.stop()


@pytest.mark.parametrize("name", ["typed", "untyped", "second-type",
                                  "third-type", "two", "all"])
def test_pinned(three, name):
    """Only the types that are pinned are asked for, so a server with many
    keys shows the right one."""
    works(three[1], name)


@pytest.mark.parametrize("name", [
    "stranger", "typed-stranger", "wrong-type", "right-key-of-other-type",
    "none"])
def test_not_pinned(three, name):
    s, d = three
    log = mismatch(d, s, name)
    assert re.search(r"(?i)host key", log), log
    works(d, "typed")


def test_type_not_there(three):
    """A server without a key of any type that is pinned: there is nothing
    to compare, but the log says what it is about."""
    s, d = three
    mark = len(d.log())
    answer = d.connect("type-not-there")
    assert (answer.status, answer.json) == (500, MISMATCH)
    assert "host key" in refusal(d, "type-not-there", mark)


def test_rsa_only(start, servers):
    """A server with nothing but RSA needs a library that can do SHA-2."""
    s = servers(("rsa",))
    d = start({"box": s.box("cat")})
    answer = d.connect("box")
    assert answer.status == 500
    assert answer.json["error"] == "SSH connection failed"
    assert re.search(r"libssh2 1\.\d+\.\d+.*RSA", refusal(d, "box", 0))
    assert s.logins() == 0


def test_changed(start, servers):
    """The server comes back with another key: no session more, and those
    that are open stay."""
    s = servers()
    d = start({"box": s.box("cat")})
    _, ws = d.shell("box")
    old = s.host_keys["ed25519"]
    below = s.children()
    s.proc.kill()
    s.proc.wait()
    s.host_keys["ed25519"] = s.host_key("ed25519")
    s.start()
    answer = d.connect("box")
    assert (answer.status, answer.json) == (500, MISMATCH)
    ws.type("still.")
    ws.until(b"still.")
    ws.drop()
    s.halt()
    for pid, _ in below:
        try:
            os.kill(pid, 9)
        except ProcessLookupError:
            pass
    s.host_keys["ed25519"] = old
    s.start()
    works(d)


def test_other_type(start, servers):
    """It had an ed25519 key; now it only has another."""
    s = servers()
    d = start({"box": s.box("cat")})
    works(d)
    s.halt()
    s.host_keys = {"ecdsa256": s.host_key("ecdsa256")}
    s.start()
    mismatch(d, s)


def test_man_in_the_middle(start, peer, sshd):
    """Somebody else answers in the host's place: he sees neither the user
    name nor a word of what would let him in."""
    end = peer.server(auth=["none", "password:secret"])
    # Without checking, too: there is a key that says who it should be.
    for i, check in enumerate(("yes", "accept-new", "no")):
        d = start({"box": end.box(host_keys=sshd.box()["host_keys"],
                                  password=b"secret")},
                  lines=["host key checking " + check,
                         *learned_line(end.peer.dir + "/" + check)])
        answer = d.connect("box")
        assert (answer.status, answer.json) == (500, MISMATCH), check
        end.event("over", count=i + 1)
        assert not end.find("auth"), check


# Files of known hosts.

def learned_line(path):
    return ['learned hosts "%s"' % path]


@pytest.fixture
def known(start, servers):
    """A daemon with a file of known hosts; put() is for the lines."""
    s = servers(("ed25519", "ecdsa256"), ["LogLevel DEBUG1"])

    def run(text, pins=(), check="yes", **more):
        d = start({}, start=False, lines=["host key checking " + check])
        path = d.dir + "/known_hosts"
        with open(path, "w") as f:
            f.write(text)
        d.lines += ['known hosts "%s"' % path]
        d.lines += learned_line(d.dir + "/learned")
        d.sandboxes = {"box": s.box("cat", host_keys=list(pins), **more)}
        d.write()
        d.start()
        return d
    run.s = s
    return run


def put(d, text):
    with open(d.dir + "/known_hosts", "w") as f:
        f.write(text)
    # Other pins are another record, which has a worker of its own.
    d.reload()


def test_known_hosts(known):
    """Every form of a line that is for this host and port, and none that
    is for another."""
    s = known.s
    here = "[127.0.0.1]:%d" % s.port
    ed, ec = (public(s.host_keys[k]) for k in ("ed25519", "ecdsa256"))
    stranger = keygen(s.dir + "/stranger")
    d = known("")
    mismatch(d, s)
    good = [
        s.known("ed25519"),
        s.known("ecdsa256"),
        hashed(s.known("ed25519")),
        "# comment\n\n  \n" + s.known("ed25519") + "garbage\n",
        "%s,other.example %s %s a comment here\n" % (here, *ed),
        "other,[127.0.0.*]:%d %s %s\n" % (s.port, *ec),
        s.known("ed25519", key=stranger) + s.known("ed25519"),
        "@cert-authority * %s %s\n" % public(stranger) +
        s.known("ed25519"),
        "@revoked %s %s %s\n" % (here, *public(stranger)) +
        s.known("ed25519"),
        s.known("ed25519", "[other.example]:%d" % s.port, stranger) +
        s.known("ed25519"),
    ]
    bad = [
        s.known("ed25519", key=stranger),
        s.known("ed25519", "127.0.0.1"),
        s.known("ed25519", "[127.0.0.1]:%d" % (s.port + 1)),
        hashed(s.known("ed25519", "[127.0.0.1]:%d" % (s.port + 1))),
        s.known("ed25519", "!%s,*" % here),
        "@cert-authority %s %s %s\n" % (here, *ed),
        s.known("ed25519") + "@revoked %s %s %s\n" % (here, *ed),
        s.known("ed25519") + "@revoked * %s %s\n" % ed,
        "%s ssh-ed25519 AAAA\n" % here,
        "%s %s %s\n" % (here, ec[0], ed[1]),
    ]
    for text in good:
        put(d, text)
        sid = d.connect("box")
        assert sid.status == 200, (text, d.log())
        d.delete(sid.json["sessionId"])
    for text in bad:
        put(d, text)
        assert d.connect("box").json == MISMATCH, text
    assert "cert-authority" in d.log()


def test_known_hosts_and_pins(known):
    """The operator's pins stand in place of the file's; what the file
    revokes is revoked."""
    s = known.s
    stranger = fingerprint(keygen(s.dir + "/stranger"))
    d = known(s.known("ed25519"), pins=[("ssh-ed25519", stranger)])
    mismatch(d, s)
    d = known(s.known("ed25519", key=s.dir + "/stranger"),
              pins=[pin(s, "ed25519")])
    works(d)
    d = known(s.known("ed25519", marker="@revoked"),
              pins=[pin(s, "ed25519", False)])
    log = mismatch(d, s)
    assert "revoked" in log


@pytest.mark.parametrize("check", ["accept-new", "no"])
def test_revoked_whatever_the_checking(known, check):
    s = known.s
    text = s.known("ed25519", marker="@revoked") + \
        s.known("ecdsa256", marker="@revoked")
    mismatch(known(text, check=check), s)


# Checking accept-new and no.

def test_no_checking(start, servers):
    s = servers()
    d = start({"box": s.box("cat", host_keys=[])},
              lines=["host key checking no"])
    works(d)
    s.halt()
    s.host_keys["ed25519"] = s.host_key("ed25519")
    s.start()
    works(d)


def lines(path):
    if not os.path.exists(path):
        return []
    with open(path) as f:
        return f.read().splitlines()


def test_accept_new(start, servers):
    """The first key is kept, with its sandbox, host and port; another is
    refused, now and after a restart."""
    s = servers()
    d = start({"box": s.box("cat", host_keys=[])}, start=False,
              lines=["host key checking accept-new"])
    path = d.dir + "/learned"
    d.lines += learned_line(path)
    d.write()
    d.start()
    works(d)
    hash = fingerprint(s.host_keys["ed25519"])
    want = ["box 127.0.0.1 %d ssh-ed25519 %s" % (s.port, hash)]
    assert lines(path) == want
    assert os.stat(path).st_mode & 0o777 == 0o600
    works(d)
    assert lines(path) == want
    s.halt()
    old = s.host_keys["ed25519"]
    s.host_keys["ed25519"] = s.host_key("ed25519")
    s.start()
    mismatch(d, s)
    # A worker that knows nothing yet is told, too.
    d.faults = True
    below = d.tree()
    d.kill(9)
    d.wait()
    wait_for(lambda: not any(alive(*p) for p in below))
    d.start()
    mismatch(d, s)
    assert lines(path) == want
    s.halt()
    s.host_keys["ed25519"] = old
    s.start()
    works(d)


def test_learned_before_login(start, peer):
    """The key is on the disk before a user name is sent."""
    end = peer.server(hang="auth")
    d = start({"box": end.box(host_keys=[])}, start=False,
              lines=["host key checking accept-new"])
    path = d.dir + "/learned"
    d.lines += learned_line(path)
    d.write()
    d.start()
    t = threading.Thread(target=d.connect, args=("box",))
    t.start()
    try:
        end.event("auth")
        assert [li.split()[4] for li in lines(path)] == [end.peer.pin]
    finally:
        d.clear()
        t.join()


def test_shared_host_is_not_learned(start, servers):
    """Two records with one host: whoever owns one of them could answer for
    the other first."""
    s = servers(options=["LogLevel DEBUG1"])
    d = start({"box": s.box("cat", host_keys=[]),
               "twin": s.box("cat", host_keys=[]),
               "pinned": s.box("cat")}, start=False,
              lines=["host key checking accept-new"])
    d.lines += learned_line(d.dir + "/learned")
    d.write()
    d.start()
    for name in ("box", "twin"):
        mismatch(d, s, name)
    works(d, "pinned")
    assert lines(d.dir + "/learned") == []


def test_learned_for_this_sandbox_only(start, servers):
    """Another name of the host is another host, and has to learn."""
    s = servers(options=["ListenAddress 127.0.0.2"])
    there = s.box("cat", host_keys=[])
    other = {**there, "ssh": ("127.0.0.2", s.port)}
    d = start({"box": there, "other": other}, start=False,
              lines=["host key checking accept-new",
                     "egress allow 127.0.0.2 port %d" % s.port])
    path = d.dir + "/learned"
    d.lines += learned_line(path)
    d.write()
    d.start()
    works(d, "box")
    works(d, "other")
    assert [li.split()[:2] for li in lines(path)] == [
        ["box", "127.0.0.1"], ["other", "127.0.0.2"]]
