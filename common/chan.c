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
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "chan.h"
#include "log.h"

/*
 * What one channel may have queued while its peer does not read.  A peer
 * that is so far behind is as good as dead; senders see ENOBUFS.
 */
#define QUEUE_COUNT_MAX		1024
#define QUEUE_BYTES_MAX		(4 * 1024 * 1024)

/* Messages handled for one readiness, so that no peer starves the others. */
#define BATCH_MAX		32

/*
 * Messages handled by chan_drain().  The kernel queues fewer than 300 on a
 * socket, so this is what had arrived; a peer that goes on sending must not
 * hold us for ever.
 */
#define DRAIN_MAX		1024

/* Wait before descriptors are tried again that the kernel refused. */
#define RETRY_USEC		10000

struct packet {
	TAILQ_ENTRY(packet)	 entry;
	int			 fd;
	size_t			 len;
	uint8_t			 data[];
};
TAILQ_HEAD(packets, packet);

struct chan {
	int			 fd;
	const struct msg_table	*in;
	const struct msg_table	*out;
	chan_dispatch		 dispatch;
	chan_closed		 closed;
	void			(*drained)(struct chan *, void *);
	void			*arg;
	uint16_t		 state;
	uint64_t		 seen;		/* of MR_ONCE, by place */
	struct event		*ev_read;
	struct event		*ev_write;
	struct event		*ev_retry;

	int			 busy;		/* within a callback */
	int			 dead;		/* free when not busy */
	int			 ended;		/* `closed' was called */

	int			 blob;		/* of the next message, or -1 */
	int			 blob_lost;	/* it came, we had no room */
	uint32_t		 blob_id;

	struct packets		 queue;
	size_t			 count;
	size_t			 bytes;
	size_t			 count_max;
	size_t			 bytes_max;
};

static void	 chan_destroy(struct chan *);
static void	 chan_end(struct chan *, const char *);
static void	 chan_readable(evutil_socket_t, short, void *);
static void	 chan_writable(evutil_socket_t, short, void *);
static int	 chan_receive(struct chan *);
static int	 chan_lost(struct chan *, const uint8_t *, size_t);
static const char *chan_check(struct chan *, struct imsg *, int *);
static const char *chan_check_blob(struct chan *, struct imsg *,
		    const struct msg_rule *, int *);
static int	 chan_may_send(const struct chan *, const struct imsg *);
static int	 chan_packet(struct chan *, struct imsg *, const uint8_t *,
		    size_t);
static int	 chan_packets(struct chan *, struct imsg *, const uint8_t *,
		    size_t);
static int	 chan_own(struct imsg *);
static struct packet *packet_new(const uint8_t *, size_t, int *);
static void	 packet_free(struct packet *);
static void	 chan_enqueue(struct chan *, struct packet *);
static int	 again(int);
static void	 chan_wait(struct chan *, int);
static int	 chan_flush(struct chan *);
static void	 chan_close_fd(int *);

struct chan *
chan_new(struct event_base *base, int fd, const struct msg_table *in,
    const struct msg_table *out, chan_dispatch dispatch, chan_closed closed,
    void *arg)
{
	struct chan	*c;

	if ((c = calloc(1, sizeof(*c))) == NULL)
		return (NULL);
	c->fd = -1;
	c->in = in;
	c->out = out;
	c->dispatch = dispatch;
	c->closed = closed;
	c->arg = arg;
	c->state = MS_HELLO;
	c->blob = -1;
	c->count_max = QUEUE_COUNT_MAX;
	c->bytes_max = QUEUE_BYTES_MAX;
	TAILQ_INIT(&c->queue);
	if ((c->ev_read = event_new(base, fd, EV_READ | EV_PERSIST,
	    chan_readable, c)) == NULL ||
	    (c->ev_write = event_new(base, fd, EV_WRITE, chan_writable,
	    c)) == NULL ||
	    (c->ev_retry = event_new(base, -1, 0, chan_writable, c)) ==
	    NULL || event_add(c->ev_read, NULL) == -1) {
		chan_destroy(c);
		errno = ENOMEM;
		return (NULL);
	}
	c->fd = fd;
	return (c);
}

