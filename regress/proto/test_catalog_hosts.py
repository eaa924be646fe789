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
The catalog and host keys, with this test as its parent.

What can break: a key that is revoked, or was another before, is taken; a
learned key is lost, or believed to be written when it is not; a large or
damaged file ends the catalog, and with it every login.
"""

import base64
import hashlib
import os
import random
import struct
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../lib"))
import gwproto  # noqa: E402
from gwproto import (  # noqa: E402
    ARG, ENV, FILE, HOST_CHECK, HOST_KEY, HOST_REVOKED, SSH_KEY, SSH_USER)
from test_catalog import (  # noqa: E402
    ALICE, BODY, BOB, DENY_UNAVAILABLE, KEY, OPEN, Catalog, ask, token)

YES, ACCEPT_NEW, NO = 1, 2, 3
OTHER, REFUSED, STORE = 1, 2, 3
PTY, SSH = 1, 2
ED25519, ECDSA, RSA = 1, 2, 5
NAMES = {ED25519: "ssh-ed25519", ECDSA: "ecdsa-sha2-nistp256",
         RSA: "ssh-rsa"}
SSH_BODY = gwproto.record((SSH_USER, "root"), (ENV, "A", "b"))
HOST = "10.0.0.5"


class Key:
    """A host key as good as any: made of a number."""

    def __init__(self, n, type=ED25519):
        self.type, name = type, NAMES[type].encode()
        seed = hashlib.sha256(b"%d" % n).digest()
        parts = {ED25519: [name, seed],
                 ECDSA: [name, b"nistp256", b"\4" + seed * 2],
                 RSA: [name, b"\1\0\1", b"\0" + seed * 8]}[type]
        blob = b"".join(struct.pack(">I", len(p)) + p for p in parts)
        self.hash = hashlib.sha256(blob).digest()
        self.text = "SHA256:" + base64.b64encode(self.hash).decode()[:-1]
        self.line = NAMES[type] + " " + base64.b64encode(blob).decode()
        self.name = NAMES[type]

    def item(self, tag=HOST_KEY):
        return tag, self.name, self.text


ONE, TWO, THREE = Key(1), Key(2, ECDSA), Key(3, RSA)


def items(body):
    """The items of a record as (tag, name, value)."""
    out, pos = [], 0
    while pos < len(body):
        tag, nlen, vlen = struct.unpack_from(">BHI", body, pos)
        pos += 7
        name, value = body[pos:pos + nlen], body[pos + nlen:pos + nlen + vlen]
        pos += nlen + vlen
        out.append((tag, name.decode(), value.decode()))
    assert pos == len(body)
    return out


class Sandbox:
    def __init__(self, host=HOST, port=22, body=SSH_BODY, version=7,
                 upstream=SSH, owner=ALICE, user=""):
        self.owner, self.body = owner, body
        self.fields = dict(upstream=upstream, user=user, host=host,
                           port=port, version=version)


class Hosts(Catalog):
    """A catalog whose configuration has known and learned hosts."""

    def configured(self, known=None, learned=None, check=YES, boxes=None):
        """Send all of it; the answer."""
        self.send("CONF_BEGIN")
        self.api()
        self.key(KEY)
        if check is not None:
            self.send("CONF_CATALOG", hostcheck=check)
        for data in known if isinstance(known, list) else [known]:
            self.file("CONF_KNOWN", data)
        for data in learned if isinstance(learned, list) else [learned]:
            self.file("CONF_LEARNED", data)
        for name, box in (boxes or {"box": Sandbox()}).items():
            fd = gwproto.blob(box.body)
            self.send("CONF_SANDBOX", sandbox=name, blob=fd, **box.fields)
            os.close(fd)
            self.send("CONF_OWNER", owner=box.owner)
        self.send("CONF_END")
        return self.recv()

    def file(self, name, data):
        """Content of a file, or a path to be opened as the parent does."""
        if data is None:
            return
        if not isinstance(data, str):
            fd = gwproto.blob(data, seals=0)
        elif name == "CONF_KNOWN":
            fd = os.open(data, os.O_RDONLY)
        else:
            fd = os.open(data, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        self.send(name, fd=fd)
        os.close(fd)

    def use(self, *args, **kw):
        answer = self.configured(*args, **kw)
        assert answer.name == "CONF_OK", answer
        self.send("CONF_SWITCH")

    def open(self, sandbox="box", who=ALICE):
        """What is granted: version, and the items of the record."""
        if not self.fronts:
            self.fronts.append(self.frontend())
        ask(self.fronts[0], 5, OPEN, sandbox, token(who))
        m = self.expect("GRANT_OPEN", sandbox=sandbox)
        body = os.pread(m.blob, 1 << 25, 0)
        os.close(m.blob)
        return m["version"], items(body)

    def keys(self, sandbox="box", tag=HOST_KEY):
        return [i[1:] for i in self.open(sandbox)[1] if i[0] == tag]

    def check(self, sandbox="box"):
        checks = [i for i in self.open(sandbox)[1] if i[0] == HOST_CHECK]
        assert len(checks) == 1 and checks[0][1] == ""
        return checks[0][2]

    def learn(self, key, sandbox="box", host=HOST, port=22):
        """0, or the reason why not."""
        id = random.getrandbits(32)
        self.send("LEARN", id, sandbox=sandbox, host=host, port=port,
                  type=key.type, hash=key.hash)
        m = self.recv()
        assert m.id == id
        if m.name == "LEARN_OK":
            return 0
        assert m.name == "LEARN_FAIL", m
        return m["reason"]

    def logged(self, text):
        """How many lines have it, of those that came by now."""
        return sum(text in line for line in self.logs)


@pytest.fixture
def start():
    started = []

    def one(*args, **kw):
        c = Hosts(start=False)
        c.fronts = []
        started.append(c)
        c.use(*args, **kw)
        c.send("START")
        c.expect("READY")
        return c

    yield one
    for c in started:
        c.chan.close()
        assert c.wait() == 0


@pytest.fixture
def store(tmp_path):
    return str(tmp_path / "learned")


def read(path):
    with open(path) as f:
        return f.read()


def line(key, sandbox="box", host=HOST, port=22):
    return f"{sandbox} {host} {port} {key.name} {key.text}\n"


def known(*lines):
    return "".join(x + "\n" for x in lines).encode()


# What a record gets.

def test_record(start):
    """All of the back end's items are there, in order, and ours behind."""
    body = gwproto.record((SSH_USER, "root"), (SSH_KEY, "sealed"),
                          (FILE, "0600/root/.netrc", "sealed"),
                          (ENV, "A", "b"))
    c = start(known(f"{HOST} {ONE.line}", f"@revoked * {TWO.line}",
                    f"other {THREE.line}"),
              boxes={"box": Sandbox(body=body)})
    version, got = c.open()
    assert got == items(body) + [ONE.item(), TWO.item(HOST_REVOKED),
                                 (HOST_CHECK, "", "yes")]
    assert version != 7


