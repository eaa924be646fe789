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

#ifndef GATEWAYD_SESSIOND_SSH_UPSTREAM_H
#define GATEWAYD_SESSIOND_SSH_UPSTREAM_H

#include <stddef.h>
#include <stdint.h>

#include "compat.h"
#include "sizes.h"

struct ssh;
struct worker;

/* From this version on libssh2 signs with RSA as servers want it today. */
#define SSH_RSA_VERSION	0x010b00

/* A host key that is known, or revoked. */
struct ssh_pin {
	uint8_t		type;		/* 0: any; see SSH_PIN_NONE */
	uint8_t		hash[HASH_LEN];
};
#define SSH_PIN_NONE	UINT8_MAX	/* matches nothing we could check */

struct ssh_pins {
	struct ssh_pin	*pin;
	size_t		 n;
};

/* Files of the record are written once, by the first shell that opens. */
enum ssh_files {
	SSH_FILES_NONE,		/* there are none, or they are written */
	SSH_FILES_WANTED,
	SSH_FILES_BUSY		/* somebody writes them */
};

/* What all drivers of a worker share. */
struct ssh_upstream {
	struct worker		*worker;
	LIST_HEAD(, ssh)	 drivers;
	uint32_t		 next_id;	/* of DIAL and HOSTKEY */
	char			*user;		/* never logged */
	size_t			 userlen;
	int			 has_key;
	int			 has_password;
	const char		*unusable;	/* why nothing can log in */
	struct ssh_pins		 pins;
	struct ssh_pins		 revoked;
	uint8_t			 check;		/* HOSTCHECK_* */
	enum ssh_files		 files;
	size_t			 used;		/* memory of libssh2, in all */
};

#endif /* GATEWAYD_SESSIOND_SSH_UPSTREAM_H */
