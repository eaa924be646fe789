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

#include <sys/socket.h>
#include <sys/wait.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "attach.h"

/* All of connecting, and the addresses of a host that are tried in it. */
#define CONNECT_MSEC	10000
#define ADDRS_MAX	16

struct addr {
	socklen_t		 len;
	struct sockaddr_storage	 ss;
};

/* What the process that resolves a name writes, in one piece. */
struct answer {
	int		 error;		/* of getaddrinfo(3) */
	int		 n;
	struct addr	 addrs[ADDRS_MAX];
};

struct conn {
	const struct url	*url;
	const char		*why;
	enum {
		CONN_RESOLVE,
		CONN_CONNECT,
		CONN_TLS,
		CONN_READY,
		CONN_FAILED
	}			 state;
	int			 fd;		/* socket, or the resolver */
	pid_t			 resolver;	/* 0: there is none */
	struct answer		 answer;
	int			 next;		/* address to be tried */
	uint64_t		 until;		/* this address has failed */
	uint64_t		 deadline;	/* all have */
	SSL_CTX			*ctx;
	SSL			*ssl;
	short			 tls_read;	/* what SSL_read waits for */
	short			 tls_write;
};

static int	 lookup(const struct url *, int, struct answer *);
static void	 resolver_start(struct conn *);
static __dead void
		 resolver_main(const struct url *, int);
static void	 resolver_done(struct conn *);
static void	 resolver_free(struct conn *);
static void	 step_resolve(struct conn *);
static void	 step_connect(struct conn *);
static void	 connect_next(struct conn *);
static void	 connected(struct conn *);
static void	 step_tls(struct conn *);
static int	 tls_start(struct conn *);
static const char
		*tls_why(const struct conn *);
static ssize_t	 tls_result(struct conn *, int, short *);
static void	 failed(struct conn *, const char *);

struct conn *
conn_new(const struct url *url)
{
	struct conn	*c;

	if ((c = calloc(1, sizeof(*c))) == NULL)
		return (NULL);
	c->url = url;
	c->fd = -1;
	c->why = "no address";
	c->deadline = util_now_msec() + CONNECT_MSEC;
	if (url->numeric) {
		c->answer.error = lookup(url, AI_NUMERICHOST, &c->answer);
		resolver_done(c);
	} else
		resolver_start(c);
	return (c);
}

void
conn_free(struct conn *c)
{
	if (c == NULL)
		return;
	resolver_free(c);
	if (c->ssl != NULL) {
		/* One try to say so; an answer is not waited for. */
		if (c->state == CONN_READY)
			(void)SSL_shutdown(c->ssl);
		SSL_free(c->ssl);
	}
	SSL_CTX_free(c->ctx);
	ERR_clear_error();
	if (c->fd != -1)
		close(c->fd);
	free(c);
}

int
conn_step(struct conn *c, const char **why)
{
	if (c->state == CONN_RESOLVE)
		step_resolve(c);
	if (c->state == CONN_CONNECT)
		step_connect(c);
	if (c->state == CONN_TLS)
		step_tls(c);
	*why = c->why;
	if (c->state == CONN_FAILED)
		return (-1);
	return (c->state == CONN_READY);
}

void
conn_poll(const struct conn *c, struct pollfd *pfd, short events)
{
	pfd->fd = c->fd;
	switch (c->state) {
	case CONN_RESOLVE:
		pfd->events = POLLIN;
		break;
	case CONN_CONNECT:
		pfd->events = POLLOUT;
		break;
	case CONN_TLS:
		pfd->events = c->tls_read;
		break;
	default:
		pfd->events = events;
		if (c->ssl != NULL)
			pfd->events = (events & POLLIN ? c->tls_read : 0) |
			    (events & POLLOUT ? c->tls_write : 0);
		break;
	}
}

int
conn_wait(const struct conn *c)
{
	uint64_t	 now, until;

	if (c->state == CONN_READY || c->state == CONN_FAILED)
		return (-1);
	now = util_now_msec();
	until = c->state == CONN_CONNECT ? c->until : c->deadline;
	return (until > now ? (int)(until - now) : 0);
}

