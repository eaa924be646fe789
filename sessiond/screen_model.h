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

#ifndef GATEWAYD_SESSIOND_SCREEN_MODEL_H
#define GATEWAYD_SESSIOND_SCREEN_MODEL_H

/* What a screen is made of, for the files screen*.c and for tests. */

#include <stddef.h>
#include <stdint.h>

#include "screen.h"

/*
 * One cell.  `ch' is the character, 0 for a cell that was erased, CELL_TAIL
 * for the second half of a wide one; marks combine with it.  A cell with ch
 * 0 also serves as a pen.  No bit is unused, so cells compare as memory.
 */
struct cell {
	uint64_t	 ch : 21;
	uint64_t	 mark : 21;
	uint64_t	 mark2 : 21;
	uint64_t	 wide : 1;
	uint64_t	 fg : 26;
	uint64_t	 bg : 26;
	uint64_t	 attr : 12;
};

#define CELL_TAIL	0x1fffff

#define COLOR_DEFAULT	0
#define COLOR_16	(1 << 24)	/* or number */
#define COLOR_256	(2 << 24)	/* or number */
#define COLOR_RGB	(3 << 24)	/* or red, green, blue */
#define COLOR_TYPE	(3 << 24)

#define ATTR_BOLD	0x001
#define ATTR_FAINT	0x002
#define ATTR_ITALIC	0x004
#define ATTR_UNDERLINE	0x038		/* style, 1 to 5 */
#define ATTR_UNDER(n)	((n) << 3)
#define ATTR_STYLE(a)	(((a) & ATTR_UNDERLINE) >> 3)
#define ATTR_BLINK	0x040
#define ATTR_INVERSE	0x080
#define ATTR_HIDDEN	0x100
#define ATTR_STRIKE	0x200
#define ATTR_OVERLINE	0x400

/*
 * A row whose cells are all alike is only noted as such: erasing a screen
 * costs a store for each row, not for each cell, however often it is done.
 */
struct row {
	struct cell	*cells;
	struct cell	 fill;
	int		 uniform;	/* all are fill, cells are garbage */
};

/* G0 to G3 by their final bytes, of which 0, A and B are known, and GL. */
struct charsets {
	uint8_t		 g[4];
	uint8_t		 gl;
};

struct saved {
	uint16_t	 x;
	uint16_t	 y;
	struct cell	 pen;
	struct charsets	 sets;
};

/* One of the two screens, with what each has of its own. */
struct page {
	struct row	 row[SCREEN_ROWS_MAX];
	struct cell	*block;
	struct saved	 saved;
	uint8_t		 tabs[SCREEN_COLS_MAX];
	uint16_t	 top;		/* scroll region */
	uint16_t	 bottom;	/* the row below it */
	uint16_t	 y;		/* of the cursor, while not shown */
	int		 stale;		/* bytes were lost */
};

struct modes {
	uint8_t		 insert;	/* 4 */
	uint8_t		 newline;	/* 20 */
	uint8_t		 cursor_keys;	/* ?1 */
	uint8_t		 reverse;	/* ?5 */
	uint8_t		 origin;	/* ?6 */
	uint8_t		 autowrap;	/* ?7 */
	uint8_t		 blink;		/* ?12: 0 unset, 'h' or 'l' */
	uint8_t		 hidden;	/* not ?25 */
	uint8_t		 back_wrap;	/* ?45 */
	uint8_t		 keypad;	/* ESC =, ?66 */
	uint8_t		 focus;		/* ?1004 */
	uint8_t		 paste;		/* ?2004 */
	uint8_t		 shape;		/* DECSCUSR, 0 to 6 */
	uint16_t	 mouse;		/* 0, 9, 1000, 1002, 1003 */
	uint16_t	 mouse_enc;	/* 0, 1005, 1006, 1015, 1016 */
	uint16_t	 mouse_sgr;	/* 0, 1006, 1016: see paint_modes() */
};

#define PARSE_PARAMS	32

enum parse_state {
	PARSE_GROUND,
	PARSE_ESC,
	PARSE_ESC_INTER,
	PARSE_CSI_ENTRY,
	PARSE_CSI_PARAM,
	PARSE_CSI_INTER,
	PARSE_CSI_IGNORE,
	PARSE_OSC,
	PARSE_STRING		/* DCS, SOS, PM, APC: up to ST */
};

/*
 * What has been read of a sequence.  sub_of[i] is where the subparameters of
 * parameter i begin in sub[]; they end where those of i + 1 begin.
 */
struct parser {
	enum parse_state state;
	uint8_t		 held[4];	/* of an incomplete character */
	uint8_t		 nheld;
	uint8_t		 string;	/* P, X, ^ or _ */
	uint8_t		 prefix;	/* one of < = > ?, or 0 */
	uint8_t		 ninter;
	uint8_t		 inter[2];
	uint8_t		 nparam;
	uint8_t		 nsub;
	int		 full;		/* parameters are being ignored */
	int		 joined;	/* s->joins before the sequence */
	int32_t		 param[PARSE_PARAMS];
	int32_t		 sub[PARSE_PARAMS];
	uint8_t		 sub_of[PARSE_PARAMS + 1];
	int		 osc_digits;	/* of its number; -1 when it is none */
	int		 osc_text;	/* behind the first semicolon */
	uint32_t	 osc;
	size_t		 textlen;
	char		 text[SCREEN_TITLE_MAX];
};

struct VTerm;
struct VTermState;

/*
 * libvterm places the text: it knows how wide characters are and which ones
 * combine, and goes from line to line and scrolls the region.
 */
struct screen {
	struct VTerm	*vt;
	struct VTermState *state;
	struct page	 page[2];	/* primary, alternate */
	struct page	*cur;
	uint16_t	 cols;
	uint16_t	 rows;
	int		 cut;		/* not the size that was asked for */
	uint16_t	 x;		/* cols while the wrap is pending */
	uint16_t	 y;
	struct cell	 pen;
	struct charsets	 sets;
	struct modes	 modes;
	struct parser	 parser;

	int		 joins;		/* the last byte was of a character: */
	uint16_t	 last_x;	/* there, what combines joins it */
	uint16_t	 last_y;

	int		 moved;		/* the library does not know x, y */
	int		 mute;		/* the callbacks change nothing */
	int		 wrote;		/* what the last character was: */
#define WROTE_MARK	0		/* else its width */
	unsigned int	 nmarks;	/* one after another */

	int		 titled;	/* a title was ever set */
	char		 title[SCREEN_TITLE_MAX + 1];
};

#endif
