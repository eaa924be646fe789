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

#ifndef GATEWAYD_GATEWAYD_FRONT_CONF_H
#define GATEWAYD_GATEWAYD_FRONT_CONF_H

#include <stddef.h>
#include <stdint.h>

#include "imsg.h"
#include "net.h"
#include "token.h"

/*
 * The part of the configuration that a frontend works by.  A new one is
 * built beside the one in force, from CONF_BEGIN to CONF_END, checked, and
 * takes its place at CONF_SWITCH.
 */
#define FRONT_KEYS_MAX		64	/* of one API */
#define FRONT_ORIGINS_MAX	256
#define FRONT_PROXIES_MAX	256
#define FRONT_ASSETS_MAX	32

struct asset;

struct front_proxy {
	struct net_addr		 net;
	uint8_t			 prefix;
};

struct front_api {
	int			 enabled;
	struct token_policy	 policy;
	struct token_key	 keys[FRONT_KEYS_MAX];
	size_t			 nkeys;
	char			*origins[FRONT_ORIGINS_MAX];
	size_t			 norigins;
};

struct front_conf {
	int			 complete;	/* CONF_FRONTEND came */
	uint32_t		 requests;	/* per window and address */
	uint32_t		 window;	/* seconds */
	uint32_t		 timeout_request;
	int			 page;
	struct front_api	 apis[API_MAX + 1];	/* by API_* */
	struct front_proxy	 proxies[FRONT_PROXIES_MAX];
	size_t			 nproxies;
	struct asset		*assets[FRONT_ASSETS_MAX];
	size_t			 nassets;
};

/* An empty one, or NULL with errno; for front_conf_free(). */
struct front_conf *front_conf_new(void);

/* NULL is allowed. */
void	 front_conf_free(struct front_conf *);

/*
 * Take one CONF_ message.  Returns 0, or -1 with *why a constant text; the
 * configuration then is of no use.
 */
int	 front_conf_add(struct front_conf *, const struct imsg *,
	    const char **why);

/* Whether it is whole and its keys work: 0, or -1 with *why. */
int	 front_conf_check(const struct front_conf *, const char **why);

/* Is it the address of a proxy that we trust?  1 or 0. */
int	 front_conf_proxy(const struct front_conf *, const struct net_addr *);

/* The file of the page whose name is the n bytes at s, or NULL. */
struct asset *front_conf_asset(const struct front_conf *, const char *s,
	    size_t n);

#endif /* GATEWAYD_GATEWAYD_FRONT_CONF_H */
