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

/* links: gatewayd/request.c gatewayd/reply.c gatewayd/front_conf.c
 *	gatewayd/asset.c
 *	gatewayd/token.c gatewayd/token_cache.c gatewayd/token_key.c
 *	proto/base64.c proto/http.c proto/jsonscan.c @COMMON@ */
/* pkgs: json-c libjwt libcrypto libevent_core */

#include "compat.h"

#include <sys/types.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "front_conf.h"
#include "request.h"

static struct front_conf	*conf;
static char			 buf[HTTP_HEAD_MAX];

static void
conf_proxy(const char *text, uint8_t prefix)
{
	struct net_addr	 a;
	struct imsg	 im;
	const char	*why;

	assert_int_equal(net_from_text(&a, text), 0);
	imsg_init(&im, IMSG_CONF_PROXY, 0);
	im.m.conf_proxy.family = a.family;
	memcpy(im.m.conf_proxy.addr, a.addr, sizeof(a.addr));
	im.m.conf_proxy.prefix = prefix;
	assert_int_equal(front_conf_add(conf, &im, &why), 0);
}

static void
conf_api(const char *origin)
{
	struct imsg	 im;
	const char	*why;

	imsg_init(&im, IMSG_CONF_API, 0);
	im.m.conf_api.api = API_POCKETENV;
	assert_int_equal(front_conf_add(conf, &im, &why), 0);
	if (origin == NULL)
		return;
	imsg_init(&im, IMSG_CONF_ORIGIN, 0);
	im.m.conf_origin.api = API_POCKETENV;
	strlcpy(im.m.conf_origin.origin, origin,
	    sizeof(im.m.conf_origin.origin));
	assert_int_equal(front_conf_add(conf, &im, &why), 0);
}

static int
set_up(void **state)
{
	(void)state;
	conf = front_conf_new();
	return (conf == NULL ? -1 : 0);
}

static int
tear_down(void **state)
{
	(void)state;
	front_conf_free(conf);
	return (0);
}

/* A request with these headers, each ended by CR LF, and this query. */
static void
parse(struct request *req, const char *query, const char *headers)
{
	size_t	 len;
	int	 n;

	memset(req, 0, sizeof(*req));
	http_request_init(&req->http);
	n = snprintf(buf, sizeof(buf), "GET /x%s HTTP/1.1\r\nHost: gw:80\r\n"
	    "%s\r\n", query, headers);
	assert_int_equal(http_parse_head(&req->http, buf, (size_t)n, &len),
	    1);
}

static void
address(const char *peer, const char *headers, const char *want)
{
	struct request	 req;
	struct net_addr	 a;

	parse(&req, "", headers);
	assert_int_equal(net_from_text(&a, peer), 0);
	request_address(&req, conf, &a);
	assert_string_equal(req.address, want);
}

#define XFF	"X-Forwarded-For: "

static void
test_address(void **state)
{
	(void)state;
	address("192.0.2.1", XFF "1.1.1.1\r\n", "192.0.2.1");
	conf_proxy("10.0.0.0", 8);
	conf_proxy("fd00::", 8);
	address("192.0.2.1", XFF "1.1.1.1\r\n", "192.0.2.1");
	address("10.1.2.3", "", "10.1.2.3");
	address("10.1.2.3", XFF "1.1.1.1\r\n", "1.1.1.1");
	address("10.1.2.3", XFF "9.9.9.9, 1.1.1.1\r\n", "1.1.1.1");
	address("10.1.2.3", XFF "1.1.1.1,10.0.0.1,\t10.0.0.2 \r\n",
	    "1.1.1.1");
	address("fd00::1", XFF "2001:db8::1\r\n", "2001:db8::1");
	address("::ffff:10.0.0.1", XFF "::ffff:1.1.1.1\r\n", "1.1.1.1");
	/* Several headers are one list. */
	address("10.1.2.3", XFF "9.9.9.9\r\nX: y\r\nx-forwarded-for: 1.1.1.1"
	    "\r\n", "1.1.1.1");
	address("10.1.2.3", XFF "1.1.1.1\r\n" XFF "10.0.0.1\r\n", "1.1.1.1");
	/* All of them proxies: the first one. */
	address("10.1.2.3", XFF "10.0.0.7, 10.0.0.1\r\n", "10.0.0.7");
	/* What is no address ends it. */
	address("10.1.2.3", XFF "1.1.1.1, unknown\r\n", "10.1.2.3");
	address("10.1.2.3", XFF "1.1.1.1, unknown, 10.0.0.1\r\n",
	    "10.0.0.1");
	address("10.1.2.3", XFF "\r\n", "10.1.2.3");
	address("10.1.2.3", XFF ",\r\n", "10.1.2.3");
	address("10.1.2.3", XFF "1.1.1.1:80\r\n", "10.1.2.3");
	address("10.1.2.3", XFF "1.1.1.1%eth0\r\n", "10.1.2.3");
}

static void
origin(const char *headers, int allowed, const char *answer, int vary)
{
	struct request	 req;

	parse(&req, "", headers);
	assert_int_equal(request_origin(&req, conf, API_POCKETENV), allowed);
	assert_string_equal(req.to.origin, answer);
	assert_int_equal(req.to.vary, vary);
}

