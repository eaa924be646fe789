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

#ifndef GATEWAYD_GATEWAYD_SCRAPE_H
#define GATEWAYD_GATEWAYD_SCRAPE_H

struct event_base;
struct metrics;

/*
 * HTTP for GET /metrics on a listener of its own, one request for each
 * connection.  `ask' is called when somebody waits for numbers; they are
 * given by scrape_answer() to all who wait.
 */

/* Take over a listening socket; 0, or -1. */
int	 scrape_init(struct event_base *, int, void (*)(void));

/* Begin to accept; without a socket there is nothing to do. */
int	 scrape_start(void);

/* The numbers; NULL: there are none to be had. */
void	 scrape_answer(const struct metrics *);

/* Close the listener and all of its connections. */
void	 scrape_free(void);

#endif /* GATEWAYD_GATEWAYD_SCRAPE_H */
