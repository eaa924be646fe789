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

/* links: common/net.c */

#include "compat.h"

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <netinet/in.h>
#include <arpa/inet.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "net.h"

static const struct {
	const char	*in;
	const char	*out;		/* NULL: no address */
	uint8_t		 family;
} texts[] = {
	{ "127.0.0.1", "127.0.0.1", 4 },
	{ "255.255.255.255", "255.255.255.255", 4 },
	{ "::", "::", 6 },
	{ "2001:DB8::1", "2001:db8::1", 6 },
	{ "::ffff:10.1.2.3", "10.1.2.3", 4 },
	{ "::ffff:a01:203", "10.1.2.3", 4 },
	{ "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255",
	    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 6 },
	{ "", NULL, 0 },
	{ "1.2.3", NULL, 0 },
	{ "1.2.3.4.5", NULL, 0 },
	{ "1.2.3.256", NULL, 0 },
	{ "01.2.3.4", NULL, 0 },
	{ "0x7f.0.0.1", NULL, 0 },
	{ "1.2.3.4:80", NULL, 0 },
	{ " 1.2.3.4", NULL, 0 },
	{ "1.2.3.4 ", NULL, 0 },
	{ "[::1]", NULL, 0 },
	{ "fe80::1%lo", NULL, 0 },
	{ "::1::2", NULL, 0 },
	{ "localhost", NULL, 0 }
};

static const struct {
	const char	*addr;
	const char	*net;
	uint8_t		 prefix;
	int		 in;
} nets[] = {
	{ "10.1.2.3", "10.0.0.0", 8, 1 },
	{ "11.1.2.3", "10.0.0.0", 8, 0 },
	{ "10.1.2.3", "10.1.2.3", 32, 1 },
	{ "10.1.2.2", "10.1.2.3", 32, 0 },
	{ "10.1.2.2", "10.1.2.3", 31, 1 },
	{ "100.127.255.255", "100.64.0.0", 10, 1 },
	{ "100.128.0.0", "100.64.0.0", 10, 0 },
	{ "1.2.3.4", "0.0.0.0", 0, 1 },
	{ "1.2.3.4", "1.2.3.4", 33, 0 },
	{ "1.2.3.4", "1.2.3.4", 128, 0 },
	{ "::ffff:10.1.2.3", "10.0.0.0", 8, 1 },
	{ "::1", "0.0.0.0", 0, 0 },
	{ "1.2.3.4", "::", 0, 0 },
	{ "2001:db8::1", "2001:db8::", 32, 1 },
	{ "2001:db9::1", "2001:db8::", 32, 0 },
	{ "2001:db9::1", "2001:db8::", 31, 1 },
	{ "fe80::1", "fe80::1", 128, 1 },
	{ "fe80::1", "fe80::", 127, 1 },
	{ "fe80::2", "fe80::", 127, 0 },
	{ "fe80::1", "fe80::1", 129, 0 },
	{ "fe80::1", "fe80::1", 255, 0 }
};

static void	 test_text(void **);
static void	 test_sockaddr(void **);
static void	 test_in(void **);
static void	 test_odd(void **);

static void
test_text(void **state)
{
	char		 out[NET_TEXT_SIZE];
	struct net_addr	 a, b;
	size_t		 i;

	(void)state;
	for (i = 0; i < nitems(texts); i++) {
		if (texts[i].out == NULL) {
			assert_int_equal(net_from_text(&a, texts[i].in), -1);
			continue;
		}
		assert_int_equal(net_from_text(&a, texts[i].in), 0);
		assert_int_equal(a.family, texts[i].family);
		net_to_text(&a, out);
		assert_string_equal(out, texts[i].out);
		/* The same address is the same bytes. */
		assert_int_equal(net_from_text(&b, out), 0);
		assert_memory_equal(&a, &b, sizeof(a));
	}
}

static void
test_sockaddr(void **state)
{
	struct sockaddr_in	 in;
	struct sockaddr_in6	 in6;
	struct sockaddr_un	 un;
	struct net_addr		 a, b;

	(void)state;
	memset(&in, 0, sizeof(in));
	in.sin_family = AF_INET;
	in.sin_port = htons(80);
	in.sin_addr.s_addr = htonl(0x0a010203);
	assert_int_equal(net_from_sockaddr(&a, (struct sockaddr *)&in), 0);
	assert_int_equal(net_from_text(&b, "10.1.2.3"), 0);
	assert_memory_equal(&a, &b, sizeof(a));

	memset(&in6, 0, sizeof(in6));
	in6.sin6_family = AF_INET6;
	in6.sin6_port = htons(80);
	in6.sin6_scope_id = 1;
	assert_int_equal(inet_pton(AF_INET6, "::ffff:10.1.2.3",
	    &in6.sin6_addr), 1);
	assert_int_equal(net_from_sockaddr(&a, (struct sockaddr *)&in6), 0);
	assert_memory_equal(&a, &b, sizeof(a));
	assert_int_equal(inet_pton(AF_INET6, "fe80::1", &in6.sin6_addr), 1);
	assert_int_equal(net_from_sockaddr(&a, (struct sockaddr *)&in6), 0);
	assert_int_equal(net_from_text(&b, "fe80::1"), 0);
	assert_memory_equal(&a, &b, sizeof(a));

	memset(&un, 0, sizeof(un));
	un.sun_family = AF_UNIX;
	assert_int_equal(net_from_sockaddr(&a, (struct sockaddr *)&un), -1);
	assert_int_equal(a.family, 0);
}

static void
test_in(void **state)
{
	struct net_addr	 a, n;
	size_t		 i;

	(void)state;
	for (i = 0; i < nitems(nets); i++) {
		assert_int_equal(net_from_text(&a, nets[i].addr), 0);
		assert_int_equal(net_from_text(&n, nets[i].net), 0);
		if (net_in(&a, &n, nets[i].prefix) != nets[i].in)
			fail_msg("%s in %s/%u", nets[i].addr, nets[i].net,
			    nets[i].prefix);
	}
}

/* An address that is none is in no network but of its own kind. */
static void
test_odd(void **state)
{
	char		 out[NET_TEXT_SIZE];
	struct net_addr	 a, n;

	(void)state;
	memset(&a, 0, sizeof(a));
	assert_int_equal(net_from_text(&n, "0.0.0.0"), 0);
	assert_int_equal(net_in(&a, &n, 0), 0);
	memset(out, 'x', sizeof(out));
	net_to_text(&a, out);
	assert_non_null(memchr(out, '\0', sizeof(out)));
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_sockaddr),
		cmocka_unit_test(test_in),
		cmocka_unit_test(test_odd)
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
