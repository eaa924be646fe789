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

#ifndef GATEWAYD_COMMON_UTIL_H
#define GATEWAYD_COMMON_UTIL_H

#include <stdint.h>
#include <time.h>

#define UUID_SIZE	37

/* A random UUID (RFC 4122 version 4) in lower case, terminated. */
void	 util_uuid(char[UUID_SIZE]);

/*
 * Let terminals go first: this process does not take the processor from
 * another when it is woken, so that what comes for it in a burst is handled
 * in one go.  Where there is no such thing, nothing changes.  Children would
 * inherit it: util_batched() tells who starts them that it is to be undone.
 */
void	 util_batch(void);
int	 util_batched(void);

/* Seconds of the monotonic clock. */
time_t	 util_now(void);

/* Its milliseconds. */
uint64_t util_now_msec(void);

/*
 * How often something may happen in a second: what strangers cause shall
 * neither fill a log nor keep others from being served.  All zero at first.
 */
struct util_ration {
	time_t		 second;
	unsigned int	 n;		/* in that second */
};

/*
 * It happens once more.  Returns 1 if this is one of the first max in this
 * second, else 0.  *missed is how many were too many when a second has gone
 * by, to be told once, and 0 otherwise.
 */
int	 util_ration(struct util_ration *, unsigned int max,
	    unsigned int *missed);

#endif /* GATEWAYD_COMMON_UTIL_H */
