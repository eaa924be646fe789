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
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "chan.h"
#include "child.h"
#include "log.h"
#include "priv.h"
#include "pty.h"
#include "shell.h"

/*
 * The keeper of one shell.  It comes up with the parent's rights, becomes
 * the user for good, starts the shell as its child, confines itself and
 * waits.  It stays because somebody must learn how the shell ended, and
 * because the shell dies with it: were the parent gone, no order could reach
 * the shell any more, but the end of this channel reaches the keeper.
 *
 * Its only peer is the parent.  It takes one order to start (PTY_START),
 * then signals for the shell (PTY_SIGNAL).  It never maps the blob, so that
 * no secret is ever in a process that was root.
 */

/* The shell's time to go after its terminal has hung up, when we must go. */
#define GRACE_USEC	700000

/* How long the last message may wait for a parent that does not read. */
#define FLUSH_SEC	2

struct keeper {
	struct event_base	*base;
	struct chan		*parent;	/* NULL: gone */
	struct event		*ev_child;
	struct event		*ev_report;
	struct event		*ev_end;
	char			 session[WIRE_UUID_LEN + 1];
	rlim_t			 nofile;	/* for the shell */
	pid_t			 shell;		/* -1: none */
	int			 report;	/* of shell_exec(), or -1 */
};

static void	 keeper_dispatch_parent(struct chan *, struct imsg *, void *);
static void	 keeper_closed(struct chan *, const char *, void *);
static void	 keeper_start(struct keeper *, const struct imsg *);
static int	 keeper_user(const struct msg_pty_start *, int,
		    struct shell_user *);
static int	 user_find(const struct msg_pty_start *, struct shell_user *);
static const char *user_shell(const char *);
static int	 tty_give(int, const struct shell_user *);
static int	 keeper_fork(struct keeper *, const struct shell_user *, int,
		    int);
static void	 keeper_report(struct keeper *, pid_t);
static void	 keeper_reported(evutil_socket_t, short, void *);
static void	 keeper_fail(struct keeper *, uint8_t, uint32_t);
static void	 keeper_child(evutil_socket_t, short, void *);
static void	 keeper_exit(struct keeper *, int);
static void	 keeper_signal(struct keeper *, int);
static void	 keeper_leave(struct keeper *);
static void	 keeper_end(evutil_socket_t, short, void *);

void
pty_main(void)
{
	static struct keeper	 k;
	struct msg_setup	 setup;

	k.shell = -1;
	k.report = -1;
	child_start(ROLE_PTY, &setup);
	k.nofile = setup.nofile;
	if ((k.base = event_base_new()) == NULL)
		fatalx("cannot make an event loop");
	if ((k.parent = chan_new(k.base, CHILD_FD, &parent_to_pty,
	    &pty_to_parent, keeper_dispatch_parent, keeper_closed, &k)) ==
	    NULL)
		fatal("channel to the parent");
	chan_set_state(k.parent, MS_SETUP);
	if ((k.ev_child = evsignal_new(k.base, SIGCHLD, keeper_child, &k)) ==
	    NULL || event_add(k.ev_child, NULL) == -1 ||
	    (k.ev_end = evtimer_new(k.base, keeper_end, &k)) == NULL)
		fatalx("cannot make events");
	event_base_dispatch(k.base);
	fatalx("event loop ended");
}

static void
keeper_dispatch_parent(struct chan *c UNUSED, struct imsg *im, void *arg)
{
	struct keeper	*k;

	k = arg;
	switch (im->type) {
	case IMSG_VERBOSE:
		log_setverbose(im->m.verbose.verbose);
		break;
	case IMSG_PTY_START:
		keeper_start(k, im);
		break;
	case IMSG_PTY_SIGNAL:
		if (strcmp(im->m.pty_signal.session, k->session) != 0)
			fatalx("signal for another session");
		keeper_signal(k, im->m.pty_signal.signo);
		break;
	default:
		fatalx("unexpected %s", msg_name(im->type));
	}
}

/*
 * The parent is gone, and with it the workers: the terminal hangs up.  What
 * a shell does then takes it a moment; after that it has to go with us.
 */
static void
keeper_closed(struct chan *c, const char *why, void *arg)
{
	struct timeval	 tv = { 0, GRACE_USEC };
	struct keeper	*k;

	k = arg;
	if (why != NULL)
		fatalx("channel to the parent: %s", why);
	chan_free(c);
	k->parent = NULL;
	if (k->shell == -1 || event_add(k->ev_end, &tv) == -1)
		keeper_leave(k);
}

