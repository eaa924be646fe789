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
#include <sys/stat.h>

#include <netinet/in.h>
#include <arpa/inet.h>

#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf.h"
#include "conf_load.h"
#include "known_hosts.h"
#include "msg_conf.h"
#include "msg_grant.h"
#include "paths.h"

#define LETTERS	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS	"0123456789"

static void	 config_envs_free(struct config_envs *);
static void	 config_api_free(struct config_api *);
static void	 config_sandbox_free(struct config_sandbox *);
static void	 config_listens_free(struct config_listens *);
static int	 config_set(char **, const char *);
static int	 made_of(const char *, size_t, const char *);
static int	 origin_host(const char *, size_t);
static int	 origin_port(const char *, const char *, size_t);
static void	 config_file_check(const char *, int, size_t, int *,
		    const struct config_how *);
static void	 config_learned_check(const char *, int *,
		    const struct config_how *);
static void	 config_file_report(const char *, const char *, int *,
		    const struct config_how *);

RB_GENERATE(config_tree, config_sandbox, node, config_sandbox_cmp)

int
config_sandbox_cmp(const struct config_sandbox *a,
    const struct config_sandbox *b)
{
	return (strcmp(a->id, b->id));
}

struct config_sandbox *
config_sandbox_find(struct config *conf, const char *id)
{
	struct config_sandbox	 key;
	char			 text[SANDBOX_ID_MAX + 1];

	if (strlcpy(text, id, sizeof(text)) >= sizeof(text))
		return (NULL);
	key.id = text;
	return (RB_FIND(config_tree, &conf->sandbox_tree, &key));
}

struct config *
config_new(void)
{
	struct config	*conf;

	if ((conf = calloc(1, sizeof(*conf))) == NULL)
		return (NULL);
	TAILQ_INIT(&conf->listens);
	TAILQ_INIT(&conf->proxies);
	TAILQ_INIT(&conf->apis);
	TAILQ_INIT(&conf->seal_keys);
	TAILQ_INIT(&conf->assets);
	TAILQ_INIT(&conf->egress);
	TAILQ_INIT(&conf->resolvers);
	TAILQ_INIT(&conf->sandboxes);
	RB_INIT(&conf->sandbox_tree);
	return (conf);
}

/*
 * Set what can be set before the file is read.  The listener is not here: it
 * is only added when the file has none, see the end of config_parse_stream().
 */
int
config_defaults(struct config *conf)
{
	conf->frontends = CONF_FRONTENDS;
	conf->uid_low = CONF_UID_LOW;
	conf->uid_high = CONF_UID_HIGH;
	conf->page = 1;
	conf->sessions_sandbox = CONF_SESSIONS_SANDBOX;
	conf->sessions_principal = CONF_SESSIONS_PRINCIPAL;
	conf->viewers_session = CONF_VIEWERS_SESSION;
	conf->requests = CONF_REQUESTS;
	conf->requests_window = CONF_REQUESTS_WINDOW;
	conf->worker_memory = CONF_WORKER_MEMORY;
	conf->host_check = CONF_HOST_CHECK;
	conf->dials_worker = CONF_DIALS_WORKER;
	conf->timeout_request = CONF_TIMEOUT_REQUEST;
	conf->timeout_resolve = CONF_TIMEOUT_RESOLVE;
	conf->timeout_connect = CONF_TIMEOUT_CONNECT;
	conf->timeout_handshake = CONF_TIMEOUT_HANDSHAKE;
	conf->timeout_channel = CONF_TIMEOUT_CHANNEL;
	conf->timeout_ping = CONF_TIMEOUT_PING;
	conf->timeout_stalled = CONF_TIMEOUT_STALLED;
	conf->timeout_idle = CONF_TIMEOUT_IDLE;
	conf->detached_ssh = CONF_DETACHED_SSH;
	conf->detached_tty = CONF_DETACHED_TTY;
	conf->detached_terminal = CONF_DETACHED_TERMINAL;
	conf->recheck = CONF_RECHECK;
	conf->replay = CONF_REPLAY;
	if (config_set(&conf->control, path_control) == -1 ||
	    config_set(&conf->learned_hosts, CONF_LEARNED_HOSTS) == -1 ||
	    config_set(&conf->user, CONF_USER) == -1 ||
	    config_set(&conf->user_catalog, CONF_USER_CATALOG) == -1 ||
	    config_set(&conf->user_dialer, CONF_USER_DIALER) == -1 ||
	    config_set(&conf->user_control, CONF_USER_CONTROL) == -1)
		return (-1);
	return (0);
}

