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
The catalog, with this test as its parent and as its frontends.

What can break: whoever can make it say GRANT opens a shell, and a frontend
in the wrong hands will try everything it can send.
"""

import base64
import hashlib
import hmac
import json
import os
import sys
import time
import uuid

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../lib"))
import gwproto  # noqa: E402
from gwproto import ARG, CWD, ENV, SECRET  # noqa: E402

CATALOG = [os.path.join(os.environ["BUILD"], "gatewayd-catalog")]
KEY = b"a-secret-of-this-test-of-at-least-32-bytes"
ALICE, BOB = "did:plc:alice", "did:plc:bob"
ADDRESS = "192.0.2.7"
POCKETENV = 1
HS256, ES256, RS256 = 1, 2, 3
OPEN, ATTACH, INPUT, RESIZE, CLOSE = 1, 2, 4, 8, 16
DENY_TOKEN, DENY_EXPIRED, DENY_NOT_FOUND = 1, 2, 3
DENY_UNAVAILABLE = 6
BODY = gwproto.record((ARG, "/bin/sh"), (ENV, "A", "b"),
                      (SECRET, "S", "sealed"))


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(did=ALICE, key=KEY, exp=3600, **claims):
    now = int(time.time())
    claims = dict({"did": did, "iat": now, "exp": now + exp}, **claims)
    text = b64(b'{"alg":"HS256","typ":"JWT"}') + "." + \
        b64(json.dumps(claims).encode())
    return text + "." + b64(hmac.digest(key, text.encode(), "sha256"))


class Catalog(gwproto.Child):
    def __init__(self, start=True):
        super().__init__(CATALOG, "catalog", nofile=256)
        self.frontends = 0
        if start:
            self.configure()
            self.send("START")
            self.expect("READY")

    def key(self, data, alg=HS256, kid="", issuer="", api=POCKETENV):
        fd = gwproto.blob(data)
        os.lseek(fd, 0, os.SEEK_END)	# where it stands must not matter
        self.send("CONF_KEY", api=api, alg=alg, kid=kid, issuer=issuer,
                  fd=fd)
        os.close(fd)

    def sandbox(self, name, *owners, user="demo", version=7, body=BODY):
        fd = gwproto.blob(body)
        self.send("CONF_SANDBOX", sandbox=name, upstream=1, user=user,
                  host="", port=0, version=version, blob=fd)
        os.close(fd)
        for owner in owners:
            self.send("CONF_OWNER", owner=owner)

    def api(self, **kw):
        self.send("CONF_API", **dict(dict(
            api=POCKETENV, grace=0, max_age=86400, unclaimed=0), **kw))

    def stage(self, sandboxes=None, keys=(KEY,), **api):
        self.send("CONF_BEGIN")
        self.api(**api)
        for key in keys:
            self.key(key)
        if sandboxes is None:
            sandboxes = {"box": [ALICE], "shared": [BOB, ALICE],
                         "bobs": [BOB]}
        for name, owners in sandboxes.items():
            self.sandbox(name, *owners)
        self.send("CONF_END")

    def configure(self, *args, **kw):
        self.stage(*args, **kw)
        self.expect("CONF_OK")
        self.send("CONF_SWITCH")

    def frontend(self):
        ours, theirs = gwproto.pair()
        theirs.setblocking(False)
        self.frontends += 1
        self.send("CHANNEL", role=gwproto.ROLE["frontend"],
                  number=100 + self.frontends, fd=theirs.fileno())
        theirs.close()
        f = gwproto.Channel(ours)
        f.number = 100 + self.frontends
        return f

    def granted(self, f, sandbox="box", who=ALICE):
        """A frontend's wish to open is granted."""
        ask(f, 3, OPEN, sandbox, token(who))
        m = self.expect("GRANT_OPEN", frontend=f.number, sandbox=sandbox,
                        principal=who)
        os.close(m.blob)
        return m

    def fds(self):
        if os.geteuid() != 0:
            pytest.skip("needs root to look into a confined process")
        # What it has answered it has not let go of yet, nor has it seen
        # all that we closed: it has by the time of a second question.
        for _ in range(2):
            self.send("RECHECK", 1, api=POCKETENV, principal="x",
                      sandbox="x")
            self.expect("RECHECK_FAIL")
        return len(os.listdir(f"/proc/{self.pid}/fd"))


def ask(f, id, action, object, tok, api=POCKETENV, address=ADDRESS):
    f.send("AUTHORIZE", id, api=api, action=action, token=tok,
           object=object, address=address)


@pytest.fixture
def start():
    started = []

    def one(**kw):
        started.append(Catalog(**kw))
        return started[-1]

    yield one
    for c in started:
        c.chan.close()
        c.wait()


@pytest.fixture
def catalog(start):
    return start()


