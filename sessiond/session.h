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

#ifndef GATEWAYD_SESSIOND_SESSION_H
#define GATEWAYD_SESSIOND_SESSION_H

#include <sys/types.h>

#include <event2/event_struct.h>

#include <stddef.h>
#include <stdint.h>

#include "dialect.h"
#include "input.h"
#include "msg_ctl.h"
#include "msg_front.h"
#include "msg_worker.h"
#include "ring.h"

struct driver;
struct event_base;
struct frame;
struct screen;
struct screening;
struct session;
struct viewer;

/*
 * How far viewers may fall behind.  The upstream is held while every viewer
 * that may write is SESSION_HIGH bytes behind, until one of them is within
 * SESSION_LOW again: far enough apart that a hold costs two changes in the
 * event loop for each 768 KiB at most.  A viewer that does not take
 * SESSION_DRAINED bytes during one hold no longer counts.
 */
#define SESSION_HIGH		(1024 * 1024)
#define SESSION_LOW		(256 * 1024)
#define SESSION_DRAINED		(64 * 1024)

#define SESSION_READ_MAX	(64 * 1024)	/* one read of a driver */
#define SESSION_HELD_MSEC	100	/* wait for the rest of a character */
#define SESSION_LINE_REACH	4096	/* look so far for a line start */
#define SESSION_TEXT_MAX	123	/* fits into a Close frame */
#define SESSION_KEPT		60	/* seconds, after the end */

/* Times in seconds, sizes in bytes. */
struct session_limits {
	uint32_t	viewers;
	uint32_t	replay;		/* kept for those who come back */
	uint32_t	open;		/* until the upstream is open */
	uint32_t	ping;
	uint32_t	stalled;
	uint32_t	idle[DIALECT_MAX];	/* no byte either way */
	uint32_t	detached[DIALECT_MAX];	/* no viewer; by kind less 1 */
};

/* What makes a session; all of it is copied. */
struct session_conf {
	const char			*id;
	uint8_t				 kind;	/* DIALECT_* */
	int				 keep;	/* for a while, when it ended */
	uint16_t			 cols;
	uint16_t			 rows;
	const struct session_limits	*limits;
};

/* How a session ended; text says what was lost, for people. */
struct session_end {
	enum end	reason;
	uint8_t		how;		/* EXIT_* */
	uint8_t		code;
	enum fail	fail;		/* of END_FAILED, for who opened it */
	char		text[SESSION_TEXT_MAX + 1];
};

/* What the owner of sessions wants to know. */
struct session_hooks {
	void	(*opened)(struct session *);
	void	(*viewer_up)(struct session *, struct viewer *);
	void	(*viewer_down)(struct session *, struct viewer *, enum leave);
	/* It is over and will be kept; ended() comes later.  May be NULL. */
	void	(*exited)(struct session *, const struct session_end *);
	/* The last word: the session is freed on return. */
	void	(*ended)(struct session *, const struct session_end *);
};

/*
 * One terminal.  Everything that viewers and input share; the driver below
 * and the dialects above see only the functions.
 */
struct session {
	char				 id[WIRE_UUID_LEN + 1];
	uint8_t				 kind;	/* DIALECT_* */
	enum session_state		 state;	/* kept: EXITED or LOST */
	int				 keep;
	int				 kept;	/* it is over, and stays */
	time_t				 started;	/* of the calendar */
	struct event_base		*base;
	const struct session_hooks	*hooks;
	void				*owner;
	struct session_limits		 limits;
	struct driver			*driver;	/* NULL once ended */
	struct session_end		 end;

	struct ring			 ring;
	uint64_t			 whole;	/* no character is cut here */
	uint64_t			 held;	/* `whole', waiting for more */
	struct frame			*cache[DIALECT_INDEX_MAX];
	struct input			 input;
	uint16_t			 cols;
	uint16_t			 rows;

	struct screening		*screening;
	uint64_t			 parsed;	/* by the screen */

	TAILQ_HEAD(, viewer)		 viewers;
	TAILQ_HEAD(, viewer)		 ready;	/* those that take output */
	TAILQ_HEAD(, viewer)		 gone;	/* to be freed later */
	unsigned int			 nviewers;
	unsigned int			 nwriters;
	unsigned int			 nready;
	struct viewer			*leader; /* keeps up, or NULL */
	uint64_t			 passing; /* where one may be passed */
	uint64_t			 shown;	/* to viewers that keep up */
	uint64_t			 burst;	/* `shown' when it began */
	int				 gathering;
	int				 attached;	/* ever */
	int				 resized;	/* while starting */
	int				 holding;	/* driver is paused */
	int				 flooding;	/* one of those */
	LIST_ENTRY(session)		 flood_entry;
	time_t				 active;	/* last byte */

	struct event			 ev_state;	/* open, no viewer */
	struct event			 ev_idle;
	struct event			 ev_held;	/* rest of a char */
	struct event			 ev_hold;	/* driver is paused */
	struct event			 ev_gather;
	struct event			 ev_later;	/* next turn */
};

/*
 * session.c: for the owner.  session_new() takes the driver over, also when
 * it returns NULL, and begins to open it.
 */
struct session	*session_new(struct event_base *,
		    const struct session_conf *, struct driver *,
		    const struct session_hooks *, void *owner);
void		 session_end(struct session *, enum end);
void		 session_free(struct session *);
void		 session_resize(struct session *, uint16_t cols,
		    uint16_t rows);
int		 session_signal(struct session *, int);

/* It has ended, and does not wait for a viewer either. */
int		 session_over(const struct session *);

/* Whether an attach is possible: 0, or an enum fail. */
int		 session_full(const struct session *);

/* A whole piece of input; the callback may come at once.  See input.h. */
void		 session_request(struct session *, const uint8_t *, size_t,
		    input_cb, void *);

/*
 * session_screen.c: what the terminal shows, after the first `parsed' bytes
 * of output, which is all of them but for the beginning of a character.
 * NULL when out of memory.
 */
struct screen	*session_screen(struct session *);

/* For drivers; see driver.h. */
void		 session_opened(struct session *);
int		 session_room(struct session *, struct iovec[2]);
void		 session_output(struct session *, size_t);
void		 session_writable(struct session *);
void		 session_exited(struct session *, uint8_t how, uint8_t code);
void		 session_lost(struct session *, const char *);
void		 session_failed(struct session *, enum fail);

/* For viewers. */
uint64_t	 session_start(const struct session *);
struct frame	*session_frame(struct session *, const struct dialect *,
		    uint64_t start, uint64_t limit);
int		 session_input(struct session *, const uint8_t *, size_t);

#endif
