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

#ifndef GATEWAYD_GATEWAYD_PARENT_H
#define GATEWAYD_GATEWAYD_PARENT_H

#include "conf_load.h"
#include "crash.h"
#include "kid.h"
#include "session_table.h"

struct event;
struct event_base;
struct reload;

/*
 * All state of the parent.  It never parses anything but its own
 * configuration and messages of fixed layout, and maps no record.
 */
struct slot {
	enum role		 role;
	uid_t			 uid;
	gid_t			 gid;
	struct kid		*kid;		/* NULL: waiting for its turn */
	uint32_t		 restarts;
	uint32_t		 backoff;	/* milliseconds, 0: ran well */
	struct event		*ev_respawn;
	int			 unlinked;	/* frontend: to the catalog */
	struct parent		*p;
	struct msg_front_stats	 stats;		/* of a frontend, last said */
	struct msg_front_stats	 past;		/* of those before it */
};

#define SLOTS_MAX	(CONF_FRONTENDS_MAX + 3)

/* A RECHECK that was not answered yet; they are few at a time. */
#define RECHECK_WINDOW	64
struct recheck {
	uint32_t		 id;		/* 0: none */
	char			 session[WIRE_UUID_LEN + 1];
};

/* As many as `show sessions' lists beside those that live. */
#define ENDED_MAX	32
#define ENDED_TIME	60		/* seconds */

RB_HEAD(errands, errand);

struct parent {
	struct event_base	*base;
	struct config		*conf;
	const char		*conf_path;
	struct config_how	 how;
	int			 privileged;	/* started as root */
	uint32_t		 soft_nofile;	/* what a shell shall get */

	struct slot		 slots[SLOTS_MAX];
	size_t			 nslots;
	int			 was_ready;	/* all children, once */
	int			 draining;
	int			 stopping;
	struct event		*ev_signals[5];
	struct event		*ev_stop;
	struct event		*ev_sweep;
	struct event		*ev_recheck;

	struct kids		 kids;		/* by pid */
	uint32_t		 kid_seq;

	struct listener		*listeners;
	int			 counters;	/* memfd of the frontends */

	struct workers		 workers;	/* in order of start */
	struct crashes		 crashes;
	struct sessions		 sessions;	/* by id */
	struct session_keys	 session_keys;	/* those to be joined */
	struct session_list	 by_age;
	struct viewers		 viewers;	/* by number */
	struct ended		 ended[ENDED_MAX];	/* a ring */
	size_t			 ended_next;
	struct errands		 errands;	/* by id */
	size_t			 nerrands;
	uint32_t		 errand_seq;
	uint64_t		 session_seq;
	uint32_t		 viewer_seq;
	uint32_t		 uid_next;
	uint32_t		 recheck_every;	/* the timer's, s */
	uint32_t		 recheck_seq;
	struct session		*recheck_next;	/* to ask about, or NULL */
	struct recheck		 rechecks[RECHECK_WINDOW];

	uint64_t		 n_grants;
	uint64_t		 n_denials[DENY_MAX + 1];
	struct reload		*reload;	/* under way, or NULL */
	int			 reload_later;	/* a signal came meanwhile */
};

/*
 * parent.c: run the daemon by that configuration, which was read from the
 * path in that way; in the foreground if it is to debug.  Ends the process.
 */
__dead void	 parent_main(struct config *, const char *,
		    const struct config_how *, int);

#endif /* GATEWAYD_GATEWAYD_PARENT_H */
