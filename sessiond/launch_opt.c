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
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "launch_opt.h"
#include "log.h"
#include "sizes.h"

/* The parts of a walk, in order. */
enum env_part {
	ENV_PLAIN,
	ENV_SECRET,
	ENV_CLIENT
};

static int	 launch_check(struct launch *);
static int	 launch_item(struct launch *, const struct record_item *);
static int	 env_record(struct opened *, struct env_walk *, uint8_t,
		    struct record_item *);
static const char *env_refused(struct env_walk *,
		    const struct record_item *);
static void	 env_skip(const struct record_item *, const char *);

struct launch *
launch_new(const uint8_t *body, size_t len)
{
	struct launch	*l;

	if (len > BLOB_LAUNCH_MAX) {
		errno = EINVAL;
		return (NULL);
	}
	if ((l = calloc(1, sizeof(*l))) == NULL)
		return (NULL);
	l->len = len;
	if (len > 0) {
		if ((l->body = malloc(len)) == NULL) {
			free(l);
			return (NULL);
		}
		memcpy(l->body, body, len);
	}
	if (launch_check(l) == -1) {
		launch_free(l);
		errno = EINVAL;
		return (NULL);
	}
	return (l);
}

void
launch_free(struct launch *l)
{
	if (l == NULL)
		return;
	if (l->body != NULL)
		freezero(l->body, l->len);
	free(l);
}

static int
launch_check(struct launch *l)
{
	struct record_item	 item;
	size_t			 n, pos;
	int			 more;

	n = pos = 0;
	while ((more = record_item_get(&item, l->body, l->len, &pos)) == 1) {
		if (n++ == LAUNCH_ITEMS_MAX || launch_item(l, &item) == -1)
			return (-1);
	}
	return (more);
}

/* That there is no NUL in any has been seen to. */
static int
launch_item(struct launch *l, const struct record_item *item)
{
	switch (item->tag) {
	case RECORD_ARG:
		if (item->namelen != 0 || (l->nargs == 0 && item->len == 0))
			return (-1);
		l->nargs++;
		return (0);
	case RECORD_ENV:
		if (!env_name_valid(item->name, item->namelen))
			return (-1);
		l->nenv++;
		return (0);
	case RECORD_CWD:
		if (item->namelen != 0 || l->has_cwd || item->len == 0 ||
		    item->len > LAUNCH_CWD_MAX || item->value[0] != '/')
			return (-1);
		l->has_cwd = 1;
		return (0);
	default:
		return (-1);
	}
}

int
launch_next(const struct launch *l, uint8_t tag, size_t *pos,
    struct record_item *item)
{
	if (l == NULL)
		return (0);
	while (record_item_get(item, l->body, l->len, pos) == 1) {
		if (item->tag == tag)
			return (1);
	}
	return (0);
}

int
env_name_valid(const char *name, size_t len)
{
	size_t	 i;
	char	 c;

	if (len == 0 || len > LAUNCH_NAME_MAX ||
	    (name[0] >= '0' && name[0] <= '9'))
		return (0);
	for (i = 0; i < len; i++) {
		c = name[i];
		if (!(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z') &&
		    !(c >= '0' && c <= '9') && c != '_')
			return (0);
	}
	return (1);
}

int
env_next(struct opened *o, const struct launch *l, struct env_walk *walk,
    struct record_item *item)
{
	static const uint8_t	 tags[] = {
		[ENV_PLAIN] = RECORD_ENV, [ENV_SECRET] = RECORD_SECRET
	};

	for (; walk->part < ENV_CLIENT; walk->part++) {
		if (env_record(o, walk, tags[walk->part], item))
			return (1);
		memset(&walk->opened, 0, sizeof(walk->opened));
	}
	return (launch_next(l, RECORD_ENV, &walk->pos, item));
}

static int
env_record(struct opened *o, struct env_walk *walk, uint8_t tag,
    struct record_item *item)
{
	const char	*why;

	while (opened_next(o, &walk->opened, item)) {
		if (item->tag != tag)
			continue;
		if ((why = env_refused(walk, item)) != NULL) {
			if (!walk->quiet)
				env_skip(item, why);
			continue;
		}
		item->tag = RECORD_ENV;
		return (1);
	}
	return (0);
}

static const char *
env_refused(struct env_walk *walk, const struct record_item *item)
{
	size_t	 size;

	if (!env_name_valid(item->name, item->namelen))
		return ("that is no name of a variable");
	if (item->len > 0 && memchr(item->value, '\0', item->len) != NULL)
		return ("a NUL cannot be in a variable");
	size = item->namelen + 1 + item->len + 1;
	if (size > LAUNCH_VAR_MAX)
		return ("it is too long");
	if (size > LAUNCH_ENV_MAX - walk->size)
		return ("the variables are too long");
	walk->size += size;
	return (NULL);
}

static void
env_skip(const struct record_item *item, const char *why)
{
	char	 name[RECORD_NAME_MAX + 1], shown[LOG_TEXT_MAX / 2];

	memcpy(name, item->name, item->namelen);
	name[item->namelen] = '\0';
	log_escape(shown, sizeof(shown), name);
	log_warnx("%s %s skipped: %s", item->tag == RECORD_SECRET ?
	    "secret" : "variable", shown, why);
}
