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

#include <sys/types.h>

#include <assert.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sample.h"
#include "tables.h"
#include "wire.h"

#define OP_SAMPLE	90	/* a wire operation that wire.c has not */
#define PATTERN		0x0123456789abcdefULL

/* Behind wire.buf while the operation is ours. */
struct sampler {
	enum sample	 kind;
	size_t		 n;		/* fields so far */
	char		(*text)[FIELD_TEXT];
};

void	 __real_wire_u8(struct wire *, uint8_t *, uint8_t, uint8_t);
void	 __real_wire_u16(struct wire *, uint16_t *, uint16_t, uint16_t);
void	 __real_wire_u32(struct wire *, uint32_t *, uint32_t, uint32_t);
void	 __real_wire_u64(struct wire *, uint64_t *, uint64_t, uint64_t);
void	 __real_wire_one_of(struct wire *, uint16_t *, uint16_t);
void	 __real_wire_fixed(struct wire *, uint8_t *, size_t);
void	 __real_wire_str(struct wire *, char *, size_t, size_t);
void	 __real_wire_name(struct wire *, char *, size_t);
void	 __real_wire_uuid(struct wire *, char *);
void	 __real_wire_bytes(struct wire *, struct wire_bytes *, size_t);

void	 __wrap_wire_u8(struct wire *, uint8_t *, uint8_t, uint8_t);
void	 __wrap_wire_u16(struct wire *, uint16_t *, uint16_t, uint16_t);
void	 __wrap_wire_u32(struct wire *, uint32_t *, uint32_t, uint32_t);
void	 __wrap_wire_u64(struct wire *, uint64_t *, uint64_t, uint64_t);
void	 __wrap_wire_one_of(struct wire *, uint16_t *, uint16_t);
void	 __wrap_wire_fixed(struct wire *, uint8_t *, size_t);
void	 __wrap_wire_str(struct wire *, char *, size_t, size_t);
void	 __wrap_wire_name(struct wire *, char *, size_t);
void	 __wrap_wire_uuid(struct wire *, char *);
void	 __wrap_wire_bytes(struct wire *, struct wire_bytes *, size_t);

static struct sampler	*sampler(struct wire *, const char *, ...)
			    PRINTFLIKE(2, 3);
static uint64_t		 number(struct wire *, unsigned int, uint64_t,
			    uint64_t);
static void		 text(struct sampler *, char *, size_t, size_t, char);

const struct msg_type *
sample_type(size_t i)
{
	static const struct msg_type *const areas[] = {
		msg_conf_types, msg_grant_types, msg_front_types,
		msg_worker_types, msg_dial_types, msg_ctl_types
	};
	const struct msg_type	*t;
	size_t			 a;

	for (a = 0; a < nitems(areas); a++)
		for (t = areas[a]; t->name != NULL; t++)
			if (i-- == 0)
				return (t);
	return (NULL);
}

void
sample_make(struct imsg *im, const struct msg_type *t, enum sample kind)
{
	struct sampler	 s = { kind, 0, NULL };
	struct wire	 w;

	imsg_init(im, t->type, 0x01020304);
	wire_init(&w, OP_SAMPLE, &s, 0);
	if (t->fields != NULL)
		t->fields(&w, &im->m);
}

size_t
sample_fields(const struct msg_type *t, char out[FIELDS_MAX][FIELD_TEXT])
{
	struct sampler	 s = { SAMPLE_MAX, 0, out };
	struct wire	 w;
	union msg	 m;

	memset(&m, 0, sizeof(m));
	wire_init(&w, OP_SAMPLE, &s, 0);
	if (t->fields != NULL)
		t->fields(&w, &m);
	return (s.n);
}

int
sample_has_fd(uint16_t type)
{
	const struct msg_rule	*r;
	size_t			 i, bit;

	if (type == IMSG_BLOB)
		return (1);
	for (i = 0; i < msg_ntables; i++)
		if ((r = msg_rule(msg_tables[i], type, &bit)) != NULL)
			return ((r->flags & MR_FD) != 0);
	return (0);
}

int
sample_nfds(void)
{
	DIR	*d;
	int	 n;

	d = opendir("/proc/self/fd");
	assert(d != NULL);
	for (n = 0; readdir(d) != NULL; n++)
		continue;
	closedir(d);
	return (n);
}

/* Count a field, and note what it is if somebody wants to know. */
static struct sampler *
sampler(struct wire *w, const char *fmt, ...)
{
	struct sampler	*s;
	va_list		 ap;

	s = (struct sampler *)(void *)w->buf;
	assert(s->n < FIELDS_MAX);
	if (s->text != NULL) {
		va_start(ap, fmt);
		(void)vsnprintf(s->text[s->n], FIELD_TEXT, fmt, ap);
		va_end(ap);
	}
	s->n++;
	return (s);
}

