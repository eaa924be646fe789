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

#ifndef GATEWAYD_GATEWAYCTL_ATTACH_PEER_H
#define GATEWAYD_GATEWAYCTL_ATTACH_PEER_H

#include "attach.h"

#define KEY_LEN		24		/* of a WebSocket, in base64 */

/* Bytes in a row, in memory that was there from the start. */
struct buf {
	uint8_t	*data;
	size_t	 size;
	size_t	 start;
	size_t	 len;
};

enum attach_phase {
	ATTACH_WAIT,			/* for the next attempt */
	ATTACH_OPEN,			/* a connection is being made */
	ATTACH_ASK,			/* a request waits for its answer */
	ATTACH_GREET,			/* a WebSocket, not yet attached */
	ATTACH_LIVE,
	ATTACH_CLOSE,			/* our Close is on its way */
	ATTACH_OVER
};

/*
 * The state of an attachment, over all of its connections.  offset is the
 * place of the next byte of output, known once one has been attached; sent
 * and accepted count the input of this connection.
 */
struct attach {
	struct url		 url;
	const char		*where;		/* as it was written */
	char			 token[TOKEN_MAX + 2];
	char			 sandbox[URL_SEGMENT_MAX + 1]; /* or empty */
	char			 session[UUID_SIZE]; /* or not yet */
	int			 readonly;
	int			 screen;	/* instead of a replay */
	int			 known;		/* offset is */
	uint64_t		 offset;

	enum attach_phase	 phase;
	struct conn		*conn;
	uint64_t		 deadline;	/* of the phase */
	struct buf		 rx;
	struct buf		 tx;
	char			 key[KEY_LEN + 1];
	struct ws_parser	 ws;
	int			 closed;	/* by the server's Close */
	uint8_t			*text;		/* a message, as it comes */
	size_t			 textlen;
	size_t			 textsize;
	uint64_t		 sent;
	uint64_t		 accepted;
	uint64_t		 heard;		/* when, from the server */
	uint64_t		 pinged;	/* when, 0: answered */
	uint64_t		 since;		/* when it went live */

	unsigned int		 attempts;
	uint64_t		 lost;		/* when; 0: it is not */

	struct buf		 typed;		/* not framed yet */
	struct buf		 out;		/* not written yet */
	uint16_t		 cols;
	uint16_t		 rows;
	int			 code;		/* to exit with */
};

/* attach.c: the loop, and how an attachment ends. */

/* It is over with this status, in an orderly way if the server is there. */
void	 attach_leave(struct attach *, int);

/* Write what can be written now, so that a message comes after it. */
void	 attach_flush(struct attach *);

/* The connection is lost: try again, or give up if there never was one. */
void	 attach_lost(struct attach *, const char *);

/* What cannot be right whenever it is tried. */
void	 attach_nonsense(struct attach *, const char *);

/* That phase from now on, for so long; what is not of it is freed. */
void	 attach_phase(struct attach *, enum attach_phase, unsigned int msec);

/* attach_buf.c: all at once, or exit for want of memory; then nothing fails. */
void	 buf_init(struct buf *, size_t);
size_t	 buf_room(const struct buf *);

/* All of the room, in one piece, behind what is there. */
uint8_t	*buf_space(struct buf *);

/* At the end, for which there is room; from the beginning; all, wiped. */
void	 buf_add(struct buf *, const void *, size_t);
void	 buf_drop(struct buf *, size_t);
void	 buf_clear(struct buf *);

/* attach_http.c */

/* Put the next request into tx: for a new session, or to attach. */
void	 peer_ask(struct attach *);

/* Look for its answer in rx. */
void	 peer_answer(struct attach *, int eof);

/* One JSON object, strictly, and its members; NULL or -1 without. */
struct json_object
	*peer_json(const char *, size_t);
const char
	*peer_json_text(struct json_object *, const char *);
int	 peer_json_number(struct json_object *, const char *, uint64_t *);

/* attach_ws.c */

/* The WebSocket is open; what stands in rx is of it. */
void	 peer_open(struct attach *);

/* Take from rx as much as there is room for. */
void	 peer_take(struct attach *);

/* Frames of ours, as far as there is room in tx. */
void	 peer_input(struct attach *);
void	 peer_resize(struct attach *);
void	 peer_ping(struct attach *);
void	 peer_close(struct attach *, int code);

#endif
