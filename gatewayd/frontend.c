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

#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>

#include "accept.h"
#include "ask.h"
#include "chan.h"
#include "child.h"
#include "client.h"
#include "front_conf.h"
#include "frontend.h"
#include "link.h"
#include "log.h"
#include "pass.h"
#include "rate.h"
#include "staging.h"
#include "token.h"
#include "util.h"

/*
 * gatewayd-frontend: takes the connections of strangers, parses what they
 * send, and hands a socket over once its owner may have a terminal.  It has
 * listeners, the shared counters, public token keys, one channel to the
 * catalog and one to each worker that it deals with, and nothing else: no
 * file, no secret, no way to connect anywhere.
 *
 *	parent	configuration, channels, grants
 *	catalog	is asked with the token; denies (ask.c)
 *	worker	gets sockets and calls with grants (link.c)
 */

/* Statistics go to the parent so often, when they changed: seconds. */
#define STATS_INTERVAL	5

/* What is under way at STOP has so long to end: seconds. */
#define STOP_TIMEOUT	2

/* Denials reported in one second; of more only the number is logged. */
#define DENIALS_MAX	50

static struct {
	struct event_base	*base;
	struct chan		*parent;
	struct front_conf	*conf;		/* in force */
	struct staging		 staging;	/* of the next */
	const char		*why;		/* what is wrong with it */
	struct rate_map		*rates;
	struct msg_state	 state;
	struct msg_front_stats	 stats;
	struct msg_front_stats	 told;		/* the parent, last */
	struct event		*ev_stats;
	struct event		*ev_stop;
	int			 stopping;
	struct util_ration	 denials;
} fe;

static void	 frontend_dispatch_parent(struct chan *, struct imsg *,
		    void *);
static void	*stage_begin(void);
static void	 stage_add(void *, struct imsg *);
static const char *stage_check(void *);
static void	 stage_free(void *);
static void	 stage_use(void *);
static void	 frontend_counters(int);
static void	 frontend_channel(struct imsg *);
static void	 frontend_start(void);
static void	 frontend_stop(void);
static void	 frontend_stopped(evutil_socket_t, short, void *);
static void	 frontend_report(evutil_socket_t, short, void *);
static int	 frontend_take(int *);

static const struct staging_ops	 staging_ops = {
	stage_begin, stage_add, stage_check, stage_free, stage_use
};

extern char	**environ;

int
main(int argc, char *argv[])
{
	struct msg_setup	 setup;
	time_t			 zero;
	struct tm		 tm;

#if HAVE_LIBBSD
	setproctitle_init(argc, argv, environ);
#else
	(void)argc;
	(void)argv;
#endif
	util_batch();
	child_start(ROLE_FRONTEND, &setup);
	setproctitle("-gatewayd: frontend");
	/* Libraries open files on first use; later there are none. */
	tzset();
	zero = 0;
	(void)gmtime_r(&zero, &tm);
	if (token_init() == -1)
		fatalx("token library does not work");
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		fatal("signal");

	if ((fe.base = event_base_new()) == NULL)
		fatalx("event base");
	if (accept_init() == -1)
		fatal("descriptors");
	fe.parent = child_channel(fe.base, &parent_to_frontend,
	    &frontend_to_parent, frontend_dispatch_parent, NULL);
	staging_init(&fe.staging, &staging_ops, fe.parent);
	if ((fe.ev_stats = event_new(fe.base, -1, EV_PERSIST,
	    frontend_report, NULL)) == NULL ||
	    (fe.ev_stop = event_new(fe.base, -1, 0, frontend_stopped,
	    NULL)) == NULL)
		fatalx("events");
	if (event_base_dispatch(fe.base) == -1)
		fatalx("event loop");
	return (0);
}

struct event_base *
frontend_base(void)
{
	return (fe.base);
}

const struct front_conf *
frontend_conf(void)
{
	return (fe.conf);
}

struct rate_map *
frontend_rates(void)
{
	return (fe.rates);
}

const struct msg_state *
frontend_state(void)
{
	return (&fe.state);
}

struct msg_front_stats *
frontend_stats(void)
{
	return (&fe.stats);
}

int
frontend_stopping(void)
{
	return (fe.stopping);
}

