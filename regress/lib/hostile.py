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


"""What processes in the hands of somebody else would say, and how."""

import contextlib
import re
import select
import time

import gwproto
from daemon import MALLORY
from gwproto import HEADER, MESSAGES, packet
from streams import SANDBOXES

OPEN, ATTACH, INPUT, RESIZE, CLOSE = 1, 2, 4, 8, 16
FAIL_GRANT, FAIL_BUSY = 1, 4
DENY_TOKEN, DENY_EXPIRED, DENY_NOT_FOUND = 1, 2, 3
NOBODYS = "00000000-0000-4000-8000-000000000000"

# For those who use one up.
SPARE = ["spare%d" % n for n in range(40)]
BOXES = {**SANDBOXES, "foreign": {"pty": ["/bin/sh"], "owner": [MALLORY]},
         **{name: {"pty": ["/bin/sh"]} for name in SPARE}}

# What each of them may say when it works; all else is illegal.
LEGAL = {
    "frontend": {"LOG", "FRONT_STATS", "UNLINK", "DENIAL"},
    "worker": {"LOG", "PTY_REQ", "PTY_SIGNAL", "PTY_HANGUP", "SESSION_UP",
               "SESSION_EXIT", "SESSION_END", "VIEWER_UP", "VIEWER_DOWN",
               "MAY_EXIT"},
    "pty": {"LOG", "PTY_RUNNING", "PTY_FAIL", "PTY_EXIT"},
}
# What brings a descriptor, from somebody to somebody.  BLOB may.
BRING = {"SEALKEY", "CHANNEL", "LISTENER", "COUNTERS", "CONF_KEY", "PTY_OK",
         "ATTACH", "PTY_START"}
ZERO = {"u8": 1, "u16": 1, "u32": 1, "u64": 1, "str": "x", "bytes": b"x",
        "uuid": NOBODYS}


def sample(name, /, **fields):
    """Any message of that name, well formed as far as that matters."""
    values = {f: ZERO[k] if k in ZERO else bytes(int(k[1:]))
              for f, k in gwproto.FIELDS[name]}
    return packet(name, **{**values, **fields})


def garbage():
    """Packets that are no messages: (what, data, number of fds)."""
    log = sample("LOG", priority=6)
    return [
        ("short", log[:7], 0),
        ("header only", log[:12], 0),
        ("cut", log[:-1], 0),
        ("longer than it says", log + b"x", 0),
        ("too long", log + bytes(20000), 0),
        ("unknown type", HEADER.pack(9999, 0, 12, 0), 0),
        ("type 0", HEADER.pack(0, 0, 12, 0), 0),
        ("unknown flags", HEADER.pack(3, 2, len(log), 0) + log[12:], 0),
        ("descriptor missing", HEADER.pack(3, 1, len(log), 0) + log[12:],
         0),
        ("descriptor unannounced", log, 1),
        ("two descriptors", HEADER.pack(2, 1, 12, 0), 2),
        ("surplus descriptor", HEADER.pack(3, 1, len(log), 0) + log[12:],
         1),
        ("priority out of range", sample("LOG", priority=9), 0),
        ("NUL in a text", sample("LOG", priority=6, text="a\0b"), 0),
    ]


def say(chan, data, fds=0):
    with open("/dev/null") as f, contextlib.suppress(BrokenPipeError):
        chan.raw(data, [f.fileno()] * fds)


def illegal(role):
    """Every packet that role may not send when it works."""
    for name in MESSAGES:
        if name not in LEGAL[role]:
            yield name, sample(name), 0
            if name not in BRING:
                continue
            yield name + " with a descriptor", HEADER.pack(
                MESSAGES[name][0], 1, len(sample(name)), 0) + \
                sample(name)[12:], 1
    yield from garbage()


def drain(chan, seconds=0.0):
    """Take what is there; whether it is still open."""
    while select.select([chan.sock], [], [], seconds)[0]:
        try:
            if not chan.sock.recv(65536):
                return False
        except ConnectionResetError:
            return False
    return True


def gone(chan, seconds=30):
    end = time.monotonic() + seconds
    while drain(chan, 0.1):
        assert time.monotonic() < end, "still open"
    return True


def flood(chan, data, n, fds=()):
    """Send as fast as the other end takes it; how many it took."""
    chan.sock.setblocking(False)
    sent = 0
    end = time.monotonic() + 20
    while sent < n and time.monotonic() < end:
        try:
            chan.raw(data, fds)
            sent += 1
        except BlockingIOError:
            if not select.select([], [chan.sock], [], 2)[1]:
                break
        except (BrokenPipeError, ConnectionResetError):
            break
    return sent


def lines(d, mark, pattern):
    return len(re.findall(pattern, d.log()[mark:]))


def unharmed(d):
    """Everybody else works as before; d.streams are clients since then."""
    d.streams.advance(5)
    sid, ws = d.shell("demo")
    ws.type("echo al''ive\n")
    ws.until(b"alive")
    assert d.delete(sid).status == 200
    ws.drop()


def victim(d):
    return d.streams.all[0].sid
