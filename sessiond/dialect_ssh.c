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
#include <string.h>

#include <json-c/json.h>

#include "base64.h"
#include "dialect.h"
#include "frame.h"
#include "jsonscan.h"
#include "msg_front.h"
#include "ring.h"
#include "session.h"
#include "sizes.h"
#include "sse.h"
#include "viewer.h"
#include "ws.h"
#include "wsconn.h"

/*
 * The terminal of the routes under /ssh: output is base64, in text frames or
 * unnamed events; what a client sends is typed, but for one shape of a short
 * text frame, which resizes.
 */
#define CONTROL_MAX	128		/* a longer text frame is input */

#define SSE_PING_SECS	15

/* What a chunk adds to an event. */
#define SSE_CHUNK_MORE	(SSE_CHUNK_HEAD_MAX + sizeof(SSE_CHUNK_TAIL))

struct ssh_ws {
	struct wsconn	 ws;
	int		 streaming;	/* this message is input */
	size_t		 len;
	uint8_t		 text[CONTROL_MAX];	/* may become a resize */
};

/* What a session's end, and a viewer's, look like to the client. */
struct ssh_last {
	int		 code;		/* of a Close frame */
	const char	*text;
};

static void		 ssh_ws_init(struct viewer *);
static struct frame	*ssh_ws_greet(const struct viewer *,
			    const uint8_t *, size_t);
static struct frame	*ssh_ws_output(const struct dialect *,
			    const struct ring *, uint64_t, uint64_t);
static struct frame	*ssh_ws_last(const struct viewer *, enum leave,
			    const struct session_end *);
static void		 ssh_ws_input(struct viewer *, uint8_t *, size_t);
static void		 ssh_ws_piece(struct viewer *,
			    const struct ws_event *);
static void		 ssh_ws_text(struct viewer *, struct ssh_ws *);
static int		 ssh_resize(const uint8_t *, size_t, uint16_t *,
			    uint16_t *);
static int		 ssh_size(struct json_object *, const char *,
			    int, uint16_t *);
static struct ssh_last	 ssh_last(enum leave, const struct session_end *);
static struct frame	*ssh_sse_greet(const struct viewer *,
			    const uint8_t *, size_t);
static struct frame	*ssh_sse_output(const struct dialect *,
			    const struct ring *, uint64_t, uint64_t);
static struct frame	*ssh_sse_ping(const struct dialect *);
static struct frame	*ssh_sse_last(const struct viewer *, enum leave,
			    const struct session_end *);
static void		 sse_put(struct frame *, const void *, size_t);
static void		 sse_put_event(struct frame *, const struct dialect *,
			    const void *, size_t);

const struct dialect	 dialect_ssh_ws = {
	.name =		"ssh",
	.dialect =	DIALECT_SSH,
	.transport =	TRANSPORT_WS,
	.index =	0,
	.flags =	DIALECT_UTF8 | DIALECT_PONGS,
	.state =	sizeof(struct ssh_ws),
	.init =		ssh_ws_init,
	.greet =	ssh_ws_greet,
	.output =	ssh_ws_output,
	.ping_frame =	wsconn_ping,
	.last =		ssh_ws_last,
	.input =	ssh_ws_input
};

const struct dialect	 dialect_ssh_sse = {
	.name =		"ssh",
	.dialect =	DIALECT_SSH,
	.transport =	TRANSPORT_SSE,
	.index =	1,
	.flags =	DIALECT_UTF8 | DIALECT_DEAF,
	.ping =		SSE_PING_SECS,
	.greet =	ssh_sse_greet,
	.output =	ssh_sse_output,
	.ping_frame =	ssh_sse_ping,
	.last =		ssh_sse_last
};

const struct dialect	 dialect_ssh_sse10 = {
	.name =		"ssh",
	.dialect =	DIALECT_SSH,
	.transport =	TRANSPORT_SSE10,
	.index =	2,
	.flags =	DIALECT_UTF8 | DIALECT_DEAF,
	.ping =		SSE_PING_SECS,
	.greet =	ssh_sse_greet,
	.output =	ssh_sse_output,
	.ping_frame =	ssh_sse_ping,
	.last =		ssh_sse_last
};

