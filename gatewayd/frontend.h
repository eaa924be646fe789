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

#ifndef GATEWAYD_GATEWAYD_FRONTEND_H
#define GATEWAYD_GATEWAYD_FRONTEND_H

#include <stdint.h>

#include "msg.h"

struct event_base;
struct front_conf;
struct rate_map;

/* What the parts of a frontend share; frontend.c has it all. */
struct event_base	*frontend_base(void);
const struct front_conf	*frontend_conf(void);
struct rate_map		*frontend_rates(void);
const struct msg_state	*frontend_state(void);
struct msg_front_stats	*frontend_stats(void);

/* Whether STOP has come: what is under way ends, nothing begins. */
int			 frontend_stopping(void);

/*
 * Report a request that was turned away here for the audit log; so many a
 * second, the others are counted.  Object may be any text of a client.
 */
void			 frontend_denial(enum deny, int action,
			    const char *object, const char *address);

/* Tell the parent that there is no channel to this worker. */
void			 frontend_unlink(uint32_t);

/* The last connection is gone: while stopping this is the end. */
void			 frontend_idle(void);

#endif /* GATEWAYD_GATEWAYD_FRONTEND_H */
