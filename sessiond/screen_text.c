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

/* The screen for those who do not want escape sequences. */

#include "compat.h"

#include <sys/types.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "screen_parts.h"

/* One line of the widest screen, each character with two marks. */
#define LINE_MAX_BYTES	(SCREEN_COLS_MAX * 3 * 4)

static size_t	 line_text(const struct screen *, const struct row *, char *);
static int	 put_json(struct json_object *, const char *,
		    struct json_object *);
static int	 json_values(const struct screen *, struct json_object *,
		    uint64_t);
static int	 json_lines(const struct screen *, struct json_object *);

char *
screen_json(const struct screen *s, uint64_t offset, size_t *len)
{
	struct json_object	*o;
	const char		*text;
	char			*copy;
	size_t			 n;

	if ((o = json_object_new_object()) == NULL)
		return (NULL);
	copy = NULL;
	if (json_values(s, o, offset) == 0 && json_lines(s, o) == 0 &&
	    (text = json_object_to_json_string_length(o,
	    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE,
	    &n)) != NULL && (copy = malloc(n + 1)) != NULL) {
		memcpy(copy, text, n + 1);
		if (len != NULL)
			*len = n;
	}
	json_object_put(o);
	return (copy);
}

char *
screen_text(const struct screen *s, size_t *len)
{
	char		 line[LINE_MAX_BYTES];
	char		*text;
	size_t		 end, n, used;
	uint16_t	 y;

	n = 0;
	for (y = 0; y < s->rows; y++)
		n += line_text(s, &s->cur->row[y], line) + 1;
	if ((text = malloc(n + 1)) == NULL)
		return (NULL);
	end = used = 0;
	for (y = 0; y < s->rows; y++) {
		n = line_text(s, &s->cur->row[y], line);
		memcpy(text + used, line, n);
		used += n;
		text[used++] = '\n';
		if (n > 0)
			end = used;
	}
	text[end] = '\0';
	if (len != NULL)
		*len = end;
	return (text);
}

/* The text of a row without the blanks at its end; its length. */
static size_t
line_text(const struct screen *s, const struct row *r, char *buf)
{
	const struct cell	*c;
	size_t			 end, n;
	uint16_t		 x;

	end = n = 0;
	for (x = 0; x < s->cols; x++) {
		c = row_cell(r, x);
		if (c->ch == CELL_TAIL)
			continue;
		n += utf8_put(buf + n, c->ch == 0 ? ' ' : c->ch);
		if (c->mark != 0)
			n += utf8_put(buf + n, c->mark);
		if (c->mark2 != 0)
			n += utf8_put(buf + n, c->mark2);
		if ((c->ch != 0 && c->ch != ' ') || c->mark != 0)
			end = n;
	}
	return (end);
}

/* The value is taken over, and may be NULL for want of memory. */
static int
put_json(struct json_object *o, const char *name, struct json_object *v)
{
	if (v == NULL)
		return (-1);
	if (json_object_object_add(o, name, v) != 0) {
		json_object_put(v);
		return (-1);
	}
	return (0);
}

static int
json_values(const struct screen *s, struct json_object *o, uint64_t offset)
{
	struct json_object	*cursor;
	int			 x;

	x = s->x < s->cols ? s->x : s->cols - 1;
	if (put_json(o, "cols", json_object_new_int(s->cols)) == -1 ||
	    put_json(o, "rows", json_object_new_int(s->rows)) == -1 ||
	    put_json(o, "cursor", cursor = json_object_new_object()) == -1 ||
	    put_json(cursor, "x", json_object_new_int(x)) == -1 ||
	    put_json(cursor, "y", json_object_new_int(s->y)) == -1 ||
	    put_json(cursor, "visible",
	    json_object_new_boolean(!s->modes.hidden)) == -1 ||
	    put_json(o, "title", json_object_new_string(s->title)) == -1 ||
	    put_json(o, "alternate",
	    json_object_new_boolean(screen_alternate(s))) == -1 ||
	    put_json(o, "exact",
	    json_object_new_boolean(screen_exact(s))) == -1)
		return (-1);
	return (put_json(o, "offset", json_object_new_uint64(offset)));
}

static int
json_lines(const struct screen *s, struct json_object *o)
{
	struct json_object	*lines, *v;
	char			 line[LINE_MAX_BYTES];
	size_t			 n;
	uint16_t		 y;

	lines = json_object_new_array_ext(s->rows);
	if (put_json(o, "lines", lines) == -1)
		return (-1);
	for (y = 0; y < s->rows; y++) {
		n = line_text(s, &s->cur->row[y], line);
		if ((v = json_object_new_string_len(line, n)) == NULL)
			return (-1);
		if (json_object_array_add(lines, v) != 0) {
			json_object_put(v);
			return (-1);
		}
	}
	return (0);
}

size_t
utf8_put(char *buf, uint32_t ch)
{
	size_t	 n;

	n = 0;
	if (ch < 0x80)
		buf[n++] = ch;
	else if (ch < 0x800)
		buf[n++] = 0xc0 | ch >> 6;
	else if (ch < 0x10000) {
		buf[n++] = 0xe0 | ch >> 12;
		buf[n++] = 0x80 | (ch >> 6 & 0x3f);
	} else {
		buf[n++] = 0xf0 | ch >> 18;
		buf[n++] = 0x80 | (ch >> 12 & 0x3f);
		buf[n++] = 0x80 | (ch >> 6 & 0x3f);
	}
	if (ch >= 0x80)
		buf[n++] = 0x80 | (ch & 0x3f);
	return (n);
}
