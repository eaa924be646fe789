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

#include <netinet/in.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <event2/dns.h>
#include <event2/event.h>

#include "log.h"
#include "lookup.h"
#include "sizes.h"

/*
 * Names become addresses by evdns, with servers that we give it; it never
 * looks for a file.  It gets one server at a time, and a new resolver for
 * each: so it asks from a port that whoever wants to forge an answer has to
 * guess anew, no lookup waits because another has found a server silent (and
 * none sees evdns' probes, which ask for a name of its own choice), the
 * servers have an order, and nothing is left of a lookup when it ends.
 *
 * evdns takes no more than 512 bytes for an answer and does not ask again by
 * TCP: more addresses than fit there are no answer.
 */

/* Packets for a question to one server; a server that fails gets all soon. */
#define LOOKUP_TRIES	4

/*
 * The callback of evdns comes once for each question, even if it was
 * cancelled and the lookup is gone, so it is what frees it.
 */
struct question {
	struct lookup		*lookup;	/* NULL: nobody waits */
	struct evdns_request	*request;
	int			 family;
};

struct lookup {
	struct event_base		*base;
	struct evdns_base		*dns;
	struct event			*timer;	/* for this server */
	struct timeval			 slice;	/* so long */
	const struct lookup_server	*servers;
	size_t				 nservers;
	size_t				 nasked;
	struct question			*questions[2];
	int				 answered[2];
	int				 failed;	/* errno of one, or 0 */
	char				 name[HOST_MAX + 1];
	lookup_done			 done;
	void				*arg;
};

/* Indices of the families. */
#define V4	0
#define V6	1

static void	 lookup_log(int, const char *);
static int	 lookup_server(struct lookup *);
static int	 lookup_options(struct lookup *);
static int	 lookup_server_add(struct lookup *);
static int	 lookup_ask(struct lookup *, int);
static void	 lookup_hush(struct lookup *);
static void	 lookup_answer(int, char, int, int, void *, void *);
static size_t	 lookup_addrs(struct net_addr *, int, int, const uint8_t *);
static void	 lookup_move(struct lookup *, int);
static void	 lookup_timeout(evutil_socket_t, short, void *);

void
lookup_init(void)
{
	evdns_set_log_fn(lookup_log);
}

static void
lookup_log(int warn UNUSED, const char *text)
{
	log_debug("evdns: %s", text);
}

struct lookup *
lookup_new(struct event_base *base, const char *name,
    const struct lookup_server *servers, size_t nservers, uint32_t seconds,
    lookup_done done, void *arg)
{
	const struct timeval	 now = { 0, 0 };
	struct lookup		*l;
	uint64_t		 us;

	if ((l = calloc(1, sizeof(*l))) == NULL)
		return (NULL);
	l->base = base;
	l->servers = servers;
	l->nservers = nservers;
	us = (uint64_t)seconds * 1000000 / nservers;
	l->slice.tv_sec = (time_t)(us / 1000000);
	l->slice.tv_usec = (suseconds_t)(us % 1000000);
	l->done = done;
	l->arg = arg;
	strlcpy(l->name, name, sizeof(l->name));
	if ((l->timer = event_new(base, -1, 0, lookup_timeout, l)) == NULL) {
		lookup_free(l);
		errno = ENOMEM;
		return (NULL);
	}
	while (l->nasked < l->nservers) {
		if (lookup_server(l) == 0)
			return (l);
		lookup_hush(l);
	}
	/* No server can be asked, which is told in a moment. */
	if (event_add(l->timer, &now) == -1) {
		lookup_free(l);
		errno = ENOMEM;
		return (NULL);
	}
	return (l);
}

void
lookup_free(struct lookup *l)
{
	if (l == NULL)
		return;
	lookup_hush(l);
	if (l->timer != NULL)
		event_free(l->timer);
	free(l);
}

/* Stop asking; what was answered stays answered. */
static void
lookup_hush(struct lookup *l)
{
	struct question	*q;
	size_t		 i;

	for (i = 0; i < nitems(l->questions); i++) {
		if ((q = l->questions[i]) == NULL)
			continue;
		l->questions[i] = NULL;
		q->lookup = NULL;
		evdns_cancel_request(l->dns, q->request);
	}
	if (l->dns != NULL)
		evdns_base_free(l->dns, 0);
	l->dns = NULL;
}

/* Ask the next server for what is not answered. */
static int
lookup_server(struct lookup *l)
{
	int	 i;

	l->failed = 0;
	if ((l->dns = evdns_base_new(l->base, 0)) == NULL ||
	    lookup_options(l) == -1 || lookup_server_add(l) == -1)
		return (-1);
	for (i = V4; i <= V6; i++)
		if (!l->answered[i] && lookup_ask(l, i) == -1)
			return (-1);
	return (event_add(l->timer, &l->slice));
}

