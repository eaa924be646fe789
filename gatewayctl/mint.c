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

#include "compat.h"

#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "gatewayctl.h"
#include "token.h"

#define SECONDS_DEFAULT	3600
#define SECONDS_MAX	((long long)1000 * 366 * 86400)

static void	 token_print(const struct token_key *, const char *,
		    int64_t);

void
mint(int argc, char **argv)
{
	struct token_key	 key;
	char			 secret[TOKEN_KEY_MAX];
	const char		*file, *subject, *why;
	int64_t			 seconds;
	int			 ch;

	file = subject = NULL;
	seconds = SECONDS_DEFAULT;
	optind = 1;
	while ((ch = getopt(argc, argv, "+e:k:s:")) != -1) {
		switch (ch) {
		case 'e':
			seconds = strtonum(optarg, 1, SECONDS_MAX, &why);
			if (why != NULL)
				errx(1, "-e %s: %s", optarg, why);
			break;
		case 'k':
			file = optarg;
			break;
		case 's':
			subject = optarg;
			break;
		default:
			usage();
		}
	}
	if (optind != argc || file == NULL || subject == NULL)
		usage();

	memset(&key, 0, sizeof(key));
	key.alg = TOKEN_HS256;
	key.key = (const uint8_t *)secret;
	key.keylen = file_read(file, secret, sizeof(secret), 1);
	key.keylen = file_chomp(secret, key.keylen);
	if (token_key_check(&key, &why) == -1)
		errx(1, "%s: %s", file, why);
	if (why != NULL)
		warnx("%s: %s", file, why);
	token_print(&key, subject, seconds);
	explicit_bzero(secret, sizeof(secret));
}

/* Also checked the way the daemon will, where a subject has its limits. */
static void
token_print(const struct token_key *key, const char *subject,
    int64_t seconds)
{
	static const struct token_policy	 policy = {
		0, 0, TOKEN_ID_ANY
	};
	struct token_claims			 claims;
	char					*text;
	time_t					 now;

	now = time(NULL);
	if (token_init() == -1 ||
	    (text = token_mint(key, subject, now, now + seconds)) == NULL)
		errx(1, "cannot make a token");
	if (token_verify(key, 1, &policy, now, text, strlen(text),
	    &claims) != TOKEN_OK)
		errx(1, "subject is not 1 to %d printable bytes",
		    PRINCIPAL_MAX);
	(void)puts(text);	/* main() looks at stdout */
	free(text);
}
