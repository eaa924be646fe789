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

"""The figures of the native dialect and of sessions that are shared."""

import time

from peers import (Crowd, Daemon, Failed, Load, Loop, Native, Session, cpu,
                   memory, private, user_cpu)
from report import (MIB, ROUNDS, Series, chance, checked, goal, say,
                    show_ratios)
from sshpeers import SshLoad

PAYLOAD = 128 * MIB             # user mode is counted in ticks
SHARED = 64 * MIB
SHARED_MANY = 16 * MIB          # for each of 32
MANY = 32
STALLED = 31
KEYS = 2000
FLOODED_KEYS = 500
FLOOD = 60                      # seconds at most
BESIDE = 20                     # sessions, to see what one takes


def turns(names, rounds):
    """Who is next: all in each round, the first one first in the first."""
    order = list(names)
    for _ in range(rounds):
        yield from order
        chance.shuffle(order)


def spent(load, pid):
    """What a round gives, with the CPU that a process has used for it."""
    total, user = cpu(pid), user_cpu(pid)
    r = load.run()
    r["server"] = cpu(pid) - total
    r["user"] = user_cpu(pid) - user
    return r


def native(place):
    say(f"native: {PAYLOAD // MIB} MiB of coloured text, {ROUNDS} rounds")
    names = ("C loop, binary", "base64", "native")
    speed = {n: Series(n, "MB/s", 1e-6) for n in names}
    work = {n: Series(n + ", CPU", "s/GB") for n in names}
    user = {n: Series(n + ", user mode", "s/GB") for n in names}
    with Loop("-b", place.term) as loop, Daemon(place, {"box": []}) as daemon:
        def by_loop():
            with Load(loop.port, "/", "rate", PAYLOAD, binary=True) as load:
                return spent(load, loop.pid)

        def by_base64():
            with Session(daemon, "box") as s, \
                    Load(daemon.port, s.path, "rate", PAYLOAD) as load:
                return spent(load, s.pid)

        def by_native():
            with Native(daemon, "box") as s, \
                    Load(daemon.port, s.path, "rate", PAYLOAD, binary=True,
                         tokens=daemon.tokenfile) as load:
                return spent(load, s.pid)

        run = dict(zip(names, (by_loop, by_base64, by_native)))
        for n in turns(names, ROUNDS):
            r = checked(run[n]())
            speed[n].add(r["bytes"] / r["seconds"])
            work[n].add(r["server"] / r["bytes"] * 1e9)
            user[n].add(r["user"] / r["bytes"] * 1e9)
    for s in (*speed.values(), *work.values(), *user.values()):
        s.show()
    show_ratios("rate to the C loop's", speed["native"],
                speed["C loop, binary"])
    show_ratios("CPU to the C loop's", work["native"],
                work["C loop, binary"])
    mean = {n: sum(s.values) for n, s in user.items()}
    goal("native, user CPU per GB to base64's",
         mean["native"] / mean["base64"], "<=", 0.6)
    goal("native, CPU per GB to the C loop's",
         work["native"].over(work["C loop, binary"]), "<=", 1.05)


class Viewers:
    """How many watch a session of the daemon, in which dialect."""

    def __init__(self, daemon, viewers, size, binary=True, stalled=None):
        self.daemon, self.binary = daemon, binary
        self.viewers, self.size = viewers, size
        self.options = ["-s", stalled] if stalled is not None else []

    def run(self):
        if not self.binary:
            with Session(self.daemon, "box") as s, \
                    Crowd(self.daemon.port, (s.path, s.path), self.viewers,
                          self.size, *self.options) as crowd:
                return spent(crowd, s.pid)
        with Native(self.daemon, "box") as s, \
                Crowd(self.daemon.port, (s.path, s.path + "?mode=ro"),
                      self.viewers, self.size, "-b", "-t",
                      self.daemon.token, *self.options) as crowd:
            return spent(crowd, s.pid)


class Fan:
    """The loop that writes to as many plain sockets."""

    def __init__(self, loop, viewers, size):
        self.loop, self.viewers, self.size = loop, viewers, size

    def run(self):
        with Crowd(self.loop.port, ("/", "/"), self.viewers, self.size,
                   "-p") as crowd:
            return spent(crowd, self.loop.pid)


def rounds_of(kinds):
    """Rates, CPU and the size of frames, by name of a kind."""
    speed = {n: Series(n, "MB/s", 1e-6) for n in kinds}
    work = {n: Series(n + ", CPU", "s/GB") for n in kinds}
    frame = {n: Series(n + ", frames", "bytes") for n in kinds}
    for n in turns(kinds, ROUNDS):
        r = checked(kinds[n].run())
        speed[n].add(r["bytes"] / r["seconds"])
        work[n].add(r["server"] / r["bytes"] * 1e9)
        frame[n].add(r["bytes"] / max(1, r["frames"]))
    for s in (*speed.values(), *work.values()):
        s.show()
    for n, s in frame.items():
        if "loop" not in n:
            s.show()
    return speed, work


