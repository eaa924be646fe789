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
 * Tokens: the vectors of the pocketenv interface, and forgeries.  What can
 * break: libjwt takes the algorithm from the token, ignores times, forgives
 * junk after a signature and lets json-c and jansson choose among members
 * of one name.  Everything here is signed by OpenSSL directly, so that even
 * a token which libjwt would never make can be right but for one thing.
 */
/* links: gatewayd/token.c gatewayd/token_cache.c gatewayd/token_key.c
 *	proto/base64.c proto/jsonscan.c */
/* pkgs: json-c libjwt libcrypto */

#include "compat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "token.h"
#include "token_cache.h"
#include "test_token_vectors.h"

#define NEVER	4102444800
#define DID	"did:plc:alice"
#define BIG	20000

/* How sign() signs. */
enum how { HS256, HS384, HS512, ES256, RS256, RS512, PS256 };

static const struct token_policy	 policy = { 0, 86400, TOKEN_ID_DID };
static struct token_key			 hs, es, rs;
static EVP_PKEY				*eckey, *rsakey;

static void	 b64(char *, const uint8_t *, size_t);
static char	*sign(enum how, const char *, const char *);
static char	*sign_len(enum how, const char *, const char *, size_t);
static size_t	 sign_hmac(const EVP_MD *, const char *, uint8_t *);
static size_t	 sign_ec(const char *, uint8_t *);
static size_t	 sign_rsa(const EVP_MD *, int, const char *, uint8_t *);
static void	 key_public(struct token_key *, enum token_alg, EVP_PKEY *);
static char	*pem_of(EVP_PKEY *, int);
static enum token_result
		 check(const struct token_key *, const char *);
static enum token_result
		 check_at(const struct token_key *, const char *, int64_t);
static void	 expect_payload(const char *, enum token_result);
static void	 expect_header(const char *, enum token_result);

static void
b64(char *out, const uint8_t *in, size_t len)
{
	static const char	 abc[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz0123456789-_";
	uint32_t		 v;
	size_t			 i, k;

	for (i = 0; i < len; i += 3) {
		v = (uint32_t)in[i] << 16;
		if (i + 1 < len)
			v |= (uint32_t)in[i + 1] << 8;
		if (i + 2 < len)
			v |= in[i + 2];
		for (k = 0; k < 4 && i + k <= len; k++)
			*out++ = abc[v >> (18 - 6 * k) & 63];
	}
	*out = '\0';
}

static char *
sign(enum how how, const char *header, const char *payload)
{
	return (sign_len(how, header, payload, strlen(payload)));
}

/* A token of any header and payload; the caller frees it. */
static char *
sign_len(enum how how, const char *header, const char *payload, size_t len)
{
	uint8_t	 sig[1024];
	char	*text;
	size_t	 n;

	n = 0;
	assert_non_null(text = calloc(1, BIG * 2));
	b64(text, (const uint8_t *)header, strlen(header));
	strlcat(text, ".", BIG * 2);
	b64(text + strlen(text), (const uint8_t *)payload, len);
	switch (how) {
	case HS256:
		n = sign_hmac(EVP_sha256(), text, sig);
		break;
	case HS384:
		n = sign_hmac(EVP_sha384(), text, sig);
		break;
	case HS512:
		n = sign_hmac(EVP_sha512(), text, sig);
		break;
	case ES256:
		n = sign_ec(text, sig);
		break;
	case RS256:
		n = sign_rsa(EVP_sha256(), RSA_PKCS1_PADDING, text, sig);
		break;
	case RS512:
		n = sign_rsa(EVP_sha512(), RSA_PKCS1_PADDING, text, sig);
		break;
	case PS256:
		n = sign_rsa(EVP_sha256(), RSA_PKCS1_PSS_PADDING, text, sig);
		break;
	}
	strlcat(text, ".", BIG * 2);
	b64(text + strlen(text), sig, n);
	return (text);
}

static size_t
sign_hmac(const EVP_MD *md, const char *text, uint8_t *sig)
{
	unsigned int	 n;

	assert_non_null(HMAC(md, hs.key, (int)hs.keylen,
	    (const uint8_t *)text, strlen(text), sig, &n));
	return (n);
}

static size_t
sign_ec(const char *text, uint8_t *sig)
{
	EVP_MD_CTX	*ctx;
	ECDSA_SIG	*ec;
	uint8_t		 der[128];
	const uint8_t	*p;
	size_t		 n;

	n = sizeof(der);
	assert_non_null(ctx = EVP_MD_CTX_new());
	assert_int_equal(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL,
	    eckey), 1);
	assert_int_equal(EVP_DigestSign(ctx, der, &n, (const uint8_t *)text,
	    strlen(text)), 1);
	EVP_MD_CTX_free(ctx);
	p = der;
	assert_non_null(ec = d2i_ECDSA_SIG(NULL, &p, (long)n));
	BN_bn2binpad(ECDSA_SIG_get0_r(ec), sig, 32);
	BN_bn2binpad(ECDSA_SIG_get0_s(ec), sig + 32, 32);
	ECDSA_SIG_free(ec);
	return (64);
}

