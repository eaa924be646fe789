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

/*
 * Tokens: the keys.  What can break: a key that is weak, private or of
 * another kind is taken; one key's token passes for another's.
 */
/* links: regress/unit/forge.c gatewayd/token.c gatewayd/token_cache.c
 *	gatewayd/token_key.c proto/base64.c proto/jsonscan.c */
/* pkgs: json-c libjwt libcrypto */

#include "compat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "forge.h"
#include "token.h"
#include "test_token_vectors.h"

static void	 key_refused(enum token_alg, const char *, size_t);

static void
test_several_keys(void **state)
{
	struct token_key	 keys[4];
	struct token_claims	 c;
	char			*a, *b;

	(void)state;
	keys[0] = hs;
	keys[0].key = (const uint8_t *)"another secret of 32 bytes......";
	keys[1] = es;
	keys[2] = rs;
	keys[3] = hs;
	a = sign(HS256, "{\"alg\":\"HS256\"}",
	    "{\"did\":\"" DID "\",\"exp\":4102444800}");
	b = sign(ES256, "{\"alg\":\"ES256\",\"kid\":\"k2\"}",
	    "{\"did\":\"" DID "\",\"exp\":4102444800,\"iss\":\"i\"}");
	assert_int_equal(token_verify(keys, 4, &policy, NOW, a, strlen(a),
	    &c), TOKEN_OK);
	assert_int_equal(token_verify(keys, 3, &policy, NOW, a, strlen(a),
	    &c), TOKEN_INVALID);
	assert_int_equal(token_verify(keys, 4, &policy, NOW, b, strlen(b),
	    &c), TOKEN_OK);

	/* A key that has a name is for tokens that say it, and no others. */
	strlcpy(keys[3].kid, "k1", sizeof(keys[3].kid));
	assert_int_equal(token_verify(keys, 4, &policy, NOW, a, strlen(a),
	    &c), TOKEN_INVALID);
	strlcpy(keys[1].kid, "k1", sizeof(keys[1].kid));
	assert_int_equal(check(&keys[1], b), TOKEN_INVALID);
	strlcpy(keys[1].kid, "k2", sizeof(keys[1].kid));
	assert_int_equal(check(&keys[1], b), TOKEN_OK);
	strlcpy(keys[1].issuer, "j", sizeof(keys[1].issuer));
	assert_int_equal(check(&keys[1], b), TOKEN_INVALID);
	strlcpy(keys[1].issuer, "i", sizeof(keys[1].issuer));
	assert_int_equal(check(&keys[1], b), TOKEN_OK);
	strlcpy(keys[3].issuer, "i", sizeof(keys[3].issuer));
	keys[3].kid[0] = '\0';
	assert_int_equal(check(&keys[3], a), TOKEN_INVALID);
	free(a);
	free(b);
}

/* Without the secret all is checked but the signature. */
static void
test_public_check(void **state)
{
	struct token_key	 blind;
	struct token_claims	 c;
	char			 forged[1024];
	const char		*t;

	(void)state;
	blind = hs;
	blind.key = NULL;
	blind.keylen = 0;
	t = vectors[0].token;
	strlcpy(forged, t, sizeof(forged));
	forged[strlen(forged) - 2] ^= 1;
	assert_int_equal(token_check_public(&blind, 1, &policy, NOW, forged,
	    strlen(forged), &c), TOKEN_OK);
	assert_string_equal(c.principal, DID);
	assert_int_equal(token_verify(&blind, 1, &policy, NOW, t, strlen(t),
	    &c), TOKEN_INVALID);
	assert_int_equal(token_check_public(&hs, 1, &policy, NOW, forged,
	    strlen(forged), &c), TOKEN_INVALID);
	assert_int_equal(token_check_public(&es, 1, &policy, NOW, t,
	    strlen(t), &c), TOKEN_INVALID);
	forged[strlen(forged) - 1] = '\0';
	assert_int_equal(token_check_public(&blind, 1, &policy, NOW, forged,
	    strlen(forged), &c), TOKEN_INVALID);
}

