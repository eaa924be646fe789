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

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "dialer.h"
#include "log.h"
#include "parent_part.h"
#include "util.h"

/*
 * What workers have others do for them, because they cannot: the dialer
 * connects, the catalog remembers a host key.  The parent compares what a
 * worker asks for with the target of its record, numbers the request for
 * whoever runs the errand, and passes the answer back.
 */

/* Errands at a time, those of the dialer and as many of the catalog. */
#define ERRANDS_MAX	(4 * DIALS_MAX)

/*
 * What one sandbox may have under way in the dialer: this part of what is
 * free there.  So nobody is in the way of others however long its host lets
 * it wait, and whoever comes first finds room until nearly all is taken by
 * sandboxes that have one dial each.
 */
#define DIAL_SHARE	4

/* The allowance of a worker is counted in parts of a dial. */
#define DIAL_COST	60000

struct errand {
	RB_ENTRY(errand)	 entry;		/* by id */
	uint32_t		 id;		/* ours */
	uint32_t		 asked;		/* the worker's */
	uint16_t		 type;		/* IMSG_DIAL or IMSG_LEARN */
	struct parent		*p;
	struct worker		*worker;	/* NULL: it has ended */
	char			 sandbox[SANDBOX_ID_MAX + 1];
	time_t			 since;
};

static int	 errand_cmp(struct errand *, struct errand *);
static struct errand
		*errand_new(struct worker *, uint16_t, uint32_t);
static struct errand
		*errand_find(struct parent *, uint32_t, uint16_t);
static void	 errand_free(struct errand *);
static int	 dial_allowed(struct worker *);
static int	 dial_fair(const struct worker *);
static void	 dial_refuse(struct worker *, uint32_t, enum dial_error);
static void	 learn_refuse(struct worker *, uint32_t);

RB_GENERATE_STATIC(errands, errand, entry, errand_cmp)

static int
errand_cmp(struct errand *a, struct errand *b)
{
	return (a->id < b->id ? -1 : a->id > b->id);
}

static struct errand *
errand_new(struct worker *w, uint16_t type, uint32_t asked)
{
	struct errand	*e;
	struct parent	*p;

	p = w->p;
	if (p->nerrands == ERRANDS_MAX || (e = calloc(1, sizeof(*e))) == NULL)
		return (NULL);
	/* There are far fewer than numbers, so a free one is near. */
	do
		e->id = ++p->errand_seq;
	while (RB_INSERT(errands, &p->errands, e) != NULL);
	p->nerrands++;
	e->asked = asked;
	e->type = type;
	e->p = p;
	e->worker = w;
	strlcpy(e->sandbox, w->sandbox, sizeof(e->sandbox));
	e->since = util_now();
	return (e);
}

static struct errand *
errand_find(struct parent *p, uint32_t id, uint16_t type)
{
	struct errand	*e, find;

	find.id = id;
	e = RB_FIND(errands, &p->errands, &find);
	return (e != NULL && e->type == type ? e : NULL);
}

static void
errand_free(struct errand *e)
{
	struct parent	*p;

	p = e->p;
	RB_REMOVE(errands, &p->errands, e);
	p->nerrands--;
	free(e);
}

/*
 * So many dials a minute, all of which may come at once: the allowance grows
 * with time, up to those of a minute.
 */
static int
dial_allowed(struct worker *w)
{
	uint64_t	 limit, now, most;

	limit = w->p->conf->dials_worker;
	most = limit * DIAL_COST;
	now = util_now_msec();
	if (w->dial_clock == 0)
		w->dial_credit = most;
	else if (now - w->dial_clock >= DIAL_COST)
		w->dial_credit = most;
	else
		w->dial_credit += (now - w->dial_clock) * limit;
	w->dial_clock = now;
	if (w->dial_credit > most)
		w->dial_credit = most;
	if (w->dial_credit < DIAL_COST)
		return (0);
	w->dial_credit -= DIAL_COST;
	return (1);
}

/*
 * A worker that ends leaves its dials behind until the dialer has answered:
 * to be started again must not give a sandbox more of them.
 */
static int
dial_fair(const struct worker *w)
{
	struct errand	*e;
	size_t		 all, own;

	all = own = 0;
	RB_FOREACH(e, errands, &w->p->errands) {
		if (e->type != IMSG_DIAL)
			continue;
		all++;
		if (strcmp(e->sandbox, w->sandbox) == 0)
			own++;
	}
	return (all < DIALS_MAX && own * DIAL_SHARE < DIALS_MAX - all);
}

static void
dial_refuse(struct worker *w, uint32_t id, enum dial_error reason)
{
	struct imsg	 im;

	imsg_init(&im, IMSG_DIAL_FAIL, id);
	im.m.dial_fail.reason = (uint8_t)reason;
	(void)kid_send(w->kid, &im);
}

/*
 * A worker wants to be connected.  One that asks for what is not its target
 * has been taken over, or is broken: it is refused until its allowance is
 * used up, and then ended.
 */
