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
#include <sys/time.h>
#include <sys/uio.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include <stdint.h>

#include "driver.h"
#include "frame.h"
#include "session.h"
#include "session_part.h"
#include "viewer.h"

/*
 * What an upstream puts out, who is shown it, and who waits for whom.
 */

static void	 session_wait_rest(struct session *);
static void	 session_show(struct session *);
static void	 session_pump(struct session *);
static void	 session_pump_later(struct session *);
static void	 session_pass(struct session *);
static int	 session_must_hold(struct session *);
static void	 session_hold(struct session *);
static void	 session_on_held(int, short, void *);
static void	 session_on_hold(int, short, void *);
static void	 session_on_gather(int, short, void *);

void
session_flow_init(struct session *s)
{
	s->passing = UINT64_MAX;
	evtimer_assign(&s->ev_held, s->base, session_on_held, s);
	evtimer_assign(&s->ev_hold, s->base, session_on_hold, s);
	evtimer_assign(&s->ev_gather, s->base, session_on_gather, s);
}

void
session_flow_stop(struct session *s)
{
	evtimer_del(&s->ev_held);
	evtimer_del(&s->ev_hold);
	evtimer_del(&s->ev_gather);
	s->gathering = 0;
	session_yield_stop(s);
}

int
session_room(struct session *s, struct iovec iov[2])
{
	return (ring_room(&s->ring, iov));
}

void
session_output(struct session *s, size_t n)
{
	session_touch(s);
	ring_commit(&s->ring, n);
	s->whole = ring_cut(&s->ring, s->whole, s->ring.head);
	if (s->whole < s->ring.head && (s->whole != s->held ||
	    !evtimer_pending(&s->ev_held, NULL)))
		session_wait_rest(s);
	session_screen_output(s);
	session_show(s);
	session_yield_output(s);
}

/* Now, or together with what comes next. */
static void
session_show(struct session *s)
{
	struct timeval	 tv = { 0, SESSION_GATHER_USEC };
	size_t		 piece;
	int		 flood;

	piece = s->nready > 1 ? SESSION_GATHER_MANY : SESSION_GATHER;
	flood = s->gathering && s->ring.head - s->burst > SESSION_FLOOD;
	if (flood)
		session_yield_flood(s, 1);
	if (flood && s->ring.head - s->shown < piece)
		return;
	if (s->nready > 0 && !s->gathering) {
		s->gathering = 1;
		s->burst = s->shown;
		evtimer_add(&s->ev_gather, &tv);
	}
	session_pump(s);
	session_flow(s);
	s->shown = s->ring.head;
}

static void
session_on_gather(int fd, short what, void *arg)
{
	struct session	*s = arg;

	(void)fd;
	(void)what;
	s->gathering = 0;
	if (s->ring.head - s->burst <= SESSION_FLOOD)
		session_yield_flood(s, 0);
	if (s->shown < s->ring.head)
		session_show(s);
}

/* Output ends inside a character: give its rest a moment to come. */
static void
session_wait_rest(struct session *s)
{
	struct timeval	 tv = { 0, SESSION_HELD_MSEC * 1000 };

	s->held = s->whole;
	evtimer_add(&s->ev_held, &tv);
}

/*
 * Who cannot take anything now costs nothing here, however many they are.
 * The others get a frame each before one gets its next, so that those who
 * keep up share all of them.
 */
static void
session_pump(struct session *s)
{
	struct viewer	*v, *next;
	int		 i, more;

	if (s->ring.head > s->passing)
		session_pass(s);
	more = 1;
	for (i = 0; i < VIEWER_TURN_FRAMES && more; i++) {
		more = 0;
		TAILQ_FOREACH_SAFE(v, &s->ready, ready_entry, next) {
			if (s->nready == 1)
				viewer_pump(v);
			else
				more |= viewer_step(v);
		}
	}
	if (more)
		session_pump_later(s);
}

static void
session_pump_later(struct session *s)
{
	struct viewer	*v;

	TAILQ_FOREACH(v, &s->ready, ready_entry)
		v->again = 1;
	session_later(s);
}

/*
 * A viewer that the ring has passed has lost bytes, and, if its dialect has
 * no way to say so, cannot go on.
 */
static void
session_pass(struct session *s)
{
	struct viewer	*v, *next;
	uint64_t	 tail;

	tail = ring_tail(&s->ring);
	s->passing = UINT64_MAX;
	TAILQ_FOREACH_SAFE(v, &s->viewers, entry, next) {
		if (v->state != VIEWER_OPEN ||
		    (v->dialect->flags & DIALECT_GAPS))
			continue;
		if (viewer_position(v) < tail)
			viewer_leave(v, LEAVE_SLOW, 0);
		else if (v->blocked)
			session_blocked(s, v);
	}
}

