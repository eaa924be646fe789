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

#include "dialect.h"
#include "frame.h"
#include "jsontext.h"
#include "msg_front.h"
#include "sse.h"
#include "sseconn.h"
#include "viewer.h"

#define ERROR_HEAD	"{\"message\":\""
#define ERROR_TAIL	"\"}"

/* What may stand around the data of an event. */
#define SSECONN_MORE	(SSE_CHUNK_HEAD_MAX + SSE_HEAD_MAX + \
			sizeof(SSE_TAIL) + sizeof(SSE_CHUNK_TAIL) + \
			sizeof(SSE_CHUNK_LAST))

static void	 sseconn_open(const struct dialect *, struct frame *,
		    uint64_t, const char *, size_t);
static void	 sseconn_close(const struct dialect *, struct frame *);

struct frame *
sseconn_begin(const struct dialect *d, uint64_t id, const char *name,
    size_t n)
{
	struct frame	*f;

	if ((f = frame_new(SSECONN_MORE + n)) != NULL)
		sseconn_open(d, f, id, name, n);
	return (f);
}

void
sseconn_end(const struct dialect *d, struct frame *f)
{
	frame_add(f, SSE_TAIL, sizeof(SSE_TAIL) - 1);
	if (d->transport == TRANSPORT_SSE)
		frame_add(f, SSE_CHUNK_TAIL, sizeof(SSE_CHUNK_TAIL) - 1);
}

struct frame *
sseconn_event(const struct dialect *d, uint64_t id, const char *name,
    const char *data)
{
	struct frame	*f;

	if ((f = sseconn_begin(d, id, name, strlen(data))) == NULL)
		return (NULL);
	frame_add(f, data, strlen(data));
	sseconn_end(d, f);
	return (f);
}

struct frame *
sseconn_last(const struct dialect *d, uint64_t id, const char *name,
    const char *data)
{
	struct frame	*f;

	if ((f = sseconn_event(d, id, name, data)) != NULL)
		sseconn_close(d, f);
	return (f);
}

struct frame *
sseconn_error(const struct dialect *d, const char *text)
{
	struct frame	*f;
	const uint8_t	*p;
	size_t		 len, n;

	p = (const uint8_t *)text;
	len = strlen(text);
	n = sizeof(ERROR_HEAD) - 1 + jsontext(NULL, p, len) +
	    sizeof(ERROR_TAIL) - 1;
	if ((f = sseconn_begin(d, SSE_NO_ID, "error", n)) == NULL)
		return (NULL);
	frame_add(f, ERROR_HEAD, sizeof(ERROR_HEAD) - 1);
	f->len += jsontext((char *)f->data + f->len, p, len);
	frame_add(f, ERROR_TAIL, sizeof(ERROR_TAIL) - 1);
	sseconn_end(d, f);
	sseconn_close(d, f);
	return (f);
}

struct frame *
sseconn_greet(const struct viewer *v, const uint8_t *head, size_t len,
    const char *name, const char *data)
{
	struct frame	*f;
	size_t		 n;

	if (name == NULL)
		return (frame_bytes(head, len));
	n = strlen(data);
	if ((f = frame_new(len + SSECONN_MORE + n)) == NULL)
		return (NULL);
	frame_add(f, head, len);
	sseconn_open(v->dialect, f, SSE_NO_ID, name, n);
	frame_add(f, data, n);
	sseconn_end(v->dialect, f);
	return (f);
}

struct frame *
sseconn_ping(const struct dialect *d)
{
	struct frame	*f;
	size_t		 n;

	n = sizeof(SSE_PING) - 1;
	if ((f = frame_new(SSECONN_MORE + n)) == NULL)
		return (NULL);
	if (d->transport == TRANSPORT_SSE)
		f->len = sse_chunk_head((char *)f->data, n);
	frame_add(f, SSE_PING, n);
	if (d->transport == TRANSPORT_SSE)
		frame_add(f, SSE_CHUNK_TAIL, sizeof(SSE_CHUNK_TAIL) - 1);
	return (f);
}

/* Append an event up to its data of n bytes. */
static void
sseconn_open(const struct dialect *d, struct frame *f, uint64_t id,
    const char *name, size_t n)
{
	char	 head[SSE_HEAD_MAX];
	size_t	 len;

	len = sse_head(head, id, name);
	if (d->transport == TRANSPORT_SSE)
		f->len += sse_chunk_head((char *)f->data + f->len,
		    len + n + sizeof(SSE_TAIL) - 1);
	frame_add(f, head, len);
}

/* The end of the response, which without chunks is that of the connection. */
static void
sseconn_close(const struct dialect *d, struct frame *f)
{
	if (d->transport == TRANSPORT_SSE)
		frame_add(f, SSE_CHUNK_LAST, sizeof(SSE_CHUNK_LAST) - 1);
}
