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

#ifndef GATEWAYD_SESSIOND_SCREEN_H
#define GATEWAYD_SESSIOND_SCREEN_H

#include <stddef.h>
#include <stdint.h>

/*
 * What a terminal shows: the cells of both screens and everything else that
 * the bytes so far have left behind in an emulator.  It is fed what the
 * program writes and never says anything: a query gets no answer here.
 *
 * It follows xterm.js, and xterm(1) where that one is silent.  Not kept are
 * what has scrolled away, colours of the palette, links, images, the colour
 * of an underline, more than two marks on a character, national sets of
 * characters, REP beyond the length of a line and the title stack.  After
 * sideways scrolling and protected characters, which are not done either,
 * the screen is not exact.  Lines are cut when the width changes, not wrapped
 * anew.
 */
struct screen;

/*
 * A larger screen is cut to this, and one narrower than two columns is taken
 * for two; it is then never exact.  The largest takes 1 MiB.
 */
#define SCREEN_COLS_MAX		300
#define SCREEN_ROWS_MAX		100
#define SCREEN_COLS_MIN		2

/* The title has at most this many bytes. */
#define SCREEN_TITLE_MAX	256

/* An empty screen with default modes; NULL with errno. */
struct screen	*screen_new(uint16_t cols, uint16_t rows);

/* NULL is ignored. */
void		 screen_free(struct screen *);

/*
 * The next bytes of output, which may be cut anywhere.  Nothing is allocated
 * and nothing fails.  The work for a byte is bounded; see SCREEN_FEED_MAX.
 */
void		 screen_feed(struct screen *, const uint8_t *, size_t);

/*
 * Feed at most this much in one turn of the event loop: 1 ms or so of what
 * programs write, and at worst 30 ms of what is made to be slow.
 */
#define SCREEN_FEED_MAX		(128 * 1024)

/*
 * Bytes are missing between those fed so far and the next ones.  A sequence
 * that was begun is forgotten.  Neither screen is exact until it was cleared
 * as a whole: by a full reset, by erasing it all, or, for the alternate one,
 * by the switch to it.
 */
void		 screen_lost(struct screen *);

/*
 * Without memory for the new size the old one stays, and the screen is not
 * exact until a change of size succeeds.
 */
void		 screen_resize(struct screen *, uint16_t cols, uint16_t rows);

/* Whether what is shown is what an emulator shows that saw every byte. */
int		 screen_exact(const struct screen *);

/* Whether the alternate screen is shown. */
int		 screen_alternate(const struct screen *);

/*
 * Bytes that bring a terminal of this size, whatever its state, into the
 * state of this one, both screens, sequences that are still incomplete
 * included: what comes next can follow at once.  They contain no query, make
 * no sound and leave alone what the viewer has scrolled away.  *len becomes
 * their number: some KiB, below SCREEN_REPAINT_MAX at worst.  To be freed by
 * the caller; NULL when out of memory.
 */
uint8_t		*screen_repaint(const struct screen *, size_t *len);

#define SCREEN_REPAINT_MAX	(6 * 1024 * 1024)

/*
 * The screen as a JSON object with "cols", "rows", "cursor" {"x", "y",
 * "visible"}, "title", "alternate", "exact", "offset" and "lines".  x and y
 * count from 0; there are as many lines as rows, each without the blanks at
 * its end.  Or as text, each line with its newline, without the empty lines
 * at its end.  Both are valid UTF-8 and end with NUL; len may be NULL, else
 * *len is set to the length without it.  To be freed by the caller; NULL
 * when out of memory.
 */
char		*screen_json(const struct screen *, uint64_t offset,
		    size_t *len);
char		*screen_text(const struct screen *, size_t *len);

#endif
