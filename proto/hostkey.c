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

#include <sys/types.h>

#include <string.h>

#include "base64.h"
#include "hostkey.h"

#define PREFIX		"SHA256:"
#define PREFIX_LEN	(sizeof(PREFIX) - 1)

static const char *const names[HOSTKEY_TYPE_MAX + 1] = {
	[HOSTKEY_ED25519] =	"ssh-ed25519",
	[HOSTKEY_ECDSA_256] =	"ecdsa-sha2-nistp256",
	[HOSTKEY_ECDSA_384] =	"ecdsa-sha2-nistp384",
	[HOSTKEY_ECDSA_521] =	"ecdsa-sha2-nistp521",
	[HOSTKEY_RSA] =		"ssh-rsa"
};

const char *
hostkey_name(uint8_t type)
{
	return (type > HOSTKEY_TYPE_MAX ? NULL : names[type]);
}

uint8_t
hostkey_type(const char *name, size_t len)
{
	uint8_t	 i;

	for (i = 1; i <= HOSTKEY_TYPE_MAX; i++)
		if (strlen(names[i]) == len &&
		    memcmp(names[i], name, len) == 0)
			return (i);
	return (0);
}

/* The padding that our decoder insists on is what ssh-keygen leaves out. */
int
fingerprint_get(uint8_t hash[HASH_LEN], const char *s, size_t len)
{
	char	 text[FINGERPRINT_LEN - PREFIX_LEN + 1];

	if (len != FINGERPRINT_LEN || memcmp(s, PREFIX, PREFIX_LEN) != 0)
		return (-1);
	memcpy(text, s + PREFIX_LEN, sizeof(text) - 1);
	text[sizeof(text) - 1] = '=';
	if (base64_decode(hash, HASH_LEN, text, sizeof(text)) != HASH_LEN)
		return (-1);
	return (0);
}

void
fingerprint_put(char text[FINGERPRINT_LEN + 1], const uint8_t hash[HASH_LEN])
{
	memcpy(text, PREFIX, PREFIX_LEN);
	(void)base64_encode(text + PREFIX_LEN, hash, HASH_LEN);
	text[FINGERPRINT_LEN] = '\0';
}
