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

#ifndef GATEWAYD_GATEWAYD_TOKEN_H
#define GATEWAYD_GATEWAYD_TOKEN_H

#include <stddef.h>
#include <stdint.h>

#include "sizes.h"

/*
 * JSON Web Tokens (RFC 7519, RFC 7515).  libjwt computes signatures and is
 * used here only; form, algorithm, claims and clock are our own, because it
 * takes the algorithm from the token, ignores exp and nbf and forgives junk.
 */

#define TOKEN_KEY_MAX	16384		/* bytes of a key file */

enum token_alg {
	TOKEN_HS256 = 1,
	TOKEN_ES256,
	TOKEN_RS256
};

enum token_result {
	TOKEN_OK,
	TOKEN_ABSENT,			/* empty, or the word null */
	TOKEN_INVALID,
	TOKEN_EXPIRED
};

/*
 * A key that tokens are checked with.  The memory is the caller's and must
 * outlive the call.  For HS256 the key is the secret, for the others the
 * text of a PEM file with one public key.  A key of NULL is a secret that
 * this process does not have.
 */
struct token_key {
	enum token_alg		 alg;
	const uint8_t		*key;
	size_t			 keylen;
	char			 kid[KID_MAX + 1];	/* "": not compared */
	char			 issuer[ISSUER_MAX + 1]; /* "": the same */
};

/*
 * Who a token speaks for, a text of 1 to PRINCIPAL_MAX bytes: "sub" if there
 * is one, else "did"; or the other way round, and it begins with "did:".
 */
#define TOKEN_ID_ANY	0
#define TOKEN_ID_DID	1

struct token_policy {
	int64_t			 grace;		/* seconds after exp */
	int64_t			 max_age;	/* after iat, without exp */
	int			 identity;	/* TOKEN_ID_* */
};

struct token_claims {
	char			 principal[PRINCIPAL_MAX + 1];
	int64_t			 exp;	/* first second it is not taken */
	uint8_t			 hash[HASH_LEN];	/* of the token */
};

/* token.c */

/*
 * Start OpenSSL without its configuration file and use each algorithm once,
 * so that nothing is opened later, under a sandbox.  Also salts the cache.
 * Returns 0, or -1 when the libraries do not work.
 */
int	 token_init(void);

/*
 * Check a token against keys: the form, then the signature with the first
 * key that has the token's algorithm and, if it names one, its "kid", then
 * issuer and times, with `now' in seconds since 1970.  A signature that was
 * right is remembered for 60 s.  Fills the claims on TOKEN_OK only; they
 * are zero otherwise.
 */
enum token_result
	 token_verify(const struct token_key *, size_t,
	    const struct token_policy *, int64_t now, const char *, size_t,
	    struct token_claims *);

/*
 * The same for a process without the secrets: where the key is NULL the
 * signature goes unchecked.  So TOKEN_OK only means that it is worth asking
 * a process that has them, and TOKEN_EXPIRED may be about a forgery.
 */
enum token_result
	 token_check_public(const struct token_key *, size_t,
	    const struct token_policy *, int64_t now, const char *, size_t,
	    struct token_claims *);

/*
 * Make an HS256 token for a subject, also as "did" if it is one.  Returns
 * text for free(3), or NULL.
 */
char	*token_mint(const struct token_key *, const char *subject,
	    int64_t iat, int64_t exp);

/* Forget all signatures: the keys have changed. */
void	 token_cache_flush(void);

/* token_key.c */

/*
 * Whether the key can be used: a secret that is not empty and not a PEM
 * file; one PEM public key, RSA of 2048 to 8192 bits or EC on P-256 to match
 * the algorithm.  Returns 0, or -1 with *why a text for the operator.  On 0
 * *why is NULL or a warning.
 */
int	 token_key_check(const struct token_key *, const char **why);

/* "hs256" and so on, as in gatewayd.conf(5). */
const char
	*token_alg_name(enum token_alg);

#endif /* GATEWAYD_GATEWAYD_TOKEN_H */
