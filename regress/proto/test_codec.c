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

/* links: regress/proto/sample.c @COMMON@ */
/* flags: -Wl,--wrap=wire_u8,--wrap=wire_u16,--wrap=wire_u32
 * -Wl,--wrap=wire_u64,--wrap=wire_one_of,--wrap=wire_fixed
 * -Wl,--wrap=wire_str,--wrap=wire_name,--wrap=wire_uuid,--wrap=wire_bytes */

/*
 * Every message there is, as bytes: what is written is read back the same,
 * what differs by a bit or a byte is refused or is another message, and the
 * format is the one of golden.txt.  A format that changes changes that file
 * and PROTO_VERSION; GOLDEN_NEW=file writes a new one.
 */

#include "compat.h"

#include <sys/types.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sample.h"
#include "tables.h"

#define GOLDEN		"regress/proto/golden.txt"

static size_t	 encode(const struct msg_type *, enum sample, uint8_t *,
		    int *);
static int	 decodes(const uint8_t *, size_t, int, struct imsg *);
static void	 set_length(uint8_t *, size_t);
static void	 hex(char *, const uint8_t *, size_t);
static void	 test_types(void **);
static void	 test_tables(void **);
static void	 test_sizes(void **);
static void	 test_golden(void **);
static void	 test_round_trip(void **);
static void	 test_truncated(void **);
static void	 test_one_more(void **);
static void	 test_bit_flips(void **);
static void	 test_fd_flag(void **);
static void	 test_header(void **);
static void	 test_too_small(void **);
static void	 test_out_of_range(void **);

static size_t
encode(const struct msg_type *t, enum sample kind, uint8_t *buf, int *has_fd)
{
	struct imsg	 im;
	ssize_t		 n;

	sample_make(&im, t, kind);
	*has_fd = sample_has_fd(t->type);
	im.fd = *has_fd ? 0 : -1;
	if ((n = imsg_encode(&im, buf)) == -1)
		fail_msg("%s: sample %d cannot be encoded", t->name, kind);
	return ((size_t)n);
}

/* From memory that ends where the message ends, so that a tool can see. */
static int
decodes(const uint8_t *buf, size_t len, int has_fd, struct imsg *im)
{
	static uint8_t	 again[IMSG_MAX];
	uint8_t		*copy;
	const char	*why;
	ssize_t		 n;
	int		 ret;

	assert_non_null(copy = malloc(len + (len == 0)));
	memcpy(copy, buf, len);
	why = NULL;
	imsg_init(im, 0, 0);
	if ((ret = imsg_decode(im, copy, len, has_fd, &why)) == -1)
		assert_non_null(why);
	else {
		/* What is accepted is the only way to say it. */
		im->fd = has_fd ? 0 : -1;
		n = imsg_encode(im, again);
		assert_int_equal(n, len);
		assert_memory_equal(again, buf, len);
	}
	free(copy);
	return (ret == 0);
}

static void
set_length(uint8_t *buf, size_t len)
{
	buf[4] = (uint8_t)(len >> 24);
	buf[5] = (uint8_t)(len >> 16);
	buf[6] = (uint8_t)(len >> 8);
	buf[7] = (uint8_t)len;
}

/* Each has a number and a name of its own, and is in some table. */
static void
test_types(void **state)
{
	const struct msg_type	*t, *u;
	size_t			 i, j, bit, found;

	(void)state;
	for (i = 0; (t = sample_type(i)) != NULL; i++) {
		assert_string_equal(msg_name(t->type), t->name);
		for (j = 0; j < i; j++) {
			u = sample_type(j);
			assert_int_not_equal(t->type, u->type);
			assert_string_not_equal(t->name, u->name);
		}
		found = t->type == IMSG_BLOB;
		for (j = 0; j < msg_ntables; j++)
			found += msg_rule(msg_tables[j], t->type, &bit) !=
			    NULL;
		if (found == 0)
			fail_msg("%s is in no table", t->name);
	}
	assert_true(i > 50);
}

static void
test_tables(void **state)
{
	const struct msg_table	*tab;
	size_t			 i, j, bit, min, max;

	(void)state;
	for (i = 0; i < msg_ntables; i++) {
		tab = msg_tables[i];
		assert_in_range(tab->n, 1, MSG_RULES_MAX);
		for (j = 0; j < tab->n; j++) {
			/* It exists, once, and can be legal. */
			assert_int_equal(msg_range(tab->rules[j].type, &min,
			    &max), 0);
			assert_ptr_equal(msg_rule(tab, tab->rules[j].type,
			    &bit), &tab->rules[j]);
			assert_int_equal(bit, j);
			assert_int_not_equal(tab->rules[j].states, 0);
			assert_int_not_equal(tab->rules[j].type, IMSG_BLOB);
			/* A descriptor or none, wherever it is said. */
			assert_int_equal((tab->rules[j].flags & MR_FD) != 0,
			    sample_has_fd(tab->rules[j].type));
		}
	}
}

