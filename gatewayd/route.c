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

#include <stdio.h>
#include <string.h>

#include "api_pocketenv.h"
#include "api_terminal.h"
#include "client.h"
#include "front_conf.h"
#include "frontend.h"
#include "page.h"
#include "request.h"
#include "route.h"
#include "util.h"

/* What a preflight request may name; beyond it we name our own. */
#define ALLOW_HEADERS_MAX	400
#define ALLOW_HEADERS		"authorization, content-type, x-sandbox-id"
#define ALLOW_METHODS		"GET,HEAD,PUT,PATCH,POST,DELETE"

static const struct route routes[] = {
	{ HTTP_GET, "/healthz", 0, ROUTE_HEAD | ROUTE_FREE, page_healthz },
	{ HTTP_GET, "/readyz", 0, ROUTE_HEAD | ROUTE_FREE, page_readyz },
	{ HTTP_GET, "/", 0, ROUTE_HEAD | ROUTE_PAGE, page_root },
	{ HTTP_GET, "/assets/:name", 0, ROUTE_HEAD | ROUTE_PAGE,
	    page_asset },
	{ HTTP_POST, "/ssh/connect", API_POCKETENV, 0, ssh_connect },
	{ HTTP_GET, "/ssh/stream/:id", API_POCKETENV, 0, ssh_stream },
	{ HTTP_POST, "/ssh/input/:id", API_POCKETENV, ROUTE_CALL,
	    ssh_input },
	{ HTTP_POST, "/ssh/resize/:id", API_POCKETENV, ROUTE_CALL,
	    ssh_resize },
	{ HTTP_DELETE, "/ssh/disconnect/:id", API_POCKETENV, 0,
	    ssh_disconnect },
	{ HTTP_GET, "/ssh/:id/ws", API_POCKETENV, ROUTE_UPGRADE, ssh_ws },
	{ HTTP_GET, "/tty/:id/stream", API_POCKETENV, 0, tty_stream },
	{ HTTP_POST, "/tty/:id/input", API_POCKETENV, ROUTE_CALL,
	    tty_input },
	{ HTTP_POST, "/tty/:id/resize", API_POCKETENV, ROUTE_CALL,
	    tty_resize },
	{ HTTP_GET, "/tty/:id/ws", API_POCKETENV, ROUTE_UPGRADE, tty_ws },
	{ HTTP_GET, "/pty/:id/stream", API_POCKETENV, 0, tty_stream },
	{ HTTP_POST, "/pty/:id/input", API_POCKETENV, ROUTE_CALL,
	    tty_input },
	{ HTTP_POST, "/pty/:id/resize", API_POCKETENV, ROUTE_CALL,
	    tty_resize },
	{ HTTP_GET, "/pty/:id/ws", API_POCKETENV, ROUTE_UPGRADE, tty_ws },
	{ HTTP_POST, "/v1/sandboxes/:id/sessions", API_TERMINAL, 0,
	    terminal_create },
	{ HTTP_GET, "/v1/sandboxes/:id/sessions", API_TERMINAL, ROUTE_HEAD,
	    terminal_list },
	{ HTTP_GET, "/v1/sessions/:id", API_TERMINAL, ROUTE_HEAD,
	    terminal_status },
	{ HTTP_DELETE, "/v1/sessions/:id", API_TERMINAL, 0,
	    terminal_close },
	{ HTTP_GET, "/v1/sessions/:id/attach", API_TERMINAL, ROUTE_UPGRADE,
	    terminal_attach },
	{ HTTP_GET, "/v1/sessions/:id/output", API_TERMINAL, 0,
	    terminal_output },
	{ HTTP_GET, "/v1/sessions/:id/screen", API_TERMINAL, ROUTE_HEAD,
	    terminal_screen },
	{ HTTP_POST, "/v1/sessions/:id/input", API_TERMINAL, ROUTE_CALL,
	    terminal_input },
	{ HTTP_POST, "/v1/sessions/:id/resize", API_TERMINAL, ROUTE_CALL,
	    terminal_resize },
	{ HTTP_POST, "/v1/sessions/:id/signal", API_TERMINAL, ROUTE_CALL,
	    terminal_signal },
	{ HTTP_POST, "/v1/tickets", API_TERMINAL, 0, terminal_ticket }
};

