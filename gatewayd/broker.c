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

#include <string.h>
#include <unistd.h>

#include "chan.h"
#include "log.h"
#include "parent.h"

/*
 * The catalog has decided that a principal may do something; here that
 * becomes a grant: random bits that one worker takes from one channel.
 */

/* How long a grant is good for: seconds. */
#define TTL_STREAM	10
#define TTL_CALL	60

static int	 broker_room(struct parent *, const char *, const char *);
static void	 broker_evict(struct session *);
static int	 broker_target(const struct target *);
static void	 broker_refuse(struct kid *, uint32_t, uint8_t);
static void	 broker_deny(struct parent *, struct kid *, uint32_t, uint8_t,
		    uint16_t, const char *, const char *, const char *);
static int	 broker_grant(struct session *, struct kid *, uint32_t,
		    uint16_t, const uint8_t *, const char *);
static struct session *broker_session_new(struct parent *, struct imsg *,
		    struct kid *, uint8_t *);

/*
 * Make room for one more session, if need be; whether there is.  Both
 * limits are looked at before any session has to end for it.
 */
static int
broker_room(struct parent *p, const char *sandbox, const char *principal)
{
	struct session	*a, *b;
	uint32_t	 n;

	a = b = NULL;
	if (session_count_sandbox(p, sandbox) >= p->conf->sessions_sandbox &&
	    (a = session_oldest_detached(p, sandbox, NULL)) == NULL)
		return (0);
	n = session_count_principal(p, principal);
	if (a != NULL && strcmp(a->principal, principal) == 0)
		n--;
	if (n >= p->conf->sessions_principal &&
	    (b = session_oldest_detached(p, NULL, principal)) == NULL)
		return (0);
	if (a != NULL)
		broker_evict(a);
	if (b != NULL && b != a)
		broker_evict(b);
	return (1);
}

static void
broker_evict(struct session *s)
{
	log_info("session %s makes room for another", s->id);
	(void)session_kill(s, END_LIMIT);
}

static void
broker_refuse(struct kid *frontend, uint32_t id, uint8_t reason)
{
	struct imsg	 im;

	imsg_init(&im, IMSG_DENIED, id);
	im.m.deny.reason = reason;
	(void)kid_send(frontend, &im);
}

static void
broker_deny(struct parent *p, struct kid *frontend, uint32_t id,
    uint8_t reason, uint16_t action, const char *principal,
    const char *object, const char *address)
{
	struct msg_denial	 m;

	broker_refuse(frontend, id, reason);
	memset(&m, 0, sizeof(m));
	m.reason = reason;
	m.action = action;
	strlcpy(m.principal, principal, sizeof(m.principal));
	strlcpy(m.object, object, sizeof(m.object));
	strlcpy(m.address, address, sizeof(m.address));
	audit_denial(p, frontend, &m);
}

/*
 * Give the worker the grant, and then the frontend: whatever the frontend
 * does with it, the worker has it in its queue by then.
 */
static int
broker_grant(struct session *s, struct kid *frontend, uint32_t id,
    uint16_t action, const uint8_t *hash, const char *principal)
{
	struct parent	*p;
	struct imsg	 im, answer;

	p = s->worker->p;
	if (worker_link(s->worker, frontend) == -1)
		return (-1);
	imsg_init(&im, IMSG_GRANT, 0);
	arc4random_buf(im.m.grant.grant, sizeof(im.m.grant.grant));
	im.m.grant.channel = frontend->number;
	im.m.grant.actions = action;
	im.m.grant.mode = MODE_RW;
	im.m.grant.api = s->api;
	im.m.grant.dialect = DIALECT_SSH;
	im.m.grant.ttl = action & ACTION_CALLS ? TTL_CALL : TTL_STREAM;
	if (action == ACTION_ATTACH) {
		if (++p->viewer_seq == 0)
			p->viewer_seq++;
		im.m.grant.viewer = p->viewer_seq;
	}
	strlcpy(im.m.grant.session, s->id, sizeof(im.m.grant.session));
	if (hash != NULL)
		memcpy(im.m.grant.hash, hash, sizeof(im.m.grant.hash));
	strlcpy(im.m.grant.principal, principal,
	    sizeof(im.m.grant.principal));

	imsg_init(&answer, IMSG_GRANTED, id);
	memcpy(answer.m.granted.grant, im.m.grant.grant,
	    sizeof(answer.m.granted.grant));
	answer.m.granted.worker = s->worker->kid->number;
	answer.m.granted.fresh = action == ACTION_OPEN;
	if (action == ACTION_OPEN)
		answer.m.granted.open_time = config_open_time(p->conf,
		    s->worker->target.upstream);
	strlcpy(answer.m.granted.session, s->id,
	    sizeof(answer.m.granted.session));
	if (kid_send(s->worker->kid, &im) == -1)
		return (-1);
	p->n_grants++;
	if (action == ACTION_ATTACH)
		s->attaches++;
	return (kid_send(frontend, &answer));
}

/* A pty reaches no host, and for what reaches one no user is entered. */
static int
broker_target(const struct target *t)
{
	if (t->upstream == UPSTREAM_PTY)
		return (t->host[0] == '\0' && t->port == 0);
	return (t->host[0] != '\0' && t->port != 0 && t->user[0] == '\0');
}

