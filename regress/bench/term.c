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

/* links: regress/bench/text.c */

#include "compat.h"

#include <sys/types.h>

#include <err.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "text.h"

/*
 * What runs in the terminal in place of a shell.  It says R when its
 * keyboard is in raw mode (not with -q), then obeys: G<n> and a newline
 * prints n lines of text, A goes to the alternate screen as an editor does,
 * E sends back whatever follows.  Output goes
 * through the terminal as that of a shell's command does.
 */

#define WRITE_SIZE	(32 * 1024)

/* The alternate screen, cleared, and a status line; G comes next. */
#define ALTERNATE	"\033[?1049h\033[2J\033[1;23r\033[24;1H\033[7m" \
			"-- INSERT --\033[m\033[1;1H"

static void	 term_raw(void);
static void	 term_text(uint32_t);
static void	 term_write(const char *, size_t);
static ssize_t	 term_byte(char *);
static void	 term_echo(void);

int
main(int argc, char *argv[])
{
	uint32_t	 n;
	char		 c;

	term_raw();
	if (argc < 2 || strcmp(argv[1], "-q") != 0)
		term_write("R", 1);
	n = 0;
	while (term_byte(&c) == 1) {
		if (c >= '0' && c <= '9')
			n = n * 10 + (c - '0');
		else if (c == 'G')
			n = 0;
		else if (c == '\n')
			term_text(n);
		else if (c == 'A')
			term_write(ALTERNATE, strlen(ALTERNATE));
		else if (c == 'E')
			term_echo();
	}
	return (0);
}

static void
term_raw(void)
{
	struct termios	 tio;

	if (tcgetattr(STDIN_FILENO, &tio) == -1)
		err(1, "tcgetattr");
	cfmakeraw(&tio);
	tio.c_oflag |= OPOST | ONLCR;
	if (tcsetattr(STDIN_FILENO, TCSANOW, &tio) == -1)
		err(1, "tcsetattr");
}

static void
term_text(uint32_t lines)
{
	static char	 buf[WRITE_SIZE];
	uint32_t	 i;
	size_t		 n;

	n = 0;
	for (i = 0; i < lines; i++) {
		if (n + TEXT_LINE_MAX > sizeof(buf)) {
			term_write(buf, n);
			n = 0;
		}
		n += text_line(buf + n, i);
	}
	term_write(buf, n);
}

static void
term_write(const char *p, size_t len)
{
	ssize_t	 n;

	for (; len > 0; len -= n) {
		if ((n = write(STDOUT_FILENO, p, len)) == -1)
			exit(1);
		p += n;
	}
}

static ssize_t
term_byte(char *c)
{
	return (read(STDIN_FILENO, c, 1));
}

static void
term_echo(void)
{
	char	 buf[4096];
	ssize_t	 n;

	while ((n = read(STDIN_FILENO, buf, sizeof(buf))) > 0)
		term_write(buf, n);
	exit(0);
}
