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
 *	sessiond/screen_put.c sessiond/screen_text.c
 *	regress/unit/screen_same.c */
/* pkgs: vterm:static json-c */

/*
 * The model of the screen against itself: what it makes of its own repaint
 * is what it was.  regress/proto/test_screen_xterm.py has another emulator.
 */

#include "compat.h"

#include <sys/types.h>

#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "screen.h"
#include "screen_model.h"
#include "screen_same.h"
#include "utf8.h"

#define RANDOM_CASES	1500
#define RANDOM_BYTES	4096
#define RECORD_MAX	65536

static struct screen	*new(uint16_t, uint16_t);
static void		 put(struct screen *, const char *);
static void		 text_is(struct screen *, const char *);
static void		 json_has(struct screen *, const char *);
static struct screen	*repainted(const struct screen *);
static void		 no_query(const uint8_t *, size_t);
static void		 check(const struct screen *, struct screen *,
			    const char *);
static uint32_t		 chance(uint32_t);
static size_t		 random_output(uint8_t *, size_t);
static size_t		 recorded(const char *, uint8_t *);

static uint32_t	 seed;

static struct screen *
new(uint16_t cols, uint16_t rows)
{
	struct screen	*s;

	s = screen_new(cols, rows);
	assert_non_null(s);
	return (s);
}

static void
put(struct screen *s, const char *text)
{
	screen_feed(s, (const uint8_t *)text, strlen(text));
}

static void
text_is(struct screen *s, const char *want)
{
	char	*text;
	size_t	 len;

	text = screen_text(s, &len);
	assert_non_null(text);
	assert_int_equal(len, strlen(text));
	assert_string_equal(text, want);
	free(text);
}

static void
json_has(struct screen *s, const char *want)
{
	char	*json;

	json = screen_json(s, 77, NULL);
	assert_non_null(json);
	if (strstr(json, want) == NULL)
		fail_msg("%s is not in %s", want, json);
	free(json);
}

/* A screen that saw something else and then the repaint of this one. */
static struct screen *
repainted(const struct screen *s)
{
	struct screen	*r;
	uint8_t		*paint;
	size_t		 len;

	paint = screen_repaint(s, &len);
	assert_non_null(paint);
	assert_true(len < SCREEN_REPAINT_MAX);
	no_query(paint, len);
	r = new(s->cols, s->rows);
	put(r, "\033[?1049h\033[2;3r\033[?6h\033[3g\033[4h\033[?7l\033(0\016"
	    "\033[1;4:3;45mx\033[?1003;1015h\033[?25l\033[20h\033]2;x\xe4");
	r->title[0] = '\0';
	screen_feed(r, paint, len);
	free(paint);
	return (r);
}

/* Only sequences that are known to get no answer and to make no sound. */
static void
no_query(const uint8_t *p, size_t n)
{
	size_t	 i;
	char	 prefix;

	for (i = 0; i < n; i++) {
		assert_true(p[i] >= 0x20 || p[i] == 0x18 || p[i] == 0x1b ||
		    p[i] == 0x0e || p[i] == 0x0f);
		if (p[i] != 0x1b || ++i == n)
			continue;
		if (p[i] == '[') {
			prefix = 0;
			while (++i < n && p[i] < 0x40)
				prefix = p[i] < '0' || p[i] > ';' ? p[i] :
				    prefix;
			if (i == n || p[i] >= 0x80)
				return;
			assert_non_null(strchr(prefix == '!' ? "p" :
			    prefix == ' ' ? "q" : prefix == '?' ? "hl" :
			    "CGHJKPXghlmr", p[i]));
		} else if (p[i] == ']') {
			/* A title, or one that is still to end. */
			while (i < n && p[i] != 0x1b)
				i++;
			if (i == n)
				return;
			i--;
		} else if (strchr("PX^_", p[i]) != NULL)
			return;
		else if (p[i] >= '(' && p[i] <= '+')
			i++;
		else if (p[i] < 0x30 || p[i] >= 0x80) {
			/* Half of one, at the end. */
			assert_true(n - i < 8);
			return;
		}
		else
			assert_non_null(strchr("78H>=no\\", p[i]));
	}
}

/* The repaint, and then both again after the same output. */
static void
check(const struct screen *s, struct screen *other, const char *name)
{
	char	 what[200];

	assert_true(screen_sound(s));
	if (!screen_same(s, other, what, sizeof(what)))
		fail_msg("%s: %s", name, what);
}

