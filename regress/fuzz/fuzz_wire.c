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
 * The payload of each type in turn, without a header to get past: the first
 * byte selects the type, so that fields are reached at once.  Accepted means
 * that it is written the same again, and that no shorter piece of it is
 * accepted.
 */

#include "compat.h"

#include <sys/types.h>

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "imsg.h"
#include "wire.h"

int		 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void	 check_fields(const uint8_t *, size_t);

/* Fields by themselves: what is read stays within its range and array. */
static void
check_fields(const uint8_t *data, size_t len)
{
	struct wire		 w;
	struct wire_bytes	 b;
	char			 s[9], name[5], uuid[WIRE_UUID_LEN + 1];
	uint8_t			 u8;
	uint16_t		 one;
	uint64_t		 u64;

	wire_init(&w, WIRE_GET, (void *)(uintptr_t)data, len);
	wire_u8(&w, &u8, 3, 5);
	assert(w.error ? u8 == 0 : u8 >= 3 && u8 <= 5);
	wire_one_of(&w, &one, 0x1f);
	assert(w.error ? one == 0 : (one & (one - 1)) == 0 && one & 0x1f);
	wire_u64(&w, &u64, 1, UINT64_MAX - 1);
	assert(w.error ? u64 == 0 : u64 >= 1 && u64 <= UINT64_MAX - 1);
	wire_str(&w, s, sizeof(s), 2);
	assert(w.error ? s[0] == '\0' : strlen(s) >= 2 && strlen(s) <= 8);
	wire_name(&w, name, sizeof(name));
	assert(w.error ? name[0] == '\0' :
	    wire_name_valid(name, strlen(name), 4));
	wire_uuid(&w, uuid);
	assert(w.error ? uuid[0] == '\0' :
	    wire_uuid_valid(uuid, strlen(uuid)));
	wire_bytes(&w, &b, 7);
	assert(b.len <= 7);
	assert(b.len == 0 || (b.p >= data && b.p + b.len <= data + len));
	if (wire_end(&w) == 0)
		assert(w.pos == len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static uint8_t	 again[IMSG_PAYLOAD_MAX];
	union msg	 m;
	ssize_t		 n;

	if (len < 1)
		return (0);
	check_fields(data + 1, len - 1);
	memset(&m, 0, sizeof(m));
	if (msg_get(data[0], &m, data + 1, len - 1) == -1)
		return (0);
	n = msg_put(data[0], &m, again, sizeof(again));
	assert(n >= 0 && (size_t)n == len - 1);
	assert(memcmp(again, data + 1, len - 1) == 0);
	if (len > 1)
		assert(msg_get(data[0], &m, data + 1, len - 2) == -1);
	return (0);
}
