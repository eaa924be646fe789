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

#include <stdint.h>
#include <string.h>

#include "base64.h"
#include "sshkey.h"

#define BEGIN		"-----BEGIN "
#define OPENSSH_MAGIC	"openssh-key-v1"	/* with its NUL */

/* Enough for what stands before the type in both forms. */
#define HEAD_MAX	256

static const struct {
	const char	*label;
	enum sshkey	 type;
} labels[] = {
	{ "RSA PRIVATE KEY-----",	SSHKEY_RSA },
	{ "DSA PRIVATE KEY-----",	SSHKEY_DSA },
	{ "EC PRIVATE KEY-----",	SSHKEY_ECDSA },
	{ "ENCRYPTED PRIVATE KEY-----",	SSHKEY_HIDDEN }
};

/* Algorithm identifiers of RFC 8017, 5758, 5480 and 8410, in DER. */
static const uint8_t	 oid_rsa[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d,
			    0x01, 0x01, 0x01 };
static const uint8_t	 oid_dsa[] = { 0x2a, 0x86, 0x48, 0xce, 0x38, 0x04,
			    0x01 };
static const uint8_t	 oid_ec[] = { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02,
			    0x01 };
static const uint8_t	 oid_ed25519[] = { 0x2b, 0x65, 0x70 };

struct head {
	uint8_t		 buf[HEAD_MAX];
	size_t		 len;
	size_t		 pos;
};

static int		 starts(const char *, size_t, const char *);
static const char	*find_begin(const char *, size_t);
static void		 decode(struct head *, const char *, size_t);
static enum sshkey	 type_openssh(struct head *);
static enum sshkey	 type_pkcs8(struct head *);
static int		 get_string(struct head *, const uint8_t **,
			    size_t *);
static int		 get_der(struct head *, uint8_t, size_t *);
static int		 is_name(const uint8_t *, size_t, const char *);

enum sshkey
sshkey_type(const char *s, size_t len)
{
	struct head	 head;
	const char	*p;
	enum sshkey	 type;
	size_t		 i, left;

	if ((p = find_begin(s, len)) == NULL)
		return (SSHKEY_NONE);
	p += sizeof(BEGIN) - 1;
	left = len - (p - s);
	for (i = 0; i < nitems(labels); i++) {
		if (starts(p, left, labels[i].label))
			return (labels[i].type);
	}
	if (starts(p, left, "OPENSSH PRIVATE KEY-----")) {
		i = sizeof("OPENSSH PRIVATE KEY-----") - 1;
		decode(&head, p + i, left - i);
		type = type_openssh(&head);
	} else if (starts(p, left, "PRIVATE KEY-----")) {
		i = sizeof("PRIVATE KEY-----") - 1;
		decode(&head, p + i, left - i);
		type = type_pkcs8(&head);
	} else
		return (SSHKEY_NONE);
	/* The end of it may be of the key itself. */
	explicit_bzero(&head, sizeof(head));
	return (type);
}

static int
starts(const char *p, size_t len, const char *with)
{
	size_t	 n;

	n = strlen(with);
	return (len >= n && memcmp(p, with, n) == 0);
}

/* The first line that begins with it: comments may come before. */
static const char *
find_begin(const char *s, size_t len)
{
	const char	*p;
	size_t		 pos;

	pos = 0;
	while (pos < len) {
		if (starts(s + pos, len - pos, BEGIN))
			return (s + pos);
		if ((p = memchr(s + pos, '\n', len - pos)) == NULL)
			break;
		pos = p - s + 1;
	}
	return (NULL);
}

/* As much base64 as fits and as there is, without its line ends. */
static void
decode(struct head *h, const char *p, size_t len)
{
	uint32_t	 bits;
	unsigned int	 nbits;
	size_t		 i;
	int		 v;

	h->len = h->pos = 0;
	bits = nbits = 0;
	for (i = 0; i < len && h->len < sizeof(h->buf); i++) {
		if (p[i] == '\n' || p[i] == '\r')
			continue;
		if ((v = base64_value(p[i])) == -1)
			break;
		bits = (bits << 6 | (uint32_t)v) & 0xffff;
		nbits += 6;
		if (nbits >= 8) {
			nbits -= 8;
			h->buf[h->len++] = bits >> nbits & 0xff;
		}
	}
}

