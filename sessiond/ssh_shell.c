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
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "launch_opt.h"
#include "log.h"
#include "session.h"
#include "ssh_part.h"
#include "worker.h"

/*
 * From an authenticated transport to a shell on a terminal, or to the command
 * that a client wants there.  The window is half of libssh2's own, and as
 * fast; with a quarter of it many servers at once are a tenth slower.
 */
#define SSH_WINDOW	(1024 * 1024)
#define SSH_PACKET	(32 * 1024)

#define SSH_TERM	"xterm-256color"
#define SSH_XPIXEL	640
#define SSH_YPIXEL	480

/*
 * A variable has to fit into one packet with its name, and so has a command:
 * what every server must take has 32768 bytes (RFC 4253, 6.1), of which the
 * rest of the request needs less than 64.
 */
#define SSH_ENV_MAX	(32 * 1024 - 64)
#define SSH_COMMAND_MAX	(32 * 1024 - 64)

static enum ssh_step	 ssh_shell_open(struct ssh *);
static enum ssh_step	 ssh_shell_env(struct ssh *);
static int		 ssh_env_next(struct ssh *, int *);
static int		 ssh_env_send(struct ssh *,
			    const struct record_item *);
static int		 ssh_env_term(struct ssh *,
			    const struct record_item *);
static enum ssh_step	 ssh_shell_pty(struct ssh *);
static enum ssh_step	 ssh_shell_start(struct ssh *);

/*
 * What to ask the server to run.  Returns 0, or -1 when that cannot be said
 * in one line; nobody needs to be dialed then.
 */
int
ssh_command(struct ssh *d)
{
	const struct launch	*l = d->launch;

	if (l == NULL || (l->nargs == 0 && !l->has_cwd))
		return (0);
	d->command = command_line(l, SSH_COMMAND_MAX, &d->command_len);
	if (d->command != NULL)
		return (0);
	if (errno == E2BIG)
		(void)ssh_fail(d, FAIL_UNSUPPORTED,
		    "the command is too long for ssh");
	else if (errno == EINVAL)
		(void)ssh_fail(d, FAIL_UNSUPPORTED,
		    "by ssh no command can begin with a dash");
	else
		(void)ssh_fail(d, FAIL_BUSY, "command: out of memory");
	return (-1);
}

enum ssh_step
ssh_shell(struct ssh *d)
{
	enum ssh_step	 step;

	do {
		switch (d->chan) {
		case SSH_CHAN_OPEN:
			step = ssh_shell_open(d);
			break;
		case SSH_CHAN_ENV:
			step = ssh_shell_env(d);
			break;
		case SSH_CHAN_PTY:
			step = ssh_shell_pty(d);
			break;
		default:
			return (ssh_shell_start(d));
		}
		if (step == SSH_DONE)
			d->chan++;
	} while (step == SSH_DONE);
	return (step);
}

static enum ssh_step
ssh_shell_open(struct ssh *d)
{
	int	 error;

	d->channel = libssh2_channel_open_ex(d->session, "session", 7,
	    SSH_WINDOW, SSH_PACKET, NULL, 0);
	if (d->channel == NULL) {
		error = libssh2_session_last_errno(d->session);
		if (error == LIBSSH2_ERROR_EAGAIN)
			return (SSH_AGAIN);
		if (error == LIBSSH2_ERROR_CHANNEL_FAILURE && !d->gone)
			return (ssh_fail(d, FAIL_SHELL, "channel refused"));
		return (ssh_lost(d));
	}
	/* With a terminal there is no other stream; if one comes, show it. */
	(void)libssh2_channel_handle_extended_data2(d->channel,
	    LIBSSH2_CHANNEL_EXTENDED_DATA_MERGE);
	return (SSH_DONE);
}

/*
 * Variables, one after the other.  A server takes those that its AcceptEnv
 * names; the others are refused, which is no reason to have no shell.
 */
