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
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "chan.h"
#include "log.h"
#include "parent_part.h"
#include "util.h"

/* A worker holds clients and terminals; what it needs beside them. */
#define NOFILE_SPARE	128
#define NOFILE_MAX	65536

/* The dialer keeps its own times; the worker waits longer: seconds. */
#define DIAL_SPARE	5

static void	 worker_gone(struct kid *, int);
static void	 worker_dispatch(struct kid *, struct imsg *);
static void	 worker_of_use(struct worker *);
static void	 worker_crashed(struct worker *);
static void	 worker_lost(struct session *);
static void	 worker_orphans(struct worker *);
static const char *worker_end_word(uint8_t);
static void	 worker_may_exit(struct worker *);
static void	 worker_session_up(struct worker *, const char *);
static void	 worker_session_exit(struct worker *,
		    const struct msg_session_end *);
static void	 worker_session_end(struct worker *,
		    const struct msg_session_end *);
static struct session *worker_session(struct worker *, const char *);
static int	 worker_equip(struct worker *, int);
static int	 worker_seal_keys(struct kid *, const struct config *);
static int	 worker_key_file(struct worker *, struct config *);
static int	 worker_send_file(struct kid *, uint16_t, const char *);
static uid_t	 worker_uid(struct parent *);
static int	 worker_uid_used(struct parent *, uid_t);
static uint32_t	 worker_nofile(const struct config *);

/* By upstream. */
static const struct kid_kind kinds[UPSTREAM_MAX + 1] = {
	[UPSTREAM_PTY] = {
		ROLE_WORKER, "sessiond", NULL, "sessiond",
		&worker_to_parent, &parent_to_worker, worker_dispatch,
		worker_gone
	},
	[UPSTREAM_SSH] = {
		ROLE_WORKER, "sessiond-net", NULL, "sessiond-net",
		&worker_to_parent, &parent_to_worker, worker_dispatch,
		worker_gone
	}
};

/* The one that takes new sessions of that version of a record. */
struct worker *
worker_find(struct parent *p, const char *sandbox, uint64_t version)
{
	struct worker	*w;

	TAILQ_FOREACH(w, &p->workers, entry)
		if (w->version == version && !w->leaving &&
		    w->kid->chan != NULL && strcmp(w->sandbox, sandbox) == 0)
			return (w);
	return (NULL);
}

static int
worker_uid_used(struct parent *p, uid_t uid)
{
	struct worker	*w;

	TAILQ_FOREACH(w, &p->workers, entry)
		if (w->kid->uid == uid)
			return (1);
	return (0);
}

/*
 * A uid of its own for each worker, so that none can signal or trace
 * another; the longest unused first.  0 if there is none left.
 */
static uid_t
worker_uid(struct parent *p)
{
	uint32_t	 i, width;
	uid_t		 uid;

	if (!p->privileged)
		return (getuid());
	width = p->conf->uid_high - p->conf->uid_low + 1;
	for (i = 0; i < width; i++) {
		uid = p->conf->uid_low + p->uid_next++ % width;
		if (!worker_uid_used(p, uid))
			return (uid);
	}
	return (0);
}

static uint32_t
worker_nofile(const struct config *conf)
{
	uint64_t	 n;

	n = (uint64_t)conf->sessions_sandbox * (conf->viewers_session + 1) +
	    NOFILE_SPARE;
	return (n > NOFILE_MAX ? NOFILE_MAX : (uint32_t)n);
}

/* Start one; the record stays the caller's. */
struct worker *
worker_start(struct parent *p, const char *sandbox, uint64_t version,
    const struct target *target, int record)
{
	struct worker	*w;
	uid_t		 uid;

	if (crash_waits(&p->crashes, sandbox, util_now_msec()))
		return (NULL);
	if ((uid = worker_uid(p)) == 0 && p->privileged) {
		log_warnx("no worker uid is free");
		return (NULL);
	}
	if ((w = calloc(1, sizeof(*w))) == NULL) {
		log_warn("worker of %s", sandbox);
		return (NULL);
	}
	w->p = p;
	w->version = version;
	strlcpy(w->sandbox, sandbox, sizeof(w->sandbox));
	w->target = *target;
	if ((w->kid = kid_start(p, &kinds[target->upstream], w, uid,
	    p->privileged ? (gid_t)uid : getgid(), worker_nofile(p->conf),
	    p->conf->worker_memory)) == NULL) {
		free(w);
		return (NULL);
	}
	TAILQ_INSERT_TAIL(&p->workers, w, entry);
	if (worker_equip(w, record) == -1) {
		kid_bad(w->kid, "cannot be set up");
		return (NULL);
	}
	log_debug("%s serves sandbox %s", w->kid->name, sandbox);
	return (w);
}

