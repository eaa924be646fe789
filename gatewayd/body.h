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

#ifndef GATEWAYD_GATEWAYD_BODY_H
#define GATEWAYD_GATEWAYD_BODY_H

#include <stddef.h>
#include <stdint.h>

struct json_object;

/*
 * JSON bodies of requests.  Returns the object, for json_object_put(), or
 * NULL if the text is not exactly one object.
 */
struct json_object
	*body_parse(const char *, size_t);

/*
 * A size of a terminal, a whole number from min to max.  Returns 1 with the
 * value, 0 if there is none or it is null, -1 if it is anything else.
 */
int	 body_size(struct json_object *, const char *, int min, int max,
	    uint16_t *);

/*
 * A string, which may hold any character.  Returns 1 with text that lives
 * as long as the object and its length, 0 if there is none or it is null,
 * -1 if it is anything else.
 */
int	 body_text(struct json_object *, const char *, const char **,
	    size_t *);

#endif /* GATEWAYD_GATEWAYD_BODY_H */
