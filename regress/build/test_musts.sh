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

# Every promise in regress/MUSTS names a test that is there: a function of a
# C, Python or JavaScript test, the title of a shell test's line, or a file
# of conf/.

cd "$(dirname "$0")/../.." || exit 1
. regress/build/tap.sh

# known FILE NAME
known() {
	[ -f "regress/$1" ] || return 1
	case $1 in
	*.c)	grep -qE "^$2\(void" "regress/$1" ;;
	*.py)	grep -qE "^ *(async )?def $2\(" "regress/$1" ;;
	*.sh)	grep -qF "$2" "regress/$1" ;;
	*.js)	grep -qE "^async function $2\(" "regress/$1" ;;
	*)	[ -z "$2" ] ;;
	esac
}

bad=$(grep -vE '^(#|$)' regress/MUSTS | while IFS='|' read -r id text tests; do
	id=$(echo "$id" | xargs)
	[ -n "$tests" ] || echo "$id: no test named"
	for t in $tests; do
		case $t in
		later)	continue ;;
		*::*)	file=${t%%::*} name=${t#*::} ;;
		*)	file=$t name= ;;
		esac
		known "$file" "$name" || echo "$id: no test $t"
	done
done)
empty "every test that MUSTS names is there" "$bad"

empty "every promise has its own name" "$(grep -vE '^(#|$)' regress/MUSTS |
    cut -d'|' -f1 | sed 's/ *$//' | sort | uniq -d)"

plan
