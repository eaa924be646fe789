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
#include <unistd.h>

#include "blob.h"
#include "chan.h"
#include "child.h"
#include "dialect.h"
#include "driver.h"
#include "grant.h"
#include "log.h"
#include "opened.h"
#include "session.h"
#include "upstream.h"
#include "viewer.h"
#include "worker.h"

/*
 * The worker: one sandbox, its record, its terminals and their clients.
 *
 * Before it is ready it has seen the seal keys and opened the record with
 * them, and has forgotten them; no byte of a client or of a shell is read
 * before that.  Its peers are the parent, which it believes, and frontends,
 * which it does not (front.c).
 */

/* With no session and no grant left, wait so long before we offer to go. */
#define WORKER_EXIT_SECS	1

/*
 * A session may end while a grant for it is on its way.  Who comes with that
 * one is told so, but the worker need not stay a minute for it.
 */
#define WORKER_GONE_SECS	5

static void	 worker_dispatch_parent(struct chan *, struct imsg *, void *);
static void	 worker_sealkey(struct worker *, struct imsg *);
static void	 worker_record(struct worker *, struct imsg *);
static void	 worker_limits(struct worker *, const struct msg_limits *);
static void	 worker_channel(struct worker *, struct imsg *);
static void	 worker_start(struct worker *);
static void	 worker_grant(struct worker *, struct msg_grant *);
static void	 worker_kill(struct worker *, const struct msg_session_end *);
static void	 worker_detach(struct worker *, const struct msg_detach *);
static void	 worker_stop(struct worker *);
static void	 worker_check_exit(struct worker *);
static void	 worker_on_exit(int, short, void *);
static void	 worker_offer(struct worker *);
static void	 worker_opened(struct session *);
static void	 worker_viewer_up(struct session *, struct viewer *);
static void	 worker_viewer_down(struct session *, struct viewer *,
		    enum leave);
static void	 worker_ended(struct session *, const struct session_end *);
static void	 worker_tell(struct worker *, struct imsg *);
static int	 place_cmp(const struct place *, const struct place *);

RB_PROTOTYPE_STATIC(places, place, by_id, place_cmp)

static const struct session_hooks	 worker_hooks = {
	.opened =	worker_opened,
	.viewer_up =	worker_viewer_up,
	.viewer_down =	worker_viewer_down,
	.ended =	worker_ended
};

int
main(int argc, char *argv[])
{
	struct msg_setup	 setup;
	struct worker		 w;

	(void)argc;
	setproctitle_init(argc, argv, environ);
	upstream_setup();
	child_start(ROLE_WORKER, &setup);
	memset(&w, 0, sizeof(w));
	TAILQ_INIT(&w.fronts);
	RB_INIT(&w.places);
	grants_init(&w.grants);
	w.keyfile = -1;
	if ((w.base = event_base_new()) == NULL)
		fatal("event base");
	w.parent = child_channel(w.base, &parent_to_worker,
	    &worker_to_parent, worker_dispatch_parent, &w);
	evtimer_assign(&w.ev_exit, w.base, worker_on_exit, &w);
	event_base_dispatch(w.base);
	fatalx("the event loop ended");
}

time_t
worker_now(void)
{
	struct timespec	 ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (ts.tv_sec);
}

/*
 * The parent
 */

static void
worker_dispatch_parent(struct chan *c, struct imsg *im, void *arg)
{
	struct worker	*w = arg;

	(void)c;
	switch (im->type) {
	case IMSG_SEALKEY:
		worker_sealkey(w, im);
		break;
	case IMSG_KEYFILE:
		w->keyfile = im->fd;
		im->fd = -1;
		break;
	case IMSG_RECORD:
		worker_record(w, im);
		break;
	case IMSG_LIMITS:
		worker_limits(w, &im->m.limits);
		break;
	case IMSG_START:
		worker_start(w);
		break;
	case IMSG_CHANNEL:
		worker_channel(w, im);
		break;
	case IMSG_GRANT:
		worker_grant(w, &im->m.grant);
		break;
	case IMSG_KILL:
		worker_kill(w, &im->m.session_end);
		break;
	case IMSG_DETACH:
		worker_detach(w, &im->m.detach);
		break;
	case IMSG_VERBOSE:
		log_setverbose(im->m.verbose.verbose);
		break;
	case IMSG_STOP:
		worker_stop(w);
		break;
	case IMSG_EXIT_OK:
		_exit(0);
	default:
		upstream_dispatch(w, im);
		break;
	}
}

