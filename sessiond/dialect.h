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

#ifndef GATEWAYD_SESSIOND_DIALECT_H
#define GATEWAYD_SESSIOND_DIALECT_H

#include <stddef.h>
#include <stdint.h>

#include "msg_worker.h"

struct frame;
struct ring;
struct session_end;
struct viewer;

/*
 * What one kind of client speaks over one transport: how output, and what
 * happens to the session, become bytes for its socket, and what its bytes
 * mean.  A dialect keeps no queue and makes no system call.  It acts through
 * viewer_post(), viewer_input(), viewer_resize(), viewer_alive(),
 * viewer_finish() and viewer_goodbye() of viewer.h.
 *
 * Every function that makes a frame returns NULL when out of memory.  Where
 * a dialect has no way to say something, the function is NULL.
 */
struct dialect {
	const char	*name;
	uint8_t		 dialect;	/* DIALECT_* */
	uint8_t		 transport;	/* TRANSPORT_* */
	uint8_t		 index;		/* of its frames in a session's cache */
	uint8_t		 flags;
#define DIALECT_UTF8	0x01		/* frames end between characters */
#define DIALECT_PONGS	0x02		/* pings are answered */
#define DIALECT_DEAF	0x04		/* the client has nothing to say, and */
					/* its half-close is not its end */
#define DIALECT_GAPS	0x08		/* who is passed by the ring is told */
					/* what is missing, and goes on */
	uint16_t	 ping;		/* seconds, 0: as configured */
	size_t		 state;		/* bytes kept for each viewer, zeroed */

	void		 (*init)(struct viewer *);

	/* What comes first; `head' is what the frontend wants to be sent. */
	struct frame	*(*greet)(const struct viewer *,
			    const uint8_t *head, size_t);

	/* Bytes start to end of the ring, at most FRAME_OUTPUT_MAX. */
	struct frame	*(*output)(const struct dialect *,
			    const struct ring *, uint64_t start,
			    uint64_t end);

	/*
	 * For output that is a head and the bytes as they are: writes the
	 * head for n bytes, and returns its length.  output() is then not
	 * called.
	 */
#define DIALECT_HEAD_MAX	16
	size_t		 (*head)(uint8_t head[DIALECT_HEAD_MAX], size_t n);

	/* The bytes of these numbers are gone; with DIALECT_GAPS only. */
	struct frame	*(*gap)(const struct viewer *, uint64_t from,
			    uint64_t to);

	/* What the terminal shows, in its own bytes, which count for none. */
	struct frame	*(*repaint)(const struct viewer *, const uint8_t *,
			    size_t);

	/* The terminal has a new size: may post SLOT_SIZE. */
	void		 (*resized)(struct viewer *, uint16_t cols,
			    uint16_t rows);

	struct frame	*(*ping_frame)(const struct dialect *);

	/*
	 * What comes last.  The end of the session says more if the reason
	 * is LEAVE_END; it is NULL else.
	 */
	struct frame	*(*last)(const struct viewer *, enum leave,
			    const struct session_end *);

	/* Bytes that the client sent; the buffer may be written to. */
	void		 (*input)(struct viewer *, uint8_t *, size_t);
};

#define DIALECT_INDEX_MAX	9	/* ssh, tty, terminal: 3 of each */

/* dialect_ssh.c: gatewayd-pocketenv(7), the routes under /ssh. */
extern const struct dialect	 dialect_ssh_ws;
extern const struct dialect	 dialect_ssh_sse;
extern const struct dialect	 dialect_ssh_sse10;

/* dialect_tty.c: the same, the routes under /tty and /pty. */
extern const struct dialect	 dialect_tty_ws;
extern const struct dialect	 dialect_tty_sse;
extern const struct dialect	 dialect_tty_sse10;

/* dialect_terminal.c, dialect_terminal_sse.c: gatewayd-terminal(7). */
extern const struct dialect	 dialect_terminal_ws;
extern const struct dialect	 dialect_terminal_sse;
extern const struct dialect	 dialect_terminal_sse10;

/* dialect.c: the table for what a message names, NULL if there is none. */
const struct dialect	*dialect_find(uint8_t dialect, uint8_t transport);

/*
 * Let the libraries do at once what they do on first use, such as opening
 * the source of random numbers.  To be called before the sandbox is entered.
 */
void			 dialect_setup(void);

#endif
