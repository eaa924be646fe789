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


"""What the kernel says about a process, and what its memory holds."""

import contextlib
import os
import re

import daemon

TCP_LISTEN = "0A"


def status(pid):
    with open("/proc/%d/status" % pid) as f:
        return dict(line.rstrip("\n").split(":\t", 1) for line in f
                    if ":\t" in line)


def limits(pid):
    """name: (soft, hard), None where there is no limit."""
    found = {}
    with open("/proc/%d/limits" % pid) as f:
        for line in f.readlines()[1:]:
            name, soft, hard = re.match(
                r"(Max [a-z ]+?)\s{2,}(\S+)\s+(\S+)", line).groups()
            found[name] = tuple(None if v == "unlimited" else int(v)
                                for v in (soft, hard))
    return found


def sockets():
    """inode: what kind of socket that is, of all we can see."""
    found = {}
    with open("/proc/net/unix") as f:
        for line in f.readlines()[1:]:
            words = line.split()
            kind = {1: "stream", 2: "dgram", 5: "seqpacket"}.get(
                int(words[4], 16), "new")
            # Bit 16: it listens.
            listens = int(words[3], 16) & 0x10000
            found[words[6]] = "unix " + kind + (" listening" if listens
                                                else "")
    for name in "tcp", "tcp6", "udp", "udp6":
        with contextlib.suppress(FileNotFoundError), \
                open("/proc/net/" + name) as f:
            for line in f.readlines()[1:]:
                words = line.split()
                found[words[9]] = name[:3] + (
                    " listening" if name.startswith("tcp") and
                    words[3] == TCP_LISTEN else "")
    with contextlib.suppress(FileNotFoundError), \
            open("/proc/net/netlink") as f:
        for line in f.readlines()[1:]:
            found[line.split()[9]] = "netlink"
    return found


def fds(pid):
    """number: what it is; sockets by their kind."""
    found, kinds = {}, sockets()
    for n in os.listdir("/proc/%d/fd" % pid):
        with contextlib.suppress(FileNotFoundError):
            what = os.readlink("/proc/%d/fd/%s" % (pid, n))
            if what.startswith("socket:["):
                what = kinds.get(what[8:-1], "socket")
            elif what.startswith("pipe:["):
                what = "pipe"
            found[int(n)] = what
    return found


def roles(d):
    """role: pids, of a daemon and all its processes."""
    found = {"parent": [d.proc.pid], "frontend": [], "catalog": [],
             "dialer": [], "control": [], "worker": [], "pty": []}
    for pid, _ in daemon.tree(d.proc.pid):
        title = daemon.command(pid)
        # One that has just begun may have no title, or half of one.
        if title.startswith("gatewayd: ") and title[10:] in found:
            found[title[10:]].append(pid)
        elif title.startswith("sessiond"):
            found["worker"].append(pid)
    return found


def cpu(pid):
    """Seconds of processor time so far."""
    with open("/proc/%d/stat" % pid, "rb") as f:
        words = f.read().rsplit(b")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def read(pid, name):
    with open("/proc/%d/%s" % (pid, name), "rb") as f:
        return f.read()


class Mapping:
    def __init__(self, line):
        words = line.split(None, 5)
        self.low, self.high = (int(x, 16) for x in words[0].split("-"))
        self.perms = words[1]
        self.name = words[5].strip() if len(words) > 5 else ""
        self.flags = ""

    def __repr__(self):
        return "<%x-%x %s %s%s>" % (self.low, self.high, self.perms,
                                    self.name, self.flags)


def mappings(pid):
    """All of them, with the flags of the kernel."""
    found = []
    with open("/proc/%d/smaps" % pid) as f:
        for line in f:
            if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
                found.append(Mapping(line))
            elif line.startswith("VmFlags:"):
                found[-1].flags = line[8:].rstrip("\n")
    return found


def libraries(pid):
    """The names of what it maps, without versions."""
    found = set()
    for m in mappings(pid):
        base = os.path.basename(m.name)
        if ".so" in base:
            found.add(re.sub(r"(-[.0-9]+)?\.so.*", "", base))
    return found


def search(pid, needles):
    """
    Where these bytes are in the memory of a process, as (name, mapping).
    As root: guarded pages are read too, since access from outside does not
    look at their protection.
    """
    found = []
    with open("/proc/%d/mem" % pid, "rb", 0) as mem:
        for m in mappings(pid):
            if m.name in ("[vvar]", "[vsyscall]", "[vvar_vclock]"):
                continue
            for data in chunks(mem, m):
                found += [(name, m) for name, needle in needles.items()
                          if needle in data]
    return found


def chunks(mem, m, size=16 << 20, overlap=4096):
    """What can be read of a mapping, in pieces that overlap."""
    at = m.low
    while at < m.high:
        start = max(m.low, at - overlap)
        try:
            mem.seek(start)
            data = mem.read(min(m.high, at + size) - start)
        except (OSError, OverflowError, ValueError):
            return
        if not data:
            return
        yield data
        at = start + len(data)
        if len(data) <= at - start - size:
            return
