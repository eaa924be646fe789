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
 * A session that is shared and outlives its viewers: offsets and gaps, who
 * may do what, sizes, and an end that is kept.
 */

#include "compat.h"

#include <sys/types.h>

#include <event2/event.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "dialect.h"
#include "session.h"
#include "session_fixture.h"
#include "viewer.h"
#include "ws.h"

#define KEEP	(REPLAY + SESSION_HIGH)

static void	 start_native(void);

static void
start_native(void)
{
	start_opening(DIALECT_TERMINAL);
	session_opened(s);
}

/*
 * Offsets
 */

static void
test_offsets(void **state)
{
	struct client	*c;
	uint64_t	 head;

	(void)state;
	start_native();
	c = attach(0, &dialect_terminal_ws);
	produce(100000, 4095);
	drain(c);
	assert_int_equal(c->began, 0);
	assert_int_equal(c->nout, 100000);
	leave(c);
	/* In the middle, at the end, and behind it. */
	c = attach_as(1, &dialect_terminal_ws, MODE_RW, ATTACH_OFFSET, 99990);
	drain(c);
	assert_int_equal(c->nout, 10);
	assert_int_equal(c->offset, 100000);
	c = attach_as(2, &dialect_terminal_ws, MODE_RW, ATTACH_OFFSET, 100000);
	drain(c);
	assert_int_equal(c->nout, 0);
	assert_int_equal(c->began, 100000);
	errno = 0;
	assert_null(attach_as(3, &dialect_terminal_ws, MODE_RW, ATTACH_OFFSET,
	    100001));
	assert_int_equal(errno, ERANGE);
	assert_null(attach_as(3, &dialect_terminal_ws, MODE_RW, ATTACH_OFFSET,
	    UINT64_MAX));
	leave(c);
	leave(&clients[1]);
	assert_int_equal(s->nviewers, 0);
	/* What the ring has dropped is a gap, up to what it still has. */
	produce(3000000, 4095);
	head = s->ring.head;
	c = attach_as(4, &dialect_terminal_ws, MODE_RO, ATTACH_OFFSET, 7);
	drain(c);
	assert_int_equal(c->began, 7);
	assert_int_equal(c->gaps, 1);
	assert_int_equal(c->from, 7);
	assert_int_equal(c->to, head - KEEP);
	assert_int_equal(c->offset, head);
	/* Who does not say gets all there is. */
	c = attach_as(5, &dialect_terminal_ws, MODE_RO, 0, 0);
	drain(c);
	assert_int_equal(c->began, head - KEEP);
	assert_int_equal(c->gaps, 0);
	assert_int_equal(c->nout, KEEP);
	/* The first byte of the ring is no gap, the one before is. */
	c = attach_as(6, &dialect_terminal_ws, MODE_RO, ATTACH_OFFSET,
	    head - KEEP);
	drain(c);
	assert_int_equal(c->gaps, 0);
	c = attach_as(7, &dialect_terminal_ws, MODE_RO, ATTACH_OFFSET,
	    head - KEEP - 1);
	drain(c);
	assert_int_equal(c->gaps, 1);
	assert_int_equal(c->to - c->from, 1);
	assert_int_equal(c->nout, KEEP);
}

/* Output at an offset, whatever comes in between. */
static void
test_events(void **state)
{
	struct client	*c;

	(void)state;
	start_native();
	attach(1, &dialect_terminal_ws);
	say("hello");
	c = attach_as(0, &dialect_terminal_sse10, MODE_RO, ATTACH_OFFSET, 3);
	drain(c);
	c->raw[c->nraw] = '\0';
	assert_non_null(strstr((char *)c->raw, "id: 5\ndata: bG8=\n\n"));
}

/*
 * Gaps
 */

/* A reader that stalls costs nothing, and is told what it has missed. */
static void
test_gap_live(void **state)
{
	struct client	*a, *b;
	int		 i;

	(void)state;
	start_native();
	a = attach(0, &dialect_terminal_ws);
	b = attach_as(1, &dialect_terminal_ws, MODE_RO, 0, 0);
	turn();
	for (i = 0; i < 100; i++) {
		assert_int_equal(produce(65536, 4095), 65536);
		drain(a);
	}
	assert_int_equal(a->offset, s->ring.head);
	assert_int_equal(s->nready, 1);
	assert_int_equal(b->v->state, VIEWER_OPEN);
	assert_int_equal(fake.pauses, 0);
	drain(b);
	assert_int_equal(b->gaps, 1);
	assert_int_equal(b->to, s->ring.head - SESSION_LOW);
	assert_int_equal(b->offset, s->ring.head);
	/* It is as good as any other from then on. */
	produce(65536, 4095);
	drain(b);
	assert_int_equal(b->gaps, 1);
	assert_int_equal(b->offset, s->ring.head);
	assert_int_equal(downs, 0);
}

