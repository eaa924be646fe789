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
 * Tokens: the vectors of the pocketenv interface, claims and times.  What
 * can break: libjwt ignores times, and a signature that is remembered must
 * not be a decision that is remembered.
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

#include "forge.h"
#include "token.h"
#include "token_cache.h"
#include "test_token_vectors.h"

static void
test_vectors(void **state)
{
	struct token_claims	 c;
	enum token_result	 res;
	size_t			 i;

	(void)state;
	for (i = 0; i < nitems(vectors); i++) {
		res = token_verify(&hs, 1, &policy, vectors[i].now,
		    vectors[i].token, strlen(vectors[i].token), &c);
		if (res != vectors[i].want ||
		    strcmp(c.principal, vectors[i].principal) != 0)
			fail_msg("%s: %d \"%s\"", vectors[i].name, (int)res,
			    c.principal);
	}
}

static void
test_absent(void **state)
{
	struct token_claims	 c;

	(void)state;
	assert_int_equal(check(&hs, ""), TOKEN_ABSENT);
	assert_int_equal(check(&hs, "null"), TOKEN_ABSENT);
	assert_int_equal(check(&hs, "nul"), TOKEN_INVALID);
	assert_int_equal(check(&hs, "null "), TOKEN_INVALID);
	assert_int_equal(token_verify(&hs, 1, &policy, NOW, NULL, 0, &c),
	    TOKEN_ABSENT);
	assert_int_equal(token_verify(NULL, 0, &policy, NOW,
	    vectors[0].token, strlen(vectors[0].token), &c), TOKEN_INVALID);
}

static void
test_claims_out(void **state)
{
	struct token_claims	 c;
	SHA2_CTX		 ctx;
	uint8_t			 hash[HASH_LEN];
	const char		*t;

	(void)state;
	t = vectors[0].token;
	assert_int_equal(token_verify(&hs, 1, &policy, NOW, t, strlen(t),
	    &c), TOKEN_OK);
	SHA256Init(&ctx);
	SHA256Update(&ctx, (const uint8_t *)t, strlen(t));
	SHA256Final(hash, &ctx);
	assert_memory_equal(c.hash, hash, sizeof(hash));
	assert_int_equal(c.exp, NEVER);
}

static void
test_times(void **state)
{
	static const struct {
		const char		*payload;
		enum token_result	 want;
	} t[] = {
		{ "\"exp\":1760000101", TOKEN_OK },
		{ "\"exp\":1760000100", TOKEN_EXPIRED },
		{ "\"exp\":0", TOKEN_EXPIRED },
		/* What a 32 bit time would make negative, zero or past. */
		{ "\"exp\":4294967296", TOKEN_OK },
		{ "\"exp\":6442450944", TOKEN_OK },
		{ "\"exp\":33296000000", TOKEN_OK },
		{ "\"exp\":9007199254740991", TOKEN_OK },
		{ "\"exp\":9007199254740992", TOKEN_INVALID },
		{ "\"exp\":9223372036854775807", TOKEN_INVALID },
		{ "\"exp\":9223372036854775808", TOKEN_INVALID },
		{ "\"exp\":18446744073709551616", TOKEN_INVALID },
		{ "\"exp\":99999999999999999999999999", TOKEN_INVALID },
		{ "\"exp\":-1", TOKEN_INVALID },
		{ "\"exp\":4102444800.0", TOKEN_INVALID },
		{ "\"exp\":4.1e9", TOKEN_INVALID },
		{ "\"exp\":\"4102444800\"", TOKEN_INVALID },
		{ "\"exp\":null", TOKEN_INVALID },
		{ "\"exp\":true", TOKEN_INVALID },
		{ "\"exp\":[4102444800]", TOKEN_INVALID },
		{ "\"exp\":{}", TOKEN_INVALID },
		{ "\"exp\":04102444800", TOKEN_INVALID },
		{ "\"exp\":0xf4865700", TOKEN_INVALID },
		{ "\"exp\":NaN", TOKEN_INVALID },
		{ "\"exp\":Infinity", TOKEN_INVALID },
		{ "\"nbf\":1760000100,\"exp\":4102444800", TOKEN_OK },
		{ "\"nbf\":1760000101,\"exp\":4102444800", TOKEN_INVALID },
		{ "\"nbf\":6055000000,\"exp\":33296000000", TOKEN_INVALID },
		{ "\"nbf\":\"1\",\"exp\":4102444800", TOKEN_INVALID },
		{ "\"nbf\":1.0,\"exp\":4102444800", TOKEN_INVALID },
		{ "\"iat\":\"x\",\"exp\":4102444800", TOKEN_INVALID },
		{ "\"iat\":-5,\"exp\":4102444800", TOKEN_INVALID },
		{ "\"iat\":1760009999,\"exp\":4102444800", TOKEN_OK },
		{ "\"iat\":1759913700", TOKEN_OK },
		{ "\"iat\":1759913699", TOKEN_EXPIRED },
		{ "\"iat\":1760000160", TOKEN_OK },
		{ "\"iat\":1760000161", TOKEN_INVALID },
		{ "\"iat\":4102444800", TOKEN_INVALID },
		{ "\"iat\":1760000000.5", TOKEN_INVALID },
		{ "\"jti\":\"no times\"", TOKEN_INVALID }
	};
	char	 buf[256];
	size_t	 i;

	(void)state;
	for (i = 0; i < nitems(t); i++) {
		snprintf(buf, sizeof(buf), "{\"did\":\"%s\",%s}", DID,
		    t[i].payload);
		expect_payload(buf, t[i].want);
	}
}

