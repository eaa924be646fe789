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
The daemon as its users start it, for tests.

	with Daemon(lines=["recheck 1"]) as d:
		sid = d.open("demo")
		ws = d.ws(sid)

A Daemon has a directory with fresh keys and a configuration, ports of its
own, and a log.  When it stops nothing of it may be left: no process, no
socket, no word of a sanitizer in the log.
"""

import base64
import contextlib
import ctypes
import hashlib
import hmac
import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import pytest

from clients import WAIT, Http, JsWs, Sse, TtyWs, Ws, bearer, wait_for

BUILD = os.path.abspath(os.environ.get("BUILD", "build"))
SAN = bool(os.environ.get("SAN"))
ROOT = os.geteuid() == 0
USER = "nobody" if ROOT else pwd.getpwuid(os.getuid()).pw_name
TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))

ALICE, MALLORY = "did:plc:alice", "did:plc:mallory"
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-"
                  r"[0-9a-f]{12}")

# What a terminal that passes bytes unchanged runs: what is typed comes back.
RAW = "stty raw -echo; printf READY; "
SANDBOXES = {
    "demo": {"pty": ["/bin/sh"]},
    "cat": {"pty": ["/bin/sh", "-c", RAW + "exec cat"]},
    "foreign": {"pty": ["/bin/sh"], "owner": [MALLORY]},
}

MINE = object()			# a fresh token of alice's

live = []


def subreaper():
    """Orphans of what we start become children of ours, and are seen."""
    pr_set_child_subreaper = 36
    if ctypes.CDLL(None).prctl(pr_set_child_subreaper, 1, 0, 0, 0) != 0:
        raise OSError("prctl")


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def jwt(claims, sign, alg="HS256", head=None):
    """A token with any claims; sign(bytes) makes the signature."""
    head = {"alg": alg, "typ": "JWT"} if head is None else head
    body = b64(json.dumps(head).encode()) + "." + \
        b64(json.dumps(claims).encode())
    return body + "." + b64(sign(body.encode()))


def quote(text):
    return '"%s"' % text.replace("\\", "\\\\").replace('"', '\\"')


def place():
    """A port that is ours while this socket is: no connection and nobody
    else gets it, but servers that want it again at once can have it."""
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("127.0.0.1", 0))
    return s


def ports(n):
    with contextlib.ExitStack() as stack:
        return [stack.enter_context(place()).getsockname()[1]
                for _ in range(n)]


def proc_stat(pid):
    """(ppid, state, start time), None if there is no such process."""
    try:
        with open("/proc/%d/stat" % pid, "rb") as f:
            rest = f.read().rsplit(b")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return int(rest[1]), rest[0].decode(), int(rest[19])


def processes():
    """pid: (ppid, state, start time)"""
    found = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            st = proc_stat(int(name))
            if st is not None:
                found[int(name)] = st
    return found


def tree(pid):
    """All below pid, as (pid, start time)."""
    table = processes()
    below, todo = [], [pid]
    while todo:
        parent = todo.pop()
        for p, st in table.items():
            if st[0] == parent:
                below.append((p, st[2]))
                todo.append(p)
    return below


def alive(pid, start):
    """Still that process, and no zombie; one of ours is reaped."""
    st = proc_stat(pid)
    if st is None or st[2] != start:
        return False
    if st[1] == "Z" and st[0] == os.getpid():
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
        return False
    return st[1] != "Z"


def ours():
    """Processes of the build below us."""
    found = []
    for pid, start in tree(os.getpid()):
        with contextlib.suppress(OSError):
            exe = os.readlink("/proc/%d/exe" % pid)
            if exe.startswith(BUILD + "/") and alive(pid, start):
                found.append(pid)
    return found


def memory(pid):
    """Private memory of a process, in bytes."""
    if not ROOT:
        pytest.skip("needs root to look into a confined process")
    total = 0
    with open("/proc/%d/smaps_rollup" % pid) as f:
        for line in f:
            if line.startswith(("Private_Clean", "Private_Dirty")):
                total += int(line.split()[1]) * 1024
    return total


class Logs:
    """What writes a file `logfile'."""

    def log(self):
        """Its lines; one that is being written is not there yet."""
        with open(self.logfile, encoding="utf-8",
                  errors="backslashreplace") as f:
            text = f.read()
        return text[:text.rfind("\n") + 1]

    def logged(self, pattern, seconds=WAIT, start=0):
        """Wait for a match in the log."""
        return wait_for(lambda: re.search(pattern, self.log()[start:]),
                        seconds)


class Daemon(Logs):
    def __init__(self, sandboxes=None, lines=(), api=(), auth=None,
                 env=None, start=True, frontends=2, user=None,
                 native=()):
        self.dir = tempfile.mkdtemp(prefix="gw")
        os.chmod(self.dir, 0o755)
        self.keys = os.path.join(self.dir, "keys")
        self.path = os.path.join(self.dir, "gatewayd.conf")
        self.socket = os.path.join(self.dir, "ctl.sock")
        self.logfile = os.path.join(self.dir, "log")
        self.run_ctl("keygen", self.keys)
        with open(os.path.join(self.keys, "jwt.secret"), "rb") as f:
            self.secret = f.read().rstrip(b"\n")
        self.places = place(), place()
        self.port, self.metrics_port = (s.getsockname()[1]
                                        for s in self.places)
        self.sandboxes = dict(SANDBOXES if sandboxes is None else sandboxes)
        self.lines = list(lines)
        self.api = list(api)
        self.native_api = None if native is None else list(native)
        self.auth = auth
        self.env = env or {}
        self.frontends = frontends
        self.user = user		# whose processes it has, if not ours
        self.proc = None
        self.boxes = {}			# what has been sealed
        self.faults = False		# the test kills processes
        self.marked = 0			# of the log, when a test began
        self.write()
        live.append(self)
        if start:
            try:
                self.start()
            except BaseException:
                self.abandon()
                raise

    # Configuration

    def config(self):
        out = [
            "listen on 127.0.0.1 port %d" % self.port,
            "metrics on 127.0.0.1 port %d" % self.metrics_port,
            "control socket %s" % quote(self.socket),
            "seal key file %s" % quote(self.keys + "/seal.key"),
            "frontends %d" % self.frontends,
        ]
        if not any(li.startswith("limit requests") for li in self.lines):
            out.append("limit requests 1000000 per 30")
        out += self.lines + self.allowed()
        auth = self.auth or ["hs256 secret file %s" % quote(
            self.keys + "/jwt.secret")]
        out += ["api pocketenv {"] + ["\tauth jwt " + a for a in auth]
        out += ["\t" + a for a in self.api] + ["}"]
        if self.native_api is not None:
            out += ["api terminal {"] + ["\tauth jwt " + a for a in auth]
            out += ["\t" + a for a in self.native_api] + ["}"]
        for name, sb in self.sandboxes.items():
            out += ["sandbox %s {" % quote(name)]
            out += ["\towner " + quote(o) for o in sb.get("owner", [ALICE])]
            out += self.remote(sb) if "ssh" in sb else self.local(name, sb)
            out += ["\tsecret %s sealed %s" % (k, quote(self.sealed(v)))
                    for k, v in sb.get("secret", {}).items()]
            out += ["}"]
        return "\n".join(out) + "\n"

    def local(self, name, sb):
        out = ["\tpty " + " ".join(map(quote, self.command(name)))]
        if ROOT and self.user is None:
            out += ["\tuser " + quote(sb.get("user", USER))]
        env = {"PS1": "$ ", **sb.get("env", {})}
        return out + ["\tenv %s %s" % (k, quote(v)) for k, v in env.items()]

    def remote(self, sb):
        """A terminal behind SSH.  What is bytes gets sealed; text is what
        the file says, sealed or not.  host_keys are fingerprints, or pairs
        of a type and one; files are (path, mode, content)."""
        out = ["\tssh %s port %d user %s" % (
            quote(sb["ssh"][0]), sb["ssh"][1], quote(sb["ssh_user"]))]
        for pin in sb.get("host_keys", []):
            out += ["\thost key " + " ".join(map(
                quote, [pin] if isinstance(pin, str) else pin))]
        if "key_file" in sb:
            out += ["\tkey file " + quote(sb["key_file"])]
        out += ["\t%s sealed %s" % (k, quote(self.sealed(sb[k])))
                for k in ("key", "passphrase", "password") if k in sb]
        out += ["\tenv %s %s" % (k, quote(v))
                for k, v in sb.get("env", {}).items()]
        return out + ["\tfile %s mode %s sealed %s" % (
            quote(path), mode, quote(self.sealed(content)))
            for path, mode, content in sb.get("files", [])]

    def allowed(self):
        """Loopback is denied but for the ports that sandboxes name."""
        ends = {sb["ssh"] for sb in self.sandboxes.values()
                if "ssh" in sb and sb.get("egress", True)}
        return ["egress allow 127.0.0.1/32 port %d" % port
                for host, port in sorted(ends) if host == "127.0.0.1"]

    def command(self, sandbox):
        """Its argv; "script" is Python, which has newlines."""
        sb = self.sandboxes[sandbox]
        if "script" not in sb:
            return sb["pty"]
        path = os.path.join(self.dir, sandbox + ".py")
        with open(path, "w") as f:
            f.write(sb["script"])
        os.chmod(path, 0o644)
        return ["/usr/bin/python3", path, *sb.get("args", [])]

    def write(self, text=None):
        # A new file, never one half written.
        with open(self.path + ".new", "w") as f:
            f.write(self.config() if text is None else text)
        os.chmod(self.path + ".new", 0o644)
        os.rename(self.path + ".new", self.path)

    def sealed(self, value):
        """Of bytes the sealed text, made once; text as it is."""
        if isinstance(value, str):
            return value
        if value not in self.boxes:
            self.boxes[value] = self.seal(value)
        return self.boxes[value]

    def seal(self, text):
        run = subprocess.run([BUILD + "/gatewayctl", "seal",
                              self.keys + "/seal.pub"], input=text,
                             capture_output=True, check=True)
        return run.stdout.decode().strip()

    # Life

    def start(self):
        self.killed = False
        how = {}
        if self.user is not None:
            pw = pwd.getpwnam(self.user)
            for name in (self.dir, self.keys, self.path,
                         *os.scandir(self.keys)):
                os.chown(name, pw.pw_uid, pw.pw_gid)
            how = {"user": pw.pw_uid, "group": pw.pw_gid, "extra_groups": []}
        with open(self.logfile, "ab") as log:
            self.proc = subprocess.Popen(
                [BUILD + "/gatewayd", "-d", "-f", self.path],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd="/", env={**os.environ, **self.env}, **how)
        wait_for(self.ready)

    def ready(self):
        assert self.proc.poll() is None, self.log()
        try:
            with Http(self.port, 5) as h:
                return h.ask("GET", "/readyz").status == 200
        except OSError:
            return False

    def reload(self):
        self.ctl("reload")

    def tree(self):
        return tree(self.proc.pid)

    def kill(self, signo):
        self.killed = signo == signal.SIGKILL
        os.kill(self.proc.pid, signo)

    def wait(self, seconds=WAIT):
        return self.proc.wait(seconds)

    def abandon(self):
        """End it by force, without a look at what it was doing."""
        if self in live:
            live.remove(self)
        if self.proc is not None and self.proc.poll() is None:
            below = self.tree()
            self.proc.kill()
            self.proc.wait()
            with contextlib.suppress(AssertionError):
                wait_for(lambda: not any(alive(*p) for p in below))
        for s in self.places:
            s.close()
        shutil.rmtree(self.dir, ignore_errors=True)

    def stop(self, signo=signal.SIGTERM):
        """End it and look for what it left behind."""
        if self not in live:
            return
        try:
            if self.proc is not None:
                below = []
                if self.proc.poll() is None:
                    below = self.tree()
                    self.kill(signo)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self.proc.wait(WAIT)
                self.check_gone(below)
                self.check_log()
        finally:
            self.abandon()

    def check_gone(self, below):
        if not self.killed:
            assert self.proc.poll() == 0, (self.proc.poll(),
                                           self.log()[-3000:])
        left = []

        def gone():
            left[:] = [p for p in below if alive(*p)]
            return not left
        try:
            wait_for(gone)
        except AssertionError:
            names = [(p, command(p)) for p, _ in left]
            for p, _ in left:
                with contextlib.suppress(OSError):
                    os.kill(p, signal.SIGKILL)
            raise AssertionError("left behind: %r" % names) from None
        assert self.killed or not os.path.exists(self.socket)
        for port in (self.port, self.metrics_port):
            with socket.socket() as s:
                assert s.connect_ex(("127.0.0.1", port)) != 0

    def check_log(self):
        # A shell that does not go is killed with its keeper, which is right.
        found = re.search(r"(?m)^.*(ERROR: \w+Sanitizer|runtime error:|"
                          r"(?<!pty \d)(?<!pty \d\d)(?<!pty \d\d\d): ended "
                          r"by signal|ended with code).*$", self.log())
        if found and not self.faults:
            raise AssertionError(found.group(0) + "\n" + self.log()[-20000:])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    # What operators do

    def run_ctl(self, *args):
        return subprocess.run([BUILD + "/gatewayctl", *args],
                              capture_output=True, timeout=WAIT, text=True)

    def ctl(self, *args):
        """gatewayctl: its output's lines as words, without the head."""
        run = self.run_ctl("-s", self.socket, *args)
        assert run.returncode == 0 and run.stderr == "", run
        return [line.split() for line in run.stdout.splitlines()[1:]]

    def sessions(self):
        return {row[0]: row for row in self.ctl("show", "sessions")
                if row[1] in ("starting", "running", "ending")}

    def ended(self):
        """How each session of the last minute ended, by its id."""
        return {row[0]: row[1] for row in self.ctl("show", "sessions")
                if row[1] in ("exited", "transport_lost", "not_opened")}

    def worker(self, sandbox):
        """The pid of its worker; None if there is none."""
        for row in self.ctl("show", "sandboxes"):
            if row[0] == sandbox:
                return int(row[2])
        return None

    def process(self, role):
        return [int(row[2]) for row in self.ctl("show", "processes")
                if row[0] == role]

    def metrics(self):
        with Http(self.metrics_port) as h:
            answer = h.ask("GET", "/metrics")
        assert answer.status == 200
        return answer.body.decode()

    # What clients do

    def token(self, did=ALICE, exp=3600, **claims):
        """A claim that is None is left out; exp counts from now."""
        now = int(time.time())
        claims = {"did": did, "iat": now, **claims}
        if exp is not None:
            claims["exp"] = now + exp
        return jwt({k: v for k, v in claims.items() if v is not None},
                   self.sign)

    def sign(self, data):
        return hmac.new(self.secret, data, hashlib.sha256).digest()

    def ask(self, method, path, body=None, token=MINE, headers=()):
        """One request; without a token it is one of alice's, None is none."""
        headers = {**bearer(self.token() if token is MINE else token),
                   **dict(headers)}
        if isinstance(body, dict):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        with Http(self.port) as h:
            return h.ask(method, path, body, headers)

    def connect(self, sandbox="demo", body=None, token=MINE, headers=()):
        return self.ask("POST", "/ssh/connect", body, token,
                        {"X-Sandbox-Id": sandbox, **dict(headers)})

    def open(self, sandbox="demo", cols=None, rows=None, **kw):
        """A session's id."""
        size = {k: v for k, v in (("cols", cols), ("rows", rows))
                if v is not None}
        answer = self.connect(sandbox, size or None, **kw)
        assert answer.status == 200, (answer, answer.body)
        return answer.json["sessionId"]

    def ws_path(self, sid, token=MINE):
        token = self.token() if token is MINE else token
        return "/ssh/%s/ws%s" % (sid, "" if token is None else
                                 "?token=" + token)

    def ws(self, sid, token=MINE, **kw):
        ws = Ws(self.port, self.ws_path(sid, token), **kw)
        assert ws.status == 101, ws.response
        return ws

    def jsws(self, sid, token=MINE):
        ws = JsWs(self.port, self.ws_path(sid, token))
        ws.opened()
        return ws

    def sse(self, sid, token=MINE, options=()):
        return Sse(self.port, "/ssh/stream/" + sid,
                   bearer(self.token() if token is MINE else token), options)

    def input(self, sid, data, token=MINE):
        return self.ask("POST", "/ssh/input/" + sid, {"data": data}, token)

    def resize(self, sid, body, token=MINE):
        return self.ask("POST", "/ssh/resize/" + sid, body, token)

    def delete(self, sid, token=MINE, headers=()):
        return self.ask("DELETE", "/ssh/disconnect/" + sid, token=token,
                        headers=headers)

    # The native API

    def native(self, method, path, body=None, token=MINE, headers=()):
        """Of "/sessions/SID" and the like, below /v1."""
        return self.ask(method, "/v1" + path, body, token, headers)

    def native_open(self, sandbox="demo", token=MINE, **body):
        """A session's id."""
        answer = self.native("POST", "/sandboxes/%s/sessions" % sandbox,
                             body or None, token)
        assert answer.status in (200, 201), (answer, answer.body)
        return answer.json["id"]

    def native_status(self, sid, token=MINE):
        answer = self.native("GET", "/sessions/" + sid, token=token)
        assert answer.status == 200, (answer, answer.body)
        return answer.json

    def native_list(self, sandbox="demo", token=MINE):
        answer = self.native("GET", "/sandboxes/%s/sessions" % sandbox,
                             token=token)
        assert answer.status == 200, (answer, answer.body)
        return answer.json

    def native_input(self, sid, data, token=MINE):
        return self.native("POST", "/sessions/%s/input" % sid, data, token)

    def native_screen(self, sid, token=MINE):
        answer = self.native("GET", "/sessions/%s/screen" % sid, token=token)
        assert answer.status == 200, (answer, answer.body)
        return answer.json

    def native_end(self, sid, token=MINE):
        return self.native("DELETE", "/sessions/" + sid, token=token)

    def ticket(self, token=MINE, **body):
        answer = self.native("POST", "/tickets", body, token)
        assert answer.status == 201, (answer, answer.body)
        return answer.json["ticket"]

    # /tty and /pty

    def tty_ws(self, sandbox="demo", query="", token=MINE, kind="tty", **kw):
        token = self.token() if token is MINE else token
        query = "&".join(q for q in (
            query, "" if token is None else "token=" + token) if q)
        ws = TtyWs(self.port, "/%s/%s/ws%s" % (
            kind, sandbox, "?" + query if query else ""), **kw)
        assert ws.status == 101, ws.response
        return ws

    def tty(self, verb, sandbox="demo", body=b"", token=MINE, kind="tty"):
        return self.ask("POST", "/%s/%s/%s" % (kind, sandbox, verb), body,
                        token)

    def tty_sse(self, sandbox="demo", token=MINE, kind="tty", options=()):
        return Sse(self.port, "/%s/%s/stream" % (kind, sandbox),
                   bearer(self.token() if token is MINE else token), options)

    def clear(self):
        """End all sessions."""
        for sid in self.sessions():
            # It may have ended just now.
            self.run_ctl("-s", self.socket, "kill", "session", sid)
        wait_for(lambda: not self.sessions())

    def shell(self, sandbox="demo", **kw):
        """A new session and a WebSocket on it, at the first output."""
        sid = self.open(sandbox, **kw)
        ws = self.ws(sid)
        box = self.sandboxes[sandbox]
        raw = box.get("raw", "pty" in box and box["pty"][-1].startswith(RAW))
        ws.until(b"READY" if raw else b"$ ")
        return sid, ws


def command(pid):
    try:
        with open("/proc/%d/cmdline" % pid, "rb") as f:
            return f.read().replace(b"\0", b" ").decode().strip()
    except OSError:
        return "?"
