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

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "http_response.h"

/*
 * An answer that comes byte by byte is the same as in one piece: complete at
 * the same byte, with the same body, or refused, and then for good.
 */
#define INPUT_MAX	4096

int		 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static int	 parse(struct http_response *, char **, const uint8_t *,
		    size_t, int);
static void	 check(const struct http_response *, const char *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct http_response	 r, whole;
	char			*buf, *wholebuf;
	size_t			 i;
	int			 eof, got, want;

	if (len < 1 || len > INPUT_MAX)
		return (0);
	eof = data[0] & 1;
	data++;
	len--;
	want = parse(&whole, &wholebuf, data, len, eof);
	got = 0;
	for (i = 0; i < len && got == 0; i++) {
		got = parse(&r, &buf, data, i, 0);
		if (got == 0)
			assert(memcmp(buf, data, i) == 0);
		else {
			assert(got == want);
			if (got == 1) {
				assert(r.status == whole.status);
				assert(r.len == whole.len);
				assert(r.bodylen == whole.bodylen);
				assert(memcmp(r.body, whole.body,
				    r.bodylen) == 0);
			}
		}
		free(buf);
	}
	assert(!eof || want != 0);
	free(wholebuf);
	return (0);
}

/* In memory of just that size. */
static int
parse(struct http_response *r, char **buf, const uint8_t *data, size_t len,
    int eof)
{
	int	 got;

	if ((*buf = malloc(len > 0 ? len : 1)) == NULL)
		abort();
	memcpy(*buf, data, len);
	got = http_response_parse(r, *buf, len, eof);
	assert(got == 1 || got == 0 || got == -1);
	assert((got == -1) == (r->why != NULL));
	if (got == 1)
		check(r, *buf, len);
	return (got);
}

static void
check(const struct http_response *r, const char *buf, size_t len)
{
	const struct http_slice	*s;
	int			 i;

	assert(r->status == 101 || (r->status >= 200 && r->status <= 599));
	assert(r->len <= len && r->body >= buf);
	assert((size_t)(r->body - buf) + r->bodylen <= r->len);
	for (i = 0; i < r->nheaders; i++) {
		assert(r->headers[i].name.len > 0);
		s = &r->headers[i].value;
		assert(s->p >= buf && s->p + s->len <= buf + len);
		assert(memchr(s->p, '\n', s->len) == NULL);
	}
	(void)http_response_has(r, "connection", "upgrade");
}
