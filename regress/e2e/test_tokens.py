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
Who may do what: tokens on every verb, and what a stranger can learn.

What can break: a verb that forgets to ask; an algorithm that the token
chooses; a session or sandbox of somebody else that answers in other bytes,
or at other lengths, than one that does not exist.
"""

import hashlib
import hmac
import json
import os
import re
import subprocess
import time
import uuid

import pytest

from clients import Ws, bearer, raw
from daemon import ALICE, MALLORY, Daemon, jwt, quote

SECRET = b"test-jwt-secret-0123456789abcdef"
HS = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
VECTORS = {
    "login": (HS + "eyJkaWQiOiJkaWQ6cGxjOmFsaWNlIiwiaWF0IjoxNzYwMDAwMDAwLCJle"
              "HAiOjQxMDI0NDQ4MDB9.rm_d0vFQMcMoJ-AHMwKdTHOikM8Dv43fyBE5kDnh_"
              "d8", "ok"),
    "cli": (HS + "eyJkaWQiOiJkaWQ6cGxjOmFsaWNlIiwiaWF0IjoxNzYwMDAwMDAwLCJleHA"
            "iOjMzMjk2MDAwMDAwfQ.tVVj4oPWVqywBSI7gmdA2YXM_Cnvl7FziuJL8EiXObI",
            "ok"),
    "expired": (HS + "eyJkaWQiOiJkaWQ6cGxjOmFsaWNlIiwiaWF0IjoxNzAwMDAwMDAwLCJ"
                "leHAiOjE3MDA2MDQ4MDB9.XpAVMsdsbZT-DU0qR6K1VWqPHgzEugPRhP-e15"
                "9IkOU", "expired"),
    "terminal": ("eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJkaWQ6cGxjOm"
                 "FsaWNlIiwiaWF0IjoxNzYwMDAwMDAwfQ.AkV7SWivgcFrEU0Yu2bMI-QyjE"
                 "CYfzWClX5qvqLvqXE", "expired"),
    "other": (HS + "eyJkaWQiOiJkaWQ6cGxjOm1hbGxvcnkiLCJpYXQiOjE3NjAwMDAwMDAsI"
              "mV4cCI6NDEwMjQ0NDgwMH0.nW_2x3mMv__XVTp3c9ntWuzKYmgcDs8rmQgciHc"
              "JWBw", "foreign"),
    "hs384": ("eyJhbGciOiJIUzM4NCIsInR5cCI6IkpXVCJ9.eyJkaWQiOiJkaWQ6cGxjOmFsa"
              "WNlIiwiaWF0IjoxNzYwMDAwMDAwLCJleHAiOjQxMDI0NDQ4MDB9.ZoxEzIe-Lu"
              "dWbICPPXBoj52AEUk_rTRNv42iuDaY6qEEE8RTyx3cWG-CcbpgBAf9",
              "invalid"),
    "not yet": (HS + "eyJkaWQiOiJkaWQ6cGxjOmFsaWNlIiwiaWF0IjoxNzYwMDAwMDAwLCJ"
                "uYmYiOjQxMDI0NDQ4MDAsImV4cCI6NDEwMjQ0ODQwMH0.4P-d4tr9H_V5A2S"
                "eDWi7kaAmOhHJkqdyFi8Icme6AFM", "invalid"),
    "wrong key": (HS + "eyJkaWQiOiJkaWQ6cGxjOmFsaWNlIiwiaWF0IjoxNzYwMDAwMDAwL"
                  "CJleHAiOjQxMDI0NDQ4MDB9.9mZu6akLreJ8yzqyZ6pEb5Ne6dOMVcKiuJ"
                  "0j77hTtPg", "invalid"),
    "none": ("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJkaWQiOiJkaWQ6cGxjOmFsaWN"
             "lIiwiZXhwIjo0MTAyNDQ0ODAwfQ.", "invalid"),
}
CLOSES = {"absent": (1008, "Authentication required"),
          "invalid": (1008, "Invalid token"),
          "expired": (1008, "Token expired"),
          "foreign": (1011, "Session not found")}
VERBS = [("POST", "/ssh/connect"), ("GET", "/ssh/stream/%s"),
         ("POST", "/ssh/input/%s"), ("POST", "/ssh/resize/%s"),
         ("DELETE", "/ssh/disconnect/%s")]


@pytest.fixture(scope="module")
def vectors():
    d = Daemon(start=False)
    path = d.keys + "/jwt.secret"
    with open(path, "wb") as f:
        f.write(SECRET + b"\n")
    os.chmod(path, 0o600)
    d.secret = SECRET
    d.start()
    yield d
    d.stop()


def try_all(d, sid, token, expect):
    """Every verb with that token."""
    body = {"data": "echo st$((1+1))len\n", "cols": 5, "rows": 5}
    for method, path in VERBS:
        if "%s" in path:
            path %= sid
        answer = d.ask(method, path, body if method == "POST" else None,
                       token, {"X-Sandbox-Id": "demo"})
        if expect == "foreign":
            assert answer.status == 404
            assert answer.json["error"] in ("Session not found",
                                            "Sandbox not found")
        else:
            assert answer.status == 401, (method, path, answer)
            assert answer.json["error"] == "Unauthorized"
    ws = Ws(d.port, d.ws_path(sid, token))
    assert ws.status == 101
    assert ws.closed() == CLOSES[expect]
    ws = Ws(d.port, d.ws_path(sid, None), bearer(token))
    assert ws.closed() == CLOSES[expect]


@pytest.mark.parametrize("name", VECTORS)
def test_vectors(vectors, name):
    d = vectors
    token, expect = VECTORS[name]
    sid, ws = d.shell()
    if expect == "ok":
        mine = d.open(token=token)
        with_query, with_header = d.ws(mine, token), Ws(
            d.port, d.ws_path(mine, None), bearer(token))
        for w in (with_query, with_header):
            w.until(b"$ ")
            w.drop()
        assert d.delete(sid, token).status == 200
        return
    try_all(d, sid, token, expect)
    # Nothing of it has reached the shell.
    ws.type("stty size; echo e$((1+1))d\n")
    assert b"st2len" not in ws.until(b"e2d\r\n")
    assert b"24 80" in ws.out
    ws.drop()


def forged(d):
    now = int(time.time())
    good = {"did": ALICE, "iat": now, "exp": now + 600}
    token = jwt(good, d.sign)
    head, body, sig = token.split(".")

    def hs(digest):
        return lambda data: hmac.new(d.secret, data, digest).digest()
    return {
        "empty parts": "..", "word": "x", "two parts": head + "." + body,
        "four parts": token + ".x", "padded": token + "=",
        "truncated": token[:-1], "junk behind": token + "A",
        "blank": token + " x", "no signature": head + "." + body + ".",
        "hs512": jwt(good, hs(hashlib.sha512), "HS512"),
        "hs512 with another name": jwt(good, hs(hashlib.sha512)),
        "none, signed": jwt(good, d.sign, "none"),
        "None": jwt(good, lambda _: b"", "None"),
        "lower case": jwt(good, d.sign, "hs256"),
        "changed": head + "." + jwt(
            {**good, "did": MALLORY}, d.sign).split(".")[1] + "." + sig,
        "no identity": jwt({"iat": now, "exp": now + 600}, d.sign),
        "did is no did": jwt({**good, "did": "alice"}, d.sign),
        "did is a number": jwt({**good, "did": 7}, d.sign),
        "did is a list": jwt({**good, "did": [ALICE]}, d.sign),
        "exp is text": jwt({**good, "exp": "4102444800"}, d.sign),
        "nbf": jwt({**good, "nbf": now + 500}, d.sign),
        "crit": jwt(good, d.sign, head={
            "alg": "HS256", "typ": "JWT", "crit": ["exp"]}),
        "too long": jwt({**good, "x": "y" * 9000}, d.sign),
        "array": jwt([good], d.sign),
    }


def test_forgeries(daemon):
    sid, ws = daemon.shell()
    for name, token in forged(daemon).items():
        answer = daemon.connect(token=token)
        assert answer.status == 401, name
        assert answer.json["error"] == "Unauthorized", name
        assert daemon.input(sid, "x", token).status == 401, name
        close = Ws(daemon.port, daemon.ws_path(sid, None), bearer(
            token)).closed()
        assert close == (1008, "Invalid token"), name
    ws.drop()


@pytest.mark.parametrize("token", [None, "", "null"])
def test_absent(daemon, token):
    sid, ws = daemon.shell()
    for method, path in VERBS:
        answer = daemon.ask(method, path.replace("%s", sid),
                            "{}" if method == "POST" else None, token=None,
                            headers={} if token is None else
                            {"Authorization": "Bearer " + token})
        assert answer.status == 401, path
        assert answer.json["error"] == "Unauthorized", path
    none = Ws(daemon.port, daemon.ws_path(sid, token))
    assert none.closed() == CLOSES["absent"]
    ws.drop()


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR"])
def test_scheme(daemon, scheme):
    token = daemon.token()
    answer = daemon.connect(token=None, headers={
        "Authorization": scheme + "  " + token + " "})
    assert answer.status == 200
    for wrong in ("Basic " + token, token, "Bearer" + token):
        answer = daemon.connect(token=None,
                                headers={"Authorization": wrong})
        assert answer.status == 401


def test_query_goes_before_the_header(daemon):
    """And an empty one does not."""
    sid = daemon.open()
    good, bad = daemon.token(), "x.y.z"
    for path, header, close in (
            (daemon.ws_path(sid, bad), good, (1008, "Invalid token")),
            (daemon.ws_path(sid, good), bad, None),
            (daemon.ws_path(sid, None) + "?token=", good, None),
            (daemon.ws_path(sid, None) + "?a=b&token=" + good, bad, None)):
        ws = Ws(daemon.port, path, bearer(header))
        if close is None:
            ws.until(b"$ ")
            ws.drop()
        else:
            assert ws.closed() == close
    # On the verbs that are no stream a query is no token.
    answer = daemon.ask("POST", "/ssh/connect?token=" + good, token=None,
                        headers={"X-Sandbox-Id": "demo"})
    assert answer.status == 401


def test_sub(daemon):
    """Without did it is sub; with both it is did."""
    for claims, status in (({"did": None, "sub": ALICE}, 200),
                           ({"did": ALICE, "sub": MALLORY}, 200),
                           ({"did": MALLORY, "sub": ALICE}, 404),
                           ({"did": None, "sub": "alice"}, 401)):
        token = daemon.token(**claims)
        assert daemon.connect(token=token).status == status, claims


def test_times(start):
    d = start(lines=[], api=["auth expiry grace 100", "auth max age 1000"])
    now = int(time.time())
    for claims, exp, status in (({}, -50, 200), ({}, -200, 401),
                                ({"iat": now - 900}, None, 200),
                                ({"iat": now - 1200}, None, 401),
                                ({"iat": None}, None, 401),
                                ({}, 33296000000, 200)):
        answer = d.connect(token=d.token(exp=exp, **claims))
        assert answer.status == status, (claims, exp)


def test_expiry_while_attached(start):
    """A token counts when it is used: who is attached stays."""
    d = start(lines=["recheck 1"])
    sid = d.open()
    token = d.token(exp=8)
    ws = d.ws(sid, token)
    ws.until(b"$ ")
    end = time.time() + 30
    while d.input(sid, "", token).status != 401:
        assert time.time() < end
    assert d.ws(sid, token).closed() == (1008, "Token expired")
    ws.type("echo x$((20+3))y\n")
    ws.until(b"x23y")
    ws.drop()


def same(d, requests):
    """The answers to these are the same bytes, but for date and count."""
    seen = {}
    for name, request in requests.items():
        answer = raw(d.port, request.encode())
        assert answer, name
        answer = re.sub(rb"(?m)^(Date|X-RateLimit-\w+): .*\r\n", b"",
                        answer)
        seen.setdefault(answer, []).append(name)
    assert len(seen) == 1, seen
    return next(iter(seen))


def request(method, path, token, body="", extra=""):
    return ("%s %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n"
            "Connection: close\r\nContent-Type: application/json\r\n%s"
            "Content-Length: %d\r\n\r\n%s" % (
                method, path, token, extra, len(body), body))


def strange_ids(d):
    """Sessions that alice cannot see, or that cannot be."""
    foreign = d.open("foreign", token=d.token(MALLORY))
    gone = d.open()
    assert d.delete(gone).status == 200
    return {"unknown": str(uuid.uuid4()), "foreign": foreign, "gone": gone,
            "version": str(uuid.uuid1()), "upper": foreign.upper(),
            "short": "x", "dots": "..", "percent": "%41%42",
            "long": "a" * 300, "nil": str(uuid.UUID(int=0)),
            "percent id": "%" + "%02x" % ord(foreign[0]) + foreign[1:]}


@pytest.mark.parametrize("method, path, body", [
    ("GET", "/ssh/stream/%s", ""),
    ("POST", "/ssh/input/%s", '{"data":"x"}'),
    ("POST", "/ssh/resize/%s", '{"cols":9,"rows":9}'),
    ("DELETE", "/ssh/disconnect/%s", "")])
def test_unknown_foreign_malformed(daemon, method, path, body):
    token = daemon.token()
    answer = same(daemon, {name: request(method, path % sid, token, body)
                           for name, sid in strange_ids(daemon).items()})
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert answer.endswith(b'\r\n\r\n{"error":"Session not found"}')


def test_unknown_foreign_malformed_upgrade(daemon):
    token = daemon.token()
    answer = same(daemon, {name: (
        "GET /ssh/%s/ws?token=%s HTTP/1.1\r\nHost: x\r\n"
        "Connection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n" % (sid, token))
        for name, sid in strange_ids(daemon).items()})
    assert answer.startswith(b"HTTP/1.1 101 ")
    assert answer.endswith(b"\r\n\r\n\x88\x13\x03\xf3Session not found")


def test_unknown_sandboxes(daemon):
    ids = {"unknown": "sbx_unknown", "foreign": "foreign", "long": "a" * 300,
           "slash": "a/b", "percent": "%64emo", "dots": "../demo",
           "blank": "demo x", "quote": "demo'--", "utf-8": "d\u00e9mo"}
    token = daemon.token()
    answer = same(daemon, {name: request(
        "POST", "/ssh/connect", token, "", "X-Sandbox-Id: %s\r\n" % i)
        for name, i in ids.items()})
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert answer.endswith(b'\r\n\r\n{"error":"Sandbox not found"}')


# Public keys

def openssl(*args, data=None):
    return subprocess.run(["openssl", *args], input=data, check=True,
                          capture_output=True).stdout


def key_pair(directory, name, *args):
    private = os.path.join(directory, name + ".pem")
    public = os.path.join(directory, name + ".pub")
    openssl("genpkey", "-out", private, *args)
    openssl("pkey", "-in", private, "-pubout", "-out", public)
    return private, public


def signer(private, alg):
    """A function that signs with this key."""
    def sign(data):
        sig = openssl("dgst", "-sha256", "-sign", private, data=data)
        return es_raw(sig) if alg == "ES256" else sig
    return sign


def es_raw(der):
    """The two numbers of a DER signature, 32 bytes each."""
    out, at = b"", 2
    for _ in range(2):
        n = der[at + 1]
        out += der[at + 2:at + 2 + n].lstrip(b"\0").rjust(32, b"\0")
        at += 2 + n
    return out


@pytest.fixture(scope="module")
def public():
    d = Daemon(start=False)
    d.es = key_pair(d.dir, "es", "-algorithm", "EC", "-pkeyopt",
                    "ec_paramgen_curve:P-256")
    d.rs = key_pair(d.dir, "rs", "-algorithm", "RSA", "-pkeyopt",
                    "rsa_keygen_bits:2048")
    d.auth = ["es256 key file %s issuer \"https://id\"" % quote(d.es[1]),
              "rs256 key file %s" % quote(d.rs[1])]
    d.write()
    d.start()
    d.claims = {"did": ALICE, "iat": int(time.time()),
                "exp": int(time.time()) + 3600}
    yield d
    d.stop()


def test_public_keys(public):
    d = public
    for alg, key, extra in (("ES256", d.es, {"iss": "https://id"}),
                            ("RS256", d.rs, {})):
        token = jwt({**d.claims, **extra}, signer(key[0], alg), alg)
        for _ in range(2):		# the second time it is known
            sid = d.open(token=token)
            ws = d.ws(sid, token)
            ws.until(b"$ ")
            assert d.input(sid, "echo x$((20+3))y\n", token).status == 200
            ws.until(b"x23y")
            assert d.delete(sid, token).status == 200
            ws.closed()
    other = jwt({**d.claims, "did": MALLORY}, signer(d.rs[0], "RS256"),
                "RS256")
    assert d.connect(token=other).status == 404


def test_public_key_forgeries(public):
    d = public
    es, rs = signer(d.es[0], "ES256"), signer(d.rs[0], "RS256")

    def hmac_of(path):
        with open(path, "rb") as f:
            pem = f.read()
        return lambda data: hmac.new(pem, data, hashlib.sha256).digest()
    issued = {**d.claims, "iss": "https://id"}
    good = jwt(issued, es, "ES256")
    der = openssl("dgst", "-sha256", "-sign", d.es[0],
                  data=good.rsplit(".", 1)[0].encode())
    forgeries = {
        "public key as secret": jwt(issued, hmac_of(d.es[1])),
        "public rsa key as secret": jwt(d.claims, hmac_of(d.rs[1])),
        "the old secret": d.token(),
        "none": jwt(d.claims, lambda _: b"", "none"),
        "es as rs": jwt(issued, es, "RS256"),
        "rs as es": jwt(issued, rs, "ES256"),
        "rs384": jwt(d.claims, rs, "RS384"),
        "es384": jwt(issued, es, "ES384"),
        "no issuer": jwt(d.claims, es, "ES256"),
        "other issuer": jwt({**d.claims, "iss": "x"}, es, "ES256"),
        "der": good.rsplit(".", 1)[0] + "." + jwt({}, lambda _: der).split(
            ".")[2],
        "zeros": jwt(issued, lambda _: bytes(64), "ES256"),
        "empty": jwt(issued, lambda _: b"", "ES256"),
    }
    for name, token in forgeries.items():
        answer = d.connect(token=token)
        assert answer.status == 401, name
        assert json.loads(answer.body)["error"] == "Unauthorized"


def test_token_of_gatewayctl(daemon):
    run = daemon.run_ctl("token", "-k", daemon.keys + "/jwt.secret", "-s",
                         ALICE)
    assert daemon.connect(token=run.stdout.strip()).status == 200
