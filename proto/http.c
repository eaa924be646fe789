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
#include <strings.h>

#include "http.h"

/* No acceptable request line is longer: method, target, version, spaces. */
#define HTTP_LINE_MAX	(HTTP_METHOD_MAX + HTTP_TARGET_MAX + HTTP_VERSION + 2)
#define HTTP_VERSION	8	/* "HTTP/1.1" */
#define HTTP_HOST_MAX	261	/* a name, a colon, a port */
#define WS_KEY_LEN	24	/* 16 bytes in base64 */

static int	 http_refuse(struct http_request *, int, const char *);
static int	 http_scan(struct http_request *, const char *, size_t);
static int	 http_parse_lines(struct http_request *, const char *, size_t);
static int	 http_parse_request_line(struct http_request *, const char *,
		    size_t);
static void	 http_set_method(struct http_request *);
static int	 http_parse_version(struct http_request *, const char *,
		    size_t);
static int	 http_parse_target(struct http_request *);
static int	 http_parse_header(struct http_request *, const char *, size_t);
static int	 http_check_host(struct http_request *);
static int	 http_host_valid(const struct http_slice *);
static int	 http_check_body(struct http_request *);
static int	 http_check_coding(struct http_request *,
		    const struct http_slice *);
static int	 http_read_length(const struct http_slice *, long long *);
static int	 http_check_upgrade(struct http_request *);
static int	 http_ws_key_valid(const struct http_slice *);
static struct http_slice
		 slice_trim(const char *, const char *);
static int	 query_char(const char **, const char *);
static int	 query_name_is(const char *, const char *, const char *);
static ssize_t	 query_decode(const char *, const char *, char *, size_t);
static int	 is_alnum(char);
static int	 is_tchar(char);
static int	 is_token(const struct http_slice *);
static int	 is_pchar(char);
static int	 hex_digit(char);

void
http_request_init(struct http_request *req)
{
	memset(req, 0, sizeof(*req));
	req->content_length = -1;
}

int
http_parse_head(struct http_request *req, const char *buf, size_t len,
    size_t *headlen)
{
	int	 r;

	if (req->status != 0)
		return (-1);
	if ((r = http_scan(req, buf, len)) != 1)
		return (r);
	if (http_parse_lines(req, buf, req->scanned - 2) == -1 ||
	    http_check_host(req) == -1 ||
	    http_check_body(req) == -1 ||
	    http_check_upgrade(req) == -1)
		return (-1);
	req->keepalive = req->minor == 1 &&
	    !http_header_has(req, "connection", "close");
	*headlen = req->scanned;
	return (1);
}

static int
http_refuse(struct http_request *req, int status, const char *why)
{
	req->status = status;
	req->why = why;
	return (-1);
}

/*
 * Look for the empty line.  Every byte is seen once, however the head
 * trickles in, and the verdict depends on the bytes only, not on how they
 * were cut: junk is refused where it stands, lines are parsed at the end.
 */
static int
http_scan(struct http_request *req, const char *buf, size_t len)
{
	size_t	 i, limit;
	char	 c;

	limit = len < HTTP_HEAD_MAX ? len : HTTP_HEAD_MAX;
	for (i = req->scanned; i < limit; i++) {
		c = buf[i];
		if (c == '\n') {
			if (i == req->line || buf[i - 1] != '\r')
				return (http_refuse(req, 400, "bare LF"));
			if (i == 1)
				return (http_refuse(req, 400, "empty line"));
			if (i == req->line + 1) {
				req->scanned = i + 1;
				return (1);
			}
			req->line = i + 1;
		} else if (i > req->line && buf[i - 1] == '\r')
			return (http_refuse(req, 400, "bare CR"));
		else if (((c & 0x80) == 0 && c < 0x20 && c != '\t' &&
		    c != '\r') || c == 0x7f)
			return (http_refuse(req, 400, "control character"));
		else if (req->line == 0 && i > HTTP_LINE_MAX)
			return (http_refuse(req, 414, "request line"));
	}
	req->scanned = i;
	if (i == HTTP_HEAD_MAX)
		return (http_refuse(req, 431, "head too large"));
	return (0);
}

