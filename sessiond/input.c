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
#include <sys/time.h>

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/event_struct.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "input.h"

/* A request that is waiting for room. */
struct input_wait {
	TAILQ_ENTRY(input_wait)	 entry;
	struct input		*in;
	struct event		 timer;
	input_cb		 cb;
	void			*arg;
	size_t			 len;
	uint8_t			 data[];
};

static void	 input_admit(struct input *);
static int	 input_queue(struct input *, const uint8_t *, size_t);
static void	 input_pass(struct input *);
static void	 input_answer(struct input_wait *, int);
static void	 input_expired(int, short, void *);

void
input_init(struct input *in, struct event_base *base,
    size_t (*writefn)(void *, const uint8_t *, size_t), void *arg)
{
	memset(in, 0, sizeof(*in));
	TAILQ_INIT(&in->waits);
	in->base = base;
	in->write = writefn;
	in->arg = arg;
}

void
input_free(struct input *in)
{
	struct input_wait	*w;

	while ((w = TAILQ_FIRST(&in->waits)) != NULL)
		input_answer(w, 0);
	if (in->queue != NULL)
		evbuffer_free(in->queue);
	in->queue = NULL;
	in->queued = 0;
}

size_t
input_room(const struct input *in)
{
	if (in->nwaits > 0 || in->queued + in->gathered >= INPUT_HIGH)
		return (0);
	return (INPUT_HIGH - in->queued - in->gathered);
}

int
input_add(struct input *in, const uint8_t *p, size_t len)
{
	size_t	 n;

	n = 0;
	if (in->queued == 0)
		n = in->write(in->arg, p, len);
	if (n < len && input_queue(in, p + n, len - n) == -1)
		return (-1);
	return (0);
}

void
input_request(struct input *in, const uint8_t *p, size_t len, input_cb cb,
    void *arg)
{
	struct input_wait	*w;
	struct timeval		 tv = { INPUT_WAIT, 0 };

	if (len <= input_room(in)) {
		cb(input_add(in, p, len) == 0, arg);
		return;
	}
	if (len > INPUT_HIGH || in->nwaits == INPUT_WAITERS ||
	    (w = malloc(sizeof(*w) + len)) == NULL) {
		cb(0, arg);
		return;
	}
	w->in = in;
	w->cb = cb;
	w->arg = arg;
	w->len = len;
	memcpy(w->data, p, len);
	evtimer_assign(&w->timer, in->base, input_expired, w);
	evtimer_add(&w->timer, &tv);
	TAILQ_INSERT_TAIL(&in->waits, w, entry);
	in->nwaits++;
}

int
input_flush(struct input *in)
{
	input_pass(in);
	input_admit(in);
	return (in->nwaits == 0 && in->queued <= INPUT_LOW);
}

/* Take the requests that fit now, none before its turn. */
static void
input_admit(struct input *in)
{
	struct input_wait	*w;

	while ((w = TAILQ_FIRST(&in->waits)) != NULL &&
	    in->queued + in->gathered + w->len <= INPUT_HIGH)
		input_answer(w, input_add(in, w->data, w->len) == 0);
}

static int
input_queue(struct input *in, const uint8_t *p, size_t len)
{
	if (in->queue == NULL && (in->queue = evbuffer_new()) == NULL)
		return (-1);
	if (evbuffer_add(in->queue, p, len) == -1)
		return (-1);
	in->queued += len;
	return (0);
}

/* Pass on from the queue; an empty one is given back. */
static void
input_pass(struct input *in)
{
	struct evbuffer_iovec	 v;
	size_t			 n;

	while (in->queued > 0) {
		if (evbuffer_peek(in->queue, -1, NULL, &v, 1) < 1)
			return;
		n = in->write(in->arg, v.iov_base, v.iov_len);
		evbuffer_drain(in->queue, n);
		in->queued -= n;
		if (n < v.iov_len)
			return;
	}
	if (in->queue != NULL)
		evbuffer_free(in->queue);
	in->queue = NULL;
}

static void
input_answer(struct input_wait *w, int taken)
{
	struct input	*in = w->in;

	TAILQ_REMOVE(&in->waits, w, entry);
	in->nwaits--;
	evtimer_del(&w->timer);
	w->cb(taken, w->arg);
	free(w);
}

static void
input_expired(int fd, short what, void *arg)
{
	struct input_wait	*w = arg;
	struct input		*in = w->in;

	(void)fd;
	(void)what;
	input_answer(w, 0);
	input_admit(in);
}
