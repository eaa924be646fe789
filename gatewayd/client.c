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
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "asset.h"
#include "client.h"
#include "crowd.h"
#include "front_conf.h"
#include "frontend.h"
#include "log.h"
#include "request.h"
#include "route.h"
#include "ws.h"

/* All in seconds.  How long a connection may wait for its next request. */
#define IDLE_TIMEOUT	60
/* An answer is short; who does not take it in this time is gone. */
#define WRITE_TIMEOUT	10
/* Some are longer: a second more for so many bytes. */
#define WRITE_SLOWEST	(16 * 1024)
/* After the last answer we read on, so that no reset destroys it. */
#define LINGER_TIMEOUT	2
#define LINGER_MAX	(64 * 1024)

/* How long a request may take before its client is watched: ms. */
#define WATCH_LATER	50

#define BUFFER_FIRST	2048		/* bytes; then doubled */

/*
 * What all connections together may have buffered: about a thousand of the
 * longest bodies.  Nobody has shown a token when he sends one, so beyond that
 * only requests are read that fit into their first buffer.
 */
#define BUFFERED_MAX	(128 * 1024 * 1024)

enum client_state {
	CLIENT_READING,		/* waits for a whole request */
	CLIENT_BUSY,		/* a handler has it */
	CLIENT_SWITCHING,	/* 101 is on its way out */
	CLIENT_WRITING,		/* the answer is */
	CLIENT_HANDED,		/* a worker may have the socket */
	CLIENT_LINGERING	/* nothing more is said */
};

struct client {
	TAILQ_ENTRY(client)	 entry;
	TAILQ_ENTRY(client)	 later;
	struct seat		 seat;
	int			 fd;
	enum client_state	 state;
	struct net_addr		 peer;
	int			 proxied;
	int			 fresh;		/* no request yet */
	int			 begun;		/* bytes of this request came */
	int			 eof;		/* nothing more will come */
	int			 dead;		/* to be freed by the loop */
	int			 handed;	/* others had the socket */
	int			 switched;	/* 101 was answered */
	int			 unwatched;	/* in that list */
	struct event		 ev_read;
	struct event		 ev_write;
	struct event		 ev_timer;

	uint8_t			*in;
	size_t			 inlen;
	size_t			 insize;
	size_t			 headlen;	/* 0 until there is a head */
	size_t			 taken;		/* head and body */
	size_t			 drained;
	uint8_t			*out;
	size_t			 outlen;
	size_t			 outpos;	/* written up to here */
	struct asset		*asset;		/* goes out behind it */
	size_t			 assetpos;

	struct request		 req;
	char			 accept[WS_ACCEPT_LEN + 1];
	void			(*cancel)(void *);
	void			(*flushed)(void *);
	void			*arg;
};

static TAILQ_HEAD(, client)	clients = TAILQ_HEAD_INITIALIZER(clients);
static size_t			nclients;
static size_t			buffered;	/* bytes, of all */

/*
 * A request that was there when the connection was accepted is mostly
 * answered, or handed over with the socket, in less than a millisecond.
 * Until then nobody looks whether more comes, or the end.
 */
static TAILQ_HEAD(, client)	unwatched = TAILQ_HEAD_INITIALIZER(unwatched);
static struct event		*ev_unwatched;

static void	 client_free(struct client *);
static void	 client_events(struct client *);
static int	 client_watch(struct client *);
static void	 client_watch_later(struct client *);
static void	 client_unwatched(evutil_socket_t, short, void *);
static void	 client_timer(struct client *, unsigned int);
static void	 client_timeout(evutil_socket_t, short, void *);
static void	 client_readable(evutil_socket_t, short, void *);
static void	 client_writable(evutil_socket_t, short, void *);
static void	 client_read(struct client *);
static void	 client_eof(struct client *);
static void	 client_drain(struct client *);
static size_t	 client_room(const struct client *);
static int	 client_grow(struct client *, size_t);
static void	 client_unbuffer(struct client *);
static void	 client_await(struct client *);
static void	 client_process(struct client *);
static int	 client_head(struct client *);
static int	 client_body(struct client *);
static void	 client_dispatch(struct client *);
static void	 client_refuse(struct client *, int, const char *);
static void	 client_queue(struct client *, const void *, size_t);
static void	 client_flush(struct client *, enum client_state);
static int	 client_write(struct client *);
static int	 client_write_asset(struct client *);
static unsigned int client_write_time(const struct client *);
static void	 client_next(struct client *);
static void	 client_linger(struct client *);

