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
#include <string.h>
#include <unistd.h>

#include "hostkey.h"
#include "learned.h"
#include "log.h"

/* Sandbox, host, port, type and fingerprint, with room for blanks. */
#define LINE_LEN_MAX	1024

/* Warnings about lines; who has more of them will look at the file. */
#define WARNINGS_MAX	16

/* Room for the two names is right behind. */
struct learned_line {
	RB_ENTRY(learned_line)	 entry;
	const char		*sandbox;
	const char		*host;
	uint16_t		 port;
	struct learned_key	 key;
	char			 text[];
};
RB_HEAD(learned_tree, learned_line);

struct learned {
	struct learned_tree	 tree;
	size_t			 n;
	int			 fd;
	off_t			 end;	/* of what has been read */
	size_t			 line;	/* number of the last one read */
	size_t			 warnings;
	int			 failed;	/* has been said */
};

static int	 host_cmp(const struct learned_line *,
		    const struct learned_line *);
static int	 line_cmp(struct learned_line *, struct learned_line *);
static const char
		*line_insert(struct learned *, const struct msg_learn *);
static void	 complain(struct learned *);
static int	 word(char **, char *, size_t);
static int	 port_get(uint16_t *, const char *);
static int	 host_valid(const char *);
static int	 line_get(struct msg_learn *, char *);
static const char
		*line_read(struct learned *, const char *, size_t);
static const char
		*lines_read(struct learned *, const char *, size_t, int);
static const char
		*learned_read(struct learned *, off_t, int);
static int	 learned_sync(struct learned *);
static int	 newline_missing(const struct learned *);
static int	 learned_append(struct learned *, const struct msg_learn *);

RB_GENERATE_STATIC(learned_tree, learned_line, entry, line_cmp)

static int
host_cmp(const struct learned_line *a, const struct learned_line *b)
{
	int	 r;

	if ((r = strcmp(a->sandbox, b->sandbox)) != 0 ||
	    (r = strcmp(a->host, b->host)) != 0)
		return (r);
	return (a->port < b->port ? -1 : a->port > b->port);
}

static int
line_cmp(struct learned_line *a, struct learned_line *b)
{
	int	 r;

	if ((r = host_cmp(a, b)) != 0)
		return (r);
	if (a->key.type != b->key.type)
		return (a->key.type < b->key.type ? -1 : 1);
	return (memcmp(a->key.hash, b->key.hash, sizeof(a->key.hash)));
}

/* Returns NULL, also for one that is there, or why it cannot be added. */
static const char *
line_insert(struct learned *ln, const struct msg_learn *m)
{
	struct learned_line	*l;
	char			*host;
	size_t			 slen, hlen;

	slen = strlen(m->sandbox) + 1;
	hlen = strlen(m->host) + 1;
	if ((l = calloc(1, sizeof(*l) + slen + hlen)) == NULL)
		return ("out of memory");
	host = l->text + slen;
	memcpy(l->text, m->sandbox, slen);
	memcpy(host, m->host, hlen);
	l->sandbox = l->text;
	l->host = host;
	l->port = m->port;
	l->key.type = m->type;
	memcpy(l->key.hash, m->hash, sizeof(l->key.hash));
	if (RB_INSERT(learned_tree, &ln->tree, l) != NULL) {
		free(l);
		return (NULL);
	}
	if (ln->n == LEARNED_KEYS_MAX) {
		RB_REMOVE(learned_tree, &ln->tree, l);
		free(l);
		return ("too many keys");
	}
	ln->n++;
	return (NULL);
}

static void
complain(struct learned *ln)
{
	if (ln->warnings++ < WARNINGS_MAX)
		log_warnx("learned hosts: line %zu is malformed, skipped",
		    ln->line);
	else if (ln->warnings == WARNINGS_MAX + 1)
		log_warnx("learned hosts: more lines are malformed");
}

/* The next word of a line, cut off there; at most size - 1 characters. */
static int
word(char **line, char *buf, size_t size)
{
	char	*p;

	do
		p = strsep(line, " \t");
	while (p != NULL && *p == '\0');
	return (p == NULL || strlcpy(buf, p, size) >= size ? -1 : 0);
}

static int
port_get(uint16_t *port, const char *text)
{
	const char	*errstr;

	/* strtonum(3) takes signs, too. */
	if (text[strspn(text, "0123456789")] != '\0')
		return (-1);
	*port = (uint16_t)strtonum(text, 1, UINT16_MAX, &errstr);
	return (errstr == NULL ? 0 : -1);
}

