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
#include <sys/stat.h>
#include <sys/un.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "conf.h"
#include "kid.h"
#include "listener.h"
#include "log.h"
#include "msg.h"
#include "net.h"

#define BACKLOG_HTTP	1024
#define BACKLOG_CONTROL	8

struct sock {
	TAILQ_ENTRY(sock)	 entry;
	int			 fd;
	uint8_t			 what;		/* LISTENER_* */
};

struct listener {
	TAILQ_HEAD(, sock)	 socks;
	char			*control;	/* path to remove, or NULL */
	dev_t			 dev;		/* of what we made there */
	ino_t			 ino;
};

static int	 listener_add(struct listener *, int, uint8_t);
static int	 listener_tcp(struct listener *, const struct config_listen *,
		    uint8_t);
static int	 listener_control(struct listener *, const char *);
static int	 control_stale(const struct sockaddr_un *);
static int	 control_bind(const char *);

struct listener *
listener_open(const struct config *conf)
{
	const struct config_listen	*cl;
	struct listener			*l;

	if ((l = calloc(1, sizeof(*l))) == NULL) {
		log_warn("listeners");
		return (NULL);
	}
	TAILQ_INIT(&l->socks);
	TAILQ_FOREACH(cl, &conf->listens, entry)
		if (listener_tcp(l, cl, LISTENER_HTTP) == -1)
			goto fail;
	if (conf->metrics != NULL &&
	    listener_tcp(l, conf->metrics, LISTENER_METRICS) == -1)
		goto fail;
	if (listener_control(l, conf->control) == -1)
		goto fail;
	return (l);
 fail:
	listener_close(l);
	return (NULL);
}

void
listener_close(struct listener *l)
{
	struct sock	*s;
	struct stat	 st;

	if (l == NULL)
		return;
	while ((s = TAILQ_FIRST(&l->socks)) != NULL) {
		TAILQ_REMOVE(&l->socks, s, entry);
		close(s->fd);
		free(s);
	}
	/* Only if it is still ours. */
	if (l->control != NULL && lstat(l->control, &st) == 0 &&
	    st.st_dev == l->dev && st.st_ino == l->ino)
		(void)unlink(l->control);
	free(l->control);
	free(l);
}

static int
listener_add(struct listener *l, int fd, uint8_t what)
{
	struct sock	*s;

	if ((s = calloc(1, sizeof(*s))) == NULL) {
		log_warn("listeners");
		close(fd);
		return (-1);
	}
	s->fd = fd;
	s->what = what;
	TAILQ_INSERT_TAIL(&l->socks, s, entry);
	return (0);
}

static int
listener_tcp(struct listener *l, const struct config_listen *cl, uint8_t what)
{
	struct net_addr	 addr;
	char		 text[NET_TEXT_SIZE];
	int		 fd, on, port;

	on = 1;
	port = ntohs(cl->ss.ss_family == AF_INET ?
	    ((const struct sockaddr_in *)(const void *)&cl->ss)->sin_port :
	    ((const struct sockaddr_in6 *)(const void *)&cl->ss)->sin6_port);
	(void)net_from_sockaddr(&addr,
	    (const struct sockaddr *)(const void *)&cl->ss);
	net_to_text(&addr, text);
	if ((fd = socket(cl->ss.ss_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) == -1) {
		log_warn("socket");
		return (-1);
	}
	/* Accepted sockets inherit TCP_NODELAY, and keep it when passed on. */
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == -1 ||
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == -1 ||
	    (cl->ss.ss_family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6,
	    IPV6_V6ONLY, &on, sizeof(on)) == -1) ||
	    bind(fd, (const struct sockaddr *)(const void *)&cl->ss,
	    cl->len) == -1 || listen(fd, BACKLOG_HTTP) == -1) {
		log_warn("listen on %s port %d", text, port);
		close(fd);
		return (-1);
	}
	log_info("listening on %s port %d%s", text, port,
	    what == LISTENER_METRICS ? " for metrics" : "");
	return (listener_add(l, fd, what));
}

/*
 * Whether there is a socket where nobody answers.  At a file of any other
 * kind nobody answers either, and it is not ours to remove.
 */
static int
control_stale(const struct sockaddr_un *sun)
{
	struct stat	 st;
	int		 fd, stale;

	if (lstat(sun->sun_path, &st) == -1 || !S_ISSOCK(st.st_mode)) {
		errno = EADDRINUSE;
		return (0);
	}
	if ((fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC |
	    SOCK_NONBLOCK, 0)) == -1)
		return (0);
	stale = connect(fd, (const struct sockaddr *)sun, sizeof(*sun)) ==
	    -1 && errno == ECONNREFUSED;
	close(fd);
	return (stale);
}

static int
control_bind(const char *path)
{
	struct sockaddr_un	 sun;
	mode_t			 mask;
	int			 fd, error;

	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	if (strlcpy(sun.sun_path, path, sizeof(sun.sun_path)) >=
	    sizeof(sun.sun_path)) {
		log_warnx("control socket %s: name too long", path);
		return (-1);
	}
	if ((fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC |
	    SOCK_NONBLOCK, 0)) == -1) {
		log_warn("control socket");
		return (-1);
	}
	mask = umask(0177);
	error = bind(fd, (struct sockaddr *)&sun, sizeof(sun));
	if (error == -1 && errno == EADDRINUSE && control_stale(&sun) &&
	    unlink(path) == 0)
		error = bind(fd, (struct sockaddr *)&sun, sizeof(sun));
	(void)umask(mask);
	if (error == -1 || listen(fd, BACKLOG_CONTROL) == -1) {
		log_warn("control socket %s", path);
		close(fd);
		return (-1);
	}
	return (fd);
}

static int
listener_control(struct listener *l, const char *path)
{
	struct stat	 st;
	int		 fd;

	if ((fd = control_bind(path)) == -1)
		return (-1);
	if (lstat(path, &st) == -1 || (l->control = strdup(path)) == NULL) {
		log_warn("control socket %s", path);
		close(fd);
		return (-1);
	}
	l->dev = st.st_dev;
	l->ino = st.st_ino;
	return (listener_add(l, fd, LISTENER_CONTROL));
}

int
listener_send(struct listener *l, struct kid *k, uint8_t what)
{
	struct sock	*s;
	struct imsg	 im;

	TAILQ_FOREACH(s, &l->socks, entry) {
		if (s->what != what)
			continue;
		imsg_init(&im, IMSG_LISTENER, 0);
		im.m.listener.what = what;
		if ((im.fd = dup(s->fd)) == -1) {
			log_warn("listener for %s", k->name);
			return (-1);
		}
		if (kid_send(k, &im) == -1)
			return (-1);
	}
	return (0);
}