static uint32_t
chance(uint32_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return (seed % n);
}

/* Sequences, text and any bytes. */
static size_t
random_output(uint8_t *buf, size_t max)
{
	static const char	*pieces[] = {
		"hello, world ", "\r\n", "\n", "\r", "\b", "\t", "\033M",
		"\xe4\xb8\xad\xe6\x96\x87", "e\xcc\x81\xcc\xa3", "\xf0\x9f\x98"
		"\x80", "\xcc\x81", "\033(0lqk", "\033(B", "\016", "\017",
		"\033)0", "\0337", "\0338", "\033[?1049h", "\033[?1049l",
		"\033[?47h", "\033[?47l", "\033[?6h", "\033[?6l", "\033[?7l",
		"\033[?7h", "\033[4h", "\033[4l", "\033[20h", "\033[2J",
		"\033[K", "\033[1K", "\033[J", "\033[1J", "\033[3J", "\033[r",
		"\033[2;4r", "\033[L", "\033[M", "\033[99S", "\033[T",
		"\033[@", "\033[3P", "\033[2X", "\033[5b", "\033[99999b",
		"\033[2147483648b", "\033[9999999999A", "\033[3;7H", "\033[H",
		"\033[99;99H", "\033[C", "\033[2D", "\033[I", "\033[Z",
		"\033[g", "\033[3g", "\033H", "\033[m",
		"\033[1;4:3;31;48;5;9m",
		"\033[38:2::1:2:3m", "\033[7;38;2;9;8;7m", "\033[0;22m",
		"\033[?1000;1006h", "\033[?1003l", "\033[?1015h", "\033[?1016l",
		"\033[?2004h", "\033[?1004h", "\033[?1;5;45h", "\033[?25l",
		"\033=", "\033[5 q", "\033[!p", "\033c", "\033#8",
		"\033]2;t\xc3\xaftle\007", "\033]0;half", "\033]8;;x\033\\",
		"\033P$qm\033\\", "\033_app", "\033[c", "\033[6n",
		"\xc2\x9b""1m",
		"\033[1;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;m",
		"\033[", "\033[?", "\033[1;2", "\033[4:", "\033", "\xe4",
		"\xff", "\x18"
	};
	const char		*p;
	size_t			 len, n;

	n = 0;
	while (n + 64 < max && chance(100) != 0) {
		if (chance(8) == 0) {
			buf[n++] = chance(256);
			continue;
		}
		p = pieces[chance(nitems(pieces))];
		len = strlen(p);
		memcpy(buf + n, p, len);
		n += len;
	}
	return (n);
}

static void
test_random(void **state)
{
	static const uint16_t	 sizes[][2] = {
		{ 80, 24 }, { 20, 6 }, { 10, 4 }, { 7, 3 }, { 3, 2 }, { 2, 1 }
	};
	uint8_t			 buf[RANDOM_BYTES];
	char			 name[64];
	struct screen		*a, *b;
	size_t			 n;
	uint32_t		 began;
	int			 i, k;

	(void)state;
	for (i = 0; i < RANDOM_CASES; i++) {
		began = seed;
		snprintf(name, sizeof(name), "SCREEN_SEED=%u", began);
		k = chance(nitems(sizes));
		a = new(sizes[k][0], sizes[k][1]);
		n = random_output(buf, sizeof(buf));
		screen_feed(a, buf, n);
		b = repainted(a);
		check(a, b, name);
		n = random_output(buf, sizeof(buf));
		screen_feed(a, buf, n);
		screen_feed(b, buf, n);
		check(a, b, name);
		screen_free(a);
		screen_free(b);
	}
}

static size_t
recorded(const char *name, uint8_t *buf)
{
	char	 path[128];
	FILE	*f;
	size_t	 n;

	snprintf(path, sizeof(path), "regress/fuzz/corpus/screen/%s", name);
	f = fopen(path, "r");
	assert_non_null(f);
	n = fread(buf, 1, RECORD_MAX, f);
	assert_true(n > 400 && n < RECORD_MAX);
	fclose(f);
	return (n);
}

