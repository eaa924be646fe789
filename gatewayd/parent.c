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
#include <sys/stat.h>

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "listener.h"
#include "log.h"
#include "notify.h"
#include "parent_part.h"
#include "paths.h"
#include "priv.h"
#include "rate.h"
#include "util.h"

/*
 * The parent: it starts the other processes, opens sockets, terminals and
 * files for them, and knows which session belongs to whom.  It carries no
 * filter, since every shell would inherit it; its protection is that it
 * reads nothing from outside.
 */

/* After STOP all have so long to end, then they are killed: seconds. */
#define STOP_TIME	5

/*
 * Seconds beyond what the configuration gives a session to open, or its
 * clients to read the rest: then it has to go, or its worker, which lies.
 */
#define OPEN_TIME	30
#define ENDING_TIME	15
#define SWEEP_TIME	5

/* What SETUP can name; a shell gets back what was set before. */
#define NOFILE_SOFT_MAX	1048576

/* What a frontend would take, and some thousand sessions. */
#define NOFILE_ENOUGH	16384

static void	 parent_init(struct parent *);
static void	 parent_nofile(struct parent *);
static void	 parent_empty_dir(void);
static void	 parent_signals(struct parent *);
static void	 parent_signal(evutil_socket_t, short, void *);
static void	 parent_sweep(evutil_socket_t, short, void *);
static time_t	 longer(uint32_t, uint32_t);
static void	 parent_weigh(struct parent *);
static void	 parent_stop(struct parent *);
static void	 parent_stop_timeout(evutil_socket_t, short, void *);
static void	 parent_timers(struct parent *);
static int	 parent_busy(struct parent *);
static void	 parent_unprivileged(const struct parent *);
static void	 parent_finding(const char *);

static struct parent	 parent;

void
parent_main(struct config *conf, const char *path,
    const struct config_how *how, int debug)
{
	struct parent	*p;

	p = &parent;
	p->conf = conf;
	p->conf_path = path;
	p->how = *how;
	p->how.report = parent_finding;
	p->privileged = geteuid() == 0;
	parent_init(p);
	if ((p->listeners = listener_open(conf)) == NULL)
		fatalx("cannot listen");
	slots_init(p);
	if (!debug) {
		if (daemon(0, 0) == -1)
			fatal("daemon");
		log_init("gatewayd", 0, log_getverbose());
	}
	/* The loop's own descriptors must not be those of the forked one. */
	if ((p->base = event_base_new()) == NULL)
		fatalx("event base");
	parent_signals(p);
	parent_timers(p);
	slots_start(p);
	recheck_init(p);
	(void)event_base_dispatch(p->base);

	kids_reap(p);
	listener_close(p->listeners);
	log_info("stopped");
	exit(0);
}

/* What a reload finds wrong: by then nobody reads standard error. */
static void
parent_finding(const char *text)
{
	log_warnx("%s", text);
}

static void
parent_init(struct parent *p)
{
	RB_INIT(&p->kids);
	TAILQ_INIT(&p->workers);
	RB_INIT(&p->sessions);
	RB_INIT(&p->session_keys);
	TAILQ_INIT(&p->by_age);
	RB_INIT(&p->viewers);
	RB_INIT(&p->errands);
	notify_init();
	/* Without core files too; a limit would be left to the shells. */
	if (priv_hide() == -1)
		fatal("cannot hide from others");
	parent_nofile(p);
	util_batch();
	if (p->privileged)
		parent_empty_dir();
	else
		parent_unprivileged(p);
	if ((p->counters = rate_map_create()) == -1)
		fatal("request counters");
}

static void
parent_unprivileged(const struct parent *p)
{
	const struct config_sandbox	*sb;
	const char			*self;

	log_info("not root: no change of root directory, and all processes "
	    "and shells under one account");
	if ((self = getenv("USER")) == NULL)
		return;
	TAILQ_FOREACH(sb, &p->conf->sandboxes, entry)
		if (sb->user != NULL && strcmp(sb->user, self) != 0)
			log_warnx("sandbox %s: without root its shell cannot "
			    "belong to %s", sb->id, sb->user);
}

/*
 * Two descriptors a session add up: take what the hard limit allows.  The
 * pty helper gives the shell the soft limit that we were started with.
 */
static void
parent_nofile(struct parent *p)
{
	struct rlimit	 rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) == -1)
		fatal("getrlimit");
	p->soft_nofile = rl.rlim_cur > NOFILE_SOFT_MAX ? NOFILE_SOFT_MAX :
	    (uint32_t)rl.rlim_cur;
	rl.rlim_cur = rl.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &rl) == -1)
		fatal("setrlimit");
	if (rl.rlim_max < NOFILE_ENOUGH)
		log_info("no process may have more than %llu descriptors: "
		    "sessions and clients will be few",
		    (unsigned long long)rl.rlim_max);
}

/* Usually the boot makes it (tmpfiles); it stays empty and is root's. */
static void
parent_empty_dir(void)
{
	char	 dir[PATH_TEXT_MAX + 1];
	char	*slash;

	strlcpy(dir, path_empty, sizeof(dir));
	if ((slash = strrchr(dir, '/')) != NULL) {
		*slash = '\0';
		(void)mkdir(dir, 0755);
	}
	if (mkdir(path_empty, 0755) == -1 && errno != EEXIST)
		fatal("mkdir %s", path_empty);
}

static void
parent_signals(struct parent *p)
{
	static const int	 signals[] = {
		SIGTERM, SIGINT, SIGHUP, SIGCHLD, SIGPIPE
	};
	size_t			 i;

	for (i = 0; i < nitems(signals); i++)
		if ((p->ev_signals[i] = evsignal_new(p->base, signals[i],
		    parent_signal, p)) == NULL ||
		    evsignal_add(p->ev_signals[i], NULL) == -1)
			fatalx("signals");
}

