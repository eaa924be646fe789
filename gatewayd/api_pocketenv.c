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
#include <stddef.h>
#include <string.h>
#include <time.h>

#include <event2/event.h>
#include <json-c/json.h>

#include "api_pocketenv.h"
#include "ask.h"
#include "blob.h"
#include "body.h"
#include "client.h"
#include "front_conf.h"
#include "frontend.h"
#include "link.h"
#include "log.h"
#include "pass.h"
#include "rate.h"
#include "request.h"
#include "route.h"
#include "token.h"
#include "wire.h"
#include "ws.h"

/* Seconds until a worker must have answered, and beyond its own to open. */
#define CALL_TIMEOUT	15
#define OPEN_GRACE	5

/* Input and resize of one session: so many a second. */
#define SESSION_RATE	100

#define DEFAULT_COLS	80
#define DEFAULT_ROWS	24

/*
 * What stands for an id that cannot be one.  It is asked for like any
 * other, so that the answer, and the time it takes, are those of an id that
 * does not exist; a catalog finds it nowhere, for neither is ever given.
 */
#define NO_SANDBOX	"."
#define NO_SESSION	"00000000-0000-0000-0000-000000000000"

/*
 * One request that passed the checks made here, until it is answered: first
 * it waits for a grant, then for the worker.  It ends with op_end(), or
 * with op_cancel() when the client goes first.
 */
struct op {
	struct client		*client;
	struct request		*req;		/* of the client */
	uint16_t		 action;	/* ACTION_* */
	int			 ws;
	int			 again;		/* authorised a second time */
	uint8_t			 hash[HASH_LEN];	/* of the token */
	struct msg_granted	 granted;
	struct ask		*ask;
	struct call		*call;
	struct attach		*attach;
	struct event		*ev_timer;

	uint16_t		 cols;		/* 0: leave it as it is */
	uint16_t		 rows;
	uint8_t			*data;
	size_t			 len;
	struct msg_authorize	 auth;		/* last, for its token is */
};

static struct op	*op_new(struct client *, struct request *, uint16_t,
			    const char *, size_t);
static enum token_result op_token(struct op *, int);
static void		 op_object(struct op *, const char *, size_t);
static void		 op_unauthorized(struct op *, enum token_result,
			    const char *, size_t);
static void		 op_free(struct op *);
static struct client	*op_end(struct op *);
static void		 op_cancel(void *);
static void		 op_error(struct op *, int, const char *,
			    const char *);
static void		 op_fail(struct op *, int, const char *,
			    const char *, int, const char *);
static void		 op_not_found(struct op *);
static void		 op_unavailable(struct op *, const char *);
static void		 op_start(struct op *);
static void		 open_failed(struct op *, uint8_t);
static void		 op_timeout(evutil_socket_t, short, void *);
static void		 op_ask(struct op *);
static void		 op_answered(void *, enum ask_result,
			    const struct msg_granted *, enum deny);
static void		 op_denied(struct op *, enum deny);
static void		 open_send(struct op *);
static void		 open_answered(void *, const struct imsg *);
static void		 attach_start(struct op *);
static void		 attach_send(void *);
static void		 attach_answered(void *, int);
static void		 call_start(struct op *);
static int		 call_limit(struct op *);
static void		 call_send(struct op *);
static int		 call_message(struct op *, struct imsg *);
static void		 call_answered(void *, const struct imsg *);
static void		 call_failed(struct op *, int);
static int		 connect_size(struct op *);
static int		 resize_size(struct op *);
static int		 input_data(struct op *);

/*
 * Check the token of a request, as far as this process can.  Returns NULL
 * when the request has been answered.
 */
