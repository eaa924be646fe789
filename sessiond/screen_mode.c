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

/* Modes, the pen, what is saved of them, and resets. */

#include "compat.h"

#include <sys/types.h>

#include <stdint.h>
#include <string.h>

#include "screen_parts.h"

static void	 mode_page(struct screen *, int);
static uint16_t	 inside(const struct screen *, uint16_t);
static void	 mode_mouse(struct screen *, unsigned int, int);
static void	 mode_other(struct screen *, unsigned int, int);
static void	 pen_one(struct cell *, unsigned int);
static int	 pen_style(const struct parser *, int);
static int	 pen_color(const struct parser *, int, uint32_t *);
static uint32_t	 pen_rgb(const int32_t *);
static void	 sets_default(struct charsets *);

/* Everything but the title as it was when the terminal was new. */
void
screen_reset(struct screen *s)
{
	static const struct modes	 modes = { .autowrap = 1 };
	int				 i;

	for (i = 0; i < 2; i++) {
		page_init(&s->page[i], s->page[i].block, s->cols, s->rows);
		sets_default(&s->page[i].saved.sets);
	}
	s->cur = &s->page[0];
	memset(&s->pen, 0, sizeof(s->pen));
	sets_default(&s->sets);
	s->modes = modes;
	s->joins = 0;
	s->x = s->y = 0;
	put_region(s);
}

void
mode_soft_reset(struct screen *s)
{
	struct modes	*m = &s->modes;

	s->cur->top = 0;
	s->cur->bottom = s->rows;
	put_region(s);
	memset(&s->pen, 0, sizeof(s->pen));
	sets_default(&s->sets);
	m->insert = m->cursor_keys = m->keypad = m->origin = m->hidden = 0;
	m->back_wrap = m->focus = m->paste = m->shape = 0;
	m->autowrap = 1;
	memset(&s->cur->saved, 0, sizeof(s->cur->saved));
	sets_default(&s->cur->saved.sets);
}

void
mode_save(struct screen *s)
{
	struct saved	*sv = &s->cur->saved;

	sv->x = s->x;
	sv->y = s->y;
	sv->pen = s->pen;
	sv->sets = s->sets;
}

/* As xterm.js does: the wrap is not pending any more. */
void
mode_restore(struct screen *s)
{
	const struct saved	*sv = &s->cur->saved;

	s->pen = sv->pen;
	s->sets = sv->sets;
	put_place(s, inside(s, sv->y), sv->x < s->cols ? sv->x : s->cols - 1);
}

/* SM and RM. */
void
mode_set(struct screen *s, int on)
{
	const struct parser	*ps = &s->parser;
	int			 i;

	for (i = 0; i < ps->nparam; i++) {
		if (ps->param[i] == 4)
			s->modes.insert = on;
		else if (ps->param[i] == 20)
			s->modes.newline = on;
	}
}

/* DECSET and DECRST. */
void
mode_set_private(struct screen *s, int on)
{
	const struct parser	*ps = &s->parser;
	int			 i;

	for (i = 0; i < ps->nparam; i++) {
		switch (ps->param[i]) {
		case 6:
			s->modes.origin = on;
			put_place(s, on ? s->cur->top : 0, 0);
			break;
		case 47:
		case 1047:
			mode_page(s, on);
			break;
		case 1048:
			if (on)
				mode_save(s);
			else
				mode_restore(s);
			break;
		case 1049:
			if (on)
				mode_save(s);
			mode_page(s, on);
			if (!on)
				mode_restore(s);
			break;
		case 9:
		case 1000:
		case 1002:
		case 1003:
		case 1005:
		case 1006:
		case 1015:
		case 1016:
			mode_mouse(s, ps->param[i], on);
			break;
		default:
			mode_other(s, ps->param[i], on);
		}
	}
}

/* The alternate screen is empty each time that it appears. */
static void
mode_page(struct screen *s, int on)
{
	struct page	*p = &s->page[1];
	struct cell	 blank;

	if (on == screen_alternate(s))
		return;
	if (on) {
		blank = cell_blank(&s->pen);
		page_fill(p, 0, s->rows, &blank);
		page_tabs(p, 0);
		p->top = 0;
		p->bottom = s->rows;
		p->stale = 0;
		s->cur->y = s->y;
		s->cur = p;
	} else
		s->cur = &s->page[0];
	s->y = inside(s, s->y);
	put_region(s);
}

/* The row, or with the origin in the region the next one that is in it. */
static uint16_t
inside(const struct screen *s, uint16_t y)
{
	if (s->modes.origin && y < s->cur->top)
		return (s->cur->top);
	if (s->modes.origin && y >= s->cur->bottom)
		return (s->cur->bottom - 1);
	return (y);
}

/* There is one kind of tracking at a time, and one encoding. */
static void
mode_mouse(struct screen *s, unsigned int n, int on)
{
	struct modes	*m = &s->modes;

	switch (n) {
	case 9:
	case 1000:
	case 1002:
	case 1003:
		m->mouse = on ? n : 0;
		break;
	case 1006:
	case 1016:
		m->mouse_sgr = on ? n : 0;
		if (on || m->mouse_enc == 1006 || m->mouse_enc == 1016)
			m->mouse_enc = m->mouse_sgr;
		break;
	default:
		if (on || m->mouse_enc == n)
			m->mouse_enc = on ? n : 0;
	}
}

