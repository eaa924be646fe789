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

#ifndef GATEWAYD_GATEWAYD_REQUEST_H
#define GATEWAYD_GATEWAYD_REQUEST_H

#include <sys/types.h>

#include "http.h"
#include "net.h"
#include "reply.h"
#include "sizes.h"

struct front_conf;
struct route;

/*
 * One request as the handler of its route sees it.  Slices and body lie in
 * the client's buffer and are good until the handler returns; what it needs
 * later it copies.
 */
struct request {
	struct http_request	 http;
	const struct route	*route;
	int			 api;		/* API_* of its path, or 0 */
	struct http_slice	 param;		/* ":id" of the path */
	const char		*body;
	size_t			 bodylen;
	struct net_addr		 addr;		/* who asks */
	char			 address[NET_TEXT_SIZE];
	struct reply_to		 to;
};

/*
 * Who asks: the peer, or, while what we have is a proxy that we trust, the
 * one that it names in X-Forwarded-For, read from the right.
 */
void	 request_address(struct request *, const struct front_conf *,
	    const struct net_addr *peer);

/*
 * May a page of this Origin use that API (API_*, 0: only our own pages)?
 * Sets what the answer says of it.  Without an Origin everybody may.
 */
int	 request_origin(struct request *, const struct front_conf *, int api);

#define REQUEST_TOKEN_NONE	0
#define REQUEST_TOKEN_BAD	(-1)

/*
 * The token that came along, terminated: of the query if that is asked for
 * and has one, else of the Authorization header (RFC 6750, scheme in any
 * case).  Returns its length, NONE for no, an empty or a "null" token, BAD
 * for one that cannot be right.
 */
ssize_t	 request_token(const struct request *, int query,
	    char[TOKEN_MAX + 1]);

#endif /* GATEWAYD_GATEWAYD_REQUEST_H */
