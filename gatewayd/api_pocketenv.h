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

#ifndef GATEWAYD_GATEWAYD_API_POCKETENV_H
#define GATEWAYD_GATEWAYD_API_POCKETENV_H

struct client;
struct request;

/* The /ssh routes: gatewayd-pocketenv(7). */
void	 ssh_connect(struct client *, struct request *);
void	 ssh_stream(struct client *, struct request *);
void	 ssh_input(struct client *, struct request *);
void	 ssh_resize(struct client *, struct request *);
void	 ssh_disconnect(struct client *, struct request *);
void	 ssh_ws(struct client *, struct request *);

/* The /tty and /pty routes. */
void	 tty_stream(struct client *, struct request *);
void	 tty_input(struct client *, struct request *);
void	 tty_resize(struct client *, struct request *);
void	 tty_ws(struct client *, struct request *);

#endif /* GATEWAYD_GATEWAYD_API_POCKETENV_H */
