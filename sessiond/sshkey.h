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

#ifndef GATEWAYD_SESSIOND_SSHKEY_H
#define GATEWAYD_SESSIOND_SSHKEY_H

#include <stddef.h>

enum sshkey {
	SSHKEY_NONE,		/* no private key that we know */
	SSHKEY_HIDDEN,		/* encrypted so that its type is, too */
	SSHKEY_RSA,
	SSHKEY_DSA,
	SSHKEY_ECDSA,
	SSHKEY_ED25519
};

/*
 * Which type of private key this text is.  It looks at as much as it needs:
 * PEM of RFC 1421 with the labels of RFC 5958, 5915 and of OpenSSL, and
 * OpenSSH's own form (PROTOCOL.key there), whose type is readable though the
 * key is encrypted.  Whether the key is whole and good is not checked.
 */
enum sshkey	 sshkey_type(const char *, size_t);

#endif /* GATEWAYD_SESSIOND_SSHKEY_H */
