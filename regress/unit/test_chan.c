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

/* links: @COMMON@ */

/*
 * Channels under pressure: a peer that does not read, one that is gone, a
 * process without descriptors, and callbacks that free the channel.  What
 * each message must look like is for regress/proto.
 */

#include "compat.h"

#include <sys/types.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <assert.h>
#include <dirent.h>
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

#include "blob.h"
#include "chan.h"

#define NOBODY	65534

/* Two ends in one process, worker and parent. */
struct pair {
	struct event_base	*base;
	struct chan		*worker;
	struct chan		*parent;
	int			 sv[2];		/* theirs */
	int			 before;	/* descriptors */
	uint32_t		 next_id;	/* expected by the parent */
	int			 got;
	int			 closed;
	int			 drained;
	int			 blobs;
	int			 fds;
	int			 free_in;	/* which callback frees */
	const char		*why;
};

#define FREE_DISPATCH	1
#define FREE_CLOSED	2

static int	 nfds(void);
static void	 on_message(struct chan *, struct imsg *, void *);
static void	 on_closed(struct chan *, const char *, void *);
static void	 on_drained(struct chan *, void *);
static void	 pair_open(struct pair *);
static void	 pair_close(struct pair *);
static int	 send_exit(struct chan *, uint32_t);
static int	 send_req(struct chan *, uint32_t);
static int	 send_master(struct chan *, uint32_t);
static void	 run_until(struct pair *, int *, int);
static void	 no_descriptors(struct rlimit *);
static int	 too_many_refs(void);
static void	 test_count_bound(void **);
static void	 test_bytes_bound(void **);
static void	 test_drained(void **);
static void	 test_descriptors_closed(void **);
static void	 test_log_between(void **);
static void	 test_free_in_dispatch(void **);
static void	 test_free_in_closed(void **);
static void	 test_closed_once(void **);
static void	 test_last_words(void **);
static void	 test_drain(void **);
static void	 test_no_descriptors(void **);
static void	 test_no_descriptor_behind_blob(void **);
static void	 test_too_many_refs(void **);

static int
nfds(void)
{
	DIR	*d;
	int	 n;

	d = opendir("/proc/self/fd");
	assert(d != NULL);
	for (n = 0; readdir(d) != NULL; n++)
		continue;
	closedir(d);
	return (n);
}

static void
on_message(struct chan *c, struct imsg *im, void *arg)
{
	struct pair	*p;

	p = arg;
	if (im->type == IMSG_LOG)
		return;
	assert(im->id == p->next_id);
	p->next_id++;
	p->got++;
	p->blobs += im->blob != -1;
	p->fds += im->fd != -1;
	if (p->free_in == FREE_DISPATCH) {
		chan_free(c);
		if (c == p->parent)
			p->parent = NULL;
		else
			p->worker = NULL;
	}
}

static void
on_closed(struct chan *c, const char *why, void *arg)
{
	struct pair	*p;

	p = arg;
	p->closed++;
	p->why = why;
	if (p->free_in == FREE_CLOSED) {
		chan_free(c);
		if (c == p->parent)
			p->parent = NULL;
		else
			p->worker = NULL;
	}
}

static void
on_drained(struct chan *c, void *arg)
{
	struct pair	*p;

	p = arg;
	assert(chan_queued(c) == 0);
	p->drained++;
}

static void
pair_open(struct pair *p)
{
	memset(p, 0, sizeof(*p));
	p->before = nfds();
	assert_non_null(p->base = event_base_new());
	assert_int_equal(chan_pair(p->sv), 0);
	p->worker = chan_new(p->base, p->sv[0], &parent_to_worker,
	    &worker_to_parent, on_message, on_closed, p);
	p->parent = chan_new(p->base, p->sv[1], &worker_to_parent,
	    &parent_to_worker, on_message, on_closed, p);
	assert_non_null(p->worker);
	assert_non_null(p->parent);
	chan_set_state(p->worker, MS_RUN);
	chan_set_state(p->parent, MS_RUN);
}

