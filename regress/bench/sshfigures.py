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


"""The figures of terminals behind SSH.

The daemon, the ssh client, the handler on Node and the loop on libssh2 take
turns in no regular order, each with sessions of its own on the same server,
and the next begins when the server has no connection left.
"""

import os
import subprocess
import time

from figures import RING_KIB, STALLED, stalled
from peers import ROOT, Skipped, end, maps, memory, private, until
from report import MIB, ROUNDS, Series, chance, checked, goal, say, show_ratios
from sshpeers import Client, Gateway, Libssh2, Node, Sshd, SshLoad, descendants

PAYLOAD = 64 * MIB
STREAMS = 16
PAYLOAD_EACH = 8 * MIB          # of as many streams
AT_ONCE = 8
KEYS = 2000
FLOODED_KEYS = 500
FLOOD = 60                      # seconds at most


def turns(peers, rounds):
    """The peers in each round, the first one first in the first."""
    order = list(peers)
    for _ in range(rounds):
        yield from order
        chance.shuffle(order)


def settled(sshd):
    until("the server has no connection", 20,
          lambda: sshd.connections() == 0)


def one(sshd, peer, *what, streams=1):
    """One turn of a peer."""
    with SshLoad(peer, *what, streams=streams) as load:
        r = load.run()
    settled(sshd)
    return r


def rates(sshd, peers, payload, streams):
    speed = {p.name: Series(p.name, "MB/s", 1e-6) for p in peers}
    work = {p.name: Series(p.name + ", CPU", "s/GB") for p in peers}
    for peer in turns(peers, ROUNDS):
        r = checked(one(sshd, peer, "rate", payload, streams=streams))
        speed[peer.name].add(r["bytes"] / r["seconds"])
        work[peer.name].add(r["server"] / r["bytes"] * 1e9)
    for s in (*speed.values(), *work.values()):
        s.show()
    return speed, work


def ssh_rate(place):
    say(f"ssh-rate: one session, {PAYLOAD // MIB} MiB of coloured text, "
        f"{ROUNDS} rounds")
    with Sshd(place) as sshd, Client(sshd) as client, Node(sshd) as node, \
            Libssh2(sshd) as loop, Gateway(place, sshd) as daemon:
        speed, work = rates(sshd, (client, node, loop, daemon), PAYLOAD, 1)
    show_ratios("rate to ssh's", speed["gatewayd"], speed["ssh"])
    show_ratios("CPU to Node's", work["gatewayd"], work["Node"])
    goal("one session, rate to ssh's",
         speed["gatewayd"].over(speed["ssh"]), ">=", 0.95)
    goal("one session, CPU per GB to Node's",
         work["gatewayd"].over(work["Node"]), "<=", 0.65)


def ssh_many(place):
    say(f"ssh-many: {STREAMS} sessions, {PAYLOAD_EACH // MIB} MiB each, "
        f"{ROUNDS} rounds")
    boxes = [f"box{i}" for i in range(STREAMS)]
    with Sshd(place) as sshd, Client(sshd) as client, Node(sshd) as node, \
            Libssh2(sshd) as loop, \
            Gateway(place, sshd, boxes=boxes) as daemon:
        single = daemon.only("gatewayd, one sandbox", boxes[0])
        each = daemon.only(f"gatewayd, {STREAMS} sandboxes", *boxes)
        speed, work = rates(sshd, (client, node, loop, single, each),
                            PAYLOAD_EACH, STREAMS)
    for mine, peer, rate, cpu in ((single, "Node", 1.1, 0.7),
                                  (each, "ssh", 1.3, 0.6),
                                  (each, "Node", None, None)):
        fast, cheap = speed[mine.name], work[mine.name]
        show_ratios(f"{mine.name[10:]}, rate to {peer}'s", fast, speed[peer])
        show_ratios(f"{mine.name[10:]}, CPU to {peer}'s", cheap, work[peer])
        if rate is not None:
            goal(f"{mine.name}, rate to {peer}'s",
                 fast.over(speed[peer]), ">=", rate)
            goal(f"{mine.name}, CPU per GB to {peer}'s",
                 cheap.over(work[peer]), "<=", cpu)


def ssh_echo(place):
    rounds = ROUNDS * 2             # there is much noise
    say(f"ssh-echo: {KEYS} keys a round, {rounds} rounds")
    series = {}
    with Sshd(place) as sshd, Client(sshd) as client, Node(sshd) as node, \
            Libssh2(sshd) as loop, Gateway(place, sshd) as daemon:
        for peer in turns((client, node, loop, daemon), rounds):
            r = one(sshd, peer, "echo", KEYS)
            for p in ("p50", "p99"):
                series.setdefault((peer.name, p), Series(
                    f"{peer.name}, {p}", "us", 1e6)).add(r[p])
    for s in series.values():
        s.show()
    for p, most in (("p50", 1.15), ("p99", 1.5)):
        a, b = series["gatewayd", p], series["ssh", p]
        show_ratios(f"{p} to ssh's", a, b)
        goal(f"echo {p} to ssh's", a.over(b), "<=", most)


