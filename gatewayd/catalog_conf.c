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

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "blob.h"
#include "catalog_conf.h"
#include "known_hosts.h"
#include "learned.h"
#include "log.h"

/* Integers that JSON keeps exactly, so no claim is further off. */
#define SECONDS_MAX	((uint64_t)9007199254740991)

/* A key file may end with a newline that is not part of the secret. */
#define KEY_ROOM	(TOKEN_KEY_MAX + 2)

static void	 conf_fail(struct catalog_conf *, const char *, ...)
		    PRINTFLIKE(2, 3);
static int64_t	 seconds(uint64_t);
static int	 identity(uint8_t);
static uint8_t	*file_read(int, size_t, size_t *);
static void	 known_warn_line(size_t, const char *, void *);

struct catalog_conf *
catalog_conf_new(void)
{
	struct catalog_conf	*conf;

	if ((conf = calloc(1, sizeof(*conf))) == NULL)
		return (NULL);
	if ((conf->records = static_new()) == NULL) {
		free(conf);
		return (NULL);
	}
	conf->compose.check = HOSTCHECK_YES;
	return (conf);
}

void
catalog_conf_free(struct catalog_conf *conf)
{
	struct token_key	*key;
	size_t			 i, j;

	if (conf == NULL)
		return;
	for (i = 0; i < nitems(conf->apis); i++)
		for (j = 0; j < conf->apis[i].nkeys; j++) {
			key = &conf->apis[i].keys[j];
			freezero((void *)(uintptr_t)key->key, KEY_ROOM);
		}
	static_free(conf->records);
	known_hosts_free(conf->compose.known);
	learned_close(conf->compose.learned);
	free(conf);
}

static void
conf_fail(struct catalog_conf *conf, const char *fmt, ...)
{
	va_list	 ap;

	if (conf->why[0] != '\0')
		return;
	va_start(ap, fmt);
	(void)vsnprintf(conf->why, sizeof(conf->why), fmt, ap);
	va_end(ap);
}

/* "For ever" must not overflow when a time is added to it. */
static int64_t
seconds(uint64_t n)
{
	return ((int64_t)(n > SECONDS_MAX ? SECONDS_MAX : n));
}

/* Users of pocketenv are DIDs; where another name is one, it is a forgery. */
static int
identity(uint8_t api)
{
	return (api == API_POCKETENV ? TOKEN_ID_DID : TOKEN_ID_ANY);
}

void
catalog_conf_api(struct catalog_conf *conf, const struct msg_conf_api *m)
{
	struct catalog_api	*api;

	api = &conf->apis[m->api];
	if (api->configured) {
		conf_fail(conf, "api %u is defined twice", m->api);
		return;
	}
	api->configured = 1;
	api->policy.grace = seconds(m->grace);
	api->policy.max_age = seconds(m->max_age);
	api->policy.identity = identity(m->api);
}

/*
 * All of a file, but at most `room' bytes.  The offset is given with each
 * read, so nobody else who holds the same open file can move it.
 */
static uint8_t *
file_read(int fd, size_t room, size_t *len)
{
	uint8_t	*p;
	size_t	 n;
	ssize_t	 r;

	if ((p = malloc(room)) == NULL)
		return (NULL);
	for (n = 0; n < room; n += (size_t)r) {
		do
			r = pread(fd, p + n, room - n, (off_t)n);
		while (r == -1 && errno == EINTR);
		if (r == -1) {
			freezero(p, room);
			return (NULL);
		}
		if (r == 0)
			break;
	}
	*len = n;
	return (p);
}

