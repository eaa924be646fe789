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

#include <string.h>

#include "chan.h"
#include "imsg.h"
#include "log.h"
#include "staging.h"

static void	 staging_state(struct staging *, uint16_t);
static void	 staging_end(struct staging *);

void
staging_init(struct staging *s, const struct staging_ops *ops,
    struct chan *parent)
{
	s->ops = ops;
	s->parent = parent;
	s->next = NULL;
}

void
staging_free(struct staging *s)
{
	if (s->next != NULL)
		s->ops->free(s->next);
	s->next = NULL;
}

void
staging_take(struct staging *s, struct imsg *im)
{
	void	*conf;

	switch (im->type) {
	case IMSG_CONF_BEGIN:
		/* Also in place of one that was given up half way. */
		staging_free(s);
		s->next = s->ops->begin();
		staging_state(s, MS_CONF);
		break;
	case IMSG_CONF_END:
		staging_end(s);
		break;
	case IMSG_CONF_SWITCH:
		conf = s->next;
		s->next = NULL;
		s->ops->use(conf);
		staging_state(s, 0);
		log_debug("configuration in force");
		break;
	case IMSG_CONF_DROP:
		staging_free(s);
		staging_state(s, 0);
		break;
	default:
		if (s->next != NULL)
			s->ops->add(s->next, im);
		break;
	}
}

/* How far it is, beside whether we run. */
static void
staging_state(struct staging *s, uint16_t state)
{
	chan_set_state(s->parent, (chan_state(s->parent) &
	    (uint16_t)~(MS_CONF | MS_STAGED)) | state);
}

static void
staging_end(struct staging *s)
{
	struct imsg	 im;
	const char	*why;

	why = s->next == NULL ? "out of memory" : s->ops->check(s->next);
	imsg_init(&im, why == NULL ? IMSG_CONF_OK : IMSG_CONF_FAIL, 0);
	if (why != NULL) {
		strlcpy(im.m.fail.reason, why, sizeof(im.m.fail.reason));
		staging_free(s);
	}
	staging_state(s, why == NULL ? MS_STAGED : 0);
	if (chan_send(s->parent, &im) == -1)
		fatal("cannot answer the parent");
}