/* Names are looked up by a child: getaddrinfo(3) waits as long as it likes. */
static void
resolver_start(struct conn *c)
{
	int	 fds[2];

	if (pipe2(fds, O_CLOEXEC) == -1) {
		failed(c, strerror(errno));
		return;
	}
	switch (c->resolver = fork()) {
	case -1:
		c->resolver = 0;
		failed(c, strerror(errno));
		close(fds[0]);
		close(fds[1]);
		return;
	case 0:
		resolver_main(c->url, fds[1]);
	}
	close(fds[1]);
	c->fd = fds[0];
	c->state = CONN_RESOLVE;
	(void)fcntl(c->fd, F_SETFL, O_NONBLOCK);
}

static __dead void
resolver_main(const struct url *url, int fd)
{
	static struct answer	 answer;
	ssize_t			 n;

	answer.error = lookup(url, AI_ADDRCONFIG, &answer);
	/* Less than a pipe takes at once. */
	n = write(fd, &answer, sizeof(answer));
	_exit(n == (ssize_t)sizeof(answer) ? 0 : 1);
}

static int
lookup(const struct url *url, int flags, struct answer *answer)
{
	struct addrinfo	 hints, *ai, *list;
	int		 error;

	memset(&hints, 0, sizeof(hints));
	hints.ai_socktype = SOCK_STREAM;
	hints.ai_flags = flags | AI_NUMERICSERV;
	error = getaddrinfo(url->host, url->port, &hints, &list);
	if (error != 0)
		return (error);
	for (ai = list; ai != NULL && answer->n < ADDRS_MAX;
	    ai = ai->ai_next) {
		if (ai->ai_addrlen > sizeof(answer->addrs[0].ss))
			continue;
		memcpy(&answer->addrs[answer->n].ss, ai->ai_addr,
		    ai->ai_addrlen);
		answer->addrs[answer->n++].len = ai->ai_addrlen;
	}
	freeaddrinfo(list);
	return (0);
}

static void
step_resolve(struct conn *c)
{
	ssize_t	 n;

	n = read(c->fd, &c->answer, sizeof(c->answer));
	if (n == -1 && (errno == EAGAIN || errno == EINTR)) {
		if (util_now_msec() >= c->deadline)
			failed(c, "no answer from the name service");
		return;
	}
	if (n != (ssize_t)sizeof(c->answer)) {
		failed(c, "no answer from the name service");
		return;
	}
	resolver_free(c);
	resolver_done(c);
}

static void
resolver_done(struct conn *c)
{
	if (c->answer.error != 0)
		failed(c, gai_strerror(c->answer.error));
	else
		connect_next(c);
}

static void
resolver_free(struct conn *c)
{
	if (c->resolver == 0)
		return;
	(void)kill(c->resolver, SIGKILL);
	while (waitpid(c->resolver, NULL, 0) == -1 && errno == EINTR)
		continue;
	c->resolver = 0;
	close(c->fd);
	c->fd = -1;
}

/* No address may use up the time of those that come after it. */
static void
connect_next(struct conn *c)
{
	struct addr	*a;
	uint64_t	 now;

	while (c->next < c->answer.n) {
		a = &c->answer.addrs[c->next++];
		if (c->fd != -1)
			close(c->fd);
		c->fd = socket(a->ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC |
		    SOCK_NONBLOCK, 0);
		if (c->fd == -1) {
			c->why = strerror(errno);
			continue;
		}
		now = util_now_msec();
		c->until = now;
		if (now < c->deadline)
			c->until += (c->deadline - now) /
			    (uint64_t)(c->answer.n - c->next + 1);
		c->state = CONN_CONNECT;
		if (connect(c->fd, (struct sockaddr *)&a->ss, a->len) == 0) {
			connected(c);
			return;
		}
		if (errno == EINPROGRESS)
			return;
		c->why = strerror(errno);
	}
	failed(c, c->why);
}

static void
step_connect(struct conn *c)
{
	struct pollfd	 pfd;
	socklen_t	 len;
	int		 error;

	pfd.fd = c->fd;
	pfd.events = POLLOUT;
	if (poll(&pfd, 1, 0) < 1) {
		if (util_now_msec() >= c->until) {
			c->why = "timed out";
			connect_next(c);
		}
		return;
	}
	len = sizeof(error);
	if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1)
		error = errno;
	if (error == 0)
		connected(c);
	else {
		c->why = strerror(error);
		connect_next(c);
	}
}

