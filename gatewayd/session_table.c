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
#include <unistd.h>

#include "log.h"
#include "parent_part.h"
#include "session_table.h"
#include "util.h"

static int	 session_cmp(struct session *, struct session *);
static int	 session_key_cmp(struct session *, struct session *);
static int	 session_counts(const struct session *);
static uint8_t	 session_over(uint8_t);
static void	 viewer_ticket(const struct viewer *, uint16_t);
static int	 viewer_cmp(struct viewer *, struct viewer *);

RB_GENERATE(sessions, session, by_id, session_cmp)
RB_GENERATE(session_keys, session, by_key, session_key_cmp)
RB_GENERATE(viewers, viewer, by_number, viewer_cmp)

static int
session_cmp(struct session *a, struct session *b)
{
	return (memcmp(a->id, b->id, WIRE_UUID_LEN));
}

static int
session_key_cmp(struct session *a, struct session *b)
{
	int	 r;

	if (a->api != b->api)
		return (a->api < b->api ? -1 : 1);
	if ((r = strcmp(a->worker->sandbox, b->worker->sandbox)) != 0 ||
	    (r = strcmp(a->principal, b->principal)) != 0)
		return (r);
	return (strcmp(a->name, b->name));
}

static int
viewer_cmp(struct viewer *a, struct viewer *b)
{
	uint32_t	 x, y;

	/* A worker can spoil the numbers of its own viewers only. */
	x = a->session->worker->kid->number;
	y = b->session->worker->kid->number;
	if (a->number != b->number)
		return (a->number < b->number ? -1 : 1);
	return (x < y ? -1 : x > y);
}

struct session *
session_new(struct worker *w, const struct msg_grant_open *m)
{
	struct session	*s;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return (NULL);
	if ((s->principal = strdup(m->principal)) == NULL ||
	    (s->name = strdup(m->name)) == NULL) {
		free(s->principal);
		free(s);
		return (NULL);
	}
	s->worker = w;
	s->api = m->api;
	s->kind = m->dialect;
	s->join = m->join;
	s->state = SESSION_STARTING;
	s->record = -1;
	s->started = s->detached = util_now();
	s->serial = ++w->p->session_seq;
	util_uuid(s->id);
	RB_INSERT(sessions, &w->p->sessions, s);
	if (s->join)
		s->keyed = RB_INSERT(session_keys, &w->p->session_keys,
		    s) == NULL;
	TAILQ_INSERT_TAIL(&w->p->by_age, s, entry);
	w->nsessions++;
	return (s);
}

void
session_free(struct session *s, uint8_t reason)
{
	struct parent	*p;
	struct viewer	*v, *next;

	p = s->worker->p;
	if (s->nviewers > 0)
		RB_FOREACH_SAFE(v, viewers, &p->viewers, next)
			if (v->session == s)
				viewer_down(v, reason);
	if (s->terminal != NULL)
		terminal_hangup(s);
	if (s->record != -1)
		close(s->record);
	s->worker->nsessions--;
	session_let_go(s);
	recheck_forget(p, s);
	session_unkey(s);
	RB_REMOVE(sessions, &p->sessions, s);
	TAILQ_REMOVE(&p->by_age, s, entry);
	free(s->principal);
	free(s->name);
	free(s);
	parent_check_drained(p);
}

void
session_unkey(struct session *s)
{
	if (s->keyed)
		RB_REMOVE(session_keys, &s->worker->p->session_keys, s);
	s->keyed = 0;
}

static uint8_t
session_over(uint8_t reason)
{
	return (reason == END_LOST ? SESSION_LOST :
	    reason == END_FAILED ? SESSION_FAILED : SESSION_EXITED);
}

int
session_kept(const struct session *s)
{
	return (s->state == SESSION_EXITED || s->state == SESSION_LOST);
}

void
session_exited(struct session *s, uint8_t reason)
{
	session_unkey(s);
	s->state = session_over(reason);
	s->exited = util_now();
	s->counted = 1;
	s->worker->nkept++;
	parent_check_drained(s->worker->p);
}

void
session_let_go(struct session *s)
{
	if (s->counted)
		s->worker->nkept--;
	s->counted = 0;
}

/* The oldest makes room: nobody asks for a minute that was so busy. */
void
session_ended(struct session *s, uint8_t reason)
{
	struct parent	*p;
	struct ended	*e;

	p = s->worker->p;
	/* All the time that it was kept it was shown. */
	if (s->exited != 0 && util_now() - s->exited >= SESSION_KEPT_TIME)
		return;
	e = &p->ended[p->ended_next++ % ENDED_MAX];
	free(e->principal);
	if ((e->principal = strdup(s->principal)) == NULL)
		return;
	memcpy(e->id, s->id, sizeof(e->id));
	strlcpy(e->sandbox, s->worker->sandbox, sizeof(e->sandbox));
	strlcpy(e->name, s->name, sizeof(e->name));
	e->state = session_kept(s) ? (uint8_t)s->state : session_over(reason);
	e->when = s->exited != 0 ? s->exited : util_now();
}

