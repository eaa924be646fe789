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

#ifndef GATEWAYD_GATEWAYD_LEARNED_H
#define GATEWAYD_GATEWAYD_LEARNED_H

#include <stddef.h>
#include <stdint.h>

#include "msg_dial.h"
#include "sizes.h"

/*
 * The host keys that were learned: a text file with a line for each,
 *
 *	sandbox host port type SHA256:...
 *
 * that is read whole, and appended to.  An operator who lets a host have
 * another key removes its line, so empty lines and comments (#) are fine.
 */
#define LEARNED_FILE_MAX	(16 * 1024 * 1024)
#define LEARNED_KEYS_MAX	65536

struct learned_key {
	uint8_t		type;		/* hostkey.h */
	uint8_t		hash[HASH_LEN];
};

/* Of one host of a sandbox; we learn one, an operator may add others. */
#define LEARNED_HOST_MAX	16

struct learned;

/*
 * Read what is in a regular file, open for reading and appending.  The
 * descriptor is duplicated.  A malformed line is skipped with a warning in
 * the log.  Returns NULL with *why a constant text.
 */
struct learned
	*learned_open(int, const char **why);

/* NULL is fine. */
void	 learned_close(struct learned *);

/* The keys of that host for that sandbox: so many of the array are set. */
size_t	 learned_find(struct learned *, const char *sandbox,
	    const char *host, uint16_t port,
	    struct learned_key[LEARNED_HOST_MAX]);

/*
 * Write a key down, for good: 0 when it is on the disk or was known before,
 * LEARN_OTHER if that host has another one, LEARN_STORE with a line in the
 * log if it cannot be written, LEARN_REFUSED for what is no host.
 */
int	 learned_add(struct learned *, const struct msg_learn *);

#endif /* GATEWAYD_GATEWAYD_LEARNED_H */
