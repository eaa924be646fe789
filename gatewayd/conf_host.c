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

#include <netinet/in.h>
#include <arpa/inet.h>

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "conf_lex.h"
#include "conf_load.h"
#include "conf_set.h"
#include "hostkey.h"

/*
 * Where gatewayd connects to, whom it believes to be there, and what it
 * needs to log in.
 */

#define LABEL_MAX	63	/* RFC 1035, 2.3.4 */
#define MODE_MAX	0777
#define MODE_DIGITS	4

static int	 host_copy(char *, size_t, const char *);
static int	 is_dns_name(const char *);
static int	 is_number(const char *);
static int	 is_login(const char *);
static int	 mode_get(const char *);
static void	 note_line(struct parse *, enum noted);
static void	 set_sealed(struct parse *, enum once, enum noted,
		    const char *, char **, const char *);
static struct config_hostkey
		*hostkey_new(struct parse *, const char *, const char *);
static int	 by_host(const void *, const void *);
static void	 warn_shared(struct parse *, const char *,
		    struct config_sandbox **, size_t);

void
set_egress(struct parse *p, int allow, const char *s, int64_t port)
{
	struct config_egress	*e, *egress;
	int			 n;

	if (port == -1)
		port = 0;
	else if (!set_in_range(p, "port", port, 1, UINT16_MAX))
		return;
	if ((egress = calloc(1, sizeof(*egress))) == NULL) {
		lex_no_memory(&p->lex);
		return;
	}
	egress->allow = allow;
	egress->port = (uint16_t)port;
	if (config_net(s, &egress->net) == -1) {
		set_fail(p, "\"%.*s\" is no network: address/bits, the rest "
		    "zero", QUOTE_MAX, s);
		free(egress);
		return;
	}
	n = 0;
	TAILQ_FOREACH(e, &p->conf->egress, entry) {
		if (e->port == egress->port &&
		    e->net.family == egress->net.family &&
		    e->net.prefix == egress->net.prefix &&
		    memcmp(e->net.addr, egress->net.addr,
		    sizeof(e->net.addr)) == 0)
			break;
		n++;
	}
	if (e != NULL)
		set_fail(p, "egress for this network and port is given twice");
	else if (n >= CONF_EGRESS_MAX)
		set_fail(p, "more than %d lines of egress", CONF_EGRESS_MAX);
	else {
		TAILQ_INSERT_TAIL(&p->conf->egress, egress, entry);
		return;
	}
	free(egress);
}

void
set_resolver(struct parse *p, const char *s, int64_t port)
{
	struct config_listen	*r, *resolver;
	int			 n;

	if (port == -1)
		port = CONF_RESOLVER_PORT;
	else if (!set_in_range(p, "port", port, 1, UINT16_MAX))
		return;
	if ((resolver = calloc(1, sizeof(*resolver))) == NULL) {
		lex_no_memory(&p->lex);
		return;
	}
	if (config_addr(s, (uint16_t)port, resolver) == -1) {
		set_fail(p, "\"%.*s\" is no IPv4 or IPv6 address", QUOTE_MAX,
		    s);
		free(resolver);
		return;
	}
	n = 0;
	TAILQ_FOREACH(r, &p->conf->resolvers, entry) {
		if (memcmp(&r->ss, &resolver->ss, sizeof(r->ss)) == 0)
			break;
		n++;
	}
	if (r != NULL)
		set_fail(p, "resolver is given twice");
	else if (n >= CONF_RESOLVER_MAX)
		set_fail(p, "more than %d lines of resolver",
		    CONF_RESOLVER_MAX);
	else {
		TAILQ_INSERT_TAIL(&p->conf->resolvers, resolver, entry);
		return;
	}
	free(resolver);
}

void
set_checking(struct parse *p, uint8_t check)
{
	if (!set_once(p, ONCE_CHECKING, "host key checking"))
		return;
	p->conf->host_check = check;
	if (check == HOSTCHECK_NO)
		set_warn(p, "without host key checking, whoever answers is "
		    "taken for the host and is given its password");
}