static void
pair_close(struct pair *p)
{
	chan_free(p->worker);
	chan_free(p->parent);
	event_base_free(p->base);
	assert_int_equal(nfds(), p->before);
}

/* Of the worker: without a descriptor. */
static int
send_exit(struct chan *c, uint32_t id)
{
	return (chan_send_empty(c, IMSG_MAY_EXIT, id));
}

/* Of the worker: with a blob. */
static int
send_req(struct chan *c, uint32_t id)
{
	struct imsg	 im;

	imsg_init(&im, IMSG_PTY_REQ, id);
	strlcpy(im.m.pty_req.session, "01234567-89ab-4cde-8f01-23456789abcd",
	    sizeof(im.m.pty_req.session));
	im.m.pty_req.cols = 80;
	im.m.pty_req.rows = 24;
	im.blob = blob_create("blob", 4);
	assert(im.blob != -1);
	return (chan_send(c, &im));
}

/* Of the parent: with a descriptor. */
static int
send_master(struct chan *c, uint32_t id)
{
	struct imsg	 im;

	imsg_init(&im, IMSG_PTY_OK, id);
	strlcpy(im.m.pty_ok.session, "01234567-89ab-4cde-8f01-23456789abcd",
	    sizeof(im.m.pty_ok.session));
	im.fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert(im.fd != -1);
	return (chan_send(c, &im));
}

/* Until *n has grown to that, or nothing moves for long. */
static void
run_until(struct pair *p, int *n, int want)
{
	struct timeval	 tv = { 0, 100000 };
	int		 i;

	for (i = 0; i < 50 && *n < want; i++) {
		(void)event_base_loopexit(p->base, &tv);
		while (*n < want && !event_base_got_exit(p->base))
			(void)event_base_loop(p->base, EVLOOP_ONCE);
	}
	assert_int_equal(*n, want);
}

/* A peer that does not read: the queue is bounded by number. */
static void
test_count_bound(void **state)
{
	struct pair	 p;
	int		 sent;

	(void)state;
	pair_open(&p);
	chan_set_bounds(p.worker, 10, 1 << 20);
	for (sent = 0; send_exit(p.worker, (uint32_t)sent) == 0; sent++)
		assert_true(sent < 100000);
	assert_int_equal(errno, ENOBUFS);
	assert_int_equal(chan_queued(p.worker), 9);
	/* It stays so, and what does come is in order and whole. */
	assert_int_equal(send_exit(p.worker, 0), -1);
	chan_on_drained(p.worker, on_drained);
	run_until(&p, &p.got, sent);
	run_until(&p, &p.drained, 1);
	assert_int_equal(chan_queued(p.worker), 0);
	assert_int_equal(send_exit(p.worker, (uint32_t)sent), 0);
	run_until(&p, &p.got, sent + 1);
	assert_int_equal(p.closed, 0);
	pair_close(&p);
}

static void
test_bytes_bound(void **state)
{
	struct pair	 p;
	int		 sent;

	(void)state;
	pair_open(&p);
	chan_set_bounds(p.worker, 100000, 3 * IMSG_MAX);
	for (sent = 0; send_exit(p.worker, (uint32_t)sent) == 0; sent++)
		assert_true(sent < 1000000);
	assert_int_equal(errno, ENOBUFS);
	assert_true(chan_queued(p.worker) * IMSG_HEADER_LEN <=
	    3 * IMSG_MAX);
	run_until(&p, &p.got, sent);
	pair_close(&p);
}

