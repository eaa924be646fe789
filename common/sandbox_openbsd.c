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

#include "log.h"
#include "priv.h"
#include "sandbox.h"

/*
 * Promises of pledge(2) and what needs each of them.  Nobody may open a
 * file, start a process or make a socket outside this table.
 *
 * stdio	the event loop, memory, pipes, messages on fd 3
 * recvfd	descriptors that come with a message
 * sendfd	descriptors that go with a message
 * inet		accept(2) and options of TCP sockets; for the dialer, socket(2)
 *		and connect(2), also for DNS, which it speaks itself
 * unix		accept(2) on the control socket
 * tty		the size of a terminal
 * proc		waiting for the shell and sending it signals
 */
static const struct role {
	const char	*name;
	const char	*promises;
} roles[SANDBOX_MAX] = {
	[SANDBOX_SETUP]		= { "setup", "stdio rpath recvfd sendfd inet "
				    "unix tty proc id unveil" },
	[SANDBOX_FRONTEND]	= { "frontend", "stdio recvfd sendfd inet" },
	[SANDBOX_CATALOG]	= { "catalog", "stdio recvfd sendfd" },
	[SANDBOX_DIALER]	= { "dialer", "stdio recvfd sendfd inet" },
	[SANDBOX_CONTROL]	= { "control", "stdio recvfd sendfd inet "
				    "unix" },
	/* TCP options of a client are set before it is handed over. */
	[SANDBOX_WORKER]	= { "worker", "stdio recvfd sendfd tty" },
	[SANDBOX_PTY]		= { "pty keeper", "stdio recvfd proc" }
};

const char *
sandbox_name(enum sandbox_role role)
{
	return (roles[role].name);
}

/*
 * Set-up as root includes chroot(2), for which pledge(2) has no promise.
 * There the narrowing to the role, after priv_drop(), is the first one.
 */
int
sandbox_enter(enum sandbox_role role)
{
	const struct role	*r = &roles[role];

	if (priv_harden() == -1)
		return (-1);
	if (role == SANDBOX_SETUP) {
		if (geteuid() == 0)
			return (0);
	} else if (unveil("/", "") == -1 || unveil(NULL, NULL) == -1) {
		log_warn("%s: unveil", r->name);
		return (-1);
	}
	if (pledge(r->promises, NULL) == -1) {
		log_warn("%s: pledge \"%s\"", r->name, r->promises);
		return (-1);
	}
	return (0);
}
