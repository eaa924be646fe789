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

#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "ask.h"
#include "chan.h"
#include "frontend.h"
#include "log.h"

/*
 * Without the catalog we are of no use, and the parent makes a channel for a
 * new process only: wait so long for a new catalog, then make room for a new
 * frontend.  The channel may have been lost on its way to a catalog that was
 * out of descriptors.  Seconds, more than what the old one was asked waits.
 */
#define CATALOG_TIMEOUT	10

enum ask_state {
	ASK_WAITING,		/* there is no catalog to ask */
	ASK_ASKED,
	ASK_ANSWERED
};

struct ask {
	RB_ENTRY(ask)		 entry;
	uint32_t		 id;
	enum ask_state		 state;
	int			 again;		/* asked once more already */
	const struct msg_authorize *m;		/* of the one who asks */
	struct event		*ev_timer;
	ask_cb			 cb;
	void			*arg;
};
RB_HEAD(asks, ask);

static struct {
	struct asks	 asks;		/* as many as clients, at most */
	struct chan	*catalog;	/* NULL: it is being restarted */
	struct event	*ev_catalog;	/* to wait for it */
	uint32_t	 last;		/* id */
} asking = { .asks = RB_INITIALIZER(&asking.asks) };

static int	 ask_cmp(struct ask *, struct ask *);
static struct ask *ask_find(uint32_t);
static void	 ask_number(struct ask *);
static int	 ask_send(struct ask *);
static void	 ask_timer(struct ask *, unsigned int);
static void	 ask_timeout(evutil_socket_t, short, void *);
static void	 ask_done(struct ask *, enum ask_result,
		    const struct msg_granted *, enum deny);
static void	 catalog_dispatch(struct chan *, struct imsg *, void *);
static void	 catalog_closed(struct chan *, const char *, void *);
static void	 catalog_lost(void);
static void	 catalog_wait(void);
static void	 catalog_timeout(evutil_socket_t, short, void *);

RB_GENERATE_STATIC(asks, ask, entry, ask_cmp)

static int
ask_cmp(struct ask *a, struct ask *b)
{
	if (a->id == b->id)
		return (0);
	return (a->id < b->id ? -1 : 1);
}

static struct ask *
ask_find(uint32_t id)
{
	struct ask	 key;

	key.id = id;
	return (RB_FIND(asks, &asking.asks, &key));
}

/* An id that no other has; a late answer to an old one finds nobody. */
static void
ask_number(struct ask *a)
{
	do
		a->id = ++asking.last;
	while (a->id == 0 || RB_INSERT(asks, &asking.asks, a) != NULL);
}

struct ask *
ask_new(const struct msg_authorize *m, ask_cb cb, void *arg)
{
	struct ask	*a;

	if ((a = calloc(1, sizeof(*a))) == NULL)
		return (NULL);
	a->cb = cb;
	a->arg = arg;
	a->m = m;
	if ((a->ev_timer = event_new(frontend_base(), -1, 0, ask_timeout,
	    a)) == NULL) {
		free(a);
		return (NULL);
	}
	ask_number(a);
	ask_timer(a, ASK_TIMEOUT);
	if (asking.catalog != NULL && ask_send(a) == -1) {
		ask_free(a);
		return (NULL);
	}
	return (a);
}

void
ask_free(struct ask *a)
{
	if (a == NULL)
		return;
	RB_REMOVE(asks, &asking.asks, a);
	event_free(a->ev_timer);
	free(a);
}

static int
ask_send(struct ask *a)
{
	struct imsg	 im;
	int		 ret;

	imsg_init(&im, IMSG_AUTHORIZE, a->id);
	memcpy(&im.m.authorize, a->m, offsetof(struct msg_authorize, token));
	strlcpy(im.m.authorize.token, a->m->token,
	    sizeof(im.m.authorize.token));
	ret = chan_send(asking.catalog, &im);
	imsg_clear(&im);
	if (ret == -1) {
		log_warn("cannot ask the catalog");
		return (-1);
	}
	a->state = ASK_ASKED;
	return (0);
}

static void
ask_timer(struct ask *a, unsigned int seconds)
{
	struct timeval	 tv = { (time_t)seconds, 0 };

	(void)event_add(a->ev_timer, &tv);
}