void
client_new(int fd, const struct net_addr *peer, int proxied)
{
	struct client	*c, *excess;

	frontend_stats()->accepted++;
	if ((c = calloc(1, sizeof(*c))) == NULL) {
		close(fd);
		return;
	}
	c->fd = fd;
	c->peer = *peer;
	c->proxied = proxied;
	c->fresh = 1;
	http_request_init(&c->req.http);
	TAILQ_INSERT_TAIL(&clients, c, entry);
	frontend_stats()->open = ++nclients;
	client_events(c);
	if (crowd_join(&c->seat, c, CROWD_NEW,
	    proxied ? NULL : peer, &excess) == -1) {
		log_warnx("out of memory for a connection");
		client_free(c);
		return;
	}
	/* A whole request in that time, whether its first byte comes or not. */
	client_timer(c, frontend_conf()->timeout_request);
	if (excess != NULL)
		client_free(excess);
	/*
	 * Most send their request at once, and it is here by now.  What the
	 * parent said before they came goes first.
	 */
	event_active(&c->ev_read, EV_READ, 0);
}

static void
client_events(struct client *c)
{
	struct event_base	*base;

	base = frontend_base();
	event_assign(&c->ev_read, base, c->fd, EV_READ | EV_PERSIST,
	    client_readable, c);
	event_assign(&c->ev_write, base, c->fd, EV_WRITE, client_writable,
	    c);
	evtimer_assign(&c->ev_timer, base, client_timeout, c);
}

/* Look whether it sends something; -1 if that is impossible. */
static int
client_watch(struct client *c)
{
	if (c->unwatched)
		TAILQ_REMOVE(&unwatched, c, later);
	c->unwatched = 0;
	return (event_add(&c->ev_read, NULL));
}

static void
client_watch_later(struct client *c)
{
	struct timeval	 tv = { 0, WATCH_LATER * 1000 };

	if (c->unwatched || event_pending(&c->ev_read, EV_READ, NULL))
		return;
	if (ev_unwatched == NULL && (ev_unwatched = evtimer_new(
	    frontend_base(), client_unwatched, NULL)) == NULL) {
		(void)client_watch(c);
		return;
	}
	if (TAILQ_EMPTY(&unwatched))
		(void)event_add(ev_unwatched, &tv);
	TAILQ_INSERT_TAIL(&unwatched, c, later);
	c->unwatched = 1;
}

static void
client_unwatched(evutil_socket_t fd UNUSED, short what UNUSED,
    void *arg UNUSED)
{
	struct client	*c;

	while ((c = TAILQ_FIRST(&unwatched)) != NULL)
		(void)client_watch(c);
}

static void
client_free(struct client *c)
{
	if (c->cancel != NULL)
		c->cancel(c->arg);
	crowd_leave(&c->seat);
	if (c->unwatched)
		TAILQ_REMOVE(&unwatched, c, later);
	(void)event_del(&c->ev_read);
	(void)event_del(&c->ev_write);
	(void)event_del(&c->ev_timer);
	free(c->out);
	asset_release(c->asset);
	/* A worker that got the socket late shall see its end. */
	if (c->handed)
		(void)shutdown(c->fd, SHUT_RDWR);
	close(c->fd);
	client_unbuffer(c);
	TAILQ_REMOVE(&clients, c, entry);
	frontend_stats()->open = --nclients;
	free(c);
	if (nclients == 0)
		frontend_idle();
}

