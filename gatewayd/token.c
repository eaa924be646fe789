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

#include <json-c/json.h>
#include <jwt.h>
#include <openssl/crypto.h>
#include <openssl/err.h>

#include "base64.h"
#include "jsonscan.h"
#include "token.h"
#include "token_cache.h"

/*
 * Integers that every JSON implementation keeps exactly (RFC 8259, 6).  As
 * seconds that is 285 million years, so sums of two of them fit an int64_t.
 */
#define TIME_MAX	((int64_t)9007199254740991)

/* How far an issuer's clock may be ahead where iat takes exp's place. */
#define TIME_SKEW	60

/* More than the scan lets through, so that json-c never has the last word. */
#define JSONC_DEPTH	(JSONSCAN_DEPTH_MAX + 8)

/* Algorithm, its name in a header, and the lengths of its signatures. */
struct alg {
	enum token_alg	 alg;
	jwt_alg_t	 jwt;
	const char	*name;
	ssize_t		 sigmin;
	ssize_t		 sigmax;
};

/* The three parts as they stand in the text. */
struct split {
	const char	*part[3];
	size_t		 len[3];
};

static const struct alg algs[] = {
	{ TOKEN_HS256,	JWT_ALG_HS256,	"HS256",	32,	32 },
	{ TOKEN_ES256,	JWT_ALG_ES256,	"ES256",	64,	64 },
	{ TOKEN_RS256,	JWT_ALG_RS256,	"RS256",	256,	1024 }
};

static enum token_result
		 token_check(const struct token_key *, size_t,
		    const struct token_policy *, int64_t, const char *,
		    size_t, int, struct token_claims *);
static int	 form_parse(struct token_facts *, const char *, size_t);
static int	 form_split(struct split *, const char *, size_t);
static int	 form_header(struct token_facts *, const char *, size_t);
static int	 form_signature(enum token_alg, const char *, size_t);
static int	 form_claims(struct token_facts *, const char *, size_t);
static struct json_object
		*form_object(const char *, size_t);
static const struct alg
		*alg_find(enum token_alg);
static const struct token_key
		*key_find(const struct token_key *, size_t,
		    const struct token_facts *, const char *, size_t,
		    const uint8_t *, int64_t, int);
static int	 key_fits(const struct token_key *,
		    const struct token_facts *);
static int	 signature_good(const struct token_key *,
		    const struct token_facts *, const char *, size_t,
		    const uint8_t *, int64_t);
static int	 signature_verify(const struct token_key *, const char *,
		    size_t);
static enum token_result
		 claims_check(const struct token_policy *, int64_t,
		    const struct token_facts *, struct token_claims *);
static enum token_result
		 claims_times(const struct token_policy *, int64_t,
		    const struct token_facts *, int64_t *);
static int	 claim_principal(struct json_object *, int, char *);
static int	 claim_time(struct json_object *, const char *, int64_t *);
static const char
		*claim_string(struct json_object *, const char *, size_t);
static int	 init_try(const struct token_key *, const char *);

int
token_init(void)
{
	/* Made for this; the private half was not kept. */
	static const char	 pem[] =
	    "-----BEGIN PUBLIC KEY-----\n"
	    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEchHmuHPu+HOjPXff2IZCWSyGXvt5\n"
	    "F/iWyaNn05fa/Dfr7k1Nka3/06VOiYneaRCtJ1qriruWjv3NjC6GlIwTYQ==\n"
	    "-----END PUBLIC KEY-----\n";
	static const char	 es256[] =
	    "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.eyJkaWQiOiJkaWQ6IiwiZXh"
	    "wIjoxfQ.UvRIDTY_A4Gif2EFiIHcrWYXAm4Hl6PB_EuKgVvNXW3i74s2LZLC"
	    "qJDsqI2rQaPrCkxKFwTz122u41zUStdZyg";
	struct token_key	 key;
	char			*hs256;
	int			 ret;

	if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1)
		return (-1);
	token_cache_init();

	memset(&key, 0, sizeof(key));
	key.alg = TOKEN_HS256;
	key.key = (const uint8_t *)pem;
	key.keylen = sizeof(pem) - 1;
	if ((hs256 = token_mint(&key, "did:", 0, 1)) == NULL)
		return (-1);
	ret = init_try(&key, hs256);
	free(hs256);
	key.alg = TOKEN_ES256;
	if (ret == -1 || init_try(&key, es256) == -1)
		return (-1);
	token_cache_flush();
	return (0);
}