/*
 * The last packet waits until after our own timer, so that an end before it
 * says that the server cannot answer.  A probe would come after an hour.
 */
static int
lookup_options(struct lookup *l)
{
	char	 timeout[32], tries[16];

	(void)snprintf(timeout, sizeof(timeout), "%.3f",
	    ((double)l->slice.tv_sec + (double)l->slice.tv_usec / 1000000) /
	    (LOOKUP_TRIES - 1));
	(void)snprintf(tries, sizeof(tries), "%d", LOOKUP_TRIES);
	if (evdns_base_set_option(l->dns, "timeout:", timeout) != 0 ||
	    evdns_base_set_option(l->dns, "attempts:", tries) != 0 ||
	    evdns_base_set_option(l->dns, "randomize-case:", "1") != 0 ||
	    evdns_base_set_option(l->dns, "initial-probe-timeout:",
	    "3600") != 0)
		return (-1);
	return (0);
}

static int
lookup_server_add(struct lookup *l)
{
	const struct lookup_server	*s;
	struct sockaddr_storage		 ss;
	int				 ret;

	s = &l->servers[l->nasked++];
	ret = evdns_base_nameserver_sockaddr_add(l->dns,
	    (struct sockaddr *)&ss, net_to_sockaddr(&s->addr, s->port, &ss),
	    0);
	return (ret == 0 ? 0 : -1);
}

static int
lookup_ask(struct lookup *l, int i)
{
	struct question	*q;

	if ((q = calloc(1, sizeof(*q))) == NULL)
		return (-1);
	q->lookup = l;
	q->family = i;
	if (i == V4)
		q->request = evdns_base_resolve_ipv4(l->dns, l->name,
		    DNS_QUERY_NO_SEARCH, lookup_answer, q);
	else
		q->request = evdns_base_resolve_ipv6(l->dns, l->name,
		    DNS_QUERY_NO_SEARCH, lookup_answer, q);
	if (q->request == NULL) {
		free(q);
		return (-1);
	}
	l->questions[i] = q;
	return (0);
}

static void
lookup_answer(int error, char type UNUSED, int count, int ttl UNUSED,
    void *addrs, void *arg)
{
	const struct timeval	 now = { 0, 0 };
	struct net_addr		 a[LOOKUP_ADDRS_MAX];
	struct question		*q;
	struct lookup		*l;
	size_t			 n;
	int			 i;

	q = arg;
	l = q->lookup;
	i = q->family;
	free(q);
	if (l == NULL)
		return;
	l->questions[i] = NULL;
	n = 0;
	switch (error) {
	case DNS_ERR_NONE:
		n = lookup_addrs(a, i, count, addrs);
		break;
	case DNS_ERR_NOTEXIST:
	case DNS_ERR_NODATA:
		break;
	default:
		log_debug("%s: %s", l->name, evdns_err_to_string(error));
		l->failed = error == DNS_ERR_TRUNCATED ? EMSGSIZE : EIO;
		/* Some servers fail for one family and know the other. */
		if (l->questions[!i] == NULL)
			lookup_move(l, l->failed);
		return;
	}
	l->answered[i] = 1;
	/* Soon, for whoever is told now may free the lookup. */
	if (l->failed != 0)
		(void)event_add(l->timer, &now);
	l->done(i == V4 ? 4 : 6, a, n, 0, l->arg);
}

static size_t
lookup_addrs(struct net_addr *a, int i, int count, const uint8_t *p)
{
	size_t	 len, n;

	len = i == V4 ? 4 : 16;
	for (n = 0; n < LOOKUP_ADDRS_MAX && n < (size_t)count; n++) {
		memset(&a[n], 0, sizeof(a[n]));
		a[n].family = i == V4 ? 4 : 6;
		memcpy(a[n].addr, p + n * len, len);
		net_unmap(&a[n]);
	}
	return (n);
}

/* This server is of no use; when the last is not either, that is it. */
static void
lookup_move(struct lookup *l, int error)
{
	int	 family;

	lookup_hush(l);
	(void)event_del(l->timer);
	while (l->nasked < l->nservers) {
		if (lookup_server(l) == 0)
			return;
		lookup_hush(l);
	}
	if (!l->answered[V4] && !l->answered[V6])
		family = 0;
	else
		family = l->answered[V4] ? 6 : 4;
	l->answered[V4] = l->answered[V6] = 1;
	l->done(family, NULL, 0, error, l->arg);
}

static void
lookup_timeout(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct lookup	*l;

	l = arg;
	if (l->failed != 0)
		lookup_move(l, l->failed);
	else
		lookup_move(l, l->dns == NULL ? EIO : ETIMEDOUT);
}
