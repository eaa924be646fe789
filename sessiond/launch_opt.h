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

#ifndef GATEWAYD_SESSIOND_LAUNCH_OPT_H
#define GATEWAYD_SESSIOND_LAUNCH_OPT_H

#include <stddef.h>
#include <stdint.h>

#include "opened.h"
#include "record.h"

/*
 * What a client wants to have run: a command in place of that of the record
 * or of a login shell, variables, a directory.  It comes from strangers, by
 * way of a frontend, and holds what may be secret to them.
 */
#define LAUNCH_ITEMS_MAX	RECORD_ITEMS_MAX
#define LAUNCH_NAME_MAX		128	/* of a variable */
#define LAUNCH_CWD_MAX		4095	/* PATH_MAX without the NUL */

/*
 * A variable of a record, with "=" and NUL, as long as Linux takes one, and
 * all of them together, as many as gatewayd.conf(5) lets be.
 */
#define LAUNCH_VAR_MAX		(128 * 1024)
#define LAUNCH_ENV_MAX		(1024 * 1024)

struct launch {
	uint8_t		*body;		/* items as in record.h, checked */
	size_t		 len;
	size_t		 nargs;		/* 0: the usual shell */
	size_t		 nenv;
	int		 has_cwd;
};

/*
 * Read the blob of OPEN: items RECORD_ARG, the first of them the command and
 * not empty, RECORD_ENV with names that env_name_valid() takes, and at most
 * one RECORD_CWD, an absolute path; nothing else.  The bytes are copied.
 * NULL with errno: EINVAL if it is anything else.
 */
struct launch	*launch_new(const uint8_t *, size_t);

/* Clears it as well.  NULL is allowed. */
void		 launch_free(struct launch *);

/*
 * The next item of that tag, from *pos on, which is 0 at first.  Returns 1,
 * or 0 at the end.  NULL is nothing wanted.
 */
int		 launch_next(const struct launch *, uint8_t tag, size_t *pos,
		    struct record_item *);

/* [A-Za-z_][A-Za-z0-9_]{0,127} */
int		 env_name_valid(const char *, size_t);

/* A walk through the variables; all zero is the beginning. */
struct env_walk {
	int			 part;
	struct opened_walk	 opened;
	size_t			 pos;
	size_t			 size;		/* of the record's so far */
	int			 quiet;		/* do not log */
};

/*
 * The next variable of a terminal, between opened_begin() and opened_end():
 * those of the record, its secrets, then what the client wants.  Of two with
 * one name the later one counts.  What cannot be one, is longer than
 * LAUNCH_VAR_MAX or beyond LAUNCH_ENV_MAX in all, is left out and its name
 * logged.  Returns 1, or 0 at the end.
 */
int		 env_next(struct opened *, const struct launch *,
		    struct env_walk *, struct record_item *);

#endif /* GATEWAYD_SESSIOND_LAUNCH_OPT_H */
