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

#include <sys/socket.h>
#include <sys/un.h>

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "conf_lex.h"
#include "conf_load.h"
#include "conf_set.h"

#define SESSION_ROOM	(8 * MIB)	/* the least a worker with one needs */

static void	 fail_block(struct parse *, const char *, ...)
		    PRINTFLIKE(2, 3);
static void	 warn_block(struct parse *, const char *, ...)
		    PRINTFLIKE(2, 3);
static int64_t	 unit_of(int64_t);
static const char
		*unit_name(int64_t);
static void	 str_add(struct parse *, struct config_strs *, const char *,
		    const char *, size_t);
static void	 str_append(struct parse *, struct config_strs *,
		    const char *);
static struct config_listen
		*listen_new(struct parse *, const char *, int64_t, uint16_t);
static int	 listen_known(struct parse *, const struct config_listen *);
static int	 same(const char *, const char *);
static void	 env_add(struct parse *, struct config_envs *, const char *,
		    const char *, size_t);
static int	 env_known(const struct config_envs *, const char *);
static void	 set_pty_end(struct parse *);

void
set_fail(struct parse *p, const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	lex_report(&p->lex, p->lex.line, 1, fmt, ap);
	va_end(ap);
}

void
set_fail_line(struct parse *p, int line, const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	lex_report(&p->lex, line, 1, fmt, ap);
	va_end(ap);
}

void
set_warn(struct parse *p, const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	lex_report(&p->lex, p->lex.line, 0, fmt, ap);
	va_end(ap);
}

/* An error of the whole block; the line is where it began. */
static void
fail_block(struct parse *p, const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	lex_report(&p->lex, p->block, 1, fmt, ap);
	va_end(ap);
}

static void
warn_block(struct parse *p, const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	lex_report(&p->lex, p->block, 0, fmt, ap);
	va_end(ap);
}

int
set_once(struct parse *p, enum once what, const char *name)
{
	if (p->seen & ONCE_BIT(what)) {
		set_fail(p, "%s is given twice", name);
		return (0);
	}
	p->seen |= ONCE_BIT(what);
	return (1);
}

int
set_in_range(struct parse *p, const char *name, int64_t n, int64_t min,
    int64_t max)
{
	if (n >= min && n <= max)
		return (1);
	set_fail(p, "%s must be %lld to %lld, not %lld", name, (long long)min,
	    (long long)max, (long long)n);
	return (0);
}

void
set_number(struct parse *p, enum once what, const char *name, uint32_t *value,
    int64_t n, uint32_t min, uint32_t max)
{
	if (set_once(p, what, name) && set_in_range(p, name, n, min, max))
		*value = (uint32_t)n;
}

void
set_requests(struct parse *p, int64_t n, int64_t window)
{
	set_number(p, ONCE_REQUESTS, "limit requests", &p->conf->requests, n,
	    1, 1000000);
	if (set_in_range(p, "the time of limit requests", window, 1, 3600))
		p->conf->requests_window = (uint32_t)window;
}

int
set_bytes(struct parse *p, enum once what, const char *name, int64_t n,
    int64_t min, int64_t max)
{
	if (!set_once(p, what, name))
		return (0);
	if (n >= min && n <= max)
		return (1);
	set_fail(p, "%s must be %lld %s to %lld %s", name,
	    (long long)(min / unit_of(min)), unit_name(min),
	    (long long)(max / unit_of(max)), unit_name(max));
	return (0);
}

/* The largest unit that a bound has at least one of. */
static int64_t
unit_of(int64_t n)
{
	return (n >= GIB ? GIB : n >= MIB ? MIB : KIB);
}

static const char *
unit_name(int64_t n)
{
	return (n >= GIB ? "gb" : n >= MIB ? "mb" : "kb");
}

void
set_copy(struct parse *p, char **to, const char *s)
{
	char	*copy;

	if ((copy = strdup(s)) == NULL) {
		lex_no_memory(&p->lex);
		return;
	}
	free(*to);
	*to = copy;
}

void
set_user(struct parse *p, enum once what, const char *name, char **to,
    const char *s)
{
	if (!set_once(p, what, name))
		return;
	if (!config_is_user(s))
		set_fail(p, "\"%.*s\" is no account name", QUOTE_MAX, s);
	else
		set_copy(p, to, s);
}

