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

/* links: gatewayd/rate.c common/net.c */

#include "compat.h"

#include <sys/types.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "net.h"
#include "rate.h"

#define SEC		((uint64_t)1000)
#define START		(1000000 * SEC)		/* a window of 10 begins */

static struct rate_map	*
open_map(void)
{
	struct rate_map	*map;
	int		 fd;

	fd = rate_map_create();
	assert_int_not_equal(fd, -1);
	assert_int_equal(ftruncate(fd, 0), -1);
	assert_int_equal(ftruncate(fd, (off_t)rate_map_size() * 2), -1);
	map = rate_map_open(fd);
	assert_non_null(map);
	close(fd);
	return (map);
}

static void
close_map(struct rate_map *map)
{
	munmap(map, rate_map_size());
}

static void
key_of(struct rate_key *key, const char *text)
{
	struct net_addr	 a;

	assert_int_equal(net_from_text(&a, text), 0);
	rate_key_address(key, &a);
}

static int
hit(struct rate_map *map, const char *text, uint32_t limit, uint64_t now)
{
	struct rate_verdict	 v;
	struct rate_key		 key;

	key_of(&key, text);
	rate_hit(map, &key, limit, 10, now, &v);
	assert_int_equal(v.limit, limit);
	assert_int_equal(v.window, 10);
	if (!v.allowed)
		assert_int_equal(v.remaining, 0);
	return (v.allowed ? (int)v.remaining : -1);
}

static void
test_limit(void **state)
{
	struct rate_map	*map;
	int		 i;

	(void)state;
	map = open_map();
	for (i = 4; i >= 0; i--)
		assert_int_equal(hit(map, "192.0.2.1", 5, START), i);
	for (i = 0; i < 3; i++)
		assert_int_equal(hit(map, "192.0.2.1", 5, START + 9 * SEC),
		    -1);
	assert_int_equal(hit(map, "192.0.2.2", 5, START), 4);
	close_map(map);
}

/* What was asked in the last window counts as far as this one covers it. */
static void
test_slides(void **state)
{
	struct rate_map	*map;
	int		 i;

	(void)state;
	map = open_map();
	for (i = 0; i < 10; i++)
		(void)hit(map, "192.0.2.1", 10, START + 9 * SEC);
	assert_int_equal(hit(map, "192.0.2.1", 10, START + 10 * SEC), -1);
	assert_int_equal(hit(map, "192.0.2.1", 10, START + 15 * SEC), 4);
	assert_int_equal(hit(map, "192.0.2.1", 10, START + 20 * SEC), 8);
	/* A gap of a window, and of many, forgets all. */
	for (i = 0; i < 10; i++)
		(void)hit(map, "192.0.2.1", 10, START + 30 * SEC);
	assert_int_equal(hit(map, "192.0.2.1", 10, START + 50 * SEC), 9);
	assert_int_equal(hit(map, "192.0.2.1", 10, START + 5000000 * SEC),
	    9);
	close_map(map);
}

static void
test_keys(void **state)
{
	struct rate_key	 a, b;

	(void)state;
	key_of(&a, "2001:db8::1");
	key_of(&b, "2001:db8::ffff:ffff:ffff:ffff");
	assert_memory_equal(&a, &b, sizeof(a));
	key_of(&b, "2001:db8:0:1::1");
	assert_memory_not_equal(&a, &b, sizeof(a));
	key_of(&a, "::ffff:192.0.2.1");
	key_of(&b, "192.0.2.1");
	assert_memory_equal(&a, &b, sizeof(a));
	rate_key_session(&a, "5f8bd7a0-34d3-4b7a-9d3e-1f3a0c9d2e11");
	rate_key_session(&b, "5f8bd7a0-34d3-4b7a-9d3e-1f3a0c9d2e12");
	assert_memory_not_equal(&a, &b, sizeof(a));
}

/* Whatever another process writes: no crash, and no loop. */
static void
test_scribble(void **state)
{
	struct rate_map	*map;
	char		 text[NET_TEXT_SIZE];
	int		 i, round;

	(void)state;
	map = open_map();
	for (round = 0; round < 8; round++) {
		arc4random_buf(map, rate_map_size());
		if (round == 0)
			memset(map, 0xff, rate_map_size());
		for (i = 0; i < 1000; i++) {
			(void)snprintf(text, sizeof(text), "10.0.%d.%d",
			    i / 250, i % 250);
			(void)hit(map, text, 100, START + i);
		}
	}
	close_map(map);
}

/* More keys than places: the newest are counted. */
static void
test_full(void **state)
{
	struct rate_map	*map;
	char		 text[NET_TEXT_SIZE];
	int		 i;

	(void)state;
	map = open_map();
	for (i = 0; i < 100000; i++) {
		(void)snprintf(text, sizeof(text), "10.%d.%d.%d", i >> 16,
		    (i >> 8) & 255, i & 255);
		assert_int_equal(hit(map, text, 5, START + i), 4);
	}
	for (i = 3; i >= 0; i--)
		assert_int_equal(hit(map, text, 5, START + 99999), i);
	assert_int_equal(hit(map, text, 5, START + 99999), -1);
	close_map(map);
}

/* Two processes at once lose nothing. */
static void
test_shared(void **state)
{
	struct rate_map	*map;
	pid_t		 pid;
	int		 i, status;

	(void)state;
	map = open_map();
	(void)hit(map, "192.0.2.1", 100001, START);
	if ((pid = fork()) == 0) {
		for (i = 0; i < 20000; i++)
			(void)hit(map, "192.0.2.1", 100001, START);
		_exit(0);
	}
	for (i = 0; i < 20000; i++)
		(void)hit(map, "192.0.2.1", 100001, START);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(hit(map, "192.0.2.1", 100001, START), 59999);
	close_map(map);
}

static void
test_refused(void **state)
{
	int	 fd;

	(void)state;
	fd = memfd_create("x", MFD_ALLOW_SEALING);
	assert_int_equal(ftruncate(fd, (off_t)rate_map_size()), 0);
	assert_null(rate_map_open(fd));
	assert_int_equal(errno, EINVAL);
	assert_int_equal(ftruncate(fd, 4096), 0);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW),
	    0);
	assert_null(rate_map_open(fd));
	close(fd);
	fd = open("/dev/null", O_RDWR);
	assert_null(rate_map_open(fd));
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_slides),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_scribble),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_shared),
		cmocka_unit_test(test_refused)
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
