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

#include <stdio.h>
#include <string.h>

#include "parent_part.h"
#include "util.h"

/* What gatewayctl(8) asks, and the numbers of the metrics listener. */

static void	 ctl_show(struct parent *, struct kid *, uint32_t,
		    const struct msg_ctl_show *);
static uint64_t	 show_sandboxes(struct parent *, struct kid *, uint32_t,
		    uint64_t);
static int	 show_ended(struct parent *, struct kid *, uint32_t);
static uint64_t	 show_sessions(struct parent *, struct kid *, uint32_t,
		    uint64_t);
static uint64_t	 show_viewers(struct parent *, struct kid *, uint32_t,
		    uint64_t);
static uint64_t	 show_processes(struct parent *, struct kid *, uint32_t,
		    uint64_t);
static void	 ctl_kill(struct parent *, uint32_t, const char *);
static void	 ctl_detach(struct parent *, uint32_t, uint32_t);
static void	 ctl_metrics(struct parent *, struct kid *, uint32_t);
static void	 metric(struct kid *, uint32_t, uint8_t, const char *,
		    const char *, uint64_t);
static void	 metrics_processes(struct parent *, struct kid *, uint32_t);
static void	 metrics_sessions(struct parent *, struct kid *, uint32_t);
static void	 metrics_frontends(struct parent *, struct kid *, uint32_t);
static uint32_t	 age(time_t);

void
ctl_answer(struct parent *p, uint32_t id, const char *why)
{
	struct imsg	 im;
	struct kid	*control;

	if ((control = slot_kid(p, ROLE_CONTROL)) == NULL)
		return;
	imsg_init(&im, why == NULL ? IMSG_CTL_OK : IMSG_CTL_FAIL, id);
	if (why != NULL)
		strlcpy(im.m.fail.reason, why, sizeof(im.m.fail.reason));
	(void)kid_send(control, &im);
}

void
ctl_request(struct parent *p, struct kid *k, struct imsg *im)
{
	switch (im->type) {
	case IMSG_CTL_SHOW:
		ctl_show(p, k, im->id, &im->m.ctl_show);
		break;
	case IMSG_CTL_KILL:
		ctl_kill(p, im->id, im->m.session.session);
		break;
	case IMSG_CTL_DETACH:
		ctl_detach(p, im->id, im->m.detach.viewer);
		break;
	case IMSG_CTL_RELOAD:
		reload_start(p, im->id);
		break;
	case IMSG_CTL_DRAIN:
		ctl_answer(p, im->id, NULL);
		parent_drain(p);
		break;
	case IMSG_CTL_VERBOSE:
		parent_verbose(p, im->m.verbose.verbose);
		ctl_answer(p, im->id, NULL);
		break;
	case IMSG_CTL_METRICS:
		ctl_metrics(p, k, im->id);
		break;
	default:
		kid_bad(k, msg_name(im->type));
		break;
	}
}

static uint32_t
age(time_t since)
{
	return ((uint32_t)(util_now() - since));
}

static void
ctl_show(struct parent *p, struct kid *k, uint32_t id,
    const struct msg_ctl_show *m)
{
	struct imsg	 im;
	uint64_t	 next;

	switch (m->what) {
	case SHOW_SANDBOXES:
		next = show_sandboxes(p, k, id, m->after);
		break;
	case SHOW_SESSIONS:
		next = show_sessions(p, k, id, m->after);
		break;
	case SHOW_VIEWERS:
		next = show_viewers(p, k, id, m->after);
		break;
	default:
		next = show_processes(p, k, id, m->after);
		break;
	}
	imsg_init(&im, IMSG_CTL_END, id);
	im.m.ctl_end.next = next;
	(void)kid_send(k, &im);
}