/* Seal keys, key file, record, limits; START comes last. */
static int
worker_equip(struct worker *w, int record)
{
	struct imsg	 im;

	if (worker_seal_keys(w->kid, w->p->conf) == -1 ||
	    worker_key_file(w, w->p->conf) == -1)
		return (-1);
	imsg_init(&im, IMSG_RECORD, 0);
	strlcpy(im.m.record.sandbox, w->sandbox, sizeof(im.m.record.sandbox));
	im.m.record.target = w->target;
	im.m.record.version = w->version;
	im.m.record.unlocked = (uint8_t)w->p->conf->secrets_unlocked;
	if ((im.blob = dup(record)) == -1) {
		log_warn("record of %s", w->sandbox);
		return (-1);
	}
	if (kid_send(w->kid, &im) == -1)
		return (-1);
	worker_limits(w, w->p->conf);
	return (kid_send_empty(w->kid, IMSG_START, 0));
}

/*
 * Every file is opened anew: descriptors of one opening share an offset.
 * The parent never reads them.
 */
static int
worker_seal_keys(struct kid *k, const struct config *conf)
{
	const struct config_str	*key;

	TAILQ_FOREACH(key, &conf->seal_keys, entry)
		if (worker_send_file(k, IMSG_SEALKEY, key->s) == -1)
			return (-1);
	return (0);
}

/*
 * The private key of a sandbox that names it by file.  The record may be one
 * from before a reload: a key goes with the host that it is for.
 */
static int
worker_key_file(struct worker *w, struct config *conf)
{
	const struct config_sandbox	*sb;

	if (w->target.upstream != UPSTREAM_SSH ||
	    (sb = config_sandbox_find(conf, w->sandbox)) == NULL ||
	    sb->key_file == NULL || sb->ssh_port != w->target.port ||
	    strcmp(sb->ssh_host, w->target.host) != 0)
		return (0);
	return (worker_send_file(w->kid, IMSG_KEYFILE, sb->key_file));
}

static int
worker_send_file(struct kid *k, uint16_t type, const char *path)
{
	struct imsg	 im;
	const char	*why;

	imsg_init(&im, type, 0);
	if ((im.fd = config_open_file(path, CONF_SECRET, CONF_KEY_FILE_MAX,
	    &why)) == -1) {
		log_warnx("%s: %s%s%s", path, why, errno == 0 ? "" : ": ",
		    errno == 0 ? "" : strerror(errno));
		return (-1);
	}
	return (kid_send(k, &im));
}

void
worker_limits(struct worker *w, const struct config *conf)
{
	struct imsg	 im;

	imsg_init(&im, IMSG_LIMITS, 0);
	im.m.limits.viewers = conf->viewers_session;
	im.m.limits.replay = conf->replay;
	im.m.limits.timeout_dial = conf->timeout_resolve +
	    conf->timeout_connect + DIAL_SPARE;
	im.m.limits.timeout_handshake = conf->timeout_handshake;
	im.m.limits.timeout_channel = conf->timeout_channel;
	im.m.limits.timeout_ping = conf->timeout_ping;
	im.m.limits.timeout_stalled = conf->timeout_stalled;
	im.m.limits.timeout_idle[DIALECT_SSH - 1] = conf->idle_ssh != 0 ?
	    conf->idle_ssh : conf->timeout_idle;
	im.m.limits.timeout_idle[DIALECT_TTY - 1] = conf->idle_tty != 0 ?
	    conf->idle_tty : conf->timeout_idle;
	im.m.limits.timeout_idle[DIALECT_TERMINAL - 1] =
	    conf->idle_terminal != 0 ? conf->idle_terminal :
	    conf->timeout_idle;
	im.m.limits.timeout_detached[DIALECT_SSH - 1] = conf->detached_ssh;
	im.m.limits.timeout_detached[DIALECT_TTY - 1] = conf->detached_tty;
	im.m.limits.timeout_detached[DIALECT_TERMINAL - 1] =
	    conf->detached_terminal;
	(void)kid_send(w->kid, &im);
}