/* The descriptors of the message are closed behind us, by the channel. */
static void
keeper_start(struct keeper *k, const struct imsg *im)
{
	const struct msg_pty_start	*m;
	struct shell_user		 user;

	m = &im->m.pty_start;
	strlcpy(k->session, m->session, sizeof(k->session));
	if (isatty(im->fd) != 1) {
		keeper_fail(k, PTY_STAGE_TTY, ENOTTY);
		return;
	}
	if (keeper_user(m, im->fd, &user) == -1) {
		keeper_fail(k, PTY_STAGE_USER, (uint32_t)errno);
		return;
	}
	user.nofile = k->nofile;
	if (keeper_fork(k, &user, im->fd, im->blob) == -1) {
		keeper_fail(k, PTY_STAGE_SPAWN, (uint32_t)errno);
		return;
	}
	/* Only now, or the shell would have it too. */
	if (sandbox_enter(SANDBOX_PTY) == -1)
		fatalx("cannot enter the %s sandbox",
		    sandbox_name(SANDBOX_PTY));
}

/* Give the terminal to the user and become the user. */
static int
keeper_user(const struct msg_pty_start *m, int slave, struct shell_user *user)
{
	if (user_find(m, user) == -1)
		return (-1);
	if (!m->privileged)
		return (0);
	if (tty_give(slave, user) == -1)
		return (-1);
	return (priv_become(user->name, user->uid, user->gid));
}

/*
 * With root every user but root itself may be named, and root by its name
 * only.  Without, there is one user: our own.
 */
static int
user_find(const struct msg_pty_start *m, struct shell_user *user)
{
	struct passwd	*pw;

	memset(user, 0, sizeof(*user));
	if ((m->privileged != 0) != (geteuid() == 0)) {
		errno = EPERM;
		return (-1);
	}
	errno = 0;
	pw = m->privileged ? getpwnam(m->user) : getpwuid(getuid());
	if (pw == NULL) {
		if (errno == 0)
			errno = ENOENT;
		return (-1);
	}
	if ((m->privileged || m->user[0] != '\0') &&
	    strcmp(m->user, pw->pw_name) != 0) {
		errno = EPERM;
		return (-1);
	}
	if (m->privileged && pw->pw_uid == 0 &&
	    strcmp(m->user, "root") != 0) {
		errno = EPERM;
		return (-1);
	}
	user->uid = pw->pw_uid;
	user->gid = pw->pw_gid;
	if (strlcpy(user->name, pw->pw_name, sizeof(user->name)) >=
	    sizeof(user->name) ||
	    strlcpy(user->home, pw->pw_dir, sizeof(user->home)) >=
	    sizeof(user->home) ||
	    strlcpy(user->shell, user_shell(pw->pw_shell),
	    sizeof(user->shell)) >= sizeof(user->shell)) {
		errno = ENAMETOOLONG;
		return (-1);
	}
	return (0);
}

/*
 * The variable SHELL is for programs that start one.  What is not listed in
 * shells(5) only refuses logins; this is none, its program is in the order.
 */
static const char *
user_shell(const char *shell)
{
	const char	*listed;

	setusershell();
	while ((listed = getusershell()) != NULL)
		if (strcmp(listed, shell) == 0)
			break;
	endusershell();
	return (listed == NULL ? "/bin/sh" : shell);
}

/* As login(1) does: write(1) and wall(1) may write to it, nobody read it. */
static int
tty_give(int slave, const struct shell_user *user)
{
	struct group	*gr;
	gid_t		 gid;
	mode_t		 mode;

	gid = user->gid;
	mode = S_IRUSR | S_IWUSR;
	if ((gr = getgrnam("tty")) != NULL) {
		gid = gr->gr_gid;
		mode |= S_IWGRP;
	}
	if (fchown(slave, user->uid, gid) == -1 ||
	    fchmod(slave, mode) == -1) {
		log_warn("terminal of user %s", user->name);
		return (-1);
	}
	return (0);
}

static int
keeper_fork(struct keeper *k, const struct shell_user *user, int slave,
    int blob)
{
	sigset_t	 all, old;
	pid_t		 self;
	int		 p[2], saved;

	if (pipe2(p, O_CLOEXEC) == -1)
		return (-1);
	if ((k->ev_report = event_new(k->base, p[0], EV_READ,
	    keeper_reported, k)) == NULL ||
	    event_add(k->ev_report, NULL) == -1) {
		errno = ENOMEM;
		goto fail;
	}
	self = getpid();
	sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, &old);
	k->shell = fork();
	saved = errno;
	if (k->shell == 0)
		shell_exec(user, slave, blob, p[1], self);
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
	errno = saved;
	if (k->shell == -1)
		goto fail;
	close(p[1]);
	k->report = p[0];
	return (0);
 fail:
	saved = errno;
	if (k->ev_report != NULL)
		event_free(k->ev_report);
	k->ev_report = NULL;
	close(p[0]);
	close(p[1]);
	errno = saved;
	return (-1);
}