void
dialect_setup(void)
{
	static const char	 sample[] =
	    "{\"type\":\"resize\",\"cols\":1,\"rows\":1}";
	uint16_t		 cols, rows;

	(void)ssh_resize((const uint8_t *)sample, sizeof(sample) - 1, &cols,
	    &rows);
}

/*
 * WebSocket
 */

static void
ssh_ws_init(struct viewer *v)
{
	struct ssh_ws	*c = v->data;

	wsconn_init(&c->ws);
}

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
	uint8_t		 tmp[FRAME_OUTPUT_MAX];
	struct frame	*f;
	const uint8_t	*p;
	size_t		 n;

	(void)d;
	p = ring_span(r, start, end - start, tmp);
	n = base64_encoded_len(end - start);
	if ((f = frame_new(WS_HEAD_MAX + n)) == NULL)
		return (NULL);
	f->len = ws_frame_head(f->data, WS_TEXT, n);
	f->len += base64_encode((char *)f->data + f->len, p, end - start);
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

static void
ssh_ws_input(struct viewer *v, uint8_t *buf, size_t len)
{
	struct ssh_ws	*c = v->data;

	wsconn_input(&c->ws, v, buf, len, ssh_ws_piece);
}

/*
 * Only a text message that is short enough to be a resize is kept until it
 * is complete; everything else is typed as it comes.
 */
static void
ssh_ws_piece(struct viewer *v, const struct ws_event *ev)
{
	struct ssh_ws	*c = v->data;

	if (ev->first) {
		c->len = 0;
		c->streaming = ev->opcode == WS_BINARY;
	}
	if (!c->streaming && ev->len <= sizeof(c->text) - c->len) {
		if (ev->len > 0)
			memcpy(c->text + c->len, ev->data, ev->len);
		c->len += ev->len;
		if (ev->fin)
			ssh_ws_text(v, c);
		return;
	}
	if (!c->streaming) {
		viewer_input(v, c->text, c->len);
		c->streaming = 1;
	}
	viewer_input(v, ev->data, ev->len);
}

static void
ssh_ws_text(struct viewer *v, struct ssh_ws *c)
{
	uint16_t	 cols, rows;

	switch (ssh_resize(c->text, c->len, &cols, &rows)) {
	case 1:
		viewer_resize(v, cols, rows);
		break;
	case 0:
		viewer_input(v, c->text, c->len);
		break;
	}
}

/*
 * Is this exactly {"type":"resize","cols":C,"rows":R}, in any order and
 * spacing?  1: yes; 0: no, it is input; -1: yes, but such a size is ignored.
 */
static int
ssh_resize(const uint8_t *p, size_t len, uint16_t *cols, uint16_t *rows)
{
	struct json_tokener	*tok;
	struct json_object	*o, *type;
	const char		*text;
	int			 c, r, verdict;

	text = (const char *)p;
	if (memchr(p, '{', len) == NULL || jsonscan_object(text, len) == -1)
		return (0);
	verdict = 0;
	o = NULL;
	if ((tok = json_tokener_new()) == NULL ||
	    (o = json_tokener_parse_ex(tok, text, len)) == NULL ||
	    !json_object_is_type(o, json_type_object) ||
	    json_object_object_length(o) != 3 ||
	    !json_object_object_get_ex(o, "type", &type) ||
	    !json_object_is_type(type, json_type_string) ||
	    strcmp(json_object_get_string(type), "resize") != 0)
		goto done;
	c = ssh_size(o, "cols", COLS_MAX, cols);
	r = ssh_size(o, "rows", ROWS_MAX, rows);
	if (c != 0 && r != 0)
		verdict = c == 1 && r == 1 ? 1 : -1;
 done:
	json_object_put(o);
	if (tok != NULL)
		json_tokener_free(tok);
	return (verdict);
}

