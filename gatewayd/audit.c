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

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "log.h"
#include "parent_part.h"
#include "utf8.h"
#include "util.h"

/*
 * The audit log: one line for each attach, detach and denial, as text of
 * the form key="value" or as one JSON object, by `audit' of the
 * configuration.  What comes from outside stays text that can be read back,
 * and what would not be seen, or make the rest look like something else, is
 * escaped, by both alike.
 */

/* Room for the longest principal, with each byte of it escaped. */
#define LINE_MAX_LEN	(16 * 1024)

/* Denials that one child may have logged each second; more are counted. */
#define DENIALS_MAX	200

/* Of it, what no value takes from those behind it. */
#define LINE_REST	1024

struct line {
	char	 text[LINE_MAX_LEN];
	size_t	 len;
	int	 json;
	int	 first;		/* nothing added yet */
};

static void	 line_begin(struct line *, const struct parent *,
		    const char *);
static void	 line_add(struct line *, const char *, const char *);
static void	 line_number(struct line *, const char *, uint32_t);
static void	 line_append(struct line *, const char *);
static void	 line_bytes(struct line *, const char *, size_t);
static int	 line_plain(unsigned char);
static size_t	 line_char(const char *, uint32_t *);
static int	 line_hidden(uint32_t);
static void	 line_escape(struct line *, uint32_t);
static void	 line_value(struct line *, const char *);
static void	 line_end(struct line *);
static void	 line_viewer(struct line *, const struct viewer *);
static int	 denial_allowed(struct kid *);

static void
line_append(struct line *l, const char *s)
{
	line_bytes(l, s, strlen(s));
}

static void
line_bytes(struct line *l, const char *p, size_t n)
{
	if (n >= sizeof(l->text) - l->len)
		return;
	memcpy(l->text + l->len, p, n);
	l->len += n;
	l->text[l->len] = '\0';
}

static int
line_plain(unsigned char c)
{
	return (c >= ' ' && c < 0x7f && c != '"' && c != '\\');
}

/*
 * The character that s begins with, and its length.  A byte that is not of
 * UTF-8 counts as one of U+DC80 to U+DCFF, which no text in UTF-8 can have.
 */
static size_t
line_char(const char *s, uint32_t *c)
{
	const uint8_t		*p = (const uint8_t *)s;
	struct utf8_state	 st;
	size_t			 n;

	memset(&st, 0, sizeof(st));
	n = 0;
	do {
		if (utf8_feed(&st, p + n, 1) == -1) {
			*c = 0xdc00 | p[0];
			return (1);
		}
		if (n > 0)
			*c = *c << 6 | (p[n] & 0x3f);
		else
			*c = p[0] & (st.need == 0 ? 0x7f : 0x3f >> st.need);
		n++;
	} while (!utf8_complete(&st));
	return (n);
}

/*
 * What has no look of its own, or changes that of others: of Unicode the
 * categories Cc, Zl, Zp and Zs but for the space, and what has the property
 * Default_Ignorable_Code_Point, of which are marks of direction; and bytes.
 */
static int
line_hidden(uint32_t c)
{
	static const struct {
		uint32_t	 first;
		uint32_t	 last;
	}			 hidden[] = {
		{ 0x0000, 0x001f }, { 0x007f, 0x00a0 }, { 0x00ad, 0x00ad },
		{ 0x034f, 0x034f }, { 0x061c, 0x061c }, { 0x115f, 0x1160 },
		{ 0x1680, 0x1680 }, { 0x17b4, 0x17b5 }, { 0x180b, 0x180f },
		{ 0x2000, 0x200f }, { 0x2028, 0x202f }, { 0x205f, 0x206f },
		{ 0x3000, 0x3000 }, { 0x3164, 0x3164 }, { 0xdc80, 0xdcff },
		{ 0xfe00, 0xfe0f }, { 0xfeff, 0xfeff }, { 0xffa0, 0xffa0 },
		{ 0xfff0, 0xfffb }, { 0x1bca0, 0x1bca3 },
		{ 0x1d173, 0x1d17a }, { 0xe0000, 0xe0fff }
	};
	size_t			 i;

	for (i = 0; i < nitems(hidden); i++)
		if (c >= hidden[i].first && c <= hidden[i].last)
			return (1);
	return (0);
}

/* As RFC 8259, 7 says: what is above U+FFFF is a pair of surrogates. */
static void
line_escape(struct line *l, uint32_t c)
{
	char	 out[16];

	if (c == '"' || c == '\\')
		(void)snprintf(out, sizeof(out), "\\%c", (int)c);
	else if (c < 0x10000)
		(void)snprintf(out, sizeof(out), "\\u%04x", c);
	else
		(void)snprintf(out, sizeof(out), "\\u%04x\\u%04x",
		    0xd800 + ((c - 0x10000) >> 10), 0xdc00 + (c & 0x3ff));
	line_append(l, out);
}

