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
 * Records from the configuration.  What can break: a principal that is the
 * start of an owner's name, or longer, gets in; a set that is dropped while
 * it is in use is still asked; a descriptor is kept for every answer.
 */
/* links: gatewayd/catalog_static.c common/blob.c proto/record.c */

#include "compat.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "blob.h"
#include "catalog_static.h"
#include "record.h"

#define ALICE	"did:plc:alice"
#define BOB	"did:plc:bob"

/* What came of the last question. */
static struct {
	int			 n;
	enum catalog_answer	 answer;
	struct catalog_found	 found;
} got;

static uint8_t	 body[64];
static size_t	 bodylen;

static void	 done(struct catalog_query *, enum catalog_answer,
		    struct catalog_found *);
static size_t	 item(uint8_t *, uint8_t, const char *, const char *);
static void	 add(struct static_records *, const char *, const char *);
static enum catalog_answer
		 ask(const char *, const char *, int);
static int	 refused(const uint8_t *, size_t);
static int	 lowest_fd(void);
static int	 setup(void **);
static void	 test_owners(void **);
static void	 test_record(void **);
static void	 test_not_wanted(void **);
static void	 test_none_in_use(void **);
static void	 test_malformed(void **);
static void	 test_incomplete(void **);
static void	 test_many(void **);
static void	 test_bounds(void **);

static void
done(struct catalog_query *q, enum catalog_answer answer,
    struct catalog_found *found)
{
	(void)q;
	got.n++;
	got.answer = answer;
	memset(&got.found, 0, sizeof(got.found));
	got.found.record = -1;
	if (found != NULL) {
		got.found = *found;
		found->record = -1;
	}
}

static size_t
item(uint8_t *p, uint8_t tag, const char *name, const char *value)
{
	struct record_item	 it;

	it.tag = tag;
	it.name = name;
	it.namelen = strlen(name);
	it.value = value;
	it.len = strlen(value);
	record_item_put(p, &it);
	return (record_item_size(&it));
}

static int
setup(void **state)
{
	(void)state;
	bodylen = item(body, RECORD_ARG, "", "/bin/sh");
	bodylen += item(body + bodylen, RECORD_SECRET, "S", "sealed");
	return (0);
}

static void
add(struct static_records *sr, const char *sandbox, const char *owner)
{
	struct msg_conf_sandbox	 m;
	const char		*why;

	memset(&m, 0, sizeof(m));
	strlcpy(m.sandbox, sandbox, sizeof(m.sandbox));
	m.target.upstream = UPSTREAM_PTY;
	strlcpy(m.target.user, "demo", sizeof(m.target.user));
	m.version = 0x123456789abcdef0;
	assert_int_equal(static_add(sr, &m, body, bodylen, &why), 0);
	if (owner != NULL)
		assert_int_equal(static_add_owner(sr, owner, &why), 0);
}

static enum catalog_answer
ask(const char *principal, const char *sandbox, int want)
{
	struct catalog_query	 q;
	int			 n;

	memset(&q, 0, sizeof(q));
	strlcpy(q.principal, principal, sizeof(q.principal));
	strlcpy(q.sandbox, sandbox, sizeof(q.sandbox));
	q.want_record = want;
	q.done = done;
	n = got.n;
	catalog_static.lookup(&q);
	assert_int_equal(got.n, n + 1);
	return (got.answer);
}

static void
test_owners(void **state)
{
	struct static_records	*sr;
	const char		*why;
	char			 name[PRINCIPAL_MAX + 1];

	(void)state;
	sr = static_new();
	assert_non_null(sr);
	add(sr, "box", ALICE);
	add(sr, "shared", ALICE);
	assert_int_equal(static_add_owner(sr, BOB, &why), 0);
	assert_int_equal(static_add_owner(sr, BOB, &why), 0);
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(static_add_owner(sr, name, &why), 0);
	assert_int_equal(static_check(sr, &why), 0);
	static_use(sr);

	assert_int_equal(ask(ALICE, "box", 0), CATALOG_YES);
	assert_int_equal(ask(BOB, "shared", 0), CATALOG_YES);
	assert_int_equal(ask(name, "shared", 0), CATALOG_YES);
	assert_int_equal(ask(BOB, "box", 0), CATALOG_NO);
	assert_int_equal(ask(ALICE, "Box", 0), CATALOG_NO);
	assert_int_equal(ask(ALICE, "bo", 0), CATALOG_NO);
	assert_int_equal(ask(ALICE, "boxes", 0), CATALOG_NO);
	assert_int_equal(ask("did:plc:alic", "box", 0), CATALOG_NO);
	assert_int_equal(ask("did:plc:alices", "box", 0), CATALOG_NO);
	assert_int_equal(ask("", "box", 0), CATALOG_NO);
	name[sizeof(name) - 2] = '\0';
	assert_int_equal(ask(name, "shared", 0), CATALOG_NO);
	static_free(sr);
}

static int
lowest_fd(void)
{
	int	 fd;

	fd = open("/dev/null", O_RDONLY);
	close(fd);
	return (fd);
}

static void
test_record(void **state)
{
	struct static_records	*sr;
	const uint8_t		*p;
	size_t			 len;
	int			 i, low;

	(void)state;
	sr = static_new();
	add(sr, "box", ALICE);
	static_use(sr);
	low = lowest_fd();
	for (i = 0; i < 100; i++) {
		assert_int_equal(ask(ALICE, "box", 1), CATALOG_YES);
		assert_string_equal(got.found.target.user, "demo");
		assert_true(got.found.version == 0x123456789abcdef0);
		assert_int_equal(blob_map(got.found.record, BLOB_RECORD_MAX,
		    &p, &len), 0);
		assert_int_equal(len, bodylen);
		assert_memory_equal(p, body, len);
		blob_unmap(p, len);
		close(got.found.record);
	}
	assert_int_equal(lowest_fd(), low);
	static_free(sr);
}

