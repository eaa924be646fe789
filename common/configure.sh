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

# Probe the system and write $BUILD/config.h, $BUILD/flags and
# $BUILD/rules.mk.  Run by make, which passes the settings in the environment
# and one argument "program|packages|sources" for each program.  A file is
# only touched when its contents change, so that nothing is built twice.

set -eu

: "${BUILD:=build}" "${CC:=cc}" "${CFLAGS:=-O2 -g}" "${LDFLAGS:=}"
: "${YACC:=byacc}" "${PKG_CONFIG:=pkg-config}" "${WERROR:=-Werror}" "${SAN:=}"
: "${COMMON_SRCS:=}" "${CHILD_SRCS:=}" "${DIALECT_SRCS:=}"
: "${SESSION_SRCS:=}"
: "${LIBEXECDIR:=/usr/local/libexec/gatewayd}" "${SYSCONFDIR:=/etc}"
: "${SBINDIR:=/usr/local/sbin}" "${WEBDIR:=/usr/local/share/gatewayd/web}"

WARN="-Wall -Wextra -Wstrict-prototypes -Wmissing-prototypes
    -Wmissing-declarations -Wshadow -Wpointer-arith -Wsign-compare
    -Wcast-qual -Wwrite-strings -Wvla"
WARN=$(echo $WARN)

die() {
	echo "configure: $*" >&2
	exit 1
}

# replace NAME: install $BUILD/NAME.new as $BUILD/NAME if it differs.
replace() {
	if cmp -s "$BUILD/$1.new" "$BUILD/$1"; then
		rm -f "$BUILD/$1.new"
	else
		mv -f "$BUILD/$1.new" "$BUILD/$1"
	fi
}

# pkg cflags|libs NAME: the flags of one pkg-config name.  The environment
# goes first: LIBEVENT_CORE_LIBS for libevent_core, and so on.
pkg() {
	var=$(echo "${2%:static}_$1" | tr 'a-z-' 'A-Z_')
	eval "value=\${$var-unset}"
	if [ "$value" = unset ]; then
		value=$($PKG_CONFIG "--$1" "${2%:static}") || die \
		    "${2%:static} is missing; regress/packages.sh installs it"
	fi
	case $1$2 in
	libs*:static)
		if $CC -nostdlib -r -Wl,-Bstatic $value -Wl,-Bdynamic \
		    -o "$BUILD/probe.out" 2>/dev/null; then
			value="-Wl,-Bstatic $value -Wl,-Bdynamic"
		fi ;;
	esac
	echo "$value"
}

# object SOURCE: the object of a source file.
object() {
	echo "$BUILD/obj/${1%.[cy]}.o"
}

# objects SOURCE...: their objects, each once.
objects() {
	for s; do
		object "$s"
	done | awk '!seen[$0]++'
}

# field NAME FILE: the words of "/* NAME: word word */" in a test's head.
field() {
	awk -v tag="$1:" '
	NR > 60 { exit }
	!on && index($0, "* " tag) {
		on = 1
		$0 = substr($0, index($0, tag) + length(tag))
	}
	on {
		end = index($0, "*/")
		if (end)
			$0 = substr($0, 1, end - 1)
		sub(/^[ \t]*\*/, "")
		print
		if (end)
			exit
	}' "$2" | tr '\t\n' '  '
}