static void
test_any_origin(void **state)
{
	(void)state;
	conf_api(NULL);
	origin("", 1, "*", 0);
	origin("Origin: https://a\r\n", 1, "*", 0);
}

static void
test_origins(void **state)
{
	struct request	 req;

	(void)state;
	conf_api("https://app");
	origin("", 1, "", 1);
	origin("Origin: https://app\r\n", 1, "https://app", 1);
	origin("Origin: http://gw:80\r\n", 1, "http://gw:80", 1);
	origin("Origin: https://gw:80\r\n", 1, "https://gw:80", 1);
	origin("Origin: https://gw\r\n", 0, "", 1);
	origin("Origin: null\r\n", 0, "", 1);
	origin("Origin:\r\n", 0, "", 1);
	origin("Origin: https://app.evil\r\n", 0, "", 1);
	origin("Origin: https://app\r\nOrigin: https://app\r\n", 0, "", 1);
	/* Of the service itself: its own pages, and no word of it. */
	parse(&req, "", "Origin: https://app\r\n");
	assert_int_equal(request_origin(&req, conf, 0), 0);
	assert_string_equal(req.to.origin, "");
	assert_int_equal(req.to.vary, 0);
}

static void
token(const char *query, const char *headers, int use, ssize_t len,
    const char *want)
{
	struct request	 req;
	char		 out[TOKEN_MAX + 1];

	parse(&req, query, headers);
	assert_int_equal(request_token(&req, use, out), len);
	if (len > 0)
		assert_string_equal(out, want);
}

#define AUTH	"Authorization: "

static void
test_token(void **state)
{
	(void)state;
	token("", "", 1, REQUEST_TOKEN_NONE, NULL);
	token("", AUTH "Bearer abc\r\n", 1, 3, "abc");
	token("", AUTH "bEARER   abc \r\n", 0, 3, "abc");
	token("", AUTH "Bearer\r\n", 0, REQUEST_TOKEN_NONE, NULL);
	token("", AUTH "Bearer null\r\n", 0, REQUEST_TOKEN_NONE, NULL);
	token("", AUTH "Bearerabc\r\n", 0, REQUEST_TOKEN_NONE, NULL);
	token("", AUTH "Basic abc\r\n", 0, REQUEST_TOKEN_NONE, NULL);
	token("", AUTH "Bearer a\r\n" AUTH "Bearer b\r\n", 0,
	    REQUEST_TOKEN_BAD, NULL);
	token("?token=q", AUTH "Bearer h\r\n", 1, 1, "q");
	token("?token=q", AUTH "Bearer h\r\n", 0, 1, "h");
	token("?token=", AUTH "Bearer h\r\n", 1, 1, "h");
	token("?token=null", AUTH "Bearer h\r\n", 1, 1, "h");
	token("?token=null", "", 1, REQUEST_TOKEN_NONE, NULL);
	token("?token=%zz", AUTH "Bearer h\r\n", 1, REQUEST_TOKEN_BAD, NULL);
	token("?tok%65n=%61", "", 1, 1, "a");
}

static void
test_reply(void **state)
{
	struct reply_to	 to;
	struct reply	 reply;
	char		 head[REPLY_HEAD_MAX], body[REPLY_ERROR_MAX];
	size_t		 n;

	(void)state;
	memset(&to, 0, sizeof(to));
	reply_error(&reply, body, 404, "Not found", NULL);
	assert_string_equal(body, "{\"error\":\"Not found\"}");
	n = reply_head(head, &to, &reply);
	assert_int_equal(n, strlen(head));
	assert_memory_equal(head, "HTTP/1.1 404 Not Found\r\n", 24);
	assert_non_null(strstr(head, "\r\nContent-Length: 21\r\n"));
	assert_null(strstr(head, "Connection"));
	assert_null(strstr(head, "Access-Control"));
	assert_null(strstr(head, "X-RateLimit"));
	reply_error(&reply, body, 400, "a", "b");
	assert_string_equal(body, "{\"error\":\"a\",\"message\":\"b\"}");

	/* The longest head that there can be still fits. */
	to.close = to.vary = to.limited = 1;
	memset(to.origin, 'o', sizeof(to.origin) - 1);
	to.rate.limit = to.rate.remaining = UINT32_MAX;
	reply.extra = memset(buf, 'e', REPLY_EXTRA_MAX - 1);
	buf[REPLY_EXTRA_MAX - 1] = '\0';
	assert_int_not_equal(reply_head(head, &to, &reply), 0);
	assert_int_not_equal(reply_stream(head, &to, 1, "no-cache"),
	    0);
	assert_int_not_equal(reply_upgrade(head, &to, "x",
	    "terminal.v1"), 0);
	/* What does not is no head at all. */
	memset(buf, 'e', REPLY_HEAD_MAX);
	buf[REPLY_HEAD_MAX] = '\0';
	assert_int_equal(reply_head(head, &to, &reply), 0);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test_setup_teardown(test_address, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(test_any_origin, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(test_origins, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(test_token, set_up,
		    tear_down),
		cmocka_unit_test(test_reply)
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
