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
 * When a session follows what its screen shows, and who is shown it.
 */

#include "compat.h"

#include <sys/types.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base64.h"
#include "dialect.h"
#include "screen.h"
#include "session.h"
#include "session_fixture.h"
#include "viewer.h"
#include "ws.h"

#define ALTERNATE	"\033[?1049h\033[2J\033[5;10H"

static void	 full_screen(void);
static void	 check_painted(const uint8_t *, size_t);
static size_t	 painted(struct client *, uint8_t **);
static int	 on_screen(const char *);

/* A full-screen program. */
static void
full_screen(void)
{
	say("$ vi\r\n" ALTERNATE "\033[7mstatus line\033[m");
}

/* An emulator that is given this shows what ours shows. */
static void
check_painted(const uint8_t *p, size_t len)
{
	struct screen	*other, *screen;
	char		*a, *b;

	screen = session_screen(s);
	assert_non_null(screen);
	other = screen_new(s->cols, s->rows);
	assert_non_null(other);
	screen_feed(other, p, len);
	a = screen_json(screen, 0, NULL);
	b = screen_json(other, 0, NULL);
	assert_non_null(a);
	assert_non_null(b);
	/* But for "exact": it has not missed anything. */
	assert_memory_equal(b, a, strstr(a, "\"exact\"") - a);
	assert_string_equal(strstr(b, "\"lines\""), strstr(a, "\"lines\""));
	free(a);
	free(b);
	screen_free(other);
}

/* The repaint that a client was sent in a message of its own. */
static size_t
painted(struct client *c, uint8_t **p)
{
	char	*data, *end;
	ssize_t	 n;

	assert_non_null(c->screen);
	data = strstr(c->screen, "\"data\":\"");
	assert_non_null(data);
	data += 8;
	end = strchr(data, '"');
	assert_non_null(end);
	*p = malloc(end - data + 3);
	n = base64_decode(*p, end - data + 3, data, end - data);
	assert_true(n > 0);
	return (n);
}

static int
on_screen(const char *what)
{
	char	*text;
	int	 found;

	text = screen_text(session_screen(s), NULL);
	assert_non_null(text);
	found = strstr(text, what) != NULL;
	free(text);
	return (found);
}

/*
 * When it is kept up
 */

/* Not for a short session, not in a flood, but when that is over. */
static void
test_quiet(void **state)
{
	int	 i;

	(void)state;
	start();
	attach(0, &dialect_ssh_ws);
	produce(100000, 4095);
	turn_msec(250);
	assert_int_equal(s->parsed, 0);
	for (i = 0; i < 40; i++) {
		produce(20000, 4095);
		receive(&clients[0], SIZE_MAX);
		turn_msec(10);
	}
	assert_int_equal(s->parsed, 0);
	for (i = 0; i < 1000 && s->parsed < s->whole; i++)
		turn_msec(10);
	assert_int_equal(s->parsed, s->whole);
	assert_true(screen_exact(session_screen(s)));
	/* A little now and then is followed, too. */
	for (i = 0; i < 40; i++) {
		say("more\r\n");
		turn_msec(10);
	}
	turn_msec(300);
	assert_int_equal(s->parsed, s->whole);
}

/* Who asks has to wait for a quarter of a megabyte at most. */
static void
test_asked(void **state)
{
	uint64_t	 began;

	(void)state;
	start();
	leave(attach(0, &dialect_ssh_ws));
	produce(100000, 65536);
	assert_true(screen_exact(session_screen(s)));
	assert_int_equal(s->parsed, s->whole);
	produce(200000, 65536);
	assert_true(screen_exact(session_screen(s)));
	produce(1000000, 65536);
	began = true_msec();
	assert_false(screen_exact(session_screen(s)));
	assert_true(true_msec() - began < 10000);
	assert_int_equal(s->parsed, s->whole);
	/* It knows again after a reset. */
	say("\033c$ ");
	assert_true(screen_exact(session_screen(s)));
	/* The ring drops what was not looked at. */
	flood(10000000);
	assert_false(screen_exact(session_screen(s)));
	assert_int_equal(s->parsed, s->whole);
	full_screen();
	assert_true(screen_exact(session_screen(s)));
	assert_true(on_screen("status line"));
}

/* The rest of a character is not on the screen before it is whole. */
static void
test_character(void **state)
{
	(void)state;
	start();
	attach(0, &dialect_ssh_ws);
	say("ab\xe2\x94");
	assert_true(on_screen("ab\n"));
	assert_int_equal(s->parsed, 2);
	say("\x80z");
	assert_true(on_screen("ab\xe2\x94\x80z"));
	assert_int_equal(s->parsed, 6);
}

/* Sizes meet the model where they met the output. */
static void
test_sizes(void **state)
{
	int	 i;

	(void)state;
	start();
	attach(0, &dialect_ssh_ws);
	say("0123456789");
	session_resize(s, 5, 10);
	say("\r\nabcdefgh");
	session_resize(s, 40, 10);
	say("\r\nabcdefgh");
	assert_true(on_screen("abcde\nfgh\nabcdefgh\n"));
	assert_int_equal(s->parsed, s->whole);
	/* Many of them between two looks: the last one counts. */
	for (i = 0; i < 1000; i++) {
		session_resize(s, 10 + i % 37, 5 + i % 11);
		say(i % 7 ? "x" : "");
	}
	session_resize(s, 33, 7);
	assert_non_null(session_screen(s));
	say("\033[2J\033[Hend");
	assert_true(on_screen("end\n"));
	session_resize(s, 80, 24);
	full_screen();
	assert_true(on_screen("status line"));
}

/*
 * Who is shown it
 */

