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
#include <sys/ioctl.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "chan.h"
#include "log.h"
#include "parent_part.h"

/*
 * Local terminals.  The parent makes the pty, gives the slave to a helper
 * that becomes the user and starts the shell, and the master to the worker
 * as soon as the shell runs.
 */

/* From the request to the running shell: seconds. */
#define TERMINAL_TIME	10

/* A shell that was hung up has so long to go: seconds. */
#define HANGUP_TIME	5

static void	 terminal_gone(struct kid *, int);
static void	 terminal_dispatch(struct kid *, struct imsg *);
static void	 terminal_log_fail(const struct session *,
		    const struct msg_pty_fail *);
static int	 terminal_pty(const struct msg_pty_req *, int *, int *);
static int	 terminal_start(struct session *, struct imsg *, int, int);
static void	 terminal_running(struct terminal *);
static void	 terminal_fail(struct session *, uint8_t, uint32_t);
static void	 terminal_exit(struct terminal *, uint8_t, uint8_t);

static const struct kid_kind kind_pty = {
	ROLE_PTY, NULL, "pty", "gatewayd: pty",
	&pty_to_parent, &parent_to_pty, terminal_dispatch, terminal_gone
};

/* A worker wants a terminal for a session of its own. */
void
terminal_request(struct worker *w, struct imsg *im)
{
	struct session	*s;
	int		 master, slave;

	/* Once for a session, or a worker could make us start one a turn. */
	if ((s = session_find(w->p, im->m.pty_req.session)) == NULL ||
	    s->worker != w || s->asked || (s->state != SESSION_STARTING &&
	    s->state != SESSION_ENDING) ||
	    w->target.upstream != UPSTREAM_PTY) {
		kid_bad(w->kid, "asks for a terminal it may not have");
		return;
	}
	s->asked = 1;
	/* That it is to end the worker will read, or has by now. */
	if (s->state == SESSION_ENDING || w->p->stopping)
		return;
	if (terminal_pty(&im->m.pty_req, &master, &slave) == -1) {
		log_warn("pty for %s", w->sandbox);
		terminal_fail(s, PTY_STAGE_OPEN, (uint32_t)errno);
		return;
	}
	if (terminal_start(s, im, master, slave) == -1)
		terminal_fail(s, PTY_STAGE_SPAWN, (uint32_t)errno);
}

static int
terminal_pty(const struct msg_pty_req *m, int *master, int *slave)
{
	struct winsize	 ws;
	char		 name[64];
	int		 saved;

	memset(&ws, 0, sizeof(ws));
	ws.ws_col = m->cols;
	ws.ws_row = m->rows;
	*slave = -1;
	if ((*master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) == -1)
		return (-1);
	if (grantpt(*master) == -1 || unlockpt(*master) == -1 ||
	    ptsname_r(*master, name, sizeof(name)) != 0 ||
	    (*slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC)) == -1 ||
	    ioctl(*master, TIOCSWINSZ, &ws) == -1 ||
	    fcntl(*master, F_SETFL, O_NONBLOCK) == -1) {
		saved = errno;
		if (*slave != -1)
			close(*slave);
		close(*master);
		errno = saved;
		return (-1);
	}
	return (0);
}

/* Takes both descriptors and the request's blob. */
static int
terminal_start(struct session *s, struct imsg *req, int master, int slave)
{
	struct terminal	*t;
	struct parent	*p;
	struct imsg	 im;
	int		 saved;

	p = s->worker->p;
	if ((t = calloc(1, sizeof(*t))) == NULL)
		goto fail;
	t->master = master;
	t->session = s;
	if ((t->kid = kid_start(p, &kind_pty, t, getuid(), getgid(),
	    p->soft_nofile, 0)) == NULL)
		goto fail;
	s->terminal = t;
	imsg_init(&im, IMSG_PTY_START, 0);
	strlcpy(im.m.pty_start.session, s->id,
	    sizeof(im.m.pty_start.session));
	strlcpy(im.m.pty_start.user, s->worker->target.user,
	    sizeof(im.m.pty_start.user));
	im.m.pty_start.privileged = (uint8_t)p->privileged;
	im.fd = slave;
	im.blob = req->blob;
	req->blob = -1;
	(void)kid_send(t->kid, &im);
	kid_expire(t->kid, TERMINAL_TIME);
	return (0);
 fail:
	saved = errno;
	close(master);
	close(slave);
	free(t);
	errno = saved;
	return (-1);
}