/* Called from the loop, not from a signal handler. */
static void
parent_signal(evutil_socket_t signo, short what UNUSED, void *arg)
{
	struct parent	*p;

	p = arg;
	switch (signo) {
	case SIGTERM:
	case SIGINT:
		parent_stop(p);
		break;
	case SIGHUP:
		reload_start(p, 0);
		break;
	case SIGCHLD:
		kids_reap(p);
		parent_check_drained(p);
		break;
	default:
		break;
	}
}

static void
parent_timers(struct parent *p)
{
	struct timeval	 tv = { SWEEP_TIME, 0 };

	if ((p->ev_stop = evtimer_new(p->base, parent_stop_timeout, p)) ==
	    NULL || (p->ev_sweep = event_new(p->base, -1, EV_PERSIST,
	    parent_sweep, p)) == NULL || event_add(p->ev_sweep, &tv) == -1)
		fatalx("timers");
}

/* Only root can give back what a busy worker has lost by being nice. */
static void
parent_weigh(struct parent *p)
{
	struct worker	*w;
	uint64_t	 now;

	if (!p->privileged)
		return;
	now = util_now_msec();
	TAILQ_FOREACH(w, &p->workers, entry)
		if (w->kid != NULL && weigh(&w->kid->weight, w->kid->pid,
		    now))
			log_info("%s of %s: keeps the processor busy, goes "
			    "behind others", w->kid->name, w->sandbox);
}

/* Times of a configuration before hold for what began with it. */
static time_t
longer(uint32_t then, uint32_t now)
{
	return ((time_t)(then > now ? then : now));
}

/*
 * What could not be done when it was due; sessions that never came up, and
 * those that do not end or go.
 */
static void
parent_sweep(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct parent	*p;
	struct session	*s;
	time_t		 end, keep, now, start;

	p = arg;
	now = util_now();
	errand_sweep(p, now);
	slots_sweep(p);
	parent_weigh(p);
	if (p->reload_later)
		reload_start(p, 0);
	TAILQ_FOREACH(s, &p->by_age, entry) {
		start = longer(s->open_time, config_open_time(p->conf,
		    s->worker->target.upstream)) + OPEN_TIME;
		/* A client may take long to read the rest, and is let. */
		end = longer(s->stalled, p->conf->timeout_stalled) +
		    ENDING_TIME;
		keep = SESSION_KEPT_TIME + end;
		if (s->state == SESSION_STARTING && now - s->started >= start)
			(void)session_kill(s, END_FAILED);
		else if (s->state == SESSION_ENDING &&
		    now - s->ending >= end && s->worker->kid->chan != NULL)
			kid_bad(s->worker->kid, "does not end a session");
		else if (session_kept(s) && s->nviewers == 0 &&
		    now - s->exited >= keep && now - s->detached >= keep &&
		    s->worker->kid->chan != NULL)
			kid_bad(s->worker->kid, "keeps a session too long");
	}
}

/*
 * The daemon cannot start.  Its children end with their channels; the
 * control socket would stay.
 */
__dead void
parent_give_up(struct parent *p, const char *what)
{
	listener_close(p->listeners);
	fatalx("%s cannot run, giving up", what);
}

/* Say so to everybody; whoever has not ended in time is killed. */
static void
parent_stop(struct parent *p)
{
	struct timeval	 tv = { STOP_TIME, 0 };
	struct worker	*w;

	if (p->stopping)
		return;
	p->stopping = 1;
	log_info("stopping");
	notify_stopping();
	listener_close(p->listeners);
	p->listeners = NULL;
	(void)event_del(p->ev_sweep);
	if (p->ev_recheck != NULL)
		(void)event_del(p->ev_recheck);
	reload_forget(p);
	slots_stop(p);
	TAILQ_FOREACH(w, &p->workers, entry)
		(void)kid_send_empty(w->kid, IMSG_STOP, 0);
	(void)evtimer_add(p->ev_stop, &tv);
	parent_check_drained(p);
}

static void
parent_stop_timeout(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct parent	*p;
	struct kid	*k;

	p = arg;
	/* Not yet reaped, so each pid is still that child's. */
	RB_FOREACH(k, kids, &p->kids) {
		log_warnx("%s: does not end, killed", k->name);
		(void)kill(k->pid, SIGKILL);
	}
}

void
parent_drain(struct parent *p)
{
	if (p->draining)
		return;
	p->draining = 1;
	log_info("draining: no new sessions");
	slots_state(p);
	parent_check_drained(p);
}

/*
 * Whether there is a session yet.  One that is over holds up nobody but while
 * its clients are there, who get the rest of its output.
 */
static int
parent_busy(struct parent *p)
{
	struct session	*s;

	TAILQ_FOREACH(s, &p->by_age, entry)
		if (!session_kept(s) || s->nviewers > 0)
			return (1);
	return (0);
}

/* Whether what we wait for has happened: the last session, the last child. */
void
parent_check_drained(struct parent *p)
{
	if (p->stopping && RB_EMPTY(&p->kids))
		(void)event_base_loopbreak(p->base);
	else if (p->draining && !p->stopping && !parent_busy(p))
		parent_stop(p);
}

void
parent_verbose(struct parent *p, int verbose)
{
	struct imsg	 im;
	struct kid	*k;

	log_setverbose(verbose);
	RB_FOREACH(k, kids, &p->kids) {
		if (k->kind->role == ROLE_PTY)
			continue;
		imsg_init(&im, IMSG_VERBOSE, 0);
		im.m.verbose.verbose = (uint8_t)verbose;
		(void)kid_send(k, &im);
	}
}
