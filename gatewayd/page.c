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

#include "client.h"
#include "frontend.h"
#include "msg.h"
#include "page.h"
#include "request.h"

#define NO_STORE	"Cache-Control: no-store\r\n"

/* The page runs nothing, loads nothing and is shown in no frame. */
#define PAGE_HEADERS							\
	"Content-Security-Policy: default-src 'none'; base-uri 'none'; "\
	"form-action 'none'; frame-ancestors 'none'\r\n"		\
	"Referrer-Policy: no-referrer\r\n"				\
	"Cross-Origin-Opener-Policy: same-origin\r\n"			\
	"Cache-Control: no-cache\r\n"

static const char page[] =
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
    "<p>This terminal gateway is up. The browser terminal will be here.</p>\n"
    "<p>Until then terminals are reached with\n"
    "<code>POST /ssh/connect</code>, <code>GET /ssh/stream/ID</code> and\n"
    "<code>POST /ssh/input/ID</code>, or with a WebSocket at\n"
    "<code>/ssh/ID/ws</code>. The manual gatewayd-pocketenv(7) has\n"
    "them.</p>\n"
    "</main>\n"
    "</body>\n"
    "</html>\n";

static void	 page_text(struct client *, int, const char *);

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
page_root(struct client *c, struct request *req UNUSED)
{
	struct reply	 reply;

	memset(&reply, 0, sizeof(reply));
	reply.status = 200;
	reply.type = REPLY_HTML;
	reply.extra = PAGE_HEADERS;
	reply.body = page;
	reply.len = sizeof(page) - 1;
	client_answer(c, &reply);
}
