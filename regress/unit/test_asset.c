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

/* links: gatewayd/asset.c @COMMON@ */

/* The files of the page in a frontend: types, tags, and how long they live. */

#include "compat.h"

#include <sys/types.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "asset.h"
#include "blob.h"

static struct asset	*take(const char *, const char *, const char **);
static int		 matches(const struct asset *, const char *);
static void		 test_take(void **);
static void		 test_types(void **);
static void		 test_refused(void **);
static void		 test_etag(void **);

static struct asset *
take(const char *name, const char *text, const char **why)
{
	struct asset	*a;
	int		 fd;

	assert_int_not_equal(fd = blob_create(text, strlen(text)), -1);
	a = asset_new(name, fd, why);
	assert_int_equal(close(fd), 0);
	return (a);
}

static int
matches(const struct asset *a, const char *s)
{
	return (asset_matches(a, s, strlen(s)));
}

static void
test_take(void **state)
{
	struct asset	*a;
	const char	*why;

	(void)state;
	assert_non_null(a = take("page.js", "let a;\n", &why));
	assert_string_equal(a->name, "page.js");
	assert_int_equal(a->len, 7);
	assert_memory_equal(a->p, "let a;\n", 7);
	/* A second user outlives the first. */
	assert_ptr_equal(asset_hold(a), a);
	asset_release(a);
	assert_memory_equal(a->p, "let a;\n", 7);
	asset_release(a);
	assert_non_null(a = take("empty.css", "", &why));
	assert_int_equal(a->len, 0);
	asset_release(a);
	asset_release(NULL);
}

static void
test_types(void **state)
{
	static const struct {
		const char	*name;
		const char	*type;
	} tests[] = {
		{ "index.html", "text/html; charset=utf-8" },
		{ "a.css", "text/css; charset=utf-8" },
		{ "a.b.js", "text/javascript; charset=utf-8" },
		{ "a.mjs", "text/javascript; charset=utf-8" },
		{ "a.svg", "image/svg+xml" },
		{ "a.txt", "text/plain; charset=utf-8" }
	};
	struct asset	*a;
	const char	*why;
	size_t		 i;

	(void)state;
	for (i = 0; i < nitems(tests); i++) {
		assert_non_null(a = take(tests[i].name, "x", &why));
		assert_string_equal(a->type, tests[i].type);
		asset_release(a);
	}
}

static void
test_refused(void **state)
{
	char		 name[ASSET_NAME_MAX + 8];
	const char	*why;
	int		 fd[2];

	(void)state;
	assert_null(take("page", "x", &why));
	assert_string_equal(why, "a file of the page is of no known type");
	assert_null(take("page.exe", "x", &why));
	memset(name, 'a', sizeof(name));
	(void)strlcpy(name + sizeof(name) - 4, ".js", 4);
	assert_null(take(name, "x", &why));
	/* What is no blob could change or end under the reader. */
	assert_int_equal(pipe(fd), 0);
	assert_null(asset_new("page.js", fd[0], &why));
	assert_string_equal(why, "cannot map a file of the page");
	assert_null(asset_new("page.js", -1, &why));
	(void)close(fd[0]);
	(void)close(fd[1]);
}

static void
test_etag(void **state)
{
	struct asset	*a, *b, *c;
	const char	*why;
	char		 list[128];

	(void)state;
	assert_non_null(a = take("a.js", "abc", &why));
	assert_non_null(b = take("b.js", "abc", &why));
	assert_non_null(c = take("a.js", "abd", &why));
	/* Of the contents alone; SHA-256 of "abc" begins like this. */
	assert_string_equal(a->etag, "\"ba7816bf8f01cfea414140de5dae2223\"");
	assert_string_equal(a->etag, b->etag);
	assert_string_not_equal(a->etag, c->etag);
	assert_true(matches(a, a->etag));
	assert_true(matches(a, "*"));
	assert_false(matches(a, c->etag));
	assert_false(matches(a, ""));
	assert_false(matches(a, "**"));
	/* Without its quotes it is no tag. */
	assert_false(matches(a, "ba7816bf8f01cfea414140de5dae2223"));
	(void)strlcpy(list, "\"x\", W/", sizeof(list));
	(void)strlcat(list, a->etag, sizeof(list));
	assert_true(matches(a, list));
	asset_release(a);
	asset_release(b);
	asset_release(c);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_take),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_etag)
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
