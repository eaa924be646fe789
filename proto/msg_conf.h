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

#ifndef GATEWAYD_PROTO_MSG_CONF_H
#define GATEWAYD_PROTO_MSG_CONF_H

#include <stdint.h>

#include "msg_grant.h"
#include "sizes.h"

/* Set-up, configuration and life of the children.  See PROTOCOL. */

#define PROTO_VERSION	1

/* The processes; HELLO and SETUP name them, CHANNEL names a peer. */
enum role {
	ROLE_PARENT = 1,
	ROLE_FRONTEND,
	ROLE_CATALOG,
	ROLE_DIALER,
	ROLE_CONTROL,
	ROLE_WORKER,
	ROLE_PTY,
	ROLE_CTL		/* gatewayctl */
};
#define ROLE_MAX	ROLE_CTL

struct msg_hello {
	uint32_t	version;
	uint8_t		role;		/* of the sender */
};

struct msg_log {
	uint8_t		priority;	/* syslog(3): LOG_CRIT to LOG_DEBUG */
	char		text[LOG_TEXT_MAX + 1];
};

struct msg_setup {
	uint8_t		role;		/* what the child shall be */
	uint32_t	number;		/* of the child, never reused */
	uint8_t		privileged;	/* has root: drop to uid, gid, root */
	uint32_t	uid;
	uint32_t	gid;
	char		root[PATH_TEXT_MAX + 1];
	uint8_t		verbose;
	uint32_t	nofile;		/* RLIMIT_NOFILE */
	uint64_t	data;		/* RLIMIT_DATA in bytes, 0: none */
};

/* Numbers that the frontend works by; times in seconds. */
struct msg_conf_frontend {
	uint32_t	requests;	/* per window and address */
	uint32_t	window;
	uint32_t	timeout_request;
	uint8_t		page;
};

/* Which kinds of API there are; the numbers are those of struct api. */
#define API_POCKETENV	1
#define API_TERMINAL	2		/* the native one */
#define API_MAX		2

struct msg_conf_api {
	uint8_t		api;
	uint64_t	grace;		/* seconds after exp */
	uint64_t	max_age;	/* seconds after iat without exp */
	uint8_t		unclaimed;
};

/* A token key: KEY brings the file, ALG (to a frontend: HS256) does not. */
struct msg_conf_key {
	uint8_t		api;
	uint8_t		alg;		/* enum token_alg */
	char		kid[KID_MAX + 1];
	char		issuer[ISSUER_MAX + 1];
};

struct msg_conf_origin {
	uint8_t		api;
	char		origin[ORIGIN_MAX + 1];
};

struct msg_conf_proxy {
	uint8_t		family;		/* 4 or 6 */
	uint8_t		addr[16];
	uint8_t		prefix;
};

/* A file of the page; it comes as blob. */
struct msg_conf_asset {
	char		name[ASSET_NAME_MAX + 1];
};

/* A static sandbox; its record comes as blob, its owners as CONF_OWNER. */
struct msg_conf_sandbox {
	char		sandbox[SANDBOX_ID_MAX + 1];
	struct target	target;
	uint64_t	version;
};

struct msg_conf_owner {
	char		owner[PRINCIPAL_MAX + 1];
};

struct msg_fail {
	char		reason[REASON_MAX + 1];
};

struct msg_verbose {
	uint8_t		verbose;
};

#define LISTENER_HTTP		1
#define LISTENER_CONTROL	2
#define LISTENER_METRICS	3

struct msg_listener {
	uint8_t		what;		/* LISTENER_* */
};

/* The request counters that all frontends share, as a mapping. */
struct msg_counters {
	uint32_t	size;
};

/* The other end of a new socketpair; number is the peer's. */
struct msg_channel {
	uint8_t		role;
	uint32_t	number;
};

/* What the frontends answer on /readyz. */
struct msg_state {
	uint8_t		ready;
	uint8_t		draining;
};

/* Of one frontend, since its start. */
struct msg_front_stats {
	uint64_t	accepted;	/* connections */
	uint64_t	requests;
	uint64_t	refused;	/* answered 4xx or 5xx */
	uint64_t	attached;	/* sockets handed over */
	uint64_t	tickets;	/* made */
	uint64_t	open;		/* connections now */
};

#endif /* GATEWAYD_PROTO_MSG_CONF_H */
