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

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "blob.h"
#include "compose.h"
#include "hostkey.h"
#include "known_hosts.h"
#include "learned.h"
#include "log.h"
#include "record.h"

/* What bears on the keys of one host. */
struct gathered {
	const uint8_t		*body;		/* of the back end */
	size_t			 len;
	size_t			 items;
	size_t			 size;		/* of what is kept of it */
	int			 pinned;	/* it has keys itself */
	const struct known_key	*known;
	size_t			 nknown;
	int			 known_pins;	/* not all are revoked */
	uint8_t			 check;
};

static int	 gather(struct compose *, const struct catalog_found *,
		    struct gathered *);
static int	 gather_items(struct gathered *);
static void	 gather_free(struct gathered *);
static uint64_t	 version_of(const struct gathered *, uint64_t);
static size_t	 put(uint8_t *, size_t, uint8_t, const char *, const char *);
static size_t	 put_key(uint8_t *, size_t, uint8_t, uint8_t,
		    const uint8_t[HASH_LEN]);
static size_t	 put_kept(uint8_t *, size_t, const struct gathered *);
static size_t	 put_added(uint8_t *, size_t, const struct gathered *,
		    const struct learned_key *, size_t);
static int	 pins_have(const struct gathered *, uint8_t,
		    const uint8_t[HASH_LEN]);
static int	 known_have(const struct gathered *, int,
		    const struct msg_learn *);
static int	 learn_check(const struct compose *, const struct msg_learn *,
		    const struct target *, const struct gathered *);

static const char *const	 check_names[HOSTCHECK_MAX + 1] = {
	[HOSTCHECK_YES] =	 "yes",
	[HOSTCHECK_ACCEPT_NEW] = "accept-new",
	[HOSTCHECK_NO] =	 "no"
};

/* How a back end has said "yes" or "no" to checking does not count. */
static int
gather_items(struct gathered *g)
{
	struct record_item	 it;
	size_t			 pos;
	int			 r;

	pos = 0;
	while ((r = record_item_get(&it, g->body, g->len, &pos)) == 1) {
		if (it.tag == RECORD_HOST_CHECK)
			continue;
		if (it.tag == RECORD_HOST_KEY)
			g->pinned = 1;
		g->size += record_item_size(&it);
		g->items++;
	}
	if (r == -1)
		errno = EINVAL;
	return (r);
}

/* Returns -1 with errno. */
static int
gather(struct compose *c, const struct catalog_found *found,
    struct gathered *g)
{
	const struct target	*t;
	size_t			 i;

	memset(g, 0, sizeof(*g));
	t = &found->target;
	if (blob_map(found->record, BLOB_RECORD_MAX, &g->body, &g->len) ==
	    -1)
		return (-1);
	if (gather_items(g) == -1 || (c->known != NULL &&
	    known_hosts_lookup(c->known, t->host, t->port, &g->known,
	    &g->nknown) == -1)) {
		gather_free(g);
		return (-1);
	}
	for (i = 0; i < g->nknown; i++)
		if (!g->known[i].revoked)
			g->known_pins = 1;
	/* Who is first on a shared name would speak for the others. */
	g->check = c->check;
	if (found->shared && c->check == HOSTCHECK_ACCEPT_NEW)
		g->check = HOSTCHECK_YES;
	return (0);
}

static void
gather_free(struct gathered *g)
{
	blob_unmap(g->body, g->len);
}

static uint64_t
version_of(const struct gathered *g, uint64_t version)
{
	SHA2_CTX	 ctx;
	uint8_t		 hash[SHA256_DIGEST_LENGTH], fixed[2];
	size_t		 i;

	SHA256Init(&ctx);
	SHA256Update(&ctx, (const uint8_t *)&version, sizeof(version));
	SHA256Update(&ctx, &g->check, sizeof(g->check));
	for (i = 0; i < g->nknown; i++) {
		if (g->pinned && !g->known[i].revoked)
			continue;
		fixed[0] = g->known[i].type;
		fixed[1] = g->known[i].revoked;
		SHA256Update(&ctx, fixed, sizeof(fixed));
		SHA256Update(&ctx, g->known[i].hash, HASH_LEN);
	}
	SHA256Final(hash, &ctx);
	memcpy(&version, hash, sizeof(version));
	return (version);
}

/* Write an item at pos unless there is no buffer; where the next begins. */
static size_t
put(uint8_t *buf, size_t pos, uint8_t tag, const char *name,
    const char *value)
{
	struct record_item	 it;

	it.tag = tag;
	it.name = name;
	it.namelen = strlen(name);
	it.value = value;
	it.len = strlen(value);
	if (buf != NULL)
		record_item_put(buf + pos, &it);
	return (pos + record_item_size(&it));
}

static size_t
put_key(uint8_t *buf, size_t pos, uint8_t tag, uint8_t type,
    const uint8_t hash[HASH_LEN])
{
	char	 text[FINGERPRINT_LEN + 1];

	fingerprint_put(text, hash);
	return (put(buf, pos, tag, hostkey_name(type), text));
}

