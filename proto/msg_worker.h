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

#ifndef GATEWAYD_PROTO_MSG_WORKER_H
#define GATEWAYD_PROTO_MSG_WORKER_H

#include <stdint.h>

#include "msg_grant.h"
#include "sizes.h"
#include "wire.h"

/* Parent and worker; parent and pty helper.  See PROTOCOL. */

/* The worker's record; the blob is its body (record.h). */
struct msg_record {
	char		sandbox[SANDBOX_ID_MAX + 1];
	struct target	target;
	uint64_t	version;
	uint8_t		unlocked;	/* secrets unlocked */
};

/* For sessions opened from now on; times in seconds, sizes in bytes. */
struct msg_limits {
	uint32_t	viewers;	/* per session */
	uint32_t	replay;
	uint32_t	timeout_dial;	/* from DIAL to its answer */
	uint32_t	timeout_handshake;
	uint32_t	timeout_channel;
	uint32_t	timeout_ping;
	uint32_t	timeout_stalled;
	uint32_t	timeout_idle[DIALECT_MAX];	/* by dialect less 1 */
	uint32_t	timeout_detached[DIALECT_MAX];	/* the same */
};

/* A terminal is wanted; argv, environment and directory are the blob. */
struct msg_pty_req {
	char		session[WIRE_UUID_LEN + 1];
	uint16_t	cols;
	uint16_t	rows;
};

/* The master is the fd. */
struct msg_pty_ok {
	char		session[WIRE_UUID_LEN + 1];
};

/* Where it went wrong. */
enum pty_stage {
	PTY_STAGE_LIMIT = 1,	/* too many terminals */
	PTY_STAGE_OPEN,		/* no pty to be had */
	PTY_STAGE_SPAWN,
	PTY_STAGE_USER,		/* no such user, or it cannot be entered */
	PTY_STAGE_TTY,
	PTY_STAGE_SETUP,	/* argv and environment unusable */
	PTY_STAGE_EXEC,
	PTY_STAGE_CWD		/* the directory that was asked for */
};
#define PTY_STAGE_MAX	PTY_STAGE_CWD

struct msg_pty_fail {
	char		session[WIRE_UUID_LEN + 1];
	uint8_t		stage;		/* enum pty_stage */
	uint32_t	error;		/* errno or 0 */
};

/* How a shell ended. */
#define EXIT_CODE	1		/* code is what it returned */
#define EXIT_SIGNAL	2		/* code is the signal */
#define EXIT_UNKNOWN	3		/* code is 0 */

struct msg_pty_exit {
	char		session[WIRE_UUID_LEN + 1];
	uint8_t		how;		/* EXIT_* */
	uint8_t		code;
};

struct msg_pty_signal {
	char		session[WIRE_UUID_LEN + 1];
	uint8_t		signo;		/* 1 to 31 */
};

/* To the pty helper: the slave is the fd, the blob as in PTY_REQ. */
struct msg_pty_start {
	char		session[WIRE_UUID_LEN + 1];
	char		user[USER_NAME_MAX + 1];
	uint8_t		privileged;	/* become that user */
};

struct msg_pty_running {
	uint32_t	pid;
};

/* Why a session ends. */
enum end {
	END_EXIT = 1,		/* the shell ended */
	END_CLOSED,		/* a client or the operator said so */
	END_LOST,		/* the upstream is gone, without an exit */
	END_FAILED,		/* it never opened */
	END_IDLE,
	END_DETACHED,
	END_LIMIT,		/* made room for another */
	END_STOP		/* the daemon stops */
};
#define END_MAX		END_STOP

struct msg_session {
	char		session[WIRE_UUID_LEN + 1];
};

/*
 * Parent to worker: end it (KILL).  Worker to parent: it ended (END), or its
 * program did, and those who come within a minute may see how (EXIT).
 */
struct msg_session_end {
	char		session[WIRE_UUID_LEN + 1];
	uint8_t		reason;		/* enum end */
	uint8_t		how;		/* EXIT_* */
	uint8_t		code;
};

/* Why a viewer left. */
enum leave {
	LEAVE_CLIENT = 1,	/* it closed */
	LEAVE_ERROR,		/* it broke the protocol or the connection */
	LEAVE_SLOW,
	LEAVE_PING,		/* two pings without an answer */
	LEAVE_END,		/* the session ended */
	LEAVE_REVOKED,
	LEAVE_OPERATOR,
	LEAVE_STOP
};
#define LEAVE_MAX	LEAVE_STOP

struct msg_viewer_up {
	char		session[WIRE_UUID_LEN + 1];
	uint32_t	viewer;
	uint8_t		dialect;
	uint8_t		transport;
	uint8_t		mode;
	uint32_t	ticket;		/* as in its grant */
	char		address[ADDRESS_MAX + 1];
};

struct msg_viewer_down {
	char		session[WIRE_UUID_LEN + 1];
	uint32_t	viewer;
	uint8_t		reason;		/* enum leave */
};

struct msg_detach {
	uint32_t	viewer;
	uint8_t		reason;		/* enum leave */
};

#endif /* GATEWAYD_PROTO_MSG_WORKER_H */
