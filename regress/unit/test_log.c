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

/* links: @COMMON@ */

/*
 * Log lines: what they say, that they cannot be forged or overrun, and that
 * a child's go to its parent and never block it.
 */

#include "compat.h"

#include <sys/types.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include <cmocka.h>

#include "chan.h"
#include "log.h"

static const struct {
	const char	*in;
	const char	*out;
} escapes[] = {
	{ "", "" },
	{ "plain text ~", "plain text ~" },
	{ "a\nb", "a\\x0ab" },
	{ "\033[31m", "\\x1b[31m" },
	{ "back\\slash", "back\\x5cslash" },
	{ "\xc3\xa4\x7f", "\\xc3\\xa4\\x7f" }
};

static int	 capture(int *);
static void	 captured(int, int, char *, size_t);
static void	 receive(int, struct imsg *, uint8_t *);
static int	 in_child(void (*)(void));
static void	 die_x(void);
static void	 die(void);
static void	 test_escape(void **);
static void	 test_escape_cut(void **);
static void	 test_stderr(void **);
static void	 test_child_line(void **);
static void	 test_channel(void **);
static void	 test_full_channel(void **);
static void	 test_fatal(void **);

static void
test_escape(void **state)
{
	char	 out[64];
	size_t	 i;

	(void)state;
	for (i = 0; i < nitems(escapes); i++) {
		log_escape(out, sizeof(out), escapes[i].in);
		assert_string_equal(out, escapes[i].out);
	}
}

/* Cut, never within an escape, and terminated, whatever there is room for. */
static void
test_escape_cut(void **state)
{
	static const char	 src[] = "ab\ncd\n\n";
	char			 whole[64], *out;
	size_t			 n;

	(void)state;
	log_escape(whole, sizeof(whole), src);
	for (n = 1; n < sizeof(whole); n++) {
		assert_non_null(out = malloc(n));
		log_escape(out, n, src);
		assert_true(strlen(out) < n);
		assert_memory_equal(out, whole, strlen(out));
		if (strrchr(out, '\\') != NULL)
			assert_true(strlen(strrchr(out, '\\')) >= 4);
		free(out);
	}
	log_escape(NULL, 0, src);
}

/* Standard error goes to a pipe until captured(). */
static int
capture(int *keep)
{
	int	 p[2];

	assert_int_equal(pipe2(p, O_NONBLOCK), 0);
	fflush(stderr);
	assert_int_not_equal(*keep = dup(STDERR_FILENO), -1);
	assert_int_not_equal(dup2(p[1], STDERR_FILENO), -1);
	close(p[1]);
	return (p[0]);
}

static void
captured(int fd, int keep, char *buf, size_t size)
{
	ssize_t	 n;

	fflush(stderr);
	assert_int_not_equal(dup2(keep, STDERR_FILENO), -1);
	close(keep);
	n = read(fd, buf, size - 1);
	buf[n > 0 ? n : 0] = '\0';
	close(fd);
}

