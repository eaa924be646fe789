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
The native API on the real daemon: sessions that are made, joined by name,
listed, looked at, typed at, signalled and ended over HTTP alone, tickets,
and two principals that know nothing of each other.

What can break: one name that makes two sessions; a list that shows what is
another's; a ticket that is good twice; a session that is gone with the
answer how it went.
"""

import concurrent.futures
import json
import re
import time

import pytest

from clients import (Http, Native, bearer, connect, readable,
                     wait_for)
from daemon import ALICE, MALLORY

BOXES = {
    "demo": {"pty": ["/bin/sh"]},
    "cat": {"pty": ["/bin/sh", "-c",
                    "stty raw -echo; printf READY; exec cat"]},
    "both": {"pty": ["/bin/sh"], "owner": [ALICE, MALLORY]},
    "foreign": {"pty": ["/bin/sh"], "owner": [MALLORY]},
}


@pytest.fixture(scope="module")
def own():
    import daemon as lib
    d = lib.Daemon(BOXES, lines=["limit sessions per sandbox 100",
                                 "limit sessions per principal 100"])
    yield d
    d.stop()


@pytest.fixture
def d(own):
    yield own
    own.clear()


def attach(d, sid, query="", token=True):
    headers = bearer(d.token()) if token is True else \
        bearer(token) if token else {}
    return Native(d.port, "/v1/sessions/%s/attach%s" % (sid, query), headers)


def running(d, sandbox, token=None):
    return [s["id"] for s in d.native_list(sandbox, token or d.token())
            if s["state"] == "running"]


def code(answer):
    return answer.status, json.loads(answer.body)["error"]["code"]


def test_life(d):
    answer = d.native("POST", "/sandboxes/demo/sessions",
                      {"cols": 90, "rows": 30})
    assert answer.status == 201
    assert answer.json == {"id": answer.json["id"], "sandbox": "demo",
                           "state": "running", "offset": 0}
    sid = answer.json["id"]
    now = time.time()
    s = d.native_status(sid)
    assert abs(s.pop("started") - now) < 60 and s.pop("offset") >= 0
    assert s == {"id": sid, "name": None, "state": "running", "cols": 90,
                 "rows": 30, "viewers": 0}
    assert running(d, "demo") == [sid]
    # What is typed before the shell prompts is answered behind the prompt.
    wait_for(lambda: d.native_screen(sid)["lines"][0] != "")
    assert d.native_input(sid, b"echo $((6*7))x\n").status == 204
    wait_for(lambda: "42x" in d.native_screen(sid)["lines"])
    text = d.native("GET", "/sessions/%s/screen" % sid,
                    headers={"Accept": "text/plain"})
    assert text.status == 200 and "\n42x\n" in text.body.decode()
    assert text.headers["content-type"] == "text/plain; charset=utf-8"
    answer = d.native("POST", "/sessions/%s/resize" % sid,
                      {"cols": 101, "rows": 33})
    assert answer.status == 204
    assert (d.native_status(sid)["cols"], d.native_status(sid)["rows"]) == (
        101, 33)
    head = d.native("HEAD", "/sessions/" + sid)
    assert head.status == 200 and head.body == b""
    assert d.native_end(sid).status == 204
    wait_for(lambda: d.native("GET", "/sessions/" + sid).status == 404)
    assert d.native_end(sid).status == 404
    assert sid not in [s["id"] for s in d.native_list("demo")]


@pytest.mark.parametrize("program, end", [
    ("exit 7", {"code": 7}), ("exit 0", {"code": 0}),
    ("kill -TERM $$", {"signal": "TERM"})])
def test_ended(d, program, end):
    """It is there still for those who want to know how."""
    sid = d.native_open(cmd="/bin/sh", args=["-c", "printf bye; " + program],
                        env={"A": "b"}, cwd="/")
    wait_for(lambda: d.native_status(sid)["state"] == "exited")
    s = d.native_status(sid)
    assert s["exit"] == end and s["offset"] == 3
    for verb, body in (("input", "x"), ("resize", {"cols": 1, "rows": 1}),
                       ("signal", {"name": "INT"})):
        assert code(d.native("POST", "/sessions/%s/%s" % (sid, verb),
                             body)) == (409, "exited")
    assert d.native_screen(sid)["lines"][0] == "bye"
    n = attach(d, sid)
    assert n.status == 101
    assert n.said("exit") == {"type": "exit", **end}
    assert n.out == b"bye"
    assert n.closed() == (1000, "exit")
    n = attach(d, sid, "?offset=4")
    assert n.status == 400 and n.error["code"] == "invalid_offset"


def test_signal(d):
    sid = d.native_open(cmd="/bin/sleep", args=["1000"])
    for name, status in (("CONT", 204), ("SIGUSR1", 204)):
        assert d.native("POST", "/sessions/%s/signal" % sid,
                        {"name": name}).status == status
    wait_for(lambda: d.native_status(sid)["state"] == "exited")
    assert d.native_status(sid)["exit"] == {"signal": "USR1"}


# Names

def test_name(d):
    first = d.native("POST", "/sandboxes/demo/sessions", {"name": "n"})
    again = d.native("POST", "/sandboxes/demo/sessions",
                     {"name": "n", "cmd": "/bin/false"})
    assert (first.status, again.status) == (201, 200)
    assert first.json["offset"] == 0
    assert first.json["id"] == again.json["id"]
    assert d.native_status(first.json["id"])["name"] == "n"
    # The name is free when the session ends, also while it can be seen.
    d.native_input(first.json["id"], b"exit 3\n")
    wait_for(lambda: d.native_status(first.json["id"])["state"] == "exited")
    third = d.native("POST", "/sandboxes/demo/sessions", {"name": "n"})
    assert third.status == 201 and third.json["id"] != first.json["id"]
    assert {x["id"]: x["state"] for x in d.native_list("demo")
            if x["name"] == "n"} == {
        first.json["id"]: "exited", third.json["id"]: "running"}


def test_name_of_twenty(d):
    """All at once: one session, and one of them has made it."""
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        got = list(pool.map(lambda _: d.native(
            "POST", "/sandboxes/demo/sessions", {"name": "x"}), range(20)))
    assert sorted(a.status for a in got) == [200] * 19 + [201]
    assert len({a.json["id"] for a in got}) == 1
    assert len(running(d, "demo")) == 1


def test_name_after_its_end(d):
    """Ended and made again without a pause: never an error."""
    for i in range(20):
        answer = d.native("POST", "/sandboxes/demo/sessions", {"name": "r"})
        assert answer.status in (200, 201), answer
        if i % 2:
            d.native_end(answer.json["id"])
        else:
            d.native_input(answer.json["id"], b"exit\n")


# Who may

def test_name_beside_a_stuck_viewer(d):
    """A session that was closed has no name any more, however long a client
    takes to read the rest."""
    sid = d.native_open(name="stuck")
    d.native_input(sid, b"while :; do echo yyyyyyyyyyyyyyyyyyyyyyy; done\n")
    ws = Native(d.port, "/v1/sessions/%s/attach" % sid, bearer(d.token()),
                rcvbuf=4096)
    wait_for(lambda: d.native_status(sid)["offset"] > 1 << 20)
    assert d.native_end(sid).status == 204
    other = d.native_open(name="stuck")
    assert other != sid
    ws.drop()


def test_streams_that_were_left(d):
    """A client of events that is gone takes no place.  It looks like one
    that has only shut its sending side."""
    sid = d.native_open()
    for _ in range(3):
        s = connect(d.port)
        s.sendall(("GET /v1/sessions/%s/output HTTP/1.1\r\nHost: x\r\n"
                   "Authorization: Bearer %s\r\n\r\n" % (
                       sid, d.token())).encode())
        assert s.recv(12) == b"HTTP/1.1 200"
        # With something unread it would be a reset.
        while readable(s, 0.3):
            s.recv(65536)
        s.close()
        wait_for(lambda: d.native_status(sid)["viewers"] == 0)


def test_two_principals(d):
    other = d.token(did=MALLORY)
    mine = d.native_open("both", name="n")
    theirs = d.native_open("both", token=other, name="n")
    assert mine != theirs
    assert running(d, "both") == [mine]
    assert running(d, "both", other) == [theirs]
    no = d.native("GET", "/sessions/00000000-0000-4000-8000-000000000000")
    for method, verb, body in (
            ("GET", "", None), ("DELETE", "", None), ("GET", "screen", None),
            ("GET", "output", None), ("POST", "input", "x"),
            ("POST", "resize", {"cols": 1, "rows": 1}),
            ("POST", "signal", {"name": "INT"})):
        path = "/sessions/" + theirs + ("/" + verb if verb else "")
        answer = d.native(method, path, body)
        assert (answer.status, answer.body) == (404, no.body)
    n = attach(d, theirs)
    assert n.status == 404 and n.error["code"] == "not_found"
    for method in ("GET", "POST"):
        a = d.native(method, "/sandboxes/foreign/sessions")
        b = d.native(method, "/sandboxes/nobody/sessions")
        assert a.status == b.status == 404 and a.body == b.body
    assert d.native("POST", "/tickets", {"session": theirs}).body == no.body
    assert d.native("POST", "/tickets", {"sandbox": "foreign"}).status == 404


def test_other_api(d):
    """What /ssh has made is not to be reached from here, nor back."""
    sid, ours = d.open("demo"), d.native_open("demo")
    assert d.native("GET", "/sessions/" + sid).status == 404
    assert d.native("POST", "/sessions/%s/input" % sid, "x").status == 404
    assert d.input(ours, "x").status == 404
    assert d.delete(ours).status == 404
    assert running(d, "demo") == [ours]


# Tickets

def test_ticket(d):
    sid = d.native_open("cat")
    ticket = d.ticket(session=sid)
    n = attach(d, sid, "?ticket=" + ticket, token=None)
    assert n.said("attached")["mode"] == "rw"
    n.until(b"READY")
    n.type(b"x")
    n.until(b"x")
    # Used, and for a session other than this.
    assert attach(d, sid, "?ticket=" + ticket, token=None).status == 401
    other = d.native_open("demo")
    ticket = d.ticket(session=sid, mode="ro")
    refused = attach(d, other, "?ticket=" + ticket, token=None)
    assert refused.status in (401, 404)
    # A right to read stays one, whatever is asked for.
    ticket = d.ticket(sandbox="cat", mode="ro")
    r = attach(d, sid, "?mode=rw&ticket=" + ticket, token=None)
    assert r.said("attached")["mode"] == "ro"
    r.type(b"never")
    assert r.said("error")["code"] == "read_only"
    n.type(b"y")
    assert n.until(b"y") == b"y"


@pytest.mark.plain
def test_ticket_late(d):
    sid = d.native_open("cat")
    ticket = d.ticket(session=sid)
    time.sleep(31)
    assert attach(d, sid, "?ticket=" + ticket, token=None).status == 401
    assert re.search(r"(?m)^gatewayd_tickets_total [1-9]", d.metrics())


def test_output(d):
    """Events by a ticket, and on from where they were cut."""
    from clients import Sse
    sid = d.native_open("cat")
    ticket = d.ticket(session=sid)
    path = "/v1/sessions/%s/output?ticket=%s" % (sid, ticket)
    e = Sse(d.port, path)
    assert e.status == 200
    e.until(b"READY")
    d.native_input(sid, b"one")
    e.until(b"one")
    at = e.id
    assert at == 8
    e.stop()
    d.native_input(sid, b"two")
    # EventSource comes back with the same ticket.
    e = Sse(d.port, path, {"Last-Event-ID": str(at)})
    assert e.status == 200
    e.until(b"two")
    assert e.out == b"two" and e.id == 11
    e.stop()


# The same connection, and the page's origin

def test_pipeline(d):
    with Http(d.port) as h:
        auth = bearer(d.token())
        for _ in range(3):
            a = h.ask("POST", "/v1/sandboxes/demo/sessions", "{}", auth)
            assert a.status == 201
            assert h.ask("GET", "/v1/nothing", headers=auth).status == 404
            assert h.ask("DELETE", "/v1/sessions/" + a.json["id"],
                         headers=auth).status == 204


def test_output_long(d):
    """A screen full of text is one answer."""
    sid = d.native_open(cols=300, rows=100, cmd="/bin/sh", args=[
        "-c", "i=0; while [ $i -lt 100 ]; do printf '%0300d' $i;"
        " i=$((i+1)); done; exec sleep 1000"])
    wait_for(lambda: d.native_status(sid)["offset"] == 30000)
    lines = d.native_screen(sid)["lines"]
    assert lines == ["%0300d" % i for i in range(100)]
