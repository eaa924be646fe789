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

#include <sys/stat.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <sodium.h>

#include "gatewayctl.h"

/* Hex digits of 256 random bits: more than HS256 can make use of. */
#define JWT_SECRET_BYTES	32

/* The files, in the order in which they are made. */
struct keyfile {
	const char	*name;
	mode_t		 mode;
	char		 text[HEX_KEY_DIGITS + 2];	/* newline, NUL */
};

static void	 keys_make(struct keyfile *);
static void	 key_text(struct keyfile *, const uint8_t *, size_t);
static int	 directory(const char *);

void
keygen(const char *dir)
{
	struct keyfile	 files[] = {
		{ "seal.key",	0600, "" },
		{ "seal.pub",	0644, "" },
		{ "jwt.secret",	0600, "" }
	};
	size_t		 i;
	int		 dirfd;

	if (sodium_init() == -1)
		errx(1, "libsodium does not work");
	dirfd = directory(dir);
	for (i = 0; i < nitems(files); i++) {
		if (faccessat(dirfd, files[i].name, F_OK,
		    AT_SYMLINK_NOFOLLOW) == 0)
			errx(1, "%s/%s: already there", dir, files[i].name);
	}
	keys_make(files);
	for (i = 0; i < nitems(files); i++) {
		if (file_create(dirfd, files[i].name, files[i].text,
		    strlen(files[i].text), files[i].mode) == -1)
			break;
	}
	explicit_bzero(files[0].text, sizeof(files[0].text));
	explicit_bzero(files[2].text, sizeof(files[2].text));
	if (i < nitems(files)) {
		warn("%s/%s", dir, files[i].name);
		/* All three or none. */
		while (i-- > 0)
			(void)unlinkat(dirfd, files[i].name, 0);
		exit(1);
	}
	if (fsync(dirfd) == -1)
		err(1, "%s", dir);
	close(dirfd);
}

static void
keys_make(struct keyfile *files)
{
	uint8_t	 key[crypto_box_SECRETKEYBYTES];
	uint8_t	 pub[crypto_box_PUBLICKEYBYTES];
	uint8_t	 secret[JWT_SECRET_BYTES];

	if (crypto_box_keypair(pub, key) != 0)
		errx(1, "cannot make a key");
	randombytes_buf(secret, sizeof(secret));
	key_text(&files[0], key, sizeof(key));
	key_text(&files[1], pub, sizeof(pub));
	key_text(&files[2], secret, sizeof(secret));
	explicit_bzero(key, sizeof(key));
	explicit_bzero(secret, sizeof(secret));
}

static void
key_text(struct keyfile *file, const uint8_t *bin, size_t len)
{
	(void)sodium_bin2hex(file->text, sizeof(file->text), bin, len);
	(void)strlcat(file->text, "\n", sizeof(file->text));
}

/* Make or open it; nobody else may be able to swap files in it. */
static int
directory(const char *dir)
{
	struct stat	 st;
	int		 fd;

	if (mkdir(dir, 0700) == -1 && errno != EEXIST)
		err(1, "%s", dir);
	if ((fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		err(1, "%s", dir);
	if (fstat(fd, &st) == -1)
		err(1, "%s", dir);
	if ((st.st_uid != geteuid() && st.st_uid != 0) ||
	    (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		errx(1, "%s: others can write there", dir);
	return (fd);
}
