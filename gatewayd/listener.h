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

#ifndef GATEWAYD_GATEWAYD_LISTENER_H
#define GATEWAYD_GATEWAYD_LISTENER_H

#include <stdint.h>

struct config;
struct kid;
struct listener;

/*
 * Sockets that the parent opens for others, for life, and never accepts
 * on: TCP listeners of the frontends, the control socket and the metrics
 * listener.
 */

/*
 * Open all that the configuration names.  Returns NULL after a log line.
 * A control socket that nobody listens on any more is replaced; one that
 * another daemon serves is an error.
 */
struct listener	*listener_open(const struct config *);

/* Close them and remove the control socket.  NULL is allowed. */
void	 listener_close(struct listener *);

/* Send a child all of that kind (LISTENER_*).  Returns 0 or -1. */
int	 listener_send(struct listener *, struct kid *, uint8_t);

#endif /* GATEWAYD_GATEWAYD_LISTENER_H */