size_t
client_count(void)
{
	return (nclients);
}

int
client_evict(void)
{
	struct client	*c;

	if ((c = crowd_oldest()) == NULL)
		return (0);
	client_free(c);
	return (1);
}

void
client_stop(void)
{
	struct client	*c, *next;

	TAILQ_FOREACH_SAFE(c, &clients, entry, next) {
		if (c->state == CLIENT_READING)
			client_free(c);
		else
			c->req.to.close = 1;
	}
}

static void
client_timer(struct client *c, unsigned int seconds)
{
	struct timeval	 tv = { (time_t)seconds, 0 };

	(void)event_add(&c->ev_timer, &tv);
}

static void
client_timeout(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct client	*c = arg;

	if (c->state == CLIENT_READING && c->inlen > 0)
		client_refuse(c, 408, "the request took too long");
	else
		client_free(c);
}

/* How many bytes the buffer may hold in this state. */
static size_t
client_room(const struct client *c)
{
	if (c->state != CLIENT_READING)
		return (c->taken + CLIENT_AHEAD);
	return (c->headlen == 0 ? HTTP_HEAD_MAX : c->taken);
}

static int
client_grow(struct client *c, size_t want)
{
	uint8_t	*p;
	size_t	 size;

	if (want <= c->insize)
		return (0);
	size = c->insize == 0 ? BUFFER_FIRST : c->insize;
	while (size < want)
		size *= 2;
	if (size > BUFFER_FIRST &&
	    buffered + size - c->insize > BUFFERED_MAX)
		return (-1);
	/* Requests carry tokens; recallocarray() leaves no copy behind. */
	if ((p = recallocarray(c->in, c->insize, size, 1)) == NULL)
		return (-1);
	buffered += size - c->insize;
	c->in = p;
	c->insize = size;
	return (0);
}

static void
client_unbuffer(struct client *c)
{
	if (c->in != NULL)
		freezero(c->in, c->insize);
	buffered -= c->insize;
	c->in = NULL;
	c->insize = 0;
}

static void
client_readable(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct client	*c = arg;

	if (c->state == CLIENT_LINGERING)
		client_drain(c);
	else
		client_read(c);
}

static void
client_read(struct client *c)
{
	ssize_t	 n;
	size_t	 room, size;

	/* While a request is under way we only read so far ahead. */
	if ((room = client_room(c)) <= c->inlen) {
		(void)event_del(&c->ev_read);
		return;
	}
	if (c->inlen == c->insize &&
	    client_grow(c, c->inlen + 1) == -1) {
		client_free(c);
		return;
	}
	size = c->insize < room ? c->insize : room;
	n = read(c->fd, c->in + c->inlen, size - c->inlen);
	if (n == -1) {
		if ((errno != EAGAIN && errno != EINTR) ||
		    client_watch(c) == -1)
			client_free(c);
		return;
	}
	if (n == 0) {
		client_eof(c);
		return;
	}
	c->inlen += (size_t)n;
	if (c->state == CLIENT_READING)
		client_process(c);
}

/*
 * The client has closed its side at least.  It may still read an answer,
 * unless it wanted a WebSocket: that is over when one side ends it.
 */
static void
client_eof(struct client *c)
{
	c->eof = 1;
	(void)event_del(&c->ev_read);
	if (c->state == CLIENT_READING ||
	    (c->req.http.upgrade && c->state != CLIENT_WRITING))
		client_free(c);
}

static void
client_drain(struct client *c)
{
	char	 junk[4096];
	ssize_t	 n;

	n = read(c->fd, junk, sizeof(junk));
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0 && (c->drained += (size_t)n) <= LINGER_MAX)
		return;
	client_free(c);
}

/* Nothing has come of the next request yet. */
static void
client_await(struct client *c)
{
	if (c->eof) {
		client_free(c);
		return;
	}
	if (!c->fresh)
		client_timer(c, IDLE_TIMEOUT);
}

