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

#ifndef GATEWAYD_GATEWAYD_LINK_H
#define GATEWAYD_GATEWAYD_LINK_H

#include <stddef.h>
#include <stdint.h>

#include "imsg.h"

struct client;
struct msg_granted;

/*
 * Links: the channels to the workers.  A call is one message to a worker
 * and its answer.
 */
struct call;

/* What one worker may owe us; more than this is refused. */
#define LINK_CALLS_MAX	256

/* The answer, or NULL when the worker is gone. */
typedef void	(*call_cb)(void *, const struct imsg *);

/* A channel to the worker of that number; the descriptor is given away. */
void		 link_add(uint32_t, int);

/* How many there are. */
size_t		 link_count(void);

/*
 * Send a message to that worker.  Its descriptor and blob are given away,
 * on failure too.  Returns NULL with errno: ESRCH if there is no such
 * worker, another if it owes too much or memory is short.  The callback
 * never comes before this returns, and after it the call is gone;
 * call_free() ends one that is not wanted any more.
 */
struct call	*call_new(uint32_t, struct imsg *, call_cb, void *);
void		 call_free(struct call *);

/*
 * Hand-over of a client's socket to a worker, which has LINK_ATTACH_MAX
 * unanswered ones at most; LINK_QUEUE_MAX more wait for their turn.  The
 * kernel counts descriptors on their way for each user, so one worker that
 * does not read could otherwise stop them all.
 */
#define LINK_ATTACH_MAX		8
#define LINK_QUEUE_MAX		64
#define LINK_ATTACH_TIMEOUT	5	/* seconds, waiting included */

struct attach;

/* 0: the worker has it; else enum fail.  The attach is gone by then. */
typedef void	(*attach_cb)(void *, int);

/*
 * Hand over that client, which is suspended, with the grant that the parent
 * gave and a message that lacks only that, descriptor and blob; its byte
 * field is copied.  Returns NULL if that is not possible, with errno ESRCH
 * if there is no such worker.
 */
struct attach	*attach_new(const struct msg_granted *, struct client *,
		    const struct msg_attach *, attach_cb, void *);
void		 attach_free(struct attach *);

#endif /* GATEWAYD_GATEWAYD_LINK_H */