static struct session *
broker_session_new(struct parent *p, struct imsg *im, struct kid *frontend,
    uint8_t *deny)
{
	const struct msg_grant_open	*m;
	struct session			*s;
	struct worker			*w;

	m = &im->m.grant_open;
	*deny = DENY_DRAINING;
	if (p->draining || p->stopping)
		return (NULL);
	*deny = DENY_LIMIT;
	if (!broker_room(p, m->sandbox, m->principal))
		return (NULL);
	*deny = DENY_UNAVAILABLE;
	if (!broker_target(&m->target)) {
		log_warnx("sandbox %s: the catalog names no usable target",
		    m->sandbox);
		return (NULL);
	}
	if ((w = worker_find(p, m->sandbox, m->version)) == NULL &&
	    (w = worker_start(p, m->sandbox, m->version, &m->target,
	    im->blob)) == NULL)
		return (NULL);
	if ((s = session_new(w, m->api, m->principal)) == NULL) {
		log_warn("session of %s", m->sandbox);
		return (NULL);
	}
	s->record = im->blob;
	im->blob = -1;
	s->frontend = frontend->number;
	s->request = im->id;
	if (broker_grant(s, frontend, im->id, ACTION_OPEN, NULL,
	    m->principal) == -1) {
		session_free(s, LEAVE_END);
		return (NULL);
	}
	return (s);
}

void
broker_open(struct parent *p, struct imsg *im)
{
	const struct msg_grant_open	*m;
	struct kid			*frontend;
	uint8_t				 deny;

	m = &im->m.grant_open;
	if ((frontend = slot_frontend(p, m->frontend)) == NULL)
		return;
	if (broker_session_new(p, im, frontend, &deny) == NULL)
		broker_deny(p, frontend, im->id, deny, ACTION_OPEN,
		    m->principal, m->sandbox, m->address);
}

/*
 * An unknown session, another's and one that is about to end are the same
 * to whoever asks.
 */
void
broker_session(struct parent *p, struct imsg *im)
{
	const struct msg_grant_session	*m;
	struct session			*s;
	struct kid			*frontend;
	uint8_t				 deny;

	m = &im->m.grant_session;
	if ((frontend = slot_frontend(p, m->frontend)) == NULL)
		return;
	deny = DENY_NOT_FOUND;
	s = session_find(p, m->session);
	/*
	 * A client hears of its new session from the frontend, and may be
	 * back before we have read the same from the worker.
	 */
	if (s != NULL && s->state == SESSION_STARTING &&
	    s->worker->kid->chan != NULL) {
		chan_drain(s->worker->kid->chan);
		s = session_find(p, m->session);
	}
	if (s != NULL && s->api == m->api && s->state == SESSION_RUNNING &&
	    strcmp(s->principal, m->principal) == 0) {
		if (broker_grant(s, frontend, im->id, m->action,
		    m->action & ACTION_CALLS ? m->hash : NULL,
		    m->principal) == 0)
			return;
		deny = DENY_UNAVAILABLE;
	}
	broker_deny(p, frontend, im->id, deny, m->action, m->principal,
	    m->session, m->address);
}

/*
 * The worker of a session that was starting has died.  It may have been on
 * its way out, or fallen over another session: grant once more.
 */
void
broker_again(struct session *s)
{
	struct parent	*p;
	struct worker	*old, *w;
	struct kid	*frontend;

	old = s->worker;
	p = old->p;
	frontend = slot_frontend(p, s->frontend);
	if (s->state != SESSION_STARTING || s->again || p->stopping ||
	    frontend == NULL ||
	    ((w = worker_find(p, old->sandbox, old->version)) == NULL &&
	    (w = worker_start(p, old->sandbox, old->version, &old->target,
	    s->record)) == NULL)) {
		/* It has sent OPEN, and shall not wait for nothing. */
		if (frontend != NULL)
			broker_refuse(frontend, s->request,
			    DENY_UNAVAILABLE);
		session_free(s, LEAVE_END);
		return;
	}
	/* What the old one had begun ends with it. */
	if (s->terminal != NULL)
		terminal_hangup(s);
	s->asked = 0;
	s->again = 1;
	old->nsessions--;
	w->nsessions++;
	s->worker = w;
	if (broker_grant(s, frontend, s->request, ACTION_OPEN, NULL,
	    s->principal) == -1) {
		broker_refuse(frontend, s->request, DENY_UNAVAILABLE);
		session_free(s, LEAVE_END);
	}
}

/*
 * Its channels to the workers are gone, and so is every client that waits
 * for a session by way of it: nobody will hear of what is not up yet.
 */
void
broker_frontend_gone(struct parent *p, uint32_t number)
{
	struct session	*s;
	struct worker	*w;

	worker_unlink(p, number, 0);
	/* What is up may have been said and not read; its client knows. */
	TAILQ_FOREACH(w, &p->workers, entry)
		if (w->kid->chan != NULL)
			chan_drain(w->kid->chan);
	TAILQ_FOREACH(s, &p->by_age, entry)
		if (s->state == SESSION_STARTING && s->frontend == number)
			(void)session_kill(s, END_FAILED);
}
