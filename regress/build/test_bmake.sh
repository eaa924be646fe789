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

# BSD make builds all of it too, and finds nothing to do the second time.

cd "$(dirname "$0")/../.." || exit 1
. regress/build/tap.sh
: "${BUILD:=build}"
b=$BUILD/bmake

for m in bmake make; do
	command -v $m >/dev/null 2>&1 || {
		skip "$m" "not here"
		continue
	}
	out=$($m -j2 BUILD="$b" CC=gcc all 2>&1)
	result $? "$m all" "$out"
	out=$($m BUILD="$b" CC=gcc all 2>&1 | grep -E '^  (cc|link|yacc)')
	empty "$m all, again: nothing to do" "$out"
done

# The second make was not told to start anew: both must read the same rules.
plan
