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

#ifndef GATEWAYD_GATEWAYD_ASK_H
#define GATEWAYD_GATEWAYD_ASK_H

#include <stdint.h>

#include "msg.h"

/*
 * Authorisation of one request: the catalog is asked, and either it denies,
 * or the parent grants or denies.
 */
struct ask;

enum ask_result {
	ASK_GRANTED,		/* more than once for an OPEN */
	ASK_DENIED,
	ASK_SILENCE		/* nobody answered in time */
};

/* How long for an answer; and for one more when it did not help: seconds. */
#define ASK_TIMEOUT		10
#define ASK_AGAIN_TIMEOUT	5

/* The result, with the grant, or with the reason for a denial. */
typedef void	(*ask_cb)(void *, enum ask_result, const struct msg_granted *,
		    enum deny);

/* A channel to the catalog; the descriptor is given away. */
void		 ask_catalog(int);

/*
 * Ask.  Returns NULL if that is not possible.  The callback never comes
 * before this returns.  The ask lives until ask_free(), and what is asked,
 * which stays with the caller, has to as well.
 */
struct ask	*ask_new(const struct msg_authorize *, ask_cb, void *);
void		 ask_free(struct ask *);

/*
 * The grant was of no use because the worker died: wait for the parent to
 * grant once more.
 */
void		 ask_await(struct ask *);

/* GRANTED or DENIED came from the parent. */
void		 ask_granted(uint32_t, const struct msg_granted *);
void		 ask_denied(uint32_t, const struct msg_deny *);

#endif /* GATEWAYD_GATEWAYD_ASK_H */
