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

# Run the daemon that make has built in the foreground, with fresh keys and
# two sandboxes, and print where they are in a browser and in a terminal:
# "demo" is a shell on this machine, "box" one that is reached by SSH, in the
# server of box.sh.  All that is written is in run/, and that is gone when it
# ends.

set -eu
cd "$(dirname "$0")/.."

: "${BUILD:=build}" "${PORT:=8789}" "${METRICS_PORT:=9189}" "${BOX_PORT:=2222}"
BUILD=$(cd "$BUILD" && pwd)
RUN=$PWD/run
OWNER=did:plc:demo
daemon=
teller=
box=

die() {
	echo "run: $*" >&2
	exit 1
}

# descendants PID: the processes that it has started, and those that they
# have.
descendants() {
	for c in $(sed -n "s/^\([0-9]*\) (.*) . $1 .*/\1/p" \
	    /proc/[0-9]*/stat 2>/dev/null); do
		echo "$c"
		descendants "$c"
	done
}

# With name spaces the first death is that of all; without them there are
# the shells of sessions.
box_down() {
	[ -n "$box" ] || return 0
	kill -KILL "$box" $(descendants "$box") 2>/dev/null || true
	wait "$box" 2>/dev/null || true
	box=
}

# The daemon ends its children itself; give it the time it takes for that.
finish() {
	trap '' INT TERM HUP
	if [ -n "$teller" ]; then
		kill "$teller" 2>/dev/null || true
		wait "$teller" 2>/dev/null || true
	fi
	if [ -n "$daemon" ]; then
		kill -TERM "$daemon" 2>/dev/null || true
		wait "$daemon" || true
	fi
	box_down
	rm -rf "$RUN"
}

# free_port PORT: it, or the next one on which nobody answers.  curl says 7
# when a connection is refused.
free_port() {
	p=$1
	while [ "$p" -lt $(($1 + 100)) ]; do
		rc=0
		curl -s -o /dev/null --noproxy '*' --max-time 2 \
		    "http://127.0.0.1:$p/" || rc=$?
		if [ $rc -eq 7 ]; then
			echo "$p"
			return
		fi
		p=$((p + 1))
	done
	die "no free port from $1 to $p"
}

# box_try: whether a shell in a terminal can be had from the server.
box_try() {
	ssh -F none -q -tt -p "$boxport" -i "$RUN/box/user_key" \
	    -o BatchMode=yes -o IdentitiesOnly=yes -o ConnectTimeout=5 \
	    -o UserKnownHostsFile="$RUN/known_hosts" \
	    -o StrictHostKeyChecking=yes "$user@127.0.0.1" 'exit 7' \
	    >/dev/null 2>&1 </dev/null || [ $? -eq 7 ]
}

# box_up: start the server of "box", or say in one line why there is none.
# The user's key is sealed and then deleted: it is for a worker alone.
box_up() {
	mkdir -p "$RUN/box/etc/ssh"
	chmod 755 "$RUN/box" "$RUN/box/etc" "$RUN/box/etc/ssh"
	[ ! -x "$BUILD/openssh/sshd" ] ||
	    install -m 755 "$BUILD/openssh/sshd" "$RUN/box/etc/ssh"
	boxport=$(free_port "$BOX_PORT")
	sh etc/box.sh "$RUN/box" "$user" "$boxport" 2>"$RUN/box.log" &
	box=$!
	tries=0
	until [ -s "$RUN/box/host_key.pub" ] && know_host && box_try; do
		tries=$((tries + 1))
		# It has nothing to say while all goes well.
		if [ -s "$RUN/box.log" ] || [ $tries -ge 50 ]; then
			why=$(tail -n 1 "$RUN/box.log")
			echo "run: no sandbox \"box\": ${why:-no shell in it}"
			box_down
			return
		fi
		sleep 0.1
	done
	key=$("$BUILD/gatewayctl" seal "$RUN/keys/seal.pub" \
	    <"$RUN/box/user_key")
	rm -f "$RUN/box/user_key"
}

know_host() {
	echo "[127.0.0.1]:$boxport $(cat "$RUN/box/host_key.pub")" \
	    >"$RUN/known_hosts"
}

configure() {
	cat <<-END
	listen on 127.0.0.1 port $port
	metrics on 127.0.0.1 port $metrics
	control socket "$RUN/gatewayd.sock"
	seal key file "$RUN/keys/seal.key"
	api terminal {
	        auth jwt hs256 secret file "$RUN/keys/jwt.secret"
	}
	api pocketenv {
	        auth jwt hs256 secret file "$RUN/keys/jwt.secret"
	}
	sandbox "demo" {
	        owner "$OWNER"
	        pty "/bin/sh"
	        user "$user"
	        env PS1 "demo$ "
	}
	END
	[ -n "$box" ] || return 0
	cat <<-END
	egress allow 127.0.0.1/32 port $boxport
	sandbox "box" {
	        owner "$OWNER"
	        ssh "127.0.0.1" port $boxport user "$user"
	        host key "ssh-ed25519" "$(ssh-keygen -lf \
	            "$RUN/box/host_key.pub" | cut -d ' ' -f 2)"
	        key sealed "$key"
	        env LANG "C.UTF-8"
	}
	END
}

# shown SANDBOX: how to see it.
shown() {
	cat <<-END
	  in a browser    $url/#token=$token&sandbox=$1
	  in a terminal   $BUILD/gatewayctl attach -t $RUN/token $url $1

	END
}

# tell: once the daemon is ready, print where its shells are.
tell() {
	url=http://127.0.0.1:$port
	until curl -sf -o /dev/null --noproxy '*' --max-time 1 "$url/readyz"; do
		kill -0 "$daemon" 2>/dev/null || return 0
		sleep 0.1
	done
	echo
	echo "gatewayd is ready, Ctrl-C ends it.  A shell on this machine:"
	shown demo
	if [ -n "$box" ]; then
		echo "One by SSH, from a server of its own on port $boxport:"
		shown box
	fi
	cat <<-END
	And to see it from the inside:
	  $BUILD/gatewayctl -s $RUN/gatewayd.sock show sessions

	END
}

# No word of this may be left from an earlier run that was killed.
rm -rf "$RUN"
umask 077
trap finish EXIT
trap 'exit 0' INT TERM HUP
mkdir "$RUN" "$RUN/keys"

# A shell of root's would be a poor first impression.
user=$(id -un)
if [ "$(id -u)" -eq 0 ]; then
	sh etc/accounts.sh
	user=${SUDO_USER:-nobody}
	[ "$user" != root ] || user=nobody
fi
port=$(free_port "$PORT")
metrics=$(free_port "$METRICS_PORT")
"$BUILD/gatewayctl" keygen "$RUN/keys" >/dev/null
token=$("$BUILD/gatewayctl" token -k "$RUN/keys/jwt.secret" -s "$OWNER" \
    -e 86400)
echo "$token" >"$RUN/token"
box_up
configure >"$RUN/gatewayd.conf"

# What a shell starts with & ignores the keyboard's signals, and so would
# every shell in the terminal.
env --default-signal=INT,QUIT "$BUILD/gatewayd" -d -f "$RUN/gatewayd.conf" &
daemon=$!
tell &
teller=$!
rc=0
wait "$daemon" || rc=$?
daemon=
exit $rc
