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

#ifndef GATEWAYD_COMMON_COMPAT_H
#define GATEWAYD_COMMON_COMPAT_H

/*
 * The first include of every source file.  It opens the interfaces of the
 * system, brings the BSD names to systems that keep them in a library, and
 * hides compiler attributes.  It never stands in for a security call: a
 * system without one fails where the call is made, or at the link.
 *
 * config.h has one line for each file of have/: HAVE_<FILE NAME, UPPER CASE>
 * is 1 if it compiles and links here, else 0.  So test with #if, not #ifdef.
 */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "config.h"

#include <sys/types.h>
#if HAVE_LIBBSD
#include <bsd/sys/queue.h>
#include <bsd/sys/tree.h>
#include <bsd/stdlib.h>
#include <bsd/string.h>
#include <bsd/unistd.h>
#else
#include <sys/queue.h>
#include <sys/tree.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#endif
#include <sha2.h>

#ifndef __dead
#define __dead		__attribute__((__noreturn__))
#endif

#ifndef nitems
#define nitems(a)	(sizeof((a)) / sizeof((a)[0]))
#endif

/* The values are the places of the format and of its first argument. */
#define PRINTFLIKE(f, a)	__attribute__((__format__(__printf__, f, a)))
#define UNUSED			__attribute__((__unused__))

#if HAVE_LIBBSD
/*
 * tree.h of libbsd uses __unused here, which libbsd does not define because
 * headers of Linux have members of that name.
 */
#undef RB_PROTOTYPE_STATIC
#undef RB_GENERATE_STATIC
#define RB_PROTOTYPE_STATIC(name, type, field, cmp)			\
	RB_PROTOTYPE_INTERNAL(name, type, field, cmp, UNUSED static)
#define RB_GENERATE_STATIC(name, type, field, cmp)			\
	RB_GENERATE_INTERNAL(name, type, field, cmp, UNUSED static)
#endif

#endif
