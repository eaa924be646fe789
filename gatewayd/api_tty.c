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

#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "api_pocketenv.h"
#include "body.h"
#include "client.h"
#include "op.h"
#include "request.h"
#include "wire.h"
#include "ws.h"

/*
 * The routes /tty and /pty, which are the same: gatewayd-pocketenv(7).  They
 * name a sandbox, and mean the one session there that all who may share,
 * or with ?sessionId= another one.  Whoever comes first makes it.
 */

#define FAILED		"Session error"
#define FAILED_WS	WS_CLOSE_INTERNAL, FAILED
#define LATER		WS_CLOSE_TRY_LATER, "Try again later"

static const struct op_answer answers[OP_ERRORS] = {
	[OP_ABSENT] = { 401, "Unauthorized", "Authentication required",
	    WS_CLOSE_POLICY, "Authentication required" },
	[OP_INVALID] = { 401, "Unauthorized", "Invalid token",
	    WS_CLOSE_POLICY, "Invalid token" },
	[OP_EXPIRED] = { 401, "Unauthorized", "Token expired",
	    WS_CLOSE_POLICY, "Token expired" },
	[OP_NO_SANDBOX] = { 404, "Sandbox not found", NULL,
	    WS_CLOSE_POLICY, "Forbidden" },
	[OP_NO_SESSION] = { 502, FAILED, NULL, FAILED_WS },
	[OP_GONE] = { 502, FAILED, NULL, FAILED_WS },
	[OP_SESSIONS] = { 429, "Too many sessions", NULL,
	    WS_CLOSE_TRY_LATER, "Too many sessions" },
	[OP_VIEWERS] = { 429, "Too many viewers", NULL,
	    WS_CLOSE_TRY_LATER, "Too many viewers" },
	[OP_TICKETS] = { 503, "Unavailable", NULL, LATER },
	[OP_DRAINING] = { 503, "Unavailable", "shutting down", LATER },
	[OP_NO_RECORDS] = { 502, FAILED, "control plane unavailable",
	    LATER },
	[OP_SILENCE] = { 503, "Unavailable", "control plane unavailable",
	    LATER },
	[OP_TIMEOUT] = { 503, "Unavailable", "timed out", LATER },
	[OP_BUSY] = { 503, "Unavailable", "too busy", LATER },
	[OP_UNAVAILABLE] = { 503, "Unavailable", NULL, LATER },
	[OP_BLOCKED] = { 503, "Input blocked", NULL, LATER },
	[OP_EXITED] = { 502, FAILED, NULL, FAILED_WS },
	[OP_OFFSET] = { 503, "Unavailable", NULL, LATER },
	[OP_UNSUPPORTED] = { 503, "Unavailable", NULL, LATER },
	[OP_OPEN_SLOW] = { 502, FAILED, "timed out", FAILED_WS },
	[OP_OPEN_TIMEOUT] = { 502, FAILED, "timed out", FAILED_WS },
	[OP_OPEN_REFUSED] = { 502, FAILED, "connection refused", FAILED_WS },
	[OP_OPEN_HOSTKEY] = { 502, FAILED, "host key mismatch", FAILED_WS },
	[OP_OPEN_AUTH] = { 502, FAILED, "authentication failed", FAILED_WS },
	[OP_OPEN_LOST] = { 502, FAILED, "connection lost", FAILED_WS },
	[OP_OPEN_FAILED] = { 502, FAILED, NULL, FAILED_WS }
};

static void		 tty_done(struct op *, const struct imsg *);
static struct op	*tty_op(struct client *, struct request *, uint16_t);
static int		 share_key(struct op *);
static int		 resize_size(struct op *);
static int		 loose_size(struct json_object *, const char *,
			    uint16_t *);
static int		 text_size(const char *, size_t, int64_t *);

static const struct op_face face = {
	API_POCKETENV, DIALECT_TTY, OP_QUERY, "no-cache, no-transform",
	answers, NULL, tty_done
};

static void
tty_done(struct op *op, const struct imsg *im UNUSED)
{
	static const struct reply	 ok = { 204, NULL, NULL, NULL, 0 };

	client_answer(op_end(op), &ok);
}

