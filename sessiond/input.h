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

#ifndef GATEWAYD_SESSIOND_INPUT_H
#define GATEWAYD_SESSIOND_INPUT_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

struct evbuffer;
struct event_base;

/*
 * What waits for the upstream.  A client that streams is no longer read once
 * INPUT_HIGH bytes wait, and read again below INPUT_LOW; a request that must
 * be taken whole or not at all waits its turn for INPUT_WAIT seconds.  While
 * one waits no client is read, so it cannot be starved.
 */
#define INPUT_HIGH	(256 * 1024)
#define INPUT_LOW	(128 * 1024)
#define INPUT_WAIT	10
#define INPUT_WAITERS	64		/* of them; one more is turned away */

struct input_wait;

struct input {
	struct event_base		*base;
	struct evbuffer			*queue;	/* NULL while empty */
	size_t				 queued;
	size_t				 gathered; /* see gather.h */
	TAILQ_HEAD(, input_wait)	 waits;	/* in order of arrival */
	unsigned int			 nwaits;

	/* Pass on; returns how many bytes were taken. */
	size_t				 (*write)(void *, const uint8_t *,
					    size_t);
	void				*arg;
};

/* How a request ended: everything is in the queue, or nothing is. */
typedef void	 (*input_cb)(int taken, void *);

/*
 * An empty queue.  The function writes to the upstream, and returns how many
 * bytes it has taken.
 */
void	 input_init(struct input *, struct event_base *,
	    size_t (*)(void *, const uint8_t *, size_t), void *);

/* Drop what waits; every waiting request is told that nothing was taken. */
void	 input_free(struct input *);

/* How many bytes a client that streams may be read now. */
size_t	 input_room(const struct input *);

/* Pass on or queue.  Returns 0, or -1 when out of memory. */
int	 input_add(struct input *, const uint8_t *, size_t);

/*
 * Take len bytes as one, at most INPUT_HIGH of them; the callback may come
 * before this returns.  The bytes are copied.
 */
void	 input_request(struct input *, const uint8_t *, size_t, input_cb,
	    void *);

/*
 * The upstream has room again.  Returns 1 if clients whose reading was
 * stopped may be read now, else 0.
 */
int	 input_flush(struct input *);

#endif
