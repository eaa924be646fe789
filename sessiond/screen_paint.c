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
 * A repaint.  First everything is brought to a known state by sequences that
 * work wherever the terminal is: CAN ends whatever it is reading.  Then the
 * primary screen, then the alternate one if that is shown, each as if typed
 * on paper, and at the end modes and cursor.
 */

#include "compat.h"

#include <sys/types.h>

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "screen_parts.h"

/* Blanks for which moving the cursor is shorter than writing them. */
#define BLANKS_MOVE	5
#define BLANKS_ERASE	10

struct paint {
	const struct screen	*s;
	uint8_t			*buf;
	size_t			 len;
	size_t			 size;
	int			 failed;
	/* What the terminal has by now; x is -1 where that is not sure. */
	struct cell		 pen;
	struct charsets		 sets;
	int			 y;
	int			 x;
};

static void	 out(struct paint *, const char *, size_t);
static void	 outf(struct paint *, const char *, ...) PRINTFLIKE(2, 3);
static void	 paint_start(struct paint *);
static void	 paint_page(struct paint *, const struct page *);
static void	 paint_row(struct paint *, const struct row *, int);
static int	 paint_blanks(struct paint *, const struct row *, int, int,
		    int);
static void	 paint_margins(struct paint *, const struct page *);
static void	 paint_hidden(struct paint *);
static void	 paint_saved(struct paint *, const struct saved *);
static void	 paint_cell(struct paint *, const struct cell *);
static void	 paint_pen(struct paint *, const struct cell *);
static void	 paint_color(struct paint *, uint32_t, unsigned int);
static void	 paint_sets(struct paint *, const struct charsets *);
static void	 paint_goto(struct paint *, int, int);
static void	 paint_modes(struct paint *);
static void	 paint_cursor(struct paint *);
static void	 paint_partial(struct paint *);
static void	 partial_csi(struct paint *);
static void	 partial_osc(struct paint *);
static int	 uncertain(const struct cell *);

static const struct charsets	 ascii = { { 'B', 'B', 'B', 'B' }, 0 };

uint8_t *
screen_repaint(const struct screen *s, size_t *len)
{
	struct paint	 p;

	memset(&p, 0, sizeof(p));
	p.s = s;
	paint_start(&p);
	if (!screen_alternate(s))
		paint_hidden(&p);
	paint_page(&p, &s->page[0]);
	paint_saved(&p, &s->page[0].saved);
	if (screen_alternate(s)) {
		paint_goto(&p, s->page[0].y, 0);
		outf(&p, "\033[?1047h");
		paint_sets(&p, &ascii);
		paint_page(&p, &s->page[1]);
		paint_saved(&p, &s->page[1].saved);
	}
	paint_modes(&p);
	paint_cursor(&p);
	paint_partial(&p);
	if (p.failed) {
		free(p.buf);
		return (NULL);
	}
	*len = p.len;
	return (p.buf);
}

static void
out(struct paint *p, const char *data, size_t n)
{
	uint8_t	*buf;
	size_t	 size;

	if (p->failed)
		return;
	if (n > p->size - p->len) {
		size = p->size == 0 ? 4096 : p->size * 2;
		while (size - p->len < n)
			size *= 2;
		if ((buf = realloc(p->buf, size)) == NULL) {
			p->failed = 1;
			return;
		}
		p->buf = buf;
		p->size = size;
	}
	memcpy(p->buf + p->len, data, n);
	p->len += n;
}

static void
outf(struct paint *p, const char *fmt, ...)
{
	char	 buf[128];
	va_list	 ap;
	int	 n;

	va_start(ap, fmt);
	n = vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	if (n > 0 && (size_t)n < sizeof(buf))
		out(p, buf, n);
}

/*
 * The primary screen with default modes.  What xterm.js shows while output
 * is synchronized would hide the repaint, so that ends, too.
 */
static void
paint_start(struct paint *p)
{
	outf(p, "\030\033[!p\033[?1047l\033[?25l\033[?1;5;6;45l");
	outf(p, "\033[?9;1000;1002;1003;1004;1005;1006;1015;1016;2004;2026l");
	outf(p, "\033[?7h\033[4;20l\033>\033[r");
	outf(p, "\033(B\033)B\033*B\033+B\017");
	p->sets = ascii;
	if (p->s->titled) {
		outf(p, "\033]2;");
		out(p, p->s->title, strlen(p->s->title));
		outf(p, "\033\\");
	}
}

/*
 * Erasing from the top on, not erasing everything: for the latter some
 * terminals push what they show into what has scrolled away.
 */