static struct op *
op_new(struct client *c, struct request *req, uint16_t action,
    const char *object, size_t len)
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
	op->action = action;
	op->ws = req->http.upgrade;
	op->auth.api = API_POCKETENV;
	op->auth.dialect = DIALECT_SSH;
	op->auth.mode = MODE_RW;
	op->auth.cred = CRED_TOKEN;
	op->auth.action = action;
	strlcpy(op->auth.address, req->address, sizeof(op->auth.address));
	op_object(op, object, len);
	client_wait(c, op_cancel, op);
	if ((res = op_token(op, action == ACTION_ATTACH)) == TOKEN_OK)
		return (op);
	op_unauthorized(op, res, object, len);
	return (NULL);
}

static enum token_result
op_token(struct op *op, int query)
{
	const struct front_api	*api;
	struct token_claims	 claims;
	enum token_result	 res;
	ssize_t			 n;

	n = request_token(op->req, query, op->auth.token);
	if (n == REQUEST_TOKEN_NONE || n == REQUEST_TOKEN_BAD) {
		/* Some of it may be there, and without an end. */
		explicit_bzero(op->auth.token, sizeof(op->auth.token));
		return (n == REQUEST_TOKEN_NONE ? TOKEN_ABSENT :
		    TOKEN_INVALID);
	}
	api = &frontend_conf()->apis[API_POCKETENV];
	res = token_check_public(api->keys, api->nkeys, &api->policy,
	    time(NULL), op->auth.token, (size_t)n, &claims);
	memcpy(op->hash, claims.hash, sizeof(op->hash));
	return (res);
}

static void
op_object(struct op *op, const char *p, size_t len)
{
	const char	*instead;
	int		 valid;

	if (op->action == ACTION_OPEN) {
		valid = wire_name_valid(p, len, SANDBOX_ID_MAX);
		instead = NO_SANDBOX;
	} else {
		valid = wire_uuid_valid(p, len);
		instead = NO_SESSION;
	}
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
	struct reply	 reply;
	struct client	*c;
	char		 body[REPLY_ERROR_MAX], text[SANDBOX_ID_MAX + 1];
	const char	*why;

	/* For the audit log, as it was asked for: if it is a name. */
	text[0] = '\0';
	if (wire_name_valid(object, len, SANDBOX_ID_MAX)) {
		memcpy(text, object, len);
		text[len] = '\0';
	}
	frontend_denial(res == TOKEN_EXPIRED ? DENY_EXPIRED : DENY_TOKEN,
	    op->action, text, op->req->address);
	why = res == TOKEN_ABSENT ? "Authentication required" :
	    res == TOKEN_EXPIRED ? "Token expired" : "Invalid token";
	if (op->ws) {
		client_ws_close(op_end(op), WS_CLOSE_POLICY, why);
		return;
	}
	/* Calls are counted late, since most of them count elsewhere. */
	if ((op->req->route->flags & ROUTE_CALL) && !call_limit(op))
		return;
	c = op_end(op);
	reply_error(&reply, body, 401, "Unauthorized", why);
	reply.extra = "WWW-Authenticate: Bearer\r\n";
	client_answer(c, &reply);
}

static void
op_free(struct op *op)
{
	ask_free(op->ask);
	call_free(op->call);
	attach_free(op->attach);
	if (op->ev_timer != NULL)
		event_free(op->ev_timer);
	if (op->data != NULL)
		freezero(op->data, op->len);
	freezero(op, offsetof(struct op, auth.token) +
	    strlen(op->auth.token) + 1);
}

/* Done: the client is to be answered now. */
static struct client *
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

static void
op_error(struct op *op, int status, const char *error, const char *message)
{
	client_error(op_end(op), status, error, message);
}

/* For a WebSocket the Close code and reason, for the others the status. */
static void
op_fail(struct op *op, int status, const char *error, const char *message,
    int code, const char *reason)
{
	if (op->ws)
		client_ws_close(op_end(op), code, reason);
	else
		op_error(op, status, error, message);
}

/* One answer for what is unknown, malformed, over, or another's. */
static void
op_not_found(struct op *op)
{
	if (op->action == ACTION_OPEN)
		op_error(op, 404, "Sandbox not found", NULL);
	else
		op_fail(op, 404, "Session not found", NULL,
		    WS_CLOSE_INTERNAL, "Session not found");
}

