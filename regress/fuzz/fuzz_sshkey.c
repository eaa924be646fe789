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

/* links: proto/base64.c sessiond/sshkey.c */

#include "compat.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "sshkey.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* Any text is of some type, and is the same again when asked again. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	enum sshkey	 type;

	type = sshkey_type((const char *)data, len);
	assert(type >= SSHKEY_NONE && type <= SSHKEY_ED25519);
	assert(sshkey_type((const char *)data, len) == type);
	return (0);
}
