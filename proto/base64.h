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

#ifndef GATEWAYD_PROTO_BASE64_H
#define GATEWAYD_PROTO_BASE64_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

/*
 * RFC 4648.  Nothing here terminates its output with a NUL, and the
 * decoders are strict: no white space, no foreign characters, canonical
 * form only (unused trailing bits are zero), so that one value has exactly
 * one text.
 */

/* Characters that n bytes need, with padding; n at most SIZE_MAX / 2. */
size_t	 base64_encoded_len(size_t n);

/*
 * Encode n bytes with the standard alphabet and padding (section 4).  out
 * has room for base64_encoded_len(n); returns that number.
 */
size_t	 base64_encode(char *out, const uint8_t *in, size_t n);

/*
 * Decode the standard alphabet, padding required.  Returns the number of
 * bytes, at most outsz, or -1 if the text is not canonical or out is too
 * small; out may then hold part of the result.
 */
ssize_t	 base64_decode(uint8_t *out, size_t outsz, const char *in,
	    size_t len);

/* What a character of the standard alphabet stands for, 0 to 63, or -1. */
int	 base64_value(char);

/* The same with the URL alphabet and without padding (section 5). */
ssize_t	 base64url_decode(uint8_t *out, size_t outsz, const char *in,
	    size_t len);

#endif
