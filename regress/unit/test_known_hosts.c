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

/*
 * Files of known hosts.  What can break: a revocation that is not seen, a
 * name that matches more than it says, a file that makes the search slow.
 */
/* links: gatewayd/known_hosts.c proto/base64.c proto/hostkey.c */
/* pkgs: libcrypto */

#include "compat.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base64.h"
#include "hostkey.h"
#include "known_hosts.h"

/* Keys and hashed lines as ssh-keygen(1) has made them. */
#define ED	"ssh-ed25519 " \
    "AAAAC3NzaC1lZDI1NTE5AAAAINIwdXRTtCs7YWd205EY2LaJ4wO+LDiAE50z" \
    "LAQpr5uz"
#define EC	"ecdsa-sha2-nistp256 " \
    "AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBDmFIvGP" \
    "BMV2jCCR6bHOKsloLGnoWQ8nWK5AYxIcChAhhtEdGstZBCbhD0a3mGIgu8o/" \
    "OjE7zLDD/83XKB2JGd0="
#define RSA	"ssh-rsa " \
    "AAAAB3NzaC1yc2EAAAADAQABAAABAQCfTU2NY2+Xqj2y4uUpOMbq9kpKQRPm" \
    "5+ibGfXaYGIl+pqdXfJtNcwp7vsRL756YrRwTWIp1CEruqV/sv4XNXUtEmUk" \
    "vTWKzKJH0fM04rBdv1F37g9yVuEphb8fSrlgfbM7nACXRte/s9o5LSN9tWgR" \
    "2yxosELefs3v97HC5tvQ7Hu+qD55iuDQGLLigTxjXrl5jI3BQCqPp8Chsp2C" \
    "GYygFrwg+dz2IX3R1eXFEJmq4Tg1/Lqrk4dMrJjH6vka0uSKKE6q5N7/uiFK" \
    "gPEmyMFa4DAVzmPevNwJdkMR8oFrD2O1mRsHvPwgLuthTH5m2v8BK5/5dUrR" \
    "NKQ38qO7JuOt"
#define ED_HASH	"SHA256:OgEp52xvDSOoSFo0pvb8P44nyOVyeb3IGVDu5XfxBls"
#define EC_HASH	"SHA256:FOztYK+5iseN73/uXRcdsMXpdfwUnmUaz17+Ab5w9AE"
#define RSA_HASH "SHA256:qiwSBXZzEUFumYbrI/l1PQU2dABUjLYcFaQf/9MoyhI"
/* box.example.org, and with port 2222. */
#define HASHED_22 \
    "|1|5KokNJjfKNoh0wqx8iuWREVbtzg=|IxqirrjREssLwfD0i1xn5aURzz4="
#define HASHED_2222 \
    "|1|CuEcIN4Roeua4gpGpclasV/nev8=|NSckqIYPSyyNzazU9bus2LVvC78="

/* What came of the last file and the last search. */
static struct known_hosts	*kh;
static const struct known_key	*keys;
static size_t			 nkeys;
static size_t			 nwarn;
static size_t			 warn_line;
static const char		*warn_text;

static void	 warn(size_t, const char *, void *);
static void	 file_of(const char *, size_t);
static void	 file(const char *);
static size_t	 find(const char *, uint16_t);
static void	 is(size_t, uint8_t, const char *, uint8_t);
static void	 skipped(const char *, const char *);
static int	 teardown(void **);
static void	 test_plain(void **);
static void	 test_types(void **);
static void	 test_ports(void **);
static void	 test_patterns(void **);
static void	 test_stars(void **);
static void	 test_negation(void **);
static void	 test_hashed(void **);
static void	 test_markers(void **);
static void	 test_blanks(void **);
static void	 test_malformed(void **);
static void	 test_key_malformed(void **);
static void	 test_long_line(void **);
static void	 test_warnings(void **);
static void	 test_bounds(void **);
static void	 test_many_keys(void **);
static void	 test_memo(void **);
static void	 test_slow(void **);

static void
warn(size_t line, const char *text, void *arg)
{
	assert_ptr_equal(arg, &nwarn);
	nwarn++;
	warn_line = line;
	warn_text = text;
}

