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

#include <unistd.h>

#include <event2/event.h>

#include "chan.h"
#include "child.h"
#include "dialer.h"
#include "log.h"

/*
 * The dialer is to resolve names, check addresses against the egress policy
 * and connect.  Nothing asks for that yet, because all upstreams are local
 * terminals.  It is started and confined like its siblings so that whatever
 * watches over the processes already counts it.
 *
 * Its only peer is the parent.
 */

static struct dialer {
	struct event_base	*base;
	struct chan		*parent;
} dialer;

static void	 dialer_dispatch_parent(struct chan *, struct imsg *, void *);

void
dialer_main(void)
{
	struct msg_setup	 setup;

	child_start(ROLE_DIALER, &setup);
	if ((dialer.base = event_base_new()) == NULL)
		fatalx("cannot make an event loop");
	dialer.parent = child_channel(dialer.base, &parent_to_dialer,
	    &dialer_to_parent, dialer_dispatch_parent, NULL);
	event_base_dispatch(dialer.base);
	chan_free(dialer.parent);
	event_base_free(dialer.base);
	exit(0);
}

static void
dialer_dispatch_parent(struct chan *c, struct imsg *im, void *arg UNUSED)
{
	switch (im->type) {
	case IMSG_VERBOSE:
		log_setverbose(im->m.verbose.verbose);
		break;
	case IMSG_START:
		child_ready(c, SANDBOX_DIALER);
		break;
	case IMSG_STOP:
		(void)event_base_loopbreak(dialer.base);
		break;
	default:
		fatalx("unexpected %s", msg_name(im->type));
	}
}
