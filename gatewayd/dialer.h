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

#ifndef GATEWAYD_GATEWAYD_DIALER_H
#define GATEWAYD_GATEWAYD_DIALER_H

#include "compat.h"

/*
 * Dials at a time; the next one is told that we are busy.  Each has up to
 * four sockets for a while.  Hosts that answer nothing hold their dials for
 * as long as it is allowed, and must not leave others without: the parent
 * sees to it that each sandbox gets its share.
 */
#define DIALS_MAX	256

/* The process that connects to hosts: gatewayd -x dialer. */
__dead void	 dialer_main(void);

#endif /* GATEWAYD_GATEWAYD_DIALER_H */
