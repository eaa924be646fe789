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

#include <sys/types.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "asset_open.h"
#include "blob.h"
#include "conf.h"
#include "log.h"
#include "paths.h"

/*
 * The parent's part of the page.  A frontend may open nothing, so it gets
 * what it serves: each file is copied once, at start and reload, to a blob
 * that all frontends map.  They see a file that is changed in place later
 * neither half written nor cut under their hands.
 */

/* All that web/build.sh makes; a name not listed here is never served. */
static const char *const names[] = {
	"index.html", "page.css", "icon.svg", "licenses.txt",
	"page.js", "api.js", "attach.js", "screen.js", "sessions.js",
	"settings.js", "socket.js",
	"xterm.css", "xterm.mjs", "addon-fit.mjs", "addon-unicode11.mjs",
	"addon-web-links.mjs", "addon-webgl.mjs"
};

static int	 asset_add(struct config *, const char *, const char **);
static int	 asset_file(const char *, struct stat *, const char **);
static int	 asset_copy(int, size_t, const char **);

void
asset_open(struct config *conf)
{
	const char	*why;
	size_t		 i;

	if (!conf->page)
		return;
	for (i = 0; i < nitems(names); i++) {
		if (asset_add(conf, names[i], &why) == 0)
			continue;
		log_warnx("page: %s/%s: %s%s%s", path_web, names[i], why,
		    errno == 0 ? "" : ": ",
		    errno == 0 ? "" : strerror(errno));
		config_assets_free(conf);
		return;
	}
}

static int
asset_add(struct config *conf, const char *name, const char **why)
{
	struct config_asset	*asset;
	struct stat		 st;
	int			 fd;

	if ((fd = asset_file(name, &st, why)) == -1)
		return (-1);
	if ((asset = calloc(1, sizeof(*asset))) == NULL) {
		*why = "cannot be kept";
		(void)close(fd);
		return (-1);
	}
	asset->name = name;
	asset->blob = asset_copy(fd, (size_t)st.st_size, why);
	(void)close(fd);
	if (asset->blob == -1) {
		free(asset);
		return (-1);
	}
	TAILQ_INSERT_TAIL(&conf->assets, asset, entry);
	return (0);
}

/* Open one; on failure errno is 0 where the reason says it all. */
static int
asset_file(const char *name, struct stat *st, const char **why)
{
	char	 path[PATH_TEXT_MAX + 1];
	int	 fd, n;

	errno = 0;
	*why = "path too long";
	n = snprintf(path, sizeof(path), "%s/%s", path_web, name);
	if (n < 0 || (size_t)n >= sizeof(path))
		return (-1);
	*why = "cannot be opened";
	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) == -1)
		return (-1);
	*why = "is not a regular file";
	if (fstat(fd, st) == -1 || !S_ISREG(st->st_mode)) {
		(void)close(fd);
		errno = 0;
		return (-1);
	}
	*why = "is too long";
	if (st->st_size > BLOB_ASSET_MAX) {
		(void)close(fd);
		errno = 0;
		return (-1);
	}
	return (fd);
}

/* What is read is copied, however the file's length changes meanwhile. */
static int
asset_copy(int fd, size_t size, const char **why)
{
	uint8_t	*buf;
	ssize_t	 n;
	size_t	 len;
	int	 blob;

	*why = "cannot be read";
	if ((buf = malloc(size + 1)) == NULL)
		return (-1);
	for (len = 0; len < size; len += (size_t)n) {
		if ((n = read(fd, buf + len, size - len)) > 0)
			continue;
		if (n == -1 && errno == EINTR) {
			n = 0;
			continue;
		}
		if (n == 0)
			errno = EIO;
		free(buf);
		return (-1);
	}
	blob = blob_create(buf, len);
	free(buf);
	return (blob);
}