static void
paint_page(struct paint *p, const struct page *page)
{
	int	 y;

	memset(&p->pen, 0, sizeof(p->pen));
	outf(p, "\033[m\033[H\033[J");
	p->y = p->x = 0;
	for (y = 0; y < p->s->rows; y++)
		paint_row(p, &page->row[y], y);
	paint_margins(p, page);
}

static void
paint_row(struct paint *p, const struct row *r, int y)
{
	const struct cell	*c;
	struct cell		 blank;
	int			 cols = p->s->cols;
	int			 end, x;

	/* What the row ends with is erased, or is so already. */
	blank = *row_cell(r, cols - 1);
	blank = cell_blank(&blank);
	for (end = cols; end > 0; end--)
		if (!cell_same(row_cell(r, end - 1), &blank))
			break;
	for (x = 0; x < end; x++) {
		c = row_cell(r, x);
		if (c->ch == CELL_TAIL)
			continue;
		if (c->ch == 0) {
			x += paint_blanks(p, r, y, x, end) - 1;
			continue;
		}
		paint_goto(p, y, x);
		paint_pen(p, c);
		paint_cell(p, c);
	}
	if (end < cols && blank.bg != COLOR_DEFAULT) {
		paint_goto(p, y, end);
		paint_pen(p, &blank);
		outf(p, "\033[K");
	}
}

/* Cells without a character that are alike, from x on; how many. */
static int
paint_blanks(struct paint *p, const struct row *r, int y, int x, int end)
{
	const struct cell	*c;
	struct cell		 blank;
	int			 i, n;

	c = row_cell(r, x);
	for (n = 1; x + n < end && cell_same(row_cell(r, x + n), c); n++)
		;
	blank = cell_blank(c);
	if (cell_same(c, &blank)) {
		if (n >= BLANKS_MOVE && c->bg == COLOR_DEFAULT)
			return (n);
		if (n >= BLANKS_ERASE) {
			paint_goto(p, y, x);
			paint_pen(p, c);
			outf(p, "\033[%dX", n);
			return (n);
		}
	}
	paint_goto(p, y, x);
	paint_pen(p, c);
	for (i = 0; i < n; i++)
		out(p, " ", 1);
	p->x += n;
	return (n);
}

/* Tab stops and scroll region. */
static void
paint_margins(struct paint *p, const struct page *page)
{
	int	 x;

	outf(p, "\033[H\033[3g");
	for (x = 0; x < p->s->cols; x++)
		if (page->tabs[x])
			outf(p, "\033[%dG\033H", x + 1);
	outf(p, "\033[%d;%dr", page->top + 1, page->bottom);
	p->x = -1;
}

/* What the alternate screen keeps while it is not shown. */
static void
paint_hidden(struct paint *p)
{
	const struct saved	*sv = &p->s->page[1].saved;
	static const struct cell	 plain;

	if (sv->x == 0 && sv->y == 0 && cell_same(&sv->pen, &plain) &&
	    memcmp(&sv->sets, &ascii, sizeof(ascii)) == 0)
		return;
	outf(p, "\033[m\033[?1047h");
	p->x = -1;
	paint_saved(p, sv);
	paint_sets(p, &ascii);
	outf(p, "\033[?1047l");
}

/* The cursor that is saved. */
static void
paint_saved(struct paint *p, const struct saved *sv)
{
	int	 x, y;

	y = sv->y < p->s->rows ? sv->y : p->s->rows - 1;
	x = sv->x < p->s->cols ? sv->x : p->s->cols - 1;
	paint_goto(p, y, x);
	paint_pen(p, &sv->pen);
	paint_sets(p, &sv->sets);
	outf(p, "\0337");
}

/* A character where the cursor is. */
static void
paint_cell(struct paint *p, const struct cell *c)
{
	char	 buf[4];

	out(p, buf, utf8_put(buf, c->ch == 0 ? ' ' : c->ch));
	if (c->mark != 0)
		out(p, buf, utf8_put(buf, c->mark));
	if (c->mark2 != 0)
		out(p, buf, utf8_put(buf, c->mark2));
	p->x += 1 + c->wide;
	if (uncertain(c))
		p->x = -1;
}

/*
 * Terminals do not agree on the width of some characters, emoji above all;
 * what follows these is positioned.
 */
static int
uncertain(const struct cell *c)
{
	return (c->mark != 0 || c->ch >= 0x1f000 ||
	    (c->ch >= 0x2190 && c->ch < 0x2500) ||
	    (c->ch >= 0x25a0 && c->ch < 0x2c00));
}

