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
#include <sys/mman.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "net.h"
#include "rate.h"

/*
 * A table of fixed size: a key has RATE_WAYS places, and when they are all
 * taken the one that was quiet for longest is given away.  The tag of a key
 * is a keyed hash, so nobody can aim at the places of somebody else.
 *
 * Both counts of a key stand in one word, so that one compare-and-swap
 * moves them on together: 24 bits when the window began (seconds, the upper
 * bits cut off), 20 bits count of the window before, 20 bits of this one.
 * The sliding window is this count and that part of the last one which it
 * still covers.
 */
#define RATE_BUCKETS	4096		/* a power of two */
#define RATE_WAYS	8

#define COUNT_BITS	20
#define COUNT_MASK	((1U << COUNT_BITS) - 1)
#define START_MASK	0xffffffU

/* After so many lost races a request is let through. */
#define RATE_TRIES	64

#define SEALS	(F_SEAL_SHRINK | F_SEAL_GROW)

struct rate_place {
	_Atomic uint64_t	 tag;		/* 0: free */
	_Atomic uint64_t	 count;
};

struct rate_map {
	_Atomic uint64_t	 salt[2];	/* 0: not made yet */
	struct rate_place	 places[RATE_BUCKETS][RATE_WAYS];
};

struct count {
	uint32_t	 start;
	uint32_t	 before;
	uint32_t	 now;
};

static uint64_t	 rate_salt(struct rate_map *, int);
static uint64_t	 rate_tag(struct rate_map *, const struct rate_key *);
static struct rate_place *rate_place(struct rate_map *, uint64_t, uint32_t);
static void	 count_read(struct count *, uint64_t);
static uint64_t	 count_word(const struct count *);
static void	 count_advance(struct count *, uint32_t, uint32_t);
static int	 rate_try(struct rate_place *, uint64_t, uint32_t,
		    struct rate_verdict *);

size_t
rate_map_size(void)
{
	return (sizeof(struct rate_map));
}

int
rate_map_create(void)
{
	int	 fd, saved;

	if ((fd = memfd_create("counters", MFD_CLOEXEC |
	    MFD_ALLOW_SEALING)) == -1)
		return (-1);
	if (ftruncate(fd, (off_t)rate_map_size()) == -1 ||
	    fcntl(fd, F_ADD_SEALS, SEALS | F_SEAL_SEAL) == -1) {
		saved = errno;
		close(fd);
		errno = saved;
		return (-1);
	}
	return (fd);
}

struct rate_map *
rate_map_open(int fd)
{
	struct stat	 st;
	void		*p;
	int		 seals;

	if ((seals = fcntl(fd, F_GET_SEALS)) == -1 || fstat(fd, &st) == -1)
		return (NULL);
	if ((seals & SEALS) != SEALS ||
	    st.st_size != (off_t)rate_map_size()) {
		errno = EINVAL;
		return (NULL);
	}
	if ((p = mmap(NULL, rate_map_size(), PROT_READ | PROT_WRITE,
	    MAP_SHARED, fd, 0)) == MAP_FAILED)
		return (NULL);
	return (p);
}

void
rate_key_address(struct rate_key *key, const struct net_addr *addr)
{
	memset(key, 0, sizeof(*key));
	key->kind = RATE_ADDRESS;
	key->id[0] = addr->family;
	/* Who has IPv6 has a /64 of it. */
	memcpy(key->id + 1, addr->addr, addr->family == 6 ? 8 : 4);
}

void
rate_key_session(struct rate_key *key, const char *session)
{
	memset(key, 0, sizeof(*key));
	key->kind = RATE_SESSION;
	memcpy(key->id, session, strnlen(session, sizeof(key->id)));
}

/* Whoever comes first makes it. */
static uint64_t
rate_salt(struct rate_map *map, int i)
{
	uint64_t	 old, fresh;

	if ((old = atomic_load(&map->salt[i])) != 0)
		return (old);
	arc4random_buf(&fresh, sizeof(fresh));
	fresh |= 1;
	if (atomic_compare_exchange_strong(&map->salt[i], &old, fresh))
		return (fresh);
	return (old);
}