/* Go on with the request at the start of the buffer. */
static void
client_process(struct client *c)
{
	int	 r;

	if (c->inlen == 0) {
		client_await(c);
		return;
	}
	if (!c->begun) {
		c->begun = 1;
		if (!c->fresh)
			client_timer(c, frontend_conf()->timeout_request);
	}
	r = 1;
	if (c->headlen == 0 && (r = client_head(c)) == 1)
		r = client_body(c);
	switch (r) {
	case -2:
		client_refuse(c, c->req.http.status, c->req.http.why);
		return;
	case 1:
		if (c->inlen >= c->taken) {
			client_dispatch(c);
			return;
		}
		break;
	}
	if (c->eof || client_watch(c) == -1)
		client_free(c);
}

/* 1 with a whole head, 0 if more is needed, -2 if it is to be refused. */
static int
client_head(struct client *c)
{
	int	 r;

	r = http_parse_head(&c->req.http, (const char *)c->in, c->inlen,
	    &c->headlen);
	if (r != 1)
		return (r == 0 ? 0 : -2);
	c->taken = c->headlen;
	if (c->req.http.content_length > 0)
		c->taken += (size_t)c->req.http.content_length;
	return (1);
}

/*
 * Make room for the body now, and look at the head again if that moved it:
 * from here on nothing does.  1, or -2 if there is no room.
 */
static int
client_body(struct client *c)
{
	if (c->taken <= c->insize)
		return (1);
	if (client_grow(c, c->taken) == -1) {
		c->req.http.status = 503;
		c->req.http.why = "too much is sent at once";
		return (-2);
	}
	http_request_init(&c->req.http);
	return (client_head(c));
}

static void
client_dispatch(struct client *c)
{
	struct request	*req;

	(void)event_del(&c->ev_timer);
	crowd_leave(&c->seat);
	frontend_stats()->requests++;
	c->fresh = 0;
	c->state = CLIENT_BUSY;
	if (!c->eof)
		client_watch_later(c);
	req = &c->req;
	req->body = (const char *)c->in + c->headlen;
	req->bodylen = c->taken - c->headlen;
	memset(&req->to, 0, sizeof(req->to));
	req->api = 0;
	req->to.head = req->http.method == HTTP_HEAD;
	req->to.close = !req->http.keepalive || frontend_stopping();
	if (req->http.upgrade)
		ws_accept(c->accept, req->http.ws_key.p,
		    req->http.ws_key.len);
	request_address(req, frontend_conf(), &c->peer);
	route_request(c, req);
}

/* What is no proper request: nothing is known of it but that. */
static void
client_refuse(struct client *c, int status, const char *why)
{
	struct request	*req;

	(void)event_del(&c->ev_timer);
	crowd_leave(&c->seat);
	frontend_stats()->requests++;
	c->state = CLIENT_BUSY;
	c->taken = c->inlen;
	req = &c->req;
	http_request_init(&req->http);
	memset(&req->to, 0, sizeof(req->to));
	req->to.close = 1;
	req->api = route_api((const char *)c->in, c->inlen);
	(void)request_origin(req, frontend_conf(), req->api != 0 ? req->api :
	    API_POCKETENV);
	client_status(c, status, http_status_text(status), why, NULL);
}

void
client_wait(struct client *c, void (*cancel)(void *), void *arg)
{
	c->cancel = cancel;
	c->arg = arg;
}

static void
client_queue(struct client *c, const void *p, size_t len)
{
	uint8_t	*out;

	if (len == 0 || (out = realloc(c->out, c->outlen + len)) == NULL) {
		c->dead = 1;
		return;
	}
	memcpy(out + c->outlen, p, len);
	c->out = out;
	c->outlen += len;
}

/*
 * Write from the loop and not here: whoever answers shall not find the
 * client gone when it returns.
 */
static void
client_flush(struct client *c, enum client_state state)
{
	c->state = state;
	event_active(&c->ev_write, EV_WRITE, 0);
}