def test_open(catalog):
    f = catalog.frontend()
    ask(f, 4711, OPEN, "box", token())
    m = catalog.expect("GRANT_OPEN", frontend=f.number, api=POCKETENV,
                       principal=ALICE, sandbox="box", user="demo",
                       version=7, address=ADDRESS)
    assert m.id == 4711
    import fcntl
    seals = fcntl.fcntl(m.blob, fcntl.F_GET_SEALS)
    assert seals & gwproto.SEALS == gwproto.SEALS
    assert os.pread(m.blob, 65536, 0) == BODY
    os.close(m.blob)
    f.quiet(0.05)		# the parent will answer it


def test_every_owner(catalog):
    f = catalog.frontend()
    for who, sandbox in (ALICE, "shared"), (BOB, "shared"), (BOB, "bobs"):
        catalog.granted(f, sandbox, who)


def test_unknown_and_foreign(catalog):
    """No difference between another's sandbox and one that is not there."""
    f = catalog.frontend()
    for name in "bobs", "nobodys", "BOX", "box2", "bo", "-", ".", "..":
        ask(f, 9, OPEN, name, token())
        m = f.expect("DENIED", reason=DENY_NOT_FOUND)
        assert m.id == 9
        catalog.expect("DENIAL", reason=DENY_NOT_FOUND, action=OPEN,
                       principal=ALICE, object=name, address=ADDRESS)
    # An owner's name is compared whole.
    for who in "did:plc:alic", "did:plc:alicee", "did:plc:ALICE":
        ask(f, 9, OPEN, "box", token(who))
        f.expect("DENIED", reason=DENY_NOT_FOUND)
        catalog.expect("DENIAL", principal=who)


@pytest.mark.parametrize("bad, reason", [
    ("null", DENY_TOKEN),
    ("x", DENY_TOKEN),
    (token(key=b"another-secret-of-at-least-32-bytes!"), DENY_TOKEN),
    (token(exp=-1), DENY_EXPIRED),
    (token(nbf=int(time.time()) + 1000), DENY_TOKEN),
    (token("alice"), DENY_TOKEN),
    (token()[:-1], DENY_TOKEN),
    (token() + "A", DENY_TOKEN),
    (token(key=KEY + b"\n"), DENY_TOKEN),
])
def test_token(catalog, bad, reason):
    """The token is verified here whatever the frontend thinks of it."""
    f = catalog.frontend()
    for action, what in (OPEN, "box"), (ATTACH, str(uuid.uuid4())):
        ask(f, 1, action, what, bad)
        f.expect("DENIED", reason=reason)
        catalog.expect("DENIAL", reason=reason, action=action, principal="")


def test_expiry_is_judged_by_the_clock(start):
    """A signature may be remembered, a decision may not."""
    c = start()
    f = c.frontend()
    t = token(exp=6)
    ask(f, 1, OPEN, "box", t)
    os.close(c.expect("GRANT_OPEN").blob)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        ask(f, 1, ATTACH, str(uuid.uuid4()), t)
        m = c.recv()
        if m.name == "DENIAL":
            break
        time.sleep(0.05)
    assert m["reason"] == DENY_EXPIRED
    f.expect("DENIED", reason=DENY_EXPIRED)


def test_grace(start):
    c = start(start=False)
    c.configure(grace=100)
    c.send("START")
    c.expect("READY")
    f = c.frontend()
    ask(f, 1, OPEN, "box", token(exp=-50))
    os.close(c.expect("GRANT_OPEN").blob)
    ask(f, 1, OPEN, "box", token(exp=-150))
    f.expect("DENIED", reason=DENY_EXPIRED)


def test_session(catalog):
    f = catalog.frontend()
    t = token()
    for action in ATTACH, INPUT, RESIZE, CLOSE:
        sid = str(uuid.uuid4())
        ask(f, 12, action, sid, t)
        m = catalog.expect("GRANT_SESSION", frontend=f.number,
                           api=POCKETENV, action=action, principal=ALICE,
                           session=sid, address=ADDRESS)
        assert m.id == 12
        assert m["hash"] == hashlib.sha256(t.encode()).digest()


def test_session_malformed(catalog):
    f = catalog.frontend()
    good = "01234567-89ab-4def-8123-456789abcdef"
    for sid in good.upper(), good[:-1], good + "0", "box", "-" * 36:
        ask(f, 1, ATTACH, sid, token())
        f.expect("DENIED", reason=DENY_NOT_FOUND)
        catalog.expect("DENIAL", object=sid)


def test_recheck(catalog):
    for id, (who, sandbox, answer) in enumerate([
            (ALICE, "box", "RECHECK_OK"), (BOB, "box", "RECHECK_FAIL"),
            (BOB, "shared", "RECHECK_OK"), (ALICE, "gone", "RECHECK_FAIL"),
            ("x", "box", "RECHECK_FAIL")], 5):
        catalog.send("RECHECK", id, api=POCKETENV, principal=who,
                     sandbox=sandbox)
        assert catalog.expect(answer).id == id


