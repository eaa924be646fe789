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

/* links: sessiond/launch_opt.c sessiond/opened.c sessiond/secrets.c
 *	proto/base64.c proto/record.c @COMMON@ */
/* pkgs: libsodium libevent_core */

/*
 * What a client may want to have run, and the variables of a terminal: the
 * record's, its secrets, the client's.
 */

#include "compat.h"

#include <sys/types.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "launch_opt.h"
#include "log.h"
#include "opened.h"
#include "sizes.h"

static uint8_t		 buf[4 * 1024 * 1024];
static size_t		 buflen;

static void	 put(uint8_t, const char *, const void *, size_t);
static void	 put_text(uint8_t, const char *, const char *);
static struct launch *read_all(void);
static void	 refused(void);
static void	 expect(const struct launch *, uint8_t, const char *const *);
static void	 expect_env(struct opened *, const struct launch *,
		    const char *const *);

static int
begin(void **state)
{
	(void)state;
	buflen = 0;
	return (0);
}

/* As a frontend could write it, which knows no limits. */
static void
put(uint8_t tag, const char *name, const void *value, size_t len)
{
	size_t	 n = strlen(name);
	uint8_t	*p = buf + buflen;

	assert_true(buflen + 7 + n + len <= sizeof(buf));
	*p++ = tag;
	*p++ = n >> 8;
	*p++ = n;
	*p++ = len >> 24;
	*p++ = len >> 16;
	*p++ = len >> 8;
	*p++ = len;
	memcpy(p, name, n);
	memcpy(p + n, value, len);
	buflen += 7 + n + len;
}

static void
put_text(uint8_t tag, const char *name, const char *value)
{
	put(tag, name, value, strlen(value));
}

static struct launch *
read_all(void)
{
	struct launch	*l;

	assert_non_null(l = launch_new(buf, buflen));
	return (l);
}

static void
refused(void)
{
	errno = 0;
	assert_null(launch_new(buf, buflen));
	assert_int_equal(errno, EINVAL);
	buflen = 0;
}

/* NAME=VALUE, or VALUE where there is no name; NULL is the end. */
static void
expect(const struct launch *l, uint8_t tag, const char *const *want)
{
	struct record_item	 item;
	char			 text[256];
	size_t			 pos;

	pos = 0;
	while (launch_next(l, tag, &pos, &item)) {
		(void)snprintf(text, sizeof(text), "%.*s%s%.*s",
		    (int)item.namelen, item.name,
		    item.namelen > 0 ? "=" : "", (int)item.len, item.value);
		assert_non_null(*want);
		assert_string_equal(text, *want);
		want++;
	}
	assert_null(*want);
}

static void
expect_env(struct opened *o, const struct launch *l, const char *const *want)
{
	struct env_walk		 walk;
	struct record_item	 item;
	char			 text[256];

	memset(&walk, 0, sizeof(walk));
	assert_int_equal(opened_begin(o), 0);
	while (env_next(o, l, &walk, &item)) {
		assert_int_equal(item.tag, RECORD_ENV);
		(void)snprintf(text, sizeof(text), "%.*s=%.*s",
		    (int)item.namelen, item.name,
		    item.len > 100 ? 1 : (int)item.len, item.value);
		assert_non_null(*want);
		assert_string_equal(text, *want);
		want++;
	}
	assert_null(*want);
	opened_end(o);
}

static void
test_all(void **state)
{
	struct launch	*l;

	(void)state;
	put_text(RECORD_ENV, "A", "1");
	put_text(RECORD_ARG, "", "cmd");
	put_text(RECORD_CWD, "", "/");
	put_text(RECORD_ARG, "", "");
	put_text(RECORD_ENV, "A", "");
	put_text(RECORD_ARG, "", "-x y\n");
	l = read_all();
	/* It is a copy. */
	memset(buf, 'x', sizeof(buf));
	assert_int_equal(l->nargs, 3);
	assert_int_equal(l->nenv, 2);
	assert_int_equal(l->has_cwd, 1);
	expect(l, RECORD_ARG, (const char *const[]){ "cmd", "", "-x y\n",
	    NULL });
	expect(l, RECORD_ENV, (const char *const[]){ "A=1", "A=", NULL });
	expect(l, RECORD_CWD, (const char *const[]){ "/", NULL });
	launch_free(l);
}

static void
test_nothing(void **state)
{
	struct launch	*l;

	(void)state;
	l = read_all();
	assert_int_equal(l->nargs, 0);
	expect(l, RECORD_ARG, (const char *const[]){ NULL });
	expect(NULL, RECORD_ARG, (const char *const[]){ NULL });
	launch_free(l);
	launch_free(NULL);
}

static void
test_malformed(void **state)
{
	uint8_t	 tag;

	(void)state;
	put_text(RECORD_ARG, "", "");		/* no command */
	put_text(RECORD_ARG, "", "x");
	refused();
	put_text(RECORD_ARG, "name", "cmd");
	refused();
	put(RECORD_ARG, "", "c\0d", 3);
	refused();
	put_text(RECORD_CWD, "", "relative");
	refused();
	put_text(RECORD_CWD, "", "");
	refused();
	put_text(RECORD_CWD, "x", "/");
	refused();
	put(RECORD_CWD, "", "/\0", 2);
	refused();
	put_text(RECORD_CWD, "", "/a");
	put_text(RECORD_CWD, "", "/a");
	refused();
	put(RECORD_ENV, "A", "\0", 1);
	refused();
	for (tag = 0; tag < RECORD_TAG_MAX + 2; tag++) {
		if (tag == RECORD_ARG || tag == RECORD_ENV ||
		    tag == RECORD_CWD)
			continue;
		put_text(tag, "A", "/b");
		refused();
	}
	/* Cut anywhere, or with something behind. */
	put_text(RECORD_ARG, "", "cmd");
	put_text(RECORD_ENV, "A", "b");
	while (--buflen > 10) {
		assert_null(launch_new(buf, buflen));
		assert_int_equal(errno, EINVAL);
	}
}

