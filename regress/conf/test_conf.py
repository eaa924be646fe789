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

# The configuration: what is read, printed, refused.  Each NAME.in is read
# with -nv; NAME.ok is what is printed, NAME.err is every line of complaint.
# A change of one of the two golden files is a change for operators.

import os
import pwd
import re
import shlex
import shutil
import stat
import subprocess
import tempfile

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
BUILD = os.environ.get("BUILD", os.path.join(TOP, "build"))
GATEWAYD = os.environ.get("GATEWAYD", os.path.join(BUILD, "gatewayd"))
ROOT = os.geteuid() == 0
root_only = pytest.mark.skipif(not ROOT, reason="needs root")
KEYS = ("seal.key", "old.key", "jwt.secret", "es.pub", "rs.pub", "box.key",
    "known_hosts")
SEALED = "A" * 64
PRINT = "SHA256:%sA" % ("A" * 42)

# Setting, least, most, and the heading of its manual entry where it differs.
NUMBERS = [
    ("frontends %d", 1, 16),
    ("limit sessions per sandbox %d", 1, 1024),
    ("limit sessions per principal %d", 1, 65536),
    ("limit viewers per session %d", 1, 1024),
    ("limit requests %d per 30", 1, 1000000),
    ("limit requests 500 per %d", 1, 3600),
    ("limit dials per worker %d", 1, 10000),
    ("timeout request %d", 1, 600),
    ("timeout resolve %d", 1, 600),
    ("timeout connect %d", 1, 600),
    ("timeout handshake %d", 1, 600),
    ("timeout channel %d", 1, 600),
    ("timeout ping %d", 1, 3600),
    ("timeout stalled %d", 1, 3600),
    ("timeout idle %d", 1, 31536000),
    ("timeout idle ssh %d", 1, 31536000),
    ("timeout idle tty %d", 1, 31536000),
    ("timeout idle terminal %d", 1, 31536000),
    ("timeout detached ssh %d", 1, 31536000),
    ("timeout detached tty %d", 1, 31536000),
    ("timeout detached terminal %d", 1, 31536000),
    ("recheck %d", 1, 3600),
    ("listen on 127.0.0.1 port %d", 1, 65535),
    ("metrics on 127.0.0.1 port %d", 1, 65535),
    ("resolver 127.0.0.1 port %d", 1, 65535),
    ("egress allow 10.0.0.0/8 port %d", 1, 65535),
]
SIZES = [
    # setting, least, most, just below, just above, the rest of the file
    ("limit memory per worker %s", "16 mb", "64 gb", "16383 kb", "65537 mb"),
    ("replay %s", "4 kb", "64 mb", "3 kb", "65537 kb"),
]
IN_API = [
    ("auth expiry grace %d", 0, 31536000),
    ("auth max age %d", 1, 315360000),
]
SINGLE = [
    "control socket \"/a\"", "frontends 2", "user \"u\"",
    "user catalog \"u\"", "user dialer \"u\"", "user control \"u\"",
    "worker uids 5-6", "metrics on ::1", "page on", "catalog static",
    "limit sessions per sandbox 2", "limit sessions per principal 2",
    "limit viewers per session 2", "limit requests 2 per 2",
    "limit memory per worker 32 mb", "timeout request 2",
    "timeout channel 2", "timeout ping 2", "timeout stalled 2",
    "timeout idle 2", "timeout idle ssh 2", "timeout idle tty 2",
    "timeout idle terminal 2", "timeout detached ssh 2",
    "timeout detached tty 2",
    "timeout detached terminal 2", "recheck 2", "replay 8 kb",
    "secrets unlocked no", "audit text", "host key checking yes",
    "known hosts $keys/known_hosts", "learned hosts \"/a\"",
    "limit dials per worker 2", "timeout resolve 2", "timeout connect 2",
    "timeout handshake 2",
]


