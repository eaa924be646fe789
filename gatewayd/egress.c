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

#include "compat.h"

#include <sys/types.h>

#include <string.h>

#include "egress.h"

struct range {
	uint8_t		 net[16];
	uint8_t		 prefix;
	const char	*what;
};

/*
 * The special-purpose registry of IANA (RFC 6890 and successors), and what
 * clouds have put in between.  The first that matches gives the word.
 */
static const struct range ranges4[] = {
	{ { 0 },		8,	"this network" },
	{ { 10 },		8,	"private" },
	{ { 100, 64 },		10,	"shared address space" },
	{ { 127 },		8,	"loopback" },
	{ { 168, 63, 129, 16 },	32,	"metadata" },
	{ { 169, 254, 169, 254 }, 32,	"metadata" },
	{ { 169, 254 },		16,	"link-local" },
	{ { 172, 16 },		12,	"private" },
	{ { 192, 0, 0 },	24,	"reserved" },
	{ { 192, 0, 2 },	24,	"documentation" },
	{ { 192, 88, 99 },	24,	"6to4" },
	{ { 192, 168 },		16,	"private" },
	{ { 198, 18 },		15,	"benchmarking" },
	{ { 198, 51, 100 },	24,	"documentation" },
	{ { 203, 0, 113 },	24,	"documentation" },
	{ { 224 },		4,	"multicast" },
	{ { 255, 255, 255, 255 }, 32,	"broadcast" },
	{ { 240 },		4,	"reserved" }
};

static const struct range ranges6[] = {
	{ { 0 },			128,	"unspecified" },
	{ { [15] = 1 },			128,	"loopback" },
	{ { 0 },			96,	"IPv4-compatible" },
	{ { [8] = 0xff, 0xff },		96,	"IPv4-translated" },
	{ { 0x00, 0x64, 0xff, 0x9b },	96,	"NAT64" },
	{ { 0x00, 0x64, 0xff, 0x9b, 0x00, 0x01 }, 48, "NAT64" },
	{ { 0x01, 0x00 },		64,	"discard only" },
	{ { 0x20, 0x01, 0x00, 0x00 },	32,	"Teredo" },
	{ { 0x20, 0x01, 0x0d, 0xb8 },	32,	"documentation" },
	{ { 0x20, 0x01, 0x00, 0x00 },	23,	"reserved" },
	{ { 0x20, 0x02 },		16,	"6to4" },
	{ { 0x3f, 0xff, 0x00 },		20,	"documentation" },
	{ { 0xfc },			7,	"private" },
	{ { 0xfe, 0x80 },		10,	"link-local" },
	{ { 0xfe, 0xc0 },		10,	"site-local" },
	{ { 0xff },			8,	"multicast" }
};

/* All of IPv6 that is given to anybody; the rest is reserved. */
static const struct net_addr	 global = { 6, { 0x20 } };
#define GLOBAL_PREFIX		 3

static const char
		*special(const struct net_addr *, const struct range *,
		    size_t);

static const char *
special(const struct net_addr *a, const struct range *ranges, size_t n)
{
	struct net_addr	 net;
	size_t		 i;

	net.family = a->family;
	for (i = 0; i < n; i++) {
		memcpy(net.addr, ranges[i].net, sizeof(net.addr));
		if (net_in(a, &net, ranges[i].prefix))
			return (ranges[i].what);
	}
	return (NULL);
}

enum egress_verdict
egress_check(const struct egress_rule *rules, size_t n,
    const struct net_addr *addr, uint16_t port, const char **why)
{
	struct net_addr	 a;
	size_t		 i;

	a = *addr;
	net_unmap(&a);
	*why = NULL;
	for (i = 0; i < n; i++) {
		if (!net_in(&a, &rules[i].net, rules[i].prefix) ||
		    (rules[i].port != 0 && rules[i].port != port))
			continue;
		if (rules[i].allow)
			return (EGRESS_RULE);
		*why = "denied by a rule";
		return (EGRESS_DENY);
	}
	if (a.family == 4)
		*why = special(&a, ranges4, nitems(ranges4));
	else if (a.family != 6)
		*why = "no address";
	else if ((*why = special(&a, ranges6, nitems(ranges6))) == NULL &&
	    !net_in(&a, &global, GLOBAL_PREFIX))
		*why = "reserved";
	return (*why == NULL ? EGRESS_DEFAULT : EGRESS_DENY);
}

const char *
egress_rule_wrong(const struct egress_rule *r)
{
	struct net_addr	 a;

	if ((r->net.family != 4 && r->net.family != 6) ||
	    r->prefix > (r->net.family == 4 ? 32 : 128))
		return ("malformed network");
	/* Addresses are compared after they were made IPv4. */
	a = r->net;
	net_unmap(&a);
	if (a.family != r->net.family && r->prefix >= 96)
		return ("IPv4 mapped into IPv6");
	return (NULL);
}