void
catalog_conf_key(struct catalog_conf *conf, const struct msg_conf_key *m,
    int fd)
{
	struct catalog_api	*api;
	struct token_key	*key;
	const char		*alg, *why;
	uint8_t			*p;
	size_t			 len;

	api = &conf->apis[m->api];
	alg = token_alg_name((enum token_alg)m->alg);
	if (!api->configured) {
		conf_fail(conf, "key without an api");
		return;
	}
	if (api->nkeys == nitems(api->keys)) {
		conf_fail(conf, "more than %zu keys", nitems(api->keys));
		return;
	}
	if ((p = file_read(fd, KEY_ROOM, &len)) == NULL) {
		conf_fail(conf, "%s key: %s", alg, strerror(errno));
		return;
	}
	if (m->alg == TOKEN_HS256 && len > 0 && p[len - 1] == '\n')
		len--;
	key = &api->keys[api->nkeys++];
	key->alg = (enum token_alg)m->alg;
	key->key = p;
	key->keylen = len;
	strlcpy(key->kid, m->kid, sizeof(key->kid));
	strlcpy(key->issuer, m->issuer, sizeof(key->issuer));
	if (token_key_check(key, &why) == -1)
		conf_fail(conf, "%s key: %s", alg, why);
	else if (why != NULL)
		log_warnx("%s key: %s", alg, why);
}

void
catalog_conf_catalog(struct catalog_conf *conf,
    const struct msg_conf_catalog *m)
{
	conf->compose.check = m->hostcheck;
}

static void
known_warn_line(size_t line, const char *text, void *arg UNUSED)
{
	log_warnx("known hosts: line %zu: %s", line, text);
}

void
catalog_conf_known(struct catalog_conf *conf, int fd)
{
	const char	*why;
	uint8_t		*p;
	size_t		 len;

	if (conf->compose.known != NULL) {
		conf_fail(conf, "two files of known hosts");
		return;
	}
	/* One byte more shows that there is more. */
	if ((p = file_read(fd, KNOWN_FILE_MAX + 1, &len)) == NULL) {
		conf_fail(conf, "known hosts: %s", strerror(errno));
		return;
	}
	if ((conf->compose.known = known_hosts_parse(p, len, known_warn_line,
	    NULL, &why)) == NULL)
		conf_fail(conf, "known hosts: %s", why);
	free(p);
}

void
catalog_conf_learned(struct catalog_conf *conf, int fd)
{
	const char	*why;

	if (conf->compose.learned != NULL)
		conf_fail(conf, "two files of learned hosts");
	else if ((conf->compose.learned = learned_open(fd, &why)) == NULL)
		conf_fail(conf, "learned hosts: %s", why);
}

void
catalog_conf_sandbox(struct catalog_conf *conf,
    const struct msg_conf_sandbox *m, int blob)
{
	const uint8_t	*body;
	const char	*why;
	size_t		 len;

	if (conf->why[0] != '\0')
		return;
	if (blob_map(blob, BLOB_RECORD_MAX, &body, &len) == -1) {
		conf_fail(conf, "sandbox %s: %s", m->sandbox,
		    strerror(errno));
		return;
	}
	if (static_add(conf->records, m, body, len, &why) == -1)
		conf_fail(conf, "sandbox %s: %s", m->sandbox, why);
	blob_unmap(body, len);
}

void
catalog_conf_owner(struct catalog_conf *conf, const struct msg_conf_owner *m)
{
	const char	*why;

	if (conf->why[0] == '\0' &&
	    static_add_owner(conf->records, m->owner, &why) == -1)
		conf_fail(conf, "%s", why);
}

int
catalog_conf_check(struct catalog_conf *conf)
{
	const char	*why;
	size_t		 i;

	for (i = 0; i < nitems(conf->apis); i++)
		if (conf->apis[i].configured && conf->apis[i].nkeys == 0)
			conf_fail(conf, "api %zu has no key", i);
	if (conf->compose.check == HOSTCHECK_ACCEPT_NEW &&
	    conf->compose.learned == NULL)
		conf_fail(conf, "no file for learned hosts");
	if (conf->why[0] == '\0' && static_check(conf->records, &why) == -1)
		conf_fail(conf, "%s", why);
	return (conf->why[0] == '\0' ? 0 : -1);
}