/* The scan has left nothing but lines that end in CR LF. */
static int
http_parse_lines(struct http_request *req, const char *buf, size_t len)
{
	const char	*end, *eol, *p;

	end = buf + len;
	eol = memchr(buf, '\r', len);
	if (http_parse_request_line(req, buf, eol - buf) == -1)
		return (-1);
	for (p = eol + 2; p < end; p = eol + 2) {
		eol = memchr(p, '\r', end - p);
		if (http_parse_header(req, p, eol - p) == -1)
			return (-1);
	}
	return (0);
}

static int
http_parse_request_line(struct http_request *req, const char *p, size_t len)
{
	const char	*end, *sp;

	end = p + len;
	if ((sp = memchr(p, ' ', len)) == NULL)
		return (http_refuse(req, 400, "request line"));
	req->method_text.p = p;
	req->method_text.len = sp - p;
	if (req->method_text.len > HTTP_METHOD_MAX ||
	    !is_token(&req->method_text))
		return (http_refuse(req, 400, "method"));
	http_set_method(req);

	p = sp + 1;
	if ((sp = memchr(p, ' ', end - p)) == NULL)
		return (http_refuse(req, 400, "request line"));
	req->target.p = p;
	req->target.len = sp - p;
	if (http_parse_version(req, sp + 1, end - sp - 1) == -1)
		return (-1);
	return (http_parse_target(req));
}

static void
http_set_method(struct http_request *req)
{
	static const char	*names[] = {
		[HTTP_GET] = "GET",
		[HTTP_HEAD] = "HEAD",
		[HTTP_POST] = "POST",
		[HTTP_PUT] = "PUT",
		[HTTP_PATCH] = "PATCH",
		[HTTP_DELETE] = "DELETE",
		[HTTP_OPTIONS] = "OPTIONS"
	};
	size_t			 i;

	req->method = HTTP_OTHER;
	for (i = 0; i < nitems(names); i++) {
		if (http_slice_is(&req->method_text, names[i]))
			req->method = (enum http_method)i;
	}
}

/* HTTP/1.0 is for the health checks of old proxies. */
static int
http_parse_version(struct http_request *req, const char *p, size_t len)
{
	if (len != HTTP_VERSION || memcmp(p, "HTTP/", 5) != 0 ||
	    p[5] < '0' || p[5] > '9' || p[6] != '.' ||
	    p[7] < '0' || p[7] > '9')
		return (http_refuse(req, 400, "version"));
	if (p[5] != '1' || p[7] > '1')
		return (http_refuse(req, 505, "version"));
	req->minor = p[7] - '0';
	if (req->minor == 0 && req->method != HTTP_GET)
		return (http_refuse(req, 505, "HTTP/1.0 with this method"));
	return (0);
}

static int
http_parse_target(struct http_request *req)
{
	const char	*mark, *p;
	size_t		 i, len;

	p = req->target.p;
	len = req->target.len;
	if (len > HTTP_TARGET_MAX)
		return (http_refuse(req, 414, "target too long"));
	req->path = req->target;
	if (len > 0 && (mark = memchr(p, '?', len)) != NULL) {
		req->path.len = mark - p;
		req->query.p = mark + 1;
		req->query.len = len - req->path.len - 1;
	}
	if (!http_path_valid(req->path.p, req->path.len))
		return (http_refuse(req, 400, "path"));
	/* Browsers leave more unescaped in a query than RFC 3986 has. */
	for (i = 0; i < req->query.len; i++) {
		if (req->query.p[i] <= ' ' || req->query.p[i] > '~' ||
		    req->query.p[i] == '#')
			return (http_refuse(req, 400, "query"));
	}
	return (0);
}

