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
#include "tables.h"

#define READY_TO_RUN	(MS_SETUP | MS_RUN)

/* What the parent tells every child, and every child the parent. */
#define TO_CHILD							\
	{ IMSG_HELLO,		MR_ONCE,	MS_HELLO },		\
	{ IMSG_SETUP,		MR_ONCE,	MS_HELLO },		\
	{ IMSG_VERBOSE,		0,		READY_TO_RUN }
#define START_STOP							\
	{ IMSG_START,		MR_ONCE,	MS_SETUP },		\
	{ IMSG_STOP,		MR_ONCE,	READY_TO_RUN }
#define FROM_CHILD							\
	{ IMSG_HELLO,		MR_ONCE,	MS_HELLO },		\
	{ IMSG_LOG,		0,		MS_ANY },		\
	{ IMSG_READY,		MR_ONCE,	MS_SETUP }
#define CONF_COMMON							\
	{ IMSG_CONF_BEGIN,	0,		READY_TO_RUN },		\
	{ IMSG_CONF_END,	0,		MS_CONF },		\
	{ IMSG_CONF_SWITCH,	0,		MS_STAGED },		\
	{ IMSG_CONF_DROP,	0,		MS_STAGED }
#define CONF_APIS							\
	{ IMSG_CONF_API,	0,		MS_CONF },		\
	{ IMSG_CONF_KEY,	MR_FD,		MS_CONF }
#define CONF_ANSWERS							\
	{ IMSG_CONF_OK,		0,		MS_SETUP | MS_CONF },	\
	{ IMSG_CONF_FAIL,	0,		MS_SETUP | MS_CONF }

static const struct msg_rule rules_parent_to_frontend[] = {
	TO_CHILD,
	START_STOP,
	CONF_COMMON,
	CONF_APIS,
	{ IMSG_CONF_FRONTEND,	0,		MS_CONF },
	{ IMSG_CONF_ALG,	0,		MS_CONF },
	{ IMSG_CONF_ORIGIN,	0,		MS_CONF },
	{ IMSG_CONF_PROXY,	0,		MS_CONF },
	{ IMSG_CONF_ASSET,	MR_BLOB,	MS_CONF },
	{ IMSG_LISTENER,	MR_FD,		MS_SETUP },
	{ IMSG_COUNTERS,	MR_FD | MR_ONCE, MS_SETUP },
	{ IMSG_CHANNEL,		MR_FD,		READY_TO_RUN },
	{ IMSG_STATE,		0,		READY_TO_RUN },
	{ IMSG_GRANTED,		0,		MS_RUN },
	{ IMSG_DENIED,		0,		MS_RUN }
};

static const struct msg_rule rules_frontend_to_parent[] = {
	FROM_CHILD,
	CONF_ANSWERS,
	{ IMSG_FRONT_STATS,	0,		MS_RUN },
	{ IMSG_UNLINK,		0,		MS_RUN },
	{ IMSG_DENIAL,		0,		MS_RUN }
};

static const struct msg_rule rules_parent_to_catalog[] = {
	TO_CHILD,
	START_STOP,
	CONF_COMMON,
	CONF_APIS,
	{ IMSG_CONF_CATALOG,	0,		MS_CONF },
	{ IMSG_CONF_KNOWN,	MR_FD,		MS_CONF },
	{ IMSG_CONF_LEARNED,	MR_FD,		MS_CONF },
	{ IMSG_CONF_SANDBOX,	MR_BLOB,	MS_CONF },
	{ IMSG_CONF_OWNER,	0,		MS_CONF },
	{ IMSG_CHANNEL,		MR_FD,		READY_TO_RUN },
	{ IMSG_RECHECK,		0,		MS_RUN },
	{ IMSG_LEARN,		0,		MS_RUN },
	{ IMSG_TICKET_UP,	0,		MS_RUN },
	{ IMSG_TICKET_DOWN,	0,		MS_RUN }
};

static const struct msg_rule rules_catalog_to_parent[] = {
	FROM_CHILD,
	CONF_ANSWERS,
	{ IMSG_GRANT_OPEN,	MR_BLOB,	MS_RUN },
	{ IMSG_GRANT_SESSION,	0,		MS_RUN },
	{ IMSG_GRANT_LIST,	0,		MS_RUN },
	{ IMSG_RECHECK_OK,	0,		MS_RUN },
	{ IMSG_RECHECK_FAIL,	0,		MS_RUN },
	{ IMSG_RECHECK_LATER,	0,		MS_RUN },
	{ IMSG_LEARN_OK,	0,		MS_RUN },
	{ IMSG_LEARN_FAIL,	0,		MS_RUN },
	{ IMSG_DENIAL,		0,		MS_RUN }
};

