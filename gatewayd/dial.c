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
#include <netinet/tcp.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "dial.h"
#include "dialer_conf.h"
#include "log.h"
#include "own.h"

/*
 * One dial: happy eyeballs (RFC 8305) over the addresses of a host.  Names
 * are resolved for both families at once, and whichever comes first begins,
 * but IPv4 waits a moment for IPv6.  The families take turns; the next
 * attempt starts when the one before fails or has not succeeded soon, and
 * the first that succeeds ends all others.
 */

/* RFC 8305, 8, in milliseconds: for IPv6 to be resolved; between attempts. */
#define DIAL_RESOLUTION_DELAY	50
#define DIAL_ATTEMPT_DELAY	250

/*
 * Attempts of a dial at a time.  With more addresses than that the oldest
 * makes room, but not until the youngest had so long (ms) beside it.
 */
#define DIAL_ATTEMPTS_MAX	3
#define DIAL_ATTEMPT_LEAVE	1000

/*
 * When a silent host is given up: a minute without a packet, then one every
 * 15 seconds, four in vain; what was sent must be acknowledged within two
 * minutes.
 */
#define KEEP_IDLE		60
#define KEEP_INTERVAL		15
#define KEEP_COUNT		4
#define USER_TIMEOUT		120000	/* milliseconds */

/* Addresses of a family, in the order they came. */
struct addrs {
	struct net_addr	 a[LOOKUP_ADDRS_MAX];
	size_t		 n;
	size_t		 next;		/* to be tried */
};

struct attempt {
	TAILQ_ENTRY(attempt)	 entry;
	struct dial		*dial;
	int			 fd;
	struct event		*event;
	struct net_addr		 addr;
	int			 own;	/* may be ours: a rule says so */
};
TAILQ_HEAD(attempts, attempt);

struct dial {
	struct dial_shop	*shop;
	struct dialer_conf	*conf;
	uint16_t		 port;
	struct lookup		*lookup;
	int			 waiting;	/* families, as bits */
	struct addrs		 addrs[2];
	int			 turn;		/* whose is next */
	struct attempts		 attempts;	/* the oldest first */
	size_t			 nattempts;
	struct event		*step;
	struct event		*deadline;
	int			 begun;		/* the deadline runs */
	/* What went wrong so far. */
	int			 refused;
	int			 busy;
	int			 error;		/* of the last attempt */
	int			 unresolved;
	const char		*denied;
	struct net_addr		 denied_addr;
	dial_done		 done;
	void			*arg;
};

/* Indices of addrs, and bits of waiting. */
#define V6		0
#define V4		1
#define BIT(v)		(1 << (v))

static int	 dial_resolve(struct dial *, const char *);
static int	 dial_ask(struct dial *, const char *);
static void	 dial_resolved(int, const struct net_addr *, size_t, int,
		    void *);
static void	 dial_hush(struct dial *);
static void	 dial_add(struct dial *, const struct net_addr *, size_t);
static int	 dial_left(const struct dial *, int);
static int	 dial_pick(struct dial *, struct net_addr *);
static void	 dial_next(struct dial *);
static void	 dial_wait(struct dial *, int);
static void	 dial_stepped(evutil_socket_t, short, void *);
static void	 dial_late(evutil_socket_t, short, void *);
static void	 dial_fail(struct dial *);
static void	 dial_report(struct dial *, enum dial_error, int);

static int	 attempt_judge(struct dial *, const struct net_addr *, int *);
static int	 attempt_start(struct dial *, const struct net_addr *, int);
static void	 attempt_free(struct attempt *);
static void	 attempt_ready(evutil_socket_t, short, void *);
static int	 attempt_finish(struct attempt *);
static int	 attempt_check(const struct attempt *);
static int	 attempt_options(int);
static void	 attempt_won(struct attempt *);
static void	 dial_failed(struct dial *, int);
static void	 dial_denied(struct dial *, const struct net_addr *,
		    const char *);

struct dial *
dial_new(struct dial_shop *shop, struct dialer_conf *conf, const char *host,
    uint16_t port, dial_done done, void *arg)
{
	struct dial	*d;

	if ((d = calloc(1, sizeof(*d))) == NULL)
		return (NULL);
	TAILQ_INIT(&d->attempts);
	d->shop = shop;
	d->conf = conf;
	dialer_conf_ref(conf);
	d->port = port;
	d->done = done;
	d->arg = arg;
	if ((d->step = evtimer_new(shop->base, dial_stepped, d)) == NULL ||
	    (d->deadline = evtimer_new(shop->base, dial_late, d)) == NULL ||
	    dial_resolve(d, host) == -1) {
		dial_free(d);
		errno = ENOMEM;
		return (NULL);
	}
	return (d);
}

