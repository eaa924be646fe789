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

#include "crash.h"

static struct crash	*crash_find(struct crashes *, const char *);
static unsigned int	 crash_wait(const struct crash *);

static struct crash *
crash_find(struct crashes *cs, const char *sandbox)
{
	size_t	 i;

	for (i = 0; i < nitems(cs->table); i++)
		if (strcmp(cs->table[i].sandbox, sandbox) == 0)
			return (&cs->table[i]);
	return (NULL);
}

static unsigned int
crash_wait(const struct crash *c)
{
	unsigned int	 i, wait;

	if (c->n <= CRASH_FREE)
		return (0);
	wait = CRASH_WAIT_MIN;
	for (i = CRASH_FREE + 1; i < c->n && wait < CRASH_WAIT_MAX; i++)
		wait *= 2;
	return (wait < CRASH_WAIT_MAX ? wait : CRASH_WAIT_MAX);
}

unsigned int
crash_note(struct crashes *cs, const char *sandbox, uint64_t now)
{
	struct crash	*c;

	if ((c = crash_find(cs, sandbox)) == NULL) {
		c = &cs->table[cs->next++ % nitems(cs->table)];
		memset(c, 0, sizeof(*c));
		strlcpy(c->sandbox, sandbox, sizeof(c->sandbox));
	} else if (now - c->last >= 2 * CRASH_WAIT_MAX)
		c->n = 0;
	c->n++;
	c->last = now;
	return (crash_wait(c));
}

int
crash_waits(struct crashes *cs, const char *sandbox, uint64_t now)
{
	struct crash	*c;

	return ((c = crash_find(cs, sandbox)) != NULL &&
	    now - c->last < crash_wait(c));
}

void
crash_forget(struct crashes *cs, const char *sandbox)
{
	struct crash	*c;

	if ((c = crash_find(cs, sandbox)) != NULL)
		memset(c, 0, sizeof(*c));
}

void
crash_clear(struct crashes *cs)
{
	memset(cs, 0, sizeof(*cs));
}
