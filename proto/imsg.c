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
#include <sys/uio.h>

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "imsg.h"

/* Room for one descriptor more than is allowed, to see that it came. */
#define FDS_ROOM	2

static void	 put16(uint8_t *, uint16_t);
static void	 put32(uint8_t *, uint32_t);
static uint16_t	 get16(const uint8_t *);
static uint32_t	 get32(const uint8_t *);
static int	 take_fds(struct msghdr *, int *);

static void
put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void
put32(uint8_t *p, uint32_t v)
{
	put16(p, (uint16_t)(v >> 16));
	put16(p + 2, (uint16_t)v);
}

static uint16_t
get16(const uint8_t *p)
{
	return ((uint16_t)(p[0] << 8 | p[1]));
}

static uint32_t
get32(const uint8_t *p)
{
	return ((uint32_t)get16(p) << 16 | get16(p + 2));
}

void
imsg_init(struct imsg *im, uint16_t type, uint32_t id)
{
	memset(im, 0, offsetof(struct imsg, m) + msg_size(type));
	im->type = type;
	im->id = id;
	im->fd = -1;
	im->blob = -1;
}

void
imsg_clear(struct imsg *im)
{
	explicit_bzero(im, offsetof(struct imsg, m) + msg_size(im->type));
}

ssize_t
imsg_encode(const struct imsg *im, uint8_t *buf)
{
	ssize_t	 n;

	if ((n = msg_put(im->type, &im->m, buf + IMSG_HEADER_LEN,
	    IMSG_PAYLOAD_MAX)) == -1)
		return (-1);
	n += IMSG_HEADER_LEN;
	put16(buf, im->type);
	put16(buf + 2, im->fd == -1 ? 0 : IMSG_FLAG_FD);
	put32(buf + 4, (uint32_t)n);
	put32(buf + 8, im->id);
	return (n);
}

int
imsg_decode(struct imsg *im, const uint8_t *buf, size_t len, int has_fd,
    const char **why)
{
	uint16_t	 flags;

	im->type = 0;
	im->id = 0;
	im->fd = -1;
	im->blob = -1;
	im->lent = 0;
	if (len < IMSG_HEADER_LEN) {
		*why = "short header";
		return (-1);
	}
	im->type = get16(buf);
	flags = get16(buf + 2);
	im->id = get32(buf + 8);
	if (get32(buf + 4) != len)
		*why = "length does not match";
	else if (flags & ~IMSG_FLAG_FD)
		*why = "unknown flags";
	else if ((flags & IMSG_FLAG_FD) && !has_fd)
		*why = "descriptor missing";
	else if (!(flags & IMSG_FLAG_FD) && has_fd)
		*why = "unannounced descriptor";
	else if (msg_get(im->type, &im->m, buf + IMSG_HEADER_LEN,
	    len - IMSG_HEADER_LEN) == -1)
		*why = "malformed payload";
	else
		return (0);
	return (-1);
}

int
imsg_send(int sock, const uint8_t *buf, size_t len, int fd)
{
	union {
		struct cmsghdr	 hdr;
		char		 space[CMSG_SPACE(sizeof(int))];
	}			 control;
	struct msghdr		 msg;
	struct cmsghdr		*cmsg;
	struct iovec		 iov;
	ssize_t			 n;

	memset(&msg, 0, sizeof(msg));
	iov.iov_base = (void *)(uintptr_t)buf;
	iov.iov_len = len;
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	if (fd != -1) {
		memset(&control, 0, sizeof(control));
		msg.msg_control = control.space;
		msg.msg_controllen = sizeof(control.space);
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	}
	do
		n = sendmsg(sock, &msg, MSG_NOSIGNAL);
	while (n == -1 && errno == EINTR);
	if (n == -1)
		return (-1);
	if ((size_t)n != len) {
		errno = EMSGSIZE;
		return (-1);
	}
	return (0);
}

/* Keep the first descriptor, close the others; how many there were. */
static int
take_fds(struct msghdr *msg, int *fd)
{
	struct cmsghdr	*cmsg;
	size_t		 i, n;
	int		 one, count;

	count = 0;
	*fd = -1;
	for (cmsg = CMSG_FIRSTHDR(msg); cmsg != NULL;
	    cmsg = CMSG_NXTHDR(msg, cmsg)) {
		if (cmsg->cmsg_level != SOL_SOCKET ||
		    cmsg->cmsg_type != SCM_RIGHTS)
			continue;
		n = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (i = 0; i < n; i++) {
			memcpy(&one, CMSG_DATA(cmsg) + i * sizeof(int),
			    sizeof(one));
			if (count++ == 0)
				*fd = one;
			else
				close(one);
		}
	}
	return (count);
}

int
imsg_recv(int sock, uint8_t *buf, size_t *len, int *fd, const char **why)
{
	union {
		struct cmsghdr	 hdr;
		char		 space[CMSG_SPACE(FDS_ROOM * sizeof(int))];
	}			 control;
	struct msghdr		 msg;
	struct iovec		 iov;
	ssize_t			 n;
	int			 count;

	memset(&msg, 0, sizeof(msg));
	iov.iov_base = buf;
	iov.iov_len = IMSG_MAX;
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	msg.msg_control = control.space;
	msg.msg_controllen = sizeof(control.space);
	/*
	 * A peer that ends with something unread in its queue leaves us
	 * ECONNRESET, once, in front of what it said last.
	 */
	do
		n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	while (n == -1 && (errno == EINTR || errno == ECONNRESET));
	*fd = -1;
	if (n == -1)
		return (IMSG_RECV_ERROR);
	count = take_fds(&msg, fd);
	/*
	 * No byte and no descriptor is the end; nobody sends an empty packet.
	 */
	if (n == 0 && count == 0)
		return (IMSG_RECV_EOF);
	*len = (size_t)n;
	if (count <= 1 && !(msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)))
		return (IMSG_RECV_MORE);
	if (*fd != -1) {
		close(*fd);
		*fd = -1;
	}
	if (msg.msg_flags & MSG_TRUNC)
		*why = "packet too long";
	else if (count > 1)
		*why = "more than one descriptor";
	else
		/* The kernel could not install it: our table is full. */
		return (IMSG_RECV_NOFD);
	return (IMSG_RECV_BAD);
}
