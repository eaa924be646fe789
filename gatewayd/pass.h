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

#ifndef GATEWAYD_GATEWAYD_PASS_H
#define GATEWAYD_GATEWAYD_PASS_H

#include <stdint.h>

#include "msg.h"

/*
 * Passes: grants for calls (input, resize, status) that are good for a
 * while, so that not every key that is typed asks the catalog.  One is for
 * a token, a session, or the one without a name of a sandbox, and an action,
 * and holds for as long as the grant does in the worker; the token itself is
 * checked on every request.
 */
struct pass_key {
	uint8_t		hash[HASH_LEN];	/* of the token */
	char		object[SANDBOX_ID_MAX + 1];
	uint8_t		api;
	uint8_t		dialect;
	uint8_t		join;		/* the object is a sandbox */
	uint16_t	action;		/* one of ACTION_CALLS */
};

/* Fill in a key for what is asked with the token of that hash. */
void	 pass_key(struct pass_key *, const struct msg_authorize *,
	    const uint8_t *hash);

/* The grant for a key, or NULL.  Good until the next call of these. */
const struct msg_granted
	*pass_find(const struct pass_key *);

/* Keep a grant.  When there are too many, or no memory, it is just not. */
void	 pass_keep(const struct pass_key *, const struct msg_granted *);

/* Forget the grant for a key; all of them, when the configuration changes. */
void	 pass_drop(const struct pass_key *);
void	 pass_flush(void);

#endif /* GATEWAYD_GATEWAYD_PASS_H */
