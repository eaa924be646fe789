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

/* The screen as a whole, and the bytes that go into it. */

#include "compat.h"

#include <sys/types.h>

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "screen.h"
#include "screen_parts.h"
#include "utf8.h"

/* A parameter is cut to this. */
#define PARAM_MAX	99999

static uint16_t	 clamp(uint16_t, uint16_t, uint16_t);
static int	 page_new(struct page *, uint16_t, uint16_t);
static void	 page_copy(struct page *, struct page *, const struct screen *,
		    uint16_t, uint16_t);
static size_t	 feed_text(struct screen *, const uint8_t *, size_t);
static size_t	 feed_wide(struct screen *, const uint8_t *, size_t);
static void	 feed_one(struct screen *, uint32_t);
static void	 parse_esc(struct screen *, uint32_t);
static void	 parse_csi(struct screen *, uint32_t);
static void	 parse_param(struct parser *, uint32_t);
static void	 parse_osc(struct screen *, uint32_t);
static void	 parse_begin(struct screen *, enum parse_state);
static void	 osc_end(struct screen *);

static const struct screen	 screen_zero;

struct screen *
screen_new(uint16_t cols, uint16_t rows)
{
	struct screen	*s;

	if ((s = malloc(sizeof(*s))) == NULL)
		return (NULL);
	*s = screen_zero;
	s->cols = clamp(cols, SCREEN_COLS_MIN, SCREEN_COLS_MAX);
	s->rows = clamp(rows, 1, SCREEN_ROWS_MAX);
	s->cut = s->cols != cols || s->rows != rows;
	s->cur = &s->page[0];
	if (page_new(&s->page[0], s->cols, s->rows) == -1 ||
	    page_new(&s->page[1], s->cols, s->rows) == -1 ||
	    put_open(s) == -1) {
		screen_free(s);
		errno = ENOMEM;
		return (NULL);
	}
	screen_reset(s);
	return (s);
}

void
screen_free(struct screen *s)
{
	if (s == NULL)
		return;
	put_close(s);
	free(s->page[0].block);
	free(s->page[1].block);
	free(s);
}

void
screen_resize(struct screen *s, uint16_t cols, uint16_t rows)
{
	struct page	 old[2];
	uint16_t	 oldcols, oldrows;
	int		 i;

	s->cut = cols < SCREEN_COLS_MIN || cols > SCREEN_COLS_MAX ||
	    rows < 1 || rows > SCREEN_ROWS_MAX;
	cols = clamp(cols, SCREEN_COLS_MIN, SCREEN_COLS_MAX);
	rows = clamp(rows, 1, SCREEN_ROWS_MAX);
	if (cols == s->cols && rows == s->rows)
		return;
	oldcols = s->cols;
	oldrows = s->rows;
	s->cur->y = s->y;
	memcpy(old, s->page, sizeof(old));
	s->page[0].block = s->page[1].block = NULL;
	s->cols = cols;
	s->rows = rows;
	if (page_new(&s->page[0], cols, rows) == -1 ||
	    page_new(&s->page[1], cols, rows) == -1 || put_size(s) == -1) {
		free(s->page[0].block);
		free(s->page[1].block);
		memcpy(s->page, old, sizeof(old));
		s->cols = oldcols;
		s->rows = oldrows;
		s->cut = 1;
		return;
	}
	for (i = 0; i < 2; i++) {
		page_copy(&s->page[i], &old[i], s, oldcols, oldrows);
		free(old[i].block);
	}
	/* Where the last character was is not known any more. */
	s->joins = s->parser.joined = 0;
	s->last_x = s->last_y = 0;
	put_place(s, s->cur->y, s->x < cols ? s->x : cols - 1);
}

void
screen_lost(struct screen *s)
{
	s->page[0].stale = s->page[1].stale = 1;
	s->parser.state = PARSE_GROUND;
	s->parser.nheld = 0;
	s->joins = 0;
}

int
screen_exact(const struct screen *s)
{
	return (!s->cut && !s->cur->stale);
}

int
screen_alternate(const struct screen *s)
{
	return (s->cur == &s->page[1]);
}

static uint16_t
clamp(uint16_t v, uint16_t lo, uint16_t hi)
{
	return (v < lo ? lo : v > hi ? hi : v);
}

static int
page_new(struct page *p, uint16_t cols, uint16_t rows)
{
	struct cell	*block;

	/* Not cleared: what was never written takes no memory. */
	if ((block = reallocarray(NULL, (size_t)cols * rows,
	    sizeof(*block))) == NULL)
		return (-1);
	page_init(p, block, cols, rows);
	return (0);
}

/*
 * What fits of a page of another size.  Rows below the cursor go first, then
 * those at the top; new ones appear at the bottom.
 */
