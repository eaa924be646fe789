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

/* What controls and sequences do to the cursor and to the cells. */

#include "compat.h"

#include <sys/types.h>

#include <stdint.h>
#include <string.h>

#include "screen_parts.h"

/* Prefix, intermediate and final byte of a sequence as one number. */
#define KEY(p, i, f)	((p) << 16 | (i) << 8 | (f))

static int	 arg(const struct screen *, int, int);
static void	 cursor_to(struct screen *, int, int);
static void	 cursor_home(struct screen *, int, int);
static void	 cursor_vertical(struct screen *, int);
static int	 csi_cursor(struct screen *, int);
static int	 csi_cells(struct screen *, int);
static void	 csi_other(struct screen *, int);
static void	 insert_blanks(struct screen *, struct row *, unsigned int,
		    const struct cell *);
static void	 erase_screen(struct screen *, int);
static void	 erase_line(struct screen *, int);
static void	 shift_lines(struct screen *, int);
static void	 set_region(struct screen *);
static void	 tab_forward(struct screen *, int);
static void	 tab_backward(struct screen *, int);
static void	 set_charset(struct screen *, uint8_t, uint8_t);
static void	 align(struct screen *);

/* A control below space. */
void
screen_control(struct screen *s, uint32_t ch)
{
	switch (ch) {
	case '\b':
		cursor_to(s, s->y, (s->x < s->cols ? s->x : s->cols - 1) - 1);
		break;
	case '\t':
		tab_forward(s, 1);
		break;
	case '\n':
	case '\v':
	case '\f':
		put_linefeed(s);
		if (s->modes.newline)
			put_place(s, s->y, 0);
		break;
	case '\r':
		put_place(s, s->y, 0);
		break;
	case 0x0e:
		s->sets.gl = 1;
		break;
	case 0x0f:
		s->sets.gl = 0;
		break;
	}
}

/* ESC, perhaps intermediates, and this byte. */
void
screen_esc(struct screen *s, uint8_t ch)
{
	const struct parser	*ps = &s->parser;

	if (ps->ninter == 1) {
		if (ps->inter[0] == '#' && ch == '8')
			align(s);
		else if (ps->inter[0] == '%' && (ch == '@' || ch == 'G')) {
			s->sets.gl = 0;
			s->sets.g[0] = 'B';
		} else
			set_charset(s, ps->inter[0], ch);
		return;
	}
	if (ps->ninter > 1)
		return;
	switch (ch) {
	case '7':
		mode_save(s);
		break;
	case '8':
		mode_restore(s);
		break;
	case 'D':
		put_linefeed(s);
		break;
	case 'E':
		put_linefeed(s);
		put_place(s, s->y, 0);
		break;
	case 'H':
		if (s->x < s->cols)
			s->cur->tabs[s->x] = 1;
		break;
	case 'M':
		put_reverse(s);
		break;
	case '=':
		s->modes.keypad = 1;
		break;
	case '>':
		s->modes.keypad = 0;
		break;
	case 'c':
		screen_reset(s);
		break;
	case 'n':
	case '}':
		s->sets.gl = 2;
		break;
	case 'o':
	case '|':
		s->sets.gl = 3;
		break;
	case '~':
		s->sets.gl = 1;
		break;
	}
}

/* CSI, what the parser has of it, and this byte. */
void
screen_csi(struct screen *s, uint8_t ch)
{
	const struct parser	*ps = &s->parser;
	int			 key;

	key = KEY(ps->prefix, ps->ninter > 0 ? ps->inter[0] : 0, ch);
	if (!csi_cursor(s, key) && !csi_cells(s, key))
		csi_other(s, key);
}

/* A parameter, and what it is when it is absent or 0. */
static int
arg(const struct screen *s, int i, int def)
{
	const struct parser	*ps = &s->parser;

	return (i < ps->nparam && ps->param[i] != 0 ? ps->param[i] : def);
}

/* To a place of the screen, or the next one where the cursor may be. */
static void
cursor_to(struct screen *s, int y, int x)
{
	int	 top, bottom;

	top = s->modes.origin ? s->cur->top : 0;
	bottom = s->modes.origin ? s->cur->bottom : s->rows;
	y = y < top ? top : y >= bottom ? bottom - 1 : y;
	x = x < 0 ? 0 : x >= s->cols ? s->cols - 1 : x;
	put_place(s, y, x);
}