static uint64_t
rate_tag(struct rate_map *map, const struct rate_key *key)
{
	uint64_t	 salt[2], tag;
	uint8_t		 hash[SHA256_DIGEST_LENGTH];
	SHA2_CTX	 ctx;

	salt[0] = rate_salt(map, 0);
	salt[1] = rate_salt(map, 1);
	SHA256Init(&ctx);
	SHA256Update(&ctx, (const uint8_t *)salt, sizeof(salt));
	SHA256Update(&ctx, &key->kind, sizeof(key->kind));
	SHA256Update(&ctx, key->id, sizeof(key->id));
	SHA256Final(hash, &ctx);
	memcpy(&tag, hash, sizeof(tag));
	return (tag == 0 ? 1 : tag);
}

static void
count_read(struct count *c, uint64_t word)
{
	c->start = (uint32_t)(word >> (2 * COUNT_BITS)) & START_MASK;
	c->before = (uint32_t)(word >> COUNT_BITS) & COUNT_MASK;
	c->now = (uint32_t)word & COUNT_MASK;
}

static uint64_t
count_word(const struct count *c)
{
	return ((uint64_t)c->start << (2 * COUNT_BITS) |
	    (uint64_t)c->before << COUNT_BITS | c->now);
}

/* Move the counts on to the window that begins at start. */
static void
count_advance(struct count *c, uint32_t start, uint32_t window)
{
	uint32_t	 past;

	past = (start - c->start) & START_MASK;
	if (past == 0)
		return;
	c->before = past == window ? c->now : 0;
	c->now = 0;
	c->start = start & START_MASK;
}

/*
 * The place of a key, its own or one that it takes.  Another process may
 * take it away at any time; some counts are then off by a few.
 */
static struct rate_place *
rate_place(struct rate_map *map, uint64_t tag, uint32_t now)
{
	struct rate_place	*bucket, *best;
	struct count		 c;
	uint64_t		 old;
	uint32_t		 age, oldest;
	int			 i;

	bucket = map->places[(tag >> 32) & (RATE_BUCKETS - 1)];
	for (i = 0; i < RATE_WAYS; i++)
		if (atomic_load(&bucket[i].tag) == tag)
			return (&bucket[i]);
	best = &bucket[0];
	oldest = 0;
	for (i = 0; i < RATE_WAYS; i++) {
		if (atomic_load(&bucket[i].tag) == 0) {
			best = &bucket[i];
			break;
		}
		count_read(&c, atomic_load(&bucket[i].count));
		age = (now - c.start) & START_MASK;
		if (age >= oldest) {
			oldest = age;
			best = &bucket[i];
		}
	}
	old = atomic_load(&best->tag);
	if (atomic_compare_exchange_strong(&best->tag, &old, tag))
		atomic_store(&best->count, 0);
	return (best);
}

/* Returns 0 if another process was faster. */
static int
rate_try(struct rate_place *place, uint64_t now, uint32_t start,
    struct rate_verdict *v)
{
	struct count	 c;
	uint64_t	 old, span, used;

	old = atomic_load(&place->count);
	count_read(&c, old);
	count_advance(&c, start, v->window);
	span = (uint64_t)v->window * 1000;
	used = c.now + c.before * (span - now % span) / span;
	v->allowed = used < v->limit;
	v->remaining = 0;
	if (!v->allowed)
		return (1);
	v->remaining = v->limit - (uint32_t)used - 1;
	c.now++;
	return (atomic_compare_exchange_strong(&place->count, &old,
	    count_word(&c)));
}

void
rate_hit(struct rate_map *map, const struct rate_key *key, uint32_t limit,
    uint32_t window, uint64_t now, struct rate_verdict *v)
{
	struct rate_place	*place;
	uint32_t		 start;
	int			 i;

	memset(v, 0, sizeof(*v));
	v->limit = limit < COUNT_MASK ? limit : COUNT_MASK - 1;
	v->window = window;
	start = (uint32_t)(now / 1000 / window * window);
	place = rate_place(map, rate_tag(map, key), (uint32_t)(now / 1000));
	for (i = 0; i < RATE_TRIES; i++)
		if (rate_try(place, now, start, v))
			return;
	v->allowed = 1;
}
