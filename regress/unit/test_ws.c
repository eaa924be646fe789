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

/* links: proto/ws.c proto/utf8.c proto/base64.c */

#include "compat.h"

#include <sys/types.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ws.h"

#define TRACE_MAX	8192

/*
 * What a stream of frames means, as text: "text(abc)" when a message is
 * whole, "ping(x)", "close(1000,bye)", "error(1002)".  How the bytes were cut
 * must not show in it.
 */
struct trace {
	char		 text[TRACE_MAX];
	size_t		 len;
	uint8_t		 message[TRACE_MAX / 2];
	size_t		 messagelen;
	int		 inside;
};

struct row {
	const char	*name;
	const char	*bytes;
	size_t		 len;
	const char	*trace;
};

#define ROW(name, bytes, trace)	{ name, bytes, sizeof(bytes) - 1, trace }
#define ZERO		"\0\0\0\0"	/* a mask that changes nothing */

static void	 trace_add(struct trace *, const char *, size_t, const char *);
static void	 trace_data(struct trace *, const struct ws_event *);
static void	 trace_event(struct trace *, enum ws_ev,
		    const struct ws_event *);
static void	 trace_feed(struct trace *, struct ws_parser *, uint8_t *,
		    size_t);
static void	 run_cut(struct trace *, uint64_t, const uint8_t *, size_t,
		    size_t, size_t);
static void	 check_row(const struct row *, uint64_t);
static size_t	 client_frame(uint8_t *, uint8_t, const char *, size_t,
		    const char *);
static void	 test_rfc_examples(void **);
static void	 test_messages(void **);
static void	 test_errors(void **);
static void	 test_too_big(void **);
static void	 test_closes(void **);
static void	 test_close_codes(void **);
static void	 test_unmask(void **);
static void	 test_large(void **);
static void	 test_flags(void **);
static void	 test_error_stays(void **);
static void	 test_endless_fragments(void **);
static void	 test_frame_head(void **);
static void	 test_control_frame(void **);
static void	 test_close_frame(void **);
static void	 test_accept(void **);

static void
trace_add(struct trace *t, const char *what, size_t len, const char *p)
{
	int	 n;

	n = snprintf(t->text + t->len, sizeof(t->text) - t->len,
	    "%s%s(%.*s)", t->len > 0 ? " " : "", what, (int)len, p);
	assert_true(n > 0 && (size_t)n < sizeof(t->text) - t->len);
	t->len += n;
}

static void
trace_data(struct trace *t, const struct ws_event *ev)
{
	assert_true(ev->len <= sizeof(t->message) - t->messagelen);
	assert_int_equal(ev->first, !t->inside);
	t->inside = !ev->fin;
	if (ev->len > 0)
		memcpy(t->message + t->messagelen, ev->data, ev->len);
	t->messagelen += ev->len;
	assert_true(ev->announced == t->messagelen + ev->remaining);
	if (!ev->fin)
		return;
	assert_true(ev->remaining == 0);
	trace_add(t, ev->opcode == WS_TEXT ? "text" : "binary",
	    t->messagelen, (const char *)t->message);
	t->messagelen = 0;
}

static void
trace_event(struct trace *t, enum ws_ev what, const struct ws_event *ev)
{
	char	 buf[160];

	switch (what) {
	case WS_NEED:
		break;
	case WS_DATA:
		trace_data(t, ev);
		break;
	case WS_PING:
		trace_add(t, "ping", ev->len, (const char *)ev->data);
		break;
	case WS_PONG:
		trace_add(t, "pong", ev->len, (const char *)ev->data);
		break;
	case WS_CLOSE:
		(void)snprintf(buf, sizeof(buf), "%d,%.*s", ev->code,
		    (int)ev->len, ev->len > 0 ? (const char *)ev->data : "");
		trace_add(t, "close", strlen(buf), buf);
		break;
	case WS_ERROR:
		assert_non_null(ev->why);
		(void)snprintf(buf, sizeof(buf), "%d", ev->code);
		if (strstr(t->text, "error(") == NULL)
			trace_add(t, "error", strlen(buf), buf);
		break;
	}
}

