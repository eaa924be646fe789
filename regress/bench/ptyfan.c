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

/* links: */

#include "compat.h"

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * ptyfan n command [argument ...]: what shared sessions are measured against.
 * A plain loop that starts a terminal when n clients have come, reads it and
 * writes what it has read to the socket of each, waiting for whoever is
 * slow.  What the first one says is typed.  When that one leaves all are let
 * go and the next n may come.
 */

#define READ_SIZE	(64 * 1024)
#define CLIENTS_MAX	64

static int	 sock[CLIENTS_MAX];
static int	 nsocks;

static int	 listener(void);
static void	 gather(int);
static void	 carry(char *[]);
static int	 from_pty(int);
static int	 from_first(int);
static int	 write_all(int, const uint8_t *, size_t);

int
main(int argc, char *argv[])
{
	const char	*errstr;
	int		 lfd;

	if (argc < 3)
		errx(1, "usage: ptyfan n command [argument ...]");
	nsocks = strtonum(argv[1], 1, CLIENTS_MAX, &errstr);
	if (errstr != NULL)
		errx(1, "n is %s", errstr);
	signal(SIGPIPE, SIG_IGN);
	lfd = listener();
	for (;;) {
		gather(lfd);
		carry(argv + 2);
	}
}

static int
listener(void)
{
	struct sockaddr_in	 sin = { .sin_family = AF_INET };
	socklen_t		 len = sizeof(sin);
	int			 fd;

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if ((fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) == -1 ||
	    bind(fd, (struct sockaddr *)&sin, sizeof(sin)) == -1 ||
	    listen(fd, CLIENTS_MAX) == -1 ||
	    getsockname(fd, (struct sockaddr *)&sin, &len) == -1)
		err(1, "listen");
	printf("%d\n", ntohs(sin.sin_port));
	fflush(stdout);
	return (fd);
}

static void
gather(int lfd)
{
	int	 i, one = 1;

	for (i = 0; i < nsocks; i++) {
		if ((sock[i] = accept4(lfd, NULL, NULL, SOCK_CLOEXEC)) == -1)
			err(1, "accept");
		setsockopt(sock[i], IPPROTO_TCP, TCP_NODELAY, &one,
		    sizeof(one));
	}
}

static void
carry(char *argv[])
{
	struct pollfd	 pfd[2];
	pid_t		 pid;
	int		 i, pty, rc;

	if ((pid = forkpty(&pty, NULL, NULL, NULL)) == 0) {
		execv(argv[0], argv);
		_exit(127);
	}
	if (pid == -1)
		err(1, "forkpty");
	pfd[0].fd = pty;
	pfd[1].fd = sock[0];
	pfd[0].events = pfd[1].events = POLLIN;
	for (rc = 0; rc == 0;) {
		if (poll(pfd, 2, -1) == -1)
			err(1, "poll");
		if (pfd[1].revents != 0)
			rc = from_first(pty);
		if (rc == 0 && pfd[0].revents != 0)
			rc = from_pty(pty);
	}
	close(pty);
	for (i = 0; i < nsocks; i++)
		close(sock[i]);
	while (waitpid(pid, NULL, 0) == -1 && errno == EINTR)
		continue;
}

static int
from_pty(int pty)
{
	static uint8_t	 buf[READ_SIZE];
	ssize_t		 n;
	int		 i;

	if ((n = read(pty, buf, sizeof(buf))) <= 0)
		return (-1);
	for (i = 0; i < nsocks; i++) {
		if (write_all(sock[i], buf, n) == -1)
			return (-1);
	}
	return (0);
}

static int
from_first(int pty)
{
	uint8_t	 buf[4096];
	ssize_t	 n;

	if ((n = read(sock[0], buf, sizeof(buf))) <= 0)
		return (-1);
	return (write_all(pty, buf, n));
}

static int
write_all(int fd, const uint8_t *p, size_t len)
{
	ssize_t	 n;

	for (; len > 0; len -= n) {
		if ((n = write(fd, p, len)) == -1)
			return (-1);
		p += n;
	}
	return (0);
}
