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

#ifndef GATEWAYD_REGRESS_UNIT_SPOKEN_H
#define GATEWAYD_REGRESS_UNIT_SPOKEN_H

#include <stddef.h>
#include <stdint.h>

#include "session_fixture.h"

/*
 * What a dialect says, taken apart with no code of its own: frames of a
 * WebSocket, events of a response.  Everything is kept until the next test.
 */
#define SPOKEN_MAX	4096

struct spoken {
	int		 opcode;	/* of a frame */
	char		 name[32];	/* of an event; "" without */
	uint64_t	 id;
	int		 has_id;
	uint8_t		*data;		/* terminated */
	size_t		 len;
};

extern struct spoken	 spoken[SPOKEN_MAX];
extern size_t		 nspoken;
extern size_t		 npings;	/* comments between events */
extern int		 finished;	/* the last chunk came */

/* A viewer with this mode (MODE_*), flags (ATTACH_*) and offset. */
struct client	*join(int, const struct dialect *, uint8_t mode,
		    uint8_t flags, uint64_t offset);

/* Output of any bytes. */
void		 emit(const void *, size_t);

/*
 * Let the session go on, and take apart what this client was sent since the
 * last time.
 */
void		 listen_to(struct client *);

/* Number i is a text frame of this, or a frame of Close. */
void		 assert_text(size_t i, const char *);
void		 assert_close(size_t i, int code, const char *reason);

/* Number i is this event; name NULL: an unnamed one. */
void		 assert_event(size_t i, const char *name, const char *data);

#endif
