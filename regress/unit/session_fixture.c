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

#include "compat.h"

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include <event2/event.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base64.h"
#include "dialect.h"
#include "driver.h"
#include "session.h"
#include "session_fixture.h"
#include "session_part.h"
#include "utf8.h"
#include "viewer.h"
#include "ws.h"

#define BUF_MAX		(16 * 1024 * 1024)

struct event_base	*base;
struct fake		 fake;
struct session		*s;
struct client		 clients[CLIENTS];
struct session_limits	 limits;
int			 opened, exited, ended, downs;
enum leave		 left;
struct session_end	 how;

static int		 ups;
static struct timespec	 stands = { 1000, 0 };

static int	 fake_open(struct driver *, uint16_t, uint16_t);
static size_t	 fake_write(struct driver *, const uint8_t *, size_t);
static void	 fake_resize(struct driver *, uint16_t, uint16_t);
static int	 fake_signal(struct driver *, int);
static void	 fake_pause(struct driver *);
static void	 fake_resume(struct driver *);
static void	 fake_yield(struct driver *, int);
static void	 fake_close(struct driver *);

static void	 on_opened(struct session *);
static void	 on_up(struct session *, struct viewer *);
static void	 on_down(struct session *, struct viewer *, enum leave);
static void	 on_exited(struct session *, const struct session_end *);
static void	 on_ended(struct session *, const struct session_end *);

static void	 forward(void);
static uint8_t	*buffer(int);
static uint64_t	 number(const char *, const char *);
static void	 take_text(struct client *, const char *, size_t);
static void	 take_bytes(struct client *, const uint8_t *, size_t);
static void	 take_frame(struct client *, int, uint8_t *, size_t);

static const struct driver_ops	 fake_ops = {
	.name =		"fake",
	.open =		fake_open,
	.write =	fake_write,
	.resize =	fake_resize,
	.signal =	fake_signal,
	.pause =	fake_pause,
	.resume =	fake_resume,
	.yield =	fake_yield,
	.close =	fake_close
};

