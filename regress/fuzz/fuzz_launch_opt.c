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

/* links: sessiond/command.c sessiond/launch_opt.c sessiond/opened.c
 *	sessiond/secrets.c proto/base64.c proto/record.c @COMMON@ */
/* pkgs: libsodium libevent_core */

#include "compat.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "launch_opt.h"

#define COMMAND_MAX	4096

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static size_t	 count(const struct launch *, uint8_t);
static int	 unquoted(const char *, size_t);

/* What is taken is what was counted, and its command line has no loose end. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct launch	*l;
	char		*line;
	size_t		 len;

	if ((l = launch_new(data, size)) == NULL)
		return (0);
	assert(count(l, RECORD_ARG) == l->nargs);
	assert(count(l, RECORD_ENV) == l->nenv);
	assert(count(l, RECORD_CWD) == (size_t)l->has_cwd);
	assert(count(l, RECORD_SECRET) == 0);
	line = command_line(l, COMMAND_MAX, &len);
	if (line != NULL) {
		assert(len <= COMMAND_MAX && strlen(line) == len);
		assert(unquoted(line, len));
	}
	free(line);
	launch_free(l);
	return (0);
}

static size_t
count(const struct launch *l, uint8_t tag)
{
	struct record_item	 item;
	size_t			 n, pos;

	n = pos = 0;
	while (launch_next(l, tag, &pos, &item)) {
		assert(memchr(item.name, '=', item.namelen) == NULL);
		assert(memchr(item.value, '\0', item.len) == NULL);
		n++;
	}
	return (n);
}

/* Outside of quotes there are our own words only. */
static int
unquoted(const char *s, size_t len)
{
	size_t	 i;
	int	 in;

	in = 0;
	for (i = 0; i < len; i++) {
		if (s[i] == '\'')
			in = !in;
		else if (!in && s[i] == '\\') {
			if (s[++i] != '\'')
				return (0);
		} else if (!in && strchr("cd - && exec \"${SHELL:-/bin/sh}\" "
		    "-l", s[i]) == NULL)
			return (0);
	}
	return (!in);
}
