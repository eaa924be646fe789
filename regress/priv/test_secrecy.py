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
Secrets are where they have to be, and nowhere else: every process is
searched, its memory, descriptors, arguments and environment, and the log.

What can break: a copy on a stack, in a freed block of the heap, in a read
buffer.  Nothing works worse for it.
"""

import base64
import os
import pwd
import resource
import secrets
import subprocess

import pytest

import procs
from clients import Http, bearer, wait_for
from daemon import BUILD, ROOT, USER, command

pytestmark = [pytest.mark.plain,
              pytest.mark.skipif(not ROOT, reason="needs root")]


def forms(name, data):
    """A secret as it is, in hex, in base64."""
    return {name: data, name + " in hex": data.hex().encode(),
            name + " in base64": base64.b64encode(data).rstrip(b"="),
            name + " in base64url":
            base64.urlsafe_b64encode(data).rstrip(b"=")}


def found(d, needles):
    """(role, what, mapping) of all that is in some process; what is in a
    shell and its children has the role shell."""
    got = []
    roles = procs.roles(d)
    for role in roles:
        for pid in roles[role]:
            got += [(role, name, m) for name, m in
                    procs.search(pid, needles)]
            for name, needle in needles.items():
                assert needle not in command(pid).encode()
                assert needle not in procs.read(pid, "environ")
                assert needle not in procs.read(pid, "comm")
    known = {pid for pids in roles.values() for pid in pids}
    for pid, _ in d.tree():
        if pid not in known:
            got += [("shell", name, m) for name, m in
                    procs.search(pid, needles)]
    log = d.log().encode()
    for name, needle in needles.items():
        assert needle not in log, name
    return got


def planted():
    """A value that no chance puts anywhere."""
    return "planted-" + secrets.token_hex(16)


@pytest.fixture
def vault(start):
    """A daemon with two sandboxes that have secrets, both in use."""
    from daemon import Daemon

    class Vault(Daemon):
        def write(self, text=None):
            if not getattr(self, "values", None):
                self.values = {n: planted() for n in
                               ("ONE", "TWO", "OTHER")}
                one, two, other = (self.seal(v.encode())
                                   for v in self.values.values())
                self.sandboxes = {
                    "a": {"pty": ["/bin/sh"],
                          "secret": {"ONE": one, "TWO": two}},
                    "b": {"pty": ["/bin/sh"], "secret": {"OTHER": other}}}
                with open(self.keys + "/seal.key") as f:
                    self.key = bytes.fromhex(f.read().strip())
            super().write(text)

    d = start(kind=Vault)
    d.clients = [d.shell("a"), d.shell("b")]
    yield d
    for _, ws in d.clients:
        ws.drop()


def test_search_finds(vault):
    """Otherwise that nothing is found would prove nothing."""
    word = b"sandbox"
    got = {role for role, pids in procs.roles(vault).items()
           for pid in pids if procs.search(pid, {"": word})}
    assert got >= {"parent", "worker", "catalog", "frontend", "control"}
    # In locked pages, too: the secrets themselves.
    assert found(vault, {"": vault.values["TWO"].encode()})


def test_seal_key(vault):
    """Nowhere, from the time on that a worker is ready."""
    assert found(vault, forms("seal key", vault.key)) == []
    # Nor any part of it that would do: its halves.
    assert found(vault, {"first half": vault.key[:16],
                         "second half": vault.key[16:],
                         "first digits": vault.key.hex()[:24].encode(),
                         "last digits": vault.key.hex()[-24:].encode()
                         }) == []


def test_seal_key_files_are_closed(vault):
    for pid, _ in vault.tree() + [(vault.proc.pid, 0)]:
        for what in procs.fds(pid).values():
            assert "seal.key" not in what and "jwt.secret" not in what
            assert not what.startswith(vault.keys)


def guarded(m):
    """Locked memory that cannot be accessed and is in no core file."""
    return m.perms == "---p" and " dd" in m.flags and not m.name


def check_planted(d):
    needles = {k: v.encode() for k, v in d.values.items()}
    got = found(d, needles)
    for role, name, m in got:
        assert role == "shell" or role == "worker" and guarded(m), \
            (role, name, m)
    # Each is in one worker, and in the shells of that sandbox.
    where = {}
    for role, name, _ in got:
        where.setdefault(name, []).append(role)
    for name in d.values:
        assert where[name].count("worker") == 1, where
        assert where[name].count("shell") >= 1, where
    return got


def test_planted_secrets(vault):
    check_planted(vault)


def test_planted_secrets_after_use(vault):
    """More shells, ended shells, a terminal that cannot be had, a client
    that comes and goes; not those that the shell has printed."""
    before = len(vault.tree())
    sids = [vault.open("a") for _ in range(3)]
    for sid in sids:
        assert vault.delete(sid).status == 200
    # Who is on the way out is not there to be searched.
    wait_for(lambda: len(vault.tree()) == before)
    more = [vault.shell("a")[1] for _ in range(2)]
    check_planted(vault)
    for ws in more:
        ws.bye()
    check_planted(vault)


def test_no_blob_is_left_open(vault):
    """The memfd that brought them to the shell is closed by all."""
    for pid, _ in vault.tree():
        for what in procs.fds(pid).values():
            assert "shell (deleted)" not in what
            assert "blob (deleted)" not in what or \
                "catalog" in command(pid)


def test_jwt_secret(vault):
    """It could mint tokens: only in the catalog."""
    got = found(vault, forms("JWT secret", vault.secret))
    assert {role for role, _, _ in got} == {"catalog"}


def test_tokens(vault):
    """Only who has to look at a token may have a rest of it."""
    sid, _ = vault.clients[0]
    tokens = {}
    with Http(vault.port) as h:
        for n in range(4):
            token = vault.token(jti=planted())
            tokens["signature %d" % n] = token.split(".")[2].encode()
            got = h.ask("POST", "/ssh/input/" + sid, '{"data":""}', {
                **bearer(token), "Content-Type": "application/json"})
            assert got.status == 200
    token = vault.token(jti=planted())
    tokens["of a WebSocket"] = token.split(".")[2].encode()
    ws = vault.ws(sid, token)
    roles = {role for role, _, _ in found(vault, tokens)}
    assert roles <= {"frontend", "catalog"}
    ws.drop()


def test_secrets_are_not_in_answers(vault):
    """What goes wrong is told without them."""
    log = vault.log()
    vault.ask("GET", "/ssh/x/ws?token=" + vault.values["ONE"])
    vault.connect("a", token=vault.values["ONE"])
    assert vault.values["ONE"] not in vault.log()[len(log):]


PLAIN = "plain-value" * 8


def test_unopened_secret(start):
    """One that cannot be opened is skipped and named; others work; the
    text itself is not in the log."""
    good = planted()
    from daemon import Daemon

    class Broken(Daemon):
        def write(self, text=None):
            text = self.seal(good.encode())
            self.bad = text[:20] + ("A" if text[20] != "A" else "B") + \
                text[21:]
            self.sandboxes = {"a": {"pty": ["/bin/sh"], "secret": {
                "BROKEN": self.bad, "PLAIN": PLAIN, "GOOD": text}}}
            super().write()

    d = start(kind=Broken)
    _, ws = d.shell("a")
    ws.type("echo \"<$GOOD><$BROKEN><$PLAIN>\"\n")
    ws.until(("<%s><><>" % good).encode())
    log = d.log()
    assert "secret BROKEN skipped" in log
    assert "secret PLAIN skipped" in log
    assert d.bad not in log and PLAIN not in log
    ws.drop()


def test_two_keys(start):
    """A new key in front of an old one: what was sealed for either opens."""
    from daemon import Daemon

    class Two(Daemon):
        def write(self, text=None):
            old = self.keys + "/old"
            if not os.path.exists(old):
                self.run_ctl("keygen", old)
                self.lines.append('seal key file "%s/seal.key"' % old)
            run = subprocess.run([BUILD + "/gatewayctl", "seal",
                                  old + "/seal.pub"], input=b"two",
                                 capture_output=True, check=True)
            self.sandboxes = {"a": {"pty": ["/bin/sh"], "secret": {
                "ONE": b"one", "TWO": run.stdout.decode().strip()}}}
            super().write(text)

    d = start(kind=Two)
    _, ws = d.shell("a")
    ws.type("echo \"<$ONE><$TWO>\"\n")
    ws.until(b"<one><two>")
    assert "skipped" not in d.log()
    ws.drop()


def forbid_locks(d):
    """Processes that it starts from now on can lock no memory.  Its own
    user says so, since even root might not."""
    pw = pwd.getpwnam(USER)
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.setgroups([])
            os.setresgid(pw.pw_gid, pw.pw_gid, pw.pw_gid)
            os.setresuid(pw.pw_uid, pw.pw_uid, pw.pw_uid)
            resource.prlimit(d.proc.pid, resource.RLIMIT_MEMLOCK, (0, 0))
            status = 0
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.parametrize("unlocked", ["no", "yes"])
def test_memory_that_cannot_be_locked(start, unlocked):
    """It might be written to a disk: then there is no session, if the
    operator does not want it all the same."""
    if subprocess.run(["setpriv", "--reuid", USER, "--clear-groups", "test",
                       "-x", BUILD + "/gatewayd"]).returncode != 0:
        pytest.skip("%s cannot run %s/gatewayd" % (USER, BUILD))
    d = start({"a": {"pty": ["/bin/sh"], "secret": {"ONE": b"one"}},
               "b": {"pty": ["/bin/sh"]}},
              ["secrets unlocked " + unlocked], user=USER)
    forbid_locks(d)
    if unlocked == "no":
        assert d.connect("a").status >= 500
        assert "memory cannot be locked" in d.log()
        # Where there is no secret there is nothing to be locked.
        d.shell("b")[1].drop()
        return
    _, ws = d.shell("a")
    ws.type("echo \"<$ONE>\"\n")
    ws.until(b"<one>")
    ws.drop()
