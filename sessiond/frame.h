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

#ifndef GATEWAYD_SESSIOND_FRAME_H
#define GATEWAYD_SESSIOND_FRAME_H

#include <stddef.h>
#include <stdint.h>

/*
 * Bytes ready for the sockets of clients.  A frame of output carries the
 * bytes from number start to end of its session and is the same for every
 * viewer of one dialect, so it is made once and counted.
 */
struct frame {
	unsigned int	 refs;
	uint64_t	 start;
	uint64_t	 end;
	size_t		 len;		/* bytes in data */
	uint8_t		 data[];
};

/* At most so many bytes of output go into one frame. */
#define FRAME_OUTPUT_MAX	(16 * 1024)

/* A frame with room for n bytes, len 0, one reference; NULL with errno. */
struct frame	*frame_new(size_t n);

/* A frame that holds these bytes. */
struct frame	*frame_bytes(const void *, size_t);

/* Append bytes, for which there is room. */
void		 frame_add(struct frame *, const void *, size_t);

/* One more reference to the same; returns it. */
struct frame	*frame_ref(struct frame *);

/* Give a reference back; NULL is ignored. */
void		 frame_unref(struct frame *);

#endif