void
set_hosts_file(struct parse *p, enum once what, const char *name, char **to,
    const char *s)
{
	if (set_once(p, what, name) && set_is_path(p, name, s))
		set_copy(p, to, s);
}

/* Which line it was, for what can be judged at the end of the block. */
static void
note_line(struct parse *p, enum noted what)
{
	if (p->lines[what] == 0)
		p->lines[what] = p->lex.line;
}

void
set_sandbox_user(struct parse *p, const char *s)
{
	note_line(p, NOTED_USER);
	set_user(p, ONCE_SANDBOX_USER, "user", &p->sb->user, s);
}

void
set_ssh(struct parse *p, const char *host, int64_t port, const char *user)
{
	char	 text[HOST_MAX + 1];

	if (!set_once(p, ONCE_SSH, "ssh"))
		return;
	if (host_copy(text, sizeof(text), host) == -1)
		set_fail(p, "\"%.*s\" is no DNS name and no IPv4 or IPv6 "
		    "address", QUOTE_MAX, host);
	else
		set_copy(p, &p->sb->ssh_host, text);
	if (port == -1)
		port = CONF_SSH_PORT;
	if (set_in_range(p, "port", port, 1, UINT16_MAX))
		p->sb->ssh_port = (uint16_t)port;
	if (!is_login(user))
		set_fail(p, "the user of ssh must have 1 to %d bytes and no "
		    "control characters", CONF_LOGIN_MAX);
	else
		set_copy(p, &p->sb->ssh_user, user);
}

/*
 * One form for each host, since records and known hosts are compared by it:
 * lower case, no dot at the end, addresses as inet_ntop(3) writes them.
 */
static int
host_copy(char *text, size_t size, const char *s)
{
	struct config_listen	 addr;
	struct sockaddr_in6	 sin6;
	size_t			 i, len;

	if (config_addr(s, 0, &addr) == 0) {
		if (addr.ss.ss_family == AF_INET)
			return (strlcpy(text, s, size) >= size ? -1 : 0);
		memcpy(&sin6, &addr.ss, sizeof(sin6));
		return (inet_ntop(AF_INET6, &sin6.sin6_addr, text,
		    (socklen_t)size) == NULL ? -1 : 0);
	}
	len = strlen(s);
	if (len > 1 && s[len - 1] == '.')
		len--;
	if (len >= size)
		return (-1);
	for (i = 0; i < len; i++)
		text[i] = (char)tolower((unsigned char)s[i]);
	text[len] = '\0';
	return (is_dns_name(text) ? 0 : -1);
}

static int
is_dns_name(const char *s)
{
	const char	*last;
	size_t		 len;

	for (;;) {
		last = s;
		len = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_-");
		if (len < 1 || len > LABEL_MAX || s[0] == '-' ||
		    s[len - 1] == '-')
			return (0);
		s += len;
		if (*s == '\0')
			break;
		if (*s++ != '.')
			return (0);
	}
	return (!is_number(last));
}

/* "127.1" and "0x7f000001" are addresses to some and names to others. */
static int
is_number(const char *s)
{
	if (s[0] == '0' && s[1] == 'x')
		return (strspn(s + 2, "0123456789abcdef") == strlen(s + 2));
	return (strspn(s, "0123456789") == strlen(s));
}

static int
is_login(const char *s)
{
	size_t	 i;

	for (i = 0; s[i] != '\0'; i++)
		if (iscntrl((unsigned char)s[i]))
			return (0);
	return (i >= 1 && i <= CONF_LOGIN_MAX);
}