probe_features() {
	bsdlibs=$($PKG_CONFIG --libs libbsd 2>/dev/null || true)
	key=$(cat common/have/*.c common/configure.sh | cksum
	    echo "$CC $CFLAGS $bsdlibs $OS")
	if [ -f "$BUILD/config.h" ] &&
	    [ "$key" = "$(cat "$BUILD/config.key" 2>/dev/null)" ]; then
		return
	fi
	{
		echo "/* What this system has; made by common/configure.sh. */"
		for p in common/have/*.c; do
			n=$(basename "$p" .c | tr 'a-z-' 'A-Z_')
			if $CC $CFLAGS -Werror=implicit-function-declaration \
			    -o "$BUILD/probe.out" "$p" $bsdlibs \
			    >/dev/null 2>&1; then
				echo "#define HAVE_$n 1"
			else
				echo "#define HAVE_$n 0"
			fi
		done
	} >"$BUILD/config.h.new"
	replace config.h
	echo "$key" >"$BUILD/config.key"
}

# rule_object SOURCE: compile one file; its includes go to a file beside it.
rule_object() {
	o=$(object "$1")
	d=${o%.o}.d
	src=$1
	dep=
	how='$(COMPILE)'
	[ -d "${o%/*}" ] || mkdir -p "${o%/*}"
	[ -f "$d" ] || : >"$d"
	case $1 in
	*.y)
		src=${o%.o}.c
		echo "$src: $1"
		echo "	@echo \"  yacc $1\""
		echo "	@$YACC -o $src $1"
		;;
	common/paths.c)
		rule_paths "$BUILD/obj/install" "$SBINDIR" "$LIBEXECDIR" \
		    "$WEBDIR"
		rule_paths "$BUILD/obj" "$ABSBUILD" "$ABSBUILD" "$ABSBUILD/web"
		return ;;
	common/sandbox_linux.c)
		dep=" $BUILD/seccomp_filters.h"
		;;
	esac
	echo "$o: $src$dep $BUILD/flags"
	echo "	@echo \"  cc $1\""
	echo "	@$how -c -o $o $src"
	echo "include $d"
}

# rule_paths DIR SBINDIR LIBEXECDIR WEBDIR: the one object that knows where
# things are; made for the build directory and for make install.
rule_paths() {
	mkdir -p "$1/common"
	echo "$1/common/paths.o: common/paths.c common/paths.h $BUILD/paths"
	echo "	@echo \"  cc common/paths.c for $2\""
	echo "	@\$(COMPILE) -DSBINDIR='\"$2\"' -DLIBEXECDIR='\"$3\"'" \
	    "-DSYSCONFDIR='\"$SYSCONFDIR\"' -DWEBDIR='\"$4\"'" \
	    "-c -o $1/common/paths.o common/paths.c"
}

# rule_program OUT LIBS SOURCES...: link one program.
rule_program() {
	out=$1
	libs=$2
	shift 2
	mkdir -p "${out%/*}"
	objs=$(objects "$@" | tr '\n' ' ')
	case $out in
	"$BUILD"/install/*)
		o=$BUILD/obj
		objs=$(echo "$objs" |
		    sed "s|$o/common/paths|$o/install/common/paths|")
		;;
	esac
	echo "$out: $objs $BUILD/flags $BUILD/packages"
	echo "	@echo \"  link ${out#"$BUILD"/}\""
	echo "	@\$(LINK) -o $out $objs $libs"
}

libs_of() {
	for k; do
		pkg libs "$k"
	done | tr '\n' ' '
}

# rule_filters PACKAGES SOURCES...: the host tool that compiles the seccomp
# filters, and its output.  It is not part of any program, so it carries
# neither hardening nor sanitizers.
rule_filters() {
	tool=$BUILD/mkfilter
	libs=$(libs_of $1)
	shift
	echo "$tool: $* $BUILD/flags"
	echo "	@echo \"  cc mkfilter\""
	echo "	@$CC -std=c11 -D_GNU_SOURCE -O1 $WARN $WERROR $INCLUDES" \
	    "$SANDEF -MMD -MP -MF $tool.d -o $tool $* $libs"
	[ -f "$tool.d" ] || : >"$tool.d"
	echo "include $tool.d"
	echo "$BUILD/seccomp_filters.h: $tool"
	echo "	@$tool >$BUILD/seccomp_filters.h.new"
	echo "	@mv -f $BUILD/seccomp_filters.h.new $BUILD/seccomp_filters.h"
}

# rule_test SOURCE: a program of regress/, described by its own head.
rule_test() {
	t=${1%.c}
	extra=$(field flags "$1")
	pkgs=$(field pkgs "$1")
	links=$(field links "$1" | sed "s|@COMMON@|$COMMON_SRCS|
	    s|@CHILD@|$CHILD_SRCS|; s|@DIALECT@|$DIALECT_SRCS|
	    s|@SESSION@|$SESSION_SRCS|; s|@OS@|$OS|g")
	case $t in
	regress/unit/*|regress/proto/*)
		pkgs="$pkgs cmocka" ;;
	regress/fuzz/*)
		extra="$extra -fsanitize=fuzzer" ;;
	esac
	# libbsd's and libmd's archives have to follow what uses them.  What
	# tests alone need may be missing where none is built.
	libs=$(libs_of $pkgs libevent_core libbsd libmd:static 2>/dev/null)
	rule_program "$BUILD/$t" "$extra $libs" "$1" $links
	for s in "$1" $links; do
		echo "$s" >&3
	done
}

mkdir -p "$BUILD"
ABSBUILD=$(cd "$BUILD" && pwd)
case $(uname -s) in
Linux)		OS=linux ;;
OpenBSD)	OS=openbsd ;;
*)		OS=none ;;
esac

# Not -I: no header of ours may be found for one of the system.
INCLUDES="-iquote common -iquote proto -iquote gatewayd -iquote sessiond
    -iquote $BUILD"
INCLUDES=$(echo $INCLUDES)
SANDEF=
case $SAN in
'')
	HARDEN="-D_FORTIFY_SOURCE=2 -ffunction-sections -fdata-sections"
	HARDLINK="-Wl,--gc-sections" ;;
fuzz)
	SANDEF=-DSANITIZED
	HARDEN="-fsanitize=fuzzer-no-link,address,undefined
	    -fno-sanitize-recover=all -fno-omit-frame-pointer -DSANITIZED"
	HARDLINK="-fsanitize=address,undefined" ;;
*)
	SANDEF=-DSANITIZED
	HARDEN="-fsanitize=address,undefined -fno-sanitize-recover=all
	    -fno-omit-frame-pointer -DSANITIZED"
	HARDLINK="-fsanitize=address,undefined" ;;
esac

probe_features

# Every package once: its header flags are the same for all files.
for p; do
	k=${p#*|}
	echo "${k%%|*}"
done | tr ' ' '\n' | sed '/^$/d; s/:static//; /^libseccomp$/d' | sort -u \
    >"$BUILD/packages.new"
replace packages
PKGFLAGS=
while read -r k; do
	f=$(pkg cflags "$k")
	PKGFLAGS="$PKGFLAGS${f:+ $f}"
done <"$BUILD/packages"

COMPILE=$(echo $CC -std=c11 -D_GNU_SOURCE $WARN $WERROR $INCLUDES $PKGFLAGS \
    $CFLAGS -fstack-protector-strong -fPIE $HARDEN -MMD -MP)
LINK=$(echo $CC $CFLAGS $HARDEN $LDFLAGS -pie -Wl,-z,relro,-z,now \
    -Wl,--as-needed $HARDLINK)
printf '%s\n%s\n' "$COMPILE" "$LINK" >"$BUILD/flags.new"
replace flags
echo "$ABSBUILD $SBINDIR $LIBEXECDIR $SYSCONFDIR $WEBDIR" >"$BUILD/paths.new"
replace paths

exec 3>"$BUILD/sources.tmp"
{
	echo "# Made by common/configure.sh from the lists in Makefile."
	echo "COMPILE = $COMPILE"
	echo "LINK = $LINK"
	printf 'all:'
	for p; do
		case $p in
		mkfilter*)	;;
		*)		printf ' %s' "$BUILD/${p%%|*}" ;;
		esac
	done
	echo
	installed=
	for p; do
		name=${p%%|*}
		rest=${p#*|}
		pkgs=${rest%%|*}
		srcs=$(echo "${rest#*|}" | sed "s/@OS@/$OS/g")
		case $name in
		mkfilter)
			[ $OS = linux ] && rule_filters "$pkgs" $srcs
			continue ;;
		esac
		libs=$(libs_of $pkgs)
		rule_program "$BUILD/$name" "$libs" $srcs
		rule_program "$BUILD/install/$name" "$libs" $srcs
		installed="$installed $BUILD/install/$name"
		printf '%s\n' $srcs >&3
	done

	echo "install-programs:$installed"

	tests=
	for d in unit proto conf ctl e2e priv bench fuzz; do
		here= run=
		for t in regress/$d/*.c; do
			# A file that names no sources is part of another.
			[ -f "$t" ] && grep -q '^/\* links:' "$t" || continue
			here="$here $BUILD/${t%.c}"
			n=$(basename "$t" .c)
			run="$run run-$n"
			echo "run-$n: $BUILD/${t%.c}"
			echo "	$BUILD/${t%.c}"
			rule_test "$t"
		done
		echo "tests-$d:$here"
		echo "run-$d:$run"
		echo ".PHONY: tests-$d run-$d$run"
		[ $d = fuzz ] || tests="$tests tests-$d"
	done
	echo "tests:$tests"
	echo ".PHONY: all install-programs tests"

	exec 3>&-
	sort -u "$BUILD/sources.tmp" >"$BUILD/sources"
	while read -r s; do
		rule_object "$s"
	done <"$BUILD/sources"
} >"$BUILD/rules.mk.new"
rm -f "$BUILD/sources.tmp" "$BUILD/probe.out"
replace rules.mk
