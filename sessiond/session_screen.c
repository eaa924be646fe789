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

#include "compat.h"

#include <sys/types.h>
#include <sys/time.h>
#include <sys/uio.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ring.h"
#include "screen.h"
#include "session.h"
#include "session_part.h"

/*
 * When a session's screen is kept up.  Nobody may ever ask for it, so a
 * short session has none.  Later on the model follows the output whenever
 * little of it comes, and catches up when somebody asks; a flood passes it
 * by, and if the ring drops what it has not seen, it says so.
 */
#define SCREEN_AFTER	(128 * 1024)	/* output of a session without one */
#define SCREEN_TICK_USEC 100000
#define SCREEN_QUIET	(8 * 1024)	/* as much in a tick is no flood */
#define SCREEN_TURN	(32 * 1024)	/* parsed in one turn: about 1 ms */
#define SCREEN_CATCH_UP	(256 * 1024)	/* parsed at most, if somebody */
					/* waits or more is lost anyway */

#define SCREEN_MODE_MAX	4	/* digits of a mode, which may be cut */

/* Sizes that the model has still to be told; the last ones are merged. */
#define SCREEN_SIZES	16

struct size {
	uint64_t	 offset;	/* from this byte on */
	uint16_t	 cols;
	uint16_t	 rows;
};

struct screening {
	struct screen	*screen;	/* NULL: nobody has needed it yet */
	struct event	 ev;
	int		 pending;	/* the event */
	uint64_t	 seen;		/* the output's end at the last tick */
	uint16_t	 cols;		/* at byte `parsed' */
	uint16_t	 rows;
	struct size	 sizes[SCREEN_SIZES];
	unsigned int	 nsizes;
};

static int	 screening_make(struct session *);
static void	 screening_skip(struct session *, uint64_t);
static void	 screening_parse(struct session *, uint64_t);
static void	 screening_feed(struct session *, uint64_t);
static void	 screening_sizes(struct session *);
static void	 screening_wait(struct session *, long);
static void	 screening_on_tick(int, short, void *);

int
session_screen_init(struct session *s)
{
	struct screening	*sc;

	if ((sc = calloc(1, sizeof(*sc))) == NULL)
		return (-1);
	sc->cols = s->cols;
	sc->rows = s->rows;
	evtimer_assign(&sc->ev, s->base, screening_on_tick, s);
	s->screening = sc;
	return (0);
}

void
session_screen_free(struct session *s)
{
	struct screening	*sc = s->screening;

	if (sc == NULL)
		return;
	evtimer_del(&sc->ev);
	screen_free(sc->screen);
	free(sc);
	s->screening = NULL;
}

/* Called with each read: it must cost next to nothing. */
void
session_screen_output(struct session *s)
{
	if (s->screening->pending || (s->screening->screen == NULL &&
	    s->ring.head <= SCREEN_AFTER))
		return;
	s->screening->seen = s->ring.head;
	screening_wait(s, SCREEN_TICK_USEC);
}

/* The model learns of it where it happened, or as near as can be said. */
void
session_screen_resize(struct session *s)
{
	struct screening	*sc = s->screening;
	struct size		*size;

	if (sc->nsizes > 0 && (sc->nsizes == SCREEN_SIZES ||
	    sc->sizes[sc->nsizes - 1].offset == s->whole))
		sc->nsizes--;
	size = &sc->sizes[sc->nsizes++];
	size->offset = s->whole;
	size->cols = s->cols;
	size->rows = s->rows;
	screening_sizes(s);
}

struct screen *
session_screen(struct session *s)
{
	if (screening_make(s) == -1)
		return (NULL);
	if (s->whole - s->parsed > SCREEN_CATCH_UP)
		screening_skip(s, s->whole - SCREEN_CATCH_UP);
	screening_parse(s, s->whole);
	return (s->screening->screen);
}

/*
 * The numbers of the modes that switch screens are looked for, since most
 * sessions have never seen them, and to parse all of a long one takes time.
 */
