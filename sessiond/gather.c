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
#include <stdlib.h>
#include <string.h>

#include "gather.h"
#include "session.h"
#include "viewer.h"

static int	 gather_add(struct viewer *, const uint8_t *, size_t);
static int	 gather_grow(struct gather *, size_t);
static size_t	 gather_type(struct viewer *);
static size_t	 gather_excess(size_t);

size_t
gather_input(struct viewer *v, const uint8_t *p, size_t len, int fin)
{
	struct gather	*g = &v->gather;
	size_t		 n;

	/* It is not typed anyway. */
	if (v->state != VIEWER_OPEN || v->mode != MODE_RW)
		return (0);
	n = 0;
	if (!g->flowing && (!fin || g->len > 0)) {
		if (gather_add(v, p, len) == 0)
			return (fin ? gather_type(v) : 0);
		n = gather_type(v);
	}
	g->flowing = !fin;
	return (n + viewer_input(v, p, len));
}

void
gather_drop(struct viewer *v)
{
	struct gather	*g = &v->gather;

	v->session->input.gathered -= gather_excess(g->len);
	free(g->data);
	g->data = NULL;
	g->len = g->size = 0;
}

static int
gather_add(struct viewer *v, const uint8_t *p, size_t len)
{
	struct gather	*g = &v->gather;
	struct input	*in = &v->session->input;
	size_t		 more;

	if (len > GATHER_MAX - g->len)
		return (-1);
	more = gather_excess(g->len + len) - gather_excess(g->len);
	if (more > 0 && more > GATHER_ALL - in->gathered)
		return (-1);
	if (gather_grow(g, g->len + len) == -1)
		return (-1);
	if (len > 0)
		memcpy(g->data + g->len, p, len);
	g->len += len;
	in->gathered += more;
	return (0);
}

static int
gather_grow(struct gather *g, size_t len)
{
	uint8_t	*data;
	size_t	 size;

	for (size = g->size > 0 ? g->size : GATHER_SHORT; size < len;)
		size *= 2;
	if (size == g->size)
		return (0);
	if ((data = realloc(g->data, size)) == NULL)
		return (-1);
	g->data = data;
	g->size = size;
	return (0);
}

/* What was gathered is typed now. */
static size_t
gather_type(struct viewer *v)
{
	struct gather	 g = v->gather;
	size_t		 n;

	/* It is queued now, and room for it has to be known. */
	v->gather.data = NULL;
	gather_drop(v);
	n = viewer_input(v, g.data, g.len);
	free(g.data);
	return (n);
}

static size_t
gather_excess(size_t len)
{
	return (len > GATHER_SHORT ? len - GATHER_SHORT : 0);
}
