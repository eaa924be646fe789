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

#ifndef GATEWAYD_GATEWAYD_ASSET_H
#define GATEWAYD_GATEWAYD_ASSET_H

#include <stddef.h>
#include <stdint.h>

#include "sizes.h"

/*
 * A file of the page as a frontend has it: its bytes are a mapping of the
 * blob that the parent made of it, so they cannot change, whatever becomes
 * of the file, and all frontends share the memory.  It is counted, since an
 * answer with it may be under way when the configuration changes.
 */
#define ASSET_ETAG_SIZE	35	/* two quotes, 32 hex digits, NUL */

struct asset {
	char		 name[ASSET_NAME_MAX + 1];
	const char	*type;		/* of the contents, a constant */
	char		 etag[ASSET_ETAG_SIZE];	/* RFC 9110, 8.8.3, strong */
	const uint8_t	*p;		/* NULL if it is empty */
	size_t		 len;
	unsigned int	 refs;
};

/*
 * Take a file that was sent; the blob stays the caller's.  Returns it with
 * one reference, or NULL with *why a constant text: no memory, no blob, or
 * a name of whose contents we know no type.
 */
struct asset	*asset_new(const char *name, int blob, const char **why);

/* One reference more, and one less; NULL may be released. */
struct asset	*asset_hold(struct asset *);
void		 asset_release(struct asset *);

/*
 * Does the value of an If-None-Match header, n bytes at s, name it?  1 or 0.
 */
int		 asset_matches(const struct asset *, const char *, size_t);

#endif /* GATEWAYD_GATEWAYD_ASSET_H */