class Place:
    """A directory of our own, where nobody else may write."""

    def __init__(self, path):
        self.path = path
        self.keys = os.path.join(path, "keys")
        os.mkdir(self.keys)
        for key in KEYS:
            self.write(os.path.join("keys", key), "0" * 64)

    def write(self, name, text, mode=0o600):
        path = os.path.join(self.path, name)
        with open(path, "w") as f:
            f.write(text)
        os.chmod(path, mode)
        return path

    def run(self, *args, **kw):
        p = subprocess.run([GATEWAYD, *args], cwd=self.path, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, **kw)
        assert p.returncode in (0, 1), p.stderr
        err = [re.sub(r"^[a-z-]+: ", "", line, count=1)
            if line.startswith("gatewayd: ") else line
            for line in p.stderr.splitlines()]
        if p.returncode == 0:
            assert err.pop() == "configuration OK"
        else:
            assert err
        return p.returncode, p.stdout, err

    def check(self, text, *args):
        """Status, print and complaints for a file of this text."""
        self.write("t.conf", text)
        return self.run("-nv", "-f", "t.conf", *args)


@pytest.fixture
def place():
    # Not tmp_path: others could not enter it, and one test is theirs.
    path = tempfile.mkdtemp(prefix="gwconf.")
    os.chmod(path, 0o755)
    yield Place(path)
    shutil.rmtree(path)


def copy_in(place, name):
    os.mkdir(os.path.join(place.path, "inc"))
    for f in [name] + ["inc/" + n for n in os.listdir(HERE + "/inc")]:
        with open(os.path.join(HERE, f)) as src:
            text = src.read()
        place.write(f, text)
        if f == name:
            args = re.match(r"#args: (.*)", text)
    return shlex.split(args.group(1)) if args else []


def golden(kind):
    names = sorted(n for n in os.listdir(HERE) if n.endswith(".in"))
    return [n[:-3] for n in names
        if os.path.exists(os.path.join(HERE, n[:-2] + kind))]


def test_every_input_has_one_golden_file():
    names = sorted(n[:-3] for n in os.listdir(HERE) if n.endswith(".in"))
    assert sorted(golden("ok") + golden("err")) == names


@pytest.mark.parametrize("name", golden("ok"))
def test_ok(place, name):
    args = copy_in(place, name + ".in")
    status, out, err = place.run("-nv", "-D", "keys=" + place.keys, *args,
        "-f", name + ".in")
    assert err == []
    assert status == 0
    with open(os.path.join(HERE, name + ".ok")) as f:
        assert out.replace(place.keys, "KEYS") == f.read()
    assert place.check(out) == (0, out, [])


@pytest.mark.parametrize("name", golden("err"))
def test_err(place, name):
    args = copy_in(place, name + ".in")
    status, out, err = place.run("-nv", "-D", "keys=" + place.keys, *args,
        "-f", name + ".in")
    with open(os.path.join(HERE, name + ".err")) as f:
        expect = f.read().splitlines()
    assert [e.replace(place.keys, "KEYS") for e in err] == expect
    assert (status, out) == (1, "")


def test_defaults_are_what_the_manual_says():
    with open(os.path.join(TOP, "man/gatewayd.conf.5")) as f:
        entries = f.read().replace("\n.Qq ", "\n").split("\n.It Ic ")
    text = {}
    for e in entries:
        head, _, body = e.partition("\n")
        # "user" is a setting of the whole before it is one of a sandbox.
        text.setdefault(re.sub(r" (Ar|Ic|Op|No|\|).*", "", head), body)
    with open(os.path.join(HERE, "empty.ok")) as f:
        lines = f.read().splitlines()
    for setting, value in [("frontends", "2"), ("user", "_gatewayd"),
            ("user catalog", "_gwcatalog"), ("user dialer", "_gwdialer"),
            ("user control", "_gwcontrol"),
            ("worker uids", "700000-765535"),
            ("limit sessions per sandbox", "32"),
            ("limit sessions per principal", "256"),
            ("limit viewers per session", "32"),
            ("limit requests", "500 per 30"),
            ("limit memory per worker", "128 mb"),
            ("timeout request", "10"), ("timeout channel", "10"),
            ("timeout ping", "30"), ("timeout stalled", "60"),
            ("timeout idle", "86400"), ("timeout detached ssh", "60"),
            ("timeout detached tty", "1800"),
            ("timeout detached terminal", "3600"), ("recheck", "60"),
            ("replay", "1 mb"),
            ("learned hosts", "/var/lib/gatewayd/learned_hosts"),
            ("limit dials per worker", "30"), ("timeout resolve", "5"),
            ("timeout connect", "10"), ("timeout handshake", "20")]:
        shown = [line.replace('"', "") for line in lines]
        assert "%s %s" % (setting, value) in shown
        assert value in text[setting], setting
    assert "host key checking yes" in lines
    assert "default is\n.Cm yes ." in text["host key checking yes"]


