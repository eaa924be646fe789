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

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "chan.h"
#include "child.h"
#include "log.h"
#include "priv.h"

static void	 child_check_start(void);
static void	 child_signals(void);
static void	 child_expect(struct imsg *, uint16_t);
static void	 child_hello(enum role);
static void	 child_closed(struct chan *, const char *, void *);

/* There is a parent only if fd 3 is the socket that we were given. */
static void
child_check_start(void)
{
	socklen_t	 len;
	int		 type;

	len = sizeof(type);
	if (getsockopt(CHILD_FD, SOL_SOCKET, SO_TYPE, &type, &len) == -1 ||
	    type != SOCK_SEQPACKET) {
		fprintf(stderr, "%s: this program is started by gatewayd, "
		    "not by hand\n", getprogname());
		exit(1);
	}
}

/*
 * What a terminal sends goes to all processes of the daemon at once, but
 * when a child ends is the parent's decision.  A write to a peer that is
 * gone shall only fail.
 */
static void
child_signals(void)
{
	if (signal(SIGHUP, SIG_IGN) == SIG_ERR ||
	    signal(SIGINT, SIG_IGN) == SIG_ERR ||
	    signal(SIGQUIT, SIG_IGN) == SIG_ERR ||
	    signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		fatal("signals");
}

/* Wait for one message of that type; before there is an event loop. */
static void
child_expect(struct imsg *im, uint16_t type)
{
	struct pollfd	 pfd;
	uint8_t		 buf[IMSG_MAX];
	const char	*why;
	size_t		 len;
	int		 fd, n;

	why = "unexpected";
	for (;;) {
		pfd.fd = CHILD_FD;
		pfd.events = POLLIN;
		if (poll(&pfd, 1, CHILD_SETUP_TIMEOUT * 1000) == 0)
			fatalx("no %s from the parent", msg_name(type));
		n = imsg_recv(CHILD_FD, buf, &len, &fd, &why);
		if (n != IMSG_RECV_ERROR || errno != EAGAIN)
			break;
	}
	if (n == IMSG_RECV_EOF || n == IMSG_RECV_ERROR)
		exit(0);
	if (n == IMSG_RECV_NOFD)
		why = "out of descriptors";
	if (n != IMSG_RECV_MORE ||
	    imsg_decode(im, buf, len, fd != -1, &why) == -1 ||
	    im->type != type || fd != -1)
		fatalx("waiting for %s: %s", msg_name(type), why);
}

static void
child_hello(enum role role)
{
	struct imsg	 im;
	uint8_t		 buf[IMSG_MAX];
	ssize_t		 len;

	imsg_init(&im, IMSG_HELLO, 0);
	im.m.hello.version = PROTO_VERSION;
	im.m.hello.role = (uint8_t)role;
	if ((len = imsg_encode(&im, buf)) == -1 ||
	    imsg_send(CHILD_FD, buf, (size_t)len, -1) == -1)
		fatal("hello");
	child_expect(&im, IMSG_HELLO);
	if (im.m.hello.version != PROTO_VERSION ||
	    im.m.hello.role != ROLE_PARENT)
		fatalx("the parent speaks version %u, this program %u: "
		    "they are not of one installation", im.m.hello.version,
		    PROTO_VERSION);
}

void
child_start(enum role role, struct msg_setup *setup)
{
	struct priv_limits	 limits;
	struct imsg		 im;

	child_check_start();
	log_to_channel(CHILD_FD);
	child_signals();
	log_fatal_exits(EXITS_SANDBOX);
	if ((role == ROLE_PTY ? priv_hide() : priv_harden()) == -1)
		fatal("harden");
	if (role != ROLE_PTY && sandbox_enter(SANDBOX_SETUP) == -1)
		fatalx("cannot enter the set-up sandbox");
	log_fatal_exits(EXITS_START);
	child_hello(role);
	child_expect(&im, IMSG_SETUP);
	*setup = im.m.setup;
	if (setup->role != role)
		fatalx("set up for another role");
	log_setverbose(setup->verbose);
	log_fatal_exits(EXITS_FATAL);
	if (role == ROLE_PTY)
		return;

	log_fatal_exits(EXITS_PRIV);
	limits.data = setup->data;
	limits.nofile = setup->nofile;
	limits.memlock = role == ROLE_WORKER ? PRIV_MEMLOCK : 0;
	if (priv_limits_apply(&limits) == -1)
		fatal("limits");
	if (setup->privileged && (setup->uid == 0 || setup->root[0] == '\0'))
		fatalx("refusing to run as root");
	if (priv_drop(setup->uid, setup->gid,
	    setup->privileged ? setup->root : NULL) == -1)
		fatal("cannot drop privileges");
	log_fatal_exits(EXITS_FATAL);
}

struct chan *
child_channel(struct event_base *base, const struct msg_table *in,
    const struct msg_table *out, chan_dispatch dispatch, void *arg)
{
	struct chan	*c;

	if ((c = chan_new(base, CHILD_FD, in, out, dispatch, child_closed,
	    arg)) == NULL)
		fatal("channel to the parent");
	chan_set_state(c, MS_SETUP);
	return (c);
}

/* The parent is trusted more than we are: what it says wrong ends us. */
static void
child_closed(struct chan *c UNUSED, const char *why, void *arg UNUSED)
{
	log_fatal_exits(EXITS_PROTOCOL);
	if (why != NULL)
		fatalx("channel to the parent: %s", why);
	_exit(EXITS_DONE);
}

void
child_ready(struct chan *c, enum sandbox_role role)
{
	log_fatal_exits(EXITS_SANDBOX);
	if (sandbox_enter(role) == -1)
		fatalx("cannot enter the %s sandbox", sandbox_name(role));
	log_fatal_exits(EXITS_FATAL);
	chan_set_state(c, MS_RUN);
	if (chan_send_empty(c, IMSG_READY, 0) == -1)
		fatal("cannot report ready");
}
