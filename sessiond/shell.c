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

#include "limits.h"
#include "log.h"
#include "record.h"
#include "secrets.h"
#include "shell.h"

#define SEALS	(F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL)

/* Unless the record says something else. */
#define SHELL_TERM	"xterm-256color"

#define SKIPPED		UINT_MAX	/* a secret that did not open */

struct shell {
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

static int	 shell_survey(const struct shell *, struct survey *);
static int	 shell_open(struct shell *, const struct survey *, int,
		    const int *, size_t);
static int	 shell_open_all(struct shell *, const struct survey *);
static void	 shell_skip(const struct record_item *, const char *);
static int	 shell_item(struct shell *, size_t *, size_t *,
		    struct record_item *);
static size_t	 shell_size(struct shell *);
static void	 shell_write(struct shell *, uint8_t *);
static int	 shell_seal(int, struct shell *, size_t);

static const struct record_item	 term = {
	RECORD_ENV, "TERM", 4, SHELL_TERM, sizeof(SHELL_TERM) - 1
};

struct shell *
shell_new(const uint8_t *body, size_t len, int unlocked, const int *keys,
    size_t nkeys)
{
	struct shell	*sh;
	struct survey	 found;

	if ((sh = calloc(1, sizeof(*sh))) == NULL) {
		log_warn("record");
		return (NULL);
	}
	sh->body = body;
	sh->len = len;
	if (shell_survey(sh, &found) == -1) {
		log_warnx("record is malformed");
		free(sh);
		return (NULL);
	}
	if (found.nsecrets > 0 &&
	    shell_open(sh, &found, unlocked, keys, nkeys) == -1) {
		secrets_free(sh->secrets);
		free(sh->index);
		free(sh);
		return (NULL);
	}
	return (sh);
}

static int
shell_survey(const struct shell *sh, struct survey *found)
{
	struct record_item	 item;
	size_t			 pos, n;
	int			 more;

	memset(found, 0, sizeof(*found));
	pos = n = 0;
	while ((more = record_item_get(&item, sh->body, sh->len, &pos)) == 1) {
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
shell_open(struct shell *sh, const struct survey *found, int unlocked,
    const int *keys, size_t nkeys)
{
	enum secrets_result	 res;
	size_t			 i;

	if ((sh->secrets = secrets_new(unlocked)) == NULL ||
	    (sh->index = calloc(found->nsecrets, sizeof(*sh->index))) ==
	    NULL) {
		log_warn("secrets");
		return (-1);
	}
	for (i = 0; i < nkeys; i++) {
		res = secrets_keys_add(sh->secrets, keys[i]);
		if (res == SECRETS_BAD)
			log_warnx("seal key %zu: not a key", i + 1);
		else if (res != SECRETS_OK) {
			log_warn("seal key %zu: %s", i + 1,
			    secrets_strerror(res));
			return (-1);
		}
	}
	res = secrets_reserve(sh->secrets, found->size);
	if (res != SECRETS_OK) {
		log_warn("memory for secrets: %s", secrets_strerror(res));
		return (-1);
	}
	if (shell_open_all(sh, found) == -1)
		return (-1);
	if (secrets_keys_wipe(sh->secrets) == -1) {
		log_warn("cannot clear the seal keys");
		return (-1);
	}
	return (0);
}

static int
shell_open_all(struct shell *sh, const struct survey *found)
{
	struct record_item	 item;
	enum secrets_result	 res;
	unsigned int		 i;
	size_t			 pos;

	pos = 0;
	while (record_item_get(&item, sh->body, sh->len, &pos) == 1) {
		if (item.tag != RECORD_SECRET)
			continue;
		res = secrets_open(sh->secrets, found->pub.value,
		    found->pub.len, item.value, item.len, &i);
		if (res == SECRETS_NOMEM) {
			log_warnx("secrets: %s", secrets_strerror(res));
			return (-1);
		}
		if (res != SECRETS_OK) {
			shell_skip(&item, secrets_strerror(res));
			i = SKIPPED;
		}
		sh->index[sh->nsecrets++] = i;
	}
	return (0);
}

static void
shell_skip(const struct record_item *item, const char *why)
{
	char	 name[RECORD_NAME_MAX + 1], shown[4 * RECORD_NAME_MAX + 1];

	memcpy(name, item->name, item->namelen);
	name[item->namelen] = '\0';
	log_escape(shown, sizeof(shown), name);
	log_warnx("secret %s skipped: %s", shown, why);
}

int
shell_blob(struct shell *sh)
{
	size_t	 size;
	int	 fd, ret, saved;

	if (sh->secrets != NULL && secrets_begin(sh->secrets) == -1)
		return (-1);
	fd = -1;
	ret = -1;
	size = shell_size(sh);
	if (size > BLOB_PTY_MAX)
		errno = E2BIG;
	else if ((fd = memfd_create("shell",
	    MFD_CLOEXEC | MFD_ALLOW_SEALING)) != -1)
		ret = shell_seal(fd, sh, size);
	saved = errno;
	if (sh->secrets != NULL && secrets_end(sh->secrets) == -1)
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
shell_seal(int fd, struct shell *sh, size_t size)
{
	void	*p;

	if (ftruncate(fd, size) == -1)
		return (-1);
	p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return (-1);
	shell_write(sh, p);
	if (munmap(p, size) == -1)
		return (-1);
	return (fcntl(fd, F_ADD_SEALS, SEALS));
}

/*
 * The next item for the helper, beginning with TERM: *pos and *n are where
 * we are in the record and how many secrets have passed.
 */
static int
shell_item(struct shell *sh, size_t *pos, size_t *n, struct record_item *item)
{
	const uint8_t	*p;
	unsigned int	 i;

	while (record_item_get(item, sh->body, sh->len, pos) == 1) {
		if (item->tag == RECORD_ARG || item->tag == RECORD_ENV)
			return (1);
		if (item->tag != RECORD_SECRET)
			continue;
		i = sh->index[(*n)++];
		if (i == SKIPPED ||
		    (p = secrets_get(sh->secrets, i, &item->len)) == NULL)
			continue;
		if (memchr(p, '\0', item->len) != NULL) {
			shell_skip(item, "a NUL cannot be in a variable");
			continue;
		}
		item->tag = RECORD_ENV;
		item->value = (const char *)p;
		return (1);
	}
	return (0);
}

static size_t
shell_size(struct shell *sh)
{
	struct record_item	 item;
	size_t			 pos, n, size;

	pos = n = 0;
	size = record_item_size(&term);
	while (shell_item(sh, &pos, &n, &item))
		size += record_item_size(&item);
	return (size);
}

static void
shell_write(struct shell *sh, uint8_t *out)
{
	struct record_item	 item;
	size_t			 pos, n;

	pos = n = 0;
	record_item_put(out, &term);
	out += record_item_size(&term);
	while (shell_item(sh, &pos, &n, &item)) {
		if (record_item_size(&item) == 0)
			continue;
		record_item_put(out, &item);
		out += record_item_size(&item);
	}
}
