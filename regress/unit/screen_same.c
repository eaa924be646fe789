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
#include <stdio.h>
#include <string.h>

#include "screen_parts.h"
#include "screen_same.h"

static int	 same_cells(const struct screen *, const struct page *,
		    const struct page *, char *, size_t);
static int	 same_page(const struct screen *, const struct page *,
		    const struct page *, char *, size_t);
static int	 same_modes(const struct modes *, const struct modes *);
static int	 same_saved(const struct saved *, const struct saved *,
		    unsigned int);

int
screen_same(const struct screen *a, const struct screen *b, char *what,
    size_t size)
{
	int	 alt;

	what[0] = '\0';
	alt = screen_alternate(a);
	if (alt != screen_alternate(b))
		snprintf(what, size, "alternate %d", alt);
	else if (a->x != b->x || a->y != b->y)
		snprintf(what, size, "cursor %d,%d and %d,%d", a->y, a->x,
		    b->y, b->x);
	else if (!cell_same(&a->pen, &b->pen))
		snprintf(what, size, "pen");
	else if (memcmp(&a->sets, &b->sets, sizeof(a->sets)) != 0)
		snprintf(what, size, "character sets");
	else if (!same_modes(&a->modes, &b->modes))
		snprintf(what, size, "modes");
	else if (strcmp(a->title, b->title) != 0)
		snprintf(what, size, "title");
	else if (a->parser.state != b->parser.state ||
	    a->parser.nheld != b->parser.nheld ||
	    memcmp(a->parser.held, b->parser.held, a->parser.nheld) != 0)
		snprintf(what, size, "parser");
	else if (!same_saved(&a->page[1].saved, &b->page[1].saved, a->cols))
		snprintf(what, size, "saved in the alternate screen");
	else if (alt && a->page[0].y != b->page[0].y)
		snprintf(what, size, "row of the primary screen");
	else if (!same_page(a, &a->page[0], &b->page[0], what, size) || !alt)
		return (what[0] == '\0');
	else
		same_page(a, &a->page[1], &b->page[1], what, size);
	return (what[0] == '\0');
}

static int
same_page(const struct screen *s, const struct page *a, const struct page *b,
    char *what, size_t size)
{
	if (a->top != b->top || a->bottom != b->bottom)
		snprintf(what, size, "region");
	else if (memcmp(a->tabs, b->tabs, s->cols) != 0)
		snprintf(what, size, "tab stops");
	else if (!same_saved(&a->saved, &b->saved, s->cols))
		snprintf(what, size, "saved");
	else
		return (same_cells(s, a, b, what, size));
	return (0);
}

/* A blank and a cell that was erased look the same. */
static int
same_cells(const struct screen *s, const struct page *a, const struct page *b,
    char *what, size_t size)
{
	struct cell	 c, d;
	uint16_t	 x, y;

	for (y = 0; y < s->rows; y++) {
		for (x = 0; x < s->cols; x++) {
			c = *row_cell(&a->row[y], x);
			d = *row_cell(&b->row[y], x);
			if (c.ch == 0)
				c.ch = ' ';
			if (d.ch == 0)
				d.ch = ' ';
			if (cell_same(&c, &d))
				continue;
			snprintf(what, size, "cell %d,%d: %x %x and %x %x",
			    y, x, (unsigned int)c.ch, (unsigned int)c.attr,
			    (unsigned int)d.ch, (unsigned int)d.attr);
			return (0);
		}
	}
	return (1);
}

static int
same_modes(const struct modes *a, const struct modes *b)
{
	struct modes	 m;

	/* Reset explicitly, which is what an unset one is, too. */
	m = *a;
	if (m.blink == 0 || b->blink == 0)
		m.blink = b->blink;
	return (memcmp(&m, b, sizeof(m)) == 0);
}

/* On restoring, a wrap is not pending any more. */
static int
same_saved(const struct saved *a, const struct saved *b, unsigned int cols)
{
	unsigned int	 ax, bx;

	ax = a->x < cols ? a->x : cols - 1;
	bx = b->x < cols ? b->x : cols - 1;
	return (ax == bx && a->y == b->y && cell_same(&a->pen, &b->pen) &&
	    memcmp(&a->sets, &b->sets, sizeof(a->sets)) == 0);
}

/*
 * Nothing outside of its range, no half of a wide character alone, and the
 * library where it should be.
 */
int
screen_sound(const struct screen *s)
{
	const struct cell	*c;
	const struct page	*p;
	uint16_t		 x, y;
	int			 i, wide;

	if (s->x > s->cols || s->y >= s->rows)
		return (0);
	for (i = 0; i < 2; i++) {
		p = &s->page[i];
		if (p->top >= p->bottom || p->bottom > s->rows ||
		    p->saved.x > s->cols || p->saved.y >= s->rows)
			return (0);
		for (y = 0; y < s->rows; y++) {
			wide = 0;
			for (x = 0; x < s->cols; x++) {
				c = row_cell(&p->row[y], x);
				if ((c->ch == CELL_TAIL) != wide)
					return (0);
				wide = c->wide;
			}
			if (wide)
				return (0);
		}
	}
	return (1);
}
