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

#ifndef GATEWAYD_SESSIOND_COMMAND_H
#define GATEWAYD_SESSIOND_COMMAND_H

#include <stddef.h>

struct launch;

/*
 * A command line for a POSIX shell that comes to what a client wants to have
 * run, for upstreams that take no list of arguments.  The shell is replaced
 * by the command; without one by a login shell, in that directory.
 *
 * Returns it with a NUL behind its *len bytes, to be cleared and freed by
 * the caller; or NULL with errno: E2BIG when it would have more than max
 * bytes, EINVAL when the shell would take the command for an option.
 */
char	*command_line(const struct launch *, size_t max, size_t *len);

#endif /* GATEWAYD_SESSIOND_COMMAND_H */