/* Readers at any pace get every byte or its absence, all around the ring. */
static void
test_gap_random(void **state)
{
	struct client	*c[4];
	uint32_t	 seed = 1;
	int		 i, n, gaps;

	(void)state;
	start_native();
	for (n = 0; n < 4; n++)
		c[n] = attach_as(n, &dialect_terminal_ws,
		    n == 0 ? MODE_RW : MODE_RO, 0, 0);
	turn();
	for (i = 0; i < 300; i++) {
		seed = seed * 1103515245 + 12345;
		produce(seed % 100000, 1 + seed % 65000);
		drain(c[0]);
		n = 1 + (seed >> 8) % 3;
		if (i % (n * n * 8) == 0) {
			receive(c[n], 1 + seed % 3000000);
			turn();
			parse(c[n]);
		}
	}
	gaps = 0;
	for (n = 0; n < 4; n++) {
		drain(c[n]);
		assert_int_equal(c[n]->offset, s->ring.head);
		gaps += c[n]->gaps;
	}
	assert_int_equal(c[0]->gaps, 0);
	assert_true(gaps > 2);
}

/* As the only one who may write it holds, for a time, and is passed then. */
static void
test_gap_writer(void **state)
{
	struct client	*c;
	int		 i;

	(void)state;
	limits.stalled = 1;
	start_native();
	c = attach(0, &dialect_terminal_ws);
	turn();
	produce(SIZE_MAX, 4095);
	assert_true(fake.paused);
	for (i = 0; i < 3 && fake.paused; i++) {
		receive(c, 1);
		turn_msec(500);
	}
	assert_false(fake.paused);
	assert_int_equal(produce(4000000, 65536), 4000000);
	assert_int_equal(c->v->state, VIEWER_OPEN);
	drain(c);
	assert_int_equal(c->gaps, 1);
	assert_int_equal(c->offset, s->ring.head);
	/* It counts again. */
	turn();
	produce(SIZE_MAX, 4095);
	assert_true(fake.paused);
	drain(c);
	assert_int_equal(c->offset, s->ring.head);
}

/* Nobody is there: a gigabyte passes, and the newest is kept. */
static void
test_nobody(void **state)
{
	struct client	*c;
	uint64_t	 began;

	(void)state;
	start_native();
	leave(attach(0, &dialect_terminal_ws));
	began = true_msec();
	flood(1024 * 1024 * 1024);
	assert_true(true_msec() - began < 60000);
	assert_int_equal(fake.pauses, 0);
	assert_int_equal(s->parsed, 0);
	produce(KEEP, 65536);
	c = attach(1, &dialect_terminal_ws);
	drain(c);
	assert_int_equal(c->began, 1024 * 1024 * 1024);
	assert_int_equal(c->offset, s->ring.head);
}

/* What is typed is echoed at once; a flood comes in larger pieces. */
static void
test_gather(void **state)
{
	struct client	*a, *b;
	int		 i;

	(void)state;
	start_native();
	a = attach(0, &dialect_terminal_ws);
	b = attach(1, &dialect_terminal_ws);
	drain(a);
	drain(b);
	for (i = 1; i <= 100; i++) {
		produce(10, 10);
		receive(a, SIZE_MAX);
		receive(b, SIZE_MAX);
		parse(a);
		parse(b);
		assert_int_equal(a->offset, i * 10);
		assert_int_equal(b->offset, i * 10);
	}
	a->frames = 0;
	produce(400000, 4000);
	drain(a);
	drain(b);
	assert_int_equal(a->offset, 401000);
	assert_int_equal(b->offset, 401000);
	assert_true(a->frames < 40);
}

/*
 * Who may do what
 */