/* To a place counted from where the origin is. */
static void
cursor_home(struct screen *s, int y, int x)
{
	cursor_to(s, y + (s->modes.origin ? s->cur->top : 0), x);
}

/* Down by n, or up; the margins of the region stop it from inside. */
static void
cursor_vertical(struct screen *s, int n)
{
	int	 y;

	y = s->y + n;
	if (s->y >= s->cur->top && y < s->cur->top)
		y = s->cur->top;
	if (s->y < s->cur->bottom && y >= s->cur->bottom)
		y = s->cur->bottom - 1;
	cursor_to(s, y, s->x);
}

static int
csi_cursor(struct screen *s, int key)
{
	int	 n, x;

	n = arg(s, 0, 1);
	x = s->x < s->cols ? s->x : s->cols - 1;
	switch (key) {
	case 'A':
	case 'F':
		cursor_vertical(s, -n);
		if (key == 'F')
			put_place(s, s->y, 0);
		break;
	case 'B':
	case 'E':
		cursor_vertical(s, n);
		if (key == 'E')
			put_place(s, s->y, 0);
		break;
	case 'C':
	case 'a':
		cursor_to(s, s->y, x + n);
		break;
	case 'D':
		cursor_to(s, s->y, x - n);
		break;
	case 'G':
	case '`':
		cursor_to(s, s->y, n - 1);
		break;
	case 'H':
	case 'f':
		cursor_home(s, n - 1, arg(s, 1, 1) - 1);
		break;
	case 'd':
		cursor_home(s, n - 1, x);
		break;
	case 'e':
		cursor_to(s, s->y + n, x);
		break;
	case 'I':
		tab_forward(s, n);
		break;
	case 'Z':
		tab_backward(s, n);
		break;
	case 's':
		mode_save(s);
		break;
	case 'u':
		mode_restore(s);
		break;
	default:
		return (0);
	}
	return (1);
}

static int
csi_cells(struct screen *s, int key)
{
	struct cell	 blank;
	struct row	*r;
	int		 n;

	n = arg(s, 0, 1);
	blank = cell_blank(&s->pen);
	/* All of these but the first ones cancel a pending wrap. */
	switch (key) {
	case 'J':
	case KEY('?', 0, 'J'):
		erase_screen(s, arg(s, 0, 0));
		return (1);
	case 'K':
	case KEY('?', 0, 'K'):
		erase_line(s, arg(s, 0, 0));
		return (1);
	case 'S':
		n = n < s->rows ? n : s->rows;
		page_scroll(s->cur, s->cur->top, s->cur->bottom, n, &blank);
		return (1);
	case 'T':
		memset(&blank, 0, sizeof(blank));
		n = n < s->rows ? n : s->rows;
		page_scroll(s->cur, s->cur->top, s->cur->bottom, -n, &blank);
		return (1);
	case 'b':
		if (s->parser.joined)
			put_repeat(s, n);
		s->joins = 0;
		return (1);
	case '@':
	case 'L':
	case 'M':
	case 'P':
	case 'X':
		break;
	default:
		return (0);
	}
	cursor_to(s, s->y, s->x);
	r = &s->cur->row[s->y];
	n = n < s->cols ? n : s->cols;
	if (key == '@')
		insert_blanks(s, r, n, &blank);
	else if (key == 'P')
		row_delete(r, s->cols, s->x, n, &blank);
	else if (key == 'X')
		row_erase(r, s->cols, s->x, n < s->cols - s->x ? s->x + n :
		    s->cols, &blank);
	else
		shift_lines(s, key == 'M' ? arg(s, 0, 1) : -arg(s, 0, 1));
	return (1);
}

