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
#ifdef __linux__
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#endif

#include <netinet/in.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "own.h"

/*
 * Addresses of this host come and go, and only root could list them for
 * us, so the kernel is asked for each one: a socket for datagrams that is
 * connected has a source address, which for an address of our own is that
 * address.  It is not for a second address of an interface in the same
 * network, which answers with the first; on Linux the kernel therefore also
 * says of which kind the route is.
 */
static struct {
	int	 fd;		/* NETLINK_ROUTE, or -1 */
	int	 error;
	uint32_t seq;
} own = { -1, 0, 0 };

/* Room for the answer of the kernel to one question. */
#define OWN_ANSWER	1024

static int	 own_source(const struct net_addr *);
static int	 own_route(const struct net_addr *);
#ifdef __linux__
static int	 own_route_answer(const uint8_t *, size_t);
#endif

void
own_init(void)
{
#ifdef __linux__
	struct sockaddr_nl	 nl;

	own.fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    NETLINK_ROUTE);
	memset(&nl, 0, sizeof(nl));
	nl.nl_family = AF_NETLINK;
	/* Only the kernel shall be heard. */
	if (own.fd == -1 || connect(own.fd, (struct sockaddr *)&nl,
	    sizeof(nl)) == -1) {
		own.error = errno;
		if (own.fd != -1)
			(void)close(own.fd);
		own.fd = -1;
	}
#endif
}

const char *
own_missing(void)
{
	return (own.error == 0 ? NULL : strerror(own.error));
}

int
own_address(const struct net_addr *a)
{
	int	 ret;

	if ((ret = own_source(a)) != 0)
		return (ret);
	return (own_route(a));
}

int
own_socket(int fd)
{
	struct sockaddr_storage	 ss;
	struct net_addr		 here, there;
	socklen_t		 len;

	len = sizeof(ss);
	if (getsockname(fd, (struct sockaddr *)&ss, &len) == -1 ||
	    net_from_sockaddr(&here, (struct sockaddr *)&ss) == -1)
		return (-1);
	len = sizeof(ss);
	if (getpeername(fd, (struct sockaddr *)&ss, &len) == -1 ||
	    net_from_sockaddr(&there, (struct sockaddr *)&ss) == -1)
		return (-1);
	if (memcmp(&here, &there, sizeof(here)) == 0)
		return (1);
	return (own_route(&there));
}

/* Where there is no route there is nothing of ours; connect(2) will say. */
static int
own_source(const struct net_addr *a)
{
	struct sockaddr_storage	 ss;
	struct net_addr		 here;
	socklen_t		 len;
	int			 error, fd, ret;

	len = net_to_sockaddr(a, 9, &ss);
	if ((fd = socket(ss.ss_family, SOCK_DGRAM | SOCK_CLOEXEC |
	    SOCK_NONBLOCK, 0)) == -1)
		return (errno == EAFNOSUPPORT ? 0 : -1);
	ret = 0;
	if (connect(fd, (struct sockaddr *)&ss, len) == 0) {
		len = sizeof(ss);
		ret = getsockname(fd, (struct sockaddr *)&ss, &len);
		if (ret == 0 && net_from_sockaddr(&here,
		    (struct sockaddr *)&ss) == 0)
			ret = memcmp(&here, a, sizeof(here)) == 0;
	}
	error = errno;
	(void)close(fd);
	errno = error;
	return (ret);
}

#ifdef __linux__
static int
own_route(const struct net_addr *a)
{
	struct {
		struct nlmsghdr	 h;
		struct rtmsg	 r;
		struct rtattr	 dst;
		uint8_t		 addr[16];
	} q;
	uint8_t			 answer[OWN_ANSWER];
	size_t			 len;
	ssize_t			 n;

	if (own.fd == -1)
		return (0);
	len = a->family == 4 ? 4 : 16;
	memset(&q, 0, sizeof(q));
	q.h.nlmsg_len = (uint32_t)(sizeof(q) - sizeof(q.addr) + len);
	q.h.nlmsg_type = RTM_GETROUTE;
	q.h.nlmsg_flags = NLM_F_REQUEST;
	q.h.nlmsg_seq = ++own.seq;
	q.r.rtm_family = a->family == 4 ? AF_INET : AF_INET6;
	q.r.rtm_dst_len = (uint8_t)(len * 8);
	q.dst.rta_type = RTA_DST;
	q.dst.rta_len = (uint16_t)RTA_LENGTH(len);
	memcpy(q.addr, a->addr, len);
	if (send(own.fd, &q, q.h.nlmsg_len, 0) == -1)
		return (-1);
	/* It is there already; what an earlier question left is not for us. */
	for (;;) {
		if ((n = recv(own.fd, answer, sizeof(answer), 0)) == -1)
			return (-1);
		memcpy(&q.h, answer, sizeof(q.h));
		if ((size_t)n >= sizeof(q.h) && q.h.nlmsg_seq == own.seq)
			return (own_route_answer(answer, (size_t)n));
	}
}

static int
own_route_answer(const uint8_t *answer, size_t len)
{
	struct nlmsghdr	 h;
	struct rtmsg	 r;

	memcpy(&h, answer, sizeof(h));
	if (h.nlmsg_type != RTM_NEWROUTE || len < NLMSG_LENGTH(sizeof(r)))
		return (0);
	memcpy(&r, answer + NLMSG_HDRLEN, sizeof(r));
	return (r.rtm_type != RTN_UNICAST);
}
#else
static int
own_route(const struct net_addr *a UNUSED)
{
	return (0);
}
#endif