def test_the_manual_names_every_keyword_and_range():
    with open(os.path.join(TOP, "man/gatewayd.conf.5")) as f:
        manual = f.read()
    with open(os.path.join(TOP, "gatewayd/parse.y")) as f:
        table = re.findall(r'^\t\{ "([\w-]+)",\s+[A-Z0-9]+ \}', f.read(), re.M)
    assert len(table) > 80 and table == sorted(table)
    for word in table:
        assert re.search(r"\b%s\b" % word, manual), word
    for setting, low, high in NUMBERS + IN_API:
        if "port" not in setting:
            assert "%d to %d" % (low, high) in manual, setting
    for setting, low, high, *_ in SIZES:
        assert "%s to %s" % (low, high) in manual, setting


def api(line, name="pocketenv"):
    return "api %s {\nauth jwt hs256 secret file $keys/jwt.secret\n" \
        "%s\n}\n" % (name, line)


def sandbox(line):
    return 'sandbox "a" {\nowner "o"\n%s\n}\n' % line


@pytest.mark.parametrize("setting,low,high", NUMBERS + IN_API)
def test_number(place, setting, low, high):
    wrap = api if "auth" in setting else lambda line: "page on\n\n%s\n" % line
    keys = "-Dkeys=" + place.keys
    for n in (low, high):
        status, out, err = place.check(wrap(setting % n), keys)
        assert (status, err) == (0, [])
        assert (setting % n) in [line.strip() for line in out.splitlines()]
    for n in (low - 1, high + 1, 2 ** 32 + low, 2 ** 63 - 1):
        status, out, err = place.check(wrap(setting % n), keys)
        assert status == 1 and len(err) == 1, n
        assert err[0].startswith("t.conf:3: "), n
        if n >= 0:
            assert err[0].endswith("must be %d to %d, not %d" %
                (low, high, n))


@pytest.mark.parametrize("setting,low,high,below,above", SIZES)
def test_size(place, setting, low, high, below, above):
    rest = "" if "memory" in setting else "limit memory per worker 1 gb\n"
    rest = rest or "replay 4 kb\n"
    for size in (low, high):
        status, out, err = place.check(rest + setting % size)
        assert (status, err) == (0, [])
        assert (setting % size) in out.splitlines()
    for size in (below, above, "0 kb", "9223372036854775807 gb"):
        status, out, err = place.check(rest + setting % size)
        assert status == 1
        assert len(err) == 1 and err[0].startswith("t.conf:2: "), err


@pytest.mark.parametrize("line", SINGLE)
def test_given_twice(place, line):
    keys = "-Dkeys=" + place.keys
    assert place.check(line + "\n", keys)[0] == 0
    status, out, err = place.check("%s\n%s\n" % (line, line), keys)
    assert status == 1 and len(err) == 1, err
    assert re.fullmatch(r"t\.conf:2: [a-z ]+ is given twice", err[0])


@pytest.mark.parametrize("line", ["auth expiry grace 1", "auth max age 1",
    "unclaimed no"])
def test_given_twice_in_api(place, line):
    status, out, err = place.check(api(line + "\n" + line),
        "-Dkeys=" + place.keys)
    assert status == 1
    assert err == ["t.conf:4: %s is given twice" % re.sub(r" (\d+|no)$", "",
        line)]


def test_apis_have_one_grammar(place):
    lines = ["auth jwt es256 key file $keys/es.pub issuer i kid k",
        "auth expiry grace 5", "auth max age 6", "origin https://a",
        "unclaimed yes"]
    both = "".join(api("\n".join(lines), name)
        for name in ("terminal", "pocketenv"))
    status, out, err = place.check(both, "-Dkeys=" + place.keys)
    assert (status, err) == (0, [])
    assert place.check(out) == (0, out, [])
    blocks = re.findall(r"^api (\w+) \{\n(.*?)^\}", out, re.M | re.S)
    assert [name for name, _ in blocks] == ["terminal", "pocketenv"]
    assert blocks[0][1] == blocks[1][1]
    # What is said once in a block may be said in the next one again.
    status, out, err = place.check(both + api("", "terminal"),
        "-Dkeys=" + place.keys)
    assert (status, err) == (1, ["t.conf:17: api terminal is given twice"])


