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
 * Who waits for whom in a session: viewers that are slow hold its upstream
 * or are left behind, and an upstream that is slow holds who types.
 */

#include "compat.h"

#include <sys/types.h>
#include <sys/socket.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "dialect.h"
#include "session.h"
#include "session_fixture.h"
#include "viewer.h"
#include "ws.h"

static void	 on_request(int, void *);

/*
 * Output
 */

/* A viewer that stops reading stops the upstream, and loses nothing. */
static void
test_stall(void **state)
{
	struct client	*c;
	size_t		 n, more;
	int		 i;

	(void)state;
	start();
	c = attach(0, &dialect_ssh_ws);
	turn();
	n = produce(SIZE_MAX, 4095);
	assert_true(n > SESSION_HIGH && n < 3 * SESSION_HIGH);
	assert_true(fake.paused);
	for (i = 0; i < 5; i++) {
		drain(c);
		assert_false(fake.paused);
		more = produce(SIZE_MAX, 4095);
		assert_true(more > SESSION_HIGH / 2);
		n += more;
	}
	drain(c);
	check_output(c, 0, s->whole);
	assert_int_equal(fake.pauses, 6);
}

/* It holds the others up only while it counts as one of them. */
static void
test_stall_of_one(void **state)
{
	struct client	*a, *b;
	int		 i;

	(void)state;
	start();
	a = attach(0, &dialect_ssh_ws);
	b = attach(1, &dialect_ssh_ws);
	turn();
	for (i = 0; i < 60; i++) {
		assert_int_equal(produce(65536, 4095), 65536);
		drain(b);
	}
	check_output(b, 0, s->whole);
	assert_int_equal(fake.pauses, 0);
	assert_int_equal(downs, 0);
	/* The ring has passed it; it is told once it reads again. */
	assert_int_equal(a->v->state, VIEWER_FINISHING);
	drain(a);
	assert_int_equal(a->code, 1013);
	assert_true(a->nout > 0);
	check_output(a, 0, a->nout);
	close(a->fd);
	a->fd = -1;
	turn();
	assert_int_equal(downs, 1);
	assert_int_equal(left, LEAVE_SLOW);
}

/* After the time it may take it no longer holds the upstream. */
static void
test_stalled_time(void **state)
{
	struct client	*c;

	(void)state;
	limits.stalled = 1;
	start();
	c = attach(0, &dialect_ssh_ws);
	turn();
	produce(SIZE_MAX, 4095);
	assert_true(fake.paused);
	turn_msec(1200);
	assert_false(fake.paused);
	assert_int_equal(downs, 0);
	produce(SESSION_HIGH, 4095);
	assert_int_equal(c->v->reason, LEAVE_SLOW);
	drain(c);
	assert_int_equal(c->code, 1013);
}

/* A viewer that takes enough in that time keeps its place. */
static void
test_slow_but_steady(void **state)
{
	struct client	*c;
	int		 i;

	(void)state;
	limits.stalled = 3;
	start();
	c = attach(0, &dialect_ssh_ws);
	turn();
	produce(SIZE_MAX, 4095);
	assert_true(fake.paused);
	for (i = 0; i < 4; i++) {
		receive(c, 150000);
		turn_msec(1000);
		assert_false(c->v->lost);
	}
	drain(c);
	check_output(c, 0, s->whole);
}

/* A client that left never blocks the rest, nor does one that comes. */
static void
test_leave_while_held(void **state)
{
	struct client	*a, *b;

	(void)state;
	start();
	a = attach(0, &dialect_ssh_ws);
	turn();
	produce(SIZE_MAX, 4095);
	assert_true(fake.paused);
	b = attach(1, &dialect_ssh_ws);
	drain(b);
	assert_false(fake.paused);
	close(b->fd);
	b->fd = -1;
	turn();
	assert_true(fake.paused);
	close(a->fd);
	a->fd = -1;
	turn();
	assert_false(fake.paused);
}

/*
 * Input
 */

