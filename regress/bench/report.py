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

"""How figures are collected, compared and judged."""

import os
import random
import statistics

from peers import Failed

ROUNDS = max(5, int(os.environ.get("ROUNDS", "21")))
MIB = 1024 * 1024

verdicts = []                   # (name, ok)
table = []                      # rows of words
chance = random.Random(1)       # who is first in a round


def say(text=""):
    print(text, flush=True)


def goal(name, value, sign, bound, unit=""):
    ok = value >= bound if sign == ">=" else value <= bound
    verdicts.append((name, ok))
    word = "reached" if ok else "NOT reached"
    say(f"  {name}: {value:.3g}{unit}, goal {sign} {bound:g}{unit}: {word}")
    table.append((name, f"{sign} {bound:g}{unit}", f"{value:.3g}{unit}",
                  f"{value / bound:.2f}" if bound else "",
                  "reached" if ok else "NOT"))


def show_table():
    rows = [("figure", "goal", "measured", "ratio", ""), *table]
    wide = [max(len(r[i]) for r in rows) for i in range(5)]
    for r in rows:
        say("  ".join((r[0].ljust(wide[0]), r[1].rjust(wide[1]),
                       r[2].rjust(wide[2]), r[3].rjust(wide[3]),
                       r[4])).rstrip())


RATES = ("MB/s", "/s")          # of which more is better


class Series:
    """What rounds have given for one peer."""

    def __init__(self, name, unit, scale=1):
        self.name, self.unit, self.scale = name, unit, scale
        self.values = []

    def add(self, v):
        self.values.append(v)

    def median(self):
        return statistics.median(self.values)

    def show(self):
        v = [x * self.scale for x in self.values]
        say(f"  {self.name:<28} {statistics.median(v):8.4g} {self.unit:<9} "
            f"range {min(v):.4g} to {max(v):.4g}")

    def best(self):
        """What was least disturbed: the highest rate, or the least time."""
        return (max if self.unit in RATES else min)(self.values)

    def over(self, other):
        return self.median() / other.median()


def show_ratios(name, a, b):
    r = [x / y for x, y in zip(a.values, b.values)]
    say(f"  {name + ', by round':<28} {statistics.median(r):8.3f} {'':<9} "
        f"range {min(r):.3f} to {max(r):.3f}, of the best "
        f"{a.best() / b.best():.3f}")


def checked(r):
    if not r["ok"]:
        raise Failed(f"output was not what was printed: {r}")
    return r
