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

# usage: box.sh DIR USER PORT
#
# Run an SSH server for the demo on 127.0.0.1 PORT, in the foreground, that
# lets USER in with the key that is left in DIR/user_key.  It belongs to
# USER, not to root, and so does every shell in it: it writes no login
# record and can do nothing that USER cannot.
#
# Where this may make name spaces, the server has its own host name, process
# numbers and files in /etc, and dies with all that it has started.  Of these
# files passwd lets an account such as nobody log in, which it cannot
# otherwise.  All other files and the network are those of this machine: this
# is a box to look at, not one to lock anybody into.

set -eu

die() {
	echo "$*" >&2
	exit 1
}

# serve FILES COMMAND...: become the server, by way of a command.
serve() {
	files=$1
	shift
	exec "$@" env -i PATH=/usr/local/bin:/usr/bin:/bin \
	    "$sshd" -D -e -f "$files/sshd_config" -h "$files/host_key" \
	    -o "AuthorizedKeysFile=$files/authorized_keys"
}

make_files() {
	umask 022
	mkdir -p "$dir/etc/ssh"
	ssh-keygen -q -t ed25519 -N '' -C box -f "$dir/user_key"
	mv "$dir/user_key.pub" "$dir/etc/ssh/authorized_keys"
	ssh-keygen -q -t ed25519 -N '' -C box -f "$dir/etc/ssh/host_key"
	chown "$user" "$dir/etc/ssh/host_key"
	cat >"$dir/etc/ssh/sshd_config" <<-END
	ListenAddress 127.0.0.1
	Port $port
	PidFile none
	LogLevel ERROR
	AllowUsers $user
	AuthenticationMethods publickey
	UsePAM no
	StrictModes no
	PrintMotd no
	DisableForwarding yes
	AcceptEnv LANG
	Subsystem sftp internal-sftp
	END

	# The first line of a user counts, and no other source is asked.
	getent passwd "$user" | {
		IFS=: read -r name _ uid gid _ home _
		[ -d "$home" ] || home=/
		echo "$name:*:$uid:$gid::$home:/bin/sh"
	} >"$dir/etc/passwd"
	cat /etc/passwd >>"$dir/etc/passwd"
	# Without this group sshd leaves the owner of a terminal as it is.
	grep -v '^tty:' /etc/group >"$dir/etc/group"
	printf '%s: files\n' passwd group shadow >"$dir/etc/nsswitch.conf"
	cp "$dir/etc/ssh/host_key.pub" "$dir"
}

# What runs as the first process of the new name spaces.
inside() {
	# A file that is replaced outside, by adduser say, would lose what
	# is mounted on it; a layer over all of /etc stays.
	mount -t overlay -o "lowerdir=$dir/etc:/etc" overlay /etc 2>/dev/null ||
	    for f in passwd group nsswitch.conf ssh; do
		mount --bind "$dir/etc/$f" "/etc/$f"
	    done
	mount -t proc proc /proc 2>/dev/null || true
	hostname box
	[ "$sshd" != "$dir/etc/ssh/sshd" ] || sshd=/etc/ssh/sshd
	cd /
	if [ "$(id -u)" -eq 0 ]; then
		set -- --reuid="$user" --regid="$(id -g "$user")" --init-groups
	else
		set -- --inh-caps=-all --ambient-caps=-all
	fi
	serve /etc/ssh setpriv "$@" --no-new-privs --pdeathsig KILL
}

dir=$1 user=$2 port=$3
sshd=$(PATH=$PATH:/usr/sbin:/sbin command -v sshd) || sshd=$dir/etc/ssh/sshd
[ "${4:-}" != inside ] || inside

[ -x "$sshd" ] || die "there is no sshd"
command -v ssh-keygen >/dev/null 2>&1 || die "there is no ssh-keygen"
make_files
set -- --mount --uts --pid --fork --kill-child
[ "$(id -u)" -eq 0 ] ||
    set -- --user --map-current-user --keep-caps "$@"

# Signals of the keyboard are for the demo alone, which ends this one last.
default="env --default-signal=INT,QUIT"
if unshare "$@" true 2>/dev/null; then
	exec $default setsid setpriv --pdeathsig KILL unshare "$@" \
	    sh "$0" "$dir" "$user" "$port" inside
fi
[ "$(id -u)" -ne 0 ] || die "root may not make name spaces here"
serve "$dir/etc/ssh" $default setsid setpriv --pdeathsig KILL
