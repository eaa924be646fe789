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

#ifndef GATEWAYD_GATEWAYD_RESOLV_H
#define GATEWAYD_GATEWAYD_RESOLV_H

#include <stddef.h>

#include "net.h"
#include "sizes.h"

/*
 * The files of the host that say how names become addresses.  Pure functions
 * over their text, of any bytes: the parent opens the files, the dialer
 * reads them.  What cannot be understood is passed over, as resolvers do.
 */

/* Name servers that are asked, as in resolv.conf(5). */
#define RESOLV_SERVERS_MAX	3

/*
 * The addresses of the "nameserver" lines in their order, at most so many.
 * Returns how many; in *ignored those that are no plain address: one with a
 * scope names an interface, which nobody here could look up.  Options and
 * search lists mean nothing to us, since all names are absolute and times
 * have their own settings.
 */
size_t	 resolv_servers(const char *, size_t,
	    struct net_addr[RESOLV_SERVERS_MAX], size_t *ignored);

/*
 * The addresses that hosts(5) has for a name in the form of resolv_name(),
 * each once and in the order of the file, at most so many.  Returns how many.
 */
size_t	 hosts_find(const char *, size_t, const char *, struct net_addr *,
	    size_t);

/*
 * The name in the form in which it is asked for: lower case, without the
 * dot at its end.  Returns -1 if it is no name for DNS (RFC 1123, and the
 * underscore), and for one whose last part is a number: somewhere "127.1"
 * and "0x7f.1" are addresses, here they are nothing.
 */
int	 resolv_name(char[HOST_MAX + 1], const char *);

#endif /* GATEWAYD_GATEWAYD_RESOLV_H */
