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

"""The figures of many sandboxes, and of screens and their repaint."""

import base64
import contextlib
import os
import re
import resource
import socket
import time

from peers import (Daemon, Failed, Load, Native, Place, ROOT, Session,
                   Skipped, cpu, memory, private, read, until)
from report import MIB, ROUNDS, Series, checked, goal, say, show_ratios
from sharedfigures import Box, spent, turns
from sshpeers import SshLoad, descendants

SANDBOXES = (1, 200, 1000)
KEYS = 2000
QUIET = 10                      # seconds, to see what idle ones use
PAYLOAD = 64 * MIB
JOINS = 9                       # of a late viewer, in a round
REPLAY = MIB


def enough(n):
    """That there may be so many terminals; the daemon raises its own."""
    most = int(read("/proc/sys/kernel/pty/max"))
    if most < n + 64:
        raise Skipped(f"kernel.pty.max is {most}")
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 4 * n + 256:
        raise Skipped(f"at most {hard} files may be open")


def echoes(few, boxes, n):
    """Echo p99 with so many sandboxes to that with one, taking turns."""
    one, all_ = (Series(f"{k}, echo p99", "us", 1e6) for k in ("1", str(n)))
    series = {"one": (one, few), "all": (all_, boxes)}
    for k in turns(series, ROUNDS):
        s, box = series[k]
        with SshLoad(box, "echo", KEYS) as load:
            s.add(load.run()["p99"])
    one.show()
    all_.show()
    show_ratios(f"{n} sandboxes, p99 to that of one", all_, one)
    return all_.over(one)


def processes(daemon, place):
    """Ours, without what runs in the terminals."""
    found = []
    for pid in [daemon.p.pid, *descendants(daemon.p.pid)]:
        with contextlib.suppress(OSError):
            if os.readlink(f"/proc/{pid}/exe") != place.term:
                found.append(pid)
    return found


def at_rest(daemon, place, n):
    """CPU and memory of a daemon whose sandboxes have nothing to do."""
    pids = processes(daemon, place)
    time.sleep(1)
    before = sum(cpu(p) for p in pids)
    time.sleep(QUIET)
    load = (sum(cpu(p) for p in pids) - before) / QUIET * 100
    total = sum(private(memory(p)) for p in pids) / 1024
    say(f"  {n} sandboxes at rest: {len(pids)} processes, {total:.1f} MiB "
        f"private ({total * 1024 / n:.0f} KiB each), {load:.3f} % of a core")
    return load, total


def many(place):
    say(f"many: {', '.join(map(str, SANDBOXES))} idle terminals, {KEYS} keys "
        f"in one, {ROUNDS} rounds")
    if not ROOT:
        raise Skipped("needs root to look into the workers")
    enough(SANDBOXES[-1])
    names = [f"box{i}" for i in range(SANDBOXES[-1])]
    settings = ("limit sessions per principal 65536",
                "timeout detached ssh 86400")
    with Place() as other, Daemon(other, {"few": []}, *settings) as few:
        few.connect("few")
        with Daemon(place, {"echo": [], **{n: ["-q"] for n in names}},
                    *settings) as daemon:
            daemon.connect("echo")
            begun = 0
            for n in SANDBOXES:
                t = time.monotonic()
                for name in names[begun:n - 1]:
                    daemon.connect(name)
                t = time.monotonic() - t
                if n > begun + 1:
                    say(f"  {n - 1 - begun} more in {t:.1f} s")
                begun = n - 1
                p99 = echoes(Box(few, "few"), Box(daemon, "echo"), n)
                load, total = at_rest(daemon, place, n)
    goal(f"{n} sandboxes, echo p99 to that with one", p99, "<=", 1.5)
    goal(f"{n} sandboxes, CPU at rest", load, "<=", 1, " %")
    goal(f"{n} sandboxes, private memory", total, "<=", 400, " MiB")


class Join:
    """A late viewer, who measures when it is sent what."""

    def __init__(self, daemon, path, token=None):
        self.s = socket.create_connection(("127.0.0.1", daemon.port), 10)
        self.s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        head = f"Authorization: Bearer {token}\r\n" if token else ""
        self.data = b""
        self.start = time.monotonic()
        self.s.sendall((
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==\r\n{head}\r\n"
        ).encode())
        self.begun = self.until(rb"\r\n\r\n")
        if not self.data.startswith(b"HTTP/1.1 101 "):
            raise Failed(f"attach: {self.data[:200]}")

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.s.close()

    def until(self, pattern):
        """Seconds from the request until this has come."""
        while not re.search(pattern, self.data, re.S):
            more = self.s.recv(65536)
            if not more:
                raise Failed(f"the viewer was let go: {self.data[-200:]}")
            self.data += more
        return time.monotonic() - self.start


def shows_editor(j):
    """That the repaint is that of term's alternate screen."""
    j.until(SCREEN + rb'[^"]*"}')
    text = base64.b64decode(re.search(SCREEN + rb'([^"]*)"', j.data)[1])
    if b"INSERT" not in text or b"?1047h" not in text:
        raise Failed(f"not what an editor shows: {text[:200]}")


