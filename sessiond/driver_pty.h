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

#ifndef GATEWAYD_SESSIOND_DRIVER_PTY_H
#define GATEWAYD_SESSIOND_DRIVER_PTY_H

#include <stdint.h>

#include "msg_worker.h"

struct chan;
struct driver;
struct event_base;
struct launch;
struct opened;

/*
 * A shell on a pseudo terminal of this machine.  The worker holds the
 * master; the parent opens the pair, starts the shell on the slave, and
 * reports here, through these, what becomes of it.
 */

/*
 * NULL when out of memory; the channel is the one to the parent.  The options
 * of the client, or NULL, are the driver's then.
 */
struct driver	*driver_pty_new(struct event_base *, struct chan *,
		    struct opened *, struct launch *);

/* The shell runs; the master is ours from now on. */
void		 driver_pty_started(struct driver *, int);
void		 driver_pty_failed(struct driver *, enum pty_stage, int);
void		 driver_pty_exited(struct driver *, uint8_t how, uint8_t code);

#endif
