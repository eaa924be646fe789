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

/* links: proto/utf8.c sessiond/screen.c sessiond/screen_cells.c
 *	sessiond/screen_csi.c sessiond/screen_mode.c sessiond/screen_paint.c
 *	sessiond/screen_put.c sessiond/screen_text.c
 *	regress/unit/screen_same.c */
/* pkgs: vterm:static json-c */

/*
 * Output of any bytes, in pieces, with changes of size between them.  The
 * first three bytes are a size and where to cut.  The screen stays sound, its
 * repaint shows the same, and after the rest both are the same again; text
 * and JSON are valid UTF-8.
 */

#include "compat.h"

#include <sys/types.h>

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "screen.h"
#include "../unit/screen_same.h"
#include "utf8.h"

int		 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static struct screen	*fuzz_new(unsigned int, unsigned int);
static void		 fuzz_feed(struct screen *, const uint8_t *, size_t);
static void		 fuzz_text(const struct screen *);
static void		 fuzz_utf8(char *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct screen	*a, *b;
	uint8_t		*paint;
	char		 what[200];
	size_t		 cut, n;
	unsigned int	 cols, rows;

	if (len < 3)
		return (0);
	cols = 2 + data[0] % 100;
	rows = 1 + data[1] % 30;
	len -= 3;
	cut = len * data[2] / 255;
	data += 3;

	a = fuzz_new(cols, rows);
	fuzz_feed(a, data, cut);
	screen_resize(a, cols, rows);
	fuzz_text(a);
	assert(screen_sound(a));
	paint = screen_repaint(a, &n);
	assert(paint != NULL && n < SCREEN_REPAINT_MAX);
	b = fuzz_new(cols, rows);
	screen_feed(b, paint, n);
	free(paint);
	assert(screen_same(a, b, what, sizeof(what)));
	screen_feed(a, data + cut, len - cut);
	screen_feed(b, data + cut, len - cut);
	assert(screen_sound(a));
	assert(screen_same(a, b, what, sizeof(what)));
	screen_free(a);
	screen_free(b);
	return (0);
}

static struct screen *
fuzz_new(unsigned int cols, unsigned int rows)
{
	struct screen	*s;

	if ((s = screen_new(cols, rows)) == NULL)
		abort();
	return (s);
}

/* A byte that text seldom has changes the size, another loses something. */
static void
fuzz_feed(struct screen *s, const uint8_t *p, size_t len)
{
	size_t	 i, start;

	for (i = start = 0; i < len; i++) {
		if (p[i] != 0xfe && p[i] != 0x1c)
			continue;
		screen_feed(s, p + start, i - start);
		start = i + 1;
		if (p[i] == 0x1c)
			screen_lost(s);
		else if (i + 1 < len)
			screen_resize(s, p[i + 1] % 64, p[i + 1] / 8);
	}
	screen_feed(s, p + start, len - start);
}

static void
fuzz_text(const struct screen *s)
{
	char	*text;
	size_t	 n;

	text = screen_text(s, &n);
	fuzz_utf8(text, n);
	text = screen_json(s, 1ULL << 63, &n);
	fuzz_utf8(text, n);
}

static void
fuzz_utf8(char *text, size_t n)
{
	struct utf8_state	 st;

	assert(text != NULL && strlen(text) == n);
	memset(&st, 0, sizeof(st));
	assert(utf8_feed(&st, (const uint8_t *)text, n) == 0);
	assert(utf8_complete(&st));
	free(text);
}
