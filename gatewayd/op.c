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

#include <stddef.h>
#include <string.h>
#include <time.h>

#include <event2/event.h>

#include "ask.h"
#include "client.h"
#include "front_conf.h"
#include "frontend.h"
#include "link.h"
#include "op.h"
#include "pass.h"
#include "rate.h"
#include "request.h"
#include "route.h"
#include "token.h"
#include "util.h"
#include "wire.h"

/* Seconds until a worker must have answered. */
#define CALL_TIMEOUT	15

/*
 * A session that is about to end may do so for five seconds.  Those who mean
 * the next one of its name ask again at once, after so many milliseconds,
 * after twice that, and so on, 6.3 seconds in all.
 */
#define AGAIN_DELAY	50
#define AGAIN_MAX	8

/* Input, resize and signals of one session: so many a second. */
#define SESSION_RATE	100

/*
 * What stands for an id that cannot be one.  It is asked for like any
 * other, so that the answer, and the time it takes, are those of an id that
 * does not exist; a catalog finds it nowhere, for neither is ever given.
 */
#define NO_SANDBOX	"."
#define NO_SESSION	"00000000-0000-0000-0000-000000000000"

static enum token_result op_credential(struct op *);
static enum token_result op_ticket(struct op *, ssize_t);
static void		 op_unauthorized(struct op *, enum token_result,
			    const char *, size_t);
static const struct op_answer
			*op_answer(const struct op *, enum op_error);
static void		 op_free(struct op *);
static void		 op_cancel(void *);
static void		 op_timeout(evutil_socket_t, short, void *);
static void		 op_ask(struct op *);
static void		 op_answered(void *, enum ask_result,
			    const struct msg_granted *, enum deny);
static void		 op_granted(struct op *, const struct msg_granted *);
static enum op_error	 op_denied(const struct op *, enum deny);
static int		 op_limit(struct op *);

struct op *
op_new(struct client *c, struct request *req, const struct op_face *face,
    uint16_t action, enum op_object what, const char *object, size_t len)
{
	struct op		*op;
	enum token_result	 res;

	/* Room for the longest token, but few are a tenth of that. */
	if ((op = malloc(sizeof(*op))) == NULL) {
		client_drop(c);
		return (NULL);
	}
	memset(op, 0, offsetof(struct op, auth.token) + 1);
	op->client = c;
	op->req = req;
	op->face = face;
	op->action = action;
	op->ws = req->http.upgrade;
	op->auth.api = face->api;
	op->auth.dialect = face->dialect;
	op->auth.mode = MODE_RW;
	op->auth.cred = CRED_TOKEN;
	op->auth.action = action;
	strlcpy(op->auth.address, req->address, sizeof(op->auth.address));
	op_object(op, what, object, len);
	client_wait(c, op_cancel, op);
	if ((res = op_credential(op)) == TOKEN_OK)
		return (op);
	op_unauthorized(op, res, object, len);
	return (NULL);
}

static enum token_result
op_credential(struct op *op)
{
	const struct front_api	*api;
	struct token_claims	 claims;
	enum token_result	 res;
	ssize_t			 n;
	int			 flags;

	flags = op->action == ACTION_ATTACH ? op->face->flags : 0;
	if ((flags & OP_TICKET) && op->req->http.query.p != NULL &&
	    (n = http_query_get(&op->req->http.query, "ticket",
	    op->auth.token, sizeof(op->auth.token))) != -1)
		return (op_ticket(op, n));
	n = request_token(op->req, flags & OP_QUERY, op->auth.token);
	if (n == REQUEST_TOKEN_NONE || n == REQUEST_TOKEN_BAD) {
		/* Some of it may be there, and without an end. */
		explicit_bzero(op->auth.token, sizeof(op->auth.token));
		return (n == REQUEST_TOKEN_NONE ? TOKEN_ABSENT :
		    TOKEN_INVALID);
	}
	api = &frontend_conf()->apis[op->face->api];
	res = token_check_public(api->keys, api->nkeys, &api->policy,
	    time(NULL), op->auth.token, (size_t)n, &claims);
	memcpy(op->hash, claims.hash, sizeof(op->hash));
	return (res);
}

/* Hexadecimal digits of its bytes; whose they are the catalog knows. */
static enum token_result
op_ticket(struct op *op, ssize_t n)
{
	if (n != 2 * TICKET_LEN || strspn(op->auth.token,
	    "0123456789abcdef") != 2 * TICKET_LEN) {
		explicit_bzero(op->auth.token, sizeof(op->auth.token));
		return (TOKEN_INVALID);
	}
	op->auth.cred = CRED_TICKET;
	return (TOKEN_OK);
}