static void
paint_pen(struct paint *p, const struct cell *want)
{
	static const struct {
		uint16_t	 attr;
		uint8_t		 sgr;
	} attrs[] = {
		{ ATTR_BOLD, 1 }, { ATTR_FAINT, 2 }, { ATTR_ITALIC, 3 },
		{ ATTR_BLINK, 5 }, { ATTR_INVERSE, 7 }, { ATTR_HIDDEN, 8 },
		{ ATTR_STRIKE, 9 }, { ATTR_OVERLINE, 53 }
	};
	int		 more, style;
	size_t		 i, start;

	if (p->pen.fg == want->fg && p->pen.bg == want->bg &&
	    p->pen.attr == want->attr)
		return;
	outf(p, "\033[");
	start = p->len;
	style = ATTR_STYLE(p->pen.attr);
	if ((p->pen.attr & ~ATTR_UNDERLINE & ~want->attr) != 0 ||
	    (style != 0 && ATTR_STYLE(want->attr) != style) ||
	    (p->pen.fg != want->fg && want->fg == COLOR_DEFAULT) ||
	    (p->pen.bg != want->bg && want->bg == COLOR_DEFAULT)) {
		memset(&p->pen, 0, sizeof(p->pen));
		outf(p, ";0");
	}
	more = want->attr & ~p->pen.attr;
	for (i = 0; i < nitems(attrs); i++)
		if ((more & attrs[i].attr) != 0)
			outf(p, ";%d", attrs[i].sgr);
	style = ATTR_STYLE(want->attr);
	if (style == 1 && ATTR_STYLE(p->pen.attr) != 1)
		outf(p, ";4");
	else if (style > 1 && ATTR_STYLE(p->pen.attr) != style)
		outf(p, ";4:%d", style);
	if (p->pen.fg != want->fg)
		paint_color(p, want->fg, 30);
	if (p->pen.bg != want->bg)
		paint_color(p, want->bg, 40);
	outf(p, "m");
	/* Before the first parameter stands no semicolon. */
	if (!p->failed)
		memmove(p->buf + start, p->buf + start + 1,
		    --p->len - start);
	p->pen.fg = want->fg;
	p->pen.bg = want->bg;
	p->pen.attr = want->attr;
}

static void
paint_color(struct paint *p, uint32_t color, unsigned int base)
{
	unsigned int	 n;

	n = color & 0xff;
	if ((color & COLOR_TYPE) == COLOR_RGB)
		outf(p, ";%u;2;%u;%u;%u", base + 8, color >> 16 & 0xff,
		    color >> 8 & 0xff, n);
	else if ((color & COLOR_TYPE) == COLOR_256)
		outf(p, ";%u;5;%u", base + 8, n);
	else
		outf(p, ";%u", n < 8 ? base + n : base + 60 + n - 8);
}

static void
paint_sets(struct paint *p, const struct charsets *want)
{
	static const char	*shift[] = { "\017", "\016", "\033n", "\033o" };
	int			 i;

	for (i = 0; i < 4; i++) {
		if (p->sets.g[i] != want->g[i])
			outf(p, "\033%c%c", '(' + i, want->g[i]);
	}
	if (p->sets.gl != want->gl)
		outf(p, "%s", shift[want->gl]);
	p->sets = *want;
}

static void
paint_goto(struct paint *p, int y, int x)
{
	if (p->x == x && p->y == y)
		return;
	if (p->y == y && p->x != -1 && p->x < x)
		outf(p, "\033[%dC", x - p->x);
	else
		outf(p, "\033[%d;%dH", y + 1, x + 1);
	p->y = y;
	p->x = x;
}

/*
 * All that neither moves the cursor nor changes what is written.  For xterm
 * the encoding of the mouse that was set last holds; xterm.js knows only
 * those with SGR and does not let others replace them.
 */
static void
paint_modes(struct paint *p)
{
	const struct modes	*m = &p->s->modes;

	if (m->cursor_keys)
		outf(p, "\033[?1h");
	if (m->reverse)
		outf(p, "\033[?5h");
	if (m->back_wrap)
		outf(p, "\033[?45h");
	if (m->keypad)
		outf(p, "\033=");
	if (m->mouse != 0)
		outf(p, "\033[?%uh", m->mouse);
	if (m->mouse_sgr != 0)
		outf(p, "\033[?%uh", m->mouse_sgr);
	if (m->mouse_enc == 0 && m->mouse_sgr != 0)
		outf(p, "\033[?1015h\033[?1015l");
	else if (m->mouse_enc != m->mouse_sgr)
		outf(p, "\033[?%uh", m->mouse_enc);
	if (m->focus)
		outf(p, "\033[?1004h");
	if (m->paste)
		outf(p, "\033[?2004h");
	if (m->newline)
		outf(p, "\033[20h");
	if (m->blink != 0)
		outf(p, "\033[?12%c", m->blink);
	outf(p, "\033[%d q", m->shape);
	if (!m->hidden)
		outf(p, "\033[?25h");
}

