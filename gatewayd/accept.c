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
#include <sys/resource.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "accept.h"
#include "chan.h"
#include "child.h"
#include "client.h"
#include "front_conf.h"
#include "frontend.h"
#include "link.h"
#include "log.h"
#include "net.h"

/* How long we do not accept when there is no room: milliseconds. */
#define ACCEPT_PAUSE	200

/*
 * Descriptors that are neither for connections nor for channels to workers:
 * copies on their way to workers, blobs, channels that come in one turn of
 * the loop.  An eighth, and what every process has open.
 */
#define FD_SHARE	8
#define FD_OWN		16

#define LISTENERS_MAX	64

static struct {
	struct event	*ev[LISTENERS_MAX];
	int		 fd[LISTENERS_MAX];
	size_t		 n;
	struct event	*ev_resume;
	size_t		 max;		/* connections, channels */
	int		 spare;		/* -1 while we have none */
} acc = { .spare = -1 };

static int	 accept_room(void);
static void	 accept_listen(void);
static void	 accept_pause(void);
static void	 accept_resume(evutil_socket_t, short, void *);
static void	 accept_ready(evutil_socket_t, short, void *);
static void	 accept_one(int);
static void	 accept_starved(int);

int
accept_init(void)
{
	struct rlimit	 rl;
	rlim_t		 n;

	if (getrlimit(RLIMIT_NOFILE, &rl) == -1)
		return (-1);
	n = rl.rlim_cur - rl.rlim_cur / FD_SHARE;
	if (n < FD_OWN + 8) {
		errno = EMFILE;
		return (-1);
	}
	acc.max = (size_t)n - FD_OWN;
	if ((acc.ev_resume = event_new(frontend_base(), -1, 0, accept_resume,
	    NULL)) == NULL)
		return (-1);
	acc.spare = fcntl(CHILD_FD, F_DUPFD_CLOEXEC, 0);
	return (acc.spare == -1 ? -1 : 0);
}

int
accept_add(int fd)
{
	struct event	*ev;

	if (acc.n == LISTENERS_MAX ||
	    (ev = event_new(frontend_base(), fd, EV_READ | EV_PERSIST,
	    accept_ready, NULL)) == NULL)
		return (-1);
	acc.fd[acc.n] = fd;
	acc.ev[acc.n++] = ev;
	return (0);
}

/*
 * Whether there is room for one connection more, if need be by closing
 * another.  A channel that could not be received would be missed for as long
 * as its worker lives, so channels come first.
 */
static int
accept_room(void)
{
	while (client_count() + link_count() >= acc.max)
		if (!client_evict())
			return (0);
	return (1);
}

static void
accept_listen(void)
{
	size_t	 i;

	for (i = 0; i < acc.n; i++)
		if (event_add(acc.ev[i], NULL) == -1)
			fatal("cannot watch a listener");
}

void
accept_start(void)
{
	accept_listen();
}

void
accept_stop(void)
{
	size_t	 i;

	for (i = 0; i < acc.n; i++) {
		event_free(acc.ev[i]);
		close(acc.fd[i]);
	}
	acc.n = 0;
	(void)event_del(acc.ev_resume);
}

/* Clients wait in the backlog meanwhile, or go to another frontend. */
static void
accept_pause(void)
{
	struct timeval	 tv = { 0, ACCEPT_PAUSE * 1000 };
	size_t		 i;

	for (i = 0; i < acc.n; i++)
		(void)event_del(acc.ev[i]);
	(void)event_add(acc.ev_resume, &tv);
}

static void
accept_resume(evutil_socket_t fd UNUSED, short what UNUSED,
    void *arg UNUSED)
{
	if (acc.spare == -1)
		acc.spare = fcntl(CHILD_FD, F_DUPFD_CLOEXEC, 0);
	accept_listen();
}

/*
 * One for each turn of the loop: others that wait wake all frontends again,
 * so that they share the work.
 */
static void
accept_ready(evutil_socket_t fd, short what UNUSED, void *arg UNUSED)
{
	if (accept_room())
		accept_one(fd);
	else {
		log_debug("%zu connections, all busy", client_count());
		accept_pause();
	}
}

static void
accept_one(int listener)
{
	struct sockaddr_storage	 ss;
	struct net_addr		 peer;
	socklen_t		 len;
	int			 fd;

	len = sizeof(ss);
	fd = accept4(listener, (struct sockaddr *)&ss, &len,
	    SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd == -1) {
		switch (errno) {
		case EMFILE:
		case ENFILE:
		case ENOBUFS:
		case ENOMEM:
			accept_starved(listener);
			break;
		case EAGAIN:
		case ECONNABORTED:
		case EINTR:
			break;
		default:
			log_warn("accept");
			accept_pause();
			break;
		}
		return;
	}
	if (net_from_sockaddr(&peer, (struct sockaddr *)&ss) == -1)
		close(fd);
	else
		client_new(fd, &peer, front_conf_proxy(frontend_conf(),
		    &peer));
}

/*
 * Out of descriptors.  Somebody who waits for nothing makes room; if there
 * is nobody, the spare descriptor lets us take this connection and close
 * it, which tells the client more than silence.
 */
static void
accept_starved(int listener)
{
	int	 fd;

	log_debug("accept: %s, %zu connections", strerror(errno),
	    client_count());
	if (client_evict())
		return;
	if (acc.spare != -1) {
		close(acc.spare);
		fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd != -1)
			close(fd);
		acc.spare = fcntl(CHILD_FD, F_DUPFD_CLOEXEC, 0);
	}
	accept_pause();
}