void
dial_free(struct dial *d)
{
	struct attempt	*at;

	if (d == NULL)
		return;
	dial_hush(d);
	while ((at = TAILQ_FIRST(&d->attempts)) != NULL)
		attempt_free(at);
	if (d->step != NULL)
		event_free(d->step);
	if (d->deadline != NULL)
		event_free(d->deadline);
	dialer_conf_unref(d->conf);
	free(d);
}

/* An address, what hosts(5) has, or else a question to the name servers. */
static int
dial_resolve(struct dial *d, const char *host)
{
	struct net_addr	 a[LOOKUP_ADDRS_MAX];
	char		 name[HOST_MAX + 1];
	size_t		 n;

	n = 0;
	if (net_from_text(&a[0], host) == 0)
		n = 1;
	else if (resolv_name(name, host) == 0) {
		n = hosts_find(d->conf->hosts, d->conf->hosts_len, name, a,
		    nitems(a));
		if (n == 0)
			return (dial_ask(d, name));
	}
	dial_add(d, a, n);
	/* Not now: the caller has no dial yet whose end it could be told. */
	dial_wait(d, 0);
	return (0);
}

static int
dial_ask(struct dial *d, const char *name)
{
	if (d->shop->sockets >= d->shop->sockets_max) {
		d->busy = 1;
		dial_wait(d, 0);
		return (0);
	}
	if ((d->lookup = lookup_new(d->shop->base, name, d->conf->servers,
	    d->conf->nservers, d->conf->timeout_resolve, dial_resolved,
	    d)) == NULL)
		return (-1);
	d->shop->sockets++;
	d->waiting = BIT(V4) | BIT(V6);
	return (0);
}

static void
dial_resolved(int family, const struct net_addr *a, size_t n, int error,
    void *arg)
{
	struct dial	*d;

	d = arg;
	if (family == 0)
		d->waiting = 0;
	else
		d->waiting &= ~BIT(family == 6 ? V6 : V4);
	if (d->waiting == 0)
		dial_hush(d);
	if (error != 0)
		d->unresolved = error;
	dial_add(d, a, n);

	if (d->waiting == 0 || (d->begun && d->nattempts == 0))
		dial_next(d);
	else if (d->begun) {
		if (!evtimer_pending(d->step, NULL))
			dial_wait(d, DIAL_ATTEMPT_DELAY);
	} else if (n > 0 && family == 6)
		dial_next(d);
	else if (n > 0)
		dial_wait(d, DIAL_RESOLUTION_DELAY);
}

static void
dial_hush(struct dial *d)
{
	if (d->lookup == NULL)
		return;
	lookup_free(d->lookup);
	d->lookup = NULL;
	d->waiting = 0;
	d->shop->sockets--;
}

/* Each once; an IPv6 question may have brought an IPv4 address, mapped. */
static void
dial_add(struct dial *d, const struct net_addr *a, size_t n)
{
	struct addrs	*list;
	size_t		 i, j;

	for (i = 0; i < n; i++) {
		list = &d->addrs[a[i].family == 6 ? V6 : V4];
		for (j = 0; j < list->n; j++)
			if (memcmp(&list->a[j], &a[i], sizeof(a[i])) == 0)
				break;
		if (j == list->n && j < nitems(list->a))
			list->a[list->n++] = a[i];
	}
}

static int
dial_left(const struct dial *d, int v)
{
	return (d->addrs[v].next < d->addrs[v].n);
}

static int
dial_pick(struct dial *d, struct net_addr *a)
{
	int	 v;

	v = d->turn;
	if (!dial_left(d, v))
		v = !v;
	if (!dial_left(d, v))
		return (0);
	*a = d->addrs[v].a[d->addrs[v].next++];
	d->turn = !v;
	return (1);
}

/* Start the next attempt, or see that there is nothing more to come. */
static void
dial_next(struct dial *d)
{
	struct net_addr	 a;
	int		 own;

	while (dial_pick(d, &a)) {
		if (attempt_judge(d, &a, &own) == -1 ||
		    attempt_start(d, &a, own) == -1)
			continue;
		dial_wait(d, d->nattempts < DIAL_ATTEMPTS_MAX ?
		    DIAL_ATTEMPT_DELAY : DIAL_ATTEMPT_LEAVE);
		return;
	}
	(void)evtimer_del(d->step);
	if (d->nattempts == 0 && d->waiting == 0)
		dial_fail(d);
}

