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

/* links: proto/base64.c proto/jsonscan.c proto/sse.c proto/utf8.c proto/ws.c
 *	sessiond/dialect.c sessiond/dialect_ssh.c sessiond/frame.c
 *	sessiond/input.c sessiond/ring.c sessiond/session.c
 *	sessiond/viewer.c sessiond/wsconn.c */
/* pkgs: json-c */

/*
 * A session between a driver that does as it is told and clients on
 * socketpairs: what is lost, who waits for whom, and what each is told.
 */

#include "compat.h"

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <event2/event.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base64.h"
#include "dialect.h"
#include "driver.h"
#include "frame.h"
#include "session.h"
#include "viewer.h"
#include "ws.h"

#define SID		"01234567-89ab-4cde-8f01-23456789abcd"
#define REPLAY		(64 * 1024)
#define CLIENTS		4
#define BUF_MAX		(16 * 1024 * 1024)

struct fake {
	struct driver	 driver;
	int		 paused;
	int		 pauses;
	int		 closed;
	size_t		 room;		/* takes so many bytes of input */
	uint8_t		*input;
	size_t		 ninput;
	uint16_t	 cols;
	uint16_t	 rows;
	int		 resizes;
};

struct client {
	struct viewer	*v;		/* not to be used once it left */
	int		 ws;
	int		 fd;
	uint8_t		*raw;		/* as received, not yet parsed */
	size_t		 nraw;
	uint8_t		*out;		/* decoded output */
	size_t		 nout;
	int		 frames;
	int		 pings;
	int		 pongs;
	int		 code;		/* of a Close frame */
	char		 reason[WS_CONTROL_MAX + 1];
	int		 eof;
	size_t		 split;		/* frames that end inside a character */
};

static struct event_base	*base;
static struct fake		 fake;
static struct session		*s;
static struct client		 clients[CLIENTS];
static struct session_limits	 limits;
static int			 opened, ended, ups, downs;
static enum leave		 left;
static struct session_end	 how;

static int	 fake_open(struct driver *, uint16_t, uint16_t);
static size_t	 fake_write(struct driver *, const uint8_t *, size_t);
static void	 fake_resize(struct driver *, uint16_t, uint16_t);
static int	 fake_signal(struct driver *, int);
static void	 fake_pause(struct driver *);
static void	 fake_resume(struct driver *);
static void	 fake_close(struct driver *);

static const struct driver_ops	 fake_ops = {
	.name =		"fake",
	.open =		fake_open,
	.write =	fake_write,
	.resize =	fake_resize,
	.signal =	fake_signal,
	.pause =	fake_pause,
	.resume =	fake_resume,
	.close =	fake_close
};

static int
fake_open(struct driver *d, uint16_t cols, uint16_t rows)
{
	(void)d;
	fake.cols = cols;
	fake.rows = rows;
	return (0);
}

static size_t
fake_write(struct driver *d, const uint8_t *p, size_t len)
{
	(void)d;
	if (len > fake.room)
		len = fake.room;
	memcpy(fake.input + fake.ninput, p, len);
	fake.ninput += len;
	fake.room -= len;
	return (len);
}

static void
fake_resize(struct driver *d, uint16_t cols, uint16_t rows)
{
	(void)d;
	fake.cols = cols;
	fake.rows = rows;
	fake.resizes++;
}

static int
fake_signal(struct driver *d, int signo)
{
	(void)d;
	(void)signo;
	return (0);
}

static void
fake_pause(struct driver *d)
{
	(void)d;
	assert_false(fake.paused);
	fake.paused = 1;
	fake.pauses++;
}

static void
fake_resume(struct driver *d)
{
	(void)d;
	assert_true(fake.paused);
	fake.paused = 0;
}

static void
fake_close(struct driver *d)
{
	(void)d;
	assert_false(fake.closed);
	fake.closed = 1;
}

static void
on_opened(struct session *t)
{
	(void)t;
	opened++;
}

static void
on_up(struct session *t, struct viewer *v)
{
	(void)t;
	(void)v;
	ups++;
}

static void
on_down(struct session *t, struct viewer *v, enum leave reason)
{
	(void)t;
	(void)v;
	downs++;
	left = reason;
}

static void
on_ended(struct session *t, const struct session_end *end)
{
	assert_ptr_equal(t, s);
	how = *end;
	ended++;
	s = NULL;
}

static const struct session_hooks	 hooks = {
	on_opened, on_up, on_down, on_ended
};

/*
 * Driving it
 */

