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
#include <sys/socket.h>
#include <sys/stat.h>

#include <netinet/in.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "blob.h"
#include "chan.h"
#include "kid.h"
#include "known_hosts.h"
#include "log.h"
#include "parent_part.h"
#include "record.h"

/*
 * Sandboxes wait while so many messages do: each has a descriptor, and a
 * channel queues only so many of either.
 */
#define PUSH_QUEUE	64

#define PATH_RESOLV	"/etc/resolv.conf"
#define PATH_HOSTS	"/etc/hosts"

static int	 push_frontend(struct kid *, const struct config *);
static int	 push_catalog(struct kid *, const struct config *);
static int	 push_file(struct kid *, struct imsg *, int, const char *,
		    const char *);
static int	 push_dialer(struct kid *, const struct config *);
static int	 push_egress(struct kid *, const struct config *);
static int	 push_resolver(struct kid *, const struct config_listen *);
static int	 push_system(struct kid *, uint16_t, const char *);
static int	 push_assets(struct kid *, const struct config *);
static int	 push_proxies(struct kid *, const struct config *);
static int	 push_api(struct kid *, const struct config_api *);
static int	 push_auth(struct kid *, const struct config_api *,
		    const struct config_auth *);
static int	 push_sandbox(struct kid *, const struct config_sandbox *);
static int	 push_owners(struct kid *, const struct config_sandbox *);
static void	 target_set(struct target *, const struct config_sandbox *);
static void	 version_file(SHA2_CTX *, const char *);
static uint64_t	 record_version(const struct config_sandbox *,
		    const struct target *, const uint8_t *, size_t);
static size_t	 record_items(const struct config_sandbox *, uint8_t *);
static size_t	 record_ssh(const struct config_sandbox *, uint8_t *, size_t);
static size_t	 record_opt(uint8_t *, size_t, uint8_t, const char *);
static size_t	 record_add(uint8_t *, size_t, uint8_t, const char *,
		    const char *);

/*
 * Send a frontend, the catalog or the dialer its part of a configuration,
 * from CONF_BEGIN to CONF_END.  Sandboxes, of which there may be many, follow
 * as the channel takes them, so the configuration must live until the child
 * has answered or ended.  Returns 0, or -1 after a log line; the child has
 * then seen less than it needs and must be ended.
 */
int
confpush(struct kid *k, const struct config *conf)
{
	const struct config_api	*api;

	if (kid_send_empty(k, IMSG_CONF_BEGIN, 0) == -1)
		return (-1);
	if (k->kind->role == ROLE_FRONTEND && (push_frontend(k, conf) == -1 ||
	    push_assets(k, conf) == -1 || push_proxies(k, conf) == -1))
		return (-1);
	if (k->kind->role == ROLE_DIALER)
		return (push_dialer(k, conf) == -1 ? -1 :
		    kid_send_empty(k, IMSG_CONF_END, 0));
	if (k->kind->role == ROLE_CATALOG && push_catalog(k, conf) == -1)
		return (-1);
	TAILQ_FOREACH(api, &conf->apis, entry)
		if (push_api(k, api) == -1)
			return (-1);
	if (k->kind->role == ROLE_CATALOG &&
	    (k->push = TAILQ_FIRST(&conf->sandboxes)) != NULL) {
		confpush_more(k);
		return (0);
	}
	return (kid_send_empty(k, IMSG_CONF_END, 0));
}

/* Go on with the sandboxes, if any are left to be told. */
void
confpush_more(struct kid *k)
{
	while (k->push != NULL && chan_queued(k->chan) < PUSH_QUEUE) {
		if (push_sandbox(k, k->push) == -1) {
			kid_bad(k, "cannot be told its sandboxes");
			return;
		}
		if ((k->push = TAILQ_NEXT(k->push, entry)) == NULL)
			(void)kid_send_empty(k, IMSG_CONF_END, 0);
	}
}

static int
push_frontend(struct kid *k, const struct config *conf)
{
	struct imsg	 im;

	imsg_init(&im, IMSG_CONF_FRONTEND, 0);
	im.m.conf_frontend.requests = conf->requests;
	im.m.conf_frontend.window = conf->requests_window;
	im.m.conf_frontend.timeout_request = conf->timeout_request;
	im.m.conf_frontend.page = (uint8_t)conf->page;
	return (kid_send(k, &im));
}

/* The blobs stay ours: every frontend, and every later one, gets them. */
static int
push_assets(struct kid *k, const struct config *conf)
{
	const struct config_asset	*asset;
	struct imsg			 im;

	TAILQ_FOREACH(asset, &conf->assets, entry) {
		imsg_init(&im, IMSG_CONF_ASSET, 0);
		(void)strlcpy(im.m.conf_asset.name, asset->name,
		    sizeof(im.m.conf_asset.name));
		if ((im.blob = dup(asset->blob)) == -1) {
			log_warn("page");
			return (-1);
		}
		if (kid_send(k, &im) == -1)
			return (-1);
	}
	return (0);
}