/* Preflight requests are answered for every path under these. */
static const struct {
	const char	*prefix;
	int		 api;
} groups[] = {
	{ "/ssh", API_POCKETENV },
	{ "/tty", API_POCKETENV },
	{ "/pty", API_POCKETENV },
	{ "/v1", API_TERMINAL }
};

/* The methods in the order in which Allow names them. */
static const struct {
	enum http_method	 method;
	const char		*name;
} methods[] = {
	{ HTTP_GET, "GET" },
	{ HTTP_HEAD, "HEAD" },
	{ HTTP_POST, "POST" },
	{ HTTP_DELETE, "DELETE" },
	{ HTTP_OPTIONS, "OPTIONS" }
};

static int	 route_group(const struct front_conf *,
		    const struct http_slice *);
static int	 route_serves(const struct route *, const struct request *);
static unsigned int route_find(struct request *, const struct front_conf *);
static int	 route_upgrades(struct request *);
static int	 route_match(const char *, const struct http_slice *,
		    struct http_slice *);
static void	 route_preflight(struct client *, struct request *);
static void	 route_not_allowed(struct client *, unsigned int, int);
static int	 list_valid(const struct http_slice *);

#define BIT(method)	(1U << (method))

void
route_request(struct client *c, struct request *req)
{
	const struct front_conf	*conf;
	unsigned int		 allowed;
	int			 api, own;

	conf = frontend_conf();
	req->api = api = route_group(conf, &req->http.path);
	own = request_origin(req, conf, api);
	if (api != 0 && req->http.method == HTTP_OPTIONS) {
		route_preflight(c, req);
		return;
	}
	allowed = route_find(req, conf);
	if ((req->route == NULL ||
	    (req->route->flags & (ROUTE_FREE | ROUTE_CALL)) == 0) &&
	    !route_limit(c, req))
		return;
	if (req->http.upgrade) {
		req->to.close = 1;
		if (req->route == NULL) {
			client_status(c, 404, "Not found", NULL, NULL);
			return;
		}
		if (!own) {
			client_status(c, 403, "Forbidden",
			    "origin not allowed", NULL);
			return;
		}
	}
	if (req->route != NULL)
		req->route->handler(c, req);
	else if (allowed != 0)
		route_not_allowed(c, allowed, api);
	else if (api == API_TERMINAL && route_upgrades(req))
		client_status(c, 426, "Not an upgrade to a WebSocket", NULL,
		    NULL);
	else
		client_status(c, 404, "Not found", NULL, NULL);
}

int
route_api(const char *p, size_t len)
{
	struct http_slice	 path;
	const char		*end;

	end = p + len;
	while (p < end && *p > ' ')
		p++;
	if (p == end || *p != ' ')
		return (0);
	path.p = ++p;
	while (p < end && *p > ' ' && *p != '?')
		p++;
	path.len = (size_t)(p - path.p);
	return (route_group(frontend_conf(), &path));
}

/* The enabled API whose paths this is one of, or 0. */
static int
route_group(const struct front_conf *conf, const struct http_slice *path)
{
	size_t	 i, n;

	for (i = 0; i < nitems(groups); i++) {
		n = strlen(groups[i].prefix);
		if (conf->apis[groups[i].api].enabled && path->len >= n &&
		    memcmp(path->p, groups[i].prefix, n) == 0 &&
		    (path->len == n || path->p[n] == '/'))
			return (groups[i].api);
	}
	return (0);
}

/*
 * Set the route.  If there is none but the path exists, returns the methods
 * that it has.
 */
static unsigned int
route_find(struct request *req, const struct front_conf *conf)
{
	const struct route	*r;
	unsigned int		 allowed;
	size_t			 i;

	allowed = 0;
	req->route = NULL;
	for (i = 0; i < nitems(routes); i++) {
		r = &routes[i];
		if ((r->api != 0 && !conf->apis[r->api].enabled) ||
		    ((r->flags & ROUTE_PAGE) && !conf->page))
			continue;
		if (!(r->flags & ROUTE_UPGRADE) != !req->http.upgrade ||
		    !route_match(r->pattern, &req->http.path, &req->param))
			continue;
		if (route_serves(r, req)) {
			req->route = r;
			return (0);
		}
		allowed |= BIT(r->method);
		if (r->flags & ROUTE_HEAD)
			allowed |= BIT(HTTP_HEAD);
	}
	return (allowed);
}

