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

#include <inttypes.h>
#include <stdio.h>

#include "conf.h"
#include "conf_load.h"

/*
 * The configuration in the grammar of gatewayd.conf(5).  Every text is in
 * quotes, so that none is taken for a keyword, and every default is spelled
 * out, so that the reader need not know them.
 */

static void	 print_string(FILE *, const char *);
static void	 print_setting(FILE *, const char *, const char *);
static void	 print_bytes(FILE *, const char *, uint64_t);
static void	 print_listen(FILE *, const char *,
		    const struct config_listen *);
static void	 print_net(FILE *, const char *, const struct config_net *);
static void	 print_hosts(FILE *, const struct config *);
static void	 print_process(FILE *, const struct config *);
static void	 print_limits(FILE *, const struct config *);
static void	 print_timeouts(FILE *, const struct config *);
static void	 print_idle(FILE *, const char *, uint32_t);
static void	 print_auth(FILE *, const struct config_auth *);
static void	 print_api(FILE *, const struct config_api *);
static void	 print_sandbox(FILE *, const struct config_sandbox *);
static void	 print_pty(FILE *, const struct config_sandbox *);
static void	 print_ssh(FILE *, const struct config_sandbox *);

int
config_print(const struct config *conf, FILE *f)
{
	const struct config_listen	*listen;
	const struct config_net		*net;
	const struct config_api		*api;
	const struct config_str		*key;
	const struct config_sandbox	*sb;

	TAILQ_FOREACH(listen, &conf->listens, entry)
		print_listen(f, "listen on", listen);
	if (conf->metrics != NULL)
		print_listen(f, "metrics on", conf->metrics);
	print_process(f, conf);
	TAILQ_FOREACH(net, &conf->proxies, entry) {
		print_net(f, "proxy", net);
		putc('\n', f);
	}
	fprintf(f, "page %s\n", conf->page ? "on" : "off");
	TAILQ_FOREACH(key, &conf->seal_keys, entry)
		print_setting(f, "seal key file", key->s);
	fprintf(f, "catalog static\n");
	print_hosts(f, conf);
	print_limits(f, conf);
	print_timeouts(f, conf);
	print_bytes(f, "replay", conf->replay);
	fprintf(f, "secrets unlocked %s\n",
	    conf->secrets_unlocked ? "yes" : "no");
	fprintf(f, "audit %s\n", conf->audit_json ? "json" : "text");
	TAILQ_FOREACH(api, &conf->apis, entry)
		print_api(f, api);
	TAILQ_FOREACH(sb, &conf->sandboxes, entry)
		print_sandbox(f, sb);
	return (fflush(f) == EOF || ferror(f) ? -1 : 0);
}

static void
print_string(FILE *f, const char *s)
{
	putc('"', f);
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			putc('\\', f);
		putc(*s, f);
	}
	putc('"', f);
}

static void
print_setting(FILE *f, const char *name, const char *value)
{
	fprintf(f, "%s ", name);
	print_string(f, value);
	putc('\n', f);
}

/* In the largest unit that leaves nothing over; the grammar has no bytes. */
static void
print_bytes(FILE *f, const char *name, uint64_t n)
{
	const char	*unit;

	unit = "kb";
	n /= 1024;
	if (n % 1024 == 0) {
		unit = "mb";
		n /= 1024;
	}
	if (n % 1024 == 0) {
		unit = "gb";
		n /= 1024;
	}
	fprintf(f, "%s %" PRIu64 " %s\n", name, n, unit);
}

static void
print_listen(FILE *f, const char *name, const struct config_listen *listen)
{
	struct sockaddr_in	 sin;
	struct sockaddr_in6	 sin6;
	char			 text[INET6_ADDRSTRLEN];
	unsigned int		 port;

	if (listen->ss.ss_family == AF_INET) {
		memcpy(&sin, &listen->ss, sizeof(sin));
		(void)inet_ntop(AF_INET, &sin.sin_addr, text, sizeof(text));
		port = ntohs(sin.sin_port);
	} else {
		memcpy(&sin6, &listen->ss, sizeof(sin6));
		(void)inet_ntop(AF_INET6, &sin6.sin6_addr, text,
		    sizeof(text));
		port = ntohs(sin6.sin6_port);
	}
	fprintf(f, "%s %s port %u\n", name, text, port);
}

