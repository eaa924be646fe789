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

#include <sys/types.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <stdint.h>
#include <string.h>

#include "keystream.h"

#ifdef OPENSSL_VERSION_MAJOR

#include <openssl/core.h>
#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/provider.h>
#include <openssl/rand.h>

/*
 * libssh2 1.10 has each block of 16 bytes decrypted by a call of its own, and
 * the way through OpenSSL costs ten times what the block does.  In counter
 * mode the cipher makes a key stream that knows nothing of the text.  So here
 * is a provider, which is how provider(7) lets a program bring its own
 * implementation: OpenSSL's cipher makes some of the stream in one go, and
 * the calls for blocks take theirs from there.
 */

#define KEYSTREAM_IV	16
#define KEYSTREAM_AHEAD	1024	/* beyond that it gets no faster */

struct keystream {
	EVP_CIPHER_CTX	*inner;
	const char	*name;
	size_t		 keylen;
	int		 has_key;
	int		 has_iv;
	int		 begun;		/* since the IV was set */
	size_t		 pos;		/* what was taken of buf */
	uint8_t		 buf[KEYSTREAM_AHEAD];
};

static void	*keystream_new(const char *, size_t);
static void	*keystream_new_128(void *);
static void	*keystream_new_256(void *);
static void	 keystream_free(void *);
static int	 keystream_init(void *, const unsigned char *, size_t,
		    const unsigned char *, size_t, const OSSL_PARAM []);
static int	 keystream_begin(struct keystream *, const unsigned char *,
		    const unsigned char *);
static int	 keystream_more(struct keystream *);
static int	 keystream_cipher(void *, unsigned char *, size_t *, size_t,
		    const unsigned char *, size_t);
static void	 keystream_xor(uint8_t *, const uint8_t *, const uint8_t *,
		    size_t);
static int	 keystream_final(void *, unsigned char *, size_t *, size_t);
static int	 keystream_params(OSSL_PARAM [], size_t);
static int	 keystream_params_128(OSSL_PARAM []);
static int	 keystream_params_256(OSSL_PARAM []);
static int	 keystream_ctx_params(void *, OSSL_PARAM []);
static int	 keystream_set_size(OSSL_PARAM [], const char *, size_t);
static const OSSL_ALGORITHM *keystream_query(void *, int, int *);
static int	 keystream_provider(const OSSL_CORE_HANDLE *,
		    const OSSL_DISPATCH *, const OSSL_DISPATCH **, void **);

/* A function for OpenSSL, which keeps them as of one type. */
#define DISPATCH(id, f)	{ (id), (void (*)(void))(f) }

