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

/* links: sessiond/secrets.c proto/base64.c */
/* pkgs: libsodium */

#include "compat.h"

#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "secrets.h"

/*
 * Opens sealed texts the way a worker does, for tests that made them with
 * something else.  open_box [-p public] keyfile ... reads one text a line
 * and prints each plaintext in hex, or what is wrong with it.
 */
int
main(int argc, char **argv)
{
	struct secrets		*s;
	const uint8_t		*p;
	const char		*pub;
	char			*line;
	enum secrets_result	 res;
	size_t			 i, len, size;
	ssize_t			 n;
	unsigned int		 idx;
	int			 ch, fd;

	pub = NULL;
	while ((ch = getopt(argc, argv, "p:")) != -1) {
		if (ch != 'p')
			return (1);
		pub = optarg;
	}
	line = NULL;
	size = 0;
	while ((n = getdelim(&line, &size, '\n', stdin)) != -1) {
		if (n > 0 && line[n - 1] == '\n')
			n--;
		if ((s = secrets_new(0)) == NULL)
			err(1, NULL);
		for (i = (size_t)optind; i < (size_t)argc; i++) {
			if ((fd = open(argv[i], O_RDONLY)) == -1)
				err(1, "%s", argv[i]);
			if (secrets_keys_add(s, fd) != SECRETS_OK)
				errx(1, "%s: not a key", argv[i]);
			close(fd);
		}
		res = secrets_reserve(s, secrets_size((size_t)n));
		if (res == SECRETS_OK)
			res = secrets_open(s, pub, pub != NULL ?
			    strlen(pub) : 0, line, (size_t)n, &idx);
		if (secrets_keys_wipe(s) == -1 || secrets_begin(s) == -1)
			err(1, "mprotect");
		if (res != SECRETS_OK)
			printf("%s", secrets_strerror(res));
		else {
			p = secrets_get(s, idx, &len);
			for (i = 0; i < len; i++)
				printf("%02x", p[i]);
		}
		printf("\n");
		secrets_free(s);
	}
	free(line);
	return (0);
}
