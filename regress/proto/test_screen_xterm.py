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


"""The screen against a second emulator, xterm.js without a page.

What can break: a viewer that comes late sees another screen than one that was
there all the time, and nothing in the daemon would know.  So a terminal that
saw all of the output is compared, cell by cell, with one that saw other things
and then the repaint, and again after both got what came next: that shows what
cannot be looked at, like margins, what is saved, and half a sequence.

SCREEN_SEED repeats a run; the number of cases is SCREEN_CASES.
"""

import base64
import json
import os
import random
import shutil
import subprocess
import sys

import pytest

HERE = os.path.dirname(__file__)
sys.path.insert(0, os.path.join(HERE, "../lib"))
from screens import Chance, record  # noqa: E402

MODEL = os.path.join(os.environ["BUILD"], "regress/proto/screen")
SEED = int(os.environ.get("SCREEN_SEED") or random.randrange(1 << 32))
CASES = int(os.environ.get("SCREEN_CASES") or 300)
SIZES = [(80, 24), (80, 24), (40, 10), (132, 43), (10, 4), (3, 2), (2, 1)]

# A terminal that was used for something else, and left in disorder.
JUNK = (b"\033[?1049h\033[5;9r\033[?6h\033[3g\033[4h\033[?7l\033(0\016"
        b"\033[1;4;7;31;45mjunk\033[?1003h\033[?1006h\033[?25l\033[?1h\033="
        b"\033[?2004h\033[?1004h\033[3 q\033]2;half a title\xe4")


def repaints(cases):
    """(cols, rows, bytes) -> (repaint, JSON) of each."""
    data = b"".join(b"%d %d %d\n%s" % (c, r, len(p), p) for c, r, p in cases)
    out = subprocess.run([MODEL], input=data, stdout=subprocess.PIPE,
                         check=True, timeout=300).stdout
    found, at = [], 0
    for _ in cases:
        end = out.index(b"\n", at)
        paint, text = map(int, out[at:end].split())
        at = end + 1 + paint
        found.append((out[end + 1:at], json.loads(out[at:at + text])))
        at += text
    assert at == len(out)
    return found


def b64(data):
    return base64.b64encode(data).decode()


def emulate(cases, paints):
    """What xterm.js finds for (name, cols, rows, prefix, tail)."""
    lines = [json.dumps({
        "cols": c, "rows": r, "prefix": b64(p), "repaint": b64(paint),
        "tail": b64(tail), "junk": b64(JUNK)})
        for (_, c, r, p, tail), (paint, _) in zip(cases, paints)]
    out = subprocess.run(
        ["node", os.path.join(HERE, "../lib/xterm.js")],
        input="\n".join(lines).encode(), stdout=subprocess.PIPE, check=True,
        timeout=600).stdout
    results = [json.loads(line) for line in out.splitlines()]
    assert len(results) == len(cases)
    return results


def compare(cases):
    """All must be the same at both ends, and nothing may be answered."""
    paints = repaints([(c, r, p) for _, c, r, p, _ in cases])
    bad = [(case, paint, res) for case, (paint, _), res in
           zip(cases, paints, emulate(cases, paints))
           if res["all"] or res["said"]]
    if bad:
        case, paint, res = min(bad, key=lambda b: len(b[0][3]))
        name, cols, rows, prefix, tail = case
        pytest.fail(
            f"{len(bad)} of {len(cases)} differ; the shortest is {name}, "
            f"{cols}x{rows}, prefix {prefix!r}, tail {tail[:200]!r}, repaint "
            f"{paint!r}: {res['all']} differences, said {res['said']!r}\n"
            + "\n".join(res["found"]), pytrace=False)


def cut(rnd, name, data, cols, rows):
    at = rnd.randint(0, len(data))
    return name, cols, rows, data[:at], data[at:]


# What each of these leaves behind must be seen when a repaint lacks it.
SEEN = [b"x", b"\033[2;3H", b"\033]2;t\a", b"\033[?1049h", b"\033[1m",
        b"\033[31m", b"\033[4:3m", b"\033[44mx\b", b"\033[4h", b"\033[20h",
        b"\033[?1h", b"\033[?6h", b"\033[?7l", b"\033[?12h", b"\033[?25l",
        b"\033[?1000h", b"\033[?1002h", b"\033[?1003h", b"\033[?1006h",
        b"\033[?1004h", b"\033[?2004h", b"\033[?66h", b"\033=", b"\033[4 q",
        b"\033(0", b"\033)0\016", b"\033[3g", b"\033[2C\033H\r",
        b"\033[2;4r", b"\033[3C\0337\r", b"\033[7m\0337\033[m",
        b"\033[40Gx", b"\033[", b"\033]2;",
        b"\xe4\xb8", b"\033P", b"\033[38;5"]