/* Between quotes; the same escapes are right in JSON and in text. */
static void
line_value(struct line *l, const char *s)
{
	size_t		 n, room;
	uint32_t	 c;

	line_append(l, "\"");
	/* Leave room for the rest of the line. */
	while (*s != '\0' && sizeof(l->text) - l->len >= LINE_REST) {
		room = sizeof(l->text) - l->len - LINE_REST + 1;
		for (n = 0; n < room && line_plain((unsigned char)s[n]); n++)
			continue;
		line_bytes(l, s, n);
		s += n;
		if (n > 0)
			continue;
		n = line_char(s, &c);
		if (c == '"' || c == '\\' || line_hidden(c))
			line_escape(l, c);
		else
			line_bytes(l, s, n);
		s += n;
	}
	line_append(l, "\"");
}

static void
line_add(struct line *l, const char *key, const char *value)
{
	if (l->json) {
		line_append(l, l->first ? "\"" : ",\"");
		line_append(l, key);
		line_append(l, "\":");
	} else {
		line_append(l, l->first ? "" : " ");
		line_append(l, key);
		line_append(l, "=");
	}
	l->first = 0;
	line_value(l, value);
}

static void
line_number(struct line *l, const char *key, uint32_t n)
{
	char	 text[16];

	(void)snprintf(text, sizeof(text), "%u", n);
	line_add(l, key, text);
}

static void
line_begin(struct line *l, const struct parent *p, const char *event)
{
	char		 now[32];
	struct tm	 tm;
	time_t		 t;

	l->json = p->conf->audit_json;
	l->text[0] = '\0';
	l->len = 0;
	line_append(l, l->json ? "audit: {" : "audit: ");
	l->first = 1;
	t = time(NULL);
	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(now, sizeof(now), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		strlcpy(now, "?", sizeof(now));
	line_add(l, "time", now);
	line_add(l, "event", event);
}

static void
line_end(struct line *l)
{
	if (l->json)
		line_append(l, "}");
	log_long(l->text);
}

static void
line_viewer(struct line *l, const struct viewer *v)
{
	static const char *const	 kinds[] = {
		[DIALECT_SSH] = "ssh", [DIALECT_TTY] = "tty",
		[DIALECT_TERMINAL] = "terminal"
	};

	line_add(l, "principal", v->session->principal);
	line_add(l, "address", v->address);
	line_add(l, "sandbox", v->session->worker->sandbox);
	line_add(l, "session", v->session->id);
	line_add(l, "kind", kinds[v->session->kind]);
	line_number(l, "viewer", v->number);
	line_add(l, "mode", v->mode == MODE_RW ? "rw" : "ro");
}

void
audit_attach(struct parent *p, const struct viewer *v)
{
	struct line	 l;

	line_begin(&l, p, "attach");
	line_viewer(&l, v);
	line_end(&l);
}

void
audit_detach(struct parent *p, const struct viewer *v, uint8_t reason)
{
	static const char *const words[] = {
		[LEAVE_CLIENT] = "client", [LEAVE_ERROR] = "error",
		[LEAVE_SLOW] = "too slow", [LEAVE_PING] = "no answer",
		[LEAVE_END] = "session ended", [LEAVE_REVOKED] = "revoked",
		[LEAVE_OPERATOR] = "operator", [LEAVE_STOP] = "stop"
	};
	struct line		 l;

	line_begin(&l, p, "detach");
	line_viewer(&l, v);
	line_add(&l, "reason", words[reason]);
	line_end(&l);
}

/*
 * Strangers cause denials, and a child that was taken over could report any
 * number: others shall not wait for the log because of it.
 */
static int
denial_allowed(struct kid *k)
{
	unsigned int	 missed;
	int		 allowed;

	allowed = util_ration(&k->denials, DENIALS_MAX, &missed);
	if (missed > 0)
		log_warnx("%s: %u denials not logged", k->name, missed);
	return (allowed);
}

void
audit_denial(struct parent *p, struct kid *k, const struct msg_denial *m)
{
	static const char *const words[] = {
		[DENY_TOKEN] = "invalid token", [DENY_EXPIRED] = "expired",
		[DENY_NOT_FOUND] = "not found", [DENY_LIMIT] = "limit",
		[DENY_DRAINING] = "draining",
		[DENY_UNAVAILABLE] = "unavailable"
	};
	struct line		 l;

	p->n_denials[m->reason]++;
	if (!denial_allowed(k))
		return;
	line_begin(&l, p, "denial");
	line_add(&l, "principal", m->principal);
	line_add(&l, "address", m->address);
	line_add(&l, m->action & (ACTION_OPEN | ACTION_LIST) ? "sandbox" :
	    "session", m->object);
	line_add(&l, "reason", words[m->reason]);
	line_end(&l);
}
