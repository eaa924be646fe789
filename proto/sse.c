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

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

#include "sse.h"

size_t
sse_head(char out[SSE_HEAD_MAX], uint64_t id, const char *name)
{
	int	 n;

	n = 0;
	if (id != SSE_NO_ID)
		n += snprintf(out, SSE_HEAD_MAX, "id: %" PRIu64 "\n", id);
	if (name != NULL)
		n += snprintf(out + n, SSE_HEAD_MAX - n, "event: %.*s\n",
		    SSE_NAME_MAX, name);
	n += snprintf(out + n, SSE_HEAD_MAX - n, "data: ");
	return (n);
}

size_t
sse_chunk_head(char out[SSE_CHUNK_HEAD_MAX], size_t len)
{
	static const char	 hex[] = "0123456789abcdef";
	size_t			 n;
	int			 shift;

	shift = 0;
	while (shift + 4 < (int)sizeof(len) * 8 && len >> (shift + 4) != 0)
		shift += 4;
	for (n = 0; shift >= 0; shift -= 4)
		out[n++] = hex[len >> shift & 0xf];
	out[n++] = '\r';
	out[n++] = '\n';
	return (n);
}