/* Cut at every byte: the repaint, and where that and the rest lead to. */
static void
test_recorded(void **state)
{
	static const char	*names[] = {
		"vim", "less", "top", "tmux", "shell"
	};
	static uint8_t		 buf[RECORD_MAX];
	struct screen		*a, *b, *end;
	size_t			 i, k, n;
	char			 name[64];

	(void)state;
	for (k = 0; k < nitems(names); k++) {
		n = recorded(names[k], buf);
		end = new(60, 16);
		screen_feed(end, buf, n);
		a = new(60, 16);
		for (i = 0; i < n; i++) {
			/* Of vim every byte, of others some. */
			if (k == 0 || i % 37 == 0) {
				snprintf(name, sizeof(name), "%s at %zu",
				    names[k], i);
				b = repainted(a);
				check(a, b, name);
				screen_feed(b, buf + i, n - i);
				if (i % 7 == 0)
					check(end, b, name);
				screen_free(b);
			}
			screen_feed(a, buf + i, 1);
		}
		check(end, a, names[k]);
		screen_free(a);
		screen_free(end);
	}
}

/* In pieces of any length it is the same. */
static void
test_pieces(void **state)
{
	uint8_t		 buf[RANDOM_BYTES];
	struct screen	*a, *b;
	size_t		 i, n, piece;
	int		 k;

	(void)state;
	for (k = 0; k < 200; k++) {
		n = random_output(buf, sizeof(buf));
		a = new(30, 7);
		b = new(30, 7);
		screen_feed(a, buf, n);
		for (i = 0; i < n; i += piece) {
			piece = 1 + chance(5);
			piece = piece < n - i ? piece : n - i;
			screen_feed(b, buf + i, piece);
		}
		check(a, b, "pieces");
		screen_free(a);
		screen_free(b);
	}
}

static void
test_text(void **state)
{
	struct screen	*s;

	(void)state;
	s = new(20, 5);
	text_is(s, "");
	put(s, "one  \r\n\r\n\033[31mtwo\033[m \xe4\xb8\xad e\xcc\x81 \xff!");
	text_is(s, "one\n\ntwo \xe4\xb8\xad e\xcc\x81 \xef\xbf\xbd!\n");
	put(s, "\033[5;1H\033(0lqk\033(B\033]2;a \"title\"\001\007");
	json_has(s, "\"cols\":20,\"rows\":5,\"cursor\":{\"x\":3,\"y\":4,"
	    "\"visible\":true},\"title\":\"a \\\"title\\\"\","
	    "\"alternate\":false,\"exact\":true,\"offset\":77,\"lines\":["
	    "\"one\",\"\",\"two \xe4\xb8\xad e\xcc\x81 \xef\xbf\xbd!\",\"\","
	    "\"\xe2\x94\x8c\xe2\x94\x80\xe2\x94\x90\"]}");
	put(s, "\033[?25l\033[?1049h");
	json_has(s, "\"visible\":false");
	json_has(s, "\"alternate\":true");
	text_is(s, "");
	put(s, "\033[?1049l\033[5;20H#");
	/* The wrap is pending: still on the last column. */
	json_has(s, "\"cursor\":{\"x\":19,\"y\":4,");
	screen_free(s);
}

/* One replacement for what cannot become a character, as far as it could. */
static void
test_invalid(void **state)
{
	struct screen	*s;

	(void)state;
	s = new(40, 2);
	screen_feed(s, (const uint8_t *)"a\0b\xc3(\xe2\x82\xf0\x9f\x98x"
	    "\xed\xa0\x80\xc0\xaf\xf5\x80\x7f\xe2\x82", 21);
	text_is(s, "ab\xef\xbf\xbd(\xef\xbf\xbd\xef\xbf\xbdx"
	    "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
	    "\xef\xbf\xbd\xef\xbf\xbd\n");
	/* The last two wait for their third. */
	put(s, "\xac");
	text_is(s, "ab\xef\xbf\xbd(\xef\xbf\xbd\xef\xbf\xbdx"
	    "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
	    "\xef\xbf\xbd\xef\xbf\xbd\xe2\x82\xac\n");
	screen_free(s);
}