static void
csi_other(struct screen *s, int key)
{
	switch (key) {
	case 'g':
		if (arg(s, 0, 0) == 0 && s->x < s->cols)
			s->cur->tabs[s->x] = 0;
		else if (arg(s, 0, 0) == 3)
			memset(s->cur->tabs, 0, sizeof(s->cur->tabs));
		break;
	case 'h':
	case 'l':
		mode_set(s, key == 'h');
		break;
	case KEY('?', 0, 'h'):
	case KEY('?', 0, 'l'):
		mode_set_private(s, key == KEY('?', 0, 'h'));
		break;
	case 'm':
		mode_pen(s);
		break;
	case 'r':
		set_region(s);
		break;
	case KEY(0, '!', 'p'):
		mode_soft_reset(s);
		break;
	case KEY(0, ' ', 'q'):
		if (arg(s, 0, 0) <= 6)
			s->modes.shape = arg(s, 0, 0);
		break;
	case KEY(0, '"', 'q'):
		/* Protected characters are not: see screen.h on exact. */
		if (arg(s, 0, 0) == 1)
			s->cur->stale = 1;
		break;
	case KEY(0, ' ', '@'):
	case KEY(0, ' ', 'A'):
	case KEY(0, '\'', '}'):
	case KEY(0, '\'', '~'):
		/* Sideways scrolling is not done either. */
		s->cur->stale = 1;
		break;
	}
}

static void
insert_blanks(struct screen *s, struct row *r, unsigned int n,
    const struct cell *blank)
{
	struct cell	*c;

	row_insert(r, s->cols, s->x, n, blank);
	if (s->x + n < s->cols) {
		c = &row_cells(r, s->cols)[s->x + n];
		if (c->ch == CELL_TAIL)
			c->ch = 0;
	}
}

static void
erase_screen(struct screen *s, int what)
{
	struct page	*p = s->cur;
	struct cell	 blank;

	blank = cell_blank(&s->pen);
	switch (what) {
	case 0:
		row_erase(&p->row[s->y], s->cols, s->x, s->cols, &blank);
		page_fill(p, s->y + 1, s->rows, &blank);
		if (s->y == 0 && s->x == 0)
			p->stale = 0;
		break;
	case 1:
		row_erase(&p->row[s->y], s->cols, 0, s->x < s->cols ?
		    s->x + 1 : s->cols, &blank);
		page_fill(p, 0, s->y, &blank);
		break;
	case 2:
		page_fill(p, 0, s->rows, &blank);
		p->stale = 0;
		break;
	}
}

static void
erase_line(struct screen *s, int what)
{
	struct cell	 blank;
	struct row	*r;

	blank = cell_blank(&s->pen);
	r = &s->cur->row[s->y];
	if (what == 0)
		row_erase(r, s->cols, s->x, s->cols, &blank);
	else if (what == 1)
		row_erase(r, s->cols, 0, s->x < s->cols ? s->x + 1 : s->cols,
		    &blank);
	else if (what == 2)
		row_erase(r, s->cols, 0, s->cols, &blank);
}

/* Delete n lines at the cursor, or insert them where n is negative. */
static void
shift_lines(struct screen *s, int n)
{
	struct page	*p = s->cur;
	struct cell	 blank;

	if (s->y < p->top || s->y >= p->bottom)
		return;
	blank = cell_blank(&s->pen);
	page_scroll(p, s->y, p->bottom, n, &blank);
	put_place(s, s->y, 0);
}

static void
set_region(struct screen *s)
{
	int	 top, bottom;

	top = arg(s, 0, 1);
	bottom = arg(s, 1, s->rows);
	if (bottom > s->rows)
		bottom = s->rows;
	if (bottom <= top)
		return;
	s->cur->top = top - 1;
	s->cur->bottom = bottom;
	put_region(s);
	cursor_home(s, 0, 0);
}

static void
tab_forward(struct screen *s, int n)
{
	uint16_t	 x;

	if (s->x == s->cols)
		return;
	for (x = s->x; n > 0 && x < s->cols - 1; n--) {
		do {
			x++;
		} while (x < s->cols - 1 && !s->cur->tabs[x]);
	}
	put_place(s, s->y, x);
}

static void
tab_backward(struct screen *s, int n)
{
	uint16_t	 x;

	if (s->x == s->cols)
		return;
	for (x = s->x; n > 0 && x > 0; n--) {
		do {
			x--;
		} while (x > 0 && !s->cur->tabs[x]);
	}
	put_place(s, s->y, x);
}

static void
set_charset(struct screen *s, uint8_t inter, uint8_t ch)
{
	if (inter < '(' || inter > '+')
		return;
	s->sets.g[inter - '('] = ch == '0' || ch == 'A' ? ch : 'B';
}

/* The pattern for adjustment. */
static void
align(struct screen *s)
{
	struct cell	 c;

	c = s->pen;
	c.ch = 'E';
	page_fill(s->cur, 0, s->rows, &c);
	cursor_home(s, 0, 0);
}
