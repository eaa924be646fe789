/*
 * Copyright (c) 2026 The gatewayd authors
 *
 * Permission to use, copy, modify, and distribute this software for any
 * purpose with or without fee is hereby granted, provided that the above
 * copyright notice and this permission notice appear in all copies.
 *
 * THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES
 * WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF
 * MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR
 * ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES
 * WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN
 * ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF
 * OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.
 */

/* links: proto/http.c */

#include "compat.h"

#include <sys/types.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "http.h"

#define TEXT_MAX	(3 * HTTP_HEAD_MAX)

/*
 * A raw request and what becomes of it: the status that refuses it, or OK.
 * Each is parsed whole, cut in two at every byte, and byte by byte.
 */
struct row {
	const char	*name;
	const char	*bytes;
	size_t		 len;
	int		 status;
};

#define OK		1
#define NEED		0
#define ROW(name, bytes, status)					\
	{ name, bytes, sizeof(bytes) - 1, status }
#define H		"Host: h\r\n"
#define GET		"GET / HTTP/1.1\r\n" H
#define POST		"POST / HTTP/1.1\r\n" H
#define END		"\r\n"
#define UPGRADE		"Upgrade: websocket\r\nConnection: Upgrade\r\n"
#define VERSION		"Sec-WebSocket-Version: 13\r\n"
#define KEY		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

