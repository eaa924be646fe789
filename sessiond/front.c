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
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "blob.h"
#include "chan.h"
#include "dialect.h"
#include "grant.h"
#include "log.h"
#include "session.h"
#include "viewer.h"
#include "worker.h"

/*
 * What frontends ask for.  A frontend parses what strangers send, so it may
 * have been taken over: nothing is done without a grant of the parent for
 * this very channel, and what it says wrong ends its channel only.
 */

/* A whole piece of input whose place in the queue is still open. */
struct front_request {
	struct worker	*worker;
	uint32_t	 front;
	uint32_t	 id;
	char		 session[WIRE_UUID_LEN + 1];
};

static void	 front_dispatch(struct chan *, struct imsg *, void *);
static void	 front_closed(struct chan *, const char *, void *);
static void	 front_open(struct front *, struct imsg *);
static void	 front_attach(struct front *, struct imsg *);
static int	 front_attach_check(const struct imsg *, struct place *);
static int	 front_viewer(struct place *, struct imsg *,
		    const struct grant *, struct viewer **);
static int	 front_unread(struct imsg *, uint8_t **, size_t *);
static void	 front_input(struct front *, struct imsg *);
static void	 front_input_pass(struct front *, struct imsg *,
		    struct session *);
static void	 front_input_done(int, void *);
static void	 front_resize(struct front *, struct imsg *);
static void	 front_close(struct front *, struct imsg *);
static int	 front_granted(struct front *, const uint8_t *, uint16_t,
		    const uint8_t *, struct grant *);
static struct session *front_running(struct front *, const uint8_t *,
		    uint16_t, const uint8_t *, uint32_t);
static struct front *front_find(struct worker *, uint32_t);
static void	 front_answer(struct front *, uint16_t, uint32_t);
static void	 front_refuse(struct front *, uint16_t, uint32_t, int);
static void	 front_send(struct front *, struct imsg *);

void
front_new(struct worker *w, uint32_t number, int fd)
{
	struct front	*f;

	if (front_find(w, number) != NULL)
		fatalx("a second channel of frontend %u", number);
	if ((f = calloc(1, sizeof(*f))) == NULL ||
	    (f->chan = chan_new(w->base, fd, &frontend_to_worker,
	    &worker_to_frontend, front_dispatch, front_closed, f)) == NULL) {
		log_warn("channel of frontend %u", number);
		free(f);
		close(fd);
		return;
	}
	f->worker = w;
	f->number = number;
	chan_set_state(f->chan, MS_RUN);
	TAILQ_INSERT_TAIL(&w->fronts, f, entry);
}

static struct front *
front_find(struct worker *w, uint32_t number)
{
	struct front	*f;

	TAILQ_FOREACH(f, &w->fronts, entry) {
		if (f->number == number)
			return (f);
	}
	return (NULL);
}

/* Its clients are ours and stay; what it might still have done does not. */
static void
front_closed(struct chan *c, const char *why, void *arg)
{
	struct front	*f = arg;

	if (why != NULL)
		log_warnx("frontend %u: %s", f->number, why);
	grant_drop_channel(&f->worker->grants, f->number);
	TAILQ_REMOVE(&f->worker->fronts, f, entry);
	chan_free(c);
	free(f);
}

static void
front_dispatch(struct chan *c, struct imsg *im, void *arg)
{
	struct front	*f = arg;

	(void)c;
	switch (im->type) {
	case IMSG_OPEN:
		front_open(f, im);
		break;
	case IMSG_ATTACH:
		front_attach(f, im);
		break;
	case IMSG_INPUT:
		front_input(f, im);
		break;
	case IMSG_RESIZE:
		front_resize(f, im);
		break;
	case IMSG_CLOSE:
		front_close(f, im);
		break;
	default:
		/* The channel's table lets nothing else through. */
		fatalx("%s of a frontend", msg_name(im->type));
	}
}

/*
 * New sessions
 */

static void
front_open(struct front *f, struct imsg *im)
{
	const struct msg_open	*m = &im->m.open;
	struct grant		 g;

	int			 reason;

	if (front_granted(f, m->grant, ACTION_OPEN, NULL, &g) == -1) {
		front_refuse(f, IMSG_OPEN_FAILED, im->id, FAIL_GRANT);
		return;
	}
	reason = 0;
	if (f->worker->nplaces == WORKER_SESSIONS_MAX)
		reason = FAIL_LIMIT;
	else if (worker_open(f->worker, g.session, f->number, im->id,
	    m->cols, m->rows) == NULL)
		reason = FAIL_BUSY;
	if (reason != 0) {
		/* The grant is used, so the parent need not wait for it. */
		worker_never(f->worker, g.session, END_FAILED);
		front_refuse(f, IMSG_OPEN_FAILED, im->id, reason);
	}
}

