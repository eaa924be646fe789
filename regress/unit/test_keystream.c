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

/* links: sessiond/keystream.c */
/* pkgs: libcrypto */

#include "compat.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#ifdef OPENSSL_VERSION_MAJOR
#include <openssl/provider.h>
#endif
#include <openssl/rand.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "keystream.h"

#ifdef OPENSSL_VERSION_MAJOR

/*
 * The cipher that makes its key stream ahead must do to each byte what
 * OpenSSL's own does, however the bytes are cut into calls.
 */

#define LONGEST	10000
#define ROUNDS	300

static const char *const	 names[] = { "AES-128-CTR", "AES-256-CTR" };

static uint8_t	 text[LONGEST], wanted[LONGEST], got[LONGEST];

static const char *
provider_of(const EVP_CIPHER_CTX *ctx)
{
	return (OSSL_PROVIDER_get0_name(EVP_CIPHER_get0_provider(
	    EVP_CIPHER_CTX_get0_cipher(ctx))));
}

/* By the name that libssh2 uses, and of OpenSSL's own provider. */
static EVP_CIPHER_CTX *
ours(size_t i)
{
	EVP_CIPHER_CTX	*ctx;

	assert_non_null(ctx = EVP_CIPHER_CTX_new());
	assert_int_equal(EVP_CipherInit(ctx, i == 0 ? EVP_aes_128_ctr() :
	    EVP_aes_256_ctr(), NULL, NULL, 0), 1);
	assert_string_equal(provider_of(ctx), KEYSTREAM_NAME);
	return (ctx);
}

static EVP_CIPHER_CTX *
theirs(size_t i)
{
	EVP_CIPHER_CTX	*ctx;
	EVP_CIPHER	*cipher;

	assert_non_null(cipher = EVP_CIPHER_fetch(NULL, names[i],
	    "provider=default"));
	assert_non_null(ctx = EVP_CIPHER_CTX_new());
	assert_int_equal(EVP_EncryptInit_ex(ctx, cipher, NULL, NULL, NULL),
	    1);
	EVP_CIPHER_free(cipher);
	assert_string_equal(provider_of(ctx), "default");
	return (ctx);
}

static void
set(EVP_CIPHER_CTX *ctx, const uint8_t *key, const uint8_t *iv)
{
	assert_int_equal(EVP_CipherInit_ex(ctx, NULL, NULL, key, iv, -1), 1);
}

/* One way that callers have to go over some bytes, and back. */
static void
step(EVP_CIPHER_CTX *ctx, size_t at, size_t len)
{
	int	 n;

	if (arc4random_uniform(2) == 0) {
		assert_int_equal(EVP_Cipher(ctx, got + at, text + at, len),
		    len);
		return;
	}
	memcpy(got + at, text + at, len);
	assert_int_equal(EVP_CipherUpdate(ctx, got + at, &n, got + at, len),
	    1);
	assert_int_equal(n, len);
}

/* Some bytes under one key, in pieces of at most `piece'. */
static void
compare(EVP_CIPHER_CTX *a, EVP_CIPHER_CTX *b, size_t total, size_t piece)
{
	size_t	 at, len;
	int	 n;

	arc4random_buf(text, total);
	assert_int_equal(EVP_EncryptUpdate(b, wanted, &n, text, total), 1);
	for (at = 0; at < total; at += len) {
		len = 1 + arc4random_uniform(piece);
		if (len > total - at)
			len = total - at;
		step(a, at, len);
	}
	assert_memory_equal(got, wanted, total);
}

static void
test_same(void **state)
{
	static const size_t	 pieces[] = { 1, 16, 40, 1024, 5000 };
	EVP_CIPHER_CTX		*a, *b;
	uint8_t			 key[32], iv[16];
	size_t			 i, j, round;

	(void)state;
	for (i = 0; i < nitems(names); i++) {
		a = ours(i);
		b = theirs(i);
		for (round = 0; round < ROUNDS; round++) {
			arc4random_buf(key, sizeof(key));
			arc4random_buf(iv, sizeof(iv));
			/* The counter passes its end. */
			if (round % 3 == 0)
				memset(iv, 0xff, sizeof(iv));
			set(a, key, iv);
			set(b, key, iv);
			for (j = 0; j < nitems(pieces); j++)
				compare(a, b, 1 + arc4random_uniform(LONGEST),
				    pieces[j]);
		}
		EVP_CIPHER_CTX_free(a);
		EVP_CIPHER_CTX_free(b);
	}
}

