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

#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "chan.h"
#include "child.h"
#include "control.h"
#include "door.h"
#include "log.h"
#include "metrics.h"
#include "scrape.h"
#include "util.h"

/*
 * The control process: it takes what gatewayctl(8) asks on the control
 * socket to the parent and the answers back, and serves the parent's
 * numbers on the metrics listener.  It holds nothing else, so whoever takes
 * it over by one of these can ask what an operator could, and no more.
 *
 * Its peers: the parent; clients of the control socket, each with HELLO and
 * then one question at a time; and whoever reaches the metrics listener
 * (scrape.c).  A client's mistake closes that client.
 */

/* Operators and their scripts; more wait in the backlog. */
#define CLIENTS_MAX	8

/* Seconds: to say HELLO; for the parent to answer; between two questions. */
#define HELLO_TIME	5
#define ANSWER_TIME	15	/* a reload takes up to 10 */
#define IDLE_TIME	60

/* Numbers that did not all come in this time will not come: seconds. */
#define METRICS_TIME	3

struct client {
	TAILQ_ENTRY(client)	 entry;
	struct chan		*chan;
	struct event		*ev_timeout;
	uint32_t		 asked;		/* our id, 0: nothing */
	uint32_t		 id;		/* theirs */
};
TAILQ_HEAD(clients, client);

static struct control {
	struct event_base	*base;
	struct chan		*parent;
	int			 privileged;
	struct door		*door;
	struct clients		 clients;
	uint32_t		 last_id;
	struct metrics		 metrics;	/* being collected */
	uint32_t		 metrics_id;	/* under that id; 0: none */
	time_t			 metrics_since;
} control;

static void	 control_free(void);
static void	 control_dispatch_parent(struct chan *, struct imsg *, void *);
static void	 control_listener(struct imsg *);
static void	 control_start(void);
static void	 control_answer(struct imsg *);
static uint32_t	 control_id(void);

static void	 client_enter(int);
static int	 client_allowed(int);
static void	 client_free(struct client *);
static void	 client_closed(struct chan *, const char *, void *);
static void	 client_wait(struct client *, int);
static void	 client_timeout(evutil_socket_t, short, void *);
static void	 control_dispatch_client(struct chan *, struct imsg *,
		    void *);
static int	 client_hello(struct client *, const struct imsg *);
static int	 client_ask(struct client *, const struct imsg *);
static int	 client_fail(struct client *, const char *);

static void	 metrics_ask(void);
static void	 metrics_answer(const struct imsg *);

void
control_main(void)
{
	struct msg_setup	 setup;

	child_start(ROLE_CONTROL, &setup);
	control.privileged = setup.privileged;
	TAILQ_INIT(&control.clients);
	if ((control.base = event_base_new()) == NULL)
		fatalx("cannot make an event loop");
	control.parent = child_channel(control.base, &parent_to_control,
	    &control_to_parent, control_dispatch_parent, NULL);
	event_base_dispatch(control.base);
	control_free();
	exit(0);
}

static void
control_free(void)
{
	struct client	*c;

	while ((c = TAILQ_FIRST(&control.clients)) != NULL)
		client_free(c);
	door_free(control.door);
	scrape_free();
	chan_free(control.parent);
	event_base_free(control.base);
}

static void
control_dispatch_parent(struct chan *c UNUSED, struct imsg *im,
    void *arg UNUSED)
{
	switch (im->type) {
	case IMSG_VERBOSE:
		log_setverbose(im->m.verbose.verbose);
		break;
	case IMSG_LISTENER:
		control_listener(im);
		break;
	case IMSG_START:
		control_start();
		break;
	case IMSG_STOP:
		(void)event_base_loopbreak(control.base);
		break;
	case IMSG_CTL_METRIC:
		metrics_answer(im);
		break;
	default:
		/* Rows and ends of answers; the table has nothing else. */
		if (im->id != 0 && im->id == control.metrics_id)
			metrics_answer(im);
		else
			control_answer(im);
		break;
	}
}

static void
control_listener(struct imsg *im)
{
	switch (im->m.listener.what) {
	case LISTENER_CONTROL:
		if (control.door != NULL)
			fatalx("a second control socket");
		if ((control.door = door_new(control.base, im->fd,
		    CLIENTS_MAX, client_enter)) == NULL)
			fatalx("control socket: out of memory");
		break;
	case LISTENER_METRICS:
		if (scrape_init(control.base, im->fd, metrics_ask) == -1)
			fatalx("metrics listener: out of memory");
		break;
	default:
		fatalx("a listener that is not ours");
	}
	im->fd = -1;
}

static void
control_start(void)
{
	child_ready(control.parent, SANDBOX_CONTROL);
	if ((control.door != NULL && door_open(control.door) == -1) ||
	    scrape_start() == -1)
		fatalx("cannot accept");
}

/* A number for the parent to answer to; never 0. */
static uint32_t
control_id(void)
{
	if (++control.last_id == 0)
		control.last_id++;
	return (control.last_id);
}

