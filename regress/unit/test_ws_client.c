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

/* links: proto/ws.c proto/utf8.c proto/base64.c */

#include "compat.h"

#include <sys/types.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ws.h"

/*
 * The client's half of WebSocket: frames of a server come without a mask,
 * however they are cut, and what a client sends is read by the server's half.
 */
#define BUF_MAX		(WS_CLIENT_HEAD_MAX + 70000)

struct row {
	const char	*bytes;
	size_t		 len;
	const char	*trace;
};

#define ROW(bytes, trace)	{ bytes, sizeof(bytes) - 1, trace }

static void	 trace_stream(char *, size_t, const struct row *, size_t);
static void	 test_stream(void **);
static void	 test_errors(void **);
static void	 test_too_big(void **);
static void	 test_round_trip(void **);
static void	 test_mask_turns(void **);

/* Data as its opcode and bytes, whole messages and pieces alike. */
static void
trace_stream(char *out, size_t size, const struct row *r, size_t step)
{
	struct ws_parser	 p;
	struct ws_event		 ev;
	uint8_t			 buf[256];
	size_t			 end, i, used;

	assert_true(r->len <= sizeof(buf));
	memcpy(buf, r->bytes, r->len);
	ws_init_client(&p, WS_MESSAGE_MAX);
	out[0] = '\0';
	for (i = 0; i < r->len; i += used) {
		end = r->len - i < step ? r->len : i + step;
		switch (ws_parse(&p, buf + i, end - i, &used, &ev)) {
		case WS_DATA:
			if (ev.first)
				strlcat(out, ev.opcode == WS_TEXT ? "t:" :
				    "b:", size);
			strncat(out, (const char *)ev.data, ev.len);
			if (ev.fin)
				strlcat(out, ";", size);
			break;
		case WS_PING:
			strlcat(out, "ping:", size);
			strncat(out, (const char *)ev.data, ev.len);
			strlcat(out, ";", size);
			break;
		case WS_CLOSE:
			strlcat(out, "close:", size);
			strncat(out, (const char *)ev.data, ev.len);
			strlcat(out, ";", size);
			break;
		case WS_ERROR:
			strlcat(out, ev.why, size);
			return;
		case WS_PONG:
		case WS_NEED:
			break;
		}
	}
}

static void
test_stream(void **state)
{
	static const struct row	 rows[] = {
		ROW("\x81\x05Hello", "t:Hello;"),	/* RFC 6455, 5.7 */
		ROW("\x01\x03Hel\x80\x02lo", "t:Hello;"),
		ROW("\x82\x00\x81\x00", "b:;t:;"),
		ROW("\x02\x01" "a\x89\x01p\x8a\x00\x80\x01" "b",
		    "b:aping:p;b;"),
		ROW("\x89\x00\x82\x02xy\x88\x06\x03\xe8" "exit\x82\x01z",
		    "ping:;b:xy;close:exit;"),
		ROW("\x82\x7e\x00\x7e"
		    "0123456789012345678901234567890123456789012345678901"
		    "2345678901234567890123456789012345678901234567890123"
		    "4567890123456789012345\x81\x01z",
		    "b:"
		    "0123456789012345678901234567890123456789012345678901"
		    "2345678901234567890123456789012345678901234567890123"
		    "4567890123456789012345;t:z;")
	};
	char			 out[512];
	size_t			 i, step;

	(void)state;
	for (i = 0; i < nitems(rows); i++) {
		for (step = 1; step <= rows[i].len; step++) {
			trace_stream(out, sizeof(out), &rows[i], step);
			assert_string_equal(out, rows[i].trace);
		}
	}
}

