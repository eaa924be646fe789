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

#include <stdint.h>

#include <openssl/evp.h>

#include "token.h"
#include "token_cache.h"

/*
 * At most 1024 signatures, 56 KiB.  A name is a salted SHA-256, so nobody
 * outside can aim at a set of four; in a full set the oldest goes.
 */
#define CACHE_SETS	256
#define CACHE_WAYS	4
#define CACHE_SECONDS	60

struct cache_entry {
	uint8_t		 name[HASH_LEN];
	int64_t		 since;
	int64_t		 until;		/* 0: empty */
};

/*
 * What 256 tokens say, 128 KiB.  Anybody can fill it, where secrets are not
 * at hand to tell good from bad, which costs the others a few microseconds.
 */
#define FACTS_SETS	64
#define FACTS_TEXT	440	/* issuer, key id and principal together */

struct facts_entry {
	uint8_t		 hash[HASH_LEN];
	int64_t		 since;
	int64_t		 until;		/* 0: empty */
	int64_t		 exp;
	int64_t		 iat;
	int64_t		 nbf;
	uint8_t		 alg;
	uint8_t		 has;		/* HAS_* */
#define HAS_EXP		0x01
#define HAS_IAT		0x02
#define HAS_NBF		0x04
#define HAS_DID		0x08	/* asked for TOKEN_ID_DID */
	char		 text[FACTS_TEXT];	/* three terminated ones */
};

static struct token_cache {
	struct cache_entry	 sets[CACHE_SETS][CACHE_WAYS];
	struct facts_entry	 facts[FACTS_SETS][CACHE_WAYS];
	uint8_t			 salt[HASH_LEN];
	int			 salted;
} cache;

static EVP_MD_CTX	*digest;	/* NULL: without it */

static int	 digest_fast(const struct token_piece *, size_t, uint8_t *);

void
token_cache_init(void)
{
	arc4random_buf(cache.salt, sizeof(cache.salt));
	cache.salted = 1;
	if (digest == NULL && (digest = EVP_MD_CTX_new()) != NULL &&
	    EVP_DigestInit_ex(digest, EVP_sha256(), NULL) != 1) {
		EVP_MD_CTX_free(digest);
		digest = NULL;
	}
	token_cache_flush();
}

/* Each token is hashed; with the processor's help that is soon done. */
static int
digest_fast(const struct token_piece *piece, size_t n, uint8_t *out)
{
	size_t	 i;

	if (digest == NULL || EVP_DigestInit_ex(digest, NULL, NULL) != 1)
		return (-1);
	for (i = 0; i < n; i++)
		if (EVP_DigestUpdate(digest, piece[i].p, piece[i].len) != 1)
			return (-1);
	return (EVP_DigestFinal_ex(digest, out, NULL) == 1 ? 0 : -1);
}

void
token_digest(const struct token_piece *piece, size_t n,
    uint8_t out[HASH_LEN])
{
	SHA2_CTX	 ctx;
	size_t		 i;

	if (digest_fast(piece, n, out) == 0)
		return;
	SHA256Init(&ctx);
	for (i = 0; i < n; i++)
		SHA256Update(&ctx, piece[i].p, piece[i].len);
	SHA256Final(out, &ctx);
	explicit_bzero(&ctx, sizeof(ctx));
}

void
token_cache_flush(void)
{
	memset(cache.sets, 0, sizeof(cache.sets));
	memset(cache.facts, 0, sizeof(cache.facts));
}

void
token_cache_name(const struct token_key *key, const uint8_t hash[HASH_LEN],
    uint8_t name[HASH_LEN])
{
	struct token_piece	 piece[4];
	uint8_t			 alg;

	/* Salt, algorithm and hash have fixed lengths, the key comes last. */
	alg = (uint8_t)key->alg;
	piece[0] = (struct token_piece){ cache.salt, sizeof(cache.salt) };
	piece[1] = (struct token_piece){ &alg, sizeof(alg) };
	piece[2] = (struct token_piece){ hash, HASH_LEN };
	piece[3] = (struct token_piece){ key->key, key->keylen };
	token_digest(piece, nitems(piece), name);
}

