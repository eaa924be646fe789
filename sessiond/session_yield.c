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
#include <sys/queue.h>
#include <sys/time.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include <stdint.h>
#include <time.h>

#include "driver.h"
#include "session.h"
#include "session_part.h"

/*
 * Keys come before floods.  All sessions of a worker share its one thread,
 * and often the machine: who types waits for a turn of the flood, and its
 * echo for the next ones, and for those who make the flood and show it.  So
 * from a key to its echo the upstreams that flood are not read.
 *
 * What is not echoed ends that after a moment.  And nobody can type so fast
 * that floods come to a halt: they save time for keys while they run, a
 * quarter of it and not for long, and wait no longer than that.
 */
#define YIELD_KEY	64	/* longer input was not typed */
#define YIELD_USEC	1000
#define YIELD_PART	4
#define YIELD_SAVED	50000000	/* 50 ms */

/* Those of this process that flood, and whose echo they wait for. */
static LIST_HEAD(, session)	 floods = LIST_HEAD_INITIALIZER(floods);
static struct session		*typist;
static struct event		 yield_ev;
static uint64_t			 yield_began;
static uint64_t			 yield_saved;
static uint64_t			 yield_counted;	/* `saved' is from then */

static void	 yield_count(uint64_t);
static void	 yield_end(void);
static uint64_t	 yield_now(void);
static void	 yield_on_timer(int, short, void *);

void
session_yield_stop(struct session *s)
{
	session_yield_flood(s, 0);
	session_yield_output(s);
}

void
session_yield_flood(struct session *s, int floods_now)
{
	if (floods_now == s->flooding)
		return;
	s->flooding = floods_now;
	if (floods_now) {
		LIST_INSERT_HEAD(&floods, s, flood_entry);
		return;
	}
	LIST_REMOVE(s, flood_entry);
	if (typist != NULL && s->driver != NULL)
		s->driver->ops->yield(s->driver, 0);
}

void
session_yield_input(struct session *s, size_t len)
{
	struct timeval	 tv = { 0, YIELD_USEC };
	struct session	*f;

	if (LIST_EMPTY(&floods) || s->flooding || typist != NULL ||
	    len > YIELD_KEY)
		return;
	yield_began = yield_now();
	yield_count(yield_began);
	if (yield_saved < YIELD_USEC * 1000)
		return;
	typist = s;
	evtimer_assign(&yield_ev, s->base, yield_on_timer, NULL);
	evtimer_add(&yield_ev, &tv);
	LIST_FOREACH(f, &floods, flood_entry)
		f->driver->ops->yield(f->driver, 1);
}

void
session_yield_output(struct session *s)
{
	if (typist == s)
		yield_end();
}

static void
yield_count(uint64_t now)
{
	yield_saved += (now - yield_counted) / YIELD_PART;
	yield_counted = now;
	if (yield_saved > YIELD_SAVED)
		yield_saved = YIELD_SAVED;
}

static void
yield_end(void)
{
	struct session	*f;
	uint64_t	 waited;

	evtimer_del(&yield_ev);
	typist = NULL;
	yield_counted = yield_now();
	waited = yield_counted - yield_began;
	yield_saved -= waited < yield_saved ? waited : yield_saved;
	LIST_FOREACH(f, &floods, flood_entry)
		f->driver->ops->yield(f->driver, 0);
}

/* Nanoseconds of no particular beginning. */
static uint64_t
yield_now(void)
{
	struct timespec	 ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((uint64_t)ts.tv_sec * 1000000000 + ts.tv_nsec);
}

static void
yield_on_timer(int fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	yield_end();
}
