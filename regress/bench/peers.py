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

"""What the figures are taken from: the daemon, its peers and the client.

Everything here is started and stopped by its own process id, and every wait
has a deadline.
"""

import base64
import contextlib
import hashlib
import hmac
import http.client
import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time

BUILD = os.environ["BUILD"]
BENCH = os.path.join(BUILD, "regress/bench")
OWNER = "did:plc:bench"
ROOT = os.geteuid() == 0
DEADLINE = 60
CLOCK_TICK = os.sysconf("SC_CLK_TCK")


class Failed(Exception):
    """A figure cannot be measured; says why."""


class Skipped(Failed):
    """It cannot be measured by whoever has started us."""


def until(what, seconds, condition):
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Failed(f"{what}: not within {seconds} s")
        time.sleep(0.02)


def read(path):
    with open(path) as f:
        return f.read()


def user_cpu(pid):
    """Seconds that a process has used of it in user mode, by the tick."""
    fields = read(f"/proc/{pid}/stat").rsplit(")", 1)[1].split()
    return int(fields[11]) / CLOCK_TICK


def cpu(pid):
    """Seconds of CPU that a process has used, threads included."""
    total = 0
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            total += int(read(f"/proc/{pid}/task/{task}/schedstat").split()[0])
        return total / 1e9
    except FileNotFoundError:
        fields = read(f"/proc/{pid}/stat").rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / CLOCK_TICK


def memory(pid):
    """KiB of a process by kind, as in smaps_rollup."""
    try:
        text = read(f"/proc/{pid}/smaps_rollup")
    except PermissionError:
        raise Skipped("needs root to look into a worker") from None
    return {k: int(v) for k, v in re.findall(r"(?m)^(\w+):\s+(\d+) kB", text)}


def private(m):
    return m["Private_Dirty"] + m["Private_Clean"]


def maps(pid):
    """Private KiB of each mapping of a process, the largest first."""
    found = {}
    name = "?"
    for line in read(f"/proc/{pid}/smaps").splitlines():
        head = re.match(r"[0-9a-f]+-[0-9a-f]+ (\S+) \S+ \S+ \S+ *(.*)", line)
        if head:
            name = f"{os.path.basename(head[2]) or 'anonymous'} {head[1]}"
        elif line.startswith("Private_"):
            found[name] = found.get(name, 0) + int(line.split()[1])
    return sorted(((v, k) for k, v in found.items() if v), reverse=True)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def end(p, seconds=10):
    """Ask a process of ours to end, then insist."""
    if p.poll() is None:
        p.send_signal(signal.SIGTERM)
        try:
            p.wait(seconds)
        except subprocess.TimeoutExpired:
            p.kill()
            p.wait()
    for f in (p.stdin, p.stdout, p.stderr):
        if f:
            f.close()


def program(name):
    path = os.path.join(BENCH, name)
    if not os.access(path, os.X_OK):
        raise Failed(f"{path} is missing; make tests builds it")
    return path