static void
test_not_wanted(void **state)
{
	struct static_records	*sr;

	(void)state;
	sr = static_new();
	add(sr, "box", ALICE);
	static_use(sr);
	assert_int_equal(ask(ALICE, "box", 0), CATALOG_YES);
	assert_int_equal(got.found.record, -1);
	assert_int_equal(ask(BOB, "box", 1), CATALOG_NO);
	assert_int_equal(got.found.record, -1);
	static_free(sr);
}

/* The answer is then "later", never "no": nobody must be put out by it. */
static void
test_none_in_use(void **state)
{
	struct static_records	*a, *b;

	(void)state;
	static_use(NULL);
	assert_int_equal(ask(ALICE, "box", 1), CATALOG_LATER);
	a = static_new();
	b = static_new();
	add(a, "box", ALICE);
	add(b, "box", BOB);
	static_use(a);
	static_free(b);
	assert_int_equal(ask(ALICE, "box", 0), CATALOG_YES);
	static_free(a);
	assert_int_equal(ask(ALICE, "box", 0), CATALOG_LATER);
	static_free(NULL);
}

static int
refused(const uint8_t *p, size_t len)
{
	struct static_records	*sr;
	struct msg_conf_sandbox	 m;
	const char		*why;
	int			 ret;

	memset(&m, 0, sizeof(m));
	strlcpy(m.sandbox, "box", sizeof(m.sandbox));
	sr = static_new();
	ret = static_add(sr, &m, p, len, &why);
	if (ret == -1)
		assert_string_equal(why, "malformed record");
	static_free(sr);
	return (ret == -1);
}

static void
test_malformed(void **state)
{
	uint8_t	 buf[128];
	size_t	 arg, i;

	(void)state;
	assert_false(refused(body, bodylen));
	arg = item(buf, RECORD_ARG, "", "/bin/sh");
	for (i = 0; i < bodylen; i++)
		if (i != arg)		/* there an item ends */
			assert_true(refused(body, i));
	assert_true(refused(buf, item(buf, RECORD_ENV, "A", "b")));
	i = item(buf, RECORD_ARG, "", "/bin/sh");
	assert_true(refused(buf, i + item(buf + i, RECORD_CWD, "", "/")));
	buf[0] = RECORD_TAG_MAX + 1;
	assert_true(refused(buf, i));
	buf[0] = 0;
	assert_true(refused(buf, i));
}

static void
test_incomplete(void **state)
{
	struct static_records	*sr;
	struct msg_conf_sandbox	 m;
	const char		*why;

	(void)state;
	sr = static_new();
	assert_int_equal(static_check(sr, &why), 0);
	assert_int_equal(static_add_owner(sr, ALICE, &why), -1);
	assert_string_equal(why, "owner without a sandbox");
	add(sr, "a", ALICE);
	add(sr, "b", NULL);
	add(sr, "c", ALICE);
	assert_int_equal(static_check(sr, &why), -1);
	assert_string_equal(why, "sandbox without an owner");
	memset(&m, 0, sizeof(m));
	strlcpy(m.sandbox, "a", sizeof(m.sandbox));
	assert_int_equal(static_add(sr, &m, body, bodylen, &why), -1);
	assert_string_equal(why, "sandbox defined twice");
	/* Its owners do not go to the sandbox before. */
	assert_int_equal(static_add_owner(sr, BOB, &why), -1);
	static_free(sr);
}

static void
test_many(void **state)
{
	struct static_records	*sr;
	char			 name[32], owner[32];
	int			 i;

	(void)state;
	sr = static_new();
	for (i = 0; i < 2000; i++) {
		(void)snprintf(name, sizeof(name), "box-%d", i);
		(void)snprintf(owner, sizeof(owner), "did:x:%d", i);
		add(sr, name, owner);
	}
	static_use(sr);
	for (i = 0; i < 2000; i++) {
		(void)snprintf(name, sizeof(name), "box-%d", i);
		(void)snprintf(owner, sizeof(owner), "did:x:%d", i);
		assert_int_equal(ask(owner, name, 0), CATALOG_YES);
		(void)snprintf(owner, sizeof(owner), "did:x:%d", i + 1);
		assert_int_equal(ask(owner, name, 0), CATALOG_NO);
	}
	static_free(sr);
}

static void
test_bounds(void **state)
{
	struct static_records	*sr;
	const char		*why;
	char			 owner[32];
	int			 i;

	(void)state;
	sr = static_new();
	add(sr, "box", NULL);
	for (i = 0; i < STATIC_OWNERS_MAX; i++) {
		(void)snprintf(owner, sizeof(owner), "did:x:%d", i);
		assert_int_equal(static_add_owner(sr, owner, &why), 0);
	}
	assert_int_equal(static_add_owner(sr, ALICE, &why), -1);
	assert_string_equal(why, "too many owners of one sandbox");
	static_free(sr);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_owners),
		cmocka_unit_test(test_record),
		cmocka_unit_test(test_not_wanted),
		cmocka_unit_test(test_none_in_use),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_incomplete),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_bounds)
	};

	return (cmocka_run_group_tests(tests, setup, NULL));
}