/* A title and strings without end take no memory and little time. */
static void
test_long_strings(void **state)
{
	static const char	*starts[] = {
		"\033]2;", "\033]52;c;", "\033P", "\033_", "\033[", "e"
	};
	static const char	*fills[] = {
		"\xc3\xa9\xe4\xb8\xadxy", "QUJD", "q~", "app", "0;",
		"\xcc\x81"
	};
	struct screen		*s;
	struct utf8_state	 st;
	struct mallinfo2	 before, after;
	uint8_t			 buf[6000];
	size_t			 i, k, n;

	(void)state;
	s = new(80, 24);
	for (k = 0; k < nitems(starts); k++) {
		n = strlen(fills[k]);
		for (i = 0; i + n <= sizeof(buf); i += n)
			memcpy(buf + i, fills[k], n);
		put(s, starts[k]);
		before = mallinfo2();
		for (n = 0; n < 10 * 1024 * 1024; n += i)
			screen_feed(s, buf, i);
		after = mallinfo2();
		assert_true(after.uordblks <= before.uordblks);
		screen_free(repainted(s));
		put(s, "\033\\");
	}
	/* The first of them, cut at a character. */
	assert_true(strlen(s->title) > SCREEN_TITLE_MAX - 4);
	assert_true(strlen(s->title) <= SCREEN_TITLE_MAX);
	memset(&st, 0, sizeof(st));
	assert_int_equal(utf8_feed(&st, (const uint8_t *)s->title,
	    strlen(s->title)), 0);
	assert_true(utf8_complete(&st));
	screen_free(s);
}

static void
test_exact(void **state)
{
	struct screen	*s;

	(void)state;
	s = new(10, 4);
	assert_true(screen_exact(s));
	screen_lost(s);
	assert_false(screen_exact(s));
	json_has(s, "\"exact\":false");
	put(s, "x\033[K\033[2;1H\033[J\033[1J");
	assert_false(screen_exact(s));
	put(s, "\033[2J");
	assert_true(screen_exact(s));
	screen_lost(s);
	put(s, "\033[H\033[J");
	assert_true(screen_exact(s));
	screen_lost(s);
	put(s, "\033c");
	assert_true(screen_exact(s));
	/* The alternate screen is known when it appears, the other not. */
	screen_lost(s);
	put(s, "\033[?1049h");
	assert_true(screen_exact(s));
	put(s, "\033[?1049l");
	assert_false(screen_exact(s));
	put(s, "\033[2J\033[?1049h\033[31");
	/* Half a sequence ends where bytes are missing. */
	screen_lost(s);
	put(s, "m");
	text_is(s, "m\n");
	screen_free(s);
	/* What is not followed is said, too. */
	s = new(10, 4);
	put(s, "\033[1\"q");
	assert_false(screen_exact(s));
	screen_free(s);
}

static void
test_sizes(void **state)
{
	static const uint16_t	 sizes[][3] = {
		{ 80, 24, 1 }, { 300, 100, 1 }, { 2, 1, 1 }, { 301, 24, 0 },
		{ 80, 101, 0 }, { 65535, 65535, 0 }, { 1, 24, 0 }, { 0, 0, 0 }
	};
	struct screen		*s;
	size_t			 i;

	(void)state;
	for (i = 0; i < nitems(sizes); i++) {
		s = new(sizes[i][0], sizes[i][1]);
		assert_int_equal(screen_exact(s), sizes[i][2]);
		put(s, "\033[2Jabc\xe4\xb8\xad\r\n");
		assert_int_equal(screen_exact(s), sizes[i][2]);
		assert_true(screen_sound(s));
		screen_resize(s, 80, 24);
		assert_true(screen_exact(s));
		screen_resize(s, sizes[i][0], sizes[i][1]);
		assert_int_equal(screen_exact(s), sizes[i][2]);
		assert_true(screen_sound(s));
		screen_free(s);
	}
}

static void
test_resize(void **state)
{
	struct screen	*s;

	(void)state;
	s = new(10, 4);
	put(s, "one\r\ntwo\r\nthree\r\nfour");
	/* The cursor's line stays; below it nothing is left to go. */
	screen_resize(s, 10, 2);
	text_is(s, "three\nfour\n");
	json_has(s, "\"cursor\":{\"x\":4,\"y\":1");
	screen_resize(s, 3, 3);
	text_is(s, "thr\nfou\n");
	json_has(s, "\"cursor\":{\"x\":2,\"y\":1");
	screen_resize(s, 10, 4);
	put(s, "\033[H\xe4\xb8\xad\xe4\xb8\xad\033[2;3r\033[?1049h\033[4;10H#");
	screen_resize(s, 3, 2);
	assert_true(screen_sound(s));
	put(s, "\033[?1049l");
	text_is(s, "\xe4\xb8\xad\nfou\n");
	screen_free(s);
}

