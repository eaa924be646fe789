#!/bin/sh
# Copyright (c) 2026 The gatewayd authors
#
# Permission to use, copy, modify, and distribute this software for any
# purpose with or without fee is hereby granted, provided that the above
# copyright notice and this permission notice appear in all copies.
#
# THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES
# WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF
# MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR
# ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES
# WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN
# ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF
# OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.

# Create the system accounts of gatewayd.sysusers that are missing, as the
# package of a distribution would; say so in one line.  For root only.

set -eu
cd "$(dirname "$0")/.."

missing=
for u in $(awk '$1 == "u" { print $2 }' etc/gatewayd.sysusers); do
	id "$u" >/dev/null 2>&1 || missing="$missing $u"
done
[ -n "$missing" ] || exit 0

echo "creating the system accounts$missing"
if command -v systemd-sysusers >/dev/null 2>&1; then
	systemd-sysusers "$PWD/etc/gatewayd.sysusers" >/dev/null 2>&1 || true
fi
for u in $missing; do
	id "$u" >/dev/null 2>&1 || useradd --system --user-group \
	    --home-dir / --no-create-home --shell /usr/sbin/nologin "$u"
done