static void
dial_wait(struct dial *d, int ms)
{
	struct timeval	 tv;

	tv.tv_sec = ms / 1000;
	tv.tv_usec = ms % 1000 * 1000;
	/* libevent has had the memory for its timers since they were made. */
	(void)evtimer_add(d->step, &tv);
}

static void
dial_stepped(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct dial	*d;

	d = arg;
	if (d->nattempts == DIAL_ATTEMPTS_MAX &&
	    (dial_left(d, V4) || dial_left(d, V6)))
		attempt_free(TAILQ_FIRST(&d->attempts));
	dial_next(d);
}

static void
dial_late(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	dial_report(arg, DIAL_TIMEOUT, ETIMEDOUT);
}

/* An answer of the host says more than that another one did not answer. */
static void
dial_fail(struct dial *d)
{
	if (d->refused)
		dial_report(d, DIAL_REFUSED, ECONNREFUSED);
	else if (d->error == ETIMEDOUT)
		dial_report(d, DIAL_TIMEOUT, d->error);
	else if (d->error != 0)
		dial_report(d, DIAL_UNREACHABLE, d->error);
	else if (d->busy)
		dial_report(d, DIAL_BUSY, 0);
	else if (d->denied != NULL)
		dial_report(d, DIAL_POLICY, 0);
	else
		dial_report(d, DIAL_RESOLVE, d->unresolved);
}

static void
dial_report(struct dial *d, enum dial_error reason, int error)
{
	struct dial_end	 end;

	memset(&end, 0, sizeof(end));
	end.fd = -1;
	end.reason = reason;
	end.error = error;
	end.denied = d->denied;
	end.addr = d->denied_addr;
	d->done(d, &end, d->arg);
}

static void
dial_failed(struct dial *d, int error)
{
	switch (error) {
	case ECONNREFUSED:
		d->refused = 1;
		break;
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		d->busy = 1;
		break;
	default:
		d->error = error;
		break;
	}
}

static void
dial_denied(struct dial *d, const struct net_addr *a, const char *why)
{
	char	 text[NET_TEXT_SIZE];

	net_to_text(a, text);
	log_debug("%s port %u: %s", text, d->port, why);
	if (d->denied != NULL)
		return;
	d->denied = why;
	d->denied_addr = *a;
}

/* *own: a rule allows it even if it turns out to be one of ours. */
static int
attempt_judge(struct dial *d, const struct net_addr *a, int *own)
{
	enum egress_verdict	 verdict;
	const char		*why;

	verdict = egress_check(d->conf->rules, d->conf->nrules, a, d->port,
	    &why);
	*own = verdict == EGRESS_RULE;
	if (verdict == EGRESS_DENY) {
		dial_denied(d, a, why);
		return (-1);
	}
	if (verdict == EGRESS_RULE)
		return (0);
	switch (own_address(a)) {
	case 0:
		return (0);
	case 1:
		dial_denied(d, a, "own address");
		return (-1);
	default:
		dial_failed(d, errno);
		return (-1);
	}
}

static int
attempt_start(struct dial *d, const struct net_addr *a, int own)
{
	struct sockaddr_storage	 ss;
	struct attempt		*at;
	struct timeval		 tv;
	socklen_t		 len;

	if (d->shop->sockets >= d->shop->sockets_max) {
		d->busy = 1;
		return (-1);
	}
	len = net_to_sockaddr(a, d->port, &ss);
	if ((at = calloc(1, sizeof(*at))) == NULL ||
	    (at->fd = socket(ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, 0)) == -1) {
		dial_failed(d, errno);
		free(at);
		return (-1);
	}
	at->dial = d;
	at->addr = *a;
	at->own = own;
	TAILQ_INSERT_TAIL(&d->attempts, at, entry);
	d->nattempts++;
	d->shop->sockets++;
	if ((connect(at->fd, (struct sockaddr *)&ss, len) == -1 &&
	    errno != EINPROGRESS) ||
	    (at->event = event_new(d->shop->base, at->fd, EV_WRITE |
	    EV_PERSIST, attempt_ready, at)) == NULL ||
	    event_add(at->event, NULL) == -1) {
		dial_failed(d, errno);
		attempt_free(at);
		return (-1);
	}
	if (!d->begun) {
		d->begun = 1;
		tv.tv_sec = d->conf->timeout_connect;
		tv.tv_usec = 0;
		(void)evtimer_add(d->deadline, &tv);
	}
	return (0);
}

