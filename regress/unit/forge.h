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

#ifndef GATEWAYD_REGRESS_UNIT_FORGE_H
#define GATEWAYD_REGRESS_UNIT_FORGE_H

#include <openssl/evp.h>
#include <stddef.h>
#include <stdint.h>

#include "token.h"

/*
 * Tokens of any header and payload, and what becomes of them.  Everything
 * is signed by OpenSSL directly, so that even a token which libjwt would
 * never make can be right but for one thing.
 */

#define SECRET	"test-jwt-secret-0123456789abcdef"
#define NOW	1760000100
#define NEVER	4102444800
#define DID	"did:plc:alice"
#define BIG	20000

/* How sign() signs. */
enum how { HS256, HS384, HS512, ES256, RS256, RS512, PS256 };

extern const struct token_policy policy;

/* The keys that there are from forge_setup() to forge_teardown(). */
extern struct token_key	 hs, es, rs;
extern EVP_PKEY		*rsakey;

int	 forge_setup(void **);
int	 forge_teardown(void **);

/* A token of any header and payload; the caller frees it. */
char	*sign(enum how, const char *, const char *);
char	*sign_len(enum how, const char *, const char *, size_t);

/* The text of a key, with its private half or without; to be freed. */
char	*pem_of(EVP_PKEY *, int);

/* Every check also looks at what must hold whatever the result. */
enum token_result
	 check(const struct token_key *, const char *);
enum token_result
	 check_at(const struct token_key *, const char *, int64_t);

/* What is said of a good signature over this payload. */
void	 expect_payload(const char *, enum token_result);

#endif /* GATEWAYD_REGRESS_UNIT_FORGE_H */
