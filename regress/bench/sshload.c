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

/* links: regress/bench/text.c regress/bench/wsclient.c */

#include "compat.h"

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <netinet/in.h>

#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "text.h"
#include "wsclient.h"

/*
 * sshload [-n streams] [-t token] what number where ...
 *
 * One client of so many shells, in each of which "term" runs.  What is
 *
 * rate BYTES		have so much text printed by each, and check it
 * echo KEYS		type keys into the first, wait for the echo of each
 * flood SECONDS	have text printed for so long, or until standard input
 *			ends, and throw it away
 * connect N		open so many at once until each has sent its first
 *			byte, which the others do before they begin
 *
 * and where is
 *
 * api PORT SANDBOX,...	a session from POST /ssh/connect, sandboxes in turn
 * ws PORT PATH		a WebSocket that is a session
 * pty COMMAND ...	a command on a terminal of its own, the ssh client
 *
 * Before it begins it says "ready" and waits for a line on standard input;
 * then it prints one JSON object, and ends when standard input does, so that
 * the caller can look at the server before and after.
 */

#define DEADLINE	120
#define STREAMS_MAX	64
#define WARM_UP		100		/* keys whose echo is not counted */
#define READ_SIZE	(64 * 1024)
#define ID_MAX		64
#define FOREVER		"G4294967295\n"	/* lines, hundreds of gigabytes */

struct stream {
	struct wsc	*ws;		/* else a terminal */
	int		 fd;
	pid_t		 pid;		/* of a terminal's command */
	char		 id[ID_MAX];	/* of a session, or empty */
	uint8_t		*out;		/* of the last read */
	size_t		 nout;
	uint64_t	 got;
	struct sum	 sum;
};

static struct stream	 streams[STREAMS_MAX];
static int		 nstreams = 1;
static const char	*token;
static char		**where;		/* its words */
static in_port_t	 port;
static uint8_t		 buffer[READ_SIZE];

static void	 usage(void) __dead;
static uint64_t	 number(const char *, uint64_t);
static double	 now(void);
static void	 tell_ready(void);
static void	 open_stream(struct stream *, int);
static void	 open_pty(struct stream *);
static void	 open_api(struct stream *, int);
static const char *sandbox(int, size_t *);
static size_t	 request(char *, size_t, const char *, int);
static void	 end_stream(struct stream *);
static void	 type(struct stream *, const void *, size_t);
static int	 take(struct stream *, int);
static void	 first_byte(struct stream *);
static void	 rate(uint64_t);
static int	 rate_one(struct stream *, const struct text *);
static void	 echo(uint64_t);
static void	 flood(uint64_t);
static void	 connects(int);
static void	 connect_one(int, int, int);
static int	 cmp_double(const void *, const void *);

int
main(int argc, char *argv[])
{
	uint64_t	 n;
	int		 ch, i;

	while ((ch = getopt(argc, argv, "+n:t:")) != -1) {
		switch (ch) {
		case 'n':
			nstreams = number(optarg, STREAMS_MAX);
			break;
		case 't':
			token = optarg;
			break;
		default:
			usage();
		}
	}
	argc -= optind;
	argv += optind;
	if (argc < 4)
		usage();
	alarm(DEADLINE);
	signal(SIGPIPE, SIG_IGN);
	n = number(argv[1], INT64_MAX);
	where = argv + 2;
	if (strcmp(where[0], "pty") != 0) {
		if (argc != 5)
			usage();
		port = number(where[1], UINT16_MAX);
	}
	if (strcmp(argv[0], "connect") == 0) {
		if (n > STREAMS_MAX)
			usage();
		connects(n);
		return (0);
	}
	for (i = 0; i < nstreams; i++) {
		open_stream(&streams[i], i);
		first_byte(&streams[i]);
	}
	if (strcmp(argv[0], "rate") == 0)
		rate(n);
	else if (strcmp(argv[0], "echo") == 0)
		echo(n);
	else if (strcmp(argv[0], "flood") == 0)
		flood(n);
	else
		usage();
	fflush(stdout);
	while (read(STDIN_FILENO, buffer, sizeof(buffer)) > 0)
		continue;
	for (i = 0; i < nstreams; i++)
		end_stream(&streams[i]);
	return (0);
}

