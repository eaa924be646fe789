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

#include <sys/types.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "launch_opt.h"

/*
 * Inside of single quotes a shell leaves every byte alone but the quote
 * itself, which is written outside of them.  So all is quoted always, and
 * nothing has to be known of what else is special.
 */
#define QUOTE		'\''
#define ESCAPED		"'\\''"
#define ESCAPED_LEN	(sizeof(ESCAPED) - 1)

/* A path that begins with a slash is no option, and CDPATH is not asked. */
#define GO		"cd -- "
#define THEN		" && "
#define EXEC		"exec "
#define SHELL		"\"${SHELL:-/bin/sh}\" -l"

/* Where to write, or, as long as p is NULL, how much that will be. */
struct line {
	char	*p;
	size_t	 len;
};

static int	 line_write(struct line *, const struct launch *);
static void	 line_text(struct line *, const char *);
static void	 line_word(struct line *, const struct record_item *);
static size_t	 word_quoted(const char *, size_t);
static char	*word_quote(char *, const char *, size_t);

char *
command_line(const struct launch *l, size_t max, size_t *len)
{
	struct line	 line;
	char		*buf;

	memset(&line, 0, sizeof(line));
	if (line_write(&line, l) == -1) {
		errno = EINVAL;
		return (NULL);
	}
	if (line.len > max) {
		errno = E2BIG;
		return (NULL);
	}
	*len = line.len;
	if ((buf = malloc(line.len + 1)) == NULL)
		return (NULL);
	line.p = buf;
	(void)line_write(&line, l);
	*line.p = '\0';
	return (buf);
}

static int
line_write(struct line *line, const struct launch *l)
{
	struct record_item	 item;
	size_t			 pos;

	pos = 0;
	if (launch_next(l, RECORD_CWD, &pos, &item)) {
		line_text(line, GO);
		line_word(line, &item);
		line_text(line, THEN);
	}
	line_text(line, EXEC);
	pos = 0;
	if (!launch_next(l, RECORD_ARG, &pos, &item)) {
		line_text(line, SHELL);
		return (0);
	}
	/* Not every shell has exec take a "--" for what it is. */
	if (item.value[0] == '-')
		return (-1);
	line_word(line, &item);
	while (launch_next(l, RECORD_ARG, &pos, &item)) {
		line_text(line, " ");
		line_word(line, &item);
	}
	return (0);
}

static void
line_text(struct line *line, const char *text)
{
	size_t	 len;

	len = strlen(text);
	line->len += len;
	if (line->p != NULL) {
		memcpy(line->p, text, len);
		line->p += len;
	}
}

static void
line_word(struct line *line, const struct record_item *item)
{
	line->len += word_quoted(item->value, item->len);
	if (line->p != NULL)
		line->p = word_quote(line->p, item->value, item->len);
}

/*
 * A word that a POSIX shell (XCU 2.2.2) takes as exactly these bytes, which
 * may be any but NUL: how many bytes that takes.
 */
static size_t
word_quoted(const char *s, size_t len)
{
	size_t	 i, n;

	n = len + 2;
	for (i = 0; i < len; i++) {
		if (s[i] == QUOTE)
			n += ESCAPED_LEN - 1;
	}
	return (n);
}

/* And write it; returns what is behind it. */
static char *
word_quote(char *out, const char *s, size_t len)
{
	size_t	 i;

	*out++ = QUOTE;
	for (i = 0; i < len; i++) {
		if (s[i] == QUOTE) {
			memcpy(out, ESCAPED, ESCAPED_LEN);
			out += ESCAPED_LEN;
		} else
			*out++ = s[i];
	}
	*out++ = QUOTE;
	return (out);
}