static void
op_unavailable(struct op *op, const char *message)
{
	op_fail(op, 503, "Unavailable", message, WS_CLOSE_TRY_LATER,
	    "Try again later");
}

/* Begin to wait, with an end to it; each step of an attach has its own. */
static void
op_start(struct op *op)
{
	struct timeval	 tv = { CALL_TIMEOUT, 0 };

	if (op->action != ACTION_ATTACH &&
	    ((op->ev_timer = event_new(frontend_base(), -1, 0, op_timeout,
	    op)) == NULL || event_add(op->ev_timer, &tv) == -1)) {
		client_drop(op_end(op));
		return;
	}
	op_ask(op);
}

static void
op_timeout(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct op	*op = arg;

	if (op->action == ACTION_OPEN)
		op_error(op, 502, "SSH connection failed", "timed out");
	else
		op_unavailable(op, "timed out");
}

static void
op_ask(struct op *op)
{
	if ((op->ask = ask_new(&op->auth, op_answered, op)) == NULL)
		op_unavailable(op, "too busy");
}

static void
op_answered(void *arg, enum ask_result result, const struct msg_granted *g,
    enum deny reason)
{
	struct op	*op = arg;
	struct pass_key	 key;
	struct timeval	 tv = { 0, 0 };

	/* A worker that has died while it opened, and the next one, too. */
	if (op->action == ACTION_OPEN && op->granted.worker != 0 &&
	    (result == ASK_SILENCE ||
	    (result == ASK_DENIED && reason == DENY_UNAVAILABLE)))
		open_failed(op, FAIL_LOST);
	else if (result == ASK_SILENCE)
		op_unavailable(op, "control plane unavailable");
	else if (result == ASK_DENIED)
		op_denied(op, reason);
	else if (op->action == ACTION_OPEN) {
		op->granted = *g;
		tv.tv_sec = (time_t)g->open_time + OPEN_GRACE;
		(void)event_add(op->ev_timer, &tv);
		open_send(op);
	} else {
		op->granted = *g;
		ask_free(op->ask);
		op->ask = NULL;
		if (op->action == ACTION_ATTACH) {
			attach_start(op);
			return;
		}
		pass_key(&key, op->hash, op->auth.object, op->action);
		if (op->action != ACTION_CLOSE)
			pass_keep(&key, g);
		call_send(op);
	}
}

static void
op_denied(struct op *op, enum deny reason)
{
	switch (reason) {
	case DENY_TOKEN:
		op_fail(op, 401, "Unauthorized", "Invalid token",
		    WS_CLOSE_POLICY, "Invalid token");
		break;
	case DENY_EXPIRED:
		op_fail(op, 401, "Unauthorized", "Token expired",
		    WS_CLOSE_POLICY, "Token expired");
		break;
	case DENY_NOT_FOUND:
		op_not_found(op);
		break;
	case DENY_LIMIT:
		op_fail(op, 429, op->action == ACTION_OPEN ?
		    "Too many sessions" : "Too many viewers", NULL,
		    WS_CLOSE_TRY_LATER, "Too many viewers");
		break;
	case DENY_DRAINING:
		op_unavailable(op, "shutting down");
		break;
	case DENY_UNAVAILABLE:
		op_fail(op, 502, op->action == ACTION_OPEN ?
		    "SSH connection failed" : "Unavailable",
		    "control plane unavailable", WS_CLOSE_TRY_LATER,
		    "Try again later");
		break;
	}
}

/* With the grant, which may be the second one: the first worker died. */
static void
open_send(struct op *op)
{
	struct imsg	 im;

	call_free(op->call);
	imsg_init(&im, IMSG_OPEN, 0);
	memcpy(im.m.open.grant, op->granted.grant, sizeof(im.m.open.grant));
	im.m.open.cols = op->cols;
	im.m.open.rows = op->rows;
	op->call = call_new(op->granted.worker, &im, open_answered, op);
	if (op->call == NULL && errno == ESRCH)
		ask_await(op->ask);
	else if (op->call == NULL)
		op_unavailable(op, "too busy");
}

