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

/* links: proto/sse.c proto/base64.c proto/utf8.c */

#include "compat.h"

#include <sys/types.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sse.h"

static void	 assert_bytes(const char *, size_t, const char *);
static void	 error_is(const char *, const char *);
static void	 test_connected(void **);
static void	 test_data(void **);
static void	 test_error(void **);
static void	 test_error_cut(void **);
static void	 test_fixed(void **);
static void	 test_chunk(void **);

static void
assert_bytes(const char *got, size_t len, const char *want)
{
	assert_int_equal(len, strlen(want));
	assert_memory_equal(got, want, len);
}

static void
error_is(const char *text, const char *json)
{
	char	 out[SSE_EVENT_MAX], want[SSE_EVENT_MAX];

	(void)snprintf(want, sizeof(want),
	    "event: error\ndata: {\"message\":\"%s\"}\n\n", json);
	assert_bytes(out, sse_event_error(out, text), want);
}

static void
test_connected(void **state)
{
	char	 id[130], out[SSE_EVENT_MAX];

	(void)state;
	assert_bytes(out, sse_event_connected(out,
	    "f0a1b2c3-0000-4000-8000-0123456789ab"),
	    "event: connected\n"
	    "data: f0a1b2c3-0000-4000-8000-0123456789ab\n\n");
	assert_int_equal(sse_event_connected(out, "a\nb"), -1);
	assert_int_equal(sse_event_connected(out, "a\rb"), -1);
	memset(id, 'x', sizeof(id));
	id[129] = '\0';
	assert_int_equal(sse_event_connected(out, id), -1);
	id[128] = '\0';
	assert_true(sse_event_connected(out, id) > 128);
}

static void
test_data(void **state)
{
	char	 out[64];

	(void)state;
	assert_int_equal(sse_event_data_len(5), strlen("data: aGVsbG8=\n\n"));
	assert_bytes(out, sse_event_data(out, (const uint8_t *)"hello", 5),
	    "data: aGVsbG8=\n\n");
	assert_bytes(out, sse_event_data(out, (const uint8_t *)"\0\xff\n", 3),
	    "data: AP8K\n\n");
}

static void
test_error(void **state)
{
	(void)state;
	error_is("connection lost", "connection lost");
	error_is("", "");
	error_is("say \"\\n\"", "say \\\"\\\\n\\\"");
	error_is("a\nb\x1b\x7f", "a\\u000ab\\u001b\\u007f");
	error_is("caf\xc3\xa9", "caf\xc3\xa9");
	error_is("caf\xe9!", "caf!");
	error_is("caf\xc3", "caf");
}

static void
test_error_cut(void **state)
{
	char	 text[80], want[400];
	size_t	 n;

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text + SSE_MESSAGE_MAX - 1, "\xc3\xa4", 2);
	text[79] = '\0';
	memset(want, 'x', SSE_MESSAGE_MAX - 1);
	want[SSE_MESSAGE_MAX - 1] = '\0';
	error_is(text, want);

	/* The longest that escapes can make of it. */
	memset(text, '\x01', 79);
	want[0] = '\0';
	for (n = 0; n < SSE_MESSAGE_MAX; n++)
		(void)snprintf(want + 6 * n, sizeof(want) - 6 * n, "\\u0001");
	error_is(text, want);
}

static void
test_fixed(void **state)
{
	(void)state;
	assert_string_equal(SSE_PING, ": ping\n\n");
	assert_string_equal(SSE_CLOSE, "event: close\ndata: closed\n\n");
	assert_string_equal(SSE_CHUNK_LAST, "0\r\n\r\n");
}

static void
test_chunk(void **state)
{
	static const struct {
		size_t		 len;
		const char	*head;
	} chunks[] = {
		{ 1, "1\r\n" },
		{ 15, "f\r\n" },
		{ 16, "10\r\n" },
		{ 255, "ff\r\n" },
		{ 256, "100\r\n" },
		{ 16384, "4000\r\n" },
		{ 0xabcde, "abcde\r\n" }
	};
	char	 out[SSE_CHUNK_HEAD_MAX];
	size_t	 i;

	(void)state;
	for (i = 0; i < nitems(chunks); i++)
		assert_bytes(out, sse_chunk_head(out, chunks[i].len),
		    chunks[i].head);
	assert_int_equal(sse_chunk_head(out, SIZE_MAX),
	    2 * sizeof(size_t) + 2);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_connected),
		cmocka_unit_test(test_data),
		cmocka_unit_test(test_error),
		cmocka_unit_test(test_error_cut),
		cmocka_unit_test(test_fixed),
		cmocka_unit_test(test_chunk)
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