/* Everything that is ready now, and what that makes ready. */
static void
turn(void)
{
	int	 i;

	for (i = 0; i < 20; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
}

static void
turn_msec(int msec)
{
	struct timespec	 now, end;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_nsec += (long)(msec % 1000) * 1000000;
	end.tv_sec += msec / 1000 + end.tv_nsec / 1000000000;
	end.tv_nsec %= 1000000000;
	do {
		struct timeval	 tv = { 0, 5000 };

		event_base_loopexit(base, &tv);
		event_base_dispatch(base);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec < end.tv_sec || (now.tv_sec == end.tv_sec &&
	    now.tv_nsec < end.tv_nsec));
}

/* Byte number i of the endless test output: text with long characters. */
static uint8_t
value(uint64_t i)
{
	static const char	 text[] =
	    "\xe2\x94\x80 line \xf0\x9f\x98\x80 of \xc3\xa4 text\r\n";

	return (text[i % (sizeof(text) - 1)]);
}

/* Produce numbered bytes, as long as the session wants them. */
static size_t
produce(size_t n, size_t piece)
{
	struct iovec	 iov[2];
	size_t		 done, i, k, part;
	int		 nvec;

	for (done = 0; done < n && !fake.paused; done += k) {
		assert_true(done < BUF_MAX);
		nvec = session_room(s, iov);
		part = n - done < piece ? n - done : piece;
		for (i = k = 0; k < part && i < (size_t)nvec; k++) {
			size_t	 at = i == 0 ? k : k - iov[0].iov_len;

			((uint8_t *)iov[i].iov_base)[at] =
			    value(s->ring.head + k);
			if (at + 1 == iov[i].iov_len)
				i++;
		}
		session_output(s, k);
	}
	return (done);
}

static void
say(const char *text)
{
	struct iovec	 iov[2];
	size_t		 n, first;

	n = strlen(text);
	session_room(s, iov);
	first = n < iov[0].iov_len ? n : iov[0].iov_len;
	memcpy(iov[0].iov_base, text, first);
	if (n > first)
		memcpy(iov[1].iov_base, text + first, n - first);
	session_output(s, n);
}

static struct client *
attach(int n, const struct dialect *d)
{
	struct client		*c = &clients[n];
	struct viewer_conf	 conf;
	int			 fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
	    fds), 0);
	memset(&conf, 0, sizeof(conf));
	conf.id = n + 1;
	conf.mode = MODE_RW;
	conf.dialect = d;
	conf.address = "192.0.2.1";
	conf.fd = fds[1];
	conf.head = (const uint8_t *)"HEAD";
	conf.headlen = d->transport == TRANSPORT_WS ? 0 : 4;
	assert_int_equal(session_full(s), 0);
	c->fd = fds[0];
	c->ws = d == &dialect_ssh_ws;
	c->v = viewer_new(s, &conf);
	assert_non_null(c->v);
	viewer_begin(c->v, NULL, 0);
	return (c);
}

/* Take what is in the socket, at most max bytes. */
static size_t
receive(struct client *c, size_t max)
{
	size_t	 got;
	ssize_t	 n;

	for (got = 0; got < max; got += n) {
		assert_true(c->nraw < BUF_MAX);
		n = recv(c->fd, c->raw + c->nraw, max - got < BUF_MAX -
		    c->nraw ? max - got : BUF_MAX - c->nraw, 0);
		if (n == 0)
			c->eof = 1;
		if (n <= 0)
			break;
		c->nraw += n;
	}
	return (got);
}

static void
take_frame(struct client *c, int opcode, uint8_t *p, size_t len)
{
	ssize_t	 n;

	switch (opcode) {
	case WS_TEXT:
		n = base64_decode(c->out + c->nout, BUF_MAX - c->nout,
		    (char *)p, len);
		assert_true(n > 0);
		if (utf8_cut(c->out + c->nout, n) != (size_t)n)
			c->split++;
		c->nout += n;
		c->frames++;
		break;
	case WS_OP_PING:
		c->pings++;
		break;
	case WS_OP_PONG:
		c->pongs++;
		break;
	case WS_OP_CLOSE:
		assert_true(len >= 2);
		c->code = p[0] << 8 | p[1];
		memcpy(c->reason, p + 2, len - 2);
		c->reason[len - 2] = '\0';
		break;
	default:
		fail();
	}
}

/* Understand all whole frames that were received. */
static void
parse(struct client *c)
{
	size_t	 pos, len, head;

	for (pos = 0; c->nraw - pos >= 2; pos += head + len) {
		assert_int_equal(c->raw[pos] & 0x70, 0);
		assert_int_equal(c->raw[pos + 1] & 0x80, 0);
		len = c->raw[pos + 1];
		head = len == 126 ? 4 : 2;
		assert_true(len < 127);
		if (c->nraw - pos < head)
			break;
		if (len == 126)
			len = c->raw[pos + 2] << 8 | c->raw[pos + 3];
		if (c->nraw - pos < head + len)
			break;
		take_frame(c, c->raw[pos] & 0x0f, c->raw + pos + head, len);
	}
	memmove(c->raw, c->raw + pos, c->nraw - pos);
	c->nraw -= pos;
}

/* Read and let the session go on until nothing comes any more. */
static void
drain(struct client *c)
{
	do
		turn();
	while (receive(c, SIZE_MAX) > 0);
	if (c->ws)
		parse(c);
}

