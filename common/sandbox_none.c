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

#include <sys/utsname.h>

#include "log.h"
#include "sandbox.h"

const char *
sandbox_name(enum sandbox_role role)
{
	(void)role;
	return ("process");
}

/*
 * No system that we do not know is safe by default, so the start fails.
 */
int
sandbox_enter(enum sandbox_role role)
{
	struct utsname	 un;

	if (uname(&un) == -1)
		(void)strlcpy(un.sysname, "this system", sizeof(un.sysname));
	log_warnx("%s: no sandbox is known for %s", sandbox_name(role),
	    un.sysname);
	return (-1);
}
