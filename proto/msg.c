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

#include "msg.h"
#include "msg_fields.h"
#include "wire.h"

static const struct msg_type	*msg_find(uint16_t);

/* Types are numbers below this: one look finds what is known of one. */
#define TYPES	256

static const struct msg_type *
msg_find(uint16_t type)
{
	static const struct msg_type *const areas[] = {
		msg_conf_types, msg_grant_types, msg_front_types,
		msg_worker_types, msg_dial_types, msg_ctl_types
	};
	static const struct msg_type	*types[TYPES];
	const struct msg_type		*t;
	size_t				 i;

	if (types[IMSG_HELLO] == NULL) {
		for (i = 0; i < sizeof(areas) / sizeof(areas[0]); i++)
			for (t = areas[i]; t->name != NULL; t++)
				types[t->type % TYPES] = t;
	}
	return (type < TYPES ? types[type] : NULL);
}

ssize_t
msg_put(uint16_t type, const union msg *m, void *buf, size_t size)
{
	const struct msg_type	*t;
	struct wire		 w;

	if ((t = msg_find(type)) == NULL)
		return (-1);
	wire_init(&w, WIRE_PUT, buf, size);
	/* A field function does not change what it writes. */
	if (t->fields != NULL)
		t->fields(&w, (union msg *)(uintptr_t)m);
	return (wire_end(&w) == -1 ? -1 : (ssize_t)w.pos);
}

int
msg_get(uint16_t type, union msg *m, const void *buf, size_t len)
{
	const struct msg_type	*t;
	struct wire		 w;

	if ((t = msg_find(type)) == NULL)
		return (-1);
	/* Nothing is written to the buffer when reading. */
	wire_init(&w, WIRE_GET, (void *)(uintptr_t)buf, len);
	if (t->fields != NULL)
		t->fields(&w, m);
	return (wire_end(&w));
}

int
msg_range(uint16_t type, size_t *min, size_t *max)
{
	static union msg	 none;	/* measuring reads no field */
	const struct msg_type	*t;
	struct wire		 w;

	if ((t = msg_find(type)) == NULL)
		return (-1);
	wire_init(&w, WIRE_MEASURE, NULL, 0);
	if (t->fields != NULL)
		t->fields(&w, &none);
	*min = w.min;
	*max = w.max;
	return (0);
}

size_t
msg_size(uint16_t type)
{
	const struct msg_type	*t;

	t = msg_find(type);
	return (t == NULL ? sizeof(union msg) : t->size);
}

const char *
msg_name(uint16_t type)
{
	const struct msg_type	*t;

	if ((t = msg_find(type)) == NULL)
		return ("?");
	return (t->name);
}
