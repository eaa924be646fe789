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

#ifndef GATEWAYD_GATEWAYD_CATALOG_STATIC_H
#define GATEWAYD_GATEWAYD_CATALOG_STATIC_H

#include <stddef.h>
#include <stdint.h>

#include "catalog.h"
#include "msg_conf.h"

/* Records from the configuration file: the back end "catalog static". */

#define STATIC_SANDBOXES_MAX	65536
#define STATIC_OWNERS_MAX	4096	/* of one sandbox */

struct static_records;

/* An empty set; NULL without memory.  Freeing NULL is fine. */
struct static_records
	*static_new(void);
void	 static_free(struct static_records *);

/*
 * Add a sandbox whose record has that body, which is copied, or an owner to
 * the sandbox added last.  Returns 0, or -1 with *why a constant text.
 */
int	 static_add(struct static_records *, const struct msg_conf_sandbox *,
	    const uint8_t *, size_t, const char **);
int	 static_add_owner(struct static_records *, const char *,
	    const char **);

/* Whether the set is complete: 0, or -1 with *why as above. */
int	 static_check(const struct static_records *, const char **);

/*
 * Answer from this set from now on; it stays the caller's and must live as
 * long.  NULL: none, every answer is CATALOG_LATER.
 */
void	 static_use(const struct static_records *);

extern const struct catalog_ops	catalog_static;

#endif /* GATEWAYD_GATEWAYD_CATALOG_STATIC_H */
