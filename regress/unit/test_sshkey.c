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

/* links: proto/base64.c sessiond/sshkey.c */

#include "compat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sshkey.h"

/*
 * Which type a private key is of decides whether its host is dialed at all:
 * RSA must be seen in every form that ssh-keygen(1) and openssl(1) write.
 * The beginnings below are of keys made by them.
 */
#define OPENSSH	"-----BEGIN OPENSSH PRIVATE KEY-----\n"
#define PKCS8	"-----BEGIN PRIVATE KEY-----\n"

static const struct {
	const char	*text;
	enum sshkey	 type;
} cases[] = {
	{ OPENSSH
	    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAA"
	    "AAtzc2gtZW\n"
	    "QyNTUxOQAAACASZ3zinvdt56lIRJeuoFRxu6jlRlXHWk7qzQYQ2QvtSQAAAI"
	    "gh0XTqIdF0\n"
	    "6gAAAAtzc2gtZWQyNTUxOQAAACASZ3zinvdt56lIRJeuoFRxu6jlRlXHWk7q"
	    "zQYQ2QvtSQ\n", SSHKEY_ED25519 },
	{ OPENSSH
	    "b3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHIAAAAGYmNyeXB0AAAAGAAA"
	    "ABBREzAnEU\n"
	    "O7WxwJDRAP8s76AAAAEAAAAAEAAAAzAAAAC3NzaC1lZDI1NTE5AAAAIEoBDZ"
	    "BNLWrzjOfq\n"
	    "jZmYQRKQB2r6cBYOYsu6lW++R/WkAAAAkNVgR2Y5nCqz+qeSDjbnc5UBwHm2"
	    "31StmOywmf\n", SSHKEY_ED25519 },
	{ OPENSSH
	    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAiAAA"
	    "ABNlY2RzYS\n"
	    "1zaGEyLW5pc3RwMzg0AAAACG5pc3RwMzg0AAAAYQSDt9ZM3xN3sF2Y2yjRru"
	    "ATfmzIeIIZ\n"
	    "zYAH0n+HTBXkcr5kli3Sg26W+C5c8TJwP/dc4GTeZr6UBTJ+0F6nNc17mVlf"
	    "rrlIJab/rT\n", SSHKEY_ECDSA },
	{ OPENSSH
	    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAABFwAA"
	    "AAdzc2gtcn\n"
	    "NhAAAAAwEAAQAAAQEA1NzSZRfiJ3zeghO2x5IjmnADHmXh75pJSsefwEvJQw"
	    "I3Pc1JNgee\n"
	    "zFIvvn78CGK7mfZpGhVp0qhyZYkHVOJPT6flRHzfT5AD5Q4380M4W6M9PXa2"
	    "Ega1I35YYt\n", SSHKEY_RSA },
	{ OPENSSH
	    "b3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHIAAAAGYmNyeXB0AAAAGAAA"
	    "ABDyF0lh6i\n"
	    "2ze4Gz9IcrkHILAAAAEAAAAAEAAAEXAAAAB3NzaC1yc2EAAAADAQABAAABAQ"
	    "DFmNX7I33T\n"
	    "QTfh02DmExk7swhb9m26m7BY8DTmAbrrOeVsQCvxZDhaqXN+FXU64DlSHZgK"
	    "HtG9xE+98B\n", SSHKEY_RSA },
	{ PKCS8
	    "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj\n", SSHKEY_RSA },
	{ PKCS8
	    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0w\n", SSHKEY_ECDSA },
	{ PKCS8
	    "MC4CAQAwBQYDK2VwBCIEIA8V\n", SSHKEY_ED25519 },
	{ PKCS8
	    "MC4CAQAwBQYDK2VuBCIEINiV\n", SSHKEY_NONE },
	{ "-----BEGIN RSA PRIVATE KEY-----\n", SSHKEY_RSA },
	{ "-----BEGIN RSA PRIVATE KEY-----\r\nProc-Type: 4,ENCRYPTED\r\n",
	    SSHKEY_RSA },
	{ "-----BEGIN DSA PRIVATE KEY-----\n", SSHKEY_DSA },
	{ "-----BEGIN EC PRIVATE KEY-----\n", SSHKEY_ECDSA },
	{ "-----BEGIN ENCRYPTED PRIVATE KEY-----\n", SSHKEY_HIDDEN },
	{ "", SSHKEY_NONE },
	{ "-----BEGIN ", SSHKEY_NONE },
	{ "-----BEGIN PUBLIC KEY-----\n", SSHKEY_NONE },
	{ "-----BEGIN PRIVATE KEY----", SSHKEY_NONE },
	{ " -----BEGIN RSA PRIVATE KEY-----\n", SSHKEY_NONE },
	{ "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI\n", SSHKEY_NONE },
	{ OPENSSH, SSHKEY_NONE },
	{ OPENSSH "b3BlbnNzaC1rZXk=\n", SSHKEY_NONE },
	{ PKCS8 "MC4CAQA=\n", SSHKEY_NONE },
	{ PKCS8 "////////////\n", SSHKEY_NONE }
};

static void
test_types(void **state)
{
	size_t	 i;

	(void)state;
	for (i = 0; i < nitems(cases); i++)
		assert_int_equal(sshkey_type(cases[i].text,
		    strlen(cases[i].text)), cases[i].type);
}

/* Text before the key, as openssl(1) writes it, and none of it a key. */
static void
test_preamble(void **state)
{
	static const char	 text[] = "Bag Attributes\n    x: 01\n"
				    "-----BEGIN RSA PRIVATE KEY-----\n";

	(void)state;
	assert_int_equal(sshkey_type(text, sizeof(text) - 1), SSHKEY_RSA);
}

/* However a key is cut, nothing is read behind the cut. */
static void
test_cut(void **state)
{
	char	*copy;
	size_t	 i, len, n;

	(void)state;
	for (i = 0; i < nitems(cases); i++) {
		len = strlen(cases[i].text);
		for (n = 0; n < len; n++) {
			copy = malloc(n == 0 ? 1 : n);
			assert_non_null(copy);
			memcpy(copy, cases[i].text, n);
			(void)sshkey_type(copy, n);
			free(copy);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_preamble),
		cmocka_unit_test(test_cut)
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
