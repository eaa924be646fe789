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

#ifndef GATEWAYD_REGRESS_BENCH_TEXT_H
#define GATEWAYD_REGRESS_BENCH_TEXT_H

#include <stddef.h>
#include <stdint.h>

#define TEXT_LINE_MAX	256

/*
 * So many lines of text as they leave a terminal, which has put a carriage
 * return before each newline.
 */
struct text {
	uint32_t	 lines;
	uint64_t	 bytes;
	uint64_t	 sum;
};

/* A checksum of a stream, taken 32 bytes at a time, faster than memory. */
struct sum {
	uint64_t	 lane[4];
	uint64_t	 total;
	size_t		 nheld;
	uint8_t		 held[32];
};

/*
 * Line n of coloured UTF-8 text, as a build or a listing prints it, always
 * the same.  It begins with its number, so that no stretch of the text looks
 * like another, and ends in newline.  Returns its length.
 */
size_t		 text_line(char[TEXT_LINE_MAX], uint32_t n);

/* The first lines that are together at least so many bytes. */
void		 text_plan(struct text *, uint64_t bytes);

void		 sum_init(struct sum *);
void		 sum_add(struct sum *, const uint8_t *, size_t);
uint64_t	 sum_end(struct sum *);

#endif
