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

#include "jsonscan.h"

/* A member name as it stands between its quotes, escapes and all. */
struct json_name {
	const uint8_t	*p;
	const uint8_t	*end;
};

/*
 * Names of the objects that are open form a stack: an object compares a new
 * name with those above its own base only and drops them at its end.
 */
struct jsonscan {
	const uint8_t		*p;
	const uint8_t		*end;
	struct json_name	 names[JSONSCAN_NAMES_MAX];
	size_t			 nnames;
	int			 depth;
	int			 nul;		/* allowed in values */
};

static int	 scan_text(const char *, size_t, int);
static int	 scan_value(struct jsonscan *);
static int	 scan_object(struct jsonscan *);
static int	 scan_member(struct jsonscan *, size_t);
static int	 scan_array(struct jsonscan *);
static int	 scan_string(struct jsonscan *, struct json_name *);
static int	 scan_number(struct jsonscan *);
static int	 scan_digits(struct jsonscan *);
static int	 scan_word(struct jsonscan *, const char *);
static void	 scan_space(struct jsonscan *);
static int	 scan_next(struct jsonscan *, uint8_t);
static int	 name_equal(struct json_name, struct json_name);
static int	 next_char(const uint8_t **, const uint8_t *, uint32_t *);
static int	 next_utf8(const uint8_t **, const uint8_t *, uint32_t *);
static int	 next_escape(const uint8_t **, const uint8_t *, uint32_t *);
static int	 next_hex4(const uint8_t **, const uint8_t *, uint32_t *);

int
jsonscan_object(const char *text, size_t len)
{
	return (scan_text(text, len, 0));
}

int
jsonscan_input(const char *text, size_t len)
{
	return (scan_text(text, len, 1));
}

static int
scan_text(const char *text, size_t len, int nul)
{
	struct jsonscan	 s;

	s.p = (const uint8_t *)text;
	s.end = s.p + len;
	s.nnames = 0;
	s.depth = 0;
	s.nul = nul;
	scan_space(&s);
	if (scan_object(&s) == -1)
		return (-1);
	scan_space(&s);
	return (s.p == s.end ? 0 : -1);
}

static int
scan_value(struct jsonscan *s)
{
	if (s->p == s->end)
		return (-1);
	switch (*s->p) {
	case '{':
		return (scan_object(s));
	case '[':
		return (scan_array(s));
	case '"':
		return (scan_string(s, NULL));
	case 't':
		return (scan_word(s, "true"));
	case 'f':
		return (scan_word(s, "false"));
	case 'n':
		return (scan_word(s, "null"));
	default:
		return (scan_number(s));
	}
}

static int
scan_object(struct jsonscan *s)
{
	size_t	 base;

	if (scan_next(s, '{') == -1 || ++s->depth > JSONSCAN_DEPTH_MAX)
		return (-1);
	base = s->nnames;
	scan_space(s);
	if (scan_next(s, '}') == -1) {
		do {
			if (scan_member(s, base) == -1)
				return (-1);
		} while (scan_next(s, ',') == 0);
		if (scan_next(s, '}') == -1)
			return (-1);
	}
	s->nnames = base;
	s->depth--;
	return (0);
}

static int
scan_member(struct jsonscan *s, size_t base)
{
	struct json_name	 name;
	size_t			 i;

	scan_space(s);
	if (scan_string(s, &name) == -1 || s->nnames == JSONSCAN_NAMES_MAX)
		return (-1);
	for (i = base; i < s->nnames; i++) {
		if (name_equal(name, s->names[i]))
			return (-1);
	}
	s->names[s->nnames++] = name;
	scan_space(s);
	if (scan_next(s, ':') == -1)
		return (-1);
	scan_space(s);
	if (scan_value(s) == -1)
		return (-1);
	scan_space(s);
	return (0);
}

static int
scan_array(struct jsonscan *s)
{
	if (scan_next(s, '[') == -1 || ++s->depth > JSONSCAN_DEPTH_MAX)
		return (-1);
	scan_space(s);
	if (scan_next(s, ']') == -1) {
		do {
			scan_space(s);
			if (scan_value(s) == -1)
				return (-1);
			scan_space(s);
		} while (scan_next(s, ',') == 0);
		if (scan_next(s, ']') == -1)
			return (-1);
	}
	s->depth--;
	return (0);
}

/* The string's inside goes to *name unless that is NULL. */
static int
scan_string(struct jsonscan *s, struct json_name *name)
{
	const uint8_t	*start;
	uint32_t	 c;

	if (scan_next(s, '"') == -1)
		return (-1);
	start = s->p;
	while (s->p < s->end && *s->p != '"') {
		if (next_char(&s->p, s->end, &c) == -1 ||
		    (c == 0 && (name != NULL || !s->nul)))
			return (-1);
	}
	if (name != NULL) {
		name->p = start;
		name->end = s->p;
	}
	return (scan_next(s, '"'));
}

