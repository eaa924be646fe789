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
#include <sys/time.h>
#include <sys/uio.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "chan.h"
#include "driver.h"
#include "driver_pty.h"
#include "launch.h"
#include "launch_opt.h"
#include "log.h"
#include "session.h"
#include "util.h"

/* After the shell's end, for output of what it left in the background. */
#define PTY_DRAIN_MSEC	200

/*
 * The master reports a hangup while nobody has the slave open, but whoever
 * has it as controlling terminal may open it again: look so often.
 */
#define PTY_RETRY_MSEC	250

/*
 * Signals that the parent is to send, in a second: as many as of a client
 * that asks by HTTP.  None while so much waits for the parent, which must
 * have room for what it has to know.
 */
#define PTY_SIGNALS_MAX		100
#define PTY_SIGNALS_QUEUE	256

struct driver_pty {
	struct driver		 driver;	/* first */
	struct event_base	*base;
	struct chan		*parent;
	struct opened		*opened;
	struct launch		*launch;	/* NULL: none, or no more */
	int			 fd;		/* -1: no shell yet */
	struct event		 ev_read;
	struct event		 ev_write;
	struct event		 ev_timer;
	int			 asked;		/* for a shell; not over yet */
	int			 paused;
	int			 hung;		/* nobody has the slave open */
	int			 exited;
	uint8_t			 how;
	uint8_t			 code;
	struct util_ration	 signals;
};

static int	 pty_open(struct driver *, uint16_t, uint16_t);
static size_t	 pty_write(struct driver *, const uint8_t *, size_t);
static void	 pty_resize(struct driver *, uint16_t, uint16_t);
static int	 pty_signal(struct driver *, int);
static int	 pty_signal_room(struct driver_pty *);
static void	 pty_pause(struct driver *);
static void	 pty_resume(struct driver *);
static void	 pty_yield(struct driver *, int);
static void	 pty_close(struct driver *);
static void	 pty_tell_close(struct driver_pty *);
static void	 pty_readable(int, short, void *);
static void	 pty_writable(int, short, void *);
static void	 pty_hangup(struct driver_pty *);
static void	 pty_timer(int, short, void *);
static void	 pty_wait(struct driver_pty *, unsigned int);

static const struct driver_ops	 driver_pty_ops = {
	.name =		"pty",
	.open =		pty_open,
	.write =	pty_write,
	.resize =	pty_resize,
	.signal =	pty_signal,
	.pause =	pty_pause,
	.resume =	pty_resume,
	.yield =	pty_yield,
	.close =	pty_close
};

static const char *const	 pty_stages[PTY_STAGE_MAX + 1] = {
	[PTY_STAGE_LIMIT] =	"too many terminals",
	[PTY_STAGE_OPEN] =	"open a terminal",
	[PTY_STAGE_SPAWN] =	"start the helper",
	[PTY_STAGE_USER] =	"become the user",
	[PTY_STAGE_TTY] =	"take the terminal",
	[PTY_STAGE_SETUP] =	"command and environment",
	[PTY_STAGE_EXEC] =	"run the command",
	[PTY_STAGE_CWD] =	"enter the directory"
};

struct driver *
driver_pty_new(struct event_base *base, struct chan *parent,
    struct opened *opened, struct launch *launch)
{
	struct driver_pty	*d;

	if ((d = calloc(1, sizeof(*d))) == NULL)
		return (NULL);
	d->driver.ops = &driver_pty_ops;
	d->base = base;
	d->parent = parent;
	d->opened = opened;
	d->launch = launch;
	d->fd = -1;
	evtimer_assign(&d->ev_timer, base, pty_timer, d);
	return (&d->driver);
}

/*
 * Reports of the parent
 */

