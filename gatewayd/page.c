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

#include "asset.h"
#include "client.h"
#include "front_conf.h"
#include "frontend.h"
#include "msg.h"
#include "page.h"
#include "request.h"

#define NO_STORE	"Cache-Control: no-store\r\n"

/*
 * The page runs and loads what is ours and nothing else, and is shown in no
 * frame.  Styles may stand in the document: the terminal makes its own, for
 * its colours and the size of its cells.  WebSockets to where the page comes
 * from are 'self' too.  A browser asks each time whether a file is still the
 * same, so that it never has half of an older page.
 */
#define PAGE_HEADERS							\
	"Content-Security-Policy: default-src 'none'; "			\
	"script-src 'self'; style-src 'self' 'unsafe-inline'; "		\
	"img-src 'self'; connect-src 'self'; base-uri 'none'; "		\
	"form-action 'none'; frame-ancestors 'none'\r\n"		\
	"Referrer-Policy: no-referrer\r\n"				\
	"Cross-Origin-Opener-Policy: same-origin\r\n"			\
	"Cross-Origin-Resource-Policy: same-origin\r\n"			\
	"Cache-Control: no-cache\r\n"

/* What stands there without its files. */
static const char bare[] =
    "<!DOCTYPE html>\n"
    "<html lang=\"en\">\n"
    "<head>\n"
    "<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n"
    "<title>gatewayd</title>\n"
    "</head>\n"
    "<body>\n"
    "<main>\n"
    "<h1>gatewayd</h1>\n"
    "<p>This terminal gateway is up, but the files of its browser terminal\n"
    "are not where it looks for them; its log names the first that is\n"
    "missing.</p>\n"
    "<p>Whoever runs it makes them with <code>make web</code> in the source\n"
    "tree, installs them with <code>make install</code>, and lets the\n"
    "daemon read them with <code>gatewayctl reload</code>.</p>\n"
    "</main>\n"
    "</body>\n"
    "</html>\n";

static void	 page_text(struct client *, int, const char *);
static void	 page_file(struct client *, struct request *,
		    struct asset *);

static void
page_text(struct client *c, int status, const char *text)
{
	struct reply	 reply;

	memset(&reply, 0, sizeof(reply));
	reply.status = status;
	reply.type = REPLY_TEXT;
	reply.extra = NO_STORE;
	reply.body = text;
	reply.len = strlen(text);
	client_answer(c, &reply);
}

void
page_healthz(struct client *c, struct request *req UNUSED)
{
	page_text(c, 200, "ok\n");
}

void
page_readyz(struct client *c, struct request *req UNUSED)
{
	const struct msg_state	*state;

	state = frontend_state();
	if (!state->ready)
		page_text(c, 503, "not ready\n");
	else if (state->draining)
		page_text(c, 503, "draining\n");
	else
		page_text(c, 200, "ok\n");
}

void
page_root(struct client *c, struct request *req)
{
	struct asset	*asset;
	struct reply	 reply;

	asset = front_conf_asset(frontend_conf(), "index.html",
	    strlen("index.html"));
	if (asset != NULL) {
		page_file(c, req, asset);
		return;
	}
	memset(&reply, 0, sizeof(reply));
	reply.status = 200;
	reply.type = REPLY_HTML;
	reply.extra = PAGE_HEADERS;
	reply.body = bare;
	reply.len = sizeof(bare) - 1;
	client_answer(c, &reply);
}

void
page_asset(struct client *c, struct request *req)
{
	struct asset	*asset;

	asset = front_conf_asset(frontend_conf(), req->param.p,
	    req->param.len);
	if (asset == NULL)
		client_error(c, 404, "Not found", NULL);
	else
		page_file(c, req, asset);
}

/*
 * All of it, or 304 for a browser that has it.  That has the length of the
 * file and no body, as the answer to HEAD has (RFC 9110, 8.6).
 */
static void
page_file(struct client *c, struct request *req, struct asset *asset)
{
	const struct http_slice	*have;
	struct reply		 reply;
	char			 extra[REPLY_EXTRA_MAX];

	memset(&reply, 0, sizeof(reply));
	reply.status = 200;
	reply.type = asset->type;
	reply.len = asset->len;
	have = http_header(&req->http, "if-none-match");
	if (have != NULL && asset_matches(asset, have->p, have->len)) {
		reply.status = 304;
		req->to.head = 1;
	}
	(void)snprintf(extra, sizeof(extra), PAGE_HEADERS "ETag: %s\r\n",
	    asset->etag);
	reply.extra = extra;
	client_file(c, &reply, asset);
}