#define KEYSTREAM_DISPATCH(bits) {					\
	DISPATCH(OSSL_FUNC_CIPHER_NEWCTX, keystream_new_##bits),	\
	DISPATCH(OSSL_FUNC_CIPHER_FREECTX, keystream_free),		\
	DISPATCH(OSSL_FUNC_CIPHER_ENCRYPT_INIT, keystream_init),	\
	DISPATCH(OSSL_FUNC_CIPHER_DECRYPT_INIT, keystream_init),	\
	DISPATCH(OSSL_FUNC_CIPHER_UPDATE, keystream_cipher),		\
	DISPATCH(OSSL_FUNC_CIPHER_FINAL, keystream_final),		\
	DISPATCH(OSSL_FUNC_CIPHER_CIPHER, keystream_cipher),		\
	DISPATCH(OSSL_FUNC_CIPHER_GET_PARAMS, keystream_params_##bits),	\
	DISPATCH(OSSL_FUNC_CIPHER_GET_CTX_PARAMS, keystream_ctx_params), \
	{ 0, NULL }							\
}

static const OSSL_DISPATCH	 keystream_128[] = KEYSTREAM_DISPATCH(128);
static const OSSL_DISPATCH	 keystream_256[] = KEYSTREAM_DISPATCH(256);

static const OSSL_ALGORITHM	 keystream_ciphers[] = {
	{ "AES-128-CTR", "provider=" KEYSTREAM_NAME, keystream_128, NULL },
	{ "AES-256-CTR", "provider=" KEYSTREAM_NAME, keystream_256, NULL },
	{ NULL, NULL, NULL, NULL }
};

/*
 * A provider that is loaded by name takes the place of the default one, which
 * has to be loaded as well then.  The generator of random numbers takes its
 * stream in large pieces already, and stays with OpenSSL's own cipher.
 */
int
keystream_setup(void)
{
	if (RAND_set_DRBG_type(NULL, NULL, "provider=default", NULL,
	    NULL) != 1 ||
	    OSSL_PROVIDER_add_builtin(NULL, KEYSTREAM_NAME,
	    keystream_provider) != 1 ||
	    OSSL_PROVIDER_load(NULL, "default") == NULL ||
	    OSSL_PROVIDER_load(NULL, KEYSTREAM_NAME) == NULL ||
	    EVP_set_default_properties(NULL,
	    "?provider=" KEYSTREAM_NAME) != 1)
		return (-1);
	return (0);
}

static int
keystream_provider(const OSSL_CORE_HANDLE *core, const OSSL_DISPATCH *in,
    const OSSL_DISPATCH **out, void **ctx)
{
	static const OSSL_DISPATCH	 functions[] = {
		DISPATCH(OSSL_FUNC_PROVIDER_QUERY_OPERATION, keystream_query),
		{ 0, NULL }
	};
	static int			 unused;

	(void)core;
	(void)in;
	*out = functions;
	*ctx = &unused;		/* NULL would be a failure */
	return (1);
}

static const OSSL_ALGORITHM *
keystream_query(void *ctx, int operation, int *no_store)
{
	(void)ctx;
	*no_store = 0;
	return (operation == OSSL_OP_CIPHER ? keystream_ciphers : NULL);
}

/*
 * One stream
 */

static void *
keystream_new(const char *name, size_t keylen)
{
	struct keystream	*k;

	if ((k = OPENSSL_zalloc(sizeof(*k))) == NULL)
		return (NULL);
	k->name = name;
	k->keylen = keylen;
	k->pos = sizeof(k->buf);
	if ((k->inner = EVP_CIPHER_CTX_new()) == NULL) {
		OPENSSL_free(k);
		return (NULL);
	}
	return (k);
}

static void *
keystream_new_128(void *ctx)
{
	(void)ctx;
	return (keystream_new("AES-128-CTR", 16));
}

static void *
keystream_new_256(void *ctx)
{
	(void)ctx;
	return (keystream_new("AES-256-CTR", 32));
}

static void
keystream_free(void *arg)
{
	struct keystream	*k = arg;

	if (k == NULL)
		return;
	EVP_CIPHER_CTX_free(k->inner);
	OPENSSL_clear_free(k, sizeof(*k));
}

/*
 * To encrypt and to decrypt is the same.  Key and IV may come one after the
 * other.  A new key without an IV would go on counting where the last one
 * was, which the inner cipher is beyond: then an IV is asked for.
 */
static int
keystream_init(void *arg, const unsigned char *key, size_t keylen,
    const unsigned char *iv, size_t ivlen, const OSSL_PARAM params[])
{
	struct keystream	*k = arg;

	(void)params;
	if (key == NULL && iv == NULL)
		return (1);
	if ((key != NULL && keylen != k->keylen) ||
	    (iv != NULL && ivlen != KEYSTREAM_IV))
		return (0);
	if (key != NULL)
		k->has_key = 1;
	if (iv != NULL) {
		k->has_iv = 1;
		k->begun = 0;
	} else if (k->begun)
		k->has_iv = 0;
	k->pos = sizeof(k->buf);
	OPENSSL_cleanse(k->buf, sizeof(k->buf));
	return (keystream_begin(k, key, iv));
}

static int
keystream_begin(struct keystream *k, const unsigned char *key,
    const unsigned char *iv)
{
	EVP_CIPHER	*cipher;
	int		 ret;

	if (EVP_CIPHER_CTX_get0_cipher(k->inner) != NULL)
		return (EVP_EncryptInit_ex(k->inner, NULL, NULL, key, iv));
	if ((cipher = EVP_CIPHER_fetch(NULL, k->name,
	    "provider=default")) == NULL)
		return (0);
	ret = EVP_EncryptInit_ex(k->inner, cipher, NULL, key, iv);
	EVP_CIPHER_free(cipher);
	return (ret);
}

static int
keystream_more(struct keystream *k)
{
	int	 n;

	if (!k->has_key || !k->has_iv)
		return (0);
	memset(k->buf, 0, sizeof(k->buf));
	if (EVP_EncryptUpdate(k->inner, k->buf, &n, k->buf,
	    sizeof(k->buf)) != 1 || n != sizeof(k->buf))
		return (0);
	k->pos = 0;
	k->begun = 1;
	return (1);
}

static int
keystream_cipher(void *arg, unsigned char *out, size_t *outlen,
    size_t outsize, const unsigned char *in, size_t len)
{
	struct keystream	*k = arg;
	size_t			 done, n;

	if (outsize < len)
		return (0);
	*outlen = len;
	for (done = 0; done < len; done += n) {
		if (k->pos == sizeof(k->buf) && !keystream_more(k))
			return (0);
		n = sizeof(k->buf) - k->pos;
		if (n > len - done)
			n = len - done;
		keystream_xor(out + done, in + done, k->buf + k->pos, n);
		k->pos += n;
	}
	return (1);
}

/*
 * Blocks are read and written as such: who loads one at once just after it
 * was stored in halves has to wait for it.  In and out may be the same.
 */
static void
keystream_xor(uint8_t *out, const uint8_t *in, const uint8_t *stream,
    size_t len)
{
	uint64_t	 a[2], b[2];
	size_t		 i;

	for (i = 0; i + sizeof(a) <= len; i += sizeof(a)) {
		memcpy(a, in + i, sizeof(a));
		memcpy(b, stream + i, sizeof(b));
		a[0] ^= b[0];
		a[1] ^= b[1];
		memcpy(out + i, a, sizeof(a));
	}
	for (; i < len; i++)
		out[i] = in[i] ^ stream[i];
}

static int
keystream_final(void *arg, unsigned char *out, size_t *outlen, size_t outsize)
{
	(void)arg;
	(void)out;
	(void)outsize;
	*outlen = 0;
	return (1);
}

/*
 * What OpenSSL asks about it
 */

static int
keystream_params_128(OSSL_PARAM params[])
{
	return (keystream_params(params, 16));
}

static int
keystream_params_256(OSSL_PARAM params[])
{
	return (keystream_params(params, 32));
}

static int
keystream_params(OSSL_PARAM params[], size_t keylen)
{
	OSSL_PARAM	*p;

	if ((p = OSSL_PARAM_locate(params, OSSL_CIPHER_PARAM_MODE)) != NULL &&
	    OSSL_PARAM_set_uint(p, EVP_CIPH_CTR_MODE) != 1)
		return (0);
	return (keystream_set_size(params, OSSL_CIPHER_PARAM_KEYLEN, keylen) &&
	    keystream_set_size(params, OSSL_CIPHER_PARAM_IVLEN,
	    KEYSTREAM_IV) &&
	    keystream_set_size(params, OSSL_CIPHER_PARAM_BLOCK_SIZE, 1));
}

static int
keystream_ctx_params(void *arg, OSSL_PARAM params[])
{
	struct keystream	*k = arg;

	return (keystream_set_size(params, OSSL_CIPHER_PARAM_KEYLEN,
	    k->keylen) && keystream_set_size(params, OSSL_CIPHER_PARAM_IVLEN,
	    KEYSTREAM_IV));
}

static int
keystream_set_size(OSSL_PARAM params[], const char *name, size_t size)
{
	OSSL_PARAM	*p;

	p = OSSL_PARAM_locate(params, name);
	return (p == NULL || OSSL_PARAM_set_size_t(p, size) == 1);
}

#else /* OPENSSL_VERSION_MAJOR */

int
keystream_setup(void)
{
	return (0);
}

#endif /* OPENSSL_VERSION_MAJOR */
