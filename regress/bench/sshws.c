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
/* pkgs: libssh2 */

#include "compat.h"

#include <sys/types.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libssh2.h>

#include "base64.h"
#include "utf8.h"
#include "ws.h"

/*
 * sshws port user keyfile
 *
 * What the SSH half is measured against, as far as libssh2 itself goes: a
 * plain loop that gives each WebSocket a shell of the SSH server on that port
 * of this host.  A connection is made while everything else waits, and any
 * host key will do; after that nothing blocks.  Both sockets are watched for
 * everything, once and edge-triggered, so interest never changes.
 */

#define LINKS_MAX	64
#define READ_SIZE	(32 * 1024)	/* the same for every read */
#define WINDOW		(256 * 1024)
#define SEND_MAX	(256 * 1024)
#define REQUEST_MAX	4096

struct link {
	int			 sock, fd;	/* -1 if unused; of SSH */
	LIBSSH2_SESSION		*ssh;
	LIBSSH2_CHANNEL		*chan;
	struct ws_parser	 ws;
	uint8_t			 send[SEND_MAX];	/* to the server */
	size_t			 nsend;
	uint8_t			 raw[UTF8_HELD_MAX + READ_SIZE];
	size_t			 nraw;			/* held back */
	uint8_t			 out[WS_HEAD_MAX + (READ_SIZE + 8) / 3 * 4];
	size_t			 nout, pos;
};

static struct link	 links[LINKS_MAX];
static in_port_t	 port;
static const char	*user, *keyfile;

static int	 listener(void);
static int	 handshake(int);
static void	 new_link(int, int);
static int	 open_shell(struct link *);
static int	 login(struct link *);
static int	 connect_ssh(void);
static void	 end_link(struct link *);
static LIBSSH2_SEND_FUNC(to_server);
static int	 flush_server(struct link *);
static int	 from_server(struct link *);
static int	 read_server(struct link *);
static int	 flush_client(struct link *);
static int	 from_client(struct link *);
static int	 event(struct link *, int, uint32_t);
static void	 watch(int, int, uint64_t, uint32_t);

