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

#ifndef GATEWAYD_SESSIOND_GRANT_H
#define GATEWAYD_SESSIOND_GRANT_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "msg_grant.h"

/*
 * What the parent lets a frontend do here.  A grant counts on the channel it
 * was made for and nowhere else.  To open and to attach it counts once each,
 * to call until it is too old and only together with the token it was given
 * for.  A list is for no session but for all that its principal has in its
 * api.
 */
#define GRANTS_MAX	1024		/* the oldest makes room */

struct grant {
	TAILQ_ENTRY(grant)	 entry;
	uint8_t			 id[GRANT_LEN];
	uint32_t		 channel;
	uint16_t		 actions;
	uint8_t			 mode;
	uint32_t		 viewer;
	uint32_t		 ticket;
	time_t			 expires;	/* monotonic */
	uint8_t			 api;
	uint8_t			 dialect;	/* of a session to be made */
	char			 session[WIRE_UUID_LEN + 1];
	char			 name[SESSION_NAME_MAX + 1];
	uint8_t			 hash[HASH_LEN];
	char			 principal[PRINCIPAL_MAX + 1];
};

struct grants {
	TAILQ_HEAD(, grant)	 list;		/* the oldest first */
	unsigned int		 n;
};

/* None yet; and forget all. */
void	 grants_init(struct grants *);
void	 grants_free(struct grants *);

/* `now' is monotonic time in seconds.  0, or -1 when out of memory. */
int	 grant_add(struct grants *, const struct msg_grant *, time_t now);

/*
 * Is there a grant of that id for this channel and action, which is one
 * ACTION_*?  hash is that of the token, NULL unless the action is a call.
 * Returns 0 with a copy of the grant as it was; or -1, and nothing has
 * changed.  What counts once is used up by this, and to attach uses up the
 * right to open as well.
 */
int	 grant_use(struct grants *, const uint8_t id[GRANT_LEN],
	    uint32_t channel, uint16_t action, const uint8_t *hash,
	    time_t now, struct grant *);

/* The channel is closed; the session has ended. */
void	 grant_drop_channel(struct grants *, uint32_t);
void	 grant_drop_session(struct grants *, const char *);

/* Whether there is one that could still open that session. */
int	 grant_opens(struct grants *, const char *, time_t now);

/* How many are still good. */
unsigned int
	 grant_count(struct grants *, time_t now);

#endif
