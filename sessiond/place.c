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

#include <event2/event.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dialect.h"
#include "driver.h"
#include "front.h"
#include "grant.h"
#include "imsg.h"
#include "launch_opt.h"
#include "log.h"
#include "place.h"
#include "session.h"
#include "upstream.h"
#include "util.h"
#include "viewer.h"
#include "worker.h"

static int	 place_begin(struct place *, const struct grant *,
		    struct launch *, uint16_t, uint16_t);
static void	 place_free(struct place *);
static void	 place_trim(struct worker *);
static void	 place_bury(struct worker *, const char *);
static void	 place_tell_exit(struct place *, const struct session_end *);
static void	 place_tell_end(struct place *, uint16_t,
		    const struct session_end *);
static void	 place_answer(struct place *, int);
static void	 place_opened(struct session *);
static void	 place_viewer_up(struct session *, struct viewer *);
static void	 place_viewer_down(struct session *, struct viewer *,
		    enum leave);
static void	 place_exited(struct session *, const struct session_end *);
static void	 place_ended(struct session *, const struct session_end *);
static int	 place_cmp(const struct place *, const struct place *);

RB_PROTOTYPE_STATIC(places, place, by_id, place_cmp)

static const struct session_hooks	 place_hooks = {
	.opened =	place_opened,
	.viewer_up =	place_viewer_up,
	.viewer_down =	place_viewer_down,
	.exited =	place_exited,
	.ended =	place_ended
};

static int
place_cmp(const struct place *a, const struct place *b)
{
	return (strcmp(a->id, b->id));
}

RB_GENERATE_STATIC(places, place, by_id, place_cmp)

struct place *
place_find(struct worker *w, const char *id)
{
	struct place	 key;

	strlcpy(key.id, id, sizeof(key.id));
	return (RB_FIND(places, &w->places, &key));
}

struct place *
place_first(struct worker *w)
{
	return (RB_MIN(places, &w->places));
}

struct place *
place_next(struct place *p)
{
	return (RB_NEXT(places, NULL, p));
}

/*
 * The beginning
 */

int
place_open(struct worker *w, const struct grant *g, struct launch *l,
    uint16_t cols, uint16_t rows, struct place **out)
{
	struct place	*p;

	if (w->nplaces == WORKER_SESSIONS_MAX) {
		launch_free(l);
		return (FAIL_LIMIT);
	}
	if ((p = calloc(1, sizeof(*p))) == NULL ||
	    (p->principal = strdup(g->principal)) == NULL) {
		launch_free(l);
		free(p);
		return (FAIL_BUSY);
	}
	p->worker = w;
	p->api = g->api;
	strlcpy(p->id, g->session, sizeof(p->id));
	strlcpy(p->name, g->name, sizeof(p->name));
	TAILQ_INIT(&p->waiters);
	if (place_begin(p, g, l, cols, rows) == -1) {
		log_warn("session %s", p->id);
		place_free(p);
		return (FAIL_BUSY);
	}
	RB_INSERT(places, &w->places, p);
	w->nplaces++;
	worker_busy(w);
	*out = p;
	return (0);
}

static int
place_begin(struct place *p, const struct grant *g, struct launch *l,
    uint16_t cols, uint16_t rows)
{
	struct worker		*w = p->worker;
	struct session_conf	 conf;
	struct driver		*d;

	memset(&conf, 0, sizeof(conf));
	conf.id = p->id;
	conf.kind = g->dialect;
	conf.keep = g->dialect == DIALECT_TERMINAL;
	conf.cols = cols;
	conf.rows = rows;
	conf.limits = &w->limits;
	if ((d = upstream_driver(w, l)) == NULL)
		return (-1);
	p->session = session_new(w->base, &conf, d, &place_hooks, p);
	return (p->session == NULL ? -1 : 0);
}

static void
place_free(struct place *p)
{
	free(p->principal);
	free(p);
}

int
place_full(const struct place *p)
{
	return (p->nwaiters >= PLACE_WAITERS_MAX);
}

int
place_wait(struct place *p, uint32_t front, uint32_t request, uint16_t type,
    int signo)
{
	struct waiter	*wait;

	if (place_full(p) || (wait = calloc(1, sizeof(*wait))) == NULL)
		return (-1);
	wait->front = front;
	wait->request = request;
	wait->type = type;
	wait->signo = signo;
	TAILQ_INSERT_TAIL(&p->waiters, wait, entry);
	p->nwaiters++;
	return (0);
}

/* All that waited are told: 0 is that it is open, else an enum fail. */
static void
place_answer(struct place *p, int reason)
{
	struct waiter	*wait;

	while ((wait = TAILQ_FIRST(&p->waiters)) != NULL) {
		TAILQ_REMOVE(&p->waiters, wait, entry);
		p->nwaiters--;
		front_waited(p, wait, reason);
		free(wait);
	}
}

static void
place_opened(struct session *s)
{
	struct place	*p = s->owner;
	struct imsg	 im;

	p->up = 1;
	imsg_init(&im, IMSG_SESSION_UP, 0);
	strlcpy(im.m.session.session, s->id, sizeof(im.m.session.session));
	worker_tell(p->worker, &im);
	place_answer(p, 0);
}

