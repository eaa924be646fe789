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

#ifndef GATEWAYD_PROTO_MSG_GRANT_H
#define GATEWAYD_PROTO_MSG_GRANT_H

#include <stdint.h>

#include "sizes.h"
#include "wire.h"

/* Who may do what, and the hand-over of clients.  See PROTOCOL. */

/* What a request wants; a mask of them in a call grant. */
#define ACTION_OPEN	0x0001
#define ACTION_ATTACH	0x0002
#define ACTION_INPUT	0x0004
#define ACTION_RESIZE	0x0008
#define ACTION_CLOSE	0x0010
#define ACTION_SIGNAL	0x0020
#define ACTION_STATUS	0x0040		/* of one session, and its screen */
#define ACTION_LIST	0x0080		/* the sessions of a sandbox */
#define ACTION_TICKET	0x0100
#define ACTION_CALLS	(ACTION_INPUT | ACTION_RESIZE | ACTION_CLOSE |	\
			    ACTION_SIGNAL | ACTION_STATUS | ACTION_LIST)
#define ACTION_JOINS	(ACTION_OPEN | ACTION_ATTACH | ACTION_INPUT |	\
			    ACTION_RESIZE)	/* of a session by name */
#define ACTION_ALL	(ACTION_OPEN | ACTION_ATTACH | ACTION_CALLS |	\
			    ACTION_TICKET)

/* Why not. */
enum deny {
	DENY_TOKEN = 1,		/* not a valid token */
	DENY_EXPIRED,
	DENY_NOT_FOUND,		/* unknown, or another's: no difference */
	DENY_LIMIT,		/* sessions of the sandbox or principal */
	DENY_DRAINING,
	DENY_UNAVAILABLE	/* no answer from where the records are */
};
#define DENY_MAX	DENY_UNAVAILABLE

/* What clients speak, and so what kind of session is made for them. */
#define DIALECT_SSH	1
#define DIALECT_TTY	2
#define DIALECT_TERMINAL 3
#define DIALECT_MAX	3

#define MODE_RW		1
#define MODE_RO		2
#define MODE_MAX	2

/* What a request proves itself with. */
#define CRED_TOKEN	1
#define CRED_TICKET	2		/* its bytes in hex */
#define CRED_MAX	2

/* What a sandbox's terminals are made of, and all that it may reach. */
#define UPSTREAM_PTY	1		/* user, for the helper */
#define UPSTREAM_SSH	2		/* host and port, to dial */
#define UPSTREAM_MAX	UPSTREAM_SSH

struct target {
	uint8_t		upstream;	/* UPSTREAM_* */
	char		user[USER_NAME_MAX + 1];	/* pty; else empty */
	char		host[HOST_MAX + 1];	/* lower case; pty: empty */
	uint16_t	port;			/* pty: 0 */
};

/*
 * The object is a sandbox for OPEN and LIST, with `join' (then this is about
 * its session of that name, made if there is none) and `whole'.
 */
struct msg_authorize {
	uint8_t		api;
	uint8_t		dialect;	/* of a session to be made */
	uint16_t	action;		/* one ACTION_* */
	uint8_t		join;		/* one of ACTION_JOINS by name */
	uint8_t		whole;		/* TICKET: for a sandbox */
	uint8_t		mode;		/* ATTACH, TICKET: MODE_* at most */
	uint8_t		stream;		/* ATTACH: events, which come back */
	uint8_t		cred;		/* CRED_* */
	char		object[SANDBOX_ID_MAX + 1];
	char		name[SESSION_NAME_MAX + 1];	/* or empty */
	char		address[ADDRESS_MAX + 1];
	char		token[TOKEN_MAX + 1];	/* last: most are short */
};

struct msg_deny {
	uint8_t		reason;		/* enum deny */
};