/* The smallest and the largest message are as long as is said. */
static void
test_sizes(void **state)
{
	static uint8_t		 buf[IMSG_MAX];
	const struct msg_type	*t;
	size_t			 i, min, max;
	int			 has_fd;

	(void)state;
	for (i = 0; (t = sample_type(i)) != NULL; i++) {
		assert_int_equal(msg_range(t->type, &min, &max), 0);
		assert_true(max <= IMSG_PAYLOAD_MAX);
		assert_int_equal(encode(t, SAMPLE_MIN, buf, &has_fd),
		    IMSG_HEADER_LEN + min);
		assert_int_equal(encode(t, SAMPLE_MAX, buf, &has_fd),
		    IMSG_HEADER_LEN + max);
	}
}

static void
hex(char *out, const uint8_t *p, size_t len)
{
	size_t	 i;

	for (i = 0; i < len; i++)
		(void)snprintf(out + 2 * i, 3, "%02x", p[i]);
}

static void
test_golden(void **state)
{
	static uint8_t		 buf[IMSG_MAX];
	static char		 want[2 * IMSG_MAX + 64], line[sizeof(want)];
	const struct msg_type	*t;
	FILE			*in, *out;
	size_t			 i, len;
	int			 has_fd, n;

	(void)state;
	out = NULL;
	if (getenv("GOLDEN_NEW") != NULL)
		assert_non_null(out = fopen(getenv("GOLDEN_NEW"), "w"));
	in = fopen(GOLDEN, "r");
	(void)snprintf(want, sizeof(want), "PROTO_VERSION %d\n",
	    PROTO_VERSION);
	if (out != NULL)
		fputs(want, out);
	else {
		assert_non_null(in);
		assert_non_null(fgets(line, sizeof(line), in));
		assert_string_equal(line, want);
	}
	for (i = 0; (t = sample_type(i)) != NULL; i++) {
		len = encode(t, SAMPLE_MIXED, buf, &has_fd);
		n = snprintf(want, sizeof(want), "%s ", t->name);
		hex(want + n, buf, len);
		strlcat(want, "\n", sizeof(want));
		if (out != NULL)
			fputs(want, out);
		else if (fgets(line, sizeof(line), in) == NULL ||
		    strcmp(line, want) != 0)
			fail_msg("%s: is %sin %s: %s", t->name, want, GOLDEN,
			    line);
	}
	if (out != NULL)
		fclose(out);
	else
		assert_null(fgets(line, sizeof(line), in));
	if (in != NULL)
		fclose(in);
}

static void
test_round_trip(void **state)
{
	static uint8_t		 buf[IMSG_MAX];
	const struct msg_type	*t;
	struct imsg		 im;
	enum sample		 kind;
	size_t			 i, len;
	int			 has_fd;

	(void)state;
	for (i = 0; (t = sample_type(i)) != NULL; i++)
		for (kind = 0; kind < SAMPLES; kind++) {
			len = encode(t, kind, buf, &has_fd);
			if (!decodes(buf, len, has_fd, &im))
				fail_msg("%s: sample %d is refused", t->name,
				    kind);
			assert_int_equal(im.type, t->type);
			assert_int_equal(im.id, 0x01020304);
		}
}

/* With its length adjusted to what is left, and without. */
static void
test_truncated(void **state)
{
	static uint8_t		 buf[IMSG_MAX];
	const struct msg_type	*t;
	struct imsg		 im;
	size_t			 i, len, n;
	int			 has_fd;

	(void)state;
	for (i = 0; (t = sample_type(i)) != NULL; i++) {
		len = encode(t, SAMPLE_MIXED, buf, &has_fd);
		for (n = 0; n < len; n++) {
			assert_false(decodes(buf, n, has_fd, &im));
			set_length(buf, n);
			assert_false(decodes(buf, n, has_fd, &im));
			set_length(buf, len);
		}
	}
}

static void
test_one_more(void **state)
{
	static uint8_t		 buf[IMSG_MAX + 1];
	const struct msg_type	*t;
	struct imsg		 im;
	enum sample		 kind;
	size_t			 i, len;
	int			 has_fd;

	(void)state;
	for (i = 0; (t = sample_type(i)) != NULL; i++)
		for (kind = 0; kind < SAMPLES; kind++) {
			len = encode(t, kind, buf, &has_fd);
			buf[len] = 0;
			assert_false(decodes(buf, len + 1, has_fd, &im));
			set_length(buf, len + 1);
			assert_false(decodes(buf, len + 1, has_fd, &im));
		}
}

/* Refused, or another message: decodes() compares. */
static void
test_bit_flips(void **state)
{
	static uint8_t		 buf[IMSG_MAX];
	const struct msg_type	*t;
	struct imsg		 im;
	enum sample		 kind;
	size_t			 bit, i, len;
	int			 has_fd;

	(void)state;
	for (i = 0; (t = sample_type(i)) != NULL; i++)
		for (kind = 0; kind < SAMPLES; kind++) {
			len = encode(t, kind, buf, &has_fd);
			/* A long run of one byte adds nothing but time. */
			if (len > 3000)
				continue;
			for (bit = 0; bit < 8 * len; bit++) {
				buf[bit / 8] ^= (uint8_t)(1 << bit % 8);
				(void)decodes(buf, len, has_fd, &im);
				buf[bit / 8] ^= (uint8_t)(1 << bit % 8);
			}
		}
}

