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

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "api_terminal.h"
#include "blob.h"
#include "body.h"
#include "client.h"
#include "frontend.h"
#include "imsg.h"
#include "launch_body.h"
#include "op.h"
#include "request.h"
#include "signames.h"
#include "wire.h"

#define PROTOCOL	"terminal.v1"

/* An answer that is made here: ids of ours and of a sandbox. */
#define ANSWER_MAX	512

#define NO_WS		0, NULL

static const struct op_answer answers[OP_ERRORS] = {
	[OP_ABSENT] = { 401, "unauthorized", "Authentication required",
	    NO_WS },
	[OP_INVALID] = { 401, "unauthorized", "Invalid token", NO_WS },
	[OP_EXPIRED] = { 401, "token_expired", "Token expired", NO_WS },
	[OP_NO_SANDBOX] = { 404, "not_found", "Sandbox not found", NO_WS },
	[OP_NO_SESSION] = { 404, "not_found", "Session not found", NO_WS },
	[OP_GONE] = { 502, "connection_lost", "Connection lost", NO_WS },
	[OP_SESSIONS] = { 429, "too_many_sessions", "Too many sessions",
	    NO_WS },
	[OP_VIEWERS] = { 429, "too_many_viewers", "Too many viewers",
	    NO_WS },
	[OP_TICKETS] = { 429, "rate_limited", "Too many tickets", NO_WS },
	[OP_DRAINING] = { 503, "unavailable", "Shutting down", NO_WS },
	[OP_NO_RECORDS] = { 503, "unavailable",
	    "Control plane unavailable", NO_WS },
	[OP_SILENCE] = { 503, "unavailable", "Control plane unavailable",
	    NO_WS },
	[OP_TIMEOUT] = { 504, "timed_out", "Timed out", NO_WS },
	[OP_BUSY] = { 503, "unavailable", "Too busy", NO_WS },
	[OP_UNAVAILABLE] = { 503, "unavailable", "Try again later", NO_WS },
	[OP_BLOCKED] = { 503, "input_blocked", "Input blocked", NO_WS },
	[OP_EXITED] = { 409, "exited", "The session has ended", NO_WS },
	[OP_OFFSET] = { 400, "invalid_offset",
	    "That output has not been written yet", NO_WS },
	[OP_UNSUPPORTED] = { 501, "unsupported",
	    "The sandbox cannot do that", NO_WS },
	[OP_OPEN_SLOW] = { 504, "timed_out", "Timed out", NO_WS },
	[OP_OPEN_TIMEOUT] = { 504, "timed_out", "Timed out", NO_WS },
	[OP_OPEN_REFUSED] = { 502, "connection_refused",
	    "Connection refused", NO_WS },
	[OP_OPEN_HOSTKEY] = { 502, "host_key_mismatch", "Host key mismatch",
	    NO_WS },
	[OP_OPEN_AUTH] = { 502, "authentication_failed",
	    "Authentication failed", NO_WS },
	[OP_OPEN_LOST] = { 502, "connection_lost", "Connection lost",
	    NO_WS },
	[OP_OPEN_FAILED] = { 502, "open_failed",
	    "The sandbox gave no terminal", NO_WS }
};

static const struct op_answer	*terminal_answer(const struct op *,
				    enum op_error);
static void			 terminal_done(struct op *,
				    const struct imsg *);
static void			 answer(struct op *, int, const char *,
				    const char *, size_t);
static void			 answer_created(struct op *,
				    const struct msg_opened *);
static void			 answer_ticket(struct op *);
static void			 answer_list(struct op *);
static void			 answer_report(struct op *,
				    const struct imsg *);
static struct op		*terminal_op(struct client *,
				    struct request *, uint16_t);
static int			 terminal_bad(struct op *, const char *,
				    const char *);
static struct json_object	*terminal_body(struct op *, int);
static int			 create_name(struct op *,
				    struct json_object *);
static int			 create_size(struct op *,
				    struct json_object *);
static int			 create_launch(struct op *,
				    struct json_object *);