/*
 * The cursor.  A wrap is made pending by writing the last column again.  If
 * the last byte was of a character, that is written again and nothing after
 * it: only so a mark or a REP that comes next finds what it belongs to.
 */
static void
paint_cursor(struct paint *p)
{
	const struct screen		*s = p->s;
	const struct cell		*c;
	int				 joins, top, x;

	if (!s->modes.autowrap)
		outf(p, "\033[?7l");
	if (s->modes.origin)
		outf(p, "\033[?6h");
	p->x = -1;
	top = s->modes.origin && s->y >= s->cur->top ? s->cur->top : 0;
	c = row_cell(&s->cur->row[s->last_y], s->last_x);
	joins = s->parser.state == PARSE_GROUND ? s->joins : s->parser.joined;
	if (joins && s->y == s->last_y && s->x == s->last_x + 1 + c->wide) {
		paint_sets(p, &s->sets);
		paint_goto(p, s->y - top, s->last_x);
		paint_pen(p, c);
		/* What is taken out here is inserted again. */
		if (s->modes.insert)
			outf(p, "\033[%dP\033[4h", 1 + c->wide);
		paint_cell(p, c);
		return;
	}
	if (s->x == s->cols) {
		x = s->cols - 1;
		if (row_cell(&s->cur->row[s->y], x)->ch == CELL_TAIL)
			x--;
		c = row_cell(&s->cur->row[s->y], x);
		paint_sets(p, &ascii);
		paint_goto(p, s->y - top, x);
		paint_pen(p, c);
		paint_cell(p, c);
		/* Nothing is to join it. */
		outf(p, "\033[?7%c", s->modes.autowrap ? 'h' : 'l');
	} else
		paint_goto(p, s->y - top, s->x);
	paint_sets(p, &s->sets);
	paint_pen(p, &s->pen);
	if (s->modes.insert)
		outf(p, "\033[4h");
}

/* The part of a sequence or of a character that has come. */
static void
paint_partial(struct paint *p)
{
	const struct parser	*ps = &p->s->parser;
	int			 i;

	switch (ps->state) {
	case PARSE_GROUND:
		break;
	case PARSE_ESC:
		outf(p, "\033");
		break;
	case PARSE_ESC_INTER:
		outf(p, "\033");
		for (i = 0; i < ps->ninter; i++)
			outf(p, "%c", ps->inter[i < 2 ? i : 1]);
		break;
	case PARSE_CSI_ENTRY:
	case PARSE_CSI_PARAM:
	case PARSE_CSI_INTER:
		partial_csi(p);
		break;
	case PARSE_CSI_IGNORE:
		outf(p, "\033[0<");
		break;
	case PARSE_OSC:
		partial_osc(p);
		break;
	case PARSE_STRING:
		/* No device control string begins with this byte. */
		outf(p, "\033%c%s", ps->string, ps->string == 'P' ? "z" : "");
		break;
	}
	for (i = 0; i < ps->nheld; i++)
		out(p, (const char *)&ps->held[i], 1);
}

static void
partial_csi(struct paint *p)
{
	const struct parser	*ps = &p->s->parser;
	int			 end, i, k;

	outf(p, "\033[");
	if (ps->state == PARSE_CSI_ENTRY)
		return;
	if (ps->prefix != 0)
		outf(p, "%c", ps->prefix);
	for (i = 0; i < ps->nparam; i++) {
		if (i > 0)
			outf(p, ";");
		if (ps->param[i] != 0 || (i == 0 && ps->prefix == 0))
			outf(p, "%d", ps->param[i]);
		end = i + 1 < ps->nparam ? ps->sub_of[i + 1] : ps->nsub;
		for (k = ps->sub_of[i]; k < end; k++) {
			outf(p, ":");
			if (ps->sub[k] != -1)
				outf(p, "%d", ps->sub[k]);
		}
	}
	if (ps->full)
		outf(p, "%c", ps->nparam == PARSE_PARAMS ? ';' : ':');
	for (i = 0; i < ps->ninter; i++)
		outf(p, "%c", ps->inter[i < 2 ? i : 1]);
}

/* Of what is no title the rest goes to a number that means nothing. */
static void
partial_osc(struct paint *p)
{
	const struct parser	*ps = &p->s->parser;

	outf(p, "\033]");
	if (ps->osc_digits == -1)
		outf(p, "x");
	else if (ps->osc_text && (ps->osc > 2 || ps->osc_digits == 0))
		outf(p, "9999;");
	else {
		if (ps->osc_digits != 0)
			outf(p, "%0*u", ps->osc_digits, ps->osc);
		if (ps->osc_text)
			outf(p, ";");
		out(p, ps->text, ps->textlen);
	}
}
