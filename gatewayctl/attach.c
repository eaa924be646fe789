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

#include <sys/resource.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "attach_peer.h"
#include "gatewayctl.h"
#include "http_response.h"
#include "wire.h"

/* To say goodbye in; then to be tried again for, with how much between. */
#define CLOSE_MSEC	1000
#define RETRY_MSEC	(300 * 1000)
#define DELAY_MIN	250
#define DELAY_MAX	10000
/* A connection that held so long was a good one. */
#define STEADY_MSEC	10000
/* Ask for a sign of life after so long, and wait so long for it. */
#define QUIET_MSEC	15000
#define DEAD_MSEC	20000

/* Heads, pongs and the like besides some frames of input. */
#define TX_MAX		(4 * ATTACH_FRAME_MAX)
#define READ_MAX	4096
#define READS_MAX	16		/* before others have a turn */
#define EOT		0x04
#define EOT_MIN		250		/* between two of them */
#define EOT_MAX		60000

enum { POLL_INPUT, POLL_OUTPUT, POLL_CONN, POLL_MAX };

/* This side of it. */
static struct {
	int		 in;
	int		 out;
	int		 tty;		/* in is one */
	int		 flags;		/* of standard output, -1: untouched */
	int		 ended;		/* nothing more comes from in */
	int		 typed;		/* something has */
	uint8_t		 last;		/* and this was the end of it */
	uint64_t	 again;		/* when to say so once more, or 0 */
	unsigned int	 often;
	struct escape	 escape;
	int		 busy;		/* there may be more to be read */
	sigset_t	 mask;		/* while waiting */
} here = { .flags = -1 };

static volatile sig_atomic_t	 got_term, got_winch, got_tstp, got_cont;

static void	 options(struct attach *, int, char **);
static void	 token_read(struct attach *, const char *);
static size_t	 token_line(char *, size_t);
static void	 open_ends(int);
static void	 blocking(void);
static void	 no_core(void);
static void	 signals(void);
static void	 on_signal(int);
static void	 run(struct attach *);
static void	 take_signals(struct attach *);
static void	 suspend(void);
static void	 resized(struct attach *);
static void	 timers(struct attach *);
static void	 live_timers(struct attach *);
static int	 wait_msec(const struct attach *);
static int	 wants_input(const struct attach *);
static int	 wants_read(const struct attach *);
static void	 do_input(struct attach *);
static void	 do_escapes(struct attach *, const uint8_t *, size_t);
static void	 do_end(struct attach *);
static void	 say_end(struct attach *, size_t);
static void	 do_output(struct attach *);
static void	 do_read(struct attach *);
static void	 do_write(struct attach *);
static void	 type(struct attach *, const uint8_t *, size_t);
static void	 leave_screen(void);
static void	 help(void);
static int	 unaccounted(struct attach *, uint64_t);
static unsigned int
		 delay(unsigned int);

__dead void
attach(int argc, char **argv)
{
	static struct attach	 a;

	options(&a, argc, argv);
	buf_init(&a.rx, HTTP_RESPONSE_MAX);
	buf_init(&a.tx, TX_MAX);
	buf_init(&a.typed, ATTACH_INPUT_MAX + READ_MAX + 1);
	/* So that a picture of the screen fits whatever waits. */
	buf_init(&a.out, ATTACH_OUTPUT_MAX + ATTACH_TEXT_MAX);
	tty_size(isatty(here.out) ? here.out : here.in, &a.cols, &a.rows);
	a.screen = isatty(here.out);
	if (a.readonly && here.tty)
		tty_say("read-only, ~. leaves");
	no_core();
	signals();
	run(&a);
	leave_screen();
	tty_restore();
	explicit_bzero(a.token, sizeof(a.token));
	exit(a.code);
}

