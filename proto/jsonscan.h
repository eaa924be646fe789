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

#ifndef GATEWAYD_PROTO_JSONSCAN_H
#define GATEWAYD_PROTO_JSONSCAN_H

#include <stddef.h>

/*
 * What a JSON library forgives and a security decision must not: this scan
 * comes before json-c, which keeps only the last of several members of one
 * name, takes control characters in strings and stops at the first NUL.
 */
#define JSONSCAN_DEPTH_MAX	16	/* objects, arrays in each other */
#define JSONSCAN_NAMES_MAX	128	/* members of all open objects */

/*
 * Whether the len bytes at text are exactly one JSON object as of RFC 8259:
 * valid UTF-8, no NUL character and no lone surrogate, escaped or not, white
 * space at either end allowed, within the limits above, and no two members
 * of one object with the same name once escapes are decoded (section 4 only
 * says SHOULD).  Returns 0, or -1.
 */
int	 jsonscan_object(const char *, size_t);

/*
 * The same, but strings that are values may hold the character NUL, as
 * \u0000: it is a key of a terminal, so input is full of it.
 */
int	 jsonscan_input(const char *, size_t);

#endif /* GATEWAYD_PROTO_JSONSCAN_H */
