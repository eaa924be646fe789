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

#include <stdint.h>
#include <string.h>

#include <sha1.h>

#include "base64.h"
#include "utf8.h"
#include "ws.h"

#define WS_FIN		0x80
#define WS_RSV		0x70
#define WS_OPCODE	0x0f
#define WS_CONTROL	0x08	/* bit of all control opcodes */
#define WS_CONTINUATION	0x0
#define WS_MASKED	0x80
#define WS_LENGTH	0x7f
#define WS_LENGTH_16	126
#define WS_LENGTH_64	127
#define WS_GUID		"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

enum ws_phase {
	WS_PHASE_HEAD,
	WS_PHASE_DATA,
	WS_PHASE_CONTROL,
	WS_PHASE_CLOSED,
	WS_PHASE_FAILED
};

static enum ws_ev	 ws_fail(struct ws_parser *, int, const char *);
static size_t		 ws_take_head(struct ws_parser *, const uint8_t *,
			    size_t);
static void		 ws_first_byte(struct ws_parser *, uint8_t);
static void		 ws_second_byte(struct ws_parser *, uint8_t);
static size_t		 ws_head_size(const struct ws_parser *);
static void		 ws_head_done(struct ws_parser *);
static uint64_t		 ws_read_length(const uint8_t *, int);
static enum ws_ev	 ws_take_data(struct ws_parser *, uint8_t *, size_t,
			    size_t *, struct ws_event *);
static enum ws_ev	 ws_take_control(struct ws_parser *, const uint8_t *,
			    size_t, size_t *, struct ws_event *);
static enum ws_ev	 ws_take_close(struct ws_parser *, struct ws_event *);
static int		 ws_close_code_valid(int);
static size_t		 utf8_char_len(const uint8_t *);
static int		 is_control(const uint8_t *);

void
ws_init(struct ws_parser *p, uint64_t max)
{
	memset(p, 0, sizeof(*p));
	p->max = max;
	p->phase = WS_PHASE_HEAD;
}

void
ws_init_client(struct ws_parser *p, uint64_t max)
{
	ws_init(p, max);
	p->client = 1;
}

enum ws_ev
ws_parse(struct ws_parser *p, uint8_t *buf, size_t len, size_t *used,
    struct ws_event *ev)
{
	enum ws_ev	 r;
	size_t		 n;

	memset(ev, 0, sizeof(*ev));
	*used = 0;
	if (p->phase == WS_PHASE_HEAD)
		*used = ws_take_head(p, buf, len);
	r = WS_NEED;
	n = 0;
	switch ((enum ws_phase)p->phase) {
	case WS_PHASE_HEAD:
		break;
	case WS_PHASE_DATA:
		r = ws_take_data(p, buf + *used, len - *used, &n, ev);
		break;
	case WS_PHASE_CONTROL:
		r = ws_take_control(p, buf + *used, len - *used, &n, ev);
		break;
	case WS_PHASE_CLOSED:
		n = len - *used;
		break;
	case WS_PHASE_FAILED:
		r = WS_ERROR;
		break;
	}
	*used += n;
	if (r == WS_ERROR) {
		memset(ev, 0, sizeof(*ev));
		ev->code = p->code;
		ev->why = p->why;
		*used = len;
	}
	return (r);
}

static enum ws_ev
ws_fail(struct ws_parser *p, int code, const char *why)
{
	p->phase = WS_PHASE_FAILED;
	p->code = code;
	p->why = why;
	return (WS_ERROR);
}

/*
 * Heads are judged byte by byte, so that what is wrong with one is found
 * before the peer has sent, or withheld, the rest.
 */
static size_t
ws_take_head(struct ws_parser *p, const uint8_t *buf, size_t len)
{
	size_t	 i;

	for (i = 0; i < len && p->phase == WS_PHASE_HEAD; i++) {
		p->head[p->headlen++] = buf[i];
		if (p->headlen == 1)
			ws_first_byte(p, buf[i]);
		else if (p->headlen == 2)
			ws_second_byte(p, buf[i]);
		/* Without mask and length the second byte is the last. */
		if (p->phase == WS_PHASE_HEAD && p->headlen >= 2 &&
		    p->headlen == ws_head_size(p))
			ws_head_done(p);
	}
	return (i);
}