static size_t
sign_rsa(const EVP_MD *md, int padding, const char *text, uint8_t *sig)
{
	EVP_MD_CTX	*ctx;
	EVP_PKEY_CTX	*pctx;
	size_t		 n;

	n = 1024;
	assert_non_null(ctx = EVP_MD_CTX_new());
	assert_int_equal(EVP_DigestSignInit(ctx, &pctx, md, NULL, rsakey), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(pctx, padding), 1);
	assert_int_equal(EVP_DigestSign(ctx, sig, &n, (const uint8_t *)text,
	    strlen(text)), 1);
	EVP_MD_CTX_free(ctx);
	return (n);
}

static char *
pem_of(EVP_PKEY *pkey, int private)
{
	BIO	*bio;
	char	*data, *copy;
	long	 n;

	assert_non_null(bio = BIO_new(BIO_s_mem()));
	if (private)
		assert_int_equal(PEM_write_bio_PrivateKey(bio, pkey, NULL,
		    NULL, 0, NULL, NULL), 1);
	else
		assert_int_equal(PEM_write_bio_PUBKEY(bio, pkey), 1);
	n = BIO_get_mem_data(bio, &data);
	assert_non_null(copy = calloc(1, (size_t)n + 1));
	memcpy(copy, data, (size_t)n);
	BIO_free(bio);
	return (copy);
}

static void
key_public(struct token_key *key, enum token_alg alg, EVP_PKEY *pkey)
{
	memset(key, 0, sizeof(*key));
	key->alg = alg;
	key->key = (const uint8_t *)pem_of(pkey, 0);
	key->keylen = strlen((const char *)key->key);
}

static enum token_result
check(const struct token_key *key, const char *token)
{
	return (check_at(key, token, NOW));
}

/* Every check also looks at what must hold whatever the result. */
static enum token_result
check_at(const struct token_key *key, const char *token, int64_t now)
{
	static const struct token_claims	 none;
	struct token_claims			 c, pub;
	enum token_result			 res, again;

	res = token_verify(key, 1, &policy, now, token, strlen(token), &c);
	if (res != TOKEN_OK)
		assert_memory_equal(&c, &none, sizeof(c));
	else
		assert_true(c.exp > now);
	/* A second time, now that a good signature may be remembered. */
	again = token_verify(key, 1, &policy, now, token, strlen(token),
	    &pub);
	assert_int_equal(res, again);
	assert_memory_equal(&c, &pub, sizeof(c));
	again = token_check_public(key, 1, &policy, now, token,
	    strlen(token), &pub);
	assert_int_equal(res, again);
	return (res);
}

static void
expect_payload(const char *payload, enum token_result want)
{
	char	*t;

	t = sign(HS256, "{\"alg\":\"HS256\",\"typ\":\"JWT\"}", payload);
	if (check(&hs, t) != want)
		fail_msg("result %d for %s", (int)check(&hs, t), payload);
	free(t);
}

static void
expect_header(const char *header, enum token_result want)
{
	char	*t;

	t = sign(HS256, header, "{\"did\":\"" DID "\",\"exp\":4102444800}");
	if (check(&hs, t) != want)
		fail_msg("result %d for %s", (int)check(&hs, t), header);
	free(t);
}

static int
setup(void **state)
{
	(void)state;
	assert_int_equal(token_init(), 0);
	memset(&hs, 0, sizeof(hs));
	hs.alg = TOKEN_HS256;
	hs.key = (const uint8_t *)SECRET;
	hs.keylen = strlen(SECRET);
	assert_non_null(eckey = EVP_EC_gen("P-256"));
	assert_non_null(rsakey = EVP_RSA_gen(2048));
	key_public(&es, TOKEN_ES256, eckey);
	key_public(&rs, TOKEN_RS256, rsakey);
	return (0);
}

static int
teardown(void **state)
{
	(void)state;
	free((void *)(uintptr_t)es.key);
	free((void *)(uintptr_t)rs.key);
	EVP_PKEY_free(eckey);
	EVP_PKEY_free(rsakey);
	return (0);
}

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
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_absent),
		cmocka_unit_test(test_claims_out),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_grace),
		cmocka_unit_test(test_identity),
		cmocka_unit_test(test_identity_length),
		cmocka_unit_test(test_payload_form),
		cmocka_unit_test(test_payload_nul),
		cmocka_unit_test(test_many_members),
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_algorithms),
		cmocka_unit_test(test_public_as_secret),
		cmocka_unit_test(test_signature_text),
		cmocka_unit_test(test_nul_in_token),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_several_keys),
		cmocka_unit_test(test_public_check),
		cmocka_unit_test(test_cache),
		cmocka_unit_test(test_cache_bounded),
		cmocka_unit_test(test_mint),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_weak_keys)
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return (cmocka_run_group_tests(tests, setup, teardown));
}
