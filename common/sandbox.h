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

#ifndef GATEWAYD_COMMON_SANDBOX_H
#define GATEWAYD_COMMON_SANDBOX_H

/*
 * What a process may still do.  Each child narrows twice: to SANDBOX_SETUP
 * before it reads its first message, and to its role once set-up is over.
 * There is no way back, and the second step can only take away.
 */
enum sandbox_role {
	SANDBOX_SETUP,		/* any role, on its way there */
	SANDBOX_FRONTEND,
	SANDBOX_CATALOG,
	SANDBOX_DIALER,
	SANDBOX_CONTROL,
	SANDBOX_WORKER,
	SANDBOX_PTY,		/* the keeper of a shell, after its fork */
	SANDBOX_MAX
};

/*
 * Enter the sandbox of a role.  Returns 0, or -1 after a log line that names
 * the role and the missing feature; the process may be half confined then,
 * and must end.  Never call it in a process that execs something which is
 * not ours: all of it survives exec.  The process becomes not dumpable, and
 * on Linux can gain no privileges (prctl(2), seccomp(2), landlock(7)); on
 * OpenBSD see pledge(2) and unveil(2).  Files that the process needs are
 * open before it enters its role.
 */
int		 sandbox_enter(enum sandbox_role);

/*
 * The part of it that landlock(7) plays, on Linux only.  The filter stands
 * before it, so that a test could not tell otherwise whether it is there.
 */
int		 sandbox_landlock(enum sandbox_role);

/* The word for a role in log lines; never NULL. */
const char	*sandbox_name(enum sandbox_role);

#endif
