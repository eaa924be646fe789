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

static void	hello_fields(struct wire *, union msg *);
static void	log_fields(struct wire *, union msg *);
static void	setup_fields(struct wire *, union msg *);
static void	verbose_fields(struct wire *, union msg *);
static void	listener_fields(struct wire *, union msg *);
static void	counters_fields(struct wire *, union msg *);
static void	channel_fields(struct wire *, union msg *);
static void	state_fields(struct wire *, union msg *);
static void	front_stats_fields(struct wire *, union msg *);
static void	conf_frontend_fields(struct wire *, union msg *);
static void	conf_api_fields(struct wire *, union msg *);
static void	conf_key_fields(struct wire *, union msg *);
static void	conf_origin_fields(struct wire *, union msg *);
static void	conf_proxy_fields(struct wire *, union msg *);
static void	conf_asset_fields(struct wire *, union msg *);
static void	conf_sandbox_fields(struct wire *, union msg *);
static void	conf_owner_fields(struct wire *, union msg *);
static void	fail_fields(struct wire *, union msg *);

const struct msg_type msg_conf_types[] = {
	MSG_TYPE(HELLO, hello, hello),
	MSG_BARE(BLOB),
	MSG_TYPE(LOG, log, log),
	MSG_TYPE(SETUP, setup, setup),
	MSG_BARE(START),
	MSG_BARE(READY),
	MSG_BARE(STOP),
	MSG_TYPE(VERBOSE, verbose, verbose),
	MSG_TYPE(LISTENER, listener, listener),
	MSG_TYPE(COUNTERS, counters, counters),
	MSG_TYPE(CHANNEL, channel, channel),
	MSG_TYPE(STATE, state, state),
	MSG_TYPE(FRONT_STATS, front_stats, front_stats),
	MSG_TYPE(UNLINK, channel, channel),
	MSG_BARE(CONF_BEGIN),
	MSG_TYPE(CONF_FRONTEND, conf_frontend, conf_frontend),
	MSG_TYPE(CONF_API, conf_api, conf_api),
	MSG_TYPE(CONF_KEY, conf_key, conf_key),
	MSG_TYPE(CONF_ALG, conf_key, conf_key),
	MSG_TYPE(CONF_ORIGIN, conf_origin, conf_origin),
	MSG_TYPE(CONF_PROXY, conf_proxy, conf_proxy),
	MSG_TYPE(CONF_ASSET, conf_asset, conf_asset),
	MSG_TYPE(CONF_SANDBOX, conf_sandbox, conf_sandbox),
	MSG_TYPE(CONF_OWNER, conf_owner, conf_owner),
	MSG_BARE(CONF_END),
	MSG_BARE(CONF_OK),
	MSG_TYPE(CONF_FAIL, fail, fail),
	MSG_BARE(CONF_SWITCH),
	MSG_BARE(CONF_DROP),
	{ 0, NULL, NULL, 0 }
};

static void
hello_fields(struct wire *w, union msg *u)
{
	struct msg_hello	*m;

	m = &u->hello;
	wire_u32(w, &m->version, 0, UINT32_MAX);
	wire_u8(w, &m->role, 1, ROLE_MAX);
}

static void
log_fields(struct wire *w, union msg *u)
{
	struct msg_log	*m;

	m = &u->log;
	/* From LOG_CRIT on: what is above reaches every terminal there is. */
	wire_u8(w, &m->priority, 2, 7);
	wire_str(w, m->text, sizeof(m->text), 0);
}

static void
setup_fields(struct wire *w, union msg *u)
{
	struct msg_setup	*m;

	m = &u->setup;
	wire_u8(w, &m->role, 1, ROLE_MAX);
	wire_u32(w, &m->number, 1, UINT32_MAX);
	wire_u8(w, &m->privileged, 0, 1);
	wire_u32(w, &m->uid, 0, UINT32_MAX);
	wire_u32(w, &m->gid, 0, UINT32_MAX);
	wire_str(w, m->root, sizeof(m->root), 0);
	wire_u8(w, &m->verbose, 0, 9);
	wire_u32(w, &m->nofile, 8, 1048576);
	wire_u64(w, &m->data, 0, UINT64_MAX);
}

static void
verbose_fields(struct wire *w, union msg *u)
{
	struct msg_verbose	*m;

	m = &u->verbose;
	wire_u8(w, &m->verbose, 0, 9);
}

