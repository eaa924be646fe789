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

#ifndef GATEWAYD_GATEWAYD_EGRESS_H
#define GATEWAYD_GATEWAYD_EGRESS_H

#include <stddef.h>
#include <stdint.h>

#include "net.h"

/*
 * Which addresses may be dialed.  Pure functions: nothing here asks the
 * system, so what is one of its own addresses the dialer finds out itself.
 */

struct egress_rule {
	int		 allow;
	struct net_addr	 net;
	uint8_t		 prefix;	/* bits of net that count */
	uint16_t	 port;		/* 0: any */
};

enum egress_verdict {
	EGRESS_DENY,
	EGRESS_DEFAULT,		/* allowed, since nothing denies it */
	EGRESS_RULE		/* allowed by a rule, which beats everything */
};

/*
 * The first rule that matches decides, else the defaults: whatever is not
 * an address of somebody else on the Internet is denied.  IPv4 mapped into
 * IPv6 is judged as IPv4; of other ways to write IPv4 in IPv6 (NAT64, 6to4,
 * Teredo, compatible) all are denied.  *why, if it is denied, is what it
 * was found to be, in a word or two.
 */
enum egress_verdict
	 egress_check(const struct egress_rule *, size_t,
	    const struct net_addr *, uint16_t, const char **);

/* Why a rule could never do what it says, or NULL. */
const char
	*egress_rule_wrong(const struct egress_rule *);

#endif /* GATEWAYD_GATEWAYD_EGRESS_H */