/* The client read everything from `start' on, and whole characters. */
static void
check_output(struct client *c, uint64_t start, size_t n)
{
	size_t	 i;

	assert_int_equal(c->nout, n);
	for (i = 0; i < n; i++)
		assert_int_equal(c->out[i], value(start + i));
	assert_int_equal(c->split, 0);
}

static void
put(struct client *c, int first, const void *payload, size_t len)
{
	const uint8_t	 mask[4] = { 0x12, 0x34, 0x56, 0x78 };
	uint8_t		*frame;
	size_t		 n, i;

	frame = malloc(len + WS_CLIENT_HEAD_MAX);
	assert_non_null(frame);
	n = 0;
	frame[n++] = first;
	if (len < 126)
		frame[n++] = 0x80 | len;
	else {
		frame[n++] = 0x80 | 126;
		frame[n++] = len >> 8;
		frame[n++] = len;
	}
	memcpy(frame + n, mask, 4);
	n += 4;
	for (i = 0; i < len; i++)
		frame[n++] = ((const uint8_t *)payload)[i] ^ mask[i % 4];
	for (i = 0; i < n; ) {
		ssize_t	 k = send(c->fd, frame + i, n - i, MSG_NOSIGNAL);

		if (k > 0)
			i += k;
		else
			turn();
	}
	free(frame);
	turn();
}

static void
text(struct client *c, const char *payload)
{
	put(c, 0x80 | WS_TEXT, payload, strlen(payload));
}

static void	 on_request(int, void *);

static void
assert_input(const char *want)
{
	assert_int_equal(fake.ninput, strlen(want));
	assert_memory_equal(fake.input, want, strlen(want));
	fake.ninput = 0;
}

static int
begin(void **state)
{
	int	 i;

	(void)state;
	base = event_base_new();
	memset(&limits, 0, sizeof(limits));
	limits.viewers = CLIENTS;
	limits.replay = REPLAY;
	limits.open = 5;
	limits.ping = 30;
	limits.stalled = 60;
	limits.idle = 3600;
	limits.detached = 60;
	memset(&fake, 0, sizeof(fake));
	fake.driver.ops = &fake_ops;
	fake.room = SIZE_MAX;
	fake.input = malloc(BUF_MAX);
	memset(clients, 0, sizeof(clients));
	for (i = 0; i < CLIENTS; i++) {
		clients[i].fd = -1;
		clients[i].raw = malloc(BUF_MAX);
		clients[i].out = malloc(BUF_MAX);
	}
	opened = ended = ups = downs = 0;
	left = 0;
	memset(&how, 0, sizeof(how));
	return (base == NULL ? -1 : 0);
}

static void
start(void)
{
	s = session_new(base, SID, &limits, &fake.driver, &hooks, NULL, 80,
	    24);
	assert_non_null(s);
	session_opened(s);
	assert_int_equal(opened, 1);
}

static int
end(void **state)
{
	int	 i;

	(void)state;
	if (s != NULL)
		session_free(s);
	s = NULL;
	for (i = 0; i < CLIENTS; i++) {
		if (clients[i].fd != -1)
			close(clients[i].fd);
		free(clients[i].raw);
		free(clients[i].out);
	}
	free(fake.input);
	event_base_free(base);
	assert_true(fake.closed || opened == 0);
	return (0);
}

/*
 * Output
 */

static void
test_output(void **state)
{
	struct client	*c;

	(void)state;
	start();
	c = attach(0, &dialect_ssh_ws);
	assert_int_equal(produce(200000, 4095), 200000);
	/* It ends inside of a character. */
	drain(c);
	check_output(c, 0, s->whole);
	assert_true(c->frames < 60);
}

/* The rest of a character is waited for, but not for long. */
static void
test_held(void **state)
{
	struct client	*c;

	(void)state;
	start();
	c = attach(0, &dialect_ssh_ws);
	say("a\xe2\x94");
	drain(c);
	assert_int_equal(c->nout, 1);
	say("\x80z");
	drain(c);
	assert_int_equal(c->nout, 5);
	say("\xe2\x94");
	turn_msec(30);
	drain(c);
	assert_int_equal(c->nout, 5);
	turn_msec(110);
	drain(c);
	assert_int_equal(c->nout, 7);
	say("\xf0\x9f");
	session_exited(s, EXIT_CODE, 0);
	drain(c);
	assert_int_equal(c->nout, 9);
	assert_int_equal(c->code, 1000);
}

/* What came before the first viewer is held back, not lost. */
static void
test_first_attach(void **state)
{
	struct client	*c;
	size_t		 n;

	(void)state;
	start();
	n = produce(SIZE_MAX, 60000);
	assert_true(n >= SESSION_HIGH && n < SESSION_HIGH + 60000);
	assert_true(fake.paused);
	c = attach(0, &dialect_ssh_ws);
	drain(c);
	assert_false(fake.paused);
	check_output(c, 0, s->whole);
	assert_int_equal(fake.pauses, 1);
}