/* One word without capitals; what else a name is made of does not matter. */
static int
host_valid(const char *host)
{
	const char	*p;

	for (p = host; *p != '\0'; p++)
		if (*p <= ' ' || *p > '~' || (*p >= 'A' && *p <= 'Z'))
			return (0);
	return (p > host);
}

static int
line_get(struct msg_learn *m, char *line)
{
	char	 port[8], type[32], hash[FINGERPRINT_LEN + 1], rest[2];

	memset(m, 0, sizeof(*m));
	if (word(&line, m->sandbox, sizeof(m->sandbox)) == -1 ||
	    word(&line, m->host, sizeof(m->host)) == -1 ||
	    !host_valid(m->host) ||
	    word(&line, port, sizeof(port)) == -1 ||
	    port_get(&m->port, port) == -1 ||
	    word(&line, type, sizeof(type)) == -1 ||
	    (m->type = hostkey_type(type, strlen(type))) == 0 ||
	    word(&line, hash, sizeof(hash)) == -1 ||
	    fingerprint_get(m->hash, hash, strlen(hash)) == -1)
		return (-1);
	rest[0] = '\0';
	(void)word(&line, rest, sizeof(rest));
	return (rest[0] == '\0' ? 0 : -1);
}

/* Returns NULL, or why there can be no more. */
static const char *
line_read(struct learned *ln, const char *p, size_t len)
{
	struct msg_learn	 m;
	char			 line[LINE_LEN_MAX];

	ln->line++;
	if (len > 0 && p[len - 1] == '\r')
		len--;
	if (len == 0 || p[0] == '#')
		return (NULL);
	if (len >= sizeof(line) || memchr(p, '\0', len) != NULL) {
		complain(ln);
		return (NULL);
	}
	memcpy(line, p, len);
	line[len] = '\0';
	if (line[strspn(line, " \t")] == '\0')
		return (NULL);
	if (line_get(&m, line) == -1) {
		complain(ln);
		return (NULL);
	}
	return (line_insert(ln, &m));
}

/*
 * The last line may be without its end.  At the start that is a whole line
 * of somebody's editor, or one torn off when the machine stopped; later it
 * is half of one that could not be written, and read when it has an end.
 */
static const char *
lines_read(struct learned *ln, const char *p, size_t len, int start)
{
	const char	*nl, *why;
	size_t		 n;

	while (len > 0) {
		nl = memchr(p, '\n', len);
		if (nl == NULL && !start)
			break;
		n = nl == NULL ? len : (size_t)(nl - p);
		if ((why = line_read(ln, p, n)) != NULL)
			return (why);
		if (nl != NULL)
			n++;
		ln->end += (off_t)n;
		p += n;
		len -= n;
	}
	return (NULL);
}

/* From where the last reading ended to the end of the file. */
static const char *
learned_read(struct learned *ln, off_t size, int start)
{
	const char	*why;
	char		*buf;
	size_t		 len, want;
	ssize_t		 n;

	if (size > LEARNED_FILE_MAX)
		return ("too long");
	if (size <= ln->end)
		return (NULL);
	want = (size_t)(size - ln->end);
	if ((buf = malloc(want)) == NULL)
		return ("out of memory");
	for (len = 0; len < want; len += (size_t)n) {
		do
			n = pread(ln->fd, buf + len, want - len,
			    ln->end + (off_t)len);
		while (n == -1 && errno == EINTR);
		if (n == -1) {
			free(buf);
			return (strerror(errno));
		}
		if (n == 0)
			break;
	}
	why = lines_read(ln, buf, len, start);
	free(buf);
	return (why);
}

struct learned *
learned_open(int fd, const char **why)
{
	struct learned	*ln;
	struct stat	 st;
	int		 flags;

	*why = "not a regular file";
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode))
		return (NULL);
	*why = "not open for reading and appending";
	if ((flags = fcntl(fd, F_GETFL)) == -1 ||
	    (flags & O_ACCMODE) != O_RDWR || (flags & O_APPEND) == 0)
		return (NULL);
	*why = "out of memory";
	if ((ln = calloc(1, sizeof(*ln))) == NULL)
		return (NULL);
	RB_INIT(&ln->tree);
	*why = "out of descriptors";
	if ((ln->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0)) == -1 ||
	    (*why = learned_read(ln, st.st_size, 1)) != NULL) {
		learned_close(ln);
		return (NULL);
	}
	return (ln);
}

