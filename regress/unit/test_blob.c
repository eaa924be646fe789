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

/* links: common/blob.c */

/* Nothing is mapped that its sender could still change. */

#include "compat.h"

#include <sys/types.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "blob.h"

#define MAX	(1024 * 1024)

static void	 refused(int, size_t, int);
static void	 test_round_trip(void **);
static void	 test_sealed(void **);
static void	 test_empty(void **);
static void	 test_size(void **);
static void	 test_seals_missing(void **);
static void	 test_no_memfd(void **);

static void
refused(int fd, size_t max, int error)
{
	const uint8_t	*p;
	size_t		 len;

	errno = 0;
	assert_int_equal(blob_map(fd, max, &p, &len), -1);
	assert_int_equal(errno, error);
	assert_null(p);
	assert_int_equal(len, 0);
	assert_int_equal(blob_size(fd, max), -1);
	assert_int_equal(errno, error);
}

static void
test_round_trip(void **state)
{
	static uint8_t	 data[MAX];
	const uint8_t	*p;
	size_t		 i, len;
	int		 fd;

	(void)state;
	for (i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7);
	assert_int_not_equal(fd = blob_create(data, sizeof(data)), -1);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 0);
	assert_int_equal(blob_size(fd, MAX), MAX);
	assert_int_equal(blob_map(fd, MAX, &p, &len), 0);
	/* The mapping outlives the descriptor. */
	close(fd);
	assert_int_equal(len, sizeof(data));
	assert_memory_equal(p, data, len);
	blob_unmap(p, len);
}

/* Whoever holds it can neither write nor cut nor unseal it. */
static void
test_sealed(void **state)
{
	int	 fd;

	(void)state;
	assert_int_not_equal(fd = blob_create("secret", 6), -1);
	assert_int_equal(write(fd, "x", 1), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(ftruncate(fd, 0), -1);
	assert_int_equal(ftruncate(fd, 4096), -1);
	assert_ptr_equal(mmap(NULL, 6, PROT_READ | PROT_WRITE, MAP_SHARED,
	    fd, 0), MAP_FAILED);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), -1);
	close(fd);
}

static void
test_empty(void **state)
{
	const uint8_t	*p;
	size_t		 len;
	int		 fd;

	(void)state;
	assert_int_not_equal(fd = blob_create(NULL, 0), -1);
	assert_int_equal(blob_map(fd, MAX, &p, &len), 0);
	assert_null(p);
	assert_int_equal(len, 0);
	blob_unmap(p, len);
	close(fd);
}

static void
test_size(void **state)
{
	int	 fd;

	(void)state;
	assert_int_not_equal(fd = blob_create("12345", 5), -1);
	assert_int_equal(blob_size(fd, 5), 5);
	refused(fd, 4, EMSGSIZE);
	close(fd);
}

/* Each of the three seals is needed. */
static void
test_seals_missing(void **state)
{
	static const int	 seals[] = {
		F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_WRITE
	};
	size_t			 i, j;
	int			 fd;

	(void)state;
	for (i = 0; i < nitems(seals); i++) {
		fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
		assert_int_not_equal(fd, -1);
		assert_int_equal(write(fd, "abc", 3), 3);
		refused(fd, MAX, EPERM);
		for (j = 0; j < nitems(seals); j++)
			if (j != i)
				assert_int_equal(fcntl(fd, F_ADD_SEALS,
				    seals[j]), 0);
		refused(fd, MAX, EPERM);
		assert_int_equal(fcntl(fd, F_ADD_SEALS, seals[i]), 0);
		assert_int_equal(blob_size(fd, MAX), 3);
		close(fd);
	}
	fd = memfd_create("test", MFD_CLOEXEC);
	assert_int_not_equal(fd, -1);
	refused(fd, MAX, EPERM);
	close(fd);
}

static void
test_no_memfd(void **state)
{
	int	 fd, sv[2];

	(void)state;
	assert_int_not_equal(fd = open("/dev/null", O_RDONLY), -1);
	refused(fd, MAX, EINVAL);
	close(fd);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
	refused(sv[0], MAX, EINVAL);
	close(sv[0]);
	close(sv[1]);
	refused(-1, MAX, EBADF);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_sealed),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_seals_missing),
		cmocka_unit_test(test_no_memfd)
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
