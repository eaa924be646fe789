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

#include "compat.h"

#include <sys/types.h>
#include <sys/socket.h>

#include <netinet/in.h>
#include <arpa/inet.h>

#include <string.h>

#include "net.h"

void
net_unmap(struct net_addr *a)
{
	static const uint8_t	 mapped[12] = {
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff
	};

	if (a->family != 6 || memcmp(a->addr, mapped, sizeof(mapped)) != 0)
		return;
	a->family = 4;
	memmove(a->addr, a->addr + sizeof(mapped), 4);
	memset(a->addr + 4, 0, 12);
}

int
net_from_sockaddr(struct net_addr *a, const struct sockaddr *sa)
{
	memset(a, 0, sizeof(*a));
	switch (sa->sa_family) {
	case AF_INET:
		a->family = 4;
		memcpy(a->addr, &((const struct sockaddr_in *)
		    (const void *)sa)->sin_addr, 4);
		return (0);
	case AF_INET6:
		a->family = 6;
		memcpy(a->addr, &((const struct sockaddr_in6 *)
		    (const void *)sa)->sin6_addr, 16);
		net_unmap(a);
		return (0);
	default:
		return (-1);
	}
}

socklen_t
net_to_sockaddr(const struct net_addr *a, uint16_t port,
    struct sockaddr_storage *ss)
{
	struct sockaddr_in	*in;
	struct sockaddr_in6	*in6;

	memset(ss, 0, sizeof(*ss));
	if (a->family == 4) {
		in = (struct sockaddr_in *)(void *)ss;
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		memcpy(&in->sin_addr, a->addr, 4);
		return (sizeof(*in));
	}
	in6 = (struct sockaddr_in6 *)(void *)ss;
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(port);
	memcpy(&in6->sin6_addr, a->addr, 16);
	return (sizeof(*in6));
}

int
net_from_text(struct net_addr *a, const char *s)
{
	memset(a, 0, sizeof(*a));
	if (inet_pton(AF_INET, s, a->addr) == 1) {
		a->family = 4;
		return (0);
	}
	if (inet_pton(AF_INET6, s, a->addr) == 1) {
		a->family = 6;
		net_unmap(a);
		return (0);
	}
	return (-1);
}

void
net_to_text(const struct net_addr *a, char out[NET_TEXT_SIZE])
{
	if (inet_ntop(a->family == 6 ? AF_INET6 : AF_INET, a->addr, out,
	    NET_TEXT_SIZE) == NULL)
		strlcpy(out, "unknown", NET_TEXT_SIZE);
}

int
net_in(const struct net_addr *a, const struct net_addr *net, uint8_t prefix)
{
	uint8_t	 mask;

	if (a->family != net->family ||
	    prefix > (a->family == 4 ? 32 : 128))
		return (0);
	if (memcmp(a->addr, net->addr, prefix / 8) != 0)
		return (0);
	if (prefix % 8 == 0)
		return (1);
	mask = (uint8_t)(0xff << (8 - prefix % 8));
	return (((a->addr[prefix / 8] ^ net->addr[prefix / 8]) & mask) == 0);
}
