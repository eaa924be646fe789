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

# Read by the shell tests of this suite: ok and not ok lines and the plan.

n=0

# result STATUS WHAT [DETAIL]: one line; the detail only when it failed.
result() {
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		[ -z "${3-}" ] || echo "$3" | sed 's/^/# /'
	fi
}

# silent WHAT COMMAND...: passes if the command succeeds and says nothing.
silent() {
	what=$1
	shift
	if out=$("$@" 2>&1) && [ -z "$out" ]; then
		result 0 "$what"
	else
		result 1 "$what" "$out"
	fi
}

# empty WHAT TEXT: passes if there is no text.
empty() {
	if [ -z "$2" ]; then
		result 0 "$1"
	else
		result 1 "$1" "$2"
	fi
}

skip() {
	n=$((n + 1))
	echo "ok $n - $1 # SKIP $2"
}

plan() {
	echo "1..$n"
}
