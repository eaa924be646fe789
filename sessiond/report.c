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

#include <json-c/json.h>

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "msg_worker.h"
#include "place.h"
#include "report.h"
#include "screen.h"
#include "session.h"
#include "signames.h"
#include "sizes.h"
#include "utf8.h"
#include "worker.h"

#define PLAIN	(JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)

static struct json_object *report_object(const struct place *);
static struct json_object *report_name(const struct place *);
static struct json_object *report_exit(const struct session_end *);
static const char *report_state(const struct session *);
static int	 report_put(struct json_object *, const char *,
		    struct json_object *);
static int	 report_add(struct report *, struct json_object *);
static int	 report_done(struct report *, int);

int
report_session(struct report *r, const struct place *p)
{
	memset(r, 0, sizeof(*r));
	return (report_done(r, report_add(r, report_object(p))));
}

int
report_list(struct report *r, struct worker *w, uint8_t api,
    const char *principal)
{
	struct place	*p;
	int		 ret;

	memset(r, 0, sizeof(*r));
	ret = 0;
	for (p = place_first(w); p != NULL && ret == 0; p = place_next(p)) {
		if (p->api != api || strcmp(p->principal, principal) != 0 ||
		    session_over(p->session))
			continue;
		ret = report_add(r, report_object(p));
	}
	return (report_done(r, ret));
}

int
report_screen(struct report *r, struct session *s, int text)
{
	struct screen	*screen;

	memset(r, 0, sizeof(*r));
	if ((screen = session_screen(s)) == NULL)
		return (-1);
	r->text = text ? screen_text(screen, &r->len) :
	    screen_json(screen, s->parsed, &r->len);
	return (report_done(r, r->text == NULL ? -1 : 0));
}

/* NULL when out of memory. */
static struct json_object *
report_object(const struct place *p)
{
	const struct session	*s = p->session;
	struct json_object	*o;
	int			 ret;

	if ((o = json_object_new_object()) == NULL)
		return (NULL);
	ret = report_put(o, "id", json_object_new_string(p->id));
	if (p->name[0] == '\0')
		ret |= json_object_object_add(o, "name", NULL);
	else
		ret |= report_put(o, "name", report_name(p));
	ret |= report_put(o, "state",
	    json_object_new_string(report_state(s)));
	ret |= report_put(o, "cols", json_object_new_int(s->cols));
	ret |= report_put(o, "rows", json_object_new_int(s->rows));
	ret |= report_put(o, "viewers", json_object_new_int(s->nviewers));
	ret |= report_put(o, "offset", json_object_new_int64(s->ring.head));
	ret |= report_put(o, "started", json_object_new_int64(s->started));
	if (s->state >= SESSION_ENDING && s->end.how != EXIT_UNKNOWN)
		ret |= report_put(o, "exit", report_exit(&s->end));
	if (ret == 0)
		return (o);
	json_object_put(o);
	return (NULL);
}

/* It has come by way of a frontend, which may have let anything through. */
static struct json_object *
report_name(const struct place *p)
{
	uint8_t	 name[3 * SESSION_NAME_MAX];
	size_t	 len;

	len = utf8_text(name, (const uint8_t *)p->name, strlen(p->name));
	return (json_object_new_string_len((const char *)name, (int)len));
}

static struct json_object *
report_exit(const struct session_end *end)
{
	struct json_object	*o;
	char			 buf[SIGNAME_MAX];
	int			 ret;

	if ((o = json_object_new_object()) == NULL)
		return (NULL);
	if (end->how == EXIT_SIGNAL)
		ret = report_put(o, "signal",
		    json_object_new_string(signame(buf, end->code)));
	else
		ret = report_put(o, "code", json_object_new_int(end->code));
	if (ret == 0)
		return (o);
	json_object_put(o);
	return (NULL);
}

static const char *
report_state(const struct session *s)
{
	switch (s->state) {
	case SESSION_STARTING:
		return ("starting");
	case SESSION_RUNNING:
		return ("running");
	default:
		return (s->end.reason == END_EXIT ? "exited" : "lost");
	}
}

/* Add a value, which is taken over: 0, or -1 when out of memory. */
static int
report_put(struct json_object *o, const char *key, struct json_object *value)
{
	if (value != NULL && json_object_object_add(o, key, value) == 0)
		return (0);
	json_object_put(value);
	return (-1);
}

/* Put one more object, which is taken over, behind the text. */
static int
report_add(struct report *r, struct json_object *o)
{
	const char	*s;
	char		*text;
	size_t		 len, sep;

	if (o == NULL ||
	    (s = json_object_to_json_string_length(o, PLAIN, &len)) == NULL ||
	    (text = realloc(r->text, r->len + 1 + len + 1)) == NULL) {
		json_object_put(o);
		errno = ENOMEM;
		return (-1);
	}
	sep = r->len > 0;
	if (sep)
		text[r->len] = ',';
	memcpy(text + r->len + sep, s, len + 1);
	r->text = text;
	r->len += sep + len;
	json_object_put(o);
	return (0);
}

/* Nothing but the whole of it is of use. */
static int
report_done(struct report *r, int ret)
{
	if (ret == 0 && r->len > BLOB_REPORT_MAX) {
		errno = E2BIG;
		ret = -1;
	}
	if (ret == -1) {
		free(r->text);
		r->text = NULL;
	}
	return (ret);
}
