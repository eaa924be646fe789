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

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

#include "base64.h"
#include "dialect.h"
#include "frame.h"
#include "msg_front.h"
#include "ring.h"
#include "session.h"
#include "sse.h"
#include "sseconn.h"
#include "terminal_last.h"
#include "viewer.h"

/*
 * The native dialect as server-sent events, gatewayd-terminal(7): output is
 * base64 in unnamed events, whose ids are the offset after them.
 */

#define SCREEN_HEAD	"{\"data\":\""
#define SCREEN_TAIL	"\"}"

#define GAP_MAX		64	/* two numbers of 20 digits */

static struct frame	*terminal_sse_greet(const struct viewer *,
			    const uint8_t *, size_t);
static struct frame	*terminal_sse_output(const struct dialect *,
			    const struct ring *, uint64_t, uint64_t);
static struct frame	*terminal_sse_gap(const struct viewer *, uint64_t,
			    uint64_t);
static struct frame	*terminal_sse_repaint(const struct viewer *,
			    const uint8_t *, size_t);
static struct frame	*terminal_sse_last(const struct viewer *, enum leave,
			    const struct session_end *);

const struct dialect	 dialect_terminal_sse = {
	.name =		"terminal",
	.dialect =	DIALECT_TERMINAL,
	.transport =	TRANSPORT_SSE,
	.index =	7,
	.flags =	DIALECT_DEAF | DIALECT_GAPS,
	.ping =		SSECONN_PING_SECS,
	.greet =	terminal_sse_greet,
	.output =	terminal_sse_output,
	.gap =		terminal_sse_gap,
	.repaint =	terminal_sse_repaint,
	.ping_frame =	sseconn_ping,
	.last =		terminal_sse_last
};

const struct dialect	 dialect_terminal_sse10 = {
	.name =		"terminal",
	.dialect =	DIALECT_TERMINAL,
	.transport =	TRANSPORT_SSE10,
	.index =	8,
	.flags =	DIALECT_DEAF | DIALECT_GAPS,
	.ping =		SSECONN_PING_SECS,
	.greet =	terminal_sse_greet,
	.output =	terminal_sse_output,
	.gap =		terminal_sse_gap,
	.repaint =	terminal_sse_repaint,
	.ping_frame =	sseconn_ping,
	.last =		terminal_sse_last
};

static struct frame *
terminal_sse_greet(const struct viewer *v, const uint8_t *head, size_t len)
{
	return (sseconn_greet(v, head, len, NULL, NULL));
}

static struct frame *
terminal_sse_output(const struct dialect *d, const struct ring *r,
    uint64_t start, uint64_t end)
{
	uint8_t		 tmp[FRAME_OUTPUT_MAX];
	struct frame	*f;
	const uint8_t	*p;

	p = ring_span(r, start, end - start, tmp);
	if ((f = sseconn_begin(d, end, NULL,
	    base64_encoded_len(end - start))) == NULL)
		return (NULL);
	f->len += base64_encode((char *)f->data + f->len, p, end - start);
	sseconn_end(d, f);
	return (f);
}

static struct frame *
terminal_sse_gap(const struct viewer *v, uint64_t from, uint64_t to)
{
	char	 data[GAP_MAX];

	(void)snprintf(data, sizeof(data), "{\"from\":%" PRIu64 ",\"to\":%"
	    PRIu64 "}", from, to);
	return (sseconn_event(v->dialect, to, "gap", data));
}

static struct frame *
terminal_sse_repaint(const struct viewer *v, const uint8_t *p, size_t len)
{
	struct frame	*f;

	if ((f = sseconn_begin(v->dialect, v->cursor, "screen",
	    sizeof(SCREEN_HEAD) - 1 + base64_encoded_len(len) +
	    sizeof(SCREEN_TAIL) - 1)) == NULL)
		return (NULL);
	frame_add(f, SCREEN_HEAD, sizeof(SCREEN_HEAD) - 1);
	f->len += base64_encode((char *)f->data + f->len, p, len);
	frame_add(f, SCREEN_TAIL, sizeof(SCREEN_TAIL) - 1);
	sseconn_end(v->dialect, f);
	return (f);
}

static struct frame *
terminal_sse_last(const struct viewer *v, enum leave reason,
    const struct session_end *end)
{
	struct terminal_last	 last;
	char			 data[TERMINAL_LAST_MAX + 2];

	terminal_last(&last, reason, end);
	(void)snprintf(data, sizeof(data), "{%s}", last.members);
	return (sseconn_last(v->dialect, SSE_NO_ID, last.what, data));
}
