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
Logging in: every kind of key and word, and those that are wrong.

What can break: a form of key that people have and we cannot read; a wrong
one that is not told from a host that is down; a user name, which may be a
credential, or a passphrase in a log.
"""

import os
import re
import time

import pytest

from clients import wait_for
from daemon import ROOT, Daemon
from sshd import PASSWORD, read

FAILED = {"error": "SSH connection failed",
          "message": "authentication failed"}
PHRASE = "a phrase with sp\u00e4ces"

# name: arguments of ssh-keygen, by way of Sshd.key().
KEYS = {
    "ed25519": ("ed25519",),
    "ecdsa256": ("ecdsa", 256),
    "ecdsa384": ("ecdsa", 384),
    "ecdsa521": ("ecdsa", 521),
    "ed25519-phrase": ("ed25519", None, PHRASE),
    "ecdsa256-phrase": ("ecdsa", 256, PHRASE),
    "ecdsa521-phrase": ("ecdsa", 521, PHRASE),
    "ecdsa256-pem": ("ecdsa", 256, "", "PEM"),
    "ecdsa384-pem-phrase": ("ecdsa", 384, PHRASE, "PEM"),
    "ecdsa256-pkcs8": ("ecdsa", 256, "", "PKCS8"),
    "ecdsa521-pkcs8-phrase": ("ecdsa", 521, PHRASE, "PKCS8"),
}


def secrets_of(d):
    """What must be in no log: (what, text)."""
    for name, sb in d.sandboxes.items():
        yield "user of " + name, sb["ssh_user"]
        for k in "key", "passphrase", "password":
            if isinstance(sb.get(k), bytes):
                text = sb[k].decode()
                # Of a key its second line: the first is the same for all.
                yield k + " of " + name, text.splitlines()[k == "key"]


def nothing_leaks(d):
    log = d.log()
    for what, text in secrets_of(d):
        assert text not in log, what


@pytest.fixture(scope="module")
def keyring(sshd):
    """A sandbox for each kind of key; all that is logged is looked at."""
    boxes = {}
    for name, args in KEYS.items():
        key = sshd.authorize(sshd.key(*args), "cat")
        phrase = {"passphrase": args[2].encode()} if len(args) > 2 and \
            args[2] else {}
        boxes[name] = sshd.box("cat", key=key, **phrase)
    boxes["wrong-phrase"] = {**boxes["ed25519-phrase"],
                             "passphrase": b"another phrase"}
    boxes["no-phrase"] = {k: v for k, v in boxes["ecdsa256-phrase"].items()
                          if k != "passphrase"}
    boxes["needless-phrase"] = {**boxes["ed25519"],
                                "passphrase": PHRASE.encode()}
    # As forms in browsers leave it, and what has been cut at its ends.
    boxes["crlf"] = {**boxes["ed25519"], "key": boxes["ed25519"][
        "key"].replace(b"\n", b"\r\n")}
    boxes["stripped"] = {**boxes["ecdsa256-pem"],
                         "key": boxes["ecdsa256-pem"]["key"].strip()}
    boxes["wrong-key"] = sshd.box("cat", key=read(sshd.key()))
    boxes["no-key"] = sshd.box("cat", key=b"-----BEGIN nothing-----\n"
                               b"n0-k3y-at-all\n")
    boxes["cut-key"] = sshd.box("cat", key=read(sshd.key())[:120])
    boxes["sealed-elsewhere"] = sshd.box("cat", key="A" * 120)
    boxes["wrong-user"] = {**boxes["ed25519"], "ssh_user": "n0such-us3r"}
    rsa = sshd.key("rsa", 2048)
    sshd.authorize(rsa, "cat")
    boxes["rsa"] = sshd.box("cat", key=read(rsa))
    pem = sshd.key("rsa", 2048, PHRASE, "PEM")
    sshd.authorize(pem, "cat")
    boxes["rsa-pem"] = sshd.box("cat", key=read(pem),
                                passphrase=PHRASE.encode())
    d = Daemon(boxes, lines=["limit dials per worker 10000"])
    d.run_ctl("-s", d.socket, "log", "verbose")
    yield d
    try:
        nothing_leaks(d)
    finally:
        d.stop()


def works(d, name):
    sid, ws = d.shell(name)
    ws.type("in as %s." % name)
    ws.until(b"in as %s." % name.encode())
    assert d.delete(sid).status == 200
    ws.closed()


def refused(d, name):
    """What the client is told; and it is there at once."""
    begin = time.monotonic()
    mark = len(d.log())
    answer = d.connect(name)
    assert (answer.status, answer.json) == (500, FAILED), answer
    assert time.monotonic() - begin < 10
    d.logged("of %s ended: not opened" % name, start=mark)
    # One that its client has seen end may still be about to.
    wait_for(lambda: d.sessions() == {})
    return d.log()[mark:]


@pytest.mark.parametrize("name", KEYS)
def test_key(keyring, name):
    works(keyring, name)


@pytest.mark.parametrize("name", ["needless-phrase", "crlf", "stripped"])
def test_key_as_it_comes(keyring, name):
    works(keyring, name)


@pytest.mark.parametrize("name", [
    "wrong-phrase", "no-phrase", "wrong-key", "no-key", "cut-key",
    "sealed-elsewhere", "wrong-user"])
def test_wrong(keyring, name):
    """Named in the log, with the sandbox it is of."""
    log = refused(keyring, name)
    assert re.search(r"(?m)^.*%s.*(key|auth|passphrase|opened|log)" % name,
                     log), log
    works(keyring, "ed25519")


@pytest.mark.parametrize("name", ["rsa", "rsa-pem"])
def test_rsa(keyring, sshd, name):
    """Where the library cannot sign with SHA-2 no server is asked at all,
    and the log says which library that is."""
    before = sshd.log().count("Connection from ")
    log = refused(keyring, name)
    assert re.search(r"libssh2 1\.\d+\.\d+", log), log
    assert "RSA" in log or "rsa" in log
    assert sshd.log().count("Connection from ") == before


def test_key_file(start, sshd):
    """A key from a file that only the parent can open, read anew for each
    worker."""
    d = start({}, start=False)
    path = d.dir + "/key"

    def put(data):
        with open(path, "wb") as f:
            f.write(data)
        os.chmod(path, 0o600)
    put(sshd.default("cat"))
    box = sshd.box("cat")
    del box["key"]
    d.sandboxes["box"] = {**box, "key_file": path}
    d.write()
    d.start()
    works(d, "box")
    put(read(sshd.key()))
    wait_for(lambda: d.worker("box") is None)
    refused(d, "box")
    put(sshd.default("cat"))
    wait_for(lambda: d.worker("box") is None)
    works(d, "box")
    # A worker that others keep busy does not go on with what was taken
    # away once the configuration has been read again.
    _, old = d.shell("box")
    put(read(sshd.key()))
    _, still = d.shell("box")
    d.reload()
    answer = d.connect("box")
    assert answer.status == 500
    assert answer.json["message"] == "authentication failed"
    for ws in old, still:
        ws.type("on")
        ws.until(b"on")
        ws.drop()


@pytest.mark.skipif(not ROOT, reason="needs root to give out passwords")
class TestPasswords:
    def test_password(self, start, servers):
        s = servers(options=["PasswordAuthentication yes",
                             "ForceCommand stty raw -echo; printf READY; "
                             "exec cat"])
        d = start({"good": {**s.box(password=PASSWORD.encode()),
                            "raw": True},
                   "bad": s.box(password=b"incorrect h0rse")})
        works(d, "good")
        refused(d, "bad")
        nothing_leaks(d)

    def test_no_password_at_all(self, start, servers, login):
        """Method none, as OpenSSH has it."""
        s = servers(options=["PasswordAuthentication yes",
                             "PermitEmptyPasswords yes",
                             "ForceCommand stty raw -echo; printf READY; "
                             "exec cat"])
        box = s.box()
        del box["key"]
        d = start({"box": {**box, "raw": True}})
        refused(d, "box")
        login.password(None)
        try:
            works(d, "box")
        finally:
            login.password(PASSWORD)
        assert "Accepted none for" in s.log()

    def test_key_before_password(self, start, servers):
        """A record with both: the key is enough."""
        s = servers(options=["PasswordAuthentication yes"])
        key = s.authorize(s.key(), "cat")
        d = start({"both": {**s.box(key=key, password=PASSWORD.encode()),
                            "raw": True}})
        works(d, "both")
        assert "Accepted publickey" in s.log()


    @pytest.mark.parametrize("methods", [
        "publickey,password", "password,publickey",
        "publickey,keyboard-interactive",
        "publickey,password,keyboard-interactive"])
    def test_more_than_one(self, start, servers, methods):
        """A server that wants several methods gets those that the record
        has; one that is right and not enough is no refusal."""
        s = servers(options=["UsePAM yes", "PasswordAuthentication yes",
                             "KbdInteractiveAuthentication yes",
                             "AuthenticationMethods " + methods])
        both = {"key": s.authorize(s.key(), "cat"), "raw": True,
                "password": PASSWORD.encode()}
        d = start({
            "both": s.box("cat", **both),
            "stranger": s.box("cat", **{**both, "key": read(s.key())}),
            "one": s.box("cat", key=both["key"])})
        works(d, "both")
        assert "Partial " in s.log()
        refused(d, "stranger")
        log = refused(d, "one")
        if methods.startswith("publickey"):
            assert "publickey is not enough; the server takes: " in log
        nothing_leaks(d)


WORDS = ["password:one", "keyboard-interactive:one"]


@pytest.mark.parametrize("stages, enters", [
    ([WORDS[:1], WORDS[1:]], True), ([WORDS[1:], WORDS[:1]], True),
    # What is offered at first is not what is to follow.
    ([WORDS, ["keyboard-interactive:one"]], True),
    ([WORDS, ["hostbased"]], False), ([WORDS, []], False),
    # The same once more, and once more.
    ([WORDS[:1]] * 9, False), ([WORDS] * 9, False),
])
def test_stages(start, peer, stages, enters):
    """Each method is used once, in whatever order the server wants."""
    end = peer.server(stages=stages)
    d = start({"box": end.box(password=b"one")})
    if enters:
        works(d, "box")
    else:
        log = refused(d, "box")
        assert re.search(r"failed: password is not enough", log), log
    end.event("over")
    asked = [e["method"] for e in end.find("auth")]
    assert asked[0] == "none" and len(set(asked)) == len(asked), asked


USER = "t0ken-l1ke.user@name"


def test_none(start, peer):
    """The user name alone lets in; it is a credential then."""
    end = peer.server()
    d = start({"box": end.box(ssh_user=USER)})
    d.run_ctl("-s", d.socket, "log", "verbose")
    works(d, "box")
    end.event("over")
    assert [e["method"] for e in end.find("auth")] == ["none"]
    assert end.find("auth")[0]["user"] == USER
    nothing_leaks(d)


WORD = "W0rd with \u00fcmlaut & 'quotes\" "


@pytest.mark.parametrize("method", ["password", "keyboard-interactive"])
def test_word(start, peer, method):
    """A server that takes only one of the two, and one that does not take
    it."""
    good = peer.server(auth=["%s:%s" % (method, WORD)])
    bad = peer.server(auth=["%s:other" % method])
    d = start({"good": good.box(password=WORD.encode(), ssh_user=USER),
               "bad": bad.box(password=WORD.encode(), ssh_user=USER)})
    d.run_ctl("-s", d.socket, "log", "verbose")
    works(d, "good")
    refused(d, "bad")
    # It is not tried for ever.
    bad.event("over")
    assert len(bad.find("auth")) <= 3
    nothing_leaks(d)


@pytest.mark.parametrize("words, shown", [("one,one", False),
                                          ("one", True)])
def test_other_questions(start, peer, words, shown):
    """To several at once, or one that is not for a password, there is no
    answer."""
    end = peer.server(auth=["keyboard-interactive:" + words], shown=shown)
    d = start({"box": end.box(password=b"one")})
    refused(d, "box")
    end.event("over")
    assert not end.find("in")


@pytest.mark.parametrize("offered, box", [
    (["publickey"], {"password": WORD.encode()}),
    (["hostbased"], {"password": WORD.encode()}),
    (["password:" + WORD], {}),
    ([], {"password": WORD.encode()}),
])
def test_method_refused(start, peer, offered, box):
    """What the server does not take is not sent to it."""
    end = peer.server(auth=offered)
    d = start({"box": end.box(**box)})
    refused(d, "box")
    end.event("over")
    assert {e["method"] for e in end.find("auth")} <= {
        "none", *(o.split(":")[0] for o in offered)}


def test_key_refused(start, peer, sshd):
    """Taken, as it seems, until it signs."""
    end = peer.server(auth=["publickey:no"])
    d = start({"box": end.box(key=sshd.default("cat"))})
    refused(d, "box")
    nothing_leaks(d)


def test_key_that_is_not_there(start, peer):
    """A key that cannot be opened is not the same as none: nothing else is
    tried in its place."""
    end = peer.server()
    d = start({"box": end.box(key="A" * 120)})
    refused(d, "box")
    assert not end.find("accepted")


def test_banner(start, peer):
    """Text before authentication does no harm and is not output."""
    end = peer.server(banner="Authorised use only.\r\n" * 20)
    d = start({"box": end.box()})
    sid = d.open("box")
    ws = d.ws(sid)
    ws.until(b"READY")
    assert ws.out == b"READY"
    ws.drop()


@pytest.mark.parametrize("weak", [
    "Ciphers aes128-cbc,3des-cbc", "MACs hmac-sha1,hmac-md5",
    "KexAlgorithms diffie-hellman-group14-sha1"])
def test_weak_methods(start, servers, weak):
    """A server that has nothing better is not talked to."""
    s = servers(options=[weak])
    d = start({"box": s.box("cat")})
    answer = d.connect("box")
    assert answer.status == 500
    assert answer.json["error"] == "SSH connection failed"
    assert answer.json["message"] == "connection lost"
    assert s.logins() == 0
