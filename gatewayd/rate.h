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

#ifndef GATEWAYD_GATEWAYD_RATE_H
#define GATEWAYD_GATEWAYD_RATE_H

#include <stddef.h>
#include <stdint.h>

struct net_addr;

/*
 * Request counters in memory that all frontends share: a sliding window per
 * key.  There is no lock, since whoever holds one can be killed; a frontend
 * that was taken over can write anything here, and by that give or take
 * requests, but not reach beyond the counters.
 */
struct rate_map;

/* Who is counted: one address (of IPv6 a /64), or one session. */
struct rate_key {
	uint8_t	 kind;		/* RATE_* */
	uint8_t	 id[36];
};
#define RATE_ADDRESS	1
#define RATE_SESSION	2

/* What a limit says to one request. */
struct rate_verdict {
	int		 allowed;
	uint32_t	 limit;
	uint32_t	 remaining;
	uint32_t	 window;	/* seconds */
};

/* Size of the mapping in bytes. */
size_t	 rate_map_size(void);

/*
 * A memfd of that size, zero, close on exec and sealed so that nobody can
 * resize it under the others.  Returns -1 with errno.
 */
int	 rate_map_create(void);

/*
 * Map such a memfd; the descriptor stays with the caller.  Returns NULL
 * with errno: EINVAL if it is not what rate_map_create() makes.
 */
struct rate_map *rate_map_open(int);

/* Keys; the session is a UUID in text form. */
void	 rate_key_address(struct rate_key *, const struct net_addr *);
void	 rate_key_session(struct rate_key *, const char *);

/*
 * Count a request now (milliseconds of the monotonic clock, which all
 * processes share) against at most limit in window seconds, limit below
 * 2^20.  A request that is turned away is not counted.
 */
void	 rate_hit(struct rate_map *, const struct rate_key *, uint32_t limit,
	    uint32_t window, uint64_t now, struct rate_verdict *);

#endif /* GATEWAYD_GATEWAYD_RATE_H */
