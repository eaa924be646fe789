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

#ifndef GATEWAYD_COMMON_CHILD_H
#define GATEWAYD_COMMON_CHILD_H

#include "msg.h"
#include "sandbox.h"
#include "tables.h"

struct chan;
struct event_base;

/* Where every child finds its channel to the parent. */
#define CHILD_FD	3

/* How long a child waits for HELLO and SETUP: seconds. */
#define CHILD_SETUP_TIMEOUT	10

/*
 * The first thing of every child.  Started by hand, without a channel on
 * CHILD_FD, it says so and exits.  Logs by message from here on, becomes
 * undumpable, enters the set-up sandbox, exchanges HELLO, takes SETUP and
 * drops its privileges as that says.  Any failure is fatal.  The pty helper
 * keeps its privileges and enters no sandbox: its shell would inherit it.
 */
void	 child_start(enum role, struct msg_setup *);

/*
 * The channel to the parent for the event loop, in MS_SETUP.  That the
 * parent is gone, or says what it must not, ends the child at once.
 */
struct chan *child_channel(struct event_base *, const struct msg_table *,
	    const struct msg_table *, void (*)(struct chan *, struct imsg *,
	    void *), void *);

/* On START: enter the role's own sandbox and report READY. */
void	 child_ready(struct chan *, enum sandbox_role);

#endif /* GATEWAYD_COMMON_CHILD_H */
