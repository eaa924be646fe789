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

#include "compat.h"

#include <sys/types.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "resolv.h"

static const struct {
	const char	*text;
	const char	*servers;	/* each with a space behind it */
	size_t		 ignored;
} confs[] = {
	{ "", "", 0 },
	{ "nameserver 192.0.2.1\n", "192.0.2.1 ", 0 },
	{ "nameserver 192.0.2.1", "192.0.2.1 ", 0 },
	{ "nameserver\t192.0.2.1 \r\n", "192.0.2.1 ", 0 },
	{ "nameserver 192.0.2.1 192.0.2.2\n", "192.0.2.1 ", 0 },
	{ "nameserver 192.0.2.1# ours\n", "192.0.2.1 ", 0 },
	{ "# nameserver 192.0.2.1\n; nameserver 192.0.2.2\n", "", 0 },
	{ ";nameserver 192.0.2.2\n#nameserver 192.0.2.2\n", "", 0 },
	{ " nameserver 192.0.2.1\n", "", 0 },
	{ "Nameserver 192.0.2.1\nnameservers 192.0.2.1\n", "", 0 },
	{ "nameserver\nnameserver \nnameserver #\n", "", 0 },
	{ "nameserver 2001:db8::1\nnameserver ::ffff:192.0.2.1\n",
	    "2001:db8::1 192.0.2.1 ", 0 },
	{ "nameserver fe80::1%eth0\nnameserver 192.0.2.1\n", "192.0.2.1 ",
	    1 },
	{ "nameserver localhost\nnameserver 1.2.3\nnameserver 127.0.0.1:53\n",
	    "", 3 },
	{ "domain a\nsearch b c\noptions timeout:1 attempts:99 rotate\n"
	    "sortlist 1.2.3.4\nnameserver 1.1.1.1\n\n\nnameserver 2.2.2.2\n"
	    "nameserver 3.3.3.3\nnameserver 4.4.4.4\nnameserver 5.5.5.5\n",
	    "1.1.1.1 2.2.2.2 3.3.3.3 ", 2 },
	{ "nameserver 11111111111111111111111111111111111111111111111111111"
	    "1111111111111111111111111111111111111111111111111111\n", "", 1 }
};

static const char hosts[] =
    "127.0.0.1\tlocalhost\n"
    "::1 localhost ip6-localhost\n"
    "# 192.0.2.9 box\n"
    "192.0.2.1 Box.Example box # other\n"
    "  192.0.2.2\tbox.example.\r\n"
    "192.0.2.1 box box.example\n"
    "2001:db8::1 box.example\n"
    "fe80::1%eth0 box.example\n"
    "not-an-address box.example\n"
    "192.0.2.3\n"
    "192.0.2.4#box\n"
    "192.0.2.5 . .. a.\n"
    "::ffff:10.0.0.1 mapped\n"
    "192.0.2.6 last";

static const struct {
	const char	*name;
	const char	*addrs;
} found[] = {
	{ "localhost", "127.0.0.1 ::1 " },
	{ "ip6-localhost", "::1 " },
	{ "box", "192.0.2.1 " },
	{ "box.example", "192.0.2.1 192.0.2.2 2001:db8::1 " },
	{ "a", "192.0.2.5 " },
	{ "mapped", "10.0.0.1 " },
	{ "last", "192.0.2.6 " },
	{ "las", "" },
	{ "other", "" },
	{ "192.0.2.1", "" },
	{ "example", "" },
	{ "ox", "" }
};

static const struct {
	const char	*host;
	const char	*name;		/* NULL: none */
} names[] = {
	{ "box", "box" },
	{ "Box.EXAMPLE.", "box.example" },
	{ "_ssh._tcp.box-1.example", "_ssh._tcp.box-1.example" },
	{ "1.example", "1.example" },
	{ "example.x0", "example.x0" },
	{ "example.0xg", "example.0xg" },
	{ "example.1a", "example.1a" },
	{ "", NULL },
	{ ".", NULL },
	{ "..", NULL },
	{ ".box", NULL },
	{ "box..", NULL },
	{ "a..b", NULL },
	{ "-a", NULL },
	{ "a-", NULL },
	{ "a.-b", NULL },
	{ "a-.b", NULL },
	{ "a b", NULL },
	{ "a/b", NULL },
	{ "a\nb", NULL },
	{ "a%b", NULL },
	{ "a:b", NULL },
	{ "[::1]", NULL },
	{ "::1", NULL },
	{ "b\xc3\xbc" "cher.example", NULL },
	{ "127.0.0.1", NULL },
	{ "127.0.0.1.", NULL },
	{ "127.1", NULL },
	{ "2130706433", NULL },
	{ "0177.1", NULL },
	{ "0x7f000001", NULL },
	{ "0x7f.1", NULL },
	{ "1.0X1", NULL },
	{ "example.0x", NULL },
	{ "example.1", NULL }
};

