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

#ifndef GATEWAYD_PROTO_MSG_FIELDS_H
#define GATEWAYD_PROTO_MSG_FIELDS_H

#include <stddef.h>
#include <stdint.h>

struct target;
struct wire;
union msg;

/*
 * One description of the fields per message; private to proto/.  A type
 * without an entry does not exist, one without a function has no fields.
 */
struct msg_type {
	uint16_t	  type;
	const char	 *name;
	void		(*fields)(struct wire *, union msg *);
	size_t		  size;		/* of its struct, decoded */
};

#define MSG_BARE(type)		{ IMSG_##type, #type, NULL, 0 }
#define MSG_TYPE(type, of, member)					\
	{ IMSG_##type, #type, of##_fields, sizeof(((union msg *)0)->member) }

extern const struct msg_type	msg_conf_types[];
extern const struct msg_type	msg_grant_types[];
extern const struct msg_type	msg_front_types[];
extern const struct msg_type	msg_worker_types[];
extern const struct msg_type	msg_dial_types[];
extern const struct msg_type	msg_ctl_types[];

/* What several messages have in common; msg_grant.c. */
void	 msg_target(struct wire *, struct target *);

#endif /* GATEWAYD_PROTO_MSG_FIELDS_H */
