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

/* links: sessiond/message.c proto/jsonscan.c proto/signames.c */
/* pkgs: json-c */

#include "compat.h"

#include <sys/types.h>

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "message.h"

#define BYTES(t)	((const uint8_t *)(t))

static void
test_resize(void **state)
{
	static const struct {
		const char	*text;
		int		 verdict;
	} texts[] = {
		{ "{\"type\":\"resize\",\"cols\":120,\"rows\":40}", 1 },
		{ "{\"rows\":40,\"type\":\"resize\",\"cols\":120}", 1 },
		{ " { \"cols\" : 120 , \"rows\" : 40 , \"type\" : "
		    "\"resize\" } ", 1 },
		{ "{\"\\u0074ype\":\"resize\",\"cols\":120,\"rows\":40}", 1 },
		{ "{\"type\":\"resize\",\"cols\":0,\"rows\":40}", -1 },
		{ "{\"type\":\"resize\",\"cols\":120,\"rows\":1001}", -1 },
		{ "{\"type\":\"resize\",\"cols\":-1,\"rows\":-1}", -1 },
		{ "{\"type\":\"resize\",\"cols\":99999999999999999999,"
		    "\"rows\":40}", -1 },
		{ "", 0 },
		{ "ls", 0 },
		{ "{", 0 },
		{ "{}", 0 },
		{ "{\"type\":\"resize\"}", 0 },
		{ "{\"type\":\"resize\",\"cols\":120}", 0 },
		{ "{\"type\":\"resize\",\"cols\":120,\"rows\":40,\"x\":1}",
		    0 },
		{ "{\"type\":\"resize\",\"cols\":\"120\",\"rows\":40}", 0 },
		{ "{\"type\":\"resize\",\"cols\":120.0,\"rows\":40}", 0 },
		{ "{\"type\":\"resize\",\"cols\":null,\"rows\":40}", 0 },
		{ "{\"type\":\"resize\",\"cols\":0,\"rows\":\"40\"}", 0 },
		{ "{\"type\":\"Resize\",\"cols\":120,\"rows\":40}", 0 },
		{ "{\"type\":1,\"cols\":120,\"rows\":40}", 0 },
		{ "{\"type\":\"resize\",\"cols\":1,\"cols\":120,\"rows\":40}",
		    0 },
		{ "{\"type\":\"resize\",\"cols\":120,\"rows\":40}ls", 0 },
		{ "[{\"type\":\"resize\",\"cols\":120,\"rows\":40}]", 0 },
		{ "{\"type\":\"resize\",\"cols\":120,\"rows\":40,}", 0 }
	};
	uint16_t	 cols, rows;
	size_t		 i;

	(void)state;
	for (i = 0; i < nitems(texts); i++) {
		if (message_resize(BYTES(texts[i].text),
		    strlen(texts[i].text), &cols, &rows) != texts[i].verdict)
			fail_msg("%s", texts[i].text);
		if (texts[i].verdict == 1) {
			assert_int_equal(cols, 120);
			assert_int_equal(rows, 40);
		}
	}
}

static void
test_control(void **state)
{
	static const struct {
		const char		*text;
		enum message_type	 type;
	} texts[] = {
		{ "{\"type\":\"resize\",\"cols\":1000,\"rows\":1}",
		    MESSAGE_RESIZE },
		{ "{\"type\":\"resize\",\"cols\":1000,\"rows\":1,\"px\":[]}",
		    MESSAGE_RESIZE },
		{ "{\"type\":\"signal\",\"name\":\"INT\"}", MESSAGE_SIGNAL },
		{ "{\"name\":\"SIGINT\",\"type\":\"signal\"}",
		    MESSAGE_SIGNAL },
		{ "{\"type\":\"ping\"}", MESSAGE_PING },
		{ "\r\n{\"type\":\"ping\",\"id\":7}\n", MESSAGE_PING }
	};
	struct message	 m;
	const char	*why;
	size_t		 i;

	(void)state;
	for (i = 0; i < nitems(texts); i++) {
		memset(&m, 0, sizeof(m));
		if (message_control(BYTES(texts[i].text),
		    strlen(texts[i].text), &m, &why) != 0)
			fail_msg("%s: %s", texts[i].text, why);
		assert_int_equal(m.type, texts[i].type);
		if (m.type == MESSAGE_RESIZE) {
			assert_int_equal(m.cols, 1000);
			assert_int_equal(m.rows, 1);
		}
		if (m.type == MESSAGE_SIGNAL)
			assert_int_equal(m.signo, SIGINT);
	}
}

static void
test_control_bad(void **state)
{
	static const struct {
		const char	*text;
		const char	*why;
	} texts[] = {
		{ "", "not a JSON object" },
		{ "ls\n", "not a JSON object" },
		{ "null", "not a JSON object" },
		{ "[]", "not a JSON object" },
		{ "{\"type\":\"ping\"}{}", "not a JSON object" },
		{ "{\"type\":\"ping\",\"type\":\"ping\"}",
		    "not a JSON object" },
		{ "{\"type\":\"ping\\u0000\"}", "not a JSON object" },
		{ "{}", "no type" },
		{ "{\"type\":null}", "no type" },
		{ "{\"type\":[\"ping\"]}", "no type" },
		{ "{\"type\":\"\"}", "unknown type" },
		{ "{\"type\":\"Ping\"}", "unknown type" },
		{ "{\"type\":\"input\",\"data\":\"ls\"}", "unknown type" },
		{ "{\"type\":\"resize\",\"cols\":0,\"rows\":24}",
		    "cols and rows have to be from 1 to 1000" },
		{ "{\"type\":\"resize\",\"cols\":80,\"rows\":1001}",
		    "cols and rows have to be from 1 to 1000" },
		{ "{\"type\":\"resize\",\"cols\":80}",
		    "cols and rows have to be from 1 to 1000" },
		{ "{\"type\":\"resize\",\"cols\":\"80\",\"rows\":24}",
		    "cols and rows have to be from 1 to 1000" },
		{ "{\"type\":\"resize\",\"cols\":80.5,\"rows\":24}",
		    "cols and rows have to be from 1 to 1000" },
		{ "{\"type\":\"signal\"}", "no such signal" },
		{ "{\"type\":\"signal\",\"name\":2}", "no such signal" },
		{ "{\"type\":\"signal\",\"name\":\"2\"}", "no such signal" },
		{ "{\"type\":\"signal\",\"name\":\"int\"}", "no such signal" },
		{ "{\"type\":\"signal\",\"name\":\"\"}", "no such signal" }
	};
	struct message	 m;
	const char	*why;
	size_t		 i;

	(void)state;
	for (i = 0; i < nitems(texts); i++) {
		why = NULL;
		if (message_control(BYTES(texts[i].text),
		    strlen(texts[i].text), &m, &why) != -1)
			fail_msg("%s", texts[i].text);
		assert_string_equal(why, texts[i].why);
	}
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_resize),
		cmocka_unit_test(test_control),
		cmocka_unit_test(test_control_bad)
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
