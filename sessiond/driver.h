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

#ifndef GATEWAYD_SESSIOND_DRIVER_H
#define GATEWAYD_SESSIOND_DRIVER_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

struct session;
struct driver;

/*
 * An upstream terminal.  A driver is told what to do through these, and
 * reports with the functions of session.h named below, from the event loop,
 * never from inside of one of these.  It knows nothing of clients, and the
 * session nothing of how it reaches the terminal.
 */
struct driver_ops {
	const char	*name;

	/*
	 * Begin to open a terminal of that size.  Returns 0, and later calls
	 * session_opened() or session_failed(); or -1, and has done nothing.
	 */
	int	 (*open)(struct driver *, uint16_t cols, uint16_t rows);

	/*
	 * Pass input on.  Returns how many bytes were taken; when that is
	 * less than all, session_writable() follows once there is room.
	 */
	size_t	 (*write)(struct driver *, const uint8_t *, size_t);

	void	 (*resize)(struct driver *, uint16_t cols, uint16_t rows);

	/* Returns 0, or -1 if this terminal has no way to do that. */
	int	 (*signal)(struct driver *, int);

	/* Stop and go on reading output. */
	void	 (*pause)(struct driver *);
	void	 (*resume)(struct driver *);

	/*
	 * The same for a moment, whether paused or not: something else comes
	 * first.
	 */
	void	 (*yield)(struct driver *, int);

	/* Hang up, at whatever stage, and free.  Nothing is reported after. */
	void	 (*close)(struct driver *);
};

/*
 * The first member of every driver's own struct.  A session takes its driver
 * over when it is made, and closes it when it ends.
 *
 * Reports: session_opened() once; then session_room() and session_output()
 * for each read; session_writable(); and at the end one of session_exited()
 * when the upstream told how the program ended, session_lost() when it is
 * gone without telling, session_failed() when it never opened.  After one of
 * those the driver has been closed: it must not touch itself any more.
 */
struct driver {
	const struct driver_ops	*ops;
	struct session		*session;
};

#endif
