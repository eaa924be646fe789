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

static void	authorize_fields(struct wire *, union msg *);
static void	deny_fields(struct wire *, union msg *);
static void	grant_open_fields(struct wire *, union msg *);
static void	grant_session_fields(struct wire *, union msg *);
static void	grant_list_fields(struct wire *, union msg *);
static void	ticket_fields(struct wire *, union msg *);
static void	ticket_use_fields(struct wire *, union msg *);
static void	grant_fields(struct wire *, union msg *);
static void	granted_fields(struct wire *, union msg *);
static void	recheck_fields(struct wire *, union msg *);
static void	denial_fields(struct wire *, union msg *);

const struct msg_type msg_grant_types[] = {
	MSG_TYPE(AUTHORIZE, authorize, authorize),
	MSG_TYPE(DENIED, deny, deny),
	MSG_TYPE(GRANT_OPEN, grant_open, grant_open),
	MSG_TYPE(GRANT_SESSION, grant_session, grant_session),
	MSG_TYPE(GRANT, grant, grant),
	MSG_TYPE(GRANTED, granted, granted),
	MSG_TYPE(RECHECK, recheck, recheck),
	MSG_BARE(RECHECK_OK),
	MSG_BARE(RECHECK_FAIL),
	MSG_BARE(RECHECK_LATER),
	MSG_TYPE(DENIAL, denial, denial),
	MSG_TYPE(GRANT_LIST, grant_list, grant_list),
	MSG_TYPE(TICKET, ticket, ticket),
	MSG_TYPE(TICKET_UP, ticket_use, ticket_use),
	MSG_TYPE(TICKET_DOWN, ticket_use, ticket_use),
	{ 0, NULL, NULL, 0 }
};

static void
authorize_fields(struct wire *w, union msg *u)
{
	struct msg_authorize	*m;

	m = &u->authorize;
	wire_u8(w, &m->api, 1, API_MAX);
	wire_u8(w, &m->dialect, 1, DIALECT_MAX);
	wire_one_of(w, &m->action, ACTION_ALL);
	wire_u8(w, &m->join, 0, 1);
	wire_u8(w, &m->whole, 0, 1);
	wire_u8(w, &m->mode, 1, MODE_MAX);
	wire_u8(w, &m->stream, 0, 1);
	wire_u8(w, &m->cred, 1, CRED_MAX);
	wire_str(w, m->token, sizeof(m->token), 1);
	wire_name(w, m->object, sizeof(m->object));
	wire_str(w, m->name, sizeof(m->name), 0);
	wire_str(w, m->address, sizeof(m->address), 1);
}

static void
deny_fields(struct wire *w, union msg *u)
{
	struct msg_deny	*m;

	m = &u->deny;
	wire_u8(w, &m->reason, 1, DENY_MAX);
}

/* One without a host is for what reaches none, and the other way round. */
void
msg_target(struct wire *w, struct target *t)
{
	wire_u8(w, &t->upstream, 1, UPSTREAM_MAX);
	wire_str(w, t->user, sizeof(t->user), 0);
	wire_str(w, t->host, sizeof(t->host), 0);
	wire_u16(w, &t->port, 0, UINT16_MAX);
}

static void
grant_open_fields(struct wire *w, union msg *u)
{
	struct msg_grant_open	*m;

	m = &u->grant_open;
	wire_u32(w, &m->frontend, 1, UINT32_MAX);
	wire_u8(w, &m->api, 1, API_MAX);
	wire_u8(w, &m->dialect, 1, DIALECT_MAX);
	wire_one_of(w, &m->action, ACTION_JOINS);
	wire_u8(w, &m->join, 0, 1);
	wire_str(w, m->principal, sizeof(m->principal), 1);
	wire_name(w, m->sandbox, sizeof(m->sandbox));
	wire_str(w, m->name, sizeof(m->name), 0);
	msg_target(w, &m->target);
	wire_u64(w, &m->version, 0, UINT64_MAX);
	wire_fixed(w, m->hash, sizeof(m->hash));
	wire_str(w, m->address, sizeof(m->address), 1);
}

