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

#include "text.h"

#define SUM_P1		UINT64_C(0x9e3779b185ebca87)
#define SUM_P2		UINT64_C(0xc2b2ae3d27d4eb4f)

static void	 sum_block(struct sum *, const uint8_t *);
static uint64_t	 sum_mix(uint64_t, uint64_t);

static const char *const	 colours[] = {
	"\033[32m", "\033[1;34m", "\033[38;5;208m", "\033[0;33m",
	"\033[38;2;120;40;200m", "\033[1;31m", "\033[36m"
};

static const char *const	 phrases[] = {
	"drwxr-xr-x  2 demo demo  4096 Mar 14 09:26 \342\224\234\342\224\200 ",
	"compiling proto/wire.c \342\200\246 ",
	"\346\227\245\346\234\254\350\252\236\343\201\256\343\203\206 ",
	"na\303\257ve caf\303\251 cr\303\250me br\303\273l\303\251e ",
	"\360\237\232\200 deployed in 3.14 s \342\234\223 ",
	("\320\237\321\200\320\270\320\262\320\265\321\202, "
	    "\320\274\320\270\321\200 "),
	"\342\226\210\342\226\210\342\226\210\342\226\210\342\226\221 80 % ",
	"warning: unused variable 'n' [-Wunused-variable] ",
	"GET /v1/sandboxes/42/sessions 200 1.6 ms ",
	"\316\261\316\262\316\263 \342\210\200x\342\210\210\342\204\235 ",
	"src/main.rs:17:9: expected `;`, found `}` "
};

size_t
text_line(char buf[TEXT_LINE_MAX], uint32_t n)
{
	static const char	 hex[] = "0123456789abcdef";
	const char		*part[5];
	char			*p = buf;
	uint32_t		 r;
	size_t			 i, len;

	r = n * UINT32_C(2654435761);
	for (i = 8; i > 0; i--)
		*p++ = hex[n >> (i - 1) * 4 & 0xf];
	*p++ = ' ';
	part[0] = colours[(r >> 4) % nitems(colours)];
	part[1] = phrases[(r >> 8) % nitems(phrases)];
	part[2] = phrases[(r >> 16) % nitems(phrases)];
	part[3] = "\033[0m";
	part[4] = (r & 3) == 0 ? "\n" : " .\n";
	for (i = 0; i < nitems(part); i++) {
		len = strlen(part[i]);
		memcpy(p, part[i], len);
		p += len;
	}
	return (p - buf);
}

void
text_plan(struct text *t, uint64_t bytes)
{
	struct sum	 s;
	char		 buf[TEXT_LINE_MAX + 1];
	size_t		 n;

	memset(t, 0, sizeof(*t));
	sum_init(&s);
	while (t->bytes < bytes) {
		n = text_line(buf, t->lines++);
		memcpy(buf + n - 1, "\r\n", 2);
		sum_add(&s, (uint8_t *)buf, n + 1);
		t->bytes += n + 1;
	}
	t->sum = sum_end(&s);
}

void
sum_init(struct sum *s)
{
	memset(s, 0, sizeof(*s));
	s->lane[0] = SUM_P1;
	s->lane[1] = SUM_P2;
	s->lane[3] = SUM_P1 ^ SUM_P2;
}

void
sum_add(struct sum *s, const uint8_t *p, size_t n)
{
	size_t	 k;

	s->total += n;
	if (s->nheld > 0) {
		k = sizeof(s->held) - s->nheld;
		if (k > n)
			k = n;
		memcpy(s->held + s->nheld, p, k);
		s->nheld += k;
		p += k;
		n -= k;
		if (s->nheld < sizeof(s->held))
			return;
		sum_block(s, s->held);
		s->nheld = 0;
	}
	for (; n >= sizeof(s->held); n -= sizeof(s->held)) {
		sum_block(s, p);
		p += sizeof(s->held);
	}
	memcpy(s->held, p, n);
	s->nheld = n;
}

static void
sum_block(struct sum *s, const uint8_t *p)
{
	uint64_t	 w[4];
	int		 i;

	memcpy(w, p, sizeof(w));
	for (i = 0; i < 4; i++)
		s->lane[i] = sum_mix(s->lane[i], w[i]);
}

static uint64_t
sum_mix(uint64_t lane, uint64_t w)
{
	lane += w * SUM_P2;
	return ((lane << 31 | lane >> 33) * SUM_P1);
}

uint64_t
sum_end(struct sum *s)
{
	uint64_t	 h;
	int		 i;

	memset(s->held + s->nheld, 0, sizeof(s->held) - s->nheld);
	sum_block(s, s->held);
	h = s->total;
	for (i = 0; i < 4; i++)
		h = sum_mix(h, s->lane[i]);
	return (h ^ h >> 29);
}
