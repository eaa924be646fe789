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

/* links: @COMMON@ */

/*
 * A packet from another process.  The first byte says whether a descriptor
 * came along.  What is accepted has only this one form: encoded again it is
 * the same bytes; what a table allows is never larger than its type.
 */

#include "compat.h"

#include <sys/types.h>

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "imsg.h"
#include "tables.h"

int		 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static uint8_t	 again[IMSG_MAX];
	struct imsg	 im;
	const char	*why;
	size_t		 min, max;
	ssize_t		 n;
	int		 has_fd;

	if (len < 1)
		return (0);
	has_fd = data[0] & 1;
	data++;
	len--;
	why = NULL;
	imsg_init(&im, 0, 0);
	if (imsg_decode(&im, data, len, has_fd, &why) == -1) {
		assert(why != NULL);
		return (0);
	}
	assert(why == NULL);
	im.fd = has_fd ? 0 : -1;
	n = imsg_encode(&im, again);
	assert(n > 0 && (size_t)n == len);
	assert(memcmp(again, data, len) == 0);
	assert(msg_range(im.type, &min, &max) == 0);
	assert(len - IMSG_HEADER_LEN >= min && len - IMSG_HEADER_LEN <= max);
	assert(strcmp(msg_name(im.type), "?") != 0);
	return (0);
}