def test_reload(catalog):
    f = catalog.frontend()
    # Looked at and dropped: nothing changes.
    catalog.stage({"box": [BOB]}, keys=[b"x" * 40])
    catalog.expect("CONF_OK")
    catalog.granted(f)
    catalog.send("CONF_DROP")
    catalog.granted(f)
    # Given up half way, then begun anew.
    catalog.send("CONF_BEGIN")
    catalog.api()
    catalog.configure({"box": [BOB]})
    ask(f, 1, OPEN, "box", token())
    f.expect("DENIED", reason=DENY_NOT_FOUND)
    catalog.expect("DENIAL")
    catalog.granted(f, who=BOB)
    catalog.send("RECHECK", api=POCKETENV, principal=ALICE, sandbox="box")
    catalog.expect("RECHECK_FAIL")
    # Another secret: what was signed with the old one is over, at once.
    t = token(BOB)
    ask(f, 1, OPEN, "box", t)
    os.close(catalog.expect("GRANT_OPEN").blob)
    catalog.configure(keys=[b"another-secret-of-at-least-32-bytes!"])
    ask(f, 1, OPEN, "box", t)
    f.expect("DENIED", reason=DENY_TOKEN)


def test_key_newline(start):
    """One newline at the end of a secret's file is not part of it."""
    c = start()
    f = c.frontend()
    c.configure(keys=[KEY + b"\n"])
    c.granted(f)
    c.configure(keys=[KEY + b"\n\n"])
    ask(f, 1, OPEN, "box", token())
    f.expect("DENIED", reason=DENY_TOKEN)
    c.expect("DENIAL")
    ask(f, 1, OPEN, "box", token(key=KEY + b"\n"))
    os.close(c.expect("GRANT_OPEN").blob)


def test_two_keys(start):
    """While a secret is being replaced, both are good."""
    c = start()
    f = c.frontend()
    new = b"the-next-secret-of-at-least-32-bytes"
    c.configure(keys=[KEY, new])
    for key in KEY, new:
        ask(f, 1, OPEN, "box", token(key=key))
        os.close(c.expect("GRANT_OPEN").blob)


def _no_key(c):
    c.api()


def _api_twice(c):
    c.api()
    c.key(KEY)
    c.api()


def _key_first(c):
    c.key(KEY)
    c.api()


def _keys(*keys, alg=HS256):
    def stage(c):
        c.api()
        for key in keys:
            c.key(key, alg)
    return stage


def _box(*args, **kw):
    def stage(c):
        c.api()
        c.key(KEY)
        c.sandbox(*args, **kw)
    return stage


def _box_twice(c):
    _box("box", ALICE)(c)
    c.sandbox("box", BOB)


def _owner_first(c):
    c.api()
    c.key(KEY)
    c.send("CONF_OWNER", owner=ALICE)


@pytest.mark.parametrize("stage, reason", [
    (_no_key, "api 1 has no key"),
    (_api_twice, "api 1 is defined twice"),
    (_key_first, "key without an api"),
    (_keys(b""), "hs256 key: key is empty"),
    (_keys(b"\n"), "hs256 key: key is empty"),
    (_keys(b"x" * 16385), "hs256 key: key is too long"),
    (_keys(b"x" * 65537), "hs256 key: key is too long"),
    (_keys(b"-----BEGIN PUBLIC KEY-----\n"), "hs256 key: secret is a PEM"
     " file"),
    (_keys(b"not a key", alg=ES256), "es256 key: "),
    (_keys(*[KEY] * 33), "more than 32 keys"),
    (_box("box"), "sandbox without an owner"),
    (_box_twice, "sandbox box: sandbox defined twice"),
    (_owner_first, "owner without a sandbox"),
    (_box("box", ALICE, body=b""), "sandbox box: malformed record"),
    (_box("box", ALICE, body=BODY[:-1]), "sandbox box: malformed record"),
    (_box("box", ALICE, body=gwproto.record((ENV, "A", "b"))),
     "sandbox box: malformed record"),
    (_box("box", ALICE, body=BODY + gwproto.record((CWD, "/"))),
     "sandbox box: malformed record"),
    (_box("box", ALICE, body=gwproto.record(*[(ARG, "x")] * 1025)),
     "sandbox box: malformed record"),
])
def test_configuration_refused(catalog, stage, reason):
    """...and the one in force stays."""
    catalog.send("CONF_BEGIN")
    stage(catalog)
    catalog.send("CONF_END")
    assert catalog.expect("CONF_FAIL")["reason"].startswith(reason)
    catalog.granted(catalog.frontend())


