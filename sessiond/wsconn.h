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

#ifndef GATEWAYD_SESSIOND_WSCONN_H
#define GATEWAYD_SESSIOND_WSCONN_H

#include <stddef.h>
#include <stdint.h>

#include "ws.h"

struct dialect;
struct frame;
struct viewer;

/*
 * What every dialect does alike on a WebSocket: control frames, protocol
 * errors, the closing handshake.  The messages are the dialect's own.
 */
struct wsconn {
	struct ws_parser	 parser;
	int			 done;	/* nothing is expected any more */
};

/* One piece of a message. */
typedef void	 (*wsconn_cb)(struct viewer *, const struct ws_event *);

/*
 * Bytes of a client, which may be written to.  Pieces of messages go to the
 * function; all else is answered here, and ends the viewer where it must.
 */
void		 wsconn_init(struct wsconn *);
void		 wsconn_input(struct wsconn *, struct viewer *, uint8_t *,
		    size_t, wsconn_cb);

/* These return NULL when out of memory. */

/* The head of a message of n bytes (WS_TEXT, WS_BINARY), and room for them. */
struct frame	*wsconn_begin(int opcode, size_t n);

/* A whole text message. */
struct frame	*wsconn_text(const char *, size_t);

/* Control frames of ours; a reason that is too long is cut. */
struct frame	*wsconn_ping(const struct dialect *);
struct frame	*wsconn_close(int code, const char *reason);

/* A text message, none if it is empty, and then Close. */
struct frame	*wsconn_farewell(const char *, size_t, int code,
		    const char *reason);

#endif
