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

#ifndef GATEWAYD_SESSIOND_UPSTREAM_H
#define GATEWAYD_SESSIOND_UPSTREAM_H

struct driver;
struct imsg;
struct launch;
struct msg_limits;
struct worker;

/*
 * What the terminals of this worker are made of.  There is one of these in
 * each program: upstream_pty.c in sessiond, upstream_ssh.c in sessiond-net.
 */

/*
 * Called first of all, before the process is confined: for libraries that
 * must see the file system once.
 */
void		 upstream_setup(void);

/*
 * The record is there and opened, the sandbox is not entered yet.  Ends the
 * process if the target is not for this program.
 */
void		 upstream_start(struct worker *);

/*
 * A driver for a new session, or NULL when out of memory.  It takes over the
 * options of the client, NULL if there are none; also when this fails.
 */
struct driver	*upstream_driver(struct worker *, struct launch *);

/* How long a session may take to open in all: seconds. */
unsigned int	 upstream_time(const struct msg_limits *);

/* A message of the parent about a driver of ours. */
void		 upstream_dispatch(struct worker *, struct imsg *);

#endif
