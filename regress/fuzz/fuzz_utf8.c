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

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

/*
 * The validator against a decoder that computes the code points and looks
 * only at their values, in one piece and cut by the input's first byte.
 */
int		 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* The values whose shortest form has so many bytes. */
static const uint32_t	 from[] = { 0, 0, 0x80, 0x800, 0x10000 };
static const uint32_t	 to[] = { 0, 0x7f, 0x7ff, 0xffff, 0x10ffff };

static size_t	 lead_len(uint8_t);
static uint32_t	 decode(const uint8_t *, size_t);
static int	 scalar_of_len(uint32_t, size_t);
static int	 plain_valid(const uint8_t *, size_t, size_t *);
static int	 plain_prefix(const uint8_t *, size_t);
static int	 feed(const uint8_t *, size_t, size_t, struct utf8_state *);
static void	 check_text(const uint8_t *, size_t, size_t, int);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct utf8_state	 cut, whole;
	size_t			 held, i, rest, step;
	int			 valid;

	if (len < 1)
		return (0);
	step = 1 + data[0] % 17;
	data++;
	len--;

	valid = plain_valid(data, len, &rest);
	assert((feed(data, len, len, &whole) == 0) == (valid ||
	    plain_prefix(data + len - rest, rest)));
	assert(feed(data, len, len, &whole) == feed(data, len, step, &cut));
	if (feed(data, len, len, &whole) == 0) {
		assert(memcmp(&whole, &cut, sizeof(cut)) == 0 ||
		    whole.need == 0);
		assert(utf8_complete(&whole) == valid);
		assert(utf8_complete(&cut) == valid);
	}

	held = 0;
	for (i = 1; i <= UTF8_HELD_MAX && i <= len; i++) {
		if (plain_prefix(data + len - i, i))
			held = i;
	}
	assert(utf8_cut(data, len) == len - held);
	check_text(data, len, len - held, valid);
	return (0);
}

static int
feed(const uint8_t *data, size_t len, size_t step, struct utf8_state *st)
{
	size_t	 i, n;

	memset(st, 0, sizeof(*st));
	for (i = 0; i < len; i += n) {
		n = len - i < step ? len - i : step;
		if (utf8_feed(st, data + i, n) == -1)
			return (-1);
	}
	return (0);
}

/* Text is valid, is left alone if it was, and may be made in two steps. */
static void
check_text(const uint8_t *data, size_t len, size_t cut, int valid)
{
	struct utf8_state	 st;
	uint8_t			*out, *two;
	size_t			 n, first, second;

	out = malloc(len * UTF8_REPLACEMENT_LEN + 1);
	two = malloc(len * UTF8_REPLACEMENT_LEN + 1);
	if (out == NULL || two == NULL)
		abort();
	n = utf8_text(out, data, len);
	assert(n == utf8_text(NULL, data, len));
	assert(n <= len * UTF8_REPLACEMENT_LEN);
	memset(&st, 0, sizeof(st));
	assert(utf8_feed(&st, out, n) == 0 && utf8_complete(&st));
	if (valid)
		assert(n == len && memcmp(out, data, n) == 0);
	first = utf8_text(two, data, cut);
	second = utf8_text(two + first, data + cut, len - cut);
	assert(first + second == n && memcmp(out, two, n) == 0);
	free(out);
	free(two);
}

/* By the bits of the first byte alone; 0 if it is none. */
static size_t
lead_len(uint8_t b)
{
	if ((b & 0x80) == 0)
		return (1);
	if ((b & 0xe0) == 0xc0)
		return (2);
	if ((b & 0xf0) == 0xe0)
		return (3);
	if ((b & 0xf8) == 0xf0)
		return (4);
	return (0);
}

static uint32_t
decode(const uint8_t *p, size_t n)
{
	uint32_t	 c;
	size_t		 i;

	c = n == 1 ? p[0] : p[0] & (0x7fU >> n);
	for (i = 1; i < n; i++)
		c = c << 6 | (p[i] & 0x3f);
	return (c);
}

/* A scalar value whose shortest form has n bytes. */
static int
scalar_of_len(uint32_t c, size_t n)
{
	return (c >= from[n] && c <= to[n] && (c < 0xd800 || c > 0xdfff));
}

/* Character by character; *rest is what was left when it gave up. */
static int
plain_valid(const uint8_t *p, size_t len, size_t *rest)
{
	size_t	 i, n;

	for (; len > 0; p += n, len -= n) {
		*rest = len;
		n = lead_len(p[0]);
		if (n == 0 || n > len)
			return (0);
		for (i = 1; i < n; i++) {
			if ((p[i] & 0xc0) != 0x80)
				return (0);
		}
		if (!scalar_of_len(decode(p, n), n))
			return (0);
	}
	*rest = 0;
	return (1);
}

/* Is there a character that begins with, and is longer than, these bytes? */
static int
plain_prefix(const uint8_t *p, size_t len)
{
	uint8_t		 high[4], low[4];
	uint32_t	 first, last;
	size_t		 i, n;

	if (len == 0 || (n = lead_len(p[0])) <= len)
		return (0);
	memset(low, 0x80, sizeof(low));
	memset(high, 0xbf, sizeof(high));
	for (i = 0; i < len; i++) {
		if (i > 0 && (p[i] & 0xc0) != 0x80)
			return (0);
		low[i] = high[i] = p[i];
	}
	first = decode(low, n) > from[n] ? decode(low, n) : from[n];
	last = decode(high, n) < to[n] ? decode(high, n) : to[n];
	return (first <= last && (first < 0xd800 || last > 0xdfff));
}