static void
print_net(FILE *f, const char *name, const struct config_net *net)
{
	char	 text[INET6_ADDRSTRLEN];

	(void)inet_ntop(net->family, net->addr, text, sizeof(text));
	fprintf(f, "%s %s/%u", name, text, (unsigned int)net->prefix);
}

static void
print_hosts(FILE *f, const struct config *conf)
{
	static const char *const	 checks[] = {
		[HOSTCHECK_YES] = "yes",
		[HOSTCHECK_ACCEPT_NEW] = "accept-new",
		[HOSTCHECK_NO] = "no"
	};
	const struct config_egress	*egress;
	const struct config_listen	*resolver;

	TAILQ_FOREACH(egress, &conf->egress, entry) {
		print_net(f, egress->allow ? "egress allow" : "egress deny",
		    &egress->net);
		if (egress->port != 0)
			fprintf(f, " port %u", (unsigned int)egress->port);
		putc('\n', f);
	}
	fprintf(f, "host key checking %s\n", checks[conf->host_check]);
	if (conf->known_hosts != NULL)
		print_setting(f, "known hosts", conf->known_hosts);
	print_setting(f, "learned hosts", conf->learned_hosts);
	TAILQ_FOREACH(resolver, &conf->resolvers, entry)
		print_listen(f, "resolver", resolver);
}

static void
print_process(FILE *f, const struct config *conf)
{
	print_setting(f, "control socket", conf->control);
	fprintf(f, "frontends %" PRIu32 "\n", conf->frontends);
	print_setting(f, "user", conf->user);
	print_setting(f, "user catalog", conf->user_catalog);
	print_setting(f, "user dialer", conf->user_dialer);
	print_setting(f, "user control", conf->user_control);
	fprintf(f, "worker uids %" PRIu32 "-%" PRIu32 "\n", conf->uid_low,
	    conf->uid_high);
}

static void
print_limits(FILE *f, const struct config *conf)
{
	fprintf(f, "limit sessions per sandbox %" PRIu32 "\n",
	    conf->sessions_sandbox);
	fprintf(f, "limit sessions per principal %" PRIu32 "\n",
	    conf->sessions_principal);
	fprintf(f, "limit viewers per session %" PRIu32 "\n",
	    conf->viewers_session);
	fprintf(f, "limit requests %" PRIu32 " per %" PRIu32 "\n",
	    conf->requests, conf->requests_window);
	print_bytes(f, "limit memory per worker", conf->worker_memory);
	fprintf(f, "limit dials per worker %" PRIu32 "\n",
	    conf->dials_worker);
}

static void
print_timeouts(FILE *f, const struct config *conf)
{
	fprintf(f, "timeout request %" PRIu32 "\n", conf->timeout_request);
	fprintf(f, "timeout resolve %" PRIu32 "\n", conf->timeout_resolve);
	fprintf(f, "timeout connect %" PRIu32 "\n", conf->timeout_connect);
	fprintf(f, "timeout handshake %" PRIu32 "\n",
	    conf->timeout_handshake);
	fprintf(f, "timeout channel %" PRIu32 "\n", conf->timeout_channel);
	fprintf(f, "timeout ping %" PRIu32 "\n", conf->timeout_ping);
	fprintf(f, "timeout stalled %" PRIu32 "\n", conf->timeout_stalled);
	fprintf(f, "timeout idle %" PRIu32 "\n", conf->timeout_idle);
	print_idle(f, "ssh", conf->idle_ssh);
	print_idle(f, "tty", conf->idle_tty);
	print_idle(f, "terminal", conf->idle_terminal);
	fprintf(f, "timeout detached ssh %" PRIu32 "\n", conf->detached_ssh);
	fprintf(f, "timeout detached tty %" PRIu32 "\n", conf->detached_tty);
	fprintf(f, "timeout detached terminal %" PRIu32 "\n",
	    conf->detached_terminal);
	fprintf(f, "recheck %" PRIu32 "\n", conf->recheck);
}