static int
scan_number(struct jsonscan *s)
{
	(void)scan_next(s, '-');
	if (scan_next(s, '0') == -1 && scan_digits(s) == -1)
		return (-1);
	if (scan_next(s, '.') == 0 && scan_digits(s) == -1)
		return (-1);
	if (scan_next(s, 'e') == 0 || scan_next(s, 'E') == 0) {
		if (scan_next(s, '+') == -1)
			(void)scan_next(s, '-');
		return (scan_digits(s));
	}
	return (0);
}

/* At least one digit.  "01" fails later, where a comma should be. */
static int
scan_digits(struct jsonscan *s)
{
	const uint8_t	*start;

	start = s->p;
	while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
		s->p++;
	return (s->p > start ? 0 : -1);
}

static int
scan_word(struct jsonscan *s, const char *word)
{
	for (; *word != '\0'; word++) {
		if (scan_next(s, (uint8_t)*word) == -1)
			return (-1);
	}
	return (0);
}

static void
scan_space(struct jsonscan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' ||
	    *s->p == '\n' || *s->p == '\r'))
		s->p++;
}

/* Step over the byte c if it comes next. */
static int
scan_next(struct jsonscan *s, uint8_t c)
{
	if (s->p == s->end || *s->p != c)
		return (-1);
	s->p++;
	return (0);
}

/* Both have been scanned, so decoding cannot fail. */
static int
name_equal(struct json_name a, struct json_name b)
{
	uint32_t	 ca, cb;

	while (a.p < a.end && b.p < b.end) {
		if (next_char(&a.p, a.end, &ca) == -1 ||
		    next_char(&b.p, b.end, &cb) == -1 || ca != cb)
			return (0);
	}
	return (a.p == a.end && b.p == b.end);
}

/* One character of a string: itself or an escape. */
static int
next_char(const uint8_t **pp, const uint8_t *end, uint32_t *c)
{
	if (*pp == end || **pp < 0x20)
		return (-1);
	if (**pp >= 0x80)
		return (next_utf8(pp, end, c));
	*c = *(*pp)++;
	return (*c == '\\' ? next_escape(pp, end, c) : 0);
}

/* RFC 3629: no overlong form, no surrogate, nothing above U+10FFFF. */
static int
next_utf8(const uint8_t **pp, const uint8_t *end, uint32_t *c)
{
	static const uint32_t	 least[] = { 0, 0x80, 0x800, 0x10000 };
	const uint8_t		*p;
	size_t			 i, more;

	p = *pp;
	if (*p >= 0xc0 && *p < 0xe0)
		more = 1;
	else if (*p >= 0xe0 && *p < 0xf0)
		more = 2;
	else if (*p >= 0xf0 && *p < 0xf8)
		more = 3;
	else
		return (-1);
	if ((size_t)(end - p) <= more)
		return (-1);
	*c = *p & (0x3fu >> more);
	for (i = 1; i <= more; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return (-1);
		*c = *c << 6 | (p[i] & 0x3f);
	}
	if (*c < least[more] || *c > 0x10ffff ||
	    (*c >= 0xd800 && *c <= 0xdfff))
		return (-1);
	*pp = p + more + 1;
	return (0);
}

/* What follows a backslash; a pair of surrogates is one character. */
static int
next_escape(const uint8_t **pp, const uint8_t *end, uint32_t *c)
{
	static const char	 from[] = "\"\\/bfnrt";
	static const char	 to[] = "\"\\/\b\f\n\r\t";
	const char		*f;
	uint32_t		 low;

	if (*pp == end)
		return (-1);
	*c = *(*pp)++;
	if (*c != 'u') {
		if (*c == 0 || (f = strchr(from, (int)*c)) == NULL)
			return (-1);
		*c = (uint32_t)to[f - from];
		return (0);
	}
	if (next_hex4(pp, end, c) == -1 || (*c >= 0xdc00 && *c <= 0xdfff))
		return (-1);
	if (*c < 0xd800 || *c > 0xdbff)
		return (0);
	if (end - *pp < 2 || (*pp)[0] != '\\' || (*pp)[1] != 'u')
		return (-1);
	*pp += 2;
	if (next_hex4(pp, end, &low) == -1 || low < 0xdc00 || low > 0xdfff)
		return (-1);
	*c = 0x10000 + ((*c - 0xd800) << 10 | (low - 0xdc00));
	return (0);
}

static int
next_hex4(const uint8_t **pp, const uint8_t *end, uint32_t *c)
{
	int	 i;
	uint8_t	 b;

	if (end - *pp < 4)
		return (-1);
	*c = 0;
	for (i = 0; i < 4; i++) {
		b = *(*pp)++;
		if (b >= '0' && b <= '9')
			b -= '0';
		else if (b >= 'a' && b <= 'f')
			b -= 'a' - 10;
		else if (b >= 'A' && b <= 'F')
			b -= 'A' - 10;
		else
			return (-1);
		*c = *c << 4 | b;
	}
	return (0);
}