def many(line, n):
    return "\n".join(line % i for i in range(n)) + "\n"


@pytest.mark.parametrize("wrap,line,most,text", [
    (str, "listen on 127.0.0.1 port %d", 16, "more than 16 lines of listen"),
    (str, "proxy 2001:db8::%d", 256, "more than 256 lines of proxy"),
    (str, "seal key file $keys/%d", 8, "more than 8 lines of seal key"),
    (api, "origin http://a%d", 64, "more than 64 lines of origin"),
    (lambda x: "api pocketenv {\n%s}\n" % x,
        "auth jwt hs256 secret file $keys/jwt.secret kid k%d", 8,
        "more than 8 lines of auth jwt"),
    (lambda x: sandbox("pty /bin/sh\nuser u\n" + x), "env A%d x", 256,
        "more than 256 lines of env and secret"),
    (lambda x: sandbox("pty /bin/sh\nuser u\n" + x), "owner o%d", 31,
        "more than 32 lines of owner"),
    (str, "egress deny 2001:db8::%d port 22", 256,
        "more than 256 lines of egress"),
    (str, "resolver ::1 port %d", 3, "more than 3 lines of resolver"),
    (lambda x: sandbox("ssh a user u\n" + x),
        "host key SHA256:%%02d%sA" % ("A" * 40), 16,
        "more than 16 lines of host key"),
    (lambda x: "seal key file $keys/seal.key\n" +
        sandbox("ssh a user u\n" + x),
        "file /%%d mode 0600 sealed %s" % SEALED, 64,
        "more than 64 lines of file"),
])
def test_counts(place, wrap, line, most, text):
    first = 1 if "listen" in line or "resolver" in line else 0
    lines = many(line, most + first).split("\n", first)[-1]
    for i in range(most):
        place.write("keys/%d" % i, "x")
    status, out, err = place.check(wrap(lines), "-Dkeys=" + place.keys)
    assert (status, err) == (0, [])
    assert place.check(out)[:2] == (0, out)
    lines += line % (most + first) + "\n"
    status, out, err = place.check(wrap(lines), "-Dkeys=" + place.keys)
    assert status == 1
    assert [re.sub(r"^t\.conf:\d+: ", "", e) for e in err] == [text]


HOST253 = ".".join(["h" * 63] * 3 + ["h" * 61])


def test_lengths(place):
    key = "-Dkeys=" + place.keys
    rest = "seal key file $keys/seal.key\n"
    long_id = "i" * 128
    for good, bad in [
            (sandbox("pty /bin/sh " + "x " * 63 + "\nuser u"),
                sandbox("pty /bin/sh " + "x " * 64 + "\nuser u")),
            (sandbox("pty /bin/sh\nuser " + "u" * 32),
                sandbox("pty /bin/sh\nuser " + "u" * 33)),
            (sandbox("pty /bin/sh\nuser u\nowner " + "u" * 2048),
                sandbox("pty /bin/sh\nuser u\nowner " + "u" * 2049)),
            (sandbox("pty /bin/sh\nuser u").replace('"a"', long_id),
                sandbox("pty /bin/sh\nuser u").replace('"a"', long_id + "i")),
            (sandbox("pty /bin/sh\nuser u\nenv A " + "v" * 130942),
                sandbox("pty /bin/sh\nuser u\nenv A " + "v" * 130943)),
            (sandbox("pty /bin/sh\nuser u\nenv %s x" % ("N" * 128)),
                sandbox("pty /bin/sh\nuser u\nenv %s x" % ("N" * 129))),
            (sandbox("pty /bin/sh\nuser u\nsecret A sealed " + SEALED),
                sandbox("pty /bin/sh\nuser u\nsecret A sealed " +
                    SEALED[1:])),
            (sandbox("pty /bin/sh\nuser u\nsecret A sealed " + "A" * 174654),
                sandbox("pty /bin/sh\nuser u\nsecret A sealed " +
                    "A" * 174655)),
            (sandbox("pty /bin/sh\nuser u\n" + many("env A%d " + "v" * 130942,
                8) + "env B " + "v" * 1005),
                sandbox("pty /bin/sh\nuser u\n" + many("env A%d " +
                    "v" * 130942, 8) + "env B " + "v" * 1006)),
            (sandbox("ssh %s user u" % HOST253),
                sandbox("ssh %sa user u" % HOST253)),
            (sandbox("ssh %s. user u" % HOST253),
                sandbox("ssh %s.. user u" % HOST253)),
            (sandbox("ssh %s user u" % ("l" * 63)),
                sandbox("ssh %s user u" % ("l" * 64))),
            (sandbox("ssh a user " + "u" * 1024),
                sandbox("ssh a user " + "u" * 1025)),
            (sandbox("ssh a user u\nfile /%s mode 0 sealed %s" %
                ("f" * 1017, SEALED)),
                sandbox("ssh a user u\nfile /%s mode 0 sealed %s" %
                ("f" * 1018, SEALED))),
            (sandbox("ssh a user u\nkey file $keys/box.key\n"
                "passphrase sealed " + "A" * 1430),
                sandbox("ssh a user u\nkey file $keys/box.key\n"
                "passphrase sealed " + "A" * 1431)),
            (sandbox("ssh a user u\nfile /f mode 0 sealed " +
                "A" * 1048576),
                sandbox("ssh a user u\nfile /f mode 0 sealed " +
                "A" * 1048577)),
            (sandbox("ssh a user u\n" + many("file /%d mode 0 sealed " +
                "A" * 1048576, 10) + "file /f mode 0 sealed " + "A" * 699755),
                sandbox("ssh a user u\n" + many("file /%d mode 0 sealed " +
                "A" * 1048576, 10) + "file /f mode 0 sealed " +
                "A" * 699756)),
            (sandbox("ssh a user u\nkey sealed " + "A" * 174654),
                sandbox("ssh a user u\nkey sealed " + "A" * 174655)),
            ("control socket /" + "s" * 106 + "\n",
                "control socket /" + "s" * 107 + "\n")]:
        status, out, err = place.check(rest + good, key)
        assert (status, err) == (0, []), good[:100]
        assert place.check(out) == (0, out, [])
        status, out, err = place.check(rest + bad, key)
        assert status == 1 and len(err) == 1, (bad[:100], err)


