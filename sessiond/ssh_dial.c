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

#include <event2/event.h>

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>

#include "chan.h"
#include "imsg.h"
#include "log.h"
#include "session.h"
#include "ssh_part.h"
#include "worker.h"

/* What the parent is asked for, and what it answers. */

static const char *const	 ssh_dial_words[DIAL_ERROR_MAX + 1] = {
	[DIAL_RESOLVE] =	"name not resolved",
	[DIAL_POLICY] =		"refused by egress policy",
	[DIAL_REFUSED] =	"connection refused",
	[DIAL_UNREACHABLE] =	"unreachable",
	[DIAL_TIMEOUT] =	"connection timed out",
	[DIAL_DENIED] =		"not the target of the record",
	[DIAL_LIMIT] =		"too many dials",
	[DIAL_BUSY] =		"dialer is busy",
	[DIAL_LOST] =		"dialer lost"
};

static const char
		*ssh_dial_detail(uint8_t, uint32_t);
static int	 ssh_connected(int);
static void	 ssh_on_read(int, short, void *);
static void	 ssh_on_write(int, short, void *);

/*
 * Ask for a connection; but nobody is dialed who would not let us in.
 * Returns 0, or -1 if there is no way to ask.
 */
int
ssh_dial(struct ssh *d)
{
	struct worker	*w = d->up->worker;
	struct imsg	 im;

	if (d->up->unusable != NULL) {
		(void)ssh_fail(d, FAIL_AUTH, "%s", d->up->unusable);
		ssh_kick(d);
		return (0);
	}
	imsg_init(&im, IMSG_DIAL, d->id);
	strlcpy(im.m.dial.host, w->target.host, sizeof(im.m.dial.host));
	im.m.dial.port = w->target.port;
	if (chan_send(w->parent, &im) == -1)
		return (-1);
	ssh_wait(d, w->timeouts.timeout_dial);
	return (0);
}

void
ssh_dial_ok(struct ssh *d, int fd)
{
	if (d->phase != SSH_DIAL || d->fd != -1)
		fatalx("a second connection for one session");
	event_assign(&d->ev_read, d->up->worker->base, fd,
	    EV_READ | EV_PERSIST, ssh_on_read, d);
	event_assign(&d->ev_write, d->up->worker->base, fd, EV_WRITE,
	    ssh_on_write, d);
	d->phase = SSH_HANDSHAKE;
	if (ssh_connected(fd) == -1) {
		log_warnx("session %s: the parent sent no connection",
		    d->driver.session->id);
		d->fail = FAIL_LOST;
	}
	if (ssh_attach(d, fd) == -1)
		(void)ssh_fail(d, FAIL_BUSY, "libssh2: out of memory");
	else if (ssh_hostkey_prefs(d) == -1)
		(void)ssh_fail(d, FAIL_HOSTKEY, "libssh2 %s can check no "
		    "host key of the types that are known",
		    libssh2_version(0));
	ssh_wait(d, d->up->worker->timeouts.timeout_handshake);
	ssh_run(d);
}

/* TCP with a peer; it must not block whatever it was before. */
static int
ssh_connected(int fd)
{
	struct sockaddr_storage	 ss;
	socklen_t		 len;
	int			 flags, type;

	len = sizeof(type);
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == -1 ||
	    type != SOCK_STREAM)
		return (-1);
	len = sizeof(ss);
	if (getpeername(fd, (struct sockaddr *)&ss, &len) == -1 ||
	    (ss.ss_family != AF_INET && ss.ss_family != AF_INET6))
		return (-1);
	if ((flags = fcntl(fd, F_GETFL)) == -1 ||
	    fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1)
		return (-1);
	return (0);
}

/* What the number behind a reason means, or NULL. */
static const char *
ssh_dial_detail(uint8_t reason, uint32_t error)
{
	if (reason == DIAL_UNREACHABLE && error != 0)
		return (strerror(error));
	if (reason != DIAL_RESOLVE || error == 0)
		return (NULL);
	if (error == ETIMEDOUT)
		return ("no name server answered");
	if (error == EMSGSIZE)
		return ("the answer has more than 512 bytes");
	return ("no name server could answer");
}

void
ssh_dial_fail(struct ssh *d, uint8_t reason, uint32_t error)
{
	const char	*detail;
	enum fail	 fail;

	switch (reason) {
	case DIAL_REFUSED:
		fail = FAIL_REFUSED;
		break;
	case DIAL_TIMEOUT:
		fail = FAIL_TIMEOUT;
		break;
	case DIAL_LIMIT:
		fail = FAIL_LIMIT;
		break;
	default:
		fail = FAIL_LOST;
		break;
	}
	if ((detail = ssh_dial_detail(reason, error)) != NULL)
		(void)ssh_fail(d, fail, "%s: %s", ssh_dial_words[reason],
		    detail);
	else
		(void)ssh_fail(d, fail, "%s", ssh_dial_words[reason]);
	ssh_run(d);
}

/* The host key is remembered, or why it is not. */
void
ssh_learned(struct ssh *d, int ok, const char *why)
{
	if (d->phase != SSH_LEARN)
		return;
	if (ok)
		d->phase = SSH_AUTH;
	else
		(void)ssh_fail(d, FAIL_HOSTKEY, "host key was not learned: "
		    "%s", why);
	ssh_run(d);
}

/*
 * The connection's events
 */

static void
ssh_on_read(int fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	ssh_run(arg);
}

static void
ssh_on_write(int fd, short what, void *arg)
{
	struct ssh	*d = arg;

	(void)fd;
	(void)what;
	if (!ssh_flush(d))
		event_add(&d->ev_write, NULL);
	ssh_run(d);
}
