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
#include <stdio.h>

#include "dialect.h"
#include "frame.h"
#include "jsontext.h"
#include "msg_front.h"
#include "ring.h"
#include "session.h"
#include "sse.h"
#include "sseconn.h"
#include "typed.h"
#include "utf8.h"
#include "viewer.h"
#include "ws.h"
#include "wsconn.h"

/*
 * The terminal of the routes under /tty and /pty: output is text, in text
 * frames or in the strings of events, so what is not UTF-8 is replaced.
 */

#define OUTPUT_HEAD	"{\"data\":\""
#define OUTPUT_TAIL	"\"}"

/*
 * An exit code has to be said: that of ssh(1) for one that is not known, and
 * that of sh(1) for a signal.
 */
#define TTY_UNKNOWN	255
#define TTY_SIGNAL	128

struct tty_last {
	int		 code;		/* of a Close frame */
	const char	*text;
	int		 exited;	/* an event "exit", not "error" */
};

static struct frame	*tty_ws_greet(const struct viewer *,
			    const uint8_t *, size_t);
static struct frame	*tty_ws_output(const struct dialect *,
			    const struct ring *, uint64_t, uint64_t);
static struct frame	*tty_ws_repaint(const struct viewer *,
			    const uint8_t *, size_t);
static struct frame	*tty_ws_bytes(const uint8_t *, size_t);
static struct frame	*tty_ws_last(const struct viewer *, enum leave,
			    const struct session_end *);
static struct tty_last	 tty_last(enum leave, const struct session_end *);
static struct tty_last	 tty_end(const struct session_end *);
static int		 tty_code(const struct session_end *);
static struct frame	*tty_sse_greet(const struct viewer *,
			    const uint8_t *, size_t);
static struct frame	*tty_sse_output(const struct dialect *,
			    const struct ring *, uint64_t, uint64_t);
static struct frame	*tty_sse_repaint(const struct viewer *,
			    const uint8_t *, size_t);
static struct frame	*tty_sse_bytes(const struct dialect *,
			    const uint8_t *, size_t);
static struct frame	*tty_sse_last(const struct viewer *, enum leave,
			    const struct session_end *);

const struct dialect	 dialect_tty_ws = {
	.name =		"tty",
	.dialect =	DIALECT_TTY,
	.transport =	TRANSPORT_WS,
	.index =	3,
	.flags =	DIALECT_UTF8 | DIALECT_PONGS,
	.state =	sizeof(struct typed),
	.init =		typed_init,
	.greet =	tty_ws_greet,
	.output =	tty_ws_output,
	.repaint =	tty_ws_repaint,
	.ping_frame =	wsconn_ping,
	.last =		tty_ws_last,
	.input =	typed_input
};

const struct dialect	 dialect_tty_sse = {
	.name =		"tty",
	.dialect =	DIALECT_TTY,
	.transport =	TRANSPORT_SSE,
	.index =	4,
	.flags =	DIALECT_UTF8 | DIALECT_DEAF,
	.ping =		SSECONN_PING_SECS,
	.greet =	tty_sse_greet,
	.output =	tty_sse_output,
	.repaint =	tty_sse_repaint,
	.ping_frame =	sseconn_ping,
	.last =		tty_sse_last
};

const struct dialect	 dialect_tty_sse10 = {
	.name =		"tty",
	.dialect =	DIALECT_TTY,
	.transport =	TRANSPORT_SSE10,
	.index =	5,
	.flags =	DIALECT_UTF8 | DIALECT_DEAF,
	.ping =		SSECONN_PING_SECS,
	.greet =	tty_sse_greet,
	.output =	tty_sse_output,
	.repaint =	tty_sse_repaint,
	.ping_frame =	sseconn_ping,
	.last =		tty_sse_last
};

/*
 * WebSocket
 */

static struct frame *
tty_ws_greet(const struct viewer *v, const uint8_t *head, size_t len)
{
	(void)v;
	return (frame_bytes(head, len));
}

static struct frame *
tty_ws_output(const struct dialect *d, const struct ring *r, uint64_t start,
    uint64_t end)
{
	uint8_t	 tmp[FRAME_OUTPUT_MAX];

	(void)d;
	return (tty_ws_bytes(ring_span(r, start, end - start, tmp),
	    end - start));
}

static struct frame *
tty_ws_repaint(const struct viewer *v, const uint8_t *p, size_t len)
{
	(void)v;
	return (tty_ws_bytes(p, len));
}

