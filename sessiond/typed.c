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

#include "gather.h"
#include "message.h"
#include "typed.h"
#include "viewer.h"
#include "ws.h"
#include "wsconn.h"

static void	 typed_piece(struct viewer *, const struct ws_event *);
static void	 typed_text(struct viewer *, struct typed *);

void
typed_init(struct viewer *v)
{
	struct typed	*c = v->data;

	wsconn_init(&c->ws);
}

void
typed_input(struct viewer *v, uint8_t *buf, size_t len)
{
	struct typed	*c = v->data;

	wsconn_input(&c->ws, v, buf, len, typed_piece);
}

/* Only a text message that is short enough may be a resize. */
static void
typed_piece(struct viewer *v, const struct ws_event *ev)
{
	struct typed	*c = v->data;

	if (ev->first) {
		c->len = 0;
		c->input = ev->opcode == WS_BINARY;
	}
	if (!c->input && ev->len <= sizeof(c->text) - c->len) {
		if (ev->len > 0)
			memcpy(c->text + c->len, ev->data, ev->len);
		c->len += ev->len;
		if (ev->fin)
			typed_text(v, c);
		return;
	}
	if (!c->input) {
		(void)gather_input(v, c->text, c->len, 0);
		c->input = 1;
	}
	(void)gather_input(v, ev->data, ev->len, ev->fin);
}

static void
typed_text(struct viewer *v, struct typed *c)
{
	uint16_t	 cols, rows;

	switch (message_resize(c->text, c->len, &cols, &rows)) {
	case 1:
		viewer_resize(v, cols, rows);
		break;
	case 0:
		viewer_input(v, c->text, c->len);
		break;
	}
}