static const struct row battery[] = {
	/* Where a body ends must have one answer. */
	ROW("TE and CL", POST "Transfer-Encoding: chunked\r\n"
	    "Content-Length: 5\r\n" END, 400),
	ROW("CL and TE", POST "Content-Length: 5\r\n"
	    "Transfer-Encoding: chunked\r\n" END, 400),
	ROW("CL 0 and TE", POST "Content-Length: 0\r\n"
	    "Transfer-Encoding: chunked\r\n" END, 400),
	ROW("chunked", POST "Transfer-Encoding: chunked\r\n" END, 411),
	ROW("Chunked", POST "transfer-encoding:\tCHUNKED \r\n" END, 411),
	ROW("gzip", POST "Transfer-Encoding: gzip\r\n" END, 501),
	ROW("gzip, chunked", POST "Transfer-Encoding: gzip, chunked\r\n" END,
	    501),
	ROW("xchunked", POST "Transfer-Encoding: xchunked\r\n" END, 501),
	ROW("identity", POST "Transfer-Encoding: identity\r\n" END, 501),
	ROW("quoted chunked", POST "Transfer-Encoding: \"chunked\"\r\n" END,
	    501),
	ROW("chunked on GET", GET "Transfer-Encoding: chunked\r\n" END, 411),
	ROW("empty TE", POST "Transfer-Encoding:\r\n" END, 400),
	ROW("two TE", POST "Transfer-Encoding: chunked\r\n"
	    "Transfer-Encoding: identity\r\n" END, 400),
	ROW("TE after a space", POST "Transfer-Encoding : chunked\r\n" END,
	    400),
	ROW("TE after a tab", POST "Transfer-Encoding\t: chunked\r\n" END,
	    400),
	ROW("TE behind VT", POST "Transfer-Encoding: \vchunked\r\n" END, 400),
	ROW("TE folded", POST "Transfer-Encoding:\r\n chunked\r\n" END, 400),
	ROW("TE on 1.0", "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n"
	    END, 400),
	ROW("two CL", POST "Content-Length: 5\r\nContent-Length: 6\r\n" END,
	    400),
	ROW("two equal CL", POST "Content-Length: 5\r\nContent-Length: 5\r\n"
	    END, 400),
	ROW("CL list", POST "Content-Length: 5, 5\r\n" END, 400),
	ROW("CL +5", POST "Content-Length: +5\r\n" END, 400),
	ROW("CL -1", POST "Content-Length: -1\r\n" END, 400),
	ROW("CL 0x5", POST "Content-Length: 0x5\r\n" END, 400),
	ROW("CL 5 6", POST "Content-Length: 5 6\r\n" END, 400),
	ROW("CL 5.0", POST "Content-Length: 5.0\r\n" END, 400),
	ROW("empty CL", POST "Content-Length:\r\n" END, 400),
	ROW("CL after a space", POST "Content-Length : 5\r\n" END, 400),
	ROW("CL of 2^64", POST "Content-Length: 18446744073709551616\r\n" END,
	    413),
	ROW("CL of 2^64 + 5", POST "Content-Length: 18446744073709551621\r\n"
	    END, 413),
	ROW("CL above the limit", POST "Content-Length: 102401\r\n" END, 413),
	ROW("CL at the limit", POST "Content-Length: 102400\r\n" END, OK),
	ROW("CL with zeros", POST "Content-Length: 00005\r\n" END, OK),
	ROW("CL 0", POST "Content-Length: 0\r\n" END, OK),
	ROW("GET with a body", GET "Content-Length: 5\r\n" END, 400),
	ROW("GET with CL 0", GET "Content-Length: 0\r\n" END, OK),
	ROW("GET with a huge body", GET "Content-Length: 999999\r\n" END, 400),
	ROW("HEAD with a body", "HEAD / HTTP/1.1\r\n" H
	    "Content-Length: 5\r\n" END, 400),
	ROW("TRACE with a body", "TRACE / HTTP/1.1\r\n" H
	    "Content-Length: 5\r\n" END, 400),
	ROW("DELETE with a body", "DELETE / HTTP/1.1\r\n" H
	    "Content-Length: 5\r\n" END, OK),
	ROW("OPTIONS with a body", "OPTIONS / HTTP/1.1\r\n" H
	    "Content-Length: 5\r\n" END, OK),
	ROW("Expect", POST "Expect: 100-continue\r\nContent-Length: 5\r\n"
	    END, 417),
	ROW("Expect else", POST "Expect: x\r\n" END, 417),

	/* Where a line ends too. */
	ROW("bare LF after request line", "GET / HTTP/1.1\nHost: h\r\n\r\n",
	    400),
	ROW("bare LF after header", "GET / HTTP/1.1\r\nHost: h\n\r\n", 400),
	ROW("bare LF at the end", "GET / HTTP/1.1\r\nHost: h\r\n\n", 400),
	ROW("LF LF", "GET / HTTP/1.1\nHost: h\n\n", 400),
	ROW("bare CR in value", "GET / HTTP/1.1\r\nHost: h\rX: y\r\n\r\n",
	    400),
	ROW("bare CR in request line", "GET /\rHTTP/1.1\r\n" H END, 400),
	ROW("CR CR LF", "GET / HTTP/1.1\r\r\n" H END, 400),
	ROW("CR at line start", "GET / HTTP/1.1\r\n\rHost: h\r\n\r\n", 400),
	ROW("empty line first", "\r\n" GET END, 400),
	ROW("LF first", "\n" GET END, 400),
	ROW("folded", GET "X: a\r\n b\r\n" END, 400),
	ROW("folded by a tab", GET "X: a\r\n\tb\r\n" END, 400),
	ROW("space before first header", "GET / HTTP/1.1\r\n Host: h\r\n\r\n",
	    400),
	ROW("NUL in name", GET "X\0Y: a\r\n" END, 400),
	ROW("NUL in value", GET "X: a\0b\r\n" END, 400),
	ROW("NUL in target", "GET /a\0b HTTP/1.1\r\n" H END, 400),
	ROW("NUL first", "\0" GET END, 400),
	ROW("ESC in value", GET "X: \x1b[1m\r\n" END, 400),
	ROW("DEL in value", GET "X: \x7f\r\n" END, 400),
	ROW("tab in value", GET "X: a\tb\r\n" END, OK),
	ROW("Latin 1 in value", GET "X: caf\xe9\r\n" END, OK),
	ROW("TLS hello", "\x16\x03\x01\x02\x00\x01\x00", 400),

	/* Header names. */
	ROW("no colon", GET "Xa\r\n" END, 400),
	ROW("no name", GET ": a\r\n" END, 400),
	ROW("space in name", GET "X Y: a\r\n" END, 400),
	ROW("space before colon", GET "X : a\r\n" END, 400),
	ROW("bracket in name", GET "X[]: a\r\n" END, 400),
	ROW("Latin 1 in name", GET "X\xe9: a\r\n" END, 400),
	ROW("no space after colon", "GET / HTTP/1.1\r\nhOST:h\r\n\r\n", OK),
	ROW("empty value", GET "X:\r\n" END, OK),

	/* Host. */
	ROW("no Host", "GET / HTTP/1.1\r\n\r\n", 400),
	ROW("two Hosts", GET "Host: h\r\n" END, 400),
	ROW("two different Hosts", GET "host: other\r\n" END, 400),
	ROW("empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400),
	ROW("Host list", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400),
	ROW("Host with user", "GET / HTTP/1.1\r\nHost: u@h\r\n\r\n", 400),
	ROW("Host with path", "GET / HTTP/1.1\r\nHost: h/x\r\n\r\n", 400),
	ROW("Host with bad port", "GET / HTTP/1.1\r\nHost: h:x\r\n\r\n", 400),
	ROW("Host with empty port", "GET / HTTP/1.1\r\nHost: h:\r\n\r\n",
	    400),
	ROW("Host only port", "GET / HTTP/1.1\r\nHost: :80\r\n\r\n", 400),
	ROW("Host half bracket", "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400),
	ROW("Host empty bracket", "GET / HTTP/1.1\r\nHost: []\r\n\r\n", 400),
	ROW("Host with port", "GET / HTTP/1.1\r\nHost: a-b.c_d:8789\r\n\r\n",
	    OK),
	ROW("Host IPv6", "GET / HTTP/1.1\r\nHost: [::1]:8789\r\n\r\n", OK),
	ROW("Host IPv6 alone", "GET / HTTP/1.1\r\nHost: [::1]\r\n\r\n", OK),

	/* The request line. */
	ROW("absolute URI", "GET http://h/ HTTP/1.1\r\n" H END, 400),
	ROW("authority form", "CONNECT h:22 HTTP/1.1\r\n" H END, 400),
	ROW("asterisk", "OPTIONS * HTTP/1.1\r\n" H END, 400),
	ROW("no slash", "GET x HTTP/1.1\r\n" H END, 400),
	ROW("empty target", "GET  HTTP/1.1\r\n" H END, 400),
	ROW("// first", "GET //x HTTP/1.1\r\n" H END, 400),
	ROW("// inside", "GET /ssh//ws HTTP/1.1\r\n" H END, 400),
	ROW("// in query", "GET /?u=http://x HTTP/1.1\r\n" H END, OK),
	ROW("fragment", "GET /#x HTTP/1.1\r\n" H END, 400),
	ROW("fragment in query", "GET /?a#x HTTP/1.1\r\n" H END, 400),
	ROW("backslash", "GET /a\\b HTTP/1.1\r\n" H END, 400),
	ROW("UTF-8 in path", "GET /\xc3\xa4 HTTP/1.1\r\n" H END, 400),
	ROW("UTF-8 in query", "GET /?\xc3\xa4 HTTP/1.1\r\n" H END, 400),
	ROW("bad escape", "GET /%zz HTTP/1.1\r\n" H END, 400),
	ROW("short escape", "GET /%4 HTTP/1.1\r\n" H END, 400),
	ROW("percent alone", "GET /% HTTP/1.1\r\n" H END, 400),
	ROW("escape", "GET /%41%2f HTTP/1.1\r\n" H END, OK),
	ROW("tab for space", "GET\t/ HTTP/1.1\r\n" H END, 400),
	ROW("two spaces", "GET /  HTTP/1.1\r\n" H END, 400),
	ROW("space in target", "GET /a b HTTP/1.1\r\n" H END, 400),
	ROW("space at the end", "GET / HTTP/1.1 \r\n" H END, 400),
	ROW("space first", " GET / HTTP/1.1\r\n" H END, 400),
	ROW("no method", "/ HTTP/1.1\r\n" H END, 400),
	ROW("method with bracket", "GE(T / HTTP/1.1\r\n" H END, 400),
	ROW("long method",
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG / HTTP/1.1\r\n" H END, 400),
	ROW("unknown method", "PROPFIND / HTTP/1.1\r\n" H END, OK),
	ROW("HTTP/0.9", "GET /\r\n\r\n", 400),
	ROW("HTTP/1.2", "GET / HTTP/1.2\r\n" H END, 505),
	ROW("HTTP/2.0", "GET / HTTP/2.0\r\n" H END, 505),
	ROW("HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
	ROW("HTTP/1.10", "GET / HTTP/1.10\r\n" H END, 400),
	ROW("http/1.1", "GET / http/1.1\r\n" H END, 400),
	ROW("HTTP/1,1", "GET / HTTP/1,1\r\n" H END, 400),
	ROW("HTTP/x.1", "GET / HTTP/x.1\r\n" H END, 400),
	ROW("1.0 GET", "GET / HTTP/1.0\r\n\r\n", OK),
	ROW("1.0 with Host", "GET / HTTP/1.0\r\n" H END, OK),
	ROW("1.0 with two Hosts", "GET / HTTP/1.0\r\n" H H END, 400),
	ROW("1.0 POST", "POST / HTTP/1.0\r\n" H END, 505),
	ROW("1.0 HEAD", "HEAD / HTTP/1.0\r\n" H END, 505),
	ROW("1.0 GET with a body", "GET / HTTP/1.0\r\n"
	    "Content-Length: 5\r\n" END, 400),

	/* Taking over a connection. */
	ROW("upgrade", GET UPGRADE VERSION KEY END, OK),
	ROW("upgrade, many tokens", GET "Upgrade: h2c, WebSocket\r\n"
	    "Connection: keep-alive, Upgrade\r\n" VERSION KEY END, OK),
	ROW("upgrade, two Connections", GET "Upgrade: websocket\r\n"
	    "Connection: keep-alive\r\nConnection: upgrade\r\n" VERSION KEY
	    END, OK),
	ROW("upgrade to h2c is ignored", GET "Upgrade: h2c\r\n"
	    "Connection: Upgrade\r\n" END, OK),
	ROW("upgrade by POST", POST UPGRADE VERSION KEY END, 400),
	ROW("upgrade of 1.0", "GET / HTTP/1.0\r\n" H UPGRADE VERSION KEY END,
	    400),
	ROW("upgrade without Connection", GET "Upgrade: websocket\r\n"
	    VERSION KEY END, 400),
	ROW("upgrade, no version", GET UPGRADE KEY END, 426),
	ROW("upgrade, version 8", GET UPGRADE
	    "Sec-WebSocket-Version: 8\r\n" KEY END, 426),
	ROW("upgrade, two versions", GET UPGRADE VERSION VERSION KEY END,
	    426),
	ROW("upgrade, no key", GET UPGRADE VERSION END, 400),
	ROW("upgrade, two keys", GET UPGRADE VERSION KEY KEY END, 400),
	ROW("upgrade, short key", GET UPGRADE VERSION
	    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j\r\n" END, 400),
	ROW("upgrade, 17 bytes", GET UPGRADE VERSION
	    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZWE=\r\n" END, 400),
	ROW("upgrade, bad character", GET UPGRADE VERSION
	    "Sec-WebSocket-Key: dGhlIHNhbXBsZSB-b25jZQ==\r\n" END, 400),
	ROW("upgrade, bits left over", GET UPGRADE VERSION
	    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZR==\r\n" END, 400),
	ROW("upgrade with a body", GET UPGRADE VERSION KEY
	    "Content-Length: 5\r\n" END, 400),

	/* Not yet complete. */
	ROW("nothing", "", NEED),
	ROW("half a line", "GET / HT", NEED),
	ROW("a line", "GET / HTTP/1.1\r\n", NEED),
	ROW("no empty line", GET, NEED),
	ROW("half an empty line", GET "\r", NEED)
};

static int	 parse_cut(struct http_request *, const char *, size_t,
		    size_t, size_t, size_t *);
static int	 parse(struct http_request *, const char *);
static int	 status_of(const char *, size_t);
static void	 slice_equal(const struct http_slice *, const char *);
static size_t	 fill(char *, const char *, char, size_t, const char *);
static void	 test_battery(void **);
static void	 test_parts(void **);
static void	 test_methods(void **);
static void	 test_keepalive(void **);
static void	 test_pipelined(void **);
static void	 test_moved_buffer(void **);
static void	 test_refused_for_good(void **);
static void	 test_head_size(void **);
static void	 test_target_size(void **);
static void	 test_header_count(void **);
static void	 test_headers(void **);
static void	 test_lists(void **);
static void	 test_query(void **);
static void	 test_query_room(void **);
static void	 test_paths(void **);
static void	 test_status_text(void **);

/* As if the bytes came in a first piece and then in equal ones. */
static int
parse_cut(struct http_request *req, const char *bytes, size_t len,
    size_t first, size_t step, size_t *headlen)
{
	size_t	 have;
	int	 r;

	http_request_init(req);
	for (have = first;; have = len - have < step ? len : have + step) {
		r = http_parse_head(req, bytes, have, headlen);
		if (r != 0 || have == len)
			return (r);
	}
}

static int
parse(struct http_request *req, const char *text)
{
	size_t	 headlen;

	return (parse_cut(req, text, strlen(text), strlen(text), 1,
	    &headlen));
}

static int
status_of(const char *bytes, size_t len)
{
	struct http_request	 req;
	size_t			 headlen;
	int			 r;

	r = parse_cut(&req, bytes, len, len, 1, &headlen);
	return (r == -1 ? req.status : r);
}

static void
slice_equal(const struct http_slice *s, const char *text)
{
	assert_non_null(s);
	assert_int_equal(s->len, strlen(text));
	if (s->len > 0)
		assert_memory_equal(s->p, text, s->len);
}

/* head, then count times c, then tail. */
static size_t
fill(char *out, const char *head, char c, size_t count, const char *tail)
{
	size_t	 n;

	n = strlen(head);
	assert_true(n + count + strlen(tail) < TEXT_MAX);
	memcpy(out, head, n);
	memset(out + n, c, count);
	memcpy(out + n + count, tail, strlen(tail) + 1);
	return (n + count + strlen(tail));
}

static void
test_battery(void **state)
{
	const struct row	*r;
	struct http_request	 req;
	size_t			 cut, headlen, i;
	int			 ret;

	(void)state;
	for (i = 0; i < nitems(battery); i++) {
		r = &battery[i];
		for (cut = 0; cut <= r->len; cut++) {
			headlen = 0;
			ret = parse_cut(&req, r->bytes, r->len, cut,
			    cut == 0 ? 1 : r->len, &headlen);
			if (ret == -1)
				assert_non_null(req.why);
			else
				assert_int_equal(req.status, 0);
			if (ret == OK && headlen != r->len)
				fail_msg("%s: head of %zu", r->name, headlen);
			if ((ret == -1 ? req.status : ret) != r->status)
				fail_msg("%s, cut at %zu: %d %d", r->name,
				    cut, ret, req.status);
		}
	}
}

static void
test_parts(void **state)
{
	struct http_request	 req;

	(void)state;
	assert_int_equal(parse(&req, "POST /ssh/input/abc?token=x&y=? "
	    "HTTP/1.1\r\nHost: h:1\r\nContent-Length:  12 \r\n"
	    "X-Two:\t a b \t\r\n\r\n"), 1);
	assert_int_equal(req.method, HTTP_POST);
	slice_equal(&req.method_text, "POST");
	slice_equal(&req.target, "/ssh/input/abc?token=x&y=?");
	slice_equal(&req.path, "/ssh/input/abc");
	slice_equal(&req.query, "token=x&y=?");
	assert_int_equal(req.minor, 1);
	assert_int_equal(req.nheaders, 3);
	assert_int_equal(req.content_length, 12);
	assert_int_equal(req.upgrade, 0);
	slice_equal(http_header(&req, "x-two"), "a b");
	slice_equal(&req.headers[2].name, "X-Two");

	assert_int_equal(parse(&req, GET UPGRADE VERSION KEY END), 1);
	assert_int_equal(req.upgrade, 1);
	slice_equal(&req.ws_key, "dGhlIHNhbXBsZSBub25jZQ==");
	assert_int_equal(req.content_length, -1);
	assert_null(req.query.p);

	assert_int_equal(parse(&req, "GET /? HTTP/1.1\r\n" H END), 1);
	assert_non_null(req.query.p);
	slice_equal(&req.query, "");
	assert_int_equal(parse(&req, POST "Content-Length: 102400\r\n" END),
	    1);
	assert_int_equal(req.content_length, HTTP_BODY_MAX);
}

static void
test_methods(void **state)
{
	static const struct {
		const char		*text;
		enum http_method	 method;
	} methods[] = {
		{ "GET", HTTP_GET },
		{ "HEAD", HTTP_HEAD },
		{ "POST", HTTP_POST },
		{ "PUT", HTTP_PUT },
		{ "PATCH", HTTP_PATCH },
		{ "DELETE", HTTP_DELETE },
		{ "OPTIONS", HTTP_OPTIONS },
		{ "get", HTTP_OTHER },
		{ "GETS", HTTP_OTHER },
		{ "GE", HTTP_OTHER },
		{ "TRACE", HTTP_OTHER },
		{ "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEF", HTTP_OTHER }
	};
	struct http_request	 req;
	char			 text[128];
	size_t			 i;

	(void)state;
	for (i = 0; i < nitems(methods); i++) {
		(void)snprintf(text, sizeof(text),
		    "%s / HTTP/1.1\r\nHost: h\r\n\r\n", methods[i].text);
		assert_int_equal(parse(&req, text), 1);
		assert_int_equal(req.method, methods[i].method);
		slice_equal(&req.method_text, methods[i].text);
	}
}

static void
test_keepalive(void **state)
{
	struct http_request	 req;

	(void)state;
	assert_int_equal(parse(&req, GET END), 1);
	assert_int_equal(req.keepalive, 1);
	assert_int_equal(parse(&req, GET "Connection: close\r\n" END), 1);
	assert_int_equal(req.keepalive, 0);
	assert_int_equal(parse(&req, GET "Connection: x,\tClose\r\n" END), 1);
	assert_int_equal(req.keepalive, 0);
	assert_int_equal(parse(&req, GET "Connection: keep-alive\r\n"
	    "Connection: close\r\n" END), 1);
	assert_int_equal(req.keepalive, 0);
	assert_int_equal(parse(&req, GET "Connection: closed\r\n" END), 1);
	assert_int_equal(req.keepalive, 1);
	assert_int_equal(parse(&req, "GET / HTTP/1.0\r\n"
	    "Connection: keep-alive\r\n\r\n"), 1);
	assert_int_equal(req.keepalive, 0);
	assert_int_equal(req.minor, 0);
}

/* The head ends where it ends, whatever follows: body or next request. */
static void
test_pipelined(void **state)
{
	static const char	 two[] = POST "Content-Length: 2\r\n" END
	    "\n\0" GET END;
	struct http_request	 req;
	size_t			 first, headlen;

	(void)state;
	http_request_init(&req);
	assert_int_equal(http_parse_head(&req, two, sizeof(two) - 1,
	    &headlen), 1);
	first = strlen(POST "Content-Length: 2\r\n" END);
	assert_int_equal(headlen, first);
	headlen += req.content_length;
	http_request_init(&req);
	assert_int_equal(http_parse_head(&req, two + headlen,
	    sizeof(two) - 1 - headlen, &headlen), 1);
	assert_int_equal(headlen, strlen(GET END));
	assert_int_equal(req.method, HTTP_GET);
}

/* The buffer may grow to another place between two calls. */
static void
test_moved_buffer(void **state)
{
	static const char	 text[] = GET "X: y\r\n" END;
	struct http_request	 req;
	char			 buf[sizeof(text)];
	size_t			 headlen, n;

	(void)state;
	for (n = 0; n < sizeof(text) - 1; n++) {
		http_request_init(&req);
		memset(buf, '\n', sizeof(buf));
		memcpy(buf, text, n);
		assert_int_equal(http_parse_head(&req, buf, n, &headlen), 0);
		memset(buf, '\n', sizeof(buf));
		assert_int_equal(http_parse_head(&req, text, sizeof(text) - 1,
		    &headlen), 1);
		assert_ptr_equal(req.path.p, text + 4);
		slice_equal(http_header(&req, "X"), "y");
	}
}

static void
test_refused_for_good(void **state)
{
	struct http_request	 req;
	size_t			 headlen;

	(void)state;
	http_request_init(&req);
	assert_int_equal(http_parse_head(&req, "\n", 1, &headlen), -1);
	assert_int_equal(http_parse_head(&req, GET END, strlen(GET END),
	    &headlen), -1);
	assert_int_equal(req.status, 400);
	assert_string_equal(req.why, "bare LF");
}

static void
test_head_size(void **state)
{
	static char	 text[TEXT_MAX];
	size_t		 len, room;

	(void)state;
	room = HTTP_HEAD_MAX - strlen(GET "X: " "\r\n\r\n");
	len = fill(text, GET "X: ", 'x', room, "\r\n\r\n");
	assert_int_equal(len, HTTP_HEAD_MAX);
	assert_int_equal(status_of(text, len), OK);
	len = fill(text, GET "X: ", 'x', room + 1, "\r\n\r\n");
	assert_int_equal(status_of(text, len), 431);
	len = fill(text, GET "X: ", 'x', 2 * HTTP_HEAD_MAX, "");
	assert_int_equal(status_of(text, len), 431);
	assert_int_equal(status_of(text, HTTP_HEAD_MAX), 431);
	assert_int_equal(status_of(text, HTTP_HEAD_MAX - 1), NEED);
}

static void
test_target_size(void **state)
{
	static const char	 tail[] = " HTTP/1.1\r\n" H END;
	static char		 text[TEXT_MAX];
	struct http_request	 req;
	size_t			 headlen, len;

	(void)state;
	len = fill(text, "GET /", 'x', HTTP_TARGET_MAX - 1, tail);
	assert_int_equal(status_of(text, len), OK);
	len = fill(text, "GET /", 'x', HTTP_TARGET_MAX, tail);
	assert_int_equal(status_of(text, len), 414);
	len = fill(text, "GET /?", 'x', HTTP_TARGET_MAX, tail);
	assert_int_equal(status_of(text, len), 414);
	/* Known as soon as the line is too long, not at the end. */
	len = fill(text, "GET /", 'x', HTTP_TARGET_MAX + 100, "");
	assert_int_equal(status_of(text, len), 414);
	assert_int_equal(parse_cut(&req, text, len, 0, 1, &headlen), -1);
	assert_int_equal(req.status, 414);
	len = fill(text, "GET /", '/', HTTP_TARGET_MAX * 2, tail);
	assert_int_equal(status_of(text, len), 414);
}

static void
test_header_count(void **state)
{
	static char	 text[TEXT_MAX];
	size_t		 i, n;

	(void)state;
	n = fill(text, GET, 'x', 0, "");
	for (i = 1; i < HTTP_HEADERS_MAX; i++)
		n += fill(text + n, "X: y\r\n", 'x', 0, "");
	n += fill(text + n, END, 'x', 0, "");
	assert_int_equal(status_of(text, n), OK);
	n -= strlen(END);
	n += fill(text + n, "X: y\r\n" END, 'x', 0, "");
	assert_int_equal(status_of(text, n), 431);
}

static void
test_headers(void **state)
{
	struct http_request	 req;

	(void)state;
	assert_int_equal(parse(&req, GET "A: 1\r\na: 2\r\nAB: 3\r\n"
	    "A: x , y\r\nE:\r\n" END), 1);
	slice_equal(http_header(&req, "a"), "1");
	slice_equal(http_header(&req, "ab"), "3");
	slice_equal(http_header(&req, "E"), "");
	assert_null(http_header(&req, "abc"));
	assert_int_equal(http_header_count(&req, "A"), 3);
	assert_int_equal(http_header_count(&req, "zz"), 0);
	assert_true(http_header_has(&req, "A", "Y"));
	assert_true(http_header_has(&req, "a", "2"));
	assert_false(http_header_has(&req, "ab", "x"));
	assert_false(http_header_has(&req, "e", "x"));
	assert_true(http_slice_is(&req.method_text, "GET"));
	assert_false(http_slice_is(&req.method_text, "get"));
	assert_true(http_slice_iscase(&req.method_text, "get"));
	assert_false(http_slice_iscase(&req.method_text, "gett"));
}

static void
test_lists(void **state)
{
	static const struct {
		const char	*list;
		int		 has;
	} lists[] = {
		{ "upgrade", 1 },
		{ "UpGrade", 1 },
		{ "keep-alive, upgrade", 1 },
		{ "upgrade\t,x", 1 },
		{ ",,upgrade,,", 1 },
		{ "", 0 },
		{ ",", 0 },
		{ "upgrades", 0 },
		{ "upgrad", 0 },
		{ "up grade", 0 },
		{ "x upgrade", 0 },
		{ "upgrade;q=1", 0 }
	};
	struct http_slice	 s;
	size_t			 i;

	(void)state;
	for (i = 0; i < nitems(lists); i++) {
		s.p = lists[i].list;
		s.len = strlen(s.p);
		assert_int_equal(http_list_has(&s, "upgrade"), lists[i].has);
	}
}

static void
test_query(void **state)
{
	static const struct {
		const char	*query;
		ssize_t		 ret;
		const char	*value;
	} queries[] = {
		{ "token=abc", 3, "abc" },
		{ "a=b&token=abc&token=d", 3, "abc" },
		{ "token=", 0, "" },
		{ "token", 0, "" },
		{ "token&x=y", 0, "" },
		{ "&&token=a=b&&", 3, "a=b" },
		{ "token=%41+%2B%20", 4, "A + " },
		{ "%74oken=x", 1, "x" },
		{ "token=%c3%a4", 2, "\xc3\xa4" },
		{ "token=a?b", 3, "a?b" },
		{ "", -1, NULL },
		{ "=token", -1, NULL },
		{ "xtoken=a", -1, NULL },
		{ "tokenx=a", -1, NULL },
		{ "toke=n", -1, NULL },
		{ "Token=a", -1, NULL },
		{ "%zz=a&tok%6=b", -1, NULL },
		{ "%zz=a&token=b", 1, "b" },
		{ "token=%", -2, NULL },
		{ "token=%4", -2, NULL },
		{ "token=%4&x=1", -2, NULL },
		{ "token=%zz", -2, NULL },
		{ "token=a%00b", -2, NULL }
	};
	struct http_slice	 q;
	char			 out[32];
	size_t			 i;

	(void)state;
	for (i = 0; i < nitems(queries); i++) {
		q.p = queries[i].query;
		q.len = strlen(q.p);
		assert_int_equal(http_query_get(&q, "token", out, sizeof(out)),
		    queries[i].ret);
		if (queries[i].value != NULL)
			assert_string_equal(out, queries[i].value);
	}
	q.p = NULL;
	q.len = 0;
	assert_int_equal(http_query_get(&q, "token", out, sizeof(out)), -1);
}

static void
test_query_room(void **state)
{
	struct http_slice	 q = { "t=abc", 5 };
	char			 out[5] = "####";

	(void)state;
	assert_int_equal(http_query_get(&q, "t", out, 3), -2);
	assert_int_equal(out[3], '#');
	assert_int_equal(http_query_get(&q, "t", out, 0), -2);
	assert_int_equal(http_query_get(&q, "t", out, 4), 3);
	assert_string_equal(out, "abc");
}

static void
test_paths(void **state)
{
	(void)state;
	assert_true(http_path_valid("/", 1));
	assert_true(http_path_valid("/a/b/", 5));
	assert_true(http_path_valid("/-._~!$&'()*+,;=:@%7f", 21));
	assert_false(http_path_valid("", 0));
	assert_false(http_path_valid("a", 1));
	assert_false(http_path_valid("//", 2));
	assert_false(http_path_valid("/a//", 4));
	assert_false(http_path_valid("/%4", 3));
	assert_false(http_path_valid("/%4g", 4));
	assert_false(http_path_valid("/?", 2));
	assert_false(http_path_valid("/\0", 2));
	assert_false(http_path_valid("/\xff", 2));
}

static void
test_status_text(void **state)
{
	(void)state;
	assert_string_equal(http_status_text(200), "OK");
	assert_string_equal(http_status_text(404), "Not Found");
	assert_string_equal(http_status_text(505),
	    "HTTP Version Not Supported");
	assert_string_equal(http_status_text(299), "Unknown");
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_battery),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_methods),
		cmocka_unit_test(test_keepalive),
		cmocka_unit_test(test_pipelined),
		cmocka_unit_test(test_moved_buffer),
		cmocka_unit_test(test_refused_for_good),
		cmocka_unit_test(test_head_size),
		cmocka_unit_test(test_target_size),
		cmocka_unit_test(test_header_count),
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_query),
		cmocka_unit_test(test_query_room),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_status_text)
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
