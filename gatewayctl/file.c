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

#include "gatewayctl.h"

static int	 write_all(int, const uint8_t *, size_t);

size_t
file_read(const char *path, void *buf, size_t size, int secret)
{
	struct stat	 st;
	size_t		 len;
	ssize_t		 n;
	int		 fd;

	/* Not to wait for the writer of a fifo. */
	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) == -1)
		err(1, "%s", path);
	if (fstat(fd, &st) == -1)
		err(1, "%s", path);
	if (!S_ISREG(st.st_mode))
		errx(1, "%s: not a regular file", path);
	if (secret && (st.st_mode & (S_IWGRP | S_IRWXO)) != 0)
		errx(1, "%s: mode %04o, others can reach it", path,
		    (unsigned int)st.st_mode & 07777);
	len = 0;
	while (len < size && (n = read(fd, (uint8_t *)buf + len,
	    size - len)) != 0) {
		if (n == -1)
			err(1, "%s", path);
		len += (size_t)n;
	}
	if (st.st_size > (off_t)size)
		errx(1, "%s: longer than %zu bytes", path, size);
	close(fd);
	return (len);
}

size_t
file_chomp(const char *text, size_t len)
{
	return (len > 0 && text[len - 1] == '\n' ? len - 1 : len);
}

/*
 * link(2) puts the finished file in place and, unlike rename(2), does not
 * replace one that is there.
 */
int
file_create(int dirfd, const char *name, const void *data, size_t len,
    mode_t mode)
{
	char	 tmp[64];
	int	 fd, ret, save;

	ret = -1;
	snprintf(tmp, sizeof(tmp), ".%s.%08x", name, arc4random());
	fd = openat(dirfd, tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
	    O_CLOEXEC, 0600);
	if (fd == -1)
		return (-1);
	if (write_all(fd, data, len) == 0 && fchmod(fd, mode) == 0 &&
	    fsync(fd) == 0 && linkat(dirfd, tmp, dirfd, name, 0) == 0)
		ret = 0;
	save = errno;
	close(fd);
	(void)unlinkat(dirfd, tmp, 0);	/* may be gone already */
	errno = save;
	return (ret);
}

static int
write_all(int fd, const uint8_t *data, size_t len)
{
	ssize_t	 n;

	while (len > 0) {
		if ((n = write(fd, data, len)) == -1) {
			if (errno == EINTR)
				continue;
			return (-1);
		}
		data += n;
		len -= (size_t)n;
	}
	return (0);
}
