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
 * Tokens: forgeries.  What can break: libjwt takes the algorithm from the
 * token, forgives junk after a signature and lets json-c and jansson choose
 * among members of one name.
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
#include "test_token_vectors.h"

static void	 expect_header(const char *, enum token_result);

static void
expect_header(const char *header, enum token_result want)
{
	char	*t;

	t = sign(HS256, header, "{\"did\":\"" DID "\",\"exp\":4102444800}");
	if (check(&hs, t) != want)
		fail_msg("result %d for %s", (int)check(&hs, t), header);
	free(t);
}

static void
test_payload_form(void **state)
{
	static const char	*bad[] = {
		"", "null", "[]", "\"x\"", "{", "{}", "{} ",
		"{\"did\":\"" DID "\",\"exp\":4102444800",
		"{\"did\":\"" DID "\",\"exp\":4102444800}}",
		"{\"did\":\"" DID "\",\"exp\":4102444800} {}",
		"{\"did\":\"" DID "\",\"exp\":4102444800}\v",
		"{\"did\":\"" DID "\",\"exp\":4102444800,}",
		"{'did':'" DID "','exp':4102444800}",
		"{\"did\":\"" DID "\",/* */\"exp\":4102444800}",
		"\xef\xbb\xbf{\"did\":\"" DID "\",\"exp\":4102444800}",
		/* Two members of one name, at any depth, however written. */
		"{\"did\":\"did:x\",\"did\":\"" DID "\",\"exp\":4102444800}",
		"{\"did\":\"did:x\",\"d\\u0069d\":\"" DID
		    "\",\"exp\":4102444800}",
		"{\"did\":\"" DID "\",\"exp\":1,\"exp\":4102444800}",
		"{\"did\":\"" DID "\",\"exp\":4102444800,\"a\":"
		    "{\"b\":{\"c\":1,\"c\":1}}}",
		"{\"did\":\"" DID "\",\"exp\":4102444800,\"a\":"
		    "[[{\"\\u00e9\":1,\"\xc3\xa9\":1}]]}",
		"{\"did\":\"" DID "\",\"exp\":4102444800,"
		    "\"\\ud83d\\udd11\":1,\"\xf0\x9f\x94\x91\":1}",
		"{\"did\":\"" DID "\",\"exp\":4102444800,\"did\\u0000\":1}",
		"{\"did\":\"" DID "\",\"exp\":4102444800,\"a\":"
		    "[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}",
	};
	static const char	*good[] = {
		"{\"did\":\"" DID "\",\"exp\":4102444800}",
		" {\t\"did\" : \"" DID "\",\r\n\"exp\":4102444800 } ",
		"{\"\\u0064id\":\"" DID "\",\"exp\":4102444800}",
		"{\"did\":\"did\\u003aplc:alice\",\"exp\":4102444800}",
		"{\"did\":\"" DID "\",\"exp\":4102444800,"
		    "\"https:\\/\\/example.org\\/a\":[{\"a\":1},{\"a\":2}]}",
		"{\"did\":\"" DID "\",\"exp\":4102444800,\"a\":"
		    "[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]}",
		"{\"did\":\"" DID "\",\"exp\":4102444800,\"x\":-0.5e+3,"
		    "\"y\":[true,false,null,\"\\\"\\\\\\b\\f\\n\\r\\t\"]}",
	};
	size_t			 i;

	(void)state;
	for (i = 0; i < nitems(bad); i++)
		expect_payload(bad[i], TOKEN_INVALID);
	for (i = 0; i < nitems(good); i++)
		expect_payload(good[i], TOKEN_OK);
}

static void
test_payload_nul(void **state)
{
	static const char	 p[] = "{\"did\":\"" DID
				    "\",\"exp\":4102444800}\0{\"did\":\"x\"}";
	static const char	 q[] = "{\"did\":\"" DID
				    "\0\",\"exp\":4102444800}";
	char			*t;

	(void)state;
	t = sign_len(HS256, "{\"alg\":\"HS256\"}", p, sizeof(p) - 1);
	assert_int_equal(check(&hs, t), TOKEN_INVALID);
	free(t);
	t = sign_len(HS256, "{\"alg\":\"HS256\"}", q, sizeof(q) - 1);
	assert_int_equal(check(&hs, t), TOKEN_INVALID);
	free(t);
}

