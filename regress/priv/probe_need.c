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
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include <netinet/tcp.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>

#include "probe.h"

/*
 * What the roles need, by the calls that they make: a filter that forbids
 * everything would pass every other test.
 */

#define BIG	((size_t)20 * 1024 * 1024)

static void	 loop_event(evutil_socket_t, short, void *);

static int
use_memory(struct stage *st)
{
	char	*p, *q;
	size_t	 i;

	(void)st;
	if ((p = malloc(BIG)) == NULL)
		return (-1);
	memset(p, 1, BIG);
	if ((q = realloc(p, 2 * BIG)) == NULL) {
		free(p);
		return (-1);
	}
	free(q);
	for (i = 0; i < 1000; i++) {
		if ((p = malloc(i * 64 + 1)) == NULL)
			return (-1);
		explicit_bzero(p, i);
		free(p);
	}
	return (0);
}

static void
loop_event(evutil_socket_t fd, short what, void *arg)
{
	int	*seen = arg;

	(void)fd;
	*seen |= what;
}

static int
use_loop(struct stage *st)
{
	struct timeval	 tv = { 0, 1000 };
	struct event	*rd, *tm;
	int		 seen = 0;

	rd = event_new(st->base, st->pair[0], EV_READ, loop_event, &seen);
	tm = evtimer_new(st->base, loop_event, &seen);
	if (rd == NULL || tm == NULL || event_add(rd, NULL) == -1 ||
	    event_add(tm, &tv) == -1 || write(st->pair[1], "x", 1) != 1)
		return (-1);
	if (event_base_dispatch(st->base) == -1)
		return (-1);
	event_free(rd);
	event_free(tm);
	event_base_free(st->base);
	errno = EIO;
	return (seen == (EV_READ | EV_TIMEOUT) ? 0 : -1);
}

static int
use_message(struct stage *st)
{
	struct msghdr	 m;
	struct iovec	 iov;
	struct cmsghdr	*cm;
	union {
		struct cmsghdr	 align;
		char		 buf[CMSG_SPACE(sizeof(int))];
	} ctl;

	memset(&m, 0, sizeof(m));
	memset(&ctl, 0, sizeof(ctl));
	iov.iov_base = st->page;
	iov.iov_len = 16;
	m.msg_iov = &iov;
	m.msg_iovlen = 1;
	m.msg_control = ctl.buf;
	m.msg_controllen = sizeof(ctl.buf);
	cm = CMSG_FIRSTHDR(&m);
	cm->cmsg_level = SOL_SOCKET;
	cm->cmsg_type = SCM_RIGHTS;
	cm->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cm), &st->client, sizeof(int));
	if (sendmsg(st->pair[0], &m, MSG_NOSIGNAL | MSG_DONTWAIT) != 16)
		return (-1);
	if (recvmsg(st->pair[1], &m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT) != 16)
		return (-1);
	errno = EIO;
	return (CMSG_FIRSTHDR(&m) != NULL && m.msg_flags == MSG_CMSG_CLOEXEC ?
	    0 : -1);
}

static int
use_stream(struct stage *st)
{
	struct iovec	 iov[2];
	int		 len = 0;

	iov[0].iov_base = st->page;
	iov[0].iov_len = 8;
	iov[1] = iov[0];
	if (writev(st->slave, iov, 2) != 16 ||
	    readv(st->master, iov, 2) < 1 ||
	    send(st->client, "x", 1, MSG_NOSIGNAL) != 1 ||
	    write(st->client, "x", 1) != 1)
		return (-1);
	(void)len;
	return (shutdown(st->client, SHUT_WR));
}

static int
use_pending(struct stage *st)
{
	int	 n;

	return (ioctl(st->client, FIONREAD, &n));
}

static int
use_fcntl(struct stage *st)
{
	int	 fd;

	if ((fd = fcntl(st->client, F_DUPFD_CLOEXEC, 0)) == -1)
		return (-1);
	if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) == -1 ||
	    fcntl(fd, F_GETFD) != FD_CLOEXEC)
		return (-1);
	return (close(fd));
}

static int
use_identify(struct stage *st)
{
	struct sockaddr_storage	 ss;
	struct stat		 sb;
	socklen_t		 len = sizeof(ss), optlen = sizeof(int);
	int			 v;

	if (getpeername(st->client, (struct sockaddr *)&ss, &len) == -1 ||
	    getsockopt(st->client, SOL_SOCKET, SO_TYPE, &v, &optlen) == -1 ||
	    getsockopt(st->client, SOL_SOCKET, SO_ERROR, &v, &optlen) == -1)
		return (-1);
	return (fstat(st->client, &sb));
}

