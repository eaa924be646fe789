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

/* links: regress/unit/session_fixture.c regress/unit/spoken.c @SESSION@ */
/* pkgs: json-c vterm */

/*
 * The native dialect: what its clients are told and what they may say, on a
 * WebSocket and in events.
 */

#include "compat.h"

#include <sys/types.h>
#include <sys/socket.h>

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base64.h"
#include "dialect.h"
#include "frame.h"
#include "message.h"
#include "session.h"
#include "session_fixture.h"
#include "spoken.h"
#include "viewer.h"

#define ATTACHED(o, m)	"{\"type\":\"attached\",\"session\":\"" SID "\"," \
			"\"offset\":" o ",\"cols\":80,\"rows\":24," \
			"\"mode\":\"" m "\"}"
#define ERROR(c, m)	"{\"type\":\"error\",\"code\":\"" c "\"," \
			"\"message\":\"" m "\"}"
#define ACCEPTED(n)	"{\"type\":\"accepted\",\"bytes\":" n "}"
#define BAD_SIZE	"cols and rows have to be from 1 to 1000"

static void
begin(void)
{
	start_opening(DIALECT_TERMINAL);
	session_opened(s);
}

static void
again(void)
{
	fixture_end(NULL);
	fixture_begin(NULL);
	begin();
}

/* A writer who has heard that it is attached. */
static struct client *
writer(int n)
{
	struct client	*c;

	c = join(n, &dialect_terminal_ws, MODE_RW, 0, 0);
	listen_to(c);
	assert_int_equal(nspoken, 1);
	return (c);
}

/* The one thing that it is told now. */
static void
assert_told(struct client *c, const char *want)
{
	listen_to(c);
	assert_int_equal(nspoken, 1);
	assert_text(0, want);
}

static void
assert_quiet(struct client *c)
{
	listen_to(c);
	assert_int_equal(nspoken, 0);
}

static void
assert_binary(size_t i, const void *want, size_t len)
{
	assert_true(i < nspoken);
	assert_int_equal(spoken[i].opcode, WS_BINARY);
	assert_int_equal(spoken[i].len, len);
	assert_memory_equal(spoken[i].data, want, len);
}

/* Number i is output in an event, up to this offset. */
static void
assert_output(size_t i, uint64_t id, const void *want, size_t len)
{
	static uint8_t	 out[64 * 1024];
	ssize_t		 n;

	assert_true(i < nspoken);
	assert_string_equal(spoken[i].name, "");
	assert_true(spoken[i].has_id);
	assert_int_equal(spoken[i].id, id);
	n = base64_decode(out, sizeof(out), (char *)spoken[i].data,
	    spoken[i].len);
	assert_int_equal(n, len);
	assert_memory_equal(out, want, len);
}

/*
 * Output
 */

static void
test_attached(void **state)
{
	struct client	*a, *b, *c;

	(void)state;
	begin();
	a = join(0, &dialect_terminal_ws, MODE_RW, 0, 0);
	assert_told(a, ATTACHED("0", "rw"));
	emit("0123456789", 10);
	listen_to(a);
	assert_binary(0, "0123456789", 10);
	b = join(1, &dialect_terminal_ws, MODE_RO, ATTACH_OFFSET, 4);
	listen_to(b);
	assert_int_equal(nspoken, 2);
	assert_text(0, ATTACHED("4", "ro"));
	assert_binary(1, "456789", 6);
	c = join(2, &dialect_terminal_ws, MODE_RW, ATTACH_OFFSET, 10);
	assert_told(c, ATTACHED("10", "rw"));
}

/* Any bytes are passed on as they are, at once, whatever they would mean. */
static void
test_bytes(void **state)
{
	static const char	 mixed[] = "\xf0\x9f\0\xff\x80\xc3";
	static uint8_t		 got[100000], want[100000];
	struct client		*c;
	size_t			 i, k, n;

	(void)state;
	begin();
	c = writer(0);
	for (i = 0; i < sizeof(mixed); i++) {
		emit(mixed + i, 1);
		listen_to(c);
		assert_int_equal(nspoken, 1);
		assert_binary(0, mixed + i, 1);
	}
	for (i = 0; i < sizeof(want); i++)
		want[i] = i * i >> 3;
	for (i = 0; i < sizeof(want); i += 50000)
		emit(want + i, 50000);
	listen_to(c);
	for (i = n = 0; i < nspoken; i++) {
		assert_int_equal(spoken[i].opcode, WS_BINARY);
		for (k = 0; k < spoken[i].len; k++)
			got[n++] = spoken[i].data[k];
	}
	assert_int_equal(n, sizeof(want));
	assert_memory_equal(got, want, n);
}

