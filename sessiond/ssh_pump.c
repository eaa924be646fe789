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
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>

#include <event2/event.h>

#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "session.h"
#include "ssh_part.h"

/*
 * An open shell: bytes both ways, and its end.
 *
 * Each turn writes first and reads last, for writing reads what has come,
 * and would leave it lying.  When nothing moves though something lies there,
 * a key exchange is going on, and only the socket can tell when it is over.
 */

/*
 * The one length of all reads: libssh2 asks the server for more by it, and
 * with several lengths loses bytes when new keys are exchanged meanwhile.
 */
#define SSH_READ	(32 * 1024)

/* Then it is the turn of others; a session gets the next one. */
#define SSH_GATHER	(64 * 1024)

/*
 * A server sends what its terminal gives at a time, 4 KiB or less, and to be
 * woken for each of that costs more than to read it.  In a flood, which is
 * SSH_FLOOD bytes from one tick to the next, the kernel wakes us for
 * SSH_LOWAT bytes, which is far below the window, and each tick for what
 * there is.
 */
#define SSH_FLOOD	(16 * 1024)
#define SSH_LOWAT	(64 * 1024)
#define SSH_TICK_USEC	4000

/* Unsent bytes at which input waits: two packets. */
#define SSH_OUT_HIGH	(64 * 1024)

/* One packet of input. */
#define SSH_STASH	(16 * 1024)

/*
 * While nobody takes output the window fills, a packet of a few hundred
 * bytes for each byte at worst.  When so much is queued the socket has to
 * wait as well, and with it the server's word that there is room for input.
 */
#define SSH_QUEUED_MAX	(512 * 1024)

/*
 * The shell has ended, or closed its terminal, and the channel is still
 * open: something in the background has it, or its status is on the way.
 * It begins anew with whatever comes, since a server tells the status ahead
 * of the output that it still has to send.
 */
#define SSH_LINGER_SECS	2

static void		 ssh_pump_orders(struct ssh *);
static enum ssh_step	 ssh_pump_reads(struct ssh *);
static enum ssh_step	 ssh_pump_held(struct ssh *);
static enum ssh_step	 ssh_pump_end(struct ssh *, size_t);
static ssize_t		 ssh_read(struct ssh *);
static void		 ssh_tick(struct ssh *);
static void		 ssh_flood(struct ssh *, int);
static int		 ssh_queued(struct ssh *);
static int		 ssh_ended(struct ssh *);
static int		 ssh_input_stash(struct ssh *);
static void		 ssh_stash(struct ssh *, const uint8_t *, size_t);
static void		 ssh_broken(struct ssh *, ssize_t);
static void		 ssh_status(struct ssh *, uint8_t *, uint8_t *);
static uint8_t		 ssh_signal_number(const char *);

enum ssh_step
ssh_pump(struct ssh *d)
{
	enum ssh_step	 step;
	uint64_t	 received;

	ssh_pump_orders(d);
	if (d->broken)
		return (ssh_lost(d));
	received = d->received;
	step = d->paused ? ssh_pump_held(d) : ssh_pump_reads(d);
	/* Input may wait for what has been read here: room at the server. */
	if (step == SSH_AGAIN && d->stash_len > 0 && d->received != received)
		ssh_kick(d);
	return (step);
}

/* What clients want of it. */
static void
ssh_pump_orders(struct ssh *d)
{
	if (d->resize)
		ssh_resize(d);
	if (!ssh_input_stash(d) || !d->blocked ||
	    ssh_unsent(d) >= SSH_OUT_HIGH)
		return;
	d->blocked = 0;
	session_writable(d->driver.session);
}

static enum ssh_step
ssh_pump_reads(struct ssh *d)
{
	size_t	 done;
	ssize_t	 n;
	int	 retried;

	done = 0;
	retried = 0;
	while (!d->paused) {
		n = ssh_read(d);
		if (n < 0 && n != LIBSSH2_ERROR_EAGAIN)
			return (ssh_ended(d) ? SSH_DONE : ssh_lost(d));
		if (n > 0) {
			if (d->lingering)
				ssh_wait(d, SSH_LINGER_SECS);
			ssh_tick(d);
			done += n;
			if (done < SSH_GATHER)
				continue;
			ssh_kick(d);
			return (SSH_AGAIN);
		}
		if (done > 0 || retried || !ssh_queued(d))
			break;
		retried = 1;
	}
	return (ssh_pump_end(d, done));
}

/*
 * Output is held back, but not the rest: input goes on, and needs to be told
 * of room.  These calls read the socket and leave the output in the queue;
 * the window is the bound of what an honest server sends.
 */
static enum ssh_step
ssh_pump_held(struct ssh *d)
{
	int	 error;

	error = libssh2_channel_wait_eof(d->channel);
	if (error == 0)
		error = libssh2_channel_wait_closed(d->channel);
	if (error != 0 && error != LIBSSH2_ERROR_EAGAIN)
		return (ssh_lost(d));
	if (error == 0 || d->eof || d->used > SSH_QUEUED_MAX) {
		d->quiet = 1;
		ssh_listen(d, 0);
	}
	return (SSH_AGAIN);
}

