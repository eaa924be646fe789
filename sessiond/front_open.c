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

#include "blob.h"
#include "chan.h"
#include "dialect.h"
#include "front.h"
#include "grant.h"
#include "imsg.h"
#include "launch_opt.h"
#include "log.h"
#include "place.h"
#include "session.h"
#include "util.h"
#include "viewer.h"
#include "worker.h"

/* Sessions that are wanted, and clients that are handed over. */

/* Of a terminal whose client has not told its size yet. */
#define FRONT_COLS	80
#define FRONT_ROWS	24

static int	 front_start(struct front *, struct imsg *,
		    const struct grant *, struct place **);
static int	 front_launch(const struct imsg *, struct launch **);
static int	 front_take(struct front *, struct imsg *,
		    const struct grant *, struct viewer **);
static int	 front_prompt(const struct front *);
static int	 front_client(const struct imsg *);
static int	 front_viewer(struct place *, struct imsg *,
		    const struct grant *, struct viewer **);
static int	 front_unread(struct imsg *, uint8_t **, size_t *);
static void	 front_unused(struct front *, const struct grant *);

/*
 * New sessions
 */

void
front_open(struct front *f, struct imsg *im)
{
	struct place	*p;
	struct grant	 g;
	int		 reason;

	if (front_granted(f, im->m.open.grant, ACTION_OPEN, NULL, &g) ==
	    -1) {
		front_refuse(f, IMSG_OPEN_FAILED, im->id, FAIL_GRANT);
		return;
	}
	reason = 0;
	if ((p = place_find(f->worker, g.session)) == NULL)
		reason = front_start(f, im, &g, &p);
	if (reason == 0 && p->session->state == SESSION_STARTING) {
		if (place_wait(p, f->number, im->id, im->type, 0) == 0)
			return;
		reason = FAIL_BUSY;
	} else if (reason == 0 && (reason = place_fail(p)) != 0)
		place_over(p);
	if (reason != 0)
		front_refuse(f, IMSG_OPEN_FAILED, im->id, reason);
	else
		front_opened(f, p, im->id);
}

/* The session is not there: begin to open it. */
static int
front_start(struct front *f, struct imsg *im, const struct grant *g,
    struct place **p)
{
	struct launch	*l;
	int		 reason;

	if (place_was(f->worker, g->session))
		return (FAIL_GONE);
	if ((reason = front_launch(im, &l)) == 0)
		reason = place_open(f->worker, g, l, im->m.open.cols,
		    im->m.open.rows, p);
	if (reason != 0)
		front_unused(f, g);
	return (reason);
}

/* What the client wants to have run; NULL if it does not say. */
static int
front_launch(const struct imsg *im, struct launch **l)
{
	const uint8_t	*p;
	size_t		 len;
	int		 malformed;

	*l = NULL;
	if (im->blob == -1)
		return (0);
	if (blob_map(im->blob, BLOB_LAUNCH_MAX, &p, &len) == -1) {
		log_warn("what to run");
		return (FAIL_BUSY);
	}
	*l = launch_new(p, len);
	malformed = *l == NULL && errno == EINVAL;
	blob_unmap(p, len);
	if (malformed)
		log_warnx("what to run is malformed");
	if (*l == NULL)
		return (malformed ? FAIL_SHELL : FAIL_BUSY);
	return (0);
}

/*
 * A grant has been used for nothing.  Unless there is another one for that
 * session the parent need not wait for it.
 */
static void
front_unused(struct front *f, const struct grant *g)
{
	struct worker	*w = f->worker;

	if ((g->actions & ACTION_OPEN) == 0 ||
	    place_find(w, g->session) != NULL ||
	    place_was(w, g->session) ||
	    grant_opens(&w->grants, g->session, util_now()))
		return;
	place_never(w, g->session, END_FAILED);
}

void
front_opened(struct front *f, const struct place *p, uint32_t id)
{
	struct imsg	 im;

	imsg_init(&im, IMSG_OPENED, id);
	strlcpy(im.m.opened.session, p->id, sizeof(im.m.opened.session));
	im.m.opened.offset = p->session->ring.head;
	front_send(f, &im);
}

/*
 * Hand-over
 */

void
front_attach(struct front *f, struct imsg *im)
{
	struct viewer	*v;
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
	if ((reason = front_prompt(f)) == 0 &&
	    (reason = front_client(im)) == 0 &&
	    (reason = front_unread(im, &unread, &len)) == 0)
		reason = front_take(f, im, &g, &v);
	if (reason != 0) {
		front_unused(f, &g);
		front_refuse(f, IMSG_ATTACH_FAIL, im->id, reason);
		free(unread);
		return;
	}
	/* Before its first byte: the frontend still has a copy. */
	front_answer(f, IMSG_ATTACH_OK, im->id);
	viewer_begin(v, unread, len);
}

/*
 * Would our answer be there before the client's first byte?  If we died in
 * between, the frontend would give it to our successor, in the middle of what
 * we had sent.
 */
static int
front_prompt(const struct front *f)
{
	return (chan_queued(f->chan) > 0 ? FAIL_BUSY : 0);
}

/* Is it the connected socket of a client? */
static int
front_client(const struct imsg *im)
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
	return (0);
}

/* Make a viewer of it, and the session before if that is granted as well. */
static int
front_take(struct front *f, struct imsg *im, const struct grant *g,
    struct viewer **v)
{
	struct worker	*w = f->worker;
	struct place	*p;
	int		 made, reason;

	made = 0;
	if ((p = place_find(w, g->session)) == NULL) {
		if ((g->actions & ACTION_OPEN) == 0 ||
		    place_was(w, g->session))
			return (FAIL_GONE);
		if ((reason = place_open(w, g, NULL, FRONT_COLS, FRONT_ROWS,
		    &p)) != 0)
			return (reason);
		made = 1;
	}
	if ((reason = session_full(p->session)) == 0)
		reason = front_viewer(p, im, g, v);
	else if (reason == FAIL_GONE)
		place_over(p);
	/* Nobody else knows of it yet. */
	if (reason != 0 && made)
		session_end(p->session, END_CLOSED);
	return (reason);
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
	conf.flags = m->flags;
	conf.offset = m->offset;
	conf.dialect = dialect_find(m->dialect, m->transport);
	conf.address = m->address;
	conf.fd = im->fd;
	conf.head = m->head.p;
	conf.headlen = m->head.len;
	if (conf.dialect == NULL)
		return (FAIL_BUSY);
	p->ticket = g->ticket;
	errno = 0;
	if ((*v = viewer_new(p->session, &conf)) == NULL)
		return (errno == ERANGE ? FAIL_OFFSET : FAIL_BUSY);
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
