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

#ifndef GATEWAYD_GATEWAYD_OP_H
#define GATEWAYD_GATEWAYD_OP_H

#include <stddef.h>
#include <stdint.h>

#include "http.h"
#include "msg.h"

struct ask;
struct attach;
struct call;
struct client;
struct event;
struct imsg;
struct op;
struct op_list;
struct request;

/*
 * One request that wants something of a session, until it is answered:
 * first it waits for a grant, then for a session to open if there is none,
 * then for the worker to do it.  What is the same for every API is here; a
 * face has what is not.
 */

/* How it can go wrong. */
enum op_error {
	OP_ABSENT,		/* no token */
	OP_INVALID,
	OP_EXPIRED,
	OP_NO_SANDBOX,		/* unknown, malformed, or another's */
	OP_NO_SESSION,		/* the same, or over */
	OP_GONE,		/* a session by name, twice gone meanwhile */
	OP_SESSIONS,		/* too many */
	OP_VIEWERS,
	OP_TICKETS,
	OP_DRAINING,
	OP_NO_RECORDS,		/* no answer from where they are kept */
	OP_SILENCE,		/* of the catalog and the parent */
	OP_TIMEOUT,		/* of a call */
	OP_BUSY,
	OP_UNAVAILABLE,
	OP_BLOCKED,		/* input */
	OP_EXITED,
	OP_OFFSET,		/* in the future */
	OP_UNSUPPORTED,
	OP_OPEN_SLOW,		/* given up */
	OP_OPEN_TIMEOUT,	/* of the upstream */
	OP_OPEN_REFUSED,
	OP_OPEN_HOSTKEY,
	OP_OPEN_AUTH,
	OP_OPEN_LOST,
	OP_OPEN_FAILED
};
#define OP_ERRORS	(OP_OPEN_FAILED + 1)

/* What is said then; constants without quotes. */
struct op_answer {
	int		 status;
	const char	*error;		/* of the native API: the code */
	const char	*message;	/* NULL: none */
	int		 code;		/* of a Close frame, and its reason */
	const char	*reason;
};

struct op_face {
	uint8_t				 api;
	uint8_t				 dialect;
	int				 flags;
#define OP_QUERY	0x01	/* streams take ?token= */
#define OP_TICKET	0x02	/* streams take ?ticket= */
#define OP_HTTP		0x04	/* a WebSocket is refused before its 101 */
	const char			*cache;	/* Cache-Control of events */
	const struct op_answer		*answers;	/* OP_ERRORS of them */
	/* Other than in the table: NULL if it is not. */
	const struct op_answer		*(*answer)(const struct op *,
					    enum op_error);
	/*
	 * It is done: answer the client and end the op.  The message is the
	 * worker's, NULL if there was nothing to be asked of one.
	 */
	void				 (*done)(struct op *,
					    const struct imsg *);
};

struct op {
	struct client		*client;
	struct request		*req;		/* of the client */
	const struct op_face	*face;
	uint16_t		 action;	/* ACTION_* */
	int			 ws;
	int			 switched;	/* 101 has been sent */
	int			 opening;	/* OPEN has been sent */
	int			 again;		/* times authorised anew */
	uint32_t		 lost;		/* worker that was gone, or 0 */
	int			 waiting;	/* until that is done */
	uint8_t			 hash[HASH_LEN];	/* of the token */
	struct msg_granted	 granted;
	struct ask		*ask;
	struct call		*call;
	struct attach		*attach;
	struct op_list		*list;
	struct event		*ev_timer;

	uint16_t		 cols;		/* 0: leave it as it is */
	uint16_t		 rows;
	uint8_t			 signo;
	uint8_t			 what;		/* STATUS_* */
	uint8_t			 flags;		/* ATTACH_* */
	uint64_t		 offset;
	const char		*protocol;	/* of the WebSocket, or NULL */
	uint8_t			*data;		/* input; what to run */
	size_t			 len;
	struct msg_authorize	 auth;		/* last, for its token is */
};

/* What the object of a request is. */
enum op_object {
	OP_SESSION,
	OP_SANDBOX,
	OP_JOIN			/* a sandbox, for its session by name */
};

/*
 * A new one, for a client whose token has passed what checks can be made
 * here.  Returns NULL when the request has been answered.
 */
struct op	*op_new(struct client *, struct request *,
		    const struct op_face *, uint16_t, enum op_object,
		    const char *, size_t);

/* What it is about, when that comes later: any text of the client's. */
void		 op_object(struct op *, enum op_object, const char *,
		    size_t);

/* Keep a copy of what is to be typed or run.  0 when it has ended by that. */
int		 op_data(struct op *, const void *, size_t);

/* Begin to wait: ask for the grant. */
void		 op_start(struct op *);

/* The same for a call, which may have a pass, and counts by it. */
void		 op_call(struct op *);

/* It is over: the client, to be answered now. */
struct client	*op_end(struct op *);

/* Answer that it went wrong, as the face has it. */
void		 op_refuse(struct op *, enum op_error);

/* Between op.c and op_step.c. */

/*
 * Ask once more, for the session we meant has gone; or is about to, and then
 * it may take a while until the parent has heard of that.  0 if that is
 * done, -1 if it was done often enough.
 */
int		 op_again(struct op *, int ending);

/* Set the timer of what must end by itself: seconds, 0 for none. */
int		 op_timer(struct op *, unsigned int);

/* With the grant: open a session, or do with it what was wanted. */
void		 op_open(struct op *);
void		 op_step(struct op *);

/* op_list.c: a grant for one worker more; all about it is forgotten. */
void		 op_list_add(struct op *, const struct msg_granted *);
void		 op_list_free(struct op_list *);

#endif /* GATEWAYD_GATEWAYD_OP_H */
