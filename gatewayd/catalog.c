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
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>

#include "catalog.h"
#include "catalog_conf.h"
#include "chan.h"
#include "child.h"
#include "compose.h"
#include "log.h"
#include "staging.h"
#include "ticket.h"
#include "token.h"
#include "util.h"
#include "wire.h"

/*
 * gatewayd-catalog decides who may do what.  It alone has the secrets that
 * tokens are made with, and the records; it never has a client's socket or
 * a seal key.
 *
 * Its peers: the parent, which configures it, gets GRANT_OPEN, GRANT_SESSION
 * and GRANT_LIST for what it has allowed, asks RECHECK, brings LEARN from a
 * worker that has met a new host key, and says what becomes of a stream that
 * came with a ticket; and every frontend, which sends AUTHORIZE and gets
 * DENIED or TICKET, or through the parent GRANTED.  A frontend may be in the
 * hands of an attacker: nothing it says counts but the token, which is
 * verified here from the start, or the ticket, which was made here.
 */

/* Frontends at a time; their number is configured and far lower. */
#define FRONTENDS_MAX	256

/* Questions that wait for the back end; it is slow when there are more. */
#define REQUESTS_MAX	4096

/* Lines of refusals for the audit log: this many in a second. */
#define DENIALS_MAX	200

struct frontend {
	TAILQ_ENTRY(frontend)	 entry;
	uint32_t		 number;
	struct chan		*chan;
};
TAILQ_HEAD(frontends, frontend);

/* An AUTHORIZE for a sandbox, a RECHECK or a LEARN under way. */
struct request {
	TAILQ_ENTRY(request)	 entry;
	struct catalog_query	 q;
	uint32_t		 frontend;	/* number; 0: the parent */
	uint32_t		 id;
	uint8_t			 api;
	uint8_t			 dialect;
	uint16_t		 action;
	uint8_t			 join;
	uint8_t			 mode;
	char			 name[SESSION_NAME_MAX + 1];
	uint8_t			 hash[HASH_LEN];
	char			 address[ADDRESS_MAX + 1];
	struct msg_learn	 learn;
};
TAILQ_HEAD(requests, request);

static struct catalog {
	struct event_base	*base;
	struct chan		*parent;
	uint16_t		 state;		/* MS_SETUP, MS_RUN */
	struct frontends	 frontends;
	size_t			 nfrontends;
	struct requests		 requests;
	size_t			 nrequests;
	struct tickets		*tickets;
	const struct catalog_ops *ops;
	struct catalog_conf	*conf;		/* in force, or NULL */
	struct staging		 staging;	/* of the next */
	struct util_ration	 denials;
} catalog;

static void	 catalog_free(void);
static void	 catalog_dispatch_parent(struct chan *, struct imsg *, void *);
static void	*stage_begin(void);
static void	 stage_add(void *, struct imsg *);
static const char *stage_check(void *);
static void	 stage_free(void *);
static void	 stage_use(void *);
static void	 catalog_start(void);
static void	 catalog_channel(struct imsg *);
static void	 catalog_recheck(const struct imsg *);
static void	 recheck_done(struct catalog_query *, enum catalog_answer,
		    struct catalog_found *);
static void	 catalog_learn(const struct imsg *);
static void	 learn_done(struct catalog_query *, enum catalog_answer,
		    struct catalog_found *);
static void	 learn_answer(uint32_t, int);

static struct frontend
		*frontend_find(uint32_t);
static void	 frontend_free(struct frontend *);
static void	 frontend_closed(struct chan *, const char *, void *);
static void	 catalog_dispatch_frontend(struct chan *, struct imsg *,
		    void *);

static int	 authorize_valid(const struct msg_authorize *);
static int	 names_sandbox(const struct msg_authorize *);
static uint16_t	 denied_action(uint16_t, int);
static void	 authorize(struct frontend *, const struct imsg *);
static uint8_t	 authorize_ticket(const struct msg_authorize *,
		    struct token_claims *, struct ticket_use *);
