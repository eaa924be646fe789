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

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "signames.h"

/* POSIX, <signal.h>, and what terminals have beside it. */
static const struct {
	const char	*name;
	int		 signo;
} signals[] = {
	{ "ABRT",	SIGABRT },
	{ "ALRM",	SIGALRM },
	{ "BUS",	SIGBUS },
	{ "CHLD",	SIGCHLD },
	{ "CONT",	SIGCONT },
	{ "FPE",	SIGFPE },
	{ "HUP",	SIGHUP },
	{ "ILL",	SIGILL },
	{ "INT",	SIGINT },
	{ "KILL",	SIGKILL },
	{ "PIPE",	SIGPIPE },
	{ "PROF",	SIGPROF },
	{ "QUIT",	SIGQUIT },
	{ "SEGV",	SIGSEGV },
	{ "STOP",	SIGSTOP },
	{ "SYS",	SIGSYS },
	{ "TERM",	SIGTERM },
	{ "TRAP",	SIGTRAP },
	{ "TSTP",	SIGTSTP },
	{ "TTIN",	SIGTTIN },
	{ "TTOU",	SIGTTOU },
	{ "URG",	SIGURG },
	{ "USR1",	SIGUSR1 },
	{ "USR2",	SIGUSR2 },
	{ "VTALRM",	SIGVTALRM },
	{ "WINCH",	SIGWINCH },
	{ "XCPU",	SIGXCPU },
	{ "XFSZ",	SIGXFSZ }
};

int
signame_number(const char *name, size_t len)
{
	size_t	 i;

	if (len > 3 && memcmp(name, "SIG", 3) == 0) {
		name += 3;
		len -= 3;
	}
	for (i = 0; i < nitems(signals); i++) {
		if (strlen(signals[i].name) == len &&
		    memcmp(signals[i].name, name, len) == 0)
			return (signals[i].signo);
	}
	return (-1);
}

const char *
signame(char out[SIGNAME_MAX], int signo)
{
	size_t	 i;

	for (i = 0; i < nitems(signals); i++) {
		if (signals[i].signo == signo) {
			strlcpy(out, signals[i].name, SIGNAME_MAX);
			return (out);
		}
	}
	(void)snprintf(out, SIGNAME_MAX, "%d", signo);
	return (out);
}
