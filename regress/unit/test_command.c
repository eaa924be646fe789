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

/* links: sessiond/command.c sessiond/launch_opt.c sessiond/opened.c
 *	sessiond/secrets.c proto/base64.c proto/record.c @COMMON@ */
/* pkgs: libsodium libevent_core */

/*
 * Command lines are given to the shells of this system, and what comes out
 * of them has to be what went in.
 */

#include "compat.h"

#include <sys/types.h>
#include <sys/wait.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "command.h"
#include "launch_opt.h"

#define LINE_MAX_	(64 * 1024)

static const char *const	 shells[] = {
	"/bin/sh", "/bin/dash", "/bin/bash", "/bin/ksh", "/bin/zsh",
	"/bin/mksh", "/usr/bin/busybox"
};

static uint8_t			 body[LINE_MAX_];
static size_t			 bodylen;

static void	 put(uint8_t, const char *, size_t);
static void	 arg(const char *);
static char	*line(size_t, size_t *);
static size_t	 run(const char *, const char *, const char *, char *,
		    size_t, int *);
static void	 everywhere(const char *, size_t, int);

static int
begin(void **state)
{
	(void)state;
	bodylen = 0;
	return (0);
}

static void
put(uint8_t tag, const char *value, size_t len)
{
	struct record_item	 item = { tag, "", 0, value, len };

	assert_true(bodylen + 7 + len <= sizeof(body));
	record_item_put(body + bodylen, &item);
	bodylen += record_item_size(&item);
}

static void
arg(const char *value)
{
	put(RECORD_ARG, value, strlen(value));
}

/* The line of what was put, NULL with errno. */
static char *
line(size_t max, size_t *len)
{
	struct launch	*l;
	char		*s;
	int		 saved;

	assert_non_null(l = launch_new(body, bodylen));
	s = command_line(l, max, len);
	saved = errno;
	launch_free(l);
	errno = saved;
	return (s);
}

/* What a shell's command prints; *status is that of waitpid(2). */
static size_t
run(const char *shell, const char *command, const char *home, char *out,
    size_t size, int *status)
{
	ssize_t	 n;
	size_t	 len;
	pid_t	 pid;
	int	 p[2];

	assert_int_equal(pipe(p), 0);
	if ((pid = fork()) == 0) {
		dup2(p[1], STDOUT_FILENO);
		close(p[0]);
		close(p[1]);
		setenv("SHELL", home, 1);
		setenv("CDPATH", "/usr", 1);
		if (strstr(shell, "busybox") != NULL)
			execl(shell, "sh", "-c", command, (char *)NULL);
		else
			execl(shell, shell, "-c", command, (char *)NULL);
		_exit(99);
	}
	close(p[1]);
	len = 0;
	while ((n = read(p[0], out + len, size - len)) > 0)
		len += n;
	close(p[0]);
	assert_int_equal(waitpid(pid, status, 0), pid);
	return (len);
}

/* The same from each of them. */
static void
everywhere(const char *want, size_t len, int exits)
{
	static char	 out[LINE_MAX_];
	char		*command;
	size_t		 i, n;
	int		 status;

	assert_non_null(command = line(LINE_MAX_, &n));
	assert_int_equal(strlen(command), n);
	for (i = 0; i < nitems(shells); i++) {
		if (access(shells[i], X_OK) == -1)
			continue;
		n = run(shells[i], command, "/bin/echo", out, sizeof(out),
		    &status);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), exits);
		assert_int_equal(n, len);
		assert_memory_equal(out, want, len);
	}
	free(command);
}

/* Each byte alone, then all of them, in both directions. */
static void
test_every_byte(void **state)
{
	char	 want[4096], all[256];
	size_t	 len;
	int	 c;

	(void)state;
	arg("printf");
	arg("[%s]");
	len = 0;
	for (c = 1; c < 256; c++) {
		all[c - 1] = c;
		put(RECORD_ARG, &all[c - 1], 1);
		want[len++] = '[';
		want[len++] = c;
		want[len++] = ']';
	}
	put(RECORD_ARG, all, 255);
	want[len++] = '[';
	memcpy(want + len, all, 255);
	len += 255;
	want[len++] = ']';
	for (c = 0; c < 255; c++)
		all[c] = 255 - c;
	put(RECORD_ARG, all, 255);
	want[len++] = '[';
	memcpy(want + len, all, 255);
	len += 255;
	want[len++] = ']';
	everywhere(want, len, 0);
}