static uint8_t	 authorize_token(const struct msg_authorize *,
		    struct token_claims *);
static void	 authorize_sandbox(struct frontend *, const struct imsg *,
		    const struct token_claims *);
static uint8_t	 authorize_session(struct frontend *, const struct imsg *,
		    const struct token_claims *, const struct ticket_use *);
static uint8_t	 mint(const struct ticket_want *, uint8_t *);
static void	 deny(uint32_t, uint32_t, uint8_t, uint16_t, const char *,
		    const char *, const char *);
static void	 denial_report(uint8_t, uint16_t, const char *, const char *,
		    const char *);

static struct request
		*request_new(const char *, const char *);
static struct request
		*request_of(struct catalog_query *);
static void	 request_free(struct request *);
static void	 open_done(struct catalog_query *, enum catalog_answer,
		    struct catalog_found *);
static int	 open_grant(struct request *, struct catalog_found *);
static void	 list_done(struct catalog_query *, enum catalog_answer,
		    struct catalog_found *);
static uint8_t	 list_grant(struct request *);
static uint8_t	 ticket_grant(struct request *);

static const struct staging_ops	 staging_ops = {
	stage_begin, stage_add, stage_check, stage_free, stage_use
};

int
main(void)
{
	struct msg_setup	 setup;

	util_batch();
	/* A file at its limit is an error of write(2), not our end. */
	if (signal(SIGXFSZ, SIG_IGN) == SIG_ERR)
		fatal("signal");
	child_start(ROLE_CATALOG, &setup);
	tzset();
	if (token_init() == -1)
		fatalx("the libraries for tokens do not work");
	TAILQ_INIT(&catalog.frontends);
	TAILQ_INIT(&catalog.requests);
	if ((catalog.tickets = tickets_new()) == NULL)
		fatal("tickets");
	catalog.ops = &catalog_static;
	catalog.state = MS_SETUP;
	if ((catalog.base = event_base_new()) == NULL)
		fatalx("cannot make an event loop");
	catalog.parent = child_channel(catalog.base, &parent_to_catalog,
	    &catalog_to_parent, catalog_dispatch_parent, NULL);
	staging_init(&catalog.staging, &staging_ops, catalog.parent);
	event_base_dispatch(catalog.base);
	catalog_free();
	return (0);
}

static void
catalog_free(void)
{
	struct frontend	*f;
	struct request	*r;

	while ((r = TAILQ_FIRST(&catalog.requests)) != NULL) {
		catalog.ops->cancel(&r->q);
		request_free(r);
	}
	while ((f = TAILQ_FIRST(&catalog.frontends)) != NULL)
		frontend_free(f);
	chan_free(catalog.parent);
	tickets_free(catalog.tickets);
	staging_free(&catalog.staging);
	catalog_conf_free(catalog.conf);
	event_base_free(catalog.base);
}

/* The parent is trusted: what it should not say is a bug, and ends us. */
static void
catalog_dispatch_parent(struct chan *c UNUSED, struct imsg *im,
    void *arg UNUSED)
{
	switch (im->type) {
	case IMSG_VERBOSE:
		log_setverbose(im->m.verbose.verbose);
		break;
	case IMSG_START:
		catalog_start();
		break;
	case IMSG_STOP:
		(void)event_base_loopbreak(catalog.base);
		break;
	case IMSG_CHANNEL:
		catalog_channel(im);
		break;
	case IMSG_RECHECK:
		catalog_recheck(im);
		break;
	case IMSG_LEARN:
		catalog_learn(im);
		break;
	case IMSG_TICKET_UP:
		ticket_up(catalog.tickets, &im->m.ticket_use);
		break;
	case IMSG_TICKET_DOWN:
		ticket_down(catalog.tickets, &im->m.ticket_use, util_now());
		break;
	default:
		staging_take(&catalog.staging, im);
		break;
	}
}

static void *
stage_begin(void)
{
	return (catalog_conf_new());
}