/* A shell that is over before anybody came is shown to the first viewer. */
static void
test_exit_before_attach(void **state)
{
	struct client	*c;

	(void)state;
	start();
	say("hello\r\n");
	session_exited(s, EXIT_CODE, 3);
	turn();
	assert_true(fake.closed);
	assert_int_equal(ended, 0);
	c = attach(0, &dialect_ssh_ws);
	drain(c);
	assert_int_equal(c->nout, 7);
	assert_int_equal(c->code, 1000);
	assert_string_equal(c->reason, "closed");
	assert_int_equal(session_full(s), FAIL_GONE);
	close(c->fd);
	c->fd = -1;
	turn();
	assert_int_equal(ended, 1);
	assert_int_equal(how.reason, END_EXIT);
	assert_int_equal(how.code, 3);
	assert_int_equal(left, LEAVE_END);
}

/* Nobody attached, the session runs on; who returns gets the newest. */
static void
test_replay(void **state)
{
	struct client	*c;
	uint64_t	 from;

	(void)state;
	start();
	c = attach(0, &dialect_ssh_ws);
	close(c->fd);
	c->fd = -1;
	turn();
	assert_int_equal(left, LEAVE_CLIENT);
	assert_int_equal(produce(5000000, 4095), 5000000);
	assert_int_equal(fake.pauses, 0);
	c = attach(1, &dialect_ssh_ws);
	drain(c);
	from = s->whole - c->nout;
	assert_true(c->nout <= REPLAY && c->nout > REPLAY - 100);
	check_output(c, from, c->nout);
	assert_int_equal(value(from - 1), '\n');
}

/* Viewers of one dialect send the very same frames. */
static void
test_shared(void **state)
{
	struct client	*c[3];
	struct frame	*f, *g;
	int		 i;

	(void)state;
	start();
	for (i = 0; i < 3; i++)
		c[i] = attach(i, &dialect_ssh_ws);
	turn();
	produce(100000, 4095);
	for (i = 0; i < 3; i++) {
		drain(c[i]);
		check_output(c[i], 0, s->whole);
	}
	f = session_frame(s, &dialect_ssh_ws, 0, 1000);
	g = session_frame(s, &dialect_ssh_ws, 0, 1000);
	assert_ptr_equal(f, g);
	frame_unref(f);
	frame_unref(g);
}

/*
 * Flow
 */

/* A viewer that stops reading stops the upstream, and loses nothing. */
static void
test_stall(void **state)
{
	struct client	*c;
	size_t		 n, more;
	int		 i;

	(void)state;
	start();
	c = attach(0, &dialect_ssh_ws);
	turn();
	n = produce(SIZE_MAX, 4095);
	assert_true(n > SESSION_HIGH && n < 3 * SESSION_HIGH);
	assert_true(fake.paused);
	for (i = 0; i < 5; i++) {
		drain(c);
		assert_false(fake.paused);
		more = produce(SIZE_MAX, 4095);
		assert_true(more > SESSION_HIGH / 2);
		n += more;
	}
	drain(c);
	check_output(c, 0, s->whole);
	assert_int_equal(fake.pauses, 6);
}

/* It holds the others up only while it counts as one of them. */
static void
test_stall_of_one(void **state)
{
	struct client	*a, *b;
	int		 i;

	(void)state;
	start();
	a = attach(0, &dialect_ssh_ws);
	b = attach(1, &dialect_ssh_ws);
	turn();
	for (i = 0; i < 60; i++) {
		assert_int_equal(produce(65536, 4095), 65536);
		drain(b);
	}
	check_output(b, 0, s->whole);
	assert_int_equal(fake.pauses, 0);
	assert_int_equal(downs, 0);
	/* The ring has passed it; it is told once it reads again. */
	assert_int_equal(a->v->state, VIEWER_FINISHING);
	drain(a);
	assert_int_equal(a->code, 1013);
	assert_true(a->nout > 0);
	check_output(a, 0, a->nout);
	close(a->fd);
	a->fd = -1;
	turn();
	assert_int_equal(downs, 1);
	assert_int_equal(left, LEAVE_SLOW);
}

/* After the time it may take it no longer holds the upstream. */
static void
test_stalled_time(void **state)
{
	struct client	*c;

	(void)state;
	limits.stalled = 1;
	start();
	c = attach(0, &dialect_ssh_ws);
	turn();
	produce(SIZE_MAX, 4095);
	assert_true(fake.paused);
	turn_msec(1200);
	assert_false(fake.paused);
	assert_int_equal(downs, 0);
	produce(SESSION_HIGH, 4095);
	assert_int_equal(c->v->reason, LEAVE_SLOW);
	drain(c);
	assert_int_equal(c->code, 1013);
}

/* A viewer that takes enough in that time keeps its place. */
static void
test_slow_but_steady(void **state)
{
	struct client	*c;
	int		 i;

	(void)state;
	limits.stalled = 1;
	start();
	c = attach(0, &dialect_ssh_ws);
	turn();
	produce(SIZE_MAX, 4095);
	assert_true(fake.paused);
	for (i = 0; i < 3; i++) {
		receive(c, 150000);
		turn_msec(900);
		assert_false(c->v->lost);
	}
	drain(c);
	check_output(c, 0, s->whole);
}