static void
options(struct attach *a, int argc, char **argv)
{
	const char	*file, *why;
	int		 ch;

	file = NULL;
	optind = 1;
	while ((ch = getopt(argc, argv, "+rt:")) != -1) {
		switch (ch) {
		case 'r':
			a->readonly = 1;
			break;
		case 't':
			file = optarg;
			break;
		default:
			usage();
		}
	}
	if (argc - optind != 2 || file == NULL)
		usage();
	a->where = argv[optind];
	if (url_parse(&a->url, a->where, &why) == -1)
		errx(1, "%s: %s", a->where, why);
	if (wire_uuid_valid(argv[optind + 1], strlen(argv[optind + 1])))
		(void)strlcpy(a->session, argv[optind + 1],
		    sizeof(a->session));
	else if (url_segment(a->sandbox, argv[optind + 1]) == -1)
		errx(1, "neither a sandbox nor a session");
	token_read(a, file);
	open_ends(strcmp(file, "-") == 0);
}

/* It becomes part of a request's head, so it must not end its line there. */
static void
token_read(struct attach *a, const char *file)
{
	const char	*name;
	size_t		 len;

	name = file;
	if (strcmp(file, "-") == 0) {
		name = "stdin";
		len = token_line(a->token, sizeof(a->token) - 1);
	} else
		len = file_read(file, a->token, sizeof(a->token) - 1, 1);
	len = file_chomp(a->token, len);
	a->token[len] = '\0';
	if (len == 0 || len > TOKEN_MAX || strspn(a->token,
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	    "-._~+/=") != len) {
		explicit_bzero(a->token, sizeof(a->token));
		errx(1, "%s: not a token", name);
	}
}

/* Byte by byte: what comes after the line belongs to somebody else. */
static size_t
token_line(char *buf, size_t size)
{
	size_t	 len;
	ssize_t	 n;

	if (isatty(STDIN_FILENO))
		errx(1, "stdin: a token does not belong on the screen");
	len = 0;
	while (len < size && (n = read(STDIN_FILENO, buf + len, 1)) != 0) {
		if (n == -1) {
			if (errno == EINTR)
				continue;
			err(1, "stdin");
		}
		if (buf[len++] == '\n')
			break;
	}
	return (len);
}

/*
 * Output must never block.  A terminal is opened anew for that, since its
 * mode of reading and writing is shared with the shell that started us.
 */
static void
open_ends(int dev_tty)
{
	const char	*name;

	here.in = STDIN_FILENO;
	if (dev_tty && (here.in = open("/dev/tty", O_RDWR | O_CLOEXEC)) == -1)
		err(1, "/dev/tty");
	here.tty = isatty(here.in);
	if (here.tty)
		tty_open(here.in);
	here.out = STDOUT_FILENO;
	if ((name = ttyname(STDOUT_FILENO)) != NULL)
		here.out = open(name, O_WRONLY | O_NONBLOCK | O_NOCTTY |
		    O_CLOEXEC);
	if (name == NULL || here.out == -1) {
		here.out = STDOUT_FILENO;
		if ((here.flags = fcntl(here.out, F_GETFL)) == -1 ||
		    fcntl(here.out, F_SETFL, here.flags | O_NONBLOCK) == -1)
			err(1, "stdout");
		if (atexit(blocking) != 0)
			errx(1, "atexit");
	}
	escape_init(&here.escape);
}

static void
blocking(void)
{
	if (here.flags != -1)
		(void)fcntl(here.out, F_SETFL, here.flags);
}

/* It would have the token in it, and what was typed. */
static void
no_core(void)
{
	struct rlimit	 rl;

	rl.rlim_cur = rl.rlim_max = 0;
	if (setrlimit(RLIMIT_CORE, &rl) == -1)
		err(1, "setrlimit");
}

/* They come while we wait, and at no other time. */
static void
signals(void)
{
	static const int	 caught[] = {
		SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGWINCH, SIGTSTP, SIGCONT
	};
	struct sigaction	 old, sa;
	sigset_t		 set;
	size_t			 i;

	memset(&sa, 0, sizeof(sa));
	sigemptyset(&sa.sa_mask);
	sigemptyset(&set);
	for (i = 0; i < nitems(caught); i++) {
		if (sigaction(caught[i], NULL, &old) == -1)
			err(1, "sigaction");
		/* nohup(1) and shells without job control mean it. */
		if (old.sa_handler == SIG_IGN && caught[i] != SIGWINCH)
			continue;
		sa.sa_handler = on_signal;
		if (sigaction(caught[i], &sa, NULL) == -1)
			err(1, "sigaction");
		sigaddset(&set, caught[i]);
	}
	sa.sa_handler = SIG_IGN;
	if (sigaction(SIGPIPE, &sa, NULL) == -1 ||
	    sigprocmask(SIG_BLOCK, &set, &here.mask) == -1)
		err(1, "signals");
}

