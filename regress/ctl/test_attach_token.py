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

"""gatewayctl attach: where its token comes from, and who gets it.

What can break: a token where others can read it, or one that is sent to
somebody else.  The server is played by the test.
"""

import os
import ssl
import subprocess

import pytest

from native import (BLOB, Gateway, create, failed, finish, raw, run, short,
                    term, until)


# Tokens


def test_token_modes(token):
    for mode in (0o604, 0o602, 0o601, 0o620, 0o644, 0o666):
        token.chmod(mode)
        failed(run(token, "http://127.0.0.1:1"), 1, "others can reach it")
    for mode in (0o600, 0o400, 0o640):
        token.chmod(mode)
        failed(run(token, "http://127.0.0.1:1"), 255, "refused")


@pytest.mark.parametrize("data", [
    b"", b"\n", b"a b", b"a\nb\n", b"a\r\n", b"a\0b", b"\xff", b"x" * 8193,
    b"x" * 9000,
], ids=short)
def test_token_malformed(token, data):
    token.write_bytes(data)
    proc = run(token, "http://127.0.0.1:1")
    failed(proc, 1, str(token))


def test_token_missing(token):
    failed(run(token.parent / "none", "http://127.0.0.1:1"), 1, "none: ")
    failed(run(token.parent, "http://127.0.0.1:1"), 1, "not a regular file")


def test_token_longest(token):
    def attach(req):
        assert req.headers["authorization"] == "Bearer " + "x" * 8192
        req.error(401, "unauthorized", "too long for the library")

    token.write_bytes(b"x" * 8192)
    with Gateway(attach) as g:
        failed(run(token, g.url), 1, "for the library")


def test_token_from_stdin():
    """Then the terminal is what /dev/tty is."""
    def attach(req):
        assert req.headers["authorization"] == "Bearer from.a.pipe"
        ws = req.upgrade()
        ws.send(b"READY")
        assert ws.input(b"\r")[0] == b"typed\r"
        finish(ws, code=2)

    r, w = os.pipe()
    os.write(w, b"from.a.pipe\nnot for the session\n")
    os.close(w)
    with Gateway(attach) as g, term("-", g.url, stdin=r) as t:
        t.until("READY")
        until(t.raw)
        t.type("typed\r")
        assert t.end() == 2
    os.close(r)


def test_token_from_terminal():
    with term("-", "http://127.0.0.1:1") as t:
        assert t.end() == 1
        assert b"does not belong on the screen" in t.seen


def test_token_without_terminal():
    proc = run("-", "http://127.0.0.1:1", data=b"abc\n",
               start_new_session=True)
    failed(proc, 1, "/dev/tty")


# TLS


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """good is for localhost and 127.0.0.1; other is for another name."""
    d = tmp_path_factory.mktemp("tls")
    for name, alt in (("good", "DNS:localhost,IP:127.0.0.1"),
                      ("other", "DNS:other.example")):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
             "/CN=localhost", "-addext", "subjectAltName=" + alt,
             "-keyout", d / (name + ".key"), "-out", d / (name + ".pem")],
            check=True, capture_output=True)
    return d


def tls(certificates, name):
    ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ctx.load_cert_chain(certificates / (name + ".pem"),
                        certificates / (name + ".key"))
    return lambda sock: ctx.wrap_socket(sock, server_side=True)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_tls(token, certificates, host):
    def attach(req):
        ws = req.upgrade()
        assert ws.input(b"\x04")[0] == b"hello\n\x04"
        ws.send(BLOB)
        finish(ws, code=3)

    with Gateway(create, attach, wrap=tls(certificates, "good")) as g:
        got = run(token, "https://%s:%d" % (host, g.port), "demo",
                  data=b"hello\n", env={**os.environ, "SSL_CERT_FILE":
                                        str(certificates / "good.pem")})
    assert (got.returncode, got.err) == (3, b"")
    assert got.out == BLOB


@pytest.mark.parametrize("name, trust, host, why", [
    ("good", None, "localhost", "self-signed"),
    ("good", "other", "localhost", "self-signed"),
    ("other", "other", "localhost", "mismatch"),
    ("other", "other", "127.0.0.1", "mismatch"),
])
def test_tls_untrusted(token, certificates, name, trust, host, why):
    def never(req):
        raise AssertionError("it has sent its token")

    env = dict(os.environ, SSL_CERT_DIR="/nonexistent", SSL_CERT_FILE=str(
        certificates / (trust + ".pem")) if trust else "/nonexistent")
    with Gateway(never, wrap=tls(certificates, name)) as g:
        failed(run(token, "https://%s:%d" % (host, g.port), env=env), 255,
               why)


def test_tls_not(token):
    """TLS to what speaks HTTP, and the other way."""
    @raw
    def plain(sock):
        sock.recv(65536)
        sock.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with Gateway(plain) as g:
        failed(run(token, g.url.replace("http", "https")), 255, "https://")
