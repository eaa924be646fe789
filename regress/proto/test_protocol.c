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

/* links: regress/proto/sample.c @COMMON@ */
/* flags: -Wl,--wrap=wire_u8,--wrap=wire_u16,--wrap=wire_u32
 * -Wl,--wrap=wire_u64,--wrap=wire_one_of,--wrap=wire_fixed
 * -Wl,--wrap=wire_str,--wrap=wire_name,--wrap=wire_uuid,--wrap=wire_bytes */

/*
 * What proto/PROTOCOL says of messages and tables is what the code does:
 * every number, size, field, flag and state, and nothing that is not there.
 */

#include "compat.h"

#include <sys/types.h>

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sample.h"
#include "tables.h"

#define DOCUMENT	"proto/PROTOCOL"
#define LINES_MAX	4000
#define WIDTH_MAX	79

static char	*line[LINES_MAX];
static size_t	 nlines;

static int	 setup(void **);
static int	 teardown(void **);
static size_t	 find(const char *);
static void	 rule_text(const struct msg_rule *, char *, size_t);
static void	 squeeze(const char *, char *, size_t);
static int	 is_heading(const char *);
static void	 test_width(void **);
static void	 test_messages(void **);
static void	 test_tables(void **);
static void	 test_nothing_else(void **);
static void	 test_limits(void **);

static int
setup(void **state)
{
	FILE	*f;
	char	*buf;
	size_t	 size;
	ssize_t	 n;

	(void)state;
	if ((f = fopen(DOCUMENT, "r")) == NULL)
		return (-1);
	buf = NULL;
	size = 0;
	while ((n = getline(&buf, &size, f)) > 0 && nlines < LINES_MAX) {
		buf[strcspn(buf, "\n")] = '\0';
		if ((line[nlines] = strdup(buf)) == NULL)
			return (-1);
		nlines++;
	}
	free(buf);
	fclose(f);
	return (nlines < LINES_MAX ? 0 : -1);
}

static int
teardown(void **state)
{
	(void)state;
	while (nlines > 0)
		free(line[--nlines]);
	return (0);
}

/* The place of the one line that is this text. */
static size_t
find(const char *text)
{
	size_t	 i, at, n;

	at = n = 0;
	for (i = 0; i < nlines; i++)
		if (strcmp(line[i], text) == 0) {
			at = i;
			n++;
		}
	if (n != 1)
		fail_msg("%s has %zu lines \"%s\"", DOCUMENT, n, text);
	/* Heading, blank line, list: the list is there. */
	assert_true(at + 2 < nlines);
	assert_string_equal(line[at + 1], "");
	return (at);
}

static void
test_width(void **state)
{
	size_t	 i, j, col;

	(void)state;
	for (i = 0; i < nlines; i++) {
		for (j = col = 0; line[i][j] != '\0'; j++)
			col = line[i][j] == '\t' ? (col / 8 + 1) * 8 :
			    col + 1;
		if (col > WIDTH_MAX)
			fail_msg("%s:%zu: %zu columns", DOCUMENT, i + 1, col);
	}
}

/* "NAME 99, 7..9 bytes", then a line "<tab>type<tab>name" for each field. */
static void
test_messages(void **state)
{
	char			 field[FIELDS_MAX][FIELD_TEXT], want[128];
	const struct msg_type	*t;
	const char		*l;
	size_t			 at, i, j, min, max, n;

	(void)state;
	for (i = 0; (t = sample_type(i)) != NULL; i++) {
		assert_int_equal(msg_range(t->type, &min, &max), 0);
		if (min == max)
			(void)snprintf(want, sizeof(want), "%s %u, %zu bytes",
			    t->name, t->type, min);
		else
			(void)snprintf(want, sizeof(want),
			    "%s %u, %zu..%zu bytes", t->name, t->type, min,
			    max);
		at = find(want) + 2;
		n = sample_fields(t, field);
		for (j = 0; j < n; j++) {
			l = line[at + j];
			if (l[0] != '\t' ||
			    strcspn(l + 1, "\t") != strlen(field[j]) ||
			    strncmp(l + 1, field[j], strlen(field[j])) != 0)
				fail_msg("%s: field %zu is %s, not \"%s\"",
				    t->name, j + 1, field[j], l);
		}
		assert_true(line[at + n][0] != '\t');
		/* And some words about it. */
		assert_true(n == 0 || line[at + n][0] == '\0');
		at += n + (n > 0);
		assert_true(isalnum((unsigned char)line[at][0]));
	}
}

