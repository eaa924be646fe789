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

#ifndef GATEWAYD_SESSIOND_RING_H
#define GATEWAYD_SESSIOND_RING_H

#include <sys/types.h>
#include <sys/uio.h>

#include <stddef.h>
#include <stdint.h>

/*
 * The output of a terminal as a numbered stream: byte 0 is the first one
 * that was ever read, and `head' the number of the next.  The newest `keep'
 * bytes can be looked at; older ones are gone.  Behind them there is always
 * room for one read, so that the kernel writes straight to where the bytes
 * stay and nothing that may still be sent is overwritten by a read.
 *
 * The memory is a mapping that costs nothing until it is written.
 */
struct ring {
	uint8_t		*base;
	size_t		 size;		/* keep plus one read */
	size_t		 keep;
	size_t		 mapped;	/* less than size once trimmed */
	uint64_t	 head;
};

/* Returns 0, or -1 with errno.  `room' is the largest read. */
int		 ring_init(struct ring *, size_t keep, size_t room);
void		 ring_free(struct ring *);

/* The number of the oldest byte that can be looked at. */
uint64_t	 ring_tail(const struct ring *);

/*
 * Where the next bytes go: fills one or two vectors with as much as one read
 * may take, and returns their number.  ring_commit() then says how many
 * bytes came.
 */
int		 ring_room(const struct ring *, struct iovec[2]);
void		 ring_commit(struct ring *, size_t);

/*
 * The len bytes from number `start' in one piece: in place, or, where the
 * ring wraps, copied to tmp, which has room for len bytes.
 */
const uint8_t	*ring_span(const struct ring *, uint64_t start, size_t len,
		    uint8_t *tmp);

/*
 * The same bytes where they are: fills one or two vectors, and returns their
 * number.  They stay there until the ring has passed `start'.
 */
int		 ring_iov(const struct ring *, uint64_t start, size_t len,
		    struct iovec[2]);

/* No more will come: give back what was never written. */
void		 ring_trim(struct ring *);

/*
 * The largest number from start to end, at most UTF8_HELD_MAX below end, at
 * which a cut does not separate the bytes of one character.
 */
uint64_t	 ring_cut(const struct ring *, uint64_t start, uint64_t end);

/*
 * Where to begin when history is shown from `start': behind the first line
 * end, if there is one within `reach' bytes, else at the next character.
 */
uint64_t	 ring_line(const struct ring *, uint64_t start, size_t reach);

#endif