static void
ws_first_byte(struct ws_parser *p, uint8_t b)
{
	p->opcode = b & WS_OPCODE;
	p->fin = (b & WS_FIN) != 0;
	if ((b & WS_RSV) != 0) {
		(void)ws_fail(p, WS_CLOSE_PROTOCOL, "reserved bit set");
		return;
	}
	switch (p->opcode) {
	case WS_CONTINUATION:
		if (p->message == 0)
			(void)ws_fail(p, WS_CLOSE_PROTOCOL,
			    "continuation of nothing");
		break;
	case WS_TEXT:
	case WS_BINARY:
		if (p->message != 0)
			(void)ws_fail(p, WS_CLOSE_PROTOCOL,
			    "message inside a message");
		break;
	case WS_OP_CLOSE:
	case WS_OP_PING:
	case WS_OP_PONG:
		if (!p->fin)
			(void)ws_fail(p, WS_CLOSE_PROTOCOL,
			    "fragmented control frame");
		break;
	default:
		(void)ws_fail(p, WS_CLOSE_PROTOCOL, "reserved opcode");
		break;
	}
}

static void
ws_second_byte(struct ws_parser *p, uint8_t b)
{
	if (p->client && (b & WS_MASKED) != 0)
		(void)ws_fail(p, WS_CLOSE_PROTOCOL, "masked frame");
	else if (!p->client && (b & WS_MASKED) == 0)
		(void)ws_fail(p, WS_CLOSE_PROTOCOL, "frame without mask");
	else if ((p->opcode & WS_CONTROL) != 0 &&
	    (b & WS_LENGTH) > WS_CONTROL_MAX)
		(void)ws_fail(p, WS_CLOSE_PROTOCOL, "long control frame");
}

/* The size of a head, from its second byte. */
static size_t
ws_head_size(const struct ws_parser *p)
{
	size_t	 n;

	n = p->client ? 2 : 2 + WS_MASK_LEN;
	if ((p->head[1] & WS_LENGTH) == WS_LENGTH_64)
		return (n + 8);
	if ((p->head[1] & WS_LENGTH) == WS_LENGTH_16)
		return (n + 2);
	return (n);
}

static void
ws_head_done(struct ws_parser *p)
{
	uint64_t	 len;
	int		 form;

	form = p->head[1] & WS_LENGTH;
	len = ws_read_length(p->head + 2, form);
	if ((form == WS_LENGTH_16 && len < WS_LENGTH_16) ||
	    (form == WS_LENGTH_64 && (len <= 0xffff || len >> 63 != 0))) {
		(void)ws_fail(p, WS_CLOSE_PROTOCOL, "length not minimal");
		return;
	}
	if (!p->client)
		memcpy(p->mask, p->head + p->headlen - WS_MASK_LEN,
		    WS_MASK_LEN);
	p->left = len;
	p->headlen = 0;
	if ((p->opcode & WS_CONTROL) != 0) {
		p->controllen = 0;
		p->phase = WS_PHASE_CONTROL;
		return;
	}
	if (p->opcode != WS_CONTINUATION) {
		p->message = p->opcode;
		p->announced = 0;
		p->begun = 0;
		memset(&p->utf8, 0, sizeof(p->utf8));
	}
	if (len > p->max - p->announced) {
		(void)ws_fail(p, WS_CLOSE_TOO_BIG, "message too big");
		return;
	}
	p->announced += len;
	p->phase = WS_PHASE_DATA;
}

static uint64_t
ws_read_length(const uint8_t *b, int form)
{
	uint64_t	 len;
	int		 i, n;

	if (form < WS_LENGTH_16)
		return (form);
	n = form == WS_LENGTH_16 ? 2 : 8;
	len = 0;
	for (i = 0; i < n; i++)
		len = len << 8 | b[i];
	return (len);
}

