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

#include <errno.h>
#include <string.h>

#include "ticket.h"

/* All tickets of a principal. */
struct owner {
	RB_ENTRY(owner)		 entry;
	size_t			 n;
	const char		*name;
	char			 text[];
};
RB_HEAD(owners, owner);

struct ticket {
	RB_ENTRY(ticket)	 by_hash;
	RB_ENTRY(ticket)	 by_number;
	TAILQ_ENTRY(ticket)	 entry;		/* if no stream is there */
	uint8_t			 hash[HASH_LEN];
	uint32_t		 number;
	uint32_t		 streams;	/* that are there */
	int			 streaming;	/* for streams from now on */
	time_t			 until;
	struct owner		*owner;
	uint8_t			 api;
	uint8_t			 mode;
	char			 session[WIRE_UUID_LEN + 1];
	char			 sandbox[SANDBOX_ID_MAX + 1];
};
RB_HEAD(hashes, ticket);
RB_HEAD(numbers, ticket);
TAILQ_HEAD(ticket_list, ticket);

struct tickets {
	struct hashes		 hashes;
	struct numbers		 numbers;
	struct ticket_list	 waiting;	/* by the time of their end */
	struct owners		 owners;
	size_t			 n;
	uint32_t		 seq;
};

static int	 owner_cmp(struct owner *, struct owner *);
static int	 hash_cmp(struct ticket *, struct ticket *);
static int	 number_cmp(struct ticket *, struct ticket *);
static struct owner
		*owner_get(struct tickets *, const char *);
static void	 owner_put(struct tickets *, struct owner *);
static void	 ticket_hash(const uint8_t *, uint8_t *);
static int	 ticket_secret(const char *, uint8_t *);
static void	 ticket_number(struct tickets *, struct ticket *);
static void	 ticket_free(struct tickets *, struct ticket *);
static void	 ticket_wait(struct tickets *, struct ticket *, time_t);
static void	 tickets_purge(struct tickets *, time_t);
static struct ticket
		*ticket_find(struct tickets *, const struct msg_ticket_use *);

RB_PROTOTYPE_STATIC(owners, owner, entry, owner_cmp)
RB_PROTOTYPE_STATIC(hashes, ticket, by_hash, hash_cmp)
RB_PROTOTYPE_STATIC(numbers, ticket, by_number, number_cmp)
RB_GENERATE_STATIC(owners, owner, entry, owner_cmp)
RB_GENERATE_STATIC(hashes, ticket, by_hash, hash_cmp)
RB_GENERATE_STATIC(numbers, ticket, by_number, number_cmp)

static int
owner_cmp(struct owner *a, struct owner *b)
{
	return (strcmp(a->name, b->name));
}

static int
hash_cmp(struct ticket *a, struct ticket *b)
{
	return (memcmp(a->hash, b->hash, sizeof(a->hash)));
}

static int
number_cmp(struct ticket *a, struct ticket *b)
{
	return (a->number < b->number ? -1 : a->number > b->number);
}

struct tickets *
tickets_new(void)
{
	struct tickets	*ts;

	if ((ts = calloc(1, sizeof(*ts))) == NULL)
		return (NULL);
	RB_INIT(&ts->hashes);
	RB_INIT(&ts->numbers);
	RB_INIT(&ts->owners);
	TAILQ_INIT(&ts->waiting);
	/* Streams whose tickets another catalog has made may be there still. */
	ts->seq = arc4random();
	return (ts);
}

void
tickets_free(struct tickets *ts)
{
	struct ticket	*t;

	if (ts == NULL)
		return;
	while ((t = RB_ROOT(&ts->hashes)) != NULL)
		ticket_free(ts, t);
	free(ts);
}

/* One more ticket of that principal; NULL without memory. */
static struct owner *
owner_get(struct tickets *ts, const char *name)
{
	struct owner	*o, find;
	size_t		 size;

	find.name = name;
	if ((o = RB_FIND(owners, &ts->owners, &find)) == NULL) {
		size = strlen(name) + 1;
		if ((o = calloc(1, sizeof(*o) + size)) == NULL)
			return (NULL);
		memcpy(o->text, name, size);
		o->name = o->text;
		RB_INSERT(owners, &ts->owners, o);
	}
	o->n++;
	return (o);
}

static void
owner_put(struct tickets *ts, struct owner *o)
{
	if (--o->n > 0)
		return;
	RB_REMOVE(owners, &ts->owners, o);
	free(o);
}

static void
ticket_hash(const uint8_t *secret, uint8_t *hash)
{
	SHA2_CTX	 ctx;

	SHA256Init(&ctx);
	SHA256Update(&ctx, secret, TICKET_LEN);
	SHA256Final(hash, &ctx);
	explicit_bzero(&ctx, sizeof(ctx));
}