static void
frontend_dispatch_parent(struct chan *ch UNUSED, struct imsg *im,
    void *arg UNUSED)
{
	switch (im->type) {
	case IMSG_VERBOSE:
		log_setverbose(im->m.verbose.verbose);
		break;
	case IMSG_LISTENER:
		if (accept_add(frontend_take(&im->fd)) == -1)
			fatalx("too many listeners");
		break;
	case IMSG_COUNTERS:
		frontend_counters(im->fd);
		break;
	case IMSG_CHANNEL:
		frontend_channel(im);
		break;
	case IMSG_STATE:
		fe.state = im->m.state;
		break;
	case IMSG_START:
		frontend_start();
		break;
	case IMSG_STOP:
		frontend_stop();
		break;
	case IMSG_GRANTED:
		ask_granted(im->id, &im->m.granted);
		break;
	case IMSG_DENIED:
		ask_denied(im->id, &im->m.deny);
		break;
	default:
		staging_take(&fe.staging, im);
		break;
	}
}

static int
frontend_take(int *fd)
{
	int	 taken;

	taken = *fd;
	*fd = -1;
	return (taken);
}

static void *
stage_begin(void)
{
	fe.why = NULL;
	return (front_conf_new());
}

/* The first thing wrong is what the answer will name. */
static void
stage_add(void *conf, struct imsg *im)
{
	const char	*why;

	if (fe.why == NULL && front_conf_add(conf, im, &why) == -1)
		fe.why = why;
}

static const char *
stage_check(void *conf)
{
	const char	*why;

	if (fe.why != NULL)
		return (fe.why);
	return (front_conf_check(conf, &why) == -1 ? why : NULL);
}

static void
stage_free(void *conf)
{
	front_conf_free(conf);
}

static void
stage_use(void *conf)
{
	front_conf_free(fe.conf);
	fe.conf = conf;
	token_cache_flush();
	pass_flush();
}

static void
frontend_counters(int fd)
{
	if ((fe.rates = rate_map_open(fd)) == NULL)
		fatal("request counters");
}

static void
frontend_channel(struct imsg *im)
{
	switch (im->m.channel.role) {
	case ROLE_CATALOG:
		ask_catalog(frontend_take(&im->fd));
		break;
	case ROLE_WORKER:
		link_add(im->m.channel.number, frontend_take(&im->fd));
		break;
	default:
		fatalx("a channel to a process that is none of ours");
	}
}

static void
frontend_start(void)
{
	struct timeval	 tv = { STATS_INTERVAL, 0 };

	if (fe.conf == NULL || fe.rates == NULL)
		fatalx("started without configuration or counters");
	child_ready(fe.parent, SANDBOX_FRONTEND);
	accept_start();
	if (event_add(fe.ev_stats, &tv) == -1)
		fatalx("statistics timer");
}

static void
frontend_stop(void)
{
	struct timeval	 tv = { STOP_TIMEOUT, 0 };

	fe.stopping = 1;
	accept_stop();
	client_stop();
	if (client_count() == 0 || event_add(fe.ev_stop, &tv) == -1)
		frontend_stopped(-1, 0, NULL);
}

static void
frontend_stopped(evutil_socket_t fd UNUSED, short what UNUSED,
    void *arg UNUSED)
{
	frontend_report(-1, 0, NULL);
	exit(0);
}

void
frontend_idle(void)
{
	struct timeval	 now = { 0, 0 };

	if (fe.stopping)
		(void)event_add(fe.ev_stop, &now);
}

static void
frontend_report(evutil_socket_t fd UNUSED, short what UNUSED,
    void *arg UNUSED)
{
	struct imsg	 im;

	if ((chan_state(fe.parent) & MS_RUN) == 0 ||
	    memcmp(&fe.stats, &fe.told, sizeof(fe.stats)) == 0)
		return;
	imsg_init(&im, IMSG_FRONT_STATS, 0);
	im.m.front_stats = fe.stats;
	if (chan_send(fe.parent, &im) == 0)
		fe.told = fe.stats;
}

void
frontend_unlink(uint32_t number)
{
	struct imsg	 im;

	imsg_init(&im, IMSG_UNLINK, 0);
	im.m.channel.role = ROLE_WORKER;
	im.m.channel.number = number;
	(void)chan_send(fe.parent, &im);
}

void
frontend_denial(enum deny reason, int action, const char *object,
    const char *address)
{
	struct imsg	 im;
	unsigned int	 missed;
	int		 allowed;

	allowed = util_ration(&fe.denials, DENIALS_MAX, &missed);
	if (missed > 0)
		log_info("%u denials not reported", missed);
	if (!allowed)
		return;
	imsg_init(&im, IMSG_DENIAL, 0);
	im.m.denial.reason = (uint8_t)reason;
	im.m.denial.action = (uint16_t)action;
	strlcpy(im.m.denial.object, object, sizeof(im.m.denial.object));
	strlcpy(im.m.denial.address, address, sizeof(im.m.denial.address));
	(void)chan_send(fe.parent, &im);
}
