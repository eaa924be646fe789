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

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libssh2_sftp.h>

#include "driver_ssh.h"
#include "log.h"
#include "session.h"
#include "ssh_part.h"
#include "worker.h"

/*
 * The files of the record, by sftp, before the first shell of the worker.
 * Whoever gets here first writes them all, and the others wait: nobody is to
 * see half of them.  A file that cannot be written is no reason to have no
 * shell; nor is a server without sftp.
 */

/* Some packets at once, so that a file costs few round trips. */
#define SFTP_CHUNK	(64 * 1024)

#define SFTP_WRITE	(LIBSSH2_FXF_WRITE | LIBSSH2_FXF_CREAT |	\
			    LIBSSH2_FXF_TRUNC)

enum sftp_state {
	SFTP_START,
	SFTP_NEXT,		/* find the next file */
	SFTP_OPEN,
	SFTP_MKDIR,		/* its directories, then open again */
	SFTP_UNLOCK,		/* let its owner write, then the same */
	SFTP_CHMOD,
	SFTP_DATA,
	SFTP_CLOSE,
	SFTP_END
};

struct ssh_sftp {
	enum sftp_state		 state;
	LIBSSH2_SFTP		*sftp;
	LIBSSH2_SFTP_HANDLE	*handle;
	struct opened_walk	 walk;
	struct opened_walk	 here;	/* just before this file */
	char			 path[RECORD_NAME_MAX + 1];
	size_t			 pathlen;
	size_t			 dirlen;	/* made up to here */
	int			 made;
	int			 unlocked;
	unsigned long		 mode;
	size_t			 size;
	size_t			 done;
	uint8_t			*chunk;
	size_t			 chunk_len;
	size_t			 chunk_done;
};

static enum ssh_step	 sftp_run(struct ssh *, struct ssh_sftp *);
static enum ssh_step	 sftp_start(struct ssh *, struct ssh_sftp *);
static enum ssh_step	 sftp_next(struct ssh *, struct ssh_sftp *);
static int		 sftp_name(struct ssh_sftp *,
			    const struct record_item *);
static enum ssh_step	 sftp_open(struct ssh *, struct ssh_sftp *);
static enum ssh_step	 sftp_mkdir(struct ssh *, struct ssh_sftp *);
static enum ssh_step	 sftp_unlock(struct ssh *, struct ssh_sftp *);
static enum ssh_step	 sftp_chmod(struct ssh *, struct ssh_sftp *);
static enum ssh_step	 sftp_data(struct ssh *, struct ssh_sftp *);
static int		 sftp_fill(struct ssh *, struct ssh_sftp *);
static void		 sftp_drop(struct ssh_sftp *);
static enum ssh_step	 sftp_close(struct ssh *, struct ssh_sftp *);
static enum ssh_step	 sftp_end(struct ssh *, struct ssh_sftp *);
static enum ssh_step	 sftp_error(struct ssh *, struct ssh_sftp *,
			    const char *);
static void		 ssh_files_done(struct ssh *);

static const char *const	 sftp_words[] = {
	"no error", "end of file", "no such file", "permission denied",
	"failure", "bad message", "no connection", "connection lost",
	"operation not supported"
};

enum ssh_step
ssh_files(struct ssh *d)
{
	enum ssh_step	 step;

	if (!d->files_mine) {
		if (d->up->files == SSH_FILES_NONE)
			return (SSH_DONE);
		if (d->up->files == SSH_FILES_BUSY)
			return (SSH_AGAIN);
		if ((d->sftp = calloc(1, sizeof(*d->sftp))) == NULL)
			return (ssh_fail(d, FAIL_BUSY, "out of memory"));
		d->files_mine = 1;
		d->up->files = SSH_FILES_BUSY;
		ssh_wait(d, d->up->worker->timeouts.timeout_channel);
	}
	if ((step = sftp_run(d, d->sftp)) == SSH_DONE)
		ssh_files_done(d);
	return (step);
}

/* The time for files is over; what is not written is left out. */
void
ssh_files_abandon(struct ssh *d)
{
	char	 shown[LOG_TEXT_MAX / 2];

	if (!d->files_mine) {
		log_warnx("session %s: does not wait for files any longer",
		    d->driver.session->id);
		return;
	}
	log_escape(shown, sizeof(shown), d->sftp->path);
	log_warnx("session %s: timed out in writing files: %s",
	    d->driver.session->id, shown[0] == '\0' ?
	    "the server does not answer" : shown);
	ssh_files_done(d);
}

static void
ssh_files_done(struct ssh *d)
{
	struct ssh	*other;

	/* What is left of a file that was given up is not for this shell. */
	sftp_drop(d->sftp);
	d->files_mine = 0;
	d->up->files = SSH_FILES_NONE;
	LIST_FOREACH(other, &d->up->drivers, entry) {
		if (other != d)
			ssh_kick(other);
	}
}

/* The library's part goes with its session, which is dead already. */
void
ssh_files_free(struct ssh *d)
{
	if (d->sftp == NULL)
		return;
	sftp_drop(d->sftp);
	free(d->sftp);
	d->sftp = NULL;
}

