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
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <netinet/in.h>

#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "text.h"
#include "ws.h"
#include "wsclient.h"

/*
 * wsload [-bf] [-d seconds] [-t tokenfile] port path what [number ...]
 *
 * One client's part of a measurement; "term" is at the other end.  Prints one
 * JSON object.  With -b the session is one of the native API, whose output
 * are binary messages, and the first token is shown.
 *
 * rate BYTES		have so much text printed and check it
 * stall BYTES		the same, but read nothing until standard input ends
 * echo KEYS		type keys one by one, wait for the echo of each
 * attach N INFLIGHT	do N handshakes, so many at a time; with -f each is
 *			done when a first frame has come, and not before;
 *			tokens and paths (separated by commas) are used in
 *			turn
 *
 * Before it types it says "ready" and waits for a line on standard input, so
 * that the caller can look at the server first.
 */

#define DEADLINE	120
#define WARM_UP		100		/* keys whose echo is not counted */
#define INFLIGHT_MAX	64
#define PATHS_MAX	64

struct attach {
	int		 fd;
	size_t		 n;
	double		 start;
	char		 buf[2049];	/* terminated */
};

struct many {
	struct sockaddr_in	 sin;
	int			 ep;
	uint64_t		 total, begun, sent, done, refused;
	int			 frame;		/* wait for one */
	char			*path[PATHS_MAX];
	size_t			 npaths;
	char			**token;
	size_t			 ntokens;
	double			*took;
	struct attach		 a[INFLIGHT_MAX];
};

static void	 usage(void) __dead;
static uint64_t	 number(const char *);
static double	 now(void);
static double	 used(void);
static void	 tell_ready(void);
static void	 wait_for_r(struct wsc *);
static void	 rate(struct wsc *, uint64_t, int);
static void	 echo(struct wsc *, uint64_t);
static void	 attach(struct many *, uint64_t);
static void	 attach_paths(struct many *, char *);
static void	 read_tokens(struct many *, const char *);
static void	 attach_start(struct many *, struct attach *);
static void	 attach_send(struct many *, struct attach *);
static int	 attach_read(struct many *, struct attach *);
static void	 percentiles(double *, uint64_t);
static int	 cmp_double(const void *, const void *);

int
main(int argc, char *argv[])
{
	static struct wsc	 c;
	static struct many	 m;
	const char		*tokens = NULL;
	in_port_t		 port;
	int			 ch;

	alarm(DEADLINE);
	while ((ch = getopt(argc, argv, "bd:ft:")) != -1) {
		switch (ch) {
		case 'b':
			c.raw = 1;
			break;
		case 'd':
			alarm(number(optarg));
			break;
		case 'f':
			m.frame = 1;
			break;
		case 't':
			tokens = optarg;
			break;
		default:
			usage();
		}
	}
	argc -= optind;
	argv += optind;
	if (argc < 4)
		usage();
	signal(SIGPIPE, SIG_IGN);
	port = number(argv[0]);
	read_tokens(&m, tokens);
	if (strcmp(argv[2], "attach") == 0 && argc == 5) {
		m.sin.sin_family = AF_INET;
		m.sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		m.sin.sin_port = htons(port);
		m.total = number(argv[3]);
		attach_paths(&m, argv[1]);
		attach(&m, number(argv[4]));
		return (0);
	}
	wsc_open(&c, port, argv[1], m.ntokens > 0 ? m.token[0] : NULL);
	wait_for_r(&c);
	if (strcmp(argv[2], "rate") == 0)
		rate(&c, number(argv[3]), 0);
	else if (strcmp(argv[2], "stall") == 0)
		rate(&c, number(argv[3]), 1);
	else if (strcmp(argv[2], "echo") == 0)
		echo(&c, number(argv[3]));
	else
		usage();
	return (0);
}

static void
usage(void)
{
	fprintf(stderr, "usage: wsload [-bf] [-d seconds] [-t tokenfile] "
	    "port path what number ...\n");
	exit(1);
}