static void
test_repaint(void **state)
{
	struct client	*a, *b, *c;

	(void)state;
	start();
	say("one\r\n");
	full_screen();
	/* The first one has it all from the beginning. */
	a = attach(0, &dialect_ssh_ws);
	drain(a);
	assert_int_equal(a->nout, s->ring.head);
	assert_memory_equal(a->out, "one\r\n", 5);
	a->nout = 0;
	b = attach(1, &dialect_ssh_ws);
	drain(b);
	check_painted(b->out, b->nout);
	assert_int_equal(b->v->cursor, s->ring.head);
	say("more");
	drain(a);
	drain(b);
	assert_int_equal(a->nout, 4);
	assert_memory_equal(b->out + b->nout - 4, "more", 4);
	/* Back on the main screen all of the output does. */
	say("\033[?1049l$ ");
	c = attach(2, &dialect_ssh_ws);
	drain(c);
	assert_int_equal(c->nout, s->ring.head);
	assert_memory_equal(c->out, "one\r\n", 5);
	/* Nothing was typed, and nobody else has seen a repaint. */
	assert_input("");
	drain(a);
	assert_int_equal(a->nout, 4 + 10);
}

/* A shell that nobody can have left the main screen of costs nothing. */
static void
test_plain(void **state)
{
	struct client	*c;

	(void)state;
	start();
	leave(attach(0, &dialect_ssh_ws));
	produce(60000, 4095);
	c = attach(1, &dialect_ssh_ws);
	drain(c);
	check_output(c, 0, s->whole);
	assert_int_equal(s->parsed, 0);
	/* A number may be anything, and has to be looked at. */
	say("1049 bottles");
	leave(c);
	c = attach(2, &dialect_ssh_ws);
	drain(c);
	assert_int_equal(c->nout, s->whole);
	assert_int_equal(s->parsed, s->whole);
	/* Cut where it was looked at. */
	say("\033[?10");
	assert_non_null(session_screen(s));
	say("49h\033[Hfull");
	leave(c);
	c = attach(3, &dialect_ssh_ws);
	drain(c);
	assert_true(c->nout < 4096);
	check_painted(c->out, c->nout);
}

/* The ring has lost the beginning: then there is no replay either. */
static void
test_repaint_lost(void **state)
{
	struct client	*c;
	uint64_t	 began;

	(void)state;
	start();
	leave(attach(0, &dialect_ssh_ws));
	produce(5000000, 65536);
	began = true_msec();
	c = attach(1, &dialect_ssh_ws);
	assert_true(true_msec() - began < 10000);
	drain(c);
	assert_true(c->nout < 20000);
	check_painted(c->out, c->nout);
	assert_int_equal(c->v->cursor, s->whole);
	say("\033[2J\033[Hafter");
	drain(c);
	check_painted(c->out, c->nout);
	assert_true(on_screen("after"));
}

/* A native client gets it only if it asks, from the offset it is told. */
static void
test_native(void **state)
{
	struct client	*a, *b;
	uint8_t		*p;
	size_t		 n;

	(void)state;
	start_opening(DIALECT_TERMINAL);
	session_opened(s);
	a = attach(0, &dialect_terminal_ws);
	produce(100000, 4095);
	drain(a);
	b = attach_as(1, &dialect_terminal_ws, MODE_RO, ATTACH_SCREEN, 0);
	drain(b);
	assert_int_equal(b->began, s->whole);
	n = painted(b, &p);
	check_painted(p, n);
	free(p);
	assert_int_equal(b->nout, 0);
	produce(1000, 100);
	drain(b);
	assert_int_equal(b->offset, s->ring.head);
	b = attach(2, &dialect_terminal_ws);
	drain(b);
	assert_null(b->screen);
	assert_int_equal(b->began, 0);
	assert_int_equal(b->nout, s->ring.head);
	drain(a);
	assert_null(a->screen);
	assert_int_equal(a->nout, s->ring.head);
}

/* Those who ask for large ones and do not read cannot fill the memory. */
static void
test_unread(void **state)
{
	char	 cell[32];
	int	 i;

	(void)state;
	start_opening(DIALECT_TERMINAL);
	session_opened(s);
	session_resize(s, 300, 100);
	for (i = 0; i < 300 * 100; i++) {
		(void)snprintf(cell, sizeof(cell), "\033[38;2;%d;%d;%dmx",
		    i % 256, i / 256, i % 7);
		say(cell);
	}
	for (i = 0; i < CLIENTS && attach_as(i, &dialect_terminal_ws,
	    MODE_RO, ATTACH_SCREEN, 0) != NULL; i++)
		continue;
	assert_in_range(i, 1, 8);
	leave(&clients[0]);
	assert_non_null(attach_as(i, &dialect_terminal_ws, MODE_RO,
	    ATTACH_SCREEN, 0));
}

/* Before the program runs there is an empty screen. */
static void
test_starting(void **state)
{
	struct client	*c;

	(void)state;
	start_opening(DIALECT_TERMINAL);
	session_resize(s, 100, 30);
	c = attach_as(0, &dialect_terminal_ws, MODE_RW, ATTACH_SCREEN, 0);
	drain(c);
	assert_non_null(c->screen);
	assert_int_equal(c->began, 0);
	session_opened(s);
	produce(5000, 1000);
	drain(c);
	assert_int_equal(c->offset, 5000);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		TEST(test_quiet),
		TEST(test_asked),
		TEST(test_character),
		TEST(test_sizes),
		TEST(test_repaint),
		TEST(test_plain),
		TEST(test_repaint_lost),
		TEST(test_native),
		TEST(test_unread),
		TEST(test_starting)
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
