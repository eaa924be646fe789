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

#include <json-c/json.h>

#include "body.h"
#include "jsonscan.h"

/* More than the scan lets through, so that json-c never has the last word. */
#define BODY_DEPTH	(JSONSCAN_DEPTH_MAX + 8)

struct json_object *
body_parse(const char *text, size_t len)
{
	struct json_tokener	*tok;
	struct json_object	*obj;

	/* json-c takes what is not JSON; it only reads what passed here. */
	if (jsonscan_input(text, len) == -1)
		return (NULL);
	if ((tok = json_tokener_new_ex(BODY_DEPTH)) == NULL)
		return (NULL);
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT);
	obj = json_tokener_parse_ex(tok, text, (int)len);
	if (json_tokener_get_error(tok) != json_tokener_success ||
	    !json_object_is_type(obj, json_type_object)) {
		json_object_put(obj);
		obj = NULL;
	}
	json_tokener_free(tok);
	return (obj);
}

int
body_size(struct json_object *obj, const char *name, int min, int max,
    uint16_t *size)
{
	struct json_object	*v;
	int64_t			 n;

	if (!json_object_object_get_ex(obj, name, &v) || v == NULL)
		return (0);
	if (!json_object_is_type(v, json_type_int))
		return (-1);
	n = json_object_get_int64(v);
	if (n < min || n > max)
		return (-1);
	*size = (uint16_t)n;
	return (1);
}

int
body_text(struct json_object *obj, const char *name, const char **text,
    size_t *len)
{
	struct json_object	*v;

	*text = "";
	*len = 0;
	if (!json_object_object_get_ex(obj, name, &v) || v == NULL)
		return (0);
	if (!json_object_is_type(v, json_type_string))
		return (-1);
	*text = json_object_get_string(v);
	*len = (size_t)json_object_get_string_len(v);
	return (1);
}
