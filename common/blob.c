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

#include <sys/mman.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "blob.h"

#define SEALS	(F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

int
blob_create(const void *data, size_t len)
{
	const uint8_t	*p;
	ssize_t		 n;
	int		 fd, saved;

	if ((fd = memfd_create("blob", MFD_CLOEXEC | MFD_ALLOW_SEALING)) ==
	    -1)
		return (-1);
	p = data;
	while (len > 0) {
		if ((n = write(fd, p, len)) == -1) {
			if (errno == EINTR)
				continue;
			goto fail;
		}
		p += n;
		len -= (size_t)n;
	}
	if (fcntl(fd, F_ADD_SEALS, SEALS | F_SEAL_SEAL) == -1 ||
	    lseek(fd, 0, SEEK_SET) == -1)
		goto fail;
	return (fd);
 fail:
	saved = errno;
	close(fd);
	errno = saved;
	return (-1);
}

ssize_t
blob_size(int fd, size_t max)
{
	struct stat	 st;
	int		 seals;

	if ((seals = fcntl(fd, F_GET_SEALS)) == -1)
		return (-1);
	if ((seals & SEALS) != SEALS) {
		errno = EPERM;
		return (-1);
	}
	if (fstat(fd, &st) == -1)
		return (-1);
	if (st.st_size < 0 || (uintmax_t)st.st_size > max) {
		errno = EMSGSIZE;
		return (-1);
	}
	return ((ssize_t)st.st_size);
}

int
blob_map(int fd, size_t max, const uint8_t **p, size_t *len)
{
	ssize_t	 n;
	void	*map;

	*p = NULL;
	*len = 0;
	if ((n = blob_size(fd, max)) == -1)
		return (-1);
	if (n == 0)
		return (0);
	if ((map = mmap(NULL, (size_t)n, PROT_READ, MAP_PRIVATE, fd, 0)) ==
	    MAP_FAILED)
		return (-1);
	*p = map;
	*len = (size_t)n;
	return (0);
}

void
blob_unmap(const uint8_t *p, size_t len)
{
	if (p != NULL)
		munmap((void *)(uintptr_t)p, len);
}
