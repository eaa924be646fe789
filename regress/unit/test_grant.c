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

/* links: sessiond/grant.c */

#include "compat.h"

#include <sys/types.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "grant.h"
#include "msg_conf.h"

#define SID	"11111111-2222-4333-8444-555555555555"
#define OTHER	"11111111-2222-4333-8444-666666666666"

static struct grants	 gs;
static uint8_t		 hash[HASH_LEN] = { 1, 2, 3 };

static void	 add(uint8_t, uint32_t, uint16_t, uint32_t, const char *,
		    time_t);
static int	 use(uint8_t, uint32_t, uint16_t, const uint8_t *, time_t);

static void
add(uint8_t id, uint32_t channel, uint16_t actions, uint32_t ttl,
    const char *session, time_t now)
{
	struct msg_grant	 m;

	memset(&m, 0, sizeof(m));
	memset(m.grant, id, sizeof(m.grant));
	m.channel = channel;
	m.actions = actions;
	m.mode = MODE_RW;
	m.viewer = 7;
	m.ticket = 9;
	m.ttl = ttl;
	m.api = API_TERMINAL;
	m.dialect = DIALECT_TERMINAL;
	strlcpy(m.name, "build", sizeof(m.name));
	strlcpy(m.principal, "alice", sizeof(m.principal));
	strlcpy(m.session, session, sizeof(m.session));
	memcpy(m.hash, hash, sizeof(m.hash));
	assert_int_equal(grant_add(&gs, &m, now), 0);
}

static int
use(uint8_t id, uint32_t channel, uint16_t action, const uint8_t *h,
    time_t now)
{
	struct grant	 g;
	uint8_t		 key[GRANT_LEN];

	memset(key, id, sizeof(key));
	if (grant_use(&gs, key, channel, action, h, now, &g) == -1)
		return (-1);
	assert_string_equal(g.session, SID);
	assert_int_equal(g.viewer, 7);
	assert_int_equal(g.ticket, 9);
	assert_int_equal(g.api, API_TERMINAL);
	assert_int_equal(g.dialect, DIALECT_TERMINAL);
	assert_string_equal(g.name, "build");
	assert_string_equal(g.principal, "alice");
	return (0);
}

static int
begin(void **state)
{
	(void)state;
	grants_init(&gs);
	return (0);
}

static int
end(void **state)
{
	(void)state;
	grants_free(&gs);
	return (0);
}

/* A stream counts once, on its channel, and not for another action. */
static void
test_stream(void **state)
{
	(void)state;
	add(1, 5, ACTION_ATTACH, 10, SID, 100);
	assert_int_equal(use(2, 5, ACTION_ATTACH, NULL, 100), -1);
	assert_int_equal(use(1, 6, ACTION_ATTACH, NULL, 100), -1);
	assert_int_equal(use(1, 5, ACTION_OPEN, NULL, 100), -1);
	assert_int_equal(use(1, 5, ACTION_INPUT, hash, 100), -1);
	/* None of these has used it up. */
	assert_int_equal(use(1, 5, ACTION_ATTACH, NULL, 109), 0);
	assert_int_equal(use(1, 5, ACTION_ATTACH, NULL, 109), -1);
	add(1, 5, ACTION_OPEN, 10, SID, 100);
	assert_int_equal(use(1, 5, ACTION_OPEN, NULL, 110), -1);
}

/* A call counts until its end, with its token only. */
static void
test_call(void **state)
{
	uint8_t	 wrong[HASH_LEN];

	(void)state;
	add(1, 5, ACTION_INPUT | ACTION_RESIZE, 60, SID, 100);
	memcpy(wrong, hash, sizeof(wrong));
	wrong[HASH_LEN - 1] ^= 1;
	assert_int_equal(use(1, 5, ACTION_INPUT, wrong, 100), -1);
	assert_int_equal(use(1, 5, ACTION_INPUT, NULL, 100), -1);
	assert_int_equal(use(1, 5, ACTION_CLOSE, hash, 100), -1);
	assert_int_equal(use(1, 5, ACTION_ATTACH, hash, 100), -1);
	assert_int_equal(use(1, 6, ACTION_INPUT, hash, 100), -1);
	assert_int_equal(use(1, 5, ACTION_INPUT, hash, 100), 0);
	assert_int_equal(use(1, 5, ACTION_RESIZE, hash, 159), 0);
	assert_int_equal(use(1, 5, ACTION_INPUT, hash, 160), -1);
}

