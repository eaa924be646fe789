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
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "dialer_conf.h"
#include "log.h"

/* The port of name servers in resolv.conf(5). */
#define DNS_PORT	53

static void	 conf_fail(struct dialer_conf *, const char *, ...)
		    PRINTFLIKE(2, 3);
static void	 conf_times(struct dialer_conf *,
		    const struct msg_conf_dialer *);
static void	 conf_egress(struct dialer_conf *,
		    const struct msg_conf_egress *);
static void	 conf_resolver(struct dialer_conf *,
		    const struct msg_conf_resolver *);
static void	 conf_resolv(struct dialer_conf *, int);
static void	 conf_hosts(struct dialer_conf *, int);
static char	*conf_text(struct dialer_conf *, int, const char *, size_t,
		    size_t *);

struct dialer_conf *
dialer_conf_new(void)
{
	struct dialer_conf	*conf;

	if ((conf = calloc(1, sizeof(*conf))) == NULL)
		return (NULL);
	conf->refs = 1;
	return (conf);
}

void
dialer_conf_ref(struct dialer_conf *conf)
{
	conf->refs++;
}

void
dialer_conf_unref(struct dialer_conf *conf)
{
	if (conf == NULL || --conf->refs > 0)
		return;
	free(conf->rules);
	free(conf->hosts);
	free(conf);
}

static void
conf_fail(struct dialer_conf *conf, const char *fmt, ...)
{
	va_list	 ap;

	if (conf->why[0] != '\0')
		return;
	va_start(ap, fmt);
	(void)vsnprintf(conf->why, sizeof(conf->why), fmt, ap);
	va_end(ap);
}

int
dialer_conf_add(struct dialer_conf *conf, const struct imsg *im)
{
	switch (im->type) {
	case IMSG_CONF_DIALER:
		conf_times(conf, &im->m.conf_dialer);
		break;
	case IMSG_CONF_EGRESS:
		conf_egress(conf, &im->m.conf_egress);
		break;
	case IMSG_CONF_RESOLVER:
		conf_resolver(conf, &im->m.conf_resolver);
		break;
	case IMSG_CONF_RESOLV:
		conf_resolv(conf, im->fd);
		break;
	case IMSG_CONF_HOSTS:
		conf_hosts(conf, im->fd);
		break;
	default:
		return (-1);
	}
	return (0);
}

static void
conf_times(struct dialer_conf *conf, const struct msg_conf_dialer *m)
{
	if (conf->configured)
		conf_fail(conf, "timeouts are given twice");
	conf->configured = 1;
	conf->timeout_resolve = m->timeout_resolve;
	conf->timeout_connect = m->timeout_connect;
}

static void
conf_egress(struct dialer_conf *conf, const struct msg_conf_egress *m)
{
	struct egress_rule	*r;
	const char		*why;

	if (conf->nrules == EGRESS_RULES_MAX) {
		conf_fail(conf, "more than %d egress rules",
		    EGRESS_RULES_MAX);
		return;
	}
	if ((r = recallocarray(conf->rules, conf->nrules, conf->nrules + 1,
	    sizeof(*r))) == NULL) {
		conf_fail(conf, "egress rule: %s", strerror(errno));
		return;
	}
	conf->rules = r;
	r += conf->nrules++;
	r->allow = m->allow;
	r->net.family = m->family;
	memcpy(r->net.addr, m->addr, sizeof(r->net.addr));
	r->prefix = m->prefix;
	r->port = m->port;
	if ((why = egress_rule_wrong(r)) != NULL)
		conf_fail(conf, "egress rule: %s", why);
}

static void
conf_resolver(struct dialer_conf *conf, const struct msg_conf_resolver *m)
{
	struct lookup_server	*s;

	if (conf->nservers == nitems(conf->servers)) {
		conf_fail(conf, "more than %zu resolvers",
		    nitems(conf->servers));
		return;
	}
	s = &conf->servers[conf->nservers++];
	s->addr.family = m->family;
	memcpy(s->addr.addr, m->addr, sizeof(s->addr.addr));
	s->port = m->port;
	if (m->family != 4 && m->family != 6)
		conf_fail(conf, "malformed resolver");
	net_unmap(&s->addr);
}

static void
conf_resolv(struct dialer_conf *conf, int fd)
{
	char	*text;
	size_t	 ignored, len;

	if ((text = conf_text(conf, fd, "resolv.conf", RESOLV_TEXT_MAX,
	    &len)) == NULL)
		return;
	conf->nresolv = resolv_servers(text, len, conf->resolv, &ignored);
	free(text);
	if (ignored > 0)
		log_info("resolv.conf: %zu name servers are not used: not "
		    "among the first %d, or no plain address", ignored,
		    RESOLV_SERVERS_MAX);
}

static void
conf_hosts(struct dialer_conf *conf, int fd)
{
	free(conf->hosts);
	conf->hosts = conf_text(conf, fd, "hosts", HOSTS_TEXT_MAX,
	    &conf->hosts_len);
}

/* The text of a file, cut after the last whole line that fits. */
static char *
conf_text(struct dialer_conf *conf, int fd, const char *name, size_t max,
    size_t *len)
{
	struct stat	 st;
	char		*text;
	size_t		 n;
	ssize_t		 r;

	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		conf_fail(conf, "%s is not a file", name);
		return (NULL);
	}
	if ((text = malloc(max + 1)) == NULL) {
		conf_fail(conf, "%s: %s", name, strerror(errno));
		return (NULL);
	}
	for (n = 0; n <= max; n += (size_t)r) {
		do
			r = pread(fd, text + n, max + 1 - n, (off_t)n);
		while (r == -1 && errno == EINTR);
		if (r == -1) {
			conf_fail(conf, "%s: %s", name, strerror(errno));
			free(text);
			return (NULL);
		}
		if (r == 0)
			break;
	}
	if (n > max) {
		log_warnx("%s: only the first %zu bytes count", name, max);
		while (n > 0 && text[n - 1] != '\n')
			n--;
	}
	*len = n;
	return (text);
}

/* Without any name server it is the one on this host: resolv.conf(5). */
int
dialer_conf_check(struct dialer_conf *conf)
{
	struct lookup_server	*s;
	size_t			 i;

	if (!conf->configured)
		conf_fail(conf, "no timeouts");
	if (conf->nservers == 0) {
		if (conf->nresolv == 0) {
			(void)net_from_text(&conf->resolv[0], "127.0.0.1");
			conf->nresolv = 1;
		}
		for (i = 0; i < conf->nresolv; i++) {
			s = &conf->servers[conf->nservers++];
			s->addr = conf->resolv[i];
			s->port = DNS_PORT;
		}
	}
	return (conf->why[0] == '\0' ? 0 : -1);
}
