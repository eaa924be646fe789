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

#ifndef GATEWAYD_GATEWAYD_LAUNCH_BODY_H
#define GATEWAYD_GATEWAYD_LAUNCH_BODY_H

#include <stddef.h>
#include <stdint.h>

struct json_object;

/*
 * What a client wants to have run, from the members "cmd", "args", "env"
 * and "cwd" of a request, as the blob of OPEN: items of record.h.  Returns
 * 0, with *data for free(3), NULL if nothing is wanted; or -1 with *why a
 * constant text, NULL if it is memory that is short.
 */
int	 launch_body(struct json_object *, uint8_t **data, size_t *len,
	    const char **why);

#endif /* GATEWAYD_GATEWAYD_LAUNCH_BODY_H */