/* Text, as nearly all output is, is looked at once and then copied. */
static struct frame *
tty_ws_bytes(const uint8_t *p, size_t len)
{
	struct frame	*f;
	size_t		 bad, n;

	if (utf8_valid(p, len, &bad) == len) {
		if ((f = wsconn_begin(WS_TEXT, len)) != NULL)
			frame_add(f, p, len);
		return (f);
	}
	n = utf8_text(NULL, p, len);
	if ((f = wsconn_begin(WS_TEXT, n)) != NULL)
		f->len += utf8_text(f->data + f->len, p, len);
	return (f);
}

static struct frame *
tty_ws_last(const struct viewer *v, enum leave reason,
    const struct session_end *end)
{
	struct tty_last	 last;

	(void)v;
	last = tty_last(reason, end);
	return (wsconn_close(last.code, last.text));
}

static struct tty_last
tty_last(enum leave reason, const struct session_end *end)
{
	struct tty_last	 closed = { WS_CLOSE_NORMAL, "closed", 0 };
	struct tty_last	 lost = { WS_CLOSE_INTERNAL, "connection lost", 0 };
	struct tty_last	 slow = { WS_CLOSE_TRY_LATER, "too slow", 0 };
	struct tty_last	 forbidden = { WS_CLOSE_POLICY, "Forbidden", 0 };
	struct tty_last	 stop = { WS_CLOSE_GOING_AWAY, "stopping", 0 };

	switch (reason) {
	case LEAVE_END:
		return (tty_end(end));
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

/* A shell that somebody ended has ended: these clients know no other way. */
static struct tty_last
tty_end(const struct session_end *end)
{
	struct tty_last	 exited = { WS_CLOSE_NORMAL, "exit", 1 };
	struct tty_last	 failed = { WS_CLOSE_INTERNAL, "Session error", 0 };
	struct tty_last	 lost = { WS_CLOSE_INTERNAL, "connection lost", 0 };

	switch (end->reason) {
	case END_FAILED:
		return (failed);
	case END_LOST:
		if (end->text[0] != '\0')
			lost.text = end->text;
		return (lost);
	case END_EXIT:
	case END_CLOSED:
	case END_IDLE:
	case END_DETACHED:
	case END_LIMIT:
	case END_STOP:
		break;
	}
	return (exited);
}

static int
tty_code(const struct session_end *end)
{
	switch (end->how) {
	case EXIT_CODE:
		return (end->code);
	case EXIT_SIGNAL:
		return (TTY_SIGNAL + end->code);
	default:
		return (TTY_UNKNOWN);
	}
}

/*
 * Server-sent events
 */

static struct frame *
tty_sse_greet(const struct viewer *v, const uint8_t *head, size_t len)
{
	return (sseconn_greet(v, head, len, NULL, NULL));
}

static struct frame *
tty_sse_output(const struct dialect *d, const struct ring *r,
    uint64_t start, uint64_t end)
{
	uint8_t	 tmp[FRAME_OUTPUT_MAX];

	return (tty_sse_bytes(d, ring_span(r, start, end - start, tmp),
	    end - start));
}

static struct frame *
tty_sse_repaint(const struct viewer *v, const uint8_t *p, size_t len)
{
	return (tty_sse_bytes(v->dialect, p, len));
}

static struct frame *
tty_sse_bytes(const struct dialect *d, const uint8_t *p, size_t len)
{
	struct frame	*f;
	size_t		 n;

	n = sizeof(OUTPUT_HEAD) - 1 + jsontext(NULL, p, len) +
	    sizeof(OUTPUT_TAIL) - 1;
	if ((f = sseconn_begin(d, SSE_NO_ID, "output", n)) == NULL)
		return (NULL);
	frame_add(f, OUTPUT_HEAD, sizeof(OUTPUT_HEAD) - 1);
	f->len += jsontext((char *)f->data + f->len, p, len);
	frame_add(f, OUTPUT_TAIL, sizeof(OUTPUT_TAIL) - 1);
	sseconn_end(d, f);
	return (f);
}

static struct frame *
tty_sse_last(const struct viewer *v, enum leave reason,
    const struct session_end *end)
{
	struct tty_last	 last;
	char		 data[32];

	last = tty_last(reason, end);
	if (!last.exited)
		return (sseconn_error(v->dialect, last.text));
	(void)snprintf(data, sizeof(data), "{\"code\":%d}", tty_code(end));
	return (sseconn_last(v->dialect, SSE_NO_ID, "exit", data));
}