void
learned_close(struct learned *ln)
{
	struct learned_line	*l;

	if (ln == NULL)
		return;
	while ((l = RB_ROOT(&ln->tree)) != NULL) {
		RB_REMOVE(learned_tree, &ln->tree, l);
		free(l);
	}
	if (ln->fd != -1)
		close(ln->fd);
	free(ln);
}

/*
 * Of one file there may be two of these, while a configuration is looked at
 * and another is in force: what one has appended the other must know.
 */
static int
learned_sync(struct learned *ln)
{
	struct stat	 st;
	const char	*why;

	why = NULL;
	if (fstat(ln->fd, &st) == -1)
		why = strerror(errno);
	else if (st.st_size < ln->end)
		ln->end = st.st_size;
	else
		why = learned_read(ln, st.st_size, 0);
	if (why != NULL && !ln->failed)
		log_warnx("learned hosts: %s", why);
	ln->failed = why != NULL;
	return (why == NULL ? 0 : -1);
}

size_t
learned_find(struct learned *ln, const char *sandbox, const char *host,
    uint16_t port, struct learned_key keys[LEARNED_HOST_MAX])
{
	struct learned_line	*l, key;
	size_t			 n;

	(void)learned_sync(ln);
	memset(&key, 0, sizeof(key));
	key.sandbox = sandbox;
	key.host = host;
	key.port = port;
	n = 0;
	for (l = RB_NFIND(learned_tree, &ln->tree, &key);
	    l != NULL && n < LEARNED_HOST_MAX && host_cmp(l, &key) == 0;
	    l = RB_NEXT(learned_tree, &ln->tree, l))
		keys[n++] = l->key;
	return (n);
}

int
learned_add(struct learned *ln, const struct msg_learn *m)
{
	struct learned_key	 keys[LEARNED_HOST_MAX];
	size_t			 i, n;
	const char		*why;

	if (!host_valid(m->host))
		return (LEARN_REFUSED);
	if (learned_sync(ln) == -1)
		return (LEARN_STORE);
	n = learned_find(ln, m->sandbox, m->host, m->port, keys);
	for (i = 0; i < n; i++)
		if (keys[i].type == m->type && memcmp(keys[i].hash, m->hash,
		    sizeof(m->hash)) == 0)
			return (0);
	if (n > 0)
		return (LEARN_OTHER);
	if (ln->n == LEARNED_KEYS_MAX) {
		log_warnx("learned hosts: %d keys, it takes no more",
		    LEARNED_KEYS_MAX);
		return (LEARN_STORE);
	}
	if (learned_append(ln, m) == -1) {
		log_warn("learned hosts");
		return (LEARN_STORE);
	}
	if ((why = line_insert(ln, m)) != NULL) {
		log_warnx("learned hosts: %s", why);
		return (LEARN_STORE);
	}
	return (0);
}

/* Then half a line would become one with what is appended. */
static int
newline_missing(const struct learned *ln)
{
	struct stat	 st;
	char		 last;

	if (fstat(ln->fd, &st) == -1)
		return (-1);
	if (st.st_size == 0)
		return (0);
	if (pread(ln->fd, &last, 1, st.st_size - 1) != 1)
		return (-1);
	return (last != '\n');
}

/*
 * In one write, so that whoever reads meanwhile sees nothing or all.  The
 * next reading passes over what is here already.
 */
static int
learned_append(struct learned *ln, const struct msg_learn *m)
{
	char	 line[LINE_LEN_MAX], hash[FINGERPRINT_LEN + 1];
	ssize_t	 r;
	int	 missing, n;

	if ((missing = newline_missing(ln)) == -1)
		return (-1);
	fingerprint_put(hash, m->hash);
	n = snprintf(line, sizeof(line), "%s%s %s %u %s %s\n",
	    missing ? "\n" : "", m->sandbox, m->host, m->port,
	    hostkey_name(m->type), hash);
	if (n < 0 || (size_t)n >= sizeof(line) ||
	    ln->end + n > LEARNED_FILE_MAX) {
		errno = EFBIG;
		return (-1);
	}
	do
		r = write(ln->fd, line, (size_t)n);
	while (r == -1 && errno == EINTR);
	if (r != -1 && r != n) {
		errno = ENOSPC;
		r = -1;
	}
	return (r == -1 || fdatasync(ln->fd) == -1 ? -1 : 0);
}
