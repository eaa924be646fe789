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

#ifndef GATEWAYD_GATEWAYD_CONF_LOAD_H
#define GATEWAYD_GATEWAYD_CONF_LOAD_H

#include <stdio.h>

#include "conf.h"
#include "msg_dial.h"
#include "record.h"

/* Reading gatewayd.conf(5): defaults, bounds, and the way in. */

/* What gatewayd.conf(5) says where the file says nothing; no other place. */
#define CONF_LISTEN_ADDR	"127.0.0.1"
#define CONF_LISTEN_PORT	8789
#define CONF_METRICS_PORT	9189
#define CONF_FRONTENDS		2
#define CONF_USER		"_gatewayd"
#define CONF_USER_CATALOG	"_gwcatalog"
#define CONF_USER_DIALER	"_gwdialer"
#define CONF_USER_CONTROL	"_gwcontrol"
#define CONF_UID_LOW		700000
#define CONF_UID_HIGH		765535
#define CONF_EXPIRY_GRACE	0
#define CONF_MAX_AGE		86400
#define CONF_SESSIONS_SANDBOX	32
#define CONF_SESSIONS_PRINCIPAL	256
#define CONF_VIEWERS_SESSION	32
#define CONF_REQUESTS		500
#define CONF_REQUESTS_WINDOW	30
#define CONF_WORKER_MEMORY	(128 * 1024 * 1024)
#define CONF_TIMEOUT_REQUEST	10
#define CONF_TIMEOUT_CHANNEL	10
#define CONF_TIMEOUT_PING	30
#define CONF_TIMEOUT_STALLED	60
#define CONF_TIMEOUT_IDLE	86400
#define CONF_DETACHED_SSH	60
#define CONF_DETACHED_TTY	1800
#define CONF_DETACHED_TERMINAL	3600
#define CONF_RECHECK		60
#define CONF_REPLAY		(1024 * 1024)
#define CONF_HOST_CHECK		HOSTCHECK_YES
#define CONF_LEARNED_HOSTS	"/var/lib/gatewayd/learned_hosts"
#define CONF_RESOLVER_PORT	53
#define CONF_SSH_PORT		22
#define CONF_DIALS_WORKER	30
#define CONF_TIMEOUT_RESOLVE	5
#define CONF_TIMEOUT_CONNECT	10
#define CONF_TIMEOUT_HANDSHAKE	20

/*
 * Counts.  A list in the file is bounded by what a reload sends to a child
 * in one go and by what a reader of the file could mean.
 */
#define CONF_FRONTENDS_MAX	16
#define CONF_LISTEN_MAX		16
#define CONF_PROXY_MAX		256
#define CONF_AUTH_MAX		8	/* per api */
#define CONF_ORIGIN_MAX		64	/* per api */
#define CONF_SEAL_MAX		8
#define CONF_SANDBOX_MAX	65536
#define CONF_OWNER_MAX		32	/* per sandbox */
#define CONF_ARG_MAX		64	/* words of a pty command */
#define CONF_ENV_MAX		256	/* env and secret lines of a sandbox */
#define CONF_NAME_MAX		128	/* bytes of an environment name */
#define CONF_UIDS_MAX		65536	/* width of worker uids */
#define CONF_EGRESS_MAX		256
#define CONF_RESOLVER_MAX	3
#define CONF_HOSTKEY_MAX	16	/* per sandbox */
#define CONF_FILE_MAX		64	/* per sandbox */
#define CONF_LOGIN_MAX		1024	/* bytes of an ssh user */

#define CONF_KEY_FILE_MAX	16384	/* bytes of a key or secret file */
#define CONF_REPORT_MAX		512	/* bytes of one finding, NUL included */

/*
 * Linux takes no single environment string of 128 KiB or more.  A sealed
 * text has CONF_SEAL_BYTES more than its plain one and is in base64.
 */
