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

/* links: regress/unit/session_fixture.c @SESSION@ */
/* pkgs: json-c vterm */

/*
 * A session between a driver that does as it is told and clients on
 * socketpairs: what of its output is kept and shown, and how it ends.
 */

#include "compat.h"

#include <sys/types.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "dialect.h"
#include "frame.h"
#include "session.h"
#include "session_fixture.h"

/*
 * Output
 */

static void
test_output(void **state)
{
	struct client	*c;

	(void)state;
	start();
	c = attach(0, &dialect_ssh_ws);
	assert_int_equal(produce(200000, 4095), 200000);
	/* It ends inside of a character. */
	drain(c);
	check_output(c, 0, s->whole);
	assert_true(c->frames < 60);
}

/* The rest of a character is waited for, but not for long. */
static void
test_held(void **state)
{
	struct client	*c;

	(void)state;
	start();
	c = attach(0, &dialect_ssh_ws);
	say("a\xe2\x94");
	drain(c);
	assert_int_equal(c->nout, 1);
	say("\x80z");
	drain(c);
	assert_int_equal(c->nout, 5);
	say("\xe2\x94");
	turn_msec(SESSION_HELD_MSEC - 20);
	drain(c);
	assert_int_equal(c->nout, 5);
	turn_msec(40);
	drain(c);
	assert_int_equal(c->nout, 7);
	say("\xf0\x9f");
	session_exited(s, EXIT_CODE, 0);
	drain(c);
	assert_int_equal(c->nout, 9);
	assert_int_equal(c->code, 1000);
}

/* What came before the first viewer is held back, not lost. */
static void
test_first_attach(void **state)
{
	struct client	*c;
	size_t		 n;

	(void)state;
	start();
	n = produce(SIZE_MAX, 60000);
	assert_true(n >= SESSION_HIGH && n < SESSION_HIGH + 60000);
	assert_true(fake.paused);
	c = attach(0, &dialect_ssh_ws);
	drain(c);
	assert_false(fake.paused);
	check_output(c, 0, s->whole);
	assert_int_equal(fake.pauses, 1);
}

/* A shell that is over before anybody came is shown to the first viewer. */
static void
test_exit_before_attach(void **state)
{
	struct client	*c;

	(void)state;
	start();
	say("hello\r\n");
	session_exited(s, EXIT_CODE, 3);
	turn();
	assert_true(fake.closed);
	assert_int_equal(ended, 0);
	c = attach(0, &dialect_ssh_ws);
	drain(c);
	assert_int_equal(c->nout, 7);
	assert_int_equal(c->code, 1000);
	assert_string_equal(c->reason, "closed");
	assert_int_equal(session_full(s), FAIL_GONE);
	close(c->fd);
	c->fd = -1;
	turn();
	assert_int_equal(ended, 1);
	assert_int_equal(how.reason, END_EXIT);
	assert_int_equal(how.code, 3);
	assert_int_equal(left, LEAVE_END);
}

/* Nobody attached, the session runs on; who returns gets the newest. */
static void
test_replay(void **state)
{
	struct client	*c;
	uint64_t	 from;

	(void)state;
	start();
	c = attach(0, &dialect_ssh_ws);
	close(c->fd);
	c->fd = -1;
	turn();
	assert_int_equal(left, LEAVE_CLIENT);
	assert_int_equal(produce(500000, 4095), 500000);
	assert_int_equal(fake.pauses, 0);
	c = attach(1, &dialect_ssh_ws);
	drain(c);
	from = s->whole - c->nout;
	assert_true(c->nout <= REPLAY && c->nout > REPLAY - 100);
	check_output(c, from, c->nout);
	assert_int_equal(value(from - 1), '\n');
}