/* A host's own words never reach a client; there is a word for each case. */
static void
open_failed(struct op *op, uint8_t reason)
{
	static const char *const	 words[FAIL_MAX + 1] = {
		[FAIL_REFUSED] = "connection refused",
		[FAIL_TIMEOUT] = "timed out",
		[FAIL_HOSTKEY] = "host key mismatch",
		[FAIL_AUTH] = "authentication failed",
		[FAIL_LOST] = "connection lost"
	};

	if (reason == FAIL_LIMIT)
		op_error(op, 429, "Too many sessions", NULL);
	else if (reason == FAIL_BUSY)
		op_unavailable(op, "too busy");
	else if (words[reason] != NULL)
		op_error(op, 500, "SSH connection failed", words[reason]);
	else
		op_error(op, 500, "Failed to open shell", NULL);
}

static void
open_answered(void *arg, const struct imsg *im)
{
	static const char	 format[] = "{\"sessionId\":\"";
	struct op		*op = arg;
	struct reply		 reply;
	char			 body[REPLY_ERROR_MAX];

	op->call = NULL;
	if (im == NULL) {
		ask_await(op->ask);
		return;
	}
	if (im->type == IMSG_OPEN_FAILED) {
		open_failed(op, im->m.call_fail.reason);
		return;
	}
	/* What the parent granted counts, not what the worker says. */
	strlcpy(body, format, sizeof(body));
	strlcat(body, op->granted.session, sizeof(body));
	strlcat(body, "\"}", sizeof(body));
	memset(&reply, 0, sizeof(reply));
	reply.status = 200;
	reply.type = REPLY_JSON;
	reply.body = body;
	reply.len = strlen(body);
	client_answer(op_end(op), &reply);
}

/* A WebSocket is answered now, and handed over when that has left us. */
static void
attach_start(struct op *op)
{
	if (op->ws)
		client_switch(op->client, attach_send);
	else
		attach_send(op);
}

static void
attach_send(void *arg)
{
	struct op		*op = arg;
	struct msg_attach	 m;
	char			 head[REPLY_HEAD_MAX];

	memset(&m, 0, sizeof(m));
	m.dialect = DIALECT_SSH;
	strlcpy(m.address, op->req->address, sizeof(m.address));
	if (op->ws)
		m.transport = TRANSPORT_WS;
	else {
		m.transport = op->req->http.minor == 1 ? TRANSPORT_SSE :
		    TRANSPORT_SSE10;
		m.head.p = (const uint8_t *)head;
		m.head.len = reply_stream(head, &op->req->to,
		    op->req->http.minor == 1);
	}
	client_suspend(op->client);
	if ((op->attach = attach_new(&op->granted, op->client, &m,
	    attach_answered, op)) == NULL) {
		client_resume(op->client);
		op_unavailable(op, "too busy");
	}
}

static void
attach_answered(void *arg, int reason)
{
	struct op	*op = arg;

	op->attach = NULL;
	if (reason == 0) {
		client_release(op_end(op));
		return;
	}
	client_resume(op->client);
	if (reason == FAIL_GONE)
		op_not_found(op);
	else if (reason == FAIL_LIMIT)
		op_denied(op, DENY_LIMIT);
	else
		op_unavailable(op, NULL);
}

/*
 * Input, resize, close.  With a pass there is nothing to ask, and then the
 * session is counted and not the address.
 */
