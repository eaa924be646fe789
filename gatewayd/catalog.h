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

#ifndef GATEWAYD_GATEWAYD_CATALOG_H
#define GATEWAYD_GATEWAYD_CATALOG_H

#include <stdint.h>

#include "msg_grant.h"
#include "sizes.h"

/*
 * What the catalog asks a back end, the place where the records are: may
 * this principal use this sandbox, and what is its record?
 */
enum catalog_answer {
	CATALOG_YES,
	CATALOG_NO,		/* unknown, or another's: no difference */
	CATALOG_LATER		/* the back end cannot say now */
};

/* What comes with CATALOG_YES if the record was asked for. */
struct catalog_found {
	struct target	 target;
	int		 shared;	/* another record has its host, too */
	uint64_t	 version;
	int		 record;	/* blob; who keeps it sets -1 */
};

/*
 * A question.  It belongs to the asker and stays where it is until `done'
 * is called, which may happen before lookup() returns and happens once,
 * unless the question is taken back.
 */
struct catalog_query {
	char		 principal[PRINCIPAL_MAX + 1];
	char		 sandbox[SANDBOX_ID_MAX + 1];
	int		 want_record;
	void		(*done)(struct catalog_query *, enum catalog_answer,
			    struct catalog_found *);
};

/*
 * lookup() asks what stands above; describe() what the record of a sandbox
 * is, whoever may use it, without looking at the principal: CATALOG_NO is
 * then that there is none.
 */
struct catalog_ops {
	const char	*name;
	void		(*lookup)(struct catalog_query *);
	void		(*describe)(struct catalog_query *);
	void		(*cancel)(struct catalog_query *);
};

#endif /* GATEWAYD_GATEWAYD_CATALOG_H */