def test_very_long_word(place):
    status, out, err = place.check("page on\nx = %s\n" % ("y" * 10000000))
    assert (status, err) == (1, ["t.conf:2: word is too long"])


def test_bytes_that_do_not_belong(place):
    for text, bad in [("page on\n\x01\n", "unexpected byte 0x01"),
            ("page on\n\x7f\n", "unexpected byte 0x7f"),
            ("page on\r\n", "unexpected byte 0x0d"),
            ("page \x00on\n", "unexpected byte 0x00"),
            ("x = \"a\x1b[31m\"\n", "control character in string"),
            ("x = \"a\x00b\"\n", "control character in string"),
            ("user $\n", "macro \"\" is not defined")]:
        status, out, err = place.check(text)
        line = 1 + (text[:8] == "page on\n")
        assert (status, err) == (1, ["t.conf:%d: %s" % (line, bad)]), text


def test_include_in_a_circle(place):
    place.write("u.conf", 'page on\ninclude "keys/../t.conf"\n')
    status, out, err = place.check("include u.conf\nrecheck 0\n")
    assert (status, err) == (1, ["u.conf:2: include \"keys/../t.conf\" is "
        "under way", "t.conf:2: recheck must be 1 to 3600, not 0"])


def test_include_depth_and_number(place):
    for i in range(1, 17):
        place.write("%d.conf" % i, "include %d.conf\n" % (i + 1))
    place.write("16.conf", "")
    assert place.check("include 2.conf")[0] == 0
    status, out, err = place.check("include 1.conf")
    assert (status, err) == (1,
        ["15.conf:1: too many files are included"])
    assert place.check("include 16.conf\n" * 1023)[0] == 0
    status, out, err = place.check("include 16.conf\n" * 1024)
    assert (status, err) == (1,
        ["t.conf:1024: too many files are included"])


@pytest.mark.parametrize("uids,text", [
    ("5", "LOW-HIGH"), ("-", "numbers of 1 to 4294967294"),
    ("0-10", "numbers of 1 to 4294967294"),
    ("5-4294967295", "numbers of 1 to 4294967294"),
    ("5-x", "numbers of 1 to 4294967294"),
    ("5-6-7", "numbers of 1 to 4294967294"),
    ("6-5", "1 to 65536 uids"), ("1-65537", "1 to 65536 uids"),
    ("11111111111111111111-5", "LOW-HIGH")])
