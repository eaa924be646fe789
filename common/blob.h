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

#ifndef GATEWAYD_COMMON_BLOB_H
#define GATEWAYD_COMMON_BLOB_H

#include <stddef.h>
#include <stdint.h>

/*
 * A blob is a memfd sealed against shrinking, growing and writing: what is
 * too long for a message.  Whoever maps one has checked the seals, so the
 * sender cannot change it, or truncate it, under the reader.
 */

/*
 * A new blob with the len bytes at data.  Returns a descriptor, close on
 * exec and at offset 0, or -1 with errno.
 */
int	 blob_create(const void *, size_t);

/*
 * Map a received blob of at most max bytes for reading.  Returns 0 and sets
 * *p and *len (p is NULL for an empty one), or -1 with errno: EPERM if it
 * is not sealed, EMSGSIZE if it is too long.  The descriptor stays with the
 * caller and may be closed; blob_unmap() ends the mapping.
 */
int	 blob_map(int, size_t, const uint8_t **, size_t *);
void	 blob_unmap(const uint8_t *, size_t);

/* The size of a received blob after the same checks, or -1 with errno. */
ssize_t	 blob_size(int, size_t);

#endif /* GATEWAYD_COMMON_BLOB_H */