int
session_screen_may_alternate(struct session *s)
{
	struct screening	*sc = s->screening;
	struct iovec		 iov[2];
	uint64_t		 from;
	int			 i, n;

	if (sc->screen != NULL && screen_alternate(sc->screen))
		return (1);
	from = s->parsed > SCREEN_MODE_MAX ? s->parsed - SCREEN_MODE_MAX : 0;
	if (from < ring_tail(&s->ring))
		return (1);
	n = ring_iov(&s->ring, from, s->whole - from, iov);
	for (i = 0; i < n; i++) {
		if (memmem(iov[i].iov_base, iov[i].iov_len, "1049", 4) !=
		    NULL ||
		    memmem(iov[i].iov_base, iov[i].iov_len, "47", 2) != NULL)
			return (1);
	}
	return (0);
}

static int
screening_make(struct session *s)
{
	struct screening	*sc = s->screening;

	if (sc->screen == NULL)
		sc->screen = screen_new(sc->cols, sc->rows);
	return (sc->screen == NULL ? -1 : 0);
}

/* What comes before is not looked at. */
static void
screening_skip(struct session *s, uint64_t to)
{
	screen_lost(s->screening->screen);
	s->parsed = to;
	screening_sizes(s);
}

static void
screening_parse(struct session *s, uint64_t to)
{
	struct screening	*sc = s->screening;
	uint64_t		 stop;

	if (s->parsed < ring_tail(&s->ring))
		screening_skip(s, ring_tail(&s->ring));
	while (s->parsed < to) {
		stop = to;
		if (sc->nsizes > 0 && sc->sizes[0].offset < stop)
			stop = sc->sizes[0].offset;
		screening_feed(s, stop);
		screening_sizes(s);
	}
}

static void
screening_feed(struct session *s, uint64_t to)
{
	struct iovec	 iov[2];
	int		 i, n;

	n = ring_iov(&s->ring, s->parsed, to - s->parsed, iov);
	for (i = 0; i < n; i++)
		screen_feed(s->screening->screen, iov[i].iov_base,
		    iov[i].iov_len);
	s->parsed = to;
}

/* The sizes up to here; without a model they are its size when it is made. */
static void
screening_sizes(struct session *s)
{
	struct screening	*sc = s->screening;
	unsigned int		 n;

	for (n = 0; n < sc->nsizes && sc->sizes[n].offset <= s->parsed; n++) {
		sc->cols = sc->sizes[n].cols;
		sc->rows = sc->sizes[n].rows;
	}
	if (n == 0)
		return;
	sc->nsizes -= n;
	memmove(sc->sizes, sc->sizes + n, sc->nsizes * sizeof(sc->sizes[0]));
	if (sc->screen != NULL)
		screen_resize(sc->screen, sc->cols, sc->rows);
}

static void
screening_wait(struct session *s, long usec)
{
	struct timeval	 tv = { 0, usec };

	s->screening->pending = 1;
	evtimer_add(&s->screening->ev, &tv);
}

/* Nothing is looked at while output keeps coming in at speed. */
static void
screening_on_tick(int fd, short what, void *arg)
{
	struct session		*s = arg;
	struct screening	*sc = s->screening;
	uint64_t		 came, to;

	(void)fd;
	(void)what;
	sc->pending = 0;
	came = s->ring.head - sc->seen;
	sc->seen = s->ring.head;
	if (came > SCREEN_QUIET) {
		screening_wait(s, SCREEN_TICK_USEC);
		return;
	}
	if (screening_make(s) == -1)
		return;
	if (s->parsed < ring_tail(&s->ring))
		screening_skip(s, s->whole - SCREEN_CATCH_UP);
	to = s->parsed + SCREEN_TURN;
	screening_parse(s, to < s->whole ? to : s->whole);
	if (s->parsed < s->whole)
		screening_wait(s, 0);
}