/* Would there be a route if this were an upgrade? */
static int
route_upgrades(struct request *req)
{
	const struct route	*r;
	size_t			 i;

	for (i = 0; i < nitems(routes); i++) {
		r = &routes[i];
		if (r->api == req->api && (r->flags & ROUTE_UPGRADE) &&
		    r->method == req->http.method &&
		    route_match(r->pattern, &req->http.path, &req->param))
			return (!req->http.upgrade);
	}
	return (0);
}

static int
route_serves(const struct route *r, const struct request *req)
{
	return (req->http.method == r->method ||
	    (req->http.method == HTTP_HEAD && (r->flags & ROUTE_HEAD)));
}

/* Does the path match?  1 with the segment at ":id" in *param, else 0. */
static int
route_match(const char *pattern, const struct http_slice *path,
    struct http_slice *param)
{
	const char	*end, *p;

	p = path->p;
	end = p + path->len;
	param->p = NULL;
	param->len = 0;
	while (*pattern != '\0') {
		if (*pattern != ':') {
			if (p == end || *p++ != *pattern++)
				return (0);
			continue;
		}
		while (*pattern != '\0' && *pattern != '/')
			pattern++;
		param->p = p;
		while (p < end && *p != '/')
			p++;
		if ((param->len = (size_t)(p - param->p)) == 0)
			return (0);
	}
	return (p == end);
}

int
route_limit(struct client *c, struct request *req)
{
	const struct front_conf	*conf;
	struct rate_key		 key;

	conf = frontend_conf();
	rate_key_address(&key, &req->addr);
	req->to.limited = 1;
	rate_hit(frontend_rates(), &key, conf->requests, conf->window,
	    util_now_msec(), &req->to.rate);
	if (req->to.rate.allowed)
		return (1);
	client_too_many(c);
	return (0);
}

/* Before any authentication: browsers ask without the token. */
static void
route_preflight(struct client *c, struct request *req)
{
	const struct http_slice	*asked;
	struct reply		 reply;
	char			 extra[REPLY_EXTRA_MAX];

	asked = http_header(&req->http, "access-control-request-headers");
	if (asked == NULL || asked->len > ALLOW_HEADERS_MAX ||
	    !list_valid(asked))
		(void)snprintf(extra, sizeof(extra),
		    "Access-Control-Allow-Methods: " ALLOW_METHODS "\r\n"
		    "Access-Control-Allow-Headers: " ALLOW_HEADERS "\r\n"
		    "Vary: Access-Control-Request-Headers\r\n");
	else
		(void)snprintf(extra, sizeof(extra),
		    "Access-Control-Allow-Methods: " ALLOW_METHODS "\r\n"
		    "Access-Control-Allow-Headers: %.*s\r\n"
		    "Vary: Access-Control-Request-Headers\r\n",
		    (int)asked->len, asked->p);
	memset(&reply, 0, sizeof(reply));
	reply.status = 204;
	reply.extra = extra;
	client_answer(c, &reply);
}

/* Names of headers, commas and blanks: nothing else is sent back. */
static int
list_valid(const struct http_slice *s)
{
	size_t	 i;
	char	 ch;

	for (i = 0; i < s->len; i++) {
		ch = s->p[i];
		if (!((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') ||
		    (ch >= '0' && ch <= '9') || ch == '-' || ch == '_' ||
		    ch == ',' || ch == ' '))
			return (0);
	}
	return (s->len > 0);
}

static void
route_not_allowed(struct client *c, unsigned int allowed, int api)
{
	char	 extra[REPLY_EXTRA_MAX];
	size_t	 i;

	if (api != 0)
		allowed |= BIT(HTTP_OPTIONS);
	strlcpy(extra, "Allow: ", sizeof(extra));
	for (i = 0; i < nitems(methods); i++) {
		if ((allowed & BIT(methods[i].method)) == 0)
			continue;
		if (extra[strlen(extra) - 1] != ' ')
			strlcat(extra, ", ", sizeof(extra));
		strlcat(extra, methods[i].name, sizeof(extra));
	}
	strlcat(extra, "\r\n", sizeof(extra));
	client_status(c, 405, "Method not allowed", NULL, extra);
}