static struct op *
tty_op(struct client *c, struct request *req, uint16_t action)
{
	return (op_new(c, req, &face, action, OP_JOIN, req->param.p,
	    req->param.len));
}

void
tty_stream(struct client *c, struct request *req)
{
	struct op	*op;

	if ((op = tty_op(c, req, ACTION_ATTACH)) != NULL)
		op_start(op);
}

void
tty_ws(struct client *c, struct request *req)
{
	struct op	*op;

	if ((op = tty_op(c, req, ACTION_ATTACH)) == NULL)
		return;
	if (share_key(op) == -1)
		op_refuse(op, OP_GONE);
	else
		op_start(op);
}

/* Any text is a key; what is no name for us becomes one. */
static int
share_key(struct op *op)
{
	char	 key[HTTP_TARGET_MAX + 1], hex[SHA256_DIGEST_STRING_LENGTH];
	ssize_t	 n;

	if (op->req->http.query.p == NULL || (n = http_query_get(
	    &op->req->http.query, "sessionId", key, sizeof(key))) == -1)
		return (0);
	if (n == -2)
		return (-1);
	if (n == 0 || wire_name_valid(key, (size_t)n, SESSION_NAME_MAX)) {
		strlcpy(op->auth.name, key, sizeof(op->auth.name));
		return (0);
	}
	if (SHA256Data((const uint8_t *)key, (size_t)n, hex) == NULL)
		return (-1);
	(void)snprintf(op->auth.name, sizeof(op->auth.name), "sha256-%s",
	    hex);
	return (0);
}

void
tty_input(struct client *c, struct request *req)
{
	struct op	*op;

	if ((op = tty_op(c, req, ACTION_INPUT)) != NULL &&
	    op_data(op, req->body, req->bodylen))
		op_call(op);
}

void
tty_resize(struct client *c, struct request *req)
{
	struct op	*op;

	if ((op = tty_op(c, req, ACTION_RESIZE)) != NULL && resize_size(op))
		op_call(op);
}

/* 0 when the request has been answered. */
static int
resize_size(struct op *op)
{
	struct json_object	*obj;
	int			 valid;

	obj = body_parse(op->req->body, op->req->bodylen);
	if (obj == NULL && op->req->bodylen > 0) {
		client_error(op_end(op), 400, "Invalid JSON", NULL);
		return (0);
	}
	valid = obj != NULL && loose_size(obj, "cols", &op->cols) != -1 &&
	    loose_size(obj, "rows", &op->rows) != -1;
	json_object_put(obj);
	if (!valid)
		client_error(op_end(op), 400, "Invalid cols/rows", NULL);
	return (valid);
}

/*
 * A whole number, which may be written as 80.0 or as text; null and 0 are
 * no size.
 */
static int
loose_size(struct json_object *obj, const char *name, uint16_t *size)
{
	struct json_object	*v;
	int64_t			 n;
	double			 d;

	if (!json_object_object_get_ex(obj, name, &v))
		return (-1);
	switch (json_object_get_type(v)) {
	case json_type_null:
		n = 0;
		break;
	case json_type_int:
		n = json_object_get_int64(v);
		break;
	case json_type_double:
		d = json_object_get_double(v);
		if (!(d >= 0 && d <= COLS_MAX))
			return (-1);
		n = (int64_t)d;
		if ((double)n < d)
			return (-1);
		break;
	case json_type_string:
		if (text_size(json_object_get_string(v),
		    (size_t)json_object_get_string_len(v), &n) == -1)
			return (-1);
		break;
	default:
		return (-1);
	}
	if (n < 0 || n > COLS_MAX)
		return (-1);
	*size = (uint16_t)n;
	return (0);
}

static int
text_size(const char *s, size_t len, int64_t *n)
{
	size_t	 i;

	if (len < 1 || len > 4)
		return (-1);
	*n = 0;
	for (i = 0; i < len; i++) {
		if (s[i] < '0' || s[i] > '9')
			return (-1);
		*n = *n * 10 + (s[i] - '0');
	}
	return (0);
}
