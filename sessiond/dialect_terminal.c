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
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base64.h"
#include "dialect.h"
#include "frame.h"
#include "gather.h"
#include "message.h"
#include "msg_front.h"
#include "session.h"
#include "terminal_last.h"
#include "viewer.h"
#include "ws.h"
#include "wsconn.h"

/*
 * The native dialect on a WebSocket, gatewayd-terminal(7): binary messages
 * are the terminal's bytes, text messages are JSON objects.
 */

#define SCREEN_HEAD	"{\"type\":\"screen\",\"data\":\""
#define SCREEN_TAIL	"\"}"

/* Room for a message of ours, but for the screen and the last. */
#define TEXT_MAX	256

struct terminal_ws {
	struct wsconn	 ws;
	uint64_t	 accepted;	/* bytes of input, in all */
	uint64_t	 told;		/* of them, to the client */
	const char	*error;		/* code of one to be told */
	const char	*why;
	size_t		 len;
	int		 skip;		/* this message is not kept */
	uint8_t		 text[MESSAGE_CONTROL_MAX];
};

static void		 terminal_init(struct viewer *);
static struct frame	*terminal_greet(const struct viewer *,
			    const uint8_t *, size_t);
static size_t		 terminal_head(uint8_t[DIALECT_HEAD_MAX], size_t);
static struct frame	*terminal_gap(const struct viewer *, uint64_t,
			    uint64_t);
static struct frame	*terminal_repaint(const struct viewer *,
			    const uint8_t *, size_t);
static void		 terminal_resized(struct viewer *, uint16_t,
			    uint16_t);
static struct frame	*terminal_farewell(const struct viewer *, enum leave,
			    const struct session_end *);
static void		 terminal_input(struct viewer *, uint8_t *, size_t);
static void		 terminal_piece(struct viewer *,
			    const struct ws_event *);
static void		 terminal_text(struct viewer *, struct terminal_ws *,
			    const struct ws_event *);
static void		 terminal_control(struct viewer *,
			    struct terminal_ws *);
static void		 terminal_error(struct terminal_ws *, const char *,
			    const char *);
static struct frame	*terminal_json(const char *, ...)
			    __attribute__((__format__(printf, 1, 2)));

const struct dialect	 dialect_terminal_ws = {
	.name =		"terminal",
	.dialect =	DIALECT_TERMINAL,
	.transport =	TRANSPORT_WS,
	.index =	6,
	.flags =	DIALECT_PONGS | DIALECT_GAPS,
	.state =	sizeof(struct terminal_ws),
	.init =		terminal_init,
	.greet =	terminal_greet,
	.head =		terminal_head,
	.gap =		terminal_gap,
	.repaint =	terminal_repaint,
	.resized =	terminal_resized,
	.ping_frame =	wsconn_ping,
	.last =		terminal_farewell,
	.input =	terminal_input
};

static void
terminal_init(struct viewer *v)
{
	struct terminal_ws	*c = v->data;

	wsconn_init(&c->ws);
}

/*
 * What we say
 */

static struct frame *
terminal_greet(const struct viewer *v, const uint8_t *head, size_t len)
{
	const struct session	*s = v->session;
	struct frame		*f;
	char			 text[TEXT_MAX];
	int			 n;

	n = snprintf(text, sizeof(text), "{\"type\":\"attached\","
	    "\"session\":\"%s\",\"offset\":%" PRIu64 ",\"cols\":%u,"
	    "\"rows\":%u,\"mode\":\"%s\"}", s->id, v->cursor, s->cols,
	    s->rows, v->mode == MODE_RW ? "rw" : "ro");
	if ((f = frame_new(len + WS_HEAD_MAX + n)) == NULL)
		return (NULL);
	frame_add(f, head, len);
	f->len += ws_frame_head(f->data + f->len, WS_TEXT, n);
	frame_add(f, text, n);
	return (f);
}

static size_t
terminal_head(uint8_t head[DIALECT_HEAD_MAX], size_t n)
{
	return (ws_frame_head(head, WS_BINARY, n));
}

static struct frame *
terminal_gap(const struct viewer *v, uint64_t from, uint64_t to)
{
	(void)v;
	return (terminal_json("{\"type\":\"gap\",\"from\":%" PRIu64
	    ",\"to\":%" PRIu64 "}", from, to));
}

