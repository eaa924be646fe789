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

#ifndef GATEWAYD_COMMON_LOG_H
#define GATEWAYD_COMMON_LOG_H

#include "compat.h"

#include "exits.h"

/*
 * Logging.  The parent and gatewayctl write to stderr or syslog; a child
 * sends each line to the parent as a LOG message.  All of these keep errno.
 * Text has no newline and no period; it never holds a secret, a token or
 * bytes of a terminal.
 */

/*
 * To stderr (1) or syslog (0), with `name' in front; verbose > 0 lets
 * log_debug() through.
 */
void	 log_init(const char *, int, int);

/* From now on as LOG messages on this channel. */
void	 log_to_channel(int);

/* Whether log_debug() is heard: 0 or 1. */
void	 log_setverbose(int);
int	 log_getverbose(void);

/* With the text of errno after a colon; log_warnx() and others without. */
void	 log_warn(const char *, ...) PRINTFLIKE(1, 2);
void	 log_warnx(const char *, ...) PRINTFLIKE(1, 2);
void	 log_info(const char *, ...) PRINTFLIKE(1, 2);
void	 log_debug(const char *, ...) PRINTFLIKE(1, 2);

/* The exit status of fatal() from here on, see exits.h. */
void	 log_fatal_exits(enum exits);

/* Log and end this process: it cannot go on. */
__dead void fatal(const char *, ...) PRINTFLIKE(1, 2);
__dead void fatalx(const char *, ...) PRINTFLIKE(1, 2);

/* A finished line at LOG_INFO, however long; for the parent. */
void	 log_long(const char *);

/* A line of a child with syslog(3) priority; `who' comes in front of it. */
void	 log_child(int, const char *, const char *);

/*
 * Copy src into dst of size bytes so that it can be shown: whatever is not
 * printable ASCII, and the backslash, becomes \xNN; cut to fit.
 */
void	 log_escape(char *, size_t, const char *);

#endif /* GATEWAYD_COMMON_LOG_H */
