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

#ifndef GATEWAYD_PROTO_HTTP_H
#define GATEWAYD_PROTO_HTTP_H

#include <sys/types.h>

#include <stddef.h>

/*
 * Requests of HTTP/1.1 (RFC 9112), read strictly: what two parsers might
 * understand differently is refused.
 */
#define HTTP_HEAD_MAX		16384	/* request line and headers: 431 */
#define HTTP_HEADERS_MAX	48	/* 431 */
#define HTTP_TARGET_MAX		8192	/* 414 */
#define HTTP_METHOD_MAX		32
#define HTTP_BODY_MAX		102400	/* 413 */

/* A piece of the caller's buffer, not terminated. */
struct http_slice {
	const char	*p;
	size_t		 len;
};

struct http_header {
	struct http_slice	 name;
	struct http_slice	 value;	/* without white space around it */
};

enum http_method {
	HTTP_GET,
	HTTP_HEAD,
	HTTP_POST,
	HTTP_PUT,
	HTTP_PATCH,
	HTTP_DELETE,
	HTTP_OPTIONS,
	HTTP_OTHER	/* any other token: see method_text */
};

/*
 * All slices point into the buffer given to the last http_parse_head() and
 * are good only while it stays where it is.  They are set once that has
 * returned 1; status and why once it has returned -1.
 */
struct http_request {
	enum http_method	 method;
	struct http_slice	 method_text;
	struct http_slice	 target;	/* path, '?', query */
	struct http_slice	 path;		/* not percent-decoded */
	struct http_slice	 query;		/* p is NULL without "?" */
	int			 minor;		/* of HTTP/1.minor */
	struct http_header	 headers[HTTP_HEADERS_MAX];
	int			 nheaders;
	long long		 content_length; /* -1: no such header */
	int			 keepalive;
	int			 upgrade;	/* WebSocket handshake */
	struct http_slice	 ws_key;	/* 24 characters, if upgrade */
	int			 status;
	const char		*why;		/* a constant, for the log */
	size_t			 scanned;	/* the next call goes on */
	size_t			 line;		/* start of that line */
};

/* Before the first byte of each request. */
void	 http_request_init(struct http_request *);

/*
 * Look for a whole request head at the start of buf.  Returns 1 and its
 * length, the body follows there; 0 if bytes are missing; -1 if it must be
 * answered with status and the connection closed.  When called again, buf
 * holds what it held before and more, possibly somewhere else; only what is
 * new is looked at until the head is complete.
 */
int	 http_parse_head(struct http_request *, const char *buf, size_t len,
	    size_t *headlen);

/* The value of the first header of that name, or NULL. */
const struct http_slice
	*http_header(const struct http_request *, const char *name);

/* How many headers of that name there are. */
int	 http_header_count(const struct http_request *, const char *name);

/* Is the token in a comma separated list, in any header of that name? */
int	 http_header_has(const struct http_request *, const char *name,
	    const char *token);

/* Is the token in this comma separated list, regardless of case? */
int	 http_list_has(const struct http_slice *, const char *token);

/* Does the slice equal the string?  The second, regardless of case. */
int	 http_slice_is(const struct http_slice *, const char *);
int	 http_slice_iscase(const struct http_slice *, const char *);

/*
 * The first value of a parameter, decoded as a browser's URLSearchParams
 * encodes it ('+' is a space) and terminated.  Returns its length, -1 if
 * there is no such parameter, -2 if its escapes are malformed, it contains a
 * NUL or does not fit into outsz.
 */
ssize_t	 http_query_get(const struct http_slice *query, const char *name,
	    char *out, size_t outsz);

/*
 * Origin form: begins with one '/', characters of RFC 3986 and well-formed
 * percent escapes only, nowhere "//".  1 or 0.
 */
int	 http_path_valid(const char *, size_t);

/* The reason phrase of a status, "Unknown" for those that we never send. */
const char
	*http_status_text(int);

#endif