def test_nothing_known(start):
    c = start(check=None)
    assert c.open()[1] == items(SSH_BODY) + [(HOST_CHECK, "", "yes")]


def test_pty_stays_as_it_is(start, store):
    c = start(known(f"* {ONE.line}"), store, ACCEPT_NEW,
              boxes={"box": Sandbox("", 0, BODY, upstream=PTY, user="demo")})
    assert c.open() == (7, items(BODY))


def test_port(start):
    c = start(known(f"{HOST} {ONE.line}", f"[{HOST}]:2222 {TWO.line}"),
              boxes={"a": Sandbox(), "b": Sandbox(port=2222),
                     "c": Sandbox(port=2223)})
    assert c.keys("a") == [ONE.item()[1:]]
    assert c.keys("b") == [TWO.item()[1:]]
    assert c.keys("c") == []


@pytest.mark.parametrize("name", [NAMES[ED25519], ""])
def test_pin_of_the_operator(start, name):
    """It takes the place of known hosts, but not of what they revoke."""
    pin = HOST_KEY, name, Key(9).text
    body = SSH_BODY + gwproto.record(pin)
    c = start(known(f"{HOST} {ONE.line}", f"@revoked {HOST} {TWO.line}"),
              boxes={"box": Sandbox(body=body), "other": Sandbox()})
    assert c.keys() == [pin[1:]]
    assert c.keys(tag=HOST_REVOKED) == [TWO.item()[1:]]
    assert c.keys("other") == [ONE.item()[1:]]


