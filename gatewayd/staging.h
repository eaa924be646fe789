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

#ifndef GATEWAYD_GATEWAYD_STAGING_H
#define GATEWAYD_GATEWAYD_STAGING_H

struct chan;
struct imsg;

/*
 * A configuration that a child gets from the parent: taken aside as it
 * comes, looked at when it is complete, and put in force, or forgotten, when
 * the parent says so.  The child says what its own is.
 */
struct staging_ops {
	/* An empty one; NULL: out of memory. */
	void		*(*begin)(void);

	/*
	 * What comes between CONF_BEGIN and CONF_END.  The first thing that
	 * is wrong is remembered for check().
	 */
	void		 (*add)(void *, struct imsg *);

	/* NULL if it can be used, else why not. */
	const char	*(*check)(void *);

	void		 (*free)(void *);

	/* It is in force from now on, and the callee's. */
	void		 (*use)(void *);
};

struct staging {
	const struct staging_ops *ops;
	struct chan		 *parent;
	void			 *next;		/* or NULL */
};

/* None has come yet.  The channel is that to the parent. */
void	 staging_init(struct staging *, const struct staging_ops *,
	    struct chan *);

/* Forget what has come. */
void	 staging_free(struct staging *);

/*
 * Take a message of a configuration.  The channel's state goes with it, so
 * what does not fit has not come so far; CONF_OK and CONF_FAIL are sent.
 */
void	 staging_take(struct staging *, struct imsg *);

#endif /* GATEWAYD_GATEWAYD_STAGING_H */
