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

#ifndef GATEWAYD_PROTO_UTF8_H
#define GATEWAYD_PROTO_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* At most this many bytes can be waiting for the end of their sequence. */
#define UTF8_HELD_MAX	3

/*
 * A position inside a stream of UTF-8: how many continuation bytes are still
 * to come and, for the next one, the range in which it must lie.  The range
 * is what refuses overlong forms, surrogates and anything past U+10FFFF at
 * the earliest byte (Unicode, table 3-7).  All zero is the start.
 */
struct utf8_state {
	uint8_t		 need;
	uint8_t		 lo;
	uint8_t		 hi;
};

/*
 * Validate the next len bytes.  Returns 0 if everything so far can be the
 * beginning of valid UTF-8, -1 as soon as it cannot; the state is then not
 * to be fed again.  At the end of the stream ask utf8_complete().
 */
int	 utf8_feed(struct utf8_state *, const uint8_t *, size_t);

/* Does the stream end on a character boundary?  1 or 0. */
int	 utf8_complete(const struct utf8_state *);

/*
 * How many of the len bytes can be sent on now so that they do not end
 * inside a sequence which the next bytes may complete: len, or up to
 * UTF8_HELD_MAX less.  Bytes that can never become valid are not held back.
 */
size_t	 utf8_cut(const uint8_t *, size_t);

/* U+FFFD, which stands for what is not UTF-8. */
#define UTF8_REPLACEMENT	"\xef\xbf\xbd"
#define UTF8_REPLACEMENT_LEN	3

/*
 * The length of the valid text at the start of the len bytes, whole
 * characters only.  *bad is the length of what follows it and is not one: as
 * many bytes as could begin a character, at least one, or 0 at the end.  The
 * bytes are all there is, so a sequence that is cut off at their end is bad.
 */
size_t	 utf8_valid(const uint8_t *, size_t, size_t *bad);

/*
 * Copy the len bytes with U+FFFD in the place of each bad sequence, just as
 * decoders of the WHATWG Encoding Standard do (Unicode 3.9, "substitution of
 * maximal subparts").  Returns the length of the text; out may be NULL.
 */
size_t	 utf8_text(uint8_t *out, const uint8_t *, size_t);

#endif
