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

#ifndef GATEWAYD_GATEWAYD_ROUTE_H
#define GATEWAYD_GATEWAYD_ROUTE_H

#include "http.h"

struct client;
struct request;

/*
 * What there is to be asked for.  A handler answers with client_answer()
 * and its like, now or later; after client_wait() it is told when the
 * client goes first.
 */
struct route {
	enum http_method	  method;
	const char		 *pattern;	/* ":id" is one segment */
	int			  api;		/* API_*, 0 for none */
	int			  flags;
#define ROUTE_UPGRADE	0x01	/* a WebSocket handshake, nothing else */
#define ROUTE_HEAD	0x02	/* HEAD is the same without a body */
#define ROUTE_FREE	0x04	/* counts against no limit */
#define ROUTE_CALL	0x08	/* the handler counts: address or session */
#define ROUTE_PAGE	0x10	/* with `page on' only */
	void			(*handler)(struct client *,
				    struct request *);
};

/*
 * Find who serves it and call that; answers itself what nobody serves, what
 * is over the limit, preflight requests, and upgrades from other origins.
 */
void	 route_request(struct client *, struct request *);

/*
 * Count the request against its address.  Returns 1, or 0 when it has been
 * answered with 429.
 */
int	 route_limit(struct client *, struct request *);

/*
 * The API_* whose paths the target of this request is one of, as far as that
 * can be told from what may be no proper request; else 0.
 */
int	 route_api(const char *, size_t);

#endif /* GATEWAYD_GATEWAYD_ROUTE_H */