/*
 * Nothing is left to read.  Is that the end?  When the connection is over in
 * the middle of a key exchange, something stays queued that cannot be read.
 */
static enum ssh_step
ssh_pump_end(struct ssh *d, size_t done)
{
	int	 ended, eof;

	if (d->paused)
		return (SSH_AGAIN);
	eof = libssh2_channel_eof(d->channel);
	ended = ssh_ended(d);
	if (eof && (ended || libssh2_channel_wait_closed(d->channel) == 0))
		return (SSH_DONE);
	if (d->eof && done > 0 && ssh_queued(d)) {
		ssh_kick(d);
		return (SSH_AGAIN);
	}
	if (d->eof)
		return (ended ? SSH_DONE : ssh_lost(d));
	if ((eof || ended) && !d->lingering) {
		d->lingering = 1;
		ssh_wait(d, SSH_LINGER_SECS);
	}
	return (SSH_AGAIN);
}

/*
 * One read, into the ring where it has room in one piece.  Returns the bytes,
 * 0, or an error of libssh2.  One that brought something is no loop, however
 * little it was: a server may send as slowly as we read.
 */
static ssize_t
ssh_read(struct ssh *d)
{
	static uint8_t	 buf[SSH_READ];
	struct iovec	 iov[2];
	ssize_t		 n;

	(void)session_room(d->driver.session, iov);
	if (iov[0].iov_len >= SSH_READ) {
		n = libssh2_channel_read_ex(d->channel, 0, iov[0].iov_base,
		    SSH_READ);
		if (n > 0) {
			d->starved = 0;
			d->read += n;
			session_output(d->driver.session, n);
		}
		return (n);
	}
	n = libssh2_channel_read_ex(d->channel, 0, (char *)buf, SSH_READ);
	if (n > 0) {
		d->starved = 0;
		d->read += n;
		ssh_deliver(d, buf, n);
	}
	return (n);
}

/* The first output after a pause makes it tick. */
static void
ssh_tick(struct ssh *d)
{
	struct timeval	 tv = { 0, SSH_TICK_USEC };

	if (evtimer_pending(&d->ev_tick, NULL))
		return;
	d->tick = d->read;
	evtimer_add(&d->ev_tick, &tv);
}

void
ssh_on_tick(int fd, short what, void *arg)
{
	struct ssh	*d = arg;
	int		 was;

	(void)fd;
	(void)what;
	was = d->flood;
	ssh_flood(d, d->read - d->tick >= SSH_FLOOD && !d->paused);
	if (d->flood)
		ssh_tick(d);
	/* What the kernel has kept back, it does not tell of any more. */
	if (was || d->flood)
		ssh_run(d);
}

static void
ssh_flood(struct ssh *d, int flood)
{
	int	 n = flood ? SSH_LOWAT : 1;

	if (flood != d->flood && setsockopt(d->fd, SOL_SOCKET, SO_RCVLOWAT,
	    &n, sizeof(n)) == 0)
		d->flood = flood;
}

/* A ring has room for more than one read, in two pieces. */
void
ssh_deliver(struct ssh *d, const uint8_t *p, size_t len)
{
	struct iovec	 iov[2];
	size_t		 done, n;
	int		 i, nvec;

	nvec = session_room(d->driver.session, iov);
	done = 0;
	for (i = 0; i < nvec && done < len; i++) {
		n = iov[i].iov_len < len - done ? iov[i].iov_len : len - done;
		memcpy(iov[i].iov_base, p + done, n);
		done += n;
	}
	session_output(d->driver.session, done);
}

static int
ssh_queued(struct ssh *d)
{
	unsigned long	 avail;

	(void)libssh2_channel_window_read_ex(d->channel, &avail, NULL);
	return (avail > 0);
}

/*
 * The end
 */

/* The server has said how it ended. */
static int
ssh_ended(struct ssh *d)
{
	char	*name;

	if (d->has_status)
		return (1);
	name = NULL;
	(void)libssh2_channel_get_exit_signal(d->channel, &name, NULL, NULL,
	    NULL, NULL, NULL);
	if (name == NULL)
		return (0);
	libssh2_free(d->session, name);
	return (1);
}

/*
 * Tell how it ended, or that it was lost; the driver is gone on return.
 * First whatever output there still is.
 */
void
ssh_over(struct ssh *d, int lost)
{
	struct session	*s = d->driver.session;
	uint8_t		 code, how;

	how = EXIT_UNKNOWN;
	code = 0;
	if (!lost)
		ssh_status(d, &how, &code);
	d->salvage = 1;
	ssh_detach(d);
	if (lost)
		session_lost(s, "connection lost");
	else
		session_exited(s, how, code);
}

