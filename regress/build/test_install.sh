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

# make install puts every file in its place, below DESTDIR only, linked to
# find the others there; a build with sanitizers refuses.

cd "$(dirname "$0")/../.." || exit 1
. regress/build/tap.sh
: "${BUILD:=build}" "${MAKE:=make}"

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
set -- BUILD="$BUILD" CC=gcc DESTDIR="$tmp/d" PREFIX=/opt/gw

out=$($MAKE "$@" web 2>&1)
result $? "make web" "$out"
out=$($MAKE "$@" install 2>&1)
result $? "make install" "$out"

for f in sbin/gatewayd sbin/gatewayctl libexec/gatewayd/gatewayd-frontend \
    libexec/gatewayd/gatewayd-catalog libexec/gatewayd/sessiond \
    libexec/gatewayd/sessiond-net; do
	[ -x "$tmp/d/opt/gw/$f" ]
	result $? "$f"
done
for f in lib/systemd/system/gatewayd.service lib/sysusers.d/gatewayd.conf \
    lib/tmpfiles.d/gatewayd.conf share/examples/gatewayd/gatewayd.conf \
    share/examples/gatewayd/gatewayd-nopty.conf; do
	[ -f "$tmp/d/opt/gw/$f" ]
	result $? "$f"
done
for page in man/*.[1-9]; do
	[ -f "$page" ] || continue
	[ -f "$tmp/d/opt/gw/share/man/man${page##*.}/${page#man/}" ]
	result $? "$page"
done
empty "the page" \
    "$(diff -r "$BUILD/web" "$tmp/d/opt/gw/share/gatewayd/web" 2>&1)"
[ "$(stat -c %a "$tmp/d/etc/gatewayd")" = 700 ]
result $? "/etc/gatewayd is for root only"
[ "$(stat -c %a "$tmp/d/var/lib/gatewayd")" = 700 ]
result $? "/var/lib/gatewayd is for root only"

empty "nothing else" "$(cd "$tmp/d" && find . -type f |
    grep -vE '^\./opt/gw/(sbin|libexec/gatewayd)/' |
    grep -vE '^\./opt/gw/lib/(systemd/system|(sysusers|tmpfiles)\.d)/' |
    grep -vE '^\./opt/gw/share/(man/man[578]|(examples/)?gatewayd(/web)?)/')"
empty "the unit names the installed program" \
    "$(grep -n /usr/local "$tmp/d/opt/gw/lib/systemd/system/gatewayd.service")"
empty "manuals and samples name what is installed" "$(grep -rn /usr/local \
    "$tmp/d/opt/gw/share/man" "$tmp/d/opt/gw/share/examples")"
strings -d "$tmp/d/opt/gw/sbin/gatewayd" 2>/dev/null |
    grep -qx /opt/gw/libexec/gatewayd
result $? "the daemon looks for its children in libexec"
strings -d "$tmp/d/opt/gw/sbin/gatewayd" 2>/dev/null |
    grep -qx /opt/gw/share/gatewayd/web
result $? "the daemon looks for the page in share"
empty "no program names the build directory" \
    "$(cd "$tmp/d/opt/gw" && for f in sbin/* libexec/gatewayd/*; do
	strings -d "$f" 2>/dev/null | grep -qxF "$BUILD" && echo "$f"
    done)"

out=$($MAKE BUILD="$BUILD/san" CC=gcc SAN=1 DESTDIR="$tmp/s" install 2>&1)
[ $? -ne 0 ] && [ ! -e "$tmp/s" ]
result $? "a build with sanitizers cannot be installed" "$out"

plan