void
driver_pty_started(struct driver *driver, int fd)
{
	struct driver_pty	*d = (struct driver_pty *)driver;
	int			 flags;

	if (d->fd != -1)
		fatalx("a second terminal for one session");
	d->fd = fd;
	if ((flags = fcntl(fd, F_GETFL)) == -1 ||
	    fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1)
		fatal("terminal");
	event_assign(&d->ev_read, d->base, fd, EV_READ | EV_PERSIST,
	    pty_readable, d);
	event_assign(&d->ev_write, d->base, fd, EV_WRITE, pty_writable, d);
	if (event_add(&d->ev_read, NULL) == -1) {
		session_failed(driver->session, FAIL_SHELL);
		return;
	}
	session_opened(driver->session);
}

void
driver_pty_failed(struct driver *driver, enum pty_stage stage, int error)
{
	struct driver_pty	*d = (struct driver_pty *)driver;

	d->asked = 0;
	log_warnx("session %s: %s: %s", driver->session->id,
	    pty_stages[stage], error == 0 ? "failed" : strerror(error));
	session_failed(driver->session, FAIL_SHELL);
}

void
driver_pty_exited(struct driver *driver, uint8_t how, uint8_t code)
{
	struct driver_pty	*d = (struct driver_pty *)driver;

	d->asked = 0;
	d->exited = 1;
	d->how = how;
	d->code = code;
	if (d->fd == -1) {
		session_exited(driver->session, how, code);
		return;
	}
	/* It may have been opened again, and have something to say. */
	d->hung = 0;
	if (!d->paused)
		event_add(&d->ev_read, NULL);
	pty_wait(d, PTY_DRAIN_MSEC);
}

/*
 * Orders of the session
 */

static int
pty_open(struct driver *driver, uint16_t cols, uint16_t rows)
{
	struct driver_pty	*d = (struct driver_pty *)driver;
	struct imsg		 im;

	imsg_init(&im, IMSG_PTY_REQ, 0);
	strlcpy(im.m.pty_req.session, driver->session->id,
	    sizeof(im.m.pty_req.session));
	im.m.pty_req.cols = cols;
	im.m.pty_req.rows = rows;
	if ((im.blob = launch_blob(d->opened, d->launch)) == -1) {
		log_warn("session %s: command and environment",
		    driver->session->id);
		return (-1);
	}
	launch_free(d->launch);
	d->launch = NULL;
	if (chan_send(d->parent, &im) == -1)
		return (-1);
	d->asked = 1;
	return (0);
}

/* Input for a terminal that is gone is lost; its reader will tell. */
static size_t
pty_write(struct driver *driver, const uint8_t *p, size_t len)
{
	struct driver_pty	*d = (struct driver_pty *)driver;
	ssize_t			 n;

	if ((n = write(d->fd, p, len)) == -1) {
		if (errno != EAGAIN && errno != EINTR)
			return (len);
		n = 0;
	}
	if ((size_t)n < len)
		event_add(&d->ev_write, NULL);
	return (n);
}

static void
pty_resize(struct driver *driver, uint16_t cols, uint16_t rows)
{
	struct driver_pty	*d = (struct driver_pty *)driver;
	struct winsize		 ws;

	memset(&ws, 0, sizeof(ws));
	ws.ws_col = cols;
	ws.ws_row = rows;
	if (ioctl(d->fd, TIOCSWINSZ, &ws) == -1)
		log_debug("session %s: resize failed", driver->session->id);
}

/* What a terminal can send goes to the foreground, the rest to the shell. */
static int
pty_signal(struct driver *driver, int signo)
{
	struct driver_pty	*d = (struct driver_pty *)driver;
	struct imsg		 im;

#ifdef TIOCSIG
	if (signo == SIGINT || signo == SIGQUIT || signo == SIGTSTP)
		return (ioctl(d->fd, TIOCSIG, signo));
#endif
	if (!pty_signal_room(d)) {
		errno = EAGAIN;
		return (-1);
	}
	imsg_init(&im, IMSG_PTY_SIGNAL, 0);
	strlcpy(im.m.pty_signal.session, driver->session->id,
	    sizeof(im.m.pty_signal.session));
	im.m.pty_signal.signo = signo;
	return (chan_send(d->parent, &im));
}