static void
place_viewer_up(struct session *s, struct viewer *v)
{
	struct place	*p = s->owner;
	struct imsg	 im;

	imsg_init(&im, IMSG_VIEWER_UP, 0);
	strlcpy(im.m.viewer_up.session, s->id,
	    sizeof(im.m.viewer_up.session));
	im.m.viewer_up.viewer = v->id;
	im.m.viewer_up.dialect = v->dialect->dialect;
	im.m.viewer_up.transport = v->dialect->transport;
	im.m.viewer_up.mode = v->mode;
	im.m.viewer_up.ticket = p->ticket;
	strlcpy(im.m.viewer_up.address, v->address,
	    sizeof(im.m.viewer_up.address));
	worker_tell(p->worker, &im);
}

static void
place_viewer_down(struct session *s, struct viewer *v, enum leave reason)
{
	struct place	*p = s->owner;
	struct imsg	 im;

	imsg_init(&im, IMSG_VIEWER_DOWN, 0);
	strlcpy(im.m.viewer_down.session, s->id,
	    sizeof(im.m.viewer_down.session));
	im.m.viewer_down.viewer = v->id;
	im.m.viewer_down.reason = reason;
	worker_tell(p->worker, &im);
	if (p->kept)
		place_trim(p->worker);
}

/*
 * The end
 */

int
place_fail(const struct place *p)
{
	const struct session	*s = p->session;

	switch (s->state) {
	case SESSION_STARTING:
	case SESSION_RUNNING:
		return (0);
	case SESSION_EXITED:
	case SESSION_LOST:
		return (FAIL_EXITED);
	default:
		return (s->end.reason == END_FAILED ? (int)s->end.fail :
		    FAIL_GONE);
	}
}

/* It stays, but the parent counts it no more and its name is free. */
static void
place_exited(struct session *s, const struct session_end *end)
{
	struct place	*p = s->owner;
	struct worker	*w = p->worker;

	if (!p->told && w->ntold == PLACE_TOLD_MAX) {
		s->kept = 0;
		s->state = SESSION_ENDING;
		evtimer_del(&s->ev_state);
		return;
	}
	/* Input that waited may have learned of it before us. */
	if (!p->told)
		place_tell_exit(p, end);
	p->kept = 1;
	TAILQ_INSERT_TAIL(&w->kept, p, kept_entry);
	place_trim(w);
}

void
place_over(struct place *p)
{
	const struct session_end	*end = &p->session->end;

	if (p->up && !p->told && p->session->kind != DIALECT_SSH &&
	    end->reason != END_FAILED && p->worker->ntold < PLACE_TOLD_MAX)
		place_tell_exit(p, end);
}

/* Clients that get the rest of the output are not disturbed. */
static void
place_trim(struct worker *w)
{
	struct place	*p, *next;
	unsigned int	 n;

	n = 0;
	TAILQ_FOREACH_REVERSE_SAFE(p, &w->kept, places_kept, kept_entry,
	    next) {
		if (p->session->nviewers > 0 || n++ < PLACE_KEPT_MAX)
			continue;
		TAILQ_REMOVE(&w->kept, p, kept_entry);
		p->kept = 0;
		session_end(p->session, END_LIMIT);
	}
}

static void
place_ended(struct session *s, const struct session_end *end)
{
	struct place	*p = s->owner;
	struct worker	*w = p->worker;

	place_answer(p, end->reason == END_FAILED ? (int)end->fail :
	    FAIL_GONE);
	place_tell_end(p, IMSG_SESSION_END, end);
	grant_drop_session(&w->grants, s->id);
	place_bury(w, s->id);
	if (p->told)
		w->ntold--;
	if (p->kept)
		TAILQ_REMOVE(&w->kept, p, kept_entry);
	RB_REMOVE(places, &w->places, p);
	w->nplaces--;
	place_free(p);
	worker_check_exit(w);
}

static void
place_tell_exit(struct place *p, const struct session_end *end)
{
	p->told = 1;
	p->worker->ntold++;
	place_tell_end(p, IMSG_SESSION_EXIT, end);
}

static void
place_tell_end(struct place *p, uint16_t type, const struct session_end *end)
{
	struct imsg	 im;

	imsg_init(&im, type, 0);
	strlcpy(im.m.session_end.session, p->id,
	    sizeof(im.m.session_end.session));
	im.m.session_end.reason = end->reason;
	im.m.session_end.how = end->how;
	im.m.session_end.code = end->code;
	worker_tell(p->worker, &im);
}

void
place_never(struct worker *w, const char *id, enum end reason)
{
	struct imsg	 im;

	grant_drop_session(&w->grants, id);
	place_bury(w, id);
	imsg_init(&im, IMSG_SESSION_END, 0);
	strlcpy(im.m.session_end.session, id,
	    sizeof(im.m.session_end.session));
	im.m.session_end.reason = reason;
	im.m.session_end.how = EXIT_UNKNOWN;
	worker_tell(w, &im);
}

static void
place_bury(struct worker *w, const char *id)
{
	struct place_gone	*gone;

	gone = &w->gone[w->ngone++ % PLACE_GONE_MAX];
	strlcpy(gone->id, id, sizeof(gone->id));
	gone->when = util_now();
}

int
place_was(struct worker *w, const char *id)
{
	time_t	 now;
	size_t	 i;

	now = util_now();
	for (i = 0; i < PLACE_GONE_MAX && i < w->ngone; i++) {
		if (now - w->gone[i].when < PLACE_GONE_SECS &&
		    strcmp(w->gone[i].id, id) == 0)
			return (1);
	}
	return (0);
}
