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
#include <stdlib.h>
#include <string.h>

#include "ssh_part.h"

/*
 * The memory of libssh2, of 1.10 and read from its source:
 *
 * - It keeps messages that nobody asked for, for ever.  So its memory is
 *   limited here, beside the limit for the process.
 * - It believes lengths: that of a signal's name makes it allocate so much
 *   and then search what it did not fill for a NUL.  So memory begins with
 *   one.
 */

/*
 * Memory for one session.  It takes 100 KiB, a full window at most 1200 KiB
 * in large packets, and files 4 MiB for a moment; this is for one that gets
 * everything in packets of a byte.
 */
#define SSH_MEMORY_MAX	(32 * 1024 * 1024)

/* When all sessions together have so much, those with more get no more. */
#define SSH_MEMORY_ALL	(64 * 1024 * 1024)
#define SSH_MEMORY_FAIR	(1024 * 1024)

/* Larger blocks carry what the terminal says, once a shell is there. */
#define SSH_SMALL	512

/* In front of each block; its size keeps what follows aligned. */
struct ssh_block {
	LIST_ENTRY(ssh_block)	 entry;
	size_t			 size;
	size_t			 unused;
};

/* RFC 4250, 4.1.2. */
#define MSG_KEXINIT		20
#define MSG_USERAUTH_FAILURE	51
#define MSG_CHANNEL_OPEN	90
#define MSG_CHANNEL_DATA	94
#define MSG_CHANNEL_EXTENDED_DATA 95
#define MSG_CHANNEL_REQUEST	98

static void	 ssh_watch(struct ssh *, const uint8_t *, size_t);
static void	 ssh_watch_kexinit(struct ssh *, const uint8_t *, size_t);
static void	 ssh_watch_failure(struct ssh *, const uint8_t *, size_t);
static void	 ssh_watch_data(struct ssh *, const uint8_t *, size_t,
		    size_t);
static uint32_t	 ssh_u32(const uint8_t *);

void *
ssh_alloc(size_t size, void **abstract)
{
	struct ssh		*d = *abstract;
	struct ssh_block	*b;

	if (size > SSH_MEMORY_MAX || d->used > SSH_MEMORY_MAX - size ||
	    (d->up->used > SSH_MEMORY_ALL && d->used > SSH_MEMORY_FAIR)) {
		strlcpy(d->why, "too much memory wanted", sizeof(d->why));
		return (NULL);
	}
	if ((b = malloc(sizeof(*b) + size + 1)) == NULL)
		return (NULL);
	b->size = size;
	*(uint8_t *)(b + 1) = '\0';
	LIST_INSERT_HEAD(&d->blocks, b, entry);
	d->used += sizeof(*b) + size;
	d->up->used += sizeof(*b) + size;
	return (b + 1);
}

/* Never in place: what is left behind has to be cleared. */
void *
ssh_realloc(void *p, size_t size, void **abstract)
{
	struct ssh_block	*b;
	void			*q;

	if ((q = ssh_alloc(size, abstract)) == NULL || p == NULL)
		return (q);
	b = (struct ssh_block *)p - 1;
	memcpy(q, p, b->size < size ? b->size : size);
	ssh_free(p, abstract);
	return (q);
}

void
ssh_free(void *p, void **abstract)
{
	struct ssh		*d = *abstract;
	struct ssh_block	*b;

	if (p == NULL)
		return;
	b = (struct ssh_block *)p - 1;
	ssh_watch(d, p, b->size);
	if (d->phase != SSH_OPEN || b->size <= SSH_SMALL)
		explicit_bzero(p, b->size);
	LIST_REMOVE(b, entry);
	d->used -= sizeof(*b) + b->size;
	d->up->used -= sizeof(*b) + b->size;
	free(b);
}

/*
 * What libssh2 frees it has handled, and some of that cannot be asked for.
 *
 * An exit status is 0 as well when the server has told none: but then the
 * message with it never passes here.  The number of the channel is in the
 * message that opened it; the channel of the files has a status of its own.
 *
 * Output that is decrypted cannot be read once something is wrong with the
 * connection, as when a server says goodbye in the same breath.  The session
 * then frees it in its order.
 */
