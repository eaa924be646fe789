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
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include <event2/event.h>

#include "chan.h"
#include "log.h"
#include "parent_part.h"
#include "paths.h"
#include "proc.h"
#include "util.h"

/* Lines that a child may log each second; more are counted. */
#define LOG_LINES_MAX	50

/* A child that has closed its channel is about to end: seconds. */
#define KID_EXIT_TIME	5

/* To READY; the catalog may have 65536 records to take in: seconds. */
#define KID_SETUP_TIME	60

static int	 kid_cmp(struct kid *, struct kid *);
static void	 kid_received(struct chan *, struct imsg *, void *);
static void	 kid_closed(struct chan *, const char *, void *);
static void	 kid_drained(struct chan *, void *);
static void	 kid_kill(evutil_socket_t, short, void *);
static void	 kid_log(struct kid *, const struct msg_log *);
static int	 kid_introduce(struct kid *, gid_t, uint32_t, uint64_t);
static const char *kid_path(const struct kid_kind *, char *, size_t);
static void	 kid_log_end(const struct kid *, int);
static void	 kid_ended(struct kid *, int);

RB_GENERATE(kids, kid, entry, kid_cmp)

static int
kid_cmp(struct kid *a, struct kid *b)
{
	return (a->pid < b->pid ? -1 : a->pid > b->pid);
}

static const char *
kid_path(const struct kid_kind *kind, char *buf, size_t size)
{
	if (kind->program == NULL)
		return (path_gatewayd);
	if ((size_t)snprintf(buf, size, "%s/%s", path_libexec,
	    kind->program) >= size)
		return (NULL);
	return (buf);
}

struct kid *
kid_start(struct parent *p, const struct kid_kind *kind, void *owner,
    uid_t uid, gid_t gid, uint32_t nofile, uint64_t data)
{
	struct kid	*k;
	char		 buf[PATH_TEXT_MAX + 1];
	const char	*name, *path;
	int		 fd, saved;

	if ((k = calloc(1, sizeof(*k))) == NULL)
		return (NULL);
	k->p = p;
	k->kind = kind;
	k->owner = owner;
	k->uid = uid;
	k->number = ++p->kid_seq;
	k->started = util_now();
	name = strchr(kind->title, ' ');
	(void)snprintf(k->name, sizeof(k->name), "%s %u",
	    name == NULL ? kind->title : name + 1, k->number);
	if ((path = kid_path(kind, buf, sizeof(buf))) == NULL) {
		errno = ENAMETOOLONG;
		goto fail;
	}
	if ((k->pid = proc_spawn(path, kind->title, kind->option, &fd)) == -1)
		goto fail;
	RB_INSERT(kids, &p->kids, k);
	/* From here on it is reaped like any other. */
	if ((k->ev_kill = evtimer_new(p->base, kid_kill, k)) == NULL ||
	    (k->chan = chan_new(p->base, fd, kind->in, kind->out,
	    kid_received, kid_closed, k)) == NULL ||
	    kid_introduce(k, gid, nofile, data) == -1) {
		saved = errno;
		if (k->chan == NULL)
			close(fd);
		(void)kill(k->pid, SIGKILL);
		RB_REMOVE(kids, &p->kids, k);
		(void)waitpid(k->pid, NULL, 0);
		chan_free(k->chan);
		errno = saved;
		goto fail;
	}
	chan_on_drained(k->chan, kid_drained);
	kid_expire(k, KID_SETUP_TIME);
	return (k);
 fail:
	saved = errno;
	log_warn("cannot start %s", k->name);
	if (k->ev_kill != NULL)
		event_free(k->ev_kill);
	free(k);
	errno = saved;
	return (NULL);
}

/* HELLO and SETUP. */
static int
kid_introduce(struct kid *k, gid_t gid, uint32_t nofile, uint64_t data)
{
	struct imsg	 im;

	imsg_init(&im, IMSG_HELLO, 0);
	im.m.hello.version = PROTO_VERSION;
	im.m.hello.role = ROLE_PARENT;
	if (chan_send(k->chan, &im) == -1)
		return (-1);
	imsg_init(&im, IMSG_SETUP, 0);
	im.m.setup.role = (uint8_t)k->kind->role;
	im.m.setup.number = k->number;
	im.m.setup.privileged = (uint8_t)k->p->privileged;
	im.m.setup.uid = k->uid;
	im.m.setup.gid = gid;
	im.m.setup.verbose = (uint8_t)log_getverbose();
	im.m.setup.nofile = nofile;
	im.m.setup.data = data;
	if (k->p->privileged)
		strlcpy(im.m.setup.root, path_empty, sizeof(im.m.setup.root));
	return (chan_send(k->chan, &im));
}

int
kid_up(const struct kid *k)
{
	return (k != NULL && k->ready && k->chan != NULL);
}