def ssh_connect(place):
    say(f"ssh-connect: from the start to the first byte, alone and "
        f"{AT_ONCE} at once, {ROUNDS} rounds; a worker is started for each")
    boxes = [f"box{i}" for i in range(AT_ONCE)]
    alone, many = {}, {}
    with Sshd(place) as sshd, Client(sshd) as client, Node(sshd) as node, \
            Libssh2(sshd) as loop, \
            Gateway(place, sshd, boxes=boxes) as daemon:
        single = daemon.only("gatewayd, one sandbox", boxes[0])
        for peer in turns((client, node, loop, daemon), ROUNDS):
            daemon.workers_gone()
            alone.setdefault(peer.name, Series(peer.name, "ms", 1e3)).add(
                one(sshd, peer, "connect", 1)["all"])
        for peer in turns((client, node, daemon, single), ROUNDS):
            daemon.workers_gone()
            many.setdefault(peer.name, Series(
                f"{peer.name}, {AT_ONCE}", "ms", 1e3)).add(
                one(sshd, peer, "connect", AT_ONCE)["all"])
    for s in (*alone.values(), *many.values()):
        s.show()
    show_ratios("alone, to ssh's", alone["gatewayd"], alone["ssh"])
    show_ratios(f"{AT_ONCE}, to Node's", many["gatewayd"], many["Node"])
    goal("connect to first byte, to ssh's",
         alone["gatewayd"].over(alone["ssh"]), "<=", 0.45)
    goal(f"{AT_ONCE} at once, to Node's",
         many["gatewayd"].over(many["Node"]), "<=", 1)


def show_memory(what, pid):
    m = memory(pid)
    say(f"  {what}: private {private(m)} KiB (dirty {m['Private_Dirty']}, "
        f"clean {m['Private_Clean']}), Rss {m['Rss']}, Pss {m['Pss']}")
    return private(m)


def ssh_idle(place):
    say("ssh-idle: three workers and three ssh clients with one silent "
        "session each")
    boxes = [f"box{i}" for i in range(3)]
    clients = []
    with Sshd(place, "-q") as sshd, \
            Gateway(place, sshd, boxes=boxes) as daemon:
        try:
            for b in boxes:
                daemon.connect(b)
                master, slave = os.openpty()
                clients.append((master, subprocess.Popen(
                    Client(sshd).argv, stdin=slave, stdout=slave,
                    stderr=slave, start_new_session=True)))
                os.close(slave)
            until("all have a shell", 20, lambda: shells(sshd, place) == 6)
            time.sleep(1)
            worst = max(show_memory("a worker", daemon.worker(b))
                        for b in boxes)
            for _, p in clients:
                show_memory("an ssh client", p.pid)
            goal("private memory of an idle worker of SSH", worst, "<=",
                 1280, " KiB")
            say("  of the last worker, KiB: " + ", ".join(
                f"{k} {v}" for v, k in maps(daemon.worker(boxes[-1]))[:14]))
        finally:
            for master, p in clients:
                end(p)
                os.close(master)


def shells(sshd, place):
    """How many sessions of the server run term."""
    n = 0
    for pid in descendants(sshd.p.pid):
        try:
            n += os.readlink(f"/proc/{pid}/exe") == place.term
        except OSError:
            continue
    return n


def ssh_stall(place):
    say(f"ssh-stall: a client that does not read, {STALLED // 1000000} MB")
    if not ROOT:
        raise Skipped("needs root to look into a worker")
    with Sshd(place) as sshd:
        with Gateway(place, sshd) as daemon:
            r, more = stalled(place, daemon, 4)
            goal("SSH, reads again, nothing is lost", int(r["ok"]), ">=", 1)
            goal("SSH, growth beyond the ring, held back", more, "<=", 1024,
                 " KiB")
        with Gateway(place, sshd, "timeout stalled 1") as daemon:
            r, more = stalled(place, daemon, 40)
            goal("SSH, growth beyond the ring, left behind", more, "<=",
                 1024, " KiB")
        with Node(sshd) as node:
            _, more = stalled(place, node, 40)
            say(f"  Node has grown by {(more + RING_KIB) // 1024} MiB")


def ssh_flood(place):
    rounds = ROUNDS
    say(f"ssh-flood: {FLOODED_KEYS} keys while another session of the same "
        f"sandbox floods, {rounds} rounds; {KEYS} keys of ssh without")
    idle = {p: Series(f"ssh without, {p}", "us", 1e6) for p in
            ("p50", "p99")}
    series = {}
    with Sshd(place) as sshd, Client(sshd) as client, Node(sshd) as node, \
            Libssh2(sshd) as loop, Gateway(place, sshd) as daemon:
        for peer in turns((None, client, node, loop, daemon), rounds):
            if peer is None:
                r = one(sshd, client, "echo", KEYS)
                for p, s in idle.items():
                    s.add(r[p])
                continue
            with SshLoad(peer, "flood", FLOOD) as flood, \
                    SshLoad(peer, "echo", FLOODED_KEYS) as load:
                flood.start()
                time.sleep(0.3)
                r = load.run()
                flood.p.stdin.close()
                f = flood.result()
            settled(sshd)
            r["flood"] = f["bytes"] / f["seconds"]
            for p, unit, scale in (("p50", "us", 1e6), ("p99", "us", 1e6),
                                   ("flood", "MB/s", 1e-6)):
                series.setdefault((peer.name, p), Series(
                    f"{peer.name}, {p}", unit, scale)).add(r[p])
    for s in (*idle.values(), *series.values()):
        s.show()
    mine = series["gatewayd", "p99"]
    show_ratios("p99 to ssh's without", mine, idle["p99"])
    goal("echo p99 beside a flood to ssh's without",
         mine.over(idle["p99"]), "<=", 1.5)


FIGURES = (ssh_rate, ssh_many, ssh_echo, ssh_connect, ssh_idle, ssh_stall,
           ssh_flood)