static void
call_start(struct op *op)
{
	const struct msg_granted	*g;
	struct pass_key			 key;
	struct rate_key			 rate;

	pass_key(&key, op->hash, op->auth.object, op->action);
	if (op->action == ACTION_CLOSE || (g = pass_find(&key)) == NULL) {
		if (op->action == ACTION_CLOSE || call_limit(op))
			op_start(op);
		return;
	}
	op->granted = *g;
	rate_key_session(&rate, op->auth.object);
	op->req->to.limited = 1;
	rate_hit(frontend_rates(), &rate, SESSION_RATE, 1, frontend_msec(),
	    &op->req->to.rate);
	if (!op->req->to.rate.allowed) {
		client_too_many(op_end(op));
		return;
	}
	call_send(op);
}

/* Against the address; ends the op when there were too many. */
static int
call_limit(struct op *op)
{
	if (route_limit(op->client, op->req))
		return (1);
	op_free(op);
	return (0);
}

static void
call_send(struct op *op)
{
	static const struct reply	 ok = {
		200, REPLY_JSON, NULL, "{\"ok\":true}", 11
	};
	struct imsg			 im;

	if (op->action == ACTION_RESIZE && (op->cols == 0 || op->rows == 0)) {
		client_answer(op_end(op), &ok);
		return;
	}
	if (call_message(op, &im) == -1) {
		op_unavailable(op, "too busy");
		return;
	}
	op->call = call_new(op->granted.worker, &im, call_answered, op);
	if (op->call == NULL && errno == ESRCH)
		call_failed(op, FAIL_GRANT);
	else if (op->call == NULL)
		op_unavailable(op, "too busy");
}

static int
call_message(struct op *op, struct imsg *im)
{
	switch (op->action) {
	case ACTION_INPUT:
		imsg_init(im, IMSG_INPUT, 0);
		memcpy(im->m.input.grant, op->granted.grant, GRANT_LEN);
		memcpy(im->m.input.hash, op->hash, HASH_LEN);
		if (op->len > INPUT_INLINE_MAX) {
			im->blob = blob_create(op->data, op->len);
			return (im->blob == -1 ? -1 : 0);
		}
		im->m.input.data.p = op->data;
		im->m.input.data.len = op->len;
		return (0);
	case ACTION_RESIZE:
		imsg_init(im, IMSG_RESIZE, 0);
		memcpy(im->m.resize.grant, op->granted.grant, GRANT_LEN);
		memcpy(im->m.resize.hash, op->hash, HASH_LEN);
		im->m.resize.cols = op->cols;
		im->m.resize.rows = op->rows;
		return (0);
	default:
		imsg_init(im, IMSG_CLOSE, 0);
		memcpy(im->m.close.grant, op->granted.grant, GRANT_LEN);
		memcpy(im->m.close.hash, op->hash, HASH_LEN);
		return (0);
	}
}

static void
call_answered(void *arg, const struct imsg *im)
{
	static const struct reply	 ok = {
		200, REPLY_JSON, NULL, "{\"ok\":true}", 11
	};
	struct op			*op = arg;

	op->call = NULL;
	if (im == NULL)
		/* All sessions of a worker end with it. */
		op_not_found(op);
	else if (im->type == IMSG_CALL_FAIL)
		call_failed(op, im->m.call_fail.reason);
	else if (im->type == IMSG_INPUT_BLOCKED)
		call_failed(op, FAIL_BLOCKED);
	else
		client_answer(op_end(op), &ok);
}

/* A grant may have ended a little before our pass: ask once more. */
static void
call_failed(struct op *op, int reason)
{
	struct pass_key	 key;

	switch (reason) {
	case FAIL_GRANT:
		pass_key(&key, op->hash, op->auth.object, op->action);
		pass_drop(&key);
		if (op->again) {
			op_not_found(op);
			break;
		}
		op->again = 1;
		if (op->ev_timer == NULL)
			op_start(op);
		else
			op_ask(op);
		break;
	case FAIL_GONE:
		op_not_found(op);
		break;
	case FAIL_BLOCKED:
		op_error(op, 503, "Input blocked", NULL);
		break;
	default:
		op_unavailable(op, NULL);
		break;
	}
}

