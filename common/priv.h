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

#ifndef GATEWAYD_COMMON_PRIV_H
#define GATEWAYD_COMMON_PRIV_H

#include <sys/types.h>
#include <sys/resource.h>

/*
 * Limits of a child that starts no other program.  Where a value
 * is 0 the process keeps what it has.  Never use it on the way to a shell.
 */
struct priv_limits {
	rlim_t	 data;		/* bytes of heap and private mappings */
	rlim_t	 nofile;	/* file descriptors */
	rlim_t	 memlock;	/* bytes of locked memory */
};

/* Sealed secrets of a worker, 16 MiB, with the guard pages around them. */
#define PRIV_MEMLOCK	((rlim_t)32 * 1024 * 1024)

/* priv.c */

/*
 * Leave no core file and let no process of the same user look inside
 * (core(5), PR_SET_DUMPABLE of prctl(2)).  Returns 0, or -1 after a log line.
 */
int	 priv_harden(void);

/*
 * The second half of that, on the way to a shell: execve(2) undoes it, while
 * a limit would stay.  Returns 0, or -1 after a log line.
 */
int	 priv_hide(void);

/*
 * Apply the limits, and fixed ones: no core, no new process, no file over
 * 32 MiB (memfds included).  What the kernel does not let us raise goes to
 * its hard limit, with a log line (setrlimit(2)).  Call it before
 * priv_drop().  Returns 0, or -1 after a log line.
 */
int	 priv_limits_apply(const struct priv_limits *);

/*
 * Give up root for good: change the root directory, unless it is NULL, to
 * one that root alone can write, then groups, group and user.  Without root
 * the ids must be our own and the directory NULL.  Both ways it then tries
 * to come back and fails if any way is open; a process that cannot be
 * confined as asked must not run.  Returns 0, or -1 after a log line.
 */
int	 priv_drop(uid_t, gid_t, const char *);

/*
 * From root, become a user with all its groups, for good unless it is root.
 * Limits are left alone, since a shell follows.  Returns 0, or -1 with errno
 * after a log line.
 */
int	 priv_become(const char *, uid_t, gid_t);

#endif
