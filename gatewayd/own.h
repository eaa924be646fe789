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

#ifndef GATEWAYD_GATEWAYD_OWN_H
#define GATEWAYD_GATEWAYD_OWN_H

#include "net.h"

/*
 * Before the process confines itself: get what own_address() asks the
 * kernel with.  Without it own_address() is less exact; own_missing() then
 * returns why, else NULL.
 */
void		 own_init(void);
const char	*own_missing(void);

/*
 * Whether what is sent to this address stays on this host, as the kernel
 * would route it now.  No packet is sent.  Returns 1 or 0, or -1 with errno
 * if that cannot be found out.
 */
int		 own_address(const struct net_addr *);

/* Whether both ends of a connected socket are on this host, likewise. */
int		 own_socket(int);

#endif /* GATEWAYD_GATEWAYD_OWN_H */
