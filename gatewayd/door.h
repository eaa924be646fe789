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

#ifndef GATEWAYD_GATEWAYD_DOOR_H
#define GATEWAYD_GATEWAYD_DOOR_H

#include <stddef.h>

struct door;
struct event_base;

/*
 * A listening socket that lets in so many guests at a time; others wait in
 * its backlog.  `enter' gets each accepted socket, non-blocking and close on
 * exec, and owns it; the door is told by door_left() when it is closed.
 */
struct door
	*door_new(struct event_base *, int, size_t, void (*)(int));

/* Begin to accept. */
int	 door_open(struct door *);

/* One of its guests has been closed, so another may come. */
void	 door_left(struct door *);

/* Close the socket.  NULL is fine. */
void	 door_free(struct door *);

#endif /* GATEWAYD_GATEWAYD_DOOR_H */