static int
use_time(struct stage *st)
{
	struct timespec	 ts;
	struct tm	 tm;
	char		 buf[64];
	unsigned char	 rnd[32];

	(void)st;
	if (clock_gettime(CLOCK_MONOTONIC, &ts) == -1 ||
	    getrandom(rnd, sizeof(rnd), 0) != sizeof(rnd))
		return (-1);
	ts.tv_sec = arc4random();
	if (localtime_r(&ts.tv_sec, &tm) == NULL)
		return (-1);
	return (strftime(buf, sizeof(buf), "%c %Z", &tm) == 0 ? -1 : 0);
}

static int
use_signals(struct stage *st)
{
	struct sigaction	 sa;
	sigset_t		 set;

	(void)st;
	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = SIG_IGN;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	if (sigaction(SIGUSR2, &sa, NULL) == -1)
		return (-1);
	return (sigprocmask(SIG_BLOCK, &set, NULL));
}

static int
use_abort(struct stage *st)
{
	(void)st;
	abort();
}

/* A file descriptor limit is read by libraries, not only by us. */
static int
use_limits(struct stage *st)
{
	(void)st;
	return (sysconf(_SC_OPEN_MAX) == -1 ? -1 : 0);
}

static int
use_blob_in(struct stage *st)
{
	struct stat	 sb;
	void		*p;

	if (fcntl(st->blob, F_GET_SEALS) == -1 || fstat(st->blob, &sb) == -1)
		return (-1);
	p = mmap(NULL, sb.st_size, PROT_READ, MAP_PRIVATE, st->blob, 0);
	if (p == MAP_FAILED)
		return (-1);
	return (munmap(p, sb.st_size));
}

/* As large as the largest: RLIMIT_FSIZE counts memfds, too. */
static int
use_blob_out(struct stage *st)
{
	int	 fd;

	if ((fd = memfd_create("blob", MFD_CLOEXEC | MFD_ALLOW_SEALING)) == -1)
		return (-1);
	if (ftruncate(fd, BIG) == -1 ||
	    pwrite(fd, st->page, 16, BIG - 16) != 16)
		return (-1);
	return (fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK |
	    F_SEAL_WRITE | F_SEAL_SEAL));
}

/* A file that was handed over is read, appended to, and on the disk. */
static int
use_learned(struct stage *st)
{
	struct stat	 sb;
	char		 c;
	int		 fd;

	if ((fd = memfd_create("file", MFD_CLOEXEC)) == -1 ||
	    fcntl(fd, F_GETFL) == -1 || write(fd, st->page, 16) != 16 ||
	    fdatasync(fd) == -1 || fstat(fd, &sb) == -1)
		return (-1);
	return (pread(fd, &c, 1, sb.st_size - 1) == 1 ? 0 : -1);
}

static int
use_accept(struct stage *st)
{
	int	 fd, on = 1;

	fd = accept4(st->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd == -1)
		return (-1);
	return (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)));
}

static int
use_peercred(struct stage *st)
{
	struct ucred	 uc;
	socklen_t	 len = sizeof(uc);

	return (getsockopt(st->pair[0], SOL_SOCKET, SO_PEERCRED, &uc, &len));
}

static int
use_tcp_options(struct stage *st)
{
	int	 on = 1, ms = 30000;

	if (setsockopt(st->client, SOL_SOCKET, SO_KEEPALIVE, &on,
	    sizeof(on)) == -1 ||
	    setsockopt(st->client, IPPROTO_TCP, TCP_NODELAY, &on,
	    sizeof(on)) == -1)
		return (-1);
	return (setsockopt(st->client, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms,
	    sizeof(ms)));
}

static int
use_terminal(struct stage *st)
{
	struct winsize	 ws = { 40, 120, 0, 0 };
	struct termios	 tio;

	if (ioctl(st->master, TIOCSWINSZ, &ws) == -1 ||
	    ioctl(st->master, TIOCGWINSZ, &ws) == -1 ||
	    tcgetattr(st->master, &tio) == -1)
		return (-1);
	return (ioctl(st->master, TIOCSIG, SIGINT));
}

static int
use_locked(struct stage *st)
{
	if (mlock(st->page, st->pagesize) == -1 ||
	    mprotect(st->page, st->pagesize, PROT_NONE) == -1 ||
	    mprotect(st->page, st->pagesize, PROT_READ | PROT_WRITE) == -1 ||
	    madvise(st->page, st->pagesize, MADV_DONTDUMP) == -1)
		return (-1);
	return (munlock(st->page, st->pagesize));
}

