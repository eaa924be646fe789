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

#ifndef GATEWAYD_GATEWAYD_DIALER_CONF_H
#define GATEWAYD_GATEWAYD_DIALER_CONF_H

#include <stddef.h>
#include <stdint.h>

#include "egress.h"
#include "imsg.h"
#include "lookup.h"
#include "resolv.h"

/* Rules are walked through for every address. */
#define EGRESS_RULES_MAX	1024

/* What is read of the host's files; more is cut off, and the log says so. */
#define RESOLV_TEXT_MAX		(64 * 1024)
#define HOSTS_TEXT_MAX		(1024 * 1024)

/*
 * A configuration of the dialer, as it is built from messages.  What is
 * wrong with it stands in `why'; then nothing more is taken.  Dials keep
 * the one they began with, hence the references.
 */
struct dialer_conf {
	unsigned int		 refs;
	int			 configured;	/* there was a CONF_DIALER */
	uint32_t		 timeout_resolve;
	uint32_t		 timeout_connect;
	struct egress_rule	*rules;
	size_t			 nrules;
	struct lookup_server	 servers[RESOLV_SERVERS_MAX];
	size_t			 nservers;
	struct net_addr		 resolv[RESOLV_SERVERS_MAX];
	size_t			 nresolv;
	char			*hosts;		/* the text of hosts(5) */
	size_t			 hosts_len;
	char			 why[REASON_MAX + 1];
};

/* An empty one with one reference; NULL with errno. */
struct dialer_conf *dialer_conf_new(void);
void	 dialer_conf_ref(struct dialer_conf *);
/* One reference less; NULL is allowed. */
void	 dialer_conf_unref(struct dialer_conf *);

/* What comes between CONF_BEGIN and CONF_END; 0, or -1 if it is not that. */
int	 dialer_conf_add(struct dialer_conf *, const struct imsg *);

/* Whether it is whole; if not, -1 and why. */
int	 dialer_conf_check(struct dialer_conf *);

#endif /* GATEWAYD_GATEWAYD_DIALER_CONF_H */
