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

/* links: sessiond/session_yield.c */
/* pkgs: libevent_core */

#include "compat.h"

#include <sys/types.h>
#include <sys/queue.h>

#include <event2/event.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "driver.h"
#include "session.h"
#include "session_part.h"

/* From a key to its echo floods of others are not read. */

#define MANY	3

static struct event_base	*base;
static struct session		 sessions[MANY];
static struct driver		 drivers[MANY];
static int			 yields[MANY];	/* as they were told */

static void	 yield(struct driver *, int);

static const struct driver_ops	 ops = { .name = "fake", .yield = yield };

static void
yield(struct driver *d, int on)
{
	yields[d - drivers] = on;
}

static int
begin(void **state)
{
	/* What the test before has used up is saved again by then. */
	struct timespec	 ts = { 0, 20000000 };
	size_t		 i;

	(void)state;
	nanosleep(&ts, NULL);
	if ((base = event_base_new()) == NULL)
		return (-1);
	memset(sessions, 0, sizeof(sessions));
	memset(yields, 0, sizeof(yields));
	for (i = 0; i < MANY; i++) {
		drivers[i].ops = &ops;
		sessions[i].base = base;
		sessions[i].driver = &drivers[i];
	}
	return (0);
}

static int
end(void **state)
{
	size_t	 i;

	(void)state;
	for (i = 0; i < MANY; i++)
		session_yield_stop(&sessions[i]);
	event_base_free(base);
	return (0);
}

static void
test_echo(void **state)
{
	(void)state;
	session_yield_input(&sessions[0], 1);
	session_yield_flood(&sessions[1], 1);
	session_yield_flood(&sessions[2], 1);
	assert_false(yields[1] || yields[2]);
	session_yield_input(&sessions[0], 1);
	assert_true(yields[1] && yields[2]);
	assert_false(yields[0]);
	session_yield_output(&sessions[1]);
	assert_true(yields[1]);
	session_yield_output(&sessions[0]);
	assert_false(yields[1] || yields[2]);
}

static void
test_not_for_that(void **state)
{
	(void)state;
	session_yield_flood(&sessions[1], 1);
	session_yield_flood(&sessions[2], 1);
	session_yield_input(&sessions[0], 1000);
	assert_false(yields[1] || yields[2]);
	session_yield_input(&sessions[1], 1);
	assert_false(yields[1] || yields[2]);
}

/* What has no echo costs them a moment. */
static void
test_no_echo(void **state)
{
	(void)state;
	session_yield_flood(&sessions[1], 1);
	session_yield_input(&sessions[0], 1);
	assert_true(yields[1]);
	event_base_loop(base, EVLOOP_ONCE);
	assert_false(yields[1]);
}

/* They do not wait for ever, and then they do again. */
static void
test_share(void **state)
{
	struct timespec	 ts = { 0, 60000000 }, a, b;

	(void)state;
	session_yield_flood(&sessions[1], 1);
	session_yield_input(&sessions[0], 1);
	assert_true(yields[1]);
	/* Should we stand still between these two, once more. */
	do {
		nanosleep(&ts, NULL);
		clock_gettime(CLOCK_MONOTONIC, &a);
		session_yield_output(&sessions[0]);
		session_yield_input(&sessions[0], 1);
		clock_gettime(CLOCK_MONOTONIC, &b);
	} while (yields[1] && (b.tv_sec - a.tv_sec) * 1000000000LL +
	    b.tv_nsec - a.tv_nsec > 4000000);
	assert_false(yields[1]);
	nanosleep(&ts, NULL);
	session_yield_input(&sessions[0], 1);
	assert_true(yields[1]);
}

/* Nobody waits for who is gone, and who leaves goes on. */
static void
test_ends(void **state)
{
	(void)state;
	session_yield_flood(&sessions[1], 1);
	session_yield_flood(&sessions[2], 1);
	session_yield_input(&sessions[0], 1);
	session_yield_flood(&sessions[1], 0);
	assert_false(yields[1]);
	assert_true(yields[2]);
	sessions[2].driver = NULL;
	session_yield_stop(&sessions[2]);
	session_yield_flood(&sessions[1], 1);
	session_yield_stop(&sessions[0]);
	assert_false(yields[1]);
	assert_int_equal(event_base_get_num_events(base,
	    EVENT_BASE_COUNT_ADDED), 0);
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, begin, end)

int
main(void)
{
	static const struct CMUnitTest	 tests[] = {
		TEST(test_echo),
		TEST(test_not_for_that),
		TEST(test_no_echo),
		TEST(test_share),
		TEST(test_ends)
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