static int
init_try(const struct token_key *key, const char *token)
{
	static const struct token_policy	 policy = {
		0, 0, TOKEN_ID_DID
	};
	struct token_claims			 claims;

	if (token_verify(key, 1, &policy, 0, token, strlen(token),
	    &claims) != TOKEN_OK)
		return (-1);
	return (0);
}

enum token_result
token_verify(const struct token_key *keys, size_t nkeys,
    const struct token_policy *policy, int64_t now, const char *token,
    size_t len, struct token_claims *out)
{
	return (token_check(keys, nkeys, policy, now, token, len, 0, out));
}

enum token_result
token_check_public(const struct token_key *keys, size_t nkeys,
    const struct token_policy *policy, int64_t now, const char *token,
    size_t len, struct token_claims *out)
{
	return (token_check(keys, nkeys, policy, now, token, len, 1, out));
}

char *
token_mint(const struct token_key *key, const char *subject, int64_t iat,
    int64_t exp)
{
	jwt_t	*jwt;
	char	*text;

	jwt = NULL;
	text = NULL;
	if (key->alg != TOKEN_HS256 || key->keylen == 0 ||
	    key->keylen > TOKEN_KEY_MAX || iat < 0 || exp > TIME_MAX ||
	    iat > LONG_MAX || exp > LONG_MAX)
		return (NULL);
	if (jwt_new(&jwt) != 0)
		return (NULL);
	if (jwt_set_alg(jwt, JWT_ALG_HS256, key->key,
	    (int)key->keylen) == 0 &&
	    jwt_add_grant(jwt, "sub", subject) == 0 &&
	    (strncmp(subject, "did:", 4) != 0 ||
	    jwt_add_grant(jwt, "did", subject) == 0) &&
	    jwt_add_grant_int(jwt, "iat", (long)iat) == 0 &&
	    jwt_add_grant_int(jwt, "exp", (long)exp) == 0)
		text = jwt_encode_str(jwt);
	jwt_free(jwt);
	return (text);
}

static enum token_result
token_check(const struct token_key *keys, size_t nkeys,
    const struct token_policy *policy, int64_t now, const char *token,
    size_t len, int public, struct token_claims *out)
{
	struct token_facts	 facts;
	const struct token_key	*key;
	struct token_piece	 piece;
	enum token_result	 res;

	memset(out, 0, sizeof(*out));
	if (len == 0 || (len == 4 && memcmp(token, "null", 4) == 0))
		return (TOKEN_ABSENT);
	if (len > TOKEN_MAX)
		return (TOKEN_INVALID);
	piece.p = token;
	piece.len = len;
	token_digest(&piece, 1, out->hash);
	res = TOKEN_INVALID;
	facts.identity = policy->identity;
	if (!token_cache_facts(out->hash, now, &facts)) {
		if (form_parse(&facts, token, len) == -1)
			goto done;
		token_cache_learn(out->hash, now, &facts);
	}
	key = key_find(keys, nkeys, &facts, token, len, out->hash, now,
	    public);
	if (key != NULL)
		res = claims_check(policy, now, &facts, out);
 done:
	if (res != TOKEN_OK)
		memset(out, 0, sizeof(*out));
	return (res);
}

/* What a token says, as long as it has the form of one. */
static int
form_parse(struct token_facts *facts, const char *token, size_t len)
{
	struct split	 s;

	if (form_split(&s, token, len) == -1 ||
	    form_header(facts, s.part[0], s.len[0]) == -1 ||
	    form_signature(facts->alg, s.part[2], s.len[2]) == -1)
		return (-1);
	return (form_claims(facts, s.part[1], s.len[1]));
}

/* A fourth part stays in the third, where its dot is no base64url. */
static int
form_split(struct split *s, const char *token, size_t len)
{
	const char	*dot, *end;
	int		 i;

	end = token + len;
	for (i = 0; i < 2; i++) {
		dot = memchr(token, '.', (size_t)(end - token));
		if (dot == NULL)
			return (-1);
		s->part[i] = token;
		s->len[i] = (size_t)(dot - token);
		token = dot + 1;
	}
	s->part[2] = token;
	s->len[2] = (size_t)(end - token);
	return (0);
}

/*
 * Finds alg and kid.  "crit" names extensions that we would have to know,
 * and we know none (RFC 7515, 4.1.11).  A "typ" must be JWT because libjwt
 * insists; said here so that all processes agree.
 */
