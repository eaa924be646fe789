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
#include <string.h>

#include <json-c/json.h>

#include "jsonscan.h"
#include "message.h"
#include "signames.h"
#include "sizes.h"

static struct json_object	*message_parse(const uint8_t *, size_t);
static int	 message_size(struct json_object *, const char *, int,
		    uint16_t *);
static int	 message_is(struct json_object *, const char *);
static int	 control_resize(struct json_object *, struct message *,
		    const char **);
static int	 control_signal(struct json_object *, struct message *,
		    const char **);

int
message_resize(const uint8_t *p, size_t len, uint16_t *cols, uint16_t *rows)
{
	struct json_object	*o, *type;
	int			 c, r, verdict;

	/* Most of what is typed is none, and this costs nothing. */
	if (memchr(p, '{', len) == NULL || (o = message_parse(p, len)) == NULL)
		return (0);
	verdict = 0;
	if (json_object_object_length(o) == 3 &&
	    json_object_object_get_ex(o, "type", &type) &&
	    message_is(type, "resize")) {
		c = message_size(o, "cols", COLS_MAX, cols);
		r = message_size(o, "rows", ROWS_MAX, rows);
		if (c != 0 && r != 0)
			verdict = c == 1 && r == 1 ? 1 : -1;
	}
	json_object_put(o);
	return (verdict);
}

int
message_control(const uint8_t *p, size_t len, struct message *m,
    const char **why)
{
	struct json_object	*o, *type;
	int			 ret;

	if ((o = message_parse(p, len)) == NULL) {
		*why = "not a JSON object";
		return (-1);
	}
	ret = -1;
	if (!json_object_object_get_ex(o, "type", &type) ||
	    !json_object_is_type(type, json_type_string)) {
		*why = "no type";
	} else if (message_is(type, "resize")) {
		ret = control_resize(o, m, why);
	} else if (message_is(type, "signal")) {
		ret = control_signal(o, m, why);
	} else if (message_is(type, "ping")) {
		m->type = MESSAGE_PING;
		ret = 0;
	} else
		*why = "unknown type";
	json_object_put(o);
	return (ret);
}

static int
control_resize(struct json_object *o, struct message *m, const char **why)
{
	m->type = MESSAGE_RESIZE;
	if (message_size(o, "cols", COLS_MAX, &m->cols) != 1 ||
	    message_size(o, "rows", ROWS_MAX, &m->rows) != 1) {
		*why = "cols and rows have to be from 1 to 1000";
		return (-1);
	}
	return (0);
}

static int
control_signal(struct json_object *o, struct message *m, const char **why)
{
	struct json_object	*name;

	m->type = MESSAGE_SIGNAL;
	if (!json_object_object_get_ex(o, "name", &name) ||
	    !json_object_is_type(name, json_type_string) ||
	    (m->signo = signame_number(json_object_get_string(name),
	    json_object_get_string_len(name))) == -1) {
		*why = "no such signal";
		return (-1);
	}
	return (0);
}

/* One JSON object without doubts, or NULL. */
static struct json_object *
message_parse(const uint8_t *p, size_t len)
{
	struct json_tokener	*tok;
	struct json_object	*o;

	if (jsonscan_object((const char *)p, len) == -1 ||
	    (tok = json_tokener_new()) == NULL)
		return (NULL);
	o = json_tokener_parse_ex(tok, (const char *)p, (int)len);
	json_tokener_free(tok);
	if (o != NULL && !json_object_is_type(o, json_type_object)) {
		json_object_put(o);
		return (NULL);
	}
	return (o);
}

/* 1: an integer from 1 to max; -1: another integer; 0: something else. */
static int
message_size(struct json_object *o, const char *key, int max, uint16_t *size)
{
	struct json_object	*n;
	int64_t			 i;

	if (!json_object_object_get_ex(o, key, &n) ||
	    !json_object_is_type(n, json_type_int))
		return (0);
	i = json_object_get_int64(n);
	if (i < 1 || i > max)
		return (-1);
	*size = (uint16_t)i;
	return (1);
}

static int
message_is(struct json_object *o, const char *word)
{
	return (json_object_is_type(o, json_type_string) &&
	    strcmp(json_object_get_string(o), word) == 0);
}
