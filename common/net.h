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

#ifndef GATEWAYD_COMMON_NET_H
#define GATEWAYD_COMMON_NET_H

#include <sys/socket.h>

#include <stdint.h>

/* An address without its port; IPv4 also when it came mapped in IPv6. */
struct net_addr {
	uint8_t	 family;	/* 4 or 6 */
	uint8_t	 addr[16];	/* network order, zero behind */
};

#define NET_TEXT_SIZE	48

/* From a socket address; -1 if it is of another family (then zero). */
int	 net_from_sockaddr(struct net_addr *, const struct sockaddr *);

/* As a socket address with that port; returns its length. */
socklen_t
	 net_to_sockaddr(const struct net_addr *, uint16_t,
	    struct sockaddr_storage *);

/*
 * Make ::ffff:a.b.c.d a.b.c.d, so that no rule can be walked around.  The
 * functions above and below have done so.
 */
void	 net_unmap(struct net_addr *);

/* From text without brackets, port or zone; -1 if it is no address. */
int	 net_from_text(struct net_addr *, const char *);

/* As text, always terminated. */
void	 net_to_text(const struct net_addr *, char[NET_TEXT_SIZE]);

/* Whether the address lies in that network of prefix bits. */
int	 net_in(const struct net_addr *, const struct net_addr *, uint8_t);

#endif /* GATEWAYD_COMMON_NET_H */
