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


"""What programs write to terminals: made up by chance, and recorded.

Output by chance keeps to what xterm.js and xterm(1) do alike.  Left out, one
reason each, is what the model does as xterm(1) does and xterm.js does not:

- with the origin set into a region, positions relative to the cursor: xterm.js
  adds the margin once more each time; leaving a screen, after which it has
  the cursor outside of the region;
- a character set chosen between saving and restoring the cursor: xterm.js
  restores only the set in use, and not which one it was;
- wide characters and marks where lines do not wrap: when a wide one has no
  room, xterm.js leaves half of it or widens the one before, and which depends
  on how the output comes in pieces;
- styles of underlines where the cursor is restored, and for the pattern of
  adjustment: only whether there is one is saved, and drawn, there;
- newline mode, ?12 and a hidden cursor across a full reset, which does not
  reset them there;
- ?45 with backspace: going back to the line before is not modelled;
- characters of which the width depends on the version of Unicode: emoji;
- a character above ASCII inside of DCS, SOS, PM, APC or the head of a
  sequence, after which xterm.js leaves these states;
- U+FFFE and U+FFFF, which are replaced as what is not UTF-8 is;
- sets of characters other than ASCII, UK and line drawing;
- colours 38:2:R:G:B without the field of the colour space;
- more than one line of REP, and more than two marks on a character; a count
  of 2^31 elsewhere, over which xterm.js takes hours;
- sideways scrolling and protected characters, after which a screen is not
  exact.
"""

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time

ESC = b"\033"


