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

#include <event2/buffer.h>
#include <event2/event.h>

#include "door.h"
#include "http.h"
#include "log.h"
#include "metrics.h"
#include "scrape.h"

/* Prometheus asks from one place, every few seconds. */
#define SCRAPES_MAX	16

/* From the connection to its end, whatever happens: seconds. */
#define SCRAPE_TIME	5

enum scrape_state {
	SCRAPE_READ,		/* the request's head */
	SCRAPE_WAIT,		/* for the numbers */
	SCRAPE_WRITE,
	SCRAPE_LINGER		/* the answer is out; until they hang up */
};

struct scrape {
	TAILQ_ENTRY(scrape)	 entry;
	enum scrape_state	 state;
	int			 fd;
	struct event		*ev_read;
	struct event		*ev_write;
	struct event		*ev_deadline;
	struct http_request	 req;
	char			 in[HTTP_HEAD_MAX];
	size_t			 inlen;
	struct evbuffer		*out;
};
TAILQ_HEAD(scrapes, scrape);

static struct {
	struct event_base	*base;
	struct door		*door;
	struct scrapes		 scrapes;
	void			(*ask)(void);
} scraping;

static void	 scrape_enter(int);
static void	 scrape_end(struct scrape *);
static void	 scrape_deadline(evutil_socket_t, short, void *);
static void	 scrape_readable(evutil_socket_t, short, void *);
static void	 scrape_writable(evutil_socket_t, short, void *);
static void	 scrape_request(struct scrape *);
static void	 scrape_reply(struct scrape *, int, const struct metrics *);

int
scrape_init(struct event_base *base, int fd, void (*ask)(void))
{
	TAILQ_INIT(&scraping.scrapes);
	scraping.base = base;
	scraping.ask = ask;
	scraping.door = door_new(base, fd, SCRAPES_MAX, scrape_enter);
	return (scraping.door == NULL ? -1 : 0);
}

int
scrape_start(void)
{
	return (scraping.door == NULL ? 0 : door_open(scraping.door));
}

void
scrape_free(void)
{
	struct scrape	*s;

	if (scraping.door == NULL)
		return;
	while ((s = TAILQ_FIRST(&scraping.scrapes)) != NULL)
		scrape_end(s);
	door_free(scraping.door);
	scraping.door = NULL;
}

static void
scrape_enter(int fd)
{
	struct timeval	 tv = { SCRAPE_TIME, 0 };
	struct scrape	*s;

	if ((s = calloc(1, sizeof(*s))) == NULL) {
		log_warn("metrics");
		close(fd);
		door_left(scraping.door);
		return;
	}
	s->fd = fd;
	http_request_init(&s->req);
	TAILQ_INSERT_TAIL(&scraping.scrapes, s, entry);
	if ((s->out = evbuffer_new()) == NULL ||
	    (s->ev_read = event_new(scraping.base, fd, EV_READ | EV_PERSIST,
	    scrape_readable, s)) == NULL ||
	    (s->ev_write = event_new(scraping.base, fd, EV_WRITE |
	    EV_PERSIST, scrape_writable, s)) == NULL ||
	    (s->ev_deadline = evtimer_new(scraping.base, scrape_deadline,
	    s)) == NULL || event_add(s->ev_read, NULL) == -1 ||
	    event_add(s->ev_deadline, &tv) == -1) {
		log_warnx("metrics: out of memory");
		scrape_end(s);
	}
}

static void
scrape_end(struct scrape *s)
{
	TAILQ_REMOVE(&scraping.scrapes, s, entry);
	if (s->ev_read != NULL)
		event_free(s->ev_read);
	if (s->ev_write != NULL)
		event_free(s->ev_write);
	if (s->ev_deadline != NULL)
		event_free(s->ev_deadline);
	if (s->out != NULL)
		evbuffer_free(s->out);
	close(s->fd);
	free(s);
	door_left(scraping.door);
}

static void
scrape_deadline(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	scrape_end(arg);
}

