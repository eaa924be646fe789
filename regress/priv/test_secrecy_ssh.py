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
What a worker needs to log in somewhere else is, after that, in its guarded
pages and nowhere else, in no process of the daemon.

What can break: a library that copies a key to parse it, a packet with a
password that is freed and not cleared, a file that stays in a buffer.
"""

import base64
import struct

import pytest

import procs
import sshd as ssh
from clients import wait_for
from daemon import ROOT, Daemon
from test_secrecy import forms, found, guarded, planted

pytestmark = [pytest.mark.plain,
              pytest.mark.skipif(not ROOT, reason="needs root")]


def seed(key):
    """The 32 secret bytes of an ed25519 key without passphrase, out of the
    form that PROTOCOL.key of OpenSSH describes."""
    data = base64.b64decode("".join(key.decode().splitlines()[1:-1]))
    pos = len(b"openssh-key-v1\0")
    words = []
    for _ in range(3):
        n, = struct.unpack_from(">I", data, pos)
        pos += 4 + n
    pos += 4
    for _ in range(2):
        n, = struct.unpack_from(">I", data, pos)
        words.append(data[pos + 4:pos + 4 + n])
        pos += 4 + n
    private, at = words[1], 8
    for _ in range(3):
        n, = struct.unpack_from(">I", private, at)
        word = private[at + 4:at + 4 + n]
        at += 4 + n
    assert len(word) == 64
    return word[:32]


@pytest.fixture(scope="module")
def server():
    if ssh.usable() is not None:
        pytest.skip(ssh.usable())
    account = ssh.Account()
    with ssh.Sshd(account, options=["PasswordAuthentication yes",
                                    "AcceptEnv *"]) as s:
        yield s
    account.remove()


class Vault(Daemon):
    """Sandboxes that log in by key, with a passphrase, from a file, and by
    password; one has a file and a variable."""

    def write(self, text=None):
        if not getattr(self, "needles", None):
            self.plan()
        super().write(text)

    def plan(self):
        s = self.server
        key = s.authorize(s.key())
        phrase, variable, content = planted(), planted(), planted()
        locked = s.authorize(s.key("ed25519", None, phrase))
        path = s.key("ecdsa", 256)
        s.authorize(path)
        self.needles = {
            "key": key.splitlines()[2], "seed": seed(key),
            "passphrase": phrase.encode(),
            "key with passphrase": locked.splitlines()[2],
            "key file": ssh.read(path).splitlines()[2],
            "password": ssh.PASSWORD.encode(),
            "variable": variable.encode(), "file": content.encode()}
        self.sandboxes = {
            "key": s.box(key=key, secret={"VARIABLE": variable.encode()},
                         files=[(s.account.home + "/planted", "0600",
                                 content.encode())]),
            "phrase": s.box(key=locked, passphrase=phrase.encode()),
            "file": s.box(key=b""),
            "password": s.box(password=ssh.PASSWORD.encode())}
        del self.sandboxes["file"]["key"]
        self.sandboxes["file"]["key_file"] = path
        with open(self.keys + "/seal.key") as f:
            self.key = bytes.fromhex(f.read().strip())


@pytest.fixture
def vault(start, server):
    class Here(Vault):
        pass
    Here.server = server
    d = start(kind=Here)
    d.clients = [d.shell(name) for name in sorted(d.sandboxes)]
    yield d
    for _, ws in d.clients:
        ws.drop()


def check(d):
    got = found(d, d.needles)
    for role, name, m in got:
        assert role == "worker" and guarded(m), (role, name, m)
    # The opened key, and only that one, has no form that lies anywhere.
    assert {name for _, name, _ in got} == set(d.needles) - {"seed"}
    assert found(d, forms("seal key", d.key)) == []


def test_logged_in(vault):
    """They all work, and what they needed is put away."""
    check(vault)


def test_used_again(vault, server):
    """More sessions, sessions that ended, and some that were not let in."""
    for name in sorted(vault.sandboxes):
        sid, ws = vault.shell(name)
        ws.type("echo $((6*7)) $VARIABLE >/dev/null\n")
        ws.drop()
        assert vault.delete(sid).status == 200
    server.halt()
    for name in sorted(vault.sandboxes):
        assert vault.connect(name).status == 500
    server.start()
    # Who has no session any more leaves; with one they stay to be searched.
    vault.clients += [vault.shell(name) for name in sorted(vault.sandboxes)]
    wait_for(lambda: len(procs.roles(vault)["worker"]) ==
             len(vault.sandboxes))
    check(vault)
