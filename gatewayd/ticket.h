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

#ifndef GATEWAYD_GATEWAYD_TICKET_H
#define GATEWAYD_GATEWAYD_TICKET_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "msg_grant.h"
#include "sizes.h"
#include "wire.h"

/*
 * Tickets: what a page puts into a URL in the place of a token, because a
 * browser lets it set no header there.  Of the secret only the SHA-256 is
 * kept, so that what is found in our memory attaches to nothing.
 *
 * A ticket is for one session, or for one that is yet to be named, of one
 * sandbox.  It is good for TICKET_TIME seconds and one use.  For a stream of
 * events, whose client connects again by itself and with the same URL, it
 * stays good for the session that it was first used for, as long as a stream
 * is there and TICKET_TIME seconds after the last has ended.  It is then no
 * good for anything but streams.
 */
#define TICKET_HEX		(2 * TICKET_LEN)

/*
 * Of one principal; more are refused, for to drop an old one would let one
 * client of a principal end what another is about to use.
 */
#define TICKETS_PRINCIPAL_MAX	64

/* Of all: some 40 MiB with principals of the longest kind. */
#define TICKETS_MAX		16384

struct tickets;

/* What a ticket is for.  Texts are the caller's. */
struct ticket_want {
	uint8_t		 api;
	uint8_t		 mode;		/* MODE_*, at most */
	const char	*principal;
	const char	*session;	/* or "": any of the sandbox */
	const char	*sandbox;	/* or "": that of the session */
};

/* What a ticket that is used allows. */
struct ticket_use {
	uint32_t	 number;	/* of one that stays, else 0 */
	uint8_t		 mode;		/* MODE_*, at most */
	char		 principal[PRINCIPAL_MAX + 1];
	char		 sandbox[SANDBOX_ID_MAX + 1];	/* or "": any */
};

/* NULL without memory.  Freeing NULL is fine. */
struct tickets	*tickets_new(void);
void		 tickets_free(struct tickets *);

/*
 * Make one; times are those of util_now().  Returns 0 with the secret, or -1
 * with errno: EAGAIN where there are too many, or ENOMEM.
 */
int		 ticket_mint(struct tickets *, const struct ticket_want *,
		    time_t, uint8_t[TICKET_LEN]);

/*
 * Use the one whose secret this is in hex, of that API and for that session.
 * The flag says that it is for a stream.  Returns 0, or -1: unknown, used,
 * too old or for something else, and then it stays as it was.  The principal
 * is filled in whenever the ticket is known, for the log.
 */
int		 ticket_use(struct tickets *, const char *, uint8_t,
		    const char *, int, time_t, struct ticket_use *);

/*
 * A stream that used the one with that number has begun, or has ended.  What
 * is said of a number that is unknown, or of another session, is ignored: the
 * worker that said it has no business with that ticket.
 */
void		 ticket_up(struct tickets *, const struct msg_ticket_use *);
void		 ticket_down(struct tickets *, const struct msg_ticket_use *,
		    time_t);

#endif /* GATEWAYD_GATEWAYD_TICKET_H */
