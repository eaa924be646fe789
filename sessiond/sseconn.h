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

#ifndef GATEWAYD_SESSIOND_SSECONN_H
#define GATEWAYD_SESSIOND_SSECONN_H

#include <stddef.h>
#include <stdint.h>

#include "sse.h"

struct dialect;
struct frame;
struct viewer;

#define SSECONN_PING_SECS	15

/*
 * What every dialect does alike with server-sent events: each event is one
 * HTTP chunk, or just its bytes where the response lasts until the
 * connection ends (TRANSPORT_SSE10).  Functions that make a frame return
 * NULL when out of memory.
 */

/*
 * An event up to its data, with room for n bytes of that, which must be
 * added with none of the bytes CR and LF in them, and for what ends it.  id
 * may be SSE_NO_ID, name NULL.
 */
struct frame	*sseconn_begin(const struct dialect *, uint64_t id,
		    const char *name, size_t n);
void		 sseconn_end(const struct dialect *, struct frame *);

/* A whole event, of a string. */
struct frame	*sseconn_event(const struct dialect *, uint64_t id,
		    const char *name, const char *data);

/* The same as the last thing of the response. */
struct frame	*sseconn_last(const struct dialect *, uint64_t id,
		    const char *name, const char *data);

/* The "error" of the pocketenv routes, which is the last thing, too. */
struct frame	*sseconn_error(const struct dialect *, const char *text);

/* The response's head, as it is, then an event unless its name is NULL. */
struct frame	*sseconn_greet(const struct viewer *, const uint8_t *head,
		    size_t, const char *name, const char *data);

/* A comment, which clients pass over. */
struct frame	*sseconn_ping(const struct dialect *);

#endif
