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
The native API as a frontend speaks it, as in test_native_http.py: tickets,
and the hand-over of streams to a worker.

What can break: a ticket where a token is meant, or the other way round; a
refusal that comes behind a 101; an offset that is half understood.
"""

import os

import pytest

from front import (ATTACH, DENY_NOT_FOUND, DENY_TOKEN, FAIL_BUSY, FAIL_GONE,
                   FAIL_GRANT, FAIL_LIMIT, FAIL_OFFSET, NO_SESSION, RO, RW,
                   SID, TERMINAL, TICKET, bad, error, sent_early, taken, url)

NO_BOX = (404, error("not_found", "Sandbox not found"))
GONE = (404, error("not_found", "Session not found"))


# Tickets

@pytest.mark.parametrize("body, object, whole, mode", [
    ({"session": SID}, SID, 0, RW), ({"sandbox": "demo"}, "demo", 1, RW),
    ({"session": SID, "mode": "ro"}, SID, 0, RO),
    ({"sandbox": "demo", "mode": "rw", "session": None}, "demo", 1, RW),
    ({"session": SID, "mode": None}, SID, 0, RW)])
def test_ticket(front, body, object, whole, mode):
    c = front.client().ask("POST", "/v1/tickets", body)
    m = front.asked(action=TICKET, object=object, whole=whole, mode=mode,
                    join=0, cred=1)
    secret = bytes(range(0xf0, 0x100))
    if whole:
        front.catalog.send("TICKET", id=m.id, secret=secret)
    else:
        front.grant(m, 0, NO_SESSION, secret, 0)
    assert c.answer() == (201, {"ticket": secret.hex(), "expires_in": 30})
    assert c.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("body", [
    "", "{}", "[]", '{"session":"%s","sandbox":"demo"}' % SID,
    '{"session":1}', '{"sandbox":["a"]}', '{"session":null}',
    '{"session":"%s","mode":"x"}' % SID, '{"session":"%s","mode":1}' % SID,
    '{"session":"%s","mode":""}' % SID,
    '{"session":"%s","mode":"rw\\u0000"}' % SID])
def test_bad_ticket(front, body):
    status, got = front.client().ask("POST", "/v1/tickets", body).answer()
    assert status == 400 and got["error"]["code"] == "bad_request"


@pytest.mark.parametrize("body, object, answer", [
    ({"session": "x"}, NO_SESSION, GONE), ({"sandbox": "a b"}, ".", NO_BOX)])
def test_ticket_for_no_id(front, body, object, answer):
    c = front.client().ask("POST", "/v1/tickets", body)
    front.deny(front.asked(object=object), DENY_NOT_FOUND)
    assert c.answer() == answer


def test_use_of_a_ticket(front):
    """It is the credential, whatever else there is."""
    ticket = "0123456789abcdef" * 2
    for auth in (None, "", "x"):
        c = front.client().upgrade(url("attach") + "?ticket=" + ticket,
                                   auth=auth)
        front.deny(front.asked(cred=2, token=ticket, action=ATTACH, stream=0,
                               object=SID), DENY_TOKEN)
        assert c.answer() == (401, error("unauthorized", "Invalid ticket"))
        c = front.client().ask("GET", url("output") + "?ticket=" + ticket,
                               auth=auth)
        front.deny(front.asked(cred=2, token=ticket, stream=1), DENY_TOKEN)
        assert c.answer()[0] == 401


@pytest.mark.parametrize("ticket", [
    "", "x", "0" * 31, "0" * 33, "g" * 32, "A" * 32, "0" * 9000, "%", "%00"])
def test_malformed_ticket(front, ticket):
    query = "?ticket=" + ticket
    c = front.client().upgrade(url("attach") + query)
    status, got = c.answer()
    assert (status, got["error"]["code"]) == (
        (414, "too_large") if len(ticket) > 8192 else (401, "unauthorized"))


def test_ticket_elsewhere(front):
    """It is not looked at where it is not good."""
    c = front.client().ask("GET", url() + "?ticket=" + "0" * 32, auth=None)
    assert c.answer()[1]["error"]["message"] == "Authentication required"


# Attach and output

@pytest.mark.parametrize("query, flags, offset, mode", [
    ("", 0, 0, RW), ("?offset=0", 1, 0, RW), ("?offset=17&mode=ro", 1, 17, RO),
    ("?offset=18446744073709551615", 1, (1 << 64) - 1, RW),
    ("?offset=000000000000000000001", 1, 1, RW), ("?screen=1", 2, 0, RW),
    ("?screen=0&offset=3", 1, 3, RW), ("?mode=rw&screen=1", 2, 0, RW),
    ("?x=y", 0, 0, RW)])
def test_attach(front, query, flags, offset, mode):
    c = front.client().upgrade(url("attach") + query, headers=[
        "Sec-WebSocket-Protocol: other, terminal.v1"], early=b"\x81\x80abcd")
    front.grant(front.asked(action=ATTACH, object=SID, mode=mode, stream=0,
                            join=0, api=2), open_time=0)
    m = front.worker().expect("ATTACH", dialect=TERMINAL, transport=1,
                              offset=offset, **{"from": flags})
    # Nothing has been said to it yet.
    assert m["head"].startswith(b"HTTP/1.1 101 ")
    s = taken(front, m)
    assert sent_early(m, s, 6) == b"\x81\x80abcd"
    s.sendall(m["head"])
    assert c.head() == 101
    assert c.headers["sec-websocket-protocol"] == "terminal.v1"
    assert c.headers["sec-websocket-accept"] == \
        "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    s.close()
    c.eof()


def test_attach_without_protocol(front):
    c = front.client().upgrade(url("attach"))
    front.grant(front.asked(), open_time=0)
    m = front.worker().expect("ATTACH")
    s = taken(front, m)
    s.sendall(m["head"])
    assert c.head() == 101
    assert "sec-websocket-protocol" not in c.headers
    s.close()


@pytest.mark.parametrize("query, headers, answer", [
    ("", ["Sec-WebSocket-Protocol: terminal.v2"],
     bad("The protocol is terminal.v1")),
    ("?mode=", [], bad("Invalid mode")), ("?mode=wr", [], bad("Invalid mode")),
    ("?mode=readonly", [], bad("Invalid mode")),
    ("?screen=", [], bad("Invalid screen")),
    ("?screen=2", [], bad("Invalid screen")),
    ("?screen=true", [], bad("Invalid screen")),
    ("?screen=1&offset=0", [], bad("Either offset or screen")),
    ("?screen=1&offset=x", [], bad("Either offset or screen"))])
def test_bad_attach(front, query, headers, answer):
    c = front.client().upgrade(url("attach") + query, headers=headers)
    assert c.answer() == answer
    c.eof()


@pytest.mark.parametrize("offset", [
    "", "x", "-1", "+1", "%201", "1.0", "0x1", "1e3",
    "18446744073709551616", "99999999999999999999", "1" * 40, "%31%00"])
def test_bad_offset(front, offset):
    path = "?offset=" + offset
    for c in (front.client().upgrade(url("attach") + path),
              front.client().ask("GET", url("output") + path)):
        assert c.answer() == bad("Invalid offset", "invalid_offset")


REFUSED = [
    (FAIL_OFFSET, bad("That output has not been written yet",
                      "invalid_offset")),
    (FAIL_GONE, GONE), (FAIL_LIMIT, (429, error("too_many_viewers",
                                                "Too many viewers"))),
    (FAIL_BUSY, (503, error("unavailable", "Try again later")))]


@pytest.mark.parametrize("reason, answer", REFUSED)
def test_attach_refused(front, reason, answer):
    """An answer of HTTP, and the first that the client sees."""
    for ask in (lambda c: c.upgrade(url("attach") + "?offset=9"),
                lambda c: c.ask("GET", url("output") + "?offset=9")):
        c = ask(front.client())
        front.grant(front.asked(action=ATTACH), open_time=0)
        m = front.worker().expect("ATTACH", offset=9, **{"from": 1})
        os.close(m.fd)
        front.worker().send("ATTACH_FAIL", id=m.id, reason=reason)
        assert c.answer() == answer
        c.eof()


def test_attach_grant_that_ended(front):
    """Asked for once more, and not for ever."""
    for second in (FAIL_GRANT, None):
        c = front.client().upgrade(url("attach"))
        front.grant(front.asked(action=ATTACH), open_time=0)
        m = front.worker().expect("ATTACH")
        os.close(m.fd)
        front.worker().send("ATTACH_FAIL", id=m.id, reason=FAIL_GRANT)
        again = front.asked(action=ATTACH)
        if second is None:
            front.deny(again, DENY_NOT_FOUND)
            assert c.answer() == GONE
            continue
        front.grant(again, open_time=0)
        m = front.worker().expect("ATTACH")
        os.close(m.fd)
        front.worker().send("ATTACH_FAIL", id=m.id, reason=second)
        assert c.answer() == (503, error("unavailable", "Try again later"))


@pytest.mark.parametrize("query, header, flags, offset", [
    ("", None, 0, 0), ("?offset=5", None, 1, 5), ("", "7", 1, 7),
    ("?offset=5", "7", 1, 7), ("?offset=x", "7", 1, 7),
    ("?offset=5", "", 1, 5)])
def test_output(front, query, header, flags, offset):
    headers = [] if header is None else ["Last-Event-ID: " + header]
    c = front.client().ask("GET", url("output") + query, headers=headers)
    front.grant(front.asked(action=ATTACH, stream=1, mode=RO), open_time=0)
    m = front.worker().expect("ATTACH", dialect=TERMINAL, transport=2,
                              offset=offset, **{"from": flags})
    s = taken(front, m)
    s.sendall(m["head"])
    assert c.head() == 200
    assert c.headers["content-type"] == "text/event-stream"
    assert c.headers["cache-control"] == "no-cache"
    s.close()


@pytest.mark.parametrize("headers", [
    ["Last-Event-ID: x"], ["Last-Event-ID: -1"], ["Last-Event-ID: 1 2"],
    ["Last-Event-ID: 18446744073709551616"],
    ["Last-Event-ID: 1", "Last-Event-ID: 1"]])
def test_bad_event_id(front, headers):
    c = front.client().ask("GET", url("output") + "?offset=1",
                           headers=headers)
    assert c.answer() == bad("Invalid Last-Event-ID", "invalid_offset")


def test_events_of_another_kind(front):
    """A stream of events that asks for the screen."""
    c = front.client().ask("GET", url("output") + "?screen=1")
    front.grant(front.asked(), open_time=0)
    m = front.worker().expect("ATTACH", **{"from": 0})
    taken(front, m).close()
    c.close()