/* A channel between that frontend and the worker, unless there is one. */
int
worker_link(struct worker *w, struct kid *frontend)
{
	struct imsg	 im;
	size_t		 i;
	int		 sv[2];

	for (i = 0; i < w->nlinks; i++)
		if (w->links[i] == frontend->number)
			return (0);
	if (w->nlinks == nitems(w->links))
		return (-1);
	if (chan_pair(sv) == -1) {
		log_warn("channel of %s to %s", frontend->name,
		    w->kid->name);
		return (-1);
	}
	imsg_init(&im, IMSG_CHANNEL, 0);
	im.m.channel.role = ROLE_FRONTEND;
	im.m.channel.number = frontend->number;
	im.fd = sv[0];
	if (kid_send(w->kid, &im) == -1) {
		close(sv[1]);
		return (-1);
	}
	imsg_init(&im, IMSG_CHANNEL, 0);
	im.m.channel.role = ROLE_WORKER;
	im.m.channel.number = w->kid->number;
	im.fd = sv[1];
	if (kid_send(frontend, &im) == -1)
		return (-1);
	w->links[w->nlinks++] = frontend->number;
	return (0);
}

/* Forget the channels of a frontend to that worker, or to all for 0. */
void
worker_unlink(struct parent *p, uint32_t frontend, uint32_t number)
{
	struct worker	*w;
	size_t		 i;

	TAILQ_FOREACH(w, &p->workers, entry) {
		if (number != 0 && w->kid->number != number)
			continue;
		for (i = 0; i < w->nlinks; i++)
			if (w->links[i] == frontend) {
				w->links[i] = w->links[--w->nlinks];
				break;
			}
	}
}

/* A session of that worker, or NULL: it may speak of no other. */
static struct session *
worker_session(struct worker *w, const char *id)
{
	struct session	*s;

	if ((s = session_find(w->p, id)) == NULL || s->worker != w)
		return (NULL);
	return (s);
}

static void
worker_session_up(struct worker *w, const char *id)
{
	struct session	*s;

	if ((s = worker_session(w, id)) == NULL ||
	    s->state != SESSION_STARTING)
		return;
	s->state = SESSION_RUNNING;
	close(s->record);
	s->record = -1;
	worker_of_use(w);
	log_info("session %s of %s is up", s->id, w->sandbox);
}

/* A session has come up, or it has told why one has not. */
static void
worker_of_use(struct worker *w)
{
	if (!w->useful)
		crash_forget(&w->p->crashes, w->sandbox);
	w->useful = 1;
}

static const char *
worker_end_word(uint8_t reason)
{
	static const char *const words[] = {
		[END_EXIT] = "shell ended", [END_CLOSED] = "closed",
		[END_LOST] = "transport_lost", [END_FAILED] = "not opened",
		[END_IDLE] = "idle", [END_DETACHED] = "no viewer",
		[END_LIMIT] = "made room", [END_STOP] = "stopped"
	};

	return (words[reason]);
}

/*
 * It is over, and stays for those who want to know how; or, if it is shared
 * by all clients of a sandbox, until they have the rest of its output, and
 * the next one shall get another.  One that is being killed ends by that, and
 * what the worker says of it has crossed our word.
 */
static void
worker_session_exit(struct worker *w, const struct msg_session_end *m)
{
	struct session	*s;

	if ((s = worker_session(w, m->session)) == NULL ||
	    s->state == SESSION_ENDING)
		return;
	if (s->state != SESSION_RUNNING || s->kind == DIALECT_SSH ||
	    m->reason == END_FAILED)
		kid_bad(w->kid, "keeps a session that is not to stay");
	else if (w->nkept >= SESSION_KEPT_MAX)
		kid_bad(w->kid, "keeps too many sessions");
	else {
		log_info("session %s of %s is over: %s", s->id, w->sandbox,
		    worker_end_word(m->reason));
		session_exited(s, m->reason);
	}
}

/*
 * Somebody may have been granted to open it and not have come by then, so
 * that the worker begins it anew.  It is forgotten once the worker has read
 * that it shall not, and has said so by a second end.
 */
