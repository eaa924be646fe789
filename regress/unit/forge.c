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

#include "forge.h"

const struct token_policy	 policy = { 0, 86400, TOKEN_ID_DID };
struct token_key		 hs, es, rs;
EVP_PKEY			*rsakey;
static EVP_PKEY			*eckey;

static void	 b64(char *, const uint8_t *, size_t);
static size_t	 sign_hmac(const EVP_MD *, const char *, uint8_t *);
static size_t	 sign_ec(const char *, uint8_t *);
static size_t	 sign_rsa(const EVP_MD *, int, const char *, uint8_t *);
static void	 key_public(struct token_key *, enum token_alg, EVP_PKEY *);

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

char *
sign(enum how how, const char *header, const char *payload)
{
	return (sign_len(how, header, payload, strlen(payload)));
}

char *
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

char *
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

enum token_result
check(const struct token_key *key, const char *token)
{
	return (check_at(key, token, NOW));
}

enum token_result
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

void
expect_payload(const char *payload, enum token_result want)
{
	char	*t;

	t = sign(HS256, "{\"alg\":\"HS256\",\"typ\":\"JWT\"}", payload);
	if (check(&hs, t) != want)
		fail_msg("result %d for %s", (int)check(&hs, t), payload);
	free(t);
}

int
forge_setup(void **state)
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

int
forge_teardown(void **state)
{
	(void)state;
	free((void *)(uintptr_t)es.key);
	free((void *)(uintptr_t)rs.key);
	EVP_PKEY_free(eckey);
	EVP_PKEY_free(rsakey);
	return (0);
}
