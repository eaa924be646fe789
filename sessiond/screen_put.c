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
 * Text, by libvterm.  Of that library only the layer is used which places
 * characters, and only what cannot hurt it reaches it: single characters that
 * are no controls, newlines, reverse newlines, positions and scroll regions
 * inside of the screen.  Version 0.1.4 writes past its arrays when a sequence
 * has more than 16 parameters and when a character stays incomplete, leaves
 * the screen when a saved position or a region is larger than it, loops for
 * ever when nothing is to be repeated, and keeps an unlimited number of
 * combining characters; and it allocates without a look at the result.
 */

#include "compat.h"

#include <sys/types.h>

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <vterm.h>

#include "screen_parts.h"

/* What it allocates at most at once, several times over. */
#define PUT_MEMORY	(64 * 1024)

/* Its buffer for combining characters has room for 16 before it grows. */
#define PUT_MARKS	8

static void	 put_run(struct screen *, const uint8_t *, size_t);
static int	 put_at_end(struct screen *, const char *, size_t, uint32_t);
static void	 put_mark(struct screen *, uint32_t);
static void	 put_wrap(struct screen *);
static void	 put_vertical(struct screen *, const char *, size_t);
static void	 put_sync(struct screen *);
static void	 put_bytes(struct screen *, const char *, size_t);
static size_t	 put_number(char *, unsigned int);
static void	 put_goto(struct screen *, unsigned int, unsigned int);
static int	 put_memory(void);
static int	 on_glyph(VTermGlyphInfo *, VTermPos, void *);
static int	 on_scroll(VTermRect, int, int, void *);
static void	 on_output(const char *, size_t, void *);
static uint32_t	 put_charset(uint8_t, uint8_t);

static const VTermStateCallbacks	 callbacks = {
	.putglyph = on_glyph,
	.scrollrect = on_scroll
};

int
put_open(struct screen *s)
{
	if (put_memory() == -1 ||
	    (s->vt = vterm_new(s->rows, s->cols)) == NULL)
		return (-1);
	vterm_set_utf8(s->vt, 1);
	vterm_output_set_callback(s->vt, on_output, s);
	if ((s->state = vterm_obtain_state(s->vt)) == NULL) {
		put_close(s);
		return (-1);
	}
	vterm_state_set_callbacks(s->state, &callbacks, s);
	vterm_state_reset(s->state, 1);
	return (0);
}

void
put_close(struct screen *s)
{
	if (s->vt != NULL)
		vterm_free(s->vt);
	s->vt = NULL;
}

/* s->cols and s->rows are new; the region is whole and must be set again. */
int
put_size(struct screen *s)
{
	if (put_memory() == -1)
		return (-1);
	put_bytes(s, "\033[r", 3);
	vterm_set_size(s->vt, s->rows, s->cols);
	s->moved = 1;
	return (0);
}

/*
 * The cursor to a place; x may be cols, which is a wrap that is pending.  The
 * library hears of it when it has to place something.
 */
void
put_place(struct screen *s, unsigned int y, unsigned int x)
{
	s->y = y;
	s->x = x;
	s->moved = 1;
}

/* Tell the library the scroll region of the page that is shown. */
void
put_region(struct screen *s)
{
	char	 buf[32];
	size_t	 n;

	n = 0;
	buf[n++] = '\033';
	buf[n++] = '[';
	n += put_number(buf + n, s->cur->top + 1);
	buf[n++] = ';';
	n += put_number(buf + n, s->cur->bottom);
	buf[n++] = 'r';
	put_bytes(s, buf, n);
	s->moved = 1;
}

/* Characters of one byte.  What does not wrap needs no library. */
void
put_ascii(struct screen *s, const uint8_t *p, size_t n)
{
	size_t	 i, piece;
	uint8_t	 set;

	set = s->sets.g[s->sets.gl];
	if (set != 'B') {
		for (i = 0; i < n; i++)
			put_char(s, put_charset(set, p[i]));
		return;
	}
	for (; n > 0; p += piece, n -= piece) {
		if (s->x == s->cols && s->modes.autowrap)
			put_wrap(s);
		else if (s->x == s->cols) {
			/* All of it overwrites the last column. */
			put_place(s, s->y, s->cols - 1);
			p += n - 1;
			n = 1;
		}
		piece = s->cols - s->x;
		piece = n < piece ? n : piece;
		put_run(s, p, piece);
	}
}

