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
#include <sys/un.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/*
 * In place of a program of ours: gives its channel, descriptor 3, to a test
 * that listens beside it, and does what that says.  'h' makes it the honest
 * program, 'p' lets it wait until the test or a signal ends it, while the
 * test talks on the channel; anything else is its exit status.  Where no
 * test listens it is honest.
 */

#define CHANNEL	3

static int	 here(const char *, char *, size_t);
static int	 stage(void);
static int	 introduce(int, int, char *[]);
static __dead void honest(char *[]);

int
main(int argc, char *argv[])
{
	char	 c;
	int	 s;

	if ((s = stage()) == -1)
		honest(argv);
	if (introduce(s, argc, argv) == -1 || read(s, &c, 1) != 1)
		_exit(1);
	if (c == 'h') {
		close(s);
		honest(argv);
	}
	if (c != 'p')
		_exit(c);
	close(CHANNEL);
	while (read(s, &c, 1) == 1)
		continue;
	_exit(0);
}

/* The path of something in the directory of this program. */
static int
here(const char *name, char *buf, size_t size)
{
	ssize_t	 n;
	char	*slash;

	if ((n = readlink("/proc/self/exe", buf, size - 1)) == -1)
		return (-1);
	buf[n] = '\0';
	if (*name == '\0')
		return (0);
	if ((slash = strrchr(buf, '/')) == NULL)
		return (-1);
	slash[1] = '\0';
	return (strlcat(buf, name, size) < size ? 0 : -1);
}

static int
stage(void)
{
	struct sockaddr_un	 sun;
	int			 s;

	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	if (here("stage", sun.sun_path, sizeof(sun.sun_path)) == -1 ||
	    (s = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)) == -1)
		return (-1);
	if (connect(s, (struct sockaddr *)&sun, sizeof(sun)) == 0)
		return (s);
	close(s);
	return (-1);
}

/* Arguments, separated by newlines, and the channel. */
static int
introduce(int s, int argc, char *argv[])
{
	union {
		struct cmsghdr	 hdr;
		char		 space[CMSG_SPACE(sizeof(int))];
	}			 control;
	struct msghdr		 msg;
	struct iovec		 iov;
	char			 text[512];
	int			 i, fd = CHANNEL;

	text[0] = '\0';
	for (i = 0; i < argc; i++) {
		strlcat(text, argv[i], sizeof(text));
		strlcat(text, "\n", sizeof(text));
	}
	memset(&msg, 0, sizeof(msg));
	memset(&control, 0, sizeof(control));
	iov.iov_base = text;
	iov.iov_len = strlen(text);
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	msg.msg_control = control.space;
	msg.msg_controllen = sizeof(control.space);
	control.hdr.cmsg_level = SOL_SOCKET;
	control.hdr.cmsg_type = SCM_RIGHTS;
	control.hdr.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.hdr), &fd, sizeof(fd));
	return (sendmsg(s, &msg, 0) == -1 ? -1 : 0);
}

/* The program of the same name, one directory below. */
static __dead void
honest(char *argv[])
{
	char	 self[256], path[256], name[280];
	char	*slash;

	if (here("", self, sizeof(self)) == -1 ||
	    (slash = strrchr(self, '/')) == NULL ||
	    (size_t)snprintf(name, sizeof(name), "real%s", slash) >=
	    sizeof(name) || here(name, path, sizeof(path)) == -1)
		_exit(1);
	(void)execv(path, argv);
	_exit(1);
}
