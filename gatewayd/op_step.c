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

#include <errno.h>
#include <string.h>

#include "ask.h"
#include "blob.h"
#include "client.h"
#include "link.h"
#include "op.h"
#include "pass.h"
#include "reply.h"
#include "request.h"

/*
 * What is done with a grant.  A session by name may end while somebody asks
 * for it: then that grant, or the pass, is good for nothing, and the parent
 * has the next session.  So such a request begins again.
 */

/* Seconds to open beyond what the worker has itself. */
#define OPEN_GRACE	5

/* Until a worker must have answered a call. */
#define CALL_TIMEOUT	15

#define DEFAULT_COLS	80
#define DEFAULT_ROWS	24

static void	 open_lost(struct op *);
static void	 open_answered(void *, const struct imsg *);
static void	 open_failed(struct op *, uint8_t);
static void	 attach_start(struct op *);
static void	 attach_send(void *);
static size_t	 attach_head(const struct op *, char *);
static void	 attach_answered(void *, int);
static void	 attach_failed(struct op *, int);
static void	 call_start(struct op *);
static int	 call_message(struct op *, struct imsg *);
static int	 call_input(struct op *, struct imsg *);
static void	 call_answered(void *, const struct imsg *);
static void	 call_failed(struct op *, int);
static int	 op_retry(struct op *, int);

/* With the grant, which may be the second one: the first worker died. */
void
op_open(struct op *op)
{
	struct imsg	 im;

	if (op_timer(op, op->granted.open_time + OPEN_GRACE) == -1) {
		client_drop(op_end(op));
		return;
	}
	op->opening = 1;
	call_free(op->call);
	op->call = NULL;
	imsg_init(&im, IMSG_OPEN, 0);
	memcpy(im.m.open.grant, op->granted.grant, sizeof(im.m.open.grant));
	im.m.open.cols = op->cols != 0 ? op->cols : DEFAULT_COLS;
	im.m.open.rows = op->rows != 0 ? op->rows : DEFAULT_ROWS;
	if (op->action == ACTION_OPEN && op->len > 0 &&
	    (im.blob = blob_create(op->data, op->len)) == -1) {
		op_refuse(op, OP_BUSY);
		return;
	}
	op->call = call_new(op->granted.worker, &im, open_answered, op);
	if (op->call == NULL && errno == ESRCH)
		open_lost(op);
	else if (op->call == NULL)
		op_refuse(op, OP_BUSY);
}

/* The worker is gone.  Another one is on its way, or to be asked for. */
static void
open_lost(struct op *op)
{
	if (!op->auth.join)
		ask_await(op->ask);
	else if (op_retry(op, FAIL_LOST) == -1)
		op_refuse(op, OP_OPEN_LOST);
}

static void
open_answered(void *arg, const struct imsg *im)
{
	struct op	*op = arg;

	op->call = NULL;
	if (im == NULL)
		open_lost(op);
	else if (im->type == IMSG_OPEN_FAILED)
		open_failed(op, im->m.call_fail.reason);
	else if (op->action == ACTION_OPEN)
		op->face->done(op, im);
	else {
		op->opening = 0;
		op_step(op);
	}
}

static void
open_failed(struct op *op, uint8_t reason)
{
	static const enum op_error	 errors[FAIL_MAX + 1] = {
		[FAIL_LIMIT] = OP_SESSIONS,
		[FAIL_BUSY] = OP_BUSY,
		[FAIL_TIMEOUT] = OP_OPEN_TIMEOUT,
		[FAIL_REFUSED] = OP_OPEN_REFUSED,
		[FAIL_HOSTKEY] = OP_OPEN_HOSTKEY,
		[FAIL_AUTH] = OP_OPEN_AUTH,
		[FAIL_LOST] = OP_OPEN_LOST,
		[FAIL_UNSUPPORTED] = OP_UNSUPPORTED
	};

	if (op->auth.join && (reason == FAIL_GRANT || reason == FAIL_GONE ||
	    reason == FAIL_EXITED)) {
		if (op_retry(op, reason) == -1)
			op_refuse(op, OP_GONE);
		return;
	}
	/* No reason is the first of them. */
	op_refuse(op, errors[reason] != 0 ? errors[reason] : OP_OPEN_FAILED);
}