/* Whoever asked may have gone, or given up waiting. */
static void
control_answer(struct imsg *im)
{
	struct client	*c;
	uint16_t	 type;

	TAILQ_FOREACH(c, &control.clients, entry)
		if (c->asked != 0 && c->asked == im->id)
			break;
	if (c == NULL)
		return;
	im->id = c->id;
	type = im->type;
	if (chan_send(c->chan, im) == -1) {
		log_warn("client of the control socket");
		client_free(c);
		return;
	}
	if (type == IMSG_CTL_END || type == IMSG_CTL_OK ||
	    type == IMSG_CTL_FAIL) {
		c->asked = 0;
		client_wait(c, IDLE_TIME);
	}
}

static void
client_enter(int fd)
{
	struct client	*c;

	c = NULL;
	if (!client_allowed(fd) || (c = calloc(1, sizeof(*c))) == NULL ||
	    (c->ev_timeout = evtimer_new(control.base, client_timeout, c)) ==
	    NULL ||
	    (c->chan = chan_new(control.base, fd, &ctl_to_control,
	    &control_to_ctl, control_dispatch_client, client_closed, c)) ==
	    NULL) {
		if (c != NULL && c->ev_timeout != NULL)
			event_free(c->ev_timeout);
		free(c);
		close(fd);
		door_left(control.door);
		return;
	}
	TAILQ_INSERT_TAIL(&control.clients, c, entry);
	client_wait(c, HELLO_TIME);
}

/*
 * The mode of the socket lets nobody else in; should it be changed, this
 * still does not.
 */
static int
client_allowed(int fd)
{
	uid_t	 uid;
	gid_t	 gid;

	if (getpeereid(fd, &uid, &gid) == -1) {
		log_warn("client of the control socket");
		return (0);
	}
	if (uid == 0 || (!control.privileged && uid == getuid()))
		return (1);
	log_warnx("control socket: user %u refused", (unsigned int)uid);
	return (0);
}

static void
client_free(struct client *c)
{
	TAILQ_REMOVE(&control.clients, c, entry);
	event_free(c->ev_timeout);
	chan_free(c->chan);
	free(c);
	door_left(control.door);
}

static void
client_closed(struct chan *chan UNUSED, const char *why, void *arg)
{
	if (why != NULL)
		log_warnx("client of the control socket: %s", why);
	client_free(arg);
}

static void
client_wait(struct client *c, int seconds)
{
	struct timeval	 tv = { seconds, 0 };

	(void)evtimer_add(c->ev_timeout, &tv);
}

static void
client_timeout(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct client	*c;

	c = arg;
	if (c->asked == 0 || client_fail(c, "the daemon is busy") == -1)
		client_free(c);
}

static void
control_dispatch_client(struct chan *chan, struct imsg *im, void *arg)
{
	struct client	*c;

	c = arg;
	if (im->type == IMSG_HELLO) {
		if (client_hello(c, im) == -1)
			client_free(c);
		return;
	}
	if (c->asked != 0)
		client_closed(chan, "asks without waiting for an answer", c);
	else if (client_ask(c, im) == -1)
		client_free(c);
}

/* A client of another version hears which one we are before it goes. */
static int
client_hello(struct client *c, const struct imsg *im)
{
	struct imsg	 out;

	if (im->m.hello.role != ROLE_CTL)
		return (-1);
	imsg_init(&out, IMSG_HELLO, im->id);
	out.m.hello.version = PROTO_VERSION;
	out.m.hello.role = ROLE_CONTROL;
	if (chan_send(c->chan, &out) == -1 ||
	    im->m.hello.version != PROTO_VERSION)
		return (-1);
	chan_set_state(c->chan, MS_RUN);
	client_wait(c, IDLE_TIME);
	return (0);
}

static int
client_ask(struct client *c, const struct imsg *im)
{
	struct imsg	 out;

	imsg_init(&out, im->type, control_id());
	out.m = im->m;
	c->id = im->id;
	c->asked = out.id;
	if (chan_send(control.parent, &out) == -1)
		return (client_fail(c, "the daemon is busy"));
	client_wait(c, ANSWER_TIME);
	return (0);
}

/* Answer in the parent's place. */
static int
client_fail(struct client *c, const char *why)
{
	struct imsg	 im;

	imsg_init(&im, IMSG_CTL_FAIL, c->id);
	strlcpy(im.m.fail.reason, why, sizeof(im.m.fail.reason));
	c->asked = 0;
	client_wait(c, IDLE_TIME);
	return (chan_send(c->chan, &im));
}

/*
 * One collection serves all who ask while it is under way; it takes no
 * longer than the parent's turn.
 */
static void
metrics_ask(void)
{
	if (control.metrics_id != 0 &&
	    util_now() - control.metrics_since < METRICS_TIME)
		return;
	control.metrics_id = control_id();
	control.metrics_since = util_now();
	metrics_reset(&control.metrics);
	if (chan_send_empty(control.parent, IMSG_CTL_METRICS,
	    control.metrics_id) == -1) {
		log_warn("metrics");
		control.metrics_id = 0;
		scrape_answer(NULL);
	}
}

static void
metrics_answer(const struct imsg *im)
{
	if (im->id != control.metrics_id)
		return;
	if (im->type == IMSG_CTL_METRIC) {
		if (metrics_add(&control.metrics, &im->m.ctl_metric) == -1)
			log_warnx("metric %s left out",
			    im->m.ctl_metric.name);
		return;
	}
	control.metrics_id = 0;
	scrape_answer(im->type == IMSG_CTL_END ? &control.metrics : NULL);
}
