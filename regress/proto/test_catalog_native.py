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
The catalog and what came with the native API: sessions by name, lists and
tickets.  The test is its parent and its frontends.

What can break: a ticket that is good twice, late, or for what it was not
made for, is a shell for whoever read a log of URLs; a name that is taken as
it comes reaches logs and workers.
"""

import hashlib
import os
import sys
import uuid

import pytest

sys.path.insert(0, os.path.dirname(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../lib"))
import gwproto  # noqa: E402
from clients import wait_for  # noqa: E402
from test_catalog import (  # noqa: E402
    ADDRESS, ALICE, BOB, BODY, Catalog, DENY_EXPIRED, DENY_NOT_FOUND,
    DENY_TOKEN, DENY_UNAVAILABLE, KEY, POCKETENV, token)

TERMINAL = 2
SSH, TTY, NATIVE = 1, 2, 3
OPEN, ATTACH, INPUT, RESIZE, CLOSE, SIGNAL, STATUS, LIST, TICKET = (
    1 << i for i in range(9))
RW, RO = 1, 2
BY_TICKET = 2
DENY_LIMIT = 4
SID, OTHER = (str(uuid.UUID(int=i, version=4)) for i in (1, 2))


class Native(Catalog):
    """...that serves both APIs."""

    def stage(self, sandboxes=None, keys=(KEY,), apis=(POCKETENV, TERMINAL),
              **api):
        self.send("CONF_BEGIN")
        for n in apis:
            self.api(api=n)
            for key in keys:
                self.key(key, api=n)
        for name, owners in (sandboxes or {
                "box": [ALICE, "alice"], "bobs": [BOB]}).items():
            self.sandbox(name, *owners)
        self.send("CONF_END")


def ask(f, id, action, object, tok, api=TERMINAL, dialect=NATIVE, **kw):
    f.send("AUTHORIZE", id, api=api, dialect=dialect, action=action,
           token=tok, object=object, address=ADDRESS, **kw)


@pytest.fixture
def catalog():
    c = Native()
    yield c
    c.chan.close()
    c.wait()


@pytest.fixture
def f(catalog):
    return catalog.frontend()


def minted(catalog, f, session=SID, who=ALICE, **kw):
    """A ticket for a session, as the parent would pass it on."""
    ask(f, 7, TICKET, session, token(who), **kw)
    m = catalog.expect("GRANT_SESSION", action=TICKET, session=session,
                       principal=who, ticket=0, sandbox="")
    assert m.id == 7 and m["secret"] != bytes(16)
    return m["secret"].hex()


def whole(f, sandbox="box", **kw):
    ask(f, 8, TICKET, sandbox, token(), whole=1, **kw)
    m = f.expect("TICKET")
    assert m.id == 8
    return m["secret"].hex()


def attach(f, ticket, session=SID, **kw):
    ask(f, 9, ATTACH, session, ticket, cred=BY_TICKET, **kw)


def good(catalog, f, ticket, session=SID, **kw):
    attach(f, ticket, session, **kw)
    return catalog.expect("GRANT_SESSION", action=ATTACH, session=session,
                          principal=ALICE)


def refused(catalog, f, ticket, session=SID, who=ALICE, **kw):
    attach(f, ticket, session, **kw)
    f.expect("DENIED", reason=DENY_TOKEN)
    catalog.expect("DENIAL", reason=DENY_TOKEN, action=ATTACH,
                   principal=who, object=session, address=ADDRESS)


# Names.

@pytest.mark.parametrize("api, dialect, action, name", [
    (TERMINAL, NATIVE, OPEN, "work"), (TERMINAL, NATIVE, OPEN, "n" * 128),
    (POCKETENV, TTY, OPEN, ""), (POCKETENV, TTY, ATTACH, ""),
    (POCKETENV, TTY, ATTACH, "sha256-" + "0" * 64),
    (POCKETENV, TTY, INPUT, "A.b_c-9"), (POCKETENV, TTY, RESIZE, ".."),
])
def test_join(catalog, f, api, dialect, action, name):
    t = token()
    ask(f, 3, action, "box", t, api, dialect, join=1, name=name)
    m = catalog.expect("GRANT_OPEN", frontend=f.number, api=api,
                       dialect=dialect, action=action, join=1, name=name,
                       principal=ALICE, sandbox="box", version=7,
                       address=ADDRESS)
    assert m.id == 3
    assert m["hash"] == hashlib.sha256(t.encode()).digest()
    assert os.pread(m.blob, 65536, 0) == BODY
    os.close(m.blob)


def test_join_denied(catalog, f):
    """Whatever it is that was wanted there: the sandbox was."""
    for action in OPEN, ATTACH, INPUT, RESIZE:
        for box in "bobs", "nobodys":
            ask(f, 3, action, box, token(), POCKETENV, TTY, join=1)
            f.expect("DENIED", reason=DENY_NOT_FOUND)
            catalog.expect("DENIAL", action=OPEN, object=box,
                           principal=ALICE)
        ask(f, 3, action, "box", "x", POCKETENV, TTY, join=1)
        f.expect("DENIED", reason=DENY_TOKEN)
        catalog.expect("DENIAL", action=OPEN, object="box", principal="")


@pytest.mark.parametrize("what", [
    dict(action=OPEN, join=1),			# native: who, without a name?
    dict(action=OPEN, name="x"),
    dict(action=OPEN, join=1, name="a b"),
    dict(action=OPEN, join=1, name="a/b"),
    dict(action=OPEN, join=1, name="\x1b[m"),
    dict(action=OPEN, join=1, name="\xfc"),
    dict(action=OPEN, join=1, name="x", dialect=SSH, api=POCKETENV),
    dict(action=OPEN, join=1, name="x", dialect=TTY),
    dict(action=OPEN, join=1, name="x", api=POCKETENV),
    dict(action=OPEN, dialect=SSH), dict(action=OPEN, api=POCKETENV),
    dict(action=CLOSE, join=1, name="x"),
    dict(action=STATUS, join=1, name="x"),
    dict(action=SIGNAL, join=1, name="x"),
    dict(action=LIST, join=1, name="x"),
    dict(action=TICKET, join=1, name="x"),
    dict(action=ATTACH, name="x"), dict(action=LIST, name="x"),
    dict(action=ATTACH, whole=1), dict(action=OPEN, whole=1),
    dict(action=OPEN, stream=1), dict(action=TICKET, stream=1),
    dict(action=OPEN, cred=2), dict(action=INPUT, cred=2),
    dict(action=CLOSE, cred=2), dict(action=LIST, cred=2),
    dict(action=TICKET, cred=2), dict(action=TICKET, cred=2, whole=1),
    dict(action=ATTACH, cred=2, join=1, api=POCKETENV, dialect=TTY),
    dict(action=ATTACH, join=2), dict(action=ATTACH, mode=0),
    dict(action=ATTACH, mode=3), dict(action=ATTACH, cred=0),
    dict(action=ATTACH, cred=3), dict(action=ATTACH, dialect=0),
    dict(action=ATTACH, dialect=4), dict(action=512), dict(action=96),
])
def test_what_does_not_fit_together(catalog, f, what):
    """It ends the channel of whoever says it, and no other."""
    bad = catalog.frontend()
    ask(bad, 1, object="box", tok=token(), **what)
    bad.expect_closed()
    ask(f, 3, OPEN, "box", token(), join=1, name="x")
    os.close(catalog.expect("GRANT_OPEN").blob)


def test_sub_goes_first(catalog, f):
    """...and need be no did, for the native API only."""
    ask(f, 1, OPEN, "box", token("did:plc:x", sub="alice"))
    os.close(catalog.expect("GRANT_OPEN", principal="alice").blob)
    ask(f, 1, OPEN, "box", token(ALICE, sub="alice"), POCKETENV, SSH)
    os.close(catalog.expect("GRANT_OPEN", principal=ALICE).blob)


def test_api_that_is_not_there(catalog, f):
    t = minted(catalog, f)
    catalog.configure(apis=(POCKETENV,))
    for action, what in (OPEN, "box"), (ATTACH, SID), (LIST, "box"):
        ask(f, 1, action, what, token())
        f.expect("DENIED", reason=DENY_TOKEN)
        catalog.expect("DENIAL")
    refused(catalog, f, t, who="")
    catalog.configure()
    good(catalog, f, t)


# Lists, and the calls of a session.

def test_list(catalog, f):
    t = token()
    ask(f, 5, LIST, "box", t)
    m = catalog.expect("GRANT_LIST", frontend=f.number, api=TERMINAL,
                       principal=ALICE, sandbox="box", address=ADDRESS)
    assert m.id == 5
    assert m["hash"] == hashlib.sha256(t.encode()).digest()
    for box in "bobs", "nobodys", SID:
        ask(f, 5, LIST, box, t)
        f.expect("DENIED", reason=DENY_NOT_FOUND)
        catalog.expect("DENIAL", action=LIST, object=box)


def test_calls(catalog, f):
    t = token()
    for action in INPUT, RESIZE, CLOSE, SIGNAL, STATUS:
        ask(f, 6, action, SID, t)
        m = catalog.expect("GRANT_SESSION", action=action, session=SID,
                           principal=ALICE, api=TERMINAL, ticket=0)
        assert m["secret"] == bytes(16)
        assert m["hash"] == hashlib.sha256(t.encode()).digest()
        ask(f, 6, action, "box", t)
        f.expect("DENIED", reason=DENY_NOT_FOUND)
        catalog.expect("DENIAL", action=action)


@pytest.mark.parametrize("mode", [RW, RO])
def test_mode(catalog, f, mode):
    ask(f, 6, ATTACH, SID, token(), mode=mode)
    catalog.expect("GRANT_SESSION", mode=mode)


# Tickets.

def test_ticket_once(catalog, f):
    t = minted(catalog, f)
    m = good(catalog, f, t)
    assert (m["ticket"], m["mode"], m["sandbox"]) == (0, RW, "")
    refused(catalog, f, t, who="")


def test_ticket_through_another_frontend(catalog, f):
    t = minted(catalog, f)
    g = catalog.frontend()
    assert good(catalog, g, t)["frontend"] == g.number
    refused(catalog, f, t, who="")


def test_ticket_of_whom(catalog, f):
    ask(f, 1, TICKET, SID, "x")
    f.expect("DENIED", reason=DENY_TOKEN)
    catalog.expect("DENIAL", action=TICKET, object=SID)
    ask(f, 1, TICKET, "box", token())
    f.expect("DENIED", reason=DENY_NOT_FOUND)
    catalog.expect("DENIAL", action=TICKET, object="box")
    for box in "bobs", "nobodys":
        ask(f, 1, TICKET, box, token(), whole=1)
        f.expect("DENIED", reason=DENY_NOT_FOUND)
        catalog.expect("DENIAL", action=OPEN, object=box, principal=ALICE)


def test_ticket_for_something_else(catalog, f):
    t = minted(catalog, f)
    refused(catalog, f, t, OTHER)
    refused(catalog, f, t, SID, api=POCKETENV, dialect=SSH)
    refused(catalog, f, t, "box", who="")
    refused(catalog, f, t, "-" * 36, who="")
    good(catalog, f, t)


@pytest.mark.parametrize("text", ["x", "0" * 31, "0" * 32, "0" * 33,
                                  "g" * 32, token(), "null"])
def test_ticket_text(catalog, f, text):
    refused(catalog, f, text, who="")


def test_ticket_is_no_token(catalog, f):
    t = minted(catalog, f)
    ask(f, 1, ATTACH, SID, t)
    f.expect("DENIED", reason=DENY_TOKEN)
    catalog.expect("DENIAL", principal="")


@pytest.mark.parametrize("of, asked, got", [
    (RW, RW, RW), (RW, RO, RO), (RO, RW, RO), (RO, RO, RO)])
@pytest.mark.parametrize("stream", [0, 1])
def test_ticket_mode(catalog, f, of, asked, got, stream):
    """The lower right of the two."""
    t = minted(catalog, f, mode=of)
    assert good(catalog, f, t, mode=asked, stream=stream)["mode"] == got
    t = whole(f, mode=of)
    assert good(catalog, f, t, mode=asked, stream=stream)["mode"] == got


def test_ticket_of_a_sandbox(catalog, f):
    t = whole(f)
    assert good(catalog, f, t, OTHER)["sandbox"] == "box"
    refused(catalog, f, t, OTHER, who="")
    t = whole(f)
    assert good(catalog, f, t, SID, stream=1)["sandbox"] == "box"
    refused(catalog, f, t, OTHER, stream=1)
    assert good(catalog, f, t, SID, stream=1)["sandbox"] == "box"


def test_ticket_too_many(catalog, f):
    first = minted(catalog, f)
    for _ in range(63):
        minted(catalog, f)
    ask(f, 1, TICKET, SID, token())
    f.expect("DENIED", reason=DENY_LIMIT)
    catalog.expect("DENIAL", reason=DENY_LIMIT, action=TICKET,
                   principal=ALICE, object=SID)
    ask(f, 1, TICKET, "box", token(), whole=1)
    f.expect("DENIED", reason=DENY_LIMIT)
    catalog.expect("DENIAL", action=OPEN, object="box")
    minted(catalog, f, who=BOB)
    good(catalog, f, first)
    minted(catalog, f)


def test_ticket_of_a_stream(catalog, f):
    """It is for streams from then on.  Times are in the unit test, and one
    is waited for in e2e."""
    stream, back = (minted(catalog, f) for _ in range(2))
    n = good(catalog, f, stream, stream=1)["ticket"]
    assert n > 0
    catalog.send("TICKET_UP", ticket=n, session=SID)
    m = good(catalog, f, back, stream=1)
    assert m["ticket"] not in (0, n)
    refused(catalog, f, back)			# no stream
    # It is there, so its client may lose it and be back.
    catalog.send("TICKET_DOWN", ticket=n, session=OTHER)
    assert good(catalog, f, stream, stream=1)["ticket"] == n
    catalog.send("TICKET_DOWN", ticket=n, session=SID)
    assert good(catalog, f, stream, stream=1)["ticket"] == n


def test_ticket_outlives_its_token(catalog, f):
    """Who had the right to it when it was made may use it."""
    old = token(exp=6)
    ask(f, 7, TICKET, SID, old)
    t = catalog.expect("GRANT_SESSION")["secret"].hex()

    def expired():
        ask(f, 8, ATTACH, SID, old)
        m = catalog.recv()
        assert m.name == "DENIAL" or m.name == "GRANT_SESSION", m
        return m.name == "DENIAL"
    wait_for(expired)
    f.expect("DENIED", reason=DENY_EXPIRED)
    good(catalog, f, t)


def test_what_is_said_of_no_ticket(catalog, f):
    for name in "TICKET_UP", "TICKET_DOWN":
        for n in 1, 2 ** 32 - 1:
            catalog.send(name, ticket=n, session=SID)
    good(catalog, f, minted(catalog, f))


def test_recheck_of_both(catalog):
    for api in POCKETENV, TERMINAL:
        for who, answer in (ALICE, "RECHECK_OK"), (BOB, "RECHECK_FAIL"):
            catalog.send("RECHECK", 5, api=api, principal=who, sandbox="box")
            catalog.expect(answer)
    # Of an API that is not served any more nobody may stay.
    catalog.configure(apis=(POCKETENV,))
    for api, answer in (POCKETENV, "RECHECK_OK"), (TERMINAL, "RECHECK_FAIL"):
        catalog.send("RECHECK", 6, api=api, principal=ALICE, sandbox="box")
        catalog.expect(answer)


def test_not_before_it_runs():
    c = Native(start=False)
    f = c.frontend()
    for kw in {}, {"cred": BY_TICKET}:
        ask(f, 1, ATTACH, SID, "0" * 32, **kw)
        f.expect("DENIED", reason=DENY_UNAVAILABLE)
    c.chan.close()
    c.wait()
    assert gwproto.NAMES[76] == "TICKET"
