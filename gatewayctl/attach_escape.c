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

#include "attach.h"

#define CTRL_Z	0x1a

void
escape_init(struct escape *e)
{
	e->begin = 1;
	e->tilde = 0;
}

/* As ssh(1): a ~ at the beginning of a line waits for what follows it. */
enum escape_event
escape_take(struct escape *e, const uint8_t *in, size_t len, size_t *used,
    uint8_t *out, size_t *outlen)
{
	size_t	 i;
	uint8_t	 c;

	*outlen = 0;
	for (i = 0; i < len; i++) {
		c = in[i];
		if (e->tilde) {
			e->tilde = 0;
			*used = i + 1;
			if (c == '.')
				return (ESCAPE_DETACH);
			if (c == CTRL_Z)
				return (ESCAPE_SUSPEND);
			if (c == '?')
				return (ESCAPE_HELP);
			if (c != '~')
				out[(*outlen)++] = '~';
		} else if (e->begin && c == '~') {
			e->tilde = 1;
			continue;
		}
		e->begin = c == '\r' || c == '\n';
		out[(*outlen)++] = c;
	}
	*used = len;
	return (ESCAPE_NONE);
}
