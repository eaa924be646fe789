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

/* links: gatewayd/crash.c */

#include "compat.h"

#include <sys/types.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "crash.h"

/*
 * Workers that die at once.  What can break: a sandbox that waits though all
 * is well again, one that never waits, one that another pushes aside.
 */

static struct crashes	 cs;

static int
empty(void **state UNUSED)
{
	crash_clear(&cs);
	return (0);
}

static void
test_waits(void **state UNUSED)
{
	uint64_t	 now;
	unsigned int	 i, longest, wait, want;

	now = 1000000;
	assert_false(crash_waits(&cs, "a", now));
	for (i = 0; i < CRASH_FREE; i++) {
		assert_int_equal(crash_note(&cs, "a", now), 0);
		assert_false(crash_waits(&cs, "a", now));
	}
	longest = 0;
	want = CRASH_WAIT_MIN;
	for (i = 0; i < 40; i++) {
		wait = crash_note(&cs, "a", now);
		assert_int_equal(wait, want);
		assert_true(crash_waits(&cs, "a", now));
		assert_true(crash_waits(&cs, "a", now + wait - 1));
		assert_false(crash_waits(&cs, "a", now + wait));
		/* That of another is no business of it. */
		assert_false(crash_waits(&cs, "b", now));
		longest += wait == CRASH_WAIT_MAX;
		want = 2 * want < CRASH_WAIT_MAX ? 2 * want : CRASH_WAIT_MAX;
		now += wait;
	}
	assert_true(longest > 30);
}

static void
die(const char *sandbox, unsigned int n, uint64_t now)
{
	while (n-- > 0)
		(void)crash_note(&cs, sandbox, now);
}

static void
test_forgotten(void **state UNUSED)
{
	die("a", 20, 0);
	die("b", 20, 0);
	assert_true(crash_waits(&cs, "a", 0));
	crash_forget(&cs, "a");
	assert_false(crash_waits(&cs, "a", 0));
	assert_true(crash_waits(&cs, "b", 0));
	assert_int_equal(crash_note(&cs, "a", 0), 0);
	crash_forget(&cs, "c");
	crash_clear(&cs);
	assert_false(crash_waits(&cs, "b", 0));
	/* So does time. */
	die("b", 20, 0);
	assert_int_equal(crash_note(&cs, "b", 2 * CRASH_WAIT_MAX - 1),
	    CRASH_WAIT_MAX);
	assert_int_equal(crash_note(&cs, "b", 4 * CRASH_WAIT_MAX), 0);
}

/* The oldest makes room, and only it. */
static void
test_many(void **state UNUSED)
{
	char	 name[16];
	int	 i;

	for (i = 0; i <= CRASH_MAX; i++) {
		(void)snprintf(name, sizeof(name), "box%d", i);
		die(name, CRASH_FREE + 1, 0);
	}
	assert_false(crash_waits(&cs, "box0", 0));
	for (i = 1; i <= CRASH_MAX; i++) {
		(void)snprintf(name, sizeof(name), "box%d", i);
		assert_true(crash_waits(&cs, name, 0));
	}
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test_setup(test_waits, empty),
		cmocka_unit_test_setup(test_forgotten, empty),
		cmocka_unit_test_setup(test_many, empty)
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