const struct session_hooks	 hooks = {
	.opened =	on_opened,
	.viewer_up =	on_up,
	.viewer_down =	on_down,
	.exited =	on_exited,
	.ended =	on_ended
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
	if (fake.unsignaled)
		return (-1);
	fake.signo = signo;
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
fake_yield(struct driver *d, int on)
{
	(void)d;
	(void)on;
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
on_exited(struct session *t, const struct session_end *end)
{
	assert_ptr_equal(t, s);
	assert_int_equal(exited, 0);
	assert_int_equal(ended, 0);
	how = *end;
	exited++;
}

static void
on_ended(struct session *t, const struct session_end *end)
{
	assert_ptr_equal(t, s);
	how = *end;
	ended++;
	s = NULL;
}

/*
 * Driving it
 */

/* Everything that is ready now, and what that makes ready. */
void
turn(void)
{
	int	 i;

	for (i = 0; i < 20; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
}

/*
 * The clock of all who ask for it, libevent too: however long we are held up,
 * nothing is late, and what is waited for does not have to be.
 */
int
clock_gettime(clockid_t id, struct timespec *ts)
{
	if (id != CLOCK_MONOTONIC && id != CLOCK_MONOTONIC_COARSE)
		return ((int)syscall(SYS_clock_gettime, id, ts));
	*ts = stands;
	return (0);
}

/* By a millisecond. */
static void
forward(void)
{
	stands.tv_nsec += 1000000;
	if (stands.tv_nsec == 1000000000) {
		stands.tv_nsec = 0;
		stands.tv_sec++;
	}
}

void
turn_msec(int msec)
{
	for (; msec > 0; msec--) {
		forward();
		event_base_loop(base, EVLOOP_NONBLOCK);
	}
	turn();
}

uint64_t
true_msec(void)
{
	struct timespec	 ts;

	syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &ts);
	return ((uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000);
}

/* Byte number i of the endless test output: text with long characters. */
uint8_t
value(uint64_t i)
{
	static const char	 text[] =
	    "\xe2\x94\x80 line \xf0\x9f\x98\x80 of \xc3\xa4 text\r\n";

	return (text[i % (sizeof(text) - 1)]);
}

/* Produce numbered bytes, as long as the session wants them. */
size_t
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

void
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

void
flood(uint64_t n)
{
	struct iovec	 iov[2];
	uint64_t	 done;

	for (done = 0; done < n; done += iov[0].iov_len) {
		session_room(s, iov);
		if (iov[0].iov_len > n - done)
			iov[0].iov_len = n - done;
		session_output(s, iov[0].iov_len);
	}
}

struct client *
attach(int n, const struct dialect *d)
{
	struct client	*c;

	c = attach_as(n, d, MODE_RW, 0, 0);
	assert_non_null(c);
	return (c);
}

struct client *
attach_as(int n, const struct dialect *d, uint8_t mode, uint8_t flags,
    uint64_t offset)
{
	struct client		*c = &clients[n];
	struct viewer_conf	 conf;
	int			 fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
	    fds), 0);
	memset(&conf, 0, sizeof(conf));
	conf.id = n + 1;
	conf.mode = mode;
	conf.flags = flags;
	conf.offset = offset;
	conf.dialect = d;
	conf.address = "192.0.2.1";
	conf.fd = fds[1];
	conf.head = (const uint8_t *)"HEAD";
	conf.headlen = d->transport == TRANSPORT_WS ? 0 : 4;
	assert_int_equal(session_full(s), 0);
	c->fd = fds[0];
	c->ws = d->transport == TRANSPORT_WS;
	c->native = d == &dialect_terminal_ws;
	if ((c->v = viewer_new(s, &conf)) == NULL) {
		close(fds[1]);
		leave(c);
		return (NULL);
	}
	viewer_begin(c->v, NULL, 0);
	return (c);
}

/* Its place can be taken by another one. */
void
leave(struct client *c)
{
	uint8_t	*raw, *out;

	raw = c->raw;
	out = c->out;
	close(c->fd);
	free(c->screen);
	memset(c, 0, sizeof(*c));
	c->fd = -1;
	c->raw = raw;
	c->out = out;
	turn();
}

int
was_told(const struct client *c, const char *what)
{
	return (strstr(c->texts, what) != NULL);
}

void
forget_texts(struct client *c)
{
	c->texts[0] = '\0';
}

/* A number in a message of the native dialect. */
static uint64_t
number(const char *message, const char *name)
{
	const char	*p;

	p = strstr(message, name);
	assert_non_null(p);
	return (strtoull(p + strlen(name), NULL, 10));
}

/* A text message of the native dialect. */
static void
take_text(struct client *c, const char *p, size_t len)
{
	char	*message;

	message = strndup(p, len);
	assert_non_null(message);
	if (strstr(message, "\"type\":\"screen\"") != NULL) {
		assert_null(c->screen);
		c->screen = message;
		return;
	}
	strlcat(c->texts, message, sizeof(c->texts));
	assert_true(strlcat(c->texts, "\n", sizeof(c->texts)) <
	    sizeof(c->texts));
	if (strstr(message, "\"attached\"") != NULL)
		c->began = c->offset = number(message, "\"offset\":");
	if (strstr(message, "\"gap\"") != NULL) {
		c->from = number(message, "\"from\":");
		c->to = number(message, "\"to\":");
		assert_true(c->from == c->offset && c->to > c->from);
		c->offset = c->to;
		c->gaps++;
	}
	free(message);
}

/* Binary messages are output, each byte of which has its number. */
static void
take_bytes(struct client *c, const uint8_t *p, size_t len)
{
	size_t	 i;

	for (i = 0; i < len; i++)
		assert_int_equal(p[i], value(c->offset + i));
	c->offset += len;
	c->nout += len;
	c->frames++;
}

/* Take what is in the socket, at most max bytes. */
size_t
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
	case WS_BINARY:
		assert_true(c->native);
		take_bytes(c, p, len);
		break;
	case WS_TEXT:
		if (c->native) {
			take_text(c, (const char *)p, len);
			break;
		}
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
void
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
void
drain(struct client *c)
{
	do {
		turn();
		if (s != NULL && s->gathering)
			turn_msec(SESSION_GATHER_USEC / 1000 + 1);
	} while (receive(c, SIZE_MAX) > 0);
	if (c->ws)
		parse(c);
}

/* The client read everything from `start' on, and whole characters. */
void
check_output(struct client *c, uint64_t start, size_t n)
{
	size_t	 i;

	assert_int_equal(c->nout, n);
	for (i = 0; i < n; i++)
		assert_int_equal(c->out[i], value(start + i));
	assert_int_equal(c->split, 0);
}

void
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

void
text(struct client *c, const char *payload)
{
	put(c, 0x80 | WS_TEXT, payload, strlen(payload));
}

void
assert_input(const char *want)
{
	assert_int_equal(fake.ninput, strlen(want));
	assert_memory_equal(fake.input, want, strlen(want));
	fake.ninput = 0;
}

/* The same ones each time: with sanitizers to make them takes long. */
static uint8_t *
buffer(int n)
{
	static uint8_t	*made[2 * CLIENTS + 1];

	if (made[n] == NULL)
		made[n] = malloc(BUF_MAX);
	return (made[n]);
}

int
fixture_begin(void **state)
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
	limits.idle[DIALECT_SSH - 1] = 3600;
	limits.idle[DIALECT_TTY - 1] = 3700;
	limits.idle[DIALECT_TERMINAL - 1] = 3800;
	limits.detached[DIALECT_SSH - 1] = 60;
	limits.detached[DIALECT_TTY - 1] = 120;
	limits.detached[DIALECT_TERMINAL - 1] = 180;
	memset(&fake, 0, sizeof(fake));
	fake.driver.ops = &fake_ops;
	fake.room = SIZE_MAX;
	fake.input = buffer(2 * CLIENTS);
	memset(clients, 0, sizeof(clients));
	for (i = 0; i < CLIENTS; i++) {
		clients[i].fd = -1;
		clients[i].raw = buffer(2 * i);
		clients[i].out = buffer(2 * i + 1);
	}
	opened = exited = ended = ups = downs = 0;
	left = 0;
	memset(&how, 0, sizeof(how));
	return (base == NULL ? -1 : 0);
}

void
start_opening(uint8_t kind)
{
	struct session_conf	 conf;

	memset(&conf, 0, sizeof(conf));
	conf.id = SID;
	conf.kind = kind;
	conf.keep = kind == DIALECT_TERMINAL;
	conf.cols = 80;
	conf.rows = 24;
	conf.limits = &limits;
	s = session_new(base, &conf, &fake.driver, &hooks, NULL);
	assert_non_null(s);
}

void
start(void)
{
	start_opening(DIALECT_SSH);
	session_opened(s);
	assert_int_equal(opened, 1);
}

int
fixture_end(void **state)
{
	int	 i;

	(void)state;
	if (s != NULL)
		session_free(s);
	s = NULL;
	for (i = 0; i < CLIENTS; i++) {
		if (clients[i].fd != -1)
			close(clients[i].fd);
		free(clients[i].screen);
	}
	event_base_free(base);
	assert_true(fake.closed || opened == 0);
	return (0);
}
