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

/*
 * The file of learned host keys.  What can break: another key is taken for
 * a host that has one; a line that was torn takes the next one with it; a
 * key that is not on the disk is believed to be.
 */
/* links: gatewayd/learned.c proto/base64.c proto/hostkey.c @COMMON@ */

#include "compat.h"

#include <sys/types.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "hostkey.h"
#include "learned.h"

/* All zero but for the last byte, which is that of the key. */
#define HASH_1	"SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE"
#define HASH_2	"SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAI"
#define LINE_1	"box 10.0.0.5 22 ssh-ed25519 " HASH_1 "\n"

static char		 path[] = "/tmp/gw-learned.XXXXXX";
static int		 fd = -1;
static struct learned	*ln;

static void	 reopen(void);
static void	 file(const char *);
static const char
		*content(void);
static int	 learn_at(struct learned *, const char *, const char *,
		    uint16_t, uint8_t, uint8_t);
static int	 learn(uint8_t);
static size_t	 find(const char *, const char *, uint16_t);
static int	 setup(void **);
static int	 teardown(void **);
static void	 test_learn(void **);
static void	 test_other(void **);
static void	 test_apart(void **);
static void	 test_reopen(void **);
static void	 test_by_hand(void **);
static void	 test_malformed(void **);
static void	 test_torn(void **);
static void	 test_disk_full(void **);
static void	 test_two(void **);
static void	 test_truncated(void **);
static void	 test_refused(void **);
static void	 test_full(void **);
static void	 test_not_a_file(void **);

static void
reopen(void)
{
	const char	*why;

	learned_close(ln);
	ln = learned_open(fd, &why);
	assert_non_null(ln);
}

static void
file(const char *text)
{
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	reopen();
}

static const char *
content(void)
{
	static char	 buf[4096];
	ssize_t		 n;

	n = pread(fd, buf, sizeof(buf) - 1, 0);
	assert_true(n >= 0);
	buf[n] = '\0';
	return (buf);
}

static int
learn_at(struct learned *l, const char *sandbox, const char *host,
    uint16_t port, uint8_t type, uint8_t last)
{
	struct msg_learn	 m;

	memset(&m, 0, sizeof(m));
	strlcpy(m.sandbox, sandbox, sizeof(m.sandbox));
	strlcpy(m.host, host, sizeof(m.host));
	m.port = port;
	m.type = type;
	m.hash[HASH_LEN - 1] = last;
	return (learned_add(l, &m));
}

static int
learn(uint8_t last)
{
	return (learn_at(ln, "box", "10.0.0.5", 22, HOSTKEY_ED25519, last));
}

static size_t
find(const char *sandbox, const char *host, uint16_t port)
{
	struct learned_key	 keys[LEARNED_HOST_MAX];

	return (learned_find(ln, sandbox, host, port, keys));
}

static int
setup(void **state)
{
	(void)state;
	if (signal(SIGXFSZ, SIG_IGN) == SIG_ERR)
		return (-1);
	if ((fd = mkstemp(path)) == -1)
		return (-1);
	return (fcntl(fd, F_SETFL, O_APPEND));
}

static int
teardown(void **state)
{
	(void)state;
	learned_close(ln);
	close(fd);
	return (unlink(path));
}

static void
test_learn(void **state)
{
	struct learned_key	 keys[LEARNED_HOST_MAX];

	(void)state;
	file("");
	assert_int_equal(find("box", "10.0.0.5", 22), 0);
	assert_int_equal(learn(1), 0);
	assert_string_equal(content(), LINE_1);
	assert_int_equal(learned_find(ln, "box", "10.0.0.5", 22, keys), 1);
	assert_int_equal(keys[0].type, HOSTKEY_ED25519);
	assert_int_equal(keys[0].hash[31], 1);
	/* Known already: no second line. */
	assert_int_equal(learn(1), 0);
	assert_string_equal(content(), LINE_1);
}

static void
test_other(void **state)
{
	(void)state;
	file(LINE_1);
	assert_int_equal(learn(2), LEARN_OTHER);
	/* A key of another type is another key, even with that hash. */
	assert_int_equal(learn_at(ln, "box", "10.0.0.5", 22,
	    HOSTKEY_ECDSA_256, 2), LEARN_OTHER);
	assert_int_equal(learn_at(ln, "box", "10.0.0.5", 22,
	    HOSTKEY_RSA, 1), LEARN_OTHER);
	assert_string_equal(content(), LINE_1);
	assert_int_equal(find("box", "10.0.0.5", 22), 1);
}

