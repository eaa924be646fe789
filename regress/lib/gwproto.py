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
The messages between the processes of gatewayd, for tests that play one of
them: a second implementation of PROTOCOL, so that both have to agree.

	chan = Channel(sock)
	chan.send("SETUP", role=3, number=1, ...)
	m = chan.recv()		# m.name, m.id, m.fd, m.blob, m["reason"]

A descriptor or a blob given to send() stays the caller's.
"""

import array
import atexit
import fcntl
import os
import select
import socket
import struct
import subprocess
import tempfile
import time

HEADER = struct.Struct(">HHII")
PAYLOAD_MAX = 16384
FLAG_FD = 1
VERSION = 1

ROLES = ["parent", "frontend", "catalog", "dialer", "control", "worker",
         "pty", "ctl"]
ROLE = {name: n + 1 for n, name in enumerate(ROLES)}

# A field is name:kind; the kinds are u8 u16 u32 u64, str (16 bit length),
# bytes (the same), uuid (36 characters) and fN (N bytes).
_CALL = "reason:u8"
_SESSION = "session:uuid"
_KEY = "api:u8 alg:u8 kid:str issuer:str"
_REASON = "reason:str"
_TARGET = "upstream:u8 user:str host:str port:u16"
MESSAGES = {
    "HELLO": (1, "version:u32 role:u8"),
    "BLOB": (2, ""),
    "LOG": (3, "priority:u8 text:str"),
    "SETUP": (4, "role:u8 number:u32 privileged:u8 uid:u32 gid:u32 root:str"
              " verbose:u8 nofile:u32 data:u64"),
    "START": (5, ""),
    "READY": (6, ""),
    "STOP": (7, ""),
    "VERBOSE": (8, "verbose:u8"),
    "LISTENER": (9, "what:u8"),
    "COUNTERS": (10, "size:u32"),
    "CHANNEL": (11, "role:u8 number:u32"),
    "STATE": (12, "ready:u8 draining:u8"),
    "FRONT_STATS": (13, "accepted:u64 requests:u64 refused:u64"
                    " attached:u64 tickets:u64 open:u64"),
    "UNLINK": (14, "role:u8 number:u32"),
    "CONF_BEGIN": (32, ""),
    "CONF_FRONTEND": (33, "requests:u32 window:u32 timeout_request:u32"
                      " page:u8"),
    "CONF_API": (34, "api:u8 grace:u64 max_age:u64 unclaimed:u8"),
    "CONF_KEY": (35, _KEY),
    "CONF_ALG": (36, _KEY),
    "CONF_ORIGIN": (37, "api:u8 origin:str"),
    "CONF_PROXY": (38, "family:u8 addr:f16 prefix:u8"),
    "CONF_SANDBOX": (39, f"sandbox:str {_TARGET} version:u64"),
    "CONF_OWNER": (40, "owner:str"),
    "CONF_END": (41, ""),
    "CONF_OK": (42, ""),
    "CONF_FAIL": (43, _REASON),
    "CONF_SWITCH": (44, ""),
    "CONF_DROP": (45, ""),
    "CONF_CATALOG": (46, "hostcheck:u8"),
    "CONF_KNOWN": (47, ""),
    "CONF_LEARNED": (48, ""),
    "CONF_DIALER": (49, "timeout_resolve:u32 timeout_connect:u32"),
    "CONF_EGRESS": (50, "allow:u8 family:u8 addr:f16 prefix:u8 port:u16"),
    "CONF_RESOLVER": (51, "family:u8 addr:f16 port:u16"),
    "CONF_RESOLV": (52, ""),
    "CONF_HOSTS": (53, ""),
    "AUTHORIZE": (64, "api:u8 dialect:u8=1 action:u16 join:u8=0 whole:u8=0"
                  " mode:u8=1 stream:u8=0 cred:u8=1 token:str object:str"
                  " name:str= address:str"),
    "DENIED": (65, "reason:u8"),
    "GRANT_OPEN": (66, "frontend:u32 api:u8 dialect:u8=1 action:u16=1 join:u8=0"
                   " principal:str sandbox:str name:str="
                   f" {_TARGET} version:u64 hash:f32 address:str"),
    "GRANT_SESSION": (67, "frontend:u32 api:u8 action:u16 mode:u8=1"
                      " principal:str session:uuid sandbox:str= hash:f32"
                      " ticket:u32=0 secret:f16 address:str"),
    "GRANT": (68, "grant:f16 channel:u32 actions:u16 mode:u8 viewer:u32"
              " ticket:u32=0 ttl:u32 api:u8=1 dialect:u8=1 session:uuid"
              " name:str= hash:f32 principal:str"),
    "GRANTED": (69, "grant:f16 worker:u32 open_time:u32 fresh:u8=0 more:u8=0"
                " session:uuid"),
    "RECHECK": (70, "api:u8 principal:str sandbox:str"),
    "RECHECK_OK": (71, ""),
    "RECHECK_FAIL": (72, ""),
    "RECHECK_LATER": (73, ""),
    "DENIAL": (74, "reason:u8 action:u16 principal:str object:str"
               " address:str"),
    "GRANT_LIST": (75, "frontend:u32 api:u8 principal:str sandbox:str"
                   " hash:f32 address:str"),
    "TICKET": (76, "secret:f16"),
    "TICKET_UP": (77, "ticket:u32 session:uuid"),
    "TICKET_DOWN": (78, "ticket:u32 session:uuid"),
    "OPEN": (96, "grant:f16 cols:u16 rows:u16"),
    "OPENED": (97, "session:uuid offset:u64=0"),
    "OPEN_FAILED": (98, _CALL),
    "ATTACH": (99, "grant:f16 dialect:u8 transport:u8 from:u8=0 offset:u64=0"
               " address:str head:bytes"),
    "ATTACH_OK": (100, ""),
    "ATTACH_FAIL": (101, _CALL),
    "INPUT": (102, "grant:f16 hash:f32 data:bytes"),
    "INPUT_OK": (103, ""),
    "INPUT_BLOCKED": (104, ""),
    "RESIZE": (105, "grant:f16 hash:f32 cols:u16 rows:u16"),
    "RESIZE_OK": (106, ""),
    "CLOSE": (107, "grant:f16 hash:f32"),
    "CLOSE_OK": (108, ""),
    "CALL_FAIL": (109, _CALL),
    "SIGNAL": (110, "grant:f16 hash:f32 signo:u8"),
    "SIGNAL_OK": (111, ""),
    "STATUS": (112, "grant:f16 hash:f32 what:u8"),
    "REPORT": (113, ""),
    "SEALKEY": (128, ""),
    "RECORD": (129, f"sandbox:str {_TARGET} version:u64 unlocked:u8"),
    "LIMITS": (130, "viewers:u32 replay:u32 timeout_dial:u32"
               " timeout_handshake:u32 timeout_channel:u32"
               " timeout_ping:u32 timeout_stalled:u32"
               " timeout_idle_ssh:u32=86400 timeout_idle_tty:u32=86400"
               " timeout_idle_terminal:u32=86400"
               " timeout_detached_ssh:u32 timeout_detached_tty:u32=1800"
               " timeout_detached_terminal:u32=3600"),
    "PTY_REQ": (131, "session:uuid cols:u16 rows:u16"),
    "PTY_OK": (132, _SESSION),
    "PTY_FAIL": (133, "session:uuid stage:u8 error:u32"),
    "PTY_EXIT": (134, "session:uuid how:u8 code:u8"),
    "PTY_SIGNAL": (135, "session:uuid signo:u8"),
    "SESSION_UP": (136, _SESSION),
    "SESSION_END": (137, "session:uuid reason:u8 how:u8 code:u8"),
    "KILL": (138, "session:uuid reason:u8 how:u8 code:u8"),
    "VIEWER_UP": (139, "session:uuid viewer:u32 dialect:u8 transport:u8"
                  " mode:u8 ticket:u32=0 address:str"),
    "VIEWER_DOWN": (140, "session:uuid viewer:u32 reason:u8"),
    "DETACH": (141, "viewer:u32 reason:u8"),
    "MAY_EXIT": (142, ""),
    "EXIT_OK": (143, ""),
    "PTY_HANGUP": (144, _SESSION),
    "KEYFILE": (145, ""),
    "DIAL": (146, "host:str port:u16"),
    "DIAL_OK": (147, ""),
    "DIAL_FAIL": (148, "reason:u8 error:u32"),
    "HOSTKEY": (149, "type:u8 hash:f32"),
    "LEARN": (150, "sandbox:str host:str port:u16 type:u8 hash:f32"),
    "LEARN_OK": (151, ""),
    "LEARN_FAIL": (152, "reason:u8"),
    "SESSION_EXIT": (153, "session:uuid reason:u8 how:u8 code:u8"),
    "PTY_START": (160, "session:uuid user:str privileged:u8"),
    "PTY_RUNNING": (161, "pid:u32"),
    "CTL_SHOW": (192, "what:u8 after:u64"),
    "CTL_SANDBOX": (193, "sandbox:str version:u64 pid:u32 uid:u32"
                    " sessions:u32 age:u32"),
    "CTL_SESSION": (194, "session:uuid sandbox:str principal:str name:str="
                    " state:u8 viewers:u32 age:u32"),
    "CTL_VIEWER": (195, "viewer:u32 session:uuid principal:str address:str"
                   " dialect:u8 transport:u8 mode:u8 age:u32"),
    "CTL_PROCESS": (196, "role:u8 number:u32 pid:u32 uid:u32 age:u32"
                    " restarts:u32 ready:u8"),
    "CTL_END": (197, "next:u64"),
    "CTL_KILL": (198, _SESSION),
    "CTL_DETACH": (199, "viewer:u32 reason:u8"),
    "CTL_RELOAD": (200, ""),
    "CTL_DRAIN": (201, ""),
    "CTL_VERBOSE": (202, "verbose:u8"),
    "CTL_METRICS": (203, ""),
    "CTL_METRIC": (204, "kind:u8 name:str label:str value:u64"),
    "CTL_OK": (205, ""),
    "CTL_FAIL": (206, _REASON),
}
FIELDS = {name: [f.partition("=")[0].split(":") for f in spec.split()]
          for name, (_, spec) in MESSAGES.items()}
# What most have in a field that few look at: "=" and a value behind it.
DEFAULTS = {name: {f.split(":")[0]: "" if f.endswith(":str=") else
                   int(f.partition("=")[2])
                   for f in spec.split() if "=" in f}
            for name, (_, spec) in MESSAGES.items()}
NAMES = {number: name for name, (number, _) in MESSAGES.items()}
_INT = {"u8": ">B", "u16": ">H", "u32": ">I", "u64": ">Q"}


def _bytes(value):
    return value.encode() if isinstance(value, str) else bytes(value)


def encode(name, /, **fields):
    """The payload of a message; a field that is missing or extra raises."""
    out = []
    fields = {**DEFAULTS[name], **fields}
    for field, kind in FIELDS[name]:
        value = fields.pop(field)
        if kind in _INT:
            out.append(struct.pack(_INT[kind], value))
            continue
        value = _bytes(value)
        if kind in ("str", "bytes"):
            out.append(struct.pack(">H", len(value)))
        else:
            assert len(value) == (36 if kind == "uuid" else int(kind[1:]))
        out.append(value)
    assert not fields, f"no such field in {name}: {fields}"
    return b"".join(out)


def decode(name, payload):
    """The fields of a message as a dict."""
    fields, pos = {}, 0
    for field, kind in FIELDS[name]:
        if kind in _INT:
            n = struct.calcsize(_INT[kind])
            value, = struct.unpack_from(_INT[kind], payload, pos)
        else:
            if kind in ("str", "bytes"):
                n, = struct.unpack_from(">H", payload, pos)
                pos += 2
            else:
                n = 36 if kind == "uuid" else int(kind[1:])
            value = payload[pos:pos + n]
            assert len(value) == n, f"{name} is cut"
            if kind in ("str", "uuid"):
                value = value.decode()
        fields[field] = value
        pos += n
    assert pos == len(payload), f"{name} is too long"
    return fields


def packet(name, /, id=0, flags=0, **fields):
    """A whole packet: header and payload."""
    payload = encode(name, **fields)
    return HEADER.pack(MESSAGES[name][0], flags, HEADER.size + len(payload),
                       id) + payload


SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE


def blob(data, seals=SEALS):
    """A sealed memfd with that content; the caller closes it."""
    fd = os.memfd_create("blob", os.MFD_ALLOW_SEALING | os.MFD_CLOEXEC)
    os.write(fd, data) if data else None
    os.lseek(fd, 0, os.SEEK_SET)
    if seals:
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS, seals)
    return fd


(ARG, ENV, SECRET, PUBLIC_KEY, CWD, FILE, SSH_USER, SSH_KEY, SSH_KEYFILE,
 SSH_PASSPHRASE, SSH_PASSWORD, HOST_KEY, HOST_REVOKED,
 HOST_CHECK) = range(1, 15)


def record(*items):
    """The body of a record from (tag, value) or (tag, name, value)."""
    out = []
    for item in items:
        tag, name, value = item if len(item) == 3 else (item[0], "", item[1])
        name, value = _bytes(name), _bytes(value)
        out.append(struct.pack(">BHI", tag, len(name), len(value)) + name +
                   value)
    return b"".join(out)


class Closed(Exception):
    """The other end is gone."""


class Message(dict):
    """A message that came: its fields, and name, id, fd, blob."""

    def __init__(self, name, id, fields, fd, blob):
        super().__init__(fields)
        self.name, self.id, self.fd, self.blob = name, id, fd, blob

    def __repr__(self):
        return f"{self.name}#{self.id}{dict(self)!r}"


class Channel:
    """One end of a channel.  LOG messages are kept in self.logs."""

    def __init__(self, sock):
        self.sock = sock
        self.logs = []
        self._blob = None

    def fileno(self):
        return self.sock.fileno()

    def close(self):
        self.sock.close()
        if self._blob is not None:
            os.close(self._blob[0])
            self._blob = None

    def raw(self, data, fds=()):
        """Send one packet as it stands, with any number of descriptors."""
        anc = []
        if fds:
            anc = [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                    array.array("i", fds))]
        self.sock.sendmsg([data], anc)

    def send(self, name, /, id=0, fd=None, blob=None, **fields):
        if blob is not None:
            self.raw(packet("BLOB", id, FLAG_FD), [blob])
        flags = 0 if fd is None else FLAG_FD
        self.raw(packet(name, id, flags, **fields),
                 [] if fd is None else [fd])

    def _recvmsg(self):
        return self.sock.recvmsg(
            HEADER.size + PAYLOAD_MAX,
            socket.CMSG_SPACE(2 * array.array("i").itemsize),
            socket.MSG_CMSG_CLOEXEC)

    def _packet(self, deadline):
        # What is there is taken, however late we are.
        left = max(deadline - time.monotonic(), 0)
        if not select.select([self.sock], [], [], left)[0]:
            raise TimeoutError("no message")
        try:
            data, anc, flags, _ = self._recvmsg()
        except ConnectionResetError:
            # It left something of ours unread.  That is said once, and
            # before its own last words.
            data, anc, flags, _ = self._recvmsg()
        assert not flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC)
        fds = array.array("i")
        for level, kind, value in anc:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                fds.frombytes(value)
        if not data:
            raise Closed
        number, flags, length, id = HEADER.unpack_from(data)
        assert length == len(data)
        assert len(fds) == (1 if flags & FLAG_FD else 0)
        return (NAMES[number], id, data[HEADER.size:],
                fds[0] if fds else None)

    def recv(self, timeout=30):
        """
        The next message but LOG, with its blob.  TimeoutError; Closed when
        the other end is gone.
        """
        deadline = time.monotonic() + timeout
        while True:
            name, id, payload, fd = self._packet(deadline)
            fields = decode(name, payload)
            if name == "LOG":
                self.logs.append(fields["text"])
                continue
            if name == "BLOB":
                assert self._blob is None and fd is not None
                self._blob = fd, id
                continue
            b = None
            if self._blob is not None:
                b, of = self._blob
                self._blob = None
                assert of == id
            return Message(name, id, fields, fd, b)

    def expect(self, name, /, timeout=30, **fields):
        """The next message, which has that name and these values."""
        m = self.recv(timeout)
        assert m.name == name, (m, self.logs)
        for k, v in fields.items():
            assert m[k] == v, m
        return m

    def expect_closed(self, timeout=30):
        try:
            m = self.recv(timeout)
        except Closed:
            return
        raise AssertionError(f"still open: {m}")

    def quiet(self, seconds):
        """Nothing but LOG comes for so long."""
        try:
            m = self.recv(seconds)
        except TimeoutError:
            return
        raise AssertionError(f"unexpected {m}")


def pair():
    a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    return a, b


# Ids that nobody has, for children that this process starts as root.
UID = 64998
_empty = []


def empty():
    """A directory for a child to be locked in."""
    if not _empty:
        _empty.append(tempfile.mkdtemp(prefix="gw-empty-"))
        os.chmod(_empty[0], 0o755)
        atexit.register(os.rmdir, _empty[0])
    return _empty[0]


class Child:
    """
    A program of ours, with this process as its parent: started with its
    channel on descriptor 3 and led through HELLO and SETUP.  As root it is
    made another user, but for the pty helper, which sees to that itself.
    """

    def __init__(self, argv, role, number=1, setup=True, preexec=None, **kw):
        ours, theirs = pair()
        theirs.setblocking(False)
        fd = theirs.fileno()

        def child():
            if fd == 3:
                os.set_inheritable(3, True)
            else:
                os.dup2(fd, 3)
            os.closerange(4, 256)
            if preexec is not None:
                preexec()

        self.proc = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, close_fds=False,
            stdout=subprocess.DEVNULL, preexec_fn=child)
        theirs.close()
        self.pid = self.proc.pid
        self.chan = Channel(ours)
        if setup:
            self.chan.expect("HELLO", version=VERSION, role=ROLE[role])
            self.chan.send("HELLO", version=VERSION, role=ROLE["parent"])
            values = dict(role=ROLE[role], number=number, privileged=0,
                          uid=os.getuid(), gid=os.getgid(), root="",
                          verbose=1, nofile=256, data=0)
            if os.geteuid() == 0 and role != "pty":
                values.update(privileged=1, uid=UID, gid=UID, root=empty())
            values.update(kw)
            self.chan.send("SETUP", **values)

    def __getattr__(self, name):
        return getattr(self.chan, name)

    def wait(self, timeout=30):
        return self.proc.wait(timeout)

    def stop(self):
        """Hang up; it has to go by itself."""
        self.chan.close()
        try:
            return self.proc.wait(30)
        except subprocess.TimeoutExpired:
            self.proc.kill()
            self.proc.wait()
            raise
