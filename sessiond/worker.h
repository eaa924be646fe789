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

#ifndef GATEWAYD_SESSIOND_WORKER_H
#define GATEWAYD_SESSIOND_WORKER_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "grant.h"
#include "msg_conf.h"
#include "msg_worker.h"
#include "place.h"
#include "session.h"

struct chan;
struct driver;
struct event_base;
struct imsg;
struct opened;
struct worker;

/* A frontend, as far as it has a channel to us. */
struct front {
	TAILQ_ENTRY(front)	 entry;
	struct worker		*worker;
	struct chan		*chan;
	uint32_t		 number;	/* 0: it has another */
};

/* The whole state of this process. */
struct worker {
	struct event_base	*base;
	struct chan		*parent;
	struct opened		*opened;	/* the record */
	struct target		 target;
	struct msg_limits	 timeouts;
	void			*upstream;	/* of upstream_*.c */
	struct session_limits	 limits;
	int			 limited;	/* LIMITS has come */
	struct places		 places;
	unsigned int		 nplaces;
	struct places_kept	 kept;		/* the oldest first */
	unsigned int		 ntold;		/* SESSION_EXIT, no END yet */
	struct place_gone	 gone[PLACE_GONE_MAX];
	size_t			 ngone;		/* in all, ever */
	TAILQ_HEAD(, front)	 fronts;
	struct grants		 grants;
	int			 keys[16];	/* until the record comes */
	size_t			 nkeys;
	int			 keyfile;
	int			 stopping;
	struct event		 ev_exit;
};

/* sessiond.c */
struct driver	*worker_driver(struct worker *, const char *session);

/* The parent's view of us must not go wrong: ends the process if it would. */
void		 worker_tell(struct worker *, struct imsg *);

/* Sessions have come or gone. */
void		 worker_busy(struct worker *);
void		 worker_check_exit(struct worker *);

/* front.c: what frontends ask for */
void		 front_new(struct worker *, uint32_t, int);

#endif
