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

#include <stdint.h>
#include <stdio.h>
#include <strings.h>

#include "attach.h"
#include "http.h"

static int	 parse_host(struct url *, const char **, const char **);
static int	 parse_port(struct url *, const char **, const char **);
static int	 parse_prefix(struct url *, const char *, const char **);
static int	 is_unreserved(char);

int
url_parse(struct url *u, const char *text, const char **why)
{
	const char	*p;

	memset(u, 0, sizeof(*u));
	if (strncasecmp(text, "http://", 7) == 0)
		p = text + 7;
	else if (strncasecmp(text, "https://", 8) == 0) {
		u->tls = 1;
		p = text + 8;
	} else {
		*why = "neither http:// nor https://";
		return (-1);
	}
	if (parse_host(u, &p, why) == -1 || parse_port(u, &p, why) == -1 ||
	    parse_prefix(u, p, why) == -1)
		return (-1);
	return (0);
}

/* A name, an address, or an address of IPv6 in brackets. */
static int
parse_host(struct url *u, const char **pp, const char **why)
{
	const char	*p;
	size_t		 n;

	p = *pp;
	*why = "no host that could be one";
	if (*p == '[') {
		n = strspn(++p, "0123456789abcdefABCDEF:.");
		if (p[n] != ']')
			return (-1);
		*pp = p + n + 1;
		u->numeric = 1;
	} else {
		for (n = 0; is_unreserved(p[n]) && p[n] != '~'; n++)
			continue;
		*pp = p + n;
		u->numeric = strspn(p, "0123456789.") == n;
	}
	if (n == 0 || n > HOST_MAX || p[0] == '-')
		return (-1);
	memcpy(u->host, p, n);
	(void)snprintf(u->authority, sizeof(u->authority),
	    strchr(u->host, ':') != NULL ? "[%s]" : "%s", u->host);
	return (0);
}

static int
parse_port(struct url *u, const char **pp, const char **why)
{
	const char	*err, *p;
	size_t		 n;
	char		 digits[6];

	p = *pp;
	(void)strlcpy(u->port, u->tls ? "443" : "80", sizeof(u->port));
	if (*p != ':')
		return (0);
	*why = "not a port";
	n = strspn(++p, "0123456789");
	if (n == 0 || n >= sizeof(digits))
		return (-1);
	memcpy(digits, p, n);
	digits[n] = '\0';
	(void)strtonum(digits, 1, 65535, &err);
	if (err != NULL)
		return (-1);
	*pp = p + n;
	if (strcmp(digits, u->port) == 0)
		return (0);
	(void)strlcpy(u->port, digits, sizeof(u->port));
	(void)strlcat(u->authority, ":", sizeof(u->authority));
	(void)strlcat(u->authority, digits, sizeof(u->authority));
	return (0);
}

static int
parse_prefix(struct url *u, const char *p, const char **why)
{
	size_t	 len;

	len = strlen(p);
	while (len > 0 && p[len - 1] == '/')
		len--;
	if (len == 0)
		return (0);
	*why = "not a path";
	if (len > URL_PREFIX_MAX || !http_path_valid(p, len))
		return (-1);
	memcpy(u->prefix, p, len);
	return (0);
}

int
url_segment(char out[URL_SEGMENT_MAX + 1], const char *name)
{
	static const char	 hex[] = "0123456789ABCDEF";
	unsigned char		 c;
	size_t			 i, n;

	/* These would be taken out of the path on their way. */
	if (*name == '\0' || strcmp(name, ".") == 0 ||
	    strcmp(name, "..") == 0)
		return (-1);
	n = 0;
	for (i = 0; name[i] != '\0'; i++) {
		if (n + 3 > URL_SEGMENT_MAX)
			return (-1);
		c = (unsigned char)name[i];
		if (is_unreserved(name[i]))
			out[n++] = name[i];
		else {
			out[n++] = '%';
			out[n++] = hex[c >> 4];
			out[n++] = hex[c & 0xf];
		}
	}
	out[n] = '\0';
	return (0);
}

static int
is_unreserved(char c)
{
	return ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	    (c >= 'a' && c <= 'z') ||
	    (c != '\0' && strchr("-._~", c) != NULL));
}
