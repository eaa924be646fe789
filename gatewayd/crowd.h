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

#ifndef GATEWAYD_GATEWAYD_CROWD_H
#define GATEWAYD_GATEWAYD_CROWD_H

#include <sys/types.h>

struct client;
struct net_addr;
struct source;

/*
 * Connections that nothing is done for: those that have not delivered a
 * request yet, and those that wait for a further one.  They are the ones to
 * give up when there are too many; the oldest goes first, and one source
 * cannot have more than CROWD_SOURCE_MAX of the first kind, so that it does
 * not push out the newcomers of others.
 */
#define CROWD_SOURCE_MAX	128

enum crowd_kind {
	CROWD_NEW,		/* has not delivered a request */
	CROWD_IDLE		/* has, and is between two, or leaves */
};

struct seat {
	TAILQ_ENTRY(seat)	 entry;		/* of its kind */
	TAILQ_ENTRY(seat)	 mine;		/* of its source */
	struct source		*source;	/* NULL: not counted */
	struct client		*client;
	enum crowd_kind		 kind;
	int			 taken;
};

/*
 * Sit down, at the end.  With an address (not that of a proxy, which comes
 * for many) a new one counts against it: if the source has too many now,
 * *excess is its oldest, to be closed, else NULL.  Returns 0, -1 when out
 * of memory.
 */
int	 crowd_join(struct seat *, struct client *, enum crowd_kind,
	    const struct net_addr *, struct client **excess);

/* Leave, if it sits. */
void	 crowd_leave(struct seat *);

/* Who goes first when room is needed; NULL if nobody can go. */
struct client *crowd_oldest(void);

#endif /* GATEWAYD_GATEWAYD_CROWD_H */
