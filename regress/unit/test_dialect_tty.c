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
 * The dialect of /tty and /pty: what becomes of any bytes as text, wherever
 * they are cut, and how everything ends.
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

#include <json-c/json.h>

#include "dialect.h"
#include "frame.h"
#include "session.h"
#include "session_fixture.h"
#include "spoken.h"
#include "utf8.h"
#include "viewer.h"

static const struct dialect *const	 all[] = {
	&dialect_tty_ws, &dialect_tty_sse, &dialect_tty_sse10
};

/* Characters of one to four bytes, a NUL, and each kind of what is none. */
static const char	 mixed[] =
    "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\0\x1b[0m\"\\\r\n"
    "\x80\xc3(\xe2\x82z\xf0\x9f\x98y\xf0\x9fx\xed\xa0\x80\xc0\xaf"
    "\xf4\x90\x80\x80\xff\xfe\xe2\x80\xa8\x7f\xe2\x94\x80\xf0\x9f\x98\x80";
#define MIXED_LEN	(sizeof(mixed) - 1)

static uint8_t	 heard[256 * 1024];
static size_t	 nheard;

/* Add what a client was sent to what it heard. */
static void
hear(struct client *c)
{
	struct json_object	*data, *o;
	struct utf8_state	 st;
	size_t			 i, len;
	const char		*p;

	listen_to(c);
	for (i = 0; i < nspoken; i++) {
		p = (const char *)spoken[i].data;
		len = spoken[i].len;
		o = NULL;
		if (spoken[i].opcode == WS_OP_CLOSE ||
		    strcmp(spoken[i].name, "exit") == 0)
			break;
		if (spoken[i].opcode == 0) {
			assert_string_equal(spoken[i].name, "output");
			assert_false(spoken[i].has_id);
			o = json_tokener_parse(p);
			assert_non_null(o);
			assert_int_equal(json_object_object_length(o), 1);
			assert_true(json_object_object_get_ex(o, "data",
			    &data));
			p = json_object_get_string(data);
			len = json_object_get_string_len(data);
		} else
			assert_int_equal(spoken[i].opcode, WS_TEXT);
		memset(&st, 0, sizeof(st));
		assert_int_equal(utf8_feed(&st, (const uint8_t *)p, len), 0);
		assert_true(utf8_complete(&st));
		assert_true(len <= sizeof(heard) - nheard);
		memcpy(heard + nheard, p, len);
		nheard += len;
		json_object_put(o);
	}
}

static void
assert_heard(const void *bytes, size_t n)
{
	static uint8_t	 want[sizeof(heard)];
	size_t		 len;

	len = utf8_text(want, bytes, n);
	assert_int_equal(nheard, len);
	assert_memory_equal(heard, want, len);
	nheard = 0;
}

/* Everything anew, for the next round of a test. */
static void
again(void)
{
	fixture_end(NULL);
	fixture_begin(NULL);
	start();
	nheard = 0;
}

/* In two pieces, cut everywhere. */
static void
test_cut(void **state)
{
	struct client	*c;
	size_t		 cut, i;

	(void)state;
	start();
	for (i = 0; i < nitems(all); i++) {
		for (cut = 0; cut <= MIXED_LEN; cut++) {
			again();
			c = join(0, all[i], MODE_RW, 0, 0);
			emit(mixed, cut);
			hear(c);
			emit(mixed + cut, MIXED_LEN - cut);
			hear(c);
			assert_heard(mixed, MIXED_LEN);
		}
	}
}

/* Byte by byte, as far as matters, and an end within a character. */
static void
test_bytes(void **state)
{
	struct client	*c;
	size_t		 end, i, k;

	(void)state;
	start();
	for (i = 0; i < nitems(all); i++) {
		for (end = 0; end <= MIXED_LEN; end++) {
			again();
			c = join(0, all[i], MODE_RW, 0, 0);
			k = end < 2 * UTF8_HELD_MAX ? 0 :
			    end - 2 * UTF8_HELD_MAX;
			emit(mixed, k);
			for (; k < end; k++) {
				emit(mixed + k, 1);
				hear(c);
			}
			session_exited(s, EXIT_CODE, 0);
			hear(c);
			assert_heard(mixed, end);
		}
	}
}