class Place:
    """A directory for keys and sockets that is gone at the end."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="gatewayd-bench.")
        # The account that runs the terminal has to reach this.
        os.chmod(self.dir, 0o711)
        self.term = os.path.join(self.dir, "term")
        shutil.copy(program("term"), self.term)
        os.chmod(self.term, 0o755)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        shutil.rmtree(self.dir, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.dir, name)


class Loop:
    """The C loop, carrying terminals or only shaking hands."""

    def __init__(self, *argv, name="ptyws"):
        self.p = subprocess.Popen([program(name), *argv],
                                  stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, text=True)
        self.port = int(line_of(self.p.stdout, 10))
        self.pid = self.p.pid

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        end(self.p)


class Load:
    """wsload, up to where it says that it is ready."""

    def __init__(self, port, path, *what, tokens=None, binary=False):
        # Who attaches with tokens waits for output as well.
        opt = ["-b"] if binary else ["-f"] if tokens else []
        opt += ["-t", tokens] if tokens else []
        self.begin("wsload", *opt, port, path, *what)

    def begin(self, name, *args):
        self.p = subprocess.Popen(
            [program(name), *map(str, args)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            if line_of(self.p.stdout, 60) != "ready":
                raise Failed(f"{name} did not get ready")
        except BaseException:
            end(self.p)
            raise

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        end(self.p)

    def start(self):
        self.p.stdin.write("\n")
        self.p.stdin.flush()

    def result(self, seconds=DEADLINE):
        self.p.stdin.close()
        return json.loads(line_of(self.p.stdout, seconds))

    def run(self):
        self.start()
        return self.result()


class Crowd(Load):
    """wscrowd: many viewers of one session."""

    def __init__(self, port, paths, viewers, size, *options):
        self.begin("wscrowd", *options, port, *paths, viewers, size)


def line_of(stream, seconds):
    """The next line a process prints; each comes in one write."""
    ready, _, _ = select.select([stream], [], [], seconds)
    if not ready:
        raise Failed(f"nothing was said in {seconds} s")
    line = stream.readline().strip()
    if not line:
        raise Failed("a program ended early")
    return line


class Daemon:
    """The real one, with a sandbox for each entry of terminals: a list of
    arguments to term."""

    def __init__(self, place, terminals, *settings):
        self.place = place
        self.port = free_port()
        self.socket = place.path("sock")
        keys = place.path("keys")
        if not os.path.isdir(keys):
            os.mkdir(keys, 0o700)
            subprocess.run([f"{BUILD}/gatewayctl", "keygen", keys],
                           check=True, stdout=subprocess.DEVNULL, timeout=10)
        with open(f"{keys}/jwt.secret", "rb") as f:
            self.secret = f.read().removesuffix(b"\n")
        conf = [f"listen on 127.0.0.1 port {self.port}",
                f'control socket "{self.socket}"',
                f'seal key file "{keys}/seal.key"',
                "limit requests 1000000 per 1",
                *(line for api in ("pocketenv", "terminal") for line in (
                    f"api {api} {{",
                    f'auth jwt hs256 secret file "{keys}/jwt.secret"',
                    "}")), *settings]
        for name, args in terminals.items():
            conf += [f'sandbox "{name}" {{', f'owner "{OWNER}"',
                     *self.upstream(args), "}"]
        with open(place.path("conf"), "w") as f:
            f.write("\n".join(conf) + "\n")
        os.chmod(place.path("conf"), 0o600)
        self.token = self.mint()
        self.tokenfile = place.path("token")
        with open(self.tokenfile, "w") as f:
            f.write(self.token + "\n")
        self.log = open(place.path("log"), "w+")
        self.p = subprocess.Popen([f"{BUILD}/gatewayd", "-d", "-f",
                                   place.path("conf")],
                                  stdin=subprocess.DEVNULL,
                                  stdout=self.log, stderr=self.log)
        try:
            until("gatewayd ready", 20, self.ready)
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        end(self.p)
        self.log.close()

    def upstream(self, args):
        """What a sandbox is, in lines of its block."""
        words = " ".join(f'"{a}"' for a in [self.place.term, *args])
        return [f"pty {words}", 'user "nobody"' if ROOT else ""]

    def said(self):
        """The end of the log, for a report."""
        return read(self.place.path("log"))[-3000:]

    def ready(self):
        if self.p.poll() is not None:
            raise Failed("gatewayd ended: " + self.said())
        try:
            return self.request("GET", "/readyz")[0] == 200
        except OSError:
            return False

    def mint(self, **claims):
        """A token, made here since gatewayctl makes one at a time."""
        now = int(time.time())
        claims = {"sub": OWNER, "iat": now, "exp": now + 3600, **claims}
        parts = [base64.urlsafe_b64encode(json.dumps(p).encode())
                 .rstrip(b"=") for p in ({"alg": "HS256", "typ": "JWT"},
                                         claims)]
        mac = hmac.new(self.secret, b".".join(parts), hashlib.sha256)
        parts.append(base64.urlsafe_b64encode(mac.digest()).rstrip(b"="))
        return b".".join(parts).decode()

    def request(self, method, path, body=None, **headers):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            c.request(method, path, body, headers={
                "Authorization": "Bearer " + self.token, **headers})
            r = c.getresponse()
            return r.status, r.read()
        except http.client.HTTPException as e:
            raise Failed(f"{method} {path}: {e!r}") from e
        finally:
            c.close()

    def connect(self, sandbox):
        """Open a session; returns its id."""
        status, body = self.request("POST", "/ssh/connect",
                                    **{"X-Sandbox-Id": sandbox})
        if status != 200:
            raise Failed(f"connect: {status} {body.decode()}\n{self.said()}")
        return json.loads(body)["sessionId"]

    def disconnect(self, sid):
        self.request("DELETE", f"/ssh/disconnect/{sid}")

    def attach(self, sid):
        """The path of a session's WebSocket."""
        return f"/ssh/{sid}/ws?token={self.token}"

    def native_open(self, sandbox):
        """Open a session of the native API; returns its id."""
        status, body = self.request(
            "POST", f"/v1/sandboxes/{sandbox}/sessions",
            json.dumps({"cols": 80, "rows": 24}),
            **{"Content-Type": "application/json"})
        if status != 201:
            raise Failed(f"open: {status} {body.decode()}\n{self.said()}")
        return json.loads(body)["id"]

    def show(self, what):
        p = subprocess.run([f"{BUILD}/gatewayctl", "-s", self.socket,
                            "show", what], capture_output=True, text=True,
                           timeout=30)
        if p.returncode != 0:
            raise Failed(f"show {what}: {p.stderr}")
        return [f for f in map(str.split, p.stdout.splitlines()) if f]

    def worker(self, sandbox):
        """The process of a sandbox."""
        for f in self.show("sandboxes"):
            if f[0] == sandbox:
                return int(f[2])
        raise Failed(f"no worker of {sandbox}")

    def used(self):
        """Seconds of CPU so far by role, of several alike together."""
        total = {"parent": cpu(self.p.pid), "frontend": 0, "worker": 0}
        for f in self.show("processes"):
            if f[0] in ("frontend", "catalog"):
                total[f[0]] = total.get(f[0], 0) + cpu(f[2])
        for f in self.show("sandboxes"):
            if f[2].isdigit():
                total["worker"] += cpu(f[2])
        return total


class Session:
    """One session of the daemon, from connect to disconnect."""

    def __init__(self, daemon, sandbox):
        self.daemon = daemon
        self.id = daemon.connect(sandbox)
        self.path = daemon.attach(self.id)
        self.pid = daemon.worker(sandbox)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        with contextlib.suppress(Failed, OSError):
            self.daemon.disconnect(self.id)


class Native:
    """The same of the native API."""

    def __init__(self, daemon, sandbox):
        self.daemon = daemon
        self.id = daemon.native_open(sandbox)
        self.path = f"/v1/sessions/{self.id}/attach"
        self.pid = daemon.worker(sandbox)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        with contextlib.suppress(Failed, OSError):
            self.daemon.request("DELETE", f"/v1/sessions/{self.id}")