/*
 * Now the worker has its time, whether a grant had to be waited for or there
 * was a pass.  An attach has an end of its own.
 */
void
op_step(struct op *op)
{
	if (op_timer(op, op->action == ACTION_ATTACH ? 0 :
	    CALL_TIMEOUT) == -1)
		client_drop(op_end(op));
	else if (op->action == ACTION_ATTACH)
		attach_start(op);
	else
		call_start(op);
}

/*
 * A WebSocket is answered now, and handed over when that has left us, or
 * the worker answers for us: then we still can when it refuses.
 */
static void
attach_start(struct op *op)
{
	if (!op->ws || (op->face->flags & OP_HTTP) || op->switched) {
		attach_send(op);
		return;
	}
	op->switched = 1;
	client_switch(op->client, attach_send);
}

static void
attach_send(void *arg)
{
	struct op		*op = arg;
	struct msg_attach	 m;
	char			 head[REPLY_HEAD_MAX];

	memset(&m, 0, sizeof(m));
	m.dialect = op->face->dialect;
	m.flags = op->flags;
	m.offset = op->offset;
	strlcpy(m.address, op->req->address, sizeof(m.address));
	m.transport = op->ws ? TRANSPORT_WS : op->req->http.minor == 1 ?
	    TRANSPORT_SSE : TRANSPORT_SSE10;
	m.head.p = (const uint8_t *)head;
	m.head.len = attach_head(op, head);
	client_suspend(op->client);
	if ((op->attach = attach_new(&op->granted, op->client, &m,
	    attach_answered, op)) != NULL)
		return;
	client_resume(op->client);
	if (errno == ESRCH)
		attach_failed(op, FAIL_LOST);
	else
		op_refuse(op, OP_BUSY);
}

static size_t
attach_head(const struct op *op, char *head)
{
	if (op->switched)
		return (0);
	if (op->ws)
		return (reply_upgrade(head, &op->req->to,
		    client_accept(op->client), op->protocol));
	return (reply_stream(head, &op->req->to, op->req->http.minor == 1,
	    op->face->cache));
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
	attach_failed(op, reason);
}

static void
attach_failed(struct op *op, int reason)
{
	if (op->auth.join && (reason == FAIL_GRANT || reason == FAIL_GONE ||
	    reason == FAIL_EXITED || reason == FAIL_LOST)) {
		if (op_retry(op, reason) == -1)
			op_refuse(op, OP_GONE);
		return;
	}
	/* The session may have ended between its grant and our pass. */
	if (reason == FAIL_GRANT && op_retry(op, reason) == 0)
		return;
	switch (reason) {
	case FAIL_GONE:
		op_refuse(op, OP_NO_SESSION);
		break;
	case FAIL_LIMIT:
		op_refuse(op, OP_VIEWERS);
		break;
	case FAIL_OFFSET:
		op_refuse(op, OP_OFFSET);
		break;
	case FAIL_UNSUPPORTED:
		op_refuse(op, OP_UNSUPPORTED);
		break;
	default:
		op_refuse(op, OP_UNAVAILABLE);
		break;
	}
}

static void
call_start(struct op *op)
{
	struct pass_key		 key;
	struct msg_granted	 pass;
	struct imsg		 im;

	if (op->action != ACTION_CLOSE) {
		/* What had to be opened is open. */
		pass = op->granted;
		pass.open_time = 0;
		pass_key(&key, &op->auth, op->hash);
		if (pass_find(&key) == NULL)
			pass_keep(&key, &pass);
	}
	if (op->action == ACTION_RESIZE && (op->cols == 0 || op->rows == 0)) {
		op->face->done(op, NULL);
		return;
	}
	if (call_message(op, &im) == -1) {
		op_refuse(op, OP_BUSY);
		return;
	}
	op->call = call_new(op->granted.worker, &im, call_answered, op);
	if (op->call == NULL)
		call_failed(op, errno == ESRCH ? FAIL_GRANT : FAIL_BUSY);
}