/* Several clients, one of whom came late, read the same. */
static void
test_late(void **state)
{
	struct client	*c[3];
	size_t		 i;

	(void)state;
	start();
	again();
	c[0] = join(0, all[0], MODE_RW, 0, 0);
	emit(mixed, 30);
	c[1] = join(1, all[1], MODE_RW, 0, 0);
	emit(mixed + 30, MIXED_LEN - 30);
	c[2] = join(2, all[2], MODE_RW, 0, 0);
	for (i = 0; i < nitems(c); i++) {
		hear(c[i]);
		assert_heard(mixed, MIXED_LEN);
	}
}

/* The rest of a character is waited for, but not for ever. */
static void
test_held(void **state)
{
	struct client	*c;
	size_t		 i;

	(void)state;
	start();
	for (i = 0; i < nitems(all); i++) {
		again();
		c = join(0, all[i], MODE_RW, 0, 0);
		emit("x\xf0\x9f", 3);
		hear(c);
		turn_msec(SESSION_HELD_MSEC - 20);
		hear(c);
		assert_heard("x", 1);
		turn_msec(40);
		hear(c);
		assert_heard("\xf0\x9f", 2);
		emit("\x98\x80y", 3);
		hear(c);
		assert_heard("\x98\x80y", 3);
	}
}

/* More than fits into one frame, and around the end of the ring. */
static void
test_long(void **state)
{
	static uint8_t	 big[40000];
	struct client	*c;
	size_t		 i, k, round;

	(void)state;
	start();
	for (k = 0; k < sizeof(big); k++)
		big[k] = mixed[(k * 7 / 5) % MIXED_LEN];
	for (i = 0; i < nitems(all); i++) {
		again();
		c = join(0, all[i], MODE_RW, 0, 0);
		for (round = 0; round < 40; round++) {
			emit(big, sizeof(big) - 1000 - round);
			emit("|", 1);
			hear(c);
			assert_true(nspoken >= 3);
			big[sizeof(big) - 1000 - round] = '|';
			assert_heard(big, sizeof(big) - 999 - round);
		}
	}
}

static void
test_repaint(void **state)
{
	static const char	 paint[] = "\x1b[2J\x1b[H\xe2\x94\x80\xff";
	struct viewer		 v;
	struct frame		*f;

	(void)state;
	start();
	memset(&v, 0, sizeof(v));
	v.dialect = &dialect_tty_ws;
	f = v.dialect->repaint(&v, (const uint8_t *)paint, 11);
	assert_int_equal(f->len, 2 + 10 + 3);
	assert_memory_equal(f->data,
	    "\x81\x0d\x1b[2J\x1b[H\xe2\x94\x80\xef\xbf\xbd", f->len);
	frame_unref(f);
	v.dialect = &dialect_tty_sse10;
	f = v.dialect->repaint(&v, (const uint8_t *)paint, 10);
	f->data[f->len - 1] = '\0';
	assert_string_equal((char *)f->data, "event: output\ndata: "
	    "{\"data\":\"\\u001b[2J\\u001b[H\xe2\x94\x80\"}\n");
	frame_unref(f);
}

/* Typed as on /ssh: test_viewer has all forms. */
static void
test_typed(void **state)
{
	struct client	*c;

	(void)state;
	start();
	c = join(0, &dialect_tty_ws, MODE_RW, 0, 0);
	text(c, "ls\n");
	assert_input("ls\n");
	text(c, "{\"type\":\"resize\",\"cols\":120,\"rows\":40}");
	assert_input("");
	assert_int_equal(fake.cols, 120);
	assert_int_equal(fake.rows, 40);
	text(c, "{\"type\":\"resize\",\"cols\":120,\"rows\":0}");
	assert_input("");
	text(c, "{\"type\":\"ping\"}");
	assert_input("{\"type\":\"ping\"}");
	put(c, 0x80 | WS_BINARY, "\0\xff", 2);
	assert_int_equal(fake.ninput, 2);
	assert_memory_equal(fake.input, "\0\xff", 2);
	assert_int_equal(fake.resizes, 1);
}

/*
 * Ends
 */

