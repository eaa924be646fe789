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

/* links: proto/base64.c */

#include "compat.h"

#include <sys/types.h>

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base64.h"

/*
 * Whatever is encoded decodes to itself, and whatever decodes is the one
 * text that encoding its bytes gives.
 */
int		 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void	 check_encode(const uint8_t *, size_t);
static void	 check_decode(const char *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char	*text;

	check_encode(data, len);
	if ((text = malloc(len + 1)) == NULL)
		abort();
	memcpy(text, data, len);
	check_decode(text, len);
	free(text);
	return (0);
}

static void
check_encode(const uint8_t *data, size_t len)
{
	uint8_t	*back;
	char	*text;
	size_t	 n, url;

	n = base64_encoded_len(len);
	text = malloc(n + 1);
	back = malloc(len + 1);
	if (text == NULL || back == NULL)
		abort();
	assert(base64_encode(text, data, len) == n);
	assert(base64_decode(back, len, text, n) == (ssize_t)len);
	assert(memcmp(back, data, len) == 0);
	text[n] = '\0';
	url = strcspn(text, "=");
	if (strcspn(text, "+/") >= url) {
		assert(base64url_decode(back, len, text, url) ==
		    (ssize_t)len);
		assert(memcmp(back, data, len) == 0);
	}
	free(back);
	free(text);
}

static void
check_decode(const char *text, size_t len)
{
	uint8_t	*bytes;
	char	*again;
	ssize_t	 n;
	size_t	 i, outsz;

	outsz = len / 4 * 3 + 3;
	bytes = malloc(outsz);
	again = malloc(base64_encoded_len(outsz));
	if (bytes == NULL || again == NULL)
		abort();
	if ((n = base64_decode(bytes, outsz, text, len)) != -1) {
		assert(base64_encode(again, bytes, n) == len);
		assert(memcmp(again, text, len) == 0);
		assert(n == 0 || base64_decode(bytes, n - 1, text, len) == -1);
	}
	if ((n = base64url_decode(bytes, outsz, text, len)) != -1) {
		assert(base64_encode(again, bytes, n) - len < 3);
		for (i = 0; i < len; i++)
			assert(again[i] == text[i] ||
			    (again[i] == '+' && text[i] == '-') ||
			    (again[i] == '/' && text[i] == '_'));
	}
	free(again);
	free(bytes);
}