/* connect(2) a second time, as the dialer must before it passes a socket. */
static int
use_dial(struct stage *st)
{
	struct pollfd	 pfd;
	socklen_t	 len = sizeof(int);
	int		 s, soerr = 0;

	if ((s = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    0)) == -1)
		return (-1);
	if (connect(s, (struct sockaddr *)&st->addr, sizeof(st->addr)) == -1 &&
	    errno != EINPROGRESS)
		return (-1);
	pfd.fd = s;
	pfd.events = POLLOUT;
	if (poll(&pfd, 1, 5000) != 1 ||
	    getsockopt(s, SOL_SOCKET, SO_ERROR, &soerr, &len) == -1)
		return (-1);
	if (soerr != 0) {
		errno = soerr;
		return (-1);
	}
	if (connect(s, (struct sockaddr *)&st->addr, sizeof(st->addr)) == -1 &&
	    errno != EISCONN)
		return (-1);
	return (0);
}

static int
use_dns(struct stage *st)
{
	int	 s;

	if ((s = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0)) == -1)
		return (-1);
	(void)close(s);
	return (sendto(st->udp, "x", 1, 0, (struct sockaddr *)&st->udp_addr,
	    sizeof(st->udp_addr)) == 1 ? 0 : -1);
}

static int
use_wait(struct stage *st)
{
	int	 status;

	if (kill(st->victim, SIGTERM) == -1 ||
	    waitpid(st->victim, &status, 0) == -1)
		return (-1);
	errno = EIO;
	return (WIFSIGNALED(status) ? 0 : -1);
}

/*
 * The cage of the dialer, outside of any sandbox: after its second connect
 * the socket cannot be aimed elsewhere, neither while it is connected nor
 * after a reset.
 */
static int
use_cage(struct stage *st)
{
	struct linger	 li = { 1, 0 };
	struct pollfd	 pfd;
	int		 a, i, s;

	s = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	/* The first in line is stage_sockets()'s. */
	if (s == -1 || (a = accept(st->listener, NULL, NULL)) == -1)
		return (-1);
	(void)close(a);
	(void)connect(s, (struct sockaddr *)&st->addr, sizeof(st->addr));
	pfd.fd = s;
	pfd.events = POLLOUT;
	if (poll(&pfd, 1, 5000) != 1 ||
	    connect(s, (struct sockaddr *)&st->addr, sizeof(st->addr)) == -1 ||
	    (a = accept(st->listener, NULL, NULL)) == -1 ||
	    setsockopt(a, SOL_SOCKET, SO_LINGER, &li, sizeof(li)) == -1)
		return (-1);
	(void)close(a);
	pfd.events = POLLIN;
	if (poll(&pfd, 1, 5000) != 1)
		return (-1);
	for (i = 0; i < 3; i++) {
		if (sendto(s, "x", 1, MSG_FASTOPEN,
		    (struct sockaddr *)&st->other_addr,
		    sizeof(st->other_addr)) != -1 || errno == EINPROGRESS) {
			errno = EISCONN;
			return (-1);
		}
	}
	return (0);
}

const struct attempt needs[] = {
	{ "memory",			ROLES, 0, use_memory },
	{ "an event loop",		ROLES, 0, use_loop },
	{ "messages with descriptors",	ROLES, 0, use_message },
	{ "streams",			ROLES, 0, use_stream },
	{ "FIONREAD",			ROLES & ~P, 0, use_pending },
	{ "fcntl",			ROLES, 0, use_fcntl },
	{ "to identify a descriptor",	ROLES, 0, use_identify },
	{ "time and random numbers",	ROLES, 0, use_time },
	{ "signals",			ROLES, 0, use_signals },
	{ "to abort",			ROLES, AT_ABORTS, use_abort },
	{ "its limits",			ROLES, 0, use_limits },
	{ "to read a blob",		ROLES, 0, use_blob_in },
	{ "to make a blob",		F | C | W, 0, use_blob_out },
	{ "to keep what it learned",	C, 0, use_learned },
	{ "to accept",			F | K, 0, use_accept },
	{ "the peer's user",		K, 0, use_peercred },
	{ "TCP options",		F | D | W, 0, use_tcp_options },
	{ "terminals",			W, 0, use_terminal },
	{ "locked memory",		W, 0, use_locked },
	{ "to dial",			D, 0, use_dial },
	{ "to ask a name server",	D, 0, use_dns },
	{ "to kill and reap",		P, 0, use_wait },
	{ "a dialer's second connect",	ROLES, AT_BASEONLY, use_cage },
	{ NULL, 0, 0, NULL }
};
