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
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wsclient.h"

#define OP_TEXT		0x1
#define OP_CLOSE	0x8
#define HEAD_MAX	10		/* of a frame without a mask */
#define LOWAT_MAX	(64 * 1024)
#define RCVBUF		(2 * 1024 * 1024)	/* far above LOWAT_MAX */
#define BAD		UINT32_C(0x80000000)

/* What each character adds to the 24 bits of its group, by its place. */
static uint32_t	 place[4][256];

static void	 tables(void);
static void	 parse(struct wsc *);
static size_t	 head(struct wsc *, const uint8_t *, size_t);
static size_t	 payload(struct wsc *, const uint8_t *, size_t);
static size_t	 decode(uint8_t *, const uint8_t *, size_t);
static size_t	 decode_last(uint8_t *, const uint8_t *);

size_t
wsc_request(char *buf, size_t size, const char *path, const char *token)
{
	int	 n;

	n = snprintf(buf, size, "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n"
	    "Upgrade: websocket\r\nConnection: Upgrade\r\n"
	    "Sec-WebSocket-Version: 13\r\n"
	    "Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==\r\n%s%s%s\r\n", path,
	    token != NULL ? "Authorization: Bearer " : "",
	    token != NULL ? token : "", token != NULL ? "\r\n" : "");
	if (n < 0 || (size_t)n >= size)
		errx(1, "request too long");
	return (n);
}

void
wsc_open(struct wsc *c, in_port_t port, const char *path, const char *token)
{
	struct sockaddr_in	 sin;
	char			 req[8192];
	uint8_t			*end;
	size_t			 n;
	ssize_t			 k;
	int			 one = 1, size = RCVBUF;

	tables();
	memset(&sin, 0, sizeof(sin));
	sin.sin_family = AF_INET;
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sin.sin_port = htons(port);
	c->closed = c->opcode = c->lowat = 0;
	c->left = c->nin = c->nout = 0;
	if ((c->fd = socket(AF_INET, SOCK_STREAM, 0)) == -1 ||
	    setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &size,
	    sizeof(size)) == -1 ||
	    connect(c->fd, (struct sockaddr *)&sin, sizeof(sin)) == -1)
		err(1, "connect");
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	n = wsc_request(req, sizeof(req), path, token);
	if (send(c->fd, req, n, 0) != (ssize_t)n)
		err(1, "send");
	while ((end = memmem(c->in, c->nin, "\r\n\r\n", 4)) == NULL) {
		k = recv(c->fd, c->in + c->nin, sizeof(c->in) - c->nin, 0);
		if (k <= 0)
			errx(1, "no answer to the request");
		c->nin += k;
	}
	if (memcmp(c->in, "HTTP/1.1 101 ", 13) != 0)
		errx(1, "refused: %.*s", (int)(end - c->in), c->in);
	c->nin -= end + 4 - c->in;
	memmove(c->in, end + 4, c->nin);
}

int
wsc_read(struct wsc *c)
{
	struct pollfd	 pfd = { c->fd, POLLIN, 0 };
	ssize_t		 n;

	/* The first bytes may have come with the answer. */
	c->nout = 0;
	parse(c);
	while (c->nout == 0 && !c->closed) {
		/*
		 * A recv that has taken some would wait for another low mark,
		 * however little is still to come; poll does not.
		 */
		if (c->lowat > 1 && poll(&pfd, 1, -1) == -1)
			err(1, "poll");
		n = recv(c->fd, c->in + c->nin, sizeof(c->in) - c->nin,
		    c->lowat > 1 ? MSG_DONTWAIT : 0);
		if (n == -1 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0)
			return (0);
		c->nin += n;
		parse(c);
	}
	return (c->nout > 0);
}

int
wsc_take(struct wsc *c)
{
	ssize_t	 n;

	c->nout = 0;
	n = recv(c->fd, c->in + c->nin, sizeof(c->in) - c->nin, MSG_DONTWAIT);
	if (n == -1)
		return (errno == EINTR || errno == EAGAIN);
	c->nin += n;
	parse(c);
	return (n > 0 && !c->closed);
}

