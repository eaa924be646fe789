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

#include "compat.h"

#include <stdint.h>
#include <stdio.h>

#include "attach.h"

/*
 * What the session's programs have done to the terminal that it shall not be
 * left in: they may go on for long without us.  Only the few modes that
 * outlast a program are followed, and undone when they are on.
 */

#define ESC	0x1b
#define PARAM_MAX	9999

enum state { GROUND, ESCAPE, CHARSET, CSI, STRING, STRING_ESC };

/* The numbers of CSI ? n h, and whether they are set to begin with. */
static const struct {
	uint16_t	 number;
	uint8_t		 initial;
} privates[] = {
	{ 1, 0 }, { 5, 0 }, { 6, 0 }, { 7, 1 }, { 9, 0 }, { 25, 1 },
	{ 1000, 0 }, { 1001, 0 }, { 1002, 0 }, { 1003, 0 }, { 1004, 0 },
	{ 1005, 0 }, { 1006, 0 }, { 1015, 0 }, { 1016, 0 }, { 2004, 0 },
	/* Last: what stands before them is of the screen that they leave. */
	{ 47, 0 }, { 1047, 0 }, { 1049, 0 }
};

static struct modes {
	enum state	 state;
	uint32_t	 changed;	/* bits of privates[] */
	int		 keypad;
	int		 insert;
	int		 margins;
	int		 charset;	/* of G0 */
	int		 shifted;	/* to G1 */
	int		 colours;
	char		 prefix;	/* of this sequence, or 0 */
	int		 odd;		/* it has what we do not follow */
	unsigned int	 param[16];
	unsigned int	 nparam;
} modes;

static void	 modes_byte(uint8_t);
static void	 modes_escape(uint8_t);
static void	 modes_csi(uint8_t);
static void	 modes_final(uint8_t);
static void	 modes_private(int);
static void	 modes_soft(void);

void
modes_seen(const uint8_t *p, size_t len)
{
	size_t	 i;

	for (i = 0; i < len; i++)
		modes_byte(p[i]);
}

size_t
modes_undo(char *buf, size_t size)
{
	FILE	*fp;
	size_t	 i, len;

	if ((fp = fmemopen(buf, size, "w")) == NULL)
		return (0);
	if (modes.state != GROUND)
		(void)fputs("\030", fp);
	if (modes.insert)
		(void)fputs("\033[4l", fp);
	if (modes.margins)
		(void)fputs("\0337\033[r\0338", fp);
	if (modes.charset || modes.shifted)
		(void)fputs("\017\033(B", fp);
	if (modes.keypad)
		(void)fputs("\033>", fp);
	for (i = 0; i < nitems(privates); i++) {
		if (modes.changed & (uint32_t)1 << i)
			(void)fprintf(fp, "\033[?%u%c", privates[i].number,
			    privates[i].initial ? 'h' : 'l');
	}
	if (modes.colours)
		(void)fputs("\033[m", fp);
	(void)fflush(fp);
	len = (size_t)ftell(fp);
	(void)fclose(fp);
	memset(&modes, 0, sizeof(modes));
	return (len);
}

static void
modes_byte(uint8_t c)
{
	if (c == 0x18 || c == 0x1a) {		/* CAN, SUB */
		modes.state = GROUND;
		return;
	}
	if (modes.state == STRING) {
		if (c == '\a')
			modes.state = GROUND;
		else if (c == ESC)
			modes.state = STRING_ESC;
		return;
	}
	if (c == ESC) {
		modes.state = ESCAPE;
		return;
	}
	/* Other controls work in the middle of a sequence. */
	if (c == 0x0e || c == 0x0f)		/* SO, SI */
		modes.shifted = c == 0x0e;
	if (c < 0x20)
		return;
	switch (modes.state) {
	case ESCAPE:
	case STRING_ESC:
		modes_escape(c);
		break;
	case CHARSET:
		modes.state = GROUND;
		if (modes.prefix == '(')
			modes.charset = c != 'B';
		break;
	case CSI:
		modes_csi(c);
		break;
	default:
		break;
	}
}

static void
modes_escape(uint8_t c)
{
	modes.state = GROUND;
	modes.prefix = 0;
	switch (c) {
	case '[':
		modes.state = CSI;
		modes.odd = 0;
		modes.nparam = 0;
		modes.param[0] = 0;
		break;
	case ']':
	case 'P':
	case 'X':
	case '^':
	case '_':
		modes.state = STRING;
		break;
	case '=':
	case '>':
		modes.keypad = c == '=';
		break;
	case 'c':
		memset(&modes, 0, sizeof(modes));
		break;
	default:
		/* These take one more, and `(' is about characters. */
		if (c < 0x30) {
			modes.prefix = (char)c;
			modes.state = CHARSET;
		}
		break;
	}
}

static void
modes_csi(uint8_t c)
{
	unsigned int	*p = &modes.param[modes.nparam];

	if (c >= '0' && c <= '9') {
		if (*p <= PARAM_MAX)
			*p = *p * 10 + (c - '0');
	} else if (c == ';') {
		if (modes.nparam + 1 < nitems(modes.param))
			modes.param[++modes.nparam] = 0;
		else
			modes.odd = 1;
	} else if (c >= '<' && c <= '?') {
		modes.prefix = (char)c;
	} else if (c == '!' && modes.prefix == 0) {
		modes.prefix = '!';
	} else if (c >= 0x40) {
		modes.state = GROUND;
		if (!modes.odd)
			modes_final(c);
	} else
		modes.odd = 1;
}

static void
modes_final(uint8_t c)
{
	if (modes.prefix == '?' && (c == 'h' || c == 'l'))
		modes_private(c == 'h');
	else if (modes.prefix == '!' && c == 'p')
		modes_soft();
	if (modes.prefix != 0)
		return;
	switch (c) {
	case 'h':
	case 'l':
		if (modes.param[0] == 4)
			modes.insert = c == 'h';
		break;
	case 'm':
		modes.colours = modes.nparam > 0 || modes.param[0] != 0;
		break;
	case 'r':
		modes.margins = modes.nparam > 0 || modes.param[0] != 0;
		break;
	}
}

static void
modes_private(int set)
{
	unsigned int	 i, n;

	for (n = 0; n <= modes.nparam; n++) {
		for (i = 0; i < nitems(privates); i++) {
			if (privates[i].number != modes.param[n])
				continue;
			if (set != privates[i].initial)
				modes.changed |= (uint32_t)1 << i;
			else
				modes.changed &= ~((uint32_t)1 << i);
		}
	}
}

/* A soft reset; it leaves the screen and the mouse alone. */
static void
modes_soft(void)
{
	unsigned int	 i;

	modes.insert = modes.margins = modes.keypad = modes.colours = 0;
	modes.charset = modes.shifted = 0;
	for (i = 0; i < nitems(privates); i++) {
		if (privates[i].number <= 25 && privates[i].number != 9)
			modes.changed &= ~((uint32_t)1 << i);
	}
}
