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

#include "compat.h"

#include <string.h>

#include "front_conf.h"
#include "request.h"

static int	 next_hop(const struct request *, int *, size_t *,
		    struct net_addr *);
static int	 hop_address(const char *, size_t, struct net_addr *);
static int	 origin_same(const struct request *,
		    const struct http_slice *);
static int	 origin_listed(const struct front_api *,
		    const struct http_slice *);
static ssize_t	 token_header(const struct request *, char *);

void
request_address(struct request *req, const struct front_conf *conf,
    const struct net_addr *peer)
{
	struct net_addr	 hop;
	size_t		 end;
	int		 i;

	req->addr = *peer;
	i = req->http.nheaders;
	end = 0;
	while (front_conf_proxy(conf, &req->addr) &&
	    next_hop(req, &i, &end, &hop))
		req->addr = hop;
	net_to_text(&req->addr, req->address);
}

/*
 * One address further to the left, in the header at *i before *end, where
 * *end of 0 means that this header is done.  Several headers are one list,
 * the later ones on the right.  Returns 0 at the end, or at what is no
 * address: whatever stands left of it counts for nothing.
 */
static int
next_hop(const struct request *req, int *i, size_t *end,
    struct net_addr *hop)
{
	const struct http_header	*h;
	size_t				 start;

	while (*end == 0) {
		if (--*i < 0)
			return (0);
		h = &req->http.headers[*i];
		if (http_slice_iscase(&h->name, "x-forwarded-for"))
			*end = h->value.len;
	}
	h = &req->http.headers[*i];
	start = *end;
	while (start > 0 && h->value.p[start - 1] != ',')
		start--;
	if (hop_address(h->value.p + start, *end - start, hop) == -1)
		return (0);
	*end = start > 0 ? start - 1 : 0;
	return (1);
}

static int
hop_address(const char *p, size_t len, struct net_addr *hop)
{
	char	 text[NET_TEXT_SIZE];

	while (len > 0 && (*p == ' ' || *p == '\t')) {
		p++;
		len--;
	}
	while (len > 0 && (p[len - 1] == ' ' || p[len - 1] == '\t'))
		len--;
	if (len == 0 || len >= sizeof(text))
		return (-1);
	memcpy(text, p, len);
	text[len] = '\0';
	return (net_from_text(hop, text));
}

int
request_origin(struct request *req, const struct front_conf *conf, int api)
{
	const struct http_slice	*origin;
	const struct front_api	*a;

	a = &conf->apis[api];
	req->to.origin[0] = '\0';
	req->to.vary = 0;
	/* Bearer tokens only, never cookies: nothing to be stolen by "*". */
	if (api == API_POCKETENV && a->enabled && a->norigins == 0) {
		strlcpy(req->to.origin, "*", sizeof(req->to.origin));
		return (1);
	}
	req->to.vary = a->enabled;
	if ((origin = http_header(&req->http, "origin")) == NULL)
		return (1);
	if (origin->len >= sizeof(req->to.origin) ||
	    http_header_count(&req->http, "origin") != 1 ||
	    (!origin_same(req, origin) && !origin_listed(a, origin)))
		return (0);
	if (a->enabled) {
		memcpy(req->to.origin, origin->p, origin->len);
		req->to.origin[origin->len] = '\0';
	}
	return (1);
}

/*
 * The page came from this very host.  The scheme is what the proxy before
 * us speaks, so both will do.
 */
static int
origin_same(const struct request *req, const struct http_slice *origin)
{
	static const char *const	 schemes[] = {
		"https://", "http://"
	};
	const struct http_slice		*host;
	size_t				 i, n;

	if ((host = http_header(&req->http, "host")) == NULL)
		return (0);
	for (i = 0; i < nitems(schemes); i++) {
		n = strlen(schemes[i]);
		if (origin->len == n + host->len &&
		    strncasecmp(origin->p, schemes[i], n) == 0 &&
		    strncasecmp(origin->p + n, host->p, host->len) == 0)
			return (1);
	}
	return (0);
}

static int
origin_listed(const struct front_api *api, const struct http_slice *origin)
{
	size_t	 i;

	for (i = 0; i < api->norigins; i++)
		if (http_slice_iscase(origin, api->origins[i]))
			return (1);
	return (0);
}

ssize_t
request_token(const struct request *req, int query, char out[TOKEN_MAX + 1])
{
	ssize_t	 n;

	out[0] = '\0';
	n = -1;
	if (query && req->http.query.p != NULL)
		n = http_query_get(&req->http.query, "token", out,
		    TOKEN_MAX + 1);
	if (n == -2)
		return (REQUEST_TOKEN_BAD);
	if (n <= 0 || strcmp(out, "null") == 0)
		n = token_header(req, out);
	/* Browsers without a token send the word. */
	if (n > 0 && strcmp(out, "null") == 0)
		return (REQUEST_TOKEN_NONE);
	return (n);
}

static ssize_t
token_header(const struct request *req, char *out)
{
	static const char	 scheme[] = "bearer";
	const struct http_slice	*h;
	const char		*p;
	size_t			 len;

	out[0] = '\0';
	if ((h = http_header(&req->http, "authorization")) == NULL)
		return (REQUEST_TOKEN_NONE);
	if (http_header_count(&req->http, "authorization") != 1)
		return (REQUEST_TOKEN_BAD);
	p = h->p;
	len = h->len;
	if (len < sizeof(scheme) - 1 ||
	    strncasecmp(p, scheme, sizeof(scheme) - 1) != 0)
		return (REQUEST_TOKEN_NONE);
	p += sizeof(scheme) - 1;
	len -= sizeof(scheme) - 1;
	if (len > 0 && *p != ' ')
		return (REQUEST_TOKEN_NONE);
	while (len > 0 && *p == ' ') {
		p++;
		len--;
	}
	if (len > TOKEN_MAX)
		return (REQUEST_TOKEN_BAD);
	memcpy(out, p, len);
	out[len] = '\0';
	return ((ssize_t)len);
}
