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

#include <sys/types.h>

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "resolv.h"

/* A part of a name between its dots; RFC 1035, 2.3.4. */
#define LABEL_MAX	63

/* What is left of a text, or of a line of it. */
struct text {
	const char	*p;
	size_t		 len;
};

static int	 text_line(struct text *, struct text *);
static int	 text_word(struct text *, struct text *);
static int	 word_is(const struct text *, const char *);
static int	 word_is_name(const struct text *, const char *);
static int	 word_addr(const struct text *, struct net_addr *);
static int	 line_names(struct text *, const char *);
static int	 label_ok(const char *, size_t);
static int	 label_is_number(const char *, size_t);

/* Cut off the first line; 0 at the end. */
static int
text_line(struct text *t, struct text *line)
{
	const char	*end;

	if (t->len == 0)
		return (0);
	line->p = t->p;
	if ((end = memchr(t->p, '\n', t->len)) == NULL) {
		line->len = t->len;
		t->len = 0;
		return (1);
	}
	line->len = (size_t)(end - t->p);
	t->p += line->len + 1;
	t->len -= line->len + 1;
	return (1);
}

/* Cut off the first word of a line; 0 at the end, which a # is too. */
static int
text_word(struct text *t, struct text *word)
{
	while (t->len > 0 && isspace((unsigned char)*t->p)) {
		t->p++;
		t->len--;
	}
	if (t->len == 0 || *t->p == '#')
		return (0);
	word->p = t->p;
	while (t->len > 0 && *t->p != '#' && !isspace((unsigned char)*t->p)) {
		t->p++;
		t->len--;
	}
	word->len = (size_t)(t->p - word->p);
	return (1);
}

static int
word_is(const struct text *word, const char *s)
{
	return (word->len == strlen(s) && memcmp(word->p, s, word->len) == 0);
}

/* In any case, and with a dot at its end or without. */
static int
word_is_name(const struct text *word, const char *name)
{
	size_t	 len;

	len = word->len;
	if (len > 1 && word->p[len - 1] == '.')
		len--;
	return (len == strlen(name) && strncasecmp(word->p, name, len) == 0);
}

static int
word_addr(const struct text *word, struct net_addr *a)
{
	char	 buf[NET_TEXT_SIZE];

	if (word->len >= sizeof(buf) ||
	    memchr(word->p, '\0', word->len) != NULL)
		return (-1);
	memcpy(buf, word->p, word->len);
	buf[word->len] = '\0';
	return (net_from_text(a, buf));
}

/* A keyword stands at the beginning of its line. */
size_t
resolv_servers(const char *text, size_t len,
    struct net_addr servers[RESOLV_SERVERS_MAX], size_t *ignored)
{
	struct text	 t, line, word;
	size_t		 n;

	t.p = text;
	t.len = len;
	n = 0;
	*ignored = 0;
	while (text_line(&t, &line)) {
		if (line.len == 0 || isspace((unsigned char)*line.p) ||
		    !text_word(&line, &word) || !word_is(&word, "nameserver"))
			continue;
		if (!text_word(&line, &word))
			continue;
		if (n == RESOLV_SERVERS_MAX ||
		    word_addr(&word, &servers[n]) == -1)
			(*ignored)++;
		else
			n++;
	}
	return (n);
}

size_t
hosts_find(const char *text, size_t len, const char *name,
    struct net_addr *addrs, size_t max)
{
	struct net_addr	 a;
	struct text	 t, line, word;
	size_t		 i, n;

	t.p = text;
	t.len = len;
	n = 0;
	while (n < max && text_line(&t, &line)) {
		if (!text_word(&line, &word) || !line_names(&line, name) ||
		    word_addr(&word, &a) == -1)
			continue;
		for (i = 0; i < n; i++)
			if (memcmp(&addrs[i], &a, sizeof(a)) == 0)
				break;
		if (i == n)
			addrs[n++] = a;
	}
	return (n);
}

/* Whether one of the words that are left is that name. */
static int
line_names(struct text *line, const char *name)
{
	struct text	 word;

	while (text_word(line, &word))
		if (word_is_name(&word, name))
			return (1);
	return (0);
}

int
resolv_name(char out[HOST_MAX + 1], const char *host)
{
	size_t	 i, label, len;

	len = strlen(host);
	if (len > 0 && host[len - 1] == '.')
		len--;
	if (len == 0 || len > HOST_MAX)
		return (-1);
	label = 0;
	for (i = 0; i <= len; i++) {
		if (i < len && host[i] != '.') {
			out[i] = (char)tolower((unsigned char)host[i]);
			continue;
		}
		if (!label_ok(host + label, i - label) ||
		    (i == len && label_is_number(host + label, i - label)))
			return (-1);
		out[i] = '.';
		label = i + 1;
	}
	out[len] = '\0';
	return (0);
}

static int
label_ok(const char *p, size_t len)
{
	size_t	 i;

	if (len == 0 || len > LABEL_MAX || p[0] == '-' || p[len - 1] == '-')
		return (0);
	for (i = 0; i < len; i++)
		if (!isascii((unsigned char)p[i]) ||
		    (!isalnum((unsigned char)p[i]) && p[i] != '-' &&
		    p[i] != '_'))
			return (0);
	return (1);
}

/* Decimal, octal or hexadecimal: as inet_aton(3) reads numbers. */
static int
label_is_number(const char *p, size_t len)
{
	size_t	 i;

	if (len >= 2 && p[0] == '0' && (p[1] == 'x' || p[1] == 'X')) {
		for (i = 2; i < len; i++)
			if (!isxdigit((unsigned char)p[i]))
				return (0);
		return (1);
	}
	for (i = 0; i < len; i++)
		if (!isdigit((unsigned char)p[i]))
			return (0);
	return (1);
}