/* 1: an integer from 1 to max; -1: another integer; 0: something else. */
static int
ssh_size(struct json_object *o, const char *key, int max, uint16_t *size)
{
	struct json_object	*n;
	int64_t			 i;

	if (!json_object_object_get_ex(o, key, &n) ||
	    !json_object_is_type(n, json_type_int))
		return (0);
	i = json_object_get_int64(n);
	if (i < 1 || i > max)
		return (-1);
	*size = i;
	return (1);
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
 * Server-sent events: in HTTP chunks, or until the connection ends
 */

static struct frame *
ssh_sse_greet(const struct viewer *v, const uint8_t *head, size_t len)
{
	char		 event[SSE_EVENT_MAX];
	struct frame	*f;
	ssize_t		 n;

	if ((n = sse_event_connected(event, v->session->id)) == -1 ||
	    (f = frame_new(len + SSE_CHUNK_MORE + SSE_EVENT_MAX)) == NULL)
		return (NULL);
	sse_put(f, head, len);
	sse_put_event(f, v->dialect, event, n);
	return (f);
}

static struct frame *
ssh_sse_output(const struct dialect *d, const struct ring *r,
    uint64_t start, uint64_t end)
{
	uint8_t		 tmp[FRAME_OUTPUT_MAX];
	struct frame	*f;
	const uint8_t	*p;
	size_t		 n;

	p = ring_span(r, start, end - start, tmp);
	n = sse_event_data_len(end - start);
	if ((f = frame_new(SSE_CHUNK_MORE + n)) == NULL)
		return (NULL);
	if (d->transport == TRANSPORT_SSE)
		f->len = sse_chunk_head((char *)f->data, n);
	f->len += sse_event_data((char *)f->data + f->len, p, end - start);
	if (d->transport == TRANSPORT_SSE)
		sse_put(f, SSE_CHUNK_TAIL, sizeof(SSE_CHUNK_TAIL) - 1);
	return (f);
}

static struct frame *
ssh_sse_ping(const struct dialect *d)
{
	struct frame	*f;

	if ((f = frame_new(SSE_CHUNK_MORE + SSE_EVENT_MAX)) != NULL)
		sse_put_event(f, d, SSE_PING, sizeof(SSE_PING) - 1);
	return (f);
}

static struct frame *
ssh_sse_last(const struct viewer *v, enum leave reason,
    const struct session_end *end)
{
	char		 event[SSE_EVENT_MAX];
	struct ssh_last	 last;
	struct frame	*f;
	size_t		 n;

	if ((f = frame_new(SSE_CHUNK_MORE + SSE_EVENT_MAX +
	    sizeof(SSE_CHUNK_LAST))) == NULL)
		return (NULL);
	last = ssh_last(reason, end);
	if (last.code == WS_CLOSE_NORMAL)
		sse_put_event(f, v->dialect, SSE_CLOSE, sizeof(SSE_CLOSE) - 1);
	else {
		n = sse_event_error(event, last.text);
		sse_put_event(f, v->dialect, event, n);
	}
	if (v->dialect->transport == TRANSPORT_SSE)
		sse_put(f, SSE_CHUNK_LAST, sizeof(SSE_CHUNK_LAST) - 1);
	return (f);
}

static void
sse_put(struct frame *f, const void *p, size_t len)
{
	if (len > 0)
		memcpy(f->data + f->len, p, len);
	f->len += len;
}

static void
sse_put_event(struct frame *f, const struct dialect *d, const void *event,
    size_t len)
{
	if (d->transport == TRANSPORT_SSE)
		f->len += sse_chunk_head((char *)f->data + f->len, len);
	sse_put(f, event, len);
	if (d->transport == TRANSPORT_SSE)
		sse_put(f, SSE_CHUNK_TAIL, sizeof(SSE_CHUNK_TAIL) - 1);
}
