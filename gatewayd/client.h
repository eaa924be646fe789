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

#ifndef GATEWAYD_GATEWAYD_CLIENT_H
#define GATEWAYD_GATEWAYD_CLIENT_H

#include <stddef.h>
#include <stdint.h>

#include "reply.h"

struct asset;
struct client;
struct net_addr;

/*
 * One HTTP connection until it ends or is handed over.  What it can hold:
 * a head of 16 KiB, a body of 100 KiB and CLIENT_AHEAD bytes beyond the
 * request under way, as far as there is room for those of all; of answers one
 * at a time, all short but for files of the page, which all connections share.
 */
#define CLIENT_AHEAD	(64 * 1024)

/* For whoever accepts. */

/*
 * Take over an accepted non-blocking socket, on failure too.  A proxied
 * peer is one that we trust to tell whom it speaks for.
 */
void	 client_new(int, const struct net_addr *, int proxied);

/* How many there are. */
size_t	 client_count(void);

/* Close the one that is missed least.  Returns 1, 0 if there is none. */
int	 client_evict(void);

/* Close all that nothing is done for, the others after their answer. */
void	 client_stop(void);

/* For handlers; a request is answered exactly once. */

/* The answer comes later; cancel(arg) is called if the client goes first. */
void	 client_wait(struct client *, void (*cancel)(void *), void *);

/* The answer to its request, which is copied; a client has one each. */
void	 client_answer(struct client *, const struct reply *);

/* The same with a file as the body, whose length the reply has. */
void	 client_file(struct client *, const struct reply *, struct asset *);

/*
 * {"error":error,"message":message}; constants, message may be NULL.  For a
 * path of the native API error is the code, and there is a message.
 */
void	 client_error(struct client *, int, const char *error,
	    const char *message);
void	 client_error_extra(struct client *, int, const char *error,
	    const char *message, const char *extra);

/* The same for what any path may say: its own code is found there. */
void	 client_status(struct client *, int, const char *error,
	    const char *message, const char *extra);

/* 429 by what the request's reply_to says of the limit. */
void	 client_too_many(struct client *);

/* It cannot be answered, for want of memory: the connection ends. */
void	 client_drop(struct client *);

/* For WebSocket handshakes. */

/* What Sec-WebSocket-Accept is to say. */
const char
	*client_accept(const struct client *);

/* Answer 101; flushed(arg) is called when nothing of it is left here. */
void	 client_switch(struct client *, void (*flushed)(void *));

/* Answer 101 unless that was done, and a Close frame. */
void	 client_ws_close(struct client *, int, const char *);

/* For the hand-over of the socket, while nothing waits to be written. */

/* Take the socket out of the loop. */
void	 client_suspend(struct client *);

/* Its descriptor, for sending; it stays the client's. */
int	 client_lend(struct client *);

/* What it has sent beyond its request. */
void	 client_unread(struct client *, const uint8_t **, size_t *);

/* It was taken, or it was not: then it is to be answered. */
void	 client_release(struct client *);
void	 client_resume(struct client *);

#endif /* GATEWAYD_GATEWAYD_CLIENT_H */
