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

/* links: proto/sse.c */

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
static void	 test_head(void **);
static void	 test_fixed(void **);
static void	 test_chunk(void **);

static void
assert_bytes(const char *got, size_t len, const char *want)
{
	assert_int_equal(len, strlen(want));
	assert_memory_equal(got, want, len);
}

static void
test_head(void **state)
{
	char	 out[SSE_HEAD_MAX];

	(void)state;
	assert_bytes(out, sse_head(out, SSE_NO_ID, NULL), "data: ");
	assert_bytes(out, sse_head(out, 0, NULL), "id: 0\ndata: ");
	assert_bytes(out, sse_head(out, SSE_NO_ID, "exit"),
	    "event: exit\ndata: ");
	assert_bytes(out, sse_head(out, SSE_NO_ID - 1, "fifteen-letters"),
	    "id: 18446744073709551614\nevent: fifteen-letters\ndata: ");
}

static void
test_fixed(void **state)
{
	(void)state;
	assert_string_equal(SSE_PING, ": ping\n\n");
	assert_string_equal(SSE_TAIL, "\n\n");
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
		cmocka_unit_test(test_head),
		cmocka_unit_test(test_fixed),
		cmocka_unit_test(test_chunk)
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
