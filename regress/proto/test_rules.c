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
 * Every rule of every table, through a channel on a real socketpair: what
 * the rule allows reaches the handler, what it does not ends the channel
 * before the handler sees it, and no descriptor is left behind.
 */

#include "compat.h"

#include <sys/types.h>
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
#include <event2/event.h>

#include "chan.h"
#include "sample.h"

/* What becomes of the one message that is tried. */
struct outcome {
	int		 dispatched;
	int		 closed;
	char		 why[64];
	uint16_t	 type;
	int		 had_fd;
	int		 had_blob;
};

/* The end under test, and the socket of its peer. */
struct bench {
	struct event_base	*base;
	struct chan		*chan;
	int			 peer;
	int			 spare;		/* descriptors to pass */
	int			 before;	/* how many there were */
	struct outcome		 got;
};

typedef void (*trial)(struct bench *, const struct msg_table *,
	    const struct msg_rule *, const struct msg_type *);

static void	 on_message(struct chan *, struct imsg *, void *);
static void	 on_closed(struct chan *, const char *, void *);
static void	 bench_open(struct bench *, const struct msg_table *,
		    uint16_t);
static void	 bench_close(struct bench *);
static void	 run(struct bench *);
static size_t	 packet(const struct msg_type *, uint8_t *, int);
static void	 send_blob(struct bench *, uint32_t);
static void	 send_rule(struct bench *, const struct msg_rule *,
		    const struct msg_type *);
static void	 send_raw(struct bench *, const void *, size_t, int);
static const struct msg_type *type_of(uint16_t);
static void	 expect_closed(struct bench *, const char *, const char *);
static void	 each_rule(trial);
static void	 try_allowed(struct bench *, const struct msg_table *,
		    const struct msg_rule *, const struct msg_type *);
static void	 try_fd_missing(struct bench *, const struct msg_table *,
		    const struct msg_rule *, const struct msg_type *);
static void	 try_fd_surplus(struct bench *, const struct msg_table *,
		    const struct msg_rule *, const struct msg_type *);
static void	 try_two_fds(struct bench *, const struct msg_table *,
		    const struct msg_rule *, const struct msg_type *);
static void	 try_wrong_state(struct bench *, const struct msg_table *,
		    const struct msg_rule *, const struct msg_type *);
static void	 try_twice(struct bench *, const struct msg_table *,
		    const struct msg_rule *, const struct msg_type *);
static void	 try_blob_missing(struct bench *, const struct msg_table *,
		    const struct msg_rule *, const struct msg_type *);
static void	 try_blob_surplus(struct bench *, const struct msg_table *,
		    const struct msg_rule *, const struct msg_type *);
static void	 try_blob_of_another(struct bench *, const struct msg_table *,
		    const struct msg_rule *, const struct msg_type *);
static void	 try_two_blobs(struct bench *, const struct msg_table *,
		    const struct msg_rule *, const struct msg_type *);
static void	 try_blob_without_fd(struct bench *, const struct msg_table *,
		    const struct msg_rule *, const struct msg_type *);
static void	 try_garbage(struct bench *, const struct msg_table *,
		    const struct msg_rule *, const struct msg_type *);
static void	 try_sender(struct bench *, const struct msg_table *,
		    const struct msg_rule *, const struct msg_type *);
static void	 test_allowed(void **);
static void	 test_fd_missing(void **);
static void	 test_fd_surplus(void **);
static void	 test_two_fds(void **);
static void	 test_wrong_state(void **);
static void	 test_twice(void **);
static void	 test_blob_missing(void **);
static void	 test_blob_surplus(void **);
static void	 test_blob_of_another(void **);
static void	 test_two_blobs(void **);
static void	 test_blob_without_fd(void **);
static void	 test_not_in_table(void **);
static void	 test_garbage(void **);
static void	 test_sender(void **);

static void
on_message(struct chan *c, struct imsg *im, void *arg)
{
	struct bench	*b;

	(void)c;
	b = arg;
	b->got.dispatched++;
	b->got.type = im->type;
	b->got.had_fd = im->fd != -1;
	b->got.had_blob = im->blob != -1;
	/* A descriptor that is received does not survive exec. */
	if (im->fd != -1)
		assert_int_equal(fcntl(im->fd, F_GETFD), FD_CLOEXEC);
	if (im->blob != -1)
		assert_int_equal(fcntl(im->blob, F_GETFD), FD_CLOEXEC);
}