void
set_host_key(struct parse *p, const char *type, const char *fingerprint)
{
	struct config_hostkey	*hk;
	uint8_t			 hash[HASH_LEN];
	int			 n;

	note_line(p, NOTED_HOSTKEY);
	if (type == NULL)
		type = "";
	else if (hostkey_type(type, strlen(type)) == 0) {
		set_fail(p, "the type of a host key must be ssh-ed25519, "
		    "ecdsa-sha2-nistp256, ecdsa-sha2-nistp384, "
		    "ecdsa-sha2-nistp521 or ssh-rsa");
		return;
	}
	if (fingerprint_get(hash, fingerprint, strlen(fingerprint)) == -1) {
		set_fail(p, "\"%.*s\" is no SHA256 fingerprint as ssh-keygen "
		    "prints it", QUOTE_MAX, fingerprint);
		return;
	}
	n = 0;
	TAILQ_FOREACH(hk, &p->sb->host_keys, entry) {
		if (strcmp(hk->type, type) == 0 &&
		    strcmp(hk->fingerprint, fingerprint) == 0) {
			set_fail(p, "host key is given twice");
			return;
		}
		n++;
	}
	if (n >= CONF_HOSTKEY_MAX)
		set_fail(p, "more than %d lines of host key",
		    CONF_HOSTKEY_MAX);
	else if ((hk = hostkey_new(p, type, fingerprint)) != NULL)
		TAILQ_INSERT_TAIL(&p->sb->host_keys, hk, entry);
}

static struct config_hostkey *
hostkey_new(struct parse *p, const char *type, const char *fingerprint)
{
	struct config_hostkey	*hk;

	if ((hk = calloc(1, sizeof(*hk))) == NULL ||
	    (hk->type = strdup(type)) == NULL ||
	    (hk->fingerprint = strdup(fingerprint)) == NULL) {
		if (hk != NULL)
			free(hk->type);
		free(hk);
		lex_no_memory(&p->lex);
		return (NULL);
	}
	return (hk);
}

static void
set_sealed(struct parse *p, enum once what, enum noted line, const char *name,
    char **to, const char *sealed)
{
	note_line(p, line);
	if (set_once(p, what, name) &&
	    set_is_sealed(p, sealed, CONF_SEALED_MAX))
		set_copy(p, to, sealed);
}

void
set_key_sealed(struct parse *p, const char *sealed)
{
	set_sealed(p, ONCE_KEY, NOTED_KEY, "key", &p->sb->key_sealed, sealed);
}

void
set_key_file(struct parse *p, const char *path)
{
	note_line(p, NOTED_KEY);
	if (set_once(p, ONCE_KEY, "key") && set_is_path(p, "key file", path))
		set_copy(p, &p->sb->key_file, path);
}

void
set_passphrase(struct parse *p, const char *sealed)
{
	if (config_is_sealed(sealed, CONF_SEALED_MAX) &&
	    strlen(sealed) * 3 / 4 > CONF_PASSPHRASE_MAX + CONF_SEAL_BYTES)
		set_fail(p, "passphrase has more than %d bytes",
		    CONF_PASSPHRASE_MAX);
	set_sealed(p, ONCE_PASSPHRASE, NOTED_PASSPHRASE, "passphrase",
	    &p->sb->passphrase, sealed);
}

void
set_password(struct parse *p, const char *sealed)
{
	set_sealed(p, ONCE_PASSWORD, NOTED_PASSWORD, "password",
	    &p->sb->password, sealed);
}

/* Octal, whether its zero is written or not; -1 when it is not. */
static int
mode_get(const char *s)
{
	size_t	 i, len;
	int	 mode;

	len = strlen(s);
	if (len < 1 || len > MODE_DIGITS || strspn(s, "01234567") != len)
		return (-1);
	mode = 0;
	for (i = 0; i < len; i++)
		mode = mode * 8 + (s[i] - '0');
	return (mode > MODE_MAX ? -1 : mode);
}