def test_worker_uids(place, uids, text):
    for good in ("1-1", "1-65536", "4294967294-4294967294"):
        assert place.check("worker uids " + good)[0] == 0
    status, out, err = place.check("worker uids " + uids)
    assert (status, err) == (1, ["t.conf:1: worker uids must be " + text])


def test_user_is_a_must_for_root_only(place):
    status, out, err = place.check(sandbox("pty /bin/sh"))
    text = "sandbox names no user, as it must when gatewayd runs as root"
    if ROOT:
        assert (status, err) == (1, ["t.conf:1: " + text])
        return
    assert (status, err) == (0, ["t.conf:1: warning: " + text])
    assert place.check(out)[:2] == (0, out)


def test_usage(place):
    for args in (["-z"], ["-n", "word"], ["-f"], ["-n", "-D"]):
        p = subprocess.run([GATEWAYD, *args], text=True, timeout=60,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert p.returncode == 1
        assert p.stdout == ""
        assert "usage: gatewayd [-dnv] [-D macro=value] [-f file]\n" in \
            p.stderr
    place.write("t.conf", "")
    for macro in ("x", "=x", "a b=c", "x=a\nb"):
        status, out, err = place.run("-n", "-D", macro, "-f", "t.conf")
        assert status == 1 and len(err) >= 1
        assert err[0].startswith("-D "), err


def test_without_v_nothing_is_printed(place):
    place.write("t.conf", "page on\n")
    assert place.run("-n", "-f", "t.conf") == (0, "", [])


def test_print_that_cannot_be_written(place):
    place.write("t.conf", "page on\n")
    with open("/dev/full", "w") as full:
        p = subprocess.run([GATEWAYD, "-nv", "-f", "t.conf"], timeout=60,
            cwd=place.path, stdout=full, stderr=subprocess.PIPE, text=True)
    assert p.returncode == 1
    assert "No space left" in p.stderr


# Whose file it is.

def test_configuration_file_is_checked(place):
    status, out, err = place.run("-n", "-f", "none.conf")
    assert (status, err) == (1,
        ["none.conf cannot be opened: No such file or directory"])
    assert place.run("-n", "-f", "keys")[2] == [
        "keys is not a regular file"]
    os.mkfifo(os.path.join(place.path, "fifo"))
    assert place.run("-n", "-f", "fifo")[2] == ["fifo is not a regular file"]
    for mode in (0o660, 0o602, 0o666):
        place.write("t.conf", "page on\n", mode)
        place.write("i.conf", "include t.conf\n")
        assert place.run("-n", "-f", "t.conf")[2] == [
            "t.conf can be written by group or others"]
        assert place.run("-n", "-f", "i.conf")[2] == ["i.conf:1: include "
            "\"t.conf\" can be written by group or others"]
    place.write("t.conf", "page on\n", 0o644)
    os.symlink("t.conf", os.path.join(place.path, "link"))
    assert place.run("-n", "-f", "link") == (0, "", [])


@root_only
def test_configuration_file_of_somebody_else(place):
    path = place.write("t.conf", "page on\n")
    os.chown(path, 1, 1)
    assert place.run("-n", "-f", "t.conf")[2] == [
        "t.conf does not belong to root or to us"]


def test_key_files_are_checked_and_all_reported(place):
    text = "".join("seal key file $keys/%s\n" % n for n in
        ("none", "dir", "empty", "large", "group", "others", "good", "link"))
    text += "api pocketenv {\n%s}\n" % "".join(
        "auth jwt %s file $keys/%s\n" % t for t in
        (("hs256 secret", "group"), ("es256 key", "public"),
         ("rs256 key", "writable")))
    os.mkdir(os.path.join(place.keys, "dir"))
    place.write("keys/empty", "")
    place.write("keys/large", "x" * 16385)
    place.write("keys/group", "x", 0o640)
    place.write("keys/others", "x", 0o604)
    place.write("keys/public", "x", 0o644)
    place.write("keys/writable", "x", 0o620)
    place.write("keys/good", "x" * 16384, 0o400)
    os.symlink("good", os.path.join(place.keys, "link"))
    status, out, err = place.check(text, "-Dkeys=" + place.keys)
    assert status == 1
    assert sorted(e.replace(place.keys + "/", "") for e in err) == [
        "dir is not a regular file",
        "empty is empty",
        "group gives rights to group or others",
        "group gives rights to group or others",
        "large is too large",
        "none cannot be opened: No such file or directory",
        "others gives rights to group or others",
        "writable can be written by group or others",
    ]


def test_files_of_ssh_are_checked(place):
    sshkey = "sandbox %s {\nowner o\nssh %s user u\nkey file $keys/%s\n}\n"
    place.write("keys/group", "x", 0o640)
    place.write("keys/writable", "x", 0o620)
    place.write("keys/public", "x", 0o644)
    place.write("keys/empty", "")
    os.symlink("public", os.path.join(place.keys, "link"))
    keys = "-Dkeys=" + place.keys

    def check(text):
        status, out, err = place.check(text, keys)
        assert status == (1 if err else 0)
        return [e.replace(place.keys + "/", "") for e in err]

    assert check("known hosts $keys/public") == []
    assert check("known hosts $keys/empty") == []
    assert check("known hosts $keys/link") == []
    assert check("known hosts $keys/writable") == [
        "writable can be written by group or others"]
    assert check("known hosts $keys/none\n" +
        sshkey % ("a", "a", "group") + sshkey % ("b", "b", "none")) == [
        "none cannot be opened: No such file or directory",
        "group gives rights to group or others",
        "none cannot be opened: No such file or directory"]
    place.write("keys/large", "x" * (4 * 1024 * 1024))
    assert check("known hosts $keys/large") == []
    place.write("keys/large", "x" * (4 * 1024 * 1024 + 1))
    assert check("known hosts $keys/large") == ["large is too large"]


def test_file_of_learned_keys_is_checked_and_not_made(place):
    text = "host key checking %s\nlearned hosts $keys/"
    keys = "-Dkeys=" + place.keys
    place.write("keys/writable", "x", 0o620)
    os.symlink("learned", os.path.join(place.keys, "link"))
    for name, expect in [("learned", []), ("known_hosts", []),
            ("none/x", ["%s cannot be opened: No such file or directory"]),
            ("writable", ["%s can be written by group or others"]),
            (".", ["%s cannot be opened: Is a directory"]),
            ("link", ["%s is a symbolic link"])]:
        expect = [e % (place.keys + "/" + name) for e in expect]
        for check in ("yes", "accept-new"):
            status, out, err = place.check(text % check + name, keys)
            assert err == (expect if check == "accept-new" else [])
            assert status == (1 if err else 0)
    assert not os.path.exists(os.path.join(place.keys, "learned"))


def test_no_host_key_checking_is_a_warning(place):
    status, out, err = place.check("page on\nhost key checking no\n")
    assert (status, err) == (0, ["t.conf:2: warning: without host key "
        "checking, whoever answers is taken for the host and is given its "
        "password"])
    assert "host key checking no\n" in out


def test_shared_hosts_with_accept_new(place):
    box = 'sandbox %s {\nowner o\nssh %s user u\n%s}\n'
    pin = "host key %s\n" % PRINT
    learn = "host key checking accept-new\nlearned hosts $keys/l\n"
    warning = "t.conf: warning: sandbox \"%s\" needs a host key: accept-" \
        "new learns none of a host that several sandboxes name"
    keys = "-Dkeys=" + place.keys
    for boxes, expect in [
            ([("a", "h", "")], []),
            ([("a", "h", ""), ("b", "i", "")], []),
            ([("a", "h", ""), ("b", "h", "")], ["a"]),
            ([("b", "h", ""), ("a", "H.", pin)], ["b"]),
            ([("a", "h", pin), ("b", "h port 23", pin)], []),
            ([("a", "h", pin), ("b", "h port 23", "")], ["b"]),
            ([("a", "::1", ""), ("b", "0:0::1", ""), ("c", "::2", "")],
                ["a"]),
            ([(n + "1", n, "") for n in "cab"] +
                [(n + "2", n, "") for n in "cab"], ["a1", "b1", "c1"])]:
        text = "".join(box % b for b in boxes)
        assert place.check(text)[2] == []
        status, out, err = place.check(learn + text, keys)
        assert (status, err) == (0, [warning % e for e in expect])


@pytest.mark.parametrize("mode,shown", [("0", "0000"), ("600", "0600"),
    ("0600", "0600"), ("777", "0777"), ("0777", "0777"), ("04", "0004"),
    ("00", "0000"), ("0000", "0000"), ("8", None), ("01000", None),
    ("1777", None), ("4755", None), ("00600", None), ("-1", None),
    ("0x1ff", None), ("rw", None), ('""', None)])
def test_mode(place, mode, shown):
    status, out, err = place.check("seal key file $keys/seal.key\n" +
        sandbox("ssh a user u\nfile /f mode %s sealed %s" % (mode, SEALED)),
        "-Dkeys=" + place.keys)
    if shown is None:
        assert err == ["t.conf:5: mode must be octal, 0000 to 0777"]
    else:
        assert '\tfile "/f" mode %s sealed "%s"\n' % (shown, SEALED) in out


@pytest.mark.parametrize("host,shown", [("A.example", "a.example"),
    ("a.example.", "a.example"), ("a_b.c-d", "a_b.c-d"), ("x", "x"),
    ("1a", "1a"), ("1.a2", "1.a2"), ("0xg", "0xg"),
    ("xn--bcher-kva.example", "xn--bcher-kva.example"),
    ("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "0.0.0.0"), ("::1", "::1"),
    ("2001:DB8:0:0::1", "2001:db8::1"), ("::1.2.3.4", "::1.2.3.4"),
    ('""', None), (".", None), ("..", None), (".a", None), ("a..b", None),
    ("a..", None), ("-a", None), ("a-", None), ("a.-b", None),
    ("a-.b", None), ("a*", None), ("*", None), ('"a b"', None),
    ("a/b", None), ("a@b", None), ("a:22", None), ("[::1]", None),
    ("fe80::1%eth0", None), ("::ffff:127.0.0.1", None), ("1", None),
    ("127.1", None), ("127.0.0.256", None), ("127.0.0.1.", None),
    ("0x7f000001", None), ("a.0x1F", None), ("a.1", None), ("0x", None),
    ('"b\u00fccher"', None), ('"a\t"', None), ('"$a"', None)])
def test_host(place, host, shown):
    status, out, err = place.check(sandbox("ssh %s user u" % host))
    if shown is None:
        assert err == ["t.conf:3: \"%s\" is no DNS name and no IPv4 or "
            "IPv6 address" % host.replace('"', "")]
    else:
        assert (status, err) == (0, [])
        assert '\tssh "%s" port 22 user "u"\n' % shown in out
        assert place.check(out) == (0, out, [])


@root_only
def test_check_needs_no_root(place):
    nobody = pwd.getpwnam("nobody")
    shutil.copy(GATEWAYD, os.path.join(place.path, "gatewayd"))
    place.write("t.conf", "seal key file $keys/seal.key\n", 0o644)
    os.chmod(place.keys, 0o700)
    p = subprocess.run(["./gatewayd", "-n", "-Dkeys=" + place.keys, "-f",
        "t.conf"], user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=[],
        cwd=place.path, text=True, stderr=subprocess.PIPE, timeout=60)
    assert p.returncode == 0
    assert p.stderr.splitlines() == ["gatewayd: warning: %s/seal.key cannot "
        "be opened: Permission denied" % place.keys, "configuration OK"]


# The sample and the manual.

def sample():
    with open(os.path.join(TOP, "etc/gatewayd.conf")) as f:
        return f.read()


def test_sample(place):
    assert place.check(sample())[0] == 0


def test_sample_with_all_its_examples(place):
    text = re.sub(r"^#(?=[a-z\t}])", "", sample(), flags=re.M)
    assert text.count("\n#") < sample().count("\n#") - 10
    status, out, err = place.check(text, "-Dkeys=" + place.keys)
    assert (status, err) == (0, [])
    assert place.check(out) == (0, out, [])


def test_examples_of_the_manual(place):
    with open(os.path.join(TOP, "man/gatewayd.conf.5")) as f:
        text = f.read()
    text = text[text.index(".Sh EXAMPLES"):].replace("\\e\n", "\\\n")
    texts = re.findall(r"^\.Bd -literal.*?\n(.*?)^\.Ed", text, re.M | re.S)
    texts = [t for t in texts if "{\n" in t]
    assert len(texts) == 2
    for text in texts:
        status, out, err = place.check(text, "-Dkeys=" + place.keys)
        assert (status, err) == (0, [])


def test_the_sample_may_be_read_by_all():
    mode = os.stat(os.path.join(TOP, "etc/gatewayd.conf")).st_mode
    assert not mode & stat.S_IXUSR