static void
file_of(const char *text, size_t len)
{
	const char	*why;
	uint8_t		*p;

	known_hosts_free(kh);
	nwarn = 0;
	/* Of its exact size, so that a sanitizer sees a step beyond. */
	p = malloc(len == 0 ? 1 : len);
	assert_non_null(p);
	memcpy(p, text, len);
	kh = known_hosts_parse(p, len, warn, &nwarn, &why);
	free(p);
	assert_non_null(kh);
}

static void
file(const char *text)
{
	file_of(text, strlen(text));
}

static size_t
find(const char *host, uint16_t port)
{
	assert_int_equal(known_hosts_lookup(kh, host, port, &keys, &nkeys),
	    0);
	return (nkeys);
}

static void
is(size_t i, uint8_t type, const char *fingerprint, uint8_t revoked)
{
	char	 text[FINGERPRINT_LEN + 1];

	assert_true(i < nkeys);
	assert_int_equal(keys[i].type, type);
	fingerprint_put(text, keys[i].hash);
	assert_string_equal(text, fingerprint);
	assert_int_equal(keys[i].revoked, revoked);
}

/* One line with that before the good ones. */
static void
skipped(const char *line, const char *why)
{
	char	 text[8192];

	(void)snprintf(text, sizeof(text), "# one\n%s\nbox " ED "\n", line);
	file(text);
	if (why == NULL)
		assert_int_equal(nwarn, 0);
	else {
		assert_int_equal(nwarn, 1);
		assert_int_equal(warn_line, 2);
		assert_string_equal(warn_text, why);
	}
	assert_int_equal(find("box", 22), 1);
}

static int
teardown(void **state)
{
	(void)state;
	known_hosts_free(kh);
	kh = NULL;
	return (0);
}

static void
test_plain(void **state)
{
	(void)state;
	file("box " ED "\n"
	    "other,10.0.0.5,BoX " EC " somebody@some.where\n"
	    "box.example.org " RSA);
	assert_int_equal(nwarn, 0);
	assert_int_equal(find("box", 22), 2);
	is(0, HOSTKEY_ED25519, ED_HASH, 0);
	is(1, HOSTKEY_ECDSA_256, EC_HASH, 0);
	assert_int_equal(find("BOX", 22), 2);
	assert_int_equal(find("other", 22), 1);
	assert_int_equal(find("10.0.0.5", 22), 1);
	assert_int_equal(find("box.example.org", 22), 1);
	is(0, HOSTKEY_RSA, RSA_HASH, 0);
	assert_int_equal(find("bo", 22), 0);
	assert_int_equal(find("boxx", 22), 0);
	assert_int_equal(find("10.0.0.50", 22), 0);
	assert_int_equal(find("other,10.0.0.5", 22), 0);
	file("");
	assert_int_equal(find("box", 22), 0);
}

static void
test_types(void **state)
{
	(void)state;
	skipped("box ssh-dss AAAAB3NzaC1kc3MAAACBAP", NULL);
	skipped("box sk-ssh-ed25519@openssh.com AAAA", NULL);
	skipped("box 1024 65537 1234567890123", NULL);
	skipped("box ssh-ed25519-cert-v01@openssh.com AAAA", NULL);
}

static void
test_ports(void **state)
{
	(void)state;
	file("box " ED "\n[box]:2222 " EC "\n[::1]:2222,::1 " RSA "\n"
	    "[box]:22 " RSA "\n[*.example.org]:2222 " ED "\n");
	assert_int_equal(find("box", 22), 1);
	is(0, HOSTKEY_ED25519, ED_HASH, 0);
	assert_int_equal(find("box", 2222), 1);
	is(0, HOSTKEY_ECDSA_256, EC_HASH, 0);
	assert_int_equal(find("box", 222), 0);
	assert_int_equal(find("box", 22222), 0);
	assert_int_equal(find("::1", 22), 1);
	assert_int_equal(find("::1", 2222), 1);
	assert_int_equal(find("a.example.org", 22), 0);
	assert_int_equal(find("a.example.org", 2222), 1);
}