def test_every_difference_is_seen():
    """Each is compared with the repaint of an empty screen."""
    cases = [(repr(s), 40, 10, s, b"1ab\033\\\r\n") for s in SEEN]
    paints = repaints([(40, 10, b"")] * len(cases))
    found = emulate(cases, paints)
    assert [c[0] for c, f in zip(cases, found) if not f["all"]] == []
    # And the right one is right.
    compare(cases)


def test_nothing_is_answered():
    """Not even where the program has just asked, or is about to."""
    asked = [b"\033[c", b"\033[6n", b"\033[?2026$p", b"\033]11;?\a",
             b"\033P$qm\033\\", b"\033]4;1;?\033\\", b"\033[18t", b"\005"]
    compare([(repr(q), 40, 10, q[:n], b"") for q in asked
             for n in range(len(q) + 1)])


def test_by_chance():
    """Random output, cut anywhere."""
    print("SCREEN_SEED", SEED)
    cases = []
    for i in range(CASES):
        rnd = random.Random(SEED + i)
        cols, rows = rnd.choice(SIZES)
        data = Chance(rnd, cols, rows).take(rnd.choice([2, 5, 10, 40, 200]))
        cases.append(cut(rnd, f"SCREEN_SEED={SEED + i}", data, cols, rows))
    compare(cases)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    where = tmp_path_factory.mktemp("screen")
    source = os.path.join(HERE, "../../sessiond/screen_csi.c")
    shutil.copy(source, where / "file.c")
    (where / "words").write_text("grün 中文 e\u0301 ─│ " * 400)
    return str(where)


VIM = [b"ihello w\xc3\xb6rld\r\033", b"/case\r", b"nnn", b":set number\r",
       b":split\r", b"\x06", b"\x06", b"\x02", b"dd", b"p", b"V3jd", b"u",
       b":syntax on\r", b"G", b"gg", b":vsplit words\r", b"\x17w", b"J",
       b":set list\r", b":q\r", b":q!\r", b":q!\r"]
TMUX = "gwscreen%d" % os.getpid()	# a server of our own
PROGRAMS = {
    "vim": (["vim", "-n", "-u", "NONE", "-c", "set nocompatible title mouse=a",
             "file.c"], VIM),
    "less": (["less", "-M", "file.c"],
             [b" ", b" ", b"b", b"/int\r", b"n", b"N", b"G", b"g", b"5d",
              b"-S\r", b"\033[C", b"h", b"q", b"q"]),
    "top": (["top", "-d", "0.3"],
            [b"c", b"1", b"z", b"x", b"V", b"q"]),
    "tmux": (["tmux", "-L", TMUX, "-f", "/dev/null", "new", "sh"],
             [b"cat words\r", b"\x02%", b"ls -l\r", b"\x02\"", b"vim file.c\r",
              b":q\r", b"\x02o", b"\x02z", b"\x02[", b"\x15", b"q",
              b"\x02d"]),
    "shell": (["bash", "--norc"],
              [b"ls --color=always /\r", b"cat words\r", b"seq 100\r",
               b"printf '\\033[5;10r\\033[?6h'\r", b"seq 20\r", b"\x12se",
               b"\x07", b"tput smcup; tput clear\r", b"seq 7\r",
               b"tput rmcup\r", b"clear\r", b"reset\r"]),
}


@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_recorded(name, place):
    """Real programs, cut at a hundred places."""
    print("SCREEN_SEED", SEED)
    argv, keys = PROGRAMS[name]
    if name == "vim" and not shutil.which("vim"):
        argv = ["vi", *argv[1:]]
    assert shutil.which(argv[0]), argv[0]
    rnd = random.Random(SEED)
    cols, rows = 80, 24
    # A shell has shown its prompt by then, others a page.
    first = {"shell": 2, "tmux": 100}.get(name, 500)
    data = record(argv, keys, cols, rows, place, first, 1001)
    if name == "tmux":
        subprocess.run(["tmux", "-L", TMUX, "kill-server"],
                       stderr=subprocess.DEVNULL, check=False)
    assert len(data) > 1000
    compare([cut(rnd, name, data, cols, rows) for _ in range(100)])