/* Feed one piece as a reader of a socket would. */
static void
trace_feed(struct trace *t, struct ws_parser *p, uint8_t *buf, size_t len)
{
	struct ws_event	 ev;
	enum ws_ev	 what;
	size_t		 used;

	while (len > 0) {
		what = ws_parse(p, buf, len, &used, &ev);
		assert_true(used <= len && used > 0);
		if (what == WS_NEED)
			assert_int_equal(used, len);
		trace_event(t, what, &ev);
		buf += used;
		len -= used;
	}
}

/* A first piece, then equal ones. */
static void
run_cut(struct trace *t, uint64_t max, const uint8_t *in, size_t len,
    size_t first, size_t step)
{
	static uint8_t		 buf[TRACE_MAX];
	struct ws_parser	 p;
	size_t			 i, n;

	assert_true(len <= sizeof(buf));
	memcpy(buf, in, len);
	memset(t, 0, sizeof(*t));
	ws_init(&p, max);
	for (i = 0; i < len; i += n) {
		n = i == 0 && first > 0 ? first : step;
		if (n > len - i)
			n = len - i;
		trace_feed(t, &p, buf + i, n);
	}
}

/* Cut in two at every byte, and into pieces of every small size. */
static void
check_row(const struct row *r, uint64_t max)
{
	static struct trace	 t;
	size_t			 i;

	for (i = 0; i <= r->len; i++) {
		run_cut(&t, max, (const uint8_t *)r->bytes, r->len, i,
		    r->len);
		if (strcmp(t.text, r->trace) != 0)
			fail_msg("%s, cut at %zu: %s", r->name, i, t.text);
		run_cut(&t, max, (const uint8_t *)r->bytes, r->len, 0, i + 1);
		if (strcmp(t.text, r->trace) != 0)
			fail_msg("%s, by %zu: %s", r->name, i + 1, t.text);
	}
}

static size_t
client_frame(uint8_t *out, uint8_t first, const char *data, size_t len,
    const char *mask)
{
	size_t	 i, n;

	n = ws_frame_head(out, first, len);
	out[0] = first;
	out[1] |= 0x80;
	memcpy(out + n, mask, 4);
	n += 4;
	for (i = 0; i < len; i++)
		out[n + i] = (uint8_t)(data[i] ^ mask[i % 4]);
	return (n + len);
}

/* RFC 6455, section 5.7. */
static void
test_rfc_examples(void **state)
{
	static const struct row	 rows[] = {
		ROW("masked Hello",
		    "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58",
		    "text(Hello)"),
		ROW("masked Pong",
		    "\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58",
		    "pong(Hello)"),
		ROW("unmasked Hello", "\x81\x05Hello", "error(1002)"),
		ROW("unmasked fragment", "\x01\x03Hel", "error(1002)"),
		ROW("unmasked Ping", "\x89\x05Hello", "error(1002)")
	};
	size_t			 i;

	(void)state;
	for (i = 0; i < nitems(rows); i++)
		check_row(&rows[i], WS_MESSAGE_MAX);
}

static void
test_messages(void **state)
{
	static const struct row	 rows[] = {
		ROW("nothing", "", ""),
		ROW("empty text", "\x81\x80" ZERO, "text()"),
		ROW("empty binary", "\x82\x80" ZERO, "binary()"),
		ROW("two", "\x81\x81" ZERO "a\x82\x82" ZERO "bc",
		    "text(a) binary(bc)"),
		ROW("fragments", "\x01\x83" ZERO "Hel\x80\x82" ZERO "lo",
		    "text(Hello)"),
		ROW("empty fragments", "\x01\x80" ZERO "\x00\x80" ZERO
		    "\x00\x81" ZERO "x\x00\x80" ZERO "\x80\x80" ZERO,
		    "text(x)"),
		ROW("ping between", "\x02\x81" ZERO "a\x89\x81" ZERO "p"
		    "\x80\x81" ZERO "b", "ping(p) binary(ab)"),
		ROW("character across fragments", "\x01\x82" ZERO "\xe2\x82"
		    "\x89\x80" ZERO "\x80\x81" ZERO "\xac",
		    "ping() text(\xe2\x82\xac)"),
		ROW("any bytes in binary", "\x82\x83" ZERO "\xff\xc0\x80",
		    "binary(\xff\xc0\x80)"),
		ROW("invalid text after binary, both judged alone",
		    "\x82\x81" ZERO "\xe2\x81\x81" ZERO "x",
		    "binary(\xe2) text(x)"),
		ROW("half a head", "\x81", ""),
		ROW("head without data", "\x81\x82" ZERO, ""),
		ROW("half a message", "\x01\x81" ZERO "a", ""),
		ROW("half a ping", "\x89\x82" ZERO "a", "")
	};
	size_t			 i;

	(void)state;
	for (i = 0; i < nitems(rows); i++)
		check_row(&rows[i], WS_MESSAGE_MAX);
}