/* Frames of each form of length. */
static void
test_lengths(void **state)
{
	static const size_t	 lens[] = { 1, 125, 126, 127, 16384 };
	static uint8_t		 bytes[16384];
	struct client		*c;
	uint8_t			 head[DIALECT_HEAD_MAX];
	size_t			 i;

	(void)state;
	begin();
	c = writer(0);
	for (i = 0; i < nitems(lens); i++) {
		emit(bytes, lens[i]);
		listen_to(c);
		assert_int_equal(nspoken, 1);
		assert_binary(0, bytes, lens[i]);
	}
	assert_int_equal(dialect_terminal_ws.head(head, 16384), 4);
	assert_memory_equal(head, "\x82\x7e\x40\x00", 4);
}

static void
test_gap(void **state)
{
	struct client	*a, *b;
	char		 want[128];
	uint64_t	 head, tail;

	(void)state;
	begin();
	a = writer(0);
	while (s->ring.head < 3 * 1024 * 1024) {
		produce(65536, 65536);
		drain(a);
		a->nraw = 0;
	}
	head = s->ring.head;
	tail = ring_tail(&s->ring);
	assert_true(tail > 5);
	b = join(1, &dialect_terminal_ws, MODE_RO, ATTACH_OFFSET, 5);
	listen_to(b);
	assert_text(0, ATTACHED("5", "ro"));
	(void)snprintf(want, sizeof(want), "{\"type\":\"gap\",\"from\":5,"
	    "\"to\":%llu}", (unsigned long long)tail);
	assert_text(1, want);
	assert_int_equal(spoken[2].opcode, WS_BINARY);
	assert_int_equal(spoken[2].data[0], value(tail));

	b = join(2, &dialect_terminal_sse, MODE_RO, ATTACH_OFFSET, 5);
	listen_to(b);
	(void)snprintf(want, sizeof(want), "{\"from\":5,\"to\":%llu}",
	    (unsigned long long)tail);
	assert_event(0, "gap", want);
	assert_true(spoken[0].has_id);
	assert_int_equal(spoken[0].id, tail);
	assert_int_equal(spoken[nspoken - 1].id, head);
}

/* Every viewer learns of a size, also who asked; none of the same size. */
static void
test_resize(void **state)
{
	static const char	 told[] =
	    "{\"type\":\"resize\",\"cols\":120,\"rows\":40}";
	struct client		*a, *b, *c;

	(void)state;
	begin();
	a = writer(0);
	b = join(1, &dialect_terminal_ws, MODE_RO, 0, 0);
	c = join(2, &dialect_terminal_sse, MODE_RO, 0, 0);
	listen_to(b);
	text(a, told);
	assert_int_equal(fake.cols, 120);
	assert_int_equal(fake.rows, 40);
	assert_told(a, told);
	assert_told(b, told);
	assert_quiet(c);
	text(a, told);
	assert_quiet(a);
	assert_int_equal(fake.resizes, 1);
	session_resize(s, 1000, 1);
	assert_told(b, "{\"type\":\"resize\",\"cols\":1000,\"rows\":1}");
}

/* A storm is told by its last size, if nobody reads meanwhile. */
static void
test_resize_storm(void **state)
{
	static uint8_t	 flood[65536];
	struct client	*c;
	size_t		 i, sizes;

	(void)state;
	begin();
	c = writer(0);
	for (i = 0; i < 16; i++)
		emit(flood, sizeof(flood));
	for (i = 0; i < 500; i++)
		session_resize(s, 100 + i, 50);
	listen_to(c);
	for (i = sizes = 0; i < nspoken; i++)
		sizes += spoken[i].opcode == WS_TEXT;
	assert_true(sizes <= 2);
	assert_quiet(c);
	session_resize(s, 600, 50);
	assert_told(c, "{\"type\":\"resize\",\"cols\":600,\"rows\":50}");
}

