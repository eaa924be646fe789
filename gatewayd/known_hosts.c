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

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base64.h"
#include "hostkey.h"
#include "known_hosts.h"

/* Warnings about one file; who writes more mistakes reads these first. */
#define WARNINGS_MAX	16

/*
 * Answers that are remembered.  Hashed names make a search slow: each is
 * an HMAC of its own, so a file of 30000 takes tens of milliseconds.
 */
#define MEMO_MAX	4096

/* "[" host "]:65535" */
#define NAME_MAX_LEN	(HOST_MAX + 8)

#define SHA1_LEN	20

struct word {
	const char	*p;
	size_t		 len;
};

struct known_line {
	TAILQ_ENTRY(known_line)	 entry;
	struct known_key	 key;
	int			 hashed;
	uint8_t			 salt[SHA1_LEN];
	uint8_t			 mac[SHA1_LEN];
	size_t			 len;
	char			 names[];	/* not terminated */
};
TAILQ_HEAD(known_lines, known_line);

struct known_memo {
	RB_ENTRY(known_memo)	 entry;
	char			 name[NAME_MAX_LEN + 1];
	struct known_key	*keys;
	size_t			 n;
};
RB_HEAD(known_memos, known_memo);

struct known_hosts {
	struct known_lines	 lines;
	size_t			 nlines;
	struct known_memos	 memos;
	size_t			 nmemos;
};

/* While a file is read. */
struct parser {
	struct known_hosts	*kh;
	known_warn		 warn;
	void			*arg;
	size_t			 line;
	size_t			 warnings;
	int			 authorities;
	const char		*why;
};

static int	 memo_cmp(struct known_memo *, struct known_memo *);
static void	 memo_free(struct known_hosts *);
static void	 complain(struct parser *, const char *);
static struct word
		 next_word(struct word *);
static int	 word_is(const struct word *, const char *);
static void	 parse_line(struct parser *, struct word);
static int	 parse_marker(struct parser *, struct word *, uint8_t *);
static int	 parse_key(struct known_key *, struct word);
static const uint8_t
		*blob_string(const uint8_t **, size_t *, size_t *);
static int	 blob_valid(uint8_t, const uint8_t *, size_t);
static int	 parse_hashed(struct known_line *, const struct word *);
static char	 lower(char);
static int	 pattern_match(const char *, size_t, const char *);
static int	 list_match(const char *, size_t, const char *);
static int	 hash_match(const struct known_line *, const char *);
static int	 collect(const struct known_hosts *, const char *,
		    struct known_key *, size_t *);
static int	 name_of(char[NAME_MAX_LEN + 1], const char *, uint16_t);

RB_GENERATE_STATIC(known_memos, known_memo, entry, memo_cmp)

static int
memo_cmp(struct known_memo *a, struct known_memo *b)
{
	return (strcmp(a->name, b->name));
}

static void
memo_free(struct known_hosts *kh)
{
	struct known_memo	*m;

	while ((m = RB_ROOT(&kh->memos)) != NULL) {
		RB_REMOVE(known_memos, &kh->memos, m);
		free(m->keys);
		free(m);
	}
	kh->nmemos = 0;
}

void
known_hosts_free(struct known_hosts *kh)
{
	struct known_line	*l;

	if (kh == NULL)
		return;
	memo_free(kh);
	while ((l = TAILQ_FIRST(&kh->lines)) != NULL) {
		TAILQ_REMOVE(&kh->lines, l, entry);
		free(l);
	}
	free(kh);
}

static void
complain(struct parser *ps, const char *text)
{
	if (ps->warnings > WARNINGS_MAX)
		return;
	if (ps->warnings++ == WARNINGS_MAX)
		text = "skipped, and so may be others from here on";
	ps->warn(ps->line, text, ps->arg);
}

struct known_hosts *
known_hosts_parse(const uint8_t *buf, size_t len, known_warn warn,
    void *arg, const char **why)
{
	struct parser	 ps;
	struct word	 line;
	const char	*p, *end, *nl;

	memset(&ps, 0, sizeof(ps));
	ps.warn = warn;
	ps.arg = arg;
	*why = "too long";
	if (len > KNOWN_FILE_MAX)
		return (NULL);
	*why = "out of memory";
	if ((ps.kh = calloc(1, sizeof(*ps.kh))) == NULL)
		return (NULL);
	TAILQ_INIT(&ps.kh->lines);
	RB_INIT(&ps.kh->memos);
	p = (const char *)buf;
	for (end = p + len; p < end && ps.why == NULL; p = nl + 1) {
		if ((nl = memchr(p, '\n', (size_t)(end - p))) == NULL)
			nl = end;
		line.p = p;
		line.len = (size_t)(nl - p);
		ps.line++;
		parse_line(&ps, line);
		if (nl == end)
			break;
	}
	if (ps.why != NULL) {
		*why = ps.why;
		known_hosts_free(ps.kh);
		return (NULL);
	}
	return (ps.kh);
}

