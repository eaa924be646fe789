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

#ifndef GATEWAYD_GATEWAYD_REPLY_H
#define GATEWAYD_GATEWAYD_REPLY_H

#include <stddef.h>

#include "rate.h"
#include "sizes.h"

/*
 * Answers as text: pure functions.  A head fits into REPLY_HEAD_MAX, which
 * is also what a worker takes as head of a stream.
 */
#define REPLY_HEAD_MAX		HEAD_BLOCK_MAX
#define REPLY_ERROR_MAX		256
#define REPLY_EXTRA_MAX		640	/* further header lines */

#define REPLY_JSON		"application/json; charset=utf-8"
#define REPLY_TEXT		"text/plain; charset=utf-8"
#define REPLY_HTML		"text/html; charset=utf-8"

/* What a request wants of any answer to it. */
struct reply_to {
	int			 head;		/* no body: HEAD */
	int			 close;		/* the connection ends */
	char			 origin[ORIGIN_MAX + 1]; /* "": none, "*" */
	int			 vary;		/* origin depends on who asks */
	int			 limited;	/* rate counts */
	struct rate_verdict	 rate;
};

struct reply {
	int			 status;
	const char		*type;		/* NULL: no body, no type */
	const char		*extra;		/* lines with CR LF, or NULL */
	const char		*body;
	size_t			 len;
};

/* The head of an answer.  Returns its length, 0 if it does not fit. */
size_t	 reply_head(char out[REPLY_HEAD_MAX], const struct reply_to *,
	    const struct reply *);

/*
 * Make reply the JSON {"error":error,"message":message} in buf; both are
 * constants of ours without quotes, message may be NULL.
 */
void	 reply_error(struct reply *, char buf[REPLY_ERROR_MAX], int status,
	    const char *error, const char *message);

/*
 * The same in the form of the native API, as an object with code and
 * message; and the code for a status that has but one there.
 */
void	 reply_code(struct reply *, char buf[REPLY_ERROR_MAX], int status,
	    const char *code, const char *message);
const char
	*reply_code_name(int status);

/* 101 with the value of Sec-WebSocket-Accept, and a protocol or NULL. */
size_t	 reply_upgrade(char out[REPLY_HEAD_MAX], const struct reply_to *,
	    const char *accept, const char *protocol);

/*
 * 200 of an event stream, in chunks (HTTP/1.1) or until close (1.0), with
 * that Cache-Control.
 */
size_t	 reply_stream(char out[REPLY_HEAD_MAX], const struct reply_to *,
	    int chunked, const char *cache);

#endif /* GATEWAYD_GATEWAYD_REPLY_H */
