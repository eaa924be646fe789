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

/*
 * Tickets.  What can break: one is good twice, or for what it was not made
 * for; a stream that lives ends with its ticket, or a ticket lives for ever;
 * one client fills the table for all.
 */
/* links: gatewayd/ticket.c @COMMON@ */

#include "compat.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "msg.h"
#include "ticket.h"

#define SID	"01234567-89ab-4def-8123-456789abcdef"
#define OTHER	"11234567-89ab-4def-8123-456789abcdef"
#define API	API_TERMINAL
#define T0	1000

static struct tickets		*ts;
static struct ticket_use	 use;

static const char
		*mint(const char *, uint8_t, time_t);
static const char
		*mint_as(const char *, const char *, const char *, uint8_t,
		    time_t);
static int	 take(const char *, time_t);
static int	 stream(const char *, time_t);
static void	 up(const char *, uint32_t);
static void	 down(const char *, uint32_t, time_t);

static int
setup(void **state)
{
	(void)state;
	ts = tickets_new();
	return (ts == NULL);
}

static int
teardown(void **state)
{
	(void)state;
	tickets_free(ts);
	return (0);
}

/* NULL where there are too many. */
static const char *
mint_as(const char *who, const char *session, const char *sandbox,
    uint8_t mode, time_t now)
{
	static char		 text[8][TICKET_HEX + 1];
	static int		 next;
	struct ticket_want	 want = { API, mode, who, session, sandbox };
	uint8_t			 secret[TICKET_LEN];
	char			*s;
	size_t			 i;

	s = text[next++ % 8];
	if (ticket_mint(ts, &want, now, secret) == -1) {
		assert_int_equal(errno, EAGAIN);
		return (NULL);
	}
	for (i = 0; i < TICKET_LEN; i++)
		snprintf(s + 2 * i, 3, "%02x", secret[i]);
	return (s);
}

static const char *
mint(const char *session, uint8_t mode, time_t now)
{
	return (mint_as("alice", session, session[0] == '\0' ? "box" : "",
	    mode, now));
}

static int
take(const char *s, time_t now)
{
	return (ticket_use(ts, s, API, SID, 0, now, &use));
}

static int
stream(const char *s, time_t now)
{
	return (ticket_use(ts, s, API, SID, 1, now, &use));
}

static void
up(const char *session, uint32_t number)
{
	struct msg_ticket_use	 m = { .ticket = number };

	strlcpy(m.session, session, sizeof(m.session));
	ticket_up(ts, &m);
}

static void
down(const char *session, uint32_t number, time_t now)
{
	struct msg_ticket_use	 m = { .ticket = number };

	strlcpy(m.session, session, sizeof(m.session));
	ticket_down(ts, &m, now);
}

static void
test_once(void **state)
{
	const char	*a, *b;

	(void)state;
	a = mint(SID, MODE_RO, T0);
	b = mint(SID, MODE_RW, T0);
	assert_string_not_equal(a, b);
	assert_int_equal(take(a, T0), 0);
	assert_string_equal(use.principal, "alice");
	assert_string_equal(use.sandbox, "");
	assert_int_equal(use.mode, MODE_RO);
	assert_int_equal(use.number, 0);
	assert_int_equal(take(a, T0), -1);
	assert_int_equal(take(b, T0), 0);
	assert_int_equal(use.mode, MODE_RW);
	assert_int_equal(stream(b, T0), -1);
}

static void
test_late(void **state)
{
	const char	*a, *b;

	(void)state;
	a = mint(SID, MODE_RW, T0);
	b = mint(SID, MODE_RW, T0);
	assert_int_equal(take(a, T0 + TICKET_TIME), 0);
	assert_int_equal(take(b, T0 + TICKET_TIME + 1), -1);
	assert_string_equal(use.principal, "");
}

static void
test_for_something_else(void **state)
{
	const char	*a;

	(void)state;
	a = mint(SID, MODE_RW, T0);
	assert_int_equal(ticket_use(ts, a, API_POCKETENV, SID, 0, T0, &use),
	    -1);
	assert_string_equal(use.principal, "alice");
	assert_int_equal(ticket_use(ts, a, API, OTHER, 0, T0, &use), -1);
	assert_int_equal(ticket_use(ts, a, API, OTHER, 1, T0, &use), -1);
	/* It is still there for what it was made for. */
	assert_int_equal(take(a, T0), 0);
}

static void
test_sandbox(void **state)
{
	const char	*a;
	uint32_t	 n;

	(void)state;
	a = mint("", MODE_RW, T0);
	assert_int_equal(take(a, T0), 0);
	assert_string_equal(use.sandbox, "box");
	/* A stream makes it that session's. */
	a = mint("", MODE_RW, T0);
	assert_int_equal(stream(a, T0), 0);
	assert_string_equal(use.sandbox, "box");
	n = use.number;
	assert_true(n > 0);
	assert_int_equal(ticket_use(ts, a, API, OTHER, 1, T0, &use), -1);
	assert_int_equal(stream(a, T0), 0);
	assert_int_equal(use.number, n);
}