static int			 attach_mode(struct op *);
static int			 attach_screen(struct op *);
static int			 attach_offset(struct op *);
static int			 attach_protocol(struct op *);
static int			 stream_offset(struct op *);
static int			 set_offset(struct op *, const char *, size_t);
static int			 mode_number(const char *);
static int			 ticket_object(struct op *,
				    struct json_object *);
static int			 wants_text(const struct request *);
static int			 accepts(const struct http_slice *,
				    const char *);

static const struct op_face face = {
	API_TERMINAL, DIALECT_TERMINAL, OP_TICKET | OP_HTTP, "no-cache",
	answers, terminal_answer, terminal_done
};

static const struct op_answer *
terminal_answer(const struct op *op, enum op_error error)
{
	static const struct op_answer	 ticket = {
		401, "unauthorized", "Invalid ticket", NO_WS
	};

	return (error == OP_INVALID && op->auth.cred == CRED_TICKET ?
	    &ticket : NULL);
}

static void
terminal_done(struct op *op, const struct imsg *im)
{
	switch (op->action) {
	case ACTION_OPEN:
		answer_created(op, &im->m.opened);
		break;
	case ACTION_TICKET:
		answer_ticket(op);
		break;
	case ACTION_LIST:
		answer_list(op);
		break;
	case ACTION_STATUS:
		answer_report(op, im);
		break;
	default:
		answer(op, 204, NULL, NULL, 0);
		break;
	}
}

static void
answer(struct op *op, int status, const char *type, const char *body,
    size_t len)
{
	struct reply	 reply;

	memset(&reply, 0, sizeof(reply));
	reply.status = status;
	reply.type = type;
	reply.extra = "Cache-Control: no-store\r\n";
	reply.body = body;
	reply.len = len;
	/* The body may be the op's own. */
	client_answer(op->client, &reply);
	(void)op_end(op);
}

/*
 * Names of sandboxes need no escapes; nor do the other two.  Whoever has
 * made a session wants its output from the beginning.
 */
static void
answer_created(struct op *op, const struct msg_opened *m)
{
	char	 body[ANSWER_MAX];
	int	 n;

	n = snprintf(body, sizeof(body), "{\"id\":\"%s\",\"sandbox\":\"%s\","
	    "\"state\":\"running\",\"offset\":%" PRIu64 "}",
	    op->granted.session, op->auth.object,
	    op->granted.fresh ? 0 : m->offset);
	answer(op, op->granted.fresh ? 201 : 200, REPLY_JSON, body,
	    (size_t)n);
}

static void
answer_ticket(struct op *op)
{
	static const char	 digits[] = "0123456789abcdef";
	char			 body[ANSWER_MAX], hex[2 * TICKET_LEN + 1];
	size_t			 i;
	int			 n;

	for (i = 0; i < TICKET_LEN; i++) {
		hex[2 * i] = digits[op->granted.grant[i] >> 4];
		hex[2 * i + 1] = digits[op->granted.grant[i] & 15];
	}
	hex[2 * TICKET_LEN] = '\0';
	n = snprintf(body, sizeof(body),
	    "{\"ticket\":\"%s\",\"expires_in\":%d}", hex, TICKET_TIME);
	frontend_stats()->tickets++;
	answer(op, 201, REPLY_JSON, body, (size_t)n);
	explicit_bzero(body, sizeof(body));
	explicit_bzero(hex, sizeof(hex));
}

static void
answer_list(struct op *op)
{
	char	*body;

	if ((body = malloc(op->len + 2)) == NULL) {
		client_drop(op_end(op));
		return;
	}
	body[0] = '[';
	if (op->len > 0)
		memcpy(body + 1, op->data, op->len);
	body[op->len + 1] = ']';
	answer(op, 200, REPLY_JSON, body, op->len + 2);
	free(body);
}