/* That the queue is empty again is told from the loop, not while sending. */
static void
test_drained(void **state)
{
	struct pair	 p;
	uint32_t	 i;

	(void)state;
	pair_open(&p);
	chan_on_drained(p.worker, on_drained);
	for (i = 0; i < 10; i++)
		assert_int_equal(send_req(p.worker, i), 0);
	assert_int_equal(chan_queued(p.worker), 0);
	assert_int_equal(p.drained, 0);
	while (chan_queued(p.worker) < 10)
		assert_int_equal(send_req(p.worker, i++), 0);
	assert_int_equal(p.drained, 0);
	run_until(&p, &p.drained, 1);
	run_until(&p, &p.got, (int)i);
	assert_int_equal(p.drained, 1);
	pair_close(&p);
}

/* Descriptors that are queued, on their way or refused are closed. */
static void
test_descriptors_closed(void **state)
{
	struct pair	 p;
	int		 sent;

	(void)state;
	pair_open(&p);
	chan_set_bounds(p.parent, 20, 1 << 20);
	for (sent = 0; send_master(p.parent, (uint32_t)sent) == 0; sent++)
		assert_true(sent < 100000);
	assert_int_equal(errno, ENOBUFS);
	assert_int_equal(chan_queued(p.parent), 19);
	/* In our table are the queued ones only; more is in flight. */
	assert_in_range(nfds() - p.before, 19, 19 + 8);
	pair_close(&p);

	pair_open(&p);
	chan_set_bounds(p.worker, 20, 1 << 20);
	for (sent = 0; send_req(p.worker, (uint32_t)sent) == 0; sent++)
		assert_true(sent < 100000);
	run_until(&p, &p.got, sent);
	assert_int_equal(p.blobs, sent);
	pair_close(&p);
}

/*
 * Log lines go past the queue, at any place between blobs and the messages
 * they belong to.
 */