/* A client that left never blocks the rest, nor does one that comes. */
static void
test_leave_while_held(void **state)
{
	struct client	*a, *b;

	(void)state;
	start();
	a = attach(0, &dialect_ssh_ws);
	turn();
	produce(SIZE_MAX, 4095);
	assert_true(fake.paused);
	b = attach(1, &dialect_ssh_ws);
	drain(b);
	assert_false(fake.paused);
	close(b->fd);
	b->fd = -1;
	turn();
	assert_true(fake.paused);
	close(a->fd);
	a->fd = -1;
	turn();
	assert_false(fake.paused);
}

/*
 * Input
 */

static void
test_messages(void **state)
{
	static const char *const	 typed[] = {
		"ls\n", "{", "{}", "resize",
		"{\"type\":\"resize\",\"cols\":80}",
		"{\"type\":\"resize\",\"cols\":80,\"rows\":24,\"x\":1}",
		"{\"type\":\"resize\",\"cols\":\"80\",\"rows\":24}",
		"{\"type\":\"resize\",\"cols\":80.5,\"rows\":24}",
		"{\"type\":\"resize\",\"cols\":80,\"rows\":24} ls",
		"[{\"type\":\"resize\",\"cols\":80,\"rows\":24}]",
		"{\"type\":\"input\",\"cols\":80,\"rows\":24}",
		"{\"type\":\"resize\",\"cols\":80,\"cols\":80,\"rows\":24}",
		"{\"type\":\"resize\",\"cols\":90,\"rows\":33}"
		"                                                        "
		"                                                         "
	};
	static const char *const	 dropped[] = {
		"{\"type\":\"resize\",\"cols\":0,\"rows\":24}",
		"{\"type\":\"resize\",\"cols\":80,\"rows\":1001}",
		"{\"type\":\"resize\",\"cols\":-1,\"rows\":24}",
		"{\"type\":\"resize\",\"cols\":99999999999,\"rows\":24}"
	};
	struct client			*c;
	size_t				 i;

	(void)state;
	start();
	c = attach(0, &dialect_ssh_ws);
	for (i = 0; i < nitems(typed); i++) {
		text(c, typed[i]);
		assert_input(typed[i]);
	}
	for (i = 0; i < nitems(dropped); i++) {
		text(c, dropped[i]);
		assert_input("");
	}
	assert_int_equal(fake.resizes, 0);
	text(c, "{\"type\":\"resize\",\"cols\":80,\"rows\":24}");
	assert_int_equal(fake.resizes, 0);
	text(c, " { \"rows\" : 40, \"cols\" : 120, \"type\" : \"resize\" } ");
	assert_int_equal(fake.resizes, 1);
	assert_int_equal(fake.cols, 120);
	assert_int_equal(fake.rows, 40);
	/* A binary frame is never looked into. */
	put(c, 0x80 | WS_BINARY, "{\"type\":\"resize\",\"cols\":8,\"rows\":2}",
	    35);
	assert_input("{\"type\":\"resize\",\"cols\":8,\"rows\":2}");
	put(c, 0x80 | WS_BINARY, "\xff\xfe", 2);
	assert_input("\xff\xfe");
}

/* Fragments are typed as they come, but for what may be a resize. */
static void
test_fragments(void **state)
{
	struct client	*c;
	char		 big[300];

	(void)state;
	start();
	c = attach(0, &dialect_ssh_ws);
	put(c, WS_TEXT, "{\"type\":\"resize\",", 17);
	assert_input("");
	put(c, 0, "\"cols\":100,", 11);
	put(c, 0x80, "\"rows\":50}", 10);
	assert_input("");
	assert_int_equal(fake.cols, 100);
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	put(c, WS_TEXT, big, 100);
	assert_int_equal(fake.ninput, 0);
	put(c, 0, big, 100);
	assert_int_equal(fake.ninput, 200);
	put(c, 0x80, big, 99);
	assert_input(big);
}

static void
test_protocol_errors(void **state)
{
	struct client	*a, *b, *d;
	uint8_t		 big[65535];
	int		 i;

	(void)state;
	start();
	a = attach(0, &dialect_ssh_ws);
	b = attach(1, &dialect_ssh_ws);
	d = attach(2, &dialect_ssh_ws);
	put(a, 0x83, "", 0);		/* reserved opcode */
	drain(a);
	assert_int_equal(a->code, 1002);
	text(b, "\xc3\x28");
	drain(b);
	assert_int_equal(b->code, 1007);
	assert_input("");
	/* Unfinished for ever: told at the cap. */
	memset(big, 'y', sizeof(big));
	put(d, WS_BINARY, big, sizeof(big));
	for (i = 0; i < 16; i++)
		put(d, 0, big, sizeof(big));
	drain(d);
	assert_int_equal(d->code, 1009);
	assert_true(fake.ninput <= WS_MESSAGE_MAX);
	assert_int_equal(downs, 0);
	for (i = 0; i < 3; i++) {
		close(clients[i].fd);
		clients[i].fd = -1;
	}
	turn();
	assert_int_equal(downs, 3);
	assert_int_equal(left, LEAVE_ERROR);
	assert_int_equal(s->state, SESSION_RUNNING);
}

