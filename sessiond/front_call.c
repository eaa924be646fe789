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

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "blob.h"
#include "chan.h"
#include "front.h"
#include "grant.h"
#include "imsg.h"
#include "log.h"
#include "place.h"
#include "report.h"
#include "session.h"
#include "sizes.h"
#include "worker.h"

/* What is asked of a session, one answer each. */

/*
 * Reports that wait for a frontend that does not read its answers.  Each is
 * a descriptor, and one more is refused.
 */
#define FRONT_REPORTS_MAX	16

/* A whole piece of input whose place in the queue is still open. */
struct front_request {
	struct worker	*worker;
	uint32_t	 front;
	uint32_t	 id;
	char		 session[WIRE_UUID_LEN + 1];
};

static void	 front_input(struct front *, struct imsg *);
static void	 front_input_pass(struct front *, struct imsg *,
		    struct session *);
static void	 front_input_done(int, void *);
static void	 front_resize(struct front *, struct imsg *);
static void	 front_close(struct front *, struct imsg *);
static void	 front_signal(struct front *, struct imsg *);
static int	 front_signal_send(struct session *, int);
static void	 front_status(struct front *, struct imsg *);
static int	 front_report(struct front *, const struct grant *, uint8_t,
		    struct report *);
static void	 front_report_send(struct front *, uint32_t,
		    const struct report *);
static struct place *front_called(struct front *, const uint8_t *, uint16_t,
		    const uint8_t *, uint32_t);
static struct place *front_live(struct front *, const uint8_t *, uint16_t,
		    const uint8_t *, uint32_t);

void
front_call(struct front *f, struct imsg *im)
{
	switch (im->type) {
	case IMSG_INPUT:
		front_input(f, im);
		break;
	case IMSG_RESIZE:
		front_resize(f, im);
		break;
	case IMSG_CLOSE:
		front_close(f, im);
		break;
	case IMSG_SIGNAL:
		front_signal(f, im);
		break;
	case IMSG_STATUS:
		front_status(f, im);
		break;
	default:
		/* The channel's table lets nothing else through. */
		fatalx("%s of a frontend", msg_name(im->type));
	}
}

/*
 * Input
 */

