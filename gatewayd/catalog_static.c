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

#include "blob.h"
#include "catalog_static.h"
#include "hostkey.h"
#include "record.h"

/* How many of an item a record has, by its tag. */
struct tally {
	size_t	 n[RECORD_TAG_MAX + 1];
};

struct static_owner {
	RB_ENTRY(static_owner)	 entry;
	const char		*name;		/* text, but in a search */
	char			 text[];
};
RB_HEAD(static_owners, static_owner);

/* How many records dial it, on whatever port. */
struct static_host {
	RB_ENTRY(static_host)	 entry;
	char			 name[HOST_MAX + 1];
	size_t			 n;
};
RB_HEAD(static_hosts, static_host);

struct static_record {
	RB_ENTRY(static_record)	 entry;
	char			 sandbox[SANDBOX_ID_MAX + 1];
	struct target		 target;
	struct static_host	*host;		/* SSH: of the target */
	uint64_t		 version;
	struct static_owners	 owners;
	size_t			 nowners;
	size_t			 len;
	uint8_t			*body;
};
RB_HEAD(static_tree, static_record);

struct static_records {
	struct static_tree	 tree;
	struct static_hosts	 hosts;
	size_t			 n;
	struct static_record	*last;
};

static int	 owner_cmp(struct static_owner *, struct static_owner *);
static int	 record_cmp(struct static_record *, struct static_record *);
static int	 host_cmp(struct static_host *, struct static_host *);
static int	 record_tally(struct tally *, const uint8_t *, size_t);
static int	 record_check(const struct target *, const uint8_t *, size_t);
static struct static_host
		*host_count(struct static_records *, const char *);
static void	 record_free(struct static_record *);
static struct static_record
		*record_find(const struct static_records *, const char *);
static int	 record_owned(struct static_record *, const char *);
static void	 static_answer(struct catalog_query *,
		    const struct static_record *);
static void	 static_lookup(struct catalog_query *);
static void	 static_describe(struct catalog_query *);
static void	 static_cancel(struct catalog_query *);

RB_GENERATE_STATIC(static_owners, static_owner, entry, owner_cmp)
RB_GENERATE_STATIC(static_hosts, static_host, entry, host_cmp)
RB_GENERATE_STATIC(static_tree, static_record, entry, record_cmp)

const struct catalog_ops	 catalog_static = {
	"static", static_lookup, static_describe, static_cancel
};

/* What lookups are answered from. */
static const struct static_records	*in_use;

static int
owner_cmp(struct static_owner *a, struct static_owner *b)
{
	return (strcmp(a->name, b->name));
}

static int
record_cmp(struct static_record *a, struct static_record *b)
{
	return (strcmp(a->sandbox, b->sandbox));
}

static int
host_cmp(struct static_host *a, struct static_host *b)
{
	return (strcmp(a->name, b->name));
}

struct static_records *
static_new(void)
{
	struct static_records	*sr;

	if ((sr = calloc(1, sizeof(*sr))) != NULL) {
		RB_INIT(&sr->tree);
		RB_INIT(&sr->hosts);
	}
	return (sr);
}

static void
record_free(struct static_record *r)
{
	struct static_owner	*o;

	while ((o = RB_ROOT(&r->owners)) != NULL) {
		RB_REMOVE(static_owners, &r->owners, o);
		free(o);
	}
	free(r->body);
	free(r);
}

void
static_free(struct static_records *sr)
{
	struct static_record	*r;
	struct static_host	*h;

	if (sr == NULL)
		return;
	if (in_use == sr)
		in_use = NULL;
	while ((r = RB_ROOT(&sr->tree)) != NULL) {
		RB_REMOVE(static_tree, &sr->tree, r);
		record_free(r);
	}
	while ((h = RB_ROOT(&sr->hosts)) != NULL) {
		RB_REMOVE(static_hosts, &sr->hosts, h);
		free(h);
	}
	free(sr);
}

static int
record_tally(struct tally *t, const uint8_t *body, size_t len)
{
	struct record_item	 it;
	uint8_t			 hash[HASH_LEN];
	size_t			 n, pos;
	int			 r;

	memset(t, 0, sizeof(*t));
	n = pos = 0;
	while ((r = record_item_get(&it, body, len, &pos)) == 1) {
		if (n++ == RECORD_ITEMS_MAX)
			return (-1);
		t->n[it.tag]++;
		if (it.tag != RECORD_HOST_KEY && it.tag != RECORD_HOST_REVOKED)
			continue;
		if (fingerprint_get(hash, it.value, it.len) == -1 ||
		    (it.namelen > 0 &&
		    hostkey_type(it.name, it.namelen) == 0))
			return (-1);
	}
	return (r);
}

/*
 * A record runs something here, or dials, and names no directory; a worker
 * checks more.  How host keys are checked is not a record's to say.
 */
