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

#ifndef GATEWAYD_PROTO_MSG_H
#define GATEWAYD_PROTO_MSG_H

#include <sys/types.h>

#include <stdint.h>

#include "msg_conf.h"
#include "msg_ctl.h"
#include "msg_dial.h"
#include "msg_front.h"
#include "msg_grant.h"
#include "msg_types.h"
#include "msg_worker.h"

/* The fields of a message; which member counts follows from the type. */
union msg {
	struct msg_hello		hello;
	struct msg_log			log;
	struct msg_setup		setup;
	struct msg_verbose		verbose;
	struct msg_listener		listener;
	struct msg_counters		counters;
	struct msg_channel		channel;
	struct msg_state		state;
	struct msg_front_stats		front_stats;
	struct msg_conf_frontend	conf_frontend;
	struct msg_conf_api		conf_api;
	struct msg_conf_key		conf_key;
	struct msg_conf_origin		conf_origin;
	struct msg_conf_proxy		conf_proxy;
	struct msg_conf_asset		conf_asset;
	struct msg_conf_sandbox		conf_sandbox;
	struct msg_conf_owner		conf_owner;
	struct msg_fail			fail;
	struct msg_authorize		authorize;
	struct msg_deny			deny;
	struct msg_grant_open		grant_open;
	struct msg_grant_session	grant_session;
	struct msg_grant_list		grant_list;
	struct msg_ticket		ticket;
	struct msg_ticket_use		ticket_use;
	struct msg_grant		grant;
	struct msg_granted		granted;
	struct msg_recheck		recheck;
	struct msg_denial		denial;
	struct msg_open			open;
	struct msg_opened		opened;
	struct msg_attach		attach;
	struct msg_call_fail		call_fail;
	struct msg_input		input;
	struct msg_resize		resize;
	struct msg_signal		signal;
	struct msg_status		status;
	struct msg_close		close;
	struct msg_record		record;
	struct msg_limits		limits;
	struct msg_pty_req		pty_req;
	struct msg_pty_ok		pty_ok;
	struct msg_pty_fail		pty_fail;
	struct msg_pty_exit		pty_exit;
	struct msg_pty_signal		pty_signal;
	struct msg_session		session;
	struct msg_session_end		session_end;
	struct msg_viewer_up		viewer_up;
	struct msg_viewer_down		viewer_down;
	struct msg_detach		detach;
	struct msg_pty_start		pty_start;
	struct msg_pty_running		pty_running;
	struct msg_conf_catalog		conf_catalog;
	struct msg_conf_dialer		conf_dialer;
	struct msg_conf_egress		conf_egress;
	struct msg_conf_resolver	conf_resolver;
	struct msg_dial			dial;
	struct msg_dial_fail		dial_fail;
	struct msg_hostkey		hostkey;
	struct msg_learn		learn;
	struct msg_learn_fail		learn_fail;
	struct msg_ctl_show		ctl_show;
	struct msg_ctl_end		ctl_end;
	struct msg_ctl_sandbox		ctl_sandbox;
	struct msg_ctl_session		ctl_session;
	struct msg_ctl_viewer		ctl_viewer;
	struct msg_ctl_process		ctl_process;
	struct msg_ctl_metric		ctl_metric;
};

/*
 * Write the fields of a message of that type into size bytes at buf.
 * Returns the length, 0 for a message without fields, or -1 if a field is
 * out of its range or there is no room.
 */
ssize_t	 msg_put(uint16_t, const union msg *, void *, size_t);

/*
 * Read them.  Returns 0, or -1 unless the len bytes are exactly one valid
 * message of that type.  Byte fields of the result point into buf.
 */
int	 msg_get(uint16_t, union msg *, const void *, size_t);

/* The shortest and longest payload of that type; -1 if there is none such. */
int	 msg_range(uint16_t, size_t *, size_t *);

/*
 * How much of a union msg the fields of that type take; all of it for what
 * is no type.
 */
size_t	 msg_size(uint16_t);

/* "ATTACH_OK"; "?" for a number that is no type. */
const char *msg_name(uint16_t);

#endif /* GATEWAYD_PROTO_MSG_H */