static void
test_text(void **state)
{
	static const char *const	 bad[] = {
		"", "0", "00000000000000000000000000000000",
		"0000000000000000000000000000000", "zz"
	};
	char				 s[TICKET_HEX + 2];
	const char			*a;
	size_t				 i;

	(void)state;
	for (i = 0; i < nitems(bad); i++)
		assert_int_equal(take(bad[i], T0), -1);
	/* No other way to write it. */
	do
		a = mint_as("bob", SID, "", MODE_RW, T0 + 31 * (time_t)i++);
	while (strpbrk(a, "abcdef") == NULL);
	i--;
	strlcpy(s, a, sizeof(s));
	*strpbrk(s, "abcdef") -= 'a' - 'A';
	assert_int_equal(take(s, T0 + 31 * (time_t)i), -1);
	strlcpy(s, a, sizeof(s));
	strlcat(s, "0", sizeof(s));
	assert_int_equal(take(s, T0 + 31 * (time_t)i), -1);
	strlcpy(s, a, sizeof(s));
	s[TICKET_HEX - 1] = 'g';
	assert_int_equal(take(s, T0 + 31 * (time_t)i), -1);
	assert_int_equal(take(a, T0 + 31 * (time_t)i), 0);
}

/* As long as a stream is there, and 30 s more. */
static void
test_stream(void **state)
{
	const char	*a;
	uint32_t	 n;

	(void)state;
	a = mint(SID, MODE_RW, T0);
	assert_int_equal(stream(a, T0 + 30), 0);
	n = use.number;
	/* It had 30 s to come, and is there. */
	assert_int_equal(stream(a, T0 + 60), 0);
	up(SID, n);
	assert_int_equal(stream(a, T0 + 5000), 0);
	/* Only streams, now. */
	assert_int_equal(take(a, T0 + 5000), -1);
	/* The next is there before the first is seen to be gone. */
	up(SID, n);
	down(SID, n, T0 + 6000);
	assert_int_equal(stream(a, T0 + 7000), 0);
	down(SID, n, T0 + 8000);
	assert_int_equal(stream(a, T0 + 8030), 0);
	assert_int_equal(stream(a, T0 + 8060), 0);
	assert_int_equal(stream(a, T0 + 8091), -1);
	/* What is said of it afterwards is nothing. */
	up(SID, n);
	down(SID, n, T0 + 9000);
	assert_int_equal(stream(a, T0 + 9000), -1);
}

/* What a worker says of a ticket that it has nothing to do with. */
static void
test_foreign(void **state)
{
	const char	*a;
	uint32_t	 n;

	(void)state;
	a = mint(SID, MODE_RW, T0);
	assert_int_equal(stream(a, T0), 0);
	n = use.number;
	a = mint(SID, MODE_RW, T0);
	up(SID, n + 1);
	assert_int_equal(take(a, T0 + 31), -1);

	a = mint(SID, MODE_RW, T0);
	assert_int_equal(stream(a, T0), 0);
	n = use.number;
	up(OTHER, n);
	up(SID, n + 1);
	down(SID, n, T0 + 10);
	down(OTHER, n, T0 + 20);
	assert_int_equal(stream(a, T0 + 31), -1);

	a = mint(SID, MODE_RW, T0);
	assert_int_equal(stream(a, T0), 0);
	n = use.number;
	up(SID, n);
	down(OTHER, n, T0 + 1);
	down(OTHER, n, T0 + 1);
	assert_int_equal(stream(a, T0 + 1000), 0);
	down(SID, n, T0 + 1000);
	down(SID, n, T0 + 1020);
	assert_int_equal(stream(a, T0 + 1031), -1);
}

/* The next catalog knows nothing of a ticket, nor does its number. */
static void
test_restart(void **state)
{
	const char	*a;
	uint32_t	 n;

	a = mint(SID, MODE_RW, T0);
	assert_int_equal(stream(a, T0), 0);
	n = use.number;
	teardown(state);
	assert_int_equal(setup(state), 0);
	assert_int_equal(stream(a, T0), -1);
	a = mint(SID, MODE_RW, T0);
	assert_int_equal(stream(a, T0), 0);
	assert_int_not_equal(use.number, n);
	up(SID, use.number);
	down(SID, n, T0);
	assert_int_equal(stream(a, T0 + 1000), 0);
}

static void
test_bounds(void **state)
{
	const char	*a;
	char		 who[16];
	int		 i;

	(void)state;
	a = mint(SID, MODE_RW, T0);
	for (i = 1; i < TICKETS_PRINCIPAL_MAX; i++)
		assert_non_null(mint_as("alice", SID, "", MODE_RW, T0));
	assert_null(mint_as("alice", SID, "", MODE_RW, T0));
	assert_non_null(mint_as("bob", SID, "", MODE_RW, T0));
	/* None was dropped for it; one that is used makes room. */
	assert_int_equal(take(a, T0), 0);
	assert_non_null(mint_as("alice", SID, "", MODE_RW, T0));
	assert_null(mint_as("alice", SID, "", MODE_RW, T0));
	assert_non_null(mint_as("alice", SID, "", MODE_RW, T0 + 31));

	for (i = 1; i < TICKETS_MAX; i++) {
		snprintf(who, sizeof(who), "p%d", i / TICKETS_PRINCIPAL_MAX);
		assert_non_null(mint_as(who, SID, "", MODE_RW, T0 + 40));
	}
	assert_null(mint_as("carol", SID, "", MODE_RW, T0 + 40));
	assert_non_null(mint_as("carol", SID, "", MODE_RW, T0 + 62));
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test_setup_teardown(test_once, setup, teardown),
		cmocka_unit_test_setup_teardown(test_late, setup, teardown),
		cmocka_unit_test_setup_teardown(test_for_something_else,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(test_sandbox, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_text, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stream, setup, teardown),
		cmocka_unit_test_setup_teardown(test_foreign, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_restart, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_bounds, setup, teardown)
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
