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

#ifndef GATEWAYD_GATEWAYCTL_ATTACH_H
#define GATEWAYD_GATEWAYCTL_ATTACH_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

#include "sizes.h"
#include "util.h"
#include "ws.h"

struct http_response;
struct json_object;
struct pollfd;

/*
 * gatewayctl attach: a terminal on the native API.  One connection at a time
 * is driven by one poll(2) loop; everything waits there, under a deadline,
 * and what is sent or received stands in buffers of fixed size meanwhile.
 */

/* What may be typed ahead of what the gateway has taken. */
#define ATTACH_INPUT_MAX	(256 * 1024)
/* A frame of it: small, so that keys pass a paste soon. */
#define ATTACH_FRAME_MAX	(16 * 1024)
#define ATTACH_OUTPUT_MAX	(256 * 1024)
/* A message of the server, which is never stored if it is output. */
#define ATTACH_MESSAGE_MAX	(16 * 1024 * 1024)
/* The repaint of the largest screen, in base64, and some. */
#define ATTACH_TEXT_MAX		(4 * 1024 * 1024)

#define EXIT_REFUSED		1
#define EXIT_LOST		255	/* as ssh(1) */

/* attach_url.c */

#define URL_PREFIX_MAX		1023
#define URL_SEGMENT_MAX		(3 * SANDBOX_ID_MAX)

struct url {
	int	 tls;
	int	 numeric;		/* the host is an address */
	char	 host[HOST_MAX + 1];	/* without brackets */
	char	 port[6];
	char	 authority[HOST_MAX + 9]; /* as for the Host header */
	char	 prefix[URL_PREFIX_MAX + 1]; /* does not end in a slash */
};

/*
 * http://host[:port][/prefix] or https://.  0, or -1 and why.  No user, query
 * or fragment: there is nothing that they could mean.
 */
int	 url_parse(struct url *, const char *, const char **why);

/* A name as one segment of a path.  0, or -1 if it is empty or too long. */
int	 url_segment(char[URL_SEGMENT_MAX + 1], const char *);

/* attach_escape.c */

enum escape_event {
	ESCAPE_NONE,
	ESCAPE_DETACH,			/* ~. */
	ESCAPE_SUSPEND,			/* ~^Z */
	ESCAPE_HELP			/* ~? */
};

struct escape {
	int	 begin;			/* at the beginning of a line */
	int	 tilde;			/* and a ~ is held back */
};

/* Nothing was typed yet. */
void	 escape_init(struct escape *);

/*
 * Take what was typed from in, at most len bytes, and put what is to be sent
 * into out, which has room for one byte more.  Stops behind an escape;
 * *used says how much was taken.
 */
enum escape_event
	 escape_take(struct escape *, const uint8_t *in, size_t len,
	    size_t *used, uint8_t *out, size_t *outlen);

/* attach_modes.c */

/* What the terminal was shown, in pieces. */
void	 modes_seen(const uint8_t *, size_t);

/*
 * What takes it back to how it should be left, and is shown at most once.
 * Returns how much was put into buf, MODES_MAX bytes; 0 if nothing is to do.
 */
#define MODES_MAX	256
size_t	 modes_undo(char *, size_t);

/* attach_tty.c */

/* Keep the modes of a terminal, to be restored on every way out. */
void	 tty_open(int fd);

/* Raw mode on and off; nothing without a terminal. */
void	 tty_raw(void);
void	 tty_restore(void);

/* Its size within what the gateway takes; 80 by 24 if there is none. */
void	 tty_size(int fd, uint16_t *cols, uint16_t *rows);

/* A line on standard error, safe to show whatever its arguments are. */
void	 tty_say(const char *, ...) PRINTFLIKE(1, 2);

/* attach_conn.c */

#define CONN_AGAIN	(-2)		/* not now */

struct conn;

/* Begin to connect; what fails is told by conn_step(). */
struct conn
	*conn_new(const struct url *);

/* 1 when connected and verified, 0 if that takes longer, -1 and why. */
int	 conn_step(struct conn *, const char **why);

/* What to wait for: events as the user wants it, or what TLS needs first. */
void	 conn_poll(const struct conn *, struct pollfd *, short events);

/* Milliseconds until the next address must be tried; -1 for none. */
int	 conn_wait(const struct conn *);

/* As read(2) and write(2), or CONN_AGAIN. */
ssize_t	 conn_read(struct conn *, void *, size_t);
ssize_t	 conn_write(struct conn *, const void *, size_t);

/* NULL is ignored. */
void	 conn_free(struct conn *);

#endif
