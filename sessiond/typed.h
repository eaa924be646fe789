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

#ifndef GATEWAYD_SESSIOND_TYPED_H
#define GATEWAYD_SESSIOND_TYPED_H

#include <stddef.h>
#include <stdint.h>

#include "message.h"
#include "wsconn.h"

struct viewer;

/*
 * What clients of the pocketenv routes send on a WebSocket, alike for /ssh,
 * /tty and /pty: everything is typed, but for one shape of a short text
 * message, which resizes.  This is a viewer's whole data in these dialects.
 */
struct typed {
	struct wsconn	 ws;
	int		 input;		/* this message is nothing else */
	size_t		 len;
	uint8_t		 text[MESSAGE_RESIZE_MAX]; /* may become a resize */
};

/* As in struct dialect. */
void	 typed_init(struct viewer *);
void	 typed_input(struct viewer *, uint8_t *, size_t);

#endif