/*
 * Input
 */

static void
test_input(void **state)
{
	struct client	*a, *b;

	(void)state;
	begin();
	a = writer(0);
	b = writer(1);
	put(a, 0x80 | WS_BINARY, "\0\xff\xc3", 3);
	assert_int_equal(fake.ninput, 3);
	assert_memory_equal(fake.input, "\0\xff\xc3", 3);
	assert_told(a, ACCEPTED("3"));
	/* Not cut in two by what others type. */
	put(a, WS_BINARY, "ab", 2);
	assert_quiet(a);
	assert_int_equal(fake.ninput, 3);
	put(a, 0x80, "c", 1);
	assert_told(a, ACCEPTED("6"));
	assert_memory_equal(fake.input + 3, "abc", 3);
	assert_quiet(b);
	put(b, 0x80 | WS_BINARY, "d", 1);
	assert_told(b, ACCEPTED("1"));
	/* Nothing is nothing. */
	put(b, 0x80 | WS_BINARY, "", 0);
	assert_quiet(b);
}

/* What comes at once is answered once. */
static void
test_input_at_once(void **state)
{
	uint8_t		 buf[300];
	struct client	*c;
	size_t		 i;

	(void)state;
	begin();
	c = writer(0);
	for (i = 0; i + 7 <= sizeof(buf); i += 7)
		memcpy(buf + i, "\x82\x81\0\0\0\0x", 7);
	assert_int_equal(send(c->fd, buf, i, 0), i);
	assert_told(c, ACCEPTED("42"));
	assert_int_equal(fake.ninput, 42);
}

/* Input that the upstream does not take yet is accepted as it is queued. */
static void
test_input_queued(void **state)
{
	static uint8_t	 big[60000];
	struct client	*c;

	(void)state;
	begin();
	c = writer(0);
	fake.room = 10;
	put(c, 0x80 | WS_BINARY, big, sizeof(big));
	listen_to(c);
	assert_true(nspoken >= 1);
	assert_text(nspoken - 1, ACCEPTED("60000"));
	assert_int_equal(fake.ninput, 10);
}

static void
test_signal(void **state)
{
	struct client	*c;

	(void)state;
	begin();
	c = writer(0);
	text(c, "{\"type\":\"signal\",\"name\":\"INT\"}");
	assert_int_equal(fake.signo, SIGINT);
	text(c, "{\"type\":\"signal\",\"name\":\"SIGWINCH\"}");
	assert_int_equal(fake.signo, SIGWINCH);
	assert_quiet(c);
	text(c, "{\"type\":\"signal\",\"name\":\"FOO\"}");
	assert_told(c, ERROR("bad_message", "no such signal"));
	fake.unsignaled = 1;
	text(c, "{\"type\":\"signal\",\"name\":\"TERM\"}");
	assert_told(c, ERROR("unsupported", "the signal cannot be sent"));
}

static void
test_ping(void **state)
{
	struct client	*a, *b;

	(void)state;
	begin();
	a = writer(0);
	text(a, "{\"type\":\"ping\"}");
	assert_told(a, "{\"type\":\"pong\"}");
	b = join(1, &dialect_terminal_ws, MODE_RO, 0, 0);
	listen_to(b);
	text(b, "{\"type\":\"ping\"}");
	assert_told(b, "{\"type\":\"pong\"}");
	put(b, 0x80 | WS_OP_PING, "hi", 2);
	listen_to(b);
	assert_int_equal(nspoken, 1);
	assert_int_equal(spoken[0].opcode, WS_OP_PONG);
	assert_string_equal((char *)spoken[0].data, "hi");
}