static void
test_patterns(void **state)
{
	static const struct {
		const char	*pattern, *host;
		size_t		 n;
	} cases[] = {
		{ "*", "box", 1 }, { "**", "box", 1 }, { "?*", "b", 1 },
		{ "?", "box", 0 }, { "???", "box", 1 }, { "????", "box", 0 },
		{ "b*x", "box", 1 }, { "b*x", "bx", 1 }, { "b*x", "boxy", 0 },
		{ "*.a.b", "x.a.b", 1 }, { "*.a.b", "a.b", 0 },
		{ "*.a.b", "x.y.a.b", 1 }, { "*.a.b", "x.a.b.c", 0 },
		{ "*A.*", "a.b", 1 }, { "b*x*z", "baxbz", 1 },
		{ "*ab", "aab", 1 }, { "a*b*b", "ab", 0 },
		{ "192.168.0.?", "192.168.0.1", 1 },
		{ "192.168.0.?", "192.168.0.10", 0 },
		{ "[box]", "box", 0 }, { "b[o]x", "box", 0 },
		{ ",box", "box", 1 }, { "box,", "box", 1 },
		{ "a,,box", "box", 1 }, { ",", "box", 0 }
	};
	char	 text[1024];
	size_t	 i;

	(void)state;
	for (i = 0; i < nitems(cases); i++) {
		(void)snprintf(text, sizeof(text), "%s " ED,
		    cases[i].pattern);
		file(text);
		if (find(cases[i].host, 22) != cases[i].n)
			fail_msg("%s and %s", cases[i].pattern,
			    cases[i].host);
	}
}

/* Once upon a time each star doubled the work. */
static void
test_stars(void **state)
{
	char	 text[1024], host[HOST_MAX + 1];
	clock_t	 start;
	size_t	 i;

	(void)state;
	for (i = 0; i < 200; i += 2)
		memcpy(text + i, "*a", 2);
	(void)snprintf(text + i, sizeof(text) - i, "b " ED);
	file(text);
	memset(host, 'a', HOST_MAX);
	host[HOST_MAX] = '\0';
	start = clock();
	assert_int_equal(find(host, 22), 0);
	assert_true(clock() - start < CLOCKS_PER_SEC);
}

static void
test_negation(void **state)
{
	(void)state;
	file("*.example.org,!bad.example.org " ED "\n"
	    "!c.example.org,*.example.org " EC "\n"
	    "!x " RSA "\n");
	assert_int_equal(find("a.example.org", 22), 2);
	assert_int_equal(find("bad.example.org", 22), 1);
	is(0, HOSTKEY_ECDSA_256, EC_HASH, 0);
	assert_int_equal(find("c.example.org", 22), 1);
	is(0, HOSTKEY_ED25519, ED_HASH, 0);
	/* Nothing but a negation matches nothing. */
	assert_int_equal(find("y", 22), 0);
}

static void
test_hashed(void **state)
{
	(void)state;
	file(HASHED_22 " " ED "\n" HASHED_2222 " " EC "\n");
	assert_int_equal(nwarn, 0);
	assert_int_equal(find("box.example.org", 22), 1);
	is(0, HOSTKEY_ED25519, ED_HASH, 0);
	assert_int_equal(find("BOX.example.org", 22), 1);
	assert_int_equal(find("box.example.org", 2222), 1);
	is(0, HOSTKEY_ECDSA_256, EC_HASH, 0);
	assert_int_equal(find("box.example.org", 2223), 0);
	assert_int_equal(find("box.example.or", 22), 0);
	file("@revoked " HASHED_22 " " ED "\n");
	assert_int_equal(find("box.example.org", 22), 1);
	is(0, HOSTKEY_ED25519, ED_HASH, 1);
}

static void
test_markers(void **state)
{
	(void)state;
	file("@revoked * " ED "\n@revoked\tbox\t" EC "\nbox " EC "\n");
	assert_int_equal(find("any", 22), 1);
	is(0, HOSTKEY_ED25519, ED_HASH, 1);
	assert_int_equal(find("box", 22), 3);
	is(1, HOSTKEY_ECDSA_256, EC_HASH, 1);
	is(2, HOSTKEY_ECDSA_256, EC_HASH, 0);
	skipped("@cert-authority *.example.org " ED, "@cert-authority: "
	    "certificates are not supported, such lines are skipped");
	file("@cert-authority box " ED "\n@cert-authority box " EC "\n");
	assert_int_equal(nwarn, 1);
	assert_int_equal(find("box", 22), 0);
	skipped("@Revoked box " EC, "unknown marker, skipped");
	skipped("@revokedbox " EC, "unknown marker, skipped");
	skipped("@revoked @revoked", "incomplete, skipped");
	skipped("@ box " EC, "unknown marker, skipped");
}

