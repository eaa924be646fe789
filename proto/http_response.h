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

#ifndef GATEWAYD_PROTO_HTTP_RESPONSE_H
#define GATEWAYD_PROTO_HTTP_RESPONSE_H

#include <stddef.h>

#include "http.h"

/*
 * Responses of HTTP/1.1 (RFC 9112) for a client that asks for little: as
 * strict as the parser of requests, within its limits for a head.
 */
#define HTTP_RESPONSE_BODY_MAX	65536	/* without the framing of chunks */
#define HTTP_RESPONSE_MAX	(HTTP_HEAD_MAX + 2 * HTTP_RESPONSE_BODY_MAX)

/* Slices and body point into the caller's buffer. */
struct http_response {
	int			 status;	/* 100 to 599 */
	struct http_header	 headers[HTTP_HEADERS_MAX];
	int			 nheaders;
	const char		*body;		/* without chunks */
	size_t			 bodylen;
	size_t			 len;		/* all of it in the buffer */
	const char		*why;		/* a constant */
};

/*
 * Read the response at the start of buf, to anything but HEAD or CONNECT.
 * eof says that no more will come, which ends a body that has no length.
 * Returns 1 if it is complete, where a chunked body has been put together in
 * buf and what stands behind len is the next one or, after a 101, another
 * protocol; 0 if bytes are missing and nothing has been changed; -1 with why
 * if it is malformed, too long or cut off.
 */
int	 http_response_parse(struct http_response *, char *buf, size_t len,
	    int eof);

/* The value of the only header of that name; NULL if there is not one. */
const struct http_slice
	*http_response_header(const struct http_response *, const char *name);

/* Is the token in a comma separated list, in any header of that name? */
int	 http_response_has(const struct http_response *, const char *name,
	    const char *token);

#endif
