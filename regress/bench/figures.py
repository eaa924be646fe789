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

"""The figures of local terminals.

Rates and times are ratios of medians: within one run the daemon and its
peers take turns, in no regular order, so that what else the machine does
meets all of them, and nobody always follows the same one.
"""

import json
import os
import re
import signal
import statistics
import subprocess

from peers import (Daemon, Failed, Load, Loop, ROOT, Session, Skipped, cpu,
                   end, line_of, maps, memory, private, program, read, until)
from report import MIB, ROUNDS, Series, chance, checked, goal, say, show_ratios

PAYLOAD = 64 * MIB
KEYS = 2000
INFLIGHT = 16
HANDSHAKES = 4000
ATTACHES = 1000
LINE_BUFFER = 4095              # of the kernel's terminals
SESSIONS = 8                    # that the attaches go to in turn
STALLED = 500 * 1000 * 1000
AFTER = 200 * MIB

# What a worker keeps of a session: replay, the high mark, and one read.
RING_KIB = 1024 + 1024 + 64


def bare(place):
    p = subprocess.Popen([program("ptyread"), str(PAYLOAD), place.term],
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         text=True)
    try:
        return checked(json.loads(line_of(p.stdout, 60)))
    finally:
        end(p)


def through(port, path, pid, *what):
    """One round of the client; adds what the server used."""
    with Load(port, path, *what) as load:
        before = cpu(pid)
        r = load.run()
        r["server"] = cpu(pid) - before
    return r


def rate(place):
    say(f"rate: {PAYLOAD // MIB} MiB of coloured text, {ROUNDS} rounds")
    names = ("bare loop", "C loop", "gatewayd")
    speed = [Series(n, "MB/s", 1e-6) for n in names]
    work = [Series(n + ", CPU", "s/GB") for n in names]
    client = Series("the client, CPU", "s/GB")
    with Loop(place.term) as loop, Daemon(place, {"box": []}) as daemon:
        def by_bare():
            r = bare(place)
            return r, r["cpu"]

        def by_loop():
            r = through(loop.port, "/", loop.pid, "rate", PAYLOAD)
            return r, r["server"]

        def by_daemon():
            with Session(daemon, "box") as s:
                r = through(daemon.port, s.path, s.pid, "rate", PAYLOAD)
            client.add(r["cpu"] / r["bytes"] * 1e9)
            return r, r["server"]

        turns = list(zip((by_bare, by_loop, by_daemon), speed, work))
        for _ in range(ROUNDS):
            for run, s, w in turns:
                r, used = run()
                checked(r)
                s.add(r["bytes"] / r["seconds"])
                w.add(used / r["bytes"] * 1e9)
            chance.shuffle(turns)
    for s in speed + work + [client]:
        s.show()
    show_ratios("rate to the C loop's", speed[2], speed[1])
    show_ratios("CPU to the C loop's", work[2], work[1])
    goal("C loop's rate to the bare loop's", speed[1].over(speed[0]), ">=",
         0.8)
    goal("rate to the C loop's", speed[2].over(speed[1]), ">=", 0.97)
    goal("CPU per GB to the C loop's", work[2].over(work[1]), "<=", 1.1)


def echo(place):
    rounds = ROUNDS * 3             # they are short, and there is much noise
    say(f"echo: {KEYS} keys a round, {rounds} rounds")
    series = {}
    for n in ("C loop", "gatewayd"):
        for p in ("p50", "p99"):
            series[n, p] = Series(f"{n}, {p}", "us", 1e6)
    with Loop(place.term) as loop, Daemon(place, {"box": []}) as daemon:
        def by_loop():
            return through(loop.port, "/", loop.pid, "echo", KEYS)

        def by_daemon():
            with Session(daemon, "box") as s:
                return through(daemon.port, s.path, s.pid, "echo", KEYS)

        turns = [("C loop", by_loop), ("gatewayd", by_daemon)]
        for _ in range(rounds):
            for name, run in turns:
                r = run()
                for p in ("p50", "p99"):
                    series[name, p].add(r[p])
            chance.shuffle(turns)
    for s in series.values():
        s.show()
    for p, most in (("p50", 1.15), ("p99", 1.5)):
        a, b = series["gatewayd", p], series["C loop", p]
        show_ratios(f"{p} to the C loop's", a, b)
        goal(f"echo {p} to the C loop's", a.over(b), "<=", most)