int
session_kill(struct session *s, uint8_t reason)
{
	struct imsg	 im;

	session_unkey(s);
	if (s->state != SESSION_ENDING) {
		s->state = SESSION_ENDING;
		s->ending = util_now();
	}
	imsg_init(&im, IMSG_KILL, 0);
	strlcpy(im.m.session_end.session, s->id,
	    sizeof(im.m.session_end.session));
	im.m.session_end.reason = reason;
	im.m.session_end.how = EXIT_UNKNOWN;
	return (kid_send(s->worker->kid, &im));
}

struct session *
session_find(struct parent *p, const char *id)
{
	struct session	 find;

	memcpy(find.id, id, sizeof(find.id));
	return (RB_FIND(sessions, &p->sessions, &find));
}

/* The key is compared as far as session_key_cmp() looks. */
struct session *
session_find_key(struct parent *p, const struct msg_grant_open *m)
{
	struct session	 find;
	struct worker	 w;

	strlcpy(w.sandbox, m->sandbox, sizeof(w.sandbox));
	find.worker = &w;
	find.api = m->api;
	find.principal = (char *)(uintptr_t)m->principal;
	find.name = (char *)(uintptr_t)m->name;
	return (RB_FIND(session_keys, &p->session_keys, &find));
}

/* One whose worker is gone is as good as over, and takes no place. */
static int
session_counts(const struct session *s)
{
	return ((s->state == SESSION_STARTING ||
	    s->state == SESSION_RUNNING) && s->worker->kid->chan != NULL);
}

uint32_t
session_count_sandbox(struct parent *p, const char *sandbox)
{
	struct session	*s;
	uint32_t	 n;

	n = 0;
	TAILQ_FOREACH(s, &p->by_age, entry)
		if (session_counts(s) &&
		    strcmp(s->worker->sandbox, sandbox) == 0)
			n++;
	return (n);
}

uint32_t
session_count_principal(struct parent *p, const char *principal)
{
	struct session	*s;
	uint32_t	 n;

	n = 0;
	TAILQ_FOREACH(s, &p->by_age, entry)
		if (session_counts(s) &&
		    strcmp(s->principal, principal) == 0)
			n++;
	return (n);
}

struct session *
session_oldest_detached(struct parent *p, const char *sandbox,
    const char *principal)
{
	struct session	*s, *oldest;

	oldest = NULL;
	TAILQ_FOREACH(s, &p->by_age, entry) {
		/* One that was never attached is about to be. */
		if (s->state != SESSION_RUNNING || !session_counts(s) ||
		    s->nviewers > 0 || !s->was_attached || s->name[0] != '\0')
			continue;
		/* So is one whose client has its grant. */
		if (s->attaches > 0 && s->expected > util_now())
			continue;
		if (sandbox != NULL ?
		    strcmp(s->worker->sandbox, sandbox) != 0 :
		    strcmp(s->principal, principal) != 0)
			continue;
		if (oldest == NULL || s->detached < oldest->detached)
			oldest = s;
	}
	return (oldest);
}

struct viewer *
viewer_find(struct worker *w, uint32_t number)
{
	struct session	 session;
	struct viewer	 find;

	session.worker = w;
	find.session = &session;
	find.number = number;
	return (RB_FIND(viewers, &w->p->viewers, &find));
}

int
viewer_up(struct session *s, const struct msg_viewer_up *m)
{
	struct parent	*p;
	struct viewer	*v;

	p = s->worker->p;
	/* Each line of the audit log has a grant, so nobody can flood it. */
	if (s->attaches == 0 || viewer_find(s->worker, m->viewer) != NULL)
		return (-1);
	s->attaches--;
	if ((v = calloc(1, sizeof(*v))) == NULL) {
		log_warn("viewer %u of %s is not recorded", m->viewer,
		    s->worker->sandbox);
		return (0);
	}
	v->number = m->viewer;
	v->session = s;
	v->dialect = m->dialect;
	v->transport = m->transport;
	v->mode = m->mode;
	v->ticket = m->ticket;
	v->since = util_now();
	strlcpy(v->address, m->address, sizeof(v->address));
	RB_INSERT(viewers, &p->viewers, v);
	s->nviewers++;
	s->was_attached = 1;
	audit_attach(p, v);
	viewer_ticket(v, IMSG_TICKET_UP);
	return (0);
}

/* A stream that came with a ticket may come back with it. */
static void
viewer_ticket(const struct viewer *v, uint16_t type)
{
	struct imsg	 im;
	struct kid	*catalog;

	catalog = slot_kid(v->session->worker->p, ROLE_CATALOG);
	if (v->ticket == 0 || !kid_up(catalog))
		return;
	imsg_init(&im, type, 0);
	im.m.ticket_use.ticket = v->ticket;
	strlcpy(im.m.ticket_use.session, v->session->id,
	    sizeof(im.m.ticket_use.session));
	(void)kid_send(catalog, &im);
}

void
viewer_down(struct viewer *v, uint8_t reason)
{
	struct session	*s;
	struct parent	*p;

	s = v->session;
	p = s->worker->p;
	audit_detach(p, v, reason);
	viewer_ticket(v, IMSG_TICKET_DOWN);
	s->nviewers--;
	s->detached = util_now();
	RB_REMOVE(viewers, &p->viewers, v);
	free(v);
}