static void
on_closed(struct chan *c, const char *why, void *arg)
{
	struct bench	*b;

	(void)c;
	b = arg;
	b->got.closed++;
	strlcpy(b->got.why, why == NULL ? "gone" : why, sizeof(b->got.why));
}

static void
bench_open(struct bench *b, const struct msg_table *in, uint16_t state)
{
	int	 sv[2];

	memset(&b->got, 0, sizeof(b->got));
	b->before = sample_nfds();
	assert_int_equal(chan_pair(sv), 0);
	b->peer = sv[1];
	b->chan = chan_new(b->base, sv[0], in, in, on_message, on_closed, b);
	assert_non_null(b->chan);
	chan_set_state(b->chan, state);
}

static void
bench_close(struct bench *b)
{
	chan_free(b->chan);
	close(b->peer);
	assert_int_equal(sample_nfds(), b->before);
}

static void
run(struct bench *b)
{
	(void)event_base_loop(b->base, EVLOOP_NONBLOCK);
}

static size_t
packet(const struct msg_type *t, uint8_t *buf, int has_fd)
{
	struct imsg	 im;
	ssize_t		 n;

	sample_make(&im, t, SAMPLE_MIXED);
	im.fd = has_fd ? 0 : -1;
	assert_int_not_equal(n = imsg_encode(&im, buf), -1);
	return ((size_t)n);
}

static void
send_raw(struct bench *b, const void *p, size_t len, int nfds)
{
	union {
		struct cmsghdr	 hdr;
		char		 space[CMSG_SPACE(3 * sizeof(int))];
	}			 control;
	struct msghdr		 msg;
	struct cmsghdr		*cmsg;
	struct iovec		 iov;
	int			 i;

	memset(&msg, 0, sizeof(msg));
	memset(&control, 0, sizeof(control));
	iov.iov_base = (void *)(uintptr_t)p;
	iov.iov_len = len;
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	if (nfds > 0) {
		msg.msg_control = control.space;
		msg.msg_controllen = CMSG_SPACE((size_t)nfds * sizeof(int));
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN((size_t)nfds * sizeof(int));
		for (i = 0; i < nfds; i++)
			memcpy(CMSG_DATA(cmsg) + (size_t)i * sizeof(int),
			    &b->spare, sizeof(int));
	}
	assert_int_equal(sendmsg(b->peer, &msg, MSG_NOSIGNAL), (ssize_t)len);
}

static void
send_blob(struct bench *b, uint32_t id)
{
	struct imsg	 im;
	uint8_t		 buf[IMSG_MAX];

	imsg_init(&im, IMSG_BLOB, id);
	im.fd = 0;
	send_raw(b, buf, (size_t)imsg_encode(&im, buf), 1);
}

/* As the rule wants it. */
static void
send_rule(struct bench *b, const struct msg_rule *r, const struct msg_type *t)
{
	uint8_t	 buf[IMSG_MAX];
	int	 has_fd;

	if (r->flags & MR_BLOB)
		send_blob(b, 0x01020304);
	has_fd = (r->flags & MR_FD) != 0;
	send_raw(b, buf, packet(t, buf, has_fd), has_fd);
}

static const struct msg_type *
type_of(uint16_t type)
{
	const struct msg_type	*t;
	size_t			 i;

	for (i = 0; (t = sample_type(i)) != NULL && t->type != type; i++)
		continue;
	assert_non_null(t);
	return (t);
}

static void
expect_closed(struct bench *b, const char *name, const char *why)
{
	run(b);
	if (b->got.closed != 1 || strcmp(b->got.why, why) != 0)
		fail_msg("%s: closed %d times, \"%s\" instead of \"%s\"",
		    name, b->got.closed, b->got.why, why);
	/* It is over: nothing that follows is looked at. */
	run(b);
	assert_int_equal(b->got.closed, 1);
}