/* What a worker has to say of its session is the client's as it is. */
static void
answer_report(struct op *op, const struct imsg *im)
{
	const uint8_t	*p;
	size_t		 len;

	if (im == NULL || blob_map(im->blob, BLOB_REPORT_MAX, &p,
	    &len) == -1) {
		op_refuse(op, OP_UNAVAILABLE);
		return;
	}
	answer(op, 200, op->what == STATUS_TEXT ? REPLY_TEXT : REPLY_JSON,
	    (const char *)p, len);
	blob_unmap(p, len);
}

/* For a request that names a session. */
static struct op *
terminal_op(struct client *c, struct request *req, uint16_t action)
{
	return (op_new(c, req, &face, action, OP_SESSION, req->param.p,
	    req->param.len));
}

/* Answer that it cannot be understood; returns 0. */
static int
terminal_bad(struct op *op, const char *code, const char *why)
{
	client_error(op_end(op), 400, code, why);
	return (0);
}

/* NULL when the request has been answered. */
static struct json_object *
terminal_body(struct op *op, int may_lack)
{
	struct json_object	*obj;

	if (op->req->bodylen == 0 && may_lack)
		obj = json_object_new_object();
	else
		obj = body_parse(op->req->body, op->req->bodylen);
	if (obj == NULL)
		(void)terminal_bad(op, "bad_request", "Invalid JSON");
	return (obj);
}

void
terminal_create(struct client *c, struct request *req)
{
	struct json_object	*obj;
	struct op		*op;

	if ((op = op_new(c, req, &face, ACTION_OPEN, OP_SANDBOX,
	    req->param.p, req->param.len)) == NULL ||
	    (obj = terminal_body(op, 1)) == NULL)
		return;
	if (create_name(op, obj) && create_size(op, obj) &&
	    create_launch(op, obj))
		op_start(op);
	json_object_put(obj);
}

/* With a name it may be there already. */
static int
create_name(struct op *op, struct json_object *obj)
{
	const char	*name;
	size_t		 len;

	switch (body_text(obj, "name", &name, &len)) {
	case 0:
		return (1);
	case 1:
		if (wire_name_valid(name, len, SESSION_NAME_MAX))
			break;
		/* FALLTHROUGH */
	default:
		return (terminal_bad(op, "bad_request", "Invalid name"));
	}
	op->auth.join = 1;
	strlcpy(op->auth.name, name, sizeof(op->auth.name));
	return (1);
}

static int
create_size(struct op *op, struct json_object *obj)
{
	if (body_size(obj, "cols", 1, COLS_MAX, &op->cols) == -1 ||
	    body_size(obj, "rows", 1, ROWS_MAX, &op->rows) == -1)
		return (terminal_bad(op, "bad_request",
		    "Invalid cols/rows"));
	return (1);
}

static int
create_launch(struct op *op, struct json_object *obj)
{
	const char	*why;

	if (launch_body(obj, &op->data, &op->len, &why) == 0)
		return (1);
	if (why != NULL)
		return (terminal_bad(op, "bad_request", why));
	client_drop(op_end(op));
	return (0);
}

void
terminal_list(struct client *c, struct request *req)
{
	struct op	*op;

	if ((op = op_new(c, req, &face, ACTION_LIST, OP_SANDBOX,
	    req->param.p, req->param.len)) != NULL)
		op_start(op);
}

void
terminal_status(struct client *c, struct request *req)
{
	struct op	*op;

	if ((op = terminal_op(c, req, ACTION_STATUS)) == NULL)
		return;
	op->what = STATUS_SESSION;
	op_call(op);
}

void
terminal_screen(struct client *c, struct request *req)
{
	struct op	*op;

	if ((op = terminal_op(c, req, ACTION_STATUS)) == NULL)
		return;
	op->what = wants_text(req) ? STATUS_TEXT : STATUS_SCREEN;
	op_call(op);
}

/* Text where that is named and JSON is not; preferences do not count. */
static int
wants_text(const struct request *req)
{
	const struct http_slice	*s;
	int			 i, json, text;

	json = text = 0;
	for (i = 0; i < req->http.nheaders; i++) {
		if (!http_slice_iscase(&req->http.headers[i].name, "accept"))
			continue;
		s = &req->http.headers[i].value;
		text |= accepts(s, "text/plain");
		json |= accepts(s, "application/json");
	}
	return (text && !json);
}

