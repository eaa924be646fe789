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
#include <stdio.h>
#include <string.h>

#include "base64.h"
#include "sse.h"
#include "utf8.h"

#define CONNECTED	"event: connected\ndata: "
#define ERROR_HEAD	"event: error\ndata: {\"message\":\""
#define ERROR_TAIL	"\"}\n\n"
#define DATA_HEAD	"data: "
#define DATA_TAIL	"\n\n"
#define ID_MAX		128

static size_t	 put(char *, size_t, const char *, size_t);
static size_t	 put_json(char *, size_t, char);

ssize_t
sse_event_connected(char out[SSE_EVENT_MAX], const char *id)
{
	size_t	 idlen, n;

	idlen = strlen(id);
	if (idlen > ID_MAX || strpbrk(id, "\r\n") != NULL)
		return (-1);
	n = put(out, 0, CONNECTED, sizeof(CONNECTED) - 1);
	n = put(out, n, id, idlen);
	return (put(out, n, DATA_TAIL, sizeof(DATA_TAIL) - 1));
}

size_t
sse_event_error(char out[SSE_EVENT_MAX], const char *text)
{
	struct utf8_state	 st;
	size_t			 i, len, n;
	int			 ascii;

	len = strlen(text);
	memset(&st, 0, sizeof(st));
	ascii = utf8_feed(&st, (const uint8_t *)text, len) == -1 ||
	    !utf8_complete(&st);
	if (len > SSE_MESSAGE_MAX) {
		len = SSE_MESSAGE_MAX;
		if (!ascii)
			len = utf8_cut((const uint8_t *)text, len);
	}
	n = put(out, 0, ERROR_HEAD, sizeof(ERROR_HEAD) - 1);
	for (i = 0; i < len; i++) {
		if (!ascii || (text[i] & 0x80) == 0)
			n = put_json(out, n, text[i]);
	}
	return (put(out, n, ERROR_TAIL, sizeof(ERROR_TAIL) - 1));
}

size_t
sse_event_data_len(size_t n)
{
	return (sizeof(DATA_HEAD) - 1 + base64_encoded_len(n) +
	    sizeof(DATA_TAIL) - 1);
}

size_t
sse_event_data(char *out, const uint8_t *in, size_t len)
{
	size_t	 n;

	n = put(out, 0, DATA_HEAD, sizeof(DATA_HEAD) - 1);
	n += base64_encode(out + n, in, len);
	return (put(out, n, DATA_TAIL, sizeof(DATA_TAIL) - 1));
}

size_t
sse_chunk_head(char out[SSE_CHUNK_HEAD_MAX], size_t len)
{
	static const char	 hex[] = "0123456789abcdef";
	size_t			 n;
	int			 shift;

	shift = 0;
	while (shift + 4 < (int)sizeof(len) * 8 && len >> (shift + 4) != 0)
		shift += 4;
	for (n = 0; shift >= 0; shift -= 4)
		out[n++] = hex[len >> shift & 0xf];
	return (put(out, n, "\r\n", 2));
}

static size_t
put(char *out, size_t n, const char *p, size_t len)
{
	memcpy(out + n, p, len);
	return (n + len);
}

/* One byte of a JSON string, at most six bytes out. */
static size_t
put_json(char *out, size_t n, char c)
{
	char	 esc[8];

	if (c == '"' || c == '\\') {
		out[n++] = '\\';
	} else if ((c & 0x80) == 0 && (c < 0x20 || c == 0x7f)) {
		(void)snprintf(esc, sizeof(esc), "\\u%04x", (unsigned)c);
		return (put(out, n, esc, 6));
	}
	out[n++] = c;
	return (n);
}
