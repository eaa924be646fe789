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

#ifndef GATEWAYD_COMMON_CHAN_H
#define GATEWAYD_COMMON_CHAN_H

#include <stddef.h>
#include <stdint.h>

#include "imsg.h"
#include "tables.h"

struct chan;
struct event_base;

/*
 * One end of a channel, driven by the event loop.  What arrives is checked
 * against the table of that direction and decoded before the handler sees
 * it; what breaks a rule ends the channel with `closed'.  What is sent is
 * queued, within bounds, while the socket is full.
 *
 * The handler owns im->fd and im->blob if it sets them to -1; what it
 * leaves is closed.  Byte fields are valid until it returns.  Within both
 * callbacks chan_free() is allowed.
 */
typedef void (*chan_dispatch)(struct chan *, struct imsg *, void *);

/*
 * The peer is gone (why is NULL) or broke a rule (why says which).  Comes
 * once; nothing is received after it.
 */
typedef void (*chan_closed)(struct chan *, const char *, void *);

/*
 * A channel over a non-blocking SOCK_SEQPACKET socket, which it owns from
 * now on; starts in MS_HELLO.  The tables are those of what comes in and
 * what goes out.  Returns NULL with errno, the socket then stays open.
 */
struct chan *chan_new(struct event_base *, int, const struct msg_table *,
	    const struct msg_table *, chan_dispatch, chan_closed, void *);

/* Close it with all that is queued.  NULL is allowed. */
void	 chan_free(struct chan *);

/*
 * End it at both ends, as if the peer had: what has arrived is still handled,
 * then `closed' comes from the event loop.  For whoever may be within a
 * callback that needs it yet.
 */
void	 chan_shutdown(struct chan *);

/* The states the channel is in, MS_*; decides what may arrive. */
void	 chan_set_state(struct chan *, uint16_t);
uint16_t chan_state(const struct chan *);

/*
 * Send a message with im->fd and im->blob, which are given away, on
 * failure too; a descriptor that is only lent stays with the caller, and
 * what waits in the queue has a copy of it.  Returns 0 when it is sent or
 * queued; -1 with errno EINVAL if the table or a range does not allow it,
 * ENOBUFS when the queue is full, EPIPE after `closed'.
 */
int	 chan_send(struct chan *, struct imsg *);

/* The same for a message without fields and descriptors. */
int	 chan_send_empty(struct chan *, uint16_t, uint32_t);

/* Handle what has arrived already, without waiting; `closed' may come. */
void	 chan_drain(struct chan *);

/* Messages that wait in our queue. */
size_t	 chan_queued(const struct chan *);

/*
 * Call this, with the argument of chan_new(), each time that a queue has
 * been sent to its end: for whoever has more to say than the queue takes.
 * It comes from the event loop, never from within chan_send().
 */
void	 chan_on_drained(struct chan *, void (*)(struct chan *, void *));

/* Raise or lower the bound of the queue: messages, bytes. */
void	 chan_set_bounds(struct chan *, size_t, size_t);

/*
 * A socketpair for a channel: both ends SOCK_SEQPACKET, non-blocking and
 * close on exec.  Returns 0, or -1 with errno.
 */
int	 chan_pair(int[2]);

#endif /* GATEWAYD_COMMON_CHAN_H */
