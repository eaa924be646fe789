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

#ifndef GATEWAYD_PROTO_WS_H
#define GATEWAYD_PROTO_WS_H

#include <stddef.h>
#include <stdint.h>

#include "utf8.h"

/*
 * WebSocket (RFC 6455), version 13, without extensions: the server's side,
 * and what a client needs instead.
 */
#define WS_TEXT			0x1
#define WS_BINARY		0x2
#define WS_OP_CLOSE		0x8
#define WS_OP_PING		0x9
#define WS_OP_PONG		0xa

#define WS_CLOSE_NORMAL		1000
#define WS_CLOSE_GOING_AWAY	1001
#define WS_CLOSE_PROTOCOL	1002
#define WS_CLOSE_NO_STATUS	1005	/* never on the wire */
#define WS_CLOSE_BAD_DATA	1007
#define WS_CLOSE_POLICY		1008
#define WS_CLOSE_TOO_BIG	1009
#define WS_CLOSE_INTERNAL	1011
#define WS_CLOSE_TRY_LATER	1013

#define WS_MESSAGE_MAX		(1024 * 1024)	/* default, all fragments */
#define WS_MASK_LEN		4
#define WS_CLIENT_HEAD_MAX	14	/* head of a client's frame */
#define WS_HEAD_MAX		10	/* head of a server's frame */
#define WS_CONTROL_MAX		125	/* payload of a control frame */
#define WS_REASON_MAX		123
#define WS_CONTROL_FRAME_MAX	(2 + WS_CONTROL_MAX)
#define WS_ACCEPT_LEN		28

enum ws_ev {
	WS_NEED,	/* everything was taken, more bytes are needed */
	WS_DATA,	/* a piece of a text or binary message */
	WS_PING,	/* data and len are to be sent back as a Pong */
	WS_PONG,
	WS_CLOSE,	/* the peer's Close; whatever follows is discarded */
	WS_ERROR	/* close with code; every further call repeats it */
};

/*
 * What ws_parse() saw.  data points into the caller's buffer (WS_DATA) or
 * into the parser (WS_PING, WS_PONG, WS_CLOSE: the reason, valid UTF-8, not
 * terminated) and is good until the next call.
 */
struct ws_event {
	uint8_t		*data;
	size_t		 len;		/* may be 0 */
	uint64_t	 remaining;	/* of this frame, still to come */
	uint64_t	 announced;	/* message so far, whole frames */
	int		 opcode;	/* WS_TEXT or WS_BINARY */
	int		 first;		/* begins a message */
	int		 fin;		/* ends a message */
	int		 code;		/* WS_CLOSE, WS_ERROR */
	const char	*why;		/* WS_ERROR, a constant */
};

/*
 * One direction of one connection.  Heads and control frames are collected
 * here, data never is: it is unmasked where it lies and handed out as it
 * comes, so that an unfinished message of any size costs nothing.
 */
struct ws_parser {
	uint64_t		 max;		/* bytes of one message */
	uint64_t		 announced;	/* of the current message */
	uint64_t		 left;		/* of the current frame */
	const char		*why;
	struct utf8_state	 utf8;
	uint16_t		 code;
	uint8_t			 phase;		/* enum in ws.c */
	uint8_t			 opcode;	/* of the current frame */
	uint8_t			 message;	/* opcode, 0 outside */
	uint8_t			 fin;		/* of the current frame */
	uint8_t			 begun;		/* a piece was handed out */
	uint8_t			 client;	/* reads frames of a server */
	uint8_t			 mask[WS_MASK_LEN]; /* next byte's key first */
	uint8_t			 headlen;
	uint8_t			 head[WS_CLIENT_HEAD_MAX];
	uint8_t			 controllen;
	uint8_t			 control[WS_CONTROL_MAX];
};

/* max: largest message in bytes, fragments added up (1009 beyond). */
void		 ws_init(struct ws_parser *, uint64_t max);

/* The same for a client: frames of a server, which must not be masked. */
void		 ws_init_client(struct ws_parser *, uint64_t max);

/*
 * Take bytes of the peer from buf, which is unmasked in place.  *used is
 * how many were consumed.  At most one event is returned; call again with
 * the rest until everything is used.  Text is validated as it comes: a piece
 * that is handed out is a valid continuation of its message, and a message
 * whose last piece (fin) is handed out is valid as a whole.  A message may
 * end in a piece of length 0.
 */
enum ws_ev	 ws_parse(struct ws_parser *, uint8_t *buf, size_t len,
		    size_t *used, struct ws_event *);

/*
 * The head of an unmasked, final frame with len bytes of payload.  Returns
 * its length.
 */
size_t		 ws_frame_head(uint8_t out[WS_HEAD_MAX], int opcode,
		    uint64_t len);

/*
 * The head of a masked, final frame, as clients send it.  The payload is for
 * ws_mask() with the same key, which has to come from a random generator.
 */
size_t		 ws_client_head(uint8_t out[WS_CLIENT_HEAD_MAX], int opcode,
		    uint64_t len, const uint8_t mask[WS_MASK_LEN]);

/*
 * Mask or unmask len bytes of a payload where they lie.  Leaves the key
 * turned so that it fits the next byte of the frame.
 */
void		 ws_mask(uint8_t mask[WS_MASK_LEN], uint8_t *, size_t len);

/* A whole control frame; len at most WS_CONTROL_MAX.  Returns its length. */
size_t		 ws_control_frame(uint8_t out[WS_CONTROL_FRAME_MAX],
		    int opcode, const uint8_t *payload, size_t len);

/*
 * A whole Close frame.  Control characters of the reason are dropped, and it
 * is cut at WS_REASON_MAX bytes on a character boundary, or where it stops
 * being UTF-8.  reason may be NULL.  WS_CLOSE_NO_STATUS gives an empty
 * payload.  Returns the length of the frame.
 */
size_t		 ws_close_frame(uint8_t out[WS_CONTROL_FRAME_MAX], int code,
		    const char *reason);

/* Sec-WebSocket-Accept for a key of len bytes, terminated. */
void		 ws_accept(char out[WS_ACCEPT_LEN + 1], const char *key,
		    size_t len);

#endif