int
set_is_path(struct parse *p, const char *what, const char *s)
{
	if (config_is_path(s))
		return (1);
	set_fail(p, "%s must be an absolute path of at most %d bytes", what,
	    PATH_TEXT_MAX);
	return (0);
}

/* Add to a list that takes each text once and has a bound. */
static void
str_add(struct parse *p, struct config_strs *strs, const char *what,
    const char *s, size_t max)
{
	struct config_str	*str;
	size_t			 n;

	n = 0;
	TAILQ_FOREACH(str, strs, entry) {
		if (strcmp(str->s, s) == 0) {
			set_fail(p, "%s \"%.*s\" is given twice", what,
			    QUOTE_MAX, s);
			return;
		}
		n++;
	}
	if (n >= max)
		set_fail(p, "more than %zu lines of %s", max, what);
	else
		str_append(p, strs, s);
}

static void
str_append(struct parse *p, struct config_strs *strs, const char *s)
{
	struct config_str	*str;

	if ((str = calloc(1, sizeof(*str))) == NULL ||
	    (str->s = strdup(s)) == NULL) {
		free(str);
		lex_no_memory(&p->lex);
		return;
	}
	TAILQ_INSERT_TAIL(strs, str, entry);
}

void
set_seal_key(struct parse *p, const char *path)
{
	if (set_is_path(p, "seal key", path))
		str_add(p, &p->conf->seal_keys, "seal key", path,
		    CONF_SEAL_MAX);
}

static struct config_listen *
listen_new(struct parse *p, const char *s, int64_t port, uint16_t byname)
{
	struct config_listen	*listen;

	if (port == -1)
		port = byname;
	else if (!set_in_range(p, "port", port, 1, UINT16_MAX))
		return (NULL);
	if ((listen = calloc(1, sizeof(*listen))) == NULL) {
		lex_no_memory(&p->lex);
		return (NULL);
	}
	if (config_addr(s, (uint16_t)port, listen) == -1) {
		set_fail(p, "\"%.*s\" is no IPv4 or IPv6 address", QUOTE_MAX,
		    s);
		free(listen);
		return (NULL);
	}
	return (listen);
}

static int
listen_known(struct parse *p, const struct config_listen *listen)
{
	const struct config_listen	*l;

	TAILQ_FOREACH(l, &p->conf->listens, entry)
		if (memcmp(&l->ss, &listen->ss, sizeof(l->ss)) == 0)
			return (1);
	l = p->conf->metrics;
	return (l != NULL && memcmp(&l->ss, &listen->ss, sizeof(l->ss)) == 0);
}

void
set_listen(struct parse *p, const char *s, int64_t port)
{
	struct config_listen	*l, *listen;
	int			 n;

	if ((listen = listen_new(p, s, port, CONF_LISTEN_PORT)) == NULL)
		return;
	n = 0;
	TAILQ_FOREACH(l, &p->conf->listens, entry)
		n++;
	if (listen_known(p, listen))
		set_fail(p, "address and port are in use by another line");
	else if (n >= CONF_LISTEN_MAX)
		set_fail(p, "more than %d lines of listen", CONF_LISTEN_MAX);
	else {
		TAILQ_INSERT_TAIL(&p->conf->listens, listen, entry);
		return;
	}
	free(listen);
}

void
set_metrics(struct parse *p, const char *s, int64_t port)
{
	struct config_listen	*listen;

	if (!set_once(p, ONCE_METRICS, "metrics") ||
	    (listen = listen_new(p, s, port, CONF_METRICS_PORT)) == NULL)
		return;
	if (listen_known(p, listen)) {
		set_fail(p, "address and port are in use by another line");
		free(listen);
	} else
		p->conf->metrics = listen;
}

void
set_control(struct parse *p, const char *s)
{
	struct sockaddr_un	 sun;

	if (!set_once(p, ONCE_CONTROL, "control socket") ||
	    !set_is_path(p, "control socket", s))
		return;
	if (strlen(s) >= sizeof(sun.sun_path))
		set_fail(p, "control socket must have at most %zu bytes",
		    sizeof(sun.sun_path) - 1);
	else
		set_copy(p, &p->conf->control, s);
}