/* Host keys: what is made of them, and the files that they are in. */
static int
push_catalog(struct kid *k, const struct config *conf)
{
	struct imsg	 im;
	const char	*why;
	int		 fd;

	imsg_init(&im, IMSG_CONF_CATALOG, 0);
	im.m.conf_catalog.hostcheck = conf->host_check;
	if (kid_send(k, &im) == -1)
		return (-1);
	if (conf->known_hosts != NULL) {
		imsg_init(&im, IMSG_CONF_KNOWN, 0);
		fd = config_open_file(conf->known_hosts, CONF_TEXT,
		    KNOWN_FILE_MAX, &why);
		if (push_file(k, &im, fd, conf->known_hosts, why) == -1)
			return (-1);
	}
	if (conf->host_check != HOSTCHECK_ACCEPT_NEW)
		return (0);
	imsg_init(&im, IMSG_CONF_LEARNED, 0);
	fd = config_open_learned(conf->learned_hosts, 1, &why);
	return (push_file(k, &im, fd, conf->learned_hosts, why));
}

/* Send what was just opened, or log why it was not. */
static int
push_file(struct kid *k, struct imsg *im, int fd, const char *path,
    const char *why)
{
	if (fd == -1) {
		log_warnx("%s: %s%s%s", path, why, errno == 0 ? "" : ": ",
		    errno == 0 ? "" : strerror(errno));
		return (-1);
	}
	im->fd = fd;
	return (kid_send(k, im));
}

/* Where it may connect to, and how it finds what has a name. */
static int
push_dialer(struct kid *k, const struct config *conf)
{
	const struct config_listen	*resolver;
	struct imsg			 im;

	imsg_init(&im, IMSG_CONF_DIALER, 0);
	im.m.conf_dialer.timeout_resolve = conf->timeout_resolve;
	im.m.conf_dialer.timeout_connect = conf->timeout_connect;
	if (kid_send(k, &im) == -1 || push_egress(k, conf) == -1)
		return (-1);
	TAILQ_FOREACH(resolver, &conf->resolvers, entry)
		if (push_resolver(k, resolver) == -1)
			return (-1);
	if (TAILQ_EMPTY(&conf->resolvers) &&
	    push_system(k, IMSG_CONF_RESOLV, PATH_RESOLV) == -1)
		return (-1);
	return (push_system(k, IMSG_CONF_HOSTS, PATH_HOSTS));
}

static int
push_egress(struct kid *k, const struct config *conf)
{
	const struct config_egress	*egress;
	struct imsg			 im;

	TAILQ_FOREACH(egress, &conf->egress, entry) {
		imsg_init(&im, IMSG_CONF_EGRESS, 0);
		im.m.conf_egress.allow = (uint8_t)egress->allow;
		im.m.conf_egress.family =
		    egress->net.family == AF_INET ? 4 : 6;
		memcpy(im.m.conf_egress.addr, egress->net.addr,
		    sizeof(im.m.conf_egress.addr));
		im.m.conf_egress.prefix = egress->net.prefix;
		im.m.conf_egress.port = egress->port;
		if (kid_send(k, &im) == -1)
			return (-1);
	}
	return (0);
}

static int
push_resolver(struct kid *k, const struct config_listen *resolver)
{
	struct sockaddr_in	 sin;
	struct sockaddr_in6	 sin6;
	struct imsg		 im;

	imsg_init(&im, IMSG_CONF_RESOLVER, 0);
	if (resolver->ss.ss_family == AF_INET) {
		memcpy(&sin, &resolver->ss, sizeof(sin));
		im.m.conf_resolver.family = 4;
		memcpy(im.m.conf_resolver.addr, &sin.sin_addr,
		    sizeof(sin.sin_addr));
		im.m.conf_resolver.port = ntohs(sin.sin_port);
	} else {
		memcpy(&sin6, &resolver->ss, sizeof(sin6));
		im.m.conf_resolver.family = 6;
		memcpy(im.m.conf_resolver.addr, &sin6.sin6_addr,
		    sizeof(sin6.sin6_addr));
		im.m.conf_resolver.port = ntohs(sin6.sin6_port);
	}
	return (kid_send(k, &im));
}

/*
 * A file of the system that may be missing, and that may belong to whom the
 * system likes: the dialer reads it and is trusted with nothing else.
 */
static int
push_system(struct kid *k, uint16_t type, const char *path)
{
	struct imsg	 im;
	struct stat	 st;
	int		 fd;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) == -1)
		return (0);
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		log_warnx("%s: is not a regular file", path);
		(void)close(fd);
		return (0);
	}
	imsg_init(&im, type, 0);
	im.fd = fd;
	return (kid_send(k, &im));
}

