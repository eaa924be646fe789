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

#include <stdint.h>
#include <stdio.h>

#include <json-c/json.h>

#include "attach_peer.h"
#include "base64.h"
#include "http_response.h"
#include "jsonscan.h"
#include "wire.h"

/* What may be between a sandbox and its terminal, and what is only HTTP. */
#define CREATE_MSEC	60000
#define HANDSHAKE_MSEC	10000

#define REQUEST_MAX	(TOKEN_MAX + URL_PREFIX_MAX + URL_SEGMENT_MAX + 1024)
#define JSON_DEPTH	16

static int	 ask_create(const struct attach *, char *, size_t);
static int	 ask_attach(struct attach *, char *, size_t);
static void	 created(struct attach *, const struct http_response *);
static void	 upgraded(struct attach *, const struct http_response *);
static const char
		*upgrade_wrong(const struct attach *,
		    const struct http_response *);
static void	 refused(struct attach *, const struct http_response *);
static int	 refused_again(struct attach *, int);
static int	 refused_screen(struct attach *, int);

void
peer_ask(struct attach *a)
{
	static char	 text[REQUEST_MAX];
	int		 create, n;

	create = a->session[0] == '\0';
	if (create)
		n = ask_create(a, text, sizeof(text));
	else
		n = ask_attach(a, text, sizeof(text));
	/* The sizes of all that is in it have been checked. */
	if (n < 0 || (size_t)n >= sizeof(text))
		abort();
	buf_add(&a->tx, text, (size_t)n);
	explicit_bzero(text, sizeof(text));
	attach_phase(a, ATTACH_ASK, create ? CREATE_MSEC : HANDSHAKE_MSEC);
}

static int
ask_create(const struct attach *a, char *text, size_t size)
{
	char	 body[64];

	(void)snprintf(body, sizeof(body), "{\"cols\":%u,\"rows\":%u}",
	    a->cols, a->rows);
	return (snprintf(text, size, "POST %s/v1/sandboxes/%s/sessions "
	    "HTTP/1.1\r\n"
	    "Host: %s\r\n"
	    "Authorization: Bearer %s\r\n"
	    "Content-Type: application/json\r\n"
	    "Content-Length: %zu\r\n"
	    "Connection: close\r\n\r\n%s", a->url.prefix, a->sandbox,
	    a->url.authority, a->token, strlen(body), body));
}

static int
ask_attach(struct attach *a, char *text, size_t size)
{
	uint8_t	 key[16];
	char	 place[48];

	arc4random_buf(key, sizeof(key));
	a->key[base64_encode(a->key, key, sizeof(key))] = '\0';
	place[0] = '\0';
	if (a->known)
		(void)snprintf(place, sizeof(place), "&offset=%llu",
		    (unsigned long long)a->offset);
	else if (a->screen)
		(void)snprintf(place, sizeof(place), "&screen=1");
	return (snprintf(text, size, "GET %s/v1/sessions/%s/attach?mode=%s%s "
	    "HTTP/1.1\r\n"
	    "Host: %s\r\n"
	    "Authorization: Bearer %s\r\n"
	    "Connection: Upgrade\r\n"
	    "Upgrade: websocket\r\n"
	    "Sec-WebSocket-Version: 13\r\n"
	    "Sec-WebSocket-Key: %s\r\n"
	    "Sec-WebSocket-Protocol: terminal.v1\r\n\r\n", a->url.prefix,
	    a->session, a->readonly ? "ro" : "rw", place, a->url.authority,
	    a->token, a->key));
}

void
peer_answer(struct attach *a, int eof)
{
	static struct http_response	 r;
	char				*buf;
	int				 got;

	buf = (char *)a->rx.data + a->rx.start;
	if ((got = http_response_parse(&r, buf, a->rx.len, 0)) == -1)
		attach_nonsense(a, r.why);
	/* What the end makes wrong is only a connection that broke. */
	if (got == 0 && eof &&
	    (got = http_response_parse(&r, buf, a->rx.len, 1)) == -1)
		attach_lost(a, a->rx.len == 0 ? "closed by the server" :
		    r.why);
	if (got != 1)
		return;
	if (a->session[0] == '\0' && (r.status == 200 || r.status == 201))
		created(a, &r);
	else if (a->session[0] != '\0' && r.status == 101)
		upgraded(a, &r);
	else
		refused(a, &r);
}