static void
ask_timeout(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	ask_done(arg, ASK_SILENCE, NULL, DENY_UNAVAILABLE);
}

/* The callback may free it. */
static void
ask_done(struct ask *a, enum ask_result result, const struct msg_granted *g,
    enum deny reason)
{
	(void)event_del(a->ev_timer);
	a->state = ASK_ANSWERED;
	a->cb(a->arg, result, g, reason);
}

void
ask_await(struct ask *a)
{
	ask_timer(a, ASK_AGAIN_TIMEOUT);
}

void
ask_granted(uint32_t id, const struct msg_granted *g)
{
	struct ask	*a;

	if ((a = ask_find(id)) != NULL)
		ask_done(a, ASK_GRANTED, g, DENY_UNAVAILABLE);
}

void
ask_denied(uint32_t id, const struct msg_deny *d)
{
	struct ask	*a;

	if ((a = ask_find(id)) != NULL)
		ask_done(a, ASK_DENIED, NULL, d->reason);
}

/*
 * A new catalog does not know what the old one was asked.  Whatever still
 * waits is asked again, once, under another id: the answer of the old one
 * may still come from the parent, and would be a second one.
 */
void
ask_catalog(int fd)
{
	struct ask	*a, *next;
	struct asks	 waiting;

	catalog_lost();
	asking.catalog = chan_new(frontend_base(), fd, &catalog_to_frontend,
	    &frontend_to_catalog, catalog_dispatch, catalog_closed, NULL);
	if (asking.catalog == NULL) {
		log_warn("channel to the catalog");
		close(fd);
		catalog_wait();
		return;
	}
	chan_set_state(asking.catalog, MS_RUN);
	if (asking.ev_catalog != NULL)
		(void)event_del(asking.ev_catalog);

	RB_INIT(&waiting);
	RB_FOREACH_SAFE(a, asks, &asking.asks, next) {
		if (a->state != ASK_WAITING)
			continue;
		RB_REMOVE(asks, &asking.asks, a);
		(void)RB_INSERT(asks, &waiting, a);
	}
	while ((a = RB_MIN(asks, &waiting)) != NULL) {
		RB_REMOVE(asks, &waiting, a);
		ask_number(a);
		/* One that cannot be sent ends by its timer. */
		(void)ask_send(a);
	}
}

static void
catalog_dispatch(struct chan *ch UNUSED, struct imsg *im, void *arg UNUSED)
{
	struct msg_granted	 g;

	if (im->type == IMSG_DENIED)
		ask_denied(im->id, &im->m.deny);
	else if (im->type == IMSG_TICKET) {
		/* As the parent passes on one for a session. */
		memset(&g, 0, sizeof(g));
		memcpy(g.grant, im->m.ticket.secret, sizeof(g.grant));
		ask_granted(im->id, &g);
		explicit_bzero(&g, sizeof(g));
	}
}

static void
catalog_closed(struct chan *ch UNUSED, const char *why, void *arg UNUSED)
{
	if (why != NULL)
		log_warnx("channel to the catalog: %s", why);
	catalog_lost();
}

static void
catalog_lost(void)
{
	struct ask	*a;

	if (asking.catalog == NULL)
		return;
	chan_free(asking.catalog);
	asking.catalog = NULL;
	catalog_wait();
	RB_FOREACH(a, asks, &asking.asks) {
		if (a->state != ASK_ASKED || a->again)
			continue;
		a->again = 1;
		a->state = ASK_WAITING;
		ask_timer(a, ASK_AGAIN_TIMEOUT);
	}
}

static void
catalog_wait(void)
{
	struct timeval	 tv = { CATALOG_TIMEOUT, 0 };

	if (asking.ev_catalog == NULL)
		asking.ev_catalog = event_new(frontend_base(), -1, 0,
		    catalog_timeout, NULL);
	if (asking.ev_catalog == NULL ||
	    event_add(asking.ev_catalog, &tv) == -1)
		fatalx("out of memory");
}

static void
catalog_timeout(evutil_socket_t fd UNUSED, short what UNUSED,
    void *arg UNUSED)
{
	if (!frontend_stopping())
		fatalx("no channel to the catalog for %d seconds",
		    CATALOG_TIMEOUT);
}