/*
 * Read what shell_exec() has to say; it has said it, or the pipe is closed.
 * It is one write to a pipe, so it does not come in parts.
 */
static void
keeper_report(struct keeper *k, pid_t pid)
{
	struct imsg	 im;
	uint8_t		 buf[SHELL_REPORT_LEN], stage;
	uint32_t	 error;
	ssize_t		 n;

	if (k->report == -1)
		return;
	n = read(k->report, buf, sizeof(buf));
	event_free(k->ev_report);
	k->ev_report = NULL;
	close(k->report);
	k->report = -1;
	if (n == (ssize_t)sizeof(buf)) {
		shell_report_get(buf, &stage, &error);
		keeper_fail(k, stage, error);
		return;
	}
	if (k->parent == NULL)
		return;
	imsg_init(&im, IMSG_PTY_RUNNING, 0);
	im.m.pty_running.pid = (uint32_t)pid;
	if (chan_send(k->parent, &im) == -1)
		fatal("cannot report the shell");
	chan_set_state(k->parent, MS_RUN);
}

static void
keeper_reported(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct keeper	*k;

	k = arg;
	keeper_report(k, k->shell);
}

static void
keeper_fail(struct keeper *k, uint8_t stage, uint32_t error)
{
	struct imsg	 im;

	if (k->parent != NULL) {
		imsg_init(&im, IMSG_PTY_FAIL, 0);
		strlcpy(im.m.pty_fail.session, k->session,
		    sizeof(im.m.pty_fail.session));
		im.m.pty_fail.stage = stage;
		im.m.pty_fail.error = error;
		if (chan_send(k->parent, &im) == -1)
			fatal("cannot report a failure");
	}
	keeper_leave(k);
}

/* The one child has ended, before or after it became the shell. */
static void
keeper_child(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct keeper	*k;
	pid_t		 pid;
	int		 status;

	k = arg;
	pid = k->shell;
	if (pid == -1 || waitpid(pid, &status, WNOHANG) != pid)
		return;
	k->shell = -1;
	keeper_report(k, pid);
	keeper_exit(k, status);
}

static void
keeper_exit(struct keeper *k, int status)
{
	struct imsg	 im;

	if (k->parent != NULL && chan_state(k->parent) == MS_RUN) {
		imsg_init(&im, IMSG_PTY_EXIT, 0);
		strlcpy(im.m.pty_exit.session, k->session,
		    sizeof(im.m.pty_exit.session));
		im.m.pty_exit.how = EXIT_UNKNOWN;
		if (WIFEXITED(status)) {
			im.m.pty_exit.how = EXIT_CODE;
			im.m.pty_exit.code = (uint8_t)WEXITSTATUS(status);
		} else if (WIFSIGNALED(status)) {
			im.m.pty_exit.how = EXIT_SIGNAL;
			im.m.pty_exit.code = (uint8_t)WTERMSIG(status);
		}
		if (chan_send(k->parent, &im) == -1)
			fatal("cannot report the exit");
	}
	keeper_leave(k);
}

/*
 * The shell leads its session, so its process group is its own for as long
 * as we have not waited for it.  A signal that is to end a terminal goes to
 * the group.  That a setuid program has replaced the shell is no error.
 */
static void
keeper_signal(struct keeper *k, int signo)
{
	pid_t	 to;

	if (k->shell == -1)
		return;
	to = k->shell;
	if (signo == SIGHUP || signo == SIGTERM || signo == SIGKILL)
		to = -to;
	if (kill(to, signo) == -1 && errno != ESRCH)
		log_warn("signal %d to process %d", signo, (int)k->shell);
}

/* Leave at once, or when the parent has what we sent and hangs up. */
static void
keeper_leave(struct keeper *k)
{
	struct timeval	 tv = { FLUSH_SEC, 0 };

	if (k->parent == NULL || chan_queued(k->parent) == 0 ||
	    event_add(k->ev_end, &tv) == -1)
		_exit(0);
}

/* Time is up.  Where there is no parent-death signal this is the KILL. */
static void
keeper_end(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	keeper_signal(arg, SIGKILL);
	_exit(0);
}