static void
test_reader(void **state)
{
	struct client	*c;

	(void)state;
	start_native();
	c = attach_as(0, &dialect_terminal_ws, MODE_RO, 0, 0);
	drain(c);
	put(c, 0x80 | WS_BINARY, "ls\n", 3);
	text(c, "{\"type\":\"resize\",\"cols\":100,\"rows\":30}");
	text(c, "{\"type\":\"signal\",\"name\":\"INT\"}");
	assert_input("");
	assert_int_equal(fake.resizes, 0);
	assert_int_equal(fake.signo, 0);
	drain(c);
	assert_true(was_told(c, "read_only"));
	assert_int_equal(viewer_input(c->v, (const uint8_t *)"x", 1), 0);
	assert_int_equal(viewer_signal(c->v, 2), -1);
	/* And never holds the upstream, stalled or not. */
	assert_int_equal(produce(5000000, 65536), 5000000);
	assert_int_equal(fake.pauses, 0);
}

static void
test_writers(void **state)
{
	struct client	*a, *b, *c;

	(void)state;
	start_native();
	a = attach(0, &dialect_terminal_ws);
	b = attach(1, &dialect_terminal_ws);
	c = attach_as(2, &dialect_terminal_ws, MODE_RO, 0, 0);
	put(a, 0x80 | WS_BINARY, "one", 3);
	put(b, 0x80 | WS_BINARY, "two", 3);
	put(a, 0x80 | WS_BINARY, "three", 5);
	assert_input("onetwothree");
	drain(a);
	drain(b);
	assert_true(was_told(a, "\"bytes\":8"));
	assert_true(was_told(b, "\"bytes\":3"));
	text(a, "{\"type\":\"signal\",\"name\":\"INT\"}");
	assert_int_equal(fake.signo, 2);
	/* The last one has its size, and all know, who asked, too. */
	text(a, "{\"type\":\"resize\",\"cols\":100,\"rows\":30}");
	text(b, "{\"type\":\"resize\",\"cols\":120,\"rows\":40}");
	assert_int_equal(fake.cols, 120);
	assert_int_equal(fake.resizes, 2);
	drain(a);
	drain(b);
	drain(c);
	assert_true(was_told(a, "\"cols\":100,\"rows\":30"));
	assert_true(was_told(a, "\"cols\":120,\"rows\":40"));
	assert_true(was_told(b, "\"cols\":120,\"rows\":40"));
	assert_true(was_told(c, "\"cols\":120,\"rows\":40"));
	forget_texts(a);
	forget_texts(b);
	text(b, "{\"type\":\"resize\",\"cols\":120,\"rows\":40}");
	drain(a);
	drain(b);
	assert_int_equal(fake.resizes, 2);
	assert_string_equal(a->texts, "");
	assert_string_equal(b->texts, "");
}

/* A storm of sizes is one to who does not read; the last is right. */
static void
test_sizes(void **state)
{
	struct client	*a, *b;
	int		 i;

	(void)state;
	start_native();
	a = attach(0, &dialect_terminal_ws);
	b = attach_as(1, &dialect_terminal_ws, MODE_RO, 0, 0);
	drain(a);
	drain(b);
	produce(900000, 65536);
	for (i = 0; i < 10000; i++) {
		session_resize(s, 1 + i % 1000, 1 + i % 999);
		if (i % 100 == 0) {
			produce(10, 10);
			turn();
			receive(a, SIZE_MAX);
			parse(a);
			forget_texts(a);
		}
	}
	assert_int_equal(fake.resizes, 10000);
	forget_texts(b);
	drain(b);
	assert_int_equal(b->offset, s->ring.head);
	assert_true(was_told(b, "\"cols\":1000,\"rows\":10}"));
	/* Those that its socket had room for, and one. */
	assert_non_null(session_screen(s));
	drain(a);
	assert_int_equal(a->offset, s->ring.head);
}

/*
 * The beginning
 */

/* Who comes while it opens is there from the first byte. */
static void
test_starting(void **state)
{
	struct client	*c;

	(void)state;
	start_opening(DIALECT_TTY);
	c = attach(0, &dialect_terminal_ws);
	put(c, 0x80 | WS_BINARY, "early", 5);
	text(c, "{\"type\":\"resize\",\"cols\":100,\"rows\":30}");
	drain(c);
	assert_true(was_told(c, "\"type\":\"resize\",\"cols\":100"));
	assert_input("");
	assert_int_equal(fake.resizes, 0);
	session_opened(s);
	turn();
	assert_input("early");
	assert_int_equal(fake.resizes, 1);
	assert_int_equal(fake.cols, 100);
	drain(c);
	assert_true(was_told(c, "\"bytes\":5"));
	produce(1000, 1000);
	drain(c);
	assert_int_equal(c->offset, 1000);
}