static const struct msg_rule rules_parent_to_dialer[] = {
	TO_CHILD,
	START_STOP,
	CONF_COMMON,
	{ IMSG_CONF_DIALER,	0,		MS_CONF },
	{ IMSG_CONF_EGRESS,	0,		MS_CONF },
	{ IMSG_CONF_RESOLVER,	0,		MS_CONF },
	{ IMSG_CONF_RESOLV,	MR_FD,		MS_CONF },
	{ IMSG_CONF_HOSTS,	MR_FD,		MS_CONF },
	{ IMSG_DIAL,		0,		MS_RUN }
};

static const struct msg_rule rules_dialer_to_parent[] = {
	FROM_CHILD,
	CONF_ANSWERS,
	{ IMSG_DIAL_OK,		MR_FD,		MS_RUN },
	{ IMSG_DIAL_FAIL,	0,		MS_RUN }
};

static const struct msg_rule rules_parent_to_control[] = {
	TO_CHILD,
	START_STOP,
	{ IMSG_LISTENER,	MR_FD,		MS_SETUP },
	{ IMSG_CTL_SANDBOX,	0,		MS_RUN },
	{ IMSG_CTL_SESSION,	0,		MS_RUN },
	{ IMSG_CTL_VIEWER,	0,		MS_RUN },
	{ IMSG_CTL_PROCESS,	0,		MS_RUN },
	{ IMSG_CTL_METRIC,	0,		MS_RUN },
	{ IMSG_CTL_END,		0,		MS_RUN },
	{ IMSG_CTL_OK,		0,		MS_RUN },
	{ IMSG_CTL_FAIL,	0,		MS_RUN }
};

static const struct msg_rule rules_control_to_parent[] = {
	FROM_CHILD,
	{ IMSG_CTL_SHOW,	0,		MS_RUN },
	{ IMSG_CTL_KILL,	0,		MS_RUN },
	{ IMSG_CTL_DETACH,	0,		MS_RUN },
	{ IMSG_CTL_RELOAD,	0,		MS_RUN },
	{ IMSG_CTL_DRAIN,	0,		MS_RUN },
	{ IMSG_CTL_VERBOSE,	0,		MS_RUN },
	{ IMSG_CTL_METRICS,	0,		MS_RUN }
};

static const struct msg_rule rules_parent_to_worker[] = {
	TO_CHILD,
	START_STOP,
	{ IMSG_SEALKEY,		MR_FD,		MS_SETUP },
	{ IMSG_KEYFILE,		MR_FD | MR_ONCE, MS_SETUP },
	{ IMSG_RECORD,		MR_BLOB | MR_ONCE, MS_SETUP },
	{ IMSG_LIMITS,		0,		READY_TO_RUN },
	{ IMSG_CHANNEL,		MR_FD,		READY_TO_RUN },
	{ IMSG_GRANT,		0,		READY_TO_RUN },
	{ IMSG_PTY_OK,		MR_FD,		MS_RUN },
	{ IMSG_PTY_FAIL,	0,		MS_RUN },
	{ IMSG_PTY_EXIT,	0,		MS_RUN },
	{ IMSG_DIAL_OK,		MR_FD,		MS_RUN },
	{ IMSG_DIAL_FAIL,	0,		MS_RUN },
	{ IMSG_LEARN_OK,	0,		MS_RUN },
	{ IMSG_LEARN_FAIL,	0,		MS_RUN },
	{ IMSG_KILL,		0,		READY_TO_RUN },
	{ IMSG_DETACH,		0,		READY_TO_RUN },
	{ IMSG_EXIT_OK,		MR_ONCE,	MS_RUN }
};

static const struct msg_rule rules_worker_to_parent[] = {
	FROM_CHILD,
	{ IMSG_PTY_REQ,		MR_BLOB,	MS_RUN },
	{ IMSG_PTY_SIGNAL,	0,		MS_RUN },
	{ IMSG_PTY_HANGUP,	0,		MS_RUN },
	{ IMSG_DIAL,		0,		MS_RUN },
	{ IMSG_HOSTKEY,		0,		MS_RUN },
	{ IMSG_SESSION_UP,	0,		MS_RUN },
	{ IMSG_SESSION_EXIT,	0,		MS_RUN },
	{ IMSG_SESSION_END,	0,		MS_RUN },
	{ IMSG_VIEWER_UP,	0,		MS_RUN },
	{ IMSG_VIEWER_DOWN,	0,		MS_RUN },
	{ IMSG_MAY_EXIT,	0,		MS_RUN }
};

/* The helper has one order and no configuration. */
static const struct msg_rule rules_parent_to_pty[] = {
	TO_CHILD,
	{ IMSG_PTY_START,	MR_FD | MR_BLOB | MR_ONCE, MS_SETUP },
	{ IMSG_PTY_SIGNAL,	0,		MS_RUN }
};

static const struct msg_rule rules_pty_to_parent[] = {
	{ IMSG_HELLO,		MR_ONCE,	MS_HELLO },
	{ IMSG_LOG,		0,		MS_ANY },
	{ IMSG_PTY_RUNNING,	MR_ONCE,	MS_SETUP },
	{ IMSG_PTY_FAIL,	MR_ONCE,	READY_TO_RUN },
	{ IMSG_PTY_EXIT,	MR_ONCE,	MS_RUN }
};

