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

#ifndef GATEWAYD_GATEWAYD_METRICS_H
#define GATEWAYD_GATEWAYD_METRICS_H

#include <stddef.h>

#include "msg_ctl.h"

struct evbuffer;

/* Numbers of one moment, as they come in from the parent. */
#define METRICS_MAX	256

struct metrics {
	struct msg_ctl_metric	 rows[METRICS_MAX];
	size_t			 n;
};

/* None yet. */
void	 metrics_reset(struct metrics *);

/*
 * Add a number.  Returns -1 if there is no room, the name is not made of
 * [a-z0-9_], its kind is not that of an earlier row of the name, or the
 * label breaks out of its line.
 */
int	 metrics_add(struct metrics *, const struct msg_ctl_metric *);

/*
 * Append all as text for Prometheus (its exposition format 0.0.4): the rows
 * of a name together under one line with their type, in the order in which
 * the names came; every name begins with "gatewayd_".  -1 without memory.
 */
int	 metrics_render(const struct metrics *, struct evbuffer *);

#endif /* GATEWAYD_GATEWAYD_METRICS_H */
