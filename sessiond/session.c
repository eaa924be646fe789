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

#include <event2/event.h>
#include <event2/event_struct.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "driver.h"
#include "frame.h"
#include "session.h"
#include "session_part.h"
#include "viewer.h"

static void	 session_timers(struct session *);
static void	 session_finish(struct session *, enum end, uint8_t, uint8_t,
		    const char *);
static unsigned int session_detached(const struct session *);
static unsigned int session_idle(const struct session *);
static size_t	 session_write(void *, const uint8_t *, size_t);
static time_t	 session_now(void);
static void	 session_on_state(int, short, void *);
static void	 session_on_idle(int, short, void *);
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
	TAILQ_INIT(&s->viewers);
	TAILQ_INIT(&s->ready);
	TAILQ_INIT(&s->gone);
	input_init(&s->input, base, session_write, s);
	session_timers(s);
	session_flow_init(s);
	driver->session = s;
	if (session_screen_init(s) == -1 ||
	    ring_init(&s->ring, s->limits.replay + SESSION_HIGH,
	    SESSION_READ_MAX) == -1 ||
	    driver->ops->open(driver, s->cols, s->rows) == -1) {
		session_free(s);
		return (NULL);
	}
	session_touch(s);
	session_wait(&s->ev_state, s->limits.open);
	session_wait(&s->ev_idle, session_idle(s));
	return (s);
}

void
session_free(struct session *s)
{
	struct viewer	*v;
	int		 i;

	evtimer_del(&s->ev_state);
	evtimer_del(&s->ev_idle);
	evtimer_del(&s->ev_later);
	session_flow_stop(s);
	session_screen_free(s);
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
	struct session_end	 cut = { .reason = reason };
	struct viewer		*v, *next;

	if (s->state < SESSION_ENDING) {
		session_finish(s, reason, EXIT_UNKNOWN, 0, "");
		return;
	}
	/* It has ended before; do not wait for slow or late viewers. */
	s->kept = 0;
	evtimer_del(&s->ev_state);
	TAILQ_FOREACH_SAFE(v, &s->viewers, entry, next)
		viewer_cut(v, &cut);
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
	session_flow_stop(s);
	ring_trim(&s->ring);
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
	session_yield_input(s, len);
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
	session_screen_resize(s);
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
	evtimer_assign(&s->ev_later, s->base, session_on_later, s);
}

void
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

static unsigned int
session_idle(const struct session *s)
{
	return (s->limits.idle[s->kind - 1]);
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
	if (quiet >= (time_t)session_idle(s))
		session_end(s, END_IDLE);
	else
		session_wait(&s->ev_idle, session_idle(s) - quiet);
}

void
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
