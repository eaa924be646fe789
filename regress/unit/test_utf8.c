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

/* links: proto/utf8.c */

#include "compat.h"

#include <sys/types.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "utf8.h"

struct sample {
	const char	*text;
	int		 feed;		/* result */
	int		 complete;
};

/* Around each border of table 3-7. */
static const struct sample samples[] = {
	{ "", 0, 1 },
	{ "plain ASCII, longer than eight bytes", 0, 1 },
	{ "\xc2\x80 \xdf\xbf", 0, 1 },
	{ "\xe0\xa0\x80 \xef\xbf\xbf", 0, 1 },
	{ "\xed\x9f\xbf \xee\x80\x80", 0, 1 },
	{ "\xf0\x90\x80\x80 \xf4\x8f\xbf\xbf", 0, 1 },
	{ "12345678\xc3\xa4""12345678\xe2\x82\xac""1234567", 0, 1 },
	{ "\xc3", 0, 0 },
	{ "12345678\xe2\x82", 0, 0 },
	{ "\xf0\x9f\x98", 0, 0 },
	{ "\x80", -1, 0 },
	{ "12345678\xbf", -1, 0 },
	{ "\xc0\x80", -1, 0 },		/* overlong NUL */
	{ "\xc1\xbf", -1, 0 },
	{ "\xe0\x9f\xbf", -1, 0 },
	{ "\xe0\x80", -1, 0 },		/* bad before its last byte */
	{ "\xed\xa0\x80", -1, 0 },	/* surrogate */
	{ "\xed\xbf", -1, 0 },
	{ "\xf0\x8f\xbf\xbf", -1, 0 },
	{ "\xf4\x90", -1, 0 },		/* past U+10FFFF */
	{ "\xf5", -1, 0 },
	{ "\xff", -1, 0 },
	{ "\xe2\x82x", -1, 0 },
	{ "\xc3\xc3", -1, 0 },
	{ "\xc3\xa4\x80", -1, 0 },
	{ "\xf0\x9f\x98\xf0", -1, 0 }
};

static int	 feed(const char *, size_t, size_t, struct utf8_state *);
static void	 test_samples(void **);
static void	 test_every_code_point(void **);
static void	 test_cut(void **);
static void	 test_cut_stream(void **);
static size_t	 decode(uint8_t *, const uint8_t *, size_t);
static void	 check_text(const uint8_t *, size_t);
static void	 test_text(void **);
static void	 test_text_bytes(void **);

/* Feed a text in pieces of the given size. */
static int
feed(const char *text, size_t len, size_t step, struct utf8_state *st)
{
	size_t	 i, n;

	memset(st, 0, sizeof(*st));
	for (i = 0; i < len; i += n) {
		n = len - i < step ? len - i : step;
		if (utf8_feed(st, (const uint8_t *)text + i, n) == -1)
			return (-1);
	}
	return (0);
}

static void
test_samples(void **state)
{
	const struct sample	*s;
	struct utf8_state	 st;
	size_t			 i, len, step;

	(void)state;
	for (i = 0; i < nitems(samples); i++) {
		s = &samples[i];
		len = strlen(s->text);
		for (step = 1; step <= len + 1; step++) {
			assert_int_equal(feed(s->text, len, step, &st),
			    s->feed);
			if (s->feed == 0)
				assert_int_equal(utf8_complete(&st),
				    s->complete);
		}
	}
}

/* Whatever encodes a number in up to four bytes, valid or not. */
static void
test_every_code_point(void **state)
{
	struct utf8_state	 st;
	uint8_t			 b[4];
	uint32_t		 c;
	int			 good, ok;
	size_t			 n;

	(void)state;
	for (c = 0; c < 0x1fffff; c++) {
		n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
		b[0] = n == 1 ? c : (0xf00 >> n & 0xff) | c >> 6 * (n - 1);
		if (n > 1)
			b[n - 1] = 0x80 | (c & 0x3f);
		if (n > 2)
			b[n - 2] = 0x80 | (c >> 6 & 0x3f);
		if (n > 3)
			b[n - 3] = 0x80 | (c >> 12 & 0x3f);
		memset(&st, 0, sizeof(st));
		good = c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);
		ok = utf8_feed(&st, b, n) == 0 && utf8_complete(&st);
		if (ok != good)
			fail_msg("U+%04X: %d", (unsigned)c, ok);
	}
}

static void
test_cut(void **state)
{
	static const struct {
		const char	*text;
		size_t		 held;
	} cuts[] = {
		{ "", 0 },
		{ "abc", 0 },
		{ "ab\xc3", 1 },
		{ "ab\xc3\xa4", 0 },
		{ "\xe2", 1 },
		{ "\xe2\x82", 2 },
		{ "\xe2\x82\xac", 0 },
		{ "x\xf0\x9f\x98", 3 },
		{ "x\xf0\x9f", 2 },
		{ "x\xf0\x9f\x98\x80", 0 },
		{ "\xf0\x9f\x98\x80\xf0", 1 },
		{ "\xe0\x80", 0 },	/* can never become valid */
		{ "\xed\xa0", 0 },
		{ "\xf4\x90\x80", 0 },
		{ "\x80\x80\x80", 0 },
		{ "\xc3\xa4\x80", 0 },
		{ "\xf5", 0 },
		{ "\xf0\x9f\x98\x80\x80\x80\x80", 0 }
	};
	size_t	 i, len;

	(void)state;
	for (i = 0; i < nitems(cuts); i++) {
		len = strlen(cuts[i].text);
		assert_int_equal(utf8_cut((const uint8_t *)cuts[i].text, len),
		    len - cuts[i].held);
	}
}

