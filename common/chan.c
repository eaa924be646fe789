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
	void			*arg;
	uint16_t		 state;
	uint64_t		 seen;		/* of MR_ONCE, by place */
	struct event		*ev_read;
	struct event		*ev_write;
	struct event		*ev_retry;

	int			 busy;		/* within a callback */
	int			 dead;		/* free when not busy */

	int			 blob;		/* of the next message, or -1 */
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
static const char *chan_check(struct chan *, struct imsg *);
static const char *chan_check_blob(struct chan *, struct imsg *,
		    const struct msg_rule *);
static int	 chan_packet(struct chan *, const uint8_t *, size_t, int *);
static int	 chan_enqueue(struct chan *, const uint8_t *, size_t, int *);
static void	 chan_wait(struct chan *, int);
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
		chan_close_fd(&p->fd);
		freezero(p, sizeof(*p) + p->len);
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

/* The channel is over; its owner frees it, now or later. */
static void
chan_end(struct chan *c, const char *why)
{
	(void)event_del(c->ev_read);
	(void)event_del(c->ev_write);
	(void)event_del(c->ev_retry);
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
	for (i = 0; i < BATCH_MAX && !c->dead; i++)
		if (!chan_receive(c))
			break;
	if (--c->busy == 0 && c->dead)
		chan_destroy(c);
}

void
chan_drain(struct chan *c)
{
	c->busy++;
	while (!c->dead && chan_receive(c))
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
	int		 fd;

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
		/* Ours, not the peer's fault; it will see no answer. */
		log_warnx("%s: out of descriptors, message lost",
		    c->in->name);
		return (1);
	default:
		chan_end(c, why);
		return (0);
	}
	imsg_init(&im, 0, 0);
	if (imsg_decode(&im, buf, len, fd != -1, &why) == 0) {
		im.fd = fd;
		why = chan_check(c, &im);
	} else
		im.fd = fd;
	if (why != NULL)
		chan_end(c, why);
	else if (im.type != IMSG_BLOB)
		c->dispatch(c, &im, c->arg);
	chan_close_fd(&im.fd);
	chan_close_fd(&im.blob);
	explicit_bzero(buf, len);
	return (why == NULL);
}

/* Against the table; what is wrong, or NULL. */
static const char *
chan_check(struct chan *c, struct imsg *im)
{
	const struct msg_rule	*rule;
	size_t			 bit;
	int			 want_fd;

	/* The blob's own packet; what follows it must be of the same id. */
	if (im->type == IMSG_BLOB) {
		if (im->fd == -1)
			return ("blob without a descriptor");
		if (c->blob != -1)
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
	return (chan_check_blob(c, im, rule));
}

static const char *
chan_check_blob(struct chan *c, struct imsg *im, const struct msg_rule *rule)
{
	if (c->blob == -1)
		return (rule->flags & MR_BLOB ? "blob missing" : NULL);
	if ((rule->flags & (MR_BLOB | MR_MAYBLOB)) == 0)
		return ("surplus blob");
	if (c->blob_id != im->id)
		return ("blob of another message");
	im->blob = c->blob;
	c->blob = -1;
	return (NULL);
}

int
chan_send(struct chan *c, struct imsg *im)
{
	struct imsg	 blob;
	uint8_t		 buf[IMSG_MAX], head[IMSG_MAX];
	ssize_t		 len, headlen;
	size_t		 bit;
	int		 error;

	/* Both packets or neither, and they stay next to each other. */
	imsg_init(&blob, IMSG_BLOB, im->id);
	blob.fd = im->blob;
	im->blob = -1;
	error = EINVAL;
	if (msg_rule(c->out, im->type, &bit) == NULL ||
	    (len = imsg_encode(im, buf)) == -1 ||
	    (headlen = imsg_encode(&blob, head)) == -1)
		goto done;
	error = ENOBUFS;
	if (c->count + 2 > c->count_max ||
	    c->bytes + 2 * IMSG_MAX > c->bytes_max)
		goto done;
	error = 0;
	if ((blob.fd != -1 &&
	    chan_packet(c, head, (size_t)headlen, &blob.fd) == -1) ||
	    chan_packet(c, buf, (size_t)len, &im->fd) == -1)
		error = errno;
	explicit_bzero(buf, (size_t)len);
 done:
	chan_close_fd(&blob.fd);
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

/*
 * Send a packet or queue it; takes *fd when it needs it longer.  A dead
 * peer is no error here: the loop will see it and call `closed'.
 */
static int
chan_packet(struct chan *c, const uint8_t *data, size_t len, int *fd)
{
	if (c->count > 0)
		return (chan_enqueue(c, data, len, fd));
	if (imsg_send(c->fd, data, len, *fd) == 0)
		return (0);
	if (errno == EPIPE || errno == ECONNRESET)
		return (0);
	if (errno != EAGAIN && errno != ENOBUFS && errno != ETOOMANYREFS)
		return (-1);
	chan_wait(c, errno);
	return (chan_enqueue(c, data, len, fd));
}

static int
chan_enqueue(struct chan *c, const uint8_t *data, size_t len, int *fd)
{
	struct packet	*p;

	if ((p = malloc(sizeof(*p) + len)) == NULL)
		return (-1);
	memcpy(p->data, data, len);
	p->len = len;
	p->fd = *fd;
	*fd = -1;
	TAILQ_INSERT_TAIL(&c->queue, p, entry);
	c->count++;
	c->bytes += len;
	return (0);
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

static void
chan_writable(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct chan	*c;
	struct packet	*p;

	c = arg;
	while ((p = TAILQ_FIRST(&c->queue)) != NULL) {
		if (imsg_send(c->fd, p->data, p->len, p->fd) == -1) {
			if (errno == EAGAIN || errno == ENOBUFS ||
			    errno == ETOOMANYREFS) {
				chan_wait(c, errno);
				return;
			}
			/* The peer is gone; reading will say so. */
		}
		TAILQ_REMOVE(&c->queue, p, entry);
		c->count--;
		c->bytes -= p->len;
		chan_close_fd(&p->fd);
		freezero(p, sizeof(*p) + p->len);
	}
}

int
chan_pair(int sv[2])
{
	return (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC |
	    SOCK_NONBLOCK, 0, sv));
}
