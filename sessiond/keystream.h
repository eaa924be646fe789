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

#ifndef GATEWAYD_SESSIOND_KEYSTREAM_H
#define GATEWAYD_SESSIOND_KEYSTREAM_H

/* The name of the provider, and of the property by which it is chosen. */
#define KEYSTREAM_NAME	"gatewayd"

/*
 * From now on AES in counter mode, with keys of 128 and 256 bits, makes its
 * key stream ahead: for a caller like libssh2, which asks for one block at a
 * time.  Everything else is OpenSSL's own as before.  To be called once, when
 * OpenSSL has been started and before anybody uses it.  Returns 0, or -1 if
 * OpenSSL refused; without providers (LibreSSL) it does nothing.
 */
int		 keystream_setup(void);

#endif /* GATEWAYD_SESSIOND_KEYSTREAM_H */
