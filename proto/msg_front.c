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

static void	open_fields(struct wire *, union msg *);
static void	attach_fields(struct wire *, union msg *);
static void	call_fail_fields(struct wire *, union msg *);
static void	input_fields(struct wire *, union msg *);
static void	resize_fields(struct wire *, union msg *);
static void	signal_fields(struct wire *, union msg *);
static void	status_fields(struct wire *, union msg *);
static void	close_fields(struct wire *, union msg *);
static void	opened_fields(struct wire *, union msg *);

const struct msg_type msg_front_types[] = {
	MSG_TYPE(OPEN, open, open),
	MSG_TYPE(OPENED, opened, opened),
	MSG_TYPE(OPEN_FAILED, call_fail, call_fail),
	MSG_TYPE(ATTACH, attach, attach),
	MSG_BARE(ATTACH_OK),
	MSG_TYPE(ATTACH_FAIL, call_fail, call_fail),
	MSG_TYPE(INPUT, input, input),
	MSG_BARE(INPUT_OK),
	MSG_BARE(INPUT_BLOCKED),
	MSG_TYPE(RESIZE, resize, resize),
	MSG_BARE(RESIZE_OK),
	MSG_TYPE(CLOSE, close, close),
	MSG_BARE(CLOSE_OK),
	MSG_TYPE(CALL_FAIL, call_fail, call_fail),
	MSG_TYPE(SIGNAL, signal, signal),
	MSG_BARE(SIGNAL_OK),
	MSG_TYPE(STATUS, status, status),
	MSG_BARE(REPORT),
	{ 0, NULL, NULL, 0 }
};

static void
open_fields(struct wire *w, union msg *u)
{
	struct msg_open	*m;

	m = &u->open;
	wire_fixed(w, m->grant, sizeof(m->grant));
	wire_u16(w, &m->cols, 1, COLS_MAX);
	wire_u16(w, &m->rows, 1, ROWS_MAX);
}

static void
attach_fields(struct wire *w, union msg *u)
{
	struct msg_attach	*m;

	m = &u->attach;
	wire_fixed(w, m->grant, sizeof(m->grant));
	wire_u8(w, &m->dialect, 1, DIALECT_MAX);
	wire_u8(w, &m->transport, 1, TRANSPORT_MAX);
	wire_u8(w, &m->flags, 0, ATTACH_FLAGS);
	wire_u64(w, &m->offset, 0, UINT64_MAX);
	wire_str(w, m->address, sizeof(m->address), 1);
	wire_bytes(w, &m->head, HEAD_BLOCK_MAX);
}

static void
call_fail_fields(struct wire *w, union msg *u)
{
	struct msg_call_fail	*m;

	m = &u->call_fail;
	wire_u8(w, &m->reason, 1, FAIL_MAX);
}

static void
input_fields(struct wire *w, union msg *u)
{
	struct msg_input	*m;

	m = &u->input;
	wire_fixed(w, m->grant, sizeof(m->grant));
	wire_fixed(w, m->hash, sizeof(m->hash));
	wire_bytes(w, &m->data, INPUT_INLINE_MAX);
}

static void
resize_fields(struct wire *w, union msg *u)
{
	struct msg_resize	*m;

	m = &u->resize;
	wire_fixed(w, m->grant, sizeof(m->grant));
	wire_fixed(w, m->hash, sizeof(m->hash));
	wire_u16(w, &m->cols, 1, COLS_MAX);
	wire_u16(w, &m->rows, 1, ROWS_MAX);
}

static void
signal_fields(struct wire *w, union msg *u)
{
	struct msg_signal	*m;

	m = &u->signal;
	wire_fixed(w, m->grant, sizeof(m->grant));
	wire_fixed(w, m->hash, sizeof(m->hash));
	wire_u8(w, &m->signo, 1, 31);
}

static void
status_fields(struct wire *w, union msg *u)
{
	struct msg_status	*m;

	m = &u->status;
	wire_fixed(w, m->grant, sizeof(m->grant));
	wire_fixed(w, m->hash, sizeof(m->hash));
	wire_u8(w, &m->what, 1, STATUS_MAX);
}

static void
close_fields(struct wire *w, union msg *u)
{
	struct msg_close	*m;

	m = &u->close;
	wire_fixed(w, m->grant, sizeof(m->grant));
	wire_fixed(w, m->hash, sizeof(m->hash));
}

static void
opened_fields(struct wire *w, union msg *u)
{
	struct msg_opened	*m;

	m = &u->opened;
	wire_uuid(w, m->session);
	wire_u64(w, &m->offset, 0, UINT64_MAX);
}
