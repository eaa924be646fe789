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
#include <string.h>

#include "jsontext.h"
#include "msg_front.h"
#include "session.h"
#include "signames.h"
#include "terminal_last.h"
#include "ws.h"

static void	 last_end(struct terminal_last *, const struct session_end *);
static void	 last_exit(struct terminal_last *,
		    const struct session_end *);
static void	 last_failed(struct terminal_last *, enum fail);
static void	 last_error(struct terminal_last *, int, const char *,
		    const char *, const char *);

void
terminal_last(struct terminal_last *t, enum leave reason,
    const struct session_end *end)
{
	memset(t, 0, sizeof(*t));
	switch (reason) {
	case LEAVE_END:
		last_end(t, end);
		break;
	case LEAVE_SLOW:
		last_error(t, WS_CLOSE_TRY_LATER, "too slow", "too_slow",
		    "the client did not read");
		break;
	case LEAVE_REVOKED:
		last_error(t, WS_CLOSE_POLICY, "revoked", "forbidden",
		    "revoked");
		break;
	case LEAVE_STOP:
		last_error(t, WS_CLOSE_GOING_AWAY, "stopping", "unavailable",
		    "stopping");
		break;
	case LEAVE_CLIENT:
	case LEAVE_OPERATOR:
		last_error(t, WS_CLOSE_NORMAL, "closed", "closed",
		    "detached");
		break;
	case LEAVE_ERROR:
	case LEAVE_PING:
		last_error(t, WS_CLOSE_INTERNAL, "internal error",
		    "unavailable", "internal error");
		break;
	}
}

static void
last_end(struct terminal_last *t, const struct session_end *end)
{
	switch (end->reason) {
	case END_EXIT:
		last_exit(t, end);
		break;
	case END_LOST:
		last_error(t, WS_CLOSE_INTERNAL, "upstream lost",
		    "transport_lost", end->text[0] != '\0' ? end->text :
		    "connection lost");
		t->told = 1;
		break;
	case END_FAILED:
		last_failed(t, end->fail);
		break;
	case END_CLOSED:
		last_error(t, WS_CLOSE_NORMAL, "closed", "closed",
		    "the session was ended");
		break;
	case END_IDLE:
	case END_DETACHED:
	case END_LIMIT:
		last_error(t, WS_CLOSE_NORMAL, "closed", "closed",
		    "the session was ended by a limit");
		break;
	case END_STOP:
		last_error(t, WS_CLOSE_GOING_AWAY, "stopping", "unavailable",
		    "stopping");
		break;
	}
}

/* Never a number that the upstream did not say. */
static void
last_exit(struct terminal_last *t, const struct session_end *end)
{
	char	 name[SIGNAME_MAX];

	t->code = WS_CLOSE_NORMAL;
	t->reason = t->what = "exit";
	t->told = 1;
	switch (end->how) {
	case EXIT_CODE:
		(void)snprintf(t->members, sizeof(t->members), "\"code\":%u",
		    end->code);
		break;
	case EXIT_SIGNAL:
		(void)snprintf(t->members, sizeof(t->members),
		    "\"signal\":\"%s\"", signame(name, end->code));
		break;
	default:
		(void)snprintf(t->members, sizeof(t->members),
		    "\"code\":null");
		break;
	}
}

/* It never opened: the error that the request to make it is answered. */
static void
last_failed(struct terminal_last *t, enum fail why)
{
	const char	*code, *text;

	switch (why) {
	case FAIL_REFUSED:
		code = "connection_refused";
		text = "connection refused";
		break;
	case FAIL_HOSTKEY:
		code = "host_key_mismatch";
		text = "host key mismatch";
		break;
	case FAIL_AUTH:
		code = "authentication_failed";
		text = "authentication failed";
		break;
	case FAIL_LOST:
		code = "connection_lost";
		text = "connection lost";
		break;
	case FAIL_TIMEOUT:
		code = "timed_out";
		text = "timed out";
		break;
	default:
		code = "open_failed";
		text = "the terminal could not be opened";
		break;
	}
	last_error(t, WS_CLOSE_INTERNAL, "upstream lost", code, text);
	t->told = 1;
}

static void
last_error(struct terminal_last *t, int close, const char *reason,
    const char *code, const char *text)
{
	size_t	 len;
	int	 n;

	t->code = close;
	t->reason = reason;
	t->what = "error";
	n = snprintf(t->members, sizeof(t->members),
	    "\"code\":\"%s\",\"message\":\"", code);
	len = strlen(text);
	if (len > SESSION_TEXT_MAX)
		len = SESSION_TEXT_MAX;
	n += jsontext(t->members + n, (const uint8_t *)text, len);
	strlcpy(t->members + n, "\"", sizeof(t->members) - n);
}
