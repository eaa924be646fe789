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

#include <string.h>

#include "asset.h"
#include "blob.h"

/* What the end of a name says of the contents. */
static const struct {
	const char	*suffix;
	const char	*type;
} types[] = {
	{ ".html",	"text/html; charset=utf-8" },
	{ ".css",	"text/css; charset=utf-8" },
	{ ".js",	"text/javascript; charset=utf-8" },
	{ ".mjs",	"text/javascript; charset=utf-8" },
	{ ".svg",	"image/svg+xml" },
	{ ".txt",	"text/plain; charset=utf-8" }
};

static const char	*asset_type(const char *);
static void		 asset_etag(struct asset *);

static const char *
asset_type(const char *name)
{
	const char	*suffix;
	size_t		 i;

	if ((suffix = strrchr(name, '.')) == NULL)
		return (NULL);
	for (i = 0; i < nitems(types); i++)
		if (strcmp(suffix, types[i].suffix) == 0)
			return (types[i].type);
	return (NULL);
}

/* Half of a hash: the tag tells versions apart, it proves nothing. */
static void
asset_etag(struct asset *a)
{
	static const char	 hex[] = "0123456789abcdef";
	SHA2_CTX		 ctx;
	uint8_t			 hash[SHA256_DIGEST_LENGTH];
	size_t			 i;
	char			*s;

	SHA256Init(&ctx);
	SHA256Update(&ctx, a->p, a->len);
	SHA256Final(hash, &ctx);
	s = a->etag;
	*s++ = '"';
	for (i = 0; i < sizeof(hash) / 2; i++) {
		*s++ = hex[hash[i] >> 4];
		*s++ = hex[hash[i] & 15];
	}
	*s++ = '"';
	*s = '\0';
}

struct asset *
asset_new(const char *name, int blob, const char **why)
{
	struct asset	*a;
	const char	*type;

	*why = "a file of the page is of no known type";
	if ((type = asset_type(name)) == NULL)
		return (NULL);
	*why = "out of memory";
	if ((a = calloc(1, sizeof(*a))) == NULL)
		return (NULL);
	if (strlcpy(a->name, name, sizeof(a->name)) >= sizeof(a->name) ||
	    blob_map(blob, BLOB_ASSET_MAX, &a->p, &a->len) == -1) {
		*why = "cannot map a file of the page";
		free(a);
		return (NULL);
	}
	a->type = type;
	a->refs = 1;
	asset_etag(a);
	return (a);
}

struct asset *
asset_hold(struct asset *a)
{
	a->refs++;
	return (a);
}

void
asset_release(struct asset *a)
{
	if (a == NULL || --a->refs > 0)
		return;
	blob_unmap(a->p, a->len);
	free(a);
}

/*
 * The header is a list of tags, or "*".  The comparison is the weak one, so
 * a W/ before a tag does not matter; no tag contains another with quotes.
 */
int
asset_matches(const struct asset *a, const char *s, size_t n)
{
	return ((n == 1 && s[0] == '*') ||
	    memmem(s, n, a->etag, strlen(a->etag)) != NULL);
}
