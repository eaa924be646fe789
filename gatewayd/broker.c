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
#include "parent_part.h"

/*
 * The catalog has decided that a principal may do something; here that
 * becomes a grant: random bits that one worker takes from one channel.
 */

/* How long a grant is good for: seconds. */
#define TTL_STREAM	10
#define TTL_CALL	60
#define TTL_MAX		3600

/* Workers of one sandbox that a list is made of; the oldest go first. */
#define LIST_WORKERS_MAX 64

#define NIL_UUID	"00000000-0000-0000-0000-000000000000"

/* What a frontend has asked for, and may have. */
struct wish {
	struct kid	*frontend;
	uint32_t	 id;
	uint16_t	 action;
	uint8_t		 mode;
	int		 fresh;		/* the session is made for it */
	const uint8_t	*hash;		/* of a call */
	uint32_t	 ticket;
};

static int	 broker_room(struct parent *, const char *, const char *);
static void	 broker_evict(struct session *);
static int	 broker_target(const struct target *);
static void	 broker_refuse(struct kid *, uint32_t, uint8_t);
static void	 broker_deny(struct parent *, struct kid *, uint32_t, uint8_t,
		    uint16_t, const char *, const char *, const char *);
static int	 broker_grant(struct session *, const struct wish *);
static int	 broker_send(struct worker *, struct kid *, struct imsg *,
		    struct imsg *);
static uint32_t	 broker_ttl(uint16_t, uint32_t);
static struct session *broker_session_new(struct parent *, struct imsg *,
		    struct kid *, uint8_t *);
static struct session *broker_named(struct parent *,
		    const struct msg_grant_open *);
static int	 broker_join(struct session *, const struct wish *);
static int	 broker_granted(const struct session *, uint16_t);
static int	 broker_ticket(struct session *, const struct imsg *,
		    struct kid *);
static int	 broker_list_has(struct parent *, const struct worker *,
		    const struct msg_grant_list *);
static int	 broker_list_grant(struct worker *, struct kid *,
		    const struct imsg *, size_t);
static void	 broker_list_none(struct kid *, uint32_t, size_t);

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
 * A stream's grant is used soon, and once.  What comes after an open has to
 * wait for it first.
 */
static uint32_t
broker_ttl(uint16_t actions, uint32_t open_time)
{
	uint32_t	 ttl;

	ttl = actions & ACTION_CALLS ? TTL_CALL : TTL_STREAM;
	if (open_time + TTL_STREAM > ttl && actions != ACTION_OPEN)
		ttl = open_time + TTL_STREAM;
	return (ttl > TTL_MAX ? TTL_MAX : ttl);
}

/*
 * Give the worker the grant, and then the frontend: whatever the frontend
 * does with it, the worker has it in its queue by then.
 */
static int
broker_send(struct worker *w, struct kid *frontend, struct imsg *im,
    struct imsg *answer)
{
	if (worker_link(w, frontend) == -1)
		return (-1);
	arc4random_buf(im->m.grant.grant, sizeof(im->m.grant.grant));
	im->m.grant.channel = frontend->number;
	memcpy(answer->m.granted.grant, im->m.grant.grant,
	    sizeof(answer->m.granted.grant));
	answer->m.granted.worker = w->kid->number;
	strlcpy(answer->m.granted.session, im->m.grant.session,
	    sizeof(answer->m.granted.session));
	if (kid_send(w->kid, im) == -1)
		return (-1);
	w->p->n_grants++;
	return (kid_send(frontend, answer));
}