/* Of one kind of session, if it has a time of its own. */
static void
print_idle(FILE *f, const char *kind, uint32_t seconds)
{
	if (seconds != 0)
		fprintf(f, "timeout idle %s %" PRIu32 "\n", kind, seconds);
}

static void
print_auth(FILE *f, const struct config_auth *auth)
{
	static const char *const	 forms[] = {
		[CONF_HS256] = "hs256 secret file",
		[CONF_ES256] = "es256 key file",
		[CONF_RS256] = "rs256 key file"
	};

	fprintf(f, "\tauth jwt %s ", forms[auth->alg]);
	print_string(f, auth->file);
	if (auth->issuer != NULL) {
		fprintf(f, " issuer ");
		print_string(f, auth->issuer);
	}
	if (auth->kid != NULL) {
		fprintf(f, " kid ");
		print_string(f, auth->kid);
	}
	putc('\n', f);
}

static void
print_api(FILE *f, const struct config_api *api)
{
	const struct config_auth	*auth;
	const struct config_str		*origin;

	fprintf(f, "api %s {\n", config_api_name(api->api));
	TAILQ_FOREACH(auth, &api->auths, entry)
		print_auth(f, auth);
	fprintf(f, "\tauth expiry grace %" PRIu32 "\n", api->expiry_grace);
	fprintf(f, "\tauth max age %" PRIu32 "\n", api->max_age);
	TAILQ_FOREACH(origin, &api->origins, entry)
		print_setting(f, "\torigin", origin->s);
	fprintf(f, "\tunclaimed %s\n}\n", api->unclaimed ? "yes" : "no");
}

static void
print_sandbox(FILE *f, const struct config_sandbox *sb)
{
	const struct config_str		*str;
	const struct config_env		*env;
	const struct config_file	*file;

	fprintf(f, "sandbox ");
	print_string(f, sb->id);
	fprintf(f, " {\n");
	TAILQ_FOREACH(str, &sb->owners, entry)
		print_setting(f, "\towner", str->s);
	if (sb->ssh_host != NULL)
		print_ssh(f, sb);
	else
		print_pty(f, sb);
	TAILQ_FOREACH(env, &sb->envs, entry) {
		fprintf(f, "\tenv \"%s\" ", env->name);
		print_string(f, env->value);
		putc('\n', f);
	}
	TAILQ_FOREACH(env, &sb->secrets, entry)
		fprintf(f, "\tsecret \"%s\" sealed \"%s\"\n", env->name,
		    env->value);
	TAILQ_FOREACH(file, &sb->files, entry) {
		fprintf(f, "\tfile ");
		print_string(f, file->path);
		fprintf(f, " mode %04o sealed \"%s\"\n",
		    (unsigned int)file->mode, file->sealed);
	}
	fprintf(f, "}\n");
}

static void
print_pty(FILE *f, const struct config_sandbox *sb)
{
	const struct config_str	*str;

	fprintf(f, "\tpty");
	TAILQ_FOREACH(str, &sb->argv, entry) {
		putc(' ', f);
		print_string(f, str->s);
	}
	putc('\n', f);
	if (sb->user != NULL)
		print_setting(f, "\tuser", sb->user);
}

static void
print_ssh(FILE *f, const struct config_sandbox *sb)
{
	const struct config_hostkey	*hk;

	fprintf(f, "\tssh \"%s\" port %u user ", sb->ssh_host,
	    (unsigned int)sb->ssh_port);
	print_string(f, sb->ssh_user);
	putc('\n', f);
	TAILQ_FOREACH(hk, &sb->host_keys, entry) {
		fprintf(f, "\thost key ");
		if (hk->type[0] != '\0')
			fprintf(f, "\"%s\" ", hk->type);
		fprintf(f, "\"%s\"\n", hk->fingerprint);
	}
	if (sb->key_sealed != NULL)
		print_setting(f, "\tkey sealed", sb->key_sealed);
	if (sb->key_file != NULL)
		print_setting(f, "\tkey file", sb->key_file);
	if (sb->passphrase != NULL)
		print_setting(f, "\tpassphrase sealed", sb->passphrase);
	if (sb->password != NULL)
		print_setting(f, "\tpassword sealed", sb->password);
}