static int
config_set(char **p, const char *s)
{
	free(*p);
	*p = strdup(s);
	return (*p == NULL ? -1 : 0);
}

const char *
config_api_name(int api)
{
	return (api == API_TERMINAL ? "terminal" : "pocketenv");
}

void
config_strs_free(struct config_strs *strs)
{
	struct config_str	*str;

	while ((str = TAILQ_FIRST(strs)) != NULL) {
		TAILQ_REMOVE(strs, str, entry);
		free(str->s);
		free(str);
	}
}

static void
config_envs_free(struct config_envs *envs)
{
	struct config_env	*env;

	while ((env = TAILQ_FIRST(envs)) != NULL) {
		TAILQ_REMOVE(envs, env, entry);
		free(env->name);
		free(env->value);
		free(env);
	}
}

static void
config_api_free(struct config_api *api)
{
	struct config_auth	*auth;

	while ((auth = TAILQ_FIRST(&api->auths)) != NULL) {
		TAILQ_REMOVE(&api->auths, auth, entry);
		free(auth->file);
		free(auth->issuer);
		free(auth->kid);
		free(auth);
	}
	config_strs_free(&api->origins);
	free(api);
}

static void
config_sandbox_free(struct config_sandbox *sb)
{
	struct config_hostkey	*hk;
	struct config_file	*f;

	while ((hk = TAILQ_FIRST(&sb->host_keys)) != NULL) {
		TAILQ_REMOVE(&sb->host_keys, hk, entry);
		free(hk->type);
		free(hk->fingerprint);
		free(hk);
	}
	while ((f = TAILQ_FIRST(&sb->files)) != NULL) {
		TAILQ_REMOVE(&sb->files, f, entry);
		free(f->path);
		free(f->sealed);
		free(f);
	}
	config_strs_free(&sb->owners);
	config_strs_free(&sb->argv);
	config_envs_free(&sb->envs);
	config_envs_free(&sb->secrets);
	free(sb->user);
	free(sb->ssh_host);
	free(sb->ssh_user);
	free(sb->key_sealed);
	free(sb->key_file);
	free(sb->passphrase);
	free(sb->password);
	free(sb->id);
	free(sb);
}

static void
config_listens_free(struct config_listens *listens)
{
	struct config_listen	*listen;

	while ((listen = TAILQ_FIRST(listens)) != NULL) {
		TAILQ_REMOVE(listens, listen, entry);
		free(listen);
	}
}

void
config_assets_free(struct config *conf)
{
	struct config_asset	*asset;

	while ((asset = TAILQ_FIRST(&conf->assets)) != NULL) {
		TAILQ_REMOVE(&conf->assets, asset, entry);
		(void)close(asset->blob);
		free(asset);
	}
}

void
config_free(struct config *conf)
{
	struct config_net	*net;
	struct config_egress	*egress;
	struct config_api	*api;
	struct config_sandbox	*sb;

	if (conf == NULL)
		return;
	config_listens_free(&conf->listens);
	config_listens_free(&conf->resolvers);
	while ((egress = TAILQ_FIRST(&conf->egress)) != NULL) {
		TAILQ_REMOVE(&conf->egress, egress, entry);
		free(egress);
	}
	while ((net = TAILQ_FIRST(&conf->proxies)) != NULL) {
		TAILQ_REMOVE(&conf->proxies, net, entry);
		free(net);
	}
	while ((api = TAILQ_FIRST(&conf->apis)) != NULL) {
		TAILQ_REMOVE(&conf->apis, api, entry);
		config_api_free(api);
	}
	while ((sb = TAILQ_FIRST(&conf->sandboxes)) != NULL) {
		TAILQ_REMOVE(&conf->sandboxes, sb, entry);
		config_sandbox_free(sb);
	}
	config_strs_free(&conf->seal_keys);
	config_assets_free(conf);
	free(conf->metrics);
	free(conf->known_hosts);
	free(conf->learned_hosts);
	free(conf->control);
	free(conf->user);
	free(conf->user_catalog);
	free(conf->user_dialer);
	free(conf->user_control);
	free(conf);
}

