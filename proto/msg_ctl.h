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

#ifndef GATEWAYD_PROTO_MSG_CTL_H
#define GATEWAYD_PROTO_MSG_CTL_H

#include <stdint.h>

#include "sizes.h"
#include "wire.h"

/* gatewayctl, control and the parent.  See PROTOCOL. */

#define SHOW_SANDBOXES	1
#define SHOW_SESSIONS	2
#define SHOW_VIEWERS	3
#define SHOW_PROCESSES	4
#define SHOW_MAX	SHOW_PROCESSES

/* Rows that follow one request; ask again from `next' for more. */
#define CTL_PAGE	64

struct msg_ctl_show {
	uint8_t		what;		/* SHOW_* */
	uint64_t	after;		/* 0, or `next' of the last page */
};

struct msg_ctl_end {
	uint64_t	next;		/* 0: that was all */
};

struct msg_ctl_sandbox {
	char		sandbox[SANDBOX_ID_MAX + 1];
	uint64_t	version;
	uint32_t	pid;		/* of its worker */
	uint32_t	uid;
	uint32_t	sessions;
	uint32_t	age;		/* seconds */
};

struct msg_ctl_session {
	char		session[WIRE_UUID_LEN + 1];
	char		sandbox[SANDBOX_ID_MAX + 1];
	char		principal[PRINCIPAL_MAX + 1];
	char		name[SESSION_NAME_MAX + 1];	/* or empty */
	uint8_t		state;		/* enum session_state */
	uint32_t	viewers;
	uint32_t	age;		/* seconds */
};

enum session_state {
	SESSION_STARTING = 1,
	SESSION_RUNNING,
	SESSION_ENDING,
	/* Those that are over, for a while: age is since then. */
	SESSION_EXITED,
	SESSION_LOST,		/* without an end of its upstream */
	SESSION_FAILED		/* it never opened */
};

struct msg_ctl_viewer {
	uint32_t	viewer;
	char		session[WIRE_UUID_LEN + 1];
	char		principal[PRINCIPAL_MAX + 1];
	char		address[ADDRESS_MAX + 1];
	uint8_t		dialect;
	uint8_t		transport;
	uint8_t		mode;
	uint32_t	age;
};

struct msg_ctl_process {
	uint8_t		role;
	uint32_t	number;
	uint32_t	pid;
	uint32_t	uid;
	uint32_t	age;
	uint32_t	restarts;	/* of this role since start */
	uint8_t		ready;
};

/* One metric: the name is ours, the label from a fixed list. */
#define METRIC_NAME_MAX	63
#define METRIC_COUNTER	1
#define METRIC_GAUGE	2

struct msg_ctl_metric {
	uint8_t		kind;		/* METRIC_* */
	char		name[METRIC_NAME_MAX + 1];
	char		label[METRIC_NAME_MAX + 1];	/* key="value" */
	uint64_t	value;
};

#endif /* GATEWAYD_PROTO_MSG_CTL_H */
