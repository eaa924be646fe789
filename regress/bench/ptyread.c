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
#include <sys/resource.h>
#include <sys/wait.h>

#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <pty.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "text.h"

/*
 * ptyread bytes command [argument ...]: have the command (term) print so much
 * text on a terminal and read it: as fast as anything that reads it can be.
 * Prints one JSON object.
 */

#define READ_SIZE	(64 * 1024)
#define DEADLINE	120

static pid_t	 start(int *, char *[]);
static double	 now(void);

int
main(int argc, char *argv[])
{
	static uint8_t	 buf[READ_SIZE];
	struct rusage	 ru;
	struct text	 text;
	struct sum	 s;
	const char	*errstr;
	uint64_t	 total, got;
	double		 t, cpu;
	ssize_t		 n;
	pid_t		 pid;
	int		 fd;

	if (argc < 3)
		errx(1, "usage: ptyread bytes command [argument ...]");
	total = strtonum(argv[1], 1, INT64_MAX, &errstr);
	if (errstr != NULL)
		errx(1, "bytes is %s", errstr);
	alarm(DEADLINE);
	text_plan(&text, total);
	pid = start(&fd, argv + 2);
	if (read(fd, buf, sizeof(buf)) != 1 || buf[0] != 'R')
		errx(1, "%s does not begin as it should", argv[2]);
	sum_init(&s);
	t = now();
	dprintf(fd, "G%" PRIu32 "\n", text.lines);
	for (got = 0; got < text.bytes; got += n) {
		if ((n = read(fd, buf, sizeof(buf))) <= 0)
			err(1, "read");
		sum_add(&s, buf, n);
	}
	t = now() - t;
	getrusage(RUSAGE_SELF, &ru);
	cpu = ru.ru_utime.tv_sec + ru.ru_stime.tv_sec +
	    (ru.ru_utime.tv_usec + ru.ru_stime.tv_usec) / 1e6;
	printf("{\"seconds\":%.6f,\"bytes\":%" PRIu64 ",\"cpu\":%.6f,"
	    "\"ok\":%s}\n", t, got, cpu,
	    sum_end(&s) == text.sum ? "true" : "false");
	close(fd);
	while (waitpid(pid, NULL, 0) == -1 && errno == EINTR)
		continue;
	return (0);
}

static pid_t
start(int *fd, char *argv[])
{
	pid_t	 pid;

	if ((pid = forkpty(fd, NULL, NULL, NULL)) == -1)
		err(1, "forkpty");
	if (pid == 0) {
		execv(argv[0], argv);
		err(1, "%s", argv[0]);
	}
	return (pid);
}

static double
now(void)
{
	struct timespec	 ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (ts.tv_sec + ts.tv_nsec / 1e9);
}