/* What does not fit into the upstream stays with its sender. */
static void
test_input_blocked(void **state)
{
	struct client	*c;
	uint8_t		 buf[4096];
	size_t		 sent, i;
	ssize_t		 n;
	int		 tries;

	(void)state;
	start();
	fake.room = 0;
	c = attach(0, &dialect_ssh_ws);
	/* One endless binary message, 60000 bytes in each frame. */
	memset(buf, 0, sizeof(buf));
	for (sent = 0, tries = 0; tries < 50; ) {
		uint8_t	 head[8] = { sent == 0 ? WS_BINARY : 0, 0xfe, 0xea,
			    0x60, 0, 0, 0, 0 };

		if (sent % 60000 == 0 && send(c->fd, head, 8, 0) != 8) {
			turn();
			tries++;
			continue;
		}
		for (i = 0; i < sizeof(buf); i++)
			buf[i] = (sent + i) % 251;
		n = send(c->fd, buf, 60000 - sent % 60000 < sizeof(buf) ?
		    60000 - sent % 60000 : sizeof(buf), MSG_NOSIGNAL);
		turn();
		if (n == -1) {
			/* The frame's head must not be sent again. */
			break;
		}
		sent += n;
	}
	assert_true(s->input.queued >= INPUT_HIGH - 16);
	assert_true(s->input.queued <= INPUT_HIGH + 128);
	assert_true(c->v->stopped);
	fake.room = SIZE_MAX;
	session_writable(s);
	turn();
	assert_int_equal(fake.ninput, sent);
	for (i = 0; i < sent; i++)
		assert_int_equal(fake.input[i], i % 251);
	assert_int_equal(s->input.queued, 0);
}

/* What came before the hand-over is input, and waits for room as all is. */
static void
test_unread(void **state)
{
	static uint8_t		 big[INPUT_HIGH - 10];
	struct viewer_conf	 conf;
	struct viewer		*v;
	uint8_t			*unread;
	int			 fds[2], r;

	(void)state;
	start();
	fake.room = 0;
	r = 0;
	session_request(s, big, sizeof(big), on_request, &r);
	assert_int_equal(r, 1);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
	    fds), 0);
	memset(&conf, 0, sizeof(conf));
	conf.id = 1;
	conf.mode = MODE_RW;
	conf.dialect = &dialect_ssh_ws;
	conf.address = "192.0.2.1";
	conf.fd = fds[1];
	assert_non_null(v = viewer_new(s, &conf));
	clients[0].fd = fds[0];
	clients[0].v = v;
	clients[0].ws = 1;
	assert_non_null(unread = malloc(6 + 20));
	memcpy(unread, "\x81\x94\0\0\0\0" "abcdefghijklmnopqrst", 26);
	viewer_begin(v, unread, 26);
	text(&clients[0], "uvw");
	assert_true(s->input.queued <= INPUT_HIGH + 128);
	assert_true(v->stopped);
	fake.room = SIZE_MAX;
	session_writable(s);
	turn();
	assert_int_equal(fake.ninput, sizeof(big) + 23);
	assert_memory_equal(fake.input + sizeof(big),
	    "abcdefghijklmnopqrstuvw", 23);
}

static void
on_request(int taken, void *arg)
{
	*(int *)arg = taken ? 1 : -1;
}

/* Whole requests are taken whole, in their turn. */
static void
test_requests(void **state)
{
	static uint8_t	 big[200 * 1024];
	struct client	*c;
	int		 r[4] = { 0, 0, 0, 0 };

	(void)state;
	start();
	c = attach(0, &dialect_ssh_ws);
	fake.room = 0;
	memset(big, 'a', sizeof(big));
	session_request(s, big, sizeof(big), on_request, &r[0]);
	assert_int_equal(r[0], 1);
	memset(big, 'b', sizeof(big));
	session_request(s, big, sizeof(big), on_request, &r[1]);
	assert_int_equal(r[1], 0);
	/* It would fit, but it is not its turn; nor is it the client's. */
	session_request(s, (const uint8_t *)"c", 1, on_request, &r[2]);
	assert_int_equal(r[2], 0);
	text(c, "d");
	assert_true(c->v->stopped);
	fake.room = 150 * 1024;
	session_writable(s);
	assert_int_equal(r[1], 1);
	assert_int_equal(r[2], 1);
	assert_int_equal(fake.ninput, 150 * 1024);
	fake.room = SIZE_MAX;
	session_writable(s);
	turn();
	assert_int_equal(fake.ninput, 400 * 1024 + 2);
	assert_int_equal(fake.input[200 * 1024 - 1], 'a');
	assert_int_equal(fake.input[200 * 1024], 'b');
	assert_memory_equal(fake.input + 400 * 1024, "cd", 2);
	/* The end of the session ends the wait. */
	fake.room = 0;
	session_request(s, big, sizeof(big), on_request, &r[0]);
	session_request(s, big, sizeof(big), on_request, &r[3]);
	assert_int_equal(r[3], 0);
	session_end(s, END_CLOSED);
	assert_int_equal(r[3], -1);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		TEST(test_stall),
		TEST(test_stall_of_one),
		TEST(test_stalled_time),
		TEST(test_slow_but_steady),
		TEST(test_leave_while_held),
		TEST(test_input_blocked),
		TEST(test_unread),
		TEST(test_requests)
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