static void
attempt_free(struct attempt *at)
{
	struct dial	*d;

	d = at->dial;
	TAILQ_REMOVE(&d->attempts, at, entry);
	d->nattempts--;
	d->shop->sockets--;
	if (at->event != NULL)
		event_free(at->event);
	if (at->fd != -1)
		(void)close(at->fd);
	free(at);
}

static void
attempt_ready(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct attempt	*at;
	struct dial	*d;
	int		 error;

	at = arg;
	d = at->dial;
	error = attempt_finish(at);
	if (error == EALREADY || error == EINPROGRESS)
		return;
	if (error == 0) {
		attempt_won(at);
		return;
	}
	/* EACCES is ours: it has been denied. */
	if (error != EACCES)
		dial_failed(d, error);
	attempt_free(at);
	dial_next(d);
}

/*
 * The second connect() does not connect.  Until somebody calls it, a socket
 * whose connection was made in the background counts as "connecting"; once
 * its peer has reset it, whoever holds it could aim it at any address with
 * TCP Fast Open, past all that keeps a worker from connecting.  The call
 * tells the kernel that we know that it is connected, and for ever.
 */
static int
attempt_finish(struct attempt *at)
{
	struct sockaddr_storage	 ss;
	socklen_t		 len;
	int			 error;

	len = sizeof(error);
	if (getsockopt(at->fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1)
		return (errno);
	if (error != 0)
		return (error);
	len = net_to_sockaddr(&at->addr, at->dial->port, &ss);
	if (connect(at->fd, (struct sockaddr *)&ss, len) == -1 &&
	    errno != EISCONN)
		return (errno);
	if ((error = attempt_check(at)) != 0)
		return (error);
	return (attempt_options(at->fd));
}

/*
 * Is it what was asked for?  The addresses of this host may have changed
 * since they were looked at; and a port that nobody listens on, among those
 * for clients, may have been taken for this very socket, which then talks to
 * itself.
 */
static int
attempt_check(const struct attempt *at)
{
	struct sockaddr_storage	 here, there;
	struct net_addr		 a;
	socklen_t		 hlen, tlen;

	memset(&here, 0, sizeof(here));
	memset(&there, 0, sizeof(there));
	hlen = tlen = sizeof(here);
	if (getsockname(at->fd, (struct sockaddr *)&here, &hlen) == -1 ||
	    getpeername(at->fd, (struct sockaddr *)&there, &tlen) == -1)
		return (errno);
	if (net_from_sockaddr(&a, (struct sockaddr *)&there) == -1 ||
	    memcmp(&a, &at->addr, sizeof(a)) != 0) {
		log_warnx("connected to another address than was asked for");
		return (EADDRNOTAVAIL);
	}
	if (hlen == tlen && memcmp(&here, &there, hlen) == 0)
		return (ECONNREFUSED);
	if (!at->own && own_socket(at->fd) != 0) {
		dial_denied(at->dial, &at->addr, "own address");
		return (EACCES);
	}
	return (0);
}

static int
attempt_options(int fd)
{
	static const struct {
		int		 level;
		int		 name;
		int		 value;
	} options[] = {
		{ SOL_SOCKET,	SO_KEEPALIVE,		1 },
		{ IPPROTO_TCP,	TCP_NODELAY,		1 },
#ifdef TCP_KEEPIDLE
		{ IPPROTO_TCP,	TCP_KEEPIDLE,		KEEP_IDLE },
		{ IPPROTO_TCP,	TCP_KEEPINTVL,		KEEP_INTERVAL },
		{ IPPROTO_TCP,	TCP_KEEPCNT,		KEEP_COUNT },
#endif
#ifdef TCP_USER_TIMEOUT
		{ IPPROTO_TCP,	TCP_USER_TIMEOUT,	USER_TIMEOUT },
#endif
	};
	size_t	 i;

	for (i = 0; i < nitems(options); i++)
		if (setsockopt(fd, options[i].level, options[i].name,
		    &options[i].value, sizeof(options[i].value)) == -1)
			return (errno);
	return (0);
}

static void
attempt_won(struct attempt *at)
{
	struct dial	*d;
	struct dial_end	 end;

	d = at->dial;
	memset(&end, 0, sizeof(end));
	end.fd = at->fd;
	end.addr = at->addr;
	/* Out of the loop first, while the number is still its own. */
	event_free(at->event);
	at->event = NULL;
	at->fd = -1;
	attempt_free(at);
	d->done(d, &end, d->arg);
}
