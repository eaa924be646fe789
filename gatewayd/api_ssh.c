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

#include <json-c/json.h>

#include "api_pocketenv.h"
#include "body.h"
#include "client.h"
#include "op.h"
#include "request.h"
#include "ws.h"

/* The routes /ssh: gatewayd-pocketenv(7). */

#define FAILED		"SSH connection failed"
#define LATER		WS_CLOSE_TRY_LATER, "Try again later"
#define NO_WS		WS_CLOSE_INTERNAL, ""

/* A host's own words never reach a client; there is a word for each case. */
static const struct op_answer answers[OP_ERRORS] = {
	[OP_ABSENT] = { 401, "Unauthorized", "Authentication required",
	    WS_CLOSE_POLICY, "Authentication required" },
	[OP_INVALID] = { 401, "Unauthorized", "Invalid token",
	    WS_CLOSE_POLICY, "Invalid token" },
	[OP_EXPIRED] = { 401, "Unauthorized", "Token expired",
	    WS_CLOSE_POLICY, "Token expired" },
	[OP_NO_SANDBOX] = { 404, "Sandbox not found", NULL, NO_WS },
	[OP_NO_SESSION] = { 404, "Session not found", NULL,
	    WS_CLOSE_INTERNAL, "Session not found" },
	[OP_GONE] = { 404, "Session not found", NULL,
	    WS_CLOSE_INTERNAL, "Session not found" },
	[OP_SESSIONS] = { 429, "Too many sessions", NULL, LATER },
	[OP_VIEWERS] = { 429, "Too many viewers", NULL,
	    WS_CLOSE_TRY_LATER, "Too many viewers" },
	[OP_TICKETS] = { 503, "Unavailable", NULL, LATER },
	[OP_DRAINING] = { 503, "Unavailable", "shutting down", LATER },
	[OP_NO_RECORDS] = { 502, "Unavailable", "control plane unavailable",
	    LATER },
	[OP_SILENCE] = { 503, "Unavailable", "control plane unavailable",
	    LATER },
	[OP_TIMEOUT] = { 503, "Unavailable", "timed out", LATER },
	[OP_BUSY] = { 503, "Unavailable", "too busy", LATER },
	[OP_UNAVAILABLE] = { 503, "Unavailable", NULL, LATER },
	[OP_BLOCKED] = { 503, "Input blocked", NULL, NO_WS },
	[OP_EXITED] = { 404, "Session not found", NULL,
	    WS_CLOSE_INTERNAL, "Session not found" },
	[OP_OFFSET] = { 503, "Unavailable", NULL, LATER },
	[OP_UNSUPPORTED] = { 503, "Unavailable", NULL, LATER },
	[OP_OPEN_SLOW] = { 502, FAILED, "timed out", NO_WS },
	[OP_OPEN_TIMEOUT] = { 500, FAILED, "timed out", NO_WS },
	[OP_OPEN_REFUSED] = { 500, FAILED, "connection refused", NO_WS },
	[OP_OPEN_HOSTKEY] = { 500, FAILED, "host key mismatch", NO_WS },
	[OP_OPEN_AUTH] = { 500, FAILED, "authentication failed", NO_WS },
	[OP_OPEN_LOST] = { 500, FAILED, "connection lost", NO_WS },
	[OP_OPEN_FAILED] = { 500, "Failed to open shell", NULL, NO_WS }
};

static const struct op_answer	*ssh_answer(const struct op *,
				    enum op_error);
static void			 ssh_done(struct op *, const struct imsg *);
static struct op		*ssh_op(struct client *, struct request *,
				    uint16_t);
static int			 connect_size(struct op *);
static int			 input_data(struct op *);
static int			 resize_size(struct op *);

static const struct op_face face = {
	API_POCKETENV, DIALECT_SSH, OP_QUERY, "no-cache", answers, ssh_answer,
	ssh_done
};