static void
scrape_readable(evutil_socket_t fd, short what UNUSED, void *arg)
{
	struct scrape	*s;
	char		 waste[1024];
	ssize_t		 n;

	s = arg;
	if (s->state == SCRAPE_READ)
		n = recv(fd, s->in + s->inlen, sizeof(s->in) - s->inlen, 0);
	else
		n = recv(fd, waste, sizeof(waste), 0);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		/* They need not hear us out, but may have only said all. */
		if (n == -1 || s->state == SCRAPE_READ ||
		    s->state == SCRAPE_LINGER)
			scrape_end(s);
		else
			(void)event_del(s->ev_read);
		return;
	}
	if (s->state != SCRAPE_READ)
		return;
	s->inlen += (size_t)n;
	scrape_request(s);
}

static void
scrape_request(struct scrape *s)
{
	size_t	 headlen;

	switch (http_parse_head(&s->req, s->in, s->inlen, &headlen)) {
	case 0:
		/* The parser refuses before the buffer could be full. */
		if (s->inlen == sizeof(s->in))
			scrape_reply(s, 431, NULL);
		return;
	case -1:
		scrape_reply(s, s->req.status, NULL);
		return;
	default:
		break;
	}
	if (!http_slice_is(&s->req.path, "/metrics"))
		scrape_reply(s, 404, NULL);
	else if (s->req.method != HTTP_GET)
		scrape_reply(s, 405, NULL);
	else {
		s->state = SCRAPE_WAIT;
		scraping.ask();
	}
}

void
scrape_answer(const struct metrics *m)
{
	struct scrape	*s, *next;

	if (scraping.door == NULL)
		return;
	TAILQ_FOREACH_SAFE(s, &scraping.scrapes, entry, next)
		if (s->state == SCRAPE_WAIT)
			scrape_reply(s, m == NULL ? 503 : 200, m);
}

static void
scrape_reply(struct scrape *s, int status, const struct metrics *m)
{
	struct evbuffer	*body;

	if ((body = evbuffer_new()) == NULL)
		goto fail;
	if ((status == 200 ? metrics_render(m, body) :
	    evbuffer_add_printf(body, "%s\n", http_status_text(status))) ==
	    -1 || evbuffer_add_printf(s->out, "HTTP/1.1 %d %s\r\n"
	    "Content-Type: text/plain%s; charset=utf-8\r\n"
	    "Content-Length: %zu\r\n"
	    "Cache-Control: no-store\r\n"
	    "%s"
	    "Connection: close\r\n\r\n", status, http_status_text(status),
	    status == 200 ? "; version=0.0.4" : "",
	    evbuffer_get_length(body),
	    status == 405 ? "Allow: GET\r\n" : "") == -1 ||
	    evbuffer_add_buffer(s->out, body) == -1)
		goto fail;
	evbuffer_free(body);
	s->state = SCRAPE_WRITE;
	if (event_add(s->ev_write, NULL) == -1)
		scrape_end(s);
	return;
 fail:
	log_warnx("metrics: out of memory");
	if (body != NULL)
		evbuffer_free(body);
	scrape_end(s);
}

static void
scrape_writable(evutil_socket_t fd, short what UNUSED, void *arg)
{
	struct scrape	*s;
	unsigned char	*p;
	size_t		 len;
	ssize_t		 n;

	s = arg;
	/* Some kilobytes: to have them in one piece is no burden. */
	len = evbuffer_get_length(s->out);
	if ((p = evbuffer_pullup(s->out, -1)) == NULL ||
	    (n = send(fd, p, len, MSG_NOSIGNAL)) == -1) {
		if (p == NULL || (errno != EAGAIN && errno != EINTR))
			scrape_end(s);
		return;
	}
	(void)evbuffer_drain(s->out, (size_t)n);
	if ((size_t)n < len)
		return;
	/*
	 * To close with unread input would reset the connection, and the
	 * answer could be lost on its way.
	 */
	(void)event_del(s->ev_write);
	s->state = SCRAPE_LINGER;
	if (shutdown(fd, SHUT_WR) == -1 ||
	    !event_pending(s->ev_read, EV_READ, NULL))
		scrape_end(s);
}