/* Is that type in the list?  What follows it after ';' may be anything. */
static int
accepts(const struct http_slice *list, const char *type)
{
	struct http_slice	 s;
	const char		*end, *p;

	end = list->p + list->len;
	for (p = list->p; p < end; p++) {
		while (p < end && (*p == ' ' || *p == '\t'))
			p++;
		s.p = p;
		while (p < end && *p != ',' && *p != ';' && *p != ' ' &&
		    *p != '\t')
			p++;
		s.len = (size_t)(p - s.p);
		if (http_slice_iscase(&s, type))
			return (1);
		while (p < end && *p != ',')
			p++;
	}
	return (0);
}

void
terminal_attach(struct client *c, struct request *req)
{
	struct op	*op;

	if ((op = terminal_op(c, req, ACTION_ATTACH)) != NULL &&
	    attach_protocol(op) && attach_mode(op) && attach_screen(op) &&
	    attach_offset(op))
		op_start(op);
}

/* Who offers protocols must offer ours, who offers none need not. */
static int
attach_protocol(struct op *op)
{
	static const char	 name[] = "sec-websocket-protocol";

	if (http_header(&op->req->http, name) == NULL)
		return (1);
	if (!http_header_has(&op->req->http, name, PROTOCOL))
		return (terminal_bad(op, "bad_request",
		    "The protocol is " PROTOCOL));
	op->protocol = PROTOCOL;
	return (1);
}

static int
attach_mode(struct op *op)
{
	char	 text[4];
	ssize_t	 n;
	int	 mode;

	if (op->req->http.query.p == NULL || (n = http_query_get(
	    &op->req->http.query, "mode", text, sizeof(text))) == -1)
		return (1);
	if (n < 0 || (mode = mode_number(text)) == 0)
		return (terminal_bad(op, "bad_request", "Invalid mode"));
	op->auth.mode = (uint8_t)mode;
	return (1);
}

static int
mode_number(const char *text)
{
	if (strcmp(text, "rw") == 0)
		return (MODE_RW);
	return (strcmp(text, "ro") == 0 ? MODE_RO : 0);
}

static int
attach_screen(struct op *op)
{
	char	 text[2];
	ssize_t	 n;

	if (op->req->http.query.p == NULL || (n = http_query_get(
	    &op->req->http.query, "screen", text, sizeof(text))) == -1)
		return (1);
	if (n != 1 || (text[0] != '0' && text[0] != '1'))
		return (terminal_bad(op, "bad_request", "Invalid screen"));
	if (text[0] == '1')
		op->flags |= ATTACH_SCREEN;
	return (1);
}

static int
attach_offset(struct op *op)
{
	char	 text[24];
	ssize_t	 n;

	if (op->req->http.query.p == NULL || (n = http_query_get(
	    &op->req->http.query, "offset", text, sizeof(text))) == -1)
		return (1);
	if (op->flags & ATTACH_SCREEN)
		return (terminal_bad(op, "bad_request",
		    "Either offset or screen"));
	if (n < 0 || set_offset(op, text, (size_t)n) == -1)
		return (terminal_bad(op, "invalid_offset",
		    "Invalid offset"));
	return (1);
}

/* Digits, and no more than 64 bits of them. */
static int
set_offset(struct op *op, const char *p, size_t len)
{
	uint64_t	 digit, n;
	size_t		 i;

	n = 0;
	for (i = 0; i < len; i++) {
		if (p[i] < '0' || p[i] > '9')
			return (-1);
		digit = (uint64_t)(p[i] - '0');
		if (n > (UINT64_MAX - digit) / 10)
			return (-1);
		n = n * 10 + digit;
	}
	op->flags |= ATTACH_OFFSET;
	op->offset = n;
	return (len == 0 ? -1 : 0);
}