/* Every rule, each with a channel of its own in a state that allows it. */
static void
each_rule(trial try)
{
	const struct msg_table	*tab;
	struct bench		 b;
	size_t			 i, j;

	assert_non_null(b.base = event_base_new());
	assert_int_not_equal(b.spare = open("/dev/null", O_RDONLY), -1);
	for (i = 0; i < msg_ntables; i++) {
		tab = msg_tables[i];
		for (j = 0; j < tab->n; j++) {
			bench_open(&b, tab, tab->rules[j].states);
			try(&b, tab, &tab->rules[j],
			    type_of(tab->rules[j].type));
			bench_close(&b);
		}
	}
	close(b.spare);
	event_base_free(b.base);
}

static void
try_allowed(struct bench *b, const struct msg_table *tab,
    const struct msg_rule *r, const struct msg_type *t)
{
	(void)tab;
	send_rule(b, r, t);
	run(b);
	if (b->got.dispatched != 1 || b->got.closed != 0)
		fail_msg("%s: %s: %s", tab->name, t->name, b->got.why);
	assert_int_equal(b->got.type, t->type);
	assert_int_equal(b->got.had_fd, (r->flags & MR_FD) != 0);
	assert_int_equal(b->got.had_blob, (r->flags & MR_BLOB) != 0);
	if (r->flags & (MR_MAYBLOB)) {
		send_blob(b, 0x01020304);
		send_rule(b, r, t);
		run(b);
		assert_int_equal(b->got.dispatched, 2);
		assert_int_equal(b->got.had_blob, 1);
	}
}

static void
test_allowed(void **state)
{
	(void)state;
	each_rule(try_allowed);
}

static void
try_fd_missing(struct bench *b, const struct msg_table *tab,
    const struct msg_rule *r, const struct msg_type *t)
{
	uint8_t	 buf[IMSG_MAX];
	size_t	 len;

	if ((r->flags & MR_FD) == 0)
		return;
	send_raw(b, buf, packet(t, buf, 0), 0);
	expect_closed(b, t->name, "descriptor missing");
	bench_close(b);
	/* Announced, but not there. */
	bench_open(b, tab, r->states);
	len = packet(t, buf, 1);
	send_raw(b, buf, len, 0);
	expect_closed(b, t->name, "descriptor missing");
	assert_int_equal(b->got.dispatched, 0);
}

static void
test_fd_missing(void **state)
{
	(void)state;
	each_rule(try_fd_missing);
}

static void
try_fd_surplus(struct bench *b, const struct msg_table *tab,
    const struct msg_rule *r, const struct msg_type *t)
{
	uint8_t	 buf[IMSG_MAX];

	if (r->flags & MR_FD)
		return;
	send_raw(b, buf, packet(t, buf, 1), 1);
	expect_closed(b, t->name, "surplus descriptor");
	bench_close(b);
	bench_open(b, tab, r->states);
	send_raw(b, buf, packet(t, buf, 0), 1);
	expect_closed(b, t->name, "unannounced descriptor");
	assert_int_equal(b->got.dispatched, 0);
}

static void
test_fd_surplus(void **state)
{
	(void)state;
	each_rule(try_fd_surplus);
}

static void
try_two_fds(struct bench *b, const struct msg_table *tab,
    const struct msg_rule *r, const struct msg_type *t)
{
	uint8_t	 buf[IMSG_MAX];

	send_raw(b, buf, packet(t, buf, 1), 2);
	expect_closed(b, t->name, "more than one descriptor");
	bench_close(b);
	bench_open(b, tab, r->states);
	send_raw(b, buf, packet(t, buf, 1), 3);
	expect_closed(b, t->name, "more than one descriptor");
	assert_int_equal(b->got.dispatched, 0);
}

static void
test_two_fds(void **state)
{
	(void)state;
	each_rule(try_two_fds);
}

static void
try_wrong_state(struct bench *b, const struct msg_table *tab,
    const struct msg_rule *r, const struct msg_type *t)
{
	uint16_t	 bit;

	for (bit = MS_HELLO; bit <= MS_STAGED; bit <<= 1) {
		if (r->states & bit)
			continue;
		bench_close(b);
		bench_open(b, tab, bit);
		send_rule(b, r, t);
		expect_closed(b, t->name, "message out of order");
		assert_int_equal(b->got.dispatched, 0);
	}
}

