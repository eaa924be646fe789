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

#include <string.h>

#include <event2/event.h>

#include "asset_open.h"
#include "chan.h"
#include "log.h"
#include "notify.h"
#include "parent_part.h"

/*
 * Reload: read the new configuration, let every child that works by it take
 * it aside, and only when all have said that they can, switch.  Any failure
 * leaves what is in force untouched, and the others are waited for: they
 * forget what they were told, and their clients notice nothing.
 */

/* How long the children have to look at it: seconds. */
#define RELOAD_TIME	10

struct reload {
	struct parent	*p;
	struct config	*conf;
	uint32_t	 asked_by;	/* id of a CTL_RELOAD, or 0 */
	struct kid	*waiting[SLOTS_MAX];	/* have not answered */
	struct kid	*staged[SLOTS_MAX];	/* said CONF_OK */
	size_t		 nwaiting;
	size_t		 nstaged;
	struct event	*ev_timeout;
	char		 why[REASON_MAX + 1];	/* it failed, or "" */
};

static void	 reload_not_now(struct parent *, uint32_t);
static void	 reload_failed(struct reload *, const char *);
static void	 reload_check(struct reload *);
static void	 reload_finish(struct parent *, const char *);
static void	 reload_switch(struct reload *);
static void	 reload_timeout(evutil_socket_t, short, void *);
static int	 reload_push(struct reload *);
static void	 reload_unchanged(const struct config *,
		    const struct config *);
static int	 same_listens(const struct config *, const struct config *);
static int	 same_metrics(const struct config *, const struct config *);
static int	 same_users(const struct config *, const struct config *);

/* Who asked by a signal has no answer, and cannot know to try again. */
static void
reload_not_now(struct parent *p, uint32_t asked_by)
{
	const char	*why;

	why = p->reload != NULL ? "another is under way" :
	    "not all processes are ready";
	if (asked_by != 0) {
		log_warnx("reload refused: %s", why);
		ctl_answer(p, asked_by, "not now, try again");
	} else if (!p->stopping && !p->reload_later) {
		log_info("reload put off: %s", why);
		p->reload_later = 1;
	}
}

void
reload_start(struct parent *p, uint32_t asked_by)
{
	struct timeval	 tv = { RELOAD_TIME, 0 };
	struct config	*conf;
	struct reload	*r;

	if (p->reload != NULL || p->stopping || !slots_up(p)) {
		reload_not_now(p, asked_by);
		return;
	}
	p->reload_later = 0;
	notify_reloading();
	if ((conf = config_parse(p->conf_path, &p->how)) == NULL ||
	    config_check_files(conf, &p->how) > 0) {
		config_free(conf);
		log_warnx("reload failed: the configuration has errors; "
		    "nothing has changed");
		notify_ready();
		if (asked_by != 0)
			ctl_answer(p, asked_by,
			    "the configuration has errors, see the log");
		return;
	}
	if ((r = calloc(1, sizeof(*r))) == NULL ||
	    (r->ev_timeout = evtimer_new(p->base, reload_timeout, r)) ==
	    NULL) {
		free(r);
		config_free(conf);
		log_warn("reload failed");
		notify_ready();
		if (asked_by != 0)
			ctl_answer(p, asked_by, "out of memory");
		return;
	}
	asset_open(conf);
	r->p = p;
	r->conf = conf;
	r->asked_by = asked_by;
	p->reload = r;
	(void)evtimer_add(r->ev_timeout, &tv);
	if (reload_push(r) == -1)
		reload_failed(r, "a process could not be told");
	reload_check(r);
}

static int
reload_push(struct reload *r)
{
	struct slot	*s;
	size_t		 i;

	for (i = 0; i < r->p->nslots; i++) {
		s = &r->p->slots[i];
		if (s->role == ROLE_CONTROL)
			continue;
		if (!kid_up(s->kid))
			return (-1);
		r->waiting[r->nwaiting++] = s->kid;
		chan_set_state(s->kid->chan, MS_RUN | MS_CONF);
		if (confpush(s->kid, r->conf) == -1) {
			if (s->kid->chan != NULL)
				kid_bad(s->kid, "was told only half");
			return (-1);
		}
	}
	return (0);
}

void
reload_answer(struct parent *p, struct kid *k, const char *why)
{
	struct reload	*r;
	size_t		 i;

	if (k->chan != NULL)
		chan_set_state(k->chan, MS_RUN);
	if ((r = p->reload) == NULL)
		return;
	for (i = 0; i < r->nwaiting; i++)
		if (r->waiting[i] == k)
			break;
	if (i == r->nwaiting)
		return;
	r->waiting[i] = r->waiting[--r->nwaiting];
	if (why != NULL) {
		log_warnx("%s refuses the configuration", k->name);
		reload_failed(r, why);
	} else
		r->staged[r->nstaged++] = k;
	reload_check(r);
}