void
client_answer(struct client *c, const struct reply *reply)
{
	char	 head[REPLY_HEAD_MAX];

	c->cancel = NULL;
	if (reply->status >= 400)
		frontend_stats()->refused++;
	client_queue(c, head, reply_head(head, &c->req.to, reply));
	if (reply->body != NULL && reply->len > 0 && !c->req.to.head)
		client_queue(c, reply->body, reply->len);
	client_flush(c, CLIENT_WRITING);
}

void
client_file(struct client *c, const struct reply *reply, struct asset *asset)
{
	if (asset->len > 0 && !c->req.to.head) {
		c->asset = asset_hold(asset);
		c->assetpos = 0;
	}
	client_answer(c, reply);
}

void
client_error(struct client *c, int status, const char *error,
    const char *message)
{
	client_error_extra(c, status, error, message, NULL);
}

void
client_error_extra(struct client *c, int status, const char *error,
    const char *message, const char *extra)
{
	struct reply	 reply;
	char		 body[REPLY_ERROR_MAX];

	if (c->req.api == API_TERMINAL)
		reply_code(&reply, body, status, error, message);
	else
		reply_error(&reply, body, status, error, message);
	reply.extra = extra;
	client_answer(c, &reply);
}

void
client_status(struct client *c, int status, const char *error,
    const char *message, const char *extra)
{
	if (status == 426)
		extra = "Upgrade: websocket\r\n"
		    "Sec-WebSocket-Version: 13\r\n";
	if (c->req.api == API_TERMINAL)
		client_error_extra(c, status, reply_code_name(status),
		    message != NULL ? message : error, extra);
	else
		client_error_extra(c, status, error, message, extra);
}

void
client_too_many(struct client *c)
{
	char	 extra[REPLY_EXTRA_MAX];

	(void)snprintf(extra, sizeof(extra), "Retry-After: %u\r\n",
	    c->req.to.rate.window);
	if (c->req.http.upgrade)
		c->req.to.close = 1;
	client_status(c, 429, "Too many requests, please try again later.",
	    NULL, extra);
}

void
client_drop(struct client *c)
{
	c->cancel = NULL;
	c->dead = 1;
	event_active(&c->ev_write, EV_WRITE, 0);
}

const char *
client_accept(const struct client *c)
{
	return (c->accept);
}

void
client_switch(struct client *c, void (*flushed)(void *))
{
	char	 head[REPLY_HEAD_MAX];

	c->switched = 1;
	c->flushed = flushed;
	client_queue(c, head, reply_upgrade(head, &c->req.to, c->accept,
	    NULL));
	client_flush(c, CLIENT_SWITCHING);
}

void
client_ws_close(struct client *c, int code, const char *reason)
{
	uint8_t	 frame[WS_CONTROL_FRAME_MAX];
	char	 head[REPLY_HEAD_MAX];

	c->cancel = NULL;
	frontend_stats()->refused++;
	if (!c->switched)
		client_queue(c, head, reply_upgrade(head, &c->req.to,
		    c->accept, NULL));
	c->switched = 1;
	client_queue(c, frame, ws_close_frame(frame, code, reason));
	c->req.to.close = 1;
	client_flush(c, CLIENT_WRITING);
}

/* 1 when all is written, 0 when something is left, -1 if that is in vain. */
static int
client_write(struct client *c)
{
	ssize_t	 n;
	int	 flags;

	if (c->out == NULL)
		return (client_write_asset(c));
	/*
	 * What the worker sends first follows a 101 at once, as a file does
	 * its head, so the kernel may wait for it and make one packet of the
	 * two.
	 */
	flags = MSG_NOSIGNAL;
	if (c->state == CLIENT_SWITCHING || c->asset != NULL)
		flags |= MSG_MORE;
	n = send(c->fd, c->out + c->outpos, c->outlen - c->outpos, flags);
	if (n == -1)
		return (errno == EAGAIN || errno == EINTR ? 0 : -1);
	c->outpos += (size_t)n;
	if (c->outpos < c->outlen)
		return (0);
	free(c->out);
	c->out = NULL;
	c->outlen = c->outpos = 0;
	return (client_write_asset(c));
}