def test_checking(start, store):
    boxes = {"alone": Sandbox("a"), "one": Sandbox("b"),
             "two": Sandbox("b", 2222)}
    c = start(check=NO, boxes=boxes)
    assert [c.check(b) for b in boxes] == ["no"] * 3
    c.use(learned=store, check=ACCEPT_NEW, boxes=boxes)
    assert [c.check(b) for b in boxes] == ["accept-new", "yes", "yes"]
    c.use(learned=store, check=YES, boxes=boxes)
    assert [c.check(b) for b in boxes] == ["yes"] * 3


def test_version(start, store):
    """It tells what an operator changed, and nothing that was learned."""
    base = known(f"{HOST} {ONE.line}")
    c = start(base)
    seen = [c.open()[0]]

    def same(*args, **kw):
        c.use(*args, **kw)
        return c.open()[0] == seen[-1]

    def another(*args, **kw):
        c.use(*args, **kw)
        seen.append(c.open()[0])
        return len(set(seen)) == len(seen)

    assert same(base)
    assert same(base + known(f"elsewhere {TWO.line}"))
    assert same(known(f"x,{HOST} {ONE.line} comment"))
    assert another(base + known(f"{HOST} {TWO.line}"))
    assert another(base + known(f"@revoked {HOST} {TWO.line}"))
    assert another(known(f"{HOST} {TWO.line}"))
    assert another(None)
    assert another(None, check=NO)
    assert another(None, store, ACCEPT_NEW)
    assert c.learn(ONE) == 0
    assert c.keys() == [ONE.item()[1:]]
    assert c.open()[0] == seen[-1]
    assert same(None, store, ACCEPT_NEW)
    assert another(None, boxes={"box": Sandbox(version=8)})


def test_version_with_a_pin(start):
    """Known keys that are not used do not matter; revoked ones do."""
    boxes = {"box": Sandbox(body=SSH_BODY + gwproto.record(ONE.item()))}
    c = start(known(f"{HOST} {TWO.line}"), boxes=boxes)
    version = c.open()[0]
    c.use(known(f"{HOST} {THREE.line}"), boxes=boxes)
    assert c.open()[0] == version
    c.use(known(f"@revoked {HOST} {THREE.line}"), boxes=boxes)
    assert c.open()[0] != version


# Known hosts as ssh-keygen(1) sees them.

def keygen(*args):
    out = subprocess.run(["ssh-keygen", *args], capture_output=True,
                         text=True, stdin=subprocess.DEVNULL)
    assert out.returncode in (0, 1), out.stderr
    return out.stdout


