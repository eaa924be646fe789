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

#ifndef GATEWAYD_GATEWAYD_SHELL_H
#define GATEWAYD_GATEWAYD_SHELL_H

#include "compat.h"

#include <sys/types.h>
#include <sys/resource.h>

#include <stdint.h>

#include "sizes.h"

/*
 * The account that a shell belongs to (passwd(5)), and the soft limit of
 * descriptors that it shall start with, which the parent had raised for
 * itself; 0 leaves it.
 */
struct shell_user {
	uid_t	 uid;
	gid_t	 gid;
	char	 name[USER_NAME_MAX + 1];
	char	 home[PATH_TEXT_MAX + 1];
	char	 shell[PATH_TEXT_MAX + 1];
	rlim_t	 nofile;
};

/* What is written if it came to nothing: enum pty_stage, errno. */
#define SHELL_REPORT_LEN	3

/*
 * Become the shell that a blob describes (record.h: ARG, ENV, CWD) on the
 * terminal `slave'.  Called between fork(2) and execve(2), as the user, with
 * all signals blocked; dies with its parent `keeper'.  Where it fails,
 * SHELL_REPORT_LEN bytes go to `report', which is closed by success.  All
 * other descriptors are closed.
 */
__dead void	 shell_exec(const struct shell_user *, int slave, int blob,
		    int report, pid_t keeper);

/* The other end of the report: stage and errno. */
void		 shell_report_get(const uint8_t[SHELL_REPORT_LEN], uint8_t *,
		    uint32_t *);

#endif /* GATEWAYD_GATEWAYD_SHELL_H */
