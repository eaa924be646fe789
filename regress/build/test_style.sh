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

# Rules of the source that a machine can check.

cd "$(dirname "$0")/../.." || exit 1
. regress/build/tap.sh

C=$(find common proto gatewayd gatewayctl sessiond -name '*.c' | sort)
H=$(find common proto gatewayd gatewayctl sessiond regress \
    -name node_modules -prune -o -name '*.h' -print | sort)
Y=$(find gatewayd -name '*.y')
TESTS=$(find regress -name node_modules -prune -o -name '*.c' -print | sort)
PY=$(find regress -name node_modules -prune -o -name '*.py' -print | sort)
SH=$(find common etc regress .ci -name node_modules -prune -o \
    \( -name '*.sh' -o -path '*/run' \) -type f -print | sort)

# longer_than LINES FILES
longer_than() {
	max=$1
	shift
	for f; do
		l=$(wc -l <"$f")
		[ "$l" -le "$max" ] || echo "$f: $l lines"
	done
}

# long_functions LINES FILES: a body is what stands between { and } at the
# first column, after a line that is not the head of an initializer.
long_functions() {
	awk -v max="$1" '
	BEGIN		{ for (i = 1; i < ARGC; i++) if (i == 1) ARGV[i] = "" }
	/^[a-z_].*\(/	{ name = $0; sub(/\(.*/, "", name) }
	/^\{/		{ start = FNR }
	/^\}/ && start	{
		if (FNR - start - 1 > max)
			printf "%s:%d: %s: %d lines\n", FILENAME, start,
			    name, FNR - start - 1
		start = 0
	}' "$@"
}

wide_lines() {
	for f; do
		expand "$f" | LC_ALL=C.UTF-8 awk -v f="$f" '
		length($0) > 80 { printf "%s:%d: %d columns\n", f, NR,
		    length($0) }'
	done
}

no_licence() {
	for f; do
		head -3 "$f" | grep -q 'Copyright (c) 20.. ' || echo "$f"
	done
}

first_include() {
	for f; do
		i=$(grep -m1 '^#include' "$f")
		[ -z "$i" ] || [ "$i" = '#include "compat.h"' ] ||
		    echo "$f: $i"
	done
}

# A header is guarded by a name made of its place.
unguarded() {
	for f; do
		case $f in
		common/*|proto/*|gatewayd/*|gatewayctl/*|sessiond/*) ;;
		*) continue ;;
		esac
		g=GATEWAYD_$(echo "$f" | tr 'a-z/.-' 'A-Z___')
		grep -q "^#ifndef $g\$" "$f" || echo "$f: no $g"
	done
}

# Calls that have a better sister here.  Strings and comments may name them.
banned() {
	calls='strcpy|strcat|v?sprintf|gets|ato[il]+|strtok|alloca|system|popen'
	calls="$calls|rand|tmpnam|mktemp"
	for f; do
		awk -v bad="(^|[^A-Za-z0-9_])($calls)[ ]*[(]" '
		/^[ \t]*(\/\*| \*|\*)/	{ next }
		{
			l = $0
			gsub(/"([^"\\]|\\.)*"/, "\"\"", l)
			sub(/\/\*.*/, "", l)
			if (l ~ bad)
				print FILENAME ":" FNR ": " $0
		}' "$f"
	done
}

blank_pairs() {
	awk '
	FNR == 1	{ n = 0 }
	/./		{ n = 0 }
	/^$/ && ++n == 2	{ print FILENAME ":" FNR }' "$@"
}

empty "no source file over 900 lines" "$(longer_than 900 $C)"
empty "no header over 200 lines" "$(longer_than 200 $H)"
empty "no function over 60 lines" "$(long_functions 60 $C)"
empty "no test function over 120 lines" "$(long_functions 120 $TESTS)"
empty "no line over 80 columns" "$(wide_lines $C $H $Y $TESTS $PY $SH \
    Makefile)"
empty "licence in every file" "$(no_licence $C $H $Y $TESTS $PY $SH \
    web/*.js web/*.css Makefile)"
empty "compat.h comes first" "$(first_include \
    $(echo "$C" | grep -v '^common/have/'))"
empty "header guards" "$(unguarded $H)"
empty "no banned call" "$(banned $C $H $Y $TESTS)"
empty "no name for a struct type" "$(grep -n \
    '^[[:space:]]*typedef[[:space:]]*struct' $C $H $Y $TESTS)"
empty "no // comment" "$(grep -nE '(^|[;{}[:space:]])//' $C $H $Y |
    grep -v '[":]//')"
empty "no blank at a line's end" "$(grep -nE '[[:space:]]+$' \
    $C $H $Y $TESTS $PY $SH web/*.js web/*.css man/* README Makefile)"
empty "no two blank lines" "$(blank_pairs \
    $C $H $Y $TESTS $SH web/*.js web/*.css Makefile)"

plan