#define CONF_VALUE_MAX		(128 * 1024 - CONF_NAME_MAX - 2)
#define CONF_SEALED_MIN		64
#define CONF_SEAL_BYTES		48
#define CONF_SEALED_MAX \
	(((CONF_VALUE_MAX + CONF_SEAL_BYTES) * 4 + 2) / 3)
#define CONF_ENV_TOTAL		(1024 * 1024)	/* all of one sandbox */
#define CONF_PASSPHRASE_MAX	1024

/* Files are no part of an environment; a worker opens 16 MiB of secrets. */
#define CONF_FILE_SEALED_MAX	RECORD_VALUE_MAX
#define CONF_FILE_TOTAL		(8 * 1024 * 1024)	/* all of one sandbox */

/* In a record the path has four digits of mode before it. */
#define CONF_FILE_PATH_MAX	(RECORD_NAME_MAX - 5)

/* A macro of -D or of the file; the list of -D outlives each parse. */
struct config_macro {
	TAILQ_ENTRY(config_macro)	 entry;
	char				*name;
	char				*value;
};
TAILQ_HEAD(config_macros, config_macro);

/* How to read a configuration. */
struct config_how {
	const struct config_macros	*macros;	/* of -D, or NULL */
	int				 flags;
#define CONF_AS_ROOT	0x01	/* we start shells of others: user is a must */
#define CONF_NOINCLUDE	0x02	/* include is an error: nothing is opened */
	/* Takes each finding, "file:line: text"; NULL: to standard error. */
	void				(*report)(const char *);
};

/*
 * Read a configuration from a file, or from a stream that carries a name for
 * messages (the stream stays the caller's).  The file must be owned by root
 * or by us and be writable by its owner alone, and so must what it includes.
 * Goes on after an error, so that one run reports all of them.  Returns the
 * configuration, to be given to config_free(), or NULL after at least one
 * error was reported.  Not to be called while a call is under way.
 */
struct config	*config_parse(const char *, const struct config_how *);
struct config	*config_parse_stream(FILE *, const char *,
		    const struct config_how *);

/*
 * Check every file that the configuration names, as config_open_file() does,
 * and report what is wrong.  A file that we may not look at for want of root
 * is a warning: the check of a configuration must not need root.
 * Returns the number of errors.
 */
int		 config_check_files(const struct config *,
		    const struct config_how *);

/* Hand one finding to the caller's report function; cut at CONF_REPORT_MAX. */
void		 config_report(const struct config_how *, const char *, ...)
		    PRINTFLIKE(2, 3);

/*
 * Add "name=value" of -D to a list; the later of two wins.  Returns -1 with
 * errno: EINVAL for text that is no macro, ENOMEM.
 */
int		 config_macro_add(struct config_macros *, const char *);
void		 config_macros_free(struct config_macros *);

/* gatewayd/config.c, for the grammar. */
struct config	*config_new(void);	/* empty; NULL when out of memory */
int		 config_defaults(struct config *);
void		 config_strs_free(struct config_strs *);

/*
 * Is the text good as ...?  1 or 0.
 */
int		 config_is_id(const char *);		/* of a sandbox */
int		 config_is_macro(const char *);
int		 config_is_env_name(const char *);
int		 config_is_user(const char *);
int		 config_is_path(const char *);		/* absolute */
int		 config_is_origin(const char *);	/* RFC 6454, 6.2 */
int		 config_is_sealed(const char *, size_t); /* base64url, length */

/* Address literals; 0, or -1 when the text is none. */
int		 config_addr(const char *, uint16_t, struct config_listen *);
int		 config_net(const char *, struct config_net *);

/* RB tree of sandboxes by id. */
int		 config_sandbox_cmp(const struct config_sandbox *,
		    const struct config_sandbox *);
RB_PROTOTYPE(config_tree, config_sandbox, node, config_sandbox_cmp)

#endif /* GATEWAYD_GATEWAYD_CONF_LOAD_H */
