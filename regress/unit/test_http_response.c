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

/* links: proto/http_response.c proto/http.c */

#include "compat.h"

#include <sys/types.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "http_response.h"

/*
 * What a server may answer, whole and cut off at every byte, and what it may
 * not: a body of two lengths, a head without end, chunks that are none.
 */
struct row {
	const char	*text;
	int		 status;	/* -1: refused */
	const char	*body;		/* of -1: why */
	int		 eof;		/* only complete with it */
};

static void	 parse(struct http_response *, const char *, size_t, int,
		    int *);
static void	 check_good(const struct row *);
static void	 test_good(void **);
static void	 test_bad(void **);
static void	 test_headers(void **);
static void	 test_rest(void **);
static void	 test_limits(void **);
static void	 test_interim(void **);

static char	 space[HTTP_RESPONSE_MAX + 1];

static void
parse(struct http_response *r, const char *text, size_t len, int eof,
    int *got)
{
	memcpy(space, text, len);
	*got = http_response_parse(r, space, len, eof);
}

static void
check_good(const struct row *row)
{
	struct http_response	 r;
	size_t			 i, len;
	int			 got;

	len = strlen(row->text);
	for (i = 0; i < len; i++) {
		parse(&r, row->text, i, 0, &got);
		assert_int_equal(got, 0);
		assert_memory_equal(space, row->text, i);
		/* Cut off, unless it is the body that eof ends. */
		parse(&r, row->text, i, 1, &got);
		if (!row->eof)
			assert_int_equal(got, -1);
	}
	parse(&r, row->text, len, row->eof, &got);
	assert_int_equal(got, 1);
	assert_int_equal(r.status, row->status);
	assert_int_equal(r.bodylen, strlen(row->body));
	assert_memory_equal(r.body, row->body, r.bodylen);
	assert_int_equal(r.len, len);
}

static void
test_good(void **state)
{
	static const struct row	 rows[] = {
		{ "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}",
		    201, "{}", 0 },
		{ "HTTP/1.1 200 \r\ncontent-length:0\r\n\r\n", 200, "", 0 },
		{ "HTTP/1.0 404\r\nA:\r\n\r\ngone", 404, "gone", 1 },
		{ "HTTP/1.1 204 No Content\r\n\r\n", 204, "", 0 },
		{ "HTTP/1.1 101 x\r\nContent-Length: 5\r\n\r\n", 101, "", 0 },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n"
		    "3\r\nabc\r\n0a;x=y\r\n0123456789\r\n0\r\n\r\n",
		    200, "abc0123456789", 0 },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
		    "0\r\nX: y\r\nZ: a\r\n\r\n", 200, "", 0 },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
		    "2 \r\n\r\n\r\n0\r\n\r\n", 200, "\r\n", 0 },
		{ "HTTP/1.1 100 Continue\r\n\r\n"
		    "HTTP/1.1 103 Hints\r\nLink: x\r\n\r\n"
		    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
		    200, "x", 0 }
	};
	size_t			 i;

	(void)state;
	for (i = 0; i < nitems(rows); i++)
		check_good(&rows[i]);
}

static void
test_bad(void **state)
{
#define OK	"HTTP/1.1 200 OK\r\n"
#define CHUNKED	OK "Transfer-Encoding: chunked\r\n\r\n"
	static const struct row	 rows[] = {
		{ "SSH-2.0-OpenSSH_9.2", -1, "not HTTP/1.1", 0 },
		{ "x", -1, "not HTTP/1.1", 0 },
		{ "HTTP/2.0 200 OK\r\n\r\n", -1, "not HTTP/1.1", 0 },
		{ "HTTP/1.2 200 OK\r\n\r\n", -1, "not HTTP/1.1", 0 },
		{ "\r\n\r\n", -1, "not HTTP/1.1", 0 },
		{ "HTTP/1.1 2x0 OK\r\n\r\n", -1, "malformed status", 0 },
		{ "HTTP/1.1 600 OK\r\n\r\n", -1, "malformed status", 0 },
		{ "HTTP/1.1 2000 OK\r\n\r\n", -1, "malformed status", 0 },
		{ "HTTP/1.1 200 OK\n\n", -1, "control character in a head",
		    0 },
		{ OK "A: b\rc\r\n\r\n", -1, "control character in a head", 0 },
		{ OK "A: \x1b[2J\r\n\r\n", -1, "control character in a head",
		    0 },
		{ OK "A b: c\r\n\r\n", -1, "malformed header", 0 },
		{ OK " A: b\r\n\r\n", -1, "malformed header", 0 },
		{ OK ": b\r\n\r\n", -1, "malformed header", 0 },
		{ OK "A\r\n\r\n", -1, "malformed header", 0 },
		{ OK "Content-Length: -1\r\n\r\n", -1,
		    "malformed Content-Length", 0 },
		{ OK "Content-Length: \r\n\r\n", -1,
		    "malformed Content-Length", 0 },
		{ OK "Content-Length: 99999999999999999999\r\n\r\n", -1,
		    "body too large", 0 },
		{ OK "Content-Length: 1\r\nContent-Length: 1\r\n\r\nx", -1,
		    "two framings", 0 },
		{ OK "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
		    -1, "two framings", 0 },
		{ OK "Transfer-Encoding: gzip, chunked\r\n\r\n", -1,
		    "unknown transfer coding", 0 },
		{ OK "Content-Length: 3\r\n\r\nab", -1, "cut off", 1 },
		{ CHUNKED "x\r\n", -1, "malformed chunk", 0 },
		{ CHUNKED "-1\r\n", -1, "malformed chunk", 0 },
		{ CHUNKED "\r\n", -1, "malformed chunk", 0 },
		{ CHUNKED "1\r\nabc", -1, "malformed chunk", 0 },
		{ CHUNKED "fffffff\r\n", -1, "body too large", 0 },
		{ CHUNKED "ffffffffffffffff1\r\n", -1, "malformed chunk", 0 },
		{ CHUNKED "1\r\na\r\n", -1, "cut off", 1 }
	};
	struct http_response	 r;
	size_t			 i;
	int			 got;

	(void)state;
	for (i = 0; i < nitems(rows); i++) {
		parse(&r, rows[i].text, strlen(rows[i].text), rows[i].eof,
		    &got);
		assert_int_equal(got, -1);
		assert_string_equal(r.why, rows[i].body);
	}
}

