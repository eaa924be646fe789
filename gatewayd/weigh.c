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
#include <sys/resource.h>
#include <sys/time.h>

#include <errno.h>
#include <time.h>

#include "weigh.h"

static int	 weigh_used(pid_t, uint64_t *);
static int	 weigh_behind(struct weight *, pid_t);

/* Processor time of a process, in milliseconds. */
static int
weigh_used(pid_t pid, uint64_t *ms)
{
	struct timespec	 ts;
	clockid_t	 clock;

	if (clock_getcpuclockid(pid, &clock) != 0 ||
	    clock_gettime(clock, &ts) == -1)
		return (-1);
	*ms = (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
	return (0);
}

int
weigh(struct weight *w, pid_t pid, uint64_t now)
{
	uint64_t	 percent, used;

	if (weigh_used(pid, &used) == -1)
		return (0);
	percent = 0;
	if (w->when != 0 && now > w->when && used > w->used)
		percent = (used - w->used) * 100 / (now - w->when);
	w->when = now;
	w->used = used;
	if (percent < WEIGH_HEAVY)
		w->rounds = 0;
	else if (w->rounds < WEIGH_ROUNDS)
		w->rounds++;
	if (w->behind && percent < WEIGH_LIGHT)
		w->behind = setpriority(PRIO_PROCESS, (id_t)pid, w->base) ==
		    -1;
	else if (!w->behind && w->rounds == WEIGH_ROUNDS)
		return (weigh_behind(w, pid));
	return (0);
}

/* A nice value may be -1. */
static int
weigh_behind(struct weight *w, pid_t pid)
{
	errno = 0;
	w->base = getpriority(PRIO_PROCESS, (id_t)pid);
	if (w->base == -1 && errno != 0)
		return (0);
	w->behind = setpriority(PRIO_PROCESS, (id_t)pid, w->base +
	    WEIGH_NICE) == 0;
	return (w->behind);
}
