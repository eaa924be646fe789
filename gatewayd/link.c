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

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "blob.h"
#include "chan.h"
#include "client.h"
#include "frontend.h"
#include "link.h"
#include "log.h"

struct link {
	RB_ENTRY(link)		 entry;
	uint32_t		 number;
	struct chan		*chan;
	TAILQ_HEAD(, call)	 calls;
	unsigned int		 ncalls;
	TAILQ_HEAD(, attach)	 queue;		/* waiting for their turn */
	unsigned int		 nqueue;
	unsigned int		 nattach;	/* unanswered */
};
RB_HEAD(links, link);

struct call {
	RB_ENTRY(call)		 entry;		/* by id */
	TAILQ_ENTRY(call)	 mine;		/* of its worker */
	uint32_t		 id;
	uint16_t		 type;
	struct link		*link;
	call_cb			 cb;
	void			*arg;
};
RB_HEAD(calls, call);

enum attach_state {
	ATTACH_NEW,
	ATTACH_QUEUED,
	ATTACH_SENT		/* not answered yet */
};

struct attach {
	TAILQ_ENTRY(attach)	 entry;		/* in the queue */
	enum attach_state	 state;
	struct link		*link;
	struct client		*client;
	struct msg_attach	 m;
	uint8_t			 head[HEAD_BLOCK_MAX];
	struct event		*ev_timer;
	attach_cb		 cb;		/* NULL: nobody waits */
	void			*arg;
};

static struct {
	struct links	 links;
	struct calls	 calls;
	size_t		 n;		/* links */
	uint32_t	 last;		/* id */
} net = { RB_INITIALIZER(&net.links), RB_INITIALIZER(&net.calls), 0, 0 };

/* Which answers there are to a call; any other ends the channel. */
static const struct {
	uint16_t	 call;
	uint16_t	 answer;
} answers[] = {
	{ IMSG_OPEN,	IMSG_OPENED },
	{ IMSG_OPEN,	IMSG_OPEN_FAILED },
	{ IMSG_ATTACH,	IMSG_ATTACH_OK },
	{ IMSG_ATTACH,	IMSG_ATTACH_FAIL },
	{ IMSG_INPUT,	IMSG_INPUT_OK },
	{ IMSG_INPUT,	IMSG_INPUT_BLOCKED },
	{ IMSG_INPUT,	IMSG_CALL_FAIL },
	{ IMSG_RESIZE,	IMSG_RESIZE_OK },
	{ IMSG_RESIZE,	IMSG_CALL_FAIL },
	{ IMSG_CLOSE,	IMSG_CLOSE_OK },
	{ IMSG_CLOSE,	IMSG_CALL_FAIL },
	{ IMSG_SIGNAL,	IMSG_SIGNAL_OK },
	{ IMSG_SIGNAL,	IMSG_CALL_FAIL },
	{ IMSG_STATUS,	IMSG_REPORT },
	{ IMSG_STATUS,	IMSG_CALL_FAIL }
};

static int	 link_cmp(struct link *, struct link *);
static int	 call_cmp(struct call *, struct call *);
static struct link *link_find(uint32_t);
static struct link *link_get(uint32_t);
static void	 link_free(struct link *);
static void	 link_dispatch(struct chan *, struct imsg *, void *);
static void	 link_closed(struct chan *, const char *, void *);
static int	 answer_fits(uint16_t, uint16_t);
static int	 attach_send(struct attach *);
static int	 attach_message(struct attach *, struct imsg *);
static void	 attach_answered(void *, const struct imsg *);
static void	 attach_timeout(evutil_socket_t, short, void *);
static void	 attach_done(struct attach *, int);
static void	 attach_next(struct link *);

RB_GENERATE_STATIC(links, link, entry, link_cmp)
RB_GENERATE_STATIC(calls, call, entry, call_cmp)

static int
link_cmp(struct link *a, struct link *b)
{
	if (a->number == b->number)
		return (0);
	return (a->number < b->number ? -1 : 1);
}

static int
call_cmp(struct call *a, struct call *b)
{
	if (a->id == b->id)
		return (0);
	return (a->id < b->id ? -1 : 1);
}

static struct link *
link_find(uint32_t number)
{
	struct link	 key;

	key.number = number;
	return (RB_FIND(links, &net.links, &key));
}