static struct frame *
terminal_repaint(const struct viewer *v, const uint8_t *p, size_t len)
{
	struct frame	*f;

	(void)v;
	if ((f = wsconn_begin(WS_TEXT, sizeof(SCREEN_HEAD) - 1 +
	    base64_encoded_len(len) + sizeof(SCREEN_TAIL) - 1)) == NULL)
		return (NULL);
	frame_add(f, SCREEN_HEAD, sizeof(SCREEN_HEAD) - 1);
	f->len += base64_encode((char *)f->data + f->len, p, len);
	frame_add(f, SCREEN_TAIL, sizeof(SCREEN_TAIL) - 1);
	return (f);
}

static void
terminal_resized(struct viewer *v, uint16_t cols, uint16_t rows)
{
	viewer_post(v, SLOT_SIZE, terminal_json("{\"type\":\"resize\","
	    "\"cols\":%u,\"rows\":%u}", cols, rows));
}

static struct frame *
terminal_farewell(const struct viewer *v, enum leave reason,
    const struct session_end *end)
{
	struct terminal_last	 last;
	char			 text[TERMINAL_LAST_MAX + TEXT_MAX];
	int			 n;

	(void)v;
	terminal_last(&last, reason, end);
	n = 0;
	if (last.told)
		n = snprintf(text, sizeof(text), "{\"type\":\"%s\",%s}",
		    last.what, last.members);
	return (wsconn_farewell(text, n, last.code, last.reason));
}

/*
 * What the client says
 */

/* One answer for all that came at once, however many messages it was. */
static void
terminal_input(struct viewer *v, uint8_t *buf, size_t len)
{
	struct terminal_ws	*c = v->data;

	wsconn_input(&c->ws, v, buf, len, terminal_piece);
	if (c->error != NULL) {
		viewer_post(v, SLOT_ERROR, terminal_json("{\"type\":\"error\","
		    "\"code\":\"%s\",\"message\":\"%s\"}", c->error, c->why));
		c->error = NULL;
	}
	if (c->accepted != c->told) {
		viewer_post(v, SLOT_ACCEPTED, terminal_json("{\"type\":"
		    "\"accepted\",\"bytes\":%" PRIu64 "}", c->accepted));
		c->told = c->accepted;
	}
}

static void
terminal_piece(struct viewer *v, const struct ws_event *ev)
{
	struct terminal_ws	*c = v->data;

	if (ev->opcode == WS_TEXT) {
		terminal_text(v, c, ev);
	} else if (v->mode == MODE_RW) {
		c->accepted += gather_input(v, ev->data, ev->len, ev->fin);
	} else if (ev->first)
		terminal_error(c, "read_only", "attached to read");
}

/* Kept until it is complete, unless that cannot be a message of ours. */
static void
terminal_text(struct viewer *v, struct terminal_ws *c,
    const struct ws_event *ev)
{
	if (ev->first) {
		c->len = 0;
		c->skip = 0;
	}
	if (c->skip)
		return;
	if (ev->len > sizeof(c->text) - c->len) {
		c->skip = 1;
		terminal_error(c, "bad_message", "longer than 1024 bytes");
		return;
	}
	if (ev->len > 0)
		memcpy(c->text + c->len, ev->data, ev->len);
	c->len += ev->len;
	if (ev->fin)
		terminal_control(v, c);
}

static void
terminal_control(struct viewer *v, struct terminal_ws *c)
{
	struct message	 m;
	const char	*why;

	if (message_control(c->text, c->len, &m, &why) == -1) {
		terminal_error(c, "bad_message", why);
		return;
	}
	if (m.type == MESSAGE_PING) {
		viewer_post(v, SLOT_ANSWER,
		    terminal_json("{\"type\":\"pong\"}"));
		return;
	}
	if (v->mode != MODE_RW) {
		terminal_error(c, "read_only", "attached to read");
		return;
	}
	if (m.type == MESSAGE_RESIZE)
		viewer_resize(v, m.cols, m.rows);
	else if (viewer_signal(v, m.signo) == -1)
		terminal_error(c, "unsupported",
		    "the signal cannot be sent");
}

/* Both are constants that JSON can have as they are. */
static void
terminal_error(struct terminal_ws *c, const char *code, const char *why)
{
	c->error = code;
	c->why = why;
}

/* A text message of what is made as with printf(3); NULL: no memory. */
static struct frame *
terminal_json(const char *fmt, ...)
{
	va_list	 ap;
	char	 text[TEXT_MAX];
	int	 n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(text))
		return (NULL);
	return (wsconn_text(text, n));
}
