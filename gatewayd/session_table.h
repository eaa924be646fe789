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

#ifndef GATEWAYD_GATEWAYD_SESSION_TABLE_H
#define GATEWAYD_GATEWAYD_SESSION_TABLE_H

#include <stdint.h>
#include <time.h>

#include "msg.h"
#include "wire.h"

struct kid;
struct parent;
struct session;

/* A worker serves one version of one record. */
struct worker {
	TAILQ_ENTRY(worker)	 entry;
	struct parent		*p;
	struct kid		*kid;
	char			 sandbox[SANDBOX_ID_MAX + 1];
	struct target		 target;
	uint64_t		 version;
	int			 leaving;	/* EXIT_OK was said */
	uint32_t		 nsessions;
	uint32_t		 links[16];	/* frontends with a channel */
	size_t			 nlinks;
	uint64_t		 dial_clock;	/* of the last, ms; 0: none */
	uint64_t		 dial_credit;	/* see errand.c */
	uint32_t		 strangers;	/* connections whose host key */
						/* it may yet learn */
};
TAILQ_HEAD(workers, worker);

/* The shell of a session and the helper that watches it. */
struct terminal {
	struct kid		*kid;
	struct session		*session;	/* NULL: it has ended */
	int			 master;	/* until the shell runs */
	int			 exited;	/* its status has come */
};

/* A session, from the grant on. */
struct session {
	RB_ENTRY(session)	 by_id;
	TAILQ_ENTRY(session)	 entry;		/* in order of start */
	char			 id[WIRE_UUID_LEN + 1];
	uint64_t		 serial;
	struct worker		*worker;
	struct terminal		*terminal;
	uint8_t			 api;
	enum session_state	 state;
	char			*principal;
	uint32_t		 nviewers;
	time_t			 started;
	time_t			 detached;	/* last viewer, or start */
	time_t			 ending;	/* since when; 0: it is not */
	int			 was_attached;
	int			 asked;		/* for its terminal */
	uint32_t		 attaches;	/* granted, not yet a viewer */

	/* While STARTING: to grant once more if its worker dies. */
	int			 record;	/* memfd, or -1 */
	uint32_t		 frontend;
	uint32_t		 request;
	int			 again;
};
RB_HEAD(sessions, session);
TAILQ_HEAD(session_list, session);
RB_PROTOTYPE(sessions, session, by_id, session_cmp)

/* An attached client, as its worker reports it. */
struct viewer {
	RB_ENTRY(viewer)	 by_number;	/* and worker */
	uint32_t		 number;
	struct session		*session;
	uint8_t			 dialect;
	uint8_t			 transport;
	uint8_t			 mode;
	char			 address[ADDRESS_MAX + 1];
	time_t			 since;
};
RB_HEAD(viewers, viewer);
RB_PROTOTYPE(viewers, viewer, by_number, viewer_cmp)

/* What became of a session, for those who ask within a minute. */
struct ended {
	char			 id[WIRE_UUID_LEN + 1];
	char			 sandbox[SANDBOX_ID_MAX + 1];
	char			*principal;	/* NULL: none is here */
	uint8_t			 state;		/* SESSION_EXITED or later */
	time_t			 when;
};

/* A new session of that worker with a fresh id; NULL: out of memory. */
struct session *session_new(struct worker *, uint8_t, const char *);

/* Forget it with its viewers; they are audited with that reason. */
void		 session_free(struct session *, uint8_t);

/* It ended so; to be called before it is freed. */
void		 session_ended(struct session *, uint8_t);

/*
 * Tell its worker to end it, for a reason of END_*; it counts no longer and
 * is forgotten when the worker says that it has ended.  Returns -1 if the
 * worker cannot be told, and so will not be there for long.
 */
int		 session_kill(struct session *, uint8_t);

struct session	*session_find(struct parent *, const char *);

/* How many that have not begun to end: of a sandbox; of a principal. */
uint32_t	 session_count_sandbox(struct parent *, const char *);
uint32_t	 session_count_principal(struct parent *, const char *);

/*
 * The one that makes room: longest without a viewer, among those of the
 * sandbox, or of the principal where sandbox is NULL.  NULL: none.
 */
struct session	*session_oldest_detached(struct parent *, const char *,
		    const char *);

struct viewer	*viewer_find(struct worker *, uint32_t);

/* Returns -1 if nobody was granted to be that viewer. */
int		 viewer_up(struct session *, const struct msg_viewer_up *);
void		 viewer_down(struct viewer *, uint8_t);

#endif /* GATEWAYD_GATEWAYD_SESSION_TABLE_H */