void
front_opened(struct place *p)
{
	struct front	*f;
	struct imsg	 im;

	p->waiting = 0;
	if ((f = front_find(p->worker, p->front)) == NULL)
		return;
	imsg_init(&im, IMSG_OPENED, p->request);
	strlcpy(im.m.session.session, p->id, sizeof(im.m.session.session));
	front_send(f, &im);
}

void
front_open_failed(struct place *p, enum fail reason)
{
	struct front	*f;

	p->waiting = 0;
	if ((f = front_find(p->worker, p->front)) != NULL)
		front_refuse(f, IMSG_OPEN_FAILED, p->request, reason);
}

/*
 * Hand-over
 */

static void
front_attach(struct front *f, struct imsg *im)
{
	struct viewer	*v;
	struct place	*p;
	struct grant	 g;
	uint8_t		*unread;
	size_t		 len;
	int		 reason;

	if (front_granted(f, im->m.attach.grant, ACTION_ATTACH, NULL, &g) ==
	    -1) {
		front_refuse(f, IMSG_ATTACH_FAIL, im->id, FAIL_GRANT);
		return;
	}
	unread = NULL;
	len = 0;
	p = worker_place(f->worker, g.session);
	if ((reason = front_attach_check(im, p)) == 0 &&
	    (reason = front_unread(im, &unread, &len)) == 0)
		reason = front_viewer(p, im, &g, &v);
	if (reason != 0) {
		front_refuse(f, IMSG_ATTACH_FAIL, im->id, reason);
		free(unread);
		return;
	}
	/* Before its first byte: the frontend still has a copy. */
	front_answer(f, IMSG_ATTACH_OK, im->id);
	viewer_begin(v, unread, len);
}

/* Is it the connected socket of a client, and is there room for it? */
static int
front_attach_check(const struct imsg *im, struct place *p)
{
	struct sockaddr_storage	 ss;
	socklen_t		 len;
	int			 type;

	len = sizeof(type);
	if (getsockopt(im->fd, SOL_SOCKET, SO_TYPE, &type, &len) == -1 ||
	    type != SOCK_STREAM)
		return (FAIL_BUSY);
	len = sizeof(ss);
	if (getpeername(im->fd, (struct sockaddr *)&ss, &len) == -1)
		return (FAIL_BUSY);
	if (p == NULL)
		return (FAIL_GONE);
	return (session_full(p->session));
}

static int
front_viewer(struct place *p, struct imsg *im, const struct grant *g,
    struct viewer **v)
{
	const struct msg_attach	*m = &im->m.attach;
	struct viewer_conf	 conf;

	memset(&conf, 0, sizeof(conf));
	conf.id = g->viewer;
	conf.mode = g->mode;
	conf.dialect = dialect_find(m->dialect, m->transport);
	conf.address = m->address;
	conf.fd = im->fd;
	conf.head = m->head.p;
	conf.headlen = m->head.len;
	if (conf.dialect == NULL ||
	    (*v = viewer_new(p->session, &conf)) == NULL)
		return (FAIL_BUSY);
	im->fd = -1;
	return (0);
}

/* A copy that can be written to: WebSocket input is unmasked in place. */
static int
front_unread(struct imsg *im, uint8_t **buf, size_t *len)
{
	const uint8_t	*p;
	int		 ret;

	if (im->blob == -1)
		return (0);
	if (blob_map(im->blob, BLOB_UNREAD_MAX, &p, len) == -1)
		return (FAIL_BUSY);
	ret = 0;
	if (*len > 0) {
		if ((*buf = malloc(*len)) == NULL)
			ret = FAIL_BUSY;
		else
			memcpy(*buf, p, *len);
	}
	blob_unmap(p, *len);
	return (ret);
}

/*
 * Calls
 */

static void
front_input(struct front *f, struct imsg *im)
{
	const struct msg_input	*m = &im->m.input;
	struct session		*s;

	if ((s = front_running(f, m->grant, ACTION_INPUT, m->hash,
	    im->id)) != NULL)
		front_input_pass(f, im, s);
}