static void
on_signal(int signo)
{
	switch (signo) {
	case SIGWINCH:
		got_winch = 1;
		break;
	case SIGTSTP:
		got_tstp = 1;
		break;
	case SIGCONT:
		got_cont = 1;
		break;
	default:
		got_term = signo;
		break;
	}
}

static void
run(struct attach *a)
{
	struct pollfd	 pfds[POLL_MAX];
	struct timespec	 ts;
	int		 n, wait;

	attach_phase(a, ATTACH_WAIT, 0);
	for (;;) {
		take_signals(a);
		timers(a);
		if (a->phase == ATTACH_OVER && a->out.len == 0)
			break;
		memset(pfds, 0, sizeof(pfds));
		pfds[POLL_INPUT].fd = wants_input(a) ? here.in : -1;
		pfds[POLL_INPUT].events = POLLIN;
		/* Without events: whoever was to read it may go away. */
		pfds[POLL_OUTPUT].fd = here.out;
		pfds[POLL_OUTPUT].events = a->out.len > 0 ? POLLOUT : 0;
		pfds[POLL_CONN].fd = -1;
		if (a->conn != NULL)
			conn_poll(a->conn, &pfds[POLL_CONN],
			    (wants_read(a) ? POLLIN : 0) |
			    (a->tx.len > 0 ? POLLOUT : 0));
		/* Of a broken one POLLERR would come again and again. */
		if (pfds[POLL_CONN].events == 0)
			pfds[POLL_CONN].fd = -1;
		wait = here.busy ? 0 : wait_msec(a);
		ts.tv_sec = wait / 1000;
		ts.tv_nsec = wait % 1000 * 1000000L;
		n = ppoll(pfds, POLL_MAX, wait == -1 ? NULL : &ts,
		    &here.mask);
		if (n == -1) {
			if (errno == EINTR)
				continue;
			err(1, "poll");
		}
		if (pfds[POLL_OUTPUT].revents != 0)
			do_output(a);
		if (pfds[POLL_INPUT].revents != 0)
			do_input(a);
		do_read(a);
		peer_input(a);
		do_write(a);
	}
}

