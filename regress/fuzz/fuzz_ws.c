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

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ws.h"

/*
 * A stream of frames in one piece and cut by the input's first byte means
 * the same, to a server and, if that byte has its highest bit set, to a
 * client; what we frame can be parsed again by either; any text makes a
 * valid Close.
 */
#define AS_CLIENT	0x80
#define TRACE_MAX	4096
#define EVENTS_MAX	512

/* Control events with their place in the data; data as one sequence. */
struct trace {
	struct {
		enum ws_ev	 what;
		int		 code;
		size_t		 at;
		uint32_t	 sum;
	}		 events[EVENTS_MAX];
	int		 nevents;
	uint8_t		 data[TRACE_MAX];
	size_t		 len;
	size_t		 begin;		/* of the message */
	int		 inside;
};

int		 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void	 run(struct trace *, int, uint64_t, const uint8_t *, size_t,
		    size_t);
static void	 take(struct trace *, uint64_t, enum ws_ev,
		    const struct ws_event *);
static void	 take_data(struct trace *, uint64_t, const struct ws_event *);
static void	 note(struct trace *, enum ws_ev, int, const uint8_t *,
		    size_t);
static void	 check_same(const struct trace *, const struct trace *);
static void	 check_framed(const uint8_t *, size_t);
static void	 check_served(const uint8_t *, size_t);
static void	 check_close(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct trace	 cut, whole;
	uint64_t		 max;
	size_t			 step;
	int			 client;

	if (len < 2 || len > TRACE_MAX)
		return (0);
	client = (data[0] & AS_CLIENT) != 0;
	step = 1 + (data[0] & ~AS_CLIENT) % 23;
	max = data[1] == 0xff ? WS_MESSAGE_MAX : data[1];
	data += 2;
	len -= 2;
	run(&whole, client, max, data, len, len);
	run(&cut, client, max, data, len, step);
	check_same(&whole, &cut);
	check_framed(data, len);
	check_served(data, len);
	check_close(data, len);
	return (0);
}

static void
run(struct trace *t, int client, uint64_t max, const uint8_t *data,
    size_t len, size_t step)
{
	static uint8_t		 buf[TRACE_MAX];
	struct ws_parser	 p;
	struct ws_event		 ev;
	enum ws_ev		 what;
	size_t			 end, i, used;

	memset(t, 0, sizeof(*t));
	memcpy(buf, data, len);
	if (client)
		ws_init_client(&p, max);
	else
		ws_init(&p, max);
	for (i = 0; i < len;) {
		end = len - i < step ? len : i + step;
		while (i < end) {
			what = ws_parse(&p, buf + i, end - i, &used, &ev);
			assert(used > 0 && used <= end - i);
			assert(what != WS_NEED || used == end - i);
			take(t, max, what, &ev);
			i += used;
		}
	}
}

static void
take(struct trace *t, uint64_t max, enum ws_ev what,
    const struct ws_event *ev)
{
	switch (what) {
	case WS_NEED:
		break;
	case WS_DATA:
		take_data(t, max, ev);
		break;
	case WS_PING:
	case WS_PONG:
	case WS_CLOSE:
		assert(ev->len <= WS_CONTROL_MAX);
		note(t, what, ev->code, ev->data, ev->len);
		break;
	case WS_ERROR:
		assert(ev->why != NULL && ev->data == NULL);
		assert(ev->code == WS_CLOSE_PROTOCOL ||
		    ev->code == WS_CLOSE_BAD_DATA ||
		    ev->code == WS_CLOSE_TOO_BIG);
		/* The repetitions depend on how many calls there were. */
		if (t->nevents == 0 ||
		    t->events[t->nevents - 1].what != WS_ERROR)
			note(t, what, ev->code, NULL, 0);
		break;
	}
}

static void
take_data(struct trace *t, uint64_t max, const struct ws_event *ev)
{
	struct utf8_state	 st;

	assert(ev->first == !t->inside);
	assert(ev->opcode == WS_TEXT || ev->opcode == WS_BINARY);
	if (ev->first)
		t->begin = t->len;
	t->inside = !ev->fin;
	memcpy(t->data + t->len, ev->data, ev->len);
	t->len += ev->len;
	assert(ev->announced <= max);
	assert(ev->announced == t->len - t->begin + ev->remaining);
	if (!ev->fin)
		return;
	assert(ev->remaining == 0);
	memset(&st, 0, sizeof(st));
	if (ev->opcode == WS_TEXT)
		assert(utf8_feed(&st, t->data + t->begin,
		    t->len - t->begin) == 0 && utf8_complete(&st));
	note(t, WS_DATA, ev->opcode, t->data + t->begin, t->len - t->begin);
}