static void
test_control_frames(void **state)
{
	struct client	*c;
	int		 i;

	(void)state;
	start();
	c = attach(0, &dialect_ssh_ws);
	put(c, 0x80 | WS_OP_PING, "hi", 2);
	receive(c, SIZE_MAX);
	assert_int_equal(c->nraw, 4);
	assert_memory_equal(c->raw, "\x8a\x02hi", 4);
	parse(c);
	put(c, 0x80 | WS_OP_CLOSE, "\x03\xe8" "bye", 5);
	drain(c);
	assert_int_equal(c->code, 1000);
	assert_true(c->eof);
	assert_int_equal(downs, 1);
	assert_int_equal(left, LEAVE_CLIENT);

	/* Pings of a client that reads nothing make no queue. */
	c = attach(1, &dialect_ssh_ws);
	turn();
	produce(SIZE_MAX, 4095);
	for (i = 0; i < 100; i++)
		put(c, 0x80 | WS_OP_PING, "again", 5);
	drain(c);
	assert_true(c->pongs >= 1 && c->pongs < 5);
}

/* Two pings without an answer, unless there is something to read first. */
static void
test_ping(void **state)
{
	struct client	*a, *b;

	(void)state;
	limits.ping = 1;
	start();
	a = attach(0, &dialect_ssh_ws);
	b = attach(1, &dialect_ssh_ws);
	turn_msec(1500);
	drain(b);
	assert_int_equal(b->pings, 1);
	put(b, 0x80 | WS_OP_PONG, "", 0);
	turn_msec(1000);
	put(b, 0x80 | WS_OP_PONG, "", 0);
	turn_msec(1000);
	assert_int_equal(downs, 1);
	assert_int_equal(left, LEAVE_PING);
	assert_int_equal(b->v->state, VIEWER_OPEN);
	(void)a;
}

/* What does not fit into the upstream stays with its sender. */
static void
test_input_blocked(void **state)
{
	struct client	*c;
	uint8_t		 buf[4096];
	size_t		 sent, i;
	ssize_t		 n;
	int		 tries;

	(void)state;
	start();
	fake.room = 0;
	c = attach(0, &dialect_ssh_ws);
	/* One endless binary message, 60000 bytes in each frame. */
	memset(buf, 0, sizeof(buf));
	for (sent = 0, tries = 0; tries < 50; ) {
		uint8_t	 head[8] = { sent == 0 ? WS_BINARY : 0, 0xfe, 0xea,
			    0x60, 0, 0, 0, 0 };

		if (sent % 60000 == 0 && send(c->fd, head, 8, 0) != 8) {
			turn();
			tries++;
			continue;
		}
		for (i = 0; i < sizeof(buf); i++)
			buf[i] = (sent + i) % 251;
		n = send(c->fd, buf, 60000 - sent % 60000 < sizeof(buf) ?
		    60000 - sent % 60000 : sizeof(buf), MSG_NOSIGNAL);
		turn();
		if (n == -1) {
			/* The frame's head must not be sent again. */
			break;
		}
		sent += n;
	}
	assert_true(s->input.queued >= INPUT_HIGH - 16);
	assert_true(s->input.queued <= INPUT_HIGH + 128);
	assert_true(c->v->stopped);
	fake.room = SIZE_MAX;
	session_writable(s);
	turn();
	assert_int_equal(fake.ninput, sent);
	for (i = 0; i < sent; i++)
		assert_int_equal(fake.input[i], i % 251);
	assert_int_equal(s->input.queued, 0);
}

/* What came before the hand-over is input, and waits for room as all is. */
static void
test_unread(void **state)
{
	static uint8_t		 big[INPUT_HIGH - 10];
	struct viewer_conf	 conf;
	struct viewer		*v;
	uint8_t			*unread;
	int			 fds[2], r;

	(void)state;
	start();
	fake.room = 0;
	r = 0;
	session_request(s, big, sizeof(big), on_request, &r);
	assert_int_equal(r, 1);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
	    fds), 0);
	memset(&conf, 0, sizeof(conf));
	conf.id = 1;
	conf.mode = MODE_RW;
	conf.dialect = &dialect_ssh_ws;
	conf.address = "192.0.2.1";
	conf.fd = fds[1];
	assert_non_null(v = viewer_new(s, &conf));
	clients[0].fd = fds[0];
	clients[0].v = v;
	clients[0].ws = 1;
	assert_non_null(unread = malloc(6 + 20));
	memcpy(unread, "\x81\x94\0\0\0\0" "abcdefghijklmnopqrst", 26);
	viewer_begin(v, unread, 26);
	text(&clients[0], "uvw");
	assert_true(s->input.queued <= INPUT_HIGH + 128);
	assert_true(v->stopped);
	fake.room = SIZE_MAX;
	session_writable(s);
	turn();
	assert_int_equal(fake.ninput, sizeof(big) + 23);
	assert_memory_equal(fake.input + sizeof(big),
	    "abcdefghijklmnopqrstuvw", 23);
}

