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

#ifndef GATEWAYD_PROTO_MSG_DIAL_H
#define GATEWAYD_PROTO_MSG_DIAL_H

#include <stdint.h>

#include "sizes.h"

/* Connections to hosts, what they may be, and host keys.  See PROTOCOL. */

/* How a host key that nobody vouches for is taken; ssh_config(5). */
#define HOSTCHECK_YES		1
#define HOSTCHECK_ACCEPT_NEW	2
#define HOSTCHECK_NO		3
#define HOSTCHECK_MAX		HOSTCHECK_NO

struct msg_conf_catalog {
	uint8_t		hostcheck;	/* HOSTCHECK_* */
};

/* Times in seconds. */
struct msg_conf_dialer {
	uint32_t	timeout_resolve;
	uint32_t	timeout_connect;
};

/* The first rule that matches an address and a port decides. */
struct msg_conf_egress {
	uint8_t		allow;
	uint8_t		family;		/* 4 or 6 */
	uint8_t		addr[16];
	uint8_t		prefix;
	uint16_t	port;		/* 0: any */
};

/* A name server. */
struct msg_conf_resolver {
	uint8_t		family;		/* 4 or 6 */
	uint8_t		addr[16];
	uint16_t	port;
};

struct msg_dial {
	char		host[HOST_MAX + 1];
	uint16_t	port;
};

/* Why there is no connection. */
enum dial_error {
	DIAL_RESOLVE = 1,	/* the name has no address */
	DIAL_POLICY,		/* no address of it is allowed */
	DIAL_REFUSED,
	DIAL_UNREACHABLE,	/* any other error of connect(2) */
	DIAL_TIMEOUT,
	DIAL_DENIED,		/* not the target of the record */
	DIAL_LIMIT,		/* dials per worker */
	DIAL_BUSY,		/* too many at once, or no dialer now */
	DIAL_LOST		/* the dialer ended */
};
#define DIAL_ERROR_MAX	DIAL_LOST

struct msg_dial_fail {
	uint8_t		reason;		/* enum dial_error */
	uint32_t	error;		/* errno or 0 */
};

/* A host key, by its type (hostkey.h) and SHA-256. */
struct msg_hostkey {
	uint8_t		type;
	uint8_t		hash[HASH_LEN];
};

/* Remember the key of this host for this sandbox. */
struct msg_learn {
	char		sandbox[SANDBOX_ID_MAX + 1];
	char		host[HOST_MAX + 1];
	uint16_t	port;
	uint8_t		type;
	uint8_t		hash[HASH_LEN];
};

/* Why it was not. */
enum learn_error {
	LEARN_OTHER = 1,	/* another key of that host is known */
	LEARN_REFUSED,		/* keys are not learned for this sandbox */
	LEARN_STORE		/* it cannot be written, or is full */
};
#define LEARN_ERROR_MAX	LEARN_STORE

struct msg_learn_fail {
	uint8_t		reason;		/* enum learn_error */
};

#endif /* GATEWAYD_PROTO_MSG_DIAL_H */