/* SSH_DONE of a state leads to the next, which each of them sets. */
static enum ssh_step
sftp_run(struct ssh *d, struct ssh_sftp *f)
{
	enum ssh_step	 step;

	do {
		switch (f->state) {
		case SFTP_START:
			step = sftp_start(d, f);
			break;
		case SFTP_NEXT:
			step = sftp_next(d, f);
			break;
		case SFTP_OPEN:
			step = sftp_open(d, f);
			break;
		case SFTP_MKDIR:
			step = sftp_mkdir(d, f);
			break;
		case SFTP_UNLOCK:
			step = sftp_unlock(d, f);
			break;
		case SFTP_CHMOD:
			step = sftp_chmod(d, f);
			break;
		case SFTP_DATA:
			step = sftp_data(d, f);
			break;
		case SFTP_CLOSE:
			step = sftp_close(d, f);
			break;
		default:
			return (sftp_end(d, f));
		}
	} while (step == SSH_DONE);
	return (step);
}

static enum ssh_step
sftp_start(struct ssh *d, struct ssh_sftp *f)
{
	if ((f->sftp = libssh2_sftp_init(d->session)) != NULL) {
		ssh_wait(d, SSH_FILES_SECS);
		f->state = SFTP_NEXT;
		return (SSH_DONE);
	}
	if (libssh2_session_last_errno(d->session) == LIBSSH2_ERROR_EAGAIN)
		return (SSH_AGAIN);
	if (d->gone)
		return (ssh_lost(d));
	log_warnx("session %s: no files are written: the server has no sftp",
	    d->driver.session->id);
	f->state = SFTP_END;
	return (SSH_DONE);
}

static enum ssh_step
sftp_next(struct ssh *d, struct ssh_sftp *f)
{
	struct opened		*o = d->up->worker->opened;
	struct record_item	 item;
	int			 more, ok;

	if (opened_begin(o) == -1)
		return (ssh_fail(d, FAIL_BUSY, "secrets cannot be read"));
	ok = 0;
	do {
		f->here = f->walk;
		more = opened_next(o, &f->walk, &item);
		if (more && item.tag == RECORD_FILE)
			ok = sftp_name(f, &item);
	} while (more && !ok);
	opened_end(o);
	f->done = f->dirlen = 0;
	f->made = f->unlocked = 0;
	f->state = more ? SFTP_OPEN : SFTP_END;
	return (SSH_DONE);
}

/* "0600/root/.netrc" */
static int
sftp_name(struct ssh_sftp *f, const struct record_item *item)
{
	size_t	 i;

	f->mode = 0;
	if (item->namelen < 6 || item->namelen > RECORD_NAME_MAX ||
	    item->name[4] != '/')
		return (0);
	for (i = 0; i < 4; i++) {
		if (item->name[i] < '0' || item->name[i] > '7')
			return (0);
		f->mode = f->mode << 3 | (unsigned long)(item->name[i] - '0');
	}
	f->pathlen = item->namelen - 4;
	memcpy(f->path, item->name + 4, f->pathlen);
	f->path[f->pathlen] = '\0';
	f->size = item->len;
	return (1);
}

static enum ssh_step
sftp_open(struct ssh *d, struct ssh_sftp *f)
{
	unsigned long	 error;

	f->handle = libssh2_sftp_open_ex(f->sftp, f->path, f->pathlen,
	    SFTP_WRITE, f->mode, LIBSSH2_SFTP_OPENFILE);
	if (f->handle != NULL) {
		f->state = SFTP_CHMOD;
		return (SSH_DONE);
	}
	if (libssh2_session_last_errno(d->session) == LIBSSH2_ERROR_EAGAIN)
		return (SSH_AGAIN);
	error = LIBSSH2_FX_OK;
	if (libssh2_session_last_errno(d->session) ==
	    LIBSSH2_ERROR_SFTP_PROTOCOL)
		error = libssh2_sftp_last_error(f->sftp);
	if (error == LIBSSH2_FX_NO_SUCH_FILE && !f->made)
		f->state = SFTP_MKDIR;
	else if (error == LIBSSH2_FX_PERMISSION_DENIED && !f->unlocked)
		f->state = SFTP_UNLOCK;
	else
		return (sftp_error(d, f, "open"));
	return (SSH_DONE);
}

/* Each in turn; those that are there already answer with an error. */
static enum ssh_step
sftp_mkdir(struct ssh *d, struct ssh_sftp *f)
{
	const char	*p;

	while ((p = strchr(f->path + f->dirlen + 1, '/')) != NULL) {
		if (libssh2_sftp_mkdir_ex(f->sftp, f->path, p - f->path,
		    (f->mode & 077) == 0 ? 0700 : 0755) ==
		    LIBSSH2_ERROR_EAGAIN)
			return (SSH_AGAIN);
		if (d->gone)
			return (ssh_lost(d));
		f->dirlen = p - f->path;
	}
	f->made = 1;
	f->state = SFTP_OPEN;
	return (SSH_DONE);
}

/*
 * A file of mode 0400 that is there from the worker before: its owner may
 * not write it, but may change that.  If not, the next open will say so.
 */