static void
usage(void)
{
	fprintf(stderr, "usage: sshload [-n streams] [-t token] what number "
	    "where ...\n");
	exit(1);
}

static uint64_t
number(const char *s, uint64_t max)
{
	const char	*errstr;
	long long	 n;

	n = strtonum(s, 1, max, &errstr);
	if (errstr != NULL)
		errx(1, "%s is %s", s, errstr);
	return (n);
}

static double
now(void)
{
	struct timespec	 ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (ts.tv_sec + ts.tv_nsec / 1e9);
}

static void
tell_ready(void)
{
	char	 c;

	printf("ready\n");
	fflush(stdout);
	while (read(STDIN_FILENO, &c, 1) == 1 && c != '\n')
		continue;
}

/*
 * Streams
 */

static void
open_stream(struct stream *s, int i)
{
	if (strcmp(where[0], "pty") == 0) {
		open_pty(s);
		return;
	}
	if ((s->ws = calloc(1, sizeof(*s->ws))) == NULL)
		err(1, NULL);
	if (strcmp(where[0], "api") == 0)
		open_api(s, i);
	else
		wsc_open(s->ws, port, where[2], NULL);
	s->fd = s->ws->fd;
}

static void
open_pty(struct stream *s)
{
	struct winsize	 w = { .ws_row = 24, .ws_col = 80 };

	if ((s->pid = forkpty(&s->fd, NULL, NULL, &w)) == -1)
		err(1, "forkpty");
	if (s->pid == 0) {
		signal(SIGPIPE, SIG_DFL);
		execvp(where[1], where + 1);
		err(1, "%s", where[1]);
	}
}

static void
open_api(struct stream *s, int i)
{
	static const char	 tag[] = "\"sessionId\":\"";
	const char		*box;
	char			 head[512], resp[4096], path[ID_MAX + 16], *p;
	size_t			 len;

	box = sandbox(i, &len);
	snprintf(head, sizeof(head), "POST /ssh/connect HTTP/1.1\r\n"
	    "X-Sandbox-Id: %.*s\r\nContent-Length: 0\r\n", (int)len, box);
	request(resp, sizeof(resp), head, 1);
	if ((p = strstr(resp, tag)) == NULL)
		errx(1, "no session: %s", resp);
	p += strlen(tag);
	len = strcspn(p, "\"");
	if (len >= sizeof(s->id))
		errx(1, "the session's id is too long");
	memcpy(s->id, p, len);
	snprintf(path, sizeof(path), "/ssh/%s/ws", s->id);
	wsc_open(s->ws, port, path, token);
}

/* The name of the i-th of the sandboxes, which are used in turn. */
static const char *
sandbox(int i, size_t *len)
{
	const char	*p = where[2];

	for (; i > 0; i--)
		p = strchr(p, ',') != NULL ? strchr(p, ',') + 1 : where[2];
	*len = strcspn(p, ",");
	return (p);
}

/* Send a request and read until the answer has a body, if one is wanted. */
static size_t
request(char *resp, size_t size, const char *head, int body)
{
	struct sockaddr_in	 sin;
	char			 req[8192], *end;
	size_t			 n = 0;
	ssize_t			 k;
	int			 fd;

	memset(&sin, 0, sizeof(sin));
	sin.sin_family = AF_INET;
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sin.sin_port = htons(port);
	k = snprintf(req, sizeof(req), "%sHost: 127.0.0.1\r\nConnection: "
	    "close\r\nAuthorization: Bearer %s\r\n\r\n", head,
	    token != NULL ? token : "");
	if ((fd = socket(AF_INET, SOCK_STREAM, 0)) == -1 ||
	    connect(fd, (struct sockaddr *)&sin, sizeof(sin)) == -1 ||
	    send(fd, req, k, 0) != k)
		err(1, "connect");
	do {
		if ((k = recv(fd, resp + n, size - 1 - n, 0)) <= 0)
			break;
		n += k;
		resp[n] = '\0';
		end = strstr(resp, "\r\n\r\n");
	} while (end == NULL || (body && strchr(end, '}') == NULL));
	close(fd);
	resp[n] = '\0';
	return (n);
}

