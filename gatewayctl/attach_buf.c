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

#include <err.h>
#include <stdint.h>

#include "attach_peer.h"

void
buf_init(struct buf *b, size_t size)
{
	memset(b, 0, sizeof(*b));
	if ((b->data = malloc(size)) == NULL)
		err(1, NULL);
	b->size = size;
}

size_t
buf_room(const struct buf *b)
{
	return (b->size - b->len);
}

uint8_t *
buf_space(struct buf *b)
{
	if (b->start > 0) {
		memmove(b->data, b->data + b->start, b->len);
		b->start = 0;
	}
	return (b->data + b->len);
}

void
buf_add(struct buf *b, const void *data, size_t len)
{
	/* Who adds has asked for the room. */
	if (len > b->size - b->len)
		abort();
	if (len > b->size - b->len - b->start)
		(void)buf_space(b);
	if (len > 0)
		memcpy(b->data + b->start + b->len, data, len);
	b->len += len;
}

void
buf_drop(struct buf *b, size_t len)
{
	b->start += len;
	b->len -= len;
	if (b->len == 0)
		b->start = 0;
}

void
buf_clear(struct buf *b)
{
	explicit_bzero(b->data, b->size);
	b->start = b->len = 0;
}
