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

#include <err.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <sodium.h>

#include "gatewayctl.h"
#include "record.h"

/* So much that the sealed text still fits into a record. */
#define SEAL_MAX	(RECORD_VALUE_MAX / 4 * 3 - crypto_box_SEALBYTES)

static void	 key_read(const char *, uint8_t *);
static size_t	 input_read(uint8_t *, size_t);

void
seal(const char *file)
{
	uint8_t	 pub[crypto_box_PUBLICKEYBYTES];
	uint8_t	*plain, *box;
	char	*text;
	size_t	 len, textsize;

	if (sodium_init() == -1)
		errx(1, "libsodium does not work");
	key_read(file, pub);
	if ((plain = malloc(SEAL_MAX + 1)) == NULL)
		err(1, NULL);
	len = input_read(plain, SEAL_MAX + 1);
	textsize = sodium_base64_encoded_len(len + crypto_box_SEALBYTES,
	    sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	if ((box = malloc(len + crypto_box_SEALBYTES)) == NULL ||
	    (text = malloc(textsize)) == NULL)
		err(1, NULL);
	/* Fails for points that are nobody's public key. */
	if (crypto_box_seal(box, plain, len, pub) != 0)
		errx(1, "%s: not a public key", file);
	freezero(plain, SEAL_MAX + 1);
	(void)sodium_bin2base64(text, textsize, box,
	    len + crypto_box_SEALBYTES,
	    sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	(void)puts(text);	/* main() looks at stdout */
	free(text);
	free(box);
}

static void
key_read(const char *file, uint8_t *pub)
{
	char	 text[HEX_KEY_DIGITS + 1];
	size_t	 got, len;

	len = file_read(file, text, sizeof(text), 0);
	len = file_chomp(text, len);
	if (len != HEX_KEY_DIGITS || sodium_hex2bin(pub,
	    crypto_box_PUBLICKEYBYTES, text, len, NULL, &got, NULL) != 0 ||
	    got != crypto_box_PUBLICKEYBYTES)
		errx(1, "%s: not 64 hex digits", file);
}

/* Exactly what comes, a newline at the end included. */
static size_t
input_read(uint8_t *buf, size_t size)
{
	size_t	 len;
	ssize_t	 n;

	len = 0;
	while (len < size && (n = read(STDIN_FILENO, buf + len,
	    size - len)) != 0) {
		if (n == -1) {
			if (errno == EINTR)
				continue;
			err(1, "stdin");
		}
		len += (size_t)n;
	}
	if (len == size)
		errx(1, "stdin: longer than %zu bytes", size - 1);
	return (len);
}
