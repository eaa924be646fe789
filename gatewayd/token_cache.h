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

#ifndef GATEWAYD_GATEWAYD_TOKEN_CACHE_H
#define GATEWAYD_GATEWAYD_TOKEN_CACHE_H

#include <stdint.h>

#include "sizes.h"
#include "token.h"

/*
 * Signatures that were right, by the hash of token and key; and what tokens
 * say, by their hash.  Never what was decided from that: keys, policy and
 * times are compared anew each time.
 */

/* A token taken apart; it had the right form, which is all that is known. */
struct token_facts {
	enum token_alg	 alg;
	int		 identity;	/* TOKEN_ID_*: how it was asked */
	int		 has_exp;
	int		 has_iat;
	int		 has_nbf;
	int64_t		 exp;
	int64_t		 iat;
	int64_t		 nbf;
	char		 kid[KID_MAX + 1];		/* "": none */
	char		 issuer[ISSUER_MAX + 1];	/* the same */
	char		 principal[PRINCIPAL_MAX + 1];
};

/*
 * Salt the places, and get ready for hashes; a cache without a salt
 * remembers nothing.
 */
void	 token_cache_init(void);

/* SHA-256 of n pieces, one after the other. */
struct token_piece {
	const void	*p;
	size_t		 len;
};
void	 token_digest(const struct token_piece *, size_t n,
	    uint8_t[HASH_LEN]);

/* The name of (token, key) in the cache, from the token's hash. */
void	 token_cache_name(const struct token_key *, const uint8_t[HASH_LEN],
	    uint8_t[HASH_LEN]);

/* Whether the name was put and is still good at that time: 1 or 0. */
int	 token_cache_get(const uint8_t[HASH_LEN], int64_t);

/*
 * What a token with that hash says to who asks for the identity that is in
 * the facts already, if it is remembered: 1 or 0.  learn
 * remembers it, for 60 s, and not until it expires; long names are not
 * worth the room.
 */
int	 token_cache_facts(const uint8_t[HASH_LEN], int64_t,
	    struct token_facts *);
void	 token_cache_learn(const uint8_t[HASH_LEN], int64_t,
	    const struct token_facts *);

/* Remember a name from now on for 60 s, but not until `until' or later. */
void	 token_cache_put(const uint8_t[HASH_LEN], int64_t, int64_t until);

#endif /* GATEWAYD_GATEWAYD_TOKEN_CACHE_H */
