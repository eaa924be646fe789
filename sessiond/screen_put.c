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
 * characters, and only what cannot hurt it reaches it: whole characters that
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

/*
 * The library puts four bytes on the stack for each byte of a piece of text.
 */
#define PUT_PIECE	256

/* What it allocates at most at once, several times over. */
#define PUT_MEMORY	(64 * 1024)

/* Its buffer for combining characters has room for 16 before it grows. */
#define PUT_MARKS	8

/* The smallest character that may combine with another. */
#define MARK_FIRST	0x300

static void	 put_bytes(struct screen *, const char *, size_t);
static size_t	 put_number(char *, unsigned int);
static void	 put_goto(struct screen *, unsigned int, unsigned int);
static void	 put_cursor(struct screen *);
static void	 put_at_end(struct screen *);
static void	 put_unwrapped(struct screen *, const uint8_t *, size_t);
static int	 put_probe(struct screen *, const char *, size_t);
static void	 put_mark(struct screen *, uint32_t);
static int	 put_memory(void);
static int	 on_glyph(VTermGlyphInfo *, VTermPos, void *);
static int	 on_scroll(VTermRect, int, int, void *);
static void	 on_output(const char *, size_t, void *);

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
	return (0);
}

/* The cursor to a place; x may be cols, which is a wrap that is pending. */
void
put_place(struct screen *s, unsigned int y, unsigned int x)
{
	if (x < s->cols)
		put_goto(s, y, x);
	else {
		put_goto(s, y, s->cols - 1);
		put_at_end(s);
	}
	s->y = y;
	s->x = x;
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
	put_place(s, s->y, s->x);
}

/* Characters of one byte. */
void
put_ascii(struct screen *s, const uint8_t *p, size_t n)
{
	size_t	 i, piece;
	uint8_t	 set;

	set = s->sets.g[s->sets.gl];
	if (set != 'B') {
		for (i = 0; i < n; i++)
			put_char(s, charset_char(set, p[i]));
		return;
	}
	if (!s->modes.autowrap) {
		put_unwrapped(s, p, n);
		return;
	}
	for (; n > 0; p += piece, n -= piece) {
		piece = n < PUT_PIECE ? n : PUT_PIECE;
		put_bytes(s, (const char *)p, piece);
	}
	put_cursor(s);
}

/* Without autowrap what does not fit overwrites the last column. */
static void
put_unwrapped(struct screen *s, const uint8_t *p, size_t n)
{
	size_t	 piece, room;

	while (n > 0) {
		if (s->x == s->cols) {
			put_place(s, s->y, s->cols - 1);
			p += n - 1;
			n = 1;
		}
		room = s->cols - s->x;
		piece = n < room ? n : room;
		piece = piece < PUT_PIECE ? piece : PUT_PIECE;
		put_bytes(s, (const char *)p, piece);
		put_cursor(s);
		p += piece;
		n -= piece;
	}
}

/* One character that is no control. */
void
put_char(struct screen *s, uint32_t ch)
{
	struct cell	 blank;
	char		 buf[4];
	size_t		 n;
	uint16_t	 x, y;

	n = utf8_put(buf, ch);
	x = s->x;
	y = s->y;
	/*
	 * At the end of a line the library takes what combines for a new
	 * character and wraps, so it must not see it there.
	 */
	if (x + 1 >= s->cols && (ch >= MARK_FIRST || !s->modes.autowrap)) {
		if (put_probe(s, buf, n) == WROTE_MARK) {
			put_place(s, y, x);
			put_mark(s, ch);
			return;
		}
		if (s->wrote == 2 && x + 1 == s->cols && s->modes.autowrap) {
			blank = s->pen;
			row_put(&s->cur->row[y], s->cols, x, &blank);
		}
		if (!s->modes.autowrap)
			x = s->cols - 1;
		put_place(s, y, x);
		if (!s->modes.autowrap && s->wrote == 2) {
			s->joins = 0;
			return;
		}
	}
	put_bytes(s, buf, n);
	if (s->wrote == WROTE_MARK)
		put_mark(s, ch);
	put_cursor(s);
}

/* It belongs to the character before it, if that came just before. */
static void
put_mark(struct screen *s, uint32_t ch)
{
	struct cell	*c;
	uint16_t	 x, y;

	if (++s->nmarks >= PUT_MARKS) {
		/* Let the library forget those that it has gathered. */
		x = s->x;
		y = s->y;
		put_goto(s, y, s->cols - 1);
		put_at_end(s);
		put_place(s, y, x);
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

/* The width of a character, or WROTE_MARK; the cursor is anywhere after it. */
static int
put_probe(struct screen *s, const char *buf, size_t n)
{
	put_goto(s, s->y, 0);
	s->mute = 1;
	put_bytes(s, buf, n);
	s->mute = 0;
	return (s->wrote);
}

/* Line feed: down, or the region up. */
void
put_linefeed(struct screen *s)
{
	if (s->x == s->cols)
		put_place(s, s->y, s->cols - 1);
	put_bytes(s, "\n", 1);
	put_cursor(s);
}

/* Reverse line feed. */
void
put_reverse(struct screen *s)
{
	if (s->x == s->cols)
		put_place(s, s->y, s->cols - 1);
	put_bytes(s, "\033M", 2);
	put_cursor(s);
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

/* From the last column to the pending wrap behind it. */
static void
put_at_end(struct screen *s)
{
	s->mute = 1;
	put_bytes(s, "x", 1);
	s->mute = 0;
}

/* Where the library's cursor is now; on_glyph() has noted the rest. */
static void
put_cursor(struct screen *s)
{
	VTermPos	 pos;

	vterm_state_get_cursorpos(s->state, &pos);
	s->y = pos.row;
	if (s->x != s->cols)
		s->x = pos.col;
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
uint32_t
charset_char(uint8_t set, uint8_t b)
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
