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
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "driver.h"
#include "frame.h"
#include "session.h"
#include "viewer.h"

static void	 session_timers(struct session *);
static void	 session_wait(struct event *, unsigned int);
static void	 session_finish(struct session *, enum end, uint8_t, uint8_t,
		    const char *);
static void	 session_wait_rest(struct session *);
static void	 session_pump(struct session *);
static void	 session_pass(struct session *);
static unsigned int session_detached(const struct session *);
static int	 session_must_hold(struct session *);
static void	 session_hold(struct session *);
static size_t	 session_write(void *, const uint8_t *, size_t);
static void	 session_touch(struct session *);
static time_t	 session_now(void);
static void	 session_on_state(int, short, void *);
static void	 session_on_idle(int, short, void *);
static void	 session_on_held(int, short, void *);
static void	 session_on_hold(int, short, void *);
static void	 session_on_later(int, short, void *);

/*
 * Life
 */

struct session *
session_new(struct event_base *base, const struct session_conf *conf,
    struct driver *driver, const struct session_hooks *hooks, void *owner)
{
	struct session	*s;

	if ((s = calloc(1, sizeof(*s))) == NULL) {
		driver->ops->close(driver);
		return (NULL);
	}
	strlcpy(s->id, conf->id, sizeof(s->id));
	s->kind = conf->kind;
	s->keep = conf->keep;
	s->state = SESSION_STARTING;
	s->started = time(NULL);
	s->end.fail = FAIL_SHELL;
	s->base = base;
	s->hooks = hooks;
	s->owner = owner;
	s->limits = *conf->limits;
	s->driver = driver;
	s->cols = conf->cols;
	s->rows = conf->rows;
	s->passing = UINT64_MAX;
	TAILQ_INIT(&s->viewers);
	TAILQ_INIT(&s->ready);
	TAILQ_INIT(&s->gone);
	input_init(&s->input, base, session_write, s);
	session_timers(s);
	driver->session = s;
	if (ring_init(&s->ring, s->limits.replay + SESSION_HIGH,
	    SESSION_READ_MAX) == -1 ||
	    driver->ops->open(driver, s->cols, s->rows) == -1) {
		session_free(s);
		return (NULL);
	}
	session_touch(s);
	session_wait(&s->ev_state, s->limits.open);
	session_wait(&s->ev_idle, s->limits.idle);
	return (s);
}

void
session_free(struct session *s)
{
	struct viewer	*v;
	int		 i;

	evtimer_del(&s->ev_state);
	evtimer_del(&s->ev_idle);
	evtimer_del(&s->ev_held);
	evtimer_del(&s->ev_hold);
	evtimer_del(&s->ev_later);
	while ((v = TAILQ_FIRST(&s->viewers)) != NULL) {
		TAILQ_REMOVE(&s->viewers, v, entry);
		viewer_free(v);
	}
	while ((v = TAILQ_FIRST(&s->gone)) != NULL) {
		TAILQ_REMOVE(&s->gone, v, entry);
		viewer_free(v);
	}
	input_free(&s->input);
	if (s->driver != NULL)
		s->driver->ops->close(s->driver);
	for (i = 0; i < DIALECT_INDEX_MAX; i++)
		frame_unref(s->cache[i]);
	ring_free(&s->ring);
	free(s);
}

void
session_opened(struct session *s)
{
	s->state = SESSION_RUNNING;
	if (s->resized)
		s->driver->ops->resize(s->driver, s->cols, s->rows);
	session_writable(s);
	if (s->nviewers == 0)
		session_wait(&s->ev_state, session_detached(s));
	else
		evtimer_del(&s->ev_state);
	s->hooks->opened(s);
}

void
session_exited(struct session *s, uint8_t how, uint8_t code)
{
	session_finish(s, END_EXIT, how, code, "");
}

void
session_lost(struct session *s, const char *text)
{
	session_finish(s, END_LOST, EXIT_UNKNOWN, 0, text);
}

void
session_failed(struct session *s, enum fail why)
{
	s->end.fail = why;
	session_finish(s, END_FAILED, EXIT_UNKNOWN, 0, "");
}