def test_as_ssh_keygen_does(start, tmp_path):
    """The same keys for the same names, hashed or not."""
    pub = []
    for n, args in enumerate((["-t", "ed25519"], ["-t", "ecdsa"],
                              ["-t", "ecdsa", "-b", "521"],
                              ["-t", "rsa", "-b", "2048"],
                              ["-t", "ed25519"])):
        path = str(tmp_path / f"key{n}")
        keygen("-q", "-N", "", "-C", "c", "-f", path, *args)
        pub.append(read(path + ".pub").rstrip("\n"))
    file = str(tmp_path / "known")
    with open(file, "w") as f:
        f.write(f"box.example.org,10.1.2.3 {pub[0]}\n"
                f"[box.example.org]:2222 {pub[1]}\n"
                f"Upper.Example.ORG {pub[2]}\n"
                f"*.example.org,!bad.example.org {pub[3]}\n"
                f"[*.example.org]:2222,[::1]:22 {pub[3]}\n"
                f"fe80::1,[fe80::1]:2022 {pub[4]}\n"
                f"!neg.example.org,neg.* {pub[4]}\n"
                f"# a comment\n\n10.1.2.? {pub[2]}\n")
    names = [(h, p) for h in (
        "box.example.org", "10.1.2.3", "upper.example.org",
        "bad.example.org", "fe80::1", "::1", "neg.example.org", "neg.org",
        "10.1.2.33", "example.org") for p in (22, 2222, 2022)]
    boxes = {f"b{n}": Sandbox(h, p) for n, (h, p) in enumerate(names)}
    c = start(file, boxes=boxes)

    def compare():
        found = 0
        for n, (host, port) in enumerate(names):
            name = host if port == 22 else f"[{host}]:{port}"
            want = {x.split()[2] for x in keygen(
                "-l", "-F", name, "-f", file).splitlines()
                if not x.startswith("#")}
            got = c.keys(f"b{n}")
            assert {value for _, value in got} == want, name
            found += len(got)
        return found

    plain = compare()
    assert plain > 8
    keygen("-H", "-f", file)
    assert read(file).count("|1|") >= 5
    c.use(file, boxes=boxes)
    assert compare() == plain


def test_what_is_left_out(start):
    """One warning for all certificates, one for each damaged line."""
    c = start(known(f"@cert-authority * {ONE.line}", "box",
                    f"@cert-authority * {TWO.line}",
                    f"{HOST} ssh-dss AAAA", f"{HOST} {TWO.name} AAAA",
                    "x" * 20000, f"{HOST} {TWO.line}"))
    assert c.keys() == [TWO.item()[1:]]
    assert c.logged("@cert-authority") == 1
    assert c.logged("line 1: ") == 1
    assert c.logged("known hosts: line 2: incomplete") == 1
    assert c.logged("known hosts: line 4") == 0
    assert c.logged("known hosts: line 5: malformed key") == 1
    assert c.logged("known hosts: line 6: too long") == 1


def test_large(start):
    """4 MiB of hashed names; a byte more is refused."""
    text = "|1|" + "A" * 27 + "=|" + "A" * 27 + f"= {ONE.line}\n"
    n = (4 << 20) // len(text) - 2
    data = text.encode() * n + known(f"{HOST} {TWO.line}")
    data += b"\n" * ((4 << 20) - len(data))
    c = start(data)

    def ticks():
        with open("/proc/%d/stat" % c.pid) as f:
            return sum(map(int, f.read().rsplit(")", 1)[1].split()[11:13]))
    before = ticks()
    assert c.keys() == [TWO.item()[1:]]
    first = ticks()
    for _ in range(20):
        c.open()
    # It is not searched again each time.
    assert ticks() - first <= 20 * (first - before)
    m = c.configured(data + b"\n")
    assert m.name == "CONF_FAIL"
    assert m["reason"] == "known hosts: too long"
    assert c.keys() == [TWO.item()[1:]]


def test_too_many_keys_of_a_host(start):
    """That sandbox cannot be opened; a revocation is never left out."""
    lines = [f"@revoked 10.0.0.* {Key(n).line}" for n in range(257)]
    c = start(known(*lines), boxes={"box": Sandbox(), "b": Sandbox("b")})
    f = c.frontend()
    ask(f, 1, OPEN, "box", token())
    f.expect("DENIED", reason=DENY_UNAVAILABLE)
    c.expect("DENIAL")
    assert c.logged("record of box") == 1
    c.open("b")
    c.use(known(*lines[1:]))
    assert len(c.keys(tag=HOST_REVOKED)) == 256


