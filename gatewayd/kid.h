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

#ifndef GATEWAYD_GATEWAYD_KID_H
#define GATEWAYD_GATEWAYD_KID_H

#include <sys/types.h>

#include <stdint.h>
#include <time.h>

#include "imsg.h"
#include "tables.h"
#include "util.h"
#include "weigh.h"

struct chan;
struct config;
struct config_sandbox;
struct event;
struct kid;
struct parent;

/*
 * What the parent wants of a child: which program, which tables, who
 * handles its messages, and who is told when it has been reaped.  `gone'
 * gets the status of waitpid(2); the kid is freed when it returns.
 */
struct kid_kind {
	enum role		  role;
	const char		 *program;	/* in libexec; NULL: gatewayd */
	const char		 *option;	/* of -x, or NULL */
	const char		 *title;	/* "gatewayd: frontend" */
	const struct msg_table	 *in;
	const struct msg_table	 *out;
	void			(*dispatch)(struct kid *, struct imsg *);
	void			(*gone)(struct kid *, int);
};

/* A child process. */
struct kid {
	RB_ENTRY(kid)		 entry;		/* by pid */
	struct parent		*p;
	const struct kid_kind	*kind;
	void			*owner;		/* slot, worker, terminal */
	uint32_t		 number;	/* never reused */
	pid_t			 pid;
	uid_t			 uid;
	time_t			 started;
	int			 ready;		/* has been, once */
	int			 reaped;	/* the pid is free */
	struct chan		*chan;		/* NULL: it has ended */
	struct event		*ev_kill;
	const struct config_sandbox *push;	/* to be told next, or NULL */
	char			 name[64];	/* for log lines */
	struct util_ration	 lines;		/* of the log */
	struct util_ration	 denials;
	struct weight		 weight;	/* of the processor's time */
};
RB_HEAD(kids, kid);
RB_PROTOTYPE(kids, kid, entry, kid_cmp)

/*
 * Start a child that is to be this kind, as uid and gid, with limits on
 * descriptors and data (bytes, 0: none), and tell it so: HELLO and SETUP
 * are sent.  One that is not READY in time is killed.  Returns NULL with
 * errno.
 */
struct kid *kid_start(struct parent *, const struct kid_kind *, void *,
	    uid_t, gid_t, uint32_t, uint64_t);

/* Whether it is there, was set up and can still be told something. */
int	 kid_up(const struct kid *);

/*
 * Send.  On failure, -1, what was to go along is closed; a child that does
 * not read what it is told is killed, since it would go on with half of it.
 */
int	 kid_send(struct kid *, struct imsg *);
int	 kid_send_empty(struct kid *, uint16_t, uint32_t);

/* It has so many seconds from now to end by itself, then KILL. */
void	 kid_expire(struct kid *, int);

/* KILL it for what it said, which is logged. */
void	 kid_bad(struct kid *, const char *);

/* waitpid(2) for all; calls `gone' of each. */
void	 kids_reap(struct parent *);

#endif /* GATEWAYD_GATEWAYD_KID_H */
