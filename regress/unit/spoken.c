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
#include <sys/uio.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "dialect.h"
#include "session.h"
#include "spoken.h"
#include "viewer.h"

#define TEXT_MAX	(4 * 1024 * 1024)

struct spoken		 spoken[SPOKEN_MAX];
size_t			 nspoken, npings;
int			 finished;

static uint8_t		 events[TEXT_MAX];
static const struct dialect *speaks[CLIENTS];

static void	 take(int, const uint8_t *, size_t);
static void	 forget(void);
static void	 listen_ws(struct client *);
static void	 listen_sse(struct client *, int);
static size_t	 unchunk(const uint8_t *, size_t, uint8_t *, int);
static char	*event_line(char *, struct spoken *);

struct client *
join(int n, const struct dialect *d, uint8_t mode, uint8_t flags,
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
	conf.head = (const uint8_t *)"";
	assert_int_equal(session_full(s), 0);
	c->fd = fds[0];
	speaks[n] = d;
	c->v = viewer_new(s, &conf);
	assert_non_null(c->v);
	viewer_begin(c->v, NULL, 0);
	return (c);
}

void
emit(const void *p, size_t n)
{
	struct iovec	 iov[2];
	size_t		 first;

	session_room(s, iov);
	first = n < iov[0].iov_len ? n : iov[0].iov_len;
	memcpy(iov[0].iov_base, p, first);
	if (n > first)
		memcpy(iov[1].iov_base, (const uint8_t *)p + first, n - first);
	session_output(s, n);
}

/* The viewer itself may be gone. */
void
listen_to(struct client *c)
{
	if (speaks[c - clients]->transport == TRANSPORT_WS)
		listen_ws(c);
	else
		listen_sse(c, speaks[c - clients]->transport == TRANSPORT_SSE);
}

/* A server's frames: not masked, not fragmented, lengths as short as can. */
static void
listen_ws(struct client *c)
{
	const uint8_t	*p;
	size_t		 head, i, len, pos;

	forget();
	drain(c);
	for (pos = 0; pos < c->nraw; pos += head + len) {
		p = c->raw + pos;
		assert_true(c->nraw - pos >= 2);
		assert_int_equal(p[0] & 0xf0, 0x80);
		len = p[1];
		head = 2;
		if (p[1] >= 126) {
			head = p[1] == 126 ? 4 : 10;
			for (len = 0, i = 2; i < head; i++)
				len = len << 8 | p[i];
			assert_true(len >= (p[1] == 126 ? 126u : 65536u));
		}
		assert_true(len <= c->nraw - pos - head);
		take(p[0] & 0x0f, p + head, len);
	}
	c->nraw = 0;
}

/* Events, each of which is a chunk of its own where there are chunks. */
static void
listen_sse(struct client *c, int chunks)
{
	struct spoken	*e;
	char		*line;
	size_t		 n;

	forget();
	drain(c);
	n = unchunk(c->raw, c->nraw, events, chunks);
	c->nraw = 0;
	events[n] = '\0';
	assert_null(memchr(events, '\r', n));
	for (line = (char *)events; *line != '\0';) {
		if (strncmp(line, ": ping\n\n", 8) == 0) {
			npings++;
			line += 8;
			continue;
		}
		assert_true(nspoken < SPOKEN_MAX);
		e = &spoken[nspoken++];
		while (*line != '\n')
			line = event_line(line, e);
		assert_non_null(e->data);
		line++;
	}
}

/* One line of an event; returns the next. */
static char *
event_line(char *line, struct spoken *e)
{
	char	*end;

	end = strchr(line, '\n');
	assert_non_null(end);
	*end = '\0';
	if (strncmp(line, "id: ", 4) == 0) {
		assert_false(e->has_id);
		e->has_id = 1;
		e->id = strtoull(line + 4, NULL, 10);
	} else if (strncmp(line, "event: ", 7) == 0) {
		assert_string_equal(e->name, "");
		strlcpy(e->name, line + 7, sizeof(e->name));
	} else {
		assert_int_equal(strncmp(line, "data: ", 6), 0);
		assert_null(e->data);
		e->len = strlen(line + 6);
		e->data = (uint8_t *)strdup(line + 6);
	}
	return (end + 1);
}

/* The bytes of the events; every chunk ends where an event does. */
static size_t
unchunk(const uint8_t *p, size_t n, uint8_t *out, int chunks)
{
	size_t	 len, pos, total;
	char	*end;

	if (!chunks) {
		assert_true(n < TEXT_MAX);
		memcpy(out, p, n);
		return (n);
	}
	for (pos = total = 0; pos < n; pos += len + 2) {
		len = strtoul((const char *)p + pos, &end, 16);
		assert_memory_equal(end, "\r\n", 2);
		pos = end + 2 - (const char *)p;
		assert_true(pos + len + 2 <= n && total + len < TEXT_MAX);
		assert_memory_equal(p + pos + len, "\r\n", 2);
		if (len == 0) {
			assert_int_equal(pos + 2, n);
			finished = 1;
			break;
		}
		assert_memory_equal(p + pos + len - 2, "\n\n", 2);
		memcpy(out + total, p + pos, len);
		total += len;
	}
	return (total);
}

static void
take(int opcode, const uint8_t *p, size_t len)
{
	struct spoken	*f;

	assert_true(nspoken < SPOKEN_MAX);
	f = &spoken[nspoken++];
	f->opcode = opcode;
	f->len = len;
	f->data = malloc(len + 1);
	assert_non_null(f->data);
	if (len > 0)
		memcpy(f->data, p, len);
	f->data[len] = '\0';
}

static void
forget(void)
{
	while (nspoken > 0)
		free(spoken[--nspoken].data);
	memset(spoken, 0, sizeof(spoken));
	npings = 0;
	finished = 0;
}

void
assert_text(size_t i, const char *want)
{
	assert_true(i < nspoken);
	assert_int_equal(spoken[i].opcode, WS_TEXT);
	assert_string_equal((char *)spoken[i].data, want);
	assert_int_equal(spoken[i].len, strlen(want));
}

void
assert_close(size_t i, int code, const char *reason)
{
	assert_int_equal(i + 1, nspoken);
	assert_int_equal(spoken[i].opcode, WS_OP_CLOSE);
	assert_true(spoken[i].len >= 2);
	assert_int_equal(spoken[i].data[0] << 8 | spoken[i].data[1], code);
	assert_string_equal((char *)spoken[i].data + 2, reason);
}

void
assert_event(size_t i, const char *name, const char *data)
{
	assert_true(i < nspoken);
	assert_string_equal(spoken[i].name, name == NULL ? "" : name);
	assert_string_equal((char *)spoken[i].data, data);
}
