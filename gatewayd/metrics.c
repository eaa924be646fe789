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

#include <inttypes.h>
#include <string.h>

#include <event2/buffer.h>

#include "metrics.h"

#define PREFIX		"gatewayd_"

static const struct msg_ctl_metric
		*metrics_first(const struct metrics *, const char *);
static int	 metrics_group(const struct metrics *, size_t,
		    struct evbuffer *);
static int	 name_valid(const char *);
static int	 label_valid(const char *);

void
metrics_reset(struct metrics *m)
{
	m->n = 0;
}

static int
name_valid(const char *s)
{
	return (s[0] != '\0' &&
	    s[strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0');
}

/* Nothing, or key="value" with a value that needs no escapes. */
static int
label_valid(const char *s)
{
	size_t	 key, value;

	if (s[0] == '\0')
		return (1);
	key = strcspn(s, "=\"\\\n{}");
	if (key == 0 || s[key] != '=' || s[key + 1] != '"')
		return (0);
	s += key + 2;
	value = strcspn(s, "\"\\\n");
	return (s[value] == '"' && s[value + 1] == '\0');
}

int
metrics_add(struct metrics *m, const struct msg_ctl_metric *row)
{
	const struct msg_ctl_metric	*first;

	if (m->n == METRICS_MAX || !name_valid(row->name) ||
	    !label_valid(row->label))
		return (-1);
	first = metrics_first(m, row->name);
	if (first != NULL && first->kind != row->kind)
		return (-1);
	m->rows[m->n++] = *row;
	return (0);
}

static const struct msg_ctl_metric *
metrics_first(const struct metrics *m, const char *name)
{
	size_t	 i;

	for (i = 0; i < m->n; i++)
		if (strcmp(m->rows[i].name, name) == 0)
			return (&m->rows[i]);
	return (NULL);
}

int
metrics_render(const struct metrics *m, struct evbuffer *out)
{
	size_t	 i;

	for (i = 0; i < m->n; i++)
		if (metrics_first(m, m->rows[i].name) == &m->rows[i] &&
		    metrics_group(m, i, out) == -1)
			return (-1);
	return (0);
}

/* The name that row `first' is the first of. */
static int
metrics_group(const struct metrics *m, size_t first, struct evbuffer *out)
{
	const struct msg_ctl_metric	*row;
	size_t				 i;

	row = &m->rows[first];
	if (evbuffer_add_printf(out, "# TYPE " PREFIX "%s %s\n", row->name,
	    row->kind == METRIC_COUNTER ? "counter" : "gauge") == -1)
		return (-1);
	for (i = first; i < m->n; i++) {
		if (strcmp(m->rows[i].name, row->name) != 0)
			continue;
		if (evbuffer_add_printf(out, PREFIX "%s%s%s%s %" PRIu64 "\n",
		    row->name, m->rows[i].label[0] == '\0' ? "" : "{",
		    m->rows[i].label, m->rows[i].label[0] == '\0' ? "" : "}",
		    m->rows[i].value) == -1)
			return (-1);
	}
	return (0);
}
