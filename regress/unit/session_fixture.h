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

#ifndef GATEWAYD_REGRESS_UNIT_SESSION_FIXTURE_H
#define GATEWAYD_REGRESS_UNIT_SESSION_FIXTURE_H

#include <stddef.h>
#include <stdint.h>

#include "driver.h"
#include "session.h"
#include "viewer.h"
#include "ws.h"

/*
 * A session between a driver that does as it is told and clients on
 * socketpairs, and the functions that drive it.  Everything is made anew
 * for each test: main() lists it as TEST(name).
 */
#define SID		"01234567-89ab-4cde-8f01-23456789abcd"
#define REPLAY		(64 * 1024)
#define CLIENTS		32

#define TEST(f)	cmocka_unit_test_setup_teardown(f, fixture_begin, fixture_end)

struct fake {
	struct driver	 driver;
	int		 paused;
	int		 pauses;
	int		 closed;
	size_t		 room;		/* takes so many bytes of input */
	uint8_t		*input;
	size_t		 ninput;
	uint16_t	 cols;
	uint16_t	 rows;
	int		 resizes;
	int		 signo;		/* the last one */
	int		 unsignaled;	/* it cannot send any */
};

struct client {
	struct viewer	*v;		/* not to be used once it left */
	int		 ws;
	int		 fd;
	uint8_t		*raw;		/* as received, not yet parsed */
	size_t		 nraw;
	uint8_t		*out;		/* decoded output */
	size_t		 nout;
	int		 native;	/* its output is checked as it comes */
	uint64_t	 began;		/* offset of the first byte */
	uint64_t	 offset;	/* of the next one */
	int		 gaps;
	uint64_t	 from;		/* of the last one */
	uint64_t	 to;
	char		 texts[4096];	/* what it was told, each a line */
	char		*screen;	/* base64 */
	int		 frames;
	int		 pings;
	int		 pongs;
	int		 code;		/* of a Close frame */
	char		 reason[WS_CONTROL_MAX + 1];
	int		 eof;
	size_t		 split;		/* frames that end inside a character */
};

extern struct event_base		*base;
extern struct fake			 fake;
extern struct session			*s;	/* NULL once it ended */
extern struct client			 clients[CLIENTS];
extern struct session_limits		 limits; /* to change before start() */
extern const struct session_hooks	 hooks;

/* What the hooks were told, and how often. */
extern int			 opened, exited, ended, downs;
extern enum leave		 left;
extern struct session_end	 how;

int		 fixture_begin(void **);
int		 fixture_end(void **);

/* Make a session of that kind, which is not open yet. */
void		 start_opening(uint8_t kind);

/* Make the session, and tell it that its driver is open. */
void		 start(void);

/* Everything that is ready now, and what that makes ready. */
void		 turn(void);

/*
 * The same while so many milliseconds go by.  Nowhere else does any time for
 * the session: what is not waited for by this is not due.
 */
void		 turn_msec(int);

/* Milliseconds that have really gone by. */
uint64_t	 true_msec(void);

/* Byte number i of the endless test output: text with long characters. */
uint8_t		 value(uint64_t);

/* Output n numbered bytes in pieces, as long as the session wants them. */
size_t		 produce(size_t n, size_t piece);

/* Output this. */
void		 say(const char *);

/* As much, at once, whatever it is. */
void		 flood(uint64_t n);

/* Client number n becomes a viewer. */
struct client	*attach(int n, const struct dialect *);

/* NULL if that cannot be, with errno. */
struct client	*attach_as(int n, const struct dialect *, uint8_t mode,
		    uint8_t flags, uint64_t offset);

/* It goes away. */
void		 leave(struct client *);

/* It was told this; forget what it was told. */
int		 was_told(const struct client *, const char *);
void		 forget_texts(struct client *);

/* Take what is in the socket, at most max bytes. */
size_t		 receive(struct client *, size_t max);

/* Understand all whole frames that were received. */
void		 parse(struct client *);

/* Read and let the session go on until nothing comes any more. */
void		 drain(struct client *);

/* The client read the n bytes from this one on, and whole characters. */
void		 check_output(struct client *, uint64_t, size_t n);

/* Send a frame with this first byte; a text message. */
void		 put(struct client *, int first, const void *, size_t);
void		 text(struct client *, const char *);

/* The driver was given this, and nothing else since the last time. */
void		 assert_input(const char *);

#endif /* GATEWAYD_REGRESS_UNIT_SESSION_FIXTURE_H */