/* While it starts, whoever may be the first to come may open it. */
static int
broker_grant(struct session *s, const struct wish *wish)
{
	struct parent	*p;
	struct imsg	 im, answer;

	p = s->worker->p;
	imsg_init(&im, IMSG_GRANT, 0);
	imsg_init(&answer, IMSG_GRANTED, wish->id);
	im.m.grant.actions = wish->action;
	if (s->state == SESSION_STARTING && wish->action & ACTION_JOINS) {
		im.m.grant.actions |= ACTION_OPEN;
		answer.m.granted.open_time = config_open_time(p->conf,
		    s->worker->target.upstream);
	}
	if (im.m.grant.actions & ACTION_OPEN && !wish->fresh)
		s->shared = 1;
	answer.m.granted.fresh = wish->fresh != 0;
	im.m.grant.mode = wish->mode;
	im.m.grant.api = s->api;
	im.m.grant.dialect = s->kind;
	im.m.grant.ttl = broker_ttl(im.m.grant.actions,
	    answer.m.granted.open_time);
	if (wish->action == ACTION_ATTACH) {
		if (++p->viewer_seq == 0)
			p->viewer_seq++;
		im.m.grant.viewer = p->viewer_seq;
		im.m.grant.ticket = wish->ticket;
	}
	strlcpy(im.m.grant.session, s->id, sizeof(im.m.grant.session));
	strlcpy(im.m.grant.name, s->name, sizeof(im.m.grant.name));
	if (wish->action & ACTION_CALLS && wish->hash != NULL)
		memcpy(im.m.grant.hash, wish->hash, sizeof(im.m.grant.hash));
	strlcpy(im.m.grant.principal, s->principal,
	    sizeof(im.m.grant.principal));
	if (wish->action == ACTION_ATTACH) {
		s->attaches++;
		s->expected = util_now() + im.m.grant.ttl;
	}
	return (broker_send(s->worker, wish->frontend, &im, &answer));
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
	if ((s = session_new(w, m)) == NULL) {
		log_warn("session of %s", m->sandbox);
		return (NULL);
	}
	s->record = im->blob;
	im->blob = -1;
	s->frontend = frontend->number;
	s->request = im->id;
	s->open_time = config_open_time(p->conf, m->target.upstream);
	s->stalled = p->conf->timeout_stalled;
	return (s);
}

/*
 * The session that a request by name comes to, NULL if one has to be made.
 * What its worker has said meanwhile, or that it has died, is read first: a
 * client whose session failed may be back before we know.
 */
static struct session *
broker_named(struct parent *p, const struct msg_grant_open *m)
{
	struct session	*s;

	if ((s = session_find_key(p, m)) != NULL &&
	    s->worker->kid->chan != NULL) {
		chan_drain(s->worker->kid->chan);
		s = session_find_key(p, m);
	}
	if (s != NULL && s->worker->kid->chan == NULL) {
		session_unkey(s);
		s = NULL;
	}
	return (s);
}

static int
broker_join(struct session *s, const struct wish *wish)
{
	int	 ret;

	if ((ret = broker_grant(s, wish)) == 0 || !wish->fresh)
		return (ret);
	session_free(s, LEAVE_END);
	return (-1);
}

void
broker_open(struct parent *p, struct imsg *im)
{
	const struct msg_grant_open	*m;
	struct session			*s;
	struct wish			 wish;
	uint8_t				 deny;

	m = &im->m.grant_open;
	memset(&wish, 0, sizeof(wish));
	if ((wish.frontend = slot_frontend(p, m->frontend)) == NULL)
		return;
	recheck_allowed(p, m->api, m->principal, m->sandbox);
	wish.id = im->id;
	wish.action = m->action;
	wish.mode = MODE_RW;
	wish.hash = m->hash;
	s = m->join ? broker_named(p, m) : NULL;
	if (s == NULL) {
		s = broker_session_new(p, im, wish.frontend, &deny);
		wish.fresh = s != NULL;
	}
	if (s != NULL) {
		deny = DENY_UNAVAILABLE;
		if (broker_join(s, &wish) == 0)
			return;
	}
	broker_deny(p, wish.frontend, im->id, deny, ACTION_OPEN,
	    m->principal, m->sandbox, m->address);
}

/* A session that is over answers what it was; one that starts, what it is. */
static int
broker_granted(const struct session *s, uint16_t action)
{
	return (s->state == SESSION_RUNNING || session_kept(s) ||
	    (s->state == SESSION_STARTING && action == ACTION_STATUS));
}

/* The secret is passed on to the frontend, and no worker has to do with it. */
static int
broker_ticket(struct session *s, const struct imsg *im, struct kid *frontend)
{
	struct imsg	 answer;
	int		 ret;

	imsg_init(&answer, IMSG_GRANTED, im->id);
	memcpy(answer.m.granted.grant, im->m.grant_session.secret,
	    sizeof(answer.m.granted.grant));
	strlcpy(answer.m.granted.session, s->id,
	    sizeof(answer.m.granted.session));
	ret = kid_send(frontend, &answer);
	imsg_clear(&answer);
	return (ret);
}

/*
 * An unknown session, another's and one that is about to end, or whose worker
 * has, are the same to whoever asks.
 */
