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

#include <err.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

#include "gatewayctl.h"
#include "imsg.h"

#define AGE_LEN		24	/* "4294967295d23h" and its NUL */

static void		 row(const struct imsg *);
static void		 row_sandbox(const struct msg_ctl_sandbox *);
static void		 row_session(const struct msg_ctl_session *);
static void		 row_viewer(const struct msg_ctl_viewer *);
static void		 row_process(const struct msg_ctl_process *);
static const char	*age(uint32_t, char *);
static const char	*word(const char *const *, size_t, unsigned int);
static const char	*safe(char *);

/* By SHOW_*: the head, and the only message that belongs under it. */
static const struct {
	const char	*head;
	uint16_t	 type;
} lists[] = {
	{ NULL, 0 },
	{ "SANDBOX                          VERSION             PID    UID "
	    "SESSIONS     AGE", IMSG_CTL_SANDBOX },
	{ "SESSION                              STATE          VIEWERS     AGE "
	    "SANDBOX NAME PRINCIPAL", IMSG_CTL_SESSION },
	{ "  VIEWER SESSION                              VIA                "
	    "MODE     AGE ADDRESS PRINCIPAL", IMSG_CTL_VIEWER },
	{ "PROCESS      NUMBER     PID    UID     AGE RESTARTS STATE",
	    IMSG_CTL_PROCESS }
};

void
show(uint8_t what)
{
	struct imsg	 im;
	uint64_t	 after;
	unsigned int	 rows;

	puts(lists[what].head);
	after = 0;
	do {
		imsg_init(&im, IMSG_CTL_SHOW, 0);
		im.m.ctl_show.what = what;
		im.m.ctl_show.after = after;
		control_send(IMSG_CTL_SHOW, &im);
		for (rows = 0; ; rows++) {
			control_recv(&im);
			if (im.type == IMSG_CTL_END)
				break;
			if (rows == CTL_PAGE)
				errx(1, "control socket: page too long");
			if (im.type != lists[what].type)
				errx(1, "control socket: unexpected %s",
				    msg_name(im.type));
			row(&im);
		}
		/* A list that does not move on would never end. */
		if (im.m.ctl_end.next != 0 && im.m.ctl_end.next <= after)
			errx(1, "control socket: list out of order");
		after = im.m.ctl_end.next;
	} while (after != 0);
}

static void
row(const struct imsg *im)
{
	switch (im->type) {
	case IMSG_CTL_SANDBOX:
		row_sandbox(&im->m.ctl_sandbox);
		break;
	case IMSG_CTL_SESSION:
		row_session(&im->m.ctl_session);
		break;
	case IMSG_CTL_VIEWER:
		row_viewer(&im->m.ctl_viewer);
		break;
	case IMSG_CTL_PROCESS:
		row_process(&im->m.ctl_process);
		break;
	}
}

static void
row_sandbox(const struct msg_ctl_sandbox *m)
{
	char	 buf[AGE_LEN];

	printf("%-32s %016" PRIx64 " %6u %6u %8u %7s\n", m->sandbox,
	    m->version, m->pid, m->uid, m->sessions, age(m->age, buf));
}

static void
row_session(const struct msg_ctl_session *m)
{
	static const char *const	 states[] = {
		"?", "starting", "running", "ending", "exited",
		"transport_lost", "not_opened"
	};
	struct msg_ctl_session		 s;
	char				 buf[AGE_LEN];

	s = *m;
	printf("%-36s %-14s %7u %7s %s %s %s\n", s.session,
	    word(states, nitems(states), s.state), s.viewers,
	    age(s.age, buf), s.sandbox,
	    s.name[0] == '\0' ? "-" : safe(s.name), safe(s.principal));
}

static void
row_viewer(const struct msg_ctl_viewer *m)
{
	static const char *const	 dialects[] = {
		"?", "ssh", "tty", "terminal"
	};
	static const char *const	 transports[] = {
		"?", "websocket", "sse", "sse"
	};
	struct msg_ctl_viewer		 v;
	char				 age_buf[AGE_LEN], via[24];

	v = *m;
	snprintf(via, sizeof(via), "%s/%s",
	    word(dialects, nitems(dialects), v.dialect),
	    word(transports, nitems(transports), v.transport));
	printf("%8u %-36s %-18s %-4s %7s %s %s\n", v.viewer, v.session, via,
	    v.mode == MODE_RW ? "rw" : "ro", age(v.age, age_buf),
	    safe(v.address), safe(v.principal));
}

static void
row_process(const struct msg_ctl_process *m)
{
	static const char *const	 roles[] = {
		"?", "parent", "frontend", "catalog", "dialer", "control",
		"worker", "pty", "gatewayctl"
	};
	char				 buf[AGE_LEN];

	printf("%-10s %8u %7u %6u %7s %8u %s\n",
	    word(roles, nitems(roles), m->role), m->number, m->pid, m->uid,
	    age(m->age, buf), m->restarts, m->ready ? "ready" : "starting");
}

/* The two largest units: 12s, 3m20s, 5h01m, 2d07h. */
static const char *
age(uint32_t sec, char *buf)
{
	if (sec < 60)
		snprintf(buf, AGE_LEN, "%us", sec);
	else if (sec < 3600)
		snprintf(buf, AGE_LEN, "%um%02us", sec / 60, sec % 60);
	else if (sec < 86400)
		snprintf(buf, AGE_LEN, "%uh%02um", sec / 3600,
		    sec / 60 % 60);
	else
		snprintf(buf, AGE_LEN, "%ud%02uh", sec / 86400,
		    sec / 3600 % 24);
	return (buf);
}

static const char *
word(const char *const *words, size_t n, unsigned int i)
{
	return (i < n ? words[i] : "?");
}

/* Nothing a terminal would obey: a principal may be any text. */
static const char *
safe(char *text)
{
	char	*p;

	for (p = text; *p != '\0'; p++) {
		if (*p < 0x20 || *p > 0x7e)
			*p = '?';
	}
	return (text);
}
