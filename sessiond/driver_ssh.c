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
#include <sys/time.h>

#include <event2/event.h>

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver_ssh.h"
#include "log.h"
#include "session.h"
#include "ssh_part.h"
#include "worker.h"

/*
 * The life of one terminal by SSH.  Every shell has a transport of its own,
 * so that none waits for another's bytes, and what ends one ends one.
 *
 * Whatever happens leads to a turn, ssh_run(): it goes through the phases as
 * far as it can without waiting, and only it reports to the session.
 */

static int	 ssh_open(struct driver *, uint16_t, uint16_t);
static size_t	 ssh_write(struct driver *, const uint8_t *, size_t);
static void	 ssh_set_size(struct driver *, uint16_t, uint16_t);
static int	 ssh_signal(struct driver *, int);
static void	 ssh_pause(struct driver *);
static void	 ssh_resume(struct driver *);
static void	 ssh_yield(struct driver *, int);
static void	 ssh_close(struct driver *);
static void	 ssh_events(struct ssh *);
static enum ssh_step ssh_phase(struct ssh *);
static enum ssh_step ssh_handshake(struct ssh *);
static void	 ssh_begin(struct ssh *);
static void	 ssh_next(struct ssh *);
static void	 ssh_report(struct ssh *, enum ssh_step);
static int	 ssh_waits(const struct ssh *);
static void	 ssh_why(struct ssh *);
static void	 ssh_on_kick(int, short, void *);
static void	 ssh_on_deadline(int, short, void *);
static void	 ssh_on_ping(int, short, void *);

static const struct driver_ops	 driver_ssh_ops = {
	.name =		"ssh",
	.open =		ssh_open,
	.write =	ssh_write,
	.resize =	ssh_set_size,
	.signal =	ssh_signal,
	.pause =	ssh_pause,
	.resume =	ssh_resume,
	.yield =	ssh_yield,
	.close =	ssh_close
};

/* For "timed out in". */
static const char *const	 ssh_phase_words[] = {
	[SSH_DIAL] =		"connecting",
	[SSH_HANDSHAKE] =	"key exchange",
	[SSH_LEARN] =		"learning the host key",
	[SSH_AUTH] =		"authentication",
	[SSH_FILES] =		"writing files",
	[SSH_CHANNEL] =		"opening the shell",
	[SSH_OPEN] =		"waiting for the end"
};

struct driver *
driver_ssh_new(struct ssh_upstream *up, struct launch *launch)
{
	struct ssh	*d;

	if ((d = calloc(1, sizeof(*d))) == NULL)
		return (NULL);
	d->driver.ops = &driver_ssh_ops;
	d->up = up;
	d->launch = launch;
	d->id = ++up->next_id;
	d->phase = SSH_DIAL;
	d->fd = -1;
	LIST_INIT(&d->blocks);
	ssh_events(d);
	LIST_INSERT_HEAD(&up->drivers, d, entry);
	return (&d->driver);
}

static void
ssh_events(struct ssh *d)
{
	struct event_base	*base = d->up->worker->base;

	evtimer_assign(&d->ev_kick, base, ssh_on_kick, d);
	evtimer_assign(&d->ev_deadline, base, ssh_on_deadline, d);
	evtimer_assign(&d->ev_ping, base, ssh_on_ping, d);
	evtimer_assign(&d->ev_tick, base, ssh_on_tick, d);
}

/*
 * Orders of the session
 */

static int
ssh_open(struct driver *driver, uint16_t cols, uint16_t rows)
{
	struct ssh	*d = (struct ssh *)driver;

	d->cols = cols;
	d->rows = rows;
	if (ssh_command(d) == -1) {
		/* The session is not ready to hear of it yet. */
		ssh_kick(d);
		return (0);
	}
	return (ssh_dial(d));
}

static size_t
ssh_write(struct driver *driver, const uint8_t *p, size_t len)
{
	struct ssh	*d = (struct ssh *)driver;

	return (ssh_input(d, p, len));
}

static void
ssh_set_size(struct driver *driver, uint16_t cols, uint16_t rows)
{
	struct ssh	*d = (struct ssh *)driver;

	d->cols = cols;
	d->rows = rows;
	d->resize = 1;
	ssh_resize(d);
}

/* The library has no way to send one, and to type ^C is something else. */
static int
ssh_signal(struct driver *driver, int signo)
{
	(void)driver;
	(void)signo;
	errno = ENOTSUP;
	return (-1);
}

static void
ssh_pause(struct driver *driver)
{
	struct ssh	*d = (struct ssh *)driver;

	d->paused = 1;
}

/* What is decrypted already no socket will tell of. */
static void
ssh_resume(struct driver *driver)
{
	struct ssh	*d = (struct ssh *)driver;

	d->paused = 0;
	d->quiet = 0;
	/* The end may be due just now, and what was held back comes first. */
	if (d->lingering)
		ssh_wait(d, 1);
	ssh_kick(d);
}