def viewers(place):
    say(f"viewers: {SHARED // MIB} MiB of coloured text to 1, 4 and {MANY}, "
        f"{ROUNDS} rounds; CPU for a GB of the terminal's")
    box = {"box": []}
    with Daemon(place, box) as daemon, \
            Loop("4", place.term, name="ptyfan") as fan4:
        speed, work = rounds_of({
            "1 viewer": Viewers(daemon, 1, SHARED),
            "4 viewers": Viewers(daemon, 4, SHARED),
            "4, plain loop": Fan(fan4, 4, SHARED),
            "1 viewer, base64": Viewers(daemon, 1, SHARED, False),
            "4 viewers, base64": Viewers(daemon, 4, SHARED, False)})
    for kind in ("", ", base64"):
        a, b = work["4 viewers" + kind], work["1 viewer" + kind]
        show_ratios("CPU of 4 to that of one" + kind, a, b)
        goal("4 viewers, CPU to that of one" + kind, a.over(b), "<=", 1.3)
    with Daemon(place, box) as daemon, \
            Loop(str(MANY), place.term, name="ptyfan") as fan:
        speed, work = rounds_of({
            f"{MANY} viewers": Viewers(daemon, MANY, SHARED_MANY),
            f"{MANY}, plain loop": Fan(fan, MANY, SHARED_MANY)})
    a, b = speed[f"{MANY} viewers"], speed[f"{MANY}, plain loop"]
    show_ratios("rate to the plain loop's", a, b)
    goal(f"{MANY} viewers, rate to the plain loop's", a.over(b), ">=", 0.8)


def stalled_viewers(place):
    say(f"stalled-viewers: one viewer alone, and beside {STALLED} that read "
        f"nothing, {SHARED // MIB} MiB, {ROUNDS} rounds")
    with Daemon(place, {"box": []}) as daemon:
        speed, work = rounds_of({
            "alone": Viewers(daemon, 1, SHARED, stalled=0),
            "beside": Viewers(daemon, 1, SHARED, stalled=STALLED)})
    a, b = speed["beside"], speed["alone"]
    show_ratios("rate to that alone", a, b)
    show_ratios("CPU to that alone", work["beside"], work["alone"])
    goal(f"{STALLED} stalled viewers, rate to that without", a.over(b),
         ">=", 0.95)


class Box:
    """One sandbox of the daemon, for sshload."""

    def __init__(self, daemon, name):
        self.options = ["-t", daemon.token]
        self.where = ["api", str(daemon.port), name]

    def processes(self, load):
        return []


class Bare(Box):
    """A C loop, for sshload."""

    def __init__(self, loop):
        self.options = []
        self.where = ["ws", str(loop.port), "/"]


def echo_beside(peer, other):
    """Echo in one session, while another floods if there is another."""
    if other is None:
        with SshLoad(peer, "echo", KEYS) as load:
            return load.run()
    with SshLoad(other, "flood", FLOOD) as flood, \
            SshLoad(peer, "echo", FLOODED_KEYS) as load:
        flood.start()
        time.sleep(0.2)
        r = load.run()
        flood.p.stdin.close()
        f = flood.result()
    r["flood"] = f["bytes"] / f["seconds"]
    return r


def beside(place):
    say(f"beside: {FLOODED_KEYS} keys while another session floods, in the "
        f"same sandbox and in another, {ROUNDS} rounds")
    with Daemon(place, {"box": [], "flood": []}) as daemon, \
            Loop(place.term) as loop, Loop(place.term) as loop2:
        # A session that stays keeps the workers, so that none is started.
        daemon.connect("box")
        daemon.connect("flood")
        box, flood = Box(daemon, "box"), Box(daemon, "flood")
        kinds = {"idle": (box, None), "same sandbox": (box, box),
                 "two sandboxes": (box, flood),
                 "C loops, idle": (Bare(loop), None),
                 "C loops, beside": (Bare(loop), Bare(loop2))}
        p99 = {n: Series(n + ", p99", "us", 1e6) for n in kinds}
        p50 = {n: Series(n + ", p50", "us", 1e6) for n in kinds}
        rate = {n: Series(n + ", flood", "MB/s", 1e-6) for n in kinds}
        for n in turns(kinds, ROUNDS):
            r = echo_beside(*kinds[n])
            p50[n].add(r["p50"])
            p99[n].add(r["p99"])
            if "flood" in r:
                rate[n].add(r["flood"])
    for s in (*p50.values(), *p99.values(), *rate.values()):
        if s.values:
            s.show()
    show_ratios("C loops', beside to idle", p99["C loops, beside"],
                p99["C loops, idle"])
    for n in ("same sandbox", "two sandboxes"):
        show_ratios(f"{n}, p99 to idle", p99[n], p99["idle"])
        goal(f"echo p99 beside a flood, {n}, to idle",
             p99[n].over(p99["idle"]), "<=", 2)


def more(place):
    say(f"more: private memory of a worker with 1 to {BESIDE + 1} idle "
        f"sessions")
    with Daemon(place, {"box": ["-q"]}) as daemon:
        found = []
        for _ in range(BESIDE + 1):
            daemon.native_open("box")
            pid = daemon.worker("box")
            found.append(private(memory(pid)))
    if not found[0]:
        raise Failed("a worker without memory")
    say(f"  one {found[0]} KiB, two {found[1]}, {len(found)} {found[-1]}: "
        f"{found[1] - found[0]} KiB for the second, "
        f"{(found[-1] - found[1]) / (len(found) - 2):.1f} for each further "
        f"one")


FIGURES = (native, viewers, stalled_viewers, beside, more)