/* Sandbox ids stand in URLs, titles and logs: nothing there needs escaping. */
int
config_is_id(const char *s)
{
	return (made_of(s, SANDBOX_ID_MAX, LETTERS DIGITS "._-"));
}

/* 1 to max of these characters. */
static int
made_of(const char *s, size_t max, const char *set)
{
	size_t	 len;

	len = strlen(s);
	return (len >= 1 && len <= max && strspn(s, set) == len);
}

int
config_is_env_name(const char *s)
{
	return (!isdigit((unsigned char)s[0]) &&
	    made_of(s, CONF_NAME_MAX, LETTERS DIGITS "_"));
}

int
config_is_macro(const char *s)
{
	return (made_of(s, CONF_NAME_MAX, LETTERS DIGITS "_"));
}

/* A portable account name; a name of digits alone would read like a uid. */
int
config_is_user(const char *s)
{
	return (s[0] != '-' && s[0] != '.' &&
	    !made_of(s, USER_NAME_MAX, DIGITS) &&
	    made_of(s, USER_NAME_MAX, LETTERS DIGITS "._-"));
}

int
config_is_path(const char *s)
{
	return (s[0] == '/' && s[1] != '\0' && strlen(s) <= PATH_TEXT_MAX);
}

/*
 * An origin is compared byte for byte with what browsers send, so it has to
 * be written as they do (RFC 6454 section 6.2): lower case, no path, and no
 * port that is its scheme's own.
 */
int
config_is_origin(const char *s)
{
	const char	*host, *end;
	size_t		 len;

	if (strlen(s) > ORIGIN_MAX || !islower((unsigned char)s[0]))
		return (0);
	len = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789+-.");
	if (strncmp(s + len, "://", 3) != 0)
		return (0);
	host = s + len + 3;
	if (host[0] == '[') {
		if ((end = strchr(host, ']')) == NULL)
			return (0);
		end++;
	} else
		end = host + strcspn(host, ":");
	if (!origin_host(host, (size_t)(end - host)))
		return (0);
	return (end[0] == '\0' ||
	    (end[0] == ':' && origin_port(end + 1, s, len)));
}

static int
origin_host(const char *host, size_t len)
{
	struct in6_addr	 in6;
	char		 text[INET6_ADDRSTRLEN], again[INET6_ADDRSTRLEN];

	if (host[0] != '[')
		return (len > 0 && strspn(host,
		    "abcdefghijklmnopqrstuvwxyz0123456789._-") == len);
	if (len - 2 >= sizeof(text))
		return (0);
	memcpy(text, host + 1, len - 2);
	text[len - 2] = '\0';
	return (inet_pton(AF_INET6, text, &in6) == 1 &&
	    inet_ntop(AF_INET6, &in6, again, sizeof(again)) != NULL &&
	    strcmp(text, again) == 0);
}

static int
origin_port(const char *port, const char *scheme, size_t len)
{
	const char	*errstr;
	long long	 n;

	n = strtonum(port, 1, UINT16_MAX, &errstr);
	if (errstr != NULL || port[0] < '1' || port[0] > '9')
		return (0);
	return (!(len == 4 && strncmp(scheme, "http", 4) == 0 && n == 80) &&
	    !(len == 5 && strncmp(scheme, "https", 5) == 0 && n == 443));
}

/* Only the form: whether it opens, the worker that has the key will see. */
int
config_is_sealed(const char *s, size_t max)
{
	size_t	 len;

	len = strlen(s);
	return (len >= CONF_SEALED_MIN && len % 4 != 1 &&
	    made_of(s, max, LETTERS DIGITS "-_"));
}

/*
 * inet_pton() and not getaddrinfo(), which opens sockets for scope ids.  A
 * v4-mapped address is refused, it would be a second way to say the same.
 */
int
config_addr(const char *s, uint16_t port, struct config_listen *listen)
{
	struct sockaddr_in	 sin;
	struct sockaddr_in6	 sin6;

	memset(&sin, 0, sizeof(sin));
	memset(&sin6, 0, sizeof(sin6));
	memset(&listen->ss, 0, sizeof(listen->ss));
	if (inet_pton(AF_INET, s, &sin.sin_addr) == 1) {
		sin.sin_family = AF_INET;
		sin.sin_port = htons(port);
		memcpy(&listen->ss, &sin, sizeof(sin));
		listen->len = sizeof(sin);
		return (0);
	}
	if (inet_pton(AF_INET6, s, &sin6.sin6_addr) != 1 ||
	    IN6_IS_ADDR_V4MAPPED(&sin6.sin6_addr))
		return (-1);
	sin6.sin6_family = AF_INET6;
	sin6.sin6_port = htons(port);
	memcpy(&listen->ss, &sin6, sizeof(sin6));
	listen->len = sizeof(sin6);
	return (0);
}

