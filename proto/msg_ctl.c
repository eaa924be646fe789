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

static void	ctl_show_fields(struct wire *, union msg *);
static void	ctl_end_fields(struct wire *, union msg *);
static void	ctl_sandbox_fields(struct wire *, union msg *);
static void	ctl_session_fields(struct wire *, union msg *);
static void	ctl_viewer_fields(struct wire *, union msg *);
static void	ctl_process_fields(struct wire *, union msg *);
static void	ctl_metric_fields(struct wire *, union msg *);
static void	ctl_session_id_fields(struct wire *, union msg *);
static void	ctl_detach_fields(struct wire *, union msg *);
static void	ctl_verbose_fields(struct wire *, union msg *);
static void	ctl_fail_fields(struct wire *, union msg *);

const struct msg_type msg_ctl_types[] = {
	MSG_TYPE(CTL_SHOW, ctl_show, ctl_show),
	MSG_TYPE(CTL_SANDBOX, ctl_sandbox, ctl_sandbox),
	MSG_TYPE(CTL_SESSION, ctl_session, ctl_session),
	MSG_TYPE(CTL_VIEWER, ctl_viewer, ctl_viewer),
	MSG_TYPE(CTL_PROCESS, ctl_process, ctl_process),
	MSG_TYPE(CTL_END, ctl_end, ctl_end),
	MSG_TYPE(CTL_KILL, ctl_session_id, session),
	MSG_TYPE(CTL_DETACH, ctl_detach, detach),
	MSG_BARE(CTL_RELOAD),
	MSG_BARE(CTL_DRAIN),
	MSG_TYPE(CTL_VERBOSE, ctl_verbose, verbose),
	MSG_BARE(CTL_METRICS),
	MSG_TYPE(CTL_METRIC, ctl_metric, ctl_metric),
	MSG_BARE(CTL_OK),
	MSG_TYPE(CTL_FAIL, ctl_fail, fail),
	{ 0, NULL, NULL, 0 }
};

static void
ctl_show_fields(struct wire *w, union msg *u)
{
	struct msg_ctl_show	*m;

	m = &u->ctl_show;
	wire_u8(w, &m->what, 1, SHOW_MAX);
	wire_u64(w, &m->after, 0, UINT64_MAX);
}

static void
ctl_end_fields(struct wire *w, union msg *u)
{
	struct msg_ctl_end	*m;

	m = &u->ctl_end;
	wire_u64(w, &m->next, 0, UINT64_MAX);
}

static void
ctl_sandbox_fields(struct wire *w, union msg *u)
{
	struct msg_ctl_sandbox	*m;

	m = &u->ctl_sandbox;
	wire_name(w, m->sandbox, sizeof(m->sandbox));
	wire_u64(w, &m->version, 0, UINT64_MAX);
	wire_u32(w, &m->pid, 0, UINT32_MAX);
	wire_u32(w, &m->uid, 0, UINT32_MAX);
	wire_u32(w, &m->sessions, 0, UINT32_MAX);
	wire_u32(w, &m->age, 0, UINT32_MAX);
}

static void
ctl_session_fields(struct wire *w, union msg *u)
{
	struct msg_ctl_session	*m;

	m = &u->ctl_session;
	wire_uuid(w, m->session);
	wire_name(w, m->sandbox, sizeof(m->sandbox));
	wire_str(w, m->principal, sizeof(m->principal), 1);
	wire_str(w, m->name, sizeof(m->name), 0);
	wire_u8(w, &m->state, 1, SESSION_FAILED);
	wire_u32(w, &m->viewers, 0, UINT32_MAX);
	wire_u32(w, &m->age, 0, UINT32_MAX);
}

static void
ctl_viewer_fields(struct wire *w, union msg *u)
{
	struct msg_ctl_viewer	*m;

	m = &u->ctl_viewer;
	wire_u32(w, &m->viewer, 1, UINT32_MAX);
	wire_uuid(w, m->session);
	wire_str(w, m->principal, sizeof(m->principal), 1);
	wire_str(w, m->address, sizeof(m->address), 1);
	wire_u8(w, &m->dialect, 1, DIALECT_MAX);
	wire_u8(w, &m->transport, 1, TRANSPORT_MAX);
	wire_u8(w, &m->mode, 1, MODE_MAX);
	wire_u32(w, &m->age, 0, UINT32_MAX);
}

static void
ctl_process_fields(struct wire *w, union msg *u)
{
	struct msg_ctl_process	*m;

	m = &u->ctl_process;
	wire_u8(w, &m->role, 1, ROLE_MAX);
	wire_u32(w, &m->number, 0, UINT32_MAX);
	wire_u32(w, &m->pid, 0, UINT32_MAX);
	wire_u32(w, &m->uid, 0, UINT32_MAX);
	wire_u32(w, &m->age, 0, UINT32_MAX);
	wire_u32(w, &m->restarts, 0, UINT32_MAX);
	wire_u8(w, &m->ready, 0, 1);
}

static void
ctl_metric_fields(struct wire *w, union msg *u)
{
	struct msg_ctl_metric	*m;

	m = &u->ctl_metric;
	wire_u8(w, &m->kind, 1, METRIC_GAUGE);
	wire_str(w, m->name, sizeof(m->name), 1);
	wire_str(w, m->label, sizeof(m->label), 0);
	wire_u64(w, &m->value, 0, UINT64_MAX);
}

static void
ctl_session_id_fields(struct wire *w, union msg *u)
{
	struct msg_session	*m;

	m = &u->session;
	wire_uuid(w, m->session);
}

static void
ctl_detach_fields(struct wire *w, union msg *u)
{
	struct msg_detach	*m;

	m = &u->detach;
	wire_u32(w, &m->viewer, 1, UINT32_MAX);
	wire_u8(w, &m->reason, 1, LEAVE_MAX);
}

static void
ctl_verbose_fields(struct wire *w, union msg *u)
{
	struct msg_verbose	*m;

	m = &u->verbose;
	wire_u8(w, &m->verbose, 0, 9);
}

static void
ctl_fail_fields(struct wire *w, union msg *u)
{
	struct msg_fail	*m;

	m = &u->fail;
	wire_str(w, m->reason, sizeof(m->reason), 1);
}