static void
test_resize_storm(void **state)
{
	uint8_t		 buf[RANDOM_BYTES];
	struct screen	*a, *b;
	char		 name[64];
	size_t		 n;
	int		 i;

	(void)state;
	a = new(80, 24);
	for (i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "SCREEN_SEED=%u", seed);
		screen_resize(a, chance(40), chance(20));
		assert_true(screen_sound(a));
		n = random_output(buf, sizeof(buf));
		screen_feed(a, buf, n);
		if (i % 10 != 0)
			continue;
		b = repainted(a);
		check(a, b, name);
		screen_free(b);
	}
	screen_free(a);
}

/*
 * What an emulator without bounds takes hours for, or dies of.  Each is fed
 * until a megabyte has gone in; the slowest is printed.
 */
static void
test_hostile(void **state)
{
	static const char	*cases[] = {
		"\033[2147483647b", "x\033[2147483647b", "\033[300b",
		"\xe4\xb8\xad\033[300b", "\033[4hx\033[300b", "\033[99999S",
		"\033[99999T", "\033[2147483647L", "\033[2147483647M",
		"\033[2147483647@", "\033[2147483647P", "\033[2147483647X",
		"\033[2147483647I", "\033[2147483647Z", "\033[2J", "\033[J",
		"\033c", "\033#8", "\033[?1049h\033[?1049l", "\033[!p",
		"x\033[1J", "\033[@x", "\033[4hx", "\033[L\033[100H", "\n",
		"\033M", "\033[r", "\033[2;3r", "\xcc\x81", "x\xcc\x81",
		"\033[300G\xe4\xb8\xad", "\033[?7l\033[300G\xe4\xb8\xad",
		"\033[3g\t", "\033[;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;m",
		"\033[38;5;1;38;5;2;38;5;3;38;5;4;38;5;5;38;5;6;38;5;7m",
		"\033[:::::::::::::::::::::::::::::::::::::::::::::::::m",
		"\033[1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1m", "\xe4"
	};
	struct timespec	 t0, t1;
	struct screen	*s;
	const char	*slow;
	double		 ms, most;
	size_t		 i, len, n;

	(void)state;
	slow = NULL;
	most = 0;
	for (i = 0; i < nitems(cases); i++) {
		s = new(SCREEN_COLS_MAX, SCREEN_ROWS_MAX);
		put(s, "\033#8");
		len = strlen(cases[i]);
		clock_gettime(CLOCK_MONOTONIC, &t0);
		for (n = 0; n < SCREEN_FEED_MAX; n += len)
			put(s, cases[i]);
		clock_gettime(CLOCK_MONOTONIC, &t1);
		ms = (t1.tv_sec - t0.tv_sec) * 1e3 +
		    (t1.tv_nsec - t0.tv_nsec) / 1e6;
		if (ms > most) {
			most = ms;
			slow = cases[i];
		}
		assert_true(screen_sound(s));
		screen_free(repainted(s));
		screen_free(s);
	}
	print_message("# slowest: %.1f ms for 128 KiB of %s\n", most, slow + 1);
}

/* The worst that a repaint can be. */
static void
test_largest(void **state)
{
	struct screen	*s;
	char		 buf[160];
	unsigned int	 i, page;

	(void)state;
	s = new(SCREEN_COLS_MAX, SCREEN_ROWS_MAX);
	for (page = 0; page < 2; page++) {
		put(s, "\033[H");
		for (i = 0; i < SCREEN_COLS_MAX * SCREEN_ROWS_MAX; i++) {
			snprintf(buf, sizeof(buf),
			    "\033[0;1;2;3;4:3;5;7;8;9;53;38;2;%u;2%u;200;48;2;"
			    "%u;100;1%um\xf0\x90\x8c\xb0\xf3\xa0\x84\x80"
			    "\xf3\xa0\x84\x80\033[22m", 100 + i % 150,
			    i % 50, 100 + i / 150, i % 89);
			put(s, buf);
		}
		put(s, "\033[?1049h");
	}
	screen_free(repainted(s));
	screen_free(s);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_recorded),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_invalid),
		cmocka_unit_test(test_long_strings),
		cmocka_unit_test(test_exact),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_resize),
		cmocka_unit_test(test_resize_storm),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_largest)
	};
	const char		*text;

	while ((seed = arc4random()) == 0)
		;
	if ((text = getenv("SCREEN_SEED")) != NULL)
		seed = strtoul(text, NULL, 10);
	printf("# SCREEN_SEED=%u\n", seed);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