static void
test_names(void **state)
{
	static const char *const	 bad[] = { "", "1A", "A-B", "A B",
	    "A=", "=", "A.B", "\xc3\xa4", "A\n", "@" };
	char		 name[LAUNCH_NAME_MAX + 2];
	size_t		 i;
	unsigned int	 c;

	(void)state;
	for (i = 0; i < nitems(bad); i++) {
		assert_int_equal(env_name_valid(bad[i], strlen(bad[i])), 0);
		put_text(RECORD_ENV, bad[i], "x");
		refused();
	}
	memset(name, 'A', sizeof(name));
	assert_int_equal(env_name_valid(name, LAUNCH_NAME_MAX), 1);
	assert_int_equal(env_name_valid(name, LAUNCH_NAME_MAX + 1), 0);
	assert_int_equal(env_name_valid("_9", 2), 1);
	assert_int_equal(env_name_valid("A\0", 2), 0);
	for (c = 0; c < 256; c++) {
		name[1] = c;
		assert_int_equal(env_name_valid(name, 2), c < 128 &&
		    c != 0 && strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ_"
		    "abcdefghijklmnopqrstuvwxyz0123456789", c) != NULL);
	}
}

static void
test_limits(void **state)
{
	static char	 path[LAUNCH_CWD_MAX + 2];
	struct launch	*l;
	int		 i;

	(void)state;
	memset(path, '/', sizeof(path) - 1);
	put_text(RECORD_CWD, "", path);
	refused();
	path[LAUNCH_CWD_MAX] = '\0';
	put_text(RECORD_CWD, "", path);
	launch_free(read_all());
	buflen = 0;
	for (i = 0; i < LAUNCH_ITEMS_MAX; i++)
		put_text(RECORD_ARG, "", "x");
	l = read_all();
	assert_int_equal(l->nargs, LAUNCH_ITEMS_MAX);
	launch_free(l);
	put_text(RECORD_ARG, "", "x");
	refused();
	memset(buf + 7, 'x', BLOB_LAUNCH_MAX);
	put(RECORD_ARG, "", buf + 7, BLOB_LAUNCH_MAX - 7);
	launch_free(read_all());
	buflen = 0;
	put(RECORD_ARG, "", buf + 7, BLOB_LAUNCH_MAX - 6);
	refused();
}

/* Plain ones and then the client's; what cannot be one is left out. */
static void
test_env(void **state)
{
	struct launch	*l;
	struct opened	*o;
	char		*body;
	size_t		 len;

	(void)state;
	put_text(RECORD_ENV, "TERM", "vt100");
	put_text(RECORD_ENV, "NOT GOOD", "x");
	put_text(RECORD_ENV, "LANG", "C");
	put_text(RECORD_ARG, "", "/bin/sh");
	put_text(RECORD_ENV, "TERM", "xterm");
	assert_non_null(body = malloc(buflen));
	memcpy(body, buf, len = buflen);
	assert_non_null(o = opened_new((uint8_t *)body, len, 1, NULL, 0,
	    -1));
	expect_env(o, NULL, (const char *const[]){ "TERM=vt100", "LANG=C",
	    "TERM=xterm", NULL });
	buflen = 0;
	put_text(RECORD_ENV, "LANG", "de");
	put_text(RECORD_ARG, "", "cmd");
	put_text(RECORD_ENV, "Z", "");
	l = read_all();
	expect_env(o, l, (const char *const[]){ "TERM=vt100", "LANG=C",
	    "TERM=xterm", "LANG=de", "Z=", NULL });
	launch_free(l);
	/* Nothing in it is sealed, so it is this and no more. */
	free(o);
	free(body);
}

/* What is too much for the rest is left out, and what fits comes after. */
static void
test_env_size(void **state)
{
	struct opened	*o;
	static char	 big[LAUNCH_VAR_MAX], first[] = "A=x";
	const char	*want[LAUNCH_ENV_MAX / LAUNCH_VAR_MAX + 2];
	size_t		 i, n;

	(void)state;
	n = LAUNCH_ENV_MAX / LAUNCH_VAR_MAX;
	memset(big, 'x', sizeof(big));
	put(RECORD_ENV, "L", big, LAUNCH_VAR_MAX - 2);
	for (i = 0; i < n; i++) {
		put(RECORD_ENV, "A", big, LAUNCH_VAR_MAX - 3 -
		    (i == n - 1 ? 6 : 0));
		want[i] = first;
	}
	put(RECORD_ENV, "B", big, 4);
	put(RECORD_ENV, "C", big, 3);
	put(RECORD_ENV, "D", big, 0);
	want[n] = "C=xxx";
	want[n + 1] = NULL;
	assert_non_null(o = opened_new(buf, buflen, 1, NULL, 0, -1));
	expect_env(o, NULL, want);
	free(o);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test_setup(test_all, begin),
		cmocka_unit_test_setup(test_nothing, begin),
		cmocka_unit_test_setup(test_malformed, begin),
		cmocka_unit_test_setup(test_names, begin),
		cmocka_unit_test_setup(test_limits, begin),
		cmocka_unit_test_setup(test_env, begin),
		cmocka_unit_test_setup(test_env_size, begin)
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