static void
created(struct attach *a, const struct http_response *r)
{
	struct json_object	*obj;
	const char		*id;

	obj = peer_json(r->body, r->bodylen);
	id = peer_json_text(obj, "id");
	if (id == NULL || !wire_uuid_valid(id, strlen(id)))
		attach_nonsense(a, "not the id of a session");
	else {
		(void)strlcpy(a->session, id, sizeof(a->session));
		a->screen = 0;
		/* Attached on a connection of its own, now. */
		conn_free(a->conn);
		a->conn = NULL;
		attach_phase(a, ATTACH_WAIT, 0);
	}
	json_object_put(obj);
}

static void
upgraded(struct attach *a, const struct http_response *r)
{
	const char	*why;

	if ((why = upgrade_wrong(a, r)) != NULL) {
		attach_nonsense(a, why);
		return;
	}
	buf_drop(&a->rx, r->len);
	peer_open(a);
	attach_phase(a, ATTACH_GREET, HANDSHAKE_MSEC);
}

/* RFC 6455, 4.1; a protocol that was not agreed upon would not be ours. */
static const char *
upgrade_wrong(const struct attach *a, const struct http_response *r)
{
	const struct http_slice	*s;
	char			 accept[WS_ACCEPT_LEN + 1];

	if (!http_response_has(r, "upgrade", "websocket") ||
	    !http_response_has(r, "connection", "upgrade"))
		return ("not a WebSocket");
	ws_accept(accept, a->key, strlen(a->key));
	s = http_response_header(r, "sec-websocket-accept");
	if (s == NULL || !http_slice_is(s, accept))
		return ("WebSocket key not accepted");
	s = http_response_header(r, "sec-websocket-protocol");
	if (s == NULL || !http_slice_is(s, "terminal.v1"))
		return ("not the native API of gatewayd");
	if (http_response_header(r, "sec-websocket-extensions") != NULL)
		return ("WebSocket extension that was not asked for");
	return (NULL);
}

/* One line: the status, and what the server says about it. */
static void
refused(struct attach *a, const struct http_response *r)
{
	struct json_object	*error, *obj;
	const char		*code, *text;

	if (refused_screen(a, r->status) || refused_again(a, r->status))
		return;
	obj = peer_json(r->body, r->bodylen);
	error = NULL;
	if (obj != NULL)
		(void)json_object_object_get_ex(obj, "error", &error);
	code = peer_json_text(error, "code");
	text = peer_json_text(error, "message");
	if (text == NULL || *text == '\0')
		text = http_status_text(r->status);
	tty_say("%s: %d%s%.64s: %.256s", a->where, r->status,
	    code != NULL ? " " : "", code != NULL ? code : "", text);
	json_object_put(obj);
	attach_leave(a, EXIT_REFUSED);
}

/* Without a picture of the screen there is the replay. */
static int
refused_screen(struct attach *a, int status)
{
	if (!a->screen || a->known || (status != 400 && status != 501))
		return (0);
	a->screen = 0;
	conn_free(a->conn);
	a->conn = NULL;
	attach_phase(a, ATTACH_WAIT, 0);
	return (1);
}

/* For who has been attached already, a server in trouble may recover. */
static int
refused_again(struct attach *a, int status)
{
	if (!a->known)
		return (0);
	if (status == 404) {
		tty_say("session %s is gone", a->session);
		attach_leave(a, EXIT_LOST);
		return (1);
	}
	if (status != 429 && status < 500)
		return (0);
	attach_lost(a, http_status_text(status));
	return (1);
}

struct json_object *
peer_json(const char *text, size_t len)
{
	struct json_tokener	*tok;
	struct json_object	*obj;

	if (len == 0 || jsonscan_object(text, len) == -1 ||
	    (tok = json_tokener_new_ex(JSON_DEPTH + 1)) == NULL)
		return (NULL);
	obj = json_tokener_parse_ex(tok, text, (int)len);
	if (json_tokener_get_error(tok) != json_tokener_success) {
		json_object_put(obj);
		obj = NULL;
	}
	json_tokener_free(tok);
	return (obj);
}

const char *
peer_json_text(struct json_object *obj, const char *name)
{
	struct json_object	*v;

	if (!json_object_is_type(obj, json_type_object) ||
	    !json_object_object_get_ex(obj, name, &v) ||
	    !json_object_is_type(v, json_type_string))
		return (NULL);
	return (json_object_get_string(v));
}

int
peer_json_number(struct json_object *obj, const char *name, uint64_t *number)
{
	struct json_object	*v;
	int64_t			 n;

	if (!json_object_is_type(obj, json_type_object) ||
	    !json_object_object_get_ex(obj, name, &v) ||
	    !json_object_is_type(v, json_type_int) ||
	    (n = json_object_get_int64(v)) < 0 || n == INT64_MAX)
		return (-1);
	*number = (uint64_t)n;
	return (0);
}
