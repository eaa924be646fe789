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

/* links: gatewayd/learned.c proto/base64.c proto/hostkey.c */

/*
 * A file of learned keys: whatever it holds, what is learned is found again,
 * also by the next reader, and nothing that was there is touched.
 */

#include "compat.h"

#include <sys/types.h>
#include <sys/mman.h>

#include <assert.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hostkey.h"
#include "learned.h"
#include "log.h"

/* A megabyte is what the fuzzer tries at most. */
#define KEPT_MAX	(1 << 20)

int		 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static size_t	 find(struct learned *, const struct msg_learn *);

/* What it has to say is of no interest here. */
void
log_warn(const char *fmt, ...)
{
	(void)fmt;
}

void
log_warnx(const char *fmt, ...)
{
	(void)fmt;
}

static size_t
find(struct learned *ln, const struct msg_learn *m)
{
	struct learned_key	 keys[LEARNED_HOST_MAX];
	size_t			 i, n;

	n = learned_find(ln, m->sandbox, m->host, m->port, keys);
	assert(n <= LEARNED_HOST_MAX);
	for (i = 0; i < n; i++)
		assert(hostkey_name(keys[i].type) != NULL);
	return (n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static uint8_t		 kept[KEPT_MAX];
	static int		 fd = -1;
	struct learned		*ln;
	struct msg_learn	 m;
	const char		*why;
	size_t			 n;
	int			 ret;

	if (len > KEPT_MAX)
		return (0);
	if (fd == -1) {
		assert((fd = memfd_create("learned", MFD_CLOEXEC)) != -1);
		assert(fcntl(fd, F_SETFL, O_APPEND) != -1);
	}
	assert(ftruncate(fd, 0) == 0);
	assert(write(fd, data, len) == (ssize_t)len);
	assert((ln = learned_open(fd, &why)) != NULL);
	memset(&m, 0, sizeof(m));
	strlcpy(m.sandbox, "box", sizeof(m.sandbox));
	strlcpy(m.host, "10.0.0.5", sizeof(m.host));
	m.port = 22;
	m.type = HOSTKEY_ED25519;
	m.hash[31] = 7;
	n = find(ln, &m);
	ret = learned_add(ln, &m);
	assert(ret == 0 || (ret == LEARN_OTHER && n > 0));
	if (ret == 0)
		n = find(ln, &m);
	learned_close(ln);
	assert((ln = learned_open(fd, &why)) != NULL);
	assert(find(ln, &m) == n && n > 0);
	assert(learned_add(ln, &m) == ret);
	learned_close(ln);
	assert(pread(fd, kept, len, 0) == (ssize_t)len);
	assert(memcmp(kept, data, len) == 0);
	return (0);
}