/* Characters of one byte, for which there is room in the row. */
static void
put_run(struct screen *s, const uint8_t *p, size_t n)
{
	struct cell	*cells, c;
	struct row	*r;
	size_t		 i;

	r = &s->cur->row[s->y];
	c = s->pen;
	if (s->modes.insert)
		row_insert(r, s->cols, s->x, n, &c);
	cells = row_cells(r, s->cols);
	/* The ends as row_put() does them; between them nothing is left. */
	if (cells[s->x].ch == CELL_TAIL && s->x > 0 && cells[s->x - 1].wide)
		cells[s->x - 1] = c;
	if (s->x + n < s->cols && cells[s->x + n].ch == CELL_TAIL)
		cells[s->x + n] = c;
	for (i = 0; i < n; i++) {
		c.ch = p[i];
		cells[s->x + i] = c;
	}
	s->joins = 1;
	s->last_x = s->x + n - 1;
	s->last_y = s->y;
	put_place(s, s->y, s->x + n);
}

/* One character that is no control. */
void
put_char(struct screen *s, uint32_t ch)
{
	char	 buf[4];
	uint8_t	 byte;
	size_t	 n;

	if (ch < 0x80 && s->sets.g[s->sets.gl] == 'B') {
		byte = ch;
		put_ascii(s, &byte, 1);
		return;
	}
	n = utf8_put(buf, ch);
	if (s->x + 1 >= s->cols && !put_at_end(s, buf, n, ch))
		return;
	put_sync(s);
	put_bytes(s, buf, n);
	if (s->wrote == WROTE_MARK)
		put_mark(s, ch);
	if (s->x == s->cols)
		s->moved = 1;
}

/*
 * In the last column and behind it the library takes what combines for a new
 * character and wraps, so it is asked elsewhere.  Returns 0 when all is done,
 * 1 when the character has room where the cursor then is.
 */
static int
put_at_end(struct screen *s, const char *buf, size_t n, uint32_t ch)
{
	struct cell	 blank;

	put_goto(s, s->y, 0);
	s->moved = 1;
	s->mute = 1;
	put_bytes(s, buf, n);
	s->mute = 0;
	if (s->wrote == WROTE_MARK) {
		put_mark(s, ch);
		return (0);
	}
	if (!s->modes.autowrap) {
		put_place(s, s->y, s->cols - 1);
		if (s->wrote == 2)
			s->joins = 0;
		return (s->wrote == 1);
	}
	if (s->wrote == 2 && s->x < s->cols) {
		blank = s->pen;
		row_put(&s->cur->row[s->y], s->cols, s->x, &blank);
	}
	if (s->wrote == 2 || s->x == s->cols)
		put_wrap(s);
	return (1);
}

/* It belongs to the character before it, if that came just before. */
static void
put_mark(struct screen *s, uint32_t ch)
{
	struct cell	*c;

	if (++s->nmarks >= PUT_MARKS) {
		/* Let the library forget those that it has gathered. */
		put_goto(s, s->y, s->cols - 1);
		s->mute = 1;
		put_bytes(s, "x", 1);
		s->mute = 0;
		s->moved = 1;
		s->nmarks = 0;
	}
	if (!s->joins)
		return;
	c = row_cells(&s->cur->row[s->last_y], s->cols) + s->last_x;
	if (c->mark == 0)
		c->mark = ch;
	else if (c->mark2 == 0)
		c->mark2 = ch;
}

/* Line feed: down, or the region up. */
void
put_linefeed(struct screen *s)
{
	put_vertical(s, "\n", 1);
}

/* Reverse line feed. */
void
put_reverse(struct screen *s)
{
	put_vertical(s, "\033M", 2);
}

/* To the beginning of the next line. */
static void
put_wrap(struct screen *s)
{
	put_linefeed(s);
	put_place(s, s->y, 0);
}

/* A wrap that was pending is not any more. */
static void
put_vertical(struct screen *s, const char *buf, size_t n)
{
	VTermPos	 pos;

	if (s->x == s->cols)
		put_place(s, s->y, s->cols - 1);
	put_sync(s);
	put_bytes(s, buf, n);
	vterm_state_get_cursorpos(s->state, &pos);
	s->y = pos.row;
}

/* Where the cursor is, if the library does not know. */
static void
put_sync(struct screen *s)
{
	if (s->moved)
		put_goto(s, s->y, s->x);
	s->moved = 0;
}

static void
put_bytes(struct screen *s, const char *buf, size_t n)
{
	vterm_input_write(s->vt, buf, n);
}

/* Decimal digits of a number below 1000; how many. */
static size_t
put_number(char *buf, unsigned int v)
{
	size_t	 n;

	n = 0;
	if (v >= 100)
		buf[n++] = '0' + v / 100;
	if (v >= 10)
		buf[n++] = '0' + v / 10 % 10;
	buf[n++] = '0' + v % 10;
	return (n);
}