static void
stage_add(void *arg, struct imsg *im)
{
	struct catalog_conf	*conf;

	conf = arg;
	switch (im->type) {
	case IMSG_CONF_API:
		catalog_conf_api(conf, &im->m.conf_api);
		break;
	case IMSG_CONF_KEY:
		catalog_conf_key(conf, &im->m.conf_key, im->fd);
		break;
	case IMSG_CONF_CATALOG:
		catalog_conf_catalog(conf, &im->m.conf_catalog);
		break;
	case IMSG_CONF_KNOWN:
		catalog_conf_known(conf, im->fd);
		break;
	case IMSG_CONF_LEARNED:
		catalog_conf_learned(conf, im->fd);
		break;
	case IMSG_CONF_SANDBOX:
		catalog_conf_sandbox(conf, &im->m.conf_sandbox, im->blob);
		break;
	case IMSG_CONF_OWNER:
		catalog_conf_owner(conf, &im->m.conf_owner);
		break;
	default:
		fatalx("unexpected %s", msg_name(im->type));
	}
}

static const char *
stage_check(void *arg)
{
	struct catalog_conf	*conf;

	conf = arg;
	return (catalog_conf_check(conf) == -1 ? conf->why : NULL);
}

static void
stage_free(void *conf)
{
	catalog_conf_free(conf);
}

static void
stage_use(void *conf)
{
	catalog_conf_free(catalog.conf);
	catalog.conf = conf;
	static_use(catalog.conf->records);
	token_cache_flush();
}

static void
catalog_start(void)
{
	if (catalog.conf == NULL)
		fatalx("started without a configuration");
	catalog.state = MS_RUN;
	child_ready(catalog.parent, SANDBOX_CATALOG);
}

static void
catalog_channel(struct imsg *im)
{
	struct frontend	*f;

	if (im->m.channel.role != ROLE_FRONTEND)
		fatalx("channel to a process that does not talk to us");
	if (catalog.nfrontends == FRONTENDS_MAX) {
		log_warnx("more than %d frontends", FRONTENDS_MAX);
		return;
	}
	if ((f = calloc(1, sizeof(*f))) == NULL ||
	    (f->chan = chan_new(catalog.base, im->fd, &frontend_to_catalog,
	    &catalog_to_frontend, catalog_dispatch_frontend, frontend_closed,
	    f)) == NULL) {
		log_warn("channel of frontend %u", im->m.channel.number);
		free(f);
		return;
	}
	im->fd = -1;
	f->number = im->m.channel.number;
	chan_set_state(f->chan, MS_RUN);
	TAILQ_INSERT_TAIL(&catalog.frontends, f, entry);
	catalog.nfrontends++;
}

/*
 * An API that has no block any more lets nobody stay, as it lets nobody
 * come back.
 */
static void
catalog_recheck(const struct imsg *im)
{
	struct request	*r;

	if (!catalog.conf->apis[im->m.recheck.api].configured) {
		(void)chan_send_empty(catalog.parent, IMSG_RECHECK_FAIL,
		    im->id);
		return;
	}
	if ((r = request_new(im->m.recheck.principal,
	    im->m.recheck.sandbox)) == NULL) {
		(void)chan_send_empty(catalog.parent, IMSG_RECHECK_LATER,
		    im->id);
		return;
	}
	r->id = im->id;
	r->api = im->m.recheck.api;
	r->q.done = recheck_done;
	catalog.ops->lookup(&r->q);
}

/* LATER changes nothing; so does an answer that could not be sent. */
static void
recheck_done(struct catalog_query *q, enum catalog_answer answer,
    struct catalog_found *found UNUSED)
{
	struct request	*r;
	uint16_t	 type;

	r = request_of(q);
	type = IMSG_RECHECK_LATER;
	if (answer == CATALOG_YES)
		type = IMSG_RECHECK_OK;
	else if (answer == CATALOG_NO)
		type = IMSG_RECHECK_FAIL;
	if (chan_send_empty(catalog.parent, type, r->id) == -1)
		log_warn("recheck");
	request_free(r);
}

