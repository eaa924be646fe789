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

#ifndef GATEWAYD_GATEWAYD_WEIGH_H
#define GATEWAYD_GATEWAYD_WEIGH_H

#include <sys/types.h>

#include <stdint.h>

/*
 * The processor is shared evenly by workers, each of which is a process.  One
 * that keeps it busy, whatever its clients or its host have it do, goes behind
 * the others for that time, so that their terminals answer as before.
 */

/* Of one processor, in percent: from when on, and until when. */
#define WEIGH_HEAVY	60
#define WEIGH_LIGHT	25

/* So many times in a row, and what it costs then, see nice(3). */
#define WEIGH_ROUNDS	2
#define WEIGH_NICE	5

struct weight {
	uint64_t	 when;		/* milliseconds; 0: not seen yet */
	uint64_t	 used;		/* processor time until then */
	unsigned int	 rounds;	/* that were heavy */
	int		 base;		/* its nice value otherwise */
	int		 behind;	/* has been put there */
};

/*
 * Look at a process, now (milliseconds), and set its nice value.  Returns 1
 * when it was put behind, else 0.  Errors count as nothing to do: there may be
 * no right to it.
 */
int	 weigh(struct weight *, pid_t, uint64_t);

#endif /* GATEWAYD_GATEWAYD_WEIGH_H */
