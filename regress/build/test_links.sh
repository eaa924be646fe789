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

# What each program maps beside its own code, and how it was hardened.  A
# library in a process that does not need it is a wall with a door in it.

cd "$(dirname "$0")/../.." || exit 1
. regress/build/tap.sh
: "${BUILD:=build}"

# links PROGRAM LIBRARIES: direct dependencies beside libc (with its loader,
# which archives with thread-local data ask for), libbsd (with libmd, its
# other half) and libevent.
links() {
	readelf -d "$BUILD/$1" >/dev/null 2>&1 || {
		result 1 "$1: built"
		return
	}
	extra=
	for l in $(readelf -d "$BUILD/$1" |
	    sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'); do
		case $l in
		ld-linux*)	continue ;;
		esac
		case " libc libbsd libmd libevent_core-2.1 $2 " in
		*" ${l%%.so*} "*)	;;
		*)		extra="$extra $l" ;;
		esac
	done
	empty "$1: links only what it may" "$extra"
}

hardened() {
	f=$BUILD/$1
	h=$(readelf -hW "$f" | grep 'Type:.*DYN')
	d=$(readelf -dW "$f")
	[ -n "$h" ] && echo "$d" | grep -q 'FLAGS_1.*PIE'
	result $? "$1: position independent"
	readelf -lW "$f" | grep -q GNU_RELRO &&
	    echo "$d" | grep -q 'FLAGS_1.*NOW'
	result $? "$1: read-only relocations, bound at start"
	readelf -lW "$f" | grep GNU_STACK | grep -q 'RWE'
	result $((! $?)) "$1: stack is not executable"
	readelf -sW "$f" | grep -q __stack_chk_fail
	result $? "$1: stack protector"
	readelf -sW "$f" | grep -q '_chk@'
	result $? "$1: fortified calls"
	empty "$1: no library path of its own" \
	    "$(echo "$d" | grep -E 'RPATH|RUNPATH|TEXTREL')"
}

links gatewayd ""
links gatewayd-frontend "libjson-c libjwt libcrypto"
links gatewayd-catalog "libjson-c libjwt libcrypto"
links sessiond "libsodium libjson-c"
links sessiond-net "libsodium libjson-c libssh2 libcrypto"
links gatewayctl "libsodium libjwt libjson-c libssl libcrypto"

for p in gatewayd gatewayd-frontend gatewayd-catalog sessiond sessiond-net \
    gatewayctl; do
	[ ! -f "$BUILD/$p" ] || hardened $p
done

plan