static uint64_t
show_sandboxes(struct parent *p, struct kid *k, uint32_t id, uint64_t after)
{
	struct worker	*w;
	struct imsg	 im;
	int		 n;

	n = 0;
	TAILQ_FOREACH(w, &p->workers, entry) {
		if (w->kid->number <= after)
			continue;
		if (n++ == CTL_PAGE)
			return (after);
		imsg_init(&im, IMSG_CTL_SANDBOX, id);
		strlcpy(im.m.ctl_sandbox.sandbox, w->sandbox,
		    sizeof(im.m.ctl_sandbox.sandbox));
		im.m.ctl_sandbox.version = w->version;
		im.m.ctl_sandbox.pid = (uint32_t)w->kid->pid;
		im.m.ctl_sandbox.uid = w->kid->uid;
		im.m.ctl_sandbox.sessions = w->nsessions;
		im.m.ctl_sandbox.age = age(w->kid->started);
		(void)kid_send(k, &im);
		after = w->kid->number;
	}
	return (0);
}

/* Those of the last minute, before the first page of those that live. */
static int
show_ended(struct parent *p, struct kid *k, uint32_t id)
{
	const struct ended	*e;
	struct imsg		 im;
	size_t			 i;
	int			 n;

	n = 0;
	for (i = 0; i < ENDED_MAX; i++) {
		e = &p->ended[(p->ended_next + i) % ENDED_MAX];
		if (e->principal == NULL || age(e->when) > ENDED_TIME)
			continue;
		imsg_init(&im, IMSG_CTL_SESSION, id);
		strlcpy(im.m.ctl_session.session, e->id,
		    sizeof(im.m.ctl_session.session));
		strlcpy(im.m.ctl_session.sandbox, e->sandbox,
		    sizeof(im.m.ctl_session.sandbox));
		strlcpy(im.m.ctl_session.principal, e->principal,
		    sizeof(im.m.ctl_session.principal));
		strlcpy(im.m.ctl_session.name, e->name,
		    sizeof(im.m.ctl_session.name));
		im.m.ctl_session.state = e->state;
		im.m.ctl_session.age = age(e->when);
		(void)kid_send(k, &im);
		n++;
	}
	return (n);
}

static uint64_t
show_sessions(struct parent *p, struct kid *k, uint32_t id, uint64_t after)
{
	struct session	*s;
	struct imsg	 im;
	int		 n;

	n = after == 0 ? show_ended(p, k, id) : 0;
	TAILQ_FOREACH(s, &p->by_age, entry) {
		if (s->serial <= after)
			continue;
		if (n++ == CTL_PAGE)
			return (after);
		imsg_init(&im, IMSG_CTL_SESSION, id);
		strlcpy(im.m.ctl_session.session, s->id,
		    sizeof(im.m.ctl_session.session));
		strlcpy(im.m.ctl_session.sandbox, s->worker->sandbox,
		    sizeof(im.m.ctl_session.sandbox));
		strlcpy(im.m.ctl_session.principal, s->principal,
		    sizeof(im.m.ctl_session.principal));
		strlcpy(im.m.ctl_session.name, s->name,
		    sizeof(im.m.ctl_session.name));
		im.m.ctl_session.state = (uint8_t)s->state;
		im.m.ctl_session.viewers = s->nviewers;
		im.m.ctl_session.age = age(session_kept(s) ? s->exited :
		    s->started);
		(void)kid_send(k, &im);
		after = s->serial;
	}
	return (0);
}

static uint64_t
show_viewers(struct parent *p, struct kid *k, uint32_t id, uint64_t after)
{
	struct viewer	*v;
	struct imsg	 im;
	int		 n;

	n = 0;
	RB_FOREACH(v, viewers, &p->viewers) {
		if (v->number <= after)
			continue;
		if (n++ == CTL_PAGE)
			return (after);
		imsg_init(&im, IMSG_CTL_VIEWER, id);
		im.m.ctl_viewer.viewer = v->number;
		strlcpy(im.m.ctl_viewer.session, v->session->id,
		    sizeof(im.m.ctl_viewer.session));
		strlcpy(im.m.ctl_viewer.principal, v->session->principal,
		    sizeof(im.m.ctl_viewer.principal));
		strlcpy(im.m.ctl_viewer.address, v->address,
		    sizeof(im.m.ctl_viewer.address));
		im.m.ctl_viewer.dialect = v->dialect;
		im.m.ctl_viewer.transport = v->transport;
		im.m.ctl_viewer.mode = v->mode;
		im.m.ctl_viewer.age = age(v->since);
		(void)kid_send(k, &im);
		after = v->number;
	}
	return (0);
}

