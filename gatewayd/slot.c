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

#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "chan.h"
#include "listener.h"
#include "log.h"
#include "notify.h"
#include "parent_part.h"
#include "rate.h"

/*
 * The children that are always there: frontends, catalog, dialer, control.
 * Each has a slot; a slot whose child ended gets a new one after a while.
 */

/* Wait before a child is started again: milliseconds. */
#define BACKOFF_MIN	50
#define BACKOFF_MAX	30000

/* Descriptors of a child: its clients, its channels and some to spare. */
#define NOFILE_FRONTEND	16384
#define NOFILE_CATALOG	4096
#define NOFILE_DIALER	1024
#define NOFILE_CONTROL	128

static void	 slot_start(struct slot *);
static void	 slot_respawn(evutil_socket_t, short, void *);
static void	 slot_gone(struct kid *, int);
static void	 slot_wait(struct slot *, int);
static void	 slot_ids(struct slot *);
static int	 slot_equip(struct kid *);
static void	 slot_ready(struct slot *);
static void	 slot_link(struct kid *, struct kid *);
static void	 slot_link_all(struct slot *);
static void	 slot_stats(struct slot *);
static int	 slot_common(struct kid *, struct imsg *);
static void	 frontend_dispatch(struct kid *, struct imsg *);
static void	 catalog_dispatch(struct kid *, struct imsg *);
static void	 dialer_dispatch(struct kid *, struct imsg *);
static void	 control_dispatch(struct kid *, struct imsg *);

static const struct kid_kind kind_frontend = {
	ROLE_FRONTEND, "gatewayd-frontend", NULL, "gatewayd: frontend",
	&frontend_to_parent, &parent_to_frontend, frontend_dispatch, slot_gone
};
static const struct kid_kind kind_catalog = {
	ROLE_CATALOG, "gatewayd-catalog", NULL, "gatewayd: catalog",
	&catalog_to_parent, &parent_to_catalog, catalog_dispatch, slot_gone
};
static const struct kid_kind kind_dialer = {
	ROLE_DIALER, NULL, "dialer", "gatewayd: dialer",
	&dialer_to_parent, &parent_to_dialer, dialer_dispatch, slot_gone
};
static const struct kid_kind kind_control = {
	ROLE_CONTROL, NULL, "control", "gatewayd: control",
	&control_to_parent, &parent_to_control, control_dispatch, slot_gone
};

static const struct {
	const struct kid_kind	*kind;
	uint32_t		 nofile;
} kinds[] = {
	[ROLE_FRONTEND] = { &kind_frontend, NOFILE_FRONTEND },
	[ROLE_CATALOG] = { &kind_catalog, NOFILE_CATALOG },
	[ROLE_DIALER] = { &kind_dialer, NOFILE_DIALER },
	[ROLE_CONTROL] = { &kind_control, NOFILE_CONTROL },
};

void
slots_init(struct parent *p)
{
	static const enum role	 single[] = {
		ROLE_CATALOG, ROLE_DIALER, ROLE_CONTROL
	};
	size_t			 i;

	for (i = 0; i < nitems(single); i++)
		p->slots[p->nslots++].role = single[i];
	for (i = 0; i < p->conf->frontends; i++)
		p->slots[p->nslots++].role = ROLE_FRONTEND;
	for (i = 0; i < p->nslots; i++) {
		p->slots[i].p = p;
		slot_ids(&p->slots[i]);
	}
}

void
slots_start(struct parent *p)
{
	size_t	 i;

	for (i = 0; i < p->nslots; i++) {
		if ((p->slots[i].ev_respawn = evtimer_new(p->base,
		    slot_respawn, &p->slots[i])) == NULL)
			fatalx("out of memory");
		slot_start(&p->slots[i]);
	}
}

/*
 * The account that a role has for as long as we run: to look for it at each
 * start of a child could mean to wait for a directory service.
 */
static void
slot_ids(struct slot *s)
{
	const struct config	*conf;
	struct passwd		*pw;
	const char		*name;

	s->uid = getuid();
	s->gid = getgid();
	if (!s->p->privileged)
		return;
	conf = s->p->conf;
	switch (s->role) {
	case ROLE_CATALOG:
		name = conf->user_catalog;
		break;
	case ROLE_DIALER:
		name = conf->user_dialer;
		break;
	case ROLE_CONTROL:
		name = conf->user_control;
		break;
	default:
		name = conf->user;
		break;
	}
	if ((pw = getpwnam(name)) == NULL) {
		log_warnx("user %s does not exist", name);
		parent_give_up(s->p, "the daemon");
	}
	s->uid = pw->pw_uid;
	s->gid = pw->pw_gid;
}

static void
slot_start(struct slot *s)
{
	struct kid	*k;

	if ((k = kid_start(s->p, kinds[s->role].kind, s, s->uid, s->gid,
	    kinds[s->role].nofile, 0)) == NULL) {
		if (!s->p->was_ready)
			parent_give_up(s->p, kinds[s->role].kind->title);
		slot_wait(s, 0);
		return;
	}
	s->kid = k;
	if (slot_equip(k) == -1)
		kid_bad(k, "cannot be set up");
}

