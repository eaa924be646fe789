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

#include <errno.h>
#include <unistd.h>

#include <event2/event.h>

#include "door.h"
#include "log.h"

/* How long to wait where the system has no descriptor for us: seconds. */
#define DOOR_PAUSE	1

struct door {
	int		 fd;
	size_t		 guests;
	size_t		 max;
	struct event	*ev;
	struct event	*ev_pause;
	void		(*enter)(int);
};

static void	 door_ready(evutil_socket_t, short, void *);
static void	 door_resume(evutil_socket_t, short, void *);

struct door *
door_new(struct event_base *base, int fd, size_t max, void (*enter)(int))
{
	struct door	*d;

	if ((d = calloc(1, sizeof(*d))) == NULL)
		return (NULL);
	d->fd = fd;
	d->max = max;
	d->enter = enter;
	if ((d->ev = event_new(base, fd, EV_READ | EV_PERSIST, door_ready,
	    d)) == NULL ||
	    (d->ev_pause = evtimer_new(base, door_resume, d)) == NULL) {
		d->fd = -1;	/* stays the caller's */
		door_free(d);
		return (NULL);
	}
	return (d);
}

int
door_open(struct door *d)
{
	return (event_add(d->ev, NULL));
}

void
door_free(struct door *d)
{
	if (d == NULL)
		return;
	if (d->ev != NULL)
		event_free(d->ev);
	if (d->ev_pause != NULL)
		event_free(d->ev_pause);
	if (d->fd != -1)
		close(d->fd);
	free(d);
}

static void
door_ready(evutil_socket_t fd, short what UNUSED, void *arg)
{
	struct timeval	 tv = { DOOR_PAUSE, 0 };
	struct door	*d;
	int		 guest;

	d = arg;
	guest = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (guest == -1) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
		    errno == ENOMEM) {
			log_warn("accept");
			(void)event_del(d->ev);
			(void)evtimer_add(d->ev_pause, &tv);
		}
		return;
	}
	if (++d->guests == d->max)
		(void)event_del(d->ev);
	d->enter(guest);
}

static void
door_resume(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct door	*d;

	d = arg;
	if (d->guests < d->max)
		(void)event_add(d->ev, NULL);
}

void
door_left(struct door *d)
{
	d->guests--;
	if (!evtimer_pending(d->ev_pause, NULL))
		(void)event_add(d->ev, NULL);
}
