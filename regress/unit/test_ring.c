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

/* links: proto/utf8.c sessiond/ring.c */

#include "compat.h"

#include <sys/types.h>
#include <sys/uio.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ring.h"

#define KEEP	100
#define ROOM	16

static uint8_t	 value(uint64_t);
static void	 fill(struct ring *, size_t);
static void	 put(struct ring *, const char *);

/* What byte number i of the stream is. */
static uint8_t
value(uint64_t i)
{
	return (i * 7 + i / 251);
}

/* Write n numbered bytes as one read would. */
static void
fill(struct ring *r, size_t n)
{
	struct iovec	 iov[2];
	size_t		 i, j, done;
	int		 nvec;

	nvec = ring_room(r, iov);
	done = 0;
	for (i = 0; i < (size_t)nvec; i++) {
		for (j = 0; j < iov[i].iov_len && done < n; j++)
			((uint8_t *)iov[i].iov_base)[j] =
			    value(r->head + done++);
	}
	assert_int_equal(done, n);
	ring_commit(r, n);
}

static void
put(struct ring *r, const char *s)
{
	struct iovec	 iov[2];
	size_t		 n, first;

	n = strlen(s);
	ring_room(r, iov);
	first = n < iov[0].iov_len ? n : iov[0].iov_len;
	memcpy(iov[0].iov_base, s, first);
	if (n > first)
		memcpy(iov[1].iov_base, s + first, n - first);
	ring_commit(r, n);
}

/* The newest bytes survive every read, whatever its length. */
static void
test_keeps(void **state)
{
	struct ring	 r;
	uint8_t		 tmp[KEEP];
	const uint8_t	*p;
	uint64_t	 i, tail;
	int		 turn;

	(void)state;
	assert_int_equal(ring_init(&r, KEEP, ROOM), 0);
	for (turn = 0; turn < 1000; turn++) {
		fill(&r, turn * 5 % (ROOM + 1));
		tail = ring_tail(&r);
		assert_true(r.head - tail <= KEEP);
		assert_true(tail == 0 || r.head - tail == KEEP);
		p = ring_span(&r, tail, r.head - tail, tmp);
		for (i = tail; i < r.head; i++)
			assert_int_equal(p[i - tail], value(i));
	}
	assert_true(r.head > 4 * (KEEP + ROOM));
	ring_free(&r);
}

/* The room never overlaps with what can be looked at. */
static void
test_room(void **state)
{
	struct ring	 r;
	struct iovec	 iov[2];
	size_t		 n, i;
	int		 turn, nvec;

	(void)state;
	assert_int_equal(ring_init(&r, KEEP, ROOM), 0);
	for (turn = 0; turn < 500; turn++) {
		nvec = ring_room(&r, iov);
		for (i = n = 0; i < (size_t)nvec; i++) {
			memset(iov[i].iov_base, 0xee, iov[i].iov_len);
			n += iov[i].iov_len;
		}
		assert_int_equal(n, ROOM);
		if (r.head > 0) {
			uint8_t	 tmp[1];

			assert_int_equal(*ring_span(&r, ring_tail(&r), 1, tmp),
			    value(ring_tail(&r)));
		}
		fill(&r, 1 + turn % ROOM);
	}
	ring_free(&r);
}

static void
test_cut(void **state)
{
	struct ring	 r;
	uint64_t	 base;
	int		 turn;

	(void)state;
	assert_int_equal(ring_init(&r, KEEP, ROOM), 0);
	/* At each place of the ring, also where it wraps. */
	for (turn = 0; turn < KEEP + ROOM; turn++) {
		base = r.head;
		put(&r, "a\xe2\x82");
		assert_int_equal(ring_cut(&r, base, r.head), base + 1);
		put(&r, "\xac");
		assert_int_equal(ring_cut(&r, base, r.head), base + 4);
		put(&r, "\xf0\x9f\x98");
		assert_int_equal(ring_cut(&r, base, r.head), base + 4);
		put(&r, "\x80\xff\xfe");
		assert_int_equal(ring_cut(&r, base, r.head), r.head);
		put(&r, "\x80\x80\x80");
		assert_int_equal(ring_cut(&r, base, r.head), r.head);
		/* A start inside of a character is no lead byte. */
		assert_int_equal(ring_cut(&r, r.head, r.head), r.head);
	}
	ring_free(&r);
}

static void
test_line(void **state)
{
	struct ring	 r;

	(void)state;
	assert_int_equal(ring_init(&r, KEEP, ROOM), 0);
	put(&r, "\x82\xac" "abc\ndef\n");
	assert_int_equal(ring_line(&r, 0, 50), 6);
	assert_int_equal(ring_line(&r, 6, 50), 10);
	assert_int_equal(ring_line(&r, 10, 50), 10);
	/* No line end within reach: at the next character. */
	assert_int_equal(ring_line(&r, 0, 4), 2);
	assert_int_equal(ring_line(&r, 2, 2), 2);
	ring_free(&r);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_keeps),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_line)
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
