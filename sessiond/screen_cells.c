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

/*
 * The cells of a screen.  Half of a wide character never stays: when one
 * half goes, the other becomes a blank in the colours of what took its place.
 */

#include "compat.h"

#include <sys/types.h>

#include <stdint.h>
#include <string.h>

#include "screen_parts.h"

#define TAB_WIDTH	8

static void	 fill_cells(struct cell *, unsigned int, unsigned int,
		    const struct cell *);
static void	 lose_lead(struct cell *, uint16_t, const struct cell *);

/* All of it blank; `block' has room for cols * rows cells. */
void
page_init(struct page *p, struct cell *block, uint16_t cols, uint16_t rows)
{
	struct cell	 blank;
	uint16_t	 y;

	memset(p, 0, sizeof(*p));
	memset(&blank, 0, sizeof(blank));
	p->block = block;
	p->bottom = rows;
	for (y = 0; y < rows; y++)
		p->row[y].cells = block + (size_t)y * cols;
	page_fill(p, 0, rows, &blank);
	page_tabs(p, 0);
}

void
page_fill(struct page *p, uint16_t from, uint16_t to, const struct cell *c)
{
	for (; from < to; from++) {
		p->row[from].fill = *c;
		p->row[from].uniform = 1;
	}
}

/*
 * Move the rows from top up to bottom by `up', which may be negative; those
 * that become free are filled.
 */
void
page_scroll(struct page *p, uint16_t top, uint16_t bottom, int up,
    const struct cell *c)
{
	struct row	 moved[SCREEN_ROWS_MAX];
	unsigned int	 height, n;

	height = bottom - top;
	n = up < 0 ? -up : up;
	if (n < height && up > 0) {
		memcpy(moved, &p->row[top], n * sizeof(moved[0]));
		memmove(&p->row[top], &p->row[top + n],
		    (height - n) * sizeof(moved[0]));
		memcpy(&p->row[bottom - n], moved, n * sizeof(moved[0]));
		page_fill(p, bottom - n, bottom, c);
	} else if (n < height && up < 0) {
		memcpy(moved, &p->row[bottom - n], n * sizeof(moved[0]));
		memmove(&p->row[top + n], &p->row[top],
		    (height - n) * sizeof(moved[0]));
		memcpy(&p->row[top], moved, n * sizeof(moved[0]));
		page_fill(p, top, top + n, c);
	} else if (up != 0)
		page_fill(p, top, bottom, c);
}

/* The usual tab stops, from a column on. */
void
page_tabs(struct page *p, uint16_t from)
{
	unsigned int	 x;

	for (x = from; x < SCREEN_COLS_MAX; x++)
		p->tabs[x] = x % TAB_WIDTH == 0;
}

/* The cells of a row, to be changed. */
struct cell *
row_cells(struct row *r, uint16_t cols)
{
	if (r->uniform) {
		fill_cells(r->cells, 0, cols, &r->fill);
		r->uniform = 0;
	}
	return (r->cells);
}

const struct cell *
row_cell(const struct row *r, uint16_t x)
{
	return (r->uniform ? &r->fill : &r->cells[x]);
}

/* Write a character; the second half of a wide one is made here. */
void
row_put(struct row *r, uint16_t cols, uint16_t x, const struct cell *c)
{
	struct cell	*cells, blank, tail;
	unsigned int	 end;

	cells = row_cells(r, cols);
	end = x + 1 + c->wide;
	if (cells[x].ch == CELL_TAIL || (end < cols &&
	    cells[end].ch == CELL_TAIL)) {
		blank = *c;
		blank.ch = blank.mark = blank.mark2 = 0;
		blank.wide = 0;
		if (x > 0 && cells[x - 1].wide)
			cells[x - 1] = blank;
		if (end < cols && cells[end].ch == CELL_TAIL)
			cells[end] = blank;
	}
	cells[x] = *c;
	if (c->wide) {
		tail = *c;
		tail.ch = CELL_TAIL;
		tail.mark = tail.mark2 = 0;
		tail.wide = 0;
		cells[x + 1] = tail;
	}
}

/*
 * Move what is at x and behind it to the right by n cells.  A second half at
 * x is left alone there, for the caller to overwrite or to repair.
 */
void
row_insert(struct row *r, uint16_t cols, uint16_t x, unsigned int n,
    const struct cell *blank)
{
	struct cell	*cells;

	cells = row_cells(r, cols);
	lose_lead(cells, x, blank);
	if (n < (unsigned int)(cols - x)) {
		memmove(&cells[x + n], &cells[x],
		    (cols - x - n) * sizeof(cells[0]));
		fill_cells(cells, x, x + n, blank);
	} else
		fill_cells(cells, x, cols, blank);
	if (cells[cols - 1].wide)
		cells[cols - 1] = *blank;
}

/* Take n cells out at x, from where the row moves to the left. */
void
row_delete(struct row *r, uint16_t cols, uint16_t x, unsigned int n,
    const struct cell *blank)
{
	struct cell	*cells;

	cells = row_cells(r, cols);
	if (n < (unsigned int)(cols - x)) {
		memmove(&cells[x], &cells[x + n],
		    (cols - x - n) * sizeof(cells[0]));
		fill_cells(cells, cols - n, cols, blank);
	} else
		fill_cells(cells, x, cols, blank);
	lose_lead(cells, x, blank);
	if (cells[x].ch == CELL_TAIL)
		cells[x] = *blank;
}

/* Erase the cells from `from' up to `to'. */
void
row_erase(struct row *r, uint16_t cols, uint16_t from, uint16_t to,
    const struct cell *blank)
{
	struct cell	*cells;

	if (from >= to)
		return;
	if (from == 0 && to == cols) {
		r->fill = *blank;
		r->uniform = 1;
		return;
	}
	cells = row_cells(r, cols);
	lose_lead(cells, from, blank);
	if (to < cols && cells[to].ch == CELL_TAIL)
		cells[to] = *blank;
	fill_cells(cells, from, to, blank);
}

int
cell_same(const struct cell *a, const struct cell *b)
{
	return (memcmp(a, b, sizeof(*a)) == 0);
}

/* What erasing with this pen leaves: its background. */
struct cell
cell_blank(const struct cell *pen)
{
	struct cell	 c;

	memset(&c, 0, sizeof(c));
	c.bg = pen->bg;
	return (c);
}

static void
fill_cells(struct cell *cells, unsigned int from, unsigned int to,
    const struct cell *c)
{
	for (; from < to; from++)
		cells[from] = *c;
}

/* The row changes from x on: a wide character before it loses its half. */
static void
lose_lead(struct cell *cells, uint16_t x, const struct cell *blank)
{
	if (x > 0 && cells[x - 1].wide)
		cells[x - 1] = *blank;
}