void
terminal_output(struct client *c, struct request *req)
{
	struct op	*op;

	if ((op = terminal_op(c, req, ACTION_ATTACH)) == NULL)
		return;
	op->auth.stream = 1;
	op->auth.mode = MODE_RO;
	if (stream_offset(op))
		op_start(op);
}

/* A browser that comes back has the offset of its page still. */
static int
stream_offset(struct op *op)
{
	static const char	 name[] = "last-event-id";
	const struct http_slice	*id;

	id = http_header(&op->req->http, name);
	if (id == NULL || id->len == 0)
		return (attach_offset(op));
	if (http_header_count(&op->req->http, name) > 1 ||
	    set_offset(op, id->p, id->len) == -1)
		return (terminal_bad(op, "invalid_offset",
		    "Invalid Last-Event-ID"));
	return (1);
}

void
terminal_input(struct client *c, struct request *req)
{
	struct op	*op;

	if ((op = terminal_op(c, req, ACTION_INPUT)) != NULL &&
	    op_data(op, req->body, req->bodylen))
		op_call(op);
}

void
terminal_resize(struct client *c, struct request *req)
{
	struct json_object	*obj;
	struct op		*op;
	int			 valid;

	if ((op = terminal_op(c, req, ACTION_RESIZE)) == NULL ||
	    (obj = terminal_body(op, 0)) == NULL)
		return;
	valid = body_size(obj, "cols", 1, COLS_MAX, &op->cols) == 1 &&
	    body_size(obj, "rows", 1, ROWS_MAX, &op->rows) == 1;
	json_object_put(obj);
	if (valid)
		op_call(op);
	else
		(void)terminal_bad(op, "bad_request", "Invalid cols/rows");
}

void
terminal_signal(struct client *c, struct request *req)
{
	struct json_object	*obj;
	struct op		*op;
	const char		*name;
	size_t			 len;
	int			 signo;

	if ((op = terminal_op(c, req, ACTION_SIGNAL)) == NULL ||
	    (obj = terminal_body(op, 0)) == NULL)
		return;
	signo = -1;
	if (body_text(obj, "name", &name, &len) == 1)
		signo = signame_number(name, len);
	json_object_put(obj);
	if (signo >= 1 && signo <= 31) {
		op->signo = (uint8_t)signo;
		op_call(op);
	} else
		(void)terminal_bad(op, "bad_request", "Invalid signal");
}

void
terminal_close(struct client *c, struct request *req)
{
	struct op	*op;

	if ((op = terminal_op(c, req, ACTION_CLOSE)) != NULL)
		op_call(op);
}

void
terminal_ticket(struct client *c, struct request *req)
{
	struct json_object	*obj;
	struct op		*op;
	const char		*mode;
	size_t			 len;
	int			 valid;

	if ((op = op_new(c, req, &face, ACTION_TICKET, OP_SESSION, "",
	    0)) == NULL || (obj = terminal_body(op, 0)) == NULL)
		return;
	valid = ticket_object(op, obj);
	if (valid && body_text(obj, "mode", &mode, &len) != 0) {
		op->auth.mode = (uint8_t)mode_number(mode);
		if (op->auth.mode == 0 || len != 2)
			valid = terminal_bad(op, "bad_request",
			    "Invalid mode");
	}
	json_object_put(obj);
	if (valid)
		op_start(op);
}

/* One of the two, and not both. */
static int
ticket_object(struct op *op, struct json_object *obj)
{
	const char	*sandbox, *session;
	size_t		 nsandbox, nsession;
	int		 a, b;

	a = body_text(obj, "session", &session, &nsession);
	b = body_text(obj, "sandbox", &sandbox, &nsandbox);
	if (a == -1 || b == -1 || a + b != 1)
		return (terminal_bad(op, "bad_request",
		    "Either session or sandbox"));
	if (a == 1)
		op_object(op, OP_SESSION, session, nsession);
	else
		op_object(op, OP_SANDBOX, sandbox, nsandbox);
	return (1);
}
