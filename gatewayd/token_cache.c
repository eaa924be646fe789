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

static struct token_cache {
	struct cache_entry	 sets[CACHE_SETS][CACHE_WAYS];
	uint8_t			 salt[HASH_LEN];
	int			 salted;
} cache;

void
token_cache_init(void)
{
	arc4random_buf(cache.salt, sizeof(cache.salt));
	cache.salted = 1;
	token_cache_flush();
}

void
token_cache_flush(void)
{
	memset(cache.sets, 0, sizeof(cache.sets));
}

void
token_cache_name(const struct token_key *key, const uint8_t hash[HASH_LEN],
    uint8_t name[HASH_LEN])
{
	SHA2_CTX	 ctx;
	uint8_t		 alg;

	/* Salt, algorithm and hash have fixed lengths, the key comes last. */
	alg = (uint8_t)key->alg;
	SHA256Init(&ctx);
	SHA256Update(&ctx, cache.salt, sizeof(cache.salt));
	SHA256Update(&ctx, &alg, sizeof(alg));
	SHA256Update(&ctx, hash, HASH_LEN);
	SHA256Update(&ctx, key->key, key->keylen);
	SHA256Final(name, &ctx);
	explicit_bzero(&ctx, sizeof(ctx));
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