void
session_end(struct session *s, enum end reason)
{
	struct viewer	*v, *next;

	if (s->state < SESSION_ENDING) {
		session_finish(s, reason, EXIT_UNKNOWN, 0, "");
		return;
	}
	/* It has ended before; do not wait for slow or late viewers. */
	s->kept = 0;
	evtimer_del(&s->ev_state);
	TAILQ_FOREACH_SAFE(v, &s->viewers, entry, next)
		viewer_leave(v, LEAVE_END, 0);
	session_later(s);
}

/*
 * The upstream is over.  Viewers get what the ring still holds, then their
 * closing words; a session that nobody has seen yet waits for its first
 * viewer, since a short command may be over before its client attaches, and
 * one that is to be kept waits for those who want to know how it ended.
 */
static void
session_finish(struct session *s, enum end reason, uint8_t how, uint8_t code,
    const char *text)
{
	struct viewer	*v, *next;
	enum leave	 leave;
	int		 alone, unseen;

	if (s->state >= SESSION_ENDING)
		return;
	leave = reason == END_STOP ? LEAVE_STOP : LEAVE_END;
	alone = s->state == SESSION_RUNNING &&
	    (reason == END_EXIT || reason == END_LOST);
	unseen = alone && !s->attached;
	s->kept = alone && s->keep;
	s->state = SESSION_ENDING;
	if (s->kept)
		s->state = reason == END_EXIT ? SESSION_EXITED : SESSION_LOST;
	s->end.reason = reason;
	s->end.how = how;
	s->end.code = code;
	strlcpy(s->end.text, text, sizeof(s->end.text));
	s->whole = s->ring.head;
	s->driver->ops->close(s->driver);
	s->driver = NULL;
	input_free(&s->input);
	evtimer_del(&s->ev_idle);
	evtimer_del(&s->ev_held);
	evtimer_del(&s->ev_hold);
	if (s->kept)
		session_wait(&s->ev_state, SESSION_KEPT);
	else if (unseen)
		session_wait(&s->ev_state, session_detached(s));
	else
		evtimer_del(&s->ev_state);
	TAILQ_FOREACH_SAFE(v, &s->viewers, entry, next)
		viewer_leave(v, leave, reason != END_STOP);
	if (s->kept && s->hooks->exited != NULL)
		s->hooks->exited(s, &s->end);
	session_later(s);
}

/*
 * Output
 */

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
	session_pump(s);
	session_flow(s);
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
 */