static void
test_wrong_state(void **state)
{
	(void)state;
	each_rule(try_wrong_state);
}

static void
try_twice(struct bench *b, const struct msg_table *tab,
    const struct msg_rule *r, const struct msg_type *t)
{
	(void)tab;
	send_rule(b, r, t);
	send_rule(b, r, t);
	if (r->flags & MR_ONCE) {
		expect_closed(b, t->name, "message sent twice");
		assert_int_equal(b->got.dispatched, 1);
		return;
	}
	run(b);
	assert_int_equal(b->got.dispatched, 2);
	assert_int_equal(b->got.closed, 0);
}

static void
test_twice(void **state)
{
	(void)state;
	each_rule(try_twice);
}

static void
try_blob_missing(struct bench *b, const struct msg_table *tab,
    const struct msg_rule *r, const struct msg_type *t)
{
	uint8_t	 buf[IMSG_MAX];
	int	 has_fd;

	(void)tab;
	if ((r->flags & MR_BLOB) == 0)
		return;
	has_fd = (r->flags & MR_FD) != 0;
	send_raw(b, buf, packet(t, buf, has_fd), has_fd);
	expect_closed(b, t->name, "blob missing");
	assert_int_equal(b->got.dispatched, 0);
}

static void
test_blob_missing(void **state)
{
	(void)state;
	each_rule(try_blob_missing);
}

/* Only LOG, which passes the queue by, may stand between. */
static void
try_blob_surplus(struct bench *b, const struct msg_table *tab,
    const struct msg_rule *r, const struct msg_type *t)
{
	(void)tab;
	if (r->flags & (MR_BLOB | MR_MAYBLOB))
		return;
	send_blob(b, 0x01020304);
	send_rule(b, r, t);
	if (r->type == IMSG_LOG) {
		run(b);
		assert_int_equal(b->got.dispatched, 1);
		assert_int_equal(b->got.closed, 0);
		assert_int_equal(b->got.had_blob, 0);
		return;
	}
	expect_closed(b, t->name, "surplus blob");
	assert_int_equal(b->got.dispatched, 0);
}

static void
test_blob_surplus(void **state)
{
	(void)state;
	each_rule(try_blob_surplus);
}

static void
try_blob_of_another(struct bench *b, const struct msg_table *tab,
    const struct msg_rule *r, const struct msg_type *t)
{
	uint8_t	 buf[IMSG_MAX];
	int	 has_fd;

	(void)tab;
	if ((r->flags & (MR_BLOB | MR_MAYBLOB)) == 0)
		return;
	has_fd = (r->flags & MR_FD) != 0;
	send_blob(b, 0x01020305);
	send_raw(b, buf, packet(t, buf, has_fd), has_fd);
	expect_closed(b, t->name, "blob of another message");
	assert_int_equal(b->got.dispatched, 0);
}

static void
test_blob_of_another(void **state)
{
	(void)state;
	each_rule(try_blob_of_another);
}

static void
try_two_blobs(struct bench *b, const struct msg_table *tab,
    const struct msg_rule *r, const struct msg_type *t)
{
	(void)tab;
	send_blob(b, 0x01020304);
	send_blob(b, 0x01020304);
	send_rule(b, r, t);
	expect_closed(b, t->name, "two blobs in a row");
	assert_int_equal(b->got.dispatched, 0);
}

static void
test_two_blobs(void **state)
{
	(void)state;
	each_rule(try_two_blobs);
}

static void
try_blob_without_fd(struct bench *b, const struct msg_table *tab,
    const struct msg_rule *r, const struct msg_type *t)
{
	uint8_t	 buf[IMSG_MAX];

	(void)tab;
	(void)r;
	send_raw(b, buf, packet(type_of(IMSG_BLOB), buf, 0), 0);
	expect_closed(b, t->name, "blob without a descriptor");
}

static void
test_blob_without_fd(void **state)
{
	(void)state;
	each_rule(try_blob_without_fd);
}

