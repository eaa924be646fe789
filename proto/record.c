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

#include "record.h"

/* Tag, length of the name, length of the value. */
#define ITEM_HEAD	(1 + 2 + 4)

static int	 item_valid(const struct record_item *);

static int
item_valid(const struct record_item *it)
{
	if (it->tag < 1 || it->tag > RECORD_TAG_MAX ||
	    it->namelen > RECORD_NAME_MAX || it->len > RECORD_VALUE_MAX)
		return (0);
	if (it->namelen > 0 && memchr(it->name, '\0', it->namelen) != NULL)
		return (0);
	return (it->len == 0 || memchr(it->value, '\0', it->len) == NULL);
}

size_t
record_item_size(const struct record_item *it)
{
	if (!item_valid(it))
		return (0);
	return (ITEM_HEAD + it->namelen + it->len);
}

void
record_item_put(uint8_t *p, const struct record_item *it)
{
	*p++ = it->tag;
	*p++ = (uint8_t)(it->namelen >> 8);
	*p++ = (uint8_t)it->namelen;
	*p++ = (uint8_t)(it->len >> 24);
	*p++ = (uint8_t)(it->len >> 16);
	*p++ = (uint8_t)(it->len >> 8);
	*p++ = (uint8_t)it->len;
	if (it->namelen > 0)
		memcpy(p, it->name, it->namelen);
	if (it->len > 0)
		memcpy(p + it->namelen, it->value, it->len);
}

int
record_item_get(struct record_item *it, const uint8_t *body, size_t len,
    size_t *pos)
{
	const uint8_t	*p;
	size_t		 left;

	if (*pos > len)
		return (-1);
	left = len - *pos;
	if (left == 0)
		return (0);
	if (left < ITEM_HEAD)
		return (-1);
	p = body + *pos;
	left -= ITEM_HEAD;
	it->tag = p[0];
	it->namelen = (size_t)p[1] << 8 | p[2];
	it->len = (size_t)p[3] << 24 | (size_t)p[4] << 16 |
	    (size_t)p[5] << 8 | p[6];
	if (left < it->namelen || left - it->namelen < it->len)
		return (-1);
	it->name = (const char *)p + ITEM_HEAD;
	it->value = it->name + it->namelen;
	if (!item_valid(it))
		return (-1);
	*pos += ITEM_HEAD + it->namelen + it->len;
	return (1);
}