static int
push_proxies(struct kid *k, const struct config *conf)
{
	const struct config_net	*net;
	struct imsg		 im;

	TAILQ_FOREACH(net, &conf->proxies, entry) {
		imsg_init(&im, IMSG_CONF_PROXY, 0);
		im.m.conf_proxy.family = net->family == AF_INET ? 4 : 6;
		memcpy(im.m.conf_proxy.addr, net->addr,
		    sizeof(im.m.conf_proxy.addr));
		im.m.conf_proxy.prefix = net->prefix;
		if (kid_send(k, &im) == -1)
			return (-1);
	}
	return (0);
}

static int
push_api(struct kid *k, const struct config_api *api)
{
	const struct config_auth	*auth;
	const struct config_str		*origin;
	struct imsg			 im;

	imsg_init(&im, IMSG_CONF_API, 0);
	im.m.conf_api.api = (uint8_t)api->api;
	im.m.conf_api.grace = api->expiry_grace;
	im.m.conf_api.max_age = api->max_age;
	im.m.conf_api.unclaimed = (uint8_t)api->unclaimed;
	if (kid_send(k, &im) == -1)
		return (-1);
	TAILQ_FOREACH(auth, &api->auths, entry)
		if (push_auth(k, api, auth) == -1)
			return (-1);
	if (k->kind->role != ROLE_FRONTEND)
		return (0);
	TAILQ_FOREACH(origin, &api->origins, entry) {
		imsg_init(&im, IMSG_CONF_ORIGIN, 0);
		im.m.conf_origin.api = (uint8_t)api->api;
		strlcpy(im.m.conf_origin.origin, origin->s,
		    sizeof(im.m.conf_origin.origin));
		if (kid_send(k, &im) == -1)
			return (-1);
	}
	return (0);
}

/* A secret goes to the catalog alone, a public key to both. */
static int
push_auth(struct kid *k, const struct config_api *api,
    const struct config_auth *auth)
{
	struct imsg	 im;
	const char	*why;
	int		 fd;

	imsg_init(&im, IMSG_CONF_KEY, 0);
	im.m.conf_key.api = (uint8_t)api->api;
	im.m.conf_key.alg = (uint8_t)auth->alg;
	if (auth->kid != NULL)
		strlcpy(im.m.conf_key.kid, auth->kid,
		    sizeof(im.m.conf_key.kid));
	if (auth->issuer != NULL)
		strlcpy(im.m.conf_key.issuer, auth->issuer,
		    sizeof(im.m.conf_key.issuer));
	if (auth->alg == CONF_HS256 && k->kind->role == ROLE_FRONTEND) {
		im.type = IMSG_CONF_ALG;
		return (kid_send(k, &im));
	}
	fd = config_open_file(auth->file, auth->alg == CONF_HS256 ?
	    CONF_SECRET : CONF_PUBLIC, CONF_KEY_FILE_MAX, &why);
	return (push_file(k, &im, fd, auth->file, why));
}

static size_t
record_add(uint8_t *buf, size_t pos, uint8_t tag, const char *name,
    const char *value)
{
	struct record_item	 it;
	size_t			 n;

	it.tag = tag;
	it.name = name;
	it.namelen = name == NULL ? 0 : strlen(name);
	it.value = value;
	it.len = strlen(value);
	n = record_item_size(&it);
	if (n > 0 && buf != NULL)
		record_item_put(buf + pos, &it);
	return (pos + n);
}

/* What may be missing. */
static size_t
record_opt(uint8_t *buf, size_t pos, uint8_t tag, const char *value)
{
	return (value == NULL ? pos : record_add(buf, pos, tag, NULL, value));
}

static size_t
record_ssh(const struct config_sandbox *sb, uint8_t *buf, size_t n)
{
	const struct config_hostkey	*hk;
	const struct config_file	*f;
	char				 name[RECORD_NAME_MAX + 1];

	n = record_opt(buf, n, RECORD_SSH_USER, sb->ssh_user);
	n = record_opt(buf, n, RECORD_SSH_KEY, sb->key_sealed);
	n = record_opt(buf, n, RECORD_SSH_KEYFILE, sb->key_file);
	n = record_opt(buf, n, RECORD_SSH_PASSPHRASE, sb->passphrase);
	n = record_opt(buf, n, RECORD_SSH_PASSWORD, sb->password);
	TAILQ_FOREACH(hk, &sb->host_keys, entry)
		n = record_add(buf, n, RECORD_HOST_KEY, hk->type,
		    hk->fingerprint);
	TAILQ_FOREACH(f, &sb->files, entry) {
		(void)snprintf(name, sizeof(name), "%04o%s",
		    (unsigned int)f->mode, f->path);
		n = record_add(buf, n, RECORD_FILE, name, f->sealed);
	}
	return (n);
}