/* A network "address/bits" whose host part is zero, or an address alone. */
int
config_net(const char *s, struct config_net *net)
{
	struct config_listen	 listen;
	struct sockaddr_in	 sin;
	struct sockaddr_in6	 sin6;
	const char		*errstr;
	char			 text[INET6_ADDRSTRLEN];
	size_t			 len;
	int			 bit, bits;

	len = strcspn(s, "/");
	if (len >= sizeof(text))
		return (-1);
	memcpy(text, s, len);
	text[len] = '\0';
	if (config_addr(text, 0, &listen) == -1)
		return (-1);
	memset(net->addr, 0, sizeof(net->addr));
	net->family = listen.ss.ss_family;
	if (net->family == AF_INET) {
		memcpy(&sin, &listen.ss, sizeof(sin));
		memcpy(net->addr, &sin.sin_addr, sizeof(sin.sin_addr));
		bits = 32;
	} else {
		memcpy(&sin6, &listen.ss, sizeof(sin6));
		memcpy(net->addr, &sin6.sin6_addr, sizeof(sin6.sin6_addr));
		bits = 128;
	}
	net->prefix = (uint8_t)bits;
	if (s[len] == '/') {
		net->prefix = (uint8_t)strtonum(s + len + 1, 0, bits, &errstr);
		if (errstr != NULL)
			return (-1);
	}
	for (bit = net->prefix; bit < bits; bit++)
		if (net->addr[bit / 8] & (0x80 >> bit % 8))
			return (-1);
	return (0);
}

int
config_open_learned(const char *path, int create, const char **why)
{
	struct stat	 st;
	int		 fd;

	if ((fd = open(path, O_RDWR | O_APPEND | O_NOFOLLOW | O_CLOEXEC |
	    O_NONBLOCK | (create ? O_CREAT : 0), S_IRUSR | S_IWUSR)) == -1) {
		*why = errno == ELOOP ? "is a symbolic link" :
		    "cannot be opened";
		if (errno == ELOOP)
			errno = 0;
		return (-1);
	}
	*why = NULL;
	if (fstat(fd, &st) == -1) {
		*why = "cannot be checked";
		(void)close(fd);
		return (-1);
	}
	if (!S_ISREG(st.st_mode))
		*why = "is not a regular file";
	else if (st.st_uid != 0 && st.st_uid != geteuid())
		*why = "does not belong to root or to us";
	else if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		*why = "can be written by group or others";
	if (*why != NULL) {
		(void)close(fd);
		errno = 0;
		return (-1);
	}
	return (fd);
}