static void
take_signals(struct attach *a)
{
	sigset_t	 set;
	int		 signo;

	if ((signo = got_term) != 0) {
		/* As if we had not caught it, but for the terminal. */
		leave_screen();
		tty_restore();
		blocking();
		explicit_bzero(a->token, sizeof(a->token));
		(void)signal(signo, SIG_DFL);
		sigemptyset(&set);
		sigaddset(&set, signo);
		(void)raise(signo);
		(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
	}
	if (got_tstp) {
		got_tstp = 0;
		suspend();
		got_cont = 1;
	}
	if (got_cont) {
		/* Whoever had the terminal has left it in modes of its own. */
		got_cont = 0;
		if (a->known)
			tty_raw();
		got_winch = 1;
		a->heard = util_now_msec();
		a->pinged = 0;
	}
	if (got_winch) {
		got_winch = 0;
		resized(a);
	}
}

static void
suspend(void)
{
	sigset_t	 set;

	tty_restore();
	blocking();
	(void)signal(SIGTSTP, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, SIGTSTP);
	(void)raise(SIGTSTP);
	/* Here we stop. */
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	(void)signal(SIGTSTP, on_signal);
	if (here.flags != -1)
		(void)fcntl(here.out, F_SETFL, here.flags | O_NONBLOCK);
}

static void
resized(struct attach *a)
{
	uint16_t	 cols, rows;

	tty_size(isatty(here.out) ? here.out : here.in, &cols, &rows);
	if (cols == a->cols && rows == a->rows)
		return;
	a->cols = cols;
	a->rows = rows;
	peer_resize(a);
}

static void
timers(struct attach *a)
{
	const char	*why;
	uint64_t	 now;

	now = util_now_msec();
	/* Not before there is room for what was missed. */
	if (a->phase == ATTACH_WAIT && now >= a->deadline &&
	    a->out.len < ATTACH_OUTPUT_MAX / 2) {
		if ((a->conn = conn_new(&a->url)) == NULL)
			err(1, NULL);
		attach_phase(a, ATTACH_OPEN, 0);
	}
	if (a->phase == ATTACH_OPEN) {
		switch (conn_step(a->conn, &why)) {
		case 1:
			a->heard = now;
			a->pinged = 0;
			buf_clear(&a->rx);
			buf_clear(&a->tx);
			peer_ask(a);
			break;
		case -1:
			attach_lost(a, why);
			break;
		}
	}
	if ((a->phase == ATTACH_ASK || a->phase == ATTACH_GREET) &&
	    now >= a->deadline)
		attach_lost(a, "no answer");
	if (a->phase == ATTACH_CLOSE && now >= a->deadline)
		attach_phase(a, ATTACH_OVER, 0);
	if (a->phase == ATTACH_LIVE)
		live_timers(a);
}

/* While we do not read, silence says nothing. */
static void
live_timers(struct attach *a)
{
	uint64_t	 now;

	now = util_now_msec();
	if (!wants_read(a)) {
		a->heard = now;
		a->pinged = 0;
	} else if (a->pinged != 0) {
		if (now - a->pinged >= DEAD_MSEC)
			attach_lost(a, "no sign of life");
	} else if (now - a->heard >= QUIET_MSEC) {
		peer_ping(a);
		a->pinged = now;
	}
	if (here.again != 0 && now >= here.again)
		say_end(a, 1);
}

static int
wait_msec(const struct attach *a)
{
	uint64_t	 now, until;

	now = util_now_msec();
	switch (a->phase) {
	case ATTACH_OPEN:
		return (conn_wait(a->conn));
	case ATTACH_OVER:
		return (-1);
	case ATTACH_LIVE:
		until = a->pinged != 0 ? a->pinged + DEAD_MSEC :
		    a->heard + QUIET_MSEC;
		if (here.again != 0 && here.again < until)
			until = here.again;
		break;
	default:
		until = a->deadline;
		/* It waits for output to be written. */
		if (a->phase == ATTACH_WAIT && until <= now)
			return (-1);
		break;
	}
	return (until > now ? (int)(until - now) : 0);
}

static int
wants_input(const struct attach *a)
{
	if (here.ended || a->phase == ATTACH_CLOSE ||
	    a->phase == ATTACH_OVER)
		return (0);
	/* Before that the terminal is as it always is. */
	if (here.tty && !a->known)
		return (0);
	if (a->readonly)
		return (here.tty);
	return (a->typed.len + (a->sent - a->accepted) < ATTACH_INPUT_MAX);
}

static int
wants_read(const struct attach *a)
{
	if (a->phase == ATTACH_ASK)
		return (1);
	return ((a->phase == ATTACH_GREET || a->phase == ATTACH_LIVE ||
	    a->phase == ATTACH_CLOSE) && buf_room(&a->rx) > 0 &&
	    a->out.len < ATTACH_OUTPUT_MAX);
}

static void
do_input(struct attach *a)
{
	uint8_t	 buf[READ_MAX];
	ssize_t	 n;

	n = read(here.in, buf, sizeof(buf));
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 1) {
		do_end(a);
		return;
	}
	if (here.tty)
		do_escapes(a, buf, (size_t)n);
	else
		type(a, buf, (size_t)n);
	explicit_bzero(buf, sizeof(buf));
}

