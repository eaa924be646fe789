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
	ONCE_DETACHED_SSH, ONCE_RECHECK, ONCE_REPLAY, ONCE_UNLOCKED,
	ONCE_AUDIT,
	ONCE_GRACE, ONCE_AGE, ONCE_UNCLAIMED,		/* api */
	ONCE_PTY, ONCE_SANDBOX_USER,			/* sandbox */
	ONCE_OWNER, ONCE_AUTH	/* repeatable; noted to see that it was */
};
#define ONCE_BIT(o)	((uint64_t)1 << (o))
#define ONCE_API	(ONCE_BIT(ONCE_GRACE) | ONCE_BIT(ONCE_AGE) | \
			    ONCE_BIT(ONCE_UNCLAIMED) | ONCE_BIT(ONCE_AUTH))
#define ONCE_SANDBOX	(ONCE_BIT(ONCE_PTY) | ONCE_BIT(ONCE_OWNER) | \
			    ONCE_BIT(ONCE_SANDBOX_USER))

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
	const char		*issuer;	/* of the auth line */
	const char		*kid;
};

/*
 * Each checks its values, reports what is wrong with them and then leaves
 * the configuration as it is.
 */

/* Returns 1 for the first statement of its kind, which the text names. */
int	 set_once(struct parse *, enum once, const char *);

/* A number within a range.  Bytes: 1 when they are, and yet to be stored. */
void	 set_number(struct parse *, enum once, const char *, uint32_t *,
	    int64_t, uint32_t, uint32_t);
int	 set_bytes(struct parse *, enum once, const char *, int64_t, int64_t,
	    int64_t);
void	 set_requests(struct parse *, int64_t, int64_t);

void	 set_user(struct parse *, enum once, const char *, char **,
	    const char *);
void	 set_uids(struct parse *, const char *);
void	 set_control(struct parse *, const char *);
void	 set_seal_key(struct parse *, const char *);
void	 set_proxy(struct parse *, const char *);

/* The port is -1 where it was left out. */
void	 set_listen(struct parse *, const char *, int64_t);
void	 set_metrics(struct parse *, const char *, int64_t);

/* An api block: begin (-1: out of memory), content, end. */
int	 set_api(struct parse *, int, const char *);
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

/* What can only be judged, or filled in, once all is read. */
void	 set_end(struct parse *, const char *);

#endif /* GATEWAYD_GATEWAYD_CONF_SET_H */
