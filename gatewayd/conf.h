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

#ifndef GATEWAYD_GATEWAYD_CONF_H
#define GATEWAYD_GATEWAYD_CONF_H

/* The configuration as data.  conf.h, because config.h is the build's. */

#include <sys/socket.h>

#include <stdint.h>
#include <stdio.h>

#include "conf_sandbox.h"
#include "sizes.h"

struct config_listen {
	TAILQ_ENTRY(config_listen)	 entry;
	struct sockaddr_storage		 ss;
	socklen_t			 len;
};
TAILQ_HEAD(config_listens, config_listen);

struct config_net {
	TAILQ_ENTRY(config_net)		 entry;
	int				 family;	/* AF_INET, AF_INET6 */
	uint8_t				 addr[16];	/* network order */
	uint8_t				 prefix;	/* bits */
};
TAILQ_HEAD(config_nets, config_net);

/* A rule about where we may connect; the first that matches decides. */
struct config_egress {
	TAILQ_ENTRY(config_egress)	 entry;
	int				 allow;
	struct config_net		 net;
	uint16_t			 port;		/* 0: any */
};
TAILQ_HEAD(config_egresses, config_egress);

enum config_alg {
	CONF_HS256 = 1,		/* file is a secret */
	CONF_ES256,		/* file is a public key */
	CONF_RS256
};

struct config_auth {
	TAILQ_ENTRY(config_auth)	 entry;
	enum config_alg			 alg;
	char				*file;
	char				*issuer;	/* or NULL: any */
	char				*kid;		/* or NULL: any */
};
TAILQ_HEAD(config_auths, config_auth);

struct config_api {
	TAILQ_ENTRY(config_api)		 entry;
	int				 api;		/* API_* */
	struct config_auths		 auths;		/* at least one */
	uint32_t			 expiry_grace;	/* seconds */
	uint32_t			 max_age;	/* seconds */
	struct config_strs		 origins;
	int				 unclaimed;
};
TAILQ_HEAD(config_apis, config_api);

/* A file of the page, read when the configuration was. */
struct config_asset {
	TAILQ_ENTRY(config_asset)	 entry;
	const char			*name;		/* a constant */
	int				 blob;
};
TAILQ_HEAD(config_assets, config_asset);

/* All strings are owned by the struct.  Secrets are only named by file. */
struct config {
	struct config_listens	 listens;	/* at least one */
	struct config_listen	*metrics;	/* NULL: none */
	char			*control;	/* socket's path */
	uint32_t		 frontends;
	char			*user;		/* accounts of the roles */
	char			*user_catalog;
	char			*user_dialer;
	char			*user_control;
	uint32_t		 uid_low;	/* worker uids, inclusive */
	uint32_t		 uid_high;
	struct config_nets	 proxies;
	struct config_apis	 apis;
	int			 page;
	struct config_assets	 assets;	/* none: no page to serve */
	struct config_strs	 seal_keys;	/* files */
	struct config_egresses	 egress;	/* in order */
	struct config_listens	 resolvers;	/* none: resolv.conf's */
	uint8_t			 host_check;	/* HOSTCHECK_*, msg_dial.h */
	char			*known_hosts;	/* file, or NULL */
	char			*learned_hosts;	/* file */
	uint32_t		 sessions_sandbox;
	uint32_t		 sessions_principal;
	uint32_t		 viewers_session;
	uint32_t		 requests;	/* per window and address */
	uint32_t		 requests_window;	/* seconds */
	uint64_t		 worker_memory;	/* bytes */
	uint32_t		 dials_worker;	/* per minute */
	uint32_t		 timeout_request;	/* all in seconds */
	uint32_t		 timeout_resolve;
	uint32_t		 timeout_connect;
	uint32_t		 timeout_handshake;
	uint32_t		 timeout_channel;
	uint32_t		 timeout_ping;
	uint32_t		 timeout_stalled;
	uint32_t		 timeout_idle;
	uint32_t		 idle_ssh;	/* 0: timeout_idle */
	uint32_t		 idle_tty;
	uint32_t		 idle_terminal;
	uint32_t		 detached_ssh;
	uint32_t		 detached_tty;
	uint32_t		 detached_terminal;
	uint32_t		 recheck;
	uint32_t		 replay;	/* bytes */
	int			 secrets_unlocked;
	int			 audit_json;
	struct config_sandboxes	 sandboxes;
	struct config_tree	 sandbox_tree;
};

/*
 * Release a configuration and all it owns; NULL is fine.
 */
void	 config_free(struct config *);

/* The word for API_*. */
const char
	*config_api_name(int);

/* Leave out the page. */
void	 config_assets_free(struct config *);

/* The sandbox of this id, or NULL. */
struct config_sandbox
	*config_sandbox_find(struct config *, const char *);

/*
 * Open a file that the configuration names, for reading and close-on-exec,
 * and check what was opened: a regular file of 1 to max bytes, owned by root
 * or by our effective uid; a secret must give group and others nothing, a
 * public key may be read by all and written by its owner.  Symbolic links
 * are followed, since the file at their end is what is checked.
 * Returns the descriptor, the caller's; or -1 with a reason in *why, a
 * constant text to follow the path, and errno (0 where it adds nothing).
 */
int	 config_open_file(const char *, int, size_t, const char **);
#define CONF_PUBLIC	0
#define CONF_SECRET	1
#define CONF_TEXT	2	/* as public, and may be empty */

/*
 * Open the file of learned host keys to read and append, close-on-exec.  It
 * is made with mode 0600 if it does not exist and the flag says so.  What is
 * there must be a regular file and no symbolic link, belong to root or to
 * our effective uid, and be writable by its owner alone.
 * Returns the descriptor or -1, as config_open_file() does; without the flag
 * and without the file that is ENOENT.
 */
int	 config_open_learned(const char *, int, const char **);

/*
 * How long a session of that kind, UPSTREAM_*, may take to open: seconds.
 * The worker has a time for each step; these together are the last line.
 */
uint32_t config_open_time(const struct config *, uint8_t);
#define CONF_DIAL_GRACE	5	/* for the answer of the dialer */
#define CONF_FILES_TIME	60	/* what sessiond-net(8) has for all files */

/*
 * Print what was read and what holds by default, in the grammar of
 * gatewayd.conf(5): parsed again, it gives the same configuration.
 * Returns -1 when the stream has an error.
 */
int	 config_print(const struct config *, FILE *);

#endif /* GATEWAYD_GATEWAYD_CONF_H */