static void
test_blanks(void **state)
{
	(void)state;
	file("\n   \n\t# box " EC "\n  box\t \t" ED " \r\n"
	    "\r\nbox " EC "\r\n#\n");
	assert_int_equal(nwarn, 0);
	assert_int_equal(find("box", 22), 2);
}

static void
test_malformed(void **state)
{
	static const char	 nul[] = "bo\0x " ED "\nbox " ED "\n";

	(void)state;
	skipped("box", "incomplete, skipped");
	skipped("@revoked", "incomplete, skipped");
	skipped("@revoked box", "incomplete, skipped");
	skipped("|1|x|y " ED, "malformed name, skipped");
	skipped("|1| " ED, "malformed name, skipped");
	skipped("| " ED, "malformed name, skipped");
	skipped(HASHED_22 "," HASHED_2222 " " ED, "malformed name, skipped");
	skipped("|2" HASHED_22 " " ED, "malformed name, skipped");
	skipped("|1|5KokNJjfKNoh0wqx8iuWREVbtzg= " ED,
	    "malformed name, skipped");
	file_of(nul, sizeof(nul) - 1);
	assert_int_equal(nwarn, 1);
	assert_int_equal(find("box", 22), 1);
	assert_int_equal(find("bo", 22), 0);
}

static void
test_key_malformed(void **state)
{
	uint8_t	 blob[64];
	char	 line[256], text[89];
	size_t	 i;

	(void)state;
	skipped("box ssh-ed25519", "malformed key, skipped");
	skipped("box ssh-ed25519 AAAA", "malformed key, skipped");
	skipped("box ssh-ed25519 !", "malformed key, skipped");
	/* The type in the key is another. */
	skipped("box ssh-rsa" ED, NULL);
	(void)snprintf(line, sizeof(line), "box ssh-rsa %s",
	    strchr(ED, ' ') + 1);
	skipped(line, "malformed key, skipped");
	assert_int_equal(base64_decode(blob, sizeof(blob),
	    strchr(ED, ' ') + 1, strlen(ED) - strlen("ssh-ed25519 ")), 51);
	for (i = 0; i < 51; i++) {
		text[base64_encode(text, blob, i)] = '\0';
		(void)snprintf(line, sizeof(line), "box ssh-ed25519 %s",
		    text);
		skipped(line, "malformed key, skipped");
	}
	for (i = 0; i < 19; i++) {
		blob[i] ^= 1;
		text[base64_encode(text, blob, 51)] = '\0';
		blob[i] ^= 1;
		(void)snprintf(line, sizeof(line), "box ssh-ed25519 %s",
		    text);
		skipped(line, "malformed key, skipped");
	}
	blob[51] = 0;
	text[base64_encode(text, blob, 52)] = '\0';
	(void)snprintf(line, sizeof(line), "box ssh-ed25519 %s", text);
	skipped(line, "malformed key, skipped");
}

static void
test_long_line(void **state)
{
	static char	 text[KNOWN_LINE_MAX + 1024];
	size_t		 pad;

	(void)state;
	pad = KNOWN_LINE_MAX - strlen("long ") - strlen(ED);
	memset(text, ' ', sizeof(text));
	memcpy(text, "long", 4);
	(void)snprintf(text + 5 + pad, sizeof(text) - 5 - pad, ED
	    "\nbox " EC "\n");
	file(text);
	assert_int_equal(nwarn, 0);
	assert_int_equal(find("long", 22), 1);
	assert_int_equal(find("box", 22), 1);
	(void)snprintf(text + 6 + pad, sizeof(text) - 6 - pad, ED
	    "\nbox " EC "\n");
	text[5 + pad] = ' ';
	file(text);
	assert_int_equal(nwarn, 1);
	assert_int_equal(warn_line, 1);
	assert_string_equal(warn_text, "too long, skipped");
	assert_int_equal(find("long", 22), 0);
	assert_int_equal(find("box", 22), 1);
}

static void
test_warnings(void **state)
{
	static char	 text[64 * 1024];
	size_t		 i;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	for (i = 1; i < sizeof(text) - 1; i += 2)
		text[i] = '\n';
	file(text);
	assert_int_equal(nwarn, 17);
	assert_int_equal(warn_line, 17);
}