/* The first reason is the one that is told. */
static void
reload_failed(struct reload *r, const char *why)
{
	if (r->why[0] == '\0')
		(void)strlcpy(r->why, why, sizeof(r->why));
}

static void
reload_check(struct reload *r)
{
	if (r->nwaiting == 0)
		reload_finish(r->p, r->why[0] == '\0' ? NULL : r->why);
}

void
reload_kid_gone(struct parent *p, struct kid *k)
{
	struct reload	*r;
	size_t		 i;

	if ((r = p->reload) == NULL)
		return;
	for (i = 0; i < r->nwaiting; i++)
		if (r->waiting[i] == k)
			r->waiting[i] = r->waiting[--r->nwaiting];
	for (i = 0; i < r->nstaged; i++)
		if (r->staged[i] == k)
			r->staged[i] = r->staged[--r->nstaged];
	reload_failed(r, "a process ended meanwhile");
	reload_check(r);
}

void
reload_forget(struct parent *p)
{
	struct reload	*r;
	size_t		 i;

	if ((r = p->reload) == NULL)
		return;
	p->reload = NULL;
	for (i = 0; i < r->nwaiting; i++)
		r->waiting[i]->push = NULL;
	if (r->asked_by != 0)
		ctl_answer(p, r->asked_by, "the daemon stops");
	config_free(r->conf);
	event_free(r->ev_timeout);
	free(r);
}

static void
reload_timeout(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct reload	*r;

	r = arg;
	reload_failed(r, "a process did not answer");
	reload_finish(r->p, r->why);
}

static void
reload_finish(struct parent *p, const char *why)
{
	struct reload	*r;
	size_t		 i;

	r = p->reload;
	p->reload = NULL;
	if (why == NULL)
		reload_switch(r);
	else {
		for (i = 0; i < r->nstaged; i++)
			(void)kid_send_empty(r->staged[i], IMSG_CONF_DROP, 0);
		/* Half told, it may say OK later: that it must not use. */
		for (i = 0; i < r->nwaiting; i++)
			if (r->waiting[i]->chan != NULL)
				kid_bad(r->waiting[i],
				    "reload did not finish");
		log_warnx("reload failed: %s; nothing has changed", why);
		config_free(r->conf);
	}
	if (r->asked_by != 0)
		ctl_answer(p, r->asked_by, why);
	notify_ready();
	event_free(r->ev_timeout);
	free(r);
}

static void
reload_switch(struct reload *r)
{
	struct parent	*p;
	struct worker	*w;
	size_t		 i;

	p = r->p;
	reload_unchanged(p->conf, r->conf);
	for (i = 0; i < r->nstaged; i++)
		(void)kid_send_empty(r->staged[i], IMSG_CONF_SWITCH, 0);
	TAILQ_FOREACH(w, &p->workers, entry)
		worker_limits(w, r->conf);
	config_free(p->conf);
	p->conf = r->conf;
	/* Whoever mended a record need not wait to see it work. */
	crash_clear(&p->crashes);
	recheck_init(p);
	log_info("configuration reloaded");
}

static int
same_listens(const struct config *a, const struct config *b)
{
	const struct config_listen	*x, *y;

	y = TAILQ_FIRST(&b->listens);
	TAILQ_FOREACH(x, &a->listens, entry) {
		if (y == NULL || x->len != y->len ||
		    memcmp(&x->ss, &y->ss, x->len) != 0)
			return (0);
		y = TAILQ_NEXT(y, entry);
	}
	return (y == NULL);
}

static int
same_metrics(const struct config *a, const struct config *b)
{
	if (a->metrics == NULL || b->metrics == NULL)
		return (a->metrics == b->metrics);
	return (a->metrics->len == b->metrics->len &&
	    memcmp(&a->metrics->ss, &b->metrics->ss, a->metrics->len) == 0);
}

static int
same_users(const struct config *a, const struct config *b)
{
	return (strcmp(a->user, b->user) == 0 &&
	    strcmp(a->user_catalog, b->user_catalog) == 0 &&
	    strcmp(a->user_dialer, b->user_dialer) == 0 &&
	    strcmp(a->user_control, b->user_control) == 0);
}

/* What was set up for life; say so rather than pass over it. */
static void
reload_unchanged(const struct config *old, const struct config *conf)
{
	static const char	 text[] = "reload: %s changes with a restart "
	    "only";

	if (!same_listens(old, conf))
		log_warnx(text, "listen");
	if (!same_metrics(old, conf))
		log_warnx(text, "metrics");
	if (strcmp(old->control, conf->control) != 0)
		log_warnx(text, "control socket");
	if (old->frontends != conf->frontends)
		log_warnx(text, "frontends");
	if (!same_users(old, conf))
		log_warnx(text, "user");
}