static size_t
put_kept(uint8_t *buf, size_t pos, const struct gathered *g)
{
	struct record_item	 it;
	size_t			 from;

	from = 0;
	while (record_item_get(&it, g->body, g->len, &from) == 1) {
		if (it.tag == RECORD_HOST_CHECK)
			continue;
		record_item_put(buf + pos, &it);
		pos += record_item_size(&it);
	}
	return (pos);
}

static size_t
put_added(uint8_t *buf, size_t pos, const struct gathered *g,
    const struct learned_key *keys, size_t nkeys)
{
	size_t	 i;

	for (i = 0; i < g->nknown; i++) {
		if (g->known[i].revoked)
			pos = put_key(buf, pos, RECORD_HOST_REVOKED,
			    g->known[i].type, g->known[i].hash);
		else if (!g->pinned)
			pos = put_key(buf, pos, RECORD_HOST_KEY,
			    g->known[i].type, g->known[i].hash);
	}
	for (i = 0; i < nkeys; i++)
		pos = put_key(buf, pos, RECORD_HOST_KEY, keys[i].type,
		    keys[i].hash);
	return (put(buf, pos, RECORD_HOST_CHECK, "", check_names[g->check]));
}

int
compose_record(struct compose *c, const char *sandbox,
    struct catalog_found *found)
{
	struct learned_key	 keys[LEARNED_HOST_MAX];
	struct gathered		 g;
	uint8_t			*buf;
	size_t			 len, n;
	int			 fd;

	if (found->target.upstream != UPSTREAM_SSH)
		return (0);
	if (gather(c, found, &g) == -1) {
		log_warn("record of %s", sandbox);
		return (-1);
	}
	buf = NULL;
	fd = -1;
	n = 0;
	/* Those of a name that is shared now were learned when it was not. */
	if (c->check == HOSTCHECK_ACCEPT_NEW && c->learned != NULL &&
	    !g.pinned && !g.known_pins)
		n = learned_find(c->learned, sandbox, found->target.host,
		    found->target.port, keys);
	len = put_added(NULL, g.size, &g, keys, n);
	errno = E2BIG;
	if (g.items + g.nknown + n + 1 <= RECORD_ITEMS_MAX &&
	    len <= BLOB_RECORD_MAX && (buf = malloc(len)) != NULL) {
		(void)put_added(buf, put_kept(buf, 0, &g), &g, keys, n);
		fd = blob_create(buf, len);
	}
	if (fd == -1)
		log_warn("record of %s", sandbox);
	else {
		found->version = version_of(&g, found->version);
		close(found->record);
		found->record = fd;
	}
	free(buf);
	gather_free(&g);
	return (fd == -1 ? -1 : 0);
}

/* Whether a key of the record itself is that one. */
static int
pins_have(const struct gathered *g, uint8_t tag, const uint8_t hash[HASH_LEN])
{
	struct record_item	 it;
	uint8_t			 pin[HASH_LEN];
	size_t			 pos;

	/* The hash is one of the type, too. */
	pos = 0;
	while (record_item_get(&it, g->body, g->len, &pos) == 1)
		if (it.tag == tag &&
		    fingerprint_get(pin, it.value, it.len) == 0 &&
		    memcmp(pin, hash, HASH_LEN) == 0)
			return (1);
	return (0);
}

static int
known_have(const struct gathered *g, int revoked, const struct msg_learn *m)
{
	size_t	 i;

	for (i = 0; i < g->nknown; i++)
		if (g->known[i].revoked == revoked && memcmp(g->known[i].hash,
		    m->hash, sizeof(m->hash)) == 0)
			return (1);
	return (0);
}

/*
 * -1 if the key may be learned, else the answer.  A worker asks when its
 * record had no key, which may have changed since; and it may lie.
 */
static int
learn_check(const struct compose *c, const struct msg_learn *m,
    const struct target *t, const struct gathered *g)
{
	if (t->port != m->port || strcmp(t->host, m->host) != 0 ||
	    g->check != HOSTCHECK_ACCEPT_NEW || c->learned == NULL)
		return (LEARN_REFUSED);
	if (known_have(g, 1, m) || pins_have(g, RECORD_HOST_REVOKED, m->hash))
		return (LEARN_OTHER);
	if (g->pinned)
		return (pins_have(g, RECORD_HOST_KEY, m->hash) ? 0 :
		    LEARN_OTHER);
	if (g->known_pins)
		return (known_have(g, 0, m) ? 0 : LEARN_OTHER);
	return (-1);
}

int
compose_learn(struct compose *c, const struct msg_learn *m,
    const struct catalog_found *found)
{
	struct gathered	 g;
	int		 answer;

	if (found->target.upstream != UPSTREAM_SSH)
		return (LEARN_REFUSED);
	if (gather(c, found, &g) == -1) {
		log_warn("record of %s", m->sandbox);
		return (LEARN_STORE);
	}
	answer = learn_check(c, m, &found->target, &g);
	gather_free(&g);
	return (answer == -1 ? learned_add(c->learned, m) : answer);
}
