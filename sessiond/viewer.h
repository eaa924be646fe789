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

#ifndef GATEWAYD_SESSIOND_VIEWER_H
#define GATEWAYD_SESSIOND_VIEWER_H

#include <sys/types.h>

#include <event2/event_struct.h>

#include <stddef.h>
#include <stdint.h>

#include "gather.h"
#include "msg_worker.h"
#include "sizes.h"

struct dialect;
struct frame;
struct session;
struct session_end;

/*
 * Frames that are not output wait in slots, one frame in each, and go out
 * between two frames of output in this order; LAST when output has reached
 * its end.  A new frame replaces one that still waits, so a client that does
 * not read can make us keep one Pong, not a queue of them.
 */
enum viewer_slot {
	SLOT_FIRST,
	SLOT_REPAINT,
	SLOT_PONG,		/* of the transport */
	SLOT_ANSWER,		/* of the dialect */
	SLOT_ERROR,
	SLOT_ACCEPTED,
	SLOT_SIZE,
	SLOT_PING,
	SLOT_LAST
};
#define SLOT_MAX	(SLOT_LAST + 1)

enum viewer_state {
	VIEWER_OPEN,
	VIEWER_FINISHING,	/* output up to `limit', then SLOT_LAST */
	VIEWER_LINGERING,	/* all was sent, waits for the client's end */
	VIEWER_GONE		/* to be freed in the next turn */
};

/*
 * One attached client: a cursor into the ring and the frame that is on its
 * way.  The socket is registered once, edge triggered for both directions:
 * who stops before the kernel said EAGAIN has to remember it in `again' or
 * `stopped', since no further event will come.
 */
struct viewer {
	TAILQ_ENTRY(viewer)	 entry;
	TAILQ_ENTRY(viewer)	 ready_entry;	/* while `ready' */
	struct session		*session;
	const struct dialect	*dialect;
	uint32_t		 id;
	uint8_t			 mode;		/* MODE_* */
	uint8_t			 flags;		/* ATTACH_* */
	char			 address[ADDRESS_MAX + 1];
	enum viewer_state	 state;
	enum leave		 reason;
	int			 fd;
	struct event		 ev;
	struct event		 timer;		/* ping, or the end */

	uint64_t		 cursor;	/* sent up to here */
	uint64_t		 limit;		/* while finishing */
	uint64_t		 sent;		/* bytes of frames, in all */
	uint64_t		 mark;		/* drained when a hold began */
	struct frame		*now;		/* on its way */
	size_t			 pos;		/* bytes of it that are gone */
	int			 last;		/* it is the last one */
	struct frame		*slot[SLOT_MAX];

	uint8_t			*unread;	/* sent before the hand-over */
	size_t			 nunread;
	size_t			 taken;		/* of it */
	struct gather		 gather;

	int			 ready;		/* wants what comes */
	int			 blocked;	/* the socket is full */
	int			 stopped;	/* not read: input is full */
	int			 again;		/* has more to do */
	int			 eof;		/* its sending side is shut */
	int			 closed;	/* it said goodbye */
	int			 past;		/* behind the high mark */
	int			 lost;		/* does not hold the upstream */
	int			 early;		/* has had no output yet */
	unsigned int		 unanswered;	/* pings */

	void			*data;		/* of the dialect */
};

/* What makes a viewer; all of it but the fd is copied. */
struct viewer_conf {
	uint32_t		 id;
	uint8_t			 mode;
	uint8_t			 flags;		/* ATTACH_* */
	uint64_t		 offset;	/* with ATTACH_OFFSET */
	const struct dialect	*dialect;
	const char		*address;
	int			 fd;
	const uint8_t		*head;		/* to be sent first */
	size_t			 headlen;
};

/* Frames that one client is sent in one turn, lest others starve. */
#define VIEWER_TURN_FRAMES	8

/* For sessions and their owner. */

/*
 * NULL with errno if that cannot be, ERANGE for an offset that the output
 * has not reached; the fd is then still the caller's.
 */
struct viewer	*viewer_new(struct session *, const struct viewer_conf *);

/*
 * Begin to work.  What the client had sent before the hand-over is its first
 * input; the buffer, from malloc(3) and not empty, or NULL, is taken over.
 */
void		 viewer_begin(struct viewer *, uint8_t *, size_t);
void		 viewer_free(struct viewer *);

/* Send what there is; or one frame: 1 if there may be more to send. */
void		 viewer_pump(struct viewer *);
int		 viewer_step(struct viewer *);

/* Go on with what was left for the next turn. */
void		 viewer_turn(struct viewer *);

/* Input has room again. */
void		 viewer_readable(struct viewer *);

/* The number of the first byte that is not in a frame of its own yet. */
uint64_t	 viewer_position(const struct viewer *);

/* How many bytes of frames the client has taken, as far as can be known. */
uint64_t	 viewer_drained(const struct viewer *);

/* Whether it can hold the upstream back. */
int		 viewer_counts(const struct viewer *);

/*
 * Begin to leave: with `drain' after all output, else after the frame that
 * is on its way.  The session's end is told if the reason is LEAVE_END.
 */
void		 viewer_leave(struct viewer *, enum leave, int drain);

/*
 * Its session, which had ended, is ended again, and nobody waits for it any
 * more: if it lacks output yet it is told of this end and not of the other,
 * which would say that it has had all.
 */
void		 viewer_cut(struct viewer *, const struct session_end *);

/* For dialects. */
void		 viewer_post(struct viewer *, enum viewer_slot,
		    struct frame *);

/* Type it.  Returns how much was passed on or queued: all, or, of one that
 * must not type, nothing. */
size_t		 viewer_input(struct viewer *, const uint8_t *, size_t);
void		 viewer_resize(struct viewer *, uint16_t cols, uint16_t rows);

/* 0, or -1 if that cannot be sent, or not by this viewer. */
int		 viewer_signal(struct viewer *, int);

/* A ping was answered. */
void		 viewer_alive(struct viewer *);

/* Leave with this frame, not with the dialect's own; NULL: at once. */
void		 viewer_finish(struct viewer *, enum leave, struct frame *);

/* The client said goodbye; the frame, if not NULL, is our answer. */
void		 viewer_goodbye(struct viewer *, struct frame *);

#endif
