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

#ifndef GATEWAYD_GATEWAYD_CRASH_H
#define GATEWAYD_GATEWAYD_CRASH_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

#include "sizes.h"

/*
 * Sandboxes whose workers die before they could tell of a session that it is
 * up, or why it is not.  What kills a worker at once, a record or a host,
 * kills the next one too, and clients do try again: a few deaths cost nothing,
 * then the next worker has to wait, twice as long each time.
 */

/* Sandboxes that are remembered; the one that died first makes room. */
#define CRASH_MAX	64

/* Two clients, each of whom is granted once more. */
#define CRASH_FREE	4

/* How long to wait: milliseconds.  After the longest all is forgotten. */
#define CRASH_WAIT_MIN	1000
#define CRASH_WAIT_MAX	30000

struct crash {
	char		 sandbox[SANDBOX_ID_MAX + 1];	/* "": none */
	unsigned int	 n;		/* deaths in a row */
	uint64_t	 last;		/* of them */
};

struct crashes {
	struct crash	 table[CRASH_MAX];
	size_t		 next;		/* place for a new one */
};

/*
 * A worker of this sandbox has died without having been of use, now
 * (milliseconds).  Returns how long the next one has to wait, 0 for not.
 */
unsigned int	 crash_note(struct crashes *, const char *, uint64_t);

/* Whether it has to wait yet. */
int		 crash_waits(struct crashes *, const char *, uint64_t);

/* One was of use: all is well. */
void		 crash_forget(struct crashes *, const char *);

/* For all of them; the table is empty then. */
void		 crash_clear(struct crashes *);

#endif /* GATEWAYD_GATEWAYD_CRASH_H */
