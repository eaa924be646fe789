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

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "grant.h"

static struct grant	*grant_find(struct grants *, const uint8_t *);
static int		 grant_allows(const struct grant *, uint32_t, uint16_t,
			    const uint8_t *);
static int		 grant_same(const uint8_t *, const uint8_t *, size_t);
static void		 grant_remove(struct grants *, struct grant *);
static void		 grant_expire(struct grants *, time_t);

void
grants_init(struct grants *gs)
{
	TAILQ_INIT(&gs->list);
	gs->n = 0;
}

void
grants_free(struct grants *gs)
{
	struct grant	*g;

	while ((g = TAILQ_FIRST(&gs->list)) != NULL)
		grant_remove(gs, g);
}

int
grant_add(struct grants *gs, const struct msg_grant *m, time_t now)
{
	struct grant	*g;

	grant_expire(gs, now);
	if (gs->n == GRANTS_MAX)
		grant_remove(gs, TAILQ_FIRST(&gs->list));
	if ((g = calloc(1, sizeof(*g))) == NULL)
		return (-1);
	memcpy(g->id, m->grant, sizeof(g->id));
	g->channel = m->channel;
	g->actions = m->actions;
	g->ticket = m->ticket;
	g->mode = m->mode;
	g->viewer = m->viewer;
	g->expires = now + m->ttl;
	g->api = m->api;
	g->dialect = m->dialect;
	strlcpy(g->session, m->session, sizeof(g->session));
	strlcpy(g->name, m->name, sizeof(g->name));
	memcpy(g->hash, m->hash, sizeof(g->hash));
	strlcpy(g->principal, m->principal, sizeof(g->principal));
	TAILQ_INSERT_TAIL(&gs->list, g, entry);
	gs->n++;
	return (0);
}

int
grant_use(struct grants *gs, const uint8_t id[GRANT_LEN], uint32_t channel,
    uint16_t action, const uint8_t *hash, time_t now, struct grant *out)
{
	struct grant	*g;

	grant_expire(gs, now);
	if ((g = grant_find(gs, id)) == NULL ||
	    !grant_allows(g, channel, action, hash))
		return (-1);
	*out = *g;
	if ((action & ACTION_CALLS) == 0)
		g->actions &= ~action;
	if (action == ACTION_ATTACH)
		g->actions &= ~ACTION_OPEN;
	if (g->actions == 0)
		grant_remove(gs, g);
	return (0);
}

void
grant_drop_channel(struct grants *gs, uint32_t channel)
{
	struct grant	*g, *next;

	TAILQ_FOREACH_SAFE(g, &gs->list, entry, next) {
		if (g->channel == channel)
			grant_remove(gs, g);
	}
}

void
grant_drop_session(struct grants *gs, const char *session)
{
	struct grant	*g, *next;

	TAILQ_FOREACH_SAFE(g, &gs->list, entry, next) {
		if (strcmp(g->session, session) == 0)
			grant_remove(gs, g);
	}
}

int
grant_opens(struct grants *gs, const char *session, time_t now)
{
	struct grant	*g;

	grant_expire(gs, now);
	TAILQ_FOREACH(g, &gs->list, entry) {
		if ((g->actions & ACTION_OPEN) != 0 &&
		    strcmp(g->session, session) == 0)
			return (1);
	}
	return (0);
}

unsigned int
grant_count(struct grants *gs, time_t now)
{
	grant_expire(gs, now);
	return (gs->n);
}

/* Every id is compared whole, so that time tells nothing about any. */
static struct grant *
grant_find(struct grants *gs, const uint8_t *id)
{
	struct grant	*g, *found;

	found = NULL;
	TAILQ_FOREACH(g, &gs->list, entry) {
		if (grant_same(g->id, id, GRANT_LEN))
			found = g;
	}
	return (found);
}

static int
grant_allows(const struct grant *g, uint32_t channel, uint16_t action,
    const uint8_t *hash)
{
	if (g->channel != channel || (g->actions & action) == 0)
		return (0);
	if ((action & ACTION_CALLS) == 0)
		return (1);
	return (hash != NULL && grant_same(g->hash, hash, HASH_LEN));
}

/* Takes as long for any two. */
static int
grant_same(const uint8_t *a, const uint8_t *b, size_t n)
{
	volatile uint8_t	 differ;
	size_t			 i;

	differ = 0;
	for (i = 0; i < n; i++)
		differ |= a[i] ^ b[i];
	return (differ == 0);
}

static void
grant_remove(struct grants *gs, struct grant *g)
{
	TAILQ_REMOVE(&gs->list, g, entry);
	gs->n--;
	freezero(g, sizeof(*g));
}

/* They live 10 or 60 seconds, so the list is not sorted by their end. */
static void
grant_expire(struct grants *gs, time_t now)
{
	struct grant	*g, *next;

	TAILQ_FOREACH_SAFE(g, &gs->list, entry, next) {
		if (now >= g->expires)
			grant_remove(gs, g);
	}
}