/*
 * The parent vouches for what it says of the worker; whether keys are
 * learned for that record is asked where the records are.
 */
static void
catalog_learn(const struct imsg *im)
{
	struct request	*r;

	if ((r = request_new("", im->m.learn.sandbox)) == NULL) {
		learn_answer(im->id, LEARN_STORE);
		return;
	}
	r->id = im->id;
	r->learn = im->m.learn;
	r->q.want_record = 1;
	r->q.done = learn_done;
	catalog.ops->describe(&r->q);
}

static void
learn_done(struct catalog_query *q, enum catalog_answer answer,
    struct catalog_found *found)
{
	struct request	*r;
	int		 error;

	r = request_of(q);
	error = answer == CATALOG_NO ? LEARN_REFUSED : LEARN_STORE;
	if (answer == CATALOG_YES)
		error = compose_learn(&catalog.conf->compose, &r->learn,
		    found);
	learn_answer(r->id, error);
	request_free(r);
}

/* 0 or LEARN_*.  A worker that gets no answer gives up by itself. */
static void
learn_answer(uint32_t id, int error)
{
	struct imsg	 im;

	imsg_init(&im, IMSG_LEARN_OK, id);
	if (error != 0) {
		im.type = IMSG_LEARN_FAIL;
		im.m.learn_fail.reason = (uint8_t)error;
	}
	if (chan_send(catalog.parent, &im) == -1)
		log_warn("learn");
}

static struct frontend *
frontend_find(uint32_t number)
{
	struct frontend	*f;

	TAILQ_FOREACH(f, &catalog.frontends, entry)
		if (f->number == number)
			return (f);
	return (NULL);
}

static void
frontend_free(struct frontend *f)
{
	TAILQ_REMOVE(&catalog.frontends, f, entry);
	catalog.nfrontends--;
	chan_free(f->chan);
	free(f);
}

static void
frontend_closed(struct chan *c UNUSED, const char *why, void *arg)
{
	struct frontend	*f;

	f = arg;
	if (why != NULL)
		log_warnx("frontend %u: %s, channel closed", f->number, why);
	frontend_free(f);
}

static void
catalog_dispatch_frontend(struct chan *c, struct imsg *im, void *arg)
{
	/* The table lets nothing else through. */
	if (!authorize_valid(&im->m.authorize))
		frontend_closed(c, "malformed question", arg);
	else
		authorize(arg, im);
}

/*
 * What fits together.  A session of ssh is never joined, and one of the
 * native API only by a name; a ticket is good to attach with.
 */
static int
authorize_valid(const struct msg_authorize *m)
{
	if (m->join && (!(m->action & ACTION_JOINS) ||
	    m->dialect == DIALECT_SSH ||
	    (m->dialect == DIALECT_TERMINAL && m->name[0] == '\0')))
		return (0);
	if (m->name[0] != '\0' && (!m->join ||
	    !wire_name_valid(m->name, strlen(m->name), SESSION_NAME_MAX)))
		return (0);
	if ((m->join || m->action == ACTION_OPEN) &&
	    (m->api == API_TERMINAL) != (m->dialect == DIALECT_TERMINAL))
		return (0);
	if (m->cred == CRED_TICKET && (m->action != ACTION_ATTACH || m->join))
		return (0);
	return ((!m->whole || m->action == ACTION_TICKET) &&
	    (!m->stream || m->action == ACTION_ATTACH));
}

static int
names_sandbox(const struct msg_authorize *m)
{
	return (m->action == ACTION_OPEN || m->action == ACTION_LIST ||
	    m->join || m->whole);
}

/* For the log: what is turned away where the object is a sandbox. */
static uint16_t
denied_action(uint16_t action, int sandbox)
{
	return (sandbox && action != ACTION_LIST ? ACTION_OPEN : action);
}

