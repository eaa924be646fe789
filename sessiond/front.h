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

#ifndef GATEWAYD_SESSIOND_FRONT_H
#define GATEWAYD_SESSIOND_FRONT_H

#include <stdint.h>

struct front;
struct grant;
struct imsg;
struct place;
struct waiter;
struct worker;

/* Private to place.c and to front.c, front_open.c and front_call.c. */

/* The frontend of that number, NULL if it has no channel to us any more. */
struct front	*front_find(struct worker *, uint32_t);

/*
 * Whether the grant of that id is good for this; see grant_use().  0 with a
 * copy of it, or -1.
 */
int		 front_granted(struct front *, const uint8_t *, uint16_t,
		    const uint8_t *hash, struct grant *);

/*
 * Answers: without fields; with a reason, an enum fail; or any other, whose
 * descriptors are taken over.
 */
void		 front_answer(struct front *, uint16_t, uint32_t);
void		 front_refuse(struct front *, uint16_t, uint32_t, int);
void		 front_send(struct front *, struct imsg *);

/* front_open.c: sessions and clients */
void		 front_open(struct front *, struct imsg *);
void		 front_opened(struct front *, const struct place *, uint32_t);
void		 front_attach(struct front *, struct imsg *);

/* front_call.c: the rest */
void		 front_call(struct front *, struct imsg *);

/* Answer one that has waited: 0, or an enum fail. */
void		 front_waited(struct place *, const struct waiter *, int);

#endif /* GATEWAYD_SESSIOND_FRONT_H */