/* The same for one that was granted; that it is not there is reported. */
static struct link *
link_get(uint32_t number)
{
	struct link	*l;

	if ((l = link_find(number)) == NULL) {
		frontend_unlink(number);
		errno = ESRCH;
	}
	return (l);
}

void
link_add(uint32_t number, int fd)
{
	struct link	*l;

	if ((l = link_find(number)) != NULL)
		link_free(l);
	if ((l = calloc(1, sizeof(*l))) == NULL)
		goto fail;
	l->number = number;
	TAILQ_INIT(&l->calls);
	TAILQ_INIT(&l->queue);
	if ((l->chan = chan_new(frontend_base(), fd, &worker_to_frontend,
	    &frontend_to_worker, link_dispatch, link_closed, l)) == NULL)
		goto fail;
	chan_set_state(l->chan, MS_RUN);
	RB_INSERT(links, &net.links, l);
	net.n++;
	return;
 fail:
	log_warn("channel to worker %u", number);
	free(l);
	close(fd);
}

size_t
link_count(void)
{
	return (net.n);
}

/* The worker is gone.  Whoever waits for it is told, last of all. */
static void
link_free(struct link *l)
{
	struct attach	*at;
	struct call	*call;
	call_cb		 cb;
	void		*arg;

	RB_REMOVE(links, &net.links, l);
	net.n--;
	while ((at = TAILQ_FIRST(&l->queue)) != NULL)
		attach_done(at, FAIL_LOST);
	while ((call = TAILQ_FIRST(&l->calls)) != NULL) {
		cb = call->cb;
		arg = call->arg;
		call_free(call);
		cb(arg, NULL);
	}
	chan_free(l->chan);
	free(l);
}

static void
link_closed(struct chan *ch UNUSED, const char *why, void *arg)
{
	struct link	*l = arg;

	if (why != NULL)
		log_warnx("channel to worker %u: %s", l->number, why);
	frontend_unlink(l->number);
	link_free(l);
}

static int
answer_fits(uint16_t call, uint16_t answer)
{
	size_t	 i;

	for (i = 0; i < nitems(answers); i++)
		if (answers[i].call == call && answers[i].answer == answer)
			return (1);
	return (0);
}

/*
 * An answer that nobody waits for any more is no offence.  Ids count for
 * the worker that was asked only.
 */
static void
link_dispatch(struct chan *ch UNUSED, struct imsg *im, void *arg)
{
	struct link	*l = arg;
	struct call	*call, key;
	call_cb		 cb;
	void		*cbarg;

	key.id = im->id;
	if ((call = RB_FIND(calls, &net.calls, &key)) == NULL ||
	    call->link != l)
		return;
	if (!answer_fits(call->type, im->type)) {
		log_warnx("worker %u answers %s with %s", l->number,
		    msg_name(call->type), msg_name(im->type));
		link_free(l);
		return;
	}
	cb = call->cb;
	cbarg = call->arg;
	call_free(call);
	cb(cbarg, im);
}

struct call *
call_new(uint32_t number, struct imsg *im, call_cb cb, void *arg)
{
	struct link	*l;
	struct call	*call;

	call = NULL;
	if ((l = link_get(number)) != NULL) {
		errno = EBUSY;
		if (l->ncalls < LINK_CALLS_MAX)
			call = calloc(1, sizeof(*call));
	}
	if (call == NULL) {
		if (im->fd != -1 && !im->lent)
			close(im->fd);
		if (im->blob != -1)
			close(im->blob);
		return (NULL);
	}
	call->link = l;
	call->type = im->type;
	call->cb = cb;
	call->arg = arg;
	do
		call->id = ++net.last;
	while (call->id == 0 || RB_INSERT(calls, &net.calls, call) != NULL);
	TAILQ_INSERT_TAIL(&l->calls, call, mine);
	l->ncalls++;
	im->id = call->id;
	if (chan_send(l->chan, im) == -1) {
		log_warn("worker %u: %s", number, msg_name(im->type));
		call_free(call);
		return (NULL);
	}
	return (call);
}

void
call_free(struct call *call)
{
	if (call == NULL)
		return;
	RB_REMOVE(calls, &net.calls, call);
	TAILQ_REMOVE(&call->link->calls, call, mine);
	call->link->ncalls--;
	free(call);
}