static void
test_errors(void **state)
{
	static const struct row	 rows[] = {
		ROW("\x81\x85\0\0\0\0Hello", "masked frame"),
		ROW("\x89\x80\0\0\0\0", "masked frame"),
		ROW("\xc1\x00", "reserved bit set"),
		ROW("\x83\x00", "reserved opcode"),
		ROW("\x80\x00", "continuation of nothing"),
		ROW("\x09\x00", "fragmented control frame"),
		ROW("\x89\x7e\x00\x7e", "long control frame"),
		ROW("\x82\x7e\x00\x7d", "length not minimal"),
		ROW("\x82\x7f\xff\0\0\0\0\0\0\0", "length not minimal"),
		ROW("\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff",
		    "message too big"),
		ROW("\x81\x01\xff", "text is not UTF-8"),
		ROW("\x88\x01\x03", "half a close code"),
		ROW("\x88\x02\x03\xed", "bad close code")
	};
	char			 out[512];
	size_t			 i, step;

	(void)state;
	for (i = 0; i < nitems(rows); i++) {
		for (step = 1; step <= rows[i].len; step++) {
			trace_stream(out, sizeof(out), &rows[i], step);
			assert_string_equal(out, rows[i].trace);
		}
	}
}

static void
test_too_big(void **state)
{
	struct ws_parser	 p;
	struct ws_event		 ev;
	uint8_t			 buf[] = "\x01\x03" "abc\x80\x02" "de";
	size_t			 used;

	(void)state;
	ws_init_client(&p, 4);
	assert_int_equal(ws_parse(&p, buf, 9, &used, &ev), WS_DATA);
	assert_int_equal(used, 5);
	assert_int_equal(ws_parse(&p, buf + 5, 4, &used, &ev), WS_ERROR);
	assert_int_equal(ev.code, WS_CLOSE_TOO_BIG);
}

/* Every form of the length, read by the other half. */
static void
test_round_trip(void **state)
{
	static const size_t	 lens[] = {
		0, 1, 7, 125, 126, 65535, 65536, 70000
	};
	static uint8_t		 buf[BUF_MAX], want[BUF_MAX];
	static const uint8_t	 key[WS_MASK_LEN] = { 0x12, 0xff, 0x00, 0x9c };
	struct ws_parser	 p;
	struct ws_event		 ev;
	uint8_t			 mask[WS_MASK_LEN];
	size_t			 i, k, n, used;

	(void)state;
	for (k = 0; k < sizeof(want); k++)
		want[k] = (uint8_t)(k * 7 + (k >> 8));
	for (i = 0; i < nitems(lens); i++) {
		memcpy(mask, key, sizeof(mask));
		n = ws_client_head(buf, WS_BINARY, lens[i], mask);
		memcpy(buf + n, want, lens[i]);
		ws_mask(mask, buf + n, lens[i]);
		ws_init(&p, WS_MESSAGE_MAX);
		assert_int_equal(ws_parse(&p, buf, n + lens[i], &used, &ev),
		    WS_DATA);
		assert_int_equal(used, n + lens[i]);
		assert_int_equal(ev.len, lens[i]);
		assert_true(ev.first && ev.fin);
		assert_memory_equal(ev.data, want, lens[i]);
	}
}

/* In pieces of any size the mask is the same as in one. */
static void
test_mask_turns(void **state)
{
	static const uint8_t	 key[WS_MASK_LEN] = { 1, 2, 3, 4 };
	uint8_t			 cut[100], mask[WS_MASK_LEN], whole[100];
	size_t			 i, step;

	(void)state;
	memset(whole, 0, sizeof(whole));
	memcpy(mask, key, sizeof(mask));
	ws_mask(mask, whole, sizeof(whole));
	for (i = 0; i < sizeof(whole); i++)
		assert_int_equal(whole[i], key[i % 4]);
	for (step = 1; step <= sizeof(cut); step++) {
		memset(cut, 0, sizeof(cut));
		memcpy(mask, key, sizeof(mask));
		for (i = 0; i < sizeof(cut); i += step)
			ws_mask(mask, cut + i, sizeof(cut) - i < step ?
			    sizeof(cut) - i : step);
		assert_memory_equal(cut, whole, sizeof(cut));
	}
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_stream),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_too_big),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_mask_turns)
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