static void
on_request(int taken, void *arg)
{
	*(int *)arg = taken ? 1 : -1;
}

/* Whole requests are taken whole, in their turn. */
static void
test_requests(void **state)
{
	static uint8_t	 big[200 * 1024];
	struct client	*c;
	int		 r[4] = { 0, 0, 0, 0 };

	(void)state;
	start();
	c = attach(0, &dialect_ssh_ws);
	fake.room = 0;
	memset(big, 'a', sizeof(big));
	session_request(s, big, sizeof(big), on_request, &r[0]);
	assert_int_equal(r[0], 1);
	memset(big, 'b', sizeof(big));
	session_request(s, big, sizeof(big), on_request, &r[1]);
	assert_int_equal(r[1], 0);
	/* It would fit, but it is not its turn; nor is it the client's. */
	session_request(s, (const uint8_t *)"c", 1, on_request, &r[2]);
	assert_int_equal(r[2], 0);
	text(c, "d");
	assert_true(c->v->stopped);
	fake.room = 150 * 1024;
	session_writable(s);
	assert_int_equal(r[1], 1);
	assert_int_equal(r[2], 1);
	assert_int_equal(fake.ninput, 150 * 1024);
	fake.room = SIZE_MAX;
	session_writable(s);
	turn();
	assert_int_equal(fake.ninput, 400 * 1024 + 2);
	assert_int_equal(fake.input[200 * 1024 - 1], 'a');
	assert_int_equal(fake.input[200 * 1024], 'b');
	assert_memory_equal(fake.input + 400 * 1024, "cd", 2);
	/* The end of the session ends the wait. */
	fake.room = 0;
	session_request(s, big, sizeof(big), on_request, &r[0]);
	session_request(s, big, sizeof(big), on_request, &r[3]);
	assert_int_equal(r[3], 0);
	session_end(s, END_CLOSED);
	assert_int_equal(r[3], -1);
}

/*
 * Ends
 */

static void
test_exit_drains(void **state)
{
	struct client	*c;
	size_t		 n;

	(void)state;
	start();
	c = attach(0, &dialect_ssh_ws);
	turn();
	n = produce(SESSION_HIGH, 4095);
	session_exited(s, EXIT_CODE, 0);
	assert_true(fake.closed);
	turn();
	assert_int_equal(ended, 0);
	drain(c);
	assert_int_equal(c->nout, n);
	assert_int_equal(c->code, 1000);
	assert_string_equal(c->reason, "closed");
	put(c, 0x80 | WS_OP_CLOSE, "\x03\xe8", 2);
	assert_int_equal(downs, 1);
	assert_int_equal(ended, 1);
}

/* Who does not read does not keep a dead session for ever. */
static void
test_exit_stalled(void **state)
{
	struct client	*c;

	(void)state;
	limits.stalled = 1;
	start();
	c = attach(0, &dialect_ssh_ws);
	turn();
	produce(SESSION_HIGH, 4095);
	session_exited(s, EXIT_CODE, 0);
	turn_msec(1300);
	assert_int_equal(ended, 1);
	(void)c;
}

static void
test_closes(void **state)
{
	static const struct {
		enum leave	 reason;
		int		 code;
		const char	*text;
	} t[] = {
		{ LEAVE_REVOKED, 1008, "Forbidden" },
		{ LEAVE_OPERATOR, 1000, "closed" },
		{ LEAVE_STOP, 1001, "stopping" }
	};
	struct client	*c;
	size_t		 i;

	(void)state;
	start();
	for (i = 0; i < nitems(t); i++) {
		c = attach(i, &dialect_ssh_ws);
		viewer_leave(c->v, t[i].reason, 0);
		drain(c);
		assert_int_equal(c->code, t[i].code);
		assert_string_equal(c->reason, t[i].text);
		close(c->fd);
		c->fd = -1;
		turn();
		assert_int_equal(left, t[i].reason);
	}
	c = attach(3, &dialect_ssh_ws);
	session_lost(s, "connection lost");
	drain(c);
	assert_int_equal(c->code, 1011);
	assert_string_equal(c->reason, "connection lost");
}

static void
test_stop(void **state)
{
	struct client	*c;

	(void)state;
	start();
	c = attach(0, &dialect_ssh_ws);
	session_end(s, END_STOP);
	drain(c);
	assert_int_equal(c->code, 1001);
	put(c, 0x80 | WS_OP_CLOSE, "\x03\xe9", 2);
	assert_int_equal(ended, 1);
	assert_int_equal(how.reason, END_STOP);
}

