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

#ifndef GATEWAYD_REGRESS_BENCH_WSCLIENT_H
#define GATEWAYD_REGRESS_BENCH_WSCLIENT_H

#include <sys/types.h>

#include <netinet/in.h>

#include <stddef.h>
#include <stdint.h>

#define WSC_BUFFER	(512 * 1024)
#define WSC_KEYS_MAX	125		/* of one frame of input */

/*
 * A WebSocket client that does nothing but keep up: it trusts the server's
 * frames to be well formed, and decodes base64 wherever it was cut.  If it is
 * raw, which is set before it is opened, output is what binary messages have
 * as they are, and text is passed over.
 */
struct wsc {
	int		 fd;
	int		 raw;
	int		 closed;	/* the code of a Close, else 0 */
	int		 lowat;
	uint64_t	 left;		/* of the current frame */
	int		 opcode;
	size_t		 nin;
	uint8_t		 in[WSC_BUFFER];
	size_t		 nout;
	uint8_t		 out[WSC_BUFFER];	/* decoded by the last read */
};

/* The request for an Upgrade of path; NULL as token sends none. */
size_t		 wsc_request(char *, size_t, const char *path,
		    const char *token);

/* Connect to a port of this host and shake hands; errors are fatal. */
void		 wsc_open(struct wsc *, in_port_t, const char *path,
		    const char *token);

/* Read once and decode: out and nout.  Returns 0 at the end. */
int		 wsc_read(struct wsc *);

/* The same without waiting; nout is 0 if nothing is there. */
int		 wsc_take(struct wsc *);

/* Send at most WSC_KEYS_MAX bytes of input. */
void		 wsc_type(struct wsc *, const void *, size_t);

/* Do not wake up for less than this many bytes on the wire. */
void		 wsc_lowat(struct wsc *, uint64_t);

#endif