static void
ssh_yield(struct driver *driver, int on)
{
	struct ssh	*d = (struct ssh *)driver;

	d->yielding = on;
	if (on)
		ssh_listen(d, 0);
	else
		ssh_kick(d);
}

static void
ssh_close(struct driver *driver)
{
	struct ssh		*d = (struct ssh *)driver;
	struct ssh_upstream	*up = d->up;
	struct ssh		*other;

	evtimer_del(&d->ev_kick);
	evtimer_del(&d->ev_deadline);
	evtimer_del(&d->ev_ping);
	evtimer_del(&d->ev_tick);
	LIST_REMOVE(d, entry);
	if (d->files_mine) {
		/* They are not all written: that is for another to do. */
		up->files = SSH_FILES_WANTED;
		LIST_FOREACH(other, &up->drivers, entry)
			ssh_kick(other);
	}
	ssh_detach(d);
	launch_free(d->launch);
	if (d->command != NULL)
		freezero(d->command, d->command_len);
	free(d->stash);
	free(d);
}

/*
 * Turns
 */

void
ssh_run(struct ssh *d)
{
	enum ssh_step	 step;

	if (d->yielding)
		return;		/* there will be another */
	ssh_turn(d);
	for (;;) {
		step = d->fail != 0 ? SSH_FAILED : ssh_phase(d);
		if (step != SSH_FAILED && d->phase >= SSH_AUTH &&
		    !ssh_hostkey_same(d))
			step = ssh_fail(d, FAIL_HOSTKEY, "host key changed");
		if (step != SSH_DONE || d->phase == SSH_OPEN)
			break;
		ssh_next(d);
		if (d->phase == SSH_OPEN)
			ssh_begin(d);
	}
	/* An open shell looks after what is still queued then. */
	if (step == SSH_AGAIN && d->eof && d->phase != SSH_OPEN)
		step = ssh_lost(d);
	if (step != SSH_AGAIN) {
		ssh_report(d, step);
		return;
	}
	if (d->fd == -1)
		return;
	ssh_listen(d, !ssh_waits(d) && !d->quiet && !d->eof);
	/* What is left in the socket tells of itself, but in a flood. */
	if (d->peek_pos < d->peek_len || (d->flood && d->budget == 0))
		ssh_kick(d);
}

static enum ssh_step
ssh_phase(struct ssh *d)
{
	switch (d->phase) {
	case SSH_HANDSHAKE:
		return (ssh_handshake(d));
	case SSH_AUTH:
		return (ssh_auth(d));
	case SSH_FILES:
		return (ssh_files(d));
	case SSH_CHANNEL:
		return (ssh_shell(d));
	case SSH_OPEN:
		return (ssh_pump(d));
	default:
		return (SSH_AGAIN);	/* the parent has to answer */
	}
}

static enum ssh_step
ssh_handshake(struct ssh *d)
{
	const char	*banner;
	int		 error;

	error = libssh2_session_handshake(d->session, d->fd);
	banner = libssh2_session_banner_get(d->session);
	if (banner != NULL && strncmp(banner, "SSH-", 4) == 0 &&
	    strncmp(banner, "SSH-2.0-", 8) != 0 &&
	    strncmp(banner, "SSH-1.99-", 9) != 0)
		strlcpy(d->why, "not a server of SSH 2", sizeof(d->why));
	else if (error == LIBSSH2_ERROR_EAGAIN)
		return (SSH_AGAIN);
	else if (error == 0)
		return (ssh_hostkey(d));
	else if (error == LIBSSH2_ERROR_KEX_FAILURE)
		return (ssh_disagreed(d));
	return (ssh_lost(d));
}

static void
ssh_next(struct ssh *d)
{
	const struct msg_limits	*m = &d->up->worker->timeouts;

	switch (d->phase) {
	case SSH_HANDSHAKE:
		d->phase = SSH_AUTH;
		break;
	case SSH_AUTH:
		d->phase = SSH_FILES;
		ssh_wait(d, SSH_FILES_SECS);
		break;
	case SSH_FILES:
		d->phase = SSH_CHANNEL;
		ssh_wait(d, m->timeout_channel);
		break;
	default:
		d->phase = SSH_OPEN;
		evtimer_del(&d->ev_deadline);
		break;
	}
}

/* The shell is there. */
static void
ssh_begin(struct ssh *d)
{
	unsigned int	 secs = d->up->worker->timeouts.timeout_ping;
	struct timeval	 tv = { secs, 0 };

	libssh2_keepalive_config(d->session, 0, secs);
	evtimer_add(&d->ev_ping, &tv);
	session_opened(d->driver.session);
}