static const struct {
	enum end	 reason;
	uint8_t		 how;
	uint8_t		 code;
	const char	*text;
	int		 close;
	const char	*said;
	const char	*event;
	const char	*data;
} ends[] = {
	{ END_EXIT, EXIT_CODE, 0, "", 1000, "exit", "exit", "{\"code\":0}" },
	{ END_EXIT, EXIT_CODE, 255, "", 1000, "exit", "exit",
	    "{\"code\":255}" },
	{ END_EXIT, EXIT_SIGNAL, 9, "", 1000, "exit", "exit",
	    "{\"code\":137}" },
	{ END_EXIT, EXIT_UNKNOWN, 0, "", 1000, "exit", "exit",
	    "{\"code\":255}" },
	{ END_CLOSED, EXIT_UNKNOWN, 0, "", 1000, "exit", "exit",
	    "{\"code\":255}" },
	{ END_IDLE, EXIT_UNKNOWN, 0, "", 1000, "exit", "exit",
	    "{\"code\":255}" },
	{ END_LIMIT, EXIT_UNKNOWN, 0, "", 1000, "exit", "exit",
	    "{\"code\":255}" },
	{ END_FAILED, EXIT_UNKNOWN, 0, "", 1011, "Session error", "error",
	    "{\"message\":\"Session error\"}" },
	{ END_LOST, EXIT_UNKNOWN, 0, "", 1011, "connection lost", "error",
	    "{\"message\":\"connection lost\"}" },
	{ END_LOST, EXIT_UNKNOWN, 0, "the \"peer\"\xff", 1011,
	    "the \"peer\"", "error",
	    "{\"message\":\"the \\\"peer\\\"\xef\xbf\xbd\"}" },
	{ END_STOP, EXIT_UNKNOWN, 0, "", 1001, "stopping", "error",
	    "{\"message\":\"stopping\"}" }
};

static void
test_ends(void **state)
{
	struct client	*c;
	size_t		 i, k;

	(void)state;
	start();
	for (i = 0; i < nitems(ends) * nitems(all); i++) {
		again();
		k = i / nitems(all);
		c = join(0, all[i % nitems(all)], MODE_RW, 0, 0);
		emit("last words", 10);
		switch (ends[k].reason) {
		case END_EXIT:
			session_exited(s, ends[k].how, ends[k].code);
			break;
		case END_LOST:
			session_lost(s, ends[k].text);
			break;
		case END_FAILED:
			session_failed(s, FAIL_REFUSED);
			break;
		default:
			session_end(s, ends[k].reason);
			break;
		}
		listen_to(c);
		if (all[i % nitems(all)] == &dialect_tty_ws) {
			assert_close(nspoken - 1, ends[k].close,
			    ends[k].said);
		} else {
			assert_event(nspoken - 1, ends[k].event,
			    ends[k].data);
			assert_int_equal(finished,
			    all[i % nitems(all)] == &dialect_tty_sse);
		}
		assert_true(c->eof);
		assert_int_equal(nspoken, 2);
	}
}

static void
test_leaves(void **state)
{
	static const struct {
		enum leave	 reason;
		int		 close;
		const char	*said;
		const char	*data;
	} leaves[] = {
		{ LEAVE_SLOW, 1013, "too slow", "{\"message\":\"too slow\"}" },
		{ LEAVE_REVOKED, 1008, "Forbidden",
		    "{\"message\":\"Forbidden\"}" },
		{ LEAVE_STOP, 1001, "stopping", "{\"message\":\"stopping\"}" },
		{ LEAVE_OPERATOR, 1000, "closed", "{\"message\":\"closed\"}" },
		{ LEAVE_ERROR, 1011, "connection lost",
		    "{\"message\":\"connection lost\"}" }
	};
	struct client	*c;
	size_t		 i, k;

	(void)state;
	start();
	for (i = 0; i < nitems(leaves); i++) {
		for (k = 0; k < nitems(all); k++) {
			again();
			c = join(0, all[k], MODE_RW, 0, 0);
			viewer_leave(c->v, leaves[i].reason, 0);
			listen_to(c);
			if (k == 0)
				assert_close(0, leaves[i].close,
				    leaves[i].said);
			else
				assert_event(0, "error", leaves[i].data);
			assert_true(c->eof);
			assert_int_equal(s->state, SESSION_RUNNING);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		TEST(test_cut),
		TEST(test_bytes),
		TEST(test_late),
		TEST(test_held),
		TEST(test_long),
		TEST(test_repaint),
		TEST(test_typed),
		TEST(test_ends),
		TEST(test_leaves)
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