static void
page_copy(struct page *to, struct page *from, const struct screen *s,
    uint16_t oldcols, uint16_t oldrows)
{
	struct row	*r;
	struct cell	*cells, blank;
	uint16_t	 both, i, up, y;

	y = from->y;
	up = y >= s->rows ? y - (s->rows - 1) : 0;
	both = oldcols < s->cols ? oldcols : s->cols;
	memset(&blank, 0, sizeof(blank));
	for (i = 0; i < s->rows && i + up < oldrows; i++) {
		r = &from->row[i + up];
		if (r->uniform && cell_same(&r->fill, &blank))
			continue;
		cells = row_cells(&to->row[i], s->cols);
		memcpy(cells, row_cells(r, oldcols), both * sizeof(*cells));
		if (cells[both - 1].wide)
			cells[both - 1] = blank;
	}
	to->y = y - up;
	to->stale = from->stale;
	memcpy(to->tabs, from->tabs, both);
	to->saved = from->saved;
	if (to->saved.x >= s->cols)
		to->saved.x = s->cols - 1;
	if (to->saved.y >= s->rows)
		to->saved.y = s->rows - 1;
}

void
screen_feed(struct screen *s, const uint8_t *p, size_t len)
{
	size_t	 n;

	for (; len > 0; p += n, len -= n) {
		n = 1;
		if (s->parser.nheld > 0 || *p >= 0x80)
			n = feed_wide(s, p, len);
		else if (s->parser.state == PARSE_GROUND && *p >= 0x20)
			n = feed_text(s, p, len);
		else
			feed_one(s, *p);
	}
}

/* Plain text at the start; how much.  DEL is nothing. */
static size_t
feed_text(struct screen *s, const uint8_t *p, size_t len)
{
	size_t	 n;

	for (n = 0; n < len && p[n] >= 0x20 && p[n] < 0x7f; n++)
		;
	if (n == 0)
		return (1);
	put_ascii(s, p, n);
	return (n);
}

/*
 * A character of several bytes, or the beginning of one.  What cannot become
 * one is replaced once, up to the first byte that does not belong to it.
 */
static size_t
feed_wide(struct screen *s, const uint8_t *p, size_t len)
{
	struct utf8_state	 st;
	struct parser		*ps = &s->parser;
	uint32_t		 ch;
	size_t			 n;
	int			 i;

	memset(&st, 0, sizeof(st));
	if (ps->nheld > 0)
		(void)utf8_feed(&st, ps->held, ps->nheld);
	for (n = 0; n < len; n++) {
		if (utf8_feed(&st, p + n, 1) == -1) {
			/* A bad first byte is used up, another is not. */
			if (ps->nheld == 0)
				n++;
			ps->nheld = 0;
			feed_one(s, 0xfffd);
			return (n);
		}
		ps->held[ps->nheld++] = p[n];
		if (!utf8_complete(&st))
			continue;
		ch = ps->held[0] & (0x7f >> ps->nheld);
		for (i = 1; i < ps->nheld; i++)
			ch = ch << 6 | (ps->held[i] & 0x3f);
		ps->nheld = 0;
		feed_one(s, ch);
		return (n + 1);
	}
	return (n);
}

/* One character in any state. */
static void
feed_one(struct screen *s, uint32_t ch)
{
	struct parser	*ps = &s->parser;

	if (ch == 0x1b) {
		if (ps->state == PARSE_OSC)
			osc_end(s);
		parse_begin(s, PARSE_ESC);
	} else if (ch == 0x18 || ch == 0x1a) {
		ps->state = PARSE_GROUND;
		s->joins = 0;
	} else if (ch >= 0x80 && ch < 0xa0) {
		/* The same as ESC and a letter, where it begins something. */
		if (ps->state == PARSE_OSC && ch == 0x9c)
			osc_end(s);
		parse_begin(s, PARSE_GROUND);
		if (ch >= 0x90)
			parse_esc(s, ch - 0x40);
		else if (ch == 0x84 || ch == 0x85 || ch == 0x88)
			screen_esc(s, ch - 0x40);
	} else if (ps->state == PARSE_OSC)
		parse_osc(s, ch);
	else if (ps->state == PARSE_STRING)
		return;
	else if (ch < 0x20) {
		screen_control(s, ch);
		s->joins = ps->joined = 0;
	} else if (ps->state == PARSE_GROUND) {
		if (ch != 0x7f && ch != 0xfeff)
			put_char(s, ch);
	} else if (ch >= 0x80)
		ps->state = ps->state == PARSE_CSI_IGNORE ?
		    PARSE_CSI_IGNORE : PARSE_GROUND;
	else if (ps->state == PARSE_ESC || ps->state == PARSE_ESC_INTER)
		parse_esc(s, ch);
	else
		parse_csi(s, ch);
}

static void
parse_begin(struct screen *s, enum parse_state state)
{
	struct parser	*ps = &s->parser;

	ps->state = state;
	ps->prefix = ps->ninter = ps->nsub = 0;
	ps->full = 0;
	ps->joined = s->joins;
	ps->nparam = 1;
	ps->param[0] = 0;
	ps->sub_of[0] = 0;
	s->joins = 0;
}

