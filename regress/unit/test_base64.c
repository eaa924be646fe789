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

/* links: proto/base64.c */

#include "compat.h"

#include <sys/types.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base64.h"

struct vector {
	const char	*bytes;
	const char	*text;
};

/* RFC 4648, section 10. */
static const struct vector vectors[] = {
	{ "", "" },
	{ "f", "Zg==" },
	{ "fo", "Zm8=" },
	{ "foo", "Zm9v" },
	{ "foob", "Zm9vYg==" },
	{ "fooba", "Zm9vYmE=" },
	{ "foobar", "Zm9vYmFy" }
};

static ssize_t	 decode(const char *);
static ssize_t	 decode_url(const char *);
static void	 test_vectors(void **);
static void	 test_alphabet(void **);
static void	 test_round_trip(void **);
static void	 test_decode_strict(void **);
static void	 test_url_strict(void **);
static void	 test_room(void **);

static ssize_t
decode(const char *text)
{
	uint8_t	 out[64];

	return (base64_decode(out, sizeof(out), text, strlen(text)));
}

static ssize_t
decode_url(const char *text)
{
	uint8_t	 out[64];

	return (base64url_decode(out, sizeof(out), text, strlen(text)));
}

static void
test_vectors(void **state)
{
	const struct vector	*v;
	uint8_t			 bytes[8];
	char			 text[16];
	size_t			 i, len, n, url;

	(void)state;
	for (i = 0; i < nitems(vectors); i++) {
		v = &vectors[i];
		len = strlen(v->bytes);
		n = base64_encode(text, (const uint8_t *)v->bytes, len);
		assert_int_equal(n, strlen(v->text));
		assert_int_equal(n, base64_encoded_len(len));
		assert_memory_equal(text, v->text, n);
		assert_int_equal(base64_decode(bytes, len, v->text, n), len);
		assert_memory_equal(bytes, v->bytes, len);
		url = strcspn(v->text, "=");
		assert_int_equal(base64url_decode(bytes, len, v->text, url),
		    len);
		assert_memory_equal(bytes, v->bytes, len);
	}
}

/* Every pair of characters, by its twelve bits. */
static void
test_alphabet(void **state)
{
	static const char	 alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+/";
	uint8_t			 in[3], out[3];
	char			 text[4], url[4];
	unsigned		 i, j;

	(void)state;
	for (i = 0; i < 4096; i++) {
		in[0] = i >> 4;
		in[1] = (i << 4 & 0xf0) | i >> 8;
		in[2] = i & 0xff;
		assert_int_equal(base64_encode(text, in, 3), 4);
		assert_int_equal(text[0], alphabet[i >> 6]);
		assert_int_equal(text[1], alphabet[i & 63]);
		assert_memory_equal(text + 2, text, 2);
		assert_int_equal(base64_decode(out, 3, text, 4), 3);
		assert_memory_equal(out, in, 3);
		for (j = 0; j < 4; j++)
			url[j] = text[j] == '+' ? '-' :
			    text[j] == '/' ? '_' : text[j];
		assert_int_equal(base64url_decode(out, 3, url, 4), 3);
		assert_memory_equal(out, in, 3);
	}
}

static void
test_round_trip(void **state)
{
	uint8_t		 in[256], out[256];
	char		 text[344 + 1];
	size_t		 i, len, n;

	(void)state;
	for (i = 0; i < sizeof(in); i++)
		in[i] = i * 167 + 13;
	for (len = 0; len <= sizeof(in); len++) {
		n = base64_encoded_len(len);
		text[n] = '#';
		assert_int_equal(base64_encode(text, in, len), n);
		assert_int_equal(text[n], '#');
		assert_int_equal(base64_decode(out, len, text, n), len);
		assert_memory_equal(out, in, len);
	}
}

static void
test_decode_strict(void **state)
{
	static const char	*bad[] = {
		"Z", "Zg", "Zg=", "Zg===", "Zm9", "Zm9v=", "Zm9v====",
		"=", "==", "===", "====", "A===", "Zg=A", "Z=g=", "=Zg=",
		"Zh==",		/* not zero: the bits that are left over */
		"Zm9=", "Zm8 ", " Zg==", "Zg==\n", "Zm8=Zm8=", "Zm-_",
		"Zm8\xc2", "Zm.v"
	};
	size_t			 i;

	(void)state;
	for (i = 0; i < nitems(bad); i++) {
		if (decode(bad[i]) != -1)
			fail_msg("taken: %s", bad[i]);
	}
	assert_int_equal(base64_decode((uint8_t[4]){ 0 }, 4, "Zm\0v", 4), -1);
	assert_int_equal(decode("+/+/"), 3);
}

static void
test_url_strict(void **state)
{
	static const char	*bad[] = {
		"Z", "Zg==", "Zm8=", "Zh", "Zm9", "Zm9vY", "Zm+/", "Zm9v ",
		"Zm9v\n", "="
	};
	size_t			 i;

	(void)state;
	for (i = 0; i < nitems(bad); i++) {
		if (decode_url(bad[i]) != -1)
			fail_msg("taken: %s", bad[i]);
	}
	assert_int_equal(decode_url("-_-_"), 3);
	assert_int_equal(decode_url("Zg"), 1);
	assert_int_equal(decode_url("Zm8"), 2);
}

/* One byte less than the result needs is refused before it is written. */
static void
test_room(void **state)
{
	uint8_t	 out[6] = { 0, 0, 0, 0, 0, '#' };

	(void)state;
	assert_int_equal(base64_decode(out, 5, "Zm9vYmFy", 8), -1);
	assert_int_equal(out[5], '#');
	assert_int_equal(base64_decode(out, 5, "Zm9vYmE=", 8), 5);
	assert_int_equal(out[5], '#');
	assert_int_equal(base64url_decode(out, 4, "Zm9vYmE", 7), -1);
	assert_int_equal(base64_decode(out, 0, "", 0), 0);
	assert_int_equal(base64url_decode(out, 0, "Zg", 2), -1);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_alphabet),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_decode_strict),
		cmocka_unit_test(test_url_strict),
		cmocka_unit_test(test_room)
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
