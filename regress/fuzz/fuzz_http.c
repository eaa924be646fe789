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

/* links: proto/http.c */

#include "compat.h"

#include <sys/types.h>

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "http.h"

/*
 * A head parsed whole, in pieces cut by the input's first byte, and written
 * out again from its parts: always the same verdict and the same parts.
 */
int		 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static int	 parse(struct http_request *, const char *, size_t, size_t,
		    size_t *);
static void	 check_refused(const struct http_request *);
static void	 check_taken(const struct http_request *, const char *,
		    size_t);
static void	 check_slice(const struct http_slice *, const char *, size_t);
static void	 check_rewritten(const struct http_request *);
static void	 check_query(const struct http_slice *);
static size_t	 put(char *, size_t, const char *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct http_request	 cut, whole;
	const char		*text;
	size_t			 cutlen, headlen, step;
	int			 r;

	if (len < 1)
		return (0);
	step = 1 + data[0] % 61;
	text = (const char *)data + 1;
	len--;

	headlen = cutlen = 0;
	r = parse(&whole, text, len, len, &headlen);
	assert(parse(&cut, text, len, step, &cutlen) == r);
	assert(cutlen == headlen && cut.status == whole.status);
	assert(cut.why == whole.why);
	if (r == -1) {
		check_refused(&whole);
		return (0);
	}
	assert(memcmp(&cut, &whole, sizeof(cut)) == 0);
	if (r == 0)
		return (0);
	check_taken(&whole, text, headlen);
	check_rewritten(&whole);
	check_query(&whole.query);
	assert(parse(&cut, text, headlen, headlen, &cutlen) == 1);
	assert(memcmp(&cut, &whole, sizeof(cut)) == 0);
	assert(parse(&cut, text, headlen - 1, headlen, &cutlen) == 0);
	return (0);
}

static int
parse(struct http_request *req, const char *text, size_t len, size_t step,
    size_t *headlen)
{
	size_t	 have;
	int	 r;

	http_request_init(req);
	for (have = 0; have < len;) {
		have = len - have < step ? len : have + step;
		if ((r = http_parse_head(req, text, have, headlen)) != 0)
			return (r);
	}
	return (0);
}

static void
check_refused(const struct http_request *req)
{
	assert(req->status >= 400 && req->status < 600 && req->why != NULL);
	assert(strcmp(http_status_text(req->status), "Unknown") != 0);
}

/* What everything behind the parser relies on. */
static void
check_taken(const struct http_request *req, const char *text, size_t headlen)
{
	int	 i;

	assert(req->status == 0 && headlen <= HTTP_HEAD_MAX);
	assert(memcmp(text + headlen - 4, "\r\n\r\n", 4) == 0);
	assert(memchr(text, '\0', headlen) == NULL);
	check_slice(&req->method_text, text, headlen);
	check_slice(&req->target, text, headlen);
	check_slice(&req->path, text, headlen);
	check_slice(&req->query, text, headlen);
	assert(http_path_valid(req->path.p, req->path.len));
	assert(req->nheaders <= HTTP_HEADERS_MAX);
	for (i = 0; i < req->nheaders; i++) {
		check_slice(&req->headers[i].name, text, headlen);
		check_slice(&req->headers[i].value, text, headlen);
	}
	assert(http_header_count(req, "Host") == 1 || req->minor == 0);
	assert(http_header(req, "Transfer-Encoding") == NULL);
	assert(http_header(req, "Expect") == NULL);
	assert(http_header_count(req, "Content-Length") ==
	    (req->content_length != -1));
	assert(req->content_length <= HTTP_BODY_MAX);
	if (req->method == HTTP_GET || req->method == HTTP_HEAD)
		assert(req->content_length <= 0);
	assert(req->keepalive == 0 || req->minor == 1);
	if (req->upgrade)
		assert(req->method == HTTP_GET && req->minor == 1 &&
		    req->ws_key.len == 24);
}

static void
check_slice(const struct http_slice *s, const char *text, size_t len)
{
	if (s->len > 0)
		assert(s->p >= text && s->p + s->len <= text + len - 2);
	assert(s->len == 0 || (memchr(s->p, '\r', s->len) == NULL &&
	    memchr(s->p, '\n', s->len) == NULL));
}

static void
check_rewritten(const struct http_request *req)
{
	static char		 text[HTTP_HEAD_MAX + 4 * HTTP_HEADERS_MAX];
	struct http_request	 again;
	size_t			 headlen, n;
	int			 i;

	n = put(text, 0, req->method_text.p, req->method_text.len);
	n = put(text, n, " ", 1);
	n = put(text, n, req->target.p, req->target.len);
	n = put(text, n, req->minor == 1 ? " HTTP/1.1\r\n" :
	    " HTTP/1.0\r\n", 11);
	for (i = 0; i < req->nheaders; i++) {
		n = put(text, n, req->headers[i].name.p,
		    req->headers[i].name.len);
		n = put(text, n, ":", 1);
		n = put(text, n, req->headers[i].value.p,
		    req->headers[i].value.len);
		n = put(text, n, "\r\n", 2);
	}
	n = put(text, n, "\r\n", 2);
	assert(parse(&again, text, n, n, &headlen) == 1 && headlen == n);
	assert(again.method == req->method && again.minor == req->minor);
	assert(again.path.len == req->path.len);
	assert(again.query.len == req->query.len);
	assert(again.nheaders == req->nheaders);
	assert(again.content_length == req->content_length);
	assert(again.keepalive == req->keepalive);
	assert(again.upgrade == req->upgrade);
}

static void
check_query(const struct http_slice *query)
{
	char	 large[HTTP_TARGET_MAX], small[8];
	ssize_t	 m, n;

	n = http_query_get(query, "token", large, sizeof(large));
	m = http_query_get(query, "token", small, sizeof(small));
	if (n < 0) {
		assert(m == n);
		return;
	}
	assert((size_t)n == strlen(large) && (size_t)n <= query->len);
	assert(m == (n < (ssize_t)sizeof(small) ? n : -2));
	assert(m == -2 || strcmp(small, large) == 0);
}

static size_t
put(char *out, size_t n, const char *p, size_t len)
{
	if (len > 0)
		memcpy(out + n, p, len);
	return (n + len);
}
