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

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "launch.h"
#include "log.h"
#include "record.h"
#include "secrets.h"
#include "sizes.h"

#define SEALS	(F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL)

#define SKIPPED		UINT_MAX	/* a secret that did not open */

struct launch {
	const uint8_t	*body;
	size_t		 len;
	struct secrets	*secrets;	/* NULL: the record has none */
	size_t		 nsecrets;
	unsigned int	*index;		/* of each, in order */
};

/* What one pass over a record found. */
struct survey {
	size_t			 nsecrets;
	size_t			 size;		/* of all plaintexts */
	struct record_item	 pub;		/* value NULL: none */
};

static int	 launch_survey(const struct launch *, struct survey *);
static int	 launch_open(struct launch *, const struct survey *, int,
		    const int *, size_t);
static int	 launch_open_all(struct launch *, const struct survey *);
static void	 launch_skip(const struct record_item *, const char *);
static int	 launch_item(struct launch *, size_t *, size_t *,
		    struct record_item *);
static size_t	 launch_size(struct launch *);
static void	 launch_write(struct launch *, uint8_t *);
static int	 launch_seal(int, struct launch *, size_t);

struct launch *
launch_new(const uint8_t *body, size_t len, int unlocked, const int *keys,
    size_t nkeys)
{
	struct launch	*l;
	struct survey	 found;

	if ((l = calloc(1, sizeof(*l))) == NULL) {
		log_warn("record");
		return (NULL);
	}
	l->body = body;
	l->len = len;
	if (launch_survey(l, &found) == -1) {
		log_warnx("record is malformed");
		free(l);
		return (NULL);
	}
	if (found.nsecrets > 0 &&
	    launch_open(l, &found, unlocked, keys, nkeys) == -1) {
		secrets_free(l->secrets);
		free(l->index);
		free(l);
		return (NULL);
	}
	return (l);
}

static int
launch_survey(const struct launch *l, struct survey *found)
{
	struct record_item	 item;
	size_t			 pos, n;
	int			 more;

	memset(found, 0, sizeof(*found));
	pos = n = 0;
	while ((more = record_item_get(&item, l->body, l->len, &pos)) == 1) {
		if (++n > RECORD_ITEMS_MAX)
			return (-1);
		if (item.tag == RECORD_PUBLIC_KEY)
			found->pub = item;
		if (item.tag != RECORD_SECRET)
			continue;
		found->nsecrets++;
		found->size += secrets_size(item.len);
	}
	return (more);
}

static int
launch_open(struct launch *l, const struct survey *found, int unlocked,
    const int *keys, size_t nkeys)
{
	enum secrets_result	 res;
	size_t			 i;

	if ((l->secrets = secrets_new(unlocked)) == NULL ||
	    (l->index = calloc(found->nsecrets, sizeof(*l->index))) ==
	    NULL) {
		log_warn("secrets");
		return (-1);
	}
	for (i = 0; i < nkeys; i++) {
		res = secrets_keys_add(l->secrets, keys[i]);
		if (res == SECRETS_BAD)
			log_warnx("seal key %zu: not a key", i + 1);
		else if (res != SECRETS_OK) {
			log_warn("seal key %zu: %s", i + 1,
			    secrets_strerror(res));
			return (-1);
		}
	}
	res = secrets_reserve(l->secrets, found->size);
	if (res != SECRETS_OK) {
		log_warn("memory for secrets: %s", secrets_strerror(res));
		return (-1);
	}
	if (launch_open_all(l, found) == -1)
		return (-1);
	if (secrets_keys_wipe(l->secrets) == -1) {
		log_warn("cannot clear the seal keys");
		return (-1);
	}
	return (0);
}

static int
launch_open_all(struct launch *l, const struct survey *found)
{
	struct record_item	 item;
	enum secrets_result	 res;
	unsigned int		 i;
	size_t			 pos;

	pos = 0;
	while (record_item_get(&item, l->body, l->len, &pos) == 1) {
		if (item.tag != RECORD_SECRET)
			continue;
		res = secrets_open(l->secrets, found->pub.value,
		    found->pub.len, item.value, item.len, &i);
		if (res == SECRETS_NOMEM) {
			log_warnx("secrets: %s", secrets_strerror(res));
			return (-1);
		}
		if (res != SECRETS_OK) {
			launch_skip(&item, secrets_strerror(res));
			i = SKIPPED;
		}
		l->index[l->nsecrets++] = i;
	}
	return (0);
}

static void
launch_skip(const struct record_item *item, const char *why)
{
	char	 name[RECORD_NAME_MAX + 1], shown[4 * RECORD_NAME_MAX + 1];

	memcpy(name, item->name, item->namelen);
	name[item->namelen] = '\0';
	log_escape(shown, sizeof(shown), name);
	log_warnx("secret %s skipped: %s", shown, why);
}

int
launch_blob(struct launch *l)
{
	size_t	 size;
	int	 fd, ret, saved;

	if (l->secrets != NULL && secrets_begin(l->secrets) == -1)
		return (-1);
	fd = -1;
	ret = -1;
	size = launch_size(l);
	if (size == 0 || size > BLOB_PTY_MAX)
		errno = E2BIG;
	else if ((fd = memfd_create("shell",
	    MFD_CLOEXEC | MFD_ALLOW_SEALING)) != -1)
		ret = launch_seal(fd, l, size);
	saved = errno;
	if (l->secrets != NULL && secrets_end(l->secrets) == -1)
		fatal("cannot hide the secrets again");
	if (ret == -1 && fd != -1)
		close(fd);
	errno = saved;
	return (ret == -1 ? -1 : fd);
}

/*
 * The items go from the guarded memory straight to the pages of the memfd,
 * so that no copy of a secret is left in ours.
 */
static int
launch_seal(int fd, struct launch *l, size_t size)
{
	void	*p;

	if (ftruncate(fd, size) == -1)
		return (-1);
	p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return (-1);
	launch_write(l, p);
	if (munmap(p, size) == -1)
		return (-1);
	return (fcntl(fd, F_ADD_SEALS, SEALS));
}

/*
 * The next item for the helper: *pos and *n are where we are in the record
 * and how many secrets have passed.
 */
static int
launch_item(struct launch *l, size_t *pos, size_t *n, struct record_item *item)
{
	const uint8_t	*p;
	unsigned int	 i;

	while (record_item_get(item, l->body, l->len, pos) == 1) {
		if (item->tag == RECORD_PUBLIC_KEY)
			continue;
		if (item->tag != RECORD_SECRET)
			return (1);
		i = l->index[(*n)++];
		if (i == SKIPPED ||
		    (p = secrets_get(l->secrets, i, &item->len)) == NULL)
			continue;
		if (memchr(p, '\0', item->len) != NULL) {
			launch_skip(item, "a NUL cannot be in a variable");
			continue;
		}
		item->tag = RECORD_ENV;
		item->value = (const char *)p;
		return (1);
	}
	return (0);
}

static size_t
launch_size(struct launch *l)
{
	struct record_item	 item;
	size_t			 pos, n, size;

	pos = n = 0;
	size = 0;
	while (launch_item(l, &pos, &n, &item))
		size += record_item_size(&item);
	return (size);
}

static void
launch_write(struct launch *l, uint8_t *out)
{
	struct record_item	 item;
	size_t			 pos, n;

	pos = n = 0;
	while (launch_item(l, &pos, &n, &item)) {
		if (record_item_size(&item) == 0)
			continue;
		record_item_put(out, &item);
		out += record_item_size(&item);
	}
}
