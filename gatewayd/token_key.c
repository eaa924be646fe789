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

#include <limits.h>
#include <stdint.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pem.h>

#include "token.h"

#define RSA_BITS_MIN	2048
#define RSA_BITS_MAX	8192
#define SECRET_GOOD	32	/* RFC 7518, 3.2: as long as the hash */

static int	 check_secret(const struct token_key *, const char **);
static int	 check_pem(const struct token_key *, const char **);
static int	 check_public(const struct token_key *, EVP_PKEY *,
		    const char **);
static int	 pem_no_password(char *, int, int, void *);

const char *
token_alg_name(enum token_alg alg)
{
	switch (alg) {
	case TOKEN_HS256:
		return ("hs256");
	case TOKEN_ES256:
		return ("es256");
	case TOKEN_RS256:
		return ("rs256");
	}
	return ("unknown");
}

int
token_key_check(const struct token_key *key, const char **why)
{
	*why = NULL;
	if (key->key == NULL || key->keylen == 0) {
		*why = "key is empty";
		return (-1);
	}
	if (key->keylen > TOKEN_KEY_MAX) {
		*why = "key is too long";
		return (-1);
	}
	switch (key->alg) {
	case TOKEN_HS256:
		return (check_secret(key, why));
	case TOKEN_ES256:
	case TOKEN_RS256:
		return (check_pem(key, why));
	}
	*why = "unknown algorithm";
	return (-1);
}

static int
check_secret(const struct token_key *key, const char **why)
{
	/* A public key as secret would let everybody sign. */
	if (memmem(key->key, key->keylen, "-----BEGIN ", 11) != NULL) {
		*why = "secret is a PEM file";
		return (-1);
	}
	if (key->keylen < SECRET_GOOD)
		*why = "secret is shorter than 32 bytes";
	return (0);
}

static int
check_pem(const struct token_key *key, const char **why)
{
	BIO		*bio;
	EVP_PKEY	*pkey;
	const uint8_t	*begin, *rest;
	size_t		 left;
	int		 ret;

	begin = memmem(key->key, key->keylen, "-----BEGIN ", 11);
	if (begin == NULL) {
		*why = "not a PEM file";
		return (-1);
	}
	if (memmem(key->key, key->keylen, "PRIVATE KEY", 11) != NULL) {
		*why = "private key where the public one belongs";
		return (-1);
	}
	rest = begin + 11;
	left = key->keylen - (size_t)(rest - key->key);
	if (memmem(rest, left, "-----BEGIN ", 11) != NULL) {
		*why = "more than one PEM block";
		return (-1);
	}
	if ((bio = BIO_new_mem_buf(key->key, (int)key->keylen)) == NULL) {
		*why = "out of memory";
		return (-1);
	}
	/* Without a callback an encrypted file would ask on the terminal. */
	pkey = PEM_read_bio_PUBKEY(bio, NULL, pem_no_password, NULL);
	if (pkey == NULL) {
		*why = "not a public key in PEM form";
		ret = -1;
	} else
		ret = check_public(key, pkey, why);
	EVP_PKEY_free(pkey);
	BIO_free(bio);
	ERR_clear_error();
	return (ret);
}

static int
check_public(const struct token_key *key, EVP_PKEY *pkey, const char **why)
{
	EVP_PKEY_CTX	*ctx;
	char		 group[32];
	int		 bits, ok;

	bits = EVP_PKEY_get_bits(pkey);
	if (key->alg == TOKEN_RS256) {
		if (EVP_PKEY_get_base_id(pkey) != EVP_PKEY_RSA)
			*why = "not an RSA key";
		else if (bits < RSA_BITS_MIN)
			*why = "RSA key shorter than 2048 bits";
		else if (bits > RSA_BITS_MAX)
			*why = "RSA key longer than 8192 bits";
	} else {
		if (EVP_PKEY_get_base_id(pkey) != EVP_PKEY_EC ||
		    EVP_PKEY_get_group_name(pkey, group, sizeof(group),
		    NULL) != 1 || strcmp(group, SN_X9_62_prime256v1) != 0)
			*why = "not an EC key on the curve P-256";
	}
	if (*why != NULL)
		return (-1);
	if ((ctx = EVP_PKEY_CTX_new(pkey, NULL)) == NULL) {
		*why = "out of memory";
		return (-1);
	}
	ok = EVP_PKEY_public_check(ctx) == 1;
	EVP_PKEY_CTX_free(ctx);
	if (!ok)
		*why = "key is broken";
	return (ok ? 0 : -1);
}

static int
pem_no_password(char *buf, int size, int writing, void *arg)
{
	(void)buf;
	(void)size;
	(void)writing;
	(void)arg;
	return (-1);
}