/* Blanks are those of OpenSSH, and what CR LF leaves behind. */
static struct word
next_word(struct word *line)
{
	struct word	 w;

	while (line->len > 0 && memchr(" \t\r", line->p[0], 3) != NULL) {
		line->p++;
		line->len--;
	}
	w.p = line->p;
	while (line->len > 0 && memchr(" \t\r", line->p[0], 3) == NULL) {
		line->p++;
		line->len--;
	}
	w.len = (size_t)(line->p - w.p);
	return (w);
}

static int
word_is(const struct word *w, const char *text)
{
	return (w->len == strlen(text) && memcmp(w->p, text, w->len) == 0);
}

/*
 * [marker] names type key [comment].  Whoever reads of a skipped line must
 * be able to tell that a revocation is not in force.
 */
static void
parse_line(struct parser *ps, struct word line)
{
	struct known_line	*l;
	struct known_key	 key;
	struct word		 names, type;

	if (line.len > KNOWN_LINE_MAX) {
		complain(ps, "too long, skipped");
		return;
	}
	memset(&key, 0, sizeof(key));
	names = next_word(&line);
	if (names.len == 0 || names.p[0] == '#')
		return;
	if (names.p[0] == '@' && parse_marker(ps, &names, &key.revoked) == -1)
		return;
	if (key.revoked)
		names = next_word(&line);
	type = next_word(&line);
	if (names.len == 0 || type.len == 0) {
		complain(ps, "incomplete, skipped");
		return;
	}
	if ((key.type = hostkey_type(type.p, type.len)) == 0)
		return;
	if (parse_key(&key, next_word(&line)) == -1) {
		complain(ps, "malformed key, skipped");
		return;
	}
	if (ps->kh->nlines == KNOWN_LINES_MAX) {
		ps->why = "too many keys";
		return;
	}
	if ((l = calloc(1, sizeof(*l) + names.len)) == NULL) {
		ps->why = "out of memory";
		return;
	}
	l->key = key;
	l->len = names.len;
	memcpy(l->names, names.p, names.len);
	l->hashed = names.p[0] == '|';
	if ((l->hashed && parse_hashed(l, &names) == -1) ||
	    memchr(names.p, '\0', names.len) != NULL) {
		complain(ps, "malformed name, skipped");
		free(l);
		return;
	}
	TAILQ_INSERT_TAIL(&ps->kh->lines, l, entry);
	ps->kh->nlines++;
}

static int
parse_marker(struct parser *ps, struct word *w, uint8_t *revoked)
{
	if (word_is(w, "@revoked")) {
		*revoked = 1;
		return (0);
	}
	if (!word_is(w, "@cert-authority"))
		complain(ps, "unknown marker, skipped");
	else if (!ps->authorities) {
		ps->authorities = 1;
		complain(ps, "@cert-authority: certificates are not "
		    "supported, such lines are skipped");
	}
	return (-1);
}

/* A string as in RFC 4251, 5. */
static const uint8_t *
blob_string(const uint8_t **p, size_t *left, size_t *len)
{
	const uint8_t	*s;

	if (*left < 4)
		return (NULL);
	s = *p;
	*len = (size_t)s[0] << 24 | (size_t)s[1] << 16 | (size_t)s[2] << 8 |
	    s[3];
	s += 4;
	if (*left - 4 < *len)
		return (NULL);
	*p = s + *len;
	*left -= 4 + *len;
	return (s);
}

/* The type again, then one string or two: RFC 4253, 5656, 8709. */
static int
blob_valid(uint8_t type, const uint8_t *p, size_t left)
{
	const uint8_t	*s;
	size_t		 len;

	if ((s = blob_string(&p, &left, &len)) == NULL ||
	    hostkey_type((const char *)s, len) != type)
		return (0);
	if (blob_string(&p, &left, &len) == NULL)
		return (0);
	if (type == HOSTKEY_ED25519)
		return (len == 32 && left == 0);
	return (blob_string(&p, &left, &len) != NULL && left == 0);
}

static int
parse_key(struct known_key *key, struct word w)
{
	SHA2_CTX	 ctx;
	uint8_t		 blob[KNOWN_LINE_MAX / 4 * 3];
	ssize_t		 n;

	if ((n = base64_decode(blob, sizeof(blob), w.p, w.len)) == -1 ||
	    !blob_valid(key->type, blob, (size_t)n))
		return (-1);
	SHA256Init(&ctx);
	SHA256Update(&ctx, blob, (size_t)n);
	SHA256Final(key->hash, &ctx);
	return (0);
}

