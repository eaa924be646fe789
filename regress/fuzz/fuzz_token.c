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

/* links: gatewayd/token.c gatewayd/token_cache.c gatewayd/token_key.c
 *	proto/base64.c proto/jsonscan.c */
/* pkgs: json-c libjwt libcrypto */

#include "compat.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>

#include <json-c/json.h>
#include <openssl/hmac.h>

#include "base64.h"
#include "jsonscan.h"
#include "token.h"

#define SECRET	"test-jwt-secret-0123456789abcdef"
#define NOW	1760000100

/*
 * The input is taken as a token, as JSON, and, cut at its first newline, as
 * header and payload of a token that is encoded and signed here; otherwise
 * no input would ever get as far as the claims.
 */
int		 LLVMFuzzerTestOneInput(const uint8_t *, size_t);
int		 LLVMFuzzerInitialize(int *, char ***);

static void	 check_token(const char *, size_t);
static void	 check_signed(const uint8_t *, size_t);
static void	 check_json(const char *, size_t);
static size_t	 url_encode(char *, const uint8_t *, size_t);

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	assert(token_init() == 0);
	return (0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char	*text;

	/* Exactly as long as it is, so that each byte too far is seen. */
	if ((text = malloc(len > 0 ? len : 1)) == NULL)
		abort();
	memcpy(text, data, len);
	check_token(text, len);
	check_json(text, len);
	free(text);
	check_signed(data, len);
	return (0);
}

static void
check_token(const char *text, size_t len)
{
	static const struct token_policy	 policy = {
		0, 86400, TOKEN_ID_DID
	};
	static const struct token_claims	 none;
	struct token_key			 key;
	struct token_claims			 c, blind;
	enum token_result			 res, pub;

	memset(&key, 0, sizeof(key));
	key.alg = TOKEN_HS256;
	key.key = (const uint8_t *)SECRET;
	key.keylen = sizeof(SECRET) - 1;
	res = token_verify(&key, 1, &policy, NOW, text, len, &c);
	assert(token_verify(&key, 1, &policy, NOW, text, len,
	    &blind) == res);
	assert(memcmp(&c, &blind, sizeof(c)) == 0);
	key.key = NULL;
	pub = token_check_public(&key, 1, &policy, NOW, text, len, &blind);
	if (res == TOKEN_OK) {
		assert(pub == TOKEN_OK);
		assert(memcmp(&c, &blind, sizeof(c)) == 0);
		assert(strncmp(c.principal, "did:", 4) == 0);
		assert(c.exp > NOW);
		assert(len <= TOKEN_MAX);
	} else {
		assert(memcmp(&c, &none, sizeof(c)) == 0);
		assert(res != TOKEN_EXPIRED || pub == TOKEN_EXPIRED);
	}
}

static void
check_signed(const uint8_t *data, size_t len)
{
	const uint8_t	*cut;
	uint8_t		 sig[32];
	char		*text;
	size_t		 head, n;

	if ((cut = memchr(data, '\n', len)) == NULL)
		return;
	head = (size_t)(cut - data);
	if ((text = malloc(base64_encoded_len(len) + 64)) == NULL)
		abort();
	n = url_encode(text, data, head);
	text[n++] = '.';
	n += url_encode(text + n, cut + 1, len - head - 1);
	if (HMAC(EVP_sha256(), SECRET, sizeof(SECRET) - 1,
	    (const uint8_t *)text, n, sig, NULL) == NULL)
		abort();
	text[n++] = '.';
	n += url_encode(text + n, sig, sizeof(sig));
	check_token(text, n);
	free(text);
}

/* What the scan lets pass is one object for json-c too. */
static void
check_json(const char *text, size_t len)
{
	struct json_tokener	*tok;
	struct json_object	*obj;

	if (jsonscan_object(text, len) == -1)
		return;
	if ((tok = json_tokener_new_ex(JSONSCAN_DEPTH_MAX + 8)) == NULL)
		abort();
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT);
	obj = json_tokener_parse_ex(tok, text, (int)len);
	assert(json_tokener_get_error(tok) == json_tokener_success);
	assert(json_object_is_type(obj, json_type_object));
	json_object_put(obj);
	json_tokener_free(tok);
}

/* Without padding; out has room for base64_encoded_len(len). */
static size_t
url_encode(char *out, const uint8_t *in, size_t len)
{
	size_t	 i, n;

	n = base64_encode(out, in, len);
	while (n > 0 && out[n - 1] == '=')
		n--;
	for (i = 0; i < n; i++) {
		if (out[i] == '+')
			out[i] = '-';
		else if (out[i] == '/')
			out[i] = '_';
	}
	return (n);
}