# What comes after the answer, and after the first message of the native API.
OUTPUT = rb"\r\n\r\n\x81."
SCREEN = rb'"type":"screen","data":"'
BINARY = rb'"type":"attached"[^}]*}.*?\x82.'


def join_often(series, daemon, path, pattern, token=None):
    for _ in range(JOINS):
        with Join(daemon, path, token) as j:
            series.add(j.until(pattern))


def tracking(daemon):
    """A flood without a screen that is kept up, and with one."""
    kinds = {n: (Series(n, "MB/s", 1e-6), Series(n + ", CPU", "s/GB"))
             for n in ("no screen", "with a screen")}
    for n in turns(kinds, ROUNDS):
        with Native(daemon, "box") as s, \
                Load(daemon.port, s.path, "rate", PAYLOAD, binary=True,
                     tokens=daemon.tokenfile) as load:
            if n == "with a screen":
                status, _ = daemon.request("GET",
                                           f"/v1/sessions/{s.id}/screen")
                if status != 200:
                    raise Failed(f"screen: {status}")
            r = checked(spent(load, s.pid))
            kinds[n][0].add(r["bytes"] / r["seconds"])
            kinds[n][1].add(r["server"] / r["bytes"] * 1e9)
    for s in kinds["no screen"] + kinds["with a screen"]:
        s.show()
    a, b = kinds["with a screen"][0], kinds["no screen"][0]
    show_ratios("rate with a screen to that without", a, b)
    goal("flood with a screen, rate to that without", a.over(b), ">=", 0.95)


def typed(daemon, sid, text):
    status, body = daemon.request("POST", f"/v1/sessions/{sid}/input", text)
    if status != 204:
        raise Failed(f"input: {status} {body}")


def printed(daemon, sid, size):
    """Until so many bytes of output are there."""
    until("output", 20, lambda: int(re.search(
        rb'"offset":(\d+)', daemon.request(
            "GET", f"/v1/sessions/{sid}")[1])[1]) >= size)


def repaint(daemon):
    """Late viewers of an editor's screen, after a flood and within one."""
    full = Series("an editor's screen", "ms", 1e3)
    ssh = Series("the same in base64", "ms", 1e3)
    after = Series("a screen after a flood", "ms", 1e3)
    flooded = Series("a screen within a flood", "ms", 1e3)
    with Native(daemon, "box") as s:
        typed(daemon, s.id, "AG23\n")
        printed(daemon, s.id, 1000)
        join_often(full, daemon, s.path + "?screen=1", SCREEN, daemon.token)
        with Join(daemon, s.path + "?screen=1", daemon.token) as j:
            shows_editor(j)
    with Session(daemon, "box") as s:
        with Load(daemon.port, s.path, "rate", 1) as load, \
                Join(daemon, s.path):
            load.p.stdin.close()
            type_ssh(daemon, s, "AG23\n")
            time.sleep(0.3)
            join_often(ssh, daemon, s.path, OUTPUT)
    for _ in range(JOINS):
        with Native(daemon, "box") as s, \
                Load(daemon.port, s.path, "rate", 8 * MIB, binary=True,
                     tokens=daemon.tokenfile) as load:
            checked(load.run())
            with Join(daemon, s.path + "?screen=1", daemon.token) as j:
                after.add(j.until(SCREEN))
    with Native(daemon, "box") as s, \
            Load(daemon.port, s.path, "rate", 512 * MIB, binary=True,
                 tokens=daemon.tokenfile) as load:
        load.start()
        time.sleep(0.3)
        join_often(flooded, daemon, s.path + "?screen=1", SCREEN,
                   daemon.token)
    for series in (full, ssh, after, flooded):
        series.show()
        goal(f"repaint of {series.name}, first byte",
             series.median() * 1e3, "<=", 20, " ms")


def type_ssh(daemon, s, text):
    status, body = daemon.request(
        "POST", f"/ssh/input/{s.id}", f'{{"data":"{text.strip()}\\n"}}',
        **{"Content-Type": "application/json"})
    if status not in (200, 204):
        raise Failed(f"input: {status} {body}")


def replay(daemon):
    """Who comes back for the last of much output."""
    begun = Series("handshake", "ms", 1e3)
    first = Series("first byte", "ms", 1e3)
    since = Series("first byte after handshake", "ms", 1e3)
    with Native(daemon, "box") as s:
        with Load(daemon.port, s.path, "rate", 8 * MIB, binary=True,
                  tokens=daemon.tokenfile) as load:
            size = checked(load.run())["bytes"] + 1
        for _ in range(JOINS * 3):
            with Join(daemon, f"{s.path}?offset={size - REPLAY}",
                      daemon.token) as j:
                begun.add(j.begun)
                first.add(j.until(BINARY))
                since.add(first.values[-1] - j.begun)
    for series in (begun, first, since):
        series.show()
    goal("reattach with 1 MiB, first byte after the request",
         first.median() * 1e3, "<=", 5, " ms")


def screen(place):
    say(f"screen: a flood of {PAYLOAD // MIB} MiB beside it, {ROUNDS} "
        f"rounds; the first byte for who comes late, from the request")
    with Daemon(place, {"box": []}) as daemon:
        tracking(daemon)
        repaint(daemon)
        replay(daemon)


FIGURES = (many, screen)