static void
authorize(struct frontend *f, const struct imsg *im)
{
	const struct msg_authorize	*m;
	struct token_claims		 claims;
	struct ticket_use		 use;
	uint8_t				 reason;

	m = &im->m.authorize;
	memset(&use, 0, sizeof(use));
	use.mode = MODE_RW;
	reason = m->cred == CRED_TICKET ?
	    authorize_ticket(m, &claims, &use) : authorize_token(m, &claims);
	if (reason == 0) {
		if (names_sandbox(m)) {
			authorize_sandbox(f, im, &claims);
			return;
		}
		reason = authorize_session(f, im, &claims, &use);
	}
	if (reason != 0)
		deny(f->number, im->id, reason, denied_action(m->action,
		    names_sandbox(m)), claims.principal, m->object,
		    m->address);
}

/* The same from a ticket, which says who it is that had a token. */
static uint8_t
authorize_ticket(const struct msg_authorize *m, struct token_claims *claims,
    struct ticket_use *use)
{
	int	 ret;

	memset(claims, 0, sizeof(*claims));
	if (catalog.conf == NULL || catalog.state != MS_RUN)
		return (DENY_UNAVAILABLE);
	if (!catalog.conf->apis[m->api].configured ||
	    !wire_uuid_valid(m->object, strlen(m->object)))
		return (DENY_TOKEN);
	ret = ticket_use(catalog.tickets, m->token, m->api, m->object,
	    m->stream, util_now(), use);
	strlcpy(claims->principal, use->principal, sizeof(claims->principal));
	return (ret == -1 ? DENY_TOKEN : 0);
}

/* 0, or why the token is not taken. */
static uint8_t
authorize_token(const struct msg_authorize *m, struct token_claims *claims)
{
	const struct catalog_api	*api;

	memset(claims, 0, sizeof(*claims));
	if (catalog.conf == NULL || catalog.state != MS_RUN)
		return (DENY_UNAVAILABLE);
	api = &catalog.conf->apis[m->api];
	if (!api->configured)
		return (DENY_TOKEN);
	switch (token_verify(api->keys, api->nkeys, &api->policy,
	    (int64_t)time(NULL), m->token, strlen(m->token), claims)) {
	case TOKEN_OK:
		return (0);
	case TOKEN_EXPIRED:
		return (DENY_EXPIRED);
	default:
		return (DENY_TOKEN);
	}
}

/* Whose session it is the parent knows, as it knows all of them. */
static uint8_t
authorize_session(struct frontend *f, const struct imsg *im,
    const struct token_claims *claims, const struct ticket_use *use)
{
	const struct msg_authorize	*m;
	struct msg_grant_session	*g;
	struct ticket_want		 want;
	struct imsg			 out;
	uint8_t				 reason;

	m = &im->m.authorize;
	if (!wire_uuid_valid(m->object, strlen(m->object)))
		return (DENY_NOT_FOUND);
	imsg_init(&out, IMSG_GRANT_SESSION, im->id);
	g = &out.m.grant_session;
	g->frontend = f->number;
	g->api = m->api;
	g->action = m->action;
	/* The lower of two rights has the higher number. */
	g->mode = use->mode > m->mode ? use->mode : m->mode;
	g->ticket = use->number;
	strlcpy(g->principal, claims->principal, sizeof(g->principal));
	strlcpy(g->session, m->object, sizeof(g->session));
	strlcpy(g->sandbox, use->sandbox, sizeof(g->sandbox));
	memcpy(g->hash, claims->hash, sizeof(g->hash));
	strlcpy(g->address, m->address, sizeof(g->address));
	if (m->action == ACTION_TICKET) {
		want.api = m->api;
		want.mode = m->mode;
		want.principal = claims->principal;
		want.session = m->object;
		want.sandbox = "";
		if ((reason = mint(&want, g->secret)) != 0)
			return (reason);
	}
	reason = 0;
	if (chan_send(catalog.parent, &out) == -1) {
		log_warn("grant");
		reason = DENY_UNAVAILABLE;
	}
	imsg_clear(&out);
	return (reason);
}