static int
record_check(const struct target *t, const uint8_t *body, size_t len)
{
	struct tally	 c;
	size_t		 i;

	if (record_tally(&c, body, len) == -1 || c.n[RECORD_CWD] > 0 ||
	    c.n[RECORD_HOST_CHECK] > 0)
		return (-1);
	if (t->upstream == UPSTREAM_SSH)
		return (c.n[RECORD_ARG] == 0 && c.n[RECORD_SSH_USER] == 1 &&
		    t->user[0] == '\0' && t->host[0] != '\0' &&
		    t->port != 0 ? 0 : -1);
	for (i = RECORD_FILE; i <= RECORD_TAG_MAX; i++)
		if (c.n[i] > 0)
			return (-1);
	return (t->upstream == UPSTREAM_PTY && c.n[RECORD_ARG] > 0 &&
	    t->host[0] == '\0' && t->port == 0 ? 0 : -1);
}

static struct static_host *
host_count(struct static_records *sr, const char *name)
{
	struct static_host	*h, *old;

	if ((h = calloc(1, sizeof(*h))) == NULL)
		return (NULL);
	strlcpy(h->name, name, sizeof(h->name));
	if ((old = RB_INSERT(static_hosts, &sr->hosts, h)) != NULL) {
		free(h);
		h = old;
	}
	h->n++;
	return (h);
}

int
static_add(struct static_records *sr, const struct msg_conf_sandbox *m,
    const uint8_t *body, size_t len, const char **why)
{
	struct static_record	*r;

	sr->last = NULL;
	if (sr->n == STATIC_SANDBOXES_MAX) {
		*why = "too many sandboxes";
		return (-1);
	}
	if (record_check(&m->target, body, len) == -1) {
		*why = "malformed record";
		return (-1);
	}
	*why = "out of memory";
	if ((r = calloc(1, sizeof(*r))) == NULL)
		return (-1);
	RB_INIT(&r->owners);
	if ((r->body = malloc(len)) == NULL)
		goto fail;
	memcpy(r->body, body, len);
	r->len = len;
	r->version = m->version;
	strlcpy(r->sandbox, m->sandbox, sizeof(r->sandbox));
	r->target = m->target;
	if (r->target.upstream == UPSTREAM_SSH &&
	    (r->host = host_count(sr, r->target.host)) == NULL)
		goto fail;
	*why = "sandbox defined twice";
	if (RB_INSERT(static_tree, &sr->tree, r) != NULL)
		goto fail;
	sr->n++;
	sr->last = r;
	return (0);
 fail:
	record_free(r);
	return (-1);
}

int
static_add_owner(struct static_records *sr, const char *name,
    const char **why)
{
	struct static_owner	*o;
	size_t			 size;

	if (sr->last == NULL) {
		*why = "owner without a sandbox";
		return (-1);
	}
	if (sr->last->nowners == STATIC_OWNERS_MAX) {
		*why = "too many owners of one sandbox";
		return (-1);
	}
	size = strlen(name) + 1;
	if ((o = malloc(sizeof(*o) + size)) == NULL) {
		*why = "out of memory";
		return (-1);
	}
	memcpy(o->text, name, size);
	o->name = o->text;
	if (RB_INSERT(static_owners, &sr->last->owners, o) != NULL) {
		/* Named twice; once is enough. */
		free(o);
		return (0);
	}
	sr->last->nowners++;
	return (0);
}

int
static_check(const struct static_records *sr, const char **why)
{
	struct static_record	*r;
	struct static_tree	 tree;

	/* The macros do not know that they only read. */
	tree = sr->tree;
	RB_FOREACH(r, static_tree, &tree)
		if (r->nowners == 0) {
			*why = "sandbox without an owner";
			return (-1);
		}
	return (0);
}

void
static_use(const struct static_records *sr)
{
	in_use = sr;
}

static struct static_record *
record_find(const struct static_records *sr, const char *sandbox)
{
	struct static_record	 key;
	struct static_tree	 tree;

	tree = sr->tree;
	strlcpy(key.sandbox, sandbox, sizeof(key.sandbox));
	return (RB_FIND(static_tree, &tree, &key));
}

static int
record_owned(struct static_record *r, const char *principal)
{
	struct static_owner	 key;

	key.name = principal;
	return (RB_FIND(static_owners, &r->owners, &key) != NULL);
}

static void
static_answer(struct catalog_query *q, const struct static_record *r)
{
	struct catalog_found	 found;

	memset(&found, 0, sizeof(found));
	found.target = r->target;
	found.shared = r->host != NULL && r->host->n > 1;
	found.version = r->version;
	found.record = -1;
	if (q->want_record &&
	    (found.record = blob_create(r->body, r->len)) == -1) {
		q->done(q, CATALOG_LATER, NULL);
		return;
	}
	q->done(q, CATALOG_YES, &found);
	if (found.record != -1)
		close(found.record);
}

static void
static_lookup(struct catalog_query *q)
{
	struct static_record	*r;

	if (in_use == NULL)
		q->done(q, CATALOG_LATER, NULL);
	else if ((r = record_find(in_use, q->sandbox)) == NULL ||
	    !record_owned(r, q->principal))
		q->done(q, CATALOG_NO, NULL);
	else
		static_answer(q, r);
}

static void
static_describe(struct catalog_query *q)
{
	struct static_record	*r;

	if (in_use == NULL)
		q->done(q, CATALOG_LATER, NULL);
	else if ((r = record_find(in_use, q->sandbox)) == NULL)
		q->done(q, CATALOG_NO, NULL);
	else
		static_answer(q, r);
}

/* An answer is given at once, so there is never one to wait for. */
static void
static_cancel(struct catalog_query *q UNUSED)
{
}