static void
front_input_pass(struct front *f, struct imsg *im, struct session *s)
{
	struct front_request	*r;
	const uint8_t		*p, *map;
	size_t			 len, maplen;

	map = NULL;
	maplen = 0;
	p = im->m.input.data.p;
	len = im->m.input.data.len;
	if (im->blob != -1) {
		if (blob_map(im->blob, BLOB_INPUT_MAX, &map, &maplen) == -1) {
			front_refuse(f, IMSG_CALL_FAIL, im->id, FAIL_BUSY);
			return;
		}
		p = map;
		len = maplen;
	}
	if ((r = calloc(1, sizeof(*r))) == NULL)
		front_refuse(f, IMSG_CALL_FAIL, im->id, FAIL_BUSY);
	else {
		r->worker = f->worker;
		r->front = f->number;
		r->id = im->id;
		strlcpy(r->session, s->id, sizeof(r->session));
		session_request(s, p, len, front_input_done, r);
	}
	blob_unmap(map, maplen);
}

static void
front_input_done(int taken, void *arg)
{
	struct front_request	*r = arg;
	struct front		*f;
	struct place		*p;

	if ((f = front_find(r->worker, r->front)) != NULL) {
		p = worker_place(r->worker, r->session);
		if (taken)
			front_answer(f, IMSG_INPUT_OK, r->id);
		else if (p == NULL || p->session->state != SESSION_RUNNING)
			front_refuse(f, IMSG_CALL_FAIL, r->id, FAIL_GONE);
		else
			front_answer(f, IMSG_INPUT_BLOCKED, r->id);
	}
	free(r);
}

static void
front_resize(struct front *f, struct imsg *im)
{
	const struct msg_resize	*m = &im->m.resize;
	struct session		*s;

	if ((s = front_running(f, m->grant, ACTION_RESIZE, m->hash,
	    im->id)) == NULL)
		return;
	session_resize(s, m->cols, m->rows);
	front_answer(f, IMSG_RESIZE_OK, im->id);
}

/* A session that is over but waits for its first viewer can be closed. */
static void
front_close(struct front *f, struct imsg *im)
{
	const struct msg_close	*m = &im->m.close;
	struct place		*p;
	struct grant		 g;

	if (front_granted(f, m->grant, ACTION_CLOSE, m->hash, &g) == -1) {
		front_refuse(f, IMSG_CALL_FAIL, im->id, FAIL_GRANT);
		return;
	}
	p = worker_place(f->worker, g.session);
	if (p == NULL || session_over(p->session)) {
		front_refuse(f, IMSG_CALL_FAIL, im->id, FAIL_GONE);
		return;
	}
	session_end(p->session, END_CLOSED);
	front_answer(f, IMSG_CLOSE_OK, im->id);
}

/*
 * Checks and answers
 */

/*
 * The parent says what is granted before it answers the frontend, but on
 * another channel: an unknown grant may be one that we have not read yet.
 */
static int
front_granted(struct front *f, const uint8_t *id, uint16_t action,
    const uint8_t *hash, struct grant *g)
{
	struct worker	*w = f->worker;

	if (grant_use(&w->grants, id, f->number, action, hash, worker_now(),
	    g) == 0)
		return (0);
	chan_drain(w->parent);
	return (grant_use(&w->grants, id, f->number, action, hash,
	    worker_now(), g));
}

/* The session that a call is granted for, or NULL after the answer. */
static struct session *
front_running(struct front *f, const uint8_t *id, uint16_t action,
    const uint8_t *hash, uint32_t request)
{
	struct place	*p;
	struct grant	 g;

	if (front_granted(f, id, action, hash, &g) == -1) {
		front_refuse(f, IMSG_CALL_FAIL, request, FAIL_GRANT);
		return (NULL);
	}
	p = worker_place(f->worker, g.session);
	if (p == NULL || p->session->state != SESSION_RUNNING) {
		front_refuse(f, IMSG_CALL_FAIL, request, FAIL_GONE);
		return (NULL);
	}
	return (p->session);
}

static void
front_answer(struct front *f, uint16_t type, uint32_t id)
{
	struct imsg	 im;

	imsg_init(&im, type, id);
	front_send(f, &im);
}

static void
front_refuse(struct front *f, uint16_t type, uint32_t id, int reason)
{
	struct imsg	 im;

	imsg_init(&im, type, id);
	im.m.call_fail.reason = reason;
	front_send(f, &im);
}

/* A frontend that does not read its answers has to do without. */
static void
front_send(struct front *f, struct imsg *im)
{
	if (chan_send(f->chan, im) == -1)
		log_warn("%s to frontend %u", msg_name(im->type), f->number);
}
