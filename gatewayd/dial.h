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

#ifndef GATEWAYD_GATEWAYD_DIAL_H
#define GATEWAYD_GATEWAYD_DIAL_H

#include <stddef.h>
#include <stdint.h>

#include "msg_dial.h"
#include "net.h"

struct dial;
struct dialer_conf;
struct event_base;

/* What all dials share. */
struct dial_shop {
	struct event_base	*base;
	size_t			 sockets;	/* of all dials together */
	size_t			 sockets_max;
};

/* How a dial ended: with a socket, which is given away, or without. */
struct dial_end {
	int		 fd;
	struct net_addr	 addr;		/* of it, or of the first denied */
	enum dial_error	 reason;	/* if fd is -1 */
	int		 error;		/* errno, or 0 */
	const char	*denied;	/* what that address is, or NULL */
};

/* Comes once and never from within dial_new(); it calls dial_free(). */
typedef void (*dial_done)(struct dial *, const struct dial_end *, void *);

/*
 * Connect to a host, an address or a name, by that configuration, which it
 * refers to while it lives.  The name is resolved once, every address is
 * judged, and the connection is to exactly that address.  Returns NULL with
 * errno.
 */
struct dial *dial_new(struct dial_shop *, struct dialer_conf *, const char *,
	    uint16_t, dial_done, void *);

/* Give it up; NULL is allowed. */
void	 dial_free(struct dial *);

#endif /* GATEWAYD_GATEWAYD_DIAL_H */