static enum ws_ev
ws_take_data(struct ws_parser *p, uint8_t *buf, size_t len, size_t *used,
    struct ws_event *ev)
{
	size_t	 n;
	int	 fin;

	n = len < p->left ? len : (size_t)p->left;
	if (n == 0 && p->left > 0)
		return (WS_NEED);
	if (!p->client)
		ws_mask(p->mask, buf, n);
	p->left -= n;
	*used = n;
	fin = p->left == 0 && p->fin;
	if (p->message == WS_TEXT && (utf8_feed(&p->utf8, buf, n) == -1 ||
	    (fin && !utf8_complete(&p->utf8))))
		return (ws_fail(p, WS_CLOSE_BAD_DATA, "text is not UTF-8"));

	ev->data = buf;
	ev->len = n;
	ev->remaining = p->left;
	ev->announced = p->announced;
	ev->opcode = p->message;
	ev->first = !p->begun;
	ev->fin = fin;
	p->begun = 1;
	if (p->left == 0)
		p->phase = WS_PHASE_HEAD;
	if (fin)
		p->message = 0;
	return (WS_DATA);
}

static enum ws_ev
ws_take_control(struct ws_parser *p, const uint8_t *buf, size_t len,
    size_t *used, struct ws_event *ev)
{
	size_t	 n;

	n = len < p->left ? len : (size_t)p->left;
	if (n > 0)
		memcpy(p->control + p->controllen, buf, n);
	p->controllen += n;
	p->left -= n;
	*used = n;
	if (p->left > 0)
		return (WS_NEED);

	if (!p->client)
		ws_mask(p->mask, p->control, p->controllen);
	p->phase = WS_PHASE_HEAD;
	ev->data = p->control;
	ev->len = p->controllen;
	switch (p->opcode) {
	case WS_OP_PING:
		return (WS_PING);
	case WS_OP_PONG:
		return (WS_PONG);
	default:
		return (ws_take_close(p, ev));
	}
}

static enum ws_ev
ws_take_close(struct ws_parser *p, struct ws_event *ev)
{
	struct utf8_state	 st;

	p->phase = WS_PHASE_CLOSED;
	ev->code = WS_CLOSE_NO_STATUS;
	if (p->controllen == 0)
		return (WS_CLOSE);
	if (p->controllen == 1)
		return (ws_fail(p, WS_CLOSE_PROTOCOL, "half a close code"));
	ev->code = p->control[0] << 8 | p->control[1];
	ev->data = p->control + 2;
	ev->len = p->controllen - 2;
	if (!ws_close_code_valid(ev->code))
		return (ws_fail(p, WS_CLOSE_PROTOCOL, "bad close code"));
	memset(&st, 0, sizeof(st));
	if (utf8_feed(&st, ev->data, ev->len) == -1 || !utf8_complete(&st))
		return (ws_fail(p, WS_CLOSE_BAD_DATA,
		    "close reason is not UTF-8"));
	return (WS_CLOSE);
}

/* Registered codes that may be sent, and the ranges of section 7.4.2. */
static int
ws_close_code_valid(int code)
{
	if (code >= 3000 && code <= 4999)
		return (1);
	return (code >= 1000 && code <= 1014 && code != 1004 &&
	    code != 1005 && code != 1006);
}

/* Eight bytes at a time, which compilers turn into wider steps. */
void
ws_mask(uint8_t mask[WS_MASK_LEN], uint8_t *buf, size_t len)
{
	uint64_t	 key, word;
	uint8_t		 turned[WS_MASK_LEN];
	size_t		 i;

	memcpy(&key, mask, WS_MASK_LEN);
	memcpy((uint8_t *)&key + WS_MASK_LEN, mask, WS_MASK_LEN);
	for (i = 0; len - i >= sizeof(word); i += sizeof(word)) {
		memcpy(&word, buf + i, sizeof(word));
		word ^= key;
		memcpy(buf + i, &word, sizeof(word));
	}
	for (; i < len; i++)
		buf[i] ^= mask[i % WS_MASK_LEN];
	for (i = 0; i < WS_MASK_LEN; i++)
		turned[i] = mask[(len + i) % WS_MASK_LEN];
	memcpy(mask, turned, WS_MASK_LEN);
}

