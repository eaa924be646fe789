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

#ifndef GATEWAYD_GATEWAYD_CONF_SET_H
#define GATEWAYD_GATEWAYD_CONF_SET_H

/* What the statements of gatewayd.conf(5) do, for the grammar. */

#include <stdint.h>
#include <stdio.h>

#include "conf.h"
#include "conf_lex.h"
#include "conf_load.h"

#define KIB		((int64_t)1024)
#define MIB		(KIB * 1024)
#define GIB		(MIB * 1024)
#define YEAR		(365 * 86400)	/* seconds */

/* What may be said only once, in the file or in one block. */
enum once {
	ONCE_METRICS, ONCE_CONTROL, ONCE_FRONTENDS, ONCE_USER,
	ONCE_USER_CATALOG, ONCE_USER_DIALER, ONCE_USER_CONTROL, ONCE_UIDS,
	ONCE_PAGE, ONCE_CATALOG, ONCE_SESSIONS_SANDBOX,
	ONCE_SESSIONS_PRINCIPAL, ONCE_VIEWERS, ONCE_REQUESTS, ONCE_MEMORY,
	ONCE_REQUEST, ONCE_CHANNEL, ONCE_PING, ONCE_STALLED, ONCE_IDLE,
	ONCE_IDLE_SSH, ONCE_IDLE_TTY, ONCE_IDLE_TERMINAL,
	ONCE_DETACHED_SSH, ONCE_DETACHED_TTY, ONCE_DETACHED_TERMINAL,
	ONCE_RECHECK, ONCE_REPLAY, ONCE_UNLOCKED,
	ONCE_AUDIT, ONCE_RESOLVE, ONCE_CONNECT, ONCE_HANDSHAKE, ONCE_DIALS,
	ONCE_CHECKING, ONCE_KNOWN, ONCE_LEARNED,
	ONCE_GRACE, ONCE_AGE, ONCE_UNCLAIMED,		/* api */
	ONCE_PTY, ONCE_SANDBOX_USER, ONCE_SSH, ONCE_KEY,	/* sandbox */
	ONCE_PASSPHRASE, ONCE_PASSWORD,
	ONCE_OWNER, ONCE_AUTH	/* repeatable; noted to see that it was */
};
#define ONCE_BIT(o)	((uint64_t)1 << (o))
#define ONCE_API	(ONCE_BIT(ONCE_GRACE) | ONCE_BIT(ONCE_AGE) | \
			    ONCE_BIT(ONCE_UNCLAIMED) | ONCE_BIT(ONCE_AUTH))
#define ONCE_SANDBOX	(ONCE_BIT(ONCE_PTY) | ONCE_BIT(ONCE_OWNER) | \
			    ONCE_BIT(ONCE_SANDBOX_USER) | \
			    ONCE_BIT(ONCE_SSH) | ONCE_BIT(ONCE_KEY) | \
			    ONCE_BIT(ONCE_PASSPHRASE) | \
			    ONCE_BIT(ONCE_PASSWORD))

/* Lines of a sandbox that may turn out not to belong there. */
enum noted {
	NOTED_USER, NOTED_HOSTKEY, NOTED_KEY, NOTED_PASSPHRASE,
	NOTED_PASSWORD, NOTED_FILE
};
#define NOTED_MAX	(NOTED_FILE + 1)

/* One parse: the grammar's only state. */
struct parse {
	struct lexer		 lex;
	struct config		*conf;
	uint64_t		 seen;		/* ONCE_BIT()s */
	int			 sandboxes;	/* so far */
	const char		*secret_of;	/* first sandbox with one */

	/* The block that is open. */
	struct config_api	*api;
	struct config_sandbox	*sb;
	int			 block;		/* its line */
	int			 skipped;	/* statements before it */
	int			 args;		/* of pty */
	int			 envs;		/* env and secret lines */
	size_t			 env_bytes;	/* of them, as in the shell */
	size_t			 file_bytes;	/* of file lines, unsealed */
	int			 lines[NOTED_MAX]; /* the first, or 0 */
	const char		*issuer;	/* of the auth line */
	const char		*kid;
};

