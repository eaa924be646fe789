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
The audit log: who was where, when, and why not.

What can break: a line that is missing, or that lacks a field; a token or a
query string in any line; text from outside that makes a line of its own.
"""

import calendar
import contextlib
import json
import re
import time
import uuid

import pytest

from clients import Http, Ws, bearer, connect, drain, wait_for
from daemon import ALICE, MALLORY

FIELD = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def lines(d, form):
    """All of them as dictionaries; every one has to be well formed."""
    found = []
    for line in d.log().splitlines():
        if "audit: " not in line:
            continue
        assert line.startswith("gatewayd: audit: ")
        text = line[len("gatewayd: audit: "):]
        if form == "json":
            fields = json.loads(text)
            assert all(isinstance(v, str) for v in fields.values())
        else:
            fields = dict(FIELD.findall(text))
            assert " ".join('%s="%s"' % f for f in fields.items()) == text
        assert TIME.fullmatch(fields["time"])
        found.append(fields)
    return found


def want(d, form, **fields):
    """Wait for a line with these; return it without its time."""
    def find():
        for line in lines(d, form):
            if fields.items() <= line.items():
                return {k: v for k, v in line.items() if k != "time"}
        return None
    return wait_for(find)


@pytest.mark.parametrize("form", ["text", "json"])
def test_lines(start, form):
    d = start(lines=["audit " + form, "limit viewers per session 2",
                     "limit sessions per sandbox 1"])
    sid, ws = d.shell()
    sse = d.sse(sid)
    sse.until(b"$ ")
    who = {"principal": ALICE, "address": "127.0.0.1", "sandbox": "demo",
           "session": sid, "kind": "ssh", "mode": "rw"}
    for viewer in ("1", "2"):
        assert want(d, form, event="attach", viewer=viewer) == {
            "event": "attach", "viewer": viewer, **who}
    ws.bye()
    assert want(d, form, event="detach", viewer="1") == {
        "event": "detach", "viewer": "1", "reason": "client", **who}
    d.delete(sid)
    assert want(d, form, event="detach", viewer="2") == {
        "event": "detach", "viewer": "2", "reason": "session ended", **who}
    sse.stop()
    wait_for(lambda: not d.sessions())

    deny = {"event": "denial", "address": "127.0.0.1"}
    d.connect("foreign")
    assert want(d, form, sandbox="foreign") == {
        **deny, "principal": ALICE, "sandbox": "foreign",
        "reason": "not found"}
    gone = str(uuid.uuid4())
    d.ws(gone).closed()
    assert want(d, form, session=gone) == {
        **deny, "principal": ALICE, "session": gone, "reason": "not found"}
    mine = d.open()
    d.input(mine, "x", d.token(MALLORY))
    assert want(d, form, session=mine, event="denial") == {
        **deny, "principal": MALLORY, "session": mine,
        "reason": "not found"}
    d.connect()
    assert want(d, form, sandbox="demo", reason="limit") == {
        **deny, "principal": ALICE, "sandbox": "demo", "reason": "limit"}
    d.connect("expired", token=d.token(exp=-60))
    assert want(d, form, reason="expired")["sandbox"] == "expired"
    d.connect("junk", token="x.y.z")
    assert want(d, form, reason="invalid token")["sandbox"] == "junk"
    d.ctl("drain")
    d.connect()
    assert want(d, form, reason="draining")["principal"] == ALICE
    d.delete(mine)
    d.wait()


# What is to be read as it is, and what not: the first and last of each kind.
SEEN = (" !~\u00a1\u00ac\u00ae\u00fc\u00ff\u0100\u061b\u07ff\u0800\u2010"
        "\u2027\u2030\u20ac\u5b57\ud7ff\ue000\uffef\uffff\U00010000"
        "\U0001f600\U0010ffff")
HIDDEN = ("\x80\x85\x9f\xa0\xad\u034f\u061c\u115f\u1680\u17b4\u180b\u180f"
          "\u2000\u200b\u200d\u200e\u200f\u2028\u2029\u202a\u202e\u202f"
          "\u205f\u2066\u2069\u206f\u3000\u3164\ufe0f\ufeff\uffa0\ufffb"
          "\U0001d173\U000e0001\U000e0fff")


@pytest.mark.parametrize("form", ["text", "json"])
def test_escaped(start, form):
    """A principal may have almost any text; the line stays one, and can be
    read, and read back."""
    evil = 'did:x" event="attach\\" \\u0041\\ ' + SEEN + HIDDEN + SEEN
    d = start(lines=["audit " + form])
    d.connect("foreign", token=d.token(evil))
    line = want(d, form, sandbox="foreign", reason="not found")
    if form == "text":
        line = {k: json.loads('"%s"' % v) for k, v in line.items()}
    assert line == {"event": "denial", "principal": evil,
                    "address": "127.0.0.1", "sandbox": "foreign",
                    "reason": "not found"}
    assert d.log().count(SEEN) == 2
    assert not set(HIDDEN) & set(d.log())
    # What a principal may not have.
    d.connect("other", token=d.token("did:x\n\x1b[31m"))
    assert want(d, form, sandbox="other")["reason"] == "invalid token"
    for line in d.log().splitlines():
        assert line.startswith("gatewayd: ")


def test_no_token_in_the_log(start):
    """Nor a query, nor what stands in Authorization: whatever happens, and
    with everything logged."""
    # Not so short that we could be late with what is to be answered.
    d = start(lines=["timeout request 5"])
    d.ctl("log", "verbose")
    good, bad = d.token(), "bad-token-bad-token"
    sid = d.open(token=good)
    secrets = {good, good.split(".")[1], good.split(".")[2], bad,
               "query-word", "typed-word", "basic-word"}
    for token in (good, bad):
        ws = Ws(d.port, d.ws_path(sid, token) + "&q=query-word")
        if token == good:
            ws.until(b"$ ")
            ws.type("echo typed-word\n")
            ws.until(b"\ntyped-word")
            d.input(sid, "echo typed-word\n", good)
            ws.frame(3, b"typed-word")
        ws.closed()
    with Http(d.port) as http:
        http.ask("GET", "/nothing?token=%s&q=query-word" % bad,
                 headers=bearer(bad))
        http.ask("GET", "/ssh/stream/x?token=" + good)
    with contextlib.ExitStack() as stack:
        asked = []
        for request in (
                b"GET /ssh/x/ws?token=%s HTTP/9.9\r\n\r\n" % good.encode(),
                b"GET /?query-word HTTP/1.1\r\nAuthorization: Bearer %s\r\n"
                b"Authorization: Basic basic-word\r\n\r\n" % good.encode(),
                b"\x00" + good.encode() + b"\r\n\r\n",
                b"POST /ssh/connect HTTP/1.1\r\nHost: x\r\nAuthorization: "
                b"Basic basic-word\r\nContent-Length: 5\r\n\r\n{\"a\"",
                b"GET /ssh/stream/%s?token=%s HTTP/1.1\r\nHost: x\r\n" % (
                    sid.encode(), good.encode())):
            asked.append(stack.enter_context(connect(d.port)))
            asked[-1].sendall(request)
        for s in asked:		# the last are given up
            drain(s)
    run = d.run_ctl("-s", d.socket, "show", "viewers")
    d.delete(sid)
    d.logged("session %s of demo ended" % sid)
    log = d.log() + run.stdout + d.metrics()
    for secret in secrets:
        assert secret not in log, secret


def test_time(start):
    d = start()
    # The clock of time(3) may be a tick behind this one.
    before = int(time.time() - 0.02)
    d.connect("nothing")
    line = wait_for(lambda: lines(d, "text"))[0]
    at = calendar.timegm(time.strptime(line["time"], "%Y-%m-%dT%H:%M:%SZ"))
    assert before <= at <= time.time()