static uint64_t
number(struct wire *w, unsigned int bits, uint64_t min, uint64_t max)
{
	struct sampler	*s;
	uint64_t	 full, x;

	full = UINT64_MAX >> (64 - bits);
	if (min == 0 && max == full)
		s = sampler(w, "uint%u", bits);
	else if (max == full)
		s = sampler(w, "uint%u %" PRIu64 "..", bits, min);
	else
		s = sampler(w, "uint%u %" PRIu64 "..%" PRIu64, bits, min,
		    max);
	if (s->kind == SAMPLE_MIN)
		return (min);
	if (s->kind == SAMPLE_MAX)
		return (max);
	x = (PATTERN + s->n * 0x1111111111111111ULL) >> (64 - bits);
	if (max - min != UINT64_MAX)
		x %= max - min + 1;
	return (min + x);
}

void
__wrap_wire_u8(struct wire *w, uint8_t *v, uint8_t min, uint8_t max)
{
	if (w->op != OP_SAMPLE)
		__real_wire_u8(w, v, min, max);
	else
		*v = (uint8_t)number(w, 8, min, max);
}

void
__wrap_wire_u16(struct wire *w, uint16_t *v, uint16_t min, uint16_t max)
{
	if (w->op != OP_SAMPLE)
		__real_wire_u16(w, v, min, max);
	else
		*v = (uint16_t)number(w, 16, min, max);
}

void
__wrap_wire_u32(struct wire *w, uint32_t *v, uint32_t min, uint32_t max)
{
	if (w->op != OP_SAMPLE)
		__real_wire_u32(w, v, min, max);
	else
		*v = (uint32_t)number(w, 32, min, max);
}

void
__wrap_wire_u64(struct wire *w, uint64_t *v, uint64_t min, uint64_t max)
{
	if (w->op != OP_SAMPLE)
		__real_wire_u64(w, v, min, max);
	else
		*v = number(w, 64, min, max);
}

void
__wrap_wire_one_of(struct wire *w, uint16_t *v, uint16_t mask)
{
	struct sampler	*s;

	if (w->op != OP_SAMPLE) {
		__real_wire_one_of(w, v, mask);
		return;
	}
	s = sampler(w, "uint16 bit of 0x%04x", mask);
	*v = s->kind == SAMPLE_MAX ? 0x8000 : 1;
	while ((*v & mask) == 0)
		*v = (uint16_t)(s->kind == SAMPLE_MAX ? *v >> 1 : *v << 1);
}

void
__wrap_wire_fixed(struct wire *w, uint8_t *v, size_t n)
{
	struct sampler	*s;
	size_t		 i;

	if (w->op != OP_SAMPLE) {
		__real_wire_fixed(w, v, n);
		return;
	}
	s = sampler(w, "byte[%zu]", n);
	for (i = 0; i < n; i++)
		v[i] = s->kind == SAMPLE_MIN ? 0 : s->kind == SAMPLE_MAX ?
		    0xff : (uint8_t)(i * 0x11 + s->n);
}

static void
text(struct sampler *s, char *p, size_t size, size_t min, char filler)
{
	size_t	 i, n;

	n = s->kind == SAMPLE_MIN ? min : s->kind == SAMPLE_MAX ? size - 1 :
	    min + 4 + s->n;
	if (n > size - 1)
		n = size - 1;
	for (i = 0; i < n; i++)
		p[i] = s->kind == SAMPLE_MIXED ?
		    (char)('a' + (i + s->n) % 26) : filler;
	p[n] = '\0';
}

void
__wrap_wire_str(struct wire *w, char *p, size_t size, size_t min)
{
	if (w->op != OP_SAMPLE)
		__real_wire_str(w, p, size, min);
	else
		text(sampler(w, "string %zu..%zu", min, size - 1), p, size,
		    min, (char)0xff);
}

void
__wrap_wire_name(struct wire *w, char *p, size_t size)
{
	if (w->op != OP_SAMPLE)
		__real_wire_name(w, p, size);
	else
		text(sampler(w, "name 1..%zu", size - 1), p, size, 1, '_');
}

void
__wrap_wire_uuid(struct wire *w, char *p)
{
	static const char *const	 uuids[SAMPLES] = {
		"00000000-0000-0000-0000-000000000000",
		"ffffffff-ffff-ffff-ffff-ffffffffffff",
		"01234567-89ab-4cde-8f01-23456789abcd"
	};

	if (w->op != OP_SAMPLE)
		__real_wire_uuid(w, p);
	else
		strlcpy(p, uuids[sampler(w, "uuid")->kind],
		    WIRE_UUID_LEN + 1);
}

void
__wrap_wire_bytes(struct wire *w, struct wire_bytes *b, size_t max)
{
	static uint8_t	 ones[IMSG_PAYLOAD_MAX];
	struct sampler	*s;

	if (w->op != OP_SAMPLE) {
		__real_wire_bytes(w, b, max);
		return;
	}
	memset(ones, 0xff, sizeof(ones));
	s = sampler(w, "bytes 0..%zu", max);
	b->p = s->kind == SAMPLE_MIXED ?
	    (const uint8_t *)"\0any\xffthing" : ones;
	b->len = s->kind == SAMPLE_MIN ? 0 : s->kind == SAMPLE_MAX ? max : 10;
}