static void
test_errors(void **state)
{
	static const struct row	 rows[] = {
		ROW("RSV1", "\xc1", "error(1002)"),
		ROW("RSV2", "\xa1", "error(1002)"),
		ROW("RSV3", "\x91", "error(1002)"),
		ROW("RSV1 on ping", "\xc9\x80" ZERO, "error(1002)"),
		ROW("opcode 3", "\x83", "error(1002)"),
		ROW("opcode 7", "\x87", "error(1002)"),
		ROW("opcode 11", "\x8b", "error(1002)"),
		ROW("opcode 15", "\x8f", "error(1002)"),
		ROW("continuation first", "\x80", "error(1002)"),
		ROW("continuation after the end",
		    "\x81\x81" ZERO "a\x80\x81" ZERO "b",
		    "text(a) error(1002)"),
		ROW("text in text", "\x01\x81" ZERO "a\x81\x81" ZERO "b",
		    "error(1002)"),
		ROW("binary in text", "\x01\x80" ZERO "\x02", "error(1002)"),
		ROW("fragmented ping", "\x09", "error(1002)"),
		ROW("fragmented close", "\x08", "error(1002)"),
		ROW("long ping", "\x89\xfe", "error(1002)"),
		ROW("very long close", "\x88\xff", "error(1002)"),
		ROW("125 in two bytes", "\x82\xfe\x00\x7d" ZERO,
		    "error(1002)"),
		ROW("0 in two bytes", "\x82\xfe\x00\x00" ZERO, "error(1002)"),
		ROW("65535 in eight bytes",
		    "\x82\xff\0\0\0\0\0\0\xff\xff" ZERO, "error(1002)"),
		ROW("63 bits and one", "\x82\xff\x80\0\0\0\0\0\0\0" ZERO,
		    "error(1002)"),
		ROW("bad UTF-8", "\x81\x81" ZERO "\xff", "error(1007)"),
		ROW("bad UTF-8, decided early", "\x81\x85" ZERO "\xed\xa0",
		    "error(1007)"),
		ROW("bad UTF-8 across fragments",
		    "\x01\x81" ZERO "\xe2\x80\x81" ZERO "x", "error(1007)"),
		ROW("text ends in a character", "\x81\x82" ZERO "a\xc3",
		    "error(1007)"),
		ROW("empty end of half a character",
		    "\x01\x81" ZERO "\xc3\x80\x80" ZERO, "error(1007)"),
		ROW("nothing after an error", "\x83\x81\x81" ZERO "a",
		    "error(1002)")
	};
	size_t			 i;

	(void)state;
	for (i = 0; i < nitems(rows); i++)
		check_row(&rows[i], WS_MESSAGE_MAX);
}

/* Judged from the head: none of these has the bytes that it announces. */
static void
test_too_big(void **state)
{
	static const struct row	 rows[] = {
		ROW("just fits", "\x82\x84" ZERO "abcd", "binary(abcd)"),
		ROW("one more", "\x82\x85" ZERO, "error(1009)"),
		ROW("in fragments", "\x02\x82" ZERO "ab\x00\x82" ZERO "cd"
		    "\x80\x81" ZERO, "error(1009)"),
		ROW("fits in fragments", "\x02\x82" ZERO "ab\x80\x82" ZERO
		    "cd", "binary(abcd)"),
		ROW("counted per message", "\x82\x84" ZERO "abcd"
		    "\x82\x84" ZERO "efgh", "binary(abcd) binary(efgh)"),
		ROW("a ping does not count", "\x02\x84" ZERO "abcd"
		    "\x89\x85" ZERO "12345" "\x80\x80" ZERO,
		    "ping(12345) binary(abcd)"),
		ROW("63 bits", "\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff"
		    ZERO, "error(1009)"),
		ROW("no overflow of the sum", "\x02\x84" ZERO "abcd\x80\xff"
		    "\x7f\xff\xff\xff\xff\xff\xff\xff" ZERO, "error(1009)")
	};
	size_t			 i;

	(void)state;
	for (i = 0; i < nitems(rows); i++)
		check_row(&rows[i], 4);
}