static void
chan_close_fd(int *fd)
{
	if (*fd != -1)
		close(*fd);
	*fd = -1;
}

static void
chan_destroy(struct chan *c)
{
	struct packet	*p;

	if (c->ev_read != NULL)
		event_free(c->ev_read);
	if (c->ev_write != NULL)
		event_free(c->ev_write);
	if (c->ev_retry != NULL)
		event_free(c->ev_retry);
	while ((p = TAILQ_FIRST(&c->queue)) != NULL) {
		TAILQ_REMOVE(&c->queue, p, entry);
		packet_free(p);
	}
	chan_close_fd(&c->blob);
	chan_close_fd(&c->fd);
	free(c);
}

void
chan_free(struct chan *c)
{
	if (c == NULL)
		return;
	c->dead = 1;
	if (!c->busy)
		chan_destroy(c);
}

void
chan_shutdown(struct chan *c)
{
	(void)shutdown(c->fd, SHUT_RDWR);
}

/* The channel is over; its owner frees it, now or later. */
static void
chan_end(struct chan *c, const char *why)
{
	(void)event_del(c->ev_read);
	(void)event_del(c->ev_write);
	(void)event_del(c->ev_retry);
	c->ended = 1;
	c->closed(c, why, c->arg);
}

void
chan_set_state(struct chan *c, uint16_t state)
{
	c->state = state;
}

uint16_t
chan_state(const struct chan *c)
{
	return (c->state);
}

size_t
chan_queued(const struct chan *c)
{
	return (c->count);
}

void
chan_on_drained(struct chan *c, void (*drained)(struct chan *, void *))
{
	c->drained = drained;
}

void
chan_set_bounds(struct chan *c, size_t count, size_t bytes)
{
	c->count_max = count;
	c->bytes_max = bytes;
}

static void
chan_readable(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct chan	*c;
	int		 i;

	c = arg;
	c->busy++;
	for (i = 0; i < BATCH_MAX && chan_receive(c); i++)
		continue;
	if (--c->busy == 0 && c->dead)
		chan_destroy(c);
}

void
chan_drain(struct chan *c)
{
	int	 i;

	c->busy++;
	for (i = 0; i < DRAIN_MAX && chan_receive(c); i++)
		continue;
	if (--c->busy == 0 && c->dead)
		chan_destroy(c);
}

/* Handle one message; whether there may be more. */
static int
chan_receive(struct chan *c)
{
	struct imsg	 im;
	uint8_t		 buf[IMSG_MAX];
	const char	*why;
	size_t		 len;
	int		 fd, drop;

	if (c->dead || c->ended)
		return (0);
	why = NULL;
	switch (imsg_recv(c->fd, buf, &len, &fd, &why)) {
	case IMSG_RECV_MORE:
		break;
	case IMSG_RECV_ERROR:
		if (errno == EAGAIN)
			return (0);
		/* FALLTHROUGH */
	case IMSG_RECV_EOF:
		chan_end(c, NULL);
		return (0);
	case IMSG_RECV_NOFD:
		return (chan_lost(c, buf, len));
	default:
		chan_end(c, why);
		return (0);
	}
	drop = 0;
	if (imsg_decode(&im, buf, len, fd != -1, &why) == 0) {
		im.fd = fd;
		why = chan_check(c, &im, &drop);
	} else
		im.fd = fd;
	if (why != NULL)
		chan_end(c, why);
	else if (im.type != IMSG_BLOB && !drop)
		c->dispatch(c, &im, c->arg);
	chan_close_fd(&im.fd);
	chan_close_fd(&im.blob);
	imsg_clear(&im);
	explicit_bzero(buf, len);
	return (why == NULL);
}

/*
 * A message came whose descriptor the kernel could not give us.  That is
 * not the peer's fault: only this message is lost, with the blob before it
 * or the message behind it.  The peer will see no answer.
 */
static int
chan_lost(struct chan *c, const uint8_t *buf, size_t len)
{
	struct imsg	 im;
	const char	*why;

	if (imsg_decode(&im, buf, len, 1, &why) == -1) {
		chan_end(c, why);
		return (0);
	}
	log_warnx("%s: out of descriptors, %s lost", c->in->name,
	    msg_name(im.type));
	chan_close_fd(&c->blob);
	c->blob_lost = im.type == IMSG_BLOB;
	c->blob_id = im.id;
	return (1);
}

