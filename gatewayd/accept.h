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

#ifndef GATEWAYD_GATEWAYD_ACCEPT_H
#define GATEWAYD_GATEWAYD_ACCEPT_H

/*
 * The listening sockets, which the parent opened and all frontends share.
 * Connections are bounded by the descriptors that we may have.
 */

/* Keep a descriptor spare and learn how many there are.  0, or -1. */
int	 accept_init(void);

/* Take over a listening, non-blocking socket; before accept_start(). */
int	 accept_add(int);

/* Begin to accept; and never again, for which they are closed. */
void	 accept_start(void);
void	 accept_stop(void);

#endif /* GATEWAYD_GATEWAYD_ACCEPT_H */
