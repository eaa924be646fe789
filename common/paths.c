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

#include "paths.h"

/*
 * The only object that knows where the build is installed: make compiles it
 * once for the build directory, so that the tree runs from where it was
 * built, and once more for make install.
 */

const char *const	 path_gatewayd = SBINDIR "/gatewayd";
const char *const	 path_libexec = LIBEXECDIR;
const char *const	 path_web = WEBDIR;
const char *const	 path_conf = SYSCONFDIR "/gatewayd/gatewayd.conf";
const char *const	 path_control = "/run/gatewayd/gatewayd.sock";
const char *const	 path_empty = "/run/gatewayd/empty";