/* Against the table; what is wrong, or NULL. */
static const char *
chan_check(struct chan *c, struct imsg *im, int *drop)
{
	const struct msg_rule	*rule;
	size_t			 bit;
	int			 want_fd;

	/* The blob's own packet; what follows it must be of the same id. */
	if (im->type == IMSG_BLOB) {
		if (im->fd == -1)
			return ("blob without a descriptor");
		if (c->blob != -1 || c->blob_lost)
			return ("two blobs in a row");
		c->blob = im->fd;
		c->blob_id = im->id;
		im->fd = -1;
		return (NULL);
	}
	if ((rule = msg_rule(c->in, im->type, &bit)) == NULL)
		return ("message not in the table");
	want_fd = (rule->flags & MR_FD) != 0;
	if (want_fd != (im->fd != -1))
		return (want_fd ? "descriptor missing" :
		    "surplus descriptor");
	if ((rule->states & c->state) == 0)
		return ("message out of order");
	if (rule->flags & MR_ONCE) {
		if (c->seen & (uint64_t)1 << bit)
			return ("message sent twice");
		c->seen |= (uint64_t)1 << bit;
	}
	return (chan_check_blob(c, im, rule, drop));
}

static const char *
chan_check_blob(struct chan *c, struct imsg *im, const struct msg_rule *rule,
    int *drop)
{
	/* A line of the log passes by what waits in the sender's queue. */
	if (im->type == IMSG_LOG)
		return (NULL);
	if (c->blob == -1 && !c->blob_lost)
		return (rule->flags & MR_BLOB ? "blob missing" : NULL);
	if ((rule->flags & (MR_BLOB | MR_MAYBLOB)) == 0)
		return ("surplus blob");
	if (c->blob_id != im->id)
		return ("blob of another message");
	/* Without its blob it is not what the peer meant. */
	*drop = c->blob_lost;
	c->blob_lost = 0;
	im->blob = c->blob;
	c->blob = -1;
	return (NULL);
}

/* What the peer would end the channel for is not sent. */
static int
chan_may_send(const struct chan *c, const struct imsg *im)
{
	const struct msg_rule	*rule;
	size_t			 bit;

	if ((rule = msg_rule(c->out, im->type, &bit)) == NULL)
		return (0);
	if (((rule->flags & MR_FD) != 0) != (im->fd != -1))
		return (0);
	if (im->blob == -1)
		return ((rule->flags & MR_BLOB) == 0);
	return ((rule->flags & (MR_BLOB | MR_MAYBLOB)) != 0);
}

int
chan_send(struct chan *c, struct imsg *im)
{
	uint8_t		 buf[IMSG_MAX];
	ssize_t		 len;
	int		 error;

	error = 0;
	if (!chan_may_send(c, im) || (len = imsg_encode(im, buf)) == -1) {
		error = EINVAL;
		len = sizeof(buf);
	} else if (c->ended)
		error = EPIPE;
	else if (c->count + 2 > c->count_max ||
	    c->bytes + 2 * IMSG_MAX > c->bytes_max)
		error = ENOBUFS;
	else if ((im->blob == -1 ?
	    chan_packet(c, im, buf, (size_t)len) :
	    chan_packets(c, im, buf, (size_t)len)) == -1)
		error = errno;
	explicit_bzero(buf, (size_t)len);
	chan_close_fd(&im->blob);
	if (im->lent)
		im->fd = -1;
	chan_close_fd(&im->fd);
	errno = error;
	return (error == 0 ? 0 : -1);
}

int
chan_send_empty(struct chan *c, uint16_t type, uint32_t id)
{
	struct imsg	 im;

	imsg_init(&im, type, id);
	return (chan_send(c, &im));
}

/* Whether what could not be sent can be, later. */
static int
again(int error)
{
	return (error == EAGAIN || error == ENOBUFS || error == ENOMEM ||
	    error == ETOOMANYREFS);
}

/*
 * Send a packet or queue it; takes the descriptor when it needs it longer.
 * A dead peer is no error here: the loop will see it and call `closed'.
 */