static void
end_stream(struct stream *s)
{
	char	 head[ID_MAX + 64], resp[4096];

	if (s->ws == NULL) {
		kill(s->pid, SIGTERM);
		close(s->fd);
		while (waitpid(s->pid, NULL, 0) == -1 && errno == EINTR)
			continue;
		return;
	}
	close(s->fd);
	if (s->id[0] == '\0')
		return;
	snprintf(head, sizeof(head), "DELETE /ssh/disconnect/%s HTTP/1.1\r\n",
	    s->id);
	request(resp, sizeof(resp), head, 0);
}

static void
type(struct stream *s, const void *p, size_t n)
{
	if (s->ws != NULL)
		wsc_type(s->ws, p, n);
	else if (write(s->fd, p, n) != (ssize_t)n)
		err(1, "write");
}

/* Read once, waiting if told to: 0 at the end, also if nout remained 0. */
static int
take(struct stream *s, int waiting)
{
	ssize_t	 n;
	int	 rc;

	if (s->ws != NULL) {
		rc = waiting ? wsc_read(s->ws) : wsc_take(s->ws);
		s->out = s->ws->out;
		s->nout = s->ws->nout;
		return (rc);
	}
	do {
		n = read(s->fd, buffer, sizeof(buffer));
	} while (n == -1 && errno == EINTR);
	s->out = buffer;
	s->nout = n > 0 ? n : 0;
	return (n > 0);
}

static void
first_byte(struct stream *s)
{
	if (!take(s, 1) || s->nout != 1 || s->out[0] != 'R')
		errx(1, "the terminal does not begin as it should: %.*s",
		    (int)s->nout, s->out);
}

/*
 * What is measured
 */

static void
rate(uint64_t bytes)
{
	struct pollfd	 pfd[STREAMS_MAX];
	struct text	 text;
	double		 t;
	char		 cmd[32];
	int		 i, left = nstreams, ok = 1, n;

	text_plan(&text, bytes);
	tell_ready();
	t = now();
	n = snprintf(cmd, sizeof(cmd), "G%" PRIu32 "\n", text.lines);
	for (i = 0; i < nstreams; i++) {
		sum_init(&streams[i].sum);
		pfd[i].fd = streams[i].fd;
		pfd[i].events = POLLIN;
		type(&streams[i], cmd, n);
		if (streams[i].ws != NULL)
			wsc_lowat(streams[i].ws, text.bytes / 3 * 4);
	}
	while (left > 0 && ok) {
		if (poll(pfd, nstreams, -1) == -1)
			err(1, "poll");
		for (i = 0; i < nstreams; i++) {
			if (pfd[i].fd == -1 || pfd[i].revents == 0)
				continue;
			if ((n = rate_one(&streams[i], &text)) == -1)
				ok = 0;
			else if (n == 0) {
				pfd[i].fd = -1;
				left--;
			}
		}
	}
	t = now() - t;
	for (i = 0; i < nstreams; i++) {
		ok = ok && streams[i].got == text.bytes &&
		    sum_end(&streams[i].sum) == text.sum;
	}
	printf("{\"seconds\":%.6f,\"bytes\":%" PRIu64 ",\"ok\":%s}\n", t,
	    text.bytes * nstreams, ok ? "true" : "false");
}

/* 0 when it has all, -1 if it ends before. */
static int
rate_one(struct stream *s, const struct text *text)
{
	if (!take(s, 0))
		return (-1);
	sum_add(&s->sum, s->out, s->nout);
	s->got += s->nout;
	if (s->got >= text->bytes)
		return (0);
	if (s->ws != NULL)
		wsc_lowat(s->ws, (text->bytes - s->got) / 3 * 4);
	return (1);
}

