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

#ifndef GATEWAYD_PROTO_JSONTEXT_H
#define GATEWAYD_PROTO_JSONTEXT_H

#include <stddef.h>
#include <stdint.h>

/* What a byte can become: U+FFFD takes three, an escape six. */
#define JSONTEXT_BYTE_MAX	6

/*
 * The inside of a JSON string (RFC 8259, 7) for len bytes of text: quotes,
 * backslashes and control characters escaped, what is not UTF-8 replaced as
 * utf8_text() does.  Returns its length; out, if not NULL, has room for that.
 */
size_t	 jsontext(char *out, const uint8_t *, size_t);

#endif
