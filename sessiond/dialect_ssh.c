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

#include <stdint.h>

#include "base64.h"
#include "dialect.h"
#include "frame.h"
#include "msg_front.h"
#include "ring.h"
#include "session.h"
#include "sse.h"
#include "sseconn.h"
#include "typed.h"
#include "viewer.h"
#include "ws.h"
#include "wsconn.h"

/*
 * The terminal of the routes under /ssh: output is base64, in text frames or
 * unnamed events.
 */

/* What a session's end, and a viewer's, look like to the client. */
struct ssh_last {
	int		 code;		/* of a Close frame */
	const char	*text;
};

static struct frame	*ssh_ws_greet(const struct viewer *,
			    const uint8_t *, size_t);
static struct frame	*ssh_ws_output(const struct dialect *,
			    const struct ring *, uint64_t, uint64_t);
static struct frame	*ssh_ws_repaint(const struct viewer *,
			    const uint8_t *, size_t);
static struct frame	*ssh_ws_bytes(const uint8_t *, size_t);
static struct frame	*ssh_ws_last(const struct viewer *, enum leave,
			    const struct session_end *);
static struct ssh_last	 ssh_last(enum leave, const struct session_end *);
static struct frame	*ssh_sse_greet(const struct viewer *,
			    const uint8_t *, size_t);
static struct frame	*ssh_sse_output(const struct dialect *,
			    const struct ring *, uint64_t, uint64_t);
static struct frame	*ssh_sse_repaint(const struct viewer *,
			    const uint8_t *, size_t);
static struct frame	*ssh_sse_bytes(const struct dialect *,
			    const uint8_t *, size_t);
static struct frame	*ssh_sse_last(const struct viewer *, enum leave,
			    const struct session_end *);

const struct dialect	 dialect_ssh_ws = {
	.name =		"ssh",
	.dialect =	DIALECT_SSH,
	.transport =	TRANSPORT_WS,
	.index =	0,
	.flags =	DIALECT_UTF8 | DIALECT_PONGS,
	.state =	sizeof(struct typed),
	.init =		typed_init,
	.greet =	ssh_ws_greet,
	.output =	ssh_ws_output,
	.repaint =	ssh_ws_repaint,
	.ping_frame =	wsconn_ping,
	.last =		ssh_ws_last,
	.input =	typed_input
};

const struct dialect	 dialect_ssh_sse = {
	.name =		"ssh",
	.dialect =	DIALECT_SSH,
	.transport =	TRANSPORT_SSE,
	.index =	1,
	.flags =	DIALECT_UTF8 | DIALECT_DEAF,
	.ping =		SSECONN_PING_SECS,
	.greet =	ssh_sse_greet,
	.output =	ssh_sse_output,
	.repaint =	ssh_sse_repaint,
	.ping_frame =	sseconn_ping,
	.last =		ssh_sse_last
};

const struct dialect	 dialect_ssh_sse10 = {
	.name =		"ssh",
	.dialect =	DIALECT_SSH,
	.transport =	TRANSPORT_SSE10,
	.index =	2,
	.flags =	DIALECT_UTF8 | DIALECT_DEAF,
	.ping =		SSECONN_PING_SECS,
	.greet =	ssh_sse_greet,
	.output =	ssh_sse_output,
	.repaint =	ssh_sse_repaint,
	.ping_frame =	sseconn_ping,
	.last =		ssh_sse_last
};

/*
 * WebSocket
 */

static struct frame *
ssh_ws_greet(const struct viewer *v, const uint8_t *head, size_t len)
{
	(void)v;
	return (frame_bytes(head, len));
}

static struct frame *
ssh_ws_output(const struct dialect *d, const struct ring *r, uint64_t start,
    uint64_t end)
{
	uint8_t	 tmp[FRAME_OUTPUT_MAX];

	(void)d;
	return (ssh_ws_bytes(ring_span(r, start, end - start, tmp),
	    end - start));
}

static struct frame *
ssh_ws_repaint(const struct viewer *v, const uint8_t *p, size_t len)
{
	(void)v;
	return (ssh_ws_bytes(p, len));
}

static struct frame *
ssh_ws_bytes(const uint8_t *p, size_t len)
{
	struct frame	*f;

	if ((f = wsconn_begin(WS_TEXT, base64_encoded_len(len))) != NULL)
		f->len += base64_encode((char *)f->data + f->len, p, len);
	return (f);
}

static struct frame *
ssh_ws_last(const struct viewer *v, enum leave reason,
    const struct session_end *end)
{
	struct ssh_last	 last;

	(void)v;
	last = ssh_last(reason, end);
	return (wsconn_close(last.code, last.text));
}

static struct ssh_last
ssh_last(enum leave reason, const struct session_end *end)
{
	struct ssh_last	 closed = { WS_CLOSE_NORMAL, "closed" };
	struct ssh_last	 lost = { WS_CLOSE_INTERNAL, "connection lost" };
	struct ssh_last	 slow = { WS_CLOSE_TRY_LATER, "too slow" };
	struct ssh_last	 forbidden = { WS_CLOSE_POLICY, "Forbidden" };
	struct ssh_last	 stop = { WS_CLOSE_GOING_AWAY, "stopping" };

	switch (reason) {
	case LEAVE_END:
		if (end->reason != END_LOST && end->reason != END_FAILED)
			return (closed);
		if (end->text[0] != '\0')
			lost.text = end->text;
		return (lost);
	case LEAVE_SLOW:
		return (slow);
	case LEAVE_REVOKED:
		return (forbidden);
	case LEAVE_STOP:
		return (stop);
	case LEAVE_CLIENT:
	case LEAVE_OPERATOR:
		return (closed);
	case LEAVE_ERROR:
	case LEAVE_PING:
		break;
	}
	return (lost);
}

/*
 * Server-sent events
 */

static struct frame *
ssh_sse_greet(const struct viewer *v, const uint8_t *head, size_t len)
{
	return (sseconn_greet(v, head, len, "connected", v->session->id));
}

static struct frame *
ssh_sse_output(const struct dialect *d, const struct ring *r,
    uint64_t start, uint64_t end)
{
	uint8_t	 tmp[FRAME_OUTPUT_MAX];

	return (ssh_sse_bytes(d, ring_span(r, start, end - start, tmp),
	    end - start));
}

static struct frame *
ssh_sse_repaint(const struct viewer *v, const uint8_t *p, size_t len)
{
	return (ssh_sse_bytes(v->dialect, p, len));
}

static struct frame *
ssh_sse_bytes(const struct dialect *d, const uint8_t *p, size_t len)
{
	struct frame	*f;

	if ((f = sseconn_begin(d, SSE_NO_ID, NULL,
	    base64_encoded_len(len))) == NULL)
		return (NULL);
	f->len += base64_encode((char *)f->data + f->len, p, len);
	sseconn_end(d, f);
	return (f);
}

static struct frame *
ssh_sse_last(const struct viewer *v, enum leave reason,
    const struct session_end *end)
{
	struct ssh_last	 last;

	last = ssh_last(reason, end);
	if (last.code == WS_CLOSE_NORMAL)
		return (sseconn_last(v->dialect, SSE_NO_ID, "close",
		    "closed"));
	return (sseconn_error(v->dialect, last.text));
}