static void
do_escapes(struct attach *a, const uint8_t *in, size_t len)
{
	enum escape_event	 ev;
	uint8_t			 out[READ_MAX + 1];
	size_t			 outlen, used;

	while (len > 0 && a->phase != ATTACH_CLOSE &&
	    a->phase != ATTACH_OVER) {
		ev = escape_take(&here.escape, in, len, &used, out, &outlen);
		in += used;
		len -= used;
		type(a, out, outlen);
		switch (ev) {
		case ESCAPE_DETACH:
			buf_clear(&a->out);
			leave_screen();
			if (a->session[0] != '\0')
				tty_say("detached from session %s",
				    a->session);
			attach_leave(a, 0);
			break;
		case ESCAPE_SUSPEND:
			got_tstp = 1;
			break;
		case ESCAPE_HELP:
			help();
			break;
		case ESCAPE_NONE:
			break;
		}
	}
	explicit_bzero(out, sizeof(out));
}

static void
type(struct attach *a, const uint8_t *data, size_t len)
{
	if (len == 0 || a->readonly)
		return;
	buf_add(&a->typed, data, len);
	here.typed = 1;
	here.last = data[len - 1];
}

/*
 * A terminal that is gone takes us with it.  The end of a file is what
 * Control-D is to a terminal: it counts at the beginning of a line, so in
 * the middle of one it takes two.  Who sent nothing says nothing.
 */
static void
do_end(struct attach *a)
{
	here.ended = 1;
	if (here.tty)
		attach_leave(a, EXIT_REFUSED);
	else if (here.typed)
		say_end(a, here.last == '\n' ? 1 : 2);
}

/*
 * One is not enough: it ends the program that reads just then, not the shell
 * behind it, and a shell with an editor for its line sees none that came
 * before it had set the terminal up.
 */
static void
say_end(struct attach *a, size_t n)
{
	static const uint8_t	 eot[] = { EOT, EOT };
	unsigned int		 msec;

	if (a->typed.len == 0 || here.again == 0)
		type(a, eot, n);
	msec = here.often < 8 ? EOT_MIN << here.often++ : EOT_MAX;
	here.again = util_now_msec() + msec;
}

static void
do_output(struct attach *a)
{
	ssize_t	 n;

	n = 0;
	if (a->out.len == 0)
		errno = EPIPE;		/* poll(2) has seen it */
	else
		n = write(here.out, a->out.data + a->out.start, a->out.len);
	if (n > 0) {
		modes_seen(a->out.data + a->out.start, (size_t)n);
		buf_drop(&a->out, (size_t)n);
		return;
	}
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	tty_say("stdout: %s", strerror(errno));
	buf_clear(&a->out);
	attach_leave(a, EXIT_REFUSED);
	/* Not to be told again. */
	attach_phase(a, ATTACH_OVER, 0);
}

static void
do_read(struct attach *a)
{
	ssize_t	 n;
	int	 i;

	here.busy = 0;
	peer_take(a);
	for (i = 0; i < READS_MAX && wants_read(a); i++) {
		n = conn_read(a->conn, buf_space(&a->rx), buf_room(&a->rx));
		if (n == CONN_AGAIN)
			return;
		if (n > 0) {
			a->rx.len += (size_t)n;
			a->heard = util_now_msec();
			a->pinged = 0;
		}
		if (a->phase == ATTACH_ASK)
			peer_answer(a, n < 1);
		else if (n < 1) {
			attach_lost(a, n == 0 ? "closed by the server" :
			    strerror(errno));
			return;
		}
		peer_take(a);
	}
	here.busy = wants_read(a);
}

static void
do_write(struct attach *a)
{
	ssize_t	 n;

	if (a->phase == ATTACH_OPEN || a->conn == NULL)
		return;
	while (a->tx.len > 0) {
		n = conn_write(a->conn, a->tx.data + a->tx.start, a->tx.len);
		if (n == CONN_AGAIN)
			return;
		if (n < 1) {
			/* The server's last words may be there to be read. */
			buf_clear(&a->tx);
			return;
		}
		/* A token, or what was typed. */
		explicit_bzero(a->tx.data + a->tx.start, (size_t)n);
		buf_drop(&a->tx, (size_t)n);
		peer_input(a);
	}
}

/*
 * The program that has the screen goes on without us: whoever is next at the
 * terminal shall not have its modes.  One that is stuck keeps them.
 */
