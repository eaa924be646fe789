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

#ifndef GATEWAYD_COMMON_PATHS_H
#define GATEWAYD_COMMON_PATHS_H

/* This daemon itself, which also serves as three of its children. */
extern const char *const	 path_gatewayd;

/* Where the other programs are: a directory, no slash at its end. */
extern const char *const	 path_libexec;

/* Where the files of the page are, in the same way. */
extern const char *const	 path_web;

/* The configuration that is read without -f. */
extern const char *const	 path_conf;

/* The control socket that is used without -s and by default. */
extern const char *const	 path_control;

/* The root directory of confined processes; made when missing. */
extern const char *const	 path_empty;

#endif
