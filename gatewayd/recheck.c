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

#include <string.h>

#include <event2/event.h>

#include "log.h"
#include "parent_part.h"

/*
 * The re-check: every so often each attached principal is asked about
 * again; whoever may no longer use the sandbox loses the session, and does
 * not get back to it with a token or ticket that is still good.  A few
 * questions are under way at a time, the next follows an answer.  Neither
 * looks through all sessions, or a pass over n of them would take n times n.
 */

static void	 recheck_pass(evutil_socket_t, short, void *);
static int	 recheck_next(struct parent *);
static void	 recheck_revoke(struct session *);

/*
 * Begin anew with the interval that is in force.  One that is the same goes
 * on, or who reloads often enough would never see a re-check.
 */
void
recheck_init(struct parent *p)
{
	struct timeval	 tv;

	if (p->recheck_every == p->conf->recheck)
		return;
	p->recheck_every = p->conf->recheck;
	tv.tv_sec = p->conf->recheck;
	tv.tv_usec = 0;
	if (p->ev_recheck == NULL && (p->ev_recheck = event_new(p->base, -1,
	    EV_PERSIST, recheck_pass, p)) == NULL)
		fatalx("out of memory");
	(void)event_add(p->ev_recheck, &tv);
}

static void
recheck_pass(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct parent	*p;
	int		 i;

	p = arg;
	p->recheck_next = TAILQ_FIRST(&p->by_age);
	for (i = 0; i < RECHECK_WINDOW && recheck_next(p); i++)
		continue;
}

/*
 * Ask about the next session that has viewers, or may have them again;
 * whether there was one.
 */
static int
recheck_next(struct parent *p)
{
	struct recheck	*r;
	struct session	*s;
	struct imsg	 im;
	struct kid	*catalog;

	if ((catalog = slot_kid(p, ROLE_CATALOG)) == NULL)
		return (0);
	for (s = p->recheck_next;
	    s != NULL && s->nviewers == 0 && !s->revoked;)
		s = TAILQ_NEXT(s, entry);
	p->recheck_next = s == NULL ? NULL : TAILQ_NEXT(s, entry);
	if (s == NULL)
		return (0);
	if (++p->recheck_seq == 0)
		p->recheck_seq++;
	/* A question that was not answered meanwhile makes room. */
	r = &p->rechecks[p->recheck_seq % RECHECK_WINDOW];
	r->id = p->recheck_seq;
	strlcpy(r->session, s->id, sizeof(r->session));
	imsg_init(&im, IMSG_RECHECK, r->id);
	im.m.recheck.api = s->api;
	strlcpy(im.m.recheck.principal, s->principal,
	    sizeof(im.m.recheck.principal));
	strlcpy(im.m.recheck.sandbox, s->worker->sandbox,
	    sizeof(im.m.recheck.sandbox));
	return (kid_send(catalog, &im) == 0);
}

/* 1: it may, 0: it may not, -1: that is not known now. */
void
recheck_answer(struct parent *p, uint32_t id, int allowed)
{
	struct recheck	*r;
	struct session	*s;

	r = &p->rechecks[id % RECHECK_WINDOW];
	if (id == 0 || r->id != id)
		return;
	r->id = 0;
	if ((s = session_find(p, r->session)) != NULL) {
		if (allowed == 0)
			recheck_revoke(s);
		else if (allowed == 1)
			s->revoked = 0;
	}
	(void)recheck_next(p);
}

/* The catalog has just said so, for something else. */
void
recheck_allowed(struct parent *p, uint8_t api, const char *principal,
    const char *sandbox)
{
	struct session	*s;

	TAILQ_FOREACH(s, &p->by_age, entry)
		if (s->revoked && s->api == api &&
		    strcmp(s->principal, principal) == 0 &&
		    strcmp(s->worker->sandbox, sandbox) == 0)
			s->revoked = 0;
}

/* That session is about to be forgotten. */
void
recheck_forget(struct parent *p, struct session *s)
{
	if (p->recheck_next == s)
		p->recheck_next = TAILQ_NEXT(s, entry);
}

static void
recheck_revoke(struct session *s)
{
	struct parent	*p;
	struct viewer	*v;
	struct imsg	 im;

	p = s->worker->p;
	if (!s->revoked)
		log_info("session %s: its principal may no longer attach",
		    s->id);
	s->revoked = 1;
	RB_FOREACH(v, viewers, &p->viewers) {
		if (v->session != s)
			continue;
		imsg_init(&im, IMSG_DETACH, 0);
		im.m.detach.viewer = v->number;
		im.m.detach.reason = LEAVE_REVOKED;
		(void)kid_send(s->worker->kid, &im);
	}
}
