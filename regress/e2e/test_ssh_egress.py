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
Where a sandbox may be: what the operator allows, and nowhere else.

What can break: loopback, where the gateway's own services are, in reach of
whoever may write a record; a client that is told which ports are open there.
"""

import os
import re
import signal
import socket
import subprocess

import pytest

from clients import wait_for
from daemon import BUILD, ports

LOST = {"error": "SSH connection failed", "message": "connection lost"}


def lost(d, name="box"):
    """What the client hears is the same for all of these."""
    mark = len(d.log())
    answer = d.connect(name)
    assert (answer.status, answer.json) == (500, LOST), (answer, d.log())
    d.logged("of %s ended: not opened" % name, start=mark)
    assert d.sessions() == {}
    return d.log()[mark:]


def count(s):
    return s.log().count("Connection from ")


@pytest.mark.parametrize("lines", [
    [], ["egress allow 127.0.0.1/32 port 1"],
    ["egress allow 10.0.0.0/8", "egress allow 192.168.0.0/16 port %d"],
    ["egress deny 127.0.0.0/8", "egress allow 127.0.0.1/32 port %d"],
    ["egress deny 0.0.0.0/0", "egress allow 127.0.0.1/32"],
])
def test_denied(start, sshd, lines):
    """Without a rule loopback is refused, and the first rule that matches
    counts; the log has the reason."""
    d = start({"box": sshd.box("cat", egress=False)}, lines=[
        li % sshd.port if "%" in li else li for li in lines])
    before = count(sshd)
    log = lost(d)
    assert re.search(r"(?i)egress|policy|not allowed", log), log
    assert count(sshd) == before


@pytest.mark.parametrize("lines", [
    ["egress allow 127.0.0.1/32 port %d"], ["egress allow 127.0.0.1"],
    ["egress allow 127.0.0.1/32 port %d", "egress deny 127.0.0.0/8"],
])
def test_allowed(start, sshd, lines):
    d = start({"box": sshd.box("cat", egress=False)}, lines=[
        li % sshd.port if "%" in li else li for li in lines])
    d.shell("box")[1].drop()


@pytest.mark.parametrize("host", [
    "127.0.0.2", "0.0.0.0", "::1", "64:ff9b::7f00:1", "169.254.169.254"])
def test_other_ways_to_say_it(start, sshd, host):
    """A rule for 127.0.0.1 is for that address as it stands."""
    box = sshd.box("cat", egress=False)
    d = start({"box": {**box, "ssh": (host, sshd.port)}},
              lines=["egress allow 10.0.0.0/8", "timeout resolve 1"])
    before = count(sshd)
    lost(d)
    assert count(sshd) == before


@pytest.mark.parametrize("host", [
    "::ffff:127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1"])
def test_no_way_to_say_it(start, sshd, host):
    """What one library reads as an address and another does not is an
    error of the file."""
    d = start({"box": {**sshd.box("cat"), "ssh": (host, sshd.port)}},
              start=False)
    run = subprocess.run([BUILD + "/gatewayd", "-n", "-f", d.path],
                         capture_output=True, text=True, timeout=30)
    assert run.returncode == 1 and host in run.stderr


def test_own_address(start, sshd):
    """What this machine is called by others is denied, too."""
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        s.connect(("192.0.2.1", 9))
    except OSError:
        pytest.skip("no address but loopback")
    own = s.getsockname()[0]
    s.close()
    box = sshd.box("cat", egress=False)
    d = start({"box": {**box, "ssh": (own, sshd.port)}})
    log = lost(d)
    assert re.search(r"(?i)egress|policy|not allowed", log), log


def test_name_without_address(start, sshd):
    """Nobody there to ask, and a name that nobody has: its own word in the
    log, the same for the client."""
    d = start({"box": {**sshd.box("cat"),
                       "ssh": ("nowhere.invalid", sshd.port)}},
              lines=["resolver 127.0.0.1 port %d" % ports(1)[0],
                     "timeout resolve 2"])
    log = lost(d)
    assert re.search(r"(?i)resolv|name", log), log


def test_name_in_hosts(start, sshd):
    """The name of every machine for itself."""
    with open("/etc/hosts") as f:
        if not re.search(r"(?m)^127\.0\.0\.1\s.*\blocalhost\b", f.read()):
            pytest.skip("no localhost in /etc/hosts")
    box = {**sshd.box("cat"), "ssh": ("LocalHost", sshd.port)}
    d = start({"box": box},
              lines=["egress allow 127.0.0.1/32 port %d" % sshd.port])
    d.shell("box")[1].drop()


def test_connect_that_is_not_answered(start, sshd):
    """A port whose queue is full never answers."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen(0)
        port = s.getsockname()[1]
        fill = []
        for _ in range(4):
            c = socket.socket()
            c.setblocking(False)
            c.connect_ex(("127.0.0.1", port))
            fill.append(c)
        d = start({"box": {**sshd.box("cat"), "ssh": ("127.0.0.1", port)}},
                  lines=["timeout connect 2"])
        answer = d.connect("box")
        assert (answer.status, answer.json) == (500, {
            "error": "SSH connection failed", "message": "timed out"})
        for c in fill:
            c.close()


def test_rules_change_with_a_reload(start, sshd):
    d = start({"box": sshd.box("cat", egress=False)})
    lost(d)
    d.lines.append("egress allow 127.0.0.1/32 port %d" % sshd.port)
    d.write()
    d.reload()
    _, ws = d.shell("box")
    d.lines.pop()
    d.write()
    d.reload()
    # A reload ends nothing, but nobody new gets there.
    ws.type("here")
    ws.until(b"here")
    answer = d.connect("box")
    assert answer.json == LOST
    ws.drop()


def test_dialer_that_is_killed(start, sshd):
    """It is started again; a dial under way is lost, sessions are not."""
    d = start({"box": sshd.box("cat")})
    d.faults = True
    _, ws = d.shell("box")
    old, = d.process("dialer")
    os.kill(old, signal.SIGKILL)
    # Not by dialing: there are only so many dials a minute.
    wait_for(lambda: [row for row in d.ctl("show", "processes")
                      if row[0] == "dialer" and int(row[2]) != old and
                      row[-1] == "ready"])
    assert d.connect("box").status == 200
    ws.type("here")
    ws.until(b"here")
    ws.drop()