/* Keys wait for the record: without a secret in it they are not read. */
static void
worker_sealkey(struct worker *w, struct imsg *im)
{
	if (w->opened != NULL || w->nkeys == nitems(w->keys))
		fatalx("too many seal keys, or one too late");
	w->keys[w->nkeys++] = im->fd;
	im->fd = -1;
}

/* The body stays mapped, for every session is opened with what is in it. */
static void
worker_record(struct worker *w, struct imsg *im)
{
	const struct msg_record	*m = &im->m.record;
	const uint8_t		*p;
	size_t			 i, len;

	setproctitle("%s", m->sandbox);
	log_fatal_exits(EXITS_RECORD);
	if (blob_map(im->blob, BLOB_RECORD_MAX, &p, &len) == -1)
		fatal("record");
	if ((w->opened = opened_new(p, len, m->unlocked, w->keys, w->nkeys,
	    w->keyfile)) == NULL)
		fatalx("cannot use the record");
	for (i = 0; i < w->nkeys; i++)
		close(w->keys[i]);
	w->nkeys = 0;
	if (w->keyfile != -1)
		close(w->keyfile);
	w->keyfile = -1;
	w->target = m->target;
	upstream_start(w);
	log_fatal_exits(EXITS_FATAL);
}

static void
worker_limits(struct worker *w, const struct msg_limits *m)
{
	w->limits.viewers = m->viewers;
	w->limits.replay = m->replay;
	w->limits.open = upstream_time(m);
	w->limits.ping = m->timeout_ping;
	w->limits.stalled = m->timeout_stalled;
	w->limits.idle = m->timeout_idle;
	memcpy(w->limits.detached, m->timeout_detached,
	    sizeof(w->limits.detached));
	w->timeouts = *m;
	w->limited = 1;
}

static void
worker_start(struct worker *w)
{
	if (w->opened == NULL || !w->limited)
		fatalx("started without a record or limits");
	dialect_setup();
	child_ready(w->parent, SANDBOX_WORKER);
	worker_check_exit(w);
}

static void
worker_channel(struct worker *w, struct imsg *im)
{
	int	 fd;

	if (im->m.channel.role != ROLE_FRONTEND)
		fatalx("channel to another role than a frontend");
	fd = im->fd;
	im->fd = -1;
	front_new(w, im->m.channel.number, fd);
}

static void
worker_grant(struct worker *w, struct msg_grant *m)
{
	if (w->stopping)
		return;
	if (m->actions != ACTION_OPEN && m->ttl > WORKER_GONE_SECS &&
	    worker_place(w, m->session) == NULL)
		m->ttl = WORKER_GONE_SECS;
	if (grant_add(&w->grants, m, worker_now()) == -1)
		log_warn("grant");
}

struct driver *
worker_driver(struct worker *w, const char *session)
{
	struct place	*p;

	if ((p = worker_place(w, session)) == NULL)
		return (NULL);
	return (p->session->driver);
}

static void
worker_kill(struct worker *w, const struct msg_session_end *m)
{
	struct place	*p;

	if ((p = worker_place(w, m->session)) != NULL)
		session_end(p->session, m->reason);
	else {
		/* Not opened yet: then it never will be. */
		grant_drop_session(&w->grants, m->session);
		worker_never(w, m->session, m->reason);
	}
}

/* What the parent knows of, and we do not, is over. */
void
worker_never(struct worker *w, const char *id, enum end reason)
{
	struct imsg	 im;

	imsg_init(&im, IMSG_SESSION_END, 0);
	strlcpy(im.m.session_end.session, id,
	    sizeof(im.m.session_end.session));
	im.m.session_end.reason = reason;
	im.m.session_end.how = EXIT_UNKNOWN;
	worker_tell(w, &im);
}

static void
worker_detach(struct worker *w, const struct msg_detach *m)
{
	struct place	*p;
	struct viewer	*v, *next;

	RB_FOREACH(p, places, &w->places) {
		TAILQ_FOREACH_SAFE(v, &p->session->viewers, entry, next) {
			if (v->id == m->viewer)
				viewer_leave(v, m->reason, 0);
		}
	}
}

static void
worker_stop(struct worker *w)
{
	struct place	*p;

	w->stopping = 1;
	grants_free(&w->grants);
	RB_FOREACH(p, places, &w->places)
		session_end(p->session, END_STOP);
	worker_check_exit(w);
}

