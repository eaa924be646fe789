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

/* links: proto/jsontext.c proto/utf8.c */
/* pkgs: json-c */

#include "compat.h"

#include <sys/types.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <json-c/json.h>

#include "jsontext.h"
#include "utf8.h"

#define IN_MAX	512

static void
check(const uint8_t *in, size_t n)
{
	struct json_object	*o;
	struct json_tokener	*tok;
	char			 json[IN_MAX * JSONTEXT_BYTE_MAX + 2];
	uint8_t			 want[IN_MAX * UTF8_REPLACEMENT_LEN];
	size_t			 i, len, wantlen;

	json[0] = '"';
	len = jsontext(json + 1, in, n);
	assert_int_equal(jsontext(NULL, in, n), len);
	for (i = 1; i <= len; i++)
		assert_true((uint8_t)json[i] >= 0x20 && json[i] != 0x7f);
	json[1 + len] = '"';
	tok = json_tokener_new();
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT);
	o = json_tokener_parse_ex(tok, json, (int)len + 2);
	assert_int_equal(json_tokener_get_error(tok), json_tokener_success);
	assert_true(json_object_is_type(o, json_type_string));
	wantlen = utf8_text(want, in, n);
	assert_int_equal(json_object_get_string_len(o), wantlen);
	assert_memory_equal(json_object_get_string(o), want, wantlen);
	json_object_put(o);
	json_tokener_free(tok);
}

static void
test_bytes(void **state)
{
	uint8_t	 in[3] = { 0 };
	int	 i, k;

	(void)state;
	check(in, 0);
	for (i = 0; i < 256; i++) {
		in[0] = i;
		check(in, 1);
		for (k = 0; k < 256; k++) {
			in[1] = k;
			check(in, 2);
		}
	}
}

static void
test_mixed(void **state)
{
	static const char	 text[] =
	    "\x1b[31m\xe2\x94\x80 \xf0\x9f\x98\x80\r\n\t\"q\\\"\xc3\xa4"
	    "\xe2\x80\xa8\xe2\x80\xa9\x7f\xff\xc3\0\b\f/</script>";
	uint8_t			 in[IN_MAX];
	uint32_t		 rnd;
	size_t			 i;
	int			 k;

	(void)state;
	for (i = 0; i < sizeof(text); i++)
		check((const uint8_t *)text + i, sizeof(text) - i);
	rnd = 7;
	for (k = 0; k < 500; k++) {
		for (i = 0; i < sizeof(in); i++) {
			rnd = rnd * 1103515245 + 12345;
			in[i] = rnd >> 24;
		}
		check(in, rnd % sizeof(in));
	}
}

static void
test_shape(void **state)
{
	char	 out[64];
	size_t	 n;

	(void)state;
	n = jsontext(out, (const uint8_t *)"a\"\\\b\f\n\r\t\x1b\x7f\xff", 11);
	out[n] = '\0';
	assert_string_equal(out,
	    "a\\\"\\\\\\b\\f\\n\\r\\t\\u001b\\u007f\xef\xbf\xbd");
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_mixed),
		cmocka_unit_test(test_shape)
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
