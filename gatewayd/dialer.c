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
#include <sys/resource.h>

#include <string.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>

#include "chan.h"
#include "child.h"
#include "dial.h"
#include "dialer.h"
#include "dialer_conf.h"
#include "log.h"
#include "own.h"
#include "staging.h"
#include "util.h"

/*
 * The dialer resolves names, judges addresses by the egress policy and
 * connects, for workers that can do neither.  It holds no secret, and knows
 * neither who asks nor why.
 *
 * Its only peer is the parent, which has compared what a worker wants with
 * its record: DIAL, answered by DIAL_OK with the socket, or by DIAL_FAIL.
 */

/* Descriptors that dials do not take: a configuration and the loop do. */
#define RESERVE		32

/* Lines about denied addresses in a second: records may name anything. */
#define REPORTS_MAX	10

struct request {
	TAILQ_ENTRY(request)	 entry;
	uint32_t		 id;
	struct msg_dial		 what;
	struct dial		*dial;
};
TAILQ_HEAD(requests, request);

static struct dialer {
	struct dial_shop	 shop;
	struct chan		*parent;
	struct dialer_conf	*conf;		/* in force, or NULL */
	struct staging		 staging;	/* of the next */
	struct requests		 requests;
	size_t			 nrequests;
	struct util_ration	 reports;
} dialer;

static size_t	 dialer_sockets(void);
static void	 dialer_dispatch_parent(struct chan *, struct imsg *, void *);
static void	*stage_begin(void);
static void	 stage_add(void *, struct imsg *);
static const char *stage_check(void *);
static void	 stage_free(void *);
static void	 stage_use(void *);
static void	 dialer_start(void);
static void	 dialer_dial(const struct imsg *);
static void	 dialer_done(struct dial *, const struct dial_end *, void *);
static void	 dialer_fail(uint32_t, enum dial_error, int);
static void	 dialer_report(const struct request *,
		    const struct dial_end *);
static void	 request_free(struct request *);

static const struct staging_ops	 staging_ops = {
	stage_begin, stage_add, stage_check, stage_free, stage_use
};

void
dialer_main(void)
{
	struct msg_setup	 setup;
	struct request		*r;

	own_init();
	child_start(ROLE_DIALER, &setup);
	if (own_missing() != NULL)
		log_info("routes cannot be looked up (%s): of several "
		    "addresses that an interface has in one network only the "
		    "first is known as our own", own_missing());
	dialer.shop.sockets_max = dialer_sockets();
	lookup_init();
	TAILQ_INIT(&dialer.requests);
	if ((dialer.shop.base = event_base_new()) == NULL)
		fatalx("cannot make an event loop");
	dialer.parent = child_channel(dialer.shop.base, &parent_to_dialer,
	    &dialer_to_parent, dialer_dispatch_parent, NULL);
	staging_init(&dialer.staging, &staging_ops, dialer.parent);
	event_base_dispatch(dialer.shop.base);

	while ((r = TAILQ_FIRST(&dialer.requests)) != NULL)
		request_free(r);
	chan_free(dialer.parent);
	/* The resolver has callbacks left of what was cancelled. */
	(void)event_base_loop(dialer.shop.base, EVLOOP_NONBLOCK);
	staging_free(&dialer.staging);
	dialer_conf_unref(dialer.conf);
	event_base_free(dialer.shop.base);
	exit(0);
}

/* How many all dials together may have open. */
static size_t
dialer_sockets(void)
{
	struct rlimit	 rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) == -1)
		fatal("getrlimit");
	return (rl.rlim_cur > 2 * RESERVE ? (size_t)rl.rlim_cur - RESERVE :
	    RESERVE);
}

/* The parent is trusted: what it should not say is a bug, and ends us. */
static void
dialer_dispatch_parent(struct chan *c UNUSED, struct imsg *im,
    void *arg UNUSED)
{
	switch (im->type) {
	case IMSG_VERBOSE:
		log_setverbose(im->m.verbose.verbose);
		break;
	case IMSG_START:
		dialer_start();
		break;
	case IMSG_STOP:
		(void)event_base_loopbreak(dialer.shop.base);
		break;
	case IMSG_DIAL:
		dialer_dial(im);
		break;
	default:
		staging_take(&dialer.staging, im);
		break;
	}
}

static void *
stage_begin(void)
{
	return (dialer_conf_new());
}

static void
stage_add(void *conf, struct imsg *im)
{
	if (dialer_conf_add(conf, im) == -1)
		fatalx("unexpected %s", msg_name(im->type));
}

static const char *
stage_check(void *arg)
{
	struct dialer_conf	*conf;

	conf = arg;
	return (dialer_conf_check(conf) == -1 ? conf->why : NULL);
}

static void
stage_free(void *conf)
{
	dialer_conf_unref(conf);
}

static void
stage_use(void *conf)
{
	dialer_conf_unref(dialer.conf);
	dialer.conf = conf;
}

static void
dialer_start(void)
{
	if (dialer.conf == NULL)
		fatalx("started without a configuration");
	child_ready(dialer.parent, SANDBOX_DIALER);
}

static void
dialer_dial(const struct imsg *im)
{
	struct request	*r;

	if (dialer.nrequests == DIALS_MAX ||
	    (r = calloc(1, sizeof(*r))) == NULL) {
		dialer_fail(im->id, DIAL_BUSY, 0);
		return;
	}
	r->id = im->id;
	r->what = im->m.dial;
	TAILQ_INSERT_TAIL(&dialer.requests, r, entry);
	dialer.nrequests++;
	if ((r->dial = dial_new(&dialer.shop, dialer.conf, r->what.host,
	    r->what.port, dialer_done, r)) == NULL) {
		log_warn("dial");
		dialer_fail(r->id, DIAL_BUSY, 0);
		request_free(r);
	}
}

static void
dialer_done(struct dial *d UNUSED, const struct dial_end *end, void *arg)
{
	struct request	*r;
	struct imsg	 im;

	r = arg;
	dialer_report(r, end);
	if (end->fd == -1)
		dialer_fail(r->id, end->reason, end->error);
	else {
		imsg_init(&im, IMSG_DIAL_OK, r->id);
		im.fd = end->fd;
		if (chan_send(dialer.parent, &im) == -1)
			fatal("cannot answer the parent");
	}
	request_free(r);
}

static void
dialer_fail(uint32_t id, enum dial_error reason, int error)
{
	struct imsg	 im;

	imsg_init(&im, IMSG_DIAL_FAIL, id);
	im.m.dial_fail.reason = (uint8_t)reason;
	im.m.dial_fail.error = (uint32_t)error;
	if (chan_send(dialer.parent, &im) == -1)
		fatal("cannot answer the parent");
}

/* Why a dial failed is the parent's to say; what was denied only we know. */
static void
dialer_report(const struct request *r, const struct dial_end *end)
{
	char		 text[NET_TEXT_SIZE];
	unsigned int	 missed;
	int		 allowed;

	net_to_text(&end->addr, text);
	if (end->fd != -1)
		log_debug("%s port %u: connected to %s", r->what.host,
		    r->what.port, text);
	if (end->fd != -1 || end->reason != DIAL_POLICY)
		return;
	allowed = util_ration(&dialer.reports, REPORTS_MAX, &missed);
	if (missed > 0)
		log_info("%u more dials were denied", missed);
	if (allowed)
		log_info("dial %s port %u denied: %s, %s", r->what.host,
		    r->what.port, text, end->denied);
}

static void
request_free(struct request *r)
{
	TAILQ_REMOVE(&dialer.requests, r, entry);
	dialer.nrequests--;
	dial_free(r->dial);
	free(r);
}
