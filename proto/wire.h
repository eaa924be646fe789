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

#ifndef GATEWAYD_PROTO_WIRE_H
#define GATEWAYD_PROTO_WIRE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Field readers and writers.  A message is described once, by a function
 * that names its fields in order with their ranges; the same function
 * writes the message, reads it, or measures how long it may be, depending
 * on the operation of the struct wire it is given.  So the two ends cannot
 * drift apart, and whatever a reader would refuse a writer cannot write.
 *
 * Numbers are in network order.  Strings and byte fields carry a 16 bit
 * length.  The first doubt sets `error'; every later call does nothing, and
 * fields read after it are zero.
 */
#define WIRE_PUT	1
#define WIRE_GET	2
#define WIRE_MEASURE	3

struct wire {
	int		 op;		/* WIRE_* */
	int		 error;
	uint8_t		*buf;
	size_t		 size;		/* of buf */
	size_t		 pos;
	size_t		 min;		/* WIRE_MEASURE: shortest, longest */
	size_t		 max;
};

/* A byte field: points into the buffer it was read from. */
struct wire_bytes {
	const uint8_t	*p;
	size_t		 len;
};

#define WIRE_UUID_LEN	36		/* RFC 4122 text form */

/*
 * Prepare for writing to or reading from `size' bytes at buf, or for
 * measuring.  The buffer must outlive the struct wire, and for WIRE_GET
 * every struct wire_bytes read through it.
 */
void	 wire_init(struct wire *, int, void *, size_t);

/*
 * Each of these handles one field.  Numbers outside of [min, max] are an
 * error in both directions.
 */
void	 wire_u8(struct wire *, uint8_t *, uint8_t, uint8_t);
void	 wire_u16(struct wire *, uint16_t *, uint16_t, uint16_t);
void	 wire_u32(struct wire *, uint32_t *, uint32_t, uint32_t);
void	 wire_u64(struct wire *, uint64_t *, uint64_t, uint64_t);

/* A number that is exactly one bit of the mask. */
void	 wire_one_of(struct wire *, uint16_t *, uint16_t);

/* Exactly n bytes, without a length. */
void	 wire_fixed(struct wire *, uint8_t *, size_t);

/*
 * A string of min to size - 1 bytes without a NUL, kept NUL terminated in
 * an array of `size' bytes.
 */
void	 wire_str(struct wire *, char *, size_t, size_t);

/* The same, limited to [A-Za-z0-9._-]: the name of a sandbox. */
void	 wire_name(struct wire *, char *, size_t);

/* A UUID in lower case, 36 characters, in an array of WIRE_UUID_LEN + 1. */
void	 wire_uuid(struct wire *, char *);

/* At most max bytes; on WIRE_GET the field points into the buffer. */
void	 wire_bytes(struct wire *, struct wire_bytes *, size_t);

/*
 * Finish: 0 when there was no error and, on WIRE_GET, nothing is left over;
 * -1 otherwise.
 */
int	 wire_end(struct wire *);

/* Whether s is made of [A-Za-z0-9._-], 1 to max bytes of it. */
int	 wire_name_valid(const char *, size_t, size_t);

/* Whether the len bytes at s are a UUID in lower case. */
int	 wire_uuid_valid(const char *, size_t);

#endif /* GATEWAYD_PROTO_WIRE_H */