static void
worker_session_end(struct worker *w, const struct msg_session_end *m)
{
	struct session	*s;

	if ((s = worker_session(w, m->session)) == NULL)
		return;
	worker_of_use(w);
	if (s->over == 0)
		log_info("session %s of %s ended: %s", s->id, w->sandbox,
		    worker_end_word(m->reason));
	if (s->shared && s->over == 0) {
		s->over = m->reason;
		session_let_go(s);
		if (s->terminal != NULL)
			terminal_hangup(s);
		s->asked = 0;
		if (session_kill(s, END_FAILED) == 0)
			return;
	}
	session_ended(s, s->over != 0 ? s->over : m->reason);
	session_free(s, LEAVE_END);
}

/*
 * It has no session left.  A grant that is on its way to it would find
 * nobody, so it goes only if none is open; otherwise it will ask again.
 * When all stop nobody will use a grant any more.
 */
static void
worker_may_exit(struct worker *w)
{
	if (w->leaving || (w->nsessions > 0 && !w->p->stopping))
		return;
	w->leaving = 1;
	(void)kid_send_empty(w->kid, IMSG_EXIT_OK, 0);
	kid_expire(w->kid, 5);
}

static void
worker_dispatch(struct kid *k, struct imsg *im)
{
	struct worker	*w;
	struct session	*s;
	struct viewer	*v;

	w = k->owner;
	switch (im->type) {
	case IMSG_READY:
		break;
	case IMSG_PTY_REQ:
		terminal_request(w, im);
		break;
	case IMSG_PTY_SIGNAL:
		if ((s = worker_session(w, im->m.pty_signal.session)) != NULL)
			terminal_signal(s, im->m.pty_signal.signo);
		break;
	case IMSG_PTY_HANGUP:
		if ((s = worker_session(w, im->m.session.session)) != NULL &&
		    s->terminal != NULL)
			terminal_hangup(s);
		break;
	case IMSG_DIAL:
		errand_dial(w, im);
		break;
	case IMSG_HOSTKEY:
		errand_learn(w, im);
		break;
	case IMSG_SESSION_UP:
		worker_session_up(w, im->m.session.session);
		break;
	case IMSG_SESSION_EXIT:
		worker_session_exit(w, &im->m.session_end);
		break;
	case IMSG_SESSION_END:
		worker_session_end(w, &im->m.session_end);
		break;
	case IMSG_VIEWER_UP:
		if ((s = worker_session(w, im->m.viewer_up.session)) !=
		    NULL && viewer_up(s, &im->m.viewer_up) == -1)
			kid_bad(k, "has a viewer that was not granted");
		break;
	case IMSG_VIEWER_DOWN:
		if ((v = viewer_find(w, im->m.viewer_down.viewer)) != NULL)
			viewer_down(v, im->m.viewer_down.reason);
		parent_check_drained(k->p);
		break;
	case IMSG_MAY_EXIT:
		worker_may_exit(w);
		break;
	default:
		kid_bad(k, msg_name(im->type));
		break;
	}
}

/* That session was open when its worker died. */
static void
worker_lost(struct session *s)
{
	if (s->over == 0)
		log_info("session %s of %s ended: %s", s->id,
		    s->worker->sandbox, worker_end_word(
		    s->state == SESSION_EXITED ? END_EXIT : END_LOST));
	session_ended(s, END_LOST);
}

/* Sessions end with their worker, but those that it has not opened. */
static void
worker_orphans(struct worker *w)
{
	struct session	*s, *next;

	TAILQ_FOREACH_SAFE(s, &w->p->by_age, entry, next) {
		if (s->worker != w)
			continue;
		/* Those who wait for one with a name come again. */
		if (s->record != -1 && !s->join)
			broker_again(s);
		else {
			if (s->record == -1)
				worker_lost(s);
			session_free(s, LEAVE_END);
		}
	}
}

/* It has died by itself.  Before it was of use, so may the next one. */
static void
worker_crashed(struct worker *w)
{
	unsigned int	 wait;

	if (w->useful || w->leaving || w->p->stopping)
		return;
	wait = crash_note(&w->p->crashes, w->sandbox, util_now_msec());
	if (wait > 0)
		log_warnx("sandbox %s: its workers die at once, no other "
		    "for %u s", w->sandbox, wait / 1000);
}

static void
worker_gone(struct kid *k, int status UNUSED)
{
	struct worker	*w;

	w = k->owner;
	/* From here on it is found by nobody. */
	TAILQ_REMOVE(&w->p->workers, w, entry);
	errand_forget(w);
	worker_crashed(w);
	worker_orphans(w);
	log_debug("%s of sandbox %s is gone", k->name, w->sandbox);
	free(w);
	parent_check_drained(k->p);
}