/* Behind ESC. */
static void
parse_esc(struct screen *s, uint32_t ch)
{
	struct parser	*ps = &s->parser;

	if (ch < 0x30) {
		if (ps->ninter < sizeof(ps->inter))
			ps->inter[ps->ninter] = ch;
		if (ps->ninter <= sizeof(ps->inter))
			ps->ninter++;
		ps->state = PARSE_ESC_INTER;
		return;
	}
	if (ch == 0x7f)
		return;
	if (ps->state == PARSE_ESC_INTER) {
		ps->state = PARSE_GROUND;
		screen_esc(s, ch);
		return;
	}
	ps->state = PARSE_GROUND;
	switch (ch) {
	case '[':
		ps->state = PARSE_CSI_ENTRY;
		break;
	case ']':
		ps->state = PARSE_OSC;
		ps->osc = 0;
		ps->osc_digits = ps->osc_text = 0;
		ps->textlen = 0;
		break;
	case 'P':
	case 'X':
	case '^':
	case '_':
		ps->state = PARSE_STRING;
		ps->string = ch;
		break;
	default:
		screen_esc(s, ch);
	}
}

/* Behind CSI; ch is no control. */
static void
parse_csi(struct screen *s, uint32_t ch)
{
	struct parser	*ps = &s->parser;
	enum parse_state state = ps->state;

	if (ch == 0x7f)
		return;
	if (ch >= 0x40) {
		ps->state = PARSE_GROUND;
		ps->sub_of[ps->nparam] = ps->nsub;
		if (state != PARSE_CSI_IGNORE && ps->ninter <= 1)
			screen_csi(s, ch);
	} else if (state == PARSE_CSI_IGNORE)
		return;
	else if (ch < 0x30) {
		if (ps->ninter < sizeof(ps->inter))
			ps->inter[ps->ninter] = ch;
		if (ps->ninter <= sizeof(ps->inter))
			ps->ninter++;
		ps->state = PARSE_CSI_INTER;
	} else if (state == PARSE_CSI_INTER)
		ps->state = PARSE_CSI_IGNORE;
	else if (ch < 0x3c) {
		parse_param(ps, ch);
		ps->state = PARSE_CSI_PARAM;
	} else if (state == PARSE_CSI_ENTRY) {
		ps->prefix = ch;
		ps->state = PARSE_CSI_PARAM;
	} else
		ps->state = PARSE_CSI_IGNORE;
}

/*
 * A digit, or ; or : before the next number.  An absent parameter is 0, an
 * absent subparameter -1.  There is room for 32 of each; what comes after
 * one that has no room is ignored.
 */
static void
parse_param(struct parser *ps, uint32_t ch)
{
	int32_t	*v;

	if (ch == ';' && !ps->full) {
		if (ps->nparam == PARSE_PARAMS)
			ps->full = 1;
		else {
			ps->sub_of[ps->nparam] = ps->nsub;
			ps->param[ps->nparam++] = 0;
		}
	} else if (ch == ':' && !ps->full) {
		if (ps->nsub == PARSE_PARAMS)
			ps->full = 1;
		else
			ps->sub[ps->nsub++] = -1;
	} else if (!ps->full) {
		v = ps->nsub > ps->sub_of[ps->nparam - 1] ?
		    &ps->sub[ps->nsub - 1] : &ps->param[ps->nparam - 1];
		*v = (*v == -1 ? 0 : *v) * 10 + (ch - '0');
		if (*v > PARAM_MAX)
			*v = PARAM_MAX;
	}
}

/* Behind OSC.  Only the text of a title is kept. */
static void
parse_osc(struct screen *s, uint32_t ch)
{
	struct parser	*ps = &s->parser;
	char		 buf[4];
	size_t		 n;

	if (ch == 0x07) {
		osc_end(s);
		ps->state = PARSE_GROUND;
	} else if (ch < 0x20)
		return;
	else if (ps->osc_text) {
		if (ps->osc > 2 || ps->osc_digits == -1 || ch == 0x7f)
			return;
		/* Full, also where a shorter one would fit. */
		if (ps->textlen + sizeof(buf) > sizeof(ps->text))
			return;
		n = utf8_put(buf, ch);
		memcpy(ps->text + ps->textlen, buf, n);
		ps->textlen += n;
	} else if (ch == ';' && ps->osc_digits != -1)
		ps->osc_text = 1;
	else if (ch >= '0' && ch <= '9' && ps->osc_digits >= 0 &&
	    ps->osc_digits < 6) {
		ps->osc = ps->osc * 10 + (ch - '0');
		ps->osc_digits++;
	} else
		ps->osc_digits = -1;
}

static void
osc_end(struct screen *s)
{
	struct parser	*ps = &s->parser;

	if (ps->osc_text && (ps->osc == 0 || ps->osc == 2) &&
	    ps->osc_digits > 0) {
		memcpy(s->title, ps->text, ps->textlen);
		s->title[ps->textlen] = '\0';
		s->titled = 1;
	}
	s->joins = 0;
}