int
kid_send(struct kid *k, struct imsg *im)
{
	if (k->chan == NULL) {
		if (im->fd != -1)
			close(im->fd);
		if (im->blob != -1)
			close(im->blob);
		im->fd = im->blob = -1;
		errno = EPIPE;
		return (-1);
	}
	if (chan_send(k->chan, im) == 0)
		return (0);
	log_warn("%s: cannot send %s", k->name, msg_name(im->type));
	/* What the table or a range forbids is our mistake, not the child's. */
	if (errno != EINVAL)
		kid_bad(k, "cannot be told what it must know");
	return (-1);
}

int
kid_send_empty(struct kid *k, uint16_t type, uint32_t id)
{
	struct imsg	 im;

	imsg_init(&im, type, id);
	return (kid_send(k, &im));
}

static void
kid_received(struct chan *c, struct imsg *im, void *arg)
{
	struct kid	*k;

	k = arg;
	switch (im->type) {
	case IMSG_HELLO:
		if (im->m.hello.version != PROTO_VERSION ||
		    im->m.hello.role != k->kind->role)
			kid_bad(k, "is of another version or role");
		else
			chan_set_state(c, MS_SETUP);
		return;
	case IMSG_LOG:
		kid_log(k, &im->m.log);
		return;
	case IMSG_READY:
		k->ready = 1;
		(void)evtimer_del(k->ev_kill);
		chan_set_state(c, MS_RUN);
		break;
	default:
		break;
	}
	k->kind->dispatch(k, im);
}

/* Lines of a child are limited in number, and escaped by log_child(). */
static void
kid_log(struct kid *k, const struct msg_log *m)
{
	unsigned int	 missed;
	int		 allowed;

	allowed = util_ration(&k->lines, LOG_LINES_MAX, &missed);
	if (missed > 0)
		log_warnx("%s: %u lines not logged", k->name, missed);
	if (allowed)
		log_child(m->priority, k->name, m->text);
}

static void
kid_drained(struct chan *c UNUSED, void *arg)
{
	confpush_more(arg);
}

static void
kid_closed(struct chan *c, const char *why, void *arg)
{
	struct kid	*k;

	k = arg;
	k->chan = NULL;
	chan_free(c);
	if (why != NULL)
		kid_bad(k, why);
	else
		kid_expire(k, KID_EXIT_TIME);
}

void
kid_bad(struct kid *k, const char *why)
{
	log_warnx("%s: %s; killed", k->name, why);
	chan_free(k->chan);
	k->chan = NULL;
	k->push = NULL;
	/* A pid that was waited for may be anybody's by now. */
	if (!k->reaped)
		(void)kill(k->pid, SIGKILL);
}

void
kid_expire(struct kid *k, int seconds)
{
	struct timeval	 tv = { seconds, 0 };

	(void)evtimer_add(k->ev_kill, &tv);
}

static void
kid_kill(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct kid	*k;

	k = arg;
	/* Not yet reaped, so the pid is still this child's. */
	log_warnx("%s: does not end, killed", k->name);
	(void)kill(k->pid, SIGKILL);
}

/* How it ended, if that was not what it should; status of waitpid(2). */
static void
kid_log_end(const struct kid *k, int status)
{
	static const char *const	 words[EXITS_MAX] = {
		[EXITS_FATAL] = "could not go on",
		[EXITS_START] = "was not introduced",
		[EXITS_PRIV] = "limits or privileges",
		[EXITS_SANDBOX] = "could not be confined",
		[EXITS_RECORD] = "could not use its record",
		[EXITS_PROTOCOL] = "did not understand its parent"
	};
	int				 code;

	if (WIFSIGNALED(status)) {
		log_warnx("%s: ended by signal %d%s", k->name,
		    WTERMSIG(status), WTERMSIG(status) == SIGSYS ?
		    ": forbidden system call" : "");
		return;
	}
	code = WEXITSTATUS(status);
	if (code > EXITS_DONE && code < EXITS_MAX)
		log_warnx("%s: ended with code %d: %s", k->name, code,
		    words[code]);
	else if (code != EXITS_DONE)
		log_warnx("%s: ended with code %d", k->name, code);
}

static void
kid_ended(struct kid *k, int status)
{
	/* Its pid is free, and may be that of the next child that we start. */
	RB_REMOVE(kids, &k->p->kids, k);
	k->reaped = 1;
	/* What it said last counts. */
	if (k->chan != NULL)
		chan_drain(k->chan);
	if (!k->p->stopping)
		kid_log_end(k, status);
	chan_free(k->chan);
	k->chan = NULL;
	k->kind->gone(k, status);
	event_free(k->ev_kill);
	free(k);
}

void
kids_reap(struct parent *p)
{
	struct kid	*k, find;
	int		 status;

	for (;;) {
		find.pid = waitpid(-1, &status, WNOHANG);
		if (find.pid == -1 && errno == EINTR)
			continue;
		if (find.pid <= 0)
			return;
		if ((k = RB_FIND(kids, &p->kids, &find)) != NULL)
			kid_ended(k, status);
	}
}
