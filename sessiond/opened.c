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
#include <sys/stat.h>

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "opened.h"
#include "secrets.h"
#include "sizes.h"

#define SKIPPED		UINT_MAX	/* an item that did not open */

/* A private key of 16384 bits with its passphrase's wrapping has 13 KiB. */
#define KEYFILE_MAX	(64 * 1024)

struct opened {
	const uint8_t	*body;
	size_t		 len;
	struct secrets	*secrets;	/* NULL: nothing is sealed */
	size_t		 nsealed;
	unsigned int	*index;		/* of each, in order */
	unsigned int	 failed[RECORD_TAG_MAX + 1];
};

/* What one pass over a record found. */
struct survey {
	size_t			 nsealed;
	size_t			 size;		/* of all plaintexts */
	int			 boxes;		/* one is a sealed box */
	off_t			 keyfile;	/* its size */
	struct record_item	 pub;		/* value NULL: none */
};

static int	 is_sealed(uint8_t);
static int	 opened_survey(const struct opened *, int, struct survey *);
static int	 opened_open(struct opened *, const struct survey *, int,
		    const int *, size_t, int);
static int	 opened_keys(struct opened *, const int *, size_t);
static int	 opened_open_all(struct opened *, const struct survey *, int);
static void	 opened_skip(struct opened *, const struct record_item *,
		    const char *);

struct opened *
opened_new(const uint8_t *body, size_t len, int unlocked, const int *keys,
    size_t nkeys, int keyfile)
{
	struct opened	*o;
	struct survey	 found;

	if ((o = calloc(1, sizeof(*o))) == NULL) {
		log_warn("record");
		return (NULL);
	}
	o->body = body;
	o->len = len;
	if (opened_survey(o, keyfile, &found) == -1) {
		log_warnx("record is malformed");
		free(o);
		return (NULL);
	}
	if (found.nsealed > 0 && opened_open(o, &found, unlocked, keys,
	    nkeys, keyfile) == -1) {
		secrets_free(o->secrets);
		free(o->index);
		free(o);
		return (NULL);
	}
	return (o);
}

/* What is to lie in guarded memory: the boxes, and the key file. */
static int
is_sealed(uint8_t tag)
{
	switch (tag) {
	case RECORD_SECRET:
	case RECORD_FILE:
	case RECORD_SSH_KEY:
	case RECORD_SSH_KEYFILE:
	case RECORD_SSH_PASSPHRASE:
	case RECORD_SSH_PASSWORD:
		return (1);
	default:
		return (0);
	}
}

static int
opened_survey(const struct opened *o, int keyfile, struct survey *found)
{
	struct record_item	 item;
	struct stat		 st;
	size_t			 pos, n;
	int			 more;

	memset(found, 0, sizeof(*found));
	if (keyfile != -1 && fstat(keyfile, &st) == 0 && st.st_size > 0 &&
	    st.st_size <= KEYFILE_MAX)
		found->keyfile = st.st_size;
	pos = n = 0;
	while ((more = record_item_get(&item, o->body, o->len, &pos)) == 1) {
		if (++n > RECORD_ITEMS_MAX)
			return (-1);
		if (item.tag == RECORD_PUBLIC_KEY)
			found->pub = item;
		if (!is_sealed(item.tag))
			continue;
		found->nsealed++;
		if (item.tag == RECORD_SSH_KEYFILE)
			found->size += found->keyfile;
		else {
			found->size += secrets_size(item.len);
			found->boxes = 1;
		}
	}
	return (more);
}

static int
opened_open(struct opened *o, const struct survey *found, int unlocked,
    const int *keys, size_t nkeys, int keyfile)
{
	enum secrets_result	 res;

	if ((o->secrets = secrets_new(unlocked)) == NULL ||
	    (o->index = calloc(found->nsealed, sizeof(*o->index))) == NULL) {
		log_warn("secrets");
		return (-1);
	}
	if (found->boxes && opened_keys(o, keys, nkeys) == -1)
		return (-1);
	res = secrets_reserve(o->secrets, found->size);
	if (res != SECRETS_OK) {
		log_warn("memory for secrets: %s", secrets_strerror(res));
		return (-1);
	}
	if (opened_open_all(o, found, keyfile) == -1)
		return (-1);
	if (secrets_keys_wipe(o->secrets) == -1) {
		log_warn("cannot clear the seal keys");
		return (-1);
	}
	return (0);
}