int
token_cache_get(const uint8_t name[HASH_LEN], int64_t now)
{
	const struct cache_entry	*e;
	int				 i;

	for (i = 0; i < CACHE_WAYS; i++) {
		e = &cache.sets[name[0] % CACHE_SETS][i];
		/* A clock that was set back ends an entry too. */
		if (now >= e->since && now < e->until &&
		    memcmp(e->name, name, HASH_LEN) == 0)
			return (1);
	}
	return (0);
}

void
token_cache_put(const uint8_t name[HASH_LEN], int64_t now, int64_t until)
{
	struct cache_entry	*e, *oldest;
	int			 i;

	if (!cache.salted || until <= now)
		return;
	if (until - now > CACHE_SECONDS)
		until = now + CACHE_SECONDS;
	oldest = &cache.sets[name[0] % CACHE_SETS][0];
	for (i = 0; i < CACHE_WAYS; i++) {
		e = &cache.sets[name[0] % CACHE_SETS][i];
		if (memcmp(e->name, name, HASH_LEN) == 0) {
			oldest = e;
			break;
		}
		if (e->until < oldest->until)
			oldest = e;
	}
	memcpy(oldest->name, name, HASH_LEN);
	oldest->since = now;
	oldest->until = until;
}

int
token_cache_facts(const uint8_t hash[HASH_LEN], int64_t now,
    struct token_facts *f)
{
	const struct facts_entry	*e;
	const char			*p;
	int				 i;

	for (i = 0; i < CACHE_WAYS; i++) {
		e = &cache.facts[hash[0] % FACTS_SETS][i];
		if (now >= e->since && now < e->until &&
		    (e->has & HAS_DID ? TOKEN_ID_DID : TOKEN_ID_ANY) ==
		    f->identity && memcmp(e->hash, hash, HASH_LEN) == 0)
			break;
	}
	if (i == CACHE_WAYS)
		return (0);
	f->alg = e->alg;
	f->has_exp = (e->has & HAS_EXP) != 0;
	f->has_iat = (e->has & HAS_IAT) != 0;
	f->has_nbf = (e->has & HAS_NBF) != 0;
	f->exp = e->exp;
	f->iat = e->iat;
	f->nbf = e->nbf;
	p = e->text;
	p += strlcpy(f->kid, p, sizeof(f->kid)) + 1;
	p += strlcpy(f->issuer, p, sizeof(f->issuer)) + 1;
	(void)strlcpy(f->principal, p, sizeof(f->principal));
	return (1);
}

void
token_cache_learn(const uint8_t hash[HASH_LEN], int64_t now,
    const struct token_facts *f)
{
	struct facts_entry	*e, *oldest;
	char			*p;
	int			 i;

	if (!cache.salted || (f->has_exp && f->exp <= now) ||
	    strlen(f->kid) + strlen(f->issuer) + strlen(f->principal) + 3 >
	    FACTS_TEXT)
		return;
	oldest = &cache.facts[hash[0] % FACTS_SETS][0];
	for (i = 1; i < CACHE_WAYS; i++) {
		e = &cache.facts[hash[0] % FACTS_SETS][i];
		if (e->until < oldest->until)
			oldest = e;
	}
	e = oldest;
	memcpy(e->hash, hash, HASH_LEN);
	e->since = now;
	e->until = f->has_exp && f->exp - now < CACHE_SECONDS ? f->exp :
	    now + CACHE_SECONDS;
	e->alg = (uint8_t)f->alg;
	e->has = (uint8_t)((f->has_exp ? HAS_EXP : 0) |
	    (f->has_iat ? HAS_IAT : 0) | (f->has_nbf ? HAS_NBF : 0) |
	    (f->identity == TOKEN_ID_DID ? HAS_DID : 0));
	e->exp = f->exp;
	e->iat = f->iat;
	e->nbf = f->nbf;
	p = e->text;
	p += strlcpy(p, f->kid, sizeof(f->kid)) + 1;
	p += strlcpy(p, f->issuer, sizeof(f->issuer)) + 1;
	(void)strlcpy(p, f->principal, sizeof(f->principal));
}
