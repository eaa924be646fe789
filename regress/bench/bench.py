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

"""Measure the figures that are named, or all."""

import signal
import subprocess
import sys

import figures
import manyfigures
import sharedfigures
import sshfigures
from peers import Failed, Place, Skipped
from report import say, show_table, verdicts

FIGURES = {f.__name__.replace("_", "-"): f
           for f in figures.FIGURES + sshfigures.FIGURES
           + sharedfigures.FIGURES + manyfigures.FIGURES}

# No figure takes as long; what hangs is given up, and the next one taken.
FIGURE_SECONDS = 1200


def late(*_):
    raise Failed(f"not done within {FIGURE_SECONDS} s")


def main():
    names = sys.argv[1:] or list(FIGURES)
    for n in names:
        if n not in FIGURES:
            sys.exit(f"bench: no figure \"{n}\"; there are: "
                     + " ".join(FIGURES))
    # So that everything is stopped on the way out.
    for s in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(s, lambda *_: sys.exit(1))
    signal.signal(signal.SIGALRM, late)
    failed = 0
    for n in names:
        try:
            with Place() as place:
                signal.alarm(FIGURE_SECONDS)
                FIGURES[n](place)
                signal.alarm(0)
        except Skipped as e:
            say(f"  SKIPPED: {e}")
        except (Failed, OSError, subprocess.SubprocessError) as e:
            say(f"  NOT measured: {e}")
            failed += 1
        signal.alarm(0)
        say()
    show_table()
    say()
    missed = [n for n, ok in verdicts if not ok]
    say(f"{len(verdicts) - len(missed)} reached, {len(missed)} not reached, "
        f"{failed} figures not measured")
    for n in missed:
        say(f"not reached: {n}")
    sys.exit(1 if failed else 0)


main()
