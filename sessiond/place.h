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

#ifndef GATEWAYD_SESSIOND_PLACE_H
#define GATEWAYD_SESSIOND_PLACE_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "msg_front.h"
#include "wire.h"

struct grant;
struct launch;
struct place;
struct session;
struct worker;

/*
 * The sessions of a worker: how they come to be, who waits for that, and
 * what is left of them.
 */

/* More than any limit of the parent: it counts, this is the last line. */
#define WORKER_SESSIONS_MAX	1024

/* Who waits for one session to open; one more is turned away. */
#define PLACE_WAITERS_MAX	64

/*
 * Sessions that are over and stay a minute for those who come late: so many
 * of them without a viewer.
 */
#define PLACE_KEPT_MAX		8

/*
 * Sessions of whose exit the parent knows, and which have not ended: with
 * those whose viewers are still there, or leave.  It allows for 32; another
 * one ends as soon as its viewers have the rest of its output.
 */
#define PLACE_TOLD_MAX		24

/*
 * Sessions that have ended are not opened again by a grant that crossed the
 * message of their end.  So many are remembered, for so many seconds: all
 * grants that the parent can have made before it knew are too old then.
 */
#define PLACE_GONE_MAX		256
#define PLACE_GONE_SECS		60

/* An answer that depends on whether the session opens. */
struct waiter {
	TAILQ_ENTRY(waiter)	 entry;
	uint32_t		 front;		/* number of the frontend */
	uint32_t		 request;	/* id of its message */
	uint16_t		 type;		/* and what that was */
	int			 signo;		/* of IMSG_SIGNAL */
};

struct place {
	RB_ENTRY(place)		 by_id;
	TAILQ_ENTRY(place)	 kept_entry;	/* while `kept' */
	int			 kept;
	struct worker		*worker;
	struct session		*session;
	char			 id[WIRE_UUID_LEN + 1];
	uint8_t			 api;
	char			*principal;
	char			 name[SESSION_NAME_MAX + 1];
	uint32_t		 ticket;	/* of the viewer to be made */
	int			 up;		/* SESSION_UP was sent */
	int			 told;		/* SESSION_EXIT was */
	TAILQ_HEAD(, waiter)	 waiters;
	unsigned int		 nwaiters;
};
RB_HEAD(places, place);
TAILQ_HEAD(places_kept, place);

struct place_gone {
	char			 id[WIRE_UUID_LEN + 1];
	time_t			 when;		/* monotonic */
};

/* By the id of its session; NULL: there is none. */
struct place	*place_find(struct worker *, const char *);

/* In order of their ids. */
struct place	*place_first(struct worker *);
struct place	*place_next(struct place *);

/*
 * Begin to open the session that was granted.  It takes over the options of
 * the client, which may be NULL, in any case.  Returns 0 and the place, or an
 * enum fail.
 */
int		 place_open(struct worker *, const struct grant *,
		    struct launch *, uint16_t cols, uint16_t rows,
		    struct place **);

/*
 * Have a request of this type answered when it is known whether the session
 * opens, which it must be about to.  0, or -1 if too many wait.
 */
int		 place_wait(struct place *, uint32_t front, uint32_t request,
		    uint16_t type, int signo);
int		 place_full(const struct place *);

/* Why nothing can be asked of the session: an enum fail, or 0 if it can. */
int		 place_fail(const struct place *);

/*
 * It has ended, but its clients are not done with it.  If it is shared let
 * the parent know, so that who comes now gets another in its place; of one
 * that never was open the parent hears when it is gone.
 */
void		 place_over(struct place *);

/* The session has been here, and ended. */
int		 place_was(struct worker *, const char *);

/* What the parent knows of, and we do not, is over; so are its grants. */
void		 place_never(struct worker *, const char *, enum end);

#endif /* GATEWAYD_SESSIOND_PLACE_H */