/*
 * The end.  Only the parent knows of grants that are on their way to us, so
 * it decides: we offer to go, again and again, and leave when it agrees.
 */

static void
worker_check_exit(struct worker *w)
{
	struct timeval	 tv = { WORKER_EXIT_SECS, 0 };

	if (w->nplaces > 0)
		return;
	if (w->stopping)
		worker_offer(w);
	evtimer_add(&w->ev_exit, &tv);
}

static void
worker_on_exit(int fd, short what, void *arg)
{
	struct worker	*w = arg;

	(void)fd;
	(void)what;
	if (!w->stopping)
		worker_offer(w);
	worker_check_exit(w);
}

static void
worker_offer(struct worker *w)
{
	if (w->nplaces == 0 && grant_count(&w->grants, worker_now()) == 0)
		(void)chan_send_empty(w->parent, IMSG_MAY_EXIT, 0);
}

/*
 * Sessions
 */

struct place *
worker_place(struct worker *w, const char *id)
{
	struct place	 key;

	strlcpy(key.id, id, sizeof(key.id));
	return (RB_FIND(places, &w->places, &key));
}

struct place *
worker_open(struct worker *w, const char *id, uint32_t front,
    uint32_t request, uint16_t cols, uint16_t rows)
{
	struct session_conf	 conf;
	struct driver		*d;
	struct place		*p;

	if ((p = calloc(1, sizeof(*p))) == NULL)
		return (NULL);
	p->worker = w;
	strlcpy(p->id, id, sizeof(p->id));
	p->waiting = 1;
	p->front = front;
	p->request = request;
	if (RB_INSERT(places, &w->places, p) != NULL) {
		free(p);
		return (NULL);
	}
	memset(&conf, 0, sizeof(conf));
	conf.id = id;
	conf.kind = DIALECT_SSH;
	conf.cols = cols;
	conf.rows = rows;
	conf.limits = &w->limits;
	if ((d = upstream_driver(w, NULL)) == NULL ||
	    (p->session = session_new(w->base, &conf, d, &worker_hooks,
	    p)) == NULL) {
		log_warn("session %s", id);
		RB_REMOVE(places, &w->places, p);
		free(p);
		return (NULL);
	}
	w->nplaces++;
	evtimer_del(&w->ev_exit);
	return (p);
}

static void
worker_opened(struct session *s)
{
	struct place	*p = s->owner;
	struct imsg	 im;

	imsg_init(&im, IMSG_SESSION_UP, 0);
	strlcpy(im.m.session.session, s->id, sizeof(im.m.session.session));
	worker_tell(p->worker, &im);
	front_opened(p);
}

static void
worker_viewer_up(struct session *s, struct viewer *v)
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
	strlcpy(im.m.viewer_up.address, v->address,
	    sizeof(im.m.viewer_up.address));
	worker_tell(p->worker, &im);
}

static void
worker_viewer_down(struct session *s, struct viewer *v, enum leave reason)
{
	struct place	*p = s->owner;
	struct imsg	 im;

	imsg_init(&im, IMSG_VIEWER_DOWN, 0);
	strlcpy(im.m.viewer_down.session, s->id,
	    sizeof(im.m.viewer_down.session));
	im.m.viewer_down.viewer = v->id;
	im.m.viewer_down.reason = reason;
	worker_tell(p->worker, &im);
}

static void
worker_ended(struct session *s, const struct session_end *end)
{
	struct place	*p = s->owner;
	struct worker	*w = p->worker;
	struct imsg	 im;

	if (p->waiting)
		front_open_failed(p, end->fail);
	imsg_init(&im, IMSG_SESSION_END, 0);
	strlcpy(im.m.session_end.session, s->id,
	    sizeof(im.m.session_end.session));
	im.m.session_end.reason = end->reason;
	im.m.session_end.how = end->how;
	im.m.session_end.code = end->code;
	worker_tell(w, &im);
	grant_drop_session(&w->grants, s->id);
	RB_REMOVE(places, &w->places, p);
	w->nplaces--;
	free(p);
	worker_check_exit(w);
}

/* The parent's view of us must not go wrong: without it we cannot go on. */
static void
worker_tell(struct worker *w, struct imsg *im)
{
	if (chan_send(w->parent, im) == -1)
		fatal("%s to the parent", msg_name(im->type));
}

static int
place_cmp(const struct place *a, const struct place *b)
{
	return (strcmp(a->id, b->id));
}

RB_GENERATE_STATIC(places, place, by_id, place_cmp)