static void
test_closes(void **state)
{
	static const struct row	 rows[] = {
		ROW("no code", "\x88\x80" ZERO, "close(1005,)"),
		ROW("1000", "\x88\x82" ZERO "\x03\xe8", "close(1000,)"),
		ROW("reason", "\x88\x85" ZERO "\x03\xe9" "bye",
		    "close(1001,bye)"),
		ROW("reason with an umlaut",
		    "\x88\x84" ZERO "\x0f\xa0\xc3\xa4",
		    "close(4000,\xc3\xa4)"),
		ROW("half a code", "\x88\x81" ZERO "\x03", "error(1002)"),
		ROW("1005", "\x88\x82" ZERO "\x03\xed", "error(1002)"),
		ROW("reason not UTF-8", "\x88\x83" ZERO "\x03\xe8\xff",
		    "error(1007)"),
		ROW("reason ends in a character",
		    "\x88\x83" ZERO "\x03\xe8\xc3", "error(1007)"),
		ROW("inside a message", "\x01\x81" ZERO "a\x88\x80" ZERO,
		    "close(1005,)"),
		ROW("what follows is discarded",
		    "\x88\x80" ZERO "\x81\x81" ZERO "a\xff\xff",
		    "close(1005,)")
	};
	size_t			 i;

	(void)state;
	for (i = 0; i < nitems(rows); i++)
		check_row(&rows[i], WS_MESSAGE_MAX);
}

static void
test_close_codes(void **state)
{
	struct ws_parser	 p;
	struct ws_event		 ev;
	uint8_t			 frame[16];
	char			 code[2];
	size_t			 n, used;
	int			 i, ok;

	(void)state;
	for (i = 0; i < 65536; i++) {
		code[0] = (char)(i >> 8);
		code[1] = (char)(i & 0xff);
		n = client_frame(frame, 0x88, code, 2, "mask");
		ws_init(&p, WS_MESSAGE_MAX);
		ok = ws_parse(&p, frame, n, &used, &ev) == WS_CLOSE;
		assert_int_equal(ev.code, ok ? i : WS_CLOSE_PROTOCOL);
		assert_int_equal(ok, (i >= 1000 && i <= 1003) ||
		    (i >= 1007 && i <= 1014) || (i >= 3000 && i <= 4999));
	}
}

/* Every length around the steps of eight, cut everywhere. */
static void
test_unmask(void **state)
{
	static const char	 letters[] =
	    "the quick brown fox jumps over the lazy dog";
	static struct trace	 t;
	uint8_t			 frame[64];
	char			 want[64];
	size_t			 cut, len, n;

	(void)state;
	for (len = 0; len < sizeof(letters); len++) {
		n = client_frame(frame, 0x82, letters, len, "\x01\x20\x80\xff");
		(void)snprintf(want, sizeof(want), "binary(%.*s)", (int)len,
		    letters);
		for (cut = 0; cut <= n; cut++) {
			run_cut(&t, 64, frame, n, cut, n);
			assert_string_equal(t.text, want);
			run_cut(&t, 64, frame, n, 0, cut + 1);
			assert_string_equal(t.text, want);
		}
	}
}

/* The three forms of length, at their borders. */
static void
test_large(void **state)
{
	static const size_t	 sizes[] = { 125, 126, 127, 65535, 65536,
				    100000 };
	static uint8_t		 frame[100000 + WS_CLIENT_HEAD_MAX];
	static char		 data[100000];
	struct ws_parser	 p;
	struct ws_event		 ev;
	size_t			 i, j, n, used;

	(void)state;
	for (i = 0; i < sizeof(data); i++)
		data[i] = (char)(' ' + i % 90);
	for (i = 0; i < nitems(sizes); i++) {
		n = client_frame(frame, 0x81, data, sizes[i], "\xde\xad\x01");
		ws_init(&p, sizes[i]);
		assert_int_equal(ws_parse(&p, frame, n, &used, &ev), WS_DATA);
		assert_int_equal(used, n);
		assert_int_equal(ev.len, sizes[i]);
		assert_memory_equal(ev.data, data, sizes[i]);
		assert_true(ev.first && ev.fin);

		n = client_frame(frame, 0x81, data, sizes[i], "\xde\xad\x01");
		ws_init(&p, sizes[i]);
		for (j = 0; j + 1 < n; j++)
			assert_int_not_equal(ws_parse(&p, frame + j, 1, &used,
			    &ev), WS_ERROR);
		assert_int_equal(ws_parse(&p, frame + j, 1, &used, &ev),
		    WS_DATA);
		assert_true(ev.fin);

		n = client_frame(frame, 0x81, data, sizes[i], "\xde\xad\x01");
		ws_init(&p, sizes[i] - 1);
		assert_int_equal(ws_parse(&p, frame, n, &used, &ev),
		    WS_ERROR);
		assert_int_equal(ev.code, WS_CLOSE_TOO_BIG);
	}
}

