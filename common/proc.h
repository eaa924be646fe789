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

#ifndef GATEWAYD_COMMON_PROC_H
#define GATEWAYD_COMMON_PROC_H

#include <sys/types.h>

/*
 * Start a program as a child: its channel is CHILD_FD, standard input,
 * output and error are /dev/null, nothing else is open, no signal is
 * blocked or ignored, and its environment is empty but for PATH and room for
 * a longer title.  `title' becomes argv[0]; `role' is given by -x unless it
 * is NULL.  Sets *fd to our end of the channel and returns the pid, or -1
 * with errno.  The program's path must be absolute.
 */
pid_t	 proc_spawn(const char *, const char *, const char *, int *);

#endif /* GATEWAYD_COMMON_PROC_H */