void
set_proxy(struct parse *p, const char *s)
{
	struct config_net	*n, *net;
	int			 count;

	if ((net = calloc(1, sizeof(*net))) == NULL) {
		lex_no_memory(&p->lex);
		return;
	}
	if (config_net(s, net) == -1) {
		set_fail(p, "\"%.*s\" is no network: address/bits, the rest "
		    "zero", QUOTE_MAX, s);
		free(net);
		return;
	}
	count = 0;
	TAILQ_FOREACH(n, &p->conf->proxies, entry) {
		if (n->family == net->family && n->prefix == net->prefix &&
		    memcmp(n->addr, net->addr, sizeof(n->addr)) == 0)
			break;
		count++;
	}
	if (n != NULL)
		set_fail(p, "proxy \"%s\" is given twice", s);
	else if (count >= CONF_PROXY_MAX)
		set_fail(p, "more than %d lines of proxy", CONF_PROXY_MAX);
	else {
		TAILQ_INSERT_TAIL(&p->conf->proxies, net, entry);
		return;
	}
	free(net);
}

/* "LOW-HIGH".  (uid_t)-1 means none, and 0 would make a worker root. */
void
set_uids(struct parse *p, const char *s)
{
	const char	*dash, *errstr;
	char		 low[16];
	long long	 from, to;

	if (!set_once(p, ONCE_UIDS, "worker uids"))
		return;
	if ((dash = strchr(s, '-')) == NULL ||
	    (size_t)(dash - s) >= sizeof(low)) {
		set_fail(p, "worker uids must be LOW-HIGH");
		return;
	}
	(void)strlcpy(low, s, (size_t)(dash - s) + 1);
	from = strtonum(low, 1, UINT32_MAX - 1, &errstr);
	to = 0;
	if (errstr == NULL)
		to = strtonum(dash + 1, 1, UINT32_MAX - 1, &errstr);
	if (errstr != NULL)
		set_fail(p, "worker uids must be numbers of 1 to %u",
		    UINT32_MAX - 1);
	else if (to < from || to - from >= CONF_UIDS_MAX)
		set_fail(p, "worker uids must be 1 to %d uids", CONF_UIDS_MAX);
	else {
		p->conf->uid_low = (uint32_t)from;
		p->conf->uid_high = (uint32_t)to;
	}
}

int
set_api(struct parse *p, int number)
{
	struct config_api	*api;

	TAILQ_FOREACH(api, &p->conf->apis, entry)
		if (api->api == number)
			set_fail(p, "api %s is given twice",
			    config_api_name(number));
	if ((api = calloc(1, sizeof(*api))) == NULL) {
		lex_no_memory(&p->lex);
		return (-1);
	}
	api->api = number;
	api->expiry_grace = CONF_EXPIRY_GRACE;
	api->max_age = CONF_MAX_AGE;
	TAILQ_INIT(&api->auths);
	TAILQ_INIT(&api->origins);
	TAILQ_INSERT_TAIL(&p->conf->apis, api, entry);
	p->api = api;
	p->seen &= ~ONCE_API;
	p->block = lex_block(&p->lex);
	p->skipped = p->lex.skipped;
	return (0);
}

void
set_api_end(struct parse *p)
{
	p->api = NULL;
	/* What is missing may be the line that was skipped. */
	if (p->lex.skipped != p->skipped)
		return;
	if (!(p->seen & ONCE_BIT(ONCE_AUTH)))
		fail_block(p, "api has no auth jwt line");
}

void
set_auth_text(struct parse *p, const char **to, const char *what,
    const char *s, size_t max)
{
	if (*to != NULL)
		set_fail(p, "%s is given twice", what);
	else if (s[0] == '\0' || strlen(s) > max)
		set_fail(p, "%s must have 1 to %zu bytes", what, max);
	else
		*to = s;
}

static int
same(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return (a == b);
	return (strcmp(a, b) == 0);
}