static void
grant_list_fields(struct wire *w, union msg *u)
{
	struct msg_grant_list	*m;

	m = &u->grant_list;
	wire_u32(w, &m->frontend, 1, UINT32_MAX);
	wire_u8(w, &m->api, 1, API_MAX);
	wire_str(w, m->principal, sizeof(m->principal), 1);
	wire_name(w, m->sandbox, sizeof(m->sandbox));
	wire_fixed(w, m->hash, sizeof(m->hash));
	wire_str(w, m->address, sizeof(m->address), 1);
}

static void
ticket_fields(struct wire *w, union msg *u)
{
	struct msg_ticket	*m;

	m = &u->ticket;
	wire_fixed(w, m->secret, sizeof(m->secret));
}

static void
ticket_use_fields(struct wire *w, union msg *u)
{
	struct msg_ticket_use	*m;

	m = &u->ticket_use;
	wire_u32(w, &m->ticket, 1, UINT32_MAX);
	wire_uuid(w, m->session);
}

static void
grant_session_fields(struct wire *w, union msg *u)
{
	struct msg_grant_session	*m;

	m = &u->grant_session;
	wire_u32(w, &m->frontend, 1, UINT32_MAX);
	wire_u8(w, &m->api, 1, API_MAX);
	wire_one_of(w, &m->action, ACTION_ALL & ~(ACTION_OPEN | ACTION_LIST));
	wire_u8(w, &m->mode, 1, MODE_MAX);
	wire_str(w, m->principal, sizeof(m->principal), 1);
	wire_uuid(w, m->session);
	wire_str(w, m->sandbox, sizeof(m->sandbox), 0);
	wire_fixed(w, m->hash, sizeof(m->hash));
	wire_u32(w, &m->ticket, 0, UINT32_MAX);
	wire_fixed(w, m->secret, sizeof(m->secret));
	wire_str(w, m->address, sizeof(m->address), 1);
}

static void
grant_fields(struct wire *w, union msg *u)
{
	struct msg_grant	*m;

	m = &u->grant;
	wire_fixed(w, m->grant, sizeof(m->grant));
	wire_u32(w, &m->channel, 1, UINT32_MAX);
	wire_u16(w, &m->actions, 1, ACTION_ALL);
	wire_u8(w, &m->mode, 1, MODE_MAX);
	wire_u32(w, &m->viewer, 0, UINT32_MAX);
	wire_u32(w, &m->ticket, 0, UINT32_MAX);
	wire_u32(w, &m->ttl, 1, 3600);
	wire_u8(w, &m->api, 1, API_MAX);
	wire_u8(w, &m->dialect, 1, DIALECT_MAX);
	wire_uuid(w, m->session);
	wire_str(w, m->name, sizeof(m->name), 0);
	wire_fixed(w, m->hash, sizeof(m->hash));
	wire_str(w, m->principal, sizeof(m->principal), 1);
}

static void
granted_fields(struct wire *w, union msg *u)
{
	struct msg_granted	*m;

	m = &u->granted;
	wire_fixed(w, m->grant, sizeof(m->grant));
	wire_u32(w, &m->worker, 0, UINT32_MAX);
	wire_u32(w, &m->open_time, 0, 7200);
	wire_u8(w, &m->fresh, 0, 1);
	wire_u8(w, &m->more, 0, UINT8_MAX);
	wire_uuid(w, m->session);
}

static void
recheck_fields(struct wire *w, union msg *u)
{
	struct msg_recheck	*m;

	m = &u->recheck;
	wire_u8(w, &m->api, 1, API_MAX);
	wire_str(w, m->principal, sizeof(m->principal), 1);
	wire_name(w, m->sandbox, sizeof(m->sandbox));
}

static void
denial_fields(struct wire *w, union msg *u)
{
	struct msg_denial	*m;

	m = &u->denial;
	wire_u8(w, &m->reason, 1, DENY_MAX);
	wire_one_of(w, &m->action, ACTION_ALL);
	wire_str(w, m->principal, sizeof(m->principal), 0);
	wire_str(w, m->object, sizeof(m->object), 0);
	wire_str(w, m->address, sizeof(m->address), 1);
}
