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

#ifndef GATEWAYD_GATEWAYD_LOOKUP_H
#define GATEWAYD_GATEWAYD_LOOKUP_H

#include <stddef.h>
#include <stdint.h>

#include "net.h"

struct event_base;
struct lookup;

/* A name server. */
struct lookup_server {
	struct net_addr	 addr;
	uint16_t	 port;
};

/* Addresses of one family that are taken from an answer. */
#define LOOKUP_ADDRS_MAX	16

/*
 * The answer for one family, 4 or 6, or with an error for both at once, then
 * it is 0.  Without addresses error is 0 if there are none, ETIMEDOUT if the
 * servers were silent and EIO if they cannot tell.  Comes until there is an
 * answer for both, never from within lookup_new(); lookup_free() is allowed
 * in it.
 */
typedef void (*lookup_done)(int family, const struct net_addr *, size_t,
	    int error, void *);

/*
 * Ask for both families of addresses of a name, absolute and without a dot
 * at its end, at the same time.  The servers are asked in their order, each
 * further one when those before are silent or cannot answer; there is one at
 * least, and they stay the caller's for as long as this lives.  All ends
 * after so many seconds.  Returns NULL with errno.
 */
struct lookup *lookup_new(struct event_base *, const char *,
	    const struct lookup_server *, size_t, uint32_t, lookup_done,
	    void *);

/* Forget it; NULL is allowed. */
void	 lookup_free(struct lookup *);

/* What the resolver has to say goes to the log; once, at the start. */
void	 lookup_init(void);

#endif /* GATEWAYD_GATEWAYD_LOOKUP_H */