void
set_file(struct parse *p, const char *path, const char *text,
    const char *sealed)
{
	struct config_file	*f;
	size_t			 len;
	int			 mode, n;

	note_line(p, NOTED_FILE);
	len = strlen(path);
	if (path[0] != '/' || len > CONF_FILE_PATH_MAX ||
	    path[len - 1] == '/') {
		set_fail(p, "file must be an absolute path of at most %d "
		    "bytes, with no / at its end", CONF_FILE_PATH_MAX);
		return;
	}
	if ((mode = mode_get(text)) == -1) {
		set_fail(p, "mode must be octal, 0000 to 0777");
		return;
	}
	if (!set_is_sealed(p, sealed, CONF_FILE_SEALED_MAX))
		return;
	n = 0;
	TAILQ_FOREACH(f, &p->sb->files, entry) {
		if (f->path != NULL && strcmp(f->path, path) == 0) {
			set_fail(p, "file \"%.*s\" is given twice", QUOTE_MAX,
			    path);
			return;
		}
		n++;
	}
	if (n >= CONF_FILE_MAX) {
		set_fail(p, "more than %d lines of file", CONF_FILE_MAX);
		return;
	}
	p->file_bytes += strlen(sealed) * 3 / 4 - CONF_SEAL_BYTES;
	if (p->file_bytes > CONF_FILE_TOTAL)
		set_fail(p, "files have more than %d bytes", CONF_FILE_TOTAL);
	if ((f = calloc(1, sizeof(*f))) == NULL) {
		lex_no_memory(&p->lex);
		return;
	}
	f->mode = (uint16_t)mode;
	set_copy(p, &f->path, path);
	set_copy(p, &f->sealed, sealed);
	TAILQ_INSERT_TAIL(&p->sb->files, f, entry);
}

void
set_ssh_end(struct parse *p)
{
	if (p->lines[NOTED_USER] != 0)
		set_fail_line(p, p->lines[NOTED_USER],
		    "the user of a sandbox with ssh is part of its ssh line");
	if (p->lines[NOTED_PASSPHRASE] != 0 && p->lines[NOTED_KEY] == 0)
		set_fail_line(p, p->lines[NOTED_PASSPHRASE],
		    "passphrase needs a key");
}

void
set_no_ssh(struct parse *p)
{
	static const char *const	 names[NOTED_MAX] = {
		[NOTED_HOSTKEY] = "host key", [NOTED_KEY] = "key",
		[NOTED_PASSPHRASE] = "passphrase",
		[NOTED_PASSWORD] = "password", [NOTED_FILE] = "file"
	};
	int				 i;

	for (i = 0; i < NOTED_MAX; i++)
		if (names[i] != NULL && p->lines[i] != 0)
			set_fail_line(p, p->lines[i],
			    "%s needs a sandbox with ssh", names[i]);
}

/*
 * A key that one sandbox learned from a host would tell nothing to another,
 * and whoever owns the one could speak for the other: the catalog learns no
 * keys of a host that several name.  Say it before a user finds out.
 */
void
set_hosts_end(struct parse *p, const char *name)
{
	struct config_sandbox	**all, *sb;
	size_t			  i, n, next;

	if (p->conf->host_check != HOSTCHECK_ACCEPT_NEW || p->sandboxes < 2)
		return;
	if ((all = calloc((size_t)p->sandboxes, sizeof(all[0]))) == NULL) {
		lex_no_memory(&p->lex);
		return;
	}
	n = 0;
	TAILQ_FOREACH(sb, &p->conf->sandboxes, entry)
		if (sb->ssh_host != NULL)
			all[n++] = sb;
	qsort(all, n, sizeof(all[0]), by_host);
	for (i = 0; i < n; i = next) {
		for (next = i + 1; next < n; next++)
			if (strcmp(all[i]->ssh_host,
			    all[next]->ssh_host) != 0)
				break;
		if (next - i > 1)
			warn_shared(p, name, all + i, next - i);
	}
	free(all);
}

static int
by_host(const void *a, const void *b)
{
	const struct config_sandbox	*x, *y;
	int				 diff;

	x = *(struct config_sandbox *const *)a;
	y = *(struct config_sandbox *const *)b;
	if ((diff = strcmp(x->ssh_host, y->ssh_host)) != 0)
		return (diff);
	return (strcmp(x->id, y->id));
}

/* One line for a host, however many there are. */
static void
warn_shared(struct parse *p, const char *name, struct config_sandbox **sb,
    size_t n)
{
	size_t	 i;

	for (i = 0; i < n; i++)
		if (TAILQ_EMPTY(&sb[i]->host_keys))
			break;
	if (i == n)
		return;
	config_report(p->lex.how, "%s: warning: sandbox \"%.*s\" needs a host "
	    "key: accept-new learns none of a host that several sandboxes "
	    "name", name, QUOTE_MAX, sb[i]->id);
}
