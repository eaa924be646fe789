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
Sessions by name, lists, tickets and what stays after the end: the parent and
the catalog are real, workers and all frontends but one are the test.

What can break: two who ask at once get two shells; a name leads to what has
ended, or to another's; a worker is told to open what is over, and dies of
it; what is over takes the place of what is not.
"""

import hashlib
import json
import os
import re
import select
import threading
import time

import pytest

import gwproto
from clients import WAIT, wait_for
from daemon import ALICE, MALLORY
from gwproto import ARG
from stage import Stage

API_TTY, API_NATIVE = 1, 2
SSH, TTY, NATIVE = 1, 2, 3
OPEN, ATTACH, INPUT, RESIZE, CLOSE, SIGNAL, STATUS, LIST, TICKET = (
    1 << i for i in range(9))
RW, RO = 1, 2
TOKEN, NOT_FOUND, LIMIT = 1, 3, 4
EXIT, LOST, FAILED, IDLE = 1, 3, 4, 5
NIL = "00000000-0000-0000-0000-000000000000"
BOXES = {"demo": {"pty": ["/bin/sh"]}, "other": {"pty": ["/bin/sh"]},
         "theirs": {"pty": ["/bin/sh"], "owner": [MALLORY]},
         "broken": {"pty": ["/nonexistent"]}}


def frontends(role, n):
    return role == "frontend" and n > 1


def all_but_one(role, n):
    return role == "worker" or frontends(role, n)


@pytest.fixture
def stage():
    staged = []

    def run(*lines, cast=all_but_one):
        d = Stage(cast, BOXES, start=False, frontends=3, lines=lines)
        staged.append(d)
        d.start()
        d.a, d.b = d.puppet("frontend"), d.puppet("frontend")
        return d
    yield run
    for d in staged:
        d.stop()


def ask(p, action, object, token, api=API_NATIVE, dialect=NATIVE, id=[0],
        **kw):
    """AUTHORIZE; the answer, from wherever it comes."""
    id[0] += 1
    p.catalog().send("AUTHORIZE", id=id[0], api=api, dialect=dialect,
                     action=action, token=token, object=object,
                     address="192.0.2.1", **kw)
    return answer(p, id[0])


def answer(p, id):
    end = time.monotonic() + WAIT
    while time.monotonic() < end:
        for chan in select.select([p, p.catalog()], [], [], 1)[0]:
            m = p.take() if chan is p else chan.recv()
            if m.name in ("GRANTED", "DENIED", "TICKET"):
                assert m.id == id
                return m
    raise TimeoutError("no answer")


def named(d, p=None, name="x", action=OPEN, box="demo", **kw):
    m = ask(p or d.a, action, box, d.token(), join=1, name=name, **kw)
    assert m.name == "GRANTED", m
    return m


def shared(d, p=None, action=OPEN, name=""):
    """The shell of a sandbox, as those of /tty ask for it."""
    return named(d, p, name, action, api=API_TTY, dialect=TTY)


def plain(d, box="demo", p=None):
    return ask(p or d.a, OPEN, box, d.token())


def denied(m, reason):
    assert (m.name, m["reason"]) == ("DENIED", reason), m


def ended(w, sid, reason=FAILED):
    w.send("SESSION_END", session=sid, reason=reason, how=3, code=0)


def exited(w, sid, reason=EXIT):
    w.send("SESSION_EXIT", session=sid, reason=reason, how=1, code=0)


def state(d, sid):
    """As gatewayctl shows it; None if it does not."""
    for row in d.ctl("show", "sessions"):
        if row[0] == sid:
            return row[1]
    return None


def up(d, m, w=None):
    """The session is open; its worker and its id."""
    w = w or d.puppet("worker")
    w.send("SESSION_UP", session=m["session"])
    wait_for(lambda: state(d, m["session"]) == "running")
    return w, m["session"]


def leave(d, w):
    """It dies, and its parent has heard of it when this returns."""
    wait_for(lambda: not os.path.exists("/proc/%d/fd/3" % w.pid))
    w.leave()
    wait_for(lambda: w.pid not in [int(row[2]) for row in
                                   d.ctl("show", "sandboxes")])


def reload(d):
    """The frontends that we play take every configuration."""
    run = []
    t = threading.Thread(target=lambda: run.append(d.reload()))
    t.start()
    for p in d.a, d.b:
        p.wait("CONF_END")
        p.send("CONF_OK")
    for p in d.a, d.b:
        p.wait("CONF_SWITCH")
    t.join(WAIT)
    assert len(run) == 1


def attached(d, w, sid, viewer, leave=False, **kw):
    w.send("VIEWER_UP", session=sid, viewer=viewer, dialect=NATIVE,
           transport=1, mode=RW, address="192.0.2.1", **kw)
    if leave:
        w.send("VIEWER_DOWN", session=sid, viewer=viewer, reason=1)


def test_who_comes_first_makes_it(stage):
    d = stage()
    one = named(d)
    two = named(d, d.b)
    assert (one["fresh"], two["fresh"]) == (1, 0)
    assert one["session"] == two["session"] != NIL
    assert one["worker"] == two["worker"] > 0
    assert one["open_time"] == two["open_time"] > 0
    assert one["grant"] != two["grant"]
    w = d.puppet("worker")
    for m, p in (one, d.a), (two, d.b):
        w.wait("GRANT", session=m["session"], grant=m["grant"],
               channel=p.number, actions=OPEN, api=API_NATIVE,
               dialect=NATIVE, name="x", principal=ALICE, viewer=0,
               mode=RW, hash=bytes(32))
    assert d.sessions()[one["session"]][5] == "x"
    # It is open: nobody needs to wait, and that is still a grant to open.
    up(d, one, w)
    three = named(d, d.b)
    assert (three["fresh"], three["open_time"]) == (0, 0)
    assert three["session"] == one["session"]
    w.wait("GRANT", grant=three["grant"], actions=OPEN)
    # Others have others.
    ids = {one["session"], named(d, name="y")["session"],
           named(d, box="other")["session"],
           shared(d, name="x")["session"], shared(d)["session"]}
    m = plain(d)
    assert m["fresh"] == 1
    assert len(ids | {m["session"]}) == 6
    m = ask(d.a, OPEN, "theirs", d.token(MALLORY), join=1, name="x")
    assert m["session"] not in ids


def test_what_comes_with_an_open(stage):
    """A client of /tty wants a viewer or to type, and a shell for that."""
    d = stage()
    one = shared(d, action=ATTACH)
    two = shared(d, d.b, INPUT)
    assert one["session"] == two["session"]
    assert (one["fresh"], two["fresh"]) == (1, 0)
    w = d.puppet("worker")
    g = w.wait("GRANT", grant=one["grant"], actions=OPEN | ATTACH, name="",
               dialect=TTY, api=API_TTY)
    assert g["viewer"] > 0 and g["ttl"] == one["open_time"] + 10
    assert g["hash"] == bytes(32)
    g = w.wait("GRANT", grant=two["grant"], actions=OPEN | INPUT)
    assert g["viewer"] == 0 and g["ttl"] >= 60 and g["hash"] != bytes(32)
    _, sid = up(d, one, w)
    for action, ttl in (ATTACH, 10), (INPUT, 60), (RESIZE, 60):
        m = shared(d, d.b, action)
        assert (m["session"], m["open_time"]) == (sid, 0)
        w.wait("GRANT", grant=m["grant"], actions=action, ttl=ttl)


def test_worker_dies_before_it_is_open(stage):
    """Nobody is told twice: whoever waits sees it, and asks again."""
    d = stage()
    one, two = named(d), named(d, d.b)
    w = d.puppet("worker")
    w.wait("GRANT", grant=two["grant"])
    leave(d, w)
    again = named(d, d.b)
    assert again["fresh"] == 1
    assert again["session"] != one["session"]
    assert again["worker"] != one["worker"]
    assert named(d)["session"] == again["session"]
    wait_for(lambda: state(d, one["session"]) is None)
    up(d, again)
    # Those who wait for one without a name are served once more.
    m = plain(d, "other")
    leave(d, d.puppet("worker"))
    more = d.a.wait("GRANTED")
    assert (more.id, more["session"]) == (m.id, m["session"])


def test_worker_dies_when_it_is_open(stage):
    d = stage()
    w, sid = up(d, named(d))
    leave(d, w)
    m = named(d)
    assert (m["fresh"], m["session"] != sid) == (1, True)
    wait_for(lambda: state(d, sid) == "transport_lost")


def test_worker_whose_end_was_not_seen_yet(stage):
    """Its channel has ended: its sessions have, whatever it still is."""
    d = stage()
    w, sid = up(d, named(d))
    wait_for(lambda: not os.path.exists("/proc/%d/fd/3" % w.pid))
    gwproto.Channel.close(w)
    for _ in range(2):
        d.ctl("show", "sessions")
    for action in ATTACH, STATUS, INPUT, CLOSE, TICKET:
        denied(ask(d.a, action, sid, d.token()), NOT_FOUND)


def test_open_fails_for_all(stage):
    """What was granted meanwhile is void, and no reason to kill anybody."""
    d = stage()
    sid = named(d)["session"]
    assert named(d, d.b)["session"] == sid
    w = d.puppet("worker")
    ended(w, sid)
    w.wait("KILL", session=sid)
    # The worker has opened it for the second before it read that.
    blob = gwproto.blob(gwproto.record((ARG, "/bin/sh")))
    w.send("PTY_REQ", blob=blob, session=sid, cols=80, rows=24)
    os.close(blob)
    w.send("SESSION_UP", session=sid)
    assert state(d, sid) == "ending"
    m = named(d)
    assert m["fresh"] == 1 and m["session"] != sid
    assert m["worker"] == w.number
    ended(w, sid, IDLE)
    wait_for(lambda: state(d, sid) == "not_opened")
    assert w.alive()
    w.got.clear()
    # One that only one knew is over at once.
    w.wait("GRANT", session=m["session"])
    ended(w, m["session"])
    wait_for(lambda: state(d, m["session"]) == "not_opened")
    w.quiet(0.2)


def test_frontend_goes_before_it_is_open(stage):
    d = stage()
    one = named(d)
    named(d, d.b)
    alone = named(d, name="alone")["session"]
    w = d.puppet("worker")
    d.a.leave()
    w.wait("KILL", session=alone)
    assert state(d, one["session"]) == "starting"
    up(d, one, w)


def test_frontend_goes_after_the_hand_over(stage):
    """Whom the worker has, or may have, keeps the session that it opens."""
    d = stage()
    one = shared(d, action=ATTACH)
    on_its_way = shared(d, action=ATTACH, name="x")["session"]
    typed = shared(d, action=INPUT, name="y")["session"]
    w = d.puppet("worker")
    v = w.wait("GRANT", grant=one["grant"])["viewer"]
    attached(d, w, one["session"], v)
    d.a.leave()
    w.wait("KILL", session=typed)
    assert state(d, one["session"]) == "starting"
    assert state(d, on_its_way) == "starting"
    assert shared(d, d.b, name="x")["session"] == on_its_way
    up(d, one, w)


def test_what_stays_after_the_end(stage):
    d = stage("limit sessions per sandbox 1")
    w, sid = up(d, named(d))
    denied(plain(d), LIMIT)
    exited(w, sid, LOST)
    wait_for(lambda: state(d, sid) == "transport_lost")
    # Its place and its name are free; it is there for who has its id.
    for action in ATTACH, STATUS, INPUT, CLOSE:
        m = ask(d.b, action, sid, d.token())
        assert (m.name, m["session"]) == ("GRANTED", sid)
        denied(ask(d.b, action, sid, d.token(MALLORY)), NOT_FOUND)
    again = named(d)
    assert again["fresh"] == 1 and again["session"] != sid
    up(d, again, w)
    assert "gatewayd_sessions_kept 1\n" in d.metrics()
    assert 'gatewayd_sessions_by_kind{kind="terminal"} 2\n' in d.metrics()
    # It is said once how it ended.
    ended(w, sid)
    wait_for(lambda: "gatewayd_sessions_kept 0\n" in d.metrics())
    assert [row[1] for row in d.ctl("show", "sessions")
            if row[0] == sid] == ["transport_lost"]
    denied(ask(d.b, STATUS, sid, d.token()), NOT_FOUND)


def test_drain_does_not_wait_for_it(stage):
    d = stage()
    w, sid = up(d, named(d))
    assert d.run_ctl("-s", d.socket, "drain").returncode == 0
    # Those that run can be joined.
    assert named(d)["session"] == sid
    denied(ask(d.a, OPEN, "demo", d.token(), join=1, name="y"), 5)
    exited(w, sid)
    d.killed = False
    assert d.wait() == 0


def test_drain_waits_for_those_who_read_the_rest(stage):
    d = stage()
    w, sid = up(d, named(d))
    m = ask(d.a, ATTACH, sid, d.token())
    v = w.wait("GRANT", grant=m["grant"])["viewer"]
    attached(d, w, sid, v)
    assert d.run_ctl("-s", d.socket, "drain").returncode == 0
    exited(w, sid)
    wait_for(lambda: state(d, sid) == "exited")
    assert "stopping" not in d.log()
    w.send("VIEWER_DOWN", session=sid, viewer=v, reason=2)
    d.killed = False
    assert d.wait() == 0


def test_kill_what_stays(stage):
    d = stage()
    w, sid = up(d, named(d))
    exited(w, sid)
    wait_for(lambda: state(d, sid) == "exited")
    assert d.run_ctl("-s", d.socket, "kill", "session",
                     sid).returncode == 0
    w.wait("KILL", session=sid)
    ended(w, sid, 2)
    wait_for(lambda: d.ended().get(sid) == "exited")
    assert sid not in d.sessions()


def test_shared_one_that_is_over(stage):
    """Its clients still get the rest; who comes now gets another."""
    d = stage()
    w, sid = up(d, shared(d))
    assert shared(d)["session"] == sid
    exited(w, sid)
    wait_for(lambda: state(d, sid) == "exited")
    again = shared(d, d.b)
    assert again["session"] != sid and again["fresh"] == 1
    ended(w, sid, EXIT)
    up(d, again, w)
    assert shared(d)["session"] == again["session"]


@pytest.mark.parametrize("what", ["starting", "ssh", "reason", "many"])
def test_worker_keeps_what_it_may_not(stage, what):
    d = stage()
    reason = EXIT
    if what == "starting":
        sid, w = named(d)["session"], d.puppet("worker")
    elif what == "ssh":
        w, sid = up(d, ask(d.a, OPEN, "demo", d.token(), API_TTY, SSH))
    elif what == "reason":
        (w, sid), reason = up(d, named(d)), FAILED
    else:
        w = None
        for i in range(33):
            w, sid = up(d, named(d, name="n%d" % i), w)
            if i < 32:
                exited(w, sid)
    exited(w, sid, reason)
    assert w.killed()
    d.logged("keeps (too many sessions|a session that is not to stay)")


def test_many_that_were_shared(stage):
    """What a worker keeps is counted to its first word of the end: it has
    not read yet that it shall not begin again."""
    d = stage()
    w = None
    for i in range(35):
        m = named(d, name="n%d" % i)
        assert named(d, d.b, name="n%d" % i)["session"] == m["session"]
        w, sid = up(d, m, w)
        exited(w, sid)
        ended(w, sid, EXIT)
    for _ in range(35):
        ended(w, w.wait("KILL")["session"])
    wait_for(lambda: "gatewayd_sessions_kept 0\n" in d.metrics())
    up(d, named(d), w)


def test_worker_ends_what_is_anothers(stage):
    """...it speaks of its own only."""
    d = stage()
    victim = named(d, box="other")
    _, sid = up(d, victim)
    w, mine = up(d, named(d))
    exited(w, sid)
    exited(w, NIL)
    exited(w, mine)
    wait_for(lambda: state(d, mine) == "exited")
    assert state(d, sid) == "running"
    exited(w, mine, LOST)
    assert w.killed()


def test_who_makes_room(stage):
    """The oldest that nobody looks at, unless it has a name."""
    d = stage("limit sessions per sandbox 2")
    w, sid = up(d, named(d))
    m = ask(d.a, ATTACH, sid, d.token())
    v = w.wait("GRANT", grant=m["grant"])["viewer"]
    attached(d, w, sid, v, leave=True)
    _, other = up(d, shared(d), w)
    denied(plain(d), LIMIT)		# that one is about to be attached
    m = ask(d.a, ATTACH, other, d.token(), API_TTY, TTY)
    v = w.wait("GRANT", grant=m["grant"])["viewer"]
    attached(d, w, other, v, leave=True)
    wait_for(lambda: 'event="detach"' in d.log() and
             d.log().count('event="detach"') == 2)
    assert plain(d).name == "GRANTED"
    w.wait("KILL", session=other, reason=7)
    assert state(d, sid) == "running"
    assert re.search(r'event="attach".*kind="tty".*mode="rw"', d.log())
    denied(plain(d), LIMIT)


def test_list(stage):
    d = stage()
    t = d.token()

    def names(action=LIST, box="demo", **kw):
        return ask(d.a, action, box, t, **kw)
    m = names()
    assert (m.name, m["worker"], m["more"], m["session"]) == (
        "GRANTED", 0, 0, NIL)
    w, sid = up(d, named(d))
    m = names()
    assert (m["worker"], m["more"], m["session"]) == (w.number, 0, NIL)
    g = w.wait("GRANT", grant=m["grant"], actions=LIST, session=NIL,
               name="", api=API_NATIVE, principal=ALICE, ttl=60, viewer=0)
    assert g["hash"] != bytes(32)
    # Not those of the other API, of another sandbox, or another's.
    assert names(api=API_TTY, dialect=TTY)["worker"] == 0
    assert names(box="other")["worker"] == 0
    denied(names(box="theirs"), NOT_FOUND)
    # Two versions of a record, two workers.
    d.sandboxes["demo"] = {"pty": ["/bin/sh", "-l"]}
    d.write()
    reload(d)
    two = named(d, name="y")
    assert two["worker"] != w.number
    v, _ = up(d, two)
    m = names()
    more = d.a.wait("GRANTED")
    assert more.id == m.id
    assert [(m["worker"], m["more"]), (more["worker"], more["more"])] == [
        (w.number, 1), (v.number, 0)]
    # One that is over is listed, one that ends is not.
    exited(w, sid)
    wait_for(lambda: state(d, sid) == "exited")
    assert names()["more"] == 1
    d.a.wait("GRANTED")
    ended(w, sid)
    wait_for(lambda: "gatewayd_sessions_kept 0\n" in d.metrics())
    assert names()["worker"] == v.number


def test_tickets(stage):
    d = stage()
    w, sid = up(d, named(d))
    denied(ask(d.a, TICKET, sid, d.token(MALLORY)), NOT_FOUND)
    denied(ask(d.a, TICKET, NIL[:-1] + "1", d.token()), NOT_FOUND)
    denied(ask(d.a, TICKET, sid, d.token(), API_TTY, TTY), NOT_FOUND)
    m = ask(d.a, TICKET, sid, d.token(), mode=RO)
    assert (m.name, m["worker"], m["session"]) == ("GRANTED", 0, sid)
    secret = m["grant"].hex()
    # Of what it is for the worker hears as of any attach.
    m = ask(d.b, ATTACH, sid, secret, cred=2, stream=1)
    g = w.wait("GRANT", grant=m["grant"], channel=d.b.number,
               actions=ATTACH, mode=RO, principal=ALICE)
    assert g["ticket"] > 0 and g["viewer"] > 0
    attached(d, w, sid, g["viewer"], ticket=g["ticket"])
    denied(ask(d.a, ATTACH, sid, secret, cred=2), TOKEN)
    m = ask(d.a, ATTACH, sid, secret, cred=2, stream=1)
    assert w.wait("GRANT", grant=m["grant"])["ticket"] == g["ticket"]
    # A sandbox's is for sessions of that sandbox.
    for box, reason in ("demo", None), ("other", NOT_FOUND):
        m = ask(d.a, TICKET, box, d.token(), whole=1)
        assert m.name == "TICKET"
        m = ask(d.b, ATTACH, sid, m["secret"].hex(), cred=2)
        if reason is None:
            g = w.wait("GRANT", grant=m["grant"], actions=ATTACH)
            assert g["ticket"] == 0
        else:
            denied(m, reason)
    # What ends with its session is no good for another.
    denied(ask(d.a, ATTACH, NIL[:-1] + "1", secret, cred=2, stream=1),
           TOKEN)
    ended(w, sid)
    wait_for(lambda: sid not in d.sessions())
    denied(ask(d.a, ATTACH, sid, secret, cred=2, stream=1), NOT_FOUND)


def test_ticket_that_is_not_the_workers(stage):
    """A number that a worker makes up says nothing to the catalog."""
    d = stage()
    w, sid = up(d, named(d))
    m = ask(d.a, TICKET, sid, d.token())
    secret = m["grant"].hex()
    other, theirs = up(d, named(d, box="other"))
    for ticket in range(1, 5):
        m = ask(d.a, ATTACH, theirs, d.token())
        v = other.wait("GRANT", grant=m["grant"])["viewer"]
        attached(d, other, theirs, v, leave=True, ticket=ticket)
    wait_for(lambda: d.log().count('event="detach"') == 4)
    assert ask(d.b, ATTACH, sid, secret, cred=2).name == "GRANTED"
    denied(ask(d.b, ATTACH, sid, secret, cred=2), TOKEN)
    # Nor can it bring a viewer that it was not granted.
    attached(d, other, theirs, 4711, ticket=1)
    assert other.killed()


def test_revoked(stage):
    """The sessions of both APIs are asked about."""
    d = stage("recheck 1")
    w, sid = up(d, named(d))
    m = ask(d.a, ATTACH, sid, d.token(), mode=RO)
    v = w.wait("GRANT", grant=m["grant"], mode=RO)["viewer"]
    w.send("VIEWER_UP", session=sid, viewer=v, dialect=NATIVE, transport=1,
           mode=RO, address="192.0.2.1")
    d.logged('event="attach".*kind="terminal".*mode="ro"')
    ticket = ask(d.a, TICKET, sid, d.token())["grant"].hex()
    assert d.ctl("show", "viewers")[0][2:4] == ["terminal/websocket", "ro"]
    d.sandboxes["demo"] = {"pty": ["/bin/sh"], "owner": [MALLORY]}
    d.write()
    reload(d)
    w.wait("DETACH", viewer=v, reason=6)
    w.send("VIEWER_DOWN", session=sid, viewer=v, reason=6)
    denied(ask(d.a, OPEN, "demo", d.token(), join=1, name="x"), NOT_FOUND)
    # Nor with what is still good: the token, or a ticket.
    for action in ATTACH, STATUS, INPUT, CLOSE, TICKET:
        denied(ask(d.a, action, sid, d.token()), NOT_FOUND)
    denied(ask(d.a, ATTACH, sid, ticket, cred=2, stream=1), NOT_FOUND)
    assert state(d, sid) == "running"
    # Until it is found that they may again.
    d.sandboxes["demo"] = {"pty": ["/bin/sh"]}
    d.write()
    reload(d)
    wait_for(lambda: ask(d.a, STATUS, sid, d.token()).name == "GRANTED")
    assert named(d)["session"] == sid


# The same with real workers.

def channel(p, m):
    return p.channels["worker", m["worker"]]


def call(p, m, name, **fields):
    c = channel(p, m)
    c.send(name, id=5, grant=m["grant"], **fields)
    return c.recv()


def size(**kw):
    return dict(cols=80, rows=24, **kw)


def test_real_workers(stage):
    """Two open what is one, use it, and see how it ended."""
    d = stage(cast=frontends)
    t = d.token()
    digest = hashlib.sha256(t.encode()).digest()

    def may(p, action):
        m = ask(p, action, one["session"], t)
        assert m.name == "GRANTED", m
        return m

    def row():
        m = call(d.a, may(d.a, STATUS), "STATUS", hash=digest, what=1)
        assert m.name == "REPORT", m
        text = os.pread(m.blob, 65536, 0)
        os.close(m.blob)
        return json.loads(text)
    one, two = named(d), named(d, d.b)
    # The second to ask is the first to come.
    m = call(d.b, two, "OPEN", **size())
    assert (m.name, m["session"]) == ("OPENED", one["session"])
    m = call(d.a, one, "OPEN", **size())
    assert (m.name, m["session"]) == ("OPENED", one["session"])
    three = named(d, d.b)
    assert (three["fresh"], three["open_time"]) == (0, 0)
    assert call(d.b, three, "OPEN", **size()).name == "OPENED"
    assert (row()["state"], row()["name"]) == ("running", "x")
    m = call(d.b, may(d.b, INPUT), "INPUT", hash=digest, data=b"exit 7\n")
    assert m.name == "INPUT_OK"
    wait_for(lambda: state(d, one["session"]) == "exited")
    assert (row()["state"], row()["exit"]) == ("exited", {"code": 7})
    m = call(d.b, may(d.b, INPUT), "INPUT", hash=digest, data=b"x")
    assert (m.name, m["reason"]) == ("CALL_FAIL", 12)
    m = ask(d.a, LIST, "demo", t)
    m = call(d.a, m, "STATUS", hash=digest, what=4)
    assert m.name == "REPORT"
    assert one["session"].encode() in os.pread(m.blob, 65536, 0)
    os.close(m.blob)
    # Its name is another's by now.
    again = named(d)
    assert again["fresh"] == 1
    assert call(d.a, again, "OPEN", **size()).name == "OPENED"
    assert d.run_ctl("-s", d.socket, "kill", "session",
                     one["session"]).returncode == 0
    wait_for(lambda: one["session"] not in [
        r[0] for r in d.ctl("show", "sessions") if r[1] == "ending"])
    denied(ask(d.a, STATUS, one["session"], t), NOT_FOUND)


def test_real_worker_that_cannot_open(stage):
    """All who wait hear of it, and the worker lives on."""
    d = stage(cast=frontends)
    for i in range(5):
        one, two = named(d, box="broken"), named(d, d.b, box="broken")
        for p, m in (d.a, one), (d.b, two):
            channel(p, m).send("OPEN", id=5, grant=m["grant"], **size())
        for p, m in (d.a, one), (d.b, two):
            assert channel(p, m).recv().name == "OPEN_FAILED"
        wait_for(lambda: state(d, one["session"]) == "not_opened")
    assert "killed" not in d.log()