static int
http_parse_header(struct http_request *req, const char *p, size_t len)
{
	struct http_header	*h;
	const char		*colon;

	if (*p == ' ' || *p == '\t')
		return (http_refuse(req, 400, "folded header"));
	if ((colon = memchr(p, ':', len)) == NULL)
		return (http_refuse(req, 400, "header without colon"));
	if (req->nheaders == HTTP_HEADERS_MAX)
		return (http_refuse(req, 431, "too many headers"));
	h = &req->headers[req->nheaders++];
	h->name.p = p;
	h->name.len = colon - p;
	if (!is_token(&h->name))
		return (http_refuse(req, 400, "header name"));
	h->value = slice_trim(colon + 1, p + len);
	return (0);
}

static int
http_check_host(struct http_request *req)
{
	const struct http_slice	*host;
	int			 n;

	n = http_header_count(req, "host");
	if (n == 0 && req->minor == 0)
		return (0);
	if (n != 1)
		return (http_refuse(req, 400, "not one Host"));
	host = http_header(req, "host");
	if (!http_host_valid(host))
		return (http_refuse(req, 400, "Host"));
	return (0);
}

/* name[:port] or [address][:port] */
static int
http_host_valid(const struct http_slice *host)
{
	const char	*end, *p, *start;

	if (host->len == 0 || host->len > HTTP_HOST_MAX)
		return (0);
	p = host->p;
	end = p + host->len;
	if (*p == '[') {
		start = ++p;
		while (p < end && (hex_digit(*p) != -1 || *p == ':' ||
		    *p == '.'))
			p++;
		if (p == start || p == end || *p++ != ']')
			return (0);
	} else {
		start = p;
		while (p < end && (is_alnum(*p) || *p == '.' || *p == '-' ||
		    *p == '_'))
			p++;
		if (p == start)
			return (0);
	}
	if (p == end)
		return (1);
	if (*p++ != ':' || end - p < 1 || end - p > 5)
		return (0);
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return (p == end);
}

/* How long the body is, and whether there may be one. */
static int
http_check_body(struct http_request *req)
{
	const struct http_slice	*cl, *te;

	cl = http_header(req, "content-length");
	te = http_header(req, "transfer-encoding");
	if (te != NULL && cl != NULL)
		return (http_refuse(req, 400, "two framings"));
	if (te != NULL)
		return (http_check_coding(req, te));
	if (http_header_count(req, "expect") > 0)
		return (http_refuse(req, 417, "Expect"));
	if (cl == NULL)
		return (0);
	if (http_header_count(req, "content-length") != 1)
		return (http_refuse(req, 400, "two Content-Length"));
	if (http_read_length(cl, &req->content_length) == -1)
		return (http_refuse(req, 400, "Content-Length"));
	if (req->content_length > 0 && (req->method == HTTP_GET ||
	    req->method == HTTP_HEAD ||
	    http_slice_is(&req->method_text, "TRACE")))
		return (http_refuse(req, 400, "body with this method"));
	if (req->content_length > HTTP_BODY_MAX)
		return (http_refuse(req, 413, "body too large"));
	return (0);
}

static int
http_check_coding(struct http_request *req, const struct http_slice *te)
{
	if (req->minor == 0 || te->len == 0 ||
	    http_header_count(req, "transfer-encoding") != 1)
		return (http_refuse(req, 400, "Transfer-Encoding"));
	if (http_slice_iscase(te, "chunked"))
		return (http_refuse(req, 411, "chunked body"));
	return (http_refuse(req, 501, "Transfer-Encoding"));
}

/* Digits only.  What is beyond any limit of ours stays just beyond it. */
static int
http_read_length(const struct http_slice *s, long long *length)
{
	long long	 v;
	size_t		 i;

	if (s->len == 0)
		return (-1);
	v = 0;
	for (i = 0; i < s->len; i++) {
		if (s->p[i] < '0' || s->p[i] > '9')
			return (-1);
		v = v * 10 + (s->p[i] - '0');
		if (v > HTTP_BODY_MAX)
			v = HTTP_BODY_MAX + 1;
	}
	*length = v;
	return (0);
}