static void
slot_respawn(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct slot	*s;

	s = arg;
	if (s->kid != NULL || s->p->stopping)
		return;
	s->restarts++;
	slot_start(s);
}

/* What a child needs before START: its sockets and its configuration. */
static int
slot_equip(struct kid *k)
{
	struct imsg	 im;

	switch (k->kind->role) {
	case ROLE_FRONTEND:
		if (listener_send(k->p->listeners, k, LISTENER_HTTP) == -1)
			return (-1);
		imsg_init(&im, IMSG_COUNTERS, 0);
		im.m.counters.size = (uint32_t)rate_map_size();
		if ((im.fd = dup(k->p->counters)) == -1 ||
		    kid_send(k, &im) == -1)
			return (-1);
		return (confpush(k, k->p->conf));
	case ROLE_CATALOG:
	case ROLE_DIALER:
		return (confpush(k, k->p->conf));
	case ROLE_CONTROL:
		if (listener_send(k->p->listeners, k, LISTENER_CONTROL) ==
		    -1 || listener_send(k->p->listeners, k,
		    LISTENER_METRICS) == -1)
			return (-1);
		/* FALLTHROUGH */
	default:
		return (kid_send_empty(k, IMSG_START, 0));
	}
}

static void
slot_gone(struct kid *k, int status UNUSED)
{
	struct slot	*s;
	struct parent	*p;

	s = k->owner;
	p = s->p;
	s->kid = NULL;
	s->unlinked = 0;
	if (p->stopping)
		return;
	reload_kid_gone(p, k);
	if (s->role == ROLE_FRONTEND) {
		broker_frontend_gone(p, k->number);
		slot_stats(s);
	}
	errand_lost(p, s->role);
	/*
	 * A start that does not work will not work better soon; before the
	 * daemon ever was ready it is the operator who must hear of it.
	 */
	if (!k->ready && !p->was_ready)
		parent_give_up(p, k->name);
	slot_wait(s, k->ready);
	slots_state(p);
}

/* Start another, soon if the last one ran, later each time if not. */
static void
slot_wait(struct slot *s, int ran)
{
	struct timeval	 tv;

	if (ran || s->backoff == 0)
		s->backoff = BACKOFF_MIN;
	else if ((s->backoff *= 2) > BACKOFF_MAX)
		s->backoff = BACKOFF_MAX;
	tv.tv_sec = s->backoff / 1000;
	tv.tv_usec = (s->backoff % 1000) * 1000;
	(void)evtimer_add(s->ev_respawn, &tv);
}

/* Counters of a frontend go on where those of the one before it ended. */
static void
slot_stats(struct slot *s)
{
	s->past.accepted += s->stats.accepted;
	s->past.requests += s->stats.requests;
	s->past.refused += s->stats.refused;
	s->past.attached += s->stats.attached;
	s->past.tickets += s->stats.tickets;
	memset(&s->stats, 0, sizeof(s->stats));
}

struct kid *
slot_kid(struct parent *p, enum role role)
{
	size_t	 i;

	for (i = 0; i < p->nslots; i++)
		if (p->slots[i].role == role && kid_up(p->slots[i].kid))
			return (p->slots[i].kid);
	return (NULL);
}

struct kid *
slot_frontend(struct parent *p, uint32_t number)
{
	struct slot	*s;
	size_t		 i;

	for (i = 0; i < p->nslots; i++) {
		s = &p->slots[i];
		if (s->role == ROLE_FRONTEND && kid_up(s->kid) &&
		    s->kid->number == number)
			return (s->kid);
	}
	return (NULL);
}

int
slots_up(struct parent *p)
{
	size_t	 i;

	for (i = 0; i < p->nslots; i++)
		if (!kid_up(p->slots[i].kid) || p->slots[i].unlinked)
			return (0);
	return (1);
}

/* Tell the frontends, and the service manager once, how we are. */
void
slots_state(struct parent *p)
{
	struct imsg	 im;
	size_t		 i;
	int		 ready;

	ready = slots_up(p);
	if (ready && !p->was_ready) {
		p->was_ready = 1;
		log_info("ready");
		notify_ready();
	}
	for (i = 0; i < p->nslots; i++) {
		if (p->slots[i].role != ROLE_FRONTEND ||
		    !kid_up(p->slots[i].kid))
			continue;
		imsg_init(&im, IMSG_STATE, 0);
		im.m.state.ready = (uint8_t)ready;
		im.m.state.draining = (uint8_t)p->draining;
		(void)kid_send(p->slots[i].kid, &im);
	}
}

/* A channel between a frontend and the catalog; slots_sweep() if not now. */
static void
slot_link(struct kid *frontend, struct kid *catalog)
{
	struct imsg	 im;
	struct slot	*s;
	int		 sv[2];

	s = frontend->owner;
	if (chan_pair(sv) == -1) {
		if (!s->unlinked)
			log_warn("channel of %s to the catalog",
			    frontend->name);
		s->unlinked = 1;
		return;
	}
	s->unlinked = 0;
	imsg_init(&im, IMSG_CHANNEL, 0);
	im.m.channel.role = ROLE_FRONTEND;
	im.m.channel.number = frontend->number;
	im.fd = sv[0];
	(void)kid_send(catalog, &im);
	imsg_init(&im, IMSG_CHANNEL, 0);
	im.m.channel.role = ROLE_CATALOG;
	im.m.channel.number = catalog->number;
	im.fd = sv[1];
	(void)kid_send(frontend, &im);
}

