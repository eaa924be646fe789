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

#ifndef GATEWAYD_SESSIOND_OPENED_H
#define GATEWAYD_SESSIOND_OPENED_H

#include <stddef.h>
#include <stdint.h>

#include "record.h"

/*
 * The body of a record with what is sealed in it opened.  The plaintexts
 * cannot be read but between opened_begin() and opened_end(), and only
 * there may items be asked for.
 */
struct opened;

/*
 * Read the body of a record, which must stay where it is, and open what is
 * sealed in it with the keys on these descriptors.  `keyfile' is the file
 * that stands for RECORD_SSH_KEYFILE, or -1.  All descriptors stay the
 * caller's.  An item that cannot be opened is skipped and its name logged.
 * After this no seal key is in memory.  Returns NULL after a log line if the
 * worker cannot go on: the record is malformed, or memory cannot be locked.
 */
struct opened	*opened_new(const uint8_t *, size_t, int unlocked,
		    const int *keys, size_t nkeys, int keyfile);

/* Make the plaintexts readable: 0, or -1 with errno. */
int		 opened_begin(struct opened *);

/* And inaccessible again; ends the process if that does not work. */
void		 opened_end(struct opened *);

/* A walk through the items; all zero is the beginning. */
struct opened_walk {
	size_t		 pos;
	size_t		 nsealed;
};

/*
 * The next item, with what was sealed in the clear, and then perhaps with
 * NULs inside.  The key file comes as RECORD_SSH_KEY.  Those that did not
 * open, and RECORD_PUBLIC_KEY, are left out.  Returns 0 at the end.  What
 * the item points to is readable until opened_end(); copies are the
 * caller's to clear.
 */
int		 opened_next(struct opened *, struct opened_walk *,
		    struct record_item *);

/* How many items of that tag could not be opened. */
unsigned int	 opened_failed(const struct opened *, uint8_t tag);

#endif
