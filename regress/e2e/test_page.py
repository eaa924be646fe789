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
The page as files: what is served, to whom, and what becomes of it when the
files change.  What it does in a browser is tested in regress/web.

What can break: an old script beside a new one; a file cut under the hands of
who sends it; a body of megabytes in the memory of each slow reader.
"""

import hashlib
import os
import re
import shutil
import socket
import subprocess
import time

import pytest

from clients import Http, connect, wait_for
from daemon import BUILD, TOP, Daemon, memory

WEB = os.path.join(BUILD, "web")
LONGEST = "xterm.mjs"


@pytest.fixture(scope="module", autouse=True)
def built():
    if not os.path.exists(WEB + "/index.html"):
        subprocess.run(["sh", os.path.join(TOP, "web/build.sh")], check=True,
                       env=dict(os.environ, BUILD=BUILD))


@pytest.fixture(scope="module")
def page(built):
    with Daemon(sandboxes={}) as d:
        yield d


@pytest.fixture
def files():
    """They may be changed; afterwards they are as before."""
    kept = WEB + ".kept"
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(WEB, kept)
    yield WEB
    shutil.rmtree(WEB, ignore_errors=True)
    os.rename(kept, WEB)


def content(name):
    with open(os.path.join(WEB, name), "rb") as f:
        return f.read()


def get(d, path, method="GET", **headers):
    with Http(d.port) as h:
        return h.ask(method, path, headers={
            k.replace("_", "-"): v for k, v in headers.items()})


def test_every_file(page):
    """What is built is served, whole; and what is not built is not."""
    kinds = {"html": "text/html; charset=utf-8", "svg": "image/svg+xml",
             "css": "text/css; charset=utf-8",
             "txt": "text/plain; charset=utf-8",
             "js": "text/javascript; charset=utf-8",
             "mjs": "text/javascript; charset=utf-8"}
    assert get(page, "/").body == content("index.html")
    for name in os.listdir(WEB):
        a = get(page, "/assets/" + name)
        assert (a.status, a.body) == (200, content(name))
        assert a.headers["content-type"] == kinds[name.rsplit(".")[-1]]
        assert a.headers["x-content-type-options"] == "nosniff"
        assert a.headers["cache-control"] == "no-cache"
    for name in ("", "x", "index", "page.js/", "%70age.js", "../page.js",
                 "..", "page.js%00", "PAGE.JS", "a" * 200 + ".js"):
        assert get(page, "/assets/" + name).status in (400, 404)
    assert get(page, "/assets/page.js", "POST").status == 405


def test_nothing_is_missing(page):
    """Every file that one of ours names is there."""
    names = set()
    for name in os.listdir(WEB):
        if name.startswith(("addon-", "xterm", "licenses")):
            continue
        text = content(name).decode()
        names |= set(re.findall(r'(?:src|href)="assets/([^"]+)"', text))
        names |= set(re.findall(r'from "\./([^"]+)"', text))
    assert len(names) > 10
    for name in names:
        assert get(page, "/assets/" + name).status == 200, name


def test_policy(page):
    for path in ("/", "/assets/page.js"):
        h = get(page, path).headers
        policy = dict(p.split(" ", 1) for p in
                      h["content-security-policy"].split("; "))
        assert policy == {
            "default-src": "'none'", "script-src": "'self'",
            "style-src": "'self' 'unsafe-inline'", "img-src": "'self'",
            "connect-src": "'self'", "base-uri": "'none'",
            "form-action": "'none'", "frame-ancestors": "'none'"}
        assert h["referrer-policy"] == "no-referrer"
        assert h["cross-origin-opener-policy"] == "same-origin"
        assert "access-control-allow-origin" not in h
        assert "set-cookie" not in h
    assert not re.search(r"<script(?! type=\"module\" src=)|\son\w+=|<style",
                         content("index.html").decode())


def test_tags(page):
    """A browser that has it is told so."""
    a = get(page, "/assets/page.js")
    tag = a.headers["etag"]
    digest = hashlib.sha256(content("page.js")).hexdigest()
    assert tag == '"%s"' % digest[:32]
    for value in (tag, "W/" + tag, '"x", ' + tag, "*"):
        b = get(page, "/assets/page.js", If_None_Match=value)
        assert (b.status, b.body) == (304, b"")
        assert b.headers["etag"] == tag
        assert b.headers["cache-control"] == "no-cache"
    for value in ('"x"', tag[1:-1], ""):
        assert get(page, "/assets/page.js",
                   If_None_Match=value).status == 200
    h = get(page, "/assets/page.js", "HEAD")
    assert (h.status, h.body) == (200, b"")
    assert h.headers["content-length"] == str(len(content("page.js")))
    # A connection that had no body is good for the next request.
    with Http(page.port) as c:
        for method, status in (("GET", 304), ("HEAD", 304), ("GET", 304)):
            assert c.ask(method, "/", headers={
                "If-None-Match": "*"}).status == status
        assert c.ask("GET", "/").body == content("index.html")


def test_off(start):
    d = start(sandboxes={}, lines=["page off"])
    assert get(d, "/").status == 404
    assert get(d, "/assets/page.js").status == 404
    d.lines = []
    d.write()
    d.reload()
    assert get(d, "/").status == 200
    assert get(d, "/assets/page.js").status == 200


def test_reload(start, files):
    """What is served is what was there at start, then at a reload."""
    d = start(sandboxes={})
    old = content("page.js")
    with open(files + "/page.js", "wb") as f:
        f.write(b"cut")
    assert get(d, "/assets/page.js").body == old
    # A frontend that is new has no newer files than the other.
    d.faults = True
    killed = d.process("frontend")[0]
    os.kill(killed, 9)
    # The other one may not have heard of it, and would say it is ready.
    wait_for(lambda: not [row for row in d.ctl("show", "processes")
                          if int(row[2]) == killed or row[-1] != "ready"])
    for _ in range(6):
        assert get(d, "/assets/page.js").body == old
    d.reload()
    for _ in range(6):
        assert get(d, "/assets/page.js").body == b"cut"


@pytest.mark.parametrize("what", ["missing", "directory", "too long"])
def test_without(start, files, what):
    """No page is no reason not to start, and to say how to get one."""
    name = files + "/page.js"
    os.unlink(name)
    if what == "directory":
        os.mkdir(name)
    elif what == "too long":
        with open(name, "wb") as f:
            f.truncate(2 * 1024 * 1024 + 1)
    d = start(sandboxes={})
    assert len(re.findall(r"page: .*/web/page\.js: ", d.log())) == 1
    a = get(d, "/")
    assert a.status == 200
    assert b"make web" in a.body and b"<script" not in a.body
    assert get(d, "/assets/xterm.css").status == 404
    if what == "directory":
        os.rmdir(name)
    with open(name, "wb") as f:
        f.write(b"there")
    d.reload()
    assert get(d, "/assets/page.js").body == b"there"
    assert get(d, "/").body == content("index.html")


@pytest.mark.plain
def test_slow_readers(start):
    """Who reads slowly gets all of it, and costs no copy of it."""
    d = start(sandboxes={}, frontends=1)
    want = content(LONGEST)
    fe, = d.process("frontend")
    assert get(d, "/assets/" + LONGEST).body == want
    before = memory(fe)
    slow = []
    for _ in range(200):
        s = connect(d.port, rcvbuf=4096)
        s.sendall(b"GET /assets/%s HTTP/1.1\r\nHost: a\r\n"
                  b"Connection: close\r\n\r\n" % LONGEST.encode())
        slow.append(s)
    time.sleep(1)
    assert memory(fe) - before < len(want) * 20
    # A new configuration does not take it away from them.
    d.reload()
    s = slow[0]
    got = b""
    while True:
        part = s.recv(4096)
        if not part:
            break
        got += part
    assert got.partition(b"\r\n\r\n")[2] == want
    for s in slow:
        s.close()
    wait_for(lambda: memory(fe) - before < len(want) * 4)


def test_hang_up_in_the_middle(page):
    for _ in range(20):
        s = connect(page.port, rcvbuf=4096)
        s.sendall(b"GET /assets/%s HTTP/1.1\r\nHost: a\r\n\r\n" * 3 %
                  ((LONGEST.encode(),) * 3))
        s.recv(1000)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                     b"\1\0\0\0\0\0\0\0")
        s.close()
    assert get(page, "/assets/page.js").body == content("page.js")