static void
test_stderr(void **state)
{
	char	 buf[4096], big[2 * LOG_TEXT_MAX];
	int	 fd, keep;

	(void)state;
	log_init("name", 1, 0);
	fd = capture(&keep);
	errno = ENOENT;
	log_warn("file %d", 1);
	assert_int_equal(errno, ENOENT);
	log_warnx("no errno");
	log_debug("not shown");
	log_setverbose(1);
	log_debug("shown");
	log_setverbose(0);
	captured(fd, keep, buf, sizeof(buf));
	assert_string_equal(buf, "name: file 1: No such file or directory\n"
	    "name: no errno\nname: shown\n");

	memset(big, 'a', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	fd = capture(&keep);
	log_warn("%s", big);
	captured(fd, keep, buf, sizeof(buf));
	assert_int_equal(strlen(buf), strlen("name: ") + LOG_TEXT_MAX + 1);
}

/* What a child says stays one line and cannot speak for another. */
static void
test_child_line(void **state)
{
	char	 buf[8192], big[LOG_TEXT_MAX + 1];
	int	 fd, keep;

	(void)state;
	log_init("name", 1, 0);
	fd = capture(&keep);
	log_child(LOG_INFO, "sessiond 7", "x\nname: forged");
	log_child(LOG_DEBUG, "sessiond 7", "not shown");
	captured(fd, keep, buf, sizeof(buf));
	assert_string_equal(buf, "name: sessiond 7: x\\x0aname: forged\n");

	memset(big, 1, sizeof(big));
	big[sizeof(big) - 1] = '\0';
	fd = capture(&keep);
	log_child(LOG_INFO, "w", big);
	captured(fd, keep, buf, sizeof(buf));
	assert_int_equal(strlen(buf), strlen("name: w: \n") +
	    4 * LOG_TEXT_MAX);
}

static void
receive(int sock, struct imsg *im, uint8_t *buf)
{
	const char	*why;
	size_t		 len;
	int		 fd;

	assert_int_equal(imsg_recv(sock, buf, &len, &fd, &why),
	    IMSG_RECV_MORE);
	assert_int_equal(fd, -1);
	assert_int_equal(imsg_decode(im, buf, len, 0, &why), 0);
	assert_int_equal(im->type, IMSG_LOG);
}

static void
test_channel(void **state)
{
	struct imsg	 im;
	uint8_t		 buf[IMSG_MAX];
	char		 big[2 * LOG_TEXT_MAX];
	int		 sv[2];

	(void)state;
	assert_int_equal(chan_pair(sv), 0);
	log_to_channel(sv[0]);
	errno = EACCES;
	log_warn("cannot");
	assert_int_equal(errno, EACCES);
	receive(sv[1], &im, buf);
	assert_int_equal(im.m.log.priority, LOG_WARNING);
	assert_string_equal(im.m.log.text, "cannot: Permission denied");
	log_info("%s", "");
	receive(sv[1], &im, buf);
	assert_int_equal(im.m.log.priority, LOG_INFO);
	assert_string_equal(im.m.log.text, "");
	memset(big, 'a', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	log_info("%s", big);
	receive(sv[1], &im, buf);
	assert_int_equal(strlen(im.m.log.text), LOG_TEXT_MAX);
	log_to_channel(-1);
	close(sv[0]);
	close(sv[1]);
}

/* A parent that does not read, or is gone, costs lines and nothing else. */
static void
test_full_channel(void **state)
{
	int	 i, sv[2];

	(void)state;
	assert_int_equal(chan_pair(sv), 0);
	log_to_channel(sv[0]);
	for (i = 0; i < 2000; i++)
		log_info("line %d", i);
	close(sv[1]);
	log_info("nobody hears this, and no SIGPIPE comes");
	log_to_channel(-1);
	close(sv[0]);
}

static int
in_child(void (*f)(void))
{
	pid_t	 pid;
	int	 status;

	fflush(NULL);
	assert_int_not_equal(pid = fork(), -1);
	if (pid == 0) {
		f();
		_exit(42);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return (WEXITSTATUS(status));
}

static void
die_x(void)
{
	fatalx("cannot go on with %d", 3);
}

static void
die(void)
{
	errno = EPERM;
	fatal("cannot");
}

static void
test_fatal(void **state)
{
	struct imsg	 im;
	uint8_t		 buf[IMSG_MAX];
	int		 sv[2];

	(void)state;
	assert_int_equal(chan_pair(sv), 0);
	log_to_channel(sv[0]);
	assert_int_equal(in_child(die_x), 1);
	receive(sv[1], &im, buf);
	assert_int_equal(im.m.log.priority, LOG_CRIT);
	assert_string_equal(im.m.log.text, "cannot go on with 3");
	assert_int_equal(in_child(die), 1);
	receive(sv[1], &im, buf);
	assert_string_equal(im.m.log.text,
	    "cannot: Operation not permitted");
	log_to_channel(-1);
	close(sv[0]);
	close(sv[1]);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_escape),
		cmocka_unit_test(test_escape_cut),
		cmocka_unit_test(test_stderr),
		cmocka_unit_test(test_child_line),
		cmocka_unit_test(test_channel),
		cmocka_unit_test(test_full_channel),
		cmocka_unit_test(test_fatal)
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