static void
session_pump(struct session *s)
{
	struct viewer	*v, *next;

	if (s->ring.head > s->passing)
		session_pass(s);
	TAILQ_FOREACH_SAFE(v, &s->ready, ready_entry, next)
		viewer_pump(v);
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

/*
 * Input
 */

int
session_input(struct session *s, const uint8_t *p, size_t len)
{
	if (s->state >= SESSION_ENDING)
		return (0);
	session_touch(s);
	return (input_add(&s->input, p, len));
}

void
session_request(struct session *s, const uint8_t *p, size_t len, input_cb cb,
    void *arg)
{
	session_touch(s);
	input_request(&s->input, p, len, cb, arg);
}

void
session_writable(struct session *s)
{
	struct viewer	*v, *next;

	if (!input_flush(&s->input))
		return;
	TAILQ_FOREACH_SAFE(v, &s->viewers, entry, next)
		viewer_readable(v);
}

static size_t
session_write(void *arg, const uint8_t *p, size_t len)
{
	struct session	*s = arg;

	if (s->state != SESSION_RUNNING)
		return (0);
	return (s->driver->ops->write(s->driver, p, len));
}

/* The last one who asks has it; all are told, also who asked. */
void
session_resize(struct session *s, uint16_t cols, uint16_t rows)
{
	struct viewer	*v, *next;

	if (s->state >= SESSION_ENDING ||
	    (cols == s->cols && rows == s->rows))
		return;
	s->cols = cols;
	s->rows = rows;
	if (s->state == SESSION_RUNNING)
		s->driver->ops->resize(s->driver, cols, rows);
	else
		s->resized = 1;
	TAILQ_FOREACH_SAFE(v, &s->viewers, entry, next) {
		if (v->state != VIEWER_OPEN || v->dialect->resized == NULL)
			continue;
		v->dialect->resized(v, cols, rows);
		viewer_pump(v);
	}
}

int
session_signal(struct session *s, int signo)
{
	if (s->state != SESSION_RUNNING)
		return (-1);
	return (s->driver->ops->signal(s->driver, signo));
}

/*
 * Viewers
 */

int
session_over(const struct session *s)
{
	return (s->state >= SESSION_ENDING &&
	    !evtimer_pending(&s->ev_state, NULL));
}

int
session_full(const struct session *s)
{
	if (session_over(s))
		return (FAIL_GONE);
	if (s->nviewers >= s->limits.viewers)
		return (FAIL_LIMIT);
	return (0);
}

void
session_joined(struct session *s, struct viewer *v)
{
	TAILQ_INSERT_TAIL(&s->viewers, v, entry);
	s->nviewers++;
	if (v->mode == MODE_RW)
		s->nwriters++;
	s->attached = 1;
	if (s->state != SESSION_STARTING && !s->kept)
		evtimer_del(&s->ev_state);
	if (s->holding && !evtimer_pending(&s->ev_hold, NULL))
		session_wait(&s->ev_hold, s->limits.stalled);
	s->hooks->viewer_up(s, v);
}

void
session_left(struct session *s, struct viewer *v)
{
	TAILQ_REMOVE(&s->viewers, v, entry);
	TAILQ_INSERT_TAIL(&s->gone, v, entry);
	s->nviewers--;
	if (v->mode == MODE_RW)
		s->nwriters--;
	if (s->leader == v)
		s->leader = NULL;
	s->hooks->viewer_down(s, v, v->reason);
	if (s->nviewers == 0 && s->state == SESSION_RUNNING)
		session_wait(&s->ev_state, session_detached(s));
	session_flow(s);
	session_later(s);
}

/*
 * Time
 */

static void
session_timers(struct session *s)
{
	evtimer_assign(&s->ev_state, s->base, session_on_state, s);
	evtimer_assign(&s->ev_idle, s->base, session_on_idle, s);
	evtimer_assign(&s->ev_held, s->base, session_on_held, s);
	evtimer_assign(&s->ev_hold, s->base, session_on_hold, s);
	evtimer_assign(&s->ev_later, s->base, session_on_later, s);
}

static void
session_wait(struct event *ev, unsigned int secs)
{
	struct timeval	 tv = { secs, 0 };

	evtimer_add(ev, &tv);
}

/*
 * Ask for another turn, after whatever else is ready.  Viewers and sessions
 * are freed only there, never below a function that still works on them.
 */
void
session_later(struct session *s)
{
	if (!evtimer_pending(&s->ev_later, NULL))
		session_wait(&s->ev_later, 0);
}

static void
session_on_later(int fd, short what, void *arg)
{
	struct session	*s = arg;
	struct viewer	*v, *next;

	(void)fd;
	(void)what;
	TAILQ_FOREACH_SAFE(v, &s->viewers, entry, next)
		viewer_turn(v);
	session_flow(s);
	while ((v = TAILQ_FIRST(&s->gone)) != NULL) {
		TAILQ_REMOVE(&s->gone, v, entry);
		viewer_free(v);
	}
	if (s->nviewers == 0 && session_over(s)) {
		s->hooks->ended(s, &s->end);
		session_free(s);
	}
}

static unsigned int
session_detached(const struct session *s)
{
	return (s->limits.detached[s->kind - 1]);
}

/* Not open in time, without a viewer for too long, or kept long enough. */
static void
session_on_state(int fd, short what, void *arg)
{
	struct session	*s = arg;

	(void)fd;
	(void)what;
	if (s->state == SESSION_STARTING)
		session_failed(s, FAIL_TIMEOUT);
	else if (s->state == SESSION_RUNNING)
		session_end(s, END_DETACHED);
	else {
		s->kept = 0;
		session_later(s);
	}
}

static void
session_on_idle(int fd, short what, void *arg)
{
	struct session	*s = arg;
	time_t		 quiet;

	(void)fd;
	(void)what;
	quiet = session_now() - s->active;
	if (quiet >= (time_t)s->limits.idle)
		session_end(s, END_IDLE);
	else
		session_wait(&s->ev_idle, s->limits.idle - quiet);
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

static void
session_touch(struct session *s)
{
	s->active = session_now();
}

/* Asked with each read: where there is a clock that costs less, take it. */
static time_t
session_now(void)
{
	struct timespec	 ts;

#ifdef CLOCK_MONOTONIC_COARSE
	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
#else
	clock_gettime(CLOCK_MONOTONIC, &ts);
#endif
	return (ts.tv_sec);
}
