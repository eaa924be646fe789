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
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chan.h"
#include "front.h"
#include "grant.h"
#include "log.h"
#include "util.h"
#include "worker.h"

/*
 * What frontends ask for.  A frontend parses what strangers send, so it may
 * have been taken over: nothing is done without a grant of the parent for
 * this very channel, and what it says wrong ends its channel only.
 */

static void	 front_dispatch(struct chan *, struct imsg *, void *);
static void	 front_closed(struct chan *, const char *, void *);

/*
 * A frontend that lost its channel to us is given another, and we may read
 * of it before we read the end of the one before.  We end that ourselves, for
 * else a bad frontend could have any number; but not at once, for its message
 * may be what we are at.  Until then it is nobody's.
 */
void
front_new(struct worker *w, uint32_t number, int fd)
{
	struct front	*f;

	if ((f = front_find(w, number)) != NULL) {
		grant_drop_channel(&w->grants, number);
		f->number = 0;
		chan_shutdown(f->chan);
	}
	if ((f = calloc(1, sizeof(*f))) == NULL ||
	    (f->chan = chan_new(w->base, fd, &frontend_to_worker,
	    &worker_to_frontend, front_dispatch, front_closed, f)) == NULL) {
		log_warn("channel of frontend %u", number);
		free(f);
		close(fd);
		return;
	}
	f->worker = w;
	f->number = number;
	chan_set_state(f->chan, MS_RUN);
	TAILQ_INSERT_TAIL(&w->fronts, f, entry);
}

struct front *
front_find(struct worker *w, uint32_t number)
{
	struct front	*f;

	TAILQ_FOREACH(f, &w->fronts, entry) {
		if (f->number == number)
			return (f);
	}
	return (NULL);
}

/* Its clients are ours and stay; what it might still have done does not. */
static void
front_closed(struct chan *c, const char *why, void *arg)
{
	struct front	*f = arg;

	if (why != NULL)
		log_warnx("frontend %u: %s", f->number, why);
	grant_drop_channel(&f->worker->grants, f->number);
	TAILQ_REMOVE(&f->worker->fronts, f, entry);
	chan_free(c);
	free(f);
}

static void
front_dispatch(struct chan *c, struct imsg *im, void *arg)
{
	struct front	*f = arg;

	(void)c;
	/* The channel's table lets nothing else through. */
	switch (im->type) {
	case IMSG_OPEN:
		front_open(f, im);
		break;
	case IMSG_ATTACH:
		front_attach(f, im);
		break;
	default:
		front_call(f, im);
		break;
	}
}

/*
 * Checks and answers
 */

/*
 * The parent says what is granted before it answers the frontend, but on
 * another channel: an unknown grant may be one that we have not read yet.
 */
int
front_granted(struct front *f, const uint8_t *id, uint16_t action,
    const uint8_t *hash, struct grant *g)
{
	struct worker	*w = f->worker;

	if (grant_use(&w->grants, id, f->number, action, hash, util_now(),
	    g) == 0)
		return (0);
	chan_drain(w->parent);
	return (grant_use(&w->grants, id, f->number, action, hash,
	    util_now(), g));
}

void
front_answer(struct front *f, uint16_t type, uint32_t id)
{
	struct imsg	 im;

	imsg_init(&im, type, id);
	front_send(f, &im);
}

void
front_refuse(struct front *f, uint16_t type, uint32_t id, int reason)
{
	struct imsg	 im;

	imsg_init(&im, type, id);
	im.m.call_fail.reason = reason;
	front_send(f, &im);
}

/* A frontend that does not read its answers has to do without. */
void
front_send(struct front *f, struct imsg *im)
{
	if (chan_send(f->chan, im) == -1)
		log_warn("%s to frontend %u", msg_name(im->type), f->number);
}