/* What a reader may rely on while a message comes in pieces. */
static void
test_flags(void **state)
{
	struct ws_parser	 p;
	struct ws_event		 ev;
	uint8_t			 in[] = "\x01\x83" ZERO "abc\x80\x82" ZERO "de";
	size_t			 used;

	(void)state;
	ws_init(&p, 100);
	assert_int_equal(ws_parse(&p, in, 8, &used, &ev), WS_DATA);
	assert_int_equal(used, 8);
	assert_ptr_equal(ev.data, in + 6);
	assert_int_equal(ev.len, 2);
	assert_true(ev.first && !ev.fin);
	assert_int_equal(ev.opcode, WS_TEXT);
	assert_int_equal(ev.remaining, 1);
	assert_int_equal(ev.announced, 3);
	assert_int_equal(ws_parse(&p, in + 8, 9, &used, &ev), WS_DATA);
	assert_int_equal(used, 1);
	assert_true(!ev.first && !ev.fin);
	assert_int_equal(ev.remaining, 0);
	assert_int_equal(ws_parse(&p, in + 9, 8, &used, &ev), WS_DATA);
	assert_int_equal(used, 8);
	assert_true(!ev.first && ev.fin);
	assert_int_equal(ev.opcode, WS_TEXT);
	assert_int_equal(ev.announced, 5);
	assert_int_equal(ws_parse(&p, in, 0, &used, &ev), WS_NEED);
	assert_int_equal(used, 0);
}

static void
test_error_stays(void **state)
{
	struct ws_parser	 p;
	struct ws_event		 ev;
	uint8_t			 in[] = "\xff\x81" ZERO "a\x81\x80" ZERO;
	size_t			 used;

	(void)state;
	ws_init(&p, 100);
	assert_int_equal(ws_parse(&p, in, 1, &used, &ev), WS_ERROR);
	/* It keeps saying so, whatever comes. */
	assert_int_equal(ws_parse(&p, in, 0, &used, &ev), WS_ERROR);
	assert_int_equal(ev.code, WS_CLOSE_PROTOCOL);
	assert_int_equal(ws_parse(&p, in + 1, 9, &used, &ev), WS_ERROR);
	assert_int_equal(used, 9);
}

/* A gibibyte of fragments without an end: refused at the cap. */
static void
test_endless_fragments(void **state)
{
	static uint8_t		 frame[4096 + WS_CLIENT_HEAD_MAX];
	static char		 data[4096];
	struct ws_parser	 p;
	struct ws_event		 ev;
	size_t			 n, total, used;
	enum ws_ev		 what;

	(void)state;
	ws_init(&p, WS_MESSAGE_MAX);
	for (total = 0; total < 1024 * 1024 * 1024; total += 4096) {
		n = client_frame(frame, total == 0 ? 0x02 : 0x00, data, 4096,
		    ZERO);
		if ((what = ws_parse(&p, frame, n, &used, &ev)) != WS_DATA)
			break;
	}
	assert_int_equal(what, WS_ERROR);
	assert_int_equal(ev.code, WS_CLOSE_TOO_BIG);
	assert_int_equal(total, WS_MESSAGE_MAX);
}

