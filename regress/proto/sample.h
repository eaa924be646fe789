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

#ifndef GATEWAYD_REGRESS_PROTO_SAMPLE_H
#define GATEWAYD_REGRESS_PROTO_SAMPLE_H

#include <stddef.h>

#include "imsg.h"
#include "msg_fields.h"

/*
 * Samples of every message, made from nothing but the description of its
 * fields: the functions of wire.c are wrapped at the link, and with an
 * operation of ours they fill a field, or say what it is, instead of moving
 * bytes.  So a new message or field is in every test at once.  A test that
 * uses this links with SAMPLE's --wrap flags; see test_codec.c.
 */
enum sample {
	SAMPLE_MIN,		/* every field at its smallest, shortest */
	SAMPLE_MAX,
	SAMPLE_MIXED,		/* a pattern; what golden.txt holds */
	SAMPLES
};

#define FIELDS_MAX	16
#define FIELD_TEXT	48

/* The i-th type there is, or NULL. */
const struct msg_type *sample_type(size_t);

/* A message of that type and id 0x01020304, without descriptors. */
void	 sample_make(struct imsg *, const struct msg_type *, enum sample);

/* What the fields are, such as "uint8 1..8"; returns how many. */
size_t	 sample_fields(const struct msg_type *,
	    char [FIELDS_MAX][FIELD_TEXT]);

/* Whether a table says that this type brings a descriptor. */
int	 sample_has_fd(uint16_t);

/* How many descriptors this process has. */
int	 sample_nfds(void);

#endif /* GATEWAYD_REGRESS_PROTO_SAMPLE_H */
