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
#include <string.h>

#include "base64.h"

/*
 * Output of terminals is encoded by the gigabyte, so the encoder takes
 * twelve bits at a time from a table of all pairs of characters.  It is
 * written out by the preprocessor to be constant: filled at start it would
 * be 8 KiB of private memory in every worker.
 */
#define PAIRS_16(a, p, q, r, s, t, u, v, w, x, y, z, A, B, C, D, E)	\
	{ a, p }, { a, q }, { a, r }, { a, s }, { a, t }, { a, u },	\
	{ a, v }, { a, w }, { a, x }, { a, y }, { a, z }, { a, A },	\
	{ a, B }, { a, C }, { a, D }, { a, E }
#define PAIRS(a)							\
	PAIRS_16(a, 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H',		\
	    'I', 'J', 'K', 'L', 'M', 'N', 'O', 'P'),			\
	PAIRS_16(a, 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X',		\
	    'Y', 'Z', 'a', 'b', 'c', 'd', 'e', 'f'),			\
	PAIRS_16(a, 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n',		\
	    'o', 'p', 'q', 'r', 's', 't', 'u', 'v'),			\
	PAIRS_16(a, 'w', 'x', 'y', 'z', '0', '1', '2', '3',		\
	    '4', '5', '6', '7', '8', '9', '+', '/')

static const char pairs[4096][2] = {
	PAIRS('A'), PAIRS('B'), PAIRS('C'), PAIRS('D'), PAIRS('E'),
	PAIRS('F'), PAIRS('G'), PAIRS('H'), PAIRS('I'), PAIRS('J'),
	PAIRS('K'), PAIRS('L'), PAIRS('M'), PAIRS('N'), PAIRS('O'),
	PAIRS('P'), PAIRS('Q'), PAIRS('R'), PAIRS('S'), PAIRS('T'),
	PAIRS('U'), PAIRS('V'), PAIRS('W'), PAIRS('X'), PAIRS('Y'),
	PAIRS('Z'), PAIRS('a'), PAIRS('b'), PAIRS('c'), PAIRS('d'),
	PAIRS('e'), PAIRS('f'), PAIRS('g'), PAIRS('h'), PAIRS('i'),
	PAIRS('j'), PAIRS('k'), PAIRS('l'), PAIRS('m'), PAIRS('n'),
	PAIRS('o'), PAIRS('p'), PAIRS('q'), PAIRS('r'), PAIRS('s'),
	PAIRS('t'), PAIRS('u'), PAIRS('v'), PAIRS('w'), PAIRS('x'),
	PAIRS('y'), PAIRS('z'), PAIRS('0'), PAIRS('1'), PAIRS('2'),
	PAIRS('3'), PAIRS('4'), PAIRS('5'), PAIRS('6'), PAIRS('7'),
	PAIRS('8'), PAIRS('9'), PAIRS('+'), PAIRS('/')
};

static ssize_t	 decode(uint8_t *, size_t, const char *, size_t,
		    const char *);
static int	 value(char, const char *);

size_t
base64_encoded_len(size_t n)
{
	return ((n + 2) / 3 * 4);
}

size_t
base64_encode(char *out, const uint8_t *in, size_t n)
{
	uint32_t	 v;
	char		*o;

	for (o = out; n >= 3; n -= 3, in += 3, o += 4) {
		v = (uint32_t)in[0] << 16 | (uint32_t)in[1] << 8 | in[2];
		memcpy(o, pairs[v >> 12], 2);
		memcpy(o + 2, pairs[v & 0xfff], 2);
	}
	if (n == 0)
		return (o - out);
	v = (uint32_t)in[0] << 16;
	if (n == 2)
		v |= (uint32_t)in[1] << 8;
	memcpy(o, pairs[v >> 12], 2);
	memcpy(o + 2, pairs[v & 0xfff], 2);
	o[3] = '=';
	if (n == 1)
		o[2] = '=';
	return (o + 4 - out);
}

ssize_t
base64_decode(uint8_t *out, size_t outsz, const char *in, size_t len)
{
	if (len % 4 != 0)
		return (-1);
	if (len > 0 && in[len - 1] == '=')
		len--;
	if (len % 4 == 3 && in[len - 1] == '=')
		len--;
	return (decode(out, outsz, in, len, "+/"));
}

ssize_t
base64url_decode(uint8_t *out, size_t outsz, const char *in, size_t len)
{
	return (decode(out, outsz, in, len, "-_"));
}

/* Without padding; last holds the characters for 62 and 63. */
static ssize_t
decode(uint8_t *out, size_t outsz, const char *in, size_t len,
    const char *last)
{
	uint32_t	 bits;
	size_t		 i, n;
	int		 nbits, v;

	if (len % 4 == 1)
		return (-1);
	if (len / 4 * 3 + len % 4 * 3 / 4 > outsz)
		return (-1);
	bits = 0;
	nbits = 0;
	n = 0;
	for (i = 0; i < len; i++) {
		if ((v = value(in[i], last)) == -1)
			return (-1);
		bits = (bits << 6 | (uint32_t)v) & 0xfff;
		nbits += 6;
		if (nbits >= 8) {
			nbits -= 8;
			out[n++] = bits >> nbits & 0xff;
		}
	}
	if ((bits & ((1U << nbits) - 1)) != 0)
		return (-1);
	return (n);
}

int
base64_value(char c)
{
	return (value(c, "+/"));
}

static int
value(char c, const char *last)
{
	if (c >= 'A' && c <= 'Z')
		return (c - 'A');
	if (c >= 'a' && c <= 'z')
		return (c - 'a' + 26);
	if (c >= '0' && c <= '9')
		return (c - '0' + 52);
	if (c == last[0])
		return (62);
	if (c == last[1])
		return (63);
	return (-1);
}
