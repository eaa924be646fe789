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
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dialect.h"
#include "frame.h"
#include "screen.h"
#include "session.h"
#include "session_part.h"
#include "viewer.h"

#define VIEWER_READ_MAX		(16 * 1024)

#define VIEWER_TURN_READS	4	/* of one client in one turn */

/* One frame of bytes as they are. */
#define VIEWER_RAW_MAX		(32 * 1024)

#define VIEWER_FINISH_SECS	3	/* for what is on its way, and LAST */
#define VIEWER_LINGER_SECS	2	/* for the client to close its side */
#define VIEWER_PINGS		2	/* unanswered ones */

/*
 * What is on a screen is made for each viewer, and one that does not read
 * keeps it.  All viewers of a session together have no more than one screen
 * at its worst, or this many bytes of smaller ones.
 */
#define VIEWER_REPAINTS		(1024 * 1024)

static void	 viewer_push(struct viewer *);
static void	 viewer_event(int, short, void *);
static int	 viewer_broken(const struct viewer *);
static void	 viewer_timer(int, short, void *);
static void	 viewer_timer_set(struct viewer *, unsigned int);
static void	 viewer_ping(struct viewer *);
static void	 viewer_read(struct viewer *);
static ssize_t	 viewer_take(struct viewer *, uint8_t *, size_t);
static size_t	 viewer_room(const struct viewer *);
static void	 viewer_read_end(struct viewer *);
static void	 viewer_ready(struct viewer *);
static void	 viewer_unready(struct viewer *);
static void	 viewer_block(struct viewer *);
static int	 viewer_start(struct viewer *, const struct viewer_conf *);
static int	 viewer_late(struct viewer *);
static size_t	 viewer_repaints(const struct session *);
static int	 viewer_repaint(struct viewer *, const struct screen *);
static int	 viewer_next(struct viewer *);
static ssize_t	 viewer_send(struct viewer *);
static ssize_t	 viewer_send_raw(struct viewer *);
static int	 viewer_keep(struct viewer *, const struct iovec *, int,
		    size_t, size_t);
static void	 viewer_moved(struct viewer *, uint64_t);
static uint64_t	 viewer_limit(const struct viewer *);
static struct frame *viewer_gap(struct viewer *, uint64_t);
static void	 viewer_sent(struct viewer *);
static void	 viewer_sent_last(struct viewer *);
static void	 viewer_depart(struct viewer *, enum leave, struct frame *,
		    int);
static void	 viewer_gone(struct viewer *, enum leave);
static void	 viewer_drop_frames(struct viewer *);

struct viewer *
viewer_new(struct session *s, const struct viewer_conf *conf)
{
	struct viewer	*v;

	if ((v = calloc(1, sizeof(*v) + conf->dialect->state)) == NULL)
		return (NULL);
	v->session = s;
	v->dialect = conf->dialect;
	v->id = conf->id;
	v->mode = conf->mode;
	strlcpy(v->address, conf->address, sizeof(v->address));
	v->fd = conf->fd;
	v->flags = conf->flags;
	v->data = v + 1;
	if (v->dialect->init != NULL)
		v->dialect->init(v);
	if (viewer_start(v, conf) == -1) {
		viewer_drop_frames(v);
		free(v);
		return (NULL);
	}
	v->slot[SLOT_FIRST] = v->dialect->greet(v, conf->head, conf->headlen);
	event_assign(&v->ev, s->base, v->fd,
	    EV_READ | EV_WRITE | EV_PERSIST | EV_ET, viewer_event, v);
	evtimer_assign(&v->timer, s->base, viewer_timer, v);
	if (v->slot[SLOT_FIRST] == NULL || event_add(&v->ev, NULL) == -1) {
		viewer_drop_frames(v);
		free(v);
		return (NULL);
	}
	if (v->slot[SLOT_FIRST]->len == 0) {
		frame_unref(v->slot[SLOT_FIRST]);
		v->slot[SLOT_FIRST] = NULL;
	}
	viewer_timer_set(v, v->dialect->ping != 0 ? v->dialect->ping :
	    s->limits.ping);
	session_joined(s, v);
	viewer_ready(v);
	return (v);
}