/* Cutting valid text anywhere never leaves an invalid piece. */
static void
test_cut_stream(void **state)
{
	static const char	 text[] = "a\xc3\xa4\xe2\x82\xac"
	    "\xf0\x9f\x98\x80z\xe2\x94\x80\xe2\x94\x80";
	struct utf8_state	 st;
	size_t			 cut, len;

	(void)state;
	for (len = 0; len < sizeof(text); len++) {
		cut = utf8_cut((const uint8_t *)text, len);
		assert_true(cut <= len && len - cut <= UTF8_HELD_MAX);
		assert_int_equal(feed(text, cut, cut + 1, &st), 0);
		assert_true(utf8_complete(&st));
	}
}

/*
 * The decoder of the WHATWG Encoding Standard, step by step (utf-8 decoder),
 * which writes its output as UTF-8 again.
 */
static size_t
decode(uint8_t *out, const uint8_t *p, size_t n)
{
	size_t	 begin, i, len;
	int	 need, seen;
	uint8_t	 lower, upper;

	begin = i = len = 0;
	need = seen = 0;
	lower = 0x80;
	upper = 0xbf;
	while (i < n || need != 0) {
		if (need != 0 && (i == n || p[i] < lower || p[i] > upper)) {
			/* The byte is taken again, as a first one. */
			need = seen = 0;
			lower = 0x80;
			upper = 0xbf;
			memcpy(out + len, "\xef\xbf\xbd", 3);
			len += 3;
		} else if (need != 0) {
			lower = 0x80;
			upper = 0xbf;
			i++;
			if (++seen == need) {
				memcpy(out + len, p + begin, i - begin);
				len += i - begin;
				need = seen = 0;
			}
		} else if (p[i] < 0x80) {
			out[len++] = p[i++];
		} else if (p[i] >= 0xc2 && p[i] <= 0xf4) {
			need = p[i] < 0xe0 ? 1 : p[i] < 0xf0 ? 2 : 3;
			if (p[i] == 0xe0)
				lower = 0xa0;
			if (p[i] == 0xed)
				upper = 0x9f;
			if (p[i] == 0xf0)
				lower = 0x90;
			if (p[i] == 0xf4)
				upper = 0x8f;
			begin = i++;
		} else {
			i++;
			memcpy(out + len, "\xef\xbf\xbd", 3);
			len += 3;
		}
	}
	return (len);
}

static void
check_text(const uint8_t *p, size_t n)
{
	uint8_t			 got[256], want[256];
	struct utf8_state	 st;
	size_t			 len;

	assert_true(n <= sizeof(got) / 3);
	len = decode(want, p, n);
	assert_int_equal(utf8_text(NULL, p, n), len);
	assert_int_equal(utf8_text(got, p, n), len);
	assert_memory_equal(got, want, len);
	memset(&st, 0, sizeof(st));
	assert_int_equal(utf8_feed(&st, got, len), 0);
	assert_true(utf8_complete(&st));
}

static void
test_text(void **state)
{
	static const struct {
		const char	*in;
		const char	*out;
	} texts[] = {
		{ "", "" },
		{ "plain", "plain" },
		{ "12345678\xff""12345678", "12345678\xef\xbf\xbd""12345678" },
		{ "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80",
		    "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80" },
		/* Unicode 3.9, table 3-8. */
		{ "a\xf1\x80\x80\xe1\x80\xc2""b\x80""c\x80\xbf""d",
		    "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd""b"
		    "\xef\xbf\xbd""c\xef\xbf\xbd\xef\xbf\xbd""d" },
		{ "\xed\xa0\x80",
		    "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\xe2\x82", "\xef\xbf\xbd" },
		{ "\xf0\x9f\x98", "\xef\xbf\xbd" },
		{ "x\xc3", "x\xef\xbf\xbd" }
	};
	uint8_t	 out[64];
	size_t	 i, len;

	(void)state;
	for (i = 0; i < nitems(texts); i++) {
		len = utf8_text(out, (const uint8_t *)texts[i].in,
		    strlen(texts[i].in));
		assert_int_equal(len, strlen(texts[i].out));
		assert_memory_equal(out, texts[i].out, len);
		check_text((const uint8_t *)texts[i].in, strlen(texts[i].in));
	}
}

/*
 * All of two bytes, then long ones of bytes that matter; and a stream that
 * is cut by utf8_cut() anywhere reads the same as the whole.
 */
static void
test_text_bytes(void **state)
{
	static const uint8_t	 pick[] = {
		'a', 0, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc1, 0xc2,
		0xdf, 0xe0, 0xe2, 0xed, 0xef, 0xf0, 0xf1, 0xf4, 0xf5, 0xff
	};
	uint8_t			 in[48], out[256], want[256];
	uint32_t		 rnd;
	size_t			 cut, end, i, len, n;
	int			 k;

	(void)state;
	for (k = 0; k < 0x10000; k++) {
		in[0] = k >> 8;
		in[1] = k & 0xff;
		check_text(in, 2);
	}
	rnd = 1;
	for (k = 0; k < 20000; k++) {
		n = k % sizeof(in);
		for (i = 0; i < n; i++) {
			rnd = rnd * 1103515245 + 12345;
			in[i] = pick[(rnd >> 16) % sizeof(pick)];
		}
		check_text(in, n);
		len = cut = 0;
		for (end = 1; end <= n; end += 1 + (rnd >> (end % 24)) % 5) {
			i = cut + utf8_cut(in + cut, end - cut);
			len += utf8_text(out + len, in + cut, i - cut);
			cut = i;
		}
		len += utf8_text(out + len, in + cut, n - cut);
		assert_int_equal(len, decode(want, in, n));
		assert_memory_equal(out, want, len);
	}
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_samples),
		cmocka_unit_test(test_every_code_point),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_cut_stream),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_text_bytes)
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
