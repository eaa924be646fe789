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

/* links: sessiond/message.c proto/jsonscan.c proto/signames.c */
/* pkgs: json-c */

#include "compat.h"

#include <sys/types.h>

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "sizes.h"

/*
 * Both readings of a client's text: whatever resizes on /tty does so in the
 * native dialect, numbers are in range, and the reason of a refusal can
 * stand in JSON as it is.
 */
int		 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void	 check_size(uint16_t, uint16_t);
static void	 check_why(const char *);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct message	 m;
	const char	*why;
	uint8_t		*copy;
	uint16_t	 cols, rows;
	int		 control, resize;

	if (len > MESSAGE_CONTROL_MAX)
		return (0);
	/* Of its own length, so that reading past its end is seen. */
	if ((copy = malloc(len > 0 ? len : 1)) == NULL)
		abort();
	if (len > 0)
		memcpy(copy, data, len);
	why = NULL;
	memset(&m, 0, sizeof(m));
	control = message_control(copy, len, &m, &why);
	resize = message_resize(copy, len, &cols, &rows);
	free(copy);

	if (control == -1)
		check_why(why);
	else if (m.type == MESSAGE_RESIZE)
		check_size(m.cols, m.rows);
	else if (m.type == MESSAGE_SIGNAL)
		assert(m.signo >= 1 && m.signo <= 31);
	else
		assert(m.type == MESSAGE_PING);
	if (resize == 1) {
		check_size(cols, rows);
		assert(control == 0 && m.type == MESSAGE_RESIZE);
		assert(m.cols == cols && m.rows == rows);
	} else if (resize == -1)
		assert(control == -1);
	return (0);
}

static void
check_size(uint16_t cols, uint16_t rows)
{
	assert(cols >= 1 && cols <= COLS_MAX);
	assert(rows >= 1 && rows <= ROWS_MAX);
}

static void
check_why(const char *why)
{
	assert(why != NULL && *why != '\0');
	for (; *why != '\0'; why++)
		assert(*why >= ' ' && *why < 0x7f && *why != '"' &&
		    *why != '\\');
}