void
wsc_type(struct wsc *c, const void *keys, size_t n)
{
	/* The key of the mask is zero, which masks nothing. */
	uint8_t	 frame[6 + WSC_KEYS_MAX] = { 0x82, 0x80 };

	frame[1] |= n;
	memcpy(frame + 6, keys, n);
	if (send(c->fd, frame, 6 + n, MSG_NOSIGNAL) != (ssize_t)(6 + n))
		err(1, "send");
}

void
wsc_lowat(struct wsc *c, uint64_t bytes)
{
	int	 n = 1;

	/* Some of them are here already. */
	if (bytes > c->nin)
		n = bytes - c->nin > LOWAT_MAX ? LOWAT_MAX : bytes - c->nin;
	if (n == c->lowat)
		return;
	if (setsockopt(c->fd, SOL_SOCKET, SO_RCVLOWAT, &n, sizeof(n)) == -1)
		err(1, "setsockopt");
	c->lowat = n;
}

static void
tables(void)
{
	static const char	 digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t		 i, k;

	for (k = 0; k < 4; k++) {
		for (i = 0; i < 256; i++)
			place[k][i] = BAD;
		for (i = 0; i < 64; i++)
			place[k][(uint8_t)digits[i]] = i << (3 - k) * 6;
	}
}

/* Take what is complete; what is not moves to the front. */
static void
parse(struct wsc *c)
{
	size_t	 pos, n;

	pos = 0;
	while (pos < c->nin && !c->closed) {
		if (c->left == 0)
			n = head(c, c->in + pos, c->nin - pos);
		else
			n = payload(c, c->in + pos, c->nin - pos);
		if (n == 0)
			break;
		pos += n;
	}
	c->nin -= pos;
	memmove(c->in, c->in + pos, c->nin);
}

static size_t
head(struct wsc *c, const uint8_t *p, size_t n)
{
	size_t	 i, more;

	if (n < 2)
		return (0);
	more = p[1] == 127 ? 8 : p[1] == 126 ? 2 : 0;
	if (n < 2 + more)
		return (0);
	c->opcode = p[0] & 0xf;
	c->left = more == 0 ? p[1] : 0;
	for (i = 0; i < more; i++)
		c->left = c->left << 8 | p[2 + i];
	return (2 + more);
}

static size_t
payload(struct wsc *c, const uint8_t *p, size_t n)
{
	if (c->opcode == OP_CLOSE) {
		if (n < 2)
			return (0);
		c->closed = p[0] << 8 | p[1];
		return (2);
	}
	if (n > c->left)
		n = c->left;
	if (c->opcode < OP_CLOSE && c->raw) {
		if (c->opcode != OP_TEXT) {
			memcpy(c->out + c->nout, p, n);
			c->nout += n;
		}
	} else if (c->opcode < OP_CLOSE) {
		n -= n % 4;
		if (n == 0)
			return (0);
		c->nout += decode(c->out + c->nout, p, n);
	}
	c->left -= n;
	return (n);
}

/* Whole groups; only the last may be padded. */
static size_t
decode(uint8_t *out, const uint8_t *in, size_t n)
{
	uint8_t		*o = out;
	const uint8_t	*end = in + n - 4;
	uint32_t	 v, bad;

	bad = 0;
	for (; in < end; in += 4, o += 3) {
		v = place[0][in[0]] | place[1][in[1]] | place[2][in[2]] |
		    place[3][in[3]];
		bad |= v;
		o[0] = v >> 16;
		o[1] = v >> 8;
		o[2] = v;
	}
	if (bad & BAD)
		errx(1, "output is not base64");
	return (o - out + decode_last(o, in));
}

static size_t
decode_last(uint8_t *o, const uint8_t *in)
{
	uint32_t	 v;
	size_t		 n;

	n = in[3] != '=' ? 3 : in[2] != '=' ? 2 : 1;
	v = place[0][in[0]] | place[1][in[1]];
	if (n > 1)
		v |= place[2][in[2]];
	if (n > 2)
		v |= place[3][in[3]];
	if (v & BAD)
		errx(1, "output is not base64");
	o[0] = v >> 16;
	o[1] = v >> 8;
	o[2] = v;
	return (n);
}