void
op_object(struct op *op, enum op_object what, const char *p, size_t len)
{
	const char	*instead;
	int		 valid;

	if (what == OP_SESSION) {
		valid = wire_uuid_valid(p, len);
		instead = NO_SESSION;
	} else {
		valid = wire_name_valid(p, len, SANDBOX_ID_MAX);
		instead = NO_SANDBOX;
	}
	op->auth.join = what == OP_JOIN;
	op->auth.whole = what == OP_SANDBOX && op->action == ACTION_TICKET;
	if (!valid) {
		strlcpy(op->auth.object, instead, sizeof(op->auth.object));
		return;
	}
	memcpy(op->auth.object, p, len);
	op->auth.object[len] = '\0';
}

static void
op_unauthorized(struct op *op, enum token_result res, const char *object,
    size_t len)
{
	char	 text[SANDBOX_ID_MAX + 1];

	/* For the audit log, as it was asked for: if it is a name. */
	text[0] = '\0';
	if (wire_name_valid(object, len, SANDBOX_ID_MAX)) {
		memcpy(text, object, len);
		text[len] = '\0';
	}
	/* Whatever is to be done there, a sandbox is what is opened. */
	frontend_denial(res == TOKEN_EXPIRED ? DENY_EXPIRED : DENY_TOKEN,
	    op->auth.join ? ACTION_OPEN : op->action, text,
	    op->req->address);
	/* Calls are counted late, since most of them count elsewhere. */
	if ((op->req->route->flags & ROUTE_CALL) && !op_limit(op))
		return;
	op_refuse(op, res == TOKEN_ABSENT ? OP_ABSENT :
	    res == TOKEN_EXPIRED ? OP_EXPIRED : OP_INVALID);
}

static const struct op_answer *
op_answer(const struct op *op, enum op_error error)
{
	const struct op_answer	*a;

	a = NULL;
	if (op->face->answer != NULL)
		a = op->face->answer(op, error);
	return (a != NULL ? a : &op->face->answers[error]);
}

void
op_refuse(struct op *op, enum op_error error)
{
	const struct op_answer	*a;

	a = op_answer(op, error);
	if (op->ws && (op->face->flags & OP_HTTP) == 0)
		client_ws_close(op_end(op), a->code, a->reason);
	else if (a->status == 401)
		client_error_extra(op_end(op), a->status, a->error,
		    a->message, "WWW-Authenticate: Bearer\r\n");
	else
		client_error(op_end(op), a->status, a->error, a->message);
}

static void
op_free(struct op *op)
{
	ask_free(op->ask);
	call_free(op->call);
	attach_free(op->attach);
	op_list_free(op->list);
	if (op->ev_timer != NULL)
		event_free(op->ev_timer);
	if (op->data != NULL)
		freezero(op->data, op->len);
	freezero(op, offsetof(struct op, auth.token) +
	    strlen(op->auth.token) + 1);
}

struct client *
op_end(struct op *op)
{
	struct client	*c;

	c = op->client;
	op_free(op);
	return (c);
}

/* The client has gone.  Answers that still come find nobody. */
static void
op_cancel(void *arg)
{
	op_free(arg);
}

int
op_data(struct op *op, const void *p, size_t len)
{
	if (len == 0)
		return (1);
	if ((op->data = malloc(len)) == NULL) {
		client_drop(op_end(op));
		return (0);
	}
	memcpy(op->data, p, len);
	op->len = len;
	return (1);
}

int
op_timer(struct op *op, unsigned int seconds)
{
	struct timeval	 tv = { (time_t)seconds, 0 };

	if (seconds == 0)
		return (op->ev_timer == NULL ? 0 : event_del(op->ev_timer));
	if (op->ev_timer == NULL && (op->ev_timer = event_new(
	    frontend_base(), -1, 0, op_timeout, op)) == NULL)
		return (-1);
	return (event_add(op->ev_timer, &tv));
}

static void
op_timeout(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct op	*op = arg;

	if (op->waiting) {
		op->waiting = 0;
		op_start(op);
		return;
	}
	op_refuse(op, op->opening || op->action == ACTION_OPEN ?
	    OP_OPEN_SLOW : OP_TIMEOUT);
}

/* Each step of an attach has an end of its own; opening it was one. */
void
op_start(struct op *op)
{
	if (op_timer(op, op->action == ACTION_ATTACH ? 0 :
	    CALL_TIMEOUT) == -1)
		client_drop(op_end(op));
	else
		op_ask(op);
}

