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
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "text.h"
#include "wsclient.h"

/*
 * wscrowd [-bp] [-s stalled] [-t token] port path path viewers bytes
 *
 * Many viewers of one session, in which "term" runs: the first one has so
 * many bytes of text printed, and all count what they get.  The first path is
 * the first one's, the second that of all others.  Output is base64 in
 * frames, binary in frames (-b), or comes as it is on a plain socket (-p);
 * unless it is base64 the first one checks it.  With -s, which may be 0, so
 * many more viewers attach and never read, and before anything is measured
 * as much is printed as stalls them.
 *
 * It says "ready" and waits for a line on standard input; then prints one
 * JSON object.
 */

#define DEADLINE	60
#define VIEWERS_MAX	64
#define BUFFER		(256 * 1024)
#define LOWAT_MAX	(64 * 1024)
#define WARM_UP		(32 * 1024 * 1024)	/* fills sockets unread */
#define TEXT_KEPT	256			/* of a text message */
#define HEAD_SIZE	10

#define OP_TEXT		0x1
#define OP_BINARY	0x2
#define OP_CLOSE	0x8

struct viewer {
	int		 fd;
	int		 lowat;
	int		 opcode;
	uint64_t	 left;		/* of the current frame */
	size_t		 nhead;
	uint8_t		 head[HEAD_SIZE];
	size_t		 ntext;
	char		 text[TEXT_KEPT + 1];
	uint64_t	 at;		/* so far in the output */
	uint64_t	 passed;	/* of it, which it was not sent */
	uint64_t	 digits;	/* of base64 */
	uint64_t	 padding;
	uint64_t	 frames;
};

static struct wsc	 conn;		/* for handshakes, one by one */
static struct viewer	 viewers[VIEWERS_MAX];
static uint64_t		 nviewers;
static int		 plain, binary;
static const char	*token;
static in_port_t	 port;
static uint8_t		 buffer[BUFFER];
static struct sum	 sum;		/* of the first one's output */

static void	 usage(void) __dead;
static uint64_t	 number(const char *, uint64_t);
static double	 now(void);
static double	 used(void);
static void	 viewer_open(struct viewer *, const char *);
static int	 open_plain(void);
static void	 print(const struct text *);
static void	 run(int, uint64_t);
static void	 viewer_lowat(struct viewer *, uint64_t);
static void	 viewer_read(struct viewer *);
static void	 viewer_parse(struct viewer *, const uint8_t *, size_t);
static size_t	 viewer_head(struct viewer *, const uint8_t *);
static void	 viewer_payload(struct viewer *, const uint8_t *, size_t);
static void	 viewer_output(struct viewer *, const uint8_t *, size_t);
static void	 viewer_text(struct viewer *, const uint8_t *, size_t);
static void	 warm_up(int);
static void	 measure(int, uint64_t);

int
main(int argc, char *argv[])
{
	struct viewer	 none;
	uint64_t	 i, stalled = 0;
	int		 ch, ep, warm = 0;

	alarm(DEADLINE);
	while ((ch = getopt(argc, argv, "bps:t:")) != -1) {
		switch (ch) {
		case 'b':
			binary = 1;
			break;
		case 'p':
			plain = 1;
			break;
		case 's':
			stalled = number(optarg, 1024);
			warm = 1;
			break;
		case 't':
			token = optarg;
			break;
		default:
			usage();
		}
	}
	if (argc - optind != 5)
		usage();
	argv += optind;
	port = number(argv[0], UINT16_MAX);
	nviewers = number(argv[3], VIEWERS_MAX);
	if ((ep = epoll_create1(0)) == -1)
		err(1, "epoll_create1");
	for (i = 0; i < nviewers; i++) {
		struct epoll_event	 ev = { .events = EPOLLIN };

		viewer_open(&viewers[i], argv[i > 0 ? 2 : 1]);
		ev.data.ptr = &viewers[i];
		if (epoll_ctl(ep, EPOLL_CTL_ADD, viewers[i].fd, &ev) == -1)
			err(1, "epoll_ctl");
	}
	for (i = 0; i < stalled; i++)
		viewer_open(&none, argv[2]);
	run(ep, 1);			/* the R of term */
	if (warm)
		warm_up(ep);
	measure(ep, number(argv[4], INT64_MAX));
	return (0);
}

