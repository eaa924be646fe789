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

#include "crowd.h"
#include "net.h"

TAILQ_HEAD(seats, seat);

struct source {
	RB_ENTRY(source)	 entry;
	struct net_addr		 addr;
	struct seats		 seats;
	unsigned int		 n;
};
RB_HEAD(sources, source);

static struct {
	struct seats	 fresh;		/* CROWD_NEW, oldest first */
	struct seats	 idle;		/* CROWD_IDLE */
	struct sources	 sources;
} crowd = {
	TAILQ_HEAD_INITIALIZER(crowd.fresh),
	TAILQ_HEAD_INITIALIZER(crowd.idle),
	RB_INITIALIZER(&crowd.sources)
};

static int		 source_cmp(struct source *, struct source *);
static struct source	*source_get(const struct net_addr *);

RB_GENERATE_STATIC(sources, source, entry, source_cmp)

static int
source_cmp(struct source *a, struct source *b)
{
	if (a->addr.family != b->addr.family)
		return (a->addr.family < b->addr.family ? -1 : 1);
	return (memcmp(a->addr.addr, b->addr.addr, sizeof(a->addr.addr)));
}

/* Of IPv6 a /64 is one source, as for the request counters. */
static struct source *
source_get(const struct net_addr *addr)
{
	struct source	*s, key;

	memset(&key, 0, sizeof(key));
	key.addr = *addr;
	if (addr->family == 6)
		memset(key.addr.addr + 8, 0, 8);
	if ((s = RB_FIND(sources, &crowd.sources, &key)) != NULL)
		return (s);
	if ((s = calloc(1, sizeof(*s))) == NULL)
		return (NULL);
	s->addr = key.addr;
	TAILQ_INIT(&s->seats);
	RB_INSERT(sources, &crowd.sources, s);
	return (s);
}

int
crowd_join(struct seat *seat, struct client *c, enum crowd_kind kind,
    const struct net_addr *addr, struct client **excess)
{
	struct source	*s;

	*excess = NULL;
	seat->client = c;
	seat->kind = kind;
	seat->source = NULL;
	if (kind == CROWD_IDLE) {
		TAILQ_INSERT_TAIL(&crowd.idle, seat, entry);
		seat->taken = 1;
		return (0);
	}
	if (addr != NULL) {
		if ((s = source_get(addr)) == NULL)
			return (-1);
		seat->source = s;
		TAILQ_INSERT_TAIL(&s->seats, seat, mine);
		if (++s->n > CROWD_SOURCE_MAX)
			*excess = TAILQ_FIRST(&s->seats)->client;
	}
	TAILQ_INSERT_TAIL(&crowd.fresh, seat, entry);
	seat->taken = 1;
	return (0);
}

void
crowd_leave(struct seat *seat)
{
	struct source	*s;

	if (!seat->taken)
		return;
	seat->taken = 0;
	TAILQ_REMOVE(seat->kind == CROWD_NEW ? &crowd.fresh : &crowd.idle,
	    seat, entry);
	if ((s = seat->source) == NULL)
		return;
	seat->source = NULL;
	TAILQ_REMOVE(&s->seats, seat, mine);
	if (--s->n == 0) {
		RB_REMOVE(sources, &crowd.sources, s);
		free(s);
	}
}

struct client *
crowd_oldest(void)
{
	struct seat	*seat;

	if ((seat = TAILQ_FIRST(&crowd.fresh)) == NULL)
		seat = TAILQ_FIRST(&crowd.idle);
	return (seat == NULL ? NULL : seat->client);
}