static void
note(struct trace *t, enum ws_ev what, int code, const uint8_t *p, size_t len)
{
	uint32_t	 sum;
	size_t		 i;

	sum = 5381;
	for (i = 0; i < len; i++)
		sum = sum * 33 + p[i];
	if (t->nevents == EVENTS_MAX)
		return;
	t->events[t->nevents].what = what;
	t->events[t->nevents].code = code;
	t->events[t->nevents].sum = sum;
	/* Text before an error may have been handed out or not. */
	t->events[t->nevents].at = what == WS_ERROR ? 0 : t->len;
	t->nevents++;
}

static void
check_same(const struct trace *whole, const struct trace *cut)
{
	int	 i;

	assert(whole->nevents == cut->nevents && whole->len <= cut->len);
	for (i = 0; i < whole->nevents; i++) {
		assert(whole->events[i].what == cut->events[i].what);
		assert(whole->events[i].code == cut->events[i].code);
		assert(whole->events[i].at == cut->events[i].at);
		assert(whole->events[i].sum == cut->events[i].sum);
	}
	assert(memcmp(whole->data, cut->data, whole->len) == 0);
	if (whole->nevents == 0 ||
	    whole->events[whole->nevents - 1].what != WS_ERROR)
		assert(whole->len == cut->len);
}

/* What a client sends is what a server takes. */
static void
check_framed(const uint8_t *data, size_t len)
{
	static uint8_t		 buf[TRACE_MAX + WS_CLIENT_HEAD_MAX];
	struct ws_parser	 p;
	struct ws_event		 ev;
	uint8_t			 mask[WS_MASK_LEN];
	size_t			 i, n, used;

	for (i = 0; i < sizeof(mask); i++)
		mask[i] = i < len ? data[i] : 0x5a;
	n = ws_client_head(buf, WS_BINARY, len, mask);
	for (i = 0; i < len; i++)
		buf[n + i] = data[i] ^ mask[i % 4];
	ws_init(&p, len);
	assert(ws_parse(&p, buf, n + len, &used, &ev) == WS_DATA);
	assert(used == n + len && ev.len == len && ev.first && ev.fin);
	assert(memcmp(ev.data, data, len) == 0);
}

/* And the other way. */
static void
check_served(const uint8_t *data, size_t len)
{
	static uint8_t		 buf[TRACE_MAX + WS_HEAD_MAX];
	struct ws_parser	 p;
	struct ws_event		 ev;
	size_t			 n, used;

	n = ws_frame_head(buf, WS_BINARY, len);
	memcpy(buf + n, data, len);
	ws_init_client(&p, len);
	assert(ws_parse(&p, buf, n + len, &used, &ev) == WS_DATA);
	assert(used == n + len && ev.len == len && ev.first && ev.fin);
	assert(memcmp(ev.data, data, len) == 0);
}

static void
check_close(const uint8_t *data, size_t len)
{
	struct ws_parser	 p;
	struct ws_event		 ev;
	uint8_t			 frame[WS_CONTROL_FRAME_MAX];
	uint8_t			 masked[WS_CONTROL_FRAME_MAX + 4];
	char			*reason;
	size_t			 i, n, used;

	if ((reason = malloc(len + 1)) == NULL)
		abort();
	memcpy(reason, data, len);
	reason[len] = '\0';
	n = ws_close_frame(frame, WS_CLOSE_INTERNAL, reason);
	free(reason);
	assert(n >= 4 && n == (size_t)frame[1] + 2);
	memset(masked, 0, sizeof(masked));
	masked[0] = frame[0];
	masked[1] = frame[1] | 0x80;
	memcpy(masked + 6, frame + 2, n - 2);
	ws_init(&p, 0);
	assert(ws_parse(&p, masked, n + 4, &used, &ev) == WS_CLOSE);
	assert(used == n + 4 && ev.code == WS_CLOSE_INTERNAL);
	assert(ev.len == n - 4);
	for (i = 0; i < ev.len; i++)
		assert(ev.data[i] >= 0x20 && ev.data[i] != 0x7f);
}