static enum ssh_step
sftp_unlock(struct ssh *d, struct ssh_sftp *f)
{
	LIBSSH2_SFTP_ATTRIBUTES	 attrs;

	memset(&attrs, 0, sizeof(attrs));
	attrs.flags = LIBSSH2_SFTP_ATTR_PERMISSIONS;
	attrs.permissions = 0600;
	if (libssh2_sftp_stat_ex(f->sftp, f->path, f->pathlen,
	    LIBSSH2_SFTP_SETSTAT, &attrs) == LIBSSH2_ERROR_EAGAIN)
		return (SSH_AGAIN);
	if (d->gone)
		return (ssh_lost(d));
	f->unlocked = 1;
	f->state = SFTP_OPEN;
	return (SSH_DONE);
}

/* The mode of open(2) is cut by a umask, and means nothing for an old file. */
static enum ssh_step
sftp_chmod(struct ssh *d, struct ssh_sftp *f)
{
	LIBSSH2_SFTP_ATTRIBUTES	 attrs;
	int			 error;

	memset(&attrs, 0, sizeof(attrs));
	attrs.flags = LIBSSH2_SFTP_ATTR_PERMISSIONS;
	attrs.permissions = f->mode;
	error = libssh2_sftp_fstat_ex(f->handle, &attrs, 1);
	if (error == LIBSSH2_ERROR_EAGAIN)
		return (SSH_AGAIN);
	if (error != 0)
		return (sftp_error(d, f, "set its mode"));
	f->state = SFTP_DATA;
	return (SSH_DONE);
}

/* The library asks for the rest of a chunk until the server has all of it. */
static enum ssh_step
sftp_data(struct ssh *d, struct ssh_sftp *f)
{
	ssize_t	 n;

	while (f->done < f->size) {
		if (f->chunk == NULL && sftp_fill(d, f) == -1)
			return (ssh_fail(d, FAIL_BUSY,
			    "secrets cannot be read"));
		n = libssh2_sftp_write(f->handle,
		    (const char *)f->chunk + f->chunk_done,
		    f->chunk_len - f->chunk_done);
		if (n == LIBSSH2_ERROR_EAGAIN)
			return (SSH_AGAIN);
		if (n <= 0)
			return (sftp_error(d, f, "write"));
		f->chunk_done += n;
		f->done += n;
		if (f->chunk_done == f->chunk_len)
			sftp_drop(f);
	}
	f->state = SFTP_CLOSE;
	return (SSH_DONE);
}

/* A copy of the next piece, so that the secrets need not stay open. */
static int
sftp_fill(struct ssh *d, struct ssh_sftp *f)
{
	struct opened		*o = d->up->worker->opened;
	struct opened_walk	 walk;
	struct record_item	 item;
	int			 found;

	f->chunk_done = 0;
	f->chunk_len = f->size - f->done < SFTP_CHUNK ? f->size - f->done :
	    SFTP_CHUNK;
	if ((f->chunk = malloc(f->chunk_len)) == NULL ||
	    opened_begin(o) == -1)
		return (-1);
	walk = f->here;
	if ((found = opened_next(o, &walk, &item) && item.len == f->size))
		memcpy(f->chunk, item.value + f->done, f->chunk_len);
	opened_end(o);
	return (found ? 0 : -1);
}

static void
sftp_drop(struct ssh_sftp *f)
{
	freezero(f->chunk, f->chunk_len);
	f->chunk = NULL;
	f->chunk_len = 0;
}

static enum ssh_step
sftp_close(struct ssh *d, struct ssh_sftp *f)
{
	int	 error;

	error = libssh2_sftp_close_handle(f->handle);
	if (error == LIBSSH2_ERROR_EAGAIN)
		return (SSH_AGAIN);
	f->handle = NULL;
	if (error != 0 && f->done == f->size)
		return (sftp_error(d, f, "close"));
	f->state = SFTP_NEXT;
	return (SSH_DONE);
}

/*
 * Its channel stays, until the transport ends: to close it is to wait for
 * the server, and it costs nothing.
 */
static enum ssh_step
sftp_end(struct ssh *d, struct ssh_sftp *f)
{
	(void)f;
	return (d->gone ? ssh_lost(d) : SSH_DONE);
}

/* Skip this file, unless it is the connection that does not work. */
static enum ssh_step
sftp_error(struct ssh *d, struct ssh_sftp *f, const char *what)
{
	char		 shown[LOG_TEXT_MAX / 2];
	unsigned long	 n;
	int		 error;

	error = libssh2_session_last_errno(d->session);
	if (d->gone || (error != LIBSSH2_ERROR_SFTP_PROTOCOL &&
	    error != LIBSSH2_ERROR_INVAL))
		return (ssh_lost(d));
	n = libssh2_sftp_last_error(f->sftp);
	log_escape(shown, sizeof(shown), f->path);
	log_warnx("session %s: file %s: %s: %s", d->driver.session->id, shown,
	    what, n < nitems(sftp_words) ? sftp_words[n] : "unknown error");
	sftp_drop(f);
	f->state = f->handle == NULL ? SFTP_NEXT : SFTP_CLOSE;
	return (SSH_DONE);
}