static uint8_t
mint(const struct ticket_want *want, uint8_t *secret)
{
	if (ticket_mint(catalog.tickets, want, util_now(), secret) == 0)
		return (0);
	if (errno == EAGAIN)
		return (DENY_LIMIT);
	log_warn("ticket");
	return (DENY_UNAVAILABLE);
}

/* The answer comes in open_done() or list_done(). */
static void
authorize_sandbox(struct frontend *f, const struct imsg *im,
    const struct token_claims *claims)
{
	const struct msg_authorize	*m;
	struct request			*r;

	m = &im->m.authorize;
	if ((r = request_new(claims->principal, m->object)) == NULL) {
		deny(f->number, im->id, DENY_UNAVAILABLE,
		    denied_action(m->action, 1), claims->principal,
		    m->object, m->address);
		return;
	}
	r->frontend = f->number;
	r->id = im->id;
	r->api = m->api;
	r->dialect = m->dialect;
	r->action = m->action;
	r->join = m->join;
	r->mode = m->mode;
	strlcpy(r->name, m->name, sizeof(r->name));
	memcpy(r->hash, claims->hash, sizeof(r->hash));
	strlcpy(r->address, m->address, sizeof(r->address));
	r->q.want_record = (m->action & (ACTION_LIST | ACTION_TICKET)) == 0;
	r->q.done = r->q.want_record ? open_done : list_done;
	catalog.ops->lookup(&r->q);
}

static void
open_done(struct catalog_query *q, enum catalog_answer answer,
    struct catalog_found *found)
{
	struct request	*r;
	uint8_t		 reason;

	r = request_of(q);
	reason = DENY_UNAVAILABLE;
	if (answer == CATALOG_NO)
		reason = DENY_NOT_FOUND;
	else if (answer == CATALOG_YES && compose_record(
	    &catalog.conf->compose, q->sandbox, found) == 0 &&
	    open_grant(r, found) == 0)
		reason = 0;
	if (reason != 0)
		deny(r->frontend, r->id, reason, denied_action(r->action, 1),
		    q->principal, q->sandbox, r->address);
	request_free(r);
}

static int
open_grant(struct request *r, struct catalog_found *found)
{
	struct msg_grant_open	*g;
	struct imsg		 out;

	imsg_init(&out, IMSG_GRANT_OPEN, r->id);
	g = &out.m.grant_open;
	g->frontend = r->frontend;
	g->api = r->api;
	g->dialect = r->dialect;
	g->action = r->action;
	g->join = r->join;
	strlcpy(g->principal, r->q.principal, sizeof(g->principal));
	strlcpy(g->sandbox, r->q.sandbox, sizeof(g->sandbox));
	strlcpy(g->name, r->name, sizeof(g->name));
	memcpy(g->hash, r->hash, sizeof(g->hash));
	g->target = found->target;
	g->version = found->version;
	strlcpy(g->address, r->address, sizeof(g->address));
	out.blob = found->record;
	found->record = -1;
	if (chan_send(catalog.parent, &out) == -1) {
		log_warn("grant");
		return (-1);
	}
	return (0);
}

/* A list, or a ticket for a sandbox: no record, only whether they may. */
static void
list_done(struct catalog_query *q, enum catalog_answer answer,
    struct catalog_found *found UNUSED)
{
	struct request	*r;
	uint8_t		 reason;

	r = request_of(q);
	reason = DENY_UNAVAILABLE;
	if (answer == CATALOG_NO)
		reason = DENY_NOT_FOUND;
	else if (answer == CATALOG_YES)
		reason = r->action == ACTION_LIST ? list_grant(r) :
		    ticket_grant(r);
	if (reason != 0)
		deny(r->frontend, r->id, reason, denied_action(r->action, 1),
		    q->principal, q->sandbox, r->address);
	request_free(r);
}

