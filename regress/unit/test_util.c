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

/* links: common/util.c proto/wire.c */

#include "compat.h"

#include <sys/types.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "util.h"
#include "wire.h"

#define ROUNDS	2000

static int	 cmp(const void *, const void *);
static void	 test_uuid(void **);
static void	 test_now(void **);
static void	 test_ration(void **);

static int
cmp(const void *a, const void *b)
{
	return (memcmp(a, b, UUID_SIZE));
}

/* Version 4, of the form that messages take, and never one twice. */
static void
test_uuid(void **state)
{
	static char	 ids[ROUNDS][UUID_SIZE];
	char		 seen[UUID_SIZE];
	size_t		 i, j;

	(void)state;
	memset(seen, 0, sizeof(seen));
	for (i = 0; i < ROUNDS; i++) {
		memset(ids[i], 'x', UUID_SIZE);
		util_uuid(ids[i]);
		assert_int_equal(ids[i][UUID_SIZE - 1], '\0');
		assert_true(wire_uuid_valid(ids[i], strlen(ids[i])));
		assert_int_equal(ids[i][14], '4');
		assert_non_null(strchr("89ab", ids[i][19]));
		for (j = 0; j < UUID_SIZE; j++)
			seen[j] |= (char)(ids[i][j] != ids[0][j]);
	}
	/* Every digit but the version's varies. */
	for (j = 0; j < WIRE_UUID_LEN; j++)
		if (ids[0][j] != '-' && j != 14)
			assert_int_equal(seen[j], 1);
	qsort(ids, ROUNDS, UUID_SIZE, cmp);
	for (i = 1; i < ROUNDS; i++)
		assert_string_not_equal(ids[i - 1], ids[i]);
}

static void
test_now(void **state)
{
	struct timespec	 ts;
	time_t		 now;

	(void)state;
	now = util_now();
	assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &ts), 0);
	assert_true(now > 0 && ts.tv_sec - now <= 5 && now <= ts.tv_sec);
	assert_true(util_now() >= now);
}

/* The first three of a second; what is more is told once, in the next. */
static void
test_ration(void **state)
{
	struct util_ration	 r;
	unsigned int		 missed;
	int			 i, n;

	(void)state;
	memset(&r, 0, sizeof(r));
	/* Should a second end meanwhile, begin again. */
	do {
		r.second = util_now();
		r.n = 0;
		for (i = n = 0; i < 8; i++)
			n += util_ration(&r, 3, &missed);
	} while (util_now() != r.second || r.n != 8);
	assert_int_equal(n, 3);
	assert_int_equal(missed, 0);
	r.second--;
	assert_int_equal(util_ration(&r, 3, &missed), 1);
	assert_int_equal(missed, 5);
	assert_int_equal(util_ration(&r, 3, &missed), 1);
	assert_int_equal(missed, 0);
	r.second--;
	assert_int_equal(util_ration(&r, 3, &missed), 1);
	assert_int_equal(missed, 0);
	/* None at all is a number, too. */
	assert_int_equal(util_ration(&r, 0, &missed), 0);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_uuid),
		cmocka_unit_test(test_now),
		cmocka_unit_test(test_ration)
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