static void
test_many_members(void **state)
{
	char	 buf[4096];
	size_t	 i;

	(void)state;
	strlcpy(buf, "{\"did\":\"" DID "\",\"exp\":4102444800", sizeof(buf));
	for (i = 0; i < 126; i++)
		snprintf(buf + strlen(buf), sizeof(buf) - strlen(buf),
		    ",\"m%zu\":%zu", i, i);
	strlcat(buf, "}", sizeof(buf));
	expect_payload(buf, TOKEN_OK);
	buf[strlen(buf) - 1] = '\0';
	strlcat(buf, ",\"one\":1}", sizeof(buf));
	expect_payload(buf, TOKEN_INVALID);
}

static void
test_header(void **state)
{
	(void)state;
	expect_header("{\"alg\":\"HS256\"}", TOKEN_OK);
	expect_header("{\"typ\":\"JWT\",\"alg\":\"HS256\"}", TOKEN_OK);
	expect_header("{\"typ\":\"jwt\",\"alg\":\"HS256\"}", TOKEN_OK);
	expect_header("{\"alg\":\"HS256\",\"kid\":\"x\",\"jku\":\"u\"}",
	    TOKEN_OK);
	expect_header("{\"typ\":\"JWE\",\"alg\":\"HS256\"}", TOKEN_INVALID);
	expect_header("{\"typ\":1,\"alg\":\"HS256\"}", TOKEN_INVALID);
	expect_header("{}", TOKEN_INVALID);
	expect_header("[]", TOKEN_INVALID);
	expect_header("{\"alg\":null}", TOKEN_INVALID);
	expect_header("{\"alg\":256}", TOKEN_INVALID);
	expect_header("{\"alg\":\"none\"}", TOKEN_INVALID);
	expect_header("{\"alg\":\"None\"}", TOKEN_INVALID);
	expect_header("{\"alg\":\"\"}", TOKEN_INVALID);
	expect_header("{\"alg\":\"hs256\"}", TOKEN_INVALID);
	expect_header("{\"alg\":\"HS256 \"}", TOKEN_INVALID);
	expect_header("{\"alg\":\"HS256\\u0000\"}", TOKEN_INVALID);
	expect_header("{\"alg\":\"HS384\"}", TOKEN_INVALID);
	expect_header("{\"alg\":\"RS256\"}", TOKEN_INVALID);
	expect_header("{\"alg\":\"none\",\"alg\":\"HS256\"}", TOKEN_INVALID);
	expect_header("{\"alg\":\"HS256\",\"alg\":\"HS256\"}",
	    TOKEN_INVALID);
	expect_header("{\"alg\":\"HS256\",\"jwk\":{\"a\":1,\"a\":2}}",
	    TOKEN_INVALID);
	expect_header("{\"alg\":\"HS256\",\"crit\":[]}", TOKEN_INVALID);
	expect_header("{\"alg\":\"HS256\",\"crit\":[\"b64\"],\"b64\":false}",
	    TOKEN_INVALID);
	expect_header("{\"alg\":\"HS256\",\"kid\":1}", TOKEN_INVALID);
	expect_header("{\"alg\":\"HS256\"} x", TOKEN_INVALID);
}

/* Right signatures of wrong algorithms, and keys used as what they are not. */
static void
test_algorithms(void **state)
{
	static const struct {
		enum how	 how;
		const char	*header;
		int		 hs, es, rs;	/* the key that takes it */
	} t[] = {
		{ HS256, "{\"alg\":\"HS256\"}", 1, 0, 0 },
		{ ES256, "{\"alg\":\"ES256\"}", 0, 1, 0 },
		{ RS256, "{\"alg\":\"RS256\"}", 0, 0, 1 },
		{ HS384, "{\"alg\":\"HS384\"}", 0, 0, 0 },
		{ HS512, "{\"alg\":\"HS512\"}", 0, 0, 0 },
		{ RS512, "{\"alg\":\"RS512\"}", 0, 0, 0 },
		{ PS256, "{\"alg\":\"PS256\"}", 0, 0, 0 },
		{ PS256, "{\"alg\":\"RS256\"}", 0, 0, 0 },
		{ RS512, "{\"alg\":\"RS256\"}", 0, 0, 0 },
		{ HS384, "{\"alg\":\"HS256\"}", 0, 0, 0 },
		{ ES256, "{\"alg\":\"ES384\"}", 0, 0, 0 },
		{ ES256, "{\"alg\":\"none\"}", 0, 0, 0 },
		{ HS256, "{\"alg\":\"ES256\"}", 0, 0, 0 },
		{ HS256, "{\"alg\":\"RS256\"}", 0, 0, 0 }
	};
	char	*s;
	size_t	 i;

	(void)state;
	for (i = 0; i < nitems(t); i++) {
		s = sign(t[i].how, t[i].header,
		    "{\"did\":\"" DID "\",\"exp\":4102444800}");
		assert_int_equal(check(&hs, s),
		    t[i].hs ? TOKEN_OK : TOKEN_INVALID);
		assert_int_equal(check(&es, s),
		    t[i].es ? TOKEN_OK : TOKEN_INVALID);
		assert_int_equal(check(&rs, s),
		    t[i].rs ? TOKEN_OK : TOKEN_INVALID);
		free(s);
	}
}