static void
test_apart(void **state)
{
	(void)state;
	file("");
	assert_int_equal(learn(1), 0);
	assert_int_equal(learn_at(ln, "box2", "10.0.0.5", 22,
	    HOSTKEY_ED25519, 2), 0);
	assert_int_equal(learn_at(ln, "box", "10.0.0.5", 2222,
	    HOSTKEY_ED25519, 3), 0);
	assert_int_equal(learn_at(ln, "box", "10.0.0.50", 22,
	    HOSTKEY_ED25519, 4), 0);
	assert_int_equal(find("box", "10.0.0.5", 22), 1);
	assert_int_equal(find("bo", "10.0.0.5", 22), 0);
	assert_int_equal(find("box", "10.0.0", 22), 0);
	assert_int_equal(find("box", "10.0.0.5", 65535), 0);
}

static void
test_reopen(void **state)
{
	(void)state;
	file("");
	assert_int_equal(learn(1), 0);
	assert_int_equal(learn_at(ln, "other", "::1", 65535,
	    HOSTKEY_ECDSA_521, 2), 0);
	reopen();
	assert_int_equal(find("box", "10.0.0.5", 22), 1);
	assert_int_equal(find("other", "::1", 65535), 1);
	assert_int_equal(learn(2), LEARN_OTHER);
	assert_int_equal(learn(1), 0);
}

/* An operator may write comments, and more keys of a host. */
static void
test_by_hand(void **state)
{
	(void)state;
	file("# keys\n\n   \n box\t10.0.0.5  22 ssh-ed25519 " HASH_1 " \r\n"
	    "box 10.0.0.5 22 ssh-rsa " HASH_2);
	assert_int_equal(find("box", "10.0.0.5", 22), 2);
	assert_int_equal(learn(1), 0);
	assert_int_equal(learn(2), LEARN_OTHER);
	assert_int_equal(learn_at(ln, "b", "c", 22, HOSTKEY_RSA, 1), 0);
	assert_int_equal(find("b", "c", 22), 1);
	reopen();
	assert_int_equal(find("box", "10.0.0.5", 22), 2);
	assert_int_equal(find("b", "c", 22), 1);
}

static void
test_malformed(void **state)
{
	static const char *const	 bad[] = {
		"box", "box 10.0.0.5 22", "box 10.0.0.5 22 ssh-ed25519",
		"box 10.0.0.5 0 ssh-ed25519 " HASH_1,
		"box 10.0.0.5 65536 ssh-ed25519 " HASH_1,
		"box 10.0.0.5 +22 ssh-ed25519 " HASH_1,
		"box 10.0.0.5 22x ssh-ed25519 " HASH_1,
		"box 10.0.0.5 22 ssh-dss " HASH_1,
		"box 10.0.0.5 22 ssh-ed25519 MD5:" HASH_1,
		"box 10.0.0.5 22 ssh-ed25519 " HASH_1 "=",
		"box 10.0.0.5 22 ssh-ed25519 " HASH_1 " more",
		"box BOX 22 ssh-ed25519 " HASH_1,
		"box b\x7f 22 ssh-ed25519 " HASH_1
	};
	char		 text[4096];
	size_t		 i;

	(void)state;
	for (i = 0; i < nitems(bad); i++) {
		(void)snprintf(text, sizeof(text), "%s\n" LINE_1, bad[i]);
		file(text);
		assert_int_equal(find("box", "10.0.0.5", 22), 1);
		assert_int_equal(find("box", "BOX", 22), 0);
	}
	memset(text, 'x', 2048);
	(void)snprintf(text + 2048, sizeof(text) - 2048, "\n" LINE_1);
	file(text);
	assert_int_equal(find("box", "10.0.0.5", 22), 1);
	/* A NUL does not end a line. */
	file("");
	assert_int_equal(write(fd, LINE_1, strlen(LINE_1) - 1),
	    strlen(LINE_1) - 1);
	assert_int_equal(write(fd, "\0x\n", 3), 3);
	assert_int_equal(find("box", "10.0.0.5", 22), 0);
}

/* The machine stopped while a line was written, after any byte of it. */
static void
test_torn(void **state)
{
	char	 text[256];
	size_t	 i;

	(void)state;
	for (i = 1; i < strlen(LINE_1) - 1; i++) {
		strlcpy(text, LINE_1, i + 1);
		file(text);
		assert_int_equal(find("box", "10.0.0.5", 22), 0);
		assert_int_equal(learn(1), 0);
		assert_int_equal(learn_at(ln, "b", "c", 1, HOSTKEY_RSA, 2),
		    0);
		reopen();
		assert_int_equal(find("box", "10.0.0.5", 22), 1);
		assert_int_equal(find("b", "c", 1), 1);
	}
}

