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

#ifndef GATEWAYD_SESSIOND_TERMINAL_LAST_H
#define GATEWAYD_SESSIOND_TERMINAL_LAST_H

#include <stddef.h>
#include <stdint.h>

#include "msg_worker.h"

struct session_end;

/* Any end as JSON: a text of SESSION_TEXT_MAX bytes, all of them escaped. */
#define TERMINAL_LAST_MAX	1024

/*
 * The last words of the native dialect over either transport: what ended,
 * as members of a JSON object without its braces.
 */
struct terminal_last {
	int		 code;		/* of a Close frame */
	const char	*reason;
	const char	*what;		/* "exit", "error" */
	int		 told;		/* in a message before Close, too */
	char		 members[TERMINAL_LAST_MAX];
};

/* The end of the session is looked at if the reason is LEAVE_END. */
void	 terminal_last(struct terminal_last *, enum leave,
	    const struct session_end *);

#endif