static void
test_grace(void **state)
{
	static const struct token_policy	 lax = {
		2592000, 10, TOKEN_ID_DID
	};
	struct token_claims			 c;
	char					*t;

	(void)state;
	t = sign(HS256, "{\"alg\":\"HS256\"}",
	    "{\"did\":\"" DID "\",\"exp\":1760000000}");
	assert_int_equal(check(&hs, t), TOKEN_EXPIRED);
	assert_int_equal(token_verify(&hs, 1, &lax, NOW, t, strlen(t), &c),
	    TOKEN_OK);
	assert_int_equal(c.exp, 1760000000 + 2592000);
	assert_int_equal(token_verify(&hs, 1, &lax, c.exp, t, strlen(t), &c),
	    TOKEN_EXPIRED);
	free(t);
	t = sign(HS256, "{\"alg\":\"HS256\"}",
	    "{\"did\":\"" DID "\",\"iat\":1760000089}");
	assert_int_equal(token_verify(&hs, 1, &lax, NOW, t, strlen(t), &c),
	    TOKEN_EXPIRED);
	free(t);
}

static void
test_identity(void **state)
{
	static const struct {
		const char		*payload;
		enum token_result	 want;
	} t[] = {
		{ "\"did\":\"did:plc:alice\"", TOKEN_OK },
		{ "\"sub\":\"did:plc:alice\"", TOKEN_OK },
		{ "\"sub\":\"did:plc:x\",\"did\":\"did:plc:alice\"",
		    TOKEN_OK },
		{ "\"sub\":17,\"did\":\"did:plc:alice\"", TOKEN_OK },
		{ "\"jti\":\"did:plc:alice\"", TOKEN_INVALID },
		{ "\"did\":\"\"", TOKEN_INVALID },
		{ "\"did\":\"did\"", TOKEN_INVALID },
		{ "\"did\":\"DID:plc:alice\"", TOKEN_INVALID },
		{ "\"did\":\" did:plc:alice\"", TOKEN_INVALID },
		{ "\"did\":\"alice\"", TOKEN_INVALID },
		{ "\"did\":null", TOKEN_INVALID },
		{ "\"did\":null,\"sub\":\"did:plc:alice\"", TOKEN_INVALID },
		{ "\"did\":7,\"sub\":\"did:plc:alice\"", TOKEN_INVALID },
		{ "\"did\":[\"did:plc:alice\"]", TOKEN_INVALID },
		{ "\"did\":\"did:plc:alice\\u0000bob\"", TOKEN_INVALID },
		{ "\"did\":\"did:plc:alice\\n\"", TOKEN_INVALID },
		{ "\"did\":\"did:plc:\\u007f\"", TOKEN_INVALID },
		{ "\"did\":\"did:plc:\\ud800\"", TOKEN_INVALID },
		{ "\"did\":\"did:plc:\xff\"", TOKEN_INVALID },
		{ "\"did\":\"did:plc:\xc0\x80\"", TOKEN_INVALID },
		{ "\"sub\":\"usr-1\"", TOKEN_INVALID }
	};
	static const struct token_policy	 any = {
		0, 86400, TOKEN_ID_ANY
	};
	struct token_claims			 c;
	char					 buf[256], *s;
	size_t					 i;

	(void)state;
	for (i = 0; i < nitems(t); i++) {
		snprintf(buf, sizeof(buf), "{%s,\"exp\":4102444800}",
		    t[i].payload);
		expect_payload(buf, t[i].want);
	}
	s = sign(HS256, "{\"alg\":\"HS256\"}",
	    "{\"sub\":\"usr-1\",\"exp\":4102444800}");
	assert_int_equal(token_verify(&hs, 1, &any, NOW, s, strlen(s), &c),
	    TOKEN_OK);
	assert_string_equal(c.principal, "usr-1");
	free(s);
}