/* Errors that end nothing. */
static void
test_errors(void **state)
{
	static const struct {
		const char	*text;
		const char	*error;
	} texts[] = {
		{ "", ERROR("bad_message", "not a JSON object") },
		{ "ls\n", ERROR("bad_message", "not a JSON object") },
		{ "{\"type\":\"input\"}", ERROR("bad_message",
		    "unknown type") },
		{ "{\"type\":7}", ERROR("bad_message", "no type") },
		{ "{\"type\":\"resize\",\"cols\":0,\"rows\":1}",
		    ERROR("bad_message", BAD_SIZE) },
		{ "{\"type\":\"resize\"}", ERROR("bad_message", BAD_SIZE) }
	};
	struct client	*c;
	size_t		 i;

	(void)state;
	begin();
	c = writer(0);
	for (i = 0; i < nitems(texts); i++) {
		text(c, texts[i].text);
		assert_told(c, texts[i].error);
	}
	assert_int_equal(fake.resizes, 0);
	assert_int_equal(fake.ninput, 0);
	text(c, "{\"type\":\"ping\"}");
	assert_told(c, "{\"type\":\"pong\"}");
}

/* Any number of them are one, to a client that does not read. */
static void
test_errors_bounded(void **state)
{
	static uint8_t	 flood[65536];
	struct client	*c;
	size_t		 i, errors;

	(void)state;
	begin();
	c = writer(0);
	for (i = 0; i < 16; i++)
		emit(flood, sizeof(flood));
	for (i = 0; i < 2000; i++)
		text(c, i & 1 ? "x" : "{\"type\":\"ping\"}");
	listen_to(c);
	for (i = errors = 0; i < nspoken; i++)
		errors += spoken[i].opcode == WS_TEXT;
	assert_true(errors <= 4);
}

static void
test_long_text(void **state)
{
	char		 big[MESSAGE_CONTROL_MAX + 2];
	struct client	*c;
	int		 i;

	(void)state;
	begin();
	c = writer(0);
	memset(big, ' ', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	memcpy(big, "{\"type\":\"ping\"}", 15);
	text(c, big);
	assert_told(c, ERROR("bad_message", "longer than 1024 bytes"));
	big[sizeof(big) - 2] = '\0';
	text(c, big);
	assert_told(c, "{\"type\":\"pong\"}");
	/* In fragments: once for the whole message. */
	put(c, WS_TEXT, big, 1000);
	for (i = 0; i < 50; i++)
		put(c, 0, big, 1000);
	assert_told(c, ERROR("bad_message", "longer than 1024 bytes"));
	put(c, 0x80, big, 15);
	assert_quiet(c);
	put(c, WS_TEXT, "{\"type\":", 8);
	put(c, 0x80 | WS_OP_PONG, "", 0);
	put(c, 0, "", 0);
	assert_quiet(c);
	put(c, 0x80, "\"ping\"}", 7);
	assert_told(c, "{\"type\":\"pong\"}");
}

static void
test_read_only(void **state)
{
	struct client	*c;

	(void)state;
	begin();
	c = join(0, &dialect_terminal_ws, MODE_RO, 0, 0);
	listen_to(c);
	put(c, 0x80 | WS_BINARY, "rm", 2);
	assert_told(c, ERROR("read_only", "attached to read"));
	text(c, "{\"type\":\"resize\",\"cols\":9,\"rows\":9}");
	assert_told(c, ERROR("read_only", "attached to read"));
	text(c, "{\"type\":\"signal\",\"name\":\"KILL\"}");
	assert_told(c, ERROR("read_only", "attached to read"));
	assert_int_equal(fake.ninput, 0);
	assert_int_equal(fake.resizes, 0);
	assert_int_equal(fake.signo, 0);
	text(c, "{\"type\":\"ping\"}");
	assert_told(c, "{\"type\":\"pong\"}");
}

/* Sent before the answer to the upgrade had been read. */
static void
test_early(void **state)
{
	static const char	 early[] =
	    "\x81\x8f\0\0\0\0{\"type\":\"ping\"}\x82\x81\0\0\0\0x";
	struct viewer_conf	 conf;
	struct client		*c = &clients[0];
	uint8_t			*unread;
	int			 fds[2];

	(void)state;
	begin();
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
	    fds), 0);
	memset(&conf, 0, sizeof(conf));
	conf.id = 1;
	conf.mode = MODE_RW;
	conf.dialect = &dialect_terminal_ws;
	conf.address = "192.0.2.1";
	conf.fd = fds[1];
	conf.head = (const uint8_t *)"HTTP/1.1 101\r\n\r\n";
	conf.headlen = 16;
	c->fd = fds[0];
	c->v = viewer_new(s, &conf);
	assert_non_null(c->v);
	unread = malloc(sizeof(early) - 1);
	assert_non_null(unread);
	memcpy(unread, early, sizeof(early) - 1);
	viewer_begin(c->v, unread, sizeof(early) - 1);
	emit("out", 3);
	drain(c);
	assert_memory_equal(c->raw, "HTTP/1.1 101\r\n\r\n\x81", 17);
	memmove(c->raw, c->raw + 16, c->nraw -= 16);
	listen_to(c);
	assert_int_equal(nspoken, 4);
	assert_text(0, ATTACHED("0", "rw"));
	assert_text(1, "{\"type\":\"pong\"}");
	assert_text(2, ACCEPTED("1"));
	assert_binary(3, "out", 3);
	assert_input("x");
}