static void
op_ask(struct op *op)
{
	if ((op->ask = ask_new(&op->auth, op_answered, op)) == NULL)
		op_refuse(op, OP_BUSY);
}

int
op_again(struct op *op, int ending)
{
	struct timeval	 tv = { 0, 0 };
	struct pass_key	 key;
	unsigned int	 ms;

	if (op->action & ACTION_CALLS) {
		pass_key(&key, &op->auth, op->hash);
		pass_drop(&key);
	}
	if (op->again >= (ending ? AGAIN_MAX : 1))
		return (-1);
	op->opening = 0;
	ask_free(op->ask);
	op->ask = NULL;
	if (op->again++ == 0) {
		op_start(op);
		return (0);
	}
	ms = AGAIN_DELAY << (op->again - 2);
	tv.tv_sec = (time_t)(ms / 1000);
	tv.tv_usec = (suseconds_t)(ms % 1000 * 1000);
	op->waiting = 1;
	if (op_timer(op, CALL_TIMEOUT) == -1 ||
	    event_add(op->ev_timer, &tv) == -1)
		client_drop(op_end(op));
	return (0);
}

static void
op_answered(void *arg, enum ask_result result, const struct msg_granted *g,
    enum deny reason)
{
	struct op	*op = arg;

	if (result == ASK_GRANTED)
		op_granted(op, g);
	/* A worker that has died while it opened, and the next one, too. */
	else if (op->opening && (result == ASK_SILENCE ||
	    reason == DENY_UNAVAILABLE))
		op_refuse(op, OP_OPEN_LOST);
	else if (result == ASK_SILENCE)
		op_refuse(op, OP_SILENCE);
	else
		op_refuse(op, op_denied(op, reason));
}

/*
 * The ask stays for a session that will be ours alone: if its worker dies
 * there is a second grant.  For one by name the parent is asked again.
 */
static void
op_granted(struct op *op, const struct msg_granted *g)
{
	if (op->action == ACTION_LIST) {
		op_list_add(op, g);
		return;
	}
	op->granted = *g;
	if (op->action != ACTION_OPEN || op->auth.join) {
		ask_free(op->ask);
		op->ask = NULL;
	}
	if (op->action == ACTION_TICKET)
		op->face->done(op, NULL);
	/* A WebSocket is attached to what opens, and told by the worker. */
	else if (op->action == ACTION_OPEN ||
	    (op->auth.join && g->open_time != 0 && !op->ws))
		op_open(op);
	else
		op_step(op);
}

static enum op_error
op_denied(const struct op *op, enum deny reason)
{
	switch (reason) {
	case DENY_TOKEN:
		return (OP_INVALID);
	case DENY_EXPIRED:
		return (OP_EXPIRED);
	case DENY_NOT_FOUND:
		return (op->action == ACTION_OPEN ||
		    op->action == ACTION_LIST || op->auth.join ||
		    op->auth.whole ? OP_NO_SANDBOX : OP_NO_SESSION);
	case DENY_LIMIT:
		if (op->action == ACTION_TICKET)
			return (OP_TICKETS);
		return (op->action == ACTION_OPEN || op->auth.join ?
		    OP_SESSIONS : OP_VIEWERS);
	case DENY_DRAINING:
		return (OP_DRAINING);
	case DENY_UNAVAILABLE:
		break;
	}
	return (OP_NO_RECORDS);
}

/*
 * With a pass there is nothing to ask, and then the session is counted and
 * not the address.
 */
void
op_call(struct op *op)
{
	const struct msg_granted	*g;
	struct pass_key			 key;
	struct rate_key			 rate;

	pass_key(&key, &op->auth, op->hash);
	g = op->action == ACTION_CLOSE ? NULL : pass_find(&key);
	if (g == NULL) {
		if ((op->req->route->flags & ROUTE_CALL) == 0 ||
		    op_limit(op))
			op_start(op);
		return;
	}
	op->granted = *g;
	if (op->req->route->flags & ROUTE_CALL) {
		rate_key_session(&rate, op->granted.session);
		op->req->to.limited = 1;
		rate_hit(frontend_rates(), &rate, SESSION_RATE, 1,
		    util_now_msec(), &op->req->to.rate);
		if (!op->req->to.rate.allowed) {
			client_too_many(op_end(op));
			return;
		}
	}
	op_step(op);
}

/* Against the address; ends the op when there were too many. */
static int
op_limit(struct op *op)
{
	if (route_limit(op->client, op->req))
		return (1);
	op_free(op);
	return (0);
}
