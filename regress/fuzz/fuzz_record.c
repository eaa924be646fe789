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

/* links: proto/record.c */

/*
 * The body of a record: items are read one after the other, and written
 * again are the same bytes.
 */

#include "compat.h"

#include <sys/types.h>

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "record.h"

int		 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct record_item	 it;
	uint8_t			*again;
	size_t			 pos, start, n;
	int			 ret;

	pos = start = 0;
	while ((ret = record_item_get(&it, data, len, &pos)) == 1) {
		n = record_item_size(&it);
		assert(n > 0 && pos - start == n && pos <= len);
		assert(it.tag >= 1 && it.tag <= RECORD_TAG_MAX);
		assert((const uint8_t *)it.name >= data + start);
		assert((const uint8_t *)it.value + it.len == data + pos);
		assert((again = malloc(n)) != NULL);
		record_item_put(again, &it);
		assert(memcmp(again, data + start, n) == 0);
		free(again);
		start = pos;
	}
	/* At the end all was read; a bad item leaves the place alone. */
	assert(pos == start);
	assert(ret == -1 || pos == len);
	return (0);
}