int
config_open_file(const char *path, int kind, size_t max, const char **why)
{
	struct stat	 st;
	int		 fd;

	/* Without O_NONBLOCK a fifo in its place would hold us up. */
	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) == -1) {
		*why = "cannot be opened";
		return (-1);
	}
	*why = NULL;
	if (fstat(fd, &st) == -1) {
		*why = "cannot be checked";
		(void)close(fd);
		return (-1);
	}
	if (!S_ISREG(st.st_mode))
		*why = "is not a regular file";
	else if (st.st_uid != 0 && st.st_uid != geteuid())
		*why = "does not belong to root or to us";
	else if (kind == CONF_SECRET &&
	    (st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		*why = "gives rights to group or others";
	else if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		*why = "can be written by group or others";
	else if (st.st_size == 0 && kind != CONF_TEXT)
		*why = "is empty";
	else if ((uintmax_t)st.st_size > max)
		*why = "is too large";
	if (*why != NULL) {
		(void)close(fd);
		errno = 0;
		return (-1);
	}
	return (fd);
}

int
config_check_files(const struct config *conf, const struct config_how *how)
{
	const struct config_api		*api;
	const struct config_auth	*auth;
	const struct config_str		*key;
	const struct config_sandbox	*sb;
	int				 errors;

	errors = 0;
	TAILQ_FOREACH(api, &conf->apis, entry)
		TAILQ_FOREACH(auth, &api->auths, entry)
			config_file_check(auth->file, auth->alg == CONF_HS256 ?
			    CONF_SECRET : CONF_PUBLIC, CONF_KEY_FILE_MAX,
			    &errors, how);
	TAILQ_FOREACH(key, &conf->seal_keys, entry)
		config_file_check(key->s, CONF_SECRET, CONF_KEY_FILE_MAX,
		    &errors, how);
	if (conf->known_hosts != NULL)
		config_file_check(conf->known_hosts, CONF_TEXT,
		    KNOWN_FILE_MAX, &errors, how);
	if (conf->host_check == HOSTCHECK_ACCEPT_NEW)
		config_learned_check(conf->learned_hosts, &errors, how);
	TAILQ_FOREACH(sb, &conf->sandboxes, entry)
		if (sb->key_file != NULL)
			config_file_check(sb->key_file, CONF_SECRET,
			    CONF_KEY_FILE_MAX, &errors, how);
	return (errors);
}

static void
config_file_check(const char *path, int kind, size_t max, int *errors,
    const struct config_how *how)
{
	const char	*why;
	int		 fd;

	if ((fd = config_open_file(path, kind, max, &why)) != -1)
		(void)close(fd);
	else
		config_file_report(path, why, errors, how);
}

/* A check makes no file: it is enough that there is a place for it. */
static void
config_learned_check(const char *path, int *errors,
    const struct config_how *how)
{
	const char	*slash, *why;
	struct stat	 st;
	char		 dir[PATH_TEXT_MAX + 1];
	int		 fd;

	if ((fd = config_open_learned(path, 0, &why)) != -1) {
		(void)close(fd);
		return;
	}
	if (errno == ENOENT && (slash = strrchr(path, '/')) != NULL) {
		(void)snprintf(dir, sizeof(dir), "%.*s/",
		    (int)(slash - path), path);
		if (stat(dir, &st) == 0)
			return;
	}
	config_file_report(path, why, errors, how);
}

static void
config_file_report(const char *path, const char *why, int *errors,
    const struct config_how *how)
{
	int	 denied;

	denied = (errno == EACCES && geteuid() != 0);
	config_report(how, "%s%s %s%s%s", denied ? "warning: " : "", path,
	    why, errno == 0 ? "" : ": ", errno == 0 ? "" : strerror(errno));
	if (!denied)
		(*errors)++;
}

void
config_report(const struct config_how *how, const char *fmt, ...)
{
	char	 text[CONF_REPORT_MAX];
	va_list	 ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (how->report != NULL)
		how->report(text);
	else
		warnx("%s", text);
}

int
config_macro_add(struct config_macros *macros, const char *arg)
{
	struct config_macro	*macro;
	const char		*eq;
	int			 saved;

	eq = strchr(arg, '=');
	if ((macro = calloc(1, sizeof(*macro))) == NULL)
		return (-1);
	if (eq != NULL) {
		macro->name = strndup(arg, (size_t)(eq - arg));
		macro->value = strdup(eq + 1);
	}
	if (eq == NULL)
		errno = EINVAL;
	else if (macro->name == NULL || macro->value == NULL)
		errno = ENOMEM;
	else if (!config_is_macro(macro->name) || strchr(eq, '\n') != NULL)
		errno = EINVAL;
	else {
		TAILQ_INSERT_HEAD(macros, macro, entry);
		return (0);
	}
	saved = errno;
	free(macro->name);
	free(macro->value);
	free(macro);
	errno = saved;
	return (-1);
}

void
config_macros_free(struct config_macros *macros)
{
	struct config_macro	*macro;

	while ((macro = TAILQ_FIRST(macros)) != NULL) {
		TAILQ_REMOVE(macros, macro, entry);
		free(macro->name);
		free(macro->value);
		free(macro);
	}
}

uint32_t
config_open_time(const struct config *conf, uint8_t upstream)
{
	if (upstream == UPSTREAM_PTY)
		return (conf->timeout_channel);
	return (conf->timeout_resolve + conf->timeout_connect +
	    CONF_DIAL_GRACE + conf->timeout_handshake + CONF_FILES_TIME +
	    2 * conf->timeout_channel);
}
