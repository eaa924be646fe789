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

#include <event2/event.h>

#include "chan.h"
#include "child.h"
#include "dialer.h"
#include "log.h"

/*
 * The dialer: the only process that may make connections to sandboxes.  No
 * record names one yet, so all it does is to be there, confined.
 */

static void	 dialer_dispatch_parent(struct chan *, struct imsg *, void *);

void
dialer_main(void)
{
	struct event_base	*base;
	struct msg_setup	 setup;

	child_start(ROLE_DIALER, &setup);
	if ((base = event_base_new()) == NULL)
		fatalx("event base");
	(void)child_channel(base, &parent_to_dialer, &dialer_to_parent,
	    dialer_dispatch_parent, NULL);
	(void)event_base_dispatch(base);
	fatalx("the event loop ended");
}

static void
dialer_dispatch_parent(struct chan *c, struct imsg *im, void *arg UNUSED)
{
	switch (im->type) {
	case IMSG_START:
		child_ready(c, SANDBOX_DIALER);
		break;
	case IMSG_VERBOSE:
		log_setverbose(im->m.verbose.verbose);
		break;
	case IMSG_STOP:
		_exit(0);
	default:
		fatalx("%s of the parent", msg_name(im->type));
	}
}