static void
rule_text(const struct msg_rule *r, char *out, size_t size)
{
	static const struct {
		unsigned int	 bit;
		const char	*word;
	} flags[] = {
		{ MR_FD, " fd" }, { MR_BLOB, " blob" },
		{ MR_MAYBLOB, " [blob]" }, { MR_ONCE, " once" }
	}, states[] = {
		{ MS_HELLO, " HELLO" }, { MS_SETUP, " SETUP" },
		{ MS_RUN, " RUN" }, { MS_CONF, " CONF" },
		{ MS_STAGED, " STAGED" }
	};
	size_t	 i;

	strlcpy(out, msg_name(r->type), size);
	for (i = 0; i < nitems(flags); i++)
		if (r->flags & flags[i].bit)
			strlcat(out, flags[i].word, size);
	if (r->flags == 0)
		strlcat(out, " -", size);
	if (r->states == MS_ANY) {
		strlcat(out, " any", size);
		return;
	}
	for (i = 0; i < nitems(states); i++)
		if (r->states & states[i].bit)
			strlcat(out, states[i].word, size);
}

/* Blanks at the start go, others become one space. */
static void
squeeze(const char *s, char *out, size_t size)
{
	size_t	 n;

	n = 0;
	for (; *s != '\0' && n + 2 < size; s++) {
		if (!isspace((unsigned char)*s))
			out[n++] = *s;
		else if (n > 0 && out[n - 1] != ' ')
			out[n++] = ' ';
	}
	out[n] = '\0';
}

static void
test_tables(void **state)
{
	const struct msg_table	*tab;
	char			 want[128], got[128];
	size_t			 at, i, j;

	(void)state;
	for (i = 0; i < msg_ntables; i++) {
		tab = msg_tables[i];
		(void)snprintf(want, sizeof(want), "From %s", tab->name);
		at = find(want) + 2;
		for (j = 0; j < tab->n; j++) {
			rule_text(&tab->rules[j], want, sizeof(want));
			squeeze(line[at + j], got, sizeof(got));
			if (strcmp(want, got) != 0)
				fail_msg("%s: rule is \"%s\", %s:%zu \"%s\"",
				    tab->name, want, DOCUMENT, at + j + 1,
				    got);
		}
		assert_string_equal(line[at + tab->n], "");
	}
}

/* "NAME 99, ..." */
static int
is_heading(const char *l)
{
	size_t	 n;

	n = strspn(l, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_");
	if (n == 0 || l[n] != ' ' || !isdigit((unsigned char)l[n + 1]))
		return (0);
	n++;
	n += strspn(l + n, "0123456789");
	return (l[n] == ',');
}

static void
test_nothing_else(void **state)
{
	size_t	 i, types, messages, tables;

	(void)state;
	for (types = 0; sample_type(types) != NULL; types++)
		continue;
	messages = tables = 0;
	for (i = 0; i < nlines; i++) {
		messages += (size_t)is_heading(line[i]);
		tables += strncmp(line[i], "From ", 5) == 0 &&
		    strstr(line[i], " to ") != NULL;
	}
	assert_int_equal(messages, types);
	assert_int_equal(tables, msg_ntables);
}

/* The numbers of 1.1 and 1.2. */
static void
test_limits(void **state)
{
	static const struct {
		const char	*what;
		size_t		 value;
	} limits[] = {
		{ "header of", IMSG_HEADER_LEN },
		{ "at most", IMSG_PAYLOAD_MAX },
		{ "record (GRANT_OPEN", BLOB_RECORD_MAX },
		{ "terminal (PTY_REQ", BLOB_PTY_MAX },
		{ "body of a request (INPUT", BLOB_INPUT_MAX },
		{ "bytes read ahead (ATTACH", BLOB_UNREAD_MAX }
	};
	char	 want[64];
	size_t	 i, j;

	(void)state;
	for (i = 0; i < nitems(limits); i++) {
		(void)snprintf(want, sizeof(want), "%zu bytes",
		    limits[i].value);
		for (j = 0; j < nlines; j++)
			if (strstr(line[j], limits[i].what) != NULL &&
			    strstr(line[j], want) != NULL)
				break;
		if (j == nlines)
			fail_msg("%s does not say \"%s\" of \"%s\"",
			    DOCUMENT, want, limits[i].what);
	}
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_width),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_nothing_else),
		cmocka_unit_test(test_limits)
	};

	return (cmocka_run_group_tests(tests, setup, teardown));
}
