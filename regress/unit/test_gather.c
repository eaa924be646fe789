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

/* links: regress/unit/session_fixture.c regress/unit/spoken.c @SESSION@ */
/* pkgs: json-c vterm */

/*
 * Messages of clients that type at once, in pieces that come by turns: which
 * are typed as one, and what a client can have of the room for that.
 */

#include "compat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dialect.h"
#include "gather.h"
#include "input.h"
#include "message.h"
#include "session.h"
#include "session_fixture.h"
#include "spoken.h"
#include "viewer.h"

static uint8_t	 xs[GATHER_MAX];

static void
begin(uint8_t kind)
{
	start_opening(kind);
	session_opened(s);
	memset(xs, 'x', sizeof(xs));
}

static struct client *
native(int n)
{
	struct client	*c;

	c = join(n, &dialect_terminal_ws, MODE_RW, 0, 0);
	listen_to(c);
	return (c);
}

/* All that it was told of its input by now. */
static void
assert_accepted(struct client *c, size_t n)
{
	char	 want[64];

	listen_to(c);
	if (n == 0) {
		assert_int_equal(nspoken, 0);
		return;
	}
	(void)snprintf(want, sizeof(want),
	    "{\"type\":\"accepted\",\"bytes\":%zu}", n);
	assert_true(nspoken >= 1);
	assert_text(nspoken - 1, want);
}

/* What was typed begins like that, and n times x follow, and so on. */
static void
assert_typed(const char *before, size_t n, const char *behind)
{
	size_t	 len = strlen(before);

	assert_int_equal(fake.ninput, len + n + strlen(behind));
	assert_memory_equal(fake.input, before, len);
	assert_memory_equal(fake.input + len, xs, n);
	assert_memory_equal(fake.input + len + n, behind, strlen(behind));
	fake.ninput = 0;
}

static void
test_whole(void **state)
{
	struct client	*a, *b;

	(void)state;
	begin(DIALECT_TERMINAL);
	a = native(0);
	b = native(1);
	put(a, WS_BINARY, xs, 60000);
	put(a, 0, xs, 5000);
	put(b, 0x80 | WS_BINARY, "b", 1);
	put(a, 0, "", 0);
	assert_accepted(a, 0);
	assert_accepted(b, 1);
	put(a, 0x80, xs, GATHER_MAX - 65000);
	assert_accepted(a, GATHER_MAX);
	assert_typed("b", GATHER_MAX, "");
	assert_int_equal(s->input.gathered, 0);
	/* The next one is another message. */
	put(a, 0x80 | WS_BINARY, "c", 1);
	assert_typed("", 0, "c");
}

/* One byte more than there is room for, and it is typed as it comes. */
static void
test_too_long(void **state)
{
	struct client	*a, *b;

	(void)state;
	begin(DIALECT_TERMINAL);
	a = native(0);
	b = native(1);
	put(a, WS_BINARY, xs, 60000);
	put(a, 0, xs, GATHER_MAX - 60000);
	assert_accepted(a, 0);
	put(a, 0, "y", 1);
	assert_accepted(a, GATHER_MAX + 1);
	put(b, 0x80 | WS_BINARY, "b", 1);
	put(a, 0, "z", 1);
	assert_accepted(a, GATHER_MAX + 2);
	put(a, 0x80, "", 0);
	assert_typed("", GATHER_MAX, "ybz");
	assert_int_equal(s->input.gathered, 0);
	/* And only that one. */
	put(a, WS_BINARY, "1", 1);
	put(b, 0x80 | WS_BINARY, "b", 1);
	put(a, 0x80, "2", 1);
	assert_typed("b1", 0, "2");
}

/* Who stalls in the middle takes no more than a part from the others. */
static void
test_room(void **state)
{
	struct client	*a, *b, *c;

	(void)state;
	begin(DIALECT_TERMINAL);
	a = native(0);
	b = native(1);
	c = native(2);
	put(a, WS_BINARY, xs, 60000);
	put(b, WS_BINARY, xs, 38000);
	put(b, 0, xs, GATHER_ALL + 2 * GATHER_SHORT - 98000);
	assert_accepted(b, 0);
	assert_int_equal(s->input.gathered, GATHER_ALL);
	assert_int_equal(input_room(&s->input), INPUT_HIGH - GATHER_ALL);
	/* Room for short ones is always there. */
	put(c, WS_BINARY, xs, GATHER_SHORT - 1);
	assert_accepted(c, 0);
	put(b, 0, "y", 1);
	assert_accepted(b, GATHER_ALL + 2 * GATHER_SHORT - 60000 + 1);
	assert_typed("", GATHER_ALL + 2 * GATHER_SHORT - 60000, "y");
	put(c, 0x80, "c", 1);
	assert_typed("", GATHER_SHORT - 1, "c");
	/* Who leaves gives back what is its, and types nothing of it. */
	assert_int_equal(s->input.gathered, 60000 - GATHER_SHORT);
	leave(a);
	assert_int_equal(s->input.gathered, 0);
	assert_typed("", 0, "");
	put(c, WS_BINARY, xs, 60000);
	put(b, 0x80, "b", 1);
	put(c, 0x80, "c", 1);
	assert_typed("b", 60000, "c");
}

/* The upstream takes nothing: what is gathered counts as what waits. */
static void
test_queue(void **state)
{
	struct client	*a, *b;
	int		 i;

	(void)state;
	begin(DIALECT_TERMINAL);
	a = native(0);
	b = native(1);
	fake.room = 0;
	put(a, WS_BINARY, xs, 60000);
	for (i = 0; i < 8; i++)
		put(b, 0x80 | WS_BINARY, xs, 40000);
	assert_true(s->input.queued + s->input.gathered <= INPUT_HIGH);
	assert_true(s->input.queued <= INPUT_HIGH - 60000 + GATHER_SHORT);
	fake.room = SIZE_MAX;
	session_writable(s);
	put(a, 0x80, "a", 1);
	assert_int_equal(fake.ninput, 8 * 40000 + 60001);
	assert_int_equal(s->input.gathered, 0);
}

static void
test_text(void **state)
{
	struct client	*a, *b;

	(void)state;
	begin(DIALECT_TTY);
	a = join(0, &dialect_tty_ws, MODE_RW, 0, 0);
	b = join(1, &dialect_tty_ws, MODE_RW, 0, 0);
	put(a, WS_TEXT, xs, 100);
	put(b, 0x80 | WS_TEXT, "b", 1);
	put(a, 0, xs, 10000);
	put(b, 0x80 | WS_BINARY, "b", 1);
	assert_typed("bb", 0, "");
	put(a, 0x80, "a", 1);
	assert_typed("", 10100, "a");
	put(b, WS_BINARY, "1", 1);
	put(a, 0x80 | WS_TEXT, "a", 1);
	put(b, 0x80, "2", 1);
	assert_typed("a1", 0, "2");
}

/* Readers have no use for any of it. */
static void
test_reader(void **state)
{
	struct client	*a;

	(void)state;
	begin(DIALECT_TERMINAL);
	a = join(0, &dialect_terminal_ws, MODE_RO, 0, 0);
	put(a, WS_BINARY, xs, 60000);
	assert_int_equal(s->input.gathered, 0);
	put(a, 0x80, "y", 1);
	assert_typed("", 0, "");
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, fixture_begin, fixture_end)

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		TEST(test_whole),
		TEST(test_too_long),
		TEST(test_room),
		TEST(test_queue),
		TEST(test_text),
		TEST(test_reader)
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
