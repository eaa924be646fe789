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

#ifndef GATEWAYD_PROTO_IMSG_H
#define GATEWAYD_PROTO_IMSG_H

#include <stddef.h>
#include <stdint.h>

#include "msg.h"

/*
 * Framing of messages on a SOCK_SEQPACKET socketpair.  One packet is one
 * message: a header of 12 bytes (type, flags, length of the whole, id; in
 * network order) and the payload.  At most one descriptor travels with it.
 */
#define IMSG_HEADER_LEN		12
#define IMSG_PAYLOAD_MAX	16384
#define IMSG_MAX		(IMSG_HEADER_LEN + IMSG_PAYLOAD_MAX)

#define IMSG_FLAG_FD		0x0001	/* a descriptor comes along */

/*
 * A message.  Request and reply have the same id.  The blob is a sealed
 * memfd for what is too long for a packet; it travels in a message of its
 * own just before (tables.h, common/blob.h).
 */
struct imsg {
	uint16_t	type;		/* enum imsg_type */
	uint32_t	id;
	int		fd;		/* -1: none */
	int		blob;		/* -1: none */
	int		lent;		/* fd stays with who sends */
	union msg	m;
};

/*
 * An empty message of that type.  Only what that type has is set: most are
 * far shorter than the longest, and none is read as another.
 */
void	 imsg_init(struct imsg *, uint16_t, uint32_t);

/* Leave nothing of it in memory. */
void	 imsg_clear(struct imsg *);

/*
 * Encode header and payload into buf, IMSG_MAX bytes.  Returns the length,
 * or -1 if there is no such type or a field is out of its range.
 */
ssize_t	 imsg_encode(const struct imsg *, uint8_t *);

/*
 * Decode len bytes that came as one packet, with or without a descriptor.
 * Sets all; fd and blob are -1.  Returns 0, or -1 with *why set to what is
 * wrong; byte fields of the message point into buf.
 */
int	 imsg_decode(struct imsg *, const uint8_t *, size_t, int,
	    const char **);

/*
 * Send one packet, with a descriptor unless fd is -1; the descriptor stays
 * with the caller.  Returns 0, or -1 with errno: EAGAIN, or ETOOMANYREFS
 * which means the same for descriptors in flight, when it is to be tried
 * again.
 */
int	 imsg_send(int, const uint8_t *, size_t, int);

#define IMSG_RECV_MORE		1	/* a packet: *len, *fd are set */
#define IMSG_RECV_EOF		0
#define IMSG_RECV_ERROR		(-1)	/* errno; EAGAIN: nothing there */
#define IMSG_RECV_BAD		(-2)	/* protocol error, *why is set */
#define IMSG_RECV_NOFD		(-3)	/* we are out of descriptors */

/*
 * Receive one packet of at most IMSG_MAX bytes into buf.  A descriptor is
 * received close-on-exec; several are closed and a protocol error.  With
 * IMSG_RECV_NOFD the packet is there, but its descriptor is lost.
 */
int	 imsg_recv(int, uint8_t *, size_t *, int *, const char **);

#endif /* GATEWAYD_PROTO_IMSG_H */
