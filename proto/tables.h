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

#ifndef GATEWAYD_PROTO_TABLES_H
#define GATEWAYD_PROTO_TABLES_H

#include <stddef.h>
#include <stdint.h>

/*
 * What may be said: one table for each direction of each channel.  What a
 * table does not list ends the channel it came on.
 */
struct msg_rule {
	uint16_t	type;
	uint16_t	flags;
#define MR_FD		0x01		/* must bring a descriptor */
#define MR_BLOB		0x02		/* must follow a BLOB */
#define MR_MAYBLOB	0x04		/* may follow a BLOB */
#define MR_ONCE		0x08		/* once on a channel */
	uint16_t	states;		/* MS_*, of the receiver's channel */
};

/* The state of a channel; its receiver moves it on. */
#define MS_HELLO	0x01		/* nothing but HELLO yet */
#define MS_SETUP	0x02		/* before START */
#define MS_RUN		0x04		/* the child is ready */
#define MS_CONF		0x08		/* within CONF_BEGIN and CONF_END */
#define MS_STAGED	0x10		/* after CONF_OK */
#define MS_ANY		0xffff

#define MSG_RULES_MAX	64		/* in one table: a bit for ONCE each */

struct msg_table {
	const char		*name;	/* "parent to worker" */
	const struct msg_rule	*rules;
	size_t			 n;
};

extern const struct msg_table	parent_to_frontend;
extern const struct msg_table	frontend_to_parent;
extern const struct msg_table	parent_to_catalog;
extern const struct msg_table	catalog_to_parent;
extern const struct msg_table	parent_to_dialer;
extern const struct msg_table	dialer_to_parent;
extern const struct msg_table	parent_to_control;
extern const struct msg_table	control_to_parent;
extern const struct msg_table	parent_to_worker;
extern const struct msg_table	worker_to_parent;
extern const struct msg_table	parent_to_pty;
extern const struct msg_table	pty_to_parent;
extern const struct msg_table	frontend_to_catalog;
extern const struct msg_table	catalog_to_frontend;
extern const struct msg_table	frontend_to_worker;
extern const struct msg_table	worker_to_frontend;
extern const struct msg_table	ctl_to_control;
extern const struct msg_table	control_to_ctl;

/* All of them, for those who must know each: tests and the manual. */
extern const struct msg_table *const	msg_tables[];
extern const size_t			msg_ntables;

/* The rule for a type, or NULL; *bit is its place in the table. */
const struct msg_rule *msg_rule(const struct msg_table *, uint16_t, size_t *);

#endif /* GATEWAYD_PROTO_TABLES_H */
