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
 * Metrics as text.  What can break: Prometheus drops a whole page for one
 * line that is out of place: a type stated twice, rows of one name apart,
 * a label that is not closed.
 */
/* links: gatewayd/metrics.c */

#include "compat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <event2/buffer.h>

#include "metrics.h"

static struct metrics	 m;

static int	 add(uint8_t, const char *, const char *, uint64_t);
static void	 text_is(const char *);
static void	 test_empty(void **);
static void	 test_grouped(void **);
static void	 test_values(void **);
static void	 test_refused(void **);
static void	 test_full(void **);

static int
add(uint8_t kind, const char *name, const char *label, uint64_t value)
{
	struct msg_ctl_metric	 row;

	memset(&row, 0, sizeof(row));
	row.kind = kind;
	strlcpy(row.name, name, sizeof(row.name));
	strlcpy(row.label, label, sizeof(row.label));
	row.value = value;
	return (metrics_add(&m, &row));
}

static void
text_is(const char *want)
{
	struct evbuffer	*out;

	out = evbuffer_new();
	assert_non_null(out);
	assert_int_equal(metrics_render(&m, out), 0);
	assert_int_equal(evbuffer_add(out, "", 1), 0);
	assert_string_equal((char *)evbuffer_pullup(out, -1), want);
	evbuffer_free(out);
}

static void
test_empty(void **state)
{
	(void)state;
	metrics_reset(&m);
	text_is("");
}

static void
test_grouped(void **state)
{
	(void)state;
	metrics_reset(&m);
	assert_int_equal(add(METRIC_GAUGE, "processes", "role=\"a\"", 1), 0);
	assert_int_equal(add(METRIC_COUNTER, "n_total", "role=\"a\"", 2), 0);
	assert_int_equal(add(METRIC_GAUGE, "processes", "role=\"b\"", 3), 0);
	assert_int_equal(add(METRIC_COUNTER, "n_total", "role=\"b\"", 4), 0);
	assert_int_equal(add(METRIC_GAUGE, "sessions", "", 5), 0);
	text_is("# TYPE gatewayd_processes gauge\n"
	    "gatewayd_processes{role=\"a\"} 1\n"
	    "gatewayd_processes{role=\"b\"} 3\n"
	    "# TYPE gatewayd_n_total counter\n"
	    "gatewayd_n_total{role=\"a\"} 2\n"
	    "gatewayd_n_total{role=\"b\"} 4\n"
	    "# TYPE gatewayd_sessions gauge\n"
	    "gatewayd_sessions 5\n");
	/* Another collection begins anew. */
	metrics_reset(&m);
	assert_int_equal(add(METRIC_COUNTER, "sessions", "", 6), 0);
	text_is("# TYPE gatewayd_sessions counter\n"
	    "gatewayd_sessions 6\n");
}

static void
test_values(void **state)
{
	(void)state;
	metrics_reset(&m);
	assert_int_equal(add(METRIC_GAUGE, "a", "", 0), 0);
	assert_int_equal(add(METRIC_GAUGE, "b", "", UINT64_MAX), 0);
	text_is("# TYPE gatewayd_a gauge\ngatewayd_a 0\n"
	    "# TYPE gatewayd_b gauge\ngatewayd_b 18446744073709551615\n");
}

static void
test_refused(void **state)
{
	static const char *const	 names[] = {
		"", "A", "a b", "a{", "a\n", "\xc3\xa4", "a-b"
	};
	static const char *const	 labels[] = {
		"a", "a=", "a=b", "=\"b\"", "a=\"b", "a=\"b\"c", "a=\"b\\\"",
		"a=\"b\nc\"", "a\n=\"b\"", "a=\"b\",c=\"d\"", "a}=\"b\""
	};
	size_t				 i;

	(void)state;
	metrics_reset(&m);
	for (i = 0; i < nitems(names); i++)
		assert_int_equal(add(METRIC_GAUGE, names[i], "", 1), -1);
	for (i = 0; i < nitems(labels); i++)
		assert_int_equal(add(METRIC_GAUGE, "a", labels[i], 1), -1);
	text_is("");
	assert_int_equal(add(METRIC_GAUGE, "a", "b=\"\"", 1), 0);
	assert_int_equal(add(METRIC_COUNTER, "a", "b=\"c\"", 1), -1);
	text_is("# TYPE gatewayd_a gauge\ngatewayd_a{b=\"\"} 1\n");
}

static void
test_full(void **state)
{
	char	 label[32];
	int	 i;

	(void)state;
	metrics_reset(&m);
	for (i = 0; i < METRICS_MAX; i++) {
		(void)snprintf(label, sizeof(label), "n=\"%d\"", i);
		assert_int_equal(add(METRIC_GAUGE, "a", label, 1), 0);
	}
	assert_int_equal(add(METRIC_GAUGE, "a", "n=\"x\"", 1), -1);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_grouped),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_full)
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