/* RFC 6455, 4.2.1.  Other protocols are not upgraded to, so not looked at. */
static int
http_check_upgrade(struct http_request *req)
{
	const struct http_slice	*s;

	if (!http_header_has(req, "upgrade", "websocket"))
		return (0);
	if (req->method != HTTP_GET || req->minor != 1)
		return (http_refuse(req, 400, "upgrade of this request"));
	if (!http_header_has(req, "connection", "upgrade"))
		return (http_refuse(req, 400, "Connection lacks upgrade"));
	s = http_header(req, "sec-websocket-version");
	if (http_header_count(req, "sec-websocket-version") != 1 ||
	    !http_slice_is(s, "13"))
		return (http_refuse(req, 426, "Sec-WebSocket-Version"));
	s = http_header(req, "sec-websocket-key");
	if (http_header_count(req, "sec-websocket-key") != 1 ||
	    !http_ws_key_valid(s))
		return (http_refuse(req, 400, "Sec-WebSocket-Key"));
	req->upgrade = 1;
	req->ws_key = *s;
	return (0);
}

/* 22 characters, the last of which carries four zero bits, and padding. */
static int
http_ws_key_valid(const struct http_slice *s)
{
	size_t	 i;

	if (s->len != WS_KEY_LEN || memcmp(s->p + 22, "==", 2) != 0 ||
	    memchr("AQgw", s->p[21], 4) == NULL)
		return (0);
	for (i = 0; i < 21; i++) {
		if (!is_alnum(s->p[i]) && s->p[i] != '+' && s->p[i] != '/')
			return (0);
	}
	return (1);
}

const struct http_slice *
http_header(const struct http_request *req, const char *name)
{
	int	 i;

	for (i = 0; i < req->nheaders; i++) {
		if (http_slice_iscase(&req->headers[i].name, name))
			return (&req->headers[i].value);
	}
	return (NULL);
}

int
http_header_count(const struct http_request *req, const char *name)
{
	int	 i, n;

	n = 0;
	for (i = 0; i < req->nheaders; i++)
		n += http_slice_iscase(&req->headers[i].name, name);
	return (n);
}

int
http_header_has(const struct http_request *req, const char *name,
    const char *token)
{
	int	 i;

	for (i = 0; i < req->nheaders; i++) {
		if (http_slice_iscase(&req->headers[i].name, name) &&
		    http_list_has(&req->headers[i].value, token))
			return (1);
	}
	return (0);
}

int
http_list_has(const struct http_slice *list, const char *token)
{
	struct http_slice	 s;
	const char		*comma, *end, *p;

	if (list->len == 0)
		return (0);
	p = list->p;
	end = p + list->len;
	while (p < end) {
		if ((comma = memchr(p, ',', end - p)) == NULL)
			comma = end;
		s = slice_trim(p, comma);
		if (http_slice_iscase(&s, token))
			return (1);
		p = comma < end ? comma + 1 : end;
	}
	return (0);
}

int
http_slice_is(const struct http_slice *s, const char *text)
{
	return (s->len == strlen(text) &&
	    (s->len == 0 || memcmp(s->p, text, s->len) == 0));
}

int
http_slice_iscase(const struct http_slice *s, const char *text)
{
	return (s->len == strlen(text) &&
	    (s->len == 0 || strncasecmp(s->p, text, s->len) == 0));
}

