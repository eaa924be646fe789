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

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "http.h"
#include "reply.h"

/* A head that grows; what does not fit makes it useless. */
struct head {
	char	*buf;
	size_t	 len;
	int	 full;
};

static void	 head_add(struct head *, const char *, ...) PRINTFLIKE(2, 3);
static void	 head_text(struct head *, const char *);
static void	 head_start(struct head *, char *, int);
static void	 head_date(struct head *);
static void	 head_common(struct head *, const struct reply_to *);
static size_t	 head_end(struct head *);
static void	 reply_json(struct reply *, int, const char *, int);

static void
head_add(struct head *h, const char *fmt, ...)
{
	va_list	 ap;
	int	 n;

	va_start(ap, fmt);
	n = vsnprintf(h->buf + h->len, REPLY_HEAD_MAX - h->len, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= REPLY_HEAD_MAX - h->len)
		h->full = 1;
	else
		h->len += (size_t)n;
}

static void
head_text(struct head *h, const char *s)
{
	size_t	 n;

	n = strlen(s);
	if (n >= REPLY_HEAD_MAX - h->len) {
		h->full = 1;
		return;
	}
	memcpy(h->buf + h->len, s, n + 1);
	h->len += n;
}

static void
head_start(struct head *h, char *buf, int status)
{
	h->buf = buf;
	h->len = 0;
	h->full = 0;
	if (status == 101)
		head_text(h, "HTTP/1.1 101 Switching Protocols\r\n");
	else
		head_add(h, "HTTP/1.1 %d %s\r\n", status,
		    http_status_text(status));
}

/* RFC 9110, 5.6.7, whatever the locale; made once a second. */
static void
head_date(struct head *h)
{
	static const char	*days[] = {
		"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"
	};
	static const char	*months[] = {
		"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug",
		"Sep", "Oct", "Nov", "Dec"
	};
	static char		 line[64];
	static time_t		 made;
	struct tm		 tm;
	time_t			 now;

	now = time(NULL);
	if (now != made || line[0] == '\0') {
		if (gmtime_r(&now, &tm) == NULL)
			return;
		(void)snprintf(line, sizeof(line),
		    "Date: %s, %02d %s %04d %02d:%02d:%02d GMT\r\n",
		    days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon],
		    tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
		made = now;
	}
	head_text(h, line);
}

static void
head_common(struct head *h, const struct reply_to *to)
{
	head_date(h);
	if (to->origin[0] != '\0') {
		head_text(h, "Access-Control-Allow-Origin: ");
		head_text(h, to->origin);
		head_text(h, "\r\n");
	}
	if (to->vary)
		head_text(h, "Vary: Origin\r\n");
	if (!to->limited)
		return;
	head_add(h, "X-RateLimit-Limit: %u\r\nX-RateLimit-Remaining: %u\r\n"
	    "X-RateLimit-Reset: %lld\r\n", to->rate.limit,
	    to->rate.remaining, (long long)time(NULL) + to->rate.window);
}

static size_t
head_end(struct head *h)
{
	head_text(h, "\r\n");
	return (h->full ? 0 : h->len);
}

size_t
reply_head(char out[REPLY_HEAD_MAX], const struct reply_to *to,
    const struct reply *reply)
{
	struct head	 h;

	head_start(&h, out, reply->status);
	head_common(&h, to);
	if (reply->type != NULL)
		head_add(&h, "Content-Type: %s\r\n"
		    "X-Content-Type-Options: nosniff\r\n", reply->type);
	head_add(&h, "Content-Length: %zu\r\n", reply->len);
	if (reply->extra != NULL)
		head_text(&h, reply->extra);
	if (to->close)
		head_text(&h, "Connection: close\r\n");
	return (head_end(&h));
}

void
reply_error(struct reply *reply, char buf[REPLY_ERROR_MAX], int status,
    const char *error, const char *message)
{
	int	 n;

	if (message == NULL)
		n = snprintf(buf, REPLY_ERROR_MAX, "{\"error\":\"%s\"}",
		    error);
	else
		n = snprintf(buf, REPLY_ERROR_MAX,
		    "{\"error\":\"%s\",\"message\":\"%s\"}", error, message);
	reply_json(reply, status, buf, n);
}

/* Texts of ours are far shorter than there is room. */
static void
reply_json(struct reply *reply, int status, const char *buf, int n)
{
	memset(reply, 0, sizeof(*reply));
	reply->status = status;
	reply->type = REPLY_JSON;
	reply->body = buf;
	reply->len = n > 0 && n < REPLY_ERROR_MAX ? (size_t)n : 0;
}

void
reply_code(struct reply *reply, char buf[REPLY_ERROR_MAX], int status,
    const char *code, const char *message)
{
	int	 n;

	n = snprintf(buf, REPLY_ERROR_MAX,
	    "{\"error\":{\"code\":\"%s\",\"message\":\"%s\"}}", code,
	    message);
	reply_json(reply, status, buf, n);
}

const char *
reply_code_name(int status)
{
	switch (status) {
	case 401:
		return ("unauthorized");
	case 403:
		return ("forbidden");
	case 404:
		return ("not_found");
	case 405:
		return ("method_not_allowed");
	case 413:
	case 414:
	case 431:
		return ("too_large");
	case 429:
		return ("rate_limited");
	case 501:
		return ("unsupported");
	default:
		return (status < 500 ? "bad_request" : "unavailable");
	}
}

size_t
reply_upgrade(char out[REPLY_HEAD_MAX], const struct reply_to *to,
    const char *accept, const char *protocol)
{
	struct head	 h;

	head_start(&h, out, 101);
	head_text(&h, "Upgrade: websocket\r\nConnection: Upgrade\r\n"
	    "Sec-WebSocket-Accept: ");
	head_text(&h, accept);
	head_text(&h, "\r\n");
	if (protocol != NULL)
		head_add(&h, "Sec-WebSocket-Protocol: %s\r\n", protocol);
	head_common(&h, to);
	return (head_end(&h));
}

size_t
reply_stream(char out[REPLY_HEAD_MAX], const struct reply_to *to,
    int chunked, const char *cache)
{
	struct head	 h;

	head_start(&h, out, 200);
	head_common(&h, to);
	head_add(&h, "Content-Type: text/event-stream\r\n"
	    "Cache-Control: %s\r\nX-Accel-Buffering: no\r\n", cache);
	head_text(&h, chunked ?
	    "Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n" :
	    "Connection: close\r\n");
	return (head_end(&h));
}