static void
connected(struct conn *c)
{
	int	 on;

	on = 1;
	/* A key must not wait for the one before it. */
	(void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (!c->url->tls) {
		c->state = CONN_READY;
		return;
	}
	c->deadline = util_now_msec() + CONNECT_MSEC;
	if (tls_start(c) == -1)
		failed(c, "TLS cannot be started");
	else
		c->state = CONN_TLS;
}

/* The certificate must be good, and for this name or address. */
static int
tls_start(struct conn *c)
{
	static const unsigned char	 alpn[] = "\x08http/1.1";
	char				 host[HOST_MAX + 1];

	if ((c->ctx = SSL_CTX_new(TLS_client_method())) == NULL ||
	    SSL_CTX_set_default_verify_paths(c->ctx) != 1 ||
	    SSL_CTX_set_min_proto_version(c->ctx, TLS1_2_VERSION) != 1)
		return (-1);
	SSL_CTX_set_verify(c->ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_mode(c->ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
	    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	if ((c->ssl = SSL_new(c->ctx)) == NULL ||
	    SSL_set_alpn_protos(c->ssl, alpn, sizeof(alpn) - 1) != 0)
		return (-1);
	/* A macro of OpenSSL takes the const away. */
	(void)strlcpy(host, c->url->host, sizeof(host));
	if (c->url->numeric) {
		if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(c->ssl),
		    host) != 1)
			return (-1);
	} else {
		SSL_set_hostflags(c->ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
		if (SSL_set1_host(c->ssl, host) != 1 ||
		    SSL_set_tlsext_host_name(c->ssl, host) != 1)
			return (-1);
	}
	c->tls_read = POLLIN;
	c->tls_write = POLLOUT;
	return (SSL_set_fd(c->ssl, c->fd) == 1 ? 0 : -1);
}

static void
step_tls(struct conn *c)
{
	int	 n;

	ERR_clear_error();
	if ((n = SSL_connect(c->ssl)) == 1) {
		c->tls_read = POLLIN;
		c->tls_write = POLLOUT;
		c->state = CONN_READY;
		return;
	}
	if (tls_result(c, n, &c->tls_read) == CONN_AGAIN) {
		if (util_now_msec() >= c->deadline)
			failed(c, "TLS handshake timed out");
		return;
	}
	failed(c, tls_why(c));
}

static const char *
tls_why(const struct conn *c)
{
	const char	*why;
	long		 verify;

	if ((verify = SSL_get_verify_result(c->ssl)) != X509_V_OK)
		return (X509_verify_cert_error_string(verify));
	why = ERR_reason_error_string(ERR_peek_error());
	return (why != NULL ? why : "TLS handshake failed");
}

static ssize_t
tls_result(struct conn *c, int n, short *events)
{
	switch (SSL_get_error(c->ssl, n)) {
	case SSL_ERROR_WANT_READ:
		*events = POLLIN;
		return (CONN_AGAIN);
	case SSL_ERROR_WANT_WRITE:
		*events = POLLOUT;
		return (CONN_AGAIN);
	case SSL_ERROR_ZERO_RETURN:
		return (0);
	default:
		/* Whatever was wrong with it, it cannot be used any more. */
		SSL_set_quiet_shutdown(c->ssl, 1);
		errno = ECONNRESET;
		return (-1);
	}
}

ssize_t
conn_read(struct conn *c, void *buf, size_t len)
{
	ssize_t	 n;

	if (c->ssl != NULL) {
		c->tls_read = POLLIN;
		ERR_clear_error();
		n = SSL_read(c->ssl, buf, len > INT_MAX ? INT_MAX : (int)len);
		return (n > 0 ? n : tls_result(c, (int)n, &c->tls_read));
	}
	n = read(c->fd, buf, len);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return (CONN_AGAIN);
	return (n);
}

ssize_t
conn_write(struct conn *c, const void *buf, size_t len)
{
	ssize_t	 n;

	if (c->ssl != NULL) {
		c->tls_write = POLLOUT;
		ERR_clear_error();
		n = SSL_write(c->ssl, buf, len > INT_MAX ? INT_MAX : (int)len);
		return (n > 0 ? n : tls_result(c, (int)n, &c->tls_write));
	}
	n = write(c->fd, buf, len);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return (CONN_AGAIN);
	return (n);
}

static void
failed(struct conn *c, const char *why)
{
	c->why = why;
	c->state = CONN_FAILED;
}