static struct http_slice
slice_trim(const char *p, const char *end)
{
	struct http_slice	 s;

	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	while (p < end && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	s.p = p;
	s.len = end - p;
	return (s);
}

ssize_t
http_query_get(const struct http_slice *query, const char *name, char *out,
    size_t outsz)
{
	const char	*amp, *end, *eq, *p;

	if (query->len == 0)
		return (-1);
	p = query->p;
	end = p + query->len;
	while (p < end) {
		if ((amp = memchr(p, '&', end - p)) == NULL)
			amp = end;
		if ((eq = memchr(p, '=', amp - p)) == NULL)
			eq = amp;
		if (query_name_is(p, eq, name))
			return (query_decode(eq < amp ? eq + 1 : amp, amp,
			    out, outsz));
		p = amp < end ? amp + 1 : end;
	}
	return (-1);
}

/* One decoded byte, or -1 if its escape is malformed. */
static int
query_char(const char **p, const char *end)
{
	int	 hi, lo;
	char	 c;

	c = *(*p)++;
	if (c == '+')
		return (' ');
	if (c != '%')
		return ((unsigned char)c);
	if (end - *p < 2 || (hi = hex_digit((*p)[0])) == -1 ||
	    (lo = hex_digit((*p)[1])) == -1)
		return (-1);
	*p += 2;
	return (hi << 4 | lo);
}

/* Names may be escaped too.  One that is malformed is not ours. */
static int
query_name_is(const char *p, const char *end, const char *name)
{
	for (; p < end && *name != '\0'; name++) {
		if (query_char(&p, end) != (unsigned char)*name)
			return (0);
	}
	return (p == end && *name == '\0');
}

static ssize_t
query_decode(const char *p, const char *end, char *out, size_t outsz)
{
	size_t	 n;
	int	 c;

	for (n = 0; p < end; n++) {
		if ((c = query_char(&p, end)) <= 0 || n + 1 >= outsz)
			return (-2);
		out[n] = c;
	}
	if (n >= outsz)
		return (-2);
	out[n] = '\0';
	return (n);
}

int
http_path_valid(const char *p, size_t len)
{
	size_t	 i;

	if (len == 0 || p[0] != '/')
		return (0);
	for (i = 0; i < len; i++) {
		if (p[i] == '/') {
			if (i > 0 && p[i - 1] == '/')
				return (0);
		} else if (p[i] == '%') {
			if (len - i < 3 || hex_digit(p[i + 1]) == -1 ||
			    hex_digit(p[i + 2]) == -1)
				return (0);
			i += 2;
		} else if (!is_pchar(p[i]))
			return (0);
	}
	return (1);
}

static int
is_alnum(char c)
{
	return ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	    (c >= 'a' && c <= 'z'));
}

static int
is_tchar(char c)
{
	return (is_alnum(c) || (c != '\0' &&
	    strchr("!#$%&'*+-.^_`|~", c) != NULL));
}

static int
is_token(const struct http_slice *s)
{
	size_t	 i;

	for (i = 0; i < s->len; i++) {
		if (!is_tchar(s->p[i]))
			return (0);
	}
	return (s->len > 0);
}

static int
is_pchar(char c)
{
	return (is_alnum(c) || (c != '\0' &&
	    strchr("-._~!$&'()*+,;=:@", c) != NULL));
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return (c - '0');
	if (c >= 'a' && c <= 'f')
		return (c - 'a' + 10);
	if (c >= 'A' && c <= 'F')
		return (c - 'A' + 10);
	return (-1);
}

const char *
http_status_text(int status)
{
	static const struct {
		int		 status;
		const char	*text;
	} texts[] = {
		{ 101, "Switching Protocols" },
		{ 200, "OK" },
		{ 201, "Created" },
		{ 204, "No Content" },
		{ 304, "Not Modified" },
		{ 400, "Bad Request" },
		{ 401, "Unauthorized" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 408, "Request Timeout" },
		{ 409, "Conflict" },
		{ 411, "Length Required" },
		{ 413, "Content Too Large" },
		{ 414, "URI Too Long" },
		{ 415, "Unsupported Media Type" },
		{ 417, "Expectation Failed" },
		{ 426, "Upgrade Required" },
		{ 429, "Too Many Requests" },
		{ 431, "Request Header Fields Too Large" },
		{ 500, "Internal Server Error" },
		{ 501, "Not Implemented" },
		{ 502, "Bad Gateway" },
		{ 503, "Service Unavailable" },
		{ 504, "Gateway Timeout" },
		{ 505, "HTTP Version Not Supported" }
	};
	size_t	 i;

	for (i = 0; i < nitems(texts); i++) {
		if (texts[i].status == status)
			return (texts[i].text);
	}
	return ("Unknown");
}
