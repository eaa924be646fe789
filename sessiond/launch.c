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
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "launch.h"
#include "log.h"
#include "opened.h"
#include "record.h"
#include "sizes.h"

#define SEALS	(F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL)

static int	 launch_item(struct opened *, struct opened_walk *,
		    struct record_item *);
static size_t	 launch_size(struct opened *);
static void	 launch_write(struct opened *, uint8_t *);
static int	 launch_seal(int, struct opened *, size_t);

int
launch_blob(struct opened *o)
{
	size_t	 size;
	int	 fd, ret, saved;

	if (opened_begin(o) == -1)
		return (-1);
	fd = -1;
	ret = -1;
	size = launch_size(o);
	if (size == 0 || size > BLOB_PTY_MAX)
		errno = E2BIG;
	else if ((fd = memfd_create("shell",
	    MFD_CLOEXEC | MFD_ALLOW_SEALING)) != -1)
		ret = launch_seal(fd, o, size);
	saved = errno;
	opened_end(o);
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
launch_seal(int fd, struct opened *o, size_t size)
{
	void	*p;

	if (ftruncate(fd, size) == -1)
		return (-1);
	p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return (-1);
	launch_write(o, p);
	if (munmap(p, size) == -1)
		return (-1);
	return (fcntl(fd, F_ADD_SEALS, SEALS));
}

/* The next item for the helper, which knows no secrets. */
static int
launch_item(struct opened *o, struct opened_walk *walk,
    struct record_item *item)
{
	while (opened_next(o, walk, item)) {
		if (item->tag == RECORD_ARG || item->tag == RECORD_ENV)
			return (1);
		if (item->tag != RECORD_SECRET)
			continue;
		if (item->len > 0 &&
		    memchr(item->value, '\0', item->len) != NULL) {
			log_warnx("secret %.*s skipped: a NUL cannot be in a "
			    "variable", (int)item->namelen, item->name);
			continue;
		}
		item->tag = RECORD_ENV;
		return (1);
	}
	return (0);
}

static size_t
launch_size(struct opened *o)
{
	struct opened_walk	 walk = { 0, 0 };
	struct record_item	 item;
	size_t			 size;

	size = 0;
	while (launch_item(o, &walk, &item))
		size += record_item_size(&item);
	return (size);
}

static void
launch_write(struct opened *o, uint8_t *out)
{
	struct opened_walk	 walk = { 0, 0 };
	struct record_item	 item;

	while (launch_item(o, &walk, &item)) {
		if (record_item_size(&item) == 0)
			continue;
		record_item_put(out, &item);
		out += record_item_size(&item);
	}
}
