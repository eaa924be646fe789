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

#ifndef GATEWAYD_GATEWAYD_COMPOSE_H
#define GATEWAYD_GATEWAYD_COMPOSE_H

#include "catalog.h"
#include "msg_dial.h"

struct known_hosts;
struct learned;

/*
 * What the catalog adds to the record of an SSH sandbox that a back end has
 * found, whichever that is: which host keys are right, which are revoked,
 * and what is to be done with one that is neither.
 *
 * Right are the keys in the record; or else those of known hosts; or else,
 * with accept-new, one that was learned.  So a key that an operator writes
 * down takes the place of one that was not checked by anybody.
 */
struct compose {
	uint8_t			 check;		/* HOSTCHECK_* */
	struct known_hosts	*known;		/* or NULL */
	struct learned		*learned;	/* or NULL */
};

/*
 * Put that into what was found for a sandbox, in place: a new record, and a
 * version that is another when known hosts or the kind of checking are.  It
 * stays the same when a key is learned, which the worker of a sandbox knows
 * without being another.  Records of other kinds stay as they are.  Returns
 * 0, or -1 with a line in the log.
 */
int	 compose_record(struct compose *, const char *sandbox,
	    struct catalog_found *);

/*
 * A worker of what was found wants a key to be learned.  Returns 0 if it is
 * known now, or why not, LEARN_*.
 */
int	 compose_learn(struct compose *, const struct msg_learn *,
	    const struct catalog_found *);

#endif /* GATEWAYD_GATEWAYD_COMPOSE_H */