def test_too_many_items(start):
    body = SSH_BODY + gwproto.record(*[(ENV, "A", "b")] * 1021)
    boxes = {"box": Sandbox(body=body)}
    c = start(boxes=boxes)
    assert len(c.open()[1]) == 1024
    c.use(known(f"{HOST} {ONE.line}"), boxes=boxes)
    f = c.frontend()
    ask(f, 1, OPEN, "box", token())
    f.expect("DENIED", reason=DENY_UNAVAILABLE)
    c.expect("DENIAL")


# Learning.

def test_learn(start, store):
    c = start(None, store, ACCEPT_NEW)
    assert c.keys() == []
    assert c.learn(ONE) == 0
    assert read(store) == line(ONE)
    assert c.keys() == [ONE.item()[1:]]
    assert c.learn(ONE) == 0
    assert c.learn(Key(9)) == OTHER
    assert c.learn(TWO) == OTHER
    assert read(store) == line(ONE)
    # After a restart, and for whoever asks.
    d = start(None, store, ACCEPT_NEW)
    assert d.keys() == [ONE.item()[1:]]
    assert d.learn(TWO) == OTHER
    assert d.learn(ONE) == 0


def test_learn_for_each_sandbox(start, store):
    boxes = {"a": Sandbox("a"), "b": Sandbox("b", 2222)}
    c = start(None, store, ACCEPT_NEW, boxes)
    assert c.learn(ONE, "a", "a") == 0
    assert c.learn(TWO, "b", "b", 2222) == 0
    assert read(store) == line(ONE, "a", "a") + line(TWO, "b", "b", 2222)
    assert c.keys("a") == [ONE.item()[1:]]
    assert c.keys("b") == [TWO.item()[1:]]


def test_learn_refused(start, store):
    boxes = {"box": Sandbox(), "a": Sandbox("a"), "b": Sandbox("a", 2222),
             "pty": Sandbox("", 0, BODY, upstream=PTY)}
    c = start(None, store, ACCEPT_NEW, boxes)
    for args in (("none",), ("box", "10.0.0.6"), ("box", HOST, 2222),
                 ("a", "a"), ("b", "a", 2222), ("b", "a"), ("pty",),
                 ("a", HOST)):
        assert c.learn(ONE, *args) == REFUSED
    for check in YES, NO:
        c.use(None, store, check, boxes)
        assert c.learn(ONE) == REFUSED
    assert read(store) == ""


def test_shared_later(start, store):
    """What was learned before another record came along is still good."""
    c = start(None, store, ACCEPT_NEW)
    assert c.learn(ONE) == 0
    c.use(None, store, ACCEPT_NEW, {"box": Sandbox(),
                                    "new": Sandbox(owner=BOB)})
    assert c.keys() == [ONE.item()[1:]]
    assert c.check() == "yes"
    assert c.learn(TWO) == REFUSED


def test_not_learned_when_not_asked_to(start, store):
    """Without accept-new the file is not believed."""
    with open(store, "w") as f:
        f.write(line(ONE))
    c = start(None, store, YES)
    assert c.keys() == []


def test_known_goes_first(start, store):
    """Also over what was learned before; and nothing else is learned."""
    c = start(None, store, ACCEPT_NEW)
    assert c.learn(ONE) == 0
    c.use(known(f"{HOST} {TWO.line}"), store, ACCEPT_NEW)
    assert c.keys() == [TWO.item()[1:]]
    assert c.check() == "accept-new"
    assert c.learn(TWO) == 0
    assert c.learn(ONE) == OTHER
    body = SSH_BODY + gwproto.record((HOST_KEY, "", THREE.text))
    c.use(known(f"{HOST} {TWO.line}"), store, ACCEPT_NEW,
          {"box": Sandbox(body=body)})
    assert c.keys() == [("", THREE.text)]
    assert c.learn(THREE) == 0
    assert c.learn(TWO) == OTHER
    assert read(store) == line(ONE)


