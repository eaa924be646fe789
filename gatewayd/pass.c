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

#include <string.h>

#include "pass.h"
#include "util.h"

/* A grant is good for 60 s in the worker; ours ends a little earlier. */
#define PASS_TTL	55

/* The oldest goes when there are more. */
#define PASS_MAX	4096

struct pass {
	RB_ENTRY(pass)		 entry;
	TAILQ_ENTRY(pass)	 age;
	struct pass_key		 key;
	struct msg_granted	 granted;
	time_t			 until;
};
RB_HEAD(pass_tree, pass);

static struct {
	struct pass_tree	 tree;
	TAILQ_HEAD(, pass)	 ages;	/* oldest first */
	unsigned int		 n;
} passes = {
	RB_INITIALIZER(&passes.tree), TAILQ_HEAD_INITIALIZER(passes.ages), 0
};

static int	 pass_cmp(struct pass *, struct pass *);
static struct pass *pass_get(const struct pass_key *);
static void	 pass_free(struct pass *);

RB_GENERATE_STATIC(pass_tree, pass, entry, pass_cmp)

/* Keys are filled in by pass_key(), which leaves no byte undefined. */
static int
pass_cmp(struct pass *a, struct pass *b)
{
	return (memcmp(&a->key, &b->key, sizeof(a->key)));
}

void
pass_key(struct pass_key *key, const struct msg_authorize *m,
    const uint8_t *hash)
{
	memset(key, 0, sizeof(*key));
	memcpy(key->hash, hash, sizeof(key->hash));
	strlcpy(key->object, m->object, sizeof(key->object));
	key->api = m->api;
	key->dialect = m->dialect;
	key->join = m->join;
	key->action = m->action;
}

static struct pass *
pass_get(const struct pass_key *key)
{
	struct pass	 want;

	memcpy(&want.key, key, sizeof(want.key));
	return (RB_FIND(pass_tree, &passes.tree, &want));
}

static void
pass_free(struct pass *p)
{
	RB_REMOVE(pass_tree, &passes.tree, p);
	TAILQ_REMOVE(&passes.ages, p, age);
	passes.n--;
	freezero(p, sizeof(*p));
}

const struct msg_granted *
pass_find(const struct pass_key *key)
{
	struct pass	*p;

	if ((p = pass_get(key)) == NULL)
		return (NULL);
	if (util_now() < p->until)
		return (&p->granted);
	pass_free(p);
	return (NULL);
}

void
pass_keep(const struct pass_key *key, const struct msg_granted *g)
{
	struct pass	*p;
	time_t		 now;

	pass_drop(key);
	now = util_now();
	/* All live equally long, so the oldest are the first to end. */
	while ((p = TAILQ_FIRST(&passes.ages)) != NULL &&
	    (p->until <= now || passes.n >= PASS_MAX))
		pass_free(p);
	if ((p = calloc(1, sizeof(*p))) == NULL)
		return;
	memcpy(&p->key, key, sizeof(p->key));
	p->granted = *g;
	p->until = now + PASS_TTL;
	RB_INSERT(pass_tree, &passes.tree, p);
	TAILQ_INSERT_TAIL(&passes.ages, p, age);
	passes.n++;
}

void
pass_drop(const struct pass_key *key)
{
	struct pass	*p;

	if ((p = pass_get(key)) != NULL)
		pass_free(p);
}

void
pass_flush(void)
{
	struct pass	*p;

	while ((p = TAILQ_FIRST(&passes.ages)) != NULL)
		pass_free(p);
}
