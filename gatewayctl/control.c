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

#include <sys/socket.h>
#include <sys/un.h>

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>

#include "gatewayctl.h"
#include "imsg.h"
#include "tables.h"

/*
 * How long the daemon may take for one answer, and for that to a reload, for
 * which it waits itself, in milliseconds.
 */
#define CONTROL_WAIT	10000
#define RELOAD_WAIT	20000

/* The one connection of this run. */
static struct control {
	int		 sock;
	uint32_t	 id;			/* of the current request */
	int		 wait;
	uint8_t		 buf[IMSG_MAX];
} control = { .sock = -1, .wait = CONTROL_WAIT };

static void	 control_write(const struct imsg *);
static void	 control_wait(void);

void
control_open(const char *path)
{
	struct sockaddr_un	 sun;
	struct timeval		 tv;
	struct imsg		 im;

	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	if (strlcpy(sun.sun_path, path, sizeof(sun.sun_path)) >=
	    sizeof(sun.sun_path))
		errx(1, "%s: path is too long", path);
	control.sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (control.sock == -1)
		err(1, "socket");
	/* Where a full backlog or queue would make us wait for ever. */
	tv.tv_sec = CONTROL_WAIT / 1000;
	tv.tv_usec = 0;
	if (setsockopt(control.sock, SOL_SOCKET, SO_SNDTIMEO, &tv,
	    sizeof(tv)) == -1)
		err(1, "setsockopt");
	if (connect(control.sock, (struct sockaddr *)&sun,
	    sizeof(sun)) == -1) {
		if (errno == ENOENT || errno == ECONNREFUSED)
			errx(1, "%s: gatewayd is not running", path);
		err(1, "%s", path);
	}

	imsg_init(&im, IMSG_HELLO, 0);
	im.m.hello.version = PROTO_VERSION;
	im.m.hello.role = ROLE_CTL;
	control_write(&im);
	control_recv(&im);
	if (im.type != IMSG_HELLO || im.m.hello.role != ROLE_CONTROL)
		errx(1, "%s: not the control socket of gatewayd", path);
	if (im.m.hello.version != PROTO_VERSION)
		errx(1, "%s: gatewayd speaks version %u, gatewayctl %u",
		    path, im.m.hello.version, PROTO_VERSION);
}

void
control_send(uint16_t type, struct imsg *im)
{
	im->type = type;
	im->id = ++control.id;
	control.wait = type == IMSG_CTL_RELOAD ? RELOAD_WAIT : CONTROL_WAIT;
	control_write(im);
}

void
control_recv(struct imsg *im)
{
	const char	*why;
	size_t		 bit, len;
	int		 fd;

	control_wait();
	why = "malformed";
	switch (imsg_recv(control.sock, control.buf, &len, &fd, &why)) {
	case IMSG_RECV_MORE:
		break;
	case IMSG_RECV_EOF:
		errx(1, "gatewayd closed the connection");
	case IMSG_RECV_ERROR:
		err(1, "control socket");
	default:
		errx(1, "control socket: %s", why);
	}
	if (fd != -1 || imsg_decode(im, control.buf, len, 0, &why) == -1)
		errx(1, "control socket: %s", why);
	if (msg_rule(&control_to_ctl, im->type, &bit) == NULL)
		errx(1, "control socket: unexpected %s", msg_name(im->type));
	if (im->id != control.id)
		errx(1, "control socket: answer to something else");
	if (im->type == IMSG_CTL_FAIL)
		errx(1, "%s", im->m.fail.reason);
}

void
control_request(uint16_t type, struct imsg *im)
{
	control_send(type, im);
	control_recv(im);
	if (im->type != IMSG_CTL_OK)
		errx(1, "control socket: unexpected %s", msg_name(im->type));
}

static void
control_write(const struct imsg *im)
{
	ssize_t	 n;

	if ((n = imsg_encode(im, control.buf)) == -1)
		errx(1, "%s: value out of range", msg_name(im->type));
	if (imsg_send(control.sock, control.buf, (size_t)n, -1) == -1)
		err(1, "control socket");
}

static void
control_wait(void)
{
	struct pollfd	 pfd;
	int		 n;

	pfd.fd = control.sock;
	pfd.events = POLLIN;
	do {
		n = poll(&pfd, 1, control.wait);
	} while (n == -1 && errno == EINTR);
	if (n == -1)
		err(1, "poll");
	if (n == 0)
		errx(1, "gatewayd does not answer");
}