def test_revoked_is_not_learned(start, store):
    revoked = known(f"@revoked * {ONE.line}")
    c = start(revoked, store, ACCEPT_NEW)
    assert c.learn(ONE) == OTHER
    assert read(store) == ""
    assert c.keys() == []
    assert c.keys(tag=HOST_REVOKED) == [ONE.item()[1:]]
    assert c.learn(TWO) == 0
    # One that was learned before comes with its revocation.
    c.use(known(f"@revoked * {TWO.line}"), store, ACCEPT_NEW)
    assert c.keys(tag=HOST_REVOKED) == [TWO.item()[1:]]


def test_learned_while_staged(start, store):
    """What one configuration learns the next one knows."""
    c = start(None, store, ACCEPT_NEW)
    assert c.configured(None, store, ACCEPT_NEW).name == "CONF_OK"
    assert c.learn(ONE) == 0
    c.send("CONF_SWITCH")
    assert c.keys() == [ONE.item()[1:]]
    assert c.learn(TWO) == OTHER
    assert c.learn(ONE) == 0
    assert read(store) == line(ONE)


@pytest.fixture
def disk(tmp_path):
    """A file system of 8192 bytes; a function that makes it larger."""
    path = str(tmp_path / "disk")
    os.mkdir(path)

    def mount(size):
        return subprocess.run(
            ["mount", "-t", "tmpfs", "-o", size, "none", path],
            capture_output=True).returncode == 0

    if not mount("size=8k"):
        pytest.skip("cannot mount a small file system")
    yield path, lambda: mount("remount,size=64k")
    subprocess.run(["umount", "-l", path], check=True)


def test_disk_full(start, disk):
    """There is room for half a line, then for none; then there is again."""
    path, enlarge = disk
    store = path + "/learned"
    boxes = {"box": Sandbox(), "b": Sandbox("b")}
    with open(store, "w") as f:
        f.write("#" * (8192 - 31) + "\n")
    c = start(None, store, ACCEPT_NEW, boxes)
    assert c.learn(ONE) == STORE
    assert os.path.getsize(store) == 8192
    assert c.learn(ONE) == STORE
    assert c.learn(TWO, "b", "b") == STORE
    assert os.path.getsize(store) == 8192
    assert c.keys() == []
    assert c.logged("learned hosts: No space left on device") == 3
    assert enlarge()
    assert c.learn(TWO, "b", "b") == 0
    assert c.learn(ONE) == 0
    assert c.keys() == [ONE.item()[1:]]
    assert read(store)[8192:] == "\n" + line(TWO, "b", "b") + line(ONE)
    d = start(None, store, ACCEPT_NEW, boxes)
    assert d.keys("b") == [TWO.item()[1:]]
    assert d.keys() == [ONE.item()[1:]]
    assert d.logged("line 2 is malformed") == 1


def test_torn_line(start, store):
    with open(store, "w") as f:
        f.write(line(TWO, "b", "b") + line(ONE)[:-10])
    c = start(None, store, ACCEPT_NEW)
    assert c.keys() == []
    assert c.learn(TWO) == 0
    assert read(store).splitlines()[-1] == line(TWO)[:-1]
    d = start(None, store, ACCEPT_NEW)
    assert d.keys() == [TWO.item()[1:]]


@pytest.mark.parametrize("seed", range(4))
def test_garbage(start, store, seed):
    """Neither file can end it, and it says so in a few lines."""
    r = random.Random(seed)
    words = [b"\n", b" ", b"\0", b"|1|", b"@revoked ", b"ssh-ed25519 ",
             ONE.line.encode(), line(ONE).encode(), b",", b"*", b"\xff"]
    data = b"".join(r.choice(words) if r.random() < 0.7 else r.randbytes(9)
                    for _ in range(20000)) + b"\n"
    with open(store, "wb") as f:
        f.write(data)
    c = start(data + known(f"only {TWO.line}"), store, ACCEPT_NEW,
              {"box": Sandbox("only")})
    assert TWO.item()[1:] in c.keys()
    assert len(c.logs) < 50
    c.use(None, store, ACCEPT_NEW, {"new": Sandbox("new")})
    assert c.learn(ONE, "new", "new") == 0
    assert c.keys("new") == [ONE.item()[1:]]