static uint64_t
number(const char *s)
{
	const char	*errstr;
	long long	 n;

	n = strtonum(s, 1, INT64_MAX, &errstr);
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

static double
used(void)
{
	struct rusage	 ru;

	getrusage(RUSAGE_SELF, &ru);
	return (ru.ru_utime.tv_sec + ru.ru_stime.tv_sec +
	    (ru.ru_utime.tv_usec + ru.ru_stime.tv_usec) / 1e6);
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

static void
wait_for_r(struct wsc *c)
{
	if (!wsc_read(c) || c->nout != 1 || c->out[0] != 'R')
		errx(1, "the terminal does not begin as it should");
}

/*
 * While much is to come the client sleeps through small pieces: waking it
 * for each would cost the server more than the client.
 */
static void
rate(struct wsc *c, uint64_t bytes, int stall)
{
	struct text	 text;
	struct sum	 s;
	uint64_t	 got;
	double		 t, cpu;
	char		 cmd[32], ch;
	int		 n;

	text_plan(&text, bytes);
	tell_ready();
	sum_init(&s);
	cpu = used();
	t = now();
	n = snprintf(cmd, sizeof(cmd), "G%" PRIu32 "\n", text.lines);
	wsc_type(c, cmd, n);
	if (stall) {
		while (read(STDIN_FILENO, &ch, 1) == 1)
			continue;
	}
	for (got = 0; got < text.bytes; got += c->nout) {
		wsc_lowat(c, c->raw ? text.bytes - got :
		    (text.bytes - got) / 3 * 4);
		if (!wsc_read(c))
			break;
		sum_add(&s, c->out, c->nout);
	}
	t = now() - t;
	printf("{\"seconds\":%.6f,\"bytes\":%" PRIu64 ",\"cpu\":%.6f,"
	    "\"close\":%d,\"ok\":%s}\n", t, got, used() - cpu, c->closed,
	    got == text.bytes && sum_end(&s) == text.sum ? "true" : "false");
}

static void
echo(struct wsc *c, uint64_t keys)
{
	double		*took, t;
	uint64_t	 i;
	uint8_t		 key;

	if ((took = calloc(keys + WARM_UP, sizeof(*took))) == NULL)
		err(1, NULL);
	wsc_type(c, "E", 1);
	tell_ready();
	for (i = 0; i < keys + WARM_UP; i++) {
		key = 'a' + i % 26;
		t = now();
		wsc_type(c, &key, 1);
		if (!wsc_read(c) || c->nout != 1 || c->out[0] != key)
			errx(1, "wrong echo of key %" PRIu64, i);
		took[i] = now() - t;
	}
	printf("{");
	percentiles(took + WARM_UP, keys);
	printf("}\n");
}

static void
percentiles(double *took, uint64_t n)
{
	qsort(took, n, sizeof(*took), cmp_double);
	printf("\"p50\":%.9f,\"p99\":%.9f,\"max\":%.9f", took[n / 2],
	    took[n - n / 100 - 1], took[n - 1]);
}

static int
cmp_double(const void *a, const void *b)
{
	const double	*x = a, *y = b;

	return ((*x > *y) - (*x < *y));
}

/*
 * Handshakes
 */

static void
attach(struct many *m, uint64_t inflight)
{
	struct epoll_event	 ev[INFLIGHT_MAX];
	struct attach		*a;
	double			 t, cpu;
	uint64_t		 i;
	int			 k, n;

	if (inflight > INFLIGHT_MAX || inflight > m->total)
		errx(1, "too many in flight");
	if ((m->took = calloc(m->total, sizeof(*m->took))) == NULL ||
	    (m->ep = epoll_create1(0)) == -1)
		err(1, NULL);
	tell_ready();
	cpu = used();
	t = now();
	for (i = 0; i < inflight; i++)
		attach_start(m, &m->a[i]);
	while (m->done + m->refused < m->total) {
		if ((n = epoll_wait(m->ep, ev, nitems(ev), -1)) == -1)
			err(1, "epoll_wait");
		for (k = 0; k < n; k++) {
			a = ev[k].data.ptr;
			if (a->n == 0 && ev[k].events & EPOLLOUT)
				attach_send(m, a);
			else if (attach_read(m, a) && m->begun < m->total)
				attach_start(m, a);
		}
	}
	t = now() - t;
	printf("{\"seconds\":%.6f,\"attached\":%" PRIu64 ",\"refused\":%"
	    PRIu64 ",\"cpu\":%.6f,", t, m->done, m->refused, used() - cpu);
	if (m->done == 0)
		errx(1, "no handshake succeeded");
	percentiles(m->took, m->done);
	printf("}\n");
}

static void
attach_paths(struct many *m, char *paths)
{
	char	*p;

	while ((p = strsep(&paths, ",")) != NULL) {
		if (m->npaths == nitems(m->path))
			errx(1, "too many paths");
		m->path[m->npaths++] = p;
	}
}

static void
read_tokens(struct many *m, const char *file)
{
	FILE	*fp;
	char	*line = NULL;
	size_t	 size = 0;
	ssize_t	 n;

	if (file == NULL)
		return;
	if ((fp = fopen(file, "r")) == NULL)
		err(1, "%s", file);
	while ((n = getline(&line, &size, fp)) > 0) {
		line[n - 1] = '\0';
		m->token = recallocarray(m->token, m->ntokens, m->ntokens + 1,
		    sizeof(*m->token));
		if (m->token == NULL ||
		    (m->token[m->ntokens++] = strdup(line)) == NULL)
			err(1, NULL);
	}
	free(line);
	fclose(fp);
}

static void
attach_start(struct many *m, struct attach *a)
{
	struct epoll_event	 ev = { .events = EPOLLOUT };
	int			 fd;

	a->n = 0;
	memset(a->buf, 0, sizeof(a->buf));
	a->start = now();
	m->begun++;
	if ((fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)) == -1)
		err(1, "socket");
	a->fd = fd;
	ev.data.ptr = a;
	if (connect(fd, (struct sockaddr *)&m->sin, sizeof(m->sin)) == -1 &&
	    errno != EINPROGRESS)
		err(1, "connect");
	if (epoll_ctl(m->ep, EPOLL_CTL_ADD, fd, &ev) == -1)
		err(1, "epoll_ctl");
}

static void
attach_send(struct many *m, struct attach *a)
{
	struct epoll_event	 ev = { .events = EPOLLIN };
	char			 req[8192];
	const char		*token = NULL;
	size_t			 n;

	if (m->ntokens > 0)
		token = m->token[m->sent % m->ntokens];
	n = wsc_request(req, sizeof(req), m->path[m->sent % m->npaths],
	    token);
	m->sent++;
	if (send(a->fd, req, n, MSG_NOSIGNAL) != (ssize_t)n)
		err(1, "send");
	ev.data.ptr = a;
	if (epoll_ctl(m->ep, EPOLL_CTL_MOD, a->fd, &ev) == -1)
		err(1, "epoll_ctl");
}

/* 1 once it is attached; it ends in a reset, which leaves no TIME_WAIT. */
static int
attach_read(struct many *m, struct attach *a)
{
	struct linger	 l = { 1, 0 };
	char		*p;
	ssize_t		 n;

	n = recv(a->fd, a->buf + a->n, sizeof(a->buf) - 1 - a->n,
	    MSG_DONTWAIT);
	if (n == -1 && errno == EAGAIN)
		return (0);
	if (n > 0) {
		a->n += n;
		p = memmem(a->buf, a->n, "\r\n\r\n", 4);
		if (p == NULL || (m->frame && p + 4 == a->buf + a->n))
			return (0);
	}
	if (n > 0 && memcmp(a->buf, "HTTP/1.1 101 ", 13) == 0 &&
	    (!m->frame || (p[4] & 0xf) == WS_TEXT))
		m->took[m->done++] = now() - a->start;
	else if (m->refused++ == 0)
		warnx("refused: %.*s", (int)strcspn(a->buf, "\r"), a->buf);
	setsockopt(a->fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
	close(a->fd);
	return (1);
}