static void
echo(uint64_t keys)
{
	struct stream	*s = &streams[0];
	double		*took, t;
	uint64_t	 i;
	uint8_t		 key;

	if ((took = calloc(keys + WARM_UP, sizeof(*took))) == NULL)
		err(1, NULL);
	type(s, "E", 1);
	tell_ready();
	for (i = 0; i < keys + WARM_UP; i++) {
		key = 'a' + i % 26;
		t = now();
		type(s, &key, 1);
		if (!take(s, 1) || s->nout != 1 || s->out[0] != key)
			errx(1, "wrong echo of key %" PRIu64, i);
		took[i] = now() - t;
	}
	qsort(took + WARM_UP, keys, sizeof(*took), cmp_double);
	printf("{\"p50\":%.9f,\"p99\":%.9f,\"max\":%.9f}\n",
	    took[WARM_UP + keys / 2], took[WARM_UP + keys - keys / 100 - 1],
	    took[WARM_UP + keys - 1]);
}

static int
cmp_double(const void *a, const void *b)
{
	const double	*x = a, *y = b;

	return ((*x > *y) - (*x < *y));
}

static void
flood(uint64_t seconds)
{
	struct pollfd	 pfd[STREAMS_MAX + 1];
	uint64_t	 got = 0;
	double		 t, end;
	int		 i;

	tell_ready();
	t = now();
	end = t + seconds;
	pfd[nstreams].fd = STDIN_FILENO;
	pfd[nstreams].events = POLLIN;
	for (i = 0; i < nstreams; i++) {
		pfd[i].fd = streams[i].fd;
		pfd[i].events = POLLIN;
		type(&streams[i], FOREVER, strlen(FOREVER));
		if (streams[i].ws != NULL)
			wsc_lowat(streams[i].ws, UINT32_MAX);
	}
	do {
		if (poll(pfd, nstreams + 1, 1000) == -1)
			err(1, "poll");
		for (i = 0; i < nstreams; i++) {
			if (pfd[i].revents == 0)
				continue;
			if (!take(&streams[i], 0))
				errx(1, "the flood has ended");
			got += streams[i].nout;
		}
	} while (pfd[nstreams].revents == 0 && now() < end);
	printf("{\"seconds\":%.6f,\"bytes\":%" PRIu64 "}\n", now() - t, got);
}

/*
 * Each connection is made by a process of its own, so that none waits for
 * another of them.
 */
static void
connects(int n)
{
	double	 took[STREAMS_MAX], t;
	int	 go[2], done[2], i;

	if (pipe(go) == -1 || pipe(done) == -1)
		err(1, "pipe");
	for (i = 0; i < n; i++) {
		switch (fork()) {
		case -1:
			err(1, "fork");
		case 0:
			close(go[1]);
			connect_one(i, go[0], done[1]);
			_exit(0);
		}
	}
	close(done[1]);
	tell_ready();
	t = now();
	if (write(go[1], buffer, n) != n)
		err(1, "write");
	for (i = 0; i < n; i++) {
		if (read(done[0], &took[i], sizeof(*took)) != sizeof(*took))
			errx(1, "a connection failed");
	}
	t = now() - t;
	qsort(took, n, sizeof(*took), cmp_double);
	printf("{\"all\":%.9f,\"median\":%.9f}\n", t, took[n / 2]);
	fflush(stdout);
	while (read(STDIN_FILENO, buffer, sizeof(buffer)) > 0)
		continue;
	close(go[1]);
	while (wait(NULL) != -1 || errno == EINTR)
		continue;
}

/* One byte of go begins it, its end is the end. */
static void
connect_one(int i, int go, int done)
{
	struct stream	*s = &streams[0];
	double		 t;
	char		 c;

	alarm(DEADLINE);
	if (read(go, &c, 1) != 1)
		return;
	t = now();
	open_stream(s, i);
	first_byte(s);
	t = now() - t;
	if (write(done, &t, sizeof(t)) != sizeof(t))
		err(1, "write");
	while (read(go, &c, 1) > 0)
		continue;
	end_stream(s);
}
