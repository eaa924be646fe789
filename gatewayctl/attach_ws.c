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

#include <json-c/json.h>

#include "attach_peer.h"
#include "base64.h"
#include "signames.h"

/* Room that frames of input leave for answers to pings and the like. */
#define CONTROL_ROOM	1024
#define REASON_MAX_SHOWN 123

static void	 take_text(struct attach *, const struct ws_event *);
static void	 take_binary(struct attach *, const struct ws_event *);
static void	 take_message(struct attach *);
static void	 message_attached(struct attach *, struct json_object *);
static void	 message_screen(struct attach *, struct json_object *);
static void	 message_gap(struct attach *, struct json_object *);
static void	 message_accepted(struct attach *, struct json_object *);
static void	 message_exit(struct attach *, struct json_object *);
static void	 message_error(struct attach *, struct json_object *);
static int	 exit_status(struct json_object *);
static void	 jump(struct attach *, uint64_t, uint64_t);
static void	 closed(struct attach *, const struct ws_event *);
static void	 frame(struct attach *, int, const void *, size_t);

static const struct {
	const char	*type;
	void		 (*take)(struct attach *, struct json_object *);
} messages[] = {
	{ "accepted", message_accepted },
	{ "attached", message_attached },
	{ "error", message_error },
	{ "exit", message_exit },
	{ "gap", message_gap },
	{ "screen", message_screen }
};

void
peer_open(struct attach *a)
{
	ws_init_client(&a->ws, ATTACH_MESSAGE_MAX);
	a->closed = 0;
	a->textlen = 0;
	a->sent = a->accepted = 0;
}

/* No more is looked at than there is room for, as output or in answer. */
void
peer_take(struct attach *a)
{
	struct ws_event	 ev;
	size_t		 n, used;

	while ((a->phase == ATTACH_GREET || a->phase == ATTACH_LIVE ||
	    a->phase == ATTACH_CLOSE) && a->rx.len > 0) {
		if (buf_room(&a->tx) < CONTROL_ROOM ||
		    (n = buf_room(&a->out)) == 0)
			break;
		if (n > a->rx.len)
			n = a->rx.len;
		switch (ws_parse(&a->ws, a->rx.data + a->rx.start, n, &used,
		    &ev)) {
		case WS_DATA:
			if (ev.opcode == WS_TEXT)
				take_text(a, &ev);
			else
				take_binary(a, &ev);
			break;
		case WS_PING:
			frame(a, WS_OP_PONG, ev.data, ev.len);
			break;
		case WS_CLOSE:
			a->closed = 1;
			closed(a, &ev);
			break;
		case WS_ERROR:
			attach_nonsense(a, ev.why);
			break;
		case WS_NEED:
		case WS_PONG:
			break;
		}
		/* Of a connection that is lost nothing is left. */
		if (a->rx.len > 0)
			buf_drop(&a->rx, used);
	}
}

static void
take_binary(struct attach *a, const struct ws_event *ev)
{
	if (a->phase == ATTACH_GREET)
		attach_nonsense(a, "output before the beginning");
	if (a->phase != ATTACH_LIVE)
		return;
	buf_add(&a->out, ev->data, ev->len);
	a->offset += ev->len;
}

static void
take_text(struct attach *a, const struct ws_event *ev)
{
	uint8_t	*p;
	size_t	 size;

	if (ev->announced > ATTACH_TEXT_MAX) {
		attach_nonsense(a, "message too big");
		return;
	}
	/* As it comes, not as it was announced; one more for a NUL. */
	if (a->textsize <= a->textlen + ev->len) {
		size = a->textlen + ev->len;
		size = size < 1024 ? 2048 : size * 2;
		if ((p = realloc(a->text, size)) == NULL) {
			attach_nonsense(a, "out of memory");
			return;
		}
		a->text = p;
		a->textsize = size;
	}
	if (ev->len > 0)
		memcpy(a->text + a->textlen, ev->data, ev->len);
	a->textlen += ev->len;
	if (ev->fin) {
		take_message(a);
		a->textlen = 0;
	}
}