static void
test_frame_head(void **state)
{
	uint8_t	 out[WS_HEAD_MAX];

	(void)state;
	assert_int_equal(ws_frame_head(out, WS_TEXT, 0), 2);
	assert_memory_equal(out, "\x81\x00", 2);
	assert_int_equal(ws_frame_head(out, WS_TEXT, 5), 2);
	assert_memory_equal(out, "\x81\x05", 2);
	assert_int_equal(ws_frame_head(out, WS_BINARY, 125), 2);
	assert_memory_equal(out, "\x82\x7d", 2);
	assert_int_equal(ws_frame_head(out, WS_BINARY, 256), 4);
	assert_memory_equal(out, "\x82\x7e\x01\x00", 4);
	assert_int_equal(ws_frame_head(out, WS_TEXT, 126), 4);
	assert_memory_equal(out, "\x81\x7e\x00\x7e", 4);
	assert_int_equal(ws_frame_head(out, WS_TEXT, 65535), 4);
	assert_memory_equal(out, "\x81\x7e\xff\xff", 4);
	assert_int_equal(ws_frame_head(out, WS_BINARY, 65536), 10);
	assert_memory_equal(out, "\x82\x7f\0\0\0\0\0\x01\0\0", 10);
	assert_int_equal(ws_frame_head(out, WS_TEXT, 0x0102030405060708), 10);
	assert_memory_equal(out, "\x81\x7f\1\2\3\4\5\6\7\10", 10);
}

static void
test_control_frame(void **state)
{
	uint8_t	 big[200], out[WS_CONTROL_FRAME_MAX];

	(void)state;
	assert_int_equal(ws_control_frame(out, WS_OP_PONG,
	    (const uint8_t *)"Hello", 5), 7);
	assert_memory_equal(out, "\x8a\x05Hello", 7);
	assert_int_equal(ws_control_frame(out, WS_OP_PING, NULL, 0), 2);
	assert_memory_equal(out, "\x89\x00", 2);
	memset(big, 'x', sizeof(big));
	assert_int_equal(ws_control_frame(out, WS_OP_PONG, big, sizeof(big)),
	    WS_CONTROL_FRAME_MAX);
}

static void
test_close_frame(void **state)
{
	uint8_t	 out[WS_CONTROL_FRAME_MAX];
	char	 reason[200];

	(void)state;
	assert_int_equal(ws_close_frame(out, WS_CLOSE_NORMAL, "closed"), 10);
	assert_memory_equal(out, "\x88\x08\x03\xe8" "closed", 10);
	assert_int_equal(ws_close_frame(out, WS_CLOSE_TRY_LATER, NULL), 4);
	assert_memory_equal(out, "\x88\x02\x03\xf5", 4);
	assert_int_equal(ws_close_frame(out, WS_CLOSE_NO_STATUS, "x"), 2);
	assert_memory_equal(out, "\x88\x00", 2);
	assert_int_equal(ws_close_frame(out, WS_CLOSE_INTERNAL,
	    "a\r\n\x1b[1m\x7f\xc2\x85" "b\xc2\xa0"), 4 + 7);
	assert_memory_equal(out + 4, "a[1mb\xc2\xa0", 7);
	assert_int_equal(ws_close_frame(out, WS_CLOSE_INTERNAL,
	    "ok\xff" "bad"), 4 + 2);
	assert_int_equal(ws_close_frame(out, WS_CLOSE_INTERNAL, "ok\xc3"),
	    4 + 2);

	memset(reason, 'x', sizeof(reason));
	reason[199] = '\0';
	assert_int_equal(ws_close_frame(out, WS_CLOSE_INTERNAL, reason), 127);
	memcpy(reason + 122, "\xc3\xa4", 2);
	assert_int_equal(ws_close_frame(out, WS_CLOSE_INTERNAL, reason), 126);
	memcpy(reason + 121, "\xc3\xa4x", 3);
	assert_int_equal(ws_close_frame(out, WS_CLOSE_INTERNAL, reason), 127);
}

/* RFC 6455, section 1.3. */
static void
test_accept(void **state)
{
	char	 out[WS_ACCEPT_LEN + 1];

	(void)state;
	ws_accept(out, "dGhlIHNhbXBsZSBub25jZQ==", 24);
	assert_string_equal(out, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_rfc_examples),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_too_big),
		cmocka_unit_test(test_closes),
		cmocka_unit_test(test_close_codes),
		cmocka_unit_test(test_unmask),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_error_stays),
		cmocka_unit_test(test_endless_fragments),
		cmocka_unit_test(test_frame_head),
		cmocka_unit_test(test_control_frame),
		cmocka_unit_test(test_close_frame),
		cmocka_unit_test(test_accept)
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