void
set_auth(struct parse *p, enum config_alg alg, const char *file)
{
	struct config_auth	*a, *auth;
	int			 n;

	p->seen |= ONCE_BIT(ONCE_AUTH);
	if (!set_is_path(p, "key file", file))
		return;
	n = 0;
	TAILQ_FOREACH(a, &p->api->auths, entry) {
		if (a->alg == alg && same(a->file, file) &&
		    same(a->issuer, p->issuer) && same(a->kid, p->kid)) {
			set_fail(p, "auth line is given twice");
			return;
		}
		n++;
	}
	if (n >= CONF_AUTH_MAX) {
		set_fail(p, "more than %d lines of auth jwt", CONF_AUTH_MAX);
		return;
	}
	if ((auth = calloc(1, sizeof(*auth))) == NULL) {
		lex_no_memory(&p->lex);
		return;
	}
	auth->alg = alg;
	set_copy(p, &auth->file, file);
	if (p->issuer != NULL)
		set_copy(p, &auth->issuer, p->issuer);
	if (p->kid != NULL)
		set_copy(p, &auth->kid, p->kid);
	TAILQ_INSERT_TAIL(&p->api->auths, auth, entry);
}

void
set_origin(struct parse *p, const char *s)
{
	if (!config_is_origin(s))
		set_fail(p, "\"%.*s\" is no origin as browsers send it",
		    QUOTE_MAX, s);
	else
		str_add(p, &p->api->origins, "origin", s, CONF_ORIGIN_MAX);
}

int
set_sandbox(struct parse *p, const char *id)
{
	struct config_sandbox	*sb;

	if (!config_is_id(id))
		set_fail(p, "a sandbox id has 1 to %d of A-Z a-z 0-9 . _ -",
		    SANDBOX_ID_MAX);
	if ((sb = calloc(1, sizeof(*sb))) == NULL ||
	    (sb->id = strdup(id)) == NULL) {
		free(sb);
		lex_no_memory(&p->lex);
		return (-1);
	}
	TAILQ_INIT(&sb->owners);
	TAILQ_INIT(&sb->argv);
	TAILQ_INIT(&sb->envs);
	TAILQ_INIT(&sb->secrets);
	TAILQ_INIT(&sb->host_keys);
	TAILQ_INIT(&sb->files);
	TAILQ_INSERT_TAIL(&p->conf->sandboxes, sb, entry);
	if (RB_INSERT(config_tree, &p->conf->sandbox_tree, sb) != NULL)
		set_fail(p, "sandbox \"%.*s\" is given twice", QUOTE_MAX, id);
	if (++p->sandboxes == CONF_SANDBOX_MAX + 1)
		set_fail(p, "more than %d sandboxes", CONF_SANDBOX_MAX);
	p->sb = sb;
	p->seen &= ~ONCE_SANDBOX;
	p->envs = p->env_bytes = p->file_bytes = 0;
	memset(p->lines, 0, sizeof(p->lines));
	p->block = lex_block(&p->lex);
	p->skipped = p->lex.skipped;
	return (0);
}

void
set_sandbox_end(struct parse *p)
{
	int	 pty, ssh;

	p->sb = NULL;
	/* What is missing may be the line that was skipped. */
	if (p->lex.skipped != p->skipped)
		return;
	if (!(p->seen & ONCE_BIT(ONCE_OWNER)))
		fail_block(p, "sandbox has no owner");
	pty = (p->seen & ONCE_BIT(ONCE_PTY)) != 0;
	ssh = (p->seen & ONCE_BIT(ONCE_SSH)) != 0;
	if (pty && ssh)
		fail_block(p, "sandbox has both pty and ssh");
	else if (ssh)
		set_ssh_end(p);
	else if (pty)
		set_pty_end(p);
	else
		fail_block(p, "sandbox has neither pty nor ssh");
}

static void
set_pty_end(struct parse *p)
{
	set_no_ssh(p);
	if (p->seen & ONCE_BIT(ONCE_SANDBOX_USER))
		return;
	if (p->lex.how->flags & CONF_AS_ROOT)
		fail_block(p, "sandbox names no user, as it must when "
		    "gatewayd runs as root");
	else
		warn_block(p, "sandbox names no user, as it must when "
		    "gatewayd runs as root");
}

void
set_owner(struct parse *p, const char *s)
{
	p->seen |= ONCE_BIT(ONCE_OWNER);
	if (s[0] == '\0' || strlen(s) > PRINCIPAL_MAX)
		set_fail(p, "owner must have 1 to %d bytes", PRINCIPAL_MAX);
	else
		str_add(p, &p->sb->owners, "owner", s, CONF_OWNER_MAX);
}

