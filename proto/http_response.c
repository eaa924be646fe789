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

#include <sys/types.h>

#include <string.h>

#include "http_response.h"

#define INTERIM_MAX	8	/* answers of 1xx before the answer */
#define CHUNK_LINE_MAX	256	/* size and extensions of a chunk */
#define CHUNK_DIGITS	7	/* of its size, in hex */

/* Where a walk over the chunks of a body is. */
struct chunks {
	size_t	 pos;			/* of the next line */
	size_t	 data;			/* of the chunk's data */
	size_t	 size;			/* 0: it was the last */
};

static int	 fail(struct http_response *, const char *);
static int	 parse_head(struct http_response *, const char *, size_t,
		    size_t *);
static int	 parse_status(struct http_response *, const char *, size_t);
static int	 parse_header(struct http_response *, const char *, size_t);
static int	 parse_body(struct http_response *, char *, size_t, size_t,
		    int);
static int	 parse_length(const struct http_slice *, size_t *);
static int	 parse_chunked(struct http_response *, char *, size_t, size_t);
static int	 chunk_next(struct chunks *, const char *, size_t);
static int	 chunk_size(const char *, size_t, size_t *);
static int	 chunk_trailer(struct chunks *, const char *, size_t);
static ssize_t	 line_end(const char *, size_t, size_t);
static int	 header_count(const struct http_response *, const char *);
static int	 is_digit(char);

int
http_response_parse(struct http_response *r, char *buf, size_t len, int eof)
{
	size_t	 headlen, start;
	int	 i, got;

	start = 0;
	for (i = 0; i <= INTERIM_MAX; i++) {
		memset(r, 0, sizeof(*r));
		got = parse_head(r, buf + start, len - start, &headlen);
		if (got == 0 && eof)
			return (fail(r, "cut off"));
		if (got != 1)
			return (got);
		start += headlen;
		if (r->status >= 200 || r->status == 101)
			return (parse_body(r, buf, start, len, eof));
	}
	return (fail(r, "too many interim responses"));
}

static int
fail(struct http_response *r, const char *why)
{
	r->why = why;
	return (-1);
}

/* Every line ends in CR LF, the last one is empty. */
static int
parse_head(struct http_response *r, const char *buf, size_t len,
    size_t *headlen)
{
	size_t	 max, pos;
	ssize_t	 n;
	int	 got;

	max = len < HTTP_HEAD_MAX ? len : HTTP_HEAD_MAX;
	for (pos = 0; (n = line_end(buf + pos, max - pos, max - pos)) >= 0;
	    pos += (size_t)n + 2) {
		if (n == 0 && pos > 0) {
			*headlen = pos + 2;
			return (1);
		}
		if (pos == 0)
			got = parse_status(r, buf, (size_t)n);
		else
			got = parse_header(r, buf + pos, (size_t)n);
		if (got == -1)
			return (-1);
	}
	/* What is no HTTP at all is found out before its first line ends. */
	if (pos == 0 && memcmp(buf, "HTTP/1.", len < 7 ? len : 7) != 0)
		return (fail(r, "not HTTP/1.1"));
	if (n == -2)
		return (fail(r, "control character in a head"));
	return (len >= HTTP_HEAD_MAX ? fail(r, "head too large") : 0);
}

/* HTTP/1.x NNN reason */
static int
parse_status(struct http_response *r, const char *p, size_t len)
{
	if (len < 12 || memcmp(p, "HTTP/1.", 7) != 0 ||
	    (p[7] != '0' && p[7] != '1') || p[8] != ' ')
		return (fail(r, "not HTTP/1.1"));
	if (p[9] < '1' || p[9] > '5' || !is_digit(p[10]) ||
	    !is_digit(p[11]) || (len > 12 && p[12] != ' '))
		return (fail(r, "malformed status"));
	r->status = (p[9] - '0') * 100 + (p[10] - '0') * 10 + p[11] - '0';
	return (0);
}

