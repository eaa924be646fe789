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
#include <sys/mman.h>
#include <sys/uio.h>

#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "ring.h"
#include "utf8.h"

static uint8_t	 ring_byte(const struct ring *, uint64_t);

int
ring_init(struct ring *r, size_t keep, size_t room)
{
	void	*p;

	memset(r, 0, sizeof(*r));
	p = mmap(NULL, keep + room, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANON, -1, 0);
	if (p == MAP_FAILED)
		return (-1);
	r->base = p;
	r->mapped = keep + room;
	r->keep = keep;
	r->size = keep + room;
	return (0);
}

void
ring_free(struct ring *r)
{
	if (r->base != NULL)
		munmap(r->base, r->mapped);
	memset(r, 0, sizeof(*r));
}

uint64_t
ring_tail(const struct ring *r)
{
	return (r->head > r->keep ? r->head - r->keep : 0);
}

int
ring_room(const struct ring *r, struct iovec iov[2])
{
	size_t	 at, room;

	room = r->size - r->keep;
	at = r->head % r->size;
	iov[0].iov_base = r->base + at;
	if (room <= r->size - at) {
		iov[0].iov_len = room;
		return (1);
	}
	iov[0].iov_len = r->size - at;
	iov[1].iov_base = r->base;
	iov[1].iov_len = room - iov[0].iov_len;
	return (2);
}

void
ring_commit(struct ring *r, size_t n)
{
	r->head += n;
}

const uint8_t *
ring_span(const struct ring *r, uint64_t start, size_t len, uint8_t *tmp)
{
	size_t	 at, first;

	at = start % r->size;
	first = r->size - at;
	if (len <= first)
		return (r->base + at);
	memcpy(tmp, r->base + at, first);
	memcpy(tmp + first, r->base, len - first);
	return (tmp);
}

int
ring_iov(const struct ring *r, uint64_t start, size_t len,
    struct iovec iov[2])
{
	size_t	 at, first;

	at = start % r->size;
	first = r->size - at;
	iov[0].iov_base = r->base + at;
	if (len <= first) {
		iov[0].iov_len = len;
		return (1);
	}
	iov[0].iov_len = first;
	iov[1].iov_base = r->base;
	iov[1].iov_len = len - first;
	return (2);
}

void
ring_trim(struct ring *r)
{
	size_t	 page, used;

	page = sysconf(_SC_PAGESIZE);
	if (r->head >= r->size)
		return;
	used = (r->head + page - 1) / page * page;
	if (used == 0)
		used = page;
	if (used < r->mapped && munmap(r->base + used, r->mapped - used) == 0)
		r->mapped = used;
}

uint64_t
ring_cut(const struct ring *r, uint64_t start, uint64_t end)
{
	uint8_t		 tmp[UTF8_HELD_MAX];
	const uint8_t	*p;
	size_t		 n;

	n = end - start < sizeof(tmp) ? end - start : sizeof(tmp);
	p = ring_span(r, end - n, n, tmp);
	return (end - n + utf8_cut(p, n));
}

uint64_t
ring_line(const struct ring *r, uint64_t start, size_t reach)
{
	uint64_t	 i;

	for (i = start; i < r->head && i - start < reach; i++) {
		if (ring_byte(r, i) == '\n')
			return (i + 1);
	}
	/* Continuation bytes at the front belong to a character before. */
	for (i = start; i < r->head && i - start < UTF8_HELD_MAX; i++) {
		if ((ring_byte(r, i) & 0xc0) != 0x80)
			break;
	}
	return (i);
}

static uint8_t
ring_byte(const struct ring *r, uint64_t i)
{
	return (r->base[i % r->size]);
}