/* There is room for a part of the line. */
static void
test_disk_full(void **state)
{
	struct rlimit	 all, some;
	size_t		 i;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &all), 0);
	for (i = 0; i < strlen(LINE_1); i++) {
		file("");
		some = all;
		some.rlim_cur = i;
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &some), 0);
		assert_int_equal(learn(1), LEARN_STORE);
		assert_int_equal(learn(2), LEARN_STORE);
		assert_int_equal(find("box", "10.0.0.5", 22), 0);
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &all), 0);
		/* Then the operator makes room. */
		assert_int_equal(learn_at(ln, "b", "c", 1, HOSTKEY_RSA, 2),
		    0);
		assert_int_equal(find("b", "c", 1), 1);
		reopen();
		assert_int_equal(find("b", "c", 1), 1);
	}
}

/* While a configuration is staged the file is open twice. */
static void
test_two(void **state)
{
	struct learned	*next;
	const char	*why;

	(void)state;
	file("");
	next = learned_open(fd, &why);
	assert_non_null(next);
	assert_int_equal(learn(1), 0);
	assert_int_equal(learn_at(next, "box", "10.0.0.5", 22,
	    HOSTKEY_ED25519, 2), LEARN_OTHER);
	assert_int_equal(learn_at(next, "b", "c", 1, HOSTKEY_RSA, 2), 0);
	assert_int_equal(find("b", "c", 1), 1);
	learned_close(next);
	assert_int_equal(learn(1), 0);
}

static void
test_truncated(void **state)
{
	(void)state;
	file(LINE_1 LINE_1 LINE_1);
	assert_int_equal(ftruncate(fd, 0), 0);
	/* What was known is, until the next reading. */
	assert_int_equal(learn(2), LEARN_OTHER);
	assert_int_equal(learn_at(ln, "b", "c", 1, HOSTKEY_RSA, 2), 0);
	reopen();
	assert_int_equal(find("box", "10.0.0.5", 22), 0);
	assert_int_equal(find("b", "c", 1), 1);
}

static void
test_refused(void **state)
{
	static const char *const	 bad[] = {
		"", "a b", "a\nb", "a\tb", "A", "\xc3\xa4", "a\x7f"
	};
	size_t				 i;

	(void)state;
	file("");
	for (i = 0; i < nitems(bad); i++)
		assert_int_equal(learn_at(ln, "box", bad[i], 22,
		    HOSTKEY_RSA, 1), LEARN_REFUSED);
	assert_string_equal(content(), "");
}

static void
test_full(void **state)
{
	struct learned	*next;
	const char	*why;
	char		*text;
	size_t		 i, pos, size;

	(void)state;
	size = LEARNED_FILE_MAX;
	text = malloc(size + 2);
	assert_non_null(text);
	for (i = pos = 0; i < LEARNED_KEYS_MAX - 1; i++)
		pos += (size_t)snprintf(text + pos, size - pos,
		    "box h%zu 22 ssh-ed25519 " HASH_1 "\n", i);
	file(text);
	assert_int_equal(learn(1), 0);
	assert_int_equal(learn_at(ln, "b", "c", 1, HOSTKEY_RSA, 1),
	    LEARN_STORE);
	assert_int_equal(learn(1), 0);
	assert_int_equal(learn(2), LEARN_OTHER);
	reopen();
	assert_int_equal(write(fd, "b c 1 ssh-rsa " HASH_1 "\n", 65), 65);
	next = learned_open(fd, &why);
	assert_null(next);
	assert_string_equal(why, "too many keys");
	memset(text, '\n', size + 1);
	text[size + 1] = '\0';
	text[size] = '\0';
	file(text);
	assert_int_equal(learn(1), LEARN_STORE);
	assert_int_equal(write(fd, "\n", 1), 1);
	assert_null(learned_open(fd, &why));
	assert_string_equal(why, "too long");
	free(text);
}

static void
test_not_a_file(void **state)
{
	const char	*why;
	int		 p[2], other;

	(void)state;
	assert_int_equal(pipe(p), 0);
	assert_null(learned_open(p[0], &why));
	assert_string_equal(why, "not a regular file");
	close(p[0]);
	close(p[1]);
	assert_null(learned_open(-1, &why));
	other = open(path, O_RDWR);
	assert_null(learned_open(other, &why));
	assert_string_equal(why, "not open for reading and appending");
	close(other);
	other = open(path, O_RDONLY | O_APPEND);
	assert_null(learned_open(other, &why));
	close(other);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_learn),
		cmocka_unit_test(test_other),
		cmocka_unit_test(test_apart),
		cmocka_unit_test(test_reopen),
		cmocka_unit_test(test_by_hand),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_torn),
		cmocka_unit_test(test_disk_full),
		cmocka_unit_test(test_two),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_not_a_file)
	};

	return (cmocka_run_group_tests(tests, setup, teardown));
}
