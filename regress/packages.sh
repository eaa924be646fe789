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
# "run" for the page and the demo's SSH server as well, "test" for the
# tests.  As root it asks nothing; as a user it names what is missing and
# fails.  It is silent when nothing is missing.  No service is started or
# left enabled.

set -eu
cd "$(dirname "$0")/.."
: "${BUILD:=build}"

BUILD_PACKAGES="gcc make pkg-config byacc libbsd-dev libmd-dev libevent-dev
    libjson-c-dev libjwt-dev libsodium-dev libseccomp-dev libc6-dev
    libssh2-1-dev libssl-dev libvterm-dev curl"
TEST_PACKAGES="clang libclang-rt-14-dev libcmocka-dev bmake mandoc
    binutils procps psmisc gdb strace sudo tmux systemd passwd util-linux
    python3 python3-pytest python3-pytest-xdist python3-websockets
    python3-paramiko openssh-server openssh-client openssh-sftp-server
    dnsmasq-base chromium fonts-dejavu-core less"

# What sshd is linked with, for those who have no openssh-server.
SSHD_PACKAGES="openssh-client libwrap0"

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

# have_sshd: where it is installed, or where take_sshd has put it.
have_sshd() {
	PATH=$PATH:/usr/sbin:/sbin command -v sshd >/dev/null 2>&1 ||
	    [ -x "$BUILD/openssh/sshd" ]
}

# The demo needs the program alone.  The package would have this machine
# listen on port 22 from now on, so it is not installed.  Without the
# program the demo has a sandbox less, and says so.
take_sshd() {
	mkdir -p "$BUILD/openssh"
	(
		cd "$BUILD/openssh" &&
		{ apt-get download -q openssh-server ||
		    { apt-get update -q &&
		    apt-get download -q openssh-server; }; } &&
		dpkg-deb --fsys-tarfile openssh-server_*.deb |
		    tar -xO ./usr/sbin/sshd >sshd &&
		chmod 755 sshd
	) >/dev/null 2>&1 </dev/null || rm -f "$BUILD/openssh/sshd"
	rm -f "$BUILD"/openssh/*.deb
}

# hold_services, release_services: around an installation.  A package would
# start its service and enable it for the next boot, sshd's on port 22.
POLICY=/usr/sbin/policy-rc.d

hold_services() {
	[ ! -e $POLICY ] || return 0
	held=yes
	printf '#!/bin/sh\nexit 101\n' >$POLICY
	chmod 755 $POLICY
}

release_services() {
	rm -f "$log"
	[ "$held" = no ] || rm -f $POLICY
}

missing_packages() {
	for p in $want; do
		have "$p" || echo "$p"
	done
	for f in $FIXED; do
		fixed "${f%%=*}" "${f#*=}" || echo "${f%%=*}"
	done
	# Where a newer Node stands outside the packages, it is taken.
	if [ "$what" != build ]; then
		command -v node >/dev/null 2>&1 || echo nodejs
		command -v npm >/dev/null 2>&1 || echo npm
	fi
	if [ "$what" = test ]; then
		command -v vi >/dev/null 2>&1 || echo vim-tiny
	fi
}

what=${1:-test}
case $what in
build)	want=$BUILD_PACKAGES ;;
run)	want=$BUILD_PACKAGES
	have_sshd || [ "$(id -u)" -ne 0 ] || want="$want $SSHD_PACKAGES" ;;
test)	want="$BUILD_PACKAGES $TEST_PACKAGES" ;;
*)	die "usage: packages.sh build|run|test" ;;
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
	held=no
	trap release_services EXIT
	trap 'exit 1' INT TERM HUP
	hold_services
	{
		apt-get update -q &&
		apt-get install -y -q --no-install-recommends $missing
	} >"$log" 2>&1 </dev/null || {
		tail -20 "$log" >&2
		die "apt-get failed"
	}
	case " $missing " in
	*" openssh-server "*)
		systemctl disable ssh.service >/dev/null 2>&1 || true
		;;
	esac
	missing=$(missing_packages | tr '\n' ' ')
	[ -z "$missing" ] || die "still missing or too old: $missing"
fi

if [ "$what" = run ] && [ "$(id -u)" -eq 0 ] && ! have_sshd; then
	take_sshd
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