static void
test_log_between(void **state)
{
	struct pair	 p;
	struct imsg	 im;
	uint8_t		 buf[IMSG_MAX];
	ssize_t		 len;
	int		 i, sent;

	(void)state;
	pair_open(&p);
	imsg_init(&im, IMSG_LOG, 0);
	im.m.log.priority = 6;
	assert_int_not_equal(len = imsg_encode(&im, buf), -1);
	for (sent = 0; send_req(p.worker, (uint32_t)sent) == 0; sent++)
		continue;
	for (i = 0; i < 20000 && p.got < sent; i++) {
		(void)event_base_loop(p.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
		(void)imsg_send(p.sv[0], buf, (size_t)len, -1);
	}
	assert_int_equal(p.got, sent);
	assert_int_equal(p.blobs, sent);
	assert_int_equal(p.closed, 0);
	pair_close(&p);
}

static void
test_free_in_dispatch(void **state)
{
	struct pair	 p;
	int		 i;

	(void)state;
	pair_open(&p);
	p.free_in = FREE_DISPATCH;
	for (i = 0; i < 5; i++)
		assert_int_equal(send_req(p.worker, (uint32_t)i), 0);
	(void)event_base_loop(p.base, EVLOOP_NONBLOCK);
	assert_int_equal(p.got, 1);
	assert_null(p.parent);
	pair_close(&p);

	/* The same from chan_drain(). */
	pair_open(&p);
	p.free_in = FREE_DISPATCH;
	for (i = 0; i < 5; i++)
		assert_int_equal(send_req(p.worker, (uint32_t)i), 0);
	chan_drain(p.parent);
	assert_int_equal(p.got, 1);
	assert_null(p.parent);
	pair_close(&p);
}

static void
test_free_in_closed(void **state)
{
	struct pair	 p;

	(void)state;
	pair_open(&p);
	p.free_in = FREE_CLOSED;
	chan_free(p.worker);
	p.worker = NULL;
	(void)event_base_loop(p.base, EVLOOP_NONBLOCK);
	assert_int_equal(p.closed, 1);
	assert_null(p.why);
	assert_null(p.parent);
	pair_close(&p);

	pair_open(&p);
	p.free_in = FREE_CLOSED;
	assert_int_equal(send(p.sv[0], "x", 1, 0), 1);
	chan_drain(p.parent);
	assert_int_equal(p.closed, 1);
	assert_string_equal(p.why, "short header");
	assert_null(p.parent);
	pair_close(&p);
}

/* `closed' comes once, and nothing is received or sent behind it. */
static void
test_closed_once(void **state)
{
	struct pair	 p;

	(void)state;
	pair_open(&p);
	assert_int_equal(send(p.sv[0], "x", 1, 0), 1);
	assert_int_equal(send_exit(p.worker, 0), 0);
	(void)event_base_loop(p.base, EVLOOP_NONBLOCK);
	chan_drain(p.parent);
	(void)event_base_loop(p.base, EVLOOP_NONBLOCK);
	assert_int_equal(p.closed, 1);
	assert_int_equal(p.got, 0);
	assert_int_equal(send_master(p.parent, 0), -1);
	assert_int_equal(errno, EPIPE);
	pair_close(&p);
}

/*
 * What a peer said before it died is heard, whatever it left unread, and
 * whether the error that this leaves is met by reading or by writing.
 */
static void
test_last_words(void **state)
{
	struct pair	 p;
	int		 i, sends;

	(void)state;
	for (sends = 0; sends < 2; sends++) {
		pair_open(&p);
		for (i = 0; i < 40; i++)
			assert_int_equal(send_req(p.worker, (uint32_t)i), 0);
		assert_int_equal(send_master(p.parent, 0), 0);
		chan_free(p.worker);
		p.worker = NULL;
		/* No error: the loop will tell. */
		if (sends)
			assert_int_equal(send_master(p.parent, 0), 0);
		chan_drain(p.parent);
		assert_int_equal(p.got, 40);
		assert_int_equal(p.blobs, 40);
		assert_int_equal(p.closed, 1);
		assert_null(p.why);
		pair_close(&p);
	}
}

static void
test_drain(void **state)
{
	struct pair	 p;
	int		 i;

	(void)state;
	pair_open(&p);
	chan_drain(p.parent);
	for (i = 0; i < 100; i++)
		assert_int_equal(send_exit(p.worker, (uint32_t)i), 0);
	chan_drain(p.parent);
	assert_int_equal(p.got, 100);
	assert_int_equal(p.closed, 0);
	pair_close(&p);
}

/* Let no descriptor be had any more. */
static void
no_descriptors(struct rlimit *old)
{
	struct rlimit	 rl;
	int		 fd;

	assert_int_not_equal(fd = dup(0), -1);
	close(fd);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, old), 0);
	rl = *old;
	rl.rlim_cur = (rlim_t)fd;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &rl), 0);
}

/* Out of descriptors, a message is lost, and only that one. */
static void
test_no_descriptors(void **state)
{
	struct rlimit	 old;
	struct pair	 p;

	(void)state;
	pair_open(&p);
	assert_int_equal(send_master(p.parent, 0), 0);
	no_descriptors(&old);
	chan_drain(p.worker);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_int_equal(p.got, 0);
	assert_int_equal(p.closed, 0);
	assert_int_equal(send_master(p.parent, 0), 0);
	chan_drain(p.worker);
	assert_int_equal(p.fds, 1);

	/* A blob that is lost takes its message along. */
	p.next_id = 5;
	assert_int_equal(send_req(p.worker, 4), 0);
	no_descriptors(&old);
	chan_drain(p.parent);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_int_equal(send_req(p.worker, 5), 0);
	assert_int_equal(send_exit(p.worker, 6), 0);
	chan_drain(p.parent);
	assert_int_equal(p.got, 3);
	assert_int_equal(p.blobs, 1);
	assert_int_equal(p.closed, 0);
	pair_close(&p);
}

