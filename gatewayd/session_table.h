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
	int			 useful;	/* told how a session fared */
	uint32_t		 nsessions;
	uint32_t		 nkept;		/* of them, over and kept */
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
	RB_ENTRY(session)	 by_key;	/* if keyed */
	TAILQ_ENTRY(session)	 entry;		/* in order of start */
	char			 id[WIRE_UUID_LEN + 1];
	uint64_t		 serial;
	struct worker		*worker;
	struct terminal		*terminal;
	uint8_t			 api;
	uint8_t			 kind;		/* DIALECT_* */
	enum session_state	 state;
	char			*principal;
	char			*name;		/* "": none was asked for */
	int			 join;		/* who asks for the name */
						/* comes to this session */
	int			 keyed;		/* and is found by it now */
	uint32_t		 nviewers;
	time_t			 started;
	time_t			 detached;	/* last viewer, or start */
	time_t			 ending;	/* since when; 0: it is not */
	time_t			 exited;	/* the same, if it is kept */
	int			 counted;	/* by its worker's nkept */
	int			 was_attached;
	int			 asked;		/* for its terminal */
	uint32_t		 attaches;	/* granted, not yet a viewer */
	time_t			 expected;	/* so long: the last of those */
	int			 revoked;	/* its principal may not use */
						/* the sandbox any more */
	uint32_t		 open_time;	/* as it began: seconds that */
	uint32_t		 stalled;	/* its worker goes by */

	/* While STARTING: to grant once more if its worker dies. */
	int			 record;	/* memfd, or -1 */
	uint32_t		 frontend;
	uint32_t		 request;
	int			 again;
	int			 shared;	/* another may open it, too */
	uint8_t			 over;		/* END_*, see worker.c */
};
RB_HEAD(sessions, session);
RB_HEAD(session_keys, session);
TAILQ_HEAD(session_list, session);
RB_PROTOTYPE(sessions, session, by_id, session_cmp)
RB_PROTOTYPE(session_keys, session, by_key, session_key_cmp)

/*
 * One that is over stays in its worker for a minute; each may have some.
 * They count against no limit, so what a worker keeps has one of its own.
 */
#define SESSION_KEPT_MAX	32
#define SESSION_KEPT_TIME	60	/* seconds */

/* An attached client, as its worker reports it. */
struct viewer {
	RB_ENTRY(viewer)	 by_number;	/* and worker */
	uint32_t		 number;
	struct session		*session;
	uint8_t			 dialect;
	uint8_t			 transport;
	uint8_t			 mode;
	uint32_t		 ticket;	/* to be told to the catalog */
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
	char			 name[SESSION_NAME_MAX + 1];
	uint8_t			 state;		/* SESSION_EXITED or later */
	time_t			 when;
};

/*
 * A new session of that worker with a fresh id, of the API, kind, principal
 * and name of the message; with `join' nobody else may be found by these.
 * NULL: out of memory.
 */
struct session *session_new(struct worker *, const struct msg_grant_open *);

/* Forget it with its viewers; they are audited with that reason. */
void		 session_free(struct session *, uint8_t);

/* It ended so; to be called before it is freed. */
void		 session_ended(struct session *, uint8_t);

/* Its program has ended so, but it stays: its name is free, its place too. */
void		 session_exited(struct session *, uint8_t);

/* Its worker keeps it no more, whatever is left of it here. */
void		 session_let_go(struct session *);

/* Whether it is over and kept. */
int		 session_kept(const struct session *);

/* Let its name be another's: it is found by its id only. */
void		 session_unkey(struct session *);

/*
 * Tell its worker to end it, for a reason of END_*; it counts no longer and
 * is forgotten when the worker says that it has ended.  Returns -1 if the
 * worker cannot be told, and so will not be there for long.
 */
int		 session_kill(struct session *, uint8_t);

/* By its id; NULL: there is none. */
struct session	*session_find(struct parent *, const char *);

/* That of the API, sandbox, principal and name that are asked for. */
struct session	*session_find_key(struct parent *,
		    const struct msg_grant_open *);

/* How many that start or run: of a sandbox; of a principal. */
uint32_t	 session_count_sandbox(struct parent *, const char *);
uint32_t	 session_count_principal(struct parent *, const char *);

/*
 * The one that makes room: longest without a viewer, among those of the
 * sandbox, or of the principal where sandbox is NULL, that have no name by
 * which somebody would come back for them.  NULL: none.
 */
struct session	*session_oldest_detached(struct parent *, const char *,
		    const char *);

/* That of a worker with that number; NULL: there is none. */
struct viewer	*viewer_find(struct worker *, uint32_t);

/* Returns -1 if nobody was granted to be that viewer. */
int		 viewer_up(struct session *, const struct msg_viewer_up *);
void		 viewer_down(struct viewer *, uint8_t);

#endif /* GATEWAYD_GATEWAYD_SESSION_TABLE_H */
