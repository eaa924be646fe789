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

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "imsg.h"
#include "log.h"

/* The longest line is one of the audit. */
#define STDERR_LINE_MAX	(20 * 1024)

/* How long a line may wait for a reader, once a second: milliseconds. */
#define STDERR_WAIT	100

static struct {
	const char	*name;
	int		 to_stderr;
	int		 verbose;
	int		 channel;	/* -1: write ourselves */
	enum exits	 exits;
	unsigned int	 lost;		/* lines not written, not yet told */
	int		 cut;		/* the last one has no end */
	time_t		 waited;	/* when, for a reader */
} logger = { "gatewayd", 1, 0, -1, EXITS_FATAL, 0, 0, 0 };

static int	 stderr_ready(void);
static int	 stderr_write(const char *, size_t);
static void	 log_stderr(const char *);
static void	 log_line(int, const char *);
static void	 log_va(int, int, const char *, va_list);

void
log_init(const char *name, int to_stderr, int verbose)
{
	logger.name = name;
	logger.to_stderr = to_stderr;
	logger.verbose = verbose;
	if (!to_stderr)
		openlog(name, LOG_PID | LOG_NDELAY, LOG_DAEMON);
}

void
log_to_channel(int fd)
{
	logger.channel = fd;
}

void
log_fatal_exits(enum exits exits)
{
	logger.exits = exits;
}

void
log_setverbose(int verbose)
{
	logger.verbose = verbose;
}

int
log_getverbose(void)
{
	return (logger.verbose);
}

/*
 * Standard error may be a pipe that nobody reads for now, or a terminal that
 * was stopped.  To wait for that would stop the service.
 */
static int
stderr_ready(void)
{
	struct pollfd	 pfd;
	struct timespec	 ts;

	pfd.fd = STDERR_FILENO;
	pfd.events = POLLOUT;
	if (poll(&pfd, 1, 0) == 1)
		return (1);
	if (clock_gettime(CLOCK_MONOTONIC, &ts) == -1 ||
	    ts.tv_sec == logger.waited)
		return (0);
	logger.waited = ts.tv_sec;
	return (poll(&pfd, 1, STDERR_WAIT) == 1);
}

/* So much at a time as does not wait where there is room for anything. */
static int
stderr_write(const char *p, size_t len)
{
	ssize_t	 n;

	while (len > 0) {
		if (!stderr_ready())
			return (-1);
		n = write(STDERR_FILENO, p, len > PIPE_BUF ? PIPE_BUF : len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return (-1);
		p += n;
		len -= (size_t)n;
		logger.cut = len > 0;
	}
	return (0);
}

static void
log_stderr(const char *text)
{
	static char	 line[STDERR_LINE_MAX];
	char		 lost[80];

	lost[0] = '\0';
	if (logger.lost > 0)
		(void)snprintf(lost, sizeof(lost), "%.20s: %u lines could not "
		    "be written here\n", logger.name, logger.lost);
	if ((size_t)snprintf(line, sizeof(line), "%s%s%s: %s\n", logger.cut ?
	    "\n" : "", lost, logger.name, text) >= sizeof(line))
		line[sizeof(line) - 2] = '\n';
	if (stderr_write(line, strlen(line)) == -1)
		logger.lost++;
	else
		logger.lost = 0;
}

static void
log_line(int priority, const char *text)
{
	struct imsg	 im;
	uint8_t		 packet[IMSG_MAX];
	ssize_t		 n;

	if (logger.channel == -1) {
		if (logger.to_stderr)
			log_stderr(text);
		else
			syslog(priority, "%s", text);
		return;
	}
	imsg_init(&im, IMSG_LOG, 0);
	im.m.log.priority = (uint8_t)priority;
	strlcpy(im.m.log.text, text, sizeof(im.m.log.text));
	if ((n = imsg_encode(&im, packet)) == -1)
		return;
	/* A line that does not fit is lost: logging must never block. */
	(void)imsg_send(logger.channel, packet, (size_t)n, -1);
}

static void
log_va(int priority, int error, const char *fmt, va_list ap)
{
	char	 text[LOG_TEXT_MAX + 1];
	size_t	 n;
	int	 saved;

	saved = errno;
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	if (error) {
		n = strlen(text);
		(void)snprintf(text + n, sizeof(text) - n, ": %s",
		    strerror(error));
	}
	log_line(priority, text);
	errno = saved;
}

void
log_warn(const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	log_va(LOG_WARNING, errno, fmt, ap);
	va_end(ap);
}

void
log_warnx(const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	log_va(LOG_WARNING, 0, fmt, ap);
	va_end(ap);
}

void
log_info(const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	log_va(LOG_INFO, 0, fmt, ap);
	va_end(ap);
}

void
log_debug(const char *fmt, ...)
{
	va_list	 ap;

	if (logger.verbose == 0)
		return;
	va_start(ap, fmt);
	log_va(LOG_DEBUG, 0, fmt, ap);
	va_end(ap);
}

void
fatal(const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	log_va(LOG_CRIT, errno, fmt, ap);
	va_end(ap);
	exit((int)logger.exits);
}

void
fatalx(const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	log_va(LOG_CRIT, 0, fmt, ap);
	va_end(ap);
	exit((int)logger.exits);
}

void
log_long(const char *text)
{
	log_line(LOG_INFO, text);
}

void
log_child(int priority, const char *who, const char *text)
{
	char	 safe[4 * LOG_TEXT_MAX + 1], line[sizeof(safe) + 256];

	if (priority == LOG_DEBUG && logger.verbose == 0)
		return;
	log_escape(safe, sizeof(safe), text);
	(void)snprintf(line, sizeof(line), "%.200s: %s", who, safe);
	log_line(priority, line);
}

void
log_escape(char *dst, size_t size, const char *src)
{
	size_t		 n;
	unsigned char	 c;

	if (size == 0)
		return;
	n = 0;
	for (; (c = (unsigned char)*src) != '\0'; src++) {
		if (c >= ' ' && c < 0x7f && c != '\\') {
			if (size - n < 2)
				break;
			dst[n++] = (char)c;
		} else {
			if (size - n < 5)
				break;
			(void)snprintf(dst + n, size - n, "\\x%02x", c);
			n += 4;
		}
	}
	dst[n] = '\0';
}