/* Every type that a table does not list, in the most liberal state. */
static void
test_not_in_table(void **state)
{
	const struct msg_type	*t;
	struct bench		 b;
	uint8_t			 buf[IMSG_MAX];
	size_t			 i, j, bit;
	int			 has_fd;

	(void)state;
	assert_non_null(b.base = event_base_new());
	assert_int_not_equal(b.spare = open("/dev/null", O_RDONLY), -1);
	for (i = 0; i < msg_ntables; i++)
		for (j = 0; (t = sample_type(j)) != NULL; j++) {
			if (t->type == IMSG_BLOB ||
			    msg_rule(msg_tables[i], t->type, &bit) != NULL)
				continue;
			bench_open(&b, msg_tables[i], MS_ANY);
			has_fd = sample_has_fd(t->type);
			send_raw(&b, buf, packet(t, buf, has_fd), has_fd);
			expect_closed(&b, t->name, "message not in the table");
			assert_int_equal(b.got.dispatched, 0);
			bench_close(&b);
		}
	close(b.spare);
	event_base_free(b.base);
}

static void
try_garbage(struct bench *b, const struct msg_table *tab,
    const struct msg_rule *r, const struct msg_type *t)
{
	static uint8_t	 buf[IMSG_MAX + 1];
	size_t		 len;
	int		 has_fd;

	has_fd = (r->flags & MR_FD) != 0;
	len = packet(t, buf, has_fd);
	send_raw(b, buf, len - 1, has_fd);
	expect_closed(b, t->name, len - 1 < IMSG_HEADER_LEN ?
	    "short header" : "length does not match");
	bench_close(b);

	bench_open(b, tab, r->states);
	send_raw(b, buf, sizeof(buf), has_fd);
	expect_closed(b, t->name, "packet too long");
	bench_close(b);

	bench_open(b, tab, r->states);
	buf[2] |= 0x80;
	send_raw(b, buf, len, has_fd);
	expect_closed(b, t->name, "unknown flags");
	bench_close(b);

	bench_open(b, tab, r->states);
	buf[2] = 0;
	buf[0] = 0x7f;
	send_raw(b, buf, len, has_fd);
	expect_closed(b, t->name, "malformed payload");
	assert_int_equal(b->got.dispatched, 0);
}

static void
test_garbage(void **state)
{
	(void)state;
	each_rule(try_garbage);
}

/* What the peer would refuse is refused here, and what it brought closed. */
static void
try_sender(struct bench *b, const struct msg_table *tab,
    const struct msg_rule *r, const struct msg_type *t)
{
	struct imsg	 im;
	int		 fd, blob;

	(void)tab;
	for (fd = 0; fd < 2; fd++)
		for (blob = 0; blob < 2; blob++) {
			sample_make(&im, t, SAMPLE_MIXED);
			im.fd = fd ? dup(b->spare) : -1;
			im.blob = blob ? dup(b->spare) : -1;
			if (fd == ((r->flags & MR_FD) != 0) &&
			    (blob ? (r->flags & (MR_BLOB | MR_MAYBLOB)) != 0 :
			    (r->flags & MR_BLOB) == 0))
				assert_int_equal(chan_send(b->chan, &im), 0);
			else {
				assert_int_equal(chan_send(b->chan, &im), -1);
				assert_int_equal(errno, EINVAL);
			}
			assert_int_equal(im.fd, -1);
			assert_int_equal(im.blob, -1);
		}
}

static void
test_sender(void **state)
{
	(void)state;
	each_rule(try_sender);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_allowed),
		cmocka_unit_test(test_fd_missing),
		cmocka_unit_test(test_fd_surplus),
		cmocka_unit_test(test_two_fds),
		cmocka_unit_test(test_wrong_state),
		cmocka_unit_test(test_twice),
		cmocka_unit_test(test_blob_missing),
		cmocka_unit_test(test_blob_surplus),
		cmocka_unit_test(test_blob_of_another),
		cmocka_unit_test(test_two_blobs),
		cmocka_unit_test(test_blob_without_fd),
		cmocka_unit_test(test_not_in_table),
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_sender)
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