int
main(int argc, char *argv[])
{
	struct epoll_event	 ev[LINKS_MAX];
	struct link		*l;
	int			 ep, i, lfd, n, waiting;

	if (argc != 4)
		errx(1, "usage: sshws port user keyfile");
	port = strtonum(argv[1], 1, UINT16_MAX, NULL);
	user = argv[2];
	keyfile = argv[3];
	signal(SIGPIPE, SIG_IGN);
	for (i = 0; i < LINKS_MAX; i++)
		links[i].sock = -1;
	if (libssh2_init(0) != 0 || (ep = epoll_create1(EPOLL_CLOEXEC)) == -1)
		errx(1, "cannot start");
	lfd = listener();
	watch(ep, lfd, LINKS_MAX * 2, EPOLLIN);
	for (;;) {
		waiting = 0;
		n = epoll_wait(ep, ev, LINKS_MAX, -1);
		for (i = 0; i < n; i++) {
			if (ev[i].data.u64 == LINKS_MAX * 2) {
				waiting = 1;
				continue;
			}
			l = &links[ev[i].data.u64 / 2];
			if (l->sock != -1 && event(l, ev[i].data.u64 % 2,
			    ev[i].events) == -1)
				end_link(l);
		}
		/* Not before: an event of its place may have been ahead. */
		if (waiting)
			new_link(ep, lfd);
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
new_link(int ep, int lfd)
{
	struct link	*l;
	int		 one = 1;

	for (l = links; l < links + LINKS_MAX && l->sock != -1; l++)
		continue;
	if (l == links + LINKS_MAX)
		errx(1, "too many links");
	if ((l->sock = accept4(lfd, NULL, NULL, SOCK_CLOEXEC)) == -1)
		err(1, "accept");
	setsockopt(l->sock, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	l->nsend = l->nraw = l->nout = l->pos = 0;
	l->fd = -1;
	l->ssh = NULL;
	ws_init(&l->ws, WS_MESSAGE_MAX);
	if (handshake(l->sock) == -1 || open_shell(l) == -1) {
		end_link(l);
		return;
	}
	watch(ep, l->sock, (l - links) * 2,
	    EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
	watch(ep, l->fd, (l - links) * 2 + 1, EPOLLIN | EPOLLOUT | EPOLLET);
}

static int
open_shell(struct link *l)
{
	if ((l->fd = connect_ssh()) == -1 || (l->ssh =
	    libssh2_session_init_ex(NULL, NULL, NULL, l)) == NULL)
		return (-1);
	libssh2_session_callback_set(l->ssh, LIBSSH2_CALLBACK_SEND,
	    (void *)to_server);
	if (login(l) == -1 || (l->chan = libssh2_channel_open_ex(l->ssh,
	    "session", strlen("session"), WINDOW,
	    LIBSSH2_CHANNEL_PACKET_DEFAULT, NULL, 0)) == NULL) {
		warnx("no session on the server");
		return (-1);
	}
	libssh2_channel_handle_extended_data2(l->chan,
	    LIBSSH2_CHANNEL_EXTENDED_DATA_MERGE);
	if (libssh2_channel_request_pty(l->chan, "xterm-256color") != 0 ||
	    libssh2_channel_shell(l->chan) != 0) {
		warnx("no shell on the server");
		return (-1);
	}
	libssh2_session_set_blocking(l->ssh, 0);
	return (0);
}

static int
login(struct link *l)
{
	static const struct {
		int		 method;
		const char	*names;
	}	 pref[] = {
		{ LIBSSH2_METHOD_KEX, "curve25519-sha256,ecdh-sha2-nistp256" },
		{ LIBSSH2_METHOD_HOSTKEY, "ssh-ed25519,ecdsa-sha2-nistp256" },
		{ LIBSSH2_METHOD_CRYPT_CS, "aes128-ctr,aes256-ctr" },
		{ LIBSSH2_METHOD_CRYPT_SC, "aes128-ctr,aes256-ctr" },
		{ LIBSSH2_METHOD_MAC_CS, "hmac-sha2-256,hmac-sha2-512" },
		{ LIBSSH2_METHOD_MAC_SC, "hmac-sha2-256,hmac-sha2-512" }
	};
	size_t	 i;

	for (i = 0; i < nitems(pref); i++) {
		if (libssh2_session_method_pref(l->ssh, pref[i].method,
		    pref[i].names) != 0)
			return (-1);
	}
	if (libssh2_session_handshake(l->ssh, l->fd) != 0)
		return (-1);
	return (libssh2_userauth_publickey_fromfile(l->ssh, user, NULL,
	    keyfile, NULL) == 0 ? 0 : -1);
}

static int
connect_ssh(void)
{
	struct sockaddr_in	 sin;
	int			 fd, one = 1;

	memset(&sin, 0, sizeof(sin));
	sin.sin_family = AF_INET;
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sin.sin_port = htons(port);
	if ((fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) == -1 ||
	    connect(fd, (struct sockaddr *)&sin, sizeof(sin)) == -1)
		err(1, "connect");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return (fd);
}

/* Closing its socket is what tells the server. */
static void
end_link(struct link *l)
{
	if (l->fd != -1)
		close(l->fd);
	if (l->ssh != NULL)
		libssh2_session_free(l->ssh);
	close(l->sock);
	l->sock = -1;
}

/* Everything is taken, since libssh2 does not survive less. */
static
LIBSSH2_SEND_FUNC(to_server)
{
	struct link	*l = *abstract;
	const uint8_t	*p = buffer;
	ssize_t		 n = 0;

	(void)flags;
	if (l->nsend == 0) {
		n = send(socket, p, length, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n == -1 && errno != EAGAIN)
			return (-errno);
		if (n == -1)
			n = 0;
	}
	if (length - n > sizeof(l->send) - l->nsend)
		return (-ENOBUFS);
	memcpy(l->send + l->nsend, p + n, length - n);
	l->nsend += length - n;
	return (length);
}

static int
flush_server(struct link *l)
{
	ssize_t	 n;

	if (l->nsend == 0)
		return (0);
	n = send(l->fd, l->send, l->nsend, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n == -1)
		return (errno == EAGAIN ? 0 : -1);
	l->nsend -= n;
	memmove(l->send, l->send + n, l->nsend);
	return (0);
}

/*
 * Read until nothing comes or the client has fallen behind.  What is queued
 * but did not come gets one more try, and then waits for the socket.
 */
static int
from_server(struct link *l)
{
	unsigned long	 queued;
	int		 n, tries = 0;

	while (l->pos == l->nout && tries < 2) {
		if ((n = read_server(l)) == -1)
			return (-1);
		if (n > 0) {
			tries = 0;
			continue;
		}
		libssh2_channel_window_read_ex(l->chan, &queued, NULL);
		if (queued == 0)
			break;
		tries++;
	}
	return (0);
}

/* One read: bytes, 0 for none, -1 at the end. */
static int
read_server(struct link *l)
{
	size_t	 cut;
	ssize_t	 n, sent;

	n = libssh2_channel_read(l->chan, (char *)l->raw + l->nraw,
	    READ_SIZE);
	if (n == LIBSSH2_ERROR_EAGAIN)
		return (0);
	if (n <= 0)
		return (-1);
	l->nraw += n;
	if ((cut = utf8_cut(l->raw, l->nraw)) == 0)
		return (n);
	l->nout = ws_frame_head(l->out, WS_TEXT, base64_encoded_len(cut));
	l->nout += base64_encode((char *)l->out + l->nout, l->raw, cut);
	l->nraw -= cut;
	memmove(l->raw, l->raw + cut, l->nraw);
	sent = send(l->sock, l->out, l->nout, MSG_DONTWAIT);
	if (sent == -1 && errno != EAGAIN)
		return (-1);
	l->pos = sent == -1 ? 0 : sent;
	return (n);
}

/* What the client was too slow for; then the server is read again. */
static int
flush_client(struct link *l)
{
	ssize_t	 n;

	if (l->pos == l->nout)
		return (0);
	n = send(l->sock, l->out + l->pos, l->nout - l->pos, MSG_DONTWAIT);
	if (n == -1)
		return (errno == EAGAIN ? 0 : -1);
	l->pos += n;
	return (from_server(l));
}

/* Nobody here types more than a window, so a write is whole or fails. */
static int
from_client(struct link *l)
{
	struct ws_event	 ev;
	uint8_t		 buf[4096], *p;
	enum ws_ev	 what;
	size_t		 used;
	ssize_t		 n;

	while ((n = recv(l->sock, buf, sizeof(buf), MSG_DONTWAIT)) > 0) {
		for (p = buf; n > 0; p += used, n -= used) {
			what = ws_parse(&l->ws, p, n, &used, &ev);
			if (what == WS_CLOSE || what == WS_ERROR)
				return (-1);
			if (what == WS_DATA && ev.len > 0 &&
			    libssh2_channel_write(l->chan, (char *)ev.data,
			    ev.len) != (ssize_t)ev.len)
				return (-1);
		}
		/* A short one has left nothing behind. */
		if (p < buf + sizeof(buf))
			return (0);
	}
	return (n == -1 && errno == EAGAIN ? 0 : -1);
}

static int
event(struct link *l, int of_server, uint32_t events)
{
	if (events & (EPOLLRDHUP | EPOLLHUP))
		return (-1);
	if (of_server)
		return (flush_server(l) == -1 ? -1 : from_server(l));
	if (flush_client(l) == -1)
		return (-1);
	return (events & EPOLLIN ? from_client(l) : 0);
}

static void
watch(int ep, int fd, uint64_t data, uint32_t events)
{
	struct epoll_event	 ev = { .events = events, .data.u64 = data };

	if (epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev) == -1)
		err(1, "epoll_ctl");
}
