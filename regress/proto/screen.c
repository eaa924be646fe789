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

/* links: proto/utf8.c sessiond/screen.c sessiond/screen_cells.c
 *	sessiond/screen_csi.c sessiond/screen_mode.c sessiond/screen_paint.c
 *	sessiond/screen_put.c sessiond/screen_text.c */
/* pkgs: vterm:static json-c */

/*
 * Repaints for a test that compares them elsewhere.  Standard input has one
 * case after the other: columns, rows and the number of bytes in decimal on
 * a line of its own, then the bytes.  Standard output has for each the number
 * of bytes of the repaint and of the JSON on a line, then both.
 */

#include "compat.h"

#include <sys/types.h>

#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "screen.h"

#define INPUT_MAX	(64 * 1024 * 1024)

static int	 one(void);

static int
one(void)
{
	struct screen	*s;
	uint8_t		*buf, *paint;
	char		*json;
	size_t		 jsonlen, len, n, paintlen;
	unsigned int	 cols, rows;

	if (scanf("%u %u %zu", &cols, &rows, &len) != 3)
		return (0);
	if (getchar() != '\n' || len > INPUT_MAX)
		errx(1, "input");
	if ((buf = malloc(len + 1)) == NULL ||
	    (s = screen_new(cols, rows)) == NULL)
		err(1, NULL);
	if (fread(buf, 1, len, stdin) != len)
		errx(1, "short input");
	/* In pieces of many lengths. */
	for (n = 0; n < len; n += 1 + n % 97)
		screen_feed(s, buf + n, len - n < 1 + n % 97 ? len - n :
		    1 + n % 97);
	if ((paint = screen_repaint(s, &paintlen)) == NULL ||
	    (json = screen_json(s, len, &jsonlen)) == NULL)
		err(1, NULL);
	printf("%zu %zu\n", paintlen, jsonlen);
	fwrite(paint, 1, paintlen, stdout);
	fwrite(json, 1, jsonlen, stdout);
	free(json);
	free(paint);
	free(buf);
	screen_free(s);
	return (1);
}

int
main(void)
{
	while (one())
		;
	return (0);
}
