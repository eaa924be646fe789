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

#ifndef GATEWAYD_GATEWAYD_KNOWN_HOSTS_H
#define GATEWAYD_GATEWAYD_KNOWN_HOSTS_H

#include <stddef.h>
#include <stdint.h>

#include "sizes.h"

/*
 * A file of known hosts, sshd(8) "SSH_KNOWN_HOSTS FILE FORMAT": plain names,
 * lists, wildcards, negation, [host]:port, hashed names and the marker
 * @revoked.  Certificates are not understood, so @cert-authority is left
 * out, with a warning; keys of other types than in hostkey.h are left out
 * without one, since no server is ever asked for them.
 */
#define KNOWN_FILE_MAX		(4 * 1024 * 1024)
#define KNOWN_LINE_MAX		16384	/* an RSA key of 16384 bits fits */
#define KNOWN_LINES_MAX		65536	/* with a key that we know */

/* Of one host.  A record has room for 1024 items. */
#define KNOWN_KEYS_MAX		256

struct known_key {
	uint8_t		type;		/* hostkey.h */
	uint8_t		revoked;	/* never this one */
	uint8_t		hash[HASH_LEN];	/* SHA-256 of the key */
};

struct known_hosts;

/* What is wrong with a line, in constant words; lines count from 1. */
typedef void	 (*known_warn)(size_t, const char *, void *);

/*
 * Read a whole file.  A line with something wrong is skipped, and told to
 * `warn' with its argument; of very many only the first.  Returns NULL with
 * *why a constant text if the file has too much of everything, or without
 * memory.
 */
struct known_hosts
	*known_hosts_parse(const uint8_t *, size_t, known_warn, void *,
	    const char **why);

/* NULL is fine. */
void	 known_hosts_free(struct known_hosts *);

/*
 * The keys of a host, each once, in the order of the file.  The answer is
 * remembered, and stays good until the next call.  Returns 0, or -1 with
 * errno: E2BIG if there are more than KNOWN_KEYS_MAX.
 */
int	 known_hosts_lookup(struct known_hosts *, const char *host,
	    uint16_t port, const struct known_key **, size_t *);

#endif /* GATEWAYD_GATEWAYD_KNOWN_HOSTS_H */
