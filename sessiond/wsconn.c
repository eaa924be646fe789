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

#include "frame.h"
#include "msg_worker.h"
#include "viewer.h"
#include "ws.h"
#include "wsconn.h"

static struct frame	*wsconn_control(int, const uint8_t *, size_t);

void
wsconn_init(struct wsconn *ws)
{
	ws_init(&ws->parser, WS_MESSAGE_MAX);
}

void
wsconn_input(struct wsconn *ws, struct viewer *v, uint8_t *buf, size_t len,
    wsconn_cb cb)
{
	struct ws_event	 ev;
	size_t		 used;

	while (!ws->done) {
		switch (ws_parse(&ws->parser, buf, len, &used, &ev)) {
		case WS_NEED:
			return;
		case WS_DATA:
			cb(v, &ev);
			break;
		case WS_PING:
			viewer_post(v, SLOT_PONG,
			    wsconn_control(WS_OP_PONG, ev.data, ev.len));
			break;
		case WS_PONG:
			viewer_alive(v);
			break;
		case WS_CLOSE:
			ws->done = 1;
			viewer_goodbye(v, wsconn_close(ev.code, NULL));
			break;
		case WS_ERROR:
			ws->done = 1;
			viewer_finish(v, LEAVE_ERROR,
			    wsconn_close(ev.code, ev.why));
			break;
		}
		buf += used;
		len -= used;
	}
}

struct frame *
wsconn_begin(int opcode, size_t n)
{
	struct frame	*f;

	if ((f = frame_new(WS_HEAD_MAX + n)) != NULL)
		f->len = ws_frame_head(f->data, opcode, n);
	return (f);
}

struct frame *
wsconn_text(const char *text, size_t len)
{
	struct frame	*f;

	if ((f = wsconn_begin(WS_TEXT, len)) != NULL)
		frame_add(f, text, len);
	return (f);
}

/* Pings carry nothing: any Pong says that the client is there. */
struct frame *
wsconn_ping(const struct dialect *d)
{
	(void)d;
	return (wsconn_control(WS_OP_PING, NULL, 0));
}

struct frame *
wsconn_close(int code, const char *reason)
{
	return (wsconn_farewell("", 0, code, reason));
}

struct frame *
wsconn_farewell(const char *text, size_t len, int code, const char *reason)
{
	struct frame	*f;

	if ((f = frame_new(WS_HEAD_MAX + len + WS_CONTROL_FRAME_MAX)) == NULL)
		return (NULL);
	if (len > 0) {
		f->len = ws_frame_head(f->data, WS_TEXT, len);
		frame_add(f, text, len);
	}
	f->len += ws_close_frame(f->data + f->len, code, reason);
	return (f);
}

static struct frame *
wsconn_control(int opcode, const uint8_t *p, size_t len)
{
	struct frame	*f;

	if ((f = frame_new(WS_CONTROL_FRAME_MAX)) == NULL)
		return (NULL);
	f->len = ws_control_frame(f->data, opcode, p, len);
	return (f);
}