def traced(place, name, pid, port, path):
    """The system calls while the payload passes; returns how many for each
    full buffer of the line discipline, and by name.

    A read can take more than one buffer when the terminal is refilled under
    it, and counts as so many.
    """
    out = place.path("strace")
    with Load(port, path, "rate", PAYLOAD) as load:
        p = subprocess.Popen(["strace", "-f", "-s", "0", "-e", "signal=none",
                              "-o", out, "-p", str(pid)],
                             stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL,
                             stderr=subprocess.PIPE, text=True)
        try:
            if "attached" not in line_of(p.stderr, 10):
                raise Skipped("strace may not attach, which needs root")
            size = checked(load.run())["bytes"]
            p.send_signal(signal.SIGINT)
            p.wait(20)
        finally:
            end(p)
    made = [(m[1], int(m[2])) for m in re.finditer(
        r"(?m)^(?:\d+ +)?(\w+)\(.*= (-?\d+)", read(out))]
    sizes = [(i, n) for i, (call, n) in enumerate(made)
             if call in ("read", "readv") and n > 0]
    if not sizes:
        raise Failed(f"{name}: strace saw no read")
    # From the first to the last; then the client leaves.
    found = {}
    for call, _ in made[sizes[0][0]:sizes[-1][0] + 2]:
        found[call] = found.get(call, 0) + 1
    reads = len(sizes)
    full = sum(max(1, n // LINE_BUFFER) for _, n in sizes)
    total = sum(found.values())
    say(f"  {name}: {total / reads:.3f} calls for each read of "
        f"{size / reads:.0f} bytes, {total / full:.3f} for each buffer, "
        f"{total / (size / 4096):.3f} for 4 KiB")
    say("    " + ", ".join(f"{k} {v}" for k, v in sorted(
        found.items(), key=lambda x: -x[1])))
    return total / full, found


def calls(place):
    say("calls: system calls in a round of their own, under strace")
    with Loop(place.term) as loop, Daemon(place, {"box": []}) as daemon:
        traced(place, "C loop", loop.pid, loop.port, "/")
        with Session(daemon, "box") as s:
            each, found = traced(place, "gatewayd", s.pid, daemon.port,
                                 s.path)
    goal("system calls for each full buffer", each, "<=", 3)
    goal("epoll_ctl in the steady state", found.get("epoll_ctl", 0), "<=", 0)


def idle(place):
    say("idle: three workers with one silent session each")
    boxes = {f"box{i}": ["-q"] for i in range(3)}
    with Daemon(place, boxes) as daemon:
        pids = []
        for b in boxes:
            daemon.connect(b)
            pids.append(daemon.worker(b))
        found = [memory(p) for p in pids]
        for m in found:
            say(f"  private {private(m)} KiB (dirty {m['Private_Dirty']}, "
                f"clean {m['Private_Clean']}), Rss {m['Rss']}, "
                f"Pss {m['Pss']}")
        worst = max(private(m) for m in found)
        goal("private memory of an idle worker", worst, "<=", 256, " KiB")
        say("  of the last one, KiB: " + ", ".join(
            f"{k} {v}" for v, k in maps(pids[-1])[:12]))


def term_of(place):
    """The terminal's process, to see how much it has printed."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.readlink(f"/proc/{pid}/exe") == place.term:
                return int(pid)
        except OSError:
            continue
    raise Failed("the terminal's process is not found")


def printed(pid):
    try:
        return int(re.search(r"wchar: (\d+)", read(f"/proc/{pid}/io"))[1])
    except OSError:
        return 0


def stalled(place, daemon, seconds):
    """Do not read for so long, or until all has been printed."""
    with Session(daemon, "box") as s, \
            Load(daemon.port, s.path, "stall", STALLED) as load:
        before = memory(s.pid)["Rss"]
        term = term_of(place)
        most = [0]

        def look():
            most[0] = max(most[0], memory(s.pid)["Rss"])
            return printed(term) >= STALLED * 0.9

        load.start()
        try:
            until("all is printed", seconds, look)
        except Failed:
            pass
        was = printed(term)
        load.p.stdin.close()
        r = json.loads(line_of(load.p.stdout, 100))
        most[0] = max(most[0], memory(s.pid)["Rss"])
    say(f"  printed {was // 1000000} MB while it did not read; then "
        f"{r['bytes'] // 1000000} MB came, close {r['close']}, "
        f"{'complete' if r['ok'] else 'not complete'}; Rss {before} KiB "
        f"before, at most {most[0]}")
    return r, most[0] - before - RING_KIB


def stall(place):
    say(f"stall: a client that does not read, {STALLED // 1000000} MB")
    if not ROOT:
        raise Skipped("needs root to look into a worker")
    with Daemon(place, {"box": []}) as daemon:
        r, more = stalled(place, daemon, 4)
        goal("reads again, nothing is lost", int(r["ok"]), ">=", 1)
        goal("growth beyond the ring, held back", more, "<=", 1024, " KiB")
    with Daemon(place, {"box": []}, "timeout stalled 1") as daemon:
        r, more = stalled(place, daemon, 40)
        goal("growth beyond the ring, left behind", more, "<=", 1024, " KiB")


def after(place):
    say(f"after: memory when {AFTER // MIB} MiB have passed")
    with Daemon(place, {"box": []}) as daemon, Session(daemon, "box") as s:
        with Load(daemon.port, s.path, "rate", AFTER) as load:
            before = memory(s.pid)["Rss"]
            checked(load.run())
            m = memory(s.pid)
    say(f"  Rss {before} KiB before, {m['Rss']} after")
    goal("growth beyond the ring after output",
         m["Rss"] - before - RING_KIB, "<=", 1024, " KiB")


def attach(place):
    say(f"attach: {INFLIGHT} in flight, two frontends, {ROUNDS} rounds; "
        "attached is who has got output")
    hands = Series("C loop, handshakes", "/s")
    cached = Series("one token", "/s")
    fresh = Series("a token each", "/s")
    roles = {}
    refused = 0
    tokens = place.path("tokens")
    with Loop("-a") as loop, Daemon(place, {"box": []}) as daemon:
        ids = [daemon.connect("box") for _ in range(SESSIONS)]
        paths = ",".join(f"/ssh/{i}/ws" for i in ids)
        # What a fresh worker does once is no part of this.
        write_tokens(tokens, [daemon.token])
        attaches(daemon.port, paths, tokens, 200, dict)
        for i in range(ROUNDS):
            r = attaches(loop.port, "/", None, HANDSHAKES,
                         lambda: {"loop": cpu(loop.pid)})
            hands.add(r["attached"] / r["seconds"])
            for k, v in r["used"].items():
                roles.setdefault((hands.name, k), []).append(v)
            for series, t in ((cached, [daemon.token]), (fresh, [
                    daemon.mint(jti=f"{i}.{k}") for k in range(ATTACHES)])):
                write_tokens(tokens, t)
                r = attaches(daemon.port, paths, tokens, ATTACHES,
                             daemon.used)
                series.add(r["attached"] / r["seconds"])
                refused += r["refused"]
                for k, v in r["used"].items():
                    roles.setdefault((series.name, k), []).append(v)
    for s in (hands, cached, fresh):
        s.show()
        mine = {k[1]: statistics.median(v) * 1e6
                for k, v in roles.items() if k[0] == s.name}
        say(f"    CPU us of each ({sum(mine.values()):.1f}): " + ", ".join(
            f"{k} {v:.1f}" for k, v in mine.items()))
    show_ratios("cached to the C loop's", cached, hands)
    show_ratios("uncached to the C loop's", fresh, hands)
    if refused:
        raise Failed(f"{refused} attaches were refused")
    goal("attaches to the C loop's handshakes, cached", cached.over(hands),
         ">=", 0.75)
    say(f"  uncached signatures: {fresh.over(hands):.3f}")


def write_tokens(path, tokens):
    with open(path, "w") as f:
        f.write("\n".join(tokens) + "\n")


def attaches(port, paths, tokens, n, used):
    """One round; adds CPU of each attach by role, client's included."""
    with Load(port, paths, "attach", n, INFLIGHT, tokens=tokens) as load:
        before = used()
        r = load.run()
        r["used"] = {k: (v - before[k]) / n for k, v in used().items()}
        r["used"]["client"] = r["cpu"] / n
        return r


FIGURES = (rate, echo, calls, idle, stall, after, attach)