/* Where it begins: at its offset, else where its kind of client does. */
static int
viewer_start(struct viewer *v, const struct viewer_conf *conf)
{
	struct session	*s = v->session;

	if (conf->flags & ATTACH_OFFSET) {
		if (conf->offset > s->ring.head) {
			errno = ERANGE;
			return (-1);
		}
		v->cursor = conf->offset;
	} else if (conf->flags & ATTACH_SCREEN)
		return (viewer_repaint(v, session_screen(s)));
	else if (v->dialect->flags & DIALECT_GAPS)
		v->cursor = ring_tail(&s->ring);
	else if (viewer_late(v) == -1)
		v->cursor = session_start(s);
	v->early = v->cursor <= ring_tail(&s->ring);
	return (0);
}

/*
 * To a client that cannot ask, what is on the screen tells more than a part
 * of what was written, or all of what a program wrote to fill the screen.
 */
static int
viewer_late(struct viewer *v)
{
	struct session	*s = v->session;
	struct screen	*screen;

	if (!s->attached || v->dialect->repaint == NULL)
		return (-1);
	if (ring_tail(&s->ring) == 0 && !session_screen_may_alternate(s))
		return (-1);
	if ((screen = session_screen(s)) == NULL ||
	    (ring_tail(&s->ring) == 0 && !screen_alternate(screen)))
		return (-1);
	return (viewer_repaint(v, screen));
}

/* Bytes of repaints that viewers of this session have not taken. */
static size_t
viewer_repaints(const struct session *s)
{
	struct viewer	*v;
	size_t		 n;

	n = 0;
	TAILQ_FOREACH(v, &s->viewers, entry) {
		if (v->slot[SLOT_REPAINT] != NULL)
			n += v->slot[SLOT_REPAINT]->len;
		if (v->now != NULL && v->now->start == v->now->end)
			n += v->now->len;
	}
	return (n);
}

static int
viewer_repaint(struct viewer *v, const struct screen *screen)
{
	struct frame	*f;
	uint8_t		*p;
	size_t		 len;

	if (screen == NULL || v->dialect->repaint == NULL ||
	    (p = screen_repaint(screen, &len)) == NULL)
		return (-1);
	f = v->dialect->repaint(v, p, len);
	free(p);
	if (f == NULL)
		return (-1);
	len = viewer_repaints(v->session);
	if (len > 0 && len + f->len > VIEWER_REPAINTS) {
		frame_unref(f);
		errno = ENOBUFS;
		return (-1);
	}
	viewer_post(v, SLOT_REPAINT, f);
	v->cursor = v->session->parsed;
	return (0);
}

/* Only viewers that can take output are looked at when some comes. */
static void
viewer_ready(struct viewer *v)
{
	v->blocked = 0;
	if (v->ready || v->state >= VIEWER_LINGERING)
		return;
	v->ready = 1;
	v->session->nready++;
	TAILQ_INSERT_TAIL(&v->session->ready, v, ready_entry);
}

static void
viewer_unready(struct viewer *v)
{
	if (!v->ready)
		return;
	v->ready = 0;
	v->session->nready--;
	TAILQ_REMOVE(&v->session->ready, v, ready_entry);
}

static void
viewer_block(struct viewer *v)
{
	v->blocked = 1;
	viewer_unready(v);
	session_blocked(v->session, v);
}

void
viewer_begin(struct viewer *v, uint8_t *unread, size_t len)
{
	v->unread = unread;
	v->nunread = len;
	/* What waits in the socket itself is told by its first event. */
	if (unread != NULL)
		viewer_read(v);
	if (v->session->state >= SESSION_ENDING)
		viewer_leave(v, LEAVE_END, 1);
	viewer_pump(v);
	if (v->sent == 0 && v->state != VIEWER_GONE)
		viewer_push(v);
	session_flow(v->session);
}

/*
 * The frontend's 101 waits in the kernel for what follows it, and nothing
 * does yet.  This sends it, although TCP_NODELAY is on already; for what is
 * no TCP socket it does nothing.
 */
