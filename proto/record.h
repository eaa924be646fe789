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

#ifndef GATEWAYD_PROTO_RECORD_H
#define GATEWAYD_PROTO_RECORD_H

#include <stddef.h>
#include <stdint.h>

/*
 * The body of a record: what a worker must know of its sandbox beyond the
 * fixed fields of GRANT_OPEN.  It is a sequence of items, each a tag, a
 * name and a value, in a sealed memfd.  The catalog makes it, the worker
 * reads it, the parent passes it on unread.  What a worker has the pty helper
 * start is written the same way, with secrets opened: ARG, ENV and CWD.
 * The name of a FILE is its mode in four octal digits and its absolute path:
 * "0600/root/.netrc".
 */
#define RECORD_ARG	1		/* of the pty command, in order */
#define RECORD_ENV	2		/* name, plain value */
#define RECORD_SECRET	3		/* name, sealed value: environment */
#define RECORD_PUBLIC_KEY 4		/* hex: which seal key to open with */
#define RECORD_CWD	5		/* directory; not in a record */
#define RECORD_FILE	6		/* mode and path, sealed content */
#define RECORD_SSH_USER	7		/* to log in as */
#define RECORD_SSH_KEY	8		/* sealed private key */
#define RECORD_SSH_KEYFILE 9		/* path; the key comes as KEYFILE */
#define RECORD_SSH_PASSPHRASE 10	/* sealed, of the private key */
#define RECORD_SSH_PASSWORD 11		/* sealed */
#define RECORD_HOST_KEY	12		/* type or empty, fingerprint */
#define RECORD_HOST_REVOKED 13		/* the same: never this one */
#define RECORD_HOST_CHECK 14		/* "yes", "accept-new" or "no" */
#define RECORD_TAG_MAX	RECORD_HOST_CHECK

#define RECORD_ITEMS_MAX	1024
#define RECORD_NAME_MAX		1023
#define RECORD_VALUE_MAX	(1024 * 1024)

struct record_item {
	uint8_t		 tag;		/* RECORD_* */
	const char	*name;		/* not terminated */
	size_t		 namelen;
	const char	*value;		/* not terminated, no NUL inside */
	size_t		 len;
};

/* Bytes that the item takes in a body, 0 if it exceeds a limit. */
size_t	 record_item_size(const struct record_item *);

/* Write an item at p, where record_item_size() bytes are free. */
void	 record_item_put(uint8_t *, const struct record_item *);

/*
 * Read the item at *pos of len bytes and move *pos behind it.  Returns 1,
 * 0 at the end, -1 if the body is malformed.  The item points into the
 * body.  The caller counts against RECORD_ITEMS_MAX.
 */
int	 record_item_get(struct record_item *, const uint8_t *, size_t,
	    size_t *);

#endif /* GATEWAYD_PROTO_RECORD_H */