static void
test_mint(void **state)
{
	struct token_claims	 c;
	char			*t;

	(void)state;
	assert_non_null(t = token_mint(&hs, DID, NOW, NOW + 60));
	assert_int_equal(token_verify(&hs, 1, &policy, NOW, t, strlen(t),
	    &c), TOKEN_OK);
	assert_string_equal(c.principal, DID);
	assert_int_equal(c.exp, NOW + 60);
	free(t);
	assert_non_null(t = token_mint(&hs, DID, NOW, 33296000000));
	assert_int_equal(token_verify(&hs, 1, &policy, NOW, t, strlen(t),
	    &c), TOKEN_OK);
	assert_int_equal(c.exp, 33296000000);
	free(t);
	assert_null(token_mint(&es, DID, NOW, NOW + 60));
}

static void
key_refused(enum token_alg alg, const char *text, size_t len)
{
	struct token_key	 key;
	const char		*why;

	memset(&key, 0, sizeof(key));
	key.alg = alg;
	key.key = (const uint8_t *)text;
	key.keylen = len;
	assert_int_equal(token_key_check(&key, &why), -1);
	assert_non_null(why);
}

static void
test_keys(void **state)
{
	const char	*why;
	char		*pub, *priv, *two;

	(void)state;
	assert_int_equal(token_key_check(&hs, &why), 0);
	assert_null(why);
	assert_int_equal(token_key_check(&es, &why), 0);
	assert_null(why);
	assert_int_equal(token_key_check(&rs, &why), 0);
	assert_null(why);
	hs.keylen--;
	assert_int_equal(token_key_check(&hs, &why), 0);
	assert_non_null(why);
	hs.keylen++;
	pub = pem_of(rsakey, 0);
	priv = pem_of(rsakey, 1);
	assert_true(asprintf(&two, "%s%s", pub, pub) != -1);
	key_refused(TOKEN_HS256, "", 0);
	key_refused(TOKEN_HS256, pub, strlen(pub));
	key_refused(TOKEN_HS256, priv, strlen(priv));
	key_refused(TOKEN_RS256, "", 0);
	key_refused(TOKEN_RS256, "x", 1);
	key_refused(TOKEN_RS256, priv, strlen(priv));
	key_refused(TOKEN_RS256, two, strlen(two));
	key_refused(TOKEN_RS256, pub, strlen(pub) / 2);
	key_refused(TOKEN_ES256, pub, strlen(pub));
	key_refused(TOKEN_RS256, (const char *)es.key, es.keylen);
	free(pub);
	free(priv);
	free(two);
}

static void
test_weak_keys(void **state)
{
	EVP_PKEY	*pkey;
	char		*pem;

	(void)state;
	assert_non_null(pkey = EVP_RSA_gen(1024));
	pem = pem_of(pkey, 0);
	key_refused(TOKEN_RS256, pem, strlen(pem));
	free(pem);
	EVP_PKEY_free(pkey);
	assert_non_null(pkey = EVP_EC_gen("P-384"));
	pem = pem_of(pkey, 0);
	key_refused(TOKEN_ES256, pem, strlen(pem));
	free(pem);
	EVP_PKEY_free(pkey);
	assert_non_null(pkey = EVP_EC_gen("secp256k1"));
	pem = pem_of(pkey, 0);
	key_refused(TOKEN_ES256, pem, strlen(pem));
	free(pem);
	EVP_PKEY_free(pkey);
	assert_non_null(pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"));
	pem = pem_of(pkey, 0);
	key_refused(TOKEN_ES256, pem, strlen(pem));
	free(pem);
	EVP_PKEY_free(pkey);
}

int
main(void)
{
	static const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_several_keys),
		cmocka_unit_test(test_public_check),
		cmocka_unit_test(test_mint),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_weak_keys)
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return (cmocka_run_group_tests(tests, forge_setup, forge_teardown));
}