static void
usage(void)
{
	fprintf(stderr, "usage: wscrowd [-bp] [-s stalled] [-t token] port "
	    "path path viewers bytes\n");
	exit(1);
}

static uint64_t
number(const char *s, uint64_t max)
{
	const char	*errstr;
	long long	 n;

	n = strtonum(s, 0, max, &errstr);
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
viewer_open(struct viewer *v, const char *path)
{
	memset(v, 0, sizeof(*v));
	if (plain) {
		v->fd = open_plain();
		return;
	}
	wsc_open(&conn, port, path, token);
	v->fd = conn.fd;
	viewer_parse(v, conn.in, conn.nin);
}

static int
open_plain(void)
{
	struct sockaddr_in	 sin = { .sin_family = AF_INET };
	int			 fd, size = 2 * 1024 * 1024;

	/* As that of wsc_open(). */
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sin.sin_port = htons(port);
	if ((fd = socket(AF_INET, SOCK_STREAM, 0)) == -1 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)) == -1 ||
	    connect(fd, (struct sockaddr *)&sin, sizeof(sin)) == -1)
		err(1, "connect");
	return (fd);
}

static void
print(const struct text *text)
{
	char	 cmd[32];
	int	 n;

	n = snprintf(cmd, sizeof(cmd), "G%" PRIu32 "\n", text->lines);
	conn.fd = viewers[0].fd;
	if (!plain)
		wsc_type(&conn, cmd, n);
	else if (send(conn.fd, cmd, n, 0) != n)
		err(1, "send");
}

static void
warm_up(int ep)
{
	struct text	 text;

	text_plan(&text, WARM_UP);
	print(&text);
	run(ep, text.bytes);
}

static void
measure(int ep, uint64_t bytes)
{
	struct text	 text;
	double		 t, cpu;
	uint64_t	 frames = 0, passed = 0, i;
	char		 c;

	text_plan(&text, bytes);
	printf("ready\n");
	fflush(stdout);
	while (read(STDIN_FILENO, &c, 1) == 1 && c != '\n')
		continue;
	sum_init(&sum);
	for (i = 0; i < nviewers; i++)
		viewers[i].frames = viewers[i].passed = 0;
	cpu = used();
	t = now();
	print(&text);
	run(ep, text.bytes);
	t = now() - t;
	for (i = 0; i < nviewers; i++) {
		frames += viewers[i].frames;
		passed += viewers[i].passed;
	}
	printf("{\"seconds\":%.6f,\"bytes\":%" PRIu64 ",\"cpu\":%.6f,"
	    "\"frames\":%" PRIu64 ",\"passed\":%" PRIu64 ",\"ok\":%s}\n", t,
	    text.bytes, used() - cpu, frames / nviewers, passed,
	    passed == 0 && (sum_end(&sum) == text.sum || (!plain && !binary)) ?
	    "true" : "false");
}

/* Until each has had so many bytes more, or been told of a gap instead. */
static void
run(int ep, uint64_t bytes)
{
	static uint64_t		 end;
	struct epoll_event	 ev[VIEWERS_MAX];
	uint64_t		 behind, i;
	int			 k, n;

	end += bytes;
	for (i = 0; i < nviewers; i++)
		viewer_lowat(&viewers[i], end);
	for (;;) {
		for (behind = 0, i = 0; i < nviewers; i++)
			behind += viewers[i].at < end;
		if (behind == 0)
			return;
		n = epoll_wait(ep, ev, VIEWERS_MAX, -1);
		if (n == -1 && errno != EINTR)
			err(1, "epoll_wait");
		for (k = 0; k < n; k++) {
			viewer_read(ev[k].data.ptr);
			viewer_lowat(ev[k].data.ptr, end);
		}
	}
}