static const struct op_answer *
ssh_answer(const struct op *op, enum op_error error)
{
	static const struct op_answer	 connect = {
		502, FAILED, "control plane unavailable", NO_WS
	};

	return (error == OP_NO_RECORDS && op->action == ACTION_OPEN ?
	    &connect : NULL);
}

static void
ssh_done(struct op *op, const struct imsg *im UNUSED)
{
	struct reply	 reply;
	char		 body[REPLY_ERROR_MAX];

	memset(&reply, 0, sizeof(reply));
	reply.status = 200;
	reply.type = REPLY_JSON;
	if (op->action != ACTION_OPEN)
		reply.body = "{\"ok\":true}";
	else {
		/* What the parent granted counts, not what a worker says. */
		strlcpy(body, "{\"sessionId\":\"", sizeof(body));
		strlcat(body, op->granted.session, sizeof(body));
		strlcat(body, "\"}", sizeof(body));
		reply.body = body;
	}
	reply.len = strlen(reply.body);
	client_answer(op_end(op), &reply);
}

/* For a request that names a session. */
static struct op *
ssh_op(struct client *c, struct request *req, uint16_t action)
{
	return (op_new(c, req, &face, action, OP_SESSION, req->param.p,
	    req->param.len));
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
	if ((op = op_new(c, req, &face, ACTION_OPEN, OP_SANDBOX,
	    id == NULL ? "" : id->p, len)) == NULL)
		return;
	if (id == NULL || id->len == 0)
		client_error(op_end(op), 400, "Missing X-Sandbox-Id", NULL);
	else if (connect_size(op))
		op_start(op);
}

/* The size to begin with; 0 when the request has been answered. */
static int
connect_size(struct op *op)
{
	struct json_object	*obj;
	int			 valid;

	if (op->req->bodylen == 0)
		return (1);
	if ((obj = body_parse(op->req->body, op->req->bodylen)) == NULL) {
		client_error(op_end(op), 400, "Invalid JSON", NULL);
		return (0);
	}
	valid = body_size(obj, "cols", 1, COLS_MAX, &op->cols) != -1 &&
	    body_size(obj, "rows", 1, ROWS_MAX, &op->rows) != -1;
	json_object_put(obj);
	if (!valid)
		client_error(op_end(op), 400, "Invalid cols/rows", NULL);
	return (valid);
}

void
ssh_stream(struct client *c, struct request *req)
{
	struct op	*op;

	if ((op = ssh_op(c, req, ACTION_ATTACH)) != NULL)
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

	if ((op = ssh_op(c, req, ACTION_INPUT)) != NULL && input_data(op))
		op_call(op);
}

/* Copy what is to be typed; 0 when the request has been answered. */
static int
input_data(struct op *op)
{
	struct json_object	*obj;
	const char		*text;
	size_t			 len;
	int			 done;

	if ((obj = body_parse(op->req->body, op->req->bodylen)) == NULL) {
		text = op->req->bodylen == 0 ? "Invalid input" :
		    "Invalid JSON";
		client_error(op_end(op), 400, text, NULL);
		return (0);
	}
	if (body_text(obj, "data", &text, &len) == -1) {
		client_error(op_end(op), 400, "Invalid input", NULL);
		done = 0;
	} else
		done = op_data(op, text, len);
	json_object_put(obj);
	return (done);
}

void
ssh_resize(struct client *c, struct request *req)
{
	struct op	*op;

	if ((op = ssh_op(c, req, ACTION_RESIZE)) != NULL && resize_size(op))
		op_call(op);
}

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
	valid = obj != NULL &&
	    body_size(obj, "cols", 0, COLS_MAX, &op->cols) != -1 &&
	    body_size(obj, "rows", 0, ROWS_MAX, &op->rows) != -1;
	json_object_put(obj);
	if (!valid)
		client_error(op_end(op), 400, "Invalid cols/rows", NULL);
	return (valid);
}

void
ssh_disconnect(struct client *c, struct request *req)
{
	struct op	*op;

	if ((op = ssh_op(c, req, ACTION_CLOSE)) != NULL)
		op_call(op);
}