/* What is unknown is of a later version and may be left out. */
static void
take_message(struct attach *a)
{
	struct json_object	*obj;
	const char		*type;
	size_t			 i;

	if (a->phase == ATTACH_CLOSE)
		return;
	obj = peer_json((const char *)a->text, a->textlen);
	if ((type = peer_json_text(obj, "type")) == NULL) {
		attach_nonsense(a, "malformed message");
		json_object_put(obj);
		return;
	}
	if (a->phase == ATTACH_GREET && strcmp(type, "attached") != 0)
		attach_nonsense(a, "message before the beginning");
	for (i = 0; i < nitems(messages) && (a->phase == ATTACH_GREET ||
	    a->phase == ATTACH_LIVE); i++) {
		if (strcmp(type, messages[i].type) == 0) {
			messages[i].take(a, obj);
			break;
		}
	}
	json_object_put(obj);
}

static void
message_attached(struct attach *a, struct json_object *obj)
{
	const char	*mode, *session;
	uint64_t	 cols, offset, rows;

	session = peer_json_text(obj, "session");
	mode = peer_json_text(obj, "mode");
	if (a->phase != ATTACH_GREET || session == NULL ||
	    strcmp(session, a->session) != 0 || mode == NULL ||
	    peer_json_number(obj, "offset", &offset) == -1 ||
	    peer_json_number(obj, "cols", &cols) == -1 ||
	    peer_json_number(obj, "rows", &rows) == -1 ||
	    (a->known && offset < a->offset)) {
		attach_nonsense(a, "malformed beginning");
		return;
	}
	if (a->known && offset > a->offset)
		jump(a, a->offset, offset);
	a->offset = offset;
	/* Until now Control-C was enough to leave. */
	if (!a->known)
		tty_raw();
	a->known = 1;
	if (a->lost != 0)
		tty_say("connected again");
	if (!a->readonly && strcmp(mode, "ro") == 0) {
		tty_say("read-only");
		a->readonly = 1;
	}
	a->lost = 0;
	a->since = util_now_msec();
	attach_phase(a, ATTACH_LIVE, 0);
	if (cols != a->cols || rows != a->rows)
		peer_resize(a);
}

/* A picture of the screen is no part of the output, so it is not counted. */
static void
message_screen(struct attach *a, struct json_object *obj)
{
	const char	*data;
	uint8_t		*p;
	ssize_t		 n;
	size_t		 len;

	if ((data = peer_json_text(obj, "data")) == NULL) {
		attach_nonsense(a, "malformed screen");
		return;
	}
	len = strlen(data);
	if ((p = malloc(len + 1)) == NULL ||
	    (n = base64_decode(p, len + 1, data, len)) == -1)
		attach_nonsense(a, "malformed screen");
	else if ((size_t)n > buf_room(&a->out))
		attach_nonsense(a, "screen too big");
	else
		buf_add(&a->out, p, (size_t)n);
	free(p);
}

static void
message_gap(struct attach *a, struct json_object *obj)
{
	uint64_t	 from, to;

	if (peer_json_number(obj, "from", &from) == -1 ||
	    peer_json_number(obj, "to", &to) == -1 || to < from ||
	    from > a->offset) {
		attach_nonsense(a, "malformed gap");
		return;
	}
	/* It may have been in the offset of the beginning already. */
	if (to > a->offset)
		jump(a, from, to);
}

static void
jump(struct attach *a, uint64_t from, uint64_t to)
{
	attach_flush(a);
	tty_say("%" PRIu64 " bytes of output are lost, from %" PRIu64
	    " to %" PRIu64, to - from, from, to);
	a->offset = to;
}

static void
message_accepted(struct attach *a, struct json_object *obj)
{
	uint64_t	 bytes;

	if (peer_json_number(obj, "bytes", &bytes) == -1 ||
	    bytes < a->accepted || bytes > a->sent)
		attach_nonsense(a, "more input accepted than was sent");
	else
		a->accepted = bytes;
}

static void
message_exit(struct attach *a, struct json_object *obj)
{
	attach_flush(a);
	attach_leave(a, exit_status(obj));
}

/* As a shell would say it; what nobody knows must not look like success. */
static int
exit_status(struct json_object *obj)
{
	const char	*name;
	uint64_t	 code;
	int		 n;

	if (peer_json_number(obj, "code", &code) == 0)
		return (code < EXIT_LOST ? (int)code : EXIT_LOST);
	if ((name = peer_json_text(obj, "signal")) == NULL) {
		tty_say("the session has ended, its exit code is not known");
		return (EXIT_LOST);
	}
	tty_say("the session has ended by signal %.16s", name);
	n = signame_number(name, strlen(name));
	return (n == -1 ? EXIT_LOST : 128 + n);
}