/*
 * Sleep through small pieces while much is to come.  Of base64 up to three
 * bytes may be in digits that are here already.
 */
static void
viewer_lowat(struct viewer *v, uint64_t end)
{
	int	 n = 1;

	if (v->at + 3 < end)
		n = end - v->at - 3 < LOWAT_MAX ? end - v->at - 3 : LOWAT_MAX;
	if (n == v->lowat)
		return;
	if (setsockopt(v->fd, SOL_SOCKET, SO_RCVLOWAT, &n, sizeof(n)) == -1)
		err(1, "setsockopt");
	v->lowat = n;
}

static void
viewer_read(struct viewer *v)
{
	ssize_t	 n;

	n = recv(v->fd, buffer, sizeof(buffer), MSG_DONTWAIT);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0)
		errx(1, "viewer %td is let go", v - viewers);
	if (plain)
		viewer_output(v, buffer, n);
	else
		viewer_parse(v, buffer, n);
}

static void
viewer_parse(struct viewer *v, const uint8_t *p, size_t n)
{
	size_t	 k;

	for (; n > 0; p += k, n -= k) {
		if (v->left == 0) {
			k = viewer_head(v, p);
			continue;
		}
		k = n < v->left ? n : v->left;
		v->left -= k;
		viewer_payload(v, p, k);
	}
}

/* Take one byte of it; the server's frames have no mask. */
static size_t
viewer_head(struct viewer *v, const uint8_t *p)
{
	size_t	 i, more;

	v->head[v->nhead++] = *p;
	if (v->nhead < 2)
		return (1);
	more = v->head[1] == 127 ? 8 : v->head[1] == 126 ? 2 : 0;
	if (v->nhead < 2 + more)
		return (1);
	v->opcode = v->head[0] & 0xf;
	v->left = more == 0 ? v->head[1] : 0;
	for (i = 0; i < more; i++)
		v->left = v->left << 8 | v->head[2 + i];
	v->nhead = 0;
	v->ntext = 0;
	v->frames++;
	return (1);
}

static void
viewer_payload(struct viewer *v, const uint8_t *p, size_t n)
{
	if (v->opcode == OP_CLOSE)
		errx(1, "viewer %td is let go", v - viewers);
	if (binary && v->opcode == OP_TEXT)
		viewer_text(v, p, n);
	else if (v->opcode == OP_TEXT || v->opcode == OP_BINARY)
		viewer_output(v, p, n);
}

/* Of base64 count the digits: a quarter too many, less what is padding. */
static void
viewer_output(struct viewer *v, const uint8_t *p, size_t n)
{
	if (plain || binary) {
		if (v == viewers)
			sum_add(&sum, p, n);
		v->at += n;
		return;
	}
	v->digits += n;
	if (p[n - 1] == '=')
		v->padding++;
	if (n > 1 && p[n - 2] == '=')
		v->padding++;
	v->at = v->digits / 4 * 3 - v->padding;
}

/* What a gap has taken is as good as seen; nothing else is of interest. */
static void
viewer_text(struct viewer *v, const uint8_t *p, size_t n)
{
	uint64_t	 from, to;

	if (n > TEXT_KEPT - v->ntext)
		n = TEXT_KEPT - v->ntext;
	memcpy(v->text + v->ntext, p, n);
	v->ntext += n;
	v->text[v->ntext] = '\0';
	if (v->left > 0 || sscanf(v->text, "{\"type\":\"gap\",\"from\":%"
	    SCNu64 ",\"to\":%" SCNu64 "}", &from, &to) != 2)
		return;
	v->at += to - from;
	v->passed += to - from;
}