void
errand_dial(struct worker *w, const struct imsg *im)
{
	const struct msg_dial	*m;
	struct errand		*e;
	struct imsg		 out;
	struct kid		*dialer;
	int			 allowed, ours;

	if (w->target.upstream == UPSTREAM_PTY) {
		kid_bad(w->kid, "dials and has no host");
		return;
	}
	m = &im->m.dial;
	ours = strcmp(m->host, w->target.host) == 0 &&
	    m->port == w->target.port;
	allowed = dial_allowed(w);
	if (!ours && !allowed) {
		kid_bad(w->kid, "dials what its record does not name");
		return;
	}
	if (!ours || !allowed) {
		if (!ours)
			log_warnx("%s of %s: refused to dial another host",
			    w->kid->name, w->sandbox);
		dial_refuse(w, im->id, ours ? DIAL_LIMIT : DIAL_DENIED);
		return;
	}
	if (!dial_fair(w)) {
		dial_refuse(w, im->id, DIAL_LIMIT);
		return;
	}
	if ((dialer = slot_kid(w->p, ROLE_DIALER)) == NULL ||
	    (e = errand_new(w, IMSG_DIAL, im->id)) == NULL) {
		dial_refuse(w, im->id, DIAL_BUSY);
		return;
	}
	imsg_init(&out, IMSG_DIAL, e->id);
	out.m.dial = *m;
	/* A dialer that takes no messages is killed; errand_lost() tells. */
	(void)kid_send(dialer, &out);
}

/* The dialer's answer, with or without a socket. */
void
errand_dialed(struct parent *p, struct imsg *im)
{
	struct errand	*e;
	struct imsg	 out;

	if ((e = errand_find(p, im->id, IMSG_DIAL)) == NULL)
		return;
	/* Its worker may have ended meanwhile; the socket is closed. */
	if (e->worker == NULL) {
		errand_free(e);
		return;
	}
	imsg_init(&out, im->type, e->asked);
	if (im->type == IMSG_DIAL_OK) {
		out.fd = im->fd;
		im->fd = -1;
		e->worker->strangers++;
	} else
		out.m.dial_fail = im->m.dial_fail;
	(void)kid_send(e->worker->kid, &out);
	errand_free(e);
}

static void
learn_refuse(struct worker *w, uint32_t id)
{
	struct imsg	 im;

	imsg_init(&im, IMSG_LEARN_FAIL, id);
	im.m.learn_fail.reason = LEARN_STORE;
	(void)kid_send(w->kid, &im);
}

/* A worker would learn the key of its host: once for each connection. */
void
errand_learn(struct worker *w, const struct imsg *im)
{
	struct msg_learn	*m;
	struct errand		*e;
	struct imsg		 out;
	struct kid		*catalog;

	if (w->strangers == 0) {
		kid_bad(w->kid, "learns a key without a connection");
		return;
	}
	w->strangers--;
	if ((catalog = slot_kid(w->p, ROLE_CATALOG)) == NULL ||
	    (e = errand_new(w, IMSG_LEARN, im->id)) == NULL) {
		learn_refuse(w, im->id);
		return;
	}
	imsg_init(&out, IMSG_LEARN, e->id);
	m = &out.m.learn;
	strlcpy(m->sandbox, w->sandbox, sizeof(m->sandbox));
	strlcpy(m->host, w->target.host, sizeof(m->host));
	m->port = w->target.port;
	m->type = im->m.hostkey.type;
	memcpy(m->hash, im->m.hostkey.hash, sizeof(m->hash));
	(void)kid_send(catalog, &out);
}

void
errand_learned(struct parent *p, const struct imsg *im)
{
	struct errand	*e;
	struct imsg	 out;

	if ((e = errand_find(p, im->id, IMSG_LEARN)) == NULL)
		return;
	if (e->worker == NULL) {
		errand_free(e);
		return;
	}
	imsg_init(&out, im->type, e->asked);
	if (im->type == IMSG_LEARN_FAIL)
		out.m.learn_fail = im->m.learn_fail;
	(void)kid_send(e->worker->kid, &out);
	errand_free(e);
}

/* The process that ran these errands has ended. */
void
errand_lost(struct parent *p, enum role role)
{
	struct errand	*e, *next;
	struct worker	*w;
	uint32_t	 asked;
	uint16_t	 type;

	if (role != ROLE_DIALER && role != ROLE_CATALOG)
		return;
	type = role == ROLE_DIALER ? IMSG_DIAL : IMSG_LEARN;
	RB_FOREACH_SAFE(e, errands, &p->errands, next) {
		if (e->type != type)
			continue;
		w = e->worker;
		asked = e->asked;
		errand_free(e);
		if (w == NULL)
			continue;
		if (type == IMSG_DIAL)
			dial_refuse(w, asked, DIAL_LOST);
		else
			learn_refuse(w, asked);
	}
}

/* The worker has ended: nobody waits for these any more. */
void
errand_forget(struct worker *w)
{
	struct errand	*e;

	RB_FOREACH(e, errands, &w->p->errands)
		if (e->worker == w)
			e->worker = NULL;
}

/* What was not answered in time will not be; the worker has given it up. */
void
errand_sweep(struct parent *p, time_t now)
{
	struct errand	*e, *next;
	time_t		 most;

	most = (time_t)p->conf->timeout_resolve + p->conf->timeout_connect +
	    CONF_DIAL_GRACE;
	RB_FOREACH_SAFE(e, errands, &p->errands, next)
		if (now - e->since > 2 * most)
			errand_free(e);
}
