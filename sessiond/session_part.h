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

#ifndef GATEWAYD_SESSIOND_SESSION_PART_H
#define GATEWAYD_SESSIOND_SESSION_PART_H

struct event;
struct session;
struct viewer;

/* What the files that make a session say to each other, and no one else. */

/*
 * Output is shown at once, but in a flood, which is more than SESSION_FLOOD
 * within this time: then in pieces of this size, larger if several viewers
 * have to be sent each, or when the time is over.
 */
#define SESSION_FLOOD		(32 * 1024)
#define SESSION_GATHER		(8 * 1024)
#define SESSION_GATHER_MANY	(32 * 1024)
#define SESSION_GATHER_USEC	2000

/* session.c: a viewer has come; or has gone, and is freed in another turn. */
void	 session_joined(struct session *, struct viewer *);
void	 session_left(struct session *, struct viewer *);

/* Ask for another turn, after whatever else is ready: it frees. */
void	 session_later(struct session *);

/* That timer, from now. */
void	 session_wait(struct event *, unsigned int secs);

/* A byte went either way, so it is not idle. */
void	 session_touch(struct session *);

/* session_flow.c; stop: no output will come any more. */
void	 session_flow_init(struct session *);
void	 session_flow_stop(struct session *);

/* Pause or resume the driver, as the places of the viewers ask for. */
void	 session_flow(struct session *);

/* This viewer cannot take anything now, so the ring may pass it. */
void	 session_blocked(struct session *, struct viewer *);

/*
 * session_yield.c: a flood has begun or is over; input of so many bytes goes
 * to the upstream, for whose echo floods of others wait; that has come.
 */
void	 session_yield_stop(struct session *);
void	 session_yield_flood(struct session *, int);
void	 session_yield_input(struct session *, size_t);
void	 session_yield_output(struct session *);

/*
 * session_screen.c; init returns 0, or -1 when out of memory.  output and
 * resize tell it of what has come, and of a new size from there on.
 */
int	 session_screen_init(struct session *);
void	 session_screen_free(struct session *);
void	 session_screen_output(struct session *);
void	 session_screen_resize(struct session *);

/* It may show the alternate screen: 0 if not.  For a ring that is whole. */
int	 session_screen_may_alternate(struct session *);

#endif /* GATEWAYD_SESSIOND_SESSION_PART_H */
