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

#ifndef GATEWAYD_GATEWAYD_API_TERMINAL_H
#define GATEWAYD_GATEWAYD_API_TERMINAL_H

struct client;
struct request;

/* The native API, below /v1: gatewayd-terminal(7). */
void	 terminal_create(struct client *, struct request *);
void	 terminal_list(struct client *, struct request *);
void	 terminal_status(struct client *, struct request *);
void	 terminal_screen(struct client *, struct request *);
void	 terminal_attach(struct client *, struct request *);
void	 terminal_output(struct client *, struct request *);
void	 terminal_input(struct client *, struct request *);
void	 terminal_resize(struct client *, struct request *);
void	 terminal_signal(struct client *, struct request *);
void	 terminal_close(struct client *, struct request *);
void	 terminal_ticket(struct client *, struct request *);

#endif /* GATEWAYD_GATEWAYD_API_TERMINAL_H */