static void
test_fd_flag(void **state)
{
	static uint8_t		 buf[IMSG_MAX];
	const struct msg_type	*t;
	struct imsg		 im;
	size_t			 i, len;
	int			 has_fd;

	(void)state;
	for (i = 0; (t = sample_type(i)) != NULL; i++) {
		len = encode(t, SAMPLE_MIXED, buf, &has_fd);
		assert_int_equal(buf[3], has_fd);
		assert_false(decodes(buf, len, !has_fd, &im));
	}
}

static void
test_header(void **state)
{
	static uint8_t		 buf[IMSG_MAX];
	const struct msg_type	*t;
	struct imsg		 im;
	size_t			 i, len;
	unsigned int		 type, flag;
	int			 has_fd;

	(void)state;
	t = sample_type(0);
	len = encode(t, SAMPLE_MIXED, buf, &has_fd);
	for (flag = 0x0002; flag <= 0x8000; flag <<= 1) {
		buf[2] = (uint8_t)(flag >> 8);
		buf[3] = (uint8_t)flag;
		assert_false(decodes(buf, len, has_fd, &im));
	}
	/* No other number is a type. */
	memset(buf, 0, sizeof(buf));
	set_length(buf, IMSG_HEADER_LEN);
	for (type = 0; type <= UINT16_MAX; type++) {
		for (i = 0; (t = sample_type(i)) != NULL; i++)
			if (t->type == type)
				break;
		if (t != NULL)
			continue;
		buf[0] = (uint8_t)(type >> 8);
		buf[1] = (uint8_t)type;
		assert_false(decodes(buf, IMSG_HEADER_LEN, 0, &im));
		assert_string_equal(msg_name((uint16_t)type), "?");
	}
}

/* A buffer that is a byte too short is not written past. */
static void
test_too_small(void **state)
{
	const struct msg_type	*t;
	struct imsg		 im;
	uint8_t			*p;
	size_t			 i, min, max;

	(void)state;
	for (i = 0; (t = sample_type(i)) != NULL; i++) {
		assert_int_equal(msg_range(t->type, &min, &max), 0);
		if (max == 0)
			continue;
		sample_make(&im, t, SAMPLE_MAX);
		assert_non_null(p = malloc(max));
		assert_int_equal(msg_put(t->type, &im.m, p, max), max);
		free(p);
		assert_non_null(p = malloc(max - 1 + (max == 1)));
		assert_int_equal(msg_put(t->type, &im.m, p, max - 1), -1);
		free(p);
	}
}

/* A writer refuses what a reader would: some of each kind of field. */
static void
test_out_of_range(void **state)
{
	static uint8_t	 buf[IMSG_MAX];
	struct imsg	 im;

	(void)state;
	imsg_init(&im, IMSG_OPEN, 1);
	im.m.open.cols = 0;
	im.m.open.rows = 24;
	assert_int_equal(imsg_encode(&im, buf), -1);
	im.m.open.cols = COLS_MAX + 1;
	assert_int_equal(imsg_encode(&im, buf), -1);
	im.m.open.cols = COLS_MAX;
	assert_int_not_equal(imsg_encode(&im, buf), -1);

	imsg_init(&im, IMSG_CTL_KILL, 1);
	assert_int_equal(imsg_encode(&im, buf), -1);
	strlcpy(im.m.session.session, "01234567-89AB-4cde-8f01-23456789abcd",
	    sizeof(im.m.session.session));
	assert_int_equal(imsg_encode(&im, buf), -1);
	/* Not terminated. */
	memset(im.m.session.session, 'a', sizeof(im.m.session.session));
	assert_int_equal(imsg_encode(&im, buf), -1);

	imsg_init(&im, IMSG_RECORD, 1);
	strlcpy(im.m.record.sandbox, "../x", sizeof(im.m.record.sandbox));
	assert_int_equal(imsg_encode(&im, buf), -1);
	memset(im.m.record.sandbox, 'a', sizeof(im.m.record.sandbox));
	assert_int_equal(imsg_encode(&im, buf), -1);

	imsg_init(&im, IMSG_CONF_OWNER, 1);
	assert_int_equal(imsg_encode(&im, buf), -1);
	memset(im.m.conf_owner.owner, 'a', sizeof(im.m.conf_owner.owner));
	assert_int_equal(imsg_encode(&im, buf), -1);

	imsg_init(&im, IMSG_INPUT, 1);
	im.m.input.data.p = buf;
	im.m.input.data.len = INPUT_INLINE_MAX + 1;
	assert_int_equal(imsg_encode(&im, buf), -1);
	im.m.input.data.len = 65536 + 1;
	assert_int_equal(imsg_encode(&im, buf), -1);

	imsg_init(&im, 0, 1);
	assert_int_equal(imsg_encode(&im, buf), -1);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_one_more),
		cmocka_unit_test(test_bit_flips),
		cmocka_unit_test(test_fd_flag),
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_too_small),
		cmocka_unit_test(test_out_of_range)
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