static void
ssh_status(struct ssh *d, uint8_t *how, uint8_t *code)
{
	char	*name;
	int	 status;

	name = NULL;
	(void)libssh2_channel_get_exit_signal(d->channel, &name, NULL, NULL,
	    NULL, NULL, NULL);
	if (name != NULL) {
		if ((*code = ssh_signal_number(name)) != 0)
			*how = EXIT_SIGNAL;
		libssh2_free(d->session, name);
	} else if (d->has_status) {
		/* What is no status of a shell must not become success. */
		status = libssh2_channel_get_exit_status(d->channel);
		*how = EXIT_CODE;
		*code = status < 0 || status > 255 ? 255 : status;
	}
}

/* The names of RFC 4254, 6.10. */
static uint8_t
ssh_signal_number(const char *name)
{
	static const struct {
		const char	*name;
		uint8_t		 number;
	} signals[] = {
		{ "ABRT", SIGABRT }, { "ALRM", SIGALRM }, { "FPE", SIGFPE },
		{ "HUP", SIGHUP }, { "ILL", SIGILL }, { "INT", SIGINT },
		{ "KILL", SIGKILL }, { "PIPE", SIGPIPE },
		{ "QUIT", SIGQUIT }, { "SEGV", SIGSEGV },
		{ "TERM", SIGTERM }, { "USR1", SIGUSR1 },
		{ "USR2", SIGUSR2 }
	};
	size_t	 i;

	for (i = 0; i < nitems(signals); i++) {
		if (strcmp(signals[i].name, name) == 0)
			return (signals[i].number);
	}
	return (0);
}

/*
 * Input
 */

/*
 * What libssh2 has begun to send it wants again, in the same length.  So
 * that is kept here, and counts as taken.  Before each packet it looks for
 * room at the server, and a server may want small ones.
 */
size_t
ssh_input(struct ssh *d, const uint8_t *p, size_t len)
{
	uint64_t	 received;
	size_t		 n, taken;
	ssize_t		 ret;

	received = d->received;
	ssh_turn(d);
	taken = 0;
	while (taken < len && !d->broken) {
		if (!ssh_input_stash(d) || ssh_unsent(d) >= SSH_OUT_HIGH)
			break;
		n = len - taken < SSH_STASH ? len - taken : SSH_STASH;
		ret = libssh2_channel_write_ex(d->channel, 0,
		    (const char *)p + taken, n);
		if (ret > 0) {
			taken += ret;
			d->starved = 0;
		} else if (ret == 0 || ret == LIBSSH2_ERROR_EAGAIN) {
			ssh_stash(d, p + taken, n);
			taken += n;
			break;
		} else
			ssh_broken(d, ret);
	}
	/* It has read as well, and nothing else would tell. */
	if (d->received != received)
		ssh_kick(d);
	if (d->broken)
		return (len);
	if (taken < len)
		d->blocked = 1;
	return (taken);
}

/* Returns whether there is none any more. */
static int
ssh_input_stash(struct ssh *d)
{
	ssize_t	 n;

	while (d->stash_len > 0 && !d->broken) {
		n = libssh2_channel_write_ex(d->channel, 0,
		    (const char *)d->stash, d->stash_len);
		if (n == 0 || n == LIBSSH2_ERROR_EAGAIN)
			return (0);
		if (n < 0) {
			ssh_broken(d, n);
			return (0);
		}
		d->starved = 0;
		d->stash_len -= n;
		memmove(d->stash, d->stash + n, d->stash_len);
	}
	free(d->stash);
	d->stash = NULL;
	return (!d->broken);
}

static void
ssh_stash(struct ssh *d, const uint8_t *p, size_t len)
{
	if ((d->stash = malloc(len)) == NULL) {
		ssh_broken(d, LIBSSH2_ERROR_ALLOC);
		return;
	}
	memcpy(d->stash, p, len);
	d->stash_len = len;
}

/* From within an order nothing may be reported: do that in a turn. */
static void
ssh_broken(struct ssh *d, ssize_t error)
{
	if (d->why[0] == '\0' && error == LIBSSH2_ERROR_ALLOC)
		strlcpy(d->why, "out of memory", sizeof(d->why));
	d->broken = 1;
	ssh_kick(d);
}

/*
 * The latest size wins, but one that is on its way has to get there first.
 * In the middle of a key exchange this reads as well; see ssh_input().
 */
void
ssh_resize(struct ssh *d)
{
	uint64_t	 received;
	int		 error;

	received = d->received;
	ssh_turn(d);
	while (d->resize && !d->broken) {
		if (!d->sizing) {
			d->sizing = 1;
			d->sizing_cols = d->cols;
			d->sizing_rows = d->rows;
		}
		error = libssh2_channel_request_pty_size_ex(d->channel,
		    d->sizing_cols, d->sizing_rows, 0, 0);
		if (error == LIBSSH2_ERROR_EAGAIN)
			break;
		if (error != 0)
			ssh_broken(d, error);
		d->sizing = 0;
		d->resize = d->sizing_cols != d->cols ||
		    d->sizing_rows != d->rows;
	}
	if (d->received != received)
		ssh_kick(d);
}