static void
test_bounds(void **state)
{
	const char	*why;
	char		*text;
	size_t		 i, n;

	(void)state;
	text = malloc(KNOWN_FILE_MAX + 1);
	assert_non_null(text);
	memset(text, '\n', KNOWN_FILE_MAX + 1);
	assert_null(known_hosts_parse((uint8_t *)text, KNOWN_FILE_MAX + 1,
	    warn, &nwarn, &why));
	assert_string_equal(why, "too long");
	n = strlen("a " ED "\n");
	assert_true(n * (KNOWN_FILE_MAX / n) > KNOWN_FILE_MAX / 2);
	for (i = 0; i + n <= KNOWN_FILE_MAX; i += n)
		memcpy(text + i, "a " ED "\n", n);
	file_of(text, KNOWN_FILE_MAX);
	assert_int_equal(nwarn, 0);
	/* Each once. */
	assert_int_equal(find("a", 22), 1);
	free(text);
}

/* A revocation must not be lost because there are many. */
static void
test_many_keys(void **state)
{
	static char	 text[256 * 1024];
	uint8_t		 blob[51];
	char		 key[69];
	size_t		 i, pos;

	(void)state;
	assert_int_equal(base64_decode(blob, sizeof(blob),
	    strchr(ED, ' ') + 1, strlen(ED) - strlen("ssh-ed25519 ")), 51);
	for (i = pos = 0; i <= KNOWN_KEYS_MAX; i++) {
		blob[20] = (uint8_t)i;
		blob[21] = (uint8_t)(i >> 8);
		key[base64_encode(key, blob, sizeof(blob))] = '\0';
		pos += (size_t)snprintf(text + pos, sizeof(text) - pos,
		    "@revoked *%s ssh-ed25519 %s\n",
		    i == KNOWN_KEYS_MAX ? "x" : "", key);
	}
	file(text);
	assert_int_equal(nwarn, 0);
	assert_int_equal(find("box.org", 22), KNOWN_KEYS_MAX);
	assert_int_equal(known_hosts_lookup(kh, "box", 22, &keys, &nkeys),
	    -1);
	assert_int_equal(errno, E2BIG);
}

static void
test_memo(void **state)
{
	char	 host[HOST_MAX + 2];
	int	 i, round;

	(void)state;
	file("*7 " ED "\nbox " EC "\n");
	for (round = 0; round < 2; round++)
		for (i = 0; i < 10000; i++) {
			(void)snprintf(host, sizeof(host), "h%d", i);
			assert_int_equal(find(host, 22), i % 10 == 7);
			assert_int_equal(find("box", 22), 1);
		}
	memset(host, 'x', HOST_MAX + 1);
	host[HOST_MAX + 1] = '\0';
	assert_int_equal(known_hosts_lookup(kh, host, 22, &keys, &nkeys), 0);
	host[HOST_MAX] = '\0';
	assert_int_equal(known_hosts_lookup(kh, host, 65535, &keys, &nkeys),
	    0);
}

/* A file full of hashed names is searched once for each host. */
static void
test_slow(void **state)
{
	struct timespec	 a, b;
	char		*text;
	size_t		 i, n;

	(void)state;
	text = malloc(KNOWN_FILE_MAX);
	assert_non_null(text);
	n = strlen(HASHED_2222 " " ED "\n");
	for (i = 0; i + n <= KNOWN_FILE_MAX; i += n)
		memcpy(text + i, HASHED_2222 " " ED "\n", n);
	file_of(text, i);
	(void)clock_gettime(CLOCK_MONOTONIC, &a);
	assert_int_equal(find("box.example.org", 22), 0);
	(void)clock_gettime(CLOCK_MONOTONIC, &b);
	print_message("# %zu hashed names: %ld us\n", i / n,
	    (b.tv_sec - a.tv_sec) * 1000000L +
	    (b.tv_nsec - a.tv_nsec) / 1000);
	for (i = 0; i < 10000; i++)
		assert_int_equal(find("box.example.org", 22), 0);
	assert_int_equal(find("box.example.org", 2222), 1);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_stars),
		cmocka_unit_test(test_negation),
		cmocka_unit_test(test_hashed),
		cmocka_unit_test(test_markers),
		cmocka_unit_test(test_blanks),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_key_malformed),
		cmocka_unit_test(test_long_line),
		cmocka_unit_test(test_warnings),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_many_keys),
		cmocka_unit_test(test_memo),
		cmocka_unit_test(test_slow)
	};

	return (cmocka_run_group_tests(tests, NULL, teardown));
}