static void
viewer_push(struct viewer *v)
{
	int	 on = 1;

	(void)setsockopt(v->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

void
viewer_free(struct viewer *v)
{
	if (v->state != VIEWER_GONE) {
		event_del(&v->ev);
		evtimer_del(&v->timer);
		close(v->fd);
		viewer_drop_frames(v);
		gather_drop(v);
	}
	free(v->unread);
	free(v);
}

uint64_t
viewer_position(const struct viewer *v)
{
	if (v->now != NULL && v->now->end > v->cursor)
		return (v->now->end);
	return (v->cursor);
}

/*
 * A slow client is seen by us in bursts: the kernel says that a socket can
 * be written to again when a third of what it holds has gone, which may be a
 * megabyte.  So what it still holds is asked for.
 */
uint64_t
viewer_drained(const struct viewer *v)
{
	int	 held;

	if (ioctl(v->fd, TIOCOUTQ, &held) == -1 || held < 0)
		return (v->sent);
	return ((uint64_t)held < v->sent ? v->sent - held : 0);
}

int
viewer_counts(const struct viewer *v)
{
	return (v->state == VIEWER_OPEN && v->mode == MODE_RW && !v->lost);
}

/*
 * Edge triggered: a socket that can still be written to is reported as such
 * with every byte that comes in, which costs nothing here.
 */
static void
viewer_event(int fd, short what, void *arg)
{
	struct viewer	*v = arg;

	(void)fd;
	if (what & EV_WRITE)
		viewer_ready(v);
	if (v->eof && viewer_broken(v))
		viewer_gone(v, LEAVE_CLIENT);
	if (what & EV_READ)
		viewer_read(v);
	viewer_pump(v);
	session_flow(v->session);
}

/* What is not read any more cannot say so by a read. */
static int
viewer_broken(const struct viewer *v)
{
	socklen_t	 len;
	int		 error;

	len = sizeof(error);
	return (getsockopt(v->fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1 ||
	    error != 0);
}

void
viewer_turn(struct viewer *v)
{
	if (!v->again)
		return;
	v->again = 0;
	viewer_read(v);
	viewer_pump(v);
}

void
viewer_readable(struct viewer *v)
{
	if (!v->stopped)
		return;
	v->stopped = 0;
	viewer_read(v);
	viewer_pump(v);
}

static void
viewer_read(struct viewer *v)
{
	uint8_t	 buf[VIEWER_READ_MAX];
	size_t	 room;
	ssize_t	 n;
	int	 i;

	for (i = 0; i < VIEWER_TURN_READS; i++) {
		if (v->state == VIEWER_GONE || v->eof)
			return;
		if ((room = viewer_room(v)) == 0) {
			v->stopped = 1;
			return;
		}
		if (room > sizeof(buf))
			room = sizeof(buf);
		n = viewer_take(v, buf, room);
		if (n > 0) {
			if ((v->dialect->flags & DIALECT_DEAF) == 0)
				v->dialect->input(v, buf, n);
		} else if (n == 0) {
			viewer_read_end(v);
		} else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			return;
		} else if (errno != EINTR) {
			viewer_gone(v, LEAVE_CLIENT);
		}
	}
	if (v->state != VIEWER_GONE && !v->eof) {
		v->again = 1;
		session_later(v->session);
	}
}

/* What the client had sent before the hand-over comes first. */
static ssize_t
viewer_take(struct viewer *v, uint8_t *buf, size_t room)
{
	size_t	 n;

	if (v->unread == NULL)
		return (recv(v->fd, buf, room, MSG_DONTWAIT));
	n = v->nunread - v->taken < room ? v->nunread - v->taken : room;
	memcpy(buf, v->unread + v->taken, n);
	v->taken += n;
	if (v->taken == v->nunread) {
		free(v->unread);
		v->unread = NULL;
	}
	return (n);
}

/* How much may be read now; what will be thrown away always may. */
static size_t
viewer_room(const struct viewer *v)
{
	if (v->state != VIEWER_OPEN || (v->dialect->flags & DIALECT_DEAF) ||
	    v->session->state >= SESSION_ENDING)
		return (VIEWER_READ_MAX);
	return (input_room(&v->session->input));
}

/*
 * A client that only listens may have shut its sending side, or it is gone:
 * then what is sent now brings a reset, and it does not take the place of a
 * viewer until the next ping.
 */
static void
viewer_read_end(struct viewer *v)
{
	v->eof = 1;
	if (v->state == VIEWER_LINGERING ||
	    (v->dialect->flags & DIALECT_DEAF) == 0)
		viewer_gone(v, LEAVE_CLIENT);
	else
		viewer_post(v, SLOT_PING, v->dialect->ping_frame(v->dialect));
}

void
viewer_pump(struct viewer *v)
{
	int	 i;

	for (i = 0; i < VIEWER_TURN_FRAMES; i++) {
		if (!viewer_step(v))
			return;
	}
	v->again = 1;
	session_later(v->session);
}

int
viewer_step(struct viewer *v)
{
	ssize_t	 n;

	if (v->blocked || v->state >= VIEWER_LINGERING ||
	    (v->now == NULL && !viewer_next(v)))
		return (0);
	n = v->now != NULL ? viewer_send(v) : viewer_send_raw(v);
	if (n != -1) {
		v->sent += n;
		return (!v->blocked);
	}
	if (errno == EAGAIN || errno == EWOULDBLOCK)
		viewer_block(v);
	else if (errno != EINTR)
		viewer_gone(v, errno == ENOMEM ? LEAVE_ERROR : LEAVE_CLIENT);
	return (errno == EINTR);
}

static ssize_t
viewer_send(struct viewer *v)
{
	ssize_t	 n;

	n = send(v->fd, v->now->data + v->pos, v->now->len - v->pos,
	    MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n == -1)
		return (-1);
	v->pos += n;
	if (v->pos < v->now->len)
		viewer_block(v);
	else
		viewer_sent(v);
	return (n);
}

/*
 * Output that goes as it is goes from where it is.  Only the rest of a frame
 * that the socket did not take has to be kept, for the ring may pass it.
 */
static ssize_t
viewer_send_raw(struct viewer *v)
{
	struct msghdr	 m;
	struct iovec	 iov[3];
	uint8_t		 head[DIALECT_HEAD_MAX];
	uint64_t	 limit;
	size_t		 len, all;
	ssize_t		 n;

	limit = viewer_limit(v);
	len = limit - v->cursor < VIEWER_RAW_MAX ? limit - v->cursor :
	    VIEWER_RAW_MAX;
	iov[0].iov_base = head;
	iov[0].iov_len = v->dialect->head(head, len);
	memset(&m, 0, sizeof(m));
	m.msg_iov = iov;
	m.msg_iovlen = 1 + ring_iov(&v->session->ring, v->cursor, len,
	    iov + 1);
	n = sendmsg(v->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
	all = iov[0].iov_len + len;
	if (n == -1 || (size_t)n == all) {
		if (n != -1)
			viewer_moved(v, v->cursor + len);
		return (n);
	}
	if (viewer_keep(v, iov, m.msg_iovlen, n, all) == -1)
		return (-1);
	v->now->end = v->cursor + len;
	viewer_block(v);
	return (n);
}

/* Keep what is left of a frame in pieces, of which n bytes are gone. */
static int
viewer_keep(struct viewer *v, const struct iovec *iov, int niov, size_t n,
    size_t all)
{
	struct frame	*f;
	size_t		 skip;
	int		 i;

	if ((f = frame_new(all - n)) == NULL)
		return (-1);
	for (i = 0; i < niov; i++) {
		skip = n < iov[i].iov_len ? n : iov[i].iov_len;
		n -= skip;
		memcpy(f->data + f->len, (uint8_t *)iov[i].iov_base + skip,
		    iov[i].iov_len - skip);
		f->len += iov[i].iov_len - skip;
	}
	f->start = v->cursor;
	v->now = f;
	v->pos = 0;
	return (0);
}

/*
 * Choose what goes next.  Returns 0 if there is nothing; else, if it is no
 * frame, it is output as it is.
 */
static int
viewer_next(struct viewer *v)
{
	struct session	*s = v->session;
	uint64_t	 limit;
	int		 i;

	for (i = SLOT_FIRST; i < SLOT_LAST; i++) {
		if (v->slot[i] != NULL)
			break;
	}
	limit = viewer_limit(v);
	if (v->cursor < limit && v->cursor < ring_tail(&s->ring) &&
	    v->dialect->gap == NULL) {
		viewer_leave(v, LEAVE_SLOW, 0);
		return (0);
	}
	v->last = 0;
	if (i == SLOT_LAST && v->cursor < limit) {
		if (v->cursor < ring_tail(&s->ring))
			v->now = viewer_gap(v, limit);
		else if (v->dialect->head != NULL)
			return (1);
		else
			v->now = session_frame(s, v->dialect, v->cursor,
			    limit);
		if (v->now == NULL)
			viewer_gone(v, LEAVE_ERROR);
	} else {
		v->now = v->slot[i];
		v->slot[i] = NULL;
		v->last = i == SLOT_LAST && v->now != NULL;
	}
	v->pos = 0;
	return (v->now != NULL);
}

/* How far it may be sent output now. */
static uint64_t
viewer_limit(const struct viewer *v)
{
	const struct session	*s = v->session;

	if (v->state == VIEWER_FINISHING)
		return (v->limit);
	return (v->dialect->flags & DIALECT_UTF8 ? s->whole : s->ring.head);
}

/*
 * The ring has passed it.  Who came with an old number gets all there is;
 * who was too slow is set where it has a chance to keep up again.
 */
static struct frame *
viewer_gap(struct viewer *v, uint64_t limit)
{
	struct session	*s = v->session;
	struct frame	*f;
	uint64_t	 to;

	to = ring_tail(&s->ring);
	if (!v->early && s->ring.head - to > SESSION_LOW)
		to = s->ring.head - SESSION_LOW;
	if (to > limit)
		to = limit;
	if ((f = v->dialect->gap(v, v->cursor, to)) == NULL)
		return (NULL);
	f->start = v->cursor;
	f->end = to;
	return (f);
}

static void
viewer_sent(struct viewer *v)
{
	if (v->now->end > v->cursor)
		viewer_moved(v, v->now->end);
	frame_unref(v->now);
	v->now = NULL;
	if (v->last)
		viewer_sent_last(v);
}

static void
viewer_moved(struct viewer *v, uint64_t to)
{
	v->cursor = to;
	v->early = 0;
	if ((v->past || v->lost) &&
	    v->session->ring.head - to <= SESSION_LOW)
		v->past = v->lost = 0;
}

/*
 * Closing a socket while bytes of the client are still unread would reset
 * the connection and may destroy what we sent last.
 */
static void
viewer_sent_last(struct viewer *v)
{
	if (v->closed || v->eof || shutdown(v->fd, SHUT_WR) == -1) {
		viewer_gone(v, v->reason);
		return;
	}
	v->state = VIEWER_LINGERING;
	viewer_unready(v);
	viewer_timer_set(v, VIEWER_LINGER_SECS);
}

static void
viewer_timer_set(struct viewer *v, unsigned int secs)
{
	struct timeval	 tv = { secs, 0 };

	evtimer_add(&v->timer, &tv);
}

static void
viewer_timer(int fd, short what, void *arg)
{
	struct viewer	*v = arg;

	(void)fd;
	(void)what;
	if (v->state == VIEWER_OPEN)
		viewer_ping(v);
	else
		viewer_gone(v, v->reason);
}

static void
viewer_ping(struct viewer *v)
{
	/* Who has output to read first, or is not read, cannot answer yet. */
	if (v->now != NULL || v->blocked || v->stopped)
		v->unanswered = 0;
	else if (v->unanswered == VIEWER_PINGS) {
		viewer_gone(v, LEAVE_PING);
		return;
	} else if (v->dialect->flags & DIALECT_PONGS)
		v->unanswered++;
	viewer_post(v, SLOT_PING, v->dialect->ping_frame(v->dialect));
	viewer_timer_set(v, v->dialect->ping != 0 ? v->dialect->ping :
	    v->session->limits.ping);
	viewer_pump(v);
}

void
viewer_post(struct viewer *v, enum viewer_slot slot, struct frame *f)
{
	if (v->state != VIEWER_OPEN || f == NULL) {
		frame_unref(f);
		return;
	}
	frame_unref(v->slot[slot]);
	v->slot[slot] = f;
}

size_t
viewer_input(struct viewer *v, const uint8_t *p, size_t len)
{
	if (v->state != VIEWER_OPEN || v->mode != MODE_RW || len == 0 ||
	    v->session->state >= SESSION_ENDING)
		return (0);
	if (session_input(v->session, p, len) == -1) {
		viewer_leave(v, LEAVE_ERROR, 0);
		return (0);
	}
	return (len);
}

void
viewer_resize(struct viewer *v, uint16_t cols, uint16_t rows)
{
	if (v->state == VIEWER_OPEN && v->mode == MODE_RW)
		session_resize(v->session, cols, rows);
}

int
viewer_signal(struct viewer *v, int signo)
{
	if (v->state != VIEWER_OPEN || v->mode != MODE_RW)
		return (-1);
	return (session_signal(v->session, signo));
}

void
viewer_alive(struct viewer *v)
{
	v->unanswered = 0;
}

void
viewer_leave(struct viewer *v, enum leave reason, int drain)
{
	struct frame	*last;

	if (v->state >= VIEWER_LINGERING)
		return;
	last = v->dialect->last(v, reason,
	    reason == LEAVE_END ? &v->session->end : NULL);
	viewer_depart(v, reason, last, drain);
	viewer_pump(v);
}

void
viewer_cut(struct viewer *v, const struct session_end *end)
{
	enum leave	 reason;

	if (v->state >= VIEWER_LINGERING)
		return;
	reason = end->reason == END_STOP ? LEAVE_STOP : LEAVE_END;
	viewer_depart(v, reason, v->dialect->last(v, reason,
	    reason == LEAVE_END ? end : NULL), 0);
	viewer_pump(v);
}

void
viewer_finish(struct viewer *v, enum leave reason, struct frame *last)
{
	viewer_depart(v, reason, last, 0);
}

void
viewer_goodbye(struct viewer *v, struct frame *answer)
{
	v->closed = 1;
	if (v->state == VIEWER_LINGERING) {
		frame_unref(answer);
		viewer_gone(v, v->reason);
		return;
	}
	viewer_depart(v, LEAVE_CLIENT, answer, 0);
}

/*
 * The first reason to leave is the one that the client is told, and that
 * stays the reason, unless output was to be sent first and another one cuts
 * that short: then it is the other, for nobody may believe to have had all.
 */
static void
viewer_depart(struct viewer *v, enum leave reason, struct frame *last,
    int drain)
{
	if (v->state >= VIEWER_LINGERING ||
	    (v->state == VIEWER_FINISHING && drain)) {
		frame_unref(last);
		return;
	}
	if (v->state == VIEWER_OPEN || viewer_position(v) < v->limit) {
		frame_unref(v->slot[SLOT_LAST]);
		v->reason = reason;
		v->slot[SLOT_LAST] = last;
	} else
		frame_unref(last);
	v->state = VIEWER_FINISHING;
	v->limit = drain ? v->session->ring.head : viewer_position(v);
	if (v->slot[SLOT_LAST] == NULL && !v->last) {
		viewer_gone(v, v->reason);
		return;
	}
	/* Who was too slow for the output is given time to learn that. */
	viewer_timer_set(v, drain || reason == LEAVE_SLOW ?
	    v->session->limits.stalled : VIEWER_FINISH_SECS);
	if (v->stopped) {
		/* What it sends is thrown away from here on. */
		v->stopped = 0;
		v->again = 1;
		session_later(v->session);
	}
}

static void
viewer_gone(struct viewer *v, enum leave reason)
{
	if (v->state == VIEWER_GONE)
		return;
	if (v->state == VIEWER_OPEN)
		v->reason = reason;
	v->state = VIEWER_GONE;
	viewer_unready(v);
	event_del(&v->ev);
	evtimer_del(&v->timer);
	close(v->fd);
	v->fd = -1;
	viewer_drop_frames(v);
	gather_drop(v);
	session_left(v->session, v);
}

static void
viewer_drop_frames(struct viewer *v)
{
	int	 i;

	frame_unref(v->now);
	v->now = NULL;
	for (i = 0; i < SLOT_MAX; i++) {
		frame_unref(v->slot[i]);
		v->slot[i] = NULL;
	}
}