/* From now on it may be passed. */
void
session_blocked(struct session *s, struct viewer *v)
{
	uint64_t	 end;

	if (v->dialect->flags & DIALECT_GAPS)
		return;
	end = viewer_position(v) + s->ring.keep;
	if (end < s->passing)
		s->passing = end;
}

/*
 * Frames of the same dialect are the same for everybody, and viewers that
 * keep up ask for the same ones: the last is kept while there are several.
 */
struct frame *
session_frame(struct session *s, const struct dialect *d, uint64_t start,
    uint64_t limit)
{
	struct frame	*f, **cache;
	uint64_t	 end;

	cache = &s->cache[d->index];
	f = *cache;
	if (f != NULL && f->start == start && f->end <= limit)
		return (frame_ref(f));
	end = limit;
	if (end - start > FRAME_OUTPUT_MAX) {
		end = start + FRAME_OUTPUT_MAX;
		if (d->flags & DIALECT_UTF8)
			end = ring_cut(&s->ring, start, end);
	}
	if ((f = d->output(d, &s->ring, start, end)) == NULL)
		return (NULL);
	f->start = start;
	f->end = end;
	frame_unref(*cache);
	*cache = s->nviewers > 1 ? frame_ref(f) : NULL;
	return (f);
}

uint64_t
session_start(const struct session *s)
{
	uint64_t	 start;

	start = ring_tail(&s->ring);
	if (!s->attached)
		return (start);
	if (s->ring.head - start > s->limits.replay)
		start = s->ring.head - s->limits.replay;
	if (start == 0)
		return (0);
	return (ring_line(&s->ring, start, SESSION_LINE_REACH));
}

/* Pause or resume the driver, as the viewers' places ask for. */
void
session_flow(struct session *s)
{
	int	 must;

	if (s->driver == NULL)
		return;
	must = session_must_hold(s);
	if (must && !s->holding)
		session_hold(s);
	else if (!must && s->holding) {
		s->holding = 0;
		evtimer_del(&s->ev_hold);
		s->driver->ops->resume(s->driver);
	}
}

/* One viewer that keeps up is enough to know: the others are not asked. */
static int
session_must_hold(struct session *s)
{
	struct viewer	*v;
	uint64_t	 lag;
	int		 past;

	if (!s->attached)
		return (s->ring.head >= SESSION_HIGH);
	if (s->nwriters == 0)
		return (0);
	if ((v = s->leader) != NULL && viewer_counts(v) && !v->past &&
	    s->ring.head - v->cursor <= SESSION_HIGH)
		return (0);
	s->leader = NULL;
	past = 0;
	TAILQ_FOREACH(v, &s->viewers, entry) {
		lag = s->ring.head - v->cursor;
		if (lag > SESSION_HIGH)
			v->past = 1;
		else if (lag <= SESSION_LOW)
			v->past = v->lost = 0;
		if (!viewer_counts(v))
			continue;
		if (v->past)
			past++;
		else
			s->leader = v;
	}
	return (past > 0 && s->leader == NULL);
}

static void
session_hold(struct session *s)
{
	struct viewer	*v;

	s->holding = 1;
	s->driver->ops->pause(s->driver);
	if (s->attached)
		session_wait(&s->ev_hold, s->limits.stalled);
	TAILQ_FOREACH(v, &s->viewers, entry)
		v->mark = viewer_drained(v);
}

/* The rest of a character did not come: send what there is. */
static void
session_on_held(int fd, short what, void *arg)
{
	struct session	*s = arg;

	(void)fd;
	(void)what;
	if (s->whole == s->ring.head)
		return;
	s->whole = s->ring.head;
	session_pump(s);
	session_flow(s);
}

/* The hold lasted as long as it may: who took nothing counts no longer. */
static void
session_on_hold(int fd, short what, void *arg)
{
	struct session	*s = arg;
	struct viewer	*v;
	uint64_t	 drained;

	(void)fd;
	(void)what;
	TAILQ_FOREACH(v, &s->viewers, entry) {
		drained = viewer_drained(v);
		if (drained < v->mark + SESSION_DRAINED)
			v->lost = 1;
		v->mark = drained;
	}
	session_wait(&s->ev_hold, s->limits.stalled);
	session_flow(s);
}
