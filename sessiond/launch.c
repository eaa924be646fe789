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
#include "launch_opt.h"
#include "opened.h"
#include "record.h"
#include "sizes.h"

#define SEALS	(F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL)

/* Where to write, or, as long as p is NULL, how much that will be. */
struct body {
	uint8_t	*p;
	size_t	 size;
};

static int	 launch_seal(int, struct opened *, const struct launch *,
		    size_t);
static void	 launch_write(struct body *, struct opened *,
		    const struct launch *);
static void	 launch_args(struct body *, struct opened *,
		    const struct launch *);
static void	 launch_put(struct body *, const struct record_item *);

int
launch_blob(struct opened *o, const struct launch *l)
{
	struct body	 body = { NULL, 0 };
	int		 fd, ret, saved;

	if (opened_begin(o) == -1)
		return (-1);
	fd = -1;
	ret = -1;
	launch_write(&body, o, l);
	if (body.size == 0 || body.size > BLOB_PTY_MAX)
		errno = E2BIG;
	else if ((fd = memfd_create("shell",
	    MFD_CLOEXEC | MFD_ALLOW_SEALING)) != -1)
		ret = launch_seal(fd, o, l, body.size);
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
launch_seal(int fd, struct opened *o, const struct launch *l, size_t size)
{
	struct body	 body = { NULL, 0 };
	void		*p;

	if (ftruncate(fd, size) == -1)
		return (-1);
	p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return (-1);
	body.p = p;
	launch_write(&body, o, l);
	if (munmap(p, size) == -1)
		return (-1);
	return (fcntl(fd, F_ADD_SEALS, SEALS));
}

/* The helper knows no secrets, so they come as variables like others. */
static void
launch_write(struct body *body, struct opened *o, const struct launch *l)
{
	struct env_walk		 walk;
	struct record_item	 item;
	size_t			 pos;

	launch_args(body, o, l);
	memset(&walk, 0, sizeof(walk));
	walk.quiet = body->p != NULL;
	while (env_next(o, l, &walk, &item))
		launch_put(body, &item);
	pos = 0;
	if (launch_next(l, RECORD_CWD, &pos, &item))
		launch_put(body, &item);
}

/* A client's command takes the place of the one of the record. */
static void
launch_args(struct body *body, struct opened *o, const struct launch *l)
{
	struct opened_walk	 walk = { 0, 0 };
	struct record_item	 item;
	size_t			 pos;

	if (l != NULL && l->nargs > 0) {
		pos = 0;
		while (launch_next(l, RECORD_ARG, &pos, &item))
			launch_put(body, &item);
		return;
	}
	while (opened_next(o, &walk, &item)) {
		if (item.tag == RECORD_ARG)
			launch_put(body, &item);
	}
}

static void
launch_put(struct body *body, const struct record_item *item)
{
	size_t	 size;

	if ((size = record_item_size(item)) == 0)
		return;
	body->size += size;
	if (body->p != NULL) {
		record_item_put(body->p, item);
		body->p += size;
	}
}
