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

/* links: gatewayd/resolv.c common/net.c */

/*
 * resolv.conf(5) and hosts(5) of any bytes.  The first line is a name; what
 * hosts(5) says of it lies within bounds, and is the same for a part of the
 * answers.
 */

#include "compat.h"

#include <sys/types.h>

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "resolv.h"

#define ADDRS	8

int		 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void	 fuzz_servers(const char *, size_t);
static void	 fuzz_hosts(const char *, size_t, const char *);

static void
fuzz_servers(const char *text, size_t len)
{
	struct net_addr	 a[RESOLV_SERVERS_MAX];
	char		 out[NET_TEXT_SIZE];
	size_t		 i, ignored, n;

	n = resolv_servers(text, len, a, &ignored);
	assert(n <= RESOLV_SERVERS_MAX && n + ignored <= len);
	for (i = 0; i < n; i++) {
		assert(a[i].family == 4 || a[i].family == 6);
		net_to_text(&a[i], out);
		assert(strlen(out) >= 2);
	}
}

static void
fuzz_hosts(const char *text, size_t len, const char *name)
{
	struct net_addr	 a[ADDRS], b[ADDRS];
	size_t		 i, j, n;

	n = hosts_find(text, len, name, a, ADDRS);
	assert(n <= ADDRS);
	for (i = 0; i < n; i++)
		for (j = 0; j < i; j++)
			assert(memcmp(&a[i], &a[j], sizeof(a[i])) != 0);
	if (n > 1) {
		assert(hosts_find(text, len, name, b, n - 1) == n - 1);
		assert(memcmp(a, b, (n - 1) * sizeof(a[0])) == 0);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char	*end, *text;
	char		 again[HOST_MAX + 1], host[512], name[HOST_MAX + 1];
	size_t		 n;

	text = (const char *)data;
	if (len == 0 || (end = memchr(text, '\n', len)) == NULL)
		return (0);
	n = (size_t)(end - text);
	if (n >= sizeof(host))
		return (0);
	memcpy(host, text, n);
	host[n] = '\0';
	text = end + 1;
	len -= n + 1;
	fuzz_servers(text, len);
	fuzz_hosts(text, len, host);
	if (resolv_name(name, host) == 0) {
		assert(strlen(name) <= HOST_MAX);
		assert(resolv_name(again, name) == 0);
		assert(strcmp(again, name) == 0);
		fuzz_hosts(text, len, name);
	}
	return (0);
}