static int
parse_header(struct http_response *r, const char *p, size_t len)
{
	struct http_header	*h;
	const char		*colon, *end;
	size_t			 i;

	end = p + len;
	if ((colon = memchr(p, ':', len)) == NULL || colon == p)
		return (fail(r, "malformed header"));
	/* White space before a name would be a folded line. */
	for (i = 0; p + i < colon; i++) {
		if (p[i] <= ' ' || p[i] > '~' ||
		    strchr("\"(),/;<=>?@[\\]{}", p[i]) != NULL)
			return (fail(r, "malformed header"));
	}
	if (r->nheaders == HTTP_HEADERS_MAX)
		return (fail(r, "too many headers"));
	h = &r->headers[r->nheaders++];
	h->name.p = p;
	h->name.len = (size_t)(colon - p);
	for (p = colon + 1; p < end && (*p == ' ' || *p == '\t'); p++)
		continue;
	while (p < end && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	h->value.p = p;
	h->value.len = (size_t)(end - p);
	return (0);
}

/* RFC 9112, 6.3, without what two readers might frame differently. */
static int
parse_body(struct http_response *r, char *buf, size_t start, size_t len,
    int eof)
{
	const struct http_slice	*cl, *te;
	size_t			 want;
	int			 got;

	r->body = buf + start;
	r->len = start;
	if (r->status == 101 || r->status == 204 || r->status == 304)
		return (1);
	cl = http_response_header(r, "content-length");
	te = http_response_header(r, "transfer-encoding");
	if (header_count(r, "content-length") +
	    header_count(r, "transfer-encoding") > 1)
		return (fail(r, "two framings"));
	if (te != NULL && !http_slice_iscase(te, "chunked"))
		return (fail(r, "unknown transfer coding"));
	if (te != NULL) {
		got = parse_chunked(r, buf, start, len);
		return (got == 0 && eof ? fail(r, "cut off") : got);
	}
	want = len - start;
	if (cl != NULL && parse_length(cl, &want) == -1)
		return (fail(r, "malformed Content-Length"));
	if (want > HTTP_RESPONSE_BODY_MAX)
		return (fail(r, "body too large"));
	if (cl == NULL && !eof)
		return (0);
	if (len - start < want)
		return (eof ? fail(r, "cut off") : 0);
	r->bodylen = want;
	r->len = start + want;
	return (1);
}

/* Digits only.  What is beyond the limit stays just beyond it. */
static int
parse_length(const struct http_slice *s, size_t *length)
{
	size_t	 i, v;

	if (s->len == 0)
		return (-1);
	v = 0;
	for (i = 0; i < s->len; i++) {
		if (!is_digit(s->p[i]))
			return (-1);
		v = v * 10 + (size_t)(s->p[i] - '0');
		if (v > HTTP_RESPONSE_BODY_MAX)
			v = HTTP_RESPONSE_BODY_MAX + 1;
	}
	*length = v;
	return (0);
}

/* First look whether all is there, then move the data together. */
static int
parse_chunked(struct http_response *r, char *buf, size_t start, size_t len)
{
	struct chunks	 c;
	size_t		 total;
	int		 got;

	c.pos = start;
	total = 0;
	do {
		if ((got = chunk_next(&c, buf, len)) == -1)
			return (fail(r, "malformed chunk"));
		if (c.size > HTTP_RESPONSE_BODY_MAX - total)
			return (fail(r, "body too large"));
		if (got == 0) {
			if (len - start >= HTTP_RESPONSE_MAX - HTTP_HEAD_MAX)
				return (fail(r, "body too large"));
			return (0);
		}
		total += c.size;
	} while (c.size > 0);
	r->len = c.pos;

	c.pos = start;
	while (chunk_next(&c, buf, len) == 1 && c.size > 0) {
		memmove(buf + start + r->bodylen, buf + c.data, c.size);
		r->bodylen += c.size;
	}
	return (1);
}

/* 1 with a chunk, 0 if it is not there as a whole, -1. */
static int
chunk_next(struct chunks *c, const char *buf, size_t len)
{
	ssize_t	 n;

	c->size = 0;
	n = line_end(buf + c->pos, len - c->pos, CHUNK_LINE_MAX);
	if (n < 0)
		return (n == -1 ? 0 : -1);
	if (chunk_size(buf + c->pos, (size_t)n, &c->size) == -1)
		return (-1);
	c->data = c->pos + (size_t)n + 2;
	if (c->size == 0)
		return (chunk_trailer(c, buf, len));
	if (len - c->data < c->size + 2)
		return (0);
	if (memcmp(buf + c->data + c->size, "\r\n", 2) != 0)
		return (-1);
	c->pos = c->data + c->size + 2;
	return (1);
}

static int
chunk_size(const char *p, size_t len, size_t *size)
{
	static const char	 hex[] = "0123456789abcdef";
	const char		*digit;
	size_t			 i;

	*size = 0;
	for (i = 0; i < len && i < CHUNK_DIGITS && p[i] != '\0' &&
	    (digit = strchr(hex, p[i] >= 'A' && p[i] <= 'F' ?
	    p[i] - 'A' + 'a' : p[i])) != NULL; i++)
		*size = *size << 4 | (size_t)(digit - hex);
	return (i > 0 && (i == len || p[i] == ';' || p[i] == ' ') ? 0 : -1);
}

/* Nothing in a trailer is of use. */
static int
chunk_trailer(struct chunks *c, const char *buf, size_t len)
{
	ssize_t	 n;

	c->pos = c->data;
	do {
		n = line_end(buf + c->pos, len - c->pos, HTTP_HEAD_MAX);
		if (n < 0)
			return (n == -1 ? 0 : -1);
		c->pos += (size_t)n + 2;
	} while (n > 0);
	return (1);
}

/*
 * The length of the line at p, without the CR LF behind it; -1 if its end is
 * not there, -2 if it is longer than max or has a control character.
 */
static ssize_t
line_end(const char *p, size_t len, size_t max)
{
	size_t	 i;

	for (i = 0; i < len; i++) {
		if (p[i] == '\r') {
			if (len - i < 2)
				return (-1);
			return (p[i + 1] == '\n' ? (ssize_t)i : -2);
		}
		if (((unsigned char)p[i] < ' ' && p[i] != '\t') ||
		    p[i] == 0x7f || i >= max)
			return (-2);
	}
	return (-1);
}

const struct http_slice *
http_response_header(const struct http_response *r, const char *name)
{
	int	 i;

	if (header_count(r, name) != 1)
		return (NULL);
	for (i = 0; i < r->nheaders; i++) {
		if (http_slice_iscase(&r->headers[i].name, name))
			break;
	}
	return (&r->headers[i].value);
}

int
http_response_has(const struct http_response *r, const char *name,
    const char *token)
{
	int	 i;

	for (i = 0; i < r->nheaders; i++) {
		if (http_slice_iscase(&r->headers[i].name, name) &&
		    http_list_has(&r->headers[i].value, token))
			return (1);
	}
	return (0);
}

static int
header_count(const struct http_response *r, const char *name)
{
	int	 i, n;

	n = 0;
	for (i = 0; i < r->nheaders; i++)
		n += http_slice_iscase(&r->headers[i].name, name);
	return (n);
}

static int
is_digit(char c)
{
	return (c >= '0' && c <= '9');
}