/* Each right that counts once goes by itself; calls stay. */
static void
test_open_first(void **state)
{
	(void)state;
	add(1, 5, ACTION_OPEN | ACTION_INPUT, 60, SID, 100);
	assert_int_equal(grant_opens(&gs, SID, 100), 1);
	assert_int_equal(grant_opens(&gs, OTHER, 100), 0);
	assert_int_equal(use(1, 5, ACTION_OPEN, NULL, 100), 0);
	assert_int_equal(grant_opens(&gs, SID, 100), 0);
	assert_int_equal(use(1, 5, ACTION_OPEN, NULL, 100), -1);
	assert_int_equal(use(1, 5, ACTION_INPUT, hash, 101), 0);
	assert_int_equal(use(1, 5, ACTION_INPUT, hash, 159), 0);
	assert_int_equal(grant_count(&gs, 159), 1);
	assert_int_equal(grant_count(&gs, 160), 0);
	/* Events come after OPEN, with the same grant. */
	add(2, 5, ACTION_OPEN | ACTION_ATTACH, 10, SID, 200);
	assert_int_equal(use(2, 5, ACTION_OPEN, NULL, 200), 0);
	assert_int_equal(use(2, 5, ACTION_ATTACH, NULL, 200), 0);
	assert_int_equal(grant_count(&gs, 200), 0);
}

/* Who attaches needs no OPEN any more, nor can it be kept for later. */
static void
test_attach_opens(void **state)
{
	(void)state;
	add(1, 5, ACTION_OPEN | ACTION_ATTACH, 10, SID, 100);
	assert_int_equal(use(1, 5, ACTION_ATTACH, NULL, 100), 0);
	assert_int_equal(use(1, 5, ACTION_OPEN, NULL, 100), -1);
	assert_int_equal(grant_count(&gs, 100), 0);
	add(2, 5, ACTION_OPEN, 10, SID, 100);
	assert_int_equal(grant_opens(&gs, SID, 110), 0);
}

/* Those of the native API are calls like others; the mask is 16 bits wide. */
static void
test_wide(void **state)
{
	(void)state;
	add(1, 5, ACTION_SIGNAL | ACTION_STATUS | ACTION_LIST, 60, SID, 100);
	assert_int_equal(use(1, 5, ACTION_SIGNAL, NULL, 100), -1);
	assert_int_equal(use(1, 5, ACTION_TICKET, hash, 100), -1);
	assert_int_equal(use(1, 5, ACTION_SIGNAL, hash, 100), 0);
	assert_int_equal(use(1, 5, ACTION_STATUS, hash, 100), 0);
	assert_int_equal(use(1, 5, ACTION_LIST, hash, 100), 0);
	assert_int_equal(use(1, 5, ACTION_STATUS, hash, 159), 0);
}

static void
test_drop(void **state)
{
	(void)state;
	add(1, 5, ACTION_ATTACH, 10, SID, 100);
	add(2, 6, ACTION_ATTACH, 10, SID, 100);
	add(3, 6, ACTION_ATTACH, 10, OTHER, 100);
	assert_int_equal(grant_count(&gs, 100), 3);
	grant_drop_channel(&gs, 5);
	assert_int_equal(use(1, 5, ACTION_ATTACH, NULL, 100), -1);
	grant_drop_session(&gs, OTHER);
	assert_int_equal(grant_count(&gs, 100), 1);
	assert_int_equal(use(2, 6, ACTION_ATTACH, NULL, 100), 0);
	assert_int_equal(grant_count(&gs, 100), 0);
}

/* The table is bounded: the oldest makes room, the newest is good. */
static void
test_bound(void **state)
{
	struct msg_grant	 m;
	struct grant		 g;
	uint32_t		 i;

	(void)state;
	memset(&m, 0, sizeof(m));
	m.channel = 5;
	m.actions = ACTION_ATTACH;
	m.ttl = 10;
	for (i = 0; i < GRANTS_MAX + 10; i++) {
		memcpy(m.grant, &i, sizeof(i));
		assert_int_equal(grant_add(&gs, &m, 100), 0);
	}
	assert_int_equal(grant_count(&gs, 100), GRANTS_MAX);
	assert_int_equal(grant_use(&gs, m.grant, 5, ACTION_ATTACH, NULL, 100,
	    &g), 0);
	i = 0;
	memcpy(m.grant, &i, sizeof(i));
	assert_int_equal(grant_use(&gs, m.grant, 5, ACTION_ATTACH, NULL, 100,
	    &g), -1);
	assert_int_equal(grant_count(&gs, 111), 0);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test_setup_teardown(test_stream, begin, end),
		cmocka_unit_test_setup_teardown(test_call, begin, end),
		cmocka_unit_test_setup_teardown(test_open_first, begin, end),
		cmocka_unit_test_setup_teardown(test_attach_opens, begin,
		    end),
		cmocka_unit_test_setup_teardown(test_wide, begin, end),
		cmocka_unit_test_setup_teardown(test_drop, begin, end),
		cmocka_unit_test_setup_teardown(test_bound, begin, end)
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