static int
chan_packet(struct chan *c, struct imsg *im, const uint8_t *data, size_t len)
{
	struct packet	*p;
	int		 error;

	error = EAGAIN;
	if (c->count == 0) {
		if (imsg_send(c->fd, data, len, im->fd) == 0)
			return (0);
		error = errno;
		if (error == EPIPE || error == ECONNRESET)
			return (0);
		if (!again(error))
			return (-1);
	}
	if (chan_own(im) == -1 ||
	    (p = packet_new(data, len, &im->fd)) == NULL)
		return (-1);
	if (c->count == 0)
		chan_wait(c, error);
	chan_enqueue(c, p);
	return (0);
}

/*
 * The blob and its message: both or neither, and next to each other, so
 * both are in the queue before the first is sent.
 */
static int
chan_packets(struct chan *c, struct imsg *im, const uint8_t *data, size_t len)
{
	struct packet	*first, *second;
	struct imsg	 blob;
	uint8_t		 head[IMSG_MAX];
	ssize_t		 headlen;
	int		 idle;

	imsg_init(&blob, IMSG_BLOB, im->id);
	blob.fd = im->blob;
	if ((headlen = imsg_encode(&blob, head)) == -1 || chan_own(im) == -1 ||
	    (first = packet_new(head, (size_t)headlen, &im->blob)) == NULL)
		return (-1);
	if ((second = packet_new(data, len, &im->fd)) == NULL) {
		packet_free(first);
		return (-1);
	}
	idle = c->count == 0;
	chan_enqueue(c, first);
	chan_enqueue(c, second);
	if (idle)
		(void)chan_flush(c);
	return (0);
}

/* What waits cannot be lent: the lender may close it meanwhile. */
static int
chan_own(struct imsg *im)
{
	int	 fd;

	if (!im->lent)
		return (0);
	if ((fd = fcntl(im->fd, F_DUPFD_CLOEXEC, 0)) == -1)
		return (-1);
	im->fd = fd;
	im->lent = 0;
	return (0);
}

/* Takes *fd. */
static struct packet *
packet_new(const uint8_t *data, size_t len, int *fd)
{
	struct packet	*p;

	if ((p = malloc(sizeof(*p) + len)) == NULL)
		return (NULL);
	memcpy(p->data, data, len);
	p->len = len;
	p->fd = *fd;
	*fd = -1;
	return (p);
}

static void
packet_free(struct packet *p)
{
	chan_close_fd(&p->fd);
	freezero(p, sizeof(*p) + p->len);
}

static void
chan_enqueue(struct chan *c, struct packet *p)
{
	TAILQ_INSERT_TAIL(&c->queue, p, entry);
	c->count++;
	c->bytes += p->len;
}

/*
 * A full socket tells us when it can take more.  Too many descriptors in
 * flight do not, and the socket looks writable meanwhile: try by the clock.
 */
static void
chan_wait(struct chan *c, int error)
{
	struct timeval	 tv = { 0, RETRY_USEC };

	if (error == EAGAIN)
		(void)event_add(c->ev_write, NULL);
	else
		(void)event_add(c->ev_retry, &tv);
}

/* Send what is queued; whether all of it is sent. */
static int
chan_flush(struct chan *c)
{
	struct packet	*p;

	while ((p = TAILQ_FIRST(&c->queue)) != NULL) {
		if (imsg_send(c->fd, p->data, p->len, p->fd) == -1 &&
		    again(errno)) {
			chan_wait(c, errno);
			return (0);
		}
		/* Sent, or the peer is gone: reading will say so. */
		TAILQ_REMOVE(&c->queue, p, entry);
		c->count--;
		c->bytes -= p->len;
		packet_free(p);
	}
	return (1);
}

static void
chan_writable(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct chan	*c;

	c = arg;
	if (!chan_flush(c) || c->drained == NULL)
		return;
	c->busy++;
	c->drained(c, c->arg);
	if (--c->busy == 0 && c->dead)
		chan_destroy(c);
}

int
chan_pair(int sv[2])
{
	return (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC |
	    SOCK_NONBLOCK, 0, sv));
}