/* Lower case only: one ticket has one text. */
static int
ticket_secret(const char *hex, uint8_t *secret)
{
	static const char	 digits[] = "0123456789abcdef";
	const char		*high, *low;
	size_t			 i;

	if (strlen(hex) != TICKET_HEX)
		return (-1);
	for (i = 0; i < TICKET_LEN; i++) {
		if ((high = strchr(digits, hex[2 * i])) == NULL ||
		    (low = strchr(digits, hex[2 * i + 1])) == NULL)
			return (-1);
		secret[i] = (uint8_t)((high - digits) << 4 | (low - digits));
	}
	return (0);
}

/* A number that no other has, in the order in which they are made. */
static void
ticket_number(struct tickets *ts, struct ticket *t)
{
	do {
		if (++ts->seq == 0)
			ts->seq++;
		t->number = ts->seq;
	} while (RB_INSERT(numbers, &ts->numbers, t) != NULL);
}

static void
ticket_free(struct tickets *ts, struct ticket *t)
{
	if (t->streams == 0)
		TAILQ_REMOVE(&ts->waiting, t, entry);
	RB_REMOVE(hashes, &ts->hashes, t);
	RB_REMOVE(numbers, &ts->numbers, t);
	owner_put(ts, t->owner);
	ts->n--;
	free(t);
}

/* It has its time from now on.  All have the same, hence the order. */
static void
ticket_wait(struct tickets *ts, struct ticket *t, time_t now)
{
	t->until = now + TICKET_TIME;
	TAILQ_INSERT_TAIL(&ts->waiting, t, entry);
}

/* The clock has seconds: nobody gets less than the time that was said. */
static void
tickets_purge(struct tickets *ts, time_t now)
{
	struct ticket	*t;

	while ((t = TAILQ_FIRST(&ts->waiting)) != NULL && t->until < now)
		ticket_free(ts, t);
}

int
ticket_mint(struct tickets *ts, const struct ticket_want *want, time_t now,
    uint8_t secret[TICKET_LEN])
{
	struct ticket	*t;

	tickets_purge(ts, now);
	if ((t = calloc(1, sizeof(*t))) == NULL)
		return (-1);
	if ((t->owner = owner_get(ts, want->principal)) == NULL) {
		free(t);
		return (-1);
	}
	if (ts->n == TICKETS_MAX || t->owner->n > TICKETS_PRINCIPAL_MAX) {
		owner_put(ts, t->owner);
		free(t);
		errno = EAGAIN;
		return (-1);
	}
	t->api = want->api;
	t->mode = want->mode;
	strlcpy(t->session, want->session, sizeof(t->session));
	strlcpy(t->sandbox, want->sandbox, sizeof(t->sandbox));
	do {
		arc4random_buf(secret, TICKET_LEN);
		ticket_hash(secret, t->hash);
	} while (RB_INSERT(hashes, &ts->hashes, t) != NULL);
	ticket_number(ts, t);
	ticket_wait(ts, t, now);
	ts->n++;
	return (0);
}

int
ticket_use(struct tickets *ts, const char *hex, uint8_t api,
    const char *session, int stream, time_t now, struct ticket_use *use)
{
	struct ticket	*t, find;
	uint8_t		 secret[TICKET_LEN];

	memset(use, 0, sizeof(*use));
	tickets_purge(ts, now);
	if (ticket_secret(hex, secret) == -1)
		return (-1);
	ticket_hash(secret, find.hash);
	explicit_bzero(secret, sizeof(secret));
	if ((t = RB_FIND(hashes, &ts->hashes, &find)) == NULL)
		return (-1);
	strlcpy(use->principal, t->owner->name, sizeof(use->principal));
	if (t->api != api || (t->streaming && !stream) ||
	    (t->session[0] != '\0' && strcmp(t->session, session) != 0))
		return (-1);
	use->mode = t->mode;
	strlcpy(use->sandbox, t->sandbox, sizeof(use->sandbox));
	if (!stream) {
		ticket_free(ts, t);
		return (0);
	}
	use->number = t->number;
	t->streaming = 1;
	strlcpy(t->session, session, sizeof(t->session));
	if (t->streams == 0) {
		TAILQ_REMOVE(&ts->waiting, t, entry);
		ticket_wait(ts, t, now);
	}
	return (0);
}

static struct ticket *
ticket_find(struct tickets *ts, const struct msg_ticket_use *m)
{
	struct ticket	*t, find;

	find.number = m->ticket;
	if ((t = RB_FIND(numbers, &ts->numbers, &find)) == NULL ||
	    !t->streaming || strcmp(t->session, m->session) != 0)
		return (NULL);
	return (t);
}

void
ticket_up(struct tickets *ts, const struct msg_ticket_use *m)
{
	struct ticket	*t;

	if ((t = ticket_find(ts, m)) != NULL && t->streams++ == 0)
		TAILQ_REMOVE(&ts->waiting, t, entry);
}

void
ticket_down(struct tickets *ts, const struct msg_ticket_use *m, time_t now)
{
	struct ticket	*t;

	if ((t = ticket_find(ts, m)) != NULL && t->streams > 0 &&
	    --t->streams == 0)
		ticket_wait(ts, t, now);
}
