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
#include "grant.h"
#include "log.h"
#include "opened.h"
#include "place.h"
#include "session.h"
#include "upstream.h"
#include "util.h"
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
static int	 worker_grant_late(struct worker *, const struct msg_grant *);
static void	 worker_kill(struct worker *, const struct msg_session_end *);
static void	 worker_detach(struct worker *, const struct msg_detach *);
static void	 worker_stop(struct worker *);
static void	 worker_on_exit(int, short, void *);
static void	 worker_offer(struct worker *);

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
	TAILQ_INIT(&w.kept);
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
	memcpy(w->limits.idle, m->timeout_idle, sizeof(w->limits.idle));
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
	if (m->ttl > WORKER_GONE_SECS && worker_grant_late(w, m))
		m->ttl = WORKER_GONE_SECS;
	if (grant_add(&w->grants, m, util_now()) == -1)
		log_warn("grant");
}

/* Is it for something that has ended on its way? */
static int
worker_grant_late(struct worker *w, const struct msg_grant *m)
{
	if (m->actions == ACTION_LIST)
		return (w->nplaces == 0);
	if (place_find(w, m->session) != NULL)
		return (0);
	return ((m->actions & ACTION_OPEN) == 0 || place_was(w, m->session));
}

struct driver *
worker_driver(struct worker *w, const char *session)
{
	struct place	*p;

	if ((p = place_find(w, session)) == NULL)
		return (NULL);
	return (p->session->driver);
}

static void
worker_kill(struct worker *w, const struct msg_session_end *m)
{
	struct place	*p;

	/* Not opened yet: then it never will be. */
	if ((p = place_find(w, m->session)) != NULL)
		session_end(p->session, m->reason);
	else
		place_never(w, m->session, m->reason);
}

static void
worker_detach(struct worker *w, const struct msg_detach *m)
{
	struct place	*p;
	struct viewer	*v, *next;

	for (p = place_first(w); p != NULL; p = place_next(p)) {
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
	for (p = place_first(w); p != NULL; p = place_next(p))
		session_end(p->session, END_STOP);
	worker_check_exit(w);
}

/*
 * The end.  Only the parent knows of grants that are on their way to us, so
 * it decides: we offer to go, again and again, and leave when it agrees.
 */

void
worker_busy(struct worker *w)
{
	evtimer_del(&w->ev_exit);
}

void
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
	if (w->nplaces == 0 && grant_count(&w->grants, util_now()) == 0)
		(void)chan_send_empty(w->parent, IMSG_MAY_EXIT, 0);
}

void
worker_tell(struct worker *w, struct imsg *im)
{
	if (chan_send(w->parent, im) == -1)
		fatal("%s to the parent", msg_name(im->type));
}