/* Viewers of one dialect send the very same frames. */
static void
test_shared(void **state)
{
	struct client	*c[3];
	struct frame	*f, *g;
	int		 i;

	(void)state;
	start();
	for (i = 0; i < 3; i++)
		c[i] = attach(i, &dialect_ssh_ws);
	turn();
	produce(100000, 4095);
	for (i = 0; i < 3; i++) {
		drain(c[i]);
		check_output(c[i], 0, s->whole);
	}
	f = session_frame(s, &dialect_ssh_ws, 0, 1000);
	g = session_frame(s, &dialect_ssh_ws, 0, 1000);
	assert_ptr_equal(f, g);
	frame_unref(f);
	frame_unref(g);
}

/*
 * Ends
 */

static void
test_exit_drains(void **state)
{
	struct client	*c;
	size_t		 n;

	(void)state;
	start();
	c = attach(0, &dialect_ssh_ws);
	turn();
	n = produce(SESSION_HIGH, 4095);
	session_exited(s, EXIT_CODE, 0);
	assert_true(fake.closed);
	turn();
	assert_int_equal(ended, 0);
	drain(c);
	assert_int_equal(c->nout, n);
	assert_int_equal(c->code, 1000);
	assert_string_equal(c->reason, "closed");
	put(c, 0x80 | WS_OP_CLOSE, "\x03\xe8", 2);
	assert_int_equal(downs, 1);
	assert_int_equal(ended, 1);
}

/* Who does not read does not keep a dead session for ever. */
static void
test_exit_stalled(void **state)
{
	struct client	*c;

	(void)state;
	limits.stalled = 1;
	start();
	c = attach(0, &dialect_ssh_ws);
	turn();
	produce(SESSION_HIGH, 4095);
	session_exited(s, EXIT_CODE, 0);
	turn_msec(1300);
	assert_int_equal(ended, 1);
	(void)c;
}

static void
test_stop(void **state)
{
	struct client	*c;

	(void)state;
	start();
	c = attach(0, &dialect_ssh_ws);
	session_end(s, END_STOP);
	drain(c);
	assert_int_equal(c->code, 1001);
	put(c, 0x80 | WS_OP_CLOSE, "\x03\xe9", 2);
	assert_int_equal(ended, 1);
	assert_int_equal(how.reason, END_STOP);
}

static void
test_detached(void **state)
{
	struct client	*c;

	(void)state;
	limits.detached[DIALECT_SSH - 1] = 3;
	start();
	c = attach(0, &dialect_ssh_ws);
	turn_msec(3300);
	assert_int_equal(ended, 0);
	close(c->fd);
	c->fd = -1;
	turn_msec(600);
	c = attach(1, &dialect_ssh_ws);
	turn_msec(2700);
	assert_int_equal(ended, 0);
	close(c->fd);
	c->fd = -1;
	turn_msec(3300);
	assert_int_equal(ended, 1);
	assert_int_equal(how.reason, END_DETACHED);
}

static void
test_idle(void **state)
{
	(void)state;
	limits.idle[DIALECT_SSH - 1] = 1;
	start();
	attach(0, &dialect_ssh_ws);
	turn_msec(600);
	say("x");
	turn_msec(2500);
	assert_true(fake.closed);
}

static void
test_open_fails(void **state)
{
	(void)state;
	limits.open = 1;
	start_opening(DIALECT_SSH);
	session_resize(s, 100, 30);
	assert_int_equal(fake.resizes, 0);
	turn_msec(1300);
	assert_int_equal(opened, 0);
	assert_int_equal(ended, 1);
	assert_int_equal(how.reason, END_FAILED);
	assert_int_equal(how.fail, FAIL_TIMEOUT);
}

static void
test_viewers_limit(void **state)
{
	int	 i;

	(void)state;
	start();
	for (i = 0; i < CLIENTS; i++)
		attach(i, &dialect_ssh_ws);
	assert_int_equal(session_full(s), FAIL_LIMIT);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		TEST(test_output),
		TEST(test_held),
		TEST(test_first_attach),
		TEST(test_exit_before_attach),
		TEST(test_replay),
		TEST(test_shared),
		TEST(test_exit_drains),
		TEST(test_exit_stalled),
		TEST(test_stop),
		TEST(test_detached),
		TEST(test_idle),
		TEST(test_open_fails),
		TEST(test_viewers_limit)
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