static int
form_header(struct token_facts *facts, const char *text, size_t len)
{
	struct json_object	*head;
	const char		*s;
	size_t			 i;
	int			 ret;

	if ((head = form_object(text, len)) == NULL)
		return (-1);
	ret = -1;
	facts->kid[0] = '\0';
	if (json_object_object_get_ex(head, "crit", NULL))
		goto done;
	if (json_object_object_get_ex(head, "typ", NULL) &&
	    ((s = claim_string(head, "typ", 3)) == NULL ||
	    strcasecmp(s, "JWT") != 0))
		goto done;
	if (json_object_object_get_ex(head, "kid", NULL) &&
	    ((s = claim_string(head, "kid", KID_MAX)) == NULL ||
	    strlcpy(facts->kid, s, sizeof(facts->kid)) >=
	    sizeof(facts->kid)))
		goto done;
	if ((s = claim_string(head, "alg", 5)) == NULL)
		goto done;
	for (i = 0; i < nitems(algs); i++) {
		if (strcmp(s, algs[i].name) == 0) {
			facts->alg = algs[i].alg;
			ret = 0;
		}
	}
 done:
	json_object_put(head);
	return (ret);
}

static const struct alg *
alg_find(enum token_alg alg)
{
	size_t	 i;

	for (i = 0; i < nitems(algs); i++)
		if (algs[i].alg == alg)
			return (&algs[i]);
	return (NULL);
}

static int
form_signature(enum token_alg name, const char *text, size_t len)
{
	const struct alg	*alg;
	uint8_t			 sig[1024];
	ssize_t			 n;

	alg = alg_find(name);
	n = base64url_decode(sig, sizeof(sig), text, len);
	return (n >= alg->sigmin && n <= alg->sigmax ? 0 : -1);
}

static int
form_claims(struct token_facts *facts, const char *text, size_t len)
{
	struct json_object	*claims;
	const char		*iss;
	int			 ret;

	if ((claims = form_object(text, len)) == NULL)
		return (-1);
	iss = claim_string(claims, "iss", ISSUER_MAX);
	strlcpy(facts->issuer, iss != NULL ? iss : "",
	    sizeof(facts->issuer));
	facts->has_exp = claim_time(claims, "exp", &facts->exp);
	facts->has_iat = claim_time(claims, "iat", &facts->iat);
	facts->has_nbf = claim_time(claims, "nbf", &facts->nbf);
	ret = claim_principal(claims, facts->identity, facts->principal) &&
	    facts->has_exp != -1 && facts->has_iat != -1 &&
	    facts->has_nbf != -1 ? 0 : -1;
	json_object_put(claims);
	return (ret);
}

/* One part that is base64url of one JSON object; the caller frees it. */
static struct json_object *
form_object(const char *text, size_t len)
{
	char			 buf[TOKEN_MAX];
	struct json_tokener	*tok;
	struct json_object	*obj;
	ssize_t			 n;

	n = base64url_decode((uint8_t *)buf, sizeof(buf), text, len);
	if (n == -1 || jsonscan_object(buf, (size_t)n) == -1)
		return (NULL);
	if ((tok = json_tokener_new_ex(JSONC_DEPTH)) == NULL)
		return (NULL);
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT);
	obj = json_tokener_parse_ex(tok, buf, (int)n);
	if (json_tokener_get_error(tok) != json_tokener_success ||
	    !json_object_is_type(obj, json_type_object)) {
		json_object_put(obj);
		obj = NULL;
	}
	json_tokener_free(tok);
	explicit_bzero(buf, sizeof(buf));
	return (obj);
}

/* The first key that made this signature, NULL if there is none. */
static const struct token_key *
key_find(const struct token_key *keys, size_t nkeys,
    const struct token_facts *facts, const char *token, size_t len,
    const uint8_t *hash, int64_t now, int public)
{
	size_t	 i;

	for (i = 0; i < nkeys; i++) {
		if (!key_fits(&keys[i], facts))
			continue;
		if (keys[i].key == NULL) {
			if (public)
				return (&keys[i]);
		} else if (signature_good(&keys[i], facts, token, len, hash,
		    now))
			return (&keys[i]);
	}
	return (NULL);
}

/* Without a signature the issuer is all that tells two keys apart. */
static int
key_fits(const struct token_key *key, const struct token_facts *facts)
{
	if (key->alg != facts->alg)
		return (0);
	if (key->kid[0] != '\0' && strcmp(key->kid, facts->kid) != 0)
		return (0);
	return (key->issuer[0] == '\0' ||
	    strcmp(facts->issuer, key->issuer) == 0);
}

