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
#include <sys/stat.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "asset.h"
#include "front_conf.h"
#include "log.h"

static int	 add_frontend(struct front_conf *,
		    const struct msg_conf_frontend *);
static int	 add_api(struct front_conf *, const struct msg_conf_api *,
		    const char **);
static int	 add_key(struct front_conf *, const struct msg_conf_key *, int,
		    const char **);
static int	 add_origin(struct front_conf *,
		    const struct msg_conf_origin *, const char **);
static int	 add_proxy(struct front_conf *, const struct msg_conf_proxy *,
		    const char **);
static int	 add_asset(struct front_conf *,
		    const struct msg_conf_asset *, int, const char **);
static uint8_t	*read_key(int, size_t *);

struct front_conf *
front_conf_new(void)
{
	return (calloc(1, sizeof(struct front_conf)));
}

void
front_conf_free(struct front_conf *conf)
{
	struct front_api	*api;
	size_t			 i, j;

	if (conf == NULL)
		return;
	for (i = 0; i < nitems(conf->apis); i++) {
		api = &conf->apis[i];
		for (j = 0; j < api->nkeys; j++)
			free((void *)(uintptr_t)api->keys[j].key);
		for (j = 0; j < api->norigins; j++)
			free(api->origins[j]);
	}
	for (i = 0; i < conf->nassets; i++)
		asset_release(conf->assets[i]);
	free(conf);
}

int
front_conf_add(struct front_conf *conf, const struct imsg *im,
    const char **why)
{
	*why = "unknown message";
	switch (im->type) {
	case IMSG_CONF_FRONTEND:
		return (add_frontend(conf, &im->m.conf_frontend));
	case IMSG_CONF_API:
		return (add_api(conf, &im->m.conf_api, why));
	case IMSG_CONF_ALG:
		return (add_key(conf, &im->m.conf_key, -1, why));
	case IMSG_CONF_KEY:
		return (add_key(conf, &im->m.conf_key, im->fd, why));
	case IMSG_CONF_ORIGIN:
		return (add_origin(conf, &im->m.conf_origin, why));
	case IMSG_CONF_PROXY:
		return (add_proxy(conf, &im->m.conf_proxy, why));
	case IMSG_CONF_ASSET:
		return (add_asset(conf, &im->m.conf_asset, im->blob, why));
	default:
		return (-1);
	}
}

static int
add_frontend(struct front_conf *conf, const struct msg_conf_frontend *m)
{
	conf->complete = 1;
	conf->requests = m->requests;
	conf->window = m->window;
	conf->timeout_request = m->timeout_request;
	conf->page = m->page;
	return (0);
}

static int
add_api(struct front_conf *conf, const struct msg_conf_api *m,
    const char **why)
{
	struct front_api	*api;

	api = &conf->apis[m->api];
	if (api->enabled) {
		*why = "one API twice";
		return (-1);
	}
	if (m->grace > INT64_MAX / 2 || m->max_age > INT64_MAX / 2) {
		*why = "token times too long";
		return (-1);
	}
	api->enabled = 1;
	api->policy.grace = (int64_t)m->grace;
	api->policy.max_age = (int64_t)m->max_age;
	api->policy.identity = m->api == API_POCKETENV ? TOKEN_ID_DID :
	    TOKEN_ID_ANY;
	return (0);
}

/*
 * A public key comes as a file.  A secret must never come here: with it
 * this process could mint tokens.
 */
static int
add_key(struct front_conf *conf, const struct msg_conf_key *m, int fd,
    const char **why)
{
	struct front_api	*api;
	struct token_key	*key;

	if (fd != -1 && m->alg == TOKEN_HS256)
		fatalx("the parent sent a token secret to a frontend");
	api = &conf->apis[m->api];
	*why = "too many keys";
	if (api->nkeys == nitems(api->keys))
		return (-1);
	key = &api->keys[api->nkeys];
	memset(key, 0, sizeof(*key));
	key->alg = m->alg;
	strlcpy(key->kid, m->kid, sizeof(key->kid));
	strlcpy(key->issuer, m->issuer, sizeof(key->issuer));
	*why = "cannot read a key";
	if (fd == -1 && m->alg != TOKEN_HS256)
		return (-1);
	if (fd != -1 && (key->key = read_key(fd, &key->keylen)) == NULL)
		return (-1);
	api->nkeys++;
	return (0);
}

