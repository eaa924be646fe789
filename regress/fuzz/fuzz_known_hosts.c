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

/* links: gatewayd/known_hosts.c proto/base64.c proto/hostkey.c */
/* pkgs: libcrypto */

/*
 * A file of known hosts, and searches in it: for fixed names, and for the
 * first name that the file itself has.
 */

#include "compat.h"

#include <sys/types.h>

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hostkey.h"
#include "known_hosts.h"

#define WARNINGS	17

int		 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void	 warn(size_t, const char *, void *);
static void	 find(struct known_hosts *, const char *, uint16_t);

static void
warn(size_t line, const char *text, void *arg)
{
	size_t	*n;

	n = arg;
	assert(++*n <= WARNINGS && line > 0 && text != NULL);
}

static void
find(struct known_hosts *kh, const char *host, uint16_t port)
{
	const struct known_key	*keys;
	size_t			 i, n;

	if (known_hosts_lookup(kh, host, port, &keys, &n) == -1) {
		assert(errno == E2BIG);
		return;
	}
	assert(n <= KNOWN_KEYS_MAX);
	for (i = 0; i < n; i++)
		assert(hostkey_name(keys[i].type) != NULL &&
		    keys[i].revoked <= 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct known_hosts	*kh;
	const char		*why;
	char			 name[HOST_MAX + 1];
	size_t			 i, warnings;

	warnings = 0;
	if ((kh = known_hosts_parse(data, len, warn, &warnings, &why)) ==
	    NULL) {
		assert(why != NULL);
		return (0);
	}
	find(kh, "box.example.org", 22);
	find(kh, "box.example.org", 2222);
	find(kh, "::1", 65535);
	for (i = 0; i < len && i < HOST_MAX && data[i] > ' '; i++)
		name[i] = (char)data[i];
	name[i] = '\0';
	find(kh, name, 22);
	find(kh, name, 22);
	known_hosts_free(kh);
	return (0);
}
