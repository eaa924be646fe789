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

#ifndef GATEWAYD_PROTO_HOSTKEY_H
#define GATEWAYD_PROTO_HOSTKEY_H

#include <stddef.h>
#include <stdint.h>

#include "sizes.h"

/*
 * The host keys of SSH: their types, by the names of RFC 4253, 5656 and
 * 8709, and their fingerprints as ssh-keygen(1) prints them: "SHA256:" and
 * 43 characters of RFC 4648 base64 without padding.
 */
enum hostkey_type {
	HOSTKEY_ED25519 = 1,
	HOSTKEY_ECDSA_256,
	HOSTKEY_ECDSA_384,
	HOSTKEY_ECDSA_521,
	HOSTKEY_RSA
};
#define HOSTKEY_TYPE_MAX	HOSTKEY_RSA

#define FINGERPRINT_LEN		(7 + 43)

/* "ssh-ed25519"; NULL for a number that is no type. */
const char
	*hostkey_name(uint8_t);

/* The type of that name, which need not be terminated; 0 if there is none. */
uint8_t	 hostkey_type(const char *, size_t);

/* Read len bytes of a fingerprint.  Returns 0, or -1 unless canonical. */
int	 fingerprint_get(uint8_t[HASH_LEN], const char *, size_t);

/* Write one, terminated. */
void	 fingerprint_put(char[FINGERPRINT_LEN + 1], const uint8_t[HASH_LEN]);

#endif /* GATEWAYD_PROTO_HOSTKEY_H */
