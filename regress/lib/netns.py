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


"""A network of one's own, in which the kernel may be told things."""

import ctypes
import fcntl
import os
import socket
import struct
import threading

CLONE_NEWNET = 0x40000000
SIOCSIFFLAGS, IFF_UP = 0x8914, 1


def enter(settings):
    """Of this thread, and of what it starts; loopback is up."""
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    with socket.socket() as s:
        fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", IFF_UP))
    for name, value in settings.items():
        with open("/proc/sys/net/" + name, "w") as f:
            f.write(value)


def inside(what, settings):
    """Run it in there; why it cannot be had, or None."""
    trouble, missing = [], []

    def run():
        try:
            enter(settings)
        except OSError as e:
            missing.append("no network of our own: %s" % e)
            return
        try:
            what()
        except BaseException as e:	# noqa: BLE001
            trouble.append(e)
    if os.geteuid() != 0:
        return "needs root for a network of its own"
    t = threading.Thread(target=run)
    t.start()
    t.join()
    if trouble:
        raise trouble[0]
    return missing[0] if missing else None