static int
call_message(struct op *op, struct imsg *im)
{
	uint8_t	*grant, *hash;

	switch (op->action) {
	case ACTION_INPUT:
		imsg_init(im, IMSG_INPUT, 0);
		grant = im->m.input.grant;
		hash = im->m.input.hash;
		if (call_input(op, im) == -1)
			return (-1);
		break;
	case ACTION_RESIZE:
		imsg_init(im, IMSG_RESIZE, 0);
		grant = im->m.resize.grant;
		hash = im->m.resize.hash;
		im->m.resize.cols = op->cols;
		im->m.resize.rows = op->rows;
		break;
	case ACTION_SIGNAL:
		imsg_init(im, IMSG_SIGNAL, 0);
		grant = im->m.signal.grant;
		hash = im->m.signal.hash;
		im->m.signal.signo = op->signo;
		break;
	case ACTION_STATUS:
		imsg_init(im, IMSG_STATUS, 0);
		grant = im->m.status.grant;
		hash = im->m.status.hash;
		im->m.status.what = op->what;
		break;
	default:
		imsg_init(im, IMSG_CLOSE, 0);
		grant = im->m.close.grant;
		hash = im->m.close.hash;
		break;
	}
	memcpy(grant, op->granted.grant, GRANT_LEN);
	memcpy(hash, op->hash, HASH_LEN);
	return (0);
}

static int
call_input(struct op *op, struct imsg *im)
{
	if (op->len > INPUT_INLINE_MAX) {
		im->blob = blob_create(op->data, op->len);
		return (im->blob == -1 ? -1 : 0);
	}
	im->m.input.data.p = op->data;
	im->m.input.data.len = op->len;
	return (0);
}

static void
call_answered(void *arg, const struct imsg *im)
{
	struct op	*op = arg;

	op->call = NULL;
	if (im == NULL)
		/* All sessions of a worker end with it. */
		call_failed(op, FAIL_LOST);
	else if (im->type == IMSG_CALL_FAIL)
		call_failed(op, im->m.call_fail.reason);
	else if (im->type == IMSG_INPUT_BLOCKED)
		call_failed(op, FAIL_BLOCKED);
	else
		op->face->done(op, im);
}

/*
 * Ask again after a session, or a worker, that is no more.  The parent may
 * hear of its end a little later than we do, and even give a new channel to
 * a worker that has gone; a second worker that goes is enough.
 */
static int
op_retry(struct op *op, int reason)
{
	int	 ending = op->auth.join;

	if (reason == FAIL_LOST) {
		ending = ending && (op->lost == 0 ||
		    op->lost == op->granted.worker);
		op->lost = op->granted.worker;
	}
	return (op_again(op, ending));
}

/* A grant may have ended a little before our pass: that is asked again. */
static void
call_failed(struct op *op, int reason)
{
	switch (reason) {
	case FAIL_GRANT:
	case FAIL_GONE:
	case FAIL_LOST:
		if ((reason == FAIL_GRANT || op->auth.join) &&
		    op_retry(op, reason) == 0)
			break;
		op_refuse(op, op->auth.join ? OP_GONE : OP_NO_SESSION);
		break;
	case FAIL_BLOCKED:
		op_refuse(op, OP_BLOCKED);
		break;
	case FAIL_EXITED:
		op_refuse(op, OP_EXITED);
		break;
	case FAIL_UNSUPPORTED:
		op_refuse(op, OP_UNSUPPORTED);
		break;
	case FAIL_BUSY:
		op_refuse(op, OP_BUSY);
		break;
	default:
		op_refuse(op, OP_UNAVAILABLE);
		break;
	}
}
