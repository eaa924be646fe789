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

/* links: gatewayctl/attach_modes.c */

/*
 * How gatewayctl attach leaves a terminal: what a program has switched is
 * switched back, wherever reads have cut it, and nothing else is said.
 */

#include "compat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../gatewayctl/attach.h"

static const struct {
	const char	*seen;
	const char	*undo;
} cases[] = {
	{ "", "" },
	{ "plain text\r\n\t\302\233h", "" },
	/* As vim begins, and as it ends. */
	{ "\033[?1049h\033[22;0;0t\033[?1h\033=\033[?2004h\033[1;24r"
	    "\033[?12h\033[?25l\033[?25h",
	    "\0337\033[r\0338\033>\033[?1l\033[?2004l\033[?1049l" },
	{ "\033[?1049h\033[?1h\033=\033[?2004h\033[1;24r"
	    "\033[?1l\033>\033[?2004l\033[r\033[?1049l", "" },
	/* The mouse, several in one. */
	{ "\033[?1000;1002;1006h", "\033[?1000l\033[?1002l\033[?1006l" },
	{ "\033[?1000;1006h\033[?1000;1006l", "" },
	/* What is on to begin with. */
	{ "\033[?25l\033[?7l", "\033[?7h\033[?25h" },
	{ "\033[?25l\033[?25h", "" },
	{ "\033[?47h", "\033[?47l" },
	/* Colours and characters. */
	{ "\033[1;31mred", "\033[m" },
	{ "\033[31mred\033[0m\033[41m\033[m", "" },
	{ "\033(0lqk", "\017\033(B" },
	{ "\033(0lqk\033(B", "" },
	{ "\016lqk", "\017\033(B" },
	{ "\016lqk\017", "" },
	{ "\033[4h", "\033[4l" },
	/* Resets. */
	{ "\033[?1000h\033[?1049h\033[4h\033c", "" },
	{ "\033[?1000h\033[?25l\033[4h\033[31m\033[!p", "\033[?1000l" },
	/* Cut off. */
	{ "\033", "\030" },
	{ "\033[?104", "\030" },
	{ "\033]0;a title", "\030" },
	{ "\033P+q", "\030" },
	{ "\033]0;\033", "\030" },
	{ "\033]0;\033[?1049h", "\033[?1049l" },
	{ "\033]0;[?1049h\007\033_?1000h\033\\", "" },
	/* Not what it looks like. */
	{ "\033[?10\030" "49h\033[1049h\033[>1000h\033[?1049$p", "" },
	{ "\033[?1049s\033[?4294968345h\033[?66585h", "" },
	{ "\033[;;;;;;;;;;;;;;;;;;;;1049h", "" }
};

static void
test_undo(void **state)
{
	const uint8_t	*p;
	char		 buf[MODES_MAX];
	size_t		 cut, i, len, n;

	(void)state;
	for (i = 0; i < nitems(cases); i++) {
		p = (const uint8_t *)cases[i].seen;
		len = strlen(cases[i].seen);
		for (cut = 0; cut <= len; cut++) {
			modes_seen(p, cut);
			modes_seen(p + cut, len - cut);
			n = modes_undo(buf, sizeof(buf));
			assert_int_equal(n, strlen(cases[i].undo));
			assert_memory_equal(buf, cases[i].undo, n);
			/* Once. */
			assert_int_equal(modes_undo(buf, sizeof(buf)), 0);
		}
	}
}

/* All of them, and whatever else. */
static void
test_most(void **state)
{
	static const char	 all[] = "\033[?1;5;6;9h\033[?7;25l\033[4h"
	    "\033[?1000;1001;1002;1003;1004;1005;1006;1015;1016;2004h"
	    "\033[?47;1047;1049h\033=\033[2;3r\033(0\033[7m\033[";
	char			 buf[MODES_MAX];
	uint32_t		 x = 1;
	uint8_t			 c;
	size_t			 n;
	int			 i;

	(void)state;
	modes_seen((const uint8_t *)all, sizeof(all) - 1);
	n = modes_undo(buf, sizeof(buf));
	assert_true(n > 100 && n < sizeof(buf));
	assert_memory_equal(buf + n - 11, "\033[?1049l\033[m", 11);
	for (i = 0; i < 1000000; i++) {
		x = x * 1664525 + 1013904223;
		c = (uint8_t)"\033[?;hl1049!p(m7r"[x >> 28];
		if (x & 0x01000000)
			c = (uint8_t)(x >> 16);
		modes_seen(&c, 1);
		if (i % 1000 == 0)
			assert_true(modes_undo(buf, sizeof(buf)) <
			    sizeof(buf));
	}
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_undo),
		cmocka_unit_test(test_most)
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