static uint8_t
list_grant(struct request *r)
{
	struct msg_grant_list	*g;
	struct imsg		 out;

	imsg_init(&out, IMSG_GRANT_LIST, r->id);
	g = &out.m.grant_list;
	g->frontend = r->frontend;
	g->api = r->api;
	strlcpy(g->principal, r->q.principal, sizeof(g->principal));
	strlcpy(g->sandbox, r->q.sandbox, sizeof(g->sandbox));
	memcpy(g->hash, r->hash, sizeof(g->hash));
	strlcpy(g->address, r->address, sizeof(g->address));
	if (chan_send(catalog.parent, &out) == -1) {
		log_warn("grant");
		return (DENY_UNAVAILABLE);
	}
	return (0);
}

static uint8_t
ticket_grant(struct request *r)
{
	struct ticket_want	 want;
	struct frontend		*f;
	struct imsg		 out;
	uint8_t			 reason;

	if ((f = frontend_find(r->frontend)) == NULL)
		return (0);
	want.api = r->api;
	want.mode = r->mode;
	want.principal = r->q.principal;
	want.session = "";
	want.sandbox = r->q.sandbox;
	imsg_init(&out, IMSG_TICKET, r->id);
	if ((reason = mint(&want, out.m.ticket.secret)) != 0)
		return (reason);
	if (chan_send(f->chan, &out) == -1)
		log_warn("frontend %u", r->frontend);
	imsg_clear(&out);
	return (0);
}

static void
deny(uint32_t frontend, uint32_t id, uint8_t reason, uint16_t action,
    const char *principal, const char *object, const char *address)
{
	struct frontend	*f;
	struct imsg	 im;

	denial_report(reason, action, principal, object, address);
	if ((f = frontend_find(frontend)) == NULL)
		return;
	imsg_init(&im, IMSG_DENIED, id);
	im.m.deny.reason = reason;
	/* One that does not take its answers will time out, alone. */
	if (chan_send(f->chan, &im) == -1)
		log_warn("frontend %u", frontend);
}

/* Whoever tries tokens by the thousand must not fill the log, or a queue. */
static void
denial_report(uint8_t reason, uint16_t action, const char *principal,
    const char *object, const char *address)
{
	struct msg_denial	*m;
	struct imsg		 im;
	unsigned int		 missed;
	int			 allowed;

	allowed = util_ration(&catalog.denials, DENIALS_MAX, &missed);
	if (missed > 0)
		log_info("%u denials not reported", missed);
	if (!allowed || catalog.state != MS_RUN)
		return;
	imsg_init(&im, IMSG_DENIAL, 0);
	m = &im.m.denial;
	m->reason = reason;
	m->action = action;
	strlcpy(m->principal, principal, sizeof(m->principal));
	strlcpy(m->object, object, sizeof(m->object));
	strlcpy(m->address, address, sizeof(m->address));
	if (chan_send(catalog.parent, &im) == -1)
		log_warn("denial");
}

static struct request *
request_new(const char *principal, const char *sandbox)
{
	struct request	*r;

	if (catalog.nrequests == REQUESTS_MAX) {
		log_warnx("the %s catalog does not keep up",
		    catalog.ops->name);
		return (NULL);
	}
	if ((r = calloc(1, sizeof(*r))) == NULL) {
		log_warn("request");
		return (NULL);
	}
	strlcpy(r->q.principal, principal, sizeof(r->q.principal));
	strlcpy(r->q.sandbox, sandbox, sizeof(r->q.sandbox));
	TAILQ_INSERT_TAIL(&catalog.requests, r, entry);
	catalog.nrequests++;
	return (r);
}

/* The one that a question was asked for. */
static struct request *
request_of(struct catalog_query *q)
{
	return ((struct request *)(void *)((char *)q -
	    offsetof(struct request, q)));
}

static void
request_free(struct request *r)
{
	TAILQ_REMOVE(&catalog.requests, r, entry);
	catalog.nrequests--;
	free(r);
}
