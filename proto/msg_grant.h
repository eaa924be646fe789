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
#define ACTION_OPEN	0x01
#define ACTION_ATTACH	0x02
#define ACTION_INPUT	0x04
#define ACTION_RESIZE	0x08
#define ACTION_CLOSE	0x10
#define ACTION_CALLS	(ACTION_INPUT | ACTION_RESIZE | ACTION_CLOSE)
#define ACTION_ALL	(ACTION_OPEN | ACTION_ATTACH | ACTION_CALLS)

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

/* Why an OPEN, an ATTACH or a call did not succeed. */
enum fail {
	FAIL_GRANT = 1,		/* no such grant, or used, or too old */
	FAIL_GONE,		/* the session has ended */
	FAIL_LIMIT,		/* viewers of the session */
	FAIL_BUSY,		/* out of memory or descriptors */
	FAIL_SHELL,		/* the upstream refused the terminal */
	FAIL_TIMEOUT,
	FAIL_BLOCKED,		/* input does not fit, nothing was taken */
	FAIL_REFUSED,		/* the host refused the connection */
	FAIL_HOSTKEY,		/* the host is not who it should be */
	FAIL_AUTH,		/* the host did not let us in */
	FAIL_LOST		/* no connection, or it broke */
};
#define FAIL_MAX	FAIL_LOST

#define DIALECT_SSH	1
#define DIALECT_MAX	1

#define TRANSPORT_WS	1
#define TRANSPORT_SSE	2		/* chunked */
#define TRANSPORT_SSE10	3		/* HTTP/1.0: until close */
#define TRANSPORT_MAX	TRANSPORT_SSE10

#define MODE_RW		1
#define MODE_MAX	1

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

struct msg_authorize {
	uint8_t		api;
	uint8_t		action;		/* one ACTION_* */
	char		object[SANDBOX_ID_MAX + 1]; /* sandbox or session */
	char		address[ADDRESS_MAX + 1];
	char		token[TOKEN_MAX + 1];	/* last: most are short */
};

struct msg_deny {
	uint8_t		reason;		/* enum deny */
};

/* A verified request for a new session; the record is the blob. */
struct msg_grant_open {
	uint32_t	frontend;	/* number of the one that asked */
	uint8_t		api;
	char		principal[PRINCIPAL_MAX + 1];
	char		sandbox[SANDBOX_ID_MAX + 1];
	struct target	target;
	uint64_t	version;
	char		address[ADDRESS_MAX + 1];
};

/* A verified request that concerns a session. */
struct msg_grant_session {
	uint32_t	frontend;
	uint8_t		api;
	uint8_t		action;		/* one ACTION_*, not OPEN */
	char		principal[PRINCIPAL_MAX + 1];
	char		session[WIRE_UUID_LEN + 1];
	uint8_t		hash[HASH_LEN];	/* SHA-256 of the token */
	char		address[ADDRESS_MAX + 1];
};

/* To the worker; what it shall let that channel do, for ttl seconds. */
struct msg_grant {
	uint8_t		grant[GRANT_LEN];
	uint32_t	channel;	/* number of the frontend */
	uint8_t		actions;	/* mask of ACTION_* */
	uint8_t		mode;		/* MODE_* */
	uint32_t	viewer;		/* number of the viewer it makes */
	uint32_t	ttl;
	char		session[WIRE_UUID_LEN + 1];
	uint8_t		hash[HASH_LEN];	/* zero but for calls */
	char		principal[PRINCIPAL_MAX + 1];
};

/* To the frontend; its channel to the worker has come before. */
struct msg_granted {
	uint8_t		grant[GRANT_LEN];
	uint32_t	worker;		/* number */
	uint32_t	open_time;	/* OPEN may take so many seconds */
	char		session[WIRE_UUID_LEN + 1];
};

struct msg_open {
	uint8_t		grant[GRANT_LEN];
	uint16_t	cols;
	uint16_t	rows;
};

/* The client's socket is the fd; what it sent already is the blob. */
struct msg_attach {
	uint8_t		  grant[GRANT_LEN];
	uint8_t		  dialect;	/* DIALECT_* */
	uint8_t		  transport;	/* TRANSPORT_* */
	char		  address[ADDRESS_MAX + 1];
	struct wire_bytes head;		/* to send first: SSE */
};

struct msg_call_fail {
	uint8_t		reason;		/* enum fail */
};

struct msg_input {
	uint8_t		  grant[GRANT_LEN];
	uint8_t		  hash[HASH_LEN];
	struct wire_bytes data;		/* or, when longer, the blob */
};

struct msg_resize {
	uint8_t		grant[GRANT_LEN];
	uint8_t		hash[HASH_LEN];
	uint16_t	cols;
	uint16_t	rows;
};

struct msg_close {
	uint8_t		grant[GRANT_LEN];
	uint8_t		hash[HASH_LEN];
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
	uint8_t		action;		/* one ACTION_* */
	char		principal[PRINCIPAL_MAX + 1];	/* may be empty */
	char		object[SANDBOX_ID_MAX + 1];
	char		address[ADDRESS_MAX + 1];
};

#endif /* GATEWAYD_PROTO_MSG_GRANT_H */