/* The last act: the session closes the driver, which is gone on return. */
static void
ssh_report(struct ssh *d, enum ssh_step step)
{
	if (d->phase == SSH_OPEN)
		ssh_over(d, step == SSH_FAILED);
	else
		session_failed(d->driver.session, d->fail);
}

/* For somebody else than the server: what it sends can wait as well. */
static int
ssh_waits(const struct ssh *d)
{
	return (d->phase == SSH_LEARN || (d->phase == SSH_FILES &&
	    d->up->files == SSH_FILES_BUSY && !d->files_mine));
}

enum ssh_step
ssh_fail(struct ssh *d, enum fail fail, const char *fmt, ...)
{
	char	 text[2 * SSH_REASON_MAX];
	va_list	 ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_warnx("session %s: %s", d->driver.session->id, text);
	d->fail = fail;
	return (SSH_FAILED);
}

/*
 * The connection is of no more use.  While it logs in a server that hangs up
 * after a refusal has refused.
 */
enum ssh_step
ssh_lost(struct ssh *d)
{
	if (d->why[0] == '\0')
		ssh_why(d);
	if (d->phase == SSH_AUTH && d->tried != 0)
		return (ssh_fail(d, FAIL_AUTH, "authentication failed: %s",
		    d->why));
	return (ssh_fail(d, FAIL_LOST, "transport_lost: %s", d->why));
}

/* The library's own words, where it has some. */
static void
ssh_why(struct ssh *d)
{
	char	*text;

	switch (libssh2_session_last_errno(d->session)) {
	case LIBSSH2_ERROR_INVALID_MAC:
	case LIBSSH2_ERROR_DECRYPT:
	case LIBSSH2_ERROR_OUT_OF_BOUNDARY:
		strlcpy(d->why, "corrupted packet", sizeof(d->why));
		return;
	case LIBSSH2_ERROR_ALLOC:
		strlcpy(d->why, "out of memory", sizeof(d->why));
		return;
	case LIBSSH2_ERROR_KEX_FAILURE:
		if (libssh2_session_methods(d->session,
		    LIBSSH2_METHOD_KEX) != NULL)
			break;
		(void)snprintf(d->why, sizeof(d->why),
		    "no key exchange or host key type in common with libssh2 "
		    "%s%s", libssh2_version(0),
		    libssh2_version(SSH_RSA_VERSION) == NULL ?
		    ", which takes no RSA host keys" : "");
		return;
	default:
		break;
	}
	text = NULL;
	(void)libssh2_session_last_error(d->session, &text, NULL, 0);
	log_escape(d->why, sizeof(d->why), text == NULL ? "" : text);
	if (d->why[0] == '\0')
		(void)snprintf(d->why, sizeof(d->why), "error %d of libssh2",
		    libssh2_session_last_errno(d->session));
}

/*
 * Events
 */

/* Another turn, after whatever else is ready. */
void
ssh_kick(struct ssh *d)
{
	struct timeval	 tv = { 0, 0 };

	evtimer_add(&d->ev_kick, &tv);
}

void
ssh_wait(struct ssh *d, unsigned int secs)
{
	struct timeval	 tv = { secs, 0 };

	evtimer_add(&d->ev_deadline, &tv);
}

static void
ssh_on_kick(int fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	ssh_run(arg);
}

static void
ssh_on_deadline(int fd, short what, void *arg)
{
	struct ssh	*d = arg;
	const char	*word;

	(void)fd;
	(void)what;
	if (d->phase == SSH_FILES) {
		ssh_files_abandon(d);
		ssh_next(d);
	} else if (d->phase == SSH_OPEN) {
		/* What is held back for slow clients comes first. */
		if (d->paused)
			ssh_wait(d, 1);
		else {
			ssh_over(d, 0);
			return;
		}
	} else {
		word = ssh_phase_words[d->phase];
		if (d->phase == SSH_HANDSHAKE &&
		    libssh2_session_banner_get(d->session) == NULL)
			word = "waiting for the banner";
		(void)ssh_fail(d, FAIL_TIMEOUT, "timed out in %s", word);
	}
	ssh_run(d);
}

/* It keeps middle boxes awake; a dead peer is noticed by the kernel. */
static void
ssh_on_ping(int fd, short what, void *arg)
{
	struct ssh	*d = arg;
	struct timeval	 tv;
	uint64_t	 received = d->received;
	int		 next;

	(void)fd;
	(void)what;
	ssh_turn(d);
	if (libssh2_keepalive_send(d->session, &next) != 0) {
		d->broken = 1;
		ssh_kick(d);
		return;
	}
	/* In the middle of a key exchange it has read as well. */
	if (d->received != received)
		ssh_kick(d);
	tv.tv_sec = next > 0 ? next : 1;
	tv.tv_usec = 0;
	evtimer_add(&d->ev_ping, &tv);
}
