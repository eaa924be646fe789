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

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <unistd.h>

#include "chan.h"
#include "child.h"
#include "proc.h"
#include "util.h"

/*
 * A process can show no longer title than the space of its arguments and
 * environment; this makes room for the name of a sandbox.
 */
#define TITLE_SPACE							\
	"TITLE_SPACE="							\
	"................................"				\
	"................................"				\
	"................................"				\
	"................................"

static int	 proc_actions(posix_spawn_file_actions_t *, int);
static int	 proc_attributes(posix_spawnattr_t *);

static int
proc_actions(posix_spawn_file_actions_t *fa, int channel)
{
	int	 error;

	/* First of all, for its number may be one that we now overwrite. */
	if ((error = posix_spawn_file_actions_adddup2(fa, channel,
	    CHILD_FD)) != 0)
		return (error);
	if ((error = posix_spawn_file_actions_addopen(fa, STDIN_FILENO,
	    "/dev/null", O_RDWR, 0)) != 0)
		return (error);
	if ((error = posix_spawn_file_actions_adddup2(fa, STDIN_FILENO,
	    STDOUT_FILENO)) != 0)
		return (error);
#ifndef SANITIZED
	/* What a sanitizer has to say goes to our standard error. */
	if ((error = posix_spawn_file_actions_adddup2(fa, STDIN_FILENO,
	    STDERR_FILENO)) != 0)
		return (error);
#endif
	return (posix_spawn_file_actions_addclosefrom_np(fa, CHILD_FD + 1));
}

static int
proc_attributes(posix_spawnattr_t *attr)
{
	struct sched_param	 param;
	sigset_t		 none, all;
	short			 flags;
	int			 error;

	sigemptyset(&none);
	sigfillset(&all);
	if ((error = posix_spawnattr_setsigmask(attr, &none)) != 0 ||
	    (error = posix_spawnattr_setsigdefault(attr, &all)) != 0)
		return (error);
	flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
	if (util_batched()) {
		memset(&param, 0, sizeof(param));
		if ((error = posix_spawnattr_setschedpolicy(attr,
		    SCHED_OTHER)) != 0 ||
		    (error = posix_spawnattr_setschedparam(attr,
		    &param)) != 0)
			return (error);
		flags |= POSIX_SPAWN_SETSCHEDULER;
	}
	return (posix_spawnattr_setflags(attr, flags));
}

pid_t
proc_spawn(const char *path, const char *title, const char *role, int *fd)
{
	static char			 option[] = "-x";
	static char			 search[] = "PATH=/usr/bin:/bin";
	static char			 space[] = TITLE_SPACE;
	posix_spawn_file_actions_t	 fa;
	posix_spawnattr_t		 attr;
	char				*argv[4], *envp[3];
	pid_t				 pid;
	int				 sv[2], n, error;

	n = 0;
	argv[n++] = (char *)(uintptr_t)title;
	if (role != NULL) {
		argv[n++] = option;
		argv[n++] = (char *)(uintptr_t)role;
	}
	argv[n] = NULL;
	envp[0] = search;
	envp[1] = space;
	envp[2] = NULL;

	if (chan_pair(sv) == -1)
		return (-1);
	if ((error = posix_spawn_file_actions_init(&fa)) != 0)
		goto sockets;
	if ((error = posix_spawnattr_init(&attr)) != 0)
		goto actions;
	if ((error = proc_actions(&fa, sv[1])) == 0 &&
	    (error = proc_attributes(&attr)) == 0)
		error = posix_spawn(&pid, path, &fa, &attr, argv, envp);
	posix_spawnattr_destroy(&attr);
 actions:
	posix_spawn_file_actions_destroy(&fa);
 sockets:
	close(sv[1]);
	if (error != 0) {
		close(sv[0]);
		errno = error;
		return (-1);
	}
	*fd = sv[0];
	return (pid);
}
