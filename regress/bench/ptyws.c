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

/* links: proto/base64.c proto/utf8.c proto/ws.c */

#include "compat.h"

#include <sys/types.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <err.h>
#include <errno.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base64.h"
#include "utf8.h"
#include "ws.h"

/*
 * What the gateway is measured against: a plain loop that carries a pty to
 * one WebSocket after another, in the same frames with the same cut, and does
 * nothing else.  Per read of the pty it waits once and sends once; interest
 * changes only when the client falls behind.
 *
 * ptyws command [argument ...]	carries a new terminal for each connection
 * ptyws -b command ...		the same in binary frames of raw bytes
 * ptyws -a			only accepts handshakes, many at a time
 */

#define READ_SIZE	(64 * 1024)
#define REQUEST_MAX	4096

struct carry {
	int		 ep, sock, pty;
	struct ws_parser ws;
	uint8_t		 raw[UTF8_HELD_MAX + READ_SIZE];
	size_t		 nraw;		/* held back */
	uint8_t		 out[WS_HEAD_MAX + (READ_SIZE + 8) / 3 * 4];
	size_t		 nout, pos;
	int		 binary;
};

static int	 listener(void);
static int	 handshake(int);
static void	 carry(struct carry *, char *[]);
static int	 from_pty(struct carry *);
static int	 encode(struct carry *);
static int	 binary(struct carry *);
static int	 from_sock(struct carry *);
static int	 flush(struct carry *);
static void	 watch(int, int, int, uint32_t);
static void	 accept_all(int);

int
main(int argc, char *argv[])
{
	static struct carry	 c;
	int			 lfd, one = 1;

	if (argc < 2)
		errx(1, "usage: ptyws -a | [-b] command [argument ...]");
	lfd = listener();
	signal(SIGPIPE, SIG_IGN);
	if (strcmp(argv[1], "-a") == 0)
		accept_all(lfd);
	if (strcmp(argv[1], "-b") == 0) {
		c.binary = 1;
		argv++;
	}
	for (;;) {
		c.sock = accept4(lfd, NULL, NULL, SOCK_CLOEXEC);
		if (c.sock == -1)
			err(1, "accept");
		setsockopt(c.sock, IPPROTO_TCP, TCP_NODELAY, &one,
		    sizeof(one));
		if (handshake(c.sock) == 0)
			carry(&c, argv + 1);
		close(c.sock);
	}
}

static int
listener(void)
{
	struct sockaddr_in	 sin;
	socklen_t		 len = sizeof(sin);
	int			 fd;

	memset(&sin, 0, sizeof(sin));
	sin.sin_family = AF_INET;
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if ((fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) == -1 ||
	    bind(fd, (struct sockaddr *)&sin, sizeof(sin)) == -1 ||
	    listen(fd, 128) == -1 ||
	    getsockname(fd, (struct sockaddr *)&sin, &len) == -1)
		err(1, "listen");
	printf("%d\n", ntohs(sin.sin_port));
	fflush(stdout);
	return (fd);
}

/* Any path will do.  A request comes in one piece from where we measure. */
static int
handshake(int fd)
{
	char	 req[REQUEST_MAX], resp[256], key[WS_ACCEPT_LEN + 1], *p;
	ssize_t	 n;

	if ((n = recv(fd, req, sizeof(req) - 1, 0)) <= 0)
		return (-1);
	req[n] = '\0';
	if ((p = strcasestr(req, "\r\nSec-WebSocket-Key: ")) == NULL)
		return (-1);
	p += strlen("\r\nSec-WebSocket-Key: ");
	ws_accept(key, p, strcspn(p, "\r"));
	n = snprintf(resp, sizeof(resp), "HTTP/1.1 101 Switching Protocols\r\n"
	    "Upgrade: websocket\r\nConnection: Upgrade\r\n"
	    "Sec-WebSocket-Accept: %s\r\n\r\n", key);
	return (send(fd, resp, n, 0) == n ? 0 : -1);
}