void
broker_session(struct parent *p, struct imsg *im)
{
	const struct msg_grant_session	*m;
	struct session			*s;
	struct wish			 wish;
	uint8_t				 deny;

	m = &im->m.grant_session;
	memset(&wish, 0, sizeof(wish));
	if ((wish.frontend = slot_frontend(p, m->frontend)) == NULL)
		return;
	wish.id = im->id;
	wish.action = m->action;
	wish.mode = m->mode;
	wish.hash = m->hash;
	wish.ticket = m->ticket;
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
	if (s != NULL && s->worker->kid->chan != NULL &&
	    s->api == m->api && !s->revoked && broker_granted(s, m->action) &&
	    strcmp(s->principal, m->principal) == 0 &&
	    (m->sandbox[0] == '\0' ||
	    strcmp(s->worker->sandbox, m->sandbox) == 0)) {
		if ((m->action == ACTION_TICKET ?
		    broker_ticket(s, im, wish.frontend) :
		    broker_grant(s, &wish)) == 0)
			return;
		deny = DENY_UNAVAILABLE;
	}
	broker_deny(p, wish.frontend, im->id, deny, m->action, m->principal,
	    m->session, m->address);
}

static int
broker_list_has(struct parent *p, const struct worker *w,
    const struct msg_grant_list *m)
{
	struct session	*s;

	TAILQ_FOREACH(s, &p->by_age, entry)
		if (s->worker == w && s->api == m->api &&
		    s->state != SESSION_ENDING &&
		    strcmp(s->principal, m->principal) == 0)
			return (1);
	return (0);
}

static int
broker_list_grant(struct worker *w, struct kid *frontend,
    const struct imsg *im, size_t more)
{
	const struct msg_grant_list	*m;
	struct imsg			 out, answer;

	m = &im->m.grant_list;
	imsg_init(&out, IMSG_GRANT, 0);
	imsg_init(&answer, IMSG_GRANTED, im->id);
	out.m.grant.actions = ACTION_LIST;
	out.m.grant.mode = MODE_RW;
	out.m.grant.api = m->api;
	out.m.grant.dialect = m->api == API_TERMINAL ? DIALECT_TERMINAL :
	    DIALECT_TTY;
	out.m.grant.ttl = TTL_CALL;
	strlcpy(out.m.grant.session, NIL_UUID, sizeof(out.m.grant.session));
	memcpy(out.m.grant.hash, m->hash, sizeof(out.m.grant.hash));
	strlcpy(out.m.grant.principal, m->principal,
	    sizeof(out.m.grant.principal));
	answer.m.granted.more = (uint8_t)more;
	return (broker_send(w, frontend, &out, &answer));
}

/* None in the place of one, or none at all. */
static void
broker_list_none(struct kid *frontend, uint32_t id, size_t more)
{
	struct imsg	 im;

	imsg_init(&im, IMSG_GRANTED, id);
	im.m.granted.more = (uint8_t)more;
	strlcpy(im.m.granted.session, NIL_UUID, sizeof(im.m.granted.session));
	(void)kid_send(frontend, &im);
}

/*
 * Sessions of one sandbox are spread over workers while versions of its
 * record change: a grant for each that has some of this principal's.
 */
void
broker_list(struct parent *p, struct imsg *im)
{
	const struct msg_grant_list	*m;
	struct worker			*w, *found[LIST_WORKERS_MAX];
	struct kid			*frontend;
	size_t				 i, n;

	m = &im->m.grant_list;
	if ((frontend = slot_frontend(p, m->frontend)) == NULL)
		return;
	recheck_allowed(p, m->api, m->principal, m->sandbox);
	n = 0;
	TAILQ_FOREACH(w, &p->workers, entry)
		if (n < nitems(found) && w->kid->chan != NULL &&
		    strcmp(w->sandbox, m->sandbox) == 0 &&
		    broker_list_has(p, w, m))
			found[n++] = w;
	/* One that has just died has nothing to list, but is counted. */
	for (i = 0; i < n; i++)
		if (broker_list_grant(found[i], frontend, im,
		    n - i - 1) == -1)
			broker_list_none(frontend, im->id, n - i - 1);
	if (n == 0)
		broker_list_none(frontend, im->id, 0);
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
	struct wish	 wish;

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
	memset(&wish, 0, sizeof(wish));
	wish.frontend = frontend;
	wish.id = s->request;
	wish.action = ACTION_OPEN;
	wish.mode = MODE_RW;
	wish.fresh = 1;
	if (broker_grant(s, &wish) == -1) {
		broker_refuse(frontend, s->request, DENY_UNAVAILABLE);
		session_free(s, LEAVE_END);
	}
}

/*
 * Its channels to the workers are gone, and so is every client that waits
 * for a session by way of it: nobody will hear of what is not up yet.  But
 * where one was to be attached its socket may be the worker's by now.
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
		if (s->state == SESSION_STARTING && s->frontend == number &&
		    !s->shared && s->nviewers == 0 && s->attaches == 0)
			(void)session_kill(s, END_FAILED);
}
