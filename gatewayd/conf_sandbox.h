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

#ifndef GATEWAYD_GATEWAYD_CONF_SANDBOX_H
#define GATEWAYD_GATEWAYD_CONF_SANDBOX_H

/* A sandbox of the configuration, as data. */

#include <stdint.h>

struct config_str {
	TAILQ_ENTRY(config_str)		 entry;
	char				*s;
};
TAILQ_HEAD(config_strs, config_str);

/* An env line, or a secret line, whose value is the sealed text. */
struct config_env {
	TAILQ_ENTRY(config_env)		 entry;
	char				*name;
	char				*value;
};
TAILQ_HEAD(config_envs, config_env);

/* A file line, whose value is the sealed text. */
struct config_file {
	TAILQ_ENTRY(config_file)	 entry;
	char				*path;		/* in the sandbox */
	uint16_t			 mode;		/* 0 to 0777 */
	char				*sealed;
};
TAILQ_HEAD(config_files, config_file);

/* A host key line. */
struct config_hostkey {
	TAILQ_ENTRY(config_hostkey)	 entry;
	char				*type;		/* "" : of any type */
	char				*fingerprint;	/* "SHA256:..." */
};
TAILQ_HEAD(config_hostkeys, config_hostkey);

/* What is in there only for pty or only for ssh is else empty or NULL. */
struct config_sandbox {
	TAILQ_ENTRY(config_sandbox)	 entry;		/* in file order */
	RB_ENTRY(config_sandbox)	 node;		/* by id */
	char				*id;
	struct config_strs		 owners;	/* at least one */
	struct config_strs		 argv;		/* empty: ssh */
	char				*user;		/* NULL: our own */
	char				*ssh_host;	/* lower; NULL: pty */
	uint16_t			 ssh_port;
	char				*ssh_user;
	struct config_hostkeys		 host_keys;
	char				*key_sealed;	/* or NULL */
	char				*key_file;	/* or NULL */
	char				*passphrase;	/* sealed, or NULL */
	char				*password;	/* sealed, or NULL */
	struct config_envs		 envs;
	struct config_envs		 secrets;
	struct config_files		 files;
};
TAILQ_HEAD(config_sandboxes, config_sandbox);
RB_HEAD(config_tree, config_sandbox);

#endif /* GATEWAYD_GATEWAYD_CONF_SANDBOX_H */