/* Everybody has the public key: as HMAC secret it must be worth nothing. */
static void
test_public_as_secret(void **state)
{
	struct token_key	 real;
	char			*t;

	(void)state;
	real = hs;
	hs.key = rs.key;
	hs.keylen = rs.keylen;
	t = sign(HS256, "{\"alg\":\"HS256\"}",
	    "{\"did\":\"" DID "\",\"exp\":4102444800}");
	hs = real;
	assert_int_equal(check(&rs, t), TOKEN_INVALID);
	assert_int_equal(check(&hs, t), TOKEN_INVALID);
	free(t);
}

static void
test_signature_text(void **state)
{
	static const char	*tail[] = {
		"=", "==", "A", "AA", "AAAA", ".", ".x", " ", "\n", "%20",
		"\x80", ".eyJhbGciOiJIUzI1NiJ9"
	};
	const char		*good;
	char			 buf[1024];
	size_t			 i, n;

	(void)state;
	good = vectors[0].token;
	n = strlen(good);
	for (i = 0; i < nitems(tail); i++) {
		snprintf(buf, sizeof(buf), "%s%s", good, tail[i]);
		assert_int_equal(check(&hs, buf), TOKEN_INVALID);
		snprintf(buf, sizeof(buf), "%s%s", tail[i], good);
		assert_int_equal(check(&hs, buf), TOKEN_INVALID);
	}
	/* Every shorter text. */
	for (i = 1; i < n; i++) {
		strlcpy(buf, good, i + 1);
		assert_int_equal(check(&hs, buf), TOKEN_INVALID);
	}
	/* Every single changed bit: also the unused ones of the last digit. */
	for (i = 0; i < n * 8; i++) {
		strlcpy(buf, good, sizeof(buf));
		buf[i / 8] = (char)(buf[i / 8] ^ 1 << i % 8);
		if (strlen(buf) == n)
			assert_int_equal(check(&hs, buf), TOKEN_INVALID);
	}
	/* The same value with other trailing bits. */
	strlcpy(buf, good, sizeof(buf));
	assert_int_equal(buf[n - 1], '8');
	buf[n - 1] = '9';
	assert_int_equal(check(&hs, buf), TOKEN_INVALID);
}

static void
test_nul_in_token(void **state)
{
	struct token_claims	 c;
	const char		*good;
	char			 buf[1024];
	size_t			 n;

	(void)state;
	good = vectors[0].token;
	n = strlen(good);
	memset(buf, 0, sizeof(buf));
	memcpy(buf, good, n);
	assert_int_equal(token_verify(&hs, 1, &policy, NOW, buf, n + 1, &c),
	    TOKEN_INVALID);
	assert_int_equal(token_verify(&hs, 1, &policy, NOW, buf, n + 3, &c),
	    TOKEN_INVALID);
}

static void
test_size(void **state)
{
	char	 payload[BIG], *t;
	size_t	 n;

	(void)state;
	for (n = 5900; n < 6300; n++) {
		snprintf(payload, sizeof(payload),
		    "{\"did\":\"%s\",\"exp\":4102444800,\"x\":\"%0*d\"}",
		    DID, (int)n, 0);
		t = sign(HS256, "{\"alg\":\"HS256\"}", payload);
		assert_int_equal(check(&hs, t),
		    strlen(t) <= TOKEN_MAX ? TOKEN_OK : TOKEN_INVALID);
		free(t);
	}
	memset(payload, 'A', sizeof(payload));
	payload[sizeof(payload) - 1] = '\0';
	assert_int_equal(check(&hs, payload), TOKEN_INVALID);
	memset(payload, '.', sizeof(payload) - 1);
	assert_int_equal(check(&hs, payload), TOKEN_INVALID);
}

int
main(void)
{
	static const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_payload_form),
		cmocka_unit_test(test_payload_nul),
		cmocka_unit_test(test_many_members),
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_algorithms),
		cmocka_unit_test(test_public_as_secret),
		cmocka_unit_test(test_signature_text),
		cmocka_unit_test(test_nul_in_token),
		cmocka_unit_test(test_size)
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return (cmocka_run_group_tests(tests, forge_setup, forge_teardown));
}