def test_learned_limits(start, store):
    with open(store, "w") as f:
        for n in range(65535):
            f.write(line(ONE, "s", f"h{n}"))
    boxes = {"box": Sandbox(), "b": Sandbox("b")}
    c = start(None, store, ACCEPT_NEW, boxes)
    assert c.learn(ONE) == 0
    assert c.learn(ONE, "b", "b") == STORE
    assert c.logged("65536 keys") == 1
    assert c.keys() == [ONE.item()[1:]]
    with open(store, "a") as f:
        f.write(line(ONE, "b", "b"))
    m = c.configured(None, store, ACCEPT_NEW, boxes)
    assert m["reason"] == "learned hosts: too many keys"
    os.truncate(store, 16 * 1024 * 1024 + 1)
    m = c.configured(None, store, ACCEPT_NEW, boxes)
    assert m["reason"] == "learned hosts: too long"


@pytest.mark.parametrize("kw, reason", [
    (dict(check=ACCEPT_NEW), "no file for learned hosts"),
    (dict(known=[b"", b""]), "two files of known hosts"),
    (dict(known="/tmp"), "known hosts: Is a directory"),
    (dict(learned="/dev/full"), "learned hosts: not a regular file"),
    (dict(learned=b""), "learned hosts: not open for reading and appending"),
    (dict(boxes={"box": Sandbox(body=gwproto.record((ENV, "A", "b")))}),
     "sandbox box: malformed record"),
    (dict(boxes={"box": Sandbox(body=SSH_BODY + BODY)}),
     "sandbox box: malformed record"),
    (dict(boxes={"box": Sandbox(body=SSH_BODY * 2)}),
     "sandbox box: malformed record"),
    (dict(boxes={"box": Sandbox(body=SSH_BODY + gwproto.record(
        (HOST_CHECK, "no")))}), "sandbox box: malformed record"),
    (dict(boxes={"box": Sandbox(body=SSH_BODY + gwproto.record(
        (HOST_KEY, "MD5:00")))}), "sandbox box: malformed record"),
    (dict(boxes={"box": Sandbox(user="demo")}),
     "sandbox box: malformed record"),
    (dict(boxes={"box": Sandbox(body=BODY, upstream=PTY)}),
     "sandbox box: malformed record"),
    (dict(boxes={"box": Sandbox("", 0, gwproto.record(
        (ARG, "sh"), (SSH_KEY, "x")), upstream=PTY)}),
     "sandbox box: malformed record"),
])
def test_configuration_refused(start, kw, reason):
    c = start(known(f"{HOST} {ONE.line}"))
    m = c.configured(**kw)
    assert m.name == "CONF_FAIL" and m["reason"] == reason
    assert c.keys() == [ONE.item()[1:]]


def test_two_learned(start, store):
    c = start(None, store, ACCEPT_NEW)
    m = c.configured(None, [store, store], ACCEPT_NEW)
    assert m["reason"] == "two files of learned hosts"


def test_no_descriptor_is_kept(start, store):
    data = known(f"{HOST} {ONE.line}")
    c = start(data, store, ACCEPT_NEW)
    c.open()
    before = c.fds()
    for _ in range(100):
        c.open()
        c.learn(ONE)
        c.learn(ONE, "none")
    for _ in range(20):
        c.use(data, store, ACCEPT_NEW)
        assert c.configured([b"", b""], [store, store]).name == "CONF_FAIL"
        c.open()
    assert c.fds() == before