static void
ssh_watch(struct ssh *d, const uint8_t *p, size_t size)
{
	static const uint8_t	 opened[] = "\0\0\0\7session";
	static const uint8_t	 status[] = "\0\0\0\13exit-status";

	if (size < 9)
		return;
	if (d->phase == SSH_HANDSHAKE && p[0] == MSG_KEXINIT)
		ssh_watch_kexinit(d, p, size);
	if (d->phase == SSH_AUTH && p[0] == MSG_USERAUTH_FAILURE)
		ssh_watch_failure(d, p, size);
	if (d->phase < SSH_CHANNEL)
		return;
	switch (p[0]) {
	case MSG_CHANNEL_OPEN:
		if (d->chan == SSH_CHAN_OPEN &&
		    size >= 1 + sizeof(opened) - 1 + 4 &&
		    memcmp(p + 1, opened, sizeof(opened) - 1) == 0)
			d->chan_id = ssh_u32(p + sizeof(opened));
		break;
	case MSG_CHANNEL_REQUEST:
		if (size >= 5 + sizeof(status) - 1 + 5 &&
		    d->chan == SSH_CHAN_SHELL &&
		    ssh_u32(p + 1) == d->chan_id &&
		    memcmp(p + 5, status, sizeof(status) - 1) == 0)
			d->has_status = 1;
		break;
	case MSG_CHANNEL_DATA:
		ssh_watch_data(d, p, size, 5);
		break;
	case MSG_CHANNEL_EXTENDED_DATA:
		ssh_watch_data(d, p, size, 9);
		break;
	default:
		break;
	}
}

/*
 * The types of host keys that a server has, for the log: RFC 4253, 7.1.  Of
 * our own and the server's message the server's is freed last.
 */
static void
ssh_watch_kexinit(struct ssh *d, const uint8_t *p, size_t size)
{
	size_t	 at, i, len;

	at = 1 + 16;
	if (size < at + 4 || (len = ssh_u32(p + at)) > size - at - 4)
		return;
	at += 4 + len;
	if (size < at + 4 || (len = ssh_u32(p + at)) > size - at - 4)
		return;
	at += 4;
	if (len > SSH_METHODS_MAX)
		len = SSH_METHODS_MAX;
	for (i = 0; i < len; i++)
		d->methods[i] = p[at + i] > ' ' && p[at + i] < 0x7f ?
		    p[at + i] : '?';
	d->methods[len] = '\0';
}

/* A partial success is a refusal to the library: RFC 4252, 5.1. */
static void
ssh_watch_failure(struct ssh *d, const uint8_t *p, size_t size)
{
	size_t	 len;

	len = ssh_u32(p + 1);
	if (len > size - 6 || p[5 + len] == 0)
		return;
	ssh_auth_partial(d, (const char *)p + 5, len);
}

/* Of the first that comes now some may have been read before. */
static void
ssh_watch_data(struct ssh *d, const uint8_t *p, size_t size, size_t head)
{
	uint64_t	 skip;
	size_t		 len;

	if (size < head + 4 || ssh_u32(p + 1) != d->chan_id ||
	    d->chan != SSH_CHAN_SHELL)
		return;
	len = ssh_u32(p + head);
	if (len > size - head - 4)
		return;
	p += head + 4;
	d->freed += len;
	if (!d->salvage || d->freed <= d->read)
		return;
	skip = 0;
	if (d->freed - len < d->read)
		skip = d->read - (d->freed - len);
	d->read = d->freed;
	ssh_deliver(d, p + skip, len - skip);
}

/* What a session leaves behind. */
void
ssh_free_all(struct ssh *d)
{
	struct ssh_block	*b;

	while ((b = LIST_FIRST(&d->blocks)) != NULL) {
		LIST_REMOVE(b, entry);
		d->up->used -= sizeof(*b) + b->size;
		freezero(b, sizeof(*b) + b->size);
	}
}

static uint32_t
ssh_u32(const uint8_t *p)
{
	return ((uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3]);
}
