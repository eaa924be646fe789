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

#include "hostkey.h"
#include "msg.h"
#include "msg_fields.h"
#include "wire.h"

static void	conf_catalog_fields(struct wire *, union msg *);
static void	conf_dialer_fields(struct wire *, union msg *);
static void	conf_egress_fields(struct wire *, union msg *);
static void	conf_resolver_fields(struct wire *, union msg *);
static void	dial_fields(struct wire *, union msg *);
static void	dial_fail_fields(struct wire *, union msg *);
static void	hostkey_fields(struct wire *, union msg *);
static void	learn_fields(struct wire *, union msg *);
static void	learn_fail_fields(struct wire *, union msg *);

const struct msg_type msg_dial_types[] = {
	MSG_TYPE(CONF_CATALOG, conf_catalog, conf_catalog),
	MSG_BARE(CONF_KNOWN),
	MSG_BARE(CONF_LEARNED),
	MSG_TYPE(CONF_DIALER, conf_dialer, conf_dialer),
	MSG_TYPE(CONF_EGRESS, conf_egress, conf_egress),
	MSG_TYPE(CONF_RESOLVER, conf_resolver, conf_resolver),
	MSG_BARE(CONF_RESOLV),
	MSG_BARE(CONF_HOSTS),
	MSG_BARE(KEYFILE),
	MSG_TYPE(DIAL, dial, dial),
	MSG_BARE(DIAL_OK),
	MSG_TYPE(DIAL_FAIL, dial_fail, dial_fail),
	MSG_TYPE(HOSTKEY, hostkey, hostkey),
	MSG_TYPE(LEARN, learn, learn),
	MSG_BARE(LEARN_OK),
	MSG_TYPE(LEARN_FAIL, learn_fail, learn_fail),
	{ 0, NULL, NULL, 0 }
};

static void
conf_catalog_fields(struct wire *w, union msg *u)
{
	struct msg_conf_catalog	*m;

	m = &u->conf_catalog;
	wire_u8(w, &m->hostcheck, 1, HOSTCHECK_MAX);
}

static void
conf_dialer_fields(struct wire *w, union msg *u)
{
	struct msg_conf_dialer	*m;

	m = &u->conf_dialer;
	wire_u32(w, &m->timeout_resolve, 1, 600);
	wire_u32(w, &m->timeout_connect, 1, 600);
}

static void
conf_egress_fields(struct wire *w, union msg *u)
{
	struct msg_conf_egress	*m;

	m = &u->conf_egress;
	wire_u8(w, &m->allow, 0, 1);
	wire_u8(w, &m->family, 4, 6);
	wire_fixed(w, m->addr, sizeof(m->addr));
	wire_u8(w, &m->prefix, 0, 128);
	wire_u16(w, &m->port, 0, UINT16_MAX);
}

static void
conf_resolver_fields(struct wire *w, union msg *u)
{
	struct msg_conf_resolver	*m;

	m = &u->conf_resolver;
	wire_u8(w, &m->family, 4, 6);
	wire_fixed(w, m->addr, sizeof(m->addr));
	wire_u16(w, &m->port, 1, UINT16_MAX);
}

static void
dial_fields(struct wire *w, union msg *u)
{
	struct msg_dial	*m;

	m = &u->dial;
	wire_str(w, m->host, sizeof(m->host), 1);
	wire_u16(w, &m->port, 1, UINT16_MAX);
}

static void
dial_fail_fields(struct wire *w, union msg *u)
{
	struct msg_dial_fail	*m;

	m = &u->dial_fail;
	wire_u8(w, &m->reason, 1, DIAL_ERROR_MAX);
	wire_u32(w, &m->error, 0, 4095);
}

static void
hostkey_fields(struct wire *w, union msg *u)
{
	struct msg_hostkey	*m;

	m = &u->hostkey;
	wire_u8(w, &m->type, 1, HOSTKEY_TYPE_MAX);
	wire_fixed(w, m->hash, sizeof(m->hash));
}

static void
learn_fields(struct wire *w, union msg *u)
{
	struct msg_learn	*m;

	m = &u->learn;
	wire_name(w, m->sandbox, sizeof(m->sandbox));
	wire_str(w, m->host, sizeof(m->host), 1);
	wire_u16(w, &m->port, 1, UINT16_MAX);
	wire_u8(w, &m->type, 1, HOSTKEY_TYPE_MAX);
	wire_fixed(w, m->hash, sizeof(m->hash));
}

static void
learn_fail_fields(struct wire *w, union msg *u)
{
	struct msg_learn_fail	*m;

	m = &u->learn_fail;
	wire_u8(w, &m->reason, 1, LEARN_ERROR_MAX);
}