static void
test_screen(void **state)
{
	struct viewer	 v;
	struct frame	*f;

	(void)state;
	begin();
	memset(&v, 0, sizeof(v));
	v.dialect = &dialect_terminal_ws;
	f = v.dialect->repaint(&v, (const uint8_t *)"\x1b[2J\xff", 5);
	assert_int_equal(f->len, 2 + 0x23);
	assert_memory_equal(f->data,
	    "\x81\x23{\"type\":\"screen\",\"data\":\"G1sySv8=\"}", f->len);
	frame_unref(f);
	v.dialect = &dialect_terminal_sse10;
	v.cursor = 77;
	f = v.dialect->repaint(&v, (const uint8_t *)"\x1b[2J\xff", 5);
	f->data[f->len - 1] = '\0';
	assert_string_equal((char *)f->data, "id: 77\nevent: screen\n"
	    "data: {\"data\":\"G1sySv8=\"}\n");
	frame_unref(f);
}

/*
 * Events
 */

static void
test_events(void **state)
{
	static const struct dialect *const	 both[] = {
		&dialect_terminal_sse, &dialect_terminal_sse10
	};
	struct client				*c;
	size_t					 i;

	(void)state;
	begin();
	for (i = 0; i < nitems(both); i++) {
		again();
		c = join(0, both[i], MODE_RO, 0, 0);
		assert_quiet(c);
		emit("\0\xff\xf0\x9f", 4);
		listen_to(c);
		assert_int_equal(nspoken, 1);
		assert_output(0, 4, "\0\xff\xf0\x9f", 4);
		emit("more", 4);
		listen_to(c);
		assert_output(0, 8, "more", 4);
		/* And again, from the id that was seen. */
		c = join(1, both[i], MODE_RO, ATTACH_OFFSET, 4);
		listen_to(c);
		assert_int_equal(nspoken, 1);
		assert_output(0, 8, "more", 4);
		c = join(2, both[i], MODE_RO, ATTACH_OFFSET, 8);
		assert_quiet(c);
		assert_string_equal(spoken[0].name, "");
	}
}

/* The same comment every 15 seconds, in all dialects. */
static void
test_comments(void **state)
{
	static const struct dialect *const	 chunked[] = {
		&dialect_terminal_sse, &dialect_tty_sse, &dialect_ssh_sse
	};
	static const struct dialect *const	 plain[] = {
		&dialect_terminal_sse10, &dialect_tty_sse10,
		&dialect_ssh_sse10
	};
	struct frame				*f;
	size_t					 i;

	(void)state;
	begin();
	for (i = 0; i < nitems(chunked); i++) {
		assert_int_equal(chunked[i]->ping, 15);
		assert_int_equal(plain[i]->ping, 15);
		f = chunked[i]->ping_frame(chunked[i]);
		assert_int_equal(f->len, 13);
		assert_memory_equal(f->data, "8\r\n: ping\n\n\r\n", 13);
		frame_unref(f);
		f = plain[i]->ping_frame(plain[i]);
		assert_int_equal(f->len, 8);
		assert_memory_equal(f->data, ": ping\n\n", 8);
		frame_unref(f);
	}
}

