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

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"

struct frame *
frame_new(size_t n)
{
	struct frame	*f;

	if ((f = malloc(sizeof(*f) + n)) == NULL)
		return (NULL);
	f->refs = 1;
	f->start = f->end = 0;
	f->len = 0;
	return (f);
}

struct frame *
frame_bytes(const void *p, size_t n)
{
	struct frame	*f;

	if ((f = frame_new(n)) == NULL)
		return (NULL);
	frame_add(f, p, n);
	return (f);
}

void
frame_add(struct frame *f, const void *p, size_t n)
{
	if (n > 0)
		memcpy(f->data + f->len, p, n);
	f->len += n;
}

struct frame *
frame_ref(struct frame *f)
{
	f->refs++;
	return (f);
}

void
frame_unref(struct frame *f)
{
	if (f != NULL && --f->refs == 0)
		free(f);
}
