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

#ifndef GATEWAYD_GATEWAYD_PARENT_PART_H
#define GATEWAYD_GATEWAYD_PARENT_PART_H

#include "parent.h"

/*
 * What the files that make the parent say to each other, and no one else.
 * Messages that come from a child were decoded and are of its table; what
 * they carry, a descriptor or blob, is the function's only where it says so.
 */

/* parent.c: the daemon cannot start, because of that.  Exits with 1. */
__dead void	 parent_give_up(struct parent *, const char *);

/* No session from now on, and the end with the last one. */
void		 parent_drain(struct parent *);

/* Whether what we wait for has happened: the last session, the last child. */
void		 parent_check_drained(struct parent *);

/* How much we and all children log: 0 or 1. */
void		 parent_verbose(struct parent *, int);

/*
 * slot.c: the children that are always there.  After slots_start() each is
 * started again whenever it has ended, until slots_stop(), which asks them
 * to end.
 */
void		 slots_init(struct parent *);
void		 slots_start(struct parent *);
void		 slots_stop(struct parent *);

/*
 * 1 if all of them have said that they are ready, and no frontend waits for
 * its channel to the catalog; else 0.
 */
int		 slots_up(struct parent *);

/* Try again to make the channels that could not be made. */
void		 slots_sweep(struct parent *);

/* Tell the frontends, and the service manager once, how we are. */
void		 slots_state(struct parent *);

/* The child of that role, or the frontend of that number; NULL: not now. */
struct kid	*slot_kid(struct parent *, enum role);
struct kid	*slot_frontend(struct parent *, uint32_t);

/*
 * confpush.c: send a child its part of a configuration, from CONF_BEGIN to
 * CONF_END.  Sandboxes, of which there may be many, follow as the channel
 * takes them, by confpush_more(), so the configuration must live until the
 * child has answered or ended.  Returns 0, or -1 after a log line; the child
 * has then seen less than it needs and must be ended.
 */
int		 confpush(struct kid *, const struct config *);
void		 confpush_more(struct kid *);

/* reload.c: asked for by that CTL_RELOAD, or by a signal: 0. */
void		 reload_start(struct parent *, uint32_t);

/* That child has looked at it: NULL, or why it cannot use it. */
void		 reload_answer(struct parent *, struct kid *, const char *);

/* That one has ended meanwhile, and the reload with it. */
void		 reload_kid_gone(struct parent *, struct kid *);

/* The daemon stops: of those that end from here on it is not told. */
void		 reload_forget(struct parent *);

/*
 * broker.c: what the catalog has allowed becomes a grant for a frontend, or
 * a denial.  broker_open() takes the record that comes as a blob.
 */
void		 broker_open(struct parent *, struct imsg *);
void		 broker_session(struct parent *, struct imsg *);
void		 broker_list(struct parent *, struct imsg *);

/* The worker of that session has died while it was starting: once more. */
void		 broker_again(struct session *);

/* The frontend of that number, and who waited for a session by it. */
void		 broker_frontend_gone(struct parent *, uint32_t);

/* recheck.c: as often as the configuration in force says. */
void		 recheck_init(struct parent *);

/* To the RECHECK of that id; 1: it may, 0: it may not, -1: not known now. */
void		 recheck_answer(struct parent *, uint32_t, int);

/* The catalog has just allowed API, principal and sandbox something else. */
void		 recheck_allowed(struct parent *, uint8_t, const char *,
		    const char *);

/* That session is about to be freed. */
void		 recheck_forget(struct parent *, struct session *);

/* worker.c: who takes new sessions of that version of a record, or NULL. */
struct worker	*worker_find(struct parent *, const char *, uint64_t);

/*
 * Start one with that record, a descriptor that stays the caller's.  NULL:
 * it cannot be now.
 */
struct worker	*worker_start(struct parent *, const char *, uint64_t,
		    const struct target *, int);

/*
 * A channel between a worker and a frontend, unless there is one: 0, or -1.
 * worker_unlink() forgets that of a frontend to a worker, or to all for 0;
 * both are numbers of kids.
 */
int		 worker_link(struct worker *, struct kid *);
void		 worker_unlink(struct parent *, uint32_t, uint32_t);

/* Tell it the limits and times of that configuration. */
void		 worker_limits(struct worker *, const struct config *);

/* terminal.c: a worker wants a terminal for a session of its own. */
void		 terminal_request(struct worker *, struct imsg *);

/* To the program of that session, if it runs here: a number of signal(7). */
void		 terminal_signal(struct session *, int);

/* It is over: HUP, then KILL.  The session has no terminal from here on. */
void		 terminal_hangup(struct session *);

/*
 * errand.c: what others do for a worker, to dial and to learn a host's key:
 * what it asks, and what the dialer or the catalog answers.  errand_dialed()
 * takes the socket.
 */
void		 errand_dial(struct worker *, const struct imsg *);
void		 errand_dialed(struct parent *, struct imsg *);
void		 errand_learn(struct worker *, const struct imsg *);
void		 errand_learned(struct parent *, const struct imsg *);

/* The process of that role has ended, and answers nothing any more. */
void		 errand_lost(struct parent *, enum role);

/* That worker has ended, and waits for nothing any more. */
void		 errand_forget(struct worker *);

/* Free those that had no answer for too long; by util_now(). */
void		 errand_sweep(struct parent *, time_t);

/* audit.c: a line each, of gatewayd(8).  That child reports the denial. */
void		 audit_denial(struct parent *, struct kid *,
		    const struct msg_denial *);
void		 audit_attach(struct parent *, const struct viewer *);

/* For a reason of LEAVE_*. */
void		 audit_detach(struct parent *, const struct viewer *, uint8_t);

/* ctl.c: what the control process asks for its clients. */
void		 ctl_request(struct parent *, struct kid *, struct imsg *);

/* The answer to a CTL_ request: NULL is CTL_OK, else why not. */
void		 ctl_answer(struct parent *, uint32_t, const char *);

#endif /* GATEWAYD_GATEWAYD_PARENT_PART_H */
