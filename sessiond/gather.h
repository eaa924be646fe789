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

#ifndef GATEWAYD_SESSIOND_GATHER_H
#define GATEWAYD_SESSIOND_GATHER_H

#include <stddef.h>
#include <stdint.h>

struct viewer;

/*
 * A message of input that comes in pieces waits for its rest, so that it is
 * typed as one and never among what others type.  One of GATHER_SHORT bytes
 * always can.  A longer one can have up to GATHER_MAX, as long as what all
 * clients of a session have gathered beyond their first GATHER_SHORT bytes
 * is no more than GATHER_ALL, which counts as input that is queued and leaves
 * room there for the largest body of a request.  What is too long, or finds
 * no room, is typed as it comes.
 */
#define GATHER_SHORT	1024
#define GATHER_MAX	(64 * 1024)
#define GATHER_ALL	(96 * 1024)

/* The message that a viewer is in the middle of. */
struct gather {
	uint8_t		*data;		/* NULL while empty */
	size_t		 len;
	size_t		 size;
	int		 flowing;	/* it is typed as it comes */
};

/*
 * A piece of a message that is to be typed, `fin' with the last one.
 * Returns how many bytes were passed on or queued, as viewer_input().
 */
size_t	 gather_input(struct viewer *, const uint8_t *, size_t, int fin);

/* Forget what was gathered. */
void	 gather_drop(struct viewer *);

#endif