static const struct msg_rule rules_frontend_to_catalog[] = {
	{ IMSG_AUTHORIZE,	0,		MS_RUN }
};

static const struct msg_rule rules_catalog_to_frontend[] = {
	{ IMSG_DENIED,		0,		MS_RUN },
	{ IMSG_TICKET,		0,		MS_RUN }
};

static const struct msg_rule rules_frontend_to_worker[] = {
	{ IMSG_OPEN,		MR_MAYBLOB,	MS_RUN },
	{ IMSG_ATTACH,		MR_FD | MR_MAYBLOB, MS_RUN },
	{ IMSG_INPUT,		MR_MAYBLOB,	MS_RUN },
	{ IMSG_RESIZE,		0,		MS_RUN },
	{ IMSG_CLOSE,		0,		MS_RUN },
	{ IMSG_SIGNAL,		0,		MS_RUN },
	{ IMSG_STATUS,		0,		MS_RUN }
};

static const struct msg_rule rules_worker_to_frontend[] = {
	{ IMSG_OPENED,		0,		MS_RUN },
	{ IMSG_OPEN_FAILED,	0,		MS_RUN },
	{ IMSG_ATTACH_OK,	0,		MS_RUN },
	{ IMSG_ATTACH_FAIL,	0,		MS_RUN },
	{ IMSG_INPUT_OK,	0,		MS_RUN },
	{ IMSG_INPUT_BLOCKED,	0,		MS_RUN },
	{ IMSG_RESIZE_OK,	0,		MS_RUN },
	{ IMSG_CLOSE_OK,	0,		MS_RUN },
	{ IMSG_SIGNAL_OK,	0,		MS_RUN },
	{ IMSG_REPORT,		MR_BLOB,	MS_RUN },
	{ IMSG_CALL_FAIL,	0,		MS_RUN }
};

static const struct msg_rule rules_ctl_to_control[] = {
	{ IMSG_HELLO,		MR_ONCE,	MS_HELLO },
	{ IMSG_CTL_SHOW,	0,		MS_RUN },
	{ IMSG_CTL_KILL,	0,		MS_RUN },
	{ IMSG_CTL_DETACH,	0,		MS_RUN },
	{ IMSG_CTL_RELOAD,	0,		MS_RUN },
	{ IMSG_CTL_DRAIN,	0,		MS_RUN },
	{ IMSG_CTL_VERBOSE,	0,		MS_RUN }
};

static const struct msg_rule rules_control_to_ctl[] = {
	{ IMSG_HELLO,		MR_ONCE,	MS_HELLO },
	{ IMSG_CTL_SANDBOX,	0,		MS_RUN },
	{ IMSG_CTL_SESSION,	0,		MS_RUN },
	{ IMSG_CTL_VIEWER,	0,		MS_RUN },
	{ IMSG_CTL_PROCESS,	0,		MS_RUN },
	{ IMSG_CTL_END,		0,		MS_RUN },
	{ IMSG_CTL_OK,		0,		MS_RUN },
	{ IMSG_CTL_FAIL,	0,		MS_RUN }
};

#define TABLE(a, b)							\
const struct msg_table a##_to_##b = {					\
	#a " to " #b, rules_##a##_to_##b, nitems(rules_##a##_to_##b)	\
}

TABLE(parent, frontend);
TABLE(frontend, parent);
TABLE(parent, catalog);
TABLE(catalog, parent);
TABLE(parent, dialer);
TABLE(dialer, parent);
TABLE(parent, control);
TABLE(control, parent);
TABLE(parent, worker);
TABLE(worker, parent);
TABLE(parent, pty);
TABLE(pty, parent);
TABLE(frontend, catalog);
TABLE(catalog, frontend);
TABLE(frontend, worker);
TABLE(worker, frontend);
TABLE(ctl, control);
TABLE(control, ctl);

const struct msg_table *const msg_tables[] = {
	&parent_to_frontend, &frontend_to_parent, &parent_to_catalog,
	&catalog_to_parent, &parent_to_dialer, &dialer_to_parent,
	&parent_to_control, &control_to_parent, &parent_to_worker,
	&worker_to_parent, &parent_to_pty, &pty_to_parent,
	&frontend_to_catalog, &catalog_to_frontend, &frontend_to_worker,
	&worker_to_frontend, &ctl_to_control, &control_to_ctl
};
const size_t msg_ntables = nitems(msg_tables);

const struct msg_rule *
msg_rule(const struct msg_table *table, uint16_t type, size_t *bit)
{
	size_t	 i;

	for (i = 0; i < table->n; i++)
		if (table->rules[i].type == type) {
			*bit = i;
			return (&table->rules[i]);
		}
	return (NULL);
}
