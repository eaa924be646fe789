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

/* links: gatewayd/egress.c common/net.c */

/*
 * Where a connection may go.  What is forgotten here is what somebody's
 * sandbox can reach: the cloud's metadata, the database next door.
 */

#include "compat.h"

#include <sys/types.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "egress.h"

/* Each border: the first and the last inside, and their neighbours. */
static const struct {
	const char	*addr;
	const char	*why;		/* NULL: allowed */
} defaults[] = {
	{ "0.0.0.0", "this network" },
	{ "0.255.255.255", "this network" },
	{ "1.0.0.0", NULL },
	{ "9.255.255.255", NULL },
	{ "10.0.0.0", "private" },
	{ "10.255.255.255", "private" },
	{ "11.0.0.0", NULL },
	{ "100.63.255.255", NULL },
	{ "100.64.0.0", "shared address space" },
	{ "100.100.100.200", "shared address space" },
	{ "100.127.255.255", "shared address space" },
	{ "100.128.0.0", NULL },
	{ "126.255.255.255", NULL },
	{ "127.0.0.0", "loopback" },
	{ "127.0.0.1", "loopback" },
	{ "127.255.255.255", "loopback" },
	{ "128.0.0.0", NULL },
	{ "168.63.129.15", NULL },
	{ "168.63.129.16", "metadata" },
	{ "168.63.129.17", NULL },
	{ "169.253.255.255", NULL },
	{ "169.254.0.0", "link-local" },
	{ "169.254.169.253", "link-local" },
	{ "169.254.169.254", "metadata" },
	{ "169.254.169.255", "link-local" },
	{ "169.254.255.255", "link-local" },
	{ "169.255.0.0", NULL },
	{ "172.15.255.255", NULL },
	{ "172.16.0.0", "private" },
	{ "172.31.255.255", "private" },
	{ "172.32.0.0", NULL },
	{ "191.255.255.255", NULL },
	{ "192.0.0.0", "reserved" },
	{ "192.0.0.192", "reserved" },
	{ "192.0.0.255", "reserved" },
	{ "192.0.1.0", NULL },
	{ "192.0.1.255", NULL },
	{ "192.0.2.0", "documentation" },
	{ "192.0.2.255", "documentation" },
	{ "192.0.3.0", NULL },
	{ "192.88.98.255", NULL },
	{ "192.88.99.0", "6to4" },
	{ "192.88.99.255", "6to4" },
	{ "192.88.100.0", NULL },
	{ "192.167.255.255", NULL },
	{ "192.168.0.0", "private" },
	{ "192.168.255.255", "private" },
	{ "192.169.0.0", NULL },
	{ "198.17.255.255", NULL },
	{ "198.18.0.0", "benchmarking" },
	{ "198.19.255.255", "benchmarking" },
	{ "198.20.0.0", NULL },
	{ "198.51.99.255", NULL },
	{ "198.51.100.0", "documentation" },
	{ "198.51.100.255", "documentation" },
	{ "198.51.101.0", NULL },
	{ "203.0.112.255", NULL },
	{ "203.0.113.0", "documentation" },
	{ "203.0.113.255", "documentation" },
	{ "203.0.114.0", NULL },
	{ "223.255.255.255", NULL },
	{ "224.0.0.0", "multicast" },
	{ "239.255.255.255", "multicast" },
	{ "240.0.0.0", "reserved" },
	{ "255.255.255.254", "reserved" },
	{ "255.255.255.255", "broadcast" },

	{ "::", "unspecified" },
	{ "::1", "loopback" },
	{ "::2", "IPv4-compatible" },
	{ "::127.0.0.1", "IPv4-compatible" },
	{ "::8.8.8.8", "IPv4-compatible" },
	{ "::255.255.255.255", "IPv4-compatible" },
	{ "::1:0:0", "reserved" },
	{ "::fffe:ffff:ffff", "reserved" },
	/* Mapped: judged as IPv4, either way. */
	{ "::ffff:0.0.0.0", "this network" },
	{ "::ffff:127.0.0.1", "loopback" },
	{ "::ffff:169.254.169.254", "metadata" },
	{ "::ffff:10.0.0.1", "private" },
	{ "::ffff:8.8.8.8", NULL },
	{ "::ffff:255.255.255.255", "broadcast" },
	{ "::1:0:0:0", "reserved" },
	{ "::ffff:0:0:0", "IPv4-translated" },
	{ "::ffff:0:127.0.0.1", "IPv4-translated" },
	{ "::ffff:0:ffff:ffff", "IPv4-translated" },
	{ "::ffff:1:0:0", "reserved" },
	{ "64:ff9a:ffff:ffff:ffff:ffff:ffff:ffff", "reserved" },
	{ "64:ff9b::", "NAT64" },
	{ "64:ff9b::10.0.0.1", "NAT64" },
	{ "64:ff9b::8.8.8.8", "NAT64" },
	{ "64:ff9b::ffff:ffff", "NAT64" },
	{ "64:ff9b::1:0:0", "reserved" },
	{ "64:ff9b:0:ffff:ffff:ffff:ffff:ffff", "reserved" },
	{ "64:ff9b:1::", "NAT64" },
	{ "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", "NAT64" },
	{ "64:ff9b:2::", "reserved" },
	{ "ff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "reserved" },
	{ "100::", "discard only" },
	{ "100::ffff:ffff:ffff:ffff", "discard only" },
	{ "100:0:0:1::", "reserved" },
	{ "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "reserved" },
	{ "2000::", NULL },
	{ "2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL },
	{ "2001::", "Teredo" },
	{ "2001:0:ffff:ffff:ffff:ffff:ffff:ffff", "Teredo" },
	{ "2001:1::", "reserved" },
	{ "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "reserved" },
	{ "2001:200::", NULL },
	{ "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", NULL },
	{ "2001:db8::", "documentation" },
	{ "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "documentation" },
	{ "2001:db9::", NULL },
	{ "2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL },
	{ "2002::", "6to4" },
	{ "2002:7f00:1::1", "6to4" },
	{ "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "6to4" },
	{ "2003::", NULL },
	{ "2606:4700:4700::1111", NULL },
	{ "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL },
	{ "3fff::", "documentation" },
	{ "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "documentation" },
	{ "3fff:1000::", NULL },
	{ "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL },
	{ "4000::", "reserved" },
	{ "5f00::1", "reserved" },
	{ "fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "reserved" },
	{ "fc00::", "private" },
	{ "fd00:ec2::254", "private" },
	{ "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "private" },
	{ "fe00::", "reserved" },
	{ "fe7f:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "reserved" },
	{ "fe80::", "link-local" },
	{ "fe80::a9fe:a9fe", "link-local" },
	{ "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "link-local" },
	{ "fec0::", "site-local" },
	{ "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "site-local" },
	{ "ff00::", "multicast" },
	{ "ff02::1", "multicast" },
	{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "multicast" }
};

/* As an operator would write them. */
static const struct {
	int		 allow;
	const char	*net;
	uint8_t		 prefix;
	uint16_t	 port;
} some_rules[] = {
	{ 0, "10.0.0.5", 32, 0 },
	{ 1, "10.0.0.0", 8, 22 },
	{ 1, "10.1.0.0", 16, 0 },
	{ 1, "127.0.0.1", 32, 2222 },
	{ 0, "8.8.8.0", 24, 0 },
	{ 1, "fd00::", 8, 0 },
	{ 0, "2000::", 3, 23 },
	{ 1, "64:ff9b::808:808", 128, 0 }
};

static const struct {
	const char		*addr;
	uint16_t		 port;
	enum egress_verdict	 verdict;
} ruled[] = {
	{ "10.0.0.4", 22, EGRESS_RULE },
	{ "::ffff:10.0.0.4", 22, EGRESS_RULE },
	{ "10.0.0.4", 23, EGRESS_DENY },
	{ "10.0.0.5", 22, EGRESS_DENY },
	{ "::ffff:10.0.0.5", 22, EGRESS_DENY },
	{ "10.0.0.6", 22, EGRESS_RULE },
	{ "10.1.0.6", 23, EGRESS_RULE },
	{ "11.0.0.1", 22, EGRESS_DEFAULT },
	{ "127.0.0.1", 2222, EGRESS_RULE },
	{ "::ffff:127.0.0.1", 2222, EGRESS_RULE },
	{ "127.0.0.1", 2223, EGRESS_DENY },
	{ "127.0.0.2", 2222, EGRESS_DENY },
	{ "::1", 2222, EGRESS_DENY },
	{ "8.8.8.8", 53, EGRESS_DENY },
	{ "::ffff:8.8.8.8", 53, EGRESS_DENY },
	{ "8.8.9.8", 53, EGRESS_DEFAULT },
	{ "fd00::1", 1, EGRESS_RULE },
	{ "fc00::1", 1, EGRESS_DENY },
	{ "2600::1", 22, EGRESS_DEFAULT },
	{ "2600::1", 23, EGRESS_DENY },
	{ "64:ff9b::808:808", 22, EGRESS_RULE },
	{ "64:ff9b::808:809", 22, EGRESS_DENY }
};

static struct net_addr	 text(const char *);
static void	 test_defaults(void **);
static void	 test_mapped(void **);
static void	 test_rules(void **);
static void	 test_order(void **);
static void	 test_wrong(void **);

static struct net_addr
text(const char *s)
{
	struct net_addr	 a;

	assert_int_equal(net_from_text(&a, s), 0);
	return (a);
}

static void
test_defaults(void **state)
{
	struct net_addr	 a;
	const char	*why;
	size_t		 i;
	int		 verdict;

	(void)state;
	for (i = 0; i < nitems(defaults); i++) {
		a = text(defaults[i].addr);
		verdict = egress_check(NULL, 0, &a, 22, &why);
		if (defaults[i].why == NULL ? verdict != EGRESS_DEFAULT ||
		    why != NULL : verdict != EGRESS_DENY ||
		    strcmp(why, defaults[i].why) != 0)
			fail_msg("%s: %d, %s", defaults[i].addr, verdict,
			    why == NULL ? "no reason" : why);
	}
	/* Neither of the two families. */
	memset(&a, 0, sizeof(a));
	assert_int_equal(egress_check(NULL, 0, &a, 22, &why), EGRESS_DENY);
}

/* An address that nobody has normalised before gets the same answer. */
static void
test_mapped(void **state)
{
	struct net_addr	 a, m;
	const char	*why, *mwhy;
	size_t		 i;

	(void)state;
	for (i = 0; i < nitems(defaults); i++) {
		a = text(defaults[i].addr);
		if (a.family != 4)
			continue;
		memset(&m, 0, sizeof(m));
		m.family = 6;
		m.addr[10] = m.addr[11] = 0xff;
		memcpy(m.addr + 12, a.addr, 4);
		assert_int_equal(egress_check(NULL, 0, &a, 22, &why),
		    egress_check(NULL, 0, &m, 22, &mwhy));
		assert_ptr_equal(why, mwhy);
	}
}

static void
test_rules(void **state)
{
	struct egress_rule	 rules[nitems(some_rules)];
	struct net_addr		 a;
	const char		*why;
	size_t			 i;

	(void)state;
	for (i = 0; i < nitems(rules); i++) {
		rules[i].allow = some_rules[i].allow;
		rules[i].net = text(some_rules[i].net);
		rules[i].prefix = some_rules[i].prefix;
		rules[i].port = some_rules[i].port;
		assert_null(egress_rule_wrong(&rules[i]));
	}
	for (i = 0; i < nitems(ruled); i++) {
		a = text(ruled[i].addr);
		if (egress_check(rules, nitems(rules), &a, ruled[i].port,
		    &why) != ruled[i].verdict)
			fail_msg("%s port %u: %s", ruled[i].addr,
			    ruled[i].port, why == NULL ? "allowed" : why);
		assert_int_equal(why != NULL, ruled[i].verdict == EGRESS_DENY);
	}
}

/* Everything of a family, in either order: the first one counts. */
static void
test_order(void **state)
{
	struct egress_rule	 rules[2];
	struct net_addr		 a;
	const char		*why;

	(void)state;
	memset(rules, 0, sizeof(rules));
	rules[0].net = rules[1].net = text("0.0.0.0");
	rules[0].allow = 1;
	a = text("127.0.0.1");
	assert_int_equal(egress_check(rules, 2, &a, 1, &why), EGRESS_RULE);
	assert_int_equal(egress_check(rules + 1, 1, &a, 1, &why),
	    EGRESS_DENY);
	assert_string_equal(why, "denied by a rule");
	rules[0].allow = 0;
	rules[1].allow = 1;
	assert_int_equal(egress_check(rules, 2, &a, 1, &why), EGRESS_DENY);
	/* All of IPv4 is none of IPv6, and the other way round. */
	a = text("::1");
	assert_int_equal(egress_check(rules + 1, 1, &a, 1, &why),
	    EGRESS_DENY);
	rules[1].net = text("::");
	assert_int_equal(egress_check(rules + 1, 1, &a, 1, &why),
	    EGRESS_RULE);
	a = text("::ffff:127.0.0.1");
	assert_int_equal(egress_check(rules + 1, 1, &a, 1, &why),
	    EGRESS_DENY);
}

static void
test_wrong(void **state)
{
	struct egress_rule	 r;

	(void)state;
	memset(&r, 0, sizeof(r));
	assert_non_null(egress_rule_wrong(&r));
	r.net.family = 5;
	assert_non_null(egress_rule_wrong(&r));
	r.net = text("10.0.0.0");
	r.prefix = 32;
	assert_null(egress_rule_wrong(&r));
	r.prefix = 33;
	assert_non_null(egress_rule_wrong(&r));
	r.net = text("::");
	r.prefix = 128;
	assert_null(egress_rule_wrong(&r));
	r.prefix = 129;
	assert_non_null(egress_rule_wrong(&r));
	/* No address would ever match it. */
	r.net.addr[10] = r.net.addr[11] = 0xff;
	r.prefix = 96;
	assert_non_null(egress_rule_wrong(&r));
	r.prefix = 8;
	assert_null(egress_rule_wrong(&r));
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_mapped),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_wrong)
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