def test_refused_is_not_used(catalog):
    catalog.stage({"box": []})
    catalog.expect("CONF_FAIL")
    catalog.send("CONF_SWITCH")
    catalog.expect_closed()


def test_start_needs_a_configuration(start):
    c = start(start=False)
    c.send("START")
    c.expect_closed()
    assert any("without a configuration" in line for line in c.logs)


def test_asked_too_early(start):
    """A frontend may be up before we are."""
    c = start(start=False)
    f = c.frontend()
    ask(f, 1, OPEN, "box", token())
    f.expect("DENIED", reason=DENY_UNAVAILABLE)
    c.configure()
    c.send("START")
    c.expect("READY")
    c.granted(f)


def _fields(name):
    values = {"u8": 1, "u16": 1, "u32": 1, "u64": 1, "str": "x",
              "bytes": b"x", "uuid": str(uuid.uuid4()), "f16": b"x" * 16,
              "f32": b"x" * 32}
    return {field: values[kind] for field, kind in gwproto.FIELDS[name]}


def test_hostile_frontend_says_anything(catalog):
    """Each message that is not its own ends that channel and no other."""
    good = catalog.frontend()
    for name in gwproto.MESSAGES:
        if name in ("AUTHORIZE", "BLOB"):
            continue
        f = catalog.frontend()
        f.send(name, **_fields(name))
        f.expect_closed()
        f.close()
        catalog.granted(good)


def test_hostile_frontend_garbage(catalog):
    good = catalog.frontend()
    p = gwproto.packet("AUTHORIZE", 1, api=POCKETENV, action=OPEN,
                       token="x", object="box", address=ADDRESS)
    fd = gwproto.blob(b"x")
    flagged = p[:2] + b"\0\1" + p[4:]
    bad = [(b"x", []), (p[:-1], []), (p + b"x", []), (p, [fd]),
           (flagged, []), (flagged, [fd]), (flagged, [fd, fd]),
           (b"x" * 16397, []), (p[:2] + b"\0\2" + p[4:], [])]
    bad += [(gwproto.packet("AUTHORIZE", 1, api=a, action=b, token=t,
                            object=o, address=ADDRESS), [])
            for a, b, t, o in [
                (0, OPEN, "x", "box"), (3, OPEN, "x", "box"),
                (1, 0, "x", "box"), (1, 3, "x", "box"),
                (1, 512, "x", "box"), (1, OPEN, "", "box"),
                (1, OPEN, "x", ""), (1, OPEN, "x", "a/b"),
                (1, OPEN, "x", "a" * 129), (1, OPEN, "x" * 8193, "box"),
                (1, OPEN, "a\0b", "box")]]
    for data, fds in bad:
        f = catalog.frontend()
        f.raw(data, fds)
        f.expect_closed()
        f.close()
    os.close(fd)
    catalog.granted(good)


def test_frontend_gone(catalog):
    """An answer for a channel that is closed goes nowhere."""
    f = catalog.frontend()
    ask(f, 1, OPEN, "box", "x")
    f.close()
    catalog.expect("DENIAL")
    catalog.granted(catalog.frontend())


def test_no_descriptor_is_kept(catalog):
    f = catalog.frontend()
    catalog.granted(f)
    before = catalog.fds()
    for _ in range(300):
        catalog.granted(f)
    for _ in range(20):
        catalog.configure()
        catalog.granted(f)
    for _ in range(20):
        g = catalog.frontend()
        catalog.granted(g)
        g.close()
    catalog.granted(f)
    assert catalog.fds() == before


def test_flood_of_refusals(catalog):
    """The log gets a part of them; the frontend gets all."""
    f = catalog.frontend()
    t = token(BOB)
    n = 2000
    got = reported = 0
    began = time.monotonic()
    for i in range(n):
        ask(f, i, OPEN, "box", t)
        if i % 50 == 49:
            for _ in range(50):
                f.expect("DENIED")
                got += 1
    took = time.monotonic() - began
    assert got == n
    while True:
        try:
            catalog.expect("DENIAL", timeout=0.2)
            reported += 1
        except TimeoutError:
            break
    assert 200 <= min(reported, n) <= 200 * (took + 2)


def test_confined(catalog):
    with open(f"/proc/{catalog.pid}/status") as f:
        st = dict(x.rstrip("\n").split(":\t", 1) for x in f if ":\t" in x)
    assert st["NoNewPrivs"] == "1"
    assert st["Seccomp"] == "2"
    if os.geteuid() == 0:
        assert st["Uid"].split() == [str(gwproto.UID)] * 4


def test_orderly_stop(catalog):
    catalog.granted(catalog.frontend())
    catalog.send("STOP")
    catalog.expect_closed()
    assert catalog.wait() == 0


def test_parent_gone(catalog):
    catalog.chan.close()
    assert catalog.wait() == 0
