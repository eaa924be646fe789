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

#ifndef GATEWAYD_SESSIOND_DRIVER_SSH_H
#define GATEWAYD_SESSIOND_DRIVER_SSH_H

#include <stddef.h>
#include <stdint.h>

struct driver;
struct launch;
struct ssh_upstream;

/*
 * Longer than this the files of a record do not keep a shell waiting: the
 * rest is then left out.  A megabyte over a bad line takes some ten seconds.
 */
#define SSH_FILES_SECS	60

/*
 * A terminal at the worker's target by SSH, or NULL when out of memory.  The
 * options of the client, or NULL, are the driver's then.
 */
struct driver	*driver_ssh_new(struct ssh_upstream *, struct launch *);

#endif /* GATEWAYD_SESSIOND_DRIVER_SSH_H */