static void
carry(struct carry *c, char *argv[])
{
	struct epoll_event	 ev[2];
	pid_t			 pid;
	int			 i, n, rc = 0;

	if ((pid = forkpty(&c->pty, NULL, NULL, NULL)) == 0) {
		execv(argv[0], argv);
		_exit(127);
	}
	if (pid == -1 || (c->ep = epoll_create1(EPOLL_CLOEXEC)) == -1)
		err(1, "forkpty");
	ws_init(&c->ws, WS_MESSAGE_MAX);
	c->nraw = c->nout = c->pos = 0;
	watch(c->ep, EPOLL_CTL_ADD, c->pty, EPOLLIN);
	watch(c->ep, EPOLL_CTL_ADD, c->sock,
	    EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
	while (rc == 0) {
		n = epoll_wait(c->ep, ev, 2, -1);
		for (i = 0; i < n && rc == 0; i++) {
			if (ev[i].data.fd == c->pty)
				rc = from_pty(c);
			else if ((rc = flush(c)) == 0 &&
			    ev[i].events & EPOLLIN)
				rc = from_sock(c);
			if (ev[i].events & (EPOLLRDHUP | EPOLLHUP))
				rc = -1;
		}
	}
	close(c->ep);
	close(c->pty);
	while (waitpid(pid, NULL, 0) == -1 && errno == EINTR)
		continue;
}

static int
from_pty(struct carry *c)
{
	ssize_t	 n;
	int	 rc;

	if ((rc = c->binary ? binary(c) : encode(c)) <= 0)
		return (rc);
	n = send(c->sock, c->out + c->pos, c->nout - c->pos, MSG_DONTWAIT);
	if (n == -1 && errno != EAGAIN)
		return (-1);
	c->pos += n == -1 ? 0 : n;
	if (c->pos < c->nout)
		watch(c->ep, EPOLL_CTL_MOD, c->pty, 0);
	return (0);
}

/* A frame of what is read: 1, or 0 if there is none yet. */
static int
encode(struct carry *c)
{
	size_t	 cut;
	ssize_t	 n;

	if ((n = read(c->pty, c->raw + c->nraw, READ_SIZE)) <= 0)
		return (-1);
	c->nraw += n;
	if ((cut = utf8_cut(c->raw, c->nraw)) == 0)
		return (0);
	c->pos = 0;
	c->nout = ws_frame_head(c->out, WS_TEXT, base64_encoded_len(cut));
	c->nout += base64_encode((char *)c->out + c->nout, c->raw, cut);
	c->nraw -= cut;
	memmove(c->raw, c->raw + cut, c->nraw);
	return (1);
}

/* The head goes before bytes that are where they were read. */
static int
binary(struct carry *c)
{
	uint8_t	 head[WS_HEAD_MAX];
	size_t	 len;
	ssize_t	 n;

	n = read(c->pty, c->out + WS_HEAD_MAX, READ_SIZE);
	if (n <= 0)
		return (-1);
	len = ws_frame_head(head, WS_BINARY, n);
	c->pos = WS_HEAD_MAX - len;
	c->nout = WS_HEAD_MAX + n;
	memcpy(c->out + c->pos, head, len);
	return (1);
}

/* What the client was too slow for; then the terminal is read again. */
static int
flush(struct carry *c)
{
	ssize_t	 n;

	if (c->pos == c->nout)
		return (0);
	n = send(c->sock, c->out + c->pos, c->nout - c->pos, MSG_DONTWAIT);
	if (n == -1)
		return (errno == EAGAIN ? 0 : -1);
	if ((c->pos += n) == c->nout)
		watch(c->ep, EPOLL_CTL_MOD, c->pty, EPOLLIN);
	return (0);
}

static int
from_sock(struct carry *c)
{
	struct ws_event	 ev;
	uint8_t		 buf[4096], *p;
	enum ws_ev	 what;
	size_t		 used;
	ssize_t		 n;

	while ((n = recv(c->sock, buf, sizeof(buf), MSG_DONTWAIT)) > 0) {
		for (p = buf; n > 0; p += used, n -= used) {
			what = ws_parse(&c->ws, p, n, &used, &ev);
			if (what == WS_CLOSE || what == WS_ERROR)
				return (-1);
			if (what == WS_DATA && ev.len > 0 &&
			    write(c->pty, ev.data, ev.len) == -1)
				return (-1);
		}
		/* A short one has left nothing behind. */
		if (p < buf + sizeof(buf))
			return (0);
	}
	return (n == -1 && errno == EAGAIN ? 0 : -1);
}

static void
watch(int ep, int op, int fd, uint32_t events)
{
	struct epoll_event	 ev = { .events = events, .data.fd = fd };

	if (epoll_ctl(ep, op, fd, &ev) == -1)
		err(1, "epoll_ctl");
}

/*
 * The first thing that a client says is its request; what comes next, its
 * end, whatever it is.
 */
static void
accept_all(int lfd)
{
	struct epoll_event	 ev[64];
	char			 greeted[1024] = { 0 };
	int			 ep, fd, i, n;

	if ((ep = epoll_create1(EPOLL_CLOEXEC)) == -1)
		err(1, "epoll_create1");
	watch(ep, EPOLL_CTL_ADD, lfd, EPOLLIN);
	for (;;) {
		n = epoll_wait(ep, ev, nitems(ev), -1);
		for (i = 0; i < n; i++) {
			fd = ev[i].data.fd;
			if (fd == lfd) {
				fd = accept(lfd, NULL, NULL);
				if (fd == -1 || fd >= (int)sizeof(greeted))
					err(1, "accept");
				greeted[fd] = 0;
				watch(ep, EPOLL_CTL_ADD, fd, EPOLLIN);
			} else if (greeted[fd] || handshake(fd) == -1)
				close(fd);
			else
				greeted[fd] = 1;
		}
	}
}