class Chance:
    """Output of a program that does anything; bytes by random.Random."""

    def __init__(self, rnd, cols, rows):
        self.rnd, self.cols, self.rows = rnd, cols, rows
        self.styles = rnd.random() < 0.5    # else the cursor is restored
        self.origin = self.charset = False
        self.wrap = True
        self.table = [
            (30, self.text), (6, self.wide), (5, self.marks), (3, self.drawn),
            (12, self.control), (14, self.move), (10, self.erase),
            (8, self.edit), (14, self.pen), (4, self.region),
            (3, self.modes), (3, self.saved), (3, self.tabs), (2, self.page),
            (2, self.title), (2, self.strings), (2, self.queries),
            (3, self.repeat), (1, self.resets), (3, self.garbage),
            (2, self.mouse), (2, self.unwrapped), (2, self.inserted)]
        self.weights = [w for w, _ in self.table]
        self.made = [f for _, f in self.table]

    def take(self, n):
        """About n pieces, one after the other."""
        return b"".join(
            f() for f in self.rnd.choices(self.made, self.weights, k=n))

    def csi(self, final, *args, prefix=""):
        text = ";".join("" if a is None else str(a) for a in args)
        return ESC + f"[{prefix}{text}{final}".encode()

    def row(self):
        return self.rnd.choice([None, 0, 1, self.rows, self.rows + 7, 99999,
                                *[self.rnd.randint(1, self.rows)] * 6])

    def col(self):
        return self.rnd.choice([None, 0, 1, self.cols, self.cols - 1, 99999,
                                *[self.rnd.randint(1, self.cols)] * 6])

    def count(self):
        return self.rnd.choice([None, 0, 1, 1, 2, 3, 5, 9, 77, 3000])

    def text(self):
        n = self.rnd.choice([1, 1, 2, 5, 12, 40, self.cols, self.cols * 2])
        return bytes(self.rnd.randint(0x20, 0x7e) for _ in range(n))

    def wide(self):
        if not self.wrap:
            return self.text()
        n = self.rnd.randint(1, self.rnd.choice([2, 5, self.cols]))
        return "".join(self.rnd.choice(
            "中文字漢가나あカ，。é"
            "ßЖω─│█▒x ")
            for _ in range(n)).encode()

    def marks(self):
        if not self.wrap:
            return self.text()
        return "".join(self.rnd.choice("eao中 x") + "".join(
            self.rnd.choice("\u0301\u0323\u0308\u20d7")
            for _ in range(self.rnd.randint(0, 2)))
            for _ in range(self.rnd.randint(1, 4))).encode()

    def drawn(self):
        """Line drawing; now and then it is left on."""
        on = self.rnd.choice([b"\033(0", b"\033)0\016", b"\033(A",
                              b"\033*0\033n", b"\033+0\033o"])
        out = on + self.text()[:20] + b"lqqk#x"
        if self.rnd.random() < 0.8:
            return out + b"\033(B\033)B\033*B\033+B\017"
        self.charset = True
        return out

    def control(self):
        return self.rnd.choice([b"\r\n"] * 6 + [
            b"\n", b"\n\n\n", b"\r", b"\b", b"\b\b\b", b"\t", b"\v", b"\f",
            b"\0", b"\x7f", b"\a", b"\033D", b"\033E", b"\033M", b"\033M",
            b"\xc2\x84", b"\xc2\x85", b"\x18", b"\x1a", b"\033[3\x18"])

    def move(self):
        if self.origin:
            return self.csi(self.rnd.choice("Hf"), self.row(), self.col())
        final = self.rnd.choice("HHHHfABCDEFGade`")
        if final in "Hf":
            return self.csi(final, self.row(), self.col())
        if final == "d":
            return self.csi(final, self.row())
        if final in "G`":
            return self.csi(final, self.col())
        return self.csi(final, self.count())

    def erase(self):
        return self.csi(self.rnd.choice("JKKK"), self.rnd.choice(
            [None, 0, 0, 1, 2, 3]), prefix=self.rnd.choice(["", "", "", "?"]))

    def edit(self):
        return self.csi(self.rnd.choice("@@LMPPXXST"), self.count()
                        if self.rnd.random() < 0.7 else 1)

    def pen(self):
        out = []
        for _ in range(self.rnd.randint(0, 3)):
            kind = self.rnd.randint(0, 9)
            byte = self.rnd.randint(0, 255)
            place = self.rnd.choice([38, 48])
            if kind == 0:
                out.append(f"{place};5;{byte}")
            elif kind == 1:
                out.append(f"{place};2;{byte};9;{255 - byte}")
            elif kind == 2:
                out.append(f"{place}:2::{byte}:7:{byte // 2}")
            elif kind == 3:
                out.append(f"{place}:5:{byte}")
            elif kind == 4 and self.styles:
                out.append(self.rnd.choice(["4:2", "4:3", "4:5", "4:0", "21",
                                            "4:", "58;5;9", "59"]))
            else:
                out.append(str(self.rnd.choice(
                    [0, 0, 1, 2, 3, 4, 5, 7, 8, 9, 22, 23, 24, 25, 27, 28, 29,
                     53, 55, 39, 49, *range(30, 38), *range(40, 48),
                     *range(90, 98), *range(100, 108)])))
        return ESC + f"[{';'.join(out)}m".encode()

    def region(self):
        if self.rnd.random() < 0.4:
            self.origin = False
            return b"\033[?6l\033[r"
        out = b""
        if self.rnd.random() < 0.3:
            self.origin = True
            out = b"\033[?6h"
        return self.csi("r", self.row(), self.row()) + out

    def modes(self):
        return self.csi(self.rnd.choice("hl"), *self.rnd.sample(
            [1, 5, 25, 25, 66, 1004, 2004, 40, 1034], self.rnd.randint(1, 3)),
            prefix="?") + self.rnd.choice(
            [b"", b"\033=", b"\033>", b"\033[2 q", b"\033[5 q", b"\033[0 q",
             b"\033[ q", b"\033[4 q", b"\033[?12h", b"\033[?12l", b"\033[20h",
             b"\033[20l\033[20l"])

    def mouse(self):
        return self.csi(self.rnd.choice("hhl"), *self.rnd.sample(
            [9, 1000, 1002, 1003, 1005, 1006, 1015, 1016],
            self.rnd.randint(1, 3)), prefix="?")

    def unwrapped(self):
        self.wrap = self.rnd.random() < 0.5
        return b"\033[2J\033[?7l" + self.text() + "éß─".encode() + \
            self.text() + (b"\033[?7h" if self.wrap else b"")

    def inserted(self):
        return b"\033[4h" + self.text()[:self.rnd.randint(1, 30)] + \
            self.wide() + self.rnd.choice([b"\033[4l", b"\033[4l", b""])

    def saved(self):
        if self.styles or self.charset:
            return b""
        return self.rnd.choice([b"\0337", b"\0338", b"\033[s", b"\033[u",
                                b"\033[?1048h", b"\033[?1048l"])

    def tabs(self):
        return self.rnd.choice([
            b"\033H", b"\033[g", b"\033[3g", b"\t", b"\t\t", b"\xc2\x88",
            self.csi("I", self.count()), self.csi("Z", self.count())])

    def page(self):
        if not self.wrap or self.origin:
            return b""
        if self.styles or self.charset:
            return self.csi(self.rnd.choice("hl"), self.rnd.choice(
                [47, 1047]), prefix="?")
        return self.csi(self.rnd.choice("hl"), self.rnd.choice(
            [47, 1047, 1049, 1049]), prefix="?")

    def title(self):
        return self.rnd.choice([b"\033]0;", b"\033]2;", b"\033]1;",
                                b"\xc2\x9d2;"]) + \
            "tïtle ".encode() + str(self.rnd.random()).encode() + \
            self.rnd.choice([b"\a", b"\033\\", b"\xc2\x9c", b"\x18"])

    def strings(self):
        return self.rnd.choice([
            b"\033P1;2|some string\033\\", b"\033_an APC\033\\",
            b"\033^a PM\033\\", b"\033Xan SOS\033\\", b"\033]8;;http://h/\a",
            b"\033]52;c;aGVsbG8=\a", b"\033]777;notify;x\033\\",
            b"\033Pq#0;2;0;0;0#0~~@@\033\\", b"\033]4;1;rgb:1/2/3\a"])

    def queries(self):
        return self.rnd.choice([
            b"\033[c", b"\033[>c", b"\033[=c", b"\033[5n", b"\033[6n",
            b"\033[?6n", b"\033[?2026$p", b"\033[20$p", b"\033]10;?\a",
            b"\033]11;?\033\\", b"\033]4;1;?\a", b"\033P$qm\033\\",
            b"\033P$qr\033\\", b"\033[18t", b"\033[>q", b"\033[?u", b"\033Z"])

    def repeat(self):
        return (self.rnd.choice(["x", "中", "e\u0301"]).encode() if
                self.wrap else b"x") + \
            self.csi("b", self.rnd.choice(
                [None, 1, 2, min(5, self.cols), self.cols]))

    def resets(self):
        self.origin = False
        self.wrap = True
        if self.rnd.random() < 0.5:
            return b"\033[!p"
        self.charset = False
        return b"\033[20l\033[?12l\033[?25h\033c"

    def garbage(self):
        return self.rnd.choice([
            b"\xff", b"\xc3", b"\xe4\xb8", b"\xf0\x9f\x98", b"\xc0\xaf",
            b"\xed\xa0\x80", b"\xf5\x80", b"\x80\x80", b"\xe4A",
            b"\033[1;2;3\x18", b"\033[?\x18", b"\033[<5;6M", b"\033[=3l",
            b"\033[1$z", b"\033[1 $~", b"\033[m\033#8", b"\033#3", b"\033%G",
            b"\033[" + b";" * 40 + b"m", b"\033[" + b"9" * 40 + b"m",
            b"\033[1?h", b"\033[\n5\rm", b"\xef\xbb\xbf",
            b"\033[4:3:1:2m" if self.styles else b"\033[0m"])