static void
test_nasty(void **state)
{
	static const char *const	 words[] = {
		"", "'", "''", "'\\''", "\\", "\\\\", "a\\", "\"", "`id`",
		"$(id)", "${HOME}", "$$", "!!", "!", "~", "*", "?", "[a]",
		"{a,b}", "a b", " ", "\t", "\n", "a\nb\n", "\r", "\r\n",
		"#", "a#b", ";", "&", "&&", "|", ">", "<", "(", ")", "=",
		"A=b", "-n", "--", "-", "%s", "\x80", "\xff\xfe", "\x1b[0m",
		"'; exit 3; '", "' && exit 3 && '", "\n'\n\"\n", "$'\\n'"
	};
	char	 want[4096];
	size_t	 i;

	(void)state;
	arg("printf");
	arg("<%s>");
	want[0] = '\0';
	for (i = 0; i < nitems(words); i++) {
		arg(words[i]);
		strlcat(want, "<", sizeof(want));
		strlcat(want, words[i], sizeof(want));
		strlcat(want, ">", sizeof(want));
	}
	everywhere(want, strlen(want), 0);
}

/* Bytes at random, as many as there is room for. */
static void
test_random(void **state)
{
	static char	 word[200], want[LINE_MAX_];
	size_t		 i, n, len;
	int		 round;

	(void)state;
	for (round = 0; round < 20; round++) {
		bodylen = len = 0;
		arg("printf");
		arg("<%s>");
		for (i = 0; i < 50; i++) {
			n = arc4random_uniform(sizeof(word));
			arc4random_buf(word, n);
			while (n > 0 && memchr(word, '\0', n) != NULL)
				*(char *)memchr(word, '\0', n) = '\'';
			put(RECORD_ARG, word, n);
			want[len++] = '<';
			memcpy(want + len, word, n);
			len += n;
			want[len++] = '>';
		}
		everywhere(want, len, 0);
	}
}

/* The shell is gone, so the command's end is the line's end. */
static void
test_status(void **state)
{
	(void)state;
	arg("sh");
	arg("-c");
	arg("exit $1");
	arg("x");
	arg("37");
	everywhere("", 0, 37);
}

static void
test_not_found(void **state)
{
	(void)state;
	arg("/no/such 'program'");
	everywhere("", 0, 127);
}

static void
test_directory(void **state)
{
	(void)state;
	arg("/bin/pwd");
	put(RECORD_CWD, "/usr/bin", 8);
	everywhere("/usr/bin\n", 9, 0);
}

/* Quoted like all the rest, and an end if it is not there. */
static void
test_no_directory(void **state)
{
	static char	 out[64];
	char		*command;
	size_t		 i, n;
	int		 status;

	(void)state;
	arg("echo");
	put(RECORD_CWD, "/no/such $(echo) 'place", 23);
	assert_non_null(command = line(LINE_MAX_, &n));
	for (i = 0; i < nitems(shells); i++) {
		if (access(shells[i], X_OK) == -1)
			continue;
		assert_int_equal(run(shells[i], command, "/bin/echo", out,
		    sizeof(out), &status), 0);
		assert_true(WIFEXITED(status));
		assert_int_not_equal(WEXITSTATUS(status), 0);
	}
	free(command);
}

/* Without a command it is a login shell, in that place. */
static void
test_login(void **state)
{
	char	*command;
	size_t	 len;

	(void)state;
	put(RECORD_CWD, "/usr", 4);
	everywhere("-l\n", 3, 0);
	assert_non_null(command = line(LINE_MAX_, &len));
	assert_string_equal(command,
	    "cd -- '/usr' && exec \"${SHELL:-/bin/sh}\" -l");
	free(command);
}

static void
test_refused(void **state)
{
	char	*command;
	size_t	 len;

	(void)state;
	arg("-c");
	errno = 0;
	assert_null(line(LINE_MAX_, &len));
	assert_int_equal(errno, EINVAL);
	bodylen = 0;
	arg("a'b");
	arg("c");
	assert_non_null(command = line(LINE_MAX_, &len));
	assert_string_equal(command, "exec 'a'\\''b' 'c'");
	free(command);
	assert_non_null(command = line(len, &len));
	free(command);
	assert_null(line(len - 1, &len));
	assert_int_equal(errno, E2BIG);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test_setup(test_every_byte, begin),
		cmocka_unit_test_setup(test_nasty, begin),
		cmocka_unit_test_setup(test_random, begin),
		cmocka_unit_test_setup(test_status, begin),
		cmocka_unit_test_setup(test_not_found, begin),
		cmocka_unit_test_setup(test_directory, begin),
		cmocka_unit_test_setup(test_no_directory, begin),
		cmocka_unit_test_setup(test_login, begin),
		cmocka_unit_test_setup(test_refused, begin)
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
