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

#ifndef GATEWAYD_PROTO_SIGNAMES_H
#define GATEWAYD_PROTO_SIGNAMES_H

#include <stddef.h>

/* Room for any name of a signal, and for a number in its place. */
#define SIGNAME_MAX	8

/*
 * The number, on this system, of a signal that POSIX names, with or without
 * "SIG" before it, as in kill(1); -1 if there is none.
 */
int		 signame_number(const char *, size_t len);

/* "TERM" for SIGTERM; the number itself where there is no name. */
const char	*signame(char out[SIGNAME_MAX], int signo);

#endif
