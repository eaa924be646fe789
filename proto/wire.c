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

#include <string.h>

#include "wire.h"

static uint8_t	*wire_take(struct wire *, size_t);
static void	 wire_number(struct wire *, uint64_t *, size_t, uint64_t,
		    uint64_t);
static int	 one_bit(uint16_t, uint16_t);
static int	 name_char(unsigned char);

void
wire_init(struct wire *w, int op, void *buf, size_t size)
{
	memset(w, 0, sizeof(*w));
	w->op = op;
	w->buf = buf;
	w->size = size;
}

/* The next n bytes of the buffer, or NULL if they are not there. */
static uint8_t *
wire_take(struct wire *w, size_t n)
{
	uint8_t	*p;

	if (w->error || w->size - w->pos < n) {
		w->error = 1;
		return (NULL);
	}
	p = w->buf + w->pos;
	w->pos += n;
	return (p);
}

static void
wire_number(struct wire *w, uint64_t *v, size_t n, uint64_t min, uint64_t max)
{
	uint8_t		*p;
	uint64_t	 x;
	size_t		 i;

	if (w->op == WIRE_MEASURE) {
		w->min += n;
		w->max += n;
		return;
	}
	if (w->op == WIRE_PUT && (*v < min || *v > max))
		w->error = 1;
	if ((p = wire_take(w, n)) == NULL) {
		if (w->op == WIRE_GET)
			*v = 0;
		return;
	}
	if (w->op == WIRE_PUT) {
		for (i = 0; i < n; i++)
			p[i] = (uint8_t)(*v >> (8 * (n - 1 - i)));
		return;
	}
	x = 0;
	for (i = 0; i < n; i++)
		x = x << 8 | p[i];
	if (x < min || x > max) {
		w->error = 1;
		x = 0;
	}
	*v = x;
}

void
wire_u8(struct wire *w, uint8_t *v, uint8_t min, uint8_t max)
{
	uint64_t	 x;

	x = *v;
	wire_number(w, &x, sizeof(*v), min, max);
	*v = (uint8_t)x;
}

void
wire_u16(struct wire *w, uint16_t *v, uint16_t min, uint16_t max)
{
	uint64_t	 x;

	x = *v;
	wire_number(w, &x, sizeof(*v), min, max);
	*v = (uint16_t)x;
}

void
wire_u32(struct wire *w, uint32_t *v, uint32_t min, uint32_t max)
{
	uint64_t	 x;

	x = *v;
	wire_number(w, &x, sizeof(*v), min, max);
	*v = (uint32_t)x;
}

void
wire_u64(struct wire *w, uint64_t *v, uint64_t min, uint64_t max)
{
	wire_number(w, v, sizeof(*v), min, max);
}

static int
one_bit(uint16_t v, uint16_t mask)
{
	return ((v & mask) != 0 && (v & (v - 1)) == 0);
}

void
wire_one_of(struct wire *w, uint16_t *v, uint16_t mask)
{
	if (w->op == WIRE_PUT && !one_bit(*v, mask))
		w->error = 1;
	wire_u16(w, v, 1, mask);
	if (w->op == WIRE_GET && !one_bit(*v, mask)) {
		w->error = 1;
		*v = 0;
	}
}

void
wire_fixed(struct wire *w, uint8_t *v, size_t n)
{
	uint8_t	*p;

	if (w->op == WIRE_MEASURE) {
		w->min += n;
		w->max += n;
		return;
	}
	if ((p = wire_take(w, n)) == NULL) {
		if (w->op == WIRE_GET)
			memset(v, 0, n);
		return;
	}
	if (w->op == WIRE_PUT)
		memcpy(p, v, n);
	else
		memcpy(v, p, n);
}

void
wire_str(struct wire *w, char *s, size_t size, size_t min)
{
	uint16_t	 n;
	uint8_t		*p;

	if (w->op == WIRE_MEASURE) {
		w->min += sizeof(n) + min;
		w->max += sizeof(n) + size - 1;
		return;
	}
	n = 0;
	if (w->op == WIRE_PUT)
		n = (uint16_t)strnlen(s, size);
	wire_u16(w, &n, (uint16_t)min, (uint16_t)(size - 1));
	p = wire_take(w, n);
	if (w->op == WIRE_PUT) {
		if (p != NULL)
			memcpy(p, s, n);
		return;
	}
	if (p == NULL || memchr(p, '\0', n) != NULL) {
		w->error = 1;
		s[0] = '\0';
		return;
	}
	memcpy(s, p, n);
	s[n] = '\0';
}

static int
name_char(unsigned char c)
{
	return ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-');
}

int
wire_name_valid(const char *s, size_t len, size_t max)
{
	size_t	 i;

	if (len < 1 || len > max)
		return (0);
	for (i = 0; i < len; i++)
		if (!name_char((unsigned char)s[i]))
			return (0);
	return (1);
}

void
wire_name(struct wire *w, char *s, size_t size)
{
	if (w->op == WIRE_PUT &&
	    !wire_name_valid(s, strnlen(s, size), size - 1))
		w->error = 1;
	wire_str(w, s, size, 1);
	if (w->op == WIRE_GET && !w->error &&
	    !wire_name_valid(s, strlen(s), size - 1)) {
		w->error = 1;
		s[0] = '\0';
	}
}

int
wire_uuid_valid(const char *s, size_t len)
{
	size_t	 i;

	if (len != WIRE_UUID_LEN)
		return (0);
	for (i = 0; i < len; i++) {
		if (i == 8 || i == 13 || i == 18 || i == 23) {
			if (s[i] != '-')
				return (0);
		} else if (!((s[i] >= '0' && s[i] <= '9') ||
		    (s[i] >= 'a' && s[i] <= 'f')))
			return (0);
	}
	return (1);
}

void
wire_uuid(struct wire *w, char *s)
{
	if (w->op == WIRE_PUT && !wire_uuid_valid(s, strnlen(s,
	    WIRE_UUID_LEN + 1)))
		w->error = 1;
	wire_fixed(w, (uint8_t *)s, WIRE_UUID_LEN);
	if (w->op != WIRE_GET)
		return;
	if (w->error || !wire_uuid_valid(s, WIRE_UUID_LEN)) {
		w->error = 1;
		s[0] = '\0';
	} else
		s[WIRE_UUID_LEN] = '\0';
}

void
wire_bytes(struct wire *w, struct wire_bytes *b, size_t max)
{
	uint16_t	 n;
	uint8_t		*p;

	if (w->op == WIRE_MEASURE) {
		w->min += sizeof(n);
		w->max += sizeof(n) + max;
		return;
	}
	if (w->op == WIRE_PUT && b->len > max)
		w->error = 1;
	n = w->op == WIRE_PUT && !w->error ? (uint16_t)b->len : 0;
	wire_u16(w, &n, 0, (uint16_t)max);
	p = wire_take(w, n);
	if (w->op == WIRE_PUT) {
		if (p != NULL && n > 0)
			memcpy(p, b->p, n);
		return;
	}
	b->p = p;
	b->len = p == NULL ? 0 : n;
}

int
wire_end(struct wire *w)
{
	if (w->error || (w->op == WIRE_GET && w->pos != w->size))
		return (-1);
	return (0);
}
