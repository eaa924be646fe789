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

#ifndef GATEWAYD_SESSIOND_SECRETS_H
#define GATEWAYD_SESSIOND_SECRETS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Sealed boxes (crypto_box_seal of libsodium) and what was in them.
 *
 * Order of use: keys_add() for each key file, reserve() with the sum of
 * size() over all sealed texts, open() for each, keys_wipe(); from then on
 * the plaintexts are inaccessible but between begin() and end().  A worker
 * whose record has nothing sealed calls none of this: libsodium is started
 * by keys_add().
 */

#define SECRETS_KEYS_MAX	16
#define SECRETS_TOTAL_MAX	(16 * 1024 * 1024)	/* of plaintext */
#define SECRETS_COUNT_MAX	1024

enum secrets_result {
	SECRETS_OK,
	SECRETS_BAD,		/* not a box for our key, or not a key */
	SECRETS_NOKEY,		/* no key, or the keys are wiped */
	SECRETS_FULL,		/* more than reserved, or than allowed */
	SECRETS_UNLOCKED,	/* memory cannot be locked, see errno */
	SECRETS_NOMEM
};

struct secrets;

/*
 * A store.  With `unlocked' memory that cannot be locked is used
 * nevertheless.  NULL when out of memory.
 */
struct secrets
	*secrets_new(int unlocked);

/* Clear and free everything; NULL is allowed. */
void	 secrets_free(struct secrets *);

/*
 * Read a seal key file: 64 hex digits, perhaps a newline.  The offset of
 * the descriptor, which the caller closes, is neither used nor changed.
 */
enum secrets_result
	 secrets_keys_add(struct secrets *, int fd);

/* Bytes inside of a sealed text of len characters; 0 if it is too short. */
size_t	 secrets_size(size_t len);

/* Lock memory for so many bytes.  Once. */
enum secrets_result
	 secrets_reserve(struct secrets *, size_t);

/*
 * Open one sealed text (RFC 4648 base64url without padding, canonical) with
 * the key whose public half is `pub' in hex, 64 digits; with the first key
 * that opens it if there is none like it or pub is NULL.  Sets the index for
 * get().
 */
enum secrets_result
	 secrets_open(struct secrets *, const char *pub, size_t publen,
	    const char *text, size_t len, unsigned int *);

/*
 * Take the len bytes of a file, which must be all of it.  The offset of the
 * descriptor is neither used nor changed.  Sets the index for get().
 */
enum secrets_result
	 secrets_file(struct secrets *, int fd, size_t len, unsigned int *);

/* Clear the keys and close the store.  0, or -1 with errno: do not go on. */
int	 secrets_keys_wipe(struct secrets *);

/* Make the plaintexts readable, or inaccessible again.  As above. */
int	 secrets_begin(struct secrets *);
int	 secrets_end(struct secrets *);

/*
 * A plaintext, not terminated, readable until end().  Copies of it are the
 * caller's to clear.  NULL if there is no such index or no begin().
 */
const uint8_t
	*secrets_get(const struct secrets *, unsigned int, size_t *);

/* What a result means, for the log. */
const char
	*secrets_strerror(enum secrets_result);

#endif