size_t
ws_frame_head(uint8_t out[WS_HEAD_MAX], int opcode, uint64_t len)
{
	size_t	 n;
	int	 shift;

	out[0] = WS_FIN | (opcode & WS_OPCODE);
	if (len < WS_LENGTH_16) {
		out[1] = len;
		return (2);
	}
	out[1] = len <= 0xffff ? WS_LENGTH_16 : WS_LENGTH_64;
	shift = len <= 0xffff ? 8 : 56;
	for (n = 2; shift >= 0; shift -= 8)
		out[n++] = len >> shift & 0xff;
	return (n);
}

size_t
ws_client_head(uint8_t out[WS_CLIENT_HEAD_MAX], int opcode, uint64_t len,
    const uint8_t mask[WS_MASK_LEN])
{
	size_t	 n;

	n = ws_frame_head(out, opcode, len);
	out[1] |= WS_MASKED;
	memcpy(out + n, mask, WS_MASK_LEN);
	return (n + WS_MASK_LEN);
}

size_t
ws_control_frame(uint8_t out[WS_CONTROL_FRAME_MAX], int opcode,
    const uint8_t *payload, size_t len)
{
	size_t	 n;

	if (len > WS_CONTROL_MAX)
		len = WS_CONTROL_MAX;
	n = ws_frame_head(out, opcode, len);
	if (len > 0)
		memcpy(out + n, payload, len);
	return (n + len);
}

size_t
ws_close_frame(uint8_t out[WS_CONTROL_FRAME_MAX], int code,
    const char *reason)
{
	uint8_t		 payload[WS_CONTROL_MAX];
	const uint8_t	*r;
	size_t		 clen, n;

	if (code == WS_CLOSE_NO_STATUS)
		return (ws_control_frame(out, WS_OP_CLOSE, NULL, 0));
	payload[0] = code >> 8 & 0xff;
	payload[1] = code & 0xff;
	n = 2;
	r = (const uint8_t *)(reason != NULL ? reason : "");
	for (; (clen = utf8_char_len(r)) > 0; r += clen) {
		if (is_control(r))
			continue;
		if (clen > sizeof(payload) - n)
			break;
		memcpy(payload + n, r, clen);
		n += clen;
	}
	return (ws_control_frame(out, WS_OP_CLOSE, payload, n));
}

/* Bytes of the character at the start of a string; 0 at its end or if bad. */
static size_t
utf8_char_len(const uint8_t *s)
{
	struct utf8_state	 st;
	size_t			 n;

	memset(&st, 0, sizeof(st));
	if (*s == '\0')
		return (0);
	for (n = 0; n == 0 || !utf8_complete(&st); n++) {
		if (utf8_feed(&st, s + n, 1) == -1)
			return (0);
	}
	return (n);
}

/* C0, DEL and C1. */
static int
is_control(const uint8_t *s)
{
	return (s[0] < 0x20 || s[0] == 0x7f || (s[0] == 0xc2 && s[1] < 0xa0));
}

void
ws_accept(char out[WS_ACCEPT_LEN + 1], const char *key, size_t len)
{
	SHA1_CTX	 ctx;
	uint8_t		 digest[SHA1_DIGEST_LENGTH];

	SHA1Init(&ctx);
	SHA1Update(&ctx, (const uint8_t *)key, len);
	SHA1Update(&ctx, (const uint8_t *)WS_GUID, sizeof(WS_GUID) - 1);
	SHA1Final(digest, &ctx);
	out[base64_encode(out, digest, sizeof(digest))] = '\0';
}