static int
opened_keys(struct opened *o, const int *keys, size_t nkeys)
{
	enum secrets_result	 res;
	size_t			 i, usable;

	usable = 0;
	for (i = 0; i < nkeys; i++) {
		res = secrets_keys_add(o->secrets, keys[i]);
		if (res == SECRETS_OK)
			usable++;
		else if (res == SECRETS_BAD)
			log_warnx("seal key %zu: not a key", i + 1);
		else {
			log_warn("seal key %zu: %s", i + 1,
			    secrets_strerror(res));
			return (-1);
		}
	}
	if (usable == 0)
		log_warnx("there is no seal key");
	return (usable == 0 ? -1 : 0);
}

static int
opened_open_all(struct opened *o, const struct survey *found, int keyfile)
{
	struct record_item	 item;
	enum secrets_result	 res;
	unsigned int		 i;
	size_t			 pos;

	pos = 0;
	while (record_item_get(&item, o->body, o->len, &pos) == 1) {
		if (!is_sealed(item.tag))
			continue;
		if (item.tag == RECORD_SSH_KEYFILE)
			res = secrets_file(o->secrets, keyfile,
			    found->keyfile, &i);
		else
			res = secrets_open(o->secrets, found->pub.value,
			    found->pub.len, item.value, item.len, &i);
		if (res == SECRETS_NOMEM) {
			log_warnx("secrets: %s", secrets_strerror(res));
			return (-1);
		}
		if (res != SECRETS_OK) {
			opened_skip(o, &item, secrets_strerror(res));
			i = SKIPPED;
		}
		o->index[o->nsealed++] = i;
	}
	return (0);
}

static void
opened_skip(struct opened *o, const struct record_item *item, const char *why)
{
	static const char *const kinds[RECORD_TAG_MAX + 1] = {
		[RECORD_SECRET] = "secret ", [RECORD_FILE] = "file ",
		[RECORD_SSH_KEY] = "private key",
		[RECORD_SSH_KEYFILE] = "private key file",
		[RECORD_SSH_PASSPHRASE] = "passphrase",
		[RECORD_SSH_PASSWORD] = "password"
	};
	char	 name[RECORD_NAME_MAX + 1], shown[LOG_TEXT_MAX / 2];

	o->failed[item->tag]++;
	memcpy(name, item->name, item->namelen);
	name[item->namelen] = '\0';
	log_escape(shown, sizeof(shown), name);
	log_warnx("%s%s skipped: %s", kinds[item->tag], shown, why);
}

int
opened_begin(struct opened *o)
{
	return (o->secrets == NULL ? 0 : secrets_begin(o->secrets));
}

void
opened_end(struct opened *o)
{
	if (o->secrets != NULL && secrets_end(o->secrets) == -1)
		fatal("cannot hide the secrets again");
}

int
opened_next(struct opened *o, struct opened_walk *walk,
    struct record_item *item)
{
	const uint8_t	*p;
	unsigned int	 i;

	while (record_item_get(item, o->body, o->len, &walk->pos) == 1) {
		if (item->tag == RECORD_PUBLIC_KEY)
			continue;
		if (!is_sealed(item->tag))
			return (1);
		i = o->index[walk->nsealed++];
		if (i == SKIPPED ||
		    (p = secrets_get(o->secrets, i, &item->len)) == NULL)
			continue;
		if (item->tag == RECORD_SSH_KEYFILE)
			item->tag = RECORD_SSH_KEY;
		item->value = (const char *)p;
		return (1);
	}
	return (0);
}

unsigned int
opened_failed(const struct opened *o, uint8_t tag)
{
	return (o->failed[tag]);
}
