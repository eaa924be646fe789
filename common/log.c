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
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "imsg.h"
#include "log.h"

static struct {
	const char	*name;
	int		 to_stderr;
	int		 verbose;
	int		 channel;	/* -1: write ourselves */
	enum exits	 exits;
} logger = { "gatewayd", 1, 0, -1, EXITS_FATAL };

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

static void
log_line(int priority, const char *text)
{
	struct imsg	 im;
	uint8_t		 packet[IMSG_MAX];
	ssize_t		 n;

	if (logger.channel == -1) {
		if (logger.to_stderr)
			fprintf(stderr, "%s: %s\n", logger.name, text);
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