struct attach *
attach_new(const struct msg_granted *g, struct client *c,
    const struct msg_attach *m, attach_cb cb, void *arg)
{
	struct timeval	 tv = { LINK_ATTACH_TIMEOUT, 0 };
	struct attach	*at;
	struct link	*l;

	if ((l = link_get(g->worker)) == NULL)
		return (NULL);
	errno = EBUSY;
	if (l->nqueue >= LINK_QUEUE_MAX || m->head.len > HEAD_BLOCK_MAX ||
	    (at = calloc(1, sizeof(*at))) == NULL)
		return (NULL);
	at->m = *m;
	memcpy(at->m.grant, g->grant, sizeof(at->m.grant));
	if (m->head.len > 0)
		memcpy(at->head, m->head.p, m->head.len);
	at->m.head.p = at->head;
	at->client = c;
	at->cb = cb;
	at->arg = arg;
	if ((at->ev_timer = event_new(frontend_base(), -1, 0, attach_timeout,
	    at)) == NULL || event_add(at->ev_timer, &tv) == -1) {
		attach_free(at);
		return (NULL);
	}
	at->link = l;
	if (l->nattach >= LINK_ATTACH_MAX) {
		TAILQ_INSERT_TAIL(&l->queue, at, entry);
		at->state = ATTACH_QUEUED;
		l->nqueue++;
	} else if (attach_send(at) == -1) {
		attach_free(at);
		return (NULL);
	}
	return (at);
}

/*
 * One that was sent stays until the worker answers, for it counts against
 * the bound until then; there is only nobody left to be told.
 */
void
attach_free(struct attach *at)
{
	if (at == NULL)
		return;
	if (at->ev_timer != NULL)
		event_free(at->ev_timer);
	at->ev_timer = NULL;
	at->cb = NULL;
	if (at->state == ATTACH_SENT)
		return;
	if (at->state == ATTACH_QUEUED) {
		TAILQ_REMOVE(&at->link->queue, at, entry);
		at->link->nqueue--;
	}
	free(at);
}

/* Tell the owner, for whom it is gone now. */
static void
attach_done(struct attach *at, int reason)
{
	attach_cb	 cb;
	void		*arg;

	cb = at->cb;
	arg = at->arg;
	attach_free(at);
	if (cb != NULL)
		cb(arg, reason);
}

static void
attach_timeout(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	attach_done(arg, FAIL_TIMEOUT);
}

static int
attach_send(struct attach *at)
{
	struct imsg	 im;

	if (attach_message(at, &im) == -1) {
		log_warn("hand-over to worker %u", at->link->number);
		return (-1);
	}
	if (call_new(at->link->number, &im, attach_answered, at) == NULL)
		return (-1);
	at->state = ATTACH_SENT;
	at->link->nattach++;
	return (0);
}

/* An event stream has no use for what its client says further. */
static int
attach_message(struct attach *at, struct imsg *im)
{
	const uint8_t	*p;
	size_t		 len;

	imsg_init(im, IMSG_ATTACH, 0);
	im->m.attach = at->m;
	client_unread(at->client, &p, &len);
	if (at->m.transport == TRANSPORT_WS && len > 0 &&
	    (im->blob = blob_create(p, len)) == -1)
		return (-1);
	im->fd = client_lend(at->client);
	im->lent = 1;
	return (0);
}

static void
attach_answered(void *arg, const struct imsg *im)
{
	struct attach	*at = arg;
	struct link	*l = at->link;
	int		 reason;

	if (im == NULL)
		reason = FAIL_LOST;
	else if (im->type == IMSG_ATTACH_OK)
		reason = 0;
	else
		reason = im->m.call_fail.reason;
	at->state = ATTACH_NEW;
	l->nattach--;
	if (im != NULL)
		attach_next(l);
	attach_done(at, reason);
}

static void
attach_next(struct link *l)
{
	struct attach	*at;

	while (l->nattach < LINK_ATTACH_MAX &&
	    (at = TAILQ_FIRST(&l->queue)) != NULL) {
		TAILQ_REMOVE(&l->queue, at, entry);
		l->nqueue--;
		at->state = ATTACH_NEW;
		if (attach_send(at) == -1)
			attach_done(at, FAIL_BUSY);
	}
}