/*
 * Ends
 */

#define LOST(m)		"\"code\":\"transport_lost\",\"message\":\"" m "\""
#define CLOSED(m)	"\"code\":\"closed\",\"message\":\"" m "\""
#define STOPPING	"\"code\":\"unavailable\",\"message\":\"stopping\""

static const struct {
	enum end	 reason;
	uint8_t		 how;
	uint8_t		 code;		/* or enum fail */
	const char	*text;
	int		 close;
	const char	*said;
	const char	*what;
	const char	*members;
	int		 told;		/* on a WebSocket, too */
} ends[] = {
	{ END_EXIT, EXIT_CODE, 0, "", 1000, "exit", "exit", "\"code\":0", 1 },
	{ END_EXIT, EXIT_CODE, 255, "", 1000, "exit", "exit", "\"code\":255",
	    1 },
	{ END_EXIT, EXIT_SIGNAL, SIGTERM, "", 1000, "exit", "exit",
	    "\"signal\":\"TERM\"", 1 },
	{ END_EXIT, EXIT_SIGNAL, 64, "", 1000, "exit", "exit",
	    "\"signal\":\"64\"", 1 },
	{ END_EXIT, EXIT_UNKNOWN, 0, "", 1000, "exit", "exit",
	    "\"code\":null", 1 },
	{ END_LOST, 0, 0, "", 1011, "upstream lost", "error",
	    LOST("connection lost"), 1 },
	{ END_LOST, 0, 0, "a \"b\"\n\xff", 1011, "upstream lost", "error",
	    LOST("a \\\"b\\\"\\n\xef\xbf\xbd"), 1 },
	{ END_FAILED, 0, FAIL_REFUSED, "", 1011, "upstream lost", "error",
	    "\"code\":\"connection_refused\","
	    "\"message\":\"connection refused\"", 1 },
	{ END_FAILED, 0, FAIL_TIMEOUT, "", 1011, "upstream lost", "error",
	    "\"code\":\"timed_out\",\"message\":\"timed out\"", 1 },
	{ END_FAILED, 0, FAIL_SHELL, "", 1011, "upstream lost", "error",
	    "\"code\":\"open_failed\","
	    "\"message\":\"the terminal could not be opened\"", 1 },
	{ END_CLOSED, 0, 0, "", 1000, "closed", "error",
	    CLOSED("the session was ended"), 0 },
	{ END_IDLE, 0, 0, "", 1000, "closed", "error",
	    CLOSED("the session was ended by a limit"), 0 },
	{ END_LIMIT, 0, 0, "", 1000, "closed", "error",
	    CLOSED("the session was ended by a limit"), 0 },
	{ END_STOP, 0, 0, "", 1001, "stopping", "error", STOPPING, 0 }
};

static void
finish(size_t k)
{
	switch (ends[k].reason) {
	case END_EXIT:
		session_exited(s, ends[k].how, ends[k].code);
		break;
	case END_LOST:
		session_lost(s, ends[k].text);
		break;
	case END_FAILED:
		session_failed(s, ends[k].code);
		break;
	default:
		session_end(s, ends[k].reason);
		break;
	}
}

/* All output, then the end in words, then Close, in this order. */
static void
test_ends(void **state)
{
	char		 want[256];
	struct client	*a, *b;
	size_t		 k;

	(void)state;
	begin();
	for (k = 0; k < nitems(ends); k++) {
		again();
		a = writer(0);
		b = join(1, &dialect_terminal_sse, MODE_RO, 0, 0);
		emit("last words", 10);
		finish(k);
		listen_to(a);
		assert_binary(0, "last words", 10);
		(void)snprintf(want, sizeof(want), "{\"type\":\"%s\",%s}",
		    ends[k].what, ends[k].members);
		if (ends[k].told)
			assert_text(1, want);
		assert_close(1 + ends[k].told, ends[k].close, ends[k].said);
		assert_true(a->eof);
		listen_to(b);
		assert_int_equal(nspoken, 2);
		assert_output(0, 10, "last words", 10);
		(void)snprintf(want, sizeof(want), "{%s}", ends[k].members);
		assert_event(1, ends[k].what, want);
		assert_false(spoken[1].has_id);
		assert_true(finished);
		assert_true(b->eof);
	}
}

