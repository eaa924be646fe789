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

# What is installed can be read by everybody, and what is to be hidden by
# nobody, whatever the umask is of who runs make install.

cd "$(dirname "$0")/../.." || exit 1
. regress/build/tap.sh

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir -p "$tmp/b/install" "$tmp/b/web"
for p in gatewayd gatewayctl gatewayd-frontend gatewayd-catalog sessiond \
    sessiond-net; do
	echo "$p" >"$tmp/b/install/$p"
done
echo page >"$tmp/b/web/index.html"

for mask in 077 002; do
	out=$(umask $mask && env BUILD="$tmp/b" DESTDIR="$tmp/$mask" \
	    SBINDIR=/usr/sbin LIBEXECDIR=/usr/libexec/gatewayd \
	    WEBDIR=/usr/share/gatewayd/web SYSCONFDIR=/etc \
	    MANDIR=/usr/share/man EXAMPLEDIR=/usr/share/examples/gatewayd \
	    UNITDIR=/usr/lib/systemd/system SYSUSERSDIR=/usr/lib/sysusers.d \
	    TMPFILESDIR=/usr/lib/tmpfiles.d sh etc/install.sh 2>&1)
	result $? "install with umask $mask" "$out"
	[ "$(cd "$tmp/$mask" && echo $(find . -mindepth 1 \
	    ! -perm 755 ! -perm 644 | sort))" = \
	    "./etc/gatewayd ./var/lib/gatewayd" ]
	result $? "with umask $mask these are for root only"
	[ "$(cd "$tmp/$mask" && find etc/gatewayd var/lib/gatewayd \
	    -perm 700 | wc -l)" -eq 2 ]
	result $? "and with umask $mask they are"
done

plan