/* A verified request for a new session, or that name's; blob: record. */
struct msg_grant_open {
	uint32_t	frontend;	/* number of the one that asked */
	uint8_t		api;
	uint8_t		dialect;
	uint16_t	action;		/* one of ACTION_JOINS */
	uint8_t		join;		/* 0: OPEN of a new one */
	char		principal[PRINCIPAL_MAX + 1];
	char		sandbox[SANDBOX_ID_MAX + 1];
	char		name[SESSION_NAME_MAX + 1];
	struct target	target;
	uint64_t	version;
	uint8_t		hash[HASH_LEN];	/* SHA-256 of the token */
	char		address[ADDRESS_MAX + 1];
};

/* A verified request for a list of a principal's sessions in a sandbox. */
struct msg_grant_list {
	uint32_t	frontend;
	uint8_t		api;
	char		principal[PRINCIPAL_MAX + 1];
	char		sandbox[SANDBOX_ID_MAX + 1];
	uint8_t		hash[HASH_LEN];
	char		address[ADDRESS_MAX + 1];
};

/* A verified request that concerns a session. */
struct msg_grant_session {
	uint32_t	frontend;
	uint8_t		api;
	uint16_t	action;		/* one ACTION_*, not OPEN or LIST */
	uint8_t		mode;		/* MODE_* */
	char		principal[PRINCIPAL_MAX + 1];
	char		session[WIRE_UUID_LEN + 1];
	char		sandbox[SANDBOX_ID_MAX + 1];	/* or empty: any */
	uint8_t		hash[HASH_LEN];	/* SHA-256 of the token */
	uint32_t	ticket;		/* ATTACH: number of it, or 0 */
	uint8_t		secret[TICKET_LEN];	/* TICKET: to pass on */
	char		address[ADDRESS_MAX + 1];
};

/* The number of a ticket whose stream has begun, or has ended. */
struct msg_ticket_use {
	uint32_t	ticket;
	char		session[WIRE_UUID_LEN + 1];
};

/* A ticket for a sandbox; one for a session comes with GRANTED. */
struct msg_ticket {
	uint8_t		secret[TICKET_LEN];
};

/* To the worker; what it shall let that channel do, for ttl seconds. */
struct msg_grant {
	uint8_t		grant[GRANT_LEN];
	uint32_t	channel;	/* number of the frontend */
	uint16_t	actions;	/* mask of ACTION_* */
	uint8_t		mode;		/* MODE_* */
	uint32_t	viewer;		/* number of the viewer it makes */
	uint32_t	ticket;		/* to be named with that viewer */
	uint32_t	ttl;
	uint8_t		api;
	uint8_t		dialect;	/* of a session to be made */
	char		session[WIRE_UUID_LEN + 1];	/* LIST: nil */
	char		name[SESSION_NAME_MAX + 1];
	uint8_t		hash[HASH_LEN];	/* zero but for calls */
	char		principal[PRINCIPAL_MAX + 1];
};

/* To the frontend; its channel to the worker has come before. */
struct msg_granted {
	uint8_t		grant[GRANT_LEN];	/* TICKET: the ticket */
	uint32_t	worker;		/* number; TICKET, empty LIST: 0 */
	uint32_t	open_time;	/* OPEN may take so many seconds */
	uint8_t		fresh;		/* the session is made by this */
	uint8_t		more;		/* LIST: so many more will follow */
	char		session[WIRE_UUID_LEN + 1];
};

/* May this principal still use this sandbox?  The id matches the answer. */
struct msg_recheck {
	uint8_t		api;
	char		principal[PRINCIPAL_MAX + 1];
	char		sandbox[SANDBOX_ID_MAX + 1];
};

/* For the audit log: a request that was turned away. */
struct msg_denial {
	uint8_t		reason;		/* enum deny */
	uint16_t	action;		/* one ACTION_* */
	char		principal[PRINCIPAL_MAX + 1];	/* may be empty */
	char		object[SANDBOX_ID_MAX + 1];
	char		address[ADDRESS_MAX + 1];
};

#endif /* GATEWAYD_PROTO_MSG_GRANT_H */
