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

#ifndef GATEWAYD_SESSIOND_SCREEN_PARTS_H
#define GATEWAYD_SESSIOND_SCREEN_PARTS_H

/* What the files screen*.c have for each other. */

#include <stddef.h>
#include <stdint.h>

#include "screen_model.h"

/*
 * screen_cells.c: no argument is outside of the page.  A page is blank at
 * first; the block has room for cols * rows cells and stays the caller's.
 */
void		 page_init(struct page *, struct cell *block, uint16_t cols,
		    uint16_t rows);

/* Rows from `from' up to `to'; rows that move by `up', or down below 0. */
void		 page_fill(struct page *, uint16_t from, uint16_t to,
		    const struct cell *);
void		 page_scroll(struct page *, uint16_t top, uint16_t bottom,
		    int up, const struct cell *);

/* The usual tab stops, from a column on. */
void		 page_tabs(struct page *, uint16_t from);

/* The cells of a row, to be changed; one of them, to be looked at. */
struct cell	*row_cells(struct row *, uint16_t cols);
const struct cell *row_cell(const struct row *, uint16_t x);

/*
 * Write a character, with the second half of a wide one; make room for n
 * cells, take out n, and erase some.  The last cell is what is left behind.
 */
void		 row_put(struct row *, uint16_t cols, uint16_t x,
		    const struct cell *);
void		 row_insert(struct row *, uint16_t cols, uint16_t x,
		    unsigned int n, const struct cell *);
void		 row_delete(struct row *, uint16_t cols, uint16_t x,
		    unsigned int n, const struct cell *);
void		 row_erase(struct row *, uint16_t cols, uint16_t from,
		    uint16_t to, const struct cell *);

/* 1 if they look the same; what erasing with this pen leaves. */
int		 cell_same(const struct cell *, const struct cell *);
struct cell	 cell_blank(const struct cell *pen);

/*
 * screen_put.c: text and the cursor, by libvterm.  Those that return an int
 * return 0, or -1 when there is no memory, and nothing has changed.
 */
int		 put_open(struct screen *);
void		 put_close(struct screen *);

/* The screen has its new cols and rows; the region must be set again. */
int		 put_size(struct screen *);

/* The cursor to a place; x may be cols, which is a wrap that is pending. */
void		 put_place(struct screen *, unsigned int y, unsigned int x);

/* The scroll region is that of the page that is shown. */
void		 put_region(struct screen *);

/* Printable bytes below 0x80; one character; the last one again. */
void		 put_ascii(struct screen *, const uint8_t *, size_t);
void		 put_char(struct screen *, uint32_t);
void		 put_repeat(struct screen *, unsigned int);

/* One line down or up; at an edge of the region, that moves. */
void		 put_linefeed(struct screen *);
void		 put_reverse(struct screen *);

/*
 * screen_csi.c: a control below space; ESC, and CSI, with what the parser
 * has of it and this last byte.
 */
void		 screen_control(struct screen *, uint32_t);
void		 screen_esc(struct screen *, uint8_t);
void		 screen_csi(struct screen *, uint8_t);

/* screen_mode.c: RIS, all but the title; and DECSTR. */
void		 screen_reset(struct screen *);
void		 mode_soft_reset(struct screen *);

/* SM and RM, DECSET and DECRST, SGR, by the parameters that were parsed. */
void		 mode_set(struct screen *, int on);
void		 mode_set_private(struct screen *, int on);
void		 mode_pen(struct screen *);

/* DECSC and DECRC. */
void		 mode_save(struct screen *);
void		 mode_restore(struct screen *);

/* screen_text.c: the UTF-8 of a character, 1 to 4 bytes; their number. */
size_t		 utf8_put(char *, uint32_t);

#endif