void
ssh_connect(struct client *c, struct request *req)
{
	const struct http_slice	*id;
	struct op		*op;
	size_t			 len;

	id = http_header(&req->http, "x-sandbox-id");
	/* Two of them are one that cannot exist. */
	len = id == NULL || http_header_count(&req->http, "x-sandbox-id") >
	    1 ? 0 : id->len;
	if ((op = op_new(c, req, ACTION_OPEN, id == NULL ? "" : id->p,
	    len)) == NULL)
		return;
	if (id == NULL || id->len == 0)
		op_error(op, 400, "Missing X-Sandbox-Id", NULL);
	else if (connect_size(op))
		op_start(op);
}

/* The size to begin with; 0 when the request has been answered. */
static int
connect_size(struct op *op)
{
	struct json_object	*obj;
	int			 valid;

	op->cols = DEFAULT_COLS;
	op->rows = DEFAULT_ROWS;
	if (op->req->bodylen == 0)
		return (1);
	if ((obj = body_parse(op->req->body, op->req->bodylen)) == NULL) {
		op_error(op, 400, "Invalid JSON", NULL);
		return (0);
	}
	valid = body_size(obj, "cols", 1, COLS_MAX, &op->cols) != -1 &&
	    body_size(obj, "rows", 1, ROWS_MAX, &op->rows) != -1;
	json_object_put(obj);
	if (!valid)
		op_error(op, 400, "Invalid cols/rows", NULL);
	return (valid);
}

void
ssh_stream(struct client *c, struct request *req)
{
	struct op	*op;

	if ((op = op_new(c, req, ACTION_ATTACH, req->param.p,
	    req->param.len)) != NULL)
		op_start(op);
}

void
ssh_ws(struct client *c, struct request *req)
{
	ssh_stream(c, req);
}

void
ssh_input(struct client *c, struct request *req)
{
	struct op	*op;

	if ((op = op_new(c, req, ACTION_INPUT, req->param.p,
	    req->param.len)) != NULL && input_data(op))
		call_start(op);
}

/* Copy what is to be typed; 0 when the request has been answered. */
static int
input_data(struct op *op)
{
	struct json_object	*obj;
	const char		*text;
	size_t			 len;
	int			 valid;

	if ((obj = body_parse(op->req->body, op->req->bodylen)) == NULL) {
		op_error(op, 400, op->req->bodylen == 0 ? "Invalid input" :
		    "Invalid JSON", NULL);
		return (0);
	}
	valid = body_text(obj, "data", &text, &len) != -1;
	if (valid && len > 0 && (op->data = malloc(len)) != NULL) {
		memcpy(op->data, text, len);
		op->len = len;
	}
	json_object_put(obj);
	if (!valid) {
		op_error(op, 400, "Invalid input", NULL);
		return (0);
	}
	if (op->len != len) {
		client_drop(op_end(op));
		return (0);
	}
	return (1);
}

void
ssh_resize(struct client *c, struct request *req)
{
	struct op	*op;

	if ((op = op_new(c, req, ACTION_RESIZE, req->param.p,
	    req->param.len)) != NULL && resize_size(op))
		call_start(op);
}

static int
resize_size(struct op *op)
{
	struct json_object	*obj;
	int			 valid;

	obj = body_parse(op->req->body, op->req->bodylen);
	if (obj == NULL && op->req->bodylen > 0) {
		op_error(op, 400, "Invalid JSON", NULL);
		return (0);
	}
	valid = obj != NULL &&
	    body_size(obj, "cols", 0, COLS_MAX, &op->cols) != -1 &&
	    body_size(obj, "rows", 0, ROWS_MAX, &op->rows) != -1;
	json_object_put(obj);
	if (!valid)
		op_error(op, 400, "Invalid cols/rows", NULL);
	return (valid);
}

void
ssh_disconnect(struct client *c, struct request *req)
{
	struct op	*op;

	if ((op = op_new(c, req, ACTION_CLOSE, req->param.p,
	    req->param.len)) != NULL)
		call_start(op);
}
