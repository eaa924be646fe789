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

# Install what is missing on this machine: "build" for what a build needs,
# "test" for the tests as well.  As root it asks nothing; as a user it names
# what is missing and fails.  It is silent when nothing is missing.

set -eu
cd "$(dirname "$0")/.."

BUILD_PACKAGES="gcc make pkg-config byacc libbsd-dev libmd-dev libevent-dev
    libjson-c-dev libjwt-dev libsodium-dev libseccomp-dev libc6-dev
    libssh2-1-dev libssl-dev curl"
TEST_PACKAGES="clang libclang-rt-14-dev libcmocka-dev bmake mandoc
    binutils procps psmisc gdb strace sudo tmux systemd passwd util-linux
    python3 python3-pytest python3-websockets python3-paramiko
    openssh-server openssh-client openssh-sftp-server dnsmasq-base"

# Debian 12 as first released has holes in these that the daemon would be
# open to; the fixed builds are in its security updates.
FIXED="libevent-core-2.1-7=2.1.12-stable-8+deb12u1
    libjwt0=1.10.2-1+deb12u1
    libssh2-1=1.10.0-3+deb12u1"

die() {
	echo "packages: $*" >&2
	exit 1
}

have() {
	case $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) in
	installed)	return 0 ;;
	*)		return 1 ;;
	esac
}

# fixed NAME VERSION: false only if an older one is there.
fixed() {
	v=$(dpkg-query -W -f '${Version}' "$1" 2>/dev/null) || return 0
	[ -z "$v" ] || dpkg --compare-versions "$v" ge "$2"
}

missing_packages() {
	for p in $want; do
		have "$p" || echo "$p"
	done
	for f in $FIXED; do
		fixed "${f%%=*}" "${f#*=}" || echo "${f%%=*}"
	done
	# Where a newer Node stands outside the packages, it is taken.
	if [ "$what" = test ]; then
		command -v node >/dev/null 2>&1 || echo nodejs
		command -v npm >/dev/null 2>&1 || echo npm
	fi
}

what=${1:-test}
case $what in
build)	want=$BUILD_PACKAGES ;;
test)	want="$BUILD_PACKAGES $TEST_PACKAGES" ;;
*)	die "usage: packages.sh build|test" ;;
esac

if ! command -v dpkg-query >/dev/null 2>&1; then
	# Some other system: the build will name what it does not find.
	exit 0
fi

missing=$(missing_packages | tr '\n' ' ')
if [ -n "$missing" ]; then
	[ "$(id -u)" -eq 0 ] ||
	    die "missing, and only root can install them: $missing"
	echo "packages: installing $missing"
	export DEBIAN_FRONTEND=noninteractive
	log=$(mktemp)
	trap 'rm -f "$log"' EXIT
	{
		apt-get update -q &&
		apt-get install -y -q --no-install-recommends $missing
	} >"$log" 2>&1 </dev/null || {
		tail -20 "$log" >&2
		die "apt-get failed"
	}
	missing=$(missing_packages | tr '\n' ' ')
	[ -z "$missing" ] || die "still missing or too old: $missing"
fi

[ "$what" = test ] || exit 0

# The daemon's processes each run under an account of their own.
[ "$(id -u)" -ne 0 ] || sh etc/accounts.sh

# The JavaScript half of the tests, exactly as locked.
if ! cmp -s regress/package-lock.json regress/node_modules/.installed; then
	out=$(cd regress && npm ci --no-audit --no-fund --loglevel=error \
	    2>&1 </dev/null) || {
		echo "$out" >&2
		die "npm ci failed in regress/: is the registry in reach?"
	}
	cp regress/package-lock.json regress/node_modules/.installed
fi