class Program:
    """A program on a terminal of its own, and what it wrote."""

    def __init__(self, argv, cols, rows, cwd):
        self.output = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(cwd)
            os.environ.update(TERM="xterm-256color", HOME=cwd,
                              LANG="C.UTF-8", LC_ALL="C.UTF-8", TMPDIR=cwd)
            for name in ("TMUX", "COLUMNS", "LINES", "LESS"):
                os.environ.pop(name, None)
            fcntl.ioctl(0, termios.TIOCSWINSZ,
                        struct.pack("HHHH", rows, cols, 0, 0))
            os.execvp(argv[0], argv)

    def read(self, quiet, limit=5):
        """Until nothing came for so many seconds."""
        end = time.monotonic() + limit
        while time.monotonic() < end:
            if not select.select([self.fd], [], [], quiet)[0]:
                return
            try:
                data = os.read(self.fd, 65536)
            except OSError:
                return
            if not data:
                return
            self.output += data

    def some(self, n, limit=60):
        """Until so much has come."""
        end = time.monotonic() + limit
        while len(self.output) < n:
            assert time.monotonic() < end, self.output
            self.read(0.1, 1)

    def type(self, keys, quiet=0.1):
        os.write(self.fd, keys)
        self.read(quiet, 1)

    def end(self):
        try:
            os.kill(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        os.close(self.fd)
        os.waitpid(self.pid, 0)


def record(argv, keys, cols, rows, cwd, first, all):
    """All that a program writes while these keys are typed, one by one:
    the first of them when there is so much output, and not less in all."""
    program = Program(argv, cols, rows, cwd)
    try:
        program.some(first)
        program.read(0.4)
        for k in keys:
            program.type(k)
        program.some(all)
    finally:
        program.end()
    return program.output
