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

#include "driver_pty.h"
#include "imsg.h"
#include "launch_opt.h"
#include "log.h"
#include "upstream.h"
#include "worker.h"

/* Local terminals: the parent makes them, with a helper for the shell. */

void
upstream_setup(void)
{
}

void
upstream_start(struct worker *w)
{
	if (w->target.upstream != UPSTREAM_PTY)
		fatalx("a record for another program than sessiond");
}

struct driver *
upstream_driver(struct worker *w, struct launch *l)
{
	struct driver	*d;

	if ((d = driver_pty_new(w->base, w->parent, w->opened, l)) == NULL)
		launch_free(l);
	return (d);
}

unsigned int
upstream_time(const struct msg_limits *m)
{
	return (m->timeout_channel);
}

/* A session that has ended may still be reported about. */
void
upstream_dispatch(struct worker *w, struct imsg *im)
{
	struct driver	*d;

	switch (im->type) {
	case IMSG_PTY_OK:
		if ((d = worker_driver(w, im->m.pty_ok.session)) == NULL)
			return;
		driver_pty_started(d, im->fd);
		im->fd = -1;
		break;
	case IMSG_PTY_FAIL:
		if ((d = worker_driver(w, im->m.pty_fail.session)) != NULL)
			driver_pty_failed(d, im->m.pty_fail.stage,
			    im->m.pty_fail.error);
		break;
	case IMSG_PTY_EXIT:
		if ((d = worker_driver(w, im->m.pty_exit.session)) != NULL)
			driver_pty_exited(d, im->m.pty_exit.how,
			    im->m.pty_exit.code);
		break;
	default:
		fatalx("%s of the parent", msg_name(im->type));
	}
}