static void
slot_link_all(struct slot *s)
{
	struct parent	*p;
	struct kid	*catalog;
	size_t		 i;

	p = s->p;
	if (s->role == ROLE_FRONTEND) {
		if ((catalog = slot_kid(p, ROLE_CATALOG)) != NULL)
			slot_link(s->kid, catalog);
	} else if (s->role == ROLE_CATALOG) {
		for (i = 0; i < p->nslots; i++)
			if (p->slots[i].role == ROLE_FRONTEND &&
			    kid_up(p->slots[i].kid))
				slot_link(p->slots[i].kid, s->kid);
	}
}

void
slots_sweep(struct parent *p)
{
	struct slot	*s;
	size_t		 i;

	for (i = 0; i < p->nslots; i++) {
		s = &p->slots[i];
		if (!s->unlinked || !kid_up(s->kid))
			continue;
		slot_link_all(s);
		if (!s->unlinked) {
			log_info("%s has its channel to the catalog",
			    s->kid->name);
			slots_state(p);
		}
	}
}

static void
slot_ready(struct slot *s)
{
	s->backoff = 0;
	slot_link_all(s);
	slots_state(s->p);
}

void
slots_stop(struct parent *p)
{
	size_t	 i;

	for (i = 0; i < p->nslots; i++) {
		(void)evtimer_del(p->slots[i].ev_respawn);
		if (p->slots[i].kid != NULL)
			(void)kid_send_empty(p->slots[i].kid, IMSG_STOP, 0);
	}
}

/* What all of them may say; whether it was that. */
static int
slot_common(struct kid *k, struct imsg *im)
{
	char	 why[REASON_MAX + 1];

	switch (im->type) {
	case IMSG_READY:
		slot_ready(k->owner);
		return (1);
	case IMSG_CONF_OK:
		if (k->push != NULL)
			kid_bad(k, "takes what it was not told yet");
		else if (chan_state(k->chan) & MS_SETUP) {
			/* A new child works by it at once. */
			(void)kid_send_empty(k, IMSG_CONF_SWITCH, 0);
			(void)kid_send_empty(k, IMSG_START, 0);
		} else
			reload_answer(k->p, k, NULL);
		return (1);
	case IMSG_CONF_FAIL:
		if (k->push != NULL)
			kid_bad(k, "refuses what it was not told yet");
		else {
			/* It will be seen on an operator's terminal. */
			log_escape(why, sizeof(why), im->m.fail.reason);
			if (chan_state(k->chan) & MS_SETUP)
				kid_bad(k, why);
			else
				reload_answer(k->p, k, why);
		}
		return (1);
	default:
		return (0);
	}
}

static void
frontend_dispatch(struct kid *k, struct imsg *im)
{
	struct slot	*s;

	if (slot_common(k, im))
		return;
	s = k->owner;
	switch (im->type) {
	case IMSG_FRONT_STATS:
		s->stats = im->m.front_stats;
		break;
	case IMSG_UNLINK:
		worker_unlink(k->p, k->number, im->m.channel.number);
		break;
	case IMSG_DENIAL:
		audit_denial(k->p, k, &im->m.denial);
		break;
	default:
		kid_bad(k, msg_name(im->type));
		break;
	}
}

static void
catalog_dispatch(struct kid *k, struct imsg *im)
{
	if (slot_common(k, im))
		return;
	switch (im->type) {
	case IMSG_GRANT_OPEN:
		broker_open(k->p, im);
		break;
	case IMSG_GRANT_SESSION:
		broker_session(k->p, im);
		break;
	case IMSG_GRANT_LIST:
		broker_list(k->p, im);
		break;
	case IMSG_RECHECK_OK:
		recheck_answer(k->p, im->id, 1);
		break;
	case IMSG_RECHECK_LATER:
		recheck_answer(k->p, im->id, -1);
		break;
	case IMSG_RECHECK_FAIL:
		recheck_answer(k->p, im->id, 0);
		break;
	case IMSG_LEARN_OK:
	case IMSG_LEARN_FAIL:
		errand_learned(k->p, im);
		break;
	case IMSG_DENIAL:
		audit_denial(k->p, k, &im->m.denial);
		break;
	default:
		kid_bad(k, msg_name(im->type));
		break;
	}
}

static void
dialer_dispatch(struct kid *k, struct imsg *im)
{
	if (slot_common(k, im))
		return;
	switch (im->type) {
	case IMSG_DIAL_OK:
	case IMSG_DIAL_FAIL:
		errand_dialed(k->p, im);
		break;
	default:
		kid_bad(k, msg_name(im->type));
		break;
	}
}

static void
control_dispatch(struct kid *k, struct imsg *im)
{
	if (!slot_common(k, im))
		ctl_request(k->p, k, im);
}