static uint64_t
show_processes(struct parent *p, struct kid *k, uint32_t id, uint64_t after)
{
	struct slot	*s;
	struct imsg	 im;
	size_t		 i;

	if (after != 0)
		return (0);
	/* All fit on one page: three, and at most CONF_FRONTENDS_MAX. */
	for (i = 0; i < p->nslots; i++) {
		s = &p->slots[i];
		imsg_init(&im, IMSG_CTL_PROCESS, id);
		im.m.ctl_process.role = (uint8_t)s->role;
		im.m.ctl_process.restarts = s->restarts;
		if (s->kid != NULL) {
			im.m.ctl_process.number = s->kid->number;
			im.m.ctl_process.pid = (uint32_t)s->kid->pid;
			im.m.ctl_process.uid = s->kid->uid;
			im.m.ctl_process.age = age(s->kid->started);
			im.m.ctl_process.ready = (uint8_t)s->kid->ready;
		}
		(void)kid_send(k, &im);
	}
	return (0);
}

static void
ctl_kill(struct parent *p, uint32_t id, const char *session)
{
	struct session	*s;

	if ((s = session_find(p, session)) == NULL) {
		ctl_answer(p, id, "no such session");
		return;
	}
	ctl_answer(p, id, session_kill(s, END_CLOSED) == -1 ?
	    "its worker does not listen" : NULL);
}

static void
ctl_detach(struct parent *p, uint32_t id, uint32_t number)
{
	struct viewer	*v;
	struct imsg	 im;
	int		 found;

	found = 0;
	RB_FOREACH(v, viewers, &p->viewers) {
		if (v->number != number)
			continue;
		found = 1;
		imsg_init(&im, IMSG_DETACH, 0);
		im.m.detach.viewer = number;
		im.m.detach.reason = LEAVE_OPERATOR;
		(void)kid_send(v->session->worker->kid, &im);
	}
	ctl_answer(p, id, found ? NULL : "no such viewer");
}

static void
metric(struct kid *k, uint32_t id, uint8_t kind, const char *name,
    const char *label, uint64_t value)
{
	struct imsg	 im;

	imsg_init(&im, IMSG_CTL_METRIC, id);
	im.m.ctl_metric.kind = kind;
	strlcpy(im.m.ctl_metric.name, name, sizeof(im.m.ctl_metric.name));
	strlcpy(im.m.ctl_metric.label, label, sizeof(im.m.ctl_metric.label));
	im.m.ctl_metric.value = value;
	(void)kid_send(k, &im);
}

static void
metrics_processes(struct parent *p, struct kid *k, uint32_t id)
{
	static const char *const	 names[] = {
		[ROLE_FRONTEND] = "role=\"frontend\"",
		[ROLE_CATALOG] = "role=\"catalog\"",
		[ROLE_DIALER] = "role=\"dialer\"",
		[ROLE_CONTROL] = "role=\"control\""
	};
	uint64_t			 up, restarts;
	size_t				 i;
	int				 role;

	for (role = ROLE_FRONTEND; role <= ROLE_CONTROL; role++) {
		up = restarts = 0;
		for (i = 0; i < p->nslots; i++) {
			if ((int)p->slots[i].role != role)
				continue;
			restarts += p->slots[i].restarts;
			up += p->slots[i].kid != NULL &&
			    p->slots[i].kid->ready;
		}
		metric(k, id, METRIC_GAUGE, "processes", names[role], up);
		metric(k, id, METRIC_COUNTER, "restarts_total", names[role],
		    restarts);
	}
}