static void
leave_screen(void)
{
	char	 buf[MODES_MAX];
	size_t	 len;

	if (isatty(here.out) && (len = modes_undo(buf, sizeof(buf))) > 0 &&
	    write(here.out, buf, len) == -1)
		return;
}

static void
help(void)
{
	tty_say("after a newline: ~.  leave the session running");
	tty_say("                 ~^Z suspend gatewayctl");
	tty_say("                 ~~  send ~");
	tty_say("                 ~?  this");
}

void
attach_leave(struct attach *a, int code)
{
	a->code = code;
	if (a->phase == ATTACH_LIVE && a->conn != NULL) {
		peer_input(a);
		peer_close(a, WS_CLOSE_NORMAL);
		attach_phase(a, ATTACH_CLOSE, CLOSE_MSEC);
	}
	if (a->phase != ATTACH_CLOSE || a->closed) {
		/* The server's Close has been here; this answers it. */
		if (a->phase == ATTACH_CLOSE)
			do_write(a);
		attach_phase(a, ATTACH_OVER, 0);
	}
}

void
attach_flush(struct attach *a)
{
	ssize_t	 n;

	/* What goes wrong here goes wrong again in the loop. */
	while (a->out.len > 0 && (n = write(here.out, a->out.data +
	    a->out.start, a->out.len)) > 0) {
		modes_seen(a->out.data + a->out.start, (size_t)n);
		buf_drop(&a->out, (size_t)n);
	}
}

void
attach_nonsense(struct attach *a, const char *why)
{
	attach_flush(a);
	leave_screen();
	tty_say("%s: %s", a->where, why);
	attach_phase(a, ATTACH_OVER, 0);
	a->code = EXIT_LOST;
}

void
attach_lost(struct attach *a, const char *why)
{
	uint64_t	 now, way;

	if (a->phase == ATTACH_CLOSE || a->phase == ATTACH_OVER) {
		attach_phase(a, ATTACH_OVER, 0);
		return;
	}
	attach_flush(a);
	way = a->phase == ATTACH_LIVE ? a->sent - a->accepted : 0;
	a->sent = a->accepted = 0;
	if (!a->known) {
		attach_nonsense(a, why);
		return;
	}
	now = util_now_msec();
	if (a->lost == 0) {
		a->lost = now;
		if (now - a->since >= STEADY_MSEC)
			a->attempts = 0;
		tty_say("connection lost (%s), trying again%s", why,
		    here.tty ? "; ~. gives up" : "");
	}
	if (now - a->lost >= RETRY_MSEC || unaccounted(a, way)) {
		leave_screen();
		tty_say("given up, session %s", a->session);
		attach_phase(a, ATTACH_OVER, 0);
		a->code = EXIT_LOST;
		return;
	}
	attach_phase(a, ATTACH_WAIT, delay(a->attempts++));
}

/*
 * Input that was on its way may have arrived or not, and sending it again
 * could do twice what was meant once.  What stands behind it was typed by
 * somebody who did not know; a script cannot go on at all.
 */
static int
unaccounted(struct attach *a, uint64_t way)
{
	if (way == 0)
		return (0);
	tty_say("the last %llu bytes of input may not have arrived",
	    (unsigned long long)way);
	buf_clear(&a->typed);
	return (!here.tty);
}

/* Twice as long each time, and not all clients at the same moment. */
static unsigned int
delay(unsigned int attempt)
{
	unsigned int	 msec;

	if (attempt == 0)
		return (0);
	msec = attempt > 6 ? DELAY_MAX : DELAY_MIN << (attempt - 1);
	return (msec - arc4random_uniform(msec / 4));
}

/* Whatever is not of the new phase goes away with the old one. */
void
attach_phase(struct attach *a, enum attach_phase phase, unsigned int msec)
{
	a->phase = phase;
	a->deadline = util_now_msec() + msec;
	if (phase == ATTACH_WAIT || phase == ATTACH_OVER) {
		conn_free(a->conn);
		a->conn = NULL;
		buf_clear(&a->rx);
		buf_clear(&a->tx);
		free(a->text);
		a->text = NULL;
		a->textlen = a->textsize = 0;
	}
}