static enum ssh_step
ssh_shell_env(struct ssh *d)
{
	int	 error, more;

	for (;;) {
		if (!d->env_asked) {
			more = ssh_env_next(d, &error);
			if (more == -1)
				return (ssh_fail(d, FAIL_BUSY,
				    "secrets cannot be read"));
			if (more == 0)
				return (SSH_DONE);
		} else
			/* It was copied with the first call. */
			error = libssh2_channel_setenv_ex(d->channel, "", 0,
			    "", 0);
		if (error == LIBSSH2_ERROR_EAGAIN) {
			d->env_asked = 1;
			return (SSH_AGAIN);
		}
		d->env_asked = 0;
		if (error == LIBSSH2_ERROR_CHANNEL_REQUEST_DENIED)
			log_debug("session %s: variable %s is refused",
			    d->driver.session->id, d->env_name);
		else if (error != 0)
			return (ssh_lost(d));
	}
}

/*
 * Ask for the next variable, if there is one.  Nothing that the server sends
 * is looked at while secrets can be read.
 */
static int
ssh_env_next(struct ssh *d, int *error)
{
	struct opened		*o = d->up->worker->opened;
	struct record_item	 item;
	int			 more;

	if (opened_begin(o) == -1) {
		log_warn("secrets");
		return (-1);
	}
	d->deaf = 1;
	*error = 0;
	while ((more = env_next(o, d->launch, &d->env_walk, &item)) == 1) {
		if (ssh_env_term(d, &item))
			continue;
		*error = ssh_env_send(d, &item);
		break;
	}
	d->deaf = 0;
	opened_end(o);
	return (more);
}

/*
 * The name of the terminal does not come as a variable but when the terminal
 * is asked for.  One that is none is left to the server to refuse.
 */
static int
ssh_env_term(struct ssh *d, const struct record_item *item)
{
	size_t	 i;

	if (item->namelen != 4 || memcmp(item->name, "TERM", 4) != 0 ||
	    item->len == 0 || item->len > SSH_TERM_MAX)
		return (0);
	for (i = 0; i < item->len; i++) {
		if (item->value[i] <= ' ' || item->value[i] > '~')
			return (0);
	}
	memcpy(d->term, item->value, item->len);
	d->term[item->len] = '\0';
	return (1);
}

static int
ssh_env_send(struct ssh *d, const struct record_item *item)
{
	(void)snprintf(d->env_name, sizeof(d->env_name), "%.*s",
	    (int)item->namelen, item->name);
	if (item->namelen + item->len > SSH_ENV_MAX) {
		log_warnx("session %s: variable %s is too long for ssh",
		    d->driver.session->id, d->env_name);
		return (0);
	}
	return (libssh2_channel_setenv_ex(d->channel, item->name,
	    item->namelen, item->value, item->len));
}

static enum ssh_step
ssh_shell_pty(struct ssh *d)
{
	const char	*term;
	int		 error;

	term = d->term[0] != '\0' ? d->term : SSH_TERM;
	error = libssh2_channel_request_pty_ex(d->channel, term,
	    strlen(term), NULL, 0, d->cols, d->rows, SSH_XPIXEL,
	    SSH_YPIXEL);
	if (error == 0)
		return (SSH_DONE);
	if (error == LIBSSH2_ERROR_EAGAIN)
		return (SSH_AGAIN);
	if (error == LIBSSH2_ERROR_CHANNEL_REQUEST_DENIED)
		return (ssh_fail(d, FAIL_SHELL, "terminal refused"));
	return (ssh_lost(d));
}

static enum ssh_step
ssh_shell_start(struct ssh *d)
{
	int	 error;

	if (d->command != NULL)
		error = libssh2_channel_process_startup(d->channel, "exec", 4,
		    d->command, d->command_len);
	else
		error = libssh2_channel_process_startup(d->channel, "shell",
		    5, NULL, 0);
	if (error == 0)
		return (SSH_DONE);
	if (error == LIBSSH2_ERROR_EAGAIN)
		return (SSH_AGAIN);
	if (error == LIBSSH2_ERROR_CHANNEL_REQUEST_DENIED)
		return (ssh_fail(d, FAIL_SHELL, "%s refused",
		    d->command != NULL ? "command" : "shell"));
	return (ssh_lost(d));
}