static void
message_error(struct attach *a, struct json_object *obj)
{
	const char	*code, *text;

	code = peer_json_text(obj, "code");
	text = peer_json_text(obj, "message");
	attach_flush(a);
	tty_say("%.64s: %.256s", code != NULL ? code : "error",
	    text != NULL ? text : "no more is known");
	if (code != NULL && strcmp(code, "transport_lost") == 0)
		attach_leave(a, EXIT_LOST);
}

static void
closed(struct attach *a, const struct ws_event *ev)
{
	char	 reason[REASON_MAX_SHOWN + 1], why[REASON_MAX_SHOWN + 64];

	memcpy(reason, ev->len > 0 ? (const char *)ev->data : "", ev->len);
	reason[ev->len] = '\0';
	if (a->phase == ATTACH_CLOSE) {
		attach_phase(a, ATTACH_OVER, 0);
		return;
	}
	attach_flush(a);
	switch (ev->code) {
	case WS_CLOSE_NORMAL:
		tty_say("closed by the gateway: %s", reason);
		attach_leave(a, EXIT_LOST);
		break;
	case WS_CLOSE_POLICY:
		tty_say("access has been taken back: %s", reason);
		attach_leave(a, EXIT_REFUSED);
		break;
	case WS_CLOSE_INTERNAL:
		/* Anything else need not be the end of the session. */
		if (strcmp(reason, "upstream lost") != 0) {
			attach_lost(a, reason);
			break;
		}
		tty_say("the gateway has lost the session");
		attach_leave(a, EXIT_LOST);
		break;
	case WS_CLOSE_GOING_AWAY:
	case WS_CLOSE_TRY_LATER:
		attach_lost(a, reason);
		break;
	default:
		(void)snprintf(why, sizeof(why), "closed with code %d%s%s",
		    ev->code, *reason != '\0' ? ": " : "", reason);
		attach_nonsense(a, why);
		break;
	}
}

/* Of what was typed, as much as may be on its way. */
void
peer_input(struct attach *a)
{
	uint64_t	 way;
	size_t		 n, room;

	while (a->phase == ATTACH_LIVE && a->typed.len > 0) {
		n = a->typed.len;
		if (n > ATTACH_FRAME_MAX)
			n = ATTACH_FRAME_MAX;
		way = a->sent - a->accepted;
		if (n > ATTACH_INPUT_MAX - way)
			n = (size_t)(ATTACH_INPUT_MAX - way);
		room = buf_room(&a->tx);
		if (n == 0 || room < n + CONTROL_ROOM + WS_CLIENT_HEAD_MAX)
			break;
		frame(a, WS_BINARY, a->typed.data + a->typed.start, n);
		buf_drop(&a->typed, n);
		a->sent += n;
	}
}

void
peer_resize(struct attach *a)
{
	char	 text[64];
	int	 n;

	if (a->phase != ATTACH_LIVE || a->readonly)
		return;
	n = snprintf(text, sizeof(text),
	    "{\"type\":\"resize\",\"cols\":%u,\"rows\":%u}", a->cols,
	    a->rows);
	frame(a, WS_TEXT, text, (size_t)n);
}

void
peer_ping(struct attach *a)
{
	frame(a, WS_OP_PING, NULL, 0);
}

void
peer_close(struct attach *a, int code)
{
	uint8_t	 payload[2];

	payload[0] = code >> 8 & 0xff;
	payload[1] = code & 0xff;
	frame(a, WS_OP_CLOSE, payload, sizeof(payload));
}

/* One that does not fit is left out; only resizing in a storm gets there. */
static void
frame(struct attach *a, int opcode, const void *data, size_t len)
{
	uint8_t	 head[WS_CLIENT_HEAD_MAX], mask[WS_MASK_LEN];
	uint8_t	*p;
	size_t	 n;

	arc4random_buf(mask, sizeof(mask));
	n = ws_client_head(head, opcode, len, mask);
	if (buf_room(&a->tx) < n + len)
		return;
	buf_add(&a->tx, head, n);
	if (len == 0)
		return;
	p = buf_space(&a->tx);
	buf_add(&a->tx, data, len);
	ws_mask(mask, p, len);
}