static void
test_starting_fails(void **state)
{
	struct client	*c[10];
	int		 i;

	(void)state;
	start_opening(DIALECT_TERMINAL);
	for (i = 0; i < 10; i++)
		c[i] = attach(i, i % 2 ? &dialect_terminal_ws :
		    &dialect_ssh_ws);
	put(c[0], 0x80 | WS_BINARY, "lost", 4);
	session_failed(s, FAIL_REFUSED);
	for (i = 0; i < 10; i++) {
		drain(c[i]);
		assert_int_equal(c[i]->code, 1011);
		leave(c[i]);
	}
	assert_input("");
	assert_int_equal(exited, 0);
	assert_int_equal(ended, 1);
	assert_int_equal(how.reason, END_FAILED);
	assert_int_equal(how.fail, FAIL_REFUSED);
}

/*
 * The end
 */

static void
test_kept(void **state)
{
	struct client	*a, *b;

	(void)state;
	start_native();
	a = attach(0, &dialect_terminal_ws);
	produce(100000, 4095);
	session_exited(s, EXIT_CODE, 7);
	assert_int_equal(exited, 1);
	assert_int_equal(how.code, 7);
	assert_int_equal(s->state, SESSION_EXITED);
	assert_true(s->kept);
	drain(a);
	assert_int_equal(a->offset, 100000);
	assert_true(was_told(a, "\"type\":\"exit\",\"code\":7"));
	assert_int_equal(a->code, 1000);
	leave(a);
	assert_int_equal(ended, 0);
	/* Who is late gets the rest and the end, as often as it comes. */
	assert_int_equal(session_full(s), 0);
	b = attach_as(1, &dialect_terminal_ws, MODE_RW, ATTACH_OFFSET, 99000);
	drain(b);
	assert_int_equal(b->nout, 1000);
	assert_true(was_told(b, "\"type\":\"exit\",\"code\":7"));
	assert_int_equal(b->code, 1000);
	b = attach_as(2, &dialect_terminal_ws, MODE_RO, ATTACH_OFFSET,
	    100000);
	drain(b);
	assert_int_equal(b->nout, 0);
	assert_true(was_told(b, "\"code\":7"));
	assert_null(attach_as(3, &dialect_terminal_ws, MODE_RO, ATTACH_OFFSET,
	    100001));
	b = attach_as(4, &dialect_terminal_ws, MODE_RO, ATTACH_SCREEN, 0);
	drain(b);
	assert_non_null(b->screen);
	assert_int_equal(b->began, 100000);
	session_resize(s, 10, 10);
	assert_int_equal(session_signal(s, 2), -1);
	leave(&clients[1]);
	leave(&clients[2]);
	leave(&clients[4]);
	/* A minute later. */
	assert_true(evtimer_pending(&s->ev_state, NULL));
	event_active(&s->ev_state, EV_TIMEOUT, 1);
	turn();
	assert_int_equal(ended, 1);
	assert_int_equal(exited, 1);
	assert_int_equal(how.reason, END_EXIT);
}

/* Without a viewer all the same; and it can be ended before its time. */
static void
test_kept_closed(void **state)
{
	struct client	*c;

	(void)state;
	start_native();
	say("x");
	session_lost(s, "connection lost");
	assert_int_equal(exited, 1);
	assert_int_equal(s->state, SESSION_LOST);
	turn();
	assert_int_equal(ended, 0);
	c = attach(0, &dialect_terminal_ws);
	turn();
	session_end(s, END_CLOSED);
	assert_int_equal(session_full(s), FAIL_GONE);
	leave(c);
	assert_int_equal(ended, 1);
	assert_int_equal(how.reason, END_LOST);
}

