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

#include "compat.h"

#include <stdint.h>
#include <string.h>

#include "jsontext.h"
#include "utf8.h"

static size_t	 jsontext_run(char *, const uint8_t *, size_t);
static size_t	 jsontext_escape(char *, uint8_t);

/* What needs an escape: the letter of a short one, or 'u'; DEL, too. */
static const char	 escapes[256] = {
	'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u',
	'b', 't', 'n', 'u', 'f', 'r', 'u', 'u',
	'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u',
	'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u',
	['"'] = '"', ['\\'] = '\\', [0x7f] = 'u'
};

size_t
jsontext(char *out, const uint8_t *p, size_t n)
{
	size_t	 bad, good, i, len;

	len = 0;
	for (i = 0; i < n; i += good + bad) {
		good = utf8_valid(p + i, n - i, &bad);
		len += jsontext_run(out == NULL ? NULL : out + len, p + i,
		    good);
		if (bad == 0)
			break;
		if (out != NULL)
			memcpy(out + len, UTF8_REPLACEMENT,
			    UTF8_REPLACEMENT_LEN);
		len += UTF8_REPLACEMENT_LEN;
	}
	return (len);
}

/* Valid text. */
static size_t
jsontext_run(char *out, const uint8_t *p, size_t n)
{
	size_t	 i, len;

	len = 0;
	for (i = 0; i < n; i++) {
		if (escapes[p[i]] == '\0') {
			if (out != NULL)
				out[len] = (char)p[i];
			len++;
		} else
			len += jsontext_escape(out == NULL ? NULL : out + len,
			    p[i]);
	}
	return (len);
}

static size_t
jsontext_escape(char *out, uint8_t c)
{
	static const char	 hex[] = "0123456789abcdef";

	if (out != NULL) {
		out[0] = '\\';
		out[1] = escapes[c];
	}
	if (escapes[c] != 'u')
		return (2);
	if (out != NULL) {
		out[2] = out[3] = '0';
		out[4] = hex[c >> 4];
		out[5] = hex[c & 0xf];
	}
	return (JSONTEXT_BYTE_MAX);
}