/* One token, and two APIs that remember it: each has the name it takes. */
static void
test_identity_of_both(void **state)
{
	static const struct token_policy	 any = {
		0, 86400, TOKEN_ID_ANY
	}, did = {
		0, 86400, TOKEN_ID_DID
	};
	struct token_claims			 c;
	char					*s;
	int					 i;

	(void)state;
	s = sign(HS256, "{\"alg\":\"HS256\"}",
	    "{\"sub\":\"usr-1\",\"did\":\"did:plc:a\",\"exp\":4102444800}");
	for (i = 0; i < 4; i++) {
		assert_int_equal(token_verify(&hs, 1, i % 2 ? &any : &did,
		    NOW, s, strlen(s), &c), TOKEN_OK);
		assert_string_equal(c.principal, i % 2 ? "usr-1" :
		    "did:plc:a");
	}
	free(s);
	s = sign(HS256, "{\"alg\":\"HS256\"}",
	    "{\"did\":\"x\",\"exp\":4102444800}");
	assert_int_equal(token_verify(&hs, 1, &any, NOW, s, strlen(s), &c),
	    TOKEN_OK);
	assert_string_equal(c.principal, "x");
	free(s);
	s = sign(HS256, "{\"alg\":\"HS256\"}",
	    "{\"sub\":7,\"did\":\"did:plc:a\",\"exp\":4102444800}");
	assert_int_equal(token_verify(&hs, 1, &any, NOW, s, strlen(s), &c),
	    TOKEN_INVALID);
	free(s);
}

static void
test_identity_length(void **state)
{
	char	 did[2100], buf[2200];

	(void)state;
	memset(did, 'a', sizeof(did));
	memcpy(did, "did:", 4);
	did[2048] = '\0';
	snprintf(buf, sizeof(buf), "{\"did\":\"%s\",\"exp\":4102444800}",
	    did);
	expect_payload(buf, TOKEN_OK);
	did[2048] = 'a';
	did[2049] = '\0';
	snprintf(buf, sizeof(buf), "{\"did\":\"%s\",\"exp\":4102444800}",
	    did);
	expect_payload(buf, TOKEN_INVALID);
}

/* Names behave; a remembered signature is never a remembered decision. */
static void
test_cache(void **state)
{
	uint8_t	 name[HASH_LEN], hash[HASH_LEN];
	char	*t;

	(void)state;
	memset(hash, 7, sizeof(hash));
	token_cache_name(&hs, hash, name);
	assert_int_equal(token_cache_get(name, NOW), 0);
	token_cache_put(name, NOW, NOW + 1000);
	assert_int_equal(token_cache_get(name, NOW), 1);
	assert_int_equal(token_cache_get(name, NOW + 59), 1);
	assert_int_equal(token_cache_get(name, NOW + 60), 0);
	assert_int_equal(token_cache_get(name, NOW - 1), 0);
	token_cache_put(name, NOW, NOW + 5);
	assert_int_equal(token_cache_get(name, NOW + 4), 1);
	assert_int_equal(token_cache_get(name, NOW + 5), 0);
	token_cache_flush();
	assert_int_equal(token_cache_get(name, NOW), 0);
	token_cache_put(name, NOW, NOW);
	assert_int_equal(token_cache_get(name, NOW), 0);
	token_cache_name(&es, hash, name);
	assert_int_equal(token_cache_get(name, NOW), 0);

	t = sign(ES256, "{\"alg\":\"ES256\"}",
	    "{\"did\":\"" DID "\",\"exp\":1760000110}");
	assert_int_equal(check_at(&es, t, NOW), TOKEN_OK);
	assert_int_equal(check_at(&es, t, NOW + 9), TOKEN_OK);
	assert_int_equal(check_at(&es, t, NOW + 10), TOKEN_EXPIRED);
	free(t);
}

static void
test_cache_bounded(void **state)
{
	uint8_t	 name[HASH_LEN];
	int	 i, found;

	(void)state;
	token_cache_flush();
	memset(name, 0, sizeof(name));
	for (i = 0; i < 100; i++) {
		name[1] = (uint8_t)i;
		token_cache_put(name, NOW + i, NOW + 1000);
	}
	found = 0;
	for (i = 0; i < 100; i++) {
		name[1] = (uint8_t)i;
		found += token_cache_get(name, NOW + i);
	}
	assert_int_equal(found, 4);
	assert_int_equal(token_cache_get(name, NOW + 99), 1);
	token_cache_flush();
}

int
main(void)
{
	static const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_absent),
		cmocka_unit_test(test_claims_out),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_grace),
		cmocka_unit_test(test_identity),
		cmocka_unit_test(test_identity_of_both),
		cmocka_unit_test(test_identity_length),
		cmocka_unit_test(test_cache),
		cmocka_unit_test(test_cache_bounded)
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return (cmocka_run_group_tests(tests, forge_setup, forge_teardown));
}