/* Write the items to buf unless it is NULL; how long they are. */
static size_t
record_items(const struct config_sandbox *sb, uint8_t *buf)
{
	const struct config_str	*s;
	const struct config_env	*e;
	size_t			 n;

	n = record_ssh(sb, buf, 0);
	TAILQ_FOREACH(s, &sb->argv, entry)
		n = record_add(buf, n, RECORD_ARG, NULL, s->s);
	TAILQ_FOREACH(e, &sb->envs, entry)
		n = record_add(buf, n, RECORD_ENV, e->name, e->value);
	TAILQ_FOREACH(e, &sb->secrets, entry)
		n = record_add(buf, n, RECORD_SECRET, e->name, e->value);
	return (n);
}

/* The text fields are zero behind their end, since they are hashed. */
static void
target_set(struct target *t, const struct config_sandbox *sb)
{
	memset(t, 0, sizeof(*t));
	t->upstream = UPSTREAM_PTY;
	if (sb->user != NULL)
		(void)strlcpy(t->user, sb->user, sizeof(t->user));
	if (sb->ssh_host != NULL) {
		t->upstream = UPSTREAM_SSH;
		(void)strlcpy(t->host, sb->ssh_host, sizeof(t->host));
		t->port = sb->ssh_port;
	}
}

/* Which file it is, and which state of it; what it holds is not ours. */
static void
version_file(SHA2_CTX *ctx, const char *path)
{
	struct stat	 st;
	uint64_t	 fixed[5];

	memset(&st, 0, sizeof(st));
	(void)stat(path, &st);
	fixed[0] = (uint64_t)st.st_dev;
	fixed[1] = (uint64_t)st.st_ino;
	fixed[2] = (uint64_t)st.st_size;
	fixed[3] = (uint64_t)st.st_mtim.tv_sec;
	fixed[4] = (uint64_t)st.st_mtim.tv_nsec;
	SHA256Update(ctx, (const uint8_t *)fixed, sizeof(fixed));
}

/*
 * The version of a static record is the start of a hash of all that it
 * holds, so it changes with the text of the configuration, and with the file
 * of a key: who takes a key away does not want it used for new sessions.
 */
static uint64_t
record_version(const struct config_sandbox *sb, const struct target *t,
    const uint8_t *body, size_t len)
{
	SHA2_CTX	 ctx;
	uint64_t	 version;
	uint8_t		 fixed[3], hash[SHA256_DIGEST_LENGTH];

	fixed[0] = t->upstream;
	fixed[1] = (uint8_t)(t->port >> 8);
	fixed[2] = (uint8_t)t->port;
	SHA256Init(&ctx);
	SHA256Update(&ctx, fixed, sizeof(fixed));
	SHA256Update(&ctx, (const uint8_t *)t->user, sizeof(t->user));
	SHA256Update(&ctx, (const uint8_t *)t->host, sizeof(t->host));
	SHA256Update(&ctx, body, len);
	if (sb->key_file != NULL)
		version_file(&ctx, sb->key_file);
	SHA256Final(hash, &ctx);
	memcpy(&version, hash, sizeof(version));
	return (version);
}

static int
push_sandbox(struct kid *k, const struct config_sandbox *sb)
{
	struct imsg	 im;
	uint8_t		*body;
	size_t		 len;

	imsg_init(&im, IMSG_CONF_SANDBOX, 0);
	strlcpy(im.m.conf_sandbox.sandbox, sb->id,
	    sizeof(im.m.conf_sandbox.sandbox));
	target_set(&im.m.conf_sandbox.target, sb);
	len = record_items(sb, NULL);
	if ((body = malloc(len + 1)) == NULL) {
		log_warn("record of %s", sb->id);
		return (-1);
	}
	(void)record_items(sb, body);
	im.m.conf_sandbox.version = record_version(sb,
	    &im.m.conf_sandbox.target, body, len);
	im.blob = blob_create(body, len);
	free(body);
	if (im.blob == -1) {
		log_warn("record of %s", sb->id);
		return (-1);
	}
	if (kid_send(k, &im) == -1)
		return (-1);
	return (push_owners(k, sb));
}

static int
push_owners(struct kid *k, const struct config_sandbox *sb)
{
	const struct config_str	*owner;
	struct imsg		 im;

	TAILQ_FOREACH(owner, &sb->owners, entry) {
		imsg_init(&im, IMSG_CONF_OWNER, 0);
		strlcpy(im.m.conf_owner.owner, owner->s,
		    sizeof(im.m.conf_owner.owner));
		if (kid_send(k, &im) == -1)
			return (-1);
	}
	return (0);
}