static void
terminal_fail(struct session *s, uint8_t stage, uint32_t error)
{
	struct imsg	 im;

	imsg_init(&im, IMSG_PTY_FAIL, 0);
	strlcpy(im.m.pty_fail.session, s->id, sizeof(im.m.pty_fail.session));
	im.m.pty_fail.stage = stage;
	im.m.pty_fail.error = error;
	(void)kid_send(s->worker->kid, &im);
}

static void
terminal_running(struct terminal *t)
{
	struct imsg	 im;

	/* Hung up before it ran: it has as long as terminal_hangup() said. */
	if (t->session == NULL)
		return;
	(void)evtimer_del(t->kid->ev_kill);
	imsg_init(&im, IMSG_PTY_OK, 0);
	strlcpy(im.m.pty_ok.session, t->session->id,
	    sizeof(im.m.pty_ok.session));
	im.fd = t->master;
	t->master = -1;
	(void)kid_send(t->session->worker->kid, &im);
}

static void
terminal_exit(struct terminal *t, uint8_t how, uint8_t code)
{
	struct imsg	 im;

	if (t->exited || t->session == NULL)
		return;
	t->exited = 1;
	imsg_init(&im, IMSG_PTY_EXIT, 0);
	strlcpy(im.m.pty_exit.session, t->session->id,
	    sizeof(im.m.pty_exit.session));
	im.m.pty_exit.how = how;
	im.m.pty_exit.code = code;
	(void)kid_send(t->session->worker->kid, &im);
}

/* The worker says so, too, but does not know which user that would be. */
static void
terminal_log_fail(const struct session *s, const struct msg_pty_fail *m)
{
	const char	*why;

	why = m->stage == PTY_STAGE_USER && m->error == ENOENT ?
	    "no such account" : strerror((int)m->error);
	if (s == NULL)
		log_warnx("no shell: stage %u: %s", m->stage, why);
	else if (m->stage == PTY_STAGE_USER)
		log_warnx("sandbox %s: no shell of user %s: %s",
		    s->worker->sandbox, s->worker->target.user, why);
	else
		log_warnx("sandbox %s: no shell: stage %u: %s",
		    s->worker->sandbox, m->stage, why);
}

static void
terminal_dispatch(struct kid *k, struct imsg *im)
{
	struct terminal	*t;

	t = k->owner;
	switch (im->type) {
	case IMSG_PTY_RUNNING:
		k->ready = 1;
		chan_set_state(k->chan, MS_RUN);
		terminal_running(t);
		break;
	case IMSG_PTY_FAIL:
		terminal_log_fail(t->session, &im->m.pty_fail);
		if (t->session != NULL && t->master != -1)
			terminal_fail(t->session, im->m.pty_fail.stage,
			    im->m.pty_fail.error);
		t->exited = 1;
		break;
	case IMSG_PTY_EXIT:
		terminal_exit(t, im->m.pty_exit.how, im->m.pty_exit.code);
		break;
	default:
		kid_bad(k, msg_name(im->type));
		break;
	}
}

/* The helper is reaped; a status it did not report stays unknown. */
static void
terminal_gone(struct kid *k, int status UNUSED)
{
	struct terminal	*t;

	t = k->owner;
	if (t->session != NULL) {
		if (!k->ready && !t->exited)
			terminal_fail(t->session, PTY_STAGE_SPAWN, 0);
		else
			terminal_exit(t, EXIT_UNKNOWN, 0);
		t->session->terminal = NULL;
	}
	if (t->master != -1)
		close(t->master);
	free(t);
	parent_check_drained(k->p);
}

void
terminal_signal(struct session *s, int signo)
{
	struct imsg	 im;

	if (s->terminal == NULL || !s->terminal->kid->ready)
		return;
	imsg_init(&im, IMSG_PTY_SIGNAL, 0);
	strlcpy(im.m.pty_signal.session, s->id,
	    sizeof(im.m.pty_signal.session));
	im.m.pty_signal.signo = (uint8_t)signo;
	(void)kid_send(s->terminal->kid, &im);
}

/*
 * The session is over, or will be once its clients have left.  Its shell gets
 * HUP, from the terminal too once the worker has closed the master; the
 * helper's end KILLs what is left.
 */
void
terminal_hangup(struct session *s)
{
	struct terminal	*t;

	t = s->terminal;
	if (!t->exited)
		terminal_signal(s, SIGHUP);
	kid_expire(t->kid, HANGUP_TIME);
	t->session = NULL;
	s->terminal = NULL;
	if (t->master != -1)
		close(t->master);
	t->master = -1;
}
