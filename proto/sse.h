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

#ifndef GATEWAYD_PROTO_SSE_H
#define GATEWAYD_PROTO_SSE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Server-sent events (WHATWG HTML, 9.2) as the worker sends them: fields,
 * data in one line, an empty line, with \n line ends.  An event travels in
 * one HTTP chunk: the chunk head, the event, SSE_CHUNK_TAIL.  SSE_CHUNK_LAST
 * ends the response.
 */
#define SSE_NAME_MAX		15	/* the longest name of an event */
#define SSE_HEAD_MAX		64	/* room for what precedes the data */
#define SSE_TAIL		"\n\n"
#define SSE_PING		": ping\n\n"
#define SSE_CHUNK_HEAD_MAX	18	/* 16 hexadecimal digits, CR, LF */
#define SSE_CHUNK_TAIL		"\r\n"
#define SSE_CHUNK_LAST		"0\r\n\r\n"

#define SSE_NO_ID		UINT64_MAX

/*
 * The start of an event up to its data, not terminated: "id:" with this
 * number, unless it is SSE_NO_ID, "event:" with this name, unless it is
 * NULL, and "data: ".  Returns the length.
 */
size_t	 sse_head(char out[SSE_HEAD_MAX], uint64_t id, const char *name);

/*
 * The head of an HTTP chunk of len bytes (RFC 9112, 7.1), not terminated.
 * Returns its length.  len must not be 0: that would end the response.
 */
size_t	 sse_chunk_head(char out[SSE_CHUNK_HEAD_MAX], size_t len);

#endif