static void
listener_fields(struct wire *w, union msg *u)
{
	struct msg_listener	*m;

	m = &u->listener;
	wire_u8(w, &m->what, 1, LISTENER_METRICS);
}

static void
counters_fields(struct wire *w, union msg *u)
{
	struct msg_counters	*m;

	m = &u->counters;
	wire_u32(w, &m->size, 1, UINT32_MAX);
}

static void
channel_fields(struct wire *w, union msg *u)
{
	struct msg_channel	*m;

	m = &u->channel;
	wire_u8(w, &m->role, 1, ROLE_MAX);
	wire_u32(w, &m->number, 1, UINT32_MAX);
}

static void
state_fields(struct wire *w, union msg *u)
{
	struct msg_state	*m;

	m = &u->state;
	wire_u8(w, &m->ready, 0, 1);
	wire_u8(w, &m->draining, 0, 1);
}

static void
front_stats_fields(struct wire *w, union msg *u)
{
	struct msg_front_stats	*m;

	m = &u->front_stats;
	wire_u64(w, &m->accepted, 0, UINT64_MAX);
	wire_u64(w, &m->requests, 0, UINT64_MAX);
	wire_u64(w, &m->refused, 0, UINT64_MAX);
	wire_u64(w, &m->attached, 0, UINT64_MAX);
	wire_u64(w, &m->tickets, 0, UINT64_MAX);
	wire_u64(w, &m->open, 0, UINT64_MAX);
}

static void
conf_frontend_fields(struct wire *w, union msg *u)
{
	struct msg_conf_frontend	*m;

	m = &u->conf_frontend;
	wire_u32(w, &m->requests, 1, 1000000);
	wire_u32(w, &m->window, 1, 3600);
	wire_u32(w, &m->timeout_request, 1, 3600);
	wire_u8(w, &m->page, 0, 1);
}

static void
conf_api_fields(struct wire *w, union msg *u)
{
	struct msg_conf_api	*m;

	m = &u->conf_api;
	wire_u8(w, &m->api, 1, API_MAX);
	wire_u64(w, &m->grace, 0, UINT64_MAX);
	wire_u64(w, &m->max_age, 0, UINT64_MAX);
	wire_u8(w, &m->unclaimed, 0, 1);
}

static void
conf_key_fields(struct wire *w, union msg *u)
{
	struct msg_conf_key	*m;

	m = &u->conf_key;
	wire_u8(w, &m->api, 1, API_MAX);
	wire_u8(w, &m->alg, 1, 3);
	wire_str(w, m->kid, sizeof(m->kid), 0);
	wire_str(w, m->issuer, sizeof(m->issuer), 0);
}

static void
conf_origin_fields(struct wire *w, union msg *u)
{
	struct msg_conf_origin	*m;

	m = &u->conf_origin;
	wire_u8(w, &m->api, 1, API_MAX);
	wire_str(w, m->origin, sizeof(m->origin), 1);
}

static void
conf_proxy_fields(struct wire *w, union msg *u)
{
	struct msg_conf_proxy	*m;

	m = &u->conf_proxy;
	wire_u8(w, &m->family, 4, 6);
	wire_fixed(w, m->addr, sizeof(m->addr));
	wire_u8(w, &m->prefix, 0, 128);
}

static void
conf_asset_fields(struct wire *w, union msg *u)
{
	struct msg_conf_asset	*m;

	m = &u->conf_asset;
	wire_name(w, m->name, sizeof(m->name));
}

static void
conf_sandbox_fields(struct wire *w, union msg *u)
{
	struct msg_conf_sandbox	*m;

	m = &u->conf_sandbox;
	wire_name(w, m->sandbox, sizeof(m->sandbox));
	msg_target(w, &m->target);
	wire_u64(w, &m->version, 0, UINT64_MAX);
}

static void
conf_owner_fields(struct wire *w, union msg *u)
{
	struct msg_conf_owner	*m;

	m = &u->conf_owner;
	wire_str(w, m->owner, sizeof(m->owner), 1);
}

static void
fail_fields(struct wire *w, union msg *u)
{
	struct msg_fail	*m;

	m = &u->fail;
	wire_str(w, m->reason, sizeof(m->reason), 0);
}
