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

#include "compat.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "util.h"

static int	 batched;

void
util_uuid(char out[UUID_SIZE])
{
	uint8_t	 r[16];

	arc4random_buf(r, sizeof(r));
	r[6] = (uint8_t)((r[6] & 0x0f) | 0x40);
	r[8] = (uint8_t)((r[8] & 0x3f) | 0x80);
	(void)snprintf(out, UUID_SIZE, "%02x%02x%02x%02x-%02x%02x-%02x%02x-"
	    "%02x%02x-%02x%02x%02x%02x%02x%02x", r[0], r[1], r[2], r[3],
	    r[4], r[5], r[6], r[7], r[8], r[9], r[10], r[11], r[12], r[13],
	    r[14], r[15]);
}

void
util_batch(void)
{
#ifdef SCHED_BATCH
	struct sched_param	 param;

	/* Whatever else the operator has chosen stays. */
	if (sched_getscheduler(0) != SCHED_OTHER)
		return;
	memset(&param, 0, sizeof(param));
	batched = sched_setscheduler(0, SCHED_BATCH, &param) == 0;
#endif
}

int
util_batched(void)
{
	return (batched);
}

time_t
util_now(void)
{
	struct timespec	 ts;

	if (clock_gettime(CLOCK_MONOTONIC, &ts) == -1)
		return (0);
	return (ts.tv_sec);
}

uint64_t
util_now_msec(void)
{
	struct timespec	 ts;

	if (clock_gettime(CLOCK_MONOTONIC, &ts) == -1)
		return (0);
	return ((uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000);
}

int
util_ration(struct util_ration *r, unsigned int max, unsigned int *missed)
{
	time_t	 now;

	*missed = 0;
	if ((now = util_now()) != r->second) {
		if (r->n > max)
			*missed = r->n - max;
		r->second = now;
		r->n = 0;
	}
	return (r->n++ < max);
}
