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

#ifndef GATEWAYD_REGRESS_PRIV_PROBE_H
#define GATEWAYD_REGRESS_PRIV_PROBE_H

#include <sys/types.h>

#include <netinet/in.h>

#include "sandbox.h"

struct event_base;

/* A pseudo role: nothing is entered.  Shows that attempts can succeed. */
#define ROLE_NONE	SANDBOX_MAX

#define BIT(role)	(1U << (role))
#define F		BIT(SANDBOX_FRONTEND)
#define C		BIT(SANDBOX_CATALOG)
#define D		BIT(SANDBOX_DIALER)
#define K		BIT(SANDBOX_CONTROL)
#define W		BIT(SANDBOX_WORKER)
#define P		BIT(SANDBOX_PTY)
#define ROLES		(F | C | D | K | W | P)

/*
 * What a process of ours may hold when it enters its sandbox, and more: an
 * attempt must fail by the call, not because there was nothing to try it on.
 */
struct stage {
	int			 tcp;		/* fresh */
	int			 udp;		/* fresh */
	int			 bound;		/* TCP with an address */
	int			 listener;	/* with one client waiting */
	struct sockaddr_in	 addr;		/* of the listener */
	int			 client;	/* connected to it */
	int			 reset;		/* see stage_reset() */
	int			 other;		/* a listener elsewhere */
	struct sockaddr_in	 other_addr;
	int			 udp_bound;
	struct sockaddr_in	 udp_addr;
	int			 pair[2];	/* SOCK_SEQPACKET */
	int			 master;
	int			 slave;
	int			 blob;		/* sealed, one page */
	int			 prog;		/* an executable file */
	void			*page;
	size_t			 pagesize;
	pid_t			 victim;	/* a child of the same user */
	int			 victim_fd;	/* pidfd */
	struct event_base	*base;		/* made during set-up */
};

struct attempt {
	const char	*name;
	unsigned int	 roles;		/* that must not, or that need it */
	int		 flags;
#define AT_NOBASE	0x01	/* may fail outside of a sandbox, too */
#define AT_ABORTS	0x02	/* SIGABRT is what we want */
#define AT_BASEONLY	0x04	/* shown outside of a sandbox */
#define AT_LANDLOCK	0x08	/* landlock alone must stop it */
	/* Returns 0 if it worked, else -1 with errno. */
	int		(*run)(struct stage *);
};

/* probe_deny.c, probe_need.c: both end with a name of NULL. */
extern const struct attempt	 denials[];
extern const struct attempt	 needs[];

#endif