static void
test_detached(void **state)
{
	struct client	*c;

	(void)state;
	limits.detached = 1;
	start();
	c = attach(0, &dialect_ssh_ws);
	turn_msec(1300);
	assert_int_equal(ended, 0);
	close(c->fd);
	c->fd = -1;
	turn_msec(600);
	c = attach(1, &dialect_ssh_ws);
	turn_msec(600);
	assert_int_equal(ended, 0);
	close(c->fd);
	c->fd = -1;
	turn_msec(1300);
	assert_int_equal(ended, 1);
	assert_int_equal(how.reason, END_DETACHED);
}

static void
test_idle(void **state)
{
	(void)state;
	limits.idle = 1;
	start();
	attach(0, &dialect_ssh_ws);
	turn_msec(600);
	say("x");
	turn_msec(2500);
	assert_true(fake.closed);
}

static void
test_open_fails(void **state)
{
	(void)state;
	limits.open = 1;
	s = session_new(base, SID, &limits, &fake.driver, &hooks, NULL, 80,
	    24);
	assert_non_null(s);
	session_resize(s, 100, 30);
	assert_int_equal(fake.resizes, 0);
	turn_msec(1300);
	assert_int_equal(opened, 0);
	assert_int_equal(ended, 1);
	assert_int_equal(how.reason, END_FAILED);
	assert_true(how.late);
}

static void
test_viewers_limit(void **state)
{
	int	 i;

	(void)state;
	start();
	for (i = 0; i < CLIENTS; i++)
		attach(i, &dialect_ssh_ws);
	assert_int_equal(session_full(s), FAIL_LIMIT);
}

/*
 * Events
 */

static void
test_sse(void **state)
{
	static const char	 greet[] =
	    "HEAD3d\r\nevent: connected\ndata: " SID "\n\n\r\n";
	struct client		*c;

	(void)state;
	start();
	c = attach(0, &dialect_ssh_sse);
	drain(c);
	assert_int_equal(c->nraw, sizeof(greet) - 1);
	assert_memory_equal(c->raw, greet, c->nraw);
	c->nraw = 0;
	/* What it says is thrown away; a half-close is not its end. */
	assert_int_equal(send(c->fd, "GET / HTTP/1.1\r\n\r\n", 18, 0), 18);
	shutdown(c->fd, SHUT_WR);
	turn();
	assert_input("");
	assert_int_equal(downs, 0);
	say("hello");
	drain(c);
	assert_int_equal(c->nraw, 22);
	assert_memory_equal(c->raw, "10\r\ndata: aGVsbG8=\n\n\r\n", 22);
	c->nraw = 0;
	session_exited(s, EXIT_CODE, 0);
	drain(c);
	assert_int_equal(c->nraw, 38);
	assert_memory_equal(c->raw, "1b\r\nevent: close\ndata: closed\n\n\r\n"
	    "0\r\n\r\n", 38);
	assert_true(c->eof);
	assert_int_equal(ended, 1);
}

static void
test_sse10(void **state)
{
	struct client	*c;

	(void)state;
	start();
	c = attach(0, &dialect_ssh_sse10);
	drain(c);
	c->nraw = 0;
	say("hello");
	session_lost(s, "connection lost");
	drain(c);
	c->raw[c->nraw] = '\0';
	assert_string_equal((char *)c->raw, "data: aGVsbG8=\n\n"
	    "event: error\ndata: {\"message\":\"connection lost\"}\n\n");
	assert_true(c->eof);
}

/* Two dialects side by side see the same bytes. */
static void
test_mixed(void **state)
{
	struct client	*a, *b;

	(void)state;
	start();
	a = attach(0, &dialect_ssh_ws);
	b = attach(1, &dialect_ssh_sse10);
	turn();
	drain(b);
	b->nraw = 0;
	say("hello");
	drain(a);
	drain(b);
	assert_int_equal(a->nout, 5);
	b->raw[b->nraw] = '\0';
	assert_string_equal((char *)b->raw, "data: aGVsbG8=\n\n");
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, begin, end)

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		TEST(test_output),
		TEST(test_held),
		TEST(test_first_attach),
		TEST(test_exit_before_attach),
		TEST(test_replay),
		TEST(test_shared),
		TEST(test_stall),
		TEST(test_stall_of_one),
		TEST(test_stalled_time),
		TEST(test_slow_but_steady),
		TEST(test_leave_while_held),
		TEST(test_messages),
		TEST(test_fragments),
		TEST(test_protocol_errors),
		TEST(test_control_frames),
		TEST(test_ping),
		TEST(test_input_blocked),
		TEST(test_unread),
		TEST(test_requests),
		TEST(test_exit_drains),
		TEST(test_exit_stalled),
		TEST(test_closes),
		TEST(test_stop),
		TEST(test_detached),
		TEST(test_idle),
		TEST(test_open_fails),
		TEST(test_viewers_limit),
		TEST(test_sse),
		TEST(test_sse10),
		TEST(test_mixed)
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
