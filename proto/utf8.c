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

#include "compat.h"

#include <stdint.h>
#include <string.h>

#include "utf8.h"

#define HIGH_BITS	0x8080808080808080ULL

static int	 utf8_lead(struct utf8_state *, uint8_t);
static size_t	 ascii_prefix(const uint8_t *, size_t);

int
utf8_feed(struct utf8_state *st, const uint8_t *p, size_t n)
{
	size_t	 i;

	for (i = 0; i < n; i++) {
		if (st->need > 0) {
			if (p[i] < st->lo || p[i] > st->hi)
				return (-1);
			st->need--;
			st->lo = 0x80;
			st->hi = 0xbf;
			continue;
		}
		if (p[i] < 0x80) {
			i += ascii_prefix(p + i, n - i);
			if (i == n)
				break;
			if (p[i] < 0x80)
				continue;
		}
		if (utf8_lead(st, p[i]) == -1)
			return (-1);
	}
	return (0);
}

int
utf8_complete(const struct utf8_state *st)
{
	return (st->need == 0);
}

size_t
utf8_cut(const uint8_t *p, size_t n)
{
	struct utf8_state	 st;
	size_t			 i;

	/*
	 * Only the last lead byte matters.  Continuation bytes never begin a
	 * sequence, so whatever stands before it cannot reach past it.
	 */
	for (i = 1; i <= UTF8_HELD_MAX && i <= n; i++) {
		if (p[n - i] >= 0x80 && p[n - i] <= 0xbf)
			continue;
		memset(&st, 0, sizeof(st));
		if (utf8_feed(&st, p + n - i, i) == 0 && st.need > 0)
			return (n - i);
		break;
	}
	return (n);
}

size_t
utf8_valid(const uint8_t *p, size_t n, size_t *bad)
{
	struct utf8_state	 st;
	size_t			 begin, i;

	memset(&st, 0, sizeof(st));
	for (begin = i = 0; i < n; i++) {
		if (st.need > 0) {
			if (p[i] < st.lo || p[i] > st.hi)
				break;
			st.need--;
			st.lo = 0x80;
			st.hi = 0xbf;
			continue;
		}
		if (p[i] < 0x80)
			i += ascii_prefix(p + i, n - i);
		begin = i;
		if (i == n)
			break;
		if (p[i] >= 0x80 && utf8_lead(&st, p[i]) == -1) {
			*bad = 1;
			return (begin);
		}
	}
	if (st.need == 0)
		begin = n;
	*bad = i - begin;
	return (begin);
}

size_t
utf8_text(uint8_t *out, const uint8_t *p, size_t n)
{
	size_t	 bad, i, good, len;

	len = 0;
	for (i = 0; i < n; i += good + bad) {
		good = utf8_valid(p + i, n - i, &bad);
		if (out != NULL && good > 0)
			memcpy(out + len, p + i, good);
		len += good;
		if (bad == 0)
			break;
		if (out != NULL)
			memcpy(out + len, UTF8_REPLACEMENT,
			    UTF8_REPLACEMENT_LEN);
		len += UTF8_REPLACEMENT_LEN;
	}
	return (len);
}

/* What may follow a first byte above 0x7f. */
static int
utf8_lead(struct utf8_state *st, uint8_t c)
{
	if (c < 0xc2 || c > 0xf4)
		return (-1);
	st->need = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
	st->lo = 0x80;
	st->hi = 0xbf;
	if (c == 0xe0)
		st->lo = 0xa0;		/* shorter forms exist below */
	else if (c == 0xed)
		st->hi = 0x9f;		/* surrogates above */
	else if (c == 0xf0)
		st->lo = 0x90;		/* shorter forms exist below */
	else if (c == 0xf4)
		st->hi = 0x8f;		/* past U+10FFFF above */
	return (0);
}

/* Length of the ASCII at the start, in steps of eight; it may stop early. */
static size_t
ascii_prefix(const uint8_t *p, size_t n)
{
	uint64_t	 word;
	size_t		 i;

	for (i = 0; n - i >= sizeof(word); i += sizeof(word)) {
		memcpy(&word, p + i, sizeof(word));
		if ((word & HIGH_BITS) != 0)
			break;
	}
	return (i);
}