/* Cipher, kdf, its options, number of keys, then the first public key. */
static enum sshkey
type_openssh(struct head *h)
{
	const uint8_t	*p;
	size_t		 n, i;

	if (h->len < sizeof(OPENSSH_MAGIC) ||
	    memcmp(h->buf, OPENSSH_MAGIC, sizeof(OPENSSH_MAGIC)) != 0)
		return (SSHKEY_NONE);
	h->pos = sizeof(OPENSSH_MAGIC);
	for (i = 0; i < 3; i++) {
		if (get_string(h, &p, &n) == -1)
			return (SSHKEY_NONE);
	}
	/* The count, and the length of the blob that begins with its type. */
	if (h->len - h->pos < 8)
		return (SSHKEY_NONE);
	h->pos += 8;
	if (get_string(h, &p, &n) == -1)
		return (SSHKEY_NONE);
	if (is_name(p, n, "ssh-ed25519"))
		return (SSHKEY_ED25519);
	if (is_name(p, n, "ssh-rsa"))
		return (SSHKEY_RSA);
	if (is_name(p, n, "ssh-dss"))
		return (SSHKEY_DSA);
	if (n > 11 && memcmp(p, "ecdsa-sha2-", 11) == 0)
		return (SSHKEY_ECDSA);
	return (SSHKEY_NONE);
}

/* OneAsymmetricKey of RFC 5958: version, then the algorithm. */
static enum sshkey
type_pkcs8(struct head *h)
{
	const uint8_t	*oid;
	size_t		 n;

	if (get_der(h, 0x30, &n) == -1 || get_der(h, 0x02, &n) == -1 ||
	    n > h->len - h->pos)
		return (SSHKEY_NONE);
	h->pos += n;
	if (get_der(h, 0x30, &n) == -1 || get_der(h, 0x06, &n) == -1 ||
	    n > h->len - h->pos)
		return (SSHKEY_NONE);
	oid = h->buf + h->pos;
	if (n == sizeof(oid_rsa) && memcmp(oid, oid_rsa, n) == 0)
		return (SSHKEY_RSA);
	if (n == sizeof(oid_dsa) && memcmp(oid, oid_dsa, n) == 0)
		return (SSHKEY_DSA);
	if (n == sizeof(oid_ec) && memcmp(oid, oid_ec, n) == 0)
		return (SSHKEY_ECDSA);
	if (n == sizeof(oid_ed25519) && memcmp(oid, oid_ed25519, n) == 0)
		return (SSHKEY_ED25519);
	return (SSHKEY_NONE);
}

static int
get_string(struct head *h, const uint8_t **p, size_t *n)
{
	const uint8_t	*l;

	if (h->len - h->pos < 4)
		return (-1);
	l = h->buf + h->pos;
	*n = (size_t)l[0] << 24 | (size_t)l[1] << 16 | (size_t)l[2] << 8 |
	    l[3];
	h->pos += 4;
	if (*n > h->len - h->pos)
		return (-1);
	*p = h->buf + h->pos;
	h->pos += *n;
	return (0);
}

/* A tag and a length of at most 16 bits; what follows may be cut off. */
static int
get_der(struct head *h, uint8_t tag, size_t *n)
{
	const uint8_t	*p;
	size_t		 left;

	left = h->len - h->pos;
	p = h->buf + h->pos;
	if (left < 2 || p[0] != tag)
		return (-1);
	if (p[1] < 0x80) {
		*n = p[1];
		h->pos += 2;
	} else if (p[1] == 0x81 && left >= 3) {
		*n = p[2];
		h->pos += 3;
	} else if (p[1] == 0x82 && left >= 4) {
		*n = (size_t)p[2] << 8 | p[3];
		h->pos += 4;
	} else
		return (-1);
	return (0);
}

static int
is_name(const uint8_t *p, size_t n, const char *name)
{
	return (strlen(name) == n && memcmp(p, name, n) == 0);
}