static void
mode_other(struct screen *s, unsigned int n, int on)
{
	struct modes	*m = &s->modes;

	switch (n) {
	case 1:
		m->cursor_keys = on;
		break;
	case 2:
		if (on)
			memset(s->sets.g, 'B', sizeof(s->sets.g));
		break;
	case 5:
		m->reverse = on;
		break;
	case 7:
		m->autowrap = on;
		break;
	case 12:
		m->blink = on ? 'h' : 'l';
		break;
	case 25:
		m->hidden = !on;
		break;
	case 45:
		m->back_wrap = on;
		break;
	case 66:
		m->keypad = on;
		break;
	case 1004:
		m->focus = on;
		break;
	case 2004:
		m->paste = on;
		break;
	}
}

/* SGR. */
void
mode_pen(struct screen *s)
{
	const struct parser	*ps = &s->parser;
	struct cell		*pen = &s->pen;
	uint32_t		 color;
	int			 i, p;

	for (i = 0; i < ps->nparam; i++) {
		p = ps->param[i];
		switch (p) {
		case 0:
			memset(pen, 0, sizeof(*pen));
			break;
		case 4:
			pen->attr &= ~ATTR_UNDERLINE;
			pen->attr |= ATTR_UNDER(pen_style(ps, i));
			break;
		case 38:
		case 48:
		case 58:
			color = p == 38 ? pen->fg : pen->bg;
			i += pen_color(ps, i, &color);
			if (p == 38)
				pen->fg = color;
			else if (p == 48)
				pen->bg = color;
			break;
		case 39:
			pen->fg = COLOR_DEFAULT;
			break;
		case 49:
			pen->bg = COLOR_DEFAULT;
			break;
		default:
			if (p >= 30 && p <= 37)
				pen->fg = COLOR_16 | (p - 30);
			else if (p >= 40 && p <= 47)
				pen->bg = COLOR_16 | (p - 40);
			else if (p >= 90 && p <= 97)
				pen->fg = COLOR_16 | (p - 90 + 8);
			else if (p >= 100 && p <= 107)
				pen->bg = COLOR_16 | (p - 100 + 8);
			else
				pen_one(pen, p);
		}
	}
}

static void
pen_one(struct cell *pen, unsigned int p)
{
	static const struct {
		uint8_t		 on;
		uint8_t		 off;
		uint16_t	 attr;
	} attrs[] = {
		{ 1, 22, ATTR_BOLD },
		{ 2, 22, ATTR_FAINT },
		{ 3, 23, ATTR_ITALIC },
		{ 5, 25, ATTR_BLINK },
		{ 7, 27, ATTR_INVERSE },
		{ 8, 28, ATTR_HIDDEN },
		{ 9, 29, ATTR_STRIKE },
		{ 53, 55, ATTR_OVERLINE }
	};
	size_t	 i;

	for (i = 0; i < nitems(attrs); i++) {
		if (p == attrs[i].on)
			pen->attr |= attrs[i].attr;
		else if (p == attrs[i].off)
			pen->attr &= ~attrs[i].attr;
	}
	if (p == 21 || p == 24) {
		pen->attr &= ~ATTR_UNDERLINE;
		pen->attr |= ATTR_UNDER(p == 21 ? 2 : 0);
	}
}

/* The style of an underline: 4, or 4:n. */
static int
pen_style(const struct parser *ps, int i)
{
	int	 n;

	if (ps->sub_of[i + 1] == ps->sub_of[i])
		return (1);
	n = ps->sub[ps->sub_of[i]];
	return (n < 0 || n > 5 ? 1 : n);
}

/*
 * A colour by number or by value, in the form of ISO 8613-6, with colons and
 * perhaps a colour space, or as parameters of their own: 38;5;N, 38;2;R;G;B.
 * Returns how many parameters it has taken behind the first.
 */
static int
pen_color(const struct parser *ps, int i, uint32_t *color)
{
	const int32_t	*sub;
	int32_t		 rgb[3];
	int		 k, n, used;

	sub = ps->sub + ps->sub_of[i];
	n = ps->sub_of[i + 1] - ps->sub_of[i];
	if (n > 0) {
		if (sub[0] == 5)
			*color = COLOR_256 | (n > 1 && sub[1] > 0 ?
			    sub[1] & 0xff : 0);
		else if (sub[0] == 2 && n >= 4)
			*color = pen_rgb(sub + (n > 4 ? 2 : 1));
		return (0);
	}
	if (i + 1 >= ps->nparam)
		return (0);
	used = ps->param[i + 1] == 5 ? 2 : ps->param[i + 1] == 2 ? 4 : 1;
	for (k = 0; k < 3; k++)
		rgb[k] = i + 2 + k < ps->nparam ? ps->param[i + 2 + k] : 0;
	if (used == 2)
		*color = COLOR_256 | (rgb[0] & 0xff);
	else if (used == 4)
		*color = pen_rgb(rgb);
	return (used);
}

static uint32_t
pen_rgb(const int32_t *v)
{
	uint32_t	 color;
	int		 i;

	color = 0;
	for (i = 0; i < 3; i++)
		color = color << 8 | (v[i] < 0 ? 0 : v[i] & 0xff);
	return (COLOR_RGB | color);
}

static void
sets_default(struct charsets *c)
{
	memset(c->g, 'B', sizeof(c->g));
	c->gl = 0;
}