/* A text of any length fits, all of it escaped. */
static void
test_long_reason(void **state)
{
	char		 reason[200];
	struct client	*a, *b;

	(void)state;
	begin();
	a = writer(0);
	b = join(1, &dialect_terminal_sse10, MODE_RO, 0, 0);
	memset(reason, 1, sizeof(reason) - 1);
	reason[sizeof(reason) - 1] = '\0';
	session_lost(s, reason);
	listen_to(a);
	assert_int_equal(nspoken, 2);
	assert_int_equal(spoken[0].len, strlen("{\"type\":\"error\","
	    LOST("") "}") + 6 * SESSION_TEXT_MAX);
	assert_close(1, 1011, "upstream lost");
	listen_to(b);
	assert_int_equal(spoken[0].len, strlen("{" LOST("") "}") +
	    6 * SESSION_TEXT_MAX);
}

static void
test_leaves(void **state)
{
	static const struct {
		enum leave	 reason;
		int		 close;
		const char	*said;
		const char	*data;
	} leaves[] = {
		{ LEAVE_SLOW, 1013, "too slow", "{\"code\":\"too_slow\","
		    "\"message\":\"the client did not read\"}" },
		{ LEAVE_REVOKED, 1008, "revoked", "{\"code\":\"forbidden\","
		    "\"message\":\"revoked\"}" },
		{ LEAVE_STOP, 1001, "stopping", "{" STOPPING "}" },
		{ LEAVE_OPERATOR, 1000, "closed", "{\"code\":\"closed\","
		    "\"message\":\"detached\"}" }
	};
	struct client	*c;
	size_t		 i;

	(void)state;
	begin();
	for (i = 0; i < nitems(leaves); i++) {
		again();
		c = writer(0);
		viewer_leave(c->v, leaves[i].reason, 0);
		listen_to(c);
		assert_close(0, leaves[i].close, leaves[i].said);
		assert_true(c->eof);
		c = join(1, &dialect_terminal_sse, MODE_RO, 0, 0);
		viewer_leave(c->v, leaves[i].reason, 0);
		listen_to(c);
		assert_int_equal(nspoken, 1);
		assert_event(0, "error", leaves[i].data);
		assert_true(finished && c->eof);
		assert_int_equal(s->state, SESSION_RUNNING);
	}
}

/* RFC 6455, 7: either side begins, the other answers; errors have codes. */
static void
test_closing(void **state)
{
	struct client	*a, *b, *c;

	(void)state;
	begin();
	a = writer(0);
	put(a, 0x80 | WS_OP_CLOSE, "\x03\xe8" "bye", 5);
	listen_to(a);
	assert_close(0, 1000, "");
	assert_true(a->eof);
	assert_int_equal(left, LEAVE_CLIENT);
	b = writer(1);
	put(b, 0x83, "", 0);
	listen_to(b);
	assert_int_equal(spoken[0].data[0] << 8 | spoken[0].data[1], 1002);
	c = writer(2);
	put(c, 0x80 | WS_TEXT, "\xc3(", 2);
	listen_to(c);
	assert_int_equal(spoken[0].data[0] << 8 | spoken[0].data[1], 1007);
	assert_int_equal(s->state, SESSION_RUNNING);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		TEST(test_attached),
		TEST(test_bytes),
		TEST(test_lengths),
		TEST(test_gap),
		TEST(test_resize),
		TEST(test_resize_storm),
		TEST(test_input),
		TEST(test_input_at_once),
		TEST(test_input_queued),
		TEST(test_signal),
		TEST(test_ping),
		TEST(test_errors),
		TEST(test_errors_bounded),
		TEST(test_long_text),
		TEST(test_read_only),
		TEST(test_early),
		TEST(test_screen),
		TEST(test_events),
		TEST(test_comments),
		TEST(test_ends),
		TEST(test_long_reason),
		TEST(test_leaves),
		TEST(test_closing)
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
