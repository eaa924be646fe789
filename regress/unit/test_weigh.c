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

/* links: gatewayd/weigh.c */

/*
 * Workers that keep the processor busy.  What can break: one that is idle, or
 * busy for a moment, goes behind; one that has calmed down stays there.
 */

#include "compat.h"

#include <sys/types.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "weigh.h"

static struct weight	 weight;
static uint64_t		 now;
static pid_t		 pid;

static uint64_t	 used(void);
static void	 burn(uint64_t);
static int	 busy(unsigned int);
static int	 nice_of(void);
static int	 setup(void **);
static int	 teardown(void **);
static void	 test_idle(void **);
static void	 test_busy(void **);
static void	 test_moment(void **);
static void	 test_ended(void **);

/* Milliseconds of the processor. */
static uint64_t
used(void)
{
	struct timespec	 ts;
	clockid_t	 clock;

	assert_int_equal(clock_getcpuclockid(pid, &clock), 0);
	assert_int_equal(clock_gettime(clock, &ts), 0);
	return ((uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000);
}

/* Let it run until it has used so much more. */
static void
burn(uint64_t ms)
{
	struct timespec	 moment = { 0, 1000000 };
	uint64_t	 end;

	end = used() + ms;
	assert_int_equal(kill(pid, SIGCONT), 0);
	while (used() < end)
		(void)nanosleep(&moment, NULL);
	assert_int_equal(kill(pid, SIGSTOP), 0);
	assert_int_equal(waitpid(pid, NULL, WUNTRACED), pid);
}

/* Time passes, of which it has used so many percent. */
static int
busy(unsigned int percent)
{
	uint64_t	 before;

	before = used();
	if (percent > 0)
		burn(20);
	now += percent == 0 ? 5000 : (used() - before) * 100 / percent;
	return (weigh(&weight, pid, now));
}

static int
nice_of(void)
{
	return (getpriority(PRIO_PROCESS, (id_t)pid));
}

static int
setup(void **state)
{
	(void)state;
	memset(&weight, 0, sizeof(weight));
	now = 1000;
	if ((pid = fork()) == 0)
		for (;;)
			continue;
	assert_int_not_equal(pid, -1);
	burn(1);
	assert_int_equal(weigh(&weight, pid, now), 0);
	return (0);
}

static int
teardown(void **state)
{
	(void)state;
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	return (0);
}

static void
test_idle(void **state)
{
	int	 base, i;

	(void)state;
	base = nice_of();
	for (i = 0; i < 5; i++) {
		assert_int_equal(busy(0), 0);
		assert_int_equal(busy(40), 0);
	}
	assert_int_equal(nice_of(), base);
}

static void
test_busy(void **state)
{
	int	 base;

	(void)state;
	base = nice_of();
	assert_int_equal(busy(90), 0);
	assert_int_equal(nice_of(), base);
	assert_int_equal(busy(90), 1);
	assert_int_equal(nice_of(), base + WEIGH_NICE);
	/* Once is enough, and what it is left with is no reason. */
	assert_int_equal(busy(90), 0);
	assert_int_equal(busy(40), 0);
	assert_int_equal(nice_of(), base + WEIGH_NICE);
	assert_int_equal(busy(10), 0);
	/* Only root can take that back. */
	assert_int_equal(nice_of(), geteuid() == 0 ? base :
	    base + WEIGH_NICE);
	assert_int_equal(weight.behind, geteuid() != 0);
}

static void
test_moment(void **state)
{
	int	 base, i;

	(void)state;
	base = nice_of();
	for (i = 0; i < 3; i++) {
		assert_int_equal(busy(90), 0);
		assert_int_equal(busy(40), 0);
	}
	assert_int_equal(nice_of(), base);
}

static void
test_ended(void **state)
{
	(void)state;
	(void)kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(weigh(&weight, pid, now + 1), 0);
	assert_int_equal(weight.behind, 0);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test_setup_teardown(test_idle, setup, teardown),
		cmocka_unit_test_setup_teardown(test_busy, setup, teardown),
		cmocka_unit_test_setup_teardown(test_moment, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_ended, setup, teardown)
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