static void	 text_of(char *, size_t, const struct net_addr *, size_t);
static void	 test_servers(void **);
static void	 test_hosts(void **);
static void	 test_hosts_bounds(void **);
static void	 test_names(void **);
static void	 test_long_names(void **);

static void
text_of(char *out, size_t size, const struct net_addr *a, size_t n)
{
	char	 one[NET_TEXT_SIZE];
	size_t	 i;

	out[0] = '\0';
	for (i = 0; i < n; i++) {
		net_to_text(&a[i], one);
		assert_true(strlcat(out, one, size) < size);
		assert_true(strlcat(out, " ", size) < size);
	}
}

static void
test_servers(void **state)
{
	struct net_addr	 a[RESOLV_SERVERS_MAX];
	char		 out[RESOLV_SERVERS_MAX * NET_TEXT_SIZE + 1];
	size_t		 i, ignored, n;

	(void)state;
	for (i = 0; i < nitems(confs); i++) {
		n = resolv_servers(confs[i].text, strlen(confs[i].text), a,
		    &ignored);
		text_of(out, sizeof(out), a, n);
		if (strcmp(out, confs[i].servers) != 0 ||
		    ignored != confs[i].ignored)
			fail_msg("%s: %s%zu", confs[i].text, out, ignored);
	}
	/* Bytes that are no text. */
	n = resolv_servers("nameserver 1.1.1.1\0\nnameserver\0x", 32, a,
	    &ignored);
	assert_int_equal(n, 0);
	assert_int_equal(ignored, 1);
}

static void
test_hosts(void **state)
{
	struct net_addr	 a[16];
	char		 out[16 * NET_TEXT_SIZE + 1];
	size_t		 i, n;

	(void)state;
	for (i = 0; i < nitems(found); i++) {
		n = hosts_find(hosts, strlen(hosts), found[i].name, a,
		    nitems(a));
		text_of(out, sizeof(out), a, n);
		assert_string_equal(out, found[i].addrs);
	}
	assert_int_equal(hosts_find("", 0, "box", a, nitems(a)), 0);
}

static void
test_hosts_bounds(void **state)
{
	struct net_addr	 a[3];
	size_t		 n;

	(void)state;
	memset(&a[2], 0x55, sizeof(a[2]));
	n = hosts_find(hosts, strlen(hosts), "box.example", a, 2);
	assert_int_equal(n, 2);
	assert_int_equal(a[2].family, 0x55);
	assert_int_equal(hosts_find(hosts, strlen(hosts), "box", a, 0), 0);
	/* It ends where its length says. */
	assert_int_equal(hosts_find("1.2.3.4 box", 10, "box", a, 2), 0);
	assert_int_equal(hosts_find("1.2.3.4 box", 11, "box", a, 2), 1);
	assert_int_equal(hosts_find("1.2.3.4 b\0x", 11, "b", a, 2), 0);
	assert_int_equal(hosts_find("1.2.3\0.4 b", 10, "b", a, 2), 0);
}

static void
test_names(void **state)
{
	char	 out[HOST_MAX + 1];
	size_t	 i;
	int	 ret;

	(void)state;
	for (i = 0; i < nitems(names); i++) {
		ret = resolv_name(out, names[i].host);
		if (ret != (names[i].name == NULL ? -1 : 0))
			fail_msg("%s: %d", names[i].host, ret);
		if (ret == 0)
			assert_string_equal(out, names[i].name);
	}
}

static void
test_long_names(void **state)
{
	char	 host[HOST_MAX + 3], out[HOST_MAX + 1];
	size_t	 i;

	(void)state;
	/* 63 and 64 in one part. */
	memset(host, 'a', sizeof(host));
	host[63] = '\0';
	assert_int_equal(resolv_name(out, host), 0);
	host[63] = 'a';
	host[64] = '\0';
	assert_int_equal(resolv_name(out, host), -1);
	/* 253 in all, with a dot behind, and 254. */
	for (i = 0; i < sizeof(host); i++)
		host[i] = i % 2 == 0 ? 'a' : '.';
	host[HOST_MAX] = '\0';
	assert_int_equal(resolv_name(out, host), 0);
	assert_string_equal(out, host);
	host[HOST_MAX] = '.';
	host[HOST_MAX + 1] = '\0';
	assert_int_equal(resolv_name(out, host), 0);
	host[HOST_MAX + 1] = 'a';
	host[HOST_MAX + 2] = '\0';
	assert_int_equal(resolv_name(out, host), -1);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_servers),
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_hosts_bounds),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_long_names)
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
