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
/* links: gatewayd/catalog_static.c common/blob.c proto/base64.c
 *	proto/hostkey.c proto/record.c */

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
#define FP	"SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE"

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
static void	 add_ssh(struct static_records *, const char *, const char *,
		    uint16_t);
static enum catalog_answer
		 ask(const char *, const char *, int);
static void	 describe(const char *);
static int	 refused_at(const struct target *, const uint8_t *, size_t);
static int	 refused(const uint8_t *, size_t);
static int	 lowest_fd(void);
static int	 setup(void **);
static void	 test_owners(void **);
static void	 test_record(void **);
static void	 test_not_wanted(void **);
static void	 test_none_in_use(void **);
static void	 test_malformed(void **);
static void	 test_ssh(void **);
static void	 test_host_keys(void **);
static void	 test_target(void **);
static void	 test_shared(void **);
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

static void
add_ssh(struct static_records *sr, const char *sandbox, const char *host,
    uint16_t port)
{
	struct msg_conf_sandbox	 m;
	const char		*why;
	uint8_t			 buf[64];
	size_t			 len;

	memset(&m, 0, sizeof(m));
	strlcpy(m.sandbox, sandbox, sizeof(m.sandbox));
	m.target.upstream = UPSTREAM_SSH;
	strlcpy(m.target.host, host, sizeof(m.target.host));
	m.target.port = port;
	len = item(buf, RECORD_SSH_USER, "", "root");
	assert_int_equal(static_add(sr, &m, buf, len, &why), 0);
	assert_int_equal(static_add_owner(sr, ALICE, &why), 0);
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

static void
describe(const char *sandbox)
{
	struct catalog_query	 q;
	int			 n;

	memset(&q, 0, sizeof(q));
	strlcpy(q.sandbox, sandbox, sizeof(q.sandbox));
	q.done = done;
	n = got.n;
	catalog_static.describe(&q);
	assert_int_equal(got.n, n + 1);
}

static int
refused_at(const struct target *t, const uint8_t *p, size_t len)
{
	struct static_records	*sr;
	struct msg_conf_sandbox	 m;
	const char		*why;
	int			 ret;

	memset(&m, 0, sizeof(m));
	strlcpy(m.sandbox, "box", sizeof(m.sandbox));
	m.target = *t;
	sr = static_new();
	ret = static_add(sr, &m, p, len, &why);
	if (ret == -1)
		assert_string_equal(why, "malformed record");
	static_free(sr);
	return (ret == -1);
}

static int
refused(const uint8_t *p, size_t len)
{
	struct target	 t;

	memset(&t, 0, sizeof(t));
	t.upstream = UPSTREAM_PTY;
	return (refused_at(&t, p, len));
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

/* What a record of either kind must have, and what only the other has. */
static void
test_ssh(void **state)
{
	struct target	 t;
	uint8_t		 buf[256];
	size_t		 user, pty, n;
	uint8_t		 tag;

	(void)state;
	memset(&t, 0, sizeof(t));
	t.upstream = UPSTREAM_SSH;
	strlcpy(t.host, "10.0.0.5", sizeof(t.host));
	t.port = 22;
	user = item(buf, RECORD_SSH_USER, "", "root");
	assert_false(refused_at(&t, buf, user));
	assert_true(refused_at(&t, buf, 0));
	n = user + item(buf + user, RECORD_SSH_USER, "", "root");
	assert_true(refused_at(&t, buf, n));
	n = user + item(buf + user, RECORD_ARG, "", "/bin/sh");
	assert_true(refused_at(&t, buf, n));
	n = user + item(buf + user, RECORD_HOST_CHECK, "", "no");
	assert_true(refused_at(&t, buf, n));
	n = user + item(buf + user, RECORD_FILE, "0600/root/.netrc", "x");
	n += item(buf + n, RECORD_SSH_KEY, "", "x");
	n += item(buf + n, RECORD_ENV, "A", "b");
	n += item(buf + n, RECORD_PUBLIC_KEY, "", "x");
	assert_false(refused_at(&t, buf, n));

	pty = item(buf, RECORD_ARG, "", "/bin/sh");
	for (tag = 1; tag <= RECORD_TAG_MAX; tag++) {
		n = pty + item(buf + pty, tag, "", "x");
		assert_int_equal(refused(buf, n), tag >= RECORD_CWD);
	}
}

static void
test_host_keys(void **state)
{
	static const struct {
		const char	*type, *value;
		int		 good;
	} cases[] = {
		{ "", FP, 1 }, { "ssh-ed25519", FP, 1 }, { "ssh-rsa", FP, 1 },
		{ "ssh-dss", FP, 0 }, { "x", FP, 0 }, { "", FP "=", 0 },
		{ "", "MD5:00", 0 }, { "", "", 0 }
	};
	struct target	 t;
	uint8_t		 buf[256];
	size_t		 i, user, n;

	(void)state;
	memset(&t, 0, sizeof(t));
	t.upstream = UPSTREAM_SSH;
	strlcpy(t.host, "box", sizeof(t.host));
	t.port = 22;
	user = item(buf, RECORD_SSH_USER, "", "root");
	for (i = 0; i < nitems(cases); i++) {
		n = user + item(buf + user, RECORD_HOST_KEY, cases[i].type,
		    cases[i].value);
		assert_int_equal(refused_at(&t, buf, n), !cases[i].good);
		buf[user] = RECORD_HOST_REVOKED;
		assert_int_equal(refused_at(&t, buf, n), !cases[i].good);
	}
}

static void
test_target(void **state)
{
	struct target	 t;
	uint8_t		 buf[64];
	size_t		 n;

	(void)state;
	memset(&t, 0, sizeof(t));
	assert_true(refused_at(&t, body, bodylen));
	t.upstream = UPSTREAM_PTY;
	assert_false(refused_at(&t, body, bodylen));
	t.port = 22;
	assert_true(refused_at(&t, body, bodylen));
	t.port = 0;
	strlcpy(t.host, "box", sizeof(t.host));
	assert_true(refused_at(&t, body, bodylen));
	t.upstream = UPSTREAM_SSH;
	n = item(buf, RECORD_SSH_USER, "", "root");
	assert_true(refused_at(&t, buf, n));
	t.port = 22;
	assert_false(refused_at(&t, buf, n));
	strlcpy(t.user, "demo", sizeof(t.user));
	assert_true(refused_at(&t, buf, n));
	t.user[0] = t.host[0] = '\0';
	assert_true(refused_at(&t, buf, n));
}

static void
test_shared(void **state)
{
	struct static_records	*sr;

	(void)state;
	sr = static_new();
	add_ssh(sr, "a", "box", 22);
	add_ssh(sr, "b", "other", 22);
	add_ssh(sr, "c", "box", 2222);
	add(sr, "pty", ALICE);
	static_use(sr);
	/* The port makes no difference. */
	assert_int_equal(ask(ALICE, "a", 0), CATALOG_YES);
	assert_true(got.found.shared);
	assert_int_equal(ask(ALICE, "c", 0), CATALOG_YES);
	assert_true(got.found.shared);
	assert_int_equal(ask(ALICE, "b", 0), CATALOG_YES);
	assert_false(got.found.shared);
	assert_int_equal(ask(ALICE, "pty", 0), CATALOG_YES);
	assert_false(got.found.shared);

	describe("a");
	assert_int_equal(got.answer, CATALOG_YES);
	assert_true(got.found.shared);
	assert_string_equal(got.found.target.host, "box");
	assert_int_equal(got.found.target.port, 22);
	describe("d");
	assert_int_equal(got.answer, CATALOG_NO);
	static_free(sr);
	describe("a");
	assert_int_equal(got.answer, CATALOG_LATER);
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
	m.target.upstream = UPSTREAM_PTY;
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
		cmocka_unit_test(test_ssh),
		cmocka_unit_test(test_host_keys),
		cmocka_unit_test(test_target),
		cmocka_unit_test(test_shared),
		cmocka_unit_test(test_incomplete),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_bounds)
	};

	return (cmocka_run_group_tests(tests, setup, NULL));
}
