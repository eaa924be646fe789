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
Requests as bytes, most of them no requests at all.

What can break: two parsers that see the end of a request at different
places, which lets one client put words into the mouth of the next; a target
that means a file or another host; an answer that stops half way.  In the
service that this one replaces "GET // HTTP/1.1" as an upgrade ended the
process for everybody.
"""

import json
import socket
import time

import pytest

from clients import connect, drain, raw

BODY = 102400
HEAD = 16384
H = b"Host: a\r\n"
KEY = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
UP = (b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
      b"Sec-WebSocket-Version: 13\r\n")
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"


def get(target=b"/healthz", headers=b"", version=b"HTTP/1.1", host=H):
    return b"GET " + target + b" " + version + b"\r\n" + host + headers + \
        b"\r\n"


def post(headers=b"", body=b"", path=b"/ssh/connect"):
    return b"POST " + path + b" HTTP/1.1\r\n" + H + headers + b"\r\n" + body


# Refused by form: the status, and the connection is over.
REFUSED = {
    # The end of a request
    "two lengths": (400, post(b"Content-Length: 0\r\nContent-Length: 5\r\n",
                              SMUGGLED)),
    "same length twice": (400, post(b"Content-Length: 5\r\n"
                                    b"Content-Length: 5\r\n", b"12345")),
    "list of lengths": (400, post(b"Content-Length: 5, 5\r\n", b"12345")),
    "length and chunked": (400, post(b"Content-Length: 5\r\nTransfer-"
                                     b"Encoding: chunked\r\n", SMUGGLED)),
    "chunked": (411, post(b"Transfer-Encoding: chunked\r\n",
                          b"0\r\n\r\n" + SMUGGLED)),
    "chunked in capitals": (411, post(b"TRANSFER-ENCODING: CHUNKED\r\n",
                                      b"0\r\n\r\n" + SMUGGLED)),
    "chunked with a tab": (411, post(b"Transfer-Encoding:\tchunked\r\n",
                                     b"0\r\n\r\n" + SMUGGLED)),
    "gzip": (501, post(b"Transfer-Encoding: gzip\r\n", SMUGGLED)),
    "gzip, chunked": (501, post(b"Transfer-Encoding: gzip, chunked\r\n",
                                SMUGGLED)),
    "chunked twice": (400, post(b"Transfer-Encoding: chunked\r\nTransfer-"
                                b"Encoding: identity\r\n", SMUGGLED)),
    "chunked, x": (501, post(b"Transfer-Encoding: xchunked\r\n", SMUGGLED)),
    "no coding": (400, post(b"Transfer-Encoding:\r\n", SMUGGLED)),
    "space before colon": (400, post(b"Content-Length : 5\r\n", b"12345")),
    "length with sign": (400, post(b"Content-Length: +5\r\n", b"12345")),
    "negative length": (400, post(b"Content-Length: -5\r\n", b"12345")),
    "hex length": (400, post(b"Content-Length: 0x5\r\n", b"12345")),
    "length with dot": (400, post(b"Content-Length: 5.0\r\n", b"12345")),
    "no length": (400, post(b"Content-Length:\r\n", b"12345")),
    "letters": (400, post(b"Content-Length: five\r\n", b"12345")),
    "length in words": (400, post(b"Content-Length: 5 5\r\n", b"12345")),
    "too long": (413, post(b"Content-Length: %d\r\n" % (BODY + 1))),
    "beyond 64 bits": (413, post(b"Content-Length: " + b"9" * 40 + b"\r\n")),
    "GET with a body": (400, get(headers=b"Content-Length: 5\r\n") +
                        b"12345"),
    "HEAD with a body": (400, b"HEAD /healthz HTTP/1.1\r\n" + H +
                         b"Content-Length: 5\r\n\r\n12345"),
    "TRACE with a body": (400, b"TRACE / HTTP/1.1\r\n" + H +
                          b"Content-Length: 5\r\n\r\n12345"),
    "Expect": (417, post(b"Expect: 100-continue\r\nContent-Length: 5\r\n")),
    # Lines
    "folded": (400, get(headers=b"X: a\r\n b\r\n")),
    "folded with a tab": (400, get(headers=b"X: a\r\n\tb\r\n")),
    "folded length": (400, post(b"Content-Length:\r\n 5\r\n", b"12345")),
    "first header folded": (400, b"GET / HTTP/1.1\r\n Host: a\r\n\r\n"),
    "bare LF": (400, b"GET / HTTP/1.1\nHost: a\n\n"),
    "one bare LF": (400, b"GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n"),
    "LF LF": (400, b"GET / HTTP/1.1\r\nHost: a\r\n\n" + SMUGGLED),
    "bare CR": (400, b"GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n"),
    "CR CR LF": (400, b"GET / HTTP/1.1\r\r\nHost: a\r\n\r\n"),
    "NUL in a value": (400, get(headers=b"X: a\0b\r\n")),
    "NUL in a name": (400, get(headers=b"X\0: a\r\n")),
    "NUL in the target": (400, get(b"/healthz\0x")),
    "escape": (400, get(headers=b"X: \x1b[2J\r\n")),
    "DEL": (400, get(headers=b"X: \x7f\r\n")),
    "no colon": (400, get(headers=b"X\r\n")),
    "no name": (400, get(headers=b": x\r\n")),
    "name with a space": (400, get(headers=b"X Y: x\r\n")),
    "name in brackets": (400, get(headers=b"(X): x\r\n")),
    "name beyond ASCII": (400, get(headers=b"X\xe9: x\r\n")),
    "empty line first": (400, b"\r\n" + get()),
    # The request line
    "no version": (400, b"GET /healthz\r\n" + H + b"\r\n"),
    "lower case version": (400, get(version=b"http/1.1")),
    "HTTP/2": (505, get(version=b"HTTP/2.0")),
    "HTTP/1.2": (505, get(version=b"HTTP/1.2")),
    "HTTP/0.9": (505, get(version=b"HTTP/0.9")),
    "HTTP/1.10": (400, get(version=b"HTTP/1.10")),
    "HTTP/1": (400, get(version=b"HTTP/1")),
    "the preface of HTTP/2": (505, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "POST of 1.0": (505, b"POST /ssh/connect HTTP/1.0\r\n\r\n"),
    "two spaces": (400, b"GET  /healthz HTTP/1.1\r\n" + H + b"\r\n"),
    "a tab": (400, b"GET\t/healthz\tHTTP/1.1\r\n" + H + b"\r\n"),
    "space at the end": (400, b"GET / HTTP/1.1 \r\n" + H + b"\r\n"),
    "method in brackets": (400, b"(GET) / HTTP/1.1\r\n" + H + b"\r\n"),
    "no method": (400, b" / HTTP/1.1\r\n" + H + b"\r\n"),
    "long method": (400, b"G" * 33 + b" / HTTP/1.1\r\n" + H + b"\r\n"),
    "TLS": (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 8),
    "SSH": (400, b"SSH-2.0-OpenSSH_9.2\r\n\r\n"),
    "just junk": (400, b"\xff\xfe\xfd\r\n\r\n"),
    # The target
    "absolute": (400, get(b"http://a/healthz")),
    "authority": (400, b"CONNECT a:443 HTTP/1.1\r\n" + H + b"\r\n"),
    "asterisk": (400, b"OPTIONS * HTTP/1.1\r\n" + H + b"\r\n"),
    "//": (400, get(b"//")),
    "//host": (400, get(b"//evil/healthz")),
    "// inside": (400, get(b"/ssh//ws")),
    "// upgrade": (400, get(b"//", UP + KEY)),
    "no slash": (400, get(b"healthz")),
    "fragment": (400, get(b"/healthz#x")),
    "backslash": (400, get(b"/\\healthz")),
    "broken escape": (400, get(b"/%zz")),
    "cut escape": (400, get(b"/%2")),
    "beyond ASCII": (400, get(b"/\xc3\xa9")),
    "quotes in the path": (400, get(b"/\"x\"")),
    "long target": (414, get(b"/" + b"a" * 8192)),
    "long query": (414, get(b"/?" + b"a" * 8192)),
    # Host
    "no Host": (400, get(host=b"")),
    "two Hosts": (400, get(headers=b"Host: b\r\n")),
    "empty Host": (400, get(host=b"Host:\r\n")),
    "Host with a path": (400, get(host=b"Host: a/b\r\n")),
    "Host with a user": (400, get(host=b"Host: a@b\r\n")),
    "Host with a space": (400, get(host=b"Host: a b\r\n")),
    "list of Hosts": (400, get(host=b"Host: a, b\r\n")),
    "Host with a bad port": (400, get(host=b"Host: a:x\r\n")),
    # Size
    "49 headers": (431, get(headers=b"".join(b"X%d: y\r\n" % i
                                             for i in range(48)))),
    "long head": (431, get(headers=b"X: " + b"y" * HEAD + b"\r\n")),
    "many long": (431, get(headers=(b"X: " + b"y" * 600 + b"\r\n") * 30)),
    "endless line": (414, b"GET /" + b"a" * 20000),
    # Handshakes
    "no Connection": (400, get(b"/ssh/x/ws", UP.split(b"\r\n", 1)[1] + KEY)),
    "no key": (400, get(b"/ssh/x/ws", UP)),
    "two keys": (400, get(b"/ssh/x/ws", UP + KEY + KEY)),
    "short key": (400, get(b"/ssh/x/ws", UP +
                           b"Sec-WebSocket-Key: AAAA\r\n")),
    "version 8": (426, get(b"/ssh/x/ws", UP.replace(b"13", b"8") + KEY)),
    "no WebSocket version": (426, get(b"/ssh/x/ws", b"Connection: Upgrade\r\n"
                                      b"Upgrade: websocket\r\n" + KEY)),
    "upgrade by POST": (400, post(UP + KEY, path=b"/ssh/x/ws")),
    "upgrade of 1.0": (400, get(b"/ssh/x/ws", UP + KEY,
                                version=b"HTTP/1.0")),
}

# Proper requests: the status, and the connection goes on.
ANSWERED = {
    "healthz": (200, get()),
    "readyz": (200, get(b"/readyz")),
    "page": (200, get(b"/")),
    "page with a query": (200, get(b"/?a=b&c=%20d")),
    "48 headers": (200, get(headers=b"".join(b"X%d: y\r\n" % i
                                             for i in range(47)))),
    "head just short enough": (200, get(headers=b"X: " + b"y" * (
        HEAD - len(get()) - 5) + b"\r\n")),
    "Host with a port": (200, get(host=b"Host: a:80\r\n")),
    "Host in brackets": (200, get(host=b"Host: [::1]:80\r\n")),
    "header without blanks": (200, get(headers=b"X:y\r\n")),
    "empty header": (200, get(headers=b"X:\r\n")),
    "obs-text": (200, get(headers=b"X: \xe9\r\n")),
    "length of 0": (200, get(headers=b"Content-Length: 0\r\n")),
    "unknown path": (404, get(b"/smuggled")),
    "other case": (404, get(b"/HEALTHZ")),
    "trailing slash": (404, get(b"/healthz/")),
    "escaped path": (404, get(b"/%68ealthz")),
    "dots": (404, get(b"/ssh/../healthz")),
    "escaped dots": (404, get(b"/%2e%2e/etc/passwd")),
    "plain GET of a WebSocket": (404, get(b"/ssh/x/ws")),
    "unknown under /ssh": (404, get(b"/ssh/unknown")),
    "/ssh": (404, get(b"/ssh")),
    "metrics": (404, get(b"/metrics")),
    "no session": (404, get(b"/ssh/stream/")),
    "too deep": (404, get(b"/ssh/stream/a/b")),
    "GET of connect": (405, get(b"/ssh/connect")),
    "POST of healthz": (405, post(b"Content-Length: 0\r\n",
                                  path=b"/healthz")),
    "DELETE of input": (405, b"DELETE /ssh/input/x HTTP/1.1\r\n" + H +
                        b"\r\n"),
    "unknown method": (405, b"BREW / HTTP/1.1\r\n" + H + b"\r\n"),
    "TRACE": (405, b"TRACE / HTTP/1.1\r\n" + H + b"\r\n"),
    "PUT with a body": (405, b"PUT / HTTP/1.1\r\n" + H +
                        b"Content-Length: 5\r\n\r\n12345"),
    "POST without a token": (401, post()),
    "POST with the longest body": (401, post(b"Content-Length: %d\r\n" % BODY,
                                             b"x" * BODY)),
    "upgrade to h2c": (200, get(headers=b"Connection: Upgrade\r\n"
                                b"Upgrade: h2c\r\n")),
}


@pytest.fixture(scope="module")
def port(shared):
    yield shared.port
    assert shared.proc.poll() is None


def parse(data, head=False):
    """Split what came into answers: (status, headers, body)."""
    answers = []
    while data:
        top, data = data.split(b"\r\n\r\n", 1)
        lines = top.decode("latin-1").split("\r\n")
        assert lines[0].startswith("HTTP/1.1 ")
        headers = dict(li.lower().split(": ", 1) for li in lines[1:])
        n = 0 if head else int(headers.get("content-length", 0))
        assert len(data) >= n
        answers.append((int(lines[0].split()[1]), headers, data[:n]))
        data = data[n:]
    return answers


LAST = get(b"/healthz", b"Connection: close\r\n")


def test_enough():
    assert len(REFUSED) >= 60


@pytest.mark.parametrize("name", REFUSED)
def test_refused(port, name):
    """One answer, JSON, and whatever stands behind it is not looked at."""
    status, data = REFUSED[name]
    answers = parse(raw(port, data + LAST))
    assert [a[0] for a in answers] == [status]
    _, headers, body = answers[0]
    assert headers["connection"] == "close"
    assert headers["content-type"] == "application/json; charset=utf-8"
    assert headers["access-control-allow-origin"] == "*"
    body = json.loads(body)
    assert set(body) == {"error", "message"} and all(body.values())
    if status == 426:
        assert headers["sec-websocket-version"] == "13"


@pytest.mark.parametrize("name", REFUSED)
def test_refused_in_pieces(port, name):
    """The verdict is about the bytes, not about how they come."""
    status, data = REFUSED[name]
    if len(data) > 400:
        data, tail = data[:-3], data[-3:]
        pieces = [data] + [tail[i:i + 1] for i in range(3)]
    else:
        pieces = [data[i:i + 1] for i in range(len(data))]
    with connect(port) as s:
        try:
            for piece in pieces:
                s.sendall(piece)
                time.sleep(0.0002)
        except OSError:
            pass		# answered before its end
        got = drain(s)
    assert [a[0] for a in parse(got)] == [status]


@pytest.mark.parametrize("name", ANSWERED)
def test_answered(port, name):
    """And the next request of the connection is answered too."""
    status, data = ANSWERED[name]
    answers = parse(raw(port, data + LAST))
    assert [a[0] for a in answers] == [status, 200]
    assert "connection" not in answers[0][1]
    assert answers[1][1]["connection"] == "close"
    if status >= 400:
        assert json.loads(answers[0][2])["error"]


def test_pipeline(port):
    """In order, whatever their length, cut anywhere."""
    one = [(200, get()), (404, get(b"/no")), (405, post(
        b"Content-Length: 3\r\n", b"abc", b"/healthz")), (401, post(
            b"Content-Length: 30000\r\n", b"GET / HTTP/1.1\r\n" * 1875))]
    data = b"".join(d for _, d in one) * 20 + LAST
    want = [status for status, _ in one] * 20 + [200]
    assert [a[0] for a in parse(raw(port, data))] == want
    with connect(port) as s:
        for i in range(0, len(data), 7919):
            s.sendall(data[i:i + 7919])
        got = b""
        while chunk := s.recv(65536):
            got += chunk
    assert [a[0] for a in parse(got)] == want


def test_many_small(port):
    data = get() * 2000 + LAST
    assert [a[0] for a in parse(raw(port, data))] == [200] * 2001


def test_head(port):
    """Of what GET answers, without the body."""
    for path in (b"/", b"/healthz", b"/readyz"):
        want = parse(raw(port, get(path, b"Connection: close\r\n")))[0]
        data = raw(port, b"HEAD " + path + b" HTTP/1.1\r\n" + H +
                   b"Connection: close\r\n\r\n")
        status, headers, _ = parse(data, head=True)[0]
        assert status == 200
        assert headers["content-length"] == str(len(want[2]))
        assert data.endswith(b"\r\n\r\n")
    # Not of a stream, which has no end, and not of what is not there.
    for path, status in ((b"/ssh/stream/x", 405), (b"/no", 404)):
        data = raw(port, b"HEAD " + path + b" HTTP/1.1\r\n" + H +
                   b"Connection: close\r\n\r\n")
        assert parse(data, head=True)[0][0] == status


def test_http10(port):
    """One request, one answer; Host may be missing."""
    for host in (b"", H):
        data = raw(port, get(version=b"HTTP/1.0", host=host) + LAST)
        assert [a[0] for a in parse(data)] == [200]
    data = raw(port, get(version=b"HTTP/1.0",
                         headers=b"Connection: keep-alive\r\n") + LAST)
    assert [a[0] for a in parse(data)] == [200]


def test_half_close(port):
    """Whoever says nothing more may still read."""
    with connect(port) as s:
        s.sendall(get() + get(b"/no"))
        s.shutdown(socket.SHUT_WR)
        got = b""
        while chunk := s.recv(65536):
            got += chunk
    assert [a[0] for a in parse(got)] == [200, 404]


def test_cut(port):
    """An end in the middle of a request is the end."""
    for data in (b"G", get()[:-1], post(b"Content-Length: 5\r\n", b"1234")):
        with connect(port) as s:
            s.sendall(data)
            s.shutdown(socket.SHUT_WR)
            assert s.recv(1) == b""


@pytest.mark.parametrize("path", ["/ssh", "/ssh/", "/ssh/connect",
                                  "/ssh/disconnect/x", "/ssh/a/b/c/d"])
def test_preflight(port, path):
    asked = "authorization,content-type,x-sandbox-id"
    data = ("OPTIONS %s HTTP/1.1\r\nHost: a\r\nOrigin: https://x\r\n"
            "Access-Control-Request-Method: POST\r\n"
            "Access-Control-Request-Headers: %s\r\nConnection: close\r\n\r\n"
            % (path, asked)).encode()
    (status, headers, body), = parse(raw(port, data))
    assert (status, body) == (204, b"")
    assert headers["content-length"] == "0"
    assert headers["access-control-allow-origin"] == "*"
    assert headers["access-control-allow-methods"] == \
        "get,head,put,patch,post,delete"
    assert headers["access-control-allow-headers"] == asked
    assert headers["vary"] == "access-control-request-headers"
    assert "access-control-allow-credentials" not in headers


@pytest.mark.parametrize("asked", ["", "a\tb", "x" * 500, "a: b", "\xe9"])
def test_preflight_echoes_names_only(port, asked):
    data = ("OPTIONS /ssh/connect HTTP/1.1\r\nHost: a\r\nConnection: close"
            "\r\nAccess-Control-Request-Headers: %s\r\n\r\n" % asked
            ).encode("latin-1")
    (status, headers, _), = parse(raw(port, data))
    assert status == 204
    assert headers["access-control-allow-headers"] == \
        "authorization, content-type, x-sandbox-id"


def test_options_elsewhere(port):
    for path, status in ((b"/healthz", 405), (b"/", 405), (b"/sshx", 404),
                         (b"/ttyx", 404), (b"/v2/x", 404)):
        data = raw(port, b"OPTIONS " + path + b" HTTP/1.1\r\n" + H +
                   b"Connection: close\r\n\r\n")
        assert parse(data)[0][0] == status


def test_allow(port):
    for path, allow in ((b"/healthz", "get, head"),
                        (b"/ssh/connect", "post, options"),
                        (b"/ssh/stream/x", "get, options"),
                        (b"/ssh/disconnect/x", "delete, options")):
        data = raw(port, b"PATCH " + path + b" HTTP/1.1\r\n" + H +
                   b"Connection: close\r\n\r\n")
        (status, headers, body), = parse(data)
        assert (status, headers["allow"]) == (405, allow)
        assert json.loads(body) == {"error": "Method not allowed"}


@pytest.mark.parametrize("path", [b"/", b"/ssh/ws", b"/ssh/a/b/ws",
                                  b"/ssh/x/ws/", b"/ssh/connect",
                                  b"/ssh/stream/x", b"/tty/x/y/ws",
                                  b"/ptyx/x/ws", b"/healthz"])
def test_unknown_upgrade(port, path):
    data = raw(port, get(path, UP + KEY) + LAST)
    (status, headers, body), = parse(data)
    assert (status, headers["connection"]) == (404, "close")
    assert json.loads(body) == {"error": "Not found"}


def test_nothing_of_it_is_logged(shared):
    secret = "c2VjcmV0LXRva2Vu"
    for data in (get(b"/ssh/x/ws?token=" + secret.encode(), UP + KEY),
                 get(b"/ssh/stream/x?token=" + secret.encode(), b"Authorizati"
                     b"on: Bearer " + secret.encode() + b"\r\n"),
                 get(b"//" + secret.encode()),
                 post(b"X-Sandbox-Id: demo\r\nAuthorization: Bearer " +
                      secret.encode() + b"\r\nContent-Length: 20\r\n",
                      b'{"' + secret.encode() + b'":1'.ljust(20))):
        with connect(shared.port) as s:
            s.sendall(data)
            assert s.recv(20).startswith(b"HTTP/1.1 ")
    assert secret not in shared.log()