/* The descriptor behind a blob is lost: the blob must not stay. */
static void
test_no_descriptor_behind_blob(void **state)
{
	struct event_base	*base;
	struct rlimit		 old;
	struct pair		 p;
	struct imsg		 im;
	uint8_t			 head[IMSG_MAX], buf[IMSG_MAX];
	ssize_t			 headlen, len;
	int			 sv[2], blob;

	(void)state;
	memset(&p, 0, sizeof(p));
	p.before = nfds();
	assert_non_null(base = event_base_new());
	assert_int_equal(chan_pair(sv), 0);
	p.worker = chan_new(base, sv[0], &frontend_to_worker,
	    &worker_to_frontend, on_message, on_closed, &p);
	assert_non_null(p.worker);
	chan_set_state(p.worker, MS_RUN);
	imsg_init(&im, IMSG_BLOB, 1);
	im.fd = 0;
	headlen = imsg_encode(&im, head);
	imsg_init(&im, IMSG_ATTACH, 1);
	im.fd = 0;
	im.m.attach.dialect = DIALECT_SSH;
	im.m.attach.transport = TRANSPORT_WS;
	strlcpy(im.m.attach.address, "::1", sizeof(im.m.attach.address));
	assert_int_not_equal(len = imsg_encode(&im, buf), -1);
	assert_int_not_equal(blob = blob_create("x", 1), -1);

	assert_int_equal(imsg_send(sv[1], head, (size_t)headlen, blob), 0);
	chan_drain(p.worker);
	assert_int_equal(imsg_send(sv[1], buf, (size_t)len, blob), 0);
	no_descriptors(&old);
	chan_drain(p.worker);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_int_equal(p.got + p.closed, 0);

	p.next_id = 1;
	assert_int_equal(imsg_send(sv[1], buf, (size_t)len, blob), 0);
	chan_drain(p.worker);
	assert_int_equal(p.got, 1);
	assert_int_equal(p.blobs, 0);
	assert_int_equal(p.closed, 0);
	chan_free(p.worker);
	close(sv[1]);
	close(blob);
	event_base_free(base);
	assert_int_equal(nfds(), p.before);
}

/*
 * The kernel bounds the descriptors in flight of one user; root is exempt.
 * In a process of its own; 0 if all went well.
 */
static int
too_many_refs(void)
{
	static struct pair	 p;
	struct rlimit		 rl = { 64, 64 };
	int			 i, sent;

	pair_open(&p);
	if (geteuid() == 0 && setresuid(NOBODY, NOBODY, NOBODY) == -1)
		return (1);
	if (setrlimit(RLIMIT_NOFILE, &rl) == -1)
		return (2);
	/* Fewer than the socket takes, more than may be in flight. */
	chan_set_bounds(p.parent, 30, 1 << 20);
	for (sent = 0; send_master(p.parent, (uint32_t)sent) == 0; sent++)
		continue;
	if (errno != ENOBUFS || sent > 150 || chan_queued(p.parent) == 0)
		return (3);
	/* Nothing but the clock says when there is room again. */
	for (i = 0; i < 2000 && p.got < sent; i++)
		(void)event_base_loop(p.base, EVLOOP_ONCE);
	return (p.fds == sent && p.closed == 0 ? 0 : 4);
}

static void
test_too_many_refs(void **state)
{
	pid_t	 pid;
	int	 status;

	(void)state;
	assert_int_not_equal(pid = fork(), -1);
	if (pid == 0)
		_exit(too_many_refs());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_count_bound),
		cmocka_unit_test(test_bytes_bound),
		cmocka_unit_test(test_drained),
		cmocka_unit_test(test_descriptors_closed),
		cmocka_unit_test(test_log_between),
		cmocka_unit_test(test_free_in_dispatch),
		cmocka_unit_test(test_free_in_closed),
		cmocka_unit_test(test_closed_once),
		cmocka_unit_test(test_last_words),
		cmocka_unit_test(test_drain),
		cmocka_unit_test(test_no_descriptors),
		cmocka_unit_test(test_no_descriptor_behind_blob),
		cmocka_unit_test(test_too_many_refs)
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