static void
put_goto(struct screen *s, unsigned int y, unsigned int x)
{
	char	 buf[16];
	size_t	 n;

	n = 0;
	buf[n++] = '\033';
	buf[n++] = '[';
	n += put_number(buf + n, y + 1);
	buf[n++] = ';';
	n += put_number(buf + n, x + 1);
	buf[n++] = 'H';
	put_bytes(s, buf, n);
}

/*
 * The library takes every allocation for a success, so have it begin only
 * where there is plenty.  While it is fed it allocates nothing.
 */
static int
put_memory(void)
{
	void	*p;

	if ((p = malloc(PUT_MEMORY)) == NULL)
		return (-1);
	free(p);
	return (0);
}

/* A character, or, with more than one in chars, one that got a mark. */
static int
on_glyph(VTermGlyphInfo *info, VTermPos pos, void *arg)
{
	struct screen	*s = arg;
	struct cell	 c, blank;
	struct row	*r;

	if (info->width == 0 || info->chars[1] != 0) {
		s->wrote = WROTE_MARK;
		return (1);
	}
	s->wrote = info->width;
	if (s->mute)
		return (1);
	s->nmarks = 0;
	c = s->pen;
	c.ch = info->chars[0];
	c.wide = info->width == 2;
	r = &s->cur->row[pos.row];
	if (s->modes.insert) {
		blank = s->pen;
		row_insert(r, s->cols, pos.col, info->width, &blank);
	}
	row_put(r, s->cols, pos.col, &c);
	s->joins = 1;
	s->last_x = pos.col;
	s->last_y = pos.row;
	s->x = pos.col + info->width;
	return (1);
}

static int
on_scroll(VTermRect rect, int downward, int rightward, void *arg)
{
	struct screen	*s = arg;
	struct cell	 blank;

	(void)rightward;
	if (s->mute)
		return (1);
	blank = cell_blank(&s->pen);
	page_scroll(s->cur, rect.start_row, rect.end_row, downward, &blank);
	return (1);
}

/* Nothing that it would answer goes anywhere. */
static void
on_output(const char *buf, size_t n, void *arg)
{
	(void)buf;
	(void)n;
	(void)arg;
}

/* What a byte means in a set of characters. */
static uint32_t
put_charset(uint8_t set, uint8_t b)
{
	/* From ` to ~ in the set of line drawing, as xterm has them. */
	static const uint16_t	 graphics[] = {
		0x25c6, 0x2592, 0x2409, 0x240c, 0x240d, 0x240a, 0x00b0,
		0x00b1, 0x2424, 0x240b, 0x2518, 0x2510, 0x250c, 0x2514,
		0x253c, 0x23ba, 0x23bb, 0x2500, 0x23bc, 0x23bd, 0x251c,
		0x2524, 0x2534, 0x252c, 0x2502, 0x2264, 0x2265, 0x03c0,
		0x2260, 0x00a3, 0x00b7
	};

	if (set == '0' && b >= 0x60 && b <= 0x7e)
		return (graphics[b - 0x60]);
	if (set == 'A' && b == '#')
		return (0xa3);
	return (b);
}

/*
 * The last character again, n times, but no more than a line of it: what
 * does not wrap is written in one go.
 */
void
put_repeat(struct screen *s, unsigned int n)
{
	struct cell	 c, blank;
	struct row	*r;
	unsigned int	 i, room, width;

	c = *row_cell(&s->cur->row[s->last_y], s->last_x);
	if (c.ch == 0 || c.ch == CELL_TAIL)
		return;
	width = 1 + c.wide;
	blank = c;
	c.fg = s->pen.fg;
	c.bg = s->pen.bg;
	c.attr = s->pen.attr;
	for (n = n < s->cols ? n : s->cols; n > 0; n -= room) {
		room = (s->cols - s->x) / width;
		if (room == 0) {
			put_char(s, c.ch);
			if (c.mark != 0)
				put_char(s, c.mark);
			if (c.mark2 != 0)
				put_char(s, c.mark2);
			if (!s->modes.autowrap)
				return;
			room = 1;
			continue;
		}
		room = n < room ? n : room;
		r = &s->cur->row[s->y];
		if (s->modes.insert) {
			blank = s->pen;
			row_insert(r, s->cols, s->x, room * width, &blank);
		}
		for (i = 0; i < room; i++)
			row_put(r, s->cols, s->x + i * width, &c);
		put_place(s, s->y, s->x + room * width);
	}
}