static int
signature_good(const struct token_key *key, const struct token_facts *facts,
    const char *token, size_t len, const uint8_t *hash, int64_t now)
{
	uint8_t	 name[HASH_LEN];

	token_cache_name(key, hash, name);
	if (token_cache_get(name, now))
		return (1);
	if (!signature_verify(key, token, len))
		return (0);
	token_cache_put(name, now, facts->has_exp ? facts->exp : TIME_MAX);
	return (1);
}

static int
signature_verify(const struct token_key *key, const char *token, size_t len)
{
	char	 text[TOKEN_MAX + 1];
	jwt_t	*jwt;
	int	 good;

	if (key->keylen == 0 || key->keylen > TOKEN_KEY_MAX)
		return (0);
	memcpy(text, token, len);
	text[len] = '\0';
	jwt = NULL;
	good = jwt_decode(&jwt, text, key->key, (int)key->keylen) == 0 &&
	    jwt != NULL && jwt_get_alg(jwt) == alg_find(key->alg)->jwt;
	jwt_free(jwt);
	explicit_bzero(text, len);
	/* It leaves the reasons of a failure behind. */
	if (!good)
		ERR_clear_error();
	return (good);
}

static enum token_result
claims_check(const struct token_policy *policy, int64_t now,
    const struct token_facts *facts, struct token_claims *out)
{
	if (policy->identity == TOKEN_ID_DID &&
	    strncmp(facts->principal, "did:", 4) != 0)
		return (TOKEN_INVALID);
	strlcpy(out->principal, facts->principal, sizeof(out->principal));
	return (claims_times(policy, now, facts, &out->exp));
}

/* RFC 7519, 4.1.4 to 4.1.6; *end is the first second of "expired". */
static enum token_result
claims_times(const struct token_policy *policy, int64_t now,
    const struct token_facts *facts, int64_t *end)
{
	if (facts->has_nbf && now < facts->nbf)
		return (TOKEN_INVALID);
	if (facts->has_exp)
		*end = facts->exp + policy->grace;
	else if (facts->has_iat && facts->iat <= now + TIME_SKEW)
		*end = facts->iat + policy->max_age + 1;
	else
		return (TOKEN_INVALID);
	return (now < *end ? TOKEN_OK : TOKEN_EXPIRED);
}

/*
 * What goes first goes alone: a "did" of a wrong form is not made good by a
 * right "sub".  Control characters would reach logs and other people's
 * parsers.
 */
static int
claim_principal(struct json_object *claims, int identity, char *out)
{
	const char	*s, *name, *other;
	size_t		 i;

	name = identity == TOKEN_ID_DID ? "did" : "sub";
	other = identity == TOKEN_ID_DID ? "sub" : "did";
	if (!json_object_object_get_ex(claims, name, NULL))
		name = other;
	if ((s = claim_string(claims, name, PRINCIPAL_MAX)) == NULL)
		return (0);
	for (i = 0; s[i] != '\0'; i++) {
		if ((uint8_t)s[i] < 0x20 || s[i] == 0x7f)
			return (0);
	}
	return (strlcpy(out, s, PRINCIPAL_MAX + 1) <= PRINCIPAL_MAX);
}

/* 1 with the value, 0 without one, -1 for anything but 0 to TIME_MAX. */
static int
claim_time(struct json_object *obj, const char *name, int64_t *value)
{
	struct json_object	*v;

	*value = 0;
	if (!json_object_object_get_ex(obj, name, &v))
		return (0);
	/* What is too large for json-c it makes INT64_MAX. */
	if (!json_object_is_type(v, json_type_int))
		return (-1);
	*value = json_object_get_int64(v);
	if (*value < 0 || *value > TIME_MAX)
		return (-1);
	return (1);
}

/* A string of 1 to max bytes, without NUL inside; else NULL. */
static const char *
claim_string(struct json_object *obj, const char *name, size_t max)
{
	struct json_object	*v;
	const char		*s;
	size_t			 len;

	if (!json_object_object_get_ex(obj, name, &v) ||
	    !json_object_is_type(v, json_type_string))
		return (NULL);
	s = json_object_get_string(v);
	len = (size_t)json_object_get_string_len(v);
	if (s == NULL || len == 0 || len > max || strlen(s) != len)
		return (NULL);
	return (s);
}