static void
metrics_frontends(struct parent *p, struct kid *k, uint32_t id)
{
	struct msg_front_stats	 sum;
	struct slot		*s;
	size_t			 i;

	memset(&sum, 0, sizeof(sum));
	for (i = 0; i < p->nslots; i++) {
		s = &p->slots[i];
		sum.accepted += s->stats.accepted + s->past.accepted;
		sum.requests += s->stats.requests + s->past.requests;
		sum.refused += s->stats.refused + s->past.refused;
		sum.attached += s->stats.attached + s->past.attached;
		sum.tickets += s->stats.tickets + s->past.tickets;
		sum.open += s->stats.open;
	}
	metric(k, id, METRIC_COUNTER, "connections_total", "", sum.accepted);
	metric(k, id, METRIC_COUNTER, "requests_total", "", sum.requests);
	metric(k, id, METRIC_COUNTER, "refused_total", "", sum.refused);
	metric(k, id, METRIC_COUNTER, "attached_total", "", sum.attached);
	metric(k, id, METRIC_COUNTER, "tickets_total", "", sum.tickets);
	metric(k, id, METRIC_GAUGE, "open_connections", "", sum.open);
}

/* All of them; those of each kind; and of all, those that are over. */
static void
metrics_sessions(struct parent *p, struct kid *k, uint32_t id)
{
	static const char *const	 names[] = {
		[DIALECT_SSH] = "kind=\"ssh\"",
		[DIALECT_TTY] = "kind=\"tty\"",
		[DIALECT_TERMINAL] = "kind=\"terminal\""
	};
	struct session			*s;
	uint64_t			 kinds[DIALECT_MAX + 1];
	uint64_t			 n, kept;
	size_t				 i;

	memset(kinds, 0, sizeof(kinds));
	n = kept = 0;
	TAILQ_FOREACH(s, &p->by_age, entry) {
		n++;
		kinds[s->kind]++;
		kept += session_kept(s) != 0;
	}
	metric(k, id, METRIC_GAUGE, "sessions", "", n);
	for (i = 1; i <= DIALECT_MAX; i++)
		metric(k, id, METRIC_GAUGE, "sessions_by_kind", names[i],
		    kinds[i]);
	metric(k, id, METRIC_GAUGE, "sessions_kept", "", kept);
}

static void
ctl_metrics(struct parent *p, struct kid *k, uint32_t id)
{
	static const char *const	 reasons[] = {
		[DENY_TOKEN] = "reason=\"token\"",
		[DENY_EXPIRED] = "reason=\"expired\"",
		[DENY_NOT_FOUND] = "reason=\"not_found\"",
		[DENY_LIMIT] = "reason=\"limit\"",
		[DENY_DRAINING] = "reason=\"draining\"",
		[DENY_UNAVAILABLE] = "reason=\"unavailable\""
	};
	struct worker			*w;
	struct viewer			*v;
	struct imsg			 im;
	uint64_t			 n;
	size_t				 i;

	metrics_processes(p, k, id);
	n = 0;
	TAILQ_FOREACH(w, &p->workers, entry)
		n++;
	metric(k, id, METRIC_GAUGE, "workers", "", n);
	metrics_sessions(p, k, id);
	n = 0;
	RB_FOREACH(v, viewers, &p->viewers)
		n++;
	metric(k, id, METRIC_GAUGE, "viewers", "", n);
	metric(k, id, METRIC_COUNTER, "grants_total", "", p->n_grants);
	for (i = 1; i <= DENY_MAX; i++)
		metric(k, id, METRIC_COUNTER, "denials_total", reasons[i],
		    p->n_denials[i]);
	metrics_frontends(p, k, id);
	imsg_init(&im, IMSG_CTL_END, id);
	(void)kid_send(k, &im);
}