/* Who has not had all of the output is not told of the exit. */
static void
cut(enum end reason, enum leave leaves, uint16_t code, const char *text)
{
	struct client	*all, *c;
	int		 i;

	start_native();
	all = attach(0, &dialect_terminal_ws);
	c = attach_as(1, &dialect_terminal_ws, MODE_RO, 0, 0);
	turn();
	for (i = 0; i < 20; i++) {
		(void)produce(100000, 65536);
		drain(all);
	}
	session_exited(s, EXIT_CODE, 3);
	drain(all);
	session_end(s, reason);
	assert_true(was_told(all, "\"code\":3"));
	assert_int_equal(all->code, 1000);
	leave(all);
	drain(c);
	assert_false(was_told(c, "\"code\":3"));
	assert_int_equal(c->code, code);
	assert_string_equal(c->reason, text);
	leave(c);
	assert_int_equal(left, leaves);
	assert_int_equal(ended, 1);
	assert_int_equal(how.reason, END_EXIT);
}

static void
test_kept_cut_by_close(void **state)
{
	(void)state;
	cut(END_CLOSED, LEAVE_END, 1000, "closed");
}

static void
test_kept_cut_by_limit(void **state)
{
	(void)state;
	cut(END_LIMIT, LEAVE_END, 1000, "closed");
}

static void
test_kept_cut_by_stop(void **state)
{
	(void)state;
	cut(END_STOP, LEAVE_STOP, 1001, "stopping");
}

/* What was ended for a reason of ours is not kept. */
static void
test_not_kept(void **state)
{
	struct client	*c;

	(void)state;
	start_native();
	c = attach(0, &dialect_terminal_ws);
	turn();
	session_end(s, END_CLOSED);
	assert_int_equal(exited, 0);
	assert_int_equal(s->state, SESSION_ENDING);
	drain(c);
	assert_int_equal(c->code, 1000);
	assert_string_equal(c->reason, "closed");
	leave(c);
	assert_int_equal(ended, 1);
}

/* It ends while ten come: all get everything, whenever they came. */
static void
test_end_of_ten(void **state)
{
	struct client	*c[10];
	int		 i;

	(void)state;
	start_native();
	produce(500000, 65536);
	for (i = 0; i < 10; i++) {
		c[i] = attach_as(i, &dialect_terminal_ws,
		    i % 3 ? MODE_RW : MODE_RO, ATTACH_OFFSET, i * 50000);
		if (i == 5)
			session_exited(s, EXIT_SIGNAL, 15);
	}
	for (i = 0; i < 10; i++) {
		drain(c[i]);
		assert_int_equal(c[i]->offset, 500000);
		assert_true(was_told(c[i], "\"signal\":\"TERM\""));
		assert_int_equal(c[i]->code, 1000);
		leave(c[i]);
	}
	assert_int_equal(downs, 10);
	assert_int_equal(ended, 0);
	session_end(s, END_CLOSED);
	turn();
	assert_int_equal(ended, 1);
}

/* Each kind has its own times, without a viewer and without a byte. */
static void
test_detached_kinds(void **state)
{
	struct timeval	 tv, now;
	time_t		 want[] = { 60, 120, 180 };
	time_t		 quiet[] = { 3600, 3700, 3800 };
	uint8_t		 kind;

	(void)state;
	for (kind = DIALECT_SSH; kind <= DIALECT_MAX; kind++) {
		fake.closed = 0;
		start_opening(kind);
		session_opened(s);
		assert_true(evtimer_pending(&s->ev_state, &tv));
		gettimeofday(&now, NULL);
		assert_in_range(tv.tv_sec - now.tv_sec, want[kind - 1] - 5,
		    want[kind - 1] + 1);
		assert_true(evtimer_pending(&s->ev_idle, &tv));
		assert_in_range(tv.tv_sec - now.tv_sec, quiet[kind - 1] - 5,
		    quiet[kind - 1] + 1);
		session_free(s);
		s = NULL;
	}
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		TEST(test_offsets),
		TEST(test_events),
		TEST(test_gap_live),
		TEST(test_gap_random),
		TEST(test_gap_writer),
		TEST(test_nobody),
		TEST(test_gather),
		TEST(test_reader),
		TEST(test_writers),
		TEST(test_sizes),
		TEST(test_starting),
		TEST(test_starting_fails),
		TEST(test_kept),
		TEST(test_kept_closed),
		TEST(test_kept_cut_by_close),
		TEST(test_kept_cut_by_limit),
		TEST(test_kept_cut_by_stop),
		TEST(test_not_kept),
		TEST(test_end_of_ten),
		TEST(test_detached_kinds)
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