/* The same for a file of the page, which is not copied. */
static int
client_write_asset(struct client *c)
{
	const struct asset	*a;
	ssize_t			 n;

	if ((a = c->asset) == NULL)
		return (1);
	n = send(c->fd, a->p + c->assetpos, a->len - c->assetpos,
	    MSG_NOSIGNAL);
	if (n == -1)
		return (errno == EAGAIN || errno == EINTR ? 0 : -1);
	c->assetpos += (size_t)n;
	if (c->assetpos < a->len)
		return (0);
	asset_release(c->asset);
	c->asset = NULL;
	return (1);
}

static unsigned int
client_write_time(const struct client *c)
{
	size_t	 len;

	len = c->outlen + (c->asset == NULL ? 0 : c->asset->len);
	return (WRITE_TIMEOUT + (unsigned int)(len / WRITE_SLOWEST));
}

static void
client_writable(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct client	*c = arg;

	if (c->dead) {
		client_free(c);
		return;
	}
	switch (client_write(c)) {
	case -1:
		client_free(c);
		return;
	case 0:
		if (!evtimer_pending(&c->ev_timer, NULL))
			client_timer(c, client_write_time(c));
		if (event_add(&c->ev_write, NULL) == -1)
			client_free(c);
		return;
	}
	(void)event_del(&c->ev_timer);
	if (c->state == CLIENT_SWITCHING) {
		c->state = CLIENT_BUSY;
		c->flushed(c->arg);
	} else if (c->state == CLIENT_WRITING) {
		if (c->req.to.close)
			client_linger(c);
		else
			client_next(c);
	}
}

/* Answered: what follows in the buffer is the next request. */
static void
client_next(struct client *c)
{
	struct client	*excess;

	c->inlen -= c->taken;
	if (c->inlen > 0)
		memmove(c->in, c->in + c->taken, c->inlen);
	else
		client_unbuffer(c);
	c->headlen = c->taken = 0;
	c->begun = 0;
	http_request_init(&c->req.http);
	c->state = CLIENT_READING;
	(void)crowd_join(&c->seat, c, CROWD_IDLE, NULL, &excess);
	if (frontend_stopping() ||
	    (!c->eof && client_watch(c) == -1)) {
		client_free(c);
		return;
	}
	client_process(c);
}

static void
client_linger(struct client *c)
{
	struct client	*excess;

	c->state = CLIENT_LINGERING;
	if (c->eof || shutdown(c->fd, SHUT_WR) == -1 ||
	    client_watch(c) == -1) {
		client_free(c);
		return;
	}
	client_timer(c, LINGER_TIMEOUT);
	(void)crowd_join(&c->seat, c, CROWD_IDLE, NULL, &excess);
}

void
client_suspend(struct client *c)
{
	c->state = CLIENT_HANDED;
	if (c->unwatched)
		TAILQ_REMOVE(&unwatched, c, later);
	c->unwatched = 0;
	(void)event_del(&c->ev_read);
	(void)event_del(&c->ev_write);
	(void)event_del(&c->ev_timer);
}

int
client_lend(struct client *c)
{
	c->handed = 1;
	return (c->fd);
}

void
client_unread(struct client *c, const uint8_t **p, size_t *len)
{
	*p = c->in + c->taken;
	*len = c->inlen - c->taken;
}

/* The connection goes on elsewhere: only our copy of it ends. */
void
client_release(struct client *c)
{
	c->cancel = NULL;
	c->handed = 0;
	frontend_stats()->attached++;
	client_free(c);
}

void
client_resume(struct client *c)
{
	c->state = CLIENT_BUSY;
	c->req.to.close = 1;
}
