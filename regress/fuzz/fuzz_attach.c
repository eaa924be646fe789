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

/* links: gatewayctl/attach_buf.c gatewayctl/attach_http.c
 *	gatewayctl/attach_ws.c proto/base64.c proto/http.c
 *	proto/http_response.c proto/jsonscan.c proto/signames.c proto/utf8.c
 *	proto/wire.c proto/ws.c
 */
/* pkgs: json-c */

#include "compat.h"

#include <sys/types.h>

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../gatewayctl/attach_peer.h"

/*
 * What gatewayctl attach makes of the frames of a server that is already
 * trusted with a WebSocket: in one piece and cut by the input's first byte
 * it is the same.  Output is counted, nothing of the server's own is sent
 * back but what answers it, and the buffers hold what they are made for.
 */
#define INPUT_MAX	4096

int		 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void	 run(struct attach *, const uint8_t *, size_t, size_t);
static void	 reset(struct attach *);

static int	 ended;		/* how: 1 + exit code, -1 lost, -2 nonsense */

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct attach	 cut, whole;
	int			 how;

	if (len < 2 || len > INPUT_MAX)
		return (0);
	run(&whole, data + 2, len - 2, len - 2);
	how = ended;
	run(&cut, data + 2, len - 2, 1 + data[0] % 23);
	/* Text before an error may have been seen as such or not. */
	assert(how == ended || how == -2 || ended == -2);
	if (how == ended && how != -2) {
		assert(whole.offset == cut.offset);
		assert(whole.known == cut.known);
		assert(whole.accepted == cut.accepted);
		assert(whole.out.len == cut.out.len);
		assert(memcmp(whole.out.data + whole.out.start,
		    cut.out.data + cut.out.start, cut.out.len) == 0);
	}
	return (0);
}

static void
run(struct attach *a, const uint8_t *data, size_t len, size_t step)
{
	size_t	 end, i;

	reset(a);
	ended = 0;
	peer_open(a);
	for (i = 0; i < len && ended == 0; i = end) {
		end = len - i < step ? len : i + step;
		buf_add(&a->rx, data + i, end - i);
		peer_take(a);
		peer_input(a);
		assert(ended != 0 || a->rx.len == 0 ||
		    buf_room(&a->tx) < 1024);
		assert(a->accepted <= a->sent);
		assert(a->sent - a->accepted <= ATTACH_INPUT_MAX);
		/* The socket takes what is sent, the terminal what comes. */
		buf_drop(&a->tx, a->tx.len);
		if (a->out.len > ATTACH_OUTPUT_MAX)
			buf_drop(&a->out, a->out.len);
	}
	free(a->text);
	a->text = NULL;
}

static void
reset(struct attach *a)
{
	struct buf	 out, rx, tx, typed;
	char		 letters[300];

	out = a->out;
	rx = a->rx;
	tx = a->tx;
	typed = a->typed;
	memset(a, 0, sizeof(*a));
	if (out.data == NULL) {
		buf_init(&out, ATTACH_OUTPUT_MAX + ATTACH_TEXT_MAX);
		buf_init(&rx, INPUT_MAX);
		buf_init(&tx, 4 * ATTACH_FRAME_MAX);
		buf_init(&typed, sizeof(letters));
	}
	out.start = out.len = rx.start = rx.len = 0;
	tx.start = tx.len = typed.start = typed.len = 0;
	memset(letters, 'x', sizeof(letters));
	buf_add(&typed, letters, sizeof(letters));
	a->out = out;
	a->rx = rx;
	a->tx = tx;
	a->typed = typed;
	a->phase = ATTACH_GREET;
	a->where = "http://a";
	a->cols = 80;
	a->rows = 24;
	(void)strlcpy(a->session, "01234567-89ab-4cde-8f01-23456789abcd",
	    sizeof(a->session));
}

/* The loop, as far as it is asked for something. */

void
attach_leave(struct attach *a, int code)
{
	assert(code >= 0 && code <= 255);
	ended = 1 + code;
	attach_phase(a, ATTACH_OVER, 0);
}

void
attach_lost(struct attach *a, const char *why)
{
	assert(why != NULL);
	ended = -1;
	attach_phase(a, ATTACH_OVER, 0);
}

void
attach_nonsense(struct attach *a, const char *why)
{
	assert(why != NULL);
	ended = -2;
	attach_phase(a, ATTACH_OVER, 0);
}

void
attach_phase(struct attach *a, enum attach_phase phase, unsigned int msec)
{
	(void)msec;
	a->phase = phase;
	if (phase == ATTACH_OVER) {
		a->rx.start = a->rx.len = 0;
		free(a->text);
		a->text = NULL;
		a->textlen = a->textsize = 0;
	}
}

void
attach_flush(struct attach *a)
{
	(void)a;
}

void
tty_raw(void)
{
}

void
tty_say(const char *fmt, ...)
{
	va_list	 ap;
	char	 text[1024];

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
}

void
conn_free(struct conn *c)
{
	assert(c == NULL);
}

uint64_t
util_now_msec(void)
{
	return (1);
}
