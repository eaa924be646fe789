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

#ifndef GATEWAYD_PROTO_MSG_FRONT_H
#define GATEWAYD_PROTO_MSG_FRONT_H

#include <stdint.h>

#include "msg_grant.h"
#include "sizes.h"
#include "wire.h"

/* What a frontend asks of a worker, with a grant.  See PROTOCOL. */

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
	FAIL_LOST,		/* no connection, or it broke */
	FAIL_EXITED,		/* the session is there, its program is not */
	FAIL_OFFSET,		/* that output has not been written yet */
	FAIL_UNSUPPORTED	/* this upstream has no way to do that */
};
#define FAIL_MAX	FAIL_UNSUPPORTED

#define TRANSPORT_WS	1
#define TRANSPORT_SSE	2		/* chunked */
#define TRANSPORT_SSE10	3		/* HTTP/1.0: until close */
#define TRANSPORT_MAX	TRANSPORT_SSE10

/* What shall run instead of a shell, if it is said, is the blob. */
struct msg_open {
	uint8_t		grant[GRANT_LEN];
	uint16_t	cols;
	uint16_t	rows;
};

struct msg_opened {
	char		session[WIRE_UUID_LEN + 1];
	uint64_t	offset;		/* bytes of output so far */
};

/* The client's socket is the fd; what it sent already is the blob. */
struct msg_attach {
	uint8_t		  grant[GRANT_LEN];
	uint8_t		  dialect;	/* DIALECT_* */
	uint8_t		  transport;	/* TRANSPORT_* */
	uint8_t		  flags;	/* ATTACH_* */
	uint64_t	  offset;
	char		  address[ADDRESS_MAX + 1];
	struct wire_bytes head;		/* to send first */
};
#define ATTACH_OFFSET	0x01		/* from there on */
#define ATTACH_SCREEN	0x02		/* from the screen as it is now */
#define ATTACH_FLAGS	(ATTACH_OFFSET | ATTACH_SCREEN)

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

struct msg_signal {
	uint8_t		grant[GRANT_LEN];
	uint8_t		hash[HASH_LEN];
	uint8_t		signo;		/* 1 to 31 */
};

/* Answered with REPORT, whose blob is text. */
struct msg_status {
	uint8_t		grant[GRANT_LEN];
	uint8_t		hash[HASH_LEN];
	uint8_t		what;		/* STATUS_* */
};
#define STATUS_SESSION	1		/* a JSON object */
#define STATUS_SCREEN	2		/* a JSON object */
#define STATUS_TEXT	3		/* the lines of the screen */
#define STATUS_LIST	4		/* JSON objects, with commas between */
#define STATUS_MAX	4

struct msg_close {
	uint8_t		grant[GRANT_LEN];
	uint8_t		hash[HASH_LEN];
};

#endif /* GATEWAYD_PROTO_MSG_FRONT_H */