/* From its start, wherever the descriptor's offset is. */
static uint8_t *
read_key(int fd, size_t *len)
{
	struct stat	 st;
	uint8_t		*p;
	ssize_t		 n;

	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode) ||
	    st.st_size < 1 || st.st_size > TOKEN_KEY_MAX ||
	    (p = malloc((size_t)st.st_size)) == NULL)
		return (NULL);
	*len = 0;
	while (*len < (size_t)st.st_size) {
		n = pread(fd, p + *len, (size_t)st.st_size - *len,
		    (off_t)*len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0) {
			free(p);
			return (NULL);
		}
		*len += (size_t)n;
	}
	return (p);
}

static int
add_origin(struct front_conf *conf, const struct msg_conf_origin *m,
    const char **why)
{
	struct front_api	*api;

	api = &conf->apis[m->api];
	*why = "too many origins";
	if (api->norigins == nitems(api->origins))
		return (-1);
	*why = "out of memory";
	if ((api->origins[api->norigins] = strdup(m->origin)) == NULL)
		return (-1);
	api->norigins++;
	return (0);
}

static int
add_asset(struct front_conf *conf, const struct msg_conf_asset *m, int blob,
    const char **why)
{
	struct asset	*asset;

	*why = "too many files of the page";
	if (conf->nassets == nitems(conf->assets))
		return (-1);
	if ((asset = asset_new(m->name, blob, why)) == NULL)
		return (-1);
	conf->assets[conf->nassets++] = asset;
	return (0);
}

struct asset *
front_conf_asset(const struct front_conf *conf, const char *s, size_t n)
{
	size_t	 i;

	for (i = 0; i < conf->nassets; i++)
		if (strlen(conf->assets[i]->name) == n &&
		    memcmp(conf->assets[i]->name, s, n) == 0)
			return (conf->assets[i]);
	return (NULL);
}

static int
add_proxy(struct front_conf *conf, const struct msg_conf_proxy *m,
    const char **why)
{
	struct front_proxy	*p;

	*why = "too many proxies";
	if (conf->nproxies == nitems(conf->proxies))
		return (-1);
	*why = "not a network";
	if ((m->family != 4 && m->family != 6) ||
	    m->prefix > (m->family == 4 ? 32 : 128))
		return (-1);
	p = &conf->proxies[conf->nproxies++];
	p->net.family = m->family;
	memcpy(p->net.addr, m->addr, sizeof(p->net.addr));
	p->prefix = m->prefix;
	return (0);
}

int
front_conf_check(const struct front_conf *conf, const char **why)
{
	const struct front_api	*api;
	size_t			 i, j;

	if (!conf->complete) {
		*why = "no numbers for frontends";
		return (-1);
	}
	for (i = 0; i < nitems(conf->apis); i++) {
		api = &conf->apis[i];
		if (api->enabled != (api->nkeys > 0)) {
			*why = "an API without keys, or keys without one";
			return (-1);
		}
		for (j = 0; j < api->nkeys; j++)
			if (api->keys[j].key != NULL &&
			    token_key_check(&api->keys[j], why) == -1)
				return (-1);
	}
	return (0);
}

int
front_conf_proxy(const struct front_conf *conf, const struct net_addr *addr)
{
	size_t	 i;

	for (i = 0; i < conf->nproxies; i++)
		if (net_in(addr, &conf->proxies[i].net,
		    conf->proxies[i].prefix))
			return (1);
	return (0);
}