/* |1|salt|hash: one name only, without patterns. */
static int
parse_hashed(struct known_line *l, const struct word *names)
{
	const char	*p, *sep;
	size_t		 left;

	if (names->len < 3 || memcmp(names->p, "|1|", 3) != 0)
		return (-1);
	p = names->p + 3;
	left = names->len - 3;
	if ((sep = memchr(p, '|', left)) == NULL)
		return (-1);
	left -= (size_t)(sep - p) + 1;
	if (base64_decode(l->salt, SHA1_LEN, p, (size_t)(sep - p)) !=
	    SHA1_LEN || base64_decode(l->mac, SHA1_LEN, sep + 1, left) !=
	    SHA1_LEN)
		return (-1);
	return (0);
}

static char
lower(char c)
{
	return (c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c);
}

/*
 * * is any run of characters, ? any one; brackets mean themselves.  Only the
 * last * is ever tried again: that finds a match if there is one, and takes
 * no more than the product of the lengths.
 */
static int
pattern_match(const char *p, size_t len, const char *s)
{
	const char	*end, *star, *again;

	star = again = NULL;
	end = p + len;
	while (*s != '\0') {
		if (p < end && *p == '*') {
			star = ++p;
			again = s;
		} else if (p < end && (*p == '?' || lower(*p) == *s)) {
			p++;
			s++;
		} else if (star != NULL) {
			p = star;
			s = ++again;
		} else
			return (0);
	}
	while (p < end && *p == '*')
		p++;
	return (p == end);
}

/* Some pattern matches, and none that begins with ! does. */
static int
list_match(const char *list, size_t len, const char *name)
{
	const char	*end, *comma, *p;
	int		 found, not;

	found = 0;
	for (p = list, end = list + len; p < end; p = comma + 1) {
		if ((comma = memchr(p, ',', (size_t)(end - p))) == NULL)
			comma = end;
		if ((not = *p == '!'))
			p++;
		if (comma > p && pattern_match(p, (size_t)(comma - p), name)) {
			if (not)
				return (0);
			found = 1;
		}
		if (comma == end)
			break;
	}
	return (found);
}

static int
hash_match(const struct known_line *l, const char *name)
{
	uint8_t		 mac[EVP_MAX_MD_SIZE];
	unsigned int	 len;

	len = 0;
	if (HMAC(EVP_sha1(), l->salt, SHA1_LEN, (const uint8_t *)name,
	    strlen(name), mac, &len) == NULL || len != SHA1_LEN)
		return (-1);
	return (memcmp(mac, l->mac, SHA1_LEN) == 0);
}

static int
collect(const struct known_hosts *kh, const char *name,
    struct known_key *keys, size_t *n)
{
	struct known_line	*l;
	size_t			 i;
	int			 match;

	*n = 0;
	TAILQ_FOREACH(l, &kh->lines, entry) {
		match = l->hashed ? hash_match(l, name) :
		    list_match(l->names, l->len, name);
		if (match == -1) {
			errno = ENOMEM;
			return (-1);
		}
		if (!match)
			continue;
		for (i = 0; i < *n; i++)
			if (memcmp(&keys[i], &l->key, sizeof(l->key)) == 0)
				break;
		if (i < *n)
			continue;
		if (*n == KNOWN_KEYS_MAX) {
			errno = E2BIG;
			return (-1);
		}
		keys[(*n)++] = l->key;
	}
	return (0);
}

/* The port that SSH has is not written. */
static int
name_of(char name[NAME_MAX_LEN + 1], const char *host, uint16_t port)
{
	char	*p;
	int	 n;

	n = port == 22 ? snprintf(name, NAME_MAX_LEN + 1, "%s", host) :
	    snprintf(name, NAME_MAX_LEN + 1, "[%s]:%u", host, port);
	if (n < 0 || n > NAME_MAX_LEN) {
		errno = EINVAL;
		return (-1);
	}
	for (p = name; *p != '\0'; p++)
		*p = lower(*p);
	return (0);
}

int
known_hosts_lookup(struct known_hosts *kh, const char *host, uint16_t port,
    const struct known_key **keys, size_t *n)
{
	struct known_key	 found[KNOWN_KEYS_MAX];
	struct known_memo	 key, *m;

	if (name_of(key.name, host, port) == -1)
		return (-1);
	if ((m = RB_FIND(known_memos, &kh->memos, &key)) == NULL) {
		if (collect(kh, key.name, found, n) == -1)
			return (-1);
		if (kh->nmemos == MEMO_MAX)
			memo_free(kh);
		if ((m = calloc(1, sizeof(*m))) == NULL)
			return (-1);
		if ((m->keys = calloc(*n + 1, sizeof(*found))) == NULL) {
			free(m);
			return (-1);
		}
		memcpy(m->keys, found, *n * sizeof(*found));
		m->n = *n;
		strlcpy(m->name, key.name, sizeof(m->name));
		RB_INSERT(known_memos, &kh->memos, m);
		kh->nmemos++;
	}
	*keys = m->keys;
	*n = m->n;
	return (0);
}
