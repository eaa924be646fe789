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


"""Fixtures: ways to start daemons.  When a test fails its report has their
logs."""

import os
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../lib"))
import daemon as lib  # noqa: E402
import hostile  # noqa: E402
from stage import Stage  # noqa: E402
from streams import Streams  # noqa: E402

lib.subreaper()
if lib.ROOT:
    subprocess.run(["sh", os.path.join(lib.TOP, "etc/accounts.sh")],
                   check=True)


@pytest.fixture
def start():
    """Start daemons of one's own; they are stopped after the test."""
    started = []

    def run(*args, kind=lib.Daemon, **kw):
        d = kind(*args, start=False, **kw)
        # Here processes are killed.
        d.faults = True
        started.append(d)
        d.start()
        return d
    yield run
    for d in started:
        d.stop()


@pytest.fixture
def staged(start):
    """A daemon of which the test plays a part, with two sessions that the
    honest part serves, and their clients."""
    def run(cast, **kw):
        d = start(cast, hostile.BOXES, kind=Stage, **kw)
        d.streams = Streams(d, 2)
        return d
    return run


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        for d in lib.live:
            if not os.path.exists(d.logfile):
                continue		# it was never started
            report.sections.append(("log of gatewayd", d.log()[-12000:]))
