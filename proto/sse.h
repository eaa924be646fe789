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

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

/*
 * Events of GET /ssh/stream (gatewayd-pocketenv(7)), each ended by an empty
 * line, with \n line ends.  An event travels in one HTTP chunk: the chunk
 * head, the event, SSE_CHUNK_TAIL.  SSE_CHUNK_LAST ends the response.
 */
#define SSE_EVENT_MAX		512	/* room for any event but data */
#define SSE_MESSAGE_MAX		64	/* bytes of an error's text, then cut */
#define SSE_CHUNK_HEAD_MAX	18	/* 16 hexadecimal digits, CR, LF */
#define SSE_CHUNK_TAIL		"\r\n"
#define SSE_CHUNK_LAST		"0\r\n\r\n"

#define SSE_PING		": ping\n\n"
#define SSE_CLOSE		"event: close\ndata: closed\n\n"

/*
 * "connected" with the session id, which must be at most 128 bytes and free
 * of line ends.  Returns the length, or -1 if the id is not such.
 */
ssize_t	 sse_event_connected(char out[SSE_EVENT_MAX], const char *id);

/*
 * "error" with {"message":text}.  The text is cut at SSE_MESSAGE_MAX bytes
 * on a character boundary and escaped for JSON; text that is not UTF-8 loses
 * its bytes above 0x7f.  Returns the length.
 */
size_t	 sse_event_error(char out[SSE_EVENT_MAX], const char *text);

/* The size of the unnamed event that carries n bytes of output. */
size_t	 sse_event_data_len(size_t n);

/*
 * The unnamed event: "data: ", n bytes as base64, empty line.  out has room
 * for sse_event_data_len(n); returns that number.
 */
size_t	 sse_event_data(char *out, const uint8_t *in, size_t n);

/*
 * The head of an HTTP chunk of len bytes (RFC 9112, 7.1), not terminated.
 * Returns its length.  len must not be 0: that would end the response.
 */
size_t	 sse_chunk_head(char out[SSE_CHUNK_HEAD_MAX], size_t len);

#endif
