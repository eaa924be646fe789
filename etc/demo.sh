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
# one sandbox that is a shell on this machine, and print how to talk to it.
# All it writes is in run/, and that is gone when it ends.

set -eu
cd "$(dirname "$0")/.."

: "${BUILD:=build}" "${PORT:=8789}"
BUILD=$(cd "$BUILD" && pwd)
RUN=$PWD/run
OWNER=did:plc:demo
daemon=
teller=

die() {
	echo "run: $*" >&2
	exit 1
}

# The daemon ends its children itself; give it the time it takes for that.
finish() {
	trap '' INT TERM HUP
	if [ -n "$teller" ]; then
		kill "$teller" 2>/dev/null || true
		wait "$teller" || true
	fi
	if [ -n "$daemon" ]; then
		kill -TERM "$daemon" 2>/dev/null || true
		wait "$daemon" || true
	fi
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

configure() {
	# A shell of root's would be a poor first impression.
	user="user \"$(id -un)\""
	if [ "$(id -u)" -eq 0 ]; then
		user="user \"${SUDO_USER:-nobody}\""
		[ "${SUDO_USER:-nobody}" != root ] || user='user "nobody"'
	fi
	cat <<-END
	listen on 127.0.0.1 port $port
	metrics on 127.0.0.1 port $metrics
	control socket "$RUN/gatewayd.sock"
	seal key file "$RUN/keys/seal.key"
	api pocketenv {
	        auth jwt hs256 secret file "$RUN/keys/jwt.secret"
	}
	sandbox "demo" {
	        owner "$OWNER"
	        pty "/bin/sh" "-l"
	        $user
	        env PS1 "demo$ "
	}
	END
}

# tell: once the daemon is ready, print lines that can be pasted.  What is
# streamed are events; the loop decodes those that carry output.
tell() {
	url=http://127.0.0.1:$port
	until curl -sf -o /dev/null --noproxy '*' --max-time 1 "$url/readyz"; do
		kill -0 "$daemon" 2>/dev/null || return 0
		sleep 0.1
	done
	cat <<-END

	gatewayd is ready at $url, Ctrl-C ends it.
	To talk to a shell, paste this into another terminal:

	A='Authorization: Bearer $token'
	J='Content-Type: application/json'
	U=$url/ssh
	S=\$(curl -s -X POST -H "\$A" -H 'X-Sandbox-Id: demo' \$U/connect |
	    sed 's/.*"sessionId":"\([^"]*\)".*/\1/')
	curl -sN -H "\$A" \$U/stream/\$S | while read -r k v; do
	    case \$k in
	    event:) e=\$v ;;
	    data:) [ -n "\$e" ] || echo "\$v" | base64 -d; e= ;;
	    esac; done &
	curl -s -H "\$A" -H "\$J" -d '{"data":"id; uname -sr\n"}' \$U/input/\$S
	sleep 1; curl -s -X DELETE -H "\$A" \$U/disconnect/\$S

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

[ "$(id -u)" -ne 0 ] || sh etc/accounts.sh
port=$(free_port "$PORT")
metrics=$(free_port 9189)
"$BUILD/gatewayctl" keygen "$RUN/keys" >/dev/null
token=$("$BUILD/gatewayctl" token -k "$RUN/keys/jwt.secret" -s "$OWNER" \
    -e 86400)
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