static void
test_headers(void **state)
{
	static const char	 text[] = "HTTP/1.1 101 Switching\r\n"
	    "UPGRADE: websocket\r\nConnection: keep-alive,  Upgrade\r\n"
	    "X-A: \t one two \t\r\nx-b: 1\r\nX-B: 2\r\n\r\n";
	struct http_response	 r;
	int			 got;

	(void)state;
	parse(&r, text, strlen(text), 0, &got);
	assert_int_equal(got, 1);
	assert_true(http_response_has(&r, "upgrade", "WebSocket"));
	assert_true(http_response_has(&r, "connection", "upgrade"));
	assert_false(http_response_has(&r, "connection", "up"));
	assert_true(http_slice_is(http_response_header(&r, "x-a"), "one two"));
	assert_null(http_response_header(&r, "x-b"));
	assert_null(http_response_header(&r, "x-c"));
}

/* What follows an answer is not part of it. */
static void
test_rest(void **state)
{
	static const char	 text[] = "HTTP/1.1 200 OK\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\nrest";
	static const char	 upgrade[] = "HTTP/1.1 101 OK\r\n\r\n\x82\x01";
	struct http_response	 r;
	int			 got;

	(void)state;
	parse(&r, text, strlen(text), 0, &got);
	assert_int_equal(got, 1);
	assert_int_equal(r.len, strlen(text) - 4);
	assert_memory_equal(space + r.len, "rest", 4);
	parse(&r, upgrade, strlen(upgrade), 0, &got);
	assert_int_equal(got, 1);
	assert_int_equal(r.len, strlen(upgrade) - 2);
}

static void
test_limits(void **state)
{
	static char		 text[HTTP_RESPONSE_MAX];
	static const char	 chunked[] = "HTTP/1.1 200 OK\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n";
	struct http_response	 r;
	size_t			 i, n;
	int			 got;

	(void)state;
	/* A head that never ends. */
	n = (size_t)snprintf(text, sizeof(text), "HTTP/1.1 200 OK\r\nA: ");
	memset(text + n, 'x', sizeof(text) - n);
	parse(&r, text, HTTP_HEAD_MAX - 1, 0, &got);
	assert_int_equal(got, 0);
	parse(&r, text, HTTP_HEAD_MAX, 0, &got);
	assert_int_equal(got, -1);
	assert_string_equal(r.why, "head too large");
	/* More headers than there is room for. */
	n = strlen("HTTP/1.1 200 OK\r\n");
	for (i = 0; i <= HTTP_HEADERS_MAX; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
		    "A: b\r\n");
	parse(&r, text, n, 0, &got);
	assert_int_equal(got, -1);
	assert_string_equal(r.why, "too many headers");
	/* Chunks of a byte, until there is no more room. */
	n = strlen(chunked);
	memcpy(text, chunked, n);
	for (i = n; i + 6 <= sizeof(text); i += 6)
		memcpy(text + i, "1\r\na\r\n", 6);
	parse(&r, text, i, 0, &got);
	assert_int_equal(got, -1);
	/* A body without a length. */
	n = (size_t)snprintf(text, sizeof(text), "HTTP/1.1 200 OK\r\n\r\n");
	parse(&r, text, n + HTTP_RESPONSE_BODY_MAX, 0, &got);
	assert_int_equal(got, 0);
	parse(&r, text, n + HTTP_RESPONSE_BODY_MAX + 1, 0, &got);
	assert_int_equal(got, -1);
}

static void
test_interim(void **state)
{
	struct http_response	 r;
	char			 text[1024];
	size_t			 i, n;
	int			 got;

	(void)state;
	n = 0;
	for (i = 0; i < 10; i++) {
		n += (size_t)snprintf(text + n, sizeof(text) - n,
		    "HTTP/1.1 100 Continue\r\n\r\n");
		parse(&r, text, n, 0, &got);
		assert_int_equal(got, i < 8 ? 0 : -1);
	}
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_rest),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_interim)
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