/* As libssh2 has it: whole blocks, one at a time, and new keys in between. */
static void
test_blocks(void **state)
{
	EVP_CIPHER_CTX	*a, *b;
	uint8_t		 key[32], iv[16];
	size_t		 at, i, round;
	int		 n;

	(void)state;
	for (i = 0; i < nitems(names); i++) {
		for (round = 0; round < 10; round++) {
			arc4random_buf(key, sizeof(key));
			arc4random_buf(iv, sizeof(iv));
			arc4random_buf(text, 8000);
			assert_non_null(a = EVP_CIPHER_CTX_new());
			assert_int_equal(EVP_CipherInit(a, i == 0 ?
			    EVP_aes_128_ctr() : EVP_aes_256_ctr(), key, iv,
			    round % 2), 1);
			b = theirs(i);
			set(b, key, iv);
			assert_int_equal(EVP_EncryptUpdate(b, wanted, &n,
			    text, 8000), 1);
			for (at = 0; at < 8000; at += 16)
				assert_int_equal(EVP_Cipher(a, got + at,
				    text + at, 16), 16);
			assert_memory_equal(got, wanted, 8000);
			EVP_CIPHER_CTX_free(a);
			EVP_CIPHER_CTX_free(b);
		}
	}
}

/* Key and IV may come one by one, but nothing goes without both. */
static void
test_order(void **state)
{
	EVP_CIPHER_CTX	*a, *b;
	uint8_t		 key[32], iv[16];
	size_t		 i;

	(void)state;
	memset(key, 1, sizeof(key));
	memset(iv, 2, sizeof(iv));
	for (i = 0; i < nitems(names); i++) {
		a = ours(i);
		b = theirs(i);
		assert_int_equal(EVP_Cipher(a, got, text, 16), -1);
		set(a, key, NULL);
		assert_int_equal(EVP_Cipher(a, got, text, 16), -1);
		set(a, NULL, iv);
		set(b, key, iv);
		compare(a, b, 1000, 100);
		/* Another IV under the same key. */
		memset(iv, 3, sizeof(iv));
		set(a, NULL, iv);
		set(b, NULL, iv);
		compare(a, b, 1000, 100);
		/* It does not go on in the middle with another key. */
		memset(key, 4, sizeof(key));
		set(a, key, NULL);
		assert_int_equal(EVP_Cipher(a, got, text, 16), -1);
		set(a, NULL, iv);
		set(b, key, iv);
		compare(a, b, 1000, 100);
		EVP_CIPHER_CTX_free(a);
		EVP_CIPHER_CTX_free(b);
	}
}

static void
test_properties(void **state)
{
	EVP_CIPHER_CTX	*ctx;

	(void)state;
	ctx = ours(1);
	assert_int_equal(EVP_CIPHER_CTX_get_mode(ctx), EVP_CIPH_CTR_MODE);
	assert_int_equal(EVP_CIPHER_CTX_get_key_length(ctx), 32);
	assert_int_equal(EVP_CIPHER_CTX_get_iv_length(ctx), 16);
	assert_int_equal(EVP_CIPHER_CTX_get_block_size(ctx), 1);
	EVP_CIPHER_CTX_free(ctx);
}

/* All else is OpenSSL's own, the generator of random numbers included. */
static void
test_others(void **state)
{
	EVP_RAND_CTX	*drbg;
	EVP_CIPHER	*cipher;
	EVP_MD		*md;
	uint8_t		 a[32], b[32];

	(void)state;
	assert_non_null(md = EVP_MD_fetch(NULL, "SHA256", NULL));
	assert_string_equal(OSSL_PROVIDER_get0_name(EVP_MD_get0_provider(md)),
	    "default");
	EVP_MD_free(md);
	assert_non_null(cipher = EVP_CIPHER_fetch(NULL, "AES-256-CBC", NULL));
	assert_string_equal(OSSL_PROVIDER_get0_name(
	    EVP_CIPHER_get0_provider(cipher)), "default");
	EVP_CIPHER_free(cipher);
	assert_non_null(drbg = RAND_get0_public(NULL));
	assert_string_equal(OSSL_PROVIDER_get0_name(EVP_RAND_get0_provider(
	    EVP_RAND_CTX_get0_rand(drbg))), "default");
	assert_int_equal(RAND_bytes(a, sizeof(a)), 1);
	assert_int_equal(RAND_priv_bytes(b, sizeof(b)), 1);
	assert_memory_not_equal(a, b, sizeof(a));
}

/* As the worker has it: what stays loaded is not to be unloaded. */
static int
setup(void **state)
{
	(void)state;
	if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG |
	    OPENSSL_INIT_NO_ATEXIT, NULL) != 1)
		return (-1);
	return (keystream_setup());
}

int
main(void)
{
	static const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_properties),
		cmocka_unit_test(test_others)
	};

	return (cmocka_run_group_tests(tests, setup, NULL));
}

#else /* OPENSSL_VERSION_MAJOR */

/* LibreSSL knows no providers: there its own cipher is used. */
static void
test_none(void **state)
{
	(void)state;
	assert_int_equal(keystream_setup(), 0);
}

int
main(void)
{
	static const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_none)
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}

#endif /* OPENSSL_VERSION_MAJOR */
