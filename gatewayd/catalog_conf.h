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

#ifndef GATEWAYD_GATEWAYD_CATALOG_CONF_H
#define GATEWAYD_GATEWAYD_CATALOG_CONF_H

#include "catalog_static.h"
#include "compose.h"
#include "msg_conf.h"
#include "token.h"

/*
 * The configuration of the catalog, built from CONF_ messages.  The first
 * thing wrong with it is kept and stops the rest from being looked at.
 */
#define CATALOG_KEYS_MAX	32	/* of one api */

struct catalog_api {
	int			 configured;
	struct token_policy	 policy;
	struct token_key	 keys[CATALOG_KEYS_MAX];
	size_t			 nkeys;
};

struct catalog_conf {
	struct catalog_api	 apis[API_MAX + 1];	/* by API_* */
	struct static_records	*records;
	struct compose		 compose;
	char			 why[REASON_MAX + 1];	/* "": all is well */
};

/* NULL without memory. */
struct catalog_conf
	*catalog_conf_new(void);

/* With all keys, wiped.  NULL is fine. */
void	 catalog_conf_free(struct catalog_conf *);

/* One line each; descriptors stay the caller's. */
void	 catalog_conf_api(struct catalog_conf *, const struct msg_conf_api *);
void	 catalog_conf_key(struct catalog_conf *, const struct msg_conf_key *,
	    int);
void	 catalog_conf_catalog(struct catalog_conf *,
	    const struct msg_conf_catalog *);
void	 catalog_conf_known(struct catalog_conf *, int);
void	 catalog_conf_learned(struct catalog_conf *, int);
void	 catalog_conf_sandbox(struct catalog_conf *,
	    const struct msg_conf_sandbox *, int);
void	 catalog_conf_owner(struct catalog_conf *,
	    const struct msg_conf_owner *);

/* Whether all is there and good: 0, or -1 with the reason in `why'. */
int	 catalog_conf_check(struct catalog_conf *);

#endif /* GATEWAYD_GATEWAYD_CATALOG_CONF_H */
