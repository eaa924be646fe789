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

#include <sys/ioctl.h>

#include <err.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

#include "attach.h"

#define SAY_MAX		1024

/* The one terminal of this run. */
static struct tty {
	int		 fd;
	int		 raw;
	int		 was_raw;
	struct termios	 saved;
} tty = { .fd = -1 };

static void	 restore_modes(void);

void
tty_open(int fd)
{
	if (tcgetattr(fd, &tty.saved) == -1)
		err(1, "terminal");
	tty.fd = fd;
	/* err(3) comes by here, too. */
	if (atexit(tty_restore) != 0)
		errx(1, "atexit");
}

void
tty_raw(void)
{
	struct termios	 raw;

	if (tty.fd == -1)
		return;
	raw = tty.saved;
	raw.c_iflag |= IGNPAR;
	raw.c_iflag &= ~(tcflag_t)(ISTRIP | INLCR | IGNCR | ICRNL | IXON |
	    IXANY | IXOFF | BRKINT | PARMRK);
	raw.c_oflag &= ~(tcflag_t)OPOST;
	raw.c_lflag &= ~(tcflag_t)(ISIG | ICANON | ECHO | ECHOE | ECHOK |
	    ECHONL | IEXTEN);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	/* In the background this stops us until we may. */
	(void)tcsetattr(tty.fd, TCSANOW, &raw);	/* it may be gone */
	tty.raw = tty.was_raw = 1;
}

void
tty_restore(void)
{
	pid_t	 pgrp;

	if (!tty.raw)
		return;
	tty.raw = 0;
	/* In the background the terminal is somebody else's by now. */
	pgrp = tcgetpgrp(tty.fd);
	if (pgrp == -1 || pgrp == getpgrp())
		restore_modes();
}

/* A program that is just being put into the background must not hang. */
static void
restore_modes(void)
{
	sigset_t	 old, ttou;

	sigemptyset(&ttou);
	sigaddset(&ttou, SIGTTOU);
	(void)sigprocmask(SIG_BLOCK, &ttou, &old);
	(void)tcsetattr(tty.fd, TCSANOW, &tty.saved);
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
}

void
tty_size(int fd, uint16_t *cols, uint16_t *rows)
{
	struct winsize	 ws;

	*cols = 80;
	*rows = 24;
	if (ioctl(fd, TIOCGWINSZ, &ws) == -1 || ws.ws_col == 0 ||
	    ws.ws_row == 0)
		return;
	*cols = ws.ws_col < COLS_MAX ? ws.ws_col : COLS_MAX;
	*rows = ws.ws_row < ROWS_MAX ? ws.ws_row : ROWS_MAX;
}

/* Something may stand on the line, once the session had the terminal. */
void
tty_say(const char *fmt, ...)
{
	const char	*begin, *end;
	va_list		 ap;
	char		 text[SAY_MAX], *p;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	for (p = text; *p != '\0'; p++) {
		if (*p < 0x20 || *p > 0x7e)
			*p = '?';
	}
	begin = tty.was_raw ? "\r\n" : "";
	end = tty.raw ? "\r\n" : "\n";
	(void)dprintf(STDERR_FILENO, "%s%s: %s%s", begin, getprogname(),
	    text, end);
}