void
set_arg(struct parse *p, const char *s)
{
	if (strlen(s) > CONF_VALUE_MAX)
		set_fail(p, "argument has more than %d bytes", CONF_VALUE_MAX);
	else if (p->args++ == 0 && !set_is_path(p, "the command of pty", s))
		return;
	else if (p->args == CONF_ARG_MAX + 1)
		set_fail(p, "pty has more than %d words", CONF_ARG_MAX);
	else if (p->args <= CONF_ARG_MAX)
		str_append(p, &p->sb->argv, s);
}

void
set_env(struct parse *p, const char *name, const char *value)
{
	env_add(p, &p->sb->envs, name, value, strlen(value));
}

static void
env_add(struct parse *p, struct config_envs *envs, const char *name,
    const char *value, size_t len)
{
	struct config_env	*env;

	if (!config_is_env_name(name)) {
		set_fail(p, "\"%.*s\" is no name of an environment variable",
		    QUOTE_MAX, name);
		return;
	}
	if (len > CONF_VALUE_MAX) {
		set_fail(p, "value has more than %d bytes", CONF_VALUE_MAX);
		return;
	}
	if (env_known(&p->sb->envs, name) || env_known(&p->sb->secrets, name)) {
		set_fail(p, "\"%s\" is given twice", name);
		return;
	}
	if (++p->envs == CONF_ENV_MAX + 1)
		set_fail(p, "more than %d lines of env and secret",
		    CONF_ENV_MAX);
	p->env_bytes += strlen(name) + len + 2;
	if (p->env_bytes > CONF_ENV_TOTAL)
		set_fail(p, "environment has more than %d bytes",
		    CONF_ENV_TOTAL);
	if ((env = calloc(1, sizeof(*env))) == NULL) {
		lex_no_memory(&p->lex);
		return;
	}
	set_copy(p, &env->name, name);
	set_copy(p, &env->value, value);
	TAILQ_INSERT_TAIL(envs, env, entry);
}

static int
env_known(const struct config_envs *envs, const char *name)
{
	const struct config_env	*env;

	/* A name is NULL when there was no memory for it. */
	TAILQ_FOREACH(env, envs, entry)
		if (same(env->name, name))
			return (1);
	return (0);
}

int
set_is_sealed(struct parse *p, const char *sealed, size_t max)
{
	if (!config_is_sealed(sealed, max)) {
		set_fail(p, "sealed text must be base64url without padding, "
		    "of %d to %zu chars", CONF_SEALED_MIN, max);
		return (0);
	}
	if (p->secret_of == NULL)
		p->secret_of = p->sb->id;
	return (1);
}

void
set_secret(struct parse *p, const char *name, const char *sealed)
{
	if (!set_is_sealed(p, sealed, CONF_SEALED_MAX))
		return;
	env_add(p, &p->sb->secrets, name, sealed,
	    strlen(sealed) * 3 / 4 - CONF_SEAL_BYTES);
}

void
set_end(struct parse *p, const char *name)
{
	struct config_listen	*listen;

	if (p->conf->worker_memory <
	    p->conf->replay + (uint64_t)SESSION_ROOM) {
		p->lex.errors++;
		config_report(p->lex.how, "%s: limit memory per worker must be "
		    "replay and %d mb at least", name,
		    (int)(SESSION_ROOM / MIB));
	}
	if (p->secret_of != NULL && TAILQ_EMPTY(&p->conf->seal_keys)) {
		p->lex.errors++;
		config_report(p->lex.how,
		    "%s: sandbox \"%.*s\" has sealed text, but "
		    "there is no seal key", name, QUOTE_MAX, p->secret_of);
	}
	set_hosts_end(p, name);
	if (!TAILQ_EMPTY(&p->conf->listens))
		return;
	if ((listen = calloc(1, sizeof(*listen))) == NULL ||
	    config_addr(CONF_LISTEN_ADDR, CONF_LISTEN_PORT, listen) == -1) {
		p->lex.errors++;
		config_report(p->lex.how, "%s: out of memory", name);
		free(listen);
		return;
	}
	TAILQ_INSERT_TAIL(&p->conf->listens, listen, entry);
}