static void
front_input(struct front *f, struct imsg *im)
{
	const struct msg_input	*m = &im->m.input;
	struct place		*p;

	if ((p = front_live(f, m->grant, ACTION_INPUT, m->hash, im->id)) ==
	    NULL)
		return;
	if (p->session->state == SESSION_STARTING && place_full(p))
		front_refuse(f, IMSG_CALL_FAIL, im->id, FAIL_BUSY);
	else
		front_input_pass(f, im, p->session);
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

/*
 * In the queue of a session that is not open yet nothing is taken for good:
 * it may never be.
 */
static void
front_input_done(int taken, void *arg)
{
	struct front_request	*r = arg;
	struct front		*f;
	struct place		*p;
	int			 reason;

	f = front_find(r->worker, r->front);
	p = place_find(r->worker, r->session);
	reason = p == NULL ? FAIL_GONE : place_fail(p);
	if (p != NULL && reason != 0)
		place_over(p);
	if (f != NULL && taken && p != NULL &&
	    p->session->state == SESSION_STARTING) {
		if (place_wait(p, r->front, r->id, IMSG_INPUT, 0) == -1)
			front_refuse(f, IMSG_CALL_FAIL, r->id, FAIL_BUSY);
	} else if (f != NULL && taken)
		front_answer(f, IMSG_INPUT_OK, r->id);
	else if (f != NULL && reason != 0)
		front_refuse(f, IMSG_CALL_FAIL, r->id, reason);
	else if (f != NULL)
		front_answer(f, IMSG_INPUT_BLOCKED, r->id);
	free(r);
}

/*
 * What needs no queue
 */

static void
front_resize(struct front *f, struct imsg *im)
{
	const struct msg_resize	*m = &im->m.resize;
	struct place		*p;

	if ((p = front_live(f, m->grant, ACTION_RESIZE, m->hash, im->id)) ==
	    NULL)
		return;
	session_resize(p->session, m->cols, m->rows);
	front_answer(f, IMSG_RESIZE_OK, im->id);
}

/* One that is over, but waits for those who come late, can be closed. */
static void
front_close(struct front *f, struct imsg *im)
{
	const struct msg_close	*m = &im->m.close;
	struct place		*p;

	if ((p = front_called(f, m->grant, ACTION_CLOSE, m->hash,
	    im->id)) == NULL)
		return;
	session_end(p->session, END_CLOSED);
	front_answer(f, IMSG_CLOSE_OK, im->id);
}

static void
front_signal(struct front *f, struct imsg *im)
{
	const struct msg_signal	*m = &im->m.signal;
	struct place		*p;
	int			 reason;

	if ((p = front_live(f, m->grant, ACTION_SIGNAL, m->hash, im->id)) ==
	    NULL)
		return;
	if (p->session->state == SESSION_RUNNING)
		reason = front_signal_send(p->session, m->signo);
	else if (place_wait(p, f->number, im->id, im->type, m->signo) == 0)
		return;
	else
		reason = FAIL_BUSY;
	if (reason != 0)
		front_refuse(f, IMSG_CALL_FAIL, im->id, reason);
	else
		front_answer(f, IMSG_SIGNAL_OK, im->id);
}

static int
front_signal_send(struct session *s, int signo)
{
	if (session_signal(s, signo) == 0)
		return (0);
	return (errno == ENOTSUP ? FAIL_UNSUPPORTED : FAIL_BUSY);
}

/* Whether it opens is known now. */
void
front_waited(struct place *p, const struct waiter *wait, int reason)
{
	struct front	*f;

	if ((f = front_find(p->worker, wait->front)) == NULL)
		return;
	if (reason == 0 && wait->type == IMSG_SIGNAL)
		reason = front_signal_send(p->session, wait->signo);
	if (reason != 0)
		front_refuse(f, wait->type == IMSG_OPEN ? IMSG_OPEN_FAILED :
		    IMSG_CALL_FAIL, wait->request, reason);
	else if (wait->type == IMSG_OPEN)
		front_opened(f, p, wait->request);
	else
		front_answer(f, wait->type == IMSG_SIGNAL ? IMSG_SIGNAL_OK :
		    IMSG_INPUT_OK, wait->request);
}

/*
 * Reports
 */

static void
front_status(struct front *f, struct imsg *im)
{
	const struct msg_status	*m = &im->m.status;
	struct report		 report;
	struct grant		 g;
	int			 reason;

	if (front_granted(f, m->grant, m->what == STATUS_LIST ? ACTION_LIST :
	    ACTION_STATUS, m->hash, &g) == -1)
		reason = FAIL_GRANT;
	else if (chan_queued(f->chan) >= FRONT_REPORTS_MAX)
		reason = FAIL_BUSY;
	else
		reason = front_report(f, &g, m->what, &report);
	if (reason != 0) {
		front_refuse(f, IMSG_CALL_FAIL, im->id, reason);
		return;
	}
	front_report_send(f, im->id, &report);
	free(report.text);
}

/* 0 and the text, or an enum fail. */
static int
front_report(struct front *f, const struct grant *g, uint8_t what,
    struct report *report)
{
	struct place	*p;
	int		 ret;

	p = NULL;
	if (what != STATUS_LIST && ((p = place_find(f->worker,
	    g->session)) == NULL || session_over(p->session)))
		return (FAIL_GONE);
	switch (what) {
	case STATUS_LIST:
		ret = report_list(report, f->worker, g->api, g->principal);
		break;
	case STATUS_SESSION:
		ret = report_session(report, p);
		break;
	default:
		ret = report_screen(report, p->session,
		    what == STATUS_TEXT);
		break;
	}
	if (ret == -1) {
		log_warn("report");
		return (FAIL_BUSY);
	}
	return (0);
}

static void
front_report_send(struct front *f, uint32_t id, const struct report *report)
{
	struct imsg	 im;

	imsg_init(&im, IMSG_REPORT, id);
	if ((im.blob = blob_create(report->text, report->len)) == -1) {
		log_warn("report");
		front_refuse(f, IMSG_CALL_FAIL, id, FAIL_BUSY);
		return;
	}
	front_send(f, &im);
}

/*
 * Checks
 */

/* The session that a call is granted for, or NULL after the answer. */
static struct place *
front_called(struct front *f, const uint8_t *id, uint16_t action,
    const uint8_t *hash, uint32_t request)
{
	struct place	*p;
	struct grant	 g;

	if (front_granted(f, id, action, hash, &g) == -1) {
		front_refuse(f, IMSG_CALL_FAIL, request, FAIL_GRANT);
		return (NULL);
	}
	p = place_find(f->worker, g.session);
	if (p == NULL || session_over(p->session)) {
		if (p != NULL)
			place_over(p);
		front_refuse(f, IMSG_CALL_FAIL, request, FAIL_GONE);
		return (NULL);
	}
	return (p);
}

/* The same, if its program has not ended. */
static struct place *
front_live(struct front *f, const uint8_t *id, uint16_t action,
    const uint8_t *hash, uint32_t request)
{
	struct place	*p;
	int		 reason;

	if ((p = front_called(f, id, action, hash, request)) != NULL &&
	    (reason = place_fail(p)) != 0) {
		place_over(p);
		front_refuse(f, IMSG_CALL_FAIL, request, reason);
		return (NULL);
	}
	return (p);
}