/*
 * Each checks its values, reports what is wrong with them and then leaves
 * the configuration as it is.
 */

/* An error on the line of the last token or on another, and a warning. */
void	 set_fail(struct parse *, const char *, ...) PRINTFLIKE(2, 3);
void	 set_fail_line(struct parse *, int, const char *, ...)
	    PRINTFLIKE(3, 4);
void	 set_warn(struct parse *, const char *, ...) PRINTFLIKE(2, 3);

/* What several of them need: 1 if it is one, else 0 and it was reported. */
int	 set_in_range(struct parse *, const char *, int64_t, int64_t,
	    int64_t);
int	 set_is_path(struct parse *, const char *, const char *);
int	 set_is_sealed(struct parse *, const char *, size_t);
void	 set_copy(struct parse *, char **, const char *);

/* Returns 1 for the first statement of its kind, which the text names. */
int	 set_once(struct parse *, enum once, const char *);

/* A number within a range.  Bytes: 1 when they are, and yet to be stored. */
void	 set_number(struct parse *, enum once, const char *, uint32_t *,
	    int64_t, uint32_t, uint32_t);
int	 set_bytes(struct parse *, enum once, const char *, int64_t, int64_t,
	    int64_t);
void	 set_requests(struct parse *, int64_t, int64_t);

/* A name of an account; LOW-HIGH; a path, of which there may be several. */
void	 set_user(struct parse *, enum once, const char *, char **,
	    const char *);
void	 set_uids(struct parse *, const char *);
void	 set_control(struct parse *, const char *);
void	 set_seal_key(struct parse *, const char *);

/* An address, with or without /bits. */
void	 set_proxy(struct parse *, const char *);

/* The port is -1 where it was left out. */
void	 set_listen(struct parse *, const char *, int64_t);
void	 set_metrics(struct parse *, const char *, int64_t);

/* An api block: begin (-1: out of memory), content, end. */
int	 set_api(struct parse *, int);
void	 set_auth(struct parse *, enum config_alg, const char *);
void	 set_auth_text(struct parse *, const char **, const char *,
	    const char *, size_t);
void	 set_origin(struct parse *, const char *);
void	 set_api_end(struct parse *);

/* A sandbox block, likewise. */
int	 set_sandbox(struct parse *, const char *);
void	 set_owner(struct parse *, const char *);
void	 set_arg(struct parse *, const char *);
void	 set_env(struct parse *, const char *, const char *);
void	 set_secret(struct parse *, const char *, const char *);
void	 set_sandbox_end(struct parse *);

/* conf_host.c: where we connect to, and whom we believe to be there. */
void	 set_egress(struct parse *, int, const char *, int64_t);
void	 set_resolver(struct parse *, const char *, int64_t);
void	 set_checking(struct parse *, uint8_t);
void	 set_hosts_file(struct parse *, enum once, const char *, char **,
	    const char *);
void	 set_hosts_end(struct parse *, const char *);

/* And what a sandbox with ssh has.  The type of a host key may be NULL. */
void	 set_sandbox_user(struct parse *, const char *);
void	 set_ssh(struct parse *, const char *, int64_t, const char *);
void	 set_host_key(struct parse *, const char *, const char *);
void	 set_key_sealed(struct parse *, const char *);
void	 set_key_file(struct parse *, const char *);
void	 set_passphrase(struct parse *, const char *);
void	 set_password(struct parse *, const char *);
void	 set_file(struct parse *, const char *, const char *, const char *);
void	 set_ssh_end(struct parse *);	/* of the block: what is amiss */
void	 set_no_ssh(struct parse *);	/* it has pty: what needs ssh */

/* What can only be judged, or filled in, once all is read. */
void	 set_end(struct parse *, const char *);

#endif /* GATEWAYD_GATEWAYD_CONF_SET_H */
