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

/* links: proto/signames.c */

#include "compat.h"

#include <sys/types.h>

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "signames.h"

static int
number(const char *name)
{
	return (signame_number(name, strlen(name)));
}

static void
test_names(void **state)
{
	static const char *const	 bad[] = {
		"", "S", "SIG", "SIGSIGINT", "int", "sigint", "INT ", " INT",
		"2", "SIG2", "IN", "INTX", "EXIT", "NULL", "RTMIN"
	};
	size_t				 i;

	(void)state;
	assert_int_equal(number("INT"), SIGINT);
	assert_int_equal(number("SIGINT"), SIGINT);
	assert_int_equal(number("TERM"), SIGTERM);
	assert_int_equal(number("SIGWINCH"), SIGWINCH);
	for (i = 0; i < nitems(bad); i++)
		assert_int_equal(number(bad[i]), -1);
	/* Not past the length, and not past a NUL. */
	assert_int_equal(signame_number("INTX", 3), SIGINT);
	assert_int_equal(signame_number("INT\0", 4), -1);
}

static void
test_numbers(void **state)
{
	char	 full[SIGNAME_MAX + 3], out[SIGNAME_MAX];
	int	 i, n;

	(void)state;
	for (i = n = 0; i < 256; i++) {
		signame(out, i);
		if (number(out) == -1) {
			(void)snprintf(full, sizeof(full), "%d", i);
			assert_string_equal(out, full);
			continue;
		}
		assert_int_equal(number(out), i);
		(void)snprintf(full, sizeof(full), "SIG%s", out);
		assert_int_equal(number(full), i);
		n++;
	}
	assert_true(n >= 26);
	assert_string_equal(signame(out, SIGKILL), "KILL");
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_numbers)
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
