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

#include "compat.h"

#include "msg.h"
#include "msg_fields.h"
#include "wire.h"

static void	record_fields(struct wire *, union msg *);
static void	limits_fields(struct wire *, union msg *);
static void	pty_req_fields(struct wire *, union msg *);
static void	pty_ok_fields(struct wire *, union msg *);
static void	pty_fail_fields(struct wire *, union msg *);
static void	pty_exit_fields(struct wire *, union msg *);
static void	pty_signal_fields(struct wire *, union msg *);
static void	session_fields(struct wire *, union msg *);
static void	session_end_fields(struct wire *, union msg *);
static void	viewer_up_fields(struct wire *, union msg *);
static void	viewer_down_fields(struct wire *, union msg *);
static void	detach_fields(struct wire *, union msg *);
static void	pty_start_fields(struct wire *, union msg *);
static void	pty_running_fields(struct wire *, union msg *);

const struct msg_type msg_worker_types[] = {
	MSG_BARE(SEALKEY),
	MSG_TYPE(RECORD, record, record),
	MSG_TYPE(LIMITS, limits, limits),
	MSG_TYPE(PTY_REQ, pty_req, pty_req),
	MSG_TYPE(PTY_OK, pty_ok, pty_ok),
	MSG_TYPE(PTY_FAIL, pty_fail, pty_fail),
	MSG_TYPE(PTY_EXIT, pty_exit, pty_exit),
	MSG_TYPE(PTY_SIGNAL, pty_signal, pty_signal),
	MSG_TYPE(SESSION_UP, session, session),
	MSG_TYPE(SESSION_END, session_end, session_end),
	MSG_TYPE(SESSION_EXIT, session_end, session_end),
	MSG_TYPE(KILL, session_end, session_end),
	MSG_TYPE(VIEWER_UP, viewer_up, viewer_up),
	MSG_TYPE(VIEWER_DOWN, viewer_down, viewer_down),
	MSG_TYPE(DETACH, detach, detach),
	MSG_BARE(MAY_EXIT),
	MSG_BARE(EXIT_OK),
	MSG_TYPE(PTY_HANGUP, session, session),
	MSG_TYPE(PTY_START, pty_start, pty_start),
	MSG_TYPE(PTY_RUNNING, pty_running, pty_running),
	{ 0, NULL, NULL, 0 }
};

static void
record_fields(struct wire *w, union msg *u)
{
	struct msg_record	*m;

	m = &u->record;
	wire_name(w, m->sandbox, sizeof(m->sandbox));
	msg_target(w, &m->target);
	wire_u64(w, &m->version, 0, UINT64_MAX);
	wire_u8(w, &m->unlocked, 0, 1);
}

static void
limits_fields(struct wire *w, union msg *u)
{
	struct msg_limits	*m;
	size_t			 i;

	m = &u->limits;
	wire_u32(w, &m->viewers, 1, 65536);
	wire_u32(w, &m->replay, 0, 1073741824);
	wire_u32(w, &m->timeout_dial, 1, UINT32_MAX);
	wire_u32(w, &m->timeout_handshake, 1, UINT32_MAX);
	wire_u32(w, &m->timeout_channel, 1, UINT32_MAX);
	wire_u32(w, &m->timeout_ping, 1, UINT32_MAX);
	wire_u32(w, &m->timeout_stalled, 1, UINT32_MAX);
	for (i = 0; i < nitems(m->timeout_idle); i++)
		wire_u32(w, &m->timeout_idle[i], 1, UINT32_MAX);
	for (i = 0; i < nitems(m->timeout_detached); i++)
		wire_u32(w, &m->timeout_detached[i], 1, UINT32_MAX);
}

static void
pty_req_fields(struct wire *w, union msg *u)
{
	struct msg_pty_req	*m;

	m = &u->pty_req;
	wire_uuid(w, m->session);
	wire_u16(w, &m->cols, 1, COLS_MAX);
	wire_u16(w, &m->rows, 1, ROWS_MAX);
}

static void
pty_ok_fields(struct wire *w, union msg *u)
{
	struct msg_pty_ok	*m;

	m = &u->pty_ok;
	wire_uuid(w, m->session);
}

static void
pty_fail_fields(struct wire *w, union msg *u)
{
	struct msg_pty_fail	*m;

	m = &u->pty_fail;
	wire_uuid(w, m->session);
	wire_u8(w, &m->stage, 1, PTY_STAGE_MAX);
	wire_u32(w, &m->error, 0, 4095);
}

static void
pty_exit_fields(struct wire *w, union msg *u)
{
	struct msg_pty_exit	*m;

	m = &u->pty_exit;
	wire_uuid(w, m->session);
	wire_u8(w, &m->how, 1, EXIT_UNKNOWN);
	wire_u8(w, &m->code, 0, UINT8_MAX);
}

static void
pty_signal_fields(struct wire *w, union msg *u)
{
	struct msg_pty_signal	*m;

	m = &u->pty_signal;
	wire_uuid(w, m->session);
	wire_u8(w, &m->signo, 1, 31);
}

static void
session_fields(struct wire *w, union msg *u)
{
	struct msg_session	*m;

	m = &u->session;
	wire_uuid(w, m->session);
}

static void
session_end_fields(struct wire *w, union msg *u)
{
	struct msg_session_end	*m;

	m = &u->session_end;
	wire_uuid(w, m->session);
	wire_u8(w, &m->reason, 1, END_MAX);
	wire_u8(w, &m->how, 1, EXIT_UNKNOWN);
	wire_u8(w, &m->code, 0, UINT8_MAX);
}

static void
viewer_up_fields(struct wire *w, union msg *u)
{
	struct msg_viewer_up	*m;

	m = &u->viewer_up;
	wire_uuid(w, m->session);
	wire_u32(w, &m->viewer, 1, UINT32_MAX);
	wire_u8(w, &m->dialect, 1, DIALECT_MAX);
	wire_u8(w, &m->transport, 1, TRANSPORT_MAX);
	wire_u8(w, &m->mode, 1, MODE_MAX);
	wire_u32(w, &m->ticket, 0, UINT32_MAX);
	wire_str(w, m->address, sizeof(m->address), 1);
}

static void
viewer_down_fields(struct wire *w, union msg *u)
{
	struct msg_viewer_down	*m;

	m = &u->viewer_down;
	wire_uuid(w, m->session);
	wire_u32(w, &m->viewer, 1, UINT32_MAX);
	wire_u8(w, &m->reason, 1, LEAVE_MAX);
}

static void
detach_fields(struct wire *w, union msg *u)
{
	struct msg_detach	*m;

	m = &u->detach;
	wire_u32(w, &m->viewer, 1, UINT32_MAX);
	wire_u8(w, &m->reason, 1, LEAVE_MAX);
}

static void
pty_start_fields(struct wire *w, union msg *u)
{
	struct msg_pty_start	*m;

	m = &u->pty_start;
	wire_uuid(w, m->session);
	wire_str(w, m->user, sizeof(m->user), 0);
	wire_u8(w, &m->privileged, 0, 1);
}

static void
pty_running_fields(struct wire *w, union msg *u)
{
	struct msg_pty_running	*m;

	m = &u->pty_running;
	wire_u32(w, &m->pid, 1, UINT32_MAX);
}
