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

"""What takes its time does so while other tests run."""

import os
import socket
import subprocess
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../lib")]

CTL = os.path.join(os.environ.get("BUILD", "build"), "gatewayctl")


@pytest.fixture(scope="session", autouse=True)
def silent(tmp_path_factory):
    """Waits for a daemon that says nothing and does not even accept."""
    path = str(tmp_path_factory.mktemp("silent") / "sock")
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(path)
        listener.listen(1)
        with subprocess.Popen([CTL, "-s", path, "reload"],
                              stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as proc:
            yield proc
            proc.kill()


@pytest.fixture
def token(tmp_path):
    path = tmp_path / "token"
    path.write_text("head.body.sig\n")
    path.chmod(0o600)
    return path
