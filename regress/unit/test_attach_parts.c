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

/* links: gatewayctl/attach_url.c gatewayctl/attach_escape.c proto/http.c */

#include "compat.h"

#include <sys/types.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../../gatewayctl/attach.h"

/*
 * The addresses that gatewayctl attach takes, and its escapes: nothing that
 * is typed is lost or sent twice, wherever a read(2) cuts it.
 */
static void	 escape_run(char *, size_t, const char *, size_t, size_t);
static void	 test_url(void **);
static void	 test_url_bad(void **);
static void	 test_url_long(void **);
static void	 test_segment(void **);
static void	 test_escape(void **);

static void
test_url(void **state)
{
	static const struct {
		const char	*text;
		int		 tls;
		int		 numeric;
		const char	*host;
		const char	*port;
		const char	*authority;
		const char	*prefix;
	}		 rows[] = {
		{ "http://localhost", 0, 0, "localhost", "80", "localhost",
		    "" },
		{ "HTTPS://Example.org/", 1, 0, "Example.org", "443",
		    "Example.org", "" },
		{ "http://127.0.0.1:8789", 0, 1, "127.0.0.1", "8789",
		    "127.0.0.1:8789", "" },
		{ "http://a:80/x/", 0, 0, "a", "80", "a", "/x" },
		{ "https://a:80/x/y%20z//", 1, 0, "a", "80", "a:80",
		    "/x/y%20z" },
		{ "https://[2001:db8::1]:8443/p", 1, 1, "2001:db8::1",
		    "8443", "[2001:db8::1]:8443", "/p" },
		{ "http://[::1]", 0, 1, "::1", "80", "[::1]", "" },
		{ "http://a_b.c-d:65535", 0, 0, "a_b.c-d", "65535",
		    "a_b.c-d:65535", "" }
	};
	struct url	 u;
	const char	*why;
	size_t		 i;

	(void)state;
	for (i = 0; i < nitems(rows); i++) {
		assert_int_equal(url_parse(&u, rows[i].text, &why), 0);
		assert_int_equal(u.tls, rows[i].tls);
		assert_int_equal(u.numeric, rows[i].numeric);
		assert_string_equal(u.host, rows[i].host);
		assert_string_equal(u.port, rows[i].port);
		assert_string_equal(u.authority, rows[i].authority);
		assert_string_equal(u.prefix, rows[i].prefix);
	}
}

static void
test_url_bad(void **state)
{
	static const char *const	 rows[] = {
		"", "localhost", "ftp://a", "ws://a", "http:/a", "http://",
		"http:///x", "http://:80", "http://a:", "http://a:0",
		"http://a:65536", "http://a:123456", "http://a:8x",
		"http://a:-1", "http://u@a", "http://u:p@a", "http://a b",
		"http://a\r\nX: y", "http://a/\r\nX: y", "http://a/x y",
		"http://a?x", "http://a/?x=y", "http://a#x", "http://a/#x",
		"http://[::1", "http://[]", "http://::1", "http://[::1]x",
		"http://[::1%25lo]", "http://-x", "http://a/%zz",
		"http://a//x", "http://a\\x", "http://\xc3\xa4"
	};
	struct url			 u;
	const char			*why;
	size_t				 i;

	(void)state;
	for (i = 0; i < nitems(rows); i++) {
		why = NULL;
		assert_int_equal(url_parse(&u, rows[i], &why), -1);
		assert_non_null(why);
	}
}

static void
test_url_long(void **state)
{
	static char	 text[4096];
	struct url	 u;
	const char	*why;

	(void)state;
	(void)strlcpy(text, "http://", sizeof(text));
	memset(text + 7, 'a', HOST_MAX + 1);
	assert_int_equal(url_parse(&u, text, &why), -1);
	(void)strlcpy(text + 7 + HOST_MAX, ":65535/", 8);
	assert_int_equal(url_parse(&u, text, &why), 0);
	assert_int_equal(strlen(u.authority), HOST_MAX + 6);
	memset(text + 7 + HOST_MAX + 7, 'b', URL_PREFIX_MAX - 1);
	assert_int_equal(url_parse(&u, text, &why), 0);
	assert_int_equal(strlen(u.prefix), URL_PREFIX_MAX);
	text[strlen(text)] = 'b';
	assert_int_equal(url_parse(&u, text, &why), -1);
}

static void
test_segment(void **state)
{
	char	 out[URL_SEGMENT_MAX + 1], name[SANDBOX_ID_MAX + 2];

	(void)state;
	assert_int_equal(url_segment(out, "my.box-1_~"), 0);
	assert_string_equal(out, "my.box-1_~");
	assert_int_equal(url_segment(out, "a/b?\r\n%\xff"), 0);
	assert_string_equal(out, "a%2Fb%3F%0D%0A%25%FF");
	assert_int_equal(url_segment(out, ""), -1);
	assert_int_equal(url_segment(out, "."), -1);
	assert_int_equal(url_segment(out, ".."), -1);
	memset(name, '/', sizeof(name));
	name[SANDBOX_ID_MAX] = '\0';
	assert_int_equal(url_segment(out, name), 0);
	name[SANDBOX_ID_MAX] = '/';
	name[SANDBOX_ID_MAX + 1] = '\0';
	assert_int_equal(url_segment(out, name), -1);
}

/* What is sent; an escape as <.>, <z> or <?>. */
static void
escape_run(char *out, size_t size, const char *in, size_t len, size_t step)
{
	static const char *const	 marks[] = {
		[ESCAPE_NONE] = "", [ESCAPE_DETACH] = "<.>",
		[ESCAPE_SUSPEND] = "<z>", [ESCAPE_HELP] = "<?>"
	};
	struct escape			 e;
	uint8_t				 sent[64];
	size_t				 end, i, n, used;
	enum escape_event		 ev;

	escape_init(&e);
	out[0] = '\0';
	for (i = 0; i < len; i += used) {
		end = len - i < step ? len : i + step;
		ev = escape_take(&e, (const uint8_t *)in + i, end - i, &used,
		    sent, &n);
		assert_true(used > 0 && used <= end - i && n <= used + 1);
		assert_true(ev != ESCAPE_NONE || used == end - i);
		strncat(out, (const char *)sent, n);
		strlcat(out, marks[ev], size);
	}
}

static void
test_escape(void **state)
{
	static const char *const	 rows[][2] = {
		{ "ls\r", "ls\r" },
		{ "~.", "<.>" },
		{ "a~.", "a~." },
		{ "a\r~.", "a\r<.>" },
		{ "a\n~.", "a\n<.>" },
		{ "~~", "~" },
		{ "~~.", "~." },
		{ "~~~.", "~~." },
		{ "~?~.", "<?><.>" },
		{ "~\x1a" "x~.", "<z>x~." },
		{ "~x", "~x" },
		{ "~\r~.", "~\r<.>" },
		{ "~", "" },
		{ "\r~\r\r~~\r", "\r~\r\r~\r" },
		{ "cd ~/x\r~/y\r", "cd ~/x\r~/y\r" }
	};
	char				 out[256];
	size_t				 i, len, step;

	(void)state;
	for (i = 0; i < nitems(rows); i++) {
		len = strlen(rows[i][0]);
		for (step = 1; step <= len; step++) {
			escape_run(out, sizeof(out), rows[i][0], len, step);
			assert_string_equal(out, rows[i][1]);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_url),
		cmocka_unit_test(test_url_bad),
		cmocka_unit_test(test_url_long),
		cmocka_unit_test(test_segment),
		cmocka_unit_test(test_escape)
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
