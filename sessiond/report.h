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

#ifndef GATEWAYD_SESSIOND_REPORT_H
#define GATEWAYD_SESSIOND_REPORT_H

#include <stddef.h>
#include <stdint.h>

struct place;
struct session;
struct worker;

/* Text for clients, of at most BLOB_REPORT_MAX bytes; to be freed. */
struct report {
	char	*text;
	size_t	 len;
};

/* All of these return 0, or -1 with errno. */

/*
 * A session as a JSON object: "id", "name" (null if it has none), "state",
 * "cols", "rows", "viewers", "offset" (of the end of its output), "started"
 * (in seconds since 1970) and, when its upstream has told, "exit" with "code"
 * or "signal".
 */
int	 report_session(struct report *, const struct place *);

/*
 * The sessions that principal has in that api, as such objects with commas
 * between; none is an empty text.
 */
int	 report_list(struct report *, struct worker *, uint8_t api,
	    const char *principal);

/* The screen as JSON, or its lines as text; see screen.h. */
int	 report_screen(struct report *, struct session *, int text);

#endif /* GATEWAYD_SESSIOND_REPORT_H */
