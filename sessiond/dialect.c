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

#include "dialect.h"
#include "message.h"

static const struct dialect	*const dialects[] = {
	&dialect_ssh_ws,
	&dialect_ssh_sse,
	&dialect_ssh_sse10,
	&dialect_tty_ws,
	&dialect_tty_sse,
	&dialect_tty_sse10,
	&dialect_terminal_ws,
	&dialect_terminal_sse,
	&dialect_terminal_sse10
};

const struct dialect *
dialect_find(uint8_t dialect, uint8_t transport)
{
	size_t	 i;

	for (i = 0; i < nitems(dialects); i++) {
		if (dialects[i]->dialect == dialect &&
		    dialects[i]->transport == transport)
			return (dialects[i]);
	}
	return (NULL);
}

void
dialect_setup(void)
{
	static const char	 sample[] =
	    "{\"type\":\"resize\",\"cols\":1,\"rows\":1}";
	uint16_t		 cols, rows;

	(void)message_resize((const uint8_t *)sample, sizeof(sample) - 1,
	    &cols, &rows);
}
