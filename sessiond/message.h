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

#ifndef GATEWAYD_SESSIOND_MESSAGE_H
#define GATEWAYD_SESSIOND_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

/* What clients ask for in text messages, beside typing. */
#define MESSAGE_RESIZE_MAX	128	/* pocketenv: a longer one is typed */
#define MESSAGE_CONTROL_MAX	1024	/* native: a longer one is an error */

enum message_type {
	MESSAGE_RESIZE,
	MESSAGE_SIGNAL,
	MESSAGE_PING
};

struct message {
	enum message_type	 type;
	uint16_t		 cols;		/* MESSAGE_RESIZE */
	uint16_t		 rows;
	int			 signo;		/* MESSAGE_SIGNAL */
};

/*
 * Are the len bytes exactly {"type":"resize","cols":C,"rows":R}, in any order
 * and spacing (gatewayd-pocketenv(7))?  1: yes; 0: no, they are input; -1:
 * yes, but there is no such size, which is ignored.
 */
int	 message_resize(const uint8_t *, size_t, uint16_t *cols,
	    uint16_t *rows);

/*
 * A control message of gatewayd-terminal(7).  Members that are not known are
 * ignored.  Returns 0, or -1 with *why as one line for people, a constant.
 */
int	 message_control(const uint8_t *, size_t, struct message *,
	    const char **why);

#endif