/* The parent serves all sandboxes, so no client may keep it busy. */
static int
pty_signal_room(struct driver_pty *d)
{
	unsigned int	 missed;

	return (chan_queued(d->parent) < PTY_SIGNALS_QUEUE &&
	    util_ration(&d->signals, PTY_SIGNALS_MAX, &missed));
}

static void
pty_pause(struct driver *driver)
{
	struct driver_pty	*d = (struct driver_pty *)driver;

	d->paused = 1;
	event_del(&d->ev_read);
}

static void
pty_resume(struct driver *driver)
{
	struct driver_pty	*d = (struct driver_pty *)driver;

	d->paused = 0;
	if (!d->hung)
		event_add(&d->ev_read, NULL);
}

static void
pty_yield(struct driver *driver, int on)
{
	struct driver_pty	*d = (struct driver_pty *)driver;

	if (on)
		event_del(&d->ev_read);
	else if (!d->paused)
		pty_resume(driver);
}

/* The hangup of the terminal reaches the shell when the master is closed. */
static void
pty_close(struct driver *driver)
{
	struct driver_pty	*d = (struct driver_pty *)driver;

	evtimer_del(&d->ev_timer);
	if (d->fd != -1) {
		event_del(&d->ev_read);
		event_del(&d->ev_write);
		close(d->fd);
	}
	if (d->asked)
		pty_tell_close(d);
	launch_free(d->launch);
	free(d);
}

/*
 * The shell's time to go begins now, however long the clients of the session
 * take.  If this cannot be sent it begins when the session has ended.
 */
static void
pty_tell_close(struct driver_pty *d)
{
	struct imsg	 im;

	imsg_init(&im, IMSG_PTY_HANGUP, 0);
	strlcpy(im.m.session.session, d->driver.session->id,
	    sizeof(im.m.session.session));
	if (chan_send(d->parent, &im) == -1)
		log_warn("session %s: hang up", d->driver.session->id);
}

/*
 * The terminal.  One read for one readiness: a second one would find nothing
 * most of the time, and a nap to gather more would halve the rate, since the
 * line discipline holds no more than 4095 bytes.
 */
static void
pty_readable(int fd, short what, void *arg)
{
	struct driver_pty	*d = arg;
	struct session		*s = d->driver.session;
	struct iovec		 iov[2];
	ssize_t			 n;
	int			 nvec;

	(void)what;
	nvec = session_room(s, iov);
	n = readv(fd, iov, nvec);
	if (n > 0)
		session_output(s, n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		pty_hangup(d);
}

static void
pty_writable(int fd, short what, void *arg)
{
	struct driver_pty	*d = arg;

	(void)fd;
	(void)what;
	session_writable(d->driver.session);
}

/* Everything was read, and nobody has the terminal open. */
static void
pty_hangup(struct driver_pty *d)
{
	if (d->exited) {
		session_exited(d->driver.session, d->how, d->code);
		return;
	}
	d->hung = 1;
	event_del(&d->ev_read);
	pty_wait(d, PTY_RETRY_MSEC);
}

static void
pty_timer(int fd, short what, void *arg)
{
	struct driver_pty	*d = arg;

	(void)fd;
	(void)what;
	if (d->hung) {
		d->hung = 0;
		if (!d->paused)
			event_add(&d->ev_read, NULL);
	} else if (d->paused)
		pty_wait(d, PTY_DRAIN_MSEC);	/* not all was read */
	else if (d->exited)
		session_exited(d->driver.session, d->how, d->code);
}

static void
pty_wait(struct driver_pty *d, unsigned int msec)
{
	struct timeval	 tv = { 0, msec * 1000 };

	evtimer_add(&d->ev_timer, &tv);
}
