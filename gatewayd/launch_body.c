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

#include <string.h>

#include <json-c/json.h>

#include "launch_body.h"
#include "record.h"
#include "sizes.h"

/* What a worker takes, too. */
#define NAME_MAX_LEN	128		/* of a variable */
#define CWD_MAX		4095

/* Items as they come; with p NULL they are only checked and measured. */
struct items {
	uint8_t		*p;
	size_t		 len;
	size_t		 n;
	const char	*why;
};

static int	 items_walk(struct items *, struct json_object *);
static int	 items_args(struct items *, struct json_object *);
static int	 items_env(struct items *, struct json_object *);
static int	 items_cwd(struct items *, struct json_object *);
static int	 item_add(struct items *, uint8_t, const char *,
		    struct json_object *, const char *);
static struct json_object
		*member(struct json_object *, const char *);
static int	 name_valid(const char *);

int
launch_body(struct json_object *obj, uint8_t **data, size_t *len,
    const char **why)
{
	struct items	 items;

	*data = NULL;
	*len = 0;
	memset(&items, 0, sizeof(items));
	if (items_walk(&items, obj) == -1) {
		*why = items.why;
		return (-1);
	}
	*why = "cmd, args and env are too long";
	if (items.n > RECORD_ITEMS_MAX || items.len > BLOB_LAUNCH_MAX)
		return (-1);
	if (items.len == 0)
		return (0);
	*why = NULL;
	if ((items.p = malloc(items.len)) == NULL)
		return (-1);
	*data = items.p;
	*len = items.len;
	items.len = 0;
	(void)items_walk(&items, obj);
	return (0);
}

static int
items_walk(struct items *items, struct json_object *obj)
{
	if (items_args(items, obj) == -1 || items_env(items, obj) == -1)
		return (-1);
	return (items_cwd(items, obj));
}

static int
items_args(struct items *items, struct json_object *obj)
{
	struct json_object	*args, *cmd;
	size_t			 i, n;

	cmd = member(obj, "cmd");
	args = member(obj, "args");
	items->why = "args without cmd";
	if (cmd == NULL)
		return (args == NULL ? 0 : -1);
	items->why = "Invalid cmd";
	if (!json_object_is_type(cmd, json_type_string) ||
	    json_object_get_string_len(cmd) == 0 ||
	    item_add(items, RECORD_ARG, "", cmd, "Invalid cmd") == -1)
		return (-1);
	if (args == NULL)
		return (0);
	items->why = "Invalid args";
	if (!json_object_is_type(args, json_type_array))
		return (-1);
	n = json_object_array_length(args);
	for (i = 0; i < n; i++)
		if (item_add(items, RECORD_ARG, "",
		    json_object_array_get_idx(args, i),
		    "Invalid args") == -1)
			return (-1);
	return (0);
}

static int
items_env(struct items *items, struct json_object *obj)
{
	struct json_object	*env;

	if ((env = member(obj, "env")) == NULL)
		return (0);
	items->why = "Invalid env";
	if (!json_object_is_type(env, json_type_object))
		return (-1);
	json_object_object_foreach(env, name, value)
		if (!name_valid(name) || item_add(items, RECORD_ENV, name,
		    value, "Invalid env") == -1)
			return (-1);
	return (0);
}

static int
items_cwd(struct items *items, struct json_object *obj)
{
	struct json_object	*cwd;

	if ((cwd = member(obj, "cwd")) == NULL)
		return (0);
	items->why = "Invalid cwd";
	if (!json_object_is_type(cwd, json_type_string) ||
	    json_object_get_string(cwd)[0] != '/' ||
	    json_object_get_string_len(cwd) > CWD_MAX)
		return (-1);
	return (item_add(items, RECORD_CWD, "", cwd, "Invalid cwd"));
}

/* The value is a string without the character NUL. */
static int
item_add(struct items *items, uint8_t tag, const char *name,
    struct json_object *value, const char *why)
{
	struct record_item	 it;
	size_t			 size;

	items->why = why;
	if (!json_object_is_type(value, json_type_string))
		return (-1);
	it.tag = tag;
	it.name = name;
	it.namelen = strlen(name);
	it.value = json_object_get_string(value);
	it.len = (size_t)json_object_get_string_len(value);
	if ((size = record_item_size(&it)) == 0)
		return (-1);
	if (items->p != NULL)
		record_item_put(items->p + items->len, &it);
	items->len += size;
	items->n++;
	return (0);
}

/* null is none. */
static struct json_object *
member(struct json_object *obj, const char *name)
{
	struct json_object	*v;

	if (!json_object_object_get_ex(obj, name, &v))
		return (NULL);
	return (v);
}

static int
name_valid(const char *s)
{
	size_t	 i;

	for (i = 0; s[i] != '\0'; i++)
		if (!((s[i] >= 'a' && s[i] <= 'z') ||
		    (s[i] >= 'A' && s[i] <= 'Z') || s[i] == '_' ||
		    (i > 0 && s[i] >= '0' && s[i] <= '9')))
			return (0);
	return (i > 0 && i <= NAME_MAX_LEN);
}
